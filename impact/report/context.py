"""Everything the report's template prints, finished: the template holds no arithmetic, no padding and no judgement."""

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
from impact.report.text import clean, lower_first
from impact.report.verdict_view import VerdictView, verdict_view
from impact.report.worth_view import WorthView, worth_view
from impact.result import RunResult
from models.estimate import Status

CANNOT_TELL = (
    "Cannot tell if there is no estimate with a plausible range, if a placebo outcome moved, or if the Bayesian model "
    "of the deciding outcome failed its checks."
)
APPENDIX = (
    "How the chains of the Bayesian models ran, with trace, rank and predictive plots, is drawn in diagnostics.html, "
    "which a run writes beside this report."
)


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
    worth: WorthView | None
    contents: tuple[tuple[str, str], ...]
    done: DoneView
    delivered: DeliveredView | None
    overview: FigureView | None
    headlines: Table
    family: FamilyView | None
    outcomes: tuple[OutcomeView, ...]
    data: DataView
    methods: tuple[MethodView, ...]
    appendix: str
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
        worth=worth_view(result),
        contents=_contents(result, outcomes),
        done=done_view(result),
        delivered=delivered_view(result),
        overview=_overview(figures),
        headlines=headlines_table(result, keys),
        family=family_view(result),
        outcomes=outcomes,
        data=data_view(result),
        methods=_methods(result),
        appendix=APPENDIX if any(o.posterior is not None for o in result.outcomes.values()) else "",
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


def _simulated_sources(result: RunResult) -> str:
    if not result.study.simulated:
        return ""
    made = [name for name, source in result.data.sources.items() if source.simulated]
    real = [name for name, source in result.data.sources.items() if not source.simulated]
    parts = [f"Simulated: {wording.list_of_areas(tuple(made), 12)}."] if made else []
    parts += [f"Not simulated: {wording.list_of_areas(tuple(real), 12)}."] if made and real else []
    return " ".join(parts)


def _contents(result: RunResult, outcomes: tuple[OutcomeView, ...]) -> tuple[tuple[str, str], ...]:
    shown = [(view.id, view.title) for view in outcomes] if len(outcomes) <= 12 else []
    return (
        ("verdict", "Verdict"),
        ("health", "Before you read the results"),
        *([("worth", "Is it worth it?")] if result.decision.economics else []),
        ("done", "What was done, and where"),
        *([("delivered", "What was delivered")] if result.outputs else []),
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
    worse = wording.harm_words(outcome, rule.harm_margin) if outcome else ""
    money = rule.reads == "net_benefit"
    read = "that scaling up is worth more than it costs" if money else "of a worthwhile improvement"
    scale_up = (
        f"Scale up if the chance {read} is at least {fmt.threshold(rule.scale_up_if)}"
        f"{', the expected net benefit is above nought' if money else ''}, the chance "
        f"of harm is below {fmt.threshold(rule.harm)}, and the direction of the effect is at least "
        f"{fmt.threshold(rule.sure_of_direction)} sure; and only with comparison areas, with no guardrail that was "
        "probably harmed, if the answer holds when areas served by one team count as one, and if the security of the "
        f"evidence is at least {fmt.count(rule.least_security)}."
    )
    return (
        f"The decision rests on: {outcome.title if outcome else decision.outcome}.",
        f"A worthwhile improvement is: {f'{enough} or better' if enough else 'not stated; any improvement counts'}.",
        f"Harm is: {f'{worse} or worse' if worse else 'any change for the worse'}.",
        *([f"The chances come from: {lower_first(wording.READ_FROM[decision.basis])}."] if decision.basis else []),
        CANNOT_TELL,
        f"Stop if the chance {read} is below {fmt.threshold(rule.stop_if)}.",
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
