"""The published panel of counties, as a matrix."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.arrays import FloatArray, IntArray
from models.staggered.group_time import Groups

DATA = Path(__file__).resolve().parents[3] / "data" / "teen_employment" / "employment.csv"
YEARS = (2003, 2004, 2005, 2006, 2007)


@dataclass(frozen=True, slots=True)
class Counties:
    """Log of teen employment, shape (500, 5), and the first year of each county's raise (0: never)."""

    values: FloatArray
    raised: IntArray
    groups: Groups


def ints(*values: int) -> IntArray:
    """Whole numbers as an array."""
    return np.asarray(values, dtype=np.int64)


def groups_of(first: IntArray, bins: int) -> Groups:
    """Groups of areas by the first bin after their start; `bins` if they never do."""
    starts = sorted(set(first.tolist()))
    at = np.asarray(starts)
    return Groups(np.searchsorted(at, first), at - 1, at, at == bins)


def read_counties() -> Counties:
    """Read the shipped table."""
    with DATA.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    names = sorted({row["county"] for row in rows}, key=int)
    place = {name: i for i, name in enumerate(names)}
    values, raised = np.full((len(names), len(YEARS)), np.nan), np.zeros(len(names), dtype=np.int64)
    for row in rows:
        values[place[row["county"]], int(row["year"]) - YEARS[0]] = float(row["log_employment"])
        raised[place[row["county"]]] = int(row["first_raise"] or 0)
    return Counties(values, raised, groups_of(np.where(raised > 0, raised - YEARS[0], len(YEARS)), len(YEARS)))
