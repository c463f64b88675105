"""Areas around the treated ones: published sums, what scales them, and the test of areas."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from models.case import Case
from models.design import Design
from models.displacement import (
    dispersion,
    displacement,
    displacement_quotient,
    weighted_difference,
    weighted_displacement,
)
from models.effect import Effect, effect
from models.estimate import Check, Quantity, Status
from models.panel import CountCells, Panel

type MakePanel = Callable[..., Panel]

EXACT = 1e-10
PRINTED_TEN = 1e-7  # ten digits are printed
DESIGN = Design()
ASB = Path(__file__).parents[2] / "data" / "norfolk_asb" / "district_month.csv"

# Wheeler & Ratcliffe 2018: control, treated, control and area around, before and after
PUBLISHED = np.asarray([[308.0, 318], [207, 110], [150, 140], [178, 157]])
SIGNS = np.asarray([[1.0, -1], [-1, 1], [1, -1], [-1, 1]])


def test_the_published_weighted_displacement_difference() -> None:
    found = weighted_difference(PUBLISHED, SIGNS, 0.95)
    assert found.estimate == -118
    assert found.std_error == pytest.approx(1568**0.5, rel=EXACT)
    assert found.estimate / found.std_error == pytest.approx(-2.98, abs=0.005)
    assert found.interval == pytest.approx((-196, -40), abs=0.5)


def test_the_published_example_with_areas_of_different_size() -> None:
    sizes = np.asarray([0.9, 1.2, 1.6, 1.5])[:, None]
    found = weighted_difference(PUBLISHED, SIGNS / sizes, 0.95)
    assert found.estimate == pytest.approx(-99.69444444, abs=PRINTED_TEN)
    assert found.std_error == pytest.approx(35.4280755, abs=PRINTED_TEN)
    assert found.interval == pytest.approx((-169.1321965, -30.25669241), abs=PRINTED_TEN)


def test_the_published_example_with_a_baseline_twice_as_long() -> None:
    found = weighted_difference(np.asarray([[100.0, 50], [80, 20]]), SIGNS[:2] / np.asarray([2.0, 1]), 0.95)
    assert found.estimate == -20
    assert found.std_error == pytest.approx(115**0.5, rel=EXACT)


def test_overdispersion_widens_by_its_root() -> None:
    plain, wide = (weighted_difference(PUBLISHED, SIGNS, 0.95, phi) for phi in (1.0, 4.0))
    assert wide.std_error == pytest.approx(2 * plain.std_error)


@pytest.mark.parametrize(
    ("around", "expected"),
    [([100.0, 150], -1.0), ([100, 50], 1.0), ([100, 100], 0.0), ([100, 200], -2.0)],
)
def test_the_quotient_by_hand(around: list[float], expected: float) -> None:
    """The target halves against a steady control, so every half that appears around is a quotient of one."""
    target, control = np.asarray([100.0, 50]), np.asarray([100.0, 100])
    assert displacement_quotient(target, np.asarray(around), control) == pytest.approx(expected)


def test_the_quotient_of_the_published_counts() -> None:
    """Treated 207 to 110, around 178 to 157, control 308 to 318, by the formula."""
    expected = (157 / 318 - 178 / 308) / (110 / 318 - 207 / 308)
    found = displacement_quotient(PUBLISHED[1], PUBLISHED[3], PUBLISHED[0])
    assert found == pytest.approx(expected)
    assert found == pytest.approx(0.26, abs=0.005)


@pytest.mark.parametrize(("target", "control"), [([100.0, 110], [100.0, 100]), ([100, 50], [100, 0])])
def test_there_is_no_quotient_without_a_fall_to_divide_by(target: list[float], control: list[float]) -> None:
    assert displacement_quotient(np.asarray(target), np.asarray([9.0, 9]), np.asarray(control)) is None


@pytest.mark.parametrize(("years", "months", "printed"), [(("2014",), 11, 2.29), (("2024", "2025"), 16, 1.43)])
def test_the_dispersion_of_recorded_anti_social_behaviour(years: tuple[str, ...], months: int, printed: float) -> None:
    with ASB.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["month"].startswith(years)]
    areas, times = (sorted({row[name] for row in rows}) for name in ("district", "month"))
    events = np.zeros((len(areas), len(times)))
    for row in rows:
        events[areas.index(row["district"]), times.index(row["month"])] = float(row["asb_count"])
    square, df = dispersion(events, np.ones_like(events))
    assert (len(times), df) == (months, 6 * (months - 1))
    assert square / df == pytest.approx(printed, abs=0.005)


def test_dispersion_is_the_chi_square_of_a_table_and_allows_for_exposure() -> None:
    events = np.asarray([[10.0, 20, 30], [20, 25, 60]])
    expected = events.sum(axis=1, keepdims=True) * events.sum(axis=0) / events.sum()
    square, df = dispersion(events, np.ones_like(events))
    assert (square, df) == (pytest.approx(((events - expected) ** 2 / expected).sum(), rel=1e-8), 2)
    exposure = np.asarray([[1.0, 2, 3], [2, 1, 4]])
    exact = exposure * np.asarray([[3.0], [5]]) * np.asarray([1.0, 2, 0.5])
    assert dispersion(exact, exposure)[0] == pytest.approx(0.0, abs=1e-12)
    exposure[0, 0] = 0
    assert dispersion(events, exposure)[1] == 1, "a cell that was not observed is not counted"
    assert dispersion(events[:1], exposure[:1]) == (0.0, 0)


# The checks -------------------------------------------------------------------------------------------------------


def counts(make_panel: MakePanel, events: ArrayLike, exposure: ArrayLike = 30.0, treated: int = 1) -> Panel:
    y = np.asarray(events, dtype=np.float64)
    return make_panel(CountCells(y, np.broadcast_to(np.asarray(exposure, dtype=np.float64), y.shape)), treated=treated)


def rings(make_panel: MakePanel, events: ArrayLike, exposure: ArrayLike = 30.0, treated: int = 1) -> Panel:
    panel = counts(make_panel, events, exposure, treated)
    return replace(panel, areas=tuple(f"ring {a}" for a in panel.areas))


def found_by(check: Check | None) -> Check:
    assert check is not None
    return check


def estimates(check: Check) -> list[float | None]:
    assert check.evidence is not None
    return [row.estimate for row in check.evidence.rows]


def test_eight_counts_of_equal_areas_give_the_published_sum(make_panel: MakePanel) -> None:
    case = Case(counts(make_panel, PUBLISHED[[1, 0]]), rings=rings(make_panel, PUBLISHED[[3, 2]]))
    check = found_by(weighted_displacement(case, DESIGN))
    assert estimates(check) == pytest.approx([-107, -11, -118])
    assert check.evidence is not None
    assert check.evidence.quantity is Quantity.NUMBER
    last = check.evidence.rows[-1]
    assert (last.lo, last.hi) == (pytest.approx(-196, abs=0.5), pytest.approx(-40, abs=0.5))
    assert "Events are taken as independent" in check.evidence.note, "one baseline period shows no overdispersion"
    assert "107 fewer" in check.finding
    assert "quotient is +0.26" in check.finding
    assert check.status is Status.PASS


def test_counts_that_tell_single_areas_say_so(make_panel: MakePanel) -> None:
    case = Case(counts(make_panel, [[20, 10], [20, 20]]), rings=rings(make_panel, [[9, 9], [9, 9]]))
    check = found_by(weighted_displacement(case, DESIGN))
    assert check.evidence is not None
    assert check.evidence.by_area


def test_longer_baselines_and_larger_comparison_areas_are_scaled(make_panel: MakePanel) -> None:
    """The same rates as in the published counts: baseline over twice the days, comparison areas twice the size."""
    events = PUBLISHED * np.asarray([2.0, 1]) * np.asarray([[2.0], [1], [2], [1]])
    days = np.asarray([60.0, 30]) * np.asarray([[1.0], [2]])
    case = Case(counts(make_panel, events[[1, 0]], days), rings=rings(make_panel, events[[3, 2]], days))
    check = found_by(weighted_displacement(case, DESIGN))
    assert estimates(check) == pytest.approx([-107, -11, -118])
    assert check.evidence is not None
    last = check.evidence.rows[-1]
    assert last.hi is not None
    # counts of weight 1/2 or 1/4 tell more: 110 + 157 + 178/2 + 207/2 + (318 + 140)/2 + (308 + 150)/4
    error = (110 + 157 + (178 + 207) / 2 + (318 + 140) / 2 + (308 + 150) / 4) ** 0.5
    assert (last.hi + 118) / 1.959963985 == pytest.approx(error, rel=1e-8)


def test_comparison_areas_that_serve_twice_count_twice(make_panel: MakePanel) -> None:
    inside, around = counts(make_panel, [[50, 40], [30, 32]]), counts(make_panel, [[20, 25], [30, 32]])
    case = Case(inside, rings=replace(around, areas=("ring", "B")))
    check = found_by(weighted_displacement(case, DESIGN))
    assert estimates(check) == pytest.approx([-12, 3, -9])
    assert check.evidence is not None
    last = check.evidence.rows[-1]
    assert last.hi is not None
    assert (last.hi + 9) / 1.959963985 == pytest.approx((50 + 40 + 20 + 25 + 4 * (30 + 32)) ** 0.5, rel=1e-8)


def test_a_move_that_outweighs_the_fall_is_warned_of(make_panel: MakePanel) -> None:
    case = Case(counts(make_panel, [[300, 250], [300, 300]]), rings=rings(make_panel, [[300, 500], [300, 300]]))
    check = found_by(weighted_displacement(case, DESIGN))
    assert check.status is Status.WARN
    assert "The areas around outweigh the treated ones" in check.detail


def test_the_effect_around_is_judged_by_areas(make_panel: MakePanel) -> None:
    steady = np.asarray([[100.0, 102], [90, 88], [120, 121], [80, 83], [60, 59]])
    for change_, status, words in (
        (1.0, Status.PASS, "neither a move next door nor a benefit there is shown"),
        (1.6, Status.WARN, "part of the problem may have moved there"),
        (0.6, Status.PASS, "they seem to have shared in the benefit"),
    ):
        moved = steady.copy()
        moved[:2, 1] *= change_
        panel = rings(make_panel, moved, treated=2)
        check = found_by(displacement(Case(counts(make_panel, steady, treated=2), rings=panel), DESIGN))
        assert (check.status, words in check.finding) == (status, True)
        expected = effect(panel, 0.95)
        assert isinstance(expected, Effect)
        shown = estimates(check)[1]
        assert shown == pytest.approx(np.exp(expected.estimate))


def test_one_ring_and_one_comparison_area_are_counted_but_not_judged(make_panel: MakePanel) -> None:
    case = Case(counts(make_panel, PUBLISHED[[1, 0]]), rings=rings(make_panel, PUBLISHED[[3, 2]]))
    assert found_by(displacement(case, DESIGN)).status is Status.NOT_RUN


def test_rings_without_comparison_areas_or_events(make_panel: MakePanel) -> None:
    main = counts(make_panel, [[50, 40], [30, 32], [20, 22]])
    alone = Case(main, rings=rings(make_panel, [[20, 25], [30, 32]], treated=2))
    assert found_by(displacement(alone, DESIGN)).detail == "There is no comparison area."
    assert found_by(weighted_displacement(alone, DESIGN)).status is Status.NOT_RUN
    empty = Case(main, rings=rings(make_panel, [[20, 0], [30, 32], [9, 8]]))
    assert "no logarithm" in found_by(displacement(empty, DESIGN)).detail
    assert estimates(found_by(weighted_displacement(empty, DESIGN)))[1] is not None, "a sum of counts needs no log"
    assert displacement(Case(main), DESIGN) is None
    assert weighted_displacement(Case(main), DESIGN) is None


def test_thousands_of_areas(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(0)
    case = Case(
        counts(make_panel, rng.poisson(20.0, (2_000, 24)), treated=500),
        rings=rings(make_panel, rng.poisson(20.0, (1_000, 24)), treated=200),
    )
    assert found_by(displacement(case, DESIGN)).status is Status.PASS
    check = found_by(weighted_displacement(case, DESIGN))
    assert check.evidence is not None
    assert "1.00 times its mean" in check.evidence.note or "1.01 times its mean" in check.evidence.note
