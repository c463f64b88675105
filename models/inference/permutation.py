"""Permutation test of a difference in mean change over every choice of treated areas; interval by inversion."""

import math
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.inference.collapsed import contrast, difference_in_means, tolerance
from models.inference.refusal import NoInference
from models.inference.resampled import DRAWS, Draws, compare, counted, joined, moments, observe, stretches

MOST_ENUMERATED = 200_000
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Permutation:
    """Where the observed difference stands among those of all choices of treated areas.

    Attributes
    ----------
    estimate
        Difference in mean change, treated less comparison.
    p_value
        Share of the assignments whose difference is at least as large in size; the observed one is among them.
    attainable_p
        Smallest p-value these assignments could give.
    rank
        1 if no assignment gives a larger difference in size.
    assignments
        Assignments compared, the observed one included.
    exact
        True if those are all there are; False if they are a random sample of them.
    interval
        Constant effects the test does not reject; None if it could reject none at this level.
    """

    estimate: float
    p_value: float
    attainable_p: float
    rank: int
    assignments: int
    exact: bool
    interval: tuple[float, float] | None


def permutation_test(
    changes: FloatArray,
    treated: BoolArray,
    level: float,
    seed: int = 0,
    resolution: float = 0.0,
    weights: FloatArray | None = None,
) -> Permutation:
    """Compare the observed difference with that of every assignment of the treated label.

    Parameters
    ----------
    changes
        Change from before to after, one per area, shape (G,), all finite.
    treated
        Mask of the treated areas, shape (G,); both groups must have members.
    level
        Confidence level of the interval, in (0, 1).
    seed
        Seed of the random assignments, used only when there are more than `MOST_ENUMERATED`.
    resolution
        Size of a difference that is only rounding error in `changes`.
    weights
        Weight of each area in its group's mean, shape (G,), > 0; None if areas count equally. It stays with the area
        whichever group the area is put into.

    Notes
    -----
    ``p = #{|T_pi| >= |T_obs|} / C``, exact if areas are exchangeable. When the assignments are too many, the observed
    one joins `DRAWS` random ones, so that p is never zero (Phipson & Smyth 2010, SAGMB 9:39). The interval holds every
    constant effect b whose removal, ``changes - b * treated``, gives ``p > 1 - level``.
    """
    return placed_among(changes, treated, *assignments(treated, seed), level, resolution, weights)


def placed_among(
    changes: FloatArray,
    treated: BoolArray,
    chosen: IntArray,
    exact: bool,
    level: float,
    resolution: float = 0.0,
    weights: FloatArray | None = None,
) -> Permutation:
    """Compare the observed difference with those of these choices of as many areas.

    Parameters
    ----------
    chosen
        Choices of areas, shape (C, G1), the observed one among them.
    exact
        Whether they are all there are.

    Other parameters are as in `permutation_test`.
    """
    drawn = mean_differences(changes - np.average(changes, weights=weights), chosen, weights)
    shifts = _shifts(treated, chosen, weights)
    always = same_groups(treated, chosen)
    observed = difference_in_means(changes, treated, weights)
    slack = tolerance(changes, resolution)
    count = len(chosen)
    return Permutation(
        estimate=observed,
        p_value=int((np.abs(drawn) >= abs(observed) - slack).sum()) / count,
        attainable_p=int(always.sum()) / count,
        rank=1 + int((np.abs(drawn) > abs(observed) + slack).sum()),
        assignments=count,
        exact=exact,
        interval=inverted(observed, drawn, shifts, always, level),
    )


def studentised_permutation_test(
    changes: FloatArray, treated: BoolArray, level: float, seed: int = 0, resolution: float = 0.0
) -> Permutation | NoInference:
    """Compare Welch's t with that of every assignment of the treated label; arguments as in `permutation_test`.

    Returns
    -------
    Permutation
        `rank` is that of the t statistic; `estimate` and `interval` are in the unit of the changes. Or why there is
        none: a group of one area, or areas of a group that all changed alike.

    Notes
    -----
    ``T = difference / sqrt(s1^2/G1 + s0^2/G0)``, p as in `permutation_test` and as exact if areas are exchangeable;
    with many areas it also holds where treated areas vary more than others (Janssen 1997, Statistics & Probability
    Letters 36:9). An assignment whose two groups each changed alike has an infinite T and counts. The effects not
    rejected need not form an interval; the smallest and the largest are given, found as in
    `models.inference.resampled.compare`.
    """
    many, few = int(treated.sum()), int((~treated).sum())
    if min(many, few) < 2:
        group = "treated" if many < 2 else "comparison"
        return NoInference(f"A studentised test needs at least two areas in each group, and there is one {group} area.")
    spread = np.where(treated, 1 / (many * (many - 1)), 1 / (few * (few - 1)))
    sample = observe(changes, contrast(treated), spread, resolution)
    if isinstance(sample, NoInference):
        return sample
    chosen, exact = assignments(treated, seed)
    draws = joined([_welch(sample.residuals, treated, chosen[a:b]) for a, b in stretches(len(chosen), len(changes))])
    found = compare(sample, draws, level, exact=exact)
    return Permutation(
        estimate=found.estimate,
        p_value=found.p_value,
        attainable_p=found.attainable_p,
        rank=1 + counted(sample, draws, -sample.estimate, ties=False),
        assignments=found.draws,
        exact=exact,
        interval=found.interval,
    )


def attainable_p(treated: int, comparison: int) -> float:
    """Smallest p-value a permutation test of this many areas could give.

    One over the number of assignments; twice that if the groups are equally large, for then swapping them gives a
    difference of the same size.
    """
    total = math.comb(treated + comparison, treated)
    if total > MOST_ENUMERATED:
        return 1 / (DRAWS + 1)
    return (2 if treated == comparison else 1) / total


def assignments(treated: BoolArray, seed: int) -> tuple[IntArray, bool]:
    """Choices of as many areas as are treated, shape (C, G1), and whether they are all there are."""
    areas, many = len(treated), int(treated.sum())
    total = math.comb(areas, many)
    if total <= MOST_ENUMERATED:
        flat = np.fromiter(chain.from_iterable(combinations(range(areas), many)), dtype=np.int64, count=total * many)
        return flat.reshape(total, many), True
    rng = np.random.default_rng(seed)
    chosen = np.empty((DRAWS + 1, many), dtype=np.int64)
    chosen[0] = np.flatnonzero(treated)
    for start, stop in stretches(DRAWS, areas):
        order = rng.random((stop - start, areas)).argpartition(many - 1, axis=1)
        chosen[start + 1 : stop + 1] = order[:, :many]
    return chosen, False


def mean_differences(centred: FloatArray, chosen: IntArray, weights: FloatArray | None = None) -> FloatArray:
    """Mean of the chosen areas less that of the others, for every choice.

    Parameters
    ----------
    centred
        One value per area, shape (G,), whose mean with these weights is 0.
    chosen
        Choices of areas, shape (C, G1), as from `assignments`.
    weights
        Weight of each area, shape (G,), > 0; None if areas count equally.

    Returns
    -------
    FloatArray
        Shape (C,).
    """
    sizes = np.ones(len(centred)) if weights is None else weights
    size = chosen.shape[1] if weights is None else _sums(weights, chosen)
    difference: FloatArray = _sums(sizes * centred, chosen) * (1 / size + 1 / (sizes.sum() - size))
    return difference


def _sums(values: FloatArray, chosen: IntArray) -> FloatArray:
    """Sum of the values of the chosen areas, for every choice, shape (C,); in stretches that fit in memory."""
    count, many = chosen.shape
    return np.concatenate([values[chosen[start:stop]].sum(axis=1) for start, stop in stretches(count, many)])


def _welch(residuals: FloatArray, treated: BoolArray, chosen: IntArray) -> Draws:
    """Reduce the changes under each assignment, apart from a constant, to Welch's statistic."""
    areas, many = len(treated), chosen.shape[1]
    few = areas - many
    inside = np.zeros((len(chosen), areas), dtype=np.bool_)
    np.put_along_axis(inside, chosen, values=True, axis=1)
    return moments(
        residuals[None, :],
        treated[None, :].astype(np.float64),
        np.where(inside, 1 / many, -1 / few),
        np.where(inside, 1 / (many * (many - 1)), 1 / (few * (few - 1))),
    )


def _shifts(treated: BoolArray, chosen: IntArray, weights: FloatArray | None) -> FloatArray:
    """Share of an effect of the treated areas that is left in the difference of each assignment, shape (C,)."""
    if weights is not None:
        return mean_differences(treated - np.average(treated, weights=weights), chosen, weights)
    many, few = chosen.shape[1], len(treated) - chosen.shape[1]
    overlap = _sums(treated.astype(np.float64), chosen)
    shares: FloatArray = overlap / many - (many - overlap) / few
    return shares


def same_groups(treated: BoolArray, chosen: IntArray) -> BoolArray:
    """Mask of the assignments whose groups are those observed, whichever is called treated, shape (C,)."""
    many = chosen.shape[1]
    same = (many, 0) if 2 * many == len(treated) else (many,)
    return np.isin(_sums(treated.astype(np.float64), chosen), same)


def inverted(
    observed: float, differences: FloatArray, shifts: FloatArray, always: BoolArray, level: float
) -> tuple[float, float] | None:
    """Effects b with ``#{|T_pi - b c_pi| >= |T_obs - b|} / C > 1 - level``, where c_pi is the share b leaves in T_pi.

    c_pi is the difference of the treated label itself: the weight of treated areas among the chosen less that among
    the others, so that ``|c_pi| = 1`` only where the two groups are those observed, whatever the weights.

    With ``|c_pi| < 1`` each assignment counts for b between the two roots of the equality, an interval that holds
    T_obs; with ``|c_pi| = 1`` it counts for every b. So the number that counts falls away from T_obs on both sides,
    and each limit is an order statistic of the roots.
    """
    inner = np.where(always, 0.0, shifts)
    first, second = (observed - differences) / (1 - inner), (observed + differences) / (1 + inner)
    lower = np.where(always, -np.inf, np.minimum(first, second))
    upper = np.where(always, np.inf, np.maximum(first, second))
    rejected = math.floor((1 - level) * len(shifts) + ROUNDING)
    if always.sum() > rejected:
        return None
    last = len(shifts) - 1 - rejected
    return float(np.partition(lower, rejected)[rejected]), float(np.partition(upper, last)[last])
