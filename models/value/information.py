"""What it would be worth to know more before deciding: expected values of information."""

import math

import numpy as np
from scipy import stats

from models.arrays import FloatArray


def evpi(net: FloatArray) -> float:
    """Expected value of perfect information of equally likely net benefits, any shape: E max(NB, 0) - max(E NB, 0).

    The choice is between rolling out and not, which is worth 0.
    """
    # the smaller of two equal quantities: what is lost by rolling out where it harms, or by not doing so where it helps
    missed, suffered = float(np.mean(np.maximum(net, 0))), float(np.mean(np.maximum(-net, 0)))
    return min(missed, suffered)


def normal_evpi(mean: float, sd: float) -> float:
    """Expected value of perfect information of a normal net benefit: sd [phi(z) - z Phi(-z)], z = |mean| / sd.

    The unit normal loss of Raiffa and Schlaifer (1961). `sd` >= 0.
    """
    if not (math.isfinite(mean) and 0 <= sd < math.inf):
        raise ValueError("A normal net benefit needs a finite mean and a standard deviation of 0 or more.")
    if sd == 0:
        return 0.0
    z = abs(mean) / sd
    if not math.isfinite(z):
        return 0.0
    return max(0.0, sd * float(stats.norm.pdf(z) - z * stats.norm.sf(z)))


def normal_evsi(mean: float, sd: float, variance: float, new_variance: float) -> float:
    """Expected value of new evidence on a normal net benefit that is linear in the effect.

    Parameters
    ----------
    mean, sd
        Of the net benefit as believed now.
    variance
        Of the effect as believed now, >= 0.
    new_variance
        Sampling variance of the effect in the new evidence alone, > 0.

    Returns
    -------
    float
        The unit normal loss at the standard deviation that the mean will move by, sd sqrt(variance / (variance +
        new_variance)).
    """
    if not (variance >= 0 and new_variance > 0):
        raise ValueError("New evidence needs a variance above 0, and the belief one of 0 or more.")
    return normal_evpi(mean, sd * math.sqrt(variance / (variance + new_variance)))
