"""Predictive gates: statistics by hand and by other code, known shares within threefold, right and wrong models."""

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import ArrayLike

from models.arrays import FloatArray
from models.bayes.predictive import (
    ALIKE,
    HIGHEST,
    NONE,
    SPREAD,
    Cells,
    Form,
    posterior_predictive,
    prior_predictive,
    statistics,
    tail_area,
    yearly,
)
from models.estimate import Status

DATA = Path(__file__).parents[3] / "data"
SAME = 1e-9
FITTED = 1e-6  # two iterative fits of the same model

type MakeCells = Callable[..., Cells]


@pytest.fixture
def make_cells() -> MakeCells:
    """Build cells from a matrix; weights 1 unless given, all bins in a row unless `linked` says otherwise."""

    def build(
        observed: ArrayLike, form: Form = Form.COUNT, weight: ArrayLike = 1.0, linked: ArrayLike | None = None
    ) -> Cells:
        y = np.asarray(observed, dtype=np.float64)
        follows = np.arange(y.shape[1]) > 0 if linked is None else np.asarray(linked, dtype=np.bool_)
        names = tuple("ABCDEFGHIJ"[: len(y)])
        return Cells(names, y, np.broadcast_to(np.asarray(weight, dtype=np.float64), y.shape).copy(), form, follows)

    return build


def test_residuals_of_a_table_by_hand(make_cells: MakeCells) -> None:
    """Rows 10, 20 and 30, 40: expected 12, 18, 28, 42, chi-squared .7937 on one degree of freedom."""
    found = statistics(np.array([[10.0, 20.0], [30.0, 40.0]]), make_cells([[10, 20], [30, 40]]))
    assert float(found[SPREAD]) == pytest.approx(4 / 12 + 4 / 18 + 4 / 28 + 4 / 42, abs=SAME)
    assert float(found[HIGHEST]) == pytest.approx(2 / math.sqrt(18), abs=SAME)
    assert float(found[NONE]) == 0.0
    assert ALIKE not in found  # two bins are no series


def test_likeness_of_neighbours_by_hand(make_cells: MakeCells) -> None:
    """One area, residuals 1, 1, -1, -1: products 1, -1, 1 over squares of 1 give 1/3; without the middle link, 1."""
    values = [[1.0, 1.0, -1.0, -1.0]]
    whole = make_cells(values, Form.MEAN)
    assert float(statistics(whole.observed, whole)[ALIKE]) == pytest.approx(1 / 3, abs=SAME)
    broken = make_cells(values, Form.MEAN, linked=[0, 1, 0, 1])
    assert float(statistics(broken.observed, broken)[ALIKE]) == pytest.approx(1.0, abs=SAME)


def test_counts_with_gaps_and_exposures_agree_with_a_poisson_regression(make_cells: MakeCells) -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    exposure = rng.uniform(5, 50, (4, 9))
    events = rng.poisson(exposure).astype(np.float64)
    events[0, 3] = events[2, 5] = np.nan
    cells = make_cells(events, weight=exposure)
    area, bin_ = np.nonzero(cells.seen)
    design = np.hstack([np.eye(4)[area], np.eye(9)[bin_][:, 1:]])
    fit = sm.GLM(events[cells.seen], design, sm.families.Poisson(), offset=np.log(exposure[cells.seen])).fit(tol=1e-12)
    found = statistics(events, cells)
    assert float(found[SPREAD]) == pytest.approx(fit.pearson_chi2 / fit.df_resid, abs=FITTED)
    assert float(found[HIGHEST]) == pytest.approx(fit.resid_pearson.max(), abs=FITTED)


def test_shares_with_gaps_agree_with_weighted_least_squares(make_cells: MakeCells) -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    trials = rng.integers(5, 60, (3, 6)).astype(np.float64)
    share = rng.binomial(trials.astype(int), 0.3) / trials
    share[1, 2] = np.nan
    cells = make_cells(share, Form.SHARE, trials)
    area, bin_ = np.nonzero(cells.seen)
    design = np.hstack([np.eye(3)[area], np.eye(6)[bin_][:, 1:]])
    fit = sm.WLS(share[cells.seen], design, trials[cells.seen]).fit()
    overall = np.average(share[cells.seen], weights=trials[cells.seen])
    assert float(statistics(share, cells)[SPREAD]) == pytest.approx(fit.scale / (overall * (1 - overall)), abs=SAME)


@settings(max_examples=25, deadline=None)
@given(hnp.arrays(np.float64, (3, 4, 6), elements=st.integers(0, 30).map(float)))
def test_a_batch_gives_what_its_members_give(batch: FloatArray) -> None:
    cells = Cells(tuple("ABCD"), batch[0], np.ones((4, 6)), Form.COUNT, np.arange(6) > 0)
    together = statistics(batch, cells)
    for name, values in together.items():
        alone = [float(statistics(each, cells)[name]) for each in batch]
        assert values == pytest.approx(alone, abs=FITTED)
        assert np.isfinite(values).all()


@pytest.mark.parametrize(("year", "spread"), [("2014", 2.29), ("202", 1.43)])
def test_spread_of_recorded_incidents_in_norfolk(make_cells: MakeCells, year: str, spread: float) -> None:
    """Two-way Poisson dispersion of the two eras of the recorded counts, to two decimals."""
    with (DATA / "norfolk_asb" / "district_month.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["month"].startswith(year)]
    months, districts = sorted({row["month"] for row in rows}), sorted({row["district"] for row in rows})
    table = np.full((len(districts), len(months)), np.nan)
    for row in rows:
        table[districts.index(row["district"]), months.index(row["month"])] = float(row["asb_count"])
    assert float(statistics(table, make_cells(table))[SPREAD]) == pytest.approx(spread, abs=0.005)


def test_spread_of_poisson_counts_is_about_one(make_cells: MakeCells) -> None:
    """Mean of 400 tables of 7 x 24; its standard error is sqrt(2 / 138 / 400) = .006."""
    tables = np.random.default_rng(3).poisson(20.0, (400, 7, 24)).astype(np.float64)
    assert statistics(tables, make_cells(tables[0]))[SPREAD].mean() == pytest.approx(1.0, abs=0.025)


def test_tail_area_counts_ties_half_and_is_never_nought() -> None:
    made = np.array([0.0, 1.0, 1.0, 2.0])
    assert tail_area(1.0, made) == pytest.approx((1 + 1 + 0.5) / 5)
    assert tail_area(9.0, made) == pytest.approx(0.5 / 5)
    assert tail_area(-9.0, made) == pytest.approx(4.5 / 5)


@pytest.mark.parametrize(("sd", "status"), [(0.5, Status.PASS), (0.9, Status.WARN), (3.0, Status.FAIL)])
def test_share_of_years_within_threefold(make_cells: MakeCells, sd: float, status: Status) -> None:
    """Every year of a draw is history times exp(N(0, sd^2)): 2 Phi(log 3 / sd) - 1 of them are within threefold."""
    cells = make_cells(np.full((2, 30), 1000.0))
    before = np.arange(30) < 24
    ratio = np.exp(np.random.default_rng(4).normal(0.0, sd, (4000, 1, 1)))
    check = prior_predictive(ratio * cells.observed, cells, before, 12)
    assert check.status is status
    share = math.erf(math.log(3) / sd / math.sqrt(2))
    assert abs(100 * share - float(check.finding.split(" in ")[1].split("%")[0])) < 3.0  # four standard errors
    assert check.evidence is not None
    assert [row.label for row in check.evidence.rows] == ["A", "B"]
    assert check.evidence.by_area


def test_a_sure_prior_far_from_history_fails_too(make_cells: MakeCells) -> None:
    cells = make_cells(np.full((2, 24), 10.0))
    check = prior_predictive(np.full((50, 2, 24), 31.0), cells, np.ones(24, dtype=np.bool_), 12)
    assert check.status is Status.FAIL
    assert "0% of cases" in check.finding


def test_years_by_hand(make_cells: MakeCells) -> None:
    """14 months of 2, one of them unseen: a year of 12 at 2 each; the 2 left over are too few for a year."""
    events = np.full((1, 14), 2.0)
    events[0, 3] = np.nan
    cells = make_cells(events)
    found = yearly(events, cells.seen, cells, 12)
    assert found.shape == (1, 1)
    assert found[0, 0] == pytest.approx(math.log(24.5), abs=SAME)
    shares = make_cells([[0.25, 0.75]], Form.SHARE, [[40.0, 20.0]])
    assert yearly(shares.observed, shares.seen, shares, 12)[0, 0] == pytest.approx(math.log(25.5 / 35.5), abs=SAME)
    days = make_cells([[1.0, 4.0]], Form.LOG_MEAN, [[1.0, 2.0]])
    assert yearly(days.observed, days.seen, days, 12)[0, 0] == pytest.approx(3.0, abs=SAME)


def test_an_area_without_baseline_has_a_row_without_numbers(make_cells: MakeCells) -> None:
    events = np.full((2, 24), 50.0)
    events[1, :12] = np.nan
    check = prior_predictive(np.full((9, 2, 24), 60.0), make_cells(events), np.arange(24) < 12, 12)
    assert check.status is Status.PASS
    assert check.evidence is not None
    assert check.evidence.rows[1].estimate is None


def test_replicates_of_the_data_themselves_pass(make_cells: MakeCells) -> None:
    rng = np.random.default_rng(5)
    cells = make_cells(rng.poisson(30.0, (5, 24)))
    check = posterior_predictive(rng.poisson(30.0, (1000, 5, 24)).astype(np.float64), cells)
    assert check.status is Status.PASS
    assert check.evidence is not None
    assert [row.label for row in check.evidence.rows] == [HIGHEST, ALIKE, SPREAD]  # no zeros anywhere: not shown


def test_data_wilder_than_the_model_fail_and_data_tamer_warn(make_cells: MakeCells) -> None:
    rng = np.random.default_rng(6)

    def draw(size: float, *shape: int) -> FloatArray:
        return rng.poisson(30.0 * rng.gamma(size, 1 / size, shape)).astype(np.float64)

    wild = posterior_predictive(rng.poisson(30.0, (1000, 5, 24)).astype(np.float64), make_cells(draw(5.0, 5, 24)))
    assert wild.status is Status.FAIL
    assert "spread" in wild.finding
    tame = posterior_predictive(draw(5.0, 1000, 5, 24), make_cells(rng.poisson(30.0, (5, 24))))
    assert tame.status is Status.WARN
    assert "spread" in tame.finding


def test_zeros_fail_on_both_sides(make_cells: MakeCells) -> None:
    rng = np.random.default_rng(7)
    few = rng.poisson(1.5, (1000, 5, 24)).astype(np.float64)
    none_at_all = np.maximum(rng.poisson(1.5, (5, 24)), 1)
    assert posterior_predictive(few, make_cells(none_at_all)).status is Status.FAIL
    emptied = np.where(rng.random((5, 24)) < 0.3, 0, rng.poisson(1.5, (5, 24)))
    assert posterior_predictive(few, make_cells(emptied)).status is Status.FAIL


def test_too_few_cells_are_not_judged(make_cells: MakeCells) -> None:
    check = posterior_predictive(np.ones((50, 2, 1)), make_cells([[3.0], [4.0]]))
    assert check.status is Status.NOT_RUN
    plain = make_cells([[3.0, 4.0]], Form.MEAN)
    assert prior_predictive(np.ones((9, 1, 2)), plain, np.array([True, True]), 12).status is Status.NOT_RUN
    unseen = make_cells([[np.nan, 4.0]])
    assert prior_predictive(np.ones((9, 1, 2)), unseen, np.array([True, False]), 12).status is Status.NOT_RUN
