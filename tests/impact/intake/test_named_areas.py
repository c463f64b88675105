"""Names of areas in the study file that only the data can tell to be wrong, and names in the data that look alike."""

from collections.abc import Callable
from typing import Any

import pytest

from impact.intake.problems import Problem
from impact.intake.read import read
from impact.study import load_study
from impact.study.schema import Study

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

MONTHS = tuple(f"2023-{month:02d}" for month in range(1, 7))
CASES = "district,day\n" + "".join(
    f"{area},{month}-05\n" for month in MONTHS for area in ("Ashby", "Brook", "Cole", "Dane")
)


def others(**more: Any) -> dict[str, Any]:
    return {"treated": ["Ashby"], "comparison": "others", **more}


def changed(*areas: str) -> dict[str, Any]:
    change = {"what": "Move", "when": "2023-03", "areas": list(areas)}
    return {"concurrent": [{"what": "Strike"}, change]}


def found(build: Build, **changes: Any) -> list[Problem]:
    return [p for p in read(build({"cases.csv": CASES}, **changes)).problems if p.code != "part_of_period"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Asbhy", "Did you mean 'Ashby'?"),
        ("cole", "Did you mean 'Cole'?"),
        ("Coel", "Did you mean 'Cole'?"),
        ("London", "The areas are 'Ashby', 'Brook', 'Cole' and 'Dane'."),
    ],
)
def test_another_change_where_no_area_is(build: Build, errors: Errors, name: str, advice: str) -> None:
    study = build({"cases.csv": CASES}, areas=others(), intervention=changed("Ashby", name))
    (problem,) = errors(study)
    where = "item 2 of areas in item 2 of intervention.concurrent"
    assert (problem.code, problem.action) == ("unknown_concurrent", advice)
    assert problem.message == f"{where}: '{name}' is not an area of this study."


def test_another_change_in_areas_of_the_study(build: Build) -> None:
    areas = others(aliases={"Ashby DC": "Ashby"})
    problems = found(build, areas=areas, intervention=changed("Ashby DC", "Cole"))
    assert [p.code for p in problems] == ["unused_alias"]


@pytest.mark.parametrize("name", ["Asbhy", "London", "3"])
def test_neighbours_of_no_area(build: Build, errors: Errors, name: str) -> None:
    (problem,) = errors(build({"cases.csv": CASES}, areas=others(neighbours={name: ["Brook"]})))
    assert problem.code == "unknown_neighbours"
    assert problem.message == f"areas.neighbours.{name}: '{name}' is not an area of this study."


@pytest.mark.parametrize("comparison", ["others", ["Brook", "Cole", "Dane"]])
@pytest.mark.parametrize("name", ["Coel", "cole"])
def test_a_neighbour_spelt_much_like_an_area_is_warned_of(build: Build, name: str, comparison: Any) -> None:
    areas = {"treated": ["Ashby"], "comparison": comparison}
    (problem,) = found(build, areas={**areas, "neighbours": {"Ashby": ["Brook", name]}})
    assert (problem.code, problem.severity) == ("unknown_neighbours", "warning")
    assert problem.message.startswith(f"item 2 of areas.neighbours.Ashby: '{name}' is not an area of this study")
    assert problem.message.endswith("did you mean 'Cole'?")
    declared = found(build, areas={**areas, "neighbours": {"Ashby": [name]}, "aliases": {name: name}})
    assert {p.code for p in declared} == {"unused_alias", "neighbours_outside"}


def test_neighbours_outside_the_study_are_named_once(build: Build) -> None:
    around = {"Ashby": ["Brook", "Elm", "Fern", "3"], "Brook": ["Elm"]}
    rings = {"displacement": ["Elm"], "compared_with": ["Gorse"]}
    (problem,) = found(build, areas=others(neighbours=around))
    assert (problem.code, problem.severity) == ("neighbours_outside", "note")
    assert problem.message == "areas.neighbours names 'Elm', 'Fern' and '3', outside this study."
    with_ring = found(build, areas=others(neighbours=around, rings=rings))
    assert "names 'Fern' and '3', outside" in next(p.message for p in with_ring if p.code == "neighbours_outside")


def test_a_key_is_told_with_its_line(build: Build, errors: Errors) -> None:
    study = build({"cases.csv": CASES})
    path = study.folder / "pilot.yaml"
    path.write_text(
        "schema: 1\n"
        "study: {id: small, title: Small}\n"
        "intervention: {name: Something, start: 2023-04-01}\n"
        "areas:\n"
        "  treated: [Ashby]\n"
        "  dominant:\n"
        "    - Daen\n"
        "sources:\n"
        "  cases: {path: cases.csv, columns: {area: district, time: day}}\n"
        "outcomes:\n"
        "  n: {kind: count, source: cases, better: lower}\n",
        encoding="utf-8",
    )
    (problem,) = errors(load_study(path))
    assert problem.message == "item 1 of areas.dominant (pilot.yaml, line 7): 'Daen' is not an area of this study."
    assert problem.action == "Did you mean 'Dane'?"


def test_swapped_letters_in_the_data_are_an_error(build: Build, errors: Errors) -> None:
    text = CASES + "Asbhy,2023-01-05\n" * 30
    for comparison in ("others", ["Brook", "Cole"]):
        areas = {"treated": ["Ashby"], "comparison": comparison}
        (problem,) = errors(build({"cases.csv": text}, areas=areas))
        assert (problem.code, problem.rows) == ("similar_area", 30)
        assert "did you mean 'Ashby'?" in problem.message


def test_other_areas_that_only_resemble_one_are_named_unless_they_have_few_rows(build: Build) -> None:
    areas = {"treated": ["Ashby"], "comparison": ["Brook", "Cole", "Dane"]}
    for rows, told in ((30, "'Ashley' (30 rows), much like 'Ashby'"), (3, "a name much like 'Ashby'")):
        study = build({"cases.csv": CASES + "Ashley,2023-01-05\n" * rows + "Elm,2023-01-05\n" * 9}, areas=areas)
        (note,) = [p for p in read(study).problems if p.code == "other_areas"]
        assert note.message == f"{rows + 9} rows of 2 other areas are set aside, among them {told}."
