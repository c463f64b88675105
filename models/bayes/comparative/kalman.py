"""A filter that makes errors independent: AR(1) beside a level that wanders, for many variances at once.

The filter's gains do not depend on what is filtered, so that one pass carries the series, the flat columns and the
comparison series alike, and the cost grows with the number of periods instead of its cube.

Shapes: C pairs of correlation and wandering, n periods of the baseline, m to be predicted, J columns.
"""

from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """Errors of each pair, per unit of variance: ``(1 - share)`` of an AR(1), and the rest a random walk.

    Attributes
    ----------
    rho
        Correlation of the AR(1) between neighbouring periods, shape (C,).
    share
        Part of the walk, shape (C,).
    step
        Standard deviation of the walk's step, shape (C,).
    """

    rho: FloatArray
    share: FloatArray
    step: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Filtered:
    """Columns in which errors are independent, and what they predict.

    Attributes
    ----------
    white
        One-step-ahead errors of the columns, by `scale`, shape (C, n, J).
    scale
        Standard deviations of the one-step-ahead errors per root of the variance, shape (C, n).
    carried
        Prediction of each later period, for each column, shape (C, m, J).
    covariance
        Of the errors of those predictions, per unit of variance, shape (C, m, m).
    """

    white: FloatArray
    scale: FloatArray
    carried: FloatArray
    covariance: FloatArray


def walk_size(times: IntArray) -> float:
    """Variance within these periods, on average, of a walk with steps of variance 1; at least two periods."""
    t = np.sort(times - times.min()).astype(np.float64)
    n = len(t)
    # mean of min(s, t) over all pairs: the k-th smallest is the smaller one of 2 (n - k) + 1 pairs
    return float(t.mean() - (t * (2 * (n - np.arange(1, n + 1)) + 1)).sum() / n**2)


def errors_of(times: IntArray, rho: FloatArray, share: FloatArray) -> Errors:
    """Scale the walk so that its variance within the baseline's periods `times` is `share` on average.

    At a share of 1 the walk would be all that the baseline shows: that is the bound of its steps.
    """
    return Errors(rho, share, np.sqrt(share / walk_size(times)))


def whiten(errors: Errors, times: IntArray, noise: FloatArray, columns: FloatArray) -> Filtered:
    """Filter columns over the baseline, and predict them beyond it.

    Parameters
    ----------
    times
        Calendar position of the n + m periods, ascending.
    noise
        Variance of the AR(1) in each period relative to the usual one, shape (n + m,).
    columns
        Values in the baseline, shape (n, J).

    Notes
    -----
    The Kalman filter (Durbin and Koopman 2012, Time Series Analysis by State Space Methods, chapter 4) with the AR(1)
    and the walk as state. A stretch without periods only lets time pass.
    """
    root, (n, j), pairs = np.sqrt(noise), columns.shape, len(errors.rho)
    own = 1 - errors.share
    state = np.zeros((2, pairs, j))
    uu, uw, ww = own.copy(), np.zeros(pairs), np.zeros(pairs)
    white, scale = np.empty((pairs, n, j)), np.empty((pairs, n))
    for t in range(n):
        if t:
            kept, walked = _passing(errors, int(times[t] - times[t - 1]))
            uu, uw, ww = own + kept**2 * (uu - own), kept * uw, ww + walked
            state[0] *= kept[:, None]
        loads_u, loads_w = root[t] * uu + uw, root[t] * uw + ww
        variance = root[t] * loads_u + loads_w
        error = columns[t] - root[t] * state[0] - state[1]
        scale[:, t] = np.sqrt(variance)
        white[:, t] = error / scale[:, t, None]
        state[0] += (loads_u / variance)[:, None] * error
        state[1] += (loads_w / variance)[:, None] * error
        uu, uw, ww = uu - loads_u**2 / variance, uw - loads_u * loads_w / variance, ww - loads_w**2 / variance
    after = (times[n:] - times[n - 1]).astype(np.float64)
    far = np.power(errors.rho[:, None], after) * root[n:]  # (C, m)
    carried = far[..., None] * state[0][:, None] + state[1][:, None]
    return Filtered(white, scale, carried, _covariance(errors, after, root[n:], (uu, uw, ww)))


def _passing(errors: Errors, periods: int) -> tuple[FloatArray, FloatArray]:
    """What is left of the AR(1) after so many periods, and the variance that the walk has gained."""
    return np.power(errors.rho, periods), periods * errors.step**2


def _covariance(
    errors: Errors, after: FloatArray, root: FloatArray, state: tuple[FloatArray, FloatArray, FloatArray]
) -> FloatArray:
    """Covariance of the errors of predictions so many periods ahead, shape (C, m, m)."""
    uu, uw, ww = (part[:, None, None] for part in state)
    own, step = (1 - errors.share)[:, None, None], errors.step[:, None, None] ** 2
    first, second = np.minimum(after[:, None], after), np.maximum(after[:, None], after)
    rho = errors.rho[:, None, None]
    decay = np.power(rho, after[:, None]) * root[:, None]  # (C, m, 1): what is left of the present AR(1)
    fresh = own * (np.power(rho, second - first) - np.power(rho, second + first)) * np.outer(root, root)
    ahead = decay.transpose(0, 2, 1)
    return np.asarray(fresh + decay * ahead * uu + (decay + ahead) * uw + ww + step * first)
