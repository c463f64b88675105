"""Event study: each bin by the headline's inference, those before the start judged together by permutation."""

from collections.abc import Callable
from datetime import date
from itertools import combinations

import numpy as np
import pytest

from models.bins import BinLength, Bins, bins_of
from models.design import Design
from models.effect import Effect, effect
from models.estimate import Check, Figure, ModelOutput, Quantity, Row, Scale, Status
from models.event_study import EventStudyOptions, fit, joint_look
from models.multiple import StepDown
from models.panel import Cells, ContinuousCells, CountCells, Kind, Panel
from models.periods import Role, TimeUnit
from models.registry import MODELS

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-9  # two routes to the same number
REPEATS = 1_050
MONTE_CARLO = 3 * (1 / 21 * 20 / 21 / REPEATS) ** 0.5  # three standard errors, 2.0 points, of a rate of 1 in 21
DESIGN = Design(level=0.95, seed=1)
AUTO = EventStudyOptions()


def means(matrix: object) -> ContinuousCells:
    y = np.asarray(matrix, dtype=np.float64)
    n = np.full(y.shape, 4.0)
    return ContinuousCells(n, n * y, n * (y**2 + 1))


def only(output: ModelOutput) -> Check:
    assert not output.estimates
    assert not output.not_estimable
    (check,) = output.checks
    return check


def rows(check: Check) -> tuple[Row, ...]:
    assert check.evidence is not None
    return check.evidence.rows


def test_by_hand(make_panel: MakePanel) -> None:
    # Years 2018 to 2021, the last one follow-up; treated means less comparison means: 4 - 1, 3 - 2, 2 - 2, 8 - 2.
    values = [[4, 2, 1, 8], [4, 4, 3, 8], [0, 1, 1, 1], [2, 3, 3, 3]]
    panel = make_panel(means(values), treated=2, after=1, unit=TimeUnit.YEAR, start=date(2018, 1, 1))
    check = only(fit(panel, DESIGN, AUTO))
    assert [(row.label, row.group, row.estimate, row.chosen) for row in rows(check)] == [
        ("2018", "before", pytest.approx(3.0), False),
        ("2019", "before", pytest.approx(1.0), False),
        ("2020", "before", 0.0, True),
        ("2021", "after", pytest.approx(6.0), False),
    ]
    assert rows(check)[2].note == "reference"
    assert check.evidence is not None
    assert (check.evidence.figure, check.evidence.quantity) == (Figure.SERIES, Quantity.OUTCOME)
    assert "between +1.00 points and +3.00 points" in check.finding
    assert "at +6.00 points in the year after the start" in check.finding


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("unit", list(TimeUnit))
def test_every_bin_is_the_effect_from_the_reference(
    make_panel: MakePanel, any_cells: AnyCells, kind: Kind, unit: TimeUnit
) -> None:
    years = 4 if unit is TimeUnit.YEAR else 3
    per_year = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}[unit.value]
    panel = make_panel(any_cells(kind, 7, years * per_year, 3), treated=2, after=per_year, unit=unit)
    bins = bins_of(panel)
    assert isinstance(bins, Bins)
    check = only(fit(panel, DESIGN, AUTO))
    each = (*bins.before, *bins.after)
    assert [row.label for row in rows(check)] == [b.label for b in each]
    for row, b in zip(rows(check), each, strict=True):
        if b is bins.reference:
            assert row.estimate == (1.0 if panel.scale is Scale.RATIO else 0.0)
            continue
        found = effect(panel, 0.95, bins.reference.periods, b.periods)
        assert isinstance(found, Effect)
        assert found.interval is not None
        carry = np.exp if panel.scale is Scale.RATIO else np.asarray
        expected = [float(carry(x)) for x in (found.estimate, *found.interval)]
        assert [row.estimate, row.lo, row.hi] == pytest.approx(expected, rel=EXACT)
        assert row.p_value == pytest.approx(found.p_value)


def test_the_length_of_a_bin_can_be_chosen(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(Kind.BINARY, 5, 48, 1), treated=2, after=24)
    assert len(rows(only(fit(panel, DESIGN, EventStudyOptions(bin="year"))))) == 4
    assert len(rows(only(fit(panel, DESIGN, EventStudyOptions(bin="half_year"))))) == 8


# The bins before the start, together ---------------------------------------------------------------------------------


def by_enumeration(changes: np.ndarray, treated: int) -> float:  # type: ignore[type-arg]
    """Share of all choices whose largest |t| over bins reaches that of the first `treated` areas."""
    areas = len(changes)

    def largest(chosen: tuple[int, ...]) -> float:
        mask = np.isin(np.arange(areas), chosen)
        inside, outside = changes[mask], changes[~mask]
        gap = inside.mean(axis=0) - outside.mean(axis=0)
        squares = ((inside - inside.mean(axis=0)) ** 2).sum(axis=0) + ((outside - outside.mean(axis=0)) ** 2).sum(
            axis=0
        )
        return float((np.abs(gap) / np.sqrt(squares)).max())

    own = largest(tuple(range(treated)))
    every = [largest(chosen) for chosen in combinations(range(areas), treated)]
    return float(np.mean([t >= own * (1 - 1e-9) for t in every]))


@pytest.mark.parametrize("seed", range(8))
def test_the_joint_p_is_that_of_the_largest_t_over_all_choices(make_panel: MakePanel, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(7, 6))
    values[:2, 0] += seed
    panel = make_panel(means(values), treated=2, after=2, unit=TimeUnit.YEAR, start=date(2016, 1, 1))
    bins = bins_of(panel)
    assert isinstance(bins, Bins)
    found = joint_look(panel, bins, 0)
    assert isinstance(found, StepDown)
    assert found.adjusted.min() == pytest.approx(by_enumeration(values[:, :3] - values[:, [3]], 2))
    assert found.attainable_p == pytest.approx(1 / 21)


def test_it_warns_as_often_as_its_smallest_p_where_nothing_happened(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(11)
    warned = 0
    for _ in range(REPEATS):
        panel = make_panel(means(rng.normal(size=(7, 6))), treated=2, after=2, unit=TimeUnit.YEAR)
        warned += only(fit(panel, DESIGN, AUTO)).status is Status.WARN
    assert warned / REPEATS == pytest.approx(1 / 21, abs=MONTE_CARLO)


def test_a_drift_before_the_start_is_warned_of(make_panel: MakePanel) -> None:
    values = np.random.default_rng(2).normal(0, 0.1, size=(7, 36))
    values[:2] += 0.1 * np.arange(36)
    check = only(fit(make_panel(means(values), treated=2, after=12), DESIGN, AUTO))
    assert check.status is Status.WARN
    assert "the groups had moved against each other before the start" in check.finding
    assert "(p = 0.048)" in check.finding


def test_there_is_no_wald_test_from_few_areas_and_the_reason_is_given(
    make_panel: MakePanel, any_cells: AnyCells
) -> None:
    few = only(fit(make_panel(any_cells(Kind.BINARY, 7, 36, 1), treated=2, after=12), DESIGN, AUTO))
    assert "7 areas in two groups has rank 5 at most" in few.detail
    assert "the smallest p-value that can give is 0.048." in few.detail
    many = only(fit(make_panel(any_cells(Kind.BINARY, 30, 36, 1), treated=10, after=12), DESIGN, AUTO))
    assert "Wald" not in many.detail


def test_a_floor_that_cannot_warn_is_said(make_panel: MakePanel) -> None:
    values = np.random.default_rng(2).normal(0, 0.1, size=(5, 36))
    values[:2] += np.arange(36)
    check = only(fit(make_panel(means(values), treated=2, after=12), DESIGN, AUTO))
    assert check.status is Status.PASS
    assert "0.10, so it could not have warned" in check.detail


# What cannot be done -------------------------------------------------------------------------------------------------


def test_one_bin_before_the_start_leaves_nothing_to_judge(make_panel: MakePanel, any_cells: AnyCells) -> None:
    check = only(fit(make_panel(any_cells(Kind.BINARY, 5, 18, 1), treated=2, after=12), DESIGN, AUTO))
    assert check.status is Status.NOT_RUN
    assert "the baseline holds one half-year" in check.finding
    assert [row.group for row in rows(check)] == ["before", "after", "after"]


def test_what_is_left_out_is_said(make_panel: MakePanel, any_cells: AnyCells) -> None:
    roles = (Role.BASELINE,) * 12 + (Role.EXCLUDED,) * 4 + (Role.BASELINE,) * 8 + (Role.FOLLOW_UP,) * 12
    panel = make_panel(any_cells(Kind.BINARY, 5, 36, 1), treated=2, roles=roles, start=date(2020, 4, 1))
    check = only(fit(panel, DESIGN, AUTO))
    assert "Left out, because fewer than half of the periods can be used: 2021-04 to 2021-09 (2 of 6 months)." in (
        check.detail
    )


@pytest.mark.parametrize(
    ("treated", "areas", "periods", "after", "bin_", "reason"),
    [
        (3, 3, 36, 12, "auto", "There is no comparison area."),
        (1, 3, 36, 2, "auto", "The follow-up does not hold half of one half-year"),
        (1, 3, 36, 5, "year", "The follow-up does not hold half of one year"),
    ],
)
def test_refusals(
    make_panel: MakePanel,
    any_cells: AnyCells,
    treated: int,
    areas: int,
    periods: int,
    after: int,
    bin_: str,
    reason: str,
) -> None:
    panel = make_panel(any_cells(Kind.BINARY, areas, periods, 1), treated=treated, after=after)
    output = fit(panel, DESIGN, EventStudyOptions(bin=bin_))  # type: ignore[arg-type]
    assert not output.checks
    assert reason in output.not_estimable[0].reason


def test_a_bin_without_events_is_a_row_without_numbers(make_panel: MakePanel) -> None:
    events = np.random.default_rng(1).poisson(20.0, (5, 36)).astype(np.float64)
    events[3, :6] = 0
    check = only(fit(make_panel(CountCells(events, np.ones((5, 36))), treated=2, after=12), DESIGN, AUTO))
    first = rows(check)[0]
    assert first.estimate is None
    assert "No events in D (bin 2022-04 to 2022-09)" in first.note
    assert rows(check)[1].estimate is not None
    assert check.status in {Status.PASS, Status.WARN}


def test_a_reference_without_events_is_refused_with_the_remedy(make_panel: MakePanel) -> None:
    events = np.random.default_rng(1).poisson(20.0, (5, 36)).astype(np.float64)
    events[3, 18:24] = 0
    output = fit(make_panel(CountCells(events, np.ones((5, 36))), treated=2, after=12), DESIGN, AUTO)
    assert "No events in D (bin 2023-10 to 2024-03)" in output.not_estimable[0].reason


def test_one_area_on_each_side_gives_points_without_intervals(make_panel: MakePanel, any_cells: AnyCells) -> None:
    check = only(fit(make_panel(any_cells(Kind.BINARY, 2, 36, 1), after=12), DESIGN, AUTO))
    assert all(row.lo is None and row.estimate is not None for row in rows(check))
    assert check.status is Status.PASS
    assert "it could not have warned" in check.detail


def test_it_is_a_model_of_the_registry_and_never_the_headline() -> None:
    assert MODELS["event_study"].headline_rank is None
    assert MODELS["event_study"].title == "Event study"
    assert EventStudyOptions().bin == "auto"
    assert {length.value for length in BinLength} == {"quarter", "half_year", "year"}
