"""The net benefit of scaling up, as the rule reads it and as the result shows it."""

from collections.abc import Sequence
from dataclasses import replace

from impact.decisions.money_words import assumptions, bar_labels, currency_of, extension_label
from impact.decisions.precision import Precision
from impact.probabilities import Held
from impact.result import OutcomeResult
from impact.result_decision import (
    AcceptabilityInfo,
    BreakEvenInfo,
    EconomicsInfo,
    ExtensionInfo,
    PerspectiveInfo,
    PriceInfo,
    TornadoInfo,
    UnitsInfo,
)
from impact.study import economics
from impact.study.schema import Study
from models import value
from models.arrays import FloatArray
from models.estimate import Estimate, Scale
from models.panel import Kind
from models.registry import BAYES
from models.value import Extension, Perspective, Price, RollOut, Shares, Stake, Unit


def unit_of(outcome: OutcomeResult) -> Unit | None:
    """What one unit of the outcome is; None where it needs a level that is not known."""
    kind = Kind(outcome.kind)
    if kind is Kind.DURATION and outcome.counterfactual is None:
        return None
    level = None if kind in {Kind.COUNT, Kind.CONTINUOUS} else outcome.counterfactual
    if level is not None and kind is not Kind.DURATION:
        level = min(1.0, max(0.0, level))  # a share less an estimated effect can come out beyond what shares can be
    return Unit(kind, 1 if outcome.better == "higher" else -1, level)


def stake_of(study: Study, outcome: OutcomeResult) -> Stake | None:
    """What scaling up rests on but the effect; None if the study does not value it, or a unit cannot be formed."""
    decision = study.decision
    unit = unit_of(outcome)
    if decision.value is None or decision.scale_up is None or unit is None:
        return None
    shares, up = decision.value.shares, decision.scale_up
    return Stake(
        unit=unit,
        price=_price(decision.value),
        roll_out=RollOut(
            annual_units=up.annual_units,
            cost_per_year=up.cost_per_year,
            years=up.years,
            set_up=up.set_up,
            savings_per_year=up.savings_per_year,
            reach=up.reach,
            discount_rate=decision.discount_rate,
            optimism_bias=decision.optimism_bias,
            price_year=decision.value.price_year,
        ),
        shares=None if shares is None else Shares(shares.cashable, shares.non_cashable, shares.social),
        perspective=Perspective(decision.perspective),
    )


def _price(given: economics.UnitValue) -> Price:
    if given.distribution is None:
        return Price.fixed(given.per_unit, year=given.price_year)
    low, mode, high = given.distribution.triangular
    return Price.triangular(low, mode, high, year=given.price_year)


def at_price(stake: Stake, mean: float) -> Stake:
    """The same with a unit worth `mean` on average, every value of its distribution in proportion."""
    return replace(stake, price=stake.price.scaled(mean / stake.price.mean))


def worths(
    study: Study, draws: FloatArray, stake: Stake, headline: Estimate, precision: Precision | None
) -> tuple[ExtensionInfo, ...]:
    """What each longer or larger pilot is worth: those declared, and where the pilot's cost is, the usual ones.

    Empty if what more evidence would tell is not known, as where the interval counts periods and not areas.
    """
    treated, comparison = headline.clusters.treated, headline.clusters.comparison
    if precision is None or headline.std_error is None or not comparison or headline.clusters.periods:
        return ()
    shared = study.intervention.delivery == "shared"
    # A standard error by areas comes from how they differ, where a shock that one team's areas share does not show: it
    # holds noise and shock as of separate areas, and Evidence makes of them what sharing does. A posterior's spread
    # holds the prior as well, so that there the data's own variance has to stand.
    by_areas = headline.std_error**2 / (1 / treated + 1 / comparison)
    per_area = precision.variance if headline.model == BAYES.name else by_areas
    evidence = value.Evidence(
        noise_variance=per_area * precision.noise,
        shock_variance=per_area * (1 - precision.noise),
        treated=treated,
        comparison=comparison,
        years=precision.years,
        shared=shared,
    )
    declared = [
        Extension(e.label or extension_label(e.years, e.more_areas), e.years, e.cost, more_areas=e.more_areas)
        for e in study.decision.extensions
    ]
    cost = study.intervention.cost
    usual = value.standard_menu(cost.amount, precision.years, treated) if cost and cost.amount > 0 else ()
    known = {(e.years, e.more_areas) for e in declared}
    menu = [*declared, *(e for e in usual if (e.years, e.more_areas) not in known)]
    if not menu:
        return ()
    found = value.extensions(draws, stake, evidence, menu).worth
    return tuple(_extension(worth, declared=worth.extension in declared) for worth in found)


def _extension(worth: value.Worth, *, declared: bool) -> ExtensionInfo:
    given = worth.extension
    return ExtensionInfo(
        label=given.label,
        years=given.years,
        more_areas=given.more_areas,
        cost=given.cost,
        evsi=worth.evsi,
        delay_loss=worth.delay_loss,
        net=worth.net,
        pays=worth.pays,
        declared=declared,
    )


def economics_info(
    study: Study, outcome: OutcomeResult, held: Held, stake: Stake, menu: Sequence[ExtensionInfo]
) -> EconomicsInfo | None:
    """Put together all the result shows of costs and benefits; None without a declared value."""
    given, up = study.decision.value, study.decision.scale_up
    if given is None or up is None:
        return None
    found = value.net_benefit(held.draws, stake, study.level)
    hung = value.tornado(held.draws, stake)
    scale = Scale.DIFFERENCE if outcome.headline is None else outcome.headline.scale
    currency = currency_of(study)
    return EconomicsInfo(
        currency=currency,
        price_year=given.price_year,
        value_note=given.note,
        perspective=study.decision.perspective,
        assumptions=assumptions(study, outcome),
        perspectives=tuple(
            PerspectiveInfo(
                p.perspective.value, p.share, p.expected, p.interval, p.probability, p.perspective is stake.perspective
            )
            for p in found.perspectives
        ),
        units_averted=UnitsInfo(found.units.expected, (found.units.low, found.units.high)),
        cost=stake.roll_out.cost + stake.roll_out.first_cost,
        break_even=_break_even(found.break_even),
        acceptability=_curve(found.curve),
        tornado=tuple(
            TornadoInfo(*bar_labels(bar, scale, outcome, currency), bar.at_low, bar.at_high) for bar in hung.bars
        ),
        tornado_base=hung.base,
        evpi=found.evpi,
        extensions=tuple(menu),
        value=PriceInfo(stake.price.mean, stake.price.low, stake.price.high),
        years=float(up.years),
        evppi_effect=found.evppi_effect,
        evppi_price=found.evppi_price,
    )


def _break_even(found: value.BreakEven) -> BreakEvenInfo:
    return BreakEvenInfo(found.units, found.effect, found.price, found.reason)


def _curve(found: value.Curve) -> tuple[AcceptabilityInfo, ...]:
    points = zip(found.values.tolist(), found.probability.tolist(), strict=True)
    return tuple(AcceptabilityInfo(price, probability) for price, probability in points)
