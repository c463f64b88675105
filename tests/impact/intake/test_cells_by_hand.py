"""Every outcome kind, counted by hand."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from impact.intake.read import read
from impact.study.schema import Study
from models.panel import (
    BinaryCells,
    ContinuousCells,
    CountCells,
    DurationCells,
    Kind,
    OrdinalCells,
    Panel,
    TimeToEventCells,
)

type Build = Callable[..., Study]

ROUNDING = 1e-12  # sums of at most three logarithms
CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day"}}


def panel(build: Build, rows: str, outcome: dict[str, Any], header: str = "district,day,value,extract") -> Panel:
    """Cells of one outcome from these rows; the areas are Ash, Birch and Cedar, the periods January to June 2023."""
    study = build({"cases.csv": f"{header}\n{rows}"}, outcomes={"o": {"source": "cases", **outcome}})
    return read(study).panels["o"]


def test_count_of_rows(build: Build) -> None:
    rows = "Ash,2023-01-01\nAsh,2023-01-31\nBirch,2023-03-31\nCedar,2023-06-30\nAsh,2023-06-01\n"
    found = panel(build, rows, {"kind": "count", "better": "lower"}, "district,day")
    assert isinstance(found.cells, CountCells)
    assert_array_equal(found.cells.events, [[2, 0, 0, 0, 0, 1], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]])
    assert_array_equal(found.cells.exposure, np.tile([31, 28, 31, 30, 31, 30], (3, 1)))
    assert (found.kind, found.unit, found.per) == (Kind.COUNT, "events a month", 365.25 / 12)
    assert found.areas == ("Ash", "Birch", "Cedar")
    assert_array_equal(found.treated, [True, False, False])


def test_count_in_a_column_with_population(build: Build, five_a_month: str) -> None:
    people = "district,people\nAsh,1000\nBirch,2000\nCedar,500\nElsewhere,9\n"
    study = build(
        {"cases.csv": five_a_month.replace("Birch,2023-02,5", "Birch,2023-02,0"), "people.csv": people},
        sources={
            "cases": {**CASES, "reader": "panel", "columns": {"area": "district", "time": "month"}},
            "people": {"path": "people.csv", "columns": {"area": "district"}},
        },
        outcomes={
            "n": {
                "kind": "count",
                "source": "cases",
                "value": "n",
                "exposure": {"source": "people", "value": "people"},
                "better": "lower",
            }
        },
    )
    found = read(study).panels["n"]
    assert_array_equal(found.cells.events, [[5] * 6, [5, 0, 5, 5, 5, 5], [5] * 6])
    assert_array_equal(found.cells.exposure[:, 1], [28_000, 56_000, 14_000])
    assert (found.unit, found.per) == ("events per 1,000 people a year", 365_250)


def test_count_with_a_population_that_counts_once_a_period(build: Build, five_a_month: str) -> None:
    people = "district,month,people\n" + "".join(
        f"{a},2023-{m:02d},{1000 * m}\n" for a in ("Ash", "Birch", "Cedar") for m in range(1, 7)
    )
    columns = {"area": "district", "time": "month"}
    exposure = {"source": "people", "value": "people", "per_period": True}
    study = build(
        {"cases.csv": five_a_month, "people.csv": people},
        sources={
            "cases": {**CASES, "reader": "panel", "columns": columns},
            "people": {"path": "people.csv", "columns": columns},
        },
        outcomes={"n": {"kind": "count", "source": "cases", "value": "n", "better": "lower", "exposure": exposure}},
    )
    found = read(study).panels["n"]
    assert_array_equal(found.cells.exposure, np.tile([1000, 2000, 3000, 4000, 5000, 6000], (3, 1)))
    assert (found.unit, found.per) == ("events per 1,000 people a month", 1000)


def test_binary(build: Build) -> None:
    rows = "Ash,2023-01-01,YES,\nAsh,2023-01-02,0,\nAsh,2023-01-03,,\nBirch,2023-04-01,True,\nBirch,2023-01-01,no,\n"
    rows += "Cedar,2023-02-01,false,\nCedar,2023-05-01,1,\nAsh,2023-04-01,1,\n"
    found = panel(build, rows, {"kind": "binary", "value": "value", "better": "higher"})
    assert isinstance(found.cells, BinaryCells)
    assert_array_equal(found.cells.successes, [[1, 0, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0]])
    assert_array_equal(found.cells.trials, [[2, 0, 0, 1, 0, 0], [1, 0, 0, 1, 0, 0], [0, 1, 0, 0, 1, 0]])
    assert (found.unit, found.per) == ("share", 1)


def test_ordinal(build: Build) -> None:
    rows = "Ash,2023-01-01,Good,\nAsh,2023-01-02, Good ,\nAsh,2023-01-03,Bad,\nAsh,2023-01-03,,\nAsh,2023-06-03,Fair,\n"
    rows += "Birch,2023-01-01,Fair,\nBirch,2023-05-01,Bad,\nCedar,2023-01-01,Bad,\nCedar,2023-05-01,Good,\n"
    outcome = {"kind": "ordinal", "value": "value", "levels": ["Bad", "Fair", "Good"], "better": "higher"}
    found = panel(build, rows, outcome)
    assert isinstance(found.cells, OrdinalCells)
    assert found.cells.n.shape == (3, 6, 3)
    assert_array_equal(found.cells.n[0, 0], [1, 0, 2])
    assert_array_equal(found.cells.n[0, 5], [0, 1, 0])
    assert_array_equal(found.cells.n.sum(axis=1), [[1, 1, 2], [1, 1, 0], [1, 0, 1]])
    assert found.cells.at_least == 1


def test_continuous(build: Build) -> None:
    rows = "Ash,2023-01-01,1.5,\nAsh,2023-01-02,-2,\nAsh,2023-01-02,,\nAsh,2023-04-02,1e1,\n"
    rows += "Birch,2023-01-01,3,\nBirch,2023-06-01,4,\nCedar,2023-01-01,0,\nCedar,2023-06-01,.5,\n"
    found = panel(build, rows, {"kind": "continuous", "value": "value", "better": "higher"})
    assert isinstance(found.cells, ContinuousCells)
    assert_array_equal(found.cells.n, [[2, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 1]])
    assert_array_equal(found.cells.total[0], [-0.5, 0, 0, 10, 0, 0])
    assert_array_equal(found.cells.squares[0], [6.25, 0, 0, 100, 0, 0])
    assert found.unit == "value"


def test_duration_from_dates(build: Build) -> None:
    rows = "Ash,2023-01-01,2023-01-01,2023-07-01\nAsh,2023-01-02,2023-01-12,2023-07-01\nAsh,2023-06-30,,2023-07-01\n"
    rows += "Ash,2023-04-30,,2023-07-01\nAsh,2023-04-30,,2023-07-01\nBirch,2023-01-01,2023-01-02,2023-07-01\n"
    rows += "Birch,2023-04-01,,2023-04-01\nCedar,2023-01-01,2023-01-05,2023-07-01\nCedar,2023-04-01,2023-04-03,\n"
    found = panel(build, rows, {"kind": "duration", "event": "value", "censor": "extract", "better": "lower"})
    assert isinstance(found.cells, DurationCells)
    assert_array_equal(found.cells.n, [[2, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0]])
    # the case that begins and ends on one day counts for half a day
    assert_allclose(found.cells.log_total[0, 0], math.log(0.5) + math.log(10), rtol=ROUNDING)
    assert_allclose(found.cells.log_squares[0, 0], math.log(0.5) ** 2 + math.log(10) ** 2, rtol=ROUNDING)
    assert_allclose(found.cells.log_total[2], [math.log(4), 0, 0, math.log(2), 0, 0], rtol=ROUNDING)
    assert_array_equal(found.cells.open_days, [0.5, 1, 62])
    assert_array_equal(found.cells.still_open[0, 3], [0, 0, 2])
    assert_array_equal(found.cells.still_open[0, 5], [0, 1, 0])
    assert_array_equal(found.cells.still_open[1, 3], [1, 0, 0])
    assert found.cells.still_open.sum() == 4
    assert found.unit == "days"


def test_duration_from_times_of_day(build: Build) -> None:
    rows = "Ash,2023-01-01 08:00,2023-01-01 20:00,\nAsh,2023-02-01T08:00:00,2023-02-03,\n"
    rows += "Ash,2023-04-01 10:00,2023-04-02,\n"
    rows += "Ash,2023-03-01 10:00,2023-03-01,\nBirch,2023-01-01,2023-01-02,\nBirch,2023-04-01,2023-04-02,\n"
    rows += "Cedar,2023-01-01,2023-01-02,\nCedar,2023-04-01,2023-04-02 09:00,\n"
    found = panel(build, rows, {"kind": "duration", "event": "value", "better": "lower"})
    # fractions only where both times of day are known
    assert_allclose(np.exp(found.cells.log_total[0, :4]), [0.5, 2, 0.5, 1], rtol=ROUNDING)
    assert_allclose(np.exp(found.cells.log_total[2, [0, 3]]), [1, 1], rtol=ROUNDING)


def test_duration_given_in_days(build: Build) -> None:
    rows = "Ash,2023-01-01,0,\nAsh,2023-04-01,2.5,\nBirch,2023-01-01,1,\nBirch,2023-04-01,1,\n"
    rows += "Cedar,2023-01-01,1,\nCedar,2023-04-01,1,\n"
    found = panel(build, rows, {"kind": "duration", "value": "value", "better": "lower"})
    assert_allclose(np.exp(found.cells.log_total[0, [0, 3]]), [0.5, 2.5], rtol=ROUNDING)
    assert found.cells.still_open.shape == (3, 6, 0)


def test_time_to_event(build: Build) -> None:
    rows = "Ash,2023-01-01,2023-01-01,2023-07-01\nAsh,2023-01-01,2023-01-31,2023-07-01\n"
    rows += "Ash,2023-01-01,2023-02-01,2023-07-01\nAsh,2023-01-05,,2023-07-01\nAsh,2023-06-11,,2023-07-01\n"
    rows += "Ash,2023-06-21,2023-06-25,2023-07-01\nBirch,2023-01-01,,2023-07-01\nBirch,2023-04-01,,2023-07-01\n"
    rows += "Cedar,2023-01-01,,2023-07-01\nCedar,2023-04-01,2023-06-30,\n"
    outcome = {"kind": "time_to_event", "event": "value", "censor": "extract", "horizon": 30, "better": "lower"}
    found = panel(build, rows, outcome)
    assert isinstance(found.cells, TimeToEventCells)
    assert found.cells.events.shape == (3, 6, 31)
    assert_array_equal(np.argwhere(found.cells.events > 0), [[0, 0, 0], [0, 0, 30], [0, 5, 4]])
    # day 31 is beyond the horizon: seen to day 30 without an event
    assert found.cells.censored[0, 0, 30] == 2
    # seen to the last day of the follow-up, which is the day before the extract
    assert found.cells.censored[0, 5, 19] == 1
    assert found.cells.censored[2, 3, 30] == 1
    assert found.cells.events.sum() + found.cells.censored.sum() == 10


def test_time_to_event_with_the_day_of_the_extract_in_the_study(build: Build) -> None:
    rows = "Ash,2023-01-01,,\nAsh,2023-06-21,,\nBirch,2023-01-01,,\nBirch,2023-05-01,,\n"
    rows += "Cedar,2023-01-01,,\nCedar,2023-05-01,,\n"
    outcome = {"kind": "time_to_event", "event": "value", "censor": "2023-07-01", "horizon": 30, "better": "lower"}
    found = panel(build, rows, outcome)
    assert_array_equal(np.argwhere(found.cells.censored[0] > 0), [[0, 30], [5, 9]])
    found = panel(build, rows, outcome | {"followed_to": "extract"})
    assert_array_equal(np.argwhere(found.cells.censored[0] > 0), [[0, 30], [5, 10]])


def test_panel_of_a_measured_amount(build: Build, five_a_month: str) -> None:
    study = build(
        {
            "cases.csv": five_a_month.replace("Ash,2023-01,5", "Ash,2023-01,0.25").replace(
                "Ash,2023-02,5", "Ash,2023-02,"
            )
        },
        sources={"cases": {**CASES, "reader": "panel", "columns": {"area": "district", "time": "month"}}},
        outcomes={"n": {"kind": "continuous", "source": "cases", "value": "n", "better": "lower"}},
    )
    found = read(study)
    assert_array_equal(found.panels["n"].cells.n[0], [1, 0, 1, 1, 1, 1])
    assert_array_equal(found.panels["n"].cells.total[0], [0.25, 0, 5, 5, 5, 5])
    assert [p.code for p in found.problems] == ["missing_cells"]
    assert not found.accounts["cases"].published


def test_weeks_and_quarters(build: Build) -> None:
    rows = "".join(
        f"{area},{day}\n" for area in ("Ash", "Birch", "Cedar") for day in ("2023-03-27", "2023-04-03", "2023-04-09")
    )
    weeks = build(
        {"cases.csv": f"district,day\n{rows}"},
        time={"unit": "week", "baseline": {"from": "2023-03-27"}},
        intervention={"start": "2023-04-03", "end": "2023-04-09"},
    )
    assert_array_equal(read(weeks).panels["n"].cells.events, [[1, 2]] * 3)
    quarters = build({}, time={"unit": "quarter", "baseline": {"from": "2023-Q1"}})
    assert_array_equal(read(quarters).panels["n"].cells.events, [[1, 2]] * 3)
    assert_array_equal(read(quarters).panels["n"].cells.exposure, [[90, 91]] * 3)


def test_days(build: Build) -> None:
    rows = "".join(f"{a},2023-04-0{d}\n" for a in ("Ash", "Birch", "Cedar") for d in (1, 2, 3, 4, 5, 6, 6))
    study = build(
        {"cases.csv": f"district,day\n{rows}"},
        time={"unit": "day", "baseline": {"from": "2023-04-01"}},
        intervention={"start": "2023-04-04", "end": "2023-04-06"},
    )
    found = read(study).panels["n"]
    assert found.periods.labels[3] == "2023-04-04"
    assert_array_equal(found.cells.events, [[1, 1, 1, 1, 1, 2]] * 3)
    assert_array_equal(found.cells.exposure, np.ones((3, 6)))


def test_no_time_between_two_times_of_day_is_half_a_minute(build: Build) -> None:
    rows = "Ash,2023-01-01 08:00,2023-01-01 08:00,\nAsh,2023-04-01,2023-04-02,\nBirch,2023-01-01,2023-01-02,\n"
    rows += "Birch,2023-04-01,2023-04-02,\nCedar,2023-01-01,2023-01-02,\nCedar,2023-04-01,2023-04-02,\n"
    outcome = {"kind": "duration", "source": "cases", "event": "value", "better": "lower"}
    found = read(build({"cases.csv": f"district,day,value,extract\n{rows}"}, outcomes={"o": outcome}))
    assert_allclose(found.panels["o"].cells.log_total[0, 0], math.log(0.5 / 24 / 60), rtol=ROUNDING)
    warning = next(p for p in found.problems if p.code == "no_time_at_all")
    assert (warning.rows, warning.column, warning.row) == (1, "value", None)


def test_each_part_of_a_population_is_carried_on_by_its_own_dates(build: Build, five_a_month: str) -> None:
    people = "district,time,people\nAsh,2022,1000\nAsh,2023-03,1100\nAsh South,2022,500\n"
    people += "Birch,2022,2000\nCedar,2022,300\n"
    study = build(
        {"cases.csv": five_a_month, "people.csv": people},
        sources={
            "cases": {**CASES, "reader": "panel", "columns": {"area": "district", "time": "month"}},
            "people": {"path": "people.csv", "columns": {"area": "district"}},
        },
        outcomes={
            "n": {
                "kind": "count",
                "source": "cases",
                "value": "n",
                "exposure": {"source": "people", "value": "people"},
                "better": "lower",
            }
        },
        areas={"aliases": {"Ash South": "Ash"}},
    )
    found = read(study)
    people_a_day = found.panels["n"].cells.exposure / found.panels["n"].periods.days
    assert_array_equal(people_a_day, [[1500, 1500, 1600, 1600, 1600, 1600], [2000] * 6, [300] * 6])
    (warning,) = found.problems
    assert (warning.code, warning.source, warning.column) == ("uneven_population", "people", "people")
    assert warning.message.startswith("the population of Ash is the sum of several names")
