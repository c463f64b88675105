"""How often an interrupted time series finds an effect where there is none, on simulated counts.

Two treated areas with means of 90 and 80 events a month and a yearly cycle; no effect; 36 months before, 12 after.
The figures are quoted in docs/methods/REGISTRY.md.
"""

import numpy as np
import pytest

from models.arrays import FloatArray
from models.design import Design
from models.its import ItsOptions, fit
from models.panel import CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

BEFORE, AFTER = 36, 12
PERIODS = Periods(TimeUnit.MONTH, 2018 * 12, (Role.BASELINE,) * BEFORE + (Role.FOLLOW_UP,) * AFTER)
ROUNDING = 0.005  # the draws are seeded; half a point allows for a borderline p on another machine

# share of runs with p < 0.05 for the average effect, 2,000 runs each (standard error at most 1.1 points)
MEASURED = {
    ("independent months", "level_and_slope"): 0.135,
    ("independent months", "level"): 0.1215,
    ("correlated months", "level_and_slope"): 0.2315,
    ("correlated months", "level"): 0.1985,
    ("shock to each area", "level_and_slope"): 0.428,
    ("shock to each area", "level"): 0.4125,
    ("correlated months and shock", "level_and_slope"): 0.3215,
    ("correlated months and shock", "level"): 0.3005,
    ("larger shock to each area", "level_and_slope"): 0.563,
    ("larger shock to each area", "level"): 0.54,
}
# (standard deviation and lag-one correlation of each area's log rate, standard deviation of its change at the start)
WORLDS = {
    "independent months": (0.0, 0.0, 0.0),
    "correlated months": (0.15, 0.5, 0.0),
    "shock to each area": (0.0, 0.0, 0.1),
    "correlated months and shock": (0.15, 0.5, 0.1),
    "larger shock to each area": (0.0, 0.0, 0.15),
}


def drift(rng: np.random.Generator, spread: float, correlation: float) -> FloatArray:
    """Stationary AR(1) of two areas, shape (2, T)."""
    found = np.empty((2, len(PERIODS)))
    found[:, 0] = rng.normal(0, 1, 2)
    for t in range(1, len(PERIODS)):
        found[:, t] = correlation * found[:, t - 1] + np.sqrt(1 - correlation**2) * rng.normal(0, 1, 2)
    return spread * found


def simulate(rng: np.random.Generator, world: str) -> Panel:
    spread, correlation, shock = WORLDS[world]
    season = 0.15 * np.sin(2 * np.pi * np.arange(len(PERIODS)) / 12)
    moved = rng.normal(0, 1, (2, 1)) * shock * PERIODS.follow_up
    rate = np.exp(np.log([[90.0], [80.0]]) + season + drift(rng, spread, correlation) + moved)
    cells = CountCells(rng.poisson(rate).astype(float), np.ones_like(rate))
    return Panel("simulated", Kind.COUNT, "events a month", 1.0, ("A", "B"), np.ones(2, dtype=bool), PERIODS, cells)


def rejections(world: str, impact: str, runs: int) -> float:
    rng = np.random.default_rng(20240401)
    options = ItsOptions(impact=impact)
    p_values = [fit(simulate(rng, world), Design(), options).estimates[0].p_value for _ in range(runs)]
    return float(np.mean(np.asarray(p_values, dtype=float) < 0.05))


def test_independent_months_are_rejected_too_often_and_a_shock_makes_it_far_worse() -> None:
    independent = rejections("independent months", "level_and_slope", 200)
    shocked = rejections("shock to each area", "level_and_slope", 200)
    assert 0.05 < independent < 0.2
    assert 0.3 < shocked < 0.6


@pytest.mark.slow
@pytest.mark.parametrize(("world", "impact"), MEASURED)
def test_size_is_the_figure_on_record(world: str, impact: str) -> None:
    assert rejections(world, impact, 2000) == pytest.approx(MEASURED[world, impact], abs=ROUNDING)
