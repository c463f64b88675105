"""Many outcomes: the secondary ones adjusted for how many they are, and all of them as one index."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from impact.result import AdjustedInfo, FamilyInfo, IndexInfo
from impact.study.outcomes import Outcome, OutcomeRole
from impact.study.schema import Study
from models.arrays import BoolArray, FloatArray
from models.changes import Weighting, change, weights_of, why_not
from models.design import Design
from models.did import DidOptions
from models.effect import effect_of
from models.inference.permutation import attainable_p
from models.inference.refusal import NoInference
from models.multiple import StepDown, Weights, index_changes, index_weights, step_down
from models.panel import Panel, select_areas
from models.summary import period_matrix
from models.wording import listed

STAGGERED = "Outcomes are not judged together where areas start at different dates."
IN_THE_INDEX = frozenset({OutcomeRole.PRIMARY, OutcomeRole.SECONDARY})


@dataclass(frozen=True, slots=True)
class Joint:
    """Outcomes that can be judged together, and the areas that have a change in all of them.

    Attributes
    ----------
    panels
        The panels of the outcomes, of these areas only.
    w
        Change of each area in each outcome, shape (G, K).
    resolution
        Size of a difference between changes that is only rounding error, of each outcome.
    treated
        Mask of the treated areas, shape (G,).
    """

    panels: Mapping[str, Panel]
    w: FloatArray
    resolution: tuple[float, ...]
    treated: BoolArray


def family(study: Study, panels: Mapping[str, Panel], design: Design) -> FamilyInfo | None:
    """Judge the outcomes together; None if there is one only, or no comparison area.

    The primary outcome keeps its own test. Guardrails and placebos are not adjusted: to miss harm, or a false
    comparison, costs more than a false alarm.
    """
    chosen = {key: o for key, o in study.outcomes.items() if o.role in IN_THE_INDEX}
    if len(chosen) < 2 or all(panels[key].n_comparison == 0 for key in chosen):
        return None
    primary = study.deciding_outcome
    if design.is_staggered:
        return FamilyInfo(primary, (), None, exact=False, floor=None, index=None, refused=(STAGGERED,))
    joint, refused = _joint(chosen, panels)
    others = [key for key in chosen if key in joint.panels and key != primary]
    weighting = weighting_of(study.model_options)
    tests = _tests(joint, others, design, weighting)
    index = _index(joint, chosen, design, weighting)
    reasons = [
        *refused,
        *([tests.reason] if isinstance(tests, NoInference) else []),
        *([f"No index of all outcomes. {index.reason}"] if isinstance(index, NoInference) else []),
    ]
    return FamilyInfo(
        primary=primary,
        others=_adjusted(others, tests) if isinstance(tests, StepDown) else (),
        assignments=tests.assignments if isinstance(tests, StepDown) else None,
        exact=isinstance(tests, StepDown) and tests.exact,
        floor=tests.attainable_p if isinstance(tests, StepDown) else None,
        index=index if isinstance(index, IndexInfo) else None,
        refused=tuple(reasons),
    )


def weighting_of(options: Mapping[str, Any]) -> Weighting:
    """How the difference-in-differences counts areas, by the options of the models."""
    did = options.get("did")
    return Weighting(did.weights) if isinstance(did, DidOptions) else Weighting.EQUAL


def _tests(joint: Joint, others: list[str], design: Design, weighting: Weighting) -> StepDown | NoInference | None:
    if not others:
        return None
    places = [list(joint.panels).index(key) for key in others]
    sizes = [weights_of(joint.panels[key], joint.panels[key].periods.baseline, weighting) for key in others]
    known = [size for size in sizes if size is not None]
    weights = np.stack(known, axis=1) if known else None
    resolution = [joint.resolution[place] for place in places]
    return step_down(joint.w[:, places], joint.treated, design.seed, resolution, weights)


def _adjusted(others: list[str], tests: StepDown) -> tuple[AdjustedInfo, ...]:
    found = zip(others, tests.p_value.tolist(), tests.adjusted.tolist(), strict=True)
    return tuple(AdjustedInfo(key, p, raised) for key, p, raised in found)


def _joint(chosen: Mapping[str, Outcome], panels: Mapping[str, Panel]) -> tuple[Joint, list[str]]:
    """Outcomes with an estimate, over the areas that all of them have; and why others are left out."""
    changes = {key: change(panels[key], panels[key].periods.baseline, panels[key].periods.follow_up) for key in chosen}
    without = {key: why_not(panels[key], found) for key, found in changes.items()}
    refused = [f"{chosen[key].title or key} is left out: {reason}" for key, reason in without.items() if reason]
    kept = [key for key, reason in without.items() if not reason]
    first = next(iter(panels.values()))
    usable = np.logical_and.reduce([changes[key].usable for key in kept]) if kept else np.zeros_like(first.treated)
    missing = [area for area, used in zip(first.areas, usable, strict=True) if not used]
    if kept and missing:
        refused.append(f"Areas without data in one of the outcomes are left out here: {listed(missing)}.")
    if not kept or not (usable & first.treated).any() or not (usable & ~first.treated).any():
        return Joint({}, np.empty((0, 0)), (), np.empty(0, dtype=np.bool_)), refused
    w = np.stack([changes[key].w[usable] for key in kept], axis=1)
    chosen_areas = {key: select_areas(panels[key], usable) for key in kept}
    return Joint(chosen_areas, w, tuple(changes[key].resolution for key in kept), first.treated[usable]), refused


def _index(
    joint: Joint, chosen: Mapping[str, Outcome], design: Design, weighting: Weighting
) -> IndexInfo | NoInference:
    if len(joint.panels) < 2:
        return NoInference("It needs two outcomes with an estimate.")
    better = [chosen[key].better.sign for key in joint.panels]
    baseline = [period_matrix(panel.cells)[0][:, panel.periods.baseline] for panel in joint.panels.values()]
    weights = index_weights(baseline, better)
    if isinstance(weights, NoInference):
        return weights
    found = effect_of(index_changes(joint.w, better, weights), joint.treated, design.level)
    return IndexInfo(
        estimate=found.estimate,
        interval=found.interval,
        level=design.level,
        p_value=found.p_value,
        attainable_p=attainable_p(found.treated, found.comparison),
        weights=dict(zip(joint.panels, weights.weight.tolist(), strict=True)),
        note=_note(weights, weighting),
    )


def _note(weights: Weights, weighting: Weighting) -> str:
    unit = "In standard deviations of a period's value within an area over the baseline; positive is better."
    if weighting is not Weighting.EQUAL:
        unit += " Areas count equally here, because their size differs from one outcome to the next."
    if weights.equal:
        return f"{unit} Outcomes weigh alike: {weights.equal}."
    return f"{unit} Outcomes that move together in the baseline share their weight."
