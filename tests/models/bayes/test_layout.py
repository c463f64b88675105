import numpy as np
import pytest

from models.arrays import FloatArray
from models.bayes.layout import LONG_SERIES, layout_of
from models.design import Design
from models.panel import CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

B, X, P, F = Role.BASELINE, Role.EXCLUDED, Role.PHASE_IN, Role.FOLLOW_UP


def panel_of(roles: tuple[Role, ...], events: FloatArray, unit: TimeUnit = TimeUnit.MONTH) -> Panel:
    treated = np.zeros(events.shape[0], dtype=np.bool_)
    treated[:2] = True
    return Panel(
        outcome="asb",
        kind=Kind.COUNT,
        unit="incidents",
        per=1.0,
        areas=tuple(f"area {a}" for a in range(events.shape[0])),
        treated=treated,
        periods=Periods(unit, 2_000 if unit is TimeUnit.YEAR else 24_000, roles),
        cells=CountCells(events, np.full(events.shape, 30.0)),
    )


def test_months_of_both_windows_stand_alone_and_a_gap_breaks_the_chain() -> None:
    roles = (B, B, X, B, P, F, F)
    found = layout_of(panel_of(roles, np.arange(28.0).reshape(4, 7)), Design())
    assert found.shape == (4, 5)
    np.testing.assert_array_equal(found.after, [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(found.linked, [0, 1, 0, 0, 1])
    np.testing.assert_array_equal(found.cells.events[0], [0, 1, 3, 5, 6])  # type: ignore[union-attr]
    np.testing.assert_array_equal(found.exposed[:, 3], [1, 1, 0, 0])
    np.testing.assert_array_equal(found.exposed[:, 0], [0, 0, 0, 0])


def test_quarters_are_counted_from_the_start_of_each_window_and_never_join_two() -> None:
    roles = (B,) * 7 + (F,) * 4
    found = layout_of(panel_of(roles, np.ones((3, 11))), Design(), months=3)
    np.testing.assert_array_equal(found.cells.events[0], [3, 3, 1, 3, 1])  # type: ignore[union-attr]
    np.testing.assert_array_equal(found.after, [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(found.members.sum(axis=0), np.ones(11))


def test_a_stretch_left_out_parts_a_quarter() -> None:
    found = layout_of(panel_of((B, B, X, B, B, B, F), np.ones((3, 7))), Design(), months=3)
    # Quarters go by the clock: the first keeps two of its months.
    np.testing.assert_array_equal(found.cells.events[0], [2, 3, 1])  # type: ignore[union-attr]


def test_years_stay_years() -> None:
    found = layout_of(panel_of((B, B, F), np.ones((3, 3)), TimeUnit.YEAR), Design(), months=3)
    assert found.shape == (3, 3)


def test_one_team_is_one_unit() -> None:
    panel = panel_of((B, B, F), np.ones((5, 3)))
    np.testing.assert_array_equal(layout_of(panel, Design()).units, [0, 1, 2, 3, 4])
    found = layout_of(panel, Design(shared_delivery=True))
    np.testing.assert_array_equal(found.units, [0, 0, 1, 2, 3])
    assert found.n_units == 4


@pytest.mark.parametrize(("months", "series"), [(LONG_SERIES, True), (LONG_SERIES - 1, False)])
def test_neighbours_may_be_alike_where_the_baseline_is_long(months: int, series: bool) -> None:
    found = layout_of(panel_of((B,) * months + (F,), np.ones((3, months + 1))), Design())
    assert found.series is series


def test_the_year_runs_from_the_start_and_the_season_from_january() -> None:
    found = layout_of(panel_of((B,) * 12 + (F,) * 12, np.ones((3, 24))), Design())
    assert found.year[12] == pytest.approx(0.5 / 12)
    assert found.year[0] == pytest.approx(-11.5 / 12)
    assert found.season[0] == pytest.approx(found.season[12])
    assert found.season[0] == pytest.approx(0.5 / 12)


def test_cells_without_exposure_are_not_seen() -> None:
    panel = panel_of((B, B, F), np.ones((3, 3)))
    exposure = np.full((3, 3), 30.0)
    exposure[1, 0] = 0.0
    without = Panel(
        panel.outcome,
        panel.kind,
        panel.unit,
        panel.per,
        panel.areas,
        panel.treated,
        panel.periods,
        CountCells(np.where(exposure > 0, 1.0, 0.0), exposure),
    )
    found = layout_of(without, Design())
    assert not found.seen[1, 0]
    assert found.seen.sum() == 8
