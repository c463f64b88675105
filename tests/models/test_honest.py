"""The two checks of a break from parallel trends: what each finds, warns of, and refuses."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.arrays import FloatArray
from models.changes import Weighting
from models.effect import Effect
from models.estimate import Check, Figure, Quantity, Scale, Status
from models.honest import (
    TIMES,
    Ground,
    changed_answer,
    ground_of,
    honest,
    magnitudes_breakdown,
    magnitudes_interval,
    smoothness_breakdown,
    smoothness_interval,
    verdict,
)
from models.inference.refusal import NoInference
from models.panel import Cells, ContinuousCells, CountCells, Kind, Panel
from models.periods import Role, TimeUnit
from models.sensitivity.main import Main, main_analysis

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-9  # two routes to the same number
FOUND = 0.02  # breakdowns of sets are found by bisection to a hundredth
HALF = 6  # months in a half-year


def monthly(values: FloatArray) -> ContinuousCells:
    """Months in which every area's mean is that of its half-year, values of shape (A, B)."""
    y = np.repeat(values, HALF, axis=1)
    n = np.full(y.shape, 4.0)
    return ContinuousCells(n, n * y, n * (y**2 + 1))


def analysed(panel: Panel, weighting: Weighting = Weighting.EQUAL, level: float = 0.95) -> Main:
    main = main_analysis(panel, level, weighting)
    assert isinstance(main, Main)
    return main


def grounded(panel: Panel) -> Ground:
    found = ground_of(analysed(panel))
    assert isinstance(found, Ground)
    return found


def moved(seed: int, areas: int, bins: int, *, after: int, effect: float, drift: float = 0.0) -> FloatArray:
    """Noise of standard deviation 1, with an effect on the first two of seven areas, or the first half of many."""
    rng = np.random.default_rng(seed)
    values = 50 + rng.normal(size=(areas, bins))
    treated = 2 if areas < 20 else areas // 2
    values[:treated, bins - after :] += effect
    values[:treated] += drift * np.arange(bins)
    return values


def made(make_panel: MakePanel, values: FloatArray, after: int) -> Panel:
    areas = len(values)
    return make_panel(monthly(values), treated=2 if areas < 20 else areas // 2, after=HALF * after)


def checked(panel: Panel) -> tuple[Check, Check]:
    return honest(analysed(panel))


def test_a_large_effect_survives_a_break_as_large_as_any_seen(make_panel: MakePanel) -> None:
    panel = made(make_panel, moved(1, 7, 6, after=2, effect=-30.0), 2)
    magnitudes, smooth = checked(panel)
    assert (magnitudes.id, smooth.id) == ("honest_relative_magnitudes", "honest_smoothness")
    assert magnitudes.status is smooth.status is Status.PASS
    ground = grounded(panel)
    times, bends = magnitudes_breakdown(ground), smoothness_breakdown(ground)
    assert times is not None
    assert bends is not None
    assert f"would survive a break from parallel trends of up to {times:.1f} times the largest" in magnitudes.finding
    assert f"would survive a bend of up to {bends:.1f} times the largest" in smooth.finding


def test_beyond_ten_times_no_breakdown_is_named(make_panel: MakePanel) -> None:
    for check in checked(made(make_panel, moved(1, 7, 6, after=2, effect=-6000.0), 2)):
        assert check.status is Status.PASS
        assert "of more than 10 times the largest" in check.finding


def test_evidence_holds_the_main_analysis_and_a_row_for_each_restriction(make_panel: MakePanel) -> None:
    panel = made(make_panel, moved(1, 7, 6, after=2, effect=-60.0), 2)
    ground = grounded(panel)
    for check, interval, unit in zip(
        checked(panel), (magnitudes_interval, smoothness_interval), (1.0, ground.look.largest_bend), strict=True
    ):
        evidence = check.evidence
        assert evidence is not None
        assert (evidence.figure, evidence.quantity, evidence.scale) == (
            Figure.FOREST,
            Quantity.OUTCOME,
            Scale.DIFFERENCE,
        )
        assert [row.chosen for row in evidence.rows] == [True, *[False] * len(TIMES)]
        assert "2 half-years after the start, measured with 4 before it" in evidence.note
        for row, times in zip(evidence.rows[1:], TIMES, strict=True):
            limits = interval(ground, times * unit)
            assert limits is not None
            assert (row.lo, row.hi) == pytest.approx(limits, rel=EXACT)
        assert "leaving chance aside" in evidence.rows[-1].note


def test_ratios_are_carried_to_their_scale(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(4)
    events = np.round(1000 * np.exp(rng.normal(0, 0.05, (7, 36))))
    panel = make_panel(CountCells(events, np.full((7, 36), 10.0)), treated=2, after=12)
    magnitudes, _ = checked(panel)
    assert magnitudes.evidence is not None
    row, ground = magnitudes.evidence.rows[2], grounded(panel)
    low, high = magnitudes_interval(ground, 0.5) or (0.0, 0.0)
    assert (row.lo, row.hi) == pytest.approx((np.exp(low), np.exp(high)))


def test_a_small_effect_is_undone_by_a_small_break(make_panel: MakePanel) -> None:
    panel = made(make_panel, moved(1, 7, 6, after=2, effect=-6.0), 2)
    magnitudes, _ = checked(panel)
    assert magnitudes.status is Status.WARN
    assert "would survive a break from parallel trends of" in magnitudes.finding
    survives = magnitudes_breakdown(grounded(panel))
    assert survives is not None
    assert 0 < survives < 1


def test_no_finding_leaves_nothing_to_undo(make_panel: MakePanel) -> None:
    found = [checked(made(make_panel, moved(seed, 7, 6, after=2, effect=0.0), 2))[0] for seed in range(12)]
    quiet = [check for check in found if "there is no finding that one could undo" in check.finding]
    assert len(quiet) >= 8
    for check in quiet:
        assert check.status is Status.PASS
        assert "it would run from −" in check.finding


def test_a_direction_counts_only_where_an_estimate_excludes_no_effect() -> None:
    def made_of(estimate: float, half: float) -> Effect:
        return Effect(estimate, (estimate - half, estimate + half), 1.0, 5.0, 0.5, 2, 5)

    assert changed_answer(made_of(0.1, 1.0), made_of(-0.1, 1.0)) == ""
    assert changed_answer(made_of(2.0, 1.0), made_of(-0.1, 1.0)) == "points the other way"
    assert changed_answer(made_of(2.0, 1.0), made_of(0.1, 1.0)) == "no longer shows a difference from no effect"
    assert changed_answer(made_of(0.1, 1.0), made_of(2.0, 1.0)) == "now shows a difference"


def test_an_effect_that_goes_on_with_the_earlier_line_is_warned_of(make_panel: MakePanel) -> None:
    values = moved(2, 7, 8, after=2, effect=0.0, drift=-6.0)
    panel = made(make_panel, values, 2)
    assert analysed(panel).effect.excludes_none
    _, smooth = checked(panel)
    assert smooth.status is Status.WARN
    assert "had gone on in a straight line, the estimate would be" in smooth.finding
    assert "no longer shows a difference from no effect" in smooth.finding


def test_an_estimate_that_only_loses_its_certainty_is_not_set_against_itself(make_panel: MakePanel) -> None:
    ground = grounded(made(make_panel, moved(2, 7, 8, after=2, effect=0.0, drift=-6.0), 2))
    own = ground.main.effect
    base = replace(own, interval=(own.estimate - 99, own.estimate + 99))
    status, finding = verdict(ground, base, "The estimate is", "", (None, None))
    assert status is Status.WARN
    assert " as in the main analysis, but no longer shows a difference from no effect." in finding
    assert "instead of" not in finding


def test_an_effect_that_is_not_there_from_the_last_bin_is_warned_of(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(3)
    values = 50 + 0.3 * rng.normal(size=(7, 8))
    values[:2, 5:] -= 10  # the groups part in the last half-year before the start
    magnitudes, _ = checked(made(make_panel, values, 2))
    assert magnitudes.status is Status.WARN
    assert magnitudes.finding.startswith("Measured from ")
    assert "the last half-year of the baseline, the estimate is" in magnitudes.finding


@pytest.mark.parametrize(
    ("months", "after", "reason"),
    [
        (18, 12, "It needs two half-years of baseline"),
        (14, 2, "The follow-up does not hold half of one half-year"),
    ],
)
def test_short_windows_are_refused(
    make_panel: MakePanel, any_cells: AnyCells, months: int, after: int, reason: str
) -> None:
    for check in checked(make_panel(any_cells(Kind.BINARY, 5, months, 1), treated=2, after=after)):
        assert check.status is Status.NOT_RUN
        assert reason in check.detail
        assert check.evidence is None


def test_a_bend_needs_three_bins(make_panel: MakePanel, any_cells: AnyCells) -> None:
    magnitudes, smooth = checked(make_panel(any_cells(Kind.ORDINAL, 6, 24, 1), treated=2, after=12))
    assert magnitudes.status is not Status.NOT_RUN
    assert smooth.status is Status.NOT_RUN
    assert "three half-years" in smooth.detail


def test_without_inference_there_are_no_bounds(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(Kind.CONTINUOUS, 2, 36, 1), after=12)
    assert isinstance(ground_of(analysed(panel)), NoInference)
    assert {check.status for check in checked(panel)} == {Status.NOT_RUN}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("weighting", list(Weighting))
@pytest.mark.parametrize("areas", [7, 30])
def test_every_kind_weighting_and_number_of_areas_gives_both(
    make_panel: MakePanel, any_cells: AnyCells, kind: Kind, weighting: Weighting, areas: int
) -> None:
    panel = make_panel(any_cells(kind, areas, 36, 1), treated=areas // 3, after=12)
    for check in honest(analysed(panel, weighting)):
        assert check.status in {Status.PASS, Status.WARN}
        assert check.evidence is not None
        assert len(check.evidence.rows) == len(TIMES) + 1


def test_a_gap_in_the_baseline_makes_a_step_longer_and_not_larger(make_panel: MakePanel) -> None:
    baseline, excluded, later = Role.BASELINE, Role.EXCLUDED, Role.FOLLOW_UP
    values = moved(1, 7, 6, after=2, effect=-9.0)
    roles = (baseline,) * 12 + (excluded,) * 6 + (baseline,) * 6 + (later,) * 12
    panel = make_panel(monthly(values), treated=2, roles=roles)
    look = grounded(panel).look
    assert look.positions == pytest.approx([-3, -2, 0, 1, 2])
    gap = values[:2].mean(axis=0) - values[2:].mean(axis=0)
    assert look.largest_step == pytest.approx(max(abs(gap[1] - gap[0]), abs(gap[3] - gap[1]) / 2))


# Many areas ----------------------------------------------------------------------------------------------------------


def many(make_panel: MakePanel, effect: float, areas: int = 120) -> Panel:
    return made(make_panel, moved(5, areas, 7, after=2, effect=effect), 2)


def test_many_areas_use_normal_theory_and_come_near_the_bounds_of_few(make_panel: MakePanel) -> None:
    ground = grounded(many(make_panel, -3.0))
    assert ground.normal
    few = Ground(ground.main, ground.values, ground.look, normal=False)
    for times in (0.5, 1.0, 2.0):
        low, high = magnitudes_interval(ground, times) or (0.0, 0.0)
        wide_low, wide_high = magnitudes_interval(few, times) or (0.0, 0.0)
        assert wide_low < low < high < wide_high
        assert high - low > 0.8 * (wide_high - wide_low)
    for bend in (0.0, 0.2, 1.0):
        low, high = smoothness_interval(ground, bend)
        wide_low, wide_high = smoothness_interval(few, bend)
        assert high - low < wide_high - wide_low


def test_breakdowns_of_many_areas_are_where_the_intervals_reach_no_effect(make_panel: MakePanel) -> None:
    ground = grounded(many(make_panel, -3.0))
    times, bends = magnitudes_breakdown(ground), smoothness_breakdown(ground)
    assert times is not None
    assert bends is not None
    for at, sign in ((times - FOUND, -1), (times + FOUND, 1)):
        limits = magnitudes_interval(ground, at) or (0.0, 0.0)
        assert np.sign(limits[1]) == sign
    unit = ground.look.largest_bend
    for at, sign in ((bends - FOUND, -1), (bends + FOUND, 1)):
        assert np.sign(smoothness_interval(ground, at * unit)[1]) == sign
    magnitudes, smooth = honest(ground.main)
    assert "by normal theory" in magnitudes.detail
    assert "by normal theory" in smooth.detail


def test_bins_that_repeat_one_another_have_no_covariance_to_rely_on(make_panel: MakePanel) -> None:
    values = moved(5, 120, 7, after=2, effect=-3.0)
    values[:, 1] = values[:, 2]
    ground = grounded(made(make_panel, values, 2))
    assert not ground.normal
    assert {check.status for check in honest(ground.main)} <= {Status.PASS, Status.WARN}


def test_twenty_areas_are_not_yet_many(make_panel: MakePanel) -> None:
    # At 4 v 16 CR2 has 4.6 degrees of freedom: its t, and not the normal, sets the width.
    values = moved(5, 20, 7, after=2, effect=-3.0)
    panel = make_panel(monthly(values), treated=4, after=2 * HALF, unit=TimeUnit.MONTH)
    ground = grounded(panel)
    assert ground.look.df == pytest.approx(4.63, abs=0.01)
    assert not ground.normal
