import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.series.ar1 import ar1_reml, whiten
from models.series.fit import SeriesFit
from models.series.least_squares import ols

REFERENCE = Path(__file__).parents[2] / "reference"
NLME = 2e-6  # relative: nlme's own search for rho stops at about this distance
SAME = 1e-9  # two routes through the same arithmetic
CASES = ("positive", "strong", "negative", "holes", "weighted", "short", "sicily")
START = {"positive": 36, "strong": 80, "negative": 40, "holes": 48, "weighted": 24, "short": 12, "sicily": 36}


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def columns(t: FloatArray, start: int) -> FloatArray:
    after = (t >= start).astype(float)
    angle = 2 * np.pi * t / 12
    return np.column_stack([np.ones_like(t), t - start, after, after * (t - start), np.cos(angle), np.sin(angle)])


def series(case: str) -> tuple[FloatArray, FloatArray, BoolArray, FloatArray]:
    """y, design, used and weights over calendar time, holes filled with what no fit may read."""
    if case == "sicily":
        data = rows("sicily.csv")
        y = np.log([float(r["aces"]) / float(r["stdpop"]) for r in data])
        t = np.arange(len(y), dtype=float)
        return y, columns(t, START[case]), np.ones(len(y), dtype=bool), np.ones(len(y))
    data = [r for r in rows("gls_ar1_series.csv") if r["case"] == case]
    at = np.array([int(r["t"]) for r in data])
    length = at.max() + 1
    y, weights, used = np.full(length, np.nan), np.full(length, np.nan), np.zeros(length, dtype=bool)
    y[at], weights[at], used[at] = [float(r["y"]) for r in data], [float(r["weight"]) for r in data], True
    return y, columns(np.arange(length, dtype=float), START[case]), used, weights


def fitted(case: str) -> SeriesFit:
    y, design, used, weights = series(case)
    found = ar1_reml(y, design, used, weights if case == "weighted" else None)
    assert isinstance(found, SeriesFit)
    return found


@pytest.mark.parametrize("case", CASES)
def test_coefficients_errors_and_likelihood_are_those_of_nlme(case: str) -> None:
    found = fitted(case)
    expected = [r for r in rows("gls_ar1.csv") if (r["case"], r["model"]) == (case, "gls")]
    fit = next(r for r in rows("gls_ar1_fits.csv") if (r["case"], r["model"]) == (case, "gls"))
    errors = np.sqrt(np.diag(found.covariance))
    near = np.abs(errors) * NLME  # a coefficient near 0 is known to a fraction of its error
    assert np.all(np.abs(found.params - [float(r["estimate"]) for r in expected]) <= near * 10)
    np.testing.assert_allclose(errors, [float(r["std_error"]) for r in expected], rtol=NLME * 10)
    assert found.rho == pytest.approx(float(fit["rho"]), abs=NLME)
    assert found.dispersion is not None
    assert np.sqrt(found.dispersion) == pytest.approx(float(fit["sigma"]), rel=NLME * 10)
    assert found.log_likelihood == pytest.approx(float(fit["loglik"]), abs=1e-8)


def test_one_of_the_series_has_holes_and_one_a_negative_correlation() -> None:
    assert not series("holes")[2].all()
    assert (fitted("negative").rho or 0) < -0.3


@pytest.mark.parametrize("case", ["positive", "holes", "weighted"])
def test_without_correlation_it_is_least_squares_on_n_minus_k(case: str) -> None:
    y, design, used, weights = series(case)
    found, plain = ar1_reml(y, design, used, weights, rho=0.0), ols(y, design, used, weights)
    assert isinstance(found, SeriesFit)
    assert isinstance(plain, SeriesFit)
    np.testing.assert_allclose(found.params, plain.params, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(found.covariance, plain.covariance, rtol=SAME, atol=SAME)
    for contrast in np.eye(design.shape[1]):
        assert found.contrast(contrast).df == used.sum() - design.shape[1]


def brute_df(case: str, contrast: FloatArray) -> float:
    """Satterthwaite by numerical derivatives, V written out in full."""
    _, design, used, _ = series(case)
    times, x = np.flatnonzero(used), design[used]
    distance = np.abs(times[:, None] - times[None, :])
    found = fitted(case)
    theta = np.array([found.dispersion, found.rho], dtype=float)

    def v(at: FloatArray) -> FloatArray:
        return np.asarray(at[0] * at[1] ** distance)

    def variance(at: FloatArray) -> float:
        return float(contrast @ np.linalg.inv(x.T @ np.linalg.inv(v(at)) @ x) @ contrast)

    steps = 1e-5 * np.eye(2)
    slope = np.array([(variance(theta + h) - variance(theta - h)) / 2e-5 for h in steps])
    moved = [(v(theta + h) - v(theta - h)) / 2e-5 for h in steps]
    inverse = np.linalg.inv(v(theta))
    p = inverse - inverse @ x @ np.linalg.inv(x.T @ inverse @ x) @ x.T @ inverse
    information = np.array([[np.trace(p @ a @ p @ b) / 2 for b in moved] for a in moved])
    return 2 * variance(theta) ** 2 / float(slope @ np.linalg.inv(information) @ slope)


@pytest.mark.parametrize("case", ["positive", "negative", "holes", "short"])
def test_degrees_of_freedom_are_those_of_the_formula_written_out(case: str) -> None:
    found = fitted(case)
    for contrast in (np.eye(6)[2], np.eye(6)[3], np.array([0, 0, 1, 5.5, 0, 0])):
        assert found.contrast(contrast).df == pytest.approx(brute_df(case, contrast), rel=1e-5)


@given(st.floats(-0.95, 0.95), st.lists(st.booleans(), min_size=6, max_size=20))
@settings(max_examples=50, deadline=None)
def test_whitening_inverts_the_correlation_over_calendar_distance(rho: float, mask: list[bool]) -> None:
    times = np.flatnonzero(np.array([True, *mask]))
    roots = whiten(np.eye(len(times)), times, rho)
    distance = np.abs(times[:, None] - times[None, :])
    np.testing.assert_allclose(roots @ np.power(rho, distance) @ roots.T, np.eye(len(times)), atol=1e-9)


def test_an_unused_period_is_never_read_and_still_counts_as_time() -> None:
    y, design, used, _ = series("holes")
    assert np.isnan(y[~used]).all()
    closed = ar1_reml(y[used], design[used], np.ones(int(used.sum()), dtype=bool))
    found = fitted("holes")
    assert isinstance(closed, SeriesFit)
    assert np.isfinite(found.params).all()
    assert np.isnan(found.residuals[~used]).all()
    assert closed.rho != pytest.approx(found.rho, abs=1e-3)


@given(st.floats(0.01, 100), st.floats(-50, 50))
@settings(max_examples=25, deadline=None)
def test_units_and_origin_change_nothing(scale: float, shift: float) -> None:
    y, design, used, _ = series("positive")
    found, moved = ar1_reml(y, design, used), ar1_reml(scale * y + shift, design, used)
    assert isinstance(found, SeriesFit)
    assert isinstance(moved, SeriesFit)
    level = np.eye(6)[2]
    first, second = found.contrast(level), moved.contrast(level)
    assert second.value == pytest.approx(scale * first.value, rel=1e-5)
    assert second.std_error == pytest.approx(scale * first.std_error, rel=1e-5)
    assert second.df == pytest.approx(first.df, rel=1e-4)


def test_a_series_without_noise_has_an_estimate_and_no_inference() -> None:
    _, design, used, _ = series("positive")
    found = ar1_reml(design @ np.array([5.0, 0.1, -2.0, 0.3, 1.0, 0.5]), design, used)
    assert isinstance(found, SeriesFit)
    assert found.exact
    value = found.contrast(np.eye(6)[2])
    assert value.value == pytest.approx(-2.0)
    assert value.interval(0.95) is None
    assert value.p_value() is None


def test_it_refuses_in_words() -> None:
    y, design, used, _ = series("short")
    few = used & (np.arange(len(used)) < 8)
    collinear = np.column_stack([design, design[:, 1]])
    for matrix, mask, word in ((design, few, "degrees of freedom"), (collinear, used, "tell the terms apart")):
        found = ar1_reml(y, matrix, mask)
        assert isinstance(found, NoInference)
        assert word in found.reason


def test_at_the_edge_of_the_correlation_the_degrees_of_freedom_are_n_minus_k_and_it_says_so() -> None:
    # A trend broken at a place the design does not know leaves residuals in two long runs.
    y = np.concatenate([np.zeros(20), np.ones(20)]) + 1e-3 * np.cos(np.arange(40) ** 2)
    design = np.ones((40, 1))
    found = ar1_reml(y, design, np.ones(40, dtype=bool))
    assert isinstance(found, SeriesFit)
    assert (found.rho or 0) > 0.99
    assert found.contrast(np.ones(1)).df == 39
    assert "edge" in found.df_note


RUNS, MONTHS = 400, 48


def rejected(rho: float, *, satterthwaite: bool) -> float:
    """Share of series without a change in which the t test of a level change finds one at 5%."""
    rng = np.random.default_rng(11)
    t = np.arange(MONTHS, dtype=float)
    design = np.column_stack([np.ones(MONTHS), t - 36, t >= 36])
    p_values = []
    for _ in range(RUNS):
        u = rng.normal(size=MONTHS)
        for month in range(1, MONTHS):
            u[month] = rho * u[month - 1] + np.sqrt(1 - rho**2) * u[month]
        found = ar1_reml(u, design, np.ones(MONTHS, dtype=bool))
        assert isinstance(found, SeriesFit)
        value, error, df = found.contrast(np.eye(3)[2])
        p_values.append(2 * stats.t.sf(abs(value) / error, df if satterthwaite else found.df))
    return float(np.mean(np.array(p_values) < 0.05))


def test_satterthwaite_brings_the_size_nearer_to_its_name() -> None:
    # 400 runs: standard error 1.1 points at a true 5%, 1.6 at 11%
    correlated, usual = rejected(0.5, satterthwaite=True), rejected(0.5, satterthwaite=False)
    assert correlated < usual
    assert 0.02 < correlated < 0.115
    assert 0.02 < rejected(0.0, satterthwaite=True) < 0.09
