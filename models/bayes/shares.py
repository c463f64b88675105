"""Shares of yes and no: binomial around a probability."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from models.arrays import FloatArray
from models.bayes.layout import Layout
from models.bayes.links import Link
from models.event_curve import divide
from models.panel import BinaryCells

LEVEL_SD = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Binomial shares: ``y ~ Binomial(trials, 1 / (1 + exp(-predictor)))``."""

    layout: Layout
    name: str = "shares"
    signature: tuple[int, ...] = ()
    own_noise: bool = False
    link: Link = Link.LOGIT

    @property
    def _cells(self) -> BinaryCells:
        assert isinstance(self.layout.cells, BinaryCells)  # noqa: S101 - the registry passes binary cells only
        return self.layout.cells

    def data(self) -> Mapping[str, FloatArray]:
        """Successes and trials, shape (A, B)."""
        return {"successes": self._cells.successes, "trials": self._cells.trials}

    def observe(self, predictor: Any, own_noise: Any, data: Mapping[str, Any]) -> Any:
        """Log probability of each number of successes without its constant; 0 where there are no trials."""
        import pytensor.tensor as pt

        del own_noise
        return data["successes"] * predictor - data["trials"] * pt.softplus(predictor)

    def centre(self) -> tuple[float, float]:
        """Log odds of the baseline's share over all areas, with a standard deviation that spans odds sevenfold."""
        before = self.layout.seen & (self.layout.after == 0)
        return log_odds(self._cells.successes[before].sum(), self._cells.trials[before].sum()), LEVEL_SD

    def pointwise(self, predictor: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Log probability of each number of successes."""
        del extras
        y, n = self._cells.successes, self._cells.trials
        constant = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
        return np.asarray(constant + y * predictor - n * np.logaddexp(0.0, predictor))

    def replicate(
        self, predictor: FloatArray, extras: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> FloatArray:
        """Shares, shape (S, A, B)."""
        del extras
        return drawn_share(self._cells.trials, special.expit(predictor), rng)

    def statistic(self) -> FloatArray:
        """Share of successes, NaN where not seen."""
        return share_of(self._cells.successes, self._cells.trials)

    def weight(self) -> FloatArray:
        """Trials."""
        return self._cells.trials

    def effect(self, predictor: FloatArray, effect: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Difference in the share of successes."""
        del extras
        return share_difference(self.layout, predictor, effect, self._cells.trials)

    def prior_extras(self, size: int, rng: np.random.Generator) -> Mapping[str, FloatArray]:
        """Nothing."""
        del size, rng
        return {}


def log_odds(successes: float, trials: float) -> float:
    """Log odds of a share, half a success and half a failure added so that it is always a number."""
    return float(np.log((successes + 0.5) / (trials - successes + 0.5)))


def share_of(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide, each of shape (A, B); NaN where there is nothing to divide by."""
    return divide(part, whole, whole > 0)


def drawn_share(trials: FloatArray, probability: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw successes of trials, shape (A, B), with a probability of shape (S, A, B), as a share; 0 without trials."""
    counts = rng.binomial(trials.astype(np.int64), probability)
    return np.asarray(counts / np.maximum(trials, 1.0))


def share_difference(layout: Layout, predictor: FloatArray, effect: FloatArray, weight: FloatArray) -> FloatArray:
    """Carry an effect on the log odds to the share: with it less without it, mean over treated areas, shape (S,).

    Parameters
    ----------
    layout
        Who is treated when.
    predictor
        With the effect, shape (S, A, B).
    effect
        On the log odds, shape (S,).
    weight
        Answers of each cell, shape (A, B).
    """
    areas, bins = np.flatnonzero(layout.treated), np.flatnonzero(layout.after)
    eta = predictor[:, areas][:, :, bins]
    moved = special.expit(eta) - special.expit(eta - effect[:, None, None])
    return mean_over_areas(moved, weight[np.ix_(areas, bins)])


def mean_over_areas(values: FloatArray, weight: FloatArray) -> FloatArray:
    """Average bins by their weight within each area, and then areas alike; areas without weight are left out.

    Parameters
    ----------
    values
        Shape (S, A, B).
    weight
        Shape (A, B), with something in at least one area.
    """
    total = weight.sum(axis=1)
    kept = total > 0
    by_area = (values[:, kept] * (weight[kept] / total[kept, None])).sum(axis=2)
    return np.asarray(by_area.mean(axis=1))
