"""One change per area on the latent scale: the log odds by which an area's answers moved, at every cutpoint alike."""

from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.changes import RESOLUTION, Changes, Gap, why_not
from models.inference.refusal import NoInference
from models.ordinal.ordered_logit import OrderedLogit, fit_ordered_logit
from models.panel import OrdinalCells, Panel
from models.periods import Role
from models.summary import Undefined
from models.wording import WINDOW_WORDS, listed

AT_AN_END = (
    "All answers in {where} are at the {end} level, so that how far they lie beyond the others cannot be told. Use "
    "longer windows, or merge areas, so that every area has answers at several levels in both windows."
)


@dataclass(frozen=True, slots=True)
class Latent:
    """Latent changes, and the answers they come from.

    Attributes
    ----------
    changes
        Log odds ratio of a higher answer, follow-up against baseline, one per area; NaN without data in a window.
    before, after
        Answers of each area in baseline and follow-up, shape (A, L).
    fit
        The regression they come from: columns are the other areas' baselines, less the first's, then every area's
        change, over the areas with data in both windows.
    """

    changes: Changes
    before: FloatArray
    after: FloatArray
    fit: OrderedLogit


def ordinal_cells(panel: Panel) -> OrdinalCells:
    """Cells of an ordinal outcome; TypeError for others."""
    if not isinstance(panel.cells, OrdinalCells):
        raise TypeError(f"{panel.outcome}: an ordered logit needs answers at levels, not {panel.kind}")
    return panel.cells


def answers(panel: Panel, window: BoolArray) -> FloatArray:
    """Answers of each area in a window, shape (A, L); the window has shape (T,)."""
    return np.asarray(ordinal_cells(panel).n[:, window].sum(axis=1))


def latent_changes(panel: Panel) -> Latent | NoInference:
    """Fit one ordered logit to all areas and both windows, with a baseline and a change of its own for each area.

    Notes
    -----
    ``logit P(Y <= k) = cutpoint_k - a_g - W_g Post``: the cutpoints are common, so that all areas are measured on one
    scale, and nothing else is shared, so that each W_g is the area's own log odds ratio. The changes hang together
    through the cutpoints only, which all answers settle together. An area without data in a window is left out; one
    with all its answers in a window at the lowest or the highest level in use has no finite change and stops the
    analysis, because leaving it out would choose areas by their outcome.
    """
    before, after = (answers(panel, window) for window in (panel.periods.baseline, panel.periods.follow_up))
    usable = (before.sum(axis=1) > 0) & (after.sum(axis=1) > 0)
    gaps = [
        Gap(int(area), role, Undefined.NO_DATA)
        for role, n in ((Role.BASELINE, before), (Role.FOLLOW_UP, after))
        for area in np.flatnonzero(n.sum(axis=1) == 0)
    ]
    empty = np.full(len(usable), np.nan)
    none = Changes(empty, empty.copy(), usable, tuple(sorted(gaps, key=lambda gap: gap.area)), 0.0)
    obstacle = why_not(panel, none) or _at_an_end(panel, before, after, usable)
    if obstacle:
        return NoInference(obstacle)
    found = fit_ordered_logit(np.concatenate([before[usable], after[usable]]), _design(int(usable.sum())))
    if isinstance(found, NoInference):
        return found
    return Latent(_changes(none, found), before, after, found)


def _design(areas: int) -> FloatArray:
    """Columns of `Latent.fit`, baselines of all areas first: shape (2 G, 2 G - 1)."""
    place = np.tile(np.eye(areas), (2, 1))
    moved = np.vstack([np.zeros((areas, areas)), np.eye(areas)])
    return np.hstack([place[:, 1:], moved])


def _changes(none: Changes, fit: OrderedLogit) -> Changes:
    areas = int(none.usable.sum())
    own = slice(areas - 1, 2 * areas - 1)
    w, variance = none.w.copy(), none.variance.copy()
    w[none.usable] = fit.coefficients[own]
    variance[none.usable] = np.diag(fit.covariance)[own]
    largest = float(np.abs(np.concatenate([fit.coefficients, fit.cutpoints])).max())
    # the maximum is found to about half the digits of the likelihood it is read from
    return Changes(w, variance, none.usable, none.gaps, float(np.sqrt(RESOLUTION)) * largest)


def _at_an_end(panel: Panel, before: FloatArray, after: FloatArray, usable: BoolArray) -> str:
    """Name the areas whose answers in a window are all at one end of the levels in use; empty if there is none."""
    used = np.flatnonzero((before[usable] + after[usable]).sum(axis=0))
    for end, level in (("lowest", used[0]), ("highest", used[-1])):
        where = [
            f"{panel.areas[area]} ({WINDOW_WORDS[role]})"
            for area in np.flatnonzero(usable)
            for role, n in ((Role.BASELINE, before), (Role.FOLLOW_UP, after))
            if n[area, level] == n[area].sum()
        ]
        if where and len(used) > 1:
            return AT_AN_END.format(where=listed(where), end=end)
    return ""
