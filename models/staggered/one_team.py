"""The areas of a start as one unit, where one team serves all treated areas."""

from dataclasses import replace
from typing import Literal

import numpy as np

from models.arrays import IntArray
from models.bins import BinLength
from models.design import Design
from models.did.checks import one_team as compare
from models.estimate import Check, Estimate, Status
from models.panel import Panel, per_cell, pool_areas, rebuilt
from models.staggered.calendar import starts_of
from models.staggered.grid import Grid
from models.staggered.options import StaggeredOptions

NAME = "staggered_one_team"
AS_ONE = "treated areas of a start as one unit"
UNJUDGED = "Whether the answer changes with the areas of a start as one unit cannot be judged."


def merged_by_start(panel: Panel, design: Design) -> tuple[Panel, Design]:
    """Add up the cells of treated areas that start together, and end their phase-in together.

    Returns
    -------
    tuple
        The panel with one unit for each start first, in order of the starts, then the areas that never start; and the
        design with the starts and phase-ins of those units.
    """
    began, counts = starts_of(panel, design)
    units = _units(panel, began, counts)
    names = [" + ".join(panel.areas[a] for a in members) for members in units]
    never = ~panel.treated
    pools = [per_cell(pool_areas(panel.cells, members)) for members in units]
    cells = rebuilt(
        panel.cells,
        {
            name: np.concatenate([*(pool[name] for pool in pools), array[never]])
            for name, array in per_cell(panel.cells).items()
        },
    )
    treated = np.arange(len(units) + int(never.sum())) < len(units)
    areas = (*names, *(area for area, out in zip(panel.areas, never, strict=True) if out))
    firsts = [members[0] for members in units]
    own = design.starts and {
        name: int(began[a]) for name, a in zip(names, firsts, strict=True) if began[a] < len(panel.periods)
    }
    phase_in = {name: int(counts[a] - began[a]) for name, a in zip(names, firsts, strict=True) if name in own}
    return replace(panel, areas=areas, treated=treated, cells=cells), replace(design, starts=own, phase_in=phase_in)


def _units(panel: Panel, began: IntArray, counts: IntArray) -> list[list[int]]:
    """Treated areas that start together, by their index."""
    found: dict[tuple[int, int], list[int]] = {}
    for a in np.flatnonzero(panel.treated).tolist():
        found.setdefault((int(began[a]), int(counts[a])), []).append(a)
    return [found[key] for key in sorted(found)]


def same_bins(options: StaggeredOptions, grid: Grid) -> StaggeredOptions:
    """Take the bins of the headline, so that only the areas differ."""
    lengths: dict[str, Literal["quarter", "half_year", "year"]] = {
        BinLength(name).word: name for name in ("quarter", "half_year", "year")
    }
    return replace(options, bin=lengths.get(grid.word, "period"))


def one_team(main: Estimate, merged: Estimate | None, why: str) -> Check:
    """Compare the headline with the estimate that takes the areas of a start as one unit.

    Parameters
    ----------
    main, merged
        The headline, and the same on merged areas; None if that cannot be estimated.
    why
        Why there is none, or none with an interval.
    """
    if merged is None or merged.interval is None or main.interval is None:
        return Check(NAME, Status.NOT_RUN, UNJUDGED, why or "One of the two estimates has no interval.")
    found, starts = compare(main, merged), merged.clusters.treated
    unit = "as one unit" if starts == 1 else f"as one unit for each of {starts:,} starts"
    finding = found.finding.replace("as one unit", unit)
    return replace(found, id=NAME, finding=finding, detail=found.detail or _alone(main, starts))


def _alone(main: Estimate, starts: int) -> str:
    """Say so where no areas started together, so that there was nothing to merge."""
    if starts < main.clusters.treated:
        return ""
    return "Each start has a single area, so nothing was merged: whatever happened to that team at each start counts."
