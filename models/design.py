"""What the evaluator fixed for every model of a study."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    """

    shared_delivery: bool = False
    level: float = 0.95
    seed: int = 0
    neighbours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dominant: tuple[str, ...] = ()
    shocks: tuple[Shock, ...] = ()
    peak: BoolArray | None = None
