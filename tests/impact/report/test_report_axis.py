import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impact.report.axis import Axis, effect_axis, linear, nice_ticks, period_ticks
from impact.report.format import Measure
from models.estimate import Scale

ENDS = (20.0, 460.0)
TICKS_APART = 40.0  # points between ticks: less, and labels of 14.5 points touch


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 8))
def test_ticks_are_round_inside_and_not_too_many(lo: float, spread: float, most: int) -> None:
    hi = lo + spread
    values, places = nice_ticks(lo, hi, most)
    slack = 1e-6 * spread + 1e-9 * abs(lo)
    assert len(values) <= most + 1
    assert all(lo - slack <= v <= hi + slack for v in values)
    assert 0 <= places <= 9


def test_ticks_say_as_many_decimals_as_they_need() -> None:
    assert nice_ticks(0, 10, 5) == ((0, 2, 4, 6, 8, 10), 0)
    assert nice_ticks(0, 1, 4) == ((0, 0.25, 0.5, 0.75, 1.0), 2)
    assert nice_ticks(0, 0.1, 4)[1] == 3


def test_wide_intervals_of_companions_do_not_squeeze_the_headline() -> None:
    axis = effect_axis([0.0, 0.08, 0.2, -0.04], [-9.0, 9.0], Scale.DIFFERENCE, Measure.SHARE, ENDS)
    assert axis.lo > -0.4
    assert axis.hi < 0.6
    assert axis.x(9.0) == ENDS[1]


def test_nought_and_every_point_are_on_the_axis() -> None:
    axis = effect_axis([0.0, math.log(0.5)], [], Scale.RATIO, Measure.RATE, ENDS)
    assert ENDS[0] < axis.x(math.log(0.5)) < axis.x(0.0) < ENDS[1]
    assert "0%" in [label for _, label in axis.ticks]


@given(
    st.lists(st.floats(-60, 60), min_size=1, max_size=5), st.sampled_from(list(Scale)), st.sampled_from(list(Measure))
)
def test_axes_hold_for_any_numbers(points: list[float], scale: Scale, measure: Measure) -> None:
    axis = effect_axis([0.0, *points], [-1e12, 1e12], scale, measure, ENDS)
    assert axis.lo < 0 < axis.hi
    places = [axis.x(place) for place, _ in axis.ticks]
    assert all(ENDS[0] <= x <= ENDS[1] for x in places)
    assert all(b - a >= TICKS_APART for a, b in pairwise(places))
    assert len({label for _, label in axis.ticks}) == len(axis.ticks)


def test_a_ratio_of_nought_has_a_place() -> None:
    assert linear(0.0, Scale.RATIO) < math.log(1 / 50)
    assert linear(-0.3, Scale.LOG_RATIO) == -0.3


def test_an_axis_holds_values_within_its_ends() -> None:
    axis = Axis(-1, 1, (), 0, 100)
    assert [axis.x(v) for v in (-5, -1, 0, 1, 5)] == [0, 0, 50, 100, 100]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([f"{2018 + i // 12}-{i % 12 + 1:02d}" for i in range(3, 60)], ["2019", "2020", "2021", "2022"]),
        (["2023-01", "2023-02", "2023-03"], ["Jan 2023", "Feb 2023", "Mar 2023"]),
        (["2019", "2020", "2021", "2022"], ["2019", "2020", "2021", "2022"]),
        (["2023-Q1"], ["Q1 2023"]),
    ],
)
def test_ticks_in_time(labels: list[str], expected: list[str]) -> None:
    ticks = period_ticks(labels, 400)
    assert [label for _, label in ticks] == expected
    assert all(labels[i][:4] in label for i, label in ticks)


@given(st.integers(1, 3000))
def test_ticks_in_time_never_crowd(periods: int) -> None:
    labels = [f"{1900 + i // 12}-{i % 12 + 1:02d}" for i in range(periods)]
    places = [(i + 0.5) / periods * 400 for i, _ in period_ticks(labels, 400)]
    assert all(b - a >= TICKS_APART for a, b in pairwise(places))
    assert places or periods < 1
