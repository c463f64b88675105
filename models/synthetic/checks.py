"""Checks of a synthetic comparison: its donors, its fit before the start, and what it leans on."""

import numpy as np
from scipy.optimize import linprog

from models import numbers
from models.arrays import FloatArray
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.synthetic.placebos import SetFit, fit_set
from models.synthetic.series import FEWEST_DONORS, Series
from models.synthetic.words import ENOUGH_DONORS, METHOD_WORDS, effect_on_scale, effect_words, size_words
from models.wording import listed

CLOSE = 0.25
"""Gap, in standard deviations between areas, above which a fit is called poor (the rule of thumb for means of matched
groups: Stuart 2010, Statistical Science 25:1)."""
SHOWN_WEIGHT = 0.005
DROPPED_WEIGHT = 0.01
MOST_DROPPED = 20
DOMINANT = 0.5
MUCH_NEGATIVE = 0.1
MUCH_CHANGED = 0.5
FEASIBLE = 0


def donors_check(series: Series) -> Check:
    """Count the areas there are to weigh."""
    many = len(series.donors)
    finding = f"There are {many:,} comparison areas to weigh."
    if many < ENOUGH_DONORS:
        return Check(
            "synthetic_donors",
            Status.WARN,
            f"There are only {many:,} comparison areas to weigh, so this is triangulation: one more view, not evidence "
            "to rest on alone.",
            f"With fewer than {ENOUGH_DONORS} a close fit before the start is hard to come by, and a test by placebos "
            "has few to compare with.",
        )
    return Check("synthetic_donors", Status.PASS, finding)


def fit_check(series: Series, fit: SetFit) -> Check:
    """Set the gap that is left before the start against how much areas differ."""
    spread = area_spread(series)
    sizes = [float(np.sqrt((area.gap[series.before] ** 2).mean())) for area in fit.areas]
    members = np.flatnonzero(series.treated)
    if spread == 0:
        finding = "All areas have the same values before the start, so there is no fit to judge."
        return Check("synthetic_fit", Status.NOT_RUN, finding)
    rows = [Row(series.names[a], size / spread, chosen=True) for a, size in zip(members, sizes, strict=True)]
    worst = max(sizes) / spread
    finding = (
        f"Before the start the weighted areas miss the treated {'area' if len(rows) == 1 else 'areas'} by "
        f"{size_words(series, fit.before)} on average (root mean square), and the worst fit is "
        f"{numbers.significant(worst, 2)} of the standard deviation between areas."
    )
    evidence = Evidence(
        "Gap before the start",
        Figure.FOREST,
        Scale.DIFFERENCE,
        Quantity.NUMBER,
        tuple(rows),
        "Root mean square gap over the baseline, in standard deviations between areas; 0 is a perfect fit.",
        by_area=True,
    )
    if worst > CLOSE:
        detail = f"Above {numbers.significant(CLOSE, 2)} the weighted areas do not stand in for the treated ones."
        return Check("synthetic_fit", Status.WARN, finding, detail, evidence)
    detail = "A close fit before the start does not show that it would have stayed close."
    return Check("synthetic_fit", Status.PASS, finding, detail, evidence)


def area_spread(series: Series) -> float:
    """Standard deviation between areas, averaged over the periods of the baseline."""
    return float(series.values[:, series.before].std(axis=0, ddof=1).mean())


def hull_check(series: Series) -> Check:
    """Look whether any weights could reproduce the treated areas' baseline, and where they lie outside all donors."""
    early = series.values[:, series.before]
    donors = early[~series.treated]
    members = np.flatnonzero(series.treated)
    inside = [_in_hull(early[a], donors) for a in members]
    outside = [((early[a] < donors.min(axis=0)) | (early[a] > donors.max(axis=0))).sum() for a in members]
    periods = early.shape[1]
    beyond = [f"{series.names[a]} ({n} of {periods})" for a, n in zip(members, outside, strict=True) if n]
    if beyond:
        finding = f"Beyond every comparison area in some periods before the start: {listed(beyond)}."
        detail = "No weighting between 0 and 1 can follow an area where it lies beyond all the others."
        return Check("synthetic_hull", Status.WARN, finding, detail)
    if all(inside):
        finding = "Some weighting of the comparison areas reproduces the treated areas' baseline exactly."
        detail = "Where many weightings do, the one shown is that closest to equal weights."
        return Check("synthetic_hull", Status.PASS, finding, detail)
    finding = (
        "In every period before the start the treated areas lie between the lowest and the highest comparison area, "
        "though no weighting reproduces all periods exactly."
    )
    detail = "With more periods than comparison areas an exact weighting is not to be expected."
    return Check("synthetic_hull", Status.PASS, finding, detail)


def _in_hull(own: FloatArray, donors: FloatArray) -> bool:
    """Whether weights >= 0 of sum 1 reproduce a series, shape (T0,), from those of the donors, shape (D, T0)."""
    gaps = (donors - own).T
    size = float(np.abs(gaps).max()) or 1.0
    equations = np.concatenate([gaps / size, np.ones((1, len(donors)))])
    right = np.append(np.zeros(len(gaps)), 1.0)
    found = linprog(np.zeros(len(donors)), A_eq=equations, b_eq=right, bounds=(0, None), method="highs")
    return int(found.status) == FEASIBLE


def weights_check(series: Series, fit: SetFit, method: str) -> Check:
    """Show which areas stand in for each treated one."""
    members = np.flatnonzero(series.treated)
    rows: list[Row] = []
    for a, area in zip(members, fit.areas, strict=True):
        group = series.names[a] if len(members) > 1 else ""
        order = np.argsort(-np.abs(area.weights), kind="stable")
        shown = [i for i in order if abs(area.weights[i]) >= SHOWN_WEIGHT]
        rows += [Row(series.names[fit.donors[i]], float(area.weights[i]), group=group) for i in shown]
    mean = np.mean([area.weights for area in fit.areas], axis=0)
    top = [i for i in np.argsort(-mean, kind="stable")[:5] if mean[i] >= DROPPED_WEIGHT]
    said = listed([f"{series.names[fit.donors[i]]} {numbers.threshold(round(float(mean[i]), 2))}" for i in top])
    spread = method == "did" or float(mean.max()) < DROPPED_WEIGHT
    finding = "All comparison areas count about alike." if spread else f"What stands in for the treated areas: {said}."
    evidence = Evidence(
        f"Weights of the comparison areas, {METHOD_WORDS[method]}",
        Figure.FOREST,
        Scale.DIFFERENCE,
        Quantity.NUMBER,
        tuple(rows),
        "They sum to 1; areas with less than half a hundredth are left out." + _counts_words(series, fit),
        by_area=True,
    )
    negative = max(float(-area.weights[area.weights < 0].sum()) for area in fit.areas)
    detail = " ".join(filter(None, [_negative_words(method, negative), _period_words(series, fit)]))
    largest = max(float(area.weights.max()) for area in fit.areas)
    if largest > DOMINANT:
        detail = (
            f"One area carries {numbers.threshold(round(largest, 2))} of the weight in one of them. {detail}".strip()
        )
    status = Status.WARN if largest > DOMINANT or negative > MUCH_NEGATIVE else Status.PASS
    return Check("synthetic_weights", status, finding, detail, evidence)


def _negative_words(method: str, negative: float) -> str:
    if method != "ascm":
        return ""
    if negative < SHOWN_WEIGHT:
        return "No weight is negative, so nothing is extrapolated."
    return (
        f"Negative weights sum to {numbers.fixed(-negative, 2)} at most: by so much it extrapolates beyond what the "
        "comparison areas show."
    )


def _counts_words(series: Series, fit: SetFit) -> str:
    if not fit.areas[0].counts.size:
        return ""
    mean = np.mean([area.counts for area in fit.areas], axis=0)
    parts = [f"{t} {numbers.threshold(round(float(c), 2))}" for t, c in zip(series.titles, mean, strict=True)]
    return f" How much each predictor counted: {', '.join(parts)}."


def _period_words(series: Series, fit: SetFit) -> str:
    if not fit.areas[0].periods.size:
        return ""
    mean = np.mean([area.periods for area in fit.areas], axis=0)
    labels = series.panel.periods.labels
    before = series.periods[series.before]
    top = [i for i in np.argsort(-mean, kind="stable")[:5] if mean[i] >= DROPPED_WEIGHT]
    said = listed([f"{labels[before[i]]} ({numbers.threshold(round(float(mean[i]), 2))})" for i in top])
    return f"Baseline periods that count most: {said}."


def leave_one_out_check(series: Series, fit: SetFit, method: str, interval: tuple[float, float] | None) -> Check:
    """Repeat the estimate without each comparison area that carries weight, or without the heaviest if all are light.

    Parameters
    ----------
    interval
        Of the main estimate, as gaps; None if it has none.
    """
    name = "synthetic_leave_one_out"
    if len(fit.donors) <= FEWEST_DONORS:
        finding = "With two comparison areas none can be left out."
        return Check(name, Status.NOT_RUN, finding, "Add comparison areas.")
    weight = np.abs(np.asarray([area.weights for area in fit.areas])).max(axis=0)
    heaviest = np.argsort(-weight, kind="stable")[:MOST_DROPPED]
    order = [i for i in heaviest if weight[i] >= DROPPED_WEIGHT] or heaviest.tolist()
    gaps = {series.names[fit.donors[i]]: _without(series, int(fit.donors[i]), method) for i in order}
    rows = [Row("all comparison areas", effect_on_scale(series, fit.effect), chosen=True)]
    rows += [Row(f"without {area}", effect_on_scale(series, gap)) for area, gap in gaps.items()]
    lowest, highest = min(gaps.values()), max(gaps.values())
    finding = (
        f"Leaving out one comparison area at a time, the estimate lies between {effect_words(series, lowest)} and "
        f"{effect_words(series, highest)} ({effect_words(series, fit.effect)} with all)."
    )
    evidence = Evidence(
        "Without one comparison area", Figure.FOREST, series.panel.scale, Quantity.OUTCOME, tuple(rows), by_area=True
    )
    turned = [area for area, gap in gaps.items() if gap * fit.effect < 0]
    apart = [area for area, gap in gaps.items() if interval and not interval[0] <= gap <= interval[1]]
    far = [area for area, gap in gaps.items() if abs(gap - fit.effect) > MUCH_CHANGED * abs(fit.effect)]
    if not (turned or apart or (far and interval is None)):
        return Check(name, Status.PASS, finding, "No single comparison area carries the answer.", evidence)
    how = f"points the other way without {listed(turned)}" if turned else f"leaves its interval without {listed(apart)}"
    if not (turned or apart):
        how = f"changes by more than half without {listed(far)}"
    return Check(name, Status.WARN, finding, f"The estimate {how}.", evidence, overturns=bool(turned or apart))


def _without(series: Series, area: int, method: str) -> float:
    fewer = series.without(area)
    return fit_set(fewer, method, np.flatnonzero(fewer.treated)).effect
