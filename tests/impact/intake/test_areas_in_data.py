"""Names of areas: aliases, recoding, the other areas, and names that look alike."""

from collections.abc import Callable
from typing import Any

import pytest
from numpy.testing import assert_array_equal

from impact.intake.problems import Problem
from impact.intake.read import read
from impact.intake.spelling import near_name, says_none
from impact.study.check_areas import check_areas
from impact.study.schema import Study

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day"}}
PANEL = {"path": "cases.csv", "reader": "panel", "columns": {"area": "district", "time": "month"}}
COUNT = {"kind": "count", "source": "cases", "better": "lower"}
PEOPLE = {"path": "people.csv", "columns": {"area": "district"}}


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("breckland", "Breckland"),
        ("Breck land", "Breckland"),
        ("Breckland.", "Breckland"),
        ("Brekland", "Breckland"),
        ("Kings Lynn & West Norfolk", "King's Lynn and West Norfolk"),
        ("KING'S LYNN AND WEST NORFOLK", "King's Lynn and West Norfolk"),
        ("South Norflok", "South Norfolk"),
        ("Asbhy", "Ashby"),
        ("SAHBY", "Ashby"),
        ("Coel", "Cole"),
    ],
)
def test_misspellings(name: str, area: str) -> None:
    areas = ["Breckland", "King's Lynn and West Norfolk", "North Norfolk", "South Norfolk", "Norwich", "Ashby", "Cole"]
    assert near_name(name, areas) == area


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("North Norfolk", "South Norfolk"),
        ("North Kesteven", "South Kesteven"),
        ("East Suffolk", "West Suffolk"),
        ("Ward 11", "Ward 12"),
        ("1112", "112"),
        ("E01026483", "E01026484"),
        ("Oak", "Ash"),
        ("Ahs", "Ash"),
        ("AB10", "BA10"),
        ("Ashyb 1", "Ashby 2"),
        ("Eats Hill", "East Hill"),
        ("Great Yarmouth", "Norwich"),
    ],
)
def test_different_areas_that_look_alike(name: str, area: str) -> None:
    assert near_name(name, [area]) is None


def test_an_area_may_be_declared_to_be_another_one(build: Build, one_a_month: str) -> None:
    text = one_a_month.replace("Cedar", "Newham") + "Newnham,2023-01-05\n"
    study = build({"cases.csv": text}, areas={"comparison": ["Birch", "Newham"], "aliases": {"Newnham": "Newnham"}})
    found = read(study)
    assert found.accounts["cases"].used == 18
    assert [p.code for p in found.problems] == ["other_areas"]


def test_aliases_and_spaces(build: Build, one_a_month: str) -> None:
    text = one_a_month.replace("Ash,2023-01", "Esche,2023-01").replace("Birch", "  Birch\u00a0")
    found = read(build({"cases.csv": text}, areas={"aliases": {"Esche": "Ash"}}))
    assert_array_equal(found.panels["n"].cells.events, [[1] * 6] * 3)
    assert found.problems == ()


def test_others_are_all_other_names_in_the_outcome_sources_sorted(build: Build, one_a_month: str) -> None:
    text = one_a_month + "".join(f"Apple,2023-{m:02d}-05\n" for m in range(1, 7))
    people = "district,people\n" + "".join(f"{a},10\n" for a in ("Ash", "Birch", "Cedar", "Apple", "Zeder"))
    study = build(
        {"cases.csv": text, "people.csv": people},
        sources={"cases": CASES, "people": PEOPLE},
        outcomes={"n": {**COUNT, "exposure": {"source": "people", "value": "people"}}},
        areas={"comparison": "others"},
    )
    found = read(study)
    assert (found.areas, found.treated) == (("Ash", "Apple", "Birch", "Cedar"), 1)
    assert found.accounts["people"].used == 4


def test_an_other_area_must_be_in_every_outcome_source(build: Build, errors: Errors, one_a_month: str) -> None:
    study = build(
        {"cases.csv": one_a_month, "more.csv": one_a_month + "Dale,2023-01-05\n" * 5},
        sources={"cases": CASES, "more": {**CASES, "path": "more.csv"}},
        outcomes={"n": COUNT, "m": {**COUNT, "source": "more"}},
        areas={"comparison": "others"},
    )
    (problem,) = errors(study)
    assert (problem.code, problem.source) == ("area_without_rows", "cases")
    assert "'Dale'" in problem.message


def test_a_misspelt_name_is_one_error_and_no_area_that_other_sources_lack(
    build: Build, errors: Errors, one_a_month: str
) -> None:
    study = build(
        {
            "cases.csv": one_a_month + "ash,2023-01-05\n",
            "more.csv": one_a_month,
            "people.csv": "district,people\nAsh,10\nBirch,10\nCedar,10\n",
        },
        sources={"cases": CASES, "more": {**CASES, "path": "more.csv"}, "people": PEOPLE},
        outcomes={
            "n": {**COUNT, "exposure": {"source": "people", "value": "people"}},
            "m": {**COUNT, "source": "more"},
        },
        areas={"comparison": "others"},
    )
    assert [problem.code for problem in errors(study)] == ["similar_area"]


def test_no_comparison_area(build: Build, one_a_month: str) -> None:
    found = read(build({"cases.csv": one_a_month}, areas={"comparison": []}))
    assert found.areas == ("Ash",)
    assert found.panels["n"].n_comparison == 0


def recoded(build: Build, cases: str, **changes: Any) -> Any:
    recode = [{"when": {"ward": "Border"}, "to": "Birch", "instead_of": "Ash"}]
    return read(build({"cases.csv": cases, **changes.pop("files", {})}, areas={"recode": recode}, **changes))


def test_recode_moves_rows_of_one_area(build: Build, one_a_month: str) -> None:
    cases = one_a_month.replace("day\n", "day,ward\n").replace("-05\n", "-05,Centre\n")
    cases += "Ash,2023-01-06,Border\nAsh,2023-02-06,Border\nCedar,2023-01-06,Border\n"
    found = recoded(build, cases, disclosure={"minimum": 2})
    assert_array_equal(found.panels["n"].cells.events[:, :2], [[1, 1], [2, 2], [2, 1]])
    (note,) = found.problems
    assert (note.code, note.rows) == ("recoded", 2)
    (few,) = recoded(build, cases).problems
    assert (few.rows, few.message) == (None, "fewer than 5 rows with ward = Border counted in Birch.")


def test_a_recode_that_moves_nothing(build: Build, one_a_month: str) -> None:
    (warning,) = recoded(build, one_a_month).problems
    assert (warning.code, warning.severity) == ("recode_without_rows", "warning")
    assert "ward = Border" in warning.message


def test_a_recode_of_events_but_not_of_people(build: Build, one_a_month: str) -> None:
    cases = one_a_month.replace("day\n", "day,ward\n").replace("-05\n", "-05,Centre\n") + "Ash,2023-01-06,Border\n"
    changes = {
        "sources": {"cases": CASES, "people": PEOPLE},
        "outcomes": {"n": {**COUNT, "exposure": {"source": "people", "value": "people"}}},
    }
    only_totals = {"people.csv": "district,people\nAsh,100\nBirch,200\nCedar,300\n"}
    found = recoded(build, cases, files=only_totals, **changes)
    assert [p.code for p in found.problems] == ["recode_without_population", "recoded"]
    by_ward = {"people.csv": "district,ward,people\nAsh,Centre,90\nAsh,Border,10\nBirch,All,200\nCedar,All,300\n"}
    found = recoded(build, cases, files=by_ward, **changes)
    assert [p.code for p in found.problems] == ["recoded"]
    assert_array_equal(found.panels["n"].cells.exposure[:, 0], [31 * 90, 31 * 210, 31 * 300])


def test_several_names_of_a_panel_are_added_up(build: Build, five_a_month: str) -> None:
    wards = five_a_month.replace("Ash,", "Ash North,") + "".join(f"Ash South,2023-{m:02d},2\n" for m in range(1, 7))
    aliases = {"Ash North": "Ash", "Ash South": "Ash"}
    changes = {
        "sources": {"cases": PANEL},
        "outcomes": {"n": {**COUNT, "value": "n"}, "m": {**COUNT, "kind": "continuous", "value": "n"}},
        "areas": {"aliases": aliases},
    }
    found = read(build({"cases.csv": wards}, **changes))
    assert_array_equal(found.panels["n"].cells.events[0], [7] * 6)
    assert_array_equal(found.panels["m"].cells.n[0], [2] * 6)
    assert_array_equal(found.panels["m"].cells.squares[0], [29] * 6)
    assert found.problems == ()
    incomplete = read(build({"cases.csv": wards.replace("Ash South,2023-05,2\n", "")}, **changes))
    assert [p.code for p in incomplete.problems] == ["uneven_parts"]
    blank = read(build({"cases.csv": wards.replace("Ash South,2023-05,2\n", "Ash South,2023-05,\n")}, **changes))
    assert_array_equal(blank.panels["n"].cells.exposure[0], [31, 28, 31, 30, 0, 30])


def test_an_area_that_changed_its_name_is_not_uneven(build: Build, five_a_month: str) -> None:
    text = five_a_month.replace("Ash,2023-01", "Esche,2023-01")
    study = build(
        {"cases.csv": text},
        sources={"cases": PANEL},
        outcomes={"n": {**COUNT, "value": "n"}},
        areas={"aliases": {"Esche": "Ash"}},
    )
    assert read(study).problems == ()


def test_the_study_file_may_declare_it(build: Build) -> None:
    study = build({}, areas={"aliases": {"Cedars": "Cedars", "Birke": "Birch"}})
    assert list(check_areas(study)) == []


RARE = "Jo Bloggs,2023-01-05\n" * 4 + "Zoe Doe,2023-02-05\n"


def test_a_rare_name_is_no_comparison_area(build: Build, one_a_month: str) -> None:
    found = read(build({"cases.csv": one_a_month + RARE}, areas={"comparison": "others"}))
    assert found.areas == ("Ash", "Birch", "Cedar")
    (warning,) = found.problems
    assert (warning.code, warning.severity, warning.source) == ("rare_names", "warning", "cases")
    assert (warning.rows, warning.column) == (5, "district")
    assert warning.message == "5 rows of 2 area names with fewer than 5 rows each are set aside."
    assert {s.reason: s.rows for s in found.accounts["cases"].set_aside} == {"other areas": 5}
    assert "Bloggs" not in repr(found)


def test_a_name_with_as_many_rows_as_the_minimum_is_an_area(build: Build, one_a_month: str) -> None:
    enough = one_a_month + "Dale,2023-01-05\n" * 5
    assert "Dale" in read(build({"cases.csv": enough}, areas={"comparison": "others"})).areas
    changes = {"areas": {"comparison": "others"}, "disclosure": {"minimum": 0}}
    assert {"Jo Bloggs", "Zoe Doe"} < set(read(build({"cases.csv": one_a_month + RARE}, **changes)).areas)


def test_a_name_that_is_rare_in_one_source_only_is_an_area(build: Build, one_a_month: str) -> None:
    study = build(
        {"cases.csv": one_a_month + "Dale,2023-01-05\n" * 5, "more.csv": one_a_month + "Dale,2023-01-05\n"},
        sources={"cases": CASES, "more": {**CASES, "path": "more.csv"}},
        outcomes={"n": COUNT, "m": {**COUNT, "source": "more"}},
        areas={"comparison": "others"},
    )
    found = read(study)
    assert found.areas == ("Ash", "Birch", "Cedar", "Dale")
    assert "rare_names" not in {p.code for p in found.problems}


def test_rows_of_a_panel_are_no_persons(build: Build) -> None:
    text = "district,month,n\n" + "".join(f"{a},2023-0{m},9\n" for a in ("Ash", "Birch", "Cedar") for m in (3, 4))
    study = build(
        {"cases.csv": text},
        sources={"cases": PANEL},
        outcomes={"n": {**COUNT, "value": "n"}},
        areas={"comparison": "others"},
    )
    assert read(study).areas == ("Ash", "Birch", "Cedar")


def test_a_treated_area_with_few_rows_stays(build: Build, one_a_month: str) -> None:
    text = one_a_month.replace("Ash,2023-02-05\n", "").replace("Ash,2023-03-05\n", "")
    found = read(build({"cases.csv": text}, areas={"comparison": "others"}))
    assert found.areas == ("Ash", "Birch", "Cedar")
    assert found.problems == ()


@pytest.mark.parametrize(
    "name", ["Unknown", "NA", "n/a", "Not recorded", "not-known", "NULL", "-", "?", "Other", "(blank)"]
)
def test_names_that_are_no_area(name: str) -> None:
    assert says_none(name)


@pytest.mark.parametrize("name", ["Nairn", "Nantwich", "Otherton", "Unst", "Blanchland", "None Hill", "Zoe Doe"])
def test_names_that_only_look_like_none(name: str) -> None:
    assert not says_none(name)


def test_a_name_that_says_none_is_no_comparison_area(build: Build, one_a_month: str) -> None:
    text = one_a_month + "Unknown,2023-01-05\n" * 9 + "Not recorded,2023-02-05\n" * 2
    found = read(build({"cases.csv": text}, areas={"comparison": "others"}))
    assert found.areas == ("Ash", "Birch", "Cedar")
    (warning,) = [p for p in found.problems if p.code != "part_of_period"]
    assert (warning.code, warning.severity, warning.rows) == ("no_area_names", "warning", 11)
    assert warning.message == "11 rows of 'Not recorded' and 'Unknown' are set aside: that is no area."
    assert {s.reason: s.rows for s in found.accounts["cases"].set_aside} == {"other areas": 11}


def test_the_study_may_say_that_it_is_an_area(build: Build, one_a_month: str) -> None:
    text = one_a_month.replace("Cedar", "Other")
    found = read(build({"cases.csv": text}, areas={"comparison": "others", "aliases": {"Other": "Other"}}))
    assert found.areas == ("Ash", "Birch", "Other")
    assert found.problems == ()
    listed = read(build({"cases.csv": text}, areas={"comparison": ["Birch", "Other"]}))
    assert listed.areas == ("Ash", "Birch", "Other")


def test_an_alias_that_stands_nowhere(build: Build, one_a_month: str) -> None:
    files = {"cases.csv": one_a_month, "people.csv": "district,people\nEsche,10\nBirch,10\nCedar,10\n"}
    aliases = {"Esche": "Ash", "Birke": "Birch", "Zeder": "Cedar"}
    changes = {
        "sources": {"cases": CASES, "people": PEOPLE},
        "outcomes": {"n": {**COUNT, "exposure": {"source": "people", "value": "people"}}},
    }
    (note,) = read(build(files, areas={"aliases": aliases}, **changes)).problems
    assert (note.code, note.severity) == ("unused_alias", "note")
    assert note.message == "no row has the area 'Birke' and 'Zeder' of areas.aliases."


def test_a_dominant_area_that_is_not_in_the_data(build: Build, errors: Errors, one_a_month: str) -> None:
    areas = {"comparison": "others", "dominant": ["Cedars"]}
    (problem,) = errors(build({"cases.csv": one_a_month}, areas=areas))
    assert (problem.code, problem.action) == ("unknown_dominant", "Did you mean 'Cedar'?")
    assert problem.message == "item 1 of areas.dominant: 'Cedars' is not an area of this study."
    assert read(build({"cases.csv": one_a_month}, areas={**areas, "dominant": ["Cedar"]})).problems == ()
