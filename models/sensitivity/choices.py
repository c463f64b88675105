"""Other arithmetic: areas weighted otherwise, and effects on the other scale."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from models.arrays import FloatArray
from models.changes import LARGEST_LOG, RESOLUTION, Changes, Weighting, difference
from models.effect import Effect, effect, effect_of
from models.estimate import Check
from models.inference.collapsed import contrast
from models.inference.refusal import NoInference
from models.panel import Kind, Panel
from models.sensitivity.compare import Alternative, compared, rows_of
from models.sensitivity.main import Main, forest
from models.summary import Summary, summarise
from models.wording import SHARES, listed

LOGS = frozenset({Kind.COUNT, Kind.DURATION})


def weighting_words(panel: Panel, weighting: Weighting) -> str:
    """Name a weighting: "equal weights", "weights by exposure" for counts, "weights by cases" for the others."""
    if weighting is Weighting.EQUAL:
        return "equal weights"
    return f"weights by {'exposure' if panel.kind is Kind.COUNT else 'cases'}"


def equal_or_exposure(main: Main) -> Check:
    """Weight areas the other way: by size if they count equally, equally if by size."""
    panel = main.panel
    other = Weighting.EXPOSURE if main.weighting is Weighting.EQUAL else Weighting.EQUAL
    found = effect(panel, main.level, weighting=other)
    note = f"the main analysis has {weighting_words(panel, main.weighting)}"
    alternative = Alternative(weighting_words(panel, other), found, note=note)
    # with few areas, two weightings or two scales are as many equations as there are areas
    evidence = forest(main, "With areas weighted otherwise", rows_of(main, [alternative]), by_area=True)
    detail = (
        "Equal weights ask how the average area changed; weights by size ask how the average person or case did, and "
        "let the largest areas decide."
    )
    opening = f"With {weighting_words(panel, other)} in place of {weighting_words(panel, main.weighting)}"
    return compared("equal_or_exposure", main, [alternative], opening, detail, evidence)


@dataclass(frozen=True, slots=True)
class OtherScale:
    """Changes on the scale an outcome is not analysed on.

    Attributes
    ----------
    changes
        Differences in rates or in geometric means for counts and durations, in log odds for shares.
    level
        Value of each area in the window after: a rate, a geometric mean or a share, shape (A,).
    """

    changes: Changes
    level: FloatArray


def has_other_scale(kind: Kind) -> bool:
    """Whether an outcome of this kind can be analysed on another scale."""
    return kind in LOGS or kind in SHARES


def scale_words(kind: Kind) -> tuple[str, str]:
    """Name the scale of a kind and the other one."""
    return ("log", "level") if kind in LOGS else ("points", "log odds")


def on_other_scale(panel: Panel, first: Summary, second: Summary) -> OtherScale | NoInference:
    """Carry two windows to the other scale; the reason where a share of 0 or 1 has no odds."""
    changes = difference(first, second)
    usable = changes.usable
    if panel.kind in LOGS:
        before, after = np.exp(first.value), np.exp(second.value)
        level = after
    else:
        certain = usable & (np.isin(first.value, (0.0, 1.0)) | np.isin(second.value, (0.0, 1.0)))
        if certain.any():
            where = listed([panel.areas[a] for a in np.flatnonzero(certain)])
            return NoInference(f"A share of 0% or 100% has no odds: {where}.")
        before, after = special.logit(first.value), special.logit(second.value)
        level = second.value
    size = float(np.abs(np.concatenate([before[usable], after[usable]])).max(initial=0.0))
    return OtherScale(replace(changes, w=after - before, resolution=RESOLUTION * size), level)


def carried(kind: Kind, level: FloatArray, gap: FloatArray) -> FloatArray:
    """Carry differences on the other scale to the scale of the outcome, all arguments being of one shape.

    Parameters
    ----------
    level
        Treated areas' mean rate, geometric mean or share in the window after.
    gap
        Difference-in-differences on the other scale.

    Returns
    -------
    array
        For counts and durations ``log(level / (level - gap))``, the log ratio of what was to what would have been;
        NaN where that is not above nought. For shares ``level - expit(logit(level) - gap)``, in points.

    Notes
    -----
    Both compare the treated areas after the start with their counterfactual then, which is what the outcome's own scale
    does; at their baseline a log odds ratio would be carried to another level than the one the effect was seen at.
    """
    if kind in SHARES:
        return np.asarray(level - special.expit(special.logit(level) - gap))
    counterfactual = level - gap
    defined = (counterfactual > 0) & (level > 0)
    out = np.full(np.broadcast(level, gap).shape, np.nan)
    np.log(np.divide(level, counterfactual, out=np.ones_like(out), where=defined), out=out, where=defined)
    return out


def effect_on_other_scale(
    panel: Panel, other: OtherScale, level: float, weights: FloatArray | None = None
) -> Effect | NoInference:
    """Estimate on the other scale and carry estimate and limits to the outcome's own; the p-value stays.

    The treated areas' level after the start is taken as it was, so that no effect stays no effect on either scale. An
    upper limit that would leave no counterfactual becomes one too large to be written.
    """
    kept = other.changes.usable
    treated = panel.treated[kept]
    chosen = None if weights is None else weights[kept]
    found = effect_of(other.changes.w[kept], treated, level, other.changes.resolution, chosen)
    share = np.where(treated, contrast(treated, chosen), 0.0)
    ends = [found.estimate, *(found.interval or ())]
    moved = carried(panel.kind, np.full(len(ends), share @ other.level[kept]), np.asarray(ends))
    if np.isnan(moved[0]):
        return NoInference("Parallel changes in levels would have left the treated areas below nought.")
    limits = np.where(np.isnan(moved), 2 * LARGEST_LOG, moved).tolist()[1:]
    interval = (limits[0], limits[1]) if limits else None
    return replace(found, estimate=float(moved[0]), interval=interval, std_error=None, df=None)


def log_or_level(main: Main) -> Check | None:
    """Assume parallel changes on the other scale: levels for logs, log odds for points; None for other values."""
    panel = main.panel
    if not has_other_scale(panel.kind):
        return None
    windows = (panel.periods.baseline, panel.periods.follow_up)
    other = on_other_scale(panel, *(summarise(panel.cells, window) for window in windows))
    found = other if isinstance(other, NoInference) else effect_on_other_scale(panel, other, main.level, main.weights)
    mine, theirs = scale_words(panel.kind)
    alternative = Alternative(f"parallel changes in {_full(theirs)}", found)
    note = f"The {_full(theirs)} estimate is carried to the treated areas' level after the start, taken as it was."
    evidence = forest(
        main, "With changes compared on the other scale", rows_of(main, [alternative]), note=note, by_area=True
    )
    detail = (
        f"The main analysis takes {_full(mine)} to change alike without the intervention, this one {_full(theirs)}. "
        "They can agree only if groups begin at like levels or little else changed, and data cannot say which is right."
    )
    opening = f"Comparing changes in {_full(theirs)} in place of {_full(mine)}"
    return compared("log_or_level", main, [alternative], opening, detail, evidence)


def _full(scale: str) -> str:
    return {"log": "logarithms", "level": "levels", "points": "shares", "log odds": "log odds"}[scale]
