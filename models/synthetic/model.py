"""Synthetic comparisons: synthetic control, synthetic difference-in-differences and augmented synthetic control."""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from models import numbers
from models.case import Case
from models.design import Design
from models.estimate import Check, Clusters, Estimate, ModelOutput, NotEstimable, Path, PathPoint
from models.inference.refusal import NoInference, floor_words
from models.synthetic.balance import balance_check
from models.synthetic.checks import donors_check, fit_check, hull_check, leave_one_out_check, weights_check
from models.synthetic.methods import METHODS
from models.synthetic.options import SyntheticOptions
from models.synthetic.placebos import Placebos, SetFit, fit_set, placebos
from models.synthetic.placebos_check import placebos_check
from models.synthetic.series import Series, series_of
from models.synthetic.words import ENOUGH_DONORS, METHOD_WORDS, MODEL, effect_on_scale
from models.wording import areas_words, listed

ESTIMAND = "area ITT"
ROUNDING = 1e-9
NO_COMPARISON = "There are no comparison areas to weigh. Name some, or rely on `its` alone."
LEVELS_DIFFER = frozenset({"sdid", "did"})
PERIODS_MOVE = (
    "No interval from synthetic difference-in-differences: its weights of periods change with the effect that is tried."
)
UNEVEN = (
    "Some areas are followed so much more closely before the start than the treated ones that no effect could be ruled "
    "out, however large. Choose comparison areas more like the treated ones."
)
UNLIKE = MappingProxyType({"sc": 9, "ascm": 8, "did": 13})
"""Per cent of pilots without effect, 1 of 21 areas treated, in which the test at 5% finds one where the treated area
moves unlike the others (tests/calibration/synthetic_size.py); left out where it is no more than 7."""
NO_RATIO = "It holds effects that leave nothing, or less, of the outcome, and those have no ratio."


@dataclass(frozen=True, slots=True)
class Result:
    """One method's fit to the treated areas, and where it stands among placebos."""

    method: str
    fit: SetFit
    placebos: Placebos

    def limits(self, level: float) -> tuple[float, float] | NoInference:
        """Effects that the placebos do not rule out, as gaps; or why there are none."""
        if self.placebos.attainable_p > 1 - level + ROUNDING:
            return NoInference(floor_words(self.placebos.attainable_p))
        found = self.placebos.interval(level)
        return NoInference(UNEVEN) if found is None else found


def fit(case: Case, design: Design, options: SyntheticOptions) -> ModelOutput:
    """Weigh comparison areas so that they follow the treated areas before the start, and compare them after it.

    Parameters
    ----------
    case
        The outcome, and what else is known of the areas.
    design
        Level of intervals, and seed of a choice of placebos where there are too many.
    options
        See `SyntheticOptions`.

    Returns
    -------
    ModelOutput
        The estimate of the method chosen, as candidate for the headline, and the others beside it with
        difference-in-differences; the path ``synthetic``; checks of the method chosen. Positive differences and ratios
        above 1 mean more of the outcome in treated areas. Nothing here comes from a placebo or jackknife standard
        error: the first falls to nothing where periods outnumber areas. If there is no estimate, the reason.
    """
    if case.panel.n_comparison == 0:
        return ModelOutput(not_estimable=(NotEstimable(MODEL, NO_COMPARISON),))
    series = series_of(case, options)
    if isinstance(series, NoInference):
        return ModelOutput(not_estimable=(NotEstimable(MODEL, series.reason),))
    order = [options.method, *(name for name in METHODS if name != options.method)]
    results = [_result(series, name, design.seed) for name in order]
    main = results[0]
    if effect_on_scale(series, main.fit.effect) is None:
        reason = f"The weighted areas' mean, or the treated areas', leaves no ratio. {NO_RATIO} Use `scale: linear`."
        return ModelOutput(checks=(donors_check(series),), not_estimable=(NotEstimable(MODEL, reason),))
    estimates = [_estimate(series, design, result, chosen=result is main) for result in results]
    return ModelOutput(
        estimates=tuple(e for e in estimates if e is not None),
        paths=(_path(series, main.fit),),
        checks=_checks(series, design, main),
        not_estimable=_refusals(series, design, results),
    )


def _result(series: Series, method: str, seed: int) -> Result:
    return Result(method, fit_set(series, method, np.flatnonzero(series.treated)), placebos(series, method, seed))


def _interval(series: Series, design: Design, result: Result) -> tuple[float, float] | str:
    """Limits on the outcome's scale, or why there are none."""
    if result.method == "sdid":
        return PERIODS_MOVE
    name = f"No {numbers.interval_name(design.level)} from {METHOD_WORDS[result.method]}."
    limits = result.limits(design.level)
    if isinstance(limits, NoInference):
        return f"{name} {limits.reason}"
    lo, hi = (effect_on_scale(series, limit) for limit in limits)
    return f"{name} {NO_RATIO}" if lo is None or hi is None else (lo, hi)


def _refusals(series: Series, design: Design, results: list[Result]) -> tuple[NotEstimable, ...]:
    """Say once for all methods why there is no interval where too few areas are the reason."""
    first = results[0]
    if first.placebos.attainable_p > 1 - design.level + ROUNDING:
        reason = floor_words(first.placebos.attainable_p)
        return (NotEstimable(MODEL, f"No {numbers.interval_name(design.level)} from placebos. {reason}"),)
    found = [_interval(series, design, result) for result in results]
    return tuple(NotEstimable(MODEL, why) for why in found if isinstance(why, str))


def _estimate(series: Series, design: Design, result: Result, *, chosen: bool) -> Estimate | None:
    value = effect_on_scale(series, result.fit.effect)
    if value is None:
        return None
    interval = _interval(series, design, result)
    return Estimate(
        model=MODEL,
        method=f"{METHOD_WORDS[result.method]}, placebos in space",
        estimand=ESTIMAND,
        scale=series.panel.scale,
        estimate=value,
        interval=None if isinstance(interval, str) else interval,
        level=design.level,
        std_error=None,
        df=None,
        p_value=result.placebos.p_value,
        attainable_p=result.placebos.attainable_p,
        clusters=Clusters(int(series.treated.sum()), len(series.donors)),
        headline=chosen,
        note=_note(series, result, chosen=chosen),
    )


def _note(series: Series, result: Result, *, chosen: bool) -> str:
    many, donors = int(series.treated.sum()), len(series.donors)
    each = "each treated area has weights of its own, and their gaps are averaged; " if many > 1 else ""
    after = int((~series.before).sum())
    what = (
        f"Treated areas less comparison areas weighted to stand in for them, {each}mean over {after:,} follow-up "
        f"periods; {areas_words(many, donors)}."
    )
    few = (
        f"With fewer than {ENOUGH_DONORS} comparison areas to weigh this is triangulation: one more view, not evidence "
        "to rest on alone."
        if donors < ENOUGH_DONORS
        else ""
    )
    return " ".join(filter(None, [what, few, _test_words(result, many), _lost_words(series, chosen=chosen)]))


def _test_words(result: Result, many: int) -> str:
    found = result.placebos
    total = len(found.effects)
    sets = f"each of the {total:,} areas" if many == 1 else f"{total:,} sets of {many:,} areas"
    if not found.exact:
        sets = f"{total:,} random choices of {'one area' if many == 1 else f'{many:,} areas'}"
    unlike = UNLIKE.get(result.method)
    measured = (
        " In simulated pilots whose treated area moved unlike all others, the test at 5% found an effect that was not "
        f"there in {unlike}%."
        if unlike
        else ""
    )
    return (
        f"The p-value comes from taking {sets} for treated, the treated areas then being donors as well: it is the "
        "share whose mean gap after the start, against their gap before it, is as large. It holds if, without any "
        "effect, areas could have changed places, and cannot be below "
        f"{numbers.smallest_p(found.attainable_p)}.{measured}"
    )


def _lost_words(series: Series, *, chosen: bool) -> str:
    parts = []
    if not chosen:
        parts.append("It stands beside the method chosen beforehand.")
    if series.left_out:
        parts.append(f"Left out for want of a value: {listed(series.left_out)}.")
    if series.unseen:
        parts.append(f"Periods left out for want of values: {series.unseen:,}.")
    if series.unknown:
        parts.append(f"Not known of a treated area, so not used: {listed(series.unknown)}.")
    return " ".join(parts)


def _checks(series: Series, design: Design, main: Result) -> tuple[Check, ...]:
    limits = None if main.method == "sdid" else main.limits(design.level)
    interval = limits if isinstance(limits, tuple) else None
    return (
        donors_check(series),
        fit_check(series, main.fit),
        hull_check(series),
        balance_check(series, main.fit, levels=main.method not in LEVELS_DIFFER),
        weights_check(series, main.fit, main.method),
        leave_one_out_check(series, main.fit, main.method, interval),
        placebos_check(series, main.placebos, design.level),
    )


def _path(series: Series, fit: SetFit) -> Path:
    """Mean of the treated areas, and of what stands in for them, in the periods that count."""
    seen = series.values[series.treated].mean(axis=0)
    columns = series.shown(seen).tolist(), series.shown(seen - fit.gap).tolist()
    labels = series.panel.periods.labels
    points = {
        int(t): PathPoint(labels[t], value, counterfactual=without)
        for t, value, without in zip(series.periods, *columns, strict=True)
    }
    return Path(MODEL, tuple(points.get(t, PathPoint(label, None)) for t, label in enumerate(labels)))
