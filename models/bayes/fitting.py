"""One outcome, sampled: from cells to draws of its effect, and everything the checks ask of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.arrays import FloatArray
from models.bayes import graph, predictor
from models.bayes.layout import Layout
from models.bayes.likelihood import Likelihood
from models.bayes.predictor import Scales
from models.bayes.sampling import Draws, Settings, sample

THINNED = 1000
"""Draws that predictive checks look at."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Draws of one model.

    Attributes
    ----------
    likelihood
        Its likelihood, with the layout of its cells.
    scales
        Its priors.
    draws
        What the sampler gave, arrays of shape (C, D, ...).
    flat
        The same by name, shape (S, ...), with the derived standard deviations.
    predictor
        Linear predictor, shape (S, A, B).
    effect
        Mean effect over treated areas in follow-up on the linear scale of the outcome, shape (S,).
    """

    likelihood: Likelihood
    scales: Scales
    draws: Draws
    flat: Mapping[str, FloatArray]
    predictor: FloatArray
    effect: FloatArray

    @property
    def layout(self) -> Layout:
        """The cells."""
        return self.likelihood.layout

    @property
    def chains(self) -> int:
        """Number of chains."""
        return int(self.draws.energy.shape[0])

    def by_chain(self, values: FloatArray) -> FloatArray:
        """Put values of shape (S, ...) back into chains, shape (C, D, ...)."""
        return values.reshape(self.chains, -1, *values.shape[1:])

    def thinned(self, most: int = THINNED) -> "Fitted":
        """Keep every so many draws, at most `most` in all; the sampler's own records stay whole."""
        step = max(1, -(-self.effect.size // most))
        while (self.effect.size // self.chains) % step:
            step += 1  # every chain keeps the same draws
        return replace(
            self,
            flat={name: values[::step] for name, values in self.flat.items()},
            predictor=self.predictor[::step],
            effect=self.effect[::step],
        )


def fitted(likelihood: Likelihood, scales: Scales, settings: Settings) -> Fitted:
    """Sample the posterior of one likelihood.

    Raises
    ------
    ArithmeticError
        If the sampler finds no point to start from.
    """
    draws = sample(
        predictor.key(likelihood),
        lambda: graph.build(likelihood, scales),
        graph.numbers_of(likelihood, scales),
        settings,
    )
    known = replace(draws, variables=graph.named(likelihood, scales, draws.variables))
    return of_draws(likelihood, scales, known)


def of_draws(likelihood: Likelihood, scales: Scales, draws: Draws) -> Fitted:
    """Work out predictor and effect of each draw."""
    layout = likelihood.layout
    flat = draws.flat()
    flat |= predictor.derived(layout, likelihood, flat, scales)
    eta = predictor.linear(layout, flat, scales)
    return Fitted(likelihood, scales, draws, flat, eta, likelihood.effect(eta, flat["effect"], flat))


def redrawn(found: Fitted, rng: np.random.Generator) -> FloatArray:
    """Predictor with the noise of every cell drawn anew, and areas, periods and shocks kept, shape (S, A, B)."""
    if "noise" not in found.flat:
        return found.predictor
    fresh = dict(found.flat) | {"noise": rng.normal(size=found.flat["noise"].shape)}
    return predictor.linear(found.layout, fresh, found.scales)
