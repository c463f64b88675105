"""The collapsed t test: against ordinary regression, and in size."""

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import stats

from models.arrays import BoolArray
from models.inference.collapsed import collapsed_t
from models.inference.refusal import NoInference
from models.inference.ttest import TTest

EXACT = 1e-10  # two least-squares routes to the same number
REPEATS = 4_000
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors, 1.03 points, of a 5% rejection rate


def first(treated: int, areas: int) -> BoolArray:
    return np.arange(areas) < treated


def run(changes: ArrayLike, treated: BoolArray, level: float = 0.95) -> TTest:
    result = collapsed_t(np.asarray(changes, dtype=np.float64), treated, level)
    assert isinstance(result, TTest)
    return result


@pytest.mark.parametrize(("treated", "areas"), [(2, 7), (1, 3), (2, 3), (5, 9)])
def test_it_is_the_regression_of_changes_on_treatment(treated: int, areas: int) -> None:
    import statsmodels.api as sm

    changes = np.random.default_rng(areas).normal(size=areas)
    mask = first(treated, areas)
    reference = sm.OLS(changes, sm.add_constant(mask.astype(np.float64))).fit()
    result = run(changes, mask, 0.9)
    assert result.estimate == pytest.approx(reference.params[1], rel=EXACT)
    assert result.std_error == pytest.approx(reference.bse[1], rel=EXACT)
    assert result.df == reference.df_resid == areas - 2
    assert result.p_value == pytest.approx(reference.pvalues[1], rel=EXACT)
    assert result.interval == pytest.approx(tuple(reference.conf_int(0.1)[1]), rel=EXACT)


def test_two_of_seven_by_hand() -> None:
    # Means 3 and 1, squared residuals 2 and 10, s^2 = 12/5, SE = sqrt(12/5 x 7/10).
    result = run([2, 4, -1, 0, 1, 2, 3], first(2, 7))
    assert result.estimate == pytest.approx(2)
    assert result.std_error == pytest.approx((12 / 5 * 7 / 10) ** 0.5)
    half = 2.570582 * (12 / 5 * 7 / 10) ** 0.5
    assert result.interval == pytest.approx((2 - half, 2 + half), abs=1e-5)


def test_one_area_on_each_side_has_no_inference() -> None:
    result = collapsed_t(np.asarray([1.0, 2.0]), first(1, 2), 0.95)
    assert isinstance(result, NoInference)
    assert "one treated and one comparison area" in result.reason


@pytest.mark.parametrize("noise", [0.0, 1e-15])
def test_a_perfect_fit_is_refused_and_not_infinite(noise: float) -> None:
    changes = np.asarray([0.3, 0.3, 0.1, 0.1, 0.1]) + noise * np.asarray([1, -1, 1, -1, 0])
    result = collapsed_t(changes, first(2, 5), 0.95)
    assert isinstance(result, NoInference)
    assert "exactly the same amount" in result.reason


def test_no_change_but_rounding_is_refused() -> None:
    changes = 1e-15 * np.asarray([1.0, -2.0, 1.0, 3.0, 0.0])
    assert isinstance(collapsed_t(changes, first(2, 5), 0.95, resolution=1e-12), NoInference)


def test_a_true_null_is_rejected_one_time_in_twenty() -> None:
    rng = np.random.default_rng(20240401)
    mask = first(2, 7)
    rejected = np.mean([run(rng.normal(size=7), mask).p_value <= 0.05 for _ in range(REPEATS)])
    assert rejected == pytest.approx(0.05, abs=MONTE_CARLO)


def test_the_interval_covers_at_any_level() -> None:
    rng = np.random.default_rng(7)
    mask = first(2, 7)
    held = 0
    for _ in range(REPEATS):
        lo, hi = run(rng.normal(size=7) + 1.5 * mask, mask, 0.8).interval
        held += lo <= 1.5 <= hi
    assert held / REPEATS == pytest.approx(0.8, abs=3 * (0.8 * 0.2 / REPEATS) ** 0.5)


def test_the_detectable_effect_is_three_and_a_half_standard_errors() -> None:
    # 80% power needs t(.975, 5) + t(.80, 5) standard errors, not the 2.80 of many areas.
    assert stats.t.ppf(0.975, 5) + stats.t.ppf(0.8, 5) == pytest.approx(3.49, abs=0.005)
    effect, rng, mask = 3.49 * (1 / 2 + 1 / 5) ** 0.5, np.random.default_rng(5), first(2, 7)
    power = np.mean([run(rng.normal(size=7) + effect * mask, mask).p_value <= 0.05 for _ in range(REPEATS)])
    assert power == pytest.approx(0.80, abs=0.03)  # the usual approximation is good to about two points at 5 df
