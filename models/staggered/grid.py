"""Cells by area and bin: the one matrix that staggered starts are read from."""

from dataclasses import dataclass, replace

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.bins import BinLength, bins_of
from models.changes import REMEDY, RESOLUTION
from models.design import Design
from models.inference.refusal import NoInference
from models.panel import Panel, observed
from models.periods import Periods, Role
from models.sensitivity.summaries import Window, summarise_windows
from models.staggered.calendar import first_start, starts_of, used_periods
from models.staggered.group_time import Groups
from models.staggered.options import StaggeredOptions
from models.summary import Undefined
from models.wording import listed

PERIOD = "period"
SILENT = frozenset({Undefined.NO_EVENTS, Undefined.NONE_COMPLETED})
"""Reasons for having no value that lie in the outcome itself: leaving out by them would be choosing by the outcome."""
KEPT = 2 / 3
"""Share of a group's periods after its start that bins must keep for `auto` to choose them."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Bins on the calendar.

    Attributes
    ----------
    length
        `period`, `quarter`, `half_year` or `year`.
    masks
        Periods of each bin, shape (B, T).
    left_out
        Bins that cannot be used, in words.
    """

    length: str
    masks: BoolArray
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """One value for every area and bin, and who started when.

    Attributes
    ----------
    values
        On the linear scale, shape (A, B); none is missing.
    exposed
        Part of each bin's periods in which the area had the intervention, shape (A, B).
    groups
        Areas by their start.
    started
        First period of the intervention of each group, by its label; empty for areas that never start.
    number
        Place of each bin in the calendar, shape (B,).
    labels
        Names of the bins.
    word
        What a bin is called: "year", "half-year", "quarter", or the study's period.
    areas
        Mask of the panel's areas that are in it.
    left_out
        Bins that are not, and why, in words.
    kept
        Smallest part, over treated areas, of the periods since the start and its phase-in that lie in bins after it.
    resolution
        Size of a difference between values that is only rounding error.
    """

    values: FloatArray
    exposed: FloatArray
    groups: Groups
    started: tuple[str, ...]
    number: IntArray
    labels: tuple[str, ...]
    word: str
    areas: BoolArray
    left_out: tuple[str, ...]
    kept: float
    resolution: float

    @property
    def partial(self) -> bool:
        """Whether some bin lies neither before nor after a start."""
        groups = self.groups
        return bool((groups.first[~groups.never] > groups.last[~groups.never] + 1).any())


def grid_of(panel: Panel, design: Design, options: StaggeredOptions) -> Grid | NoInference:
    """Lay the outcome out by area and bin.

    Returns
    -------
    Grid or NoInference
        Without areas that have no data before the earliest start or after it, and without bins in which one of the
        others has no data or is not followed long enough. An area with data but no events, or none completed, in some
        bin stops the analysis, because leaving the bin or the area out would choose by the outcome.
    """
    if options.bin != "auto":
        slots = _slots(panel, options.bin)
        return slots if isinstance(slots, NoInference) else _filled(panel, design, options, slots)
    found = [_slots(panel, length) for length in ("year", "half_year", "quarter", PERIOD)]
    grids = [s if isinstance(s, NoInference) else _filled(panel, design, options, s) for s in found]
    usable = [grid for grid in grids if isinstance(grid, Grid)]
    for grid in usable:
        if _fits(grid):
            return grid
    whole = [grid for grid in usable if not _incomplete(grid)]
    return next(iter([*reversed(whole), *reversed(usable), grids[-1]]))


def _slots(panel: Panel, length: str) -> Slots | NoInference:
    """Cut time into bins, backwards and forwards from the earliest start."""
    periods = panel.periods
    seen = observed(panel.cells).any(axis=0)
    used = used_periods(periods)
    if length == PERIOD:
        masks = np.eye(len(periods), dtype=np.bool_)[used & seen]
        unseen = [periods.labels[t] for t in np.flatnonzero(used & ~seen)]
        return Slots(length, masks, (f"{listed(unseen)} (no area has data)",) if unseen else ())
    roles = tuple(Role.FOLLOW_UP if role is Role.PHASE_IN else role for role in periods.roles)
    bins = bins_of(replace(panel, periods=replace(periods, roles=roles)), BinLength(length))
    if isinstance(bins, NoInference):
        return bins
    return Slots(length, np.asarray([b.periods for b in (*bins.before, *bins.after)]), bins.left_out)


def _filled(panel: Panel, design: Design, options: StaggeredOptions, slots: Slots) -> Grid | NoInference:
    """Give every area its value in every bin; bins and areas that cannot have one are left out."""
    origin = first_start(panel.periods)
    windows = summarise_windows(panel.cells, slots.masks) if len(slots.masks) else ()
    known = np.asarray([w.summary.defined for w in windows]).reshape(len(windows), len(panel.areas)).T
    early = np.asarray([np.flatnonzero(mask)[0] < origin for mask in slots.masks], dtype=np.bool_)
    silent = _silent(windows, known.shape)
    held = known | silent
    areas = held[:, early].any(axis=1) & held[:, ~early].any(axis=1)
    for group, members in (("treated", panel.treated), ("comparison or later", ~panel.treated)):
        if members.any() and not (members & areas).any():
            return NoInference(f"No {group} area has data both before the earliest start and after it.")
    if silent[areas].any():
        return NoInference(_without_value(panel, windows, silent & areas[:, None], slots))
    whole = known[areas].all(axis=0)
    if not (whole & early).any() or not (whole & ~early).any():
        return NoInference(_no_bin(panel, windows, areas, whole, early))
    masks = slots.masks[whole]
    values = np.asarray([w.summary.value[areas] for w, ok in zip(windows, whole, strict=True) if ok]).T
    names = _labels(panel.periods, slots.masks)
    without = [f"{name} (an area without a value)" for name, ok in zip(names, whole, strict=True) if not ok]
    began, counts = (each[areas] for each in starts_of(panel, design))
    groups, started = _groups(panel.periods, masks, began, counts, options.anticipation)
    clock = np.arange(len(panel.periods))
    exposed = (masks[None] & (clock >= began[:, None, None])).sum(axis=2) / masks.sum(axis=1)
    return Grid(
        values=values,
        exposed=exposed,
        kept=_kept(panel, masks, groups, counts),
        groups=groups,
        started=started,
        number=_numbers(panel.periods, slots, origin)[whole],
        labels=tuple(name for name, ok in zip(names, whole, strict=True) if ok),
        word=panel.periods.unit.value if slots.length == PERIOD else BinLength(slots.length).word,
        areas=areas,
        left_out=(*slots.left_out, *without),
        resolution=RESOLUTION * float(np.abs(values).max(initial=0.0)),
    )


def _silent(windows: tuple[Window, ...], shape: tuple[int, ...]) -> BoolArray:
    """Mask of the areas and bins with data but no value for a reason of `SILENT`, shape (A, B)."""
    silent = np.zeros(shape, dtype=np.bool_)
    for b, window in enumerate(windows):
        silent[[a for a, reason in window.summary.undefined.items() if reason in SILENT], b] = True
    return silent


def _without_value(panel: Panel, windows: tuple[Window, ...], silent: BoolArray, slots: Slots) -> str:
    """Name the areas that have data but no value in some bin, and the first such bin of each."""
    names = _labels(panel.periods, slots.masks)
    firsts = [(int(a), int(np.flatnonzero(silent[a])[0])) for a in np.flatnonzero(silent.any(axis=1))]
    where = listed([f"{panel.areas[a]} ({names[b]})" for a, b in firsts])
    reason = windows[firsts[0][1]].summary.undefined[firsts[0][0]]
    return (
        f"{reason.capitalize()} in {where}, so no value there, and leaving out bins or areas for that would be "
        "choosing them by their outcome. Choose longer bins with the option `bin`, use longer windows, or merge areas."
    )


def _no_bin(panel: Panel, windows: tuple[Window, ...], areas: BoolArray, whole: BoolArray, early: BoolArray) -> str:
    """Say why no bin before, or none after, has a value in every area: by the reason, if it is one."""
    side = early if not (whole & early).any() else ~early
    where = "before the earliest start" if not (whole & early).any() else "after the earliest start"
    gaps = {
        reason: panel.areas[a]
        for window, of_side in zip(windows, side, strict=True)
        if of_side
        for a, reason in window.summary.undefined.items()
        if areas[a]
    }
    for reason, remedy in REMEDY.items():
        if reason in gaps:
            return remedy.format(where=f"{gaps[reason]} (in each bin {where}, or other areas in some of them)")
    return f"In no bin {where} do all areas have a value. Choose longer bins with the option `bin`."


def _labels(periods: Periods, masks: BoolArray) -> list[str]:
    names = periods.labels
    ends = [(int(held[0]), int(held[-1])) for held in map(np.flatnonzero, masks)]
    return [names[a] if a == b else f"{names[a]} to {names[b]}" for a, b in ends]


def _numbers(periods: Periods, slots: Slots, origin: int) -> IntArray:
    """Place of each bin in the calendar; the first one after the earliest start is 0."""
    middles = np.asarray([np.flatnonzero(mask).mean() for mask in slots.masks])
    full = 1.0 if slots.length == PERIOD else periods.unit.per_year * BinLength(slots.length).months / 12
    return np.floor((middles + 0.5 - origin) / full).astype(np.int64)


def _groups(
    periods: Periods, masks: BoolArray, began: IntArray, counts: IntArray, anticipation: int
) -> tuple[Groups, tuple[str, ...]]:
    """Put areas together that have the same bins before and after their start; those that never start come last."""
    opens = np.asarray([np.flatnonzero(mask)[0] for mask in masks])
    closes = np.asarray([np.flatnonzero(mask)[-1] for mask in masks])
    never = began >= len(periods)
    quiet = np.where(never, len(periods), began - anticipation)
    last = (closes < quiet[:, None]).sum(axis=1) - 1
    first = (opens < counts[:, None]).sum(axis=1)
    keys = list(zip(last.tolist(), first.tolist(), never.tolist(), strict=True))
    merged: dict[tuple[int, int, bool], int] = {}
    for a in np.argsort(began, kind="stable"):
        merged.setdefault(keys[a], int(began[a]))
    order = {key: place for place, key in enumerate(merged)}
    member = np.asarray([order[key] for key in keys], dtype=np.int64)
    labels = tuple("" if key[2] else periods.labels[start] for key, start in merged.items())
    return Groups(
        member=member,
        last=np.asarray([key[0] for key in merged], dtype=np.int64),
        first=np.asarray([key[1] for key in merged], dtype=np.int64),
        never=np.asarray([key[2] for key in merged], dtype=np.bool_),
    ), labels


def _kept(panel: Panel, masks: BoolArray, groups: Groups, counts: IntArray) -> float:
    used = used_periods(panel.periods) & observed(panel.cells).any(axis=0)
    each = masks.sum(axis=1)
    clock = np.arange(len(used))
    shares = [1.0]
    for group, settled in sorted(set(zip(groups.member.tolist(), counts.tolist(), strict=True))):
        since = int((used & (clock >= settled)).sum())
        if not groups.never[group] and since:
            shares.append(float(each[groups.first[group] :].sum()) / since)
    return min(shares)


def _incomplete(grid: Grid) -> bool:
    return any("without a value" in why for why in grid.left_out)


def _fits(grid: Grid) -> bool:
    """Whether bins part every start cleanly and keep enough of what follows it, and no bin is left out for an area."""
    groups, treated = grid.groups, ~grid.groups.never
    on_edge = bool(np.isin(grid.exposed, (0.0, 1.0)).all())
    return bool(
        on_edge
        and not _incomplete(grid)
        and (groups.last[treated] >= 0).all()
        and (groups.first[treated] < len(grid.labels)).all()
        and grid.kept >= KEPT
    )
