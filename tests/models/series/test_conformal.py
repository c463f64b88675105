import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.arrays import FloatArray
from models.inference.refusal import NoInference
from models.series.conformal import Conformal, conformal

ALWAYS = np.ones(48, dtype=bool)
AFTER = np.arange(48) >= 36
CONSTANT = np.ones((48, 1))


def noise(seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=48)


def shifted(y: FloatArray, design: FloatArray = CONSTANT) -> Conformal:
    found = conformal(y, design, ALWAYS, AFTER, 0.95)
    assert isinstance(found, Conformal)
    return found


def by_hand(y: FloatArray, effect: float) -> float:
    """p of a constant effect, shift by shift."""
    moved = y - effect * AFTER
    u = moved - moved.mean()
    sizes = [abs(np.roll(u, shift)[AFTER].mean()) for shift in range(len(y))]
    return float(np.mean([size >= sizes[0] - 1e-9 for size in sizes]))


@given(st.integers(0, 10_000), st.floats(-2, 2))
@settings(max_examples=30, deadline=None)
def test_p_is_the_share_of_shifts_and_the_interval_holds_what_is_not_rejected(seed: int, effect: float) -> None:
    y = noise(seed) + effect * AFTER
    found = shifted(y)
    assert found.p_value == pytest.approx(by_hand(y, 0.0))
    assert found.interval is not None
    lo, hi = found.interval
    assert by_hand(y, lo + 1e-7) > 0.05
    assert by_hand(y, hi - 1e-7) > 0.05
    for outside in (lo - 1e-5, lo - 0.5, hi + 1e-5, hi + 0.5, hi + 100):
        assert by_hand(y, outside) <= 0.05 + 1e-12
    assert lo <= found.estimate <= hi


def test_the_estimate_leaves_residuals_of_mean_zero_in_follow_up() -> None:
    y = noise(3)
    assert shifted(y).estimate == pytest.approx(y[AFTER].mean() - y[~AFTER].mean())


def test_a_large_effect_has_the_smallest_p_there_is() -> None:
    found = shifted(noise(1) + 50 * AFTER)
    assert found.p_value == found.attainable_p == 1 / 48


def test_a_statistic_by_hand_with_a_trend_and_a_season() -> None:
    t = np.arange(48.0)
    design = np.column_stack([CONSTANT, t, np.cos(np.pi * t / 6), np.sin(np.pi * t / 6)])
    y = noise(4) + 0.8 * AFTER
    maker = np.eye(48) - design @ np.linalg.pinv(design)
    effect, residual = maker @ AFTER, maker @ y
    rolled = [np.roll(effect, k) for k in range(48)]
    sizes = np.abs([e @ residual / np.linalg.norm(maker @ e) for e in rolled])
    found = shifted(y, design)
    assert found.p_value == pytest.approx((sizes >= sizes[0] - 1e-9).mean())
    assert found.estimate == pytest.approx(np.linalg.lstsq(np.column_stack([design, AFTER]), y, rcond=None)[0][-1])


@pytest.mark.parametrize(("before", "after"), [(24, 12), (36, 12), (48, 12), (48, 24)])
def test_a_trend_does_not_hide_a_large_effect(before: int, after: int) -> None:
    n = before + after
    t = np.arange(n, dtype=float)
    design = np.column_stack([np.ones(n), t, np.cos(np.pi * t / 6), np.sin(np.pi * t / 6)])
    y = np.random.default_rng(n).normal(size=n) + 0.3 * t + 50 * (t >= before)
    found = conformal(y, design, np.ones(n, dtype=bool), t >= before, 0.95)
    assert isinstance(found, Conformal)
    assert found.p_value == found.attainable_p == 1 / n
    assert found.interval is not None
    assert found.interval[0] < 50 < found.interval[1]


def test_a_short_series_with_a_trend_leaves_no_interval_and_it_says_so() -> None:
    used = np.arange(48) >= 30
    t = np.arange(48.0)
    found = conformal(noise(1) + 50 * AFTER, np.column_stack([CONSTANT, t]), used, AFTER & used, 0.95)
    assert isinstance(found, Conformal)
    assert found.attainable_p >= 1 / 18
    assert found.interval is None
    assert "shifts are too few" in found.reason


def test_no_effect_in_a_short_series_can_be_ruled_out_at_the_level() -> None:
    used = np.arange(48) >= 30
    found = conformal(noise(2), CONSTANT, used, AFTER & used, 0.95)
    assert isinstance(found, Conformal)
    assert found.attainable_p >= 1 / 18
    assert found.interval is None


def test_it_refuses_without_periods_on_both_sides_or_without_noise() -> None:
    for y, used, word in ((noise(1), AFTER, "with and without"), (np.ones(48), ALWAYS, "exactly")):
        found = conformal(y, CONSTANT, used, AFTER, 0.95)
        assert isinstance(found, NoInference)
        assert word in found.reason


@pytest.mark.parametrize(("before", "size", "power"), [(24, 0.017, 0.40), (36, 0.027, 0.68), (48, 0.046, 0.84)])
def test_with_trend_and_season_it_holds_its_size_and_has_power(before: int, size: float, power: float) -> None:
    # 12 periods after; an effect of two standard deviations of a month; 600 runs, standard errors to .9 and 2 points.
    n, runs = before + 12, 600
    t = np.arange(n, dtype=float)
    design = np.column_stack([np.ones(n), t, np.cos(np.pi * t / 6), np.sin(np.pi * t / 6)])
    y = np.random.default_rng(before).normal(size=(runs, n))
    for effect, expected, near in ((0.0, size, 0.03), (2.0, power, 0.08)):
        found = [conformal(x + effect * (t >= before), design, np.ones(n, bool), t >= before, 0.95) for x in y]
        p = np.array([f.p_value for f in found if isinstance(f, Conformal)])
        assert float((p <= 0.05).mean()) == pytest.approx(expected, abs=near)


def test_the_size_is_five_per_cent_where_shifts_change_nothing() -> None:
    # Residuals from a mean are exchangeable: p <= 2/48 in 2 of 48 runs, 4.2%; 2,000 runs, standard error .4 points.
    p = np.array([shifted(noise(seed)).p_value for seed in range(2000)])
    assert float((p <= 0.05).mean()) == pytest.approx(2 / 48, abs=0.014)
