"""Effects beside the headline: on eligible cases, on those who took it up, at a fixed mix of cases."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.case import Case, Stratum, Uptake
from models.changes import Weighting, change
from models.design import Design
from models.effect import Effect, effect
from models.estimands import companions
from models.estimate import Estimate, ModelOutput, Scale
from models.panel import BinaryCells, Cells, ContinuousCells, CountCells, Kind, Panel, per_cell, rebuilt

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-10  # the same arithmetic in another order
DESIGN = Design()
ADDITIVE = [kind for kind in Kind if kind is not Kind.COUNT]


def shares(panel: Callable[[Cells], Panel], values: np.ndarray, n: np.ndarray) -> Panel:
    return panel(BinaryCells(values * n, n))


def trial(make_panel: MakePanel, seed: int = 0, treated: int = 2, areas: int = 7) -> Case:
    """Eligible cases in two windows; a share takes it up in treated areas afterwards and recurs 20 points less."""
    rng = np.random.default_rng(seed)
    n = rng.integers(80, 200, (areas, 2)).astype(np.float64)
    taken = np.zeros((areas, 2))
    taken[:treated, 1] = rng.uniform(0.3, 0.7, treated)
    risk = 0.4 + 0.05 * rng.normal(size=(areas, 1)) + 0.02 * rng.normal(size=(areas, 2))

    def panel(cells: Cells) -> Panel:
        return make_panel(cells, treated=treated)

    takers, decliners = shares(panel, risk - 0.2, n * taken), shares(panel, risk, n * (1 - taken))
    eligible = shares(panel, risk - 0.2 * taken, n)
    others = 50.0
    everyone = shares(panel, (n * (risk - 0.2 * taken) + others * 0.3) / (n + others), n + others)
    return Case(everyone, eligible=eligible, uptake=Uptake(shares(panel, taken, n), takers, decliners))


def by_estimand(output: ModelOutput, estimand: str) -> tuple[Estimate, ...]:
    return tuple(e for e in output.estimates if e.estimand == estimand)


def reasons(output: ModelOutput) -> str:
    return " ".join(found.reason for found in output.not_estimable)


# Eligible cases ---------------------------------------------------------------------------------------------------


def test_the_eligible_case_itt_is_the_headlines_test_among_eligible_cases(make_panel: MakePanel) -> None:
    case = trial(make_panel)
    tested, permuted = by_estimand(companions(case, DESIGN), "eligible-case ITT")
    assert case.eligible is not None
    expected = effect(case.eligible, 0.95)
    assert isinstance(expected, Effect)
    assert tested.estimate == pytest.approx(expected.estimate, abs=EXACT)
    assert tested.interval == pytest.approx(expected.interval, abs=EXACT)
    assert (tested.p_value, tested.df, tested.method) == (
        expected.p_value,
        5.0,
        "collapsed change per area, t(5)",
    )
    assert permuted.attainable_p == pytest.approx(1 / 21)
    assert not tested.headline
    assert not permuted.headline


def test_missing_flags_are_named_and_leave_only_the_effect_on_all_cases(make_panel: MakePanel) -> None:
    case = replace(trial(make_panel), eligible_unknown=("Norwich (baseline)", "Norwich (follow-up)"))
    output = companions(case, DESIGN)
    assert output.estimates == ()
    assert "Norwich (baseline) and Norwich (follow-up)" in reasons(output)
    assert "only the effect on all cases (area ITT)" in reasons(output)


def test_where_every_case_is_eligible_there_is_no_second_itt(make_panel: MakePanel) -> None:
    case = trial(make_panel)
    assert case.eligible is not None
    output = companions(replace(case, panel=case.eligible), DESIGN)
    assert by_estimand(output, "eligible-case ITT") == ()
    assert by_estimand(output, "CACE") != ()


def test_a_study_that_declares_nothing_gets_nothing(make_panel: MakePanel, any_cells: AnyCells) -> None:
    panel = make_panel(any_cells(Kind.BINARY, 7, 4, 0), treated=2)
    assert companions(Case(panel), DESIGN) == ModelOutput()


def test_without_comparison_areas_there_is_nothing_to_say(make_panel: MakePanel) -> None:
    case = trial(make_panel, treated=7)
    assert companions(case, DESIGN) == ModelOutput()


# Those who took it up ---------------------------------------------------------------------------------------------


def test_the_cace_is_the_effect_on_those_who_took_it_up(make_panel: MakePanel) -> None:
    """Without noise but in levels, everyone who takes it up recurs 20 points less."""
    n = np.full((7, 2), 100.0)
    taken = np.zeros((7, 2))
    taken[:2, 1] = 0.5, 0.25
    wobble = 0.01 * np.asarray([[0, 1], [0, -1], [0, 2], [0, -1], [0, 0], [0, 1], [0, -2.0]])
    risk = np.linspace(0.3, 0.6, 7)[:, None] + wobble

    def panel(cells: Cells) -> Panel:
        return make_panel(cells, treated=2)

    uptake = Uptake(shares(panel, taken, n), shares(panel, risk - 0.2, n * taken), shares(panel, risk, n * (1 - taken)))
    whole = shares(panel, risk - 0.2 * taken, n)
    tested, permuted = by_estimand(companions(Case(whole, eligible=whole, uptake=uptake), DESIGN), "CACE")
    # wobble of treated areas averages 0, as does that of comparison areas; DiD(Y) = -0.2 * 0.375
    assert tested.estimate == pytest.approx(-0.2, abs=EXACT)
    assert permuted.estimate == pytest.approx(-0.2, abs=EXACT)
    assert tested.interval is not None
    assert tested.interval[0] < -0.2 < tested.interval[1]
    assert "+37.5 points" in tested.note
    assert "No eligible case in a comparison area" in tested.note
    assert tested.std_error is None
    assert (tested.method, permuted.method) == (
        "Anderson-Rubin, collapsed change per area, t(5)",
        "Anderson-Rubin, exact permutation of 21 assignments",
    )


def test_the_p_value_of_the_cace_is_that_of_the_eligible_itt(make_panel: MakePanel) -> None:
    output = companions(trial(make_panel, seed=3), DESIGN)
    for itt, cace in zip(by_estimand(output, "eligible-case ITT"), by_estimand(output, "CACE"), strict=True):
        assert cace.p_value == itt.p_value
        assert itt.interval is not None
        assert cace.interval is not None
        assert (itt.interval[0] <= 0 <= itt.interval[1]) == (cace.interval[0] <= 0 <= cace.interval[1])


def test_acceptors_against_decliners_is_refused_whenever_uptake_is_known(make_panel: MakePanel) -> None:
    case = trial(make_panel)
    assert "not compared with those that declined" in reasons(companions(case, DESIGN))
    assert "not compared" not in reasons(companions(replace(case, uptake=None), DESIGN))


def test_counts_have_no_effect_per_case_taken_up(make_panel: MakePanel, any_cells: AnyCells) -> None:
    case = trial(make_panel)
    counts = make_panel(any_cells(Kind.COUNT, 7, 2, 1), treated=2)
    output = companions(replace(case, panel=counts, eligible=counts), DESIGN)
    assert by_estimand(output, "CACE") == ()
    assert "a ratio of rates is not a mean over cases" in reasons(output)


def test_an_uptake_that_cannot_be_told_from_none_leaves_the_point_without_interval(make_panel: MakePanel) -> None:
    case = trial(make_panel)
    assert case.uptake is not None
    n = np.full((7, 2), 100.0)
    taken = np.asarray([[0, 0.3], [0, 0.0], [0, 0.2], [0, 0.0], [0, 0.1], [0, 0.0], [0, 0.1]])
    weak = replace(case.uptake, taken=make_panel(BinaryCells(taken * n, n), treated=2))
    output = companions(replace(case, uptake=weak), DESIGN)
    tested, permuted = by_estimand(output, "CACE")
    assert tested.interval is None
    assert permuted.interval is None
    assert (
        "by Anderson-Rubin, collapsed change per area, t(5). It is unbounded, because the difference in uptake"
        in reasons(output)
    )
    assert "Some eligible cases in comparison areas" in tested.note
    assert "larger than any share could change" in tested.note


def test_an_uptake_that_did_not_rise_gives_no_number(make_panel: MakePanel) -> None:
    case = trial(make_panel)
    assert case.uptake is not None
    none = replace(case.uptake, taken=make_panel(BinaryCells(np.zeros((7, 2)), np.full((7, 2), 9.0)), treated=2))
    output = companions(replace(case, uptake=none), DESIGN)
    assert by_estimand(output, "CACE") == ()
    assert "Uptake did not rise" in reasons(output)


def test_where_answers_can_be_blank_uptake_is_that_of_those_who_answered(make_panel: MakePanel) -> None:
    """Takers answer twice as often: among answers 2 of 3 took it up, not 1 of 2."""
    n = np.full((7, 2), 100.0)
    taken = np.zeros((7, 2))
    taken[:2, 1] = 0.5
    drift = 0.02 * np.arange(7.0)[:, None] * np.asarray([0.0, 1.0])

    def panel(cells: Cells) -> Panel:
        return make_panel(cells, treated=2)

    answers = {"takers": 0.8 * n * taken, "decliners": 0.4 * n * (1 - taken)}
    takers, decliners = shares(panel, 0.3 + drift, answers["takers"]), shares(panel, 0.5 + drift, answers["decliners"])
    both = rebuilt(takers.cells, {k: v + per_cell(decliners.cells)[k] for k, v in per_cell(takers.cells).items()})
    asked = panel(BinaryCells(answers["takers"] + answers["decliners"], n))
    uptake = Uptake(panel(BinaryCells(n * taken, n)), takers, decliners)
    case = Case(panel(both), eligible=panel(both), uptake=uptake, asked=asked)
    found = by_estimand(companions(case, DESIGN), "CACE")[0]
    drifted = 0.02 * (0.5 - 4.0)
    assert found.estimate == pytest.approx((drifted - 0.2 * 2 / 3) / (2 / 3), abs=EXACT)


@pytest.mark.parametrize("kind", ADDITIVE)
def test_the_cace_is_the_ratio_of_two_differences_for_every_kind_of_mean(
    kind: Kind, make_panel: MakePanel, any_cells: AnyCells
) -> None:
    case = trial(make_panel)
    panel = make_panel(any_cells(kind, 7, 2, 5), treated=2)
    output = companions(replace(case, panel=panel, eligible=panel), DESIGN)
    found = by_estimand(output, "CACE")[0]
    assert case.uptake is not None
    parts = [effect(p, 0.95) for p in (panel, case.uptake.taken)]
    above, below = (part.estimate for part in parts if isinstance(part, Effect))
    assert found.linear(found.estimate) == pytest.approx(above / below, rel=EXACT)
    assert found.scale is kind.scale


def test_one_treated_area_has_a_cace_but_no_permutation_interval(make_panel: MakePanel) -> None:
    output = companions(trial(make_panel, treated=1), DESIGN)
    tested, permuted = by_estimand(output, "CACE")
    assert tested.interval is not None
    assert permuted.interval is None
    assert permuted.attainable_p == pytest.approx(1 / 7)
    assert "The smallest possible p-value is 0.14" in reasons(output)


def test_one_area_on_each_side_leaves_the_points(make_panel: MakePanel) -> None:
    output = companions(trial(make_panel, treated=1, areas=2), DESIGN)
    assert [e.interval for e in output.estimates] == [None, None]
    assert all(e.p_value is None for e in output.estimates)
    assert "No interval and no p-value for the CACE" in reasons(output)


def test_thousands_of_areas_use_the_cluster_robust_test(make_panel: MakePanel) -> None:
    output = companions(trial(make_panel, treated=400, areas=2_000), DESIGN)
    methods = {e.method for e in output.estimates}
    assert "CR2 with Bell-McCaffrey df" in methods
    assert "Anderson-Rubin, CR2 with Bell-McCaffrey df" in methods
    cace = by_estimand(output, "CACE")[0]
    assert cace.interval is not None
    assert cace.interval[0] < -0.2 < cace.interval[1]
    assert cace.interval[1] - cace.interval[0] < 0.02


def test_one_team_in_all_treated_areas_is_said(make_panel: MakePanel) -> None:
    notes = [e.note for e in companions(trial(make_panel), Design(shared_delivery=True)).estimates]
    assert all("One team serves all treated areas" in note for note in notes)


REPEATS = 1_000
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors of a coverage of 95%: 2.1 points


@pytest.mark.slow
def test_the_interval_of_the_cace_holds_the_truth_95_times_in_100_at_two_of_seven(make_panel: MakePanel) -> None:
    """Cases drawn one by one: area shocks of 3 points, 60 to 140 cases a window, 30 to 60% take it up."""
    rng, kept, exact = np.random.default_rng(5), 0, 0
    for _ in range(REPEATS):
        n = rng.integers(60, 140, (7, 2))
        took = np.zeros((7, 2), dtype=np.int64)
        took[:2, 1] = rng.binomial(n[:2, 1], rng.uniform(0.3, 0.6, 2))
        risk = np.clip(0.4 + 0.03 * rng.normal(size=(7, 2)), 0.25, 0.6)
        takers, decliners = rng.binomial(took, risk - 0.2), rng.binomial(n - took, risk)

        def panel(successes: np.ndarray, trials: np.ndarray) -> Panel:
            return make_panel(BinaryCells(successes.astype(np.float64), trials.astype(np.float64)), treated=2)

        whole = panel(takers + decliners, n)
        uptake = Uptake(panel(took, n), panel(takers, took), panel(decliners, n - took))
        output = companions(Case(whole, eligible=whole, uptake=uptake), DESIGN)
        tested, permuted = by_estimand(output, "CACE")
        assert tested.interval is not None
        assert permuted.interval is not None
        kept += tested.interval[0] <= -0.2 <= tested.interval[1]
        exact += permuted.interval[0] <= -0.2 <= permuted.interval[1]
    assert kept / REPEATS == pytest.approx(0.95, abs=MONTE_CARLO)
    assert exact / REPEATS > 20 / 21 - MONTE_CARLO, "the limits hold the set, so they may hold more"


# A fixed mix of cases ---------------------------------------------------------------------------------------------


def mixed(make_panel: MakePanel, gain: float = 0.0) -> Case:
    """Two kinds of case with fixed risks in each area; in treated areas the mix shifts and each kind gains `gain`."""
    areas, treated = 7, 2
    share = np.full((areas, 2), 0.5)
    share[:treated, 1] = 0.8
    noise = 0.01 * np.asarray([1, -1, 2, 0, -2, 1, -1.0])[:, None] * np.asarray([0.0, 1.0])
    after = (np.arange(areas) < treated)[:, None] * np.asarray([0.0, 1.0])
    n = 100.0
    strata = []
    for name, level, part in (("noise", 0.2, share), ("litter", 0.6, 1 - share)):
        value = level + 0.02 * np.arange(areas)[:, None] + noise + gain * after
        cells = BinaryCells(value * part * n, part * n)
        strata.append(
            Stratum(
                name, make_panel(cells, treated=treated), make_panel(BinaryCells(part * n, part * n), treated=treated)
            )
        )
    whole = BinaryCells(sum(per_cell(s.panel.cells)["successes"] for s in strata), np.full((areas, 2), n))
    return Case(make_panel(whole, treated=treated), strata=tuple(strata))


@pytest.mark.parametrize("gain", [0.0, -0.1])
def test_standardisation_removes_a_shift_of_the_mix_exactly(gain: float, make_panel: MakePanel) -> None:
    case = mixed(make_panel, gain)
    found = by_estimand(companions(case, DESIGN), "area ITT, standardised case mix")[0]
    raw = effect(case.panel, 0.95)
    assert isinstance(raw, Effect)
    # the noise of treated areas averages 0, and that of comparison areas 0
    assert raw.estimate == pytest.approx(gain - 0.3 * 0.4, abs=EXACT)
    assert found.estimate == pytest.approx(gain, abs=EXACT)
    assert found.interval is not None
    assert found.interval[0] < gain < found.interval[1]


def test_the_mix_is_that_of_treated_areas_in_the_baseline(make_panel: MakePanel) -> None:
    """Kinds gain -0.1 and +0.3; treated areas' cases were 75 and 25 of 100, so the effect is 0."""
    n = np.full((4, 2), 100.0)
    after = (np.arange(4) < 2)[:, None] * np.asarray([0.0, 1.0])
    wobble = 0.01 * np.asarray([[0, 1], [0, -1], [0, 1], [0, -1.0]])
    part = np.where(np.arange(4)[:, None] < 2, [0.75, 0.4], [0.2, 0.3])
    strata = []
    for name, change_, share in (("a", -0.1, part), ("b", 0.3, 1 - part)):
        cells = BinaryCells((0.4 + change_ * after + wobble) * share * n, share * n)
        strata.append(
            Stratum(name, make_panel(cells, treated=2), make_panel(BinaryCells(share * n, share * n), treated=2))
        )
    whole = make_panel(BinaryCells(sum(per_cell(s.panel.cells)["successes"] for s in strata), n), treated=2)
    found = by_estimand(companions(Case(whole, strata=tuple(strata)), DESIGN), "area ITT, standardised case mix")[0]
    assert found.estimate == pytest.approx(0.0, abs=EXACT)


def test_counts_are_not_standardised(make_panel: MakePanel) -> None:
    case = mixed(make_panel)
    counts = CountCells(np.full((7, 2), 20.0), np.full((7, 2), 30.0))
    output = companions(replace(case, panel=make_panel(counts, treated=2)), DESIGN)
    assert output.estimates == ()
    assert "part of the outcome" in reasons(output)


@pytest.mark.parametrize("kind", ADDITIVE)
def test_a_single_mix_over_areas_and_time_changes_nothing_for_any_kind(
    kind: Kind, make_panel: MakePanel, any_cells: AnyCells
) -> None:
    """Two kinds with the same cells: whatever the mix, the standardised estimate is that of one of them."""
    panel = make_panel(any_cells(kind, 5, 2, 3), treated=2)
    asked = make_panel(BinaryCells(np.full((5, 2), 50.0), np.full((5, 2), 50.0)), treated=2)
    case = Case(panel, strata=(Stratum("a", panel, asked), Stratum("b", panel, asked)))
    found = by_estimand(companions(case, DESIGN), "area ITT, standardised case mix")[0]
    expected = effect(panel, 0.95)
    assert isinstance(expected, Effect)
    assert found.linear(found.estimate) == pytest.approx(expected.estimate, abs=EXACT)
    assert found.scale is (Scale.RATIO if kind is Kind.DURATION else Scale.DIFFERENCE)


def test_areas_can_be_weighted(make_panel: MakePanel) -> None:
    case = trial(make_panel)
    assert case.eligible is not None
    found = by_estimand(companions(case, DESIGN, Weighting.EXPOSURE), "eligible-case ITT")
    expected = effect(case.eligible, 0.95, weighting=Weighting.EXPOSURE)
    assert isinstance(expected, Effect)
    assert [e.estimate for e in found] == pytest.approx([expected.estimate] * 2, abs=EXACT)
    assert "each counted by its number of cases in the baseline" in found[0].note


def test_an_area_without_data_is_left_out_and_named(make_panel: MakePanel) -> None:
    y = np.asarray([[1.0, 3], [2, 5], [1, 1], [2, 3], [4, 3]])
    n = np.full(y.shape, 6.0)
    n[4, 1] = 0
    panel = make_panel(ContinuousCells(n, n * y, n * (y**2 + 1)), treated=2)
    other = make_panel(ContinuousCells(n + 0, n * y, n * (y**2 + 1)), treated=2)
    output = companions(Case(other, eligible=panel), DESIGN)
    found = by_estimand(output, "eligible-case ITT")[0]
    usable = change(panel, panel.periods.baseline, panel.periods.follow_up).usable
    assert usable.tolist() == [True, True, True, True, False]
    assert found.estimate == pytest.approx(2.5 - 0.5)
    assert "Left out for want of data: E." in found.note
