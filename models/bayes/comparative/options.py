"""What a study may choose about its Bayesian time series, each decided before the follow-up is looked at."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

type SeasonKind = Literal["auto", "none", "harmonics", "months"]
type Neighbours = Literal["keep", "leave_out"]

WORDS = {"season": SeasonKind, "neighbours": Neighbours}


@dataclass(frozen=True, slots=True)
class BayesItsOptions:
    """Choices for a Bayesian interrupted time series.

    Attributes
    ----------
    season
        ``auto`` takes an effect of each month (or quarter) where the baseline has five years of periods, otherwise as
        many pairs of harmonics as it supports; ``none``, ``harmonics`` or ``months`` fix it.
    trend
        True adds a straight line to the level. Without it a lasting rise or fall is left to the comparison areas and
        to the wandering of the level.
    neighbours
        Comparison areas that border a treated one: ``keep`` uses them, and a check tells the answer without them;
        ``leave_out`` never uses them.
    shock
        None calibrates the shock to each area's follow-up by the baseline and the comparison areas. A number fixes its
        standard deviation, on the linear scale (0.1 = about 10% for counts); 0 means that no area is ever shocked.
    """

    season: SeasonKind = "auto"
    trend: bool = False
    neighbours: Neighbours = "keep"
    shock: float | None = None

    def __post_init__(self) -> None:
        for name, allowed in WORDS.items():
            value, words = getattr(self, name), get_args(allowed.__value__)
            if value not in words:
                raise ValueError(f"{name} == {value!r}, must be one of {', '.join(words)}")
        if self.shock is not None and not (math.isfinite(self.shock) and self.shock >= 0):
            raise ValueError(f"shock == {self.shock!r}, must be a number of at least 0")
