"""Placing rows: `where`, the area a row belongs to, its period, and its values in the form the study needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import ibis

from impact.intake.excel import ExcelFile
from impact.intake.findings import BadFileError, Findings
from impact.intake.moments import check_date_format, date_rule, period_of
from impact.intake.needs import POLICE_AREA, Asked, Form, Need
from impact.intake.rowchecks import RowCheck, failures, flags, record
from impact.intake.sources import ROWS_PER_FILE, Staged, Workspace
from impact.intake.values import read_values, text_of
from impact.study.schema import Recode, Study
from models.periods import TimeUnit

LSOA_CODE = r"\s+\S+$"
IN_WORDS = {
    Form.TEXT: "text",
    Form.DAY: "days",
    Form.PERIOD: "dates",
    Form.DATED: "dates",
    Form.YES_NO: "yes or no",
    Form.LEVEL: "levels",
}


@dataclass(frozen=True, slots=True)
class FileRows:
    """Rows of one area and month in one file, before `where`; None where area or date is blank or not readable.

    Attributes
    ----------
    file
        Position of the file in the source.
    month
        As `period_index` counts months.
    at
        Place of the first of the rows.
    """

    file: int
    month: int | None
    area: str | None
    rows: int
    at: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A source's rows after `where`, each with its area, its period and its values.

    Attributes
    ----------
    rows
        Ibis table: `at` (place of the row), `raw` (area as the source names it), `area` (after aliases and recode),
        `part` (values of recode columns), `recode` (which one moved the row, else NULL), `given` (area had that one
        recode not been applied), `moment`, `period`, and one column per entry of `typed`. NULL where blank. `recode`
        and `given` are there only if the source has the columns of some recode.
    typed
        Name in `rows` of the values of each need.
    total
        Number of rows.
    timed
        Whether the rows have a time.
    in_files
        Of street files, what they hold before `where`: a district without a row after it is still in them.
    """

    staged: Staged
    rows: Any
    typed: Mapping[Need, str]
    total: int
    timed: bool
    in_files: tuple[FileRows, ...] = ()

    @property
    def asked(self) -> Asked:
        """What the study asks of the source."""
        return self.staged.asked

    @property
    def recoded(self) -> bool:
        """Whether the source has the columns of some recode."""
        return "recode" in self.rows.columns

    def values(self, need: Need) -> Any:
        """Column with the values of a need."""
        return self.rows[self.typed[need]]


def place_rows(work: Workspace, study: Study, staged: Staged, findings: Findings) -> Placed | None:
    """Filter, place and convert the rows of a source; None, with the reason found, if that is not possible."""
    asked = staged.asked
    kept = _kept(staged, findings)
    rule_form = asked.source.date_format
    if rule_form is not None:
        try:
            check_date_format(work.con, rule_form)
        except BadFileError as error:
            findings.bad_file(error, source=asked.name, file=None)
            return None
    if kept is None:
        return None
    columns, typed, checks = _columns(study, staged, findings)
    if columns is None:
        return None
    rows = work.con.create_table(f"{asked.table}_placed", kept.select(**columns, **flags(checks)))
    record(kept, checks, failures(rows, checks), staged, findings)
    in_files = _in_files(staged, columns) if asked.police_uk else ()
    work.con.raw_sql(f"DROP TABLE {asked.table}")
    total = int(rows.count().to_pyarrow().as_py())
    return Placed(staged, rows, typed, total, timed=_time_of(staged) is not None, in_files=in_files)


def _in_files(staged: Staged, columns: Mapping[str, Any]) -> tuple[FileRows, ...]:
    """Count the rows of each file, month and area before `where`, in the order of the files."""
    rows = staged.rows.select("at", area=columns["area"], month=period_of(columns["moment"], TimeUnit.MONTH))
    groups = rows.mutate(file=rows["at"] // ROWS_PER_FILE).group_by("file", "month", "area")
    counts = groups.aggregate(rows=lambda t: t.count(), at=lambda t: t["at"].min())
    return tuple(FileRows(**each) for each in counts.order_by("at").to_pyarrow().to_pylist())


def _kept(staged: Staged, findings: Findings) -> Any | None:
    """Rows that `where` keeps; None if there is none."""
    asked, rows = staged.asked, staged.rows
    where = asked.source.where
    if not _any(rows):
        findings.error(
            "no_rows",
            "the source has no rows." if len(staged.files) > 1 else "there is a header and no rows.",
            "Export it again with its rows.",
            source=asked.name,
            file=staged.files[0].name if len(staged.files) == 1 else None,
        )
        return None
    tests = [text_of(rows[staged.columns[c]]).isin(_values(wanted)) for c, wanted in where.items()]
    kept = rows.filter(reduce(lambda a, b: a & b, tests)) if tests else rows
    if not _any(kept):
        wanted = ", ".join(f"{column} = {' or '.join(_values(value))}" for column, value in where.items())
        findings.error(
            "where_keeps_nothing",
            f"no row has {wanted}.",
            "Correct `where`; values are compared letter by letter.",
            source=asked.name,
        )
        return None
    return kept


def _any(rows: Any) -> bool:
    return bool(rows.limit(1).count().to_pyarrow().as_py())


def _values(wanted: str | Sequence[str]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _time_of(staged: Staged) -> Need | None:
    time = staged.asked.time
    return time if time.column in staged.columns else None


def _columns(
    study: Study, staged: Staged, findings: Findings
) -> tuple[dict[str, Any] | None, dict[Need, str], list[RowCheck]]:
    """Columns of the placed rows, the names of the values among them, and the checks on what was converted."""
    asked, time = staged.asked, _time_of(staged)
    needs = [asked.area, *([time] if time else []), *asked.values]
    typed_cells = any(isinstance(o, ExcelFile) for o in staged.opened)
    read: dict[Need, Any | None] = {}
    checks: list[RowCheck] = []
    for need in needs:
        rule = date_rule(need.form, study.time.unit, asked.source.date_format, typed_cells=typed_cells)
        found = read_values(staged.rows[staged.columns[need.column]], need, rule)
        if found.value is None:
            _wrong_type(staged, need, findings)
        read[need] = found.value
        checks += found.checks
    if any(value is None for value in read.values()):
        return None, {}, checks
    typed = {need: f"x{i}" for i, need in enumerate(asked.values)}
    moment = read[time] if time else ibis.null("timestamp")
    columns = {
        "at": staged.rows["at"],
        **_areas(study, staged, _area_name(asked, read[asked.area])),
        "moment": moment,
        "period": period_of(moment, study.time.unit),
        **{name: read[need] for need, name in typed.items()},
    }
    return columns, typed, checks


def _wrong_type(staged: Staged, need: Need, findings: Findings) -> None:
    kind = staged.rows[staged.columns[need.column]].type()
    findings.error(
        "wrong_type",
        f"the column holds values of type {kind}, which cannot be read as {IN_WORDS.get(need.form, 'numbers')}.",
        f"Name another column in {need.key}, or convert this one.",
        source=staged.asked.name,
        file=staged.files[0].name,
        column=need.column,
    )


def _area_name(asked: Asked, text: Any) -> Any:
    """Area as the source names it; of a street file, the district: the LSOA's name less its code."""
    if asked.police_uk and asked.area.column == POLICE_AREA:
        return text.re_replace(LSOA_CODE, "")
    return text


def _areas(study: Study, staged: Staged, raw: Any) -> dict[str, Any]:
    aliases = dict(study.areas.aliases)
    named = raw.substitute(aliases) if aliases else raw
    applied = [(i, r) for i, r in enumerate(study.areas.recode) if set(r.when) <= set(staged.columns)]
    if not applied:
        return {"raw": raw, "area": named, "part": ibis.literal("")}
    moves = [
        (_matches(staged, r, named, aliases), i, aliases.get(r.to, r.to)) for i, r in applied
    ]  # the first that fits moves a row
    columns = dict.fromkeys(column for _, r in applied for column in r.when)
    parts = [text_of(staged.rows[staged.columns[c]]).fill_null("") for c in columns]
    given = [(match, _to(moves[k + 1 :], named)) for k, (match, _, _) in enumerate(moves)]
    return {
        "raw": raw,
        "area": _to(moves, named),
        "part": reduce(lambda a, b: a + "\x1f" + b, parts),
        "recode": ibis.cases(*[(match, i) for match, i, _ in moves], else_=ibis.null("int64")),
        "given": ibis.cases(*given, else_=ibis.null("string")),
    }


def _to(moves: Sequence[tuple[Any, int, str]], named: Any) -> Any:
    return ibis.cases(*[(match, to) for match, _, to in moves], else_=named) if moves else named


def _matches(staged: Staged, recode: Recode, named: Any, aliases: Mapping[str, str]) -> Any:
    tests = [text_of(staged.rows[staged.columns[column]]) == value for column, value in recode.when.items()]
    if recode.instead_of is not None:
        tests.append(named == aliases.get(recode.instead_of, recode.instead_of))
    return reduce(lambda a, b: a & b, tests).fill_null(False)
