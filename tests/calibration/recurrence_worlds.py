"""Simulated pilots with repeats: cases of their own proneness, areas whose rate moves by itself from window to window.

A case has a frailty from a gamma distribution of mean 1 and a Poisson process of repeats at the frailty times the rate
of its area and window; repeats of one day are one. The log rate is that of the area, plus what all areas share, plus a
shock of each area and window, plus the effect in treated areas' follow-up.
"""

from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.case import Case, Repeats
from models.event_curve import remaining
from models.panel import Kind, Panel, TimeToEventCells
from models.periods import Periods, Role, TimeUnit
from models.recurrence.measures import Window
from models.recurrence.risk import RepeatCounts, Risk

AREAS, TREATED = 7, 2
HORIZON = 90  # days
SIZES = (150.0, 200.0, 250.0, 300.0, 350.0, 400.0, 450.0)  # cases of an area and window, dealt out anew in each run
RATE = 0.5  # repeats per case within the horizon, in an average area
AREA_SD, COMMON_SD = 0.25, 0.15  # of log rates: between areas, and of what all share in the follow-up
NUMBERS = 4  # repeats before a repeat: 0, 1, 2, or 3 and more
DAYS = HORIZON + 1


@dataclass(frozen=True, slots=True)
class World:
    """One way in which pilots come about.

    Attributes
    ----------
    words
        For the table.
    frailty
        Variance of the cases' frailty; 0 for cases that are alike.
    shock
        Standard deviation of the log rate's shock to an area and window.
    treated_shock
        Factor on the treated areas' shocks.
    short, short_treated
        Share of follow-up cases of comparison areas, and of treated ones, that are in view for a part of the horizon
        only, drawn uniformly; LOST of all baseline cases.
    """

    words: str
    frailty: float = 1.0
    shock: float = 0.12
    treated_shock: float = 1.0
    short: float = 0.1
    short_treated: float = 0.1


LOST = 0.1
WORLDS = MappingProxyType(
    {
        "shocks": World("cases differ (frailty variance 1), shocks of SD .12"),
        "alike": World("cases alike, shocks of SD .12", frailty=0.0),
        "none": World("cases differ, no shocks", shock=0.0),
        "short": World(
            "as the first, 40% of follow-up cases in view for a part of the 90 days", short=0.4, short_treated=0.4
        ),
        "uneven": World("as the first, 40% of treated areas' follow-up cases only", short_treated=0.4),
        "noisy": World("as the first, treated areas' shocks twice as large", treated_shock=2.0),
    }
)


@dataclass(frozen=True, slots=True)
class Pilots:
    """R simulated pilots of A areas; area a of run r is row ``r * A + a`` of both windows.

    Attributes
    ----------
    before, after
        Cells of the windows.
    rates
        True repeats per case within the horizon, shape (2, R, A): baseline, and follow-up without the effect.
    effect
        Log rate ratio in treated areas' follow-up.
    treated
        Mask of one run's treated areas, shape (A,).
    """

    before: Window
    after: Window
    rates: FloatArray
    effect: float
    treated: BoolArray

    @property
    def runs(self) -> int:
        return self.rates.shape[1]


def simulate(world: World, runs: int, rng: np.random.Generator, effect: float = 0.0) -> Pilots:
    """Draw pilots; `effect` is a log rate ratio."""
    treated = np.arange(AREAS) < TREATED
    shape = (runs, AREAS)
    factor = np.where(treated, world.treated_shock, 1.0)
    shocks = world.shock * factor * rng.normal(size=(2, *shape))
    common = np.stack([np.zeros((runs, 1)), COMMON_SD * rng.normal(size=(runs, 1))])
    rates = RATE * np.exp(AREA_SD * rng.normal(size=shape) + common + shocks)
    sizes = rng.permuted(np.tile(SIZES, (runs, 1)), axis=1)
    short = np.stack([np.full(AREAS, LOST), np.where(treated, world.short_treated, world.short)])
    windows = [
        window_of(
            rng.poisson(sizes).ravel(),
            (rates[w] * np.exp(effect * treated * w)).ravel(),
            np.tile(short[w], runs),
            world.frailty,
            rng,
        )
        for w in (0, 1)
    ]
    return Pilots(windows[0], windows[1], rates, effect, treated)


def window_of(
    cases: IntArray, rates: FloatArray, short: FloatArray, frailty: float, rng: np.random.Generator
) -> Window:
    """Draw the cases of one window of C areas, each argument of shape (C,), and count them by day."""
    area = np.repeat(np.arange(len(cases)), cases)
    prone = rng.gamma(1 / frailty, frailty, len(area)) if frailty else np.ones(len(area))
    cut = rng.random(len(area)) < short[area]
    followed = np.where(cut, np.floor(rng.random(len(area)) * DAYS), HORIZON).astype(np.int64)
    drawn = rng.poisson(prone * rates[area] * followed / HORIZON)
    case = np.repeat(np.arange(len(area)), drawn)
    day = 1 + np.floor(rng.random(len(case)) * followed[case]).astype(np.int64)
    return counted(area, followed, np.unique(case * DAYS + day), len(cases))


def counted(area: IntArray, followed: IntArray, repeats: IntArray, areas: int) -> Window:
    """Count cases, each with its area and last day, and their repeats, each as ``case * DAYS + day``, in order."""
    case, day = repeats // DAYS, repeats % DAYS
    total = np.bincount(case, minlength=len(area))
    first = np.cumsum(total) - total
    number = np.arange(len(case)) - first[case]
    previous = np.where(number > 0, np.concatenate([[0], day[:-1]]) if len(day) else day, 0)
    last = np.zeros(len(area), dtype=np.int64)
    last[case] = day

    def by_day(where: IntArray, level: IntArray, when: IntArray) -> FloatArray:
        code = (where * NUMBERS + np.minimum(level, NUMBERS - 1)) * DAYS + when
        return np.bincount(code, minlength=areas * NUMBERS * DAYS).reshape(areas, NUMBERS, DAYS).astype(np.float64)

    events, censored = by_day(area[case], number, day), by_day(area, total, followed)
    gaps = by_day(area[case], number, day - previous), by_day(area, total, followed - last)
    cells = TimeToEventCells(events[:, None, 0], censored[:, None, 0])
    return Window(cells, RepeatCounts(events, censored, *gaps, ended=np.zeros_like(events)))


def case_of(pilots: Pilots, run: int) -> Case:
    """One run as a case: one period of baseline, one of follow-up."""
    part = slice(run * AREAS, (run + 1) * AREAS)
    windows = (pilots.before, pilots.after)
    first = (np.concatenate([getattr(w.cells, f)[part] for w in windows], axis=1) for f in ("events", "censored"))
    counts = [window.counts for window in windows if window.counts is not None]
    every = (np.stack([getattr(c, f.name)[part] for c in counts], axis=1) for f in fields(RepeatCounts))
    panel = Panel(
        outcome="simulated",
        kind=Kind.TIME_TO_EVENT,
        unit="share",
        per=1.0,
        areas=tuple(f"area {a}" for a in range(AREAS)),
        treated=pilots.treated,
        periods=Periods(TimeUnit.YEAR, 2020, (Role.BASELINE, Role.FOLLOW_UP)),
        cells=TimeToEventCells(*first),
    )
    return Case(panel, repeats=Repeats(*every))


def expected(rates: FloatArray, frailty: float) -> tuple[TimeToEventCells, Risk]:
    """Cells of first repeats, and risk sets of all, per case followed to the horizon: no chance, shape (C, ...)."""
    day = np.arange(DAYS)
    passed = rates[:, None] * day / HORIZON
    free = (1 + frailty * passed) ** (-1 / frailty) if frailty else np.exp(-passed)
    events = np.concatenate([np.zeros((len(rates), 1)), free[:, :-1] - free[:, 1:]], axis=1)
    censored = np.zeros_like(events)
    censored[:, -1] = free[:, -1]
    daily = 1 - free[:, 1:2]  # repeats of one day are one, so that every day has the chance of the first
    everywhere = np.where(day > 0, daily, 0.0)
    whole = np.zeros_like(events)
    whole[:, -1] = 1.0
    return TimeToEventCells(events[:, None], censored[:, None]), Risk(remaining(whole)[:, None], everywhere[:, None])
