"""Rows to groups: one Ibis expression per outcome kind.

An expression groups the rows by area and period (and level, or day, and whatever else is asked for) and adds them up.
It uses portable Ibis operations only, and nothing that belongs to a single row comes back from it. Every group holds
`rows`, its rows, and `blank`, those of them without a value.
"""

from collections.abc import Sequence
from typing import Any

import ibis

from impact.intake.moments import days_between, has_clock
from impact.intake.needs import Need, censor_day, censor_need, event_need, value_need
from impact.intake.placing import Placed
from impact.study.outcomes import (
    BinaryOutcome,
    ContinuousOutcome,
    CountOutcome,
    DurationOutcome,
    OrdinalOutcome,
    Outcome,
    TimeToEventOutcome,
)

SAME_DAY = 0.5
"""Days that a case counts for which begins and ends on one day: recorded to the day, it lies between 0 and 1."""
INSTANT = 1 / 2880
"""Days that a case counts for whose two times of day are equal: half a minute."""
SECONDS = 86400.0


def expression(key: str, outcome: Outcome, placed: Placed, rows: Any, keys: Sequence[str] = ()) -> Any:
    """Return the groups of one outcome.

    Parameters
    ----------
    rows
        Those rows of `placed` that are to be counted.
    keys
        Columns of `rows` to group by beside area and period.
    """
    need = value_need(key, outcome)
    value = None if need is None else rows[placed.typed[need]]
    by = ("area", "period", *keys)
    match outcome:
        case CountOutcome():
            return _count(rows, by, value)
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
            event = rows[placed.typed[_given(event_need(key, outcome))]]
            return _time_to_event(rows, by, event, (censored(key, outcome, placed, rows), outcome.horizon))


def _given(need: Need | None) -> Need:
    if need is None:
        raise TypeError("this outcome kind always has an event")
    return need


def _count(rows: Any, by: Sequence[str], value: Any | None) -> Any:
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


def _time_to_event(rows: Any, by: Sequence[str], event: Any, watched: tuple[Any, int]) -> Any:
    censor, horizon = watched
    start = rows["moment"]
    until = days_between(start, event)
    seen = ibis.coalesce(until <= horizon, False)
    followed = ibis.least(ibis.coalesce(days_between(start, censor), until), horizon)
    ended = rows.mutate(seen=seen, day=ibis.ifelse(seen, until, followed))
    return ended.group_by(*by, "day", "seen").aggregate(rows=lambda t: t.count(), blank=lambda t: t.count() * 0)


def censored(key: str, outcome: DurationOutcome | TimeToEventOutcome, placed: Placed, rows: Any) -> Any | None:
    """Return the moment of the extract for each row; None if the study names none."""
    day = censor_day(outcome)
    if day is not None:
        return ibis.timestamp(day.year, day.month, day.day, 0, 0, 0)
    need = censor_need(key, outcome)
    return None if need is None else rows[placed.typed[need]]
