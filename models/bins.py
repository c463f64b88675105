"""Quarters, half-years and years of both windows: how an event study, and what rests on it, cut time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.changes import RESOLUTION
from models.inference.refusal import NoInference
from models.panel import Panel, observed
from models.periods import MONTHS_PER_YEAR, Periods
from models.sensitivity.summaries import summarise_windows

LEAST_SHARE = 0.5
"""Share of a bin's periods that must be usable."""
LEAST_YEARS = 3
"""Years in each window from which years show as much as half-years, and carry no season."""


class BinLength(StrEnum):
    """Length of a bin."""

    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"

    @property
    def months(self) -> int:
        """Months in one bin."""
        return {"quarter": 3, "half_year": 6, "year": MONTHS_PER_YEAR}[self.value]

    @property
    def word(self) -> str:
        """Name in a sentence."""
        return self.value.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Bin:
    """Part of a window.

    Attributes
    ----------
    label
        First and last period used.
    periods
        Mask of the periods used, shape (T,).
    position
        Mean of those periods on the clock, in bin lengths after the reference.
    """

    label: str
    periods: BoolArray
    position: float


@dataclass(frozen=True, slots=True)
class Bins:
    """The bins of both windows, in time order.

    Attributes
    ----------
    length
        Length of each.
    before, after
        Bins of the baseline, of which the last is the reference, and of the follow-up; at least one of each.
    left_out
        Bins that cannot be used and why, in words.
    """

    length: BinLength
    before: tuple[Bin, ...]
    after: tuple[Bin, ...]
    left_out: tuple[str, ...]

    @property
    def reference(self) -> Bin:
        """Last bin of the baseline."""
        return self.before[-1]

    @property
    def positions(self) -> FloatArray:
        """Positions of all bins, shape (B,), 0 at the reference."""
        return np.asarray([each.position for each in (*self.before, *self.after)])


def bins_of(panel: Panel, length: BinLength | None = None) -> Bins | NoInference:
    """Cut both windows into bins over the calendar, backwards from the end of the baseline and forwards from the start.

    Parameters
    ----------
    panel
        The outcome. A period counts if it belongs to a window and some area has data for it; excluded periods leave
        their bin with fewer.
    length
        None for the rule: years if periods are years, or if each window holds three of them; otherwise half-years.

    Returns
    -------
    Bins or NoInference
        Without bins of which fewer than half the periods can be used.
    """
    yearly = _cut(panel, BinLength.YEAR)
    if length is not None and panel.periods.unit.per_year * length.months < MONTHS_PER_YEAR:
        return NoInference(f"Periods of a {panel.periods.unit.value} cannot be parted into {length.word}s.")
    if length is None:
        enough = min(len(yearly.before), len(yearly.after)) >= LEAST_YEARS or panel.periods.unit.per_year < 2
        length = BinLength.YEAR if enough else BinLength.HALF_YEAR
    found = yearly if length is BinLength.YEAR else _cut(panel, length)
    for window, held in (("baseline", found.before), ("follow-up", found.after)):
        if not held:
            return NoInference(f"The {window} does not hold half of one {length.word} that can be used.")
    return found


def _cut(panel: Panel, length: BinLength) -> Bins:
    periods = panel.periods
    seen = observed(panel.cells).any(axis=0)
    full = periods.unit.per_year * length.months / MONTHS_PER_YEAR
    sides: list[tuple[Bin, ...]] = []
    left_out: list[str] = []
    for window, forwards in ((periods.baseline, False), (periods.follow_up, True)):
        each = [(mask, mask & window & seen) for mask in _spans(periods, window, length, forwards=forwards)]
        kept = [_bin(periods, used, full) for _, used in each if used.sum() >= LEAST_SHARE * full]
        left_out += _thin(periods, each, full)
        sides.append(tuple(kept))
    before, after = sides
    origin = before[-1].position if before else 0.0
    before, after = (tuple(replace(b, position=b.position - origin) for b in side) for side in (before, after))
    return Bins(length, before, after, tuple(left_out))


def _spans(periods: Periods, window: BoolArray, length: BinLength, *, forwards: bool) -> list[BoolArray]:
    """Masks of the calendar spans of a window, in time order, each holding at least one of the study's periods."""
    held = np.flatnonzero(window)
    if not len(held):
        return []
    starts = periods.starts
    edge = starts[held[0]] if forwards else _next_start(periods, int(held[-1]))
    last = starts[held[-1] if forwards else held[0]]
    spans: list[BoolArray] = []
    for number in range(len(periods) + 1):
        one, other = (shifted(edge, length.months * (n if forwards else -n)) for n in (number, number + 1))
        low, high = min(one, other), max(one, other)
        if (low > last) if forwards else (high <= last):
            break
        spans.append(np.asarray([low <= start < high for start in starts], dtype=np.bool_))
    kept = [span for span in spans if span.any()]
    return kept if forwards else kept[::-1]


def _next_start(periods: Periods, index: int) -> date:
    starts = periods.starts
    return starts[index + 1] if index + 1 < len(starts) else periods.end + timedelta(days=1)


def shifted(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month if it is shorter."""
    month = day.year * MONTHS_PER_YEAR + day.month - 1 + months
    year, index = divmod(month, MONTHS_PER_YEAR)
    following = date(year + (index == MONTHS_PER_YEAR - 1), (index + 1) % MONTHS_PER_YEAR + 1, 1)
    return date(year, index + 1, min(day.day, (following - timedelta(days=1)).day))


def _bin(periods: Periods, used: BoolArray, full: float) -> Bin:
    return Bin(_label(periods, used), used, float(np.flatnonzero(used).mean()) / full)


def _label(periods: Periods, mask: BoolArray) -> str:
    held = np.flatnonzero(mask)
    first, last = periods.labels[held[0]], periods.labels[held[-1]]
    return first if first == last else f"{first} to {last}"


def _thin(periods: Periods, each: Sequence[tuple[BoolArray, BoolArray]], full: float) -> list[str]:
    """Say which spans hold too few periods to use; those that hold none, and follow on one another, as one."""
    said: list[str] = []
    for unused, group in groupby(each, key=lambda pair: not pair[1].any()):
        members = list(group)
        if unused:
            said.append(f"{_label(periods, np.any([span for span, _ in members], axis=0))} (none can be used)")
        said += [
            f"{_label(periods, span)} ({int(used.sum())} of {full:.0f} {periods.unit.value}s)"
            for span, used in members
            if 0 < used.sum() < LEAST_SHARE * full
        ]
    return said


@dataclass(frozen=True, slots=True)
class BinValues:
    """The value of each area in each bin.

    Attributes
    ----------
    bins
        Those in which every area in question has a value.
    values
        On the linear scale, shape (G, B).
    areas
        Mask of the areas, shape (A,).
    resolution
        Size of a difference between values that is only rounding error.
    """

    bins: Bins
    values: FloatArray
    areas: BoolArray
    resolution: float


def bin_values(panel: Panel, bins: Bins, areas: BoolArray) -> BinValues | NoInference:
    """Summarise each bin; one in which some area of `areas`, shape (A,), has no value is left out for all of them."""
    each = (*bins.before, *bins.after)
    windows = summarise_windows(panel.cells, np.asarray([b.periods for b in each]))
    values = np.asarray([window.summary.value[areas] for window in windows]).T
    known = ~np.isnan(values).any(axis=0)
    missing = tuple(f"{b.label} (an area without a value)" for b, ok in zip(each, known, strict=True) if not ok)
    count = len(bins.before)
    before = tuple(b for b, ok in zip(bins.before, known[:count], strict=True) if ok)
    after = tuple(b for b, ok in zip(bins.after, known[count:], strict=True) if ok)
    if not before or not after:
        window = "follow-up" if before else "baseline"
        return NoInference(f"In no {bins.length.word} of the {window} do all areas have a value.")
    origin = before[-1].position
    before, after = (tuple(replace(b, position=b.position - origin) for b in side) for side in (before, after))
    kept = replace(bins, before=before, after=after, left_out=(*bins.left_out, *missing))
    resolution = RESOLUTION * float(np.abs(values[:, known]).max(initial=0.0))
    return BinValues(kept, values[:, known], areas, resolution)
