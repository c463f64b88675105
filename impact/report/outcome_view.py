"""One outcome, finished for print."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from impact.report import format as fmt
from impact.report import svg, tables, trends, wording
from impact.report.belief_view import BeliefView, belief_view
from impact.report.charts import Figures
from impact.report.choices import ChoicesView, choices_view
from impact.report.places import areas_words, level_of, places, plural
from impact.report.tables import Table
from impact.report.text import capital, sentence
from impact.result import OutcomeResult, RunResult
from models.estimate import Estimate

FACTS_HEIGHT, REFUSAL_HEIGHT, CAPTION_HEIGHT = 620.0, 110.0, 110.0  # about, in the units of a figure

FROM_NOUGHT = " The vertical axis does not start at nought."


@dataclass(frozen=True, slots=True)
class FigureView:
    """A figure to stand in the page, with a note below it."""

    drawing: Markup
    note: str


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """One outcome: the sentence, the headline's facts (leading ones large), two columns of figures, choices, tables.

    `refusals` say why there is no headline, or none with a range; those that stand beside one are folded.
    """

    id: str
    title: str
    role: str
    role_note: str
    decides: str
    definition: str
    sentence: str
    reading: str
    tone: str
    leading: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    headline_note: str
    left: tuple[FigureView, ...]
    right: tuple[FigureView, ...]
    refusals: tuple[tuple[str, str], ...]
    refused_beside: tuple[tuple[str, str], ...]
    refused_title: str
    belief: BeliefView | None
    believed: tuple[FigureView, ...]
    choices: ChoicesView | None
    tables: tuple[Table, ...]


def outcome_views(result: RunResult, keys: Sequence[str], figures: Figures) -> tuple[OutcomeView, ...]:
    """Finish every outcome, in this order."""
    return tuple(_view(result, key, f"outcome-{i}", figures) for i, key in enumerate(keys, start=1))


def _view(result: RunResult, key: str, place: str, figures: Figures) -> OutcomeView:
    outcome = result.outcomes[key]
    role, role_note = wording.ROLES.get(outcome.role, (outcome.role, ""))
    titles = {model.name: model.title for model in result.study.models}
    head = outcome.headline
    refusals = tuple((titles.get(r.model, r.model), sentence(r.reason)) for r in outcome.not_estimable)
    judged = head is not None and head.interval is not None
    left, right = _columns(result, key, figures, FACTS_HEIGHT + (0 if judged else REFUSAL_HEIGHT * len(refusals)))
    return OutcomeView(
        id=place,
        title=outcome.title,
        role=role,
        role_note=role_note,
        decides="The decision rests on this outcome." if key == result.decision.outcome else "",
        definition=sentence(outcome.definition),
        sentence=wording.frequency_sentence(outcome),
        reading=wording.reading_sentence(outcome) if head else "",
        tone=wording.reading(outcome).value,
        leading=_leading(outcome, level_of(result.study), later=not result.study.comparison),
        facts=_facts(outcome, titles),
        headline_note=head.note if head else "",
        left=left,
        right=right,
        refusals=() if judged else refusals,
        refused_beside=refusals if judged else (),
        refused_title=f"{fmt.things(len(refusals), 'figure')} beside the headline could not be given",
        belief=belief_view(outcome, place, _margin(result, key), simulated=result.study.simulated),
        believed=_believed(result, key, figures),
        choices=choices_view(outcome, place, simulated=result.study.simulated),
        tables=_tables(result, outcome, titles),
    )


def _margin(result: RunResult, key: str) -> float | None:
    """From where on a change for the worse is harm, as declared for the outcome that decides."""
    return result.decision.rule.harm_margin if key == result.decision.outcome else None


def _leading(outcome: OutcomeResult, level: str, *, later: bool) -> tuple[tuple[str, str], ...]:
    head, measure = outcome.headline, fmt.measure_of(outcome.kind)
    if head is None:
        return ()
    return (
        ("Estimate", _with_unit(fmt.effect(head.estimate, head.scale, measure), outcome, head)),
        (fmt.interval_name(head.level), fmt.effect_range(head.interval, head.scale, measure)),
        ("Rests on", areas_words(head.clusters, level, later=later)),
        ("Worthwhile from", wording.worthwhile_words(outcome) or "not stated"),
    )


def _facts(outcome: OutcomeResult, titles: dict[str, str]) -> tuple[tuple[str, str], ...]:
    head = outcome.headline
    better = ("Better", wording.better_words(outcome).removesuffix(" is better"))
    if head is None:
        return (("Worthwhile from", wording.worthwhile_words(outcome) or "not stated"), better)
    rows = (
        better,
        ("Before", _level(outcome, outcome.baseline_level)),
        ("After, without it", _level(outcome, outcome.counterfactual)),
        ("As a ratio", fmt.ratio_text(head)),
        ("p value", _p(outcome, head)),
        ("Method of the headline", f"{titles.get(head.model, head.model)}: {head.method}"),
    )
    return tuple((label, text) for label, text in rows if text)


def _with_unit(text: str, outcome: OutcomeResult, head: Estimate) -> str:
    plain = fmt.ratio_of(head.estimate, head.scale) is None
    bare = plain and fmt.measure_of(outcome.kind) in {fmt.Measure.RATE, fmt.Measure.AMOUNT}
    return f"{text} {outcome.unit}".strip() if bare else text


def _level(outcome: OutcomeResult, value: float | None) -> str:
    measure = fmt.measure_of(outcome.kind)
    return fmt.with_unit(fmt.level(value, measure), measure, outcome.unit) if fmt.exists(value) else ""


def _p(outcome: OutcomeResult, head: Estimate) -> str:
    """Write the headline's p, and the smallest an exact test of the same effect could have given."""
    if head.p_value is None:
        return "none: nothing shows how far chance could move this"
    least = head.attainable_p
    if least is None:
        alike = [e for e in outcome.estimates if e.estimand == head.estimand and e.clusters == head.clusters]
        exact = [e.attainable_p for e in alike if "permutation" in e.method and e.attainable_p is not None]
        least = min(exact, default=None)
    if least is None:
        return fmt.p_value(head.p_value)
    return f"{fmt.p_value(head.p_value)}; the smallest an exact test of these areas can give is {fmt.smallest_p(least)}"


def _columns(
    result: RunResult, key: str, figures: Figures, facts: float
) -> tuple[tuple[FigureView, ...], tuple[FigureView, ...]]:
    """Put each figure in the column that is shorter so far; the facts, of this height, begin the left one."""
    nought = "" if trends.starts_at_nought(result.outcomes[key]) else FROM_NOUGHT
    forest = _figure(
        figures.forests[key],
        "The headline comes first, in blue; then other tests of it, and what each other method says. A diamond has no "
        "range. An arrow marks a range that goes on further.",
    )
    over_time = _figure(figures.trends[key], f"{_together(result)}{nought}")
    alone, beside, weighted = (
        _figure(drawn[key], f"{trends.worded(expected.caption, result)}{nought}")
        for drawn, expected in (
            (figures.baselines, trends.OWN_BASELINE),
            (figures.differences, trends.OWN_DIFFERENCE),
            (figures.synthetics, trends.WEIGHTED),
        )
    )
    left: list[FigureView] = []
    right: list[FigureView] = []
    heights = [facts, 0.0]
    for one in (*forest, *over_time, *alone, *beside, *weighted):
        shorter = 0 if heights[0] <= heights[1] else 1
        (left, right)[shorter].append(one)
        heights[shorter] += svg.height(one.drawing) + CAPTION_HEIGHT
    return tuple(left), tuple(right)


def _believed(result: RunResult, key: str, figures: Figures) -> tuple[FigureView, ...]:
    """What the Bayesian models expected over time."""
    drawings = ((figures.believed[key], trends.BELIEVED), (figures.believed_series[key], trends.BELIEVED_SERIES))
    nought = "" if trends.starts_at_nought(result.outcomes[key]) else FROM_NOUGHT
    found = (_figure(drawing, f"{trends.worded(what.caption, result)}{nought}") for drawing, what in drawings)
    return tuple(view for views in found for view in views)


def _together(result: RunResult) -> str:
    """Say what the two lines over time are."""
    called = places(result.study)
    sides = [f"the {group}" for group in (called.treated, called.comparison)]
    if called.comparison.endswith(plural(called.level)):
        sides[1] = f"all {called.comparison} together"
    if not called.one:
        sides[0] = f"all {called.treated} together"
    later = f" {called.legend('treated')} started at different dates, the first where follow-up begins."
    return f"{capital(sides[0])}, and {sides[1]}.{later if result.study.starts else ''}"


def _figure(drawn: str | None, note: str) -> tuple[FigureView, ...]:
    return (FigureView(Markup(svg.inline(drawn)), note),) if drawn else ()  # noqa: S704 - drawn here, its text escaped


def _tables(result: RunResult, outcome: OutcomeResult, titles: dict[str, str]) -> tuple[Table, ...]:
    called = places(result.study)
    paths = [(called.legend(n), path) for n in ("treated", "comparison") if (path := trends.path_named(outcome, n))]
    found = (
        tables.estimates_table(outcome, titles, called.level, later=not result.study.comparison)
        if outcome.estimates
        else None,
        tables.areas_table(outcome, called, own_starts=bool(result.study.starts)),
        tables.trends_table(result, outcome, paths) if paths else None,
        *(
            tables.expected_table(result, outcome, path, trends.worded(e.heading, result), e.label)
            for e in trends.EXPECTED
            if (path := trends.path_named(outcome, e.path))
        ),
    )
    return tuple(table for table in found if table is not None)


@dataclass(frozen=True, slots=True)
class HeadlineCard:
    """An outcome's headline in one line."""

    title: str
    role: str
    estimate: str
    interval: str
    sentence: str


def headline_cards(result: RunResult, keys: Sequence[str]) -> tuple[HeadlineCard, ...]:
    """Finish the headline of every outcome, in this order."""
    cards = []
    for key in keys:
        outcome = result.outcomes[key]
        head, measure = outcome.headline, fmt.measure_of(outcome.kind)
        cards.append(
            HeadlineCard(
                title=outcome.title,
                role=wording.ROLES.get(outcome.role, (outcome.role, ""))[0],
                estimate=fmt.effect(head.estimate, head.scale, measure) if head else "no estimate",
                interval=fmt.effect_range(head.interval, head.scale, measure) if head else fmt.NOT_AVAILABLE,
                sentence=wording.frequency_sentence(outcome),
            )
        )
    return tuple(cards)
