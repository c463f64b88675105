"""Each likelihood, sampled on data it made itself, gives back the effect and its own parameters.

One compilation and a few hundred draws each, so the truth is asked to lie within four posterior standard deviations,
and the posterior to be much narrower than the prior. Whether intervals cover as often as they say is calibration's
business.
"""

from collections.abc import Callable

import numpy as np
import pytest

from models.arrays import FloatArray
from models.bayes.durations import SPREAD_SD
from models.bayes.fitting import Fitted, fitted
from models.bayes.hazard import Hazard
from models.bayes.layout import layout_of
from models.bayes.likelihoods import likelihood_of
from models.bayes.predictor import Scales
from models.bayes.ratings import Ratings
from models.bayes.sampling import Settings
from models.design import Design
from models.panel import BinaryCells, Cells, ContinuousCells, DurationCells, OrdinalCells, Panel, TimeToEventCells

OFF = 4.0  # posterior standard deviations
MIXED = 1.05  # R-hat of a few hundred draws
AREAS, PERIODS, AFTER, TREATED = 6, 12, 5, 2
EFFECT, N = 0.5, 400
BRIEF = Settings(chains=2, tune=400, draws=400, seed=1)


def predictor(rng: np.random.Generator, areas: int, level: float) -> FloatArray:
    """Areas, periods, a little noise, and the effect on the treated ones after the start, shape (A, T)."""
    eta = (
        level
        + rng.normal(0, 0.3, (areas, 1))
        + rng.normal(0, 0.15, (1, PERIODS))
        + rng.normal(0, 0.05, (areas, PERIODS))
    )
    eta[: min(TREATED, areas - 1), -AFTER:] += EFFECT
    return np.asarray(eta)


def sampled(make_panel: Callable[..., Panel], cells: Cells, treated: int = TREATED) -> Fitted:
    layout = layout_of(make_panel(cells, treated=treated, after=AFTER), Design())
    return fitted(likelihood_of(layout), Scales(0.0, 1.0, 0.05), BRIEF)


def holds(found: Fitted, truth: float) -> None:
    from arviz_stats.base import array_stats

    draws = found.flat["effect"]
    assert abs(draws.mean() - truth) < OFF * draws.std()
    assert draws.std() < 0.25
    effect = found.draws.variables["effect"]
    assert array_stats.rhat(effect, chain_axis=0, draw_axis=1) < MIXED


def within(draws: FloatArray, truth: FloatArray | float) -> None:
    assert (np.abs(draws.mean(axis=0) - truth) < OFF * draws.std(axis=0)).all()


def test_shares_with_one_comparison_area(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(1)
    p = 1 / (1 + np.exp(-predictor(rng, 2, -0.5)))
    trials = np.full(p.shape, float(N))
    found = sampled(make_panel, BinaryCells(rng.binomial(N, p).astype(np.float64), trials), 1)
    holds(found, EFFECT)
    assert 0.05 < found.effect.mean() < 0.2  # half a unit of log odds at a share near .4


@pytest.mark.slow
def test_ratings(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(2)
    cuts = np.asarray([-2.0, -0.8, 0.0, 1.5])
    below = 1 / (1 + np.exp(predictor(rng, AREAS, -0.2)[..., None] - cuts))
    n = rng.multinomial(N, np.diff(below, prepend=0.0, append=1.0)).astype(np.float64)
    found = sampled(make_panel, OrdinalCells(n, 3))
    holds(found, EFFECT)
    assert isinstance(found.likelihood, Ratings)
    within(found.likelihood.cutpoints(found.flat)[0][:, [0, 1, 3]], cuts[[0, 1, 3]])


@pytest.mark.slow
def test_a_hazard_that_falls_from_day_to_day(make_panel: Callable[..., Panel]) -> None:
    rng, horizon = np.random.default_rng(3), 60
    shape = np.exp(-np.arange(1, horizon + 1) / 25)
    summed = np.exp(predictor(rng, AREAS, -1.0))[..., None] * np.cumsum(shape / shape.sum())
    events, censored, competing = (np.zeros((AREAS, PERIODS, horizon + 1)) for _ in range(3))
    for a, t in np.ndindex(AREAS, PERIODS):
        day = 1 + np.searchsorted(summed[a, t], rng.exponential(size=N))
        last = np.where(rng.random(N) < 0.3, rng.integers(1, horizon + 1, N), horizon)
        leaves = rng.random(N) < 0.2
        had = day <= last
        for group, mask in ((events, had), (competing, ~had & leaves), (censored, ~had & ~leaves)):
            group[a, t] = np.bincount(np.where(had, day, last)[mask], minlength=horizon + 1)
    found = sampled(make_panel, TimeToEventCells(events, censored, competing))
    holds(found, EFFECT)
    assert isinstance(found.likelihood, Hazard)
    edges = found.likelihood.edges()
    shares = np.add.reduceat(shape / shape.sum(), edges[:-1] - 1)
    within(found.likelihood.shape(found.flat) + np.log(np.diff(edges)), np.log(shares))


@pytest.mark.slow
def test_durations(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(predictor(rng, AREAS, 2.0)[..., None], 0.8, (AREAS, PERIODS, N))
    limit = np.log(20.0)
    done = values < limit
    n = done.sum(axis=2).astype(np.float64)
    totals = [np.where(done, values**power, 0.0).sum(axis=2) for power in (1, 2)]
    still = (~done).sum(axis=2, keepdims=True).astype(np.float64)
    found = sampled(make_panel, DurationCells(n, *totals, still, np.asarray([20.0])))
    holds(found, EFFECT)
    log_spread = found.likelihood.data()["log_spread"] + SPREAD_SD * found.flat["spread_unit"]
    within(log_spread, np.log(0.8))


@pytest.mark.slow
def test_means(make_panel: Callable[..., Panel]) -> None:
    rng = np.random.default_rng(5)
    cell = predictor(rng, AREAS, 10.0) + rng.normal(0, 0.1, (AREAS, PERIODS))
    values = rng.normal(cell[..., None], 2.0, (AREAS, PERIODS, N))
    n = np.full(cell.shape, float(N))
    found = sampled(make_panel, ContinuousCells(n, values.sum(axis=2), (values**2).sum(axis=2)))
    holds(found, EFFECT)
    log_spread = found.likelihood.data()["log_spread"] + SPREAD_SD * found.flat["spread_unit"]
    within(log_spread, np.log(2.0))
