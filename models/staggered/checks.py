"""Checks around staggered starts: who started when, other averages and comparisons, and the two-way regression."""

from collections.abc import Sequence

import numpy as np

from models import numbers
from models.changes import limits_on_scale, on_scale
from models.design import Design
from models.effect import Effect, disagreement, overturns
from models.estimate import Check, Evidence, Figure, Quantity, Row, Status
from models.inference.refusal import NoInference
from models.panel import Panel
from models.staggered.aggregates import alike
from models.staggered.analysis import Analysis, Inference, analysis_of, other_than
from models.staggered.analytic import published
from models.staggered.bacon import Bacon, Pair, PairKind, decompose
from models.staggered.options import StaggeredOptions
from models.staggered.words import AVERAGES, TITLES, effect_row, rests_on, starts_words
from models.wording import listed, signed

MOST_CELLS = 60
MOST_PAIRS = 40
LOT = (
    "Where areas have still to start, draw their order by lot: the permutation of start dates then holds by design and "
    "not by assumption."
)
KINDS = {
    PairKind.NEVER: "areas that started against areas that never do",
    PairKind.EARLIER: "earlier areas against later ones that had not started",
    PairKind.LATER: "later areas against earlier ones that had started already",
}
SIZE_OF_PUBLISHED = "in 9 to 26 of 100 runs without any effect"
"""At 12 to 6 areas; see `docs/methods/staggered-roll-out.md`."""


def groups(analysis: Analysis) -> Check:
    """Say who started when, and the effect on each."""
    grid, panel = analysis.grid, analysis.panel
    sizes = grid.groups.sizes[~grid.groups.never]
    alone = [s for s, size in zip(_starts(analysis), sizes.tolist(), strict=True) if size == 1]
    finding = f"Areas by their start: {starts_words(analysis)}."
    details = [LOT]
    if alone:
        details.insert(
            0,
            f"A start with a single area ({listed(alone)}) has no standard error of its own: one area cannot show how "
            "much areas differ, and a formula that prints one all the same is meaningless.",
        )
    lost = _lost(analysis)
    evidence = Evidence(
        title="The effect on the areas that started together",
        figure=Figure.FOREST,
        scale=panel.scale,
        quantity=Quantity.OUTCOME,
        rows=_group_rows(analysis),
        note=f"Intervals hold for one row at a time, {rests_on(analysis)}.",
        by_area=True,
    )
    status = Status.WARN if alone or lost else Status.PASS
    return Check(
        "staggered_groups", status, finding, " ".join(filter(None, [*details[:-1], lost, details[-1]])), evidence
    )


def _starts(analysis: Analysis) -> list[str]:
    """Starts of the groups, in order."""
    grid = analysis.grid
    return [start for start, never in zip(grid.started, grid.groups.never, strict=True) if not never]


def _lost(analysis: Analysis) -> str:
    """Say which bins and groups have no effect because nobody is left to compare with."""
    lost = analysis.times.lost
    if not lost:
        return ""
    labels = [analysis.grid.labels[b] for b in sorted({when for _, when in lost})]
    starts = [analysis.grid.started[g] for g in sorted({group for group, _ in lost})]
    return (
        f"No area is left to compare with in {_spanned(labels)}, so those bins say nothing of the areas that started "
        f"in {listed(starts)}."
    )


def _spanned(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"


def _group_rows(analysis: Analysis) -> tuple[Row, ...]:
    """One row for each start, followed by its effects bin by bin as far as there is room."""
    grid, times = analysis.grid, analysis.times
    sizes = grid.groups.sizes
    rows: list[Row] = []
    for group, average in analysis.averages.group.items():
        size = int(sizes[group])
        heading = f"Started in {grid.started[group]} ({size:,} {'area' if size == 1 else 'areas'})"
        rows.append(effect_row(analysis, "All since the start", analysis.effect(average), group=heading))
        cells = np.flatnonzero(times.after & (times.group == group))
        if int(times.after.sum()) + len(analysis.averages.group) <= MOST_CELLS:
            for cell in cells.tolist():
                one = analysis.effect(alike(np.asarray([cell], dtype=np.int64)))
                rows.append(effect_row(analysis, grid.labels[int(times.bin[cell])], one, group=heading))
    return tuple(rows)


def overall(analysis: Analysis, options: StaggeredOptions) -> Check:
    """Give the other averages of the same effects."""
    panel, averages = analysis.panel, analysis.averages
    found = {name: analysis.effect(average) for name, average in averages.overall.items()}
    main = found.pop(options.aggregate)
    rows = [effect_row(analysis, TITLES[options.aggregate], main, note=AVERAGES[options.aggregate], chosen=True)]
    rows += [effect_row(analysis, TITLES[name], other, note=AVERAGES[name]) for name, other in found.items()]
    against = {name: how for name, other in found.items() if (how := disagreement(main, other))}
    low, high = (signed(panel, pick(e.estimate for e in (main, *found.values()))) for pick in (min, max))
    span = f"all give {low}" if low == high else f"lie between {low} and {high}"
    if against:
        name, how = next(iter(against.items()))
        finding = f"The four averages {span}; averaged otherwise ({TITLES[name].lower()}), the estimate {how}."
    else:
        finding = f"Averaged over areas, over time since the start or over the calendar, the estimates {span}."
    detail = "Early areas have more bins after their start, so averages that count bins give them more weight."
    return Check(
        "staggered_averages",
        Status.WARN if against else Status.PASS,
        finding,
        detail,
        _forest(analysis, "Averages of the same effects", rows, f"Intervals {rests_on(analysis)}."),
        overturns=any(overturns(main, other) for other in found.values()),
    )


def comparison(panel: Panel, analysis: Analysis, design: Design, options: StaggeredOptions) -> Check:
    """Estimate the headline with the other areas to compare with."""
    name = "staggered_comparison"
    other_way = other_than(options.compared_with)
    again = analysis_of(panel, analysis.grid, design, options, other_way)
    if isinstance(again, NoInference):
        finding = "The effect cannot be estimated against other areas."
        return Check(name, Status.NOT_RUN, finding, again.reason)
    main, other = (a.effect(a.averages.overall[options.aggregate]) for a in (analysis, again))
    words = {"never": "areas that never start", "not_yet": "areas that have not started yet"}
    how = disagreement(main, other)
    said = f"{signed(analysis.panel, other.estimate)} instead of {signed(analysis.panel, main.estimate)}"
    finding = f"Compared with {words[other_way]}, the estimate is {said}{f', and {how}' if how else ''}."
    rows = (
        effect_row(analysis, words[options.compared_with], main, chosen=True),
        effect_row(analysis, words[other_way], other),
    )
    evidence = _forest(analysis, "Compared with other areas", rows, f"Intervals {rests_on(analysis)}.")
    status = Status.WARN if how else Status.PASS
    return Check(name, status, finding, "", evidence, overturns=overturns(main, other))


def two_way(analysis: Analysis, options: StaggeredOptions) -> Check:
    """Take the static two-way fixed-effects regression apart; it is never shown without its parts."""
    name = "staggered_two_way"
    grid = analysis.grid
    if grid.partial:
        reason = f"A {grid.word} lies neither before nor after a start, and the regression knows no third."
        return Check(name, Status.NOT_RUN, "The two-way regression cannot be taken apart.", reason)
    found = decompose(grid.values, grid.groups.first[grid.groups.member])
    if isinstance(found, NoInference):
        return Check(name, Status.NOT_RUN, "The two-way regression cannot be taken apart.", found.reason)
    main = analysis.effect(analysis.averages.overall[options.aggregate])
    beside = Effect(found.coefficient, None, None, None, None, main.treated, main.comparison)
    forbidden = found.share(PairKind.LATER)
    apart = overturns(main, beside)
    finding = (
        f"A two-way fixed-effects regression would give {signed(analysis.panel, found.coefficient)} instead of "
        f"{signed(analysis.panel, main.estimate)}; {_percent(forbidden)} of its weight compares areas that start with "
        "areas that had started before."
    )
    detail = (
        "Areas that had started before are no comparison: if their effect grows or fades, that is counted against the "
        "areas that start later. The regression is shown taken apart for readers who know it, and is never the answer."
    )
    evidence = Evidence(
        title="The two-way regression taken apart",
        figure=Figure.FOREST,
        scale=analysis.panel.scale,
        quantity=Quantity.OUTCOME,
        rows=_pair_rows(analysis, found),
        note="The regression's coefficient is the mean of the comparisons of two starts, on the scale where effects "
        "add up, with these weights (Goodman-Bacon 2021).",
        by_area=True,
    )
    return Check(name, Status.WARN if apart else Status.PASS, finding, detail, evidence)


def _pair_rows(analysis: Analysis, found: Bacon) -> tuple[Row, ...]:
    scale = analysis.panel.scale
    rows = [Row("The regression", on_scale(scale, found.coefficient), note="all comparisons together")]
    for kind, words in KINDS.items():
        mean = found.mean(kind)
        if mean is not None:
            weight = f"weight {_percent(found.share(kind))}"
            rows.append(Row(words, on_scale(scale, mean), group="By kind", note=weight))
    for pair in sorted(found.pairs, key=lambda pair: -pair.weight)[:MOST_PAIRS]:
        value, weight = on_scale(scale, pair.estimate), f"weight {_percent(pair.weight)}"
        rows.append(Row(_pair_words(analysis, pair), value, group="Two starts at a time", note=weight))
    return tuple(rows)


def _percent(share: float) -> str:
    return f"{numbers.fixed(100 * share, 1)}%"


def _pair_words(analysis: Analysis, pair: Pair) -> str:
    labels = analysis.grid.labels
    own, other = (labels[b] if b < len(labels) else "never" for b in (pair.treated, pair.other))
    return f"{own} against {other}"


def analytic(analysis: Analysis, options: StaggeredOptions) -> tuple[Check, ...]:
    """Show what the published formula would say of few areas, with how often it is wrong; nothing for many."""
    if analysis.inference is Inference.BY_START:
        return ()
    grid, panel = analysis.grid, analysis.panel
    rows = []
    for name, average in analysis.averages.overall.items():
        found = published(grid.values, grid.groups, analysis.times, average)
        limits = limits_on_scale(panel.scale, found.interval(analysis.level)) if found.std_error > 0 else None
        lo, hi = limits or (None, None)
        rows.append(Row(TITLES[name], on_scale(panel.scale, found.estimate), lo, hi, chosen=name == options.aggregate))
    finding = (
        "The standard errors usually printed for such studies are not used: with this few areas they claim an effect "
        f"{SIZE_OF_PUBLISHED}."
    )
    detail = "An area that starts alone adds nothing to them, as if it had no ups and downs of its own."
    note = "Influence functions of Callaway and Sant'Anna, clustered by area; not to be relied on here."
    evidence = _forest(analysis, "What the published formula would say", rows, note)
    return (Check("staggered_analytic", Status.PASS, finding, detail, evidence),)


def _forest(analysis: Analysis, title: str, rows: Sequence[Row], note: str) -> Evidence:
    return Evidence(
        title=title,
        figure=Figure.FOREST,
        scale=analysis.panel.scale,
        quantity=Quantity.OUTCOME,
        rows=tuple(rows),
        note=note,
        by_area=True,
    )
