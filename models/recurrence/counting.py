"""Cox regression on rows of (start, stop]: first events, all events of a case, strata and clusters.

Models read cells (`models.recurrence.grouped`); this is the same likelihood for rows with any covariates, with which
the cells' answers and R's are compared.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.event_curve import divide, earlier_product
from models.inference.refusal import NoInference
from models.recurrence.likelihood import (
    NO_EVENT,
    Clock,
    CoxFit,
    HazardsTest,
    Moments,
    fitted,
    hazards_test,
    maximise,
)


class Ties(StrEnum):
    """How events at one time are handled."""

    BRESLOW = "breslow"
    EFRON = "efron"


@dataclass(frozen=True, slots=True)
class Spells:
    """Rows of a counting process: one stretch of time of one case each.

    Attributes
    ----------
    start, stop
        The row is at risk after `start` and up to `stop`, shape (n,).
    event
        Whether it ends with an event, shape (n,).
    covariates
        Shape (n, p), constant within a row.
    strata
        Stratum of each row, shape (n,), with a baseline hazard of its own.
    cluster
        Cluster of each row, shape (n,): a case, or an area.

    Raises
    ------
    ValueError
        If a row ends before it starts, or at its start, or holds a value that is not a number.
    """

    start: FloatArray
    stop: FloatArray
    event: BoolArray
    covariates: FloatArray
    strata: IntArray
    cluster: IntArray

    def __post_init__(self) -> None:
        if not (self.stop > self.start).all():
            raise ValueError("every row must stop after it starts: two events of a case need two times")
        if not np.isfinite(self.covariates).all():
            raise ValueError("covariates must be finite numbers")


@dataclass(frozen=True, slots=True)
class _Times:
    """Distinct event times by stratum (g of them), and where the rows stand among them.

    `first` and `last` (n,): the row is at risk at event times first to last - 1. `own` (e,): the event time of each
    event. `step` and `share` (e,): one term of the likelihood for each event, at event time `step`, of whose events
    the share `share` has left the risk set already (Efron; 0 under Breslow).
    """

    at: FloatArray
    first: IntArray
    last: IntArray
    own: IntArray
    step: IntArray
    share: FloatArray


@dataclass(frozen=True, slots=True)
class _Risk:
    """Risk scores r (n,) and covariates' sums at each likelihood term: S0 (e,), mean (e, p), variance (e, p, p)."""

    scores: FloatArray
    total: FloatArray
    mean: FloatArray
    variance: FloatArray


def cox(spells: Spells, ties: Ties = Ties.BRESLOW) -> CoxFit | NoInference:
    """Fit a Cox model.

    Returns
    -------
    CoxFit | NoInference
        A refusal where no event counts or the likelihood has no maximum.

    Notes
    -----
    Andersen and Gill (1982, Annals of Statistics 10:1100); Lin and Wei (1989, Journal of the American Statistical
    Association 84:1074) for the robust variance: score residuals added up by cluster, without a small-sample
    factor. Both as R's `coxph` has them.
    """
    if not spells.event.any():
        return NoInference(NO_EVENT)
    x, scale = _centred(spells)
    times = _times(spells, ties)
    found = maximise(lambda beta: _moments(beta, x, spells, times), scale)
    if isinstance(found, NoInference):
        return found
    beta, at_maximum = found
    scores = _score_residuals(x, spells, times, _risk(beta, x, spells, times))
    return fitted(beta, at_maximum, scores, spells.cluster, float(spells.event.sum()))


def schoenfeld(spells: Spells, fit: CoxFit, ties: Ties = Ties.BRESLOW) -> FloatArray:
    """Covariates of each event less their mean among those at risk, shape (e, p), in the order of the rows."""
    x, _ = _centred(spells)
    times = _times(spells, ties)
    return x[spells.event] - _mean_at(times, _risk(fit.coefficients, x, spells, times))


def proportional(spells: Spells, fit: CoxFit, ties: Ties = Ties.BRESLOW, clock: Clock = Clock.EVENTS) -> HazardsTest:
    """Test that the hazard ratios of a fit do not change along a clock."""
    x, _ = _centred(spells)
    times = _times(spells, ties)
    risk = _risk(fit.coefficients, x, spells, times)
    g = _clock(spells, times, clock)
    g = g - g[times.own].mean()
    gradient = (g[times.own, None] * (x[spells.event] - _mean_at(times, risk))).sum(axis=0)
    weight = g[times.step]
    blocks = tuple(np.tensordot(weight**power, risk.variance, axes=1) for power in (0, 1, 2))
    return hazards_test(gradient, (blocks[0], blocks[1], blocks[2]))


def _centred(spells: Spells) -> tuple[FloatArray, FloatArray]:
    """Covariates about their mean, which changes no coefficient, and their sizes."""
    x = spells.covariates - spells.covariates.mean(axis=0)
    sizes = np.sqrt((x**2).mean(axis=0))
    return x, np.where(sizes > 0, sizes, 1.0)


def _times(spells: Spells, ties: Ties) -> _Times:
    """Number the times of every stratum one after the other, so that a stretch is at risk in its own stratum only."""
    clock = np.unique(np.concatenate([spells.start, spells.stop]))
    _, stratum = np.unique(spells.strata, return_inverse=True)
    begun = stratum * len(clock) + np.searchsorted(clock, spells.start)
    ended = stratum * len(clock) + np.searchsorted(clock, spells.stop)
    codes, own = np.unique(ended[spells.event], return_inverse=True)
    tied = np.bincount(own)
    step = np.repeat(np.arange(len(codes)), tied)
    rank = np.arange(len(step)) - np.repeat(np.cumsum(tied) - tied, tied)
    share = rank / tied[step] if ties is Ties.EFRON else np.zeros(len(step))
    return _Times(
        at=clock[codes % len(clock)],
        first=np.searchsorted(codes, begun, side="right"),
        last=np.searchsorted(codes, ended, side="right"),
        own=own,
        step=step,
        share=share,
    )


def _at_risk(values: FloatArray, times: _Times) -> FloatArray:
    """Sum the values of the rows at risk at each event time: (n, k) to (g, k)."""
    size = len(times.at) + 1
    entering = np.column_stack([np.bincount(times.first, weights=v, minlength=size) for v in values.T])
    leaving = np.column_stack([np.bincount(times.last, weights=v, minlength=size) for v in values.T])
    summed: FloatArray = np.cumsum(entering - leaving, axis=0)[:-1]
    return summed


def _tied(values: FloatArray, times: _Times) -> FloatArray:
    """Sum the values of the events at each event time: (e, k) to (g, k)."""
    return np.column_stack([np.bincount(times.own, weights=v, minlength=len(times.at)) for v in values.T])


def _risk(beta: FloatArray, x: FloatArray, spells: Spells, times: _Times) -> _Risk:
    p = x.shape[1]
    scores = np.exp(x @ beta)
    columns = np.column_stack([np.ones(len(x)), x, (x[:, :, None] * x[:, None, :]).reshape(len(x), p * p)])
    columns *= scores[:, None]
    sums = _at_risk(columns, times)[times.step]
    sums -= times.share[:, None] * _tied(columns[spells.event], times)[times.step]
    mean = sums[:, 1 : p + 1] / sums[:, :1]
    square = (sums[:, p + 1 :] / sums[:, :1]).reshape(-1, p, p)
    return _Risk(scores, sums[:, 0], mean, square - mean[:, :, None] * mean[:, None, :])


def _moments(beta: FloatArray, x: FloatArray, spells: Spells, times: _Times) -> Moments:
    risk = _risk(beta, x, spells, times)
    seen = x[spells.event]
    value = float((seen @ beta).sum() - np.log(risk.total).sum())
    return Moments(value, seen.sum(axis=0) - risk.mean.sum(axis=0), risk.variance.sum(axis=0))


def _mean_at(times: _Times, risk: _Risk) -> FloatArray:
    """Mean of the covariates at risk when each event came, over the steps of its tie: (e, p)."""
    count = np.bincount(times.step)
    sums = np.column_stack([np.bincount(times.step, weights=m) for m in risk.mean.T])
    return (sums / count[:, None])[times.own]


def _score_residuals(x: FloatArray, spells: Spells, times: _Times, risk: _Risk) -> FloatArray:
    """Each row's part of the gradient: (n, p). A row's own event leaves its tie by steps under Efron."""
    terms = np.column_stack([np.ones(len(risk.total)), risk.mean]) / risk.total[:, None]
    size = len(times.at)

    def by_time(weights: FloatArray) -> FloatArray:
        return np.column_stack([np.bincount(times.step, weights=weights * t, minlength=size) for t in terms.T])

    before = np.concatenate([np.zeros((1, terms.shape[1])), np.cumsum(by_time(np.ones(len(times.step))), axis=0)])
    through = before[times.last] - before[times.first]
    through[spells.event] -= by_time(times.share)[times.own]
    residual: FloatArray = -risk.scores[:, None] * (x * through[:, :1] - through[:, 1:])
    residual[spells.event] += x[spells.event] - _mean_at(times, risk)
    return residual


def _clock(spells: Spells, times: _Times, clock: Clock) -> FloatArray:
    """Value of the clock at each event time, shape (g,)."""
    if clock is Clock.DAYS:
        return times.at
    if clock is Clock.LOG:
        logs: FloatArray = np.log(times.at)
        return logs
    distinct, index = np.unique(spells.stop[spells.event], return_inverse=True)
    events = np.bincount(index).astype(np.float64)
    first = np.searchsorted(np.sort(spells.start), distinct)
    last = np.searchsorted(np.sort(spells.stop), distinct)
    at_risk = (first - last).astype(np.float64)
    passed = 1 - earlier_product(1 - divide(events, at_risk, at_risk > 0, empty=0.0))
    return passed[np.searchsorted(distinct, times.at)]
