"""What checks are called, which question they answer, and what a warning of one means, for a councillor."""

from collections.abc import Mapping
from dataclasses import dataclass

FAIR = "Is the comparison fair?"
CARRIED = "Does one place or one choice carry it?"
COUNTED = "Who is counted?"
MOVED = "Could it have moved elsewhere?"
ALONE = "Can a series over time bear the answer?"
SYNTHETIC = "What does the synthetic comparison rest on?"
COMPUTED = "Can the computation be trusted?"
OTHER = "Other checks"
HEADINGS = (FAIR, CARRIED, COUNTED, MOVED, SYNTHETIC, ALONE, OTHER)
BAYES = "bayes"
METHODS: Mapping[str, str] = {
    BAYES: COMPUTED,
    "bayes_its": "Another method: the Bayesian series over time",
    "staggered": "Another method: areas that start at different dates",
    "ordinal": "Another method: the order of the answers",
    "recurrence": "Another method: how soon and how often cases recur",
    "synthetic": "Another method: a weighted comparison",
    "its": "Another method: the series over time",
}
"""What the checks of a model stand under where the headline is another model's, in the order of the report."""


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
    "adjoining": Words(
        "Treated areas next to each other",
        FAIR,
        "Areas next to each other share ups and downs, and those alone could explain the change.",
    ),
    "anticipation": Words(
        "Effects before the start",
        FAIR,
        "Something may have changed just before the start, or the answer changes without the last periods before it.",
    ),
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
    "synthetic_donors": Words("Enough areas to weigh", SYNTHETIC, "There are few comparison areas to weigh."),
    "synthetic_fit": Words(
        "Does it follow the treated areas before the start?",
        SYNTHETIC,
        "The weighted areas do not follow the treated ones closely before the start.",
    ),
    "synthetic_hull": Words(
        "Do treated areas lie among the others?", SYNTHETIC, "Treated areas lie beyond every comparison area at times."
    ),
    "synthetic_balance": Words(
        "Are the weighted areas like the treated ones?", SYNTHETIC, "The weighted areas differ in something known."
    ),
    "synthetic_weights": Words(
        "Which areas stand in",
        SYNTHETIC,
        "It leans on one comparison area, or on weights below nought.",
    ),
    "synthetic_leave_one_out": Words(
        "Leave one comparison area out",
        SYNTHETIC,
        "The synthetic comparison changes when one comparison area is left out.",
    ),
    "synthetic_placebos": Words(
        "The same done to every other area", SYNTHETIC, "Other areas drew away from what stands in for them as much."
    ),
    "ordinal_one_team": Words(
        "One team as one unit, by the ordered logit",
        CARRIED,
        "The answer changes when the areas of one team count as one.",
    ),
    **{
        f"{model}_one_team": Words(
            f"One team as one unit, {method}",
            CARRIED,
            "The answer changes when the areas of one team count as one.",
        )
        for model, method in (
            ("staggered", "start by start"),
            ("its", "by the trend of each area"),
            ("recurrence", "by repeats"),
            ("synthetic", "by the synthetic comparison"),
        )
    },
    "ordinal_categories": Words("Level by level", CARRIED),
    "ordinal_superiority": Words(
        "By the order of the answers alone", CARRIED, "The answer changes when only the order of answers counts."
    ),
    "ordinal_proportional_odds": Words(
        "Did all levels move alike?", CARRIED, "One shift does not describe what happened at all levels."
    ),
    "ordinal_thresholds": Words(
        "Counted from another level up",
        CARRIED,
        "The answer changes with the level from which answers count.",
        again=True,
    ),
    "staggered_groups": Words(
        "Who started when", FAIR, "Some areas started alone, or at a time when nobody was left to compare with."
    ),
    "staggered_pretrends": Words("Effects before the start", FAIR, "Areas had drawn apart before they started."),
    "staggered_dynamic": Words("The effect as time goes on", FAIR),
    "staggered_calendar": Words("The effect by calendar", FAIR),
    "staggered_averages": Words(
        "Averaged in another way", CARRIED, "The answer changes with how the effects are averaged.", again=True
    ),
    "staggered_comparison": Words(
        "Compared with other areas", CARRIED, "The answer changes with the areas it is compared with.", again=True
    ),
    "staggered_two_way": Words(
        "The usual regression, taken apart",
        CARRIED,
        "The usual two-way regression would answer otherwise: areas that had started are part of its comparison.",
    ),
    "staggered_analytic": Words("What the published formula would say", CARRIED),
    "recurrence_measures": Words(
        "Other measures of repeats", CARRIED, "Other measures of repeats give another answer than the share recurring."
    ),
    "recurrence_days": Words("Days without a repeat", CARRIED),
    "recurrence_repeats": Words("Repeats per 100 cases", CARRIED),
    "recurrence_hazards": Words(
        "Earlier and later days", CARRIED, "The effect fades or grows with the days since the first report."
    ),
    "recurrence_curves": Words("How soon cases recur", CARRIED),
    "recurrence_follow_up": Words(
        "Were cases followed equally long?", COUNTED, "Cases of one group came to be followed for a shorter time."
    ),
    "recurrence_competing": Words(
        "What else ends cases", COUNTED, "Something else came to end cases more often in one group."
    ),
    "its_points": Words("Enough periods", ALONE),
    "its_season": Words("Season", ALONE),
    "its_autocorrelation": Words("Ups and downs that carry over", ALONE),
    "its_methods": Words(
        "Other regressions of the series", ALONE, "What the single series gives depends on how it is fitted."
    ),
    "its_shocks": Words(
        "Other ways to handle a shock in the series",
        ALONE,
        "What the single series gives depends on how a shock is handled.",
    ),
    "its_averted": Words("How many fewer, in numbers", ALONE),
    "its_conformal": Words(
        "A test that leaves open how periods are alike",
        ALONE,
        "A test that leaves open how neighbouring periods are alike comes to another answer.",
    ),
    "its_placebo_in_time": Words(
        "Pretend the series changed earlier",
        ALONE,
        "The single series finds effects at earlier dates, when there was nothing to have one.",
    ),
    "its_epoc": Words("What is asked of a single series", ALONE),
    "its_recording": Words("Was it recorded in the same way?", ALONE),
    "its_alone": Words("What a single series cannot show", ALONE),
    "its_comparison_areas": Words(
        "Each area against its own trend", FAIR, "Areas that did not have it moved as far from their own trends."
    ),
    "its_comparison_agreement": Words(
        "Counting areas or counting periods",
        CARRIED,
        "Tests that count periods say something else than the one that counts areas.",
    ),
}
GATES: Mapping[str, Words] = {
    "bayes_rhat": Words("Do independent runs agree?", COMPUTED, "Independent runs of the calculation do not agree."),
    "bayes_ess": Words("Does it rest on enough draws?", COMPUTED, "Something rests on few independent draws."),
    "bayes_divergences": Words(
        "Could it follow the model everywhere?",
        COMPUTED,
        "The calculation went astray at times, so plausible answers may be missing.",
    ),
    "bayes_energy": Words(
        "Did it move freely?", COMPUTED, "The calculation moved too slowly to know how far unlikely answers reach."
    ),
    "bayes_depth": Words("Was any of its steps cut short?", COMPUTED, "Some steps of the calculation were cut short."),
    "bayes_refitted": Words("A second run", COMPUTED, "It passed only when it was run again with more care."),
    "bayes_prior_predictive": Words(
        "Was the past possible before it was seen?",
        COMPUTED,
        "What the model held possible before seeing the data lies far from what is usual here.",
    ),
    "bayes_posterior_predictive": Words(
        "Would the model make data like these?", COMPUTED, "The model would seldom make data like those observed."
    ),
    "bayes_loo": Words(
        "Does a single figure carry it?", COMPUTED, "Single figures pull the answer more than they should."
    ),
    "bayes_leave_area_out": Words(
        "Leave one area out of the model", COMPUTED, "Without one area the model says something else."
    ),
    "bayes_priors": Words(
        "Does it hang on what was believed before?",
        COMPUTED,
        "Another belief beforehand, or another size of shocks, would lead to another answer.",
    ),
    "bayes_grid": Words(
        "Worked out in a second way", COMPUTED, "A second way to work out the same thing comes to another answer."
    ),
    "bayes_one_team": Words(
        "One team as one unit, in the Bayesian model",
        CARRIED,
        "The answer changes when the areas of one team count as one.",
    ),
}
"""Gates of the Bayesian models, in the order they are read."""
BAYESIAN_SERIES: Mapping[str, Words] = {
    "bayes_its_fit": Words(
        "Does it foresee the baseline?", ALONE, "The series is not foreseen well even before the start."
    ),
    "bayes_its_comparisons": Words("Which areas the expectation rests on", ALONE),
    "bayes_its_level": Words("How far the level may wander", ALONE),
    "bayes_its_shock": Words("How large shocks to one area are", ALONE),
    "bayes_its_choices": Words(
        "Other choices in the Bayesian series", ALONE, "What the Bayesian series gives depends on how it is set up."
    ),
    "bayes_its_placebo": Words(
        "Pretend the series changed earlier, by the Bayesian series",
        ALONE,
        "The Bayesian series finds effects at earlier dates, when there was nothing to have one.",
    ),
    "bayes_its_averted": Words("How many fewer, by the Bayesian series", ALONE),
    "bayes_its_neighbours": Words(
        "Without bordering areas, by the Bayesian series", ALONE, "The Bayesian series depends on areas next door."
    ),
}
PREFIXES: Mapping[str, Words] = {
    "agreement_": Words("Do the methods agree?", CARRIED),
    "its_": Words("", ALONE),
    "bayes_its_": Words("", ALONE),
    "bayes_": Words("", COMPUTED),
}


ABOUT_THE_CASES = frozenset({"recurrence_follow_up", "recurrence_competing"})
"""Checks made by one model of what concerns every one of them."""


def other_method(check: str, headline: str | None) -> str | None:
    """Name the model that a check is about, if it is not the one the headline comes from; else None.

    Such a check says something of that model, not of the headline. Without a headline every check concerns it.
    """
    model = max((name for name in METHODS if check.startswith(f"{name}_")), key=len, default=None)
    if headline is None or model == headline or check in ABOUT_THE_CASES:
        return None
    return model


def is_gate(check: str) -> bool:
    """Whether a check asks if the draws of a Bayesian model can be relied on."""
    return other_method(check, "") == BAYES


def words_of(check: str) -> Words:
    """Find the words of a check; one that has none is called by its id."""
    for known in (CHECKS, GATES, BAYESIAN_SERIES):
        if check in known:
            return known[check]
    for prefix, words in PREFIXES.items():
        if check.startswith(prefix):
            return Words(words.title or _spoken(check.removeprefix(prefix)), words.heading)
    return Words(_spoken(check), OTHER)


def _spoken(check: str) -> str:
    text = check.replace("_", " ").strip()
    return text[:1].upper() + text[1:] if text else "A check"
