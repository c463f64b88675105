"""The comparison of the treated areas' change against trend with that of other areas, on panels made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from models.arrays import FloatArray
from models.case import Case
from models.design import Design, Event, Shape
from models.estimate import Check, Estimate, ModelOutput, Status
from models.inference.collapsed import collapsed_t
from models.inference.permutation import permutation_test
from models.inference.ttest import TTest
from models.its import fit
from models.its.comparative import AGREEMENT_CHECK, AREAS_CHECK, comparative, has_headline
from models.its.comparative_areas import AreaNumbers, area_numbers
from models.its.comparative_layout import lay_out
from models.its.comparative_series import stacked
from models.its.options import ItsOptions
from models.its.terms import Season
from models.panel import ContinuousCells, CountCells, Kind, Panel, merge_treated, select_areas
from models.periods import Periods, Role, TimeUnit
from models.series.fit import Contrast

PERIODS = Periods(TimeUnit.MONTH, 2018 * 12, (Role.BASELINE,) * 36 + (Role.FOLLOW_UP,) * 12)
T = np.arange(48.0)
AREAS = tuple("abcdefg")
TREATED = np.arange(7) < 2
EXACT = 1e-9
AVERAGE = "average effect over follow-up, treated less comparison areas"
LEVEL_ONLY, BOTH, SEASON = ItsOptions(impact="level"), ItsOptions(), Season.of_pairs(1)


def noise(seed: int, scale: float) -> FloatArray:
    return scale * np.random.default_rng(seed).normal(size=(7, 48))


def means(values: FloatArray) -> Panel:
    n = np.full(values.shape, 50.0)
    cells = ContinuousCells(n, n * values, n * (values**2 + 1))
    return Panel("made", Kind.CONTINUOUS, "points", 1.0, AREAS, TREATED, PERIODS, cells)


def counts(rates: FloatArray, exposure: float = 1000.0) -> Panel:
    events = np.random.default_rng(8).poisson(rates * exposure).astype(float)
    cells = CountCells(events, np.full(events.shape, exposure))
    return Panel("made", Kind.COUNT, "events a day", 1.0, AREAS, TREATED, PERIODS, cells)


def moved(level: float, slope: float = 0.0) -> FloatArray:
    """Own levels and trends of every area, and a change in the treated ones, shape (7, 48)."""
    own = 10 + np.arange(7.0)[:, None] + 0.05 * np.linspace(-1, 1, 7)[:, None] * T
    after = T >= 36
    return own + np.outer(TREATED, after * (level + slope * (T - 36)))


def of(output: ModelOutput, estimand: str, method: str) -> Estimate:
    (found,) = [e for e in output.estimates if e.estimand.startswith(estimand) and method in e.method]
    return found


def test_level_slope_average_and_twelfth_month_are_recovered_from_areas_with_trends_of_their_own() -> None:
    output = comparative(means(moved(-2.0, 0.1) + noise(1, 1e-4)), Design(), BOTH, SEASON)
    expected = {"average effect": -2 + 0.1 * 5.5, "level change": -2.0, "slope change": 0.1, "effect in the tw": -0.9}
    for estimand, value in expected.items():
        for method in ("per area, t(5)", "exact permutation"):
            assert of(output, estimand, method).estimate == pytest.approx(value, abs=5e-4)
    assert of(output, "average effect", "AR(1) by REML").estimate == pytest.approx(expected["average effect"], abs=5e-4)
    assert all(e.estimand.endswith(", treated less comparison areas") for e in output.estimates)


def test_a_ratio_of_rates_is_recovered() -> None:
    rates = np.exp(0.002 * T + 0.1 * np.cos(2 * np.pi * T / 12)) * np.where(np.outer(TREATED, T >= 36), 0.8, 1.0)
    output = comparative(counts(rates), Design(), LEVEL_ONLY, SEASON)
    for found in output.estimates:
        assert found.estimate == pytest.approx(0.8, abs=0.03)
        assert found.p_value is not None
        assert found.p_value <= 1 / 20


def test_the_test_by_areas_is_the_t_and_the_permutation_of_each_areas_own_regression() -> None:
    values = moved(-0.5) + noise(2, 0.5)
    output = comparative(means(values), Design(), BOTH, SEASON)
    layout = lay_out(means(values), Design(), BOTH, SEASON)
    w = np.linalg.lstsq(layout.terms.matrix, values.T, rcond=None)[0].T @ layout.asked[0].weights
    t, permuted = collapsed_t(w, TREATED, 0.95), permutation_test(w, TREATED, 0.95)
    assert isinstance(t, TTest)
    first, second = output.estimates[:2]
    assert (first.estimand, first.headline, first.df) == (AVERAGE, True, 5.0)
    assert (first.estimate, first.p_value) == pytest.approx((t.estimate, t.p_value), abs=EXACT)
    assert first.interval == pytest.approx(t.interval, abs=EXACT)
    assert (second.p_value, second.attainable_p) == pytest.approx((permuted.p_value, 1 / 21))
    assert second.interval == pytest.approx(permuted.interval, abs=EXACT)


def test_only_the_test_by_areas_of_the_average_may_headline_and_only_it_counts_areas() -> None:
    output = comparative(means(moved(-0.5) + noise(2, 0.5)), Design(), BOTH, SEASON)
    assert [e.headline for e in output.estimates] == [True] + [False] * (len(output.estimates) - 1)
    assert has_headline(output)
    for found in output.estimates:
        counted = "per area" not in found.method
        assert (found.clusters.periods == 48) is counted
        assert ("months, not areas" in found.note) is counted
        assert ("months vary independently" in found.note) is counted
        assert ("areas vary alike" in found.note) is ("per area" in found.method)


def test_what_moves_both_groups_alike_cancels_by_areas_and_in_the_difference() -> None:
    values = moved(-0.5) + noise(2, 0.5)
    common = 3 * np.sin(T**1.5) + 4 * (T >= 36)
    plain, shared = (comparative(means(v), Design(), BOTH, SEASON) for v in (values, values + common))
    for one, other in zip(plain.estimates, shared.estimates, strict=True):
        if "stacked" not in one.method:
            assert other.estimate == pytest.approx(one.estimate, abs=1e-7)
            assert other.interval == pytest.approx(one.interval, abs=1e-6)


def test_stacking_adds_variances_and_takes_the_degrees_of_freedom_of_welch() -> None:
    found = stacked(Contrast(3.0, 2.0, 10.0), Contrast(1.0, 1.0, 40.0))
    assert found == pytest.approx((2.0, np.sqrt(5), 25 / (16 / 10 + 1 / 40)))
    assert stacked(Contrast(3.0, 0.0, 10.0), Contrast(1.0, 1.0, 40.0)).interval(0.95) is None


def test_one_area_on_each_side_leaves_no_test_by_areas_and_no_headline() -> None:
    panel = select_areas(means(moved(-0.5) + noise(2, 0.5)), np.isin(np.arange(7), [0, 2]))
    output = comparative(panel, Design(), BOTH, SEASON)
    assert not has_headline(output)
    assert {e.clusters.periods for e in output.estimates if "per area" not in e.method} == {48}
    (why,) = output.not_estimable
    assert "one treated and one comparison area" in why.reason
    assert not any("per area" in e.method for e in output.estimates)
    assert {e.estimand.split()[0] for e in output.estimates} == {"average", "level", "slope", "effect"}
    assert output.checks[0].status is Status.NOT_RUN
    (main,) = [e for e in fit(Case(panel), Design(), BOTH).estimates if e.headline]
    assert main.estimand == "average effect over follow-up, treated areas"
    assert "no test by areas" in main.note
    assert "counts months, not areas" in main.note


def test_without_comparison_areas_there_is_nothing() -> None:
    alone = select_areas(means(moved(-0.5) + noise(2, 0.5)), TREATED)
    assert comparative(alone, Design(), BOTH, SEASON) == ModelOutput()


def test_the_path_is_the_treated_series_beside_what_the_comparison_leads_to() -> None:
    values = moved(-2.0) + noise(3, 1e-3)
    (path,) = comparative(means(values), Design(), LEVEL_ONLY, SEASON).paths
    last = path.points[-1]
    assert path.name == "its_difference"
    assert last.value == pytest.approx(values[:2, -1].mean(), abs=1e-6)
    assert last.counterfactual == pytest.approx(moved(0.0)[:2, -1].mean(), abs=0.01)
    assert last.lo is not None
    assert last.hi is not None
    assert last.counterfactual is not None
    assert last.lo < last.counterfactual < last.hi


def test_checks_show_each_area_and_how_the_tests_agree() -> None:
    clear = comparative(means(moved(-3.0) + noise(4, 0.3)), Design(), BOTH, SEASON)
    areas, agreement = clear.checks
    assert (areas.id, agreement.id) == (AREAS_CHECK, AGREEMENT_CHECK)
    assert areas.status is agreement.status is Status.PASS
    assert areas.evidence is not None
    assert areas.evidence.by_area
    assert [row.label for row in areas.evidence.rows] == list(AREAS)
    assert "0 of 5 comparison areas" in areas.finding
    shocks = np.outer([0.9, 1.1, 1.6, -1.4, 0.2, -0.3, 0.6], T >= 36)
    unclear = comparative(means(moved(0.0) + shocks + noise(5, 0.2)), Design(), BOTH, SEASON)
    assert [check.status for check in unclear.checks] == [Status.WARN, Status.WARN]
    assert "now shows a difference" in unclear.checks[1].finding


def test_an_area_without_enough_periods_is_left_out_and_named() -> None:
    panel = means(moved(-0.5) + noise(2, 0.5))
    assert isinstance(panel.cells, ContinuousCells)
    n, total, squares = (x.copy() for x in (panel.cells.n, panel.cells.total, panel.cells.squares))
    for x in (n, total, squares):
        x[6, 5:] = 0.0
    output = comparative(replace(panel, cells=ContinuousCells(n, total, squares)), Design(), BOTH, SEASON)
    assert (output.estimates[0].clusters.comparison, output.estimates[0].df) == (4, 4.0)
    assert all("Left out for want of data: g, with values in fewer than" in e.note for e in output.estimates)
    assert "g" not in evidence_of(output.checks[0])
    assert "Left out for want of data: g" in output.checks[0].detail
    without = comparative(select_areas(panel, np.arange(7) < 6), Design(), BOTH, SEASON)
    for one, other in zip(output.estimates, without.estimates, strict=True):
        assert (one.estimate, one.interval, one.clusters) == (other.estimate, other.interval, other.clusters)


def unseen(panel: Panel, area: int, *periods: int) -> Panel:
    """Blank these periods of one area; counts."""
    assert isinstance(panel.cells, CountCells)
    events, exposure = panel.cells.events.copy(), panel.cells.exposure.copy()
    for array in (events, exposure):
        array[area, list(periods)] = 0.0
    return replace(panel, cells=CountCells(events, exposure))


def evidence_of(check: Check) -> list[str]:
    assert check.evidence is not None
    return [row.label for row in check.evidence.rows]


@pytest.mark.parametrize(("last", "refused"), [(10, True), (5, True), (4, False), (0, False)])
def test_a_treated_area_needs_two_thirds_of_each_window(last: int, refused: bool) -> None:
    panel = unseen(counts(np.full((7, 48), 0.1)), 0, *range(48 - last, 48))
    output = comparative(panel, Design(), BOTH, SEASON)
    assert has_headline(output) is not refused
    reasons = [why.reason for why in output.not_estimable if "two thirds of each" in why.reason]
    said = f"No estimate by areas. a has values in 36 of 36 months of baseline and {12 - last} of 12 of follow-up, and"
    assert [r.startswith(said) for r in reasons] == [True] * refused
    early = comparative(unseen(panel, 1, *range(13)), Design(), BOTH, SEASON)
    assert not has_headline(early)


def test_treated_areas_that_share_too_little_of_the_follow_up_are_refused() -> None:
    panel = unseen(unseen(counts(np.full((7, 48), 0.1)), 0, *range(44, 48)), 1, *range(36, 40))
    output = comparative(panel, Design(), BOTH, SEASON)
    assert not has_headline(output)
    assert any("All treated areas together have values in 36 of 36" in why.reason for why in output.not_estimable)


@pytest.mark.parametrize(("area", "kept"), [(2, 4), (2, 5)])
def test_a_comparison_area_is_left_out_below_two_thirds(area: int, kept: int) -> None:
    missing = 5 if kept == 4 else 4
    panel = unseen(counts(np.full((7, 48), 0.1)), area, *range(48 - missing, 48))
    output = comparative(panel, Design(), BOTH, SEASON)
    assert output.estimates[0].clusters.comparison == kept
    assert ("Left out" in output.estimates[0].note) is (kept == 4)


def test_every_area_answers_for_the_months_of_follow_up_that_the_treated_areas_have() -> None:
    values = moved(-0.5, 0.2) + noise(2, 1e-4)  # the effect grows, so that its average depends on the months
    panel = means(values)
    assert isinstance(panel.cells, ContinuousCells)
    n, total, squares = (x.copy() for x in (panel.cells.n, panel.cells.total, panel.cells.squares))
    for x in (n, total, squares):
        x[1, 45:] = 0.0
    output = comparative(replace(panel, cells=ContinuousCells(n, total, squares)), Design(), BOTH, SEASON)
    first = output.estimates[0]
    assert first.estimate == pytest.approx(-0.5 + 0.2 * np.arange(9).mean(), abs=5e-4)
    assert "The average is over the 9 of 12 months of follow-up that every treated area has." in first.note
    assert not any("twelfth" in e.estimand for e in output.estimates)


def test_without_a_comparison_area_that_has_enough_there_is_no_comparison() -> None:
    panel = counts(np.full((7, 48), 0.1))
    for area in range(2, 7):
        panel = unseen(panel, area, *range(40, 48))
    output = comparative(panel, Design(), BOTH, SEASON)
    assert output.estimates == ()
    assert "No comparison area has values in at least two thirds" in output.not_estimable[0].reason


def test_with_a_treated_area_short_of_follow_up_nothing_is_found_more_often_than_it_should() -> None:
    # The last 4 of 12 months of the one treated area unseen, no effect: 300 runs, standard error 1.3 points.
    found = []
    for seed in range(300):
        events = np.random.default_rng(seed).poisson(60, (7, 48)).astype(float)
        cells = CountCells(events, np.full(events.shape, 1000.0))
        panel = Panel("made", Kind.COUNT, "events a day", 1.0, AREAS, np.arange(7) < 1, PERIODS, cells)
        layout = lay_out(unseen(panel, 0, *range(44, 48)), Design(), BOTH, Season.of_pairs(0))
        numbers = area_numbers(layout)
        assert isinstance(numbers, AreaNumbers)
        test = collapsed_t(numbers.values[:, 0], numbers.treated, 0.95)
        assert isinstance(test, TTest)
        found.append(test.p_value <= 0.05)
    assert float(np.mean(found)) == pytest.approx(0.05, abs=0.04)


def test_level_and_slope_by_periods_stand_in_the_agreement_and_not_among_the_estimates() -> None:
    output = comparative(means(moved(-0.5) + noise(2, 0.5)), Design(), BOTH, SEASON)
    assert len(output.estimates) == 4 * 2 + 3
    evidence = output.checks[1].evidence
    assert evidence is not None
    groups = list(dict.fromkeys(row.group for row in evidence.rows))
    assert groups == [
        "Average effect over follow-up",
        "Level change at the start of follow-up",
        "Slope change per month",
        "Effect in the twelfth month of follow-up",
    ]
    for group in groups[1:]:
        own, periods = [row for row in evidence.rows if row.group == group]
        assert own.label == output.estimates[0].method
        assert periods.label.startswith("difference of the groups")
        assert periods.lo is not None
    assert "All 4 other tests" in output.checks[1].finding or "of 4 other tests" in output.checks[1].finding


def test_an_area_without_events_after_the_start_stops_the_test_by_areas() -> None:
    rates = np.full((7, 48), 0.1)
    rates[4, 36:] = 0.0
    output = comparative(counts(rates), Design(), LEVEL_ONLY, SEASON)
    assert not has_headline(output)
    assert any(why.reason.startswith("No estimate by areas. e: ") for why in output.not_estimable)
    assert any("difference of the groups" in e.method for e in output.estimates)


def test_months_without_events_leave_no_ratio_of_rates_but_the_others_stand() -> None:
    output = comparative(counts(np.full((7, 48), 0.0008)), Design(), LEVEL_ONLY, Season.of_pairs(0))
    assert any("no events" in why.reason for why in output.not_estimable)
    assert any("per area" in e.method for e in output.estimates)
    assert output.paths == ()


def test_an_event_elsewhere_has_the_same_column_in_every_area() -> None:
    pulse = np.isin(T, [20, 21])
    design = Design(events=(Event("festival", pulse, ("d",), Shape.PULSE),))
    values = moved(-0.5) + noise(2, 0.5)
    struck = values.copy()
    struck[3, pulse] += 25.0
    layout = lay_out(means(values), design, BOTH, SEASON)
    w = np.linalg.lstsq(layout.terms.matrix, struck.T, rcond=None)[0].T @ layout.asked[0].weights
    first = comparative(means(struck), design, BOTH, SEASON).estimates[0]
    assert first.estimate == pytest.approx(w[:2].mean() - w[2:].mean(), abs=EXACT)
    assert abs(first.estimate - comparative(means(values), design, BOTH, SEASON).estimates[0].estimate) < 1.0


def test_areas_served_by_one_team_are_also_tested_as_one_unit() -> None:
    panel = means(moved(-0.5) + noise(2, 0.5))
    output = comparative(panel, Design(shared_delivery=True), BOTH, SEASON)
    merged = [e for e in output.estimates if "one unit" in e.method]
    alone = comparative(merge_treated(panel), Design(), BOTH, SEASON).estimates[:2]
    assert [(e.estimate, e.p_value, e.clusters) for e in merged] == [(e.estimate, e.p_value, e.clusters) for e in alone]
    assert not any(e.headline for e in merged)
    assert output.estimates[0].headline
    assert all("one unit" not in e.method for e in comparative(panel, Design(), BOTH, SEASON).estimates)


def test_merging_the_treated_areas_changes_how_many_are_counted() -> None:
    output = comparative(merge_treated(means(moved(-0.5) + noise(2, 0.5))), Design(), BOTH, SEASON)
    assert (output.estimates[0].clusters.treated, output.estimates[0].df) == (1, 4.0)


@pytest.mark.parametrize("after", [1, 2])
def test_windows_too_short_for_the_terms_are_refused_in_words(after: int) -> None:
    roles = (Role.BASELINE,) * 4 + (Role.FOLLOW_UP,) * after + (Role.EXCLUDED,) * (44 - after)
    panel = replace(means(moved(-0.5) + noise(2, 0.5)), periods=replace(PERIODS, roles=roles))
    output = comparative(panel, Design(), BOTH, SEASON)
    assert output.estimates == ()
    assert "degrees of freedom" in output.not_estimable[0].reason
