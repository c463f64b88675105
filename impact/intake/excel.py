"""Excel workbooks, read by openpyxl: every cell becomes the text a CSV export would hold.

DuckDB's own reader is an extension it would have to download, so it is not used.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import ibis
import pyarrow as pa

from impact.intake.findings import BadFileError, listed


@dataclass(frozen=True, slots=True)
class ExcelFile:
    """A sheet whose header has been read.

    Attributes
    ----------
    first
        Row of the header, counted from 1.
    """

    path: Path
    sheet: str
    headers: tuple[str, ...]
    first: int

    def rows(self, con: Any, chosen: Sequence[int], view: str) -> Any:
        """Return the chosen columns as text, with `row` as the sheet shows it; rows without any cell are left out."""
        del con, view
        numbers: list[int] = []
        columns: list[list[str | None]] = [[] for _ in chosen]
        with _sheet(self.path, self.sheet) as sheet:
            for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                if number > self.first and any(cell is not None for cell in cells):
                    numbers.append(number)
                    for column, i in zip(columns, chosen, strict=True):
                        column.append(_as_text(cells[i]) if i < len(cells) else None)
        fields = {"row": pa.array(numbers, pa.int64())}
        fields |= {f"v{k}": pa.array(column, pa.string()) for k, column in enumerate(columns)}
        return ibis.memtable(pa.table(fields))


def open_excel(path: Path, sheet: str | None) -> ExcelFile:
    """Read the header of a sheet; the first sheet if none is named.

    Raises
    ------
    BadFileError
        If the workbook cannot be read, lacks the sheet, or the sheet is empty.
    """
    with _sheet(path, sheet) as opened:
        for number, cells in enumerate(opened.iter_rows(values_only=True), start=1):
            headers = tuple((_as_text(cell) or "").strip() for cell in cells)
            if any(headers):
                return ExcelFile(path, opened.title, headers, number)
        title = opened.title
    raise BadFileError(
        "empty_file", f"the sheet '{title}' is empty.", "Name the sheet that holds the rows with `sheet`."
    )


@contextmanager
def _sheet(path: Path, name: str | None) -> Iterator[Any]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of formatting it drops, which holds no data
        try:
            workbook = load_workbook(path, read_only=True, data_only=True)
        except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError):
            raise BadFileError(
                "unreadable_excel",
                "the file cannot be read as an Excel workbook.",
                "Open it in Excel and save it again as .xlsx, without a password.",
            ) from None
        try:
            yield _chosen(workbook, name)
        finally:
            workbook.close()


def _chosen(workbook: Any, name: str | None) -> Any:
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}
    if name is not None and name not in sheets:
        raise BadFileError(
            "missing_sheet",
            f"the workbook has no sheet '{name}'.",
            f"Its sheets are: {listed(list(sheets), 12)}.",
        )
    return sheets[name] if name is not None else next(iter(sheets.values()))


def _as_text(cell: object) -> str | None:
    match cell:
        case None:
            return None
        case bool():
            return "true" if cell else "false"
        case datetime():
            whole = cell.time() == time(0)
            return cell.date().isoformat() if whole else cell.isoformat(sep=" ", timespec="seconds")
        case date() | time():
            return cell.isoformat()
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(cell)
