"""Other codings of a boundary: the same estimate with disputed places counted elsewhere, people and all."""

from models.case import Case, Coding
from models.changes import Weighting
from models.design import Design
from models.effect import Effect, effect, row_of
from models.estimate import Check
from models.inference.refusal import NoInference
from models.sensitivity.compare import Alternative, compared
from models.sensitivity.main import forest, main_analysis, main_row, not_run

NAME = "boundaries"
OPENING = "With disputed places counted in another area, or in none"
CANNOT = "Whether the answer changes with disputed places counted elsewhere cannot be said."
DETAIL = (
    "Events and the people they are counted against move together; to move one alone would make a rate of two places."
)


def boundaries(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> Check | None:
    """Repeat the estimate under every other coding of the declared boundaries; None if none moved a row.

    Parameters
    ----------
    case
        Its `codings` hold the study's own first.
    design, weighting
        As for the main analysis.

    Returns
    -------
    Check
        One row for each coding. A coding whose population cannot be moved with its events has a reason instead of a
        number.
    """
    others = [coding for coding in case.codings if coding.panel is not case.panel]
    if not others:
        return None
    main = main_analysis(case.panel, design.level, weighting)
    if isinstance(main, NoInference):
        return not_run(NAME, CANNOT, main.reason)
    found = [_effect(coding, design, weighting) for coding in others]
    rows = (row_of(coding.name, main.panel, one) for coding, one in zip(others, found, strict=True))
    evidence = forest(main, "The estimate under other boundaries", (main_row(main), *rows), by_area=True)
    told = [Alternative(f"as “{coding.name}”", one) for coding, one in zip(others, found, strict=True)]
    return compared(NAME, main, told, OPENING, DETAIL, evidence)


def _effect(coding: Coding, design: Design, weighting: Weighting) -> Effect | NoInference:
    if coding.panel is None:
        return NoInference(coding.reason)
    return effect(coding.panel, design.level, weighting=weighting)
