"""Counts whose periods are alike: a quasi-Poisson mean with first-order autoregressive errors."""

import math
from dataclasses import replace

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.series.ar1 import ar1_reml
from models.series.counts import poisson
from models.series.fit import SeriesFit, spread_out

MAX_STEPS = 100
SETTLED = 1e-9  # largest change of a coefficient
RUN_AWAY = 20.0  # change of a coefficient, on the log scale, after which no search comes back
LARGEST_RHO = 0.95
"""Correlation beyond which a series of counts no longer tells its level, so that the search would run away."""
AT_MOST = "the correlation is held at its largest value"
METHOD = "quasi-Poisson with AR(1) by REML, Satterthwaite"
NOT_SETTLED = (
    "The count regression with alike neighbours did not settle on an answer. Use longer periods, fewer harmonics, "
    "`impact: level`, or `family: quasi_poisson`."
)


def quasi_poisson_ar1(
    events: FloatArray, exposure: FloatArray, design: FloatArray, used: BoolArray
) -> SeriesFit | NoInference:
    """Fit the log of expected events over exposure, with variance ``phi mu`` and AR(1) correlation.

    Parameters
    ----------
    events, exposure
        Shape (T,); exposure > 0 wherever `used`.
    design
        Shape (T, k).
    used
        Mask of the periods in the fit, shape (T,).

    Returns
    -------
    SeriesFit or NoInference
        `dispersion` is phi; or why there is no fit.

    Notes
    -----
    From the Poisson fit on, the working response ``eta + (y - mu) / mu`` is regressed with AR(1) errors of variance
    ``phi / mu`` by REML until the coefficients stay: penalised quasi-likelihood with a serial correlation (Breslow and
    Clayton 1993, Journal of the American Statistical Association 88:9; as R's ``MASS::glmmPQL`` with ``corAR1`` and no
    random effect). Zeros are no obstacle, as they would be to the log of a rate.
    """
    found = poisson(events, exposure, design, used)
    if isinstance(found, NoInference):
        return found
    if found.exact:
        return replace(found, method=METHOD)
    params = found.params
    for _ in range(MAX_STEPS):
        eta = design[used] @ params
        with np.errstate(over="ignore"):
            mean = exposure[used] * np.exp(eta)
        if not (np.isfinite(mean).all() and (mean > 0).all()):
            break
        response, weights = np.zeros(len(used)), np.ones(len(used))
        response[used], weights[used] = eta + (events[used] - mean) / mean, mean
        step = _bounded(response, design, used, weights)
        if isinstance(step, NoInference):
            return step
        moved = float(np.abs(step.params - params).max())
        params = step.params
        if moved > RUN_AWAY:
            break
        if moved < SETTLED:
            pearson = (events[used] - mean) / np.sqrt(mean)
            dispersion = float(pearson @ pearson) / step.df if step.df_note == AT_MOST else step.dispersion
            return replace(step, method=METHOD, residuals=spread_out(pearson, used), dispersion=dispersion)
    return NoInference(NOT_SETTLED)


def _bounded(response: FloatArray, design: FloatArray, used: BoolArray, weights: FloatArray) -> SeriesFit | NoInference:
    """One regression of the working response, its correlation no larger than `LARGEST_RHO`.

    At that limit all periods weigh the same: with weights, a level far from the series would fit it as well.
    """
    step = ar1_reml(response, design, used, weights)
    if isinstance(step, NoInference) or step.rho is None or abs(step.rho) <= LARGEST_RHO:
        return step
    held = ar1_reml(response, design, used, rho=math.copysign(LARGEST_RHO, step.rho))
    return held if isinstance(held, NoInference) else replace(held, df_note=AT_MOST)
