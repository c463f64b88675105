"""Difference-in-differences: hand-computed effects, refusals in words, and what must not change them."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.arrays import FloatArray
from models.design import Design
from models.did import DidOptions, change, fit
from models.estimate import Check, Clusters, Estimate, ModelOutput, Scale, Status
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    Kind,
    Panel,
    TimeToEventCells,
    merge_treated,
    per_cell,
    rebuilt,
    select_areas,
)

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-9  # the same arithmetic in another order
FIXTURE_ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

EVENTS = np.asarray(
    [
        [40.0, 44, 30, 33],
        [50, 47, 41, 38],
        [60, 66, 61, 64],
        [30, 33, 35, 31],
        [80, 75, 70, 78],
        [45, 40, 44, 47],
        [20, 26, 25, 22],
    ]
)
EXPOSURE = np.full((7, 4), 1_000.0)
SHARED = Design(shared_delivery=True)


def run(panel: Panel, design: Design = Design()) -> ModelOutput:  # noqa: B008 - frozen
    return fit(panel, design, DidOptions())


def seven(make_panel: MakePanel, events: FloatArray = EVENTS, exposure: FloatArray = EXPOSURE) -> Panel:
    return make_panel(CountCells(events, exposure), treated=2)


def check(output: ModelOutput, name: str) -> Check:
    (found,) = [c for c in output.checks if c.id == name]
    return found


def hand_changes() -> FloatArray:
    return np.log(EVENTS[:, 2:].sum(axis=1) / EVENTS[:, :2].sum(axis=1))


def test_seven_areas_give_the_hand_computed_rate_ratio(make_panel: MakePanel) -> None:
    output = run(seven(make_panel))
    collapsed, exact, robust = output.estimates
    w = hand_changes()
    expected = math.exp(w[:2].mean() - w[2:].mean())
    assert [e.estimate for e in output.estimates] == pytest.approx([expected] * 3, rel=EXACT)
    assert [e.method for e in output.estimates] == [
        "collapsed change per area, t(5)",
        "exact permutation of 21 assignments",
        "CR2 with Bell-McCaffrey df",
    ]
    assert [e.headline for e in output.estimates] == [True, False, False]
    assert {e.scale for e in output.estimates} == {Scale.RATIO}
    assert {e.clusters for e in output.estimates} == {Clusters(2, 5)}
    residual = np.concatenate([w[:2] - w[:2].mean(), w[2:] - w[2:].mean()])
    std_error = math.sqrt(residual @ residual / 5 * (1 / 2 + 1 / 5))
    assert collapsed.std_error == pytest.approx(std_error, rel=EXACT), "on the log scale"
    limits = [math.log(expected) + sign * 2.5705818 * std_error for sign in (-1, 1)]
    assert collapsed.interval == pytest.approx(tuple(np.exp(limits)), rel=1e-6)
    assert collapsed.attainable_p is None, "a t test has no smallest p"
    assert exact.attainable_p == pytest.approx(1 / 21)
    assert (exact.std_error, exact.df) == (None, None)
    assert exact.p_value == pytest.approx(1 / 21), "both treated areas fell most"
    assert robust.df == pytest.approx(1.885, abs=0.0005)
    assert not output.not_estimable


def test_notes_say_what_a_reader_needs(make_panel: MakePanel) -> None:
    collapsed, exact, robust = run(seven(make_panel)).estimates
    assert "incidents per 1,000 people a year" in collapsed.note
    assert "2 treated and 5 comparison areas" in collapsed.note
    assert "5 degrees of freedom" in collapsed.note
    assert "The smallest p-value that a permutation test of these areas can give is 0.048." in collapsed.note
    assert "ranks 1 of 21" in exact.note
    assert "1.9 degrees of freedom" in robust.note


@pytest.mark.parametrize("level", [0.5, 0.8, 0.99])
def test_the_level_is_the_designs(make_panel: MakePanel, level: float) -> None:
    output = run(seven(make_panel), Design(level=level))
    plain = run(seven(make_panel))
    width = output.estimates[0].interval[1] - output.estimates[0].interval[0]
    usual = plain.estimates[0].interval[1] - plain.estimates[0].interval[0]
    assert (width > usual) == (level > 0.95)
    assert {e.level for e in output.estimates} == {level}
    assert output.estimates[0].p_value == plain.estimates[0].p_value


def test_a_level_the_permutation_cannot_reach_leaves_its_p_and_says_why(make_panel: MakePanel) -> None:
    output = run(seven(make_panel), Design(level=0.99))
    exact = output.estimates[1]
    assert exact.interval is None
    assert exact.p_value is not None
    (refused,) = output.not_estimable
    assert "No 99% interval" in refused.reason
    assert "0.048" in refused.reason


def test_a_shared_team_adds_the_merged_unit(make_panel: MakePanel) -> None:
    panel = seven(make_panel)
    output = run(panel, SHARED)
    merged, exact = output.estimates[3:]
    assert merged.method == "collapsed change per area, treated areas as one unit, t(4)"
    assert exact.method == "exact permutation of 6 assignments, treated areas as one unit"
    pooled, w = math.log((30 + 33 + 41 + 38) / (40 + 44 + 50 + 47)), hand_changes()
    assert merged.estimate == pytest.approx(math.exp(pooled - w[2:].mean()), rel=EXACT)
    assert {merged.clusters, exact.clusters} == {Clusters(1, 5)}
    assert exact.p_value == exact.attainable_p == pytest.approx(1 / 6)
    assert exact.interval is None
    assert [e.headline for e in output.estimates] == [True] + [False] * 4
    assert any("treated areas as one unit" in r.reason for r in output.not_estimable)
    assert run(panel).estimates == output.estimates[:3], "the areas' own tests stay as they were"


def test_a_shared_team_with_one_area_adds_nothing(make_panel: MakePanel) -> None:
    cells = CountCells(EVENTS, EXPOSURE)
    output = run(make_panel(cells, treated=1), SHARED)
    assert [e.method for e in output.estimates] == [
        "collapsed change per area, t(5)",
        "exact permutation of 7 assignments",
    ]
    assert any("one treated area" in r.reason for r in output.not_estimable), "CR2 is refused"
    assert "cannot show its own variation" in output.estimates[0].note


def test_a_shared_team_against_one_area_cannot_be_tested_as_one_unit(make_panel: MakePanel) -> None:
    output = run(make_panel(CountCells(EVENTS[:3], EXPOSURE[:3]), treated=2), SHARED)
    assert output.estimates[0].method == "collapsed change per area, t(1)"
    assert any("No test with treated areas as one unit" in r.reason for r in output.not_estimable)
    assert check(output, "one_team").status is Status.NOT_RUN


def test_card_and_kruegers_published_means(make_panel: MakePanel) -> None:
    # Card & Krueger 1994, table 3: full-time equivalents per restaurant, 2.76 from unrounded means.
    means = np.asarray([[20.44, 21.03], [23.33, 21.17]])
    n = np.asarray([[321.0, 319], [77, 77]])
    output = run(make_panel(ContinuousCells(n, n * means, n * (means**2 + 80)), treated=1))
    (only,) = output.estimates
    assert only.estimate == pytest.approx(2.75, abs=0.005)
    assert only.scale is Scale.DIFFERENCE
    assert (only.interval, only.std_error, only.df, only.p_value, only.attainable_p) == (None,) * 5
    assert only.headline
    (refused,) = output.not_estimable
    assert "one treated and one comparison area" in refused.reason
    assert check(output, "areas").status is Status.FAIL


def test_no_comparison_area_gives_no_number(make_panel: MakePanel) -> None:
    output = run(make_panel(CountCells(EVENTS[:2], EXPOSURE[:2]), treated=2))
    assert output.estimates == ()
    assert "no comparison area" in output.not_estimable[0].reason


def test_an_area_without_data_is_left_out_and_named(make_panel: MakePanel) -> None:
    exposure = EXPOSURE.copy()
    exposure[4, :2] = 0
    panel = seven(make_panel, np.where(exposure > 0, EVENTS, 0), exposure)
    output = run(panel)
    found = check(output, "areas_complete")
    assert found.status is Status.FAIL
    assert "E" in found.finding
    assert "E: no data in the baseline" in found.detail
    assert "Left out for want of data: E." in output.estimates[0].note
    keep = np.arange(7) != 4
    assert output.estimates[0].estimate == run(select_areas(panel, keep)).estimates[0].estimate
    assert output.estimates[0].clusters == Clusters(2, 4)


def test_no_treated_data_gives_no_number(make_panel: MakePanel) -> None:
    exposure = EXPOSURE.copy()
    exposure[:2, 2:] = 0
    output = run(seven(make_panel, np.where(exposure > 0, EVENTS, 0), exposure))
    assert output.estimates == ()
    assert "No treated area has data" in output.not_estimable[0].reason


def test_no_events_stop_the_analysis_and_name_the_place(make_panel: MakePanel) -> None:
    events = EVENTS.copy()
    events[3, 2:] = 0
    output = run(seven(make_panel, events))
    assert output.estimates == ()
    (refused,) = output.not_estimable
    assert "D (follow-up)" in refused.reason
    assert "longer windows, or merge areas" in refused.reason


def test_nobody_followed_to_the_horizon_stops_the_analysis(make_panel: MakePanel) -> None:
    events, censored = np.zeros((4, 2, 3)), np.zeros((4, 2, 3))
    events[:, :, 1] = 2
    censored[:, :, 2] = 5
    censored[0, 1] = [0, 5, 0]
    output = run(make_panel(TimeToEventCells(events, censored), treated=2))
    assert "followed to the horizon in A (follow-up)" in output.not_estimable[0].reason


def test_a_perfect_fit_gives_the_point_alone(make_panel: MakePanel) -> None:
    trials = np.full((5, 2), 10.0)
    successes = np.asarray([[2.0, 5], [1, 4], [2, 3], [4, 5], [6, 7]])
    output = run(make_panel(BinaryCells(successes, trials), treated=2))
    (only,) = output.estimates
    assert only.estimate == pytest.approx(0.2, rel=EXACT)
    assert only.p_value is None
    assert "exactly the same amount" in output.not_estimable[0].reason


def test_an_interval_too_wide_to_write_is_left_out(make_panel: MakePanel) -> None:
    events = np.asarray([[1.0, 1e5], [5, 5], [1e5, 1]])
    output = run(make_panel(CountCells(events, np.full((3, 2), 10.0)), treated=1), Design(level=0.99))
    collapsed, _ = output.estimates
    assert (collapsed.interval, collapsed.std_error, collapsed.df, collapsed.p_value) == (None,) * 4
    assert collapsed.headline
    assert collapsed.estimate == pytest.approx(1e5 / 1e-5**0.5, rel=EXACT), "the point stands"
    assert "not known" in collapsed.note
    assert "degrees of freedom" not in collapsed.note
    (said,) = [r.reason for r in output.not_estimable if "from collapsed change per area, t(1)" in r.reason]
    assert "too wide to be written as a ratio" in said


def test_a_permutation_interval_too_wide_to_write_keeps_its_p_and_gives_that_reason(make_panel: MakePanel) -> None:
    events = np.asarray([[1.0, 1e30], [1e30, 1.0], *[[5.0, 4 + a] for a in range(5)]])
    output = run(make_panel(CountCells(events, np.full((7, 2), 10.0)), treated=2))
    _, exact, _ = output.estimates
    assert exact.interval is None
    assert exact.p_value is not None
    said = [r.reason for r in output.not_estimable if "exact permutation" in r.reason]
    assert said == [
        "No 95% interval from the exact permutation of 21 assignments: it is too wide to be written as a ratio."
    ]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_estimated_on_its_scale(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(kind, 7, 12, 3), treated=2)
    output = run(panel, SHARED)
    assert len(output.estimates) == 5
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    effect = changes.w[:2].mean() - changes.w[2:].mean()
    expected = math.exp(effect) if kind in {Kind.COUNT, Kind.DURATION} else effect
    assert output.estimates[0].estimate == pytest.approx(expected, rel=EXACT)
    assert (changes.variance > 0).all()
    for e in output.estimates:
        assert e.interval is None or e.interval[0] < e.estimate < e.interval[1]


def headline(panel: Panel) -> Estimate:
    return run(panel).estimates[0]


@FIXTURE_ONCE
@given(st.floats(0.01, 100), st.floats(0.2, 5))
def test_neither_units_nor_a_common_change_move_a_rate_ratio(
    make_panel: MakePanel, units: float, common: float
) -> None:
    exposure = EXPOSURE * units
    exposure[:, 2:] *= common
    plain, moved = headline(seven(make_panel)), headline(seven(make_panel, EVENTS, exposure))
    assert moved.estimate == pytest.approx(plain.estimate, rel=EXACT)
    assert moved.p_value == pytest.approx(plain.p_value, rel=1e-6)


@FIXTURE_ONCE
@given(st.permutations(range(2)), st.permutations(range(2, 7)), st.sampled_from(list(Kind)))
def test_the_order_of_areas_does_not_matter(
    make_panel: MakePanel, any_cells: AnyCells, treated: list[int], rest: list[int], kind: Kind
) -> None:
    panel = make_panel(any_cells(kind, 7, 6, 1), treated=2)
    order = [*treated, *rest]
    cells = rebuilt(panel.cells, {name: array[order] for name, array in per_cell(panel.cells).items()})
    for a, b in zip(run(panel).estimates, run(replace(panel, cells=cells)).estimates, strict=True):
        assert b.estimate == pytest.approx(a.estimate, rel=EXACT)
        assert b.p_value == pytest.approx(a.p_value, rel=1e-6)


@pytest.mark.parametrize("kind", list(Kind))
def test_swapping_the_windows_turns_the_effect_round(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(kind, 5, 6, 2), treated=2)
    before, after = panel.periods.baseline, panel.periods.follow_up
    assert change(panel, before, after).w == pytest.approx(-change(panel, after, before).w, rel=EXACT)


def test_merging_is_idempotent_for_one_treated_area(make_panel: MakePanel) -> None:
    panel = make_panel(CountCells(EVENTS, EXPOSURE), treated=1)
    assert headline(merge_treated(panel)).estimate == headline(panel).estimate
