"""The permutation test: every assignment counted, and its interval against a search."""

import math
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from models.arrays import BoolArray, FloatArray
from models.inference.permutation import DRAWS, assignments, attainable_p, permutation_test

EXACT = 1e-9  # sums in another order
STEP = 1e-3  # the search for the interval moves this far


def first(treated: int, areas: int) -> BoolArray:
    return np.arange(areas) < treated


def brute_force_p(changes: FloatArray, treated: BoolArray) -> float:
    def difference(chosen: ArrayLike) -> float:
        mask = np.isin(np.arange(len(changes)), chosen)
        return abs(changes[mask].mean() - changes[~mask].mean())

    observed = difference(np.flatnonzero(treated))
    every = [difference(chosen) for chosen in combinations(range(len(changes)), int(treated.sum()))]
    return sum(d >= observed - EXACT for d in every) / len(every)


designs = st.tuples(st.integers(1, 4), st.integers(1, 5)).filter(lambda pair: sum(pair) >= 3)


@given(designs, st.integers(0, 10_000))
def test_p_is_a_count_of_assignments(design: tuple[int, int], seed: int) -> None:
    treated, comparison = design
    mask = first(treated, treated + comparison)
    changes = np.random.default_rng(seed).normal(size=len(mask)).round(1)  # rounded, so that ties happen
    result = permutation_test(changes, mask, 0.95)
    assert result.exact
    assert result.assignments == math.comb(treated + comparison, treated)
    assert result.p_value == pytest.approx(brute_force_p(changes, mask), abs=EXACT)
    assert result.p_value * result.assignments == pytest.approx(round(result.p_value * result.assignments), abs=EXACT)
    assert attainable_p(treated, comparison) == result.attainable_p <= result.p_value
    assert 1 <= result.rank <= round(result.p_value * result.assignments)


@given(designs, st.integers(0, 10_000), st.sampled_from([0.5, 0.7, 0.8, 0.9, 0.95]))
def test_the_interval_is_what_the_test_does_not_reject(design: tuple[int, int], seed: int, level: float) -> None:
    treated, comparison = design
    mask = first(treated, treated + comparison)
    changes = np.random.default_rng(seed).normal(size=len(mask))
    result = permutation_test(changes, mask, level)
    if result.interval is None:
        assert result.attainable_p > 1 - level - EXACT
        assert brute_force_p(changes - 1e6 * mask, mask) > 1 - level - EXACT, "even an absurd effect is not rejected"
        return
    lo, hi = result.interval
    assert lo <= result.estimate <= hi
    for inside in (lo + STEP, hi - STEP):
        if lo < inside < hi:
            assert brute_force_p(changes - inside * mask, mask) > 1 - level + EXACT
    for outside in (lo - STEP, hi + STEP):
        assert brute_force_p(changes - outside * mask, mask) <= 1 - level + EXACT


def test_the_interval_agrees_with_a_grid_search_at_two_of_seven() -> None:
    changes, mask = np.random.default_rng(11).normal(size=7), first(2, 7)
    result = permutation_test(changes, mask, 0.9)
    step = 0.01
    grid = np.arange(-6, 6, step)
    kept = [b for b in grid if brute_force_p(changes - b * mask, mask) > 0.1 + EXACT]
    assert result.interval == pytest.approx((min(kept), max(kept)), abs=step)
    assert len(kept) == pytest.approx((max(kept) - min(kept)) / step + 1, abs=0.5), "an interval, without holes"


@given(designs, st.integers(0, 10_000))
def test_the_interval_excludes_zero_just_when_p_is_small(design: tuple[int, int], seed: int) -> None:
    mask = first(design[0], sum(design))
    changes = np.random.default_rng(seed).normal(size=len(mask)) + 2 * mask
    result = permutation_test(changes, mask, 0.9)
    assume(result.interval is not None)
    assert result.interval is not None
    assert (not result.interval[0] <= 0 <= result.interval[1]) == (result.p_value <= 0.1 + EXACT)


@given(designs, st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_names_and_the_zero_of_the_changes_do_not_matter(
    design: tuple[int, int], seed: int, shuffle: Random
) -> None:
    mask = first(design[0], sum(design))
    changes = np.random.default_rng(seed).normal(size=len(mask))
    order = list(range(len(mask)))
    shuffle.shuffle(order)
    plain, moved = permutation_test(changes, mask, 0.9), permutation_test(changes[order] + 3, mask[order], 0.9)
    assert moved.p_value == plain.p_value
    assert moved.estimate == pytest.approx(plain.estimate, abs=EXACT)
    assert (moved.interval is None) == (plain.interval is None)
    if plain.interval is not None:
        assert moved.interval == pytest.approx(plain.interval, abs=EXACT)


@pytest.mark.parametrize(
    ("treated", "comparison", "floor"), [(2, 5, 1 / 21), (2, 4, 1 / 15), (1, 5, 1 / 6), (3, 3, 2 / 20), (1, 1, 1.0)]
)
def test_the_smallest_p(treated: int, comparison: int, floor: float) -> None:
    changes = np.where(first(treated, treated + comparison), 100.0, np.arange(treated + comparison))
    result = permutation_test(changes, first(treated, treated + comparison), 0.95)
    assert result.p_value == result.attainable_p == pytest.approx(floor)
    assert result.rank == 1


def test_no_interval_where_nothing_can_be_rejected() -> None:
    changes = np.asarray([5.0, 1.0, 2.0, 3.0, 4.0, 0.0])
    assert permutation_test(changes, first(1, 6), 0.95).interval is None
    assert permutation_test(changes, first(1, 6), 0.8).interval is not None


def test_rounding_cannot_drop_the_observed_assignment() -> None:
    changes = np.asarray([0.1 + 0.2, 0.3, 0.1, 0.1, 0.1, 0.3, 0.3])
    assert permutation_test(changes, first(2, 7), 0.95).p_value == brute_force_p(changes, first(2, 7))


def test_too_many_assignments_are_sampled_with_the_observed_one() -> None:
    mask = first(8, 40)
    changes = np.random.default_rng(2).normal(size=40)
    result = permutation_test(changes, mask, 0.95, seed=1)
    assert not result.exact
    assert result.assignments == DRAWS + 1
    assert result.attainable_p == attainable_p(8, 32) == 1 / (DRAWS + 1)
    assert result == permutation_test(changes, mask, 0.95, seed=1)
    assert result != permutation_test(changes, mask, 0.95, seed=2)
    far = permutation_test(changes + 50 * mask, mask, 0.95, seed=1)
    assert far.p_value == 1 / (DRAWS + 1), "never zero"


def test_sampled_assignments_agree_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    changes, mask = np.random.default_rng(3).normal(size=18), first(6, 18)
    exact = permutation_test(changes, mask, 0.95)
    monkeypatch.setattr("models.inference.permutation.MOST_ENUMERATED", 10)
    sampled = permutation_test(changes, mask, 0.95, seed=4)
    assert sampled.p_value == pytest.approx(exact.p_value, abs=4 * (0.25 / DRAWS) ** 0.5)
    assert exact.interval is not None
    assert sampled.interval == pytest.approx(exact.interval, abs=0.05)  # order statistics of 20,000 draws


def test_every_random_assignment_has_distinct_areas_in_even_shares() -> None:
    chosen, exact = assignments(first(3, 300), seed=9)
    assert not exact
    assert all(len(set(row)) == 3 for row in chosen.tolist())
    shares = np.bincount(chosen[1:].ravel(), minlength=300) / DRAWS
    assert shares == pytest.approx(np.full(300, 3 / 300), abs=5 * (0.01 * 0.99 / DRAWS) ** 0.5)


def test_the_interval_holds_a_constant_effect_twenty_times_in_twenty_one() -> None:
    rng, mask, held, repeats = np.random.default_rng(6), first(2, 7), 0, 2_000
    for _ in range(repeats):
        interval = permutation_test(rng.normal(size=7) + mask, mask, 0.95).interval
        assert interval is not None
        held += interval[0] <= 1 <= interval[1]
    assert held / repeats == pytest.approx(20 / 21, abs=3 * (20 / 21**2 / repeats) ** 0.5)
