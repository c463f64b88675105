"""Conformal test of a constant effect on one series, by shifting its residuals round the clock.

Chernozhukov, Wuethrich and Zhu 2021, Journal of the American Statistical Association 116:1849.
"""

from dataclasses import dataclass

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.series.fit import is_exact, refusal
from models.series.least_squares import solve

TIE = 1e-10  # of the largest residual: a shift that comes this near to the observed one counts as equal
MOST = 3000
"""Periods beyond which every pair of shifts is too many to compare."""


@dataclass(frozen=True, slots=True)
class Conformal:
    """What the test found.

    Attributes
    ----------
    estimate
        Constant effect that is least rejected: the one that leaves residuals of mean zero in the periods tested.
    p_value, attainable_p
        For no effect; and the p that a constant effect without bound would reach: at least 1/n, and more where trend
        and season follow such an effect.
    interval
        Smallest and largest constant effect not rejected; None if none could be.
    reason
        Why there is no interval; else empty.
    shifts
        Periods n in the fit, each the start of one shift.
    """

    estimate: float
    p_value: float
    attainable_p: float
    interval: tuple[float, float] | None
    reason: str
    shifts: int


def conformal(
    y: FloatArray,
    design: FloatArray,
    used: BoolArray,
    after: BoolArray,
    level: float,
    weights: FloatArray | None = None,
) -> Conformal | NoInference:
    r"""Test that the periods `after` differ by a constant from what the design expects.

    Parameters
    ----------
    y
        Shape (T,); finite wherever `used`.
    design
        Columns under no effect (trend and season, no change), shape (T, k).
    used
        Mask of the periods in the fit, shape (T,).
    after
        Mask of the periods the effect is in, shape (T,).
    level
        Confidence level of the interval, in (0, 1).
    weights
        Shape (T,), > 0 wherever `used`: the error variance is ``sigma^2 / weight``. None: all alike.

    Notes
    -----
    Under an effect b the design is fitted to ``y - b x after`` over *all* periods; with u its residuals, the statistic
    is the size of the mean of u over `after`, and p is the share of the n cyclic shifts of u whose statistic is at
    least as large, the unshifted one among them. Exact if the errors' distribution does not change under shifts; near
    to it for a stationary series that is long beside its memory. A hole in the series is closed: shifts go over the
    periods in use. The effects not rejected need not form an interval; the smallest and the largest are given.
    """
    obstacle = refusal(design, used) or _no_contrast(used, after)
    if obstacle is not None:
        return obstacle
    n, chosen = int(used.sum()), after[used]
    root = np.ones(n) if weights is None else np.sqrt(weights[used])
    columns = design[used] * root[:, None]
    series, effect = (_residual(columns, root * x) for x in (y[used], chosen.astype(np.float64)))
    if is_exact(series / root, y[used]):
        return NoInference("The series follows its line exactly, so nothing in it shows how far chance could move it.")
    first, second = _shifted_means(series, chosen), _shifted_means(effect, chosen)
    if abs(second[0]) <= TIE:
        return NoInference("The periods left cannot tell an effect from trend and season. Use longer windows.")
    slack = TIE * float(np.abs(series).max())
    attainable = float((np.abs(second) >= abs(second[0]) - TIE).mean())
    p_value = float((np.abs(first) >= abs(first[0]) - slack).mean())
    possible = attainable <= 1 - level + TIE
    return Conformal(
        estimate=float(first[0] / second[0]),
        p_value=p_value,
        attainable_p=attainable,
        interval=_not_rejected(first, second, slack, level) if possible else None,
        reason="" if possible else _too_few(attainable),
        shifts=n,
    )


def _no_contrast(used: BoolArray, after: BoolArray) -> NoInference | None:
    n = int(used.sum())
    if n > MOST:
        return NoInference(f"{n:,} periods are more than the conformal test compares ({MOST:,}). Use longer periods.")
    if not (used & after).any() or not (used & ~after).any():
        return NoInference("The conformal test needs periods with and without the effect.")
    return None


def _too_few(attainable: float) -> str:
    return (
        f"Even an effect without bound would have p = {numbers.smallest_p(attainable)}: the shifts are too few, or "
        "trend and season follow the effect too closely, for an interval at this level. Use longer windows."
    )


def _residual(columns: FloatArray, value: FloatArray) -> FloatArray:
    return np.asarray(value - columns @ solve(columns, value)[0], dtype=np.float64)


def _shifted_means(residual: FloatArray, chosen: BoolArray) -> FloatArray:
    """Mean over the chosen places of every cyclic shift of the residuals, the unshifted one first, shape (n,)."""
    n = len(residual)
    places = (np.flatnonzero(chosen)[None, :] + np.arange(n)[:, None]) % n
    return np.asarray(residual[places].mean(axis=1), dtype=np.float64)


def _not_rejected(first: FloatArray, second: FloatArray, slack: float, level: float) -> tuple[float, float]:
    """Smallest and largest b with ``#{|first - b second| >= |first_0 - b second_0|} / n > 1 - level``.

    Whether a shift agrees with b changes only where the two lines cross, so crossings and the points between them are
    all that need be tried; far out every b is rejected.
    """
    tops = np.concatenate([first - first[0], first + first[0]])
    bottoms = np.concatenate([second - second[0], second + second[0]])
    crossing = np.abs(bottoms) > TIE
    edges = np.unique(np.concatenate([tops[crossing] / bottoms[crossing], [first[0] / second[0]]]))
    tried = np.sort(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
    held = np.concatenate([part[_agrees(first, second, part, slack) > 1 - level + TIE] for part in _parts(tried)])
    return float(held[0]), float(held[-1])


def _agrees(first: FloatArray, second: FloatArray, effects: FloatArray, slack: float) -> FloatArray:
    """Share of shifts at least as large as none, for each effect, shape of `effects`."""
    sizes = np.abs(first[None, :] - effects[:, None] * second[None, :])
    return np.asarray((sizes >= sizes[:, :1] - slack).mean(axis=1), dtype=np.float64)


def _parts(tried: FloatArray) -> list[FloatArray]:
    """Stretches of a few hundred effects, so that all shifts of each fit in memory."""
    return np.array_split(tried, max(1, len(tried) // 256))
