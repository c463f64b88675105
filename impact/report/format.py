"""The only formatter of numbers and dates. Every number in the report, its figures and the notebook passes here.

A number that does not exist is `NOT_AVAILABLE`, in words; "NaN", "inf" and "None" are never printed.
"""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import Enum

from models.estimate import Estimate, Scale

NOT_AVAILABLE = "not available"
MINUS = "\u2212"
FEWER_PER_CENT_DECIMALS = 1.0  # per cent below which a decimal is shown
MOST_TIMES = 1e6
MOST_SHOWN = 1e15
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
QUARTERS = {"1": "January to March", "2": "April to June", "3": "July to September", "4": "October to December"}


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


# Plain numbers ---------------------------------------------------------------------------------------------------


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
    if largest <= 0:
        return 0
    return min(9, max(0, digits - 1 - math.floor(math.log10(largest))))


def significant(value: float | None, digits: int = 3) -> str:
    """Write a number with this many significant digits."""
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    return fixed(value, decimals(value, digits=digits))


def money(amount: float | None, currency: str | None) -> str:
    """Write an amount of money, pence only where there are some: "£31,500"."""
    if amount is None or not math.isfinite(amount):
        return NOT_AVAILABLE
    code = (currency or "GBP").strip()
    places = 0 if abs(amount - round(amount)) < 0.005 or abs(amount) >= 1000 else 2
    text = fixed(abs(amount), places)
    sign = MINUS if amount < 0 and text.strip("0.,") else ""
    symbol = SYMBOLS.get(code.upper())
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {code}"


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


def probability(p: float | None) -> str:
    """Write a probability as a whole per cent, never as certain: "73%", "less than 1%"."""
    if p is None or not math.isfinite(p):
        return NOT_AVAILABLE
    if p < 0.01:
        return "less than 1%"
    return "more than 99%" if p > 0.99 else f"{100 * p:.0f}%"


def threshold(p: float) -> str:
    """Write a threshold on a probability as a per cent."""
    return f"{fixed(100 * p, 0 if abs(100 * p - round(100 * p)) < 1e-9 else 1)}%"


def interval_name(level: float) -> str:
    """Name an interval by its level: "95% interval"."""
    return f"{threshold(level)} interval"


# Levels: values of an outcome in its own unit --------------------------------------------------------------------


def level(value: float | None, measure: Measure) -> str:
    """Write a value of an outcome without its unit, but for the per cent sign of a share."""
    if value is None or not math.isfinite(value):
        return NOT_AVAILABLE
    match measure:
        case Measure.SHARE:
            return f"{fixed(100 * value, 1)}%"
        case Measure.DAYS:
            return fixed(value, 1 if abs(value) < 100 else 0)
        case _:
            return significant(value)


def level_range(lo: float | None, hi: float | None, measure: Measure) -> str:
    """Write an interval of values: "58.0% to 71.2%"; nothing if either end is missing."""
    return f"{level(lo, measure)} to {level(hi, measure)}" if exists(lo) and exists(hi) else ""


def with_unit(text: str, measure: Measure, unit: str) -> str:
    """Add the unit to a formatted value, unless it shows already."""
    match measure:
        case Measure.SHARE:
            return text
        case Measure.DAYS:
            return f"{text} {'day' if text == '1.0' else 'days'}"
        case _:
            return f"{text} {unit}".strip()


# Effects ---------------------------------------------------------------------------------------------------------


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


def trimmed(text: str) -> str:
    """Drop the noughts that end a decimal, for a number that was declared rather than estimated: "5 points"."""
    return re.sub(r"(\.\d*?)0+(?!\d)", lambda found: found[1].removesuffix("."), text)


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


def effect_short(estimate: Estimate, measure: Measure) -> str:
    """Write an estimate and its interval without the unit, for figures: "−4.6 (−8.1 to −1.1)"."""
    parts = [effect(estimate.estimate, estimate.scale, measure)]
    parts.append(effect_range(estimate.interval, estimate.scale, measure) if estimate.interval else "no range")
    point, interval = (part.removesuffix(" points").removesuffix(" days") for part in parts)
    return f"{point} ({interval})"


def ratio_text(estimate: Estimate) -> str:
    """Write the ratio behind an effect with its interval: "0.90 (0.74 to 1.10)"; nothing for a difference."""
    ratio = ratio_of(estimate.estimate, estimate.scale)
    if ratio is None:
        return ""
    if estimate.interval is None:
        return ratio_number(ratio)
    ends = [ratio_of(end, estimate.scale) for end in estimate.interval]
    shown = [ratio_number(end) if end is not None else "more than 1,000,000" for end in ends]
    return f"{ratio_number(ratio)} ({shown[0]} to {shown[1]})"


# Dates and periods -----------------------------------------------------------------------------------------------


def day(text: str | None) -> str:
    """Write an ISO date or moment: "1 April 2023", "1 April 2023, 09:30 UTC"; other text stays as it is."""
    if not text:
        return "not stated"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return period(text)
    written = _long(moment.date())
    if len(text) <= len("2023-04-01"):
        return written
    clock = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{_long(clock.date())}, {clock:%H:%M}{' UTC' if moment.tzinfo else ''}"


def period(label: str, unit: str = "") -> str:
    """Write a period's label in words: "April 2023", "April to June 2023", "week of 3 April 2023", "2023"."""
    year, _, rest = label.partition("-")
    if rest.startswith("Q") and rest[1:] in QUARTERS:
        return f"{QUARTERS[rest[1:]]} {year}"
    if len(label) == len("2023-04") and rest.isdigit() and 1 <= int(rest) <= len(MONTHS):
        return f"{MONTHS[int(rest) - 1]} {year}"
    try:
        written = _long(date.fromisoformat(label))
    except ValueError:
        return label
    return f"week of {written}" if unit == "week" else written


def short_period(label: str) -> str:
    """Write a period's label for an axis: "Apr 2023", "Q2 2023", "3 Apr 23", "2023"."""
    year, _, rest = label.partition("-")
    if rest.startswith("Q"):
        return f"{rest} {year}"
    if len(label) == len("2023-04") and rest.isdigit() and 1 <= int(rest) <= len(MONTHS):
        return f"{MONTHS[int(rest) - 1][:3]} {year}"
    try:
        moment = date.fromisoformat(label)
    except ValueError:
        return label
    return f"{moment.day} {MONTHS[moment.month - 1][:3]} {moment:%y}"


def span(first: str, last: str, unit: str) -> str:
    """Write a stretch of periods: "April 2018 to March 2023"."""
    return period(first, unit) if first == last else f"{period(first, unit)} to {period(last, unit)}"


def periods_count(number: int, unit: str) -> str:
    """Write a number of periods: "24 months"."""
    return things(number, unit)


def things(number: float, noun: str, plural: str | None = None) -> str:
    """Write a number of things with its noun: "1 area", "5 areas"."""
    return f"{count(number)} {noun if number == 1 else plural or f'{noun}s'}"


def _long(moment: date) -> str:
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"
