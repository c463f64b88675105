"""Probabilities of benefit, of a worthwhile effect and of harm, read off an estimate."""

from dataclasses import dataclass

from impact.study.outcomes import Better
from models.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Probabilities that the effect is in the better direction, worthwhile, or harmful; None without inference.

    Harm is an effect in the wrong direction at least as large as the worthwhile one (any size if none is declared);
    for a ratio as large means the reciprocal: 5% fewer against 1/0.95.
    Without a worthwhile effect, `worthwhile` is the probability of benefit.
    """

    beneficial: float
    worthwhile: float
    harm: float


def probabilities(estimate: Estimate, better: Better, worthwhile: float | None) -> Probabilities | None:
    """Read benefit, worthwhile effect and harm off an estimate's confidence distribution."""
    size = abs(estimate.linear(estimate.null + (worthwhile or 0.0)))

    def beyond(sign: int, amount: float) -> float | None:
        above = estimate.probability_above(estimate.from_linear(sign * amount))
        return None if above is None else above if sign > 0 else 1.0 - above

    good = better.sign
    found = beyond(good, 0.0), beyond(good, size), beyond(-good, size)
    if any(p is None for p in found):
        return None
    beneficial, enough, harm = (float(p or 0.0) for p in found)
    return Probabilities(beneficial, enough, harm)
