"""Other weights, and the other scale."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.changes import LARGEST_LOG, Weighting, change
from models.effect import Effect, effect
from models.estimate import Status
from models.inference.collapsed import collapsed_t
from models.inference.refusal import NoInference
from models.inference.ttest import TTest
from models.panel import BinaryCells, Cells, ContinuousCells, CountCells, DurationCells, Kind
from models.sensitivity.choices import carried, effect_on_other_scale, equal_or_exposure, log_or_level, on_other_scale
from models.sensitivity.main import Main
from models.summary import summarise

type AnyCells = Callable[[Kind, int, int, int], Cells]
type Analyse = Callable[..., Main]

EXACT = 1e-9  # the same arithmetic in another order

EVENTS = np.asarray([[40.0, 20], [60, 50], [90, 99], [10, 12], [200, 180]])
EXPOSURE = np.asarray([[10.0, 10], [20, 20], [15, 15], [5, 5], [100, 100]])


@pytest.mark.parametrize("weighting", Weighting)
def test_the_other_weighting_is_tried(analyse: Analyse, weighting: Weighting) -> None:
    main = analyse(CountCells(EVENTS, EXPOSURE), weighting=weighting)
    check = equal_or_exposure(main)
    assert check.evidence is not None
    other = next(w for w in Weighting if w is not weighting)
    direct = effect(main.panel, 0.95, weighting=other)
    assert isinstance(direct, Effect)
    assert check.evidence.rows[1].estimate == pytest.approx(math.exp(direct.estimate), rel=EXACT)
    words = {Weighting.EQUAL: "equal weights", Weighting.EXPOSURE: "weights by exposure"}
    assert check.finding.startswith(f"With {words[other]} in place of {words[weighting]}, the estimate is ")


def test_an_answer_made_by_a_large_area_is_caught(analyse: Analyse) -> None:
    n = np.asarray([10.0, 10, 10, 10, 10, 1000])[:, None] * np.ones(2)
    y = np.column_stack([np.zeros(6), [0.5, 0.5, 0.0, 0.02, -0.02, 0.3]])
    check = equal_or_exposure(analyse(ContinuousCells(n, n * y, n * (y**2 + 1))))
    assert check.status is Status.WARN
    assert "weights by cases" in check.finding


def test_levels_of_counts_by_hand(analyse: Analyse) -> None:
    check = log_or_level(analyse(CountCells(EVENTS, EXPOSURE)))
    assert check is not None
    assert check.evidence is not None
    rates = EVENTS / EXPOSURE
    gap = (rates[:2, 1] - rates[:2, 0]).mean() - (rates[2:, 1] - rates[2:, 0]).mean()
    after = rates[:2, 1].mean()
    row = check.evidence.rows[1]
    assert row.estimate == pytest.approx(after / (after - gap), rel=EXACT)
    plain = collapsed_t(rates[:, 1] - rates[:, 0], np.arange(5) < 2, 0.95)
    assert isinstance(plain, TTest)
    assert row.p_value == pytest.approx(plain.p_value, rel=EXACT), "no effect is no effect on either scale"
    assert row.lo == pytest.approx(after / (after - plain.interval[0]), rel=EXACT)
    assert row.hi == pytest.approx(after / (after - plain.interval[1]), rel=EXACT)


def test_log_odds_of_shares_by_hand(analyse: Analyse) -> None:
    trials = np.full((5, 2), 100.0)
    successes = np.asarray([[50.0, 70], [40, 50], [20, 25], [90, 93], [60, 60]])
    check = log_or_level(analyse(BinaryCells(successes, trials)))
    assert check is not None
    assert check.evidence is not None
    p = successes / trials
    odds = np.log(p / (1 - p))
    w = odds[:, 1] - odds[:, 0]
    level = p[:2, 1].mean()
    gap = w[:2].mean() - w[2:].mean()
    counterfactual = 1 / (1 + math.exp(-(math.log(level / (1 - level)) - gap)))
    assert check.evidence.rows[1].estimate == pytest.approx(level - counterfactual, rel=EXACT)


def test_levels_of_durations_are_geometric_means(analyse: Analyse) -> None:
    n = np.full((4, 2), 5.0)
    days = np.asarray([[10.0, 8], [12, 9], [20, 21], [5, 5.5]])
    cells = DurationCells(n, n * np.log(days), n * (np.log(days) ** 2 + 0.1), np.zeros((4, 2, 0)), np.zeros(0))
    check = log_or_level(analyse(cells))
    assert check is not None
    assert check.evidence is not None
    gap = (days[:2, 1] - days[:2, 0]).mean() - (days[2:, 1] - days[2:, 0]).mean()
    after = days[:2, 1].mean()
    assert check.evidence.rows[1].estimate == pytest.approx(after / (after - gap), rel=EXACT)


@pytest.mark.parametrize("kind", [Kind.COUNT, Kind.DURATION, Kind.BINARY, Kind.ORDINAL, Kind.TIME_TO_EVENT])
@pytest.mark.parametrize("weighting", Weighting)
def test_equal_areas_that_change_alike_show_no_effect_on_either_scale(
    analyse: Analyse, any_cells: AnyCells, kind: Kind, weighting: Weighting
) -> None:
    one = any_cells(kind, 1, 6, 3)
    names = {name: array for name in one.__slots__ if isinstance(array := getattr(one, name), np.ndarray)}
    copied = {name: array if name == "open_days" else np.repeat(array, 4, axis=0) for name, array in names.items()}
    rest = {"at_least": 3} if kind is Kind.ORDINAL else {}
    check = log_or_level(analyse(type(one)(**copied, **rest), weighting=weighting))
    assert check is not None
    assert check.evidence is not None
    null = 1.0 if kind.scale == "ratio" else 0.0
    assert check.evidence.rows[1].estimate == pytest.approx(null, abs=EXACT)


def test_groups_at_other_levels_are_caught(analyse: Analyse) -> None:
    # All rates halve: no effect on the log scale. Treated areas begin four times higher, so in levels they fell more.
    before = np.asarray([400.0, 402, 100, 101, 99, 100, 102])
    after = np.asarray([200.0, 203, 50, 50, 49, 51, 51])
    check = log_or_level(analyse(CountCells(np.column_stack([before, after]), np.full((7, 2), 10.0))))
    assert check is not None
    assert check.status is Status.WARN
    assert "data cannot say which is right" in check.detail


def test_values_without_another_scale_have_no_check(analyse: Analyse) -> None:
    assert log_or_level(analyse(np.random.default_rng(1).normal(size=(5, 6)))) is None


def test_shares_of_all_or_none_have_no_odds(analyse: Analyse) -> None:
    trials = np.full((4, 2), 10.0)
    check = log_or_level(analyse(BinaryCells(np.asarray([[5.0, 6], [4, 0], [10, 5], [5, 5]]), trials)))
    assert check is not None
    assert check.status is Status.NOT_RUN
    assert check.detail == "A share of 0% or 100% has no odds: B and C."


def test_a_counterfactual_below_nought_is_refused(analyse: Analyse) -> None:
    # Comparison areas fall by 80 from 100; treated areas from 10 to 9. In levels these would have gone to -70.
    before, after = np.asarray([10.0, 11, 100, 102, 98]), np.asarray([9.0, 10, 20, 24, 17])
    main = analyse(CountCells(np.column_stack([before, after]), np.ones((5, 2))))
    check = log_or_level(main)
    assert check is not None
    assert check.status is Status.NOT_RUN
    assert "below nought" in check.detail


def test_a_limit_without_counterfactual_is_left_out_but_known_to_be_high(analyse: Analyse) -> None:
    before, after = np.asarray([20.0, 21, 30, 30, 30]), np.asarray([30.0, 32, 5, 36, 17])
    main = analyse(CountCells(np.column_stack([before, after]), np.ones((5, 2))))
    windows = (main.panel.periods.baseline, main.panel.periods.follow_up)
    other = on_other_scale(main.panel, *(summarise(main.panel.cells, window) for window in windows))
    assert not isinstance(other, NoInference)
    found = effect_on_other_scale(main.panel, other, 0.95)
    assert isinstance(found, Effect)
    assert found.interval is not None
    assert found.interval[1] == 2 * LARGEST_LOG
    check = log_or_level(main)
    assert check is not None
    assert check.evidence is not None
    assert (check.evidence.rows[1].lo, check.evidence.rows[1].hi) == (None, None)


@given(
    st.sampled_from([Kind.COUNT, Kind.BINARY]),
    st.floats(0.05, 0.95),
    st.lists(st.floats(-0.9, 0.04), min_size=2, max_size=6, unique=True),
)
def test_carrying_keeps_order_and_no_effect(kind: Kind, level: float, gaps: list[float]) -> None:
    gap = np.sort(np.asarray(gaps))
    moved = carried(kind, np.full(len(gap), level), gap)
    assert (np.diff(moved) >= 0).all()
    assert (np.sign(moved) == np.sign(np.where(np.abs(gap) < 1e-15, moved, gap))).all()
    assert carried(kind, np.asarray([level]), np.asarray([0.0])) == pytest.approx(0.0, abs=1e-12)


def test_small_effects_agree_on_both_scales(analyse: Analyse) -> None:
    base = np.asarray([1000.0, 1000, 1000, 1000, 1000])
    step = np.asarray([2.0, 1, 0, 1, -1])
    main = analyse(CountCells(np.column_stack([base, base + step]), np.full((5, 2), 10.0)))
    check = log_or_level(main)
    assert check is not None
    assert check.evidence is not None
    assert check.status is Status.PASS
    w = change(main.panel, main.panel.periods.baseline, main.panel.periods.follow_up).w
    mine = w[:2].mean() - w[2:].mean()
    # Changes of a thousandth differ between scales by a millionth.
    assert math.log(check.evidence.rows[1].estimate or 0) == pytest.approx(mine, abs=3e-6)


def test_a_lone_area_can_be_told_from_both_scales_or_weightings_so_they_say_so(analyse: Analyse) -> None:
    """With the comparison areas known, two equations give the one treated area's rates before and after."""
    main = analyse(CountCells(EVENTS, EXPOSURE), treated=1)
    check = log_or_level(main)
    assert check is not None
    assert check.evidence is not None
    own, other = (row.estimate for row in check.evidence.rows)
    assert own is not None
    assert other is not None
    rates = EVENTS / EXPOSURE
    ratio = own * math.exp(np.log(rates[1:, 1] / rates[1:, 0]).mean())  # after over before
    step = (rates[1:, 1] - rates[1:, 0]).mean()
    before = step / (ratio / other - 1)  # after / other = before + step
    assert before == pytest.approx(rates[0, 0], rel=EXACT)
    weighted = equal_or_exposure(main).evidence
    assert weighted is not None
    assert (check.evidence.by_area, weighted.by_area) == (True, True)
