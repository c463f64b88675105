"""Several outcomes at once: adjusted p-values and the index."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models.inference.permutation import permutation_test
from models.inference.refusal import NoInference
from models.multiple import Weights, index_changes, index_weights, step_down

EXACT = 1e-12  # the same arithmetic in another order
TREATED = np.array([True, True, False, False, False, False, False])
RUNS = 1_000
SE = (0.05 * 0.95 / RUNS) ** 0.5


def by_hand(changes: np.ndarray, treated: np.ndarray) -> tuple[list[float], list[float]]:
    """Westfall and Young's algorithm with |t| from scipy, one assignment and one outcome at a time."""
    areas, outcomes = changes.shape
    table = []
    for members in combinations(range(areas), int(treated.sum())):
        label = np.isin(np.arange(areas), members)
        table.append([abs(stats.ttest_ind(changes[label, k], changes[~label, k]).statistic) for k in range(outcomes)])
    every = np.asarray(table)
    observed = np.asarray(
        [abs(stats.ttest_ind(changes[treated, k], changes[~treated, k]).statistic) for k in range(outcomes)]
    )
    alone = [float((every[:, k] >= observed[k] - 1e-9).mean()) for k in range(outcomes)]
    adjusted, remaining, highest = [0.0] * outcomes, list(np.argsort(-observed)), 0.0
    while remaining:
        k = remaining[0]
        highest = max(highest, float((every[:, remaining].max(axis=1) >= observed[k] - 1e-9).mean()))
        adjusted[k] = highest
        remaining = remaining[1:]
    return alone, adjusted


@given(seed=st.integers(0, 10_000), outcomes=st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_step_down_is_westfall_and_youngs_algorithm(seed: int, outcomes: int) -> None:
    changes = np.random.default_rng(seed).normal(size=(7, outcomes))
    found = step_down(changes, TREATED)
    assert not isinstance(found, NoInference)
    alone, adjusted = by_hand(changes, TREATED)
    assert found.p_value == pytest.approx(alone, abs=EXACT)
    assert found.adjusted == pytest.approx(adjusted, abs=EXACT)
    assert (found.adjusted >= found.p_value - EXACT).all()
    assert (found.adjusted.min(), found.assignments, found.exact) >= (found.attainable_p - EXACT, 21, True)


def test_the_floor_can_be_reached_by_every_outcome_unlike_with_holm() -> None:
    changes = np.vstack([np.full((2, 4), 10.0), np.zeros((5, 4))]) + np.random.default_rng(1).normal(size=(7, 4))
    found = step_down(changes, TREATED)
    assert not isinstance(found, NoInference)
    assert found.attainable_p == pytest.approx(1 / 21)
    assert found.adjusted == pytest.approx([1 / 21] * 4)


def test_with_weights_each_p_is_that_of_the_weighted_permutation_test() -> None:
    rng = np.random.default_rng(4)
    changes, weights = rng.normal(size=(7, 3)), rng.uniform(80, 245, (7, 3))
    found = step_down(changes, TREATED, weights=weights)
    assert not isinstance(found, NoInference)
    pairs = zip(changes.T, weights.T, strict=True)
    own = [permutation_test(w, TREATED, 0.95, weights=size).p_value for w, size in pairs]
    assert found.p_value == pytest.approx(own, abs=EXACT)
    assert (found.adjusted >= found.p_value - EXACT).all()
    equal, plain = step_down(changes, TREATED, weights=np.full((7, 3), 9.0)), step_down(changes, TREATED)
    assert not isinstance(equal, NoInference)
    assert not isinstance(plain, NoInference)
    assert equal.adjusted == pytest.approx(plain.adjusted, abs=EXACT)


def test_differences_that_are_only_rounding_are_not_ranked() -> None:
    rates = np.array([90.0, 80, 120, 80, 245, 155, 155])
    alike = np.log(0.9 * rates) - np.log(rates)  # every area fell by 10%: equal but for the last digits
    assert np.ptp(alike) > 0
    changes = np.column_stack([alike, np.arange(7.0)])
    assert isinstance(step_down(changes, TREATED, resolution=[1e-12, 0.0]), NoInference)


def test_a_family_of_null_outcomes_is_rejected_no_more_often_than_one_in_twenty() -> None:
    rng = np.random.default_rng(7)
    shared = rng.normal(size=(RUNS, 7, 1))
    draws = (shared + rng.normal(size=(RUNS, 7, 4))) / np.sqrt(2)
    smallest = []
    for changes in draws:
        found = step_down(changes, TREATED)
        assert not isinstance(found, NoInference)
        smallest.append(found.adjusted.min())
    rate = float((np.asarray(smallest) <= 0.05).mean())
    assert rate == pytest.approx(1 / 21, abs=3 * SE)


def test_outcomes_without_variation_are_refused() -> None:
    found = step_down(np.column_stack([np.ones(7), np.arange(7.0)]), TREATED)
    assert isinstance(found, NoInference)
    assert "same amount" in found.reason


def test_index_weights_are_those_of_the_inverse_correlations() -> None:
    rng = np.random.default_rng(3)
    common = rng.normal(size=(7, 60))
    baseline = [common + rng.normal(size=(7, 60)), common + rng.normal(size=(7, 60)), rng.normal(size=(7, 60))]
    found = index_weights(baseline, [1, 1, 1])
    assert isinstance(found, Weights)
    assert found.equal == ""
    residuals = [v - v.mean(1, keepdims=True) - v.mean(0) + v.mean() for v in baseline]
    s = np.corrcoef(np.asarray([r.ravel() for r in residuals]))
    expected = np.linalg.inv(s).sum(axis=1)
    assert found.weight == pytest.approx(expected / expected.sum(), abs=EXACT)
    assert found.weight[2] > found.weight[0], "two outcomes that say the same thing share their weight"
    assert found.scale == pytest.approx([np.sqrt((r**2).sum() / (6 * 59)) for r in residuals], abs=EXACT)


def test_an_outcome_where_less_is_better_counts_with_its_sign() -> None:
    rng = np.random.default_rng(4)
    common = rng.normal(size=(7, 60))
    good, bad = common + rng.normal(size=(7, 60)), -common + rng.normal(size=(7, 60))
    turned, plain = index_weights([good, bad], [1, -1]), index_weights([good, -bad], [1, 1])
    assert isinstance(turned, Weights)
    assert isinstance(plain, Weights)
    assert turned.weight == pytest.approx(plain.weight, abs=EXACT)
    w = rng.normal(size=(7, 2))
    assert index_changes(w, [1, -1], turned) == pytest.approx(index_changes(w * [1, -1], [1, 1], plain), abs=EXACT)


def test_weights_are_equal_where_correlations_cannot_be_had_or_would_count_good_as_bad() -> None:
    rng = np.random.default_rng(5)
    few = index_weights([rng.normal(size=(3, 3)), rng.normal(size=(3, 3))], [1, 1])
    assert isinstance(few, Weights)
    assert (few.weight == 0.5).all()
    assert "too few" in few.equal
    one = rng.normal(size=(7, 60))
    mixed = np.linalg.cholesky([[1, 0.9, 0.6], [0.9, 1, 0.3], [0.6, 0.3, 1]]) @ rng.normal(size=(3, 7 * 60))
    negative = index_weights(list(mixed.reshape(3, 7, 60)), [1, 1, 1])
    assert isinstance(negative, Weights)
    assert (negative.weight == 1 / 3).all()
    assert "harm" in negative.equal
    same = index_weights([one, one], [1, 1])
    assert isinstance(same, Weights)
    assert "same thing" in same.equal


def test_periods_without_a_value_are_left_out_of_the_correlations() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(7, 60)), rng.normal(size=(7, 60))
    holed = a.copy()
    holed[2, 10:20] = np.nan
    shorter = [np.delete(values, range(10, 20), axis=1) for values in (a, b)]
    found, expected = index_weights([holed, b], [1, 1]), index_weights(shorter, [1, 1])
    assert isinstance(found, Weights)
    assert isinstance(expected, Weights)
    assert found.scale[0] == pytest.approx(expected.scale[0], abs=EXACT)
    assert found.equal == ""


def test_an_outcome_that_never_varies_gives_no_index() -> None:
    found = index_weights([np.ones((7, 12)), np.random.default_rng(0).normal(size=(7, 12))], [1, 1])
    assert isinstance(found, NoInference)
