"""One change per area between two windows: the vector every area-level method works on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.estimate import Scale
from models.panel import CountCells, Panel, pool_periods
from models.periods import Role
from models.summary import Summary, Undefined, summarise
from models.wording import WINDOW_WORDS, listed

RESOLUTION = 1e-12  # of the larger of the two window values: rounding error in a change
LARGEST_LOG = 50.0  # a ratio of 5e21: no longer a number anyone can use
TOO_WIDE = (
    "No interval and no p-value from {method}: the interval is too wide to be written as a ratio. Use longer windows, "
    "or more areas."
)

REMEDY = {
    Undefined.NO_EVENTS: (
        "No events in {where}, and a rate of zero has no logarithm. Use longer windows, or merge areas, so that every "
        "area has events in both windows."
    ),
    Undefined.NONE_COMPLETED: "No case is completed in {where}. Use longer windows, or a later extract.",
    Undefined.NOT_FOLLOWED: (
        "Nobody is followed to the horizon in {where}. Use a shorter horizon, a window that ends earlier, or a later "
        "extract."
    ),
}


class Weighting(StrEnum):
    """How much each area counts in its group's mean change."""

    EQUAL = "equal"
    EXPOSURE = "exposure"  # by exposure for counts, by cases or answers otherwise, in the window before


@dataclass(frozen=True, slots=True)
class Gap:
    """An area without a value in one window, and why."""

    area: int
    window: Role
    reason: Undefined


@dataclass(frozen=True, slots=True)
class Changes:
    """Change of each area from one window to another, on the linear scale of its kind.

    Attributes
    ----------
    w
        After less before, shape (A,); NaN where undefined.
    variance
        Sampling variance of `w`, shape (A,); NaN where unknown.
    usable
        Mask of the areas with a change, shape (A,).
    gaps
        Why each of the others has none, by area; the window before is called the baseline.
    resolution
        Size of a difference between changes that is only rounding error.
    """

    w: FloatArray
    variance: FloatArray
    usable: BoolArray
    gaps: tuple[Gap, ...]
    resolution: float


def change(panel: Panel, before: BoolArray, after: BoolArray) -> Changes:
    """Subtract each area's value in `before` from its value in `after`.

    Parameters
    ----------
    panel
        The outcome.
    before, after
        Masks of the periods, shape (T,) or (A, T).

    Returns
    -------
    Changes
        Log rate ratio for counts, log ratio of geometric means for durations, difference in share or mean otherwise.
    """
    return difference(summarise(panel.cells, before), summarise(panel.cells, after))


def difference(first: Summary, second: Summary) -> Changes:
    """Subtract the summary of the window before from that of the window after."""
    usable = first.defined & second.defined
    gaps = [
        Gap(area, window, reason)
        for window, summary in ((Role.BASELINE, first), (Role.FOLLOW_UP, second))
        for area, reason in summary.undefined.items()
    ]
    levels = np.abs(np.concatenate([first.value[usable], second.value[usable]]))
    return Changes(
        w=second.value - first.value,
        variance=first.variance + second.variance,
        usable=usable,
        gaps=tuple(sorted(gaps, key=lambda gap: gap.area)),
        resolution=RESOLUTION * float(levels.max(initial=0.0)),
    )


def weights_of(panel: Panel, before: BoolArray, weighting: Weighting) -> FloatArray | None:
    """Size of each area in the window before, shape (A,); None if areas count equally."""
    return None if weighting is Weighting.EQUAL else sizes_of(panel, before)


def sizes_of(panel: Panel, window: BoolArray) -> FloatArray:
    """Exposure of each area in a window for counts, its cases or answers otherwise, shape (A,)."""
    pooled = pool_periods(panel.cells, window)
    return pooled.exposure[:, 0] if isinstance(pooled, CountCells) else summarise(panel.cells, window).n


def why_not(panel: Panel, changes: Changes, words: Mapping[Role, str] = WINDOW_WORDS) -> str:
    """Why these changes give no estimate, in words; empty if they give one. `words` names the two windows.

    An area without data is left out. An area with data but no value stops the analysis: leaving it out would choose
    areas by their outcome.
    """
    for reason, remedy in REMEDY.items():
        where = [f"{panel.areas[gap.area]} ({words[gap.window]})" for gap in changes.gaps if gap.reason is reason]
        if where:
            return remedy.format(where=listed(where))
    both = f"both the {words[Role.BASELINE]} and the {words[Role.FOLLOW_UP]}"
    for group, members in (("treated", panel.treated), ("comparison", ~panel.treated)):
        if not (members & changes.usable).any():
            return f"No {group} area has data in {both}. Check the windows and the source."
    return ""


def on_scale(scale: Scale, effect: float) -> float:
    """Carry an effect from the linear scale to `scale`: exp() for ratios."""
    return math.exp(effect) if scale is Scale.RATIO else effect


def limits_on_scale(scale: Scale, limits: tuple[float, float]) -> tuple[float, float] | None:
    """Carry an interval to `scale`; None if a ratio's limits are too wide to be written as numbers."""
    if scale is Scale.RATIO and max(abs(limit) for limit in limits) > LARGEST_LOG:
        return None
    return on_scale(scale, limits[0]), on_scale(scale, limits[1])
