"""The draws of the Bayesian model in brief, as the result holds them."""

import math
from dataclasses import replace

import numpy as np

from impact.probabilities import Sizes, of_posterior
from impact.result_decision import PosteriorInfo, VariantInfo
from impact.study.outcomes import Outcome
from models.estimate import Scale
from models.posterior import Posterior, Variant

CENTILES = np.arange(1, 100) / 100


def posterior_info(
    model: str, posterior: Posterior, outcome: Outcome, level: float, harm_margin: float | None = None
) -> PosteriorInfo:
    """Sum up draws of an effect on the scale on which it is told.

    Parameters
    ----------
    model
        The model that drew them.
    posterior
        The draws, on the linear scale.
    outcome
        What the study declares of the outcome.
    level
        Of the interval.
    harm_margin
        Size from which a change for the worse is harm, on the linear scale; None if not declared.
    """
    scale = posterior.scale
    declared = Sizes.of(scale, outcome.better, outcome.worthwhile, outcome.equivalence)
    sizes = replace(declared, harm_margin=harm_margin)
    held = of_posterior(model, posterior, outcome.better, sizes, level)
    centiles = np.quantile(posterior.effect, CENTILES)
    return PosteriorInfo(
        model=model,
        scale=scale,
        prior=posterior.prior,
        mean=_told(scale, held.estimate),
        interval=(_told(scale, held.interval[0]), _told(scale, held.interval[1])),
        level=level,
        probability_beneficial=held.chances.beneficial,
        probability_worthwhile=None if outcome.worthwhile is None else held.chances.worthwhile,
        probability_harm=held.chances.harm,
        probability_equivalent=held.chances.equivalent,
        quantiles=tuple(_told(scale, value) for value in centiles.tolist()),
        failed=posterior.failed,
        variants=tuple(_variant(scale, variant) for variant in posterior.variants),
    )


def _variant(scale: Scale, variant: Variant) -> VariantInfo:
    low, high = variant.interval
    return VariantInfo(
        label=variant.label,
        mean=_told(scale, variant.mean),
        interval=(_told(scale, low), _told(scale, high)),
        beneficial=_probability(variant.beneficial),
        worthwhile=_probability(variant.worthwhile),
        harm=_probability(variant.harm),
        chosen=variant.chosen,
    )


def _probability(share: float) -> float:
    """Keep the rounding error of a weighted sum from going beyond what probabilities can be."""
    return min(1.0, max(0.0, share))


def _told(scale: Scale, value: float) -> float:
    """Carry a value from the linear scale to `scale`."""
    return math.exp(value) if scale is Scale.RATIO else float(value)
