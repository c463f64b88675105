"""Small drawings as inline SVG, written by hand: quick to make, and coloured by the classes of the page's style sheet.

Tracks (one range on an axis) are placed in per cent of their width, so that they fill a table's column on any screen.
Charts have a view box as wide as the sheets of the larger figures, so that letters come out alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from impact.report.axis import Axis
from impact.report.canvas import SMALL
from impact.report.text import clean, fitted

TRACK_WIDTH = 300.0  # of a track's axis: a phone's column, in CSS pixels
MIDDLE = 12  # of a track's height
EDGE = 9.0  # per cent from an end within which a label leans inwards


def number(value: float) -> str:
    """Write a coordinate: one decimal at most."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def percent(axis: Axis, value: float) -> float:
    """Place of a value along the axis in per cent, held within it."""
    return 100 * (axis.x(value) - axis.start) / (axis.end - axis.start)


def ruler(axis: Axis, name: str, null: float | None, zone: tuple[float, float] | None) -> Markup:
    """Draw an axis' labels, and keep its lines under `name` for the tracks below it.

    Parameters
    ----------
    null
        Where the line of no effect stands; None for no line.
    zone
        Stretch to be shaded.
    """
    shaded = ""
    if zone is not None:
        start, end = (percent(axis, side) for side in zone)
        shaded = f'<rect class="zone" x="{number(start)}%" width="{number(end - start)}%" height="100%"/>'
    lines = "".join(_upright("grid", percent(axis, place)) for place, _ in axis.ticks)
    zero = _upright("null", percent(axis, null)) if null is not None and axis.lo <= null <= axis.hi else ""
    labels = "".join(_label(percent(axis, place), text) for place, text in axis.ticks)
    kept = f'<symbol id="{name}">{shaded}{lines}{zero}</symbol>'
    return Markup(f'<svg class="ticks" aria-hidden="true">{kept}{labels}</svg>')  # noqa: S704 - drawn here


def _upright(kind: str, place: float) -> str:
    x = number(place)
    return f'<line class="{kind}" x1="{x}%" x2="{x}%" y2="100%"/>'


def _label(place: float, text: str) -> str:
    lean = "start" if place < EDGE else "end" if place > 100 - EDGE else "middle"
    return f'<text x="{number(place)}%" y="14" text-anchor="{lean}">{escape(text)}</text>'


def track(axis: Axis, name: str, point: float, ends: tuple[float, float] | None, *, own: bool) -> Markup:
    """Draw one range on the lines kept under `name`: a square for the study's own, a circle for others.

    A point without a range is hollow; an arrow marks what goes on beyond the axis.
    """
    parts = [f'<use href="#{name}"/>']
    if ends is not None:
        left, right = (percent(axis, end) for end in ends)
        thick = 4 if own else 2
        parts.append(
            f'<rect class="range" x="{number(left)}%" width="{number(right - left)}%" y="{MIDDLE - thick // 2}" '
            f'height="{thick}"/>'
        )
    low, high = (point, point) if ends is None else ends
    parts += [_arrow(0, 7)] if min(low, point) < axis.lo else []
    parts += [_arrow(100, -7)] if max(high, point) > axis.hi else []
    if axis.lo <= point <= axis.hi:
        parts.append(_mark(percent(axis, point), own=own, hollow=ends is None))
    kind = "track own" if own else "track"
    return Markup(f'<svg class="{kind}" aria-hidden="true">{"".join(parts)}</svg>')  # noqa: S704 - drawn here


def _arrow(place: int, depth: int) -> str:
    half = abs(depth) - 1
    return f'<svg x="{place}%"><path class="beyond" d="M0 {MIDDLE}l{depth}-{half}v{2 * half}z"/></svg>'


def _mark(place: float, *, own: bool, hollow: bool) -> str:
    kind, x = "hollow" if hollow else "dot", number(place)
    if own:
        return f'<rect class="{kind}" x="{x}%" y="{MIDDLE - 5}" width="10" height="10" transform="translate(-5)"/>'
    return f'<circle class="{kind}" cx="{x}%" cy="{MIDDLE}" r="4"/>'


# Charts ----------------------------------------------------------------------------------------------------------

UPRIGHT_ROOM = 330.0
"""Length for which the ticks of an upright axis are chosen: as close as lines of text may stand, for its height."""


@dataclass(frozen=True, slots=True)
class Upright:
    """An axis turned upright: it was chosen for `UPRIGHT_ROOM` and stands `height` points high on `bottom`."""

    axis: Axis
    bottom: float
    height: float

    def y(self, place: float) -> float:
        """Where a value stands, held within the axis."""
        return self.bottom - self.axis.x(place) * self.height / UPRIGHT_ROOM

    def lines(self, chart: "Chart", left: float, right: float) -> None:
        """Draw its ticks as lines across, with their labels on the left."""
        for place, label in self.axis.ticks:
            chart.line("grid", (left, self.y(place)), (right, self.y(place)))
            chart.text(left - 6, self.y(place) + 5, label, anchor="end")

    def null(self, chart: "Chart", place: float | None, left: float, right: float) -> None:
        """Draw the line of no effect across, if there is one within the axis."""
        if place is not None and self.axis.lo <= place <= self.axis.hi:
            chart.line("null", (left, self.y(place)), (right, self.y(place)))


class Chart:
    """A drawing in a view box of the given size; y grows downwards."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.parts: list[str] = []

    def text(self, x: float, y: float, text: str, kind: str = "quiet", anchor: str = "start", room: float = 0) -> None:
        """Write on the baseline y, shortened to `room` if that is given."""
        shown = fitted(clean(text), room / SMALL) if room else clean(text)
        self.parts.append(
            f'<text class="{kind}" x="{number(x)}" y="{number(y)}" text-anchor="{anchor}">{escape(shown)}</text>'
        )

    def path(self, kind: str, steps: str, thick: float | None = None) -> None:
        """Draw a path of SVG's own steps, as thick as its class says unless that is given."""
        if steps:
            stroke = "" if thick is None else f' stroke-width="{number(thick)}"'
            self.parts.append(f'<path class="{kind}" d="{steps}"{stroke}/>')

    def line(self, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw a straight line."""
        self.path(kind, f"M{number(start[0])} {number(start[1])}L{number(end[0])} {number(end[1])}")

    def box(self, kind: str, x: float, y: float, width: float, height: float) -> None:
        """Draw a rectangle whose top left corner is (x, y)."""
        if width > 0 and height > 0:
            self.path(kind, f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h{number(-width)}z")

    def dots(self, kind: str, places: Sequence[tuple[float, float]], radius: float) -> None:
        """Draw the same circle at many places."""
        r, across = number(radius), number(2 * radius)
        steps = (
            f"M{number(x - radius)} {number(y)}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0-{across} 0" for x, y in places
        )
        self.path(kind, "".join(steps))

    def diamond(self, kind: str, x: float, y: float, half: float) -> None:
        """Draw a square that stands on a corner."""
        h = number(half)
        self.path(kind, f"M{number(x)} {number(y - half)}l{h} {h}l-{h} {h}l-{h}-{h}z")

    def finished(self, description: str) -> Markup:
        """Return the drawing, described for those who do not see it."""
        size = f'viewBox="0 0 {number(self.width)} {number(self.height)}"'
        label = f'role="img" aria-label="{escape(clean(description))}"'
        return Markup(f'<svg class="plot" {size} {label}>{"".join(self.parts)}</svg>')  # noqa: S704 - text is escaped
