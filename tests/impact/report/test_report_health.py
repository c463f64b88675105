from dataclasses import replace

from impact.report.charts import reading_order
from impact.report.health import MOST_OPEN, health
from impact.result import OutcomeResult, RunResult
from models.estimate import Check, NotEstimable, Status


def with_only(result: RunResult, outcome: OutcomeResult) -> RunResult:
    return replace(result, outcomes={"asb": outcome}, data=replace(result.data, problems=()))


def test_everything_that_speaks_against_the_results_is_there_once(flagship: RunResult) -> None:
    found = health(flagship, reading_order(flagship))
    assert [(f.word, f.where) for f in found.shown] == [
        ("Warning", "Satisfied with how the complaint was handled"),
        ("Warning", "source survey, survey.csv, column satisfaction"),
    ]
    assert found.summary == "2 warnings."
    assert found.others == (
        "Below, with each outcome: 4 warnings of methods other than the headline's and 1 figure beside the headline "
        "that could not be given."
    )
    assert found.tone == "warn"


def test_a_failed_check_comes_first_and_sets_the_tone(flagship: RunResult) -> None:
    failed = Check("c", Status.FAIL, "the windows overlap")
    outcome = replace(flagship.outcomes["asb"], checks=(*flagship.outcomes["asb"].checks, failed))
    found = health(with_only(flagship, outcome), ["asb"])
    assert (found.shown[0].word, found.shown[0].text, found.tone) == ("Failed", "The windows overlap.", "fail")


def test_an_outcome_without_inference_outranks_warnings(one_by_one: RunResult) -> None:
    found = health(one_by_one, ["asb"])
    assert found.shown[0].word == "Not possible"
    assert found.tone == "fail"


def test_passed_and_unrun_checks_and_notes_are_no_warning(flagship: RunResult) -> None:
    quiet = (Check("a", Status.PASS, "fine"), Check("b", Status.NOT_RUN, "not needed"))
    outcome = replace(flagship.outcomes["asb"], checks=quiet, not_estimable=())
    notes = tuple(p for p in flagship.data.problems if p.severity == "note")
    found = health(replace(with_only(flagship, outcome), data=replace(flagship.data, problems=notes)), ["asb"])
    assert (found.shown, found.summary, found.tone) == ((), "", "good")


def test_what_holds_for_every_outcome_says_so(flagship: RunResult) -> None:
    alone = Check("a", Status.WARN, "few areas")
    outcomes = {key: replace(o, checks=(alone,), not_estimable=()) for key, o in flagship.outcomes.items()}
    found = health(replace(flagship, outcomes=outcomes), list(outcomes))
    assert found.shown[0].where == "Every outcome"


def test_many_findings_are_folded_after_the_first_ones(hostile: RunResult) -> None:
    found = health(hostile, list(hostile.outcomes))
    assert len(found.shown) == MOST_OPEN
    assert found.shown[0].word == "Failed"
    assert found.more_title == f"{len(found.more)} more findings"
    assert len(found.more) == 30 + 1 - MOST_OPEN, "30 checks and one problem said 150 times"


def test_refusals_of_one_model_for_several_outcomes_are_one_finding(flagship: RunResult) -> None:
    refusal = (NotEstimable("did", "too few areas"),)
    outcomes = {key: replace(o, estimates=(), checks=(), not_estimable=refusal) for key, o in flagship.outcomes.items()}
    found = health(replace(flagship, outcomes=outcomes, data=replace(flagship.data, problems=())), list(outcomes))
    assert [(f.where, f.text) for f in found.shown] == [("Every outcome; Difference-in-differences", "Too few areas.")]


def warned(check: str, finding: str) -> tuple[Check, ...]:
    return (Check(check, Status.WARN, finding, "Because of Norwich."),)


def test_a_check_that_warns_in_several_outcomes_is_one_line_that_says_what_it_means(flagship: RunResult) -> None:
    outcomes = {
        key: replace(o, checks=warned("leave_one_out", f"{o.title}: without Norwich it turns"), not_estimable=())
        for key, o in flagship.outcomes.items()
    }
    result = replace(flagship, outcomes=outcomes, data=replace(flagship.data, problems=()))
    (line,) = health(result, list(outcomes)).shown
    assert (line.where, line.text) == ("Every outcome", "The answer changes when one single area is left out.")
    deciding = flagship.outcomes[flagship.decision.outcome].title
    assert line.detail == f"{deciding}: {deciding}: without Norwich it turns."


def test_a_check_nobody_described_points_to_the_outcomes(flagship: RunResult) -> None:
    outcomes = {
        key: replace(flagship.outcomes[key], checks=warned("odd_one", key), not_estimable=())
        for key in ("asb", "satisfaction")
    }
    result = replace(flagship, outcomes=outcomes, data=replace(flagship.data, problems=()))
    (line,) = health(result, list(outcomes)).shown
    assert (line.text, line.detail) == ("Odd one: what was found is said under each of these outcomes.", "")


def test_what_decides_comes_before_what_concerns_more_outcomes(flagship: RunResult) -> None:
    checks = {
        "asb": warned("shocks", "a"),
        "satisfaction": warned("shocks", "b"),
        "response_time": warned("its_alone", "c"),
        "recurrence": (*warned("its_alone", "c"), *warned("boundaries", "d")),
    }
    outcomes = {key: replace(flagship.outcomes[key], checks=found, not_estimable=()) for key, found in checks.items()}
    result = replace(flagship, outcomes=outcomes, data=replace(flagship.data, problems=()))
    found = health(result, list(outcomes))
    assert [line.text for line in found.shown] == ["D.", "The answer changes with how a shock is handled."]
    assert found.others.startswith("Below, with each outcome: 2 warnings of methods other than the headline's")


def test_choices_that_only_show_more_than_the_headline_are_one_finding(flagship: RunResult) -> None:
    gained = "leaving that out, the estimate is \u221212%, and it now shows a difference"
    turned = "leaving that out, in one it now shows a difference and in one it points the other way"
    checks = (*warned("shocks", gained), *warned("month_matched", gained), *warned("boundaries", turned))
    outcome = replace(flagship.outcomes["asb"], checks=checks, not_estimable=())
    found = health(with_only(flagship, outcome), ["asb"])
    assert [line.text[:60] for line in found.shown] == [
        "Leaving that out, in one it now shows a difference and in on",
        "The headline's plausible range just reaches no difference: i",
    ]
    assert found.shown[1].detail == "Other ways to handle a shock; The same months only."
    one = health(with_only(flagship, replace(outcome, checks=checks[:1])), ["asb"])
    assert [line.text[:11] for line in one.shown] == ["Leaving tha"]


def test_every_finding_that_a_line_stands_for_counts_as_said(checked: RunResult) -> None:
    found = health(checked, reading_order(checked))
    against = [c for o in checked.outcomes.values() for c in o.checks if c.status is Status.WARN]
    assert {c.finding for c in against} <= found.said
