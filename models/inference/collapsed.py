"""Small-sample t test on one number per area (Donald & Lang 2007, Review of Economics and Statistics 89:221)."""

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.inference.ttest import TTest, t_test

ROUNDING = 1e-10  # differences below this share of the largest change are rounding error


def contrast(treated: BoolArray, weights: FloatArray | None = None) -> FloatArray:
    """Coefficients c of the estimate c'W, shape (G,): shares of each group's weight, negative for comparison areas.

    Parameters
    ----------
    treated
        Mask of the treated areas, shape (G,); both groups must have members.
    weights
        Weight of each area, shape (G,), > 0; None if areas count equally.
    """
    sizes = np.ones(len(treated)) if weights is None else weights
    return np.where(treated, sizes / sizes[treated].sum(), -sizes / sizes[~treated].sum())


def difference_in_means(changes: FloatArray, treated: BoolArray, weights: FloatArray | None = None) -> float:
    """Mean change of treated areas less mean change of the others; arguments have shape (G,)."""
    if weights is None:
        return float(changes[treated].mean() - changes[~treated].mean())
    return float(contrast(treated, weights) @ changes)


def tolerance(changes: FloatArray, resolution: float) -> float:
    """Size below which a difference between changes is rounding error."""
    return max(resolution, ROUNDING * float(np.abs(changes).max()))


def collapsed_t(
    changes: FloatArray,
    treated: BoolArray,
    level: float,
    resolution: float = 0.0,
    weights: FloatArray | None = None,
) -> TTest | NoInference:
    """Test the difference in mean change on G - 2 degrees of freedom.

    Parameters
    ----------
    changes
        Change from before to after, one per area, shape (G,), all finite.
    treated
        Mask of the treated areas, shape (G,); both groups must have members.
    level
        Confidence level of the interval, in (0, 1).
    resolution
        Size of a difference that is only rounding error in `changes`.
    weights
        Weight of each area in its group's mean, shape (G,), > 0; None if areas count equally.

    Notes
    -----
    ``s^2 = sum e_g^2 / (G - 2)``, ``SE = s sqrt(1/G1 + 1/G0)``, referred to t(G - 2). Exact for independent normal
    changes with one variance in both groups, however few the areas; serial correlation within an area is irrelevant,
    because the area enters once.

    With weights the estimate is ``c'W`` and ``SE = s sqrt(c'c)``, s as before, from the unweighted group means: areas
    still vary alike, whatever their weight. Then s shares a part of the residuals with the estimate, which makes the
    test cautious: at 2 of 7 areas with weights of 80 to 245 it rejects 4.3 to 4.9% at the 5% level. Dropping that part
    (t(G - 3), exact) gives a longer interval. Weighted residuals on t(G - 2) would be exact for variances inversely
    proportional to the weights, and reject up to 8% where areas vary alike.
    """
    many, few = int(treated.sum()), int((~treated).sum())
    df = many + few - 2
    if df < 1:
        return NoInference(
            "With one treated and one comparison area nothing shows how much areas differ by chance, so an effect "
            "cannot be told from ordinary variation; add comparison areas."
        )
    estimate = difference_in_means(changes, treated, weights)
    residual = changes - np.where(treated, changes[treated].mean(), changes[~treated].mean())
    spread = float(np.sqrt(residual @ residual / df))
    if spread <= tolerance(changes, resolution):
        return NoInference(
            "All areas of a group changed by exactly the same amount, so nothing shows how much areas differ by "
            "chance; check that the data are not copied or modelled."
        )
    std_error = spread * float(np.sqrt((contrast(treated, weights) ** 2).sum()))
    return t_test(estimate, std_error, float(df), level)
