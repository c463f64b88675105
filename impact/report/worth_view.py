"""Is it worth it? Costs and benefits of scaling up, finished for print."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from impact.report import format as fmt
from impact.report import wording
from impact.report.evidence import Drawn
from impact.report.money_charts import MOST_BARS, acceptability, crosses, finite, tornado
from impact.report.tables import Table, table
from impact.report.text import capital, joined, lower_first, sentence
from impact.result import Decision, OutcomeResult, RunResult
from impact.result_decision import EconomicsInfo, ExtensionInfo, PerspectiveInfo
from models.estimate import Estimate

PERSPECTIVES = {
    "cashable": ("Cashable", "money that leaves a budget: posts not filled, contracts not renewed"),
    "fiscal": ("All public money", "cashable, and public servants' time that is freed for other work"),
    "all": ("Everyone", "all public money, and what it is worth to residents"),
}
CURVE_ROWS = 11
NOT_ADDED = (
    "Each line holds the one before it: they are never added up. Who is meant to gain has to be said beforehand."
)
HANGS = "What the answer hangs on"
HOW_FAR = (
    "The effect and the value of a unit go over the middle 80% of what is believed of them, the rest a fifth either "
    "way or over a usual range."
)
DECLARED, USUAL = "As the study proposes", "For comparison"
CURVE = "The chance that it pays, by what a unit is worth"


@dataclass(frozen=True, slots=True)
class WorthView:
    """The section: sentences that lead it, then what stands under each heading."""

    sentences: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    perspectives: Table
    curve: Drawn | None
    hangs: Drawn | None
    learning: tuple[str, ...]
    extensions: Table | None
    assumptions: Table
    not_said: tuple[str, ...]


def worth_view(result: RunResult) -> WorthView | None:
    """Finish the section; None where the study does not value the outcome or says what scaling up would cost."""
    economics = result.decision.economics
    if economics is None:
        return None
    outcome = result.outcomes.get(result.decision.outcome)
    marked = " (simulated records)" if result.study.simulated else ""
    return WorthView(
        sentences=_sentences(result.decision, economics, outcome),
        facts=_facts(result, economics, outcome),
        perspectives=_perspectives(economics),
        curve=_curve(result.decision, economics, marked),
        hangs=_hangs(economics, marked) if economics.tornado else None,
        learning=_learning(economics),
        extensions=_extensions(economics) if economics.extensions else None,
        assumptions=table(
            "What is taken as given", [("Assumption", False), ("As declared", False)],
            [(a.label, a.value) for a in economics.assumptions],
        ),
        not_said=_not_said(economics),
    )  # fmt: skip


def _amount(value: float, economics: EconomicsInfo) -> str:
    return fmt.money_rounded(value, economics.currency)


def _span(ends: tuple[float, float], economics: EconomicsInfo) -> str:
    return f"{_amount(ends[0], economics)} to {_amount(ends[1], economics)}"


def _deciding(economics: EconomicsInfo) -> PerspectiveInfo | None:
    return next((p for p in economics.perspectives if p.decides), None)


def _sentences(decision: Decision, economics: EconomicsInfo, outcome: OutcomeResult | None) -> tuple[str, ...]:
    found = _deciding(economics)
    if found is None:
        return ()
    years = f" over {fmt.things(economics.years, 'year')}" if economics.years is not None else ""
    side = "gain" if found.expected >= 0 else "lose"
    first = (
        f"Scaling up is expected to {side} {_amount(abs(found.expected), economics)}{years}, once its cost of "
        f"{_amount(economics.cost, economics)} is paid (plausible range {_span(found.interval, economics)})."
    )
    pays = f"The chance that it is worth more than it costs is {fmt.probability(found.probability_positive)}"
    rule = decision.rule
    asked = (
        f"; the rule asks for {fmt.threshold(rule.scale_up_if)} to scale up and stops below "
        f"{fmt.threshold(rule.stop_if)}."
        if rule.reads == "net_benefit"
        else "."
    )
    return (first, pays + asked, *_break_even_sentence(economics, outcome))


def _break_even_sentence(economics: EconomicsInfo, outcome: OutcomeResult | None) -> tuple[str, ...]:
    found, likely = economics.break_even, economics.units_averted
    if found.units_per_year is None or outcome is None:
        return (sentence(found.reason),) if found.reason else ()
    way, noun = "fewer" if outcome.better == "lower" else "more", _noun(outcome)
    low, high = likely.interval
    places = fmt.decimals(low, high)
    asked = f"To pay for itself it has to bring about {fmt.significant(found.units_per_year)} {way}{noun}"
    span = f"{fmt.fixed(low, places)} to {fmt.fixed(high, places)}"
    return (f"{asked}; we expect {fmt.significant(likely.per_year)} (plausible range {span}).",)


def _noun(outcome: OutcomeResult) -> str:
    """Name what is counted: " incidents a year", or " a year (complaints repeated within 90 days)"."""
    match fmt.measure_of(outcome.kind):
        case fmt.Measure.RATE:
            return f" {wording.events_noun(outcome)} a year"
        case fmt.Measure.DAYS:
            return f" days a year ({lower_first(outcome.title)})"
        case _:
            return f" a year ({lower_first(outcome.title)})"


def _facts(result: RunResult, economics: EconomicsInfo, outcome: OutcomeResult | None) -> tuple[tuple[str, str], ...]:
    spent = result.study.intervention
    found, head = economics.break_even, outcome.headline if outcome else None
    rows = [("A unit is valued", economics.value_note)] if economics.value_note else []
    if found.effect is not None and outcome is not None and head is not None:
        rows.append(("Break-even effect", wording.effect_words(found.effect, head.scale, outcome)))
        rows.append(_effect_used(result.decision, head, outcome))
    if found.per_unit is not None:
        rows.append(("Break-even value of a unit", _amount(found.per_unit, economics)))
    if economics.value is not None:
        taken = _amount(economics.value.per_unit, economics)
        between = _span((economics.value.low, economics.value.high), economics)
        spread = f" (may be {between})" if economics.value.low != economics.value.high else ""
        rows.append(("Value of a unit, as taken", f"{taken}{spread}"))
    rows.append(("Cost of scaling up", _amount(economics.cost, economics)))
    rows += [("Cost of the pilot", fmt.money(spent.cost_amount, spent.cost_currency))] if spent.cost_amount else []
    return tuple(rows)


def _effect_used(decision: Decision, head: Estimate, outcome: OutcomeResult) -> tuple[str, str]:
    """Name the effect that the sums rest on: the Bayesian model's where that decides, else the headline."""
    basis = next((b for b in decision.bases if b.basis == decision.basis == "posterior"), None)
    if basis is None:
        return ("Estimated effect", wording.effect_words(head.estimate, head.scale, outcome))
    return ("Effect, by the Bayesian model", wording.effect_words(basis.estimate, basis.scale, outcome))


def _perspectives(economics: EconomicsInfo) -> Table:
    columns = [("Who gains", False), ("What counts", False), ("Expected net benefit", True), ("Plausible range", True)]
    columns += [("Chance that it pays", True)]
    order = list(PERSPECTIVES)
    shown = sorted(economics.perspectives, key=lambda p: order.index(p.name))
    rows = []
    for one in shown:
        title, meaning = PERSPECTIVES[one.name]
        share = f"{fmt.threshold(round(one.share, 3))} of the value of a unit: " if one.share < 1 else ""
        cells = (_amount(one.expected, economics), _span(one.interval, economics))
        label = f"{title} (decides)" if one.decides else title
        rows.append((label, f"{share}{meaning}", *cells, fmt.probability(one.probability_positive)))
    notes = [NOT_ADDED] if len(shown) > 1 else []
    made = table("Net benefit, by whose money counts", columns, rows, notes)
    return replace(made, stacked=True, labelled=True, strong=tuple(one.decides for one in shown))


def _curve(decision: Decision, economics: EconomicsInfo, marked: str) -> Drawn | None:
    points = economics.acceptability
    if not finite(points):
        return None
    caption = f"{CURVE}{marked}"
    first, last = points[0], points[-1]
    said = (
        f"If a unit were worth {_amount(first.value, economics)}, the chance that scaling up pays would be "
        f"{fmt.probability(first.probability)}; at {_amount(last.value, economics)} it would be "
        f"{fmt.probability(last.probability)}."
    )
    threshold = decision.rule.scale_up_if if decision.rule.reads == "net_benefit" else None
    rule = f"The dashed line is the {fmt.threshold(threshold)} that the rule asks for." if threshold is not None else ""
    kept = points if len(points) <= CURVE_ROWS else points[:: max(1, (len(points) - 1) // (CURVE_ROWS - 1))]
    rows = [(_amount(p.value, economics), fmt.probability(p.probability)) for p in kept]
    numbers = table(f"{CURVE}: the numbers", [("A unit is worth", False), ("Chance that it pays", True)], rows)
    drawing = acceptability(economics, threshold, f"{caption}. {said}", "what one unit is worth")
    return Drawn(caption, drawing, tuple(filter(None, (said, rule))), (numbers,))


def _hangs(economics: EconomicsInfo, marked: str) -> Drawn:
    caption = f"{HANGS}{marked}"
    turning = [lower_first(label) for label in crosses(economics)]
    way = "a gain into a loss" if economics.tornado_base >= 0 else "a loss into a gain"
    said = (
        f"Within its range, {joined(turning)} alone can turn {way}."
        if len(turning) == 1
        else f"Any one of these can turn {way} within its range: {joined(turning)}."
        if turning
        else "No single one of these, within its range, turns a gain into a loss or a loss into a gain."
    )
    rows = [
        (bar.label, f"{bar.low_label} to {bar.high_label}", _amount(bar.low, economics), _amount(bar.high, economics))
        for bar in economics.tornado
    ]
    columns = [("Input", False), ("Range", False), ("Net benefit at the low end", True), ("At the high end", True)]
    numbers = replace(table(f"{HANGS}: the numbers", columns, rows), stacked=True, labelled=True)
    more = len(economics.tornado) - MOST_BARS
    notes = (said, HOW_FAR, *([f"{fmt.things(more, 'more input')} in the table below."] if more > 0 else []))
    return Drawn(caption, tornado(economics, f"{caption}. {said}"), notes, (numbers,))


def _learning(economics: EconomicsInfo) -> tuple[str, ...]:
    first = (
        f"To know the effect and the value of a unit for certain would be worth {_amount(economics.evpi, economics)}: "
        "no study, however good, is worth more than that."
    )
    declared = [one for one in economics.extensions if one.declared]
    usual = [one for one in economics.extensions if not one.declared]
    return (first, *(_extension_sentence(one, economics) for one in declared), *_usual_sentence(usual))


def _usual_sentence(usual: Sequence[ExtensionInfo]) -> tuple[str, ...]:
    """Say of the extensions that the study does not propose how many would be worth it."""
    if not usual:
        return ()
    paying = [lower_first(one.label) for one in usual if one.pays]
    ways = fmt.things(len(usual), "usual way", "usual ways")
    found = f"worth it: {joined(paying)}" if paying else "none is worth its cost"
    return (f"Of {ways} to extend a pilot, at this one's cost by area and year, {found}.",)


def _extension_sentence(one: ExtensionInfo, economics: EconomicsInfo) -> str:
    against = f"{_amount(one.cost, economics)} to run"
    against += f" and {_amount(one.delay_loss, economics)} lost by waiting" if one.delay_loss > 0 else ""
    verdict = "worth it" if one.pays else "not worth it"
    later, today = _amount(one.evsi, economics), _amount(_today(one), economics)
    worth = later if later == today else f"{later} once it is known, {today} in today's money"
    return (
        f"{sentence(one.label).removesuffix('.')}: what it would tell is expected to be worth {worth}, against "
        f"{against}: {verdict}."
    )


def _today(one: ExtensionInfo) -> float:
    """What an extension brings before its cost and what waiting loses, in today's money, so that the line adds up."""
    return one.net + one.cost + one.delay_loss


def _extensions(economics: EconomicsInfo) -> Table:
    columns = [("Extension", False), ("Worth today", True), ("It costs", True)]
    columns += [("Waiting costs", True), ("What is left", True), ("Worth its cost", False)]
    ordered = sorted(economics.extensions, key=lambda one: not one.declared)
    rows = [
        (
            capital(one.label),
            *(_amount(value, economics) for value in (_today(one), one.cost, one.delay_loss, one.net)),
            "yes" if one.pays else "no",
        )
        for one in ordered
    ]
    groups = [DECLARED if one.declared else USUAL for one in ordered]
    mixed = len(set(groups)) > 1
    headings = tuple(group if i == 0 or group != groups[i - 1] else "" for i, group in enumerate(groups))
    made = table("Ways to extend the pilot", columns, rows)
    return replace(made, stacked=True, labelled=True, headings=headings if mixed else ())


def _not_said(economics: EconomicsInfo) -> tuple[str, ...]:
    """What the sums leave open."""
    price = "" if economics.price_year is None else f" Money is in prices of {economics.price_year}."
    return (
        "That the effect would be the same where it has not been tried is taken for granted, not shown.",
        "Benefits that are not cashable do not pay a bill. They are worth something, but no budget falls by them.",
        f"What a unit is worth was declared, not measured here.{price}",
    )
