"""Several outcomes at once: p-values that allow for how many were tried, and one index of them all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.inference.collapsed import tolerance
from models.inference.permutation import assignments, attainable_p, mean_differences
from models.inference.refusal import NoInference

TIE = 1e-9  # statistics are of the order of 1; below this two of them are the same
PER_OUTCOME = 5  # cells needed for each outcome before their correlations are estimated


@dataclass(frozen=True, slots=True)
class StepDown:
    """Permutation tests of K outcomes on the same areas.

    Attributes
    ----------
    p_value
        Of each outcome by itself, shape (K,).
    adjusted
        Allowing for all K, shape (K,); never below `p_value`.
    attainable_p
        Smallest either can be.
    assignments, exact
        Assignments compared, and whether they are all there are.
    """

    p_value: FloatArray
    adjusted: FloatArray
    attainable_p: float
    assignments: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """How outcomes are put together into one index.

    Attributes
    ----------
    scale
        Standard deviation each outcome is divided by, shape (K,).
    weight
        Share of each outcome in the index, shape (K,); they add up to 1.
    equal
        Why all weights are equal; empty if they come from the correlations.
    """

    scale: FloatArray
    weight: FloatArray
    equal: str = ""


def step_down(
    changes: FloatArray,
    treated: BoolArray,
    seed: int = 0,
    resolution: float | Sequence[float] = 0.0,
    weights: FloatArray | None = None,
) -> StepDown | NoInference:
    """Test every outcome, allowing for how many there are, by step-down max-T over all choices of treated areas.

    Parameters
    ----------
    changes
        Change of each area in each outcome, shape (G, K), all finite.
    treated
        Mask of the treated areas, shape (G,); both groups must have members.
    seed
        Seed of the random assignments, used only where there are too many to list.
    resolution
        Size of a difference that is only rounding error, of each outcome or of all.
    weights
        Weight of each area in each outcome, shape (G, K), > 0; None if areas count equally.

    Notes
    -----
    The statistic of an outcome is its difference in mean change in units of its variation between areas. With equal
    weights its square is the share of the variance that lies between the groups, which orders assignments as |t| does.
    With the outcomes sorted from the largest statistic to
    the smallest, the adjusted p of the j-th is the largest, over i <= j, of the share of assignments whose largest
    statistic among outcomes i, ..., K reaches that of i (Westfall & Young 1993, algorithm 4.1; Romano & Wolf 2005,
    Econometrica 73:1237). Labels move for all outcomes together, so their correlations are allowed for.
    """
    count = changes.shape[1]
    centred = changes - changes.mean(axis=0)
    limits = [tolerance(w, r) for w, r in zip(changes.T, np.broadcast_to(resolution, count), strict=True)]
    if (np.abs(centred).max(axis=0) <= limits).any():
        return NoInference("In one of the outcomes all areas changed by the same amount, so nothing can be compared.")
    chosen, exact = assignments(treated, seed)
    sizes = [None] * count if weights is None else list(weights.T)
    statistics = _standardised(centred, chosen, sizes)
    observed = _standardised(centred, np.flatnonzero(treated)[None, :], sizes)[0]
    alone = (statistics >= observed - TIE).mean(axis=0)
    order = np.argsort(-observed, kind="stable")
    largest = np.maximum.accumulate(statistics[:, order[::-1]], axis=1)[:, ::-1]
    raised = np.maximum.accumulate((largest >= observed[order] - TIE).mean(axis=0))
    adjusted = np.empty_like(alone)
    adjusted[order] = raised
    floor = attainable_p(int(treated.sum()), int((~treated).sum()))
    return StepDown(alone, adjusted, floor, len(chosen), exact)


def _standardised(centred: FloatArray, chosen: IntArray, weights: Sequence[FloatArray | None]) -> FloatArray:
    """Size of each difference in mean change, in units of its variation between areas, shape (C, K)."""
    many, few = chosen.shape[1], len(centred) - chosen.shape[1]
    columns = []
    for w, size in zip(centred.T, weights, strict=True):
        scale = np.sqrt((w @ w) * (1 / many + 1 / few))
        columns.append(np.abs(mean_differences(w - np.average(w, weights=size), chosen, size)) / scale)
    return np.stack(columns, axis=1)


def index_weights(baseline: Sequence[FloatArray], better: Sequence[int]) -> Weights | NoInference:
    """Weigh outcomes by the inverse of their correlations, so that what two of them share counts once.

    Parameters
    ----------
    baseline
        Values of each outcome in the periods of the baseline, K arrays of shape (A, B); NaN where undefined.
    better
        +1 where more is better, -1 where less is, length K.

    Notes
    -----
    ``w = S^-1 1 / (1' S^-1 1)`` (Anderson 2008, Journal of the American Statistical Association 103:1481), with S the
    correlations of the values less area and period means: how outcomes move together within areas. Only the baseline
    is used, so no result has a say in the weights. They are equal where the cells are too few or a weight would be
    negative, which would turn an improvement into harm.
    """
    residuals = [sign * _two_way(values) for values, sign in zip(baseline, better, strict=True)]
    scale = np.asarray([_spread(r) for r in residuals])
    largest = np.asarray([np.nanmax(np.abs(values), initial=0.0) for values in baseline])
    if not (scale > TIE * largest).all():
        return NoInference("An outcome does not vary within the baseline, so it has no unit in common with others.")
    count = len(residuals)
    equal = np.full(count, 1 / count)
    shared = np.isfinite(residuals).all(axis=0)
    if shared.sum() < PER_OUTCOME * count:
        return Weights(scale, equal, "too few periods in which every outcome has a value")
    correlations = np.corrcoef(np.asarray([r[shared] for r in residuals]))
    if np.linalg.matrix_rank(correlations) < count:
        return Weights(scale, equal, "some outcomes say the same thing")
    raw = np.linalg.solve(correlations, np.ones(count))
    if (raw <= 0).any():
        return Weights(scale, equal, "weights by correlation would count an improvement as harm")
    return Weights(scale, raw / raw.sum())


def index_changes(changes: FloatArray, better: Sequence[int], weights: Weights) -> FloatArray:
    """Change of each area in the index, in standard deviations; positive is better; `changes` has shape (G, K)."""
    index: FloatArray = (changes * np.asarray(better) / weights.scale) @ weights.weight
    return index


def _two_way(values: FloatArray) -> FloatArray:
    """Values less area and period means; periods in which an area has no value are left out for all areas."""
    complete = np.isfinite(values).all(axis=0)
    kept = np.where(complete, values, np.nan)
    if not complete.any():
        return kept
    inner = values[:, complete]
    kept[:, complete] = inner - inner.mean(axis=1, keepdims=True) - inner.mean(axis=0) + inner.mean()
    return kept


def _spread(residuals: FloatArray) -> float:
    areas, periods = residuals.shape[0], int(np.isfinite(residuals).all(axis=0).sum())
    df = (areas - 1) * (periods - 1)
    return float(np.sqrt(np.nansum(residuals**2) / df)) if df > 0 else 0.0
