"""Ordered-logit difference-in-differences: the effect on the latent scale, carried to the share of answers."""

from dataclasses import dataclass, replace
from typing import Literal

from models.case import Case
from models.changes import Weighting
from models.design import Design
from models.did.checks import one_team
from models.estimate import Check, ModelOutput, NotEstimable
from models.inference.refusal import NoInference
from models.ordinal.analysis import MODEL, Analysis, Given, analyse, main_estimates, permuted
from models.ordinal.checks import categories, proportional_odds, superior, thresholds
from models.panel import merge_treated, select_areas


@dataclass(frozen=True, slots=True)
class OrdinalOptions:
    """Options of `ordinal`.

    Attributes
    ----------
    weights
        How much each area counts in its group's mean change: `equal`, or `exposure` for its answers in the baseline.
        Equal weights answer for the average area, exposure for the average answer; decide before looking.
    """

    weights: Literal["equal", "exposure"] = "equal"


def fit(case: Case, design: Design, options: OrdinalOptions) -> ModelOutput:
    """Estimate the effect on ordered answers as one shift of all levels.

    Returns
    -------
    ModelOutput
        First the difference in the share at or above the outcome's level that the shift makes, then the odds ratio, and
        the difference by permutation of areas; where one team serves several treated areas, also with those as one
        unit. See `docs/methods/ordinal.md`.
    """
    analysis = analyse(case.panel, design.level, Weighting(options.weights))
    if isinstance(analysis, NoInference):
        return ModelOutput(not_estimable=(NotEstimable(MODEL, analysis.reason),))
    main, beside = main_estimates(analysis), permuted(analysis, design)
    found = (
        categories(analysis),
        superior(analysis),
        proportional_odds(analysis),
        thresholds(analysis),
    )
    checks = tuple(check for check in found if check is not None)
    given = Given(main.estimates + beside.estimates, main.refused + beside.refused)
    if design.shared_delivery and analysis.effect.treated > 1:
        merged, team = _as_one_unit(analysis, given)
        given = Given(given.estimates + merged.estimates, given.refused + merged.refused)
        checks = (*checks, team)
    return ModelOutput(estimates=given.estimates, checks=checks, not_estimable=given.refused)


def _as_one_unit(analysis: Analysis, main: Given) -> tuple[Given, Check]:
    """Estimate again with the treated areas merged, and compare."""
    panel = merge_treated(select_areas(analysis.panel, analysis.latent.changes.usable))
    merged = analyse(panel, analysis.level, analysis.weighting, merged=True)
    if isinstance(merged, NoInference):
        why = NotEstimable(MODEL, f"No estimate with treated areas as one unit. {merged.reason}")
        return Given(refused=(why,)), _named(one_team(main.estimates[0], None))
    found = main_estimates(merged)
    return found, _named(one_team(main.estimates[0], found.estimates[0]))


def _named(check: Check) -> Check:
    return replace(check, id="ordinal_one_team")
