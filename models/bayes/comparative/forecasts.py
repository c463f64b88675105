"""One-step-ahead predictions of the baseline: whether the model would have told each period from those before it."""

from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.bayes.comparative.structure import Grid, Structure, correlations


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
    coefficients have their prior there, and flat columns none: their recursive residuals (Brown, Durbin and Evans 1975,
    Journal of the Royal Statistical Society B 37:149-192), in coordinates in which errors are independent, are the
    standardised errors, independent and standard normal if the model holds.
    """
    n, k = structure.before, structure.follow.shape[1]
    c, s, v = np.unravel_index(int(grid.weights.argmax()), grid.weights.shape)
    mixed, _ = correlations(structure, grid.correlation[c : c + 1], grid.wandering[c : c + 1])
    centre, covariance = grid.centre, grid.prior_roots[s] @ grid.prior_roots[s]
    x = structure.follow[:n]
    total = grid.variance[c, s, v] * mixed[0, :n, :n] + (x @ covariance @ x.T if k else 0.0)
    lower = np.linalg.cholesky(total)
    white = np.linalg.solve(lower, np.column_stack([values - x @ centre, structure.flat[:n]]))
    residual, stretch = _recursive(white[:, 0], white[:, 1:])
    own = np.diag(lower)
    error = own * stretch
    return Forecasts(values - residual * error, error, residual)


def _recursive(y: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Recursive residuals of y on z, and by how much not knowing the coefficients stretches them; shape (n,) each."""
    n, p = z.shape
    residual, stretch = np.full(n, np.nan), np.full(n, np.nan)
    first = next((t for t in range(p, n) if np.linalg.matrix_rank(z[:t]) == p), n)
    if first == n:
        return residual, stretch
    inverse = np.linalg.inv(z[:first].T @ z[:first])
    b = inverse @ z[:first].T @ y[:first]
    for t in range(first, n):
        gain = inverse @ z[t]
        stretch[t] = np.sqrt(1 + z[t] @ gain)
        residual[t] = (y[t] - z[t] @ b) / stretch[t]
        b += gain * residual[t] / stretch[t]
        inverse -= np.outer(gain, gain) / stretch[t] ** 2
    return residual, stretch
