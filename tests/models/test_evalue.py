"""E-values, and the description of those who took it up against those who declined."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case import Case, Uptake
from models.design import Design
from models.estimate import Status
from models.evalue import Association, acceptors, association, e_value, nearest_one
from models.inference.refusal import NoInference
from models.panel import BinaryCells, Cells, ContinuousCells, Kind, Panel, TimeToEventCells

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

PRINTED = 0.005  # half a unit of the last decimal printed
EXACT = 1e-12
RATIOS = st.floats(0.01, 100.0)


@pytest.mark.parametrize(
    ("ratio", "printed"),
    [
        (3.9, 7.26),  # VanderWeele and Ding 2017: formula feeding and death from infection
        (1.8, 3.0),
        (0.80, 1.81),  # and their leukaemia example
        (0.885, 1.51),
        (1.0, 1.0),
    ],
)
def test_published_e_values(ratio: float, printed: float) -> None:
    assert e_value(ratio) == pytest.approx(printed, abs=PRINTED)


def test_the_e_value_of_an_interval_is_that_of_the_limit_nearest_one() -> None:
    assert e_value(nearest_one((0.71, 0.91))) == pytest.approx(1.43, abs=PRINTED)
    assert e_value(nearest_one((1.8, 8.7))) == pytest.approx(3.0, abs=PRINTED)
    assert e_value(nearest_one((0.7, 1.2))) == 1.0


@given(ratio=RATIOS)
def test_a_ratio_and_its_reciprocal_have_one_e_value_of_which_two_such_associations_make_it(ratio: float) -> None:
    found = e_value(ratio)
    assert found == pytest.approx(e_value(1 / ratio), rel=1e-9)
    bias = found**2 / (2 * found - 1)  # the bounding factor of two associations of this size
    assert bias == pytest.approx(max(ratio, 1 / ratio), rel=1e-9)


def uptake_of(make_panel: MakePanel, takers: Cells, decliners: Cells) -> Uptake:
    areas = 3
    taken = BinaryCells(np.full((areas, 2), 5.0), np.full((areas, 2), 10.0))
    return Uptake(make_panel(taken, treated=2), make_panel(takers, treated=2), make_panel(decliners, treated=2))


def cells_of(successes: list[float], trials: list[float]) -> BinaryCells:
    """Follow-up of three areas; the baseline, and the comparison area, hold what must not be counted."""
    return BinaryCells(np.column_stack([[1.0, 2, 3], successes]), np.column_stack([[7.0, 8, 9], trials]))


def test_the_ratio_is_that_of_pooled_treated_areas_in_the_follow_up(make_panel: MakePanel) -> None:
    # treated areas: 12 of 80 takers, 30 of 100 decliners; a ratio of a half
    uptake = uptake_of(make_panel, cells_of([8, 4, 9], [50, 30, 9]), cells_of([18, 12, 0], [70, 30, 9]))
    found = association(uptake.takers, uptake.decliners, 0.95)
    assert isinstance(found, Association)
    assert found.ratio == pytest.approx(0.5, abs=EXACT)
    error = math.sqrt(1 / 12 - 1 / 80 + 1 / 30 - 1 / 100)  # the usual variance of a log risk ratio
    assert found.interval == pytest.approx([0.5 * math.exp(s * 1.959963985 * error) for s in (-1, 1)], rel=1e-8)
    panel = uptake.taken
    check = acceptors(Case(panel, uptake=uptake), Design())
    assert check is not None
    assert check.status is Status.PASS
    assert "0.500 times" in check.finding
    assert "3.41" in check.finding
    assert "not an effect" in check.detail
    assert "nothing about whether areas would have changed alike" in check.detail
    assert check.evidence is not None
    shown = [row.estimate for row in check.evidence.rows]
    assert shown == pytest.approx([0.5, 2 + math.sqrt(2), e_value(found.interval[1])])


def test_means_are_put_on_the_scale_of_risks_by_their_difference_in_standard_deviations(make_panel: MakePanel) -> None:
    # both groups: 10 values a standard deviation of 2 apart from their mean; means 5 and 4
    def group(mean: float) -> ContinuousCells:
        n = np.full((3, 2), 5.0)
        return ContinuousCells(n, n * mean, n * mean**2 + 18.0)  # two areas: 36 over 10 - 1 = 4

    uptake = uptake_of(make_panel, group(5.0), group(4.0))
    found = association(uptake.takers, uptake.decliners, 0.95)
    assert isinstance(found, Association)
    assert found.ratio == pytest.approx(math.exp(0.91 * 0.5), rel=1e-9)
    half = 1.959963985 * 0.91 * math.sqrt(1 / 10 + 1 / 10 + 0.25 / 40)
    assert math.log(found.interval[1] / found.ratio) == pytest.approx(half, rel=1e-8)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.COUNT])
def test_every_kind_of_mean_has_a_description(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    uptake = uptake_of(make_panel, any_cells(kind, 3, 2, 1), any_cells(kind, 3, 2, 2))
    check = acceptors(Case(uptake.takers, uptake=uptake), Design())
    assert check is not None
    assert check.status is Status.PASS
    assert check.evidence is not None
    assert all(row.estimate is not None and row.estimate > 0 for row in check.evidence.rows)


@pytest.mark.parametrize(
    ("takers", "decliners", "reason"),
    [
        (cells_of([1, 1, 9], [2, 2, 9]), cells_of([5, 5, 0], [20, 20, 9]), "fewer than 5 cases"),
        (cells_of([0, 0, 9], [20, 20, 9]), cells_of([5, 5, 0], [20, 20, 9]), "nobody had the outcome"),
        (
            TimeToEventCells(np.zeros((3, 2, 4)), np.tile([9.0, 0, 0, 0], (3, 2, 1))),
            TimeToEventCells(np.ones((3, 2, 4)), np.ones((3, 2, 4))),
            "fewer than 5 cases with a known outcome",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(takers: Cells, decliners: Cells, reason: str, make_panel: MakePanel) -> None:
    uptake = uptake_of(make_panel, takers, decliners)
    found = association(uptake.takers, uptake.decliners, 0.95)
    assert isinstance(found, NoInference)
    assert reason in found.reason
    check = acceptors(Case(uptake.taken, uptake=uptake), Design())
    assert check is not None
    assert check.status is Status.NOT_RUN


def test_counts_and_studies_without_uptake(make_panel: MakePanel, any_cells: AnyCells) -> None:
    counts = any_cells(Kind.COUNT, 3, 2, 0)
    uptake = uptake_of(make_panel, counts, counts)
    found = association(uptake.takers, uptake.decliners, 0.95)
    assert isinstance(found, NoInference)
    assert "no share among those" in found.reason
    assert acceptors(Case(uptake.takers), Design()) is None
