"""The latent change at each cutpoint by itself: whether one shift describes all levels."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from models.arrays import FloatArray
from models.effect import Effect, effect_of
from models.inference.refusal import NoInference
from models.ordinal.latent import Latent
from models.ordinal.shares import at_or_above
from models.panel import Panel
from models.wording import listed


@dataclass(frozen=True, slots=True)
class Cutpoint:
    """One cutpoint.

    Attributes
    ----------
    level
        Lowest level above it.
    effect
        Treated areas' mean change in the log odds of an answer at or above `level`, less comparison areas'; or why
        there is none.
    departure
        The same of each area's change at this cutpoint less its change at all of them together.
    """

    level: int
    effect: Effect | NoInference
    departure: Effect | NoInference


def at_each_cutpoint(panel: Panel, latent: Latent, level: float, weights: FloatArray | None) -> tuple[Cutpoint, ...]:
    """Compare the groups by a binary logit at every cutpoint between levels in use.

    Parameters
    ----------
    level
        Confidence level of intervals, in (0, 1).
    weights
        Weight of each area, shape (A,); None if areas count equally.

    Notes
    -----
    With a location for each area and window a binary logit is the area's own log odds, so no fit is needed. An area all
    of whose answers in a window lie on one side has none there, and the cutpoint gets no effect.
    """
    usable = latent.changes.usable
    log_odds = [special.logit(at_or_above(n[usable])) for n in (latent.before, latent.after)]
    chosen = None if weights is None else weights[usable]
    names = [panel.areas[a] for a in np.flatnonzero(usable)]
    found = []
    for first in np.flatnonzero(latent.fit.used)[1:].tolist():
        before, after = (values[:, first] for values in log_odds)
        known = np.isfinite(before) & np.isfinite(after)
        if not known.all():
            missing = listed([name for name, ok in zip(names, known, strict=True) if not ok])
            why = NoInference(f"In {missing} all answers of a window lie on one side.")
            found.append(Cutpoint(first, why, why))
            continue
        w, own = after - before, latent.changes.w[usable]
        resolution = max(latent.changes.resolution, 1e-12)
        parts = (effect_of(values, panel.treated[usable], level, resolution, chosen) for values in (w, w - own))
        found.append(Cutpoint(first, *parts))
    return tuple(found)


def joint_p(cutpoints: tuple[Cutpoint, ...]) -> float | None:
    """Smallest p of the departures, times their number (Bonferroni); None where fewer than two can be tested."""
    p = [c.departure.p_value for c in cutpoints if isinstance(c.departure, Effect) and c.departure.p_value is not None]
    return min(1.0, len(p) * min(p)) if len(p) > 1 else None
