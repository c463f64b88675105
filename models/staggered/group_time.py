"""Group-time effects: the effect in each bin on the areas that started together (Callaway & Sant'Anna 2021).

Everything here is arithmetic on one matrix, areas by bins, without a missing value.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray

type Comparison = Literal["never", "not_yet"]
type Base = Literal["varying", "universal"]


@dataclass(frozen=True, slots=True)
class Groups:
    """Areas that started together, and the bins before and after that.

    Attributes
    ----------
    member
        Group of each area, shape (A,).
    last
        Last bin before the start, and before anything that anticipates it; shape (C,). The last bin of all for areas
        that never start.
    first
        First bin that counts as after the start, shape (C,); the number of bins if there is none.
    never
        Mask of the group that never starts, shape (C,).
    """

    member: IntArray
    last: IntArray
    first: IntArray
    never: BoolArray

    @property
    def sizes(self) -> IntArray:
        """Areas in each group, shape (C,)."""
        return np.bincount(self.member, minlength=len(self.last))

    def means(self, values: FloatArray) -> FloatArray:
        """Mean of each group in each bin, shape (C, B), of values of shape (A, B)."""
        totals = np.zeros((len(self.last), values.shape[1]))
        np.add.at(totals, self.member, values)
        return totals / self.sizes[:, None]


@dataclass(frozen=True, slots=True)
class GroupTimes:
    """The K effects that can be estimated, by group and bin; arrays of shape (K,) but for `compared`.

    Attributes
    ----------
    group, bin, base
        Group, bin, and the bin it is compared with.
    since
        Bins from the first after the start to this one, by the calendar; negative before it.
    after
        True where the bin counts as after the start.
    before
        True where it lies before the start and before anything that anticipates it. Neither: anticipation or phase-in.
    compared
        Groups it is compared with, shape (K, C).
    lost
        Bins after a start, as (group, bin), that have no area left to compare with.
    """

    group: IntArray
    bin: IntArray
    base: IntArray
    since: IntArray
    after: BoolArray
    before: BoolArray
    compared: BoolArray
    lost: tuple[tuple[int, int], ...]

    def shares(self, groups: Groups) -> FloatArray:
        """Weight of each group in the comparison, shape (K, C): areas count alike."""
        sizes = self.compared * groups.sizes
        return sizes / sizes.sum(axis=1, keepdims=True)

    def contrast(self, groups: Groups, weights: FloatArray) -> FloatArray:
        """Coefficients of the group means, shape (C, B), that give the sum of the effects with these weights, (K,)."""
        bins = 1 + int(max(self.bin.max(initial=0), self.base.max(initial=0), groups.last.max()))
        out = np.zeros((len(groups.last), bins))
        used = np.flatnonzero(weights)
        w, group, when, base = weights[used], self.group[used], self.bin[used], self.base[used]
        np.add.at(out, (group, when), w)
        np.add.at(out, (group, base), -w)
        others = w[:, None] * self.shares(groups)[used]
        np.add.at(out.T, when, -others)
        np.add.at(out.T, base, others)
        return out


def group_times(
    groups: Groups, number: IntArray, compared_with: Comparison = "never", base: Base = "varying"
) -> GroupTimes:
    """List the effects that can be estimated.

    Parameters
    ----------
    groups
        Who started when.
    number
        Place of each bin in the calendar, shape (B,), increasing; it jumps where bins are left out.
    compared_with
        `never`: areas that never start; `not_yet`: also those that have not started in either of the two bins.
    base
        Of bins before the start: `varying`, the bin before; `universal`, the last before the start. Every other bin is
        compared with the last before the start.

    Notes
    -----
    ``ATT(g, t) = E[Y_t - Y_base | G = g] - E[Y_t - Y_base | comparison]`` (Callaway & Sant'Anna 2021, Journal of
    Econometrics 225:200, equations 2.7 to 2.9 without covariates).
    """
    found: list[tuple[int, int, int]] = []
    compared: list[BoolArray] = []
    lost: list[tuple[int, int]] = []
    for group in np.flatnonzero(~groups.never & (groups.first < len(number)) & (groups.last >= 0)):
        last = int(groups.last[group])
        for when in range(len(number)):
            own_base = when - 1 if base == "varying" and when <= last else last
            if when == own_base or own_base < 0:
                continue
            others = _others(groups, int(group), max(when, own_base), compared_with)
            if others.any():
                found.append((int(group), when, own_base))
                compared.append(others)
            elif when >= groups.first[group]:
                lost.append((int(group), when))
    cells = np.asarray(found, dtype=np.int64).reshape(-1, 3)
    of, at = cells[:, 0], cells[:, 1]
    return GroupTimes(
        group=of,
        bin=at,
        base=cells[:, 2],
        since=number[at] - number[groups.first[of]],
        after=at >= groups.first[of],
        before=at <= groups.last[of],
        compared=np.asarray(compared, dtype=np.bool_).reshape(-1, len(groups.last)),
        lost=tuple(lost),
    )


def _others(groups: Groups, group: int, until: int, compared_with: Comparison) -> BoolArray:
    """Groups to compare with: never started, or not started by bin `until`."""
    if compared_with == "never":
        return groups.never.copy()
    others: BoolArray = groups.last >= until
    others[group] = False
    return others


def effects(values: FloatArray, groups: Groups, times: GroupTimes) -> FloatArray:
    """Estimate every effect from the areas' values, shape (A, B); the result has shape (K,)."""
    means = groups.means(values)
    moved = means[:, times.bin] - means[:, times.base]
    own = moved[times.group, np.arange(len(times.group))]
    result: FloatArray = own - (times.shares(groups) * moved.T).sum(axis=1)
    return result


def influence(values: FloatArray, groups: Groups, times: GroupTimes) -> FloatArray:
    """Influence of each area on each effect, shape (A, K): the effect's error is their mean.

    Notes
    -----
    ``psi_i = n/n_g 1{G_i = g}(D_i - mean_g) - n/n_C 1{i in C}(D_i - mean_C)`` with ``D_i = Y_it - Y_i,base``: the
    unconditional case of Callaway & Sant'Anna (2021, theorem 2).
    """
    areas = len(values)
    moved = values[:, times.bin] - values[:, times.base]
    own = groups.member[:, None] == times.group
    others = times.compared[:, groups.member].T
    parts = []
    for members in (own, others):
        size = members.sum(axis=0)
        centred = moved - (members * moved).sum(axis=0) / size
        parts.append(areas / size * members * centred)
    result: FloatArray = parts[0] - parts[1]
    return result
