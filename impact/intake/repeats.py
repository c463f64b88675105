"""Every repeat of a case, not only the first: from linked reports to the cells of `models.case.Repeats`."""

from typing import Any

import ibis
import numpy as np

from impact.intake.cells import Groups, collected
from impact.intake.findings import Findings
from impact.intake.followed import CENSORED, COMPETING, EVENT, days_followed, days_to_competing
from impact.intake.panels import Frame
from impact.study.outcomes import TimeToEventOutcome
from models.arrays import BoolArray, FloatArray
from models.case import Repeats

CLASSES = 4
"""Numbers of repeats before: none, one, two, and three or more."""
ARRAYS = 5
MOST_NUMBERS = 50_000_000
"""Numbers that the cells of repeats may hold: 400 MB."""


def repeats_of(frame: Frame, findings: Findings) -> Repeats | None:
    """Count every repeat by the number of repeats before it; None unless the outcome is built from repeats.

    A case counts for as long as it is followed; what ends it for the first repeat ends it for all.
    """
    outcome, episodes = frame.outcome, frame.episodes
    if episodes is None or not isinstance(outcome, TimeToEventOutcome):
        return None
    if np.prod(frame.place.shape) * CLASSES * (outcome.last_day + 1) * ARRAYS > MOST_NUMBERS:
        findings.note(
            "repeats_not_counted",
            f"outcome '{frame.key}': only the first repeat of each case is looked at; there are too many areas, "
            "periods and days to count every one.",
            "Use longer periods or a shorter horizon.",
            source=outcome.source,
        )
        return None
    cases = _cases(frame, outcome)
    groups = collected(_spells(cases, episodes.repeats), frame.place)
    return _cells(groups.placed(groups.area), outcome.last_day + 1)


def _cases(frame: Frame, outcome: TimeToEventOutcome) -> Any:
    """The cases, each with `until`, the day on which it is last seen, and `stopped`: whether by a competing event."""
    placed, place = frame.placed, frame.place
    rows = placed.rows.filter(place.holds(placed.rows))
    followed = days_followed(frame.key, outcome, placed, rows, place)
    stop = days_to_competing(frame.key, outcome, placed, rows)
    if stop is None:
        return rows.select("at", "area", "period", until=followed, stopped=ibis.literal(False))
    return rows.select(
        "at", "area", "period", until=ibis.least(followed, stop), stopped=(stop <= followed).fill_null(False)
    )


def _spells(cases: Any, repeats: Any) -> Any:
    """Return the groups of spells: from a report to the next, and from the last one to the day it was last seen."""
    seen = repeats.inner_join(cases, "at").filter(lambda t: t["since"] <= t["until"])
    before = seen["since"].lag(1, 0).over(ibis.window(group_by="at", order_by="number"))
    ended = seen.select(
        "area",
        "period",
        before=ibis.least(seen["number"] - 1, CLASSES - 1),
        day="since",
        gap=seen["since"] - before,
        how=ibis.literal(EVENT),
    )
    latest = seen.group_by("at").aggregate(number=seen["number"].max(), since=seen["since"].max())
    cases = cases.left_join(latest, "at")
    open_ = cases.select(
        "area",
        "period",
        before=ibis.least(ibis.coalesce(cases["number"], 0), CLASSES - 1),
        day="until",
        gap=cases["until"] - ibis.coalesce(cases["since"], 0),
        how=ibis.ifelse(cases["stopped"], COMPETING, CENSORED),
    )
    spells = ended.union(open_).group_by("area", "period", "before", "day", "gap", "how")
    return spells.aggregate(rows=lambda t: t.count())


def _cells(groups: Groups, days: int) -> Repeats:
    how, before = groups.column("how"), groups.column("before").astype(np.int64)

    def spread(column: str, chosen: BoolArray) -> FloatArray:
        third = before * days + groups.column(column).astype(np.int64)
        array = groups.spread_over("rows", third, CLASSES * days, chosen)
        return array.reshape(*groups.shape, CLASSES, days)

    event, competing = how == EVENT, how == COMPETING
    return Repeats(
        events=spread("day", event),
        censored=spread("day", ~event),
        gap_events=spread("gap", event),
        gap_censored=spread("gap", ~event),
        ended=spread("day", competing),
    )
