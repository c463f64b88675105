"""How many months make one bin of time: as few as hold enough to say something."""

import numpy as np

from models.bayes.links import link_of, on_link
from models.panel import ContinuousCells, Panel
from models.periods import MONTHS_PER_YEAR
from models.summary import squared_deviations, summarise

MONTHS = (1, 3, 6)
ENOUGH = 10.0
"""Information a typical bin should hold, one over its sampling variance on the scale of the model: about ten events,
or forty answers of which half are yes. Its standard error is then at most .32."""
FEWEST_BASELINE_BINS = 4


def months_per_bin(panel: Panel) -> int:
    """Choose 1, 3 or 6 months, from the baseline alone.

    The shortest bin in which the median area holds enough, or else the longest that is allowed. A bin must fit into the
    follow-up, and four of them into the baseline. Plain values have no unit of their own: their information is counted
    in the standard deviation of a value, so that ten values are enough; where every cell has one, and nothing tells how
    it was sampled, bins are as short as they can be.
    """
    per_month = panel.periods.unit.per_year / MONTHS_PER_YEAR
    baseline, follow_up = (float(w.sum()) / per_month for w in (panel.periods.baseline, panel.periods.follow_up))
    allowed = [m for m in MONTHS if m == 1 or (m <= follow_up and FEWEST_BASELINE_BINS * m <= baseline)]
    held = _information(panel)
    if held is None:
        return 1
    return next((m for m in allowed if m * held >= ENOUGH * baseline), allowed[-1])


def _information(panel: Panel) -> float | None:
    """What the baseline of the median area tells, as one over a variance; None where values stand alone."""
    summary = summarise(panel.cells, panel.periods.baseline)
    if isinstance(panel.cells, ContinuousCells):
        values = panel.cells
        alone = not squared_deviations(values.n, values.total, values.squares).any()
        return None if alone else float(np.median(summary.n))
    variance = on_link(link_of(panel.kind), summary)[1]
    return float(np.median(np.where(variance > 0, 1 / np.where(variance > 0, variance, 1.0), 0.0)))
