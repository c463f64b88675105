"""Simulation-based calibration of the Bayesian models (Talts et al. 2018, arXiv:1804.06788).

    python tests/calibration/bayes_sbc.py MODEL [--series] [--runs N] [--effect X] [--seed S] [--out FILE]

Parameters are drawn from the priors, a pilot from the parameters, and the model is sampled on the pilot. Where the
sampler and every formula are right, the rank of a parameter among its draws is uniform over pilots. MODEL is one of
count, binary, ordinal, continuous, duration, time_to_event. With --effect the effect is held at X instead, which shows
bias and coverage there: intervals then need not cover as often as they say, because the prior pulls them.

`docs/methods/bayesian-calibration.md` has the tables that this prints for every model.
"""

import argparse
import csv
import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from bayes_worlds import SCALES, World, world
from scipy import stats

from models.arrays import FloatArray, IntArray
from models.bayes import graph, predictor
from models.bayes.fitting import of_draws
from models.bayes.sampling import Settings, sample
from models.panel import Kind

RANKS = 99  # thinned draws: ranks 0 to 99
BINS = 20
SETTINGS = Settings(chains=2, tune=400, draws=500, cores=1)
BAND_RUNS = 4000
NAMES = ("effect", "headline", "level", "shock_sd", "noise_sd", "area_sd", "period_sd", "autocorrelation")
OWN = ("spread_unit", "gap_unit", "shape_unit")


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One pilot: rank of each parameter among its thinned draws, divergences, and the posterior of the effect.

    `missed` is the posterior mean of the effect less its true value.
    """

    ranks: dict[str, int]
    divergences: int
    missed: float


def ranks_of(world: World, run: int, seed: int, effect: float | None = None) -> Run:
    """Draw parameters and a pilot, sample, and rank."""
    rng = np.random.default_rng([seed, list(Kind).index(world.kind), run])
    template = world.template
    layout = template.layout
    drawn = predictor.prior_draws(layout, template, SCALES, 1, rng)
    if effect is not None:
        drawn["effect"] = np.asarray([effect])
    drawn |= dict(template.prior_extras(1, rng))
    drawn |= predictor.derived(layout, template, drawn, SCALES)
    eta = predictor.linear(layout, drawn, SCALES)
    likelihood = world.likelihood(eta[0], drawn, rng)
    truth = drawn | {"headline": likelihood.effect(eta, drawn["effect"], drawn)}
    settings = replace(SETTINGS, seed=int(rng.integers(2**31)))
    key = predictor.key(likelihood)
    draws = sample(key, lambda: graph.build(likelihood, SCALES), graph.numbers_of(likelihood, SCALES), settings)
    draws = replace(draws, variables=graph.named(likelihood, SCALES, draws.variables))
    found = of_draws(likelihood, SCALES, draws)
    values = {**found.flat, "headline": found.effect}
    names = [n for n in (*NAMES, *OWN) if n in values]
    ranks = {n: _rank(values[n], truth[n]) for n in names}
    return Run(ranks, int(draws.diverging.sum()), float(found.flat["effect"].mean() - drawn["effect"][0]))


def _rank(values: FloatArray, truth: FloatArray) -> int:
    """Number of thinned draws below the truth; of a vector its first element."""
    one = values.reshape(len(values), -1)[:, 0]
    step = len(one) // (RANKS + 1)
    return int((one[step // 2 :: step][:RANKS] < np.ravel(truth)[0]).sum())


def histogram_p(ranks: IntArray) -> float:
    """Chi-square test that ranks are uniform, in 20 bins."""
    counts = np.bincount(ranks * BINS // (RANKS + 1), minlength=BINS)
    return float(stats.chisquare(counts).pvalue)


def band_statistic(ranks: IntArray) -> FloatArray:
    """Least pointwise two-sided tail probability of the empirical distribution, for ranks of shape (..., N).

    Säilynoja, Bürkner and Vehtari 2022, Statistics and Computing 32:32.
    """
    n = ranks.shape[-1]
    points = np.arange(1, RANKS + 1)
    below = (ranks[..., None] < points).sum(axis=-2)
    share = points / (RANKS + 1)
    tails = np.minimum(stats.binom.cdf(below, n, share), stats.binom.sf(below - 1, n, share))
    return np.asarray(2 * tails.min(axis=-1))


def band_null(n: int) -> FloatArray:
    """The statistic where ranks are uniform, from simulation."""
    rng = np.random.default_rng(0)
    return np.concatenate([band_statistic(rng.integers(0, RANKS + 1, (100, n))) for _ in range(BAND_RUNS // 100)])


def table(model: str, runs: Sequence[Run]) -> list[dict[str, str]]:
    """One row for each parameter: uniformity by histogram and by band, and how often central intervals cover."""
    null = band_null(len(runs))
    rows = []
    for name in runs[0].ranks:
        ranks = np.asarray([run.ranks[name] for run in runs])
        within = {
            p: ((ranks >= (1 - p) / 2 * (RANKS + 1)) & (ranks < (1 + p) / 2 * (RANKS + 1))).mean() for p in (0.5, 0.95)
        }
        rows.append(
            {
                "model": model,
                "parameter": name,
                "runs": str(len(runs)),
                "histogram p": f"{histogram_p(ranks):.3f}",
                "band p": f"{(null <= band_statistic(ranks)).mean():.3f}",
                "mean rank": f"{ranks.mean() / RANKS:.3f}",
                "50%": f"{100 * within[0.5]:.1f}",
                "95%": f"{100 * within[0.95]:.1f}",
                "divergences": str(sum(run.divergences for run in runs)),
                "pilots with any": str(sum(run.divergences > 0 for run in runs)),
            }
        )
    return rows


def _markdown(rows: Sequence[dict[str, str]]) -> Iterable[str]:
    yield "| " + " | ".join(rows[0]) + " |"
    yield "|" + "---|" * len(rows[0])
    yield from ("| " + " | ".join(row.values()) + " |" for row in rows)


def write(path: Path, runs: Sequence[Run]) -> None:
    """Keep the ranks of each pilot."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*runs[0].ranks, "divergences", "missed"])
        writer.writerows([*run.ranks.values(), run.divergences, run.missed] for run in runs)


def kept(path: Path) -> list[Run]:
    """Read what `write` wrote."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [n for n in rows[0] if n not in {"divergences", "missed"}]
    return [Run({n: int(r[n]) for n in names}, int(r["divergences"]), float(r["missed"])) for r in rows]


def measured(given: argparse.Namespace) -> list[Run]:
    """Run one model's pilots, keeping what is known from time to time."""
    pilots, runs = world(Kind(given.model), series=given.series), list[Run]()
    for run in range(given.runs):
        runs.append(ranks_of(pilots, run, given.seed, given.effect))
        if given.out and (run + 1) % 25 == 0:
            write(given.out, runs)
            print(run + 1, file=sys.stderr, flush=True)
    return runs


def main() -> None:
    """Print the table of one model, or of files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?", choices=[k.value for k in Kind])
    parser.add_argument("--series", action="store_true", help="24 bins before and 6 after, not 6 and 3")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--effect", type=float, help="hold the effect there")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--table", type=Path, nargs="+", help="files that --out wrote")
    given = parser.parse_args()
    if given.table:
        print("\n".join(_markdown([row for path in given.table for row in table(path.stem, kept(path))])))
        return
    if given.model is None:
        parser.error("name a model, or files after --table")
    warnings.simplefilter("error")
    runs = measured(given)
    print("\n".join(_markdown(table(given.model + (" series" if given.series else ""), runs))))
    missed = np.asarray([run.missed for run in runs])
    print(
        f"posterior mean of the effect less the truth: {missed.mean():.4f} (SE {missed.std() / len(runs) ** 0.5:.4f})"
    )


if __name__ == "__main__":
    main()
