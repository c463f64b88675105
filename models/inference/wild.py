"""Restricted wild cluster bootstrap of a difference in mean change, one multiplier per area."""

from enum import StrEnum

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import contrast
from models.inference.refusal import NoInference
from models.inference.resampled import DRAWS, Draws, Resampled, compare, joined, moments, observe, stretches

MOST_LISTED = 14  # areas up to which all 2^G sign vectors are listed


class Multiplier(StrEnum):
    """What each area's residual is multiplied by."""

    RADEMACHER = "rademacher"  # +1 or -1
    WEBB = "webb"  # six points, so that few areas still give many different draws


POINTS: dict[Multiplier, FloatArray] = {
    Multiplier.RADEMACHER: np.asarray([-1.0, 1.0]),
    Multiplier.WEBB: np.asarray([-(1.5**0.5), -1.0, -(0.5**0.5), 0.5**0.5, 1.0, 1.5**0.5]),
}
"""Values of each multiplier, all equally likely; mean 0, variance 1."""


def wild_bootstrap(
    changes: FloatArray,
    treated: BoolArray,
    level: float,
    seed: int = 0,
    resolution: float = 0.0,
    weights: FloatArray | None = None,
    multiplier: Multiplier = Multiplier.RADEMACHER,
    draws: int = DRAWS,
) -> Resampled | NoInference:
    """Compare the cluster-robust t statistic with those of samples made under the effect in question.

    Parameters
    ----------
    changes
        Change from before to after, one per area, shape (G,), all finite.
    treated
        Mask of the treated areas, shape (G,); both groups must have members.
    level
        Confidence level of the interval, in (0, 1).
    seed
        Seed of the multipliers, where they are drawn.
    resolution
        Size of a difference that is only rounding error in `changes`.
    weights
        Weight of each area in its group's mean, shape (G,), > 0; None if areas count equally.
    multiplier
        Rademacher vectors are listed in full for up to `MOST_LISTED` areas; Webb's are always drawn.
    draws
        Number of vectors drawn, to which the sample itself (all multipliers 1) is added.

    Notes
    -----
    Under an effect b the residuals are ``r = W - bD`` less their mean, a sample is ``W* = bD + v r``, and the
    statistic is ``(c'W* - b) / sqrt(sum c^2 e*^2)`` with ``e*`` its residuals about the two group means. On a balanced
    panel with area and period effects this is WCR with CR1 standard errors, whose constant factor cancels. Draws that
    tie with the sample count, as +v and -v always do, so with all signs listed the smallest p is 2 / 2^G; peers that
    ask for a larger statistic give the p-value less the share of ties (Cameron, Gelbach & Miller 2008, Review of
    Economics and Statistics 90:414; Roodman, MacKinnon, Nielsen & Webb 2019, Stata Journal 19:4; Webb 2023, Canadian
    Journal of Economics 56:839).
    """
    coefficients = contrast(treated, weights)
    sample = observe(changes, coefficients, coefficients**2, resolution)
    if isinstance(sample, NoInference):
        return sample
    effect = treated - np.average(treated, weights=weights)
    exact = multiplier is Multiplier.RADEMACHER and len(changes) <= MOST_LISTED
    rng = np.random.default_rng(seed)
    parts: list[Draws] = []
    for start, stop in stretches(2 ** len(changes) if exact else draws + 1, len(changes)):
        shape = (stop - start, len(changes))
        v = _listed(start, shape) if exact else _drawn(rng, multiplier, shape)
        if start == 0:
            v[0] = 1.0
        parts.append(moments(v * sample.residuals, v * effect, coefficients[None, :], coefficients[None, :] ** 2))
    return compare(sample, joined(parts), level, exact=exact)


def _listed(start: int, shape: tuple[int, int]) -> FloatArray:
    """Rows of the list of all sign vectors, from `start` on; the first of the list is all ones."""
    bits = (np.arange(start, start + shape[0])[:, None] >> np.arange(shape[1])) & 1
    return np.where(bits == 1, -1.0, 1.0)


def _drawn(rng: np.random.Generator, multiplier: Multiplier, shape: tuple[int, int]) -> FloatArray:
    points = POINTS[multiplier]
    return points[rng.integers(0, len(points), size=shape)]
