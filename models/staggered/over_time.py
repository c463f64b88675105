"""Effects by time since the start: before it, when there should be none, and after it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from models import numbers
from models.arrays import FloatArray
from models.changes import limits_on_scale, on_scale
from models.estimate import Check, Evidence, Figure, Quantity, Row, Status
from models.inference.refusal import NoInference
from models.staggered.aggregates import Average
from models.staggered.analysis import Analysis, Inference, own_effects
from models.staggered.analytic import by_start_group, largest_drawn, published, uniform_factor
from models.staggered.reassigned import joint_p, reassigned
from models.staggered.words import AFTER, BEFORE, BETWEEN, effect_row, rests_on
from models.wording import signed

MOST_ROWS = 60
TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Step:
    """The effect at one time since the start, on the linear scale; None where there is none."""

    since: int
    group: str
    estimate: float
    interval: tuple[float, float] | None
    areas: int


def pretrends(analysis: Analysis) -> Check:
    """Judge the effects before the start together, by the largest of them."""
    name = "staggered_pretrends"
    before = {e: average for e, average in analysis.averages.since.items() if e < 0}
    if not before:
        finding = f"No {analysis.grid.word} before a start can be compared with an earlier one."
        return Check(name, Status.NOT_RUN, finding, "A baseline of two or more bins is needed.")
    steps = _steps(analysis, before, BEFORE)
    joint = _joint(analysis, before)
    largest = max(steps, key=lambda step: abs(step.estimate))
    span = f"the largest is {signed(analysis.panel, largest.estimate)}, {_when(analysis, largest.since)}"
    apart = joint is not None and joint <= 1 - analysis.level + TIE
    if joint is None:
        told = "they could not be judged together"
    elif apart:
        told = f"together they are more than chance explains ({numbers.p_value(joint)})"
    else:
        told = f"together they are no more than chance explains ({numbers.p_value(joint)})"
    finding = f"Before the start, when there was nothing to have an effect, {span}; {told}."
    quiet = Status.NOT_RUN if joint is None else Status.PASS
    detail = "That nothing stands out does not show that areas would have gone on together."
    if analysis.inference is Inference.PERMUTATION:
        detail = (
            "The test deals the start dates to other areas once the estimated effects are taken out, and compares the "
            "largest step, each measured by its own spread. Of 100 simulated roll-outs with nothing before the start "
            "it warns in 4 to 8 where areas vary alike, but in 15 to 28 where those that start vary twice as much as "
            f"the others. {detail}"
        )
    return Check(name, Status.WARN if apart else quiet, finding, detail, _series(analysis, steps, "before the start"))


def dynamic(analysis: Analysis) -> Check:
    """Give the effects by time since the start, with those before it on the same chart."""
    averages = analysis.averages
    before = {e: average for e, average in averages.since.items() if e < 0}
    after = {e: average for e, average in averages.since.items() if e >= 0}
    late = _steps(analysis, after, AFTER)
    steps = (*_steps(analysis, before, BEFORE), *_steps(analysis, averages.between, BETWEEN), *late)
    low, high = (signed(analysis.panel, pick(step.estimate for step in late)) for pick in (min, max))
    first, last = signed(analysis.panel, late[0].estimate), signed(analysis.panel, late[-1].estimate)
    if len(late) == 1:
        finding = f"There is one {analysis.grid.word} after the start, with an effect of {first}."
    else:
        finding = (
            f"The effect is {first} {_when(analysis, late[0].since)} and {last} {_when(analysis, late[-1].since)}; "
            f"over that time it lies between {low} and {high}."
        )
    detail = (
        f"Later times rest on the areas that started early: {late[-1].areas:,} of {analysis.clusters.treated:,} at the "
        "last one. So a change over time may also be a difference between areas."
    )
    return Check("staggered_dynamic", Status.PASS, finding, detail, _series(analysis, steps, "before and after it"))


def calendar(analysis: Analysis) -> Check:
    """Give the effect bin by bin of the calendar, over the areas that had started."""
    panel, labels = analysis.panel, analysis.grid.labels
    found = {labels[when]: analysis.effect(average) for when, average in analysis.averages.calendar.items()}
    values = [each.estimate for each in found.values()]
    low, high = (signed(panel, pick(values)) for pick in (min, max))
    finding = (
        f"Only one {analysis.grid.word} has an effect to estimate: {low}."
        if len(found) == 1
        else f"By calendar, the effect on the areas that had started lies between {low} and {high}."
    )
    evidence = Evidence(
        title="The effect by calendar, on the areas that had started",
        figure=Figure.SERIES,
        scale=panel.scale,
        quantity=Quantity.OUTCOME,
        rows=tuple(effect_row(analysis, label, each) for label, each in list(found.items())[-MOST_ROWS:]),
        note=f"Intervals hold for one {analysis.grid.word} at a time, {rests_on(analysis)}.",
        by_area=True,
    )
    detail = "Other areas make it up from one time to the next, as more of them start."
    return Check("staggered_calendar", Status.PASS, finding, detail, evidence)


def _when(analysis: Analysis, since: int) -> str:
    """Write a time since the start: "in the first year", "2 years before the first"."""
    word = analysis.grid.word
    if since < 0:
        return f"{-since} {word}{'s' if since < -1 else ''} before the first one of the intervention"
    return f"in the first {word} after the start" if since == 0 else f"{since} {word}{'s' if since > 1 else ''} later"


def _steps(analysis: Analysis, averages: Mapping[int, Average], group: str) -> tuple[Step, ...]:
    factor = _factor(analysis)
    return tuple(_step(analysis, e, average, group, factor) for e, average in averages.items())


def _step(analysis: Analysis, since: int, average: Average, group: str, factor: float) -> Step:
    grid = analysis.grid
    contrast = analysis.contrast(average)
    estimate = float((contrast * grid.groups.means(grid.values)).sum())
    held = np.unique(analysis.times.group[np.concatenate([part.cells for part in average])])
    areas = int(grid.groups.sizes[held].sum())
    return Step(since, group, estimate, _interval(analysis, contrast, group, factor), areas)


def _interval(analysis: Analysis, contrast: FloatArray, group: str, factor: float) -> tuple[float, float] | None:
    """Interval from the spread over assignments of one step, or from the spread within starts of all at once."""
    grid = analysis.grid
    if analysis.inference is Inference.BY_START:
        found = by_start_group(grid.values, grid.groups, contrast, analysis.level, grid.resolution)
        if isinstance(found, NoInference):
            return None
        half = factor * (found.interval[1] - found.estimate)
        return found.estimate - half, found.estimate + half
    if analysis.assignments is None or len(grid.values) < 3:
        return None
    # Before the start there is no effect to take out of an area's own step, only those of areas that had started.
    values, exposed = (
        (grid.values, grid.exposed)
        if group == AFTER
        else (grid.values - own_effects(analysis), np.zeros_like(grid.exposed))
    )
    drawn = reassigned(values, exposed, grid.groups, contrast, analysis.assignments, analysis.level)
    estimate = float((contrast * grid.groups.means(grid.values)).sum())
    if drawn.std_error <= grid.resolution:
        return None
    half = drawn.t_interval(analysis.level)[1] - drawn.estimate
    return estimate - half, estimate + half


def _psi(analysis: Analysis, averages: Mapping[int, Average]) -> FloatArray:
    grid = analysis.grid
    each = [published(grid.values, grid.groups, analysis.times, average).influence for average in averages.values()]
    psi = np.stack(each, axis=1)
    return psi[:, (psi**2).mean(axis=0) > grid.resolution**2]


def _factor(analysis: Analysis) -> float:
    """How much wider intervals are that hold for all times since the start at once; 1 with few areas."""
    if analysis.inference is Inference.PERMUTATION:
        return 1.0
    psi = _psi(analysis, analysis.averages.since)
    single = float(stats.norm.ppf((1 + analysis.level) / 2))
    return uniform_factor(psi, analysis.level, analysis.seed) / single if psi.shape[1] else 1.0


def _joint(analysis: Analysis, before: Mapping[int, Average]) -> float | None:
    """P of the largest step before the start among all of them."""
    grid = analysis.grid
    contrasts = np.stack([analysis.contrast(average) for average in before.values()])
    if analysis.inference is Inference.PERMUTATION:
        if analysis.assignments is None or len(grid.values) < 3:
            return None
        return joint_p(grid.values - own_effects(analysis), grid.groups, contrasts, analysis.assignments)[1]
    psi = _psi(analysis, before)
    if psi.shape[1] < len(before):
        return None
    errors = np.sqrt((psi**2).mean(axis=0) / len(psi))
    estimates = (contrasts * grid.groups.means(grid.values)).sum(axis=(1, 2))
    drawn = largest_drawn(psi, analysis.seed)
    return float((1 + (drawn >= np.abs(estimates / errors).max()).sum()) / (1 + len(drawn)))


def _series(analysis: Analysis, steps: tuple[Step, ...], what: str) -> Evidence:
    panel = analysis.panel
    name = numbers.interval_name(analysis.level)
    if analysis.inference is Inference.PERMUTATION:
        note = (
            f"Each {name} rests on how far the step moves over the assignments of the start dates, with estimated "
            "effects taken out; it holds for one step at a time."
        )
    else:
        note = f"The {name}s hold for all times since the start at once (multiplier bootstrap)."
    return Evidence(
        title=f"The effect by time since each area's own start, {what}",
        figure=Figure.SERIES,
        scale=panel.scale,
        quantity=Quantity.OUTCOME,
        rows=tuple(_row(analysis, step) for step in steps[-MOST_ROWS:]),
        note=f"0 is the first {analysis.grid.word} that counts as after the start. {note}",
        by_area=True,
    )


def _row(analysis: Analysis, step: Step) -> Row:
    scale = analysis.panel.scale
    limits = limits_on_scale(scale, step.interval) if step.interval else None
    lo, hi = limits or (None, None)
    label = f"{'+' if step.since > 0 else numbers.MINUS if step.since < 0 else ''}{abs(step.since)}"
    note = f"{step.areas:,} {'area' if step.areas == 1 else 'areas'}"
    return Row(label, on_scale(scale, float(np.clip(step.estimate, -700, 700))), lo, hi, group=step.group, note=note)
