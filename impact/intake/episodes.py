"""Episodes: reports that belong together, each episode opened by its first report.

A report opens an episode unless it comes within so many days of the report that opened the one before; it is then a
repeat in that episode, however many there are between. How long an episode lasts is settled by its first report and
not by the report before, so one row's predecessor does not tell where it belongs: the days of each matter are folded
in order. Reports of one day are one report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from typing import Any

import ibis
import numpy as np

from impact.intake.checks import stopped_first
from impact.intake.findings import Findings, counted, listed
from impact.intake.followed import EPOCH, earliest
from impact.intake.needs import competing_needs, same_needs
from impact.intake.place import Place
from impact.intake.placing import Placed
from impact.intake.rowchecks import run_checks
from impact.intake.sources import Workspace
from impact.study.outcomes import Repeat, TimeToEventOutcome
from models.arrays import IntArray

REPORTS = "_reports"
LONGEST_SILENCE = 366
"""Days without any report after which the source is taken to begin anew."""


@dataclass(frozen=True, slots=True)
class Episodes:
    """The reports of a source as one outcome sees them.

    Attributes
    ----------
    first
        First reports of the episodes that are counted: the rows of the source that opened one, with everything that is
        known of them, and `again` and `stopped`, the days to the first repeat and to the first competing event.
    early
        The same of episodes opened while the source looks back.
    repeats
        Ibis table of every repeat: `at` of its first report, `number` (1, 2, ...) and `since`, the days from it.
    unlinked
        Ibis table of the reports that cannot be linked, because a column that must agree is blank.
    """

    first: Placed
    early: Any
    repeats: Any
    unlinked: Any


def episodes_of(
    work: Workspace, placed: Placed, key: str, outcome: TimeToEventOutcome, place: Place, findings: Findings
) -> Episodes | None:
    """Link the reports of a source into episodes; None, with the reason found, if that is not possible.

    `place` holds the study's areas and periods, from whose reports the beginning of the source is told.
    """
    repeat = outcome.repeat
    if repeat is None:
        raise TypeError(f"{key}: its event is a column")
    table = f"{placed.asked.table}_{key.encode().hex()}"
    reports = work.con.create_table(f"{table}{REPORTS}", _reports(placed, key, outcome))
    same = [f"same_{i}" for i in range(len(repeat.columns))]
    opened = _openings(work, table, {column: reports[column].type() for column in same}, repeat.within)
    linked = work.con.create_table(f"{table}_linked", _linked(reports, opened, same))
    if _nothing_linked(placed, linked, key, repeat, findings) or _stopped_before(
        placed, linked, key, outcome, findings
    ):
        return None
    episodes = linked.group_by("first").aggregate(
        again=lambda t: ibis.ifelse(t["number"] > 0, t["day"] - t["opened"], None).min(),
        stopped=lambda t: (t["stop"] - t["opened"]).min(),
        opened=lambda t: t["opened"].min(),
    )
    opening = placed.rows.inner_join(episodes, placed.rows["at"] == episodes["first"])
    first = work.con.create_table(f"{table}_first", opening.drop("first"))
    early = first["opened"] < _begins(placed, place) + repeat.days_back
    later = linked.filter(linked["number"] > 0).group_by(at=linked["first"], number=linked["number"])
    return Episodes(
        first=replace(placed, rows=first.filter(~early)),
        early=first.filter(early),
        repeats=work.con.create_table(
            f"{table}_later", later.aggregate(since=(linked["day"] - linked["opened"]).min())
        ),
        unlinked=placed.rows.filter(~_complete(placed, key, outcome)),
    )


def _begins(placed: Placed, place: Place) -> int:
    """Day on which the source begins to hold the reports of the study's areas, by days since 1970.

    A report more than a year before all others, such as a mistyped date, is not taken for the beginning.
    """
    rows = placed.rows.filter(placed.rows["area"].isin(place.areas) & placed.rows["moment"].notnull())
    days = sorted(rows.select(day=_day(rows["moment"])).distinct().to_pyarrow()["day"].to_pylist())
    clock = place.periods.starts[0].toordinal() - EPOCH
    begins = days[0] if days else clock
    for earlier, later in pairwise(days):
        if earlier < clock and later - earlier > LONGEST_SILENCE:
            begins = later
    return int(begins)


def _complete(placed: Placed, key: str, outcome: TimeToEventOutcome) -> Any:
    known = [placed.values(need).notnull() for need in same_needs(key, outcome)]
    return reduce(lambda a, b: a & b, known)


def _reports(placed: Placed, key: str, outcome: TimeToEventOutcome) -> Any:
    """Every report with a date: where it stands, its day, what it shares with others, and its first competing event."""
    rows, needs = placed.rows, competing_needs(key, outcome)
    stops = [_day(placed.values(need)) for need in needs]
    same = {f"same_{i}": placed.values(need) for i, need in enumerate(same_needs(key, outcome))}
    kept = rows.filter(rows["moment"].notnull())
    return kept.select(
        "at",
        "moment",
        day=_day(rows["moment"]),
        stop=earliest(stops) if stops else ibis.null("int64"),
        linkable=_complete(placed, key, outcome),
        **same,
    )


def _day(moment: Any) -> Any:
    return moment.cast("date").epoch_days().cast("int64")


def _linked(reports: Any, opened: Any, same: Sequence[str]) -> Any:
    """Return every report that can be linked with `opened`, the day its episode opened, `first`, and its `number`.

    `first` is the place of the row that opened the episode; of several on its first day, the earliest in time, then in
    the file. `number` counts the days with a report since; 0 is the first.
    """
    linkable = reports.filter(reports["linkable"])
    on = [linkable[column] == opened[column] for column in same]
    marked = linkable.left_join(opened, [*on, linkable["day"] == opened["opens"]]).drop(
        *(f"{column}_right" for column in same)
    )
    until_now = ibis.cumulative_window(group_by=same, order_by="day")
    marked = marked.mutate(opened=marked["opens"].max().over(until_now))
    in_order = ibis.window(group_by=[*same, "opened"], order_by=["moment", "at"])
    by_day = ibis.window(group_by=[*same, "opened"], order_by="day")
    return marked.select(
        "at",
        "day",
        "stop",
        "opened",
        first=marked["at"].first().over(in_order),
        number=ibis.dense_rank().over(by_day).cast("int64"),
    )


def _openings(work: Workspace, table: str, same: Mapping[str, Any], within: int) -> Any:
    """Return the days on which episodes open (`opens`), by the columns that must agree.

    The days of each matter are folded in order: one that lies more than `within` days after the last opening is an
    opening itself. Ibis has no fold, so this expression is written in DuckDB's words; all names in it are made here.
    """
    keys = ", ".join(same)
    fold = (
        f"lambda found, next: CASE WHEN next - found[-1] > {int(within)} THEN list_append(found, next) ELSE found END"
    )
    query = (
        f"SELECT {keys}, unnest(list_reduce(list_sort(list(DISTINCT day)), {fold}, [min(day)])) AS opens "  # noqa: S608
        f'FROM "{table}{REPORTS}" WHERE linkable GROUP BY {keys}'
    )
    return work.con.sql(query, schema={**same, "opens": "int64"})


def _nothing_linked(placed: Placed, linked: Any, key: str, repeat: Repeat, findings: Findings) -> bool:
    """Record that no report at all can be linked, although there are dated ones."""
    if _number(linked) or not _number(placed.rows.filter(placed.rows["moment"].notnull())):
        return False
    findings.error(
        "nothing_to_link",
        f"no report has {listed([f"'{column}'" for column in repeat.columns])}, so no report can be linked to another.",
        f"Name other columns in outcomes.{key}.repeat.same.",
        source=placed.asked.name,
        column=repeat.columns[0] if len(repeat.columns) == 1 else None,
    )
    return True


def _stopped_before(placed: Placed, linked: Any, key: str, outcome: TimeToEventOutcome, findings: Findings) -> bool:
    """Record competing events before the first report of their episode."""
    needs = competing_needs(key, outcome)
    if not needs:
        return False
    rows = placed.rows.inner_join(linked.select("at", "opened"), "at")
    checks = [
        stopped_first(need, _day(rows[placed.typed[need]]) < rows["opened"], "the first report") for need in needs
    ]
    return run_checks(rows, checks, placed.staged, findings)


def note_of_episodes(
    key: str, outcome: TimeToEventOutcome, found: Episodes | None, place: Place, findings: Findings
) -> None:
    """Mention the reports and episodes of the study's areas and periods that are not counted; none without repeats."""
    repeat = outcome.repeat
    if repeat is None or found is None:
        return
    asked = found.first.asked
    unlinked, early = (_number(rows.filter(place.holds(rows))) for rows in (found.unlinked, found.early))
    named = listed([f"'{column}'" for column in repeat.columns])
    if unlinked:
        findings.note(
            "report_not_linked",
            f"outcome '{key}': {counted(unlinked, 'report')} without {named} set aside: it is not known which others "
            "belong to them.",
            "Fill in the column where it is known.",
            source=asked.name,
            column=repeat.columns[0] if len(repeat.columns) == 1 else None,
            rows=unlinked,
        )
    if early:
        days = counted(repeat.days_back, "day")
        findings.note(
            "look_back",
            f"outcome '{key}': {counted(early, 'first report')} of the first {days} of the source set aside: reports "
            "before the source begins may have come first.",
            f"Add the reports of the {days} before the baseline to the source; or, if it holds every report there ever "
            f"was, write 'look_back: 0' under outcomes.{key}.repeat.",
            source=asked.name,
            rows=early,
        )


def window_lost(
    key: str, outcome: TimeToEventOutcome, found: Episodes | None, place: Place, findings: Findings
) -> bool:
    """Record that the look-back sets aside every first report of the baseline, or of the follow-up."""
    repeat = outcome.repeat
    if repeat is None or found is None:
        return False
    kept, early = (_by_period(rows, place) for rows in (found.first.rows, found.early))
    windows = {"baseline": place.periods.baseline, "follow-up": place.periods.follow_up}
    lost = {
        name: int(early[mask].sum()) for name, mask in windows.items() if early[mask].any() and not kept[mask].any()
    }
    if lost:
        default = "" if repeat.look_back is not None else " (by default as many as repeat.within)"
        findings.error(
            "look_back_leaves_nothing",
            f"outcome '{key}': the look-back of {counted(repeat.days_back, 'day')}{default} from the beginning of the "
            f"source sets aside all {counted(sum(lost.values()), 'first report')} of the {listed(list(lost))}.",
            f"Give fewer days in outcomes.{key}.repeat.look_back, or let the source begin earlier.",
            source=found.first.asked.name,
        )
    return bool(lost)


def _by_period(rows: Any, place: Place) -> IntArray:
    """Rows in each of the study's periods, shape (T,)."""
    groups = rows.filter(place.holds(rows)).group_by("period").aggregate(rows=lambda t: t.count())
    found = groups.to_pyarrow().to_pydict()
    number = np.zeros(len(place.periods), dtype=np.int64)
    number[np.asarray(found["period"], dtype=np.int64) - place.periods.first] = found["rows"]
    return number


def _number(rows: Any) -> int:
    return int(rows.count().to_pyarrow().as_py())
