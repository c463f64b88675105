"""What the levels say one by one: shares with and without the effect, superiority, single cutpoints and thresholds."""

from dataclasses import replace

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.effect import Effect, disagreement, effect_of, row_of
from models.effect import effect as effect_on_share
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.inference.refusal import NoInference
from models.ordinal.analysis import Analysis
from models.ordinal.cutpoints import Cutpoint, at_each_cutpoint, joint_p
from models.ordinal.latent import answers, ordinal_cells
from models.ordinal.shares import carried
from models.ordinal.superiority import superiority
from models.panel import Panel
from models.sensitivity.compare import Alternative, compared
from models.sensitivity.main import Main, main_analysis, main_row

LEAST_SHOWN = 5
"""Answers below which a level is shown together with the next."""

ONE_CUTPOINT = "With answers at two levels only there is one cutpoint, and nothing to compare it with."


def shown_levels(panel: Panel) -> tuple[tuple[int, int], ...]:
    """Levels joined until each has `LEAST_SHOWN` of the treated areas' answers in follow-up: first and last of each."""
    n = answers(panel, panel.periods.follow_up)[panel.treated].sum(axis=0)
    groups: list[tuple[int, int]] = []
    start = 0
    for level in range(len(n)):
        if n[start : level + 1].sum() >= LEAST_SHOWN:
            groups.append((start, level))
            start = level + 1
    if start < len(n):
        left = groups.pop()[0] if groups else 0
        groups.append((left, len(n) - 1))
    return tuple(groups)


def least_shown(panel: Panel) -> float:
    """Answers behind the smallest share that `categories` shows."""
    n = answers(panel, panel.periods.follow_up)[panel.treated].sum(axis=0)
    return min(float(n[first : last + 1].sum()) for first, last in shown_levels(panel))


def categories(analysis: Analysis) -> Check:
    """Give the share at each level as observed, and with the latent effect removed."""
    cells, counts = ordinal_cells(analysis.panel), analysis.treated_answers
    rows = []
    for first, last in shown_levels(analysis.panel):
        found = carried(counts, analysis.effect, first, last, analysis.treated_weights)
        lo, hi = found.interval or (None, None)
        note = f"{_per_cent(found.seen)} with it, {_per_cent(found.without)} without"
        rows.append(Row(_between(cells.levels, first, last), found.estimate, lo, hi, note=note))
    head = analysis.share_from(cells.at_least, analysis.effect)
    lo, hi = head.interval or (None, None)
    name = _from(cells.levels, cells.at_least)
    note = f"{_per_cent(head.seen)} with it, {_per_cent(head.without)} without"
    rows.append(Row(name, head.estimate, lo, hi, analysis.effect.p_value, note=note, chosen=True))
    ends = (
        f" ({numbers.interval_name(analysis.level)} {_per_cent(head.lo)} to {_per_cent(head.hi)})"
        if head.lo is not None and head.hi is not None
        else ""
    )
    finding = (
        f"In follow-up {_per_cent(head.seen)} of the treated areas' answers are {name}; with the effect taken away it "
        f"would be {_per_cent(head.without)}{ends}."
    )
    detail = (
        "The same log odds are taken from the observed answers of every treated area, and the shares are averaged over "
        "them; ranges are the limits of the latent effect, carried through. They hold these answers fixed, and rest on "
        "one shift for all levels."
    )
    evidence = Evidence(
        "Share of answers at each level, with and without the effect",
        Figure.FOREST,
        Scale.DIFFERENCE,
        Quantity.POINTS,
        tuple(rows),
        "Differences in points between the share observed in the treated areas and the share without the effect.",
        by_area=True,
    )
    return Check("ordinal_categories", Status.PASS, finding, detail, evidence)


def superior(analysis: Analysis) -> Check:
    """Compare the groups by the probability that an answer of follow-up is higher than one of the baseline."""
    latent, treated = analysis.latent, analysis.panel.treated
    kept = latent.changes.usable
    ps = superiority(latent.before[kept], latent.after[kept])
    weights = None if analysis.weights is None else analysis.weights[kept]
    found = effect_of(ps, treated[kept], analysis.level, latent.changes.resolution, weights)
    groups = [float(np.average(ps[g], weights=_of(weights, g))) for g in (treated[kept], ~treated[kept])]
    lo, hi = found.interval or (None, None)
    rows = (
        Row("treated areas, above an even chance", groups[0] - 0.5),
        Row("comparison areas, above an even chance", groups[1] - 0.5),
        Row("difference", found.estimate, lo, hi, found.p_value, chosen=True),
    )
    finding = (
        "An answer from follow-up is higher than one from the baseline with a probability of "
        f"{_per_cent(groups[0])} in treated and {_per_cent(groups[1])} in comparison areas (ties count half): a "
        f"difference of {_points(found.estimate)}{_range(found, analysis.level)}."
    )
    delta = [2 * ps - 1 for ps in groups]
    detail = (
        f"Cliff's delta, twice that probability less one, is {numbers.signed(delta[0], 2)} and "
        f"{numbers.signed(delta[1], 2)}: a difference of {numbers.signed(delta[0] - delta[1], 2)}. It takes the order "
        "of the levels and nothing else; parallel trends then hold for this probability."
    )
    how = disagreement(analysis.effect, found)
    evidence = Evidence(
        "Probability that an answer from follow-up is higher than one from the baseline",
        Figure.FOREST,
        Scale.DIFFERENCE,
        Quantity.POINTS,
        rows,
        "Points above 50%; ties count half.",
        by_area=True,
    )
    told = f"{finding.removesuffix('.')}, and it {how}." if how else finding
    return Check("ordinal_superiority", Status.WARN if how else Status.PASS, told, detail, evidence)


def proportional_odds(analysis: Analysis) -> Check:
    """Compare the latent effect at each cutpoint by itself with that at all of them."""
    name = "ordinal_proportional_odds"
    cutpoints = at_each_cutpoint(analysis.panel, analysis.latent, analysis.level, analysis.weights)
    if len(cutpoints) < 2:
        return Check(name, Status.NOT_RUN, "Whether one shift describes all levels cannot be asked.", ONE_CUTPOINT)
    evidence = _odds_evidence(analysis, cutpoints)
    p = joint_p(cutpoints)
    known = [c.effect.estimate for c in cutpoints if isinstance(c.effect, Effect)]
    if p is None:
        finding = "Whether one shift describes all levels cannot be judged."
        reasons = [c.effect.reason for c in cutpoints if isinstance(c.effect, NoInference)]
        why = reasons[0] if reasons else "Nothing shows how much areas differ by chance."
        return Check(name, Status.NOT_RUN, finding, why, evidence)
    least, most = (numbers.ratio_number(float(np.exp(x))) for x in (min(known), max(known)))
    differ = p < 1 - analysis.level + 1e-9
    whole = numbers.ratio_number(float(np.exp(analysis.effect.estimate)))
    finding = (
        f"Cutpoint by cutpoint the odds ratio of a higher answer lies between {least} and {most}, against {whole} at "
        f"all of them together: the cutpoints differ by {'more than' if differ else 'no more than'} areas do by chance "
        f"({numbers.p_value(p)}, allowing for {len(known):,} cutpoints)."
    )
    detail = (
        "One shift does not describe all levels: read the shares at single levels, and the threshold by threshold "
        "comparison, and not the odds ratio."
        if differ
        else "With few areas only large differences between cutpoints would be seen."
    )
    return Check(name, Status.WARN if differ else Status.PASS, finding, detail, evidence)


def thresholds(analysis: Analysis) -> Check | None:
    """Repeat the difference-in-differences of shares with answers counted from other levels up; None if none can be."""
    panel, cells = analysis.panel, ordinal_cells(analysis.panel)
    main = main_analysis(panel, analysis.level, analysis.weighting)
    firsts = [first for first, _ in shown_levels(panel)[1:] if first != cells.at_least]
    if isinstance(main, NoInference) or not firsts:
        return None
    effects = {first: _counted_from(main, first) for first in firsts}
    labels = {first: f"from {_name(cells.levels, first)} up" for first in sorted([*firsts, cells.at_least])}
    rows = [
        main_row(main, f"{label} (as declared)") if first == cells.at_least else row_of(label, panel, effects[first])
        for first, label in labels.items()
    ]
    others = [Alternative(labels[first], found) for first, found in effects.items()]
    evidence = Evidence(
        "With answers counted from each level up",
        Figure.FOREST,
        panel.scale,
        Quantity.OUTCOME,
        tuple(rows),
        "Each row is a difference-in-differences of that share, without the ordered logit.",
    )
    opening = "Counting answers from another level up"
    detail = "Different thresholds ask different questions; the one declared beforehand is the headline."
    found = compared("ordinal_thresholds", main, others, opening, detail, evidence)
    return replace(found, overturns=False)  # an answer to another question overturns nothing


def _counted_from(main: Main, first: int) -> Effect | NoInference:
    panel = replace(main.panel, cells=replace(ordinal_cells(main.panel), at_least=first))
    return effect_on_share(panel, main.level, weighting=main.weighting)


def _odds_evidence(analysis: Analysis, cutpoints: tuple[Cutpoint, ...]) -> Evidence:
    levels = ordinal_cells(analysis.panel).levels
    rows = [_odds_row("all levels together", analysis.effect, chosen=True)]
    rows += [_odds_row(_from(levels, c.level), c.effect) for c in cutpoints]
    note = (
        "Odds ratios: treated areas' change in the odds of an answer at or above the level, over comparison areas'. "
        "1 is no effect."
    )
    return Evidence("Odds ratio at each cutpoint", Figure.FOREST, Scale.RATIO, Quantity.NUMBER, tuple(rows), note)


def _odds_row(label: str, found: Effect | NoInference, *, chosen: bool = False) -> Row:
    if isinstance(found, NoInference):
        return Row(label, None, note=found.reason)
    farthest = max(abs(x) for x in (found.estimate, *(found.interval or ())))
    if farthest > np.log(numbers.MOST_TIMES):
        return Row(label, None, note="Too far from 1 to be written as a ratio.", chosen=chosen)
    lo, hi = np.exp(found.interval).tolist() if found.interval else (None, None)
    return Row(label, float(np.exp(found.estimate)), lo, hi, found.p_value, chosen=chosen)


def _of(weights: FloatArray | None, group: BoolArray) -> FloatArray | None:
    return None if weights is None else weights[group]


def _name(levels: tuple[str, ...], level: int) -> str:
    return levels[level] if levels else f"level {level + 1}"


def _between(levels: tuple[str, ...], first: int, last: int) -> str:
    return " or ".join(dict.fromkeys(_name(levels, level) for level in range(first, last + 1)))


def _from(levels: tuple[str, ...], first: int) -> str:
    return f"{_name(levels, first)} or above"


def _per_cent(share: float) -> str:
    return f"{numbers.fixed(100 * share, 1)}%"


def _points(value: float) -> str:
    return f"{numbers.points(value)} points"


def _range(found: Effect, level: float) -> str:
    if found.interval is None:
        return ""
    lo, hi = (numbers.points(x) for x in found.interval)
    return f" ({numbers.interval_name(level)} {lo} to {hi}, {numbers.p_value(found.p_value)})"
