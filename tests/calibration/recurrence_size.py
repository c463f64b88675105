"""How often the measures of repeats claim an effect where there is none, and how often their intervals hold it.

    python tests/calibration/recurrence_size.py [runs]

prints the tables of `docs/methods/recurrence.md`; 4,000 runs of each world take about a quarter of an hour.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))
from recurrence_worlds import AREAS, WORLDS, Pilots, World, case_of, expected, simulate

from models.arrays import BoolArray, FloatArray
from models.design import Design
from models.estimate import Status
from models.inference.permutation import assignments, mean_differences
from models.inference.refusal import NoInference
from models.recurrence.grouped import grouped_cox, interaction, log_ratios, proportional
from models.recurrence.measures import LEVELS, RISKS, Measure, Window
from models.recurrence.model import RecurrenceOptions, fit
from models.recurrence.risk import Risk, first_events

LEVEL = 0.95
BATCH = 100
SEED = 20240401
EFFECT = float(np.log(0.7))
MEASURES = (
    Measure.SHARE, Measure.DAYS, Measure.REPEATS, Measure.FIRST, Measure.ALL, Measure.BY_NUMBER, Measure.BY_GAP,
)  # fmt: skip
POOLED = (Measure.FIRST, Measure.ALL)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One method over R runs: estimates, half widths of 95% intervals, p-values, each of shape (R,)."""

    estimate: FloatArray
    half: FloatArray
    p_value: FloatArray

    def rejects(self) -> float:
        """Share of runs with p at or below 5%."""
        return float((self.p_value <= 1 - LEVEL).mean())

    def covers(self, truth: float) -> float:
        """Share of intervals that hold the truth."""
        return float((np.abs(self.estimate - truth) <= self.half).mean())


def changes(measure: Measure, pilots: Pilots) -> FloatArray:
    """Change of each area, shape (R, A)."""
    if measure in LEVELS:
        w = LEVELS[measure](pilots.after).value - LEVELS[measure](pilots.before).value
    else:
        w = log_ratios(RISKS[measure](pilots.before), RISKS[measure](pilots.after))
    return w.reshape(pilots.runs, AREAS)


def collapsed(w: FloatArray, treated: BoolArray) -> Outcome:
    """Test one change per area on G - 2 degrees of freedom, all runs at once."""
    groups = [w[:, treated], w[:, ~treated]]
    estimate = groups[0].mean(axis=1) - groups[1].mean(axis=1)
    squares = sum(((g - g.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) for g in groups)
    df = w.shape[1] - 2
    error = np.sqrt(squares / df * (1 / treated.sum() + 1 / (~treated).sum()))
    return Outcome(estimate, stats.t.isf((1 - LEVEL) / 2, df) * error, 2 * stats.t.sf(np.abs(estimate) / error, df))


def permuted(w: FloatArray, treated: BoolArray) -> FloatArray:
    """Exact permutation p of each run, shape (R,)."""
    chosen, _ = assignments(treated, SEED)
    drawn = np.abs(np.stack([mean_differences(row - row.mean(), chosen) for row in w]))
    observed = np.abs(w[:, treated].mean(axis=1) - w[:, ~treated].mean(axis=1))
    found: FloatArray = (drawn >= observed[:, None] - 1e-12).mean(axis=1)
    return found


def clustered(measure: Measure, pilots: Pilots) -> tuple[Outcome, FloatArray]:
    """Pooled Cox model of each run with Lin and Wei's errors by area, and the score test of its hazards, p (R,)."""
    before, after = (RISKS[measure](window) for window in (pilots.before, pilots.after))
    rows, hazards = [], []
    for run in range(pilots.runs):
        part = slice(run * AREAS, (run + 1) * AREAS)
        groups = interaction(_part(before, part), _part(after, part), pilots.treated)
        found = grouped_cox(groups)
        if isinstance(found, NoInference):
            raise ArithmeticError(found.reason)  # noqa: TRY004 - the fit failed
        rows.append((found.coefficients[1], found.robust_errors[1]))
        hazards.append(proportional(groups, found).p_value[1])
    value, error = np.asarray(rows).T
    half = stats.norm.isf((1 - LEVEL) / 2) * error
    return Outcome(value, half, 2 * stats.norm.sf(np.abs(value) / error)), np.asarray(hazards)


def later_against_earlier(pilots: Pilots) -> FloatArray:
    """Later less earlier log hazard ratio of a first repeat in each area, shape (R, A), each run with its own days."""
    before, after = first_events(pilots.before.cells), first_events(pilots.after.cells)
    w = np.empty((pilots.runs, AREAS))
    for run in range(pilots.runs):
        part = slice(run * AREAS, (run + 1) * AREAS)
        own = _part(before, part), _part(after, part)
        by_day = (own[0].events + own[1].events).sum(axis=(0, 1))
        early = np.cumsum(by_day) - by_day < by_day.sum() / 2
        w[run] = log_ratios(*own, ~early) - log_ratios(*own, early)
    return w


def truth(pilots: Pilots, world: World) -> dict[Measure, float]:
    """Mean effect in treated areas' follow-up of cases all followed to the horizon, without chance."""
    before, without = (rates[:, pilots.treated].ravel() for rates in pilots.rates)
    cells = [expected(rates, world.frailty) for rates in (before, without, without * np.exp(pilots.effect))]
    found: dict[Measure, float] = {}
    for measure in (Measure.SHARE, Measure.DAYS):
        values = [LEVELS[measure](Window(first, None)).value for first, _ in cells[1:]]
        found[measure] = float((values[1] - values[0]).mean())
    found[Measure.REPEATS] = float(100 * (cells[2][1].events - cells[1][1].events).sum(axis=(1, 2)).mean())
    firsts = [first_events(first) for first, _ in cells]
    found[Measure.FIRST] = float((log_ratios(firsts[0], firsts[2]) - log_ratios(firsts[0], firsts[1])).mean())
    alls = [risk for _, risk in cells]
    found[Measure.ALL] = float((log_ratios(alls[0], alls[2]) - log_ratios(alls[0], alls[1])).mean())
    return found


@dataclass(frozen=True, slots=True)
class Results:
    """Everything of one world: each method's outcome by name, and the true effects."""

    methods: dict[str, Outcome]
    truth: dict[Measure, float]


def results(world: World, runs: int, effect: float = 0.0, seed: int = SEED) -> Results:
    """Run every method on `runs` pilots of a world."""
    rng = np.random.default_rng([seed, sum(map(ord, world.words))])
    parts: dict[str, list[Outcome]] = {}
    truths = []
    for _ in range(max(1, runs // BATCH)):
        pilots = simulate(world, min(BATCH, runs), rng, effect)
        for name, outcome in _methods(pilots).items():
            parts.setdefault(name, []).append(outcome)
        truths.append(truth(pilots, world))
    joined = {
        name: Outcome(*(np.concatenate([getattr(o, f) for o in many]) for f in ("estimate", "half", "p_value")))
        for name, many in parts.items()
    }
    return Results(joined, {measure: float(np.mean([t[measure] for t in truths])) for measure in truths[0]})


def _methods(pilots: Pilots) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for measure in MEASURES:
        w = changes(measure, pilots)
        found[measure] = collapsed(w, pilots.treated)
        if measure in {Measure.SHARE, *POOLED}:
            tested = found[measure]
            found[f"{measure}, permutation"] = Outcome(
                tested.estimate, tested.half * np.nan, permuted(w, pilots.treated)
            )
    for measure in POOLED:
        found[f"{measure}, pooled, clustered by area"], hazards = clustered(measure, pilots)
        if measure is Measure.FIRST:
            unknown = np.full(pilots.runs, np.nan)
            found["hazards, pooled score test"] = Outcome(unknown, unknown, hazards)
    found["hazards, later against earlier"] = collapsed(later_against_earlier(pilots), pilots.treated)
    return found


def warnings(world: World, runs: int, effect: float = 0.0, seed: int = SEED) -> dict[str, float]:
    """Share of runs in which each check of the model warns."""
    rng = np.random.default_rng(seed)
    pilots = simulate(world, runs, rng, effect)
    warned: dict[str, int] = {}
    for run in range(runs):
        for check in fit(case_of(pilots, run), Design(), RecurrenceOptions()).checks:
            warned[check.id] = warned.get(check.id, 0) + (check.status is Status.WARN)
    return {name: count / runs for name, count in warned.items()}


def _part(risk: Risk, part: slice) -> Risk:
    return Risk(risk.at_risk[part], risk.events[part])


def table(runs: int, show: Callable[[str], None] = print) -> None:
    """Print size by world, and what is found of a true effect."""
    names = list(WORLDS)
    found = {name: results(world, runs) for name, world in WORLDS.items()}
    show(f"{runs:,} runs of each world; standard error of 5% is {100 * np.sqrt(0.05 * 0.95 / runs):.1f} points\n")
    show(f"| p <= 0.05 without effect, % | {' | '.join(names)} |")
    show(f"|---|{'---|' * len(names)}")
    for method in found[names[0]].methods:
        cells = [f"{100 * found[name].methods[method].rejects():.1f}" for name in names]
        show(f"| {method} | {' | '.join(cells)} |")
    show(f"\nRate ratio {np.exp(EFFECT):.2f} in treated areas' follow-up\n")
    show("| | world | true effect | mean estimate | interval holds the truth, % | p <= 0.05, % |")
    show("|---|---|---|---|---|---|")
    for name in ("shocks", "alike", "noisy"):
        one = results(WORLDS[name], runs, EFFECT)
        for measure, value in one.truth.items():
            method = one.methods[measure]
            holds = f"{100 * method.covers(value):.1f}"
            mean = f"{value:.3f} | {method.estimate.mean():.3f}"
            show(f"| {measure} | {name} | {mean} | {holds} | {100 * method.rejects():.1f} |")
        for measure in POOLED:
            method = one.methods[f"{measure}, pooled, clustered by area"]
            value = one.truth[measure]
            mean = f"{value:.3f} | {method.estimate.mean():.3f}"
            holds = f"{100 * method.covers(value):.1f}"
            show(f"| {measure}, pooled, clustered | {name} | {mean} | {holds} | {100 * method.rejects():.1f} |")
    few = min(runs, 400)
    show(f"\nChecks that warn, % of {few:,} runs: without effect; as treated areas' rate falls by 30%\n")
    for name in ("shocks", "uneven"):
        nothing, something = (warnings(WORLDS[name], few, effect) for effect in (0.0, EFFECT))
        for check, share in nothing.items():
            show(f"| {check} | {name} | {100 * share:.1f} | {100 * something[check]:.1f} |")


if __name__ == "__main__":
    table(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000)
