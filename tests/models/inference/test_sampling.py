"""The error if only sampling mattered: the regression of single cases, from cells alone."""

import numpy as np
import pytest
from scipy import stats

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.inference.sampling import sampling_only
from models.inference.ttest import TTest
from models.panel import BinaryCells, Cells, ContinuousCells, CountCells, DurationCells, OrdinalCells

EXACT = 1e-9  # sums of squares against residuals of a regression
BEFORE, AFTER = np.asarray([True, True, False, False]), np.asarray([False, False, False, True])


def first(treated: int, areas: int) -> BoolArray:
    return np.arange(areas) < treated


def run(cells: Cells, treated: BoolArray, weights: FloatArray | None = None) -> TTest:
    found = sampling_only(cells, treated, BEFORE, AFTER, 0.9, weights)
    assert isinstance(found, TTest)
    return found


def cases(seed: int, areas: int, *, binary: bool = False) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Areas, periods and values of single cases."""
    rng = np.random.default_rng(seed)
    area, period = rng.integers(0, areas, 400), rng.integers(0, 4, 400)
    value = (rng.random(400) < 0.3 + 0.1 * area) if binary else 50 + 3 * area + period + rng.normal(size=400)
    return area, period, np.asarray(value, dtype=np.float64)


def added(areas: int, area: FloatArray, period: FloatArray, amounts: FloatArray) -> FloatArray:
    table = np.zeros((areas, 4))
    np.add.at(table, (area, period), amounts)
    return table


def cells_of(areas: int, area: FloatArray, period: FloatArray, value: FloatArray) -> ContinuousCells:
    return ContinuousCells(*(added(areas, area, period, value**power) for power in (0, 1, 2)))


@pytest.mark.parametrize("binary", [False, True])
def test_two_areas_give_the_regression_of_cases(binary: bool) -> None:
    import statsmodels.api as sm

    area, period, value = cases(1, 2, binary=binary)
    used = period != 2
    treated, after = (area == 0)[used].astype(float), (period == 3)[used].astype(float)
    design = sm.add_constant(np.column_stack([treated * after, treated, after]))
    reference = sm.OLS(value[used], design).fit()
    table = cells_of(2, area, period, value)
    found = run(BinaryCells(table.total, table.n) if binary else table, first(1, 2))
    assert found.estimate == pytest.approx(reference.params[1], rel=EXACT)
    assert found.std_error == pytest.approx(reference.bse[1], rel=EXACT)
    assert found.df == reference.df_resid == used.sum() - 4
    assert found.interval == pytest.approx(tuple(reference.conf_int(0.1)[1]), rel=EXACT)


def test_several_areas_count_equally_or_by_weight() -> None:
    area, period, value = cases(2, 5)
    mask, weights = first(2, 5), np.asarray([1.0, 3, 1, 2, 2])
    windows = [[value[(area == g) & np.isin(period, when)] for g in range(5)] for when in ([0, 1], [3])]
    n = np.asarray([[len(v) for v in window] for window in windows])
    pooled = sum(((v - v.mean()) ** 2).sum() for window in windows for v in window) / (n.sum() - 10)
    changes = [windows[1][g].mean() - windows[0][g].mean() for g in range(5)]
    for sizes, found in (
        (np.ones(5), run(cells_of(5, area, period, value), mask)),
        (weights, run(cells_of(5, area, period, value), mask, weights)),
    ):
        share = np.where(mask, sizes / sizes[mask].sum(), -sizes / sizes[~mask].sum())
        assert found.estimate == pytest.approx(share @ changes, rel=EXACT)
        assert found.std_error == pytest.approx((pooled * (share**2 * (1 / n).sum(axis=0)).sum()) ** 0.5, rel=EXACT)
        assert found.df == n.sum() - 10
        assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.estimate) / found.std_error, found.df))


def test_ratings_are_their_share_and_durations_their_logs() -> None:
    rng = np.random.default_rng(3)
    ratings = rng.integers(1, 9, (3, 4, 5)).astype(np.float64)
    yes, n = ratings[:, :, 3:].sum(axis=2), ratings.sum(axis=2)
    assert run(OrdinalCells(ratings, 3), first(1, 3)) == run(BinaryCells(yes, n), first(1, 3))
    area, period, value = cases(4, 3)
    table = cells_of(3, area, period, np.log(value))
    closed = DurationCells(table.n, table.total, table.squares, np.zeros((3, 4, 1)), np.ones(1))
    assert run(closed, first(1, 3)) == run(table, first(1, 3))


def test_counts_and_open_cases_are_refused() -> None:
    table = cells_of(3, *cases(5, 3))
    still_open = np.zeros((3, 4, 1))
    still_open[1, 3, 0] = 1
    for cells in (
        CountCells(table.n, np.ones((3, 4))),
        DurationCells(table.n, table.total, table.squares, still_open, np.ones(1)),
    ):
        found = sampling_only(cells, first(1, 3), BEFORE, AFTER, 0.9)
        assert isinstance(found, NoInference)
        assert "not values about a mean" in found.reason


def test_an_empty_window_is_refused() -> None:
    area, period, value = cases(6, 3)
    kept = (area != 2) | (period != 3)
    found = sampling_only(cells_of(3, area[kept], period[kept], value[kept]), first(1, 3), BEFORE, AFTER, 0.9)
    assert isinstance(found, NoInference)
    assert "no mean there" in found.reason


@pytest.mark.parametrize("n", [1.0, 20.0])
def test_cases_that_show_no_spread_are_refused(n: float) -> None:
    cells = ContinuousCells(np.full((2, 4), n), np.full((2, 4), 3 * n), np.full((2, 4), 9 * n))
    found = sampling_only(cells, first(1, 2), BEFORE, AFTER, 0.9)
    assert isinstance(found, NoInference)
    assert "how much cases vary" in found.reason
