"""The ordered-logit difference-in-differences: what it gives, what it asks, and where it gives nothing."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import special

from models.case import Case
from models.changes import Weighting
from models.design import Design
from models.did import DidOptions
from models.did import fit as fit_did
from models.effect import Effect
from models.estimate import Check, ModelOutput, Quantity, Scale, Status
from models.inference.collapsed import collapsed_t
from models.inference.permutation import permutation_test
from models.inference.refusal import NoInference
from models.inference.ttest import TTest
from models.ordinal.analysis import analyse
from models.ordinal.checks import least_shown, shown_levels
from models.ordinal.cutpoints import at_each_cutpoint, joint_p
from models.ordinal.latent import Latent, latent_changes
from models.ordinal.model import OrdinalOptions, fit
from models.panel import ContinuousCells, Kind, OrdinalCells, Panel
from models.registry import MODELS

type MakePanel = Callable[..., Panel]

LEVELS = ("Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied")
CUTS = special.logit(np.asarray([0.12, 0.30, 0.45, 0.80]))
CONVERGED = 1e-6  # of a maximum of the likelihood
EXACT_SHARES = 1e-4  # 10,000 expected answers rounded to whole ones: a share is right to 0.00005


@pytest.fixture
def rated(make_panel: MakePanel) -> Callable[..., Panel]:
    """Build a panel of two windows with answers as expected at these locations, shape (A, 2)."""

    def build(at: ArrayLike, answers: float = 10_000.0, treated: int = 2, cuts: ArrayLike = CUTS) -> Panel:
        location = np.asarray(at, dtype=np.float64)[..., None]
        below = special.expit(np.asarray(cuts) - location)
        edge = np.zeros(location.shape)
        p = np.diff(np.concatenate([edge, below, edge + 1], axis=2), axis=2)
        return make_panel(OrdinalCells((answers * p).round(), 3, LEVELS), treated=treated)

    return build


@pytest.fixture
def noisy(make_panel: MakePanel) -> Callable[..., Panel]:
    """Build a panel of two windows with answers drawn at random, shocks of SD 0.3 and an effect on two of seven."""

    def build(seed: int, effect: float = 0.0, areas: int = 7, treated: int = 2) -> Panel:
        rng = np.random.default_rng(seed)
        exposed = np.outer(np.arange(areas) < treated, [0.0, 1.0])
        location = rng.normal(0, 0.3, (areas, 2, 1)) + effect * exposed[..., None]
        below = special.expit(CUTS - location)
        edge = np.zeros(location.shape)
        p = np.diff(np.concatenate([edge, below, edge + 1], axis=2), axis=2)
        n = rng.multinomial(rng.integers(60, 200, (areas, 2)), p).astype(np.float64)
        return make_panel(OrdinalCells(n, 3, LEVELS), treated=treated)

    return build


def latent(panel: Panel) -> Latent:
    found = latent_changes(panel)
    assert isinstance(found, Latent)
    return found


def check(output: ModelOutput, name: str) -> Check:
    (found,) = [c for c in output.checks if c.id == name]
    return found


LOCATIONS = np.asarray([[0.0, 1.0], [0.3, 1.1], [-0.4, -0.2], [0.1, 0.5], [0.2, 0.3], [0.6, 0.4], [-0.2, 0.3]])


def test_areas_recover_their_own_shifts_and_the_effect_is_their_difference(rated: Callable[..., Panel]) -> None:
    found = latent(rated(LOCATIONS))
    w = LOCATIONS[:, 1] - LOCATIONS[:, 0]
    assert found.changes.w.tolist() == pytest.approx(w.tolist(), abs=1e-3)
    assert found.fit.cutpoints.tolist() == pytest.approx(CUTS.tolist(), abs=1e-3)
    output = fit(Case(rated(LOCATIONS)), Design(), OrdinalOptions())
    odds = output.estimates[1]
    test = collapsed_t(found.changes.w, np.arange(7) < 2, 0.95)
    assert isinstance(test, TTest)
    assert (odds.scale, odds.headline, odds.df) == (Scale.RATIO, False, 5)
    assert odds.estimate == pytest.approx(math.exp(w[:2].mean() - w[2:].mean()), rel=2e-3)
    assert odds.interval == pytest.approx(tuple(map(math.exp, test.interval)))
    assert (odds.std_error, odds.p_value) == (pytest.approx(test.std_error), pytest.approx(test.p_value))


def test_the_headline_is_the_share_that_the_shift_makes(rated: Callable[..., Panel]) -> None:
    panel = rated(LOCATIONS)
    head, odds, moved = fit(Case(panel), Design(), OrdinalOptions()).estimates
    b = LOCATIONS[:2, 1].mean() - LOCATIONS[:2, 0].mean() - (LOCATIONS[2:, 1] - LOCATIONS[2:, 0]).mean()
    after = LOCATIONS[:2, 1]
    expected = (special.expit(after - CUTS[2]) - special.expit(after - b - CUTS[2])).mean()
    assert head.estimate == pytest.approx(expected, abs=5 * EXACT_SHARES)
    assert head.headline
    assert (head.scale, head.estimand) == (Scale.DIFFERENCE, "area ITT")
    assert head.method == "ordered logit, collapsed latent change per area, t(5)"
    assert head.interval is not None
    assert odds.interval is not None
    for limit, ratio in zip(head.interval, odds.interval, strict=True):
        carried = (special.expit(after - CUTS[2]) - special.expit(after - math.log(ratio) - CUTS[2])).mean()
        assert limit == pytest.approx(carried, abs=5 * EXACT_SHARES)
    assert head.std_error is not None
    assert odds.std_error is not None
    assert head.estimate / head.std_error == pytest.approx(math.log(odds.estimate) / odds.std_error)
    assert "Parallel trends hold on the latent scale" in head.note
    assert "13 times where the treated ones vary twice as much" in head.note
    test = permutation_test(latent(panel).changes.w, panel.treated, 0.95)
    assert (moved.p_value, moved.attainable_p) == (test.p_value, 1 / 21)
    assert moved.estimate == head.estimate


def test_shares_level_by_level(noisy: Callable[..., Panel]) -> None:
    panel = noisy(seed=4, effect=0.8)
    output = fit(Case(panel), Design(), OrdinalOptions())
    found = check(output, "ordinal_categories")
    assert found.evidence is not None
    *levels, head = found.evidence.rows
    assert [row.label for row in levels] == list(LEVELS)
    assert sum(row.estimate or 0.0 for row in levels) == pytest.approx(0.0, abs=1e-12)
    assert (levels[3].estimate or 0) + (levels[4].estimate or 0) == pytest.approx(head.estimate)
    assert (head.estimate, head.lo, head.hi) == (output.estimates[0].estimate, *(output.estimates[0].interval or ()))
    assert head.label == "Satisfied or above"
    n = latent(panel).after[:2]
    seen = (n[:, 3:].sum(axis=1) / n.sum(axis=1)).mean()
    assert head.note.startswith(f"{100 * seen:.1f}% with it")
    assert found.evidence.quantity is Quantity.POINTS
    assert found.evidence.by_area


def test_levels_with_few_answers_are_shown_together(make_panel: MakePanel) -> None:
    n = np.full((7, 2, 5), 20.0)
    n[0, 1], n[1, 1] = [1, 2, 30, 4, 1], [1, 0, 25, 3, 1]
    panel = make_panel(OrdinalCells(n, 3, LEVELS), treated=2)
    assert shown_levels(panel) == ((0, 2), (3, 4)), "2, 2, 55, 7 and 2 answers"
    assert least_shown(panel) == 9
    few = make_panel(OrdinalCells(np.ones((7, 2, 5)), 3), treated=1)
    assert shown_levels(few) == ((0, 4),)


def test_superiority_and_its_difference(rated: Callable[..., Panel]) -> None:
    found = check(fit(Case(rated(LOCATIONS)), Design(), OrdinalOptions()), "ordinal_superiority")
    assert found.evidence is not None
    treated, comparison, difference = (row.estimate or 0.0 for row in found.evidence.rows)
    assert difference == pytest.approx(treated - comparison)
    assert treated > 0.1, "a shift of almost one in log odds"
    assert f"Cliff's delta, twice that probability less one, is +{2 * treated:.2f}" in found.detail


def test_cutpoints_are_log_odds_ratios(rated: Callable[..., Panel], noisy: Callable[..., Panel]) -> None:
    panel = noisy(seed=1)
    own = latent(panel)
    cutpoints = at_each_cutpoint(panel, own, 0.95, None)
    assert [c.level for c in cutpoints] == [1, 2, 3, 4]
    for c in cutpoints:
        above = [n[:, c.level :].sum(axis=1) for n in (own.before, own.after)]
        below = [n[:, : c.level].sum(axis=1) for n in (own.before, own.after)]
        w = np.log(above[1] / below[1]) - np.log(above[0] / below[0])
        assert isinstance(c.effect, Effect)
        assert c.effect.estimate == pytest.approx(w[:2].mean() - w[2:].mean())
    even = at_each_cutpoint(rated(LOCATIONS), latent(rated(LOCATIONS)), 0.95, None)
    estimates = [c.effect.estimate for c in even if isinstance(c.effect, Effect)]
    assert estimates == pytest.approx([estimates[0]] * 4, abs=0.01)


def test_levels_that_moved_apart_are_told(noisy: Callable[..., Panel], make_panel: MakePanel) -> None:
    alike = noisy(seed=1)
    alike = replace(alike, cells=replace(alike.cells, n=alike.cells.n * 20.0))
    n = alike.cells.n.copy()
    n[:2, 1] = [[900, 100, 100, 100, 900], [800, 150, 100, 150, 800]]  # both ends, in treated areas only
    apart = make_panel(OrdinalCells(n, 3, LEVELS), treated=2)
    found = check(fit(Case(apart), Design(), OrdinalOptions()), "ordinal_proportional_odds")
    assert found.status is Status.WARN
    assert "differ by more than areas do by chance" in found.finding
    assert found.evidence is not None
    assert (found.evidence.scale, found.evidence.quantity) == (Scale.RATIO, Quantity.NUMBER)
    passed = check(fit(Case(alike), Design(), OrdinalOptions()), "ordinal_proportional_odds")
    assert passed.status is Status.PASS
    assert "differ by no more than areas do by chance" in passed.finding


def test_an_empty_cutpoint_is_named_and_left_out(noisy: Callable[..., Panel]) -> None:
    panel = noisy(seed=2)
    n = panel.cells.n.copy()
    n[5, 0, 1] += n[5, 0, 0]
    n[5, 0, 0] = 0
    some = replace(panel, cells=replace(panel.cells, n=n))
    found = check(fit(Case(some), Design(), OrdinalOptions()), "ordinal_proportional_odds")
    assert found.evidence is not None
    assert found.evidence.rows[1].estimate is None
    assert "In F all answers of a window lie on one side" in found.evidence.rows[1].note
    assert "allowing for 3 cutpoints" in found.finding


def test_two_levels_are_a_binary_logit_without_a_second_cutpoint(make_panel: MakePanel) -> None:
    n = np.random.default_rng(8).integers(20, 60, (7, 2, 2)).astype(np.float64)
    panel = make_panel(OrdinalCells(n, 1), treated=2)
    odds = special.logit(n[..., 1] / n.sum(axis=2))
    assert latent(panel).changes.w.tolist() == pytest.approx((odds[:, 1] - odds[:, 0]).tolist(), abs=CONVERGED)
    output = fit(Case(panel), Design(), OrdinalOptions())
    assert check(output, "ordinal_proportional_odds").status is Status.NOT_RUN
    assert not any(c.id == "ordinal_thresholds" for c in output.checks)
    evidence = check(output, "ordinal_categories").evidence
    assert evidence is not None
    assert [row.label for row in evidence.rows] == ["level 1", "level 2", "level 2 or above"]


def test_other_thresholds_are_differences_in_shares(noisy: Callable[..., Panel]) -> None:
    panel = noisy(seed=4)
    found = check(fit(Case(panel), Design(), OrdinalOptions()), "ordinal_thresholds")
    assert found.evidence is not None
    assert [row.label for row in found.evidence.rows] == [
        "from Dissatisfied up",
        "from Neither up",
        "from Satisfied up (as declared)",
        "from Very satisfied up",
    ]
    other = replace(panel, cells=replace(panel.cells, at_least=4))
    assert found.evidence.rows[3].estimate == fit_did(other, Design(), DidOptions()).estimates[0].estimate
    assert not found.overturns


def test_one_team_is_also_one_unit(noisy: Callable[..., Panel]) -> None:
    panel = noisy(seed=5)
    output = fit(Case(panel), Design(shared_delivery=True), OrdinalOptions())
    merged = [e for e in output.estimates if e.method.endswith(", treated areas as one unit")]
    assert [(e.scale, e.clusters.treated, e.headline, e.df) for e in merged] == [
        (Scale.DIFFERENCE, 1, False, 4),
        (Scale.RATIO, 1, False, 4),
    ]
    assert "counting them as one unit does not change the answer" in check(output, "ordinal_one_team").finding
    assert sum(e.headline for e in output.estimates) == 1


def test_weights_count_answers(noisy: Callable[..., Panel]) -> None:
    panel = noisy(seed=6)
    found = analyse(panel, 0.95, Weighting.EXPOSURE)
    assert not isinstance(found, NoInference)
    w, size = found.latent.changes.w, found.latent.before.sum(axis=1)
    expected = np.average(w[:2], weights=size[:2]) - np.average(w[2:], weights=size[2:])
    assert found.effect.estimate == pytest.approx(expected)
    by_answers = fit(Case(panel), Design(), OrdinalOptions(weights="exposure")).estimates[0]
    assert by_answers.estimate != fit(Case(panel), Design(), OrdinalOptions()).estimates[0].estimate


def test_an_area_without_data_is_left_out_and_one_at_an_end_stops_it(noisy: Callable[..., Panel]) -> None:
    panel = noisy(seed=7)
    gone, top, both = (panel.cells.n.copy() for _ in range(3))
    gone[4, 1] = 0
    missing = replace(panel, cells=replace(panel.cells, n=gone))
    assert np.isnan(latent(missing).changes.w[4])
    assert fit(Case(missing), Design(), OrdinalOptions()).estimates[0].clusters.comparison == 4
    top[3, 0] = [0, 0, 0, 0, 30]
    stuck = fit(Case(replace(panel, cells=replace(panel.cells, n=top))), Design(), OrdinalOptions())
    assert not stuck.estimates
    assert stuck.not_estimable[0].reason.startswith("All answers in D (baseline) are at the highest level")
    both[:, :, :] = 0
    both[:, :, 2] = 9
    same = fit(Case(replace(panel, cells=replace(panel.cells, n=both))), Design(), OrdinalOptions())
    assert "at one level" in same.not_estimable[0].reason
    none = panel.cells.n.copy()
    none[:2, 0] = 0
    no_treated = fit(Case(replace(panel, cells=replace(panel.cells, n=none))), Design(), OrdinalOptions())
    assert no_treated.not_estimable[0].reason.startswith("No treated area has data in both")


def test_treated_answers_on_one_side_of_the_level_give_an_odds_ratio_only(noisy: Callable[..., Panel]) -> None:
    panel = noisy(seed=9)
    n = panel.cells.n.copy()
    n[:2, 1, 3:] = 0
    output = fit(Case(replace(panel, cells=replace(panel.cells, n=n))), Design(), OrdinalOptions())
    assert [e.scale for e in output.estimates] == [Scale.RATIO]
    assert any("lie on one side of it" in r.reason for r in output.not_estimable)


def test_one_area_on_each_side_gives_points_without_inference(noisy: Callable[..., Panel]) -> None:
    output = fit(Case(noisy(seed=3, areas=2, treated=1)), Design(), OrdinalOptions())
    head, odds, moved = output.estimates
    assert (head.interval, head.p_value, head.std_error, odds.interval) == (None, None, None, None)
    assert head.headline
    assert head.method == "ordered logit, latent change per area, no inference"
    assert moved.interval is None
    assert any("one treated and one comparison area" in r.reason for r in output.not_estimable)
    assert check(output, "ordinal_proportional_odds").status is Status.NOT_RUN


def test_from_twenty_areas_on_the_headline_is_cluster_robust(noisy: Callable[..., Panel]) -> None:
    head = fit(Case(noisy(seed=3, areas=20, treated=5)), Design(), OrdinalOptions()).estimates[0]
    assert head.method == "ordered logit, CR2 of the latent changes with Bell-McCaffrey df"
    assert "lets treated and comparison areas vary differently" in head.note
    assert "vary alike" not in head.note


def test_other_kinds_are_not_for_it(make_panel: MakePanel) -> None:
    ones = np.ones((3, 4))
    with pytest.raises(TypeError, match="needs answers at levels, not continuous"):
        latent_changes(make_panel(ContinuousCells(ones, ones, ones)))
    spec = MODELS["ordinal"]
    assert spec.is_for(Kind.ORDINAL)
    assert not spec.is_for(Kind.BINARY)
    assert (spec.headline_rank, spec.needs_comparison, spec.staggered) == (3, True, False)


def test_no_joint_p_from_one_cutpoint(make_panel: MakePanel) -> None:
    n = np.random.default_rng(8).integers(20, 60, (7, 2, 2)).astype(np.float64)
    panel = make_panel(OrdinalCells(n, 1), treated=2)
    assert joint_p(at_each_cutpoint(panel, latent(panel), 0.95, None)) is None
