"""Cells as the sampler sees them: areas by bins of time, who is treated when, and which areas share a shock."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.design import Design
from models.panel import Cells, Panel, observed, per_cell, pool_periods, rebuilt
from models.periods import MONTHS_PER_YEAR, Role

LONG_SERIES = 24
"""Bins of baseline from which neighbouring bins are allowed to be alike (autocorrelation)."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A areas by B bins of the two windows.

    Attributes
    ----------
    panel
        The outcome as given.
    cells
        Its cells, the periods of each bin added up, shape (A, B, ...).
    members
        Which periods each bin holds, shape (B, T).
    treated
        Mask of the treated areas, shape (A,).
    after
        1 for bins of the follow-up, 0 for the baseline, shape (B,).
    units
        Delivery unit of each area, 0 to U - 1, shape (A,): areas served by one team share one follow-up shock.
    linked
        1 where a bin follows the one before it without a gap, shape (B,); the first is 0.
    year
        Time in years from the start of follow-up, shape (B,).
    season
        Position in the year, 0 to 1, shape (B,).
    seen
        Cells with data, shape (A, B).
    series
        Whether the bins are many enough for neighbouring ones to be alike (autocorrelation).
    """

    panel: Panel
    cells: Cells
    members: BoolArray
    treated: BoolArray
    after: FloatArray
    units: IntArray
    linked: FloatArray
    year: FloatArray
    season: FloatArray
    seen: BoolArray
    series: bool

    @property
    def shape(self) -> tuple[int, int]:
        """A areas and B bins."""
        return self.seen.shape[0], self.seen.shape[1]

    @property
    def n_units(self) -> int:
        """Number U of delivery units."""
        return int(self.units.max()) + 1

    @property
    def exposed(self) -> FloatArray:
        """1 where the intervention was at work, shape (A, B)."""
        return self.treated[:, None] * self.after[None, :]

    @property
    def compared(self) -> bool:
        """Whether there are comparison areas."""
        return not bool(self.treated.all())


def layout_of(panel: Panel, design: Design, months: int = 1) -> Layout:
    """Cut both windows into bins of so many calendar months and add up their cells.

    Parameters
    ----------
    panel
        The outcome.
    design
        Whether one team serves all treated areas.
    months
        Months in a bin; periods at least as long stay as they are. A bin never joins the two windows, or reaches over
        a stretch that is left out.
    """
    members, roles = _bins(panel, months)
    cells = _pooled(panel.cells, members)
    first = np.asarray([int(np.flatnonzero(m)[0]) for m in members])
    last = np.asarray([int(np.flatnonzero(m)[-1]) for m in members])
    linked = np.concatenate(([0.0], (first[1:] == last[:-1] + 1).astype(np.float64)))
    after = np.asarray([role is Role.FOLLOW_UP for role in roles], dtype=np.float64)
    middle = (first + last + 1) / 2.0
    per_year = panel.periods.unit.per_year
    begun = float(first[after > 0][0]) if after.any() else float(last[-1] + 1)
    starts = panel.periods.starts[0]
    in_year = (starts.timetuple().tm_yday - 1) / 365.25
    return Layout(
        panel=panel,
        cells=cells,
        members=members,
        treated=panel.treated,
        after=after,
        units=_units(panel.treated, shared=design.shared_delivery),
        linked=linked,
        year=(middle - begun) / per_year,
        season=np.mod(in_year + middle / per_year, 1.0),
        seen=observed(cells),
        series=int((after == 0).sum()) >= LONG_SERIES,
    )


def _bins(panel: Panel, months: int) -> tuple[BoolArray, list[Role]]:
    per_bin = max(1, round(panel.periods.unit.per_year * months / MONTHS_PER_YEAR))
    used = [(t, role) for t, role in enumerate(panel.periods.roles) if role in {Role.BASELINE, Role.FOLLOW_UP}]
    masks, roles = [], []
    starts = {role: next((t for t, r in used if r is role), 0) for role in (Role.BASELINE, Role.FOLLOW_UP)}
    # Bins are counted from the start of each window, and a stretch left out begins a new one.
    keys = [(role, t - k, (t - starts[role]) // per_bin) for k, (t, role) in enumerate(used)]
    for key, group in groupby(zip(keys, used, strict=True), key=lambda pair: pair[0]):
        mask = np.zeros(len(panel.periods), dtype=np.bool_)
        mask[[t for _, (t, _) in group]] = True
        masks.append(mask)
        roles.append(key[0])
    return np.asarray(masks), roles


def _pooled(cells: Cells, members: BoolArray) -> Cells:
    pooled = [per_cell(pool_periods(cells, mask)) for mask in members]
    return rebuilt(cells, {name: np.concatenate([p[name] for p in pooled], axis=1) for name in pooled[0]})


def _units(treated: BoolArray, *, shared: bool) -> IntArray:
    """Number the delivery units: one for all treated areas if one team serves them, and one for each other area."""
    if not shared:
        return np.arange(treated.size, dtype=np.int64)
    units = np.zeros(treated.size, dtype=np.int64)
    units[~treated] = 1 + np.arange(int((~treated).sum()))
    return units
