"""Activity is an output and never an outcome: the study file knows the difference."""

from collections.abc import Callable

import pytest

from impact.study.outcomes import ContinuousOutcome, CountOutcome, DurationOutcome, Outcome
from impact.study.outputs import ACTIVITY, looks_like_activity

type Problems = Callable[[str], list[str]]

OUTPUTS = """
outputs:
  arrests: {source: log, value: arrests, exposure: {source: people, value: population}}
  warnings: {title: Warnings given, source: letters}
"""
SOURCES = """
  log: {path: log.csv, reader: panel, columns: {area: district, time: month}}
  letters: {path: letters.csv, columns: {area: district, time: sent_on}}
outcomes:
"""
WHAT_TO_DO = "name it under outcomes instead."


@pytest.fixture
def study(valid: str) -> str:
    """The valid study with outputs."""
    return valid.replace("outcomes:\n", SOURCES.lstrip("\n"), 1).replace(
        "models: [did, its]", OUTPUTS + "models: [did]", 1
    )


def test_outputs_are_right(study: str, problems: Problems) -> None:
    assert problems(study) == []


@pytest.mark.parametrize(
    ("key", "line", "reason"),
    [
        ("better", "better: higher", "an output has no better side"),
        ("worthwhile", "worthwhile: 0.1", "an output has no smallest worthwhile change"),
        ("role", "role: secondary", "an output plays no part in the decision"),
        ("kind", "kind: count", "an output has no kind"),
    ],
)
def test_keys_of_outcomes_are_refused_with_the_reason(
    key: str, line: str, reason: str, study: str, problems: Problems
) -> None:
    (found,) = problems(study.replace("{title: Warnings given, ", f"{{title: Warnings given, {line}, ", 1))
    assert f"outputs.warnings.{key}: {reason}" in found
    assert WHAT_TO_DO in found


def test_other_keys_are_refused_with_the_keys_there_are(study: str, problems: Problems) -> None:
    (found,) = problems(study.replace("{title: Warnings given, ", "{horizon: 90, ", 1))
    assert "unknown key 'horizon' in outputs.warnings." in found
    assert "The keys here are source, title, value and exposure." in found


@pytest.mark.parametrize("word", ["activity", "output", "process"])
def test_activity_is_no_role_of_an_outcome(word: str, study: str, problems: Problems) -> None:
    (found,) = problems(study.replace("    role: primary\n", f"    role: {word}\n", 1))
    assert f"an outcome has no role '{word}': {ACTIVITY}." in found
    assert "move 'satisfaction' out of outcomes, to 'outputs: {satisfaction: {source: …}}'" in found


def test_activity_is_no_kind_of_outcome(study: str, problems: Problems) -> None:
    found = problems(study.replace("    kind: count\n", "    kind: output\n", 1))
    assert any(f"an outcome has no kind 'output': {ACTIVITY}." in problem for problem in found)


def test_an_output_cannot_decide(study: str, problems: Problems) -> None:
    (found,) = problems(study.replace("outcome: recurrence", "outcome: arrests", 1))
    assert f"'arrests' is an output, and {ACTIVITY}." in found


def test_one_name_is_an_outcome_or_an_output(study: str, problems: Problems) -> None:
    (found,) = problems(study.replace("  warnings: {title", "  asb: {title", 1))
    assert f"'asb' is an outcome too: {ACTIVITY}." in found


def test_the_title_of_an_outcome_is_no_title_of_an_output(study: str, problems: Problems) -> None:
    (found,) = problems(study.replace("title: Warnings given", "title: ASB", 1))
    assert "the report would call both this and outcome 'asb' 'ASB'." in found
    assert "give one of them another title." in found


@pytest.mark.parametrize(
    ("output", "what"),
    [
        ("{source: incidents}", "measures the rows of source 'incidents' too"),
        ("{source: survey, value: satisfaction}", "measures the column 'satisfaction' of source 'survey' too"),
    ],
)
def test_what_an_outcome_measures_is_no_output(output: str, what: str, study: str, problems: Problems) -> None:
    (found,) = problems(study.replace("{title: Warnings given, source: letters}", output, 1).replace(
        "  letters: {path: letters.csv, columns: {area: district, time: sent_on}}\n", "", 1))  # fmt: skip
    assert what in found


def test_another_column_of_an_outcomes_source_may_be_an_output(study: str, problems: Problems) -> None:
    assert problems(study.replace("source: letters}", "source: complaints, value: letters}", 1)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("source: letters}", "source: leters}", "there is no source 'leters'; did you mean 'letters'?"),
        ("{source: log, value: arrests, ", "{source: log, ", "so the count needs a column"),
        ("{source: log, value: arrests, ", "{value: arrests, ", "outputs.arrests needs the key 'source'"),
        ("exposure: {source: people, value: population}}\n  w", "exposure: {source: incidents, value: p}}\n  w",
         "police.uk files hold no population"),
    ],
)  # fmt: skip
def test_outputs_are_checked_as_counts_are(old: str, new: str, expected: str, study: str, problems: Problems) -> None:
    assert study.count(old) == 1
    (found,) = problems(study.replace(old, new))
    assert expected in found


def test_a_faulty_output_says_nothing_more_of_the_decision(study: str, problems: Problems) -> None:
    faulty = study.replace("{source: log, value: arrests, ", "{value: arrests, ", 1)
    found = problems(faulty.replace("outcome: recurrence", "outcome: arrests", 1))
    assert [f"'arrests' is an output, and {ACTIVITY}." in problem for problem in found] == [False, True]


def count(title: str) -> Outcome:
    return CountOutcome.model_validate({"source": "s", "kind": "count", "better": "lower", "title": title})


@pytest.mark.parametrize(
    "title",
    ["Arrests", "Warning letters", "Written warnings", "Patrol hours", "Stop and search", "Stop & searches", "Visits",
     "Home visits", "Visits made", "Contacts", "Officer contacts", "Community protection notices", "Notices served"],
)  # fmt: skip
def test_plain_activity_is_recognised(title: str) -> None:
    assert looks_like_activity("x", count(title))


@pytest.mark.parametrize(
    "title",
    ["Re-arrests", "Rearrests", "Cardiac arrests", "Complaints about stop and search", "Days to the first visit",
     "Hospital visits", "Recorded ASB", "Flood warnings", "Contacts from the public", "Eviction notices",
     "Repeat calls after a warning letter", "Visitors", "Victims contacted", "Car thefts"],
)  # fmt: skip
def test_what_only_sounds_like_it_is_not(title: str) -> None:
    assert not looks_like_activity("x", count(title))


def test_key_and_column_are_read_too_and_other_kinds_are_not() -> None:
    plain = {"source": "s", "better": "lower"}
    assert looks_like_activity("arrests_made", count("Something"))
    assert looks_like_activity("x", CountOutcome.model_validate({**plain, "kind": "count", "value": "patrol_hours"}))
    assert looks_like_activity(
        "x", ContinuousOutcome.model_validate({**plain, "kind": "continuous", "value": "patrols"})
    )
    visit = {**plain, "kind": "duration", "event": "first_visit_on", "title": "Visits"}
    assert not looks_like_activity("visits", DurationOutcome.model_validate(visit))
