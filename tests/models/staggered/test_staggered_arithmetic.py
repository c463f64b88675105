"""Group-time effects, averages, the permutation and the decomposition: by hand, by brute force, and by their laws."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from staggered_counties import groups_of, ints

from models.arrays import FloatArray, IntArray
from models.inference.collapsed import collapsed_t
from models.inference.cr2 import cr2
from models.inference.permutation import permutation_test
from models.inference.refusal import NoInference
from models.inference.ttest import TTest
from models.staggered.aggregates import averages, weights_of
from models.staggered.analytic import by_start_group
from models.staggered.bacon import Bacon, PairKind, decompose, two_way
from models.staggered.group_time import Groups, GroupTimes, effects, group_times
from models.staggered.reassigned import assignments_of, joint_p, reassigned, reassigned_sums, ways

EXACT = 1e-9  # two routes to the same number
EDGE = 1e-6  # a step off the limit of an interval


def contrast_of(groups: Groups, times: GroupTimes, name: str, bins: int) -> FloatArray:
    found = times.contrast(groups, weights_of(averages(times).overall[name], groups, times))
    return np.pad(found, ((0, 0), (0, bins - found.shape[1])))


def panel_of(first: IntArray, bins: int, seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(len(first), bins)) + 3 * rng.normal(size=(len(first), 1)) + rng.normal(size=bins)


starts = st.lists(st.integers(1, 6), min_size=4, max_size=9).filter(lambda first: len(set(first)) > 1)


def test_by_hand() -> None:
    # Areas A and B start in bin 1, C in bin 2, D never; four bins. Comparisons with D, then with whoever has not.
    values = np.asarray([[1.0, 3, 4, 4], [3, 5, 5, 7], [0, 1, 5, 6], [2, 2, 3, 4]])
    groups = groups_of(ints(1, 1, 2, 4), 4)
    never = group_times(groups, np.arange(4))
    named = {
        (int(g), int(b)): x for g, b, x in zip(never.group, never.bin, effects(values, groups, never), strict=True)
    }
    # A and B: means 2, 4, 4.5, 5.5, so +2, +2.5, +3.5 since bin 0; D: 0, 1, 2. C from bin 1: +4, +5; D: 1, 2.
    assert named == pytest.approx({(0, 1): 2, (0, 2): 1.5, (0, 3): 1.5, (1, 1): 1, (1, 2): 3, (1, 3): 3})
    not_yet = group_times(groups, np.arange(4), "not_yet")
    others = {
        (int(g), int(b)): x
        for g, b, x in zip(not_yet.group, not_yet.bin, effects(values, groups, not_yet), strict=True)
    }
    assert others[0, 1] == pytest.approx(2 - (1 + 0) / 2)
    assert others[0, 2] == pytest.approx(1.5)
    every = averages(never)
    att = effects(values, groups, never)
    means = {name: float(weights_of(a, groups, never) @ att) for name, a in every.overall.items()}
    assert means == pytest.approx(
        {
            "simple": (2 * (2 + 1.5 + 1.5) + 3 + 3) / 8,
            "dynamic": ((2 * 2 + 3) / 3 + (2 * 1.5 + 3) / 3 + 1.5) / 3,
            "group": (2 * (5 / 3) + 3) / 3,
            "calendar": (2 + (2 * 1.5 + 3) / 3 + (2 * 1.5 + 3) / 3) / 3,
        }
    )


@settings(deadline=None, max_examples=60)
@given(first=starts, seed=st.integers(0, 99), choice=st.sampled_from(["never", "not_yet"]))
def test_effects_do_not_see_levels_or_common_shocks_and_find_what_was_put_in(
    first: list[int], seed: int, choice: str
) -> None:
    bins, areas = 6, np.asarray(first)
    groups = groups_of(areas, bins)
    times = group_times(groups, np.arange(bins), choice)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    by_group = rng.normal(size=(len(groups.last), bins)) * (np.arange(bins) >= groups.first[:, None])
    values = 5 * rng.normal(size=(len(areas), 1)) + 5 * rng.normal(size=bins) + by_group[groups.member]
    att = effects(values, groups, times)
    assert att == pytest.approx(by_group[times.group, times.bin], abs=1e-8)
    if times.after.any():
        for average in averages(times).overall.values():
            weights = weights_of(average, groups, times)
            assert weights.sum() == pytest.approx(1)
            assert (weights >= 0).all()
            assert not weights[~times.after].any()


@settings(deadline=None, max_examples=60)
@given(first=starts, seed=st.integers(0, 99))
def test_the_decomposition_adds_up_to_the_two_way_coefficient(first: list[int], seed: int) -> None:
    bins, areas = 6, np.asarray(first)
    values = panel_of(areas, bins, seed)
    result = decompose(values, areas)
    assert isinstance(result, Bacon)
    on = np.arange(bins) >= areas[:, None]
    dummies = np.column_stack(
        [on.ravel(), np.kron(np.eye(len(areas)), np.ones((bins, 1))), np.kron(np.ones((len(areas), 1)), np.eye(bins))]
    )
    regression = np.linalg.lstsq(dummies.astype(float), values.ravel(), rcond=None)[0][0]
    assert result.coefficient == pytest.approx(regression, abs=1e-8)
    assert sum(p.weight * p.estimate for p in result.pairs) == pytest.approx(regression, abs=1e-8)
    assert sum(result.share(kind) for kind in PairKind) == pytest.approx(1)
    assert all(p.weight > 0 for p in result.pairs)


def test_an_effect_that_grows_turns_the_regression_against_itself() -> None:
    # Both areas gain 1 more in every bin since their start, so every effect is positive; the regression says otherwise.
    first = ints(1, 6)
    values = np.maximum(0.0, np.arange(8) - first[:, None] + 1)
    assert two_way(values, np.arange(8) >= first[:, None]) < 0
    result = decompose(values, first)
    assert isinstance(result, Bacon)
    later = result.mean(PairKind.LATER)
    assert later is not None
    assert later < 0


@pytest.mark.parametrize(
    ("values", "first", "words"),
    [
        ([[1.0, np.nan], [1, 2]], [1, 2], "some are missing"),
        ([[1.0, 2], [1, 2]], [0, 2], "a bin before the start"),
        ([[1.0, 2], [1, 2]], [2, 2], "start together or none does"),
    ],
)
def test_no_decomposition_where_it_means_nothing(values: list[list[float]], first: list[int], words: str) -> None:
    found = decompose(np.asarray(values), ints(*first))
    assert isinstance(found, NoInference)
    assert words in found.reason


def test_every_assignment_is_listed_once() -> None:
    member = ints(0, 1, 1, 2, 2, 2)
    drawn = assignments_of(member, 1)
    assert drawn.exact
    assert len(drawn.labels) == ways(np.bincount(member)) == 60
    assert {tuple(row) for row in drawn.labels.tolist()} == set(permutations(member.tolist()))


def test_with_too_many_the_observed_joins_a_random_choice_of_the_same_sizes() -> None:
    member = np.repeat([0, 1, 2], [5, 5, 6])
    drawn = assignments_of(member, 1)
    assert not drawn.exact
    assert drawn.labels.shape == (20_000, 16)
    assert (drawn.labels[0] == member).all()
    assert (np.sort(drawn.labels, axis=1) == member).all()
    assert (assignments_of(member, 1).labels == drawn.labels).all()
    assert (assignments_of(member, 2).labels != drawn.labels).any()


def test_each_assignment_gives_the_average_of_the_relabelled_areas() -> None:
    first, bins = ints(2, 3, 3, 5, 5), 5
    values = panel_of(first, bins, 3)
    groups = groups_of(first, bins)
    times = group_times(groups, np.arange(bins))
    drawn = assignments_of(groups.member, 1)
    contrast = contrast_of(groups, times, "group", bins)
    sums = reassigned_sums(values, groups, contrast[None], drawn.labels)[:, 0]
    for labels, found in zip(drawn.labels, sums, strict=True):
        other = Groups(labels, groups.last, groups.first, groups.never)
        weights = weights_of(averages(times).overall["group"], other, times)
        assert found == pytest.approx(float(weights @ effects(values, other, times)), abs=EXACT)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 999), name=st.sampled_from(["group", "simple", "dynamic", "calendar"]))
def test_the_interval_holds_the_effects_that_are_not_rejected(seed: int, name: str) -> None:
    first, bins = ints(2, 3, 5, 5, 5, 5, 5), 5
    groups = groups_of(first, bins)
    values = panel_of(first, bins, seed)
    exposed = (np.arange(bins) >= first[:, None]).astype(np.float64)
    times = group_times(groups, np.arange(bins))
    contrast, drawn = contrast_of(groups, times, name, bins), assignments_of(groups.member, 1)

    def p_of(effect: float) -> float:
        return reassigned(values - effect * exposed, exposed, groups, contrast, drawn, 0.95).p_value

    found = reassigned(values, exposed, groups, contrast, drawn, 0.95)
    assert found.attainable_p == pytest.approx(1 / 42)
    assert found.interval is not None
    low, high = found.interval
    assert low < found.estimate < high
    assert p_of(low - EDGE) <= 0.05 < p_of(low + EDGE)
    assert p_of(high + EDGE) <= 0.05 < p_of(high - EDGE)
    assert p_of(found.estimate) == 1


def test_no_interval_where_no_effect_could_be_ruled_out() -> None:
    first = ints(1, 2, 3)
    groups = groups_of(first, 3)
    exposed = (np.arange(3) >= first[:, None]).astype(np.float64)
    times = group_times(groups, np.arange(3))
    contrast = contrast_of(groups, times, "group", 3)
    found = reassigned(panel_of(first, 3, 1), exposed, groups, contrast, assignments_of(groups.member, 1), 0.95)
    assert found.interval is None
    assert found.attainable_p == pytest.approx(1 / 6)


def test_with_one_start_it_is_the_difference_in_differences_on_the_last_bin_before() -> None:
    first, bins = ints(3, 3, 5, 5, 5, 5, 5), 5
    groups, treated = groups_of(first, bins), first < 5
    values = panel_of(first, bins, 4)
    w = values[:, 3:].mean(axis=1) - values[:, 2]
    times = group_times(groups, np.arange(bins))
    exposed = (np.arange(bins) >= first[:, None]).astype(np.float64)
    for name in ("group", "simple", "dynamic", "calendar"):
        contrast = contrast_of(groups, times, name, bins)
        found = reassigned(values, exposed, groups, contrast, assignments_of(groups.member, 1), 0.95)
        exact, t = permutation_test(w, treated, 0.95), collapsed_t(w, treated, 0.95)
        assert isinstance(t, TTest)
        assert (found.estimate, found.p_value) == pytest.approx((exact.estimate, exact.p_value), abs=EXACT)
        assert found.interval == pytest.approx(exact.interval, abs=EXACT)
        assert (found.std_error, found.df) == pytest.approx((t.std_error, t.df), abs=EXACT)
        assert found.t_interval(0.95) == pytest.approx(t.interval, abs=EXACT)
        robust, spread = cr2(w, treated, 0.95), by_start_group(values, groups, contrast, 0.95)
        assert isinstance(robust, TTest)
        assert isinstance(spread, TTest)
        assert (spread.estimate, spread.std_error) == pytest.approx((robust.estimate, robust.std_error), abs=EXACT)
        welch = stats.ttest_ind(w[treated], w[~treated], equal_var=False)
        assert (spread.p_value, spread.df) == pytest.approx((welch.pvalue, welch.df), abs=EXACT)


def test_one_area_of_a_start_shows_no_spread() -> None:
    groups = groups_of(ints(2, 3, 3, 5, 5), 5)
    times = group_times(groups, np.arange(5))
    found = by_start_group(panel_of(np.arange(5), 5, 1), groups, contrast_of(groups, times, "group", 5), 0.95)
    assert isinstance(found, NoInference)
    assert "single area" in found.reason


def test_bins_left_out_keep_their_distance() -> None:
    # Bins 0, 1, 2, 5: the last is three after the start in bin 2, not one.
    times = group_times(groups_of(ints(2, 4), 4), ints(0, 1, 2, 5))
    assert dict(zip(times.bin.tolist(), times.since.tolist(), strict=True)) == {1: -1, 2: 0, 3: 3}


def test_without_areas_that_never_start_the_last_bins_are_lost() -> None:
    groups = groups_of(ints(1, 1, 3, 3), 5)
    times = group_times(groups, np.arange(5), "not_yet")
    assert sorted(zip(times.group[times.after].tolist(), times.bin[times.after].tolist(), strict=True)) == [
        (0, 1),
        (0, 2),
    ]
    assert times.lost == ((0, 3), (0, 4), (1, 3), (1, 4))


def test_joint_look_counts_the_largest_step() -> None:
    first, bins = ints(3, 4, 6, 6, 6, 6), 6
    groups = groups_of(first, bins)
    times = group_times(groups, np.arange(bins))
    before = {e: a for e, a in averages(times).since.items() if e < 0}
    contrasts = np.stack(
        [np.pad(times.contrast(groups, weights_of(a, groups, times)), ((0, 0), (0, 0))) for a in before.values()]
    )
    values, drawn = panel_of(first, bins, 5), assignments_of(groups.member, 1)
    alone, joint = joint_p(values, groups, contrasts, drawn)
    sums = reassigned_sums(values, groups, contrasts, drawn.labels)
    size = np.abs(sums) / np.sqrt((sums**2).mean(axis=0))
    (own,) = np.flatnonzero((drawn.labels == groups.member).all(axis=1))
    assert joint == pytest.approx(float((size.max(axis=1) >= size[own].max() - EXACT).mean()))
    assert (alone <= joint + EXACT).any()
    assert joint >= alone.min()
