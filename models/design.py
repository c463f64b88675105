"""What the evaluator fixed for every model of a study."""

from dataclasses import dataclass


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
    """

    shared_delivery: bool = False
    level: float = 0.95
    seed: int = 0
