"""Confidence sets by normal theory: published numbers, the linear programs they stand for, and coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from models.arrays import FloatArray
from models.honest_sets import (
    EventStudy,
    _vertices,
    conditional_set,
    fixed_length,
    folded_quantile,
    set_holds,
)

LEVEL = 0.95
PRINTED = 5e-5  # half the last printed digit
SIMULATED = 3e-5  # the published half-length rests on a simulated quantile: 1.96224 (R, seed 0) instead of 1.95996
SEARCHED = 3.7e-4  # the published sets are the outermost points accepted of a grid with this step, 40 SE / 999
EXACT = 1e-8
SOLVED = 1e-6  # linear programs are solved to about this
REPEATS = 400
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors, 3.3 points, of a share of 95%

# Medicaid expansion (ehec) of the HonestDiD README: 22 states that expanded in 2014 against 21 that had not by 2015,
# share insured, 2008 to 2015 against 2013. Two-way fixed effects with one covariance clustered by state (CR1, factor
# 43/42 x 343/329, 15 parameters), computed from the state panel of the Mixtape-Sessions course "Advanced DID"
# (Exercises/Data/ehec_data.csv); the interval published for M = 0.02 fixes the factor.
ESTIMATES = np.asarray(
    [-0.005285342424, -0.0112973184, -0.002675975541, -0.001419311905, 0.0003396774892, 0.0464468645, 0.0692061803]
)
LOWER = (
    (7.48848471e-05,),
    (6.039875524e-05, 7.266499061e-05),
    (4.44461869e-05, 3.789328116e-05, 5.052050724e-05),
    (3.385765599e-05, 2.866576307e-05, 2.673677951e-05, 4.00322178e-05),
    (4.328013509e-05, 4.543321343e-05, 2.778193833e-05, 2.412860869e-05, 5.462665387e-05),
    (4.765882184e-05, 4.428852685e-05, 3.060645424e-05, 2.380869371e-05, 3.682535316e-05, 8.375674029e-05),
    (
        2.425129537e-05,
        2.824655793e-05,
        9.637548016e-06,
        2.923901909e-06,
        9.72297779e-06,
        6.321403303e-05,
        0.0001071235815,
    ),
)
FIRST_YEAR, MEAN = np.asarray([1.0, 0.0]), np.asarray([0.5, 0.5])


def with_reference(estimate: FloatArray, covariance: FloatArray, before: int) -> EventStudy:
    """Place the reference after the first `before` of evenly spaced estimates, which leave it out."""
    size = len(estimate) + 1
    kept = np.arange(size) != before
    full, spread = np.zeros(size), np.zeros((size, size))
    full[kept], spread[np.ix_(kept, kept)] = estimate, covariance
    return EventStudy(full, spread, np.arange(size, dtype=np.float64) - before, before + 1)


def ehec() -> EventStudy:
    lower = np.zeros((7, 7))
    for i, row in enumerate(LOWER):
        lower[i, : i + 1] = row
    return with_reference(ESTIMATES, lower + np.tril(lower, -1).T, 5)


# Published -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bend", "published"),
    [(0.0, (0.0259, 0.0607)), (0.01, (0.0132, 0.0787)), (0.02, (0.00286, 0.0907)), (0.03, (-0.00714, 0.101))],
)
def test_fixed_length_intervals_are_those_of_the_readme(bend: float, published: tuple[float, float]) -> None:
    printed = 5 * PRINTED if published[1] >= 0.1 else PRINTED
    low, high = fixed_length(ehec(), FIRST_YEAR, bend, LEVEL)
    assert low == pytest.approx(published[0], abs=PRINTED + SIMULATED)
    assert high == pytest.approx(published[1], abs=printed + SIMULATED)


@pytest.mark.parametrize(
    ("times", "published"),
    [(0.5, (0.0241, 0.0673)), (1.0, (0.0171, 0.0720)), (1.5, (0.0086, 0.0796)), (2.0, (-0.0011, 0.0883))],
)
def test_conditional_sets_are_those_of_the_readme(times: float, published: tuple[float, float]) -> None:
    found = conditional_set(ehec(), FIRST_YEAR, times, LEVEL)
    assert found == pytest.approx(published, abs=SEARCHED)


@pytest.mark.parametrize(
    ("times", "published"),
    [
        (0.0, (0.04053, 0.07512)),
        (0.5, (0.03214, 0.07982)),
        (1.0, (0.01938, 0.09015)),
        (1.5, (0.00582, 0.10350)),
        (2.0, (-0.00854, 0.11725)),
    ],
)
def test_sets_for_the_mean_of_both_years_are_those_stored_with_the_readme(
    times: float, published: tuple[float, float]
) -> None:
    found = conditional_set(ehec(), MEAN, times, LEVEL)
    assert found == pytest.approx(published, abs=SEARCHED)


# By hand -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.0, 4.0, 7.0, 30.0])
def test_the_folded_quantile_and_its_slope(mean: float) -> None:
    value, slope = folded_quantile(mean, LEVEL)
    assert stats.norm.cdf(value - mean) - stats.norm.cdf(-value - mean) == pytest.approx(LEVEL, abs=EXACT)
    near = folded_quantile(mean + 1e-4, LEVEL)[0], folded_quantile(max(mean - 1e-4, 0), LEVEL)[0]
    apart = mean + 1e-4 - max(mean - 1e-4, 0)
    assert slope == pytest.approx((near[0] - near[1]) / apart, abs=1e-3)


def test_with_two_bins_before_the_fixed_length_is_the_extrapolated_step() -> None:
    # One bin before the reference: nothing is free. theta = b_1 + b_-1, bias M, variance of the sum.
    covariance = np.asarray([[4.0, 1.0], [1.0, 9.0]])
    low, high = fixed_length(with_reference(np.asarray([0.5, 3.0]), covariance, 1), np.ones(1), 2.0, LEVEL)
    sd = 15.0**0.5
    half = sd * folded_quantile(2 / sd, LEVEL)[0]
    assert (low, high) == pytest.approx((3.5 - half, 3.5 + half), rel=EXACT)


def test_a_straight_line_is_the_generalised_least_squares_trend() -> None:
    # With M = 0 the optimum is the minimum-variance estimator blind to a line through the reference.
    study = ehec()
    b, s = np.delete(study.estimate, 5), np.delete(np.delete(study.covariance, 5, 0), 5, 1)
    x = np.delete(study.positions, 5)
    line = np.zeros((7, 3))
    line[:, 0], line[5, 1], line[6, 2] = x, 1, 1
    inverse = np.linalg.inv(s)
    spread = np.linalg.inv(line.T @ inverse @ line)
    effect = (spread @ line.T @ inverse @ b)[1]
    half = stats.norm.ppf(0.975) * spread[1, 1] ** 0.5
    assert fixed_length(study, FIRST_YEAR, 0.0, LEVEL) == pytest.approx((effect - half, effect + half), abs=1e-7)


def test_no_break_leaves_the_ordinary_interval_nearly_as_it_is() -> None:
    # The hybrid spends a tenth of the error rate on its first stage, which costs a little length.
    study = ehec()
    found = conditional_set(study, MEAN, 0.0, LEVEL)
    half = 1.959964 * (MEAN @ study.covariance[6:, 6:] @ MEAN) ** 0.5
    ordinary = MEAN @ study.estimate[6:] - half, MEAN @ study.estimate[6:] + half
    assert found == pytest.approx(ordinary, rel=0.01)


def test_sets_grow_with_what_is_allowed() -> None:
    study = ehec()
    sets = [conditional_set(study, MEAN, times, LEVEL) for times in (0.0, 0.5, 1.0, 2.0)]
    lows, highs = zip(*[found or (np.nan, np.nan) for found in sets], strict=True)
    assert (np.diff(lows) < 0).all()
    assert (np.diff(highs) > 0).all()
    lengths = [np.subtract(*fixed_length(study, MEAN, bend, LEVEL)[::-1]) for bend in (0.0, 0.005, 0.01, 0.05)]
    assert (np.diff(lengths) > 0).all()


def test_one_effect_at_a_time_agrees_with_the_set() -> None:
    study = ehec()
    low, high = conditional_set(study, MEAN, 1.0, LEVEL) or (np.nan, np.nan)
    for effect, expected in ((low + 1e-5, True), (low - 1e-5, False), (high - 1e-5, True), (high + 1e-5, False)):
        assert set_holds(study, MEAN, 1.0, LEVEL, effect) is expected


# Linear programs -----------------------------------------------------------------------------------------------------


def random_study(seed: int, before: int, after: int) -> EventStudy:
    rng = np.random.default_rng(seed)
    size = before + after
    root = rng.normal(size=(size, size)) + 2 * np.eye(size)
    return with_reference(rng.normal(size=size), root @ root.T, before)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 5), st.floats(0, 2), st.floats(-3, 3))
def test_the_vertices_give_the_least_eta_of_the_linear_program(
    seed: int, before: int, after: int, times: float, effect: float
) -> None:
    # min eta such that some path of effects with l'tau = effect has every restriction met up to eta standard errors.
    study = random_study(seed, before, after)
    rng = np.random.default_rng(seed + 1)
    weights = rng.uniform(0.1, 1, after)
    step = int(rng.integers(0, before))
    sign = float(rng.choice([-1.0, 1.0]))
    rows, slope = _vertices(study, weights, sign * times, step)
    found = float((rows @ study.estimate - slope * effect).max())

    size = before + after + 1
    moves = (np.eye(size, k=1) - np.eye(size))[:-1]
    a = np.vstack([m - sign * times * moves[step] for m in moves[before:]])
    a = np.vstack([a, [-m - sign * times * moves[step] for m in moves[before:]]])
    sd = np.sqrt(np.diag(a @ study.covariance @ a.T))
    tau = a[:, before + 1 :]
    result = optimize.linprog(
        np.concatenate([[1.0], np.zeros(after)]),
        A_ub=np.hstack([-sd[:, None], -tau]),
        b_ub=-(a @ study.estimate),
        A_eq=np.concatenate([[0.0], weights])[None, :],
        b_eq=[effect],
        bounds=[(None, None)] * (after + 1),
    )
    assert result.success
    assert found == pytest.approx(float(result.fun), abs=SOLVED * (1 + abs(found)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 4), st.floats(0.05, 3))
def test_no_other_blind_estimator_gives_a_shorter_fixed_length(seed: int, before: int, after: int, bend: float) -> None:
    study = random_study(seed, before, after)
    weights = np.full(after, 1 / after)
    low, high = fixed_length(study, weights, bend, LEVEL)
    size = before + after + 1
    each = (np.eye(size, k=2) - 2 * np.eye(size, k=1) + np.eye(size))[:-2]
    covariance = each @ study.covariance @ each.T
    fixed = np.linalg.solve(each[before - 1 :, before + 1 :].T, weights)

    def half(free: FloatArray) -> float:
        k = np.concatenate([free, fixed])
        sd = float(np.sqrt(k @ covariance @ k))
        return sd * folded_quantile(bend * float(np.abs(k).sum()) / sd, LEVEL)[0]

    rng = np.random.default_rng(seed)
    others = [half(rng.normal(size=before - 1) * scale) for scale in (0.0, 0.3, 1.0, 3.0) for _ in range(5)]
    found = optimize.minimize(half, np.zeros(before - 1), method="Nelder-Mead") if before > 1 else None
    least = min([*others, *([float(found.fun)] if found is not None else [])])
    assert (high - low) / 2 <= least * (1 + 1e-6)


# Coverage ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("steps", "times"), [((0.0, 0.0, 0.0), 1.0), ((0.0, 2.0, 0.0), 1.0), ((6.0, 0.0, 0.0), 0.5)])
def test_the_set_holds_the_truth_at_its_level_at_the_end_of_what_is_allowed(
    steps: tuple[float, ...], times: float
) -> None:
    rng = np.random.default_rng(5)
    largest = max(steps)
    path = np.cumsum([0.0, *steps, times * largest, times * largest])
    path -= path[3]
    independent = np.eye(6) - np.eye(6)[3]
    covariance = independent @ independent.T
    weights = np.full(2, 0.5)
    held = 0
    for _ in range(REPEATS):
        values = path + rng.standard_normal(6)
        study = EventStudy(values - values[3], covariance, np.arange(6.0) - 3, 4)
        held += set_holds(study, weights, times, LEVEL, 0.0)
    assert held / REPEATS >= LEVEL - MONTE_CARLO


@pytest.mark.slow
def test_fixed_lengths_hold_the_truth_at_their_level_under_the_worst_bends() -> None:
    rng = np.random.default_rng(6)
    path = (np.arange(6.0) - 3) ** 2 / 2
    independent = np.eye(6) - np.eye(6)[3]
    covariance = independent @ independent.T
    held = 0
    for _ in range(REPEATS):
        values = path + rng.standard_normal(6)
        low, high = fixed_length(
            EventStudy(values - values[3], covariance, np.arange(6.0) - 3, 4), np.full(2, 0.5), 1.0, LEVEL
        )
        held += low <= 0 <= high
    assert held / REPEATS >= LEVEL - MONTE_CARLO
