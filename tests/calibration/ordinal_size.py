"""Size and coverage of the ordered logit at 2 of 7 areas, where areas and windows have shocks of their own.

    python tests/calibration/ordinal_size.py [runs]

prints the table of `docs/methods/ordinal.md`. Each area-window has between 40 and 200 answers at five levels; its
location on the latent scale is the area's own, a common change, a shock of its own, and in treated follow-ups the
effect.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import special, stats

from models.arrays import FloatArray
from models.case import Case
from models.changes import Weighting
from models.design import Design
from models.estimate import Estimate, Status
from models.inference.refusal import NoInference
from models.ordinal.analysis import analyse
from models.ordinal.model import OrdinalOptions, fit
from models.panel import Kind, OrdinalCells, Panel
from models.periods import Periods, Role, TimeUnit

AREAS, TREATED, AT_LEAST = 7, 2, 3
FEWEST, MOST = 40, 200
AREA_SD, COMMON = 0.3, 0.2
CUTPOINTS = special.logit(np.asarray([0.12, 0.30, 0.45, 0.80]))
ALPHA = 0.05 + 1e-9
LEVELS = ("Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied")


@dataclass(frozen=True, slots=True)
class World:
    """What moves answers.

    Attributes
    ----------
    words
        For the table.
    shock
        Standard deviation of each area-window's own shock, log odds.
    effect
        Of the treatment, log odds.
    treated
        Factor on the shocks of the treated areas.
    tilt
        Standard deviation of a shock to the spread of an area-window's answers, which moves cutpoints apart.
    """

    words: str
    shock: float
    effect: float = 0.0
    treated: float = 1.0
    tilt: float = 0.0


WORLDS = MappingProxyType(
    {
        "sampling": World("no shocks, sampling alone", 0.0),
        "small": World("shocks of SD .15", 0.15),
        "large": World("shocks of SD .3", 0.3),
        "effect": World("shocks of SD .3, effect 0.5", 0.3, effect=0.5),
        "strong": World("shocks of SD .15, effect 1", 0.15, effect=1.0),
        "noisy": World("shocks of SD .3, treated areas twice that", 0.3, treated=2.0),
        "tilted": World("shocks of SD .3, and of spread, SD 15%", 0.3, tilt=0.15),
    }
)


def simulated(world: World, rng: np.random.Generator) -> tuple[Panel, float]:
    """One pilot, and the true difference in the headline share of the treated areas' follow-up."""
    treated = np.arange(AREAS) < TREATED
    shocks = rng.normal(0, world.shock, (AREAS, 2)) * np.where(treated, world.treated, 1.0)[:, None]
    exposed = np.outer(treated, [0.0, 1.0])
    location = rng.normal(0, AREA_SD, AREAS)[:, None] + shocks + [0.0, COMMON] + world.effect * exposed
    spread = np.exp(rng.normal(0, world.tilt, (AREAS, 2)))

    def below(at: FloatArray) -> FloatArray:
        return np.asarray(special.expit((CUTPOINTS - at[..., None]) / spread[..., None]))

    p = np.diff(np.concatenate([np.zeros((AREAS, 2, 1)), below(location), np.ones((AREAS, 2, 1))], axis=2), axis=2)
    n = rng.multinomial(rng.integers(FEWEST, MOST + 1, (AREAS, 2)), p).astype(np.float64)
    without = below(location - world.effect * exposed)[treated, 1, AT_LEAST - 1]
    truth = float((without - below(location)[treated, 1, AT_LEAST - 1]).mean())
    roles = Periods(TimeUnit.YEAR, 2022, (Role.BASELINE, Role.FOLLOW_UP))
    names = tuple("ABCDEFG")
    panel = Panel("rating", Kind.ORDINAL, "share", 1.0, names, treated, roles, OrdinalCells(n, AT_LEAST, LEVELS))
    return panel, truth


def naive_p(panel: Panel) -> float:
    """p of the same regression with every answer taken for separate evidence."""
    found = analyse(panel, 0.95, Weighting.EQUAL)
    if isinstance(found, NoInference):
        return 1.0
    # the changes hang together through the cutpoints only, so this is the regression's own standard error but for that
    variance = found.latent.changes.variance
    error = np.sqrt(variance[panel.treated].mean() / TREATED + variance[~panel.treated].mean() / (AREAS - TREATED))
    return float(2 * stats.norm.sf(abs(found.effect.estimate) / error))


def covers(estimate: Estimate, truth: float) -> bool:
    return estimate.interval is not None and estimate.interval[0] <= truth <= estimate.interval[1]


def measured(world: World, runs: int, seed: int) -> Mapping[str, float]:
    """Shares of runs, and the mean error of the headline in points."""
    rng = np.random.default_rng(seed)
    tally: Counter[str] = Counter()
    errors = []
    for _ in range(runs):
        panel, truth = simulated(world, rng)
        found = fit(Case(panel), Design(), OrdinalOptions())
        if not found.estimates:
            tally["refused"] += 1
            continue
        head, odds, moved = found.estimates
        checks = {check.id: check for check in found.checks}
        order = checks["ordinal_superiority"].evidence
        p_order = order.rows[-1].p_value if order else None
        tally["t"] += head.p_value is not None and head.p_value <= ALPHA
        tally["permutation"] += moved.p_value is not None and moved.p_value <= ALPHA
        tally["superiority"] += p_order is not None and p_order <= ALPHA
        tally["cutpoints"] += checks["ordinal_proportional_odds"].status is Status.WARN
        tally["naive"] += naive_p(panel) <= ALPHA
        tally["covers the share"] += covers(head, truth)
        tally["covers the odds ratio"] += covers(odds, float(np.exp(world.effect)))
        errors.append(head.estimate - truth)
    share = {name: 100 * tally[name] / runs for name in NAMES}
    return share | {"mean error, points": 100 * float(np.mean(errors))}


NAMES = (
    "t", "permutation", "superiority", "cutpoints", "naive", "covers the share", "covers the odds ratio", "refused",
)  # fmt: skip


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    print(f"{runs:,} runs; standard error at 5%: {100 * (0.05 * 0.95 / runs) ** 0.5:.2f} points")
    print("| World | " + " | ".join([*NAMES, "mean error, points"]) + " |")
    print("|---" * (len(NAMES) + 2) + "|")
    for i, world in enumerate(WORLDS.values()):
        found = measured(world, runs, seed=i)
        numbers = [f"{found[name]:.1f}%" for name in NAMES] + [f"{found['mean error, points']:+.2f}"]
        print(f"| {world.words} | " + " | ".join(numbers) + " |", flush=True)


if __name__ == "__main__":
    main()
