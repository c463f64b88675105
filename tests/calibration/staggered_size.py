"""Size and coverage of the inference for staggered starts, by simulation.

    python tests/calibration/staggered_size.py [--runs 2000] [--seed 1]

Values of areas by bin: an area's level, shocks common to all areas (a random walk), and the area's own errors, whose
standard deviation is 1. Tables go to standard output as Markdown.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.arrays import FloatArray
from models.inference.refusal import NoInference
from models.staggered.aggregates import averages, weights_of
from models.staggered.analytic import by_start_group, published
from models.staggered.group_time import Groups, GroupTimes, effects, group_times
from models.staggered.reassigned import Assignments, assignments_of, joint_p, reassigned

LEVEL = 0.95
TIE = 1e-9
CORRELATION = 0.5
SHOCK = 0.5  # SD of a lasting shock to each area, at a bin of its own
FEW = 40  # areas up to which assignments are tried


@dataclass(frozen=True, slots=True)
class Layout:
    """Areas by start: `sizes` areas start in `firsts`; the others never do. `bins` bins in all."""

    sizes: tuple[int, ...]
    firsts: tuple[int, ...]
    never: int
    bins: int = 12

    @property
    def words(self) -> str:
        starts = " + ".join(map(str, self.sizes))
        return f"{sum(self.sizes) + self.never}: {starts} at {len(self.sizes)} dates, {self.never} never"

    @property
    def groups(self) -> Groups:
        sizes = (*self.sizes, *([self.never] if self.never else []))
        firsts = np.asarray([*self.firsts, *([self.bins] if self.never else [])], dtype=np.int64)
        never = firsts == self.bins
        return Groups(np.repeat(np.arange(len(sizes)), sizes), firsts - 1, firsts, never)


LAYOUTS = (
    Layout((1, 1), (5, 8), 4),
    Layout((1, 1), (5, 8), 5),
    Layout((2, 2), (5, 8), 4),
    Layout((1, 1, 1), (4, 6, 8), 5),
    Layout((1, 1, 1, 1), (4, 6, 8, 10), 6),
    Layout((2, 2, 2), (4, 6, 8), 6),
    Layout((3, 3, 3, 3), (4, 6, 8, 10), 0),
    Layout((4, 4, 4), (4, 6, 8), 8),
    Layout((10, 10, 10), (4, 6, 8), 20),
    Layout((40, 40, 40), (4, 6, 8), 80),
)


@dataclass(frozen=True, slots=True)
class World:
    """How an area's bins err around its level."""

    words: str
    correlation: float = CORRELATION
    shock: float = 0.0
    treated: float = 1.0


WORLDS: Mapping[str, World] = {
    "independent": World("Independent bins", correlation=0.0),
    "AR(1)": World("AR(1) .5"),
    "shocks": World("AR(1) and lasting area shocks", shock=SHOCK),
    "noisier": World("AR(1), areas that start twice as noisy", treated=2.0),
}
GROWTH = 0.2  # of the effect, each bin after the start: coverage is also tried where effects are not constant


def draw(world: World, layout: Layout, runs: int, rng: np.random.Generator) -> FloatArray:
    """Values without any effect, shape (R, A, B)."""
    areas, bins = len(layout.groups.member), layout.bins
    u = rng.standard_normal((runs, areas, bins))
    for t in range(1, bins):
        u[:, :, t] = world.correlation * u[:, :, t - 1] + np.sqrt(1 - world.correlation**2) * u[:, :, t]
    u[:, : sum(layout.sizes)] *= world.treated
    when = rng.integers(1, bins, (runs, areas, 1))
    u += world.shock * rng.standard_normal((runs, areas, 1)) * (np.arange(bins) >= when)
    common = rng.standard_normal((runs, 1, bins)).cumsum(axis=2)
    return u + common + 3 * rng.standard_normal((runs, areas, 1))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is estimated in every run of a layout."""

    groups: Groups
    times: GroupTimes
    contrast: FloatArray
    exposed: FloatArray
    effect: FloatArray
    truth: float
    assignments: Assignments | None

    @classmethod
    def of(cls, layout: Layout, aggregate: str = "group") -> "Plan":
        groups = layout.groups
        times = group_times(groups, np.arange(layout.bins), "never" if layout.never else "not_yet")
        weights = weights_of(averages(times).overall[aggregate], groups, times)
        contrast = times.contrast(groups, weights)
        padded = np.zeros((len(contrast), layout.bins))
        padded[:, : contrast.shape[1]] = contrast
        since = np.arange(layout.bins) - groups.first[groups.member][:, None]
        exposed = (since >= 0).astype(np.float64)
        grown = exposed * (1 + GROWTH * np.maximum(since, 0))
        truth = float((padded * groups.means(grown)).sum())
        drawn = assignments_of(groups.member, 1) if len(groups.member) <= FEW else None
        return cls(groups, times, padded, exposed, grown, truth, drawn)


@dataclass(frozen=True, slots=True)
class Found:
    """p-value without an effect, and whether the interval holds the mean of effects that grow."""

    p: float
    holds: bool


def methods(values: FloatArray, plan: Plan) -> Iterator[tuple[str, Found]]:
    """Every inference on one run; those that refuse are left out."""
    grown = values + plan.effect
    if plan.assignments is not None:
        none, some = (
            reassigned(y, plan.exposed, plan.groups, plan.contrast, plan.assignments, LEVEL) for y in (values, grown)
        )
        yield "permutation", Found(none.p_value, _holds(some.interval, plan.truth))
        p = 2 * float(stats.t.sf(abs(none.estimate) / none.std_error, none.df))
        yield "its standard error, t(A - 2)", Found(p, _holds(some.t_interval(LEVEL), plan.truth))
    average = averages(plan.times).overall["group"]
    first, second = (published(y, plan.groups, plan.times, average) for y in (values, grown))
    yield "influence functions", Found(first.p_value, _holds(second.interval(LEVEL), plan.truth))
    one, two = (by_start_group(y, plan.groups, plan.contrast, LEVEL) for y in (values, grown))
    if not isinstance(one, NoInference) and not isinstance(two, NoInference):
        yield "by start group, t(df)", Found(one.p_value, _holds(two.interval, plan.truth))


def _holds(interval: tuple[float, float] | None, truth: float) -> bool:
    return interval is None or interval[0] - TIE <= truth <= interval[1] + TIE


def measure(world: World, layout: Layout, runs: int, seed: tuple[int, ...]) -> dict[str, tuple[float, float]]:
    """Size and coverage by method, in per cent."""
    plan = Plan.of(layout)
    found: dict[str, list[Found]] = {}
    for values in draw(world, layout, runs, np.random.default_rng(seed)):
        for name, result in methods(values, plan):
            found.setdefault(name, []).append(result)
    return {
        name: (
            100 * float(np.mean([r.p <= 1 - LEVEL + TIE for r in each])),
            100 * float(np.mean([r.holds for r in each])),
        )
        for name, each in found.items()
    }


def table(runs: int, seed: int) -> str:
    """A row for each layout and method, a column for each world: rejects no effect / covers a growing effect."""
    lines = [
        f"| Areas | Inference | {' | '.join(world.words for world in WORLDS.values())} |",
        f"|---|---|{'---|' * len(WORLDS)}",
    ]
    for i, layout in enumerate(LAYOUTS):
        found = [measure(world, layout, runs, (seed, i, j)) for j, world in enumerate(WORLDS.values())]
        for method in found[0]:
            cells = [f"{each[method][0]:.1f}% / {each[method][1]:.1f}%" for each in found]
            lines.append(f"| {layout.words} | {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def warned(world: World, layout: Layout, runs: int, seed: tuple[int, ...]) -> float:
    """Per cent of runs with an effect of 3 or more, and nothing before it, in which the joint look warns."""
    plan = Plan.of(layout)
    if plan.assignments is None:
        raise ValueError("the joint look over assignments is for few areas")
    groups, times = plan.groups, plan.times
    before = [average for since, average in averages(times).since.items() if since < 0]
    contrasts = np.zeros((len(before), len(groups.last), layout.bins))
    for each, average in zip(contrasts, before, strict=True):
        found = times.contrast(groups, weights_of(average, groups, times))
        each[:, : found.shape[1]] = found
    later = ~times.before
    hits = 0
    for values in draw(world, layout, runs, np.random.default_rng(seed)):
        own = np.zeros((len(groups.last), layout.bins))
        grown = values + 3 * plan.effect
        own[times.group[later], times.bin[later]] = effects(grown, groups, times)[later]
        hits += joint_p(grown - own[groups.member], groups, contrasts, plan.assignments)[1] <= 1 - LEVEL + TIE
    return 100 * hits / runs


def warnings_table(runs: int, seed: int) -> str:
    """How often `staggered_pretrends` warns of nothing."""
    lines = [f"| Areas | {' | '.join(world.words for world in WORLDS.values())} |", f"|---|{'---|' * len(WORLDS)}"]
    for i, layout in enumerate(LAYOUTS[:5]):
        cells = [f"{warned(world, layout, runs, (seed, i, j, 0)):.1f}%" for j, world in enumerate(WORLDS.values())]
        lines.append(f"| {layout.words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(f"{args.runs:,} runs a cell, standard error of 5% {100 * np.sqrt(0.0475 / args.runs):.1f} points.\n")
    print(table(args.runs, args.seed))
    print("\nSteps before the start, when there is nothing to find: share of runs in which the check warns.\n")
    print(warnings_table(args.runs, args.seed))


if __name__ == "__main__":
    main()
