"""Conformal test of a constant effect on one series, by shifting its residuals round the clock.

After Chernozhukov, Wuethrich and Zhu 2021, Journal of the American Statistical Association 116:1849; the statistic is
another. The mean of the residuals in the periods tested, as there, is the same thing where the design is a constant;
but a trend follows a lasting effect, some shifts of its residuals then have means as large as the unshifted ones, and
no effect, however large, could be rejected. Residuals weighted by those of the effect itself, and divided by their
standard deviation under independent errors, are largest unshifted (Cauchy and Schwarz).
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
        Constant effect that is least rejected: its coefficient beside the design, by least squares.
    p_value, attainable_p
        For no effect; and the p that a constant effect without bound would reach: at least 1/n, and more where a shift
        of the effect cannot be told from it, trend and season taken out.
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
    Under an effect b the design is fitted to ``y - b x after`` over *all* periods, which leaves residuals u. With e the
    residuals of `after` itself, the statistic of the k-th cyclic shift is ``|<e_k, u>| / |M e_k|``, e_k being e shifted
    by k and M what the design leaves; p is the share of the n shifts whose statistic is at least that of k = 0, the
    size of the effect in standard errors. Exact for a constant design and errors whose distribution does not change
    under shifts; near to it for others and for a stationary series that is long beside its memory. A hole in the series
    is closed. The effects not rejected need not form an interval; the smallest and the largest are given.
    """
    obstacle = refusal(design, used) or _no_contrast(used, after)
    if obstacle is not None:
        return obstacle
    n = int(used.sum())
    root = np.ones(n) if weights is None else np.sqrt(weights[used])
    columns = design[used] * root[:, None]
    series, effect = (_residual(columns, root * x) for x in (y[used], after[used].astype(np.float64)))
    if is_exact(series / root, y[used]):
        return NoInference("The series follows its line exactly, so nothing in it shows how far chance could move it.")
    if float(np.abs(effect).max()) <= TIE * float(root.max()):
        return NoInference("The periods left cannot tell an effect from trend and season. Use longer windows.")
    first, second = _standardised(columns, effect, series, effect)
    slack = TIE * float(np.linalg.norm(series))
    attainable = float((np.abs(second) >= abs(second[0]) * (1 - TIE)).mean())
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


def _standardised(columns: FloatArray, effect: FloatArray, *residuals: FloatArray) -> tuple[FloatArray, ...]:
    """Statistic of every cyclic shift with its sign, the unshifted one first, shape (n,) for each of the residuals.

    A shift that the design follows has no statistic; it is given that of no shift, and so always counts.
    """
    n = len(effect)
    shifted = effect[(np.arange(n)[None, :] - np.arange(n)[:, None]) % n]
    basis = np.linalg.qr(columns)[0]
    size = np.linalg.norm(shifted - (shifted @ basis) @ basis.T, axis=1)
    known = size > TIE * size[0]
    made = [np.divide(shifted @ residual, size, out=np.zeros(n), where=known) for residual in residuals]
    return tuple(np.where(known, each, each[0]) for each in made)


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
