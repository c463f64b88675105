"""Which areas border each other, and the sets of areas that hang together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, IntArray

MOST_SETS = 20_000
MOST_WORK = 2_000_000
"""Members of partial sets looked at before the search is given up: there can be very many for few complete sets."""


@dataclass(frozen=True, slots=True)
class Borders:
    """Borders between A areas.

    Attributes
    ----------
    adjacent
        Whether two areas border each other, shape (A, A), symmetric, False on the diagonal.
    listed
        Areas whose own borders are given, shape (A,).
    """

    adjacent: BoolArray
    listed: BoolArray

    @property
    def complete(self) -> bool:
        """Whether every pair is settled: a border counts in both directions, so one of the two must be listed."""
        return int((~self.listed).sum()) <= 1


def borders_of(areas: Sequence[str], neighbours: Mapping[str, Sequence[str]]) -> Borders:
    """Read the borders between these areas; names of other areas are passed over."""
    index = {name: a for a, name in enumerate(areas)}
    adjacent = np.zeros((len(areas), len(areas)), dtype=np.bool_)
    listed = np.zeros(len(areas), dtype=np.bool_)
    for name, around in neighbours.items():
        if name in index:
            listed[index[name]] = True
            beside = [index[other] for other in around if other in index and other != name]
            adjacent[index[name], beside] = adjacent[beside, index[name]] = True
    return Borders(adjacent, listed)


def bordering(borders: Borders, treated: BoolArray) -> BoolArray:
    """Mask of the areas that border one of these but are not among them; `treated` of shape (A,) or (C, A)."""
    beside: BoolArray = (treated.astype(np.float32) @ borders.adjacent.astype(np.float32) > 0) & ~treated
    return beside


def connected_sets(adjacent: BoolArray, size: int) -> IntArray | None:
    """List every set of `size` areas in which each can be reached from each other without leaving the set.

    Parameters
    ----------
    adjacent
        Symmetric, shape (A, A).

    Returns
    -------
    array or None
        Shape (C, size), each row ascending; None if there are more than `MOST_SETS`, or the search is too long.

    Notes
    -----
    Every set is met exactly once, by Wernicke's ESU (2006, IEEE/ACM Transactions on Computational Biology and
    Bioinformatics 3:347): a set grows from its lowest member, only by higher ones, and a neighbour that is passed over
    stays out of whatever grows from there.
    """
    near = [frozenset(np.flatnonzero(row).tolist()) for row in adjacent]
    found: list[tuple[int, ...]] = []
    work = 0
    for root, around in enumerate(near):
        stack: list[tuple[tuple[int, ...], tuple[int, ...], frozenset[int]]]
        stack = [((root,), tuple(v for v in sorted(around) if v > root), around | {root})]
        while stack:
            inside, frontier, closed = stack.pop()
            work += len(inside) + len(frontier)
            if len(inside) == size:
                found.append(tuple(sorted(inside)))
            else:
                for i, v in enumerate(frontier):
                    fresh = tuple(u for u in sorted(near[v] - closed) if u > root)
                    stack.append(((*inside, v), frontier[i + 1 :] + fresh, closed | near[v]))
            if len(found) > MOST_SETS or work > MOST_WORK:
                return None
    return np.asarray(sorted(found), dtype=np.int64).reshape(len(found), size)
