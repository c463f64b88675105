"""One group's pooled series, and the periods a regression of it may use."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.design import Shock
from models.its.options import ItsOptions
from models.panel import CountCells, Kind, Panel, observed, pool_areas
from models.periods import Periods, Role
from models.summary import natural, period_matrix


@dataclass(frozen=True, slots=True)
class Series:
    """A group's pooled series.

    Attributes
    ----------
    values
        Events for counts; otherwise the summary on its linear scale, NaN where undefined. Shape (T,).
    weights
        Exposure for counts; otherwise the cases behind the value. Shape (T,).
    usable
        Periods the fit may use: in a window of it, and with a value. Shape (T,).
    partial
        Usable periods in which some area of the group had no cases. Shape (T,).
    """

    values: FloatArray
    weights: FloatArray
    usable: BoolArray
    partial: BoolArray


def window_of_fit(periods: Periods, options: ItsOptions, shocks: Sequence[Shock] = ()) -> BoolArray:
    """Periods a regression may use, shape (T,): the two windows, and the phase-in or shocks where they are kept."""
    window = periods.baseline | periods.follow_up
    if options.phase_in == "ramped":
        window = window | periods.where(Role.PHASE_IN)
    if options.shocks == "modelled":
        for shock in shocks:
            window = window | shock.periods
    return window


def pooled(panel: Panel, members: BoolArray, window: BoolArray) -> Series:
    """Pool some areas, a mask of shape (A,), and mark the periods of `window`, shape (T,), that have a value."""
    cells = pool_areas(panel.cells, members)
    partial = window & ~observed(panel.cells)[members].all(axis=0)
    if isinstance(cells, CountCells):
        values, weights = cells.events[0], cells.exposure[0]
        usable = window & (weights > 0)
    else:
        matrix, _, n = period_matrix(cells)
        values, weights = matrix[0], n[0]
        usable = window & np.isfinite(values) & (weights > 0)
    return Series(values, weights, usable, partial & usable)


def observed_values(panel: Panel, series: Series) -> FloatArray:
    """Observed series in the outcome's unit, shape (T,); NaN where there is none."""
    if panel.kind is not Kind.COUNT:
        return natural(panel, series.values)
    rate = np.full(len(series.values), np.nan)
    np.divide(series.values, series.weights, out=rate, where=series.weights > 0)
    return rate * panel.per
