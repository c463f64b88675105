"""What checks are called, which question they answer, and what a warning of one means, for a councillor."""

from collections.abc import Mapping
from dataclasses import dataclass

FAIR = "Is the comparison fair?"
CARRIED = "Does one place or one choice carry it?"
COUNTED = "Who is counted?"
MOVED = "Could it have moved elsewhere?"
ALONE = "What the treated areas' own series says of itself"
OTHER = "Other checks"
HEADINGS = (FAIR, CARRIED, COUNTED, MOVED, ALONE, OTHER)


@dataclass(frozen=True, slots=True)
class Words:
    """A check in words.

    Attributes
    ----------
    title
        Short and plain.
    heading
        The question it belongs to.
    warning
        What a warning means, in one sentence that holds for any outcome; empty where the finding itself says it.
    again
        True if it repeats the headline under another choice, so that its rows are alternatives to it.
    """

    title: str
    heading: str
    warning: str = ""
    again: bool = False


CHECKS: Mapping[str, Words] = {
    "areas": Words("How many areas there are", FAIR),
    "areas_complete": Words("Areas with data", FAIR),
    "seasons": Words("The same times of year before and after", FAIR),
    "earlier_gap": Words("An earlier gap within the baseline", FAIR),
    "placebo_in_time": Words(
        "Pretend it started earlier", FAIR, "An effect shows at an earlier date, when there was nothing to have one."
    ),
    "placebo_in_space": Words(
        "Pretend it was done elsewhere", FAIR, "Areas that did not have it changed about as much."
    ),
    "adjacent_placebos": Words(
        "Pretend it was done in other adjoining areas",
        FAIR,
        "Other areas that adjoin each other changed about as much.",
    ),
    "anticipation": Words("Effects before the start", FAIR, "The answer changes if people reacted before the start."),
    "area_sizes": Words(
        "Do areas vary alike?", FAIR, "Treated areas vary more than the others, so chance could explain more."
    ),
    "equivalence": Words(
        "Were the groups moving alike before?", FAIR, "That the groups moved alike before the start is not shown."
    ),
    "honest_relative_magnitudes": Words(
        "If the groups had drifted apart in steps",
        FAIR,
        "A drift between the groups no larger than one seen before the start would undo the answer.",
    ),
    "honest_smoothness": Words(
        "If the earlier drift had gone on", FAIR, "The answer changes if an earlier drift between the groups went on."
    ),
    "regression_to_the_mean": Words(
        "Chosen at a peak", FAIR, "The answer changes without the high values for which the areas were chosen.", True
    ),
    "event_study": Words("Step by step over time", FAIR, "The groups had drawn apart before the start."),
    "leave_one_out": Words(
        "Leave one area out", CARRIED, "The answer changes when one single area is left out.", again=True
    ),
    "without_dominant": Words(
        "Without the dominant areas", CARRIED, "The answer changes without a dominant area.", again=True
    ),
    "one_team": Words(
        "Counting one team as one unit", CARRIED, "The answer changes when the areas of one team count as one."
    ),
    "boundaries": Words(
        "Other boundaries", CARRIED, "The answer changes when a disputed place counts in another area.", again=True
    ),
    "shocks": Words(
        "Other ways to handle a shock", CARRIED, "The answer changes with how a shock is handled.", again=True
    ),
    "equal_or_exposure": Words(
        "Areas weighed otherwise", CARRIED, "The answer changes when areas are weighed otherwise.", again=True
    ),
    "log_or_level": Words(
        "On another scale", CARRIED, "The answer changes with the scale it is measured on.", again=True
    ),
    "month_matched": Words(
        "The same months only", CARRIED, "The answer changes when only the same months are compared.", again=True
    ),
    "sensitivity": Words("What could be tried", CARRIED),
    "specification_curve": Words("Every combination of choices", CARRIED, "The answer depends on how choices combine."),
    "composition": Words("Were the cases alike?", COUNTED, "The mix of cases changed more in one group."),
    "standardised": Words(
        "The mix of cases held still", COUNTED, "The answer changes when the mix of cases is held still.", again=True
    ),
    "response_rate": Words("Who answered", COUNTED, "The share who answered changed more in one group."),
    "response_bounds": Words(
        "If those who did not answer differ", COUNTED, "Those who did not answer could change the answer."
    ),
    "reweighted": Words(
        "Weighted to everyone asked", COUNTED, "The answer changes when answers are weighted to everyone asked.", True
    ),
    "acceptors": Words("Those who took it up against those who did not", COUNTED),
    "without_neighbours": Words(
        "Without the neighbours", MOVED, "The answer changes without the areas next door.", again=True
    ),
    "displacement": Words("Moved next door", MOVED, "Some of the improvement may have moved next door."),
    "weighted_displacement": Words(
        "What moved next door, counted", MOVED, "The answer changes when what moved next door is counted."
    ),
    "its_points": Words("Enough periods", ALONE),
    "its_season": Words("Season", ALONE),
    "its_autocorrelation": Words("Ups and downs that carry over", ALONE),
    "its_alone": Words("What a single series cannot show", ALONE),
}
PREFIXES: Mapping[str, Words] = {
    "agreement_": Words("Do the methods agree?", CARRIED),
    "its_": Words("", ALONE),
}


def words_of(check: str) -> Words:
    """Find the words of a check; one that has none is called by its id."""
    if check in CHECKS:
        return CHECKS[check]
    for prefix, words in PREFIXES.items():
        if check.startswith(prefix):
            return Words(words.title or _spoken(check.removeprefix(prefix)), words.heading)
    return Words(_spoken(check), OTHER)


def _spoken(check: str) -> str:
    text = check.replace("_", " ").strip()
    return text[:1].upper() + text[1:] if text else "A check"
