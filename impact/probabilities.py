"""What is believed of an effect, and the probabilities of benefit, of a worthwhile effect and of harm read off it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from impact.result_decision import Basis
from impact.study.outcomes import Better
from models.arrays import FloatArray
from models.estimate import Estimate, Scale
from models.posterior import Posterior
from models.value import student_draws

type Tail = Callable[[int, float], float]


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Probabilities that the effect is in the better direction, worthwhile, harmful, or as good as none.

    Harm is an effect in the wrong direction beyond a margin: the declared one, else the size of the worthwhile effect
    (any size if none is declared); for a ratio as large means the reciprocal: 5% fewer against 1/0.95.
    Without a worthwhile effect, `worthwhile` is the probability of benefit. `equivalent` is None if no range of effects
    that count as none is declared.
    """

    beneficial: float
    worthwhile: float
    harm: float
    equivalent: float | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    """Declared sizes on the linear scale, all without a sign; None if not declared."""

    worthwhile: float | None = None
    equivalence: float | None = None
    harm_margin: float | None = None

    @classmethod
    def of(
        cls,
        scale: Scale,
        better: Better,
        worthwhile: float | None,
        equivalence: float | None = None,
        harm_margin: float | None = None,
    ) -> "Sizes":
        """Carry sizes in the headline unit to the linear scale: for ratios, the log of 1 + size."""

        def linear(size: float | None, sign: int = 1) -> float | None:
            if size is None:
                return None
            return abs(float(np.log1p(sign * size))) if scale is Scale.RATIO else abs(size)

        return cls(linear(worthwhile), linear(equivalence), linear(harm_margin, -better.sign))


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What one way of reading the data believes of an effect.

    Attributes
    ----------
    basis, model
        Where it comes from.
    draws
        The effect on the linear scale, shape (S,).
    estimate
        Its middle on the linear scale.
    interval
        On the linear scale, at the level of the study.
    chances
        Probabilities read off it.
    tail
        Of a sign and an amount: probability that the effect lies beyond the amount in the direction of the sign.
    """

    basis: Basis
    model: str
    draws: FloatArray
    estimate: float
    interval: tuple[float, float]
    chances: Probabilities
    tail: Tail

    def shifted(self, shift: float, better: Better, sizes: Sizes) -> Probabilities:
        """Probabilities if the effect were shifted by so much on the linear scale, with the same spread."""
        return _chances(lambda sign, amount: self.tail(sign, amount - sign * shift), better, sizes)


def of_posterior(model: str, posterior: Posterior, better: Better, sizes: Sizes, level: float) -> Held:
    """Read a posterior's draws."""

    def tail(sign: int, amount: float) -> float:
        return float(np.mean(sign * posterior.effect > amount))

    middle = float(np.mean(posterior.effect))
    interval = posterior.interval(level)
    return Held("posterior", model, posterior.effect, middle, interval, _chances(tail, better, sizes), tail)


def of_estimate(estimate: Estimate, better: Better, sizes: Sizes, cut: float | None = None) -> Held | None:
    """Read an estimate's confidence distribution as a belief that started without preference; None without inference.

    Parameters
    ----------
    estimate, better, sizes
        What is read, which way is better, and the declared sizes.
    cut
        Distance from the estimate, on the linear scale, at which the draws are cut (`models.value.cut_of`); the
        probabilities are not.
    """
    tail = _tail_of(estimate)
    if tail is None or estimate.std_error is None or estimate.interval is None:
        return None
    middle = estimate.linear(estimate.estimate)
    df = float("inf") if estimate.df is None else estimate.df
    low, high = (estimate.linear(end) for end in estimate.interval)
    draws = student_draws(middle, estimate.std_error, df, cut)
    chances = _chances(tail, better, sizes)
    return Held("confidence", estimate.model, draws, middle, (low, high), chances, tail)


def probabilities(estimate: Estimate, better: Better, sizes: Sizes) -> Probabilities | None:
    """Read probabilities off an estimate's confidence distribution; None without inference."""
    tail = _tail_of(estimate)
    return None if tail is None else _chances(tail, better, sizes)


def _tail_of(estimate: Estimate) -> Tail | None:
    if estimate.std_error is None or estimate.std_error <= 0:
        return None
    law = stats.norm if estimate.df is None else stats.t(estimate.df)
    middle, spread = estimate.linear(estimate.estimate), estimate.std_error

    def tail(sign: int, amount: float) -> float:
        return float(law.sf((amount - sign * middle) / spread))

    return tail


def _chances(tail: Tail, better: Better, sizes: Sizes) -> Probabilities:
    good = better.sign
    worthwhile = sizes.worthwhile or 0.0
    margin = worthwhile if sizes.harm_margin is None else sizes.harm_margin
    equivalent = None
    if sizes.equivalence is not None:
        equivalent = max(0.0, 1.0 - tail(1, sizes.equivalence) - tail(-1, sizes.equivalence))
    return Probabilities(tail(good, 0.0), tail(good, worthwhile), tail(-good, margin), equivalent)
