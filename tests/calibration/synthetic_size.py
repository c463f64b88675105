"""Print how synthetic comparisons do on simulated pilots: size of the placebo test, coverage, and error of each method.

    python tests/calibration/synthetic_size.py [--runs N] [--seed S]

Every area follows two common random walks, each with a loading of its own, and AR(1) noise; nothing is done to the
treated areas unless a table says so. 24 periods before the start and 12 after. The seed fixes every figure.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.case import Case
from models.panel import ContinuousCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit
from models.synthetic.methods import METHODS
from models.synthetic.options import SyntheticOptions
from models.synthetic.placebos import fit_set, placebos
from models.synthetic.series import Series, series_of

BEFORE, AFTER = 24, 12
NOMINAL, LEVEL = 0.05, 0.95
TIE = 1e-9
EFFECT = 1.5
ORDER = tuple(METHODS)


@dataclass(frozen=True, slots=True)
class Setting:
    """Who there is and how areas move.

    Attributes
    ----------
    treated, donors
        Numbers of areas.
    spread
        Standard deviation of the loadings around 1; 0 means that all areas move alike.
    noisier
        Noise of the treated areas, as a multiple of the others'.
    far
        Added to the treated areas' loadings: they are then unlike the others.
    """

    treated: int = 1
    donors: int = 6
    spread: float = 0.5
    noisier: float = 1.0
    far: float = 0.0


SIZES: Mapping[str, Setting] = {
    "1 of 7": Setting(1, 6),
    "2 of 7": Setting(2, 5),
    "1 of 21": Setting(1, 20),
    "1 of 21, all move alike": Setting(1, 20, spread=0.0),
    "1 of 21, treated twice as noisy": Setting(1, 20, noisier=2.0),
    "1 of 21, treated unlike the rest": Setting(1, 20, far=1.0),
}
ERRORS: Mapping[str, Setting] = {
    "1 of 7": Setting(1, 6),
    "2 of 7": Setting(2, 5),
    "1 of 21": Setting(1, 20),
    "1 of 40": Setting(1, 39),
    "1 of 21, all move alike": Setting(1, 20, spread=0.0),
    "1 of 21, treated unlike the rest": Setting(1, 20, far=1.0),
}


def simulated(setting: Setting, rng: np.random.Generator, effect: float = 0.0) -> Series:
    """One pilot, treated areas first."""
    areas, periods = setting.treated + setting.donors, BEFORE + AFTER
    walks = np.cumsum(0.3 * rng.normal(size=(2, periods)), axis=1)
    treated = np.arange(areas) < setting.treated
    loadings = 1 + setting.spread * rng.normal(size=(areas, 2)) + setting.far * treated[:, None]
    noise = rng.normal(size=(areas, periods))
    for t in range(1, periods):
        noise[:, t] = 0.5 * noise[:, t - 1] + 0.75**0.5 * noise[:, t]
    scale = np.where(treated, setting.noisier, 1.0)[:, None]
    y = rng.normal(size=(areas, 1)) + loadings @ walks + 0.5 * scale * noise
    y[: setting.treated, BEFORE:] += effect
    return _series(y, treated)


def _series(y: FloatArray, treated: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Series:
    roles = (Role.BASELINE,) * BEFORE + (Role.FOLLOW_UP,) * AFTER
    panel = Panel(
        outcome="y",
        kind=Kind.CONTINUOUS,
        unit="points",
        per=1.0,
        areas=tuple(f"area {a}" for a in range(len(y))),
        treated=treated,
        periods=Periods(TimeUnit.MONTH, 24_240, roles),
        cells=ContinuousCells(np.ones_like(y), y, y**2),
    )
    found = series_of(Case(panel), SyntheticOptions())
    if not isinstance(found, Series):
        raise TypeError(found.reason)
    return found


def rejections(setting: Setting, method: str, runs: int, seed: int, nominal: float = NOMINAL) -> int:
    """Runs of `runs` without effect in which the placebo test finds one."""
    found = 0
    for rng in _streams(runs, seed):
        found += placebos(simulated(setting, rng), method, 0).p_value <= nominal + TIE
    return found


def covered(setting: Setting, method: str, runs: int, seed: int) -> tuple[int, int, float]:
    """Intervals that hold the effect, intervals given, and their median width, of `runs` pilots with an effect."""
    hits, widths = 0, []
    for rng in _streams(runs, seed):
        interval = placebos(simulated(setting, rng, EFFECT), method, 0).interval(LEVEL)
        if interval is not None:
            hits += interval[0] <= EFFECT <= interval[1]
            widths.append(interval[1] - interval[0])
    return hits, len(widths), float(np.median(widths))


def root_mean_square_errors(setting: Setting, runs: int, seed: int) -> dict[str, tuple[float, float]]:
    """Of every method's estimate where there is no effect, with its Monte Carlo standard error."""
    squares: dict[str, list[float]] = {method: [] for method in ORDER}
    for rng in _streams(runs, seed):
        series = simulated(setting, rng)
        for method in ORDER:
            squares[method].append(fit_set(series, method, np.flatnonzero(series.treated)).effect ** 2)
    found = {}
    for method, values in squares.items():
        mean = float(np.mean(values))
        found[method] = (mean**0.5, float(np.std(values)) / runs**0.5 / (2 * mean**0.5))
    return found


def _streams(runs: int, seed: int) -> list[np.random.Generator]:
    return [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(runs)]


def _share(hits: int, runs: int) -> str:
    share = hits / runs
    return f"{100 * share:.1f}% ({100 * (share * (1 - share) / runs) ** 0.5:.1f})"


def _row(label: str, cells: list[str]) -> str:
    return f"| {label} | {' | '.join(cells)} |"


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    head = [_row("Areas", list(ORDER)), "|---" * (len(ORDER) + 1) + "|"]
    print("Share of pilots without effect in which p <= 5% (Monte Carlo error); 1 of 7: p <= 1/7\n")
    print("\n".join(head))
    for name, setting in SIZES.items():
        nominal = 1 / 7 if name == "1 of 7" else NOMINAL
        print(_row(name, [_share(rejections(setting, m, args.runs, args.seed, nominal), args.runs) for m in ORDER]))
    print(f"\nCoverage of the {LEVEL:.0%} interval, intervals given and median width; effect {EFFECT:g}\n")
    print("\n".join(head))
    for name, setting in (("1 of 40", Setting(1, 39)), ("1 of 21", Setting(1, 20)), ("2 of 7", Setting(2, 5))):
        cells = []
        for method in ORDER:
            hits, given, width = (0, 0, 0.0) if method == "sdid" else covered(setting, method, args.runs, args.seed)
            cells.append(f"{_share(hits, given)}, {given} of {args.runs}, {width:.1f}" if given else "none given")
        print(_row(name, cells))
    print("\nRoot mean square error of the estimate without effect (Monte Carlo error)\n")
    print("\n".join(head))
    for name, setting in ERRORS.items():
        found = root_mean_square_errors(setting, args.runs, args.seed)
        print(_row(name, [f"{value:.3f} ({error:.3f})" for value, error in found.values()]))


if __name__ == "__main__":
    main()
