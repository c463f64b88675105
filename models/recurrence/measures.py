"""What a pilot may change about repeats, each measure as one change per area from baseline to follow-up."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.case import Case, Repeats
from models.changes import Changes, Gap, difference
from models.estimate import Scale
from models.panel import Panel, TimeToEventCells, merge_treated, pool_periods
from models.periods import Role
from models.recurrence.curves import days_free, mean_repeats, share_ended
from models.recurrence.grouped import log_ratios, shared_events
from models.recurrence.risk import RepeatCounts, Risk, all_repeats, by_gap, by_number, competing_events, first_events
from models.summary import Summary, Undefined, event_share

RESOLUTION = 1e-10  # rounding error in a log hazard ratio
HUNDRED = 100.0


class Measure(StrEnum):
    """A measure of repeats."""

    SHARE = "share recurring"
    DAYS = "days without a repeat"
    REPEATS = "repeats per 100 cases"
    FIRST = "hazard of a first repeat"
    ALL = "rate of all repeats"
    BY_NUMBER = "rate of the next repeat, days since the first report"
    BY_GAP = "rate of the next repeat, days since the report before"
    ENDED = "share ended by something else"
    ENDING = "hazard of being ended by something else"

    @property
    def scale(self) -> Scale:
        """Scale of its effect."""
        return Scale.DIFFERENCE if self in DIFFERENCES else Scale.RATIO

    @property
    def linear(self) -> Scale:
        """Scale on which its changes are subtracted."""
        return Scale.DIFFERENCE if self in DIFFERENCES else Scale.LOG_RATIO

    @property
    def of_repeats(self) -> bool:
        """Whether it needs every repeat, and not only the first."""
        return self in {Measure.REPEATS, Measure.ALL, Measure.BY_NUMBER, Measure.BY_GAP}


DIFFERENCES = frozenset({Measure.SHARE, Measure.DAYS, Measure.REPEATS, Measure.ENDED})


@dataclass(frozen=True, slots=True)
class Window:
    """The cases of one window, its periods added up: first events (A, 1, H+1), and every repeat if known."""

    cells: TimeToEventCells
    counts: RepeatCounts | None


@dataclass(frozen=True, slots=True)
class History:
    """Both windows of an outcome.

    Attributes
    ----------
    panel
        The outcome; its areas are those of the windows.
    before, after
        Baseline and follow-up.
    """

    panel: Panel
    before: Window
    after: Window

    @property
    def has_repeats(self) -> bool:
        """Whether every repeat is known, and not only the first."""
        return self.before.counts is not None

    @property
    def has_competing(self) -> bool:
        """Whether anything else ended a case in either window."""
        return bool(self.before.cells.competing.any() or self.after.cells.competing.any())

    @property
    def horizon(self) -> int:
        """Last day H."""
        return self.before.cells.horizon


def history_of(case: Case, *, merged: bool = False) -> History:
    """Cut both windows out of a case; `merged` adds the treated areas up into one unit, placed first."""
    panel = merge_treated(case.panel) if merged else case.panel
    repeats = _merged(case.repeats, case.panel.treated) if merged and case.repeats else case.repeats
    periods = panel.periods
    return History(panel, *(_window(panel, repeats, window) for window in (periods.baseline, periods.follow_up)))


def changes_of(measure: Measure, history: History) -> Changes | None:
    """Change of each area in a measure; None if the case does not hold what it needs.

    On the linear scale: shares, days, repeats per 100 cases, log ratios.
    """
    if (measure.of_repeats and not history.has_repeats) or (measure in ENDINGS and not history.has_competing):
        return None
    if measure in LEVELS:
        return difference(LEVELS[measure](history.before), LEVELS[measure](history.after))
    risk = RISKS[measure]
    return ratio_changes(risk(history.before), risk(history.after))


def ratio_changes(before: Risk, after: Risk, days: BoolArray | None = None) -> Changes:
    """Log hazard ratio of each area between two windows, over the days that count, shape (D,)."""
    w = log_ratios(before, after, days)
    gaps = []
    for window, risk, events in zip(
        (Role.BASELINE, Role.FOLLOW_UP), (before, after), shared_events(before, after, days), strict=True
    ):
        empty = risk.at_risk[:, 0, 0] == 0
        gaps += [Gap(int(a), window, Undefined.NO_DATA) for a in np.flatnonzero(empty)]
        gaps += [Gap(int(a), window, Undefined.NO_EVENTS) for a in np.flatnonzero((events == 0) & ~empty)]
    without = {gap.area for gap in gaps if gap.reason is Undefined.NO_DATA}
    kept = [gap for gap in gaps if gap.reason is Undefined.NO_DATA or gap.area not in without]
    unknown = np.full(len(w), np.nan)
    return Changes(w, unknown, ~np.isnan(w), tuple(sorted(kept, key=lambda gap: gap.area)), RESOLUTION)


def share_of(window: Window) -> Summary:
    """Share with a repeat by the horizon, as every other model has it."""
    cells = window.cells
    return event_share(cells.events[:, 0], cells.censored[:, 0], cells.competing[:, 0])


def per_hundred(window: Window) -> Summary:
    """Repeats per 100 cases within the horizon; NaN for the sampling variance, which cells do not hold."""
    found = mean_repeats(_counts(window))
    return replace(found, value=HUNDRED * found.value)


def _counts(window: Window) -> RepeatCounts:
    if window.counts is None:
        raise ValueError("the case holds first repeats only")
    return window.counts


def _window(panel: Panel, repeats: Repeats | None, periods: BoolArray) -> Window:
    pooled = pool_periods(panel.cells, periods)
    if not isinstance(pooled, TimeToEventCells):
        raise TypeError(f"{panel.outcome}: repeats need times to an event, not {panel.kind}")
    if repeats is None:
        return Window(pooled, None)
    arrays = (repeats.events, repeats.censored, repeats.gap_events, repeats.gap_censored, repeats.ended)
    return Window(pooled, RepeatCounts(*(array[:, periods].sum(axis=1) for array in arrays)))


def _merged(repeats: Repeats, treated: BoolArray) -> Repeats:
    def add(array: FloatArray) -> FloatArray:
        return np.concatenate([array[treated].sum(axis=0, keepdims=True), array[~treated]])

    arrays = (repeats.events, repeats.censored, repeats.gap_events, repeats.gap_censored, repeats.ended)
    return Repeats(*map(add, arrays))


LEVELS: dict[Measure, Callable[[Window], Summary]] = {
    Measure.SHARE: share_of,
    Measure.DAYS: lambda window: days_free(window.cells),
    Measure.REPEATS: per_hundred,
    Measure.ENDED: lambda window: share_ended(window.cells),
}
RISKS: dict[Measure, Callable[[Window], Risk]] = {
    Measure.FIRST: lambda window: first_events(window.cells),
    Measure.ALL: lambda window: all_repeats(_counts(window)),
    Measure.BY_NUMBER: lambda window: by_number(_counts(window)),
    Measure.BY_GAP: lambda window: by_gap(_counts(window)),
    Measure.ENDING: lambda window: competing_events(window.cells),
}
ENDINGS = frozenset({Measure.ENDED, Measure.ENDING})
