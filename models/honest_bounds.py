"""Bounds on an effect if parallel trends broke, from few areas: each end is a contrast with its own collapsed t.

A break is a path of differences between the groups that would have arisen without any intervention, one per bin, nought
in the reference. Rambachan & Roth (2023, Review of Economic Studies 90:2555) restrict it either by the largest step
seen before the start (relative magnitudes) or by how much its slope may change (smoothness).
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import contrast
from models.inference.headline import Method, choose, headline_test
from models.inference.refusal import NoInference

MOST_TIMES = 10.0
"""Multiple of the largest earlier step, or bend, beyond which no breakdown is looked for."""


def steps(positions: FloatArray) -> FloatArray:
    """Slopes from each bin to the next as rows of coefficients, shape (B - 1, B); `positions` ascend, shape (B,)."""
    gaps = np.diff(positions)
    size = len(positions)
    rows = np.zeros((size - 1, size))
    at = np.arange(size - 1)
    rows[at, at], rows[at, at + 1] = -1 / gaps, 1 / gaps
    return rows


def bends(positions: FloatArray) -> FloatArray:
    """Changes of slope per bin length at each inner bin as rows of coefficients, shape (B - 2, B).

    Evenly spaced bins give second differences.
    """
    apart = (positions[2:] - positions[:-2]) / 2
    rows: FloatArray = np.diff(steps(positions), axis=0) / apart[:, None]
    return rows


def worst_bias(coefficients: FloatArray, positions: FloatArray) -> float:
    """Largest bias of a contrast, per unit of M, over all paths whose bends are within +-M.

    Parameters
    ----------
    coefficients
        Of the bins, shape (B,); adding up to 0, and blind to a straight line.
    positions
        Midpoints of the bins, shape (B,).

    Notes
    -----
    Such a contrast is a sum of bends, ``c'd = sum_j k_j bend_j``, and the bends are free of one another, so the largest
    bias is ``M sum |k_j|``. For the mean of K evenly spaced bins, extrapolated from the last two before, it is
    ``(K + 1)(K + 2) / 6``.
    """
    gaps, apart = np.diff(positions), (positions[2:] - positions[:-2]) / 2
    # Twice by parts: from levels to steps, and from steps to bends.
    k = np.cumsum(np.cumsum(coefficients)[:-1] * gaps)[:-1] * apart
    return float(np.abs(k).sum())


@dataclass(frozen=True, slots=True)
class Look:
    """Difference between the groups in each of B bins, in time order, and what its contrasts' standard errors need.

    Attributes
    ----------
    estimate
        Treated areas' mean less comparison areas', each area measured from its value in the reference, shape (B,).
    factor
        ``|factor @ c|`` is the standard error of ``c @ estimate`` by the headline's inference, shape (G, B).
    df
        Degrees of freedom.
    critical
        Quantile of t that intervals use.
    noise
        Standard deviation of ``c @ estimate`` per unit of ``|c|`` if bins varied alike and independently within areas:
        only used to choose between lines.
    positions
        Midpoints of the bins in bin lengths, 0 at the reference, shape (B,).
    before
        Bins up to and with the reference.
    """

    estimate: FloatArray
    factor: FloatArray
    df: float
    critical: float
    noise: float
    positions: FloatArray
    before: int

    @property
    def mean_after(self) -> FloatArray:
        """Coefficients of the mean effect of the bins after the start, against the reference, shape (B,)."""
        c = np.zeros(len(self.estimate))
        c[self.before :] = 1 / (len(c) - self.before)
        c[self.before - 1] = -1.0
        return c

    @property
    def reach(self) -> float:
        """Mean distance of the bins after the start from the reference, in bin lengths; (K + 1)/2 if evenly spaced."""
        return float(self.positions[self.before :].mean())

    @property
    def largest_step(self) -> float:
        """Largest slope between neighbouring bins before the start, per bin length."""
        earlier = steps(self.positions)[: self.before - 1] @ self.estimate
        return float(np.abs(earlier).max())

    @property
    def largest_bend(self) -> float:
        """Largest change of slope before the start, per bin length; there must be three bins."""
        return float(np.abs(bends(self.positions)[: self.before - 2] @ self.estimate).max())


def look(
    values: FloatArray,
    treated: BoolArray,
    positions: FloatArray,
    before: int,
    level: float,
    weights: FloatArray | None = None,
    resolution: float = 0.0,
) -> Look | NoInference:
    """Take the differences between the groups, and the variation between areas.

    Parameters
    ----------
    values
        Value of each area in each bin on the linear scale, shape (G, B), all finite.
    treated
        Mask of the treated areas, shape (G,); both groups must have members.
    positions, before
        As in `Look`; at least two bins before and one after.
    level, weights, resolution
        As in `models.inference.headline.headline_test`.
    """
    moved = values - values[:, [before - 1]]
    c = contrast(treated, weights)
    bare = Look(c @ moved, np.zeros((0, len(positions))), 1.0, 0.0, 0.0, positions, before)
    found = headline_test(moved @ bare.mean_after, treated, level, resolution, weights)
    if isinstance(found, NoInference):
        return found
    within = moved - np.where(treated[:, None], moved[treated].mean(axis=0), moved[~treated].mean(axis=0))
    within = within - within.mean(axis=1, keepdims=True)
    free = (len(treated) - 2) * (len(positions) - 1)
    noise = float(np.sqrt((within**2).sum() / free * (c @ c)))
    critical = float(stats.t.ppf((1 + level) / 2, found.df))
    return Look(bare.estimate, _factor(moved, treated, c), found.df, critical, noise, positions, before)


def _factor(moved: FloatArray, treated: BoolArray, c: FloatArray) -> FloatArray:
    """Residuals so scaled that their sum of squares is the variance of the headline's inference, shape (G, B).

    Collapsed t: residuals from plain group means, ``s^2 c'c``. CR2: from weighted ones, ``sum p^2 e^2 / b``; see there.
    """
    many, few = int(treated.sum()), int((~treated).sum())
    out = np.empty_like(moved)
    clustered = choose(many, few).method is Method.CLUSTER_ROBUST
    for group in (treated, ~treated):
        p = np.abs(c[group])
        if clustered:
            scale = p / np.sqrt(1 - 2 * p + p @ p)
            out[group] = (moved[group] - p @ moved[group]) * scale[:, None]
        else:
            out[group] = (moved[group] - moved[group].mean(axis=0)) * np.sqrt(c @ c / (many + few - 2))
    return out


# Relative magnitudes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bounds:
    """An effect under one restriction.

    Attributes
    ----------
    estimate
        Without any break (relative magnitudes), or in the middle of what the restriction allows.
    bounds
        Smallest and largest effect that the restriction allows, taking the estimates at their face value.
    interval
        The same with the play of chance, at the level of the look.
    """

    estimate: float
    bounds: tuple[float, float]
    interval: tuple[float, float]


def relative_magnitudes(found: Look, times: float) -> Bounds:
    """Bound the mean effect if no step after the reference exceeds `times` the largest one before it.

    Notes
    -----
    A path that rises by at most ``times * m`` per bin length, m the largest earlier step, is at most ``times * m *
    reach`` away on average: ``times * m (K + 1)/2`` for K evenly spaced bins. If step s with sign g is the largest, the
    upper end is the contrast ``mean_after + times * reach * g * step_s``, and so much above it as the collapsed t of
    that contrast asks for. The interval reaches over all s and g. It covers at its level, for normal changes of one
    variance and however few areas, because it holds the interval of the step that is in truth the largest. Adding the
    half-width of the effect alone would take that step as known.
    """
    mean, extra = found.mean_after, times * found.reach
    earlier = steps(found.positions)[: found.before - 1]
    estimate = float(mean @ found.estimate)
    worst = extra * found.largest_step
    contrasts = np.vstack([mean + extra * earlier, mean - extra * earlier])
    half = found.critical * np.sqrt(((contrasts @ found.factor.T) ** 2).sum(axis=1))
    middle = contrasts @ found.estimate
    interval = float((middle - half).min()), float((middle + half).max())
    return Bounds(estimate, (estimate - worst, estimate + worst), interval)


def breakdown_times(found: Look) -> float | None:
    """Smallest multiple at which the interval of `relative_magnitudes` holds no effect; None beyond `MOST_TIMES`.

    The interval grows with the multiple: each end is, over both signs of a step, a convex and even function of it.
    """

    def spare(times: float) -> float:
        low, high = relative_magnitudes(found, times).interval
        return max(low, -high)

    if spare(0.0) <= 0:
        return 0.0
    if spare(MOST_TIMES) > 0:
        return None
    return float(optimize.brentq(spare, 0.0, MOST_TIMES, xtol=1e-10))


# Smoothness ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """The effect against a straight line through the last bins before the start.

    Attributes
    ----------
    bins
        Bins the line goes through.
    estimate, std_error
        Of the mean effect of the bins after the start.
    bias
        Largest bias per unit of M.
    noise
        Standard error if bins varied alike and independently within areas.
    """

    bins: int
    estimate: float
    std_error: float
    bias: float
    noise: float


def line_through(found: Look, bins: int) -> FloatArray:
    """Coefficients of the mean effect against a line through the last `bins` (2 or more) before, shape (B,)."""
    c = np.zeros(len(found.estimate))
    used = slice(found.before - bins, found.before)
    x = found.positions[used]
    apart = x - x.mean()
    c[used] = -(1 / bins + (found.reach - x.mean()) * apart / (apart @ apart))
    c[found.before :] = 1 / (len(c) - found.before)
    return c


def lines(found: Look) -> tuple[Line, ...]:
    """Extrapolate lines through the last 2, 3, ... and all bins before the start."""
    each = [(bins, line_through(found, bins)) for bins in range(2, found.before + 1)]
    return tuple(
        Line(
            bins=bins,
            estimate=float(c @ found.estimate),
            std_error=float(np.linalg.norm(found.factor @ c)),
            bias=worst_bias(c, found.positions),
            noise=found.noise * float(np.linalg.norm(c)),
        )
        for bins, c in each
    )


def shortest(found: Look, candidates: tuple[Line, ...], bend: float) -> Line:
    """Line with the shortest interval to be expected if the slope may change by `bend`; long ones suit small bends."""
    return min(candidates, key=lambda line: bend * line.bias + found.critical * line.noise)


def smoothness(found: Look, bend: float) -> Bounds:
    """Bound the mean effect if the slope of the path changes by at most `bend` from one bin to the next.

    Parameters
    ----------
    found
        At least two bins before.
    bend
        Largest change of slope per bin length, M >= 0; at 0 the path goes on in the straight line that fits all bins
        before.

    Notes
    -----
    Of a line, ``estimate +- (M bias + t SE)`` covers at its level for normal changes of one variance: the largest bias
    is added in full, and the line is a contrast with a collapsed t of its own. The line is chosen for the length that
    would be expected if bins were independent, from the mean variation of all bins, and so (nearly) without a look at
    the estimate: what an optimal fixed-length interval does, by a rule that needs no covariance of the bins.
    """
    line = shortest(found, lines(found), bend)
    worst = bend * line.bias
    half = worst + found.critical * line.std_error
    estimate = line.estimate
    return Bounds(estimate, (estimate - worst, estimate + worst), (estimate - half, estimate + half))


def breakdown_bend(found: Look) -> float:
    """Smallest bend at which the interval of `smoothness` holds no effect; 0 if it does without any."""
    candidates = lines(found)
    chance = {line.bins: found.critical * line.noise for line in candidates}
    crossings = {
        (chance[a.bins] - chance[b.bins]) / (b.bias - a.bias) for a in candidates for b in candidates if b.bias > a.bias
    }
    starts = sorted({0.0, *(at for at in crossings if at > 0)})
    for start, end in zip(starts, [*starts[1:], np.inf], strict=True):
        inner = start + 1.0 if np.isinf(end) else (start + end) / 2
        line = shortest(found, candidates, inner)
        holds_from = (abs(line.estimate) - found.critical * line.std_error) / line.bias
        if holds_from < end:
            return float(max(start, holds_from))
    raise ArithmeticError("no line has a bias")  # every line misses a bend after the start
