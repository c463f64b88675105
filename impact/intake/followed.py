"""How long each case is followed, and how it ended: by its event, by a competing one, or without either.

Everything is in whole days from the report. A case is followed to the earliest of the horizon, the day of the extract
and, unless the study says otherwise, the last day of the stretch of periods of one role in which it was reported (and
the day before its area starts, if that has a start of its own): a case of the baseline would else be followed into the
intervention, and longer than one of the follow-up.
"""

from datetime import date
from typing import Any

import ibis

from impact.intake.findings import Findings, counted
from impact.intake.moments import days_between
from impact.intake.needs import Need, censor_day, censor_need, competing_needs, event_need
from impact.intake.place import Place
from impact.intake.placing import Placed
from impact.study.outcomes import DurationOutcome, TimeToEventOutcome
from models.periods import Role

EPOCH = 719163
"""1970-01-01 as `date.toordinal` counts days."""
CENSORED, EVENT, COMPETING = 0, 1, 2
AGAIN, STOPPED = "again", "stopped"
"""Columns of the first reports of episodes: days to the first repeat, and to the first competing event."""


def with_ends(key: str, outcome: TimeToEventOutcome, placed: Placed, rows: Any, place: Place) -> Any:
    """Return the rows with `day`, on which each case ended or was last seen, and `how`.

    Of an event and a competing event on one day the event counts; either counts on the last day of the follow-up too.

    Parameters
    ----------
    rows
        Rows of `placed` that lie in the periods.
    """
    followed = days_followed(key, outcome, placed, rows, place)
    event, stopped = _days_to_event(key, outcome, placed, rows), days_to_competing(key, outcome, placed, rows)
    in_time = event <= followed
    seen = (in_time if stopped is None else in_time & ~_is(stopped < event)).fill_null(False)
    lost = ibis.literal(False) if stopped is None else _is(stopped <= followed) & ~seen
    return rows.mutate(
        how=ibis.cases((seen, EVENT), (lost, COMPETING), else_=CENSORED),
        day=ibis.cases((seen, event), *([] if stopped is None else [(lost, stopped)]), else_=followed),
    )


def _is(condition: Any) -> Any:
    return condition.fill_null(False)


def days_followed(key: str, outcome: TimeToEventOutcome, placed: Placed, rows: Any, place: Place) -> Any:
    """Return the days for which each case is followed; `rows` lie in the periods."""
    limits = [ibis.literal(outcome.last_day, "int64")]
    if outcome.followed_to == "window":
        limits.append(_closing(rows, place) - rows["moment"].cast("date").epoch_days().cast("int64"))
    censor = censored(key, outcome, placed, rows)
    if censor is not None:  # blank only where the case is known to have ended
        limits.append(ibis.coalesce(days_between(rows["moment"], censor), outcome.last_day))
    return ibis.least(*limits) if len(limits) > 1 else limits[0]


def _closing(rows: Any, place: Place) -> Any:
    """Last day of the stretch of one role that each row's period lies in, in days since 1970.

    Where areas start on days of their own, it is at the latest the day before, for what was reported before.
    """
    stretches = [(rows["period"].between(first, last), _day_before(after)) for first, last, after in place.stretches]
    closing = ibis.cases(*stretches, else_=ibis.null("int64"))
    if not place.starts:
        return closing
    before = [
        ((rows["area"] == area) & (rows["moment"] < ibis.timestamp(day.isoformat())), _day_before(day))
        for area, day in place.starts.items()
    ]
    return ibis.least(closing, ibis.cases(*before, else_=ibis.null("int64")))


def _day_before(day: date) -> int:
    return day.toordinal() - 1 - EPOCH


def _days_to_event(key: str, outcome: TimeToEventOutcome, placed: Placed, rows: Any) -> Any:
    need = event_need(key, outcome)
    return rows[AGAIN] if need is None else days_between(rows["moment"], rows[placed.typed[need]])


def days_to_competing(key: str, outcome: TimeToEventOutcome, placed: Placed, rows: Any) -> Any | None:
    """Return the days to the first competing event, NULL where none was seen; None if the study names no column."""
    needs = competing_needs(key, outcome)
    if not needs:
        return None
    if outcome.repeat is not None:
        return rows[STOPPED]
    return earliest([days_between(rows["moment"], rows[placed.typed[need]]) for need in needs])


def earliest(days: list[Any]) -> Any:
    """Return the least of some columns; a NULL is passed over."""
    return ibis.least(*days) if len(days) > 1 else days[0]


def warn_of_short_windows(key: str, outcome: TimeToEventOutcome, place: Place, findings: Findings) -> None:
    """Warn of a window so short that none of its cases is followed to the horizon."""
    if outcome.followed_to != "window":
        return
    for role, name in ((Role.BASELINE, "baseline"), (Role.FOLLOW_UP, "follow-up")):
        days = [(after - opens).days for opens, after in place.days_of(role)]
        if max(days, default=0) <= outcome.last_day:
            findings.warn(
                "window_shorter_than_horizon",
                f"outcome '{key}': no case of the {name} is followed {counted(outcome.last_day, 'day')}, because it is "
                f"followed to the end of its stretch of the {name}, and the longest has {counted(max(days), 'day')}.",
                f"Choose a shorter horizon, or write 'followed_to: extract' under outcomes.{key}; as it is, the share "
                "by that day cannot be told.",
                source=outcome.source,
            )


def censored(key: str, outcome: DurationOutcome | TimeToEventOutcome, placed: Placed, rows: Any) -> Any | None:
    """Return the moment of the extract for each row; None if the study names none."""
    day = censor_day(outcome)
    if day is not None:
        return ibis.timestamp(day.year, day.month, day.day, 0, 0, 0)
    need: Need | None = censor_need(key, outcome)
    return None if need is None else rows[placed.typed[need]]
