"""What a shift on the latent scale does to the share of answers at each level, and at or above it."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from models.arrays import FloatArray
from models.effect import Effect

POINTS = 201  # effects looked at across an interval, for a share that may turn within it
SMALL = 1e-6  # log odds below which the slope of the curve stands for that of the chord


@dataclass(frozen=True, slots=True)
class Carried:
    """Shares with an effect as observed, and without it.

    Attributes
    ----------
    seen
        Mean share of the treated areas' answers in follow-up.
    without, lo, hi
        The same with the effect removed, and with the limits of its interval removed, lowest first; None without an
        interval.
    """

    seen: float
    without: float
    lo: float | None
    hi: float | None

    @property
    def estimate(self) -> float:
        """Share with the effect less share without it."""
        return self.seen - self.without

    @property
    def interval(self) -> tuple[float, float] | None:
        """Limits of the difference."""
        return None if self.lo is None or self.hi is None else (self.seen - self.hi, self.seen - self.lo)


def at_or_above(counts: FloatArray) -> FloatArray:
    """Share of each area's answers at or above each level, shape (A, L) from answers (A, L)."""
    above: FloatArray = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    return above / above[:, :1]


def removed(shares: FloatArray, effect: float) -> FloatArray:
    """Shares at or above a level with a latent effect removed: ``expit(logit(share) - effect)``, the same shape."""
    return np.asarray(special.expit(special.logit(shares) - effect))


def carried(counts: FloatArray, effect: Effect, first: int, last: int, weights: FloatArray | None = None) -> Carried:
    """Carry a latent effect to the share of answers at the levels from `first` to `last`.

    Parameters
    ----------
    counts
        Answers of the treated areas in follow-up, shape (G1, L).
    effect
        On the latent scale.
    first, last
        Levels counted in, from 0 to L - 1.
    weights
        Weight of each treated area, shape (G1,); None if they count equally.

    Notes
    -----
    The observed shares at or above each level lose the same log odds in every treated area; what is left is averaged
    over them. The limits are those shares with each limit of the effect removed. For the share at or above a level,
    which falls steadily as more is removed, they are exactly the values that belong to the effects not rejected. A
    share between two cutpoints may turn within the interval; its range is then taken over all effects in it.
    """
    shares = np.hstack([at_or_above(counts), np.zeros((len(counts), 1))])

    def share(shift: float) -> float:
        left = removed(shares[:, [first, last + 1]], shift)
        return float(np.average(left[:, 0] - left[:, 1], weights=weights))

    if effect.interval is None:
        return Carried(share(0.0), share(effect.estimate), None, None)
    steady = first == 0 or last == counts.shape[1] - 1
    found = [share(shift) for shift in np.linspace(*effect.interval, 2 if steady else POINTS)]
    return Carried(share(0.0), share(effect.estimate), min(found), max(found))


def chord(counts: FloatArray, effect: Effect, first: int, weights: FloatArray | None = None) -> float:
    """Difference in the share at or above a level for each unit of the latent effect that makes it.

    A standard error of the latent effect times this gives one of the difference, with the same t statistic.
    """
    if abs(effect.estimate) > SMALL:
        return carried(counts, effect, first, counts.shape[1] - 1, weights).estimate / effect.estimate
    share = at_or_above(counts)[:, first]
    return float(np.average(share * (1 - share), weights=weights))
