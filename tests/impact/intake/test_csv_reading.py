"""CSV files: what Python's csv module writes is read back, and no damage changes a value unseen."""

import csv
import io
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impact.intake.csv_files import open_csv
from impact.intake.findings import BadFileError
from impact.intake.sources import workspace

# Ibis 12 calls a method that DuckDB 2 is retiring; intake itself keeps this from its users
pytestmark = pytest.mark.filterwarnings(r"ignore:fetch_arrow_table\(\)")

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00", exclude_categories=("Cs",)), max_size=6)
CELL = st.one_of(TEXT, st.sampled_from(["", "a,b", 'say "no"', "two\nlines", "NULL", "#x", "'", "\\", ";"]))
ROWS = st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=5)
HEADER = ("a", "b", "c")


def rows_of(con: Any, path: Path, view: str) -> Any:
    """Rows that intake reads, as the csv module would give them; raises BadFileError."""
    opened = open_csv(path, ",")
    try:
        found = opened.rows(con, range(len(opened.headers)), view).to_pyarrow().to_pylist()
    except duckdb.Error as error:
        raise opened.explain(error) from None
    return [[row[f"v{i}"] or "" for i in range(len(opened.headers))] for row in found]


@pytest.fixture(scope="module")
def con() -> Any:
    with workspace() as work:
        yield work.con


def written(rows: Any, **options: Any) -> Any:
    target = io.StringIO()
    csv.writer(target, **options).writerows([HEADER, *rows])
    return target.getvalue()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, ends=st.sampled_from(["\n", "\r\n"]), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_is_written_is_read(con: Any, tmp_path: Path, rows: Any, ends: str, quoting: int) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(written(rows, lineterminator=ends, quoting=quoting).encode())
    assert rows_of(con, path, ibis.util.gen_name("x")) == [list(row) for row in rows]


PLAIN = st.lists(st.tuples(*[st.sampled_from(["", "x", "yy", "a,b", 'q"q'])] * 3), min_size=3, max_size=3)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=PLAIN, place=st.integers(0, 200), mark=st.sampled_from(list('",x\n ')))
def test_damage_is_refused_or_reads_as_it_stands(con: Any, tmp_path: Path, rows: Any, place: int, mark: str) -> None:
    text = written(rows, lineterminator="\n")
    at = 6 + place % (len(text) - 6)
    damaged = text[:at] + mark + text[at + 1 :]
    path = tmp_path / "x.csv"
    path.write_text(damaged, encoding="utf-8", newline="")
    try:
        found = rows_of(con, path, ibis.util.gen_name("x"))
    except BadFileError:
        return
    records = [r for r in csv.reader(io.StringIO(damaged, newline=""), skipinitialspace=True) if r]
    unspaced = [[cell.strip(' "') for cell in row] for row in found]
    assert unspaced == [[cell.strip(' "') for cell in row] for row in records[1:]]
    assert all(len(row) == len(HEADER) for row in records)


@pytest.mark.parametrize("blank", ["\n", "\n\n\n"])
def test_row_numbers_count_blank_lines(tmp_path: Path, con: Any, blank: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f'a,b\n1,"two\nlines"\n{blank}2,x\n3,y\n', encoding="utf-8")
    opened = open_csv(path, ",")
    read = opened.rows(con, [0], ibis.util.gen_name("x")).to_pyarrow().to_pylist()
    assert [r["row"] for r in read] == [2, 3, 4]
    assert [opened.spreadsheet_row(r["row"]) for r in read] == [2, 3 + len(blank), 4 + len(blank)]


def test_a_field_of_a_million_characters_is_an_open_quote_and_not_a_crash(tmp_path: Path, con: Any) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,"' + "x\n" * 2_000_000, encoding="utf-8")
    with pytest.raises(BadFileError) as caught:
        rows_of(con, path, "million")
    assert (caught.value.code, caught.value.row) == ("unclosed_quote", 2)
