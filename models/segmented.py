"""Segmented regression of one series: its terms, its fit, and a Newey-West covariance in calendar time.

Shapes: T periods of the study, k columns of the design.
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.arrays import BoolArray, FloatArray
from models.periods import Periods, TimeUnit

MIN_DF = 3
LEAST_EXPECTED = 1e-6
"""Fewest events a fit may expect in a period; below it the rate is on its way to zero, where it has no logarithm."""
UNSETTLED = (
    "The count regression did not settle on an answer, usually because some stretch of the series has no events. "
    "Use longer periods, fewer harmonics, or `impact: level`."
)
EXACT = 1e-9
"""Largest residual, relative to the range of the series, that counts as none: there is no noise to learn from."""
ROUNDING = 1e-10
"""Largest residual, relative to the level of the series, that arithmetic alone leaves."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Columns of a segmented regression, defined for every period of the study.

    Attributes
    ----------
    matrix
        Shape (T, k): constant, trend, level, slope if there is one, then seasonal terms.
    start
        Index of the first follow-up period; trend and slope are 0 there.
    slope
        True if the trend may change at the start.
    """

    matrix: FloatArray
    start: int
    slope: bool

    @property
    def without_change(self) -> FloatArray:
        """The same matrix with level and slope change set to zero, shape (T, k): had nothing changed."""
        matrix = self.matrix.copy()
        matrix[:, 2 : 3 + self.slope] = 0.0
        return matrix

    def level_change(self) -> FloatArray:
        """Contrast of the change in level in the first follow-up period, shape (k,)."""
        return np.asarray(np.eye(self.matrix.shape[1])[2])

    def slope_change(self) -> FloatArray:
        """Contrast of the change in trend per period, shape (k,); only where there is a slope term."""
        return np.asarray(np.eye(self.matrix.shape[1])[3])

    def average_change(self, window: BoolArray) -> FloatArray:
        """Contrast of the mean change over the periods of `window` (T,), all follow-up, shape (k,)."""
        return np.asarray((self.matrix - self.without_change)[window].mean(axis=0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class SegmentedFit:
    """A fitted segmented regression.

    Attributes
    ----------
    params, covariance
        Coefficients, shape (k,), and their Newey-West covariance, shape (k, k); on the log scale for rates.
    residuals
        Standardised residuals (Pearson, or weighted), shape (T,); NaN in periods left out of the fit.
    df
        Periods in the fit less columns.
    lags
        Lags of the Newey-West covariance.
    exact
        True if the series follows the fitted line to rounding error, so that it holds no noise to learn from.
    """

    params: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    df: int
    lags: int
    exact: bool

    def contrast(self, weights: FloatArray) -> tuple[float, float]:
        """Value and standard error of a linear combination of the coefficients, `weights` of shape (k,)."""
        return float(weights @ self.params), math.sqrt(max(float(weights @ self.covariance @ weights), 0.0))

    def critical(self, level: float) -> float:
        """Quantile of t(df) for a two-sided interval at `level`."""
        return float(stats.t.ppf(0.5 + level / 2, self.df))

    def p_value(self, value: float, std_error: float) -> float:
        """Two-sided p of `value` against zero, by t(df)."""
        return float(2 * stats.t.sf(abs(value) / std_error, self.df))


def most_harmonics(unit: TimeUnit) -> int:
    """Most pairs of seasonal terms that periods of this length can carry (half the periods in a year)."""
    return math.floor(unit.per_year / 2)


def harmonics_by_rule(unit: TimeUnit, baseline: int) -> int:
    """Pairs of seasonal terms that a number of usable baseline periods supports.

    Two if the baseline counts two years of periods, one if it counts one year, otherwise none; always fewer
    than half the periods in a year, so none for years and at most one for quarters.
    """
    cycles = sum(baseline >= math.floor(years * unit.per_year) for years in (1, 2))
    return min(cycles, math.ceil(unit.per_year / 2) - 1)


def lags_by_rule(n: int) -> int:
    """Newey-West lags for n periods: floor(4 (n/100)^(2/9)), at least 1 (Newey and West 1994)."""
    return max(1, math.floor(4 * math.pow(n / 100, 2 / 9)))


def seasonal_terms(periods: Periods, harmonics: int) -> FloatArray:
    """Sine and cosine of 1, ..., `harmonics` cycles a year, shape (T, columns).

    A harmonic of exactly half the periods in a year has a cosine only: its sine is zero in every period.
    """
    year = periods.unit.per_year
    angle = 2 * np.pi * np.mod(periods.first + np.arange(len(periods)), year) / year
    columns = [
        wave(h * angle) for h in range(1, harmonics + 1) for wave in ((np.cos, np.sin) if 2 * h < year else (np.cos,))
    ]
    return np.column_stack(columns) if columns else np.empty((len(periods), 0))


def segmented_terms(periods: Periods, *, harmonics: int, slope: bool) -> Terms:
    """Columns of a segmented regression over calendar time.

    The change begins in the first follow-up period, where the slope term is 0, so the level term is the change
    at the start and not at some other date. Periods left out of a fit still count as time passing.

    Raises
    ------
    IndexError
        If no period is follow-up.
    """
    start = int(np.flatnonzero(periods.follow_up)[0])
    trend = np.arange(len(periods), dtype=np.float64) - start
    after = (trend >= 0).astype(np.float64)
    change = [after, after * trend] if slope else [after]
    columns = np.column_stack([np.ones(len(periods)), trend, *change, seasonal_terms(periods, harmonics)])
    return Terms(matrix=columns, start=start, slope=slope)


def is_full_rank(matrix: FloatArray) -> bool:
    """Whether the columns, brought to unit length, are linearly independent."""
    length = np.linalg.norm(matrix, axis=0)
    return bool((length > 0).all() and np.linalg.matrix_rank(matrix / length) == matrix.shape[1])


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
    from statsmodels.stats.sandwich_covariance import S_hac_simple

    n, k = scores.shape
    padded = np.zeros((len(used), k))
    padded[used] = scores
    meat = S_hac_simple(padded, nlags=lags)
    return np.asarray(bread @ meat @ bread * (n / (n - k)), dtype=np.float64)


def fit_rates(events: FloatArray, exposure: FloatArray, used: BoolArray, terms: Terms, lags: int) -> SegmentedFit | str:
    """Fit the log of expected events over exposure; the variance comes from Newey-West, not from Poisson.

    Parameters
    ----------
    events, exposure
        Shape (T,); exposure > 0 wherever `used`.
    used
        Mask of the periods in the fit, shape (T,).

    Returns
    -------
    SegmentedFit or str
        The fit, or why the search for it did not end.
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import ModelWarning

    design, count = terms.matrix[used], events[used]
    regression = sm.GLM(count, design, family=sm.families.Poisson(), offset=np.log(exposure[used]))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # What it warns of, a fit that is exact or degenerate, is judged by the result below.
        warnings.simplefilter("ignore", ModelWarning)
        try:
            # Watching the coefficients, not the deviance, exposes rates that drift towards zero without end.
            found = regression.fit(tol=1e-10, tol_criterion="params")
        except ValueError:  # an expected count left the range of numbers on the way
            return UNSETTLED
    mean = np.asarray(found.mu, dtype=np.float64)
    if not found.converged or not (mean >= LEAST_EXPECTED).all():
        return UNSETTLED
    bread = np.asarray(found.normalized_cov_params, dtype=np.float64)
    return _result(
        params=np.asarray(found.params, dtype=np.float64),
        covariance=newey_west(design * (count - mean)[:, None], used, bread, lags),
        residuals=(count - mean) / np.sqrt(mean),
        used=used,
        lags=lags,
        exact=_is_exact(count - mean, count),
    )


def fit_means(values: FloatArray, weights: FloatArray, used: BoolArray, terms: Terms, lags: int) -> SegmentedFit:
    """Fit the value of each period by least squares, weighted by the cases behind it.

    Parameters
    ----------
    values, weights
        Shape (T,); values finite and weights > 0 wherever `used`.
    used
        Mask of the periods in the fit, shape (T,).
    """
    import statsmodels.api as sm

    design, value, weight = terms.matrix[used], values[used], weights[used]
    found = sm.WLS(value, design, weights=weight).fit()
    residual = value - np.asarray(found.fittedvalues, dtype=np.float64)
    bread = np.asarray(found.normalized_cov_params, dtype=np.float64)
    return _result(
        params=np.asarray(found.params, dtype=np.float64),
        covariance=newey_west(design * (weight * residual)[:, None], used, bread, lags),
        residuals=np.sqrt(weight) * residual,
        used=used,
        lags=lags,
        exact=_is_exact(residual, value),
    )


def _is_exact(residual: FloatArray, series: FloatArray) -> bool:
    """Whether the residuals are rounding error; a high level alone, as of 1e9 give or take 1, does not make them so."""
    least = max(EXACT * float(np.ptp(series)), ROUNDING * float(np.abs(series).max()))
    return bool(np.abs(residual).max() <= least)


def _result(
    *,
    params: FloatArray,
    covariance: FloatArray,
    residuals: FloatArray,
    used: BoolArray,
    lags: int,
    exact: bool,
) -> SegmentedFit:
    spread = np.full(len(used), np.nan)
    spread[used] = residuals
    return SegmentedFit(
        params=params,
        covariance=covariance,
        residuals=spread,
        df=int(used.sum()) - len(params),
        lags=lags,
        exact=exact,
    )


def lag_one_correlation(residuals: FloatArray) -> float | None:
    """Correlation of residuals one calendar period apart.

    Parameters
    ----------
    residuals
        Shape (T,); NaN where a period is left out, so that its neighbours are not taken for adjacent.

    Returns
    -------
    float or None
        None without two adjacent periods or without any residual variation.
    """
    centred = residuals - np.nanmean(residuals)
    products = centred[1:] * centred[:-1]
    total = float(np.nansum(centred**2))
    if not np.isfinite(products).any() or total == 0:
        return None
    return float(np.nansum(products)) / total
