"""Many values on one axis, as stacked dots or, where they are too many, as columns; the study's own is marked."""

from collections.abc import Sequence

from markupsafe import Markup

from impact.report import format as fmt
from impact.report.axis import Axis
from impact.report.canvas import MARGIN, SMALL, WIDTH
from impact.report.quantities import Terms
from impact.report.small import Chart
from impact.report.text import width
from models.estimate import Quantity, Row

ENDS = (MARGIN + 10, WIDTH - MARGIN - 10)
SIZES = (11.0, 9.0, 7.0, 5.0, 4.0)  # of a dot, the largest that fits
TALLEST = 132.0
ABOVE, BELOW = 44.0, 62.0  # room for the study's own, and for the axis
COLUMN = 8.0
SAME = 1e-12


def distribution(
    rows: Sequence[Row], terms: Terms, caption: str, *, ranked: bool = True
) -> tuple[Markup, tuple[str, ...]]:
    """Draw the values of rows; if `ranked`, also say where the study's own stands among them."""
    axis = terms.axis(rows, ENDS)
    own = next((row for row in rows if row.chosen and row.estimate is not None), None)
    others = [row for row in rows if row.estimate is not None and row is not own]
    said = _rank(own, others, terms) if own is not None and ranked else ()
    if axis is None:
        return Markup(), ("No row has a value.",)
    places = sorted(axis.x(terms.place(row.estimate)) for row in others if row.estimate is not None)
    size, stacks = _stacks(places)
    tallest = max(map(len, stacks.values()), default=1)
    base = ABOVE + min(TALLEST, max(3, tallest) * size) + 6
    chart = Chart(WIDTH, base + BELOW)
    _lines(chart, axis, terms, base)
    if size * tallest <= TALLEST:
        dots = [(x, base - size * (i + 0.5) - 1) for x, stack in stacks.items() for i in range(len(stack))]
        chart.dots("dot", dots, size / 2 - 0.5)
    else:
        for x, stack in stacks.items():
            high = TALLEST * len(stack) / tallest
            chart.box("dot", x - COLUMN / 2 + 0.5, base - high, COLUMN - 1, high)
    if own is not None and own.estimate is not None:
        _own(chart, axis.x(terms.place(own.estimate)), base, terms.written(own.estimate))
    return chart.finished(" ".join((f"{caption}.", *said))), said


def _stacks(places: Sequence[float]) -> tuple[float, dict[float, list[float]]]:
    """Put values into stacks as wide as a dot; the dots are as large as the highest stack allows."""
    stacks: dict[float, list[float]] = {}
    for size in (*SIZES, COLUMN):
        stacks = {}
        for x in places:
            stacks.setdefault((x // size + 0.5) * size, []).append(x)
        if size * max(map(len, stacks.values()), default=0) <= TALLEST:
            return size, stacks
    return COLUMN, stacks


def _lines(chart: Chart, axis: Axis, terms: Terms, base: float) -> None:
    for place, label in axis.ticks:
        x, half = axis.x(place), width(label) * SMALL / 2
        chart.line("grid", (x, ABOVE), (x, base + 5))
        chart.text(min(max(x, half + 2), WIDTH - half - 2), base + 21, label, anchor="middle")
    if terms.null is not None and axis.lo <= terms.null <= axis.hi:
        x = axis.x(terms.null)
        chart.line("null", (x, ABOVE - 8), (x, base))
    chart.line("axis", (axis.start, base), (axis.end, base))
    sides(chart, terms, base + 44)


def sides(chart: Chart, terms: Terms, y: float) -> None:
    """Name what the axis shows, and on which side of no effect things are better."""
    room = WIDTH - 2 * MARGIN - (150 if terms.sides[0] else 0)
    chart.text(WIDTH / 2, y, terms.caption, anchor="middle", room=room)
    if terms.sides[0]:
        chart.text(MARGIN, y, f"← {terms.sides[0]}")
        chart.text(WIDTH - MARGIN, y, f"{terms.sides[1]} →", anchor="end")


def _own(chart: Chart, x: float, base: float, value: str) -> None:
    text = f"This study: {value}"
    half = width(text) * SMALL * 1.1 / 2
    chart.line("mine", (x, 24), (x, base))
    chart.diamond("mine", x, base - 6, 7)
    chart.text(min(max(x, half + 2), WIDTH - half - 2), 17, text, "strong", "middle")


def _rank(own: Row, others: Sequence[Row], terms: Terms) -> tuple[str, ...]:
    """Say how many of the other values are as extreme as the study's own."""
    if own.estimate is None or not others:
        return ()
    value, among = terms.written(own.estimate), f"the other {fmt.count(len(others))}"
    effects = terms.quantity in {Quantity.OUTCOME, Quantity.POINTS}
    size = abs if effects else float
    mine = size(terms.place(own.estimate))
    as_large = sum(size(terms.place(row.estimate)) >= mine - SAME for row in others if row.estimate is not None)
    many, plural = fmt.count(as_large) if as_large else "Not one", as_large > 1
    if effects:
        verb = "lie" if plural else "lies"
        return (f"{many} of {among} {verb} as far from no difference as the study's own ({value}), or further.",)
    return (f"{many} of {among} {'are' if plural else 'is'} as large as the study's own ({value}).",)
