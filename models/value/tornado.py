"""What the decision hangs on: expected net benefit as one input at a time goes from low to high."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.value.benefit import central, reached_units
from models.value.price import Form
from models.value.roll_out import LONGEST, RollOut, Stake
from models.value.units import units_averted

MIDDLE = 0.8  # effect and price go from their 10% to their 90% point
SPREAD = 0.2  # an input of which nothing is declared goes this far down and up
RATE = 0.02  # the discount rate this far
OPTIMISM = 0.4  # correction for optimism from 0 to this
SAME = 1e-9  # relative swing that counts as none


@dataclass(frozen=True, slots=True)
class Ranges:
    """Declared low and high of each input; None where nothing is declared. The effect is on the linear scale."""

    effect: tuple[float, float] | None = None
    price: tuple[float, float] | None = None
    annual_units: tuple[float, float] | None = None
    cost_per_year: tuple[float, float] | None = None
    set_up: tuple[float, float] | None = None
    savings_per_year: tuple[float, float] | None = None
    discount_rate: tuple[float, float] | None = None
    optimism_bias: tuple[float, float] | None = None
    reach: tuple[float, float] | None = None
    years: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            found = getattr(self, each.name)
            if found is not None and not found[0] < found[1]:
                raise ValueError(f"The range of {each.name} needs a low below its high.")


@dataclass(frozen=True, slots=True)
class Bar:
    """Expected net benefit at both ends of one input, the others at their centre.

    Attributes
    ----------
    name
        The input, as `Ranges` names it.
    low, high
        Its ends.
    at_low, at_high
        Expected net benefit there.
    declared
        Whether the ends were declared; effect and price have them from their own distributions.
    """

    name: str
    low: float
    high: float
    at_low: float
    at_high: float
    declared: bool

    @property
    def swing(self) -> float:
        """Distance between the two."""
        return abs(self.at_high - self.at_low)

    @property
    def crosses(self) -> bool:
        """Whether the sign of the net benefit depends on it."""
        return min(self.at_low, self.at_high) < 0 < max(self.at_low, self.at_high)


@dataclass(frozen=True, slots=True)
class Tornado:
    """Expected net benefit with every input at its centre, and one bar per input that moves it, the widest first."""

    base: float
    bars: tuple[Bar, ...]


NOTHING = Ranges()


def tornado(draws: FloatArray, stake: Stake, ranges: Ranges = NOTHING) -> Tornado:
    """Move one input at a time.

    Parameters
    ----------
    draws
        Effect on the linear scale, shape (S,), equally likely; goes from its 10% to its 90% point.
    stake
        Everything else, at its centre, and the perspective that decides.
    ranges
        Declared ends.

    Raises
    ------
    ValueError
        If the draws cannot be used, or an end is impossible for its input.
    """
    units, price = float(np.mean(reached_units(draws, stake))), stake.price.mean
    base = _net(units, price, stake)
    bars = [_effect(draws, stake, ranges), _price(units, stake, ranges)]
    bars += [
        _plan(name, ends, units, stake, declared=getattr(ranges, name) is not None)
        for name, ends in _ends(stake.roll_out, ranges).items()
    ]
    moved = [bar for bar in bars if bar.swing > SAME * (abs(base) + abs(stake.roll_out.outlay))]
    return Tornado(base, tuple(sorted(moved, key=lambda bar: (-bar.swing, bar.name))))


def _net(units: float, price: float, stake: Stake) -> float:
    return float(stake.net(np.array(units * price)))


def _effect(draws: FloatArray, stake: Stake, ranges: Ranges) -> Bar:
    low, high = ranges.effect or central(draws, MIDDLE)
    at = [_net(u, stake.price.mean, stake) for u in units_averted(np.array([low, high]), stake.unit, stake.reached)]
    return Bar("effect", low, high, at[0], at[1], ranges.effect is not None)


def _price(units: float, stake: Stake, ranges: Ranges) -> Bar:
    low, high = ranges.price or _own_range(stake)
    return Bar("price", low, high, _net(units, low, stake), _net(units, high, stake), ranges.price is not None)


def _own_range(stake: Stake) -> tuple[float, float]:
    if stake.price.form is Form.FIXED:
        return (1 - SPREAD) * stake.price.mean, (1 + SPREAD) * stake.price.mean
    low, high = stake.price.quantile(np.array([(1 - MIDDLE) / 2, (1 + MIDDLE) / 2]))
    return float(low), float(high)


def _ends(plan: RollOut, ranges: Ranges) -> Mapping[str, tuple[float, float]]:
    """Low and high of each input of the roll-out: as declared, or by the rules above."""
    spread = "annual_units", "cost_per_year", "set_up", "savings_per_year", "reach"
    usual = {name: ((1 - SPREAD) * getattr(plan, name), (1 + SPREAD) * getattr(plan, name)) for name in spread}
    usual["reach"] = usual["reach"][0], min(1.0, usual["reach"][1])
    usual["discount_rate"] = max(0.0, plan.discount_rate - RATE), min(1.0, plan.discount_rate + RATE)
    usual["optimism_bias"] = 0.0, max(OPTIMISM, plan.optimism_bias)
    usual["years"] = max(1, plan.years - 1), min(LONGEST, plan.years + 1)
    return {name: getattr(ranges, name) or ends for name, ends in usual.items()}


def _plan(name: str, ends: tuple[float, float], units: float, stake: Stake, *, declared: bool) -> Bar:
    """Bar of an input of the roll-out; the units averted go with the units reached."""
    at = []
    for end in ends:
        change: dict[str, Any] = {name: int(end) if name == "years" else end}
        moved = replace(stake, roll_out=replace(stake.roll_out, **change))
        at.append(_net(units * moved.reached / stake.reached, stake.price.mean, moved))
    return Bar(name, ends[0], ends[1], at[0], at[1], declared)
