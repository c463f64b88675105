"""Cluster-robust variance with Bell and McCaffrey's correction, in closed form for one change per area."""

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import contrast, difference_in_means, tolerance
from models.inference.refusal import NoInference
from models.inference.ttest import TTest, t_test

MOST_WEIGHT = 1 - 1e-6
DOMINATED = (
    "One area holds practically all the weight of its group, so how much areas of that group differ cannot be seen; "
    "weight areas equally."
)


def bell_mccaffrey_df(treated: int, comparison: int) -> float:
    """Degrees of freedom for a difference in means of this many treated and comparison areas, at least 2 each."""
    top = (1 / treated + 1 / comparison) ** 2
    return top / (1 / (treated**2 * (treated - 1)) + 1 / (comparison**2 * (comparison - 1)))


def cr2(
    changes: FloatArray,
    treated: BoolArray,
    level: float,
    resolution: float = 0.0,
    weights: FloatArray | None = None,
) -> TTest | NoInference:
    """Test the difference in mean change without assuming that both groups vary alike.

    Parameters
    ----------
    changes, treated
        Change per area and mask of the treated areas, shape (G,).
    level
        Confidence level of the interval, in (0, 1).
    resolution
        Size of a difference that is only rounding error in `changes`.
    weights
        Weight of each area in its group's mean, shape (G,), > 0; None if areas count equally.

    Notes
    -----
    With one change per area the CR2 variance is ``s1^2/G1 + s0^2/G0``, and the degrees of freedom under a common
    variance are those of `bell_mccaffrey_df` (Bell & McCaffrey 2002, Survey Methodology 28:169; Pustejovsky & Tipton
    2018, Journal of Business & Economic Statistics 36:672).

    With weights, let p_g be an area's share of its group's weight, S the sum of the group's p^2, e_g its distance from
    the weighted mean and ``b_g = 1 - 2 p_g + S``. The variance is ``sum p_g^2 e_g^2 / b_g``, unbiased if areas vary
    alike, and ``df = (sum p_g^2)^2 / sum P_gh^2`` with ``P_gh = p_g p_h (b_g b_h)^(-1/2) (1{g=h} - p_g - p_h + S)``
    within a group: the general formula of `models.inference.cluster_robust` for one observation per cluster.
    """
    many, few = int(treated.sum()), int((~treated).sum())
    if min(many, few) < 2:
        group = "treated" if many < 2 else "comparison"
        return NoInference(f"CR2 needs at least two areas in each group, and there is one {group} area.")
    estimate = difference_in_means(changes, treated, weights)
    share = np.abs(contrast(treated, weights))
    if share.max() > MOST_WEIGHT:
        return NoInference(DOMINATED)
    variance, squares = 0.0, 0.0
    for members in (treated, ~treated):
        part, trace = _group(changes[members], share[members])
        variance, squares = variance + part, squares + trace
    std_error = float(np.sqrt(variance))
    if std_error <= tolerance(changes, resolution):
        return NoInference("All areas of a group changed by exactly the same amount, so there is no variance to use.")
    df = float(share @ share) ** 2 / squares
    return t_test(estimate, std_error, df, level)


def _group(w: FloatArray, p: FloatArray) -> tuple[float, float]:
    """One group's part of the variance, and of ``sum P_gh^2``; p sums to 1."""
    spread = float(p @ p)
    b = (1 - p) ** 2 + (spread - p**2)
    residuals = w - p @ w
    q = p**2 / b
    u = spread - p
    every = (q @ u**2) * q.sum() - 2 * (q @ u) * (q @ p) + q.sum() * (q @ p**2)
    diagonal = (p**4).sum() - (q**2 * (spread - 2 * p) ** 2).sum()
    return float(q @ residuals**2), float(every + diagonal)
