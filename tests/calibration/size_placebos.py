"""Placebo pilots: districts in which nothing happened, drawn from recorded anti-social behaviour.

A placebo is a stretch of consecutive months of one force, 7 of its districts, 2 of them taken as treated, and a
start. Effects are put in by thinning: each incident of a treated district's follow-up is kept with the probability of
the ratio, which gives that ratio exactly, whatever the process behind the counts.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from size_worlds import AREAS, DAYS_IN_MONTH, TREATED, Stack, months, stacked_panel

from models.arrays import FloatArray, IntArray
from models.panel import CountCells, Kind, Panel

TABLE = Path(__file__).resolve().parents[2] / "data" / "police_uk_asb" / "district_month.csv"
SHORTEST_STRETCH = 8  # months
FOLLOW_UPS = (3, 4, 5, 6)  # months
SMALLEST_MEAN = 20.0  # incidents a month
GAP = 0.1  # of a district's median month: below it rows are missing from the file, not incidents
TWO_YEARS = "cambridgeshire"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive months of one force.

    Attributes
    ----------
    force
        Its name.
    first
        Number of the first month, as in `models.periods.period_index`.
    districts
        Its D districts with enough incidents and no gap.
    counts
        Incidents, shape (D, T).
    """

    force: str
    first: int
    districts: tuple[str, ...]
    counts: FloatArray

    @property
    def length(self) -> int:
        return self.counts.shape[1]


@dataclass(frozen=True, slots=True)
class Placebos:
    """Placebo pilots with windows of the same length and the same first month.

    Attributes
    ----------
    forces
        Force of each run, shape (R,).
    counts
        Incidents, treated districts first, shape (R, A, T).
    after
        Months of follow-up.
    first
        Number of the first month.
    """

    forces: tuple[str, ...]
    counts: IntArray
    after: int
    first: int

    def stack(self, ratio: float = 1.0, rng: np.random.Generator | None = None) -> Stack:
        """The panels; with a ratio below 1, `rng` thins the treated districts' follow-up."""
        counts = self.counts.copy()
        if ratio < 1:
            assert rng is not None
            counts[:, :TREATED, -self.after :] = rng.binomial(counts[:, :TREATED, -self.after :], ratio)
        events = counts.reshape(-1, counts.shape[2]).astype(np.float64)
        cells = CountCells(events, np.full(events.shape, DAYS_IN_MONTH))
        treated = np.arange(counts.shape[1]) < TREATED
        periods = months(counts.shape[2] - self.after, self.after, self.first)
        return Stack(stacked_panel(Kind.COUNT, cells, len(treated), treated, periods), len(treated))


def panel(stretch: Stretch, treated: Sequence[int], after: int) -> Panel:
    """One placebo with all districts of a stretch."""
    order = [*treated, *(d for d in range(len(stretch.districts)) if d not in treated)]
    counts = stretch.counts[order][None].astype(np.int64)
    return Placebos((stretch.force,), counts, after, stretch.first).stack().run(0)


def stretches() -> list[Stretch]:
    """Every stretch of a force with its usable districts; the few that lack records in some month are left out."""
    with TABLE.open(encoding="utf-8", newline="") as source:
        header, *rows = csv.reader(source)
    number = np.asarray([12 * int(m[:4]) + int(m[5:]) - 1 for m in header[2:]])
    runs = np.split(np.arange(len(number)), np.flatnonzero(np.diff(number) != 1) + 1)
    found = []
    for force in sorted({row[0] for row in rows}):
        own = [row for row in rows if row[0] == force]
        for run in runs:
            held = [m for m in run if own[0][2 + m] != ""]
            if len(held) < SHORTEST_STRETCH:
                continue
            counts = np.asarray([[float(row[2 + m]) for m in held] for row in own])
            usable = (counts.mean(axis=1) >= SMALLEST_MEAN) & (counts.min(axis=1) >= GAP * np.median(counts, axis=1))
            names = tuple(row[1] for row, ok in zip(own, usable, strict=True) if ok)
            found.append(Stretch(force, int(number[held[0]]), names, counts[usable]))
    return found


def draw(runs: int, rng: np.random.Generator, *, smallest_treated: bool = False) -> list[Placebos]:
    """Draw placebo pilots: a stretch, 7 of its districts, 2 of them treated and a length of follow-up, all at random.

    With `smallest_treated` the two with the fewest incidents before the start are taken as treated instead.
    """
    pool = [s for s in stretches() if len(s.districts) >= AREAS]
    chosen = rng.integers(len(pool), size=runs)
    follow_up = rng.choice(FOLLOW_UPS, size=runs)
    groups: dict[tuple[int, int, int], list[tuple[str, FloatArray]]] = {}
    for which, after in zip(chosen, follow_up, strict=True):
        stretch = pool[which]
        counts = stretch.counts[rng.choice(len(stretch.districts), AREAS, replace=False)]
        if smallest_treated:
            counts = counts[np.argsort(counts[:, :-after].sum(axis=1), kind="stable")]
        groups.setdefault((stretch.first, stretch.length, int(after)), []).append((stretch.force, counts))
    return [
        Placebos(tuple(f for f, _ in drawn), np.stack([c for _, c in drawn]).astype(np.int64), after, first)
        for (first, _, after), drawn in sorted(groups.items(), key=lambda item: item[0])
    ]


def two_years() -> Placebos:
    """Every pair of Cambridgeshire's six districts, 12 months before and 12 after: the only whole seasons there are."""
    (stretch,) = [s for s in stretches() if s.force == TWO_YEARS and s.length >= 24]
    everyone = range(len(stretch.districts))
    orders = [[*pair, *(d for d in everyone if d not in pair)] for pair in combinations(everyone, TREATED)]
    counts = np.stack([stretch.counts[order] for order in orders]).astype(np.int64)
    return Placebos((TWO_YEARS,) * len(orders), counts, 12, stretch.first)


def error_by_force(hit: FloatArray, forces: Sequence[str], rng: np.random.Generator, draws: int = 2000) -> float:
    """Standard error of the mean of `hit` when whole forces are drawn anew: placebos of a force share its months.

    Parameters
    ----------
    hit
        One number per placebo, shape (R,).
    forces
        Force of each, R names.
    """
    _, index = np.unique(np.asarray(forces), return_inverse=True)
    total, size = np.bincount(index, weights=hit), np.bincount(index)
    again = rng.integers(len(size), size=(draws, len(size)))
    return float((total[again].sum(axis=1) / size[again].sum(axis=1)).std(ddof=1))
