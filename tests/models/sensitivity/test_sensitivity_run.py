"""All checks together: for every kind and shape of study, and what must not change them."""

import math
import re
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from models.case import Case, Coding
from models.changes import Weighting
from models.design import Design, Shock
from models.estimate import Check, Status
from models.panel import Cells, ContinuousCells, CountCells, Kind, Panel, per_cell, rebuilt
from models.periods import Role
from models.sensitivity.run import run

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]
type Values = Callable[..., ContinuousCells]
type Matrix = Callable[..., np.typing.NDArray[np.float64]]

SAME = 1e-7  # a constant added to values of about 10 costs some of the last digits

ORDER = [
    "placebo_in_time",
    "placebo_in_space",
    "adjacent_placebos",
    "leave_one_out",
    "without_dominant",
    "without_neighbours",
    "area_sizes",
    "anticipation",
    "month_matched",
    "shocks",
    "regression_to_the_mean",
    "equal_or_exposure",
    "log_or_level",
    "specification_curve",
]
ROLES = (
    (Role.BASELINE,) * 18 + (Role.EXCLUDED,) * 6 + (Role.BASELINE,) * 12 + (Role.PHASE_IN,) * 2 + (Role.FOLLOW_UP,) * 10
)
BORDERS = {"A": ("B", "C"), "B": ("D",), "C": ("D", "E"), "D": ("F",), "E": ("F", "G"), "F": (), "G": ()}
DESIGN = Design(
    neighbours=BORDERS,
    dominant=("G", "F"),
    shocks=(Shock("Covid", np.isin(np.arange(48), range(18, 24))),),
    peak=np.isin(np.arange(48), range(30, 34)),
)


def numbers_of(check: Check) -> list[float]:
    rows = check.evidence.rows if check.evidence else ()
    return [x for row in rows for x in (row.estimate, row.lo, row.hi, row.p_value) if x is not None]


def assert_readable(checks: tuple[Check, ...]) -> None:
    """Finite numbers, one marked row, sentences without holes."""
    for check in checks:
        assert all(math.isfinite(x) for x in numbers_of(check))
        text = f"{check.finding} {check.detail}"
        assert check.finding.endswith(".")
        assert not re.search(r"nan|inf\b|None|significant|  |\.\.|not available", text), text
        if check.evidence and check.id != "area_sizes":
            assert sum(row.chosen for row in check.evidence.rows) == 1


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("weighting", Weighting)
def test_every_kind_is_checked_in_reading_order(
    kind: Kind, weighting: Weighting, make_panel: MakePanel, any_cells: AnyCells
) -> None:
    panel, other = (make_panel(any_cells(kind, 7, 48, seed), treated=2, roles=ROLES) for seed in (1, 2))
    checks = run(Case(panel, codings=(Coding("as before 2011", other),)), DESIGN, weighting)
    assert [check.id for check in checks] == [i for i in ORDER if kind is not Kind.CONTINUOUS or i != "log_or_level"]
    assert_readable(checks)
    assert not any(check.status is Status.NOT_RUN for check in checks)


def test_nothing_declared_leaves_what_needs_no_declaration(
    make_panel: MakePanel, values: Values, noise: Matrix
) -> None:
    checks = run(Case(make_panel(values(noise()), treated=2, after=12)), Design())
    assert [check.id for check in checks] == [
        "placebo_in_time",
        "placebo_in_space",
        "leave_one_out",
        "area_sizes",
        "anticipation",
        "month_matched",
        "equal_or_exposure",
        "specification_curve",
    ]


def test_without_comparison_areas_there_is_nothing_to_check(make_panel: MakePanel, any_cells: AnyCells) -> None:
    assert run(Case(make_panel(any_cells(Kind.COUNT, 2, 8, 1), treated=2)), Design()) == ()


def test_without_a_main_estimate_one_line_says_why(make_panel: MakePanel) -> None:
    events = np.full((4, 8), 3.0)
    events[2, 4:] = 0
    (check,) = run(Case(make_panel(CountCells(events, np.full((4, 8), 9.0)), treated=2)), Design())
    assert (check.id, check.status) == ("sensitivity", Status.NOT_RUN)
    assert "No events in C (follow-up)" in check.detail


@pytest.mark.parametrize(
    ("areas", "treated", "periods", "after"),
    [(2, 1, 48, 12), (3, 1, 48, 12), (3, 2, 48, 12), (6, 1, 48, 12), (6, 5, 30, 6), (7, 2, 2, 1), (7, 2, 5, 2)],
)
@pytest.mark.parametrize("kind", Kind)
def test_small_studies_of_every_kind(
    kind: Kind, areas: int, treated: int, periods: int, after: int, make_panel: MakePanel, any_cells: AnyCells
) -> None:
    panel = make_panel(any_cells(kind, areas, periods, 3), treated=treated, after=after)
    design = replace(DESIGN, shocks=(), peak=np.arange(periods) == 0)
    checks = run(Case(panel), design)
    assert len(checks) >= 8
    assert_readable(checks)


@pytest.mark.parametrize("kind", Kind)
def test_unbalanced_panels_of_every_kind(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    cells = any_cells(kind, 7, 48, 5)
    seen = np.random.default_rng(6).random((7, 48)) < 0.7
    seen[3, 24:] = False
    seen[5, :10] = False
    gaps = {
        name: np.where(seen.reshape(seen.shape + (1,) * (array.ndim - 2)), array, 0.0)
        for name, array in per_cell(cells).items()
    }
    checks = run(Case(make_panel(rebuilt(cells, gaps), treated=2, roles=ROLES)), DESIGN)
    assert_readable(checks)
    alone = next(check for check in checks if check.id == "leave_one_out")
    assert alone.evidence is not None
    assert "without D" not in {row.label for row in alone.evidence.rows}, "it has no follow-up"


def test_flat_data_give_points_and_no_intervals(make_panel: MakePanel, values: Values) -> None:
    checks = run(Case(make_panel(values(np.full((5, 36), 10.0)), treated=2, after=12)), Design(dominant=("E",)))
    assert_readable(checks)
    assert all(
        row.lo is None for check in checks if check.evidence and check.id != "area_sizes" for row in check.evidence.rows
    )


def test_thousands_of_areas_are_shown_by_those_that_matter(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(Kind.COUNT, 3_000, 24, 1), treated=30, after=12)
    around = {name: (panel.areas[max(0, a - 1)],) for a, name in enumerate(panel.areas)}
    checks = run(Case(panel), Design(neighbours=around, dominant=(panel.areas[-1],)))
    assert_readable(checks)
    assert max(len(check.evidence.rows) for check in checks if check.evidence) <= 121


def test_a_common_shock_changes_nothing(make_panel: MakePanel, values: Values, noise: Matrix) -> None:
    y = noise(periods=48)
    y[:2, 38:] += 0.2
    common = np.random.default_rng(9).normal(0, 3, 48)
    plain, shocked = (
        run(Case(make_panel(values(matrix), treated=2, roles=ROLES)), DESIGN) for matrix in (y, y + common)
    )
    for one, other in zip(plain, shocked, strict=True):
        assert (one.id, one.status) == (other.id, other.status)
        if one.id == "area_sizes":  # its rows are areas' own changes, which all move with the shock
            assert one.finding.split(";")[0] == other.finding.split(";")[0]
        else:
            assert numbers_of(one) == pytest.approx(numbers_of(other), rel=SAME, abs=SAME)


@pytest.mark.parametrize("kind", [Kind.COUNT, Kind.TIME_TO_EVENT, Kind.CONTINUOUS])
def test_the_order_of_areas_changes_nothing(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    cells = any_cells(kind, 7, 48, 8)
    order = np.asarray([1, 0, 4, 6, 3, 2, 5])
    panel = make_panel(cells, treated=2, roles=ROLES)
    moved = replace(
        panel,
        areas=tuple(panel.areas[a] for a in order),
        cells=rebuilt(cells, {name: array[order] for name, array in per_cell(cells).items()}),
    )
    for one, other in zip(run(Case(panel), DESIGN), run(Case(moved), DESIGN), strict=True):
        assert (one.id, one.status) == (other.id, other.status)
        assert sorted(numbers_of(one)) == pytest.approx(sorted(numbers_of(other)), rel=SAME, abs=SAME)


def test_the_names_of_areas_change_nothing_but_names(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(Kind.BINARY, 7, 48, 8), treated=2, roles=ROLES)
    longer = {name: f"{name} District" for name in panel.areas}
    renamed = replace(panel, areas=tuple(longer.values()))
    design = replace(
        DESIGN,
        dominant=tuple(longer[name] for name in DESIGN.dominant),
        neighbours={longer[name]: tuple(longer[n] for n in near) for name, near in BORDERS.items()},
    )
    for one, other in zip(run(Case(panel), DESIGN), run(Case(renamed), design), strict=True):
        assert numbers_of(one) == numbers_of(other)
        assert one.finding == other.finding.replace(" District", "")


def test_a_run_is_the_same_every_time(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(Kind.COUNT, 30, 24, 1), treated=8)
    first, second = (run(Case(panel), Design(seed=4)) for _ in range(2))
    assert [{f.name: getattr(c, f.name) for f in fields(c)} for c in first] == [
        {f.name: getattr(c, f.name) for f in fields(c)} for c in second
    ]
