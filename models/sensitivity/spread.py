"""How far effects stray where nothing was done: every choice of treated areas at every earlier start."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.changes import Changes, Weighting, difference
from models.inference.refusal import NoInference
from models.panel import Panel
from models.sensitivity.labels import labellings
from models.sensitivity.main import obstacle_among
from models.sensitivity.starts import EarlierStart, EarlierStarts, earlier_starts
from models.sensitivity.summaries import summarise_windows


@dataclass(frozen=True, slots=True)
class AtStart:
    """Changes at one earlier start, and every area's size before it, shape (A,)."""

    start: EarlierStart
    changes: Changes
    size: FloatArray


@dataclass(frozen=True, slots=True)
class PlaceboSpread:
    """Effects where nothing was done, for every choice of treated areas at every earlier start.

    Attributes
    ----------
    starts
        Labels of the S starts at which every area has a value.
    estimates
        On the linear scale, shape (S, C).
    exact
        True if the C choices are all there are; False if they are a random sample of them.
    length, wanted
        Periods of follow-up at each start, and in the study; shorter ones vary more.
    """

    starts: tuple[str, ...]
    estimates: FloatArray
    exact: bool
    length: int
    wanted: int

    @property
    def sd(self) -> float:
        """Root mean square of the estimates: their standard deviation about no effect."""
        return float(np.sqrt((self.estimates**2).mean()))


def placebo_spread(panel: Panel, weighting: Weighting = Weighting.EQUAL, seed: int = 0) -> PlaceboSpread | NoInference:
    """Estimate the effect for every choice of treated areas at every earlier start, within the baseline.

    Parameters
    ----------
    panel
        The outcome.
    weighting
        As in `effect`.
    seed
        Seed of the random choices, used only where there are more than `models.sensitivity.labels` lists.

    Returns
    -------
    PlaceboSpread or NoInference
        A start at which an area has data but no value is left out, and so, from all starts, is an area without data at
        one of them.

    Notes
    -----
    For one start and equal weights the mean square over all choices is ``s^2 (1/G1 + 1/G0)``, with s^2 the variance of
    the changes over all areas: what the collapsed t estimates from the residuals, here from windows of the same length
    in which nothing was done. Starts overlap, so they are fewer independent looks than their number.
    """
    found = earlier_starts(panel.periods)
    everywhere = np.ones(len(panel.areas), dtype=np.bool_)
    return spread_of(panel, found, changes_at(panel, found), weighting, seed, everywhere)


def changes_at(panel: Panel, found: EarlierStarts) -> tuple[AtStart, ...]:
    """Changes of every area at every earlier start."""
    if not found.starts:
        return ()
    windows = summarise_windows(
        panel.cells, np.asarray([mask for start in found.starts for mask in (start.before, start.after)])
    )
    return tuple(
        AtStart(start, difference(first.summary, second.summary), first.size)
        for start, first, second in zip(found.starts, windows[::2], windows[1::2], strict=True)
    )


def spread_of(
    panel: Panel, found: EarlierStarts, each: Sequence[AtStart], weighting: Weighting, seed: int, keep: BoolArray
) -> PlaceboSpread | NoInference:
    """As `placebo_spread`, from changes already at hand, over the areas in `keep`, shape (A,)."""
    kept = [at for at in each if not obstacle_among(panel, at.changes, keep)]
    if not kept:
        return NoInference("The baseline holds no earlier start at which the comparison can be made.")
    used = keep & np.asarray([at.changes.usable for at in kept]).all(axis=0)
    treated = panel.treated[used]
    if not treated.any() or treated.all():
        return NoInference("One of the groups has no area with data at every earlier start.")
    labels, exact = labellings(treated, seed)
    w = np.asarray([at.changes.w[used] for at in kept])
    size = np.ones_like(w) if weighting is Weighting.EQUAL else np.asarray([at.size[used] for at in kept])
    inside, weight = (size * w) @ labels.T, size @ labels.T
    rest = (size * w).sum(axis=1, keepdims=True) - inside
    estimates = inside / weight - rest / (size.sum(axis=1, keepdims=True) - weight)
    names = panel.periods.labels
    starts = tuple(names[at.start.first] for at in kept)
    return PlaceboSpread(starts, estimates, exact, found.length, found.wanted)
