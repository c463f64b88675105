"""From an effect to the units it averts or gains in a year, and back; and an estimate as draws."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.arrays import FloatArray
from models.panel import Kind

TENFOLD = math.log(10)
DRAWS = 20_000
KEPT = 0.999  # mass kept of a t distribution too long-tailed to have a variance
SHARES = frozenset({Kind.BINARY, Kind.ORDINAL, Kind.TIME_TO_EVENT})
RATIOS = frozenset({Kind.COUNT, Kind.DURATION})


@dataclass(frozen=True, slots=True)
class Unit:
    """What one unit of an outcome is.

    Attributes
    ----------
    kind
        Count: one event. Share: one case whose answer changes. Duration: one day. Mean: one unit of it, in one case.
    better
        +1 if more is better, -1 if less is.
    level
        Level without the service: mean days (durations, needed), share of cases (optional: it bounds what effect is
        possible). Not read for counts and means.

    Raises
    ------
    ValueError
        If `better` is neither +1 nor -1, or the level is missing or impossible.
    """

    kind: Kind
    better: int
    level: float | None = None

    def __post_init__(self) -> None:
        if self.better not in {1, -1}:
            raise ValueError("Better is +1 where more is better and -1 where less is.")
        if self.kind is Kind.DURATION and (self.level is None or not 0 < self.level < math.inf):
            raise ValueError("Days averted need the mean number of days without the service, above 0.")
        if self.kind in SHARES and self.level is not None and not 0 <= self.level <= 1:
            raise ValueError("The share of cases without the service must be from 0 to 1.")

    @property
    def size(self) -> float:
        """Units in one of the roll-out's annual units: the level of a duration, 1 otherwise."""
        return self.level if self.kind is Kind.DURATION and self.level is not None else 1.0


def units_averted(draws: FloatArray, unit: Unit, annual_units: float) -> FloatArray:
    """Units a year by which an effect makes things better; negative where it makes them worse.

    Parameters
    ----------
    draws
        Effect on the linear scale: log ratio for counts and durations, difference otherwise; any shape.
    unit
        What a unit is: where less is better, units are averted; where more is, they are gained.
    annual_units
        Events a year for counts, cases a year otherwise, reached by the service.

    Returns
    -------
    FloatArray
        N (1 - e^b) for counts of which fewer are better, N x level x (1 - e^b) for days, N b otherwise, with the sign
        of `better`; shape of `draws`.
    """
    change = np.expm1(draws) if unit.kind in RATIOS else draws
    return np.asarray(unit.better * annual_units * unit.size * change, dtype=np.float64)


def units_foreseen(draws: FloatArray, unit: Unit, annual_units: float, explained: float) -> FloatArray:
    """Units a year that will be expected once evidence has removed a share of the variance of the effect.

    Parameters
    ----------
    draws
        Effect as believed now, on the linear scale, shape (S,).
    unit, annual_units
        As in `units_averted`.
    explained
        Share of the variance that the evidence removes, 0 to 1.

    Returns
    -------
    FloatArray
        Draws of the expectation, shape (S,), with the mean of `units_averted`: all alike if nothing is removed, those
        themselves if all is. The effect's expectation is today's draws drawn in towards their mean; that of a ratio is
        the exponential of it, scaled to keep the mean, which is what averaging over the rest gives. Exact if the effect
        is normal; and for any draws it spreads (in convex order) as `explained` grows.
    """
    centre = float(np.mean(draws))
    drawn_in = math.sqrt(explained) * (draws - centre)
    if unit.kind not in RATIOS:
        return units_averted(centre + drawn_in, unit, annual_units)
    ratio = np.exp(drawn_in) * (np.mean(np.exp(draws)) / np.mean(np.exp(drawn_in)))
    return units_averted(np.log(ratio), unit, annual_units)


def effect_for(units: float, unit: Unit, annual_units: float) -> float | None:
    """Effect on the linear scale that makes things better by `units` a year; None if no effect can."""
    change = unit.better * units / (annual_units * unit.size)
    if unit.kind in RATIOS:
        return math.log1p(change) if change > -1 else None
    if unit.kind in SHARES:
        low, high = (-1.0, 1.0) if unit.level is None else (-unit.level, 1 - unit.level)
        return change if low <= change <= high else None
    return change


def cut_of(unit: Unit) -> float | None:
    """Distance from the estimate at which a t distribution of the effect is cut off; None for a mean.

    A t distribution of a log ratio gives the ratio no mean: its tails, however thin, hold ratios beyond any number.
    Ratios over ten times the estimate, or under a tenth of it, are therefore ruled out, and shares moving by more than
    one.
    """
    if unit.kind in RATIOS:
        return TENFOLD
    return 1.0 if unit.kind in SHARES else None


def student_draws(
    estimate: float, std_error: float, df: float, cut: float | None = None, size: int = DRAWS
) -> FloatArray:
    """Read an estimate as a belief: quantiles of its t distribution at equal steps, without random numbers.

    Parameters
    ----------
    estimate, std_error
        On the linear scale; `std_error` > 0.
    df
        Degrees of freedom, > 0; infinite for a normal distribution.
    cut
        Largest distance from the estimate believed possible (`cut_of`). None: no limit, but for df of 2 or less, where
        the outermost 0.1% is left out, for such a distribution has no variance.
    size
        Number of draws, shape (size,), ascending.

    Raises
    ------
    ValueError
        If a number is not finite or not positive.
    """
    if not (math.isfinite(estimate) and 0 < std_error < math.inf and df > 0 and size > 0):
        raise ValueError("A belief needs a finite estimate, and a standard error and degrees of freedom above 0.")
    outside = 0.0 if df > 2 else (1 - KEPT) / 2
    if cut is not None:
        if not cut > 0:
            raise ValueError("A belief is cut off at a distance above 0.")
        outside = max(outside, float(stats.t.sf(cut / std_error, df)))
    steps = outside + (1 - 2 * outside) * (np.arange(size) + 0.5) / size
    return np.asarray(estimate + std_error * stats.t.ppf(steps, df), dtype=np.float64)
