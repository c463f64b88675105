"""The permutation test: every assignment counted, and its interval against a search."""

import math
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from models.arrays import BoolArray, FloatArray
from models.inference.permutation import (
    DRAWS,
    Permutation,
    assignments,
    attainable_p,
    permutation_test,
    studentised_permutation_test,
)
from models.inference.refusal import NoInference

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


def weighted_p(changes: FloatArray, treated: BoolArray, weights: FloatArray) -> float:
    def difference(chosen: ArrayLike) -> float:
        mask = np.isin(np.arange(len(changes)), chosen)
        groups = (np.average(changes[group], weights=weights[group]) for group in (mask, ~mask))
        return abs(next(groups) - next(groups))

    observed = difference(np.flatnonzero(treated))
    every = [difference(chosen) for chosen in combinations(range(len(changes)), int(treated.sum()))]
    return sum(d >= observed - EXACT for d in every) / len(every)


@settings(deadline=None, max_examples=50)
@given(designs, st.integers(0, 10_000), st.sampled_from([0.5, 0.7, 0.8, 0.9]), st.sampled_from([0.1, 1.0, 1.5]))
def test_weights_stay_with_their_areas(design: tuple[int, int], seed: int, level: float, spread: float) -> None:
    mask, rng = first(design[0], sum(design)), np.random.default_rng(seed)
    changes, weights = rng.normal(size=len(mask)), np.exp(spread * rng.normal(size=len(mask)))
    result = permutation_test(changes, mask, level, weights=weights)
    means = [np.average(changes[group], weights=weights[group]) for group in (mask, ~mask)]
    assert result.estimate == pytest.approx(means[0] - means[1], abs=EXACT)
    assert result.p_value == pytest.approx(weighted_p(changes, mask, weights), abs=EXACT)
    assert result.attainable_p == attainable_p(*design)
    if result.interval is None:
        assert result.attainable_p > 1 - level - EXACT
        return
    lo, hi = result.interval
    assert lo <= result.estimate <= hi
    for inside in (lo + STEP, hi - STEP):
        if lo < inside < hi:
            assert weighted_p(changes - inside * mask, mask, weights) > 1 - level + EXACT
    for outside in (lo - STEP, hi + STEP):
        assert weighted_p(changes - outside * mask, mask, weights) <= 1 - level + EXACT


@given(designs, st.integers(0, 10_000), st.floats(1e-3, 1e6))
def test_equal_weights_change_nothing(design: tuple[int, int], seed: int, weight: float) -> None:
    mask = first(design[0], sum(design))
    changes = np.random.default_rng(seed).normal(size=len(mask)).round(1)
    plain = permutation_test(changes, mask, 0.8)
    weighted = permutation_test(changes, mask, 0.8, weights=np.full(len(mask), weight))
    assert (weighted.p_value, weighted.rank, weighted.attainable_p) == (plain.p_value, plain.rank, plain.attainable_p)
    assert (weighted.interval is None) == (plain.interval is None)
    if plain.interval is not None:
        assert weighted.interval == pytest.approx(plain.interval, abs=EXACT)


def welch(changes: FloatArray, mask: BoolArray) -> float:
    """Size of Welch's t; infinite where both groups changed alike."""
    one, other = changes[mask], changes[~mask]
    variance = one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other)
    return math.inf if variance < 1e-20 else float(abs(one.mean() - other.mean()) / variance**0.5)


def welch_p(changes: FloatArray, treated: BoolArray) -> float:
    places = np.arange(len(changes))
    own = welch(changes, treated)
    every = [welch(changes, np.isin(places, chosen)) for chosen in combinations(places, int(treated.sum()))]
    return sum(t >= own * (1 - EXACT) for t in every) / len(every)


pairs = st.tuples(st.integers(2, 4), st.integers(2, 5))


def studentised(changes: FloatArray, treated: BoolArray, level: float = 0.9) -> Permutation:
    result = studentised_permutation_test(changes, treated, level)
    assert isinstance(result, Permutation)
    return result


@settings(deadline=None, max_examples=50)
@given(pairs, st.integers(0, 10_000), st.sampled_from([0, 1, 9]))
def test_the_studentised_p_is_a_count_of_welch_statistics(design: tuple[int, int], seed: int, decimals: int) -> None:
    mask = first(design[0], sum(design))
    changes = np.random.default_rng(seed).normal(size=len(mask)).round(decimals)  # whole numbers make ties
    assume(welch(changes, mask) < math.inf)
    result = studentised(changes, mask)
    assert result.exact
    assert result.p_value == pytest.approx(welch_p(changes, mask), abs=EXACT)
    assert result.attainable_p == attainable_p(*design) <= result.p_value
    assert 1 <= result.rank <= round(result.p_value * result.assignments)


@settings(deadline=None, max_examples=50)
@given(pairs, st.integers(0, 10_000), st.sampled_from([0.5, 0.8, 0.9]))
def test_the_studentised_interval_ends_where_the_test_begins_to_reject(
    design: tuple[int, int], seed: int, level: float
) -> None:
    mask = first(design[0], sum(design))
    changes = np.random.default_rng(seed).normal(size=len(mask))
    result = studentised(changes, mask, level)
    if result.interval is None:
        assert result.attainable_p > 1 - level - EXACT
        return
    lo, hi = result.interval
    step = 1e-6 * (hi - lo)
    assert lo < result.estimate < hi
    for inside, outside in ((lo + step, lo - step), (hi - step, hi + step)):
        assert welch_p(changes - inside * mask, mask) > 1 - level + EXACT
        assert welch_p(changes - outside * mask, mask) <= 1 - level + EXACT
    for far in (lo - 10 * (hi - lo), hi + 10 * (hi - lo), 1e7):
        assert welch_p(changes - far * mask, mask) <= 1 - level + EXACT


def test_an_assignment_without_any_variance_counts() -> None:
    # Putting the two areas that changed by 1 together gives groups that each changed alike: an infinite statistic.
    changes = np.asarray([1.0, 0.0, 0.0, 0.0, 1.0])
    result = studentised(changes, first(2, 5), 0.5)
    assert welch(changes, np.asarray([True, False, False, False, True])) == math.inf
    assert result.p_value == welch_p(changes, first(2, 5))
    assert result.rank > 1


def test_the_studentised_test_orders_assignments_differently() -> None:
    # Treated areas that agree closely make a small difference stand out.
    changes = np.asarray([1.0, 1.1, -3.0, -2.0, 0.0, 2.0, 2.5])
    assert studentised(changes, first(2, 7)).rank < permutation_test(changes, first(2, 7), 0.9).rank


@pytest.mark.parametrize(("treated", "group"), [(1, "one treated area"), (5, "one comparison area")])
def test_the_studentised_test_needs_two_areas_in_each_group(treated: int, group: str) -> None:
    result = studentised_permutation_test(np.arange(6.0), first(treated, 6), 0.9)
    assert isinstance(result, NoInference)
    assert group in result.reason


@pytest.mark.parametrize("noise", [0.0, 1e-15])
def test_the_studentised_test_refuses_areas_that_all_changed_alike(noise: float) -> None:
    changes = np.asarray([0.3, 0.3, 0.1, 0.1, 0.1]) + noise * np.asarray([1, -1, 1, -1, 0])
    assert isinstance(studentised_permutation_test(changes, first(2, 5), 0.9), NoInference)


def test_one_group_that_changed_alike_is_enough_variance() -> None:
    changes = np.asarray([0.3, 0.3, 0.1, 0.2, 0.15, -0.1])
    assert studentised(changes, first(2, 6)).p_value == welch_p(changes, first(2, 6))


def test_the_studentised_test_has_its_size_under_exchange_and_exceeds_it_less_than_the_plain_one() -> None:
    mask, repeats = first(2, 7), 1_500
    shares = {}
    for spread, seed in ((1.0, 1), (2.0, 2)):
        rng = np.random.default_rng(seed)
        samples = [np.where(mask, spread, 1.0) * rng.normal(size=7) for _ in range(repeats)]
        plain = np.mean([permutation_test(w, mask, 0.95).p_value <= 0.05 for w in samples])
        shares[spread] = np.mean([studentised(w, mask, 0.95).p_value <= 0.05 for w in samples]), plain
    assert shares[1.0][0] == pytest.approx(1 / 21, abs=3 * (20 / 21**2 / repeats) ** 0.5)
    # 10.6% of 5,000 runs of another program
    assert shares[2.0][0] == pytest.approx(0.106, abs=3 * (0.106 * 0.894 * (1 / repeats + 1 / 5_000)) ** 0.5)
    assert shares[2.0][0] < shares[2.0][1]


def test_many_assignments_are_sampled_and_studentised() -> None:
    mask, changes = first(8, 40), np.random.default_rng(2).normal(size=40)
    result = studentised(changes, mask, 0.95)
    assert (result.exact, result.assignments) == (False, DRAWS + 1)
    plain = permutation_test(changes, mask, 0.95)
    assert result.p_value == pytest.approx(plain.p_value, abs=0.1)
    assert studentised(changes + 50 * mask, mask, 0.95).p_value == 1 / (DRAWS + 1)
