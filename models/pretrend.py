"""Were the groups moving alike before the start? Equivalence, not the lack of a difference; what a trend would do."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from models import honest, numbers
from models.arrays import BoolArray, FloatArray
from models.bins import bin_values, bins_of
from models.case import Case
from models.changes import RESOLUTION, Weighting
from models.design import Design
from models.did.checks import HALVES, halves_of
from models.effect import Effect, effect, effect_of, row_of
from models.estimate import Check, Evidence, Row, Status
from models.inference.refusal import NoInference
from models.panel import Panel, observed
from models.sensitivity.main import Main, forest, main_analysis, main_row, not_run
from models.summary import summarise
from models.wording import signed

NAME = "equivalence"
EQUIVALENCE_LEVEL = 0.9
"""Level of the interval that must lie within the margin: two one-sided tests at 5%."""
LEAST_BINS = 3
FAR = 6.0  # standard errors
PLAIN = "Whether the groups were moving alike before the start cannot be judged."


def checks(case: Case, design: Design, weighting: Weighting) -> tuple[Check, ...]:
    """Return the checks of what came before the start: equivalence, and how large a break a finding would survive.

    Parameters
    ----------
    case
        The outcome.
    design
        What the evaluator fixed.
    weighting
        How much areas count.
    """
    main = main_analysis(case.panel, design.level, weighting)
    if isinstance(main, NoInference):
        names = (NAME, honest.MAGNITUDES, honest.SMOOTHNESS)
        return tuple(not_run(name, PLAIN, main.reason) for name in names)
    return (equivalence(main, case.worthwhile), *honest.honest(main))


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through the baseline of each area, carried on.

    Attributes
    ----------
    bias
        What it adds to the change of each area from baseline to follow-up, on the linear scale, shape (G,).
    areas
        Mask of those areas, shape (A,).
    resolution
        Size of a difference that is only rounding error.
    parts
        What the line goes through, in words ("4 half-years").
    """

    bias: FloatArray
    areas: BoolArray
    resolution: float
    parts: str


def trend(panel: Panel, areas: BoolArray) -> Trend | NoInference:
    """Fit each area's line and carry it over the distance between the midpoints of the two windows.

    Parameters
    ----------
    panel
        The outcome.
    areas
        Mask of the areas wanted, shape (A,).

    Notes
    -----
    The line goes through the half-years or years of the baseline in which every area has a value, or through its two
    halves if there are fewer than three of those. With midpoints x of the K parts, ``sum (x - mean x) value / sum (x -
    mean x)^2`` is the slope, and the distance is that between the mean periods of the two windows.
    """
    periods = panel.periods
    seen = observed(panel.cells).any(axis=0)
    clock = np.arange(len(periods))
    distance = float(clock[periods.follow_up & seen].mean() - clock[periods.baseline & seen].mean())
    masks, parts = _parts(panel, areas)
    if isinstance(masks, NoInference):
        return masks
    values = np.asarray([summarise(panel.cells, mask).value[areas] for mask in masks]).T
    if np.isnan(values).any():
        return NoInference("In one half of the baseline some area has no value.")
    x = np.asarray([clock[mask].mean() for mask in masks])
    share = (x - x.mean()) / ((x - x.mean()) ** 2).sum() * distance
    slack = RESOLUTION * float(np.abs(values).max()) * float(np.abs(share).sum())
    return Trend(values @ share, areas, slack, parts)


def _parts(panel: Panel, areas: BoolArray) -> tuple[list[BoolArray] | NoInference, str]:
    """Masks of the parts of the baseline that a line goes through, and what they are."""
    bins = bins_of(panel)
    if not isinstance(bins, NoInference):
        found = bin_values(panel, bins, areas)
        if not isinstance(found, NoInference) and len(found.bins.before) >= LEAST_BINS:
            before = found.bins.before
            return [each.periods for each in before], f"{len(before):,} {bins.length.word}s"
    halves = halves_of(panel)
    return (halves, "") if isinstance(halves, NoInference) else (list(halves), "two halves")


def power_of_test(size: float, std_error: float, df: float, level: float) -> float:
    """Probability that a two-sided t test at 1 - `level` notices a movement of this size; noncentral t."""
    critical = float(stats.t.ppf((1 + level) / 2, df))
    shift = abs(size) / std_error
    # The other tail is below Phi(-shift), and its series breaks down long before that matters.
    other = float(stats.nct.cdf(-critical, df, shift)) if shift < FAR else 0.0
    return float(stats.nct.sf(critical, df, shift)) + other


def within(found: Effect, margin: float) -> bool:
    """Whether the interval of a movement lies within +-`margin`, > 0."""
    return found.interval is not None and -margin < found.interval[0] and found.interval[1] < margin


@dataclass(frozen=True, slots=True)
class _Looks:
    """What was found: movements at the level of equivalence and of the study, and the effect without the trend."""

    parts: str
    halves: Effect
    line: Effect
    tested: Effect
    adjusted: Effect


def equivalence(main: Main, worthwhile: float | None) -> Check:
    """Look for a movement before the start that could pass for an effect, with the worthwhile effect as margin.

    Parameters
    ----------
    main
        The main analysis.
    worthwhile
        Smallest worthwhile effect on the linear scale; None if not declared.

    Returns
    -------
    Check
        PASS only if both movements are shown to be smaller than the worthwhile effect and the answer stays the same
        without the trend (see `models.honest.changed_answer`); WARN otherwise; NOT_RUN if no worthwhile effect is
        declared (with the movements in the evidence) or the baseline is too short.

    Notes
    -----
    Two movements of treated relative to comparison areas: from the first to the second half of the baseline, and a
    straight line through the bins of the baseline carried over the distance between the midpoints of the two windows,
    which is the bias of the estimate if that trend had gone on. Each is one number per area with the headline's
    inference. Equivalence is shown if both 90% intervals lie within the margin: two one-sided tests at 5% each, and
    both must hold, so the size is at most 5% (Hartman & Hidalgo 2018, American Journal of Political Science 62:1000;
    Berger 1982, Technometrics 24:295). The power of the ordinary test for a trend says what not seeing one is worth. No
    estimate depends on the result: choosing by such a test makes things worse (Roth 2022, American Economic Review:
    Insights 4:305).
    """
    found = _looks(main)
    if isinstance(found, NoInference):
        return not_run(NAME, PLAIN, found.reason)
    evidence = _evidence(main, found)
    if not worthwhile:
        finding = (
            "Whether the groups were moving alike before the start cannot be judged without a worthwhile effect to "
            f"compare with; {_moved(main, found)}."
        )
        reason = "Declare `worthwhile` for this outcome: it is the size of movement that would matter."
        return Check(NAME, Status.NOT_RUN, finding, reason, evidence)
    margin = abs(worthwhile)
    shown = within(found.halves, margin) and within(found.line, margin)
    how = honest.changed_answer(main.effect, found.adjusted)
    finding = _finding(main, found, worthwhile, shown=shown, how=how)
    status = Status.PASS if shown and not how else Status.WARN
    return Check(NAME, status, finding, _detail(main, found, worthwhile), evidence)


def _looks(main: Main) -> _Looks | NoInference:
    panel = main.panel
    halves = halves_of(panel)
    if isinstance(halves, NoInference):
        return halves
    movement = effect(panel, EQUIVALENCE_LEVEL, *halves, main.weighting, HALVES)
    if isinstance(movement, NoInference):
        return movement
    line = trend(panel, main.usable)
    if isinstance(line, NoInference):
        return line
    treated = panel.treated[line.areas]
    weights = None if main.weights is None else main.weights[line.areas]
    left, slack = main.changes.w[line.areas] - line.bias, main.changes.resolution + line.resolution
    return _Looks(
        parts=line.parts,
        halves=movement,
        line=effect_of(line.bias, treated, EQUIVALENCE_LEVEL, line.resolution, weights),
        tested=effect_of(line.bias, treated, main.level, line.resolution, weights),
        adjusted=effect_of(left, treated, main.level, slack, weights),
    )


def _evidence(main: Main, found: _Looks) -> Evidence:
    panel, group = main.panel, f"Movement before the start, {numbers.interval_name(EQUIVALENCE_LEVEL)}"
    effects = f"Effect, {numbers.interval_name(main.level)}"
    own = main_row(main)
    rows = (
        row_of("first to second half of the baseline", panel, found.halves, group=group),
        row_of("its trend, carried on to the follow-up", panel, found.line, group=group, note=f"through {found.parts}"),
        Row(own.label, own.estimate, own.lo, own.hi, own.p_value, effects, own.note, chosen=True),
        row_of("less that trend", panel, found.adjusted, group=effects),
    )
    note = "Movements of treated relative to comparison areas; a trend carried on is the error it would cause."
    return forest(main, "What happened before the start, and what it would do to the estimate", rows, note=note)


def _moved(main: Main, found: _Looks, margin: float | None = None) -> str:
    """Write what the trend would add; or how the halves differ, if only they leave the margin."""
    halves = margin is not None and within(found.line, margin) and not within(found.halves, margin)
    movement = found.halves if halves else found.line
    size, between = signed(main.panel, movement.estimate), ""
    if movement.interval is not None:
        low, high = (signed(main.panel, limit) for limit in movement.interval)
        between = f" ({numbers.interval_name(EQUIVALENCE_LEVEL)} {low} to {high})"
    if halves:
        return f"from the first to the second half of the baseline they moved by {size}{between}"
    return f"their earlier trend, carried on, would add {size} to the estimate{between}"


def _finding(main: Main, found: _Looks, worthwhile: float, *, shown: bool, how: str) -> str:
    size, margin = signed(main.panel, worthwhile), abs(worthwhile)
    left = signed(main.panel, found.adjusted.estimate)
    without = f"; without that trend the estimate would be {left}{f', and {how}' if how else ''}"
    if shown:
        alike = f"Before the start the groups moved alike to within the worthwhile effect of {size}"
        return f"{alike}: {_moved(main, found)}{without if how else ''}."
    unlikely = found.halves.p_value is not None and found.halves.p_value < 1 - main.level
    if found.tested.excludes_none or unlikely:
        return f"The groups were already moving apart before the start: {_moved(main, found, margin)}{without}."
    return (
        f"The data cannot rule out that the groups were moving apart by as much as the worthwhile effect of {size}: "
        f"{_moved(main, found, margin)}{without}."
    )


def _detail(main: Main, found: _Looks, worthwhile: float) -> str:
    """Say how much not seeing a trend is worth."""
    size, tested = signed(main.panel, worthwhile), found.tested
    if tested.std_error is None or tested.df is None:
        power = "Nothing shows how much areas differ by chance, so no test for a trend can be made."
    else:
        chance = power_of_test(worthwhile, tested.std_error, tested.df, main.level)
        often = "more than 99%" if chance > 0.99 else numbers.threshold(round(chance, 2))
        power = (
            f"A test for a trend that would add {size} to the estimate would notice it in {often} of such studies, so "
            f"not noticing one says {'little' if chance < 0.5 else 'something, but not that there is none'}."
        )
    return (
        f"{power} Alike is only said of movements shown to be smaller than the worthwhile effect. No estimate is "
        "chosen or dropped by this check (Roth 2022, American Economic Review: Insights 4:305)."
    )
