"""Summaries of windows: worked by hand, against scipy, and invariant where they must be."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy import optimize, stats

from models.arrays import FloatArray
from models.describe import windows
from models.design import Design
from models.did import DidOptions
from models.did import fit as fit_did
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    DurationCells,
    Kind,
    OrdinalCells,
    Panel,
    TimeToEventCells,
    pool_periods,
)
from models.summary import Summary, Undefined, censored_normal, natural, period_matrix, summarise

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-12  # the same arithmetic in another order
SEARCH = 2e-5  # scipy's simplex search stops here
NUMERICAL = 1e-4  # second derivative by finite differences

ALL = np.ones(1, dtype=np.bool_)


def one_period(*rows: ArrayLike) -> FloatArray:
    return np.asarray(rows, dtype=np.float64)[:, None]


def value_of(summary: Summary, area: int = 0) -> tuple[float, float, float]:
    return float(summary.value[area]), float(summary.variance[area]), float(summary.n[area])


def test_a_count_is_a_log_rate_with_a_poisson_variance() -> None:
    cells = CountCells(np.asarray([[3.0, 5.0, 100.0]]), np.asarray([[40.0, 60.0, 1.0]]))
    summary = summarise(cells, np.asarray([True, True, False]))
    assert value_of(summary) == pytest.approx((math.log(8 / 100), 1 / 8, 8), rel=EXACT)
    assert not summary.undefined


def test_a_count_tells_no_data_from_no_events() -> None:
    summary = summarise(CountCells(one_period(0, 0, 4), one_period(0, 50, 50)), ALL)
    assert summary.undefined == {0: Undefined.NO_DATA, 1: Undefined.NO_EVENTS}
    assert summary.defined.tolist() == [False, False, True]
    assert np.isnan(summary.variance[:2]).all()


def test_a_binary_outcome_is_a_share() -> None:
    summary = summarise(BinaryCells(one_period(3, 0), one_period(12, 0)), ALL)
    assert value_of(summary) == pytest.approx((0.25, 0.25 * 0.75 / 12, 12), rel=EXACT)
    assert summary.undefined == {1: Undefined.NO_DATA}


def test_an_ordinal_outcome_is_the_share_at_or_above_its_level() -> None:
    cells = OrdinalCells(one_period([1, 2, 3, 4, 10], [0, 0, 0, 0, 0]), at_least=3)
    summary = summarise(cells, ALL)
    assert value_of(summary) == pytest.approx((14 / 20, 0.7 * 0.3 / 20, 20), rel=EXACT)
    assert summary.undefined == {1: Undefined.NO_DATA}


def test_a_continuous_outcome_is_a_mean_with_the_sample_variance() -> None:
    values = np.asarray([2.0, 4.0, 9.0])
    cells = ContinuousCells(one_period(3, 1, 0), one_period(15, 7, 0), one_period((values**2).sum(), 49, 0))
    summary = summarise(cells, ALL)
    assert value_of(summary) == pytest.approx((5, values.var(ddof=1) / 3, 3), rel=EXACT)
    assert summary.value[1] == 7
    assert math.isnan(summary.variance[1]), "one value shows no spread"
    assert summary.undefined == {2: Undefined.NO_DATA}


def test_a_spread_lost_to_rounding_is_unknown_and_not_nought(make_panel: MakePanel) -> None:
    values = 1e7 + np.random.default_rng(1).normal(0, 1, (3, 2, 50))
    values[2] = 4.0
    sums = values.sum(axis=2), (values**2).sum(axis=2)
    summary = summarise(ContinuousCells(np.full((3, 2), 50.0), *sums), np.asarray([True, False]))
    assert summary.value == pytest.approx(values[:, 0].mean(axis=1), rel=EXACT)
    assert np.isnan(summary.variance).all()
    assert not summary.undefined
    panel = make_panel(ContinuousCells(np.full((3, 2), 50.0), *sums))
    assert {(row.lo, row.hi) for row in windows(panel)} == {(None, None)}
    w = values[:, 1].mean(axis=1) - values[:, 0].mean(axis=1)
    collapsed, *_ = fit_did(panel, Design(), DidOptions()).estimates
    assert collapsed.estimate == pytest.approx(w[0] - w[1:].mean(), abs=1e-6), "rounding of 1e7"
    assert collapsed.interval is not None


def test_equal_durations_have_a_mean_and_no_known_variance() -> None:
    value, variance, n = value_of(summarise(duration_cells([6.0, 6.0, 6.0], []), ALL))
    assert (value, n) == pytest.approx((math.log(6), 3), rel=EXACT)
    assert math.isnan(variance)
    assert value_of(summarise(duration_cells([6.0, 6.0], [9.0]), ALL))[1] > 0, "an open case shows some"


def test_a_duration_without_open_cases_is_the_mean_of_log_days() -> None:
    logs = np.log([1.0, 10.0, 100.0])
    cells = DurationCells(
        one_period(3, 0), one_period(logs.sum(), 0), one_period((logs**2).sum(), 0), np.zeros((2, 1, 0)), np.zeros(0)
    )
    summary = summarise(cells, ALL)
    assert value_of(summary) == pytest.approx((math.log(10), logs.var(ddof=1) / 3, 3), rel=EXACT)
    assert summary.undefined == {1: Undefined.NO_DATA}


def duration_cells(days: list[float], still_open: list[float]) -> DurationCells:
    logs = np.log(days)
    bins, counts = np.unique(np.asarray(still_open), return_counts=True)
    return DurationCells(
        one_period(len(days)),
        one_period(logs.sum()),
        one_period((logs**2).sum()),
        counts[None, None, :].astype(np.float64),
        bins,
    )


OPEN_CASES = [
    ([2.0, 3.0, 5.0, 8.0, 30.0], [4.0, 4.0, 20.0, 60.0]),
    ([1.0, 2.0, 4.0], [50.0] * 10),
    ([7.0], [10.0, 20.0]),
    ([3.0, 3.0, 3.0], [2.0, 9.0]),
    (np.random.default_rng(3).lognormal(2, 1, 400).tolist(), [15.0] * 150),
]


@pytest.mark.parametrize(("days", "still_open"), OPEN_CASES)
def test_open_cases_are_right_censored_as_scipy_has_it(days: list[float], still_open: list[float]) -> None:
    data = stats.CensoredData(uncensored=days, right=still_open)
    spread, _, median = stats.lognorm.fit(data, floc=0, optimizer=_precise)
    value, variance, n = value_of(summarise(duration_cells(days, still_open), ALL))
    assert value == pytest.approx(math.log(median), abs=SEARCH)
    assert n == len(days) + len(still_open)
    assert variance == pytest.approx(
        _variance_by_differences(days, still_open, math.log(median), spread), rel=NUMERICAL
    )


def _precise(function: Callable[..., float], start: FloatArray, args: tuple[object, ...], disp: int) -> FloatArray:
    del disp
    found = optimize.minimize(
        function, start, args=args, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    )
    return found.x


def _variance_by_differences(days: list[float], still_open: list[float], mu: float, sigma: float) -> float:
    def loss(m: float, s: float) -> float:
        density = stats.norm.logpdf(np.log(days), m, s).sum()
        return -density - stats.norm.logsf(np.log(still_open), m, s).sum()

    h = 1e-3 * sigma
    mm = (loss(mu + h, sigma) - 2 * loss(mu, sigma) + loss(mu - h, sigma)) / h**2
    ss = (loss(mu, sigma + h) - 2 * loss(mu, sigma) + loss(mu, sigma - h)) / h**2
    corners = loss(mu + h, sigma + h) - loss(mu + h, sigma - h) - loss(mu - h, sigma + h) + loss(mu - h, sigma - h)
    return float(np.linalg.inv([[mm, corners / (4 * h**2)], [corners / (4 * h**2), ss]])[0, 0])


def test_leaving_open_cases_out_would_shorten_the_durations() -> None:
    cells = duration_cells([2.0, 3.0, 5.0], [4.0, 60.0])
    plain = np.log([2.0, 3.0, 5.0]).mean()
    assert summarise(cells, ALL).value[0] > plain


def test_equal_durations_with_only_shorter_open_cases_have_a_mean_but_no_variance() -> None:
    value, variance, _ = value_of(summarise(duration_cells([6.0, 6.0], [2.0, 6.0]), ALL))
    assert value == pytest.approx(math.log(6), rel=EXACT)
    assert math.isnan(variance)


def test_a_window_with_open_cases_only_has_no_value() -> None:
    cells = DurationCells(*(np.zeros((1, 1)) for _ in range(3)), np.asarray([[[3.0]]]), np.asarray([9.0]))
    summary = summarise(cells, ALL)
    assert summary.undefined == {0: Undefined.NONE_COMPLETED}
    assert summary.n[0] == 3


def test_the_censored_fit_handles_many_areas_and_extreme_scales_at_once() -> None:
    n, limits = np.asarray([5.0, 5.0, 5.0]), np.log(np.asarray([2.0, 50.0]))
    total, censored = np.asarray([10.0, 10.0, 10.0]), np.asarray([[4.0, 1.0], [0.0, 5_000.0], [4.0, 1.0]])
    squares = np.asarray([25.0, 25.0, 20.0 + 1e-9])
    together = censored_normal(n, total, squares, censored, limits)
    for a in range(3):
        alone = censored_normal(n[[a]], total[[a]], squares[[a]], censored[[a]], limits)
        assert together[0][a] == pytest.approx(float(alone[0][0]), rel=1e-9)  # stops when every area has converged
        assert together[1][a] == pytest.approx(float(alone[1][0]), rel=1e-6)
    assert together[0][1] > limits[1], "nearly every case outlasts the last limit"


def test_the_share_with_the_event_is_kaplan_meier_with_greenwoods_variance() -> None:
    # Day:           0  1  2  3     at risk 10, 8, 7, 4
    events = one_period([1, 0, 2, 1])
    censored = one_period([1, 1, 1, 3])
    survival = (9 / 10) * (5 / 7) * (3 / 4)
    greenwood = 1 / (10 * 9) + 2 / (7 * 5) + 1 / (4 * 3)
    expected = (1 - survival, survival**2 * greenwood, 10)
    assert value_of(summarise(TimeToEventCells(events, censored), ALL)) == pytest.approx(expected, rel=EXACT)


def test_without_censoring_kaplan_meier_is_the_share() -> None:
    cells = TimeToEventCells(one_period([1, 2, 0, 1]), one_period([0, 0, 0, 6]))
    assert value_of(summarise(cells, ALL)) == pytest.approx((0.4, 0.4 * 0.6 / 10, 10), rel=EXACT)


def test_the_horizon_must_be_reached_unless_every_case_has_had_its_event() -> None:
    events = one_period([1, 1, 0], [1, 1, 0], [0, 0, 0], [0, 0, 0])
    censored = one_period([0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1])
    summary = summarise(TimeToEventCells(events, censored), ALL)
    assert summary.undefined == {0: Undefined.NOT_FOLLOWED, 2: Undefined.NO_DATA}
    assert value_of(summary, 1) == (1.0, 0.0, 2.0)
    assert value_of(summary, 3) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_window_is_its_periods_merged(kind: Kind, any_cells: AnyCells) -> None:
    cells = any_cells(kind, 4, 6, 1)
    window = np.asarray([True, True, False, True, True, False])
    merged = pool_periods(cells, window)
    assert summarise(merged, ALL).value == pytest.approx(summarise(cells, window).value, rel=EXACT)
    assert summarise(merged, ALL).variance == pytest.approx(summarise(cells, window).variance, rel=1e-9)


@pytest.mark.parametrize("kind", list(Kind))
def test_areas_may_use_different_periods(kind: Kind, any_cells: AnyCells) -> None:
    cells = any_cells(kind, 2, 4, 2)
    windows = np.asarray([[True, True, False, False], [False, False, True, True]])
    mixed = summarise(cells, windows)
    assert mixed.value[0] == pytest.approx(summarise(cells, windows[0]).value[0], rel=EXACT)
    assert mixed.value[1] == pytest.approx(summarise(cells, windows[1]).value[1], rel=EXACT)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_matrix_of_periods_holds_each_period_alone(kind: Kind, any_cells: AnyCells) -> None:
    cells = any_cells(kind, 3, 4, 3)
    values, variance, n = period_matrix(cells)
    for t in range(4):
        alone = summarise(cells, np.arange(4) == t)
        assert values[:, t] == pytest.approx(alone.value, rel=1e-9)
        assert variance[:, t] == pytest.approx(alone.variance, rel=1e-6)
        assert n[:, t] == pytest.approx(alone.n)


def test_an_empty_window_has_no_data(any_cells: AnyCells) -> None:
    for kind in Kind:
        summary = summarise(any_cells(kind, 2, 3, 4), np.zeros(3, dtype=np.bool_))
        assert set(summary.undefined.values()) == {Undefined.NO_DATA}


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(1, 10_000)), min_size=1, max_size=6),
    st.floats(0.01, 100),
)
def test_rescaling_exposure_shifts_every_log_rate_alike(counts: list[tuple[int, int]], factor: float) -> None:
    events, exposure = (one_period(*column) for column in zip(*counts, strict=True))
    plain = summarise(CountCells(events, exposure), ALL).value
    scaled = summarise(CountCells(events, exposure * factor), ALL).value
    assert scaled == pytest.approx(plain - math.log(factor), abs=1e-9)


def test_values_return_to_the_outcomes_unit(make_panel: MakePanel, any_cells: AnyCells) -> None:
    count = make_panel(CountCells(one_period(3, 4), one_period(1_000, 1_000)), per=365_250.0, after=1)
    assert natural(count, math.log(0.003)) == pytest.approx(0.003 * 365_250, rel=EXACT)
    duration = make_panel(any_cells(Kind.DURATION, 2, 2, 1))
    assert natural(duration, np.log([2.0, 5.0])) == pytest.approx([2, 5], rel=EXACT)
    binary = make_panel(any_cells(Kind.BINARY, 2, 2, 1))
    assert natural(binary, 0.25) == 0.25
