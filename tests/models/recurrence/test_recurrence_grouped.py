"""Cox models from cells are those of the rows, coefficient, both errors and test: adding cases up loses nothing."""

import numpy as np
import pandas as pd
import pytest
from recorded import Record, case_of, drawn, rows_of

from models.arrays import FloatArray
from models.recurrence import grouped
from models.recurrence.counting import Spells, cox, proportional
from models.recurrence.grouped import interaction, log_ratios
from models.recurrence.likelihood import CoxFit
from models.recurrence.measures import RISKS, Measure, Window, history_of
from models.recurrence.risk import RepeatCounts, Risk, by_number

EXACT = 1e-8
AREAS, HORIZON = 5, 40
MEASURES = (Measure.FIRST, Measure.ALL, Measure.BY_NUMBER, Measure.BY_GAP)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    rng = np.random.default_rng(20240401)
    rates = rng.uniform(0.6, 2.0, (AREAS, 2))
    return drawn(rates, rng.integers(40, 90, (AREAS, 2)), HORIZON, rng, ending=0.2)


def as_spells(rows: pd.DataFrame, measure: Measure, covariates: FloatArray, strata: FloatArray) -> Spells:
    kept = (rows["number"] == 0).to_numpy() if measure is Measure.FIRST else np.ones(len(rows), dtype=np.bool_)
    # A first row is at risk from before day 1 on either way; gap time starts every row at 0.
    start = rows["start"].to_numpy(float) * (measure is not Measure.BY_GAP)
    stop = rows["stop"].to_numpy(float) - rows["start"].to_numpy(float) * (measure is Measure.BY_GAP)
    by_number = rows["number"].to_numpy() if measure in {Measure.BY_NUMBER, Measure.BY_GAP} else 0
    stratum = (np.asarray(strata) * 10 + by_number).astype(int)
    return Spells(
        start[kept], stop[kept], rows["event"].to_numpy(bool)[kept], covariates[kept], stratum[kept],
        rows["area"].to_numpy(int)[kept],
    )  # fmt: skip


def risks(records: list[Record], measure: Measure) -> tuple[Risk, Risk]:
    history = history_of(case_of(records, AREAS, 2, HORIZON))
    return RISKS[measure](history.before), RISKS[measure](history.after)


@pytest.mark.parametrize("measure", MEASURES)
def test_each_areas_ratio_is_that_of_its_rows(records: list[Record], measure: Measure) -> None:
    rows = rows_of(records)
    found = log_ratios(*risks(records, measure))
    for area in range(AREAS):
        own = rows[rows["area"] == area]
        fit = cox(as_spells(own, measure, own[["period"]].to_numpy(float), own["area"].to_numpy() * 0))
        assert isinstance(fit, CoxFit)
        assert found[area] == pytest.approx(fit.coefficients[0], abs=EXACT)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_pooled_model_is_that_of_the_rows(records: list[Record], measure: Measure) -> None:
    rows = rows_of(records)
    treated = np.arange(AREAS) < 2
    groups = interaction(*risks(records, measure), treated)
    fit = grouped.grouped_cox(groups)
    later = rows["period"].to_numpy(float)
    covariates = np.column_stack([later, later * treated[rows["area"]]])
    spells = as_spells(rows, measure, covariates, rows["area"].to_numpy())
    by_rows = cox(spells)
    assert isinstance(fit, CoxFit)
    assert isinstance(by_rows, CoxFit)
    assert fit.coefficients == pytest.approx(by_rows.coefficients, abs=EXACT)
    assert fit.covariance == pytest.approx(by_rows.covariance, abs=EXACT)
    assert fit.robust == pytest.approx(by_rows.robust, abs=EXACT)
    assert fit.log_likelihood == pytest.approx(by_rows.log_likelihood, abs=EXACT)
    assert (fit.events, fit.clusters) == (by_rows.events, AREAS)


def test_the_score_test_of_first_repeats_is_that_of_the_rows(records: list[Record]) -> None:
    rows = rows_of(records)
    treated = np.arange(AREAS) < 2
    groups = interaction(*risks(records, Measure.FIRST), treated)
    later = rows["period"].to_numpy(float)
    spells = as_spells(
        rows, Measure.FIRST, np.column_stack([later, later * treated[rows["area"]]]), rows["area"].to_numpy()
    )
    fits = grouped.grouped_cox(groups), cox(spells)
    assert all(isinstance(fit, CoxFit) for fit in fits)
    found, of_rows = grouped.proportional(groups, fits[0]), proportional(spells, fits[1])  # type: ignore[arg-type]
    assert found.chi_squared == pytest.approx(of_rows.chi_squared, abs=EXACT)
    assert found.overall == pytest.approx(of_rows.overall, abs=EXACT)


def test_with_one_stratum_and_everyone_followed_the_rate_ratio_is_that_of_counts() -> None:
    rng = np.random.default_rng(5)
    whole = [
        Record(r.area, r.period, r.repeats, HORIZON)
        for r in drawn(np.full((2, 2), 1.5), np.full((2, 2), 50), HORIZON, rng)
    ]
    before, after = risks_of_all(whole)
    counts = [[sum(len(r.repeats) for r in whole if (r.area, r.period) == (a, w)) for w in (0, 1)] for a in range(2)]
    expected = [np.log((n1 / 50) / (n0 / 50)) for n0, n1 in counts]
    assert log_ratios(before, after) == pytest.approx(expected, abs=EXACT)


def risks_of_all(records: list[Record]) -> tuple[Risk, Risk]:
    history = history_of(case_of(records, 2, 2, HORIZON, 1))
    return RISKS[Measure.ALL](history.before), RISKS[Measure.ALL](history.after)


def test_a_window_without_events_has_no_ratio() -> None:
    quiet = [Record(0, w, (3,) if w else (), 10) for w in (0, 1) for _ in range(4)]
    both = [Record(1, w, (3,) if i % 2 else (), 10) for w in (0, 1) for i in range(4)]
    history = history_of(case_of(quiet + both, 2, 2, 10, 1))
    found = log_ratios(RISKS[Measure.FIRST](history.before), RISKS[Measure.FIRST](history.after))
    assert np.isnan(found).tolist() == [True, False]
    assert found[1] == pytest.approx(0.0, abs=EXACT)


def test_risk_sets_by_number_worked_by_hand() -> None:
    # One case: repeats on days 2 and 5, seen to day 6. Another: none, seen to day 4.
    history = history_of(case_of([Record(0, 0, (2, 5), 6), Record(0, 0, (), 4), Record(1, 1, (), 6)], 2, 2, 6, 1))
    counts = history.before.counts
    assert counts is not None
    at_risk = by_number(counts).at_risk[0]
    assert at_risk[0].tolist() == [2, 2, 2, 1, 1, 0, 0]
    assert at_risk[1].tolist() == [0, 0, 0, 1, 1, 1, 0]
    assert at_risk[2].tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_cases_with_very_many_repeats_stay_in_the_last_stratum() -> None:
    many = tuple(range(1, 9))
    history = history_of(case_of([Record(0, 0, many, 10), Record(1, 1, (), 10)], 2, 2, 10, 1))
    counts = history.before.counts
    assert counts is not None
    at_risk = by_number(counts).at_risk[0]
    assert at_risk[3].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert at_risk.sum(axis=0).tolist() == [1.0] * 11


def test_two_repeats_of_one_case_on_one_day_are_no_valid_cells() -> None:
    two = np.zeros((1, 1, 4))
    two[0, 0, 2], one = 2.0, np.zeros((1, 1, 4))
    one[0, 0, 3] = 1.0
    with pytest.raises(ValueError, match="count as one"):
        RISKS[Measure.ALL](Window(None, RepeatCounts(two, one, two, one, one * 0)))  # type: ignore[arg-type]
