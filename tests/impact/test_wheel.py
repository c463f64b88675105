import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return wheel.namelist()


def test_the_wheels_top_level_is_our_two_packages(names: list[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"impact", "models"}


def test_the_wheel_holds_what_is_not_python_but_needed(names: list[str]) -> None:
    for needed in (
        "impact/starter/template/study.yaml",
        "impact/starter/template/complaints.csv",
        "impact/report/templates/report.html.j2",
        "impact/report/templates/style.css",
        "impact/py.typed",
        "models/py.typed",
    ):
        assert needed in names


def test_the_models_import_nothing_of_the_application() -> None:
    for path in (ROOT / "models").rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not line.strip().startswith(("import impact", "from impact")), path
