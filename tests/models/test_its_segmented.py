"""The parts of a segmented regression: terms, and a Newey-West covariance held against sums written out by hand."""

import numpy as np
import pytest
import statsmodels.api as sm

from models.arrays import BoolArray, FloatArray
from models.periods import Periods, Role, TimeUnit
from models.segmented import (
    SegmentedFit,
    Terms,
    fit_means,
    fit_rates,
    harmonics_by_rule,
    is_full_rank,
    lag_one_correlation,
    lags_by_rule,
    most_harmonics,
    seasonal_terms,
    segmented_terms,
)

HAND = 1e-10  # relative: the same sums in another order
LIBRARY = 1e-7  # relative: the library's count fit stops at another step than the one compared with

T = 40
PERIODS = Periods(TimeUnit.MONTH, 2020 * 12, (Role.BASELINE,) * 25 + (Role.FOLLOW_UP,) * 15)
TERMS = segmented_terms(PERIODS, harmonics=1, slope=True)
RNG = np.random.default_rng(11)
EVENTS = RNG.poisson(30, T).astype(float)
EXPOSURE = RNG.uniform(80, 120, T)
VALUES = RNG.normal(5, 1, T)
WEIGHTS = RNG.uniform(5, 50, T)
WHOLE = np.ones(T, dtype=bool)
HOLED = np.asarray([t not in {5, 6, 7, 19, 30} for t in range(T)])


def sandwich(score: FloatArray, information: FloatArray, used: BoolArray, lags: int) -> FloatArray:
    """Newey-West by its definition: every pair of periods, weighted by how far apart they lie in the calendar."""
    when = np.flatnonzero(used)
    n, k = score.shape
    meat = np.zeros((k, k))
    for i in range(n):
        for j in range(n):
            meat += max(0.0, 1 - abs(when[i] - when[j]) / (lags + 1)) * np.outer(score[i], score[j])
    bread = np.linalg.inv(information)
    return bread @ meat @ bread * n / (n - k)


@pytest.mark.parametrize("used", [WHOLE, HOLED], ids=["whole", "with holes"])
@pytest.mark.parametrize("lags", [1, 4])
def test_the_covariance_of_rates_is_the_sandwich_written_out(used: BoolArray, lags: int) -> None:
    found = fit_rates(EVENTS, EXPOSURE, used, TERMS, lags)
    assert isinstance(found, SegmentedFit)
    x = TERMS.matrix[used]
    mean = EXPOSURE[used] * np.exp(x @ found.params)
    assert x.T @ (EVENTS[used] - mean) == pytest.approx(np.zeros(6), abs=1e-8)  # the likelihood's equations hold
    expected = sandwich(x * (EVENTS[used] - mean)[:, None], x.T @ (x * mean[:, None]), used, lags)
    assert found.covariance == pytest.approx(expected, rel=HAND, abs=1e-14)
    assert found.df == used.sum() - 6


@pytest.mark.parametrize("used", [WHOLE, HOLED], ids=["whole", "with holes"])
@pytest.mark.parametrize("lags", [1, 4])
def test_the_covariance_of_means_is_the_sandwich_written_out(used: BoolArray, lags: int) -> None:
    found = fit_means(VALUES, WEIGHTS, used, TERMS, lags)
    x, w = TERMS.matrix[used], WEIGHTS[used]
    residual = VALUES[used] - x @ found.params
    assert x.T @ (w * residual) == pytest.approx(np.zeros(6), abs=1e-8)
    expected = sandwich(x * (w * residual)[:, None], x.T @ (x * w[:, None]), used, lags)
    assert found.covariance == pytest.approx(expected, rel=HAND, abs=1e-14)


def test_without_holes_the_covariance_is_that_of_statsmodels() -> None:
    hac = {"cov_type": "HAC", "cov_kwds": {"maxlags": 3, "use_correction": True}}
    counted = sm.GLM(EVENTS, TERMS.matrix, family=sm.families.Poisson(), offset=np.log(EXPOSURE)).fit(**hac)
    found = fit_rates(EVENTS, EXPOSURE, WHOLE, TERMS, 3)
    assert isinstance(found, SegmentedFit)
    assert found.covariance == pytest.approx(counted.cov_params(), rel=LIBRARY, abs=1e-12)
    measured = sm.WLS(VALUES, TERMS.matrix, weights=WEIGHTS).fit(**hac)
    assert fit_means(VALUES, WEIGHTS, WHOLE, TERMS, 3).covariance == pytest.approx(measured.cov_params(), rel=LIBRARY)


def test_with_holes_the_covariance_is_not_that_of_the_series_closed_up() -> None:
    found = fit_means(VALUES, WEIGHTS, HOLED, TERMS, 3)
    hac = {"cov_type": "HAC", "cov_kwds": {"maxlags": 3, "use_correction": True}}
    closed = sm.WLS(VALUES[HOLED], TERMS.matrix[HOLED], weights=WEIGHTS[HOLED]).fit(**hac)
    assert found.params == pytest.approx(closed.params)
    assert found.covariance[2, 2] != pytest.approx(closed.cov_params()[2, 2], rel=1e-3)


def test_residuals_are_standardised_and_blank_where_left_out() -> None:
    rates, means = fit_rates(EVENTS, EXPOSURE, HOLED, TERMS, 2), fit_means(VALUES, WEIGHTS, HOLED, TERMS, 2)
    assert isinstance(rates, SegmentedFit)
    mean = EXPOSURE * np.exp(TERMS.matrix @ rates.params)
    assert rates.residuals[HOLED] == pytest.approx(((EVENTS - mean) / np.sqrt(mean))[HOLED])
    residual = VALUES - TERMS.matrix @ means.params
    assert means.residuals[HOLED] == pytest.approx((residual * np.sqrt(WEIGHTS))[HOLED])
    for fitted in (rates, means):
        assert np.isnan(fitted.residuals[~HOLED]).all()


def test_columns_are_constant_trend_level_and_slope_counted_from_the_first_follow_up_period() -> None:
    roles = (Role.BASELINE,) * 3 + (Role.EXCLUDED, Role.PHASE_IN) + (Role.FOLLOW_UP,) * 2
    terms = segmented_terms(Periods(TimeUnit.MONTH, 0, roles), harmonics=0, slope=True)
    assert terms.matrix.T.tolist() == [
        [1, 1, 1, 1, 1, 1, 1],
        [-5, -4, -3, -2, -1, 0, 1],
        [0, 0, 0, 0, 0, 1, 1],
        [0, 0, 0, 0, 0, 0, 1],
    ]
    assert terms.without_change.tolist() == (terms.matrix * [1, 1, 0, 0]).tolist()
    assert terms.average_change(np.asarray([False] * 5 + [True] * 2)).tolist() == [0, 0, 1, 0.5]
    assert terms.average_change(np.asarray([False] * 6 + [True])).tolist() == [0, 0, 1, 1]


def test_without_a_slope_only_the_level_is_part_of_the_change() -> None:
    terms = segmented_terms(PERIODS, harmonics=1, slope=False)
    assert terms.matrix.shape == (40, 5)
    assert terms.without_change.tolist() == (terms.matrix * [1, 1, 0, 1, 1]).tolist()
    assert terms.average_change(PERIODS.follow_up).tolist() == [0, 0, 1, 0, 0]


def test_terms_need_a_follow_up() -> None:
    with pytest.raises(IndexError):
        segmented_terms(Periods(TimeUnit.MONTH, 0, (Role.BASELINE,)), harmonics=0, slope=True)


@pytest.mark.parametrize(("unit", "year"), [(TimeUnit.MONTH, 12), (TimeUnit.QUARTER, 4)])
def test_seasonal_terms_repeat_every_year_and_tell_every_season_apart(unit: TimeUnit, year: int) -> None:
    periods = Periods(unit, 2001 * year + 3, (Role.BASELINE,) * 3 * year)
    season = seasonal_terms(periods, year // 2)
    assert season.shape == (3 * year, year - 1)  # the sine of half the periods in a year is left out
    assert season[:year] == pytest.approx(season[year : 2 * year], abs=1e-9)
    dummies = np.eye(year)[periods.season]
    assert np.linalg.matrix_rank(np.column_stack([dummies, season])) == year
    assert is_full_rank(np.column_stack([np.ones(3 * year), season]))


def test_seasonal_terms_of_weeks_follow_the_solar_year() -> None:
    weeks = Periods(TimeUnit.WEEK, 100_000, (Role.BASELINE,) * 1500)
    first = seasonal_terms(weeks, 1)
    ahead = round(28 * TimeUnit.WEEK.per_year)  # 28 years are a whole number of weeks
    assert first[ahead:] == pytest.approx(first[:-ahead], abs=1e-9)


@pytest.mark.parametrize(
    ("unit", "baseline", "harmonics"),
    [
        (TimeUnit.DAY, 364, 0),
        (TimeUnit.DAY, 365, 1),
        (TimeUnit.DAY, 730, 2),
        (TimeUnit.WEEK, 51, 0),
        (TimeUnit.WEEK, 52, 1),
        (TimeUnit.WEEK, 104, 2),
        (TimeUnit.MONTH, 24, 2),
        (TimeUnit.MONTH, 240, 2),
        (TimeUnit.QUARTER, 3, 0),
        (TimeUnit.QUARTER, 40, 1),
        (TimeUnit.YEAR, 40, 0),
    ],
)
def test_the_rule_for_harmonics(unit: TimeUnit, baseline: int, harmonics: int) -> None:
    assert harmonics_by_rule(unit, baseline) == harmonics


def test_most_harmonics_is_half_the_periods_in_a_year() -> None:
    assert {unit.value: most_harmonics(unit) for unit in TimeUnit} == {
        "day": 182,
        "week": 26,
        "month": 6,
        "quarter": 2,
        "year": 0,
    }


@pytest.mark.parametrize(("n", "lags"), [(1, 1), (6, 2), (27, 2), (28, 3), (99, 3), (100, 4), (1000, 6)])
def test_the_rule_for_lags(n: int, lags: int) -> None:
    assert lags_by_rule(n) == lags


def test_a_contrast_carries_coefficients_and_covariance() -> None:
    fitted = SegmentedFit(np.array([1.0, 2.0]), np.array([[4.0, 1.0], [1.0, 9.0]]), np.zeros(3), 10, 1, exact=False)
    assert fitted.contrast(np.array([1.0, 2.0])) == pytest.approx((5.0, np.sqrt(4 + 4 * 1 + 4 * 9)))
    assert fitted.critical(0.95) == pytest.approx(2.2281, abs=5e-5)  # t(10), from any table
    assert fitted.p_value(2.2281, 1.0) == pytest.approx(0.05, abs=5e-6)
    assert fitted.p_value(-2.2281, 1.0) == fitted.p_value(2.2281, 1.0)


def test_lag_one_correlation_by_hand_and_only_between_neighbours() -> None:
    # deviations -1, 1, -1, 1: products -1, -1, -1 over a sum of squares of 4
    assert lag_one_correlation(np.array([2.0, 4.0, 2.0, 4.0])) == pytest.approx(-0.75)
    # the hole takes away the middle product
    assert lag_one_correlation(np.array([2.0, 4.0, np.nan, 2.0, 4.0])) == pytest.approx(-0.5)
    assert lag_one_correlation(np.array([2.0, np.nan, 4.0])) is None
    assert lag_one_correlation(np.array([2.0, 2.0, 2.0])) is None


@pytest.mark.parametrize("level", [1.0, 1e6, 1e9])
def test_a_series_is_exact_by_its_spread_and_not_by_its_level(level: float) -> None:
    noisy = fit_means(level + RNG.normal(0, 1, T), WEIGHTS, WHOLE, TERMS, 3)
    assert not noisy.exact
    assert noisy.contrast(TERMS.level_change())[1] > 0.01
    line = TERMS.matrix @ np.asarray([level, 0.1, 2, 0.2, 1, 1])
    for noiseless in (line, np.full(T, level)):
        assert fit_means(noiseless, WEIGHTS, WHOLE, TERMS, 3).exact
    counted = fit_rates(level + 1 + RNG.integers(0, 3, T), np.ones(T), WHOLE, TERMS, 3)
    constant = fit_rates(np.full(T, level), np.ones(T), WHOLE, TERMS, 3)
    assert isinstance(counted, SegmentedFit)
    assert isinstance(constant, SegmentedFit)
    assert (counted.exact, constant.exact) == (False, True)


def test_rank_does_not_depend_on_the_length_of_columns() -> None:
    matrix = np.column_stack([np.ones(50), 1e-12 * np.arange(50.0)])
    assert is_full_rank(matrix)
    assert not is_full_rank(np.column_stack([matrix, matrix[:, 1] * 3]))
    assert not is_full_rank(np.column_stack([matrix, np.zeros(50)]))


def test_a_count_fit_without_a_best_line_says_so() -> None:
    terms = Terms(matrix=np.column_stack([np.ones(8), np.arange(8.0), np.arange(8) >= 4]), start=4, slope=False)
    found = fit_rates(np.array([3.0, 4, 3, 4, 0, 0, 0, 0]), np.ones(8), np.ones(8, dtype=bool), terms, 1)
    assert isinstance(found, str)
    assert "did not settle" in found
