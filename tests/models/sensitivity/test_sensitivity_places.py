"""Areas left out: in turn, dominant ones, neighbours; and whether areas vary alike."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from models.changes import Weighting
from models.effect import Effect, effect
from models.estimate import Status
from models.panel import BinaryCells, ContinuousCells, CountCells, select_areas
from models.sensitivity.main import MOST_ROWS, Main, effect_among
from models.sensitivity.places import _shifts, leave_one_out, without_dominant, without_neighbours
from models.sensitivity.sizes import area_sizes, spread_by_group, understated

type Analyse = Callable[..., Main]
type Matrix = Callable[..., np.typing.NDArray[np.float64]]

EXACT = 1e-9  # the same arithmetic in another order


def test_each_area_is_left_out_in_turn(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(periods=8))
    check = leave_one_out(main)
    assert check.evidence is not None
    assert check.evidence.by_area
    own, *rows = check.evidence.rows
    assert own.chosen
    assert [row.label for row in rows] == [f"without {name}" for name in "ABCDEFG"]
    assert [row.group for row in rows] == ["Treated areas"] * 2 + ["Comparison areas"] * 5
    for a, row in enumerate(rows):
        direct = effect(select_areas(main.panel, np.arange(7) != a), 0.95)
        assert isinstance(direct, Effect)
        assert (row.estimate, row.lo, row.p_value) == pytest.approx(
            (direct.estimate, (direct.interval or (0, 0))[0], direct.p_value), rel=EXACT
        )


def test_an_effect_all_in_one_treated_area_is_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=8, sd=0.02)
    y[:2, 4:] += 1
    assert leave_one_out(analyse(y)).status is Status.PASS
    y[1, 4:] -= 1
    y[0, 4:] += 1
    check = leave_one_out(analyse(y, level=0.8))
    assert check.status is Status.WARN
    assert "without A it" in check.finding


def test_a_jump_in_one_comparison_area_is_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=8, sd=0.02)
    y[:2, 4:] += 0.1
    y[4, 4:] += 2
    check = leave_one_out(analyse(y))
    assert check.status is Status.WARN
    assert "without E it points the other way" in check.finding


def test_the_one_treated_area_stays(analyse: Analyse, noise: Matrix) -> None:
    check = leave_one_out(analyse(noise(areas=4, periods=8), treated=1))
    assert check.evidence is not None
    assert [row.label for row in check.evidence.rows[1:]] == ["without B", "without C", "without D"]
    assert check.detail.startswith("The one treated area cannot be left out.")
    assert leave_one_out(analyse(noise(areas=2, periods=8), treated=1)).status is Status.NOT_RUN


@pytest.mark.parametrize("weighting", Weighting)
def test_the_shift_of_each_area_is_what_leaving_it_out_does(analyse: Analyse, weighting: Weighting) -> None:
    n = np.asarray([3.0, 5, 2, 9, 4, 6])[:, None] * np.ones(8)
    n[4, 4:] = 0
    y = np.random.default_rng(5).normal(10, 1, (6, 8))
    main = analyse(ContinuousCells(n, n * y, n * (y**2 + 1)), weighting=weighting)
    for a, shift in enumerate(_shifts(main).tolist()):
        found = effect_among(main, np.arange(6) != a)
        assert isinstance(found, Effect)
        assert found.estimate - main.effect.estimate == pytest.approx(shift, abs=EXACT)


def test_of_many_areas_those_that_matter_most_are_left_out(analyse: Analyse, noise: Matrix) -> None:
    y = noise(areas=400, periods=6)
    y[250, 3:] += 30
    check = leave_one_out(analyse(y, treated=8))
    assert check.evidence is not None
    assert len(check.evidence.rows) == 1 + MOST_ROWS
    assert "without area 250" in {row.label for row in check.evidence.rows}
    assert check.evidence.note == f"The {MOST_ROWS} of 400 areas whose absence moves the estimate most."
    assert check.evidence.note in check.detail


def test_dominant_areas_go_one_by_one_and_together(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(periods=8))
    check = without_dominant(main, ("F", "B", "Elsewhere", "F"))
    assert check is not None
    assert check.evidence is not None
    assert [row.label for row in check.evidence.rows[1:]] == ["without F", "without B", "without F and B"]
    both = effect(select_areas(main.panel, np.isin(np.arange(7), [0, 2, 3, 4, 6])), 0.95)
    assert isinstance(both, Effect)
    assert check.evidence.rows[3].estimate == pytest.approx(both.estimate, rel=EXACT)
    assert check.finding.startswith("Leaving out F and B one by one and together, 3 estimates")


def test_without_a_dominant_area_the_floor_rises_and_is_said(analyse: Analyse, noise: Matrix) -> None:
    check = without_dominant(analyse(noise(periods=8)), ("G",))
    assert check is not None
    assert check.evidence is not None
    assert "it is not another test" in check.detail
    assert "the smallest p-value a permutation test can give is 0.067" in check.detail, "1 of C(6, 2)"
    assert "With all areas that is 0.048." in check.detail
    assert "0.067" in check.evidence.rows[1].note


def test_an_answer_that_hangs_on_the_dominant_area_is_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=8, sd=0.02)
    y[:2, 4:] += 0.1
    y[6, 4:] += 3
    check = without_dominant(analyse(y), ("G",))
    assert check is not None
    assert check.status is Status.WARN


def test_dominant_areas_that_are_not_there_or_all_there_is(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(areas=3, periods=8))
    assert without_dominant(main, ()) is None
    assert without_dominant(main, ("Elsewhere",)) is None
    check = without_dominant(main, ("C",))
    assert check is not None
    assert check.status is Status.NOT_RUN
    assert check.detail == "No comparison area would be left."


def test_comparison_areas_next_door_are_left_out(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(periods=8))
    check = without_neighbours(main, {"A": ("B", "C"), "B": (), "E": ("B",)})
    assert check is not None
    assert check.evidence is not None
    direct = effect(select_areas(main.panel, np.isin(np.arange(7), [0, 1, 3, 5, 6])), 0.95)
    assert isinstance(direct, Effect)
    assert check.evidence.rows[1].estimate == pytest.approx(direct.estimate, rel=EXACT)
    assert "that border a treated area (C and E)" in check.finding
    assert "No borders are given" not in check.detail
    partly = without_neighbours(main, {"A": ("C",)})
    assert partly is not None
    assert "No list of borders is given for B." in partly.detail


def test_spillover_into_a_neighbour_is_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=8, sd=0.02)
    y[:2, 4:] -= 0.5
    y[2:5, 4:] -= 0.8  # the effect went next door as well
    check = without_neighbours(analyse(y), {"A": ("C", "D"), "B": ("E",)})
    assert check is not None
    assert check.status is Status.WARN


def test_neighbours_that_are_nobody_or_everybody(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(areas=4, periods=8))
    assert without_neighbours(main, {}) is None
    none = without_neighbours(main, {"A": ("B",), "B": ()})
    assert none is not None
    assert none.status is Status.PASS
    unknown = without_neighbours(main, {"A": ("B",)})
    assert unknown is not None
    assert (unknown.status, unknown.detail) == (Status.NOT_RUN, "No list of borders is given for B.")
    everybody = without_neighbours(main, {"A": ("C",), "B": ("D",)})
    assert everybody is not None
    assert everybody.status is Status.NOT_RUN
    assert everybody.finding.startswith("Every comparison area borders a treated area")


def test_the_spread_of_two_groups_by_hand() -> None:
    w = np.asarray([1.0, 3.0, 0.0, 1.0, 2.0])
    variance = np.asarray([0.9, 0.7, 0.3, 0.1, 0.2])
    found = spread_by_group(w, variance, np.arange(5) < 2)
    assert found.treated == pytest.approx(math.sqrt(2))
    assert found.comparison == pytest.approx(1.0)
    # tau^2 = 1 - 0.2; treated 0.8 + 0.8, comparison 0.8 + 0.2
    assert found.expected == pytest.approx(math.sqrt(1.6))
    assert found.p_value == pytest.approx(stats.f.sf(2, 1, 2))
    one = spread_by_group(w[1:], variance[1:], np.arange(4) < 1)
    assert (one.treated, one.p_value) == (None, None)
    assert one.expected == pytest.approx(math.sqrt(1.5))
    noisy = spread_by_group(w, variance * 10, np.arange(5) < 2)
    assert noisy.expected == pytest.approx(2.0), "sampling alone explains more than all of it: tau is 0"
    unknown = spread_by_group(w, np.full(5, np.nan), np.arange(5) < 2)
    assert unknown.expected is None
    alone = spread_by_group(w[:3], variance[:3], np.arange(3) < 2)
    assert (alone.comparison, alone.expected, alone.p_value) == (None, None, None)


def test_how_far_the_standard_error_is_too_small() -> None:
    assert understated(1.0, 2, 5) == pytest.approx(1.0)
    rng = np.random.default_rng(8)
    scale = np.asarray([2.0, 2, 1, 1, 1, 1, 1])
    w = rng.normal(size=(40_000, 7)) * scale
    residual = np.concatenate(
        [w[:, :2] - w[:, :2].mean(1, keepdims=True), w[:, 2:] - w[:, 2:].mean(1, keepdims=True)], 1
    )
    assumed = (residual**2).sum(axis=1).mean() / 5 * (1 / 2 + 1 / 5)
    true = (w[:, :2].mean(axis=1) - w[:, 2:].mean(axis=1)).var()
    # 40,000 draws: the ratio of two variances is within 2%, its root within 1%.
    assert understated(2.0, 2, 5) == pytest.approx(math.sqrt(true / assumed), rel=0.01)


def sized(analyse: Analyse, small: float) -> Main:
    """Two treated areas with `small` answers a period, five others with 400; changes within sampling error."""
    n = np.full((7, 8), 400.0)
    n[:2] = small
    rng = np.random.default_rng(11)
    return analyse(BinaryCells(rng.binomial(n.astype(int), 0.5).astype(float), n))


def test_small_treated_areas_are_caught_by_their_size(analyse: Analyse) -> None:
    check = area_sizes(sized(analyse, 10))
    assert check.status is Status.WARN
    assert "by their size alone it should be" in check.finding
    assert "standard error would be" in check.detail
    assert "too small" in check.detail
    assert area_sizes(sized(analyse, 400)).status is Status.PASS


def test_treated_areas_that_vary_beyond_chance_are_caught(analyse: Analyse) -> None:
    w = np.asarray([3.0, -3.0, 0.1, -0.1, 0.05, 0.0, -0.05])
    check = area_sizes(analyse(np.column_stack([np.zeros(7), w])))
    assert check.status is Status.WARN
    assert (
        "Changes have a standard deviation of 4.2 points in treated and of 0.079 points in comparison" in check.finding
    )


def test_the_rows_are_changes_with_sampling_error_and_size(analyse: Analyse) -> None:
    events = np.asarray([[40.0, 20], [50, 60], [90, 90], [10, 12]])
    check = area_sizes(analyse(CountCells(events, np.full((4, 2), 10.0))))
    assert check.evidence is not None
    assert check.evidence.by_area
    assert [(row.label, row.group) for row in check.evidence.rows] == [
        ("B", "Treated areas"),
        ("A", "Treated areas"),
        ("C", "Comparison areas"),
        ("D", "Comparison areas"),
    ]
    row = check.evidence.rows[1]
    assert row.note == "40 events in the baseline"
    half = 1.959964 * math.sqrt(1 / 40 + 1 / 20)
    assert (row.estimate, row.lo, row.hi) == pytest.approx((0.5, 0.5 * math.exp(-half), 0.5 * math.exp(half)), rel=1e-6)


def test_one_area_cannot_show_its_variation(analyse: Analyse, noise: Matrix) -> None:
    one = area_sizes(analyse(noise(areas=5, periods=8), treated=1))
    assert one.status is Status.PASS
    assert "the one treated area should vary" in one.finding
    assert area_sizes(analyse(noise(areas=3, periods=8), treated=2)).status is Status.NOT_RUN


def test_with_many_areas_the_headline_lets_groups_differ(analyse: Analyse, noise: Matrix) -> None:
    y = noise(areas=300, periods=8)
    y[:5, 4:] += np.random.default_rng(3).normal(0, 5, (5, 1))
    check = area_sizes(analyse(y, treated=5))
    assert check.status is Status.PASS
    assert "lets treated and comparison areas vary differently" in check.detail
    assert check.evidence is not None
    assert len(check.evidence.rows) == 5 + MOST_ROWS // 2


def test_smaller_areas_are_compared_with_larger_ones(analyse: Analyse) -> None:
    n = np.asarray([100.0, 100, 100, 100, 10, 10, 10, 10])[:, None] * np.ones(2)
    w = np.asarray([0.1, -0.1, 0.1, -0.1, 1.0, -1.0, 1.0, -1.0])
    y = np.column_stack([np.zeros(8), w])
    main = analyse(ContinuousCells(n, n * y, n * (y**2 + 1)))
    # Off their group's mean: ±0.1 √2 and ±0.1 √(6/5) in the large areas, ±1 √(6/5) in the small ones.
    assert "The 4 smallest areas vary 8.7 times as much as the 4 largest." in area_sizes(main).detail
    flat = replace(main, changes=replace(main.changes, w=np.zeros(8), variance=np.zeros(8)))
    assert "smallest" not in area_sizes(flat).detail
    assert area_sizes(flat).finding.endswith("cannot be judged: areas of a group all changed by the same amount.")
