"""Synthetic control, synthetic difference-in-differences and augmented synthetic control, one area at a time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.arrays import FloatArray
from models.case import Case
from models.synthetic.methods import (
    METHODS,
    PENALTIES,
    SMALLEST_PENALTY,
    augmented_control,
    synthetic_control,
    synthetic_did,
)
from models.synthetic.options import SyntheticOptions
from models.synthetic.predictors import predictor_weights, standardised, weighted_by_predictors
from models.synthetic.problem import Problem
from models.synthetic.series import Series, series_of
from models.synthetic.simplex import simplex_weights

PRINTED = 0.0005  # three decimals of other programs' output
PUBLISHED = 0.05  # one decimal is published
SEARCHED = 0.1  # synthetic control of the article: its search stops short of the least gap (-19.6 against -19.5)
EXACT = 1e-8  # the same arithmetic in another order


def problem(seed: int, donors: int = 8, before: int = 12, after: int = 6, predictors: int = 0) -> Problem:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(size=before + after))
    y = rng.normal(1, 0.4, (donors + 1, 1)) * walk + rng.normal(size=(donors + 1, before + after))
    known = rng.normal(size=(predictors, donors + 1))
    return Problem(y[0], y[1:], np.arange(before + after) < before, known, known)


def effect(method: str, given: Problem) -> float:
    return float(METHODS[method](given).gap[~given.before].mean())


def of_california(case: Case) -> Problem:
    series = series_of(case, SyntheticOptions())
    assert isinstance(series, Series)
    return series.problem(0, series.donors)


@pytest.mark.parametrize(
    ("method", "elsewhere", "published", "within"),
    [("sdid", -15.605, -15.6, PUBLISHED), ("sc", -19.514, -19.6, SEARCHED), ("did", -27.349, -27.3, PUBLISHED)],
)
def test_proposition_99(california: Case, method: str, elsewhere: float, published: float, within: float) -> None:
    found = effect(method, of_california(california))
    assert found == pytest.approx(elsewhere, abs=PRINTED)
    assert found == pytest.approx(published, abs=within)


def test_synthetic_did_weighs_the_last_years_before_the_start(california: Case) -> None:
    fit = synthetic_did(of_california(california))
    years = {1970 + int(t): float(w) for t, w in enumerate(fit.periods) if w > 0.001}
    assert list(years) == [1986, 1987, 1988]
    assert sum(years.values()) == pytest.approx(1.0, abs=EXACT)


def test_synthetic_did_is_the_weighted_double_difference() -> None:
    given_ = problem(3)
    fit = synthetic_did(given_)
    early, late = given_.before, ~given_.before
    own = given_.own[late].mean() - fit.periods @ given_.own[early]
    donors = given_.donors[:, late].mean(axis=1) - given_.donors[:, early] @ fit.periods
    assert fit.gap[late].mean() == pytest.approx(own - fit.weights @ donors, abs=EXACT)


def test_an_area_that_is_a_mixture_of_others_is_found_exactly() -> None:
    given_ = problem(5)
    mixture = np.zeros(8)
    mixture[[1, 4]] = 0.3, 0.7
    effect_of_two = np.where(given_.before, 0.0, 2.0)
    found = synthetic_control(replace(given_, own=mixture @ given_.donors + effect_of_two))
    assert found.weights == pytest.approx(mixture, abs=1e-5)  # the penalty of a millionth moves it by so much
    assert found.gap[~given_.before] == pytest.approx(2.0, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_augmented_control_is_synthetic_control_less_the_bias_a_ridge_regression_predicts(seed: int) -> None:
    given_ = problem(seed)
    early = given_.donors[:, given_.before]
    plain, full = synthetic_control(given_), augmented_control(given_)
    penalty = leave_one_period_out(early, given_.own[given_.before])
    centre = early.mean(axis=0)
    inner = np.linalg.inv((early - centre).T @ (early - centre) + penalty * np.eye(early.shape[1]))
    late = given_.donors[:, ~given_.before]
    slopes = inner @ (early - centre).T @ (late - late.mean(axis=0))
    predicted_bias = (given_.own[given_.before] - plain.weights @ early) @ slopes
    assert full.gap[~given_.before] == pytest.approx(plain.gap[~given_.before] - predicted_bias, abs=1e-6)
    assert full.weights.sum() == pytest.approx(1.0, abs=EXACT)


def leave_one_period_out(early: FloatArray, own: FloatArray) -> float:
    """The penalty, written out with inverses: the largest within one standard error of the least error."""
    penalties = np.linalg.norm(early - early.mean(axis=0), 2) ** 2 * SMALLEST_PENALTY ** np.linspace(0, 1, PENALTIES)
    errors = np.empty((len(own), PENALTIES))
    for t in range(len(own)):
        kept = np.arange(len(own)) != t
        x, y = early[:, kept], own[kept]
        w = simplex_weights(x.T, y)
        centred = x - x.mean(axis=0)
        for k, penalty in enumerate(penalties):
            more = centred @ np.linalg.solve(centred.T @ centred + penalty * np.eye(x.shape[1]), y - w @ x)
            errors[t, k] = (own[t] - (w + more) @ early[:, t]) ** 2
    mean = errors.mean(axis=0)
    limit = mean.min() + errors.std(axis=0, ddof=1)[mean.argmin()] / len(own) ** 0.5
    return float(penalties[np.flatnonzero(mean <= limit)[0]])


def test_augmented_control_of_an_area_beyond_the_others_takes_weights_below_nought() -> None:
    given_ = problem(7)
    beyond = replace(given_, own=given_.donors.max(axis=0) + 3 * np.abs(given_.own))
    assert synthetic_control(beyond).weights.min() >= 0
    assert augmented_control(beyond).weights.min() < -0.1


@given(seed=st.integers(0, 10_000), move=st.floats(-50, 50), size=st.floats(0.1, 100))
def test_effects_follow_the_unit_and_a_common_shock_changes_nothing(seed: int, move: float, size: float) -> None:
    given_ = problem(seed)
    shock = np.random.default_rng(seed + 1).normal(0, 5, len(given_.own))
    other = replace(given_, own=size * (given_.own + move + shock), donors=size * (given_.donors + move + shock))
    for method in ("sc", "did"):
        assert effect(method, other) == pytest.approx(size * effect(method, given_), abs=1e-4 * size)


@pytest.mark.parametrize("method", ["sdid", "did"])
def test_a_level_of_its_own_does_not_matter_where_levels_may_differ(method: str) -> None:
    given_ = problem(11)
    higher = replace(given_, own=given_.own + 100)
    assert effect(method, higher) == pytest.approx(effect(method, given_), abs=1e-6)
    assert effect("sc", higher) > effect("sc", given_) + 50


def test_a_predictor_that_misleads_counts_for_little() -> None:
    trend = np.arange(12.0)
    helps, misleads = [0.5, 0.0, 1.0], [1.0, 0.0, 1.0]
    known = np.asarray([helps, misleads])
    given_ = Problem(trend / 2, np.stack([0 * trend, trend]), trend < 8, known, known)
    assert weighted_by_predictors(known, np.asarray([0.5, 0.5]))[1] > 0.6
    counts = predictor_weights(given_)
    assert counts.sum() == pytest.approx(1.0, abs=EXACT)
    assert counts[0] > 0.99
    assert synthetic_control(given_).weights == pytest.approx([0.5, 0.5], abs=0.01)


def test_predictors_are_chosen_by_the_validation_periods_with_those_of_before() -> None:
    given_ = problem(17, predictors=3)
    other = replace(given_, training=np.random.default_rng(2).normal(size=(3, 9)), validation=4)
    counts = predictor_weights(other)
    assert counts.tolist() == predictor_weights(replace(other, predictors=other.training)).tolist()
    untouched = other.own.copy()
    untouched[:8] += 5  # earlier periods than the last four of the baseline play no part
    assert counts.tolist() == predictor_weights(replace(other, own=untouched)).tolist()
    weights = synthetic_control(other).weights
    assert weights == pytest.approx(weighted_by_predictors(other.predictors, counts), abs=EXACT)


def test_the_choice_of_what_counts_is_no_worse_than_all_alike() -> None:
    for seed in range(5):
        given_ = problem(seed, predictors=4)
        alike = weighted_by_predictors(given_.predictors, np.full(4, 0.25))
        before = given_.before
        chosen = synthetic_control(given_).gap[before]
        plain = (given_.own - alike @ given_.donors)[before]
        assert (chosen**2).mean() <= (plain**2).mean() * (1 + EXACT)


def test_a_predictor_that_does_not_vary_counts_for_nothing() -> None:
    values = np.stack([np.ones(5), np.arange(5.0)])
    scaled = standardised(values)
    assert scaled[0].tolist() == [0.0] * 5
    assert scaled[1].std(ddof=1) == pytest.approx(1.0)
