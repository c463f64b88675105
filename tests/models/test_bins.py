"""Half-years and years: over the calendar, whatever the length of a period, and without what cannot be used."""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pytest

from models.bins import BinLength, Bins, BinValues, bin_values, bins_of, shifted
from models.inference.refusal import NoInference
from models.panel import ContinuousCells, CountCells, Panel
from models.periods import Role, TimeUnit

type MakePanel = Callable[..., Panel]

BASELINE, FOLLOW_UP, EXCLUDED, PHASE_IN = Role.BASELINE, Role.FOLLOW_UP, Role.EXCLUDED, Role.PHASE_IN
WEEK_OFF = 0.05  # of a bin: 26 or 27 weeks to a half-year, against 26.09 in the mean


def seen(areas: int, periods: int) -> CountCells:
    return CountCells(np.full((areas, periods), 5.0), np.ones((areas, periods)))


def cut(panel: Panel, length: BinLength | None = None) -> Bins:
    found = bins_of(panel, length)
    assert isinstance(found, Bins)
    return found


def labels(bins: Bins) -> tuple[list[str], list[str]]:
    return [b.label for b in bins.before], [b.label for b in bins.after]


def test_half_years_are_counted_from_the_start_in_both_directions(make_panel: MakePanel) -> None:
    roles = (BASELINE,) * 15 + (PHASE_IN,) * 2 + (FOLLOW_UP,) * 13
    bins = cut(make_panel(seen(3, 30), roles=roles, start=date(2022, 1, 1)))
    before, after = labels(bins)
    assert before == ["2022-01 to 2022-03", "2022-04 to 2022-09", "2022-10 to 2023-03"]
    assert after == ["2023-06 to 2023-11", "2023-12 to 2024-05"]
    assert bins.left_out == ("2024-06 (1 of 6 months)",)
    # Midpoints in months from 2022-01: 1, 5.5, 11.5; 19.5, 25.5. The two months of phase-in lie between the windows.
    assert bins.positions == pytest.approx(np.asarray([1 - 11.5, -6, 0, 8, 14]) / 6)


@pytest.mark.parametrize(
    ("unit", "start", "periods", "after", "expected"),
    [
        (TimeUnit.MONTH, date(2022, 4, 1), 24, 12, (["2022-04 to 2022-09", "2022-10 to 2023-03"], 2)),
        (TimeUnit.QUARTER, date(2022, 4, 1), 8, 4, (["2022-Q2 to 2022-Q3", "2022-Q4 to 2023-Q1"], 2)),
        (TimeUnit.YEAR, date(2018, 1, 1), 5, 2, (["2018", "2019", "2020"], 2)),
    ],
)
def test_bins_hold_the_same_stretch_of_the_calendar_for_every_unit(
    make_panel: MakePanel, unit: TimeUnit, start: date, periods: int, after: int, expected: tuple[list[str], int]
) -> None:
    bins = cut(make_panel(seen(2, periods), unit=unit, start=start, after=after))
    before, later = labels(bins)
    assert (before, len(later)) == expected
    assert np.diff(bins.positions) == pytest.approx(np.ones(len(bins.positions) - 1))


@pytest.mark.parametrize(("unit", "per_year"), [(TimeUnit.WEEK, 52), (TimeUnit.DAY, 365)])
def test_weeks_and_days_fall_into_the_half_year_they_begin_in(
    make_panel: MakePanel, unit: TimeUnit, per_year: int
) -> None:
    panel = make_panel(seen(2, 3 * per_year), unit=unit, start=date(2021, 1, 4), after=per_year)
    bins = cut(panel)
    assert bins.length is BinLength.HALF_YEAR
    assert [len(bins.before), len(bins.after)] == [4, 2]
    assert np.diff(bins.positions) == pytest.approx(np.ones(5), abs=WEEK_OFF)
    together = np.sum([b.periods for b in (*bins.before, *bins.after)], axis=0)
    assert together.tolist() == [1] * (3 * per_year)


def test_an_excluded_stretch_leaves_gaps_in_the_bins_and_not_in_the_clock(make_panel: MakePanel) -> None:
    roles = (BASELINE,) * 6 + (EXCLUDED,) * 10 + (BASELINE,) * 8 + (FOLLOW_UP,) * 12
    bins = cut(make_panel(seen(2, 36), roles=roles, start=date(2021, 4, 1)))
    assert labels(bins)[0] == ["2021-04 to 2021-09", "2022-10 to 2023-03"]
    assert bins.left_out == ("2021-10 to 2022-03 (none can be used)", "2022-04 to 2022-09 (2 of 6 months)")
    assert bins.positions == pytest.approx([-3, 0, 1, 2])


def test_bins_without_any_period_are_named_as_one_stretch(make_panel: MakePanel) -> None:
    roles = (BASELINE,) * 6 + (EXCLUDED,) * 24 + (BASELINE,) * 6 + (FOLLOW_UP,) * 12
    bins = cut(make_panel(seen(2, 48), roles=roles, start=date(2019, 10, 1)))
    assert bins.left_out == ("2020-04 to 2022-03 (none can be used)",)
    assert bins.positions == pytest.approx([-5, 0, 1, 2])


def test_a_period_counts_if_any_area_has_data(make_panel: MakePanel) -> None:
    exposure = np.ones((2, 24))
    exposure[0, :4], exposure[1, :6] = 0, 0
    panel = make_panel(CountCells(np.where(exposure > 0, 5.0, 0.0), exposure))
    bins = cut(panel)
    assert labels(bins)[0] == ["2022-10 to 2023-03"]
    assert bins.left_out == ("2022-04 to 2022-09 (2 of 6 months)",)


@pytest.mark.parametrize(
    ("years", "expected"),
    [((2, 3), BinLength.HALF_YEAR), ((3, 2), BinLength.HALF_YEAR), ((3, 3), BinLength.YEAR), ((5, 4), BinLength.YEAR)],
)
def test_the_rule_takes_years_where_both_windows_hold_three(
    make_panel: MakePanel, years: tuple[int, int], expected: BinLength
) -> None:
    before, after = years
    panel = make_panel(seen(2, 12 * (before + after)), after=12 * after)
    assert cut(panel).length is expected
    assert cut(panel, BinLength.YEAR).length is BinLength.YEAR
    assert len(cut(panel, BinLength.HALF_YEAR).before) == 2 * before


@pytest.mark.parametrize(
    ("unit", "periods", "after", "length", "reason"),
    [
        (TimeUnit.YEAR, 6, 3, BinLength.HALF_YEAR, "cannot be parted into half-years"),
        (TimeUnit.MONTH, 8, 2, None, "The follow-up does not hold half of one half-year"),
        (TimeUnit.DAY, 100, 40, None, "The baseline does not hold half of one half-year"),
    ],
)
def test_what_cannot_be_cut_is_refused(
    make_panel: MakePanel, unit: TimeUnit, periods: int, after: int, length: BinLength | None, reason: str
) -> None:
    found = bins_of(make_panel(seen(2, periods), unit=unit, after=after), length)
    assert isinstance(found, NoInference)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2023, 3, 31), -6, date(2022, 9, 30)),
        (date(2024, 8, 31), -6, date(2024, 2, 29)),
        (date(2023, 6, 15), 6, date(2023, 12, 15)),
        (date(2023, 12, 1), 12, date(2024, 12, 1)),
        (date(2023, 1, 1), -12, date(2022, 1, 1)),
    ],
)
def test_half_a_year_later_is_the_same_day_or_the_last_of_its_month(day: date, months: int, expected: date) -> None:
    assert shifted(day, months) == expected


def mean_cells(values: Sequence[Sequence[float]]) -> ContinuousCells:
    y = np.asarray(values, dtype=np.float64)
    n = np.where(np.isnan(y), 0.0, 2.0)
    filled = np.nan_to_num(y)
    return ContinuousCells(n, n * filled, n * filled**2)


def test_a_bin_without_a_value_in_some_area_is_left_out_for_all(make_panel: MakePanel) -> None:
    nan = float("nan")
    panel = make_panel(
        mean_cells([[1, 2, 3, 4, 5], [1, nan, 1, nan, 1], [nan, nan, nan, nan, nan]]),
        unit=TimeUnit.YEAR,
        after=2,
        start=date(2018, 1, 1),
    )
    bins = cut(panel)
    found = bin_values(panel, bins, np.asarray([True, True, False]))
    assert isinstance(found, BinValues)
    assert found.values.tolist() == [[1, 3, 5], [1, 1, 1]]
    assert labels(found.bins) == (["2018", "2020"], ["2022"])
    assert found.bins.positions.tolist() == [-2, 0, 2]
    assert found.bins.left_out == ("2019 (an area without a value)", "2021 (an area without a value)")
    none = bin_values(panel, bins, np.asarray([True, True, True]))
    assert isinstance(none, NoInference)
    assert "In no year of the baseline" in none.reason
