"""A window of cells, summarised as one number per area on the scale where effects are linear.

Counts give a log rate, shares stay shares, values give a mean, durations a mean of log days, and times to an event the
Kaplan-Meier share with the event by the horizon. Each comes with the variance due to sampling alone: it says how well
the window itself is measured, never how much areas vary from one window to the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import special

from models.arrays import BoolArray, FloatArray
from models.event_curve import EventCurve, divide, event_curve
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    DurationCells,
    Kind,
    OrdinalCells,
    Panel,
    TimeToEventCells,
    per_cell,
    pool_periods,
    rebuilt,
)

ROUNDING = 1e-13  # spread below this share of the sum of squares is rounding error
MAX_STEPS = 200
CONVERGED = 1e-13  # half the squared Newton decrement: the log likelihood still to be gained


class Undefined(StrEnum):
    """Why a window has no value."""

    NO_DATA = "no data"
    NO_EVENTS = "no events"
    NONE_COMPLETED = "no completed case"
    NOT_FOLLOWED = "nobody followed to the horizon"


@dataclass(frozen=True, slots=True)
class Summary:
    """One window, per area.

    Attributes
    ----------
    value
        Summary on the linear scale, shape (A,); NaN where undefined.
    variance
        Sampling variance of `value`, shape (A,); NaN where undefined, where one case cannot show a
        spread, or where the spread is too small a part of the values to be told from rounding error.
    n
        Events for counts, answers or cases otherwise, shape (A,).
    undefined
        Reason for each area without a value, by area index.
    """

    value: FloatArray
    variance: FloatArray
    n: FloatArray
    undefined: Mapping[int, Undefined]

    @property
    def defined(self) -> BoolArray:
        """Mask of the areas with a value, shape (A,)."""
        return ~np.isnan(self.value)


def summarise(cells: Cells, window: BoolArray) -> Summary:
    """Summarise a window of each area.

    Parameters
    ----------
    cells
        Cells of A areas and T periods.
    window
        Mask of the periods, shape (T,), or (A, T) where areas use different periods.
    """
    match pool_periods(cells, window):
        case CountCells(events, exposure):
            return log_rate(events[:, 0], exposure[:, 0])
        case BinaryCells(successes, trials):
            return share(successes[:, 0], trials[:, 0])
        case OrdinalCells(n, at_least):
            return share(n[:, 0, at_least:].sum(axis=1), n[:, 0].sum(axis=1))
        case ContinuousCells(n, total, squares):
            return mean(n[:, 0], total[:, 0], squares[:, 0])
        case DurationCells(n, total, squares, still_open, open_days):
            return log_duration(n[:, 0], total[:, 0], squares[:, 0], still_open[:, 0], open_days)
        case TimeToEventCells(events, censored, competing):
            return event_share(events[:, 0], censored[:, 0], competing[:, 0])


def period_matrix(cells: Cells) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Summarise every single period.

    Returns
    -------
    values, variance, n
        As in `Summary`, each of shape (A, T); NaN where undefined.
    """
    arrays = per_cell(cells)
    shape = next(iter(arrays.values())).shape[:2]
    flat = rebuilt(cells, {name: a.reshape(shape[0] * shape[1], 1, *a.shape[2:]) for name, a in arrays.items()})
    summary = summarise(flat, np.ones(1, dtype=np.bool_))
    return summary.value.reshape(shape), summary.variance.reshape(shape), summary.n.reshape(shape)


def natural(panel: Panel, value: FloatArray | float) -> FloatArray:
    """Carry a summary value to the outcome's unit: a rate in `panel.unit`, days, a share, or the value itself."""
    linear = np.asarray(value, dtype=np.float64)
    if panel.kind is Kind.COUNT:
        return np.exp(linear) * panel.per
    return np.exp(linear) if panel.kind is Kind.DURATION else linear


def log_rate(events: FloatArray, exposure: FloatArray) -> Summary:
    """Log of events over exposure, each of shape (A,); variance 1/events.

    The variance is that of a Poisson count: it holds if events come one by one and independently, and is too small
    where they cluster.
    """
    seen = exposure > 0
    ok = seen & (events > 0)
    rate = divide(events, exposure, ok)
    value = np.log(rate, out=np.full_like(rate, np.nan), where=ok)
    n = np.where(seen, events, 0.0)
    return summary_of(
        value,
        divide(np.ones_like(events), events, ok),
        n,
        {Undefined.NO_DATA: ~seen, Undefined.NO_EVENTS: seen & ~ok},
    )


def share(successes: FloatArray, trials: FloatArray) -> Summary:
    """Successes over trials, each of shape (A,); variance p(1 - p)/n."""
    ok = trials > 0
    p = divide(successes, trials, ok)
    return summary_of(p, divide(p * (1 - p), trials, ok), trials, {Undefined.NO_DATA: ~ok})


def mean(n: FloatArray, total: FloatArray, squares: FloatArray) -> Summary:
    """Mean of n values with this sum and sum of squares, each of shape (A,); variance s2/n, s2 with n - 1.

    Where s2 is lost to rounding, as it is for a mean of 10 million and a standard deviation of 1, the variance is NaN:
    three sums cannot tell that from values that are all the same.
    """
    ok = n > 0
    value = divide(total, n, ok)
    spread = squared_deviations(n, total, squares)
    return summary_of(value, divide(spread, (n - 1) * n, (n > 1) & (spread > 0)), n, {Undefined.NO_DATA: ~ok})


def log_duration(
    n: FloatArray, total: FloatArray, squares: FloatArray, still_open: FloatArray, open_days: FloatArray
) -> Summary:
    """Mean of log days, allowing for cases that are still open.

    Parameters
    ----------
    n, total, squares
        Completed cases: number, sum and sum of squares of log days, shape (A,).
    still_open
        Open cases by bin, shape (A, B), taken as right-censored at `open_days`, shape (B,), in days.

    Notes
    -----
    Without open cases: the mean and s2/n. With them: the maximum-likelihood mean of a log-normal duration, and its
    variance from the inverse observed information. Leaving open cases out would favour the window that ends last.
    """
    plain = mean(n, total, squares)
    waiting = still_open.sum(axis=1)
    value, variance = plain.value.copy(), plain.variance.copy()
    censored = (n > 0) & (waiting > 0)
    if censored.any():
        value[censored], variance[censored] = censored_normal(
            n[censored], total[censored], squares[censored], still_open[censored], np.log(open_days)
        )
    gaps = {Undefined.NO_DATA: n + waiting == 0, Undefined.NONE_COMPLETED: (n == 0) & (waiting > 0)}
    return summary_of(value, variance, n + waiting, gaps)


def event_share(events: FloatArray, censored: FloatArray, competing: FloatArray) -> Summary:
    """Share with the event by the last day, where other events may end a case: Aalen-Johansen.

    Parameters
    ----------
    events, censored, competing
        Cases ending on day 0, 1, ..., H, shape (A, H+1). On one day events of both kinds come before censorings.

    Notes
    -----
    Without competing events it is the Kaplan-Meier share with Greenwood's variance; with them the variance is that of
    Dinse and Larson (1986, Biometrika 73:379-386), which is the same where there are none, and the same number as the
    infinitesimal jackknife that R's survfit prints.

    Undefined where the last case leaves, without an event, before day H: the curve is not known that far. Where every
    case has had its event the share is 1 with variance 0, as for a binary outcome.
    """
    curve = event_curve(events, censored, competing)
    value, variance = curve.weighed(np.ones(curve.at_risk.shape[1]))
    return summary_of_curve(curve, value, variance)


def summary_of_curve(curve: EventCurve, value: FloatArray, variance: FloatArray) -> Summary:
    """Blank the areas without a case, and those whose curve is not known to the last day."""
    cases = curve.at_risk[:, 0]
    gaps = {Undefined.NO_DATA: cases == 0, Undefined.NOT_FOLLOWED: (cases > 0) & ~curve.known}
    return summary_of(value, variance, cases, gaps)


def censored_normal(
    n: FloatArray, total: FloatArray, squares: FloatArray, censored: FloatArray, limits: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Maximum-likelihood mean of a normal variable, some of whose values are only known to exceed a limit.

    Parameters
    ----------
    n, total, squares
        Values seen: number (> 0), sum and sum of squares, shape (A,).
    censored
        Values above each limit, shape (A, B); `limits`, shape (B,), on the scale of the values.

    Returns
    -------
    mean, variance
        Each of shape (A,). Where the values seen do not differ and every limit lies at or below them the likelihood
        has no maximum: the mean is then theirs, and the variance NaN.

    Notes
    -----
    Newton's method in (mean/sd, 1/sd), where the log likelihood is concave (Olsen 1978, Econometrica 46:1211).
    """
    centre = total / n
    spread = squared_deviations(n, total, squares)
    distance = limits - centre[:, None]
    scale = np.sqrt((spread + (censored * distance**2).sum(axis=1)) / (n + censored.sum(axis=1)))
    above = ((censored > 0) & (distance > np.sqrt(ROUNDING) * np.maximum(1.0, np.abs(centre))[:, None])).any(axis=1)
    value, variance = centre.copy(), np.full_like(centre, np.nan)
    ok = (spread > 0) | above
    if not ok.any():
        return value, variance
    unit = scale[ok]
    delta, gamma = _climb(n[ok], spread[ok] / unit**2, censored[ok], distance[ok] / unit[:, None])
    _, (dd, dg, gg) = _slopes(delta, gamma, n[ok], spread[ok] / unit**2, censored[ok], distance[ok] / unit[:, None])
    determinant = dd * gg - dg**2
    # Delta method for delta/gamma: gradient (1/gamma, -delta/gamma^2), covariance -inverse of the Hessian.
    first, second = 1 / gamma, -delta / gamma**2
    quadratic = first**2 * gg - 2 * first * second * dg + second**2 * dd
    value[ok] += unit * delta / gamma
    variance[ok] = -(unit**2) * quadratic / determinant
    return value, variance


def _climb(
    n: FloatArray, spread: FloatArray, censored: FloatArray, limits: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Maximise the concave log likelihood of every area at once by damped Newton steps from (0, 1)."""
    delta, gamma = np.zeros_like(n), np.ones_like(n)
    for _ in range(MAX_STEPS):
        (d, g), (dd, dg, gg) = _slopes(delta, gamma, n, spread, censored, limits)
        determinant = dd * gg - dg**2
        step_d, step_g = (dg * g - gg * d) / determinant, (dg * d - dd * g) / determinant
        gain = (d * step_d + g * step_g) / 2
        if (gain < CONVERGED).all():
            return delta, gamma
        before = _log_likelihood(delta, gamma, n, spread, censored, limits)
        size = np.where(step_g < 0, np.minimum(1.0, -0.9 * gamma / np.minimum(step_g, -1e-300)), 1.0)
        for _ in range(MAX_STEPS):
            trial = delta + size * step_d, gamma + size * step_g
            short = _log_likelihood(*trial, n, spread, censored, limits) < before - ROUNDING * np.abs(before)
            if not short.any():
                break
            size = np.where(short, size / 2, size)
        delta, gamma = trial
    raise ArithmeticError("the log-normal fit with open cases did not converge")  # concave: not reached


def _log_likelihood(
    delta: FloatArray, gamma: FloatArray, n: FloatArray, spread: FloatArray, censored: FloatArray, limits: FloatArray
) -> FloatArray:
    tail = (censored * special.log_ndtr(delta[:, None] - gamma[:, None] * limits)).sum(axis=1)
    return n * np.log(gamma) - (gamma**2 * spread + n * delta**2) / 2 + tail


def _slopes(
    delta: FloatArray, gamma: FloatArray, n: FloatArray, spread: FloatArray, censored: FloatArray, limits: FloatArray
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray, FloatArray]]:
    """Gradient and Hessian (dd, dg, gg) of the log likelihood; values are measured from the mean of those seen."""
    z = delta[:, None] - gamma[:, None] * limits
    mills = np.exp(-(z**2) / 2 - special.log_ndtr(z)) / np.sqrt(2 * np.pi)
    pull, curve = censored * mills, censored * np.clip(mills * (mills + z), 0.0, 1.0)
    gradient = (pull.sum(axis=1) - n * delta, n / gamma - gamma * spread - (pull * limits).sum(axis=1))
    hessian = (
        -n - curve.sum(axis=1),
        (curve * limits).sum(axis=1),
        -n / gamma**2 - spread - (curve * limits**2).sum(axis=1),
    )
    return gradient, hessian


def squared_deviations(n: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    """Sum of squared deviations from the mean, with rounding error set to zero; zero where there are no values."""
    deviation = squares - divide(total**2, n, n > 0, empty=0.0)
    return np.where(deviation > ROUNDING * squares, deviation, 0.0)


def summary_of(value: FloatArray, variance: FloatArray, n: FloatArray, gaps: Mapping[Undefined, BoolArray]) -> Summary:
    """Blank the areas in `gaps` and record why."""
    undefined = {int(a): reason for reason, mask in gaps.items() for a in np.flatnonzero(mask)}
    blank = np.zeros(value.shape, dtype=np.bool_)
    for mask in gaps.values():
        blank |= mask
    return Summary(np.where(blank, np.nan, value), np.where(blank, np.nan, variance), n, undefined)
