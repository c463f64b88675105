"""Inference from many areas: the published influence functions, the small-sample form, and bands for all at once."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.arrays import FloatArray
from models.inference.refusal import NoInference
from models.inference.ttest import TTest, t_test
from models.staggered.aggregates import Average, weight_influence, weights_of
from models.staggered.group_time import Groups, GroupTimes, effects, influence

DRAWS = 5_000
CHUNK = 4_000_000  # numbers held at once
ALONE = (
    "A start has a single area, which cannot show how much areas of its group differ; an interval that needs that is "
    "meaningless."
)
ALIKE = (
    "All areas that started together changed by exactly the same amount, so nothing shows how much areas differ by "
    "chance; check that the data are not copied or modelled."
)


@dataclass(frozen=True, slots=True)
class Published:
    """An average with the standard error of Callaway and Sant'Anna.

    Attributes
    ----------
    estimate, std_error
        On the linear scale.
    influence
        Influence of each area, shape (A,).
    """

    estimate: float
    std_error: float
    influence: FloatArray

    def interval(self, level: float) -> tuple[float, float]:
        """Normal interval."""
        half = float(stats.norm.ppf((1 + level) / 2)) * self.std_error
        return self.estimate - half, self.estimate + half

    @property
    def p_value(self) -> float:
        """Two-sided normal p for no effect; 1 without a spread."""
        if self.std_error <= 0:
            return 1.0
        return 2 * float(stats.norm.sf(abs(self.estimate) / self.std_error))


def published(values: FloatArray, groups: Groups, times: GroupTimes, average: Average) -> Published:
    """Estimate an average with ``SE = sqrt(mean(psi^2) / n)``, clustered by area, as the R package `did` prints it.

    Valid for many areas in every group; with few it claims an effect far too often.
    """
    att = effects(values, groups, times)
    weights = weights_of(average, groups, times)
    used = np.flatnonzero(weights)
    some = _only(times, used)
    psi = influence(values, groups, some) @ weights[used] + weight_influence(average, att, groups, times)
    return Published(float(weights @ att), float(np.sqrt(np.mean(psi**2) / len(psi))), psi)


def _only(times: GroupTimes, used: np.ndarray) -> GroupTimes:
    """Keep some of the effects."""
    names = ("group", "bin", "base", "since", "after", "before", "compared")
    return GroupTimes(**{name: getattr(times, name)[used] for name in names}, lost=times.lost)


def by_start_group(
    values: FloatArray, groups: Groups, contrast: FloatArray, level: float, resolution: float = 0.0
) -> TTest | NoInference:
    """Test a linear average by the spread of areas within each start group.

    Parameters
    ----------
    values
        Shape (A, B).
    contrast
        Coefficients of the group means, shape (C, B), as from `GroupTimes.contrast`.
    level
        Confidence level of the interval, in (0, 1).
    resolution
        Size of a difference that is only rounding error in `values`.

    Notes
    -----
    Each area counts as one number, ``z_i = contrast[g_i] . Y_i``, and the estimate is the sum over groups of the mean
    of z. ``Var = sum s_g^2 / n_g`` with degrees of freedom ``Var^2 / sum (s_g^2/n_g)^2 / (n_g - 1)`` (Welch 1947,
    Satterthwaite 1946). With one start it is Welch's t test, whose standard error is that of CR2.
    """
    z = (contrast[groups.member] * values).sum(axis=1)
    sizes = groups.sizes
    used = np.abs(contrast).max(axis=1) > 0
    if (sizes[used] < 2).any():
        return NoInference(ALONE)
    means = np.bincount(groups.member, z, minlength=len(sizes)) / sizes
    squares = np.bincount(groups.member, (z - means[groups.member]) ** 2, minlength=len(sizes))
    part = squares[used] / (sizes[used] - 1) / sizes[used]
    variance = float(part.sum())
    if np.sqrt(variance) <= max(resolution, 1e-10 * float(np.abs(z).max())):
        return NoInference(ALIKE)
    df = variance**2 / float((part**2 / (sizes[used] - 1)).sum())
    return t_test(float(means[used].sum()), float(np.sqrt(variance)), df, level)


def largest_drawn(psi: FloatArray, seed: int) -> FloatArray:
    """Draw the largest of E studentised averages under no effect by the multiplier bootstrap, shape (DRAWS,).

    Parameters
    ----------
    psi
        Influence of each area on each average, shape (A, E).
    seed
        Seed of the draws.

    Notes
    -----
    ``max |mean(V psi)| / SE`` over draws of Mammen's two-point V, one per area (Callaway & Sant'Anna 2021, algorithm
    1).
    """
    areas = len(psi)
    scaled = psi / np.sqrt((psi**2).mean(axis=0) / areas) / areas
    rng = np.random.default_rng(seed)
    root = np.sqrt(5.0)
    low, high, chance = (1 - root) / 2, (1 + root) / 2, (root + 1) / (2 * root)
    rows = max(1, CHUNK // areas)
    largest = []
    for start in range(0, DRAWS, rows):
        drawn = rng.random((min(rows, DRAWS - start), areas))
        largest.append(np.abs(np.where(drawn < chance, low, high) @ scaled).max(axis=1))
    return np.concatenate(largest)


def uniform_factor(psi: FloatArray, level: float, seed: int) -> float:
    """Factor on the standard errors by which normal intervals of E averages, psi of shape (A, E), all hold at once.

    The `level` quantile of `largest_drawn`, and never below the factor of one interval.
    """
    return max(float(np.quantile(largest_drawn(psi, seed), level)), float(stats.norm.ppf((1 + level) / 2)))
