"""Cases by kind in both windows: rare kinds put together, and values at another mix of kinds than was seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.case import Stratum
from models.changes import RESOLUTION
from models.inference.refusal import NoInference
from models.panel import BinaryCells, Cells, DurationCells, per_cell, pool_periods, rebuilt
from models.periods import Periods
from models.summary import summarise

FEWEST = 5
"""Cases behind the value of one kind in one area and window; the mean of fewer says little of that kind."""

TOO_RARE = (
    "Kinds of case are too rare to be told apart: no two of them, even with the rarest put together, have {needed}. "
    "Declare fewer kinds, or use longer windows."
)
EVERYWHERE = f"at least {FEWEST} cases in every area and window"
ANSWERED = "an answer wherever people of that kind were asked"


@dataclass(frozen=True, slots=True)
class Kinds:
    """S kinds of case in A areas and the two windows, baseline first.

    Attributes
    ----------
    names
        Of the kinds, length S; those put together come last, as one.
    values
        Mean of the outcome among cases of a kind on the linear scale, shape (S, A, 2); NaN where undefined.
    cases
        Cases of each kind, answered or not, shape (S, A, 2).
    together
        Kinds that were put together because one of them is rare; empty if none were.
    """

    names: tuple[str, ...]
    values: FloatArray
    cases: FloatArray
    together: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind, or several put together: values, answers and cases of shape (A, 2)."""

    values: FloatArray
    answers: FloatArray
    cases: FloatArray


def cases_by_kind(strata: Sequence[Stratum], periods: Periods) -> FloatArray:
    """Cases of each kind in both windows, answered or not, shape (S, A, 2)."""
    return np.asarray([_cases([s], periods) for s in strata])


def kinds_of(
    strata: Sequence[Stratum], periods: Periods, usable: BoolArray, *, everywhere: bool
) -> Kinds | NoInference:
    """Summarise the outcome by kind of case, with rare kinds put together.

    Parameters
    ----------
    strata
        Cases by kind; together they are all cases.
    usable
        Mask of the areas that must have enough of each kind, shape (A,).
    everywhere
        True if each kind needs `FEWEST` cases with a value in every area and window; False if it needs one answer
        wherever there are cases of it.

    Returns
    -------
    Kinds | NoInference
        Kinds without enough somewhere are put together; while even together they are not enough, the rarest of the
        others joins them. A refusal if that leaves fewer than two kinds.
    """
    order = np.argsort(-cases_by_kind(strata, periods).sum(axis=(1, 2)), kind="stable")
    ranked = [strata[s] for s in order]
    single = [_kind([s], periods) for s in ranked]
    enough = [_enough(kind, usable, everywhere=everywhere) for kind in single]
    apart = [s for s, ok in zip(ranked, enough, strict=True) if ok]
    rare = [s for s, ok in zip(ranked, enough, strict=True) if not ok]
    while rare and apart and not _enough(_kind(rare, periods), usable, everywhere=everywhere):
        rare.insert(0, apart.pop())
    found = [kind for s, kind in zip(ranked, single, strict=True) if s in apart] + (
        [_kind(rare, periods)] if rare else []
    )
    if len(found) < 2:
        return NoInference(TOO_RARE.format(needed=EVERYWHERE if everywhere else ANSWERED))
    together = tuple(s.name for s in rare)
    last = () if not rare else (" / ".join(together),)
    return Kinds(
        names=(*(s.name for s in apart), *last),
        values=np.asarray([kind.values for kind in found]),
        cases=np.asarray([kind.cases for kind in found]),
        together=together if len(together) > 1 else (),
    )


def at_mix(kinds: Kinds, mix: FloatArray) -> FloatArray:
    """Mean over kinds at a given mix, shape (A, 2); kinds with no weight do not count.

    Parameters
    ----------
    mix
        Weight of each kind, shape (S, 1, 1) or (S, A, 2); need not add up to 1.
    """
    weights = np.broadcast_to(mix, kinds.values.shape)
    total = weights.sum(axis=0)
    products = np.where(weights > 0, weights * kinds.values, 0.0)
    mean = np.full(total.shape, np.nan)
    np.divide(products.sum(axis=0), total, out=mean, where=total > 0)
    return mean


def resolution_of(values: FloatArray) -> float:
    """Size of a difference between these values that is only rounding error."""
    return RESOLUTION * float(np.nanmax(np.abs(values), initial=0.0))


def _kind(strata: Sequence[Stratum], periods: Periods) -> _Kind:
    cells = _added([s.panel.cells for s in strata])
    found = [summarise(cells, window) for window in (periods.baseline, periods.follow_up)]
    return _Kind(
        values=np.column_stack([summary.value for summary in found]),
        answers=np.column_stack([summary.n for summary in found]),
        cases=_cases(strata, periods),
    )


def _cases(strata: Sequence[Stratum], periods: Periods) -> FloatArray:
    asked = _added([s.asked.cells for s in strata])
    windows = [pool_periods(asked, window) for window in (periods.baseline, periods.follow_up)]
    return np.asarray([window.trials[:, 0] for window in windows if isinstance(window, BinaryCells)]).T


def _enough(kind: _Kind, usable: BoolArray, *, everywhere: bool) -> bool:
    known = ~np.isnan(kind.values)
    ok = known & (kind.answers >= FEWEST) if everywhere else known | (kind.cases == 0)
    return bool(ok[usable].all())


def _added(cells: Sequence[Cells]) -> Cells:
    """Add up cells of the same areas and periods; the bins of open cases may differ, so they stand side by side."""
    first = cells[0]
    arrays = {
        name: np.sum([per_cell(c)[name] for c in cells], axis=0) for name in per_cell(first) if name != "still_open"
    }
    if not isinstance(first, DurationCells):
        return rebuilt(first, arrays)
    durations = [c for c in cells if isinstance(c, DurationCells)]
    return DurationCells(
        **arrays,
        still_open=np.concatenate([c.still_open for c in durations], axis=2),
        open_days=np.concatenate([c.open_days for c in durations]),
    )
