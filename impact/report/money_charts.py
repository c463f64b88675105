"""Charts of money: the chance that it pays over the value of a unit, and what the expected net benefit hangs on."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from impact.report import format as fmt
from impact.report.axis import nice_ticks
from impact.report.canvas import MARGIN, SMALL, WIDTH
from impact.report.small import Chart, number
from impact.report.text import width, wrapped
from impact.result_decision import AcceptabilityInfo, EconomicsInfo, PriceInfo, TornadoInfo

LEFT, RIGHT = 62.0, WIDTH - 16.0
TOP, HEIGHT, BELOW = 54.0, 200.0, 54.0
HALVES = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_BARS = 10
LINE, BAR, GAP = 18.0, 18.0, 16.0
KEY = 58.0
TICK_GAP = 14.0


def acceptability(economics: EconomicsInfo, threshold: float | None, caption: str, unit: str) -> Markup:
    """Draw the chance of a net benefit over what a unit is worth; the declared range is shaded.

    Parameters
    ----------
    threshold
        Chance from which the rule scales up; None where it reads something else.
    caption
        What the chart shows, in a sentence for those who do not see it.
    unit
        What one unit is, for the axis.
    """
    points = economics.acceptability
    low, high = points[0].value, points[-1].value
    chart = Chart(WIDTH, TOP + HEIGHT + BELOW)

    def x(value: float) -> float:
        return LEFT + (min(max(value, low), high) - low) / max(high - low, 1e-9) * (RIGHT - LEFT)

    def y(chance: float) -> float:
        return TOP + HEIGHT * (1 - chance)

    if economics.value is not None:
        _declared(
            chart, economics.value, economics.currency, [x(end) for end in (economics.value.low, economics.value.high)]
        )
    for chance in HALVES:
        chart.line("grid", (LEFT, y(chance)), (RIGHT, y(chance)))
        chart.text(LEFT - 6, y(chance) + 5, fmt.threshold(chance), anchor="end")
    for value, label in _money_ticks(low, high, economics.currency, RIGHT - LEFT):
        chart.line("axis", (x(value), TOP + HEIGHT), (x(value), TOP + HEIGHT + 5))
        half = width(label) * SMALL / 2
        chart.text(min(max(x(value), half + 2), WIDTH - half - 2), TOP + HEIGHT + 21, label, anchor="middle")
    if threshold is not None:
        chart.line("part", (LEFT, y(threshold)), (RIGHT, y(threshold)))
    if economics.value is not None:
        chart.line("mine", (x(economics.value.per_unit), TOP), (x(economics.value.per_unit), TOP + HEIGHT))
    chart.path("curve", _steps([(x(p.value), y(p.probability)) for p in points]))
    chart.text((LEFT + RIGHT) / 2, TOP + HEIGHT + 44, unit, anchor="middle", room=WIDTH - 2 * MARGIN)
    return chart.finished(caption)


def _declared(chart: Chart, price: PriceInfo, currency: str, ends: Sequence[float]) -> None:
    """Shade the declared range of the value of a unit, under a key that says what it is."""
    taken, low, high = (fmt.money_rounded(value, currency) for value in (price.per_unit, price.low, price.high))
    chart.box("zone", ends[0], TOP, ends[1] - ends[0], HEIGHT)
    chart.line("mine", (MARGIN + 11, 4), (MARGIN + 11, 20))
    chart.text(MARGIN + 30, 18, f"taken as {taken}")
    if low != high:
        chart.box("zone", MARGIN, 26, 22, 14)
        chart.text(MARGIN + 30, 38, f"may be anything from {low} to {high}")


def _steps(points: Sequence[tuple[float, float]]) -> str:
    return "".join(f"{'L' if i else 'M'}{number(x)} {number(y)}" for i, (x, y) in enumerate(points))


def _money_ticks(low: float, high: float, currency: str, room: float) -> tuple[tuple[float, str], ...]:
    """Round amounts whose labels stand apart."""
    for most in range(6, 1, -1):
        values, _ = nice_ticks(low, high, most)
        ticks = tuple((value, fmt.money_rounded(value, currency)) for value in values)
        widest = max((width(label) for _, label in ticks), default=0.0) * SMALL + TICK_GAP
        if len(ticks) > 1 and (values[1] - values[0]) / max(high - low, 1e-9) * room >= widest:
            return ticks
    return ((low, fmt.money_rounded(low, currency)), (high, fmt.money_rounded(high, currency)))


def tornado(economics: EconomicsInfo, caption: str) -> Markup:
    """Draw the expected net benefit with each input at either end of its range, the widest first."""
    bars = economics.tornado[:MOST_BARS]
    ends = [0.0, economics.tornado_base, *(end for bar in bars for end in (bar.low, bar.high))]
    pad = 0.04 * max(max(ends) - min(ends), 1e-9)
    low, high = min(ends) - pad, max(ends) + pad
    start, stop = MARGIN + 4, WIDTH - MARGIN - 4

    def x(value: float) -> float:
        return start + (value - low) / (high - low) * (stop - start)

    labels = [_labels(bar) for bar in bars]
    tall = [LINE * len(lines) + BAR + GAP for lines in labels]
    bottom = KEY + sum(tall)
    chart = Chart(WIDTH, bottom + 56)
    _tornado_key(chart, economics)
    ticks = _money_ticks(low, high, economics.currency, stop - start)
    for value, label in ticks:
        chart.line("axis", (x(value), bottom), (x(value), bottom + 5))
        half = width(label) * SMALL / 2
        chart.text(min(max(x(value), half + 2), WIDTH - half - 2), bottom + 21, label, anchor="middle")
    top = KEY
    for bar, lines, height in zip(bars, labels, tall, strict=True):
        for i, line in enumerate(lines):
            chart.text(MARGIN, top + 15 + LINE * i, line, "strong" if i == 0 else "quiet")
        at = top + LINE * len(lines) + 4
        for kind, value in (*(("grid", value) for value, _ in ticks), ("null", 0.0)):
            chart.line(kind, (x(value), at - 3), (x(value), at + BAR + 3))
        for kind, end in (("low", bar.low), ("high", bar.high)):
            left, right = sorted((x(economics.tornado_base), x(end)))
            chart.box(f"swing {kind}", left, at, right - left, BAR)
        chart.line("mine", (x(economics.tornado_base), at - 3), (x(economics.tornado_base), at + BAR + 3))
        top += height
    chart.line("axis", (start, bottom), (stop, bottom))
    chart.text(WIDTH / 2, bottom + 46, "expected net benefit", anchor="middle")
    chart.text(MARGIN, bottom + 46, "← costs more")
    chart.text(WIDTH - MARGIN, bottom + 46, "pays →", anchor="end")
    return chart.finished(caption)


def _labels(bar: TornadoInfo) -> tuple[str, ...]:
    """The label of a bar, and below it the ends of the input's range."""
    room = (WIDTH - 2 * MARGIN) / SMALL
    span = f"from {bar.low_label} to {bar.high_label}"
    return (*wrapped(bar.label, room / 1.1, 1), *wrapped(span, room, 2))


def _tornado_key(chart: Chart, economics: EconomicsInfo) -> None:
    chart.box("swing low", MARGIN, 4, 22, 14)
    chart.text(MARGIN + 30, 17, "at the low end")
    chart.box("swing high", MARGIN + 150, 4, 22, 14)
    chart.text(MARGIN + 180, 17, "at the high end")
    chart.line("mine", (MARGIN + 11, 24), (MARGIN + 11, 40))
    base = fmt.money_rounded(economics.tornado_base, economics.currency)
    chart.text(MARGIN + 30, 38, f"as taken: {base}")
    chart.line("null", (MARGIN + 241, 24), (MARGIN + 241, 40))
    chart.text(MARGIN + 260, 38, "neither gain nor loss")


def crosses(economics: EconomicsInfo) -> tuple[str, ...]:
    """Labels of the inputs whose range holds both a gain and a loss, widest first."""
    return tuple(bar.label for bar in economics.tornado if min(bar.low, bar.high) < 0 < max(bar.low, bar.high))


def finite(points: Sequence[AcceptabilityInfo]) -> bool:
    """Whether there is a curve to draw."""
    return len(points) > 1 and all(math.isfinite(p.value) for p in points)
