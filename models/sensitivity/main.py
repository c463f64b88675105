"""The main analysis, which every check repeats with one thing changed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.changes import Changes, Weighting, change, on_scale, weights_of, why_not
from models.effect import Effect, effect, effect_from, row_of
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.inference.refusal import NoInference
from models.panel import Panel
from models.periods import Periods, Role, contiguous_spans
from models.wording import SHARES

MOST_ROWS = 120
"""Rows of evidence that can still be read."""

LARGEST_EXPONENT = 700.0
MAIN = "main analysis"


@dataclass(frozen=True, slots=True)
class Main:
    """The effect from baseline to follow-up, and the changes it rests on.

    Attributes
    ----------
    panel
        The outcome, all A areas.
    level
        Confidence level of intervals, in (0, 1).
    weighting, weights
        How much areas count; `weights` of shape (A,), None if equally.
    changes
        From baseline to follow-up.
    effect
        By the headline's inference.
    """

    panel: Panel
    level: float
    weighting: Weighting
    weights: FloatArray | None
    changes: Changes
    effect: Effect

    @property
    def usable(self) -> BoolArray:
        """Mask of the areas in the estimate, shape (A,)."""
        return self.changes.usable

    @property
    def treated(self) -> BoolArray:
        """Mask of the treated areas in the estimate, shape (A,)."""
        return self.usable & self.panel.treated

    @property
    def comparison(self) -> BoolArray:
        """Mask of the comparison areas in the estimate, shape (A,)."""
        return self.usable & ~self.panel.treated


def main_analysis(panel: Panel, level: float, weighting: Weighting = Weighting.EQUAL) -> Main | NoInference:
    """Estimate what the checks compare with; the reason if the windows give no estimate."""
    if panel.n_comparison == 0:
        return NoInference("There is no comparison area.")
    periods = panel.periods
    changes = change(panel, periods.baseline, periods.follow_up)
    weights = weights_of(panel, periods.baseline, weighting)
    found = effect_from(panel, changes, level, weights)
    return found if isinstance(found, NoInference) else Main(panel, level, weighting, weights, changes, found)


def effect_among(main: Main, keep: BoolArray) -> Effect | NoInference:
    """Estimate the effect over the areas in `keep`, shape (A,), only."""
    for group, members in (("treated", main.treated), ("comparison", main.comparison)):
        if not (members & keep).any():
            return NoInference(f"No {group} area would be left.")
    return effect_from(main.panel, restricted(main.changes, keep), main.level, main.weights)


def effect_between(
    main: Main, before: BoolArray, after: BoolArray, names: tuple[str, str] = ("baseline", "follow-up")
) -> Effect | NoInference:
    """Estimate the effect between two other windows, shape (T,) each; `names` are for the reason of a refusal."""
    words = dict(zip((Role.BASELINE, Role.FOLLOW_UP), names, strict=True))
    return effect(main.panel, main.level, before, after, main.weighting, words)


def restricted(changes: Changes, keep: BoolArray) -> Changes:
    """Forget the areas that are not in `keep`, shape (A,)."""
    gaps = tuple(gap for gap in changes.gaps if keep[gap.area])
    return replace(changes, usable=changes.usable & keep, gaps=gaps)


def obstacle_among(panel: Panel, changes: Changes, keep: BoolArray) -> str:
    """Why the areas in `keep` give no estimate; empty if they give one."""
    return why_not(panel, restricted(changes, keep))


def not_run(name: str, finding: str, reason: str = "") -> Check:
    """Say that a check was declared but could not be made."""
    return Check(name, Status.NOT_RUN, finding, reason)


def main_row(main: Main, label: str = MAIN, note: str = "") -> Row:
    """The study's own estimate, marked."""
    return row_of(label, main.panel, main.effect, note=note, chosen=True)


def forest(main: Main, title: str, rows: Iterable[Row], *, note: str = "", by_area: bool = False) -> Evidence:
    """Rows of effects on the outcome, one below another."""
    return Evidence(title, Figure.FOREST, main.panel.scale, Quantity.OUTCOME, tuple(rows), note, by_area)


def named(panel: Panel, mask: BoolArray) -> list[str]:
    """Names of the areas in a mask, shape (A,)."""
    return [panel.areas[a] for a in np.flatnonzero(mask)]


def members(panel: Panel, names: Iterable[str]) -> BoolArray:
    """Mask of the areas with these names, shape (A,); names the panel does not hold are passed over."""
    wanted = set(names)
    return np.asarray([area in wanted for area in panel.areas], dtype=np.bool_)


def shown(panel: Panel, estimate: float) -> float:
    """Carry an effect to the scale of the panel, as `row_of` does."""
    return on_scale(panel.scale, float(np.clip(estimate, -LARGEST_EXPONENT, LARGEST_EXPONENT)))


def spread_words(panel: Panel, size: float) -> str:
    """Write a standard deviation or error: in points for shares, on the log scale for ratios, else in the unit."""
    if panel.kind in SHARES:
        return f"{numbers.fixed(100 * size, numbers.decimals(100 * size, digits=2))} points"
    written = numbers.significant(size, 2)
    return f"{written} on the log scale" if panel.scale is Scale.RATIO else f"{written} {panel.unit}"


def span_words(periods: Periods, mask: BoolArray) -> str:
    """Write the stretches of a mask, shape (T,): "2020-04 to 2022-03", "2019-01 and 2020-04"."""
    labels = periods.labels
    stretches = [labels[a] if a == b else f"{labels[a]} to {labels[b]}" for a, b in contiguous_spans(mask)]
    return " and ".join(filter(None, [", ".join(stretches[:-1]), *stretches[-1:]]))


def first_treated_period(periods: Periods) -> int:
    """Index of the first period of phase-in or follow-up that is not left out."""
    return next(t for t, role in enumerate(periods.roles) if role in {Role.PHASE_IN, Role.FOLLOW_UP})
