"""What was observed: pooled series, windows, and the cases behind each."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from models.describe import trends, windows
from models.panel import BinaryCells, Cells, CountCells, Kind, Panel, TimeToEventCells
from models.periods import Role

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-12


def test_a_group_is_pooled_and_carried_to_its_unit(make_panel: MakePanel) -> None:
    events = np.asarray([[2.0, 0, 4, 6], [1, 0, 3, 4], [9, 9, 9, 9]])
    exposure = np.asarray([[100.0, 100, 100, 0], [50, 50, 50, 50], [10, 10, 10, 10]])
    treated, comparison = trends(make_panel(CountCells(events, exposure), treated=2, per=1_000))
    assert (treated.path.name, comparison.path.name) == ("treated", "comparison")
    assert [p.period for p in treated.path.points] == ["2022-04", "2022-05", "2022-06", "2022-07"]
    values = [p.value for p in treated.path.points]
    assert values[:3] == pytest.approx([1_000 * 3 / 150, 0, 1_000 * 7 / 150], rel=EXACT), "no events is a rate of 0"
    assert values[3] is None, "one area was not observed, so the pool was not"
    assert treated.least == (3, 0, 7, 0)
    assert [p.value for p in comparison.path.points] == pytest.approx([900] * 4, rel=EXACT)


def test_without_comparison_areas_there_is_one_series_over_every_period(
    make_panel: MakePanel, any_cells: AnyCells
) -> None:
    roles = (Role.BASELINE, Role.EXCLUDED, Role.PHASE_IN, Role.FOLLOW_UP)
    (only,) = trends(make_panel(any_cells(Kind.DURATION, 2, 4, 1), treated=2, roles=roles))
    assert only.path.name == "treated"
    assert len(only.path.points) == len(only.least) == 4
    assert all(p.value is not None and p.value > 0 for p in only.path.points)


def test_every_area_has_its_windows_in_order(make_panel: MakePanel) -> None:
    events, exposure = np.asarray([[3.0, 4, 9, 2], [0, 0, 5, 5]]), np.full((2, 4), 10.0)
    rows = windows(make_panel(CountCells(events, exposure), per=10))
    assert [(r.area, r.treated, r.window, r.n) for r in rows] == [
        ("A", True, "baseline", 7),
        ("A", True, "follow_up", 11),
        ("B", False, "baseline", 0),
        ("B", False, "follow_up", 10),
    ]
    assert rows[0].value == pytest.approx(3.5, rel=EXACT)
    half = stats.norm.ppf(0.975) / math.sqrt(7)
    assert (rows[0].lo, rows[0].hi) == pytest.approx((3.5 * math.exp(-half), 3.5 * math.exp(half)), rel=EXACT)
    assert (rows[2].value, rows[2].lo, rows[2].hi) == (0, None, None)


def test_a_window_without_data_is_none(make_panel: MakePanel) -> None:
    cells = BinaryCells(np.asarray([[1.0, 2], [0, 2]]), np.asarray([[2.0, 4], [0, 4]]))
    row = windows(make_panel(cells))[2]
    assert (row.area, row.value, row.lo, row.hi, row.n) == ("B", None, None, None, 0)


def test_a_share_has_wilsons_interval(make_panel: MakePanel) -> None:
    cells = BinaryCells(np.asarray([[0.0, 30], [5, 5]]), np.asarray([[10.0, 100], [10, 10]]))
    none, some, *_ = windows(make_panel(cells))
    for row, successes, trials in ((none, 0, 10), (some, 30, 100)):
        reference = stats.binomtest(successes, trials).proportion_ci(0.95, "wilson")
        assert (row.lo, row.hi) == pytest.approx((reference.low, reference.high), abs=EXACT)


def test_censored_cases_widen_the_interval(make_panel: MakePanel) -> None:
    events = np.zeros((2, 2, 3))
    events[:, :, 1] = 4
    full, cut = np.zeros((2, 2, 3)), np.zeros((2, 2, 3))
    full[:, :, 2] = 6
    cut[:, :, 0], cut[:, :, 2] = 10, 6
    plain = windows(make_panel(TimeToEventCells(events, full)))[0]
    censored = windows(make_panel(TimeToEventCells(events, cut)))[0]
    reference = stats.binomtest(4, 10).proportion_ci(0.95, "wilson")
    assert (plain.lo, plain.hi) == pytest.approx((reference.low, reference.high), abs=EXACT)
    assert censored.n == 20
    assert (censored.value, censored.lo, censored.hi) == pytest.approx((plain.value, plain.lo, plain.hi), abs=EXACT), (
        "cases lost before any event say nothing"
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_lies_within_its_interval(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    for row in windows(make_panel(any_cells(kind, 4, 6, 2), treated=2)):
        assert row.value is not None
        assert row.lo is not None
        assert row.hi is not None
        assert row.lo < row.value < row.hi
        assert row.n > 0
