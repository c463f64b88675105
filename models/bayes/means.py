"""Plain values: normal around a mean, from the number, mean and spread of each cell's values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.bayes.layout import Layout
from models.bayes.links import Link
from models.panel import ContinuousCells
from models.summary import squared_deviations

SPREAD_SD = 0.5
"""Prior standard deviation of the log of the values' own standard deviation, around the baseline's."""
LOG_TWO_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Values of each cell, shape (A, B): number, mean (0 where there is none) and sum of squared deviations from it."""

    n: FloatArray
    mean: FloatArray
    within: FloatArray

    def spread(self, cells: BoolArray) -> float:
        """Standard deviation within cells, those of the mask pooled; 0 where no cell has two values that differ."""
        freedom = np.maximum(self.n[cells] - 1, 0.0).sum()
        return float(np.sqrt(self.within[cells].sum() / freedom)) if freedom > 0 else 0.0


def sums_of(n: FloatArray, total: FloatArray, squares: FloatArray) -> Sums:
    """Turn number, sum and sum of squares into what a normal likelihood reads."""
    return Sums(n, total / np.maximum(n, 1.0), squared_deviations(n, total, squares))


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """Normal values around a mean of the cell that itself varies.

    ``y ~ N(mean of the cell, spread^2)`` and ``mean of the cell ~ N(predictor, own_noise^2)``, the latter integrated
    out: the mean of n values is N(predictor, spread^2 / n + own_noise^2). Own parameter ``spread_unit``, shape (S,),
    standard normal. Where no cell has two values that differ the spread cannot be told from the noise and is left out.
    """

    layout: Layout
    name: str = "means"
    own_noise: bool = True
    link: Link = Link.IDENTITY

    @property
    def _sums(self) -> Sums:
        cells = self.layout.cells
        assert isinstance(cells, ContinuousCells)  # noqa: S101 - the registry passes continuous cells only
        return sums_of(cells.n, cells.total, cells.squares)

    @property
    def signature(self) -> tuple[int, ...]:
        """1 if values vary within cells."""
        return (int(self._sums.within.any()),)

    def _spread(self) -> float:
        """Standard deviation within cells of the baseline; within all cells where the baseline's do not vary."""
        sums = self._sums
        before = np.broadcast_to(self.layout.after == 0, self.layout.shape)
        return sums.spread(before) or sums.spread(np.ones_like(before))

    def data(self) -> Mapping[str, FloatArray]:
        """Number (1 where there are none), mean and squared deviations, shape (A, B), and the log spread."""
        sums = self._sums
        found = {"values": np.maximum(sums.n, 1.0), "means": sums.mean}
        spread = {"within": sums.within, "log_spread": np.asarray(np.log(self._spread()))} if self.signature[0] else {}
        return found | spread

    def observe(self, predictor: Any, own_noise: Any, data: Mapping[str, Any]) -> Any:
        """Log density of the values of each cell without its constant."""
        import pymc as pm
        import pytensor.tensor as pt

        if "within" not in data:
            variance = own_noise**2 / data["values"]
            return -0.5 * (pt.log(variance) + (data["means"] - predictor) ** 2 / variance)
        log_spread = data["log_spread"] + SPREAD_SD * pm.Normal("spread_unit", 0.0, 1.0)
        spread = pt.exp(2.0 * log_spread)
        variance = own_noise**2 + spread / data["values"]
        own = (data["values"] - 1.0) * log_spread + 0.5 * data["within"] / spread
        return -0.5 * (pt.log(variance) + (data["means"] - predictor) ** 2 / variance) - own

    def centre(self) -> tuple[float, float]:
        """Mean of the baseline's values over all areas, and their standard deviation."""
        sums = self._sums
        kept = np.broadcast_to(self.layout.after == 0, self.layout.shape) & (sums.n > 0)
        n, mean = sums.n[kept], sums.mean[kept]
        middle = float((n * mean).sum() / n.sum())
        square = (sums.within[kept] + n * (mean - middle) ** 2).sum() / n.sum()
        return middle, float(np.sqrt(square)) or 1.0

    def _variance(self, extras: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Log spread, shape (S, 1, 1), and variance of the mean of each cell, shape (S, A, B)."""
        n, own = np.maximum(self._sums.n, 1.0), extras["own_noise"][:, None, None]
        if not self.signature[0]:
            return np.zeros((1, 1, 1)), own**2 / n
        log_spread = np.log(self._spread()) + SPREAD_SD * extras["spread_unit"][:, None, None]
        return log_spread, own**2 + np.exp(2 * log_spread) / n

    def pointwise(self, predictor: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Log density of the values of each cell; of their mean where values do not vary within cells."""
        sums = self._sums
        log_spread, variance = self._variance(extras)
        found = -0.5 * (LOG_TWO_PI + np.log(variance) + (sums.mean - predictor) ** 2 / variance)
        if self.signature[0]:
            found += normal_within(sums, log_spread)
        return np.where(sums.n > 0, found, 0.0)

    def replicate(
        self, predictor: FloatArray, extras: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> FloatArray:
        """Means, shape (S, A, B)."""
        return rng.normal(predictor, np.sqrt(self._variance(extras)[1]))

    def statistic(self) -> FloatArray:
        """Mean, NaN where there are no values."""
        sums = self._sums
        return np.where(sums.n > 0, sums.mean, np.nan)

    def weight(self) -> FloatArray:
        """Number of values."""
        return self._sums.n

    def effect(self, predictor: FloatArray, effect: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """The difference of means, which is the effect itself."""
        del predictor, extras
        return effect

    def prior_extras(self, size: int, rng: np.random.Generator) -> Mapping[str, FloatArray]:
        """Standard normals of the log spread."""
        return {"spread_unit": rng.normal(size=size)} if self.signature[0] else {}


def normal_within(sums: Sums, log_spread: FloatArray) -> FloatArray:
    """Log density of n values given their mean, log spread of shape (S, 1, 1); 0 for one value."""
    n = np.maximum(sums.n, 1.0)
    constant = 0.5 * (n - 1) * LOG_TWO_PI + 0.5 * np.log(n)
    return np.asarray(-constant - (n - 1) * log_spread - 0.5 * sums.within * np.exp(-2 * log_spread))
