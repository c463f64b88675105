"""Bounds under a break from parallel trends: by hand, by linear programming, and how often they hold the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from models.arrays import BoolArray, FloatArray
from models.honest_bounds import (
    Look,
    bends,
    breakdown_bend,
    breakdown_times,
    line_through,
    lines,
    look,
    relative_magnitudes,
    shortest,
    smoothness,
    steps,
    worst_bias,
)
from models.inference.headline import headline_test
from models.inference.refusal import NoInference
from models.inference.ttest import TTest

EXACT = 1e-9  # two routes to the same number
SOLVED = 1e-6  # linear programs are solved to about this
REPEATS = 800
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors, 2.3 points, of a share of 95%


def first(treated: int, areas: int) -> BoolArray:
    return np.arange(areas) < treated


def positions(before: int, after: int, gap: float = 1.0) -> FloatArray:
    return np.concatenate([np.arange(before) - (before - 1.0), np.arange(after) + gap])


def looked(values: FloatArray, treated: BoolArray, x: FloatArray, level: float = 0.95) -> Look:
    found = look(values, treated, x, int((x <= 0).sum()), level)
    assert isinstance(found, Look)
    return found


def known(estimate: list[float], x: FloatArray) -> Look:
    """Build a look at estimates without any play of chance."""
    return Look(np.asarray(estimate), np.zeros((3, len(estimate))), 5.0, 2.57, 0.0, x, int((x <= 0).sum()))


# By hand -------------------------------------------------------------------------------------------------------------


def test_relative_magnitudes_by_hand() -> None:
    # Steps before: 0.02, 0.01, -0.03 (from -0.0, 0.02, 0.03 to 0). Two bins after: bias m (K + 1)/2 = 0.03 x 3/2.
    found = known([0.0, 0.02, 0.03, 0.0, -0.10, -0.14], positions(4, 2))
    assert found.largest_step == pytest.approx(0.03)
    assert found.reach == pytest.approx(1.5)
    result = relative_magnitudes(found, 2.0)
    assert result.estimate == pytest.approx(-0.12)
    assert result.bounds == pytest.approx((-0.12 - 0.09, -0.12 + 0.09))
    assert result.interval == pytest.approx(result.bounds)
    assert breakdown_times(found) == pytest.approx(0.12 / 0.045)


def test_smoothness_by_hand() -> None:
    # The last step is -0.03, so the line through the last two bins falls by 0.045 to the middle of the two after; bends
    # within +-M move that by M (K + 1)(K + 2)/6 = 2M. With M large no line through more bins is shorter.
    found = known([0.0, 0.02, 0.03, 0.0, -0.10, -0.14], positions(4, 2))
    result = smoothness(found, 0.01)
    assert result.estimate == pytest.approx(-0.12 + 0.045)
    assert result.bounds == pytest.approx((-0.075 - 0.02, -0.075 + 0.02))
    assert found.largest_bend == pytest.approx(0.04)
    assert breakdown_bend(found) == pytest.approx(0.075 / 2)


def test_a_straight_line_goes_on() -> None:
    x = positions(5, 3)
    found = known([*(0.02 * x[:5]), *(0.02 * x[5:] - 0.3)], x)
    assert [line.estimate for line in lines(found)] == pytest.approx([-0.3] * 4)
    assert smoothness(found, 0.0).interval == pytest.approx((-0.3, -0.3))


def test_half_widths_are_the_collapsed_t_of_each_end() -> None:
    rng = np.random.default_rng(1)
    x, treated = positions(3, 2), first(2, 7)
    values = rng.normal(size=(7, 5))
    found = looked(values, treated, x)
    limits = []
    for sign in (-1, 1):
        for s in range(2):
            c = found.mean_after + sign * 1.5 * 0.7 * steps(x)[s]
            test = headline_test(values @ c, treated, 0.95)
            assert isinstance(test, TTest)
            limits.append(test.interval)
    low, high = zip(*limits, strict=True)
    assert relative_magnitudes(found, 0.7).interval == pytest.approx((min(low), max(high)), rel=EXACT)


def test_areas_that_moved_exactly_alike_give_no_interval() -> None:
    values = np.outer(np.ones(5), np.arange(4.0))
    assert isinstance(look(values, first(2, 5), positions(2, 2), 2, 0.95), NoInference)


# Standard errors are those of the headline ---------------------------------------------------------------------------


@pytest.mark.parametrize(("treated", "areas"), [(2, 7), (1, 3), (3, 40), (10, 30)])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_contrast_has_the_headlines_standard_error(treated: int, areas: int, *, weighted: bool) -> None:
    rng = np.random.default_rng(treated)
    values, mask, x = rng.normal(size=(areas, 6)), first(treated, areas), positions(4, 2)
    weights = rng.uniform(1, 5, areas) if weighted else None
    found = look(values, mask, x, 4, 0.9, weights)
    assert isinstance(found, Look)
    for c in (found.mean_after, line_through(found, 3), steps(x)[0]):
        test = headline_test(values @ c, mask, 0.9, weights=weights)
        assert isinstance(test, TTest)
        assert c @ found.estimate == pytest.approx(test.estimate, abs=EXACT)
        assert np.linalg.norm(found.factor @ c) == pytest.approx(test.std_error, rel=EXACT)
        assert found.df == pytest.approx(test.df, rel=EXACT)
        half = (test.interval[1] - test.interval[0]) / 2
        assert found.critical * test.std_error == pytest.approx(half, rel=EXACT)


# Linear programming --------------------------------------------------------------------------------------------------


def largest_mean(x: FloatArray, rows: FloatArray, limits: FloatArray, fixed: FloatArray) -> float:
    """Largest mean of the path after the start, with ``|rows @ path| <= limits`` and the path before it as `fixed`."""
    before = len(fixed)
    after = len(x) - before
    objective = np.concatenate([np.zeros(before), np.full(after, -1 / after)])
    equal = np.hstack([np.eye(before), np.zeros((before, after))])
    result = optimize.linprog(
        objective,
        A_ub=np.vstack([rows, -rows]),
        b_ub=np.concatenate([limits, limits]),
        A_eq=equal,
        b_eq=fixed,
        bounds=[(None, None)] * len(x),
    )
    assert result.success
    return float(-result.fun)


clocks = st.tuples(st.integers(2, 6), st.integers(1, 6), st.floats(0.5, 2.5))
paths = st.lists(st.floats(-1, 1), min_size=6, max_size=6)


@settings(max_examples=60, deadline=None)
@given(clocks, paths, st.floats(0, 3))
def test_relative_magnitudes_are_the_largest_of_the_polyhedron(
    clock: tuple[int, int, float], path: list[float], times: float
) -> None:
    before, after, gap = clock
    x = positions(before, after, gap)
    fixed = np.asarray([*path[: before - 1], 0.0])
    found = known([*fixed, *np.zeros(after)], x)
    after_steps = steps(x)[before - 1 :]
    limits = np.full(after, times * found.largest_step)
    worst = largest_mean(x, after_steps, limits, fixed)
    assert relative_magnitudes(found, times).bounds[1] == pytest.approx(worst, abs=SOLVED)


@pytest.mark.parametrize("after", [1, 2, 3, 6, 12])
def test_closed_forms_for_evenly_spaced_bins(after: int) -> None:
    x = positions(3, after)
    found = known([0.0] * len(x), x)
    assert found.reach == pytest.approx((after + 1) / 2)
    assert worst_bias(line_through(found, 2), x) == pytest.approx((after + 1) * (after + 2) / 6)
    # Twelve months: 6.5 steps, and a bend that comes to 30 times its size.


@settings(max_examples=60, deadline=None)
@given(clocks, paths, st.floats(0.01, 3))
def test_smoothness_around_the_last_step_is_the_largest_of_the_polyhedron(
    clock: tuple[int, int, float], path: list[float], bend: float
) -> None:
    before, after, gap = clock
    x = positions(before, after, gap)
    fixed = np.asarray([*path[: before - 1], 0.0])
    later = bends(x)[before - 2 :]
    worst = largest_mean(x, later, np.full(len(later), bend), fixed)
    c = line_through(known([*fixed, *np.zeros(after)], x), 2)
    extrapolated = -float(c[:before] @ fixed)
    assert extrapolated + bend * worst_bias(c, x) == pytest.approx(worst, abs=SOLVED * (1 + abs(worst)))


@settings(max_examples=60, deadline=None)
@given(clocks, st.data())
def test_the_bias_of_a_longer_line_is_the_largest_over_all_smooth_paths(
    clock: tuple[int, int, float], data: st.DataObject
) -> None:
    before, after, gap = clock
    x = positions(before, after, gap)
    through = data.draw(st.integers(2, before))
    c = line_through(known([0.0] * len(x), x), through)
    rows = bends(x)
    # The line is blind to level and slope, so two coordinates of the path may be fixed at nought.
    equal = np.zeros((2, len(x)))
    equal[0, before - 1] = equal[1, before - 2] = 1
    result = optimize.linprog(
        -c,
        A_ub=np.vstack([rows, -rows]),
        b_ub=np.ones(2 * len(rows)),
        A_eq=equal,
        b_eq=np.zeros(2),
        bounds=[(None, None)] * len(x),
    )
    assert result.success
    assert worst_bias(c, x) == pytest.approx(float(-result.fun), rel=SOLVED)


# Breakdown values ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(1, 4), st.floats(0, 30))
def test_intervals_grow_and_the_breakdown_is_where_they_reach_no_effect(
    seed: int, before: int, after: int, effect: float
) -> None:
    rng = np.random.default_rng(seed)
    x, treated = positions(before, after), first(2, 7)
    values = rng.normal(size=(7, before + after))
    values[:2, before:] += effect
    found = looked(values, treated, x)
    grid = [relative_magnitudes(found, times).interval for times in np.linspace(0, 10, 41)]
    low, high = np.asarray(grid).T
    assert (np.diff(low) <= EXACT).all()
    assert (np.diff(high) >= -EXACT).all()
    at = breakdown_times(found)
    holds_at_once, holds_last = low[0] <= 0 <= high[0], low[-1] <= 0 <= high[-1]
    assert (at == 0) == bool(holds_at_once)
    assert (at is None) == bool(not holds_last)
    if at:
        limits = relative_magnitudes(found, at).interval
        assert min(abs(limit) for limit in limits) == pytest.approx(0, abs=SOLVED)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 4), st.floats(0, 60))
def test_a_smaller_bend_than_the_breakdown_leaves_no_effect_outside(
    seed: int, before: int, after: int, effect: float
) -> None:
    rng = np.random.default_rng(seed)
    x, treated = positions(before, after), first(2, 7)
    values = rng.normal(size=(7, before + after))
    values[:2, before:] += effect
    found = looked(values, treated, x)
    at = breakdown_bend(found)

    def holds(bend: float) -> bool:
        low, high = smoothness(found, bend).interval
        return low <= 0 <= high

    assert holds(at * (1 + 1e-9) + 1e-12)
    assert not any(holds(bend) for bend in np.linspace(0, at, 50, endpoint=False)) if at else holds(0.0)


def test_long_lines_are_taken_for_small_bends_and_the_last_step_for_large_ones() -> None:
    rng = np.random.default_rng(3)
    found = looked(rng.normal(size=(7, 8)), first(2, 7), positions(6, 2))
    candidates = lines(found)
    taken = [shortest(found, candidates, bend).bins for bend in (0.0, 0.05, 0.3, 1.0, 100.0)]
    assert taken[0] == 6
    assert taken[-1] == 2
    assert taken == sorted(taken, reverse=True)


# Coverage ------------------------------------------------------------------------------------------------------------


def shares(path: FloatArray, x: FloatArray, times: float, bend: float, rho: float) -> tuple[float, float, float]:
    """Share of runs in which the bounds hold an effect of nought: magnitudes, smoothness, and bounds with one width."""
    rng = np.random.default_rng(17)
    treated = first(2, 7)
    lag = np.abs(np.subtract.outer(np.arange(len(x)), np.arange(len(x))))
    root = np.linalg.cholesky(rho**lag)
    held = np.zeros(3)
    for _ in range(REPEATS):
        values = rng.standard_normal((7, len(x))) @ root.T
        values[treated] += path
        found = looked(values, treated, x)
        magnitudes, smooth = relative_magnitudes(found, times), smoothness(found, bend)
        half = found.critical * float(np.linalg.norm(found.factor @ found.mean_after))
        ends = [magnitudes.interval, smooth.interval, (magnitudes.bounds[0] - half, magnitudes.bounds[1] + half)]
        held += [low <= 0 <= high for low, high in ends]
    share = held / REPEATS
    return float(share[0]), float(share[1]), float(share[2])


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_the_truth_is_held_at_the_level_when_trends_are_parallel(rho: float) -> None:
    x = positions(4, 2)
    magnitudes, smooth, _ = shares(np.zeros(6), x, times=0.0, bend=0.0, rho=rho)
    assert magnitudes == pytest.approx(0.95, abs=MONTE_CARLO)
    assert smooth == pytest.approx(0.95, abs=MONTE_CARLO)


def test_the_truth_is_held_under_the_worst_break_that_the_restriction_allows() -> None:
    # One large step before the start; every later one twice as large, so that the effect lies at the end of the bounds.
    x = positions(4, 2)
    path = np.asarray([-3.0, -3.0, 0.0, 0.0, 6.0, 12.0])
    magnitudes, _, one_width = shares(path, x, times=2.0, bend=0.0, rho=0.3)
    assert magnitudes >= 0.95 - MONTE_CARLO
    # Bounds with the width of the effect alone take the step as known, and fall far short of their level.
    assert one_width < 0.85


@pytest.mark.parametrize("bend", [0.3, 3.0])
def test_the_truth_is_held_under_the_worst_bends(bend: float) -> None:
    x = positions(4, 2)
    path = bend * x**2 / 2
    assert np.abs(bends(x) @ path) == pytest.approx(np.full(4, bend))
    _, smooth, _ = shares(path, x, times=0.0, bend=bend, rho=0.3)
    assert smooth >= 0.95 - MONTE_CARLO
