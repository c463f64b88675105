"""What the report says an outcome is, where it is a time to an event."""

from typing import Any

import pytest

from impact.study.outcomes import TimeToEventOutcome
from impact.study_info import outcome_definition

GIVEN: dict[str, Any] = {"kind": "time_to_event", "source": "s", "better": "lower", "censor": "extract"}
EVENT = {"event": "next_on", "horizon": 90}
REPEAT = {"repeat": {"same": ["place", "who"], "within": 90}, "horizon": 28}


def definition(**keys: Any) -> str:
    return outcome_definition(TimeToEventOutcome.model_validate(GIVEN | keys))


def test_an_event_in_a_column() -> None:
    assert definition(**EVENT) == (
        "Share of cases with the event within 90 days of the first report. A case is followed from its first report to "
        "day 90, the end of the baseline or follow-up it was reported in, or the extract, whichever comes first, and "
        "counts for as long as it was followed (Kaplan-Meier)."
    )


def test_repeats() -> None:
    found = definition(**REPEAT)
    assert found.startswith(
        "Share of first reports followed by another with the same 'place' and 'who' within 28 days."
    )
    assert "A report within 90 days of a first one is its repeat, also from elsewhere." in found
    assert "Reports of one day are one." in found


@pytest.mark.parametrize("event", [EVENT, REPEAT])
def test_competing_events_and_the_end_of_the_follow_up(event: dict[str, Any]) -> None:
    found = definition(**event, competing=["moved_on", "died_on"], followed_to="extract")
    assert "After 'moved_on' or 'died_on' it cannot come; of two on one day, it counts." in found
    assert "or the extract, whichever comes first, and counts for as long as it was followed (Aalen-Johansen)." in found
    assert "end of the baseline" not in found
