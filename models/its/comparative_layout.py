"""What both comparative tests share: the same terms for every group, the questions asked, and their pieces."""

import math
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.changes import LARGEST_LOG, TOO_WIDE, limits_on_scale
from models.design import Design
from models.estimate import Clusters, Estimate, NotEstimable, Scale
from models.its.estimates import NAME, Asked, questions
from models.its.options import ItsOptions
from models.its.series import Series, pooled, window_of_fit
from models.its.terms import ChangeShape, Extra, Season, Terms, build, event_terms, shock_terms
from models.panel import Kind, Panel
from models.wording import SHARES

ALONE, COMPARED = ", treated areas", ", treated less comparison areas"


@dataclass(frozen=True, slots=True)
class Layout:
    """One segmented regression, for whichever areas it is fitted to.

    Attributes
    ----------
    panel, design, options
        As the study gives them.
    window
        Periods a fit may use, shape (T,).
    terms
        The columns, the same for every area.
    asked
        What is estimated; the first is the average effect over follow-up.
    """

    panel: Panel
    design: Design
    options: ItsOptions
    window: BoolArray
    terms: Terms
    asked: tuple[Asked, ...]

    @property
    def follow_up(self) -> BoolArray:
        """Periods of follow-up a fit may use, shape (T,)."""
        return self.window & self.panel.periods.follow_up

    def pooled(self, members: BoolArray) -> Series:
        """Pool some areas, a mask of shape (A,)."""
        return pooled(self.panel, members, self.window)


def lay_out(panel: Panel, design: Design, options: ItsOptions, season: Season) -> Layout:
    """Lay out the regression that every area and every pool is fitted by.

    What else happened, in any of the areas, has the same columns for all: an area's number then owes nothing to a
    choice of terms made for it alone.
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
    everywhere = Series(np.zeros(len(periods)), np.ones(len(periods)), window, np.zeros_like(window))
    asked = tuple(
        Asked(each.estimand.removesuffix(ALONE) + COMPARED, each.weights)
        for each in questions(periods, everywhere, terms)
        if not each.weights[~terms.change].any()
    )
    return Layout(panel, design, options, window, terms, asked)


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
