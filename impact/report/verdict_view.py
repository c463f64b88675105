"""The verdict and what stands beside it, finished for print: chances, money, security, and what would change it."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from impact.report import format as fmt
from impact.report import wording
from impact.report.chances import Chance, chances_of
from impact.report.tables import Table, table
from impact.report.text import joined, lower_first, sentence
from impact.result import Decision, OutcomeResult, RunResult
from impact.result_decision import BasisInfo, EmmieInfo

MOST_STARS = 5
MOST_CAVEATS = 6
MARYLAND_LEVELS = 5
CANNOT_TELL = "cannot_tell"
GLANCE = frozenset({"Better", "Worthwhile", "Harm", "Pays for itself"})
"""Chances at a glance, in the order of `chances_of`: benefit is never shown without harm."""
EMMIE = (
    ("Effect", "effect"),
    ("Mechanism", "mechanism"),
    ("Moderators", "moderators"),
    ("Implementation", "implementation"),
    ("Economics", "economics"),
)


@dataclass(frozen=True, slots=True)
class MoneyView:
    """The tile of money: a large figure, what it is, and facts beside it."""

    heading: str
    large: str
    lines: tuple[str, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class VerdictView:
    """The verdict and what stands beside it; `stars` says of each of the five whether it was earned.

    `money_words` follows the headline where the rule asks whether scaling up pays; `believed` names the figure the
    chances rest on where that is not the headline's. `disagree` is said where two ways of reading the data come to
    different verdicts; `bases` holds what each says.
    """

    key: str
    word: str
    meaning: str
    headline: str
    money_words: str
    reasons: tuple[str, ...]
    would_change: tuple[str, ...]
    impact_title: str
    impact: str
    impact_range: str
    impact_words: str
    believed: str
    security: str
    stars: tuple[bool, ...]
    security_reasons: tuple[str, ...]
    maryland: str
    maryland_reason: str
    money: MoneyView
    glance: tuple[Chance, ...]
    chances: tuple[Chance, ...]
    chances_note: str
    disagree: str
    bases: Table | None
    caveats: tuple[str, ...]
    emmie: tuple[tuple[str, str], ...]


def verdict_view(result: RunResult, said: AbstractSet[str] = frozenset()) -> VerdictView:
    """Finish the decision for print, but for caveats that are `said` elsewhere on the page."""
    decision = result.decision
    word, meaning = wording.VERDICTS[decision.verdict]
    outcome = result.outcomes.get(decision.outcome)
    stars = min(max(decision.security, 0), MOST_STARS)
    found, between, words = _impact(outcome)
    maryland, level_reason = _maryland(decision)
    return VerdictView(
        key=decision.verdict,
        word=word,
        meaning=meaning,
        headline=decision.headline,
        money_words=money_words(decision),
        reasons=tuple(map(sentence, decision.reasons)),
        would_change=tuple(map(sentence, decision.would_change)),
        impact_title=outcome.title if outcome else decision.outcome,
        impact=found,
        impact_range=between,
        impact_words=words,
        believed=_believed(decision, outcome),
        security=f"{stars} of {MOST_STARS}: {wording.security_word(stars)}",
        stars=tuple(i < stars for i in range(MOST_STARS)),
        security_reasons=tuple(map(sentence, decision.security_reasons)),
        maryland=maryland,
        maryland_reason=level_reason,
        money=_money(result),
        glance=glance(result),
        chances=chances(result),
        chances_note=_chances_note(decision),
        disagree=disagreement(decision.bases),
        bases=_bases(decision, outcome) if len(decision.bases) > 1 else None,
        caveats=_caveats([c for c in map(sentence, decision.caveats) if c not in said]),
        emmie=_emmie(decision.emmie),
    )


def chances(result: RunResult) -> tuple[Chance, ...]:
    """Finish the probabilities of the decision: benefit, worthwhile effect and harm, and whether scaling up pays."""
    decision = result.decision
    return chances_of(
        result.outcomes.get(decision.outcome),
        decision.probability_beneficial,
        decision.probability_worthwhile,
        decision.probability_harm,
        decision.probability_equivalent,
        decision.probability_net_benefit,
        decision.rule.harm_margin,
    )


def glance(result: RunResult) -> tuple[Chance, ...]:
    """Choose the chances that stand beside each other under the verdict; none where they are not relied on."""
    if result.decision.verdict == CANNOT_TELL:
        return ()
    return tuple(chance for chance in chances(result) if chance.short in GLANCE)


def _chances_note(decision: Decision) -> str:
    note = wording.BELIEF_NOTE if decision.basis == "posterior" else wording.CHANCES_NOTE
    return f"{wording.NOT_RELIED_ON} {note}" if decision.verdict == CANNOT_TELL else note


def _caveats(left: Sequence[str]) -> tuple[str, ...]:
    more = len(left) - MOST_CAVEATS
    return (*left[:MOST_CAVEATS], f"And {fmt.count(more)} more below.") if more > 0 else tuple(left)


def _impact(outcome: OutcomeResult | None) -> tuple[str, str, str]:
    """Say the deciding outcome's headline large, its range, and what the range means."""
    head = outcome.headline if outcome else None
    if outcome is None or head is None:
        return "No estimate", "Nothing could be estimated", ""
    size = wording.effect_words(head.estimate, head.scale, outcome)
    words = wording.reading_sentence(outcome)
    if head.interval is None:
        return "Too uncertain to tell", f"One figure without a range: {size}", words
    between = fmt.effect_range(head.interval, head.scale, fmt.measure_of(outcome.kind))
    return size, f"Plausible range {between}", words


def _believed(decision: Decision, outcome: OutcomeResult | None) -> str:
    """Say what the Bayesian model finds where chances and money rest on that and not on the figure above."""
    basis = next((b for b in decision.bases if b.basis == decision.basis == "posterior"), None)
    if basis is None or outcome is None:
        return ""
    measure = fmt.measure_of(outcome.kind)
    found = fmt.effect(basis.estimate, basis.scale, measure)
    span = fmt.effect_range(basis.interval, basis.scale, measure)
    what = "The chances and the money rest" if decision.economics else "The chances rest"
    return f"{what} on the Bayesian model: {found} ({span})."


def _money(result: RunResult) -> MoneyView:
    """Say what scaling up is expected to gain or lose; where it is not valued, what the intervention cost."""
    decision, given = result.decision, result.study.intervention
    spent = fmt.money(given.cost_amount, given.cost_currency) if given.cost_amount is not None else ""
    currency = decision.economics.currency if decision.economics else given.cost_currency
    if decision.expected_net_benefit is None:
        words = "for the intervention as it was run" if spent else "The study file gives no cost."
        return MoneyView("Cost", spent or "Not stated", (words,), more=False)
    gain = decision.expected_net_benefit
    large = f"{fmt.money_rounded(abs(gain), currency)} {'gain' if gain >= 0 else 'loss'}"
    lines = [f"expected from scaling up{_horizon(decision)}, all costs counted"]
    if decision.evpi is not None:
        lines.append(
            f"Knowing the answer for certain would be worth at most {fmt.money_rounded(decision.evpi, currency)}."
        )
    lines += [wording.NOT_RELIED_ON] if decision.verdict == CANNOT_TELL else []
    return MoneyView("Is it worth it?", large, tuple(lines), more=bool(decision.economics))


def money_words(decision: Decision) -> str:
    """Say what the rule read where it asks whether scaling up pays: the headline names the effect alone."""
    gain, economics = decision.expected_net_benefit, decision.economics
    if decision.rule.reads != "net_benefit" or decision.verdict == CANNOT_TELL or gain is None or economics is None:
        return ""
    side, amount = "gain" if gain >= 0 else "lose", fmt.money_rounded(abs(gain), economics.currency)
    chance = decision.probability_net_benefit
    likely = f", and the chance that it pays for itself is {fmt.probability(chance)}" if chance is not None else ""
    return f"The rule asks whether it pays: scaling up is expected to {side} {amount}{_horizon(decision)}{likely}."


def _horizon(decision: Decision) -> str:
    years = decision.economics.years if decision.economics else None
    return f" over {fmt.things(years, 'year')}" if years is not None else ""


def _maryland(decision: Decision) -> tuple[str, str]:
    given = decision.maryland
    if given is None:
        return "", ""
    level = f"level {fmt.count(given.level)} of {MARYLAND_LEVELS}" if given.level is not None else "no level"
    return f"Maryland scale: {level}", sentence(given.reason)


def _emmie(given: EmmieInfo | None) -> tuple[tuple[str, str], ...]:
    return () if given is None else tuple((title, sentence(getattr(given, name))) for title, name in EMMIE)


def disagreement(bases: Sequence[BasisInfo]) -> str:
    """Say that the ways of reading the data come to different verdicts, where they do."""
    if len({basis.verdict for basis in bases}) < 2:
        return ""
    each = [
        f"{lower_first(wording.READ_FROM[basis.basis])} says {wording.VERDICTS[basis.verdict][0].lower()}"
        for basis in bases
    ]
    return f"Two ways of reading the data disagree: {joined(each)}."


def _bases(decision: Decision, outcome: OutcomeResult | None) -> Table:
    measure = fmt.measure_of(outcome.kind) if outcome else fmt.Measure.AMOUNT
    shown = decision.bases
    columns = [("What is asked", False), *((wording.READ_FROM[basis.basis], True) for basis in shown)]
    lines = (
        ("Best figure", [fmt.effect(b.estimate, b.scale, measure) for b in shown]),
        ("Plausible range", [fmt.effect_range(b.interval, b.scale, measure) for b in shown]),
        ("Chance of an improvement", [fmt.probability(b.probability_beneficial) for b in shown]),
        ("Chance of a worthwhile one", _known([b.probability_worthwhile for b in shown])),
        ("Chance of harm", [fmt.probability(b.probability_harm) for b in shown]),
        ("Chance that it is too small to matter", _known([b.probability_equivalent for b in shown])),
        ("Chance that it pays for itself", _known([b.probability_net_benefit for b in shown])),
        ("Expected net benefit", _amounts(decision)),
        ("Verdict by this alone", [wording.VERDICTS[b.verdict][0] for b in shown]),
    )
    rows = [(label, *cells) for label, cells in lines if cells]
    note = f"The verdict above reads the first: {lower_first(wording.READ_FROM[shown[0].basis])}."
    return table("The same decision, read in two ways", columns, rows, [note])


def _known(values: Sequence[float | None]) -> list[str]:
    return [fmt.probability(p) if p is not None else "–" for p in values] if any(p is not None for p in values) else []


def _amounts(decision: Decision) -> list[str]:
    currency = decision.economics.currency if decision.economics else None
    amounts = [basis.expected_net_benefit for basis in decision.bases]
    if all(amount is None for amount in amounts):
        return []
    return [fmt.money_rounded(amount, currency) if amount is not None else "–" for amount in amounts]
