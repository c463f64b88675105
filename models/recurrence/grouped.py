"""Cox models of groups of cases: with covariates that are the same for a whole group, cells hold the whole likelihood.

Every event on a day meets the same risk set, so the partial likelihood (Breslow's, with the day as the unit of time) is
a function of the numbers at risk and of events, by group and day. Nothing is lost by adding cases up.
"""

from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.event_curve import divide
from models.inference.refusal import NoInference
from models.recurrence.likelihood import NO_EVENT, CoxFit, HazardsTest, Moments, fitted, hazards_test, maximise
from models.recurrence.risk import Risk

MOST_STEPS = 100
LARGEST_STEP = 2.0  # in log hazard ratio
CONVERGED = 1e-13


def log_ratios(before: Risk, after: Risk, days: BoolArray | None = None) -> FloatArray:
    """Log hazard ratio of the window after to the window before, in each area by itself.

    Parameters
    ----------
    before, after
        Risk sets of A areas in the two windows; areas and strata have baseline hazards of their own, which both windows
        share.
    days
        Mask of the days that count, shape (D,); None for all.

    Returns
    -------
    FloatArray
        Shape (A,); NaN where `shared_events` is 0 in a window, so that the ratio is nought or without limit.

    Notes
    -----
    Solves ``sum e1 = sum (e0 + e1) n1 exp(b) / (n0 + n1 exp(b))`` over strata and days; the difference falls in b, so
    Newton steps, cut at `LARGEST_STEP`, find the one root.
    """
    (n0, e0), (n1, e1) = (_flat(risk, days) for risk in (before, after))
    shared = (n0 > 0) & (n1 > 0)
    events, later = np.where(shared, e0 + e1, 0.0), np.where(shared, e1, 0.0).sum(axis=1)
    ok = (later > 0) & (later < events.sum(axis=1))
    beta = np.zeros(len(n0))
    for _ in range(MOST_STEPS):
        among = n1 * np.exp(beta)[:, None]
        share = divide(among, n0 + among, shared, empty=0.0)
        slope = later - (events * share).sum(axis=1)
        curve = (events * share * (1 - share)).sum(axis=1)
        step = np.clip(divide(slope, curve, ok & (curve > 0), empty=0.0), -LARGEST_STEP, LARGEST_STEP)
        beta += step
        if (np.abs(step) <= CONVERGED * np.maximum(1.0, np.abs(beta))).all():
            break
    return np.where(ok, beta, np.nan)


def shared_events(before: Risk, after: Risk, days: BoolArray | None = None) -> tuple[FloatArray, FloatArray]:
    """Events of each window on days on which cases of both are at risk, shape (A,) each."""
    (n0, e0), (n1, e1) = (_flat(risk, days) for risk in (before, after))
    shared = (n0 > 0) & (n1 > 0)
    return np.where(shared, e0, 0.0).sum(axis=1), np.where(shared, e1, 0.0).sum(axis=1)


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of cases in one Cox model: J in each of S strata with baseline hazards of their own.

    Attributes
    ----------
    at_risk, events
        Shape (S, D, J): stratum, day, group.
    covariates
        Of each group, shape (S, J, p).
    cluster
        Of each group, shape (S, J).
    """

    at_risk: FloatArray
    events: FloatArray
    covariates: FloatArray
    cluster: IntArray


def interaction(before: Risk, after: Risk, treated: BoolArray) -> Groups:
    """Both windows of every area, with areas (and each stratum within them) as strata, and areas as clusters.

    The covariates are follow-up, and follow-up of a treated area: the coefficient of the second is the effect.
    """
    areas, strata, days = before.events.shape
    rows = areas * strata
    at_risk = np.stack([risk.at_risk.reshape(rows, days) for risk in (before, after)], axis=2)
    events = np.stack([risk.events.reshape(rows, days) for risk in (before, after)], axis=2)
    covariates = np.zeros((rows, 2, 2))
    covariates[:, 1, 0] = 1.0
    covariates[:, 1, 1] = np.repeat(treated, strata)
    cluster = np.broadcast_to(np.repeat(np.arange(areas), strata)[:, None], (rows, 2))
    return Groups(at_risk, events, covariates, cluster)


def grouped_cox(groups: Groups) -> CoxFit | NoInference:
    """Fit a Cox model of groups; the robust variance adds score residuals up by cluster."""
    if not groups.events.any():
        return NoInference(NO_EVENT)
    x = groups.covariates
    sizes = np.sqrt(((x - x.mean(axis=(0, 1))) ** 2).mean(axis=(0, 1)))
    found = maximise(lambda beta: _moments(beta, groups), np.where(sizes > 0, sizes, 1.0))
    if isinstance(found, NoInference):
        return found
    beta, at_maximum = found
    scores = _score_residuals(beta, groups).reshape(-1, len(beta))
    return fitted(beta, at_maximum, scores, groups.cluster.ravel(), float(groups.events.sum()))


def proportional(groups: Groups, fit: CoxFit) -> HazardsTest:
    """Test that the hazard ratios of a fit do not change as events go by.

    The clock is one less the Kaplan-Meier share before the day, over all groups, as in `cox.zph` of R's survival.
    """
    _, mean, variance = _sums(fit.coefficients, groups)
    events = groups.events.sum(axis=2)
    by_day, at_risk = groups.events.sum(axis=(0, 2)), groups.at_risk.sum(axis=(0, 2))
    staying = 1 - divide(by_day, at_risk, at_risk > 0, empty=0.0)
    clock = 1 - np.concatenate([[1.0], np.cumprod(staying)[:-1]])
    clock -= (clock * by_day).sum() / by_day.sum()
    left = np.einsum("sdj,sjp->sdp", groups.events, groups.covariates) - events[..., None] * mean
    own, cross, last = (np.einsum("sd,sdpq->pq", events * clock**power, variance) for power in (0, 1, 2))
    return hazards_test(np.einsum("d,sdp->p", clock, left), (own, cross, last))


def _flat(risk: Risk, days: BoolArray | None) -> tuple[FloatArray, FloatArray]:
    """At risk and events of each area on the days that count, strata one after the other: (A, S * D) each."""
    kept = slice(None) if days is None else days
    areas = len(risk.events)
    return risk.at_risk[:, :, kept].reshape(areas, -1), risk.events[:, :, kept].reshape(areas, -1)


def _weights(beta: FloatArray, groups: Groups) -> FloatArray:
    """At risk times risk score, shape (S, D, J)."""
    weights: FloatArray = groups.at_risk * np.exp(groups.covariates @ beta)[:, None, :]
    return weights


def _sums(beta: FloatArray, groups: Groups) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Total weight at risk (S, D), and the covariates' mean (S, D, p) and variance (S, D, p, p)."""
    x = groups.covariates
    weights = _weights(beta, groups)
    total = weights.sum(axis=2)
    shares = weights / np.where(total > 0, total, 1.0)[..., None]
    mean = np.einsum("sdj,sjp->sdp", shares, x)
    square = np.einsum("sdj,sjp,sjq->sdpq", shares, x, x)
    return total, mean, square - mean[..., :, None] * mean[..., None, :]


def _moments(beta: FloatArray, groups: Groups) -> Moments:
    total, mean, variance = _sums(beta, groups)
    events, by_group = groups.events.sum(axis=2), groups.events.sum(axis=1)
    had = events > 0
    value = float((by_group * (groups.covariates @ beta)).sum() - (events[had] * np.log(total[had])).sum())
    gradient = np.einsum("sj,sjp->p", by_group, groups.covariates) - np.einsum("sd,sdp->p", events, mean)
    return Moments(value, gradient, np.einsum("sd,sdpq->pq", events, variance))


def _score_residuals(beta: FloatArray, groups: Groups) -> FloatArray:
    """Each group's part of the gradient, shape (S, J, p)."""
    total, mean, _ = _sums(beta, groups)
    hazard = divide(groups.events.sum(axis=2), total, total > 0, empty=0.0)
    left = groups.events - _weights(beta, groups) * hazard[..., None]
    residual: FloatArray = left.sum(axis=1)[..., None] * groups.covariates - np.einsum("sdj,sdp->sjp", left, mean)
    return residual
