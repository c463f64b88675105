"""The effect between any two windows of any panel, by the inference of the headline: what every sensitivity repeats."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.changes import Changes, Weighting, change, limits_on_scale, on_scale, weights_of, why_not
from models.estimate import Row
from models.inference.collapsed import difference_in_means
from models.inference.headline import headline_test
from models.inference.refusal import NoInference
from models.panel import Panel
from models.periods import Role
from models.wording import WINDOW_WORDS


@dataclass(frozen=True, slots=True)
class Effect:
    """Treated areas' mean change less comparison areas' mean change, on the linear scale.

    Attributes
    ----------
    estimate
        Log ratio for counts and durations, difference otherwise; 0 is no effect.
    interval, std_error, df, p_value
        By the headline's inference; None where only the point can be given.
    treated, comparison
        Areas behind it.
    """

    estimate: float
    interval: tuple[float, float] | None
    std_error: float | None
    df: float | None
    p_value: float | None
    treated: int
    comparison: int

    @property
    def excludes_none(self) -> bool:
        """Whether the interval excludes no effect."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def effect(
    panel: Panel,
    level: float,
    before: BoolArray | None = None,
    after: BoolArray | None = None,
    weighting: Weighting = Weighting.EQUAL,
    words: Mapping[Role, str] = WINDOW_WORDS,
) -> Effect | NoInference:
    """Estimate the effect of a panel from `before` to `after`.

    Parameters
    ----------
    panel
        The outcome; areas without data in a window are left out.
    level
        Confidence level of the interval, in (0, 1).
    before, after
        Masks of the periods, shape (T,) or (A, T); default: baseline and follow-up.
    weighting
        Whether areas count equally or by their size in `before`.
    words
        Names of the two windows, for the reason of a refusal.
    """
    first = panel.periods.baseline if before is None else before
    second = panel.periods.follow_up if after is None else after
    if panel.n_comparison == 0:
        return NoInference("There is no comparison area.")
    return effect_from(panel, change(panel, first, second), level, weights_of(panel, first, weighting), words)


def effect_from(
    panel: Panel,
    changes: Changes,
    level: float,
    weights: FloatArray | None = None,
    words: Mapping[Role, str] = WINDOW_WORDS,
) -> Effect | NoInference:
    """Estimate the effect from changes already at hand; `weights` of shape (A,), the rest as in `effect`."""
    obstacle = why_not(panel, changes, words)
    if obstacle:
        return NoInference(obstacle)
    kept = changes.usable
    chosen = None if weights is None else weights[kept]
    return effect_of(changes.w[kept], panel.treated[kept], level, changes.resolution, chosen)


def effect_of(
    w: FloatArray, treated: BoolArray, level: float, resolution: float = 0.0, weights: FloatArray | None = None
) -> Effect:
    """Estimate the effect from one change per area, shape (G,); without inference where the areas allow none."""
    sizes = int(treated.sum()), int((~treated).sum())
    found = headline_test(w, treated, level, resolution, weights)
    if isinstance(found, NoInference):
        return Effect(difference_in_means(w, treated, weights), None, None, None, None, *sizes)
    return Effect(found.estimate, found.interval, found.std_error, found.df, found.p_value, *sizes)


def row_of(
    label: str, panel: Panel, found: Effect | NoInference, *, group: str = "", note: str = "", chosen: bool = False
) -> Row:
    """Carry an effect to the scale of the panel as a row of evidence; a refusal becomes a row without numbers."""
    if isinstance(found, NoInference):
        return Row(label, None, group=group, note=found.reason, chosen=chosen)
    limits = limits_on_scale(panel.scale, found.interval) if found.interval else None
    lo, hi = limits or (None, None)
    estimate = on_scale(panel.scale, float(np.clip(found.estimate, -700, 700)))
    p_value = found.p_value if limits else None
    return Row(label, estimate, lo, hi, p_value, group=group, note=note, chosen=chosen)


def disagreement(main: Effect, other: Effect) -> str:
    """How another effect disagrees with the main one, in words after "the estimate"; empty if it does not.

    Two estimates disagree if one interval excludes no effect and the other does not, or if they point in different
    directions and that is more than the play of chance around no effect: one of the intervals excludes no effect, or
    the other estimate lies outside the main interval. Without a main interval any turn counts.
    """
    if main.estimate * other.estimate < 0 and _beyond_chance(main, other):
        return "points the other way"
    if main.interval is None or other.interval is None or main.excludes_none == other.excludes_none:
        return ""
    return "no longer shows a difference from no effect" if main.excludes_none else "now shows a difference"


def _beyond_chance(main: Effect, other: Effect) -> bool:
    if main.interval is None or main.excludes_none or other.excludes_none:
        return True
    return not main.interval[0] <= other.estimate <= main.interval[1]


def overturns(main: Effect, other: Effect) -> bool:
    """Whether another effect would overturn the main one, and not only be less sure of it.

    It lies outside the main interval, or points the other way by more than the play of chance around no effect. An
    interval that is wider because fewer areas are left overturns nothing.
    """
    outside = main.interval is not None and not main.interval[0] <= other.estimate <= main.interval[1]
    return outside or (main.estimate * other.estimate < 0 and _beyond_chance(main, other))
