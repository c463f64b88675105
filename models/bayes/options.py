"""What a study may choose about its Bayesian models."""

from dataclasses import dataclass
from typing import Literal

FEWEST_DRAWS = 200


@dataclass(frozen=True, slots=True)
class BayesOptions:
    """Choices for the Bayesian models. The prior of the effect is declared with the outcome.

    Attributes
    ----------
    draws
        Draws kept of each of four chains, at least 200.
    tune
        Steps of each chain that adapt the sampler and are not kept, at least 200.
    bin
        Months added up into one bin of time: 1, 3 or 6; None for the rule, which looks at how much a month holds.
    shocks
        `calibrated`: areas may be hit by shocks as large as the baseline's own pretended effects show; `none` leaves
        them out, which claims far too much.
    """

    draws: int = 1000
    tune: int = 600
    bin: Literal[1, 3, 6] | None = None
    shocks: Literal["calibrated", "none"] = "calibrated"

    def __post_init__(self) -> None:
        for name in ("draws", "tune"):
            if getattr(self, name) < FEWEST_DRAWS:
                raise ValueError(f"`{name}` must be at least {FEWEST_DRAWS}")
        if self.bin not in {None, 1, 3, 6}:
            raise ValueError("`bin` must be 1, 3 or 6 months")
        if self.shocks not in {"calibrated", "none"}:
            raise ValueError("`shocks` must be calibrated or none")
