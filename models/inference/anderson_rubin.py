"""A difference per unit of another: every ratio that a test of the difference does not reject.

A ratio of two differences has no standard error worth the name when the lower one may be near zero. Instead, each
candidate c is tested by the test of the upper difference itself, applied to ``top - c * bottom``, which keeps its size
however weak the lower difference is (Anderson & Rubin 1949, Annals of Mathematical Statistics 20:46; Fieller 1954,
Journal of the Royal Statistical Society B 16:175).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import ROUNDING, difference_in_means
from models.inference.headline import headline_test
from models.inference.permutation import assignments, mean_differences
from models.inference.refusal import NoInference
from models.inference.ttest import TTest

TIE = 1e-9  # of the largest root: roots closer than this are the same


@dataclass(frozen=True, slots=True)
class Accepted:
    """Ratios the headline's test does not reject.

    Attributes
    ----------
    test
        Of the upper difference, which is that of a ratio of zero.
    interval
        Lower and upper limit; None where the ratios have no bound.
    rejected
        Where they have no bound: the ratios between which all are rejected; None if none are.
    """

    test: TTest
    interval: tuple[float, float] | None
    rejected: tuple[float, float] | None


def invert_headline(
    top: FloatArray,
    bottom: FloatArray,
    treated: BoolArray,
    level: float,
    resolution: float = 0.0,
    weights: FloatArray | None = None,
) -> Accepted | NoInference:
    """Invert the headline's test of ``top - c * bottom`` over c.

    Parameters
    ----------
    top, bottom
        Changes whose differences in means are the numerator and the denominator, shape (G,), all finite; `bottom` is
        not zero throughout.
    treated, level, resolution, weights
        As in `models.inference.collapsed.collapsed_t`; `resolution` is that of `top`.

    Notes
    -----
    With differences T and B, and t the critical value, c is kept if
    ``(T - c B)^2 <= t^2 (v_TT - 2 c v_TB + c^2 v_BB)``. The three variances are read from the test's standard error at
    three values of c, whichever test the rule chooses; its degrees of freedom do not depend on c. The ratios form an
    interval exactly if the test rejects B = 0. Otherwise they are all numbers, or all but an interval.
    """
    main = headline_test(top, treated, level, resolution, weights)
    if isinstance(main, NoInference):
        return main
    step = _step(top, bottom, treated)
    errors = []
    for c in (step, -step):
        test = headline_test(top - c * bottom, treated, level, resolution, weights)
        if isinstance(test, NoInference):
            return test
        errors.append(test.std_error**2)
    v_top, (above, below) = main.std_error**2, errors
    curve = (above + below) / 2 - v_top
    v_bottom = curve / step**2 if curve > ROUNDING * v_top else 0.0
    v_cross = (below - above) / (4 * step)
    critical = float(stats.t.ppf((1 + level) / 2, main.df)) ** 2
    lower = difference_in_means(bottom, treated, weights)
    square = lower**2 - critical * v_bottom
    if abs(square) <= ROUNDING * lower**2:
        return Accepted(main, None, None)
    half, constant = main.estimate * lower - critical * v_cross, main.estimate**2 - critical * v_top
    return Accepted(main, *_solve(square, half, constant))


def invert_permutation(
    top: FloatArray,
    bottom: FloatArray,
    treated: BoolArray,
    level: float,
    seed: int = 0,
    weights: FloatArray | None = None,
) -> tuple[float, float] | None:
    """Invert the permutation test of ``top - c * bottom`` over c.

    Parameters
    ----------
    top, bottom
        As in `invert_headline`; the difference in means of `bottom` is not zero.
    treated, level, seed, weights
        As in `models.inference.permutation.permutation_test`.

    Returns
    -------
    tuple | None
        Limits of the shortest interval that holds every c with ``p > 1 - level``: these need not hang together. None if
        they have no bound on one side at least.

    Notes
    -----
    Assignment pi counts for c if ``|T_pi - c B_pi| >= |T - c B|``, that is if
    ``[T_pi - T - c (B_pi - B)] [T_pi + T - c (B_pi + B)] >= 0``: between the two roots if ``|B_pi| < |B|``, outside
    them if ``|B_pi| > |B|``, and on the side of the estimate T/B of a single root if they are equal. All count at T/B.
    """
    chosen, _ = assignments(treated, seed)
    upper, lower = (mean_differences(w - np.average(w, weights=weights), chosen, weights) for w in (top, bottom))
    own_upper, own_lower = (difference_in_means(w, treated, weights) for w in (top, bottom))
    allowed = int(np.floor((1 - level) * len(chosen) + ROUNDING))
    # with the sign of B_pi turned to that of B, the two factors only change places
    turned = np.where(lower * own_lower < 0, -1.0, 1.0)
    return _hull(*_turns(turned * upper, turned * lower, own_upper, own_lower), allowed)


def _step(top: FloatArray, bottom: FloatArray, treated: BoolArray) -> float:
    """A ratio at which neither change drowns the other, and at which they cannot cancel out in every area."""
    spread = [float(np.sqrt(np.mean(_residuals(w, treated) ** 2))) for w in (top, bottom)]
    largest = float(np.abs(bottom).max())
    return spread[0] / (2 * (spread[1] if spread[1] > ROUNDING * largest else largest))


def _residuals(w: FloatArray, treated: BoolArray) -> FloatArray:
    return np.asarray(w - np.where(treated, w[treated].mean(), w[~treated].mean()))


def _solve(
    square: float, half: float, constant: float
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """Where ``square c^2 - 2 half c + constant <= 0``: as an interval, or as the interval left out."""
    inside = half**2 - square * constant
    if inside <= 0:
        return None, None
    low, high = sorted((half + sign * float(np.sqrt(inside))) / square for sign in (-1.0, 1.0))
    return ((low, high), None) if square > 0 else (None, (low, high))


def _turns(
    upper: FloatArray, lower: FloatArray, own_upper: float, own_lower: float
) -> tuple[FloatArray, FloatArray, int]:
    """Values of c where assignments begin and cease to count, and how many count at minus infinity."""
    unit = abs(own_lower)
    apart = np.abs(lower - own_lower) > TIE * unit
    inside, outside = apart & (np.abs(lower) < unit), apart & (np.abs(lower) > unit)
    first = np.divide(upper - own_upper, lower - own_lower, out=np.full(upper.shape, np.nan), where=apart)
    second = (upper + own_upper) / (lower + own_lower)
    low, high = np.fmin(first, second), np.fmax(first, second)
    same = ~apart & (np.abs(upper - own_upper) > TIE * max(float(np.abs(upper).max()), abs(own_upper)))
    right = same & (second < own_upper / own_lower)
    left = same & ~right
    always = ~apart & ~same
    begins = np.concatenate([low[inside], high[outside], second[right]])
    ceases = np.concatenate([high[inside], low[outside], second[left]])
    return begins, ceases, int((outside | left | always).sum())


def _hull(begins: FloatArray, ceases: FloatArray, at_start: int, allowed: int) -> tuple[float, float] | None:
    """Smallest and largest c for which more than `allowed` assignments count; None if one of them does not exist."""
    starts, ends = np.sort(begins), np.sort(ceases)
    if max(at_start, at_start + len(starts) - len(ends)) > allowed:
        return None
    slack = TIE * float(np.abs(np.concatenate([starts, ends])).max())

    def counting(c: FloatArray) -> FloatArray:
        begun = np.searchsorted(starts, c + slack, side="right")
        ceased = np.searchsorted(ends, c - slack, side="left")
        return np.asarray(at_start + begun - ceased, dtype=np.float64)

    low, high = starts[counting(starts) > allowed], ends[counting(ends) > allowed]
    return float(low.min()), float(high.max())
