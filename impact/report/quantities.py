"""How the numbers behind a check are written and where they stand on an axis, by what they are."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median_high, median_low

from impact.report import format as fmt
from impact.report import wording
from impact.report.axis import Axis, effect_axis, linear
from impact.report.forest import axis_caption
from impact.report.format import Measure
from impact.result import OutcomeResult
from models.estimate import Evidence, Quantity, Row, Scale


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms in which one evidence speaks.

    Attributes
    ----------
    scale, quantity
        Of the evidence.
    measure
        How its values read.
    caption
        What its axis shows; may be empty.
    sides
        What lies to the left and to the right of no effect; empty where neither is better.
    zone
        Where an effect is a worthwhile improvement, on the scale where effects are linear; None where that is unknown.
    """

    scale: Scale
    quantity: Quantity
    measure: Measure
    caption: str
    sides: tuple[str, str]
    zone: tuple[float, float] | None

    @property
    def null(self) -> float | None:
        """Place of no effect on the linear scale; None where the rows are no effects."""
        return None if self.quantity is Quantity.SHARE else 0.0

    def place(self, value: float) -> float:
        """Carry a value to the scale where effects are linear; a share stays within 0 and 1."""
        if self.quantity is Quantity.SHARE:
            return min(max(value, 0.0), 1.0)
        return linear(value, self.scale)

    def value(self, place: float) -> float:
        """Carry a place back to the scale of the rows."""
        return math.exp(place) if self.scale is Scale.RATIO else place

    def written(self, value: float) -> str:
        """Write one value."""
        if self.quantity is Quantity.SHARE:
            return fmt.level(value, Measure.SHARE)
        if self.quantity is Quantity.NUMBER:
            return fmt.trimmed(fmt.significant(value))
        return fmt.effect(value, self.scale, self.measure)

    def range(self, row: Row) -> str:
        """Write the range of a row; empty if it has none."""
        if row.lo is None or row.hi is None:
            return ""
        if self.quantity is Quantity.SHARE:
            return fmt.level_range(row.lo, row.hi, Measure.SHARE)
        if self.quantity is Quantity.NUMBER:
            places = fmt.decimals(row.lo, row.hi)
            return f"{fmt.fixed(row.lo, places)} to {fmt.fixed(row.hi, places)}"
        return fmt.effect_range((row.lo, row.hi), self.scale, self.measure)

    def axis(self, rows: Iterable[Row], ends: tuple[float, float]) -> Axis | None:
        """Choose an axis that shows every estimate and a range of middling length; None without estimates.

        Longer ranges are shown as far as they leave room.
        """
        known = [row for row in rows if row.estimate is not None]
        core = [self.place(row.estimate) for row in known if row.estimate is not None]
        if not core:
            return None
        core += [] if self.null is None else [self.null]
        core += [self.place(end) for row in known if row.chosen for end in (row.lo, row.hi) if end is not None]
        lows, highs = ([self.place(end) for end in side if end is not None] for side in _sides(known))
        core += [median_high(lows), median_low(highs)] if lows and highs else []
        found = effect_axis(core, (*lows, *highs), self.scale, self.measure, ends)
        return self._relabelled(found)

    def _relabelled(self, axis: Axis) -> Axis:
        """Say levels and numbers as they are, where effects have a sign and ratios a per cent."""
        if self.quantity in {Quantity.OUTCOME, Quantity.POINTS}:
            return axis
        lo, hi = axis.lo, axis.hi
        if self.quantity is Quantity.SHARE:
            lo, hi = max(lo, 0.0), min(hi, 1.0)
        ticks = tuple(
            (at, fmt.trimmed(self.written(self.value(at)))) for at, _ in axis.ticks if lo - 1e-9 <= at <= hi + 1e-9
        )
        return replace(axis, lo=lo, hi=hi, ticks=ticks)


def _sides(rows: Sequence[Row]) -> tuple[list[float | None], list[float | None]]:
    return [row.lo for row in rows], [row.hi for row in rows]


def leaves_out_none(row: Row, terms: Terms) -> bool | None:
    """Whether the range of a row leaves out no effect; None without a range."""
    if row.lo is None or row.hi is None:
        return None
    return not terms.place(row.lo) <= 0 <= terms.place(row.hi)


def terms_of(evidence: Evidence, outcome: OutcomeResult) -> Terms:
    """Find the terms of an evidence about an outcome."""
    if evidence.quantity is Quantity.OUTCOME:
        measure = fmt.measure_of(outcome.kind)
        sides = ("worse", "better") if outcome.better == "higher" else ("better", "worse")
        caption = axis_caption(outcome, evidence.scale)
        return Terms(evidence.scale, evidence.quantity, measure, caption, sides, _zone(outcome, evidence.scale))
    measure = Measure.AMOUNT if evidence.quantity is Quantity.NUMBER else Measure.SHARE
    captions = {Quantity.POINTS: "difference in percentage points", Quantity.SHARE: "share", Quantity.NUMBER: ""}
    scale = evidence.scale if evidence.quantity is Quantity.NUMBER else Scale.DIFFERENCE
    return Terms(scale, evidence.quantity, measure, captions[evidence.quantity], ("", ""), None)


def _zone(outcome: OutcomeResult, scale: Scale) -> tuple[float, float] | None:
    if outcome.worthwhile is None or (scale is not Scale.DIFFERENCE) != wording.in_ratios(outcome):
        return None
    edge = outcome.worthwhile
    if scale is not Scale.DIFFERENCE:
        if edge <= -1:
            return None
        edge = math.log1p(edge)
    return (edge, math.inf) if outcome.better == "higher" else (-math.inf, edge)
