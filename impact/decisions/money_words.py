"""Costs and benefits in plain words: what was assumed, what the net benefit is, and what an extension would tell."""

from collections.abc import Sequence

from impact.decisions.rule import Reading
from impact.report import format as fmt
from impact.report.text import lower_first
from impact.result import OutcomeResult
from impact.result_decision import AssumptionInfo, EconomicsInfo, ExtensionInfo
from impact.study.decision import Rule
from impact.study.economics import ScaleUp, UnitValue
from impact.study.schema import Study
from models.estimate import Scale
from models.panel import Kind
from models.value import Bar

BARS = {
    "effect": "Effect",
    "price": "Value of a unit",
    "annual_units": "Units a year",
    "cost_per_year": "Cost a year",
    "set_up": "Cost of setting up",
    "savings_per_year": "Other savings a year",
    "discount_rate": "Discount rate",
    "optimism_bias": "Correction for optimism",
    "cost_uplift": "Uplift on costs",
    "reach": "Share reached",
    "years": "Years",
}
AS_MONEY = frozenset({"price", "cost_per_year", "set_up", "savings_per_year"})
AS_SHARES = frozenset({"discount_rate", "optimism_bias", "cost_uplift", "reach"})
PERSPECTIVES = {
    "all": "all benefits, whoever they fall to",
    "fiscal": "benefits to public budgets, cashable or not",
    "cashable": "benefits that let a public body spend less",
}
OF_PERSPECTIVE = {"all": "", "fiscal": " to public budgets", "cashable": " in cash"}
NO_UNIT = (
    "The net benefit cannot be worked out: a day saved needs the treated areas' usual number of days, which is not "
    "shown here because few people stand behind it. The rule reads the probability of a worthwhile effect instead."
)
LONG_CASES = "long cases make the plain mean longer, so the days saved are if anything more"
NOT_KNOWN_WHAT_MORE_TELLS = (
    "What an extension would tell cannot be worked out, because the records do not show how much of the uncertainty is "
    "noise that a longer follow-up would take away."
)


def currency_of(study: Study) -> str:
    """Currency of every amount: that of the intervention's cost, else pounds."""
    return study.intervention.cost.currency if study.intervention.cost else "GBP"


def extension_label(years: float, more_areas: int) -> str:
    """Name an extension that the study gives no label."""
    span = "one more year" if years == 1 else f"{fmt.trimmed(fmt.fixed(years, 2))} more years"
    areas = {0: "", 1: " and one more treated area"}.get(more_areas, f" and {more_areas} more treated areas")
    return f"{span}{areas}"


def assumptions(study: Study, outcome: OutcomeResult) -> tuple[AssumptionInfo, ...]:
    """Everything the net benefit takes as given, in the order it is worked out."""
    decision, currency = study.decision, currency_of(study)
    value, up = decision.value, decision.scale_up
    if value is None or up is None:
        return ()
    rows = [
        ("Deciding outcome", outcome.title),
        ("Value of a unit", _value(value, currency)),
        *([("What a unit is", value.note)] if value.note else []),
        *([("Price year", str(value.price_year))] if value.price_year else []),
        *([("Whose the value is", _shares(value))] if value.shares else []),
        ("Net benefit counts", PERSPECTIVES[decision.perspective]),
        *_days(outcome),
        *_roll_out(up, currency),
        ("Discount rate", f"{fmt.threshold(decision.discount_rate)} a year"),
        ("Correction for optimism", _optimism(study, outcome)),
    ]
    return tuple(AssumptionInfo(label, text) for label, text in rows)


def _value(value: UnitValue, currency: str) -> str:
    best = fmt.money(value.per_unit, currency)
    if value.distribution is None:
        return best
    ends = value.distribution.triangular
    low, mode, high = (fmt.money(x, currency) for x in ends)
    mean = fmt.money_rounded(sum(ends) / len(ends), currency)
    return f"{best}; from {low} to {high}, most likely {mode}, and so {mean} on average, which is what counts"


def _shares(value: UnitValue) -> str:
    shares = value.shares
    if shares is None:
        return ""
    parts = ("cashable", shares.cashable), ("public but not cashable", shares.non_cashable), ("social", shares.social)
    return ", ".join(f"{fmt.threshold(share)} {word}" for word, share in parts)


def _roll_out(up: ScaleUp, currency: str) -> list[tuple[str, str]]:
    rows = [
        ("Units a year where it is rolled out", fmt.count(up.annual_units)),
        ("Cost a year", fmt.money(up.cost_per_year, currency)),
        ("Years", fmt.things(up.years, "year")),
    ]
    if up.reach < 1:
        rows.append(("Share of units reached", fmt.threshold(up.reach)))
    if up.set_up:
        rows.append(("Cost of setting up", fmt.money(up.set_up, currency)))
    if up.savings_per_year:
        rows.append(("Other savings a year", fmt.money(up.savings_per_year, currency)))
    return rows


def _days(outcome: OutcomeResult) -> list[tuple[str, str]]:
    """Say of durations which days are counted: those of the typical case, which are fewer than the plain mean."""
    if Kind(outcome.kind) is not Kind.DURATION or outcome.counterfactual is None:
        return []
    days = fmt.significant(outcome.counterfactual)
    return [("Length of a case without it", f"{days} days, the typical case (geometric mean); {LONG_CASES}")]


def _optimism(study: Study, outcome: OutcomeResult) -> str:
    bias = study.decision.optimism_bias
    if bias:
        return f"{fmt.threshold(bias)} taken off the benefits"
    posterior = outcome.posterior
    sceptical = posterior is not None and posterior.prior.startswith("sceptical")
    return "by the sceptical prior, and so not again" if sceptical else "none"


def bar_labels(bar: Bar, scale: Scale, outcome: OutcomeResult, currency: str) -> tuple[str, str, str]:
    """Name an input of the tornado, and its low and high end."""
    low, high = (_end(bar.name, end, scale, outcome, currency) for end in (bar.low, bar.high))
    return BARS[bar.name], low, high


def _end(name: str, end: float, scale: Scale, outcome: OutcomeResult, currency: str) -> str:
    if name == "effect":
        return fmt.effect(end, scale, fmt.measure_of(outcome.kind))
    if name in AS_MONEY:
        return fmt.money_rounded(end, currency)
    if name in AS_SHARES:
        return fmt.threshold(end)
    return fmt.things(end, "year") if name == "years" else fmt.significant(end)


def pays(reading: Reading, rule: Rule, money: EconomicsInfo) -> str:
    """Say what scaling up is expected to bring, how sure that is, and what the rule asks for."""
    main = next(p for p in money.perspectives if p.decides)
    low, high = (fmt.money_rounded(end, money.currency) for end in main.interval)
    what = "cost" if main.expected < 0 else "bring"
    amount = fmt.money_rounded(abs(main.expected), money.currency)
    return (
        f"Scaling up is expected to {what} a net {amount}{OF_PERSPECTIVE[money.perspective]} (plausible range {low} to "
        f"{high}), and the probability that it pays is {fmt.probability(reading.net_benefit)}; the rule asks for "
        f"{fmt.threshold(rule.scale_up_if)} to scale up and stops below {fmt.threshold(rule.stop_if)}."
    )


def break_even(outcome: OutcomeResult, money: EconomicsInfo) -> str:
    """Say which effect would just pay; why none would; nothing if neither is known."""
    found = money.break_even
    if found.effect is None or outcome.headline is None:
        return found.reason
    effect = fmt.effect(found.effect, outcome.headline.scale, fmt.measure_of(outcome.kind))
    return f"It would just pay if the effect on {lower_first(outcome.title)} were {effect}."


def learning(menu: Sequence[ExtensionInfo], currency: str, *, expected: float) -> list[str]:
    """Say that extending the pilot costs more than it can tell, and what would pay; nothing if a declared one does."""
    declared = [e for e in menu if e.declared]
    if not declared or any(e.pays for e in menu):
        return _paying(menu, currency) if declared else []
    best = max(declared, key=lambda e: e.net)
    amounts = [fmt.money_rounded(x, currency) for x in (best.cost, best.evsi)]
    waiting = f" and waiting forgoes {fmt.money_rounded(best.delay_loss, currency)}" if best.delay_loss > 0 else ""
    cost = (
        f"An extension of this size ({best.label}) costs more than it can tell: it costs {amounts[0]}{waiting}, and "
        f"what it is expected to tell is worth {amounts[1]}, once it is known."
    )
    said = [cost]
    affordable = best.net + best.cost
    if affordable > 0:
        said.append(f"The extension would pay if it cost less than {fmt.money_rounded(affordable, currency)} today.")
    else:
        said.append("The extension would not pay even if it cost nothing, because of what waiting forgoes.")
    if expected > 0:
        said.append(
            "Scaling up is expected to gain all the same, but the rule asks to be surer than this: repeat the pilot "
            "only where it tells more, in more areas, or settle first what else is in doubt."
        )
    else:
        said.append("So the rule stops here: scaling up is not expected to pay, and finding out more costs too much.")
    return said


def price_in_doubt(money: EconomicsInfo) -> str:
    """Say that the price and not the effect is what most needs to be known; nothing if it is the effect."""
    if (money.evppi_price or 0.0) <= (money.evppi_effect or 0.0):
        return ""
    return (
        "What a unit is worth is more in doubt than the effect, and no pilot tells that: it would be worth up to "
        f"{fmt.money_rounded(money.evppi_price, money.currency)} to know it, against "
        f"{fmt.money_rounded(money.evppi_effect, money.currency)} for the effect."
    )


def _paying(menu: Sequence[ExtensionInfo], currency: str) -> list[str]:
    """Say which extension is worth most, and how much more than it costs."""
    best = max(menu, key=lambda e: e.net)
    kind = "the declared one" if best.declared else "one that was not declared"
    worth, net = fmt.money_rounded(best.evsi, currency), fmt.money_rounded(best.net, currency)
    said = (
        f"Of the extensions considered, {best.label} ({kind}) would tell most for its cost: what it is expected to "
        f"tell is worth {worth}, {net} more than its cost and what waiting forgoes."
    )
    return [said]
