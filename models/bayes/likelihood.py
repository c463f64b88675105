"""What every likelihood gives: data, a term of the posterior, and the same in numbers once there are draws."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from models.arrays import FloatArray
from models.bayes.layout import Layout
from models.bayes.links import Link


class Likelihood(Protocol):
    """The likelihood of one kind of outcome, given the linear predictor of each cell.

    S is the number of draws, A of areas, B of bins. `extras` holds the draws of the likelihood's own parameters by
    name, each of shape (S, ...).
    """

    @property
    def name(self) -> str:
        """Of the likelihood, as a key of compiled models ("counts")."""
        ...

    @property
    def layout(self) -> Layout:
        """The cells."""
        ...

    @property
    def signature(self) -> tuple[int, ...]:
        """Whatever else changes the compiled model besides A and B (number of levels, of bins of elapsed days)."""
        ...

    @property
    def own_noise(self) -> bool:
        """Whether there is a noise that is independent from cell to cell (overdispersion).

        The predictor then hands it a part of the noise.
        """
        ...

    @property
    def link(self) -> Link:
        """Scale of the predictor."""
        ...

    def data(self) -> Mapping[str, FloatArray]:
        """Arrays the model reads, by name; may be exchanged after compiling, shapes kept.

        Those of cells have shape (A, B), or (K, A, B) for K numbers of each cell; others have one axis at most.
        """
        ...

    def observe(self, predictor: Any, own_noise: Any, data: Mapping[str, Any]) -> Any:
        """Declare the likelihood's own parameters in the current PyMC model and give the log likelihood of each cell.

        Parameters
        ----------
        predictor
            Tensor of the cells, of any shape.
        own_noise
            Tensor: the standard deviation of the likelihood's own noise; None unless `own_noise` is True.
        data
            The tensors of `data`, by name; cells in the shape of the predictor, K of them one after another.

        Returns
        -------
        tensor of the predictor's shape
            Without a value of its own where nothing was seen: the caller masks it.
        """
        ...

    def centre(self) -> tuple[float, float]:
        """Prior mean and standard deviation of the general level, from the baseline of all areas together."""
        ...

    def pointwise(self, predictor: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Log likelihood of each cell, shape (S, A, B), constants included; `predictor` has the same shape."""
        ...

    def replicate(
        self, predictor: FloatArray, extras: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> FloatArray:
        """One replicate of `statistic` for each draw, shape (S, A, B)."""
        ...

    def statistic(self) -> FloatArray:
        """What predictive checks look at in each cell: events, a share, a mean; shape (A, B), NaN where not seen."""
        ...

    def weight(self) -> FloatArray:
        """Exposure, answers or cases behind each `statistic`, shape (A, B), > 0 where there is one."""
        ...

    def effect(self, predictor: FloatArray, effect: FloatArray, extras: Mapping[str, FloatArray]) -> FloatArray:
        """Mean effect over treated areas in follow-up on the linear scale of the outcome, shape (S,).

        Parameters
        ----------
        predictor
            With the effect, shape (S, A, B).
        effect
            The effect on the predictor, shape (S,).
        """
        ...

    def prior_extras(self, size: int, rng: np.random.Generator) -> Mapping[str, FloatArray]:
        """Draws of the likelihood's own parameters from their prior, for prior predictive checks and calibration."""
        ...
