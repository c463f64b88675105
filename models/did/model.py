"""Difference-in-differences on one change per area, with inference that holds for a handful of areas."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from models.changes import Changes, Weighting, change, weights_of, why_not
from models.design import Design
from models.did import checks as did_checks
from models.did.companions import companions
from models.did.inference import ADJOINING, collapsed, headline, permuted, sampled
from models.did.units import MODEL, Found, Units, gathered, grouped, point
from models.estimate import Estimate, ModelOutput, NotEstimable
from models.inference.refusal import NoInference
from models.panel import Panel, merge_treated, select_areas

__all__ = ["DidOptions", "change", "estimates", "fit"]

ESTIMAND = "area ITT"
NO_COMPARISON = "There is no comparison area, so a change cannot be told from what would have happened anyway."


@dataclass(frozen=True, slots=True)
class DidOptions:
    """Options of `did`.

    Attributes
    ----------
    weights
        How much each area counts in its group's mean change: `equal`, or `exposure` for its size in the baseline
        (exposure for counts, cases otherwise). Equal weights answer for the average area, exposure for the average
        person or case; decide before looking.
    """

    weights: Literal["equal", "exposure"] = "equal"


def fit(panel: Panel, design: Design, options: DidOptions) -> ModelOutput:
    """Estimate the effect as treated areas' mean change less comparison areas' mean change.

    Returns
    -------
    ModelOutput
        The headline by the rule of `models.inference.headline`, and its companions; where one team serves several
        treated areas, the collapsed t and the permutation test again with those areas as one unit. See
        `docs/methods/REGISTRY.md`.
    """
    if panel.n_comparison == 0:
        return ModelOutput(not_estimable=(NotEstimable(MODEL, NO_COMPARISON),))
    weighting = Weighting(options.weights)
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    complete = did_checks.areas_complete(panel, changes)
    main, refused = estimates(panel, design, weighting)
    if not main:
        return ModelOutput(checks=(complete,), not_estimable=refused)
    kept = select_areas(panel, changes.usable)
    checks = [
        did_checks.areas(kept.n_treated, kept.n_comparison),
        complete,
        did_checks.seasons(kept),
        did_checks.earlier_gap(kept, design.level, weighting),
        *(did_checks.adjoining(main[0], each) for each in main if each.method.endswith(ADJOINING)),
    ]
    if not (design.shared_delivery and kept.n_treated > 1):
        return ModelOutput(estimates=main, checks=tuple(checks), not_estimable=refused)
    merged, merged_refused = _as_one_unit(kept, design, weighting, _left_out(panel, changes))
    checks.append(did_checks.one_team(main[0], merged[0] if merged else None))
    return ModelOutput(main + merged, checks=tuple(checks), not_estimable=refused + merged_refused)


type _Results = tuple[tuple[Estimate, ...], tuple[NotEstimable, ...]]


def estimates(
    panel: Panel, design: Design, weighting: Weighting = Weighting.EQUAL, estimand: str = ESTIMAND
) -> _Results:
    """Estimate the effect on a panel, without checks: the headline, then its companions.

    With one area on each side the headline has no inference, and its companion takes cases for separate evidence.

    Parameters
    ----------
    panel
        The outcome of the cases that the estimand is about.
    design
        Level of intervals, and seed of anything drawn.
    weighting
        Whether areas count equally or by their size in the baseline.
    estimand
        What is estimated, in words.

    Returns
    -------
    tuple
        Estimates, the headline first, or none if there is no number; and the reasons for what is missing.
    """
    if panel.n_comparison == 0:
        return (), (NotEstimable(MODEL, NO_COMPARISON),)
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    obstacle = why_not(panel, changes)
    if obstacle:
        return (), (NotEstimable(MODEL, obstacle),)
    units = _units(panel, changes, weighting, estimand)
    main = headline(units, design)
    if isinstance(main, NoInference):
        alone = sampled(units, design) if len(units.w) == 2 else Found()
        refusal = NotEstimable(MODEL, f"No interval and no p-value. {main.reason}")
        return (point(units, design), *alone.estimates), (refusal, *grouped(alone.refusals))
    found = gathered([main, companions(units, design)])
    return found.estimates, grouped(found.refusals)


def _units(panel: Panel, changes: Changes, weighting: Weighting, estimand: str, *, merged: bool = False) -> Units:
    """Keep the areas that have a change, with their weights."""
    weights = weights_of(panel, panel.periods.baseline, weighting)
    return Units(
        panel=select_areas(panel, changes.usable),
        w=changes.w[changes.usable],
        resolution=changes.resolution,
        weights=None if weights is None else weights[changes.usable],
        left_out=_left_out(panel, changes),
        estimand=estimand,
        merged=merged,
    )


def _left_out(panel: Panel, changes: Changes) -> tuple[str, ...]:
    return tuple(panel.areas[a] for a in np.flatnonzero(~changes.usable))


def _as_one_unit(kept: Panel, design: Design, weighting: Weighting, left_out: tuple[str, ...]) -> _Results:
    """Test areas that all have data with the treated ones merged, as one team serves them."""
    panel = merge_treated(kept)
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    obstacle = why_not(panel, changes)
    if obstacle:
        return (), (NotEstimable(MODEL, f"No estimate with treated areas as one unit. {obstacle}"),)
    merged = replace(_units(panel, changes, weighting, ESTIMAND, merged=True), left_out=left_out)
    main = collapsed(merged, design)
    if isinstance(main, NoInference):
        return (), (NotEstimable(MODEL, f"No test with treated areas as one unit. {main.reason}"),)
    found = gathered([main, permuted(merged, design)])
    return found.estimates, grouped(found.refusals)
