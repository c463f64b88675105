"""Mixtures of normals: mean, variance, distribution function and quantiles, for many mixtures at once."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from models.arrays import FloatArray

CLOSE = 1e-10  # of the mixture's standard deviation
MOST_STEPS = 100
NEWTON = 12  # steps of Newton's method before halving takes over
CHUNK = 2_000_000  # normal probabilities held at once
LEAST_DENSITY = 1e-280  # below it a step of Newton's method would be infinite
ROOT_TWO_PI = float(np.sqrt(2 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Normals with weights, the components on the last axis; other axes number mixtures.

    Attributes
    ----------
    weights, means, sds
        Each of shape (..., C); weights sum to 1, standard deviations are above 0.
    """

    weights: FloatArray
    means: FloatArray
    sds: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Shape (...)."""
        return np.asarray((self.weights * self.means).sum(axis=-1))[()]

    @property
    def variance(self) -> FloatArray:
        """Mean of the components' variances and variance of their means, shape (...)."""
        apart = self.means - self.mean[..., None]
        return np.asarray((self.weights * (self.sds**2 + apart**2)).sum(axis=-1))[()]

    def cdf(self, value: float | FloatArray) -> FloatArray:
        """Probability below a value, or below one value for each mixture, shape (...)."""
        at = np.asarray(value, dtype=np.float64)[..., None]
        return np.asarray((self.weights * special.ndtr((at - self.means) / self.sds)).sum(axis=-1))[()]

    def quantiles(self, probabilities: FloatArray) -> FloatArray:
        """Values with these probabilities below them, each in (0, 1), shape (..., P)."""
        batch, parts = self.means.shape[:-1], self.means.shape[-1]
        weights, means, sds = (a.reshape(-1, parts) for a in (self.weights, self.means, self.sds))
        step = max(1, CHUNK // parts)
        found = np.empty((len(means), len(probabilities)))
        rows, columns = np.divmod(np.arange(found.size), len(probabilities))
        for start in range(0, found.size, step):
            row, column = rows[start : start + step], columns[start : start + step]
            found[row, column] = _solved(weights[row], means[row], sds[row], probabilities[column])
        return found.reshape(*batch, len(probabilities))


def _solved(weights: FloatArray, means: FloatArray, sds: FloatArray, probability: FloatArray) -> FloatArray:
    """Solve cdf(x) = p for each row, shape (Q,): Newton's steps kept within a bracket, then halving."""
    z = special.ndtri(probability)
    ends = means + z[:, None] * sds  # the mixture's quantile lies between its components'
    low, high = ends.min(axis=1), ends.max(axis=1)
    centre = (weights * means).sum(axis=1)
    spread = np.sqrt((weights * (sds**2 + (means - centre[:, None]) ** 2)).sum(axis=1))
    x, active = np.clip(centre + z * spread, low, high), np.arange(len(z))
    for count in range(MOST_STEPS):
        apart = (x[active, None] - means[active]) / sds[active]
        excess = (weights[active] * special.ndtr(apart)).sum(axis=1) - probability[active]
        density = (weights[active] * np.exp(-(apart**2) / 2) / sds[active]).sum(axis=1) / ROOT_TWO_PI
        low[active] = np.where(excess < 0, x[active], low[active])
        high[active] = np.where(excess > 0, x[active], high[active])
        middle = (low[active] + high[active]) / 2
        step = np.divide(excess, density, out=np.full_like(excess, np.inf), where=density > LEAST_DENSITY)
        trial = x[active] - step
        inside = (trial >= low[active]) & (trial <= high[active]) & (count < NEWTON)
        moved = np.where(inside, trial, middle)
        done = (np.abs(moved - x[active]) <= CLOSE * spread[active]) | (excess == 0)
        x[active] = np.where(excess == 0, x[active], moved)
        active = active[~done]
        if not active.size:
            break
    return x
