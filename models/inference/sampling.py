"""What the standard error would be if cases were independent and areas differed by sampling alone: never a headline."""

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import contrast
from models.inference.refusal import NoInference
from models.inference.ttest import TTest, t_test
from models.panel import BinaryCells, Cells, ContinuousCells, DurationCells, OrdinalCells, pool_periods
from models.summary import ROUNDING

OTHER_KIND = (
    "A standard error from single cases is given for means, shares and completed durations only: counts, and times of "
    "which some are still running, are not values about a mean."
)
EMPTY = "An area without cases in one of the two windows has no mean there."
NO_SPREAD = "The cases of each area and window are too few, or too much alike, to show how much cases vary."


def sampling_only(
    cells: Cells,
    treated: BoolArray,
    before: BoolArray,
    after: BoolArray,
    level: float,
    weights: FloatArray | None = None,
) -> TTest | NoInference:
    """Test the difference in mean change as if every case were a separate piece of evidence.

    Parameters
    ----------
    cells
        Cells of A areas and T periods.
    treated
        Mask of the treated areas, shape (A,); both groups must have members.
    before, after
        Masks of the periods of the two windows, shape (T,).
    level
        Confidence level of the interval, in (0, 1).
    weights
        Weight of each area in its group's mean, shape (A,), > 0; None if areas count equally.

    Returns
    -------
    TTest
        On the linear scale: means, shares, or means of log days. Or why there is none.

    Notes
    -----
    ``SE^2 = s^2 sum_g c_g^2 (1/n_g,before + 1/n_g,after)``, with s^2 the variance of cases about the mean of their area
    and window, pooled over these 2A cells, and the cases less 2A as degrees of freedom. With one treated and one
    comparison area it is the ordinary standard error of the regression of cases on treated, after and their product,
    N - 4 degrees of freedom: the one that studies of two states print. It knows nothing of what moves all cases of an
    area together, so the true error is larger, by how much these cases cannot say. Where a source has one value for
    each area and period, its "cases" are periods.
    """
    windows = [_values(pool_periods(cells, window)) for window in (before, after)]
    pooled = [window for window in windows if window is not None]
    if len(pooled) < 2:
        return NoInference(OTHER_KIND)
    n, total, squares = np.stack(pooled, axis=1)
    if (n <= 0).any():
        return NoInference(EMPTY)
    means = total / n
    spread = squares - n * means**2
    df = float(n.sum() - n.size)
    within = float(np.where(spread > ROUNDING * squares, spread, 0.0).sum())
    if df < 1 or within <= 0:
        return NoInference(NO_SPREAD)
    coefficients = contrast(treated, weights)
    std_error = float(np.sqrt(within / df * (coefficients**2 @ (1 / n).sum(axis=0))))
    return t_test(float(coefficients @ (means[1] - means[0])), std_error, df, level)


def _values(cells: Cells) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Number, sum and sum of squares of each area's cases in one window, shape (A,) each; None for other kinds."""
    match cells:
        case ContinuousCells(n, total, squares):
            return n[:, 0], total[:, 0], squares[:, 0]
        case DurationCells(n, total, squares, still_open, _) if not still_open.any():
            return n[:, 0], total[:, 0], squares[:, 0]
        case BinaryCells(successes, trials):
            return trials[:, 0], successes[:, 0], successes[:, 0]
        case OrdinalCells(n, at_least):
            yes = n[:, 0, at_least:].sum(axis=1)
            return n[:, 0].sum(axis=1), yes, yes
        case _:
            return None
