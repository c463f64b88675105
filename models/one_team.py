"""Whether the answer holds where the treated areas that one team serves count as one unit.

`did`, `ordinal` and `staggered` give their own estimate and check; here stands what the other models need.
"""

from dataclasses import replace

from models.case import Case
from models.changes import Weighting
from models.design import Design
from models.did.checks import one_team
from models.estimate import Check, Estimate, ModelOutput, NotEstimable, Status
from models.recurrence.estimates import Analysis, estimates
from models.recurrence.measures import history_of
from models.recurrence.model import RecurrenceOptions

AS_ONE = "treated areas as one unit"
UNJUDGED = "Whether the answer changes with treated areas as one unit cannot be judged."
WEIGHED_APART = (
    "A synthetic comparison weighs comparison areas for each treated area by itself; it is not run with those as one."
)


def check_id(model: str) -> str:
    """Name the check that holds a model's headline against the same with one team's areas as one unit."""
    return "one_team" if model == "did" else f"{model}_one_team"


def concerns(design: Design, headline: Estimate | None) -> bool:
    """Whether a headline takes several areas of one team for separate evidence.

    An interval that counts periods belongs to a series in which the areas are added up already.
    """
    if headline is None or headline.clusters.periods:
        return False
    return design.shared_delivery and headline.clusters.treated > 1


def examine(_case: Case, design: Design, _options: object, found: ModelOutput) -> ModelOutput:
    """Hold a model's headline against its own estimate on merged areas, if it gives one.

    Parameters
    ----------
    _case, _options
        Not read: the signature is that of every model's `examine`.
    design
        Whether one team serves all treated areas.
    found
        What the model gave; returned as it is where one team makes no difference to it.
    """
    main = next((e for e in found.estimates if e.headline), None)
    if main is None or not concerns(design, main):
        return found
    merged = next((e for e in found.estimates if e.method.endswith(AS_ONE) and e.estimand == main.estimand), None)
    check = replace(one_team(main, merged), id=check_id(main.model))
    return replace(found, checks=(*found.checks, check))


def examine_weighed(_case: Case, design: Design, _options: object, found: ModelOutput) -> ModelOutput:
    """Say of a synthetic comparison that it is not run with one team's areas as one."""
    main = next((e for e in found.estimates if e.headline), None)
    if main is None or not concerns(design, main):
        return found
    check = Check(check_id(main.model), Status.NOT_RUN, UNJUDGED, WEIGHED_APART)
    return replace(found, checks=(*found.checks, check))


def examine_repeats(case: Case, design: Design, options: RecurrenceOptions, found: ModelOutput) -> ModelOutput:
    """Estimate the share recurring again with one team's areas as one unit, and compare.

    Parameters
    ----------
    case, design, options
        As the model was fitted with.
    found
        What it gave; returned as it is where one team makes no difference to it.
    """
    main = next((e for e in found.estimates if e.headline), None)
    if not concerns(design, main):
        return found
    given, refused = _repeats_as_one(case, design, options)
    with_merged = replace(found, estimates=(*found.estimates, *given), not_estimable=(*found.not_estimable, *refused))
    return examine(case, design, options, with_merged)


def _repeats_as_one(
    case: Case, design: Design, options: RecurrenceOptions
) -> tuple[list[Estimate], list[NotEstimable]]:
    analysis = Analysis(history_of(case, merged=True), design, Weighting(options.weights))
    main = next((e for e in estimates(analysis)[0] if e.headline), None)
    if main is None or main.interval is None:
        reason = f"No estimate of the share recurring with {AS_ONE}."
        return [], [NotEstimable("recurrence", reason)]
    note = f"The treated areas are merged, because one team serves them. {main.note}"
    return [replace(main, method=f"{main.method}, {AS_ONE}", headline=False, note=note)], []
