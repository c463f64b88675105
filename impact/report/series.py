"""Rows in time order, each with its range, as a chart with time from left to right."""

import math
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from impact.report.canvas import MARGIN, SMALL, WIDTH
from impact.report.quantities import Terms
from impact.report.small import UPRIGHT_ROOM, Chart, Upright, number
from impact.report.text import capital, width, wrapped
from models.estimate import Row

LEFT, RIGHT = 74.0, WIDTH - MARGIN
HEIGHT = 210.0  # of the plot
LINE = 18.0
MOST_LINES = 3


def over_time(rows: Sequence[Row], terms: Terms, caption: str) -> tuple[Markup, tuple[str, ...]]:
    """Draw rows from left to right; a row without a value keeps its place."""
    axis = terms.axis(rows, (0.0, UPRIGHT_ROOM))
    if axis is None:
        return Markup(), ("No row has a value.",)
    groups = [(name, len(list(members))) for name, members in groupby(row.group for row in rows)]
    headed = any(name for name, _ in groups)
    top = 46.0 if headed else 26.0
    bottom, step = top + HEIGHT, (RIGHT - LEFT) / len(rows)
    labels = _labels([row.label for row in rows], step)
    chart = Chart(WIDTH, bottom + 12 + LINE * max((len(lines) for _, lines in labels), default=0))
    scale = Upright(axis, bottom, HEIGHT)
    scale.lines(chart, LEFT, RIGHT)
    scale.null(chart, terms.null, LEFT, RIGHT)
    up = f" (up is {terms.sides[1]})" if terms.sides[1] else ""
    chart.text(MARGIN, 16, f"{terms.caption}{up}", room=WIDTH - 2 * MARGIN)
    _groups(chart, groups, step, top)
    for i, row in enumerate(rows):
        _row(chart, row, LEFT + step * (i + 0.5), scale, terms, thin=step < 9)
    for i, lines in labels:
        x = LEFT + step * (i + 0.5)
        chart.line("axis", (x, bottom), (x, bottom + 5))
        for j, line in enumerate(lines):
            half = width(line) * SMALL / 2
            chart.text(min(max(x, half + 2), WIDTH - half - 2), bottom + LINE * (j + 1), line, anchor="middle")
    return chart.finished(f"{caption}. The numbers are in the table below."), ()


def _groups(chart: Chart, groups: Sequence[tuple[str, int]], step: float, top: float) -> None:
    """Part the groups by upright lines, each under its name."""
    before = 0
    for name, size in groups:
        x = LEFT + step * before
        if before:
            chart.line("part", (x, top - 16), (x, top + HEIGHT))
        chart.text(x + 4, top - 8, capital(name), room=step * size - 8)
        before += size


def _row(chart: Chart, row: Row, x: float, scale: Upright, terms: Terms, *, thin: bool) -> None:
    if row.estimate is None:
        return
    point, hollow = terms.place(row.estimate), row.lo is None or row.hi is None
    if row.lo is not None and row.hi is not None:
        low, high = terms.place(row.lo), terms.place(row.hi)
        chart.line("range own" if row.chosen else "range", (x, scale.y(low)), (x, scale.y(high)))
        _beyond(chart, x, scale, low, high)
    if scale.axis.lo <= point <= scale.axis.hi:
        kind, y = "hollow" if hollow else "dot", scale.y(point)
        if row.chosen:
            chart.box(kind, x - 4.5, y - 4.5, 9, 9)
        else:
            chart.dots(kind, [(x, y)], 2.2 if thin else 4.0)


def _beyond(chart: Chart, x: float, scale: Upright, low: float, high: float) -> None:
    """Mark by arrows where a range goes on beyond the axis."""
    for beyond, place, depth in (
        (low < scale.axis.lo, scale.axis.lo, -7),
        (high > scale.axis.hi, scale.axis.hi, 7),
    ):
        if beyond:
            chart.path("beyond", f"M{number(x)} {number(scale.y(place))}l-4 {depth}h8z")


def _labels(labels: Sequence[str], step: float) -> list[tuple[int, tuple[str, ...]]]:
    """Rows to be labelled, and their labels in lines: every one if they fit, else every second, and so on."""
    for every in range(1, len(labels) + 1):
        room = every * step - 6
        kept = [(i, wrapped(labels[i], max(room, 60) / SMALL, MOST_LINES)) for i in range(0, len(labels), every)]
        widest = max(width(line) * SMALL for _, lines in kept for line in lines or ("",))
        if widest <= room or every >= math.ceil(len(labels) / 2):
            return kept
    return []
