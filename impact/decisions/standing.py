"""Where the evidence stands: level on the Maryland scale, and what the study says under each heading of EMMIE."""

from collections.abc import Collection

from impact.decisions.money_words import OF_PERSPECTIVE
from impact.report import format as fmt
from impact.report.places import level_of, plural
from impact.report.text import joined, lower_first
from impact.result import OutcomeResult, StudyInfo
from impact.result_decision import EconomicsInfo, EmmieInfo, MarylandInfo
from models.estimate import Estimate

FEW_AREAS = 20
SERIES = frozenset({"its", "bayes"})
NOTHING_ASSIGNED_BY_CHANCE = "Levels 4 and 5 are for areas assigned by chance or as if by chance."
CACE = "CACE"


def maryland(info: StudyInfo, headline: Estimate | None) -> MarylandInfo:
    """Level on the Maryland Scientific Methods Scale, as the What Works Centres read it; the result plays no part."""
    if headline is None:
        return MarylandInfo(None, "There is no estimate to place on the scale.")
    if headline.clusters.comparison == 0:
        if headline.model in SERIES:
            reason = (
                "A series of many periods before and after, without comparison areas: its trend and season are allowed "
                "for, and nothing else that changed at the same time."
            )
            return MarylandInfo(2, reason)
        return MarylandInfo(1, "Before against after in the treated areas alone, without a comparison.")
    counted = headline.clusters.treated, headline.clusters.comparison
    few = ""
    if sum(counted) < FEW_AREAS:
        few = (
            f" There are only {counted[0]} treated and {counted[1]} {_compared(info)} {plural(level_of(info))}, so "
            "chance differences between them are not averaged out: it is level 3 by its design, and weak for one."
        )
    return MarylandInfo(
        3, f"Before against after in treated and comparison areas.{few} {NOTHING_ASSIGNED_BY_CHANCE}".strip()
    )


def _compared(info: StudyInfo) -> str:
    return "comparison" if info.comparison else "later"


def emmie(info: StudyInfo, outcome: OutcomeResult, outputs: Collection[str], money: EconomicsInfo | None) -> EmmieInfo:
    """Say what the study has under each heading (Johnson, Tilley and Bowers 2015), and where it has nothing."""
    return EmmieInfo(
        effect=_effect(outcome),
        mechanism=_mechanism(outcome),
        moderators=_moderators(outcome),
        implementation=_implementation(info, outputs),
        economics=_economics(info, money),
    )


def _effect(outcome: OutcomeResult) -> str:
    found, name = outcome.headline, lower_first(outcome.title)
    if found is None:
        return f"No effect on {name} can be estimated."
    measure = fmt.measure_of(outcome.kind)
    said = f"The estimated effect on {name} is {fmt.effect(found.estimate, found.scale, measure)}"
    if found.interval is None:
        return f"{said}, without a range."
    return f"{said} ({fmt.interval_name(found.level)} {fmt.effect_range(found.interval, found.scale, measure)})."


def _mechanism(outcome: OutcomeResult) -> str:
    """Uptake alone says something of how it works: that the effect is where the service was used."""
    if any(e.estimand.startswith(CACE) for e in outcome.estimates):
        return (
            "The effect on those who took it up is estimated apart, which is what it would be if it works through use; "
            "how it works is not studied."
        )
    return "Nothing: the study measures whether the outcome changed, not how."


def _moderators(outcome: OutcomeResult) -> str:
    """One effect is estimated for all; whether it holds elsewhere is another question."""
    left_out = any(check.id == "leave_one_out" for check in outcome.checks)
    shown = " Whether one area carries the answer is shown by leaving out one at a time." if left_out else ""
    return (
        "Nothing on where or for whom it works best: one effect is estimated for all treated areas, and that it would "
        f"be the same elsewhere is an assumption.{shown}"
    )


def _implementation(info: StudyInfo, outputs: Collection[str]) -> str:
    given = info.intervention
    said = []
    if outputs:
        said.append(f"What was delivered is counted ({joined([name.replace('_', ' ') for name in outputs])}).")
    if given.delivery == "shared" and len(info.treated) > 1:
        said.append("One team served all treated areas.")
    if given.phase_in:
        said.append(f"The first {fmt.periods_count(given.phase_in, info.time_unit)} are left out while it got going.")
    if not said:
        return "Nothing: what was delivered, to whom and how well is not recorded in this study."
    return " ".join(said if outputs else [*said, "What was delivered is not recorded in this study."])


def _economics(info: StudyInfo, money: EconomicsInfo | None) -> str:
    given = info.intervention
    spent = None if given.cost_amount is None else fmt.money(given.cost_amount, given.cost_currency)
    if money is None:
        if spent is None:
            return "Nothing: neither costs nor the value of a change are declared."
        return (
            f"The pilot cost {spent}; what a change is worth is not declared, so costs and benefits are not compared."
        )
    main = next(p for p in money.perspectives if p.decides)
    expected = fmt.money_rounded(main.expected, money.currency)
    cost = f" The pilot itself cost {spent}." if spent else ""
    return (
        f"The expected net benefit of scaling up{OF_PERSPECTIVE[money.perspective]} is {expected}, with a probability "
        f"of {fmt.probability(main.probability_positive)} of being above nought.{cost}"
    )
