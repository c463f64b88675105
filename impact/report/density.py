"""What is believed of an effect after the data, drawn beside the headline's plausible range on one axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from impact.report import format as fmt
from impact.report.axis import Axis, effect_axis, linear
from impact.report.canvas import MARGIN, SMALL, WIDTH
from impact.report.forest import axis_caption
from impact.report.small import Chart, number
from impact.report.text import width
from impact.result import OutcomeResult
from impact.result_decision import PosteriorInfo
from models.estimate import Estimate, Scale

ENDS = (MARGIN + 8, WIDTH - MARGIN - 8)
KEY_LINE, HILL, ROW, AXIS_ROOM = 22.0, 120.0, 46.0, 58.0
FOOT, TRACK = 8.0, 20.0
POINTS = 120
BANDWIDTH = 0.25
"""Of the standard deviation of the stored quantiles: smooth, and widens the hill by 3%."""
LEAST_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class Span:
    """One answer below the hill: its name, its numbers in words, and where it lies on the linear scale."""

    label: str
    shown: str
    point: float
    lo: float
    hi: float
    own: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked on the axis: where it is worthwhile, which way is better (+1 or -1), and what counts as none."""

    threshold: float | None
    better: float
    equal: float | None


def density(posterior: PosteriorInfo, outcome: OutcomeResult, caption: str) -> Markup:
    """Draw the density of the posterior above its own interval and the headline's.

    The upright line is no difference; a worthwhile improvement is shaded, and so is what is too small to matter.
    """
    places = [linear(value, posterior.scale) for value in posterior.quantiles]
    spans = _spans(posterior, outcome)
    better = 1.0 if outcome.better == "higher" else -1.0
    threshold = _on_axis(outcome.worthwhile, posterior.scale)
    equal = None if outcome.equivalence is None else abs(_on_axis(outcome.equivalence, posterior.scale) or 0.0)
    core = [0.0, places[0], places[-1], *([] if threshold is None else [threshold])]
    others = [end for span in spans for end in (span.lo, span.hi)]
    axis = effect_axis(core, others, posterior.scale, fmt.measure_of(outcome.kind), ENDS)
    top = KEY_LINE * (1 + (equal is not None)) + 12
    bottom = top + HILL + ROW * len(spans)
    chart = Chart(WIDTH, bottom + AXIS_ROOM)
    _key(chart, threshold is not None, equal is not None)
    marks = Marks(threshold, better, equal)
    _strip(chart, axis, marks, top, HILL - FOOT)
    _hill(chart, axis, places, top)
    for i, span in enumerate(spans):
        _row(chart, axis, marks, span, top + HILL + ROW * i)
    _axis(chart, axis, axis_caption(outcome, posterior.scale), better, bottom)
    return chart.finished(caption)


def _spans(posterior: PosteriorInfo, outcome: OutcomeResult) -> tuple[Span, ...]:
    measure, head = fmt.measure_of(outcome.kind), outcome.headline
    found = [_span("Bayesian model", posterior.mean, posterior.interval, posterior.scale, measure, own=True)]
    if head is not None and head.interval is not None and comparable(posterior, head):
        found.append(_span("Headline", head.estimate, head.interval, head.scale, measure, own=False))
    return tuple(found)


def comparable(posterior: PosteriorInfo, head: Estimate) -> bool:
    """Whether both are differences, or both are ratios, so that one axis holds them."""
    return (posterior.scale is Scale.DIFFERENCE) == (head.scale is Scale.DIFFERENCE)


def _span(
    label: str, point: float, ends: tuple[float, float], scale: Scale, measure: fmt.Measure, *, own: bool
) -> Span:
    shown = f"{fmt.effect(point, scale, measure)} ({fmt.effect_range(ends, scale, measure)})"
    lo, hi = (linear(end, scale) for end in ends)
    return Span(label, shown, linear(point, scale), lo, hi, own)


def _on_axis(change: float | None, scale: Scale) -> float | None:
    """Carry a declared change to the linear scale; None where there is none there."""
    if change is None or scale is Scale.DIFFERENCE:
        return change
    return math.log1p(change) if change > -1 else None


def heights(places: Sequence[float], at: Sequence[float]) -> tuple[float, ...]:
    """Density of values whose quantiles at equal steps are `places`, up to a factor: a normal kernel on each."""
    middle = math.fsum(places) / len(places)
    spread = math.sqrt(math.fsum((p - middle) ** 2 for p in places) / len(places))
    wide = max(BANDWIDTH * spread, LEAST_SPREAD)
    return tuple(math.fsum(math.exp(-0.5 * ((x - p) / wide) ** 2) for p in places) for x in at)


def _hill(chart: Chart, axis: Axis, places: Sequence[float], top: float) -> None:
    at = [axis.lo + (axis.hi - axis.lo) * i / (POINTS - 1) for i in range(POINTS)]
    tall = heights(places, at)
    most = max((*tall, LEAST_SPREAD))
    base = top + HILL - FOOT
    steps = "".join(
        f"L{number(axis.x(x))} {number(base - (HILL - 16) * h / most)}" for x, h in zip(at, tall, strict=True)
    )
    chart.path("hill", f"M{number(axis.start)} {number(base)}{steps}L{number(axis.end)} {number(base)}z")


def _strip(chart: Chart, axis: Axis, marks: Marks, top: float, high: float) -> None:
    """Mark one strip of the axis, so that no text stands on the marks."""
    if marks.threshold is not None:
        at = axis.x(marks.threshold)
        start, end = (at, axis.end) if marks.better > 0 else (axis.start, at)
        chart.box("zone", start, top, end - start, high)
    if marks.equal is not None:
        chart.box("equal", axis.x(-marks.equal), top, axis.x(marks.equal) - axis.x(-marks.equal), high)
    chart.line("null", (axis.x(0.0), top), (axis.x(0.0), top + high))


def _row(chart: Chart, axis: Axis, marks: Marks, span: Span, top: float) -> None:
    _strip(chart, axis, marks, top + ROW - TRACK - 2, TRACK)
    chart.text(MARGIN, top + 14, span.label, "strong" if span.own else "quiet")
    chart.text(WIDTH - MARGIN, top + 14, span.shown, "strong" if span.own else "quiet", "end")
    y, kind = top + ROW - TRACK / 2 - 2, "range own" if span.own else "range"
    chart.line(kind, (axis.x(span.lo), y), (axis.x(span.hi), y))
    if span.own:
        chart.box("dot", axis.x(span.point) - 5, y - 5, 10, 10)
    else:
        chart.dots("beyond", [(axis.x(span.point), y)], 5)


def _axis(chart: Chart, axis: Axis, caption: str, better: float, bottom: float) -> None:
    chart.line("axis", (axis.start, bottom), (axis.end, bottom))
    for place, label in axis.ticks:
        x, half = axis.x(place), width(label) * SMALL / 2
        chart.line("axis", (x, bottom), (x, bottom + 5))
        chart.text(min(max(x, half + 2), WIDTH - half - 2), bottom + 21, label, anchor="middle")
    left, right = ("worse", "better") if better > 0 else ("better", "worse")
    chart.text(WIDTH / 2, bottom + 46, caption, anchor="middle", room=WIDTH - 2 * MARGIN - 150)
    chart.text(MARGIN, bottom + 46, f"← {left}")
    chart.text(WIDTH - MARGIN, bottom + 46, f"{right} →", anchor="end")


def _key(chart: Chart, worthwhile: bool, equal: bool) -> None:
    chart.line("null", (MARGIN + 8, 4), (MARGIN + 8, 20))
    chart.text(MARGIN + 20, 17, "No difference")
    if worthwhile:
        chart.box("zone", MARGIN + 150, 5, 24, 14)
        chart.text(MARGIN + 182, 17, "Worthwhile improvement")
    if equal:
        chart.box("equal", MARGIN, KEY_LINE + 5, 24, 14)
        chart.text(MARGIN + 32, KEY_LINE + 17, "Too small to matter either way")
