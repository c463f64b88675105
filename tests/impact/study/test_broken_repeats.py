"""Times to an event built from repeats: what is right, and one mistake each with its place and what to do."""

from collections.abc import Callable

import pytest

from impact.study.outcomes import TimeToEventOutcome

EVENT = "    event: next_reported_on\n    horizon: 90\n"
REPEAT = "    repeat: {same: [place, who], within: 90}\n"
AT_KIND, AT_KEY = "x.yaml:45:3: ", "x.yaml:48:5: "

RIGHT = {
    "from a list of columns": REPEAT,
    "within an area": "    repeat: {same: [place, district], within: 90}\n",
    "from one column": "    repeat: {same: place, within: 90}\n",
    "with a horizon": REPEAT + "    horizon: 28\n",
    "with the longest horizon": REPEAT + "    horizon: 90\n",
    "without looking back": "    repeat: {same: place, within: 90, look_back: 0}\n",
    "with competing events": REPEAT + "    competing: [moved_on, enforced_on]\n",
    "a column with competing events": EVENT + "    competing: [moved_on]\n",
    "to the extract": EVENT + "    followed_to: extract\n",
}

WRONG = {
    "neither": (
        "    horizon: 90\n",
        AT_KIND,
        "outcome 'recurrence' needs 'event' (a column with a day) or 'repeat' (which reports belong together).",
        "add 'event: …', or 'repeat: {same: place, within: 90}'",
    ),
    "both": (EVENT + REPEAT, "x.yaml:50:5: ", "comes from 'event' or from 'repeat', not from both.", "keep one."),
    "an event without a horizon": (
        "    event: next_reported_on\n",
        AT_KIND,
        "outcome 'recurrence' needs the key 'horizon'.",
        "the days after the source's time column within which an event counts",
    ),
    "a horizon longer than the episode": (
        REPEAT + "    horizon: 91\n",
        "x.yaml:49:14: ",
        "the horizon is 91 days, but a report is a repeat only within 90.",
        "write 90 or less, remove the line, or let repeat.within be longer.",
    ),
    "only the area in common": (
        "    repeat: {same: district, within: 90}\n",
        "x.yaml:48:20: ",
        "'district' is the area, so every report of an area would be a repeat of its first.",
        "name what repeats have in common, such as the place.",
    ),
    "nothing in common": (
        "    repeat: {same: [], within: 90}\n",
        "x.yaml:48:20: ",
        "outcomes.recurrence.repeat.same is empty; it needs at least 1 item.",
        "",
    ),
    "no columns": (
        "    repeat: {within: 90}\n",
        "x.yaml:48:",
        "outcomes.recurrence.repeat needs the key 'same'.",
        "add it.",
    ),
    "a key of repeats beside them": (
        REPEAT + "    look_back: 0\n",
        "x.yaml:49:5: ",
        "unknown key 'look_back' in outcomes.recurrence.",
        "move it into 'repeat', or remove it.",
    ),
    "no length": ("    repeat: {same: place}\n", "x.yaml:48:", "repeat needs the key 'within'.", "add it."),
    "a misspelt key": (
        "    repeat: {same: place, wihtin: 90}\n",
        "x.yaml:48:27: ",
        "unknown key 'wihtin' in outcomes.recurrence.repeat; did you mean 'within'?",
        "rename it",
    ),
    "no days": ("    repeat: {same: place, within: 0}\n", "x.yaml:48:35: ", "within must be more than 0", ""),
    "a column twice": (
        "    repeat: {same: [place, place], within: 90}\n",
        "x.yaml:48:28: ",
        "outcomes.recurrence.repeat.same names 'place' more than once.",
        "keep it once.",
    ),
    "the day of the report": (
        "    repeat: {same: [place, reported_on], within: 90}\n",
        "x.yaml:48:28: ",
        "'reported_on' holds a day, and reports of one day are one report.",
        "name what repeats have in common, such as the place.",
    ),
    "a competing event twice": (
        REPEAT + "    competing: [moved_on, moved_on]\n",
        "x.yaml:49:27: ",
        "outcomes.recurrence.competing names 'moved_on' more than once.",
        "keep it once.",
    ),
    "the event as its own competitor": (
        EVENT + "    competing: [next_reported_on]\n",
        "x.yaml:50:17: ",
        "'next_reported_on' is the event itself, so it cannot be something after which the event cannot come.",
        "name another column, or remove it.",
    ),
    "the day of the report as a competitor": (
        REPEAT + "    competing: [reported_on]\n",
        "x.yaml:49:17: ",
        "'reported_on' is the day the case begins",
        "name another column, or remove it.",
    ),
    "a word for a list": (
        REPEAT + "    competing: moved_on\n",
        "x.yaml:49:16: ",
        "outcomes.recurrence.competing must be a list",
        "write [moved_on].",
    ),
    "followed to what is not known": (
        EVENT + "    followed_to: windows\n",
        "x.yaml:50:18: ",
        "followed_to must be window or extract, not 'windows'; did you mean 'window'?",
        "",
    ),
}


@pytest.mark.parametrize("case", RIGHT)
def test_right(case: str, valid: str, problems: Callable[[str], list[str]]) -> None:
    assert EVENT in valid
    assert problems(valid.replace(EVENT, RIGHT[case])) == []


@pytest.mark.parametrize("case", WRONG)
def test_wrong(case: str, valid: str, problems: Callable[[str], list[str]]) -> None:
    lines, place, text, fix = WRONG[case]
    (found,) = problems(valid.replace(EVENT, lines))
    assert found.startswith(place)
    assert text in found
    assert fix in found


def test_a_column_that_identifies_rows(valid: str, problems: Callable[[str], list[str]]) -> None:
    named = valid.replace(EVENT, REPEAT).replace("{area: district, time: reported_on,", "{area: district, id: who,")
    (found,) = problems(named.replace("id: who,", "id: who, time: reported_on,"))
    assert found.startswith("x.yaml:48:28: ")
    assert "'who' identifies a row, so no report would be a repeat of another." in found


def test_a_source_without_reports(valid: str, problems: Callable[[str], list[str]]) -> None:
    study = valid.replace(EVENT, REPEAT).replace("eligible: fit, accepted: took, case_mix: [type]", "")
    (found,) = problems(study.replace("{path: complaints.csv,", "{path: complaints.csv, reader: panel,"))
    assert found.startswith(AT_KEY)
    assert "'repeat' needs one row per report, and reader panel has one per area and period." in found
    days = "    kind: duration\n    event: first_visit_on\n    censor: extract_date\n"
    assert days in study
    (found,) = problems(study.replace(days, "    kind: count\n    value: n\n"))
    assert found.startswith(AT_KEY)
    assert "'repeat' needs one row per report; outcome 'response_time' reads a count per row." in found


@pytest.mark.parametrize(("horizon", "last_day"), [(None, 90), (28, 28)])
def test_the_last_day_is_the_horizon_or_the_length_of_an_episode(horizon: int | None, last_day: int) -> None:
    given = {"kind": "time_to_event", "source": "s", "better": "lower", "censor": "x", "horizon": horizon}
    outcome = TimeToEventOutcome.model_validate({**given, "repeat": {"same": "place", "within": 90}})
    assert outcome.last_day == last_day
    assert outcome.followed_to == "window"


def test_there_is_no_last_day_without_a_horizon() -> None:
    given = {"kind": "time_to_event", "source": "s", "better": "lower", "censor": "x", "event": "y"}
    with pytest.raises(ValueError, match="needs a horizon"):
        _ = TimeToEventOutcome.model_validate(given).last_day
