"""What all checks rest on: the main analysis, areas left out, many windows at once, labels, the common finding."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.changes import Weighting, weights_of
from models.effect import Effect, effect
from models.estimate import Evidence, Figure, Quantity, Scale, Status
from models.inference.refusal import NoInference
from models.panel import Cells, CountCells, Kind, Panel, select_areas
from models.periods import Periods, Role, TimeUnit
from models.sensitivity import summaries
from models.sensitivity.compare import Alternative, compared, rows_of
from models.sensitivity.labels import DRAWS, labellings
from models.sensitivity.main import (
    Main,
    effect_among,
    first_treated_period,
    main_analysis,
    members,
    span_words,
    spread_words,
)
from models.sensitivity.summaries import summarise_windows
from models.summary import summarise

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]
type Analyse = Callable[..., Main]
type Matrix = Callable[..., np.typing.NDArray[np.float64]]

EXACT = 1e-9  # the same arithmetic in another order
FIXTURE_ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("weighting", Weighting)
def test_the_main_analysis_is_the_effect(
    kind: Kind, weighting: Weighting, make_panel: MakePanel, any_cells: AnyCells
) -> None:
    panel = make_panel(any_cells(kind, 7, 8, 3), treated=2)
    main = main_analysis(panel, 0.9, weighting)
    assert isinstance(main, Main)
    assert main.effect == effect(panel, 0.9, weighting=weighting)


@FIXTURE_ONCE
@given(kind=st.sampled_from(Kind), left=st.sets(st.integers(0, 6), max_size=6), weighting=st.sampled_from(Weighting))
def test_leaving_areas_out_is_the_effect_on_the_panel_without_them(
    kind: Kind, left: set[int], weighting: Weighting, make_panel: MakePanel, any_cells: AnyCells
) -> None:
    panel = make_panel(any_cells(kind, 7, 8, 5), treated=2)
    main = main_analysis(panel, 0.95, weighting)
    assert isinstance(main, Main)
    keep = ~np.isin(np.arange(7), list(left))
    found = effect_among(main, keep)
    if not keep[:2].any() or not keep[2:].any():
        group = "treated" if not keep[:2].any() else "comparison"
        assert found == NoInference(f"No {group} area would be left.")
        return
    direct = effect(select_areas(panel, keep), 0.95, weighting=weighting)
    assert isinstance(found, Effect)
    assert isinstance(direct, Effect)
    assert found.estimate == pytest.approx(direct.estimate, rel=EXACT)
    assert found.interval == (None if direct.interval is None else pytest.approx(direct.interval, rel=EXACT))
    assert (found.treated, found.comparison) == (direct.treated, direct.comparison)


def test_without_comparison_areas_there_is_no_main_analysis(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(Kind.BINARY, 3, 6, 1), treated=3)
    assert main_analysis(panel, 0.95) == NoInference("There is no comparison area.")


@pytest.mark.parametrize("kind", Kind)
def test_many_windows_at_once_are_each_window_by_itself(
    kind: Kind, any_cells: AnyCells, monkeypatch: pytest.MonkeyPatch, make_panel: MakePanel
) -> None:
    cells = any_cells(kind, 5, 12, 2)
    masks = np.random.default_rng(3).random((9, 12)) < 0.4
    masks[4] = False
    monkeypatch.setattr(summaries, "CHUNK", 1)
    one_by_one = summarise_windows(cells, masks)
    monkeypatch.undo()
    panel = make_panel(cells, treated=2)
    for together in (summarise_windows(cells, masks), one_by_one):
        assert len(together) == 9
        for mask, window in zip(masks, together, strict=True):
            alone = summarise(cells, mask)
            assert window.summary.value == pytest.approx(alone.value, rel=EXACT, nan_ok=True)
            assert window.summary.variance == pytest.approx(alone.variance, rel=1e-6, nan_ok=True)
            assert window.summary.undefined == alone.undefined
            size = weights_of(panel, mask, Weighting.EXPOSURE)
            assert size is not None
            assert window.size == pytest.approx(size, rel=EXACT)


def test_few_labellings_are_all_listed() -> None:
    masks, exact = labellings(np.asarray([True, False, True, False, False]), 0)
    assert exact
    assert masks.shape == (10, 5)
    assert (masks.sum(axis=1) == 2).all()
    assert len({tuple(mask) for mask in masks.tolist()}) == 10


def test_many_labellings_are_drawn_after_the_studys_own() -> None:
    treated = np.arange(40) < 10
    masks, exact = labellings(treated, 7)
    assert not exact
    assert (masks[0] == treated).all()
    assert masks.shape == (1 + DRAWS, 40)
    assert (masks.sum(axis=1) == 10).all()
    assert (masks == labellings(treated, 7)[0]).all()
    assert (masks != labellings(treated, 8)[0]).any()
    # An area is called treated in a quarter of the draws, within five standard errors.
    assert np.abs(masks[1:].mean(axis=0) - 0.25).max() < 5 * np.sqrt(0.25 * 0.75 / DRAWS)


@pytest.fixture
def seven(analyse: Analyse, noise: Matrix) -> Main:
    y = noise(periods=12)
    y[:2, 6:] += 1
    return analyse(y)


def evidence(main: Main) -> Evidence:
    return Evidence("title", Figure.FOREST, Scale.DIFFERENCE, Quantity.OUTCOME, rows_of(main, []))


def changed(main: Main, **fields: object) -> Effect:
    return replace(main.effect, **fields)


def test_one_alternative_is_put_in_one_sentence(seven: Main) -> None:
    alike = compared("x", seven, [Alternative("without A", seven.effect)], "Doing so", "Why.", evidence(seven))
    assert alike.status is Status.PASS
    assert alike.finding == (
        "Doing so, the estimate is +0.982 points, against +0.982 points in the main analysis, and the answer stays the "
        "same."
    )
    assert alike.detail == "Why."
    weaker = changed(seven, estimate=0.5, interval=(-0.1, 1.1))
    found = compared("x", seven, [Alternative("a", weaker)], "Doing so", "", evidence(seven))
    assert found.status is Status.WARN
    assert found.finding.endswith("and it no longer shows a difference from no effect.")


def test_several_alternatives_give_their_range_and_who_disagrees(seven: Main) -> None:
    up, down = changed(seven, estimate=2.0), changed(seven, estimate=-1.0)
    others = [Alternative("without A", up), Alternative("without B", down), Alternative("without C", down)]
    found = compared("x", seven, others, "Doing so", "", evidence(seven))
    assert found.status is Status.WARN
    assert "3 estimates lie between −1.00 points and +2.00 points, against +0.982 points" in found.finding
    assert found.finding.endswith("; without B and without C it points the other way.")
    many = [Alternative(f"without {name}", down) for name in "ABCDE"]
    assert "; in 5 of them it points the other way" in compared("x", seven, many, "O", "", evidence(seven)).finding
    same = compared("x", seven, [*others[:1], *others[:1]], "Doing so", "", evidence(seven))
    assert same.status is Status.PASS
    assert "2 estimates are all +2.00 points" in same.finding
    assert same.finding.endswith("; none of them changes the answer.")


def test_alternatives_without_an_estimate_are_counted_and_explained(seven: Main) -> None:
    none = Alternative("without A", NoInference("Nothing is left."))
    other = compared("x", seven, [none, Alternative("without B", seven.effect)], "Doing so", "Why.", evidence(seven))
    assert "the estimate without B, which alone can be made, is" in other.finding
    assert other.detail == "Why. 1 of 2 could not be estimated: Nothing is left."
    neither = compared("x", seven, [none, none], "Doing so", "", evidence(seven))
    assert neither.status is Status.NOT_RUN
    assert neither.finding == "Doing so, no estimate can be made."
    assert neither.detail == "Nothing is left."


def test_the_main_analysis_is_the_marked_row(seven: Main) -> None:
    first, second = rows_of(seven, [Alternative("other", seven.effect, "group", "note")])
    assert (first.label, first.chosen, first.estimate) == ("main analysis", True, pytest.approx(seven.effect.estimate))
    assert (second.label, second.group, second.note, second.chosen) == ("other", "group", "note", False)


def test_words_for_stretches_areas_and_spreads(make_panel: MakePanel, any_cells: AnyCells) -> None:
    roles = (Role.BASELINE,) * 3 + (Role.EXCLUDED, Role.PHASE_IN) + (Role.FOLLOW_UP,) * 3
    periods = Periods(TimeUnit.MONTH, 24276, roles)
    assert span_words(periods, np.asarray([1, 0, 1, 1, 0, 0, 0, 1], dtype=np.bool_)) == (
        f"{periods.labels[0]}, {periods.labels[2]} to {periods.labels[3]} and {periods.labels[7]}"
    )
    assert first_treated_period(periods) == 4
    panel = make_panel(any_cells(Kind.BINARY, 3, 6, 1))
    assert members(panel, ["C", "Z"]).tolist() == [False, False, True]
    assert spread_words(panel, 0.0213) == "2.1 points"
    assert spread_words(make_panel(CountCells(np.ones((2, 2)), np.ones((2, 2)))), 0.0213) == "0.021 on the log scale"
    assert spread_words(make_panel(any_cells(Kind.CONTINUOUS, 3, 6, 1)), 2.13) == "2.1 points"
