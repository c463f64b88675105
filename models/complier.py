"""The effect on those who took it up because it was offered (complier average causal effect), from areas."""

import math
from dataclasses import replace

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.case import Case, Uptake
from models.changes import (
    Changes,
    Weighting,
    change,
    difference,
    limits_on_scale,
    on_scale,
    weights_of,
    why_not,
)
from models.design import Design
from models.did.units import MODEL, Units, joined, point
from models.effect import Effect, effect_of
from models.estimate import Estimate, ModelOutput, NotEstimable, Scale
from models.inference.anderson_rubin import Accepted, invert_headline, invert_permutation
from models.inference.collapsed import ROUNDING, difference_in_means
from models.inference.headline import Method, choose
from models.inference.permutation import MOST_ENUMERATED, permutation_test
from models.inference.refusal import NoInference, floor_words
from models.panel import BinaryCells, Kind, Panel, pool_periods, select_areas
from models.summary import Summary, share, summarise
from models.wording import SHARES, areas_words, listed

COMPLIER = "CACE"
PLENTY = 10  # standard errors beyond which a first stage is strong and its number says nothing more
ASSUMES = (
    "Assumes that the offer changed nothing for those who did not take it up, that it kept nobody from it, and that "
    "nobody in comparison areas had it."
)
BEYOND = "The figure is larger than any share could change, a sign that uptake is too low to divide by."
NO_RISE = (
    "Uptake did not rise in treated areas relative to comparison areas, so there is nothing to divide the effect by."
)
KEPT = "The interval holds every effect that the test of the outcome does not reject, however few took it up."
UNBOUNDED = "It is unbounded, because the difference in uptake cannot be told from none."
TOO_WIDE = "It is too wide to be written as a ratio."
NO_RATIO_OF_COUNTS = (
    "The outcome counts events, and a ratio of rates is not a mean over cases, so it cannot be split into those that "
    "took it up and those that did not."
)


def uptake_changes(case: Case, uptake: Uptake) -> Changes:
    """Change of each area in the share of eligible cases that took it up.

    Where the outcome can be left blank, the share is among those with an answer: the effect is a mean over those.
    """
    periods = uptake.taken.periods
    if case.asked is None:
        return change(uptake.taken, periods.baseline, periods.follow_up)
    return difference(_among_answers(uptake, periods.baseline), _among_answers(uptake, periods.follow_up))


def _among_answers(uptake: Uptake, window: BoolArray) -> Summary:
    takers, decliners = (summarise(panel.cells, window).n for panel in (uptake.takers, uptake.decliners))
    return share(takers, takers + decliners)


def complier_effect(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> ModelOutput:
    """Divide the effect on eligible cases by that on their uptake; nothing if uptake is not recorded.

    Returns
    -------
    ModelOutput
        The ratio with the Anderson-Rubin interval of the headline's test and, where every assignment can be listed, of
        the exact permutation test; a reason for each interval, or the number, that cannot be had.
    """
    if case.uptake is None or case.eligible is None or case.eligible_unknown:
        return ModelOutput()
    panel = case.eligible
    if panel.kind is Kind.COUNT:
        return _refused(NO_RATIO_OF_COUNTS)
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    taken = uptake_changes(case, case.uptake)
    usable = changes.usable & taken.usable
    obstacle = why_not(panel, replace(changes, usable=usable)) or why_not(case.uptake.taken, taken)
    if obstacle:
        return _refused(obstacle)
    weights = weights_of(panel, panel.periods.baseline, weighting)
    units = Units(
        panel=select_areas(panel, usable),
        w=changes.w[usable],
        resolution=changes.resolution,
        weights=None if weights is None else weights[usable],
        left_out=tuple(panel.areas[a] for a in np.flatnonzero(~usable)),
        estimand=COMPLIER,
    )
    rise = effect_of(taken.w[usable], units.panel.treated, design.level, taken.resolution, units.weights)
    if rise.estimate <= max(taken.resolution, ROUNDING):
        return _refused(NO_RISE)
    ratio = difference_in_means(units.w, units.panel.treated, units.weights) / rise.estimate
    if limits_on_scale(panel.scale, (ratio, ratio)) is None:
        return _refused("So few took it up that the figure cannot be written as a ratio.")
    return _intervals(units, taken.w[usable], _plain(units, case.uptake, rise, ratio, design), design)


def listable(units: Units) -> bool:
    """Whether every assignment of the treated label can be listed; where not, the areas are many."""
    return math.comb(len(units.w), units.clusters.treated) <= MOST_ENUMERATED


def _refused(reason: str) -> ModelOutput:
    return ModelOutput(not_estimable=(NotEstimable(MODEL, f"No {COMPLIER}. {reason}"),))


def _plain(units: Units, uptake: Uptake, rise: Effect, ratio: float, design: Design) -> Estimate:
    """The ratio without inference."""
    alone = point(units, design).as_companion()
    note = _note(units, uptake, rise, ratio, design)
    return replace(alone, estimate=on_scale(units.panel.scale, ratio), note=note)


def _intervals(units: Units, taken: FloatArray, plain: Estimate, design: Design) -> ModelOutput:
    """Give the ratio with the interval of each test, or the reason why one has none."""
    found = invert_headline(units.w, taken, units.panel.treated, design.level, units.resolution, units.weights)
    if isinstance(found, NoInference):
        reason = f"No interval and no p-value for the {COMPLIER}. {found.reason}"
        return ModelOutput((plain,), not_estimable=(NotEstimable(MODEL, reason),))
    choice = choose(units.clusters.treated, units.clusters.comparison)
    df = found.test.df
    name = (
        "CR2 with Bell-McCaffrey df"
        if choice.method is Method.CLUSTER_ROBUST
        else f"collapsed change per area, t({df:g})"
    )
    limits, why = _limits(units, found)
    main = replace(plain, method=f"Anderson-Rubin, {name}", interval=limits, df=df, p_value=found.test.p_value)
    every = [(main, why), *([_permuted(units, taken, plain, design)] if listable(units) else [])]
    reasons = tuple(
        NotEstimable(MODEL, f"No {numbers.interval_name(design.level)} for the {COMPLIER} by {e.method}. {reason}")
        for e, reason in every
        if reason
    )
    return ModelOutput(tuple(estimate for estimate, _ in every), not_estimable=reasons)


def _limits(units: Units, found: Accepted) -> tuple[tuple[float, float] | None, str]:
    """Limits on the outcome's scale, or why there are none."""
    scale = units.panel.scale
    if found.interval is not None:
        limits = limits_on_scale(scale, found.interval)
        return limits, "" if limits else TOO_WIDE
    between = None if found.rejected is None else limits_on_scale(scale, found.rejected)
    if between is None:
        return None, UNBOUNDED
    words = numbers.effect_range(between, scale, numbers.measure_of(units.panel.kind))
    return None, f"{UNBOUNDED} Only effects of {words} are ruled out."


def _permuted(units: Units, taken: FloatArray, plain: Estimate, design: Design) -> tuple[Estimate, str]:
    treated, level, seed = units.panel.treated, design.level, design.seed
    test = permutation_test(units.w, treated, level, seed, units.resolution, units.weights)
    interval = invert_permutation(units.w, taken, treated, level, seed, units.weights)
    limits = limits_on_scale(units.panel.scale, interval) if interval else None
    estimate = replace(
        plain,
        method=f"Anderson-Rubin, exact permutation of {test.assignments:,} assignments",
        interval=limits,
        p_value=test.p_value,
        attainable_p=test.attainable_p,
    )
    if limits:
        return estimate, ""
    floor = floor_words(test.attainable_p) if test.attainable_p > 1 - level + ROUNDING else ""
    return estimate, TOO_WIDE if interval else floor or UNBOUNDED


def _note(units: Units, uptake: Uptake, rise: Effect, ratio: float, design: Design) -> str:
    """What the CACE is, how strong its first stage, what it assumes, and from which areas."""
    shown = [numbers.points(x) for x in (rise.estimate, *(rise.interval or ()))]
    spread = f" ({numbers.interval_name(design.level)} {shown[1]} to {shown[2]})" if rise.interval else ""
    strength = _strength(rise.estimate / rise.std_error) if rise.std_error else ""
    panel = units.panel
    ratios = panel.scale is Scale.RATIO
    size = "a share, where 0.05 is 5 percentage points" if panel.kind in SHARES else panel.unit
    what = (
        "Per eligible case that took it up because it was offered (complier average causal effect), "
        f"{f'a ratio of {panel.unit}; 1' if ratios else f'in {size}; 0'} is no effect. The difference among eligible "
        f"cases is divided by that in uptake, {shown[0]} points{spread}{strength}."
    )
    beyond = "" if panel.kind not in SHARES or abs(ratio) <= 1 else BEYOND
    counted = "each counted once" if units.weights is None else "each counted by its number of cases in the baseline"
    areas = f"{areas_words(units.clusters.treated, units.clusters.comparison)}, {counted}."
    left_out = f"Left out for want of data: {listed(units.left_out)}." if units.left_out else ""
    return joined(what, beyond, ASSUMES, _crossed(uptake, units.panel.areas), KEPT, areas, left_out)


def _strength(errors: float) -> str:
    far = f"more than {PLENTY}" if errors > PLENTY else numbers.fixed(errors, 1)
    return f", {far} standard errors from none"


def _crossed(uptake: Uptake, areas: tuple[str, ...]) -> str:
    """Say so if it was taken up where or when it was not on offer."""
    panel = select_areas(uptake.taken, np.isin(uptake.taken.areas, areas))
    before, after = (_taken(panel, window) for window in (panel.periods.baseline, panel.periods.follow_up))
    if before[~panel.treated].sum() + after[~panel.treated].sum() > 0:
        return (
            "Some eligible cases in comparison areas are recorded as having taken it up: the figure then also assumes "
            "that it worked alike there and, over time, everywhere."
        )
    if before[panel.treated].sum() > 0:
        return (
            "Some eligible cases in treated areas are recorded as having taken it up before the start: the figure is "
            "then per additional case, and assumes that it worked alike before."
        )
    return "No eligible case in a comparison area is recorded as having taken it up."


def _taken(panel: Panel, window: BoolArray) -> FloatArray:
    pooled = pool_periods(panel.cells, window)
    return pooled.successes[:, 0] if isinstance(pooled, BinaryCells) else np.zeros(len(panel.areas))
