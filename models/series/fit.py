"""What every regression of one series returns, and what all of them check before they start.

Shapes: T periods in calendar order, n of them in the fit, k columns of the design.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy import stats

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference

MIN_DF = 3
EXACT = 1e-9
"""Largest residual, relative to the range of the series, that counts as none: there is no noise to learn from."""
ROUNDING = 1e-10
"""Largest residual, relative to the level of the series, that arithmetic alone leaves."""


class Contrast(NamedTuple):
    """A linear combination of coefficients, its standard error and its degrees of freedom.

    The standard error is 0 where the series holds no noise to learn from; there is no inference then.
    """

    value: float
    std_error: float
    df: float

    def interval(self, level: float) -> tuple[float, float] | None:
        """Two-sided interval at `level` by t(df); None without inference."""
        if self.std_error <= 0:
            return None
        half = float(stats.t.ppf(0.5 + level / 2, self.df)) * self.std_error
        return self.value - half, self.value + half

    def p_value(self) -> float | None:
        """Two-sided p for no effect by t(df); None without inference."""
        return None if self.std_error <= 0 else float(2 * stats.t.sf(abs(self.value) / self.std_error, self.df))


@dataclass(frozen=True, slots=True)
class Satterthwaite:
    """How the variance of a contrast moves with the variance parameters, and how well those are known.

    Attributes
    ----------
    gradient
        Derivative of the coefficients' covariance by each of m variance parameters, shape (m, k, k).
    covariance
        Covariance of the estimated variance parameters, the inverse of their information, shape (m, m).
    """

    gradient: FloatArray
    covariance: FloatArray

    def df(self, weights: FloatArray, variance: float) -> float:
        """Degrees of freedom of the contrast `weights` (k,) whose estimated variance is `variance`.

        ``2 v^2 / (g' A g)``: g the derivative of v by the variance parameters, A their covariance.
        """
        slope = np.einsum("i,mij,j->m", weights, self.gradient, weights)
        return float(2 * variance**2 / (slope @ self.covariance @ slope))


@dataclass(frozen=True, slots=True)
class SeriesFit:
    """A fitted regression of one series.

    Attributes
    ----------
    method
        The inference, in words.
    params, covariance
        Coefficients, shape (k,), and their covariance, shape (k, k); zeros where the fit is `exact`.
    residuals
        Standardised residuals (Pearson, or times the root of the weight), shape (T,); NaN where a period is left out.
    innovations
        The same with the fitted serial correlation taken out; equal to `residuals` where none is fitted.
    df
        Periods in the fit less columns.
    exact
        True if the series follows the fitted line to rounding error, so that it holds no noise to learn from.
    dispersion
        Residual variance of a least-squares fit, or Pearson X2 over `df` of a regression of counts or shares.
    rho
        Correlation of neighbouring periods, if fitted.
    log_likelihood
        Restricted for REML, full otherwise; None where there is none.
    overdispersion
        Alpha of a negative binomial with variance ``mu + alpha mu^2``.
    satterthwaite
        What the degrees of freedom of a contrast follow from; None where they are `df`.
    df_note
        Why they are `df` where the method would give others; else empty.
    """

    method: str
    params: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    innovations: FloatArray
    df: float
    exact: bool = False
    dispersion: float | None = None
    rho: float | None = None
    log_likelihood: float | None = None
    overdispersion: float | None = None
    satterthwaite: Satterthwaite | None = field(default=None, repr=False)
    df_note: str = ""

    def contrast(self, weights: FloatArray) -> Contrast:
        """Value, standard error and degrees of freedom of a linear combination, `weights` of shape (k,)."""
        value = float(weights @ self.params)
        variance = max(float(weights @ self.covariance @ weights), 0.0)
        usual = self.exact or self.satterthwaite is None or variance == 0
        df = self.df if usual or self.satterthwaite is None else self.satterthwaite.df(weights, variance)
        return Contrast(value, 0.0 if self.exact else math.sqrt(variance), df)


def is_full_rank(matrix: FloatArray) -> bool:
    """Whether the columns, brought to unit length, are linearly independent."""
    length = np.linalg.norm(matrix, axis=0)
    return bool((length > 0).all() and np.linalg.matrix_rank(matrix / length) == matrix.shape[1])


def is_exact(residual: FloatArray, series: FloatArray) -> bool:
    """Whether the residuals are rounding error; a high level alone, as of 1e9 give or take 1, does not make them so."""
    least = max(EXACT * float(np.ptp(series)), ROUNDING * float(np.abs(series).max()))
    return bool(np.abs(residual).max() <= least)


def refusal(design: FloatArray, used: BoolArray) -> NoInference | None:
    """Why no regression can be fitted to the periods in use; None if one can.

    Parameters
    ----------
    design
        Shape (T, k).
    used
        Mask of the periods in the fit, shape (T,).
    """
    n, k = int(used.sum()), design.shape[1]
    if n - k < MIN_DF:
        return NoInference(
            f"{n} periods for {k} terms leave {max(n - k, 0)} degrees of freedom for the uncertainty; at least "
            f"{MIN_DF} are needed. Use fewer terms or longer windows."
        )
    if not is_full_rank(design[used]):
        return NoInference("The periods left cannot tell the terms apart. Use fewer terms or longer windows.")
    return None


def spread_out(values: FloatArray, used: BoolArray) -> FloatArray:
    """Put values of the periods in use, shape (n,), in their places among all, shape (T,); NaN elsewhere."""
    places = np.full(len(used), np.nan)
    places[used] = values
    return places


def exact_fit(method: str, params: FloatArray, used: BoolArray) -> SeriesFit:
    """Build the result for a series that follows its line to rounding error."""
    nothing = spread_out(np.zeros(int(used.sum())), used)
    k = len(params)
    return SeriesFit(method, params, np.zeros((k, k)), nothing, nothing, float(used.sum() - k), exact=True)
