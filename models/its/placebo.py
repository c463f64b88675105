"""Tests of a single series that assume less: pretend it started earlier, and shift the residuals round the clock."""

from dataclasses import replace

import numpy as np

from models import numbers
from models.arrays import BoolArray
from models.design import Design, Shock
from models.effect import Effect, row_of
from models.estimate import Check, Evidence, Figure, Quantity, Row, Status
from models.inference.refusal import NoInference
from models.its.alternatives import average_of
from models.its.measured import Measured, size_words
from models.its.options import ItsOptions
from models.its.setup import Setup, prepare
from models.its.words import number_of
from models.panel import Kind, Panel
from models.periods import Periods, Role
from models.sensitivity.starts import SHORTEST, EarlierStart, earlier_starts
from models.series.conformal import Conformal, conformal
from models.wording import signed

MOST_STARTS = 24
OFTEN = 2.0
"""Times the nominal share of intervals on one side of no effect from which a warning follows."""


def placebo_in_time(setup: Setup, own: Effect, design: Design, options: ItsOptions) -> Check:
    """Pretend that the intervention started at earlier dates of the baseline, and fit the series again."""
    name, panel = "its_placebo_in_time", setup.panel
    found = [(start, _at(panel, start, design, options)) for start in _starts(panel.periods)]
    known = [(start, effect) for start, effect in found if isinstance(effect, Effect) and effect.interval]
    if not known:
        finding = "The baseline is too short to try the series at an earlier start, where nothing happened."
        detail = next((e.reason for _, e in found if isinstance(e, NoInference)), "")
        return Check(name, Status.NOT_RUN, finding, detail)
    clear = sum(effect.excludes_none for _, effect in known)
    large = sum(abs(effect.estimate) >= abs(own.estimate) for _, effect in known)
    often = max(1.0, OFTEN * (1 - design.level) * len(known))
    warn = clear > often or (own.excludes_none and large > often)
    at = f"{len(known)} earlier starts" if len(known) > 1 else "the one earlier start that fits"
    finding = (
        f"At {at}, where nothing happened, the series alone would {_times(clear)} have found an effect; "
        f"{_number(large)} of the estimates {'is' if large == 1 else 'are'} as large as its own of "
        f"{signed(panel, own.estimate)}."
    )
    if clear > often:
        tail = "The line is too sure of itself here: what it finds at the real start may be no more than this."
    elif warn:
        tail = "Lines through so short a stretch stray that far with nothing done: a gap of this size shows little."
    else:
        tail = "That it seldom found one does not show that nothing else happened at the real start."
    rows = tuple(_row(panel, start, effect) for start, effect in found)
    label = panel.periods.labels[setup.terms.start]
    rows += (row_of(label, panel, own, note="the study's own start", chosen=True),)
    length = number_of(int(found[0][0].after.sum()), panel.periods.unit)
    note = f"Each has {length} of follow-up and no fewer before it; starts near each other share periods"
    evidence = Evidence(
        "The same regression at earlier starts", Figure.SERIES, panel.scale, Quantity.OUTCOME, rows, note
    )
    return Check(name, Status.WARN if warn else Status.PASS, finding, tail, evidence)


def _starts(periods: Periods) -> list[EarlierStart]:
    """Earlier starts with no fewer periods before than after, evenly spaced where there are many.

    The pretended follow-up is as long as the study's, but at most a third of the baseline: a trend needs a stretch to
    be known from.
    """
    after = np.flatnonzero(periods.follow_up)
    kept = set(after[: max(SHORTEST, int(periods.baseline.sum()) // 3)].tolist())
    roles = (Role.EXCLUDED if r is Role.FOLLOW_UP and t not in kept else r for t, r in enumerate(periods.roles))
    found = earlier_starts(Periods(periods.unit, periods.first, tuple(roles))).starts
    balanced = [start for start in found if start.before.sum() >= start.after.sum()]
    chosen = np.unique(np.linspace(0, len(balanced) - 1, min(len(balanced), MOST_STARTS)).astype(np.int64))
    return [balanced[i] for i in chosen.tolist()]


def _at(panel: Panel, start: EarlierStart, design: Design, options: ItsOptions) -> Effect | NoInference:
    pretended = replace(panel, periods=_pretended(panel.periods, start))
    found = prepare(pretended, _before(design, start.after), options)
    return found if isinstance(found, NoInference) else average_of(found, found.fit(), design.level)


def _pretended(periods: Periods, start: EarlierStart) -> Periods:
    """The same periods with an earlier start; what comes after its follow-up is left out."""
    first = int(np.flatnonzero(start.after)[0])
    roles = [
        Role.BASELINE
        if start.before[t]
        else Role.FOLLOW_UP
        if start.after[t]
        else Role.PHASE_IN
        if start.first <= t < first
        else Role.EXCLUDED
        for t in range(len(periods))
    ]
    return Periods(periods.unit, periods.first, tuple(roles))


def _before(design: Design, after: BoolArray) -> Design:
    """The design as it was known then: shocks only up to the end of the pretended follow-up."""
    early = np.arange(len(after)) <= int(np.flatnonzero(after)[-1])
    shocks = (Shock(shock.why, shock.periods & early) for shock in design.shocks)
    return replace(design, shocks=tuple(shock for shock in shocks if shock.periods.any()))


def _row(panel: Panel, start: EarlierStart, found: Effect | NoInference) -> Row:
    clear = isinstance(found, Effect) and found.excludes_none
    note = "its interval lies wholly on one side of no effect" if clear else ""
    return row_of(panel.periods.labels[int(np.flatnonzero(start.after)[0])], panel, found, note=note)


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _number(count: int) -> str:
    return f"{count:,}" if count else "none"


def conformal_check(setup: Setup, own: Effect, level: float) -> Check:
    """Test a constant effect by shifting residuals round the clock, which needs no model of how periods vary."""
    name, panel, series = "its_conformal", setup.panel, setup.series
    values, weights = series.values, series.weights
    if panel.kind is Kind.COUNT:
        seen = np.where(series.usable, series.weights, 1.0)
        spare = 0.5 if (series.values[series.usable] == 0).any() else 0.0
        events = np.where(series.usable, series.values + spare, 1.0)
        values = np.log(events / seen)
    matrix = setup.terms.matrix[:, ~setup.terms.change]
    found = conformal(values, matrix, series.usable, setup.follow_up, level, weights)
    if isinstance(found, NoInference):
        return Check(name, Status.NOT_RUN, "The test by shifts of the residuals gives nothing here.", found.reason)
    effect = Effect(found.estimate, found.interval, None, None, found.p_value, panel.n_treated, 0)
    rows = (
        row_of("constant effect, by shifts of the residuals", panel, effect, note=found.reason),
        row_of("average effect of the study's own regression", panel, own, chosen=True),
    )
    title = "A test that leaves open how neighbouring periods are alike"
    evidence = Evidence(title, Figure.FOREST, panel.scale, Quantity.OUTCOME, rows)
    if found.interval is None:
        finding = "The test by shifts of the residuals could rule out no effect here, however large."
        return Check(name, Status.NOT_RUN, finding, found.reason, evidence)
    apart = own.interval is not None and (found.p_value <= 1 - level) != own.excludes_none
    return Check(name, Status.WARN if apart else Status.PASS, _finding(panel, found), _detail(panel, found), evidence)


def _finding(panel: Panel, found: Conformal) -> str:
    rank = round(found.p_value * found.shifts)
    unit = panel.periods.unit
    return (
        f"Of {found.shifts:,} ways to shift the residuals round the clock, {_number(rank)} (the real one among them) "
        f"{'leaves' if rank == 1 else 'leave'} the {unit.value}s of follow-up as far from the line: "
        f"{numbers.p_value(found.p_value)}."
    )


def _detail(panel: Panel, found: Conformal) -> str:
    return (
        f"It supposes a constant effect ({signed(panel, found.estimate)}) and errors that are as likely at one time as "
        f"at another. Its smallest possible p is 1 in {found.shifts:,}. {size_words(Measured.CONFORMAL_ALONE)}"
    )
