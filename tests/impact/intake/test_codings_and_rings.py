"""Other codings of a boundary, with the people who move; and the areas around, by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from impact.intake.data import Intake
from impact.intake.problems import Problem
from impact.intake.read import read
from impact.study.schema import Study
from models.case import Coding

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

SUMS = 1e-12  # a few logarithms added up in another order
CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day"}}
PEOPLE = {"path": "people.csv", "columns": {"area": "district"}}
COUNT = {"kind": "count", "source": "cases", "better": "lower"}
RATE = {**COUNT, "exposure": {"source": "people", "value": "people"}}
HILL = {"when": {"ward": "Hill"}, "to": "Birch", "instead_of": "Ash"}
TOTALS = "district,people\nAsh,100\nBirch,200\nCedar,300\n"
BY_WARD = "district,ward,people\nAsh,Centre,90\nAsh,Hill,10\nBirch,All,200\nCedar,All,300\n"
NAMES = ["as in the study", "administrative: Hill counted in Ash", "excluded: Hill left out"]
DAYS = np.asarray([31, 28, 31, 30, 31, 30])


def events(coding: Coding) -> Any:
    assert coding.panel is not None
    return coding.panel.cells.events[:, :2]


def people(coding: Coding) -> list[float]:
    """Population behind the exposure, which is the same in every period."""
    assert coding.panel is not None
    per_day = coding.panel.cells.exposure / DAYS
    assert_allclose(per_day, per_day[:, :1] * np.ones(6), rtol=SUMS)
    return [round(float(x), 9) for x in per_day[:, 0]]


@pytest.fixture
def with_wards(one_a_month: str) -> str:
    """One case of the centre in each area and month, and three of Ash's Hill in January and February."""
    text = one_a_month.replace("day\n", "day,ward\n").replace("-05\n", "-05,Centre\n")
    return text + "Ash,2023-01-06,Hill\nAsh,2023-02-06,Hill\nAsh,2023-02-07,Hill\n"


def recoded(build: Build, cases: str, *recodes: Any, population: str | None = None, **areas: Any) -> Intake:
    files = {"cases.csv": cases} | ({"people.csv": population} if population else {})
    sources = {"cases": CASES} | ({"people": PEOPLE} if population else {})
    outcomes = {"n": RATE if population else COUNT}
    return read(build(files, areas={"recode": list(recodes), **areas}, sources=sources, outcomes=outcomes))


def test_rows_move_back_or_drop_out(build: Build, with_wards: str) -> None:
    case = recoded(build, with_wards, HILL).cases["n"]
    as_studied, administrative, excluded = case.codings
    assert [coding.name for coding in case.codings] == NAMES
    assert as_studied.panel is case.panel
    assert_array_equal(events(as_studied), [[1, 1], [2, 3], [1, 1]])
    assert_array_equal(events(administrative), [[2, 3], [1, 1], [1, 1]])
    assert_array_equal(events(excluded), [[1, 1], [1, 1], [1, 1]])
    assert {coding.panel.unit for coding in case.codings if coding.panel} == {"events a month"}


def test_people_move_by_their_own_rows(build: Build, with_wards: str) -> None:
    found = recoded(build, with_wards, HILL, population=BY_WARD)
    assert [people(coding) for coding in found.cases["n"].codings] == [[90, 210, 300], [100, 200, 300], [90, 200, 300]]
    assert [p.code for p in found.problems] == ["recoded"]


def test_people_move_by_their_number(build: Build, with_wards: str) -> None:
    found = recoded(build, with_wards, HILL | {"population": 12}, population=TOTALS)
    assert [people(coding) for coding in found.cases["n"].codings] == [[88, 212, 300], [100, 200, 300], [88, 200, 300]]
    assert [p.code for p in found.problems] == ["recoded"]


def test_the_sources_own_people_come_before_a_number(build: Build, with_wards: str) -> None:
    found = recoded(build, with_wards, HILL | {"population": 12}, population=BY_WARD)
    assert people(found.cases["n"].codings[0]) == [90, 210, 300]


def test_without_their_people_there_is_no_other_coding(build: Build, with_wards: str) -> None:
    case = recoded(build, with_wards, HILL, population=TOTALS).cases["n"]
    assert [coding.name for coding in case.codings] == NAMES
    assert [coding.panel is None for coding in case.codings] == [False, True, True]
    assert "the number of people in areas.recode" in case.codings[1].reason


def test_people_stay_where_rows_are_not_recoded(build: Build, one_a_month: str) -> None:
    """The cases do not say the ward, so they are those of the districts as they are, and so are their people."""
    for recode, population in ((HILL, BY_WARD), (HILL | {"population": 12}, TOTALS)):
        case = recoded(build, one_a_month, recode, population=population).cases["n"]
        assert case.codings == ()
        assert_array_equal(case.panel.cells.exposure[:, 0], [31 * 100, 31 * 200, 31 * 300])


def test_a_source_without_the_columns_is_mentioned(build: Build, with_wards: str, one_a_month: str) -> None:
    study = build(
        {"cases.csv": with_wards, "more.csv": one_a_month, "people.csv": BY_WARD},
        areas={"recode": [HILL]},
        sources={"cases": CASES, "more": CASES | {"path": "more.csv"}, "people": PEOPLE},
        outcomes={"n": RATE, "m": RATE | {"source": "more"}},
    )
    found = read(study)
    assert [(p.code, p.source) for p in found.problems] == [("not_recoded", "more"), ("recoded", "cases")]
    assert_array_equal(found.panels["n"].cells.exposure[:, 0], [31 * 90, 31 * 210, 31 * 300])
    assert_array_equal(found.panels["m"].cells.exposure[:, 0], [31 * 100, 31 * 200, 31 * 300])


def test_more_people_than_there_are(build: Build, with_wards: str, errors: Errors) -> None:
    areas = {"recode": [HILL | {"population": 100}]}
    sources = {"cases": CASES, "people": PEOPLE}
    study = build({"cases.csv": with_wards, "people.csv": TOTALS}, areas=areas, sources=sources, outcomes={"n": RATE})
    (problem,) = errors(study)
    assert (problem.code, problem.source) == ("nobody_left", "people")
    assert "'Ash'" in problem.message


def test_an_area_that_is_nothing_but_the_part(build: Build, with_wards: str) -> None:
    only = "district,ward,people\nAsh,Centre,90\nAsh,Hill,10\nCedar,All,300\n"
    case = recoded(build, with_wards, HILL, population=only).cases["n"]
    assert [coding.reason for coding in case.codings] == [
        "",
        "no population would be left of Birch",
        "no population would be left of Birch",
    ]


def test_several_recodes_vary_one_at_a_time(build: Build, with_wards: str) -> None:
    cases = with_wards + "Cedar,2023-01-07,Dale\nAsh,2023-01-08,Dale\n"
    dale = {"when": {"ward": "Dale"}, "to": "Ash"}
    never = {"when": {"ward": "Marsh"}, "to": "Ash"}
    case = recoded(build, cases, HILL, dale, never).cases["n"]
    found = {coding.name: events(coding)[:, 0].tolist() for coding in case.codings}
    assert found == {
        "as in the study": [2 + 1, 2, 1],
        "administrative: Hill counted in Ash": [3 + 1, 1, 1],
        "excluded: Hill left out": [2 + 1, 1, 1],
        "administrative: Dale counted where the records place it": [1 + 1, 2, 2],
        "excluded: Dale left out": [1, 2, 1],
    }


def test_a_row_that_two_recodes_fit_falls_to_the_other_one(build: Build, with_wards: str) -> None:
    second = {"when": {"ward": "Hill"}, "to": "Cedar", "instead_of": "Ash"}
    codings = recoded(build, with_wards, HILL, second).cases["n"].codings
    assert [coding.name for coding in codings] == NAMES
    assert_array_equal(events(codings[1]), [[1, 1], [1, 1], [2, 3]])


def test_rows_from_and_to_areas_that_are_not_in_the_study(build: Build, with_wards: str) -> None:
    cases = with_wards + "Elm,2023-01-09,Hill\n"
    into = {"when": {"ward": "Hill"}, "to": "Birch", "instead_of": "Elm"}
    out_of = {"when": {"ward": "Hill"}, "to": "Elm", "instead_of": "Ash"}
    assert [events(c)[:, 0].tolist() for c in recoded(build, cases, into).cases["n"].codings] == [
        [2, 2, 1],
        [2, 1, 1],
        [2, 1, 1],
    ]
    assert [events(c)[:, 0].tolist() for c in recoded(build, cases, out_of).cases["n"].codings] == [
        [1, 1, 1],
        [2, 1, 1],
        [1, 1, 1],
    ]


def test_other_spellings_of_the_areas_a_recode_names(build: Build, with_wards: str) -> None:
    recode = HILL | {"to": "Birke", "instead_of": "Esche"}
    case = recoded(build, with_wards, recode, aliases={"Birke": "Birch", "Esche": "Ash"}).cases["n"]
    assert [events(c)[:, 0].tolist() for c in case.codings] == [[1, 2, 1], [2, 1, 1], [1, 1, 1]]


def test_other_kinds_need_no_population(build: Build, with_wards: str) -> None:
    values = with_wards.replace("ward\n", "ward,v\n").replace("Centre\n", "Centre,yes\n").replace("Hill\n", "Hill,no\n")
    study = build(
        {"cases.csv": values},
        areas={"recode": [HILL]},
        outcomes={"v": {"kind": "binary", "source": "cases", "value": "v", "better": "higher"}},
    )
    codings = read(study).cases["v"].codings
    assert [c.panel.cells.trials[:2, 0].tolist() for c in codings if c.panel] == [[1, 2], [2, 1], [1, 1]]
    assert [c.panel.cells.successes[:, 0].tolist() for c in codings if c.panel] == [[1, 1, 1]] * 3


RINGS = {"rings": {"displacement": ["Elm", "Fir"], "compared_with": ["Oak"]}}
AROUND = "Elm,2023-01-05\nElm,2023-01-06\nFir,2023-06-05\nOak,2023-04-05\n"


def test_rings_by_hand(build: Build, one_a_month: str) -> None:
    found = read(build({"cases.csv": one_a_month + AROUND + "Yew,2023-01-01\n"}, areas=RINGS))
    rings = found.cases["n"].rings
    assert rings is not None
    assert (rings.areas, rings.treated.tolist()) == (("Elm", "Fir", "Oak"), [True, True, False])
    assert_array_equal(rings.cells.events, [[2, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0]])
    assert_array_equal(rings.cells.exposure, np.tile(DAYS, (3, 1)))
    assert rings.unit == "events a month"
    assert found.areas == ("Ash", "Birch", "Cedar")
    assert {s.reason: s.rows for s in found.accounts["cases"].set_aside} == {
        "areas around, for displacement only": 4,
        "other areas": 1,
    }
    assert [(p.code, p.rows) for p in found.problems] == [("other_areas", 1)]


@pytest.mark.parametrize(
    ("more", "unit", "exposure"),
    [
        ("Elm,10\nFir,20\nOak,30\n", "events per 1,000 people a year", [310, 620, 930]),
        ("Elm,10\nOak,30\n", "events a month", [31, 31, 31]),
    ],
)
def test_rings_are_set_against_people_if_all_are_known(
    more: str, unit: str, exposure: list[float], build: Build, one_a_month: str
) -> None:
    files = {"cases.csv": one_a_month + AROUND, "people.csv": TOTALS + more}
    study = build(files, areas=RINGS, sources={"cases": CASES, "people": PEOPLE}, outcomes={"n": RATE})
    rings = read(study).cases["n"].rings
    assert rings is not None
    assert (rings.unit, rings.cells.exposure[:, 0].tolist()) == (unit, exposure)


def test_ring_areas_are_no_other_areas_and_no_misspellings(build: Build, one_a_month: str) -> None:
    found = read(build({"cases.csv": one_a_month + AROUND}, areas={"comparison": "others", **RINGS}))
    assert found.areas == ("Ash", "Birch", "Cedar")
    assert found.problems == ()
    text = one_a_month + AROUND.replace("Oak", "Cedars")
    rings = {"displacement": ["Elm", "Fir"], "compared_with": ["Cedars"]}
    assert read(build({"cases.csv": text}, areas={"rings": rings})).problems == ()


def test_ring_areas_that_a_source_lacks(build: Build, one_a_month: str) -> None:
    without_fir = one_a_month + AROUND.replace("Fir", "Ffir")
    found = read(build({"cases.csv": without_fir}, areas=RINGS))
    rings = found.cases["n"].rings
    assert rings is not None
    assert rings.areas == ("Elm", "Oak")
    (warning,) = [p for p in found.problems if p.severity == "warning"]
    assert (warning.code, warning.message) == ("ring_without_rows", "there are no rows of 'Fir' of areas.rings.")
    assert warning.action == "Did you mean 'Ffir'?"


def test_no_rings_where_one_side_is_not_known(build: Build, one_a_month: str) -> None:
    found = read(build({"cases.csv": one_a_month + AROUND.replace("Oak", "Yew")}, areas=RINGS))
    assert found.cases["n"].rings is None
    (warning,) = [p for p in found.problems if p.severity == "warning"]
    assert warning.message == (
        "there are no rows of 'Oak' of areas.rings, so displacement is not looked at in its counts."
    )


def test_rings_are_for_counts(build: Build, one_a_month: str) -> None:
    text = one_a_month.replace("day\n", "day,v\n").replace("-05\n", "-05,1\n")
    outcome = {"kind": "binary", "source": "cases", "value": "v", "better": "higher"}
    found = read(build({"cases.csv": text}, areas=RINGS, outcomes={"v": outcome}))
    assert found.cases["v"].rings is None
    assert found.problems == ()


def test_rings_of_a_panel_and_of_its_missing_cells(build: Build, five_a_month: str) -> None:
    around = "".join(f"{a},2023-{m:02d},{m}\n" for m in range(1, 7) for a in ("Elm", "Fir", "Oak"))
    panel = {"path": "cases.csv", "reader": "panel", "columns": {"area": "district", "time": "month"}}
    study = build(
        {"cases.csv": five_a_month + around.replace("Oak,2023-02,2\n", "")},
        areas=RINGS,
        sources={"cases": panel},
        outcomes={"n": {**COUNT, "value": "n"}},
    )
    rings = read(study).cases["n"].rings
    assert rings is not None
    assert_array_equal(rings.cells.events, [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [1, 0, 3, 4, 5, 6]])
    assert_array_equal(rings.cells.exposure[2], [31, 0, 31, 30, 31, 30])
