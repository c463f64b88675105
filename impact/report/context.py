"""Everything the report's template prints, finished: the template holds no arithmetic, no padding and no judgement."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from markupsafe import Markup

from impact.report import format as fmt
from impact.report import svg, wording
from impact.report.charts import Figures, reading_order
from impact.report.delivered_view import DeliveredView, delivered_view
from impact.report.family_view import FamilyView, family_view
from impact.report.glossary import glossary
from impact.report.health import Health, health
from impact.report.outcome_view import FigureView, OutcomeView, outcome_views
from impact.report.study_view import DataView, DoneView, data_view, done_view
from impact.report.tables import Table, headlines_table, table
from impact.report.text import clean, sentence
from impact.result import Decision, OutcomeResult, RunResult
from models.estimate import Status

MOST_STARS = 5
MOST_CAVEATS = 6


@dataclass(frozen=True, slots=True)
class Chance:
    """A probability in words and as a number."""

    question: str
    word: str
    number: str


@dataclass(frozen=True, slots=True)
class VerdictView:
    """The verdict and what stands beside it; `stars` says of each of the five whether it was earned."""

    key: str
    word: str
    meaning: str
    headline: str
    reasons: tuple[str, ...]
    impact_title: str
    impact: str
    impact_range: str
    impact_words: str
    security: str
    stars: tuple[bool, ...]
    security_reasons: tuple[str, ...]
    cost: str
    cost_for: str
    chances: tuple[Chance, ...]
    chances_note: str
    money: tuple[tuple[str, str], ...]
    caveats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MethodView:
    """A model: what it answers, and how it was set."""

    title: str
    answers: str
    options: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report."""

    document_title: str
    title: str
    question: str
    note: str
    simulated: str
    simulated_more: str
    simulated_sources: str
    verdict: VerdictView
    health: Health
    healthy: str
    contents: tuple[tuple[str, str], ...]
    done: DoneView
    delivered: DeliveredView | None
    overview: FigureView | None
    headlines: Table
    family: FamilyView | None
    outcomes: tuple[OutcomeView, ...]
    data: DataView
    methods: tuple[MethodView, ...]
    rule: tuple[str, ...]
    glossary: tuple[tuple[str, str], ...]
    made: tuple[tuple[str, str], ...]
    deviations: tuple[str, ...]
    versions: Table
    hashes: Table


def page(result: RunResult, figures: Figures) -> Page:
    """Turn a result and its figures into what the template prints."""
    keys = reading_order(result)
    outcomes = outcome_views(result, keys, figures)
    simulated, state = result.study.simulated, health(result, keys)
    return Page(
        document_title=f"{'SIMULATED: ' if simulated else ''}{clean(result.study.title)}",
        title=result.study.title,
        question=result.study.question or "",
        note=result.study.note or "",
        simulated=wording.SIMULATED if simulated else "",
        simulated_more=wording.SIMULATED_MEANING,
        simulated_sources=_simulated_sources(result),
        verdict=verdict_view(result, state.said),
        health=state,
        healthy=_healthy(result, state),
        contents=_contents(outcomes, delivered=bool(result.outputs)),
        done=done_view(result),
        delivered=delivered_view(result),
        overview=_overview(figures),
        headlines=headlines_table(result, keys),
        family=family_view(result),
        outcomes=outcomes,
        data=data_view(result),
        methods=_methods(result),
        rule=_rule(result),
        glossary=glossary(result),
        made=_made(result),
        deviations=result.provenance.protocol.deviations,
        versions=table(
            "Versions", [("Software", False), ("Version", False)], sorted(result.provenance.versions.items())
        ),
        hashes=_hashes(result),
    )


def _healthy(result: RunResult, state: Health) -> str:
    """What to say where nothing speaks against the results."""
    if not any(c.status is not Status.NOT_RUN for outcome in result.outcomes.values() for c in outcome.checks):
        return wording.NOTHING_CHECKED
    return wording.NO_WARNINGS_HERE if state.others else wording.NO_WARNINGS


def verdict_view(result: RunResult, said: AbstractSet[str] = frozenset()) -> VerdictView:
    """Finish the decision for print, but for caveats that are `said` elsewhere on the page."""
    decision = result.decision
    word, meaning = wording.VERDICTS[decision.verdict]
    outcome = result.outcomes.get(decision.outcome)
    stars = min(max(decision.security, 0), MOST_STARS)
    cost = result.study.intervention.cost_amount
    found, between, words = _impact(outcome)
    return VerdictView(
        key=decision.verdict,
        word=word,
        meaning=meaning,
        headline=decision.headline,
        reasons=tuple(map(sentence, decision.reasons)),
        impact_title=outcome.title if outcome else decision.outcome,
        impact=found,
        impact_range=between,
        impact_words=words,
        security=f"{stars} of {MOST_STARS}: {wording.security_word(stars)}",
        stars=tuple(i < stars for i in range(MOST_STARS)),
        security_reasons=tuple(map(sentence, decision.security_reasons)),
        cost=fmt.money(cost, result.study.intervention.cost_currency) if cost is not None else "Not stated",
        cost_for="for the intervention as it was run" if cost is not None else "The study file gives no cost.",
        chances=_chances(result, decision),
        chances_note=wording.CHANCES_NOTE,
        money=_money(result, decision),
        caveats=_caveats([c for c in map(sentence, decision.caveats) if c not in said]),
    )


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


def _chances(result: RunResult, decision: Decision) -> tuple[Chance, ...]:
    outcome = result.outcomes.get(decision.outcome)
    enough = wording.worthwhile_words(outcome) if outcome else ""
    asked = (
        ("That it made things better", decision.probability_beneficial),
        (
            f"That the improvement is worthwhile{f' ({enough} or better)' if enough else ''}",
            decision.probability_worthwhile,
        ),
        ("That it did harm", decision.probability_harm),
    )
    return tuple(
        Chance(question, wording.likelihood(p), fmt.probability(p))
        for question, p in asked
        if p is not None and fmt.exists(p)
    )


def _money(result: RunResult, decision: Decision) -> tuple[tuple[str, str], ...]:
    currency = result.study.intervention.cost_currency
    rows = []
    if decision.expected_net_benefit is not None:
        rows.append(("Expected net benefit", fmt.money(decision.expected_net_benefit, currency)))
    if decision.probability_net_benefit is not None:
        rows.append(("Chance that the benefits exceed the costs", fmt.probability(decision.probability_net_benefit)))
    if decision.evpi is not None:
        rows.append(("What it would be worth to know for certain", fmt.money(decision.evpi, currency)))
    return tuple(rows)


def _simulated_sources(result: RunResult) -> str:
    if not result.study.simulated:
        return ""
    made = [name for name, source in result.data.sources.items() if source.simulated]
    real = [name for name, source in result.data.sources.items() if not source.simulated]
    parts = [f"Simulated: {wording.list_of_areas(tuple(made), 12)}."] if made else []
    parts += [f"Not simulated: {wording.list_of_areas(tuple(real), 12)}."] if made and real else []
    return " ".join(parts)


def _contents(outcomes: tuple[OutcomeView, ...], *, delivered: bool) -> tuple[tuple[str, str], ...]:
    shown = [(view.id, view.title) for view in outcomes] if len(outcomes) <= 12 else []
    return (
        ("verdict", "Verdict"),
        ("health", "Before you read the results"),
        ("done", "What was done, and where"),
        *([("delivered", "What was delivered")] if delivered else []),
        ("outcomes", "Outcomes"),
        *shown,
        ("data", "Where the data went"),
        ("methods", "How it was worked out"),
        ("again", "How to make this report again"),
    )


def _overview(figures: Figures) -> FigureView | None:
    if figures.overview is None:
        return None
    note = "Each panel has its own unit, so lengths can be compared within a panel, not between panels."
    return FigureView(Markup(svg.inline(figures.overview)), note)  # noqa: S704 - drawn here, its text escaped


def _methods(result: RunResult) -> tuple[MethodView, ...]:
    return tuple(
        MethodView(
            model.title,
            model.answers,
            ", ".join(f"{key.replace('_', ' ')}: {_option(value)}" for key, value in model.options.items()),
        )
        for model in result.study.models
    )


def _option(value: str | float | bool | None) -> str:
    if value is None:
        return "by rule"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.replace("_", " ")
    return fmt.count(value) if float(value).is_integer() else fmt.significant(value, 4)


def _rule(result: RunResult) -> tuple[str, ...]:
    rule, decision = result.decision.rule, result.decision
    outcome = result.outcomes.get(decision.outcome)
    enough = wording.worthwhile_words(outcome) if outcome else ""
    scale_up = (
        f"Scale up if the chance of a worthwhile improvement is at least {fmt.threshold(rule.scale_up_if)}, the chance "
        f"of harm is below {fmt.threshold(rule.harm)}, and the direction of the effect is at least "
        f"{fmt.threshold(rule.sure_of_direction)} sure; and only with comparison areas, with no guardrail that was "
        "probably harmed, if the answer holds when areas served by one team count as one, and if the security of the "
        f"evidence is at least {fmt.count(rule.least_security)}."
    )
    return (
        f"The decision rests on: {outcome.title if outcome else decision.outcome}.",
        f"A worthwhile improvement is: {f'{enough} or better' if enough else 'not stated; any improvement counts'}.",
        "Cannot tell if there is no estimate with a plausible range, or if a placebo outcome moved.",
        f"Stop if the chance of a worthwhile improvement is below {fmt.threshold(rule.stop_if)}.",
        scale_up,
        "Extend otherwise.",
    )


def _made(result: RunResult) -> tuple[tuple[str, str], ...]:
    made = result.provenance
    protocol = (
        f"Locked before the run, SHA-256 {made.protocol.sha256 or fmt.NOT_AVAILABLE}"
        if made.protocol.locked
        else "Not locked: nothing shows that the choices were made before the data were seen"
    )
    return (
        ("Command", made.command),
        ("Seed", str(made.seed)),
        ("Started", fmt.day(made.started)),
        ("Finished", fmt.day(made.finished)),
        ("Commit", made.commit or "not a git checkout"),
        ("Study file, SHA-256", made.study_sha256),
        ("Protocol", protocol),
    )


def _hashes(result: RunResult) -> Table:
    rows = sorted(result.provenance.data_sha256.items())
    shown = rows[:200]
    notes = [f"{fmt.count(len(shown))} of {fmt.count(len(rows))} files are shown."] if len(shown) < len(rows) else []
    return table("Data files", [("File", False), ("SHA-256", False)], shown, notes)
