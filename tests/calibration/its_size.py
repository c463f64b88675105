"""How often interrupted time series find an effect where there is none, and how often their intervals hold one.

    python tests/calibration/its_size.py --world count --designs A B --runs 2000

prints a row per method. Seven areas, two treated, 36 months before and 12 after, from `size_worlds`; the regression has
a trend, the change (level and slope, or level alone) and one pair of seasonal terms; the effect is its average over
follow-up. `its_methods` holds the methods. Without `--world` and `--designs` it prints everything (about 20 minutes of
one core at 2,000 runs).
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from its_methods import METHODS, Answer, Runs, layout_of
from size_worlds import COUNT_SD, DAYS_IN_MONTH, DESIGNS, INCIDENTS, KINDS, TREATED, Layout, World, simulate

from models.arrays import FloatArray
from models.panel import Cells, CountCells, Kind

NOMINAL, TIE = 0.05, 1e-9
STANDARD = Layout()
SEASON_SD = 0.25


def steady(u: FloatArray, sizes: FloatArray, effect: FloatArray, rng: np.random.Generator) -> Cells:
    """Poisson counts whose log rates err by .15 u around a yearly cycle; nothing else moves them."""
    cycle = SEASON_SD * np.cos(2 * np.pi * np.arange(u.shape[2]) / 12)
    events = rng.poisson(sizes * np.exp(COUNT_SD * u + effect + cycle)).astype(np.float64).reshape(-1, u.shape[2])
    return CountCells(events, np.full(events.shape, DAYS_IN_MONTH))


WORLDS: Mapping[str, World] = {
    "continuous": KINDS["continuous"],
    "count": World(Kind.COUNT, "recorded incidents around a yearly cycle", steady, INCIDENTS),
    "drift": KINDS["count"],  # and all areas also share a random walk, which no single series can tell from an effect
}
LETTERS = ("A", "B", "C", "D", "H", "E")
IMPACTS = ("level_and_slope", "level")
EFFECTS: Mapping[str, float] = {"continuous": 0.0, "count": float(np.log(0.7)), "drift": float(np.log(0.7))}
"""Effect put in for the coverage: a mean's interval moves with its effect, so that none is as good as any."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What differs from the standard pilots.

    Attributes
    ----------
    shock
        Takes the place of the design's own, in standard deviations of a month; None: as the design says.
    treated
        Treated areas of the seven.
    """

    shock: float | None = None
    treated: int = TREATED


@dataclass(frozen=True, slots=True)
class Cell:
    """What one method did in one world.

    Attributes
    ----------
    rejected, covered, runs
        Runs with p of at most 5%; with an interval that holds the effect; and in which the method gave an answer.
    intervals
        Runs with an interval.
    """

    rejected: int
    covered: int
    runs: int
    intervals: int

    @property
    def share(self) -> float:
        return self.rejected / self.runs

    @property
    def coverage(self) -> float:
        return self.covered / self.intervals if self.intervals else float("nan")

    @property
    def error(self) -> float:
        """Monte Carlo standard error of `share`."""
        return float(np.sqrt(self.share * (1 - self.share) / self.runs))


USUAL = Setting()


def cells(
    world: str,
    design: str,
    impact: str,
    runs: int,
    *,
    effect: float = 0.0,
    setting: Setting = USUAL,
    seed: int = 1,
    names: Sequence[str] = (),
) -> dict[str, Cell]:
    """Try every method for this world, or those named, on so many runs (fewer for the slow ones)."""
    rng = np.random.default_rng([seed, list(WORLDS).index(world), LETTERS.index(design)])
    shock = setting.shock
    errors = DESIGNS[design] if shock is None else replace(DESIGNS[design], shock=shock)
    stack = simulate(WORLDS[world], errors, replace(STANDARD, treated=setting.treated), runs, rng, effect)
    data = Runs.of(stack, layout_of(stack.run(0), impact))
    found = {}
    for name, method in METHODS.items():
        if method.kind in {None, WORLDS[world].kind} and (not names or name in names):
            answers = [method.answer(data, run) for run in range(max(1, round(method.share * runs)))]
            found[name] = _counted([a for a in answers if a is not None], effect)
    return found


def _counted(answers: Sequence[Answer], effect: float) -> Cell:
    p = np.asarray([a.p_value for a in answers], dtype=np.float64)
    limits = np.asarray([a.interval for a in answers if a.interval is not None]).reshape(-1, 2)
    held = (limits[:, 0] <= effect) & (effect <= limits[:, 1])
    return Cell(int((p <= NOMINAL + TIE).sum()), int(held.sum()), len(answers), len(limits))


def main() -> None:
    """Print a row per method, design by design."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", choices=list(WORLDS), nargs="*", default=list(WORLDS))
    parser.add_argument("--designs", choices=LETTERS, nargs="*", default=LETTERS)
    parser.add_argument("--impact", choices=IMPACTS, nargs="*", default=IMPACTS)
    parser.add_argument("--runs", type=int, default=2000, help="simulated pilots; slow methods take fewer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shock", type=float, help="SD of a shock to each area's follow-up, for the design's own")
    parser.add_argument("--treated", type=int, default=TREATED, help="treated areas of the seven")
    parser.add_argument("--methods", nargs="*", default=(), help="names of methods; without it all")
    parser.add_argument("--coverage", action="store_true", help="put an effect in, and count intervals that hold it")
    options = parser.parse_args()
    setting = Setting(options.shock, options.treated)
    begun = time.perf_counter()
    for world in options.world:
        effect = EFFECTS[world] if options.coverage else 0.0
        for impact in options.impact:
            for letter in options.designs:
                found = cells(
                    world,
                    letter,
                    impact,
                    options.runs,
                    effect=effect,
                    setting=setting,
                    seed=options.seed,
                    names=options.methods,
                )
                for name, cell in found.items():
                    tried = cell.intervals if options.coverage else cell.runs
                    figure = cell.coverage if options.coverage else cell.share
                    shown = f"{100 * figure:.1f}" if tried else "no interval"
                    print(f"{world}|{impact}|{letter}|{name}|{shown}|{tried}", flush=True)
    print(f"# {options.runs:,} runs, seed {options.seed}: {(time.perf_counter() - begun) / 60:.1f} min")


if __name__ == "__main__":
    main()
