"""Street files of data.police.uk: the published counts, and months with and without a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.testing import assert_array_equal

from impact.intake.problems import Problem
from impact.intake.read import read
from impact.study import load_study
from impact.study.schema import Study

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

ROOT = Path(__file__).resolve().parents[3]
HEADER = "Crime ID,Month,LSOA code,LSOA name,Crime type\n"
STREET = {"path": "*-street.csv", "reader": "police.uk", "where": {"Crime type": "ASB"}}
JULY_2025 = {
    "South Norfolk": 93,
    "Broadland": 68,
    "Breckland": 140,
    "North Norfolk": 53,
    "Norwich": 247,
    "Great Yarmouth": 150,
    "King's Lynn and West Norfolk": 119,
}


def street(month: str, *rows: Any) -> Any:
    return HEADER + "".join(f",{month},E1,{lsoa},{kind}\n" for lsoa, kind in rows)


def one_each(month: str) -> Any:
    return street(month, *[(f"{area} 001{letter}", "ASB") for area in ("Ash", "Birch", "Cedar") for letter in "AB"])


def six_months(**changed: Any) -> Any:
    files = {f"2023-{m:02d}-shire-street.csv": one_each(f"2023-{m:02d}") for m in range(1, 7)}
    return {**files, **changed}


def test_published_counts_of_july_2025() -> None:
    found = read(load_study(ROOT / "studies" / "norfolk_placebo.yaml"))
    panel = found.panels["asb"]
    july = panel.periods.labels.index("2025-07")
    assert dict(zip(panel.areas, panel.cells.events[:, july], strict=True)) == JULY_2025
    account = found.accounts["incidents"]
    assert len(account.files) == len(account.sha256) == 12
    assert account.published
    assert {s.reason: s.rows for s in account.set_aside} == {"no LSOA": 2, "other districts": 15}
    assert account.used == panel.cells.events.sum() == account.rows - 17
    assert [p.code for p in found.problems] == ["blank_area", "other_areas"]


def test_published_counts_of_every_month() -> None:
    text = (ROOT / "data" / "norfolk_asb" / "district_month.csv").read_text(encoding="utf-8")
    published = {(m, d): int(n) for m, d, n in (line.split(",") for line in text.splitlines()[1:])}
    panel = read(load_study(ROOT / "studies" / "norfolk_placebo.yaml")).panels["asb"]
    for a, area in enumerate(panel.areas):
        for t, month in enumerate(panel.periods.labels):
            assert panel.cells.events[a, t] == published[month, area]


def test_a_month_with_a_file_and_no_rows_is_zero(build: Build) -> None:
    quiet = street("2023-02", ("Birch 001A", "ASB"), ("Ash 001A", "Burglary"))
    found = read(build(six_months(**{"2023-02-shire-street.csv": quiet}), sources={"cases": STREET}))
    assert_array_equal(found.panels["n"].cells.events[:, :3], [[2, 0, 2], [2, 1, 2], [2, 0, 2]])
    assert_array_equal(found.panels["n"].cells.exposure[:, 1], [28, 28, 28])
    assert found.problems == ()


def test_a_file_with_a_header_only_is_a_month_of_zeros(build: Build) -> None:
    found = read(build(six_months(**{"2023-02-shire-street.csv": HEADER}), sources={"cases": STREET}))
    assert_array_equal(found.panels["n"].cells.events[:, 1], [0, 0, 0])
    assert_array_equal(found.panels["n"].cells.exposure[:, 1], [28, 28, 28])


def test_a_month_without_a_file_is_missing(build: Build) -> None:
    files = six_months()
    del files["2023-02-shire-street.csv"]
    found = read(build(files, sources={"cases": STREET}))
    assert_array_equal(found.panels["n"].cells.exposure[:, :3], [[31, 0, 31]] * 3)
    assert [p.code for p in found.problems] == ["missing_files"]
    assert "1 month: 2023-02" in found.problems[0].message


def test_the_name_of_a_district_may_end_in_letters(build: Build) -> None:
    rows = [(f"{area} {code}", "ASB") for area in ("Ash and West Wood", "Birch", "Cedar") for code in ("001A", "012B")]
    files = {f"2023-{m:02d}-shire-street.csv": street(f"2023-{m:02d}", *rows) for m in range(1, 7)}
    found = read(build(files, sources={"cases": STREET}, areas={"treated": ["Ash and West Wood"]}))
    assert_array_equal(found.panels["n"].cells.events, np.full((3, 6), 2))


def test_a_district_is_observed_by_its_own_force(build: Build) -> None:
    north = [("Ash 001A", "ASB"), ("Birch 001A", "ASB"), ("Birch 001A", "ASB"), ("Elm 001A", "ASB")]
    south = [("Cedar 001A", "ASB"), ("Cedar 001B", "ASB"), ("Birch 001A", "ASB"), ("", "ASB")]
    months = [f"2023-{m:02d}" for m in range(1, 7)]
    files = {f"{m}-north-street.csv": street(m, *north) for m in months}
    files |= {f"{m}-south-street.csv": street(m, *south) for m in months if m != "2023-03"}
    found = read(build(files, sources={"cases": STREET}))
    exposure = found.panels["n"].cells.exposure
    assert_array_equal(exposure[:, 2], [31, 31, 0])
    # rows of Birch in the files of the neighbouring force still count
    assert_array_equal(found.panels["n"].cells.events[1], [3, 3, 2, 3, 3, 3])
    account = found.accounts["cases"]
    assert {s.reason: s.rows for s in account.set_aside} == {"no LSOA": 5, "other districts": 6}
    assert "no file of south for 1 month: 2023-03" in found.problems[0].message


def test_files_under_other_names_count_for_the_months_in_their_rows(build: Build) -> None:
    months = [f"2023-{m:02d}" for m in range(1, 7) if m != 4]
    text = HEADER + "".join(one_each(m).removeprefix(HEADER) for m in months)
    found = read(build({"all-street.csv": text}, sources={"cases": STREET}))
    assert_array_equal(found.panels["n"].cells.exposure[0], [31, 28, 31, 0, 31, 30])


def test_a_renamed_file_is_an_error(build: Build, errors: Errors) -> None:
    files = six_months(**{"2023-02-shire-street.csv": one_each("2023-03")})
    (problem,) = errors(build(files, sources={"cases": STREET}))
    assert problem.code == "month_of_another_file"
    assert (problem.file, problem.row) == ("2023-02-shire-street.csv", 2)
    assert "the row is of '2023-03'" in problem.message


def test_others_cannot_be_the_comparison(build: Build, errors: Errors) -> None:
    (problem,) = errors(build(six_months(), sources={"cases": STREET}, areas={"comparison": "others"}))
    assert problem.code == "others_with_police_uk"
    assert "List the comparison districts by name" in problem.action


def test_quarters_need_all_three_months(build: Build, errors: Errors) -> None:
    quarters = {"sources": {"cases": STREET}, "time": {"unit": "quarter"}}
    complete = read(build(six_months(), **quarters))
    assert_array_equal(complete.panels["n"].cells.exposure, [[90, 91]] * 3)
    build({}).folder.joinpath("2023-05-shire-street.csv").unlink()
    assert {p.code for p in errors(build({}, **quarters))} == {"empty_window"}


def test_a_district_without_any_of_the_wanted_incidents_has_zero_of_them(build: Build) -> None:
    months = [f"2023-{m:02d}" for m in range(1, 7)]
    north = [("Ash 001A", "ASB"), ("Birch 001A", "ASB")]
    south = [("Cedar 001A", "Burglary"), ("Birch 001A", "ASB")]
    files = {f"{m}-north-street.csv": street(m, *north) for m in months}
    files |= {f"{m}-south-street.csv": street(m, *south) for m in months if m != "2023-03"}
    found = read(build(files, sources={"cases": STREET}))
    assert_array_equal(found.panels["n"].cells.events[2], [0] * 6)
    # the months of a district are those of its own force, also where all its rows are of other kinds
    assert_array_equal(found.panels["n"].cells.exposure[2], [31, 28, 0, 30, 31, 30])
    assert found.accounts["cases"].rows == 17


def test_a_district_that_no_file_holds_is_an_error(build: Build, errors: Errors) -> None:
    study = build(six_months(), sources={"cases": STREET}, areas={"comparison": ["Birch", "Dale"]})
    (problem,) = errors(study)
    assert problem.code == "area_without_rows"
    assert "'Dale'" in problem.message


def test_rings_are_observed_by_the_files_of_their_own_force(build: Build) -> None:
    """Oak is in the files of another force, which has none for March; Elm has no row of the wanted kind at all."""
    files = six_months()
    for month in (1, 2, 4, 5, 6):
        label = f"2023-{month:02d}"
        files[f"{label}-county-street.csv"] = street(
            label, ("Oak 001A", "ASB"), ("Oak 001B", "ASB"), ("Elm 1", "Drugs")
        )
    study = build(
        files,
        areas={"rings": {"displacement": ["Oak"], "compared_with": ["Elm"]}},
        sources={"cases": STREET},
        outcomes={"n": {"kind": "count", "source": "cases", "better": "lower"}},
    )
    found = read(study)
    rings = found.cases["n"].rings
    assert rings is not None
    assert_array_equal(rings.cells.events, [[2, 2, 0, 2, 2, 2], [0] * 6])
    assert_array_equal(rings.cells.exposure > 0, [[True, True, False, True, True, True]] * 2)
    assert found.accounts["cases"].used == 36


def test_other_codings_of_street_files(build: Build) -> None:
    recode = {"when": {"LSOA name": "Ash 001B"}, "to": "Birch", "instead_of": "Ash"}
    study = build(
        six_months(),
        areas={"recode": [recode]},
        sources={"cases": STREET},
        outcomes={"n": {"kind": "count", "source": "cases", "better": "lower"}},
    )
    codings = read(study).cases["n"].codings
    assert [c.panel.cells.events[:, 0].tolist() for c in codings if c.panel] == [[1, 3, 2], [2, 2, 2], [1, 2, 2]]
    assert codings[1].name == "administrative: Ash 001B counted in Ash"
