"""What is believed of an effect after the data: draws, and what they rest on."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.estimate import Scale


@dataclass(frozen=True, slots=True)
class Belief:
    """What was believed of an effect before the data, as elicited and written in the study file.

    Attributes
    ----------
    best
        Most credible effect, on the linear scale.
    low, high
        Range that holds the effect with probability 0.95, on the linear scale; low < best < high.
    source
        Who believed it, and why; may be empty.
    """

    best: float
    low: float
    high: float
    source: str = ""

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) for x in (self.best, self.low, self.high)):
            raise ValueError("an elicited belief needs three finite numbers")
        if not self.low < self.best < self.high:
            raise ValueError("an elicited belief needs low < best < high")


@dataclass(frozen=True, slots=True)
class Variant:
    """The answer under another prior.

    Attributes
    ----------
    label
        What was changed, in words ("sceptical prior", "shocks half as large").
    mean
        Mean of the effect, on the linear scale.
    interval
        Central interval on the linear scale, at the level of the study.
    beneficial, worthwhile, harm
        Probabilities, as the decision reads them.
    chosen
        True for the study's own prior.
    """

    label: str
    mean: float
    interval: tuple[float, float]
    beneficial: float
    worthwhile: float
    harm: float
    chosen: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Draws of one outcome's effect.

    Attributes
    ----------
    effect
        Mean effect over the treated areas in follow-up, on the linear scale of the outcome (log ratio for counts and
        durations, difference in share or mean otherwise), shape (S,), one number per draw, chains one after another.
    scale
        Scale on which the effect is told.
    prior
        The prior of the effect in words ("weakly informative", "sceptical", "elicited").
    failed
        Why the draws cannot be relied on, one sentence per gate that failed; empty if every gate passed.
    variants
        The answer under other priors, the study's own first.
    tree
        All draws and sampler statistics as an ArviZ DataTree, for the appendix; None if they were not kept.
    """

    effect: FloatArray
    scale: Scale
    prior: str
    failed: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    tree: Any = None

    def __post_init__(self) -> None:
        if self.effect.ndim != 1 or not self.effect.size or not np.isfinite(self.effect).all():
            raise ValueError("a posterior needs a vector of finite draws")

    @property
    def passed(self) -> bool:
        """Whether every gate passed."""
        return not self.failed

    def above(self, value: float) -> float:
        """Share of the draws above `value`, which is on the linear scale."""
        return float(np.mean(self.effect > value))

    def interval(self, level: float) -> tuple[float, float]:
        """Central interval at `level`, on the linear scale."""
        low, high = np.quantile(self.effect, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)
