"""Checks of every row: one query counts what is wrong, and a second finds the first rows only where something is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from impact.intake.findings import Findings, counted, excerpt, listed
from impact.intake.sources import Staged

SHOWN = 3


@dataclass(frozen=True, slots=True)
class RowCheck:
    """Something that must hold in every row of a source.

    Attributes
    ----------
    bad
        Condition under which a row is wrong.
    value
        Text of the value to quote; None where none may be quoted.
    message, action
        Texts of the error; `{value}` in the message is the first wrong value, and the action may depend on it.
    """

    code: str
    column: str
    bad: Any
    value: Any | None
    message: str
    action: str | Callable[[str], str]


def flags(checks: Sequence[RowCheck]) -> dict[str, Any]:
    """Return a column per check that says whether a row fails it."""
    return {f"fails_{i}": check.bad.fill_null(False) for i, check in enumerate(checks)}


def failures(flagged: Any, checks: Sequence[RowCheck]) -> list[int]:
    """Count the rows of a table with `flags` that fail each check."""
    if not checks:
        return []
    counts = flagged.aggregate(**{f"fails_{i}": flagged[f"fails_{i}"].sum() for i in range(len(checks))})
    totals = counts.to_pyarrow().to_pylist()[0]
    return [int(totals[f"fails_{i}"]) for i in range(len(checks))]


def run_checks(rows: Any, checks: Sequence[RowCheck], staged: Staged, findings: Findings) -> bool:
    """Record an error for each check that fails; return whether any does."""
    totals = failures(rows.select(**flags(checks)), checks) if checks else []
    record(rows, checks, totals, staged, findings)
    return any(totals)


def record(rows: Any, checks: Sequence[RowCheck], totals: Sequence[int], staged: Staged, findings: Findings) -> None:
    """Record an error for each check that some row fails, with the first rows and how many there are."""
    for check, total in zip(checks, totals, strict=True):
        if total:
            _record(rows, check, total, staged, findings)


def _record(rows: Any, check: RowCheck, total: int, staged: Staged, findings: Findings) -> None:
    shown = {} if check.value is None else {"value": check.value}
    wrong = rows.mutate(bad=check.bad, **shown).filter(lambda t: t.bad).order_by("at").limit(SHOWN)
    found = wrong.select("at", *shown).to_pyarrow().to_pylist()
    value = str(found[0].get("value") or "")
    file, row = staged.place(found[0]["at"])
    action = check.action if isinstance(check.action, str) else check.action(value)
    findings.error(
        check.code,
        check.message.format(value=excerpt(value)) + _others(found, total, staged),
        action,
        source=staged.asked.name,
        file=file,
        row=row,
        column=check.column,
        rows=total,
    )


def _others(found: list[dict[str, Any]], total: int, staged: Staged) -> str:
    if total == 1:
        return ""
    first, *rest = [staged.place(each["at"]) for each in found]
    named = [f"{row}" if file == first[0] else f"{row} of {file}" for file, row in rest if row is not None]
    also = f"Also row{'s' if len(named) > 1 else ''} {listed(named)}; " if named else ""
    return f" {also}{counted(total, 'row')} in all."


def both_rows(staged: Staged, first: int, second: int) -> str:
    """Name two rows in words; empty for a database, whose rows have no numbers."""
    (file, row), (other_file, other) = staged.place(first), staged.place(second)
    if row is None or other is None:
        return ""
    return f"rows {row} and {other}" if file == other_file else f"row {row} of {file} and row {other} of {other_file}"
