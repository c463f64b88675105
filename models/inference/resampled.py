"""Tests that compare a studentised difference with its draws under each effect, and their intervals by inversion.

Every such test of one change per area comes down to five numbers a draw, whatever it draws: under an effect `u` above
the estimate the drawn difference is ``shift - u slope``, and its variance a quadratic in `u`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import ROUNDING, difference_in_means, tolerance
from models.inference.refusal import NoInference

DRAWS = 19_999  # drawn at random, besides the sample itself
CHUNK = 500_000  # numbers held at once
TIE = 1e-9  # relative: below this two statistics are the same
STEP = 1.1  # ratio of one trial effect to the next in the search for a limit
STEPS = 200  # trials: from the farthest effect that could be kept down to 5e-9 of it
HALVINGS = 30  # of the step that holds the limit
ALIKE = (
    "All areas of a group changed by exactly the same amount, so nothing shows how much areas differ by chance; check "
    "that the data are not copied or modelled."
)


@dataclass(frozen=True, slots=True)
class Resampled:
    """A difference in mean change, tested by comparison with draws made under the effect in question.

    Attributes
    ----------
    estimate
        Difference in mean change, treated less comparison.
    p_value
        Share of the draws whose statistic is at least as large in size, for no effect. The sample itself is among
        them, so it is never nought.
    attainable_p
        What the p-value falls to as the effect grows: the smallest these draws can give.
    interval
        From the smallest to the largest effect with a p-value above 1 - level; None if `attainable_p` is above that,
        so that no effect, however large, can be ruled out.
    draws
        Draws compared, the sample itself included.
    exact
        True if those are all there are; False if they are a random choice of them.
    """

    estimate: float
    p_value: float
    attainable_p: float
    interval: tuple[float, float] | None
    draws: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """What is observed.

    Attributes
    ----------
    estimate, std_error
        Difference in mean change, and its standard error > 0 as the test defines it.
    residuals
        Changes less the mean of their group, shape (G,).
    slack
        Size of a difference that is only rounding error.
    """

    estimate: float
    std_error: float
    residuals: FloatArray
    slack: float


@dataclass(frozen=True, slots=True)
class Draws:
    """N draws, each as a function of the effect `u` above the estimate that they are made under.

    Attributes
    ----------
    shift, slope
        The drawn difference, less the effect it is made under, is ``shift - u slope``; shape (N,).
    constant, linear, square
        Its variance is ``constant - 2 u linear + u^2 square``, shape (N,).
    """

    shift: FloatArray
    slope: FloatArray
    constant: FloatArray
    linear: FloatArray
    square: FloatArray


def observe(changes: FloatArray, contrast: FloatArray, weights: FloatArray, resolution: float) -> Sample | NoInference:
    """Take the estimate, residuals and standard error of the sample.

    Parameters
    ----------
    changes
        Change from before to after, one per area, shape (G,), all finite.
    contrast
        Coefficients of the estimate, shape (G,), as from `models.inference.collapsed.contrast`.
    weights
        Weight of each squared residual in the variance, shape (G,).
    resolution
        Size of a difference that is only rounding error in `changes`.
    """
    treated = contrast > 0
    means = [float(np.abs(contrast[group]) @ changes[group]) for group in (treated, ~treated)]
    residuals = changes - np.where(treated, *means)
    slack = tolerance(changes, resolution)
    if float(np.abs(residuals).max()) <= slack:
        return NoInference(ALIKE)
    std_error = float(np.sqrt(weights @ residuals**2))
    return Sample(difference_in_means(changes, treated, np.abs(contrast)), std_error, residuals, slack)


def moments(fixed: FloatArray, moving: FloatArray, contrast: FloatArray, weights: FloatArray) -> Draws:
    """Reduce drawn changes ``fixed - u moving`` to what the statistic needs.

    Parameters
    ----------
    fixed, moving
        Drawn change of each area, shape (N, G) or (1, G).
    contrast, weights
        Coefficients of the difference and weights of the squared residuals in its variance, shape (N, G) or (1, G).
    """
    treated = contrast > 0
    above, below = np.maximum(contrast, 0.0), np.maximum(-contrast, 0.0)
    first, second = (_split(part, above, below, treated) for part in (fixed, moving))
    return Draws(
        shift=first[0],
        slope=second[0],
        constant=(weights * first[1] ** 2).sum(axis=1),
        linear=(weights * first[1] * second[1]).sum(axis=1),
        square=(weights * second[1] ** 2).sum(axis=1),
    )


def _split(part: FloatArray, above: FloatArray, below: FloatArray, treated: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Difference between the two groups' means, shape (N,), and what is left of each area, shape (N, G)."""
    upper, lower = (above * part).sum(axis=1), (below * part).sum(axis=1)
    return upper - lower, part - np.where(treated, upper[:, None], lower[:, None])


def stretches(total: int, width: int) -> Iterator[tuple[int, int]]:
    """Cut `total` draws of `width` numbers each into stretches that fit in memory: first draw and one past the last."""
    rows = max(1, CHUNK // width)
    return ((start, min(total, start + rows)) for start in range(0, total, rows))


def joined(parts: Sequence[Draws]) -> Draws:
    """Put draws made in chunks together."""
    names = ("shift", "slope", "constant", "linear", "square")
    return Draws(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def compare(sample: Sample, draws: Draws, level: float, *, exact: bool) -> Resampled:
    """Test no effect, and collect the effects the test does not reject.

    Parameters
    ----------
    level
        Confidence level of the interval, in (0, 1).
    exact
        Whether `draws` are all there are.

    Notes
    -----
    A draw counts under u if ``|shift - u slope| / sqrt(variance) >= |u| / std_error``. It cannot do so beyond its
    `reach`, so all effects beyond the reach of all but a share 1 - level of the draws are rejected. Between there and
    the estimate, which no draw speaks against, each limit is the outermost change of verdict in steps of `STEP`.
    A studentised p-value need not fall evenly, and an effect inside the interval may itself be rejected.
    """
    reach = _reach(sample, draws)
    count = len(reach)
    rejected = int(np.floor((1 - level) * count + TIE))
    farthest = float(np.partition(reach, count - 1 - rejected)[count - 1 - rejected])
    interval = None
    if np.isfinite(farthest):
        lo, hi = (_limit(sample, draws, side * farthest, rejected) for side in (-1.0, 1.0))
        interval = (sample.estimate + lo, sample.estimate + hi)
    return Resampled(
        estimate=sample.estimate,
        p_value=counted(sample, draws, -sample.estimate) / count,
        attainable_p=int(np.isinf(reach).sum()) / count,
        interval=interval,
        draws=count,
        exact=exact,
    )


def counted(sample: Sample, draws: Draws, effect: float, *, ties: bool = True) -> int:
    """Number of draws at least as extreme as the sample, under an effect this far above the estimate.

    Parameters
    ----------
    ties
        Whether draws as extreme as the sample count too, or only those more extreme.
    """
    variance = draws.constant - 2 * effect * draws.linear + effect**2 * draws.square
    drawn = np.abs(draws.shift - effect * draws.slope) * sample.std_error
    own = abs(effect) * np.sqrt(np.maximum(variance, 0.0))
    slack = sample.slack * (sample.std_error + abs(effect)) + TIE * own
    return int((drawn >= own - slack).sum() if ties else (drawn > own + slack).sum())


def _reach(sample: Sample, draws: Draws) -> FloatArray:
    """Distance from the estimate beyond which each draw does not count; infinite if it always can, shape (N,).

    From ``sqrt(variance) >= |u| sqrt(square) - sqrt(constant)``, a draw that counts has
    ``square^.5 u^2 - (constant^.5 + |slope| s) |u| - |shift| s <= 0``.
    """
    scale = sample.std_error
    growth, spread = np.sqrt(draws.square), np.sqrt(draws.constant)
    pull, start = np.abs(draws.slope) * scale, np.abs(draws.shift) * scale
    steady = growth <= ROUNDING * max(1.0, float(growth.max()))
    slowly = np.where(steady, spread * (1 - TIE) - pull, 1.0)
    straight = np.divide(start, slowly, out=np.full_like(start, np.inf), where=slowly > 0)
    both = spread + pull
    curve = np.where(steady, 1.0, growth)
    return np.where(steady, straight, (both + np.sqrt(both**2 + 4 * curve * start)) / (2 * curve))


def _limit(sample: Sample, draws: Draws, farthest: float, rejected: int) -> float:
    """Outermost effect between the estimate and `farthest` that is not rejected."""
    outer = farthest
    for step in range(1, STEPS + 1):
        inner = farthest / STEP**step
        if counted(sample, draws, inner) > rejected:
            break
        outer = inner
    else:
        return 0.0
    for _ in range(HALVINGS):
        middle = (inner + outer) / 2
        if counted(sample, draws, middle) > rejected:
            inner = middle
        else:
            outer = middle
    return inner
