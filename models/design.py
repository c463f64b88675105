"""What the evaluator fixed for every model of a study."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from models.arrays import BoolArray


@dataclass(frozen=True, slots=True)
class Shock:
    """A stretch of periods left out of every window, and why.

    Attributes
    ----------
    why
        Reason, for the report; may be empty.
    periods
        Mask of its periods, shape (T,).
    """

    why: str
    periods: BoolArray


class Shape(StrEnum):
    """How a series changes when something happens to it."""

    LEVEL = "level"  # a step that stays
    SLOPE = "slope"  # a change of trend from then on
    BOTH = "both"
    PULSE = "pulse"  # a step that ends with the event


@dataclass(frozen=True, slots=True)
class Event:
    """Something else that changed, whose own change a time series is to allow for.

    Attributes
    ----------
    what
        What changed, for the report.
    periods
        Mask of the periods it lasted, shape (T,): from its first period on, to the end if it never ended.
    areas
        Areas it changed in; empty = everywhere.
    shape
        How the series changes with it.
    """

    what: str
    periods: BoolArray
    areas: tuple[str, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Design:
    """Choices that hold for all outcomes and models.

    Attributes
    ----------
    shared_delivery
        True if one team serves all treated areas, which are then also analysed as one unit.
    level
        Confidence level of intervals, in (0, 1).
    seed
        Seed of anything random.
    neighbours
        Areas that border an area, by area; a border counts in both directions.
    dominant
        Areas so large or so different that the answer is also given without them.
    shocks
        Stretches that were excluded, each a mask over the study's periods.
    peak
        Mask of the baseline periods for whose high values the treated areas were chosen, shape (T,); None if they were
        not chosen so.
    starts
        First period (index, 0 to T - 1) of each treated area that has a start of its own; empty if all start together.
    phase_in
        Periods left out after the start of each area of `starts`; an area that is missing has none.
    events
        Other changes that a time series is to allow for.
    """

    shared_delivery: bool = False
    level: float = 0.95
    seed: int = 0
    neighbours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dominant: tuple[str, ...] = ()
    shocks: tuple[Shock, ...] = ()
    peak: BoolArray | None = None
    starts: Mapping[str, int] = field(default_factory=dict)
    phase_in: Mapping[str, int] = field(default_factory=dict)
    events: tuple[Event, ...] = ()

    @property
    def is_staggered(self) -> bool:
        """Whether areas start at different dates."""
        return len(set(self.starts.values())) > 1
