"""What rolling out would reach, cost and save, and what one outcome's unit is: everything but the effect."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.arrays import FloatArray
from models.value.price import Price
from models.value.units import Unit

GREEN_BOOK_RATE = 0.035
LONGEST = 30  # years for which the Green Book's rate stays the same
SUM_OF_SHARES = 1e-9
LIMITS = {  # of a roll-out: each from 0 to this
    "annual_units": ("The number of units a year", math.inf),
    "cost_per_year": ("The cost of a year", math.inf),
    "set_up": ("The set-up cost", math.inf),
    "savings_per_year": ("The savings of a year", math.inf),
    "reach": ("The share of units reached", 1.0),
    "discount_rate": ("The discount rate", 1.0),
    "optimism_bias": ("The correction for optimism", 1.0),
    "cost_uplift": ("The uplift on costs", 10.0),
}


class Perspective(StrEnum):
    """Whose money counts; each holds the one before it, so that they are never added."""

    CASHABLE = "cashable"  # budgets that can be cut
    FISCAL = "fiscal"  # and public resources freed for something else
    ALL = "all"  # and what residents gain


@dataclass(frozen=True, slots=True)
class Shares:
    """How the value of a unit splits: cashable, fiscal but not cashable, and social; each 0 to 1, together 1."""

    cashable: float
    non_cashable: float
    social: float

    def __post_init__(self) -> None:
        parts = self.cashable, self.non_cashable, self.social
        if not all(0 <= part <= 1 for part in parts) or abs(math.fsum(parts) - 1) > SUM_OF_SHARES:
            raise ValueError(
                "The cashable, non-cashable and social shares of a value must each be 0 to 1 and sum to 1."
            )

    def within(self, perspective: Perspective) -> float:
        """Share of the value that counts in a perspective."""
        fiscal = self.cashable + self.non_cashable
        return {Perspective.CASHABLE: self.cashable, Perspective.FISCAL: fiscal, Perspective.ALL: 1.0}[perspective]


@dataclass(frozen=True, slots=True)
class RollOut:
    """What is decided on: the service at scale, for some years.

    Attributes
    ----------
    annual_units
        Units a year without the service for counts; cases a year for every other kind of outcome.
    cost_per_year
        Full cost of a year: grant, on-costs, management, partners' time.
    years
        Years it runs, 1 to 30: the Green Book's rate falls after 30, which one rate cannot follow.
    set_up
        Spent once, in the first year.
    savings_per_year
        Budget released whatever the effect (a service it replaces); cashable.
    reach
        Share of the units that it reaches, above 0.
    discount_rate
        Real rate; the first year is not discounted.
    optimism_bias
        Share taken off the value of the effect. Once: not on top of a sceptical prior or of a value already reduced.
    cost_uplift
        Share put on costs for the same reason.
    price_year
        Year in whose prices costs and savings stand; None if not declared.

    Raises
    ------
    ValueError
        If a number is outside its range; the sentence names it.
    """

    annual_units: float
    cost_per_year: float
    years: int = 1
    set_up: float = 0.0
    savings_per_year: float = 0.0
    reach: float = 1.0
    discount_rate: float = GREEN_BOOK_RATE
    optimism_bias: float = 0.0
    cost_uplift: float = 0.0
    price_year: int | None = None

    def __post_init__(self) -> None:
        for name, (words, most) in LIMITS.items():
            value = getattr(self, name)
            if not 0 <= value <= most or not math.isfinite(value):
                raise ValueError(f"{words} must be {f'from 0 to {most:g}' if math.isfinite(most) else '0 or more'}.")
        if self.annual_units == 0 or self.reach == 0:
            raise ValueError("A roll-out must reach some units: their number a year and the share reached are above 0.")
        if self.years != int(self.years) or not 1 <= self.years <= LONGEST:
            raise ValueError(f"A roll-out runs for a whole number of years from 1 to {LONGEST}.")

    @property
    def annuity(self) -> float:
        """Present value of 1 in each year."""
        return annuity(self.years, self.discount_rate)

    @property
    def cost(self) -> float:
        """Present value of the yearly cost, with the uplift."""
        return self.cost_per_year * (1 + self.cost_uplift) * self.annuity

    @property
    def first_cost(self) -> float:
        """Set-up cost, with the uplift."""
        return self.set_up * (1 + self.cost_uplift)

    @property
    def savings(self) -> float:
        """Present value of the savings."""
        return self.savings_per_year * self.annuity

    @property
    def outlay(self) -> float:
        """Present value of all costs less savings."""
        return self.cost + self.first_cost - self.savings


def annuity(years: float, rate: float) -> float:
    """Present value of 1 in each of `years` years from year 0, not discounted in year 0; a part of a year counts so."""
    whole = np.arange(math.ceil(years))
    counted = np.clip(years - whole, 0, 1)
    return float(np.sum(counted / (1 + rate) ** whole))


@dataclass(frozen=True, slots=True)
class Stake:
    """Everything a net benefit rests on but the effect.

    Attributes
    ----------
    unit
        What a unit of the outcome is.
    price
        What a unit is worth.
    roll_out
        What is decided on.
    shares
        How the value splits; None if not declared, and then only everything together can be shown.
    perspective
        The one that decides.

    Raises
    ------
    ValueError
        If value and costs stand in prices of different years, or a perspective is asked for that is not declared.
    """

    unit: Unit
    price: Price
    roll_out: RollOut
    shares: Shares | None = None
    perspective: Perspective = Perspective.ALL

    def __post_init__(self) -> None:
        years = self.price.year, self.roll_out.price_year
        if None not in years and years[0] != years[1]:
            raise ValueError(
                f"The value per unit is in {years[0]} prices and the costs in {years[1]} prices: "
                "carry one to the other's year by the GDP deflator first."
            )
        if self.shares is None and self.perspective is not Perspective.ALL:
            raise ValueError(
                "Net benefit in cash or to public budgets alone needs the shares of the value that are cashable, "
                "non-cashable and social."
            )

    def share(self, perspective: Perspective) -> float:
        """Share of the value that counts in a perspective."""
        return 1.0 if self.shares is None else self.shares.within(perspective)

    def gain(self, perspective: Perspective) -> float:
        """Present value of one unit a year, each worth 1, over the roll-out: corrected, and the share that counts."""
        return self.roll_out.annuity * (1 - self.roll_out.optimism_bias) * self.share(perspective)

    @property
    def reached(self) -> float:
        """Units a year that the service reaches."""
        return self.roll_out.annual_units * self.roll_out.reach

    def net(self, worth: FloatArray, perspective: Perspective | None = None) -> FloatArray:
        """Net benefit where a year's units are worth `worth`, of any shape."""
        return self.gain(perspective or self.perspective) * worth - self.roll_out.outlay
