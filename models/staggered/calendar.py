"""When each area started, and which of its periods lie before and after that."""

import numpy as np

from models.arrays import BoolArray, IntArray
from models.design import Design
from models.panel import Panel
from models.periods import Periods, Role

USED = (Role.BASELINE, Role.PHASE_IN, Role.FOLLOW_UP)


def used_periods(periods: Periods) -> BoolArray:
    """Mask of the periods that some area may use, shape (T,): the baseline, and all that is not excluded since."""
    return np.asarray([role in USED for role in periods.roles], dtype=np.bool_)


def first_start(periods: Periods) -> int:
    """Index of the first period after the baseline that is not excluded: the earliest start."""
    return int(np.flatnonzero(periods.where(Role.PHASE_IN) | periods.where(Role.FOLLOW_UP))[0])


def starts_of(panel: Panel, design: Design) -> tuple[IntArray, IntArray]:
    """First period of the intervention in each area, and the first that counts as after it, shape (A,) each.

    T for areas that never start.
    """
    periods = panel.periods
    never = len(periods)
    common = first_start(periods)
    settled = int(np.flatnonzero(periods.follow_up)[0])
    began = np.full(len(panel.areas), never, dtype=np.int64)
    counts = began.copy()
    for a in np.flatnonzero(panel.treated):
        start = design.starts.get(panel.areas[a])
        began[a] = common if start is None else start
        counts[a] = settled if start is None else min(never, start + design.phase_in.get(panel.areas[a], 0))
    return began, counts


def own_windows(panel: Panel, design: Design) -> tuple[BoolArray, BoolArray]:
    """Masks of each area's periods before its start, and of those after it and its phase-in, shape (A, T) each.

    Comparison areas have the study's windows, and so has every area where all start together.
    """
    shape = (len(panel.areas), len(panel.periods))
    before, after = (np.broadcast_to(mask, shape).copy() for mask in (panel.periods.baseline, panel.periods.follow_up))
    if design.is_staggered:
        began, counts = starts_of(panel, design)
        clock, used = np.arange(shape[1]), used_periods(panel.periods)
        treated = panel.treated
        before[treated] = (used & (clock < began[:, None]))[treated]
        after[treated] = (used & (clock >= counts[:, None]))[treated]
    return before, after
