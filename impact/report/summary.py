"""The result in a few lines for the terminal."""

from impact.report import format as fmt
from impact.result import OutcomeResult, RunResult

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
        f"security: {decision.security} of {MOST_SECURE}",
    )


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
