"""Placebos in time: which starts fit, what each gives, and what an earlier trend or a jump must do to them."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from models.changes import Weighting, change, difference
from models.effect import Effect, effect
from models.estimate import Figure, Status
from models.inference.refusal import NoInference
from models.panel import ContinuousCells, CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit
from models.sensitivity.main import Main, main_analysis
from models.sensitivity.placebo_time import placebo_in_time
from models.sensitivity.spread import PlaceboSpread, placebo_spread
from models.sensitivity.starts import MOST_STARTS, earlier_starts
from models.summary import summarise

type MakePanel = Callable[..., Panel]
type Values = Callable[..., ContinuousCells]
type Analyse = Callable[..., Main]
type Matrix = Callable[..., np.typing.NDArray[np.float64]]

EXACT = 1e-9  # the same arithmetic in another order

B, G, P, F, X = Role.BASELINE, Role.GAP, Role.PHASE_IN, Role.FOLLOW_UP, Role.EXCLUDED


def clock(*roles: tuple[Role, int], unit: TimeUnit = TimeUnit.MONTH) -> Periods:
    return Periods(unit, 24_276, tuple(role for role, times in roles for _ in range(times)))


def test_every_start_with_half_a_year_before_and_a_whole_follow_up_after_fits() -> None:
    found = earlier_starts(clock((B, 24), (F, 12)))
    assert [s.first for s in found.starts] == list(range(6, 13))
    assert (found.fit, found.length, found.wanted, found.least) == (7, 12, 12, 6)
    first, last = found.starts[0], found.starts[-1]
    assert np.flatnonzero(first.before).tolist() == list(range(6))
    assert np.flatnonzero(first.after).tolist() == list(range(6, 18))
    assert np.flatnonzero(last.after).tolist() == list(range(12, 24))


def test_phase_in_and_the_pause_before_the_start_are_left_out_again() -> None:
    found = earlier_starts(clock((B, 14), (G, 2), (P, 1), (F, 4)))
    # The window before ends two periods ahead of the start and holds 6; one of phase-in and four of follow-up fit.
    assert [s.first for s in found.starts] == [8, 9]
    assert np.flatnonzero(found.starts[0].before).tolist() == list(range(6))
    assert np.flatnonzero(found.starts[0].after).tolist() == [9, 10, 11, 12]
    assert np.flatnonzero(found.starts[1].after).tolist() == [10, 11, 12, 13]


def test_excluded_periods_stay_excluded() -> None:
    found = earlier_starts(clock((B, 10), (X, 5), (B, 6), (F, 3)))
    assert [s.first for s in found.starts] == [6, 7, 15, 16, 17, 18]
    late = found.starts[2]
    assert np.flatnonzero(late.before).tolist() == list(range(10))
    assert np.flatnonzero(late.after).tolist() == [15, 16, 17]
    assert all(not (s.before | s.after)[10:15].any() for s in found.starts)


def test_a_follow_up_that_does_not_fit_is_shortened_and_never_under_three() -> None:
    found = earlier_starts(clock((B, 12), (F, 12)))
    assert (found.length, [s.first for s in found.starts]) == (6, [6])
    assert earlier_starts(clock((B, 6), (F, 12))).length == 3
    assert earlier_starts(clock((B, 5), (F, 12))).starts == ()
    assert earlier_starts(clock((B, 5), (F, 2))).length == 2, "the study's own follow-up has two"


@pytest.mark.parametrize(
    ("unit", "least"), [(TimeUnit.YEAR, 3), (TimeUnit.QUARTER, 3), (TimeUnit.WEEK, 26), (TimeUnit.DAY, 100)]
)
def test_half_a_year_or_half_the_baseline_must_come_before(unit: TimeUnit, least: int) -> None:
    found = earlier_starts(Periods(unit, 8_000, (B,) * 200 + (F,) * 4))
    assert found.least == least
    assert found.starts[0].first == least
    assert found.fit == 200 - 4 - least + 1
    assert len(found.starts) == min(MOST_STARTS, found.fit)
    assert found.starts[-1].first == 196


def test_each_row_is_the_effect_between_its_windows(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(), after=12)
    check = placebo_in_time(main)
    assert check.evidence is not None
    assert check.evidence.figure is Figure.SERIES
    *rows, own = check.evidence.rows
    starts = earlier_starts(main.panel.periods).starts
    assert [row.label for row in rows] == [main.panel.periods.labels[s.first] for s in starts]
    for row, start in zip(rows, starts, strict=True):
        direct = effect(main.panel, 0.95, start.before, start.after)
        assert isinstance(direct, Effect)
        assert (row.estimate, row.lo, row.hi) == pytest.approx((direct.estimate, *(direct.interval or ())), rel=EXACT)
    assert own.chosen
    assert own.label == main.panel.periods.labels[24]
    assert own.estimate == pytest.approx(main.effect.estimate)


def test_seasons_that_differ_are_noted(analyse: Analyse, noise: Matrix) -> None:
    check = placebo_in_time(analyse(noise(), after=12))
    assert check.evidence is not None
    whole = [row for row in check.evidence.rows if "times of year" not in row.note]
    assert [row.label for row in whole] == ["2023-04", "2024-04"], "12 months before, and the study's own"


def test_quiet_years_pass_without_proving_anything(analyse: Analyse, noise: Matrix) -> None:
    y = noise(seed=7)
    y[:2, 24:] += 1
    check = placebo_in_time(analyse(y, after=12))
    assert check.status is Status.PASS
    assert check.finding.startswith("At 7 earlier starts, where nothing happened, the same comparison gives ")
    assert "none of them is as large as the main estimate of +" in check.finding
    assert "does not show that the groups would have moved together later" in check.detail
    assert "at least 6 baseline periods before it" in check.detail
    assert "Over 147 placebos" in check.detail, "7 starts and 21 choices of areas"


def test_an_earlier_trend_is_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise()
    y[:2] += 0.05 * np.arange(36)
    check = placebo_in_time(analyse(y, after=12))
    assert check.status is Status.WARN
    assert "of the intervals 7 lie wholly on one side of no effect" in check.finding
    assert "Such gaps arose without any intervention" in check.detail


def test_an_earlier_jump_as_large_as_the_effect_is_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise()
    y[:2, 6:18] += 1.0
    y[:2, 24:] += 0.6
    check = placebo_in_time(analyse(y, after=12))
    assert check.status is Status.WARN


def test_one_start_is_put_in_the_singular(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=24)
    y[:2, 12:] += 1
    check = placebo_in_time(analyse(y, after=12))
    assert check.status is Status.PASS
    assert check.finding.startswith("At the one earlier start that fits, where nothing happened, the same comparison")
    assert check.finding.endswith(
        "smaller than the main estimate of +0.960 points, and its interval includes no effect."
    )
    assert "Their follow-up is 6 periods; the study's is 12, which does not fit." in check.detail


def test_too_short_a_baseline_is_refused_with_what_it_needs(analyse: Analyse, noise: Matrix) -> None:
    check = placebo_in_time(analyse(noise(periods=9), after=4))
    assert check.status is Status.NOT_RUN
    assert "too short" in check.finding
    assert check.detail == "It needs at least 6 baseline periods, the last 3 of them consecutive."


def test_starts_that_cannot_be_compared_are_counted_or_named(analyse: Analyse) -> None:
    events = np.full((5, 36), 9.0) + np.arange(5)[:, None]
    events[3, :7] = 0
    some = placebo_in_time(analyse(CountCells(events, np.full((5, 36), 10.0)), after=12))
    assert some.evidence is not None
    assert [row.estimate is None for row in some.evidence.rows] == [True, True, *[False] * 6]
    assert "D (periods before the earlier start)" in some.evidence.rows[0].note
    assert "At 2 more the comparison cannot be made." in some.detail
    events[3] = 0
    events[3, [0, 30]] = 5
    none = placebo_in_time(analyse(CountCells(events, np.full((5, 36), 10.0)), after=12))
    assert none.status is Status.NOT_RUN
    assert "D (periods after the earlier start)" in none.detail


def test_of_many_starts_those_tried_are_spaced_evenly(analyse: Analyse, noise: Matrix) -> None:
    check = placebo_in_time(analyse(noise(periods=400, areas=4), after=4, unit=TimeUnit.WEEK))
    assert check.evidence is not None
    assert len(check.evidence.rows) == 1 + MOST_STARTS
    assert f"{MOST_STARTS:,} of 367 starts, evenly spaced, were tried." in check.detail


def test_two_areas_give_points_only(analyse: Analyse, noise: Matrix) -> None:
    check = placebo_in_time(analyse(noise(areas=2), treated=1, after=12))
    assert "interval" not in check.finding
    assert "standard error" not in check.detail


def test_weights_count_at_every_start(analyse: Analyse, noise: Matrix) -> None:
    n = np.arange(1.0, 8.0)[:, None] * np.ones(36)
    y = noise()
    main = analyse(ContinuousCells(n, n * y, n * (y**2 + 1)), weighting=Weighting.EXPOSURE, after=12)
    start = earlier_starts(main.panel.periods).starts[0]
    direct = effect(main.panel, 0.95, start.before, start.after, Weighting.EXPOSURE)
    check = placebo_in_time(main)
    assert check.evidence is not None
    assert isinstance(direct, Effect)
    assert check.evidence.rows[0].estimate == pytest.approx(direct.estimate, rel=EXACT)


def test_the_spread_is_every_choice_of_areas_at_every_start(make_panel: MakePanel, noise: Matrix) -> None:
    n, y = np.arange(1.0, 7.0)[:, None] * np.ones(30), noise(areas=6, periods=30)
    panel = make_panel(ContinuousCells(n, n * y, n * (y**2 + 1)), treated=2, after=12)
    for weighting in Weighting:
        spread = placebo_spread(panel, weighting)
        assert isinstance(spread, PlaceboSpread)
        starts = earlier_starts(panel.periods).starts
        assert spread.estimates.shape == (len(starts), 15)
        assert spread.exact
        assert spread.starts == tuple(panel.periods.labels[s.first] for s in starts)
        for s, start in enumerate(starts):
            for c, pair in enumerate(combinations(range(6), 2)):
                relabelled = replace(panel, treated=np.isin(np.arange(6), pair))
                direct = effect(relabelled, 0.95, start.before, start.after, weighting)
                assert isinstance(direct, Effect)
                assert spread.estimates[s, c] == pytest.approx(direct.estimate, rel=EXACT)
        assert spread.sd == pytest.approx(math.sqrt(np.mean(np.square(spread.estimates))), rel=EXACT)


def test_the_spread_at_one_start_is_the_variance_over_all_areas(
    make_panel: MakePanel, values: Values, noise: Matrix
) -> None:
    panel = make_panel(values(noise(periods=24)), treated=2, after=12)
    spread = placebo_spread(panel)
    assert isinstance(spread, PlaceboSpread)
    (start,) = earlier_starts(panel.periods).starts
    w = change(panel, start.before, start.after).w
    assert spread.sd == pytest.approx(math.sqrt(w.var(ddof=1) * (1 / 2 + 1 / 5)), rel=EXACT)
    assert (spread.length, spread.wanted) == (6, 12)


def test_the_spread_never_sees_the_follow_up(make_panel: MakePanel, values: Values, noise: Matrix) -> None:
    y = noise()
    before = placebo_spread(make_panel(values(y), treated=2, after=12))
    y[:, 24:] += np.arange(7)[:, None]
    after = placebo_spread(make_panel(values(y), treated=2, after=12))
    assert isinstance(before, PlaceboSpread)
    assert isinstance(after, PlaceboSpread)
    assert (before.estimates == after.estimates).all()


def test_a_spread_that_cannot_be_had_says_why(make_panel: MakePanel, values: Values, noise: Matrix) -> None:
    short = placebo_spread(make_panel(values(noise(periods=8)), treated=2, after=4))
    assert isinstance(short, NoInference)
    n = np.full((4, 24), 5.0)
    n[0, :6] = 0
    y = noise(areas=4, periods=24)
    alone = placebo_spread(make_panel(values(y, n), treated=1, after=12))
    assert isinstance(alone, NoInference), "the one treated area has nothing before the only start"
    gone = n.copy()
    gone[0] = 5
    gone[3, :6] = 0
    rest = placebo_spread(make_panel(values(y, gone), treated=1, after=12))
    assert isinstance(rest, PlaceboSpread)
    assert rest.estimates.shape == (1, 3), "the area without data is left out"


def test_groups_complete_at_different_starts_leave_no_spread(
    make_panel: MakePanel, values: Values, noise: Matrix
) -> None:
    n = np.full((3, 18), 5.0)
    n[1, 10:14] = 0  # nothing after the last start
    assert isinstance(placebo_spread(make_panel(values(noise(3, 18), n), after=4)), PlaceboSpread)
    n[2, :6] = 0  # nothing before the first
    found = placebo_spread(make_panel(values(noise(3, 18), n), after=4))
    assert found == NoInference("One of the groups has no area with data at every earlier start.")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_placebos_in_time(
    kind: Kind, make_panel: MakePanel, any_cells: Callable[..., CountCells]
) -> None:
    main = main_analysis(make_panel(any_cells(kind, 7, 36, 1), treated=2, after=12), 0.95)
    assert isinstance(main, Main)
    check = placebo_in_time(main)
    assert check.evidence is not None
    start = earlier_starts(main.panel.periods).starts[0]
    w = difference(summarise(main.panel.cells, start.before), summarise(main.panel.cells, start.after)).w
    linear = math.log(check.evidence.rows[0].estimate) if kind.scale == "ratio" else check.evidence.rows[0].estimate
    assert linear == pytest.approx(w[:2].mean() - w[2:].mean(), rel=1e-8)
