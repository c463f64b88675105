"""Areas that start at different dates, from the study file to the report."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import impact
from impact.intake.design import design_of, start_days
from impact.intake.problems import Problem
from impact.intake.read import read
from impact.report.render import report_html
from impact.study.schema import Study
from models.periods import Role

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

AREAS = ("Ash", "Birch", "Cedar", "Dale", "Elm", "Fern", "Glen")
LEVELS = (20, 24, 28, 32, 36, 40, 44)


def cases() -> str:
    """Cases a month from 2022 to 2023, by an area's level and some ups and downs."""
    rng = np.random.default_rng(4)
    rows = ["district,day"]
    for area, level in zip(AREAS, LEVELS, strict=True):
        for month in range(24):
            day = f"{2022 + month // 12}-{month % 12 + 1:02d}-05"
            rows += [f"{area},{day}"] * int(rng.poisson(level))
    return "\n".join(rows) + "\n"


def staggered(build: Build, **changes: Any) -> Study:
    """Ash starts in January 2023, Birch in July; five areas never do."""
    sections: dict[str, Any] = {
        "intervention": {"name": "Something", "start": "2023-01-01", "end": "2023-12-31"},
        "areas": {
            "treated": ["Ash", "Birch"],
            "comparison": list(AREAS[2:]),
            "starts": {"Birch": "2023-07-01"},
        },
        "time": {"unit": "month", "baseline": {"from": "2022-01"}},
    }
    for section, values in changes.items():
        given = sections.get(section)
        sections[section] = {**given, **values} if isinstance(given, dict) else values
    return build({"cases.csv": cases()}, **sections)


def test_starts_and_phase_in_by_area(build: Build) -> None:
    study = staggered(
        build, intervention={"phase_in": 2}, areas={"starts": {"B": "2023-06-15"}, "aliases": {"B": "Birch"}}
    )
    design = design_of(study, read(study).periods)
    assert design.starts == {"Ash": 12, "Birch": 17}
    assert design.phase_in == {"Ash": 2, "Birch": 2}
    assert design.is_staggered
    short = staggered(build, areas={"starts": {"Birch": "2023-06-15"}})
    assert design_of(short, read(short).periods).phase_in == {"Ash": 0, "Birch": 1}


def test_one_day_for_all_is_no_stagger(build: Build) -> None:
    study = staggered(build, areas={"starts": {"Ash": "2023-01-01", "Birch": "2023-01-01"}})
    design = design_of(study, read(study).periods)
    assert (design.starts, design.is_staggered, start_days(study)) == ({}, False, {})


def test_a_start_later_in_the_first_period_makes_it_phase_in_for_all(build: Build) -> None:
    study = staggered(build, areas={"starts": {"Birch": "2023-01-20"}})
    periods = read(study).periods
    assert periods.roles[12:14] == (Role.PHASE_IN, Role.FOLLOW_UP)
    assert not design_of(study, periods).is_staggered


def test_a_start_after_the_data_is_an_error(build: Build, errors: Errors) -> None:
    intervention = {"name": "Something", "start": "2023-01-01"}
    study = build(
        {"cases.csv": cases()},
        areas={"treated": ["Ash", "Birch"], "comparison": ["Cedar"], "starts": {"Birch": "2024-03-01"}},
        time={"baseline": {"from": "2022-01"}},
    )
    study = study.model_copy(update={"intervention": type(study.intervention).model_validate(intervention)})
    (problem,) = (p for p in errors(study) if p.code == "start_after_the_data")
    assert problem.message.startswith("areas.starts.Birch: Birch starts on 2024-03-01, after the last period, 2023-12")
    assert problem.message.endswith("Did you mean 2023-03-01?")


@pytest.fixture
def result(build: Build) -> impact.RunResult:
    return impact.run(staggered(build), models=["did", "staggered"])


def test_the_others_refuse_and_staggered_answers(result: impact.RunResult) -> None:
    outcome = result.outcomes["n"]
    assert outcome.headline is not None
    assert outcome.headline.model == "staggered"
    assert outcome.headline.attainable_p == pytest.approx(1 / 42)
    assert "Use `staggered`." in next(r.reason for r in outcome.not_estimable if r.model == "did")
    assert dict(result.study.starts) == {"Ash": "2023-01-01", "Birch": "2023-07-01"}


def test_the_windows_of_each_area_are_its_own(result: impact.RunResult) -> None:
    text = cases()
    counted = {(w.area, w.window): w.n for w in result.outcomes["n"].windows}
    rows = [line.split(",") for line in text.splitlines()[1:]]
    early = sum(area == "Birch" and day < "2023-07" for area, day in rows)
    assert counted["Birch", "baseline"] == early
    assert counted["Birch", "follow_up"] == sum(area == "Birch" for area, _ in rows) - early
    assert counted["Ash", "baseline"] == sum(area == "Ash" and day < "2023" for area, day in rows)


def test_the_report_says_who_started_when(result: impact.RunResult) -> None:
    page = report_html(result)
    for words in (
        "They started on",
        "1 January 2023: 1: Ash",
        "1 July 2023: 1: Birch",
        "Areas started at different dates.",
        "Treated districts before and after their own start",
        "The usual regression, taken apart",
        "Staggered roll-out",
    ):
        assert words in page, words
