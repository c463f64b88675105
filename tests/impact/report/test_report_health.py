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
        (
            "Warning",
            "Repeat complaint within 90 days, Days from report to first visit and Recorded anti-social behaviour",
        ),
        ("Warning", "Satisfied with how the complaint was handled"),
        ("Warning", "Recorded anti-social behaviour"),
        ("Warning", "source survey, survey.csv, column satisfaction"),
        ("Not possible", "Satisfied with how the complaint was handled; Interrupted time series"),
    ]
    assert found.summary == "4 warnings and 1 figure that could not be given."
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
    assert len(found.more) == 30 + 1 + 1 - MOST_OPEN, "30 checks, one problem said 150 times, one refusal"


def test_refusals_of_one_model_for_several_outcomes_are_one_finding(flagship: RunResult) -> None:
    refusal = (NotEstimable("did", "too few areas"),)
    outcomes = {key: replace(o, checks=(), not_estimable=refusal) for key, o in flagship.outcomes.items()}
    found = health(replace(flagship, outcomes=outcomes, data=replace(flagship.data, problems=())), list(outcomes))
    assert [(f.where, f.text) for f in found.shown] == [("Every outcome; Difference-in-differences", "Too few areas.")]
