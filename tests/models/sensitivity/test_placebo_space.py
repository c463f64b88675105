"""Placebos in space: every choice of areas, adjoining ones, and the borders they rest on."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import borders as borders_module
from models import numbers
from models.borders import bordering, borders_of, connected_sets
from models.changes import Weighting
from models.effect import Effect, effect
from models.estimate import Figure, Status
from models.inference.permutation import permutation_test
from models.panel import ContinuousCells
from models.sensitivity.labels import DRAWS
from models.sensitivity.main import Main
from models.sensitivity.placebo_space import adjacent_placebos, placebo_in_space

type Analyse = Callable[..., Main]
type Matrix = Callable[..., np.typing.NDArray[np.float64]]

EXACT = 1e-9  # the same arithmetic in another order

# A square of six areas, two rows of three:  A C E
#                                            B D F
SQUARE = {"A": ("B", "C"), "B": ("D",), "C": ("D", "E"), "D": ("F",), "E": ("F",), "F": ()}


@pytest.mark.parametrize("weighting", Weighting)
def test_every_choice_of_areas_is_the_effect_with_those_called_treated(analyse: Analyse, weighting: Weighting) -> None:
    n = np.arange(2.0, 8.0)[:, None] * np.ones(8)
    y = np.random.default_rng(2).normal(10, 1, (6, 8))
    main = analyse(ContinuousCells(n, n * y, n * (y**2 + 1)), weighting=weighting)
    check = placebo_in_space(main)
    assert check.evidence is not None
    assert check.evidence.figure is Figure.DISTRIBUTION
    assert check.evidence.by_area
    found = {row.label: row.estimate for row in check.evidence.rows}
    assert len(found) == 15
    for pair in combinations(range(6), 2):
        direct = effect(replace(main.panel, treated=np.isin(np.arange(6), pair)), 0.95, weighting=weighting)
        assert isinstance(direct, Effect)
        assert found[" + ".join("ABCDEF"[a] for a in pair)] == pytest.approx(direct.estimate, rel=EXACT)
    assert [row.label for row in check.evidence.rows if row.chosen] == ["A + B"]
    estimates = [row.estimate for row in check.evidence.rows]
    assert estimates == sorted(e for e in estimates if e is not None)


def test_the_rank_and_p_are_those_of_the_permutation_test(analyse: Analyse, noise: Matrix) -> None:
    y = noise()
    y[:2, 18:] += 0.03
    main = analyse(y)
    exact = permutation_test(main.changes.w, main.panel.treated, 0.95)
    check = placebo_in_space(main)
    assert f"ranks {exact.rank} of 21 by size" in check.finding
    assert f"{numbers.p_value(exact.p_value)}, and the smallest possible is 0.048)" in check.finding
    assert "Taking every possible choice of 2 of the 7 areas for treated" in check.finding


def test_a_headline_that_the_ranks_do_not_bear_out_warns(analyse: Analyse) -> None:
    w = np.asarray([1.0, 1.2, -0.1, 0.1, 0.0, 0.1, -0.1])
    clear = analyse(np.column_stack([np.zeros(7), w]))
    assert clear.effect.excludes_none
    assert placebo_in_space(clear).status is Status.PASS
    w[2:] = [0.05, 0.1, -1.4, 0.1, 0.1]
    beaten = analyse(np.column_stack([np.zeros(7), w]), level=0.8)
    assert beaten.effect.excludes_none
    check = placebo_in_space(beaten)
    assert "ranks 1 of 21" in check.finding
    assert check.status is Status.PASS
    w[2:] = [1.0, 0.1, -1.4, 0.1, 0.1]
    lower = analyse(np.column_stack([np.zeros(7), w]), level=0.6)
    assert lower.effect.excludes_none
    open_answer = placebo_in_space(replace(lower, level=0.95))
    assert open_answer.status is Status.WARN
    assert "shows an effect at this level and this comparison does not: treat the answer as open" in open_answer.detail
    quiet = replace(lower, effect=replace(lower.effect, interval=(-1.0, 3.0)), level=0.1)
    assert placebo_in_space(quiet).status is Status.WARN
    assert "shows none at this level and this comparison does: treat" in placebo_in_space(quiet).detail


def test_too_few_choices_pass_only_if_none_is_larger(analyse: Analyse) -> None:
    w = np.asarray([2.0, 0.0, 0.2, -0.2, 0.1, -0.1])
    first = placebo_in_space(analyse(np.column_stack([np.zeros(6), w]), treated=1))
    assert first.status is Status.PASS
    assert "the smallest possible is 0.17" in first.finding
    assert first.detail.startswith("There are too few such choices for a p-value that by itself would show an effect.")
    main = analyse(np.column_stack([np.zeros(6), [1.0, -1.3, 0.2, 0.1, 0.1, 0.2]]), treated=1, level=0.5)
    assert main.effect.excludes_none
    second = placebo_in_space(replace(main, level=0.95))
    assert "ranks 2 of 6" in second.finding
    assert second.status is Status.WARN


def test_many_choices_are_shown_by_their_quantiles(analyse: Analyse, noise: Matrix) -> None:
    check = placebo_in_space(analyse(noise(areas=12, periods=6), treated=4))
    assert check.evidence is not None
    assert "of 495 by size" in check.finding
    assert len(check.evidence.rows) == 22
    assert not check.evidence.by_area
    assert [row.label for row in check.evidence.rows][:2] == ["smallest", "5% lie below"]
    assert [row.label for row in check.evidence.rows][-2:] == ["largest", "treated areas"]
    assert check.evidence.rows[-1].chosen


def test_choices_beyond_listing_are_drawn_with_the_seed(analyse: Analyse, noise: Matrix) -> None:
    y = noise(areas=40, periods=6)
    y[:10, 3:] += 5
    main = analyse(y, treated=10)
    check = placebo_in_space(main, seed=3)
    assert f"Taking {1 + DRAWS:,} random choices of 10 of the 40 areas" in check.finding
    assert f"ranks 1 of {1 + DRAWS:,}" in check.finding
    assert "p = 0.001, and the smallest possible is 0.001" in check.finding
    assert check == placebo_in_space(main, seed=3)
    assert check.evidence != placebo_in_space(main, seed=4).evidence


def test_one_area_on_each_side_is_not_ranked(analyse: Analyse, noise: Matrix) -> None:
    assert placebo_in_space(analyse(noise(areas=2, periods=8), treated=1)).status is Status.NOT_RUN


def test_areas_without_data_are_no_placebos(analyse: Analyse, noise: Matrix) -> None:
    y, n = noise(areas=5, periods=8), np.full((5, 8), 3.0)
    n[3, 4:] = 0
    check = placebo_in_space(analyse(ContinuousCells(n, n * y, n * (y**2 + 1))))
    assert check.evidence is not None
    assert len(check.evidence.rows) == 6
    assert not any("D" in row.label for row in check.evidence.rows)


def test_borders_count_in_both_directions_and_unknown_names_are_passed_over() -> None:
    found = borders_of(("A", "B", "C"), {"A": ("B", "Elsewhere", "A"), "Nowhere": ("C",)})
    assert found.adjacent.tolist() == [[False, True, False], [True, False, False], [False, False, False]]
    assert found.listed.tolist() == [True, False, False]
    assert not found.complete, "whether B and C adjoin is not said"
    assert borders_of(("A", "B", "C"), {"A": ("B",), "B": ()}).complete, "C is settled by A and B"
    treated = np.asarray([[True, False, False], [False, True, True]])
    assert bordering(found, treated).tolist() == [[False, True, False], [True, False, False]]
    assert bordering(found, treated[0]).tolist() == [False, True, False]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[np.typing.NDArray[np.bool_], int]:
    size = draw(st.integers(1, 7))
    adjacent = np.zeros((size, size), dtype=np.bool_)
    for a, b in combinations(range(size), 2):
        adjacent[a, b] = adjacent[b, a] = draw(st.booleans())
    return adjacent, draw(st.integers(1, size))


def is_connected(adjacent: np.typing.NDArray[np.bool_], members: tuple[int, ...]) -> bool:
    reached = {members[0]}
    for _ in members:
        reached |= {b for a in reached for b in members if adjacent[a, b]}
    return reached == set(members)


@given(graphs())
def test_connected_sets_are_all_found_once(graph: tuple[np.typing.NDArray[np.bool_], int]) -> None:
    adjacent, size = graph
    expected = [s for s in combinations(range(len(adjacent)), size) if is_connected(adjacent, s)]
    found = connected_sets(adjacent, size)
    assert found is not None
    assert [tuple(row) for row in found.tolist()] == expected


def test_a_search_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert connected_sets(~np.eye(40, dtype=np.bool_), 6) is None, "3,838,380 sets"
    path = np.eye(300, k=1, dtype=np.bool_) | np.eye(300, k=-1, dtype=np.bool_)
    found = connected_sets(path, 20)
    assert found is not None
    assert len(found) == 281
    monkeypatch.setattr(borders_module, "MOST_WORK", 1_000)
    assert connected_sets(path, 20) is None


def test_only_adjoining_areas_are_compared(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(areas=6, periods=8))
    check = adjacent_placebos(main, SQUARE)
    assert check is not None
    assert check.evidence is not None
    assert {row.label for row in check.evidence.rows} == {"A + B", "A + C", "B + D", "C + D", "C + E", "D + F", "E + F"}
    assert check.finding.startswith("Among the 7 sets of 2 areas that adjoin each other, the real choice ranks ")
    assert "of 7 by size" in check.finding
    assert "the smallest possible is 0.14" in check.finding
    everywhere = placebo_in_space(main).evidence
    assert everywhere is not None
    same = {row.label: row.estimate for row in everywhere.rows}
    assert all(row.estimate == same[row.label] for row in check.evidence.rows)


def test_swapped_groups_double_the_smallest_p(analyse: Analyse, noise: Matrix) -> None:
    ring = {"A": ("B", "D"), "B": ("C",), "C": ("D",), "D": ()}
    check = adjacent_placebos(analyse(noise(areas=4, periods=8)), ring)
    assert check is not None
    assert "the smallest possible is 0.50" in check.finding, "4 sets, and C + D always ties with A + B"
    broken = adjacent_placebos(analyse(noise(areas=4, periods=8)), ring | {"C": ()})
    assert broken is not None
    assert "3 sets of 2" in broken.finding
    assert "the smallest possible is 0.33" in broken.finding


def test_adjoining_areas_are_not_compared_where_that_means_nothing(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(areas=6, periods=8))
    assert adjacent_placebos(main, {}) is None
    assert adjacent_placebos(analyse(noise(areas=6, periods=8), treated=1), SQUARE) is None
    partial = adjacent_placebos(main, {"A": ("B",), "B": ("D",)})
    assert partial is not None
    assert partial.status is Status.NOT_RUN
    assert "No list of borders is given for C, D, E and F" in partial.detail
    apart = adjacent_placebos(main, SQUARE | {"A": ("C",)})
    assert apart is not None
    assert apart.status is Status.NOT_RUN
    assert "treated areas do not adjoin each other" in apart.detail


def test_sets_too_many_to_list_are_drawn(analyse: Analyse, noise: Matrix) -> None:
    crowd = analyse(noise(areas=40, periods=4), treated=6)
    names = crowd.panel.areas
    linked = {name: tuple(set(names) - {name}) for name in names}
    check = adjacent_placebos(crowd, linked, seed=1)
    assert check is not None
    assert check.finding.startswith("Among the 2,000 randomly drawn sets of 6 areas that adjoin each other")
    assert check == adjacent_placebos(crowd, linked, seed=1)
    assert check.finding != getattr(adjacent_placebos(crowd, linked, seed=2), "finding", "")
