"""Interrupted time series: the treated areas' own series before and after, and nothing else.

Segmented regression of the treated areas' pooled series on calendar time (Lopez Bernal, Cummins and Gasparrini
2017, International Journal of Epidemiology 46(1):348-355): level and slope change in the first follow-up period, a
trend and a season, with Newey-West standard errors. Counts are modelled as log rates with the exposure as offset;
every other kind by least squares on the value of each period, weighted by the cases behind it.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.design import Design
from models.estimate import (
    Check,
    Clusters,
    Estimate,
    ModelOutput,
    NotEstimable,
    Path,
    PathPoint,
    Scale,
)
from models.its_checks import (
    LEAST_POINTS,
    alone_check,
    autocorrelation_check,
    number_of,
    points_check,
    season_check,
)
from models.panel import CountCells, Kind, Panel, observed, pool_areas
from models.periods import Role
from models.segmented import (
    MIN_DF,
    SegmentedFit,
    Terms,
    fit_means,
    fit_rates,
    harmonics_by_rule,
    is_full_rank,
    lags_by_rule,
    most_harmonics,
    segmented_terms,
)
from models.summary import natural, period_matrix
from models.wording import SHARES

type Impact = Literal["level_and_slope", "level"]

NAME = "its"
IMPOSSIBLE = (
    "The fitted line would need the share to change by more than 100 points, which no share can: the series is too "
    "short or too noisy for a trend. Use the option  impact: level  or longer windows."
)
AVERAGE = "average effect over follow-up, treated areas"
MAX_HARMONICS = 6

NOTE = (
    "It sees only the treated areas: anything else that changed there at the same time is counted as effect. "
    "Its interval counts {periods}, not areas. In simulations with no effect a test like this one still finds "
    "one 20 to 60% of the time where areas have ups and downs of their own, and 10 to 15% where they have none."
)
NO_INTERVAL = (
    "The series follows the fitted line exactly, so nothing in it shows how far chance could move the estimates; "
    "they stand without an interval."
)
BEYOND = (
    "The interval of a ratio runs past any number worth printing: the series is too short, too sparse or too erratic "
    "for this regression. Use longer windows, fewer harmonics, or `impact: level`."
)
LARGEST = 300.0
"""Log of a ratio beyond which it is not a number worth printing."""


@dataclass(frozen=True, slots=True)
class ItsOptions:
    """Choices for an interrupted time series.

    Attributes
    ----------
    impact
        Shape of the change, decided beforehand: ``level_and_slope``, or ``level`` for a step that stays.
    harmonics
        Pairs of seasonal terms, 0 to 6; None for the rule of `harmonics_by_rule`.
    lags
        Lags of the Newey-West covariance, at least 1; None for the rule of `lags_by_rule`.
    """

    impact: Impact = "level_and_slope"
    harmonics: int | None = None
    lags: int | None = None

    def __post_init__(self) -> None:
        allowed = get_args(Impact.__value__)
        if self.impact not in allowed:
            raise ValueError(f"impact == {self.impact!r}, must be one of {', '.join(allowed)}")
        if self.harmonics is not None and not (_is_whole(self.harmonics) and 0 <= self.harmonics <= MAX_HARMONICS):
            raise ValueError(f"harmonics == {self.harmonics!r}, must be a whole number from 0 to {MAX_HARMONICS}")
        if self.lags is not None and not (_is_whole(self.lags) and self.lags >= 1):
            raise ValueError(f"lags == {self.lags!r}, must be a whole number of at least 1")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class _Series:
    """The treated areas' pooled series.

    Attributes
    ----------
    values
        Events for counts; otherwise the summary on its linear scale, NaN where undefined. Shape (T,).
    weights
        Exposure for counts; otherwise the cases behind the value. Shape (T,).
    usable
        Periods the fit may use: baseline or follow-up, and with a value. Shape (T,).
    partial
        Usable periods in which some treated area had no cases. Shape (T,).
    """

    values: FloatArray
    weights: FloatArray
    usable: BoolArray
    partial: BoolArray


def fit(panel: Panel, design: Design, options: ItsOptions) -> ModelOutput:
    """Fit a segmented regression to the treated areas' pooled series.

    Parameters
    ----------
    panel
        One outcome; comparison areas are not used.
    design
        Gives the confidence level.
    options
        See `ItsOptions`.

    Returns
    -------
    ModelOutput
        The average effect over follow-up and, if the slope may change, the changes in level and slope; the
        path ``its`` with its counterfactual; checks. Ratios for counts and durations, otherwise differences in
        the outcome's unit. If there is no estimate, the reason.
    """
    series = _pooled(panel)
    before = int((series.usable & panel.periods.baseline).sum())
    after = int((series.usable & panel.periods.follow_up).sum())
    points = points_check(panel.periods.unit, before, after, int(series.partial.sum()))
    if min(before, after) < LEAST_POINTS:
        return _refused(_too_few_points(panel, before, after), (points,))
    chosen = options.harmonics
    harmonics = harmonics_by_rule(panel.periods.unit, before) if chosen is None else chosen
    checks = (points, season_check(panel.periods.unit, before, harmonics, chosen=chosen is not None))
    terms = segmented_terms(panel.periods, harmonics=harmonics, slope=options.impact == "level_and_slope")
    lags = options.lags or lags_by_rule(before + after)
    reason = _obstacle(panel, series, terms, harmonics, lags)
    if reason:
        return _refused(reason, checks)
    arguments = (series.values, series.weights, series.usable, terms, lags)
    fitted = fit_rates(*arguments) if panel.kind is Kind.COUNT else fit_means(*arguments)
    if isinstance(fitted, str):
        return _refused(fitted, checks)
    contrasts = _contrasts(panel, series, terms)
    if panel.scale is Scale.RATIO and _widest(design, fitted, contrasts) > LARGEST:
        return _refused(BEYOND, checks)
    if panel.kind in SHARES and any(abs(fitted.contrast(weights)[0]) > 1 for weights in contrasts.values()):
        return _refused(IMPOSSIBLE, checks)
    return ModelOutput(
        estimates=tuple(_estimate(panel, design, fitted, name, weights) for name, weights in contrasts.items()),
        paths=(_path(panel, design, series, terms, fitted),),
        checks=(
            *checks,
            autocorrelation_check(None if fitted.exact else fitted.residuals, panel.periods.unit.value),
            alone_check(panel.n_treated, panel.n_comparison),
        ),
        not_estimable=(NotEstimable(NAME, NO_INTERVAL),) if fitted.exact else (),
    )


def _refused(reason: str, checks: tuple[Check, ...]) -> ModelOutput:
    return ModelOutput(checks=checks, not_estimable=(NotEstimable(NAME, reason),))


def _pooled(panel: Panel) -> _Series:
    """Pool the treated areas and mark the periods the fit may use."""
    cells = pool_areas(panel.cells, panel.treated)
    window = panel.periods.baseline | panel.periods.follow_up
    partial = window & ~observed(panel.cells)[panel.treated].all(axis=0)
    if isinstance(cells, CountCells):
        values, weights = cells.events[0], cells.exposure[0]
        usable = window & (weights > 0)
    else:
        matrix, _, n = period_matrix(cells)
        values, weights = matrix[0], n[0]
        usable = window & np.isfinite(values) & (weights > 0)
    return _Series(values, weights, usable, partial & usable)


def _too_few_points(panel: Panel, before: int, after: int) -> str:
    unit = panel.periods.unit
    seen = "observed in every treated area" if panel.kind is Kind.COUNT else "with a value"
    return (
        f"The series has {number_of(before, unit)} to use before the start and {after} after it; at least "
        f"{LEAST_POINTS} on each side are needed, neither excluded nor phase-in, and {seen}. Lengthen the "
        f"windows, exclude less, or use a shorter time unit."
    )


def _obstacle(panel: Panel, series: _Series, terms: Terms, harmonics: int, lags: int) -> str | None:
    """Say why the regression cannot be fitted, and what to do about it; None if it can."""
    unit, n, k = panel.periods.unit, int(series.usable.sum()), terms.matrix.shape[1]
    most = most_harmonics(unit)
    if harmonics > most:
        return f"harmonics == {harmonics}, but a year of {unit.value}s shows at most {most}; ask for fewer."
    remedies = [*(["`impact: level`"] if terms.slope else []), *(["fewer harmonics"] if harmonics else [])]
    remedy = f"Use {' or '.join([*remedies, 'longer windows'])}."
    if n - k < MIN_DF:
        return (
            f"{number_of(n, unit)} for {k} terms leave {max(n - k, 0)} degrees of freedom for the uncertainty; "
            f"at least {MIN_DF} are needed. {remedy}"
        )
    if not is_full_rank(terms.matrix[series.usable]):
        return f"The periods left cannot tell trend, change and season apart. {remedy}"
    if lags >= n:
        return f"lags == {lags}, must be below the {number_of(n, unit)} in the series."
    return _no_events(panel, series) if panel.kind is Kind.COUNT else None


def _no_events(panel: Panel, series: _Series) -> str | None:
    for window, when in ((panel.periods.baseline, "baseline"), (panel.periods.follow_up, "follow-up")):
        if not series.values[series.usable & window].any():
            return (
                f"There are no events in the {when} of the treated areas, and a ratio of rates needs some in "
                f"both windows. Lengthen the windows, or count a broader set of events."
            )
    return None


def _contrasts(panel: Panel, series: _Series, terms: Terms) -> dict[str, FloatArray]:
    """What is estimated, each as weights of the coefficients."""
    average = {AVERAGE: terms.average_change(series.usable & panel.periods.follow_up)}
    if not terms.slope:
        return average
    return average | {
        "level change at the start of follow-up, treated areas": terms.level_change(),
        f"slope change per {panel.periods.unit.value}, treated areas": terms.slope_change(),
    }


def _widest(design: Design, fitted: SegmentedFit, contrasts: dict[str, FloatArray]) -> float:
    """Largest limit of any of the intervals, in size and on the linear scale."""
    found = [fitted.contrast(weights) for weights in contrasts.values()]
    return max(abs(value) + fitted.critical(design.level) * std_error for value, std_error in found)


def _estimate(panel: Panel, design: Design, fitted: SegmentedFit, estimand: str, weights: FloatArray) -> Estimate:
    """Turn a contrast of the coefficients into an estimate on the outcome's scale."""
    value, std_error = fitted.contrast(weights)
    half = fitted.critical(design.level) * std_error
    carry = math.exp if panel.scale is Scale.RATIO else float
    regression = "Poisson regression" if panel.kind is Kind.COUNT else "weighted least squares"
    return Estimate(
        model=NAME,
        method=f"segmented {regression}, Newey-West with {fitted.lags} lags, t({fitted.df})",
        estimand=estimand,
        scale=panel.scale,
        estimate=carry(value),
        interval=None if fitted.exact else (carry(value - half), carry(value + half)),
        level=design.level,
        std_error=None if fitted.exact else std_error,
        df=None if fitted.exact else float(fitted.df),
        p_value=None if fitted.exact else fitted.p_value(value, std_error),
        attainable_p=None,
        clusters=Clusters(treated=panel.n_treated, comparison=0),
        headline=estimand == AVERAGE,
        note=NOTE.format(periods=f"{panel.periods.unit.value}s"),
    )


def _path(panel: Panel, design: Design, series: _Series, terms: Terms, fitted: SegmentedFit) -> Path:
    """Observed series, with the fitted line before the start and the counterfactual after it."""
    columns = terms.without_change
    line = columns @ fitted.params
    variance = np.einsum("tk,kl,tl->t", columns, fitted.covariance, columns)
    spread = np.full_like(line, np.nan) if fitted.exact else np.sqrt(np.maximum(variance, 0.0))
    half = fitted.critical(design.level) * spread
    known = np.asarray([role is not Role.EXCLUDED for role in panel.periods.roles])
    with np.errstate(over="ignore"):  # a rate beyond any number becomes undefined below
        counterfactual, lo, hi = (np.where(known, natural(panel, x), np.nan) for x in (line, line - half, line + half))
    values = _observed(panel, series)
    return Path(
        NAME,
        tuple(
            PathPoint(label, *(float(x) if np.isfinite(x) else None for x in point))
            for label, *point in zip(panel.periods.labels, values, lo, hi, counterfactual, strict=True)
        ),
    )


def _observed(panel: Panel, series: _Series) -> FloatArray:
    """Observed series in the outcome's unit, shape (T,); NaN where there is none."""
    if panel.kind is not Kind.COUNT:
        return natural(panel, series.values)
    rate = np.full(len(series.values), np.nan)
    np.divide(series.values, series.weights, out=rate, where=series.weights > 0)
    return rate * panel.per
