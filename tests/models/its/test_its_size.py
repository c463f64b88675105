"""How often an interrupted time series finds an effect where there is none, on simulated counts.

Two treated areas with means of 90 and 80 events a month and a yearly cycle; no effect; 36 months before, 12 after.
The figures are quoted in docs/methods/interrupted-time-series.md.
"""

import numpy as np
import pytest

from models.arrays import FloatArray
from models.design import Design
from models.inference.refusal import NoInference
from models.its import ItsOptions
from models.its.setup import prepare
from models.panel import CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

BEFORE, AFTER = 36, 12
PERIODS = Periods(TimeUnit.MONTH, 2018 * 12, (Role.BASELINE,) * BEFORE + (Role.FOLLOW_UP,) * AFTER)
ROUNDING = 0.005  # the draws are seeded; half a point allows for a borderline p on another machine

# share of runs with p < 0.05 for the average effect, 1,000 runs each (standard error at most 1.6 points)
MEASURED = {
    ("independent months", "level_and_slope"): 0.053,
    ("independent months", "level"): 0.055,
    ("correlated months", "level_and_slope"): 0.075,
    ("correlated months", "level"): 0.074,
    ("shock to each area", "level_and_slope"): 0.278,
    ("shock to each area", "level"): 0.281,
    ("correlated months and shock", "level_and_slope"): 0.166,
    ("correlated months and shock", "level"): 0.174,
    ("larger shock to each area", "level_and_slope"): 0.453,
    ("larger shock to each area", "level"): 0.46,
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


def p_value(panel: Panel, options: ItsOptions) -> float:
    """p of the average effect, as the model gives it."""
    setup = prepare(panel, Design(), options)
    assert not isinstance(setup, NoInference)
    fitted = setup.fit()
    assert not isinstance(fitted, NoInference)
    found = fitted.contrast(setup.terms.average_change(setup.follow_up)).p_value()
    assert found is not None
    return found


def rejections(world: str, impact: str, runs: int) -> float:
    rng = np.random.default_rng(20240401)
    options = ItsOptions(impact=impact)
    return float(np.mean([p_value(simulate(rng, world), options) < 0.05 for _ in range(runs)]))


def test_independent_months_are_rejected_seldom_and_a_shock_to_areas_far_too_often() -> None:
    # standard errors at 100 runs: 2.2 and 4.5 points
    independent = rejections("independent months", "level_and_slope", 100)
    shocked = rejections("shock to each area", "level_and_slope", 100)
    assert independent < 0.12
    assert 0.14 < shocked < 0.42


@pytest.mark.slow
@pytest.mark.parametrize(("world", "impact"), MEASURED)
def test_size_is_the_figure_on_record(world: str, impact: str) -> None:
    assert rejections(world, impact, 1000) == pytest.approx(MEASURED[world, impact], abs=ROUNDING)
