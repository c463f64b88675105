"""What the report says in words, for a councillor: short sentences, natural frequencies, no jargon.

"Too uncertain to tell" is said where the data cannot tell, and never that there was no effect: the absence of evidence
is not evidence of absence.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from impact.report import format as fmt
from impact.report.format import Measure
from impact.report.text import joined, lower_first
from impact.result import OutcomeResult, RunResult, Verdict
from impact.result_decision import Basis
from models.estimate import Estimate, Scale

BASES = (100, 1_000, 10_000)
LEAST_PEOPLE = 5  # a natural frequency below this many people uses a larger base
MOST_PER_HUNDRED = 100_000
NAMEABLE = re.compile(r"[A-Z][A-Za-z' -]{2,40}")  # a title short and plain enough to stand in a sentence

SIMULATED = "The case records in this study are simulated."
SIMULATED_MEANING = (
    "They were made by a computer program, not recorded by a council or the police. Nothing here is a finding about "
    "real people or places."
)
NO_WARNINGS = "No warnings. Every check that was run passed, and nothing was found wrong with the data."

NOTHING_CHECKED = (
    "No check was run, so nothing here says whether the results hold; nothing was found wrong with the data."
)

NO_WARNINGS_HERE = "No warnings of the headlines, and nothing was found wrong with the data."

ROLES: Mapping[str, tuple[str, str]] = {
    "primary": ("Primary outcome", "What the intervention was meant to change."),
    "secondary": ("Secondary outcome", "What else it was hoped to change."),
    "guardrail": ("Guardrail", "What must not get worse."),
    "placebo": ("Placebo outcome", "What the intervention should not change: a check of the method."),
}
ROLE_ORDER = tuple(ROLES)

VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    "scale_up": ("Scale up", "The evidence meets the rule that was set for scaling up."),
    "extend": ("Extend", "The evidence is not yet enough to scale up or to stop: keep going and keep measuring."),
    "stop": ("Stop", "The evidence meets the rule that was set for stopping."),
    "cannot_tell": ("Cannot tell", "This study cannot answer the question, in either direction."),
}
SECURITY = ("none", "very low", "low", "moderate", "high", "very high")
# The words of the Professional Head of Intelligence Assessment's probability yardstick; what falls between two of its
# bands takes the less certain word.
LIKELIHOODS = (
    (0.05, "a remote chance"),
    (0.20, "highly unlikely"),
    (0.35, "unlikely"),
    (0.55, "a realistic possibility"),
    (0.80, "likely"),
    (0.95, "highly likely"),
    (math.inf, "almost certain"),
)
CHANCES_NOTE = (
    "These figures take no side beforehand. They allow for the ups and downs of areas, not for other changes that "
    "happened at the same time."
)
BELIEF_NOTE = (
    "These figures come from the Bayesian model. They allow for the ups and downs of areas and for shocks to one area, "
    "not for other changes that happened in the treated areas at the same time."
)
NOT_RELIED_ON = "The verdict does not rely on these figures."
READ_FROM: Mapping[Basis, str] = {
    "posterior": "The Bayesian model",
    "confidence": "The headline alone",
}


class Reading(Enum):
    """What an interval says against nought and against the smallest worthwhile change."""

    NO_ESTIMATE = "no_estimate"
    NO_INTERVAL = "no_interval"
    WORTHWHILE = "worthwhile"
    BETTER = "better"
    TOO_SMALL = "too_small"
    TOO_UNCERTAIN = "too_uncertain"
    NOT_WORTHWHILE = "not_worthwhile"
    WORSE = "worse"


READINGS: Mapping[Reading, str] = {
    Reading.NO_ESTIMATE: "There is no estimate.",
    Reading.NO_INTERVAL: (
        "There is no plausible range, so how far chance could have moved this figure is not known: it is "
        "too uncertain to tell."
    ),
    Reading.WORTHWHILE: "The whole plausible range is a worthwhile improvement.",
    Reading.BETTER: (
        "The plausible range points to an improvement, but not all of it is large enough to be worthwhile."
    ),
    Reading.TOO_SMALL: "The plausible range points to an improvement, but to one too small to be worthwhile.",
    Reading.TOO_UNCERTAIN: (
        "The plausible range runs from a worsening to a worthwhile improvement: too uncertain to tell."
    ),
    Reading.NOT_WORTHWHILE: (
        "The plausible range leaves out a worthwhile improvement; whether things got better or worse is too "
        "uncertain to tell."
    ),
    Reading.WORSE: "The plausible range points to a worsening.",
}
WITHOUT_THRESHOLD: Mapping[Reading, str] = {
    Reading.BETTER: "The plausible range points to an improvement.",
    Reading.TOO_UNCERTAIN: "The plausible range runs from a worsening to an improvement: too uncertain to tell.",
}


@dataclass(frozen=True, slots=True)
class Frequencies:
    """With and without the intervention, already scaled: a level each, and the range with it."""

    without: float
    estimate: float
    lo: float | None
    hi: float | None


def figure_note(result: RunResult) -> str:
    """Note under the title of every figure."""
    return SIMULATED if result.study.simulated else ""


def described(text: str, result: RunResult) -> str:
    """Add to a figure's description that the records are simulated, if they are."""
    return f"{text} {SIMULATED}" if result.study.simulated else text


def likelihood(p: float) -> str:
    """Name a probability in the words of the yardstick used across UK government assessments."""
    return next(word for limit, word in LIKELIHOODS if p < limit)


def security_word(stars: int) -> str:
    """Name a security rating from 0 to 5."""
    return SECURITY[min(max(stars, 0), len(SECURITY) - 1)]


def change_of(value: float, scale: Scale) -> float:
    """Carry an effect to the unit `worthwhile` is declared in: a difference, or a ratio less 1."""
    if scale is Scale.DIFFERENCE:
        return value
    ratio = fmt.ratio_of(value, scale)
    return math.inf if ratio is None else ratio - 1


def reading(outcome: OutcomeResult) -> Reading:
    """Read the headline's interval against nought and the worthwhile change."""
    estimate = outcome.headline
    if estimate is None:
        return Reading.NO_ESTIMATE
    if estimate.interval is None:
        return Reading.NO_INTERVAL
    sign = 1 if outcome.better == "higher" else -1
    worst, best = sorted(sign * change_of(end, estimate.scale) for end in estimate.interval)
    enough = abs(outcome.worthwhile) if outcome.worthwhile is not None else 0.0
    if best < 0:
        return Reading.WORSE
    if worst > 0:
        if best < enough:
            return Reading.TOO_SMALL
        return Reading.WORTHWHILE if enough and worst >= enough else Reading.BETTER
    return Reading.TOO_UNCERTAIN if best >= enough else Reading.NOT_WORTHWHILE


def reading_sentence(outcome: OutcomeResult) -> str:
    """Say what the headline's interval means, in one sentence."""
    found = reading(outcome)
    if outcome.role == "placebo" and outcome.headline is not None and outcome.headline.interval is not None:
        return _placebo_sentence(outcome.headline)
    if outcome.worthwhile is None and found in WITHOUT_THRESHOLD:
        return WITHOUT_THRESHOLD[found]
    return READINGS[found]


def _placebo_sentence(estimate: Estimate) -> str:
    lo, hi = estimate.interval or (0.0, 0.0)
    if lo <= estimate.null <= hi:
        return (
            "This should not change, and the plausible range allows for no change: nothing here speaks against the "
            "method."
        )
    return (
        "This should not change, yet the plausible range says that it did: the treated areas differ in some other way, "
        "and the other results are in doubt."
    )


# Natural frequencies ---------------------------------------------------------------------------------------------


def frequency_sentence(outcome: OutcomeResult) -> str:
    """Say the headline in one sentence a person can picture."""
    estimate = outcome.headline
    if estimate is None:
        if outcome.not_estimable:
            return "There is no estimate for this outcome; the reasons are given below."
        return "No model that was run gives an answer for this outcome."
    measure = fmt.measure_of(outcome.kind)
    if estimate.scale is not Scale.DIFFERENCE:
        return _ratio_sentence(outcome, estimate, measure)
    if outcome.counterfactual is None or not math.isfinite(outcome.counterfactual):
        return _difference_sentence(outcome, estimate, measure)
    if measure is Measure.SHARE:
        return _share_sentence(outcome, estimate, outcome.counterfactual)
    return _level_sentence(outcome, estimate, outcome.counterfactual, measure)


def _share_sentence(outcome: OutcomeResult, estimate: Estimate, without: float) -> str:
    base = _base(without, without + estimate.estimate)
    raw = _added(without, estimate, base)
    shown = _held(raw, 0.0, float(base))
    with_it = fmt.count(shown.estimate)
    same = with_it == fmt.count(shown.without) and estimate.estimate != 0
    text = (
        f"Without the intervention it would have been about {fmt.count(shown.without)} of every {fmt.count(base)} "
        f"{_people(outcome)}; with it we estimate {'about the same' if same else with_it}"
        f"{_plausible(shown, fmt.count)}."
    )
    if raw != shown:
        text += f" Figures are cut at 0 and {fmt.count(base)}: the calculation goes beyond what is possible."
    return text


def _ratio_sentence(outcome: OutcomeResult, estimate: Estimate, measure: Measure) -> str:
    if measure is Measure.DAYS:
        known = outcome.counterfactual is not None and math.isfinite(outcome.counterfactual)
        without = outcome.counterfactual if known and outcome.counterfactual is not None else 10.0
        scaled = _multiplied(without, estimate)
        unit = "day" if _days(without) == "1" else "days"
        return (
            f"Where it would have taken {_days(without)} {unit} without the intervention, we estimate "
            f"{_days(scaled.estimate)}{_plausible(scaled, _days)}."
        )
    scaled = _multiplied(100.0, estimate)
    return (
        f"For every 100 {events_noun(outcome)} there would have been without the intervention, we estimate "
        f"{_capped(scaled.estimate)}{_plausible(scaled, _capped)}."
    )


def _level_sentence(outcome: OutcomeResult, estimate: Estimate, without: float, measure: Measure) -> str:
    raw = _added(without, estimate, 1)
    floor = 0.0 if measure in {Measure.RATE, Measure.DAYS} else -math.inf
    shown = _held(raw, floor, math.inf)
    places = fmt.decimals(*(x for x in (raw.without, raw.estimate, raw.lo, raw.hi) if x is not None))
    level = fmt.with_unit(fmt.fixed(shown.without, places), measure, outcome.unit)
    text = (
        f"The average would have been {level} without the intervention; with it we estimate "
        f"{fmt.fixed(shown.estimate, places)}{_plausible(shown, lambda x: fmt.fixed(x, places))}."
    )
    return text if raw == shown else f"{text} Figures are cut at 0: the calculation goes below it."


def _difference_sentence(outcome: OutcomeResult, estimate: Estimate, measure: Measure) -> str:
    unit = "" if measure in {Measure.SHARE, Measure.DAYS} else f" ({outcome.unit})" if outcome.unit else ""
    found = fmt.effect_range(estimate.interval, estimate.scale, measure)
    interval = f"plausible range {found}" if estimate.interval else "no plausible range can be given"
    return (
        f"We estimate a difference of {fmt.effect(estimate.estimate, estimate.scale, measure)}{unit} from what would "
        f"have happened without the intervention ({interval})."
    )


def _held(f: Frequencies, least: float, most: float) -> Frequencies:
    def held(value: float) -> float:
        return min(max(value, least), most)

    lo, hi = (None if end is None else held(end) for end in (f.lo, f.hi))
    return Frequencies(held(f.without), held(f.estimate), lo, hi)


def _added(without: float, estimate: Estimate, base: int) -> Frequencies:
    lo, hi = (base * (without + end) for end in estimate.interval) if estimate.interval else (None, None)
    return Frequencies(base * without, base * (without + estimate.estimate), lo, hi)


def _multiplied(without: float, estimate: Estimate) -> Frequencies:
    def carry(value: float) -> float:
        ratio = fmt.ratio_of(value, estimate.scale)
        return math.inf if ratio is None else without * ratio

    lo, hi = map(carry, estimate.interval) if estimate.interval else (None, None)
    return Frequencies(without, carry(estimate.estimate), lo, hi)


def _plausible(f: Frequencies, write: Callable[[float], str]) -> str:
    if f.lo is None or f.hi is None:
        return " (no plausible range can be given)"
    return f" (plausible range {write(f.lo)} to {write(f.hi)})"


def _base(*shares: float) -> int:
    """Smallest base in which the rarer side of every share is at least `LEAST_PEOPLE`, as far as bases go."""
    rarest = min((min(s, 1 - s) for s in shares if 0 < s < 1), default=1.0)
    return next((base for base in BASES if base * rarest >= LEAST_PEOPLE), BASES[-1])


def _days(value: float) -> str:
    return _capped(value) if value >= MOST_PER_HUNDRED else fmt.fixed(value, fmt.decimals(value, digits=2))


def _capped(value: float) -> str:
    return f"more than {fmt.count(MOST_PER_HUNDRED)}" if value > MOST_PER_HUNDRED else fmt.count(value)


def _people(outcome: OutcomeResult) -> str:
    return "people who answered" if outcome.kind == "ordinal" else "cases"


def events_noun(outcome: OutcomeResult) -> str:
    """Name what is counted: from the unit of a rate, or where that says only "events", from the outcome's title.

    "incidents" of "incidents per 1,000 people a year"; "calls" of an outcome called "Calls about ASB"; "events of
    recorded ASB" where the title names no things that can be counted.
    """
    noun = re.split(r" (?:per|an?|each|every) ", outcome.unit)[0] or "events"
    if noun != "events" or not NAMEABLE.fullmatch(outcome.title):
        return noun
    name = lower_first(outcome.title)
    counted = re.split(r" (?:about|against|at|by|for|from|in|of|on|to|with) ", name)[0]
    if re.search(r"[a-rt-z]s$", counted):
        return counted
    return f"events of {name}" if counted == name else noun


# Effects in words ------------------------------------------------------------------------------------------------


def effect_words(value: float, scale: Scale, outcome: OutcomeResult) -> str:
    """Say an effect as a person would: "10% fewer", "4.2 points higher", "45% shorter"."""
    measure = fmt.measure_of(outcome.kind)
    change = change_of(value, scale)
    if change == 0:
        return "the same"
    more, less = {Measure.RATE: ("more", "fewer"), Measure.DAYS: ("longer", "shorter")}.get(
        measure, ("higher", "lower")
    )
    size = fmt.effect(value, scale, measure).lstrip(f"+{fmt.MINUS}")
    if measure is Measure.AMOUNT and scale is Scale.DIFFERENCE:
        size = f"{size} {outcome.unit}".strip()
    return f"{size} {more if change > 0 else less}"


def in_ratios(outcome: OutcomeResult) -> bool:
    """Whether effects on the outcome are ratios, as its headline is or would be."""
    if outcome.headline is not None:
        return outcome.headline.scale is not Scale.DIFFERENCE
    return fmt.measure_of(outcome.kind) in {Measure.RATE, Measure.DAYS}


def worthwhile_words(outcome: OutcomeResult) -> str:
    """Say the smallest worthwhile change; empty if none was declared."""
    if outcome.worthwhile is None:
        return ""
    ratio = in_ratios(outcome)
    scale, value = (Scale.RATIO, 1 + outcome.worthwhile) if ratio else (Scale.DIFFERENCE, outcome.worthwhile)
    return fmt.trimmed(effect_words(value, scale, outcome))


def harm_words(outcome: OutcomeResult, margin: float | None) -> str:
    """Say from where on a change for the worse is harm; empty if any change for the worse is."""
    if margin is None and outcome.worthwhile is None:
        return ""
    worse = -1 if outcome.better == "higher" else 1
    if not in_ratios(outcome):
        size = abs(outcome.worthwhile or 0.0) if margin is None else margin
        return fmt.trimmed(effect_words(worse * size, Scale.DIFFERENCE, outcome))
    if margin is not None:
        return fmt.trimmed(effect_words(1 + worse * margin, Scale.RATIO, outcome))
    return fmt.trimmed(effect_words(1 / (1 + (outcome.worthwhile or 0.0)), Scale.RATIO, outcome))


def better_words(outcome: OutcomeResult) -> str:
    """Say which way is better."""
    return f"{outcome.better} is better"


def list_of_areas(names: tuple[str, ...], most: int) -> str:
    """Name areas, at most this many, with a count of the rest."""
    if len(names) <= most:
        return joined(names)
    return f"{', '.join(names[:most])} and {fmt.count(len(names) - most)} more"
