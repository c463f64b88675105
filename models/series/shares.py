"""Logistic regression of a series of shares, and its effect as a difference in share."""

import math

import numpy as np
from scipy import special

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.series.fit import Contrast, SeriesFit, exact_fit, is_exact, refusal, spread_out
from models.series.scoring import Link, score

METHOD = "quasi-binomial (logit)"
NEAREST = 1e-8
"""Nearest to 0 or 1 a fitted share may lie; beyond it the share is on its way to the bound, which has no logit."""
UNSETTLED = (
    "The regression of the share did not settle on an answer, usually because in some stretch of the series all cases "
    "or none counted. Use longer periods, fewer terms, or `impact: level`."
)
LOGIT = Link(
    mean=special.expit,
    slope=lambda mean: mean * (1 - mean),
    variance=lambda mean: mean * (1 - mean),
    deviance=lambda y, mean: np.asarray(-2 * (special.xlogy(y, mean) + special.xlog1py(1 - y, -mean))),
)


def of_levels(n: FloatArray, at_least: int) -> tuple[FloatArray, FloatArray]:
    """Successes and trials, each (T,), of answers by level (T, L): level `at_least` and better are successes."""
    return n[:, at_least:].sum(axis=1), n.sum(axis=1)


def quasi_binomial(
    successes: FloatArray, trials: FloatArray, design: FloatArray, used: BoolArray
) -> SeriesFit | NoInference:
    """Fit ``logit E(successes / trials) = X b``, the covariance multiplied by Pearson's X2 over n - k.

    Parameters
    ----------
    successes, trials
        Shape (T,); trials > 0 wherever `used`.
    design
        Shape (T, k).
    used
        Mask of the periods in the fit, shape (T,).

    Returns
    -------
    SeriesFit or NoInference
        Coefficients are log odds; `share_change` carries them to a difference in share.
    """
    found = refusal(design, used)
    if found is not None:
        return found
    share, weight = successes[used] / trials[used], trials[used]
    start = special.logit((successes[used] + 0.5) / (weight + 1))
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        # A search that leaves the range of numbers is judged by its result.
        scored = score(LOGIT, share, design[used], np.zeros(len(share)), weight, start)
    if scored is None or not ((scored.mean > NEAREST) & (scored.mean < 1 - NEAREST)).all():
        return NoInference(UNSETTLED)
    if is_exact(share - scored.mean, share):
        return exact_fit(METHOD, scored.params, used)
    df = float(used.sum() - len(scored.params))
    dispersion = float(scored.pearson @ scored.pearson) / df
    residuals = spread_out(scored.pearson, used)
    return SeriesFit(
        method=METHOD,
        params=scored.params,
        covariance=scored.bread * dispersion,
        residuals=residuals,
        innovations=residuals,
        df=df,
        dispersion=dispersion,
    )


def share_change(
    fit: SeriesFit, design: FloatArray, without: FloatArray, weights: FloatArray | None = None
) -> Contrast:
    """Mean difference in share between two designs, such as with and without the change, by the delta method.

    Parameters
    ----------
    fit
        A fit of `quasi_binomial`.
    design, without
        Shape (m, k), over the periods the difference is averaged over.
    weights
        Weight of each period in the mean, shape (m,); None: all alike.
    """
    size = np.ones(len(design)) if weights is None else weights
    size = size / size.sum()
    share, other = special.expit(design @ fit.params), special.expit(without @ fit.params)
    gradient = (size * share * (1 - share)) @ design - (size * other * (1 - other)) @ without
    variance = max(float(gradient @ fit.covariance @ gradient), 0.0)
    return Contrast(float(size @ (share - other)), 0.0 if fit.exact else math.sqrt(variance), fit.df)
