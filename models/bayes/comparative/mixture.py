"""The posterior of one number as a mixture of normals, those that are nearly the same made into one."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.arrays import FloatArray
from models.bayes.mixture import Mixture

NEGLIGIBLE = 1e-7
"""Weight of all components that are dropped, together, at most."""
ALIKE = 0.05
"""Difference of means, in standard deviations of the whole, and of log standard deviations, within which components
are made into one that keeps their mean and variance."""


@dataclass(frozen=True, slots=True, eq=False)
class Normals:
    """Posterior of one number.

    Attributes
    ----------
    mixture
        Its components, each array of shape (C,).
    """

    mixture: Mixture

    @classmethod
    def of(cls, weights: FloatArray, means: FloatArray, variances: FloatArray) -> Self:
        """Build it from weights, means and variances of one shape; weights sum to 1."""
        kept = weights > NEGLIGIBLE / weights.size
        w, m, v = weights[kept] / weights[kept].sum(), means[kept], variances[kept]
        centre = float(w @ m)
        sd = float(np.sqrt(w @ (v + (m - centre) ** 2)))
        places = np.round((m - centre) / (ALIKE * sd)), np.round(np.log(v) / (2 * ALIKE))
        across = np.ptp(places[1]) + 1
        _, cell = np.unique(places[0] * across + (places[1] - places[1].min()), return_inverse=True)
        total = np.bincount(cell, w)
        middle = np.bincount(cell, w * m) / total
        spread = np.bincount(cell, w * (v + (m - middle[cell]) ** 2)) / total
        return cls(Mixture(total, middle, np.sqrt(spread)))

    @property
    def mean(self) -> float:
        """Mean."""
        return float(self.mixture.mean)

    @property
    def sd(self) -> float:
        """Standard deviation."""
        return float(np.sqrt(self.mixture.variance))

    def below(self, value: float) -> float:
        """Probability of less than `value`."""
        return float(self.mixture.cdf(value))

    def quantile(self, p: float) -> float:
        """Value that is not exceeded with probability `p`, in (0, 1)."""
        return float(self.mixture.quantiles(np.asarray([p]))[0])

    def interval(self, level: float) -> tuple[float, float]:
        """Central interval at `level`."""
        lo, hi = self.mixture.quantiles(np.asarray([(1 - level) / 2, (1 + level) / 2])).tolist()
        return lo, hi

    def short_of(self, value: float) -> "Normals":
        """Posterior of `value` less this number."""
        return Normals(Mixture(self.mixture.weights, value - self.mixture.means, self.mixture.sds))
