"""Totals of outputs by hand, and small ones suppressed."""

import numpy as np
import pytest

from impact.publish_outputs import output_info
from impact.result_outputs import OutputInfo
from models.panel import CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

PERIODS = Periods(TimeUnit.MONTH, 2023 * 12, (Role.BASELINE, Role.BASELINE, Role.EXCLUDED, Role.FOLLOW_UP))
PER = 365.25 / 12


def info(events: list[list[float]], minimum: int = 5, missing: tuple[tuple[int, int], ...] = ()) -> OutputInfo:
    """One treated area and the comparison areas; every month has 30 days but those that are missing."""
    exposure = np.full((len(events), 4), 30.0)
    for cell in missing:
        exposure[cell] = 0.0
    cells = CountCells(np.where(exposure > 0, np.array(events), 0.0), exposure)
    areas = tuple(f"A{i}" for i in range(len(events)))
    panel = Panel("visits", Kind.COUNT, "per ward a month", PER, areas, np.arange(len(areas)) < 1, PERIODS, cells)
    return output_info("Visits", panel, minimum)


def counts(found: OutputInfo) -> list[float | None]:
    return [window.count for window in found.windows]


def test_totals_of_groups_and_windows() -> None:
    found = info([[10, 20, 99, 40], [5, 6, 99, 7], [8, 9, 99, 10]])
    assert [(w.group, w.window, w.count, w.areas, w.suppressed) for w in found.windows] == [
        ("treated", "baseline", 30, 1, False),
        ("treated", "follow_up", 40, 1, False),
        ("comparison", "baseline", 28, 2, False),
        ("comparison", "follow_up", 17, 2, False),
    ]
    days = (60, 30, 120, 60)
    rates = [PER * n / d for n, d in zip((30, 40, 28, 17), days, strict=True)]
    assert [w.rate for w in found.windows] == [pytest.approx(rate, rel=1e-12) for rate in rates]


def test_without_comparison_areas_there_are_two_windows() -> None:
    assert counts(info([[10, 20, 99, 40]])) == [30, 40]


def test_what_is_not_on_record_is_no_nought() -> None:
    found = info([[10, 20, 0, 40], [5, 6, 0, 7]], missing=((1, 0), (1, 1), (0, 1)))
    assert counts(found) == [10, 40, None, 7]
    assert [w.rate for w in found.windows][:3] == [pytest.approx(PER / 3), pytest.approx(PER * 4 / 3), None]
    assert [w.areas for w in found.windows] == [1, 1, 0, 1]
    assert not any(w.suppressed for w in found.windows)


def test_a_small_total_takes_the_next_smallest_with_it() -> None:
    found = info([[1, 2, 0, 40], [5, 6, 0, 7]])
    assert counts(found) == [None, 40, 11, None]
    assert [w.rate for w in found.windows] == [None, pytest.approx(PER * 4 / 3), pytest.approx(PER * 11 / 60), None]
    assert [w.suppressed for w in found.windows] == [True, False, False, True]


@pytest.mark.parametrize(
    ("events", "minimum", "shown"),
    [
        ([[1, 2, 0, 4], [5, 6, 0, 7]], 5, [None, None, 11, 7]),  # two small ones hide each other
        ([[1, 2, 0, 4], [5, 6, 0, 7]], 0, [3, 4, 11, 7]),
        ([[0, 0, 0, 4], [0, 0, 0, 9]], 5, [0, None, 0, None]),  # nobody is nobody, and gives nobody away
    ],
)
def test_which_totals_are_shown(events: list[list[float]], minimum: int, shown: list[float | None]) -> None:
    assert counts(info(events, minimum)) == shown
