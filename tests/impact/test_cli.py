import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = {"report.html", "results.json", "estimates.csv", "sensitivity.csv", "figures"}
BAYESIAN = ("pymc", "pytensor", "numba", "nutpie", "arviz", "arviz_base", "arviz_stats", "arviz_plots", "xarray")
MODEL_LIBRARIES = {"scipy", "statsmodels", "linearmodels", *BAYESIAN}
HEAVY = MODEL_LIBRARIES | {"numpy", "pandas", "ibis", "duckdb", "matplotlib", "jinja2"}
NOT_FOR_VALIDATION = ("statsmodels", "linearmodels", "matplotlib", *BAYESIAN)
PATIENCE = 120  # seconds until a command under test counts as hung


def impact(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "impact", *words],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def loaded_by(code: str, cwd: Path) -> set[str]:
    probe = f"import sys\n{code}\nprint(' '.join(sorted(m for m in sys.modules if '.' not in m)))"
    found = subprocess.run([sys.executable, "-c", probe], cwd=cwd, capture_output=True, text=True, check=True)
    return set(found.stdout.splitlines()[-1].split())


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starter")
    made = impact("init", "pilot", cwd=folder)
    assert made.returncode == 0, made.stderr
    return folder / "pilot"


@pytest.fixture(scope="module")
def ran(starter: Path) -> Path:
    done = impact("run", "study.yaml", "--out", "out", cwd=starter, SOURCE_DATE_EPOCH="1700000000")
    assert done.returncode == 0, done.stderr
    assert "out/report.html" in done.stdout
    return starter / "out"


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = "from impact.cli import cli\ntry:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass"
    assert not loaded_by(code, tmp_path) & HEAVY


def test_importing_the_package_loads_nothing_heavy(tmp_path: Path) -> None:
    assert not loaded_by("import impact", tmp_path) & HEAVY


def test_validating_loads_no_model_library_and_no_charts(starter: Path) -> None:
    code = "from impact.cli import cli\ncli.main(['validate', 'study.yaml'], standalone_mode=False)"
    assert not loaded_by(code, starter) & set(NOT_FOR_VALIDATION)


def test_help_names_every_command(tmp_path: Path) -> None:
    shown = impact("--help", cwd=tmp_path)
    assert shown.returncode == 0
    for command in ("init", "validate", "run", "report", "schema", "doctor"):
        assert command in shown.stdout


def test_init_refuses_a_folder_that_is_not_empty(starter: Path) -> None:
    again = impact("init", "pilot", cwd=starter.parent)
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_validate_accounts_for_the_data(starter: Path) -> None:
    found = impact("validate", "study.yaml", cwd=starter)
    assert found.returncode == 0, found.stderr
    assert "2 treated and 6 comparison areas" in found.stdout
    as_json = json.loads(impact("validate", "study.yaml", "--json", cwd=starter).stdout)
    assert as_json["areas"][:2] == ["Ashby", "Brook"]


def test_run_writes_the_four_parts(ran: Path) -> None:
    assert {item.name for item in ran.iterdir()} == OUTPUT
    assert list((ran / "figures").glob("*.svg"))
    assert {item.name for item in ran.parent.iterdir() if item.name.startswith(".")} == set()


def test_the_same_run_twice_is_byte_for_byte_the_same(ran: Path) -> None:
    again = impact("run", "study.yaml", "--out", "again", cwd=ran.parent, SOURCE_DATE_EPOCH="1700000000")
    assert again.returncode == 0
    files = sorted(f.relative_to(ran) for f in ran.rglob("*") if f.is_file())
    other = ran.parent / "again"
    assert files == sorted(f.relative_to(other) for f in other.rglob("*") if f.is_file())
    for name in files:
        assert (ran / name).read_bytes() == (other / name).read_bytes(), name


def test_report_renders_the_same_bytes_from_the_results_alone(ran: Path, tmp_path: Path) -> None:
    shutil.copy(ran / "results.json", tmp_path / "results.json")
    done = impact("report", "results.json", "--out", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").read_bytes() == (ran / "report.html").read_bytes()
    assert (tmp_path / "out" / "results.json").read_bytes() == (ran / "results.json").read_bytes()


def test_json_prints_the_results_and_nothing_else_to_stdout(starter: Path) -> None:
    done = impact("run", "study.yaml", "--out", "json-out", "--json", "--models", "did", "--seed", "7", cwd=starter)
    found = json.loads(done.stdout)
    assert found["provenance"]["seed"] == 7
    assert {e["model"] for o in found["outcomes"].values() for e in o["estimates"]} == {"did"}


def test_other_files_in_the_output_folder_are_kept(ran: Path) -> None:
    folder = ran.parent / "shared-folder"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    for _ in range(2):
        assert impact("run", "study.yaml", "--models", "did", "--out", folder.name, cwd=ran.parent).returncode == 0
    assert {item.name for item in folder.iterdir()} == OUTPUT | {"notes.txt"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run", "nowhere.yaml"), 3, "nowhere.yaml"),
        (("run", "study.yaml", "--models", "magic"), 2, "there is no model 'magic'"),
        (("run", "study.yaml", "--seed", "-1"), 2, "--seed"),
        (("runn", "study.yaml"), 2, "runn"),
        (("report", "nowhere.json"), 2, "nowhere.json"),
        (("report", "study.yaml"), 2, "study.yaml"),
        (("schema", "nothing"), 2, "nothing"),
        (("run",), 2, "STUDY"),
    ],
)
def test_wrong_use_has_an_exit_code_a_sentence_and_leaves_nothing(
    words: tuple[str, ...], code: int, said: str, starter: Path, tmp_path: Path
) -> None:
    for item in starter.glob("*.*"):
        shutil.copy(item, tmp_path)
    before = {item.name for item in tmp_path.iterdir()}
    done = impact(*words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert {item.name for item in tmp_path.iterdir()} == before


def test_an_output_that_cannot_be_written_says_so_and_leaves_nothing(starter: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "out"
    in_the_way.write_text("a file", encoding="utf-8")
    done = impact("run", "study.yaml", "--models", "did", "--out", str(in_the_way), cwd=starter)
    assert done.returncode == 2
    assert "--out" in done.stderr
    assert in_the_way.read_text(encoding="utf-8") == "a file"
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


def test_an_interruption_leaves_nothing_and_exits_130(starter: Path, tmp_path: Path) -> None:
    for item in starter.glob("*.*"):
        shutil.copy(item, tmp_path)
    before = {item.name for item in tmp_path.iterdir()}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "impact", "run", "study.yaml"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    process.stderr.readline()  # the first word of progress: the run is under way
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "interrupted" in rest
    assert "Traceback" not in rest
    assert {item.name for item in tmp_path.iterdir()} == before


def test_doctor_finds_this_installation_sound(tmp_path: Path) -> None:
    done = impact("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "sound" in done.stdout


def test_a_fault_of_the_program_is_told_as_such(tmp_path: Path, starter: Path) -> None:
    code = (
        "import impact.study.load as load\n"
        "def broken(path): raise RuntimeError('deliberate')\n"
        "load.load_study = broken\n"
        "import sys\nsys.argv = ['impact', 'run', 'study.yaml']\n"
        "from impact.cli import main\nmain()"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=starter, capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 70
    assert "fault of the program" in done.stderr
    assert "Traceback" not in done.stderr
    kept = next(tmp_path.glob("impact-fault-*.txt"))
    assert "deliberate" in kept.read_text(encoding="utf-8")


def test_an_interruption_that_a_library_reports_as_its_own_fault_is_still_an_interruption() -> None:
    from impact.cli import _was_interrupted

    half_loaded = ImportError("half loaded")
    half_loaded.__context__ = KeyboardInterrupt()
    assert _was_interrupted(half_loaded)
    assert not _was_interrupted(ImportError("missing"))


def test_draws_are_asked_for_in_vain_where_no_model_gives_any(starter: Path) -> None:
    done = impact("run", "study.yaml", "--models", "did", "--draws", "--out", "bare", cwd=starter)
    assert done.returncode == 0, done.stderr
    assert "no draws to write: no Bayesian model of this study gave any" in done.stderr
    assert {path.name for path in (starter / "bare").iterdir()} == OUTPUT


def test_draws_that_cannot_be_written_are_refused_before_anything_is_fitted(starter: Path) -> None:
    code = (
        "import sys; sys.modules['h5netcdf'] = None\n"
        "from impact.cli import main\n"
        "sys.argv = ['impact', 'run', 'study.yaml', '--draws', '--out', 'nowhere']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=starter, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'pilot-impact[draws]'" in done.stderr
    assert not (starter / "nowhere").exists()
