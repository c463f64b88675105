"""Least squares for one series: plain, with Newey-West errors, and by Prais and Winsten."""

import math

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.inference.refusal import NoInference
from models.series.ar1 import whiten
from models.series.fit import SeriesFit, exact_fit, is_exact, refusal, spread_out

MOST_STEPS = 200
SETTLED = 1e-12
LARGEST_RHO = 0.999
OLS = "least squares"
PRAIS_WINSTEN = "Prais-Winsten"
UNSETTLED = (
    "The correlation of neighbouring periods did not settle, usually because a trend in the series cannot be told from "
    "its ups and downs. Use longer windows or fewer terms."
)


def lags_by_rule(n: int) -> int:
    """Newey-West lags for n periods: floor(4 (n/100)^(2/9)), at least 1 (Newey and West 1994)."""
    return max(1, math.floor(4 * math.pow(n / 100, 2 / 9)))


def newey_west(scores: FloatArray, used: BoolArray, bread: FloatArray, lags: int) -> FloatArray:
    """Newey-West covariance of coefficients when some periods are left out.

    Scores of periods left out count as zero, so a lag of one always means one calendar period: the
    amplitude-modulated estimator of Datta and Du (2012, Federal Reserve IFDP 1060), which they prefer in small
    samples. Without such periods it is the usual estimator. Bartlett weights; multiplied by n / (n - k).

    Parameters
    ----------
    scores
        Score of each period in the fit (design row times weight times residual), shape (n, k).
    used
        Mask of the periods in the fit, shape (T,), with n of them True.
    bread
        Inverse of the information matrix, shape (k, k).
    """
    n, k = scores.shape
    padded = np.zeros((len(used), k))
    padded[used] = scores
    meat = padded.T @ padded
    for lag in range(1, min(lags, len(used) - 1) + 1):
        crossed = padded[lag:].T @ padded[:-lag]
        meat += (1 - lag / (lags + 1)) * (crossed + crossed.T)
    return np.asarray(bread @ meat @ bread * (n / (n - k)), dtype=np.float64)


def ols(
    y: FloatArray, design: FloatArray, used: BoolArray, weights: FloatArray | None = None
) -> SeriesFit | NoInference:
    """Fit by least squares, errors taken to be independent.

    Parameters
    ----------
    y
        Shape (T,); finite wherever `used`.
    design
        Shape (T, k).
    used
        Mask of the periods in the fit, shape (T,).
    weights
        Shape (T,), > 0 wherever `used`: the error variance is ``sigma^2 / weight``. None: all alike.
    """
    return _least_squares(y, design, used, weights, lags=None)


def newey_west_ols(
    y: FloatArray, design: FloatArray, used: BoolArray, lags: int, weights: FloatArray | None = None
) -> SeriesFit | NoInference:
    """Fit by least squares with a Newey-West covariance of `lags` calendar periods; the rest as in `ols`."""
    return _least_squares(y, design, used, weights, lags)


def _least_squares(
    y: FloatArray, design: FloatArray, used: BoolArray, weights: FloatArray | None, lags: int | None
) -> SeriesFit | NoInference:
    found = refusal(design, used)
    if found is not None:
        return found
    root = np.ones(int(used.sum())) if weights is None else np.sqrt(weights[used])
    columns, value = design[used] * root[:, None], y[used] * root
    method = OLS if lags is None else f"{OLS}, Newey-West with {lags} lag{'' if lags == 1 else 's'}"
    params, bread = solve(columns, value)
    residual = value - columns @ params
    if is_exact(residual / root, y[used]):
        return exact_fit(method, params, used)
    df = len(value) - len(params)
    variance = float(residual @ residual) / df
    covariance = variance * bread if lags is None else newey_west(columns * residual[:, None], used, bread, lags)
    spread = spread_out(residual, used)
    return SeriesFit(method, params, covariance, spread, spread, float(df), dispersion=variance)


def solve(columns: FloatArray, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Least-squares coefficients (k,) and the inverse of X'X (k, k), for columns of full rank (n, k)."""
    q, r = np.linalg.qr(columns)
    inverse = np.linalg.inv(r)
    return inverse @ (q.T @ value), inverse @ inverse.T


def prais_winsten(
    y: FloatArray, design: FloatArray, used: BoolArray, weights: FloatArray | None = None
) -> SeriesFit | NoInference:
    """Fit with AR(1) errors whose correlation comes from the residuals, repeated until it stays.

    Arguments as in `ols`.

    Notes
    -----
    ``rho = sum e_t e_(t-1) / sum e_(t-1)^2`` over neighbouring periods that are both in the fit; rows are transformed
    with it and the first is kept (Prais and Winsten 1954); after a hole of d periods the transformation uses rho^d. The
    errors take rho as known, on t(n - k): intervals are somewhat too short in short series.
    """
    found = refusal(design, used)
    if found is not None:
        return found
    root = np.ones(int(used.sum())) if weights is None else np.sqrt(weights[used])
    columns, value = design[used] * root[:, None], y[used] * root
    times = np.flatnonzero(used).astype(np.int64)
    params, _ = solve(columns, value)
    if is_exact((value - columns @ params) / root, y[used]):
        return exact_fit(PRAIS_WINSTEN, params, used)
    rho = 0.0
    for _ in range(MOST_STEPS):
        new = _neighbours(value - columns @ params, times)
        if new is None or abs(new) >= LARGEST_RHO:
            return NoInference(UNSETTLED)
        params, bread = solve(whiten(columns, times, new), whiten(value[:, None], times, new)[:, 0])
        if abs(new - rho) < SETTLED:
            break
        rho = new
    else:
        return NoInference(UNSETTLED)
    residual = value - columns @ params
    fresh = whiten(residual[:, None], times, new)[:, 0]
    df = len(value) - len(params)
    variance = float(fresh @ fresh) / df
    return SeriesFit(
        method=PRAIS_WINSTEN,
        params=params,
        covariance=variance * bread,
        residuals=spread_out(residual, used),
        innovations=spread_out(fresh, used),
        df=float(df),
        dispersion=variance,
        rho=new,
    )


def _neighbours(residual: FloatArray, times: IntArray) -> float | None:
    """Correlation of residuals of neighbouring periods (n,); None if no two periods are neighbours."""
    beside = np.diff(times) == 1
    before, after = residual[:-1][beside], residual[1:][beside]
    total = float(before @ before)
    return float(after @ before) / total if total > 0 else None
