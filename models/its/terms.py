"""The columns of a segmented regression: trend, change, season and whatever else is allowed for.

Shapes: T periods of the study, k columns of the design.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.design import Event, Shape, Shock
from models.its.options import ItsOptions
from models.periods import Periods, Role, TimeUnit, contiguous_spans

HAVE_MONTHS = frozenset({TimeUnit.MONTH, TimeUnit.QUARTER})
"""Units whose periods fall on the same few places in every year, so that each place can have an effect of its own."""


@dataclass(frozen=True, slots=True)
class Season:
    """Seasonal terms.

    Attributes
    ----------
    kind
        ``months`` gives each month (or quarter) of the year an effect of its own.
    pairs
        Pairs of sine and cosine; 0 unless `kind` is ``harmonics``.
    """

    kind: Literal["none", "harmonics", "months"]
    pairs: int = 0

    @classmethod
    def of_pairs(cls, pairs: int) -> Self:
        """Season of this many pairs of harmonics, none if 0."""
        return cls("harmonics" if pairs else "none", pairs)

    def words(self, unit: TimeUnit) -> str:
        """Say the terms: "2 pairs of seasonal terms"."""
        if self.kind == "months":
            return f"An effect of each {unit.value} of the year"
        few = {0: "No seasonal terms", 1: "One pair of seasonal terms"}
        return few.get(self.pairs, f"{self.pairs} pairs of seasonal terms")


@dataclass(frozen=True, slots=True)
class ChangeShape:
    """How the change of the intervention unfolds over the periods.

    Attributes
    ----------
    names
        ``level`` and ``slope``, whichever there are, in the order of the columns.
    columns
        Shape (T, 1 or 2).
    start
        Index of the first period of follow-up, where the trend is counted as 0.
    onset
        Index of the first period in which anything may have changed.
    full
        Index of the first period with the whole change of level; the change of slope is counted from it.
    """

    names: tuple[str, ...]
    columns: FloatArray
    start: int
    onset: int
    full: int

    @classmethod
    def of(cls, periods: Periods, options: ItsOptions) -> Self:
        """Lay the declared shape over the periods.

        With `ramp` = R the change of level is 1/(R + 1) in the period it begins, 2/(R + 1) in the next, and whole after
        R periods. A phase-in that is ramped is such a stretch. A slope alone bends at the last period before onset.

        Raises
        ------
        IndexError
            If no period is follow-up.
        """
        start = int(np.flatnonzero(periods.follow_up)[0])
        phase_in = np.flatnonzero(periods.where(Role.PHASE_IN)[:start])
        ramped = options.phase_in == "ramped" and phase_in.size > 0
        first = int(phase_in[0]) if ramped else start
        onset = first + options.lag
        rising = start - first if ramped else options.ramp
        time = np.arange(len(periods), dtype=np.float64)
        level = np.clip((time - onset + 1) / (rising + 1), 0.0, 1.0)
        if options.impact == "slope":
            return cls(("slope",), np.maximum(time - onset + 1, 0.0)[:, None], start, onset, onset)
        if options.impact == "level":
            return cls(("level",), level[:, None], start, onset, onset + rising)
        slope = np.maximum(time - onset - rising, 0.0)
        return cls(("level", "slope"), np.column_stack([level, slope]), start, onset, onset + rising)


@dataclass(frozen=True, slots=True)
class Extra:
    """Further columns of a regression, with what each stands for; `columns` of shape (T, m)."""

    names: tuple[str, ...]
    columns: FloatArray

    @classmethod
    def none(cls, periods: int) -> Self:
        """No further columns."""
        return cls((), np.empty((periods, 0)))

    def __add__(self, other: "Extra") -> "Extra":
        return Extra((*self.names, *other.names), np.column_stack([self.columns, other.columns]))

    def told_by(self, used: BoolArray) -> "Extra":
        """Leave out the columns that are the same in every period of the fit, shape (T,), and so say nothing."""
        keep = np.ptp(self.columns[used], axis=0) > 0 if used.any() else np.zeros(len(self.names), dtype=np.bool_)
        return Extra(tuple(n for n, k in zip(self.names, keep, strict=True) if k), self.columns[:, keep])


@dataclass(frozen=True, slots=True)
class Terms:
    """Columns of a segmented regression, defined for every period of the study.

    Attributes
    ----------
    matrix
        Shape (T, k): constant, trend, the change, then seasonal terms, then whatever else is allowed for.
    change
        Mask of the columns of the change, shape (k,).
    level, slope
        Numbers of the columns of the change in level and in slope; None where there is no such term.
    start
        Index of the first follow-up period; the trend is 0 there.
    onset, full
        As in `ChangeShape`.
    extra
        What the last columns stand for: events, then shocks.
    events
        How many of those are events.
    """

    matrix: FloatArray
    change: BoolArray
    level: int | None
    slope: int | None
    start: int
    onset: int
    full: int
    extra: tuple[str, ...] = ()
    events: int = 0

    @property
    def without_change(self) -> FloatArray:
        """The same matrix with every column of the change set to zero, shape (T, k): had nothing been done."""
        return np.where(self.change, 0.0, self.matrix)

    def _unit(self, column: int | None) -> FloatArray:
        if column is None:
            raise ValueError("the regression has no such term")
        return np.asarray(np.eye(self.matrix.shape[1])[column])

    def level_change(self) -> FloatArray:
        """Contrast of the whole change in level, shape (k,)."""
        return self._unit(self.level)

    def slope_change(self) -> FloatArray:
        """Contrast of the change in trend per period, shape (k,)."""
        return self._unit(self.slope)

    def extra_change(self, index: int) -> FloatArray:
        """Contrast of the further column with this number, shape (k,)."""
        return self._unit(self.matrix.shape[1] - len(self.extra) + index)

    def change_at(self, period: int) -> FloatArray:
        """Contrast of the change in one period, shape (k,)."""
        return np.asarray((self.matrix - self.without_change)[period], dtype=np.float64)

    def average_change(self, window: BoolArray) -> FloatArray:
        """Contrast of the mean change over the periods of `window` (T,), shape (k,)."""
        return np.asarray((self.matrix - self.without_change)[window].mean(axis=0), dtype=np.float64)


def most_harmonics(unit: TimeUnit) -> int:
    """Most pairs of seasonal terms that periods of this length can carry (half the periods in a year)."""
    return math.floor(unit.per_year / 2)


def harmonics_by_rule(unit: TimeUnit, baseline: int) -> int:
    """Pairs of seasonal terms that a number of usable baseline periods supports.

    Two if the baseline counts two years of periods, one if it counts one year, otherwise none; always fewer
    than half the periods in a year, so none for years and at most one for quarters.
    """
    cycles = sum(baseline >= math.floor(years * unit.per_year) for years in (1, 2))
    return min(cycles, math.ceil(unit.per_year / 2) - 1)


def seasonal_terms(periods: Periods, season: Season) -> FloatArray:
    """Columns of the season, shape (T, columns).

    Harmonics are cosine and sine of 1, ..., `pairs` cycles a year; one of exactly half the periods in a year has a
    cosine only, because its sine is zero in every period. Months are indicators of each but the first of the year.
    """
    if season.kind == "months":
        places = int(periods.unit.per_year)
        return np.asarray(periods.season[:, None] == np.arange(1, places), dtype=np.float64)
    year = periods.unit.per_year
    angle = 2 * np.pi * np.mod(periods.first + np.arange(len(periods)), year) / year
    columns = [
        wave(h * angle)
        for h in range(1, season.pairs + 1)
        for wave in ((np.cos, np.sin) if 2 * h < year else (np.cos,))
    ]
    return np.column_stack(columns) if columns else np.empty((len(periods), 0))


def event_terms(periods: Periods, events: Sequence[Event], areas: Collection[str]) -> Extra:
    """Columns of what else changed in any of these areas, or everywhere, by its declared shape.

    A level stays from the event's first period on, a slope counts from it (1 in its first period if there is no level,
    so that the trend bends before it), and a pulse lasts as long as the event.
    """
    found = Extra.none(len(periods))
    for event in events:
        if event.periods.any() and (not event.areas or set(event.areas) & set(areas)):
            found += _event(periods, event)
    return found


def _event(periods: Periods, event: Event) -> Extra:
    first = int(np.flatnonzero(event.periods)[0])
    time = np.arange(len(periods), dtype=np.float64)
    step, slope = (time >= first).astype(np.float64), np.maximum(time - first, 0.0)
    match event.shape:
        case Shape.PULSE:
            return Extra((event.what,), event.periods[:, None].astype(np.float64))
        case Shape.LEVEL:
            return Extra((event.what,), step[:, None])
        case Shape.SLOPE:
            return Extra((f"{event.what}, change of slope",), np.maximum(time - first + 1, 0.0)[:, None])
        case Shape.BOTH:
            names = (f"{event.what}, change of level", f"{event.what}, change of slope")
            return Extra(names, np.column_stack([step, slope]))


def shock_terms(periods: Periods, shocks: Sequence[Shock], *, by_year: bool) -> Extra:
    """A step for each stretch of each shock, or for each year of each stretch, counted from where it begins."""
    year = math.floor(periods.unit.per_year) if by_year else len(periods)
    labels = periods.labels
    found = Extra.none(len(periods))
    for shock in shocks:
        for first, last in contiguous_spans(shock.periods):
            for begin in range(first, last + 1, year):
                end = min(begin + year - 1, last)
                column = np.zeros((len(periods), 1))
                column[begin : end + 1] = 1.0
                found += Extra((f"{labels[begin]} to {labels[end]}",), column)
    return found


def build(
    periods: Periods, shape: ChangeShape, season: Season, events: Extra | None = None, shocks: Extra | None = None
) -> Terms:
    """Columns of a segmented regression over calendar time.

    Periods left out of a fit still count as time passing.
    """
    trend = np.arange(len(periods), dtype=np.float64) - shape.start
    nothing = Extra.none(len(periods))
    happened = events or nothing
    extra = happened + (shocks or nothing)
    parts = (np.ones(len(periods)), trend, shape.columns, seasonal_terms(periods, season), extra.columns)
    matrix = np.column_stack(parts)
    changing = np.zeros(matrix.shape[1], dtype=np.bool_)
    changing[2 : 2 + len(shape.names)] = True
    level, slope = (2 + shape.names.index(n) if n in shape.names else None for n in ("level", "slope"))
    place = (shape.start, shape.onset, shape.full)
    return Terms(matrix, changing, level, slope, *place, extra.names, len(happened.names))
