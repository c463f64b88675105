"""What is asked around a difference-in-differences: other estimands, and every way in which it could mislead."""

from models import estimands, pretrend, threats
from models.case import Case
from models.changes import Weighting
from models.design import Design
from models.did import DidOptions
from models.estimate import ModelOutput
from models.sensitivity.run import run


def examine(case: Case, design: Design, options: DidOptions, found: ModelOutput) -> ModelOutput:
    """Add to a difference-in-differences what else the study's records allow, and the checks of its assumptions.

    Parameters
    ----------
    case
        The outcome and everything cut from its rows.
    design, options
        As the difference-in-differences was fitted with.
    found
        What it gave; returned as it is where it has no estimate.
    """
    if not found.estimates:
        return found
    weighting = Weighting(options.weights)
    beside = estimands.companions(case, design, weighting)
    checks = (
        *run(case, design, weighting),
        *pretrend.checks(case, design, weighting),
        *threats.checks(case, design, weighting),
    )
    return ModelOutput(
        estimates=(*found.estimates, *beside.estimates),
        paths=found.paths,
        checks=(*found.checks, *checks),
        not_estimable=(*found.not_estimable, *beside.not_estimable),
    )
