"""Other effects than that on all cases: on those it was meant for, on those who took it up, at a fixed mix of cases.

None of them is a headline. Each stands on the same areas and the same inference as the headline, one change per area.
"""

from dataclasses import replace

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.case import Case
from models.changes import Weighting, change, weights_of, why_not
from models.complier import complier_effect, listable
from models.composition import at_fixed_mix, together_words
from models.design import Design
from models.did.inference import headline, permuted
from models.did.units import MODEL, Units, gathered, grouped, joined, point
from models.estimate import Estimate, ModelOutput, NotEstimable
from models.inference.refusal import NoInference
from models.panel import Panel, select_areas
from models.wording import listed

ELIGIBLE = "eligible-case ITT"
STANDARDISED = "area ITT, standardised case mix"
AMONG_ELIGIBLE = (
    "Among eligible cases only, whether or not they took it up. Holds if eligibility was judged alike in every area "
    "and in both windows."
)
ONE_TEAM = "One team serves all treated areas, so they are not separate tests of it."
SELF_SELECTION = (
    "Cases that took it up are not compared with those that declined as if that were an effect. People who accept "
    "differ from those who do not, and those without a history come back less anyhow, so the difference would be there "
    "had nothing been done. The effect on those who took it up is estimated from areas instead, where it can be."
)


def companions(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> ModelOutput:
    """Estimate what else the study's records allow, beside the effect on all cases.

    Parameters
    ----------
    case
        One outcome and everything cut from its rows.
    design
        Level of intervals, and the seed of permutations too many to list.
    weighting
        Whether areas count equally.

    Returns
    -------
    ModelOutput
        No headline. The eligible-case ITT and the CACE where eligibility and uptake are recorded, the area ITT at a
        fixed case mix where kinds of case are declared; a refusal for whatever is declared but cannot be had.
    """
    if case.panel.n_comparison == 0:
        return ModelOutput()
    found = [
        _eligible_itt(case, design, weighting),
        complier_effect(case, design, weighting),
        _at_fixed_mix(case, design, weighting),
    ]
    not_estimable = [reason for output in found for reason in output.not_estimable]
    if case.uptake is not None:
        not_estimable.append(NotEstimable(MODEL, SELF_SELECTION))
    estimates = tuple(_served(estimate, design) for output in found for estimate in output.estimates)
    return ModelOutput(estimates=estimates, not_estimable=tuple(not_estimable))


def _served(estimate: Estimate, design: Design) -> Estimate:
    """Say so if one team serves all treated areas; the headline is also given with them as one unit."""
    if not design.shared_delivery or estimate.clusters.treated < 2:
        return estimate
    return replace(estimate, note=f"{estimate.note} {ONE_TEAM}")


def _eligible_itt(case: Case, design: Design, weighting: Weighting) -> ModelOutput:
    """Effect on eligible cases, whether or not they took it up."""
    if case.eligible is None or (case.eligible is case.panel and not case.eligible_unknown):
        return ModelOutput()
    if case.eligible_unknown:
        return _refused(
            f"No {ELIGIBLE}. Whether a case was eligible is not recorded in {listed(case.eligible_unknown)}. Unless it "
            "is recorded alike everywhere, only the effect on all cases (area ITT) is identified."
        )
    panel = case.eligible
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    obstacle = why_not(panel, changes)
    if obstacle:
        return _refused(f"No {ELIGIBLE}. {obstacle}")
    units = _units(panel, changes.w, changes.usable, changes.resolution, weighting, ELIGIBLE)
    return _tested(units, design, AMONG_ELIGIBLE)


def _at_fixed_mix(case: Case, design: Design, weighting: Weighting) -> ModelOutput:
    """Effect on all cases at the treated areas' baseline mix of them."""
    if not case.strata:
        return ModelOutput()
    found = at_fixed_mix(case)
    if isinstance(found, NoInference):
        return _refused(f"No {STANDARDISED}. {found.reason}")
    says = (
        "Every area and window is given the mix of kinds of case that treated areas had in the baseline "
        f"({len(found.kinds.names)} kinds), so that a change in the mix alone is no effect."
        f"{together_words(found.kinds)}"
    )
    units = _units(case.panel, found.w, found.usable, found.resolution, weighting, STANDARDISED)
    return _tested(units, design, says)


def _units(
    panel: Panel, w: FloatArray, usable: BoolArray, resolution: float, weighting: Weighting, estimand: str
) -> Units:
    weights = weights_of(panel, panel.periods.baseline, weighting)
    return Units(
        panel=select_areas(panel, usable),
        w=w[usable],
        resolution=resolution,
        weights=None if weights is None else weights[usable],
        left_out=tuple(panel.areas[a] for a in np.flatnonzero(~usable)),
        estimand=estimand,
    )


def _tested(units: Units, design: Design, says: str) -> ModelOutput:
    """Test changes by the inference of the headline and, where every assignment can be listed, by permutation."""
    main = headline(units, design)
    if isinstance(main, NoInference):
        alone = replace(point(units, design).as_companion(), note=joined(says, point(units, design).note))
        reason = f"No interval and no p-value for the {units.estimand}. {main.reason}"
        return ModelOutput((alone,), not_estimable=(NotEstimable(MODEL, reason),))
    found = gathered([main, permuted(units, design)] if listable(units) else [main])
    estimates = tuple(replace(e.as_companion(), note=joined(says, e.note)) for e in found.estimates)
    reasons = tuple(NotEstimable(MODEL, f"{units.estimand}: {r.reason}") for r in grouped(found.refusals))
    return ModelOutput(estimates, not_estimable=reasons)


def _refused(reason: str) -> ModelOutput:
    return ModelOutput(not_estimable=(NotEstimable(MODEL, reason),))
