"""Print the calibration tables as Markdown: how often each method claims an effect, by design and outcome kind.

    python tests/calibration/size_table.py [--runs N] [--placebos N] [--seed S] [--jobs J]

Pilots are simulated, and placebos drawn from recorded anti-social behaviour; what the tables say stands in
`docs/calibration.md`. The seed fixes every figure, whatever the number of processes.
"""

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import size_placebos
from size_methods import METHODS
from size_runs import EVERYTHING, Job, Share, Tally, placebo_tally, run_all
from size_worlds import ALIKE, DESIGNS, KINDS, NORFOLK_LAYOUT, SHIFTS, SMALL, Layout

type Key = tuple[str | int | float, ...]
type Tallies = Mapping[Key, Tally]

HEADLINE, PERMUTATION, CR2 = EVERYTHING[0], EVERYTHING[1], EVERYTHING[3]
FEW = (HEADLINE, PERMUTATION, CR2)
COMPANIONS = 0.4  # share of the runs for the shorter tables
NORFOLK_RATIOS = (1.0, 0.85, 0.75, 0.7)
PLACEBO_RATIOS = (1.0, 0.85, 0.7)
TREATED = (1, 2, 3)
SEED_OF_DRAW = 1_000


def plan(runs: int) -> dict[Key, Job]:
    """Every simulated cell of the tables."""
    fewer = round(COMPANIONS * runs)
    jobs: dict[Key, Job] = {}
    for kind in KINDS:
        jobs |= {("size", kind, design): Job(kind, design, runs) for design in DESIGNS}
        jobs |= {("shift", kind, d): Job(kind, d, fewer, effect=SHIFTS[kind], methods=(HEADLINE,)) for d in ALIKE}
        for treated in TREATED:
            jobs["treated", kind, treated] = Job(kind, "B", fewer, Layout(treated=treated), methods=FEW)
    for kind in SMALL:
        for design in ("A", "B"):
            jobs["small", kind, design] = Job(f"{kind}, small treated", design, fewer, methods=FEW)
    for ratio in NORFOLK_RATIOS:
        effect = float(np.log(ratio))
        jobs["norfolk", ratio] = Job("norfolk", "B", runs, NORFOLK_LAYOUT, effect)
        jobs["noisier", ratio] = Job("norfolk, noisier", "B", fewer, NORFOLK_LAYOUT, effect, FEW)
    return jobs


def placebos(count: int, seed: int, workers: int) -> dict[Key, Tally]:
    """Draw the placebos and put the ratios in; the keys are (which, ratio)."""
    drawn = size_placebos.draw(count, np.random.default_rng([seed, SEED_OF_DRAW]))
    smallest = size_placebos.draw(count, np.random.default_rng([seed, SEED_OF_DRAW]), smallest_treated=True)
    work = [(("placebo", ratio), drawn, EVERYTHING, ratio) for ratio in PLACEBO_RATIOS]
    work += [(("smallest", ratio), smallest, FEW, ratio) for ratio in PLACEBO_RATIOS]
    work += [(("two years", ratio), [size_placebos.two_years()], FEW, ratio) for ratio in PLACEBO_RATIOS]
    keys, groups, methods, ratios = zip(*work, strict=True)
    seeds = [[seed, SEED_OF_DRAW, number] for number in range(len(work))]
    if workers == 1:
        return dict(zip(keys, map(placebo_tally, groups, ratios, methods, seeds), strict=True))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return dict(zip(keys, pool.map(placebo_tally, groups, ratios, methods, seeds), strict=True))


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def percent(share: Share | None, *, error: bool = False) -> str:
    """A share in percent, if asked with its standard error."""
    if share is None:
        return ""
    if share.runs == 0:
        return "refused"
    by_force = "" if share.by_force is None else f", {100 * share.by_force:.1f}"
    return f"{100 * share.value:.1f}" + (f" ({100 * share.error:.1f}{by_force})" if error else "")


def method_rows(tallies: Tallies, keys: Sequence[Key], *, error: bool = False) -> list[list[str]]:
    """One row per method: its rejections in each column, and the runs behind each figure."""
    rows = []
    for name in METHODS:
        shares = [tallies[key].rejected.get(name) for key in keys]
        tried = [share.runs for share in shares if share is not None]
        if tried:
            rows.append([name, *(percent(share, error=error) for share in shares), f"{max(tried):,}"])
    return rows


def size_tables(tallies: Tallies) -> str:
    """The headline's size for every kind, then every method's, kind by kind."""
    designs = list(DESIGNS)
    rows = []
    for kind in KINDS:
        shares = {d: tallies["size", kind, d].rejected[HEADLINE] for d in designs}
        rows.append([kind, *(percent(share, error=d in ALIKE) for d, share in shares.items())])
    parts = ["## The headline, no effect", markdown(["Outcome", *designs], rows)]
    for kind, world in KINDS.items():
        keys: list[Key] = [("size", kind, d) for d in designs]
        table = markdown(["Method", *designs, "Runs"], method_rows(tallies, keys))
        parts += [f"### {kind.capitalize()}: {world.words}", table]
    return "\n".join(parts)


def shift_table(tallies: Tallies) -> str:
    """Coverage at a large effect."""
    rows = [
        [kind, f"{SHIFTS[kind]:+.2f}", *(percent(tallies["shift", kind, d].covered, error=True) for d in ALIKE)]
        for kind in KINDS
    ]
    title = "## Coverage of the headline at a large effect"
    return "\n".join([title, markdown(["Outcome", "Effect", *ALIKE], rows)])


def treated_table(tallies: Tallies) -> str:
    """Size at one, two and three treated areas."""
    rows = [
        [kind, name, *(percent(tallies["treated", kind, k].rejected[name]) for k in TREATED)]
        for kind in KINDS
        for name in FEW
    ]
    header = ["Outcome", "Method", *(f"{k} of 7 treated" for k in TREATED)]
    return "\n".join(["## By number of treated areas, design B, no effect", markdown(header, rows)])


def small_table(tallies: Tallies) -> str:
    """Size where the smallest areas are treated."""
    rows = [
        [kind, name, *(percent(tallies["small", kind, d].rejected[name]) for d in ("A", "B"))]
        for kind in SMALL
        for name in FEW
    ]
    return "\n".join(["## The two smallest areas treated, no effect", markdown(["Outcome", "Method", "A", "B"], rows)])


def norfolk_table(tallies: Tallies) -> str:
    """Size, power and coverage on Norfolk's counts."""
    header = ["Method", "no effect", *(f"ratio {ratio:g}" for ratio in NORFOLK_RATIOS[1:]), "Runs"]
    parts = []
    for which, words in (("norfolk", "SD .11"), ("noisier", "SD .15")):
        keys: list[Key] = [(which, ratio) for ratio in NORFOLK_RATIOS]
        rows = [*method_rows(tallies, keys), *_headline_rows(tallies, keys)]
        parts += [f"## Norfolk's counts, 24 months before and 12 after, {words}", markdown(header, rows)]
    return "\n".join(parts)


def placebo_tables(tallies: Tallies) -> str:
    """Size, power and coverage on recorded incidents."""
    titles = {
        "placebo": "## Real placebos: 2 of 7 districts of a force, drawn at random",
        "smallest": "## Real placebos: the two smallest of 7 districts",
        "two years": "## Cambridgeshire, 12 months before and 12 after: all 15 pairs of its six districts",
    }
    header = ["Method", "no effect", *(f"ratio {ratio:g}" for ratio in PLACEBO_RATIOS[1:]), "Runs"]
    parts = []
    for which, title in titles.items():
        keys: list[Key] = [(which, ratio) for ratio in PLACEBO_RATIOS]
        error = which != "two years"  # those are all there are
        rows = [*method_rows(tallies, keys, error=error), *_headline_rows(tallies, keys, error=error)]
        parts += [title, markdown(header, rows)]
    return "\n".join(parts)


def _headline_rows(tallies: Tallies, keys: Sequence[Key], *, error: bool = False) -> list[list[str]]:
    """What the headline's intervals cover, and the mean error of its log ratio."""
    covered = [percent(tallies[key].covered, error=error) for key in keys]
    bias = [f"{tallies[key].bias:+.4f}" for key in keys]
    runs = f"{tallies[keys[0]].covered.runs:,}"
    return [["Headline: interval covers the truth", *covered, runs], ["Headline: mean error, log ratio", *bias, runs]]


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000, help="simulated pilots a figure")
    parser.add_argument("--placebos", type=int, default=6_000, help="placebo pilots drawn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    begun = time.perf_counter()
    tallies: dict[Key, Tally] = run_all(plan(options.runs), options.seed, options.jobs)
    tallies |= placebos(options.placebos, options.seed, options.jobs)
    for table in (size_tables, shift_table, norfolk_table, treated_table, small_table, placebo_tables):
        print(table(tallies))
    minutes = (time.perf_counter() - begun) / 60
    print(f"{options.runs:,} runs, {options.placebos:,} placebos, seed {options.seed}: {minutes:.1f} min")


if __name__ == "__main__":
    main()
