"""A Cox partial likelihood, maximised: the fit, its robust variance, and the test of its hazards."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from models.arrays import FloatArray, IntArray
from models.inference.refusal import NoInference

MAX_STEPS = 60
CONVERGED = 1e-12  # half the squared Newton decrement: the log likelihood still to be gained
SINGULAR = 1e-10  # share of the largest eigenvalue of the scaled information
STILL_MOVING = 1e-2  # a last step this long, per standard deviation of a covariate, climbs for ever
LARGEST = 20.0  # a log hazard ratio per standard deviation of a covariate that no data show

NO_EVENT = "No case has the event while others are at risk, so hazards cannot be compared."
UNBOUNDED = (
    "The likelihood has no maximum: some combination of the covariates holds all events, or none. Use longer windows, "
    "or fewer covariates."
)


class Clock(StrEnum):
    """What a hazard ratio may change along."""

    DAYS = "days"
    LOG = "log"
    EVENTS = "events"  # one less the Kaplan-Meier share before the day: every stretch with as many events counts alike


@dataclass(frozen=True, slots=True)
class Moments:
    """Log partial likelihood at some coefficients, its gradient (p,) and the information (p, p)."""

    value: float
    gradient: FloatArray
    information: FloatArray


@dataclass(frozen=True, slots=True)
class CoxFit:
    """A fitted Cox model with p covariates.

    Attributes
    ----------
    coefficients
        Log hazard ratios, shape (p,).
    covariance
        Inverse information, shape (p, p): right if every case is separate evidence.
    robust
        Lin and Wei's variance, shape (p, p): score residuals added up by cluster.
    log_likelihood
        Log partial likelihood at the maximum.
    events
        Events that count.
    clusters
        Clusters behind `robust`.
    """

    coefficients: FloatArray
    covariance: FloatArray
    robust: FloatArray
    log_likelihood: float
    events: float
    clusters: int

    @property
    def std_errors(self) -> FloatArray:
        """Standard errors by the information, shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def robust_errors(self) -> FloatArray:
        """Standard errors by cluster, shape (p,)."""
        return np.sqrt(np.diag(self.robust))


@dataclass(frozen=True, slots=True)
class HazardsTest:
    """Score test that hazard ratios do not change with time.

    Attributes
    ----------
    chi_squared, p_value
        For each covariate on 1 degree of freedom, shape (p,).
    overall, overall_p
        For all together, on p degrees of freedom.
    """

    chi_squared: FloatArray
    p_value: FloatArray
    overall: float
    overall_p: float


def maximise(moments: Callable[[FloatArray], Moments], scale: FloatArray) -> tuple[FloatArray, Moments] | NoInference:
    """Climb a concave log partial likelihood by Newton steps from 0, halved while they overshoot.

    Parameters
    ----------
    moments
        The likelihood at given coefficients, shape (p,).
    scale
        Size of each covariate, shape (p,), > 0, by which a coefficient is judged to have run away.
    """
    beta = np.zeros(len(scale))
    now = moments(beta)
    for _ in range(MAX_STEPS):
        if _singular(now.information):
            return NoInference(UNBOUNDED)
        step = np.linalg.solve(now.information, now.gradient)
        if now.gradient @ step / 2 < CONVERGED:
            if (np.abs(step) * scale > STILL_MOVING).any():
                return NoInference(UNBOUNDED)
            return beta + step, moments(beta + step)
        size = 1.0
        trial = moments(beta + step)
        while not trial.value >= now.value - CONVERGED * abs(now.value) and size > CONVERGED:
            size /= 2
            trial = moments(beta + size * step)
        beta, now = beta + size * step, trial
        if (np.abs(beta) * scale > LARGEST).any():
            return NoInference(UNBOUNDED)
    return NoInference(UNBOUNDED)


def fitted(
    beta: FloatArray, found: Moments, scores: FloatArray, cluster: IntArray, events: float
) -> CoxFit | NoInference:
    """Put a fit together from the maximum and the score residuals, shape (n, p), of rows in clusters, shape (n,)."""
    covariance = np.linalg.inv(found.information)
    _, index = np.unique(cluster, return_inverse=True)
    sums = np.column_stack([np.bincount(index, weights=column) for column in scores.T])
    influence = sums @ covariance
    return CoxFit(beta, covariance, influence.T @ influence, found.value, events, len(sums))


def hazards_test(gradient: FloatArray, blocks: tuple[FloatArray, FloatArray, FloatArray]) -> HazardsTest:
    """Test the coefficients of covariates times a clock g(t), given those of the covariates themselves.

    Parameters
    ----------
    gradient
        ``sum g(t) (x - mean of x at risk)`` over events, shape (p,).
    blocks
        Information, shape (p, p) each: of the coefficients, of both together, of those of the clock; that is
        ``sum V``, ``sum g V`` and ``sum g^2 V`` with V the variance of the covariates at risk.

    Notes
    -----
    The score test of Grambsch and Therneau's time-varying coefficient (1994, Biometrika 81:515), without the
    approximation of a constant V, as `cox.zph` of R's survival computes it from version 3 on.
    """
    own, cross, clock = blocks
    left = clock - cross @ np.linalg.solve(own, cross)
    p = len(gradient)
    # One covariate's term alone is added: its own variance given all coefficients, which is the diagonal of `left`.
    each = gradient**2 / np.diag(left)
    overall = float(gradient @ np.linalg.solve(left, gradient))
    return HazardsTest(each, stats.chi2.sf(each, 1), overall, float(stats.chi2.sf(overall, p)))


def _singular(information: FloatArray) -> bool:
    lengths = np.sqrt(np.diag(information))
    if not (lengths > 0).all():
        return True
    values = np.linalg.eigvalsh(information / np.outer(lengths, lengths))
    return bool(values[0] <= SINGULAR)
