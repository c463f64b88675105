"""Words for what is found of repeats."""

from models import numbers
from models.effect import Effect
from models.recurrence.measures import Measure

OWN_UNITS = {Measure.DAYS: " days", Measure.REPEATS: ""}
"""Measures that are neither shares nor ratios, and what stands after their numbers."""


def effect_words(measure: Measure, effect: Effect, level: float) -> str:
    """Write an effect with its interval: "−12% (95% interval −30% to +11%)", "+2.1 days (no interval)"."""
    if effect.interval is None:
        return f"{amount(measure, effect.estimate)} (no interval)"
    return f"{amount(measure, effect.estimate)} ({numbers.interval_name(level)} {_between(measure, effect.interval)})"


def amount(measure: Measure, value: float) -> str:
    """Write a value on the linear scale of a measure: "−12%", "−3.1 points", "+2.1 days"."""
    if measure in OWN_UNITS:
        return f"{numbers.signed(value, 1)}{OWN_UNITS[measure]}"
    return numbers.effect(value, measure.linear, numbers.Measure.SHARE)


def _between(measure: Measure, limits: tuple[float, float]) -> str:
    if measure in OWN_UNITS:
        return f"{numbers.signed(limits[0], 1)} to {numbers.signed(limits[1], 1)}"
    return numbers.effect_range(limits, measure.linear, numbers.Measure.SHARE)
