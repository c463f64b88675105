"""Averages of group-time effects: simple, by time since the start, by group, and by calendar."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray, IntArray
from models.staggered.group_time import Groups, GroupTimes


@dataclass(frozen=True, slots=True)
class Part:
    """Effects that share a weight in proportion to the areas of their groups.

    Attributes
    ----------
    share
        Weight of all of them together.
    cells
        Which effects, indices below K.
    scale
        Factor on the areas of each one's group.
    """

    share: float
    cells: IntArray
    scale: FloatArray


type Average = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Averages:
    """Averages of the effects after a start.

    Attributes
    ----------
    overall
        One number each: `simple`, `dynamic`, `group` and `calendar`.
    since
        By time since the start, in bins: from 0 on after it, below 0 before it.
    between
        The same for bins that are neither: anticipation, phase-in, or bins in which the start lies.
    group
        By group.
    calendar
        By bin.
    """

    overall: Mapping[str, Average]
    since: Mapping[int, Average]
    between: Mapping[int, Average]
    group: Mapping[int, Average]
    calendar: Mapping[int, Average]


def averages(times: GroupTimes) -> Averages:
    """Form every average of the effects; at least one of them must be after a start.

    Notes
    -----
    Callaway & Sant'Anna (2021, section 3): weights in proportion to the areas of each group. `dynamic` and `calendar`
    average their effects alike; `group` averages each group's mean by its areas.
    """
    after = np.flatnonzero(times.after)
    since = _by(times.since, np.flatnonzero(times.after | times.before))
    between = _by(times.since, np.flatnonzero(~(times.after | times.before)))
    group, calendar = _by(times.group, after), _by(times.bin, after)
    later = [since[e][0] for e in since if e >= 0]
    per_group = np.bincount(times.group[after])
    overall = {
        "simple": alike(after),
        "dynamic": tuple(Part(1 / len(later), part.cells, part.scale) for part in later),
        "group": (Part(1.0, after, 1 / per_group[times.group[after]]),),
        "calendar": tuple(Part(1 / len(calendar), part.cells, part.scale) for (part,) in calendar.values()),
    }
    return Averages(overall, since, between, group, calendar)


def _by(key: IntArray, cells: IntArray) -> dict[int, Average]:
    """One average for each value of `key`, over those of `cells` that have it."""
    return {value: alike(cells[key[cells] == value]) for value in sorted(set(key[cells].tolist()))}


def alike(cells: IntArray) -> Average:
    """Average of these effects, each by the areas of its group."""
    return (Part(1.0, cells, np.ones(len(cells))),)


def weights_of(average: Average, groups: Groups, times: GroupTimes) -> FloatArray:
    """Weight of each effect, shape (K,); they add up to 1."""
    out = np.zeros(len(times.group))
    for part in average:
        sizes = part.scale * groups.sizes[times.group[part.cells]]
        out[part.cells] += part.share * sizes / sizes.sum()
    return out


def weight_influence(average: Average, att: FloatArray, groups: Groups, times: GroupTimes) -> FloatArray:
    """Influence of each area on an average through the sizes of the groups, shape (A,).

    It is there because the sizes are themselves a sample, if areas are: derivative of the weights in the groups'
    shares of areas (Callaway & Sant'Anna 2021, section 4).
    """
    areas = len(groups.member)
    out = np.zeros(areas)
    for part in average:
        group = times.group[part.cells]
        sizes = part.scale * groups.sizes[group] / areas
        total = sizes.sum()
        mean = float(sizes @ att[part.cells]) / total
        slope = part.share * part.scale * (att[part.cells] - mean) / total
        by_group = np.zeros(len(groups.last))
        np.add.at(by_group, group, slope)
        out += by_group[groups.member] - float(by_group @ groups.sizes) / areas
    return out
