"""What is cut from an outcome's rows is what a study of those rows alone would count, for every kind of outcome."""

import math
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from impact.intake.data import Intake
from impact.intake.kinds import Kinds
from impact.intake.read import read
from impact.intake.strata import most_kinds
from impact.study.outcomes import TimeToEventOutcome
from impact.study.schema import Study
from models.panel import BinaryCells, CountCells, DurationCells, Panel, per_cell

type Build = Callable[..., Study]

SUMS = 1e-12  # the same few hundred logarithms and amounts, added up in another order

AREAS = ("Ash", "Birch", "Cedar")
FLAGS = {"eligible": "fit", "accepted": "took", "case_mix": ["type", "severity"]}
OUTCOMES: dict[str, Any] = {
    "count": {"kind": "count", "better": "lower", "worthwhile": -0.05},
    "binary": {"kind": "binary", "value": "yn", "better": "higher", "worthwhile": 0.1},
    "ordinal": {"kind": "ordinal", "value": "rating", "levels": ["Bad", "Fair", "Good"], "better": "higher"},
    "continuous": {"kind": "continuous", "value": "amount", "better": "higher", "worthwhile": 2},
    "duration": {
        "kind": "duration",
        "event": "closed",
        "censor": "2023-12-31",
        "better": "lower",
        "worthwhile": -0.1,
    },
    "time_to_event": {
        "kind": "time_to_event",
        "event": "again",
        "censor": "2023-12-31",
        "horizon": 20,
        "better": "lower",
    },
}


def table(n: int = 900, **fixed: str) -> str:
    """Random cases of three areas; every combination of area, flags and kind has one on the first and the last day."""
    rng = np.random.default_rng(20240401)
    lines = ["district,day,yn,rating,amount,closed,again,fit,took,type,severity,ward"]
    corners = [
        (a, d, fit, took, kind, level)
        for a in AREAS
        for d in (0, 180)
        for fit in ("yes", "no")
        for took in ("yes", "no")
        for kind in ("noise", "litter")
        for level in ("high", "")
    ]
    for i in range(len(corners) + n):
        drawn = (AREAS[rng.integers(3)], int(rng.integers(181)), *(str(rng.choice(["yes", "no"])) for _ in range(2)))
        kind = (str(rng.choice(["noise", "noise", "litter"])), str(rng.choice(["high", "low", ""])))
        area, start, fit, took, type_, severity = corners[i] if i < len(corners) else (*drawn, *kind)
        day = date(2023, 1, 1) + timedelta(days=start)
        closed, again = (
            str(day + timedelta(days=int(rng.integers(0, 60)))) if rng.random() < 0.7 else "" for _ in "ab"
        )
        row = {
            "yn": rng.choice(["yes", "no", ""]),
            "rating": rng.choice(["Bad", "Fair", "Good", ""]),
            "amount": rng.choice(["", f"{rng.normal():.3f}"]),
            "closed": closed,
            "again": again,
            "fit": fit,
            "took": took,
            "type": type_,
            "severity": severity,
            "ward": rng.choice(["Hill", "Dale"]),
        } | fixed
        lines.append(",".join([area, str(day), *map(str, row.values())]))
    return "\n".join(lines) + "\n"


type Cases = Callable[..., Intake]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """Read all six outcomes from the cases, or from some of them; each way once."""
    folder = tmp_path_factory.mktemp("cases")
    (folder / "cases.csv").write_text(table(), encoding="utf-8")
    (folder / "answered.csv").write_text(table(yn="yes"), encoding="utf-8")
    read_before: dict[str, Intake] = {}

    def found(*, path: str = "cases.csv", where: Mapping[str, str] | None = None, **columns: Any) -> Intake:
        source = {"path": path, "columns": {"area": "district", "time": "day", **columns}, "where": dict(where or {})}
        if repr(source) not in read_before:
            study = {
                "schema": 1,
                "study": {"id": "cases", "title": "Cases"},
                "intervention": {"name": "Something", "start": "2023-04-01", "end": "2023-06-30"},
                "areas": {"treated": ["Ash"], "comparison": ["Birch", "Cedar"]},
                "sources": {"cases": source},
                "outcomes": {key: {"source": "cases", **outcome} for key, outcome in OUTCOMES.items()},
            }
            read_before[repr(source)] = read(Study.model_validate(study).located(folder / "study.yaml", ""))
        return read_before[repr(source)]

    return found


def assert_same(found: Panel, expected: Panel) -> None:
    assert (found.areas, found.unit, found.per, found.kind) == (
        expected.areas,
        expected.unit,
        expected.per,
        expected.kind,
    )
    assert_array_equal(found.treated, expected.treated)
    if isinstance(found.cells, DurationCells) and isinstance(expected.cells, DurationCells):
        assert_array_equal(found.cells.open_days, expected.cells.open_days)
    for name, array in per_cell(expected.cells).items():
        assert_allclose(per_cell(found.cells)[name], array, rtol=SUMS, atol=SUMS, err_msg=name)


@pytest.mark.parametrize("key", OUTCOMES)
def test_eligible_takers_and_decliners(key: str, cases: Cases) -> None:
    found = cases(**FLAGS).cases[key]
    eligible = cases(where={"fit": "yes"}).panels[key]
    takers = cases(where={"fit": "yes", "took": "yes"}).panels[key]
    decliners = cases(where={"fit": "yes", "took": "no"}).panels[key]
    assert found.eligible is not None
    assert found.uptake is not None
    assert_same(found.eligible, eligible)
    assert_same(found.uptake.takers, takers)
    assert_same(found.uptake.decliners, decliners)


@pytest.mark.parametrize("key", OUTCOMES)
def test_the_main_panel_does_not_depend_on_the_flags(key: str, cases: Cases) -> None:
    found = cases(**FLAGS)
    assert found.cases[key].panel is found.panels[key]
    assert_same(found.panels[key], cases().panels[key])


@pytest.mark.parametrize("key", OUTCOMES)
def test_strata(key: str, cases: Cases) -> None:
    strata = {s.name: s for s in cases(**FLAGS).cases[key].strata}
    assert sorted(strata) == [
        "litter, high",
        "litter, low",
        "litter, not recorded",
        "noise, high",
        "noise, low",
        "noise, not recorded",
    ]
    assert_same(strata["noise, high"].panel, cases(where={"type": "noise", "severity": "high"}).panels[key])
    litter = cases(where={"type": "litter"}).panels[key]
    for name, array in per_cell(litter.cells).items():
        parts = [per_cell(s.panel.cells)[name] for s in strata.values() if s.name.startswith("litter")]
        if name == "exposure":
            assert_array_equal(parts[0], array)
        elif name != "still_open":  # its bins are those of each kind
            assert_allclose(sum(parts), array, rtol=SUMS, atol=SUMS, err_msg=name)


def test_uptake_is_a_share_of_eligible_cases(cases: Cases) -> None:
    found = cases(**FLAGS)
    rows = {name: cases(where=where).panels["count"].cells for name, where in (
        ("fit", {"fit": "yes"}), ("took", {"fit": "yes", "took": "yes"}))}  # fmt: skip
    for case in found.cases.values():
        assert case.uptake is not None
        taken = case.uptake.taken
        assert (taken.kind, taken.unit, taken.outcome) == ("binary", "share", case.panel.outcome)
        assert isinstance(taken.cells, BinaryCells)
        for counts, cells in ((rows["took"], taken.cells.successes), (rows["fit"], taken.cells.trials)):
            assert isinstance(counts, CountCells)
            assert_array_equal(cells, counts.events)


def test_answers(cases: Cases) -> None:
    found = cases(**FLAGS)
    asked = {key for key, case in found.cases.items() if case.asked is not None}
    assert asked == {"binary", "ordinal", "continuous"}  # the others cannot be blank
    rows = found.panels["count"].cells
    answered = found.panels["ordinal"].cells
    cells = found.cases["ordinal"].asked.cells
    assert isinstance(cells, BinaryCells)
    assert_array_equal(cells.trials, rows.events)
    assert_array_equal(cells.successes, answered.n.sum(axis=2))
    strata = found.cases["ordinal"].strata
    assert_array_equal(sum(s.asked.cells.successes for s in strata), cells.successes)
    assert_array_equal(sum(s.asked.cells.trials for s in strata), cells.trials)


def test_complete_answers_need_no_panel_of_answers(cases: Cases) -> None:
    assert cases(path="answered.csv").cases["binary"].asked is None


def test_directions_and_worthwhile_effects_are_linear(cases: Cases) -> None:
    found = cases().cases
    assert {key: case.better for key, case in found.items() if case.better > 0} == dict.fromkeys(
        ("binary", "ordinal", "continuous"), 1
    )
    assert {key: case.worthwhile for key, case in found.items()} == {
        "count": math.log1p(-0.05),
        "binary": 0.1,
        "ordinal": None,
        "continuous": 2,
        "duration": math.log1p(-0.1),
        "time_to_event": None,
    }


def test_nothing_is_cut_that_the_study_does_not_declare(cases: Cases) -> None:
    for case in cases().cases.values():
        assert (case.eligible, case.uptake, case.rings) == (None, None, None)
        assert (case.strata, case.codings, case.eligible_unknown) == ((), (), ())


def test_without_eligibility_every_case_is_eligible(cases: Cases) -> None:
    case = cases(accepted="took").cases["count"]
    assert case.eligible is case.panel
    assert case.uptake is not None
    assert isinstance(case.panel.cells, CountCells)
    assert_array_equal(case.uptake.taken.cells.trials, case.panel.cells.events)


def test_eligibility_that_is_blank_is_named_by_area_and_window(build: Build, one_a_month: str) -> None:
    text = one_a_month.replace("day\n", "day,fit\n").replace("-05\n", "-05,yes\n")
    text = text.replace("Cedar,2023-06-05,yes", "Cedar,2023-06-05,").replace("Ash,2023-01-05,yes", "Ash,2023-01-05,")
    outside = "Ash,2022-01-05,\nElm,2023-01-05,\n"
    columns = {"area": "district", "time": "day", "eligible": "fit"}
    study = build({"cases.csv": text + outside}, sources={"cases": {"path": "cases.csv", "columns": columns}})
    found = read(study).cases["n"]
    assert found.eligible_unknown == ("Ash (baseline)", "Cedar (follow-up)")
    assert isinstance(found.eligible, Panel)
    assert_array_equal(found.eligible.cells.events, [[0, 1, 1, 1, 1, 1], [1] * 6, [1, 1, 1, 1, 1, 0]])
    excluded = read(study.model_copy(update={"time": study.time.model_validate(
        {"baseline": {"from": "2023-01"}, "exclude": [{"from": "2023-01", "to": "2023-01"}]})}))  # fmt: skip
    assert excluded.cases["n"].eligible_unknown == ("Cedar (follow-up)",)


def test_an_area_of_which_no_eligibility_is_known(build: Build, one_a_month: str) -> None:
    text = one_a_month.replace("day\n", "day,fit\n").replace("-05\n", "-05,no\n")
    text = "\n".join(line.removesuffix("no") if line.startswith("Birch") else line for line in text.split("\n"))
    columns = {"area": "district", "time": "day", "eligible": "fit"}
    found = read(build({"cases.csv": text}, sources={"cases": {"path": "cases.csv", "columns": columns}}))
    assert found.cases["n"].eligible_unknown == ("Birch (baseline)", "Birch (follow-up)")


def test_uptake_that_cannot_be(build: Build, one_a_month: str) -> None:
    text = one_a_month.replace("day\n", "day,fit,took\n").replace("-05\n", "-05,yes,no\n")
    text += "Ash,2023-05-06,no,yes\nAsh,2023-05-07,no,yes\nBirch,2023-05-06,yes,yes\nCedar,2023-01-06,no,yes\n"
    text += "Ash,2023-05-06,yes,\nAsh,2023-05-06,no,\nAsh,2023-01-06,yes,\nBirch,2023-05-06,yes,\n"
    columns = {"area": "district", "time": "day", "eligible": "fit", "accepted": "took"}
    outcomes = {"n": {"kind": "count", "source": "cases", "better": "lower"}}
    outcomes["m"] = {**outcomes["n"]}  # the same rows again: each thing is said once
    study = build({"cases.csv": text}, sources={"cases": {"path": "cases.csv", "columns": columns}}, outcomes=outcomes)
    found = read(study).problems
    assert [(p.code, p.rows, p.severity, p.column) for p in found] == [
        ("accepted_not_eligible", 3, "warning", "took"),
        ("accepted_in_comparison", 2, "warning", "took"),
        ("accepted_blank", 1, "warning", "took"),
    ]
    assert found[0].message == "3 cases that took the service up are marked as not eligible."


@pytest.mark.parametrize("column", ["fit", "took"])
def test_flags_that_are_neither_yes_nor_no(column: str, build: Build, one_a_month: str, errors: Any) -> None:
    text = one_a_month.replace("day\n", "day,fit,took\n").replace("-05\n", "-05,yes,no\n")
    text += "Ash,2023-05-06," + ("maybe,no\n" if column == "fit" else "yes,maybe\n")
    columns = {"area": "district", "time": "day", "eligible": "fit", "accepted": "took"}
    (problem,) = errors(build({"cases.csv": text}, sources={"cases": {"path": "cases.csv", "columns": columns}}))
    assert (problem.code, problem.column, problem.row) == ("not_yes_or_no", column, 20)


def kinds_of(build: Build, one_a_month: str, names: list[str]) -> Intake:
    rows = "".join(f"Ash,2023-01-05,{name}\n" * (len(names) - i) for i, name in enumerate(names))
    text = one_a_month.replace("day\n", "day,type\n").replace("-05\n", f"-05,{names[0]}\n") + rows
    columns = {"area": "district", "time": "day", "case_mix": ["type"]}
    return read(build({"cases.csv": text}, sources={"cases": {"path": "cases.csv", "columns": columns}}))


def test_thirty_kinds_are_told_apart(build: Build, one_a_month: str) -> None:
    names = [f"k{i:02d}" for i in range(30)]
    found = kinds_of(build, one_a_month, names)
    assert [s.name for s in found.cases["n"].strata] == names
    assert "kinds_pooled" not in {p.code for p in found.problems}


def test_the_rarest_of_many_kinds_are_pooled(build: Build, one_a_month: str) -> None:
    names = [f"k{i:02d}" for i in range(33)]
    found = kinds_of(build, one_a_month, names)
    strata = found.cases["n"].strata
    assert [s.name for s in strata] == [*names[:29], "other"]
    assert sum(s.panel.cells.events.sum() for s in strata) == 18 + 33 * 34 / 2
    assert strata[-1].panel.cells.events.sum() == 4 + 3 + 2 + 1
    (note,) = [p for p in found.problems if p.code == "kinds_pooled"]
    assert note.severity == "note"
    assert not any(name in note.message for name in names)


@pytest.mark.parametrize(
    ("values", "more", "most", "names"),
    [
        ([("a", "b"), ("", "c")], False, 30, ("a, b", "not recorded, c")),
        ([("a",), ("b",), ("c",)], False, 2, ("a", "other", "other")),
        ([("a",), ("other",), ("c",)], False, 2, ("a", "other", "other")),
        ([("other",), ("a",), ("c",)], True, 3, ("other", "a", "c")),
        ([("a\nb",), ("a\tb",)], False, 30, ("a b", "a b")),
        ([("x" * 99,)], False, 30, ("x" * 39 + "…",)),
        ([("<b>",), ("\u202eevil",), ("\u202e",)], False, 30, ("<b>", "evil", "not recorded")),
    ],
)
def test_names_of_kinds(values: Any, more: bool, most: int, names: tuple[str, ...]) -> None:
    assert Kinds(tuple(values), more).names(most) == names


@pytest.mark.parametrize(("areas", "kinds"), [(7, 30), (876, 5), (20_000, 2)])
def test_more_areas_leave_room_for_fewer_kinds(areas: int, kinds: int) -> None:
    outcome = OUTCOMES["time_to_event"] | {"source": "cases", "horizon": 90}
    assert most_kinds(TimeToEventOutcome.model_validate(outcome), (areas, 36)) == kinds
