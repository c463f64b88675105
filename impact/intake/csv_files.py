"""CSV files: the header is read here, the rows by DuckDB as text, and a file DuckDB refuses is diagnosed here.

Nothing is sniffed: the study says what separates the fields, the header says how many there are, and every line must
have as many. A number or a date is a text until the study says what it is.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis

from impact.intake import locate
from impact.intake.findings import BadFileError

SAVE_AS_UTF8 = "Save it again as CSV in UTF-8 (in Excel: Save As, 'CSV UTF-8')."
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
LONGEST_FIELD = 2**20
CHUNK = 2**20
NEVER = "\x1f"
PLAINLY: dict[str, Any] = {
    "auto_detect": False,
    "null_padding": False,
    "ignore_errors": False,
    "max_line_size": 2 * LONGEST_FIELD,
}
"""Options under which DuckDB guesses nothing and forgives nothing it can be told not to."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file whose header has been read; `headers` are the column names, trimmed."""

    path: Path
    delimiter: str
    headers: tuple[str, ...]

    def rows(self, con: Any, chosen: Sequence[int], view: str) -> Any:
        """Return the chosen columns as text, with `row`: 2 for the first row after the header, blank lines apart.

        Raises
        ------
        BadFileError
            If the file is not in UTF-8, or a line has a field too many.
        """
        self._check_lines(con, f"{view}_lines")
        table = con.read_csv(
            str(self.path),
            table_name=view,
            columns={f"c{i}": "string" for i in range(len(self.headers))},
            header=True,
            delim=self.delimiter,
            quote='"',
            escape='"',
            strict_mode=True,
            **PLAINLY,
        )
        return table.select(row=ibis.row_number() + 2, **{f"v{k}": table[f"c{i}"] for k, i in enumerate(chosen)})

    def _check_lines(self, con: Any, view: str) -> None:
        """Look at every line as a whole: DuckDB forgives a last field that is blank and one too many.

        Such a field is there where a comma within a field was not quoted, and every field after it is then wrong.
        """
        lines = con.read_csv(
            str(self.path),
            table_name=view,
            columns={"line": "string"},
            header=False,
            delim=NEVER,
            quote="",
            escape="",
            strict_mode=False,
            **PLAINLY,
        )
        line = lines["line"]
        separators = line.length() - line.replace(self.delimiter, "").length()
        # where there are quotation marks, only reading the file field by field can tell
        suspicious = line.endswith(self.delimiter) & ((separators >= len(self.headers)) | line.contains('"'))
        try:
            suspects = int(lines.filter(suspicious).count().to_pyarrow().as_py())
        except duckdb.Error as error:
            raise self.explain(error) from None
        fault = _structure_fault(self.path, self.delimiter, len(self.headers)) if suspects else None
        if fault:
            raise fault

    def explain(self, error: duckdb.Error) -> BadFileError:
        """Say why DuckDB refused the file."""
        del error  # its text quotes the line, which may hold anything
        return diagnose(self.path, self.delimiter, len(self.headers))

    def spreadsheet_row(self, row: int) -> int:
        """Row as a spreadsheet shows it, blank lines included."""
        if len(self.headers) == 1 or not _has_blank_line(self.path):
            return row
        filled = 0
        for position, fields in enumerate(_records(self.path, self.delimiter), start=1):
            filled += bool(fields)
            if filled == row:
                return position
        return row


def open_csv(path: Path, delimiter: str) -> CsvFile:
    """Read the header of a CSV file.

    Raises
    ------
    BadFileError
        If the file is empty or its header cannot be read.
    """
    try:
        first = next(_records(path, delimiter), [])
        later = () if first else (fields for fields in _records(path, delimiter) if fields)
        if not first and next(iter(later), None):
            raise BadFileError(
                "blank_first_line", "the first line is blank.", "Delete it: the header must be the first line."
            )
    except (UnicodeDecodeError, csv.Error):
        raise diagnose(path, delimiter, None) from None
    except (OSError, EOFError, zlib.error):
        raise BadFileError(
            "unreadable_file", "the file cannot be read or unpacked.", "Check that it opens and is complete."
        ) from None
    headers = tuple(field.strip() for field in first)
    if not any(headers):
        raise BadFileError("empty_file", "the file is empty.", "Export it again, with a header and its rows.")
    check_separated(headers)
    return CsvFile(path, delimiter, headers)


def separator(given: str | None, path: Path) -> str:
    """Return the character between fields: the study's, else a tab for .tsv and a comma for all others."""
    return given or ("\t" if locate.suffix_of(path) == ".tsv" else ",")


def _opened(path: Path) -> io.BufferedReader:
    return io.BufferedReader(gzip.GzipFile(path) if path.suffix.lower() == ".gz" else path.open("rb", buffering=0))


def _records(path: Path, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_FIELD)
    with _opened(path) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        yield from csv.reader(text, delimiter=delimiter, strict=True)


def _has_blank_line(path: Path) -> bool:
    """Whether two line ends follow each other; may say yes for a line end inside quotes, never no for a blank line."""
    before = b""
    with _opened(path) as raw:
        while chunk := raw.read(CHUNK):
            ends = (before + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if b"\n\n" in ends:
                return True
            before = chunk[-2:]
    return False


def diagnose(path: Path, delimiter: str, expected: int | None) -> BadFileError:
    """Say what is wrong with a CSV file that cannot be read, and where.

    Parameters
    ----------
    expected
        Number of columns in the header; None if the header could not be read.
    """
    return (
        _encoding_fault(path)
        or _structure_fault(path, delimiter, expected)
        or _line_end_fault(path)
        or BadFileError(
            "unreadable_csv", "the file cannot be read as CSV.", "Open it in a spreadsheet and export it again."
        )
    )


def _encoding_fault(path: Path) -> BadFileError | None:
    with _opened(path) as raw:
        if raw.read(2) in UTF16_MARKS:
            return BadFileError("not_utf8", "the file is in UTF-16, not in UTF-8.", SAVE_AS_UTF8)
        raw.seek(0)
        for number, line in enumerate(raw, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                place = f"line {number}, byte {error.start + 1} of the line (0x{line[error.start]:02X})"
                return BadFileError("not_utf8", f"the file is not in UTF-8: {place}.", SAVE_AS_UTF8)
    return None


def _structure_fault(path: Path, delimiter: str, expected: int | None) -> BadFileError | None:
    position = 0
    try:
        for position, fields in enumerate(_records(path, delimiter), start=1):
            expected = expected or len(fields)
            if fields and len(fields) != expected:
                return BadFileError(
                    "ragged_line",
                    f"this line has {_fields(len(fields))}, and the header has {expected}.",
                    f"Correct it; a field that holds {_shown(delimiter)} or a line break needs quotation marks.",
                    row=position,
                )
    except csv.Error:
        return BadFileError(
            "unclosed_quote",
            "a quotation mark in this line is not closed, or stands inside a field.",
            'Close it; a quotation mark inside a quoted field is written twice ("").',
            row=position + 1,
        )
    return None


def _fields(number: int) -> str:
    return "1 field" if number == 1 else f"{number} fields"


def _shown(delimiter: str) -> str:
    return "a tab" if delimiter == "\t" else f"'{delimiter}'"


def _line_end_fault(path: Path) -> BadFileError | None:
    first: bool | None = None
    with _opened(path) as raw:
        for number, line in enumerate(raw, start=1):
            windows = line.endswith(b"\r\n")
            first = windows if first is None else first
            if windows != first and line.endswith(b"\n"):
                return BadFileError(
                    "mixed_line_ends",
                    f"lines end in two different ways; the ending changes at line {number}.",
                    "Open the file in a spreadsheet and export it again.",
                )
    return None


def check_separated(headers: Sequence[str]) -> None:
    """Refuse a header that is one field with another separator in it.

    Raises
    ------
    BadFileError
        If it is.
    """
    for character, written in ((",", '","'), (";", '";"'), ("\t", '"\\t"'), ("|", '"|"')):
        if len(headers) == 1 and character in headers[0]:
            raise BadFileError(
                "wrong_delimiter",
                f"the fields seem to be separated by {_shown(character)} and not by what the study says.",
                f"Write  delimiter: {written}  in the source.",
            )
