"""Difference-in-differences for repeats: the share recurring, how soon, and how often, by one change per area."""

from dataclasses import dataclass
from typing import Literal

from models.case import Case
from models.changes import Weighting
from models.design import Design
from models.estimate import ModelOutput, NotEstimable
from models.recurrence import checks, records
from models.recurrence.estimates import MODEL, Analysis, estimates
from models.recurrence.measures import history_of

NO_COMPARISON = "There is no comparison area, so a change cannot be told from what would have happened anyway."


@dataclass(frozen=True, slots=True)
class RecurrenceOptions:
    """Options of `recurrence`.

    Attributes
    ----------
    weights
        How much each area counts in its group's mean change: `equal`, or `exposure` for its number of cases in the
        baseline. Choose as for `did`, so that both give the same share recurring.
    """

    weights: Literal["equal", "exposure"] = "equal"

    def __post_init__(self) -> None:
        if self.weights not in {"equal", "exposure"}:
            raise ValueError(f"weights == {self.weights!r}, must be equal or exposure")


def fit(case: Case, design: Design, options: RecurrenceOptions) -> ModelOutput:
    """Estimate what a pilot changed about repeats.

    Parameters
    ----------
    case
        A time-to-event outcome. Without `case.repeats` only first repeats are looked at.
    design
        Level of intervals, seed of random assignments, and whether one team serves all treated areas.
    options
        How areas count.

    Returns
    -------
    ModelOutput
        Ratios of repeats per day and the share recurring, which is the candidate for the headline; days without a
        repeat, repeats per 100 cases and whatever bears on them as checks.
    """
    if case.panel.n_comparison == 0:
        return ModelOutput(not_estimable=(NotEstimable(MODEL, NO_COMPARISON),))
    weighting = Weighting(options.weights)
    analysis = Analysis(history_of(case), design, weighting)
    one_team = design.shared_delivery and case.panel.n_treated > 1
    merged = Analysis(history_of(case, merged=True), design, weighting) if one_team else None
    found, refused = estimates(analysis)
    looked_at = (
        checks.measures(analysis, merged),
        checks.days(analysis, merged),
        checks.repeats(analysis, merged),
        checks.hazards(analysis),
        records.follow_up(analysis),
        records.competing(analysis),
        records.curves(analysis),
    )
    return ModelOutput(
        estimates=found,
        checks=tuple(check for check in looked_at if check is not None),
        not_estimable=refused,
    )
