"""Outputs of a study: what the service did (arrests, warnings, patrol hours, visits), counted and never judged."""

import re

from pydantic import Field

from impact.study.base import Section
from impact.study.outcomes import ContinuousOutcome, CountOutcome, Exposure, Outcome
from impact.study.scalars import Name, Text

ACTIVITY = "activity is what the service does, so more of it is no result"
"""Why an output has no direction, no threshold and no verdict."""
WORDS_FOR_ACTIVITY = frozenset({"activity", "activities", "output", "outputs", "process"})
"""Words by which somebody may mean an output where a role or a kind of outcome is asked for."""
NOT_OF_OUTPUTS = {
    "better": f"an output has no better side: {ACTIVITY}",
    "worthwhile": f"an output has no smallest worthwhile change: {ACTIVITY}",
    "role": f"an output plays no part in the decision: {ACTIVITY}",
    "kind": "an output has no kind: it is always counted",
}
"""Keys of outcomes that somebody may expect of outputs, and why they have none."""
INSTEAD = "remove it; if it is what the pilot is to change, name it under outcomes instead."

NAMES_ACTIVITY = re.compile(
    r"""
    (?<!cardiac\ )(?<!re\ )\barrests?\b
    | \bwarnings\b | \bwarning\ (?:letters?|notices?)\b
    | \bpatrols?\b | \bpatrolling\b
    | \bstops?\ (?:and|&)\ search(?:es)?\b
    | \b(?:home|officer|team|warden|outreach|joint)\ visits?\b | \bvisits?\ (?:made|carried\ out|by)\b
    | ^(?:visits?|contacts?|notices?)$
    | \b(?:officer|outreach)\ contacts?\b | \bcontacts?\ made\b
    | \b(?:penalty|protection|dispersal|enforcement)\ notices?\b | \bnotices?\ (?:served|issued|given)\b
    """,
    re.VERBOSE,
)
ABOUT_ACTIVITY = re.compile(
    r"\b(?:after|complain(?:t|ts|ed)?|following|flood|weather|previous|prior|requests?|satisfaction|since|victims?)\b"
)


class Output(Section):
    """An activity of the service: counted per group and window, never estimated."""

    source: Name = Field(description="Name of the source its rows come from.")
    title: Text | None = Field(default=None, description="Plain label for the report; default: the output's key.")
    value: Name | None = Field(
        default=None, description="Column with the number done, to be added up; without it, rows are counted."
    )
    exposure: Exposure | None = Field(default=None, description="Population, for a rate per 1,000 people.")


type Measured = Outcome | Output


def looks_like_activity(key: str, outcome: Outcome) -> bool:
    """Whether a counted outcome's title, key or column plainly names what a service does.

    Complaints about an activity, or what follows one, are no activity.
    """
    if not isinstance(outcome, CountOutcome | ContinuousOutcome):
        return False
    named = [_words(text) for text in (outcome.title, key, outcome.value) if text]
    return any(NAMES_ACTIVITY.search(text) for text in named) and not any(ABOUT_ACTIVITY.search(text) for text in named)


def _words(text: str) -> str:
    return " ".join(re.sub(r"[^a-z&]+", " ", text.casefold()).split())
