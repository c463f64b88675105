"""Other windows: periods before the start, equal months, excluded stretches, and the peak areas were chosen for."""

import math
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from models.changes import Weighting
from models.design import Shock
from models.effect import Effect, effect
from models.estimate import Check, Status
from models.inference.refusal import NoInference
from models.panel import ContinuousCells, CountCells, Panel
from models.periods import Periods, Role, TimeUnit, period_index
from models.sensitivity.main import Main, main_analysis
from models.sensitivity.peak import regression_to_the_mean
from models.sensitivity.windows import anticipation, matched, month_matched, put_back, season_of, shocks

type MakePanel = Callable[..., Panel]
type Values = Callable[..., ContinuousCells]
type Analyse = Callable[..., Main]
type Matrix = Callable[..., np.typing.NDArray[np.float64]]

EXACT = 1e-9  # the same arithmetic in another order

B, G, P, F, X = Role.BASELINE, Role.GAP, Role.PHASE_IN, Role.FOLLOW_UP, Role.EXCLUDED


def roles(*given: tuple[Role, int]) -> tuple[Role, ...]:
    return tuple(role for role, times in given for _ in range(times))


def mask(length: int, *members: int) -> np.typing.NDArray[np.bool_]:
    return np.isin(np.arange(length), members)


def between(main: Main, before: object, after: object) -> float:
    found = effect(main.panel, main.level, np.asarray(before), np.asarray(after), main.weighting)
    assert isinstance(found, Effect)
    return found.estimate


def rows(check: Check | None) -> dict[str, float | None]:
    assert check is not None
    assert check.evidence is not None
    return {row.label: row.estimate for row in check.evidence.rows}


def test_the_last_periods_leave_the_baseline_one_by_one(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(periods=12), roles=roles((B, 4), (X, 1), (B, 2), (P, 1), (F, 4)))
    follow_up = mask(12, 8, 9, 10, 11)
    found = rows(anticipation(main))
    expected = {
        "main analysis": between(main, mask(12, 0, 1, 2, 3, 5, 6), follow_up),
        "without the last period before the start": between(main, mask(12, 0, 1, 2, 3, 5), follow_up),
        "without the last 2 periods before the start": between(main, mask(12, 0, 1, 2, 3), follow_up),
        "without the last 3 periods before the start": between(main, mask(12, 0, 1, 2), follow_up),
        "the last 3 periods before the start": between(main, mask(12, 0, 1, 2), mask(12, 3, 5, 6)),
    }
    assert found == {label: pytest.approx(value, rel=EXACT) for label, value in expected.items()}


def test_three_baseline_periods_are_kept(analyse: Analyse, noise: Matrix) -> None:
    five = anticipation(analyse(noise(periods=7), after=2))
    assert [label for label in rows(five) if label.startswith("without")] == [
        "without the last period before the start",
        "without the last 2 periods before the start",
    ]
    three = anticipation(analyse(noise(periods=5), after=2))
    assert three.status is Status.NOT_RUN
    assert three.detail == "It needs at least 4 periods."


def test_acting_ahead_of_the_start_is_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=24)
    y[:2, 12:] -= 1
    quiet = anticipation(analyse(y))
    assert quiet.status is Status.PASS
    assert "what lies within that range cannot be ruled out" in quiet.detail
    y[:2, 10:12] -= 1
    check = anticipation(analyse(y))
    assert check.status is Status.WARN
    assert "so something changed before the start" in check.detail
    assert "In the last 3 periods before the start treated areas moved by −" in check.detail


def test_periods_before_the_start_that_cannot_be_compared_say_so(analyse: Analyse) -> None:
    events = np.full((4, 12), 5.0) + np.arange(4)[:, None]
    events[2, 5:8] = 0
    check = anticipation(analyse(CountCells(events, np.full((4, 12), 9.0)), after=4))
    assert "C (the last 3 periods before the start)" in check.detail
    two = anticipation(analyse(np.random.default_rng(1).normal(size=(2, 12)), treated=1))
    assert "interval" not in two.detail


def test_seasons_by_unit() -> None:
    def periods(unit: TimeUnit) -> Periods:
        return Periods(unit, period_index(date(2024, 1, 29), unit), (B,) * 4 + (F,))

    quarter, week = season_of(periods(TimeUnit.QUARTER)), season_of(periods(TimeUnit.WEEK))
    assert quarter is not None
    assert week is not None
    assert quarter.tolist() == [0, 1, 2, 3, 0]
    assert week.tolist() == [0, 1, 1, 1, 1], "the month in which the week begins"
    assert season_of(periods(TimeUnit.YEAR)) is None


def test_matched_windows_hold_the_same_months_in_equal_numbers() -> None:
    season = np.arange(30) % 12
    before, after = np.arange(30) < 20, np.arange(30) >= 25
    pair = matched(season, before, after)
    assert pair is not None
    # After: months 1 to 5, once each. Before: months 1 to 5 twice each; both are kept.
    assert np.flatnonzero(pair[1]).tolist() == [25, 26, 27, 28, 29]
    assert np.flatnonzero(pair[0]).tolist() == [1, 2, 3, 4, 5, 13, 14, 15, 16, 17]
    rare = matched(season, mask(30, 1, 2, 3, 13, 14), after)
    assert rare is not None
    assert np.flatnonzero(rare[0]).tolist() == [3, 13, 14], "one of each, the latest"
    assert matched(season, mask(30, 0, 11), after) is None


def test_a_season_stronger_in_treated_areas_is_matched_away(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=36, sd=0.02)
    summer = np.isin(np.arange(36) % 12, [2, 3, 4])  # June to August
    y[:2, summer] += 3
    main = analyse(y, roles=roles((B, 24), (P, 6), (F, 6)))  # follow-up October to March
    assert main.effect.estimate == pytest.approx(-0.75, abs=0.05), "a quarter of the baseline is summer"
    check = month_matched(main)
    assert check is not None
    assert check.status is Status.WARN
    assert rows(check)["same months only"] == pytest.approx(0.0, abs=0.05)
    assert "12 baseline and 6 follow-up periods are left" in check.detail


def test_months_that_match_already_or_never(analyse: Analyse, noise: Matrix) -> None:
    already = month_matched(analyse(noise(periods=36), after=12))
    assert already is not None
    assert (already.status, already.evidence) == (Status.PASS, None)
    never = month_matched(analyse(noise(periods=10), after=5))
    assert never is not None
    assert never.status is Status.NOT_RUN
    assert month_matched(analyse(noise(periods=10), after=5, unit=TimeUnit.YEAR)) is None
    quarters = month_matched(analyse(noise(periods=10), after=3, unit=TimeUnit.QUARTER))
    assert quarters is not None
    assert "quarters" in quarters.finding


def test_months_that_nobody_has_data_for_do_not_count(analyse: Analyse) -> None:
    exposure = np.full((4, 24), 9.0)
    exposure[:, 3] = 0
    events = np.where(exposure > 0, 6.0 + np.arange(4)[:, None], 0.0)
    check = month_matched(analyse(CountCells(events, exposure)))
    assert check is not None
    assert "11 baseline and 11 follow-up periods are left" in check.detail


def test_a_stretch_goes_back_where_it_falls() -> None:
    given = roles((B, 3), (X, 2), (B, 2), (G, 2), (X, 1), (P, 1), (X, 1), (P, 1), (F, 2), (X, 1), (F, 1))
    periods = Periods(TimeUnit.MONTH, 24_276, given)
    before, after = put_back(periods, np.ones(17, dtype=np.bool_))
    assert np.flatnonzero(before).tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert np.flatnonzero(after).tolist() == [13, 14, 15, 16], "neither the pause nor phase-in takes a period"
    one = put_back(periods, mask(17, 4, 15))
    assert np.flatnonzero(one[0]).tolist() == [0, 1, 2, 4, 5, 6]
    assert np.flatnonzero(one[1]).tolist() == [13, 14, 15, 16]


def test_each_handling_of_each_stretch(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(periods=14), roles=roles((B, 3), (X, 2), (B, 3), (F, 3), (X, 1), (F, 2)))
    early, late = Shock("Covid", mask(14, 3, 4)), Shock("", mask(14, 11))
    labels = main.panel.periods.labels
    found = rows(shocks(main, (early, Shock("elsewhere", mask(14)), late)))
    first, last = main.panel.periods.baseline, main.panel.periods.follow_up
    expected = {
        "main analysis": main.effect.estimate,
        "indicator for each stretch": main.effect.estimate,
        f"kept: {labels[3]} to {labels[4]} (Covid)": between(main, first | early.periods, last),
        f"kept: {labels[11]}": between(main, first, last | late.periods),
        "all of them kept": between(main, first | early.periods, last | late.periods),
        f"{labels[3]} to {labels[4]} (Covid)": between(main, first, early.periods),
        labels[11]: between(main, first, late.periods),
    }
    assert found == {label: pytest.approx(value, rel=EXACT) for label, value in expected.items()}


def test_an_indicator_gives_the_same_effect_as_leaving_out(analyse: Analyse, noise: Matrix) -> None:
    """Least squares with area and period effects and a treated indicator for the stretch, against the main analysis."""
    y = noise(periods=12)
    given = roles((B, 4), (X, 3), (F, 5))
    main = analyse(y, roles=given)
    treated, columns = np.arange(7) < 2, []
    for a in range(7):
        columns += [np.where(np.arange(7)[:, None] == a, 1.0, 0.0) * np.ones(12)]
    for t in range(1, 12):
        columns += [np.ones((7, 1)) * (np.arange(12) == t)]
    columns += [treated[:, None] * mask(12, 4, 5, 6), treated[:, None] * (np.arange(12) >= 7)]
    design = np.column_stack([np.asarray(column, dtype=float).ravel() for column in columns])
    solution = np.linalg.lstsq(design, y.ravel())[0]
    assert solution[-1] == pytest.approx(main.effect.estimate, rel=1e-8)
    found = rows(shocks(main, (Shock("", mask(12, 4, 5, 6)),)))
    labels = main.panel.periods.labels
    assert solution[-2] == pytest.approx(found[f"{labels[4]} to {labels[6]}"], rel=1e-8)


def test_a_stretch_that_hit_treated_areas_harder_is_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=24)
    given = roles((B, 8), (X, 6), (F, 10))
    shock = Shock("Covid", mask(24, *range(8, 14)))
    y[:2, 14:] += 1
    y[:, 8:14] += 5
    alike = shocks(analyse(y, roles=given), (shock,))
    assert alike is not None
    assert alike.status is Status.PASS
    y[:2, 8:14] += 5
    check = shocks(analyse(y, roles=given), (shock,))
    assert check is not None
    assert check.status is Status.WARN
    assert check.finding.startswith("Putting back the periods that were left out, the estimate is ")


def test_stretches_that_cannot_go_back(analyse: Analyse, noise: Matrix) -> None:
    y, n = noise(periods=10), np.full((7, 10), 4.0)
    n[:, 2:4] = 0
    given = roles((B, 2), (X, 2), (B, 2), (G, 1), (X, 1), (F, 2))
    main = analyse(ContinuousCells(n, n * y, n * (y**2 + 1)), roles=given)
    assert shocks(main, ()) is None
    empty = shocks(main, (Shock("", mask(10, 2, 3)),))
    assert empty is not None
    assert (empty.status, empty.detail) == (Status.NOT_RUN, "There are no data for the stretch.")
    pause = shocks(main, (Shock("", mask(10, 7)),))
    assert pause is not None
    assert (pause.status, pause.detail) == (Status.NOT_RUN, "The stretch lies in neither window.")


@pytest.mark.parametrize("weighting", Weighting)
def test_the_estimate_is_the_one_without_the_peak_plus_coming_down(analyse: Analyse, weighting: Weighting) -> None:
    rng = np.random.default_rng(4)
    n, y = np.tile(np.arange(2.0, 8)[:, None], 12), rng.normal(10, 1, (6, 12))
    main = analyse(ContinuousCells(n, n * y, n * (y**2 + 1)), weighting=weighting)
    check = regression_to_the_mean(main, mask(12, 3, 4))
    found = rows(check)
    rest = mask(12, 0, 1, 2, 5)
    assert found["without the peak"] == pytest.approx(between(main, rest, main.panel.periods.follow_up), rel=EXACT)
    assert found["peak against the rest of the baseline"] == pytest.approx(
        between(main, rest, mask(12, 3, 4)), rel=EXACT
    )
    parts = (found["without the peak"] or 0) + (found["coming down from the peak"] or 0)
    assert found["main analysis"] == pytest.approx(parts, rel=EXACT)


def test_areas_chosen_for_a_peak_are_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=24, sd=0.02)
    y[:2, 9:12] += 4  # nothing was done, they only came down
    main = analyse(y)
    assert main.effect.excludes_none
    check = regression_to_the_mean(main, mask(24, 9, 10, 11))
    assert check is not None
    assert check.status is Status.WARN
    assert (
        "and it no longer shows a difference from no effect" in check.finding or "points the other way" in check.finding
    )
    assert "stood at +4.0" in check.detail
    assert "would by itself have looked like an effect of −" in check.detail
    assert "compar" in check.detail
    assert check.detail.endswith("is void.")


def test_part_of_the_fall_is_given_as_a_share(analyse: Analyse) -> None:
    y = np.zeros((5, 8))
    y[:, 4:] += np.asarray([0.01, -0.01, 0.02, 0.0, -0.02])[:, None]
    y[:2, 3] += 2  # a peak of 2 in one of four baseline periods: half a point of the baseline
    y[:2, 4:] -= 0.5
    check = regression_to_the_mean(analyse(y), mask(8, 3))
    assert check is not None
    assert check.status is Status.WARN
    assert "an effect of −0.500 points, 50% of the main estimate" in check.detail
    assert "the estimate is −0.500 points, against −1.00 points with it, and the answer stays the same" in check.finding


def test_a_peak_outside_or_all_of_the_baseline(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(periods=12), roles=roles((B, 4), (X, 2), (F, 6)))
    assert regression_to_the_mean(main, None) is None
    outside = regression_to_the_mean(main, mask(12, 4, 5))
    assert outside is not None
    assert outside.status is Status.PASS
    assert "void" in outside.detail
    whole = regression_to_the_mean(main, mask(12, 0, 1, 2, 3))
    assert whole is not None
    assert whole.status is Status.WARN
    assert whole.finding.startswith("The whole baseline is the peak")


def test_a_peak_without_which_nothing_can_be_estimated(make_panel: MakePanel) -> None:
    events = np.full((4, 6), 5.0) + np.arange(4)[:, None]
    events[2, :2] = 0
    main = main_analysis(make_panel(CountCells(events, np.full((4, 6), 9.0)), treated=2), 0.95)
    assert not isinstance(main, NoInference)
    check = regression_to_the_mean(main, mask(6, 2))
    assert check is not None
    assert check.status is Status.NOT_RUN
    assert "No events in C" in check.detail
    events[2, :2] = 1
    events[0, 2] = 0
    low = main_analysis(make_panel(CountCells(events, np.full((4, 6), 9.0)), treated=2), 0.95)
    assert not isinstance(low, NoInference)
    found = regression_to_the_mean(low, mask(6, 2))
    assert found is not None
    assert found.status is Status.PASS, "treated areas stood low in it, so it was no peak they came down from"
    assert "net of comparison areas" not in found.detail, "A has no events in the peak"


def test_ratios_are_written_as_ratios(analyse: Analyse) -> None:
    events = np.full((5, 8), 100.0) + np.arange(5)[:, None]
    events[:2, 3] = 200
    check = regression_to_the_mean(analyse(CountCells(events, np.full((5, 8), 9.0))), mask(8, 3))
    assert check is not None
    assert "at +99%" in check.detail or "at +100%" in check.detail
    found = rows(check)
    product = (found["without the peak"] or 0) * (found["coming down from the peak"] or 0)
    assert found["main analysis"] == pytest.approx(product, rel=EXACT)
    assert math.log(found["coming down from the peak"] or 0) < 0
