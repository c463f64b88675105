"""How often the exact Bayesian posterior of one change per area claims an effect, and how often its intervals hold it.

    python tests/calibration/bayes_size.py [--runs N] [--seed S]

prints the tables of `docs/methods/bayesian-grid.md`. The first works on means that err exactly as the designs of
`size_worlds.py` say, as a size table simulated elsewhere did; the second on counts like a small pilot's, with the whole
rule: noise and the shock's prior learnt from each pilot's own baseline.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import size_placebos
from size_methods import changes, headline, values_by_month
from size_worlds import (
    AFTER,
    BEFORE,
    COUNT_SD,
    DESIGNS,
    KINDS,
    ErrorDesign,
    Layout,
    Stack,
    errors,
    months,
    stacked_panel,
)

from models.arrays import FloatArray
from models.bayes.grid import (
    GridPosterior,
    NoiseGrid,
    ShockGrid,
    collapsed_grid,
    fixed,
    grid_posterior,
    half_normal,
    noise_grid,
)
from models.bayes.links import Link
from models.bayes.noise import MonthlyNoise, monthly_noise
from models.bayes.priors import EffectPrior, sceptical, weak
from models.bayes.shock import DEFAULT, shock_scale
from models.changes import change
from models.design import Design
from models.panel import ContinuousCells, Kind
from models.series.ar1 import whiten

LEVEL, SURE = 0.95, 0.95
LAYOUT = Layout()
NOISE_POINTS, SHOCK_POINTS = 5, 24
WIDE = EffectPrior("wide", 0.0, 3.0)
SCALES = (0.1, 0.5, 1.0)
SHOCKS = (0.0, 0.05, 0.1, 0.2)
RATIO = float(np.log(0.85))
ELSEWHERE: Mapping[float, tuple[float, ...]] = MappingProxyType(
    {
        0.1: (4.8, 4.5, 5.8, 14.0, 16.3, 0.5, 11.8),
        0.5: (1.5, 1.9, 2.6, 5.0, 10.0, 0.1, 4.7),
        1.0: (1.1, 1.2, 1.1, 2.6, 6.7, 0.0, 2.8),
    }
)
"""Per cent of 95% intervals that exclude no effect in designs A to H, by scale of the shock's prior; 5,000 runs."""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything the posterior needs of R pilots.

    Attributes
    ----------
    w, v
        Changes and their sampling variance, shape (R, G).
    noise
        Points of the noise's variance, shape (R, N).
    scale
        Calibrated scale of the shock's prior, shape (R,).
    """

    w: FloatArray
    v: FloatArray
    noise: FloatArray
    scale: FloatArray


def exact_means(design: ErrorDesign, runs: int, rng: np.random.Generator) -> Stack:
    """Means of one answer each, so that nothing but the design's errors moves them."""
    values = errors(design, LAYOUT, runs, rng).reshape(-1, LAYOUT.months)
    cells = ContinuousCells(np.ones_like(values), values, values**2)
    return Stack(
        stacked_panel(Kind.CONTINUOUS, cells, LAYOUT.areas, LAYOUT.is_treated, months(BEFORE, AFTER)), LAYOUT.areas
    )


def counted(
    effect: FloatArray, shock: FloatArray, rng: np.random.Generator, *, yearly: bool = False, team: bool = False
) -> Stack:
    """Counts with an effect and a shock SD for each run, shape (R,), both on the log scale.

    The shock comes with the follow-up, or anew in every year of the pilot; with `team` treated areas share it.
    """
    runs = len(effect)
    world = KINDS["count"]
    u = errors(DESIGNS["B"], LAYOUT, runs, rng)
    year = np.arange(LAYOUT.months) // 12 if yearly else (np.arange(LAYOUT.months) >= BEFORE).astype(np.int64)
    drawn = rng.normal(size=(runs, LAYOUT.areas, year.max() + 1)) * shock[:, None, None]
    if not yearly:
        drawn[:, :, 0] = 0.0
    if team:
        drawn[:, : LAYOUT.treated] = drawn[:, :1]
    u += drawn[:, :, year] / COUNT_SD
    sizes = rng.permuted(np.tile(np.asarray(world.sizes), (runs, 1)), axis=1)
    cells = world.process(u, sizes[:, :, None], effect[:, None, None] * LAYOUT.exposed, rng)
    panel = stacked_panel(Kind.COUNT, cells, LAYOUT.areas, LAYOUT.is_treated, months(BEFORE, AFTER))
    return Stack(panel, LAYOUT.areas)


def known(stack: Stack) -> Known:
    """Learn noise and the shock's scale from each run's own baseline, as `collapsed_grid` and `shock_scale` do."""
    periods = stack.panel.periods
    found = change(stack.panel, periods.baseline, periods.follow_up)
    shape = stack.runs, stack.areas
    noise, scale = np.empty((stack.runs, NOISE_POINTS)), np.empty(stack.runs)
    for run in range(stack.runs):
        panel = stack.run(run)
        learnt = monthly_noise(panel)
        assert isinstance(learnt, MonthlyNoise)
        noise[run] = noise_grid(panel, learnt, NOISE_POINTS).values
        scale[run] = shock_scale(panel, learnt).scale
    variance = np.nan_to_num(found.variance.reshape(shape))
    return Known(found.w.reshape(shape), np.maximum(variance, 1e-9), noise, scale)


def posterior(pilots: Known, prior: EffectPrior, tau: ShockGrid, *, shared: bool = False) -> GridPosterior:
    return grid_posterior(
        pilots.w, pilots.v, LAYOUT.is_treated, prior, tau, noise=NoiseGrid(pilots.noise), shared=shared
    )


def pooled_noise(design: ErrorDesign, months_by_area: FloatArray) -> FloatArray:
    """Variance of a change, shape (R,), from months of shape (R, A, T): SD pooled over areas, correlation known.

    By generalised least squares with a level before and one after in each area, months' means over areas taken out.
    """
    month = np.arange(LAYOUT.months)
    after = month >= BEFORE
    rows = whiten(np.eye(LAYOUT.months), month, design.correlation)
    basis = np.linalg.qr(rows @ np.column_stack([~after, after]))[0]
    kept = rows - basis @ (basis.T @ rows)
    own = months_by_area - months_by_area.mean(axis=1, keepdims=True)
    square = ((own @ kept.T) ** 2).sum(axis=(1, 2)) / ((LAYOUT.areas - 1) * (LAYOUT.months - 2))
    weight = np.where(after, 1 / AFTER, -1 / BEFORE)
    return square * float(weight @ np.power(design.correlation, np.abs(month[:, None] - month[None, :])) @ weight)


def excludes(found: GridPosterior) -> float:
    """Per cent of 95% intervals that exclude no effect."""
    low, high = found.interval(LEVEL)
    return 100 * float(((low > 0) | (high < 0)).mean())


def sure(found: GridPosterior) -> float:
    """Per cent of posteriors that are at least 95% sure of a fall."""
    return 100 * float((found.below(0.0) >= SURE).mean())


def covers(found: GridPosterior, effect: FloatArray) -> float:
    """Per cent of 95% intervals that hold the effect."""
    low, high = found.interval(LEVEL)
    return 100 * float(((low <= effect) & (effect <= high)).mean())


def pooled_rows(name: str, runs: int, seed: int) -> list[float]:
    """Size on means in one design with the noise's SD pooled, without a shock and for each scale of `SCALES`."""
    design = DESIGNS[name]
    stack = exact_means(design, runs, np.random.default_rng([seed, list(DESIGNS).index(name)]))
    w = changes(stack)
    v = np.repeat(pooled_noise(design, values_by_month(stack))[:, None], LAYOUT.areas, axis=1)
    grids = [fixed(0.0), *(half_normal(scale, SHOCK_POINTS) for scale in SCALES)]
    return [excludes(grid_posterior(w, v, LAYOUT.is_treated, WIDE, tau)) for tau in grids]


def learnt_rows(name: str, runs: int, seed: int) -> list[float]:
    """The same with noise learnt from the baseline, and last the shock's scale too."""
    stack = exact_means(DESIGNS[name], runs, np.random.default_rng([seed, list(DESIGNS).index(name)]))
    pilots = known(stack)
    grids = [fixed(0.0), *(half_normal(scale, SHOCK_POINTS) for scale in (*SCALES, pilots.scale))]
    return [excludes(posterior(pilots, WIDE, tau)) for tau in grids]


RULES = ("whole rule", "sceptical", "scale fixed at .1", "no shock")


def by_rule(pilots: Known) -> dict[str, GridPosterior]:
    """Posteriors of the whole rule, and with one thing changed."""
    calibrated = half_normal(pilots.scale, SHOCK_POINTS)
    default = half_normal(DEFAULT[Link.LOG], SHOCK_POINTS)
    return {
        "whole rule": posterior(pilots, weak(Link.LOG), calibrated),
        "sceptical": posterior(pilots, sceptical(Link.LOG), calibrated),
        "scale fixed at .1": posterior(pilots, weak(Link.LOG), default),
        "no shock": posterior(pilots, weak(Link.LOG), fixed(0.0)),
    }


def count_rows(shock: float, runs: int, seed: int, *, yearly: bool) -> tuple[float, dict[str, list[float]], float]:
    """Mean scale, figures of each rule, and the size of the collapsed t.

    The figures: per cent of intervals that exclude no effect where there is none, of posteriors 95% sure of a fall,
    and coverage at no effect and at a ratio of .85.
    """
    rng = np.random.default_rng([seed, round(1000 * shock), int(yearly)])
    spread = np.full(runs, shock)
    none = counted(np.zeros(runs), spread, rng, yearly=yearly)
    pilots, fallen = known(none), known(counted(np.full(runs, RATIO), spread, rng, yearly=yearly))
    without, with_ = by_rule(pilots), by_rule(fallen)
    figures = {
        name: [
            excludes(without[name]),
            sure(without[name]),
            covers(without[name], np.zeros(runs)),
            covers(with_[name], np.full(runs, RATIO)),
            sure(with_[name]),
        ]
        for name in RULES
    }
    t = 100 * float((headline(none, pilots.w).p_value <= 1 - LEVEL).mean())
    return float(pilots.scale.mean()), figures, t


def prior_coverage(runs: int, seed: int) -> dict[str, float]:
    """Coverage where effect and shock are drawn from the default priors."""
    rng = np.random.default_rng([seed, 77])
    effect = rng.normal(0.0, weak(Link.LOG).sd, runs)
    shock = DEFAULT[Link.LOG] * np.abs(rng.normal(size=runs))
    return {name: covers(found, effect) for name, found in by_rule(known(counted(effect, shock, rng))).items()}


def team_rows(shock: float, runs: int, seed: int) -> tuple[float, float]:
    """Size where treated areas share one shock, with and without that in the model."""
    rng = np.random.default_rng([seed, round(1000 * shock), 99])
    pilots = known(counted(np.zeros(runs), np.full(runs, shock), rng, team=True))
    tau = half_normal(pilots.scale, SHOCK_POINTS)
    return tuple(excludes(posterior(pilots, weak(Link.LOG), tau, shared=shared)) for shared in (True, False))


def placebo_rows(count: int, seed: int) -> tuple[float, float]:
    """Per cent of intervals that exclude no effect, and of posteriors 95% sure of a fall, on real placebo pilots."""
    found = []
    for group in size_placebos.draw(count, np.random.default_rng([seed, 55])):
        stack = group.stack()
        for run in range(stack.runs):
            panel = stack.run(run)
            one = collapsed_grid(panel, Design(), weak(Link.LOG), shock_scale(panel))
            assert isinstance(one, GridPosterior)
            found.append((excludes(one), sure(one)))
    return tuple(np.mean(found, axis=0).tolist())


def _line(*cells: object) -> None:
    print("| " + " | ".join(f"{c:.1f}" if isinstance(c, float) else str(c) for c in cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2_000, help="pilots a figure where noise is learnt")
    parser.add_argument("--placebos", type=int, default=400, help="placebo pilots drawn from recorded incidents")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = time.perf_counter()
    runs, seed = options.runs, options.seed
    exact_tables(runs, seed)
    count_tables(runs, seed)
    print(f"\n{options.placebos:,} real placebos: excludes none, 95% sure")
    _line(*placebo_rows(options.placebos, seed))
    print(f"{runs:,} runs, seed {seed}: {(time.perf_counter() - begun) / 60:.1f} min")


def exact_tables(runs: int, seed: int) -> None:
    """Size on means by design."""
    many = max(runs, 5_000)
    print(f"Means: noise pooled ({many:,} runs), learnt ({runs:,} runs), elsewhere (5,000)\n")
    _line("Shock's prior", "Noise", *DESIGNS)
    _line(*["---"] * (2 + len(DESIGNS)))
    pooled = np.transpose([pooled_rows(name, many, seed) for name in DESIGNS]).tolist()
    learnt = np.transpose([learnt_rows(name, runs, seed) for name in DESIGNS]).tolist()
    for k, scale in enumerate((0.0, *SCALES)):
        words = f"half-normal({scale:g})" if scale else "no shock"
        if scale:
            _line(words, "elsewhere", *ELSEWHERE[scale])
        _line(words, "pooled", *pooled[k])
        _line(words, "learnt", *learnt[k])
    _line("calibrated", "learnt", *learnt[-1])


def count_tables(runs: int, seed: int) -> None:
    """Size, coverage and power on counts by size of the shock."""
    print(f"\nCounts ({runs:,} runs)\n")
    header = ("excludes none", "95% sure", "covers none", "covers .85", "95% sure at .85")
    _line("Shock", "SD", "Mean scale", "Rule", *header, "collapsed t")
    _line(*["---"] * 10)
    for yearly, words in ((False, "with the follow-up"), (True, "every year")):
        for shock in SHOCKS if not yearly else SHOCKS[1:]:
            scale, figures, t = count_rows(shock, runs, seed, yearly=yearly)
            for name, row in figures.items():
                _line(words, f"{shock:g}", f"{scale:.3f}", name, *row, t)
    print("\nEffect and shock drawn from the default priors, per cent covered:")
    _line(*(f"{name}: {value:.1f}" for name, value in prior_coverage(2 * runs, seed).items()))
    print("\nOne team, treated areas share a shock: excludes none with that in the model, and without")
    for shock in SHOCKS[1:]:
        _line(f"{shock:g}", *team_rows(shock, runs, seed))


if __name__ == "__main__":
    main()
