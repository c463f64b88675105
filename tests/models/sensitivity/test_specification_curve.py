"""The specification curve: which combinations there are, what each gives, and the joint test of them all."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations as choose

import numpy as np
import pytest

from models.borders import Borders, bordering, borders_of
from models.case import Coding
from models.changes import Weighting
from models.design import Design, Shock
from models.effect import Effect, effect
from models.estimate import Figure, Status
from models.inference.refusal import NoInference
from models.panel import BinaryCells, Cells, ContinuousCells, CountCells, Kind, Panel, select_areas
from models.periods import Role, TimeUnit
from models.sensitivity import specification
from models.sensitivity.combinations import Specification, estimated
from models.sensitivity.joint import estimates_of, joint_test
from models.sensitivity.labels import DRAWS, labellings
from models.sensitivity.main import Main, main_analysis
from models.sensitivity.options import Options, choices_of, combinations, words_of
from models.sensitivity.placebo_space import placebo_in_space
from models.sensitivity.specification import curve, specification_curve
from models.sensitivity.windows import matched, season_of

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]
type Analyse = Callable[..., Main]
type Values = Callable[..., ContinuousCells]
type Matrix = Callable[..., np.typing.NDArray[np.float64]]

EXACT = 1e-9  # the same arithmetic in another order

# Two rows of areas, one above the other:  A C E G
#                                          B D F
BORDERS = {"A": ("B", "C"), "B": ("D",), "C": ("D", "E"), "D": ("F",), "E": ("F", "G"), "F": (), "G": ()}
ROLES = (Role.BASELINE,) * 12 + (Role.EXCLUDED,) * 4 + (Role.BASELINE,) * 8 + (Role.FOLLOW_UP,) * 9
SHOCK = Shock("Covid", np.isin(np.arange(33), range(12, 16)))
DESIGN = Design(neighbours=BORDERS, dominant=("G",), shocks=(SHOCK,))


@pytest.fixture
def full(analyse: Analyse, any_cells: AnyCells) -> Main:
    return analyse(any_cells(Kind.COUNT, 7, 33, 4), roles=ROLES)


def test_the_main_analysis_alone_departs_in_nothing_and_comes_first(full: Main) -> None:
    every = combinations(choices_of(full, DESIGN))
    assert every[0] == Options(0, 0, 0, 0, 0, 0, 0, 0)
    assert len(every) == len(set(every)) == 2 * 2 * 4 * 2 * 2 * 2 * 2
    assert [o.departures for o in every] == sorted(o.departures for o in every)


def test_only_what_is_declared_and_possible_is_a_choice(analyse: Analyse, noise: Matrix, any_cells: AnyCells) -> None:
    plain = choices_of(analyse(noise(periods=24)), Design())
    assert [len(options) for _, options in words_of(plain)] == [1, 1, 1, 4, 1, 2, 1, 1]
    yearly = choices_of(analyse(noise(periods=10), unit=TimeUnit.YEAR), Design())
    assert [len(options) for _, options in words_of(yearly)] == [1, 1, 1, 3, 1, 2, 1, 1]
    nobody = Design(dominant=("C", "D", "E", "F", "G"), neighbours={"A": ("B",)})
    assert len(choices_of(analyse(noise(periods=24)), nobody).dominant) == 1, "no comparison area would be left"
    seasonal = choices_of(analyse(any_cells(Kind.BINARY, 7, 20, 1), after=8), Design())
    assert dict(words_of(seasonal))["months"] == ("all", "matched")
    assert dict(words_of(seasonal))["scale"] == ("points", "log odds")


def test_dominant_areas_and_neighbours_that_are_everybody_are_no_combination(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(areas=4, periods=24))
    choices = choices_of(main, Design(dominant=("C",), neighbours={"A": ("D",)}))
    both = {(o.dominant, o.beside) for o in combinations(choices)}
    assert both == {(0, 0), (1, 0), (0, 1)}


def directly(main: Main, options: Options) -> Effect | NoInference:
    """The same combination on a panel cut by hand; on the outcome's own scale only."""
    panel, baseline, follow_up = main.panel, main.panel.periods.baseline, main.panel.periods.follow_up
    before = baseline | SHOCK.periods if options.stretches else baseline
    held = np.flatnonzero(before)
    before = np.isin(np.arange(33), held[: len(held) - options.ahead])
    after = follow_up
    if options.months:
        season = season_of(panel.periods)
        assert season is not None
        pair = matched(season, before, after)
        assert pair is not None
        before, after = pair
    left = ({"G"} if options.dominant else set()) | ({"C", "D"} if options.beside else set())
    kept = select_areas(panel, np.asarray([area not in left for area in panel.areas]))
    weighting = Weighting.EXPOSURE if options.weights else Weighting.EQUAL
    return effect(kept, main.level, before, after, weighting)


def test_every_combination_is_the_effect_of_the_panel_cut_by_hand(full: Main) -> None:
    choices = choices_of(full, DESIGN)
    wanted = [options for options in combinations(choices) if not options.scale]
    found = estimated(choices, wanted, 0.95)
    assert len(found) > 64, "combinations of the same numbers are left out"
    for spec in found:
        direct = directly(full, spec.options)
        assert isinstance(direct, Effect)
        assert isinstance(spec.effect, Effect)
        assert spec.effect.estimate == pytest.approx(direct.estimate, rel=1e-8)
        assert spec.effect.interval == (direct.interval and pytest.approx(direct.interval, rel=1e-8))


def test_the_other_scale_is_that_of_the_check(analyse: Analyse, any_cells: AnyCells) -> None:
    from models.sensitivity.choices import log_or_level

    for kind in (Kind.COUNT, Kind.DURATION, Kind.BINARY, Kind.ORDINAL, Kind.TIME_TO_EVENT):
        main = analyse(any_cells(kind, 7, 24, 4))
        check = log_or_level(main)
        assert check is not None
        assert check.evidence is not None
        found = specification_curve(main, Design())
        assert found.evidence is not None
        word = "scale: level" if kind in {Kind.COUNT, Kind.DURATION} else "scale: log odds"
        (row,) = [row for row in found.evidence.rows if row.label == word]
        expected = check.evidence.rows[1]
        assert (row.estimate, row.lo, row.hi, row.p_value) == pytest.approx(
            (expected.estimate, expected.lo, expected.hi, expected.p_value), rel=1e-8
        )


def test_rows_go_from_low_to_high_and_list_their_choices(full: Main) -> None:
    check = specification_curve(full, DESIGN)
    assert check.evidence is not None
    assert check.evidence.figure is Figure.CURVE
    assert check.evidence.by_area
    estimates = [row.estimate or 0 for row in check.evidence.rows]
    assert estimates == sorted(estimates)
    (own,) = [row for row in check.evidence.rows if row.chosen]
    assert own.label == "main analysis"
    assert own.estimate == pytest.approx(math.exp(full.effect.estimate), rel=EXACT)
    assert own.note == (
        "excluded stretches: left out; months: all; periods before the start left out: 0; scale: log; "
        "weighting: equal weights; dominant areas: kept; areas next door: kept"
    )
    assert "scale: level, weighting: weights by exposure" in {row.label for row in check.evidence.rows}


def test_the_finding_counts_signs_intervals_and_the_range(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=24)
    y[:2, 12:] += 1
    n = np.arange(3.0, 10.0)[:, None] * np.ones(24)
    main = analyse(ContinuousCells(n, n * y, n * (y**2 + 1)))
    check = specification_curve(main, Design())
    assert check.status is Status.PASS
    assert check.evidence is not None
    assert check.evidence.by_area
    assert check.finding.startswith("8 combinations of the declared choices give +")
    assert "; all point the same way as the main estimate of +" in check.finding
    assert "; all intervals lie wholly on one side of no effect; " in check.finding
    assert "ranks 1 of 21 possible choices of treated areas (p = 0.048, and at best 0.048)." in check.finding
    assert "no independent confirmations" in check.detail


def test_an_answer_that_hangs_on_one_choice_is_caught(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=24, sd=0.02)
    y[:2, 12:] += 0.1
    y[6, 12:] += 3
    check = specification_curve(analyse(y), Design(dominant=("G",)))
    assert check.status is Status.WARN
    assert "50% point the same way" in check.finding
    assert "choices that reasonable people could make differently" in check.detail


def test_an_interval_that_most_combinations_do_not_share_is_caught(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(periods=24))
    sure = replace(
        main, effect=replace(main.effect, interval=(main.effect.estimate - 0.01, main.effect.estimate + 0.01))
    )
    found = curve(main, Design())
    assert not any(each.excludes_none for _, each in found.specs)
    assert specification_curve(main, Design()).status is Status.PASS
    assert specification_curve(sure, Design()).status is Status.WARN


def test_equal_sizes_make_weights_no_choice(analyse: Analyse, noise: Matrix) -> None:
    check = specification_curve(analyse(noise(periods=24)), Design())
    assert check.finding.startswith("4 combinations")
    assert "4 compare the very same numbers as another one and are left out." in check.detail


def test_a_study_without_any_choice_has_no_curve(analyse: Analyse, noise: Matrix) -> None:
    check = specification_curve(analyse(noise(periods=4)), Design())
    assert check.status is Status.NOT_RUN


def test_of_too_many_combinations_those_nearest_are_estimated(full: Main, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specification, "MOST", 20)
    check = specification_curve(full, DESIGN)
    assert check.evidence is not None
    assert len(check.evidence.rows) <= 20
    assert "Of 256 combinations the 20 nearest the main analysis were tried." in check.detail
    assert all(row.label.count(": ") <= 2 for row in check.evidence.rows)


def test_combinations_that_give_nothing_are_counted(analyse: Analyse) -> None:
    trials = np.full((5, 24), 10.0)
    successes = np.random.default_rng(2).binomial(10, 0.5, (5, 24)).astype(float)
    successes[3, 12:] = 0
    check = specification_curve(analyse(BinaryCells(successes, trials)), Design())
    assert check.finding.startswith("4 combinations")
    assert "4 more give no estimate." in check.detail


def test_a_window_without_events_gives_nothing_on_either_scale(analyse: Analyse) -> None:
    events = np.random.default_rng(3).poisson(30, (5, 24)).astype(float)
    events[3, :11] = 0  # what is left of its baseline goes with the last period before the start
    check = specification_curve(analyse(CountCells(events, np.full((5, 24), 9.0))), Design())
    assert check.finding.startswith("2 combinations")
    assert "6 more give no estimate." in check.detail


def test_other_codings_join_if_they_have_the_same_areas_and_periods(
    make_panel: MakePanel, values: Values, noise: Matrix
) -> None:
    panel, other = (make_panel(values(noise(periods=24, seed=s)), treated=2) for s in (1, 2))
    main = main_analysis(panel, 0.95)
    assert isinstance(main, Main)
    less = make_panel(values(noise(areas=6, periods=24)), treated=2)
    codings = (Coding("Bowthorpe to E", other), Coding("fewer", less), Coding("unknown", None, "No such ward."))
    check = specification_curve(main, Design(), codings)
    assert check.evidence is not None
    assert len(check.evidence.rows) == 8
    (row,) = [row for row in check.evidence.rows if row.label == "boundaries: Bowthorpe to E"]
    direct = effect(other, 0.95)
    assert isinstance(direct, Effect)
    assert row.estimate == pytest.approx(direct.estimate, rel=EXACT)


def test_areas_without_data_in_the_main_windows_are_in_no_combination(analyse: Analyse) -> None:
    exposure = np.full((6, 33), 5.0)
    exposure[4, 24:] = 0
    exposure[5, 12:16] = 0
    events = np.where(exposure > 0, np.random.default_rng(1).poisson(30, (6, 33)), 0.0)
    main = analyse(CountCells(events, exposure), roles=ROLES)
    found = curve(main, replace(DESIGN, dominant=()))
    assert {(each.treated, each.comparison) for _, each in found.specs} == {(2, 3), (2, 1)}


def brute(spec: Specification, labels: np.typing.NDArray[np.bool_], near: Borders) -> float:
    """Estimate of a combination with other areas called treated, from the changes, one at a time."""
    keep = spec.keep & ~(bordering(near, labels) if spec.options.beside else np.zeros_like(labels))
    in_group, others = labels & keep, ~labels & keep
    if not in_group.any() or not others.any():
        return math.nan
    gap = np.average(spec.w[in_group], weights=spec.size[in_group]) - np.average(
        spec.w[others], weights=spec.size[others]
    )
    if spec.level is None:
        return float(gap)
    level = np.average(spec.level[in_group], weights=spec.size[in_group])
    return math.log(level / (level - gap)) if level > gap else math.nan


def test_the_joint_test_takes_every_choice_of_areas_through_every_combination(full: Main) -> None:
    choices = choices_of(full, DESIGN)
    found = estimated(choices, combinations(choices), 0.95)
    assert all(isinstance(spec.effect, Effect) for spec in found)
    near = borders_of(choices.panel.areas, BORDERS)
    joint = joint_test(found, Kind.COUNT, choices.panel.treated, near, 0)
    medians = []
    for pair in choose(range(7), 2):
        labels = np.isin(np.arange(7), pair)
        medians.append(float(np.nanmedian([brute(spec, labels, near) for spec in found])))
    own = medians[0]
    assert joint.median == pytest.approx(own, rel=1e-8)
    assert joint.rank == 1 + sum(abs(m) > abs(own) + EXACT for m in medians)
    assert joint.p_value == pytest.approx(sum(abs(m) >= abs(own) - EXACT for m in medians) / 21)
    assert (joint.attainable_p, joint.assignments, joint.exact) == (pytest.approx(1 / 21), 21, True)


def test_for_the_treated_areas_the_joint_test_has_the_estimates_of_the_curve(full: Main) -> None:
    choices = choices_of(full, DESIGN)
    found = [s for s in estimated(choices, combinations(choices), 0.95) if isinstance(s.effect, Effect)]
    treated = choices.panel.treated
    beside = bordering(borders_of(choices.panel.areas, BORDERS), treated)
    matrix = estimates_of(found, Kind.COUNT, treated[None, :], beside[None, :])
    assert matrix[0] == pytest.approx([s.effect.estimate for s in found if isinstance(s.effect, Effect)], rel=1e-8)


def test_one_combination_gives_the_permutation_test(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(periods=24))
    choices = choices_of(main, Design())
    found = estimated(choices, combinations(choices)[:1], 0.95)
    joint = joint_test(found, Kind.CONTINUOUS, choices.panel.treated, borders_of(choices.panel.areas, {}), 0)
    assert f"ranks {joint.rank} of 21" in placebo_in_space(main).finding


def test_unknown_borders_leave_the_studys_own_neighbours_out(analyse: Analyse, noise: Matrix) -> None:
    main = analyse(noise(periods=24))
    design = Design(neighbours={"A": ("C", "B"), "B": ("D",)})
    choices = choices_of(main, design)
    found = estimated(choices, combinations(choices), 0.95)
    apart = [spec for spec in found if spec.options.beside]
    near = borders_of(choices.panel.areas, design.neighbours)
    assert not near.complete
    joint = joint_test(apart[:1], Kind.CONTINUOUS, choices.panel.treated, near, 0)
    w, estimates = apart[0].w, []
    for pair in choose(range(7), 2):
        labels = np.isin(np.arange(7), pair)
        others = ~labels & ~np.isin(np.arange(7), [2, 3])
        estimates.append(abs(w[labels].mean() - w[others].mean()))
    assert joint.rank == 1 + sum(e > estimates[0] + EXACT for e in estimates)


def test_choices_of_areas_beyond_listing_are_drawn(analyse: Analyse, noise: Matrix) -> None:
    y = noise(areas=30, periods=24)
    y[:6, 12:] += 3
    check = specification_curve(analyse(y, treated=6), Design(seed=5))
    assert f"ranks 1 of {1 + DRAWS:,} random choices" in check.finding
    assert "(p = 0.001, and at best 0.001)" in check.finding
    assert check == specification_curve(analyse(y, treated=6), Design(seed=5))


def test_a_choice_of_areas_that_nothing_can_estimate_counts_as_no_effect() -> None:
    none = NoInference("")
    w, ones = np.asarray([3.0, 1.0, 0.5, 0.2]), np.ones(4)
    keep = np.asarray([True, True, True, False])
    spec = Specification(Options(0, 0, 0, 0, 0, 0, 0, 0), "main analysis", "", none, w, ones, None, keep)
    treated = np.asarray([True, False, False, False])
    joint = joint_test([spec], Kind.CONTINUOUS, treated, borders_of(("A", "B", "C", "D"), {}), 0)
    labels, _ = labellings(treated, 0)
    assert np.isnan(estimates_of([spec], Kind.CONTINUOUS, labels, np.zeros_like(labels))[3, 0])
    assert (joint.rank, joint.p_value) == (1, 0.25)


def test_signs_that_turn_about_no_effect_are_no_disagreement(analyse: Analyse, noise: Matrix) -> None:
    y = noise(periods=24)
    y[:2, 12:] -= analyse(y).effect.estimate - 1e-3
    main = analyse(y)
    assert main.effect.estimate == pytest.approx(1e-3)
    check = specification_curve(main, Design(dominant=("C", "G")))
    assert "point the same way" in check.finding
    assert "all point" not in check.finding
    assert check.status is Status.PASS
    unknown = replace(main, effect=replace(main.effect, interval=None))
    assert specification_curve(unknown, Design(dominant=("C", "G"))).status is Status.WARN
