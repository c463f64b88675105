"""The decision in plain words: its headline, its reasons and its caveats."""

from collections.abc import Sequence

from impact.decisions import money_words
from impact.decisions.rule import SURE_OF_DIRECTION, Reading
from impact.probabilities import Held, Probabilities
from impact.report import format as fmt
from impact.report.check_words import other_method
from impact.report.places import level_of, plural
from impact.report.text import joined, lower_first
from impact.result import OutcomeResult, StudyInfo
from impact.result_decision import BasisInfo, EconomicsInfo, Verdict
from impact.security import minimum_detectable
from impact.study.decision import Rule
from models.estimate import Check, Scale, Status
from models.registry import BAYES

LEAD: dict[Verdict, str] = {
    "scale_up": "Scale up",
    "extend": "Extend the pilot before deciding",
    "stop": "Stop",
    "cannot_tell": "These data cannot tell",
}
NAMES: dict[Verdict, str] = {
    "scale_up": "scale up",
    "extend": "extend",
    "stop": "stop",
    "cannot_tell": "cannot tell",
}
BEYOND_WORDS = 50.0  # on the log scale: far beyond any effect
NO_COMPARISON = (
    "There are no comparison areas, so the pilot cannot be told apart from anything else that changed at the same "
    "time; a result like this is never enough to scale up."
)
ONE_TEAM = (
    "One team served all treated areas. Counted as one, they no longer give the same answer, so the result may be that "
    "team's luck."
)


NO_PROBABILITIES = (
    "The plausible range comes from doing the same to other areas: it says which effects that does not rule out, and "
    "not how likely each is. There are no probabilities, so the declared rule cannot be read."
)
NEEDS_INTERVAL = "An estimate with a plausible range and probabilities: without one no rule can be read."
NEEDS_GATES = (
    "A Bayesian model whose draws pass their checks. To take `bayes` out of the models because they failed would be to "
    "choose the method by its result."
)
NEEDS_COMPARISON = "Comparison areas, in which the same is recorded and nothing is done."
NEEDS_TEAMS = "A separate team in each treated area, so that the areas count as separate evidence."
NEEDS_SECURITY = "Safer evidence: more treated and comparison areas, or none of the threats named under security."
CLEAR_HARM = 0.95
_TOO_WIDE = (
    "The plausible range still reaches a worthwhile effect, so how large the effect is cannot be told; but the rule "
    "does not wait for that, and stops where a worthwhile effect is this unlikely."
)
ONE_TEAM_UNKNOWN = (
    "One team served all treated areas, and whether the answer holds when they count as one cannot be estimated."
)


def headline(verdict: Verdict, outcome: OutcomeResult, believed: Probabilities | None) -> str:
    """One sentence: the verdict and the estimate it rests on."""
    lead, name = LEAD[verdict], lower_first(outcome.title)
    found = outcome.headline
    if found is None:
        return f"{lead}: no effect on {name} can be estimated."
    measure = fmt.measure_of(outcome.kind)
    effect = fmt.effect(found.estimate, found.scale, measure)
    if measure is fmt.Measure.AMOUNT and found.scale is Scale.DIFFERENCE:
        effect = f"{effect} {outcome.unit}".strip()
    if found.interval is None:
        return f"{lead}: the estimate for {name} is {effect}, and nothing says how far it can be trusted."
    span = fmt.effect_range(found.interval, found.scale, measure)
    if believed is None:
        return (
            f"{lead}: the estimated effect on {name} is {effect} (plausible range {span}), without the probabilities "
            "that the rule asks for."
        )
    return f"{lead}: the estimated effect on {name} is {effect} (plausible range {span})."


def reasons(
    verdict: Verdict,
    outcome: OutcomeResult,
    reading: Reading | None,
    rule: Rule,
    info: StudyInfo,
    money: EconomicsInfo | None = None,
) -> tuple[str, ...]:
    """Why this verdict, beginning with the probabilities the rule reads."""
    if reading is None:
        return ()
    found = reading.chances
    given = [_benefit(outcome, found, info)]
    if money is not None:
        given += [money_words.pays(reading, rule, money), money_words.break_even(outcome, money)]
    if outcome.worthwhile is not None:
        given.append(_worthwhile(outcome, found, None if money else rule))
    given.append(_equivalent(outcome, found))
    if verdict == "extend" and reading.read >= rule.scale_up_if:
        given.append("That is promising, but not yet sure enough to act on everywhere.")
    if verdict == "stop":
        given += _stopping(outcome, found, rule) if money is None else _unproved(found, rule)
    if money is not None and verdict == "extend":
        given.append(money_words.price_in_doubt(money))
    if money is not None and rule.stop_if <= reading.read and verdict in {"extend", "stop"}:
        given += money_words.learning(money.extensions, money.currency, expected=reading.expected or 0.0)
    given.append(_size(outcome))
    return tuple(reason for reason in given if reason)


def _equivalent(outcome: OutcomeResult, found: Probabilities) -> str:
    """Say how likely the effect is so small that it counts as none."""
    if found.equivalent is None or outcome.equivalence is None:
        return ""
    chance = fmt.probability(found.equivalent)
    size = fmt.trimmed(_size_in_words(outcome, outcome.equivalence).removeprefix("+"))
    return f"The probability that the effect counts as none, being smaller than {size} either way, is {chance}."


def _benefit(outcome: OutcomeResult, found: Probabilities, info: StudyInfo) -> str:
    level = level_of(info)
    way = "rose" if outcome.better == "higher" else "fell"
    chance, name = fmt.probability(found.beneficial), lower_first(outcome.title)
    if outcome.headline is not None and outcome.headline.clusters.comparison == 0:
        return f"The probability that {name} {way}, whatever the cause, is {chance}."
    others = f"comparison {plural(level)}" if info.comparison else f"{plural(level)} that start later"
    condition = f"if {others} show what would have happened anyway"
    if outcome.headline is not None and outcome.headline.clusters.treated == 1:
        return (
            f"One treated {level} can at most be consistent with an effect of the pilot: the probability that "
            f"{name} {way} because of it is {chance}, {condition}."
        )
    return f"The probability that {name} {way} because of the pilot is {chance}, {condition}."


def _stopping(outcome: OutcomeResult, found: Probabilities, rule: Rule) -> list[str]:
    """How a stop goes together with the range, and with a chance of harm that is neither small nor clear."""
    return [*_reach(outcome), *_unproved(found, rule)]


def _reach(outcome: OutcomeResult) -> list[str]:
    found = outcome.headline
    if found is None or found.interval is None or outcome.worthwhile is None:
        return []
    sign = 1 if outcome.better == "higher" else -1
    best = max(sign * found.linear(limit) for limit in found.interval)
    if best < abs(found.linear(found.null + outcome.worthwhile)):
        return ["The whole plausible range falls short of a worthwhile effect."]
    return [_TOO_WIDE]


def _unproved(found: Probabilities, rule: Rule) -> list[str]:
    if not rule.harm <= found.harm < CLEAR_HARM:
        return []
    if 1.0 - found.beneficial >= CLEAR_HARM:
        return ["It almost certainly moved the wrong way; whether by as much as would count as harm is not settled."]
    return ["To stop says that a worthwhile effect is unlikely, not that the pilot has been shown to do harm."]


def _worthwhile(outcome: OutcomeResult, found: Probabilities, rule: Rule | None) -> str:
    """Say how likely a worthwhile effect is, and where the rule reads that (`rule` is given), what it asks for."""
    size = _size_in_words(outcome, outcome.worthwhile or 0.0)
    said = f"The probability that the effect is worthwhile ({size} or better) is {fmt.probability(found.worthwhile)}"
    if rule is None:
        return f"{said}."
    return (
        f"{said}; the rule asks for {fmt.threshold(rule.scale_up_if)} to scale up and stops below "
        f"{fmt.threshold(rule.stop_if)}."
    )


def _size_in_words(outcome: OutcomeResult, value: float) -> str:
    scale = outcome.headline.scale if outcome.headline else Scale.DIFFERENCE
    on_scale = 1.0 + value if scale is Scale.RATIO else value
    return fmt.effect(on_scale, scale, fmt.measure_of(outcome.kind))


def _size(outcome: OutcomeResult) -> str:
    found = outcome.headline
    if found is not None and found.model == BAYES.name:
        return ""  # a posterior's spread holds the prior: what a pilot can find takes more than multiples of it
    detectable = None if found is None else minimum_detectable(found)
    if found is None or detectable is None:
        return ""
    beyond = BEYOND_WORDS if found.scale is Scale.RATIO else 1.0
    if detectable > beyond and (found.scale is Scale.RATIO or fmt.measure_of(outcome.kind) is fmt.Measure.SHARE):
        return "A pilot of this size finds no effect of a believable size reliably."
    sign = 1 if outcome.better == "higher" else -1
    smallest = fmt.effect(found.from_linear(sign * detectable), found.scale, fmt.measure_of(outcome.kind))
    return f"A pilot of this size finds an effect reliably only if it is about {smallest} or larger."


def placebo_moved(outcome: OutcomeResult) -> str:
    """Say that something moved which the intervention cannot have touched."""
    return (
        f"{outcome.title} moved too, though the intervention cannot have touched it: something else differs between "
        "treated and comparison areas."
    )


def placebo_unknown(outcome: OutcomeResult) -> str:
    """Say that a placebo outcome has no estimate."""
    return f"{outcome.title} is there to catch a false comparison, and whether it moved cannot be estimated."


def one_team_unknown(check: Check) -> str:
    """Say that the answer for one team cannot be estimated, and why."""
    return f"{ONE_TEAM_UNKNOWN} {check.detail}".strip()


def no_probabilities(model: str, able: Sequence[str]) -> str:
    """Say that a range without probabilities cannot be held against the rule, and what gives them."""
    others = [f"`{name}`" for name in able if name != model]
    return (
        f"{NO_PROBABILITIES} Add {joined(others, 'or')} to the models, which give them." if others else NO_PROBABILITIES
    )


def no_model(able: Sequence[str]) -> str:
    """Say that no model was run that can carry a verdict."""
    return f"No model was run that can carry a verdict. Run one of: {', '.join(able)}."


def guardrail_unknown(outcome: OutcomeResult) -> str:
    """Say that a guardrail has no estimate."""
    return f"{outcome.title} is a guardrail, and whether it was harmed cannot be estimated."


def guardrail_harmed(outcome: OutcomeResult, harm: float) -> str:
    """Say that a guardrail was probably harmed."""
    return f"{outcome.title} is a guardrail and was probably harmed (probability {fmt.probability(harm)})."


def gate_failed(reason: str) -> str:
    """Say that the Bayesian model's draws cannot be relied on, and why."""
    return f"The Bayesian model's draws cannot be relied on, so nothing is decided on them. {reason}"


def needs_estimate(outcome: OutcomeResult) -> str:
    """Say that an outcome beside the deciding one must be estimated."""
    return f"An estimate of {lower_first(outcome.title)} with a plausible range."


def needs_unharmed(outcome: OutcomeResult) -> str:
    """Say that a guardrail must not be harmed."""
    return f"{outcome.title} not getting worse."


def needs_still_placebo(outcome: OutcomeResult) -> str:
    """Say that a comparison is needed in which the placebo outcome does not move."""
    return f"A comparison in which {lower_first(outcome.title)} does not move."


def held_by(held: Held, prior: str, headline: str) -> str:
    """Say where the probabilities come from, where that is the Bayesian model; `headline` is the estimate's model."""
    if held.basis == "confidence":
        return ""
    where = "is the estimate itself" if headline == held.model else "stands beside the estimate"
    return f"The probabilities are those of the Bayesian model ({prior} prior), whose answer {where}."


def bases_apart(deciding: BasisInfo, other: BasisInfo) -> str:
    """Say that the two ways of reading the data give two verdicts, and where their probabilities part."""
    names = {"posterior": "the Bayesian model", "confidence": "the estimate's own confidence distribution"}
    shown = [
        f"{names[b.basis]} gives “{NAMES[b.verdict]}” (probability of benefit "
        f"{fmt.probability(b.probability_beneficial)})"
        for b in (deciding, other)
    ]
    return (
        f"The two ways of reading the data disagree: {shown[0]}, and {shown[1]}. The verdict follows the first; that "
        "they part is a finding, and shows how much hangs on what is believed beforehand."
    )


def directions_apart(deciding: BasisInfo, other: BasisInfo) -> str:
    """Say that only one of the two ways is sure enough of the direction to scale up."""
    sure = [b.probability_beneficial >= SURE_OF_DIRECTION for b in (deciding, other)]
    if sure[0] == sure[1]:
        return ""
    first, second = (fmt.probability(b.probability_beneficial) for b in (deciding, other))
    by = {"posterior": "by the Bayesian model", "confidence": "by the estimate's own confidence distribution"}
    return (
        f"How sure the direction is depends on the method: the probability of benefit is {first} {by[deciding.basis]} "
        f"and {second} {by[other.basis]}, on different sides of the {fmt.threshold(SURE_OF_DIRECTION)} that scaling up "
        "needs."
    )


def harm_possible(harm: float, limit: float) -> str:
    """Say that harm is too probable."""
    allowed = fmt.threshold(limit)
    return f"The probability of harm is {fmt.probability(harm)}, and the rule allows less than {allowed}."


def insecure(rating: int) -> str:
    """Say that the evidence is too weak to act on everywhere."""
    return f"The evidence is rated {rating} of 5: too little to act on everywhere, whatever it points to."


def caveats(info: StudyInfo, outcome: OutcomeResult) -> tuple[str, ...]:
    """What a reader must keep in mind: simulated data, other changes, and the warnings of the headline that decides."""
    found = ["The case records in this study are simulated: nothing here happened."] if info.simulated else []
    found += [f"{c.what} ({fmt.period(c.when)})." if c.when else f"{c.what}." for c in info.intervention.concurrent]
    model = outcome.headline.model if outcome.headline else None
    against = [check for check in outcome.checks if check.status in {Status.WARN, Status.FAIL}]
    found += [check.finding for check in against if other_method(check.id, model) is None]
    return tuple(found)
