"""What the Bayesian series must say about itself: its predictions, what carries them, and how far areas may move."""

import math

import numpy as np

from models import numbers
from models.arrays import FloatArray
from models.bayes.comparative.answer import Answer
from models.bayes.comparative.forecasts import Forecasts
from models.bayes.comparative.series import lost_words
from models.bayes.comparative.shocks import Shocks
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.its.words import number_of
from models.panel import Kind, Panel
from models.wording import SHARES, signed

LARGEST_ERROR = 4.0
"""Standard errors beyond which a single period says that the model does not hold."""
PLAY = 2.5
"""Standard errors from what is expected at which the baseline says that the model does not hold."""
NOTABLE_CORRELATION = 0.3
FEWEST_ERRORS = 8
MOSTLY = 0.5
MORE_THAN_EXPECTED = 1.5
LITTLE = 0.25
"""Sum of the coefficients below which the comparison areas carry little."""


def spread_words(panel: Panel, value: float) -> str:
    """Write a standard deviation on the linear scale: "4%", "3.1 points"."""
    return signed(panel, value).lstrip("+")


def fit_check(answer: Answer, found: Forecasts) -> Check:
    """Ask whether the model would have told each period of the baseline from those before it."""
    name, unit = "bayes_its_fit", answer.series.panel.periods.unit
    seen = np.isfinite(found.standardised)
    errors, times = found.standardised[seen], answer.series.structure.times[: len(seen)][seen]
    if len(errors) < FEWEST_ERRORS:
        finding = f"The baseline has {number_of(len(errors), unit)} that could be predicted from those before: too few."
        return Check(name, Status.NOT_RUN, finding)
    n, sd = len(errors), float(np.sqrt((errors**2).mean()))
    next_to = np.diff(times) == 1
    r = float((errors[1:] * errors[:-1])[next_to].sum() / (errors**2).sum())
    worst = float(np.abs(errors).max())
    sd_play, r_play = PLAY / math.sqrt(2 * n), max(NOTABLE_CORRELATION, PLAY / math.sqrt(n))
    faults = [
        *([f"they are {'larger' if sd > 1 else 'smaller'} than it says"] if abs(sd - 1) > sd_play else []),
        *([f"one {unit.value}'s error carries over to the next"] if abs(r) > r_play else []),
        *([f"one is {numbers.fixed(worst, 1)} standard errors off"] if worst > LARGEST_ERROR else []),
    ]
    finding = (
        f"In the {number_of(n, unit)} of baseline that could be predicted from those before, errors were "
        f"{numbers.fixed(sd, 2)} times as large as the model says, and those one {unit.value} apart correlate at "
        f"{numbers.fixed(r, 2)}{': ' + ', and '.join(faults) if faults else ''}."
    )
    rows = (
        Row("size of errors, by what the model says", sd, 1 - sd_play, 1 + sd_play),
        Row(f"correlation of errors one {unit.value} apart", r, -r_play, r_play),
        Row("largest error, in standard errors", worst, 0.0, LARGEST_ERROR),
    )
    note = "The ranges are where each would lie if the model held, but for play of chance"
    title = "Predictions of the baseline, one period ahead"
    evidence = Evidence(title, Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER, rows, note)
    detail = "How much varies was told from the whole baseline; each prediction uses only what came before."
    return Check(name, Status.WARN if faults else Status.PASS, finding, detail, evidence)


def comparisons_check(answer: Answer, level: float) -> Check:
    """Which comparison areas carry the prediction, and how much."""
    name, series = "bayes_its_comparisons", answer.series
    if not series.names:
        finding = "No comparison area is used: what would have happened is told from the treated areas' own past alone."
        detail = f"Whatever else changed at the start counts as effect. {lost_words(series)}".strip()
        return Check(name, Status.WARN, finding, detail)
    grid = answer.grid
    carried = [grid.coefficient(k) for k in range(len(series.names))]
    total = float(sum(each.mean for each in carried))
    order = sorted(range(len(carried)), key=lambda k: -abs(carried[k].mean))
    lead = series.names[order[0]]
    most = f", most of it by {lead}" if len(order) > 1 and abs(carried[order[0]].mean) > MOSTLY * abs(total) else ""
    finding = (
        f"When all {len(order):,} comparison areas move by 10, the prediction moves by "
        f"{numbers.fixed(10 * total, 1)}{most}."
        if len(order) > 1
        else f"When {lead} moves by 10, the prediction moves by {numbers.fixed(10 * total, 1)}."
    )
    little = " The baseline shows little in common, so that the prediction rests mostly on the treated areas' own past."
    tail = (
        "Coefficients are drawn to one value shared by all; that value lies between not following (0) and one for one "
        f"(1 in all).{little if abs(total) < LITTLE else ''} {lost_words(series)}"
    )
    rows = tuple(Row(series.names[k], carried[k].mean, *carried[k].interval(level)) for k in order)
    title = "How far the prediction follows each comparison area"
    evidence = Evidence(title, Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER, rows, by_area=True)
    return Check(name, Status.WARN if abs(total) < LITTLE else Status.PASS, finding, tail.strip(), evidence)


def level_check(answer: Answer, level: float) -> Check:
    """How far the level may wander from period to period, against the most that the baseline allows."""
    series, grid = answer.series, answer.grid
    panel, unit = series.panel, series.panel.periods.unit
    root = np.sqrt(grid.variance)
    steps = grid.innovation[:, None, None] * root
    lo, _, hi = _quantiles(steps, grid.weights, level)
    middle = grid.average(steps)
    per_root = float((grid.innovation / np.sqrt(np.where(grid.wandering > 0, grid.wandering, np.inf))).max())
    bound = grid.average(root) * per_root
    share = grid.average(np.broadcast_to(grid.wandering[:, None, None], grid.weights.shape))
    warn = share > MOSTLY
    finding = (
        f"The level may wander by about {spread_words(panel, middle)} from one {unit.value} to the next (standard "
        f"deviation), where the baseline allows {spread_words(panel, bound)} at most; "
        f"it makes up {numbers.threshold(round(share, 2))} of what the baseline shows."
    )
    detail = (
        "At the bound the wandering alone would explain all that moved in the baseline. Without a bound a level that "
        "wanders takes up any effect, and the interval grows with the root of the time since the start."
        + (
            " Most of the baseline is such wandering: an effect long after the start cannot be told from it."
            if warn
            else ""
        )
    )
    rows = (
        Row("step of the level, standard deviation", middle, lo, hi, chosen=True),
        Row("bound by the baseline", bound),
    )
    note = "On the scale on which the model is linear: 0.01 is 1% for counts and durations, one point for shares"
    title = f"Step of the level from one {unit.value} to the next"
    evidence = Evidence(title, Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER, rows, note)
    return Check("bayes_its_level", Status.WARN if warn else Status.PASS, finding, detail, evidence)


def _quantiles(values: FloatArray, weights: FloatArray, level: float) -> tuple[float, float, float]:
    """Lower limit, median and upper limit of a weighted sample."""
    flat = np.broadcast_to(values, weights.shape).ravel()
    order = np.argsort(flat)
    total = np.cumsum(weights.ravel()[order])
    at = np.searchsorted(total, np.asarray([(1 - level) / 2, 0.5, (1 + level) / 2]) * total[-1])
    lo, middle, hi = flat[order][np.minimum(at, len(flat) - 1)].tolist()
    return lo, middle, hi


def shock_check(answer: Answer, level: float) -> Check:
    """How large shocks to single areas are, and what that rests on."""
    name, panel, shocks = "bayes_its_shock", answer.series.panel, answer.shocks
    if shocks.prior_scale is None:
        size = spread_words(panel, shocks.mean)
        finding = f"The study fixes shocks to an area's follow-up at a standard deviation of {size}."
        detail = (
            ""
            if shocks.mean
            else "That no area is ever shocked cannot be seen in a series; intervals are then too narrow."
        )
        return Check(name, Status.PASS if shocks.mean else Status.WARN, finding, detail)
    lo, _, hi = _quantiles(shocks.tau, shocks.weights, level)
    heading = f"{'Earlier stretches' if shocks.in_time else 'Comparison areas'}: seen less predicted"
    seen = _witnessed(panel, shocks)
    more = shocks.mean > MORE_THAN_EXPECTED * shocks.prior_scale
    finding = (
        f"Besides what months do by themselves, an area's whole follow-up is taken to be shifted by about "
        f"{spread_words(panel, shocks.mean)} (standard deviation){seen}."
    )
    tail = " That is more than the baseline led to expect." if more else ""
    rows = (
        Row("shock, standard deviation", shocks.mean, lo, hi, chosen=True),
        Row("scale of its prior", shocks.prior_scale),
        *(
            Row(area, gap, gap - 2 * error, gap + 2 * error, group=heading)
            for area, gap, error in zip(shocks.witnesses, shocks.gaps.tolist(), shocks.gap_errors.tolist(), strict=True)
        ),
    )
    note = "On the scale on which the model is linear: 0.01 is 1% for counts and durations, one point for shares"
    evidence = Evidence(
        "Shocks to single areas", Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER, rows, note, by_area=True
    )
    status = Status.WARN if more or shocks.in_time else Status.PASS
    return Check(name, status, finding, f"{shocks.prior_words}{tail}", evidence)


def _witnessed(panel: Panel, shocks: Shocks) -> str:
    """Say what shows how large shocks are."""
    many = len(shocks.witnesses)
    if not many:
        return "; with no comparison area to show it, and no earlier stretch, that is a guess"
    said = f"ended {_signed_range(panel, shocks.gaps)} from what was predicted alike"
    if shocks.in_time:
        return f"; no comparison area shows it, only {many} earlier stretch{'es' if many > 1 else ''}, which {said}"
    return f"; the {many:,} comparison areas {said}" if many > 1 else f"; {shocks.witnesses[0]} {said}"


def _signed_range(panel: Panel, values: FloatArray) -> str:
    least, most = (signed(panel, float(v)) for v in (values.min(), values.max()))
    return least if least == most else f"{least} to {most}"


def averted_check(answer: Answer, level: float) -> Check | None:
    """What the effect amounts to in events over the follow-up; None for outcomes that are no events.

    Expected is what was observed divided by the ratio of the mean effect, or less its difference times the cases: an
    effect that is alike in every period.
    """
    series = answer.series
    kind = series.panel.kind
    if kind is not Kind.COUNT and kind not in SHARES:
        return None
    m = len(series.after)
    size = series.size[-m:]
    seen = float((np.exp(series.after) * size).sum() if kind is Kind.COUNT else (series.after * size).sum())
    total = float(size.sum())

    def fewer(effect: float) -> float:
        return seen * math.expm1(-effect) if kind is Kind.COUNT else -effect * total

    lo, hi = answer.effect.interval(level)
    middle, least, most = fewer(answer.effect.quantile(0.5)), fewer(hi), fewer(lo)
    what = "events" if kind is Kind.COUNT else "cases with the outcome"
    finding = (
        f"Over the follow-up there were about {numbers.count(abs(middle))} {what} {'fewer' if middle >= 0 else 'more'} "
        f"than the {numbers.count(seen + middle)} to be expected ({_between(least, most)})."
    )
    rows = (Row("Expected less observed", middle, least, most, chosen=True),)
    held = f"The range holds the answer with {numbers.threshold(level)} probability"
    note = f"A minus means more {what} than expected. {held}"
    title = f"{what[:1].upper()}{what[1:]} fewer than expected over the follow-up, treated areas"
    evidence = Evidence(title, Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER, rows, note, by_area=True)
    detail = "It is the effect of this model in numbers, and rests on all that the model rests on."
    return Check("bayes_its_averted", Status.PASS, finding, detail, evidence)


def _between(least: float, most: float) -> str:
    if least >= 0:
        return f"{numbers.count(least)} to {numbers.count(most)} fewer"
    if most <= 0:
        return f"{numbers.count(-most)} to {numbers.count(-least)} more"
    return f"{numbers.count(-least)} more to {numbers.count(most)} fewer"
