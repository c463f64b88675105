"""Bayesian comparative interrupted time series: predict the treated areas' follow-up from the baseline, and compare.

The local level model with comparison series of Brodersen and others (2015, Annals of Applied Statistics 9:247-274) in
a form whose posterior needs no sampling, with three changes for pilots of few areas: neighbouring periods are alike by
a stationary AR(1); the level's wandering is bounded by what the baseline shows; and every area's follow-up may be
shifted as a whole by a shock, which no series of months can show. See `docs/methods/bayesian-its.md`.
"""

import math

import numpy as np
from scipy import stats

from models import numbers
from models.arrays import FloatArray
from models.bayes.comparative.alternatives import choices_check, neighbours_check, placebo_check
from models.bayes.comparative.answer import Answer, answer
from models.bayes.comparative.checks import averted_check, comparisons_check, fit_check, level_check, shock_check
from models.bayes.comparative.forecasts import Forecasts, forecasts
from models.bayes.comparative.options import BayesItsOptions
from models.bayes.comparative.series import lost_words, series_of
from models.bayes.comparative.shocks import shocks_of
from models.case import Case
from models.changes import limits_on_scale, on_scale
from models.design import Design
from models.estimate import Check, Clusters, Estimate, ModelOutput, NotEstimable, Path, PathPoint
from models.inference.refusal import NoInference
from models.its.words import number_of
from models.panel import Panel
from models.summary import natural
from models.wording import SHARES, areas_words, listed

MODEL = "bayes_its"
ESTIMAND = "average effect over follow-up, treated areas"
METHOD = "local level with comparison series, exact posterior"
IMPOSSIBLE = (
    "The prediction lies more than 100 points from what was seen, which no share can: the series is too short or too "
    "noisy to be predicted. Use longer windows or a longer time unit."
)
BEYOND = (
    "The interval of a ratio runs past any number worth printing: the series is too short or too erratic to be "
    "predicted. Use longer windows or a longer time unit."
)

SIZE = (
    "in simulated pilots of 7 areas without effect it was sure of one in 0 to 6%, and in about 15% where each area's "
    "follow-up was shifted by as much as single months vary"
)
UNSHOCKED_SIZE = (
    "in simulated pilots of 7 areas without effect it was sure of one in 0 to 4% where there were none, and in 10 to "
    "29% where there were"
)
"""From tests/calibration/bayes_its_size.py; see docs/methods/bayesian-its.md."""


def fit(case: Case, design: Design, options: BayesItsOptions) -> ModelOutput:
    """Predict the treated areas' pooled series from the baseline and the comparison areas, and compare.

    Parameters
    ----------
    case
        One outcome; its main panel is read.
    design
        Gives the level, borders, other events and whether one team serves all treated areas.
    options
        See `BayesItsOptions`.

    Returns
    -------
    ModelOutput
        One estimate, the posterior median of the mean over follow-up of what was seen less what would have been seen,
        on the outcome's scale; its interval holds the effect with the level's probability under a flat prior of the
        effect. Never a headline. The path ``bayes_its``; checks. If there is no estimate, the reason.
    """
    series = series_of(case.panel, design, options)
    if isinstance(series, NoInference):
        return _refused(series.reason)
    shared = design.shared_delivery
    main = answer(series, shocks_of(series, options), shared=shared, periods=True)
    limits = limits_on_scale(case.panel.scale, main.effect.interval(design.level))
    if limits is None:
        return _refused(BEYOND)
    if case.panel.kind in SHARES and abs(main.effect.mean) > 1:
        return _refused(IMPOSSIBLE)
    ahead = forecasts(series.structure, series.before, main.grid)
    return ModelOutput(
        estimates=(_estimate(main, design, limits, case.better),),
        paths=(_path(main, ahead, design.level),),
        checks=_checks(main, ahead, design, options),
    )


def _refused(reason: str) -> ModelOutput:
    return ModelOutput(not_estimable=(NotEstimable(MODEL, reason),))


def _estimate(main: Answer, design: Design, limits: tuple[float, float], better: int) -> Estimate:
    series, scale = main.series, main.series.panel.scale
    return Estimate(
        model=MODEL,
        method=METHOD,
        estimand=ESTIMAND,
        scale=scale,
        estimate=on_scale(scale, main.effect.quantile(0.5)),
        interval=limits,
        level=design.level,
        std_error=main.effect.sd,
        df=None,
        p_value=None,
        attainable_p=None,
        clusters=Clusters(series.panel.n_treated, len(series.names), len(series.values)),
        note=_note(main, design, better),
    )


def _note(main: Answer, design: Design, better: int) -> str:
    series = main.series
    unit, before = series.panel.periods.unit, series.structure.before
    known = number_of(before, unit)
    basis = (
        f"What would have been seen is predicted from {known} of baseline and the series of {listed(series.names)}"
        if series.names
        else f"What would have been seen is predicted from the treated areas' own {known} of baseline alone, so that "
        "whatever else changed at the start counts as effect"
    )
    gain = main.effect.below(0.0)
    good = gain if better < 0 else 1 - gain
    one = " All treated areas share one shock, as one team serves them." if design.shared_delivery else ""
    team = one if series.panel.n_treated > 1 else ""
    parts = (
        f"{basis}; {areas_words(series.panel.n_treated, len(series.names))}.",
        f"The range holds the effect with {numbers.threshold(design.level)} probability, with no prior opinion of it.",
        f"The probability of a change for the better is {_probability(good)}.",
        f"{_allowed(main)}{team}",
        "Beside the headline, never instead of it.",
        lost_words(series),
    )
    return " ".join(filter(None, parts))


def _allowed(main: Answer) -> str:
    """What the range allows for, and how often it claims an effect that is not there."""
    unit = main.series.panel.periods.unit.value
    if not main.shocks.mean:
        alike = f"It allows for {unit}s that are alike and a level that wanders"
        return f"{alike}, and for no shocks to areas: {UNSHOCKED_SIZE}."
    size = f": {SIZE}" if main.series.names else ""
    return f"It allows for {unit}s that are alike, a level that wanders and shocks to single areas{size}."


def _probability(p: float) -> str:
    if p > 0.995:
        return "more than 99%"
    return "less than 1%" if p < 0.005 else f"{numbers.fixed(100 * p, 0)}%"


def _checks(main: Answer, ahead: Forecasts, design: Design, options: BayesItsOptions) -> tuple[Check, ...]:
    level, shared, series = design.level, design.shared_delivery, main.series
    apart = np.asarray([area not in series.bordering for area in series.names], dtype=np.bool_)
    others = shocks_of(series.following(apart), options) if series.bordering else main.shocks
    found = (
        fit_check(main, ahead),
        comparisons_check(main, level),
        level_check(main, level),
        shock_check(main, level),
        choices_check(main, level, shared=shared),
        placebo_check(main, level, shared=shared),
        neighbours_check(main, others, level, shared=shared),
        averted_check(main, level),
    )
    return tuple(check for check in found if check is not None)


def _path(main: Answer, ahead: Forecasts, level: float) -> Path:
    """Observed series with its prediction: one step ahead in the baseline, from the baseline alone in follow-up."""
    series = main.series
    z = float(stats.norm.ppf((1 + level) / 2))
    before = np.column_stack([ahead.value, ahead.value - z * ahead.error, ahead.value + z * ahead.error])
    rows = [_of_period(main, number, level) for number in range(len(series.after))]
    told = natural(series.panel, np.vstack([before, np.asarray(rows)]))
    told = np.clip(told, 0.0, 1.0) if series.panel.kind in SHARES else told
    seen = natural(series.panel, series.values)
    points = {
        int(t): _point(series.panel, int(t), value, row)
        for t, value, row in zip(series.structure.times, seen.tolist(), told.tolist(), strict=True)
    }
    labels = series.panel.periods.labels
    return Path(MODEL, tuple(points.get(t, PathPoint(label, None)) for t, label in enumerate(labels)))


def _of_period(main: Answer, number: int, level: float) -> FloatArray:
    found = main.period(number)
    return np.asarray([found.quantile(0.5), *found.interval(level)])


def _point(panel: Panel, period: int, value: float, told: list[float]) -> PathPoint:
    middle, lo, hi = (x if math.isfinite(x) else None for x in told)
    return PathPoint(panel.periods.labels[period], value, lo, hi, middle)
