"""Cells by area and period: the sufficient statistics every model reads, and nothing else.

Every array of a cell class has the areas on its first axis and the periods on its second, and every entry is a sum
over cases. Pooling areas or periods is therefore addition, whatever the outcome kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.estimate import Scale
from models.periods import Periods


class Kind(StrEnum):
    """Kind of outcome; decides the cells, the summary and the scale."""

    COUNT = "count"
    BINARY = "binary"
    ORDINAL = "ordinal"
    CONTINUOUS = "continuous"
    DURATION = "duration"
    TIME_TO_EVENT = "time_to_event"

    @property
    def scale(self) -> Scale:
        """Scale of an effect: a ratio for counts and durations, a difference for the others."""
        return Scale.RATIO if self in {Kind.COUNT, Kind.DURATION} else Scale.DIFFERENCE


@dataclass(frozen=True, slots=True)
class CountCells:
    """Events and exposure.

    Attributes
    ----------
    events
        Number of events, shape (A, T); 0 where not observed.
    exposure
        Person-days (population x days in the period), or days where no population is given, shape (A, T);
        0 means the cell was not observed, which is not the same as no events.
    """

    events: FloatArray
    exposure: FloatArray


@dataclass(frozen=True, slots=True)
class BinaryCells:
    """Successes among trials, each of shape (A, T)."""

    successes: FloatArray
    trials: FloatArray


@dataclass(frozen=True, slots=True)
class OrdinalCells:
    """Answers per level.

    Attributes
    ----------
    n
        Answers at each level, worst to best as declared, shape (A, T, L).
    at_least
        Index of the lowest level that counts towards the headline share.
    levels
        Names of the L levels, worst to best; empty where they have none.
    """

    n: FloatArray
    at_least: int
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContinuousCells:
    """Number, sum and sum of squares of the values, each of shape (A, T)."""

    n: FloatArray
    total: FloatArray
    squares: FloatArray


@dataclass(frozen=True, slots=True)
class DurationCells:
    """Completed durations on the log scale, and open cases by how long they have been open.

    Attributes
    ----------
    n, log_total, log_squares
        Completed cases: number, sum and sum of squares of log days, each of shape (A, T).
    still_open
        Cases open at the extract, by bin of elapsed days, shape (A, T, B).
    open_days
        Elapsed days each bin stands for, > 0, shape (B,); B may be 0.
    """

    n: FloatArray
    log_total: FloatArray
    log_squares: FloatArray
    still_open: FloatArray
    open_days: FloatArray


@dataclass(frozen=True, slots=True)
class TimeToEventCells:
    """Cases by the day on which they ended, counted from the first report.

    Attributes
    ----------
    events
        Cases whose event came on day 0, 1, ..., H after the first report, shape (A, T, H+1).
    censored
        Cases last seen without an event on that day, shape (A, T, H+1); a case without an event by day H stands at H.
    competing
        Cases that ended on that day by something after which the event cannot come, shape (A, T, H+1); left out, none.
    """

    events: FloatArray
    censored: FloatArray
    competing: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not self.competing.size:
            object.__setattr__(self, "competing", np.zeros_like(self.events))

    @property
    def horizon(self) -> int:
        """Last day H."""
        return int(self.events.shape[2]) - 1


type Cells = CountCells | BinaryCells | OrdinalCells | ContinuousCells | DurationCells | TimeToEventCells

CELLS_OF: dict[Kind, type] = {
    Kind.COUNT: CountCells,
    Kind.BINARY: BinaryCells,
    Kind.ORDINAL: OrdinalCells,
    Kind.CONTINUOUS: ContinuousCells,
    Kind.DURATION: DurationCells,
    Kind.TIME_TO_EVENT: TimeToEventCells,
}
NOT_PER_CELL = frozenset({"at_least", "levels", "open_days"})


def per_cell(cells: Cells) -> dict[str, FloatArray]:
    """Arrays of the cells that have one entry per area and period, by name."""
    return {f.name: getattr(cells, f.name) for f in fields(cells) if f.name not in NOT_PER_CELL}


def rebuilt[C: Cells](cells: C, arrays: Mapping[str, FloatArray]) -> C:
    """Return the cells with the arrays of `per_cell` replaced by these."""
    kept: dict[str, Any] = {f.name: getattr(cells, f.name) for f in fields(cells)}
    return type(cells)(**kept | dict(arrays))


@dataclass(frozen=True, slots=True)
class Panel:
    """One outcome's cells for A areas and T periods.

    Attributes
    ----------
    outcome
        Identifier in the study file.
    kind
        Outcome kind; fixes the class of `cells`.
    unit
        Unit of a window's value in words ("incidents per 1,000 people a year", "share", "days").
    per
        Factor that carries a rate per person-day (or per day) to `unit`; 1 for kinds that are not counts.
    areas
        A distinct names, treated areas first.
    treated
        Mask of the treated areas, shape (A,).
    periods
        The T periods and their roles.
    cells
        Sufficient statistics.
    """

    outcome: str
    kind: Kind
    unit: str
    per: float
    areas: tuple[str, ...]
    treated: BoolArray
    periods: Periods
    cells: Cells

    def __post_init__(self) -> None:
        if not isinstance(self.cells, CELLS_OF[self.kind]):
            raise TypeError(f"{self.outcome}: {self.kind} needs {CELLS_OF[self.kind].__name__}")
        if len(set(self.areas)) != len(self.areas):
            raise ValueError(f"{self.outcome}: areas must be distinct")
        if self.treated.shape != (len(self.areas),) or not self.treated.any():
            raise ValueError(f"{self.outcome}: `treated` must mark at least one of the {len(self.areas)} areas")
        shape = (len(self.areas), len(self.periods))
        for name, array in per_cell(self.cells).items():
            if array.shape[:2] != shape:
                raise ValueError(f"{self.outcome}: {name} has shape {array.shape}, expected {shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{self.outcome}: {name} holds a value that is not a finite number")

    @property
    def scale(self) -> Scale:
        """Scale of this outcome's effects."""
        return self.kind.scale

    @property
    def n_treated(self) -> int:
        """Number of treated areas."""
        return int(self.treated.sum())

    @property
    def n_comparison(self) -> int:
        """Number of comparison areas."""
        return len(self.areas) - self.n_treated


def observed(cells: Cells) -> BoolArray:
    """Mask of the cells that hold information, shape (A, T)."""
    match cells:
        case CountCells():
            return cells.exposure > 0
        case BinaryCells():
            return cells.trials > 0
        case OrdinalCells():
            return cells.n.sum(axis=2) > 0
        case ContinuousCells():
            return cells.n > 0
        case DurationCells():
            return cells.n + cells.still_open.sum(axis=2) > 0
        case TimeToEventCells():
            return (cells.events + cells.censored + cells.competing).sum(axis=2) > 0


def pool_periods(cells: Cells, window: BoolArray) -> Cells:
    """Add up the periods of a window; the result has one period.

    Parameters
    ----------
    window
        Mask of shape (T,), or (A, T) where areas use different periods.
    """
    mask = np.broadcast_to(window, next(iter(per_cell(cells).values())).shape[:2])
    return rebuilt(
        cells,
        {
            name: np.where(mask.reshape(mask.shape + (1,) * (array.ndim - 2)), array, 0.0).sum(axis=1, keepdims=True)
            for name, array in per_cell(cells).items()
        },
    )


def pool_areas(cells: Cells, members: Sequence[int] | BoolArray) -> Cells:
    """Add up some areas; the result has one area.

    For counts a period in which a member was not observed is not observed in the pool either: a rate over a changing
    set of areas would move without any event.
    """
    chosen = np.asarray(members)
    pooled = rebuilt(cells, {name: array[chosen].sum(axis=0, keepdims=True) for name, array in per_cell(cells).items()})
    if isinstance(cells, CountCells) and isinstance(pooled, CountCells):
        complete = observed(cells)[chosen].all(axis=0, keepdims=True)
        return CountCells(np.where(complete, pooled.events, 0.0), np.where(complete, pooled.exposure, 0.0))
    return pooled


def select_areas(panel: Panel, keep: BoolArray) -> Panel:
    """Return the panel of the areas in `keep`, shape (A,)."""
    return replace(
        panel,
        areas=tuple(a for a, k in zip(panel.areas, keep, strict=True) if k),
        treated=panel.treated[keep],
        cells=rebuilt(panel.cells, {name: array[keep] for name, array in per_cell(panel.cells).items()}),
    )


def merge_treated(panel: Panel) -> Panel:
    """Return the panel with all treated areas merged into one unit, placed first."""
    merged = pool_areas(panel.cells, panel.treated)
    cells = rebuilt(
        merged,
        {
            name: np.concatenate([array, per_cell(panel.cells)[name][~panel.treated]])
            for name, array in per_cell(merged).items()
        },
    )
    names = [a for a, t in zip(panel.areas, panel.treated, strict=True) if t]
    comparison = tuple(a for a, t in zip(panel.areas, panel.treated, strict=True) if not t)
    treated = np.zeros(1 + len(comparison), dtype=np.bool_)
    treated[0] = True
    return replace(panel, areas=(" + ".join(names), *comparison), treated=treated, cells=cells)
