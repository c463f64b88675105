"""What stands against a better verdict, whatever the deciding outcome says, and what would lift it."""

from collections.abc import Mapping
from dataclasses import dataclass

from impact import decision_words as words
from impact.decisions.rule import harmed
from impact.probabilities import Held
from impact.result import OutcomeResult, StudyInfo
from impact.result_decision import Verdict
from impact.study.outcomes import OutcomeRole
from models.estimate import Estimate, Status
from models.one_team import check_id
from models.panel import Kind
from models.registry import MODELS, deciders


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the verdict cannot be better than `at_most`, and what would lift that; `remedy` may be empty."""

    at_most: Verdict
    reason: str
    remedy: str = ""


def obstacles(
    info: StudyInfo, key: str, outcomes: Mapping[str, OutcomeResult], believed: Mapping[str, Held | None]
) -> tuple[Obstacle, ...]:
    """Find them all; where nothing can be told of the deciding outcome, why not is the only one."""
    outcome, found = outcomes[key], believed[key]
    failed = outcome.posterior.failed if outcome.posterior else ()
    if failed:
        return tuple(Obstacle("cannot_tell", words.gate_failed(reason), words.NEEDS_GATES) for reason in failed)
    if outcome.headline is None or found is None or outcome.headline.interval is None:
        return (Obstacle("cannot_tell", _why_nothing(info, outcome), words.NEEDS_INTERVAL),)
    candidates = [
        *(_placebo(o) for o in outcomes.values() if o.role == OutcomeRole.PLACEBO),
        *(_guardrail(o, believed[k]) for k, o in outcomes.items() if o.role == OutcomeRole.GUARDRAIL),
        _alone(outcome.headline),
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
        return Obstacle("extend", words.placebo_unknown(outcome), words.needs_estimate(outcome))
    low, high = headline.interval
    if low <= headline.null <= high:
        return None
    return Obstacle("cannot_tell", words.placebo_moved(outcome), words.needs_still_placebo(outcome))


def _guardrail(outcome: OutcomeResult, found: Held | None) -> Obstacle | None:
    failed = outcome.posterior.failed if outcome.posterior else ()
    if found is None or failed:
        reason = f"{words.guardrail_unknown(outcome)} {' '.join(failed[:1])}".strip()
        return Obstacle("extend", reason, words.needs_estimate(outcome))
    if not harmed(found.chances):
        return None
    return Obstacle("extend", words.guardrail_harmed(outcome, found.chances.harm), words.needs_unharmed(outcome))


def _alone(headline: Estimate) -> Obstacle | None:
    if headline.clusters.comparison:
        return None
    return Obstacle("extend", words.NO_COMPARISON, words.NEEDS_COMPARISON)


def _one_team(info: StudyInfo, outcome: OutcomeResult) -> Obstacle | None:
    """What stands against scaling up where one team serves the treated areas; a check that is missing stands too."""
    headline = outcome.headline
    if headline is None:
        return None
    check = next((c for c in outcome.checks if c.id == check_id(headline.model)), None)
    if check is None:
        shared = info.intervention.delivery == "shared" and headline.clusters.treated > 1
        missing = shared and not headline.clusters.periods
        return Obstacle("extend", words.ONE_TEAM_UNKNOWN, words.NEEDS_TEAMS) if missing else None
    if check.status is Status.PASS:
        return None
    reason = words.one_team_unknown(check) if check.status is Status.NOT_RUN else words.ONE_TEAM
    return Obstacle("extend", reason, words.NEEDS_TEAMS)
