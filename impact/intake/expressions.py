"""Rows to groups: one Ibis expression per outcome kind.

An expression groups the rows by area and period (and level, or day, and whatever else is asked for) and adds them up.
It uses portable Ibis operations only, and nothing that belongs to a single row comes back from it. Every group holds
`rows`, its rows, and `blank`, those of them without a value.
"""

from collections.abc import Sequence
from typing import Any

import ibis

from impact.intake.followed import censored, with_ends
from impact.intake.moments import days_between, has_clock
from impact.intake.needs import Need, event_need, value_need
from impact.intake.place import Place
from impact.intake.placing import Placed
from impact.study.outcomes import (
    BinaryOutcome,
    ContinuousOutcome,
    CountOutcome,
    DurationOutcome,
    OrdinalOutcome,
    TimeToEventOutcome,
)

SAME_DAY = 0.5
"""Days that a case counts for which begins and ends on one day: recorded to the day, it lies between 0 and 1."""
INSTANT = 1 / 2880
"""Days that a case counts for whose two times of day are equal: half a minute."""
SECONDS = 86400.0


def expression(key: str, placed: Placed, rows: Any, place: Place, keys: Sequence[str] = ()) -> Any:
    """Return the groups of one outcome.

    Parameters
    ----------
    rows
        Those rows of `placed` that are to be counted; all lie in the periods of `place`.
    keys
        Columns of `rows` to group by beside area and period.
    """
    outcome = placed.asked.outcomes[key]
    need = value_need(key, outcome)
    value = None if need is None else rows[placed.typed[need]]
    by = ("area", "period", *keys)
    match outcome:
        case CountOutcome():
            return count_groups(rows, by, value)
        case BinaryOutcome():
            return _binary(rows, by, value)
        case OrdinalOutcome():
            return _ordinal(rows, by, value)
        case ContinuousOutcome():
            return _continuous(rows, by, value)
        case DurationOutcome():
            days = _days_taken(key, outcome, placed, rows) if value is None else _not_zero(value)
            return _duration(rows, by, days, censored(key, outcome, placed, rows))
        case TimeToEventOutcome():
            return _time_to_event(with_ends(key, outcome, placed, rows, place), by)


def _given(need: Need | None) -> Need:
    if need is None:
        raise TypeError("a duration without a value has an event")
    return need


def count_groups(rows: Any, by: Sequence[str], value: Any | None) -> Any:
    """Return groups with their `events`: the sum of `value`, or the rows themselves where it is None."""
    groups = rows.group_by(*by)
    if value is None:
        return groups.aggregate(rows=rows.count(), blank=rows.count() * 0, events=rows.count())
    return groups.aggregate(rows=rows.count(), blank=value.isnull().sum(), events=value.sum())


def _binary(rows: Any, by: Sequence[str], value: Any) -> Any:
    return rows.group_by(*by).aggregate(
        rows=rows.count(), blank=value.isnull().sum(), successes=value.sum(), trials=value.count()
    )


def _ordinal(rows: Any, by: Sequence[str], value: Any) -> Any:
    rated = rows.mutate(level=value)
    return rated.group_by(*by, "level").aggregate(rows=lambda t: t.count(), blank=lambda t: t["level"].isnull().sum())


def _continuous(rows: Any, by: Sequence[str], value: Any) -> Any:
    return rows.group_by(*by).aggregate(
        rows=rows.count(),
        blank=value.isnull().sum(),
        n=value.count(),
        total=value.sum(),
        squares=(value * value).sum(),
    )


def _duration(rows: Any, by: Sequence[str], days: Any, censor: Any | None) -> Any:
    open_for = ibis.null("float64")
    if censor is not None:
        elapsed = days_between(rows["moment"], censor)
        open_for = ibis.ifelse(days.isnull(), ibis.ifelse(elapsed == 0, SAME_DAY, elapsed.cast("float64")), None)
    taken = rows.mutate(log_days=days.log(), open_for=open_for)
    return taken.group_by(*by, "open_for").aggregate(
        rows=lambda t: t.count(),
        blank=lambda t: t.count() * 0,
        n=lambda t: t["log_days"].count(),
        log_total=lambda t: t["log_days"].sum(),
        log_squares=lambda t: (t["log_days"] * t["log_days"]).sum(),
    )


def _days_taken(key: str, outcome: DurationOutcome, placed: Placed, rows: Any) -> Any:
    start, end = rows["moment"], rows[placed.typed[_given(event_need(key, outcome))]]
    seconds = end.epoch_seconds() - start.epoch_seconds()
    exact = ibis.ifelse(seconds == 0, INSTANT, seconds / SECONDS)
    return ibis.ifelse(has_clock(start) & has_clock(end), exact, _not_zero(days_between(start, end).cast("float64")))


def _not_zero(days: Any) -> Any:
    return ibis.ifelse(days == 0, SAME_DAY, days)


def _time_to_event(rows: Any, by: Sequence[str]) -> Any:
    groups = rows.group_by(*by, "day", "how")
    return groups.aggregate(rows=lambda t: t.count(), blank=lambda t: t.count() * 0)
