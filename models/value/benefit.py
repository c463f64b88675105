"""Net benefit of rolling out, from draws of the effect and a distribution of the value of a unit."""

import math
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.estimate import Scale
from models.value.information import evpi
from models.value.roll_out import Perspective, Stake
from models.value.units import Unit, effect_for, units_averted

CURVE = 101  # values of a unit on the acceptability curve
BEYOND = 1.5  # the curve goes this far beyond the price's range and the break-even price
FARTHEST = 10.0  # but to no more than this many times the highest price
NOTHING_COUNTS = "None of the value of a unit counts here, so that no effect can break even."
TOO_DEAR = "It costs more than the largest effect possible is worth."
TOO_CHEAP = "It saves more than the worst effect possible costs."


@dataclass(frozen=True, slots=True)
class Amount:
    """An expected quantity, and its central interval."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PerspectiveBenefit:
    """Net benefit where only this perspective's share of the value counts, against all costs.

    Attributes
    ----------
    perspective
        Whose money counts. A wider one holds the narrower: they are never added.
    share
        Share of the value of a unit that counts.
    expected, interval
        Present value over the whole roll-out.
    probability
        That it is above 0.
    """

    perspective: Perspective
    share: float
    expected: float
    interval: tuple[float, float]
    probability: float


@dataclass(frozen=True, slots=True)
class Lines:
    """Expected net benefit line by line, in present values; costs are positive numbers.

    Attributes
    ----------
    cashable, non_cashable, social
        Value of the effect by kind; 0 if the shares are not declared.
    unsplit
        Value of the effect if they are not; 0 otherwise.
    savings
        Budget released whatever the effect.
    cost, set_up
        What is spent yearly and once, with the uplift.
    """

    cashable: float
    non_cashable: float
    social: float
    unsplit: float
    savings: float
    cost: float
    set_up: float

    @property
    def total(self) -> float:
        """Net benefit, everything counted once."""
        value = self.cashable + self.non_cashable + self.social + self.unsplit
        return value + self.savings - self.cost - self.set_up


@dataclass(frozen=True, slots=True)
class BreakEven:
    """What has to be true for the roll-out to be worth exactly what it costs.

    Attributes
    ----------
    units
        Units to avert a year among those reached, at the expected price; None if no number does it.
    effect, linear
        The effect that does so, on the headline's scale (ratio or difference) and on the linear scale; None if no
        effect can.
    price
        Value of a unit at which the expected net benefit is 0 at the expected effect; None if there is none.
    reason
        Why there is no effect; empty if there is one.
    """

    units: float | None
    effect: float | None
    linear: float | None
    price: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Acceptability: the probability of a net benefit if a unit were worth exactly so much.

    Attributes
    ----------
    values, probability
        Value of a unit and P(NB > 0) at it, each of shape (V,), from value 0.
    low, high
        Range of the price itself.
    """

    values: FloatArray
    probability: FloatArray
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class NetBenefit:
    """Net benefit of rolling out, against not doing so.

    Attributes
    ----------
    expected, interval, probability
        Mean, central interval at `level` and P(> 0), in the perspective that decides.
    level
        Level of all intervals.
    perspectives
        The same by perspective, the narrowest first; only everything together if no shares are declared.
    units
        Units averted or gained a year among those reached; negative is harm.
    lines
        Where the expected net benefit of everything together comes from.
    break_even, curve
        In the perspective that decides.
    evpi
        Worth of knowing effect and price before deciding.
    evppi_effect, evppi_price
        Worth of knowing the one and not the other.
    """

    expected: float
    interval: tuple[float, float]
    probability: float
    level: float
    perspectives: tuple[PerspectiveBenefit, ...]
    units: Amount
    lines: Lines
    break_even: BreakEven
    curve: Curve
    evpi: float
    evppi_effect: float
    evppi_price: float


def net_benefit(draws: FloatArray, stake: Stake, level: float = 0.95) -> NetBenefit:
    """Net benefit of rolling out.

    NB = sum over years t = 0, 1, ... of [N (1 - e^b) v (1 - ob) + savings - cost] / (1 + r)^t - set-up, with
    N (1 - e^b) as `units_averted` has it for the kind of outcome. Every draw of the effect is met with every one of the
    equally likely prices, so that effect and price are independent exactly and no random number is needed.

    Parameters
    ----------
    draws
        Effect on the linear scale, shape (S,), equally likely.
    stake
        Everything else.
    level
        Of the intervals, in (0, 1).

    Raises
    ------
    ValueError
        If the draws are not a vector of finite numbers, or hold effects so large that no money could be put on them.
    """
    if not 0 < level < 1:
        raise ValueError("The level of an interval lies between 0 and 1.")
    units = reached_units(draws, stake)
    prices = stake.price.atoms()
    worth = units[:, None] * prices
    ascending = np.sort(units)
    chances = {p: _above(ascending, stake.gain(p) * prices, stake.roll_out.outlay) for p in _shown(stake)}
    found = tuple(_by_perspective(worth, stake, each, chance, level) for each, chance in chances.items())
    deciding = next(each for each in found if each.perspective is stake.perspective)
    break_even = _break_even(units, stake)
    return NetBenefit(
        expected=deciding.expected,
        interval=deciding.interval,
        probability=deciding.probability,
        level=level,
        perspectives=found,
        units=Amount(float(np.mean(units)), *central(units, level)),
        lines=_lines(float(np.mean(worth)), stake),
        break_even=break_even,
        curve=_curve(units, stake, break_even.price),
        evpi=evpi(stake.net(worth)),
        evppi_effect=evpi(stake.net(units * float(np.mean(prices)))),
        evppi_price=evpi(stake.net(float(np.mean(units)) * prices)),
    )


@dataclass(frozen=True, slots=True)
class Pays:
    """Probability that the net benefit is above 0, and its expectation, in the perspective that decides."""

    probability: float
    expected: float


def pays(draws: FloatArray, stake: Stake) -> Pays:
    """The two numbers of `net_benefit` that a rule reads, without the rest, and so in a hundredth of the time.

    Parameters and errors as there.
    """
    units, outlay = reached_units(draws, stake), stake.roll_out.outlay
    worth = stake.gain(stake.perspective) * stake.price.atoms()
    return Pays(_above(np.sort(units), worth, outlay), float(np.mean(worth)) * float(np.mean(units)) - outlay)


def _above(units: FloatArray, worth: FloatArray, outlay: float) -> float:
    """P(worth x units > outlay) over all pairs; `units` ascending, `worth` >= 0: for each, units above a threshold."""
    paying = np.full(worth.size, float(outlay < 0))
    some = worth > 0
    with np.errstate(over="ignore"):  # next to nothing counts: no number of units pays, or any does
        needed = outlay / worth[some]
    beyond = np.searchsorted(units, needed, side="right")
    paying[some] = (units.size - beyond) / units.size
    return float(paying.mean())


def cost_per_unit(draws: FloatArray, unit: Unit, annual_units: float, cost: float) -> float | None:
    """Cost of a year over the units expected to be averted in it; None where none are expected to be.

    Parameters
    ----------
    draws
        Effect on the linear scale, shape (S,).
    unit, annual_units
        As in `units_averted`, where that cost was borne: for the pilot's own, its treated areas.
    cost
        Cost of a year, > 0.
    """
    averted = float(np.mean(units_averted(draws, unit, annual_units)))
    return cost / averted if averted > 0 else None


def reached_units(draws: FloatArray, stake: Stake) -> FloatArray:
    """Units averted a year among those reached, shape (S,); raises ValueError where the draws cannot be used."""
    if draws.ndim != 1 or not draws.size or not np.isfinite(draws).all():
        raise ValueError("A net benefit needs a vector of finite draws of the effect.")
    with np.errstate(over="ignore"):
        units = units_averted(draws, stake.unit, stake.reached)
    if not np.isfinite(units * stake.price.high).all():
        raise ValueError("Some draws of the effect are so large that no amount of money can be put on them.")
    return units


def central(values: FloatArray, level: float) -> tuple[float, float]:
    """Central interval of equally likely values, any shape."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _shown(stake: Stake) -> tuple[Perspective, ...]:
    return tuple(Perspective) if stake.shares is not None else (Perspective.ALL,)


def _by_perspective(
    worth: FloatArray, stake: Stake, perspective: Perspective, probability: float, level: float
) -> PerspectiveBenefit:
    net = stake.net(worth, perspective)
    share = stake.share(perspective)
    return PerspectiveBenefit(perspective, share, float(np.mean(net)), central(net, level), probability)


def _lines(worth: float, stake: Stake) -> Lines:
    value = stake.gain(Perspective.ALL) * worth
    shares, plan = stake.shares, stake.roll_out
    return Lines(
        cashable=value * shares.cashable if shares else 0.0,
        non_cashable=value * shares.non_cashable if shares else 0.0,
        social=value * shares.social if shares else 0.0,
        unsplit=0.0 if shares else value,
        savings=plan.savings,
        cost=plan.cost,
        set_up=plan.first_cost,
    )


def _break_even(units: FloatArray, stake: Stake) -> BreakEven:
    gain, outlay = stake.gain(stake.perspective), stake.roll_out.outlay
    needed = _over(outlay, gain * stake.price.mean)
    if needed is None:
        return BreakEven(None, None, None, None, NOTHING_COUNTS)
    price = _over(outlay, gain * float(np.mean(units)))
    if price is not None and price < 0:
        price = None
    linear = effect_for(needed, stake.unit, stake.reached)
    if linear is None:
        return BreakEven(needed, None, None, price, TOO_DEAR if needed > 0 else TOO_CHEAP)
    effect = math.exp(linear) if stake.unit.kind.scale is Scale.RATIO else linear
    return BreakEven(needed, effect, linear, price)


def _over(amount: float, by: float) -> float | None:
    """Quotient; None if it is not a number."""
    quotient = amount / by if by else math.inf
    return quotient if math.isfinite(quotient) else None


def _curve(units: FloatArray, stake: Stake, break_even: float | None) -> Curve:
    high = stake.price.high
    end = min(BEYOND * max(high, break_even or 0.0), FARTHEST * high)
    values = np.linspace(0.0, end, CURVE)
    gain, outlay = stake.gain(stake.perspective), stake.roll_out.outlay
    probability = np.array([float(np.mean(gain * units * value > outlay)) for value in values])
    return Curve(values, probability, stake.price.low, high)
