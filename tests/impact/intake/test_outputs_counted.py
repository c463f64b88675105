"""Outputs are counted from the rows as counts are, and leave the study's clock and areas alone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from impact.intake.data import Intake
from impact.intake.problems import Problem
from impact.intake.read import read
from impact.study.schema import Study
from models.panel import CountCells, Panel

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

AREAS = ("Ash", "Birch", "Cedar")
MONTHS = tuple(f"2023-{month:02d}" for month in range(1, 7))
PANEL = {"path": "done.csv", "reader": "panel", "columns": {"area": "district", "time": "month"}}
CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day"}}
LOG = {"path": "log.csv", "columns": {"area": "district", "time": "day"}}


@pytest.fixture
def made(build: Build, one_a_month: str) -> Callable[..., Study]:
    """A small study whose outcome is one case in each area and month, with outputs from other files."""

    def study(files: dict[str, str], sources: dict[str, Any], outputs: dict[str, Any]) -> Study:
        plain = build({"cases.csv": one_a_month, **files}, sources={"cases": CASES, **sources})
        return Study.model_validate({**plain.to_dict(), "outputs": outputs}).located(plain.folder / "s.yaml", "")

    return study


def panel_of(numbers: dict[str, list[object]]) -> str:
    rows = (f"{area},{month},{n}\n" for area, row in numbers.items() for month, n in zip(MONTHS, row, strict=True))
    return "district,month,n\n" + "".join(rows)


def cells(panel: Panel) -> CountCells:
    assert isinstance(panel.cells, CountCells)
    return panel.cells


def codes(data: Intake) -> list[str]:
    return [problem.code for problem in data.problems]


def test_a_panel_is_added_up_by_area_and_month(made: Callable[..., Study]) -> None:
    numbers: dict[str, list[object]] = {"Ash": [1, 2, 3, 4, 5, 6], "Birch": [0] * 6, "Cedar": [7] * 6}
    study = made({"done.csv": panel_of(numbers)}, {"done": PANEL}, {"visits": {"source": "done", "value": "n"}})
    data = read(study)
    assert cells(data.outputs["visits"]).events.tolist() == [numbers[area] for area in AREAS]
    assert cells(data.outputs["visits"]).exposure.tolist() == [[31, 28, 31, 30, 31, 30]] * 3
    assert data.outputs["visits"].unit == "per district a month"
    assert data.accounts["done"].used == data.accounts["done"].rows == 18
    assert codes(data) == []


def test_rows_are_counted_within_what_the_source_covers(made: Callable[..., Study]) -> None:
    log = "district,day\nAsh,2023-03-02\nAsh,2023-03-09\nBirch,2023-05-01\nCedar,2023-04-01\nFir,2023-04-02\n"
    data = read(made({"log.csv": log}, {"log": LOG}, {"visits": {"source": "log"}}))
    found = cells(data.outputs["visits"])
    assert found.events.tolist() == [[0, 0, 2, 0, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0]]
    assert (found.exposure > 0).tolist() == [[False, False, True, True, True, False]] * 3
    assert codes(data) == ["other_areas", "output_not_recorded"]
    assert "on record from 2023-03 to 2023-05; 3 months of the study outside it count" in data.problems[1].message


def test_rows_of_a_log_are_added_up_fractions_and_all(made: Callable[..., Study]) -> None:
    rows = "".join(
        f"{area},{month}-05,7.5\n{area},{month}-05,\n{area},{month}-06,1\n" for area in AREAS for month in MONTHS
    )
    study = made({"log.csv": f"district,day,hours\n{rows}"}, {"log": LOG}, {"h": {"source": "log", "value": "hours"}})
    data = read(study)
    assert np.all(cells(data.outputs["h"]).events == 8.5)
    assert [(p.code, p.rows) for p in data.problems] == [("blank_output", 18)]


def test_the_clock_comes_from_the_outcomes(made: Callable[..., Study]) -> None:
    long = "".join(f"{area},{year}-05-01\n" for area in AREAS for year in (2020, 2023, 2026))
    study = made({"log.csv": f"district,day\n{long}"}, {"log": LOG}, {"visits": {"source": "log"}})
    open_ended = study.to_dict()
    open_ended["time"], open_ended["intervention"] = {"unit": "month"}, {"name": "x", "start": "2023-04-01"}
    data = read(Study.model_validate(open_ended).located(study.folder / "s.yaml", ""))
    assert data.periods.labels == MONTHS
    aside = {s.reason: s.rows for s in data.accounts["log"].set_aside}
    assert aside == {"before the baseline": 3, "after the follow-up": 3}


def test_areas_come_from_the_outcomes(made: Callable[..., Study]) -> None:
    rows = "".join(f"{area},{month}-05\n" for area in (*AREAS, "Elm") for month in MONTHS)
    study = made({"log.csv": f"district,day\n{rows}"}, {"log": LOG}, {"visits": {"source": "log"}}).to_dict()
    study["areas"]["comparison"] = "others"
    folder = made({"log.csv": f"district,day\n{rows}"}, {"log": LOG}, {}).folder
    data = read(Study.model_validate(study).located(folder / "s.yaml", ""))
    assert data.areas == AREAS


def test_what_only_the_team_records_is_not_recorded_elsewhere(made: Callable[..., Study]) -> None:
    rows = "".join(f"Ash,{month}-05\n" for month in MONTHS)
    data = read(made({"log.csv": f"district,day\n{rows}"}, {"log": LOG}, {"visits": {"source": "log"}}))
    found = cells(data.outputs["visits"])
    assert (found.exposure > 0).all(axis=1).tolist() == [True, False, False]
    (note,) = data.problems
    assert (note.code, note.severity) == ("output_not_recorded", "note")
    assert "there are no rows of 'Birch' and 'Cedar'" in note.message


def test_a_cell_that_is_blank_is_not_recorded(made: Callable[..., Study]) -> None:
    numbers: dict[str, list[object]] = {"Ash": [1, "", 3, 4, 5, 6], "Birch": [0] * 6, "Cedar": [7] * 6}
    study = made({"done.csv": panel_of(numbers)}, {"done": PANEL}, {"visits": {"source": "done", "value": "n"}})
    data = read(study)
    assert cells(data.outputs["visits"]).exposure[0].tolist() == [31, 0, 31, 30, 31, 30]
    assert codes(data) == ["missing_cells"]


def test_a_rate_is_per_person_where_there_is_a_population(made: Callable[..., Study]) -> None:
    numbers: dict[str, list[object]] = {area: [1] * 6 for area in AREAS}
    people = "district,people\nAsh,1000\nBirch,2000\nCedar,3000\n"
    sources = {"done": PANEL, "people": {"path": "people.csv", "columns": {"area": "district"}}}
    files = {"done.csv": panel_of(numbers), "people.csv": people}
    for per_period, unit, first in (
        (False, "per 1,000 people a year", 31_000.0),
        (True, "per 1,000 people a month", 1e3),
    ):
        exposure = {"source": "people", "value": "people", "per_period": per_period}
        output = {"source": "done", "value": "n", "exposure": exposure}
        panel = read(made(files, sources, {"visits": output})).outputs["visits"]
        assert (panel.unit, cells(panel).exposure[0, 0]) == (unit, first)


def test_outcome_and_output_may_share_a_source(build: Build) -> None:
    rows = "".join(f"{area},{month},5,2\n" for area in AREAS for month in MONTHS)
    study = build(
        {"done.csv": f"district,month,n,visits\n{rows}"},
        sources={"done": PANEL},
        outcomes={"n": {"kind": "count", "source": "done", "value": "n", "better": "lower"}},
        outputs={"visits": {"source": "done", "value": "visits"}},
    )
    data = read(study)
    assert np.all(cells(data.outputs["visits"]).events == 2)
    assert np.all(cells(data.panels["n"]).events == 5)


@pytest.mark.parametrize(
    ("files", "source", "code"),
    [
        ({"done.csv": "district,month,n\nAsh,2023-01,1\nAsh,2023-01,2\n"}, PANEL, "repeated_cell"),
        ({"done.csv": "district,month,n\nAsh,2023-01,-1\n"}, PANEL, "negative_value"),
        ({"done.csv": "district,month,n\nAsh,2023-01,many\n"}, PANEL, "not_a_number"),
        ({"done.csv": "district,month,n\nAsh,January,1\n"}, PANEL, "bad_date"),
        ({"done.csv": "district,month,m\nAsh,2023-01,1\n"}, PANEL, "missing_column"),
        ({"done.csv": "district,month,n\nElm,2023-01,1\n"}, PANEL, "area_without_rows"),
        ({"done.csv": "district,month,n\nash ,2023-01,1\n"}, PANEL, "similar_area"),
    ],
)
def test_faulty_rows_are_errors(
    files: dict[str, str], source: dict[str, Any], code: str, made: Callable[..., Study], errors: Errors
) -> None:
    found = errors(made(files, {"done": source}, {"visits": {"source": "done", "value": "n"}}))
    assert [problem.code for problem in found] == [code]


def test_an_outcome_that_looks_like_activity_is_warned_of(build: Build, one_a_month: str) -> None:
    plain = {"kind": "count", "source": "cases", "better": "lower"}
    outcomes = {"n": {**plain, "title": "Cases"}, "arrests": plain}
    data = read(build({"cases.csv": one_a_month}, outcomes=outcomes))
    (warning,) = [p for p in data.problems if p.code == "looks_like_activity"]
    assert warning.severity == "warning"
    assert "outcome 'arrests' looks like activity" in warning.message
    assert "under outputs" in warning.action


def test_work_that_begins_with_the_pilot_has_no_record_before(made: Callable[..., Study]) -> None:
    rows = "".join(f"{area},{month},4\n" for area in AREAS for month in MONTHS[3:])
    study = made({"done.csv": f"district,month,n\n{rows}"}, {"done": PANEL}, {"v": {"source": "done", "value": "n"}})
    data = read(study)
    assert (cells(data.outputs["v"]).exposure > 0).all(axis=0).tolist() == [False] * 3 + [True] * 3
    assert codes(data) == ["output_not_recorded"]


def test_no_record_within_the_study_is_no_error(made: Callable[..., Study]) -> None:
    rows = "".join(f"{area},2019-05-01\n" for area in AREAS)
    data = read(made({"log.csv": f"district,day\n{rows}"}, {"log": LOG}, {"v": {"source": "log"}}))
    assert not cells(data.outputs["v"]).exposure.any()
    assert [(p.code, p.severity) for p in data.problems] == [("output_not_recorded", "note")]
    assert "outside the study's time; 6 months" in data.problems[0].message
