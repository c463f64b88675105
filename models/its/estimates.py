"""What a fitted single series says: average, level, slope, the twelfth month, and what else changed."""

import math
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.design import Design
from models.estimate import Clusters, Estimate, Scale
from models.its.engines import Regression
from models.its.measured import Measured, size_words
from models.its.series import Series
from models.its.terms import Terms
from models.panel import Kind, Panel
from models.periods import Periods, TimeUnit
from models.series.fit import SeriesFit

NAME = "its"
AVERAGE = "average effect over follow-up, treated areas"
LARGEST = 300.0
"""Log of a ratio beyond which it is not a number worth printing."""
TWELFTH = {
    TimeUnit.DAY: "in the 365th day of follow-up",
    TimeUnit.WEEK: "in the 52nd week of follow-up",
    TimeUnit.MONTH: "in the twelfth month of follow-up",
    TimeUnit.QUARTER: "in the fourth quarter of follow-up",
    TimeUnit.YEAR: "in the first year of follow-up",
}
NOTE = (
    "It sees only the treated areas: anything else that changed there at the same time is counted as effect. "
    "Its interval counts {periods}, not areas. {size}"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the coefficients: its name, and the weights of the coefficients that answer it, shape (k,)."""

    estimand: str
    weights: FloatArray


def questions(periods: Periods, series: Series, terms: Terms) -> tuple[Asked, ...]:
    """What is estimated; the first is the candidate for the headline.

    A question that the declared shape answers by another one is left out: with a step that stays, the average is the
    level and the effect in the twelfth month.
    """
    window = series.usable & periods.follow_up
    found = [Asked(AVERAGE, terms.average_change(window))]
    if terms.level is not None and (terms.slope is not None or terms.full > terms.start):
        found.append(Asked(f"level change {_when(terms)}, treated areas", terms.level_change()))
    if terms.slope is not None:
        found.append(Asked(f"slope change per {periods.unit.value}, treated areas", terms.slope_change()))
    twelfth = terms.start + max(math.floor(periods.unit.per_year), 1) - 1
    if twelfth < len(periods) and window[terms.start : twelfth + 1].any() and window[twelfth:].any():
        change = terms.change_at(twelfth)
        if not any(np.array_equal(change, asked.weights) for asked in found):
            found.append(Asked(f"effect {TWELFTH[periods.unit]}, treated areas", change))
    found += [Asked(f"change with {what}, treated areas", terms.extra_change(i)) for i, what in _events(terms)]
    return tuple(found)


def _when(terms: Terms) -> str:
    return "at the start of follow-up" if terms.full <= terms.start else "once it had built up"


def _events(terms: Terms) -> list[tuple[int, str]]:
    return list(enumerate(terms.extra[: terms.events]))


def estimate_of(
    panel: Panel, design: Design, fitted: SeriesFit, asked: Asked, note: str, *, headline: bool
) -> Estimate:
    """Answer one question, on the outcome's scale."""
    found = fitted.contrast(asked.weights)
    interval = found.interval(design.level)
    carry = math.exp if panel.scale is Scale.RATIO else float
    return Estimate(
        model=NAME,
        method=method_words(panel.kind, fitted),
        estimand=asked.estimand,
        scale=panel.scale,
        estimate=carry(found.value),
        interval=None if interval is None else (carry(interval[0]), carry(interval[1])),
        level=design.level,
        std_error=None if interval is None else found.std_error,
        df=None if interval is None else found.df,
        p_value=found.p_value(),
        attainable_p=None,
        clusters=Clusters(treated=panel.n_treated, comparison=0, periods=int(np.isfinite(fitted.residuals).sum())),
        headline=headline,
        note=note,
    )


def note_of(unit: TimeUnit, regression: Regression) -> str:
    """What a reader must know to use a number of a single series."""
    return NOTE.format(periods=f"{unit.value}s", size=size_words(Measured[regression.name]))


def method_words(kind: Kind, fitted: SeriesFit) -> str:
    """Name the regression and its inference."""
    what = "segmented regression" if kind is Kind.COUNT else "segmented weighted regression"
    return f"{what}, {fitted.method}"


def widest(design: Design, fitted: SeriesFit, asked: tuple[Asked, ...]) -> float:
    """Largest limit of any interval, in size and on the linear scale."""
    sizes = [0.0]
    for each in asked:
        found = fitted.contrast(each.weights)
        sizes += [abs(found.value), *(abs(limit) for limit in found.interval(design.level) or ())]
    return max(sizes)
