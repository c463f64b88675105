"""What was observed, before any effect is estimated: both groups' series and every area's windows.

Nothing is suppressed here: each number comes with the cases behind it, so that whoever publishes it can.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from models.arrays import BoolArray, FloatArray
from models.estimate import Path, PathPoint
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    DurationCells,
    OrdinalCells,
    Panel,
    TimeToEventCells,
    observed,
    pool_areas,
    pool_periods,
)
from models.summary import Summary, natural, period_matrix, summarise
from models.wording import SHARES

type Window = Literal["baseline", "follow_up"]

Z95 = float(stats.norm.ppf(0.975))


@dataclass(frozen=True, slots=True)
class GroupTrend:
    """Pooled series of a group of areas.

    Attributes
    ----------
    path
        Named "treated" or "comparison"; one point for each of the T periods, in the outcome's unit.
    least
        Size of the smallest group of people each point shows; see `smallest_group`; length T.
    """

    path: Path
    least: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WindowValue:
    """One area in one window.

    Attributes
    ----------
    area, treated, window
        Which area, whether it is treated, and which window.
    value
        In the outcome's unit; None where undefined.
    lo, hi
        Approximate 95% interval for sampling error alone, in the outcome's unit; None where it cannot be given.
    n
        Events for counts, answers or cases otherwise.
    least
        Size of the smallest group of people the value shows; see `smallest_group`.
    """

    area: str
    treated: bool
    window: Window
    value: float | None
    lo: float | None
    hi: float | None
    n: float
    least: float


def smallest_group(cells: Cells) -> FloatArray:
    """Size of the smallest group of people that a cell's value shows, shape (A, T); 0 if it shows nobody.

    A share shows two groups, those who said yes and those who did not: one satisfied person of a hundred is one person.
    A group of none is nobody. For counts it is the events, for means and durations the cases.
    """
    match cells:
        case CountCells(events, _):
            return events
        case BinaryCells(successes, trials):
            return _smaller(successes, trials)
        case OrdinalCells(n, at_least):
            return _smaller(n[..., at_least:].sum(axis=2), n.sum(axis=2))
        case TimeToEventCells(events, censored, competing):
            return _smaller(events.sum(axis=2), (events + censored + competing).sum(axis=2))
        case ContinuousCells(n, _, _):
            return n
        case DurationCells():
            return cells.n + cells.still_open.sum(axis=2)


def _smaller(yes: FloatArray, total: FloatArray) -> FloatArray:
    no = total - yes
    return np.where(yes == 0, no, np.where(no == 0, yes, np.minimum(yes, no)))


def trends(panel: Panel) -> tuple[GroupTrend, ...]:
    """Pool the treated areas, and the comparison areas if there are any, period by period.

    A group is one population here: large areas weigh more than small ones, unlike in an estimate, where each area
    counts once. A period is None where the group has no value; for counts that includes any period in which one of
    its areas was not observed.
    """
    groups = (("treated", panel.treated), ("comparison", ~panel.treated))
    return tuple(_trend(panel, name, members) for name, members in groups if members.any())


def windows(panel: Panel, own: tuple[BoolArray, BoolArray] | None = None) -> tuple[WindowValue, ...]:
    """Give every area's baseline and follow-up value, areas in panel order, baseline first.

    `own` gives other masks for the two, shape (A, T) each, where areas start at different dates.
    """
    before, after = own or (panel.periods.baseline, panel.periods.follow_up)
    sides: tuple[tuple[Window, BoolArray], ...] = (("baseline", before), ("follow_up", after))
    rows = {window: _window_rows(panel, window, mask) for window, mask in sides}
    return tuple(rows[window][a] for a in range(len(panel.areas)) for window, _ in sides)


def _trend(panel: Panel, name: str, members: BoolArray) -> GroupTrend:
    pooled = pool_areas(panel.cells, members)
    values = period_matrix(pooled)[0]
    shown = _in_unit(panel, values, pooled)[0]
    points = tuple(
        PathPoint(label, _number(value)) for label, value in zip(panel.periods.labels, shown.tolist(), strict=True)
    )
    return GroupTrend(Path(name, points), tuple(smallest_group(pooled)[0].tolist()))


def _window_rows(panel: Panel, window: Window, mask: BoolArray) -> list[WindowValue]:
    summary = summarise(panel.cells, mask)
    pooled = pool_periods(panel.cells, mask)
    values = _in_unit(panel, summary.value[:, None], pooled)[:, 0]
    lo, hi = _sampling_interval(panel, summary)
    columns = zip(
        panel.areas,
        panel.treated.tolist(),
        values.tolist(),
        lo.tolist(),
        hi.tolist(),
        summary.n.tolist(),
        smallest_group(pooled)[:, 0].tolist(),
        strict=True,
    )
    return [WindowValue(a, t, window, _number(v), _number(x), _number(y), n, s) for a, t, v, x, y, n, s in columns]


def _in_unit(panel: Panel, values: FloatArray, cells: Cells) -> FloatArray:
    """Carry values (A, T) to the outcome's unit; a rate of no events in observed time is 0, though its log is not."""
    shown = natural(panel, values)
    if isinstance(cells, CountCells):
        return np.where(observed(cells) & (cells.events == 0), 0.0, shown)
    return shown


def _sampling_interval(panel: Panel, summary: Summary) -> tuple[FloatArray, FloatArray]:
    """Interval for sampling error, (A,) each: Wilson's for shares, normal on the linear scale otherwise."""
    if panel.kind in SHARES:
        return _wilson(summary)
    half = Z95 * np.sqrt(summary.variance)
    return natural(panel, summary.value - half), natural(panel, summary.value + half)


def _wilson(summary: Summary) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval for a share; censored cases count by what they tell, as p(1 - p) over the variance."""
    p, spread = summary.value, summary.value * (1 - summary.value)
    n = np.divide(spread, summary.variance, out=summary.n.copy(), where=summary.variance > 0)
    ok = summary.defined & (n > 0)
    shrink = np.divide(Z95**2, n, out=np.full_like(p, np.nan), where=ok)
    centre = (p + shrink / 2) / (1 + shrink)
    half = np.sqrt(shrink * spread + shrink**2 / 4) / (1 + shrink)
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
