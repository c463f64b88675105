"""The rule of the headline: chosen by numbers of areas alone, and sound on both sides of its thresholds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.arrays import FloatArray
from models.inference.collapsed import collapsed_t
from models.inference.cr2 import bell_mccaffrey_df, cr2
from models.inference.headline import ENOUGH_AREAS, ENOUGH_IN_A_GROUP, Method, choose, headline_test
from models.inference.permutation import attainable_p, permutation_test
from models.inference.refusal import NoInference, floor_words
from models.inference.ttest import TTest

REPEATS = 2_000
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors of a 5% rejection rate: 1.5 points
NAMES = {Method.COLLAPSED_T: collapsed_t, Method.CLUSTER_ROBUST: cr2}


@pytest.mark.parametrize(
    ("treated", "comparison", "method"),
    [
        (1, 1, Method.NONE),
        (1, 2, Method.COLLAPSED_T),
        (2, 5, Method.COLLAPSED_T),
        (4, 15, Method.COLLAPSED_T),
        (4, 16, Method.CLUSTER_ROBUST),
        (16, 4, Method.CLUSTER_ROBUST),
        (17, 3, Method.COLLAPSED_T),
        (3, 3_000, Method.COLLAPSED_T),
        (300, 2_700, Method.CLUSTER_ROBUST),
    ],
)
def test_the_rule(treated: int, comparison: int, method: Method) -> None:
    assert choose(treated, comparison).method is method


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 1_000))
def test_the_test_is_the_one_the_rule_names_whatever_the_changes(treated: int, comparison: int, seed: int) -> None:
    changes = np.random.default_rng(seed).normal(size=treated + comparison)
    mask = np.arange(treated + comparison) < treated
    chosen = choose(treated, comparison)
    found = headline_test(changes, mask, 0.9)
    if chosen.method is Method.NONE:
        assert isinstance(found, NoInference)
        return
    assert found == NAMES[chosen.method](changes, mask, 0.9)
    robust = min(treated, comparison) >= ENOUGH_IN_A_GROUP and treated + comparison >= ENOUGH_AREAS
    assert chosen.why.startswith("at least 20 areas" if robust else "fewer than 20 areas")


def rejected(treated: int, comparison: int, spread: float) -> dict[str, float]:
    """Share of null runs with p <= 0.05 where treated areas have `spread` times the comparison areas' SD."""
    mask = np.arange(treated + comparison) < treated
    runs = np.random.default_rng(treated).normal(size=(REPEATS, len(mask))) * np.where(mask, spread, 1.0)
    return {test.__name__: share(runs, mask, test) for test in (headline_test, collapsed_t)}


def share(runs: FloatArray, mask: np.ndarray, test: object) -> float:
    assert callable(test)
    found = [test(w, mask, 0.95) for w in runs]
    return float(np.mean([isinstance(t, TTest) and t.p_value <= 0.05 for t in found]))


@pytest.mark.parametrize(("treated", "comparison"), [(4, 16), (10, 10), (4, 40)])
def test_at_its_thresholds_the_headline_keeps_its_size_though_treated_areas_vary_more(
    treated: int, comparison: int
) -> None:
    alike, apart = rejected(treated, comparison, 1.0), rejected(treated, comparison, 2.0)
    assert alike["headline_test"] < 0.05 + MONTE_CARLO
    assert apart["headline_test"] < 0.06 + MONTE_CARLO, "6.1% in 40,000 runs at 4 v 16"
    if comparison > treated:
        assert apart["collapsed_t"] > 0.15, "which is why it does not headline here"


def test_under_the_thresholds_the_collapsed_t_keeps_its_size_where_areas_vary_alike() -> None:
    for treated, comparison in ((2, 5), (3, 17), (1, 30)):
        assert rejected(treated, comparison, 1.0)["headline_test"] == pytest.approx(0.05, abs=MONTE_CARLO)
    assert bell_mccaffrey_df(3, 17) < 3, "what CR2 would be left with"


WEIGHTS = np.asarray([80.0, 245, 80, 90, 120, 155, 155])


@pytest.mark.parametrize(
    ("falling", "low", "high"),
    [(0.0, 0.036, 0.050), (1.0, 0.019, 0.050)],  # 4.3% and 2.5% in 20,000 runs
)
def test_weights_keep_the_size_of_two_of_seven_areas(falling: float, low: float, high: float) -> None:
    # Variance constant, or in inverse proportion to size; treated areas are the smallest and the largest.
    mask = np.arange(7) < 2
    runs = np.random.default_rng(8).normal(size=(REPEATS, 7)) * (WEIGHTS.mean() / WEIGHTS) ** (falling / 2)
    found = [collapsed_t(w, mask, 0.95, weights=WEIGHTS) for w in runs]
    size = np.mean([isinstance(t, TTest) and t.p_value <= 0.05 for t in found])
    assert low - MONTE_CARLO / 2 < size < high + MONTE_CARLO / 2
    robust = [cr2(w, mask, 0.95, weights=WEIGHTS) for w in runs]
    assert np.mean([isinstance(t, TTest) and t.p_value <= 0.05 for t in robust]) < 0.05


def test_equal_weights_are_no_weights() -> None:
    changes, mask = np.random.default_rng(9).normal(size=7), np.arange(7) < 2
    for test in (collapsed_t, cr2):
        plain, weighted = test(changes, mask, 0.95), test(changes, mask, 0.95, weights=np.full(7, 3.0))
        assert isinstance(plain, TTest)
        assert isinstance(weighted, TTest)
        assert (weighted.estimate, weighted.std_error, weighted.df) == pytest.approx(
            (plain.estimate, plain.std_error, plain.df), rel=1e-9
        )


def test_a_level_below_the_floor_is_refused_with_a_way_out() -> None:
    mask, changes = np.arange(7) < 2, np.random.default_rng(2).normal(size=7)
    assert permutation_test(changes, mask, 0.95).interval is not None
    assert permutation_test(changes, mask, 0.99).interval is None
    refused = floor_words(attainable_p(2, 5))
    assert "smallest possible p-value is 0.048" in refused
    assert "Ask for 95% or less, or add areas" in refused
    assert floor_words(1.0).endswith("Add areas.")
