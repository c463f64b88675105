"""Least squares over weights that are not negative and sum to 1."""

import numpy as np
from scipy.optimize import nnls

from models.arrays import FloatArray


def simplex_weights(columns: FloatArray, target: FloatArray, ridge: float = 0.0) -> FloatArray:
    r"""Minimise ``|columns w - target|^2 + ridge |w|^2`` over w >= 0 with sum 1.

    Parameters
    ----------
    columns
        Series of the D areas to be weighted, shape (n, D).
    target
        Series to be followed, shape (n,).
    ridge
        Penalty on the weights, >= 0.

    Returns
    -------
    FloatArray
        Weights, shape (D,).

    Raises
    ------
    ArithmeticError
        If the search for the active set does not end.

    Notes
    -----
    Because the weights sum to 1 the objective is ``|E w|^2``, where E is `columns` less `target` with ``sqrt(ridge) I``
    below it. The same weights solve a problem without the constraint on the sum: with ``u = s w``, the minimum over s
    of ``|E u|^2 + (1 - sum(u))^2`` is ``|E w|^2 / (1 + |E w|^2)``, which rises with ``|E w|^2``. So the non-negative
    least squares of Lawson and Hanson (1974), which end at the exact active set, give u, and ``w = u / sum(u)``.
    """
    gaps = columns - target[:, None]
    if ridge > 0:
        gaps = np.concatenate([gaps, np.sqrt(ridge) * np.eye(columns.shape[1])])
    size = np.sqrt((gaps**2).sum(axis=0)).min()
    if size == 0:
        return _equal_among(np.flatnonzero((gaps == 0).all(axis=0)), columns.shape[1])
    design = np.concatenate([gaps / size, np.ones((1, columns.shape[1]))])
    try:
        found, _ = nnls(design, np.append(np.zeros(len(gaps)), 1.0), maxiter=30 * columns.shape[1])
    except RuntimeError as error:
        raise ArithmeticError("the weights of the comparison areas were not found") from error
    weights: FloatArray = found / found.sum()
    return weights


def _equal_among(chosen: np.ndarray[tuple[int], np.dtype[np.int64]], total: int) -> FloatArray:
    """Share the weight equally among areas that each follow the target exactly."""
    weights = np.zeros(total)
    weights[chosen] = 1 / len(chosen)
    return weights
