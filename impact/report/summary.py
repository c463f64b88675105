"""The result in a few lines for the terminal."""

from impact.report import format as fmt
from impact.report.text import lower_first
from impact.report.verdict_view import disagreement, glance
from impact.result import Decision, OutcomeResult, RunResult

MOST_SECURE = 5


def summary_lines(result: RunResult) -> tuple[str, ...]:
    """Give the title, one line per outcome, and the decision with its security."""
    decision = result.decision
    simulated = ("The case records in this study are simulated.",) if result.study.simulated else ()
    return (
        result.study.title,
        *simulated,
        *(f"  {outcome.title}: {_found(outcome)}" for outcome in result.outcomes.values()),
        decision.headline,
        *_likely(result),
        *_worth(decision),
        *filter(None, (disagreement(decision.bases),)),
        f"security: {decision.security} of {MOST_SECURE}",
    )


def _likely(result: RunResult) -> tuple[str, ...]:
    found = glance(result)
    if not found:
        return ()
    source = " by the Bayesian model" if result.decision.basis == "posterior" else ""
    return (f"chances{source}: {', '.join(f'{lower_first(one.short)} {one.number}' for one in found)}",)


def _worth(decision: Decision) -> tuple[str, ...]:
    if decision.expected_net_benefit is None or decision.economics is None:
        return ()
    gain = fmt.money_rounded(decision.expected_net_benefit, decision.economics.currency)
    return (f"expected net benefit of scaling up: {gain}",)


def _found(outcome: OutcomeResult) -> str:
    headline = outcome.headline
    if headline is None:
        return "not estimable"
    measure = fmt.measure_of(outcome.kind)
    effect = fmt.effect(headline.estimate, headline.scale, measure)
    if headline.interval is None:
        return f"{effect}, without an interval"
    span = fmt.effect_range(headline.interval, headline.scale, measure)
    return f"{effect} ({fmt.interval_name(headline.level)} {span})"
