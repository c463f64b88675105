"""Checks of placed rows: repeated identifiers, repeated cells, and dates in an order that cannot be."""

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any

from impact.intake.findings import Findings, counted, excerpt
from impact.intake.followed import censored
from impact.intake.moments import days_between, has_clock
from impact.intake.needs import Form, Need, competing_needs, event_need, outcome_needs, value_need
from impact.intake.placing import Placed
from impact.intake.rowchecks import RowCheck, both_rows, run_checks
from impact.study.outcomes import DurationOutcome, Outcome, TimeToEventOutcome
from models.periods import TimeUnit, period_label


def check_rows(placed: Placed, unit: TimeUnit, findings: Findings) -> None:
    """Record everything that is wrong with the placed rows of a source."""
    _ids(placed, findings)
    if placed.asked.one_row_per_cell:
        _one_row_per_cell(placed, unit, findings)
    checks = [
        check
        for key, outcome in placed.asked.outcomes.items()
        if isinstance(outcome, DurationOutcome | TimeToEventOutcome) and _readable(key, outcome, placed, findings)
        for check in _order_of_dates(key, outcome, placed)
    ]
    run_checks(placed.rows, checks, placed.staged, findings)
    for key, outcome in placed.asked.outcomes.items():
        if isinstance(outcome, DurationOutcome):
            _no_time_at_all(key, outcome, placed, findings)


def _readable(key: str, outcome: Outcome, placed: Placed, findings: Findings) -> bool:
    """Whether all dates of an outcome could be read; one that could not would pass for a blank."""
    needs = [placed.asked.time, *outcome_needs(key, outcome)]
    return not any(findings.has_errors_of(placed.asked.name, need.column) for need in needs)


def check_blanks(placed: Placed, findings: Findings) -> None:
    """Mention rows without an area, and rows without a date."""
    rows, asked = placed.rows, placed.asked
    no_area = int(rows.filter(rows["area"].isnull()).count().to_pyarrow().as_py())
    no_time = int(rows.filter(rows["moment"].isnull()).count().to_pyarrow().as_py()) if placed.timed else 0
    if no_area and asked.police_uk:
        findings.note(
            "blank_area",
            f"{counted(no_area, 'row')} without an LSOA set aside.",
            "Nothing needs doing: these are incidents whose place was not recorded.",
            source=asked.name,
            column=asked.area.column,
            rows=no_area,
        )
    elif no_area:
        findings.warn(
            "blank_area",
            f"{counted(no_area, 'row')} without an area set aside.",
            "Fill in the area if it is known.",
            source=asked.name,
            column=asked.area.column,
            rows=no_area,
        )
    if no_time:
        findings.warn(
            "blank_date",
            f"{counted(no_time, 'row')} without a date set aside.",
            "Fill in the date if it is known.",
            source=asked.name,
            column=asked.time.column,
            rows=no_time,
        )


def _ids(placed: Placed, findings: Findings) -> None:
    column = placed.asked.source.columns.id
    need = next((n for n in placed.asked.values if n.column == column and n.form is Form.TEXT), None)
    if need is None:
        return
    rows = placed.rows.filter(placed.values(need).notnull())
    found = _repeated(rows, [placed.typed[need]])
    if found:
        first, total = found
        file, row = placed.staged.place(first["at"])
        findings.error(
            "repeated_id",
            f"the identifier occurs more than once{_where(placed, first)} ({counted(total, 'identifier')} repeated).",
            "Remove the repeated rows, or name another column in columns.id.",
            source=placed.asked.name,
            file=file,
            row=row,
            column=need.column,
            rows=total,
        )


def _repeated(rows: Any, keys: Sequence[str]) -> tuple[dict[str, Any], int] | None:
    """The first group of rows with equal keys, and how many groups there are."""
    groups = rows.group_by(*keys).aggregate(
        n=lambda t: t.count(), at=lambda t: t["at"].min(), last=lambda t: t["at"].max()
    )
    repeated = groups.filter(groups["n"] > 1)
    first = repeated.order_by("at").limit(1).to_pyarrow().to_pylist()
    return (first[0], int(repeated.count().to_pyarrow().as_py())) if first else None


def _where(placed: Placed, found: dict[str, Any]) -> str:
    rows = both_rows(placed.staged, found["at"], found["last"])
    return f", in {rows}" if rows else ""


def _one_row_per_cell(placed: Placed, unit: TimeUnit, findings: Findings) -> None:
    rows = placed.rows.filter(placed.rows["area"].notnull() & placed.rows["period"].notnull())
    found = _repeated(rows, ["raw", "area", "part", "period"])
    if found:
        first, total = found
        file, row = placed.staged.place(first["at"])
        label = period_label(first["period"], unit)
        findings.error(
            "repeated_cell",
            f"there is more than one row for {excerpt(first['raw'])} in {label}{_where(placed, first)}"
            f" ({counted(total, 'such case')}).",
            f"Keep one row per area and {unit.value}; use `where` if the rows are of different things.",
            source=placed.asked.name,
            file=file,
            row=row,
            column=placed.asked.area.column,
            rows=total,
        )


def _order_of_dates(key: str, outcome: DurationOutcome | TimeToEventOutcome, placed: Placed) -> list[RowCheck]:
    rows, need = placed.rows, event_need(key, outcome)
    start, censor = rows["moment"], censored(key, outcome, placed, rows)
    checks = []
    if need is not None:
        checks.append(_event_first(need, start.notnull() & _before(placed.values(need), start)))
    if need is not None and censor is not None:
        checks.append(_event_late(need, start.notnull() & (days_between(censor, placed.values(need)) > 0)))
    if censor is not None:
        checks.append(_extract_first(key, placed, days_between(start, censor) < 0))
    unknown = start.notnull() if censor is None else start.notnull() & censor.isnull()
    if isinstance(outcome, TimeToEventOutcome):
        checks += _competing(key, outcome, placed, censor)
        if outcome.repeat is not None:
            return [*checks, _no_extract(outcome, unknown)]
        unknown = reduce(and_, (placed.values(n).isnull() for n in competing_needs(key, outcome)), unknown)
    ended = placed.values(need or _days_need(key, outcome))
    return [*checks, _never_ended(key, outcome, unknown & ended.isnull())]


def _competing(key: str, outcome: TimeToEventOutcome, placed: Placed, censor: Any) -> list[RowCheck]:
    """Checks of the days of competing events; with repeats, which report comes first is known only later."""
    start, checks = placed.rows["moment"], []
    for need in competing_needs(key, outcome):
        day = placed.values(need)
        if outcome.repeat is None:
            checks.append(stopped_first(need, start.notnull() & _before(day, start), "the case begins"))
        checks.append(_event_late(need, start.notnull() & (days_between(censor, day) > 0)))
    return checks


def stopped_first(need: Need, bad: Any, before: str) -> RowCheck:
    """A competing event that comes too early."""
    return RowCheck(
        "competing_before_start",
        need.column,
        bad,
        None,
        f"the competing event comes before {before}.",
        "Correct the dates, or leave this one blank: nothing could have followed the report.",
    )


def _no_extract(outcome: TimeToEventOutcome, bad: Any) -> RowCheck:
    return RowCheck(
        "blank_censor",
        str(outcome.censor),
        bad,
        None,
        "the report has no day of extract.",
        "Fill in the day until which reports were recorded.",
    )


def _days_need(key: str, outcome: DurationOutcome | TimeToEventOutcome) -> Need:
    need = value_need(key, outcome)
    if need is None:
        raise TypeError(f"{key}: neither event nor value")
    return need


def _before(event: Any, start: Any) -> Any:
    days = days_between(start, event)
    return (days < 0) | (has_clock(start) & has_clock(event) & (event < start))


def _event_first(need: Need, bad: Any) -> RowCheck:
    return RowCheck(
        "event_before_start",
        need.column,
        bad,
        None,
        "the event comes before the case begins.",
        "Correct the dates, or leave the event blank if it is not known.",
    )


def _event_late(need: Need, bad: Any) -> RowCheck:
    return RowCheck(
        "event_after_censor",
        need.column,
        bad,
        None,
        "the event comes after the day of the extract.",
        "Correct the date, or `censor`: nothing can be known of days after the extract.",
    )


def _extract_first(key: str, placed: Placed, bad: Any) -> RowCheck:
    return RowCheck(
        "censor_before_start",
        placed.asked.time.column,
        bad,
        None,
        "the case begins after the day of the extract.",
        f"Correct the date, or outcomes.{key}.censor.",
    )


def _never_ended(key: str, outcome: DurationOutcome | TimeToEventOutcome, bad: Any) -> RowCheck:
    if outcome.event is None:
        return RowCheck(
            "blank_duration",
            str(getattr(outcome, "value", "")),
            bad,
            None,
            "the days are blank.",
            f"Fill them in; if the case is still open, use outcomes.{key}.event and censor instead of value.",
        )
    if outcome.censor is None:
        return RowCheck(
            "open_without_censor",
            outcome.event,
            bad,
            None,
            "the case has not ended, and the study does not say until when it was watched.",
            f"Name the day of the extract in outcomes.{key}.censor, as a column or as a date.",
        )
    return RowCheck(
        "blank_censor",
        str(outcome.censor),
        bad,
        None,
        "the case has not ended and has no day of extract.",
        "Fill in the day until which the case was watched.",
    )


def _no_time_at_all(key: str, outcome: DurationOutcome, placed: Placed, findings: Findings) -> None:
    need = event_need(key, outcome)
    if need is None:
        return
    start, event = placed.rows["moment"], placed.values(need)
    instant = placed.rows.filter((start == event) & has_clock(start) & has_clock(event))
    rows = int(instant.count().to_pyarrow().as_py())
    if rows:
        findings.warn(
            "no_time_at_all",
            f"{counted(rows, 'case')} begin and end at the same minute; each counts as half a minute.",
            "Check whether the two times were filled in together.",
            source=placed.asked.name,
            column=need.column,
            rows=rows,
        )
