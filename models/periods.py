"""The study's clock: consecutive calendar periods, and what each of them is used for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np

from models.arrays import BoolArray, IntArray

MONTHS_PER_QUARTER = 3
MONTHS_PER_YEAR = 12


class TimeUnit(StrEnum):
    """Length of one period."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int | None:
        """Whole months in one period; None for days and weeks."""
        return {"month": 1, "quarter": MONTHS_PER_QUARTER, "year": MONTHS_PER_YEAR}.get(self.value)

    @property
    def per_year(self) -> float:
        """Periods in a year, for seasonality and for rates per year."""
        return {"day": 365.25, "week": 365.25 / 7, "month": 12.0, "quarter": 4.0, "year": 1.0}[self.value]


class Role(StrEnum):
    """What a period is used for."""

    BASELINE = "baseline"
    GAP = "gap"  # after the baseline's declared end, before the start
    PHASE_IN = "phase_in"
    FOLLOW_UP = "follow_up"
    EXCLUDED = "excluded"


def period_index(day: date, unit: TimeUnit) -> int:
    """Number of the period that holds `day`, counted from a fixed origin; consecutive periods differ by 1.

    Weeks begin on Monday.
    """
    match unit:
        case TimeUnit.DAY:
            return day.toordinal()
        case TimeUnit.WEEK:
            return (day.toordinal() - 1) // 7
        case TimeUnit.MONTH:
            return day.year * MONTHS_PER_YEAR + day.month - 1
        case TimeUnit.QUARTER:
            return day.year * 4 + (day.month - 1) // MONTHS_PER_QUARTER
        case TimeUnit.YEAR:
            return day.year


def period_start(index: int, unit: TimeUnit) -> date:
    """First day of the period with this `period_index`."""
    match unit:
        case TimeUnit.DAY:
            return date.fromordinal(index)
        case TimeUnit.WEEK:
            return date.fromordinal(index * 7 + 1)
        case TimeUnit.MONTH:
            return date(index // MONTHS_PER_YEAR, index % MONTHS_PER_YEAR + 1, 1)
        case TimeUnit.QUARTER:
            return date(index // 4, index % 4 * MONTHS_PER_QUARTER + 1, 1)
        case TimeUnit.YEAR:
            return date(index, 1, 1)


def period_label(index: int, unit: TimeUnit) -> str:
    """Label of a period: 2023-04-01, 2023-04-03 (week beginning), 2023-04, 2023-Q2 or 2023."""
    start = period_start(index, unit)
    match unit:
        case TimeUnit.DAY | TimeUnit.WEEK:
            return start.isoformat()
        case TimeUnit.MONTH:
            return f"{start.year:04d}-{start.month:02d}"
        case TimeUnit.QUARTER:
            return f"{start.year:04d}-Q{(start.month - 1) // MONTHS_PER_QUARTER + 1}"
        case TimeUnit.YEAR:
            return f"{start.year:04d}"


@dataclass(frozen=True, slots=True)
class Periods:
    """Consecutive periods and the role of each.

    Attributes
    ----------
    unit
        Length of one period.
    first
        `period_index` of the first period.
    roles
        One role per period, length T, in time order.
    """

    unit: TimeUnit
    first: int
    roles: tuple[Role, ...]

    def __post_init__(self) -> None:
        if not self.roles:
            raise ValueError("a study needs at least one period")

    def __len__(self) -> int:
        return len(self.roles)

    @property
    def labels(self) -> tuple[str, ...]:
        """T labels in time order."""
        return tuple(period_label(self.first + t, self.unit) for t in range(len(self)))

    @property
    def starts(self) -> tuple[date, ...]:
        """First day of each of the T periods."""
        return tuple(period_start(self.first + t, self.unit) for t in range(len(self)))

    @property
    def end(self) -> date:
        """Last day of the last period."""
        return period_start(self.first + len(self), self.unit) - timedelta(days=1)

    @property
    def days(self) -> IntArray:
        """Days in each period, shape (T,)."""
        edges = [period_start(self.first + t, self.unit).toordinal() for t in range(len(self) + 1)]
        return np.asarray([b - a for a, b in pairwise(edges)], dtype=np.int64)

    def where(self, role: Role) -> BoolArray:
        """Mask of the periods with this role, shape (T,)."""
        return np.asarray([r is role for r in self.roles], dtype=np.bool_)

    @property
    def baseline(self) -> BoolArray:
        """Mask of the baseline window, shape (T,)."""
        return self.where(Role.BASELINE)

    @property
    def follow_up(self) -> BoolArray:
        """Mask of the follow-up window, shape (T,)."""
        return self.where(Role.FOLLOW_UP)

    @property
    def season(self) -> IntArray:
        """Position of each period in the year, shape (T,): month 0-11, quarter 0-3, week 0-52, day 0-365."""
        starts = self.starts
        match self.unit:
            case TimeUnit.MONTH:
                return np.asarray([s.month - 1 for s in starts], dtype=np.int64)
            case TimeUnit.QUARTER:
                return np.asarray([(s.month - 1) // MONTHS_PER_QUARTER for s in starts], dtype=np.int64)
            case TimeUnit.YEAR:
                return np.zeros(len(self), dtype=np.int64)
            case TimeUnit.DAY:
                return np.asarray([s.timetuple().tm_yday - 1 for s in starts], dtype=np.int64)
            case TimeUnit.WEEK:
                return np.asarray([(s.timetuple().tm_yday - 1) // 7 for s in starts], dtype=np.int64)


def contiguous_spans(mask: Sequence[bool] | BoolArray) -> tuple[tuple[int, int], ...]:
    """First and last index of each run of True, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(mask, dtype=np.int8), [0]))))
    return tuple((int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True))
