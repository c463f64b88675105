"""Interrupted time series on hand-made series: what is recovered, what is refused, and what the path and checks say."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

import models.its
from models.arrays import FloatArray
from models.case import Case
from models.design import Design
from models.estimate import Check, Clusters, Estimate, ModelOutput, Scale, Status
from models.its import AVERAGE, ItsOptions, fit
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
    merge_treated,
)
from models.periods import Periods, Role, TimeUnit

EXACT = 1e-8  # a noiseless series is recovered to the rounding of an iterative fit
SAME = 1e-5  # relative: two fits in other units agree to the convergence of the correlation, found to 1e-6 or so
RANGE = 1e-4  # relative: the same for standard errors and limits, which move faster with the correlation

B, F, X, P, G = Role.BASELINE, Role.FOLLOW_UP, Role.EXCLUDED, Role.PHASE_IN, Role.GAP
TWELFTH = "effect in the twelfth month of follow-up, treated areas"
LEVEL = "level change at the start of follow-up, treated areas"
SLOPE = "slope change per month, treated areas"
UNITS = {Kind.COUNT: "incidents per 1,000 people a year", Kind.DURATION: "days"}


def months(*roles: Role, unit: TimeUnit = TimeUnit.MONTH) -> Periods:
    return Periods(unit, {TimeUnit.MONTH: 2020 * 12, TimeUnit.QUARTER: 2000 * 4, TimeUnit.YEAR: 1980}[unit], roles)


def panel(kind: Kind, cells: Cells, periods: Periods, treated: Sequence[bool] | None = None, per: float = 1.0) -> Panel:
    areas = next(getattr(cells, name) for name in ("events", "n", "trials") if hasattr(cells, name)).shape[0]
    mask = np.ones(areas, dtype=bool) if treated is None else np.asarray(treated)
    return Panel("it", kind, UNITS.get(kind, "points"), per, tuple("ABCDEFG"[:areas]), mask, periods, cells)


def counts(events: ArrayLike, periods: Periods, exposure: ArrayLike = 1.0, **rest: Any) -> Panel:
    events = np.atleast_2d(np.asarray(events, dtype=float))
    return panel(Kind.COUNT, CountCells(events, np.broadcast_to(exposure, events.shape).astype(float)), periods, **rest)


def means(values: ArrayLike, periods: Periods, n: ArrayLike = 10.0, **rest: Any) -> Panel:
    values = np.atleast_2d(np.asarray(values, dtype=float))
    n = np.broadcast_to(n, values.shape).astype(float)
    return panel(Kind.CONTINUOUS, ContinuousCells(n, n * values, n * (values**2 + 1)), periods, **rest)


def run(data: Panel, level: float = 0.95, **options: Any) -> ModelOutput:
    return fit(Case(data), Design(level=level), ItsOptions(**options))


def by_name(output: ModelOutput) -> dict[str, Estimate]:
    return {e.estimand: e for e in output.estimates}


def check(output: ModelOutput, name: str) -> Check:
    (found,) = [c for c in output.checks if c.id == name]
    return found


def reason(output: ModelOutput) -> str:
    assert output.estimates == ()
    assert output.paths == ()
    (refusal,) = output.not_estimable
    assert refusal.model == "its"
    return refusal.reason


def line(
    periods: Periods, constant: float, trend: float, level: float, slope: float, season: float = 0.0
) -> FloatArray:
    """Noiseless linear predictor; trend and slope are 0 in the first follow-up period."""
    t = np.arange(len(periods)) - int(np.flatnonzero(periods.follow_up)[0])
    return constant + trend * t + (t >= 0) * (level + slope * t) + season * np.cos(2 * np.pi * (t + 3) / 12)


NOISE = np.random.default_rng(7).normal(0, 0.05, 60)
LONG = months(*[B] * 36, *[F] * 24)
SHORT = months(*[B] * 10, *[F] * 6)
GAPPED = months(*[B] * 10, *[X] * 5, *[B] * 12, *[X] * 3, *[B] * 4, G, P, P, *[F] * 5, X, *[F] * 8)


@pytest.mark.parametrize("periods", [LONG, SHORT, GAPPED], ids=["two years", "no season", "gaps"])
def test_a_noiseless_log_linear_count_series_gives_its_level_and_slope_back(periods: Periods) -> None:
    log_rate = line(periods, -3.0, 0.004, -0.25, 0.02, season=0.0 if periods is SHORT else 0.3)
    exposure = 1000 + 10.0 * np.arange(len(periods))
    found = run(counts(np.exp(log_rate) * exposure, periods, exposure))
    after = np.flatnonzero(periods.follow_up)
    estimates = by_name(found)
    assert np.log(estimates[LEVEL].estimate) == pytest.approx(-0.25, abs=EXACT)
    assert np.log(estimates[SLOPE].estimate) == pytest.approx(0.02, abs=EXACT)
    average = -0.25 + 0.02 * (after - after[0]).mean()
    assert np.log(estimates[AVERAGE].estimate) == pytest.approx(average, abs=EXACT)
    assert all(e.scale is Scale.RATIO for e in found.estimates)


@pytest.mark.parametrize("periods", [LONG, SHORT, GAPPED], ids=["two years", "no season", "gaps"])
def test_a_noiseless_linear_series_of_means_gives_its_level_and_slope_back(periods: Periods) -> None:
    values = line(periods, 50.0, 0.1, -4.0, 0.5, season=0.0 if periods is SHORT else 2.0)
    found = run(means(values, periods, n=5 + np.arange(len(periods)) % 7))
    estimates = by_name(found)
    after = np.flatnonzero(periods.follow_up)
    assert estimates[LEVEL].estimate == pytest.approx(-4.0, abs=EXACT)
    assert estimates[SLOPE].estimate == pytest.approx(0.5, abs=EXACT)
    assert estimates[AVERAGE].estimate == pytest.approx(-4 + 0.5 * (after - after[0]).mean(), abs=EXACT)
    assert all(e.scale is Scale.DIFFERENCE for e in found.estimates)


def test_a_noiseless_series_has_estimates_but_says_why_it_has_no_interval() -> None:
    found = run(means(line(LONG, 5.0, 0.1, 1.0, 0.0), LONG))
    assert all((e.interval, e.std_error, e.df, e.p_value) == (None,) * 4 for e in found.estimates)
    assert "follows the fitted line exactly" in found.not_estimable[0].reason
    assert check(found, "its_autocorrelation").status is Status.NOT_RUN
    assert {(p.lo, p.hi) for p in found.paths[0].points} == {(None, None)}


def test_a_constant_series_of_zeros_has_a_zero_difference_and_no_interval() -> None:
    found = run(panel(Kind.BINARY, BinaryCells(np.zeros((1, 60)), np.full((1, 60), 8.0)), LONG))
    assert [e.estimate for e in found.estimates] == [0.0, 0.0, 0.0, 0.0]
    assert len(found.not_estimable) == 1


def test_level_only_gives_one_estimate_of_the_constant_change() -> None:
    found = run(counts(np.exp(line(LONG, 4.0, 0.01, -0.1, 0.0)), LONG), impact="level")
    assert list(by_name(found)) == [AVERAGE]
    assert np.log(found.estimates[0].estimate) == pytest.approx(-0.1, abs=EXACT)


def test_what_an_estimate_says_about_itself() -> None:
    data = counts(np.exp(line(LONG, 4.0, 0.0, -0.2, 0.0) + NOISE), LONG)
    found = run(data, level=0.9, errors="newey_west", harmonics=2)
    first = found.estimates[0]
    assert first.model == "its"
    assert first.method == "segmented regression, Poisson, Newey-West with 3 lags"
    assert (first.level, first.df, first.attainable_p) == (0.9, 52.0, None)
    assert first.clusters == Clusters(treated=1, comparison=0, periods=60)
    assert [e.headline for e in found.estimates] == [True, False, False, False]
    (note,) = {e.note for e in found.estimates}
    assert "Its interval counts months, not areas." in note
    assert "still finds one in" in note
    # t(52) at 0.95 by table: 1.6747
    assert first.interval == pytest.approx(
        np.exp(np.log(first.estimate) + 1.6747 * first.std_error * np.array([-1, 1]))
    )
    assert run(means(NOISE, LONG)).estimates[0].method.startswith("segmented weighted regression, AR(1) by REML")


def test_a_wider_level_gives_a_wider_interval_and_the_same_estimate() -> None:
    data = counts(np.exp(line(LONG, 4.0, 0.0, -0.2, 0.0) + NOISE), LONG)
    narrow, wide = run(data, level=0.8).estimates[0], run(data, level=0.99).estimates[0]
    assert narrow.estimate == wide.estimate
    assert wide.interval[0] < narrow.interval[0] < narrow.interval[1] < wide.interval[1]


@settings(max_examples=8, deadline=None)
@given(factor=st.floats(1e-4, 1e6), seed=st.integers(0, 1000))
def test_ratios_do_not_depend_on_the_unit_of_exposure(factor: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    events = rng.poisson(np.exp(line(LONG, 4.0, 0.003, -0.1, 0.01)))
    exposure = rng.uniform(900, 1100, 60)
    one, other = run(counts(events, LONG, exposure)), run(counts(events, LONG, exposure * factor))
    for a, b in zip(one.estimates, other.estimates, strict=True):
        assert b.estimate == pytest.approx(a.estimate, rel=SAME)
        assert b.std_error == pytest.approx(a.std_error, rel=RANGE)
        assert b.interval == pytest.approx(a.interval, rel=RANGE)


@settings(max_examples=8, deadline=None)
@given(factor=st.floats(1e-3, 1e3), shift=st.floats(-100, 100), seed=st.integers(0, 1000))
def test_differences_follow_the_unit_of_the_values_and_ignore_their_origin(
    factor: float, shift: float, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(20, 3, 60)
    one, other = run(means(values, LONG)), run(means(factor * (values + shift), LONG))
    for a, b in zip(one.estimates, other.estimates, strict=True):
        assert b.estimate == pytest.approx(factor * a.estimate, rel=SAME, abs=factor * 1e-5)
        assert b.std_error == pytest.approx(factor * a.std_error, rel=RANGE)
        assert b.p_value == pytest.approx(a.p_value, abs=RANGE)


@settings(max_examples=100, deadline=None)
@given(
    events=st.lists(st.sampled_from([0, 0, 0, 0, 1, 2, 500, 10**6]), min_size=18, max_size=18),
    exposure=st.lists(st.sampled_from([1e-3, 1.0, 1e7]), min_size=18, max_size=18),
    impact=st.sampled_from(["level", "level_and_slope"]),
)
def test_wild_counts_end_in_finite_numbers_or_in_words(events: list[int], exposure: list[float], impact: str) -> None:
    data = counts(events, months(*[B] * 12, *[F] * 6), exposure)
    found = run(data, harmonics=0, impact=impact)
    assert bool(found.estimates) == bool(found.paths)
    assert found.not_estimable or all(e.interval for e in found.estimates)


def test_excluded_and_phase_in_periods_do_not_touch_the_fit() -> None:
    events = np.exp(line(GAPPED, 4.0, 0.01, -0.2, 0.0) + NOISE[: len(GAPPED)])
    left_out = ~(GAPPED.baseline | GAPPED.follow_up)
    wild = np.where(left_out, 9999.0, events)
    assert run(counts(events, GAPPED)).estimates == run(counts(wild, GAPPED)).estimates


def test_calendar_time_passes_in_periods_left_out() -> None:
    # Were the gaps closed up, a steady trend would show as a change in level.
    found = run(means(line(GAPPED, 10.0, 1.0, 0.0, 0.0) + NOISE[: len(GAPPED)], GAPPED))
    assert by_name(found)[LEVEL].estimate == pytest.approx(0.0, abs=0.2)


def test_comparison_areas_change_nothing_in_the_series_of_the_treated() -> None:
    series = np.exp(line(LONG, 4.0, 0.0, -0.2, 0.0) + NOISE)
    alone = run(counts(series, LONG))
    both = run(counts([series, series[::-1] * 3], LONG, treated=[True, False]))
    own = [e for e in both.estimates if e.estimand.endswith(", treated areas")]
    assert [replace(e, note="") for e in own] == [replace(e, note="") for e in alone.estimates]
    assert own[0].note.startswith(alone.estimates[0].note)
    assert [e.note for e in own[1:]] == [e.note for e in alone.estimates[1:]]
    assert len(both.estimates) > len(own)
    assert both.paths[0] == alone.paths[0]
    assert check(alone, "its_alone").detail == "There are no comparison areas."
    assert check(both, "its_alone").detail == "The series of the comparison areas is set beside it below."


def test_treated_areas_are_pooled_and_merging_them_first_changes_only_the_number_of_areas() -> None:
    rng = np.random.default_rng(3)
    data = counts(rng.poisson(50, (2, 60)), LONG, exposure=100.0)
    pooled, merged = run(data), run(merge_treated(data))
    assert [e.clusters.treated for e in pooled.estimates] == [2, 2, 2, 2]
    assert [replace(e, clusters=Clusters(2, 0, 60)) for e in merged.estimates] == list(pooled.estimates)
    assert merged.paths == pooled.paths


def test_a_period_missing_in_one_treated_area_is_left_out_for_counts() -> None:
    events = np.random.default_rng(4).poisson(50, (2, 60)).astype(float)
    exposure = np.full((2, 60), 100.0)
    exposure[1, 5] = events[1, 5] = 0
    found = run(counts(events, LONG, exposure))
    assert check(found, "its_points").finding.startswith("35 months before the start and 24 after")
    assert found.paths[0].points[5].value is None
    assert found.paths[0].points[5].counterfactual is not None


def test_the_average_is_over_the_follow_up_periods_that_were_observed() -> None:
    exposure = np.where(np.arange(60) < 50, 1.0, 0.0)
    found = run(counts(np.exp(line(LONG, 4.0, 0.0, -0.2, 0.02)) * exposure, LONG, exposure))
    seen = np.arange(14)  # months 36 to 49
    assert np.log(by_name(found)[AVERAGE].estimate) == pytest.approx(-0.2 + 0.02 * seen.mean(), abs=EXACT)


def test_a_period_with_no_cases_in_one_treated_area_is_kept_for_means_and_mentioned() -> None:
    values = np.random.default_rng(5).normal(3, 1, (2, 60))
    n = np.full((2, 60), 10.0)
    n[1, 5] = 0
    found = run(means(values, LONG, n=n), errors="ols", harmonics=2)
    assert check(found, "its_points").detail == "In 1 month some treated area had no cases: the mix varies."
    assert found.estimates[0].df == 52


def share_panel(kind: Kind, values: FloatArray) -> Panel:
    n = 400.0 * np.ones((1, 60))
    good = np.atleast_2d(values) * n
    match kind:
        case Kind.BINARY:
            return panel(kind, BinaryCells(good, n), LONG)
        case Kind.ORDINAL:
            return panel(kind, OrdinalCells(np.stack([n - good, good / 2, good / 2], axis=2), at_least=1), LONG)
        case _:
            events, censored = np.zeros((1, 60, 31)), np.zeros((1, 60, 31))
            events[..., 10], censored[..., 30] = good, n - good
            return panel(kind, TimeToEventCells(events, censored), LONG)


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.ORDINAL, Kind.TIME_TO_EVENT])
def test_every_kind_of_share_is_fitted_as_a_difference_in_shares(kind: Kind) -> None:
    found = run(share_panel(kind, line(LONG, 0.5, 0.001, -0.1, 0.002, season=0.05)))
    estimates = by_name(found)
    assert estimates[LEVEL].estimate == pytest.approx(-0.1, abs=EXACT)
    assert estimates[SLOPE].estimate == pytest.approx(0.002, abs=EXACT)
    assert estimates[LEVEL].scale is Scale.DIFFERENCE


def test_durations_are_fitted_on_the_log_scale_and_shown_as_ratios_and_days() -> None:
    log_days, n = line(LONG, 2.0, 0.0, np.log(0.8), 0.0), np.full((1, 60), 20.0)
    cells = DurationCells(n, n * log_days, n * (log_days**2 + 0.3), np.zeros((1, 60, 0)), np.zeros(0))
    found = run(panel(Kind.DURATION, cells, LONG))
    assert by_name(found)[LEVEL].estimate == pytest.approx(0.8, abs=EXACT)
    assert found.paths[0].points[40].value == pytest.approx(np.exp(2.0) * 0.8)
    assert found.paths[0].points[40].counterfactual == pytest.approx(np.exp(2.0))


def test_cases_weigh_the_periods() -> None:
    # One period of huge n pulls the line through itself; level alone, two flat segments.
    values, n = np.r_[np.zeros(12), 1.0, 2.0, 3.0], np.r_[np.ones(12), 1e9, 1.0, 1.0]
    found = run(means(values, months(*[B] * 12, *[F] * 3), n=n), impact="level", harmonics=0, errors="ols")
    # residual in period 12 is nil: level + trend * 0 = 1 - constant, whatever the trend
    at_start = found.paths[0].points[12]
    assert at_start.value - at_start.counterfactual == pytest.approx(found.estimates[0].estimate, abs=1e-6)


def test_the_path_has_every_period_with_fitted_values_before_and_a_counterfactual_after() -> None:
    log_rate = line(GAPPED, -3.0, 0.004, -0.25, 0.02)
    data = counts(np.exp(log_rate + NOISE[: len(GAPPED)]) * 1000, GAPPED, exposure=1000.0, per=365_250.0)
    found = run(data, harmonics=0)
    (path,) = found.paths
    assert path.name == "its"
    assert [p.period for p in path.points] == list(GAPPED.labels)
    assert path.points[0].value == pytest.approx(np.exp(log_rate[0] + NOISE[0]) * 365_250)
    excluded = GAPPED.where(X)
    assert [p.counterfactual is None for p in path.points] == list(excluded)
    assert [p.lo is None and p.hi is None for p in path.points] == list(excluded)
    assert all(p.value is not None for p in path.points)
    assert all(p.lo < p.counterfactual < p.hi for p in path.points if p.counterfactual is not None)
    # No season: the counterfactual is one straight line on the log scale, throughout.
    log_line = [np.log(p.counterfactual) if p.counterfactual else np.nan for p in path.points]
    steps = [b - a for a, b in pairwise(log_line) if np.isfinite(b - a)]
    assert len(steps) == len(GAPPED) - 1 - 12  # 9 excluded in three stretches: 12 steps touch one
    assert max(steps) - min(steps) == pytest.approx(0.0, abs=EXACT)


def test_level_and_average_are_the_gaps_between_fit_and_counterfactual() -> None:
    values = line(LONG, 50.0, 0.1, -4.0, 0.5)
    found = run(means(values, LONG), harmonics=0)
    gaps = [p.value - p.counterfactual for p in found.paths[0].points[36:]]
    assert gaps[0] == pytest.approx(-4.0, abs=EXACT)
    assert np.mean(gaps) == pytest.approx(by_name(found)[AVERAGE].estimate, abs=EXACT)


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ([B, B, F, F, F, F], "2 months to use before the start and 4 after"),
        ([B] * 12 + [F, F], "12 months to use before the start and 2 after"),
        ([B] * 12 + [P] * 6, "12 months to use before the start and 0 after"),
        ([B, X, X, B, *[F] * 12], "2 months to use before the start and 12 after"),
    ],
)
def test_fewer_than_three_periods_on_a_side_is_refused(roles: list[Role], says: str) -> None:
    found = run(counts(np.arange(5.0, 5 + len(roles)), months(*roles)))
    assert says in reason(found)
    assert "at least 3 on each side" in reason(found)
    assert check(found, "its_points").status is Status.FAIL


def test_an_area_that_was_never_observed_leaves_no_period() -> None:
    data = counts(np.ones((2, 60)), LONG, exposure=[[1.0], [1.0]])
    data = replace(data, cells=CountCells(data.cells.events * [[1], [0]], data.cells.exposure * [[1], [0]]))
    assert "0 months to use before" in reason(run(data))
    assert "observed in every treated area" in reason(run(data))


def test_too_few_degrees_of_freedom_names_the_options_that_help() -> None:
    data = counts([5, 6, 7, 8, 9, 7], months(B, B, B, F, F, F))
    assert reason(run(data)) == (
        "6 months for 4 terms leave 2 degrees of freedom for the uncertainty; at least 3 are needed. "
        "Use `impact: level` or longer windows."
    )
    assert len(run(data, impact="level").estimates) == 1
    assert "Use fewer harmonics or longer windows." in reason(run(data, impact="level", harmonics=2))


def test_periods_that_cannot_tell_the_terms_apart_are_refused() -> None:
    # Only Januaries are left: the seasonal terms are constant.
    roles = [B if t % 12 == 0 else X for t in range(60)] + [F if t % 12 == 0 else X for t in range(60)]
    found = run(means(np.arange(120.0), months(*roles)), harmonics=1)
    assert reason(found) == (
        "The periods left cannot tell trend, change and season apart. "
        "Use `impact: level` or fewer harmonics or longer windows."
    )


@pytest.mark.parametrize(("zero", "when"), [(slice(0, 36), "baseline"), (slice(36, 60), "follow-up")])
def test_a_window_without_events_is_refused(zero: slice, when: str) -> None:
    events = np.full(60, 4.0)
    events[zero] = 0
    assert f"no events in the {when} of the treated areas" in reason(run(counts(events, LONG)))


def test_a_count_fit_that_runs_off_to_zero_is_refused() -> None:
    # Nothing happens until the last month: any steeper slope fits better, so there is no best one.
    events = [5, 4, 6, 5, 5, 4, 6, 5, 5, 4, 6, 5, 0, 0, 0, 0, 0, 3]
    found = run(counts(events, months(*[B] * 12, *[F] * 6)), harmonics=0)
    assert "did not settle" in reason(found)


def test_a_count_fit_that_expects_next_to_nothing_in_a_period_is_refused() -> None:
    # A best line exists here, but only by putting the rate at the start at a billionth of an event.
    events = [1000, 1, 1000, 1, 1, 3, 1000, 2, 1, 1000, 1000, 2, 0, 0, 0, 0, 1000, 10**6]
    assert "did not settle" in reason(run(counts(events, months(*[B] * 12, *[F] * 6)), harmonics=0))


def test_a_ratio_beyond_any_number_worth_printing_is_refused() -> None:
    log_days, n = np.tile([-2000.0, 2000.0, 2000.0], 20)[None, :], np.full((1, 60), 20.0)
    cells = DurationCells(n, n * log_days, n * log_days**2, np.zeros((1, 60, 0)), np.zeros(0))
    assert "past any number worth printing" in reason(run(panel(Kind.DURATION, cells, LONG), harmonics=0))


def test_more_harmonics_than_a_year_can_show_are_refused() -> None:
    quarters = months(*[B] * 20, *[F] * 10, unit=TimeUnit.QUARTER)
    assert "a year of quarters shows at most 2" in reason(run(means(NOISE[:30], quarters), harmonics=3))
    assert len(run(means(NOISE[:30], quarters), harmonics=2).estimates) == 4
    assert len(run(means(NOISE, LONG), harmonics=6).estimates) == 4


def test_more_lags_than_periods_are_refused() -> None:
    assert reason(run(means(NOISE, LONG), lags=60)) == "lags == 60, must be below the 60 months in the series."


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"impact": "step"}, "impact == 'step', must be one of level_and_slope, level, slope"),
        ({"season": "weeks"}, "season == 'weeks', must be one of auto, none, harmonics, months"),
        ({"family": "normal"}, "family == 'normal', must be one of auto, poisson, quasi_poisson, negative_binomial"),
        ({"errors": "hac"}, "errors == 'hac', must be one of auto, ar1, newey_west, prais_winsten, ols"),
        ({"shocks": "kept"}, "shocks == 'kept', must be one of excluded, modelled"),
        ({"phase_in": "kept"}, "phase_in == 'kept', must be one of excluded, ramped"),
        ({"ramp": -1}, "ramp == -1, must be a whole number from 0 to 10,000"),
        ({"lag": 1.5}, "lag == 1.5, must be a whole number from 0 to 10,000"),
        ({"ramp": 2, "phase_in": "ramped"}, "phase_in: ramped builds the change up over the phase-in: leave ramp out"),
        (
            {"impact": "slope", "ramp": 2},
            "a change of slope alone has no level to build up: leave ramp out, or choose another impact",
        ),
        (
            {"season": "months", "harmonics": 1},
            "season: months has no harmonics: leave them out, or choose season: harmonics",
        ),
        (
            {"season": "harmonics", "harmonics": 0},
            "season: harmonics needs at least one pair: leave harmonics out, or choose season: none",
        ),
        ({"harmonics": 7}, "harmonics == 7, must be a whole number from 0 to 6"),
        ({"harmonics": -1}, "harmonics == -1, must be a whole number from 0 to 6"),
        ({"harmonics": True}, "harmonics == True, must be a whole number from 0 to 6"),
        ({"harmonics": 1.5}, "harmonics == 1.5, must be a whole number from 0 to 6"),
        ({"lags": 0}, "lags == 0, must be a whole number of at least 1"),
        ({"lags": "4"}, "lags == '4', must be a whole number of at least 1"),
    ],
)
def test_options_refuse_what_is_not_allowed(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}$"):
        ItsOptions(**options)


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [(3, 5, Status.WARN), (23, 12, Status.WARN), (24, 11, Status.WARN), (24, 12, Status.PASS)],
)
def test_points_are_held_against_a_floor_and_against_what_is_adequate(before: int, after: int, status: Status) -> None:
    found = run(means(NOISE[: before + after], months(*[B] * before, *[F] * after)), harmonics=0, impact="level")
    points = check(found, "its_points")
    assert points.status is status
    assert points.finding.startswith(f"{before} months before the start and {after} after it can be used")


@pytest.mark.parametrize(
    ("unit", "before", "says", "status"),
    [
        (TimeUnit.MONTH, 11, "No seasonal terms, by rule: 11 months", Status.WARN),
        (TimeUnit.MONTH, 12, "One pair of seasonal terms, as the study asks: 12 months", Status.PASS),
        (TimeUnit.MONTH, 23, "One pair of seasonal terms, as the study asks: 23 months", Status.PASS),
        (TimeUnit.MONTH, 24, "2 pairs of seasonal terms, as the study asks: 24 months", Status.PASS),
        (TimeUnit.QUARTER, 12, "One pair of seasonal terms, as the study asks: 12 quarters", Status.PASS),
        (TimeUnit.YEAR, 12, "No seasonal terms: periods of a year have no season", Status.PASS),
    ],
)
def test_the_season_is_chosen_by_the_length_of_the_baseline(
    unit: TimeUnit, before: int, says: str, status: Status
) -> None:
    # with less than a year the two say the same: `auto` has nothing to choose from
    chosen = {} if "by rule" in says else {"season": "harmonics"}
    found = run(means(NOISE[: before + 12], months(*[B] * before, *[F] * 12, unit=unit)), **chosen)
    season = check(found, "its_season")
    assert season.finding.startswith(says)
    assert season.status is status


def test_a_season_asked_for_is_used_and_warned_about_when_the_baseline_is_under_a_year() -> None:
    found = run(means(NOISE[:24], months(*[B] * 10, *[F] * 14)), harmonics=1, errors="ols")
    season = check(found, "its_season")
    assert season.finding.startswith("One pair of seasonal terms, as the study asks: 10 months")
    assert season.finding.endswith("too few to know the season.")
    assert season.status is Status.WARN
    assert found.estimates[0].df == 24 - 6


def test_autocorrelation_is_reported_and_warned_about_when_it_is_strong() -> None:
    wave = np.repeat([1.0, -1.0], 3)  # runs of three: neighbours agree
    slow = run(means(np.tile(wave, 10), LONG), harmonics=0, errors="ols")
    assert check(slow, "its_autocorrelation").status is Status.WARN
    assert "correlate at 0.3" in check(slow, "its_autocorrelation").finding
    weak = run(means(NOISE, LONG))
    assert check(weak, "its_autocorrelation").status is Status.PASS
    rows = check(weak, "its_autocorrelation").evidence.rows
    assert [row.label for row in rows] == ["1 month", *(f"{lag} months" for lag in range(2, 13))]
    assert rows[3].hi - rows[3].lo == pytest.approx(2 * 1.96 / np.sqrt(60))


def test_what_a_regression_allows_for_is_not_left_in_its_residuals() -> None:
    rng = np.random.default_rng(9)
    values = np.zeros(60)
    for t in range(1, 60):
        values[t] = 0.7 * values[t - 1] + rng.normal()
    plain, allowed = (run(means(values, LONG), harmonics=0, errors=e) for e in ("ols", "ar1"))
    assert check(plain, "its_autocorrelation").status is Status.WARN
    assert check(allowed, "its_autocorrelation").status is Status.PASS
    assert "is allowed for" in check(allowed, "its_autocorrelation").finding


def test_it_always_warns_of_what_it_cannot_see() -> None:
    for data in (counts(np.exp(4 + NOISE), LONG), means(NOISE, LONG)):
        assert check(run(data), "its_alone").status is Status.WARN


def test_importing_the_model_loads_no_regression_library() -> None:
    code = "import sys, models.its; print([m for m in ('statsmodels', 'pandas', 'linearmodels') if m in sys.modules])"
    root = Path(models.its.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"


def test_a_share_that_would_have_to_change_by_more_than_a_share_can_is_refused() -> None:
    answers = np.full((1, 10), 50.0)
    yes = np.asarray([[2.0, 11, 22, 31, 42, 48, 2, 2, 1, 2]])  # a steep rise, carried on past one
    roles = (Role.BASELINE,) * 6 + (Role.FOLLOW_UP,) * 4
    periods = Periods(TimeUnit.YEAR, 2010, roles)
    panel = Panel("x", Kind.BINARY, "share", 1.0, ("A",), np.asarray([True]), periods, BinaryCells(yes, answers))
    output = fit(Case(panel), Design(), ItsOptions())
    assert output.estimates == ()
    assert "no share can" in output.not_estimable[0].reason
