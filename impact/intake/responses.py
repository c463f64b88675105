"""Response rates: who answered, and whether that changed differently in the treated areas."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from impact.intake.cells import Counted
from impact.intake.findings import Findings
from models.arrays import BoolArray
from models.numbers import fixed
from models.periods import Periods

LARGEST_SHIFT = 0.10
LOWEST = 0.20
TOO_FEW = "too few to show"


class _Place(TypedDict):
    source: str
    column: str | None


@dataclass(frozen=True, slots=True)
class Answers:
    """Which answers are looked at.

    Attributes
    ----------
    outcome, source, column
        Key of the outcome, its source, and the column with its value, if it has one.
    minimum
        Rows below which no rate is given.
    """

    outcome: str
    source: str
    column: str | None
    minimum: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Share of the rows of one group and window with a value; None if there is no row."""

    name: str
    rows: int
    share: float | None


def check_responses(asked: Answers, counted: Counted, treated: BoolArray, periods: Periods, findings: Findings) -> None:
    """Mention the response rate of an outcome with blanks; warn if it is low or moved with the treatment.

    The rate is the share of rows with a value. The shift is the difference-in-differences of the rates of treated and
    comparison areas between the baseline and the follow-up. Both are in words where a group has very few rows.
    """
    if not counted.blank.any():
        return
    where = _Place(source=asked.source, column=asked.column)
    answered = float((counted.rows - counted.blank).sum())
    overall = answered / float(counted.rows.sum())
    rates = _rates(counted, treated, periods)
    findings.note(
        "response_rate",
        f"{share_in_words(overall)} of the rows have an answer for '{asked.outcome}'{_by_group(rates, asked.minimum)}.",
        "Read the result as that of the people who answered.",
        rows=int(counted.blank.sum()),
        **where,
    )
    if overall < LOWEST:
        findings.warn(
            "response_rate",
            f"only {share_in_words(overall)} of the rows have an answer for '{asked.outcome}'.",
            "So few answers may not speak for the others; compare those who answered with those who did not.",
            **where,
        )
    moved = _moved(rates, asked.minimum)
    if moved is not None:
        findings.warn(
            "response_rate",
            f"the share with an answer for '{asked.outcome}' {moved} in the comparison areas.",
            "A change in who answers can look like an effect; do not read this outcome without asking why.",
            **where,
        )


def share_in_words(share: float) -> str:
    """Write a share as a per cent; all and none are never said of nearly all and of very few."""
    for decimals in (0, 1):
        text = fixed(100 * share, decimals)
        if share in {0, 1} or 0 < float(text) < 100:
            return f"{text}%"
    return "nearly all" if share > 0.5 else "less than 0.1%"


def _rates(counted: Counted, treated: BoolArray, periods: Periods) -> list[Rate]:
    groups = (("treated", treated), ("comparison", ~treated))
    windows = (("baseline", periods.baseline), ("follow-up", periods.follow_up))
    return [_rate(f"{g}, {w}", counted, np.outer(m, t)) for g, m in groups for w, t in windows]


def _rate(name: str, counted: Counted, mask: BoolArray) -> Rate:
    rows = int(counted.rows[mask].sum())
    return Rate(name, rows, None if rows == 0 else 1 - float(counted.blank[mask].sum()) / rows)


def _by_group(rates: list[Rate], minimum: int) -> str:
    known = [
        f"{rate.name} {TOO_FEW if rate.rows < minimum else share_in_words(rate.share)}"
        for rate in rates
        if rate.share is not None
    ]
    return f" ({'; '.join(known)})" if known else ""


def _moved(rates: list[Rate], minimum: int) -> str | None:
    """How the rates moved apart, up to the words for the comparison areas; None if they hardly did."""
    before, after, other_before, other_after = (rate.share for rate in rates)
    if before is None or after is None or other_before is None or other_after is None:
        return None
    change, other = after - before, other_after - other_before
    shift = round(change - other, 9)  # ten points are not more than ten points
    if abs(shift) <= LARGEST_SHIFT:
        return None
    if any(rate.rows < minimum for rate in rates):
        return "changed differently in the treated areas than"
    direction = round(change, 9) or other
    more = "more" if (direction > 0) == (shift > 0) else "less"
    points = fixed(100 * abs(shift), 0)
    return f"{'rose' if direction > 0 else 'fell'} by {points} points {more} in the treated areas than"
