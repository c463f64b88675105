"""Collector of what the checks find, so that everything wrong is reported at once and each thing once."""

from typing import TypedDict, Unpack

from impact.errors import DataError
from impact.intake.problems import Problem, Severity

EXCERPT = 40


class Where(TypedDict, total=False):
    """Place of a finding; see `Problem`."""

    source: str | None
    file: str | None
    row: int | None
    column: str | None
    rows: int | None


class BadFileError(Exception):
    """A file or table that cannot be read, with what is wrong and what to do; becomes a `Problem`."""

    def __init__(self, code: str, message: str, action: str, *, row: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.action = action
        self.row = row


class Findings:
    """Problems in the order in which they were found."""

    def __init__(self) -> None:
        self._found: dict[str, Problem] = {}

    def error(self, code: str, message: str, action: str, **where: Unpack[Where]) -> None:
        """Record something that stops the run."""
        self._add(Problem(code, Severity.ERROR, message, action, **where))

    def warn(self, code: str, message: str, action: str, **where: Unpack[Where]) -> None:
        """Record something the report warns of; the text is published and holds no value of a row."""
        self._add(Problem(code, Severity.WARNING, message, action, **where))

    def note(self, code: str, message: str, action: str, **where: Unpack[Where]) -> None:
        """Record something the report mentions; the text is published and holds no value of a row."""
        self._add(Problem(code, Severity.NOTE, message, action, **where))

    def bad_file(self, error: BadFileError, *, source: str, file: str | None) -> None:
        """Record a file that cannot be read."""
        self.error(error.code, error.message, error.action, source=source, file=file, row=error.row)

    def _add(self, problem: Problem) -> None:
        self._found.setdefault(str(problem), problem)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What stops the run."""
        return tuple(p for p in self._found.values() if p.severity is Severity.ERROR)

    @property
    def others(self) -> tuple[Problem, ...]:
        """Warnings, then notes."""
        order = (Severity.WARNING, Severity.NOTE)
        return tuple(p for severity in order for p in self._found.values() if p.severity is severity)

    def has_errors_of(self, source: str, column: str | None = None) -> bool:
        """Whether an error was found in this source, or in this column of it."""
        return any(p.source == source and column in {None, p.column} for p in self.errors)

    def raise_errors(self) -> None:
        """Raise what was found, if anything stops the run.

        Raises
        ------
        DataError
            With the text of every error.
        """
        if self.errors:
            raise DataError([str(p) for p in self.errors])


def legible(value: str) -> str:
    """A value of a row on one line, without control characters, cut short."""
    shown = "".join(c if c.isprintable() else " " for c in value[:EXCERPT])
    return shown if len(value) <= EXCERPT else shown[:-1] + "…"


def excerpt(value: str) -> str:
    """Quote a value of a row."""
    return f"'{legible(value)}'"


def listed(items: list[str], limit: int = 5) -> str:
    """Join items in words: a, b and c; with `limit`, the first of them and how many more there are."""
    if len(items) > limit:
        return f"{', '.join(items[:limit])} and {len(items) - limit} more"
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 row, 2 rows, 1,204 rows."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
