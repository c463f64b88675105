from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from impact.errors import DataError
from impact.intake.findings import Findings
from impact.intake.problems import Problem
from impact.intake.read import gather
from impact.study.schema import Study

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

AREAS = ("Ash", "Birch", "Cedar")
MONTHS = tuple(f"2023-{month:02d}" for month in range(1, 7))
CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day"}}
COUNT = {"kind": "count", "source": "cases", "better": "lower"}


def small_study(**changes: Any) -> dict[str, Any]:
    """Ash is treated, Birch and Cedar are not; baseline January to March 2023, follow-up April to June."""
    study: dict[str, Any] = {
        "schema": 1,
        "study": {"id": "small", "title": "Small"},
        "intervention": {"name": "Something", "start": "2023-04-01", "end": "2023-06-30"},
        "areas": {"level": "district", "treated": ["Ash"], "comparison": ["Birch", "Cedar"]},
        "time": {"unit": "month", "baseline": {"from": "2023-01"}},
        "sources": {"cases": CASES},
        "outcomes": {"n": COUNT},
    }
    for section, values in changes.items():
        whole = section in {"sources", "outcomes"}
        study[section] = values if whole else {**study.get(section, {}), **values}
    return study


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build a small study in a folder of its own, with files given as text or bytes."""

    def built(files: Mapping[str, str | bytes], **changes: Any) -> Study:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Study.model_validate(small_study(**changes)).located(tmp_path / "study.yaml", "")

    return built


@pytest.fixture
def errors() -> Errors:
    """Read a study that cannot be read, and return what was wrong."""

    def found(study: Study) -> tuple[Problem, ...]:
        findings = Findings()
        with pytest.raises(DataError) as caught:
            gather(study, lambda _text: None, findings)
        assert caught.value.exit_code == 4
        assert caught.value.problems == tuple(str(problem) for problem in findings.errors)
        assert len(set(caught.value.problems)) == len(caught.value.problems)
        return findings.errors

    return found


@pytest.fixture(scope="session")
def one_a_month() -> str:
    """One case in each area and month, as CSV."""
    return "district,day\n" + "".join(f"{area},{month}-05\n" for month in MONTHS for area in AREAS)


@pytest.fixture(scope="session")
def five_a_month() -> str:
    """A panel of five events in each area and month, as CSV."""
    return "district,month,n\n" + "".join(f"{area},{month},5\n" for month in MONTHS for area in AREAS)
