"""Difference-in-differences on one change per area, with inference that holds for a handful of areas."""

from dataclasses import dataclass, replace

import numpy as np

from models import did_checks, numbers
from models.arrays import FloatArray
from models.changes import TOO_WIDE, Changes, change, limits_on_scale, on_scale, why_not
from models.design import Design
from models.estimate import Clusters, Estimate, ModelOutput, NotEstimable, Scale
from models.inference.collapsed import collapsed_t, difference_in_means
from models.inference.cr2 import cr2
from models.inference.permutation import Permutation, attainable_p, permutation_test
from models.inference.refusal import NoInference
from models.inference.ttest import TTest
from models.panel import Panel, merge_treated, select_areas
from models.wording import SHARES, areas_words, listed

__all__ = ["Changes", "DidOptions", "change", "fit"]

MODEL = "did"
ESTIMAND = "area ITT"
ONE_UNIT = ", treated areas as one unit"
UNKNOWN = "How far it may be from the truth is not known."


@dataclass(frozen=True, slots=True)
class DidOptions:
    """Options of `did`: there are none, so that no result rests on a choice made after seeing it."""


@dataclass(frozen=True, slots=True)
class _Units:
    """Areas with one change each: what is tested, and how the methods are named for it."""

    panel: Panel
    w: FloatArray
    resolution: float
    left_out: tuple[str, ...]
    suffix: str = ""


def fit(panel: Panel, design: Design, options: DidOptions) -> ModelOutput:  # noqa: ARG001 - the registry's signature
    """Estimate the effect as treated areas' mean change less comparison areas' mean change.

    Returns
    -------
    ModelOutput
        The collapsed t test as headline, the exact permutation test and CR2 beside it; where one team serves several
        treated areas, the first two again with those areas as one unit. See `docs/methods/REGISTRY.md`.
    """
    if panel.n_comparison == 0:
        reason = "There is no comparison area, so a change cannot be told from what would have happened anyway."
        return ModelOutput(not_estimable=(NotEstimable(MODEL, reason),))
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    complete = did_checks.areas_complete(panel, changes)
    obstacle = why_not(panel, changes)
    if obstacle:
        return ModelOutput(checks=(complete,), not_estimable=(NotEstimable(MODEL, obstacle),))
    left_out = tuple(panel.areas[a] for a in np.flatnonzero(~changes.usable))
    kept = select_areas(panel, changes.usable)
    main, refused = _effects(_Units(kept, changes.w[changes.usable], changes.resolution, left_out), design)
    checks = [
        did_checks.areas(kept.n_treated, kept.n_comparison),
        complete,
        did_checks.seasons(kept),
        did_checks.earlier_gap(kept, design.level),
    ]
    if not (design.shared_delivery and kept.n_treated > 1):
        return ModelOutput(estimates=main, checks=tuple(checks), not_estimable=refused)
    merged, merged_refused = _as_one_unit(kept, design, left_out)
    checks.append(did_checks.one_team(main[0], merged[0] if merged else None))
    return ModelOutput(main + merged, checks=tuple(checks), not_estimable=refused + merged_refused)


type _Refusals = tuple[NotEstimable, ...]
type _Results = tuple[tuple[Estimate, ...], _Refusals]


def _effects(units: _Units, design: Design) -> _Results:
    """Test the areas as they are; the first estimate is the headline."""
    treated = units.panel.treated
    main = collapsed_t(units.w, treated, design.level, units.resolution)
    if isinstance(main, NoInference):
        return (_point(units, design),), (NotEstimable(MODEL, f"No interval and no p-value. {main.reason}"),)
    collapsed, too_wide = _collapsed(units, design, main)
    exact, refused = _permuted(units, design)
    estimates, refusals = (replace(collapsed, headline=True), exact), too_wide + refused
    robust = cr2(units.w, treated, design.level, units.resolution)
    if isinstance(robust, NoInference):
        return estimates, (*refusals, NotEstimable(MODEL, robust.reason))
    cautious, too_wide = _cr2(units, design, robust)
    return (*estimates, cautious), refusals + too_wide


def _as_one_unit(panel: Panel, design: Design, left_out: tuple[str, ...]) -> _Results:
    """Test the same areas with all treated ones merged, as one team serves them."""
    merged = merge_treated(panel)
    changes = change(merged, merged.periods.baseline, merged.periods.follow_up)
    obstacle = why_not(merged, changes)
    if obstacle:
        return (), (NotEstimable(MODEL, f"No estimate with treated areas as one unit. {obstacle}"),)
    units = _Units(merged, changes.w, changes.resolution, left_out, ONE_UNIT)
    main = collapsed_t(units.w, merged.treated, design.level, units.resolution)
    if isinstance(main, NoInference):
        return (), (NotEstimable(MODEL, f"No test with treated areas as one unit. {main.reason}"),)
    collapsed, too_wide = _collapsed(units, design, main)
    exact, refused = _permuted(units, design)
    return (collapsed, exact), too_wide + refused


def _point(units: _Units, design: Design) -> Estimate:
    """Give the difference in mean change without inference."""
    panel = units.panel
    return Estimate(
        model=MODEL,
        method="collapsed change per area, no inference",
        estimand=ESTIMAND,
        scale=panel.scale,
        estimate=on_scale(panel.scale, difference_in_means(units.w, panel.treated)),
        interval=None,
        level=design.level,
        std_error=None,
        df=None,
        p_value=None,
        attainable_p=None,
        clusters=_clusters(units),
        headline=True,
        note=_join(_units_note(units), UNKNOWN),
    )


def _collapsed(units: _Units, design: Design, result: TTest) -> tuple[Estimate, _Refusals]:
    method = f"collapsed change per area{units.suffix}, t({result.df:g})"
    floor = attainable_p(units.panel.n_treated, units.panel.n_comparison)
    alone = units.panel.n_treated == 1 or units.panel.n_comparison == 1
    note = _join(
        _units_note(units),
        f"The t test has {result.df:g} degrees of freedom and assumes that areas vary alike"
        f"{'; one area alone cannot show its own variation' if alone else ''}.",
        f"The smallest p-value that a permutation test of these areas can give is {numbers.smallest_p(floor)}.",
    )
    return _tested(units, design, method, result, note)


def _cr2(units: _Units, design: Design, result: TTest) -> tuple[Estimate, _Refusals]:
    note = _join(
        _units_note(units),
        f"Lets treated and comparison areas vary differently, which leaves {result.df:.1f} degrees of freedom: with "
        "few areas a cautious interval, and a test that seldom sees an effect that is there.",
    )
    return _tested(units, design, "CR2 with Bell-McCaffrey df", result, note)


def _tested(units: _Units, design: Design, method: str, result: TTest, note: str) -> tuple[Estimate, _Refusals]:
    """Carry a t test to the outcome's scale; without an interval that can be written, only the point and the reason.

    A t test's p-value has no floor, so `attainable_p` is None.
    """
    scale = units.panel.scale
    interval = limits_on_scale(scale, result.interval)
    estimate = Estimate(
        model=MODEL,
        method=method,
        estimand=ESTIMAND,
        scale=scale,
        estimate=on_scale(scale, result.estimate),
        interval=interval,
        level=design.level,
        std_error=result.std_error if interval else None,
        df=result.df if interval else None,
        p_value=result.p_value if interval else None,
        attainable_p=None,
        clusters=_clusters(units),
        note=note if interval else _join(_units_note(units), UNKNOWN),
    )
    return estimate, () if interval else (NotEstimable(MODEL, TOO_WIDE.format(method=method)),)


def _permuted(units: _Units, design: Design) -> tuple[Estimate, _Refusals]:
    """Run the permutation test, and say so if it has no interval."""
    scale = units.panel.scale
    result = permutation_test(units.w, units.panel.treated, design.level, design.seed, units.resolution)
    interval = limits_on_scale(scale, result.interval) if result.interval else None
    kind = "exact permutation of {:,} assignments" if result.exact else "permutation of {:,} random assignments"
    method = f"{kind.format(result.assignments)}{units.suffix}"
    estimate = Estimate(
        model=MODEL,
        method=method,
        estimand=ESTIMAND,
        scale=scale,
        estimate=on_scale(scale, result.estimate),
        interval=interval,
        level=design.level,
        std_error=None,
        df=None,
        p_value=result.p_value,
        attainable_p=result.attainable_p,
        clusters=_clusters(units),
        note=_permutation_note(units, result),
    )
    if interval:
        return estimate, ()
    why = (
        "it is too wide to be written as a ratio."
        if result.interval
        else f"its smallest p-value is {numbers.smallest_p(result.attainable_p)}, so at this level it cannot rule out "
        "any effect, however large."
    )
    reason = f"No {numbers.interval_name(design.level)} from the {method}: {why}"
    return estimate, (NotEstimable(MODEL, reason),)


def _permutation_note(units: _Units, result: Permutation) -> str:
    source = "every possible choice" if result.exact else "random choices"
    return _join(
        _units_note(units),
        f"Compares the difference with {source} of treated areas: it ranks {result.rank:,} of "
        f"{result.assignments:,} by size. The smallest possible p-value is {numbers.smallest_p(result.attainable_p)}.",
        "Assumes that, without the intervention, any of these areas could have had any of these changes.",
    )


def _units_note(units: _Units) -> str:
    """What the number is, in which unit, and from which areas."""
    panel = units.panel
    clusters = _clusters(units)
    if panel.scale is Scale.RATIO:
        unit = (
            f"Treated areas' relative change in {panel.unit}, divided by that of comparison areas; 1 is no effect. The "
            "standard error is that of the log ratio."
        )
    else:
        size = "a share, where 0.05 is 5 percentage points" if panel.kind in SHARES else panel.unit
        unit = f"Treated areas' mean change less comparison areas' mean change, in {size}; 0 is no effect."
    left_out = f"Left out for want of data: {listed(units.left_out)}." if units.left_out else ""
    merged = "The treated areas are merged, because one team serves them." if units.suffix else ""
    counted = f"{areas_words(clusters.treated, clusters.comparison)}, each counted once."
    return _join(unit, merged, counted, left_out)


def _clusters(units: _Units) -> Clusters:
    return Clusters(units.panel.n_treated, units.panel.n_comparison)


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
