"""How often each test claims an effect where neighbouring areas share their ups and downs: 4 adjoining of 20 areas.

    python tests/calibration/block_size.py [runs]

prints the table of `docs/methods/inference.md`, "Adjoining blocks". Changes are normal, with correlation ``r ** d`` at
distance d: along a ring of 20 areas, or on a grid of 4 rows and 5 columns.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from models.arrays import BoolArray, FloatArray, IntArray
from models.borders import connected_sets
from models.inference.cr2 import cr2
from models.inference.refusal import NoInference

ROWS, COLUMNS, AREAS, SIZE = 4, 5, 20, 4
LEVEL = 0.95
CORRELATIONS = (0.0, 0.4, 0.7)
CHUNK = 1_000
SLACK = 1e-12


@dataclass(frozen=True, slots=True)
class Map:
    """Places of areas: which border each other, and how far apart they are, (20, 20) each."""

    adjacent: BoolArray
    distance: FloatArray


def ring() -> Map:
    """20 areas in a ring."""
    step = np.abs(np.subtract.outer(np.arange(AREAS), np.arange(AREAS)))
    distance = np.minimum(step, AREAS - step).astype(np.float64)
    return Map(distance == 1, distance)


def grid() -> Map:
    """4 rows of 5 areas; distance as the crow flies."""
    places = np.stack(np.divmod(np.arange(AREAS), COLUMNS), axis=1).astype(np.float64)
    distance = np.hypot(*np.moveaxis(places[:, None] - places[None, :], 2, 0))
    return Map(distance == 1.0, distance)


def changes(where: Map, correlation: float, runs: int, seed: int) -> FloatArray:
    """Changes without any effect, shape (runs, 20)."""
    covariance = np.where(where.distance == 0, 1.0, correlation**where.distance)
    root = np.linalg.cholesky(covariance)
    drawn: FloatArray = np.random.default_rng(seed).normal(size=(runs, AREAS)) @ root.T
    return drawn


def p_among(w: FloatArray, treated: IntArray, sets: IntArray) -> FloatArray:
    """Share of the sets whose difference is at least as large as the treated areas', for each run."""
    labels = np.zeros((len(sets), AREAS))
    np.put_along_axis(labels, sets, 1.0, axis=1)
    own = int(np.flatnonzero((sets == treated).all(axis=1))[0])
    contrasts = np.where(labels == 1, 1 / SIZE, -1 / (AREAS - SIZE))
    parts = []
    for start in range(0, len(w), CHUNK):
        found = np.abs(w[start : start + CHUNK] @ contrasts.T)
        parts.append((found >= found[:, [own]] - SLACK).mean(axis=1))
    return np.concatenate(parts)


def p_collapsed(w: FloatArray, treated: IntArray) -> FloatArray:
    """p of the collapsed t test, for each run."""
    mask = np.isin(np.arange(AREAS), treated)
    inside, outside = w[:, mask], w[:, ~mask]
    rest = ((inside - inside.mean(1, keepdims=True)) ** 2).sum(1) + (
        (outside - outside.mean(1, keepdims=True)) ** 2
    ).sum(1)
    error = np.sqrt(rest / (AREAS - 2) * (1 / SIZE + 1 / (AREAS - SIZE)))
    p: FloatArray = 2 * stats.t.sf(np.abs(inside.mean(1) - outside.mean(1)) / error, AREAS - 2)
    return p


def p_cr2(w: FloatArray, treated: IntArray) -> FloatArray:
    """p of CR2, the headline's test at 4 of 20 areas, for each run."""
    mask = np.isin(np.arange(AREAS), treated)
    found = [cr2(row, mask, LEVEL) for row in w]
    return np.asarray([test.p_value for test in found if not isinstance(test, NoInference)])


def sizes(where: Map, treated: Sequence[int], correlation: float, runs: int, seed: int) -> Mapping[str, float]:
    """Share of runs with p <= 0.05, by test."""
    chosen = np.asarray(sorted(treated), dtype=np.int64)
    w = changes(where, correlation, runs, seed)
    sets = connected_sets(where.adjacent, SIZE)
    if sets is None:
        raise ValueError("too many blocks to list")
    every = np.asarray(list(combinations(range(AREAS), SIZE)))
    p = {
        "blocks": p_among(w, chosen, sets),
        "permutation": p_among(w, chosen, every),
        "collapsed t": p_collapsed(w, chosen),
        "CR2": p_cr2(w, chosen),
    }
    return {name: float((values <= 1 - LEVEL + SLACK).mean()) for name, values in p.items()}


TREATED: Mapping[str, tuple[Map, tuple[int, ...]]] = {
    "ring, four in a row": (ring(), (0, 1, 2, 3)),
    "grid, a square in a corner": (grid(), (0, 1, 5, 6)),
    "grid, a square in the middle": (grid(), (6, 7, 11, 12)),
    "grid, a row of four at the edge": (grid(), (0, 1, 2, 3)),
    "grid, an L at the edge": (grid(), (5, 10, 15, 16)),
}


def drawn_blocks(where: Map, correlation: float, runs: int, seed: int) -> float:
    """Share of runs in which the test of blocks has p <= 0.05, with a treated block drawn at random in each."""
    sets = connected_sets(where.adjacent, SIZE)
    if sets is None:
        raise ValueError("too many blocks to list")
    w = changes(where, correlation, runs, seed)
    labels = np.zeros((len(sets), AREAS))
    np.put_along_axis(labels, sets, 1.0, axis=1)
    found = np.abs(w @ np.where(labels == 1, 1 / SIZE, -1 / (AREAS - SIZE)).T)
    own = found[np.arange(runs), np.random.default_rng(seed + 1).integers(0, len(sets), runs)]
    return float(((found >= own[:, None] - SLACK).mean(axis=1) <= 1 - LEVEL + SLACK).mean())


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"{runs:,} runs; standard error at 5%: {100 * (0.05 * 0.95 / runs) ** 0.5:.2f} points")
    print("| Treated | r | blocks | permutation | collapsed t | CR2 |\n|---|---|---|---|---|---|")
    for name, (where, treated) in TREATED.items():
        for i, correlation in enumerate(CORRELATIONS):
            found = sizes(where, treated, correlation, runs, seed=i)
            print(f"| {name} | {correlation} | " + " | ".join(f"{100 * x:.1f}%" for x in found.values()) + " |")
    for i, correlation in enumerate(CORRELATIONS):
        print(
            f"| grid, drawn at random | {correlation} | {100 * drawn_blocks(grid(), correlation, runs, i):.1f}% | | | |"
        )


if __name__ == "__main__":
    main()
