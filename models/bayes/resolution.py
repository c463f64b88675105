"""How many months make one bin of time: as few as hold enough to say something."""

import numpy as np

from models.arrays import FloatArray
from models.bayes.layout import Layout
from models.bayes.links import HALF_A_CASE, link_of, on_link
from models.panel import ContinuousCells, CountCells, Panel
from models.periods import MONTHS_PER_YEAR
from models.summary import Summary, period_matrix, squared_deviations, summarise

MONTHS = (1, 3, 6)
ENOUGH = 10.0
"""Information a typical bin should hold, one over its sampling variance on the scale of the model: about ten events,
or forty answers of which half are yes. Its standard error is then at most .32."""
FEWEST_BASELINE_BINS = 4
LEAST_VARIANCE = 1e-8
NOTHING = 1e8  # variance of a figure that says nothing


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
    held = _cases(panel) if isinstance(panel.cells, ContinuousCells) else _information(panel)
    if held is None:
        return 1
    return next((m for m in allowed if m * held >= ENOUGH * baseline), allowed[-1])


def cell_estimates(layout: Layout) -> tuple[FloatArray, FloatArray]:
    """Each cell's own figure on the scale of the model and its sampling variance, each of shape (A, B).

    Half an event is added to counts and shares of 0 and 1 are kept half a case off, so that every cell with data has a
    figure. Where the cell's own spread is not known that of the others stands in; a cell without data has the median
    figure and a variance so large that it says nothing.
    """
    cells = layout.cells
    if isinstance(cells, CountCells):
        events = cells.events + HALF_A_CASE
        value, variance = np.log(events / np.where(layout.seen, cells.exposure, 1.0)), 1.0 / events
    else:
        shares, spread, cases = (array.ravel() for array in period_matrix(cells))
        found = on_link(link_of(layout.panel.kind), Summary(shares, spread, cases, {}))
        value, variance, n = (array.reshape(layout.shape) for array in (*found, np.maximum(cases, 1.0)))
        known = np.isfinite(variance)
        usual = float(np.median((variance * n)[known])) if known.any() else 0.0
        variance = np.where(known, variance, usual / n)
    told = layout.seen & np.isfinite(value)
    middle = float(np.median(value[told]))
    return np.where(told, value, middle), np.where(told, np.maximum(variance, LEAST_VARIANCE), NOTHING)


def _information(panel: Panel) -> float:
    """What the baseline of the median area tells, as one over its sampling variance; 0 where that has none."""
    summary = summarise(panel.cells, panel.periods.baseline)
    variance = on_link(link_of(panel.kind), summary)[1]
    return float(np.median(np.where(variance > 0, 1 / np.where(variance > 0, variance, 1.0), 0.0)))


def _cases(panel: Panel) -> float | None:
    """Values in the baseline of the median area; None where no cell has two that differ."""
    cells = panel.cells
    assert isinstance(cells, ContinuousCells)  # noqa: S101 - asked of these only
    alone = not squared_deviations(cells.n, cells.total, cells.squares).any()
    return None if alone else float(np.median(cells.n[:, panel.periods.baseline].sum(axis=1)))
