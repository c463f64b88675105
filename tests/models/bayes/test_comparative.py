"""The Bayesian comparative interrupted time series: known effects, published ones, refusals, and what it says."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.arrays import FloatArray
from models.bayes.comparative.model import MODEL, fit
from models.bayes.comparative.options import BayesItsOptions
from models.case import Case
from models.design import Design, Event, Shape
from models.estimate import Check, Estimate, ModelOutput, Status
from models.panel import BinaryCells, ContinuousCells, CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

ROOT = Path(__file__).parents[3]
PUBLISHED = 0.35  # of the standard error of 0.37 that the other program has: other priors of the same regression
SAME = 1e-9  # the same arithmetic

type MakePanel = Callable[..., Panel]


def means(values: FloatArray, n: float = 10.0) -> ContinuousCells:
    size = np.full(values.shape, n)
    return ContinuousCells(size, size * values, size * (values**2 + 1))


def counts(events: FloatArray) -> CountCells:
    return CountCells(events.astype(np.float64), np.full(events.shape, 30.0))


def run(panel: Panel, design: Design | None = None, **options: object) -> ModelOutput:
    return fit(Case(panel), design or Design(), BayesItsOptions(**options))  # type: ignore[arg-type]


def only(output: ModelOutput) -> Estimate:
    (estimate,) = output.estimates
    return estimate


def reason(output: ModelOutput) -> str:
    assert not output.estimates
    (refusal,) = output.not_estimable
    return refusal.reason


def check(output: ModelOutput, name: str) -> Check:
    (found,) = [c for c in output.checks if c.id == f"bayes_its_{name}"]
    return found


def limits(output: ModelOutput) -> tuple[float, float]:
    interval = only(output).interval
    assert interval is not None
    return interval


def width(output: ModelOutput) -> float:
    lo, hi = limits(output)
    return hi - lo


def world(effect: float = 0.0, areas: int = 7, treated: int = 2, seed: int = 1, common: float = 0.5) -> FloatArray:
    """Monthly values of areas that share a slow movement; 36 months and 12, the effect in the treated ones."""
    rng = np.random.default_rng(seed)
    shared = np.cumsum(rng.normal(size=48) * common)
    values = shared + rng.normal(size=(areas, 48)) + np.cos(np.arange(48) * np.pi / 6)
    values[:treated, 36:] += effect
    return values


def test_the_example_of_causal_impact_is_recovered(make_panel: MakePanel) -> None:
    """Effect 10; the R package of Brodersen and others finds 10.51 (9.76 to 11.21) on the same data."""
    with (ROOT / "tests" / "reference" / "causal_impact.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    values = np.asarray([[float(row[name]) for row in rows] for name in ("y", "x1")])
    panel = make_panel(means(values), treated=1, after=30)
    output = run(panel, season="none", shock=0.0)
    assert only(output).estimate == pytest.approx(10.51, abs=PUBLISHED)
    lo, hi = limits(output)
    assert lo < 10.0 < hi
    assert hi - lo == pytest.approx(11.21 - 9.76, rel=0.5)


def seat_belts(**options: object) -> ModelOutput:
    with (ROOT / "data" / "uk_driver_deaths" / "casualties.csv").open(encoding="utf-8") as file:
        events = np.asarray([[float(row["drivers"]) for row in csv.DictReader(file)]])
    before = 12 * 14 + 1
    periods = Periods(TimeUnit.MONTH, 1969 * 12, (Role.BASELINE,) * before + (Role.FOLLOW_UP,) * (192 - before))
    panel = Panel("d", Kind.COUNT, "drivers", 1.0, ("GB",), np.asarray([True]), periods, counts(events))
    return run(panel, **options)


def test_the_seat_belt_law_cut_casualties_as_published() -> None:
    """Harvey and Durbin (1986): 23% fewer, with covariates that are not in these data."""
    for options in ({}, {"shock": 0.0}):
        lo, hi = limits(seat_belts(**options))
        assert lo < 0.77 < hi < 1.0
    assert width(seat_belts(shock=0.0)) < width(seat_belts())


def test_one_series_says_what_it_rests_on() -> None:
    output = seat_belts()
    assert "own 169 months of baseline alone" in only(output).note
    assert check(output, "comparisons").status is Status.WARN
    shock = check(output, "shock")
    assert shock.status is Status.WARN
    assert "no comparison area shows it, only" in shock.finding
    assert only(output).clusters.comparison == 0


def test_proposition_99() -> None:
    """Published: synthetic control -19.5 packs, synthetic difference-in-differences -15.6."""
    with (ROOT / "data" / "prop99" / "cigarettes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    states = ["California", *sorted({r["state"] for r in rows} - {"California"})]
    years = sorted({r["year"] for r in rows})
    packs = {(r["state"], r["year"]): float(r["packs"]) for r in rows}
    values = np.asarray([[packs[s, y] for y in years] for s in states])
    roles = (Role.BASELINE,) * 19 + (Role.FOLLOW_UP,) * 12
    periods = Periods(TimeUnit.YEAR, int(years[0]), roles)
    mask = np.arange(len(states)) < 1
    panel = Panel("packs", Kind.CONTINUOUS, "packs", 1.0, tuple(states), mask, periods, means(values))
    output = run(panel)
    lo, hi = limits(output)
    assert lo < -19.5 < -15.6 < hi
    assert -25 < only(output).estimate < -10
    assert "38 comparison areas" in check(output, "shock").finding


@pytest.mark.parametrize("effect", [-3.0, 0.0, 3.0])
def test_a_known_effect_is_recovered(make_panel: MakePanel, effect: float) -> None:
    output = run(make_panel(means(world(effect)), treated=2, after=12))
    lo, hi = limits(output)
    assert lo < effect < hi
    assert (lo <= 0 <= hi) is (effect == 0)
    assert only(output).headline is False


def test_the_effect_moves_with_what_is_put_in_and_nothing_else_does(make_panel: MakePanel) -> None:
    """The follow-up is never used to learn the model: the interval keeps its width."""
    none, some = (run(make_panel(means(world(e)), treated=2, after=12)) for e in (0.0, 5.0))
    assert only(some).estimate - only(none).estimate == pytest.approx(5.0, abs=1e-6)
    assert width(some) == pytest.approx(width(none), abs=1e-6)


def test_counts_are_told_as_a_ratio(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(2)
    rate = np.exp(world(0.0) * 0.1 + 4.5)
    rate[:2, 36:] *= 0.6
    output = run(make_panel(counts(rng.poisson(rate)), treated=2, after=12))
    lo, hi = limits(output)
    assert lo < 0.6 < hi < 1
    averted = check(output, "averted")
    assert "fewer than the" in averted.finding
    seen = averted.evidence
    assert seen is not None
    assert seen.rows[0].estimate is not None
    assert seen.rows[0].estimate > 0


def test_shares_stay_shares_and_small_periods_count_less(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(3)
    n = np.full((5, 48), 200.0)
    n[0, 5] = 2.0  # two answers, both one way: hardly any evidence
    hits = rng.binomial(n.astype(np.int64), 0.5).astype(np.float64)
    hits[0, 5] = 2.0
    output = run(make_panel(BinaryCells(hits, n), treated=1, after=12))
    n[0, 5], hits[0, 5] = 200.0, 100.0
    usual = run(make_panel(BinaryCells(hits, n), treated=1, after=12))
    assert only(output).estimate == pytest.approx(only(usual).estimate, abs=0.005)
    (path,) = output.paths
    assert all(p.lo is None or 0 <= p.lo <= p.hi <= 1 for p in path.points if p.hi is not None)


def test_a_team_that_serves_all_treated_areas_shares_its_shock(make_panel: MakePanel) -> None:
    panel = make_panel(means(world()), treated=2, after=12)
    apart, together = run(panel), run(panel, Design(shared_delivery=True))
    assert only(together).estimate == pytest.approx(only(apart).estimate, rel=0.01)
    assert width(together) > width(apart)
    assert "share one shock" in only(together).note


def test_a_shock_fixed_by_the_study_adds_its_variance(make_panel: MakePanel) -> None:
    """One treated area and no comparison area: the variances add up exactly."""
    panel = make_panel(means(world(areas=1, treated=1)), treated=1, after=12)
    without, fixed = only(run(panel, shock=0.0)), only(run(panel, shock=2.0))
    assert without.std_error is not None
    assert fixed.std_error == pytest.approx(math.hypot(without.std_error, 2.0), rel=1e-5)
    assert check(run(panel, shock=0.0), "shock").status is Status.WARN


def test_comparison_areas_that_were_shocked_widen_the_interval(make_panel: MakePanel) -> None:
    values = world()
    shaken = values.copy()
    shaken[2:, 36:] += np.asarray([3.0, -3.0, 2.0, -2.5, 3.5])[:, None]
    quiet, loud = (run(make_panel(means(v), treated=2, after=12)) for v in (values, shaken))
    assert width(loud) > 1.5 * width(quiet)
    assert "more than the baseline led to expect" in check(loud, "shock").detail


def test_excluded_periods_leave_a_gap_in_the_calendar(make_panel: MakePanel) -> None:
    values = world(3.0)
    roles = tuple(Role.FOLLOW_UP if t >= 36 else Role.EXCLUDED if 10 <= t < 16 else Role.BASELINE for t in range(48))
    wild = values.copy()
    wild[:, 10:16] += 1000.0
    found, other = (run(make_panel(means(v), treated=2, roles=roles)) for v in (values, wild))
    assert "30 months of baseline" in only(found).note
    assert only(found).estimate == pytest.approx(only(other).estimate, abs=SAME)
    (path,) = found.paths
    assert path.points[12].value is None


def test_areas_next_door_are_told_apart_or_left_out(make_panel: MakePanel) -> None:
    panel = make_panel(means(world(3.0)), treated=2, after=12)
    design = Design(neighbours={"A": ("C", "D"), "B": ("D",)})
    kept = run(panel, design)
    assert "(C and D)" in check(kept, "neighbours").finding
    left = run(panel, design, neighbours="leave_out")
    assert not [c for c in left.checks if c.id == "bayes_its_neighbours"]
    assert "border a treated area: C and D" in only(left).note
    assert only(left).clusters.comparison == 3
    rows = check(kept, "neighbours").evidence
    assert rows is not None
    assert rows.rows[1].estimate == pytest.approx(only(left).estimate, rel=0.01)


def test_an_area_with_gaps_gives_way_and_a_single_gap_costs_a_period(make_panel: MakePanel) -> None:
    cells = means(world())
    n = cells.n.copy()
    n[4, 3:20] = 0.0
    n[5, 7] = 0.0
    holes = ContinuousCells(n, np.where(n > 0, cells.total, 0.0), np.where(n > 0, cells.squares, 0.0))
    note = only(run(make_panel(holes, treated=2, after=12))).note
    assert "want of a value in some period: E." in note
    assert "Periods left out for want of values: 1." in note


def test_other_events_of_the_baseline_are_allowed_for(make_panel: MakePanel) -> None:
    values = world()
    values[:2, 20:] += 4.0
    began = np.arange(48) >= 20
    panel = make_panel(means(values), treated=2, after=12)
    event = Event("new system", began, ("A", "B"), Shape.LEVEL)
    told, untold = run(panel, Design(events=(event,))), run(panel)
    assert abs(only(told).estimate) < 1.5
    assert width(told) < width(untold)


def test_the_path_shows_the_prediction_of_both_windows(make_panel: MakePanel) -> None:
    panel = make_panel(means(world(3.0)), treated=2, after=12)
    output = run(panel)
    (path,) = output.paths
    assert path.name == MODEL
    assert len(path.points) == 48
    gaps = [
        p.value - p.counterfactual for p in path.points[36:] if p.value is not None and p.counterfactual is not None
    ]
    assert np.mean(gaps) == pytest.approx(only(output).estimate, abs=0.05)
    assert path.points[0].counterfactual is None
    assert path.points[30].counterfactual is not None
    assert all(p.lo < p.counterfactual < p.hi for p in path.points[36:] if None not in (p.lo, p.hi, p.counterfactual))


def test_too_short_a_baseline_is_refused(make_panel: MakePanel) -> None:
    short = make_panel(means(world()[:, 20:]), treated=2, after=12)
    assert reason(run(short)).startswith("16 months before the start and 12 after it have values; at least 24 (two")


def test_no_events_no_variation_and_too_many_periods_are_refused(make_panel: MakePanel) -> None:
    events = np.full((3, 48), 20.0)
    events[0, 4] = 0.0
    assert "no events in 1 month" in reason(run(make_panel(counts(events), treated=1, after=12)))
    assert "follows its season exactly" in reason(run(make_panel(means(np.ones((3, 48))), treated=1, after=12)))
    days = make_panel(means(np.random.default_rng(1).normal(size=(2, 1100))), treated=1, after=300, unit=TimeUnit.DAY)
    assert "Use weeks or months" in reason(run(days))


def test_choices_are_shown_and_a_poor_fit_is_told(make_panel: MakePanel) -> None:
    output = run(make_panel(means(world(3.0)), treated=2, after=12))
    evidence = check(output, "choices").evidence
    assert evidence is not None
    labels = {row.label: row for row in evidence.rows}
    bound, still = labels["a level that wanders as far as the bound"], labels["a level that stays"]
    assert bound.hi is not None
    assert bound.lo is not None
    assert still.hi is not None
    assert still.lo is not None
    assert bound.hi - bound.lo > still.hi - still.lo
    assert check(output, "fit").status is Status.PASS
    broken = world()
    broken[:2, 30] += 25.0
    assert check(run(make_panel(means(broken), treated=2, after=12)), "fit").status is Status.WARN


def test_a_start_before_the_start_finds_nothing_where_nothing_was_done(make_panel: MakePanel) -> None:
    placebo = check(run(make_panel(means(world(3.0)), treated=2, after=12)), "placebo")
    assert placebo.status is Status.PASS
    jumped = world()
    jumped[:2, 26:] += 8.0
    told = check(run(make_panel(means(jumped), treated=2, after=12), shock=0.0), "placebo")
    assert told.evidence is not None
    assert max(row.estimate or 0 for row in told.evidence.rows[:-1]) > 3


@pytest.mark.parametrize(
    ("given", "said"),
    [({"season": "weekly"}, "season"), ({"neighbours": "drop"}, "neighbours"), ({"shock": -1.0}, "shock")],
)
def test_options_out_of_range_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BayesItsOptions(**given)  # type: ignore[arg-type]


def test_the_same_study_gives_the_same_answer_twice(make_panel: MakePanel) -> None:
    panel = make_panel(means(world(1.0)), treated=2, after=12)
    assert run(panel, Design(seed=1)) == run(panel, Design(seed=2))
    turned = replace(Case(panel), better=1)
    assert "probability of a change for the better" in only(fit(turned, Design(), BayesItsOptions())).note
