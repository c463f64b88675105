"""Trends over time: treated and comparison areas, and the treated areas against their own baseline."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from impact.report import format as fmt
from impact.report import wording
from impact.report.axis import MOST_DRAWN, nice_ticks, period_ticks
from impact.report.canvas import (
    BLUE,
    CARD,
    GRID,
    INK,
    MARGIN,
    ORANGE,
    PLAIN,
    PLUM,
    QUIET,
    RULE,
    SMALL,
    TINT_BLUE,
    TINT_GREY,
    WIDTH,
    Sheet,
    sheet,
)
from impact.report.format import Measure
from impact.report.places import places, plural
from impact.report.text import width
from impact.result import OutcomeResult, RunResult
from models.estimate import Path

HEIGHT = 378.0
LEAST_LEFT, RIGHT = 62.0, WIDTH - MARGIN
STRIP, TOP, BOTTOM = 60.0, 76.0, 312.0
MOST_MARKED = 130
MOST_TICKS = 5
FLAT = 1e-9  # a spread below this share of the values is rounding error
ROLES = {
    "baseline": ("Baseline", TINT_GREY, None),
    "excluded": ("Left out", CARD, "////"),
    "phase_in": ("Phase-in", CARD, "||||"),
    "follow_up": ("Follow-up", TINT_BLUE, None),
}
DASHED = (0, (5, 2.5))


@dataclass(frozen=True, slots=True)
class Series:
    """One line: what it is called, its values (NaN for a gap) and how it is drawn."""

    title: str
    values: tuple[float, ...]
    colour: str
    shape: str | None
    dash: Any
    thick: float


@dataclass(frozen=True, slots=True)
class Expected:
    """What the treated areas are set against: the path that holds it, and how it is called.

    `heading` and `said` may name the groups, as `Places` does; `caption` says what is drawn and what its band is.
    """

    path: str
    label: str
    heading: str
    said: str
    caption: str


OWN_BASELINE = Expected(
    "its",
    "Expected from baseline",
    "{treated} against their own baseline",
    "with what the trend and season of the baseline would have led to, and its plausible range",
    "The dashed line carries the trend and season that the {treated} had before the start on past it. The band is the "
    "plausible range of that line, not of single {unit}s. Anything else that changed at the start shows here too.",
)
OWN_DIFFERENCE = Expected(
    "its_difference",
    "Expected from the others",
    "{treated} against baseline and comparison",
    "with what the {comparison} and the gap to them before the start would have led to, and its plausible range",
    "The dashed line follows the {comparison}: to their own trend and season it adds the gap there was before the "
    "start, carried on. The band is the plausible range of that gap. It counts {unit}s, not {level_plural}, so it is "
    "narrower than what {level_plural} that differ allow.",
)
WEIGHTED = Expected(
    "synthetic",
    "Weighted comparison",
    "{treated} against a weighted comparison",
    "with the {comparison} weighted to stand in for them",
    "The dashed line is the {comparison}, weighted so that they follow the {treated} before the start: what comes "
    "after shows the effect only if the lines run together before. It has no band: doing the same to every other "
    "{level} shows how far chance can move it.",
)
BELIEVED = Expected(
    "bayes",
    "Expected by the model",
    "{treated} against the Bayesian model",
    "with what the Bayesian model expects of them without the intervention, and its plausible range",
    "The dashed line is what the Bayesian model expects of the {treated} without the intervention, learnt from all "
    "{level_plural} together. The band is the plausible range of that line, shocks to one {level} included.",
)
BELIEVED_SERIES = Expected(
    "bayes_its",
    "Expected by the series",
    "{treated} against the Bayesian series over time",
    "with what a level that may wander and the {comparison} would have led to, and its plausible range",
    "The dashed line follows a level that may wander, and the {comparison}; before the start it foresees one {unit} at "
    "a time. The band is the plausible range of a single {unit}.",
)
EXPECTED = (OWN_BASELINE, OWN_DIFFERENCE, WEIGHTED, BELIEVED, BELIEVED_SERIES)


@dataclass(frozen=True, slots=True)
class Frame:
    """Axes of a chart over time: values from lo to hi with their ticks, and how many periods there are."""

    lo: float
    hi: float
    ticks: tuple[tuple[float, str], ...]
    periods: int

    @property
    def left(self) -> float:
        """Where the chart begins, right of the labels of its values."""
        return max(LEAST_LEFT, max((width(label) for _, label in self.ticks), default=0.0) * SMALL + MARGIN + 6)

    def x(self, index: float) -> float:
        """Middle of a period on the sheet."""
        return self.left + (index + 0.5) / self.periods * (RIGHT - self.left)

    def y(self, value: float) -> float:
        """Place of a value on the sheet; NaN stays NaN, and what lies far outside is held just outside."""
        if math.isnan(value):
            return value
        share = min(max((value - self.lo) / (self.hi - self.lo), -0.02), 1.02)
        return BOTTOM - share * (BOTTOM - TOP)


def drawable(value: float | None) -> bool:
    """True for a number of a size that an axis can show."""
    return value is not None and abs(value) < MOST_DRAWN


def path_named(outcome: OutcomeResult, name: str) -> Path | None:
    """Path of this name that has a value; None if there is none."""
    return next((p for p in outcome.paths if p.name == name and any(drawable(q.value) for q in p.points)), None)


def trends(result: RunResult, outcome: OutcomeResult, name: str) -> str | None:
    """Draw treated and comparison areas over time; None without both, as the other chart then shows more."""
    treated, comparison = path_named(outcome, "treated"), path_named(outcome, "comparison")
    if treated is None or (comparison is None and path_named(outcome, "its") is not None):
        return None
    called = places(result.study)
    series = [Series(called.legend("treated"), _column(treated, "value"), BLUE, "o", "-", 2.4)]
    if comparison is not None:
        series.append(Series(called.legend("comparison"), _column(comparison, "value"), ORANGE, "s", DASHED, 2.0))
    said = f"{outcome.title} over time, {outcome.unit}. {' '.join(map(_ends, series))}"
    with sheet(HEIGHT, f"{outcome.title} over time", wording.figure_note(result)) as page:
        _draw(page, result, outcome, series)
        return page.svg(name, wording.described(said, result))


def worded(text: str, result: RunResult) -> str:
    """Name the groups of the study in a text about them."""
    called = places(result.study)
    named = text.format(
        treated=called.treated,
        comparison=called.comparison,
        level=called.level,
        level_plural=plural(called.level),
        unit=result.study.time_unit,
    )
    return named.replace("against their own baseline", "against its own baseline") if called.one else named


def against(result: RunResult, outcome: OutcomeResult, name: str, other: Expected) -> str | None:
    """Draw the treated areas with what was expected of them without the intervention; None without that path."""
    path, called = path_named(outcome, other.path), places(result.study)
    if path is None:
        return None
    observed = Series(called.legend("treated"), _column(path, "value"), BLUE, "o", "-", 1.6)
    expected = Series(other.label, _column(path, "counterfactual"), PLUM, None, DASHED, 2.2)
    said = f"{outcome.title} in the {called.treated}, {outcome.unit}, {worded(other.said, result)}. {_ends(observed)}"
    band = (_column(path, "lo"), _column(path, "hi"))
    with sheet(HEIGHT, f"{outcome.title}: {worded(other.heading, result)}", wording.figure_note(result)) as page:
        _draw(page, result, outcome, (observed, expected), None if all(map(math.isnan, band[0])) else band)
        return page.svg(name, wording.described(said, result))


def starts_at_nought(outcome: OutcomeResult) -> bool:
    """True if the vertical axis of this outcome's charts starts at nought."""
    return fmt.measure_of(outcome.kind) in {Measure.RATE, Measure.DAYS}


def _column(path: Path, field: str) -> tuple[float, ...]:
    values = (getattr(point, field) for point in path.points)
    return tuple(float(v) if drawable(v) else math.nan for v in values)


def _ends(series: Series) -> str:
    known = [v for v in series.values if not math.isnan(v)]
    return f"{series.title}: from {fmt.significant(min(known))} to {fmt.significant(max(known))}." if known else ""


def _draw(
    page: Sheet,
    result: RunResult,
    outcome: OutcomeResult,
    series: Sequence[Series],
    band: tuple[tuple[float, ...], tuple[float, ...]] | None = None,
) -> None:
    frame = _frame(outcome, series, len(series[0].values))
    _windows(page, frame, result.data.roles)
    _value_axis(page, frame, outcome)
    _time_axis(page, frame, result.data.periods)
    if band is not None:
        xs = [frame.x(i) for i in range(frame.periods)]
        page.band(xs, [frame.y(v) for v in band[0]], [frame.y(v) for v in band[1]], PLUM)
    for one in reversed(series):
        _line(page, frame, one)
    _start(page, frame, result.data.roles)
    _key(page, series, result.data.roles)


def _frame(outcome: OutcomeResult, series: Sequence[Series], periods: int) -> Frame:
    """Hold every observed value; what was expected may leave the frame where it runs away."""
    known = [v for v in series[0].values if not math.isnan(v)]
    lo, hi = min(known), max(known)
    spread = (hi - lo) or abs(hi) or 1.0
    for one in series[1:]:
        inside = [v for v in one.values if lo - spread <= v <= hi + spread]
        others = inside if one.shape is None else [v for v in one.values if not math.isnan(v)]
        lo, hi = min((lo, *others)), max((hi, *others))
    share = fmt.measure_of(outcome.kind) is Measure.SHARE
    flat = hi - lo <= FLAT * abs(hi)
    pad = (0.1 * abs(hi) or (0.05 if share else 1.0)) if flat else 0.12 * (hi - lo)
    if share:
        lo, hi = max(lo - pad, min(lo, 0.0)), min(hi + pad, max(hi, 1.0))
    else:
        lo, hi = 0.0 if starts_at_nought(outcome) and lo >= 0 else lo - pad, hi + pad
    factor, sign = (100.0, "%") if share else (1.0, "")
    values, places = nice_ticks(factor * lo, factor * hi, MOST_TICKS)
    return Frame(lo, hi, tuple((v / factor, f"{fmt.fixed(v, places)}{sign}") for v in values), periods)


def _windows(page: Sheet, frame: Frame, roles: Sequence[str]) -> None:
    half = (RIGHT - frame.left) / frame.periods / 2
    for first, last, role in _spans(roles):
        if role in ROLES:
            _, colour, hatch = ROLES[role]
            x, wide = frame.x(first) - half, frame.x(last) - frame.x(first) + 2 * half
            page.box(x, STRIP, wide, 12, colour, hatch)
            page.box(x, TOP, wide, BOTTOM - TOP, "none" if role == "baseline" else colour, hatch)


def _spans(roles: Sequence[str]) -> list[tuple[int, int, str]]:
    spans: list[tuple[int, int, str]] = []
    for i, role in enumerate(roles):
        if spans and spans[-1][2] == role:
            spans[-1] = (spans[-1][0], i, role)
        else:
            spans.append((i, i, role))
    return spans


def _value_axis(page: Sheet, frame: Frame, outcome: OutcomeResult) -> None:
    for value, label in frame.ticks:
        y = frame.y(value)
        page.line((frame.left, y), (RIGHT, y), GRID, 0.8)
        page.text(frame.left - 6, y + 5, label, QUIET, "right")
    share = fmt.measure_of(outcome.kind) is Measure.SHARE
    page.text(MARGIN, 50, "per cent" if share else outcome.unit, QUIET, room=WIDTH - 2 * MARGIN)


def _time_axis(page: Sheet, frame: Frame, periods: Sequence[str]) -> None:
    page.line((frame.left, BOTTOM), (RIGHT, BOTTOM), RULE, 1.0)
    for index, label in period_ticks(periods, RIGHT - frame.left):
        x, half = frame.x(index), width(label) * SMALL / 2
        page.line((x, BOTTOM), (x, BOTTOM + 5), RULE, 1.0)
        page.text(min(max(x, half), WIDTH - half - 2), BOTTOM + 20, label, QUIET, "center")


def _line(page: Sheet, frame: Frame, series: Series) -> None:
    xs = [frame.x(i) for i in range(frame.periods)]
    ys = [frame.y(v) for v in series.values]
    page.curve(xs, ys, CARD, series.thick + 2.4)  # a rim that keeps the line apart from the shading
    page.curve(xs, ys, series.colour, series.thick, series.dash)
    if series.shape is None:
        return
    around = (math.nan, *ys, math.nan)
    alone = [math.isnan(before) and math.isnan(after) for before, after in zip(around[:-2], around[2:], strict=True)]
    shown = [
        (x, y)
        for x, y, lonely in zip(xs, ys, alone, strict=True)
        if not math.isnan(y) and (lonely or frame.periods <= MOST_MARKED)
    ]
    page.marks(shown, series.shape, series.colour, 3.6, hollow=series.shape == "s")


def _start(page: Sheet, frame: Frame, roles: Sequence[str]) -> None:
    index = next((i for i, role in enumerate(roles) if role in {"phase_in", "follow_up"}), None)
    if index is None:
        return
    x = frame.x(index) - (RIGHT - frame.left) / frame.periods / 2
    page.line((x, STRIP), (x, BOTTOM), INK, 1.6)
    left = x > WIDTH - 70
    page.text(x + (-4 if left else 4), BOTTOM - 6, "start", QUIET, "right" if left else "left")


def _key(page: Sheet, series: Sequence[Series], roles: Sequence[str]) -> None:
    x = MARGIN
    for one in series:
        page.line((x, 21), (x + 26, 21), one.colour, one.thick + 0.4, one.dash)
        if one.shape is not None:
            page.mark(x + 13, 21, one.shape, one.colour, 6, hollow=one.shape == "s")
        page.text(x + 32, 26, one.title, PLAIN)
        x += 32 + width(one.title) * PLAIN.size + 14
    x = MARGIN
    for role, (title, colour, hatch) in ROLES.items():
        if role in roles:
            page.box(x, HEIGHT - 24, 20, 15, colour, hatch)
            page.text(x + 26, HEIGHT - 11, title, QUIET)
            x += 26 + width(title) * SMALL + 12
