"""Comparative interrupted time series by periods: the treated pool's series against that of the comparison pool.

Either the difference of the two series is one series, which takes out whatever moves both alike; or both are stacked
with a trend, season, change and correlation of their own, and the difference of their changes is read off.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.estimate import Clusters, Estimate, NotEstimable, Path, PathPoint
from models.inference.refusal import NoInference
from models.its.comparative_layout import Layout, Test, asked_over, estimate, impossible, linear, refused
from models.its.engines import SHORT, fit_by, own_regression
from models.its.estimates import Asked
from models.its.measured import Measured, size_words
from models.its.series import Series, observed_values
from models.its.setup import LEAST_POINTS
from models.its.words import number_of
from models.panel import Kind
from models.periods import Role
from models.series.ar1 import ar1_reml
from models.series.conformal import conformal
from models.series.fit import Contrast, SeriesFit
from models.series.least_squares import ols
from models.summary import natural

DIFFERENCE = "the difference of the two groups' series"
NO_EVENTS = (
    "In some {unit}s one of the two groups has no events, and a ratio of rates needs some. Use longer periods, or "
    "count a broader set of events."
)
PATH = "its_difference"


class Pair(NamedTuple):
    """The treated and the comparison pool."""

    treated: Series
    comparison: Series


@dataclass(frozen=True, slots=True)
class Difference:
    """Treated less comparison on the linear scale.

    Attributes
    ----------
    values
        Shape (T,); NaN where either has none.
    weights
        Cases behind each, the harmonic sum of both; None for counts. Shape (T,).
    used
        Periods both have, shape (T,).
    fit
        Its segmented regression.
    """

    values: FloatArray
    weights: FloatArray | None
    used: BoolArray
    fit: SeriesFit


def pools(layout: Layout) -> Pair:
    """Pool the treated areas, and the others."""
    return Pair(layout.pooled(layout.panel.treated), layout.pooled(~layout.panel.treated))


def difference(layout: Layout, pair: Pair) -> Difference | NoInference:
    """Regress the difference of the two series; errors AR(1) by REML, independent in a series of under 12 periods."""
    kind = layout.panel.kind
    (first, seen), (second, also) = (linear(kind, series) for series in pair)
    used = seen & also
    periods = layout.panel.periods
    before, after = (int((used & side).sum()) for side in (periods.baseline, periods.follow_up))
    if min(before, after) < LEAST_POINTS:
        return NoInference(
            f"Both groups have values in {number_of(before, periods.unit)} of baseline and {after} of follow-up, and "
            f"at least {LEAST_POINTS} of each are needed. Use longer windows, or a longer time unit."
        )
    if kind is Kind.COUNT and (pair.treated.usable & pair.comparison.usable & ~used).any():
        return NoInference(NO_EVENTS.format(unit=layout.panel.periods.unit.value))
    weights = None
    if kind is not Kind.COUNT:
        weights = np.ones(len(used))
        own, other = (series.weights[used] for series in pair)
        weights[used] = own * other / (own + other)
    values = np.where(used, first, np.nan) - np.where(used, second, np.nan)
    regress = ols if used.sum() < SHORT else ar1_reml
    fitted = regress(values, layout.terms.matrix, used, weights)
    return fitted if isinstance(fitted, NoInference) else Difference(values, weights, used, fitted)


def by_difference(layout: Layout, found: Difference) -> tuple[list[Estimate], list[NotEstimable]]:
    """Answer every question from the difference series, the average over the periods of follow-up in it."""
    fit = found.fit
    note = _note(f"Rests on {DIFFERENCE}, which takes out what moves both alike.", Measured.DIFFERENCE, layout)
    method = f"difference of the groups' series, {fit.method}"
    questions = asked_over(layout.panel.periods, found.used & layout.follow_up, layout.terms)
    tests = [(asked, _test(layout, fit.contrast(asked.weights), method, note)) for asked in questions]
    return _estimates(layout, tests, found.used)


def by_stacking(layout: Layout, pair: Pair) -> tuple[list[Estimate], list[NotEstimable]]:
    """Answer the first question from both groups' own regressions, stacked with every term interacted."""
    regressions = [own_regression(layout.panel.kind, layout.options, int(s.usable.sum())) for s in pair]
    fits = [
        fit_by(regression, series, layout.terms, layout.options.lags)
        for regression, series in zip(regressions, pair, strict=True)
    ]
    both = pair.treated.usable & pair.comparison.usable
    if int((both & layout.follow_up).sum()) < LEAST_POINTS:
        return [], []  # the difference of the series is refused for the same reason, and says it
    asked = asked_over(layout.panel.periods, both & layout.follow_up, layout.terms)[0]
    known = [fit for fit in fits if isinstance(fit, SeriesFit)]
    for fit in fits:
        if isinstance(fit, NoInference):
            return [], [refused("estimate from the groups' series stacked", fit.reason)]
    found = stacked(known[0].contrast(asked.weights), known[1].contrast(asked.weights))
    says = (
        "Both groups' series stacked, each with its own level, trend, season, change and correlation. It takes the two "
        "groups' ups and downs for independent, although much of what moves one moves the other."
    )
    method = f"groups' series stacked, {regressions[0]}"
    test = _test(layout, found, method, _note(says, Measured.STACKED, layout))
    return _estimates(layout, [(asked, test)], both)


def stacked(treated: Contrast, comparison: Contrast) -> Contrast:
    """Difference of two independent contrasts; degrees of freedom by Welch and Satterthwaite."""
    first, second = treated.std_error**2, comparison.std_error**2
    total = first + second
    if not (first > 0 and second > 0):  # a group without noise: nothing shows how far chance could move it
        return Contrast(treated.value - comparison.value, 0.0, min(treated.df, comparison.df))
    df = total**2 / (first**2 / treated.df + second**2 / comparison.df)
    return Contrast(treated.value - comparison.value, float(np.sqrt(total)), df)


def by_conformal(layout: Layout, found: Difference) -> tuple[list[Estimate], list[NotEstimable]]:
    """Test the difference series by cyclic shifts of what its level, trend and season leave."""
    matrix = layout.terms.matrix[:, ~layout.terms.change]
    result = conformal(found.values, matrix, found.used, layout.follow_up, layout.design.level, found.weights)
    if isinstance(result, NoInference):
        return [], [refused(f"conformal test of {DIFFERENCE}", result.reason)]
    says = (
        f"Shifts the residuals of {DIFFERENCE} round the clock and asks how often follow-up stands out as much. "
        f"{result.reason}"
    )
    method = f"difference of the groups' series, conformal test over {result.shifts:,} shifts"
    note = _note(says.strip(), Measured.CONFORMAL, layout)
    asked = layout.asked[0]
    p_values = (result.p_value, result.attainable_p)
    test = Test(method, note, result.estimate, result.interval, None, None, *p_values)
    return _estimates(layout, [(asked, test)], found.used)


def difference_path(layout: Layout, pair: Pair, found: Difference) -> Path:
    """Path of the treated pool, with what the comparison pool's own line and the earlier difference lead to."""
    panel, fit = layout.panel, found.fit
    kind, terms = panel.kind, layout.terms
    values, used = linear(kind, pair.comparison)
    weights = None if kind is Kind.COUNT else pair.comparison.weights
    other = ols(values, terms.matrix, used & found.used, weights)
    columns = terms.without_change
    line = columns @ fit.params
    if isinstance(other, SeriesFit):
        line = line + terms.matrix @ other.params
    half = _half_widths(fit, columns, layout.design.level)
    known = np.asarray([role is not Role.EXCLUDED for role in panel.periods.roles])
    with np.errstate(over="ignore"):  # a rate beyond any number becomes undefined below
        expected, lo, hi = (np.where(known, natural(panel, x), np.nan) for x in (line, line - half, line + half))
    seen = observed_values(panel, pair.treated)
    return Path(
        PATH,
        tuple(
            PathPoint(label, *(float(x) if np.isfinite(x) else None for x in point))
            for label, *point in zip(panel.periods.labels, seen, lo, hi, expected, strict=True)
        ),
    )


def _half_widths(fit: SeriesFit, columns: FloatArray, level: float) -> FloatArray:
    """Half the interval of the fitted line at each row of the columns (T, k), shape (T,); NaN without inference."""
    limits = [fit.contrast(row).interval(level) for row in columns]
    return np.asarray([np.nan if found is None else (found[1] - found[0]) / 2 for found in limits])


def _test(layout: Layout, found: Contrast, method: str, note: str) -> Test:
    limits = found.interval(layout.design.level)
    error, df = (found.std_error, found.df) if limits else (None, None)
    return Test(method, note, found.value, limits, error, df, found.p_value())


def _estimates(
    layout: Layout, tests: list[tuple[Asked, Test]], used: BoolArray
) -> tuple[list[Estimate], list[NotEstimable]]:
    panel = layout.panel
    clusters = Clusters(panel.n_treated, panel.n_comparison, periods=int(used.sum()))
    estimates: list[Estimate] = []
    missing: list[NotEstimable] = []
    for asked, test in tests:
        if impossible(panel, test.value):
            missing.append(refused(f"{asked.estimand}, {test.method}", "No outcome of this kind can change that much."))
            continue
        made, why = estimate(layout, asked, test, clusters)
        estimates.append(made)
        missing += [why] if why else []
    return estimates, missing


def _note(says: str, measured: Measured, layout: Layout) -> str:
    counted = f"Its interval counts {layout.panel.periods.unit.value}s, not areas."
    return f"{says} {counted} {size_words(measured)}{layout.left_out_words()}"
