"""What a source covers: missing is not zero."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from impact.intake.data import Intake
from impact.intake.problems import Problem
from impact.intake.read import read
from impact.study.schema import Study

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day"}}
PEOPLE = {"path": "people.csv", "columns": {"area": "district"}}
COUNT = {"kind": "count", "source": "cases", "better": "lower"}
DAYS = np.asarray([31, 28, 31, 30, 31, 30])


def codes(found: Intake) -> Any:
    return [p.code for p in found.problems]


def test_a_period_without_rows_within_the_span_is_zero(build: Build, one_a_month: str) -> None:
    text = one_a_month.replace("Ash,2023-02-05\n", "").replace("Birch,2023-05-05\n", "")
    found = read(build({"cases.csv": text}))
    assert_array_equal(found.panels["n"].cells.events, [[1, 0, 1, 1, 1, 1], [1, 1, 1, 1, 0, 1], [1] * 6])
    assert_array_equal(found.panels["n"].cells.exposure, np.tile(DAYS, (3, 1)))
    assert found.problems == ()


def test_rows_of_any_area_make_the_span(build: Build, one_a_month: str) -> None:
    kept = [line for line in one_a_month.splitlines() if "2023-01" not in line]
    found = read(build({"cases.csv": "\n".join([*kept, "Elsewhere,2023-01-05"])}))
    assert_array_equal(found.panels["n"].cells.events[:, 0], [0, 0, 0])
    assert_array_equal(found.panels["n"].cells.exposure[:, 0], [31, 31, 31])


def test_periods_outside_the_span_are_missing(build: Build, one_a_month: str) -> None:
    study = build(
        {"cases.csv": one_a_month},
        time={"baseline": {"from": "2022-11"}, "exclude": [{"from": "2022-12", "to": "2022-12"}]},
        intervention={"end": "2023-07-31"},
    )
    found = read(study)
    assert_array_equal(found.panels["n"].cells.exposure[0], [0, 0, *DAYS, 0])
    assert codes(found) == ["source_span"]
    # the excluded month is not counted
    assert found.problems[0].message == (
        "the source covers 2023-01 to 2023-06; 2 months of the study outside it count as missing, not as zero."
    )


def test_a_period_in_which_no_area_has_a_row(build: Build, one_a_month: str) -> None:
    text = "\n".join(line for line in one_a_month.splitlines() if "2023-05" not in line)
    found = read(build({"cases.csv": text}))
    assert codes(found) == ["silent_periods"]
    assert "1 month: 2023-05" in found.problems[0].message
    assert_array_equal(found.panels["n"].cells.exposure[0], DAYS)
    left_out = build({}, time={"exclude": [{"from": "2023-05", "to": "2023-05"}]})
    assert codes(read(left_out)) == ["few_periods"]


@pytest.mark.parametrize(("a_month", "expected"), [(6, 1), (4, 0)])
def test_an_area_that_falls_silent_where_many_events_would_be_expected(
    build: Build, one_a_month: str, a_month: int, expected: int
) -> None:
    header, *rows = one_a_month.splitlines()
    silent = ("Ash,2023-03", "Ash,2023-04")
    kept = [row for row in rows for _ in range(a_month) if not row.startswith(silent)]
    found = read(build({"cases.csv": "\n".join([header, *kept])}))
    warned = [p.message for p in found.problems if p.code == "silent_areas"]
    words = "outcome 'n' has no event for a while where many would be expected: Ash (2023-03 to 2023-04)."
    assert warned == [words] * expected


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (lambda m, d: m < 6 or d <= 10, "the rows stop 20 days before 2023-06 ends."),
        (lambda m, d: m > 1 or d >= 21, "the rows begin 20 days after 2023-01 begins."),
    ],
)
def test_an_extract_that_stops_within_a_period(build: Build, kept: Callable[[int, int], bool], message: str) -> None:
    days = [(a, m, d) for m in range(1, 7) for d in range(1, 29) for a in ("Ash", "Birch", "Cedar") if kept(m, d)]
    text = "district,day\n" + "".join(f"{a},2023-{m:02d}-{d:02d}\n" for a, m, d in days)
    (warning,) = read(build({"cases.csv": text})).problems
    assert (warning.code, warning.message) == ("part_of_period", message)


def test_rows_dated_by_month_do_not_seem_to_stop_early(build: Build) -> None:
    text = (
        "district,day\n" + "".join(f"{a},2023-{m:02d}\n" for m in range(1, 7) for a in ("Ash", "Birch", "Cedar")) * 40
    )
    assert read(build({"cases.csv": text})).problems == ()


def test_missing_cells_of_a_panel(build: Build, five_a_month: str) -> None:
    lines = [line for line in five_a_month.splitlines() if not line.startswith("Birch") or "2023-02" in line]
    text = "\n".join(lines).replace("Ash,2023-06,5", "Ash,2023-06,")
    panel = {"path": "cases.csv", "reader": "panel", "columns": {"area": "district", "time": "month"}}
    found = read(build({"cases.csv": text}, sources={"cases": panel}, outcomes={"n": {**COUNT, "value": "n"}}))
    assert codes(found) == ["missing_cells", "area_without_window"]
    assert found.problems[0].message == (
        "6 of 18 cells, one per area and month, have no value: Ash in 2023-06, Birch in 2023-01, Birch in 2023-03 "
        "and 3 more."
    )
    assert "no data of Birch in the follow-up" in found.problems[1].message
    assert_array_equal(found.panels["n"].cells.exposure[1], [0, 28, 0, 0, 0, 0])


def population(build: Build, cases: str, people: str, **columns: Any) -> Any:
    source = {**PEOPLE, "columns": {"area": "district", **columns}}
    outcomes = {"n": {**COUNT, "exposure": {"source": "people", "value": "people"}}}
    study = build(
        {"cases.csv": cases, "people.csv": people}, sources={"cases": CASES, "people": source}, outcomes=outcomes
    )
    return read(study).panels["n"].cells.exposure / DAYS


def test_population_by_period_holds_until_the_next(build: Build, one_a_month: str) -> None:
    people = "district,time,people\nAsh,2023-01,100\nAsh,2023-03,300\nBirch,2022,20\nCedar,2024-01-01,7\n"
    found = population(build, one_a_month, people)
    assert_array_equal(found, [[100, 100, 300, 300, 300, 300], [20] * 6, [7] * 6])


def test_population_with_a_named_date_column(build: Build, one_a_month: str) -> None:
    people = "district,year,people\nAsh,2022,100\nAsh,2023,300\nBirch,2022,20\nCedar,2022,7\n"
    assert_array_equal(population(build, one_a_month, people, time="year")[:, 0], [300, 20, 7])


def test_a_date_column_of_populations_must_exist(build: Build, errors: Errors, one_a_month: str) -> None:
    study = build(
        {"cases.csv": one_a_month, "people.csv": "district,people\nAsh,1\nBirch,1\nCedar,1\n"},
        sources={"cases": CASES, "people": {**PEOPLE, "columns": {"area": "district", "time": "year"}}},
        outcomes={"n": {**COUNT, "exposure": {"source": "people", "value": "people"}}},
    )
    assert [p.code for p in errors(study)] == ["missing_column"]


def test_population_in_the_source_of_the_counts(build: Build, five_a_month: str) -> None:
    text = "\n".join(f"{line},{'people' if i == 0 else 1000 + i}" for i, line in enumerate(five_a_month.splitlines()))
    panel = {"path": "cases.csv", "reader": "panel", "columns": {"area": "district", "time": "month"}}
    outcome = {**COUNT, "value": "n", "exposure": {"source": "cases", "value": "people"}}
    found = read(build({"cases.csv": text}, sources={"cases": panel}, outcomes={"n": outcome}))
    assert_array_equal(found.panels["n"].cells.exposure[0] / DAYS, [1001, 1004, 1007, 1010, 1013, 1016])


def test_a_source_without_the_follow_up_of_some_areas(build: Build, errors: Errors, one_a_month: str) -> None:
    lines = [line for line in one_a_month.splitlines() if not line.startswith("Ash,2023-0") or "2023-01" in line]
    text = "\n".join(line + (",x" if i == 0 else ",1") for i, line in enumerate(lines))
    yes_no = {"kind": "binary", "source": "cases", "value": "x", "better": "higher"}
    (problem,) = errors(build({"cases.csv": text}, outcomes={"x": yes_no}))
    assert problem.code == "empty_window"
    assert "outcome 'x' has no data of the treated areas in the follow-up" in problem.message


def test_an_outcome_that_nobody_answered_is_told_from_a_source_of_another_time(
    build: Build, errors: Errors, one_a_month: str
) -> None:
    text = "\n".join(line + (",x" if i == 0 else ",") for i, line in enumerate(one_a_month.splitlines()))
    yes_no = {"kind": "binary", "source": "cases", "value": "x", "better": "higher"}
    problems = errors(build({"cases.csv": text}, outcomes={"x": yes_no}))
    assert {p.code for p in problems} == {"empty_window"}
    assert all("It is blank in all " in p.message and "dates" not in p.message for p in problems)
