"""Checks of a difference-in-differences: what each finds, and what it must never claim."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.typing import ArrayLike

from models.changes import change
from models.design import Design
from models.did import DidOptions, fit
from models.did.checks import areas, areas_complete, earlier_gap, halves_of, one_team, seasons
from models.estimate import Check, Status
from models.panel import Cells, ContinuousCells, CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit, period_index

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

BASELINE, FOLLOW_UP, EXCLUDED, PHASE_IN = Role.BASELINE, Role.FOLLOW_UP, Role.EXCLUDED, Role.PHASE_IN


def values(matrix: ArrayLike) -> ContinuousCells:
    y = np.asarray(matrix, dtype=np.float64)
    n = np.full(y.shape, 4.0)
    return ContinuousCells(n, n * y, n * (y**2 + 1))


@pytest.mark.parametrize(
    ("treated", "comparison", "status", "floor"),
    [
        (1, 1, Status.FAIL, "can give is 1."),
        (2, 5, Status.WARN, "0.048"),
        (3, 40, Status.WARN, "below 0.001"),
        (4, 15, Status.WARN, "below 0.001"),
        (4, 16, Status.PASS, "below 0.001"),
    ],
)
def test_areas_are_counted_and_the_smallest_p_said(treated: int, comparison: int, status: Status, floor: str) -> None:
    found = areas(treated, comparison)
    assert found.status is status
    assert f"{treated} treated and {comparison} comparison" in found.finding
    assert floor in found.detail


def test_periods_missing_from_a_count_are_named(make_panel: MakePanel) -> None:
    exposure = np.full((3, 6), 10.0)
    exposure[1, [0, 5]] = 0
    panel = make_panel(CountCells(np.where(exposure > 0, 5.0, 0.0), exposure))
    found = areas_complete(panel, change(panel, panel.periods.baseline, panel.periods.follow_up))
    assert found.status is Status.WARN
    assert "B (2 of 6)" in found.finding


@pytest.mark.parametrize(("missing", "status"), [([4, 5], Status.FAIL), ([5], Status.WARN)])
def test_most_of_a_window_must_have_data(make_panel: MakePanel, missing: list[int], status: Status) -> None:
    exposure = np.full((3, 6), 10.0)
    exposure[1, missing] = 0
    panel = make_panel(CountCells(np.where(exposure > 0, 5.0, 0.0), exposure))
    found = areas_complete(panel, change(panel, panel.periods.baseline, panel.periods.follow_up))
    assert found.status is status
    assert ("B had data in less than two thirds of a window" in found.detail) is (status is Status.FAIL)


def test_complete_areas_pass(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(Kind.COUNT, 3, 6, 1))
    assert areas_complete(panel, change(panel, panel.periods.baseline, panel.periods.follow_up)).status is Status.PASS


def clock(unit: TimeUnit, start: date, *roles: tuple[Role, int]) -> Periods:
    return Periods(unit, period_index(start, unit), tuple(role for role, times in roles for _ in range(times)))


@pytest.mark.parametrize(
    ("periods", "status"),
    [
        (clock(TimeUnit.MONTH, date(2020, 4, 1), (BASELINE, 24), (FOLLOW_UP, 12)), Status.PASS),
        (clock(TimeUnit.MONTH, date(2020, 4, 1), (BASELINE, 24), (PHASE_IN, 2), (FOLLOW_UP, 10)), Status.WARN),
        (clock(TimeUnit.MONTH, date(2025, 1, 1), (BASELINE, 6), (FOLLOW_UP, 6)), Status.WARN),
        (clock(TimeUnit.MONTH, date(2019, 4, 1), (BASELINE, 12), (EXCLUDED, 5), (FOLLOW_UP, 12)), Status.PASS),
        (clock(TimeUnit.QUARTER, date(2020, 4, 1), (BASELINE, 8), (FOLLOW_UP, 4)), Status.PASS),
        (clock(TimeUnit.QUARTER, date(2020, 4, 1), (BASELINE, 7), (FOLLOW_UP, 4)), Status.WARN),
        (clock(TimeUnit.WEEK, date(2020, 3, 30), (BASELINE, 104), (FOLLOW_UP, 52)), Status.PASS),
        (clock(TimeUnit.WEEK, date(2020, 3, 30), (BASELINE, 104), (FOLLOW_UP, 40)), Status.WARN),
        (clock(TimeUnit.DAY, date(2020, 4, 1), (BASELINE, 731), (FOLLOW_UP, 365)), Status.PASS),
        (clock(TimeUnit.YEAR, date(2015, 1, 1), (BASELINE, 5), (FOLLOW_UP, 2)), Status.PASS),
    ],
)
def test_windows_should_hold_the_same_times_of_year(periods: Periods, status: Status) -> None:
    assert seasons(seen_in(periods)).status is status


def seen_in(periods: Periods, unseen: slice = slice(0)) -> Panel:
    exposure = np.full((2, len(periods)), 30.0)
    exposure[:, unseen] = 0
    cells = CountCells(np.where(exposure > 0, 9.0, 0.0), exposure)
    return Panel("n", Kind.COUNT, "events", 1.0, ("A", "B"), np.asarray([True, False]), periods, cells)


def test_months_without_data_are_no_part_of_a_window() -> None:
    periods = clock(TimeUnit.MONTH, date(2024, 1, 1), (BASELINE, 12), (FOLLOW_UP, 12))
    assert seasons(seen_in(periods)).status is Status.PASS
    assert seasons(seen_in(periods, slice(4, 12))).status is Status.WARN


def baseline_panel(make_panel: MakePanel, drift: float, periods: int = 12) -> Panel:
    rng = np.random.default_rng(4)
    y = rng.normal(10, 0.1, (7, periods))
    y[:2] += drift * np.arange(periods)
    return make_panel(values(y), treated=2, after=periods // 3)


def test_an_older_drift_is_found_and_put_in_words(make_panel: MakePanel) -> None:
    found = earlier_gap(baseline_panel(make_panel, 0.5), 0.95)
    assert found.status is Status.WARN
    assert "before the intervention, treated areas moved by +1.96 points" in found.finding
    assert "(95% interval +1.8" in found.finding
    assert found.finding.endswith(", p < 0.001).")
    assert "older difference" in found.detail


def test_finding_nothing_is_not_passing_a_test(make_panel: MakePanel) -> None:
    found = earlier_gap(baseline_panel(make_panel, 0.0), 0.9)
    assert found.status is Status.PASS
    assert "90% interval" in found.finding
    assert "does not show that there was none" in found.detail
    assert "parallel" not in found.finding + found.detail


def test_the_earlier_gap_looks_at_the_baseline_only(make_panel: MakePanel) -> None:
    roles = (BASELINE,) * 3 + (EXCLUDED,) * 2 + (BASELINE,) * 3 + (FOLLOW_UP,) * 4
    rng = np.random.default_rng(5)
    y = rng.normal(10, 0.1, (7, 12))
    before = earlier_gap(make_panel(values(y), treated=2, roles=roles), 0.95)
    y[:, 3:5] += 100
    y[:, 8:] -= 100
    assert earlier_gap(make_panel(values(y), treated=2, roles=roles), 0.95).finding == before.finding


def test_a_short_baseline_is_not_halved(make_panel: MakePanel) -> None:
    found = earlier_gap(baseline_panel(make_panel, 0.0, periods=7), 0.95)
    assert found.status is Status.NOT_RUN
    assert "too short" in found.finding


def test_halves_are_of_the_periods_with_data(make_panel: MakePanel, any_cells: AnyCells) -> None:
    cells = any_cells(Kind.COUNT, 3, 14, 1)
    assert isinstance(cells, CountCells)
    exposure = cells.exposure.copy()
    exposure[:, :2] = 0  # the source begins two months late
    late = CountCells(np.where(exposure > 0, cells.events, 0.0), exposure)
    first, second = halves_of(make_panel(late, after=5))  # type: ignore[misc]
    assert np.flatnonzero(first).tolist() == [2, 3, 4]
    assert np.flatnonzero(second).tolist() == [5, 6, 7, 8]


def test_the_earlier_gap_is_not_lost_where_the_source_begins_late(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(6)
    events, exposure = rng.poisson(100, (7, 24)).astype(float), np.full((7, 24), 10.0)
    late = [np.where(np.arange(24) < 10, 0.0, x) for x in (events, exposure)]
    found = earlier_gap(make_panel(CountCells(*late), treated=2, after=6), 0.95)
    alone = earlier_gap(make_panel(CountCells(events[:, 10:], exposure[:, 10:]), treated=2, after=6), 0.95)
    assert alone.status is not Status.NOT_RUN
    assert found == alone


def test_an_earlier_gap_that_cannot_be_judged_says_why(make_panel: MakePanel) -> None:
    events = np.full((7, 12), 5.0) + np.arange(7)[:, None]
    events[3, :4] = 0
    found = earlier_gap(make_panel(CountCells(events, np.full((7, 12), 10.0)), treated=2, after=4), 0.95)
    assert found.status is Status.NOT_RUN
    assert "D (first half of the baseline)" in found.detail
    events[3] = 8.0
    events[3, 4:8] = 0
    late = make_panel(CountCells(events, np.full((7, 12), 10.0)), treated=2, after=4)
    assert "D (second half of the baseline)" in earlier_gap(late, 0.95).detail
    exposure = np.full((7, 12), 10.0)
    exposure[3, 4:8] = 0
    unseen = earlier_gap(make_panel(CountCells(events, exposure), treated=2, after=4), 0.95)
    assert unseen.detail == "D: no data in the second half of the baseline"
    exposure[:2, 4:8] = 0
    none = earlier_gap(make_panel(CountCells(events * (exposure > 0), exposure), treated=2, after=4), 0.95)
    assert "data in both the first half of the baseline and the second half of the baseline" in none.detail
    two = earlier_gap(make_panel(values(np.random.default_rng(1).normal(size=(2, 12))), after=4), 0.95)
    assert two.status is Status.NOT_RUN


def team_check(make_panel: MakePanel, changes: tuple[float, float], weights: tuple[int, int]) -> Check:
    """One shared team over two areas with these changes and numbers of cases; five comparison areas stay near 0."""
    y = np.zeros((7, 2))
    y[:, 1] = [*changes, -0.2, 0.2, 0.1, -0.1, 0.0]
    n = np.ones((7, 2)) * 10
    n[:2] *= np.asarray(weights)[:, None]
    panel = make_panel(ContinuousCells(n, n * y, n * (y**2 + 1)), treated=2)
    output = fit(panel, Design(shared_delivery=True), DidOptions())
    (found,) = [c for c in output.checks if c.id == "one_team"]
    return found


def test_one_team_that_does_not_change_the_answer(make_panel: MakePanel) -> None:
    assert team_check(make_panel, (2.0, 2.2), (1, 1)).status is Status.PASS
    assert team_check(make_panel, (0.1, 0.0), (1, 1)).status is Status.PASS


def test_one_team_that_loses_the_finding(make_panel: MakePanel) -> None:
    found = team_check(make_panel, (0.41, 0.38), (1, 1))
    assert found.status is Status.WARN
    assert "no longer shows a difference from no effect" in found.finding


def test_one_team_that_turns_the_sign(make_panel: MakePanel) -> None:
    found = team_check(make_panel, (3.0, -1.0), (1, 50))
    assert found.status is Status.WARN
    assert "points the other way" in found.finding


def test_one_team_without_an_estimate_is_not_judged(make_panel: MakePanel) -> None:
    output = fit(make_panel(values(np.eye(7)), treated=2, after=3), Design(), DidOptions())
    assert one_team(output.estimates[0], None).status is Status.NOT_RUN
    assert one_team(output.estimates[0], replace(output.estimates[0], interval=None)).status is Status.NOT_RUN
    assert "one_team" not in {c.id for c in output.checks}
