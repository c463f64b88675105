"""Permutation test of a difference in mean change over every choice of treated areas; interval by inversion."""

import math
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.inference.collapsed import difference_in_means, tolerance

MOST_ENUMERATED = 200_000
DRAWS = 19_999
CHUNK = 2_000_000  # random numbers held at once
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
    changes: FloatArray, treated: BoolArray, level: float, seed: int = 0, resolution: float = 0.0
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

    Notes
    -----
    ``p = #{|T_pi| >= |T_obs|} / C``, exact if areas are exchangeable. When the assignments are too many, the observed
    one joins `DRAWS` random ones, so that p is never zero (Phipson & Smyth 2010, SAGMB 9:39). The interval holds every
    constant effect b whose removal, ``changes - b * treated``, gives ``p > 1 - level``.
    """
    chosen, exact = assignments(treated, seed)
    many, few = chosen.shape[1], len(changes) - chosen.shape[1]
    centred = changes - changes.mean()
    differences = centred[chosen].sum(axis=1) * (1 / many + 1 / few)
    overlap = treated[chosen].sum(axis=1)
    shifts = overlap / many - (many - overlap) / few
    observed = difference_in_means(changes, treated)
    slack = tolerance(changes, resolution)
    count = len(chosen)
    always = np.abs(shifts) > 1 - ROUNDING
    return Permutation(
        estimate=observed,
        p_value=int((np.abs(differences) >= abs(observed) - slack).sum()) / count,
        attainable_p=int(always.sum()) / count,
        rank=1 + int((np.abs(differences) > abs(observed) + slack).sum()),
        assignments=count,
        exact=exact,
        interval=_invert(observed, differences, shifts, level),
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
    rows = max(1, CHUNK // areas)
    drawn = [
        rng.random((min(rows, DRAWS - start), areas)).argpartition(many - 1, axis=1)[:, :many]
        for start in range(0, DRAWS, rows)
    ]
    return np.concatenate([np.flatnonzero(treated)[None, :], *drawn]).astype(np.int64), False


def _invert(observed: float, differences: FloatArray, shifts: FloatArray, level: float) -> tuple[float, float] | None:
    """Effects b with ``#{|T_pi - b c_pi| >= |T_obs - b|} / C > 1 - level``, where c_pi is the share b leaves in T_pi.

    With ``|c_pi| < 1`` each assignment counts for b between the two roots of the equality, an interval that holds
    T_obs; with ``|c_pi| = 1`` it counts for every b. So the number that counts falls away from T_obs on both sides,
    and each limit is an order statistic of the roots.
    """
    always = np.abs(shifts) > 1 - ROUNDING
    inner = np.where(always, 0.0, shifts)
    first, second = (observed - differences) / (1 - inner), (observed + differences) / (1 + inner)
    lower = np.where(always, -np.inf, np.minimum(first, second))
    upper = np.where(always, np.inf, np.maximum(first, second))
    rejected = math.floor((1 - level) * len(shifts) + ROUNDING)
    if always.sum() > rejected:
        return None
    last = len(shifts) - 1 - rejected
    return float(np.partition(lower, rejected)[rejected]), float(np.partition(upper, last)[last])
