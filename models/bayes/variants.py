"""The answer under other priors, from the same draws by importance weights; sampled again where those fail.

A prior of the effect changes the density of the posterior by the ratio of two normals, and a prior of the shock by the
ratio of two half-normals: both depend on one number of each draw. Pareto-smoothed weights say themselves whether they
can be relied on (Vehtari et al. 2024, Journal of Machine Learning Research 25(72)).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from models.arrays import FloatArray
from models.bayes.fitting import Fitted
from models.bayes.predictor import Scales
from models.posterior import Variant

RELIABLE = 0.7


def log_weights(found: Fitted, other: Scales) -> FloatArray:
    """Log ratio of the two priors at each draw, shape (S,); the shock's standard deviation is taken as drawn."""
    own = found.scales
    effect, shock = found.flat["effect"], found.flat["shock_sd"]
    moved = _normal(effect, other.effect_mean, other.effect_sd) - _normal(effect, own.effect_mean, own.effect_sd)
    if own.shock > 0 and other.shock > 0:
        moved = moved + _normal(shock, 0.0, other.shock) - _normal(shock, 0.0, own.shock)
    return moved


def _normal(x: FloatArray, mean: float, sd: float) -> FloatArray:
    return np.asarray(-0.5 * ((x - mean) / sd) ** 2 - np.log(sd))


def smoothed(log_weight: FloatArray) -> tuple[FloatArray, float]:
    """Pareto-smoothed weights that add up to 1, shape (S,), and their shape k: above 0.7 they cannot be relied on."""
    from arviz_stats.base import array_stats

    if np.ptp(log_weight) == 0:
        return np.full(log_weight.shape, 1.0 / log_weight.size), 0.0
    logs, shape = array_stats.psislw(-log_weight)
    weights = np.exp(logs - logs.max())
    return weights / weights.sum(), float(shape)


def variant(
    label: str,
    found: Fitted,
    other: Scales,
    judge: Callable[[FloatArray, FloatArray], Variant],
    again: Callable[[], Fitted],
) -> Variant:
    """The answer under other priors.

    Parameters
    ----------
    label
        What was changed.
    found
        Draws under the study's own priors.
    other
        The other priors.
    judge
        From draws of the effect and their weights to the answer.
    again
        Samples the model under the other priors.
    """
    weights, shape = smoothed(log_weights(found, other))
    if shape <= RELIABLE:
        return replace(judge(found.effect, weights), label=label)
    anew = again()
    return replace(judge(anew.effect, np.full(anew.effect.shape, 1.0 / anew.effect.size)), label=label)


def judged(
    effect: FloatArray,
    weights: FloatArray,
    level: float,
    better: int,
    worthwhile: float | None,
    harm_margin: float | None = None,
) -> Variant:
    """Mean, interval and probabilities of weighted draws, on the linear scale.

    Harm without a margin of its own is as large as the worthwhile.
    """
    order = np.argsort(effect)
    reached = np.cumsum(weights[order])
    low, high = (
        float(effect[order][min(int(np.searchsorted(reached, p)), effect.size - 1)])
        for p in ((1 - level) / 2, (1 + level) / 2)
    )
    size = abs(worthwhile or 0.0)
    margin = size if harm_margin is None else harm_margin
    return Variant(
        label="",
        mean=float((weights * effect).sum()),
        interval=(low, high),
        beneficial=float(weights[better * effect > 0].sum()),
        worthwhile=float(weights[better * effect > size].sum()),
        harm=float(weights[better * effect < -margin].sum()),
    )
