"""Jackknife over areas (CRV3), in closed form for one change per area."""

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import contrast, difference_in_means, tolerance
from models.inference.cr2 import DOMINATED, MOST_WEIGHT
from models.inference.refusal import NoInference
from models.inference.ttest import TTest, t_test


def jackknife_t(
    changes: FloatArray,
    treated: BoolArray,
    level: float,
    resolution: float = 0.0,
    weights: FloatArray | None = None,
) -> TTest | NoInference:
    """Test the difference in mean change by how much it moves when each area is left out in turn.

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
    ``SE^2 = (G - 1)/G sum_g (b_(g) - b)^2`` referred to t(G - 1), where b_(g) is the estimate without area g
    (MacKinnon, Nielsen & Webb 2023, Journal of Econometrics 232:272, CRV3). With p_g the area's share of its group's
    weight and e_g its distance from the group's mean, ``b_(g) - b = -/+ p_g e_g / (1 - p_g)``.
    """
    for members, group in ((treated, "treated"), (~treated, "comparison")):
        if members.sum() < 2:
            return NoInference(
                f"The jackknife leaves out each area in turn, and there is one {group} area: without it there is "
                "nothing to compare."
            )
    share = np.abs(contrast(treated, weights))
    if share.max() > MOST_WEIGHT:
        return NoInference(DOMINATED)
    mean = np.where(treated, share[treated] @ changes[treated], share[~treated] @ changes[~treated])
    moves = share * (changes - mean) / (1 - share)
    count = len(changes)
    std_error = float(np.sqrt((count - 1) / count * (moves @ moves)))
    if std_error <= tolerance(changes, resolution):
        return NoInference("All areas of a group changed by exactly the same amount, so there is no variance to use.")
    return t_test(difference_in_means(changes, treated, weights), std_error, float(count - 1), level)
