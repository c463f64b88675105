"""Reweighted draws against the exact answer of a normal model under another prior."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from models.arrays import FloatArray
from models.bayes.predictor import Scales
from models.bayes.variants import RELIABLE, judged, log_weights, smoothed, variant
from models.posterior import Variant

# 20,000 draws of a standard deviation of about .08: Monte Carlo error of a mean .0006, and reweighting adds to it.
MEAN = 0.004
SHARE = 0.02

ESTIMATE, ERROR = -0.12, 0.09
OWN = Scales(effect_mean=0.0, effect_sd=0.2, shock=0.1)


@dataclass(frozen=True)
class Stand:
    """The three attributes that reweighting reads."""

    scales: Scales
    flat: dict[str, FloatArray]
    effect: FloatArray


def exact(prior_mean: float, prior_sd: float) -> tuple[float, float]:
    """Posterior mean and standard deviation of a normal mean measured once."""
    precision = 1 / prior_sd**2 + 1 / ERROR**2
    return (prior_mean / prior_sd**2 + ESTIMATE / ERROR**2) / precision, precision**-0.5


def drawn(size: int = 20_000) -> Any:
    mean, sd = exact(0.0, OWN.effect_sd)
    rng = np.random.default_rng(1)
    effect = rng.normal(mean, sd, size)
    return Stand(OWN, {"effect": effect, "shock_sd": np.abs(rng.normal(0, OWN.shock, size))}, effect)


def judge(effect: FloatArray, weights: FloatArray) -> Variant:
    return judged(effect, weights, 0.95, -1, -0.05)


def refused() -> Any:
    raise AssertionError("sampled again, though the weights are reliable")


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 0.1), (-0.1, 0.15), (0.0, 0.3)])
def test_another_prior_of_the_effect_gives_the_exact_answer(mean: float, sd: float) -> None:
    other = replace(OWN, effect_mean=mean, effect_sd=sd)
    found = variant("other", drawn(), other, judge, refused)
    right, spread = exact(mean, sd)
    assert found.label == "other"
    assert found.mean == pytest.approx(right, abs=MEAN)
    assert found.interval[0] == pytest.approx(right - 1.96 * spread, abs=4 * MEAN)
    assert found.interval[1] == pytest.approx(right + 1.96 * spread, abs=4 * MEAN)


def test_a_shock_of_another_size_weighs_the_draws_by_the_ratio_of_half_normals() -> None:
    stand = drawn()
    weights, shape = smoothed(log_weights(stand, replace(OWN, shock=0.05)))
    assert shape < RELIABLE
    # The mean of a half-normal is scale * sqrt(2 / pi).
    assert float((weights * stand.flat["shock_sd"]).sum()) == pytest.approx(0.05 * np.sqrt(2 / np.pi), rel=SHARE)


def test_the_same_prior_leaves_every_draw_its_weight() -> None:
    weights, shape = smoothed(log_weights(drawn(1000), OWN))
    np.testing.assert_allclose(weights, 1e-3)
    assert shape == 0.0


def test_a_prior_far_from_the_draws_is_sampled_again() -> None:
    other = replace(OWN, effect_mean=1.0, effect_sd=0.02)
    mean, sd = exact(other.effect_mean, other.effect_sd)
    calls = []

    def again() -> Any:
        calls.append(1)
        effect = np.random.default_rng(2).normal(mean, sd, 20_000)
        return Stand(other, {}, effect)

    found = variant("far", drawn(), other, judge, again)
    assert calls == [1]
    assert found.mean == pytest.approx(mean, abs=MEAN)


def test_probabilities_are_shares_of_the_weight_in_the_better_direction() -> None:
    effect = np.asarray([-0.2, -0.06, -0.01, 0.02, 0.07])
    weights = np.asarray([0.1, 0.2, 0.3, 0.25, 0.15])
    found = judged(effect, weights, 0.95, -1, -0.05)
    assert found.beneficial == pytest.approx(0.6)
    assert found.worthwhile == pytest.approx(0.3)
    assert found.harm == pytest.approx(0.15)
    assert found.mean == pytest.approx(-0.0195)
    assert judged(effect, weights, 0.95, -1, -0.05, 0.01).harm == pytest.approx(0.4)
    other = judged(effect, weights, 0.95, 1, None)
    assert other.beneficial == other.worthwhile == pytest.approx(0.4)
    assert other.harm == pytest.approx(0.6)
