"""What the checks of the data found: each problem says what, where and what to do."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a problem matters."""

    ERROR = "error"  # the run stops with exit code 4
    WARNING = "warning"  # the run goes on; the report shows it in its health banner
    NOTE = "note"  # the report shows it in its data section


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding about the data.

    Attributes
    ----------
    code
        Short stable name, e.g. ``bad_date``.
    severity
        error, warning or note.
    message
        What is wrong, in one sentence; holds no value of a personal column.
    action
        What to do about it, in one sentence.
    source, file, row, column
        Where; None where it does not apply. `row` counts as a spreadsheet does: the header is row 1.
    rows
        Number of rows concerned, None where rows do not apply.
    """

    code: str
    severity: Severity
    message: str
    action: str
    source: str | None = None
    file: str | None = None
    row: int | None = None
    column: str | None = None
    rows: int | None = None

    def __str__(self) -> str:
        place = [f"source '{self.source}'" if self.source else "", self.file or ""]
        place += [f"row {self.row}" if self.row else "", f"column '{self.column}'" if self.column else ""]
        where = ", ".join(p for p in place if p)
        return f"{where}: {self.message} {self.action}" if where else f"{self.message} {self.action}"
