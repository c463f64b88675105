"""Interrupted time series: the treated areas' own series before and after, and the comparison areas' beside it.

Segmented regression of the treated areas' pooled series on calendar time (Lopez Bernal, Cummins and Gasparrini
2017, International Journal of Epidemiology 46(1):348-355): the declared change at the start of follow-up, a trend and a
season. Counts are modelled as rates with the exposure as offset; every other kind by least squares on the value of each
period, weighted by the cases behind it. The comparative series is `models.its.comparative`.
"""

from dataclasses import replace

import numpy as np

from models.case import Case
from models.design import Design
from models.estimate import Check, Estimate, ModelOutput, NotEstimable, Path, PathPoint, Scale
from models.inference.refusal import NoInference
from models.its.alternatives import as_effect, methods_check, shocks_check
from models.its.averted import averted_check
from models.its.checks import alone_check, autocorrelation_check, epoc_checks, points_check, season_check
from models.its.comparative import comparative, has_headline
from models.its.estimates import LARGEST, NAME, Asked, estimate_of, note_of, questions, widest
from models.its.options import ItsOptions
from models.its.placebo import conformal_check, placebo_in_time
from models.its.series import observed_values
from models.its.setup import Setup, prepare, sides, treated_series
from models.its.terms import Season
from models.panel import Panel
from models.periods import Role
from models.series.fit import SeriesFit
from models.summary import natural
from models.wording import SHARES

IMPOSSIBLE = (
    "The fitted line would need the share to change by more than 100 points, which no share can: the series is too "
    "short or too noisy for a trend. Use the option  impact: level  or longer windows."
)
NO_INTERVAL = (
    "The series follows the fitted line exactly, so nothing in it shows how far chance could move the estimates; "
    "they stand without an interval."
)
UNTESTED = (
    "There are comparison areas, but no test by areas that could carry the headline; what compares the groups' series "
    "counts periods too."
)
BEYOND = (
    "The interval of a ratio runs past any number worth printing: the series is too short, too sparse or too erratic "
    "for this regression. Use longer windows, fewer harmonics, or `impact: level`."
)


def fit(case: Case, design: Design, options: ItsOptions) -> ModelOutput:
    """Fit a segmented regression to the treated areas' pooled series, and beside it the comparative one.

    Parameters
    ----------
    case
        One outcome; its main panel is read.
    design
        Gives the confidence level, the seed, other events and known shocks.
    options
        See `ItsOptions`.

    Returns
    -------
    ModelOutput
        The average effect over follow-up, then whatever of level, slope and the effect after a year the declared shape
        holds; the path ``its`` with its counterfactual; checks. Ratios for counts and durations, otherwise differences
        in the outcome's unit. If there is no estimate, the reason. With comparison areas, what
        `models.its.comparative.comparative` adds; its headline goes before that of the single series.
    """
    panel = case.panel
    series = treated_series(panel, design, options)
    before, after = sides(panel, series)
    points = points_check(panel.periods.unit, before, after, int(series.partial.sum()))
    setup = prepare(panel, design, options)
    if isinstance(setup, NoInference):
        own, season = _refused(setup.reason, (points,)), Season.of_pairs(options.harmonics or 0)
    else:
        seasonal = season_check(panel.periods.unit, before, setup.choice)
        own, season = _single(setup, design, options, (points, seasonal)), setup.choice.season
    if not panel.n_comparison:
        return own
    beside = comparative(panel, design, options, season)
    by_areas = has_headline(beside)
    mine = tuple(e.as_companion() if by_areas else _without_test_by_areas(e) for e in own.estimates)
    return ModelOutput(
        # What other models are compared with, and a reader sees first, is the estimate that counts areas.
        estimates=(*beside.estimates, *mine) if by_areas else (*mine, *beside.estimates),
        paths=(*own.paths, *beside.paths),
        checks=(*own.checks, *beside.checks),
        not_estimable=(*own.not_estimable, *beside.not_estimable),
    )


def _without_test_by_areas(e: Estimate) -> Estimate:
    """Say of the headline of a single series why the comparison areas do not carry it."""
    return replace(e, note=f"{e.note} {UNTESTED}") if e.headline else e


def _refused(reason: str, checks: tuple[Check, ...]) -> ModelOutput:
    return ModelOutput(checks=checks, not_estimable=(NotEstimable(NAME, reason),))


def _single(setup: Setup, design: Design, options: ItsOptions, checks: tuple[Check, ...]) -> ModelOutput:
    """Everything the single series says."""
    panel, fitted = setup.panel, setup.fit()
    if isinstance(fitted, NoInference):
        return _refused(fitted.reason, checks)
    asked = questions(panel.periods, setup.series, setup.terms)
    reason = _beyond_belief(panel, design, fitted, asked)
    if reason:
        return _refused(reason, checks)
    note = note_of(panel.periods.unit, setup.regression)
    estimates = tuple(estimate_of(panel, design, fitted, each, note, headline=each is asked[0]) for each in asked)
    return ModelOutput(
        estimates=estimates,
        paths=(_path(setup, design, fitted),),
        checks=(*checks, *_checks(setup, fitted, design, options)),
        not_estimable=(NotEstimable(NAME, NO_INTERVAL),) if fitted.exact else (),
    )


def _beyond_belief(panel: Panel, design: Design, fitted: SeriesFit, asked: tuple[Asked, ...]) -> str:
    if panel.scale is Scale.RATIO and widest(design, fitted, asked) > LARGEST:
        return BEYOND
    if panel.kind in SHARES and any(abs(fitted.contrast(each.weights).value) > 1 for each in asked):
        return IMPOSSIBLE
    return ""


def _checks(setup: Setup, fitted: SeriesFit, design: Design, options: ItsOptions) -> tuple[Check, ...]:
    panel, level = setup.panel, design.level
    own = as_effect(panel, fitted.contrast(setup.terms.average_change(setup.follow_up)), level)
    found = (
        autocorrelation_check(fitted, panel.periods.unit),
        methods_check(setup, fitted, level),
        shocks_check(setup, fitted, design, options),
        averted_check(setup, fitted, level, design.seed),
        None if fitted.exact else conformal_check(setup, own, level),
        None if fitted.exact else placebo_in_time(setup, own, design, options),
        *epoc_checks(setup, design.events),
        alone_check(panel.n_treated, panel.n_comparison),
    )
    return tuple(check for check in found if check is not None)


def _path(setup: Setup, design: Design, fitted: SeriesFit) -> Path:
    """Observed series, with the fitted line before the start and the counterfactual after it.

    The band is that of the line, from the uncertainty of its coefficients: not limits for single observations.
    """
    panel, columns = setup.panel, setup.terms.without_change
    found = [fitted.contrast(row) for row in columns]
    limits = [each.interval(design.level) or (np.nan, np.nan) for each in found]
    line = np.asarray([each.value for each in found])
    lo, hi = np.asarray(limits, dtype=np.float64).T
    shown = setup.series.usable | ~panel.periods.where(Role.EXCLUDED)
    with np.errstate(over="ignore"):  # a rate beyond any number becomes undefined below
        counterfactual, low, high = (np.where(shown, natural(panel, x), np.nan) for x in (line, lo, hi))
    values = observed_values(panel, setup.series)
    return Path(
        NAME,
        tuple(
            PathPoint(label, *(float(x) if np.isfinite(x) else None for x in point))
            for label, *point in zip(panel.periods.labels, values, low, high, counterfactual, strict=True)
        ),
    )
