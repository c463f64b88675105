"""Ratios a test does not reject: closed form against a search, and against what can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.inference.anderson_rubin import Accepted, invert_headline, invert_permutation
from models.inference.collapsed import collapsed_t
from models.inference.headline import headline_test
from models.inference.permutation import permutation_test
from models.inference.refusal import NoInference
from models.inference.ttest import TTest

NUMERICAL = 1e-9  # variances are read from three standard errors, which loses a few digits
EDGE = 1e-6  # of the width of a range: how close to a limit the search looks
FAR = 1e7  # stands for infinity in the search
SEVEN = np.arange(7) < 2


def world(seed: int, treated: int, comparison: int, rise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Changes in outcome and uptake of each area, and the mask of treated areas."""
    rng = np.random.default_rng(seed)
    mask = np.arange(treated + comparison) < treated
    uptake = np.where(mask, rise + 0.1 * rng.normal(size=len(mask)), 0.02 * rng.normal(size=len(mask)))
    return 0.3 * uptake + 0.05 * rng.normal(size=len(mask)), uptake, mask


def kept_by_t(top: np.ndarray, bottom: np.ndarray, treated: np.ndarray, c: float, level: float) -> bool:
    found = headline_test(top - c * bottom, treated, level)
    assert isinstance(found, TTest)
    return found.p_value > 1 - level


def kept_by_permutation(top: np.ndarray, bottom: np.ndarray, treated: np.ndarray, c: float, level: float) -> bool:
    return permutation_test(top - c * bottom, treated, level).p_value > 1 - level + 1e-12


@given(
    seed=st.integers(0, 10_000),
    treated=st.integers(1, 5),
    comparison=st.integers(2, 20),
    rise=st.sampled_from([0.02, 0.1, 0.6]),
    level=st.sampled_from([0.8, 0.95]),
)
@settings(max_examples=60, deadline=None)
def test_the_closed_form_is_what_a_search_over_ratios_finds(
    seed: int, treated: int, comparison: int, rise: float, level: float
) -> None:
    top, bottom, mask = world(seed, treated, comparison, rise)
    found = invert_headline(top, bottom, mask, level)
    assert isinstance(found, Accepted)
    limits = found.interval or found.rejected
    if limits is None:
        assert all(kept_by_t(top, bottom, mask, c, level) for c in np.linspace(-20, 20, 201))
        return
    step = EDGE * (limits[1] - limits[0])
    within = found.interval is not None
    for limit, inwards in zip(limits, (step, -step), strict=True):
        assert kept_by_t(top, bottom, mask, limit + inwards, level) is within
        assert kept_by_t(top, bottom, mask, limit - inwards, level) is not within
    assert kept_by_t(top, bottom, mask, FAR, level) is not within


@given(seed=st.integers(0, 10_000), treated=st.integers(1, 3), rise=st.sampled_from([0.05, 0.6]))
@settings(max_examples=40, deadline=None)
def test_the_permutation_limits_are_the_outermost_ratios_kept(seed: int, treated: int, rise: float) -> None:
    top, bottom, mask = world(seed, treated, 5, rise)
    level = 0.8
    found = invert_permutation(top, bottom, mask, level)
    if found is None:
        assert any(kept_by_permutation(top, bottom, mask, c, level) for c in (-FAR, FAR))
        return
    step = EDGE * (found[1] - found[0])
    for limit, inwards in zip(found, (step, -step), strict=True):
        assert kept_by_permutation(top, bottom, mask, limit + inwards, level)
    beyond = [found[0] - step, *np.linspace(found[0] - 5, found[0] - step, 20), -FAR]
    beyond += [found[1] + step, *np.linspace(found[1] + step, found[1] + 5, 20), FAR]
    assert not any(kept_by_permutation(top, bottom, mask, c, level) for c in beyond)


def test_an_uptake_that_is_the_same_in_every_treated_area_only_divides() -> None:
    top = np.asarray([-0.09, -0.05, 0.01, 0.0, -0.02, 0.03, 0.01])
    itt = collapsed_t(top, SEVEN, 0.95)
    found = invert_headline(top, np.where(SEVEN, 0.4, 0.0), SEVEN, 0.95)
    assert isinstance(itt, TTest)
    assert isinstance(found, Accepted)
    assert found.interval == pytest.approx([limit / 0.4 for limit in itt.interval], rel=NUMERICAL)
    assert found.test == itt
    permuted = permutation_test(top, SEVEN, 0.95).interval
    assert permuted is not None
    shared = invert_permutation(top, np.where(SEVEN, 0.4, 0.0), SEVEN, 0.95)
    assert shared == pytest.approx([limit / 0.4 for limit in permuted], rel=NUMERICAL)


def test_the_limits_solve_the_quadratic_worked_out_by_hand() -> None:
    # residuals of top (1, -1, 1, -1), of bottom (1, -1, -1, 1) / 10: variances 2 and 0.02 on 2 df, covariance 0
    treated = np.asarray([True, True, False, False])
    top, bottom = np.asarray([5.0, 3, 1, -1]), np.asarray([1.1, 0.9, -0.1, 0.1])
    found = invert_headline(top, bottom, treated, 0.9)
    assert isinstance(found, Accepted)
    critical = 2.919985580**2  # t, 2 df, 95th percentile
    # (4 - c)^2 <= critical (2 + 0.02 c^2)
    roots = np.roots([1 - 0.02 * critical, -8, 16 - 2 * critical])
    assert found.interval == pytest.approx(sorted(roots.real), rel=1e-7)


def test_a_weak_uptake_leaves_out_at_most_a_stretch_in_the_middle() -> None:
    top = np.asarray([1.0, 1.1, 0.0, 0.1, -0.1, 0.05, 0.0])
    bottom = np.asarray([0.3, -0.2, 0.1, -0.1, 0.0, 0.15, -0.15])
    found = invert_headline(top, bottom, SEVEN, 0.95)
    assert isinstance(found, Accepted)
    assert found.interval is None
    assert found.rejected is not None
    assert found.rejected[0] < 0 < found.rejected[1], "no effect at all is rejected, but no effect however large is"


def test_outcomes_without_variation_between_areas_are_refused() -> None:
    found = invert_headline(np.where(SEVEN, 1.0, 0.0), np.where(SEVEN, 0.5, 0.1), SEVEN, 0.95)
    assert isinstance(found, NoInference)
    assert "same amount" in found.reason


REPEATS = 1_000
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors of a coverage of 95%: 2.1 points


@pytest.mark.parametrize("rise", [0.6, 0.05, 0.0])
def test_the_true_ratio_is_kept_95_times_in_100_at_two_of_seven_however_weak_the_uptake(rise: float) -> None:
    rng, truth, kept, bounded = np.random.default_rng(11), -0.4, 0, 0
    for _ in range(REPEATS):
        bottom = np.where(SEVEN, rise, 0.0) + 0.05 * rng.normal(size=7)
        # what drives uptake drives the outcome too, as in an area where everything goes well
        top = truth * bottom + 0.04 * rng.normal(size=7)
        found = invert_headline(top, bottom, SEVEN, 0.95)
        assert isinstance(found, Accepted)
        bounded += found.interval is not None
        if found.interval is not None:
            kept += found.interval[0] <= truth <= found.interval[1]
        else:
            kept += found.rejected is None or not found.rejected[0] < truth < found.rejected[1]
    assert kept / REPEATS == pytest.approx(0.95, abs=MONTE_CARLO)
    if rise == 0.0:
        assert bounded / REPEATS == pytest.approx(0.05, abs=MONTE_CARLO), "bounded only where uptake seems to differ"
