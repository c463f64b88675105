"""Whether the measures of repeats agree, and whether one hazard ratio says enough."""

from dataclasses import replace

import numpy as np
from scipy import stats

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.changes import Changes, limits_on_scale, on_scale
from models.effect import Effect, disagreement
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.inference.refusal import NoInference
from models.recurrence.estimates import Analysis
from models.recurrence.grouped import grouped_cox, interaction, proportional
from models.recurrence.measures import RISKS, Measure, changes_of, ratio_changes
from models.recurrence.risk import Risk
from models.recurrence.words import amount, effect_words
from models.wording import listed

TURNED = {Measure.DAYS: -1.0}  # more days without a repeat are fewer repeats
HELD = (Measure.DAYS, Measure.REPEATS, Measure.FIRST, Measure.ALL)  # against the share recurring
RATIOS = (Measure.FIRST, Measure.ALL, Measure.BY_NUMBER, Measure.BY_GAP)
POOLED = (Measure.FIRST, Measure.ALL)
ONE_UNIT = "treated areas as one unit"
CLUSTERED = "Pooled Cox model, clustered by area (Lin and Wei): never relied on"
CLUSTERED_SIZE = (
    "Without any effect it claims one in 23 to 27 of 100 studies with 2 treated of 7 areas, where 5 is right, and in "
    "30 to 32 where treated areas vary twice as much."
)
DETAILS = {
    Measure.DAYS: "A case that repeats on the first day loses all of these days, one that never repeats none.",
    Measure.REPEATS: "Counts every repeat of a case, and not only whether it had any.",
}
JUDGED = "The study is judged by the share, whatever the others say."
RATIO_NOTE = (
    "Ratios of repeats per day, follow-up against baseline, treated areas against comparison areas. The ratios by "
    "number before compare cases with a history that the intervention may have changed."
)


def measures(analysis: Analysis, merged: Analysis | None) -> Check:
    """Hold the other measures of repeats against the share recurring.

    Parameters
    ----------
    analysis
        The outcome.
    merged
        The same with the treated areas as one unit; None where each counts.
    """
    found = {measure: effect for measure in (Measure.SHARE, *HELD) if (effect := _effect(measure, analysis))}
    main = found.pop(Measure.SHARE, None)
    rows = _ratio_rows(analysis, merged)
    title = "Repeats per day, as ratios"
    evidence = Evidence(title, Figure.FOREST, Scale.RATIO, Quantity.OUTCOME, rows, RATIO_NOTE) if rows else None
    if main is None or not found:
        finding = "Whether other measures of repeats agree with the share recurring cannot be judged."
        why = "There is no estimate of the share." if main is None else "No other measure can be estimated."
        return Check("recurrence_measures", Status.NOT_RUN, finding, why, evidence)
    said = listed([f"{measure} {amount(measure, effect.estimate)}" for measure, effect in found.items()])
    share = f"The share recurring: {effect_words(Measure.SHARE, main, analysis.design.level)}"
    apart, surer = _compared(main, found)
    if not apart:
        finding = f"Other measures of repeats do not contradict the share recurring: {said}."
        beyond = f" The interval leaves out no effect for the {listed(surer)}, but not for the share." if surer else ""
        return Check("recurrence_measures", Status.PASS, finding, f"{share}.{beyond} {JUDGED}", evidence)
    how = listed([f"by {listed(names)} the estimate {words}" for words, names in apart.items()])
    finding = f"The answer changes with how repeats are measured: {how}."
    detail = f"{share}; {said}. Fewer cases may recur while those that do recur more often, or sooner. {JUDGED}"
    return Check("recurrence_measures", Status.WARN, finding, detail, evidence)


def days(analysis: Analysis, merged: Analysis | None) -> Check | None:
    """Estimate the effect on the days without a repeat."""
    horizon = analysis.history.horizon
    title = f"Change in days without a repeat, of the first {horizon:,}"
    return _amounts("recurrence_days", Measure.DAYS, title, (analysis, merged))


def repeats(analysis: Analysis, merged: Analysis | None) -> Check | None:
    """Estimate the effect on repeats per 100 cases; None where only first repeats are known."""
    title = f"Change in repeats per 100 cases within {analysis.history.horizon:,} days"
    return _amounts("recurrence_repeats", Measure.REPEATS, title, (analysis, merged))


def hazards(analysis: Analysis) -> Check:
    """Compare the effect on the hazard of a first repeat in the earlier and the later days."""
    history, level = analysis.history, analysis.design.level
    before, after = (RISKS[Measure.FIRST](window) for window in (history.before, history.after))
    early = _early(before, after)
    parts = [ratio_changes(before, after, mask) for mask in (early, ~early)]
    apart = _difference(*parts)
    found = [analysis.effect(changes) for changes in (*parts, apart)]
    last = int(np.flatnonzero(early)[-1]) if early.any() else 0
    detail = _score_test(before, after, history.panel.treated)
    refusal = next((effect.reason for effect in found if isinstance(effect, NoInference)), "")
    known = [effect for effect in found if isinstance(effect, Effect)]
    if refusal or known[2].interval is None:
        finding = "Whether the effect on a first repeat fades or grows with time cannot be judged."
        why = refusal or "There are too few areas to judge a difference by."
        return Check("recurrence_hazards", Status.NOT_RUN, finding, f"{why} {detail}".strip())
    stretches = (f"day 1 to {last:,}", f"day {last + 1:,} to {history.horizon:,}", "later against earlier days")
    rows = tuple(_row(label, Scale.RATIO, effect) for label, effect in zip(stretches, known, strict=True))
    title = "First repeats per day, in earlier and later days"
    evidence = Evidence(title, Figure.FOREST, Scale.RATIO, Quantity.OUTCOME, rows)
    first, second = (amount(Measure.FIRST, effect.estimate) for effect in known[:2])
    finding = (
        f"The effect on first repeats per day is {first} in the first {last:,} days and {second} in the days after; "
        f"the later ratio against the earlier one: {effect_words(Measure.FIRST, known[2], level)}."
    )
    if known[2].excludes_none:
        said = "One hazard ratio stands for neither; read the share and the days without a repeat instead."
        return Check("recurrence_hazards", Status.WARN, finding, f"{said} {detail}".strip(), evidence)
    return Check("recurrence_hazards", Status.PASS, finding, detail, evidence)


def _effect(measure: Measure, analysis: Analysis) -> Effect | None:
    """Effect on a measure; None where it cannot be estimated, or the case does not hold it."""
    changes = changes_of(measure, analysis.history)
    found = None if changes is None else analysis.effect(changes)
    return found if isinstance(found, Effect) else None


def _compared(main: Effect, found: dict[Measure, Effect]) -> tuple[dict[str, list[str]], list[str]]:
    """Which measures disagree with the share and how, and which show in its direction what it does not.

    Each effect is measured in its own standard errors. Surer of the same is no other answer.
    """
    apart: dict[str, list[str]] = {}
    surer = []
    for measure, effect in found.items():
        share, other = _in_errors(main, 1.0), _in_errors(effect, TURNED.get(measure, 1.0))
        how = disagreement(share, other)
        if how and not share.excludes_none and share.estimate * other.estimate > 0:
            surer.append(measure.value)
        elif how:
            apart.setdefault(how, []).append(f"the {measure}")
    return apart, surer


def _in_errors(effect: Effect, sign: float) -> Effect:
    unit = sign * (effect.std_error or 1.0)
    limits = None if effect.interval is None else tuple(sorted(limit / unit for limit in effect.interval))
    interval = None if limits is None else (limits[0], limits[1])
    return replace(effect, estimate=effect.estimate / unit, interval=interval)


def _amounts(name: str, measure: Measure, title: str, analyses: tuple[Analysis, Analysis | None]) -> Check | None:
    """Give the effect on a measure with a unit of its own; None where the case does not hold it."""
    analysis, merged = analyses
    changes = changes_of(measure, analysis.history)
    if changes is None:
        return None
    effect = analysis.effect(changes)
    if isinstance(effect, NoInference):
        return Check(name, Status.NOT_RUN, f"The effect on {measure} cannot be estimated.", effect.reason)
    rows = [_row("all areas", Scale.DIFFERENCE, effect, chosen=True)]
    one_unit = None if merged is None else _effect(measure, merged)
    rows += [] if one_unit is None else [_row(ONE_UNIT, Scale.DIFFERENCE, one_unit)]
    evidence = Evidence(title, Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER, tuple(rows))
    horizon = analysis.history.horizon
    finding = (
        f"The effect on {measure} within {horizon:,} days of the first report: "
        f"{effect_words(measure, effect, analysis.design.level)}."
    )
    return Check(name, Status.PASS, finding, DETAILS[measure], evidence)


def _ratio_rows(analysis: Analysis, merged: Analysis | None) -> tuple[Row, ...]:
    """Every ratio of repeats per day, by the test of areas, with one unit, and from the pooled model."""
    own = [_row(measure.value, Scale.RATIO, effect) for measure in RATIOS if (effect := _effect(measure, analysis))]
    one_unit = [] if merged is None else [(m, effect) for m in POOLED if (effect := _effect(m, merged))]
    together = [_row(m.value, Scale.RATIO, effect, group=ONE_UNIT.capitalize()) for m, effect in one_unit]
    pooled = [row for measure in POOLED if (row := _clustered(measure, analysis))]
    return (*own, *together, *pooled)


def _clustered(measure: Measure, analysis: Analysis) -> Row | None:
    """Fit the pooled Cox model, with the robust standard error that is too small with few areas."""
    history = analysis.history
    if measure.of_repeats and not history.has_repeats:
        return None
    before, after = (RISKS[measure](window) for window in (history.before, history.after))
    fit = grouped_cox(interaction(before, after, history.panel.treated))
    if isinstance(fit, NoInference):
        return None
    value, error = float(fit.coefficients[1]), float(fit.robust_errors[1])
    half = float(stats.norm.isf((1 - analysis.design.level) / 2)) * error
    limits = limits_on_scale(Scale.RATIO, (value - half, value + half))
    if limits is None or error <= 0:
        return None
    p_value = float(2 * stats.norm.sf(abs(value) / error))
    return Row(measure.value, on_scale(Scale.RATIO, value), *limits, p_value, group=CLUSTERED, note=CLUSTERED_SIZE)


def _row(label: str, scale: Scale, effect: Effect, *, group: str = "", chosen: bool = False) -> Row:
    limits = limits_on_scale(scale, effect.interval) if effect.interval else None
    lo, hi = limits or (None, None)
    value = on_scale(scale, float(np.clip(effect.estimate, -700, 700)))
    return Row(label, value, lo, hi, effect.p_value if limits else None, group=group, chosen=chosen)


def _early(before: Risk, after: Risk) -> BoolArray:
    """Mask of the days up to the one by which half of all events have come, shape (D,)."""
    by_day = (before.events + after.events).sum(axis=(0, 1))
    reached = np.cumsum(by_day)
    early: BoolArray = reached - by_day < reached[-1] / 2
    return early


def _difference(first: Changes, second: Changes) -> Changes:
    """Later less earlier change of each area."""
    gaps = {gap.area: gap for gap in (*first.gaps, *second.gaps)}
    usable = first.usable & second.usable
    w: FloatArray = np.where(usable, second.w - first.w, np.nan)
    return Changes(w, w * np.nan, usable, tuple(gaps.values()), max(first.resolution, second.resolution))


def _score_test(before: Risk, after: Risk, treated: BoolArray) -> str:
    """Schoenfeld's residuals of the pooled model against time, in words; empty if it cannot be fitted."""
    groups = interaction(before, after, treated)
    fit = grouped_cox(groups)
    if isinstance(fit, NoInference):
        return ""
    p_value = float(proportional(groups, fit).p_value[1])
    return (
        f"The score test of the pooled Cox model's Schoenfeld residuals, which takes every case for separate evidence: "
        f"{numbers.p_value(p_value)}."
    )
