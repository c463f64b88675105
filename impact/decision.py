"""From estimates and a rule declared beforehand to a verdict a committee can use.

The rule, in order:

1. ``cannot_tell`` if the deciding outcome has no estimate with an interval and a standard error, or if a placebo
   outcome, which the intervention cannot have touched, moved.
2. ``stop`` if the probability of a worthwhile effect is below ``stop_if``.
3. ``scale_up`` if that probability is at least ``scale_up_if``, the direction itself is nearly sure
   (`SURE_OF_DIRECTION`), the probability of harm is below ``harm``, no guardrail vetoes, there are comparison areas,
   the answer is shown to hold when areas served by one team count as one, and the evidence is rated
   `LEAST_SECURITY` or more.
4. ``extend`` otherwise.

A worthwhile effect alone is not enough to scale up: under no effect at all the probability of a small worthwhile change
passes 0.8 in nearly one run in five, and `SURE_OF_DIRECTION` is what keeps a placebo from being scaled up in more than
about one run in twenty. Probabilities read the headline's t distribution as a belief that started without preference
(a flat prior).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from impact import decision_words as words
from impact.intake.problems import Problem
from impact.probabilities import Probabilities, probabilities
from impact.result import Decision, OutcomeResult, RuleInfo, StudyInfo, Verdict
from impact.security import Rating, rate
from impact.study.decision import Rule
from impact.study.outcomes import Better, Outcome, OutcomeRole
from impact.study.schema import Study
from models.estimate import Estimate, Status
from models.one_team import check_id
from models.panel import Kind
from models.registry import MODELS, deciders

SURE_OF_DIRECTION = 0.95
GUARDRAIL_VETO = 0.5
LEAST_SECURITY = 2


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the verdict cannot be better than `at_most`."""

    at_most: Verdict
    reason: str


def decide(
    study: Study, info: StudyInfo, outcomes: Mapping[str, OutcomeResult], problems: Sequence[Problem]
) -> Decision:
    """Apply the declared rule to the deciding outcome, its guardrails and its checks."""
    key = study.deciding_outcome
    outcome, rule = outcomes[key], study.decision.rule
    found = _believed(outcome)
    rating = rate(info, outcome, _concerning(study.outcomes[key], problems))
    obstacles = (*_obstacles(info, outcome, outcomes, found, rule), *_insecure(rating, found, rule))
    verdict = _verdict(found, rule, obstacles)
    return Decision(
        outcome=key,
        verdict=verdict,
        security=rating.value,
        headline=words.headline(verdict, outcome, found),
        reasons=(*words.reasons(verdict, outcome, found, rule, info), *(o.reason for o in obstacles)),
        security_reasons=rating.reasons,
        probability_beneficial=found.beneficial if found else None,
        probability_worthwhile=found.worthwhile if found and outcome.worthwhile is not None else None,
        probability_harm=found.harm if found else None,
        expected_net_benefit=None,
        probability_net_benefit=None,
        evpi=None,
        rule=RuleInfo(rule.scale_up_if, rule.stop_if, rule.harm, SURE_OF_DIRECTION, LEAST_SECURITY),
        caveats=words.caveats(info, outcome),
    )


def _believed(outcome: OutcomeResult) -> Probabilities | None:
    """Probabilities of the headline; None unless it has an interval."""
    headline = outcome.headline
    if headline is None or headline.interval is None:
        return None
    return probabilities(headline, Better(outcome.better), outcome.worthwhile)


def _concerning(outcome: Outcome, problems: Sequence[Problem]) -> list[Problem]:
    """Problems of the outcome's source as a whole, or of its own column."""
    column = getattr(outcome, "value", None)
    return [p for p in problems if p.source in {None, outcome.source} and p.column in {None, column}]


def _verdict(found: Probabilities | None, rule: Rule, obstacles: Sequence[Obstacle]) -> Verdict:
    if found is None or any(o.at_most == "cannot_tell" for o in obstacles):
        return "cannot_tell"
    if found.worthwhile < rule.stop_if:
        return "stop"
    enough = found.worthwhile >= rule.scale_up_if and found.beneficial >= SURE_OF_DIRECTION
    return "scale_up" if enough and not obstacles else "extend"


def _obstacles(
    info: StudyInfo,
    outcome: OutcomeResult,
    outcomes: Mapping[str, OutcomeResult],
    found: Probabilities | None,
    rule: Rule,
) -> tuple[Obstacle, ...]:
    if outcome.headline is None or found is None:
        return (Obstacle("cannot_tell", _why_nothing(info, outcome)),)
    candidates = [
        *(_placebo(o) for o in outcomes.values() if o.role == OutcomeRole.PLACEBO),
        *(_guardrail(o) for o in outcomes.values() if o.role == OutcomeRole.GUARDRAIL),
        _alone(outcome.headline),
        _harmful(found, rule),
        _one_team(info, outcome),
    ]
    return tuple(o for o in candidates if o is not None)


def _why_nothing(info: StudyInfo, outcome: OutcomeResult) -> str:
    """Why the headline gives no probabilities: its own reason, or that of the model that would have come first.

    Models that never carry a headline here have no say; neither has a companion of a headline that stands.
    """
    able = deciders(Kind(outcome.kind), compared=bool(info.comparison), staggered=bool(info.starts))
    headline = outcome.headline
    if headline is not None and headline.interval is not None:
        return words.no_probabilities(headline.model, able)
    if headline is not None:
        own = [refusal.reason for refusal in outcome.not_estimable if refusal.model == headline.model]
        if own:
            return own[0]
    ranks = {name: spec.headline_rank for name, spec in MODELS.items() if spec.headline_rank is not None}
    refused = sorted((r for r in outcome.not_estimable if r.model in ranks), key=lambda r: ranks[r.model])
    return refused[0].reason if refused else words.no_model(able)


def _placebo(outcome: OutcomeResult) -> Obstacle | None:
    headline = outcome.headline
    if headline is None or headline.interval is None:
        return Obstacle("extend", words.placebo_unknown(outcome))
    low, high = headline.interval
    return None if low <= headline.null <= high else Obstacle("cannot_tell", words.placebo_moved(outcome))


def _guardrail(outcome: OutcomeResult) -> Obstacle | None:
    found = _believed(outcome)
    if found is None:
        return Obstacle("extend", words.guardrail_unknown(outcome))
    harmed = found.harm >= GUARDRAIL_VETO or 1.0 - found.beneficial >= SURE_OF_DIRECTION
    return Obstacle("extend", words.guardrail_harmed(outcome, found.harm)) if harmed else None


def _alone(headline: Estimate) -> Obstacle | None:
    return Obstacle("extend", words.NO_COMPARISON) if headline.clusters.comparison == 0 else None


def _harmful(found: Probabilities, rule: Rule) -> Obstacle | None:
    return Obstacle("extend", words.harm_possible(found.harm, rule.harm)) if found.harm >= rule.harm else None


def _insecure(rating: Rating, found: Probabilities | None, rule: Rule) -> tuple[Obstacle, ...]:
    """Weak evidence is a reason only where it stands between a promising result and scaling up."""
    if found is None or found.worthwhile < rule.scale_up_if or rating.value >= LEAST_SECURITY:
        return ()
    return (Obstacle("extend", words.insecure(rating.value)),)


def _one_team(info: StudyInfo, outcome: OutcomeResult) -> Obstacle | None:
    """What stands against scaling up where one team serves the treated areas; a check that is missing stands too."""
    headline = outcome.headline
    if headline is None:
        return None
    check = next((c for c in outcome.checks if c.id == check_id(headline.model)), None)
    if check is None:
        shared = info.intervention.delivery == "shared" and headline.clusters.treated > 1
        return Obstacle("extend", words.ONE_TEAM_UNKNOWN) if shared and not headline.clusters.periods else None
    if check.status is Status.PASS:
        return None
    return Obstacle("extend", words.one_team_unknown(check) if check.status is Status.NOT_RUN else words.ONE_TEAM)
