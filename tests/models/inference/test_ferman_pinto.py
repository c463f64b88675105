"""Ferman and Pinto's bootstrap: the variance it fits, its draws, its inversion, what it repairs and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import collapsed_t
from models.inference.ferman_pinto import FEWEST_COMPARISON, FermanPinto, ferman_pinto, variance_by_size
from models.inference.refusal import NoInference
from models.inference.ttest import TTest

EXACT = 1e-9  # least squares by two routes
STEP = 1e-6  # of the interval: the search for a limit ends far closer than this
DRAWN = 4 * 2**0.5 * (0.25 / 20_000) ** 0.5  # four standard errors of the difference of two shares of 20,000 draws
REPEATS = 1_000


def first(treated: int, areas: int) -> BoolArray:
    return np.arange(areas) < treated


def run(changes: FloatArray, mask: BoolArray, sizes: FloatArray, level: float = 0.95, **options: int) -> FermanPinto:
    found = ferman_pinto(changes, mask, sizes, level, **options)
    assert isinstance(found, FermanPinto)
    return found


def areas(seed: int, treated: int = 2, comparison: int = 30) -> tuple[BoolArray, FloatArray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.normal(size=treated + comparison))
    sizes[treated] = sizes.min() / 2
    return first(treated, treated + comparison), sizes, rng


def test_a_variance_that_follows_the_rule_is_found_again() -> None:
    sizes = np.asarray([10.0, 20, 50, 100, 400])
    assert variance_by_size(np.sqrt(0.3 + 40 / sizes), sizes) == pytest.approx((0.3, 40), rel=EXACT)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=50)
def test_the_fit_is_the_best_without_negative_parts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes, residuals = np.exp(rng.normal(size=12)), rng.normal(size=12)
    constant, per_size = variance_by_size(residuals, sizes)
    assert min(constant, per_size) >= 0

    def loss(a: float, b: float) -> float:
        return float(((residuals**2 - a - b / sizes) ** 2).sum())

    best = loss(constant, per_size)
    for step in (1e-3, -1e-3):
        assert best <= loss(max(0.0, constant + step), per_size) + EXACT
        assert best <= loss(constant, max(0.0, per_size + step)) + EXACT
    a, b = np.linalg.lstsq(np.column_stack([np.ones(12), 1 / sizes]), residuals**2)[0]
    if a > 0 and b > 0:
        assert (constant, per_size) == pytest.approx((a, b), rel=1e-6)


def test_where_large_areas_vary_more_size_plays_no_part() -> None:
    sizes = np.asarray([1.0, 2, 4, 8])
    assert variance_by_size(np.sqrt(sizes), sizes) == pytest.approx((15 / 4, 0))


def test_p_agrees_with_residuals_drawn_in_another_program() -> None:
    mask, sizes, rng = areas(3)
    changes = rng.normal(size=32) * np.sqrt(0.2 + 0.5 / sizes) + 0.5 * mask
    found = run(changes, mask, sizes, seed=1)
    spread = np.sqrt(found.constant + found.per_size / sizes)
    pool = (changes - changes.mean()) / spread
    drawn = [spread * rng.choice(pool, size=32) for _ in range(20_000)]
    differences = np.asarray([d[mask].mean() - d[~mask].mean() for d in drawn])
    expected = np.mean(np.abs(differences) >= abs(found.test.estimate))
    assert 0.005 < expected < 0.5
    assert found.test.p_value == pytest.approx(expected, abs=DRAWN)
    residuals = changes[~mask] - changes[~mask].mean()
    assert (found.constant, found.per_size) == pytest.approx(variance_by_size(residuals, sizes[~mask]), rel=EXACT)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_ends_where_the_same_draws_begin_to_reject(level: float) -> None:
    mask, sizes, rng = areas(4)
    changes = rng.normal(size=32)
    found = run(changes, mask, sizes, level, seed=5, draws=1_999)
    assert found.test.interval is not None
    lo, hi = found.test.interval
    step = STEP * (hi - lo)

    def p(effect: float) -> float:
        return run(changes - effect * mask, mask, sizes, level, seed=5, draws=1_999).test.p_value

    assert lo < found.test.estimate < hi
    for inside, outside in ((lo + step, lo - step), (hi - step, hi + step)):
        assert p(inside) > 1 - level + EXACT
        assert p(outside) <= 1 - level + EXACT


def test_the_unit_of_changes_and_of_sizes_does_not_matter() -> None:
    mask, sizes, rng = areas(6)
    changes = rng.normal(size=32)
    plain, scaled = run(changes, mask, sizes, seed=1), run(1e-3 * changes, mask, 1e6 * sizes, seed=1)
    assert scaled.test.p_value == plain.test.p_value
    assert scaled.constant == pytest.approx(1e-6 * plain.constant, rel=1e-6)
    assert scaled.per_size == pytest.approx(plain.per_size, rel=1e-6)
    assert plain.test.interval is not None
    assert scaled.test.interval == pytest.approx(tuple(1e-3 * limit for limit in plain.test.interval), rel=1e-6)


def test_no_interval_if_the_treated_residual_is_drawn_back_too_often() -> None:
    # However large the effect, a draw that puts the treated area's residual back in its place repeats it.
    mask, sizes, rng = areas(7, treated=1, comparison=20)
    found = run(rng.normal(size=21), mask, sizes, 0.999)
    spread = np.sqrt(found.constant + found.per_size / sizes)
    pool = (mask - mask.mean()) / spread
    drawn = spread * rng.choice(pool, size=(20_000, 21))
    share = float(np.mean(np.abs(drawn[:, 0] - drawn[:, 1:].mean(axis=1)) >= 1))
    assert found.test.interval is None
    assert found.test.attainable_p == pytest.approx(share, abs=4 * (2 * share / 20_000) ** 0.5)
    assert found.test.attainable_p > 0.001


def test_too_few_comparison_areas_are_refused() -> None:
    few = FEWEST_COMPARISON - 1
    mask = first(2, few + 2)
    found = ferman_pinto(np.arange(few + 2.0), mask, np.ones(few + 2), 0.95)
    assert isinstance(found, NoInference)
    assert f"{few} of them are too few" in found.reason


def test_a_treated_area_smaller_than_all_others_is_refused() -> None:
    mask, sizes, rng = areas(8)
    sizes[0] = sizes[2] / 2
    found = ferman_pinto(rng.normal(size=32), mask, sizes, 0.95)
    assert isinstance(found, NoInference)
    assert "smaller than every comparison area" in found.reason


@pytest.mark.parametrize("treated", [0.0, 1.0])
def test_comparison_areas_that_all_changed_alike_are_refused(treated: float) -> None:
    mask, sizes, _ = areas(9)
    changes = np.where(mask, treated * np.arange(32), 0.1)
    found = ferman_pinto(changes, mask, sizes, 0.95)
    assert isinstance(found, NoInference)
    assert "exactly the same amount" in found.reason


def test_it_repairs_most_of_what_small_treated_areas_do_to_the_t_test() -> None:
    # Variance falls as 1/M; the treated areas are at the lower sixth of the sizes.
    rng, mask = np.random.default_rng(10), first(2, 42)
    bootstrap, collapsed = [], []
    for run_number in range(REPEATS):
        sizes = np.exp(rng.normal(size=42))
        sizes[:2] = np.exp(-1.0)
        changes = rng.normal(size=42) / np.sqrt(sizes)
        found = ferman_pinto(changes, mask, sizes, 0.95, seed=run_number, draws=199)
        if isinstance(found, FermanPinto):
            bootstrap.append(found.test.p_value <= 0.05)
            plain = collapsed_t(changes, mask, 0.95)
            assert isinstance(plain, TTest)
            collapsed.append(plain.p_value <= 0.05)
    assert len(bootstrap) > 0.95 * REPEATS
    assert np.mean(collapsed) > 0.12
    assert np.mean(bootstrap) < np.mean(collapsed) - 0.04


def test_with_areas_of_random_size_a_true_null_is_rejected_about_one_time_in_twenty() -> None:
    rng, mask, rejected = np.random.default_rng(11), first(2, 32), []
    for run_number in range(REPEATS):
        sizes = np.exp(0.75 * rng.normal(size=32))
        found = ferman_pinto(
            rng.normal(size=32) * np.sqrt(0.5 + 0.5 / sizes), mask, sizes, 0.95, seed=run_number, draws=199
        )
        if isinstance(found, FermanPinto):
            rejected.append(found.test.p_value <= 0.05)
    assert np.mean(rejected) == pytest.approx(0.055, abs=3 * (0.055 * 0.945 / len(rejected)) ** 0.5)
