"""Case mix: whether it moved, as one test, and kinds too rare to stand alone."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.case import Case, Stratum
from models.case_mix import Kinds, at_mix, kinds_of
from models.changes import Weighting
from models.composition import composition, largest_movement, standardised
from models.design import Design
from models.estimate import Quantity, Status
from models.inference.refusal import NoInference
from models.panel import BinaryCells, Cells, DurationCells, Kind, Panel
from models.summary import summarise

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-12  # the same arithmetic in another order
DESIGN = Design()
SEVEN = np.arange(7) < 2


def strata_of(make_panel: MakePanel, cases: np.ndarray, treated: int = 2, risk: float = 0.5) -> tuple[Stratum, ...]:
    """Kinds with these cases, shape (S, A, 2), all of them answered."""
    found = []
    for k, n in enumerate(cases):
        asked = make_panel(BinaryCells(n.copy(), n), treated=treated)
        found.append(Stratum(f"kind {k}", make_panel(BinaryCells(risk * n, n), treated=treated), asked))
    return tuple(found)


def case_of(make_panel: MakePanel, cases: np.ndarray, treated: int = 2) -> Case:
    total = cases.sum(axis=0)
    panel = make_panel(BinaryCells(0.5 * total, total), treated=treated)
    return Case(panel, strata=strata_of(make_panel, cases, treated))


# The joint test ---------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000), kinds=st.integers(1, 5), weighted=st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_joint_p_counts_assignments_whose_largest_movement_is_as_large(
    seed: int, kinds: int, weighted: bool
) -> None:
    rng = np.random.default_rng(seed)
    changes = rng.normal(size=(7, kinds))
    weights = rng.uniform(1, 4, 7) if weighted else None
    found = largest_movement(changes, SEVEN, weights=weights)
    sizes = np.ones(7) if weights is None else weights
    largest = []
    for members in combinations(range(7), 2):
        label = np.isin(np.arange(7), members)
        inside, outside = (np.average(changes[m], axis=0, weights=sizes[m]) for m in (label, ~label))
        largest.append(np.abs(inside - outside).max())
    own = largest[0]  # areas 0 and 1
    assert found.p_value == pytest.approx(np.mean([x >= own - 1e-12 for x in largest]), abs=EXACT)
    assert found.attainable_p == pytest.approx(1 / 21)


def test_a_shift_in_treated_areas_alone_is_the_largest_of_all_assignments(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(2)
    share = np.full((7, 2), 0.5) + 0.01 * rng.normal(size=(7, 2))
    share[:2, 1] += 0.2
    cases = 400 * np.stack([share, 0.3 * (1 - share), 0.7 * (1 - share)])
    found = composition(case_of(make_panel, cases), DESIGN)
    assert found is not None
    assert found.status is Status.WARN
    assert "kind 0 moved most" in found.finding
    assert "p = 0.048" in found.finding
    assert found.evidence is not None
    assert found.evidence.quantity is Quantity.POINTS
    assert found.evidence.rows[0].label == "kind 0"
    changes = (share[:, 1] - share[:, 0])[:, None]
    expected = changes[:2].mean() - changes[2:].mean()
    assert found.evidence.rows[0].estimate == pytest.approx(expected, abs=EXACT)


def test_an_unchanged_mix_passes_and_says_what_remains_possible(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(1)
    cases = rng.integers(50, 70, (3, 7, 2)).astype(np.float64)
    found = composition(case_of(make_panel, cases), DESIGN)
    assert found is not None
    assert found.status is Status.PASS
    assert "cannot be ruled out" in found.detail


def test_one_treated_area_is_judged_by_the_joint_ranges(make_panel: MakePanel) -> None:
    share = np.full((6, 2), 0.5)
    share[:, 1] += 0.01 * np.asarray([0, 1, -1, 2, -2, 0])
    moved = share.copy()
    moved[0, 1] += 0.3
    for given_, status in ((share, Status.PASS), (moved, Status.WARN)):
        cases = 100 * np.stack([given_, 1 - given_])
        found = composition(case_of(make_panel, cases, treated=1), DESIGN)
        assert found is not None
        assert found.status is status
        assert "so the ranges decide" in found.detail


def test_the_ranges_hold_for_all_kinds_together(make_panel: MakePanel) -> None:
    """Bonferroni: with four kinds a joint 80% range is each kind's 95% range; two kinds are one."""
    cases = np.random.default_rng(4).integers(50, 90, (4, 7, 2)).astype(np.float64)
    two = np.stack([cases[0], cases[1:].sum(axis=0)])
    for given_, level in ((cases, 0.8), (two, 0.95)):
        joint = composition(case_of(make_panel, given_), Design(level=level))
        assert joint is not None
        assert joint.evidence is not None
        row = next(r for r in joint.evidence.rows if r.label == "kind 0")
        assert row.hi is not None
        assert row.lo is not None
        assert (row.hi - row.lo) / 2 == pytest.approx(half_width(cases), rel=1e-8)


def half_width(cases: np.ndarray) -> float:
    """Half the 95% interval of the first kind's movement, by hand."""
    share = cases[0] / cases.sum(axis=0)
    w = share[:, 1] - share[:, 0]
    residual = w - np.where(SEVEN, w[SEVEN].mean(), w[~SEVEN].mean())
    return float(2.570581836 * np.sqrt(residual @ residual / 5 * (1 / 2 + 1 / 5)))


@pytest.mark.parametrize(("areas", "treated", "reason"), [(5, 5, "no comparison area"), (2, 1, "Too few areas")])
def test_too_few_areas_are_not_judged(areas: int, treated: int, reason: str, make_panel: MakePanel) -> None:
    cases = np.random.default_rng(0).integers(20, 40, (2, areas, 2)).astype(np.float64)
    found = composition(case_of(make_panel, cases, treated), DESIGN)
    assert found is not None
    assert found.status is Status.NOT_RUN
    assert reason in found.detail


def test_nothing_is_said_of_a_mix_that_is_not_declared(make_panel: MakePanel, any_cells: AnyCells) -> None:
    case = Case(make_panel(any_cells(Kind.BINARY, 7, 4, 0), treated=2))
    assert composition(case, DESIGN) is None
    assert standardised(case, DESIGN) is None


def test_a_single_kind_cannot_move(make_panel: MakePanel) -> None:
    found = composition(case_of(make_panel, np.full((1, 7, 2), 30.0)), DESIGN)
    assert found is not None
    assert found.status is Status.NOT_RUN


REPEATS = 1_500
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors of a rate of 5%: 1.7 points


def test_with_twenty_kinds_and_no_movement_one_run_in_twenty_one_is_rejected() -> None:
    rng, rejected = np.random.default_rng(6), 0
    for _ in range(REPEATS):
        cases = rng.poisson(rng.uniform(20, 60, (20, 1, 1)) * np.exp(0.1 * rng.normal(size=(20, 7, 2))))
        share = cases / cases.sum(axis=0)
        rejected += largest_movement((share[..., 1] - share[..., 0]).T, SEVEN).p_value <= 0.05
    assert rejected / REPEATS == pytest.approx(1 / 21, abs=MONTE_CARLO)


def test_thousands_of_areas_can_be_judged(make_panel: MakePanel) -> None:
    cases = np.random.default_rng(0).poisson(40.0, (3, 2_000, 2)).astype(np.float64)
    for weighting in Weighting:
        found = composition(case_of(make_panel, cases, treated=300), DESIGN, weighting)
        assert found is not None
        assert found.status is Status.PASS


# Kinds ------------------------------------------------------------------------------------------------------------


def test_rare_kinds_are_put_together_until_there_are_enough(make_panel: MakePanel) -> None:
    cases = np.stack([np.full((3, 2), n) for n in (90.0, 40.0, 9.0, 6.0)])
    cases[3, 1, 0] = 0  # none in one area's baseline
    cases[2, 1, 0] = 3
    strata = strata_of(make_panel, cases, treated=1)
    found = kinds_of(strata, strata[0].panel.periods, np.ones(3, dtype=np.bool_), everywhere=True)
    assert isinstance(found, Kinds)
    assert found.names == ("kind 0", "kind 1 / kind 2 / kind 3"), "3 cases of the two rarest are still too few"
    assert found.together == ("kind 1", "kind 2", "kind 3")
    assert found.cases[1, 1].tolist() == [43.0, 55.0]
    elsewhere = kinds_of(strata, strata[0].panel.periods, np.asarray([True, False, True]), everywhere=True)
    assert isinstance(elsewhere, Kinds)
    assert elsewhere.names == ("kind 0", "kind 1", "kind 2", "kind 3"), "only areas in the estimate count"
    assert elsewhere.together == ()


def test_a_kind_nobody_was_asked_of_needs_no_answer(make_panel: MakePanel) -> None:
    n = np.full((3, 2), 10.0)
    asked = n.copy()
    asked[1, 0] = 0
    strata = (
        Stratum("a", make_panel(BinaryCells(n / 2, n)), make_panel(BinaryCells(n, n))),
        Stratum("b", make_panel(BinaryCells(asked / 2, asked)), make_panel(BinaryCells(asked, asked))),
    )
    found = kinds_of(strata, strata[0].panel.periods, np.ones(3, dtype=np.bool_), everywhere=False)
    assert isinstance(found, Kinds)
    assert found.names == ("a", "b")
    assert at_mix(found, found.cases) == pytest.approx(np.full((3, 2), 0.5))
    refused = kinds_of(strata, strata[0].panel.periods, np.ones(3, dtype=np.bool_), everywhere=True)
    assert isinstance(refused, NoInference)
    assert "at least 5 cases in every area and window" in refused.reason


def test_open_cases_of_kinds_put_together_keep_their_own_bins(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(3)
    panels = []
    for bins in ([5.0, 20.0], [8.0]):
        n = rng.integers(1, 4, (3, 2)).astype(np.float64)
        mean = rng.normal(2, 0.3, (3, 2))
        still_open = rng.integers(1, 3, (3, 2, len(bins))).astype(np.float64)
        panels.append(make_panel(DurationCells(n, n * mean, n * (mean**2 + 0.4), still_open, np.asarray(bins))))
    large = make_panel(
        DurationCells(*(np.full((3, 2), x) for x in (50.0, 100.0, 220.0)), np.zeros((3, 2, 0)), np.zeros(0))
    )
    asked = make_panel(BinaryCells(np.full((3, 2), 9.0), np.full((3, 2), 9.0)))
    most = make_panel(BinaryCells(np.full((3, 2), 50.0), np.full((3, 2), 50.0)))
    strata = (Stratum("a", panels[0], asked), Stratum("b", panels[1], asked), Stratum("c", large, most))
    found = kinds_of(strata, large.periods, np.ones(3, dtype=np.bool_), everywhere=True)
    first, second = (p.cells for p in panels)
    assert isinstance(found, Kinds)
    assert isinstance(first, DurationCells)
    assert isinstance(second, DurationCells)
    assert found.names == ("c", "a / b")
    whole = DurationCells(
        first.n + second.n,
        first.log_total + second.log_total,
        first.log_squares + second.log_squares,
        np.concatenate([first.still_open, second.still_open], axis=2),
        np.asarray([5.0, 20.0, 8.0]),
    )
    assert found.values[1, :, 0] == pytest.approx(summarise(whole, large.periods.baseline).value)


# The estimate at a fixed mix --------------------------------------------------------------------------------------


def test_a_shift_of_the_mix_that_makes_the_effect_is_warned_of(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(8)
    share = np.full((7, 2), 0.5)
    share[:2, 1] = 0.9
    wobble = 0.01 * rng.normal(size=(7, 2))
    strata = []
    for name, level, part in (("a", 0.2, share), ("b", 0.6, 1 - share)):
        cells = BinaryCells((level + wobble) * part * 200, part * 200)
        asked = make_panel(BinaryCells(part * 200, part * 200), treated=2)
        strata.append(Stratum(name, make_panel(cells, treated=2), asked))
    total = (0.2 * share + 0.6 * (1 - share) + wobble) * 200
    case = Case(make_panel(BinaryCells(total, np.full((7, 2), 200.0)), treated=2), strata=tuple(strata))
    found = standardised(case, DESIGN)
    assert found is not None
    assert found.status is Status.WARN
    assert "With the mix of cases held still" in found.finding
    assert found.evidence is not None
    assert [row.chosen for row in found.evidence.rows] == [True, False]


def test_what_cannot_be_standardised_is_said(make_panel: MakePanel, any_cells: AnyCells) -> None:
    case = case_of(make_panel, np.full((2, 7, 2), 2.0))
    found = standardised(case, DESIGN)
    assert found is not None
    assert found.status is Status.NOT_RUN
    assert "too rare" in found.detail
    counts = replace(case, panel=make_panel(any_cells(Kind.COUNT, 7, 2, 0), treated=2))
    found = standardised(counts, DESIGN)
    assert found is not None
    assert "part of the outcome" in found.detail
