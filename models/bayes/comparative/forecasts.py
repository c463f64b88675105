"""One-step-ahead predictions of the baseline: whether the model would have told each period from those before it."""

from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.bayes.comparative.kalman import errors_of, whiten
from models.bayes.comparative.structure import Grid, Structure


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """One-step-ahead predictions, each of shape (n,); NaN while the flat columns cannot yet be told.

    Attributes
    ----------
    value
        Prediction of each period from those before it.
    error
        Its standard error.
    standardised
        What was seen less the prediction, by its standard error.
    """

    value: FloatArray
    error: FloatArray
    standardised: FloatArray


def forecasts(structure: Structure, values: FloatArray, grid: Grid) -> Forecasts:
    """Predict every period of the baseline from those before it.

    Notes
    -----
    At the most probable point of the grid, so with variances that the whole baseline has told. The comparison series'
    coefficients have their prior, and flat columns none: their recursive residuals (Brown, Durbin and Evans 1975,
    Journal of the Royal Statistical Society B 37:149-192), in coordinates in which errors are independent, are the
    standardised errors, independent and standard normal if the model holds.
    """
    n, p = structure.before, structure.flat.shape[1]
    c, s, v = np.unravel_index(int(grid.weights.argmax()), grid.weights.shape)
    times = structure.times[:n]
    errors = errors_of(times, grid.correlation[c : c + 1], grid.wandering[c : c + 1])
    x = structure.follow[:n]
    columns = np.column_stack([values - x @ grid.centre, structure.flat[:n], x])
    found = whiten(errors, times, structure.noise[:n], columns)
    variance = float(grid.variance[c, s, v])
    known = np.zeros((columns.shape[1] - 1,) * 2)
    if x.shape[1]:
        known[p:, p:] = variance * np.linalg.inv(grid.prior_roots[s] @ grid.prior_roots[s])
    white = found.white[0]
    residual, stretch = _recursive(white[:, 0], white[:, 1:], known)
    root = np.sqrt(variance)
    error = root * found.scale[0] * stretch
    return Forecasts(values - residual * found.scale[0] * stretch, error, residual / root)


def _recursive(y: FloatArray, z: FloatArray, known: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Recursive residuals of y on z, and by how much not knowing the coefficients stretches them; shape (n,) each.

    `known` is the information on the coefficients beforehand, whose mean is 0, shape (p, p); residuals begin where it
    and the past tell them all.
    """
    n, p = z.shape
    residual, stretch = np.full(n, np.nan), np.full(n, np.nan)
    spare = p - int(np.linalg.matrix_rank(known)) if known.any() else p
    first = next((t for t in range(spare, n) if np.linalg.matrix_rank(known + z[:t].T @ z[:t]) == p), n)
    if first == n:
        return residual, stretch
    inverse = np.linalg.inv(known + z[:first].T @ z[:first])
    b = inverse @ z[:first].T @ y[:first]
    for t in range(first, n):
        gain = inverse @ z[t]
        stretch[t] = np.sqrt(1 + z[t] @ gain)
        residual[t] = (y[t] - z[t] @ b) / stretch[t]
        b += gain * residual[t] / stretch[t]
        inverse -= np.outer(gain, gain) / stretch[t] ** 2
    return residual, stretch
