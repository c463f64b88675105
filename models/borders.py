"""Which areas border each other, and the sets of areas that hang together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, IntArray

MOST_SETS = 50_000
MOST_WORK = 5_000_000
"""Members of partial sets looked at before the search is given up: there can be very many for few complete sets."""

DRAWS = 1_999
STEPS = 30
"""Moves of a random walk for each member of a set."""


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


def connected(adjacent: BoolArray, sets: IntArray) -> BoolArray:
    """Whether the members of each set can all be reached from each other without leaving it, shape (C,).

    Parameters
    ----------
    adjacent
        Symmetric, shape (A, A).
    sets
        Members of each set, shape (C, K).
    """
    near = adjacent[sets[:, :, None], sets[:, None, :]]
    reached = np.zeros(sets.shape, dtype=np.bool_)
    reached[:, 0] = True
    for _ in range(sets.shape[1] - 1):
        reached |= (near & reached[:, None, :]).any(axis=2)
    return np.asarray(reached.all(axis=1))


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


def random_sets(adjacent: BoolArray, start: BoolArray, seed: int, draws: int = DRAWS) -> IntArray:
    """Draw sets of areas that hang together, of the size of one that does, with that one among them.

    Parameters
    ----------
    adjacent
        Symmetric, shape (A, A).
    start
        Mask of the set that is given, of at least two areas that hang together, shape (A,).
    seed
        Seed of the walks.

    Returns
    -------
    array
        Shape (draws + 1, size), each row ascending; the given set comes first. Sets may come up more than once.

    Notes
    -----
    One move of a walk leaves out a member at random and takes in one of the areas that border the rest, at random; it
    stays where the new set does not hang together. The chance of each move is that of the move back, so that in the
    long run every set that can be reached is as likely as any other. From the given set one walk leads to a hub, and
    from there all others set out, each of `STEPS` moves a member: as a walk can as well be read backwards, the given
    set and the drawn ones are then exchangeable if the given one is as likely as any other to begin with, and a
    p-value from them is valid however well the walks mix (Besag & Clifford 1989, Biometrika 76:633, the parallel
    method). Only sets among areas that are linked to the given ones by borders can be reached.
    """
    rng = np.random.default_rng(seed)
    own = np.flatnonzero(start)[None, :]
    moves = STEPS * own.shape[1]
    hub = own
    for _ in range(moves):
        hub = _moved(rng, adjacent, hub)
    sets = np.repeat(hub, draws, axis=0)
    for _ in range(moves):
        sets = _moved(rng, adjacent, sets)
    return np.sort(np.concatenate([own, sets]), axis=1)


def _moved(rng: np.random.Generator, adjacent: BoolArray, sets: IntArray) -> IntArray:
    """Make one move of each walk; `sets` of shape (C, K)."""
    rows = np.arange(len(sets))
    out = rng.integers(0, sets.shape[1], len(sets))
    kept = np.arange(sets.shape[1]) != out[:, None]
    rest = sets[kept].reshape(len(sets), -1)
    beside = adjacent[rest].any(axis=1)
    np.put_along_axis(beside, rest, values=False, axis=1)
    moved = sets.copy()
    moved[rows, out] = np.where(beside, rng.random(beside.shape), -1.0).argmax(axis=1)
    return np.where(connected(adjacent, moved)[:, None], moved, sets)
