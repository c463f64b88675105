"""How often the Bayesian interrupted time series is sure of an effect where there is none, and how often it holds one.

    python tests/calibration/bayes_its_size.py --world continuous --designs B D --runs 200

prints, design by design, the share of runs whose 95% interval leaves out no effect: with shocks calibrated, and with
none allowed for. Pilots as in `its_size`: seven areas, two treated, 36 months before and 12 after; areas are alike but
for what the design adds. `--shock` sets the standard deviation of the shock to each area's follow-up, in standard
deviations of a month; `--effect` puts an effect in and counts the intervals that hold it. About .1 seconds a run.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from its_size import EFFECTS, LETTERS, WORLDS
from size_worlds import AREAS, DESIGNS, TREATED, Layout, simulate

from models.bayes.comparative.answer import answer
from models.bayes.comparative.options import BayesItsOptions
from models.bayes.comparative.series import series_of
from models.bayes.comparative.shocks import shocks_of
from models.design import Design
from models.inference.refusal import NoInference
from models.panel import Panel

LEVEL = 0.95
WAYS = {"shocks calibrated": BayesItsOptions(), "no shocks": BayesItsOptions(shock=0.0)}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one way did in one world.

    Attributes
    ----------
    missed, runs
        Runs whose interval leaves the true effect out, of so many.
    width
        Mean half-width of the intervals, on the linear scale.
    """

    missed: int
    runs: int
    width: float

    @property
    def share(self) -> float:
        return self.missed / self.runs


@dataclass(frozen=True, slots=True)
class Setting:
    """What differs from the standard pilots: the shock's SD (None: the design's own), areas, and treated ones."""

    shock: float | None = None
    areas: int = AREAS
    treated: int = TREATED


USUAL = Setting()


def limits(panel: Panel, options: BayesItsOptions) -> tuple[float, float]:
    """Interval of one pilot."""
    series = series_of(panel, Design(), options)
    if isinstance(series, NoInference):
        raise TypeError(series.reason)
    return answer(series, shocks_of(series, options), shared=False).effect.interval(LEVEL)


def cells(
    world: str, design: str, runs: int, *, effect: float = 0.0, setting: Setting = USUAL, seed: int = 1
) -> dict[str, Cell]:
    """Try every way on the same pilots."""
    rng = np.random.default_rng([seed, list(WORLDS).index(world), LETTERS.index(design)])
    errors = DESIGNS[design] if setting.shock is None else replace(DESIGNS[design], shock=setting.shock)
    layout = Layout(areas=setting.areas, treated=setting.treated)
    stack = simulate(WORLDS[world], errors, layout, runs, rng, effect)
    return {name: _cell([limits(stack.run(run), way) for run in range(runs)], effect) for name, way in WAYS.items()}


def _cell(found: Sequence[tuple[float, float]], effect: float) -> Cell:
    lo, hi = np.asarray(found).T
    return Cell(int(((effect < lo) | (effect > hi)).sum()), len(found), float(((hi - lo) / 2).mean()))


def main() -> None:
    """Print a row per design."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", choices=list(WORLDS), nargs="*", default=["continuous", "count", "drift"])
    parser.add_argument("--designs", choices=LETTERS, nargs="*", default=["A", "B", "C", "D", "H"])
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shock", type=float, help="SD of a shock to each area's follow-up, for the design's own")
    parser.add_argument("--treated", type=int, default=USUAL.treated, help="treated areas")
    parser.add_argument("--areas", type=int, default=USUAL.areas, help="areas; as many as treated: a single series")
    parser.add_argument("--effect", action="store_true", help="put an effect in")
    options = parser.parse_args()
    begun = time.perf_counter()
    for world in options.world:
        effect = EFFECTS[world] if options.effect else 0.0
        for letter in options.designs:
            setting = Setting(options.shock, options.areas, options.treated)
            found = cells(world, letter, options.runs, effect=effect, setting=setting, seed=options.seed)
            for name, cell in found.items():
                print(f"{world}|{letter}|{name}|{100 * cell.share:.1f}|{cell.width:.3f}|{cell.runs}", flush=True)
    print(f"# {options.runs:,} runs, seed {options.seed}: {(time.perf_counter() - begun) / 60:.1f} min")


if __name__ == "__main__":
    main()
