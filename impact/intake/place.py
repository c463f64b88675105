"""The areas and periods in which rows are counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from models.periods import Periods, Role, period_start


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows are counted.

    Attributes
    ----------
    areas
        Names of the areas.
    starts
        First day of the intervention in every treated area, if they do not all start on one day.
    """

    areas: tuple[str, ...]
    periods: Periods
    starts: Mapping[str, date] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of areas and of periods."""
        return len(self.areas), len(self.periods)

    def holds(self, rows: Any, column: str = "area") -> Any:
        """Condition under which a row lies in one of the areas and periods."""
        return rows[column].isin(self.areas) & rows["period"].between(*self._span)

    @property
    def _span(self) -> tuple[int, int]:
        return self.periods.first, self.periods.first + len(self.periods) - 1

    @property
    def stretches(self) -> Iterator[tuple[int, int, date]]:
        """First and last period (by `period_index`) of each stretch of periods of one role, and the day after it."""
        first = self.periods.first
        for _, run in groupby(self.periods.roles):
            after = first + len(list(run))
            yield first, after - 1, period_start(after, self.periods.unit)
            first = after

    def days_of(self, role: Role) -> Iterator[tuple[date, date]]:
        """First day of each stretch of periods of this role, and the day after it."""
        for first, _, after in self.stretches:
            if self.periods.roles[first - self.periods.first] is role:
                yield period_start(first, self.periods.unit), after
