"""Permutation of start dates: what each average would be had the same dates fallen to other areas."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from models.arrays import BoolArray, FloatArray, IntArray
from models.inference.permutation import inverted
from models.inference.resampled import stretches
from models.staggered.group_time import Groups

MOST_ENUMERATED = 20_000
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Reassigned:
    """Where an average stands among those of all ways the dates could have fallen.

    Attributes
    ----------
    estimate
        The average, on the linear scale.
    p_value, attainable_p
        Share of the assignments that give at least as much in size; the smallest it could be. The observed assignment
        is among them.
    assignments, exact
        How many were compared, and whether those are all there are.
    interval
        Constant effects that are not rejected; None if none could be.
    std_error, df
        Spread of the average over the assignments with the estimated effect taken out, and A - 2.
    """

    estimate: float
    p_value: float
    attainable_p: float
    assignments: int
    exact: bool
    interval: tuple[float, float] | None
    std_error: float
    df: float

    def t_interval(self, level: float) -> tuple[float, float]:
        """Interval from the standard error."""
        half = float(stats.t.ppf((1 + level) / 2, self.df)) * self.std_error
        return self.estimate - half, self.estimate + half


def ways(sizes: IntArray) -> int:
    """Number of ways in which groups of these sizes can be chosen among all areas."""
    total = math.factorial(int(sizes.sum()))
    for size in sizes.tolist():
        total //= math.factorial(size)
    return total


@dataclass(frozen=True, slots=True)
class Assignments:
    """Ways in which the start dates could have fallen.

    Attributes
    ----------
    labels
        Group of every area under each of N assignments, shape (N, A); the observed one is among them.
    exact
        True if they are all there are.
    """

    labels: IntArray
    exact: bool


def assignments_of(member: IntArray, seed: int) -> Assignments:
    """List every distinct assignment of groups to areas.

    With more than `MOST_ENUMERATED` the observed one joins a random choice of them.
    """
    sizes = np.bincount(member)
    if ways(sizes) <= MOST_ENUMERATED:
        return Assignments(_every(sizes), exact=True)
    rng = np.random.default_rng(seed)
    drawn = np.tile(member, (MOST_ENUMERATED, 1))
    rng.permuted(drawn[1:], axis=1, out=drawn[1:])
    return Assignments(drawn, exact=False)


def _every(sizes: IntArray) -> IntArray:
    """Place one group after another among the areas still free."""
    areas = int(sizes.sum())
    labels = np.full((1, areas), len(sizes) - 1, dtype=np.int64)
    free = np.arange(areas)[None, :]
    for group, size in enumerate(sizes[:-1].tolist()):
        left = free.shape[1]
        picks = np.asarray(list(combinations(range(left), size)), dtype=np.int64).reshape(-1, size)
        rest = np.asarray([sorted(set(range(left)) - set(pick)) for pick in picks.tolist()], dtype=np.int64)
        labels = np.repeat(labels, len(picks), axis=0)
        chosen = free[:, picks].reshape(-1, size)
        np.put_along_axis(labels, chosen, group, axis=1)
        free = free[:, rest.reshape(len(picks), left - size)].reshape(-1, left - size)
    return labels


def reassigned_sums(values: FloatArray, groups: Groups, contrasts: FloatArray, labels: IntArray) -> FloatArray:
    """Average of the values under each assignment.

    Parameters
    ----------
    values
        Shape (A, B).
    contrasts
        Coefficients of the group means of E averages, shape (E, C, B).
    labels
        Groups of the areas under each of N assignments, shape (N, A).

    Returns
    -------
    FloatArray
        Shape (N, E).
    """
    each = np.einsum("ab,ecb->ace", values, contrasts / groups.sizes[:, None])
    areas, _, count = each.shape
    out = np.empty((len(labels), count))
    for start, stop in stretches(len(labels), areas * count):
        out[start:stop] = each[np.arange(areas), labels[start:stop]].sum(axis=1)
    return out


def reassigned(
    values: FloatArray,
    exposed: FloatArray,
    groups: Groups,
    contrast: FloatArray,
    drawn_from: Assignments,
    level: float,
) -> Reassigned:
    """Compare an average with what it would be under every assignment of the start dates.

    Parameters
    ----------
    values
        Value of each area in each bin, shape (A, B).
    exposed
        Part of each bin in which the area had the intervention, shape (A, B), 0 to 1, never falling.
    groups
        Who started when; areas that never start are a group like the others.
    contrast
        Coefficients of the group means, shape (C, B).
    drawn_from
        The assignments, as from `assignments_of`.
    level
        Confidence level of the interval, in (0, 1).

    Notes
    -----
    Exact for no effect if areas are exchangeable, and by design if the order was drawn at random. The interval holds
    every constant effect b whose removal, ``values - b exposed``, gives ``p > 1 - level``: an assignment leaves a share
    of b in its own average that is at most 1 in size, because `exposed` never falls. The squared standard error is
    ``sum (T - b c)^2 / N`` times ``(A - 1) / (A - 2)``, c being that share: with one start, as in the collapsed t test.
    """
    labels = drawn_from.labels
    drawn, shifts = (reassigned_sums(part, groups, contrast[None], labels)[:, 0] for part in (values, exposed))
    observed = float((contrast * groups.means(values)).sum())
    slack = TIE * float(np.abs(drawn).max(initial=0.0)) + 1e-12 * float(np.abs(values).max(initial=0.0))
    always: BoolArray = np.abs(shifts) >= 1 - TIE
    areas = len(values)
    left = drawn - observed * shifts
    return Reassigned(
        estimate=observed,
        p_value=float((np.abs(drawn) >= abs(observed) - slack).mean()),
        attainable_p=float(always.mean()),
        assignments=len(labels),
        exact=drawn_from.exact,
        interval=inverted(observed, drawn, shifts, always, level),
        std_error=math.sqrt(float((left**2).mean()) * (areas - 1) / (areas - 2)) if areas > 2 else 0.0,
        df=float(areas - 2),
    )


def joint_p(
    values: FloatArray, groups: Groups, contrasts: FloatArray, drawn_from: Assignments
) -> tuple[FloatArray, float]:
    """Judge E averages together by the largest of them, each on the spread it has over the assignments.

    Returns
    -------
    p_values, joint
        p of each alone, shape (E,), and p of the largest among the largest of every assignment.
    """
    drawn = reassigned_sums(values, groups, contrasts, drawn_from.labels)
    observed = (contrasts * groups.means(values)).sum(axis=(1, 2))
    spread = np.sqrt((drawn**2).mean(axis=0))
    usable = spread > 1e-12 * max(1e-300, float(np.abs(values).max(initial=0.0)))
    scale = np.where(usable, spread, 1.0)
    size = np.where(usable, np.abs(drawn) / scale, 0.0)
    own = np.where(usable, np.abs(observed) / scale, 0.0)
    alone = (size >= own - TIE).mean(axis=0)
    joint = float((size.max(axis=1) >= own.max() - TIE).mean())
    return alone, joint
