"""Forest plots: estimates with their intervals against no difference and against a worthwhile change."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from impact.report import format as fmt
from impact.report import wording
from impact.report.axis import Axis, effect_axis, linear
from impact.report.canvas import (
    BLUE,
    GREY,
    INK,
    MARGIN,
    PLAIN,
    QUIET,
    RULE,
    SMALL,
    STRONG,
    TINT_GREY,
    TINT_TEAL,
    WIDTH,
    Sheet,
    sheet,
)
from impact.report.format import Measure
from impact.report.tables import unsound
from impact.report.text import width, wrapped
from impact.result import OutcomeResult, RunResult
from models.estimate import Estimate, Scale

MOST_ROWS = 14
MOST_OUTCOMES = 24
ENDS = (MARGIN + 8, WIDTH - MARGIN - 8)
KEY, HEADING, LINE, TRACK, GAP, AXIS_ROOM = 34.0, 27.0, 19.0, 24.0, 14.0, 56.0
VALUE_GAP = 14.0
MORE = 24.0


@dataclass(frozen=True, slots=True)
class Row:
    """One estimate on an axis, on the scale where effects are linear.

    Attributes
    ----------
    heading
        Written above the row; empty if the row belongs under the heading before it.
    label, shown
        What the estimate is, and its value in words.
    lo, hi
        Ends of the interval; None where there is only the point.
    threshold
        Smallest worthwhile change, and on which side of it things are better; None where none was declared.
    """

    heading: str
    label: str
    shown: str
    point: float
    lo: float | None
    hi: float | None
    threshold: float | None
    higher_is_better: bool
    strong: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """The label in the lines that fit beside the value."""
        room = WIDTH - 2 * MARGIN - VALUE_GAP - width(self.shown) * STRONG.size
        return wrapped(self.label, room / SMALL, 3)

    @property
    def height(self) -> float:
        """Height on the sheet, in points."""
        return (HEADING if self.heading else 0.0) + LINE * max(1, len(self.labels)) + TRACK + GAP


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows that share one axis."""

    caption: str
    scale: Scale
    measure: Measure
    rows: tuple[Row, ...]

    def axis(self) -> Axis:
        """Axis that holds no difference, every point, every threshold and the emphasised intervals."""
        core, others = [0.0], []
        for row in self.rows:
            ends = [end for end in (row.lo, row.hi) if end is not None]
            core += [row.point, *([] if row.threshold is None else [row.threshold]), *(ends if row.strong else [])]
            others += ends
        return effect_axis(core, others, self.scale, self.measure, ENDS)

    @property
    def height(self) -> float:
        """Height on the sheet, in points."""
        return sum(row.height for row in self.rows) + AXIS_ROOM


def drawable(outcome: OutcomeResult) -> tuple[Estimate, ...]:
    """Choose the estimates to draw, at most `MOST_ROWS`: the headline, its other tests, one of every other model.

    All share the headline's scale, and are a whole effect: a change of slope is not. Of every other model the first
    that is fit to stand here speaks for it, and there is room kept for those. A posterior whose draws failed their
    checks is left out here as it is in the text.
    """
    if not outcome.estimates:
        return ()
    head = outcome.headline or outcome.estimates[0]
    sound = [e for e in outcome.estimates if e is head or not unsound(outcome, e)]
    whole = [e for e in sound if e.scale is head.scale and "slope" not in e.estimand]
    tests = [e for e in whole if e is not head and (e.model, e.estimand) == (head.model, head.estimand)]
    others: dict[str, Estimate] = {}
    for e in whole:
        if e.model != head.model:
            others.setdefault(e.model, e)
    kept = tuple(others.values())[: MOST_ROWS - 1]
    return (head, *tests[: MOST_ROWS - 1 - len(kept)], *kept)


def forest(result: RunResult, outcome: OutcomeResult, name: str) -> str | None:
    """Draw the main estimates of an outcome; None if there is none."""
    estimates = drawable(outcome)
    if not estimates:
        return None
    titles = {model.name: model.title for model in result.study.models}
    rows, before = [], ""
    for estimate in estimates:
        title = titles.get(estimate.model, estimate.model)
        rows.append(
            _row(
                outcome,
                estimate,
                "" if title == before else title,
                _label(estimate, estimates[0]),
                strong=estimate.headline,
            )
        )
        before = title
    scale = estimates[0].scale
    panel = Panel(axis_caption(outcome, scale), scale, fmt.measure_of(outcome.kind), tuple(rows))
    lines = "; ".join(f"{row.heading or 'also'}, {row.label}: {row.shown}" for row in panel.rows)
    more = _left_out(len(outcome.estimates) - len(estimates))
    said = f"Estimates of the effect on {outcome.title}. {lines}. {more}".rstrip()
    height = _height((panel,)) + (MORE if more else 0.0)
    heading = f"{outcome.title}: {'the main estimates' if more else 'every estimate'}"
    with sheet(height, heading, wording.figure_note(result)) as page:
        _panels(page, (panel,))
        if more:
            page.text(MARGIN, _height((panel,)) + 14, more, QUIET, room=WIDTH - 2 * MARGIN)
        return page.svg(name, wording.described(said, result))


def _left_out(more: int) -> str:
    return f"{fmt.things(more, 'more estimate')} in the table below." if more > 0 else ""


def _label(estimate: Estimate, first: Estimate) -> str:
    """Name an estimate by its method, or by what it estimates where that is not what the first one does."""
    if estimate.estimand == first.estimand:
        return estimate.method
    return f"{estimate.estimand}, permutation" if "permutation" in estimate.method else estimate.estimand


def overview(result: RunResult, keys: Sequence[str], name: str) -> str | None:
    """Draw the headline of every outcome that has one, in one panel for each unit; None if there is none."""
    panels: dict[tuple[str, Measure, str], list[Row]] = {}
    for key in keys:
        outcome = result.outcomes[key]
        headline = outcome.headline
        if headline is not None:
            measure = fmt.measure_of(outcome.kind)
            row = _row(outcome, headline, outcome.title, wording.better_words(outcome), strong=True)
            panels.setdefault((axis_caption(outcome, headline.scale), measure, headline.scale.value), []).append(row)
    if not panels:
        return None
    drawn = tuple(
        Panel(caption, Scale(scale), measure, tuple(rows[:MOST_OUTCOMES]))
        for (caption, measure, scale), rows in panels.items()
    )
    lines = "; ".join(f"{row.heading} ({row.label}): {row.shown}" for panel in drawn for row in panel.rows)
    said = f"The headline estimate of each outcome with its plausible range. {lines}."
    with sheet(_height(drawn), "Every outcome at a glance", wording.figure_note(result)) as page:
        _panels(page, drawn)
        return page.svg(name, wording.described(said, result))


def axis_caption(outcome: OutcomeResult, scale: Scale) -> str:
    """Name what an axis of effects shows."""
    measure = fmt.measure_of(outcome.kind)
    if scale is not Scale.DIFFERENCE:
        return "change in days taken" if measure is Measure.DAYS else "change in rate"
    return {Measure.SHARE: "change in percentage points", Measure.DAYS: "change in days"}.get(
        measure, f"change in {outcome.unit}"
    )


def _height(panels: Sequence[Panel]) -> float:
    return KEY + sum(panel.height for panel in panels)


def _panels(page: Sheet, panels: Sequence[Panel]) -> None:
    """Draw panels one below the other, under one key."""
    _key(page, threshold=any(row.threshold is not None for panel in panels for row in panel.rows))
    top = KEY
    for panel in panels:
        _panel(page, panel, top)
        top += panel.height


def _row(outcome: OutcomeResult, estimate: Estimate, heading: str, label: str, *, strong: bool) -> Row:
    scale, ends = estimate.scale, estimate.interval
    threshold = outcome.worthwhile
    if threshold is not None and scale is not Scale.DIFFERENCE:
        threshold = math.log1p(threshold) if threshold > -1 else None
    return Row(
        heading=heading,
        label=label,
        shown=fmt.effect_short(estimate, fmt.measure_of(outcome.kind)),
        point=linear(estimate.estimate, scale),
        lo=linear(ends[0], scale) if ends else None,
        hi=linear(ends[1], scale) if ends else None,
        threshold=threshold,
        higher_is_better=outcome.better == "higher",
        strong=strong,
    )


def _key(page: Sheet, *, threshold: bool) -> None:
    page.line((MARGIN + 8, 8), (MARGIN + 8, 26), INK, 1.6)
    page.text(MARGIN + 20, 22, "No difference", QUIET)
    if threshold:
        x = MARGIN + 36 + width("No difference") * SMALL
        page.box(x, 9, 26, 16, TINT_TEAL)
        page.text(x + 34, 22, "Worthwhile improvement", QUIET)


def _panel(page: Sheet, panel: Panel, top: float) -> None:
    axis, y = panel.axis(), top
    for row in panel.rows:
        if row.heading:
            y += HEADING
            page.text(MARGIN, y - 6, row.heading, STRONG, room=WIDTH - 2 * MARGIN)
        for i, line in enumerate(row.labels):
            page.text(MARGIN, y + 14 + LINE * i, line, QUIET)
        page.text(WIDTH - MARGIN, y + 14, row.shown, STRONG if row.strong else PLAIN, "right")
        y += LINE * max(1, len(row.labels)) + 2
        _track(page, axis, row, y)
        y += TRACK + GAP - 2
    _ticks(page, axis, panel, y)


def _track(page: Sheet, axis: Axis, row: Row, top: float) -> None:
    """Draw one interval on its own strip, on which a worthwhile improvement is shaded."""
    bottom = top + TRACK
    page.box(axis.start, top, axis.end - axis.start, TRACK, TINT_GREY)
    if row.threshold is not None:
        x = axis.x(row.threshold)
        start, end = (x, axis.end) if row.higher_is_better else (axis.start, x)
        page.box(start, top, end - start, TRACK, TINT_TEAL)
        page.line((x, top), (x, bottom), GREY, 1.4, (0, (3, 2)))
    page.line((axis.x(0.0), top - 2), (axis.x(0.0), bottom + 2), INK, 1.6)
    _interval(page, axis, row, top + TRACK / 2)


def _interval(page: Sheet, axis: Axis, row: Row, y: float) -> None:
    colour, thick = (BLUE, 4.0) if row.strong else (GREY, 2.2)
    if row.lo is None or row.hi is None:
        page.mark(axis.x(row.point), y, "D", colour, 9, hollow=True)
        return
    page.line((axis.x(row.lo), y), (axis.x(row.hi), y), colour, thick)
    for end, beyond, arrow in ((row.lo, row.lo < axis.lo, "<"), (row.hi, row.hi > axis.hi, ">")):
        if beyond:
            page.mark(axis.x(end), y, arrow, colour, 7)
    page.mark(axis.x(row.point), y, "s" if row.strong else "o", colour, 10 if row.strong else 7)


def _ticks(page: Sheet, axis: Axis, panel: Panel, y: float) -> None:
    page.line((axis.start, y - 6), (axis.end, y - 6), RULE, 1.0)
    for place, label in axis.ticks:
        x, half = axis.x(place), width(label) * SMALL / 2
        page.line((x, y - 6), (x, y - 1), RULE, 1.0)
        page.text(min(max(x, half + 2), WIDTH - half - 2), y + 14, label, QUIET, "center")
    page.text(WIDTH / 2, y + 34, panel.caption, QUIET, "center", WIDTH - 2 * MARGIN - 150)
    directions = {row.higher_is_better for row in panel.rows}
    if len(directions) == 1:
        left, right = ("worse", "better") if directions == {True} else ("better", "worse")
        page.text(MARGIN, y + 34, f"← {left}", QUIET)
        page.text(WIDTH - MARGIN, y + 34, f"{right} →", QUIET, "right")
