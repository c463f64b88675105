"""Case mix: whether it changed differently in treated areas, and the estimate had it not."""

from dataclasses import dataclass

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.case import Case
from models.case_mix import Kinds, at_mix, cases_by_kind, kinds_of, resolution_of
from models.changes import Weighting, change, weights_of, why_not
from models.design import Design
from models.effect import Effect, effect_of
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.inference.collapsed import ROUNDING, contrast
from models.inference.permutation import assignments, attainable_p, mean_differences
from models.inference.refusal import NoInference
from models.panel import Kind
from models.sensitivity.compare import Alternative, compared, rows_of
from models.sensitivity.main import forest, main_analysis, not_run
from models.wording import listed

NO_CHANGE = "Whether the mix of cases changed differently cannot be judged."
NOT_STANDARDISED = "What the estimate would be at an unchanged mix of cases cannot be said."
NO_MIX_OF_COUNTS = (
    "The outcome counts events, so how many of each kind there are is part of the outcome, not a condition it is "
    "compared under."
)


@dataclass(frozen=True, slots=True)
class AtFixedMix:
    """The outcome at the treated areas' baseline mix of cases.

    Attributes
    ----------
    w
        Change of each area, shape (A,), NaN for those without data.
    usable
        Mask of the areas with a change, shape (A,).
    resolution
        Size of a difference between changes that is only rounding error.
    kinds
        The kinds of case the mix is made of.
    """

    w: FloatArray
    usable: BoolArray
    resolution: float
    kinds: Kinds


def at_fixed_mix(case: Case) -> AtFixedMix | NoInference:
    """Standardise every area's windows to the treated areas' baseline mix of cases.

    Notes
    -----
    ``V_aw = sum_s p_s v_aws``, where v is the mean of kind s in area a and window w on the linear scale, and p_s the
    share of kind s among the cases of all treated areas in the baseline (direct standardisation). Cases are counted
    whether or not they answered.
    """
    if case.panel.kind is Kind.COUNT:
        return NoInference(NO_MIX_OF_COUNTS)
    periods = case.panel.periods
    changes = change(case.panel, periods.baseline, periods.follow_up)
    obstacle = why_not(case.panel, changes)
    if obstacle:
        return NoInference(obstacle)
    kinds = kinds_of(case.strata, periods, changes.usable, everywhere=True)
    if isinstance(kinds, NoInference):
        return kinds
    mix = kinds.cases[:, case.panel.treated & changes.usable, 0].sum(axis=1)
    values = at_mix(kinds, mix[:, None, None])
    return AtFixedMix(values[:, 1] - values[:, 0], changes.usable, resolution_of(kinds.values), kinds)


def together_words(kinds: Kinds) -> str:
    """Name the kinds that were put together, as a sentence with a space before it; empty if there are none."""
    return f" Put together, because one of them is rare somewhere: {listed(kinds.together)}." if kinds.together else ""


def standardised(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> Check | None:
    """Compare the estimate with that at the treated areas' baseline mix of cases; None if no kinds are declared."""
    if not case.strata:
        return None
    main = main_analysis(case.panel, design.level, weighting)
    if isinstance(main, NoInference):
        return not_run("standardised", NOT_STANDARDISED, main.reason)
    found = at_fixed_mix(case)
    if isinstance(found, NoInference):
        return not_run("standardised", NOT_STANDARDISED, found.reason)
    weights = None if main.weights is None else main.weights[found.usable]
    treated = case.panel.treated[found.usable]
    effect = effect_of(found.w[found.usable], treated, design.level, found.resolution, weights)
    held = [Alternative("mix of cases held still", effect)]
    evidence = forest(main, "The estimate with the mix of cases held still", rows_of(main, held))
    detail = (
        "Every area and window is given the treated areas' baseline mix of cases. If the two estimates differ, part of "
        f"the first is a change in who came, not in what happened to them.{together_words(found.kinds)}"
    )
    return compared("standardised", main, held, "With the mix of cases held still", detail, evidence)


# Did the mix change? ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LargestMovement:
    """The kind of case whose share moved most, among all choices of treated areas.

    Attributes
    ----------
    kind
        Its index.
    p_value
        Share of the assignments in which the share of some kind, whichever it is, moves at least as much.
    attainable_p
        Smallest p-value these assignments could give.
    """

    kind: int
    p_value: float
    attainable_p: float


def largest_movement(
    changes: FloatArray, treated: BoolArray, seed: int = 0, weights: FloatArray | None = None
) -> LargestMovement:
    """Test the largest of K differences in mean change by permutation, as one test.

    Parameters
    ----------
    changes
        Change of each area in the share of each kind, shape (G, K), all finite.
    treated
        Mask of the treated areas, shape (G,); both groups must have members.
    seed
        Seed of the random assignments, used only where there are too many to list.
    weights
        Weight of each area, shape (G,), > 0; None if areas count equally.

    Notes
    -----
    ``p = #{max_k |T_pi,k| >= max_k |T_k|} / C``. Labels move for all kinds together, so how many there are, and that
    their shares add up to one, is allowed for.
    """
    chosen, _ = assignments(treated, seed)
    largest = np.zeros(len(chosen))
    for column in changes.T:
        drawn = mean_differences(column - np.average(column, weights=weights), chosen, weights)
        largest = np.maximum(largest, np.abs(drawn))
    own = np.abs(contrast(treated, weights) @ changes)
    slack = ROUNDING * float(np.abs(changes).max())
    p_value = int((largest >= own.max() - slack).sum()) / len(chosen)
    return LargestMovement(int(own.argmax()), p_value, attainable_p(int(treated.sum()), int((~treated).sum())))


def composition(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> Check | None:
    """Ask whether the mix of cases changed differently in treated areas; None if no kinds are declared.

    Returns
    -------
    Check
        One joint permutation test of the largest movement, never one for each kind. The intervals of the rows hold for
        all kinds together (Bonferroni), and decide where there are too few areas for the permutation test to reject.
    """
    if not case.strata:
        return None
    periods, panel = case.panel.periods, case.panel
    if panel.n_comparison == 0:
        return not_run("composition", NO_CHANGE, "There is no comparison area.")
    if len(case.strata) == 1:
        return not_run("composition", NO_CHANGE, "There is only one kind of case.")
    cases = cases_by_kind(case.strata, periods)
    weights = weights_of(panel, periods.baseline, weighting)
    usable = (cases.sum(axis=0) > 0).all(axis=1)
    usable &= True if weights is None else weights > 0
    if not (usable & panel.treated).any() or not (usable & ~panel.treated).any():
        return not_run("composition", NO_CHANGE, "No treated, or no comparison area has cases in both windows.")
    shares = cases[:, usable] / cases[:, usable].sum(axis=0)
    changes = (shares[..., 1] - shares[..., 0]).T
    chosen = None if weights is None else weights[usable]
    names = tuple(s.name for s in case.strata)
    return _moved(names, changes, panel.treated[usable], design, chosen, counts=panel.kind is Kind.COUNT)


def _moved(
    names: tuple[str, ...],
    changes: FloatArray,
    treated: BoolArray,
    design: Design,
    weights: FloatArray | None,
    *,
    counts: bool,
) -> Check:
    # two shares that add up to one move as one
    joint = 1 - (1 - design.level) / (1 if len(names) == 2 else len(names))
    found = [effect_of(column, treated, joint, resolution=ROUNDING, weights=weights) for column in changes.T]
    most = largest_movement(changes, treated, design.seed, weights)
    order = np.argsort([-abs(effect.estimate) for effect in found], kind="stable")
    rows = tuple(_row(names[k], found[k]) for k in order)
    status, detail = _judged(found, most, design.level)
    part = " For a count, a change in the mix may be part of the effect." if counts else ""
    evidence = Evidence(
        title="Movement of each kind's share of cases",
        figure=Figure.FOREST,
        scale=Scale.DIFFERENCE,
        quantity=Quantity.POINTS,
        rows=rows,
        note=f"Ranges hold for all {len(names)} kinds together.",
    )
    top = found[most.kind]
    finding = (
        f"Of {len(names)} kinds of case, {names[most.kind]} moved most: relative to comparison areas, its share of the "
        f"cases changed by {numbers.points(top.estimate)} points in treated areas{_range(top, design.level)}; as one "
        f"test of all kinds, {numbers.p_value(most.p_value)}."
    )
    return Check("composition", status, finding, f"{detail}{part}", evidence)


def _judged(found: list[Effect], most: LargestMovement, level: float) -> tuple[Status, str]:
    floor = numbers.smallest_p(most.attainable_p)
    if most.attainable_p <= 1 - level + ROUNDING:
        clear = most.p_value <= 1 - level + ROUNDING
        how = f"The smallest p-value that comparing these areas can give is {floor}."
    elif any(effect.interval for effect in found):
        clear = any(effect.excludes_none for effect in found)
        how = f"Comparing these areas cannot give a p-value below {floor}, so the ranges decide."
    else:
        return Status.NOT_RUN, "Too few areas to tell a movement from chance."
    if clear:
        return Status.WARN, f"Treated areas came to have other cases, which can look like an effect. {how}"
    return Status.PASS, f"Movements within the ranges cannot be ruled out. {how}"


def _range(effect: Effect, level: float) -> str:
    if effect.interval is None:
        return ""
    lo, hi = (numbers.points(limit) for limit in effect.interval)
    return f" (joint {numbers.interval_name(level)} {lo} to {hi})"


def _row(name: str, effect: Effect) -> Row:
    lo, hi = effect.interval or (None, None)
    return Row(name, effect.estimate, lo, hi)
