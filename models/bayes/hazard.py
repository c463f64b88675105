r"""Time to an event in whole days: a discrete-time hazard with a complementary log-log link.

The days from the first report are cut into J intervals. A case still at risk at the start of a day has the event on it
with probability ``h = 1 - exp(-exp(predictor) * q_j / w_j)``, where interval j is w_j days long and the q_j add up
to 1: ``cloglog h = predictor + log(q_j / w_j)`` (Prentice and Gloeckler 1978, Biometrics 34:57-67). The predictor is
thus the log of the hazard summed up to day H, and the share with the event by day H is ``1 - exp(-exp(predictor))``
where nothing else ends a case. Within an interval the hazard is the same on every day, so the events and the case-days
at risk of an interval are all there is to know, and a case that is lost or ended otherwise counts to the day it left.
The hazards of all areas and bins are proportional.

Events after which the event cannot come (`competing`) take the case out of the risk set: the hazard is cause-specific.
How often they come is not modelled. Where a share is asked for they are taken as observed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from models.arrays import FloatArray, IntArray
from models.bayes.layout import Layout
from models.bayes.links import Link
from models.bayes.shares import LEVEL_SD, drawn_share, mean_over_areas, share_of
from models.bayes.zero_sum import given_up
from models.event_curve import divide, remaining
from models.panel import TimeToEventCells

MOST_INTERVALS = 8
EVENTS_EACH = 25
"""Events of the baseline that an interval should hold: its log hazard then has a standard error of a fifth."""
SHAPE_SD = 0.5
"""Prior standard deviation of the log share of an interval: within a factor of 2.7 of the baseline's at 95%."""


@dataclass(frozen=True, slots=True, eq=False)
class Hazard:
    """Discrete-time cloglog hazard; own parameter ``shape_unit``, shape (S, J - 1), standard normals.

    Turned by a reflection they are J normals that add up to zero, which raise and lower the logs of the intervals'
    shares of the summed hazard.
    """

    layout: Layout
    name: str = "hazard"
    own_noise: bool = False
    link: Link = Link.CLOGLOG

    @property
    def _cells(self) -> TimeToEventCells:
        assert isinstance(self.layout.cells, TimeToEventCells)  # noqa: S101 - the registry passes these only
        return self.layout.cells

    @property
    def signature(self) -> tuple[int, ...]:
        """Number of intervals."""
        return (self.edges().size - 1,)

    def edges(self) -> IntArray:
        """First day of each interval, and the day after the last, shape (J + 1,).

        The first is the first day with an event anywhere. There is one interval for every 25 events of the baseline, at
        least 1 and at most 8, and an interval ends on the day on which its share of the baseline's events is reached.
        """
        days = self._cells.events.sum(axis=(0, 1))
        past = self._cells.events[:, self.layout.after == 0].sum(axis=(0, 1))
        first = int(np.flatnonzero(days)[0]) if days.any() else 0
        wanted = int(np.clip(past.sum() // EVENTS_EACH, 1, MOST_INTERVALS))
        reached = np.searchsorted(np.cumsum(past), past.sum() * np.arange(1, wanted) / wanted) + 1
        inner = [day for day in np.unique(reached) if first < day < days.size]
        return np.asarray([first, *inner, days.size], dtype=np.int64)

    def _at_risk(self) -> FloatArray:
        """Cases at risk on each day, shape (A, B, H + 1)."""
        return remaining(self._cells.events + self._cells.censored + self._cells.competing)

    def _by_interval(self, daily: FloatArray) -> FloatArray:
        edges = self.edges()
        return np.add.reduceat(daily, edges[:-1], axis=2)

    def data(self) -> Mapping[str, FloatArray]:
        """Case-days with and without an event, shape (J, A, B), and by interval its log share and log length."""
        ended = self._by_interval(self._cells.events)
        stayed = self._by_interval(self._at_risk()) - ended
        found = {"ended": np.moveaxis(ended, 2, 0), "stayed": np.moveaxis(stayed, 2, 0)}
        return found | {"log_shares": self._baseline()[0], "log_lengths": np.log(np.diff(self.edges()))}

    def _baseline(self) -> tuple[FloatArray, float]:
        """Log share of each interval in the summed hazard of the baseline, shape (J,), and the log of that sum."""
        before = self.layout.after == 0
        ended = self._by_interval(self._cells.events)[:, before].sum(axis=(0, 1)) + 0.5
        days = self._by_interval(self._at_risk())[:, before].sum(axis=(0, 1)) + 1.0
        summed = -np.log1p(-ended / days) * np.diff(self.edges())
        return np.log(summed / summed.sum()), float(np.log(summed.sum()))

    def observe(self, predictor: Any, own_noise: Any, data: Mapping[str, Any]) -> Any:
        """Log probability of the events of each cell without its constant; 0 where nobody is at risk."""
        import pymc as pm
        import pytensor.tensor as pt

        del own_noise
        intervals = self.signature[0]
        logs = [data["log_shares"][j] for j in range(intervals)]
        if intervals > 1:
            unit = pm.Normal("shape_unit", 0.0, 1.0, shape=intervals - 1)
            drawn = [unit[j] for j in range(intervals - 1)]
            last, others = given_up(intervals)
            total = sum(drawn)
            logs = [log + SHAPE_SD * (z - others * total) for log, z in zip(logs, drawn, strict=False)]
            logs.append(data["log_shares"][intervals - 1] - SHAPE_SD * last * total)
        summed = pt.log(sum(pt.exp(log) for log in logs))
        found = 0.0
        for j, log in enumerate(logs):
            hazard = pt.exp(predictor + (log - summed - data["log_lengths"][j]))
            found += data["ended"][j] * pt.log(-pt.expm1(-hazard)) - data["stayed"][j] * hazard
        return found

    def shape(self, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Log of the daily hazard of each interval where the predictor is 0, shape (S, J); S is 1 where J is."""
        logs, intervals = self._baseline()[0][None, :], self.signature[0]
        if intervals > 1:
            last, others = given_up(intervals)
            total = extras["shape_unit"].sum(axis=1, keepdims=True)
            logs = logs + SHAPE_SD * np.concatenate([extras["shape_unit"] - others * total, -last * total], axis=1)
        return np.asarray(logs - special.logsumexp(logs, axis=1, keepdims=True) - np.log(np.diff(self.edges())))

    def centre(self) -> tuple[float, float]:
        """Log of the baseline's summed hazard over all areas."""
        return self._baseline()[1], LEVEL_SD

    def pointwise(self, predictor: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Log probability of the events of each cell, day by day among those at risk."""
        events, at_risk, data = self._cells.events, self._at_risk(), self.data()
        constant = special.gammaln(at_risk + 1) - special.gammaln(events + 1) - special.gammaln(at_risk - events + 1)
        found = np.broadcast_to(constant.sum(axis=2), predictor.shape).copy()
        for j, daily in enumerate(self.shape(extras).T):  # one interval at a time, to spare the memory
            hazard = np.exp(predictor + daily[:, None, None])
            found += data["ended"][j] * np.log(-np.expm1(-hazard)) - data["stayed"][j] * hazard
        return found

    def replicate(
        self, predictor: FloatArray, extras: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> FloatArray:
        """Shares of cases seen to have the event, shape (S, A, B); cases leave without it at each cell's own rate."""
        leaving = self._cells.competing + self._cells.censored
        staying = 1 - divide(leaving, self._at_risk() - self._cells.events, leaving > 0, empty=0.0)
        return drawn_share(self.weight(), self._share(predictor, self.shape(extras), staying), rng)

    def statistic(self) -> FloatArray:
        """Share of cases seen to have the event, NaN where there are none."""
        return share_of(self._cells.events.sum(axis=2), self.weight())

    def weight(self) -> FloatArray:
        """Cases."""
        return self._at_risk()[:, :, 0]

    def effect(self, predictor: FloatArray, effect: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Difference in the share with the event by day H, competing events coming as they did in the follow-up."""
        areas, bins = np.flatnonzero(self.layout.treated), np.flatnonzero(self.layout.after)
        index = np.ix_(areas, bins)
        eta, shape = predictor[:, areas][:, :, bins], self.shape(extras)
        pooled = [a[index].sum(axis=1) for a in (self._cells.competing, self._at_risk() - self._cells.events)]
        staying = 1 - divide(pooled[0], pooled[1], pooled[0] > 0, empty=0.0)[:, None]
        without = self._share(eta - effect[:, None, None], shape, staying)
        return mean_over_areas(self._share(eta, shape, staying) - without, self.weight()[index])

    def _share(self, predictor: FloatArray, shape: FloatArray, staying: FloatArray) -> FloatArray:
        """Share with the event by day H, shape (S, A, B).

        Parameters
        ----------
        predictor
            Shape (S, A, B).
        shape
            As in `shape`, (S, J).
        staying
            Share of those without the event who do not leave on a day, shape (A, B, H + 1) or (A, 1, H + 1).
        """
        edges = self.edges()
        if (staying == 1).all():
            return np.asarray(-np.expm1(-np.exp(predictor)))
        reached, share = np.ones_like(predictor), np.zeros_like(predictor)
        reached *= staying[:, :, : edges[0]].prod(axis=2)
        for j, daily in enumerate(shape.T):
            without = np.exp(-np.exp(predictor + daily[:, None, None]))
            for day in range(edges[j], edges[j + 1]):
                passed = reached * without
                share += reached - passed
                reached = passed * staying[:, :, day]
        return share

    def prior_extras(self, size: int, rng: np.random.Generator) -> Mapping[str, FloatArray]:
        """Standard normals, one for each interval but the last."""
        intervals = self.signature[0]
        return {"shape_unit": rng.normal(size=(size, intervals - 1))} if intervals > 1 else {}
