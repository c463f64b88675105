"""Axes of figures: which stretch is shown, where its ticks stand and what they say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from impact.report import format as fmt
from impact.report.canvas import SMALL
from impact.report.format import Measure
from impact.report.text import width
from models.estimate import Scale

NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
RATIO_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
RATIO_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
MOST_RATIO = math.log(50)
MOST_POINTS = 1.0
LEAST_SPREAD = 1e-6
MOST_DRAWN = 1e14
TICK_ROOM = 62.0
FEWEST_TICKS = 3


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal axis of effects.

    Attributes
    ----------
    lo, hi
        Ends, on the scale where effects are linear (log for ratios).
    ticks
        Places on that scale with their labels.
    start, end
        Where the ends stand on the sheet, in points.
    """

    lo: float
    hi: float
    ticks: tuple[tuple[float, str], ...]
    start: float
    end: float

    def x(self, value: float) -> float:
        """Place of a value on the sheet, held within the axis."""
        held = min(max(value, self.lo), self.hi)
        return self.start + (held - self.lo) / (self.hi - self.lo) * (self.end - self.start)


def linear(value: float, scale: Scale) -> float:
    """Carry an effect to the scale on which it is drawn; a ratio of nought goes to the far left."""
    if scale is not Scale.RATIO:
        return min(max(value, -MOST_DRAWN), MOST_DRAWN)
    return math.log(value) if value > 0 else -2 * MOST_RATIO


def effect_axis(
    core: Sequence[float], others: Sequence[float], scale: Scale, measure: Measure, ends: tuple[float, float]
) -> Axis:
    """Choose the axis for effects that are already `linear`.

    All of `core` is shown, up to fiftyfold or a hundred points; `others` (the ends of wide intervals) may lie outside
    as far as they would more than triple the stretch.
    """
    lo, hi = min(core), max(core)
    spread = max(hi - lo, LEAST_SPREAD)
    lo, hi = max(min((lo, *others)), lo - spread), min(max((hi, *others)), hi + spread)
    pad = 0.06 * max(hi - lo, spread)
    lo, hi = lo - pad, hi + pad
    if scale is not Scale.DIFFERENCE:
        lo, hi = max(lo, -MOST_RATIO), min(hi, MOST_RATIO)
    elif measure is Measure.SHARE:
        lo, hi = max(lo, -MOST_POINTS), min(hi, MOST_POINTS)
    bare = Axis(lo, hi, (), *ends)
    ticks = _difference_ticks(bare, measure) if scale is Scale.DIFFERENCE else _ratio_ticks(bare)
    return Axis(lo, hi, ticks, *ends)


def _difference_ticks(axis: Axis, measure: Measure) -> tuple[tuple[float, str], ...]:
    factor = 100.0 if measure is Measure.SHARE else 1.0
    for most in range(int((axis.end - axis.start) / TICK_ROOM), 1, -1):
        values, places = nice_ticks(factor * axis.lo, factor * axis.hi, most)
        ticks = tuple((v / factor, fmt.signed(v, places) if v else "0") for v in values)
        room = max((width(label) for _, label in ticks), default=0.0) * SMALL + 8
        if all(axis.x(b) - axis.x(a) >= room for (a, _), (b, _) in pairwise(ticks)):
            return ticks
    return ((0.0, "0"),)


def nice_ticks(lo: float, hi: float, most: int) -> tuple[tuple[float, ...], int]:
    """Round values from lo to hi, at most this many, and the decimals that tell them apart."""
    rough = (hi - lo) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((n * power for n in NICE if n * power >= rough), 10 * power)
    first, last = math.ceil(lo / step - 1e-9), math.floor(hi / step + 1e-9)
    half = 1 if abs(step / power - 2.5) < 1e-9 else 0
    places = max(0, half - math.floor(math.log10(step) + 1e-9))
    return tuple(k * step for k in range(first, last + 1)), min(places, 9)


def _ratio_ticks(axis: Axis) -> tuple[tuple[float, str], ...]:
    for step in RATIO_STEPS:
        first, last = math.ceil((math.exp(axis.lo) - 1) / step), math.floor((math.exp(axis.hi) - 1) / step)
        if last - first > 60:
            continue
        ratios = [1 + k * step for k in range(first, last + 1) if 1 + k * step > 0]
        gaps = [axis.x(math.log(b)) - axis.x(math.log(a)) for a, b in pairwise(ratios)]
        if len(ratios) >= FEWEST_TICKS and min(gaps) >= TICK_ROOM * 0.85:
            return _labelled(ratios)
    kept: list[float] = []
    for ratio in RATIO_TICKS:
        place = math.log(ratio)
        if axis.lo <= place <= axis.hi and (not kept or axis.x(place) - axis.x(math.log(kept[-1])) >= TICK_ROOM):
            kept.append(ratio)
    return _labelled(kept)


def _labelled(ratios: Sequence[float]) -> tuple[tuple[float, str], ...]:
    return tuple((math.log(r), fmt.per_cent_change(r)) for r in ratios)


# Time ------------------------------------------------------------------------------------------------------------


def period_ticks(labels: Sequence[str], room: float) -> tuple[tuple[int, str], ...]:
    """Indices of the periods to mark on an axis of this length, in points, with their labels."""
    years = [label[:4] for label in labels]
    starts = [i for i in range(1, len(labels)) if years[i] != years[i - 1]]
    if len(starts) >= FEWEST_TICKS and len(labels) > len(set(years)):
        every = math.ceil(44.0 * len(set(years)) / room)
        return tuple((i, years[i]) for i in starts[::every])
    every = max(1, math.ceil(84.0 * len(labels) / room))
    return tuple((i, fmt.short_period(labels[i])) for i in range(0, len(labels), every))
