"""Groups to cells: the groups an expression returns are placed in the arrays of `models.panel`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from impact.intake.expressions import expression
from impact.intake.followed import CENSORED, COMPETING, EVENT
from impact.intake.place import Place
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
        Index of each group's area (-1 if it is none of those asked for) and period.
    columns
        The other columns as numbers; NULL is NaN.
    shape
        Number of areas and of periods.
    """

    area: IntArray
    period: IntArray
    columns: Mapping[str, FloatArray]
    shape: tuple[int, int]

    def where(self, chosen: BoolArray) -> "Groups":
        """The chosen groups."""
        columns = {name: values[chosen] for name, values in self.columns.items()}
        return Groups(self.area[chosen], self.period[chosen], columns, self.shape)

    def placed(self, area: IntArray) -> "Groups":
        """The same groups in other areas, less those in none."""
        return replace(self, area=area).where(area >= 0)

    def column(self, name: str) -> FloatArray:
        """A column; NULL is 0, because it is the sum of nothing."""
        return np.nan_to_num(self.columns[name])

    def known(self, name: str) -> BoolArray:
        """Mask of the groups where a column is not NULL."""
        return ~np.isnan(self.columns[name])

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


def group(key: str, placed: Placed, rows: Any, place: Place, keys: Sequence[str] = ()) -> Groups:
    """Reduce rows to the groups of one outcome.

    Parameters
    ----------
    rows
        Those rows of `placed` that are to be counted; all lie in the periods of `place`.
    keys
        Columns to group by beside area and period: numbers, yes or no, or ``given``, which holds areas.
    """
    return collected(expression(key, placed, rows, place, keys), place, keys)


def collected(groups: Any, place: Place, keys: Sequence[str] = ()) -> Groups:
    """Run the expression of some groups, which holds their area, their period, these keys and other columns."""
    # the order settles in which order fractions are added up, as `one_thread` does within a group
    found = (groups.order_by("area", "period", *keys) if keys else groups).to_pyarrow()
    names = {name: _index(found[name], place.areas) for name in ("area", *keys) if name in AREA_COLUMNS}
    others = [name for name in found.column_names if name not in {"area", "period"}]
    return Groups(
        area=names["area"],
        period=np.asarray(found["period"], dtype=np.int64) - place.periods.first,
        columns={name: names[name].astype(np.float64) if name in names else _numbers(found[name]) for name in others},
        shape=place.shape,
    )


AREA_COLUMNS = ("area", "given")


def _index(column: Any, areas: Sequence[str]) -> IntArray:
    """Position of each name among the areas; -1 if it is none of them, or blank."""
    index = {area: i for i, area in enumerate(areas)}
    names = column.combine_chunks().dictionary_encode()
    positions = np.asarray([*(index.get(name, -1) for name in names.dictionary.to_pylist()), -1], dtype=np.int64)
    chosen: IntArray = positions[names.indices.fill_null(len(names.dictionary)).to_numpy(zero_copy_only=False)]
    return chosen


def _numbers(column: Any) -> FloatArray:
    return np.asarray(column.cast("float64").to_numpy(), dtype=np.float64)


def counted(outcome: Outcome, groups: Groups) -> Counted:
    """Place the groups of one outcome in its cells; groups of other areas are left out."""
    kept = groups.placed(groups.area)
    return Counted(_cells(outcome, kept), kept.spread("rows"), kept.spread("blank"))


@contextmanager
def one_thread(con: Any) -> Iterator[None]:
    """Run queries on one thread meanwhile: sums of fractions depend on their order, and results must not."""
    threads = con.raw_sql("SELECT current_setting('threads')").fetchall()[0][0]
    con.raw_sql("SET threads = 1")
    try:
        yield
    finally:
        con.raw_sql(f"SET threads = {int(threads)}")


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
    answered = groups.known("level")
    level = groups.column("level").astype(np.int64)
    n = groups.spread_over("rows", level, len(outcome.levels), answered)
    return OrdinalCells(n, outcome.threshold, tuple(outcome.levels))


def _duration(groups: Groups) -> DurationCells:
    still_open = groups.known("open_for")
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
    how, day = groups.column("how"), groups.column("day").astype(np.int64)

    def ended(by: int) -> FloatArray:
        return groups.spread_over("rows", day, outcome.last_day + 1, how == by)

    return TimeToEventCells(ended(EVENT), ended(CENSORED), ended(COMPETING))
