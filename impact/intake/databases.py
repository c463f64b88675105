"""Tables and queries: DuckDB files are attached read-only, other databases are reached through Ibis."""

import difflib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import ibis

from impact.intake.findings import BadFileError, listed
from impact.intake.locate import is_sqlite
from impact.study.schema import Source

STAGE = ("memory", "main")
PACKAGES = {"postgresql": "postgres"}


@dataclass(frozen=True, slots=True)
class DuckTable:
    """A table or query in an attached DuckDB file."""

    catalog: str
    table: str | None
    query: str | None
    headers: tuple[str, ...]

    def rows(self, con: Any, chosen: Sequence[int], view: str) -> Any:
        """Return the chosen columns as they are typed, with `row` as the table gives them."""
        if self.query is None:
            table = con.table(self.table, database=(self.catalog, "main"))
            picked = {f"v{k}": table[table.columns[i]] for k, i in enumerate(chosen)}
            return table.select(row=ibis.row_number() + 1, **picked)
        columns = ", ".join(f"{_quoted(self.headers[i])} AS v{k}" for k, i in enumerate(chosen))
        copy = f"{view}_copy"
        with _inside(con, self.catalog), _query_errors():
            con.raw_sql(
                f"CREATE TABLE {'.'.join(STAGE)}.{copy} AS "  # noqa: S608 - the query is the user's, on a read-only file
                f"SELECT row_number() OVER () AS row, {columns} FROM ({self.query}) AS asked"
            )
        return con.table(copy)


@dataclass(frozen=True, slots=True)
class RemoteTable:
    """A table or query in another database; its columns arrive as text and are then read as those of a CSV."""

    relation: Any
    headers: tuple[str, ...]

    def rows(self, con: Any, chosen: Sequence[int], view: str) -> Any:
        """Return the chosen columns as text, with `row` as the database gives them."""
        del con, view
        texts = {f"v{k}": self.relation[self.headers[i]].cast("string") for k, i in enumerate(chosen)}
        with _foreign("unreadable_table", "the rows cannot be read"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backend may pass through a pandas option that is being retired
            rows = ibis.memtable(self.relation.select(**texts).to_pyarrow())
        return rows.select(*rows.columns, row=ibis.row_number() + 1)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def open_duckdb(con: Any, path: Path, source: Source, catalog: str) -> DuckTable:
    """Attach a DuckDB file read-only and find its table.

    Raises
    ------
    BadFileError
        If it is not a DuckDB file, or the table or query cannot be read.
    """
    if is_sqlite(path):
        raise BadFileError(
            "not_duckdb", "this is an SQLite file.", f"Write  uri: sqlite:///{path.name}  instead of `path`."
        )
    try:
        con.attach(str(path), name=catalog, read_only=True)
    except duckdb.Error:
        raise BadFileError(
            "not_duckdb",
            "the file cannot be opened as a DuckDB database.",
            "Check that it is one, and that no other program holds it open.",
        ) from None
    if source.query is None:
        table = _table_name(_tables(con, catalog), source.table)
        return DuckTable(catalog, table, None, tuple(con.table(table, database=(catalog, "main")).columns))
    query = source.query.strip().rstrip(";")
    with _inside(con, catalog), _query_errors():
        described = con.raw_sql(f"DESCRIBE SELECT * FROM ({query}) AS asked").fetchall()  # noqa: S608 - the user's query
    return DuckTable(catalog, None, query, tuple(name for name, *_ in described))


def open_uri(uri: str, source: Source, folder: Path, stack: ExitStack) -> RemoteTable:
    """Connect to a database and find its table; `stack` closes the connection.

    Raises
    ------
    BadFileError
        If the package for it is missing, it cannot be reached, or the table or query cannot be read.
    """
    scheme = urlsplit(uri).scheme
    with _foreign("no_connection", f"the {scheme} database cannot be reached", hide=uri):
        backend = ibis.sqlite.connect(file_of(uri, folder)) if scheme == "sqlite" else _connect(uri, scheme)
        stack.callback(backend.disconnect)
    with _foreign("unreadable_table", "the table or query cannot be read", hide=uri):
        if source.query is None:
            found = backend.table(_table_name(backend.list_tables(), source.table))
        else:
            found = backend.sql(source.query.strip().rstrip(";"))
        return RemoteTable(found, tuple(found.columns))


def _connect(uri: str, scheme: str) -> Any:
    try:
        return ibis.connect(uri)
    except ImportError:
        raise BadFileError(
            "missing_package",
            f"reading from {scheme} needs a package that is not installed.",
            f"Install it:  pip install 'ibis-framework[{PACKAGES.get(scheme, scheme)}]'",
        ) from None


def file_of(uri: str, folder: Path) -> Path:
    """Return the file a sqlite:// or duckdb:// address means: as it stands, else relative to the study file.

    Raises
    ------
    BadFileError
        If there is no such file.
    """
    parts = urlsplit(uri)
    written = parts.netloc + parts.path
    for path in (folder / written, folder / written.lstrip("/")):
        if path.is_file():
            return path
    raise BadFileError(
        "missing_file",
        f"there is no database file for '{uri}'.",
        "Check the address; a path in it is relative to the folder of the study file.",
    )


def _tables(con: Any, catalog: str) -> list[str]:
    names = "SELECT table_name FROM information_schema.tables WHERE table_catalog = ? AND table_schema = 'main'"
    return [name for (name,) in con.raw_sql(names, parameters=[catalog]).fetchall()]


def _table_name(tables: list[str], asked: str | None) -> str:
    if asked is None and len(tables) == 1:
        return tables[0]
    if asked in tables and asked is not None:
        return asked
    near = difflib.get_close_matches(asked or "", tables, n=1)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    raise BadFileError(
        "missing_table",
        f"there is no table '{asked}'." if asked else "the database holds more than one table, or none.",
        f"{hint}Its tables are: {listed(sorted(tables), 12) or '(none)'}. Name one with `table`, or write a `query`.",
    )


@contextmanager
def _query_errors() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise BadFileError(
            "bad_query", f"the query cannot be run: {_first_line(error)}.", "Correct `query` in the study file."
        ) from None


@contextmanager
def _inside(con: Any, catalog: str) -> Iterator[None]:
    """Make the attached file's tables those a query sees."""
    con.raw_sql(f'USE "{catalog}"')
    try:
        yield
    finally:
        con.raw_sql(f"USE {'.'.join(STAGE)}")


@contextmanager
def _foreign(code: str, what: str, hide: str = "") -> Iterator[None]:
    """Turn the errors of database drivers, which share no base class, into ours, without the address's password."""
    try:
        yield
    except BadFileError:
        raise
    except Exception as error:  # noqa: BLE001 - drivers share no base class, and what they say is passed on
        text = _first_line(error).replace(hide, "…") if hide else _first_line(error)
        secret = urlsplit(hide).password
        text = text.replace(secret, "…") if secret else text
        raise BadFileError(code, f"{what}: {text}.", "Check the address, the table and the query.") from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
