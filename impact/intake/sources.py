"""Staging: the columns a study names, from wherever they lie, in one DuckDB table per source.

Only those columns are read; everything else in a file stays there.
"""

import difflib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import duckdb
import ibis

from impact.intake import locate
from impact.intake.csv_files import CsvFile, open_csv, separator
from impact.intake.databases import file_of, open_duckdb, open_uri
from impact.intake.excel import ExcelFile, open_excel
from impact.intake.findings import BadFileError, Findings, listed
from impact.intake.locate import DataFile
from impact.intake.needs import Asked
from impact.study.schema import Source

ROWS_PER_FILE = 10**10
"""A row's place is one number: the file's position times this, plus its row."""
NO_BREAK_SPACE = "\u00a0"


class Opened(Protocol):
    """A file or table whose column names are known."""

    @property
    def headers(self) -> tuple[str, ...]:
        """Names of all its columns."""

    def rows(self, con: Any, chosen: Sequence[int], view: str) -> Any:
        """Return the chosen columns as v0, v1, ... and each row's number as `row`."""


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A Parquet file; rows are numbered as if it had a header row."""

    path: Path
    headers: tuple[str, ...]

    def rows(self, con: Any, chosen: Sequence[int], view: str) -> Any:
        """Return the chosen columns as they are typed."""
        table = con.read_parquet(str(self.path), table_name=view)
        picked = {f"v{k}": table[table.columns[i]] for k, i in enumerate(chosen)}
        return table.select(row=ibis.row_number() + 2, **picked)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The DuckDB connection of one reading, and what is closed with it."""

    con: Any
    stack: ExitStack


@dataclass(frozen=True, slots=True)
class Staged:
    """A source's rows, before any is left out.

    Attributes
    ----------
    rows
        Ibis table: `at` (place of the row) and one column per column of `columns`; texts are trimmed, NULL if blank.
    columns
        Name in `rows` of each column the study names and the source has.
    files
        The files, or the one table or query, in reading order.
    """

    asked: Asked
    rows: Any
    columns: Mapping[str, str]
    files: tuple[DataFile, ...]
    opened: tuple[Opened, ...]

    def place(self, at: int) -> tuple[str, int | None]:
        """Return the file and the row, as a spreadsheet counts, of a row's `at`; databases have no such rows."""
        index, row = divmod(at, ROWS_PER_FILE)
        opened = self.opened[index]
        if isinstance(opened, CsvFile):
            return self.files[index].name, opened.spreadsheet_row(row)
        return self.files[index].name, row if isinstance(opened, ExcelFile | ParquetFile) else None


@contextmanager
def workspace() -> Iterator[Workspace]:
    """Open an in-memory DuckDB that never reaches for the network and leaves nothing behind."""
    with TemporaryDirectory(prefix="impact-") as spill, warnings.catch_warnings(), ExitStack() as stack:
        # Ibis 12 calls a method that DuckDB 2 is retiring; it does the same as its successor
        warnings.filterwarnings("ignore", message=r"fetch_arrow_table\(\)", category=DeprecationWarning)
        con = ibis.duckdb.connect(
            temp_directory=spill, autoinstall_known_extensions=False, autoload_known_extensions=False
        )
        stack.callback(con.disconnect)
        con.raw_sql("SET TimeZone = 'UTC'")
        yield Workspace(con, stack)


def find(asked: Asked, folder: Path, findings: Findings) -> list[DataFile]:
    """Return the files of a source with their hashes; a database counts as one file without a path."""
    source = asked.source
    try:
        if source.path is not None:
            return [locate.hashed(file) for file in locate.find_files(source.path, folder)]
        if source.uri is not None and source.uri.startswith("duckdb:"):
            file_of(source.uri, folder)
        return [DataFile(None, source.table or "query" if source.table or source.query else "database", None)]
    except BadFileError as error:
        findings.bad_file(error, source=asked.name, file=None)
        return []


def stage(work: Workspace, folder: Path, asked: Asked, files: Sequence[DataFile], findings: Findings) -> Staged | None:
    """Copy the named columns of a source into one table; None, with the reason found, if that is not possible."""
    opened = []
    for index, file in enumerate(files):
        try:
            opened.append(_open(work, folder, asked.source, file, f"{asked.table}_{index}"))
        except BadFileError as error:
            findings.bad_file(error, source=asked.name, file=file.name if file.path else None)
    columns = _columns(asked, files, opened, findings) if len(opened) == len(files) else None
    if not columns:
        return None
    table = _copied(work, asked, files, opened, columns, findings)
    if table is None:
        return None
    named = {column: f"v{k}" for k, column in enumerate(columns)}
    return Staged(asked, table, named, tuple(files), tuple(opened))


def _open(work: Workspace, folder: Path, source: Source, file: DataFile, view: str) -> Opened:
    if file.path is None:
        uri = source.uri or ""
        if uri.startswith("duckdb:"):
            return open_duckdb(work.con, file_of(uri, folder), source, view)
        return open_uri(uri, source, folder, work.stack)
    suffix = locate.suffix_of(file.path)
    _refuse_options(source, suffix)
    if suffix in locate.CSV:
        return open_csv(file.path, separator(source.delimiter, file.path))
    if suffix in locate.EXCEL:
        return open_excel(file.path, source.sheet)
    if suffix in locate.DUCKDB:
        return open_duckdb(work.con, file.path, source, view)
    if suffix in locate.PARQUET:
        return _open_parquet(work.con, file.path, view)
    raise _unknown_format(file.path, suffix)


def _refuse_options(source: Source, suffix: str) -> None:
    wrong = {
        "delimiter": source.delimiter is not None and suffix not in locate.CSV,
        "sheet": source.sheet is not None and suffix not in locate.EXCEL,
        "table": source.table is not None and suffix not in locate.DUCKDB,
        "query": source.query is not None and suffix not in locate.DUCKDB,
    }
    for option in (name for name, is_wrong in wrong.items() if is_wrong):
        raise BadFileError(
            "option_not_used", f"`{option}` does not apply to a {suffix or 'nameless'} file.", f"Take `{option}` out."
        )


def _unknown_format(path: Path, suffix: str) -> BadFileError:
    if suffix in locate.OLD_SPREADSHEETS:
        return BadFileError("unknown_format", f"{suffix} files cannot be read.", "Save it as .xlsx or as CSV UTF-8.")
    if suffix in locate.SQLITE:
        return BadFileError(
            "unknown_format", "an SQLite file is read by its address.", f"Write  uri: sqlite:///{path.name}"
        )
    return BadFileError(
        "unknown_format",
        f"'{suffix}' is not a kind of file that can be read." if suffix else "the file's name has no ending.",
        "Give a .csv, .csv.gz, .parquet, .xlsx or .duckdb file.",
    )


def _open_parquet(con: Any, path: Path, view: str) -> ParquetFile:
    try:
        return ParquetFile(path, tuple(con.read_parquet(str(path), table_name=view).columns))
    except duckdb.Error:
        raise BadFileError(
            "unreadable_parquet", "the file cannot be read as Parquet.", "Write it again, or give a CSV."
        ) from None


def _columns(asked: Asked, files: Sequence[DataFile], opened: Sequence[Opened], findings: Findings) -> list[str] | None:
    """Columns to read, or None if a file lacks one it must have or has it twice."""
    complete = True
    for column, key in asked.required().items():
        without = [i for i, o in enumerate(opened) if column not in o.headers]
        twice = [i for i, o in enumerate(opened) if o.headers.count(column) > 1]
        if without:
            _missing(asked, files[without[0]], opened[without[0]], (column, key), len(without), findings)
        if twice:
            findings.error(
                "duplicate_column",
                f"the header has '{column}' more than once.",
                "Give each column its own name.",
                source=asked.name,
                file=files[twice[0]].name,
                column=column,
            )
        complete = complete and not without and not twice
    extra = [c for c in asked.optional() if all(o.headers.count(c) == 1 for o in opened)]
    return list(dict.fromkeys([*asked.required(), *extra])) if complete else None


def _missing(  # the place of a missing column, and what else it may be called
    asked: Asked, file: DataFile, opened: Opened, column: tuple[str, str], files: int, findings: Findings
) -> None:
    name, key = column
    near = difflib.get_close_matches(name.casefold(), [h.casefold() for h in opened.headers], n=1, cutoff=0.6)
    meant = next((h for h in opened.headers if near and h.casefold() == near[0]), None)
    suggestion = f"Did you mean '{meant}'? " if meant else ""
    others = f" ({files - 1} more of the source's files lack it too)" if files > 1 else ""
    findings.error(
        "missing_column",
        f"there is no column '{name}'{others}.",
        f"{suggestion}The columns are: {listed([h for h in opened.headers if h], 12)}. Correct {key}.",
        source=asked.name,
        file=file.name,
    )


def _copied(
    work: Workspace,
    asked: Asked,
    files: Sequence[DataFile],
    opened: Sequence[Opened],
    columns: Sequence[str],
    findings: Findings,
) -> Any | None:
    parts, complete = [], True
    for index, (file, source) in enumerate(zip(files, opened, strict=True)):
        try:
            part = source.rows(work.con, [source.headers.index(c) for c in columns], f"{asked.table}_{index}")
        except BadFileError as error:
            complete = False
            findings.bad_file(error, source=asked.name, file=file.name)
            continue
        values = {c: part[c] for c in part.columns if c != "row"}
        parts.append((file, source, part.select(at=part["row"] + index * ROWS_PER_FILE, **values)))
    alike = _alike([part for _, _, part in parts])
    for (file, source, _), part in zip(parts, alike, strict=True):
        if file is parts[0][0]:
            work.con.create_table(asked.table, schema=part.schema())
        try:
            work.con.insert(asked.table, part)
        except duckdb.Error as error:
            complete = False
            findings.bad_file(_explained(source, error), source=asked.name, file=file.name)
    return work.con.table(asked.table) if complete else None


def _alike(parts: list[Any]) -> list[Any]:
    """Give every part the same types, and trim texts; a column typed differently from file to file is read as text."""
    columns = parts[0].columns if parts else ()
    mixed = {c for c in columns if len({part[c].type() for part in parts}) > 1}
    return [part.select(**{c: _tidy(part[c], as_text=c in mixed) for c in columns}) for part in parts]


def _tidy(column: Any, *, as_text: bool) -> Any:
    value = column.cast("string") if as_text else column
    return value.replace(NO_BREAK_SPACE, " ").strip().nullif("") if value.type().is_string() else value


def _explained(opened: Opened, error: duckdb.Error) -> BadFileError:
    if isinstance(opened, CsvFile):
        return opened.explain(error)
    return BadFileError("unreadable_file", "the rows cannot be read.", "Write the file again, or give a CSV.")
