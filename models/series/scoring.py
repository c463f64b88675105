"""Regression of counts and shares by Fisher scoring: the search that all their families have in common."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.series.least_squares import solve

MOST_STEPS = 100
MOST_HALVINGS = 30
SETTLED = 1e-11
FARTHEST = 700.0  # largest linear predictor whose exponential is a number


@dataclass(frozen=True, slots=True)
class Link:
    """A family of distributions and its link.

    Attributes
    ----------
    mean
        Mean by linear predictor.
    slope
        Derivative of the mean by the linear predictor, as a function of the mean.
    variance
        Variance by mean, for one unit of weight.
    deviance
        Twice the log likelihood to be lost, by outcome and mean, up to a constant; summed with the weights.
    """

    mean: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]
    variance: Callable[[FloatArray], FloatArray]
    deviance: Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Scored:
    """Where the search ended.

    Attributes
    ----------
    params
        Shape (k,).
    bread
        Inverse of the expected information at dispersion 1, shape (k, k).
    mean
        Fitted mean, shape (n,).
    pearson
        Pearson residuals at dispersion 1, shape (n,).
    """

    params: FloatArray
    bread: FloatArray
    mean: FloatArray
    pearson: FloatArray


def score(
    link: Link, y: FloatArray, design: FloatArray, offset: FloatArray, weights: FloatArray, start: FloatArray
) -> Scored | None:
    """Maximise the likelihood; None if the search did not end.

    Parameters
    ----------
    y, offset, weights
        Shape (n,).
    design
        Of full rank, shape (n, k).
    start
        Linear predictor without the offset to begin from, shape (n,).

    Notes
    -----
    Watching the coefficients, not the likelihood, exposes means that drift towards a bound without end.
    """
    params = solve(design, start)[0]
    loss = _loss(link, y, design @ params + offset, weights)
    for _ in range(MOST_STEPS):
        mean = link.mean(design @ params + offset)
        slope = link.slope(mean)
        root = np.sqrt(weights * slope**2 / link.variance(mean))
        if not (np.isfinite(root) & (root > 0)).all():
            return None
        step, bread = solve(design * root[:, None], root * (y - mean) / slope)
        for _ in range(MOST_HALVINGS):
            trial = _loss(link, y, design @ (params + step) + offset, weights)
            if trial <= loss + 1e-9 * abs(loss) + 1e-9:
                break
            step = step / 2
        else:
            return None
        params, loss = params + step, trial
        if np.abs(step).max() <= SETTLED * (1 + np.abs(params).max()):
            mean = link.mean(design @ params + offset)
            return Scored(params, bread, mean, (y - mean) * np.sqrt(weights / link.variance(mean)))
    return None


def _loss(link: Link, y: FloatArray, predictor: FloatArray, weights: FloatArray) -> float:
    """Deviance; infinite where a mean leaves the range of numbers."""
    if not np.abs(predictor).max() < FARTHEST:
        return float("inf")
    value = float(weights @ link.deviance(y, link.mean(predictor)))
    return value if np.isfinite(value) else float("inf")
