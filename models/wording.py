"""Words for the numbers and names in notes, reasons and findings."""

from collections.abc import Sequence

from models import numbers
from models.estimate import Scale
from models.panel import Kind, Panel
from models.periods import Role

SHARES = frozenset({Kind.BINARY, Kind.ORDINAL, Kind.TIME_TO_EVENT})
"""Kinds whose values are shares, between 0 and 1."""

WINDOW_WORDS = {Role.BASELINE: "baseline", Role.FOLLOW_UP: "follow-up"}
MOST_NAMED = 5


def signed(panel: Panel, effect: float) -> str:
    """Write an effect on the linear scale: "+4%" for ratios, "−3.1 points" for shares, else with the unit."""
    measure = numbers.measure_of(panel.kind)
    if panel.scale is Scale.RATIO:
        return numbers.effect(effect, Scale.LOG_RATIO, measure)
    text = numbers.effect(effect, Scale.DIFFERENCE, measure)
    return text if panel.kind in SHARES else f"{text} {panel.unit}"


def listed(names: Sequence[str]) -> str:
    """Write "A", "A and B", "A, B and C", or the first few "and 7 more"."""
    shown = list(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        return f"{', '.join(shown)} and {len(names) - MOST_NAMED:,} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def areas_words(treated: int, comparison: int) -> str:
    """Write "2 treated and 5 comparison areas"."""
    plural = "area" if comparison == 1 else "areas"
    return f"{treated:,} treated and {comparison:,} comparison {plural}"
