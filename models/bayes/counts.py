"""Counts: negative binomial around a rate per exposure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from models.arrays import FloatArray
from models.bayes.layout import Layout
from models.bayes.links import Link
from models.panel import CountCells

LEVEL_SD = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Negative-binomial counts.

    ``y ~ NB(mean exposure * exp(predictor), variance mean + (own_noise * mean)^2)``: the counts are Poisson around a
    rate that itself varies from cell to cell with coefficient of variation `own_noise`.
    """

    layout: Layout
    name: str = "counts"
    signature: tuple[int, ...] = ()
    own_noise: bool = True
    link: Link = Link.LOG
    unit: float = 1.0

    @property
    def _cells(self) -> CountCells:
        assert isinstance(self.layout.cells, CountCells)  # noqa: S101 - the registry passes counts only
        return self.layout.cells

    def data(self) -> Mapping[str, FloatArray]:
        """Events and log exposure, shape (A, B); exposure 1 where nothing was seen."""
        return {"events": self._cells.events, "log_exposure": self._log_exposure()}

    def _log_exposure(self) -> FloatArray:
        return np.log(np.where(self.layout.seen, self._cells.exposure, 1.0))

    def observe(self, predictor: Any, own_noise: Any, data: Mapping[str, Any]) -> Any:
        """Log probability of each count without its constant; stable where the noise is next to none."""
        import pytensor.tensor as pt

        events, log_mean = data["events"], predictor + data["log_exposure"]
        size = 1.0 / own_noise**2
        ratio = pt.exp(log_mean) / size
        return (
            pt.gammaln(events + size)
            - pt.gammaln(size)
            - events * pt.log(size)
            + events * log_mean
            - (events + size) * pt.log1p(ratio)
        )

    def centre(self) -> tuple[float, float]:
        """Log of the baseline's rate over all areas, with a standard deviation of 0.3, a third up or down."""
        before = self.layout.seen & (self.layout.after == 0)
        rate = (self._cells.events[before].sum() + 0.5) / self._cells.exposure[before].sum()
        return float(np.log(rate)), LEVEL_SD

    def pointwise(self, predictor: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Log probability of each count."""
        y, size = self._cells.events, 1.0 / extras["own_noise"][:, None, None] ** 2
        log_mean = predictor + self._log_exposure()
        ratio = np.exp(log_mean) / size
        constant = special.gammaln(y + size) - special.gammaln(size) - special.gammaln(y + 1) - y * np.log(size)
        return np.asarray(constant + y * log_mean - (y + size) * np.log1p(ratio))

    def replicate(
        self, predictor: FloatArray, extras: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> FloatArray:
        """Counts, shape (S, A, B)."""
        size = 1.0 / np.maximum(extras["own_noise"][:, None, None], 1e-6) ** 2
        mean = np.exp(predictor + self._log_exposure())
        return rng.poisson(mean * rng.gamma(size, 1.0 / size, predictor.shape)).astype(np.float64)

    def statistic(self) -> FloatArray:
        """Events, NaN where not seen."""
        return np.where(self.layout.seen, self._cells.events, np.nan)

    def weight(self) -> FloatArray:
        """Exposure."""
        return self._cells.exposure

    def effect(self, predictor: FloatArray, effect: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """The log rate ratio, which is the effect itself."""
        del predictor, extras
        return effect

    def prior_extras(self, size: int, rng: np.random.Generator) -> Mapping[str, FloatArray]:
        """Nothing: the overdispersion is part of the noise."""
        del size, rng
        return {}
