"""A sheet to draw on: Matplotlib's SVG canvas, measured in points from the top left corner, with our colours.

Matplotlib's object interface is used throughout; no global state is left behind.
"""

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from impact.report import svg
from impact.report.text import clean, fitted, wrapped

WIDTH = 480.0
MARGIN = 12.0
TEXT = 15.5
SMALL = 14.5
TITLE, TITLE_LINE = 17.0, 22.0
BOLDER = 1.1  # bold letters are wider

BLUE = "#12436d"
PLUM = "#801650"
ORANGE = "#f46a25"
GREY = "#3d3d3d"
INK = "#0b0c0c"
MUTED = "#484f52"
CARD = "#ffffff"
RULE = "#868e93"
GRID = "#d4d8da"
TINT_BLUE = "#e4ecf3"
TINT_TEAL = "#d9efec"
TINT_GREY = "#eceeef"
COLOURS = (
    BLUE, PLUM, ORANGE, GREY, INK, MUTED, CARD, RULE, GRID, TINT_BLUE, TINT_TEAL, TINT_GREY,
)  # fmt: skip
"""Every colour of a figure; the style sheet has a dark counterpart of each."""

STYLE = {
    "svg.fonttype": "none",  # text stays text: small, searchable, and set in the reader's own face
    "svg.hashsalt": "impact",
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "font.family": "DejaVu Sans",  # ships with Matplotlib, so that every machine measures alike
    "font.size": TEXT,
    "hatch.linewidth": 0.8,
    "path.simplify": True,
}

type Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Face:
    """Size in points, colour and weight of text."""

    size: float = TEXT
    colour: str = INK
    weight: str = "normal"


PLAIN = Face()
STRONG = Face(weight="bold")
QUIET = Face(size=SMALL, colour=MUTED)


class Sheet:
    """A page of fixed width under a title; x grows to the right and y downwards from below the title, in points."""

    def __init__(self, height: float, title: str, note: str) -> None:
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        self.title = clean(title)
        lines = wrapped(self.title, (WIDTH - 2 * MARGIN) / (TITLE * BOLDER), 3)
        head = TITLE_LINE * len(lines) + (TITLE_LINE if note else 0) + 8
        self.figure: Any = Figure(figsize=(WIDTH / 72, (height + head) / 72), facecolor=CARD)
        FigureCanvasSVG(self.figure)
        self.page: Any = self.figure.add_axes((0, 0, 1, 1))
        self.page.set(xlim=(0, WIDTH), ylim=(height, -head))
        self.page.set_axis_off()
        for i, line in enumerate((*lines, note) if note else lines):
            face = Face(TITLE, weight="bold") if i < len(lines) else Face(SMALL, PLUM, "bold")
            self.text(MARGIN, TITLE_LINE * (i + 0.8) - head, line, face)

    def text(
        self, x: float, y: float, text: str, face: Face = PLAIN, align: Align = "left", room: float = WIDTH
    ) -> None:
        """Write on the baseline y, shortened to `room` points; text of the study is never read as mathematics."""
        shown = fitted(clean(text), room / face.size)
        style = {"fontsize": face.size, "color": face.colour, "weight": face.weight}
        self.page.text(x, y, shown, ha=align, va="baseline", **style)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], colour: str, width: float = 1.0, dash: Any = "-"
    ) -> None:
        """Draw a straight line."""
        self.page.plot((start[0], end[0]), (start[1], end[1]), color=colour, lw=width, ls=dash, solid_capstyle="butt")

    def mark(self, x: float, y: float, shape: str, colour: str, size: float = 8.0, *, hollow: bool = False) -> None:
        """Draw a marker, filled or hollow."""
        self.marks([(x, y)], shape, colour, size, hollow=hollow)

    def marks(
        self, places: Sequence[tuple[float, float]], shape: str, colour: str, size: float, *, hollow: bool = False
    ) -> None:
        """Draw the same marker at many places."""
        xs, ys = [x for x, _ in places], [y for _, y in places]
        face = CARD if hollow else colour
        self.page.plot(xs, ys, marker=shape, ms=size, mfc=face, mec=colour, mew=1.6, ls="none")

    def box(self, x: float, y: float, width: float, height: float, colour: str, hatch: str | None = None) -> None:
        """Fill a rectangle whose top left corner is (x, y); with `hatch` it is also lined."""
        from matplotlib.patches import Rectangle

        if width > 0 and height > 0 and (hatch or colour != "none"):
            self.page.add_patch(Rectangle((x, y), width, height, facecolor=colour, edgecolor="none"))
            if hatch:
                lined = Rectangle((x, y), width, height, facecolor="none", edgecolor=RULE, hatch=hatch, lw=0)
                self.page.add_patch(lined)

    def curve(self, xs: Sequence[float], ys: Sequence[float], colour: str, width: float = 2.0, dash: Any = "-") -> None:
        """Draw a line through points; NaN leaves a gap."""
        self.page.plot(xs, ys, color=colour, lw=width, ls=dash, solid_joinstyle="round")

    def band(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], colour: str) -> None:
        """Shade between two lines; NaN leaves a gap."""
        known = [math.isfinite(a) and math.isfinite(b) for a, b in zip(lows, highs, strict=True)]
        self.page.fill_between(xs, lows, highs, where=known, color=colour, alpha=0.16, lw=0)

    def svg(self, name: str, description: str) -> str:
        """Return the finished figure, whose ids begin with `name`."""
        text = io.StringIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        self.figure.savefig(text, format="svg", metadata=nothing)
        return svg.finished(text.getvalue(), name, self.title, clean(description))


@contextmanager
def sheet(height: float, title: str, note: str) -> Iterator[Sheet]:
    """Open a sheet of this height below its title and note; Matplotlib's settings are put back afterwards."""
    import matplotlib.style

    with matplotlib.style.context(STYLE, after_reset=True), warnings.catch_warnings():
        # The text is set by the reader's browser, which has the letters that Matplotlib's own face lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield Sheet(height, title, note)
