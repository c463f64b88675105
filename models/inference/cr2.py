"""Cluster-robust variance with Bell and McCaffrey's correction, in closed form for one change per area."""

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import difference_in_means, tolerance
from models.inference.refusal import NoInference
from models.inference.ttest import TTest, t_test


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

    Notes
    -----
    With one change per area the CR2 variance is ``s1^2/G1 + s0^2/G0``, and the degrees of freedom under a common
    variance are those of `bell_mccaffrey_df` (Bell & McCaffrey 2002, Survey Methodology 28:169; Pustejovsky & Tipton
    2018, Journal of Business & Economic Statistics 36:672).
    """
    many, few = int(treated.sum()), int((~treated).sum())
    if min(many, few) < 2:
        group = "treated" if many < 2 else "comparison"
        return NoInference(f"CR2 needs at least two areas in each group, and there is one {group} area.")
    if weights is not None:
        return NoInference("CR2 with weights is not available.")
    estimate = difference_in_means(changes, treated)
    variance = float(changes[treated].var(ddof=1) / many + changes[~treated].var(ddof=1) / few)
    std_error = float(np.sqrt(variance))
    if std_error <= tolerance(changes, resolution):
        return NoInference("All areas of a group changed by exactly the same amount, so there is no variance to use.")
    return t_test(estimate, std_error, bell_mccaffrey_df(many, few), level)
