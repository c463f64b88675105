"""Many windows of the same cells, each summarised once."""

from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.panel import Cells, CountCells, per_cell, rebuilt
from models.summary import Summary, Undefined, summarise

CHUNK = 4_000_000
"""Numbers held at once while windows are pooled."""


@dataclass(frozen=True, slots=True)
class Window:
    """One window of every area.

    Attributes
    ----------
    summary
        As `models.summary.summarise` gives it.
    size
        How much each area counts if areas count by size, shape (A,): exposure for counts, cases otherwise.
    """

    summary: Summary
    size: FloatArray


def summarise_windows(cells: Cells, masks: BoolArray) -> tuple[Window, ...]:
    """Summarise W windows of A areas, masks of shape (W, T), as `summarise` would one after the other."""
    arrays = per_cell(cells)
    each = sum(array.size // array.shape[1] for array in arrays.values())
    step = max(1, CHUNK // max(1, each))
    return tuple(
        window for start in range(0, len(masks), step) for window in _pooled(cells, masks[start : start + step])
    )


def _pooled(cells: Cells, masks: BoolArray) -> tuple[Window, ...]:
    """Pool every window by one product, and lay the windows out as if each were another set of areas."""
    inside = masks.astype(np.float64)
    sums = {name: np.tensordot(inside, array, axes=(1, 1)) for name, array in per_cell(cells).items()}
    windows, areas = next(iter(sums.values())).shape[:2]
    flat = rebuilt(cells, {name: a.reshape(windows * areas, 1, *a.shape[2:]) for name, a in sums.items()})
    summary = summarise(flat, np.ones(1, dtype=np.bool_))
    size = flat.exposure[:, 0] if isinstance(flat, CountCells) else summary.n
    undefined: list[dict[int, Undefined]] = [{} for _ in range(windows)]
    for index, why in summary.undefined.items():
        undefined[index // areas][index % areas] = why
    value, variance, n, sizes = (
        array.reshape(windows, areas) for array in (summary.value, summary.variance, summary.n, size)
    )
    return tuple(Window(Summary(value[w], variance[w], n[w], undefined[w]), sizes[w]) for w in range(windows))
