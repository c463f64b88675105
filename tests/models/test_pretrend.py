"""Equivalence before the start: the bias a trend would cause, by hand; how often it passes; what it says otherwise."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from scipy import integrate, stats

from models.arrays import FloatArray
from models.case import Case
from models.changes import Weighting
from models.design import Design
from models.effect import Effect, effect_of
from models.estimate import Check, Status
from models.inference.refusal import NoInference
from models.panel import Cells, ContinuousCells, Kind, Panel
from models.periods import Role, TimeUnit
from models.pretrend import Trend, checks, equivalence, power_of_test, trend, within
from models.sensitivity.main import main_analysis

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-9  # two routes to the same number
REPEATS = 2_000
SHARE = 3 * (0.25 / REPEATS) ** 0.5  # three standard errors of a share, 3.4 points at most
SIZE = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # of a share of 5%, 1.5 points
DRAWN = 4e-3  # three standard errors of a share of 100,000 draws, with room
DESIGN = Design(level=0.95)
EQUAL = Weighting.EQUAL


def means(values: FloatArray) -> ContinuousCells:
    n = np.full(values.shape, 4.0)
    return ContinuousCells(n, n * values, n * (values**2 + 1))


def yearly(make_panel: MakePanel, values: FloatArray, after: int) -> Panel:
    return make_panel(means(values), treated=2, after=after, unit=TimeUnit.YEAR, start=date(2010, 1, 1))


def noisy(rng: np.random.Generator, drift: float, noise: float = 1.0, effect: float = 0.0) -> FloatArray:
    """Six years before and three after, two treated areas of seven, with a trend of `drift` a year."""
    values = 10 + noise * rng.normal(size=(7, 9))
    values[:2] += drift * np.arange(9)
    values[:2, 6:] += effect
    return values


def judged(panel: Panel, worthwhile: float | None, weighting: Weighting = EQUAL) -> Check:
    main = main_analysis(panel, DESIGN.level, weighting)
    if isinstance(main, NoInference):
        return checks(Case(panel, worthwhile=worthwhile), DESIGN, weighting)[0]
    return equivalence(main, worthwhile)


# By hand -------------------------------------------------------------------------------------------------------------


def test_the_trend_is_carried_over_the_distance_of_the_windows(make_panel: MakePanel) -> None:
    # Years 0 to 5 before (middle 2.5), 6 to 8 after (middle 7): a slope of 0.2 a year comes to 0.9.
    values = np.tile(5.0, (4, 9))
    values[0] += 0.2 * np.arange(9)
    found = trend(yearly(make_panel, values, 3), np.ones(4, dtype=np.bool_))
    assert isinstance(found, Trend)
    assert found.bias == pytest.approx([0.9, 0, 0, 0], abs=EXACT)
    assert found.parts == "6 years"


def test_it_is_the_bias_of_the_headline_under_a_straight_line(make_panel: MakePanel) -> None:
    roles = (Role.BASELINE,) * 12 + (Role.EXCLUDED,) * 6 + (Role.BASELINE,) * 12 + (Role.PHASE_IN,) * 2
    roles += (Role.FOLLOW_UP,) * 13
    values = np.zeros((3, 45))
    values[0] = 0.1 * np.arange(45)
    panel = make_panel(means(values), roles=roles)
    found = trend(panel, np.ones(3, dtype=np.bool_))
    assert isinstance(found, Trend)
    change = values[:, panel.periods.follow_up].mean(axis=1) - values[:, panel.periods.baseline].mean(axis=1)
    assert found.bias == pytest.approx(change, abs=EXACT)
    assert found.parts == "4 half-years"


def test_a_short_baseline_is_cut_into_halves(make_panel: MakePanel) -> None:
    values = np.zeros((3, 18))
    values[0] = np.arange(18)
    found = trend(make_panel(means(values), after=12), np.ones(3, dtype=np.bool_))
    assert isinstance(found, Trend)
    assert found.parts == "two halves"
    assert found.bias == pytest.approx([11.5 - 2.5, 0, 0], abs=EXACT)


@pytest.mark.parametrize("shift", [5.9, 6.1, 10.0, 20.0, 200.0])
def test_power_is_a_number_however_far_the_movement(shift: float) -> None:
    for df in (1.0, 5.0, 60.0):
        assert power_of_test(5.0, 1.0, df, 0.95) <= power_of_test(shift, 1.0, df, 0.95) <= 1 + EXACT


def test_power_is_that_of_the_t_test_by_simulation() -> None:
    rng = np.random.default_rng(1)
    size, error, df = 2.0, 0.8, 5.0
    draws = (size / error + rng.normal(size=100_000)) / np.sqrt(rng.chisquare(df, 100_000) / df)
    expected = float((np.abs(draws) > stats.t.ppf(0.975, df)).mean())
    assert power_of_test(size, error, df, 0.95) == pytest.approx(expected, abs=DRAWN)
    assert power_of_test(0.0, error, df, 0.95) == pytest.approx(0.05)
    assert power_of_test(-size, error, df, 0.95) == pytest.approx(power_of_test(size, error, df, 0.95))


# How often it passes -------------------------------------------------------------------------------------------------


def chance_within(bias: float, margin: float, error: float, df: float) -> float:
    """Probability that a 90% t interval lies within +-margin, by integration over the estimated standard error."""
    critical = float(stats.t.ppf(0.95, df))

    def given(ratio: float) -> float:
        room = margin - critical * error * ratio
        if room <= 0:
            return 0.0
        inside = stats.norm.cdf((room - bias) / error) - stats.norm.cdf((-room - bias) / error)
        return float(inside * stats.chi.pdf(ratio * df**0.5, df) * df**0.5)

    value, _ = integrate.quad(given, 0, margin / (critical * error), limit=200)
    return float(value)


@pytest.mark.parametrize(("bias", "margin"), [(0.0, 2.0), (0.0, 3.5), (1.0, 3.5), (3.5, 3.5), (-2.0, 2.0)])
def test_an_interval_lies_within_the_margin_at_the_right_rate(bias: float, margin: float) -> None:
    rng = np.random.default_rng(3)
    treated = np.arange(7) < 2
    passed = 0
    for _ in range(REPEATS):
        found = effect_of(rng.normal(size=7) + bias * treated, treated, 0.9)
        passed += within(found, margin)
    expected = chance_within(bias, margin, (1 / 2 + 1 / 5) ** 0.5, 5)
    assert passed / REPEATS == pytest.approx(expected, abs=SHARE)
    if abs(bias) >= margin:
        assert passed / REPEATS <= 0.05 + SIZE


def test_without_a_trend_it_passes_as_often_as_its_two_movements_allow(make_panel: MakePanel) -> None:
    # Six years: the carried line has variance 4.5^2/17.5 per area, the halves 2/3; treated less comparison: x 0.7.
    rng = np.random.default_rng(5)
    margin, repeats = 3.0, 600
    passed = [judged(yearly(make_panel, noisy(rng, 0.0), 3), margin).status for _ in range(repeats)]
    line = chance_within(0.0, margin, (4.5**2 / 17.5 * 0.7) ** 0.5, 5)
    halves = chance_within(0.0, margin, (2 / 3 * 0.7) ** 0.5, 5)
    statuses = [status is Status.PASS for status in passed]
    # Both must pass and the answer must not change: as often as the rarer of the two, less what the others take.
    assert np.mean(statuses) <= min(line, halves) + 3 * (0.25 / repeats) ** 0.5
    assert np.mean(statuses) > 0.8 * min(line, halves)
    assert 0.5 < min(line, halves) < 0.9


def test_a_trend_as_large_as_the_margin_seldom_passes(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(6)
    margin = 1.5
    found = [judged(yearly(make_panel, noisy(rng, margin / 4.5, noise=0.2), 3), margin).status for _ in range(600)]
    passed = np.mean([status is Status.PASS for status in found])
    assert passed <= 0.05 + 3 * (0.05 * 0.95 / 600) ** 0.5


# What it says --------------------------------------------------------------------------------------------------------


def test_alike_is_said_where_it_is_shown(make_panel: MakePanel) -> None:
    panel = yearly(make_panel, noisy(np.random.default_rng(1), 0.0, noise=0.05, effect=1.0), 3)
    check = judged(panel, 0.5)
    assert check.id == "equivalence"
    assert check.status is Status.PASS
    assert "moved alike to within the worthwhile effect of +0.500 points" in check.finding
    assert "90% interval" in check.finding
    assert check.evidence is not None
    movement, carried, main, adjusted = check.evidence.rows
    assert [row.chosen for row in check.evidence.rows] == [False, False, True, False]
    assert carried.note == "through 6 years"
    assert main.estimate is not None
    assert carried.estimate is not None
    assert adjusted.estimate == pytest.approx(main.estimate - carried.estimate)
    assert movement.group != main.group


def test_an_injected_trend_is_caught(make_panel: MakePanel) -> None:
    panel = yearly(make_panel, noisy(np.random.default_rng(1), 0.5, noise=0.2), 3)
    check = judged(panel, 0.5)
    assert check.status is Status.WARN
    assert check.finding.startswith("The groups were already moving apart before the start")
    assert "no longer shows a difference from no effect" in check.finding


def test_what_cannot_be_ruled_out_is_said_with_the_power_of_the_test(make_panel: MakePanel) -> None:
    panel = yearly(make_panel, noisy(np.random.default_rng(2), 0.0, effect=20.0), 3)
    check = judged(panel, 0.8)
    assert check.status is Status.WARN
    assert "cannot rule out that the groups were moving apart by as much as the worthwhile effect of +0.80" in (
        check.finding
    )
    found = trend(panel, np.ones(7, dtype=np.bool_))
    assert isinstance(found, Trend)
    tested = effect_of(found.bias, panel.treated, 0.95)
    assert tested.std_error is not None
    assert tested.df is not None
    chance = power_of_test(0.8, tested.std_error, tested.df, 0.95)
    assert f"would notice it in {100 * chance:.0f}% of such studies, so not noticing one says little" in check.detail


def test_halves_outside_the_margin_are_named_where_the_trend_is_inside(make_panel: MakePanel) -> None:
    # 0.3 in the first year and 1.5 in the fourth: their pulls on the slope cancel, and the halves differ by 0.4.
    rng = np.random.default_rng(2)
    values = 10 + 0.02 * rng.normal(size=(7, 9))
    values[:2, [0, 3]] += [0.3, 1.5]
    check = judged(yearly(make_panel, values, 3), 0.2)
    assert check.status is Status.WARN
    assert check.finding.startswith("The groups were already moving apart before the start: from the first to the")
    assert "second half of the baseline they moved by +0.396 points" in check.finding


def test_a_trend_that_is_shown_to_be_small_warns_if_the_answer_rests_on_it(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(3)
    panel = yearly(make_panel, noisy(rng, 0.05, noise=0.02), 3)
    check = judged(panel, 1.0)
    assert check.status is Status.WARN
    assert check.finding.startswith("Before the start the groups moved alike")
    assert "without that trend the estimate would be" in check.finding


def test_without_a_worthwhile_effect_the_movement_is_still_shown(make_panel: MakePanel) -> None:
    panel = yearly(make_panel, noisy(np.random.default_rng(1), 0.0), 3)
    for worthwhile in (None, 0.0):
        check = judged(panel, worthwhile)
        assert check.status is Status.NOT_RUN
        assert "their earlier trend, carried on, would add" in check.finding
        assert "Declare `worthwhile`" in check.detail
        assert check.evidence is not None
        assert len(check.evidence.rows) == 4


@pytest.mark.parametrize(
    ("treated", "areas", "periods", "after", "reason"),
    [
        (2, 5, 14, 9, "It needs 6 periods of baseline with data."),
        (3, 3, 24, 12, "There is no comparison area."),
    ],
)
def test_refusals(
    make_panel: MakePanel,
    any_cells: AnyCells,
    treated: int,
    areas: int,
    periods: int,
    after: int,
    reason: str,
) -> None:
    check = judged(make_panel(any_cells(Kind.BINARY, areas, periods, 1), treated=treated, after=after), 0.1)
    assert check.status is Status.NOT_RUN
    assert check.detail == reason
    assert check.evidence is None


def test_a_half_without_data_in_some_area_is_refused(make_panel: MakePanel) -> None:
    n = np.full((3, 18), 4.0)
    n[1, :3] = 0
    panel = make_panel(ContinuousCells(n, n * 2, n * 5), after=12)
    found = trend(panel, np.ones(3, dtype=np.bool_))
    assert isinstance(found, NoInference)
    assert "some area has no value" in found.reason


def test_one_area_on_each_side_shows_nothing_of_chance(make_panel: MakePanel, any_cells: AnyCells) -> None:
    check = judged(make_panel(any_cells(Kind.BINARY, 2, 36, 1), after=12), 0.1)
    assert check.status is Status.WARN
    assert "no test for a trend can be made" in check.detail


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("weighting", list(Weighting))
def test_every_kind_and_weighting_gives_three_checks(
    make_panel: MakePanel, any_cells: AnyCells, kind: Kind, weighting: Weighting
) -> None:
    case = Case(make_panel(any_cells(kind, 7, 36, 1), treated=2, after=12), worthwhile=-0.05)
    found = checks(case, DESIGN, weighting)
    assert [check.id for check in found] == ["equivalence", "honest_relative_magnitudes", "honest_smoothness"]
    assert all(check.status in {Status.PASS, Status.WARN} for check in found)
    assert found[0] == judged(case.panel, case.worthwhile, weighting)


def test_where_there_is_no_estimate_all_three_say_why(make_panel: MakePanel, any_cells: AnyCells) -> None:
    case = Case(make_panel(any_cells(Kind.BINARY, 3, 36, 1), treated=3, after=12), worthwhile=0.1)
    for check in checks(case, DESIGN, EQUAL):
        assert check.status is Status.NOT_RUN
        assert check.detail == "There is no comparison area."


def test_weights_carry_through(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(1)
    n = np.outer([1.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0], np.ones(9)) * 4
    values = noisy(rng, 0.3)
    panel = make_panel(ContinuousCells(n, n * values, n * (values**2 + 1)), treated=2, after=3, unit=TimeUnit.YEAR)
    found = trend(panel, np.ones(7, dtype=np.bool_))
    assert isinstance(found, Trend)
    check = judged(panel, 0.5, Weighting.EXPOSURE)
    assert check.evidence is not None
    expected: Effect = effect_of(found.bias, panel.treated, 0.9, 0.0, n[:, 0])
    assert check.evidence.rows[1].estimate == pytest.approx(expected.estimate)
