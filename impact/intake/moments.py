"""Dates and periods: from text, dates, timestamps and years to one timestamp, or to an error.

A day may be written with or without a time of day; midnight counts as no time of day, because that is how a bare date
is stored. A period stands for its first day. Times with a zone are read in UTC.
"""

from dataclasses import dataclass
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as dt

from impact.intake.findings import BadFileError
from impact.intake.needs import Form
from models.periods import TimeUnit

DAY = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?$"
MONTH = r"^\d{4}-\d{2}$"
QUARTER = r"^\d{4}-Q[1-4]$"
YEAR = r"^\d{4}$"
WRITTEN = {DAY: "YYYY-MM-DD", MONTH: "YYYY-MM", QUARTER: "YYYY-Qn", YEAR: "YYYY"}
FIRST_YEAR, LAST_YEAR = 1900, 2100
LONGEST: dict[TimeUnit, tuple[str, ...]] = {
    TimeUnit.DAY: (DAY,),
    TimeUnit.WEEK: (DAY,),
    TimeUnit.MONTH: (DAY, MONTH),
    TimeUnit.QUARTER: (DAY, MONTH, QUARTER),
    TimeUnit.YEAR: (DAY, MONTH, QUARTER, YEAR),
}


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def try_strptime(text: str, form: str) -> dt.timestamp:
    """DuckDB's own function: the moment a text means, or NULL."""


@dataclass(frozen=True, slots=True)
class DateRule:
    """How a column's dates may be written.

    Attributes
    ----------
    written
        Patterns of text that are accepted.
    form
        The source's ``date_format``, which replaces them.
    typed_cells
        Whether cells may be real dates (Excel), which `form` then does not concern.
    """

    written: tuple[str, ...]
    form: str | None
    typed_cells: bool

    @property
    def in_words(self) -> str:
        """The accepted ways of writing, for a message."""
        return self.form or " or ".join(WRITTEN[pattern] for pattern in self.written)


def date_rule(form: Form, unit: TimeUnit, date_format: str | None, *, typed_cells: bool) -> DateRule:
    """Return how dates of a column may be written; a period may not be longer than the study's own."""
    written = {Form.DAY: (DAY,), Form.DATED: LONGEST[TimeUnit.YEAR]}.get(form, LONGEST[unit])
    return DateRule(written, date_format, typed_cells)


def check_date_format(con: Any, form: str) -> None:
    """Refuse a date format that DuckDB does not know.

    Raises
    ------
    BadFileError
        If it does not know it.
    """
    try:
        con.raw_sql("SELECT try_strptime('x', ?)", parameters=[form]).fetchall()
    except duckdb.Error:
        raise BadFileError(
            "bad_date_format",
            f"'{form}' is not a date format.",
            'Write it with %d, %m, %Y and, if there are times, %H, %M and %S, such as "%d/%m/%Y".',
        ) from None


def moment_of(column: Any, rule: DateRule) -> Any | None:
    """Return the moments a column means, NULL where blank or not a date; None if the column's type holds no dates."""
    kind = column.type()
    if kind.is_date() or kind.is_timestamp():
        return column.cast("timestamp")
    if kind.is_string():
        if rule.form is None:
            return _standard(column, rule.written)
        read = try_strptime(column, rule.form)
        return ibis.coalesce(read, _standard(column, rule.written)) if rule.typed_cells else read
    if YEAR in rule.written and (kind.is_integer() or kind.is_floating()):
        whole = column.between(FIRST_YEAR, LAST_YEAR) & (column % 1 == 0)
        year = ibis.ifelse(whole, column, None).cast("int64").cast("string")
        return (year + "-01-01").try_cast("timestamp")
    return None


def _standard(text: Any, written: tuple[str, ...]) -> Any:
    month_of_quarter = (text.substr(6, 1).try_cast("int64") * 3 - 2).cast("string").lpad(2, "0")
    completed = {
        DAY: text,
        MONTH: text + "-01",
        QUARTER: text.substr(0, 5) + month_of_quarter + "-01",
        YEAR: text + "-01-01",
    }
    branches = [(text.re_search(pattern), completed[pattern].try_cast("timestamp")) for pattern in written]
    return ibis.cases(*branches, else_=ibis.null("timestamp"))


def period_of(moment: Any, unit: TimeUnit) -> Any:
    """Number of the period that holds a moment; equals `models.periods.period_index`."""
    day = moment.cast("date")
    year, month = day.year().cast("int64"), day.month().cast("int64")
    ordinal = day.epoch_days().cast("int64") + 719163  # 1970-01-01 is day 719,163 of date.toordinal
    match unit:
        case TimeUnit.DAY:
            return ordinal
        case TimeUnit.WEEK:
            return (ordinal - 1) // 7
        case TimeUnit.MONTH:
            return year * 12 + month - 1
        case TimeUnit.QUARTER:
            return year * 4 + (month - 1) // 3
        case TimeUnit.YEAR:
            return year


def has_clock(moment: Any) -> Any:
    """Whether a moment has a time of day."""
    return moment != moment.truncate("D")


def days_between(start: Any, end: Any) -> Any:
    """Whole days from one moment's day to another's."""
    return end.cast("date").epoch_days().cast("int64") - start.cast("date").epoch_days().cast("int64")
