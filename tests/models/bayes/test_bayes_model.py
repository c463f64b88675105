"""The Bayesian model of one outcome, end to end: one compiled model serves every test here."""

import math
from dataclasses import replace

import numpy as np
import pytest

from models.bayes.model import ONE_SHOCK, fit
from models.bayes.options import BayesOptions
from models.bayes.variants import judged
from models.case import Case
from models.design import Design
from models.estimate import ModelOutput, Scale, Status
from models.panel import CountCells, Kind, Panel, observed
from models.periods import Periods, Role, TimeUnit
from models.posterior import Belief

AREAS, BEFORE, AFTER = 6, 12, 6
EFFECT = -0.5
OPTIONS = BayesOptions(draws=600, tune=500)
# The effect is 9 of its standard errors without shocks; with them its posterior SD is about .1.
WITHIN = 0.3
CONVERGED = 4.0  # Monte Carlo standard errors


def case_of(effect: float = EFFECT, *, treated: int = 2, seed: int = 5) -> Case:
    rng = np.random.default_rng(seed)
    mask = np.arange(AREAS) < treated
    months = BEFORE + AFTER
    after = np.arange(months) >= BEFORE
    rate = 60 * np.exp(rng.normal(0, 0.3, (AREAS, 1)) + rng.normal(0, 0.1, (1, months)))
    mean = rate * np.exp(effect * mask[:, None] * after[None, :])
    panel = Panel(
        outcome="asb",
        kind=Kind.COUNT,
        unit="incidents per day",
        per=1.0,
        areas=tuple("ABCDEF"),
        treated=mask,
        periods=Periods(TimeUnit.MONTH, 24_000, (Role.BASELINE,) * BEFORE + (Role.FOLLOW_UP,) * AFTER),
        cells=CountCells(rng.poisson(mean).astype(np.float64), np.full((AREAS, months), 30.0)),
    )
    return Case(panel, better=-1, worthwhile=math.log(0.9))


@pytest.fixture(scope="module")
def output() -> ModelOutput:
    return fit(case_of(), Design(seed=3), OPTIONS)


def test_a_large_effect_is_found_and_every_gate_passes(output: ModelOutput) -> None:
    assert output.posterior is not None
    assert output.posterior.failed == ()
    (found,) = output.estimates
    assert found.scale is Scale.RATIO
    assert math.log(found.estimate) == pytest.approx(EFFECT, abs=WITHIN)
    assert output.posterior.above(0.0) < 0.05
    assert found.headline


def test_the_estimate_is_that_of_its_draws(output: ModelOutput) -> None:
    (found,), posterior = output.estimates, output.posterior
    assert posterior is not None
    assert found.estimate == pytest.approx(math.exp(posterior.effect.mean()))
    assert found.std_error == pytest.approx(posterior.effect.std(ddof=1))
    low, high = posterior.interval(0.95)
    assert found.interval == pytest.approx((math.exp(low), math.exp(high)))
    assert found.p_value is None
    assert posterior.effect.size == 4 * OPTIONS.draws


def test_the_answer_under_other_priors_stands_beside_it(output: ModelOutput) -> None:
    assert output.posterior is not None
    own, *others = output.posterior.variants
    assert own.chosen
    assert [v.label for v in others] == ["sceptical prior", "shocks half as large", "shocks twice as large"]
    sceptical, half, twice = others
    assert abs(sceptical.mean) < abs(own.mean)
    widths = [v.interval[1] - v.interval[0] for v in (half, own, twice)]
    assert widths == sorted(widths)


def test_the_path_holds_the_record_against_what_would_have_been(output: ModelOutput) -> None:
    (path,) = output.paths
    assert len(path.points) == BEFORE + AFTER
    for point in path.points:
        assert point.value is not None
        assert point.counterfactual is not None
        assert point.lo is not None
        assert point.hi is not None
        assert point.lo < point.counterfactual < point.hi
    after = path.points[BEFORE:]
    shortfall = [math.log(p.value / p.counterfactual) for p in after if p.value and p.counterfactual]
    assert np.mean(shortfall) == pytest.approx(EFFECT, abs=WITHIN)


def test_one_seed_gives_one_answer_and_another_seed_nearly_the_same(output: ModelOutput) -> None:
    assert output.posterior is not None
    again = fit(case_of(), Design(seed=3), OPTIONS).posterior
    other = fit(case_of(), Design(seed=4), OPTIONS).posterior
    assert again is not None
    assert other is not None
    np.testing.assert_array_equal(again.effect, output.posterior.effect)
    assert not np.array_equal(other.effect, output.posterior.effect)
    error = output.posterior.effect.std() / math.sqrt(400)  # at least 400 effective draws
    assert abs(other.effect.mean() - again.effect.mean()) < CONVERGED * error


def test_without_shocks_it_claims_more(output: ModelOutput) -> None:
    bare = fit(case_of(), Design(seed=3), replace(OPTIONS, shocks="none")).posterior
    assert bare is not None
    assert output.posterior is not None
    assert bare.effect.std() < output.posterior.effect.std()
    assert not [v.label for v in bare.variants if "shocks" in v.label], "there are none to be half as large"


def test_every_area_is_left_out_treated_ones_too(output: ModelOutput) -> None:
    check = next(c for c in output.checks if c.id == "bayes_leave_area_out")
    assert check.evidence is not None
    assert [row.label for row in check.evidence.rows] == ["all areas", *(f"without {area}" for area in "ABCDEF")]
    foretold = {row.label[-1] for row in check.evidence.rows if "tail area" in row.note}
    assert foretold == set("CDEF"), "other areas do not foretell an effect"


def test_one_team_shares_one_shock_and_widens_the_answer(output: ModelOutput) -> None:
    found = fit(case_of(), Design(seed=3, shared_delivery=True), OPTIONS)
    check = next(c for c in found.checks if c.id == "bayes_one_team")
    assert check.status is Status.PASS
    assert check.finding == ONE_SHOCK
    assert found.posterior is not None
    assert output.posterior is not None
    assert found.posterior.effect.std() > output.posterior.effect.std()
    assert "bayes_one_team" not in {c.id for c in output.checks}


def test_an_elicited_belief_is_the_prior() -> None:
    case = replace(case_of(), prior=Belief(0.0, -0.02, 0.02, "the board"), prior_name="elicited")
    found = fit(case, Design(seed=3), OPTIONS)
    assert found.posterior is not None
    assert found.posterior.prior == "elicited"
    assert abs(found.posterior.effect.mean()) < 0.05
    assert "elicited prior" in found.estimates[0].method


def test_areas_without_data_in_a_window_are_left_out() -> None:
    case = case_of()
    cells = case.panel.cells
    assert isinstance(cells, CountCells)
    exposure = cells.exposure.copy()
    exposure[5, BEFORE:] = 0.0
    panel = replace(case.panel, cells=CountCells(np.where(exposure > 0, cells.events, 0.0), exposure))
    found = fit(replace(case, panel=panel), Design(seed=3), OPTIONS)
    assert found.estimates[0].clusters.comparison == AREAS - 3
    assert observed(panel.cells).sum() == AREAS * (BEFORE + AFTER) - AFTER


def test_a_treated_area_without_follow_up_is_refused() -> None:
    case = case_of()
    cells = case.panel.cells
    assert isinstance(cells, CountCells)
    exposure = cells.exposure.copy()
    exposure[:2, BEFORE:] = 0.0
    panel = replace(case.panel, cells=CountCells(np.where(exposure > 0, cells.events, 0.0), exposure))
    found = fit(replace(case, panel=panel), Design(), OPTIONS)
    assert found.posterior is None
    assert found.estimates == ()
    assert "no data in the follow-up" in found.not_estimable[0].reason


def test_too_few_draws_are_refused_after_one_better_try() -> None:
    found = fit(case_of(), Design(seed=3), BayesOptions(draws=200, tune=200))
    refit = [c for c in found.checks if c.id == "bayes_refitted"]
    assert len(refit) == 1
    assert found.posterior is not None
    failed = refit[0].status is Status.FAIL
    assert bool(found.posterior.failed) is failed
    assert found.estimates[0].headline is not failed


@pytest.mark.parametrize("options", [{"draws": 10}, {"tune": 0}, {"bin": 2}, {"shocks": "some"}])
def test_options_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        BayesOptions(**options)  # type: ignore[arg-type]


def test_judged_reads_what_the_posterior_holds(output: ModelOutput) -> None:
    posterior = output.posterior
    assert posterior is not None
    equal = np.full(posterior.effect.shape, 1 / posterior.effect.size)
    again = judged(posterior.effect, equal, 0.95, -1, math.log(0.9))
    assert again.beneficial == pytest.approx(1 - posterior.above(0.0))
    assert posterior.variants[0].beneficial == pytest.approx(again.beneficial)
