"""The permutation of a whole block of adjoining areas: by enumeration in other code, by search, and its size."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.arrays import BoolArray, FloatArray, IntArray
from models.borders import connected, connected_sets, random_sets
from models.design import Design
from models.did import DidOptions, fit
from models.estimate import Status
from models.inference import blocks as blocks_module
from models.inference.blocks import Blocks, block_test, blocks_of
from models.inference.permutation import Permutation, permutation_test
from models.inference.refusal import NoInference
from models.panel import ContinuousCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

AREAS, SIZE, LEVEL = 20, 4, 0.95
RUNS = 2_000
MONTE_CARLO = 3 * (0.05 * 0.95 / RUNS) ** 0.5  # three standard errors of a 5% rejection rate: 1.5 points
CHI_SQUARED_SD = 4.0  # standard deviations of a chi-squared statistic about its degrees of freedom
NAMES = tuple(f"area {a}" for a in range(AREAS))
RING = {a: (b,) for a, b in pairwise((*NAMES, NAMES[0]))}
FIRST = np.arange(AREAS) < SIZE


def rotations(areas: int = AREAS, size: int = SIZE) -> set[tuple[int, ...]]:
    return {tuple(sorted((start + i) % areas for i in range(size))) for start in range(areas)}


def grid(rows: int, columns: int) -> BoolArray:
    places = np.stack(np.divmod(np.arange(rows * columns), columns), axis=1)
    return np.asarray(np.abs(places[:, None] - places[None, :]).sum(axis=2) == 1)


def on_the_ring() -> Blocks:
    found = blocks_of(NAMES, RING, FIRST)
    assert isinstance(found, Blocks)
    return found


def run(w: FloatArray, blocks: Blocks, level: float = LEVEL, weights: FloatArray | None = None) -> Permutation:
    found = block_test(w, FIRST, blocks, level, weights=weights)
    assert isinstance(found, Permutation)
    return found


def p_by_hand(w: FloatArray, sets: set[tuple[int, ...]], own: tuple[int, ...], size: FloatArray) -> float:
    def difference(members: tuple[int, ...]) -> float:
        inside = np.isin(np.arange(len(w)), members)
        return float(np.average(w[inside], weights=size[inside]) - np.average(w[~inside], weights=size[~inside]))

    return sum(abs(difference(s)) >= abs(difference(own)) - 1e-9 for s in sets) / len(sets)


def test_blocks_of_a_ring_are_its_rotations() -> None:
    found = on_the_ring()
    assert found.exact
    assert {tuple(row) for row in found.sets.tolist()} == rotations()


@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([0.0, 0.3, 2.0]))
def test_p_and_limits_agree_with_enumeration(seed: int, weighted: bool, effect: float) -> None:
    rng = np.random.default_rng(seed)
    w = rng.normal(size=AREAS).round(1) + effect * FIRST  # rounded, so that there are ties
    size = rng.uniform(1, 4, AREAS) if weighted else np.ones(AREAS)
    level = 0.85  # 3 of 20 blocks may be rejected
    found = run(w, on_the_ring(), level, size if weighted else None)
    own = tuple(range(SIZE))
    assert found.p_value == pytest.approx(p_by_hand(w, rotations(), own, size))
    assert (found.attainable_p, found.assignments) == (1 / AREAS, AREAS)
    assert found.interval is not None
    for limit, inwards in zip(found.interval, (1, -1), strict=True):
        step = 1e-6 * inwards
        assert p_by_hand(w - (limit + step) * FIRST, rotations(), own, size) > 1 - level
        assert p_by_hand(w - (limit - step) * FIRST, rotations(), own, size) <= 1 - level + 1e-9


def test_twenty_blocks_just_give_an_interval_at_95_per_cent() -> None:
    w = np.random.default_rng(3).normal(size=AREAS) + 9.0 * FIRST
    found = run(w, on_the_ring())
    assert (found.p_value, found.rank) == (0.05, 1)
    assert found.interval is not None
    assert run(w, on_the_ring(), level=0.96).interval is None


def test_swapping_the_halves_of_a_ring_doubles_the_smallest_p() -> None:
    half = np.arange(AREAS) < AREAS // 2
    blocks = blocks_of(NAMES, RING, half)
    assert isinstance(blocks, Blocks)
    found = block_test(np.random.default_rng(1).normal(size=AREAS), half, blocks, LEVEL)
    assert isinstance(found, Permutation)
    assert found.attainable_p == 2 / AREAS


def test_why_there_are_no_blocks_to_compare() -> None:
    some = {name: around for name, around in RING.items() if name != NAMES[7] and name != NAMES[9]}
    unknown = blocks_of(NAMES, some, FIRST)
    assert isinstance(unknown, NoInference)
    assert unknown.reason.startswith("No list of borders is given for area 7 and area 9.")
    apart = blocks_of(NAMES, RING, np.isin(np.arange(AREAS), [0, 1, 5, 6]))
    assert isinstance(apart, NoInference)
    assert "do not adjoin each other" in apart.reason
    line = {name: (after,) for name, after in pairwise(NAMES)}  # the last one is settled by the one before
    blocks = blocks_of(NAMES, line, FIRST)
    assert isinstance(blocks, Blocks)
    few = block_test(np.arange(float(AREAS)), FIRST, blocks, LEVEL)
    assert isinstance(few, NoInference)
    assert few.reason.startswith("There are too few blocks of 4 adjoining areas to compare with (17, and 20 are needed")


def test_too_many_blocks_are_drawn_unless_some_could_not_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_many(_adjacent: BoolArray, _size: int) -> None:
        return None

    monkeypatch.setattr(blocks_module, "connected_sets", too_many)
    drawn, again = blocks_of(NAMES, RING, FIRST, seed=5), blocks_of(NAMES, RING, FIRST, seed=5)
    assert isinstance(drawn, Blocks)
    assert isinstance(again, Blocks)
    assert not drawn.exact
    assert (drawn.sets == again.sets).all()
    assert drawn.sets[0].tolist() == [0, 1, 2, 3]
    assert {tuple(row) for row in drawn.sets.tolist()} == rotations()
    two_rings = RING | {NAMES[9]: (NAMES[0],), NAMES[19]: (NAMES[10],)}
    parts = blocks_of(NAMES, two_rings, FIRST)
    assert isinstance(parts, NoInference)
    assert "would not reach all of them" in parts.reason
    with_islands = RING | {NAMES[9]: (NAMES[0],), NAMES[19]: (NAMES[18],)} | {NAMES[a]: () for a in range(10, 17)}
    assert isinstance(blocks_of(NAMES, with_islands, FIRST), Blocks), "no other part holds four adjoining areas"


def test_walks_reach_every_set_alike() -> None:
    adjacent = grid(3, 4)
    sets = connected_sets(adjacent, 4)
    assert sets is not None
    draws = 20_000
    drawn = random_sets(adjacent, np.isin(np.arange(12), [0, 1, 4, 5]), seed=1, draws=draws)
    assert connected(adjacent, drawn).all()
    times = Counter(map(tuple, drawn[1:].tolist()))
    expected = draws / len(sets)
    statistic = sum((times[tuple(row)] - expected) ** 2 / expected for row in sets.tolist())
    df = len(sets) - 1
    assert statistic == pytest.approx(df, abs=CHI_SQUARED_SD * (2 * df) ** 0.5)


def correlated(sets: IntArray, runs: int) -> FloatArray:
    """Normal changes along a ring, correlated 0.7 to the power of the distance, shape (runs, 20)."""
    step = np.abs(np.subtract.outer(np.arange(AREAS), np.arange(AREAS)))
    covariance = 0.7 ** np.minimum(step, AREAS - step)
    assert len(sets) == AREAS
    drawn: FloatArray = np.random.default_rng(11).normal(size=(runs, AREAS)) @ np.linalg.cholesky(covariance).T
    return drawn


def test_blocks_keep_their_size_where_neighbours_share_their_ups_and_downs() -> None:
    blocks = on_the_ring()
    w = correlated(blocks.sets, RUNS)
    moved = np.mean([run(row, blocks).p_value <= 0.05 + 1e-9 for row in w])
    assert moved == pytest.approx(0.05, abs=MONTE_CARLO)
    scattered = np.mean([permutation_test(row, FIRST, LEVEL).p_value <= 0.05 for row in w[:200]])
    assert scattered > 0.15, "24.5% of 20,000 runs, standard error here 3 points"


def test_blocks_stand_beside_the_headline_where_borders_are_declared() -> None:
    rng = np.random.default_rng(2)
    y, n = rng.normal(10, 1, (AREAS, 8)), np.full((AREAS, 8), 5.0)
    panel = _panel(ContinuousCells(n, n * y, n * (y**2 + 1)))
    with_borders = fit(panel, Design(neighbours=RING), DidOptions())
    (shown,) = [e for e in with_borders.estimates if "blocks" in e.method]
    assert shown.method == "exact permutation of 20 adjoining blocks"
    assert (shown.attainable_p, shown.headline) == (0.05, False)
    assert "3 to 13 times by the shape and place of the block" in shown.note
    without = fit(panel, Design(), DidOptions())
    assert not any("blocks" in e.method for e in without.estimates)
    assert not any("block" in r.reason for r in without.not_estimable)
    partly = fit(panel, Design(neighbours={NAMES[0]: (NAMES[1],)}), DidOptions())
    (refusal,) = [r.reason for r in partly.not_estimable if "adjoining blocks" in r.reason]
    assert refusal.startswith(
        "No result from the permutation of adjoining blocks. No list of borders is given for area 1"
    )


@pytest.mark.parametrize(
    ("wave", "own", "status"),
    [(1.0, 0.0, Status.WARN), (0.0, 5.0, Status.PASS)],
    ids=["a hill that the treated areas stand on", "the treated areas alone"],
)
def test_a_change_shared_with_those_around_counts_against_the_answer(wave: float, own: float, status: Status) -> None:
    hill = wave * np.cos(2 * np.pi * (np.arange(AREAS) - 2.4) / AREAS) + np.random.default_rng(3).normal(0, 0.05, AREAS)
    y = np.full((AREAS, 8), 10.0)
    y[:, 4:] += (hill + own * FIRST)[:, None]
    n = np.full((AREAS, 8), 5.0)
    found = fit(_panel(ContinuousCells(n, n * y, n * (y**2 + 1))), Design(neighbours=RING), DidOptions())
    (headline,) = [e for e in found.estimates if e.headline]
    assert headline.interval is not None
    assert headline.interval[0] > 0
    (check,) = [c for c in found.checks if c.id == "adjoining"]
    assert (check.status, check.overturns) == (status, status is Status.WARN)


def _panel(cells: ContinuousCells) -> Panel:
    roles = (Role.BASELINE,) * 4 + (Role.FOLLOW_UP,) * 4
    periods = Periods(TimeUnit.YEAR, 2010, roles)
    return Panel("outcome", Kind.CONTINUOUS, "points", 1.0, NAMES, FIRST, periods, cells)
