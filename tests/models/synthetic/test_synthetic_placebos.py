"""Placebos in space: what they compare, the p-value and the interval by inversion."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from models.case import Case
from models.synthetic.methods import METHODS
from models.synthetic.options import SyntheticOptions
from models.synthetic.placebos import MOST_SETS, Placebos, fit_set, placebos
from models.synthetic.series import Series, series_of

EXACT = 1e-9  # the same arithmetic in another order
STEP = 1e-4  # beside a limit of the interval


def series(make_case: object, y: np.ndarray, before: int, treated: int) -> Series:
    found = series_of(make_case(y, before, treated), SyntheticOptions())  # type: ignore[operator]
    assert isinstance(found, Series)
    return found


def drawn(areas: int, seed: int = 0, before: int = 10, after: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(1, 0.3, (areas, 1)) * np.cumsum(rng.normal(size=before + after)) + rng.normal(
        size=(areas, before + after)
    )


def removed(given: Series, effect: float) -> Series:
    """The data as they would be without an effect of this size."""
    values = given.values.copy()
    values[np.ix_(given.treated, ~given.before)] -= effect
    return replace(given, values=values)


def test_every_area_is_taken_for_treated_with_all_others_as_donors(make_case: object) -> None:
    given = series(make_case, drawn(6), 10, 1)
    found = placebos(given, "sc", 0)
    assert found.sets.tolist() == [[0], [1], [2], [3], [4], [5]]
    for i in range(6):
        alone = fit_set(given, "sc", np.asarray([i], dtype=np.int64))
        assert alone.donors.tolist() == [j for j in range(6) if j != i]
        assert found.effects[i] == pytest.approx(alone.effect, abs=EXACT)
    assert found.attainable_p == 1 / 6
    sizes = np.abs(found.effects) / found.before
    assert found.p_value == pytest.approx((sizes >= sizes[0]).mean())
    assert found.rank == 1 + int((found.ratios > found.ratios[0]).sum())


def test_several_treated_areas_are_compared_with_sets_of_as_many(make_case: object) -> None:
    given = series(make_case, drawn(7), 10, 2)
    found = placebos(given, "sc", 0)
    assert [tuple(s) for s in found.sets.tolist()] == list(combinations(range(7), 2))
    assert (found.own, found.attainable_p, found.exact) == (0, 1 / 21, True)
    own = fit_set(given, "sc", np.asarray([0, 1], dtype=np.int64))
    each = [fit_one(given, a, [2, 3, 4, 5, 6]) for a in (0, 1)]
    assert own.gap == pytest.approx(np.mean(each, axis=0), abs=EXACT)


def test_groups_of_the_same_size_mirror_each_other_where_areas_count_equally(make_case: object) -> None:
    given = series(make_case, drawn(6), 10, 3)
    assert placebos(removed(given, -1e6), "did", 0).p_value == placebos(given, "did", 0).attainable_p == 2 / 20
    assert placebos(given, "sc", 0).attainable_p == 1 / 20


def fit_one(given: Series, area: int, donors: list[int]) -> np.ndarray:
    return METHODS["sc"](given.problem(area, np.asarray(donors))).gap


@pytest.mark.parametrize("method", ["sc", "ascm", "did"])
@pytest.mark.parametrize(("areas", "treated", "level"), [(9, 1, 0.8), (7, 2, 0.9), (25, 1, 0.95)])
def test_the_interval_holds_the_effects_whose_removal_leaves_a_large_p(
    make_case: object, method: str, areas: int, treated: int, level: float
) -> None:
    given = series(make_case, drawn(areas, seed=areas), 10, treated)
    found = placebos(given, method, 0)
    limits = found.interval(level)
    assert limits is not None
    lo, hi = limits
    assert lo < found.effects[found.own] < hi
    width = hi - lo
    for inside, outside in ((lo, lo - STEP * width), (hi, hi + STEP * width)):
        step = STEP * width if inside == lo else -STEP * width
        assert placebos(removed(given, inside + step), method, 0).p_value > 1 - level
        assert placebos(removed(given, outside), method, 0).p_value <= 1 - level + EXACT


def test_no_interval_where_no_effect_could_be_ruled_out(make_case: object) -> None:
    few = placebos(series(make_case, drawn(8), 10, 1), "sc", 0)
    assert few.interval(0.95) is None
    assert few.interval(0.80) is not None


def test_no_interval_where_others_fit_so_much_better_that_they_always_count() -> None:
    bad = Placebos(
        sets=np.arange(21)[:, None],
        own=0,
        exact=True,
        effects=np.zeros(21),
        before=np.asarray([10.0] + [0.1] * 20),
        after=np.ones(21),
        shares=np.asarray([1.0] + [-0.5] * 20),
    )
    assert bad.interval(0.95) is None


def test_too_many_sets_are_drawn_at_random_the_real_one_among_them(make_case: object) -> None:
    given = series(make_case, drawn(24), 10, 3)
    assert math.comb(24, 3) > MOST_SETS
    found = placebos(given, "did", 5)
    assert len(found.sets) == MOST_SETS
    assert not found.exact
    assert found.sets[found.own].tolist() == [0, 1, 2]
    assert len({tuple(s) for s in found.sets.tolist()}) == MOST_SETS
    again = placebos(given, "did", 5)
    assert again.sets.tolist() == found.sets.tolist()
    assert placebos(given, "did", 6).sets.tolist() != found.sets.tolist()


def test_a_perfect_fit_before_the_start_does_not_make_the_ratio_boundless(make_case: object) -> None:
    # 15 donors and 3 periods: most areas are a mixture of the others
    given = series(make_case, np.random.default_rng(4).normal(size=(16, 6)), 3, 1)
    found = placebos(given, "sc", 0)
    steps = np.diff(given.values[:, :3], axis=1).std()
    assert found.before.min() == pytest.approx(0.01 * steps)
    assert np.isfinite(found.ratios).all()


def test_the_order_of_areas_does_not_matter(california: Case) -> None:
    given = series_of(california, SyntheticOptions())
    assert isinstance(given, Series)
    order = np.r_[0, np.random.default_rng(0).permutation(np.arange(1, 39))]
    moved = replace(given, values=given.values[order], names=tuple(given.names[i] for i in order))
    first, second = placebos(given, "sc", 0), placebos(moved, "sc", 0)
    assert first.effects[order] == pytest.approx(second.effects, abs=1e-6)
    assert first.p_value == second.p_value
