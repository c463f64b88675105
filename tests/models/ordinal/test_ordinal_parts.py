"""Shares without an effect, superiority and single cutpoints, by hand and in other code."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from models.effect import Effect
from models.ordinal.shares import at_or_above, carried, chord, removed
from models.ordinal.superiority import superiority

ROUNDING = 1e-12
SLOPE = 1e-5  # a chord over 2e-6 against the slope


def effect(estimate: float, half: float | None = None) -> Effect:
    interval = None if half is None else (estimate - half, estimate + half)
    return Effect(estimate, interval, half, None, None, 2, 5)


answers = st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(any), min_size=1, max_size=4)


def test_a_shift_by_hand() -> None:
    counts = np.asarray([[20.0, 30, 50], [40, 40, 20]])
    assert at_or_above(counts).tolist() == [[1.0, 0.8, 0.5], [1.0, pytest.approx(0.6), 0.2]]
    found = carried(counts, effect(np.log(2)), 2, 2)
    # odds 1 and 1/4, halved: 1/2 and 1/8, shares 1/3 and 1/9
    assert found.seen == pytest.approx(0.35)
    assert found.without == pytest.approx((1 / 3 + 1 / 9) / 2)
    assert found.interval is None
    weighted = carried(counts, effect(np.log(2)), 2, 2, np.asarray([3.0, 1.0]))
    assert weighted.estimate == pytest.approx(0.75 * (1 / 2 - 1 / 3) + 0.25 * (1 / 5 - 1 / 9))


@given(answers, st.floats(-3, 3), st.floats(0.01, 2))
def test_shares_move_with_the_effect_and_keep_their_sum(rows: list[list[int]], size: float, half: float) -> None:
    counts = np.asarray(rows, dtype=np.float64)
    found = [carried(counts, effect(size, half), level, level) for level in range(4)]
    assert sum(c.seen for c in found) == pytest.approx(1.0)
    assert sum(c.estimate for c in found) == pytest.approx(0.0, abs=ROUNDING)
    above = carried(counts, effect(size, half), 2, 3)
    assert above.interval is not None
    assert above.interval[0] - ROUNDING <= above.estimate <= above.interval[1] + ROUNDING
    ends = [carried(counts, effect(end), 2, 3).estimate for end in (size - half, size + half)]
    assert above.interval == pytest.approx(tuple(ends), abs=ROUNDING)
    assert all(c.lo is not None and c.hi is not None and 0 <= c.lo <= c.hi <= 1 for c in found)


def test_a_share_in_the_middle_may_turn_within_the_interval() -> None:
    counts = np.asarray([[30.0, 40, 30]])
    found = carried(counts, effect(0.0, 1.0), 1, 1)
    assert found.lo is not None
    assert found.hi == pytest.approx(0.4, abs=ROUNDING), "largest where nothing is removed"
    assert found.lo < carried(counts, effect(0.9), 1, 1).without


def test_removing_nothing_leaves_what_was_seen_and_ends_stay() -> None:
    shares = np.asarray([[1.0, 0.5, 0.0]])
    assert removed(shares, 0.0).tolist() == shares.tolist()
    assert removed(shares, 2.0)[0, [0, 2]].tolist() == [1.0, 0.0]


@given(answers, st.sampled_from([1e-9, 2e-6, -2e-6]))
def test_the_chord_is_the_slope_where_there_is_no_effect(rows: list[list[int]], size: float) -> None:
    counts = np.asarray(rows, dtype=np.float64)
    share = at_or_above(counts)[:, 1]
    assert chord(counts, effect(size), 1) == pytest.approx(float((share * (1 - share)).mean()), abs=SLOPE)


@given(answers, st.integers(0, 3))
def test_superiority_is_mann_whitneys_u(rows: list[list[int]], turn: int) -> None:
    before = np.asarray(rows, dtype=np.float64)
    after = np.roll(before, turn, axis=1)
    found = superiority(before, after)
    for own, first, second in zip(found, before.astype(int), after.astype(int), strict=True):
        y0, y1 = np.repeat(np.arange(4), first), np.repeat(np.arange(4), second)
        assert own == pytest.approx(stats.mannwhitneyu(y1, y0, method="asymptotic").statistic / (len(y0) * len(y1)))
    assert superiority(after, before).tolist() == pytest.approx((1 - found).tolist())


def test_superiority_by_hand_and_without_answers() -> None:
    before, after = np.asarray([[1.0, 1, 0], [0, 0, 0]]), np.asarray([[0.0, 1, 1], [1, 0, 0]])
    found = superiority(before, after)
    assert found[0] == (2 + 1 + 0.5) / 4  # of four pairs: 3 wins and one tie
    assert np.isnan(found[1])


def test_odds_ratios_and_shares_tell_the_same_of_one_area() -> None:
    counts = np.asarray([[10.0, 20, 70]])
    for size in (-1.5, 0.0, 0.7):
        gone = carried(counts, replace(effect(size)), 2, 2).without
        assert special.logit(0.7) - special.logit(gone) == pytest.approx(size)
