"""Simulate pilots or draw placebos, run the methods on them, and count."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from size_methods import METHODS, Headline, changes, headline
from size_placebos import Placebos, error_by_force
from size_worlds import DESIGNS, KINDS, NORFOLK_NOISIER, NORFOLK_PILOT, SMALL, Layout, Stack, World, simulate

from models.arrays import FloatArray
from models.panel import Kind

NOMINAL = 0.05
TIE = 1e-9  # a permutation p of 1/20 counts as one
BATCH = 100  # runs simulated at once: times to an event then take 100 MB
STANDARD = Layout()
EVERYTHING = tuple(METHODS)
WORLDS: Mapping[str, World] = {
    **KINDS,
    **{f"{name}, small treated": world for name, world in SMALL.items()},
    "norfolk": NORFOLK_PILOT,
    "norfolk, noisier": NORFOLK_NOISIER,
}


@dataclass(frozen=True, slots=True)
class Job:
    """One column of a table: a world, a design, what is put in, and the methods tried."""

    world: str
    design: str
    runs: int
    layout: Layout = STANDARD
    effect: float = 0.0
    methods: tuple[str, ...] = EVERYTHING


@dataclass(frozen=True, slots=True)
class Share:
    """Part of the runs in which something happened.

    Attributes
    ----------
    hits, runs
        How often, of how many; no runs if a method refused them all.
    by_force
        Standard error when placebos of a force are taken together; None for simulated pilots, which are independent.
    """

    hits: int
    runs: int
    by_force: float | None = None

    @property
    def value(self) -> float:
        return self.hits / self.runs

    @property
    def error(self) -> float:
        """Standard error of `value` if runs are independent."""
        return float(np.sqrt(self.value * (1 - self.value) / self.runs))


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of a job.

    Attributes
    ----------
    rejected
        By method: runs that reject no effect at 5%, of those in which it was tried and did not refuse.
    covered
        Runs whose headline interval holds the effect put in.
    bias
        Mean headline estimate less the effect put in, on the linear scale.
    """

    rejected: Mapping[str, Share]
    covered: Share
    bias: float


def tally(job: Job, seed: Sequence[int]) -> Tally:
    """Simulate a job and count."""
    rng = np.random.default_rng(seed)
    world, design = WORLDS[job.world], DESIGNS[job.design]
    stacks = (
        simulate(world, design, job.layout, min(BATCH, job.runs - start), rng, job.effect)
        for start in range(0, job.runs, BATCH)
    )
    p, found = try_methods(stacks, job.methods)
    covered, bias = judged(found, job.effect)
    return Tally({name: _share(_hits(np.concatenate(parts))) for name, parts in p.items()}, _share(covered), bias)


def placebo_tally(groups: Sequence[Placebos], ratio: float, methods: Sequence[str], seed: Sequence[int]) -> Tally:
    """Put a ratio into placebos by thinning, and count."""
    rng = np.random.default_rng(seed)
    p, found = try_methods((group.stack(ratio, rng) for group in groups), methods)
    covered, bias = judged(found, float(np.log(ratio)))
    rejected = {}
    for name, parts in p.items():
        tried = [force for group, part in zip(groups, parts, strict=True) for force in group.forces[: len(part)]]
        values = np.concatenate(parts)
        forces = [force for force, refused in zip(tried, np.isnan(values), strict=True) if not refused]
        rejected[name] = _by_force(_hits(values), forces, rng)
    return Tally(rejected, _by_force(covered, [force for group in groups for force in group.forces], rng), bias)


def try_methods(stacks: Iterable[Stack], methods: Sequence[str]) -> tuple[dict[str, list[FloatArray]], list[Headline]]:
    """Run the headline on every stack, and each method on the first runs of it: p-values by method and stack."""
    p: dict[str, list[FloatArray]] = {}
    found = []
    for stack in stacks:
        w = changes(stack)
        found.append(headline(stack, w))
        for name in methods:
            method = METHODS[name]
            if method.counts_only and stack.panel.kind is not Kind.COUNT:
                continue
            runs = max(1, round(method.share * stack.runs))
            p.setdefault(name, []).append(method.p_values(stack.first(runs), w[:runs]))
    return p, found


def judged(found: Sequence[Headline], effect: float) -> tuple[FloatArray, float]:
    """Whether each headline interval holds the effect, shape (R,), and the mean error of the estimates."""
    lo, hi, estimate = (np.concatenate([getattr(part, name) for part in found]) for name in ("lo", "hi", "estimate"))
    return ((lo <= effect) & (effect <= hi)).astype(np.float64), float(estimate.mean() - effect)


def run_all[K](jobs: Mapping[K, Job], seed: int, workers: int) -> dict[K, Tally]:
    """Run the jobs, each with a seed of its own, so that the number of workers changes nothing."""
    seeds = [[seed, number] for number in range(len(jobs))]
    if workers == 1:
        return dict(zip(jobs, map(tally, jobs.values(), seeds), strict=True))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return dict(zip(jobs, pool.map(tally, jobs.values(), seeds), strict=True))


def _hits(values: FloatArray) -> FloatArray:
    """1 for each p-value at or below 5%, 0 for each above; nothing where the method refused."""
    return (values[~np.isnan(values)] <= NOMINAL + TIE).astype(np.float64)


def _share(hit: FloatArray) -> Share:
    return Share(int(hit.sum()), len(hit))


def _by_force(hit: FloatArray, forces: Sequence[str], rng: np.random.Generator) -> Share:
    error = error_by_force(hit, forces, rng) if len(hit) else None
    return Share(int(hit.sum()), len(hit), error)
