"""What both comparative tests share: the same terms for every group, the questions asked, and their pieces."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.changes import LARGEST_LOG, TOO_WIDE, limits_on_scale
from models.design import Design
from models.estimate import Clusters, Estimate, NotEstimable, Scale
from models.its.estimates import AVERAGE, NAME, Asked, questions
from models.its.options import ItsOptions
from models.its.series import Series, pooled, window_of_fit
from models.its.terms import ChangeShape, Extra, Season, Terms, build, event_terms, shock_terms
from models.its.words import number_of
from models.panel import Kind, Panel, select_areas
from models.periods import Periods
from models.series.fit import refusal
from models.wording import SHARES, listed

ALONE, COMPARED = ", treated areas", ", treated less comparison areas"
AVERAGE_COMPARED = f"{AVERAGE.removesuffix(ALONE)}{COMPARED}"
LEAST_SHARE = Fraction(2, 3)
"""Of the periods of a window that an area must have: beyond its own periods its line is guesswork, counted as data."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One segmented regression, for whichever areas it is fitted to.

    Attributes
    ----------
    panel
        Without the comparison areas that have too little of a window.
    design, options
        As the study gives them.
    window
        Periods a fit may use, shape (T,).
    terms
        The columns, the same for every area.
    asked
        What is estimated; the first is the average effect over the periods `averaged`.
    averaged
        Periods of follow-up that every treated area has, shape (T,): over others an effect would be carried on, not
        observed.
    left_out
        Names of comparison areas that have too little of a window.
    """

    panel: Panel
    design: Design
    options: ItsOptions
    window: BoolArray
    terms: Terms
    asked: tuple[Asked, ...]
    averaged: BoolArray
    left_out: tuple[str, ...] = ()

    @property
    def follow_up(self) -> BoolArray:
        """Periods of follow-up a fit may use, shape (T,)."""
        return self.window & self.panel.periods.follow_up

    def pooled(self, members: BoolArray) -> Series:
        """Pool some areas, a mask of shape (A,)."""
        return pooled(self.panel, members, self.window)

    def left_out_words(self) -> str:
        """Name the comparison areas that are left out, as a sentence; empty if there are none."""
        if not self.left_out:
            return ""
        unit = self.panel.periods.unit.value
        return (
            f" Left out for want of data: {listed(self.left_out)}, with values in fewer than two thirds of the {unit}s "
            "of the baseline or of the follow-up."
        )


def lay_out(panel: Panel, design: Design, options: ItsOptions, season: Season) -> Layout:
    """Lay out the regression that every area and every pool is fitted by.

    What else happened, in any of the areas, has the same columns for all: an area's number then owes nothing to a
    choice of terms made for it alone. Comparison areas with values in under two thirds of a window, or in too few
    periods for the terms, are left out.
    """
    periods = panel.periods
    shocks = design.shocks if options.shocks == "modelled" else ()
    window = window_of_fit(periods, options, shocks)
    terms = build(
        periods,
        ChangeShape.of(periods, options),
        season,
        event_terms(periods, design.events, panel.areas).told_by(window),
        shock_terms(periods, shocks, by_year=True).told_by(window) if shocks else Extra.none(len(periods)),
    )
    seen = values_seen(panel, window)
    shared = seen[panel.treated].all(axis=0) & periods.follow_up
    keep = panel.treated | np.asarray(
        [enough(periods, window, own) and refusal(terms.matrix, own) is None for own in seen], dtype=np.bool_
    )
    left_out = tuple(name for name, kept in zip(panel.areas, keep, strict=True) if not kept)
    averaged = shared if shared.any() else window & periods.follow_up
    asked = asked_over(periods, averaged, terms)
    return Layout(select_areas(panel, keep), design, options, window, terms, asked, averaged, left_out)


def asked_over(periods: Periods, averaged: BoolArray, terms: Terms) -> tuple[Asked, ...]:
    """Ask for the average effect over these periods of follow-up, shape (T,), and what else the shape holds."""
    series = Series(np.zeros(len(periods)), np.ones(len(periods)), averaged, np.zeros_like(averaged))
    return tuple(
        Asked(each.estimand.removesuffix(ALONE) + COMPARED, each.weights)
        for each in questions(periods, series, terms)
        if not each.weights[~terms.change].any()
    )


def values_seen(panel: Panel, window: BoolArray) -> BoolArray:
    """Periods of a window (T,) in which each area has a value of its own, shape (A, T)."""
    return np.stack([pooled(panel, own, window).usable for own in np.eye(len(panel.areas), dtype=np.bool_)])


def enough(periods: Periods, window: BoolArray, seen: BoolArray) -> bool:
    """Whether these periods, shape (T,), are at least two thirds of the baseline's and of the follow-up's."""
    sides = (window & periods.baseline, window & periods.follow_up)
    return all(int((seen & side).sum()) >= LEAST_SHARE * int(side.sum()) for side in sides)


def periods_of(layout: Layout, seen: BoolArray) -> str:
    """Say how much of each window these periods are: "36 of 36 months of baseline and 6 of 12 of follow-up"."""
    periods, window = layout.panel.periods, layout.window
    before, after = (
        (int((seen & window & side).sum()), int((window & side).sum()))
        for side in (periods.baseline, periods.follow_up)
    )
    return f"{before[0]} of {number_of(before[1], periods.unit)} of baseline and {after[0]} of {after[1]} of follow-up"


def linear(kind: Kind, series: Series) -> tuple[FloatArray, BoolArray]:
    """A group's series on the scale where effects are differences, and the periods that have such a value, each (T,).

    A month without events has no logarithm.
    """
    if kind is not Kind.COUNT:
        return series.values, series.usable
    used = series.usable & (series.values > 0)
    value = np.full(len(used), np.nan)
    value[used] = np.log(series.values[used] / series.weights[used])
    return value, used


def impossible(panel: Panel, value: float) -> bool:
    """Whether an effect on the linear scale is one that no outcome of this kind can have."""
    if panel.scale is Scale.RATIO:
        return abs(value) > LARGEST_LOG
    return panel.kind in SHARES and abs(value) > 1


def refused(what: str, reason: str) -> NotEstimable:
    """Say that a part of the comparison is missing."""
    return NotEstimable(NAME, f"No {what}. {reason}")


@dataclass(frozen=True, slots=True)
class Test:
    """A test of one question.

    Attributes
    ----------
    method, note
        As in `Estimate`.
    value
        On the linear scale.
    limits, std_error, df, p_value, attainable_p
        None where there is none.
    """

    method: str
    note: str
    value: float
    limits: tuple[float, float] | None
    std_error: float | None
    df: float | None
    p_value: float | None
    attainable_p: float | None = None


def estimate(
    layout: Layout, asked: Asked, test: Test, clusters: Clusters, *, headline: bool = False
) -> tuple[Estimate, NotEstimable | None]:
    """Carry a test to the outcome's scale; without an interval that can be written, only the point and the reason."""
    panel = layout.panel
    interval = limits_on_scale(panel.scale, test.limits) if test.limits else None
    lost = test.limits is not None and interval is None
    found = Estimate(
        model=NAME,
        method=test.method,
        estimand=asked.estimand,
        scale=panel.scale,
        estimate=math.exp(test.value) if panel.scale is Scale.RATIO else test.value,
        interval=interval,
        level=layout.design.level,
        std_error=None if lost else test.std_error,
        df=None if lost else test.df,
        p_value=None if lost else test.p_value,
        attainable_p=None if lost else test.attainable_p,
        clusters=clusters,
        headline=headline and not lost,
        note=test.note,
    )
    return found, NotEstimable(NAME, TOO_WIDE.format(method=test.method)) if lost else None
