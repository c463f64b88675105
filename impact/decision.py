"""From estimates and a rule declared beforehand to a verdict a committee can use.

Where the study declares what a unit is worth and what scaling up costs, the rule reads the probability that scaling up
pays (a net benefit above nought); elsewhere the probability of a worthwhile effect. In order:

1. ``cannot_tell`` if the deciding outcome has no estimate with an interval and a standard error, if a placebo outcome,
   which the intervention cannot have touched, moved, or if the Bayesian model was run on the deciding outcome and its
   draws failed their checks.
2. ``stop`` if that probability is below ``stop_if``.
3. ``scale_up`` if it is at least ``scale_up_if``, the expected net benefit (where there is one) is above nought, the
   direction itself is nearly sure (`SURE_OF_DIRECTION`), the probability of harm beyond the margin is below ``harm``,
   no guardrail vetoes, there are comparison areas, the answer is shown to hold when areas served by one team count as
   one, and the evidence is rated `LEAST_SECURITY` or more.
4. ``stop`` also if a net benefit is not expected, an extension is declared, and neither it nor any usual one would tell
   enough to be worth its cost and the delay. What stands against scaling up does not stand against this.
5. ``extend`` otherwise.

More benefit never gives a worse verdict, and an obstacle never a better one. A worthwhile effect, or a net benefit that
needs next to no effect, is not enough to scale up: under no effect at all their probability passes 0.8 in nearly one
run in five, and `SURE_OF_DIRECTION` is what keeps a placebo from being scaled up in more than about one run in twenty,
at any price. Probabilities are shares of the Bayesian model's draws where it was run and passed its checks; elsewhere
they read the headline's t distribution as a belief that started without preference (a flat prior).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from impact import decision_words as words
from impact.decisions import money_words
from impact.decisions.changes import Situation, turns
from impact.decisions.changes_words import would_change
from impact.decisions.money import economics_info, stake_of, worths
from impact.decisions.obstacles import Obstacle, obstacles
from impact.decisions.precision import Precision
from impact.decisions.rule import LEAST_SECURITY, SURE_OF_DIRECTION, Reading, harmful, verdict
from impact.decisions.standing import emmie, maryland
from impact.intake.problems import Problem
from impact.probabilities import Held, Probabilities, Sizes, of_estimate, of_posterior
from impact.result import OutcomeResult, StudyInfo
from impact.result_decision import BasisInfo, Decision, EconomicsInfo, ExtensionInfo, RuleInfo, Verdict
from impact.security import Rating, rate
from impact.study.decision import Rule
from impact.study.outcomes import Better, Outcome
from impact.study.schema import Study
from models.arrays import FloatArray
from models.posterior import Posterior
from models.registry import BAYES
from models.value import Stake, cut_of, pays

__all__ = ["LEAST_SECURITY", "SURE_OF_DIRECTION", "decide"]


@dataclass(frozen=True, slots=True)
class _Matter:
    """The deciding outcome with everything that is held against it."""

    study: Study
    info: StudyInfo
    outcome: OutcomeResult
    stake: Stake | None
    precision: Precision | None

    @property
    def rule(self) -> Rule:
        return self.study.decision.rule

    @property
    def better(self) -> Better:
        return Better(self.outcome.better)

    def reading(self, held: Held) -> Reading:
        if self.stake is None:
            return Reading(held.chances)
        net = pays(held.draws, self.stake)
        return Reading(held.chances, net.probability, net.expected)

    def menu(self, draws: FloatArray, stake: Stake) -> tuple[ExtensionInfo, ...]:
        headline = self.outcome.headline
        return () if headline is None else worths(self.study, draws, stake, headline, self.precision)

    def learning_pays(self, draws: FloatArray, stake: Stake) -> bool:
        """False only where an extension is declared, what it would tell is known, and none on the menu pays."""
        menu = self.menu(draws, stake)
        return not any(e.declared for e in menu) or any(e.pays for e in menu)

    def verdict(self, held: Held, *, blocked: bool) -> Verdict:
        reading = self.reading(held)
        learning = self.stake is None or not reading.loses or self.learning_pays(held.draws, self.stake)
        return verdict(reading, self.rule, blocked=blocked, learning_pays=learning)


def decide(
    study: Study,
    info: StudyInfo,
    outcomes: Mapping[str, OutcomeResult],
    problems: Sequence[Problem],
    posteriors: Mapping[str, Posterior] | None = None,
    precision: Precision | None = None,
) -> Decision:
    """Apply the declared rule to the deciding outcome, its guardrails and its checks.

    Parameters
    ----------
    study, info
        The study as written and as run.
    outcomes
        What was found about each outcome.
    problems
        Findings about the data.
    posteriors
        Draws of the Bayesian model, by outcome; also those that failed their checks.
    precision
        What the deciding outcome's evidence rests on; without it, what an extension would tell is not known.
    """
    key, drawn = study.deciding_outcome, posteriors or {}
    outcome = outcomes[key]
    by_basis = {k: _held(study, k, o, drawn.get(k)) for k, o in outcomes.items()}
    believed = {k: next(iter(held), None) for k, held in by_basis.items()}
    matter = _Matter(study, info, outcome, stake_of(study, outcome), precision)
    rating = rate(info, outcome, _concerning(study.outcomes[key], problems))
    against = obstacles(info, key, outcomes, believed)
    return _decision(key, matter, by_basis[key], rating, against)


def _decision(
    key: str, matter: _Matter, bases: Sequence[Held], rating: Rating, against: Sequence[Obstacle]
) -> Decision:
    outcome, rule, study = matter.outcome, matter.rule, matter.study
    held = bases[0] if bases else None
    reading = matter.reading(held) if held else None
    unable = reading is None or any(o.at_most == "cannot_tell" for o in against)
    blocked = bool(against) or rating.value < LEAST_SECURITY
    given: Verdict = "cannot_tell" if unable or held is None else matter.verdict(held, blocked=blocked)
    money = _economics(matter, held)
    shown = tuple(_basis_info(matter, each, unable=unable, blocked=blocked) for each in bases)
    needed = (*against, *_insecure(rating))
    against = (*against, *_doubts(reading, rating, rule))
    situation = None if held is None or unable else _situation(matter, held, blocked=blocked)
    found = turns(situation) if situation else ()
    chances = reading.chances if reading else None
    return Decision(
        outcome=key,
        verdict=given,
        security=rating.value,
        headline=words.headline(given, outcome, chances),
        reasons=(
            *words.reasons(given, outcome, reading, rule, matter.info, money),
            *(o.reason for o in against),
            *_about_bases(outcome, bases, shown),
        ),
        security_reasons=rating.reasons,
        probability_beneficial=chances.beneficial if chances else None,
        probability_worthwhile=chances.worthwhile if chances and outcome.worthwhile is not None else None,
        probability_harm=chances.harm if chances else None,
        expected_net_benefit=reading.expected if reading else None,
        probability_net_benefit=reading.net_benefit if reading else None,
        evpi=money.evpi if money else None,
        rule=_rule_info(matter),
        caveats=(*words.caveats(matter.info, outcome), *_unpriced(matter, money)),
        basis=held.basis if held else None,
        probability_equivalent=chances.equivalent if chances else None,
        bases=shown,
        economics=money,
        would_change=would_change(outcome, given, found, situation, needed, money_words.currency_of(study)),
        maryland=maryland(matter.info, outcome.headline),
        emmie=emmie(matter.info, outcome, tuple(study.outputs), money),
    )


def _held(study: Study, key: str, outcome: OutcomeResult, posterior: Posterior | None) -> tuple[Held, ...]:
    """What is believed of an outcome, the basis that decides first; nothing without a headline and its interval."""
    headline, better = outcome.headline, Better(outcome.better)
    if headline is None or headline.interval is None:
        return ()
    margin = study.decision.rule.harm_margin if key == study.deciding_outcome else None
    sizes = Sizes.of(headline.scale, better, outcome.worthwhile, outcome.equivalence, margin)
    stake = stake_of(study, outcome) if key == study.deciding_outcome else None
    cut = None if stake is None else cut_of(stake.unit)
    own = None if headline.model == BAYES.name else of_estimate(headline, better, sizes, cut)
    drawn = posterior and not posterior.failed and of_posterior(BAYES.name, posterior, better, sizes, headline.level)
    return tuple(held for held in (drawn, own) if held)


def _concerning(outcome: Outcome, problems: Sequence[Problem]) -> list[Problem]:
    """Problems of the outcome's source as a whole, or of its own column."""
    column = getattr(outcome, "value", None)
    return [p for p in problems if p.source in {None, outcome.source} and p.column in {None, column}]


def _economics(matter: _Matter, held: Held | None) -> EconomicsInfo | None:
    headline = matter.outcome.headline
    if held is None or matter.stake is None or headline is None:
        return None
    menu = matter.menu(held.draws, matter.stake)
    return economics_info(matter.study, matter.outcome, held, matter.stake, menu)


def _basis_info(matter: _Matter, held: Held, *, unable: bool, blocked: bool) -> BasisInfo:
    headline, reading = matter.outcome.headline, matter.reading(held)
    if headline is None:
        raise ValueError("what is believed has no scale without a headline")
    low, high = (headline.from_linear(end) for end in held.interval)
    return BasisInfo(
        basis=held.basis,
        model=held.model,
        scale=headline.scale,
        estimate=headline.from_linear(held.estimate),
        interval=(low, high),
        probability_beneficial=held.chances.beneficial,
        probability_worthwhile=None if matter.outcome.worthwhile is None else held.chances.worthwhile,
        probability_harm=held.chances.harm,
        probability_equivalent=held.chances.equivalent,
        probability_net_benefit=reading.net_benefit,
        expected_net_benefit=reading.expected,
        verdict="cannot_tell" if unable else matter.verdict(held, blocked=blocked),
    )


def _doubts(reading: Reading | None, rating: Rating, rule: Rule) -> tuple[Obstacle, ...]:
    """Harm that is too probable, and weak evidence where it stands between a promising result and scaling up."""
    if reading is None:
        return ()
    found = []
    if harmful(reading.chances, rule):
        found.append(Obstacle("extend", words.harm_possible(reading.chances.harm, rule.harm)))
    if reading.read >= rule.scale_up_if:
        found += _insecure(rating)
    return tuple(found)


def _insecure(rating: Rating) -> list[Obstacle]:
    if rating.value >= LEAST_SECURITY:
        return []
    return [Obstacle("extend", words.insecure(rating.value), words.NEEDS_SECURITY)]


def _situation(matter: _Matter, held: Held, *, blocked: bool) -> Situation:
    return Situation(
        held=held,
        rule=matter.rule,
        blocked=blocked,
        better=matter.better.sign,
        reading_at=lambda shift: Reading(_shifted(matter, held, shift)),
        learning_pays=matter.learning_pays,
        stake=matter.stake,
    )


def _shifted(matter: _Matter, held: Held, shift: float) -> Probabilities:
    """Probabilities of the effect if it were shifted by so much on the linear scale, with the same spread."""
    outcome, rule = matter.outcome, matter.rule
    if outcome.headline is None:
        raise ValueError("what is believed has no scale without a headline")
    scale = outcome.headline.scale
    sizes = Sizes.of(scale, matter.better, outcome.worthwhile, outcome.equivalence, rule.harm_margin)
    return held.shifted(shift, matter.better, sizes)


def _about_bases(outcome: OutcomeResult, bases: Sequence[Held], shown: Sequence[BasisInfo]) -> tuple[str, ...]:
    """Say where the probabilities come from, and where the other way of reading the data says something else."""
    if not bases:
        return ()
    prior = outcome.posterior.prior if outcome.posterior else ""
    said = [words.held_by(bases[0], prior, outcome.headline.model if outcome.headline else "")]
    if len(shown) > 1:
        apart = shown[0].verdict != shown[1].verdict
        said.append(words.bases_apart(*shown) if apart else words.directions_apart(*shown))
    return tuple(text for text in said if text)


def _unpriced(matter: _Matter, money: EconomicsInfo | None) -> tuple[str, ...]:
    """Say why a declared value gives no net benefit, or a declared extension no worth."""
    decision, headline = matter.study.decision, matter.outcome.headline
    if decision.value is None or headline is None:
        return ()
    if matter.stake is None:
        return (money_words.NO_UNIT,)
    unknown = decision.extensions and money is not None and not money.extensions
    return (money_words.NOT_KNOWN_WHAT_MORE_TELLS,) if unknown else ()


def _rule_info(matter: _Matter) -> RuleInfo:
    rule = matter.rule
    return RuleInfo(
        rule.scale_up_if,
        rule.stop_if,
        rule.harm,
        SURE_OF_DIRECTION,
        LEAST_SECURITY,
        harm_margin=rule.harm_margin,
        reads="worthwhile" if matter.stake is None else "net_benefit",
    )
