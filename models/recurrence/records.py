"""The records of repeats by group and window: curves, how long cases are followed, what else ends them."""

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray, IntArray
from models.changes import why_not
from models.effect import Effect
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.panel import Panel, TimeToEventCells, pool_periods
from models.recurrence.curves import share_by_day, share_ended, share_followed
from models.recurrence.estimates import Analysis
from models.recurrence.measures import History, Measure, changes_of
from models.recurrence.words import effect_words

SHOWN_DAYS = 12
LEAST_SHOWN = 5
"""Repeats by which every curve must rise from one day shown to the next, so that no step shows a few people."""
UNEVEN = 0.10
"""Difference between the groups in how the share followed to the horizon changed, from which the check warns."""
LEAST_FOLLOWED = 0.5
"""Share of cases followed to the horizon below which the check warns."""

WINDOWS = ("baseline", "follow-up")
GROUPS = ("treated areas", "comparison areas")


def curves(analysis: Analysis) -> Check | None:
    """Give the share recurring by day, by group and window; None where a curve does not reach the horizon."""
    history = analysis.history
    changes = changes_of(Measure.SHARE, history)
    if changes is None or why_not(history.panel, changes):
        return None
    horizon = history.horizon
    shown = _shown_days(history, changes.usable)
    by_window = [share_by_day(window.cells)[:, shown] for window in (history.before, history.after)]
    rows = [
        Row(f"day {day:,}", float(value), group=f"{letter} {when}")
        for letter, members in zip("TC", _members(history), strict=True)
        for when, shares in zip(("before", "after"), by_window, strict=True)
        for day, value in zip(shown, shares[members & changes.usable].mean(axis=0), strict=True)
    ]
    title = "Share of cases with a repeat, by days since the first report"
    note = (
        "T: treated areas, C: comparison areas, before and after the start. Mean over the areas of a group, each "
        "counted once."
    )
    evidence = Evidence(title, Figure.SERIES, Scale.DIFFERENCE, Quantity.SHARE, tuple(rows), note, by_area=True)
    last = [row.estimate or 0.0 for row in rows if row.label == f"day {horizon:,}"]
    finding = f"By day {horizon:,}, {_moved(GROUPS[0], last[:2])}, and {_moved(GROUPS[1], last[2:])} had a repeat."
    return Check("recurrence_curves", Status.PASS, finding, "", evidence)


def _shown_days(history: History, usable: BoolArray) -> IntArray:
    """Evenly spaced days up to the horizon, without those between which some curve rises by few repeats."""
    horizon = history.horizon
    reached = np.stack(
        [
            window.cells.events[members & usable, 0].sum(axis=0).cumsum()
            for members in _members(history)
            for window in (history.before, history.after)
        ]
    )
    shown, last = [], np.zeros(len(reached))
    for day in np.unique(np.linspace(horizon / SHOWN_DAYS, horizon, SHOWN_DAYS).round().astype(np.int64))[:-1]:
        now = reached[:, day]
        if np.minimum(now - last, reached[:, -1] - now).min() >= LEAST_SHOWN:
            shown.append(int(day))
            last = now
    return np.asarray([*shown, horizon], dtype=np.int64)


def least_ended(panel: Panel) -> float:
    """Cases that something else ended, where they are fewest but not none: of any area in either window; 0 if none."""
    counts = []
    for window in (panel.periods.baseline, panel.periods.follow_up):
        cells = pool_periods(panel.cells, window)
        if isinstance(cells, TimeToEventCells):
            counts += cells.competing.sum(axis=(1, 2)).tolist()
    return min((float(count) for count in counts if count > 0), default=0.0)


def follow_up(analysis: Analysis) -> Check:
    """Compare how many cases are followed to the horizon, by group and window."""
    history = analysis.history
    shares = [share_followed(window.cells) for window in (history.before, history.after)]
    usable = ~np.isnan(shares[0]) & ~np.isnan(shares[1])
    if not _both(history, usable):
        finding = "Whether cases are followed equally long cannot be judged."
        return Check("recurrence_follow_up", Status.NOT_RUN, finding, "A group has no cases in one of the windows.")
    means = _means(history, shares, usable)
    evidence = _levels(f"Share of cases followed to day {history.horizon:,}", means)
    finding = (
        f"Followed to day {history.horizon:,}, unless an event came first: {_moved(GROUPS[0], means[0])}, and "
        f"{_moved(GROUPS[1], means[1])}."
    )
    gap = abs((means[0, 1] - means[0, 0]) - (means[1, 1] - means[1, 0]))
    if gap > UNEVEN or means.min() < LEAST_FOLLOWED:
        detail = (
            "Cases in view for a shorter time are allowed for as far as they are like those in view for longer; where "
            "follow-up differs this much, that carries weight. Use windows that end earlier, or a shorter horizon."
        )
        return Check("recurrence_follow_up", Status.WARN, finding, detail, evidence)
    detail = "Cases in view for a shorter time are allowed for as far as they are like those in view for longer."
    return Check("recurrence_follow_up", Status.PASS, finding, detail, evidence)


def competing(analysis: Analysis) -> Check | None:
    """Compare how many cases something else ended before any repeat; None where nothing did."""
    history = analysis.history
    changes = changes_of(Measure.ENDED, history)
    if changes is None or not _both(history, changes.usable):
        return None
    shares = [share_ended(window.cells).value for window in (history.before, history.after)]
    evidence = _levels(
        f"Share of cases that something else ended within {history.horizon:,} days",
        _means(history, shares, changes.usable),
    )
    effect = analysis.effect(changes)
    if not isinstance(effect, Effect) or effect.interval is None:
        finding = "Whether more cases were ended by something else cannot be judged."
        why = "There are too few areas." if isinstance(effect, Effect) else effect.reason
        return Check("recurrence_competing", Status.NOT_RUN, finding, why, evidence)
    finding = (
        "The effect on the share of cases that something else ended before any repeat: "
        f"{effect_words(Measure.ENDED, effect, analysis.design.level)}."
    )
    if effect.excludes_none:
        detail = (
            "A case that has ended cannot repeat, so part of a change in the share recurring may be due to that; the "
            "hazards of both are among the estimates."
        )
        return Check("recurrence_competing", Status.WARN, finding, detail, evidence)
    detail = (
        "Such cases are kept among all cases: they have ended without a repeat, and are not taken for lost to view."
    )
    return Check("recurrence_competing", Status.PASS, finding, detail, evidence)


def _members(history: History) -> tuple[BoolArray, BoolArray]:
    return history.panel.treated, ~history.panel.treated


def _both(history: History, usable: BoolArray) -> bool:
    return all((members & usable).any() for members in _members(history))


def _means(history: History, by_window: list[FloatArray], usable: BoolArray) -> FloatArray:
    """Mean over a group's areas in each window, shape (2, 2): treated first, baseline first."""
    return np.asarray([[shares[members & usable].mean() for shares in by_window] for members in _members(history)])


def _levels(title: str, means: FloatArray) -> Evidence:
    rows = tuple(
        Row(name, float(means[g, w]), group=group.capitalize())
        for g, group in enumerate(GROUPS)
        for w, name in enumerate(WINDOWS)
    )
    note = "Mean over the areas of a group, each counted once."
    return Evidence(title, Figure.FOREST, Scale.DIFFERENCE, Quantity.SHARE, rows, note, by_area=True)


def _moved(group: str, levels: FloatArray | list[float]) -> str:
    """Write "30% of treated areas' cases in the baseline, 25% in follow-up"."""
    first, second = (f"{numbers.fixed(100 * float(level), 1)}%" for level in levels)
    return f"{first} of {group}' cases in the baseline against {second} in the follow-up"
