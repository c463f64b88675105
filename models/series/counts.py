"""Log-linear regression of a series of counts with exposure: Poisson, quasi-Poisson, negative binomial."""

from dataclasses import replace

import numpy as np
from scipy import special

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.series.fit import SeriesFit, exact_fit, is_exact, refusal, spread_out
from models.series.least_squares import newey_west
from models.series.scoring import Link, Scored, score

LEAST_EXPECTED = 1e-6
"""Fewest events a fit may expect in a period; below it the rate is on its way to zero, where it has no logarithm."""
UNSETTLED = (
    "The count regression did not settle on an answer, usually because some stretch of the series has no events. "
    "Use longer periods, fewer seasonal terms, or `impact: level`."
)
LEAST_ALPHA, MOST_ALPHA = 1e-7, 1e3


def poisson(
    events: FloatArray, exposure: FloatArray, design: FloatArray, used: BoolArray, lags: int | None = None
) -> SeriesFit | NoInference:
    """Fit ``log E(events) = log(exposure) + X b`` by Poisson maximum likelihood.

    Parameters
    ----------
    events, exposure
        Shape (T,); exposure > 0 wherever `used`.
    design
        Shape (T, k).
    used
        Mask of the periods in the fit, shape (T,).
    lags
        Lags of a Newey-West covariance in calendar time; None for the Poisson one, which is too small wherever counts
        vary more than by chance.

    Returns
    -------
    SeriesFit or NoInference
        `dispersion` is Pearson's X2 over n - k, whether or not the covariance is multiplied by it. The t distribution
        has n - k degrees of freedom in all families here.
    """
    scored = _poisson_scored(events, exposure, design, used)
    if isinstance(scored, NoInference):
        return scored
    method = "Poisson" if lags is None else f"Poisson, Newey-West with {lags} lag{'' if lags == 1 else 's'}"
    if is_exact(events[used] - scored.mean, events[used]):
        return exact_fit(method, scored.params, used)
    covariance = scored.bread
    if lags is not None:
        covariance = newey_west(design[used] * (events[used] - scored.mean)[:, None], used, scored.bread, lags)
    df = float(used.sum() - len(scored.params))
    residuals = spread_out(scored.pearson, used)
    return SeriesFit(
        method=method,
        params=scored.params,
        covariance=covariance,
        residuals=residuals,
        innovations=residuals,
        df=df,
        dispersion=float(scored.pearson @ scored.pearson) / df,
        log_likelihood=_poisson_log_likelihood(events[used], scored.mean),
    )


def quasi_poisson(
    events: FloatArray, exposure: FloatArray, design: FloatArray, used: BoolArray
) -> SeriesFit | NoInference:
    """Fit as `poisson`, the covariance multiplied by Pearson's X2 over n - k; `log_likelihood` is the Poisson one."""
    found = poisson(events, exposure, design, used)
    if isinstance(found, NoInference):
        return found
    factor = 1.0 if found.dispersion is None else found.dispersion
    return replace(found, method="quasi-Poisson", covariance=found.covariance * factor)


def negative_binomial(
    events: FloatArray, exposure: FloatArray, design: FloatArray, used: BoolArray
) -> SeriesFit | NoInference:
    """Fit a negative binomial with variance ``mu + alpha mu^2`` (NB2) and alpha by maximum likelihood.

    Arguments as in `poisson`.

    Notes
    -----
    The covariance is the inverse of the expected information at the estimated alpha, as in R's ``MASS::glm.nb``. Where
    no alpha above 1e-7 is likelier than none, counts vary no more than by chance: the fit is then Poisson's, with
    `overdispersion` 0.
    """
    found = poisson(events, exposure, design, used)
    if isinstance(found, NoInference) or found.exact:
        return found if isinstance(found, NoInference) else replace(found, method="negative binomial")
    alpha = _most_likely(events[used], exposure[used], design[used])
    at_best = _negative_binomial_scored(events[used], exposure[used], design[used], alpha)
    if at_best is None:
        return NoInference(UNSETTLED)
    likelihood = _negative_binomial_log_likelihood(events[used], at_best.mean, alpha)
    if found.log_likelihood is not None and likelihood <= found.log_likelihood:
        return replace(found, method="negative binomial", overdispersion=0.0)
    residuals = spread_out(at_best.pearson, used)
    return SeriesFit(
        method="negative binomial",
        params=at_best.params,
        covariance=at_best.bread,
        residuals=residuals,
        innovations=residuals,
        df=found.df,
        dispersion=float(at_best.pearson @ at_best.pearson) / found.df,
        log_likelihood=likelihood,
        overdispersion=alpha,
    )


def quasi_aic(log_likelihood: float, dispersion: float, terms: int) -> float:
    """Quasi-likelihood information criterion; smaller is better (Burnham and Anderson 2002, section 2.5).

    Parameters
    ----------
    log_likelihood
        Poisson log likelihood of the fit.
    dispersion
        Pearson's X2 over n - k of the largest model compared, the same for all; below 1 it counts as 1.
    terms
        Columns k; the dispersion counts as one more parameter.
    """
    return -2 * log_likelihood / max(dispersion, 1.0) + 2 * (terms + 1)


def _link(alpha: float) -> Link:
    """Counts with variance mu + alpha mu^2 and a log link; Poisson for alpha 0."""

    def deviance(y: FloatArray, mean: FloatArray) -> FloatArray:
        if alpha == 0:
            return np.asarray(2 * (mean - special.xlogy(y, mean)))
        return np.asarray(2 * ((y + 1 / alpha) * np.log1p(alpha * mean) - special.xlogy(y, mean)))

    return Link(mean=np.exp, slope=lambda mean: mean, variance=lambda mean: mean + alpha * mean**2, deviance=deviance)


def _negative_binomial_scored(
    events: FloatArray, exposure: FloatArray, design: FloatArray, alpha: float
) -> Scored | None:
    start = np.log((events + 0.5) / exposure)
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        # A search that leaves the range of numbers is judged by its result.
        return score(_link(alpha), events, design, np.log(exposure), np.ones(len(events)), start)


def _poisson_scored(
    events: FloatArray, exposure: FloatArray, design: FloatArray, used: BoolArray
) -> Scored | NoInference:
    found = refusal(design, used)
    if found is not None:
        return found
    scored = _negative_binomial_scored(events[used], exposure[used], design[used], 0.0)
    if scored is None or not (scored.mean >= LEAST_EXPECTED).all():
        return NoInference(UNSETTLED)
    return scored


def _most_likely(events: FloatArray, exposure: FloatArray, design: FloatArray) -> float:
    """Alpha that maximises the profile likelihood; the smallest tried where there is no more variation than chance."""
    from scipy.optimize import minimize_scalar

    def loss(log_alpha: float) -> float:
        alpha = float(np.exp(log_alpha))
        scored = _negative_binomial_scored(events, exposure, design, alpha)
        return np.inf if scored is None else -_negative_binomial_log_likelihood(events, scored.mean, alpha)

    grid = np.linspace(np.log(LEAST_ALPHA), np.log(MOST_ALPHA), 24)
    heights = np.asarray([loss(float(at)) for at in grid])
    best = int(np.argmin(heights))
    ends = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    return float(np.exp(minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-9}).x))


def _poisson_log_likelihood(events: FloatArray, mean: FloatArray) -> float:
    return float((special.xlogy(events, mean) - mean - special.gammaln(events + 1)).sum())


def _negative_binomial_log_likelihood(events: FloatArray, mean: FloatArray, alpha: float) -> float:
    size = 1 / alpha
    shape = special.gammaln(events + size) - special.gammaln(size) - special.gammaln(events + 1)
    rest = special.xlogy(events, alpha * mean) - (events + size) * np.log1p(alpha * mean)
    return float((shape + rest).sum())
