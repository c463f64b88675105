from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from scipy import stats

from impact.decision import decide
from impact.intake.problems import Problem, Severity
from impact.probabilities import Sizes, probabilities
from impact.result import ConcurrentInfo, Decision, InterventionInfo, OutcomeResult, StudyInfo
from impact.security import minimum_detectable, rate
from impact.study.outcomes import Better
from impact.study.schema import Study
from models.estimate import Check, Clusters, Estimate, NotEstimable, Scale, Status

EXACT = 1e-12  # closed forms computed twice

BASE = Estimate(
    model="did",
    method="collapsed change per area, t(5)",
    estimand="area ITT",
    scale=Scale.DIFFERENCE,
    estimate=0.10,
    interval=(0.05, 0.15),
    level=0.95,
    std_error=0.02,
    df=5.0,
    p_value=0.004,
    attainable_p=None,
    clusters=Clusters(2, 5),
    headline=True,
)
OUTCOME = OutcomeResult(
    title="Satisfied",
    kind="ordinal",
    unit="share",
    better="higher",
    role="primary",
    worthwhile=0.05,
    definition="",
    baseline_level=0.5,
    counterfactual=0.5,
    estimates=(BASE,),
    paths=(),
    checks=(),
    not_estimable=(),
    windows=(),
    disclosure_minimum=5,
)
INFO = StudyInfo(
    id="s",
    title="S",
    question=None,
    note=None,
    intervention=InterventionInfo("x", "2024-01-01", None, 0, "separate", None, None, ()),
    area_level="district",
    treated=("A", "B"),
    comparison=("C", "D", "E", "F", "G"),
    neighbours={},
    recodes=(),
    time_unit="month",
    baseline=(),
    follow_up=(),
    phase_in=(),
    excluded=(),
    models=(),
    simulated=False,
    disclosure_minimum=5,
)


def study(**outcomes: dict[str, Any]) -> Study:
    named = outcomes or {"main": {}}
    return Study.model_validate({
        "schema": 1,
        "study": {"id": "s", "title": "S"},
        "intervention": {"name": "x", "start": "2024-01-01"},
        "areas": {"treated": ["A", "B"]},
        "sources": {"rows": {"path": "rows.csv"}},
        "outcomes": {
            key: {"source": "rows", "kind": "binary", "value": "v", "better": "higher", **more}
            for key, more in named.items()
        },
    })  # fmt: skip


def estimate(value: float, std_error: float, **changes: Any) -> Estimate:
    half = float(stats.t.ppf(0.975, 5)) * std_error
    return replace(BASE, estimate=value, std_error=std_error, interval=(value - half, value + half), **changes)


def decided(headline: Estimate, *, info: StudyInfo = INFO, **changes: Any) -> Decision:
    outcome = replace(OUTCOME, estimates=(headline,), **changes)
    return decide(study(), info, {"main": outcome}, ())


def test_probabilities_are_the_t_distribution_around_the_estimate() -> None:
    found = probabilities(BASE, Better.HIGHER, Sizes.of(Scale.DIFFERENCE, Better.HIGHER, 0.05))
    assert found is not None
    assert found.beneficial == pytest.approx(stats.t.cdf(0.10 / 0.02, 5), abs=EXACT)
    assert found.worthwhile == pytest.approx(stats.t.cdf((0.10 - 0.05) / 0.02, 5), abs=EXACT)
    assert found.harm == pytest.approx(stats.t.cdf((-0.05 - 0.10) / 0.02, 5), abs=EXACT)


def test_probabilities_of_a_ratio_where_less_is_better() -> None:
    from math import log

    ratio = replace(BASE, scale=Scale.RATIO, estimate=0.8, interval=(0.7, 0.9), std_error=0.05)
    found = probabilities(ratio, Better.LOWER, Sizes.of(Scale.RATIO, Better.LOWER, -0.05))
    assert found is not None
    assert found.beneficial == pytest.approx(stats.t.cdf((log(1) - log(0.8)) / 0.05, 5), abs=EXACT)
    assert found.worthwhile == pytest.approx(stats.t.cdf((log(0.95) - log(0.8)) / 0.05, 5), abs=EXACT)
    assert found.harm == pytest.approx(stats.t.sf((-log(0.95) - log(0.8)) / 0.05, 5), abs=EXACT)


@pytest.mark.parametrize(
    ("headline", "verdict"),
    [
        (estimate(0.20, 0.02), "scale_up"),
        (estimate(0.06, 0.04), "extend"),
        (estimate(0.00, 0.01), "stop"),
        (estimate(-0.20, 0.02), "stop"),
        (estimate(0.12, 0.07), "extend"),  # probably worthwhile, direction not 95% sure
        (replace(BASE, interval=None, std_error=None, df=None, p_value=None), "cannot_tell"),
    ],
)
def test_the_rule_gives_the_verdict(headline: Estimate, verdict: str) -> None:
    assert decided(headline).verdict == verdict


def test_without_an_estimate_nothing_can_be_told_and_the_reason_is_given() -> None:
    outcome = replace(OUTCOME, estimates=(), not_estimable=(NotEstimable("did", "No events in Ashby."),))
    found = decide(study(), INFO, {"main": outcome}, ())
    assert (found.verdict, found.security) == ("cannot_tell", 0)
    assert "No events in Ashby." in found.reasons
    assert found.probability_beneficial is None


def test_the_treated_areas_alone_never_scale_up() -> None:
    found = decided(estimate(0.20, 0.02, clusters=Clusters(2, 0)))
    assert found.verdict == "extend"
    assert found.security == 1


def test_evidence_rated_one_is_too_weak_to_scale_up() -> None:
    moved = ConcurrentInfo("Moved house", "2024-01", ("A",))
    shared = replace(INFO.intervention, delivery="shared", concurrent=(moved,))
    found = decided(estimate(0.20, 0.02), info=replace(INFO, intervention=shared))
    assert (found.verdict, found.security) == ("extend", 1)
    assert any("rated 1 of 5" in reason for reason in found.reasons)


def test_one_team_whose_areas_count_as_one_does_not_scale_up_if_the_answer_changes() -> None:
    warned = (Check("one_team", Status.WARN, "One team."),)
    assert decided(estimate(0.20, 0.02), checks=warned).verdict == "extend"
    passed = (Check("one_team", Status.PASS, "One team."),)
    assert decided(estimate(0.20, 0.02), checks=passed).verdict == "scale_up"


def pair(role: str, other: Estimate) -> Decision:
    outcomes = {
        "main": replace(OUTCOME, estimates=(estimate(0.20, 0.02),)),
        "other": replace(OUTCOME, role=role, estimates=(other,)),
    }
    return decide(study(main={}, other={"role": role}), INFO, outcomes, ())


def test_a_harmed_guardrail_vetoes_and_an_unharmed_one_does_not() -> None:
    assert pair("guardrail", estimate(-0.20, 0.02)).verdict == "extend"
    assert pair("guardrail", estimate(0.00, 0.02)).verdict == "scale_up"


def test_a_guardrail_that_cannot_be_estimated_vetoes() -> None:
    blind = replace(BASE, interval=None, std_error=None, df=None, p_value=None)
    assert pair("guardrail", blind).verdict == "extend"


def test_a_placebo_outcome_that_moved_leaves_nothing_to_tell() -> None:
    assert pair("placebo", estimate(0.20, 0.02)).verdict == "cannot_tell"
    assert pair("placebo", estimate(0.00, 0.02)).verdict == "scale_up"


def test_probable_harm_blocks_scaling_up() -> None:
    # Without a worthwhile effect, harm is any effect in the wrong direction.
    found = decided(estimate(0.10, 0.045), worthwhile=None)
    assert found.probability_worthwhile is None
    assert found.probability_harm == pytest.approx(1 - (found.probability_beneficial or 0), abs=EXACT)


def test_the_minimum_detectable_effect_is_3_49_standard_errors_at_5_degrees_of_freedom() -> None:
    assert (minimum_detectable(estimate(0.0, 1.0)) or 0) == pytest.approx(3.49, abs=0.005)


def rated(change: Callable[[StudyInfo], StudyInfo] = lambda info: info, **changes: Any) -> int:
    outcome = replace(OUTCOME, estimates=(replace(estimate(0.1, 0.02), **changes),))
    return rate(change(INFO), outcome, ()).value


def test_security_counts_areas() -> None:
    assert rated() == 3
    assert rated(clusters=Clusters(1, 6)) == 2
    assert rated(clusters=Clusters(2, 2)) == 2
    assert rated(clusters=Clusters(4, 16)) == 4
    assert rated(clusters=Clusters(38, 2)) == 2
    assert rated(clusters=Clusters(18, 5)) == 3
    assert rated(clusters=Clusters(10, 30)) == 5
    assert rated(clusters=Clusters(7, 0)) == 1


def test_an_interval_that_counts_periods_is_never_worth_more_than_one_however_many_areas_stand_behind_it() -> None:
    assert rated(clusters=Clusters(10, 30, periods=48)) == 1
    assert rated(clusters=Clusters(2, 5, periods=480)) == 1
    assert rated(clusters=Clusters(2, 0, periods=48)) == 1


def test_each_model_is_held_to_its_own_answer_for_one_team() -> None:
    against = (Check("one_team", Status.WARN, ""), Check("ordinal_one_team", Status.PASS, ""))
    strong = estimate(0.20, 0.02)
    assert decided(strong, checks=against).verdict == "extend"
    assert decided(replace(strong, model="ordinal"), checks=against).verdict == "scale_up"


def test_one_team_counts_as_one_unit() -> None:
    assert rated(lambda i: replace(i, intervention=replace(i.intervention, delivery="shared"))) == 2


def test_each_threat_takes_one_off_and_never_below_one() -> None:
    moved = ConcurrentInfo("Moved house", "2024-01", ("A",))
    elsewhere = replace(moved, areas=("C",))
    assert rated(lambda i: replace(i, intervention=replace(i.intervention, concurrent=(moved,)))) == 2
    assert rated(lambda i: replace(i, intervention=replace(i.intervention, concurrent=(elsewhere,)))) == 3
    assert rated(std_error=0.2) == 2  # detectable effect is 14 times the worthwhile one
    poor = Problem("response_rate", Severity.WARNING, "m", "a", source="rows")
    outcome = replace(OUTCOME, checks=(Check("c", Status.FAIL, "broken."),))
    assert rate(INFO, outcome, (poor,)).value == 1


@pytest.mark.parametrize("name", ["response_rate", "recurrence_follow_up"])
def test_attrition_is_one_threat_however_it_shows(name: str) -> None:
    lost = Check(name, Status.WARN, "More were lost from one group.")
    outcome = replace(OUTCOME, estimates=(estimate(0.1, 0.02),), checks=(lost,))
    poor = Problem("response_rate", Severity.WARNING, "m", "a", source="rows")
    alone, twice = rate(INFO, outcome, ()), rate(INFO, outcome, (poor,))
    assert (alone.value, alone.reasons[-1]) == (2, lost.finding)
    assert twice.value == 2
    held = replace(outcome, checks=(Check(name, Status.PASS, "As many were lost from both."),))
    assert rate(INFO, held, ()).value == 3


def test_a_worthwhile_doubling_can_be_judged() -> None:
    from math import log

    ratio = replace(BASE, scale=Scale.RATIO, estimate=2.5, interval=(2.0, 3.1), std_error=0.1)
    found = probabilities(ratio, Better.HIGHER, Sizes.of(Scale.RATIO, Better.HIGHER, 1.0))
    assert found is not None
    assert found.harm == pytest.approx(stats.t.sf((log(2.5) + log(2)) / 0.1, 5), abs=EXACT)


def test_an_estimate_whose_interval_could_not_be_written_tells_nothing() -> None:
    found = decided(replace(estimate(0.2, 0.02), interval=None))
    assert (found.verdict, found.security, found.probability_beneficial) == ("cannot_tell", 0, None)


def test_the_reason_is_that_of_the_model_which_would_have_been_the_headline() -> None:
    reasons = (NotEstimable("panel", "P."), NotEstimable("its", "I."), NotEstimable("did", "D."))
    found = decide(study(), INFO, {"main": replace(OUTCOME, estimates=(), not_estimable=reasons)}, ())
    assert found.reasons == ("D.",)


def test_a_model_that_never_carries_a_verdict_is_not_blamed() -> None:
    found = decide(study(), INFO, {"main": replace(OUTCOME, estimates=(replace(BASE, headline=False),))}, ())
    (reason,) = found.reasons
    assert reason == "No model was run that can carry a verdict. Run one of: did, its, ordinal, bayes."


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"comparison": ()}, "its, bayes"),
        ({"starts": {"A": "2024-01-01", "B": "2024-07-01"}}, "staggered"),
        ({"starts": {"A": "2024-01-01", "B": "2024-07-01"}, "comparison": ()}, "staggered"),
    ],
)
def test_only_models_that_the_design_allows_are_named(changes: dict[str, Any], named: str) -> None:
    info = replace(INFO, **changes)
    found = decide(study(), info, {"main": replace(OUTCOME, estimates=(replace(BASE, headline=False),))}, ())
    assert found.reasons == (f"No model was run that can carry a verdict. Run one of: {named}.",)


def test_a_placebo_outcome_without_an_estimate_blocks_scaling_up() -> None:
    blind = replace(BASE, interval=None, std_error=None, df=None, p_value=None)
    assert pair("placebo", blind).verdict == "extend"


def test_one_team_that_could_not_be_checked_is_said_so() -> None:
    unknown = (Check("one_team", Status.NOT_RUN, "Cannot be judged."),)
    found = decided(estimate(0.20, 0.02), checks=unknown)
    assert found.verdict == "extend"
    assert any("cannot be estimated" in reason for reason in found.reasons)


def test_a_failed_check_of_a_model_beside_the_headline_is_no_threat() -> None:
    beside = replace(OUTCOME, estimates=(estimate(0.1, 0.02),), checks=(Check("its_points", Status.FAIL, "Few."),))
    assert rate(INFO, beside, ()).value == 3


def test_answers_to_another_question_are_no_threat() -> None:
    elsewhere = Problem("response_rate", Severity.WARNING, "m", "a", source="rows", column="other")
    here = replace(elsewhere, column="v")
    outcomes = {"main": replace(OUTCOME, estimates=(estimate(0.1, 0.02),))}
    assert decide(study(), INFO, outcomes, (elsewhere,)).security == 3
    assert decide(study(), INFO, outcomes, (here,)).security == 2


def test_without_comparison_areas_no_cause_is_named() -> None:
    found = decided(estimate(0.06, 0.04, clusters=Clusters(2, 0)))
    assert "whatever the cause" in found.reasons[0]


@pytest.mark.parametrize(
    ("headline", "said"), [(estimate(0.0, 0.01), "falls short"), (estimate(-0.2, 0.25), "still reaches")]
)
def test_a_stop_says_whether_a_worthwhile_effect_is_ruled_out(headline: Estimate, said: str) -> None:
    found = decided(headline)
    assert found.verdict == "stop"
    assert any(said in reason for reason in found.reasons)


def test_no_effect_larger_than_a_share_can_be_is_named() -> None:
    assert any("no effect of a believable size" in reason for reason in decided(estimate(0.1, 0.4)).reasons)


def test_the_words_name_the_estimate_its_range_and_the_probabilities() -> None:
    found = decided(estimate(0.06, 0.04))
    assert found.headline == (
        "Extend the pilot before deciding: the estimated effect on satisfied is +6.0 points (plausible range "
        "\N{MINUS SIGN}4.3 to +16.3 points)."
    )
    assert found.reasons[0] == (
        "The probability that satisfied rose because of the pilot is 90%, if comparison districts show what would "
        "have happened anyway."
    )


def test_an_answer_that_depends_on_choices_loses_one_star_however_many_they_are() -> None:
    turned = [
        Check(name, Status.WARN, "Without Norwich the estimate points the other way.", overturns=True)
        for name in ("boundaries", "shocks")
    ]
    steady = replace(OUTCOME, checks=(Check("boundaries", Status.PASS, "No coding changes the answer."),))
    shaky = replace(OUTCOME, checks=tuple(turned))
    sound, less = rate(INFO, steady, ()), rate(INFO, shaky, ())
    assert (sound.value, less.value) == (3, 2)
    assert "depends on a choice: without Norwich" in less.reasons[-1]


def test_a_threat_that_leaves_the_answer_as_it_is_is_not_called_a_choice_that_changes_it() -> None:
    finding = "The treated areas were chosen for a peak that is part of the baseline; the answer stays the same."
    peak = replace(OUTCOME, checks=(Check("regression_to_the_mean", Status.WARN, finding),))
    assert rate(INFO, peak, ()).reasons[-1] == finding


def test_an_alternative_that_is_only_less_sure_costs_no_star() -> None:
    finding = "Without the neighbours it no longer shows a difference from no effect."
    unsure = replace(OUTCOME, checks=(Check("without_neighbours", Status.WARN, finding),))
    assert rate(INFO, unsure, ()).value == 3


WEIGHED = replace(BASE, model="synthetic", std_error=None, df=None)


def test_a_range_by_placebos_gives_no_probabilities_and_the_reason_is_its_own() -> None:
    beside = (NotEstimable("synthetic", "No 95% interval from synthetic difference-in-differences."),)
    found = decided(WEIGHED, not_estimable=beside)
    assert (found.verdict, found.probability_beneficial) == ("cannot_tell", None)
    assert found.headline.endswith(
        "(plausible range +5.0 to +15.0 points), without the probabilities that the rule asks for."
    )
    (reason,) = found.reasons
    assert "no probabilities, so the declared rule cannot be read" in reason
    assert reason.endswith("Add `did`, `its`, `ordinal` or `bayes` to the models, which give them.")


def test_without_a_range_the_reason_is_the_headlines_own_and_not_that_of_another_model() -> None:
    bare = replace(BASE, model="its", interval=None, std_error=None, df=None, p_value=None)
    others = (NotEstimable("did", "D."), NotEstimable("its", "I."), NotEstimable("its", "Companion."))
    assert decided(bare, not_estimable=others).reasons == ("I.",)
    assert decided(bare, not_estimable=others[:1]).reasons == ("D.",)


def test_a_synthetic_comparison_is_triangulation() -> None:
    few = Check("synthetic_donors", Status.WARN, "There are only 5 comparison areas to weigh.")
    poor = Check("synthetic_fit", Status.WARN, "The weighted areas miss the treated ones.")
    many = replace(WEIGHED, clusters=Clusters(10, 30))
    sound = rate(INFO, replace(OUTCOME, estimates=(many,)), ())
    assert (sound.value, "triangulation" in sound.reasons[0]) == (2, True)
    weak = rate(INFO, replace(OUTCOME, estimates=(many,), checks=(few, poor)), ())
    assert (weak.value, weak.reasons[1:]) == (1, (few.finding, poor.finding))
    elsewhere = rate(INFO, replace(OUTCOME, checks=(few, poor)), ())
    assert elsewhere.value == 3, "the headline is another model's"


@pytest.mark.parametrize("model", ["did", "its", "staggered", "recurrence", "ordinal"])
def test_one_team_needs_its_own_check_before_anything_is_scaled_up(model: str) -> None:
    # Every second star aside, so that nothing but the missing check stands in the way.
    shared = replace(INFO, intervention=replace(INFO.intervention, delivery="shared"))
    strong = estimate(0.20, 0.02, model=model)
    name = "one_team" if model == "did" else f"{model}_one_team"
    missing = decided(strong, info=shared)
    assert (missing.verdict, missing.security) == ("extend", 2)
    assert any("cannot be estimated" in reason for reason in missing.reasons)
    assert decided(strong, info=shared, checks=(Check(name, Status.PASS, ""),)).verdict == "scale_up"
    assert decided(strong, info=shared, checks=(Check(name, Status.WARN, ""),)).verdict == "extend"
    blocked = decided(strong, info=shared, checks=(Check(name, Status.NOT_RUN, "", "Too few assignments."),))
    assert blocked.verdict == "extend"
    assert any(reason.endswith("Too few assignments.") for reason in blocked.reasons)


def test_one_treated_area_of_a_team_is_one_unit_already() -> None:
    shared = replace(INFO, intervention=replace(INFO.intervention, delivery="shared"))
    assert decided(estimate(0.20, 0.02, clusters=Clusters(1, 6)), info=shared).verdict == "scale_up"


def test_a_stop_with_a_wide_range_says_why_the_rule_does_not_wait() -> None:
    found = decided(estimate(-0.2, 0.25))
    assert found.verdict == "stop"
    assert any("how large the effect is cannot be told; but the rule does not wait" in r for r in found.reasons)
    assert any("not that the pilot has been shown to do harm" in r for r in found.reasons)
    wrong = decided(estimate(-0.06, 0.02))
    assert wrong.verdict == "stop"
    assert any("almost certainly moved the wrong way" in r for r in wrong.reasons)
    clear = decided(estimate(-0.2, 0.02))
    assert clear.verdict == "stop"
    assert not any("to do harm" in r or "wrong way" in r for r in clear.reasons)


def test_areas_that_start_later_are_named_where_there_are_no_others() -> None:
    later = replace(INFO, comparison=(), starts={"A": "2024-01-01", "B": "2024-07-01"})
    found = decided(estimate(0.20, 0.02, model="staggered", clusters=Clusters(2, 3)), info=later)
    assert "if districts that start later show" in found.reasons[0]
    assert "2 treated and 3 later areas" in found.security_reasons[0]
