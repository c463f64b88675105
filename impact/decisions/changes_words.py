"""What would have changed the verdict, in plain words."""

from collections.abc import Sequence

from impact.decision_words import NAMES
from impact.decisions.changes import Situation, Turn
from impact.decisions.obstacles import Obstacle
from impact.decisions.rule import SURE_OF_DIRECTION
from impact.report import format as fmt
from impact.report.text import lower_first
from impact.result import OutcomeResult
from impact.result_decision import Verdict
from models.value import Stake


def would_change(
    outcome: OutcomeResult,
    verdict: Verdict,
    found: Sequence[Turn],
    situation: Situation | None,
    obstacles: Sequence[Obstacle],
    currency: str,
) -> tuple[str, ...]:
    """Say at which effect, value, cost, size and length the verdict turns, and what stands against a better one."""
    remedies = list(dict.fromkeys(o.remedy for o in obstacles if o.remedy))
    if situation is None or verdict == "cannot_tell":
        return tuple(f"To be able to tell: {lower_first(remedy)}" for remedy in remedies)
    said = [_turn(turn, outcome, situation, currency) for turn in found]
    if verdict != "scale_up":
        said += [f"Needed before anything is scaled up: {lower_first(remedy)}" for remedy in remedies]
        said += _no_money(found, situation)
    return tuple(said)


def _turn(turn: Turn, outcome: OutcomeResult, situation: Situation, currency: str) -> str:
    verdict = f"The verdict would be “{NAMES[turn.to]}” if"
    if turn.lever == "effect":
        return f"{verdict} {_effect(turn, outcome, situation)}."
    stake = situation.stake
    return f"{verdict} {_amount(turn, stake, currency)}, all else as assumed." if stake else ""


def _effect(turn: Turn, outcome: OutcomeResult, situation: Situation) -> str:
    headline = outcome.headline
    if headline is None:
        return ""
    measure, name = fmt.measure_of(outcome.kind), lower_first(outcome.title)
    side = "better" if situation.better * (turn.at - situation.held.estimate) > 0 else "worse"
    effect, now = (
        fmt.effect(headline.from_linear(x), headline.scale, measure) for x in (turn.at, situation.held.estimate)
    )
    return f"the effect on {name} were found to be {effect} or {side} instead of {now}, and were no less uncertain"


def _amount(turn: Turn, stake: Stake, currency: str) -> str:
    plan, at = stake.roll_out, turn.at
    bases = {"price": stake.price.mean, "cost_per_year": plan.cost_per_year, "annual_units": plan.annual_units}
    now = bases.get(turn.lever, float(plan.years))
    side, amount = "or more" if at > now else "or less", fmt.money_rounded(at, currency)
    match turn.lever:
        case "price":
            return f"a unit were worth {amount} {side}, instead of {fmt.money_rounded(now, currency)} on average"
        case "cost_per_year":
            return f"it cost {amount} {side} a year, instead of {fmt.money(now, currency)}"
        case "annual_units":
            return f"there were {fmt.count(_rounded(at))} units {side} a year at the same cost, not {fmt.count(now)}"
        case _:
            return f"it ran for {fmt.things(at, 'year')} {side}, instead of {fmt.count(now)}"


def _rounded(amount: float) -> float:
    """Three figures of an amount that was worked out."""
    return float(f"{amount:.3g}")


def _no_money(found: Sequence[Turn], situation: Situation) -> list[str]:
    """Say where no value or cost gives a better verdict, because the evidence is not sure enough of the direction."""
    if situation.stake is None or situation.blocked or any(t.to == "scale_up" for t in found if t.lever != "effect"):
        return []
    beneficial = situation.reading_at(0.0).chances.beneficial
    if beneficial >= SURE_OF_DIRECTION:
        return []
    said = (
        "No value, cost, size or length of the roll-out would turn it to “scale up”: the probability of any benefit is "
        f"{fmt.probability(beneficial)}, and {fmt.threshold(SURE_OF_DIRECTION)} is needed. Only more evidence would."
    )
    return [said]
