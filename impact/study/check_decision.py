"""Checks that what the decision rests on is whole and agrees with itself: the rule, beliefs, values and costs."""

from collections.abc import Iterator
from typing import Any

from impact.study.check_data import RATIOS, SHARES, Names
from impact.study.economics import UnitValue
from impact.study.inconsistency import Inconsistency, repeated
from impact.study.outcomes import ElicitedPrior, OutcomeBase, OutcomeRole
from impact.study.outputs import ACTIVITY
from impact.study.schema import Study
from impact.study.words import Loc, did_you_mean, quoted

ROUNDING = 1e-6
VALUE: Loc = ("decision", "value")
SCALE_UP: Loc = ("decision", "scale_up")
RULE: Loc = ("decision", "rule")
ONLY_WITH_VALUE = ("discount_rate", "optimism_bias", "perspective", "extension")


def check_decision(study: Study, outcomes: Names) -> Iterator[Inconsistency]:
    """Find what leaves open which outcome decides, or by which threshold; and models named twice."""
    primary = [name for name, outcome in study.outcomes.items() if outcome.role is OutcomeRole.PRIMARY]
    for name in primary[1:]:
        text = f"there is a primary outcome already, {quoted(primary[0])}."
        about = (("outcomes", primary[0], "role"),)
        yield Inconsistency(("outcomes", name, "role"), text, "make one of them secondary.", about)
    yield from _deciding(study, outcomes)
    yield from _rule(study)
    yield from _money(study)
    for name, outcome in study.outcomes.items():
        yield from _equivalence(("outcomes", name), outcome)
        yield from _prior(("outcomes", name, "prior"), outcome)
    models: Any = study.models
    if isinstance(models, tuple):
        yield from repeated(("models",), models)
    elif not study.model_options:
        yield Inconsistency(("models",), "models names no model.", "name one, or remove the line.", (("models",),))


def _deciding(study: Study, outcomes: Names) -> Iterator[Inconsistency]:
    at, name = ("decision", "outcome"), study.decision.outcome
    if name is None:
        yield from _by_default(study)
        return
    if outcomes is None:
        return
    if name in study.outputs and name not in outcomes:
        text = f"{quoted(name)} is an output, and {ACTIVITY}."
        yield Inconsistency(at, text, "name an outcome: what the service is to change.")
    elif name not in outcomes:
        yield Inconsistency(at, f"there is no outcome {quoted(name)}{did_you_mean(name, outcomes) or '.'}")
    elif name in study.outcomes and study.outcomes[name].role is OutcomeRole.PLACEBO:
        text = f"{quoted(name)} is a placebo: an outcome that should not move cannot decide."
        yield Inconsistency(at, text, "name another outcome.", (("outcomes", name, "role"),))


def _rule(study: Study) -> Iterator[Inconsistency]:
    rule, loc = study.decision.rule, RULE
    if rule.stop_if >= rule.scale_up_if:
        key = "stop_if" if "stop_if" in rule.model_fields_set else "scale_up_if"
        text = f"stop_if ({rule.stop_if:g}) must be less than scale_up_if ({rule.scale_up_if:g})."
        yield Inconsistency((*loc, key), text, about=((*loc, "stop_if"), (*loc, "scale_up_if")))
    yield from _harm_margin(study)


def _by_default(study: Study) -> Iterator[Inconsistency]:
    """Find a placebo that would decide because nothing else is named."""
    name = study.deciding_outcome
    if study.decision.value is not None and study.outcomes[name].role is OutcomeRole.PLACEBO:
        text = f"the first outcome, {quoted(name)}, would decide, and it is a placebo: an outcome that should not move."
        yield Inconsistency(VALUE, text, "name the one that does: 'outcome: …'.", (("outcomes",), VALUE), key=True)


def _harm_margin(study: Study) -> Iterator[Inconsistency]:
    """Find a margin of harm that the deciding outcome cannot reach."""
    margin, outcome = study.decision.rule.harm_margin, study.outcomes.get(study.deciding_outcome)
    if margin is None or outcome is None or not isinstance(outcome, SHARES + RATIOS) or margin < 1:
        return
    if isinstance(outcome, SHARES) or outcome.better.sign > 0:
        text = f"harm_margin is a change of outcome {quoted(study.deciding_outcome)}, less than 1, not {margin:g}."
        fix = f"{margin:g}% is written {margin / 100:g}." if margin < 100 else ""
        yield Inconsistency((*RULE, "harm_margin"), text, fix, (("outcomes", study.deciding_outcome),))


def _money(study: Study) -> Iterator[Inconsistency]:
    """Find a value without a cost, a cost without a value, and what means nothing without them."""
    decision = study.decision
    value, scale_up = decision.value, decision.scale_up
    if value is not None and scale_up is None:
        text = "a net benefit needs the cost of scaling up as well as the value of a unit."
        yield Inconsistency(VALUE, text, "add 'scale_up', or remove 'value'.", (VALUE, SCALE_UP), key=True)
    if scale_up is not None and value is None:
        text = "a net benefit needs the value of a unit as well as the cost of scaling up."
        yield Inconsistency(SCALE_UP, text, "add 'value', or remove 'scale_up'.", (VALUE, SCALE_UP), key=True)
    if value is None and scale_up is None:
        for key in ONLY_WITH_VALUE:
            if getattr(decision, key) != type(decision).model_fields[key].default:
                text = f"'{key}' is part of a net benefit, and there is no 'value'."
                fix = f"add 'value' and 'scale_up', or remove '{key}'."
                yield Inconsistency(("decision", key), text, fix, (VALUE, SCALE_UP), key=True)
    if value is not None:
        yield from _value(study, value)
    yield from _optimism(study)


def _value(study: Study, value: UnitValue) -> Iterator[Inconsistency]:
    """Find a distribution that is out of order or leaves out the best estimate, and shares that are not a whole."""
    if value.distribution is not None:
        low, mode, high = value.distribution.triangular
        at: Loc = (*VALUE, "distribution", "triangular")
        if not low <= mode <= high or low == high:
            text = f"a triangular distribution is [least, most likely, greatest], not [{low:g}, {mode:g}, {high:g}]."
            yield Inconsistency(at, text, "put the three in order, the greatest above the least.", (at,))
        elif not low <= value.per_unit <= high:
            text = f"per_unit ({value.per_unit:g}) lies outside its distribution, {low:g} to {high:g}."
            yield Inconsistency((*VALUE, "per_unit"), text, "correct one of the two.", (at,))
    shares, at = value.shares, (*VALUE, "shares")
    if shares is not None:
        total = shares.cashable + shares.non_cashable + shares.social
        if abs(total - 1.0) > ROUNDING:
            yield Inconsistency(at, f"the shares of the value add up to {total:g}, not 1.", "correct them.", (at,))
    elif study.decision.perspective != "all":
        text = f"perspective {study.decision.perspective} needs to know whose the value is."
        fix = "add 'shares' under value, or write 'perspective: all'."
        yield Inconsistency(("decision", "perspective"), text, fix, (at,))


def _optimism(study: Study) -> Iterator[Inconsistency]:
    """Find optimism that is taken off twice: once by the prior, and again from the benefits."""
    name, bias = study.deciding_outcome, study.decision.optimism_bias
    if bias > 0 and study.outcomes[name].prior == "sceptical":
        text = f"optimism is corrected twice: the prior of outcome {quoted(name)} is sceptical already."
        fix = "remove 'optimism_bias', or write 'prior: weak'."
        yield Inconsistency(("decision", "optimism_bias"), text, fix, (("outcomes", name, "prior"),))


def _equivalence(loc: Loc, outcome: OutcomeBase) -> Iterator[Inconsistency]:
    """Find a range of effects that count as none which reaches a worthwhile one, or further than effects can."""
    given, worthwhile, at = outcome.equivalence, outcome.worthwhile, (*loc, "equivalence")
    if given is None:
        return
    if worthwhile is not None and given >= abs(worthwhile):
        text = f"effects up to {given:g} would count as none, and one of {abs(worthwhile):g} as worthwhile."
        yield Inconsistency(at, text, "give less than the worthwhile effect.", ((*loc, "worthwhile"),))
    elif given >= 1 and isinstance(outcome, SHARES + RATIOS):
        fix = f"{given:g}% is written {given / 100:g}." if given < 100 else ""
        yield Inconsistency(at, f"equivalence is a change of less than 1, not {given:g}.", fix, ((*loc, "kind"),))


def _prior(at: Loc, outcome: OutcomeBase) -> Iterator[Inconsistency]:
    """Find an elicited belief that is out of order, or that holds impossible effects."""
    prior = outcome.prior
    if not isinstance(prior, ElicitedPrior):
        return
    if not prior.low < prior.best < prior.high:
        text = f"best ({prior.best:g}) must lie between low ({prior.low:g}) and high ({prior.high:g})."
        yield Inconsistency((*at, "best"), text, "put the three in order.", ((*at, "low"), (*at, "high")))
    elif isinstance(outcome, RATIOS) and prior.low <= -1:
        text = f"low is a relative change, above -1 (which would be 100% fewer), not {prior.low:g}."
        yield Inconsistency((*at, "low"), text, "", ((*at[:2], "kind"),))
    elif isinstance(outcome, SHARES) and max(abs(prior.low), abs(prior.high)) > 1:
        key = "low" if abs(prior.low) > 1 else "high"
        given = getattr(prior, key)
        text = f"{key} is a change in a share, between -1 and 1, not {given:g}."
        fix = f"{given:g} points are written {given / 100:g}." if abs(given) <= 100 else ""
        yield Inconsistency((*at, key), text, fix, ((*at[:2], "kind"),))
