"""Every branch of the rule where a value is declared, on draws small enough to count by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pilots import INFO, MONEY, decided, drawn, outcome, study, summary
from scipy import stats

from impact.decision import decide
from impact.decisions.money import stake_of
from impact.decisions.money_words import assumptions
from impact.decisions.precision import Precision
from impact.decisions.rule import Reading, verdict
from impact.probabilities import Probabilities
from impact.study.decision import Rule
from models import value
from models.estimate import Check, Status

EXACT = 1e-9  # sums of the same numbers in another order
POUND = 0.5
VERDICTS = ("stop", "extend", "scale_up")


def test_probability_and_expectation_are_counted_over_the_draws() -> None:
    # Gains of 100,000 x effect, less 5,000: -15,000, 0, 1,000, 5,000, 15,000 -> three of five above nought, mean 1,200.
    found = decided([-0.1, 0.05, 0.06, 0.1, 0.2])
    assert found.probability_net_benefit == pytest.approx(0.6, abs=EXACT)
    assert found.expected_net_benefit == pytest.approx(1_200, abs=POUND)
    assert found.basis == "posterior"
    assert found.probability_beneficial == pytest.approx(0.8, abs=EXACT)
    assert found.rule.reads == "net_benefit"


def test_the_money_the_rule_reads_is_the_money_that_is_shown() -> None:
    declared = {
        **MONEY,
        "value": {"per_unit": 100, "distribution": {"triangular": [50, 100, 300]}, "shares": SHARES},
        "perspective": "fiscal",
        "optimism_bias": 0.2,
    }
    effects = np.random.default_rng(3).normal(0.06, 0.05, 500)
    found, stake = decided(effects.tolist(), declared), stake_of(study(declared), outcome(0.1, 0.02))
    assert stake is not None
    assert found.economics is not None
    read, shown = value.pays(effects, stake), value.net_benefit(effects, stake)
    assert read.expected == pytest.approx(shown.expected, abs=POUND)
    assert read.probability == pytest.approx(shown.probability, abs=EXACT)
    (main,) = [p for p in found.economics.perspectives if p.decides]
    assert main.name == "fiscal"
    assert main.share == pytest.approx(0.7)
    assert main.expected == pytest.approx(found.expected_net_benefit, abs=POUND)
    assert main.probability_positive == pytest.approx(found.probability_net_benefit, abs=EXACT)


SHARES = {"cashable": 0.1, "non_cashable": 0.6, "social": 0.3}
SURE = [0.2] * 96 + [-0.01] * 4  # 96% of a benefit, all of which pay
NEARLY = [0.2] * 94 + [-0.01] * 6  # 94%: pays, but the direction is not sure enough
HARMFUL = [0.2] * 89 + [-0.2] * 11


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        (SURE, "scale_up"),
        (NEARLY, "extend"),
        (HARMFUL, "extend"),
        ([0.2] * 60 + [0.01] * 40, "extend"),  # sure of a benefit, 60% sure that it pays
        ([0.2] * 19 + [0.01] * 81, "stop"),  # 19% sure that it pays
        ([0.06] * 96 + [-0.9] * 4, "extend"),  # 96% sure that it pays, but the 4% cost more than that gains
        ([0.2] * 20 + [0.01] * 80, "extend"),  # stops below 20%, not at it
    ],
)
def test_the_rule_gives_the_verdict(effects: list[float], expected: str) -> None:
    # The estimate itself is sure, so that only the draws decide.
    assert decided(effects).verdict == expected


def test_without_a_value_the_worthwhile_effect_is_what_counts() -> None:
    plain = {"rule": {"scale_up_if": 0.8}}
    found = decide(study(plain, main={"worthwhile": 0.05}), INFO, {"main": outcome(0.2, 0.02, worthwhile=0.05)}, ())
    assert (found.verdict, found.rule.reads, found.economics) == ("scale_up", "worthwhile", None)
    assert found.expected_net_benefit is None


def test_without_the_bayesian_model_the_confidence_distribution_is_read() -> None:
    found = decided(main=outcome(0.06, 0.02))
    assert found.basis == "confidence"
    assert [b.basis for b in found.bases] == ["confidence"]
    # Pays above 0.05; the draws are 20,000 quantiles of the t distribution.
    assert found.probability_net_benefit == pytest.approx(stats.t.cdf(0.01 / 0.02, 5), abs=1e-4)
    assert found.expected_net_benefit == pytest.approx(1_000, abs=POUND)


def test_failed_gates_leave_nothing_to_tell_and_are_named() -> None:
    found = decided(SURE, failed=("The chains do not agree.",))
    assert found.verdict == "cannot_tell"
    assert any("The chains do not agree." in reason for reason in found.reasons)
    assert found.basis == "confidence"
    assert found.would_change[0].startswith("To be able to tell: a Bayesian model whose draws pass")


def test_a_guardrail_is_judged_by_its_own_draws() -> None:
    pair = study(main={}, other={"role": "guardrail"})
    calm = outcome(0.01, 0.02, role="guardrail")
    outcomes = {"main": outcome(0.2, 0.01), "other": calm}
    harmed = drawn([-0.01] * 60 + [0.01] * 40)  # no worthwhile effect: any harm counts, 60% of it
    assert decide(pair, INFO, outcomes, ()).verdict == "scale_up"
    assert decide(pair, INFO, outcomes, (), {"other": harmed}).verdict == "extend"


def test_a_guardrail_whose_draws_failed_vetoes() -> None:
    pair = study(main={}, other={"role": "guardrail"})
    blind = outcome(0.0, 0.02, role="guardrail", posterior=summary(("Too few draws.",)))
    found = decide(pair, INFO, {"main": outcome(0.2, 0.01), "other": blind}, ())
    assert found.verdict == "extend"
    assert any("Too few draws." in reason for reason in found.reasons)


EVIDENCE = Precision(noise=0.5, years=1.0, variance=0.02)


def extended(cost: float) -> dict[str, Any]:
    return {**MONEY, "extension": {"cost": cost, "years": 1}}


def test_a_loss_is_stopped_where_no_extension_is_worth_its_cost() -> None:
    # The estimate, 4 points, falls short of the 5 that pay; probability of a net benefit about a third.
    low = outcome(0.04, 0.02)
    assert decided(main=low, precision=EVIDENCE).verdict == "extend", "no extension is declared"
    dear = decided(main=low, decision=extended(50_000), precision=EVIDENCE)
    assert dear.verdict == "stop"
    assert any("costs more than it can tell" in reason for reason in dear.reasons)
    assert decided(main=low, decision=extended(1), precision=EVIDENCE).verdict == "extend"
    unknown = decided(main=low, decision=extended(50_000))
    assert unknown.verdict == "extend", "what an extension would tell is not known"
    assert any("cannot be worked out" in caveat for caveat in unknown.caveats)


def test_a_gain_is_not_stopped_because_an_extension_is_dear_but_that_is_said() -> None:
    found = decided(main=outcome(0.055, 0.02), decision=extended(50_000), precision=EVIDENCE)
    assert found.verdict == "extend"
    assert any("costs more than it can tell" in reason for reason in found.reasons)
    assert any("would pay if it cost less than" in r or "even if it cost nothing" in r for r in found.reasons)


def test_the_cost_at_which_an_extension_pays_is_where_it_pays() -> None:
    low = outcome(0.04, 0.02)
    dear = decided(main=low, decision=extended(50_000), precision=EVIDENCE)
    assert dear.economics is not None
    (own,) = [e for e in dear.economics.extensions if e.declared]
    limit = own.net + own.cost
    assert decided(main=low, decision=extended(limit - 1), precision=EVIDENCE).verdict == "extend"
    # The usual menu is dearer than what it tells here, so that nothing else pays either.
    assert decided(main=low, decision=extended(limit + 1), precision=EVIDENCE).verdict in {"stop", "extend"}


def test_an_obstacle_does_not_keep_a_losing_pilot_alive() -> None:
    low = outcome(0.04, 0.02, checks=(Check("one_team", Status.WARN, "One team."),))
    assert decided(main=low, decision=extended(50_000), precision=EVIDENCE).verdict == "stop"


def test_two_bases_that_give_two_verdicts_are_said_to() -> None:
    found = decided(SURE, main=outcome(0.06, 0.05))
    assert (found.verdict, [b.verdict for b in found.bases]) == ("scale_up", ["scale_up", "extend"])
    assert any("disagree" in reason and "“extend”" in reason for reason in found.reasons)


def test_two_bases_on_two_sides_of_sureness_are_said_to_be() -> None:
    found = decided([0.2] * 60 + [0.01] * 40, main=outcome(0.05, 0.04))
    assert [b.verdict for b in found.bases] == ["extend", "extend"]
    assert any("different sides" in reason for reason in found.reasons)


def test_the_range_that_counts_as_none_has_a_probability_and_a_sentence() -> None:
    main = outcome(0.1, 0.02, equivalence=0.03, worthwhile=0.05)
    found = decided([-0.02, 0.01, 0.02, 0.1], main=main)
    assert found.probability_equivalent == pytest.approx(0.75, abs=EXACT)
    assert any("smaller than 3 points either way, is 75%" in reason for reason in found.reasons)


def test_a_declared_margin_of_harm_replaces_the_worthwhile_effect() -> None:
    main = outcome(0.1, 0.02, worthwhile=0.05)
    draws = [0.2] * 8 + [-0.02, -0.04]
    assert decided(draws, main=main).probability_harm == pytest.approx(0.0, abs=EXACT)
    small = {**MONEY, "rule": {"harm_margin": 0.03}}
    assert decided(draws, small, main=main).probability_harm == pytest.approx(0.1, abs=EXACT)
    any_harm = {**MONEY, "rule": {"harm_margin": 0}}
    assert decided(draws, any_harm, main=main).probability_harm == pytest.approx(0.2, abs=EXACT)


def test_what_would_change_the_verdict_does() -> None:
    main = outcome(0.06, 0.006)
    found = decided(main=main)
    assert found.verdict == "scale_up"
    at = {s.split(" if ")[1].split()[0]: s for s in found.would_change}
    assert at
    price = next(s for s in found.would_change if "a unit were worth" in s)
    amount = float(price.split("£")[1].split()[0].replace(",", ""))
    for change, expected in ((1.02, "scale_up"), (0.98, "extend")):
        moved = {**MONEY, "value": {"per_unit": amount * change}}
        assert decided(main=main, decision=moved).verdict == expected, price


def test_where_only_the_direction_is_unsure_no_price_is_said_to_help() -> None:
    found = decided(NEARLY)
    assert any(s.startswith("No value, cost, size or length") for s in found.would_change)
    assert not any("“scale up” if a unit" in s for s in found.would_change)


def test_where_the_price_is_more_in_doubt_than_the_effect_that_is_said() -> None:
    wide = {**MONEY, "value": {"per_unit": 100, "distribution": {"triangular": [10, 100, 300]}}}
    sure, unsure = ([effect - spread, effect + spread] for effect, spread in ((0.04, 0.001), (0.04, 0.039)))
    said = [any("more in doubt" in r for r in decided(draws, wide).reasons) for draws in (sure, unsure)]
    assert said == [True, False]


def test_a_share_that_would_have_been_more_than_everybody_still_has_a_value() -> None:
    found = decided(main=outcome(-0.2, 0.02, counterfactual=1.05))
    assert found.economics is not None
    assert found.verdict == "stop"


def test_a_day_saved_has_no_value_where_the_usual_number_of_days_is_not_known() -> None:
    days = outcome(0.1, 0.02, kind="duration", counterfactual=None)
    found = decide(study(), INFO, {"main": days}, ())
    assert (found.economics, found.rule.reads) == (None, "worthwhile")
    assert any("cannot be worked out" in caveat for caveat in found.caveats)


def chances(beneficial: float, harm: float) -> Probabilities:
    return Probabilities(beneficial, beneficial, harm)


shares_of = st.floats(0, 1)


@settings(max_examples=200)
@given(shares_of, shares_of, shares_of, shares_of, st.floats(-1e6, 1e6), st.booleans(), st.booleans())
def test_more_benefit_never_worsens_the_verdict_and_an_obstacle_never_improves_it(
    paying: float, beneficial: float, harm: float, more: float, expected: float, blocked: bool, learning: bool
) -> None:
    rule = Rule()
    less = Reading(chances(beneficial, harm), paying, expected)
    better = Reading(
        chances(beneficial + more * (1 - beneficial), harm * (1 - more)),
        paying + more * (1 - paying),
        expected + more * 1e6,
    )
    worse, good = (verdict(r, rule, blocked=blocked, learning_pays=learning) for r in (less, better))
    assert VERDICTS.index(good) >= VERDICTS.index(worse)
    stopped = verdict(less, rule, blocked=True, learning_pays=learning)
    assert VERDICTS.index(stopped) <= VERDICTS.index(worse)


@settings(max_examples=8, deadline=None)
@given(
    st.floats(-0.1, 0.15),
    st.floats(0.005, 0.08),
    st.floats(0.0, 0.1),
    st.sampled_from([None, 500.0, 50_000.0]),
    st.booleans(),
)
def test_a_larger_effect_never_gets_a_worse_verdict_nor_a_harmed_guardrail_a_better_one(
    effect: float, std_error: float, more: float, extension: float | None, warned: bool
) -> None:
    declared = MONEY if extension is None else extended(extension)
    checks = (Check("one_team", Status.WARN, "One team."),) if warned else ()
    pair = study(declared, main={}, other={"role": "guardrail"})

    def given_verdict(estimate: float, guardrail: float) -> int:
        outcomes = {
            "main": outcome(estimate, std_error, checks=checks),
            "other": outcome(guardrail, 0.02, role="guardrail"),
        }
        return VERDICTS.index(decide(pair, INFO, outcomes, (), None, EVIDENCE).verdict)

    now = given_verdict(effect, 0.1)
    assert given_verdict(effect + more, 0.1) >= now
    assert given_verdict(effect, -0.1) <= now


def test_a_posterior_that_is_the_headline_is_no_measure_of_how_precise_the_data_are() -> None:
    """Its spread holds the prior; what an extension tells is worked out from the data's own variance."""

    def told(model: str, std_error: float, variance: float) -> float:
        main = outcome(0.055, std_error)
        main = replace(main, estimates=(replace(main.estimates[0], model=model),))
        effects = np.random.default_rng(4).normal(0.055, 0.05, 400)
        precision = Precision(noise=0.5, years=1.0, variance=variance)
        found = decided(effects.tolist(), extended(1_000), main=main, precision=precision)
        assert found.economics is not None
        return next(e.evsi for e in found.economics.extensions if e.declared)

    area = 0.1**2 / (1 / 2 + 1 / 5)
    assert told("bayes", 0.05, area) == pytest.approx(told("did", 0.1, area), rel=EXACT)
    assert told("bayes", 0.02, area) == told("bayes", 0.05, area)
    assert told("did", 0.05, area) != pytest.approx(told("did", 0.1, area), rel=0.01)


def test_what_a_pilot_could_find_is_not_read_from_a_posterior() -> None:
    main = outcome(0.1, 0.02)
    posterior = replace(main, estimates=(replace(main.estimates[0], model="bayes", df=None, p_value=None),))
    said = "finds an effect reliably only if"
    assert any(said in reason for reason in decided(main=main).reasons)
    found = decided([0.1, 0.2, 0.05], main=posterior)
    assert found.basis == "posterior"
    assert not any(said in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("model", "said"), [("did", "stands beside the estimate"), ("bayes", "is the estimate itself")]
)
def test_it_is_said_whether_the_bayesian_answer_is_the_estimate(model: str, said: str) -> None:
    main = outcome(0.1, 0.02)
    main = replace(main, estimates=(replace(main.estimates[0], model=model),))
    assert any(reason.endswith(f"whose answer {said}.") for reason in decided([0.1, 0.2], main=main).reasons)


def test_dropping_the_model_whose_checks_failed_is_no_remedy() -> None:
    found = decided([0.1, 0.2], failed=("It did.",))
    assert found.verdict == "cannot_tell"
    (remedy,) = [text for text in found.would_change if "Bayesian" in text]
    assert "choose the method by its result" in remedy


def test_days_are_said_to_be_those_of_the_typical_case() -> None:
    days = outcome(0.1, 0.02, kind="duration", counterfactual=12.34)
    (row,) = [r for r in assumptions(study(), days) if r.label.startswith("Length of a case")]
    assert row.value.startswith("12.3 days, the typical case (geometric mean)")
    assert not [r for r in assumptions(study(), outcome(0.1, 0.02)) if r.label.startswith("Length of a case")]
