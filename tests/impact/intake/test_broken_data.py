"""Broken data: what is wrong, where it is, and what to do about it; everything at once and each thing once."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from impact.intake.problems import Problem
from impact.study.schema import Study

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day"}}
PANEL = {"path": "cases.csv", "reader": "panel", "columns": {"area": "district", "time": "month"}}
PEOPLE = {"path": "people.csv", "columns": {"area": "district"}}
COUNT = {"kind": "count", "source": "cases", "better": "lower"}
COUNT_VALUE = {**COUNT, "value": "n"}
RATE = {**COUNT_VALUE, "exposure": {"source": "people", "value": "people"}}
RATING = {"kind": "ordinal", "source": "cases", "value": "v", "levels": ["Bad", "Fair", "Good"], "better": "higher"}
YES_NO = {"kind": "binary", "source": "cases", "value": "v", "better": "higher"}
AMOUNT = {"kind": "continuous", "source": "cases", "value": "v", "better": "higher"}
DURATION = {"kind": "duration", "source": "cases", "event": "v", "censor": "extract", "better": "lower"}
REPEAT = {
    "kind": "time_to_event",
    "source": "cases",
    "event": "v",
    "censor": "extract",
    "horizon": 30,
    "better": "lower",
}

AREAS = ("Ash", "Birch", "Cedar")
MONTHS = tuple(f"2023-{month:02d}" for month in range(1, 7))
ONE = "district,day\n" + "".join(f"{area},{month}-05\n" for month in MONTHS for area in AREAS)
FIVE = "district,month,n\n" + "".join(f"{area},{month},5\n" for month in MONTHS for area in AREAS)
VALUED = "district,day,v,extract\n" + "".join(f"{a},{m}-05,,2023-07-01\n" for m in MONTHS for a in AREAS)
NEXT = 2 + len(AREAS) * len(MONTHS)  # row of the first line appended to any of these


@dataclass(frozen=True)
class Broken:
    """Files and a study, and the problems they must give: code, place and parts of the text of each."""

    name: str
    files: dict[str, str | bytes]
    problems: list[tuple[str, dict[str, Any], list[str]]]
    changes: dict[str, Any] = field(default_factory=dict)


def one(name: str, text: str | bytes, code: str, place: dict[str, Any], parts: list[str], **changes: Any) -> Broken:
    """One problem in cases.csv."""
    return Broken(name, {"cases.csv": text}, [(code, {"source": "cases", **place}, parts)], changes)


def valued(name: str, rows: str, outcome: dict[str, Any], *problems: tuple[str, int, str, list[str]]) -> Broken:
    """Rows added to cases with a value and a day of extract; each problem is code, row, column and text."""
    expected = [
        (code, {"source": "cases", "file": "cases.csv", "row": row, "column": column}, parts)
        for code, row, column, parts in problems
    ]
    return Broken(name, {"cases.csv": VALUED + rows}, expected, {"outcomes": {"o": outcome}})


IN_FILE = {"file": "cases.csv"}
SEMICOLON = ONE.replace(",", ";")

FILES = [
    Broken(
        "missing file",
        {"case.csv": ONE},
        [("missing_file", {"file": None}, ["'cases.csv'", "Did you mean 'case.csv'?"])],
    ),
    Broken(
        "missing folder",
        {},
        [("missing_file", {}, ["no file 'data/cases.csv'", "Its folder does not exist either"])],
        {"sources": {"cases": {**CASES, "path": "data/cases.csv"}}},
    ),
    Broken("folder", {"cases.csv/x.csv": ONE}, [("is_folder", {}, ["'cases.csv' is a folder", "cases.csv/*.csv"])]),
    Broken(
        "glob without files",
        {"cases.csv": ONE},
        [("no_files", {}, ["no file matches 'x/*.csv'", "relative to the folder of the study file"])],
        {"sources": {"cases": {**CASES, "path": "x/*.csv"}}},
    ),
    one("empty file", "", "empty_file", IN_FILE, ["the file is empty"]),
    one("byte order mark only", "\ufeff", "empty_file", IN_FILE, ["the file is empty"]),
    one("blank lines only", "\n\n", "empty_file", IN_FILE, ["the file is empty"]),
    one("blank first line", "\n" + ONE, "blank_first_line", IN_FILE, ["the first line is blank", "Delete it"]),
    one("header only", "district,day\n", "no_rows", IN_FILE, ["a header and no rows"]),
    one(
        "line too long",
        ONE + "Ash,2023-01-02,x\n",
        "ragged_line",
        {**IN_FILE, "row": NEXT},
        ["3 fields", "header has 2"],
    ),
    one("line too short", ONE + "Ash\n", "ragged_line", {**IN_FILE, "row": NEXT}, ["1 field,", "header has 2"]),
    one(
        "comma too many",
        ONE + "Ash,2023-01-02,\n",
        "ragged_line",
        {**IN_FILE, "row": NEXT},
        ["3 fields", "header has 2"],
    ),
    one(
        "comma not quoted",
        VALUED + "Ash,2023-01-02,here, there,\n",
        "ragged_line",
        {**IN_FILE, "row": NEXT},
        ["5 fields", "header has 4", "needs quotation marks"],
    ),
    one("open quote", ONE + '"Ash,2023-01-02\n', "unclosed_quote", {**IN_FILE, "row": NEXT}, ["not closed", '("")']),
    one(
        "quote inside",
        ONE + '"As"h,2023-01-02\n',
        "unclosed_quote",
        {**IN_FILE, "row": NEXT},
        ["stands inside a field"],
    ),
    one(
        "not UTF-8",
        (ONE + "Ash\u00e9,2023-01-02\n").encode("latin-1"),
        "not_utf8",
        IN_FILE,
        [f"line {NEXT}, byte 4 of the line (0xE9)", "CSV UTF-8"],
    ),
    one(
        "not UTF-8 in a column that is not read",
        (VALUED + "Ash,2023-01-02,caf\u00e9,\n").encode("latin-1"),
        "not_utf8",
        IN_FILE,
        [f"line {NEXT}, byte 19 of the line (0xE9)"],
    ),
    one(
        "not UTF-8 far down, in a column that is not read",
        (VALUED + "Ash,2023-01-02,,\n" * 2000 + "Ash,2023-01-02,caf\u00e9,\n").encode("latin-1"),
        "not_utf8",
        IN_FILE,
        [f"line {NEXT + 2000}, byte 19 of the line (0xE9)"],
    ),
    one(
        "not UTF-8 in the header",
        "district,day,\xe9\nAsh,2023-01-01,1\n".encode("latin-1"),
        "not_utf8",
        IN_FILE,
        ["line 1"],
    ),
    one("UTF-16", ONE.encode("utf-16"), "not_utf8", IN_FILE, ["UTF-16", "CSV UTF-8"]),
    one(
        "two kinds of line ends",
        ONE.replace("\n", "\r\n") + "Ash,2023-01-02\n",
        "mixed_line_ends",
        IN_FILE,
        [f"changes at line {NEXT}"],
    ),
    one("semicolons", SEMICOLON, "wrong_delimiter", IN_FILE, ["separated by ';'", 'delimiter: ";"']),
    one("tabs", ONE.replace(",", "\t"), "wrong_delimiter", IN_FILE, ["separated by a tab", 'delimiter: "\\t"']),
    one(
        "commas where the study says semicolons",
        ONE,
        "wrong_delimiter",
        IN_FILE,
        ["separated by ','"],
        sources={"cases": {**CASES, "delimiter": ";"}},
    ),
    Broken(
        "column names",
        {"cases.csv": ONE.replace("district,day", "District,when,days")},
        [
            (
                "missing_column",
                IN_FILE,
                ["no column 'district'", "Did you mean 'District'?", "District, when and days"],
            ),
            ("missing_column", IN_FILE, ["no column 'day'", "Did you mean 'days'?", "sources.cases.columns.time"]),
        ],
    ),
    Broken(
        "a column that where names",
        {"cases.csv": ONE},
        [("missing_column", IN_FILE, ["no column 'type'", "Correct sources.cases.where"])],
        {"sources": {"cases": {**CASES, "where": {"type": "ASB"}}}},
    ),
    Broken(
        "a column missing from some files",
        {"1.csv": ONE, "2.csv": "district,date\nAsh,2023-01-01\n", "3.csv": "district,date\nAsh,2023-01-01\n"},
        [("missing_column", {"file": "2.csv"}, ["no column 'day'", "1 more of the source's files"])],
        {"sources": {"cases": {**CASES, "path": "*.csv"}}},
    ),
    one(
        "column twice",
        "district,day,day\nAsh,2023-01-01,2023-01-01\n",
        "duplicate_column",
        {**IN_FILE, "column": "day"},
        ["the header has 'day' more than once"],
    ),
    Broken(
        "broken gzip",
        {"cases.csv.gz": b"not gzip"},
        [("unreadable_file", {"file": "cases.csv.gz"}, ["cannot be read or unpacked"])],
        {"sources": {"cases": {**CASES, "path": "cases.csv.gz"}}},
    ),
    Broken(
        "gzip cut off",
        {"cases.csv.gz": gzip.compress(ONE.encode())[:-12]},
        [("unreadable_file", {"file": "cases.csv.gz"}, ["cannot be read or unpacked"])],
        {"sources": {"cases": {**CASES, "path": "cases.csv.gz"}}},
    ),
    *[
        Broken(
            f"not {what}",
            {name: "district,day\n"},
            [(code, {"file": name}, [part])],
            {"sources": {"cases": {**CASES, "path": name, **more}}},
        )
        for what, name, code, part, more in (
            ("Parquet", "x.parquet", "unreadable_parquet", "cannot be read as Parquet", {}),
            ("Excel", "x.xlsx", "unreadable_excel", "cannot be read as an Excel workbook", {}),
            ("DuckDB", "x.duckdb", "not_duckdb", "cannot be opened as a DuckDB database", {"table": "cases"}),
            ("readable: xls", "x.xls", "unknown_format", "Save it as .xlsx", {}),
            ("readable: json", "x.json", "unknown_format", "'.json' is not a kind of file", {}),
            ("readable: no ending", "cases", "unknown_format", "name has no ending", {}),
            ("a path: sqlite", "x.sqlite", "unknown_format", "uri: sqlite:///x.sqlite", {}),
        )
    ],
    Broken(
        "a sheet in a CSV",
        {"cases.csv": ONE},
        [("option_not_used", IN_FILE, ["`sheet` does not apply to a .csv file"])],
        {"sources": {"cases": {**CASES, "sheet": "Data"}}},
    ),
    Broken(
        "missing package",
        {},
        [("missing_package", {"file": None}, ["pip install 'ibis-framework[postgres]'"])],
        {"sources": {"cases": {"uri": "postgres://me:secret@server/db", "table": "cases"}}},
    ),
    Broken(
        "missing database file",
        {},
        [("missing_file", {}, ["no database file for 'sqlite:///x.db'"])],
        {"sources": {"cases": {"uri": "sqlite:///x.db", "table": "cases"}}},
    ),
    Broken(
        "unknown kind of database",
        {},
        [("no_connection", {}, ["the oracled database cannot be reached"])],
        {"sources": {"cases": {"uri": "oracled://me:secret@server/db", "table": "cases"}}},
    ),
]

DAY = {**IN_FILE, "column": "day"}
DISTRICT = {**IN_FILE, "column": "district"}

ROWS = [
    one(
        "no row is kept",
        ONE,
        "where_keeps_nothing",
        {},
        ["no row has district = Oak or Elm"],
        sources={"cases": {**CASES, "where": {"district": ["Oak", "Elm"]}}},
    ),
    one(
        "days first",
        ONE + "Ash,31/01/2023\nAsh,2023-02-30\n\nAsh,soon\nAsh,x\n",
        "bad_date",
        {**DAY, "row": NEXT, "rows": 4},
        [
            "'31/01/2023' is not a date",
            f"Also rows {NEXT + 1} and {NEXT + 3}; 4 rows in all",
            'date_format: "%d/%m/%Y"',
        ],
    ),
    one("two-digit years", ONE + "Ash,31.01.23\n", "bad_date", {**DAY, "row": NEXT}, ['date_format: "%d.%m.%y"']),
    one("day of another calendar", ONE + "Ash,2023-02-29\n", "bad_date", {**DAY, "row": NEXT}, ["'2023-02-29'"]),
    one("Excel's day numbers", ONE + "Ash,45017\n", "bad_date", {**DAY, "row": NEXT}, ["Excel's number for a day"]),
    one("missing in words", ONE + "Ash,N/A\n", "bad_date", {**DAY, "row": NEXT}, ["'N/A'", "Leave the cell blank"]),
    one(
        "whole years in a study of months",
        ONE + "Ash,2023\n",
        "bad_date",
        {**DAY, "row": NEXT},
        ["names a whole period"],
    ),
    one("a line break in a date", ONE + 'Ash,"a\nb"\n', "bad_date", {**DAY, "row": NEXT}, ["'a b' is not a date"]),
    one("a long text", ONE + f"Ash,{'x' * 60}\n", "bad_date", {**DAY, "row": NEXT}, [f"'{'x' * 39}…' is not"]),
    one(
        "another date format",
        ONE,
        "bad_date",
        {**DAY, "row": 2, "rows": 18},
        ["'2023-01-05' does not fit the date format '%d/%m/%Y'"],
        sources={"cases": {**CASES, "date_format": "%d/%m/%Y"}},
    ),
    one(
        "an unknown date format",
        ONE,
        "bad_date_format",
        {},
        ["'%Q' is not a date format"],
        sources={"cases": {**CASES, "date_format": "%Q"}},
    ),
    one(
        "long ago",
        ONE + "Ash,0223-01-01\n",
        "date_out_of_range",
        {**DAY, "row": NEXT},
        ["not in the years 1900 to 2100"],
    ),
    one("far ahead", ONE + "Ash,2203-01-01\n", "date_out_of_range", {**DAY, "row": NEXT}, ["'2203-01-01'"]),
    one(
        "no dates at all", "district,day\nAsh,\nBirch,\nCedar,\n", "no_dates", {"column": "day"}, ["no row has a date"]
    ),
    Broken(
        "repeated identifiers",
        {
            "cases.csv": "district,day,id\nAsh,2023-01-01,7\nBirch,2023-01-01,8\nCedar,2023-06-01,7\nAsh,2023-06-01,\n"
            "Ash,2023-06-01,\nBirch,2023-06-01,8\nCedar,2023-01-01,9\n"
        },
        [("repeated_id", {**IN_FILE, "row": 2, "column": "id"}, ["rows 2 and 4", "2 identifiers repeated"])],
        {"sources": {"cases": {"path": "cases.csv", "columns": {"area": "district", "time": "day", "id": "id"}}}},
    ),
]

AREA_NAMES = [
    one(
        "control characters",
        ONE + "As\x1bh,2023-01-05\n",
        "similar_area",
        {**DISTRICT, "row": NEXT},
        ["the area 'As h'", "  As h: Ash"],
    ),
    one(
        "case",
        ONE + "ash,2023-01-05\n",
        "similar_area",
        {**DISTRICT, "row": NEXT},
        ["'ash' (1 row)", "did you mean 'Ash'?", "ash: Ash"],
    ),
    one(
        "a double space",
        ONE.replace("Cedar", "Cedar Hill") + "Cedar  Hill,2023-01-05\n",
        "similar_area",
        {"row": NEXT},
        ["'Cedar  Hill'", "did you mean 'Cedar Hill'?"],
        areas={"comparison": ["Birch", "Cedar Hill"]},
    ),
    one(
        "an ampersand",
        ONE.replace("Cedar", "Ely and March") + "Ely & March,2023-01-05\n",
        "similar_area",
        {"row": NEXT},
        ["did you mean 'Ely and March'?"],
        areas={"comparison": ["Birch", "Ely and March"]},
    ),
    one(
        "a misspelling",
        ONE.replace("Cedar", "Norwhich"),
        "similar_area",
        {"row": 4, "rows": 6},
        ["'Norwhich' (6 rows)", "did you mean 'Norwich'?"],
        areas={"comparison": ["Birch", "Norwich"]},
    ),
    one(
        "two spellings among the others",
        ONE + "Oak,2023-01-05\nOAK,2023-01-05\n",
        "similar_area",
        {**DISTRICT},
        ["did you mean 'OAK'?"],
        areas={"comparison": "others"},
    ),
    one(
        "an area without rows",
        ONE.replace("Cedar", "Dale"),
        "area_without_rows",
        {"column": "district"},
        ["no rows of the area 'Cedar'", "other areas are 'Dale'"],
    ),
    one(
        "an area under another name",
        ONE.replace("Cedar", "Great Yarm."),
        "area_without_rows",
        {},
        ["no rows of the area 'Gt Yarmouth'", "Did you mean 'Great Yarm.'?"],
        areas={"comparison": ["Birch", "Gt Yarmouth"]},
    ),
]

NUMBERS = [
    Broken(
        "counts that are none",
        {
            "cases.csv": FIVE.replace("Ash,2023-01,5", "Ash,2023-01,NaN")
            .replace("Ash,2023-02,5", "Ash,2023-02,-1")
            .replace("Ash,2023-03,5", "Ash,2023-03,2.5")
            .replace("Ash,2023-04,5", 'Ash,2023-04,"1,250"')
            .replace("Ash,2023-05,5", "Ash,2023-05,inf")
            .replace("Ash,2023-06,5", "Ash,2023-06,1e999")
        },
        [
            (
                "not_a_number",
                {"row": 2, "column": "n", "rows": 4},
                ["'NaN' is not a number", "rows 11 and 14", "Leave the cell blank"],
            ),
            ("negative_value", {"row": 5, "column": "n"}, ["'-1' is negative"]),
            ("fractional_count", {"row": 8, "column": "n"}, ["'2.5' is not a whole number", "kind: continuous"]),
        ],
        {"sources": {"cases": PANEL}, "outcomes": {"n": COUNT_VALUE}},
    ),
    Broken(
        "too large",
        {
            "cases.csv": FIVE.replace("Ash,2023-01,5", "Ash,2023-01,1e160").replace(
                "Ash,2023-02,5", "Ash,2023-02,-2e100"
            )
        },
        [
            (
                "too_large",
                {"row": 2, "column": "n", "rows": 2},
                ["'1e160' is too large to be a measurement", "Also row 5", "Correct it"],
            )
        ],
        {"sources": {"cases": PANEL}, "outcomes": {"n": {**COUNT_VALUE, "kind": "continuous"}}},
    ),
    Broken(
        "thousands",
        {"cases.csv": FIVE.replace("Ash,2023-04,5", 'Ash,2023-04,"1,250"')},
        [("not_a_number", {"row": 11}, ["'1,250' is not a number", "without commas between the thousands"])],
        {"sources": {"cases": PANEL}, "outcomes": {"n": COUNT_VALUE}},
    ),
    Broken(
        "a cell twice",
        {"cases.csv": FIVE + "Ash,2023-01,3\nCedar,2023-06,1\n"},
        [
            (
                "repeated_cell",
                {**DISTRICT, "row": 2},
                ["'Ash' in 2023-01", f"rows 2 and {NEXT}", "2 such cases", "use `where`"],
            )
        ],
        {"sources": {"cases": PANEL}, "outcomes": {"n": COUNT_VALUE}},
    ),
    valued(
        "an unknown level",
        "Ash,2023-01-05,good,\nAsh,2023-01-05,N/A,\n",
        RATING,
        (
            "unknown_level",
            NEXT,
            "v",
            ["'good' is not one of the levels", f"Also row {NEXT + 1}; 2 rows", "Did you mean 'Good'?"],
        ),
    ),
    valued(
        "neither yes nor no",
        "Ash,2023-01-05,Y,\n",
        YES_NO,
        ("not_yes_or_no", NEXT, "v", ["'Y' is not 0 or 1, true or false, yes or no"]),
    ),
    valued("an amount in words", "Ash,2023-01-05,ten,\n", AMOUNT, ("not_a_number", NEXT, "v", ["'ten'", "12 or 3.5"])),
    valued("a decimal comma", 'Ash,2023-01-05,"1,5",\n', AMOUNT, ("not_a_number", NEXT, "v", ["with a decimal point"])),
]

DATES = [
    valued(
        "events before the start and after the extract",
        "Ash,2023-01-05,2023-01-04,2023-07-01\nAsh,2023-01-05,2023-07-02,2023-07-01\nAsh,2023-07-02,,2023-07-01\n",
        DURATION,
        ("event_before_start", NEXT, "v", ["the event comes before the case begins"]),
        ("event_after_censor", NEXT + 1, "v", ["after the day of the extract"]),
        ("censor_before_start", NEXT + 2, "day", ["the case begins after the day of the extract", "outcomes.o.censor"]),
    ),
    valued(
        "an event some hours too early",
        "Ash,2023-01-05 10:00,2023-01-05 09:00,2023-07-01\n",
        DURATION,
        ("event_before_start", NEXT, "v", []),
    ),
    valued(
        "recurrences before the start and after the extract",
        "Ash,2023-01-05,2023-01-04,2023-07-01\nAsh,2023-01-05,2023-07-02,2023-07-01\nAsh,2023-07-02,,2023-07-01\n",
        REPEAT,
        ("event_before_start", NEXT, "v", []),
        ("event_after_censor", NEXT + 1, "v", []),
        ("censor_before_start", NEXT + 2, "day", []),
    ),
    valued(
        "open cases without a day of extract",
        "Ash,2023-01-05,,\n",
        REPEAT,
        ("blank_censor", NEXT, "extract", ["no day of extract"]),
    ),
    valued(
        "open cases where the study names no extract",
        "",
        {k: v for k, v in DURATION.items() if k != "censor"},
        ("open_without_censor", 2, "v", ["18 rows in all", "outcomes.o.censor"]),
    ),
    valued(
        "a negative duration",
        "Ash,2023-01-05,-2,\n",
        {"kind": "duration", "source": "cases", "value": "v", "better": "lower"},
        ("negative_value", NEXT, "v", ["'-2' is negative"]),
    ),
    valued(
        "blank durations",
        "Ash,2023-01-05,2,\n",
        {"kind": "duration", "source": "cases", "value": "v", "better": "lower"},
        ("blank_duration", 2, "v", ["the days are blank", "18 rows in all", "outcomes.o.event and censor"]),
    ),
    valued(
        "an event in some month",
        "Ash,2023-01-05,2023-02,\n",
        REPEAT,
        ("bad_date", NEXT, "v", ["'2023-02'", "give days"]),
    ),
]

PEOPLE_IN = {"file": "people.csv", "source": "people"}


def populated(name: str, people: str, *problems: tuple[str, dict[str, Any], list[str]]) -> Broken:
    changes = {"sources": {"cases": PANEL, "people": PEOPLE}, "outcomes": {"n": RATE}}
    return Broken(name, {"cases.csv": FIVE, "people.csv": people}, list(problems), changes)


POPULATIONS = [
    populated(
        "populations that are none",
        "district,people\nAsh,0\nBirch,\nCedar,many\nDale,-1\n",
        ("not_a_number", {**PEOPLE_IN, "row": 4, "column": "people"}, ["'many' is not a number"]),
        ("bad_population", {**PEOPLE_IN, "row": 2, "column": "people"}, ["the population is '0'", "Also row 5"]),
        ("blank_population", {**PEOPLE_IN, "row": 3, "column": "people"}, ["the population is blank"]),
    ),
    populated(
        "a population twice and one missing",
        "district,people\nAsh,1\nAsh,2\nBirhc,3\nCedar,4\n",
        ("repeated_population", {**PEOPLE_IN, "row": 2}, ["'Ash' is given more than once, in rows 2 and 3"]),
        ("missing_population", {"source": "people"}, ["no population of 'Birch'", "If 'Birhc' is meant"]),
    ),
]

CLOCK = [
    one(
        "the start after the data",
        ONE,
        "empty_window",
        {"source": None},
        ["the follow-up is empty: no row is dated on or after the start", "The data cover 2023-01 to 2023-06"],
        intervention={"start": "2023-08-01", "end": None},
    ),
    one(
        "the start before the data",
        ONE,
        "empty_window",
        {"source": None},
        ["the baseline is empty"],
        intervention={"start": "2023-01-01"},
        time={"baseline": {}},
    ),
    one(
        "nothing but phase-in",
        ONE,
        "empty_window",
        {"source": None},
        ["the follow-up has no month"],
        intervention={"phase_in": 3},
    ),
    one(
        "a follow-up within a month",
        ONE,
        "empty_window",
        {"source": None},
        ["no whole month lies between"],
        intervention={"end": "2023-04-20"},
    ),
    Broken(
        "no data in the study's follow-up",
        {"cases.csv": ONE},
        [
            (
                "empty_window",
                {"source": "cases"},
                [
                    f"outcome 'n' has no data of the {group} areas in the follow-up",
                    "The source covers 2023-01 to 2023-06",
                ],
            )
            for group in ("treated", "comparison")
        ],
        {"intervention": {"start": "2024-01-01", "end": "2024-06-30"}},
    ),
]

ALL = [*FILES, *ROWS, *AREA_NAMES, *NUMBERS, *DATES, *POPULATIONS, *CLOCK]


@pytest.mark.parametrize("broken", ALL, ids=[b.name for b in ALL])
def test_broken_data(broken: Broken, build: Build, errors: Errors) -> None:
    found = errors(build(broken.files, **broken.changes))
    assert [p.code for p in found] == [code for code, _, _ in broken.problems], [str(p) for p in found]
    for problem, (_, place, parts) in zip(found, broken.problems, strict=True):
        text = str(problem)
        for part in parts:
            assert part in text
        for key, value in place.items():
            assert getattr(problem, key) == value, (key, text)
        for named in (problem.source, problem.file, problem.column):
            assert named is None or named in text
        assert "secret" not in text


def test_everything_is_reported_at_once(build: Build, errors: Errors) -> None:
    study = build(
        {"cases.csv": ONE + "Ash,nonsense\nash,2023-01-01\n", "people.csv": "district,people\nAsh,0\n"},
        sources={"cases": CASES, "people": PEOPLE, "gone": {"path": "gone.csv"}},
        outcomes={
            "a": {**COUNT, "exposure": {"source": "people", "value": "people"}},
            "b": {**COUNT, "source": "gone"},
            "c": {**COUNT, "source": "cases"},
        },
    )
    assert {p.code for p in errors(study)} == {"bad_date", "similar_area", "bad_population", "missing_file"}


def test_the_same_file_in_two_sources_is_told_apart(build: Build, errors: Errors) -> None:
    study = build(
        {"cases.csv": ONE + "Ash,nonsense\n"},
        sources={"cases": CASES, "again": CASES},
        outcomes={"a": COUNT, "b": {**COUNT, "source": "again"}},
    )
    assert [(p.source, p.code) for p in errors(study)] == [("cases", "bad_date"), ("again", "bad_date")]
