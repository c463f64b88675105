"""Durations: log-normal, cases still open known only to last longer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from models.arrays import FloatArray
from models.bayes.layout import Layout
from models.bayes.links import Link
from models.bayes.means import LOG_TWO_PI, SPREAD_SD, Sums, normal_within, sums_of
from models.panel import DurationCells, pool_areas
from models.summary import period_matrix, summarise

LEVEL_SD = 1.0
MOST_OPEN = 12
"""Bins of elapsed days of open cases."""
FEW_OPEN = 3
FAR = -4.0  # standard deviations: beyond, the normal tail is computed by its expansion


@dataclass(frozen=True, slots=True, eq=False)
class Durations:
    """Log-normal durations: ``log days ~ N(predictor, spread^2)``, and open cases add the chance of lasting longer.

    Own parameter ``spread_unit``, shape (S,), standard normal; the log spread is that within the baseline's cells plus
    half of it.
    """

    layout: Layout
    name: str = "durations"
    own_noise: bool = False
    link: Link = Link.LOG_DAYS

    @property
    def _cells(self) -> DurationCells:
        assert isinstance(self.layout.cells, DurationCells)  # noqa: S101 - the registry passes durations only
        return self.layout.cells

    @property
    def _sums(self) -> Sums:
        return sums_of(self._cells.n, self._cells.log_total, self._cells.log_squares)

    @property
    def signature(self) -> tuple[int, ...]:
        """Number of bins of elapsed days."""
        return (self._open()[1].size,)

    def _open(self) -> tuple[FloatArray, FloatArray]:
        """Open cases by elapsed time, shape (bins, A, B), and its log, shape (bins,).

        Where they have been open for more than a dozen different numbers of days these are put together in bins of
        equal length on the log scale, each at the mean of its cases' logs.
        """
        logs, still = np.log(self._cells.open_days), np.moveaxis(self._cells.still_open, 2, 0)
        if logs.size <= MOST_OPEN:
            return still, logs
        edges = np.linspace(logs.min(), logs.max(), MOST_OPEN + 1)
        place = np.clip(np.searchsorted(edges, logs, side="right") - 1, 0, MOST_OPEN - 1)
        cases = still.sum(axis=(1, 2)) + 1e-9  # a bin without a case lies at its days' mean
        members = [place == k for k in np.unique(place)]
        return (
            np.stack([still[m].sum(axis=0) for m in members]),
            np.asarray([np.average(logs[m], weights=cases[m]) for m in members]),
        )

    def _log_spread(self) -> float:
        """Log standard deviation within the baseline's cells; 0 where no cell has two durations that differ."""
        before = np.broadcast_to(self.layout.after == 0, self.layout.shape)
        return float(np.log(self._sums.spread(before) or 1.0))

    def data(self) -> Mapping[str, FloatArray]:
        """Completed cases: number, mean, squared deviations, shape (A, B); open cases, shape (bins, A, B), and when."""
        sums = self._sums
        found = {
            "completed": sums.n,
            "log_means": sums.mean,
            "within": sums.within,
            "log_spread": np.asarray(self._log_spread()),
        }
        still, logs = self._open()
        return found | ({"still_open": still, "log_open": logs} if logs.size else {})

    def observe(self, predictor: Any, own_noise: Any, data: Mapping[str, Any]) -> Any:
        """Log density of the durations of each cell without its constant; 0 where there are none."""
        import pymc as pm
        import pytensor.tensor as pt

        del own_noise
        log_spread = data["log_spread"] + SPREAD_SD * pm.Normal("spread_unit", 0.0, 1.0)
        square = data["within"] + data["completed"] * (data["log_means"] - predictor) ** 2
        found = -data["completed"] * log_spread - 0.5 * square * pt.exp(-2.0 * log_spread)
        if "still_open" not in data:
            return found
        bins = self.signature[0]
        if bins > FEW_OPEN:
            rows = pt.stack([data["still_open"][k] for k in range(bins)])
            z = (predictor - data["log_open"].reshape((bins, *(1,) * predictor.ndim))) * pt.exp(-log_spread)
            return found + (rows * _log_tail(z)).sum(axis=0)
        for k in range(bins):  # compiles faster than an axis of its own
            z = (predictor - data["log_open"][k]) * pt.exp(-log_spread)
            found += data["still_open"][k] * _log_tail(z)
        return found

    def centre(self) -> tuple[float, float]:
        """Mean log days of the baseline over all areas, open cases allowed for."""
        cells = pool_areas(self._cells, np.ones(self.layout.shape[0], dtype=np.bool_))
        mean = float(summarise(cells, self.layout.after == 0).value[0])
        return (mean, LEVEL_SD) if np.isfinite(mean) else (float(np.log(self._cells.open_days).mean()), LEVEL_SD)

    def _spread(self, extras: Mapping[str, FloatArray]) -> FloatArray:
        return np.asarray(self._log_spread() + SPREAD_SD * extras["spread_unit"][:, None, None])

    def pointwise(self, predictor: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Log density of the log durations of each cell, and log probability of what is still open."""
        sums, log_spread = self._sums, self._spread(extras)
        variance = np.exp(2 * log_spread) / np.maximum(sums.n, 1.0)
        found = -0.5 * (LOG_TWO_PI + np.log(variance) + (sums.mean - predictor) ** 2 / variance)
        found = np.where(sums.n > 0, found + normal_within(sums, log_spread), 0.0)
        for open_cases, z in self._waiting(predictor, log_spread):
            found += open_cases * special.log_ndtr(z)
        return found

    def _waiting(self, predictor: FloatArray, log_spread: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
        """Open cases of each bin that has any, shape (A, B), and how far above its days the predictor lies."""
        still, limits = self._open()
        return [
            (cases, (predictor - limit) * np.exp(-log_spread))
            for cases, limit in zip(still, limits, strict=True)
            if cases.any()
        ]

    def replicate(
        self, predictor: FloatArray, extras: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> FloatArray:
        """Mean log days, shape (S, A, B).

        Drawn around the predictor with the variance of the maximum-likelihood mean: an open case counts as the part of
        a completed one that it tells (Fisher information of a value known to exceed a limit).
        """
        log_spread = self._spread(extras)
        told = np.broadcast_to(self._cells.n, predictor.shape).copy()
        for open_cases, z in self._waiting(predictor, log_spread):
            mills = np.exp(-0.5 * z**2 - 0.5 * LOG_TWO_PI - special.log_ndtr(z))
            told += open_cases * np.clip(mills * (mills + z), 0.0, 1.0)
        return rng.normal(predictor, np.exp(log_spread) / np.sqrt(np.maximum(told, 1.0)))

    def statistic(self) -> FloatArray:
        """Mean log days, open cases allowed for; NaN where no case is completed."""
        return period_matrix(self._cells)[0]

    def weight(self) -> FloatArray:
        """Cases, completed and open."""
        return np.asarray(self._cells.n + self._cells.still_open.sum(axis=2))

    def effect(self, predictor: FloatArray, effect: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """The log ratio of geometric means, which is the effect itself."""
        del predictor, extras
        return effect

    def prior_extras(self, size: int, rng: np.random.Generator) -> Mapping[str, FloatArray]:
        """Standard normals of the log spread."""
        return {"spread_unit": rng.normal(size=size)}


def _log_tail(z: Any) -> Any:
    """Log of the normal probability below z, as a tensor."""
    import pytensor.tensor as pt

    near, far = pt.maximum(z, FAR), pt.minimum(z, FAR)
    return pt.switch(
        z > FAR,
        pt.log(0.5 * pt.erfc(-near * np.sqrt(0.5))),
        -0.5 * far**2 - 0.5 * LOG_TWO_PI - pt.log(-far) + pt.log1p(-1 / far**2 + 3 / far**4 - 15 / far**6),
    )
