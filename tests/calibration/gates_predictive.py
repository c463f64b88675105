"""How often the predictive gate stops a right model, and how often it catches a wrong one.

    python tests/calibration/gates_predictive.py [runs]

prints the table of `docs/methods/bayesian-gates.md`. The posteriors are exact, so that nothing but the gate is
measured: Poisson with gamma levels (conjugate), and negative binomial with gamma levels and an unknown dispersion by a
grid of both.
"""

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.arrays import FloatArray
from models.bayes.predictive import ALIKE, HIGHEST, NONE, SPREAD, Cells, Form, posterior_predictive, tail_area
from models.bayes.predictive import statistics as statistics_of
from models.estimate import Status

AREAS, BINS, DRAWS = 7, 36, 600
LEVEL = (4.0, 0.2)  # gamma shape and rate of an area's level: mean 20 a month
FEW = (4.0, 1.6)  # mean 2.5 a month
SIZES = np.geomspace(0.7, 300.0, 32)  # gamma shape of the negative binomial, uniform in the log
LEVELS = 80
SEED = 20240401
NAMES = (HIGHEST, ALIKE, NONE, SPREAD)


@dataclass(frozen=True, slots=True)
class World:
    """What the data are, and the model fitted to them ("poisson" or "negative binomial")."""

    title: str
    model: str
    level: tuple[float, float] = LEVEL
    size: float = np.inf  # gamma shape of cell-to-cell variation
    alike: float = 0.0  # AR(1) coefficient of log rates with standard deviation .3
    emptied: float = 0.0  # share of cells without any event


WORLDS = (
    World("Poisson data, Poisson model", "poisson"),
    World("few Poisson data, Poisson model", "poisson", level=FEW),
    World("negative binomial data (size 10), its model", "negative binomial", size=10.0),
    World("Poisson data, negative binomial model", "negative binomial"),
    World("negative binomial data (size 10), Poisson model", "poisson", size=10.0),
    World("negative binomial data (size 40), Poisson model", "poisson", size=40.0),
    World("one month in ten empty, negative binomial model", "negative binomial", emptied=0.1),
    World("autocorrelated rates (.6), negative binomial model", "negative binomial", alike=0.6),
)


def simulate(world: World, rng: np.random.Generator) -> FloatArray:
    """Events of one pilot, shape (A, B): levels from the prior, no effect and no season."""
    rate = np.broadcast_to(rng.gamma(world.level[0], 1 / world.level[1], (AREAS, 1)), (AREAS, BINS)).copy()
    if np.isfinite(world.size):
        rate *= rng.gamma(world.size, 1 / world.size, rate.shape)
    if world.alike:
        noise = np.empty(rate.shape)
        noise[:, 0] = rng.normal(size=AREAS)
        for b in range(1, BINS):
            noise[:, b] = world.alike * noise[:, b - 1] + np.sqrt(1 - world.alike**2) * rng.normal(size=AREAS)
        rate *= np.exp(0.3 * noise - 0.045)
    events = rng.poisson(rate).astype(np.float64)
    return np.where(rng.random(rate.shape) < world.emptied, 0.0, events)


def replicates(world: World, events: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Replicates from the exact posterior of the model, shape (S, A, B)."""
    shape, rate = world.level
    if world.model == "poisson":
        level = rng.gamma(shape + events.sum(axis=1), 1 / (rate + BINS), (DRAWS, AREAS))
        return rng.poisson(level[:, :, None], (DRAWS, AREAS, BINS)).astype(np.float64)
    size, level = _negative_binomial(world, events, rng)
    cell = level[:, :, None] * rng.gamma(size[:, None, None], 1 / size[:, None, None], (DRAWS, AREAS, BINS))
    return rng.poisson(cell).astype(np.float64)


def _negative_binomial(world: World, events: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draws of the size, shape (S,), and of the levels, shape (S, A), from their joint posterior on a grid."""
    mean = np.maximum(events.mean(axis=1), 0.3)
    grid = mean[:, None] * np.exp(np.linspace(-1.2, 1.2, LEVELS))  # (A, L), uniform in the log
    size, at = SIZES[:, None, None, None], grid[None, :, :, None]
    log = stats.nbinom.logpmf(events[None, :, None, :], size, size / (size + at)).sum(axis=3)
    log = log + stats.gamma.logpdf(grid, world.level[0], scale=1 / world.level[1]) + np.log(grid)
    by_size = np.logaddexp.reduce(log, axis=2).sum(axis=1)
    chosen = rng.choice(SIZES.size, DRAWS, p=np.exp(by_size - np.logaddexp.reduce(by_size)))
    weights = np.exp(log - np.logaddexp.reduce(log, axis=2)[:, :, None]).cumsum(axis=2)  # (J, A, L)
    picked = (weights[chosen] < rng.random((DRAWS, AREAS, 1))).sum(axis=2)
    return SIZES[chosen], np.take_along_axis(grid, np.minimum(picked, LEVELS - 1).T, axis=1).T


def cells_of(events: FloatArray) -> Cells:
    """The events as the gate reads them."""
    linked = np.arange(BINS) > 0
    return Cells(tuple("ABCDEFG"), events, np.full(events.shape, 30.0), Form.COUNT, linked)


def measure(world: World, runs: int, seed: int = SEED) -> dict[str, float]:
    """Share of runs that fail and warn, and of each statistic beyond .025 or .975."""
    rng = np.random.default_rng([seed, WORLDS.index(world)])
    counts: Counter[str] = Counter()
    for _ in range(runs):
        cells = cells_of(simulate(world, rng))
        made = replicates(world, cells.observed, rng)
        status = posterior_predictive(made, cells).status
        counts["fail"] += status is Status.FAIL
        counts["warn"] += status is Status.WARN
        there, drawn = statistics_of(cells.observed, cells), statistics_of(made, cells)
        for name in NAMES:
            counts[name] += not 0.025 < tail_area(float(there[name]), drawn[name]) < 0.975
    return {name: counts[name] / runs for name in ("fail", "warn", *NAMES)}


def main(runs: int) -> None:
    """Print the table."""
    errors = [100 * np.sqrt(p * (1 - p) / runs) for p in (0.02, 0.15, 0.5)]
    print(
        f"{runs} runs each, standard error {errors[0]:.1f} points at 2%, {errors[1]:.1f} at 15%, {errors[2]:.1f} at 50%"
    )
    print("| Data and model | fails, % | warns, % | " + " | ".join(f"{n}, %" for n in NAMES) + " |")
    for world in WORLDS:
        found = measure(world, runs)
        print(f"| {world.title} | " + " | ".join(f"{100 * share:.1f}" for share in found.values()) + " |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
