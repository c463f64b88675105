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


def test_a_trend_that_follows_the_effect_leaves_no_interval_and_it_says_so() -> None:
    t = np.arange(48.0)
    found = shifted(noise(1) + 50 * AFTER, design=np.column_stack([CONSTANT, t]))
    assert found.attainable_p > 0.05
    assert found.interval is None
    assert "trend" in found.reason


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


def test_the_size_is_five_per_cent_where_shifts_change_nothing() -> None:
    # Residuals from a mean are exchangeable: p <= 2/48 in 2 of 48 runs, 4.2%; 2,000 runs, standard error .4 points.
    p = np.array([shifted(noise(seed)).p_value for seed in range(2000)])
    assert float((p <= 0.05).mean()) == pytest.approx(2 / 48, abs=0.014)
