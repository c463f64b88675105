"""Groups to cells: the groups an expression returns are placed in the arrays of `models.panel`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from impact.intake.areas import AreaList
from impact.intake.expressions import expression
from impact.intake.placing import Placed
from impact.study.outcomes import (
    BinaryOutcome,
    ContinuousOutcome,
    CountOutcome,
    DurationOutcome,
    OrdinalOutcome,
    Outcome,
    TimeToEventOutcome,
)
from models.arrays import BoolArray, FloatArray, IntArray
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    DurationCells,
    OrdinalCells,
    TimeToEventCells,
)
from models.periods import Periods


@dataclass(frozen=True, slots=True)
class Counted:
    """One outcome's cells, and the rows in them.

    Attributes
    ----------
    cells
        Sufficient statistics. Counts have no exposure yet: theirs is 0 everywhere.
    rows, blank
        Rows of each area and period, and how many of them have no value, shape (A, T).
    """

    cells: Cells
    rows: FloatArray
    blank: FloatArray


@dataclass(frozen=True, slots=True)
class Groups:
    """What an expression returned: one entry per group in every column.

    Attributes
    ----------
    area, period
        Index of each group's area and period.
    columns
        The other columns.
    shape
        Number of areas and of periods.
    """

    area: IntArray
    period: IntArray
    columns: Mapping[str, Sequence[Any]]
    shape: tuple[int, int]

    def column(self, name: str) -> FloatArray:
        """A column as numbers; NULL is 0, because it is the sum of nothing."""
        return np.asarray([0.0 if v is None else float(v) for v in self.columns[name]], dtype=np.float64)

    def spread(self, name: str) -> FloatArray:
        """A column added up by area and period, shape (A, T)."""
        array = np.zeros(self.shape)
        np.add.at(array, (self.area, self.period), self.column(name))
        return array

    def spread_over(self, name: str, third: IntArray, length: int, chosen: BoolArray) -> FloatArray:
        """A column of the chosen groups added up by area, period and a third index, shape (A, T, length)."""
        array = np.zeros((*self.shape, length))
        np.add.at(array, (self.area[chosen], self.period[chosen], third[chosen]), self.column(name)[chosen])
        return array


def count_cells(con: Any, key: str, placed: Placed, areas: AreaList, periods: Periods) -> Counted:
    """Reduce a source's rows to the cells of one outcome."""
    outcome = placed.asked.outcomes[key]
    inside = placed.rows["area"].isin(areas.names)
    inside &= placed.rows["period"].between(periods.first, periods.first + len(periods) - 1)
    found = _summed(con, expression(key, outcome, placed, placed.rows.filter(inside)))
    index = {area: i for i, area in enumerate(areas.names)}
    groups = Groups(
        area=np.asarray([index[a] for a in found["area"]], dtype=np.int64),
        period=np.asarray(found["period"], dtype=np.int64) - periods.first,
        columns=found,
        shape=(len(areas.names), len(periods)),
    )
    return Counted(_cells(outcome, groups), groups.spread("rows"), groups.spread("blank"))


def _summed(con: Any, groups: Any) -> dict[str, list[Any]]:
    """Run an expression on one thread: sums of fractions depend on their order, and results must not."""
    threads = con.raw_sql("SELECT current_setting('threads')").fetchall()[0][0]
    con.raw_sql("SET threads = 1")
    try:
        found: dict[str, list[Any]] = groups.to_pyarrow().to_pydict()
    finally:
        con.raw_sql(f"SET threads = {int(threads)}")
    return found


def _cells(outcome: Outcome, groups: Groups) -> Cells:
    match outcome:
        case CountOutcome():
            return CountCells(groups.spread("events"), np.zeros(groups.shape))
        case BinaryOutcome():
            return BinaryCells(groups.spread("successes"), groups.spread("trials"))
        case OrdinalOutcome():
            return _ordinal(outcome, groups)
        case ContinuousOutcome():
            return ContinuousCells(groups.spread("n"), groups.spread("total"), groups.spread("squares"))
        case DurationOutcome():
            return _duration(groups)
        case TimeToEventOutcome():
            return _time_to_event(outcome, groups)


def _ordinal(outcome: OrdinalOutcome, groups: Groups) -> OrdinalCells:
    answered = np.asarray([level is not None for level in groups.columns["level"]], dtype=np.bool_)
    level = groups.column("level").astype(np.int64)
    return OrdinalCells(groups.spread_over("rows", level, len(outcome.levels), answered), outcome.threshold)


def _duration(groups: Groups) -> DurationCells:
    still_open = np.asarray([days is not None for days in groups.columns["open_for"]], dtype=np.bool_)
    bins, position = np.unique(groups.column("open_for"), return_inverse=True)
    counts = groups.spread_over("rows", position.astype(np.int64), len(bins), still_open)
    kept = np.isin(bins, groups.column("open_for")[still_open])
    return DurationCells(
        n=groups.spread("n"),
        log_total=groups.spread("log_total"),
        log_squares=groups.spread("log_squares"),
        still_open=counts[:, :, kept],
        open_days=bins[kept],
    )


def _time_to_event(outcome: TimeToEventOutcome, groups: Groups) -> TimeToEventCells:
    seen = np.asarray(groups.columns["seen"], dtype=np.bool_)
    day = groups.column("day").astype(np.int64)
    return TimeToEventCells(
        events=groups.spread_over("rows", day, outcome.horizon + 1, seen),
        censored=groups.spread_over("rows", day, outcome.horizon + 1, ~seen),
    )
