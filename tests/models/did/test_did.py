"""Difference-in-differences: hand-computed effects, refusals in words, and what must not change them."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.arrays import FloatArray
from models.changes import Weighting, change, weights_of
from models.design import Design
from models.did import DidOptions, estimates, fit
from models.did.companions import MOST_RESAMPLED
from models.estimate import Check, Clusters, Estimate, ModelOutput, Scale, Status
from models.inference.cr2 import bell_mccaffrey_df, cr2
from models.inference.ferman_pinto import ferman_pinto
from models.inference.jackknife import jackknife_t
from models.inference.permutation import studentised_permutation_test
from models.inference.refusal import NoInference
from models.inference.subcluster import subcluster_bootstrap
from models.inference.ttest import TTest
from models.inference.wild import Multiplier, wild_bootstrap
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    Kind,
    Panel,
    TimeToEventCells,
    merge_treated,
    per_cell,
    rebuilt,
    select_areas,
)

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-9  # the same arithmetic in another order
FIXTURE_ONCE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=10
)  # a fit draws 20,000 samples four times over

EVENTS = np.asarray(
    [
        [40.0, 44, 30, 33],
        [50, 47, 41, 38],
        [60, 66, 61, 64],
        [30, 33, 35, 31],
        [80, 75, 70, 78],
        [45, 40, 44, 47],
        [20, 26, 25, 22],
    ]
)
EXPOSURE = np.full((7, 4), 1_000.0)
SHARED = Design(shared_delivery=True)


def run(panel: Panel, design: Design = Design()) -> ModelOutput:  # noqa: B008 - frozen
    return fit(panel, design, DidOptions())


def seven(make_panel: MakePanel, events: FloatArray = EVENTS, exposure: FloatArray = EXPOSURE) -> Panel:
    return make_panel(CountCells(events, exposure), treated=2)


def check(output: ModelOutput, name: str) -> Check:
    (found,) = [c for c in output.checks if c.id == name]
    return found


def hand_changes() -> FloatArray:
    return np.log(EVENTS[:, 2:].sum(axis=1) / EVENTS[:, :2].sum(axis=1))


METHODS = (
    "collapsed change per area, t(5)",
    "exact permutation of 21 assignments",
    "exact permutation of 21 assignments, Welch t",
    "CR2 with Bell-McCaffrey df",
    "jackknife over areas (CRV3), t(6)",
    "wild cluster bootstrap, Rademacher",
    "wild cluster bootstrap, Webb",
    "subcluster wild bootstrap",
)


def method(output: ModelOutput, name: str) -> Estimate:
    (found,) = [e for e in output.estimates if e.method.startswith(name)]
    return found


def test_seven_areas_give_the_hand_computed_rate_ratio(make_panel: MakePanel) -> None:
    output = run(seven(make_panel))
    collapsed, exact, _, robust, *_ = output.estimates
    w = hand_changes()
    expected = math.exp(w[:2].mean() - w[2:].mean())
    *pooled, by_period = output.estimates
    assert [e.estimate for e in pooled] == pytest.approx([expected] * 7, rel=EXACT)
    logs = np.log(EVENTS)
    gaps = logs[:, 2:].mean(axis=1) - logs[:, :2].mean(axis=1)
    assert by_period.estimate == pytest.approx(math.exp(gaps[:2].mean() - gaps[2:].mean()), rel=EXACT)
    assert tuple(e.method for e in output.estimates) == METHODS
    assert [e.headline for e in output.estimates] == [True] + [False] * 7
    assert {e.scale for e in output.estimates} == {Scale.RATIO}
    assert {e.clusters for e in output.estimates} == {Clusters(2, 5)}
    residual = np.concatenate([w[:2] - w[:2].mean(), w[2:] - w[2:].mean()])
    std_error = math.sqrt(residual @ residual / 5 * (1 / 2 + 1 / 5))
    assert collapsed.std_error == pytest.approx(std_error, rel=EXACT), "on the log scale"
    limits = [math.log(expected) + sign * 2.5705818 * std_error for sign in (-1, 1)]
    assert collapsed.interval == pytest.approx(tuple(np.exp(limits)), rel=1e-6)
    assert collapsed.attainable_p is None, "a t test has no smallest p"
    assert exact.attainable_p == pytest.approx(1 / 21)
    assert (exact.std_error, exact.df) == (None, None)
    assert exact.p_value == pytest.approx(1 / 21), "both treated areas fell most"
    assert robust.df == pytest.approx(1.885, abs=0.0005)
    (only,) = output.not_estimable
    assert "Ferman and Pinto" in only.reason
    assert "5 of them are too few" in only.reason


def test_each_companion_is_the_test_it_names(make_panel: MakePanel) -> None:
    panel = seven(make_panel)
    output, w, treated = run(panel, Design(seed=3)), hand_changes(), panel.treated
    before, after = panel.periods.baseline, panel.periods.follow_up
    expected = {
        "exact permutation of 21 assignments, Welch": studentised_permutation_test(w, treated, 0.95),
        "CR2": cr2(w, treated, 0.95),
        "jackknife": jackknife_t(w, treated, 0.95),
        "wild cluster bootstrap, Rademacher": wild_bootstrap(w, treated, 0.95, 3),
        "wild cluster bootstrap, Webb": wild_bootstrap(w, treated, 0.95, 3, multiplier=Multiplier.WEBB),
        "subcluster": subcluster_bootstrap(np.log(EVENTS / EXPOSURE), treated, before, after, 0.95, 3),
    }
    for name, test in expected.items():
        found = method(output, name)
        assert not isinstance(test, NoInference)
        assert found.p_value == pytest.approx(test.p_value, rel=1e-6), name
        if test.interval is None:
            assert found.interval is None
        else:
            assert found.interval == pytest.approx(tuple(np.exp(test.interval)), rel=1e-6), name
        assert found.attainable_p == getattr(test, "attainable_p", None)


def test_notes_say_what_a_reader_needs(make_panel: MakePanel) -> None:
    output = run(seven(make_panel))
    collapsed = output.estimates[0]
    assert "incidents per 1,000 people a year" in collapsed.note
    assert "2 treated and 5 comparison areas" in collapsed.note
    assert "5 degrees of freedom" in collapsed.note
    assert "chosen by a rule on the numbers of areas alone: fewer than 20 areas, or fewer than 4" in collapsed.note
    assert "The smallest p-value that a permutation test of these areas can give is 0.048." in collapsed.note
    assert not any("chosen by a rule" in e.note for e in output.estimates[1:])
    assert "ranks 1 of 21" in method(output, "exact permutation of 21 assignments, Welch").note
    assert "1.9 degrees of freedom: with few areas a cautious interval" in method(output, "CR2").note
    assert "all 128 samples" in method(output, "wild cluster bootstrap, Rademacher").note
    for e in output.estimates:
        assert "2 treated and 5 comparison areas" in e.note
        assert e.attainable_p is None or "smallest possible p-value is" in e.note
        assert e.df is None or "degrees of freedom" in e.note


def grown(areas: int, periods: int = 6, seed: int = 1) -> CountCells:
    """Counts of any number of areas of different size."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(0, 0.5, (areas, 1)))
    return CountCells(rng.poisson(200 * size, (areas, periods)).astype(np.float64), 1_000 * size * np.ones(periods))


def test_from_twenty_areas_with_four_in_each_group_the_headline_is_cluster_robust(make_panel: MakePanel) -> None:
    panel = make_panel(grown(24), treated=5)
    output = run(panel)
    main = output.estimates[0]
    assert main.headline
    assert (main.method, main.df) == ("CR2 with Bell-McCaffrey df", pytest.approx(bell_mccaffrey_df(5, 19)))
    assert "chosen by a rule on the numbers of areas alone: at least 20 areas, and at least 4" in main.note
    assert "cautious" not in main.note
    assert output.estimates[3].method == "collapsed change per area, t(22)", "where CR2 stands otherwise"
    assert [e.method for e in output.estimates if e.headline] == [main.method]
    assert not any("CR2" in e.method for e in output.estimates[1:])
    assert run(make_panel(grown(24), treated=3)).estimates[0].method == "collapsed change per area, t(22)"
    found = change(panel, panel.periods.baseline, panel.periods.follow_up)
    by_size = ferman_pinto(found.w, panel.treated, panel.cells.exposure[:, :3].sum(axis=1), 0.95)
    if isinstance(by_size, NoInference):
        assert any("Ferman and Pinto" in r.reason for r in output.not_estimable)
    else:
        assert method(output, "Ferman-Pinto").p_value == by_size.test.p_value


def test_with_very_many_areas_the_bootstraps_are_left_out_by_rule_and_said_so_once(make_panel: MakePanel) -> None:
    output = run(make_panel(grown(MOST_RESAMPLED + 1), treated=10))
    assert [e.method for e in output.estimates] == [
        "CR2 with Bell-McCaffrey df",
        "permutation of 20,000 random assignments",
        "collapsed change per area, t(99)",
        "jackknife over areas (CRV3), t(100)",
    ]
    (only,) = output.not_estimable
    assert "With more than 100 areas" in only.reason
    for name in ("studentised permutation", "random signs", "Webb", "subcluster", "Ferman and Pinto"):
        assert name in only.reason


def test_thousands_of_areas(make_panel: MakePanel) -> None:
    output = run(make_panel(grown(3_000, periods=12), treated=300))
    main = output.estimates[0]
    assert main.df == pytest.approx(bell_mccaffrey_df(300, 2_700))
    assert main.std_error is not None
    assert main.std_error < 0.01
    assert math.log(main.estimate) == pytest.approx(0, abs=4 * main.std_error)


BY_EXPOSURE = DidOptions(weights="exposure")


def test_weights_by_exposure(make_panel: MakePanel) -> None:
    exposure = EXPOSURE * np.asarray([1, 3, 1, 1, 4, 2, 2])[:, None]
    panel = seven(make_panel, EVENTS, exposure)
    output = fit(panel, Design(), BY_EXPOSURE)
    w = hand_changes()
    effect = np.average(w[:2], weights=[1, 3]) - np.average(w[2:], weights=[1, 1, 4, 2, 2])
    assert [e.estimate for e in output.estimates] == pytest.approx([math.exp(effect)] * 6, rel=EXACT)
    robust = cr2(w, panel.treated, 0.95, weights=exposure[:, 0])
    assert isinstance(robust, TTest)
    assert method(output, "CR2").std_error == pytest.approx(robust.std_error, rel=EXACT)
    assert all("each counted by its exposure in the baseline" in e.note for e in output.estimates)
    (only,) = output.not_estimable
    assert only.reason.startswith(
        "No result from the studentised permutation test, the subcluster bootstrap and Ferman and Pinto's bootstrap: "
    )
    equal = fit(seven(make_panel), Design(), BY_EXPOSURE).estimates[0]
    assert equal.estimate == pytest.approx(run(seven(make_panel)).estimates[0].estimate, rel=EXACT)


@pytest.mark.parametrize("kind", list(Kind))
def test_weights_of_every_kind_are_cases_in_the_baseline(
    kind: Kind, make_panel: MakePanel, any_cells: AnyCells
) -> None:
    panel = make_panel(any_cells(kind, 7, 12, 4), treated=2)
    found = change(panel, panel.periods.baseline, panel.periods.follow_up)
    sizes = weights_of(panel, panel.periods.baseline, Weighting.EXPOSURE)
    assert sizes is not None
    output = fit(panel, Design(shared_delivery=True), BY_EXPOSURE)
    effect = np.average(found.w[:2], weights=sizes[:2]) - np.average(found.w[2:], weights=sizes[2:])
    assert output.estimates[0].linear(output.estimates[0].estimate) == pytest.approx(effect, rel=EXACT)
    assert method(output, "collapsed change per area, treated areas as one unit").df == 4


def test_another_estimand_has_the_same_numbers_and_its_own_name(make_panel: MakePanel) -> None:
    panel = seven(make_panel)
    found, refused = estimates(panel, Design(), Weighting.EQUAL, "eligible-case ITT")
    assert {e.estimand for e in found} == {"eligible-case ITT"}
    assert [replace(e, estimand="area ITT") for e in found] == list(run(panel).estimates)
    assert refused == run(panel).not_estimable
    alone, why = estimates(make_panel(CountCells(EVENTS[:2], EXPOSURE[:2]), treated=2), Design())
    assert alone == ()
    assert "no comparison area" in why[0].reason


def test_periods_missing_from_some_areas_leave_all_tests_but_the_subcluster_one(make_panel: MakePanel) -> None:
    exposure = np.full((7, 8), 100.0)
    exposure[1, 2] = exposure[4, [0, 6]] = 0
    events = np.random.default_rng(2).poisson(30, (7, 8)) * (exposure > 0)
    output = run(make_panel(CountCells(events.astype(np.float64), exposure), treated=2))
    rate = [events[:, part].sum(axis=1) / exposure[:, part].sum(axis=1) for part in (slice(4), slice(4, 8))]
    w = np.log(rate[1] / rate[0])
    assert [e.method for e in output.estimates] == list(METHODS[:-1])
    assert output.estimates[0].estimate == pytest.approx(math.exp(w[:2].mean() - w[2:].mean()), rel=EXACT)
    (said,) = [r.reason for r in output.not_estimable if "the subcluster bootstrap" in r.reason]
    assert "3 of 56" in said
    assert check(output, "areas_complete").status is Status.WARN


@pytest.mark.parametrize("level", [0.5, 0.8, 0.99])
def test_the_level_is_the_designs(make_panel: MakePanel, level: float) -> None:
    output = run(seven(make_panel), Design(level=level))
    plain = run(seven(make_panel))
    width = output.estimates[0].interval[1] - output.estimates[0].interval[0]
    usual = plain.estimates[0].interval[1] - plain.estimates[0].interval[0]
    assert (width > usual) == (level > 0.95)
    assert {e.level for e in output.estimates} == {level}
    assert output.estimates[0].p_value == plain.estimates[0].p_value


def test_a_level_the_permutation_cannot_reach_leaves_its_p_and_says_why(make_panel: MakePanel) -> None:
    output = run(seven(make_panel), Design(level=0.99))
    for e in output.estimates:
        assert (e.interval is None) == (e.attainable_p is not None and e.attainable_p > 0.01)
        assert e.p_value is not None
    permutations, signs, _ = output.not_estimable
    assert permutations.reason.startswith(
        "No 99% interval from the permutation test and the studentised permutation test. "
    ), "one entry for one reason"
    assert "The smallest possible p-value is 0.048" in permutations.reason
    assert "Ask for 95% or less, or add areas." in permutations.reason
    assert "0.016" in signs.reason


def test_a_shared_team_adds_the_merged_unit(make_panel: MakePanel) -> None:
    panel = seven(make_panel)
    output = run(panel, SHARED)
    merged, exact = output.estimates[8:]
    assert merged.method == "collapsed change per area, treated areas as one unit, t(4)"
    assert exact.method == "exact permutation of 6 assignments, treated areas as one unit"
    pooled, w = math.log((30 + 33 + 41 + 38) / (40 + 44 + 50 + 47)), hand_changes()
    assert merged.estimate == pytest.approx(math.exp(pooled - w[2:].mean()), rel=EXACT)
    assert {merged.clusters, exact.clusters} == {Clusters(1, 5)}
    assert exact.p_value == exact.attainable_p == pytest.approx(1 / 6)
    assert exact.interval is None
    assert [e.headline for e in output.estimates] == [True] + [False] * 9
    assert output.not_estimable[-1].reason.startswith(
        "No 95% interval from the permutation test with treated areas as one unit. The smallest possible p-value is "
    )
    assert run(panel).estimates == output.estimates[:8], "the areas' own tests stay as they were"


def test_a_shared_team_with_one_area_adds_nothing(make_panel: MakePanel) -> None:
    cells = CountCells(EVENTS, EXPOSURE)
    output = run(make_panel(cells, treated=1), SHARED)
    assert [e.method for e in output.estimates] == [
        "collapsed change per area, t(5)",
        "exact permutation of 7 assignments",
        *METHODS[5:],
    ]
    (said,) = [r.reason for r in output.not_estimable if "one treated area" in r.reason]
    assert said.startswith(
        "No result from the studentised permutation test, CR2 and the jackknife: two areas are needed"
    )
    assert "cannot show its own variation" in output.estimates[0].note


def test_a_shared_team_against_one_area_cannot_be_tested_as_one_unit(make_panel: MakePanel) -> None:
    output = run(make_panel(CountCells(EVENTS[:3], EXPOSURE[:3]), treated=2), SHARED)
    assert output.estimates[0].method == "collapsed change per area, t(1)"
    assert any("No test with treated areas as one unit" in r.reason for r in output.not_estimable)
    assert check(output, "one_team").status is Status.NOT_RUN


def test_card_and_kruegers_published_means(make_panel: MakePanel) -> None:
    # Card & Krueger 1994, table 3: full-time equivalents per restaurant, 2.76 from unrounded means.
    means = np.asarray([[20.44, 21.03], [23.33, 21.17]])
    n = np.asarray([[321.0, 319], [77, 77]])
    output = run(make_panel(ContinuousCells(n, n * means, n * (means**2 + 80)), treated=1))
    only, cases = output.estimates
    assert only.estimate == cases.estimate == pytest.approx(2.75, abs=0.005)
    assert only.scale is Scale.DIFFERENCE
    assert (only.interval, only.std_error, only.df, only.p_value, only.attainable_p) == (None,) * 5
    assert only.headline
    (refused,) = output.not_estimable
    assert "one treated and one comparison area" in refused.reason
    assert check(output, "areas").status is Status.FAIL
    assert (cases.method, cases.df, cases.headline) == ("single cases, sampling error alone, t(790)", 790, False)
    assert cases.std_error == pytest.approx(math.sqrt(80 * 794 / 790 * (1 / n).sum()), rel=EXACT)
    assert "Never the headline" in cases.note


def test_counts_of_one_area_on_each_side_have_the_point_alone(make_panel: MakePanel) -> None:
    output = run(make_panel(CountCells(EVENTS[:2], EXPOSURE[:2]), treated=1))
    (only,) = output.estimates
    assert only.headline
    assert only.interval is None
    assert [r.reason.split(".")[0] for r in output.not_estimable] == [
        "No interval and no p-value",
        "No result from the test of single cases",
    ]


def test_no_comparison_area_gives_no_number(make_panel: MakePanel) -> None:
    output = run(make_panel(CountCells(EVENTS[:2], EXPOSURE[:2]), treated=2))
    assert output.estimates == ()
    assert "no comparison area" in output.not_estimable[0].reason


def test_an_area_without_data_is_left_out_and_named(make_panel: MakePanel) -> None:
    exposure = EXPOSURE.copy()
    exposure[4, :2] = 0
    panel = seven(make_panel, np.where(exposure > 0, EVENTS, 0), exposure)
    output = run(panel)
    found = check(output, "areas_complete")
    assert found.status is Status.FAIL
    assert "E" in found.finding
    assert "E: no data in the baseline" in found.detail
    assert "Left out for want of data: E." in output.estimates[0].note
    keep = np.arange(7) != 4
    assert output.estimates[0].estimate == run(select_areas(panel, keep)).estimates[0].estimate
    assert output.estimates[0].clusters == Clusters(2, 4)


def test_no_treated_data_gives_no_number(make_panel: MakePanel) -> None:
    exposure = EXPOSURE.copy()
    exposure[:2, 2:] = 0
    output = run(seven(make_panel, np.where(exposure > 0, EVENTS, 0), exposure))
    assert output.estimates == ()
    assert "No treated area has data" in output.not_estimable[0].reason


def test_no_events_stop_the_analysis_and_name_the_place(make_panel: MakePanel) -> None:
    events = EVENTS.copy()
    events[3, 2:] = 0
    output = run(seven(make_panel, events))
    assert output.estimates == ()
    (refused,) = output.not_estimable
    assert "D (follow-up)" in refused.reason
    assert "longer windows, or merge areas" in refused.reason


def test_nobody_followed_to_the_horizon_stops_the_analysis(make_panel: MakePanel) -> None:
    events, censored = np.zeros((4, 2, 3)), np.zeros((4, 2, 3))
    events[:, :, 1] = 2
    censored[:, :, 2] = 5
    censored[0, 1] = [0, 5, 0]
    output = run(make_panel(TimeToEventCells(events, censored), treated=2))
    assert "followed to the horizon in A (follow-up)" in output.not_estimable[0].reason


def test_a_perfect_fit_gives_the_point_alone(make_panel: MakePanel) -> None:
    trials = np.full((5, 2), 10.0)
    successes = np.asarray([[2.0, 5], [1, 4], [2, 3], [4, 5], [6, 7]])
    output = run(make_panel(BinaryCells(successes, trials), treated=2))
    (only,) = output.estimates
    assert only.estimate == pytest.approx(0.2, rel=EXACT)
    assert only.p_value is None
    assert "exactly the same amount" in output.not_estimable[0].reason


def test_an_interval_too_wide_to_write_is_left_out(make_panel: MakePanel) -> None:
    events = np.asarray([[1.0, 1e5], [5, 5], [1e5, 1]])
    output = run(make_panel(CountCells(events, np.full((3, 2), 10.0)), treated=1), Design(level=0.99))
    collapsed = output.estimates[0]
    assert (collapsed.interval, collapsed.std_error, collapsed.df, collapsed.p_value) == (None,) * 4
    assert collapsed.headline
    assert collapsed.estimate == pytest.approx(1e5 / 1e-5**0.5, rel=EXACT), "the point stands"
    assert "not known" in collapsed.note
    assert "degrees of freedom" not in collapsed.note
    (said,) = [r.reason for r in output.not_estimable if "from the collapsed t test" in r.reason]
    assert "too wide to be written as a ratio" in said


def test_a_permutation_interval_too_wide_to_write_keeps_its_p_and_gives_that_reason(make_panel: MakePanel) -> None:
    events = np.asarray([[1.0, 1e30], [1e30, 1.0], *[[5.0, 4 + a] for a in range(5)]])
    output = run(make_panel(CountCells(events, np.full((7, 2), 10.0)), treated=2))
    exact = output.estimates[1]
    assert exact.interval is None
    assert exact.p_value is not None
    (said,) = [r.reason for r in output.not_estimable if "the permutation test" in r.reason]
    assert said.startswith("No 95% interval from the permutation test")
    assert said.endswith("It is too wide to be written as a ratio.")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_estimated_on_its_scale(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(kind, 7, 12, 3), treated=2)
    output = run(panel, SHARED)
    assert len(output.estimates) == 10
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    effect = changes.w[:2].mean() - changes.w[2:].mean()
    expected = math.exp(effect) if kind in {Kind.COUNT, Kind.DURATION} else effect
    assert output.estimates[0].estimate == pytest.approx(expected, rel=EXACT)
    assert (changes.variance > 0).all()
    for e in output.estimates:
        assert e.interval is None or e.interval[0] < e.estimate < e.interval[1]
        assert e.p_value is not None
        assert e.p_value >= (e.attainable_p or 0)


def headline(panel: Panel) -> Estimate:
    return run(panel).estimates[0]


@FIXTURE_ONCE
@given(st.floats(0.01, 100), st.floats(0.2, 5))
def test_neither_units_nor_a_common_change_move_a_rate_ratio(
    make_panel: MakePanel, units: float, common: float
) -> None:
    exposure = EXPOSURE * units
    exposure[:, 2:] *= common
    plain, moved = headline(seven(make_panel)), headline(seven(make_panel, EVENTS, exposure))
    assert moved.estimate == pytest.approx(plain.estimate, rel=EXACT)
    assert moved.p_value == pytest.approx(plain.p_value, rel=1e-6)


@FIXTURE_ONCE
@given(st.permutations(range(2)), st.permutations(range(2, 7)), st.sampled_from(list(Kind)))
def test_the_order_of_areas_does_not_matter(
    make_panel: MakePanel, any_cells: AnyCells, treated: list[int], rest: list[int], kind: Kind
) -> None:
    panel = make_panel(any_cells(kind, 7, 6, 1), treated=2)
    order = [*treated, *rest]
    cells = rebuilt(panel.cells, {name: array[order] for name, array in per_cell(panel.cells).items()})
    for a, b in zip(run(panel).estimates, run(replace(panel, cells=cells)).estimates, strict=True):
        assert b.estimate == pytest.approx(a.estimate, rel=EXACT)
        drawn = "Webb" in a.method or "subcluster" in a.method  # by area in the order given
        assert b.p_value == pytest.approx(a.p_value, **({"abs": 0.02} if drawn else {"rel": 1e-6}))


@pytest.mark.parametrize("kind", list(Kind))
def test_swapping_the_windows_turns_the_effect_round(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(kind, 5, 6, 2), treated=2)
    before, after = panel.periods.baseline, panel.periods.follow_up
    assert change(panel, before, after).w == pytest.approx(-change(panel, after, before).w, rel=EXACT)


def test_merging_is_idempotent_for_one_treated_area(make_panel: MakePanel) -> None:
    panel = make_panel(CountCells(EVENTS, EXPOSURE), treated=1)
    assert headline(merge_treated(panel)).estimate == headline(panel).estimate
