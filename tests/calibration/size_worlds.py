"""Simulated pilots whose effect is known: the error designs A to H, carried by the cells of every outcome kind.

What is not in a design is the same for all kinds: `AREAS` areas, the first of them treated, 36 months before and 12
after. The errors u have a standard deviation of 1 and act on the linear scale of the kind, where an effect is a shift:
log rate, mean or share. See `docs/calibration.md` for the processes in words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy import special

from models.arrays import BoolArray, FloatArray, IntArray
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    Kind,
    OrdinalCells,
    Panel,
    TimeToEventCells,
    per_cell,
    rebuilt,
    select_areas,
)
from models.periods import Periods, Role, TimeUnit

AREAS, TREATED = 7, 2
BEFORE, AFTER = 36, 12
FIRST_MONTH = 2018 * 12
DAYS_IN_MONTH = 365.25 / 12
INCIDENTS = (90.0, 80.0, 120.0, 80.0, 245.0, 155.0, 155.0)  # incidents a month; South Norfolk and Broadland first
CASES = (60.0, 80.0, 100.0, 120.0, 140.0, 170.0, 200.0)  # complaints or answers a month
EQUAL = (100.0,) * AREAS  # answers behind a mean: a window's mean then weighs its months alike
HORIZON = 90  # days
LOST = 0.08  # share of cases that move away at some day of the first 90
SHARE_LIMITS = (0.02, 0.98)
COUNT_SD, NORFOLK_SD, SATISFACTION_SD, RECURRENCE_SD = 0.15, 0.11, 0.05, 0.04  # of u, on each scale
SATISFACTION, RECURRENCE = (0.45, 0.6), (0.25, 0.35)  # shares, from area to area
BELOW = (0.12, 0.30, 0.45, 0.80)  # of the answers, in an average area, below each level but the worst
AT_LEAST = 3  # the two best levels of five


@dataclass(frozen=True, slots=True)
class ErrorDesign:
    """How an area's months err around its level.

    Attributes
    ----------
    words
        For the table.
    correlation
        Between consecutive months of one area.
    shock
        Standard deviation of a shock to each area's whole follow-up.
    treated, one_comparison
        Factor on the errors of the treated areas, and of the last comparison area.
    trend
        Standard deviation of each area's slope, per month.
    """

    words: str
    correlation: float = 0.5
    shock: float = 0.0
    treated: float = 1.0
    one_comparison: float = 1.0
    trend: float = 0.0


DESIGNS = MappingProxyType(
    {
        "A": ErrorDesign("independent months", correlation=0.0),
        "B": ErrorDesign("correlation .5"),
        "C": ErrorDesign("correlation .8", correlation=0.8),
        "D": ErrorDesign("B and a shock of SD .5 to each area's follow-up", shock=0.5),
        "E": ErrorDesign("B, treated areas twice as noisy", treated=2.0),
        "F": ErrorDesign("B, treated areas half as noisy, one comparison area twice", treated=0.5, one_comparison=2.0),
        "H": ErrorDesign("B and a trend of its own in each area, SD .02 a month", trend=0.02),
    }
)
ALIKE = ("A", "B", "C", "D")  # areas differ by chance alone


@dataclass(frozen=True, slots=True)
class Layout:
    """Shape of a pilot: areas, the first `treated` of them treated, and months."""

    areas: int = AREAS
    treated: int = TREATED
    before: int = BEFORE
    after: int = AFTER

    @property
    def months(self) -> int:
        return self.before + self.after

    @property
    def is_treated(self) -> BoolArray:
        return np.arange(self.areas) < self.treated

    @property
    def exposed(self) -> FloatArray:
        """1 for the treated areas' follow-up, shape (A, T)."""
        return np.outer(self.is_treated, np.arange(self.months) >= self.before).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Stack:
    """Runs of one world as one panel: area a of run r is row ``r * areas + a``.

    Attributes
    ----------
    panel
        All runs.
    areas
        Areas of one run, A.
    """

    panel: Panel
    areas: int

    @property
    def runs(self) -> int:
        return len(self.panel.areas) // self.areas

    @property
    def treated(self) -> BoolArray:
        """Mask of the treated areas of one run, shape (A,)."""
        return self.panel.treated[: self.areas]

    def run(self, number: int) -> Panel:
        """One run as a panel of its own."""
        return select_areas(self.panel, np.arange(len(self.panel.areas)) // self.areas == number)

    def first(self, runs: int) -> "Stack":
        """The first so many runs."""
        if runs >= self.runs:
            return self
        return Stack(select_areas(self.panel, np.arange(len(self.panel.areas)) < runs * self.areas), self.areas)

    def merged(self) -> "Stack":
        """Every run with its treated areas added up into one, placed first.

        As `models.panel.merge_treated` does it for one panel; every cell is observed here.
        """
        treated = self.treated

        def add(array: FloatArray) -> FloatArray:
            by_run = array.reshape(self.runs, self.areas, *array.shape[1:])
            both = np.concatenate([by_run[:, treated].sum(axis=1, keepdims=True), by_run[:, ~treated]], axis=1)
            return both.reshape(-1, *array.shape[1:])

        cells = rebuilt(self.panel.cells, {name: add(array) for name, array in per_cell(self.panel.cells).items()})
        areas = 1 + int((~treated).sum())
        return Stack(stacked_panel(self.panel.kind, cells, areas, np.arange(areas) < 1, self.panel.periods), areas)


def stacked_panel(kind: Kind, cells: Cells, areas: int, treated: BoolArray, periods: Periods) -> Panel:
    """Build the panel of a stack from cells of shape (R * A, T, ...)."""
    rows = len(next(iter(per_cell(cells).values())))
    names = tuple(f"area {row % areas} of run {row // areas}" for row in range(rows))
    mask = np.tile(treated, rows // areas)
    return Panel("simulated", kind, "unit", 1.0, names, mask, periods, cells)


def months(before: int, after: int, first: int = FIRST_MONTH) -> Periods:
    """Months of baseline followed by months of follow-up."""
    return Periods(TimeUnit.MONTH, first, (Role.BASELINE,) * before + (Role.FOLLOW_UP,) * after)


def errors(design: ErrorDesign, layout: Layout, runs: int, rng: np.random.Generator) -> FloatArray:
    """Draw the errors u, shape (R, A, T); their standard deviation is 1 but for what the design adds."""
    shape = (runs, layout.areas, layout.months)
    u = rng.normal(size=shape)
    fresh = np.sqrt(1 - design.correlation**2)
    for t in range(1, layout.months):
        u[:, :, t] = design.correlation * u[:, :, t - 1] + fresh * u[:, :, t]
    factor = np.where(layout.is_treated, design.treated, 1.0)
    factor[-1] *= design.one_comparison
    u *= factor[None, :, None]
    month = np.arange(layout.months)
    u += design.shock * rng.normal(size=(runs, layout.areas, 1)) * (month >= layout.before)
    u += design.trend * rng.normal(size=(runs, layout.areas, 1)) * (month - month.mean())
    return u


type Process = Callable[[FloatArray, FloatArray, FloatArray, np.random.Generator], Cells]
"""From errors u (R, A, T), sizes (R, A, 1), the effect on the linear scale (A, T) and a generator to cells (R*A, T)."""


@dataclass(frozen=True, slots=True)
class World:
    """An outcome kind and the process its cells come from.

    Attributes
    ----------
    kind, words
        Outcome kind, and what it stands for.
    process
        Draws the cells.
    sizes
        Incidents, cases or answers a month of each area; used again from the start if there are more areas.
    shuffled
        Whether each run deals them out anew, so that treated areas are as large as others; else the order stays.
    """

    kind: Kind
    words: str
    process: Process
    sizes: tuple[float, ...] = CASES
    shuffled: bool = True


def simulate(
    world: World, design: ErrorDesign, layout: Layout, runs: int, rng: np.random.Generator, effect: float = 0.0
) -> Stack:
    """Draw pilots; `effect` is on the linear scale of the kind, and 0 is exactly none."""
    u = errors(design, layout, runs, rng)
    sizes = np.tile(np.resize(np.asarray(world.sizes), layout.areas), (runs, 1))
    dealt = rng.permuted(sizes, axis=1) if world.shuffled else sizes
    cells = world.process(u, dealt[:, :, None], effect * layout.exposed, rng)
    periods = months(layout.before, layout.after)
    return Stack(stacked_panel(world.kind, cells, layout.areas, layout.is_treated, periods), layout.areas)


def _flat(array: FloatArray) -> FloatArray:
    """Carry (R, A, T, ...) to (R * A, T, ...)."""
    return array.reshape(-1, *array.shape[2:])


def _drift(runs: int, length: int, walk: float, season: float, rng: np.random.Generator) -> FloatArray:
    """What moves all areas of a run alike: a random walk and a yearly cycle, shape (R, 1, T)."""
    cycle = season * np.cos(2 * np.pi * np.arange(length) / 12)
    return np.cumsum(walk * rng.normal(size=(runs, 1, length)), axis=2) + cycle


def counts(sd: float) -> Process:
    """Poisson counts around log rates that err by sd * u."""

    def process(u: FloatArray, sizes: FloatArray, effect: FloatArray, rng: np.random.Generator) -> Cells:
        log_rate = sd * u + effect + _drift(len(u), u.shape[2], 0.05, 0.25, rng)
        events = _flat(rng.poisson(sizes * np.exp(log_rate)).astype(np.float64))
        return CountCells(events, np.full(events.shape, DAYS_IN_MONTH))

    return process


def means(u: FloatArray, sizes: FloatArray, effect: FloatArray, rng: np.random.Generator) -> Cells:  # noqa: ARG001
    """Means that err by u exactly; single answers vary with a standard deviation of 5."""
    mean = _flat(u + effect)
    n = _flat(sizes * np.ones(u.shape[2]))
    return ContinuousCells(n, n * mean, n * (mean**2 + 25.0))


def _shares(
    level: tuple[float, float], sd: float, u: FloatArray, effect: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """True share of every cell: an area's own level, what moves all alike, sd * u and the effect; (R, A, T)."""
    own = rng.uniform(*level, size=(*u.shape[:2], 1))
    return np.clip(own + _drift(len(u), u.shape[2], 0.005, 0.03, rng) + sd * u + effect, *SHARE_LIMITS)


def _cases(u: FloatArray, sizes: FloatArray, rng: np.random.Generator) -> IntArray:
    return rng.poisson(sizes * np.ones(u.shape[2])).astype(np.int64)


def binary(u: FloatArray, sizes: FloatArray, effect: FloatArray, rng: np.random.Generator) -> Cells:
    """Share satisfied, around .45 to .6."""
    n = _cases(u, sizes, rng)
    satisfied = rng.binomial(n, _shares(SATISFACTION, SATISFACTION_SD, u, effect, rng))
    return BinaryCells(_flat(satisfied.astype(np.float64)), _flat(n.astype(np.float64)))


def ordinal(u: FloatArray, sizes: FloatArray, effect: FloatArray, rng: np.random.Generator) -> Cells:
    """Answers at five levels: the share at the two best moves as in `binary`, the others by proportional odds."""
    n = _cases(u, sizes, rng)
    share = _shares(SATISFACTION, SATISFACTION_SD, u, effect, rng)
    cuts = special.logit(np.asarray(BELOW))
    below = special.expit(cuts - cuts[AT_LEAST - 1] - special.logit(share)[..., None])
    edges = np.concatenate([np.zeros((*share.shape, 1)), below, np.ones((*share.shape, 1))], axis=-1)
    answers = rng.multinomial(n, np.diff(edges, axis=-1)).astype(np.float64)
    return OrdinalCells(_flat(answers), AT_LEAST)


def recurrence(u: FloatArray, sizes: FloatArray, effect: FloatArray, rng: np.random.Generator) -> Cells:
    """Cases that recur within 90 days, .25 to .35 of them, at a constant hazard; some are lost to view before."""
    n = _cases(u, sizes, rng)
    share = _shares(RECURRENCE, RECURRENCE_SD, u, effect, rng)
    lost = rng.binomial(n, LOST)
    recur = rng.binomial(n - lost, share)
    days = HORIZON + 1
    log_kept = np.log1p(-share.ravel())  # log of the share without an event by the last day

    def day(cell: IntArray, among: FloatArray | float) -> IntArray:
        """Day of the event of a case of each cell that is among the first `among` of all cases to have one."""
        drawn = np.log1p(-rng.random(len(cell)) * among) / log_kept[cell]
        return np.floor(days * drawn).astype(np.int64)

    def counted(cell: IntArray, when: IntArray) -> FloatArray:
        return np.bincount(cell * days + when, minlength=share.size * days).reshape(*share.shape, days)

    cell = np.repeat(np.arange(share.size), recur.ravel())
    events = counted(cell, np.minimum(day(cell, share.ravel()[cell]), HORIZON))
    cell = np.repeat(np.arange(share.size), lost.ravel())
    when, leaves = day(cell, 1.0), rng.integers(0, days, len(cell))
    seen = when <= leaves
    events += counted(cell[seen], when[seen])
    censored = counted(cell[~seen], leaves[~seen])
    censored[..., -1] += n - lost - recur
    return TimeToEventCells(_flat(events.astype(np.float64)), _flat(censored.astype(np.float64)))


KINDS: Mapping[str, World] = MappingProxyType(
    {
        "continuous": World(Kind.CONTINUOUS, "a mean", means, EQUAL),
        "count": World(Kind.COUNT, "recorded incidents, 80 to 245 a month", counts(COUNT_SD), INCIDENTS),
        "binary": World(Kind.BINARY, "share satisfied, 60 to 200 answers a month", binary),
        "ordinal": World(Kind.ORDINAL, "share at the two best of five levels, 60 to 200 answers a month", ordinal),
        "time to event": World(Kind.TIME_TO_EVENT, "share recurring in 90 days, 60 to 200 cases a month", recurrence),
    }
)
NORFOLK_PILOT = World(Kind.COUNT, "recorded incidents, SD .11", counts(NORFOLK_SD), INCIDENTS, shuffled=False)
SMALL: Mapping[str, World] = MappingProxyType(
    {
        name: replace(world, sizes=tuple(sorted(world.sizes)), shuffled=False)
        for name, world in KINDS.items()
        if name != "continuous"
    }
)
"""The same with the two smallest areas always treated."""
NORFOLK_LAYOUT = Layout(before=24, after=12)
NORFOLK_NOISIER = replace(NORFOLK_PILOT, process=counts(COUNT_SD))
SHIFTS: Mapping[str, float] = MappingProxyType(
    {"continuous": 1.0, "count": float(np.log(0.7)), "binary": 0.1, "ordinal": 0.1, "time to event": -0.1}
)
"""A large effect on each kind's linear scale: a standard deviation, a ratio of .7, ten points."""
