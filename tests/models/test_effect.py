"""The effect that every sensitivity repeats, and when two of them disagree."""

import math

import numpy as np
import pytest

from models.effect import Effect, disagreement, effect, effect_of, overturns, row_of
from models.estimate import Scale
from models.inference.collapsed import collapsed_t
from models.inference.refusal import NoInference
from models.inference.ttest import TTest
from models.panel import CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

EXACT = 1e-12  # the same arithmetic
TREATED = np.array([True, True, False, False, False])
PERIODS = Periods(TimeUnit.YEAR, 2020, (Role.BASELINE, Role.BASELINE, Role.FOLLOW_UP))


def counts(events: list[list[float]], treated: int = 2) -> Panel:
    array = np.asarray(events)
    mask = np.arange(len(array)) < treated
    cells = CountCells(array, np.full(array.shape, 365.0))
    return Panel("n", Kind.COUNT, "events", 1.0, tuple("ABCDE"[: len(array)]), mask, PERIODS, cells)


EVENTS = [[10.0, 10, 5], [20, 20, 14], [10, 10, 10], [8, 12, 11], [30, 30, 27]]


def test_the_effect_is_the_headlines_on_the_panels_changes() -> None:
    found = effect(counts(EVENTS), 0.95)
    w = np.log([5, 14, 10, 11, 27]) - np.log([10, 20, 10, 10, 30])
    test = collapsed_t(w, TREATED, 0.95)
    assert isinstance(found, Effect)
    assert isinstance(test, TTest)
    assert (found.estimate, found.std_error) == (pytest.approx(test.estimate, abs=EXACT), pytest.approx(test.std_error))
    assert (found.treated, found.comparison, found.df) == (2, 3, 3)


def test_any_two_windows_can_be_compared() -> None:
    first, second = np.array([True, False, False]), np.array([False, True, False])
    found = effect(counts(EVENTS), 0.95, first, second)
    assert isinstance(found, Effect)
    assert found.estimate == pytest.approx(-math.log(12 / 8) / 3, abs=EXACT)


def test_a_row_is_on_the_scale_of_the_panel_and_a_refusal_is_a_row_without_numbers() -> None:
    panel = counts(EVENTS)
    found = effect(panel, 0.95)
    assert isinstance(found, Effect)
    row = row_of("as it is", panel, found)
    assert panel.scale is Scale.RATIO
    assert row.estimate == pytest.approx(math.exp(found.estimate))
    assert row.lo is not None
    assert row.lo < row.estimate
    empty = effect(counts([[10.0, 10, 0], *EVENTS[1:]]), 0.95)
    assert isinstance(empty, NoInference)
    assert row_of("without events", panel, empty).estimate is None
    assert "No events in A (follow-up)" in row_of("without events", panel, empty).note


def test_one_area_on_each_side_gives_the_point_alone() -> None:
    found = effect_of(np.array([0.3, 0.1]), np.array([True, False]), 0.95)
    assert (found.estimate, found.interval, found.p_value) == (pytest.approx(0.2), None, None)
    assert not found.excludes_none


def made(estimate: float, half: float | None) -> Effect:
    interval = None if half is None else (estimate - half, estimate + half)
    return Effect(estimate, interval, None, None, None, 2, 5)


@pytest.mark.parametrize(
    ("main", "other", "words"),
    [
        (made(0.5, 0.4), made(0.6, 0.5), ""),
        (made(0.5, 0.4), made(0.5, 0.6), "no longer shows a difference from no effect"),
        (made(0.5, 0.6), made(0.5, 0.4), "now shows a difference"),
        (made(0.5, 0.4), made(-0.1, 0.9), "points the other way"),
        (made(0.1, 0.4), made(-0.1, 0.4), ""),
        (made(0.1, 0.4), made(-0.5, 0.9), "points the other way"),
        (made(0.1, None), made(-0.1, None), "points the other way"),
        (made(0.1, None), made(0.2, 0.1), ""),
    ],
)
def test_a_turn_within_the_play_of_chance_around_no_effect_is_no_disagreement(
    main: Effect, other: Effect, words: str
) -> None:
    assert disagreement(main, other) == words


@pytest.mark.parametrize(
    ("main", "other", "overturned"),
    [
        (made(0.5, 0.4), made(0.5, 3.0), False),
        (made(0.5, 0.4), made(0.2, 0.9), False),
        (made(0.5, 0.4), made(0.05, 0.9), True),
        (made(0.5, 0.4), made(-0.1, 0.9), True),
        (made(0.1, 0.4), made(-0.1, 0.4), False),
        (made(0.1, None), made(-0.1, None), True),
        (made(0.1, None), made(5.0, None), False),
    ],
)
def test_an_effect_is_overturned_by_another_estimate_and_not_by_a_wider_interval(
    main: Effect, other: Effect, *, overturned: bool
) -> None:
    assert overturns(main, other) is overturned
