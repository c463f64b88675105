"""The only formatter of numbers: every number in a sentence, a table or a figure passes here.

A number that does not exist is `NOT_AVAILABLE`, in words; "NaN", "inf" and "None" are never printed.
"""

import math
from collections.abc import Sequence
from enum import Enum

from models.estimate import Scale

NOT_AVAILABLE = "not available"
MINUS = "\u2212"
FEWER_PER_CENT_DECIMALS = 1.0  # per cent below which a decimal is shown
MOST_TIMES = 1e6
MOST_SHOWN = 1e15


class Measure(Enum):
    """How values of an outcome read."""

    RATE = "rate"
    SHARE = "share"
    DAYS = "days"
    AMOUNT = "amount"


MEASURES = {
    "count": Measure.RATE,
    "binary": Measure.SHARE,
    "ordinal": Measure.SHARE,
    "time_to_event": Measure.SHARE,
    "duration": Measure.DAYS,
}


def measure_of(kind: str) -> Measure:
    """How values of this outcome kind read."""
    return MEASURES.get(kind, Measure.AMOUNT)


def exists(value: float | None) -> bool:
    """True for a finite number."""
    return value is not None and math.isfinite(value)


def fixed(value: float, decimals: int) -> str:
    """Write a number with this many decimals, thousands commas and a true minus sign; never minus nought."""
    if abs(value) >= MOST_SHOWN:
        return f"{MINUS if value < 0 else ''}more than 1,000 trillion"
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS if value < 0 and text.strip('0.,') else ''}{text}"


def signed(value: float, decimals: int) -> str:
    """As `fixed`, with a plus sign for what is above nought."""
    text = fixed(value, decimals)
    return text if value <= 0 or not text.strip("0.,") else f"+{text}"


def count(value: float | None) -> str:
    """Write a number of things: "1,234"."""
    return fixed(value, 0) if value is not None and math.isfinite(value) else NOT_AVAILABLE


def decimals(*values: float, digits: int = 3) -> int:
    """Decimals that show the largest of the values with this many significant digits; at most 9."""
    largest = max((abs(v) for v in values), default=0.0)
    if not 0 < largest < math.inf:
        return 0
    return min(9, max(0, digits - 1 - math.floor(math.log10(largest))))


def significant(value: float | None, digits: int = 3) -> str:
    """Write a number with this many significant digits."""
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    return fixed(value, decimals(value, digits=digits))


def p_value(p: float | None) -> str:
    """Write a p value: "p = 0.048", "p < 0.001"."""
    return "" if p is None or not math.isfinite(p) else f"p {_p_number(p)}"


def smallest_p(p: float | None) -> str:
    """Write a p value without its letter: "0.048", "below 0.001"."""
    if p is None or not math.isfinite(p):
        return NOT_AVAILABLE
    return _p_number(p).removeprefix("= ").replace("<", "below").replace(">", "above")


def _p_number(p: float) -> str:
    if p < 0.001:
        return "< 0.001"
    if p > 0.995:
        return "= 1" if p >= 1 else "> 0.99"
    return f"= {p:.2f}" if p >= 0.0995 else f"= {p:.3f}"


def threshold(p: float) -> str:
    """Write a threshold on a probability as a per cent."""
    return f"{fixed(100 * p, 0 if abs(100 * p - round(100 * p)) < 1e-9 else 1)}%"


def interval_name(level: float) -> str:
    """Name an interval by its level: "95% interval"."""
    return f"{threshold(level)} interval"


def ratio_of(value: float, scale: Scale) -> float | None:
    """Carry an effect to a ratio; None for a difference, or where the ratio is beyond any number."""
    if scale is Scale.DIFFERENCE:
        return None
    if scale is Scale.RATIO:
        return value
    return math.exp(value) if value < 700 else None


def per_cent_change(ratio: float) -> str:
    """Write a ratio as a change: "−10%", "+25%", and from tenfold on "12 times"."""
    if ratio >= 10:
        return "more than 1,000,000 times" if ratio > MOST_TIMES else f"{significant(ratio, 2)} times"
    change = 100 * (ratio - 1)
    return f"{signed(change, 0 if abs(change) >= FEWER_PER_CENT_DECIMALS or abs(change) < 0.05 else 1)}%"


def ratio_number(value: float) -> str:
    """Write a ratio itself to three decimals, fewer from ten on: "0.894", "12.34"."""
    return "more than 1,000,000" if value > MOST_TIMES else fixed(value, min(3, decimals(value, digits=4)))


def points(value: float) -> str:
    """Write a difference between shares in percentage points without the word: "+4.2"."""
    change = 100 * value
    return signed(change, 1 if abs(change) >= 0.1 or change == 0 else 2)


def effect(value: float, scale: Scale, measure: Measure) -> str:
    """Write an effect in short: "−10%", "+4.2 points", "−0.0775"."""
    ratio = ratio_of(value, scale)
    if scale is not Scale.DIFFERENCE:
        return NOT_AVAILABLE if ratio is None or not math.isfinite(ratio) else per_cent_change(ratio)
    if not math.isfinite(value):
        return NOT_AVAILABLE
    if measure is Measure.SHARE:
        return f"{points(value)} points"
    days = measure is Measure.DAYS
    return f"{signed(value, decimals(value, digits=2 if days else 3))}{' days' if days else ''}"


def effect_range(interval: Sequence[float] | None, scale: Scale, measure: Measure) -> str:
    """Write an interval of effects: "−26% to +10%", "−1.0 to +9.4 points"; `NOT_AVAILABLE` if there is none."""
    if interval is None or not all(map(math.isfinite, interval)):
        return NOT_AVAILABLE
    lo, hi = interval
    if scale is not Scale.DIFFERENCE:
        return f"{effect(lo, scale, measure)} to {effect(hi, scale, measure)}"
    if measure is Measure.SHARE:
        return f"{points(lo)} to {points(hi)} points"
    days = measure is Measure.DAYS
    places = decimals(lo, hi, digits=2 if days else 3)
    return f"{signed(lo, places)} to {signed(hi, places)}{' days' if days else ''}"
