"""Response rates: who answered, and whether that changed differently in the treated areas."""

import numpy as np

from impact.intake.cells import Counted
from impact.intake.findings import Findings
from models.arrays import BoolArray
from models.periods import Periods

LARGEST_SHIFT = 0.10
LOWEST = 0.20


def check_responses(
    outcome: str, source: str, counted: Counted, treated: BoolArray, periods: Periods, findings: Findings
) -> None:
    """Mention the response rate of an outcome with blanks; warn if it is low or moved with the treatment.

    The rate is the share of rows with a value. The shift is the difference-in-differences of the rates of treated and
    comparison areas between the baseline and the follow-up.
    """
    if not counted.blank.any():
        return
    answered = counted.rows - counted.blank
    overall = float(answered.sum() / counted.rows.sum())
    findings.note(
        "response_rate",
        f"{overall:.0%} of the rows have an answer for '{outcome}'{_by_group(counted, treated, periods)}.",
        "Read the result as that of the people who answered.",
        source=source,
        rows=int(counted.blank.sum()),
    )
    if overall < LOWEST:
        findings.warn(
            "response_rate",
            f"only {overall:.0%} of the rows have an answer for '{outcome}'.",
            "So few answers may not speak for the others; compare those who answered with those who did not.",
            source=source,
        )
    shift = _shift(counted, treated, periods)
    if shift is not None and abs(shift) > LARGEST_SHIFT:
        findings.warn(
            "response_rate",
            f"the share with an answer for '{outcome}' changed by {shift * 100:+.0f} points more in the treated areas "
            "than in the comparison areas.",
            "A change in who answers can look like an effect; do not read this outcome without asking why.",
            source=source,
        )


def _rate(counted: Counted, mask: BoolArray) -> float | None:
    rows = float(counted.rows[mask].sum())
    return None if rows == 0 else 1 - float(counted.blank[mask].sum()) / rows


def _rates(counted: Counted, treated: BoolArray, periods: Periods) -> list[tuple[str, float | None]]:
    groups = (("treated", treated), ("comparison", ~treated))
    windows = (("baseline", periods.baseline), ("follow-up", periods.follow_up))
    return [(f"{g}, {w}", _rate(counted, np.outer(m, t))) for g, m in groups for w, t in windows]


def _by_group(counted: Counted, treated: BoolArray, periods: Periods) -> str:
    known = [f"{name} {rate:.0%}" for name, rate in _rates(counted, treated, periods) if rate is not None]
    return f" ({'; '.join(known)})" if known else ""


def _shift(counted: Counted, treated: BoolArray, periods: Periods) -> float | None:
    before, after, other_before, other_after = (rate for _, rate in _rates(counted, treated, periods))
    if before is None or after is None or other_before is None or other_after is None:
        return None
    return round((after - before) - (other_after - other_before), 9)  # ten points are not more than ten points
