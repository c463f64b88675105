"""Staggered roll-out: the model of areas that start at different dates."""

from dataclasses import replace

from models import numbers
from models.changes import TOO_WIDE, change, limits_on_scale, on_scale
from models.design import Design
from models.did import checks as did_checks
from models.estimate import Estimate, ModelOutput, NotEstimable, Scale
from models.inference.refusal import NoInference, floor_words
from models.panel import Panel
from models.staggered import checks, over_time
from models.staggered.analysis import Analysis, Inference, analysed
from models.staggered.analytic import published
from models.staggered.calendar import own_windows
from models.staggered.one_team import AS_ONE, merged_by_start, one_team, same_bins
from models.staggered.options import StaggeredOptions
from models.staggered.reassigned import Reassigned
from models.staggered.words import AVERAGES, MODEL, measured_words
from models.wording import SHARES, listed

ESTIMAND = "area ITT since each area's own start"
UNKNOWN = "How far it may be from the truth is not known."
PERMUTATION = "the permutation of start dates"


def fit(panel: Panel, design: Design, options: StaggeredOptions) -> ModelOutput:
    """Estimate the effect since each area's own start, and judge it by the dates that could have been.

    Returns
    -------
    ModelOutput
        The headline: the average named by `aggregate`. Beside it, with many areas, the same with the published standard
        error; where one team serves several treated areas, the same with the areas of a start as one unit. The other
        averages, the effects by start and over time, and the two-way regression taken apart are checks. See
        `docs/methods/staggered-roll-out.md`.
    """
    analysis = analysed(panel, design, options)
    if isinstance(analysis, NoInference):
        return ModelOutput(not_estimable=(NotEstimable(MODEL, analysis.reason),))
    main, refused = _headline(analysis, options)
    if design.shared_delivery and analysis.clusters.treated > 1:
        team = (
            "One team serves the treated areas, so they are not separate tests of it, and the interval is too narrow."
        )
        main = replace(main, note=f"{main.note} {team}")
    beside = (_published(analysis, options, main),) if analysis.inference is Inference.BY_START else ()
    complete = did_checks.areas_complete(panel, change(panel, *own_windows(panel, design)))
    as_one = _as_one_unit(analysis, design, options, main)
    return ModelOutput(
        estimates=(main, *beside, *as_one.estimates),
        checks=(
            checks.groups(analysis),
            complete,
            over_time.pretrends(analysis),
            over_time.dynamic(analysis),
            over_time.calendar(analysis),
            checks.overall(analysis, options),
            checks.comparison(panel, analysis, design, options),
            checks.two_way(analysis, options),
            *checks.analytic(analysis, options),
            *as_one.checks,
        ),
        not_estimable=(*refused, *as_one.not_estimable),
    )


def _as_one_unit(analysis: Analysis, design: Design, options: StaggeredOptions, main: Estimate) -> ModelOutput:
    """Estimate again with the areas of each start merged, as one team serves them; nothing where none is shared."""
    if not design.shared_delivery or main.clusters.treated < 2:
        return ModelOutput()
    panel, own = merged_by_start(analysis.panel, design)
    again = analysed(panel, own, same_bins(options, analysis.grid))
    if isinstance(again, NoInference):
        why = f"No estimate with the {AS_ONE}. {again.reason}"
        return ModelOutput(checks=(one_team(main, None, why),), not_estimable=(NotEstimable(MODEL, why),))
    found, refused = _headline(again, options)
    note = f"The {AS_ONE}: their cells are added up, because one team serves them. {found.note}"
    merged = replace(found, method=f"{found.method}, {AS_ONE}", headline=False, note=note)
    reasons = tuple(
        NotEstimable(MODEL, f"With the {AS_ONE}: {why.reason[:1].lower() + why.reason[1:]}") for why in refused
    )
    check = one_team(main, merged, " ".join(why.reason for why in reasons))
    return ModelOutput(estimates=(merged,), checks=(check,), not_estimable=reasons)


def _headline(analysis: Analysis, options: StaggeredOptions) -> tuple[Estimate, tuple[NotEstimable, ...]]:
    average = analysis.averages.overall[options.aggregate]
    found = analysis.tested(average)
    bare = _bare(analysis, options)
    if isinstance(found, NoInference):
        refusal = NotEstimable(MODEL, f"No interval and no p-value. {found.reason}")
        return replace(bare, headline=True, note=f"{bare.note} {UNKNOWN}"), (refusal,)
    if isinstance(found, Reassigned):
        return _permuted(analysis, bare, found)
    interval = limits_on_scale(bare.scale, found.interval)
    method = f"group-time effects, spread within each start, t({found.df:.0f})"
    if interval is None:
        refusal = NotEstimable(MODEL, TOO_WIDE.replace("{method}", "the spread within each start"))
        return replace(bare, method=method, headline=True, note=f"{bare.note} {UNKNOWN}"), (refusal,)
    note = (
        "The interval rests on how areas that started together differ, with "
        f"{numbers.fixed(found.df, 1)} degrees of freedom. {measured_words(analysis)}"
    )
    estimate = replace(
        bare,
        method=method,
        interval=interval,
        std_error=found.std_error,
        df=found.df,
        p_value=found.p_value,
        headline=True,
        note=f"{bare.note} {note}",
    )
    return estimate, ()


def _permuted(analysis: Analysis, bare: Estimate, found: Reassigned) -> tuple[Estimate, tuple[NotEstimable, ...]]:
    """The permutation of start dates as the headline, with an interval if the assignments can give one."""
    ways = f"{'all' if found.exact else 'a random choice of'} {found.assignments:,} assignments"
    method = f"permutation of start dates, {ways}"
    note = (
        f"The start dates, never included, are dealt to the areas in {ways}; the p-value is the share that gives an "
        f"average at least as large, and {numbers.smallest_p(found.attainable_p)} is the smallest it could be. It "
        "assumes that any of these areas could have had any of these dates. The standard error is the spread of the "
        f"average over those assignments with the estimated effect taken out. {measured_words(analysis)}"
    )
    tested = replace(
        bare,
        method=method,
        p_value=found.p_value,
        attainable_p=found.attainable_p,
        headline=True,
        note=f"{bare.note} {note}",
    )
    interval = limits_on_scale(bare.scale, found.interval) if found.interval else None
    if interval is None:
        why = "It is too wide to be written as a ratio." if found.interval else floor_words(found.attainable_p)
        return tested, (NotEstimable(MODEL, f"No {numbers.interval_name(bare.level)} from {PERMUTATION}. {why}"),)
    return replace(tested, interval=interval, std_error=found.std_error, df=found.df), ()


def _published(analysis: Analysis, options: StaggeredOptions, main: Estimate) -> Estimate:
    """The same average with the standard error that other programs print."""
    grid = analysis.grid
    found = published(grid.values, grid.groups, analysis.times, analysis.averages.overall[options.aggregate])
    interval = limits_on_scale(main.scale, found.interval(analysis.level))
    bare = _bare(analysis, options)
    note = (
        "The standard error is that of Callaway and Sant'Anna, from influence functions clustered by area. Of 100 "
        "simulated roll-outs without any effect it claims one in 7 to 8 at 20 areas, and in 5 to 6 at 50 or more."
    )
    if interval is None:
        return replace(bare, method="influence functions", note=f"{bare.note} {UNKNOWN}")
    return replace(
        bare,
        method="influence functions (Callaway and Sant'Anna)",
        interval=interval,
        std_error=found.std_error,
        p_value=found.p_value,
        note=f"{bare.note} {note}",
    )


def _bare(analysis: Analysis, options: StaggeredOptions) -> Estimate:
    """The average without inference."""
    average = analysis.averages.overall[options.aggregate]
    found = analysis.effect(average)
    scale = analysis.panel.scale
    return Estimate(
        model=MODEL,
        method="group-time effects, no inference",
        estimand=ESTIMAND,
        scale=scale,
        estimate=on_scale(scale, found.estimate),
        interval=None,
        level=analysis.level,
        std_error=None,
        df=None,
        p_value=None,
        attainable_p=None,
        clusters=analysis.clusters,
        note=_unit_note(analysis, options),
    )


def _unit_note(analysis: Analysis, options: StaggeredOptions) -> str:
    """What the number is, in which unit, from which areas and bins."""
    panel, grid = analysis.panel, analysis.grid
    if panel.scale is Scale.RATIO:
        unit = f"The effect on {panel.unit} since each area's own start, as a ratio; 1 is no effect."
    else:
        size = "a share, where 0.05 is 5 percentage points" if panel.kind in SHARES else panel.unit
        unit = f"The effect since each area's own start, in {size}; 0 is no effect."
    against = (
        "areas that never start"
        if options.compared_with == "never"
        else "areas that had not started yet, the comparison areas among them"
    )
    counts = analysis.clusters
    areas = f"{counts.treated:,} {'area' if counts.treated == 1 else 'areas'} that started, compared with {against}"
    left_out = f"Left out: {listed(grid.left_out)}." if grid.left_out else ""
    before = f"Each {grid.word} is compared with the last one before the start."
    return " ".join(filter(None, [unit, f"{AVERAGES[options.aggregate].capitalize()}.", f"{areas}.", before, left_out]))
