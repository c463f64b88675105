"""Eight schools (Rubin 1981, Journal of Educational Statistics 6:377): the grid, published numbers, and the sampler.

posteriordb's non-centred model: mu ~ N(0, 5^2), tau ~ half-Cauchy(5); its reference draws give mu about 4.4 and tau
about 3.6.
"""

from typing import Any

import numpy as np
import pytest

from models.bayes.grid import GridPosterior, grid_mean, half_cauchy
from models.bayes.priors import EffectPrior
from models.bayes.sampling import Settings, sample

EFFECT = np.asarray([28.0, 8, -3, 7, -1, 1, 18, 12])
ERROR = np.asarray([15.0, 10, 16, 11, 9, 11, 10, 18])
PUBLISHED = 0.05  # printed with one decimal
STANDARD_ERRORS = 4.0


def exact() -> GridPosterior:
    return grid_mean(EFFECT, ERROR**2, EffectPrior("schools", 0.0, 5.0), half_cauchy(5.0))


def test_the_grid_gives_the_published_means() -> None:
    found = exact()
    assert float(found.mean) == pytest.approx(4.4, abs=PUBLISHED)
    assert float(found.tau_mean) == pytest.approx(3.6, abs=PUBLISHED)


def test_the_grid_is_the_sum_over_a_plain_grid_of_both() -> None:
    """A table of mu by u, tau = 5 tan(pi u / 2), by the definition of the posterior."""
    mu = np.linspace(-35, 40, 3_001)[:, None]
    tau = 5 * np.tan(np.pi * (np.arange(2_000) + 0.5) / 4_000)[None, :]
    height = -0.5 * (mu / 5) ** 2
    for y, s in zip(EFFECT, ERROR, strict=True):
        height = height - 0.5 * (np.log(s**2 + tau**2) + (y - mu) ** 2 / (s**2 + tau**2))
    weight = np.exp(height - height.max())
    weight /= weight.sum()
    found = exact()
    assert float(found.mean) == pytest.approx(float((weight * mu).sum()), abs=1e-4)
    assert float(found.tau_mean) == pytest.approx(float((weight * tau).sum()), abs=1e-4)
    assert float(found.below(0.0)) == pytest.approx(float(weight[mu[:, 0] < 0].sum()), abs=1e-3)


def test_the_sampler_agrees_within_its_own_error() -> None:
    def build() -> Any:
        import pymc as pm

        with pm.Model(check_bounds=False) as model:
            y, s = pm.Data("y", EFFECT), pm.Data("s", ERROR)
            mu = pm.Normal("mu", 0.0, 5.0)
            tau = pm.HalfCauchy("tau", 5.0)
            z = pm.Normal("z", 0.0, 1.0, shape=8)
            pm.Potential("likelihood", (-0.5 * ((y - mu - tau * z) / s) ** 2).sum())
        return model

    from arviz_stats.base import array_stats

    draws = sample(
        ("eight schools",), build, {"y": EFFECT, "s": ERROR}, Settings(draws=2_000, target_accept=0.95, seed=3)
    )
    assert not draws.diverging.any()
    found = exact()
    for name, expected in (("mu", float(found.mean)), ("tau", float(found.tau_mean))):
        values = draws.variables[name]
        error = float(array_stats.mcse(values, chain_axis=0, draw_axis=1, method="mean"))
        assert 0 < error < 0.15
        assert float(values.mean()) == pytest.approx(expected, abs=STANDARD_ERRORS * error)
    below = float((draws.variables["mu"] < 0).mean())
    assert below == pytest.approx(float(found.below(0.0)), abs=0.02)  # about 3,000 effective draws: 4 x 0.005
