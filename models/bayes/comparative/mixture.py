"""The posterior of one number as a mixture of normals, without the components that have no weight to speak of."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.arrays import FloatArray
from models.bayes.mixture import Mixture

NEGLIGIBLE = 1e-7
"""Weight of all components that are dropped, together."""


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
        flat = weights.ravel()
        order = np.argsort(flat)[::-1]
        kept = order[: int(np.searchsorted(np.cumsum(flat[order]), 1 - NEGLIGIBLE)) + 1]
        return cls(Mixture(flat[kept] / flat[kept].sum(), means.ravel()[kept], np.sqrt(variances.ravel()[kept])))

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
