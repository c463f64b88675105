"""CR2: the closed form against the matrix definition, on the changes and on the whole panel."""

import numpy as np
import pytest
from scipy import linalg, stats

from models.arrays import FloatArray, IntArray
from models.inference.cr2 import bell_mccaffrey_df, cr2
from models.inference.refusal import NoInference
from models.inference.ttest import TTest

EXACT = 1e-9  # matrix square roots and eigenvalues against arithmetic


def brute_force(y: FloatArray, design: FloatArray, column: int, cluster: IntArray) -> tuple[float, float, float]:
    """Coefficient, CR2 standard error and Bell-McCaffrey df, straight from the definition."""
    inverse = np.linalg.pinv(design.T @ design)
    residual_maker = np.eye(len(y)) - design @ inverse @ design.T
    beta, residuals, row = inverse @ design.T @ y, residual_maker @ y, inverse[column]
    variance, weights = 0.0, []
    for g in np.unique(cluster):
        members = cluster == g
        eigenvalues, vectors = linalg.eigh(residual_maker[np.ix_(members, members)])
        root = np.where(eigenvalues > 1e-10, np.maximum(eigenvalues, 1e-300) ** -0.5, 0.0)
        adjusted = (vectors * root) @ vectors.T @ design[members] @ row
        variance += float(residuals[members] @ adjusted) ** 2
        weights.append(residual_maker[members].T @ adjusted)
    spectrum = np.linalg.eigvalsh(np.asarray(weights) @ np.asarray(weights).T)
    return float(beta[column]), variance**0.5, float(spectrum.sum() ** 2 / (spectrum**2).sum())


@pytest.mark.parametrize(("treated", "areas"), [(2, 7), (3, 6), (2, 4), (4, 20)])
def test_the_closed_form_is_the_definition(treated: int, areas: int) -> None:
    changes, mask = np.random.default_rng(areas).normal(size=areas), np.arange(areas) < treated
    design = np.column_stack([np.ones(areas), mask])
    estimate, std_error, df = brute_force(changes, design, 1, np.arange(areas))
    result = cr2(changes, mask, 0.95)
    assert isinstance(result, TTest)
    assert (result.estimate, result.std_error, result.df) == pytest.approx((estimate, std_error, df), rel=EXACT)
    half = stats.t.ppf(0.975, df) * std_error
    assert result.interval == pytest.approx((estimate - half, estimate + half), rel=EXACT)
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(estimate) / std_error, df), rel=EXACT)


def test_the_whole_panel_gives_the_same_as_the_changes() -> None:
    areas, periods, before = 7, 12, 8
    y = np.random.default_rng(1).normal(size=(areas, periods))
    mask, post = np.arange(areas) < 2, np.arange(periods) >= before
    area, period = (index.ravel() for index in np.indices(y.shape))
    design = np.column_stack(
        [
            mask[area] & post[period],
            area[:, None] == np.arange(areas),
            period[:, None] == np.arange(1, periods),
        ]
    ).astype(np.float64)
    expected = brute_force(y.ravel(), design, 0, area)
    result = cr2(y[:, post].mean(axis=1) - y[:, ~post].mean(axis=1), mask, 0.95)
    assert isinstance(result, TTest)
    assert (result.estimate, result.std_error, result.df) == pytest.approx(expected, rel=EXACT)


def test_two_of_seven_leaves_under_two_degrees_of_freedom() -> None:
    df = bell_mccaffrey_df(2, 5)
    assert df == pytest.approx(1.885, abs=0.0005)
    assert df == pytest.approx(0.49 / 0.26)
    assert stats.t.ppf(0.975, df) == pytest.approx(4.565, abs=0.0005)


@pytest.mark.parametrize(("treated", "group"), [(1, "one treated area"), (4, "one comparison area")])
def test_one_area_in_a_group_is_refused(treated: int, group: str) -> None:
    result = cr2(np.asarray([1.0, 2.0, 4.0, 3.0, 0.0]), np.arange(5) < treated, 0.95)
    assert isinstance(result, NoInference)
    assert group in result.reason


def test_a_perfect_fit_is_refused() -> None:
    assert isinstance(cr2(np.asarray([2.0, 2.0, 1.0, 1.0]), np.arange(4) < 2, 0.95), NoInference)
