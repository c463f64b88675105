"""The same series under other choices, at earlier starts, and without the areas next door."""

from dataclasses import replace

import numpy as np

from models.bayes.comparative.answer import ONE_FOR_ONE, UNUSED, Answer, answer
from models.bayes.comparative.series import Series
from models.bayes.comparative.shocks import Shocks
from models.bayes.comparative.structure import WANDERING
from models.effect import Effect, disagreement, overturns, row_of
from models.estimate import Check, Evidence, Figure, Quantity, Row, Status
from models.its.words import number_of
from models.panel import Panel
from models.wording import listed, signed

MOST_STARTS = 6
AT_BOUND, UNSHOCKED = "a level that wanders as far as the bound", "no shocks to areas"
FOR_SCALE = frozenset({AT_BOUND, UNSHOCKED})
"""Choices that are shown and not weighed: the first claims too little by design, the second too much."""
STILL, BOUND = np.zeros(1), WANDERING[-1:]


def choices_check(main: Answer, level: float, *, shared: bool) -> Check:
    """Give the answer under the choices that could have been made otherwise."""
    series, shocks, own = main.series, main.shocks, main.as_effect(level)
    panel = series.panel
    none = replace(shocks, tau=np.zeros(1), weights=np.ones(1))
    tried: list[tuple[str, str, Answer]] = []
    if series.names:
        tried += [
            ("without the comparison areas", "Comparison areas", answer(series, shocks, shared=shared, loading=UNUSED)),
            (
                "following their mean one for one",
                "Comparison areas",
                answer(series, shocks, shared=shared, loading=ONE_FOR_ONE),
            ),
        ]
    tried += [
        ("a level that stays", "Level", answer(series, shocks, shared=shared, wandering=STILL)),
        (AT_BOUND, "Level", answer(series, shocks, shared=shared, wandering=BOUND)),
    ]
    shaken: list[tuple[str, str, Answer]] = [
        ("shocks half as large", "Shocks", answer(series, shocks.times(0.5), shared=shared)),
        ("shocks twice as large", "Shocks", answer(series, shocks.times(2.0), shared=shared)),
        (UNSHOCKED, "Shocks", answer(series, none, shared=shared)),
    ]
    tried += shaken if shocks.mean > 0 else []
    found = [(label, group, other.as_effect(level)) for label, group, other in tried]
    weighed = [(label, other) for label, _, other in found if label not in FOR_SCALE]
    against = [label for label, other in weighed if disagreement(own, other)]
    overturned = any(overturns(own, other) for _, other in weighed)
    finding = (
        f"With {len(weighed)} other choice{'s' if len(weighed) > 1 else ''} the answer stays the same."
        if not against
        else f"The answer depends on choices: it changes with {listed(against)}."
    )
    rows = (
        row_of("as chosen", panel, own, chosen=True),
        *(row_of(label, panel, other, group=group) for label, group, other in found),
    )
    evidence = Evidence("The Bayesian series under other choices", Figure.FOREST, panel.scale, Quantity.OUTCOME, rows)
    detail = (
        "A level that wanders as far as the bound is the most cautious reading of the baseline; without shocks "
        "to areas the interval counts months alone, and is too narrow wherever areas move by themselves."
    )
    status = Status.WARN if against else Status.PASS
    return Check("bayes_its_choices", status, finding, detail, evidence, overturned)


def placebo_check(main: Answer, level: float, *, shared: bool) -> Check:
    """Pretend that the intervention started within the baseline, and predict from what came before."""
    name, panel = "bayes_its_placebo", main.series.panel
    starts = _starts(main.series)
    unit = panel.periods.unit
    if not starts:
        finding = "The baseline is too short to try the series at an earlier start, where nothing happened."
        return Check(name, Status.NOT_RUN, finding)
    found = [(start, answer(main.series.started(start, end), main.shocks, shared=shared)) for start, end in starts]
    effects = [(start, each.as_effect(level)) for start, each in found]
    clear = sum(effect.excludes_none for _, effect in effects)
    allowed = max(1.0, 2 * (1 - level) * len(effects))
    warn = clear > allowed
    sizes = [effect.estimate for _, effect in effects]
    at = f"{len(effects)} earlier starts" if len(effects) > 1 else "the one earlier start that fits"
    finding = (
        f"At {at}, where nothing happened, the Bayesian series finds {_range(panel, sizes)}; "
        f"{_clear(clear, len(sizes))} wholly on one side of no effect."
    )
    tail = (
        "It is too sure of itself in the baseline." if warn else "That does not show that nothing else happened later."
    )
    times = main.series.structure.times
    rows = tuple(_row(panel, int(times[start]), effect) for start, effect in effects)
    own = row_of(
        panel.periods.labels[int(times[main.series.structure.before])],
        panel,
        main.as_effect(level),
        note="the study's own start",
        chosen=True,
    )
    length = starts[0][1] - starts[0][0]
    told = f"Each is predicted over {number_of(length, unit)} from what came before it"
    note = f"{told}; those near each other share {unit.value}s"
    evidence = Evidence(
        "The Bayesian series at earlier starts", Figure.SERIES, panel.scale, Quantity.OUTCOME, (*rows, own), note
    )
    return Check(name, Status.WARN if warn else Status.PASS, finding, tail, evidence)


def _starts(series: Series) -> list[tuple[int, int]]:
    """First and one past the last period of each pretended follow-up, at most a third of the baseline long."""
    n, (length, least) = series.structure.before, series.earlier()
    fit = list(range(least, n - length + 1))
    chosen = np.unique(np.linspace(0, len(fit) - 1, min(len(fit), MOST_STARTS)).round().astype(np.int64))
    return [(fit[i], fit[i] + length) for i in chosen.tolist()]


def _range(panel: Panel, sizes: list[float]) -> str:
    least, most = signed(panel, min(sizes)), signed(panel, max(sizes))
    return least if least == most else f"{least} to {most}"


def _clear(clear: int, many: int) -> str:
    if many == 1:
        return f"its interval lies{'' if clear else ' not'}"
    return f"{clear or 'none'} of {many} intervals {'lies' if clear == 1 else 'lie'}"


def _row(panel: Panel, period: int, effect: Effect) -> Row:
    note = "its interval lies wholly on one side of no effect" if effect.excludes_none else ""
    return row_of(panel.periods.labels[period], panel, effect, note=note)


def neighbours_check(main: Answer, shocks: Shocks, level: float, *, shared: bool) -> Check | None:
    """Give the answer without the comparison areas that border a treated one; None if none does.

    Parameters
    ----------
    shocks
        Of the series without those areas.
    """
    name, series = "bayes_its_neighbours", main.series
    if not series.bordering:
        return None
    kept = np.asarray([area not in series.bordering for area in series.names], dtype=np.bool_)
    panel, own = series.panel, main.as_effect(level)
    without = answer(series.following(kept), shocks, shared=shared).as_effect(level)
    against = disagreement(own, without)
    left = listed([n for n, k in zip(series.names, kept, strict=True) if k]) or "none"
    finding = (
        f"Without the comparison areas that border a treated one ({listed(series.bordering)}) the Bayesian series "
        f"finds {signed(panel, without.estimate)} instead of {signed(panel, own.estimate)}"
        f"{', and the answer changes' if against else ''}."
    )
    rows = (
        row_of("all comparison areas", panel, own, chosen=True),
        row_of("without those that border a treated area", panel, without, note=f"left: {left}"),
    )
    title = "The Bayesian series without the areas next door"
    evidence = Evidence(title, Figure.FOREST, panel.scale, Quantity.OUTCOME, rows, by_area=True)
    detail = "What the intervention did next door, or drew from there, would be taken for what happened anyway."
    status = Status.WARN if against else Status.PASS
    return Check(name, status, finding, detail, evidence, overturns(own, without))
