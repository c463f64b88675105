"""How numbers, dates and periods are written in the report.

Numbers themselves are written by `models.numbers`, which notes and findings use too; this module hands its functions on
and adds money, levels with their unit, dates and periods.
"""

import math
import re
from datetime import UTC, date, datetime

from models.estimate import Estimate
from models.numbers import (
    MINUS,
    NOT_AVAILABLE,
    Measure,
    count,
    decimals,
    effect,
    effect_range,
    exists,
    fixed,
    interval_name,
    measure_of,
    p_value,
    per_cent_change,
    points,
    ratio_number,
    ratio_of,
    signed,
    significant,
    smallest_p,
    threshold,
)

__all__ = [
    "MINUS",
    "NOT_AVAILABLE",
    "Measure",
    "count",
    "day",
    "decimals",
    "effect",
    "effect_range",
    "effect_short",
    "exists",
    "fixed",
    "interval_name",
    "level",
    "level_range",
    "measure_of",
    "money",
    "money_rounded",
    "p_value",
    "per_cent_change",
    "period",
    "periods_count",
    "points",
    "probability",
    "ratio_number",
    "ratio_of",
    "ratio_text",
    "short_period",
    "signed",
    "significant",
    "smallest_p",
    "span",
    "things",
    "threshold",
    "trimmed",
    "with_unit",
]

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}
LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
LABEL = re.compile(r"(?<![\w-])\d{4}-(?:Q[1-4]|\d{2}(?:-\d{2})?)(?![\w-])")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
QUARTERS = {"1": "January to March", "2": "April to June", "3": "July to September", "4": "October to December"}


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


def money_rounded(amount: float | None, currency: str | None) -> str:
    """Write an amount that was worked out, to three figures: "£29,800", "−£1.25 million"."""
    if amount is None or not math.isfinite(amount):
        return NOT_AVAILABLE
    size, word = next(((s, w) for s, w in LARGE if abs(amount) >= 0.9995 * s), (1.0, ""))
    if not word:
        step = 10.0 ** (math.floor(math.log10(max(abs(amount), 0.1))) - 2)
        return money(step * round(amount / step), currency)
    code = (currency or "GBP").strip()
    symbol, text = SYMBOLS.get(code.upper()), f"{significant(float(f'{abs(amount) / size:.3g}'))} {word}"
    return f"{MINUS if amount < 0 else ''}{symbol}{text}" if symbol else f"{MINUS if amount < 0 else ''}{text} {code}"


def probability(p: float | None) -> str:
    """Write a probability as a whole per cent, never as certain: "73%", "less than 1%"."""
    if p is None or not math.isfinite(p):
        return NOT_AVAILABLE
    if p < 0.01:
        return "less than 1%"
    return "more than 99%" if p > 0.99 else f"{100 * p:.0f}%"


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


def trimmed(text: str) -> str:
    """Drop the noughts that end a decimal, for a number that was declared rather than estimated: "5 points"."""
    return re.sub(r"(\.\d*?)0+(?!\d)", lambda found: found[1].removesuffix("."), text)


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


def in_words(text: str) -> str:
    """Write every month, quarter and day of a text in words: "2022-10 to 2023-03" as "October 2022 to March 2023"."""
    return LABEL.sub(lambda found: period(found[0]), text)


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
