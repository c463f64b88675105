"""The model of staggered starts on panels: bins, phase-in, refusals, headline, checks and what they say."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from models.arrays import FloatArray
from models.design import Design
from models.estimate import Check, Estimate, Figure, ModelOutput, Scale, Status
from models.inference.refusal import NoInference
from models.panel import Cells, ContinuousCells, CountCells, Kind, Panel
from models.periods import Role, TimeUnit
from models.registry import MODELS
from models.staggered.analysis import Analysis, Inference, analysed
from models.staggered.calendar import own_windows
from models.staggered.grid import Grid, grid_of
from models.staggered.model import fit
from models.staggered.one_team import merged_by_start
from models.staggered.options import StaggeredOptions

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-9  # two routes to the same number
PLAIN = StaggeredOptions()
IDS = [
    "staggered_groups",
    "areas_complete",
    "staggered_pretrends",
    "staggered_dynamic",
    "staggered_calendar",
    "staggered_averages",
    "staggered_comparison",
    "staggered_two_way",
    "staggered_analytic",
]


def means(matrix: object) -> ContinuousCells:
    y = np.asarray(matrix, dtype=np.float64)
    n = np.full(y.shape, 4.0)
    return ContinuousCells(n, n * y, n * (y**2 + 1))


def noise(areas: int, periods: int, seed: int = 1) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.normal(10, 1, (areas, periods)) + rng.normal(size=(areas, 1))


def monthly(make_panel: MakePanel, cells: Cells, treated: int = 3, before: int = 24, after: int = 24) -> Panel:
    """Two years of baseline from January 2020, two of follow-up."""
    roles = (Role.BASELINE,) * before + (Role.FOLLOW_UP,) * after
    return make_panel(cells, treated=treated, roles=roles, start=date(2020, 1, 1))


def starting(*starts: int, phase_in: int = 0, **changes: object) -> Design:
    names = dict(zip("ABCDEFGH", starts, strict=False))
    return Design(starts=names, phase_in=dict.fromkeys(names, phase_in), seed=1, **changes)  # type: ignore[arg-type]


def check(output: ModelOutput, name: str) -> Check:
    (found,) = (c for c in output.checks if c.id == name)
    return found


def headline(output: ModelOutput) -> Estimate:
    (found,) = (e for e in output.estimates if e.headline)
    return found


def laid_out(panel: Panel, design: Design, options: StaggeredOptions = PLAIN) -> Grid:
    grid = grid_of(panel, design, options)
    assert isinstance(grid, Grid)
    return grid


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("options", [PLAIN, StaggeredOptions(compared_with="not_yet", base="universal")])
def test_every_kind_gives_an_answer(
    make_panel: MakePanel, any_cells: AnyCells, kind: Kind, options: StaggeredOptions
) -> None:
    panel = monthly(make_panel, any_cells(kind, 9, 48, 3))
    output = fit(panel, starting(24, 30, 36), options)
    found = headline(output)
    assert found.scale is panel.scale
    assert found.interval is not None
    assert found.interval[0] < found.estimate < found.interval[1]
    assert found.attainable_p == pytest.approx(1 / 504)
    assert [c.id for c in output.checks] == IDS
    assert not output.not_estimable
    assert (found.clusters.treated, found.clusters.comparison) == (3, 6)


def test_what_was_put_in_comes_out(make_panel: MakePanel) -> None:
    # Counts at a rate of their own, times 0.8 since each area's start; no noise but rounding.
    months, first = np.arange(48), np.asarray([24, 30, 36, 99, 99, 99, 99])
    exposed = months >= first[:, None]
    rate = 0.01 * np.arange(1, 8)[:, None] * (1 + 0.3 * np.sin(months)) * np.where(exposed, 0.8, 1.0)
    exposure = np.full(rate.shape, 1e9)
    output = fit(monthly(make_panel, CountCells(rate * exposure, exposure)), starting(24, 30, 36), PLAIN)
    # All areas change alike, so nothing shows how much they differ: a number, and no interval.
    found = headline(output)
    assert found.scale is Scale.RATIO
    assert found.estimate == pytest.approx(0.8, abs=EXACT)
    assert found.interval is None
    assert "exactly the same amount" in output.not_estimable[0].reason


def test_bins_are_as_long_as_the_starts_allow(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = monthly(make_panel, any_cells(Kind.CONTINUOUS, 7, 48, 3))
    chosen = {
        (24, 36): "year",
        (24, 30): "half-year",
        (24, 27): "quarter",
        (24, 29): "month",
    }
    for starts, word in chosen.items():
        grid = laid_out(panel, starting(*starts, 24))
        assert grid.word == word, starts
        assert not grid.partial
        assert np.isin(grid.exposed, (0, 1)).all()


def test_a_month_without_events_makes_bins_longer(make_panel: MakePanel) -> None:
    events = np.full((7, 48), 5.0)
    events[5, 40] = 0
    panel = monthly(make_panel, CountCells(events, np.full(events.shape, 1e4)))
    grid = laid_out(panel, starting(24, 29, 24))
    assert grid.word == "quarter"
    assert grid.partial
    refused = grid_of(panel, starting(24, 29, 24), StaggeredOptions(bin="period"))
    assert isinstance(refused, NoInference)
    assert refused.reason.startswith("No events in F (2023-05), so no value there, and leaving out")


def test_a_month_without_data_in_an_area_is_left_out_and_named(make_panel: MakePanel) -> None:
    exposure = np.full((7, 48), 1e4)
    exposure[5, 40] = 0
    panel = monthly(make_panel, CountCells(np.where(exposure > 0, 5.0, 0.0), exposure))
    monthly_grid = laid_out(panel, starting(24, 29, 24), StaggeredOptions(bin="period"))
    assert monthly_grid.left_out == ("2023-05 (an area without a value)",)
    assert len(monthly_grid.labels) == 47


@pytest.mark.parametrize("area", [1, 5])
def test_an_area_without_an_event_before_stops_the_analysis(make_panel: MakePanel, area: int) -> None:
    """To go on without it would be to choose areas by their outcome."""
    events = np.full((7, 48), 5.0)
    events[area, :24] = 0
    panel = monthly(make_panel, CountCells(events, np.full(events.shape, 1e4)))
    output = fit(panel, starting(24, 30, 36), PLAIN)
    assert not output.estimates
    assert output.not_estimable[0].reason.startswith(f"No events in {'ABCDEFG'[area]} (")


def test_a_bin_in_which_a_start_lies_is_neither_before_nor_after(make_panel: MakePanel) -> None:
    panel = monthly(make_panel, means(noise(7, 48)))
    grid = laid_out(panel, starting(24, 31, 36), StaggeredOptions(bin="half_year"))
    # Eight half-years; the area that starts in month 31 is in the middle of the sixth.
    assert grid.groups.last.tolist() == [3, 4, 5, 7]
    assert grid.groups.first.tolist() == [4, 6, 6, 8]
    assert grid.exposed[1].tolist() == pytest.approx([0, 0, 0, 0, 0, 5 / 6, 1, 1])
    output = fit(panel, starting(24, 31, 36), StaggeredOptions(bin="half_year"))
    two_way = check(output, "staggered_two_way")
    assert two_way.status is Status.NOT_RUN
    assert "neither before nor after" in two_way.detail
    groups = [row.group for row in check(output, "staggered_dynamic").evidence.rows]  # type: ignore[union-attr]
    assert set(groups) == {"before", "starting up", "after"}


def test_phase_in_follows_each_own_start_and_anticipation_moves_the_base(make_panel: MakePanel) -> None:
    panel = monthly(make_panel, means(noise(7, 48)))
    grid = laid_out(panel, starting(24, 30, 36, phase_in=3), StaggeredOptions(bin="quarter", anticipation=3))
    assert grid.groups.last.tolist() == [6, 8, 10, 15]
    assert grid.groups.first.tolist() == [9, 11, 13, 16]


def test_the_windows_of_an_area_lie_around_its_own_start(make_panel: MakePanel) -> None:
    roles = (*(Role.BASELINE,) * 3, Role.PHASE_IN, Role.FOLLOW_UP, Role.EXCLUDED, *(Role.FOLLOW_UP,) * 2)
    panel = make_panel(means(noise(4, 8)), treated=2, roles=roles)
    before, after = own_windows(panel, starting(3, 6, phase_in=1))
    assert [np.flatnonzero(row).tolist() for row in before] == [[0, 1, 2], [0, 1, 2, 3, 4], [0, 1, 2], [0, 1, 2]]
    assert [np.flatnonzero(row).tolist() for row in after] == [[4, 6, 7], [7], [4, 6, 7], [4, 6, 7]]
    together = own_windows(panel, Design())
    assert (together[0] == panel.periods.baseline).all()
    assert (together[1] == panel.periods.follow_up).all()


def test_one_start_is_allowed_and_rests_on_the_last_bin_before(make_panel: MakePanel) -> None:
    values = noise(7, 8)
    panel = make_panel(means(values), treated=2, after=3, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    found = headline(fit(panel, Design(seed=1), PLAIN))
    w = values[:, 5:].mean(axis=1) - values[:, 4]
    assert found.estimate == pytest.approx(w[:2].mean() - w[2:].mean(), abs=EXACT)
    assert found.attainable_p == pytest.approx(1 / 21)


def test_without_areas_that_never_start(make_panel: MakePanel) -> None:
    panel = make_panel(means(noise(6, 8)), treated=6, after=5, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    design = starting(3, 3, 5, 5, 7, 7)
    refused = fit(panel, design, PLAIN)
    assert not refused.estimates
    assert "`compared_with: not_yet`" in refused.not_estimable[0].reason
    output = fit(panel, design, StaggeredOptions(compared_with="not_yet"))
    found = headline(output)
    assert (found.clusters.treated, found.clusters.comparison) == (4, 2)
    groups = check(output, "staggered_groups")
    assert groups.status is Status.WARN
    assert "No area is left to compare with in 2017, so those bins say nothing" in groups.detail
    assert "of the areas that started in 2013, 2015 and 2017." in groups.detail
    assert check(output, "staggered_comparison").status is Status.NOT_RUN


def test_many_areas_are_judged_by_their_spread_and_few_by_the_dates(make_panel: MakePanel) -> None:
    values = noise(24, 6)
    panel = make_panel(means(values), treated=8, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    starts = {name: 2 if i < 4 else 4 for i, name in enumerate(panel.areas[:8])}
    output = fit(panel, Design(starts=starts, seed=1), PLAIN)
    main, beside = output.estimates
    assert main.headline
    assert main.attainable_p is None
    assert "spread within each start" in main.method
    assert beside.method == "influence functions (Callaway and Sant'Anna)"
    assert beside.estimate == main.estimate
    assert "staggered_analytic" not in {c.id for c in output.checks}
    assert "claims one in 4 to 5" in main.note
    lone = starts | {panel.areas[0]: 3}
    few = headline(fit(panel, Design(starts=lone, seed=1), PLAIN))
    assert few.method == "permutation of start dates, a random choice of 20,000 assignments"
    assert few.attainable_p == pytest.approx(1 / 20_000)


def test_a_start_with_one_area_is_named(make_panel: MakePanel) -> None:
    panel = make_panel(means(noise(8, 6)), treated=3, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    output = fit(panel, starting(2, 2, 4), PLAIN)
    found = check(output, "staggered_groups")
    assert found.status is Status.WARN
    assert found.finding == "Areas by their start: 2 in 2012 and 1 in 2014, and 5 never."
    assert "A start with a single area (2014) has no standard error of its own" in found.detail
    assert "draw their order by lot" in found.detail
    published = check(output, "staggered_analytic")
    assert "9 to 26 of 100 runs without any effect" in published.finding


def test_the_two_way_regression_stands_beside_its_parts(make_panel: MakePanel) -> None:
    # An effect that grows by 1 a year; the regression sees less than half of it.
    first = np.asarray([2, 2, 5, 5, 99, 99, 99, 99])
    grown = np.maximum(0.0, np.arange(10) - first[:, None] + 1)
    values = noise(8, 10) * 0.05 + grown
    panel = make_panel(means(values), treated=4, after=8, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    output = fit(panel, starting(2, 2, 5, 5), PLAIN)
    found = check(output, "staggered_two_way")
    assert found.evidence is not None
    rows = found.evidence.rows
    assert rows[0].label == "The regression"
    weighted = sum(
        float(row.note.removeprefix("weight ").removesuffix("%")) / 100 * (row.estimate or 0.0)
        for row in rows
        if row.group == "By kind"
    )
    assert rows[0].estimate == pytest.approx(weighted, abs=0.01)  # weights are written to a tenth of a per cent
    assert all(row.lo is None and row.p_value is None for row in rows)


def test_effects_over_time_are_drawn_with_those_before(make_panel: MakePanel) -> None:
    panel = make_panel(means(noise(9, 8)), treated=4, after=5, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    output = fit(panel, starting(3, 3, 5, 5), PLAIN)
    evidence = check(output, "staggered_dynamic").evidence
    assert evidence is not None
    assert evidence.figure is Figure.SERIES
    assert evidence.by_area
    assert [(row.label, row.group, row.note) for row in evidence.rows] == [
        ("−4", "before", "2 areas"),
        ("−3", "before", "2 areas"),
        ("−2", "before", "4 areas"),
        ("−1", "before", "4 areas"),
        ("0", "after", "4 areas"),
        ("+1", "after", "4 areas"),
        ("+2", "after", "4 areas"),
        ("+3", "after", "2 areas"),
        ("+4", "after", "2 areas"),
    ]
    assert all(row.lo is not None and row.lo < (row.estimate or 0) < (row.hi or 0) for row in evidence.rows)


def test_a_gap_that_opens_before_the_start_is_warned_of(make_panel: MakePanel) -> None:
    values = noise(9, 8) * 0.1
    values[:3, 3:] += 5  # what starts in bins 4 and 5 rose already in bin 3
    panel = make_panel(means(values), treated=3, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    found = check(fit(panel, starting(4, 4, 5), PLAIN), "staggered_pretrends")
    assert found.status is Status.WARN
    assert "more than chance explains" in found.finding
    quiet = fit(make_panel(means(noise(9, 8)), treated=3, after=4, unit=TimeUnit.YEAR), starting(4, 4, 5), PLAIN)
    assert check(quiet, "staggered_pretrends").status is Status.PASS


def test_what_cannot_be_estimated_is_said(make_panel: MakePanel) -> None:
    panel = make_panel(means(noise(5, 6)), treated=2, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    early = analysed(panel, starting(2, 3), StaggeredOptions(anticipation=2))
    assert isinstance(early, NoInference)
    assert early.reason.startswith("No bin lies before the start in 2012")
    alone = make_panel(means(noise(2, 6)), treated=2, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    together = analysed(alone, starting(2, 2), StaggeredOptions(compared_with="not_yet"))
    assert isinstance(together, NoInference)
    assert "none is left to compare with" in together.reason
    with pytest.raises(ValueError, match="anticipation is a number of periods"):
        StaggeredOptions(anticipation=-1)


def test_two_areas_give_a_number_and_no_interval(make_panel: MakePanel) -> None:
    panel = make_panel(means(noise(2, 6)), treated=1, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    output = fit(panel, Design(), PLAIN)
    assert headline(output).interval is None
    assert "With two areas" in output.not_estimable[0].reason


def test_an_area_without_data_before_is_left_out_and_named(make_panel: MakePanel) -> None:
    cells = means(noise(7, 6))
    cells.n[6, :2] = cells.total[6, :2] = cells.squares[6, :2] = 0
    panel = make_panel(cells, treated=2, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    output = fit(panel, starting(2, 4), PLAIN)
    assert headline(output).clusters.comparison == 4
    complete = check(output, "areas_complete")
    assert complete.status is Status.FAIL
    assert "G" in complete.finding


def test_a_team_that_serves_all_is_said_to(make_panel: MakePanel) -> None:
    panel = make_panel(means(noise(8, 6)), treated=3, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    assert "One team serves" in headline(fit(panel, starting(2, 3, 4, shared_delivery=True), PLAIN)).note


def test_areas_of_a_start_are_merged_by_adding_up_their_cells(make_panel: MakePanel) -> None:
    events, exposure = np.arange(1.0, 43.0).reshape(7, 6), np.full((7, 6), 100.0)
    panel = make_panel(CountCells(events, exposure), treated=4, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    merged, design = merged_by_start(panel, starting(3, 2, 3, 2, phase_in=1))
    assert isinstance(merged.cells, CountCells)
    assert merged.areas == ("B + D", "A + C", "E", "F", "G")
    assert merged.treated.tolist() == [True, True, False, False, False]
    expected = np.vstack([events[[1, 3]].sum(axis=0), events[[0, 2]].sum(axis=0), events[4:]])
    assert merged.cells.events.tolist() == expected.tolist()
    assert merged.cells.exposure[:, 0].tolist() == [200.0, 200.0, 100.0, 100.0, 100.0]
    assert (dict(design.starts), dict(design.phase_in)) == ({"B + D": 2, "A + C": 3}, {"B + D": 1, "A + C": 1})


def shared(make_panel: MakePanel, values: FloatArray, starts: tuple[int, ...]) -> ModelOutput:
    years = {"unit": TimeUnit.YEAR, "start": date(2010, 1, 1)}
    panel = make_panel(means(values), treated=len(starts), after=4, **years)
    return fit(panel, starting(*starts, shared_delivery=True), PLAIN)


def moved(starts: tuple[int, ...], size: tuple[float, ...]) -> FloatArray:
    """Eight areas that move little, of which some move by so much at their start."""
    values = 10 + (noise(8, 6) - 10) * 0.05
    for area, (start, by) in enumerate(zip(starts, size, strict=True)):
        values[area, start:] += by
    return values


def test_one_team_whose_starts_hold_as_units_passes(make_panel: MakePanel) -> None:
    output = shared(make_panel, moved((2, 2, 3, 3), (5.0,) * 4), (2, 2, 3, 3))
    (merged,) = (e for e in output.estimates if e.method.endswith("treated areas of a start as one unit"))
    assert not merged.headline
    assert (merged.clusters.treated, merged.clusters.comparison) == (2, 4)
    assert merged.interval is not None
    assert merged.estimate == pytest.approx(headline(output).estimate, abs=0.2)  # the noise put in
    assert (2 + 4) * (2 + 4 - 1) == 30 == round(1 / (merged.attainable_p or 1)), "assignments of two dates to six units"
    team = check(output, "staggered_one_team")
    assert team.status is Status.PASS
    assert "as one unit for each of 2 starts does not change the answer" in team.finding


def test_one_team_that_loses_its_answer_as_units_is_warned_of(make_panel: MakePanel) -> None:
    starts, size = (2, 2, 3, 3), (5.0, 5.0, 0.5, 0.5)
    values = moved(starts, size)
    values[4, 3:] += 2.0  # a comparison area moves as well: four moved areas stand out beside it, two units do not
    values[5, 2:] += 1.5
    output = shared(make_panel, values, starts)
    interval = headline(output).interval
    assert interval is not None
    assert interval[0] > 0
    assert check(output, "staggered_one_team").status is Status.WARN


def test_one_team_with_too_few_units_cannot_be_judged(make_panel: MakePanel) -> None:
    starts = (2, 2, 2, 2)
    output = shared(make_panel, moved(starts, (5.0,) * 4), starts)
    team = check(output, "staggered_one_team")
    assert headline(output).interval is not None
    assert team.status is Status.NOT_RUN  # one unit against four: the smallest p is 1 in 5
    assert "0.20" in team.detail
    assert any("as one unit" in why.reason for why in output.not_estimable)


def test_one_team_with_a_start_for_each_area_merges_nothing_and_says_so(make_panel: MakePanel) -> None:
    starts = (2, 3, 4)
    output = shared(make_panel, moved(starts, (5.0,) * 3), starts)
    team = check(output, "staggered_one_team")
    assert team.status is Status.PASS
    assert "nothing was merged" in team.detail


def test_separate_teams_are_not_merged(make_panel: MakePanel) -> None:
    panel = make_panel(means(noise(8, 6)), treated=3, after=4, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    output = fit(panel, starting(2, 2, 3), PLAIN)
    assert "staggered_one_team" not in {c.id for c in output.checks}
    assert not any("one unit" in e.method for e in output.estimates)


def test_the_average_that_is_asked_for_is_the_headline(make_panel: MakePanel) -> None:
    panel = make_panel(means(noise(9, 8)), treated=4, after=5, unit=TimeUnit.YEAR, start=date(2010, 1, 1))
    design = starting(3, 3, 5, 6)
    seen = {}
    for name in ("group", "simple", "dynamic", "calendar"):
        output = fit(panel, design, StaggeredOptions(aggregate=name))
        rows = check(output, "staggered_averages").evidence
        assert rows is not None
        (own,) = (row for row in rows.rows if row.chosen)
        seen[name] = headline(output).estimate
        assert own.estimate == seen[name]
    assert len(set(seen.values())) == 4


def test_everything_is_finite_and_the_same_again(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = monthly(make_panel, any_cells(Kind.BINARY, 12, 48, 8), treated=6)
    design = starting(24, 27, 27, 30, 33, 36)
    first, again = (fit(panel, design, PLAIN) for _ in range(2))
    assert first == again
    other = fit(panel, replace(design, seed=2), PLAIN)
    assert headline(other).estimate == headline(first).estimate
    assert all(math.isfinite(x) for e in first.estimates for x in (e.estimate, *(e.interval or ())))


def test_the_rule_looks_at_numbers_of_areas_alone(make_panel: MakePanel) -> None:
    found = analysed(
        make_panel(means(noise(20, 6)), treated=8, after=4, unit=TimeUnit.YEAR),
        Design(starts={name: 2 if i < 4 else 3 for i, name in enumerate("ABCDEFGH")}),
        PLAIN,
    )
    assert isinstance(found, Analysis)
    assert found.inference is Inference.BY_START
    assert found.assignments is None


def test_it_headlines_where_the_others_refuse() -> None:
    assert MODELS["staggered"].staggered
    assert MODELS["staggered"].headline_rank == 1
    assert not MODELS["did"].staggered
