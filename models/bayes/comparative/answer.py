"""What the series says of the effect: the posterior of the mean over follow-up, and of every single period."""

from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.bayes.comparative.mixture import Normals
from models.bayes.comparative.series import Series
from models.bayes.comparative.shocks import Shocks
from models.bayes.comparative.structure import (
    CORRELATIONS,
    LOADING_MEAN,
    LOADING_SD,
    WANDERING,
    Grid,
    posterior,
)
from models.effect import Effect

FOLLOWED = (LOADING_MEAN, LOADING_SD)
UNUSED, ONE_FOR_ONE = (0.0, 0.0), (1.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Posterior of one series.

    Attributes
    ----------
    series, shocks, grid
        What it rests on. The grid's first target is the mean over follow-up, the others the periods of follow-up, or
        there are no others.
    effect
        Posterior of the mean of what was seen less what would have been seen, on the linear scale.
    own
        Variance of the treated areas' mean shock per unit of tau squared.
    """

    series: Series
    shocks: Shocks
    grid: Grid
    effect: Normals
    own: float

    def period(self, number: int) -> Normals:
        """Posterior of what would have been seen in a period of follow-up, shocks included."""
        return _shocked(self.grid, self.shocks, self.own, 1 + number)

    def as_effect(self, level: float) -> Effect:
        """Median and central interval, for a row beside others."""
        sizes = self.series.panel.n_treated, len(self.series.names)
        return Effect(self.effect.quantile(0.5), self.effect.interval(level), self.effect.sd, None, None, *sizes)


def answer(
    series: Series,
    shocks: Shocks,
    *,
    shared: bool,
    loading: tuple[float, float] = FOLLOWED,
    rho: FloatArray = CORRELATIONS,
    wandering: FloatArray = WANDERING,
    periods: bool = False,
) -> Answer:
    """Compare the follow-up with what the baseline and the comparison series predict.

    Parameters
    ----------
    shared
        True if the treated areas share one shock.
    loading, rho, wandering
        See `models.bayes.comparative.structure.posterior`.
    periods
        Whether to predict every single period too.

    Notes
    -----
    The prior of the effect is flat, so that its posterior is that of the prediction turned round: what was seen less
    what would have been seen.
    """
    m = len(series.after)
    mean = np.full((1, m), 1 / m)
    targets = np.vstack([mean, np.eye(m)]) if periods else mean
    grid = posterior(series.structure, series.before, targets, rho, wandering, loading)
    own = series.shock_share(shared=shared)
    predicted = _shocked(grid, shocks, own, 0)
    effect = predicted.short_of(float(series.after.mean()))
    return Answer(series, shocks, grid, effect, own)


def _shocked(grid: Grid, shocks: Shocks, own: float, target: int) -> Normals:
    spread = grid.spread[..., target][..., None] + shocks.variances(grid, own)
    weights = grid.weights[..., None] * shocks.weights
    return Normals.of(weights, np.broadcast_to(grid.mean[..., target][..., None], spread.shape), spread)
