"""The same rows from every kind of source give the same cells."""

import gzip
import io
import socket
import sqlite3
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_array_equal

from impact.intake.data import Intake
from impact.intake.excel import open_excel
from impact.intake.problems import Problem
from impact.intake.read import read
from impact.intake.sources import workspace
from impact.study.schema import Study
from models.arrays import FloatArray

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]
type Same = Callable[..., Intake]
type Cells = dict[str, dict[str, FloatArray]]

COLUMNS = {"area": "district", "time": "day", "id": "id"}
COUNT = {"kind": "count", "source": "cases", "better": "lower"}
RATING = {"kind": "ordinal", "source": "cases", "value": "v", "levels": ["1", "2", "3"], "better": "higher"}
ANSWER = {"kind": "binary", "source": "cases", "value": "yes", "better": "higher"}
AMOUNT = {"kind": "continuous", "source": "cases", "value": "amount", "better": "higher"}
OUTCOMES = {"n": COUNT, "rating": RATING, "yes": ANSWER, "amount": AMOUNT}
ROWS = [
    (i, area, date(2023, month, 5 + i % 20), i % 3 + 1 if i % 5 else None, i % 2 == 0, i / 4)
    for i, (area, month) in enumerate((a, m) for m in range(1, 7) for a in ("Ash", "Birch", "Cedar") for _ in range(2))
]
NAMES = ("id", "district", "day", "v", "yes", "amount")
CSV = ",".join(NAMES) + "\n" + "".join(
    ",".join("" if v is None else str(v) for v in row) + "\n" for row in ROWS
)  # fmt: skip


def table() -> Any:
    return pa.table({name: [row[i] for row in ROWS] for i, name in enumerate(NAMES)})


def cells(found: Intake) -> Any:
    return {
        key: {
            name: getattr(panel.cells, name)
            for name in ("events", "n", "successes", "trials", "total", "squares", "exposure")
            if hasattr(panel.cells, name)
        }
        for key, panel in found.panels.items()
    }


@pytest.fixture
def expected(build: Build) -> Any:
    return cells(
        read(
            build(
                {"expected.csv": CSV},
                sources={"cases": {"path": "expected.csv", "columns": COLUMNS}},
                outcomes=OUTCOMES,
            )
        )
    )


@pytest.fixture
def same(build: Build, expected: Cells) -> Any:
    """Check that a source of these files gives the cells the CSV gives, and return what was read."""

    def check(files: Any, **source: Any) -> Any:
        study = build(files, sources={"cases": {"columns": COLUMNS, **source}}, outcomes=OUTCOMES)
        found = read(study)
        for key, arrays in cells(found).items():
            assert arrays.keys() == expected[key].keys()
            for name, array in arrays.items():
                assert_array_equal(array, expected[key][name])
        return found

    return check


def parquet(rows: Any) -> Any:
    target = io.BytesIO()
    pq.write_table(rows, target)
    return target.getvalue()


def workbook(rows: list[tuple[Any, ...]]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["Nothing here"])
    page = book.create_sheet("Data")
    for row in (NAMES, *rows):
        page.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def database(folder: Path, sql: str) -> Any:
    path = folder / "made.duckdb"
    pq.write_table(table(), folder / "made.parquet")
    with duckdb.connect(str(path)) as con:
        con.execute(sql.format(parquet=folder / "made.parquet"))
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.mark.parametrize(
    ("name", "content", "more"),
    [
        ("x.csv", "\ufeff" + CSV, {}),
        ("x.csv", CSV.replace("\n", "\r\n"), {}),
        ("x.csv", CSV.replace(",", ";"), {"delimiter": ";"}),
        ("x.txt", CSV.replace(",", "\t"), {"delimiter": "\t"}),
        ("x.tsv", CSV.replace(",", "\t"), {}),
        ("x.CSV", CSV.replace("\n", "\n\n"), {}),
        ("x (1) [final].csv", CSV.replace("Ash", '"Ash"').replace(",", " , "), {}),
        ("x.csv.gz", gzip.compress(CSV.encode()), {}),
        ("x.csv", CSV.replace("True", "Yes").replace("False", "NO"), {}),
    ],
    ids=["bom", "crlf", "semicolon", "tab", "tsv", "blank lines", "odd name", "gzip", "yes and no"],
)
def test_csv(same: Same, name: str, content: str | bytes, more: dict[str, str]) -> None:
    found = same({name: content}, path=name, **more)
    assert found.accounts["cases"].files == (name,)
    assert found.accounts["cases"].used == len(ROWS)


def test_columns_in_another_order_and_columns_nobody_asked_for(same: Same) -> None:
    first, second = ROWS[:20], ROWS[20:]
    one = "note,amount,yes,v,day,district,id\n" + "".join(
        f'"a, b",{r[5]},{r[4]},{r[3] or ""},{r[2]},{r[1]},{r[0]}\n' for r in first
    )
    two = ",".join(NAMES) + "\n" + "".join(",".join("" if v is None else str(v) for v in r) + "\n" for r in second)
    found = same({"1.csv": one, "2.csv": two}, path="[12].csv")
    assert found.accounts["cases"].files == ("1.csv", "2.csv")


def test_dates_in_another_format(same: Same) -> None:
    text = (
        ",".join(NAMES)
        + "\n"
        + "".join(
            ",".join("" if v is None else v.strftime("%d/%m/%y") if isinstance(v, date) else str(v) for v in r) + "\n"
            for r in ROWS
        )
    )
    same({"x.csv": text}, path="x.csv", date_format="%d/%m/%y")


def test_parquet(same: Same) -> None:
    same({"x.parquet": parquet(table())}, path="x.parquet")


def test_parquet_with_timestamps_and_other_numbers(same: Same) -> None:
    stamps = pa.array(
        [datetime(r[2].year, r[2].month, r[2].day, 13, 30, tzinfo=UTC) for r in ROWS], pa.timestamp("us", "UTC")
    )
    changed = table().set_column(2, "day", stamps)
    changed = changed.set_column(3, "v", pa.array([r[3] for r in ROWS], pa.float64()))
    changed = changed.set_column(4, "yes", pa.array([int(r[4]) for r in ROWS], pa.int8()))
    same({"x.parquet": parquet(changed)}, path="x.parquet")


def test_parquet_files_typed_differently(same: Same) -> None:
    text = table().slice(20)
    text = text.set_column(2, "day", pa.array([str(r[2]) for r in ROWS[20:]]))
    same({"1.parquet": parquet(table().slice(0, 20)), "2.parquet": parquet(text)}, path="*.parquet")


def test_excel(same: Same) -> None:
    found = same({"x.xlsx": workbook(ROWS)}, path="x.xlsx", sheet="Data")
    assert found.accounts["cases"].files == ("x.xlsx",)


def test_excel_with_dates_as_cells_and_as_text(same: Same) -> None:
    mixed = [(*r[:2], r[2].strftime("%d/%m/%Y") if i % 2 else r[2], *r[3:]) for i, r in enumerate(ROWS)]
    same({"x.xlsx": workbook(mixed)}, path="x.xlsx", sheet="Data", date_format="%d/%m/%Y")


def test_rows_of_a_sheet_are_numbered_as_shown(build: Build, errors: Errors) -> None:
    wrong = [*ROWS[:3], (None,) * 6, (99, "Ash", "never", None, None, None), *ROWS[3:]]
    study = build(
        {"x.xlsx": workbook(wrong)},
        sources={"cases": {"columns": COLUMNS, "path": "x.xlsx", "sheet": "Data"}},
        outcomes=OUTCOMES,
    )
    (problem,) = errors(study)
    assert (problem.code, problem.row, problem.file) == ("bad_date", 6, "x.xlsx")


def test_a_missing_sheet(build: Build, errors: Errors) -> None:
    source = {"columns": COLUMNS, "path": "x.xlsx", "sheet": "data"}
    (problem,) = errors(build({"x.xlsx": workbook(ROWS)}, sources={"cases": source}, outcomes=OUTCOMES))
    assert problem.code == "missing_sheet"
    assert "Notes and Data" in problem.action


def test_duckdb_table(same: Same, tmp_path: Path) -> None:
    content = database(tmp_path, "CREATE TABLE cases AS FROM '{parquet}'; CREATE TABLE other (x INT)")
    found = same({"x.duckdb": content}, path="x.duckdb", table="cases")
    assert list(found.accounts["cases"].sha256) == ["x.duckdb"]


def test_duckdb_query(same: Same, tmp_path: Path) -> None:
    content = database(tmp_path, 'CREATE TABLE "all" AS FROM \'{parquet}\'; CREATE VIEW cases AS SELECT * FROM "all"')
    same({"x.db": content}, path="x.db", query='SELECT *, 1 AS "a ""b""" FROM cases;')
    same({}, uri="duckdb://x.db", table="cases")
    assert (tmp_path / "x.db").read_bytes() == content


def test_sqlite(same: Same, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "made.db") as con:
        con.execute("CREATE TABLE cases (id INT, district TEXT, day DATE, v TEXT, yes BOOLEAN, amount REAL)")
        con.executemany("INSERT INTO cases VALUES (?,?,?,?,?,?)", [(*r[:2], str(r[2]), *r[3:]) for r in ROWS])
    con.close()
    found = same({}, uri="sqlite:///made.db", table="cases")
    assert (found.accounts["cases"].files, found.accounts["cases"].sha256) == (("cases",), {})
    absolute = same({}, uri=f"sqlite://{tmp_path / 'made.db'}", query="SELECT * FROM cases WHERE id >= 0;")
    assert absolute.accounts["cases"].files == ("query",)


@pytest.mark.parametrize(
    ("more", "code", "part"),
    [
        ({"table": "case"}, "missing_table", "Did you mean 'cases'?"),
        ({"query": "SELEC 1"}, "bad_query", "syntax error"),
        ({"query": "SELECT nothing FROM cases"}, "bad_query", '"nothing" not found'),
        ({"query": "DROP TABLE cases"}, "bad_query", "syntax error"),
        ({"query": "SELECT district, day FROM cases"}, "missing_column", "no column 'id'"),
    ],
)
def test_what_can_be_wrong_with_a_database(
    build: Build, errors: Errors, tmp_path: Path, more: dict[str, str], code: str, part: str
) -> None:
    content = database(tmp_path, "CREATE TABLE cases AS FROM '{parquet}'")
    source = {"columns": COLUMNS, "path": "x.duckdb", **more}
    found = errors(build({"x.duckdb": content}, sources={"cases": source}, outcomes=OUTCOMES))
    assert {p.code for p in found} == {code}
    assert any(part in str(p) for p in found)


@pytest.mark.parametrize(
    ("more", "code", "part"),
    [
        ({"table": "case"}, "missing_table", "Did you mean 'cases'?"),
        ({"query": "SELEC 1"}, "unreadable_table", "syntax error"),
    ],
)
def test_what_can_be_wrong_with_another_database(
    build: Build, errors: Errors, tmp_path: Path, more: dict[str, str], code: str, part: str
) -> None:
    with sqlite3.connect(tmp_path / "made.db") as con:
        con.execute("CREATE TABLE cases (district TEXT)")
    con.close()
    (problem,) = errors(build({}, sources={"cases": {"uri": "sqlite:///made.db", **more}}))
    assert (problem.code, problem.file) == (code, None)
    assert part in str(problem)


def test_an_sqlite_file_as_a_path(build: Build, errors: Errors, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "made.db") as con:
        con.execute("CREATE TABLE cases (district TEXT)")
    con.close()
    (problem,) = errors(build({}, sources={"cases": {"path": "made.db", "table": "cases"}}))
    assert problem.code == "not_duckdb"
    assert "uri: sqlite:///made.db" in problem.action


@pytest.mark.parametrize(
    ("column", "values", "code", "part"),
    [
        ("v", pa.array([float("nan")] + [1.0] * 35), "unknown_level", "'nan'"),
        ("amount", pa.array([1.0] * 35 + [float("nan")]), "not_a_number", "'nan' is not a number"),
        ("amount", pa.array([float("inf")] * 36), "not_a_number", "'inf' is not a number"),
        ("amount", pa.array([True] * 36), "wrong_type", "type boolean, which cannot be read as numbers"),
        ("day", pa.array([1.5] * 36), "wrong_type", "which cannot be read as dates"),
        ("district", pa.array([["Ash"]] * 36), "wrong_type", "which cannot be read as text"),
        ("day", pa.array([date(1492, 1, 1)] * 36), "date_out_of_range", "'1492-01-01'"),
    ],
)
def test_what_can_be_wrong_with_typed_columns(
    build: Build, errors: Errors, column: str, values: pa.Array, code: str, part: str
) -> None:
    index = NAMES.index(column)
    content = parquet(table().set_column(index, column, values))
    source = {"columns": COLUMNS, "path": "x.parquet"}
    (problem,) = errors(build({"x.parquet": content}, sources={"cases": source}, outcomes=OUTCOMES))
    assert problem.code == code
    assert (problem.file, problem.column) == ("x.parquet", column)
    assert part in str(problem)
    if code != "wrong_type":
        assert problem.row == {"v": 2, "day": 2, "amount": 37 if "nan" in part else 2}[column]


def test_years_as_numbers(build: Build) -> None:
    years = [2021, 2022, 2023, 2024] * 3
    rows = pa.table({"district": ["Ash"] * 4 + ["Birch"] * 4 + ["Cedar"] * 4, "year": years, "n": [1.0] * 12})
    study = build(
        {
            "x.parquet": parquet(rows),
            "y.parquet": parquet(rows.set_column(1, "year", pa.array([float(y) for y in years]))),
        },
        sources={"cases": {"path": "x.parquet", "reader": "panel", "columns": {"area": "district", "time": "year"}}},
        outcomes={"n": {**COUNT, "value": "n"}},
        time={"unit": "year", "baseline": {}},
        intervention={"start": "2023-01-01", "end": "2024-12-31"},
    )
    found = read(study)
    assert found.periods.labels == ("2021", "2022", "2023", "2024")
    assert_array_equal(found.panels["n"].cells.exposure[0], [365, 365, 365, 366])


def test_nothing_reaches_for_the_network_and_nothing_is_left_behind(
    same: Same, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        same({"x.xlsx": workbook(ROWS)}, path="x.xlsx", sheet="Data")
    assert caught == []
    assert {p.name for p in tmp_path.iterdir()} == {"expected.csv", "x.xlsx"}
    assert not list(Path.cwd().glob(".tmp*"))


def test_an_empty_sheet(build: Build, errors: Errors) -> None:
    book = openpyxl.Workbook()
    target = io.BytesIO()
    book.save(target)
    (problem,) = errors(build({"x.xlsx": target.getvalue()}, sources={"cases": {"columns": COLUMNS, "path": "x.xlsx"}}))
    assert (problem.code, problem.file) == ("empty_file", "x.xlsx")
    assert "the sheet 'Sheet' is empty" in problem.message


def test_cells_of_a_sheet_become_the_text_a_csv_would_hold(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    values = (3.0, 3.5, True, datetime(2023, 1, 2), datetime(2023, 1, 2, 3, 4), time(9, 30), " x ", None)  # noqa: DTZ001
    path.write_bytes(workbook([(value, "Ash", None, None, None, None) for value in values]))
    opened = open_excel(path, "Data")
    with workspace() as work:
        found = opened.rows(work.con, [0], "x").to_pyarrow().to_pydict()
    assert found["v0"] == ["3", "3.5", "true", "2023-01-02", "2023-01-02 03:04:00", "09:30:00", " x ", None]
    assert found["row"] == list(range(2, 10))


def test_the_only_table_needs_no_name(same: Same, tmp_path: Path) -> None:
    same({"x.duckdb": database(tmp_path, "CREATE TABLE anything AS FROM '{parquet}'")}, path="x.duckdb")
