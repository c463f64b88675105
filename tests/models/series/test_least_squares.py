import csv
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.series.correlation import autocorrelations
from models.series.fit import SeriesFit
from models.series.least_squares import newey_west_ols, ols, prais_winsten

REFERENCE = Path(__file__).parents[2] / "reference"
R_DIGITS = 1e-9  # relative: the file holds 12 digits, and the iteration there stops at 1e-13
SAME = 1e-9  # the same arithmetic in another order
CASES = {"positive": 36, "strong": 80, "negative": 40, "short": 12, "sicily": 36}


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def columns(length: int, start: int) -> FloatArray:
    t = np.arange(length, dtype=float)
    after = (t >= start).astype(float)
    angle = 2 * np.pi * t / 12
    return np.column_stack([np.ones(length), t - start, after, after * (t - start), np.cos(angle), np.sin(angle)])


def series(case: str) -> tuple[FloatArray, FloatArray, BoolArray]:
    if case == "sicily":
        y = np.log([float(r["aces"]) / float(r["stdpop"]) for r in rows("sicily.csv")])
    else:
        y = np.array([float(r["y"]) for r in rows("gls_ar1_series.csv") if r["case"] == case])
    return y, columns(len(y), CASES[case]), np.ones(len(y), dtype=bool)


def fit_of(found: SeriesFit | NoInference) -> SeriesFit:
    assert isinstance(found, SeriesFit)
    return found


@pytest.mark.parametrize("case", CASES)
def test_prais_winsten_is_that_of_r(case: str) -> None:
    found = fit_of(prais_winsten(*series(case)))
    expected = [r for r in rows("gls_ar1.csv") if (r["case"], r["model"]) == (case, "prais")]
    fit = next(r for r in rows("gls_ar1_fits.csv") if (r["case"], r["model"]) == (case, "prais"))
    np.testing.assert_allclose(found.params, [float(r["estimate"]) for r in expected], rtol=R_DIGITS, atol=1e-10)
    errors = np.sqrt(np.diag(found.covariance))
    np.testing.assert_allclose(errors, [float(r["std_error"]) for r in expected], rtol=R_DIGITS)
    assert found.rho == pytest.approx(float(fit["rho"]), rel=1e-7)
    rho, variance = found.rho or 0, found.dispersion or 0  # of a period's error; R's sigma is that of what is new in it
    assert np.sqrt(variance * (1 - rho**2)) == pytest.approx(float(fit["sigma"]), rel=1e-7)


def test_prais_winsten_with_a_hole_solves_its_own_equations() -> None:
    y, design, used = series("positive")
    used = used & ~np.isin(np.arange(len(y)), [5, 6, 20, 40])
    found = fit_of(prais_winsten(np.where(used, y, np.nan), design, used))
    e = found.residuals
    both = np.isfinite(e[1:]) & np.isfinite(e[:-1])
    assert found.rho == pytest.approx(e[1:][both] @ e[:-1][both] / (e[:-1][both] @ e[:-1][both]), rel=1e-8)
    times = np.flatnonzero(used)
    inverse = np.linalg.inv(np.power(found.rho or 0, np.abs(times[:, None] - times[None, :])))
    x = design[used]
    expected = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y[used])
    np.testing.assert_allclose(found.params, expected, rtol=1e-8, atol=1e-10)


def test_a_correlation_that_does_not_settle_is_refused() -> None:
    y = np.exp(np.arange(12.0))  # each residual of the mean exceeds the one before
    found = prais_winsten(y, np.ones((12, 1)), np.ones(12, dtype=bool))
    assert isinstance(found, NoInference)
    assert "settle" in found.reason


@pytest.mark.parametrize("lags", [1, 3])
def test_newey_west_without_holes_is_that_of_statsmodels(lags: int) -> None:
    y, design, used = series("positive")
    found = fit_of(newey_west_ols(y, design, used, lags))
    peer = sm.OLS(y, design).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
    np.testing.assert_allclose(found.covariance, peer.cov_params(), rtol=1e-8, atol=1e-12)


def test_newey_west_counts_a_hole_as_time() -> None:
    # Residuals 1, -1, [hole], 1, -1 about a mean of 0, one lag: neighbours are (1,2) and (4,5) only.
    y = np.array([1.0, -1.0, np.nan, 1.0, -1.0])
    used = np.isfinite(y)
    found = fit_of(newey_west_ols(y, np.ones((5, 1)), used, 1))
    meat = 4.0 + 2 * 0.5 * (-2.0)
    assert found.covariance[0, 0] == pytest.approx(meat / 16 * 4 / 3)


@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_are_those_of_statsmodels(*, weighted: bool) -> None:
    y, design, used = series("positive")
    weights = np.linspace(1, 5, len(y)) if weighted else None
    used = used & (np.arange(len(y)) != 7)
    found = fit_of(ols(y, design, used, weights))
    peer = sm.WLS(y[used], design[used], weights=1.0 if weights is None else weights[used]).fit()
    np.testing.assert_allclose(found.params, peer.params, rtol=SAME, atol=1e-10)
    np.testing.assert_allclose(found.covariance, peer.cov_params(), rtol=1e-8, atol=1e-12)
    value, error, df = found.contrast(np.eye(6)[2])
    assert (value, error, df) == pytest.approx((peer.params[2], peer.bse[2], peer.df_resid))
    assert found.contrast(np.eye(6)[2]).p_value() == pytest.approx(peer.pvalues[2])
    assert found.contrast(np.eye(6)[2]).interval(0.95) == pytest.approx(tuple(peer.conf_int()[2]))


@pytest.mark.parametrize("level", [1.0, 1e9])
def test_an_exact_series_is_told_from_one_with_noise_at_any_level(level: float) -> None:
    t = np.arange(20.0)
    design, used = np.column_stack([np.ones(20), t]), np.ones(20, dtype=bool)
    noise = np.cos(t**2)
    assert fit_of(ols(level + 2 * t, design, used)).exact
    assert not fit_of(ols(level + 2 * t + noise, design, used)).exact


def test_autocorrelations_by_hand_and_over_a_hole() -> None:
    # Centred values 1, -1, 1, -1: sum of squares 4; lag 1: three products of -1; lag 2: two of +1.
    assert autocorrelations(np.array([3.0, 1.0, 3.0, 1.0]), 3) == pytest.approx([-0.75, 0.5, -0.25])
    holed = autocorrelations(np.array([1.0, np.nan, 1.0, np.nan, -2.0]), 3)
    assert np.isnan(holed[0])
    assert holed[1] == pytest.approx((1 - 2) / 6)
    assert np.isnan(holed[2])
    assert np.isnan(autocorrelations(np.ones(4), 2)).all()
