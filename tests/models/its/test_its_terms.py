"""Columns of a segmented regression, the fits by them, and a Newey-West covariance held against written-out sums."""

import numpy as np
import pytest
import statsmodels.api as sm

from models.arrays import BoolArray, FloatArray
from models.design import Event, Shape, Shock
from models.inference.refusal import NoInference
from models.its.engines import Regression, fit_by, own_regression, regressions_of
from models.its.options import ItsOptions
from models.its.series import Series
from models.its.terms import (
    ChangeShape,
    Extra,
    Season,
    Terms,
    build,
    event_terms,
    harmonics_by_rule,
    most_harmonics,
    seasonal_terms,
    shock_terms,
)
from models.panel import Kind
from models.periods import Periods, Role, TimeUnit
from models.series.fit import SeriesFit, is_full_rank

HAND = 1e-9  # relative: the same sums in another order
LIBRARY = 1e-6  # relative: the library's count fit stops at another step than the one compared with

T = 40
PERIODS = Periods(TimeUnit.MONTH, 2020 * 12, (Role.BASELINE,) * 25 + (Role.FOLLOW_UP,) * 15)
RNG = np.random.default_rng(11)
EVENTS = RNG.poisson(30, T).astype(float)
EXPOSURE = RNG.uniform(80, 120, T)
VALUES = RNG.normal(5, 1, T)
WEIGHTS = RNG.uniform(5, 50, T)
WHOLE = np.ones(T, dtype=bool)
HOLED = np.asarray([t not in {5, 6, 7, 19, 30} for t in range(T)])


def laid_out(periods: Periods, pairs: int = 0, **options: object) -> Terms:
    return build(periods, ChangeShape.of(periods, ItsOptions(**options)), Season.of_pairs(pairs))


TERMS = laid_out(PERIODS, 1)


def series(values: FloatArray, weights: FloatArray, used: BoolArray) -> Series:
    return Series(values, weights, used, np.zeros(len(used), dtype=bool))


def fitted(regression: Regression, used: BoolArray = WHOLE, lags: int | None = None) -> SeriesFit:
    counts = regression in regressions_of(Kind.COUNT)
    data = series(EVENTS, EXPOSURE, used) if counts else series(VALUES, WEIGHTS, used)
    found = fit_by(regression, data, TERMS, lags)
    assert isinstance(found, SeriesFit)
    return found


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
    found = fitted(Regression.POISSON_NEWEY_WEST, used, lags)
    x = TERMS.matrix[used]
    mean = EXPOSURE[used] * np.exp(x @ found.params)
    assert x.T @ (EVENTS[used] - mean) == pytest.approx(np.zeros(6), abs=1e-8)  # the likelihood's equations hold
    expected = sandwich(x * (EVENTS[used] - mean)[:, None], x.T @ (x * mean[:, None]), used, lags)
    assert found.covariance == pytest.approx(expected, rel=HAND, abs=1e-14)
    assert found.df == used.sum() - 6


@pytest.mark.parametrize("used", [WHOLE, HOLED], ids=["whole", "with holes"])
@pytest.mark.parametrize("lags", [1, 4])
def test_the_covariance_of_means_is_the_sandwich_written_out(used: BoolArray, lags: int) -> None:
    found = fitted(Regression.NEWEY_WEST, used, lags)
    x, w = TERMS.matrix[used], WEIGHTS[used]
    residual = VALUES[used] - x @ found.params
    assert x.T @ (w * residual) == pytest.approx(np.zeros(6), abs=1e-8)
    expected = sandwich(x * (w * residual)[:, None], x.T @ (x * w[:, None]), used, lags)
    assert found.covariance == pytest.approx(expected, rel=HAND, abs=1e-14)


def test_without_holes_the_covariance_is_that_of_statsmodels() -> None:
    hac = {"cov_type": "HAC", "cov_kwds": {"maxlags": 3, "use_correction": True}}
    counted = sm.GLM(EVENTS, TERMS.matrix, family=sm.families.Poisson(), offset=np.log(EXPOSURE)).fit(**hac)
    found = fitted(Regression.POISSON_NEWEY_WEST, lags=3)
    assert found.covariance == pytest.approx(counted.cov_params(), rel=LIBRARY, abs=1e-12)
    measured = sm.WLS(VALUES, TERMS.matrix, weights=WEIGHTS).fit(**hac)
    other = fitted(Regression.NEWEY_WEST, lags=3)
    assert other.covariance == pytest.approx(measured.cov_params(), rel=LIBRARY)


def test_with_holes_the_covariance_is_not_that_of_the_series_closed_up() -> None:
    found = fitted(Regression.NEWEY_WEST, HOLED, 3)
    hac = {"cov_type": "HAC", "cov_kwds": {"maxlags": 3, "use_correction": True}}
    closed = sm.WLS(VALUES[HOLED], TERMS.matrix[HOLED], weights=WEIGHTS[HOLED]).fit(**hac)
    assert found.params == pytest.approx(closed.params)
    assert found.covariance[2, 2] != pytest.approx(closed.cov_params()[2, 2], rel=1e-3)


def test_residuals_are_standardised_and_blank_where_left_out() -> None:
    rates, means = fitted(Regression.QUASI_POISSON_AR1, HOLED), fitted(Regression.AR1, HOLED)
    mean = EXPOSURE * np.exp(TERMS.matrix @ rates.params)
    assert rates.residuals[HOLED] == pytest.approx(((EVENTS - mean) / np.sqrt(mean))[HOLED])
    residual = VALUES - TERMS.matrix @ means.params
    assert means.residuals[HOLED] == pytest.approx((residual * np.sqrt(WEIGHTS))[HOLED])
    for each in (rates, means):
        assert np.isnan(each.residuals[~HOLED]).all()


def test_columns_are_constant_trend_level_and_slope_counted_from_the_first_follow_up_period() -> None:
    roles = (Role.BASELINE,) * 3 + (Role.EXCLUDED, Role.PHASE_IN) + (Role.FOLLOW_UP,) * 2
    terms = laid_out(Periods(TimeUnit.MONTH, 0, roles))
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
    terms = laid_out(PERIODS, 1, impact="level")
    assert terms.matrix.shape == (40, 5)
    assert terms.without_change.tolist() == (terms.matrix * [1, 1, 0, 1, 1]).tolist()
    assert terms.average_change(PERIODS.follow_up).tolist() == [0, 0, 1, 0, 0]


def test_terms_need_a_follow_up() -> None:
    with pytest.raises(IndexError):
        laid_out(Periods(TimeUnit.MONTH, 0, (Role.BASELINE,)))


@pytest.mark.parametrize(("unit", "year"), [(TimeUnit.MONTH, 12), (TimeUnit.QUARTER, 4)])
def test_seasonal_terms_repeat_every_year_and_tell_every_season_apart(unit: TimeUnit, year: int) -> None:
    periods = Periods(unit, 2001 * year + 3, (Role.BASELINE,) * 3 * year)
    season = seasonal_terms(periods, Season.of_pairs(year // 2))
    assert season.shape == (3 * year, year - 1)  # the sine of half the periods in a year is left out
    assert season[:year] == pytest.approx(season[year : 2 * year], abs=1e-9)
    dummies = np.eye(year)[periods.season]
    assert np.linalg.matrix_rank(np.column_stack([dummies, season])) == year
    assert is_full_rank(np.column_stack([np.ones(3 * year), season]))


def test_seasonal_terms_of_weeks_follow_the_solar_year() -> None:
    weeks = Periods(TimeUnit.WEEK, 100_000, (Role.BASELINE,) * 1500)
    first = seasonal_terms(weeks, Season.of_pairs(1))
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


def test_rank_does_not_depend_on_the_length_of_columns() -> None:
    matrix = np.column_stack([np.ones(50), 1e-12 * np.arange(50.0)])
    assert is_full_rank(matrix)
    assert not is_full_rank(np.column_stack([matrix, matrix[:, 1] * 3]))
    assert not is_full_rank(np.column_stack([matrix, np.zeros(50)]))


def test_a_count_fit_without_a_best_line_says_so() -> None:
    short = Periods(TimeUnit.MONTH, 0, (Role.BASELINE,) * 4 + (Role.FOLLOW_UP,) * 4)
    data = series(np.array([3.0, 4, 3, 4, 0, 0, 0, 0]), np.ones(8), np.ones(8, dtype=bool))
    for regression in regressions_of(Kind.COUNT):
        found = fit_by(regression, data, laid_out(short, impact="level"))
        assert isinstance(found, NoInference)
        assert "did not settle" in found.reason


def months(text: str) -> Periods:
    """Periods by letters: b baseline, g gap, p phase-in, f follow-up, x excluded."""
    role = {
        "b": Role.BASELINE,
        "g": Role.GAP,
        "p": Role.PHASE_IN,
        "f": Role.FOLLOW_UP,
        "x": Role.EXCLUDED,
    }
    return Periods(TimeUnit.MONTH, 24_000, tuple(role[letter] for letter in text))


def shape(text: str, **options: object) -> list[list[float]]:
    found: list[list[float]] = ChangeShape.of(months(text), ItsOptions(**options)).columns.T.tolist()
    return found


def test_a_ramp_builds_the_level_up_by_equal_steps_and_the_slope_begins_when_it_is_whole() -> None:
    level, slope = shape("bbbffffff", ramp=3)
    assert level == [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1]
    assert slope == [0, 0, 0, 0, 0, 0, 0, 1, 2]


def test_a_lag_moves_the_change_and_leaves_the_periods_before_it_in_the_fit() -> None:
    assert shape("bbbfffff", lag=2, impact="level") == [[0, 0, 0, 0, 0, 1, 1, 1]]
    terms = laid_out(months("bbbfffff"), lag=2, impact="level")
    assert (terms.start, terms.onset, terms.full) == (3, 5, 5)
    assert terms.average_change(months("bbbfffff").follow_up).tolist() == [0, 0, 0.6]


def test_a_ramped_phase_in_is_a_ramp_over_it() -> None:
    assert shape("bbbppfff", phase_in="ramped", impact="level") == [[0, 0, 0, 1 / 3, 2 / 3, 1, 1, 1]]
    assert shape("bbbfff", phase_in="ramped", impact="level") == [[0, 0, 0, 1, 1, 1]]  # no phase-in, no ramp
    assert shape("bbbppfff", impact="level") == [[0, 0, 0, 0, 0, 1, 1, 1]]


def test_a_slope_alone_bends_at_the_last_period_before() -> None:
    assert shape("bbbffff", impact="slope") == [[0, 0, 0, 1, 2, 3, 4]]
    terms = laid_out(months("bbbffff"), impact="slope")
    assert (terms.level, terms.slope) == (None, 2)
    with pytest.raises(ValueError, match="no such term"):
        terms.level_change()


def test_months_of_the_year_are_indicators_of_all_but_the_first() -> None:
    periods = Periods(TimeUnit.QUARTER, 2001 * 4 + 2, (Role.BASELINE,) * 5)  # third quarter first
    assert seasonal_terms(periods, Season("months")).tolist() == [
        [0, 1, 0],
        [0, 0, 1],
        [0, 0, 0],
        [1, 0, 0],
        [0, 1, 0],
    ]


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        (Shape.LEVEL, [[0, 0, 1, 1, 1, 1]]),
        (Shape.SLOPE, [[0, 0, 1, 2, 3, 4]]),
        (Shape.BOTH, [[0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 2, 3]]),
        (Shape.PULSE, [[0, 0, 1, 1, 0, 0]]),
    ],
)
def test_an_event_has_the_columns_of_its_shape(kind: Shape, columns: list[list[int]]) -> None:
    lasted = np.asarray([False, False, True, True, False, False])
    found = event_terms(months("bbbbff"), [Event("A move", lasted, (), kind)], ("A",))
    assert found.columns.T.tolist() == columns


def test_events_elsewhere_are_no_terms() -> None:
    mask = np.ones(6, dtype=bool)
    events = [Event("There", mask, ("C",), Shape.LEVEL), Event("Here", mask, ("C", "B"), Shape.LEVEL)]
    assert event_terms(months("bbbbff"), events, ("A", "B")).names == ("Here",)


def test_a_column_that_does_not_vary_in_the_fit_is_left_out() -> None:
    extra = Extra(("always", "once"), np.column_stack([np.ones(4), [0, 0, 0, 1.0]]))
    assert extra.told_by(np.asarray([True] * 4)).names == ("once",)
    assert extra.told_by(np.asarray([True, True, True, False])).names == ()


def test_a_shock_has_a_step_for_each_stretch_or_for_each_year_of_it() -> None:
    periods = months("b" * 30 + "f" * 6)
    mask = np.zeros(36, dtype=bool)
    mask[4:22] = mask[25] = True
    whole, yearly = (shock_terms(periods, [Shock("Covid", mask)], by_year=by) for by in (False, True))
    assert whole.columns.sum(axis=0).tolist() == [18, 1]
    assert yearly.columns.sum(axis=0).tolist() == [12, 6, 1]
    assert yearly.names == ("2000-05 to 2001-04", "2001-05 to 2001-10", "2002-02 to 2002-02")
    terms = build(periods, ChangeShape.of(periods, ItsOptions()), Season.of_pairs(1), shocks=yearly)
    assert terms.extra_change(2).tolist() == [0] * 8 + [1]
    assert terms.without_change[:, 6:].tolist() == yearly.columns.tolist()  # a counterfactual keeps the shock


@pytest.mark.parametrize(
    ("kind", "options", "periods", "expected"),
    [
        (Kind.COUNT, {}, 12, Regression.QUASI_POISSON_AR1),
        (Kind.COUNT, {}, 11, Regression.QUASI_POISSON),
        (Kind.COUNT, {"errors": "newey_west"}, 11, Regression.POISSON_NEWEY_WEST),
        (Kind.COUNT, {"family": "negative_binomial", "errors": "ar1"}, 40, Regression.NEGATIVE_BINOMIAL),
        (Kind.CONTINUOUS, {"family": "poisson"}, 12, Regression.AR1),
        (Kind.BINARY, {}, 11, Regression.OLS),
        (Kind.DURATION, {"errors": "prais_winsten"}, 40, Regression.PRAIS_WINSTEN),
    ],
)
def test_the_regression_follows_from_the_kind_the_options_and_the_length(
    kind: Kind, options: dict[str, str], periods: int, expected: Regression
) -> None:
    assert own_regression(kind, ItsOptions(**options), periods) is expected
