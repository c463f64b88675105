"""What extending the pilot would teach, and whether that is worth its cost and the delay."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from models.arrays import FloatArray
from models.value.benefit import reached_units
from models.value.information import evpi, normal_evsi
from models.value.roll_out import Stake, annuity
from models.value.units import units_foreseen


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the pilot's estimate rests on, by source of error, on the linear scale.

    Attributes
    ----------
    noise_variance
        Variance of one area's change that a longer follow-up averages out: month-to-month noise, for `years` of
        follow-up. It falls in proportion as the follow-up grows.
    shock_variance
        Variance of one area's change that no length of follow-up reduces: the shock from baseline to follow-up, and
        the noise of the baseline itself. Only more areas reduce it.
    treated, comparison
        Areas.
    years
        Follow-up so far.
    shared
        Whether one team serves all treated areas, which then share one shock.

    Raises
    ------
    ValueError
        If a variance is negative or both are 0, or a number of areas or years is not positive.
    """

    noise_variance: float
    shock_variance: float
    treated: int
    comparison: int
    years: float
    shared: bool = False

    def __post_init__(self) -> None:
        variances = self.noise_variance, self.shock_variance
        if not all(0 <= v < math.inf for v in variances) or sum(variances) == 0:
            raise ValueError("Evidence needs variances of 0 or more that are not both 0.")
        if self.treated < 1 or self.comparison < 1 or not 0 < self.years < math.inf:
            raise ValueError("Evidence needs a treated area, a comparison area and a follow-up longer than none.")

    @classmethod
    def from_std_error(
        cls,
        std_error: float,
        shock_sd: float,
        areas: tuple[int, int],
        years: float,
        *,
        shared: bool = False,
    ) -> Self:
        """Split an estimate's squared standard error: what shocks of SD `shock_sd` do not explain is noise.

        `areas` are the numbers of treated and of comparison areas. Shocks that would explain more than all of it are
        taken to explain all.
        """
        if not (0 < std_error < math.inf and 0 <= shock_sd < math.inf):
            raise ValueError("Evidence needs a standard error above 0 and a spread of shocks of 0 or more.")
        treated, comparison = areas
        if treated < 1 or comparison < 1:
            raise ValueError("Evidence needs a treated area and a comparison area.")
        per_noise = 1 / treated + 1 / comparison
        per_shock = (1.0 if shared else 1 / treated) + 1 / comparison
        noise = std_error**2 - shock_sd**2 * per_shock
        if noise > 0:
            return cls(noise / per_noise, shock_sd**2, treated, comparison, years, shared)
        return cls(0.0, std_error**2 / per_shock, treated, comparison, years, shared)

    @property
    def variance(self) -> float:
        """Sampling variance of the pilot's estimate."""
        return 1 / self._treated(self.noise_variance) + 1 / self._alike(self.comparison, self.noise_variance)

    def extended(self, extension: "Extension") -> float:
        """Sampling variance of the estimate from pilot and extension together.

        Areas there from the start have had `years` and the extension's, new treated areas the extension's only, each
        with a team, and so a shock, of its own; treated areas are weighted by their precision. Comparison areas that
        begin now count as the others do, since they are observed in the pilot's years too.
        """
        longer = self.noise_variance * self.years / (self.years + extension.years)
        fresh = self.noise_variance * self.years / extension.years
        treated = self._treated(longer) + self._alike(extension.more_areas, fresh)
        comparison = self.comparison + extension.more_comparison
        if comparison < 1:
            raise ValueError(f"The extension “{extension.label}” leaves no comparison area.")
        return 1 / treated + 1 / self._alike(comparison, longer)

    def _alike(self, areas: int, noise: float) -> float:
        """Precision of the mean of areas with a shock each."""
        return areas / (self.shock_variance + noise)

    def _treated(self, noise: float) -> float:
        """Precision of the mean of the pilot's treated areas."""
        if self.shared:
            return 1 / (self.shock_variance + noise / self.treated)
        return self._alike(self.treated, noise)


@dataclass(frozen=True, slots=True)
class Extension:
    """One way of going on before deciding.

    Attributes
    ----------
    label
        What it is, in words.
    years
        For how long, > 0.
    cost
        What it costs in all, >= 0, as a present value.
    more_areas
        Treated areas added for its length.
    more_comparison
        Comparison areas added; negative where comparison areas become treated ones.
    served
        Share of the roll-out's units that the extension itself serves while it lasts, 0 to 1: 0 if the pilot's areas
        are no part of the roll-out, or to count nothing for them.

    Raises
    ------
    ValueError
        If a number is impossible.
    """

    label: str
    years: float
    cost: float
    more_areas: int = 0
    more_comparison: int = 0
    served: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.served <= 1:
            raise ValueError("The share of the roll-out's units that an extension serves is from 0 to 1.")
        if not 0 < self.years < math.inf or not 0 <= self.cost < math.inf or self.more_areas < 0:
            raise ValueError("An extension lasts some time, costs nothing or more, and takes no treated area away.")


@dataclass(frozen=True, slots=True)
class Worth:
    """What an extension is worth.

    Attributes
    ----------
    extension
        The extension.
    evsi
        Expected value of what it would teach, before its cost, as if known today: from draws, at most the value of
        knowing the effect.
    evsi_normal
        The same were the net benefit normal and linear in the effect: a cross-check.
    delay_loss
        Expected net benefit lost while waiting; 0 if rolling out now is not expected to pay.
    meanwhile
        Expected value of the effect on the units that the extension itself serves.
    net
        Value of what it would teach, discounted by its length, less its cost and the delay, and what it does
        meanwhile.
    pays
        Whether that is above 0.
    explained
        Share of the variance of the effect that it is expected to remove, 0 to 1.
    """

    extension: Extension
    evsi: float
    evsi_normal: float
    delay_loss: float
    meanwhile: float
    net: float
    pays: bool
    explained: float


@dataclass(frozen=True, slots=True)
class Menu:
    """Every extension's worth, in the order given, and the one that pays best; None if none pays."""

    worth: tuple[Worth, ...]
    best: Worth | None


def extensions(draws: FloatArray, stake: Stake, evidence: Evidence, menu: Sequence[Extension]) -> Menu:
    """Weigh ways of extending the pilot.

    The extension teaches about the effect and not about the price, so the net benefit at the expected price is what
    counts. Its evidence has the information 1/V1 - 1/V0, V0 and V1 being the sampling variances of the estimate now and
    with the extension; it removes the share rho = s^2 I / (1 + s^2 I) of the variance s^2 of the effect. What will be
    expected then is drawn by `units_foreseen` (a Gaussian approximation on the scale of the effect, as in Jalal and
    Alarid-Escudero 2018): exact for a normal effect, and never worth more than knowing the effect.

    Parameters
    ----------
    draws
        Effect on the linear scale, shape (S,), equally likely.
    stake
        Everything else, and the perspective that decides.
    evidence
        What the estimate rests on.
    menu
        Extensions.

    Raises
    ------
    ValueError
        If the draws cannot be used, or an extension leaves no comparison area.
    """
    net = stake.net(reached_units(draws, stake) * stake.price.mean)
    worth = tuple(_worth(net, draws, stake, evidence, extension) for extension in menu)
    paying = [each for each in worth if each.pays]
    return Menu(worth, max(paying, key=lambda each: each.net) if paying else None)


def standard_menu(
    pilot_cost: float, pilot_years: float, treated: int, more_areas: int | None = None
) -> tuple[Extension, ...]:
    """One more year, two more years, and one more year with more areas, at the pilot's cost by area and year.

    Parameters
    ----------
    pilot_cost
        What the pilot cost in all, >= 0.
    pilot_years
        How long it ran, > 0.
    treated
        Its areas, >= 1.
    more_areas
        Areas to add; as many again if None. New ones: none is taken from the comparison areas.
    """
    if not pilot_years > 0 or treated < 1:
        raise ValueError("Extensions are priced by a pilot that had areas and lasted some time.")
    added = treated if more_areas is None else more_areas
    yearly = pilot_cost / pilot_years
    wider = yearly * (treated + added) / treated
    return (
        Extension("one more year", 1, yearly),
        Extension("two more years", 2, 2 * yearly),
        Extension(f"one more year with {added} more {'area' if added == 1 else 'areas'}", 1, wider, added),
    )


def _worth(net: FloatArray, draws: FloatArray, stake: Stake, evidence: Evidence, extension: Extension) -> Worth:
    variance, mean, rate = float(np.var(draws)), float(np.mean(net)), stake.roll_out.discount_rate
    information = max(0.0, 1 / evidence.extended(extension) - 1 / evidence.variance)
    explained = variance * information / (1 + variance * information)
    foreseen = units_foreseen(draws, stake.unit, stake.reached, explained)
    found = evpi(stake.net(foreseen * stake.price.mean))
    linear = normal_evsi(mean, float(np.std(net)), variance, 1 / information) if information else 0.0
    lost = _postponed(mean, stake, extension.years)
    gained = extension.served * _yearly(mean + stake.roll_out.outlay, stake) * annuity(extension.years, rate)
    left = found / (1 + rate) ** extension.years - extension.cost - lost + gained
    return Worth(extension, found, linear, lost, gained, left, left > 0, explained)


def _postponed(mean: float, stake: Stake, years: float) -> float:
    """Net benefit of the years postponed: the service would have run in them, and will not have."""
    if mean <= 0:
        return 0.0
    return _yearly(mean + stake.roll_out.first_cost, stake) * annuity(years, stake.roll_out.discount_rate)


def _yearly(total: float, stake: Stake) -> float:
    """One year's part of a present value that accrues evenly over the roll-out."""
    return total / stake.roll_out.annuity
