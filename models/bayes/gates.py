"""Can the draws be relied on? What the sampler itself shows, which gates block a verdict, and the one better try.

Every gate is a `Check`: PASS, WARN (to be read with care) or FAIL (nothing may rest on these draws). The measures are
ArviZ's: rank-normalised split R-hat and effective sample sizes of Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021
(Bayesian Analysis 16:667-718), E-BFMI of Betancourt 2016 (arXiv:1604.00695).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.bayes.sampling import Settings
from models.estimate import Check, Status
from models.wording import listed

SAMPLER_GATES = ("bayes_rhat", "bayes_ess", "bayes_divergences", "bayes_energy", "bayes_depth")
GATES = (
    *SAMPLER_GATES,
    "bayes_refitted",
    "bayes_prior_predictive",
    "bayes_posterior_predictive",
    "bayes_loo",
    "bayes_leave_area_out",
    "bayes_priors",
    "bayes_grid",
)
"""Every gate, in the order it is read."""

LARGEST_RHAT = 1.01
SMALLEST_ESS = 400.0
FEWEST_OF_A_LATENT = 100.0
CHANCE = 0.01
"""Probability that the largest R-hat of many latent quantities, all of them well sampled, is beyond its limit."""
SMALLEST_BFMI = 0.3
MOST_CUT_SHORT = 0.05
TAILS = (0.05, 0.95)
FEWEST_DRAWS = 4  # of a chain, for ArviZ
SURER, SUREST = 0.97, 0.99
DEEPER = 2


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """How the sampler fared, C chains of D draws.

    Attributes
    ----------
    diverging, saturated
        Transitions that diverged, and that were cut short at the greatest depth, shape (C, D).
    energy
        Energy of each transition, shape (C, D).
    """

    diverging: BoolArray
    energy: FloatArray
    saturated: BoolArray


def sampler(key: Mapping[str, FloatArray], latent: Mapping[str, FloatArray], run: Run) -> tuple[Check, ...]:
    """Run the five gates of the sampler.

    Parameters
    ----------
    key
        Quantities the answer is read from, by their names in words, each of shape (C, D, ...): the effect and the
        scales. Each must pass strictly. A key that never changes fails: leave out what the model fixes.
    latent
        The other free quantities, each of shape (C, D, ...): areas, periods, shocks, noise of single cells. One that
        never changes is fixed by construction and not counted.
    run
        Divergences, energies, depths.
    """
    return (mixing(key, latent), effective(key, latent), divergences(run), energy(run), depth(run))


def mixing(key: Mapping[str, FloatArray], latent: Mapping[str, FloatArray]) -> Check:
    """Do the chains agree? Rank-normalised split R-hat; parameters as in `sampler`.

    The largest R-hat of hundreds of latent quantities is above 1.01 by chance alone, so theirs is held against
    `chance_limit`.
    """
    chains = _chains(key)
    if obstacle := _obstacle(key, latent):
        return Check("bayes_rhat", Status.FAIL, f"The calculation cannot be checked against itself: {obstacle}.")
    worst = {name: _largest_rhat(_columns(values)) for name, values in key.items()}
    others = {name: _largest_rhat(moving) for name, values in latent.items() if (moving := _moving(values)).size}
    limit = chance_limit(sum(_moving(values).shape[0] for values in latent.values()), chains)
    failed = any(r >= LARGEST_RHAT for r in worst.values()) or any(r >= limit for r in others.values())
    detail = f"Rank-normalised split R-hat, below {LARGEST_RHAT} for each of: {_each(worst, 4, largest=True)}." + (
        f" Of all others the largest is {_number(max(others.values()), 4)} ({max(others, key=lambda n: others[n])}), "
        f"where {numbers.fixed(limit, 3)} is passed by chance once in {round(1 / CHANCE)} times."
        if others
        else ""
    )
    largest = _number(max(worst.values()), 3)
    if failed:
        apart = f"{largest} for what the answer is read from, where less than {LARGEST_RHAT} is asked"
        if max(worst.values()) < LARGEST_RHAT:
            apart = f"{_number(max(others.values()), 3)} for {max(others, key=lambda n: others[n])}, limit "
            apart += numbers.fixed(limit, 3)
        return Check(
            "bayes_rhat",
            Status.FAIL,
            f"{chains} independent runs of the calculation did not come to the same answer (disagreement {apart}).",
            detail,
        )
    return Check(
        "bayes_rhat",
        Status.PASS,
        f"{chains} independent runs of the calculation came to the same answer (disagreement {largest}, where less "
        f"than {LARGEST_RHAT} is asked).",
        detail,
    )


def chance_limit(number: int, chains: int) -> float:
    """Limit of the largest R-hat among latent quantities that were all sampled just well enough.

    For 2C half-chains worth n independent draws each, (2C - 1) n (R-hat^2 - 1) is close to chi-squared with 2C - 1
    degrees of freedom. The limit is passed with probability `CHANCE` (Bonferroni over the quantities, twice for bulk
    and tail) if each has the effective sample size that is asked, and never lies below the strict one.

    Parameters
    ----------
    number
        Latent quantities.
    chains
        C, at least 2.
    """
    halves = 2 * chains
    each = SMALLEST_ESS / halves
    quantile = stats.chi2.isf(CHANCE / (2 * max(number, 1)), halves - 1)
    return max(LARGEST_RHAT, math.sqrt(1 + float(quantile) / ((halves - 1) * each)))


def effective(key: Mapping[str, FloatArray], latent: Mapping[str, FloatArray]) -> Check:
    """How many independent draws are these worth, in the bulk and in the tails? Parameters as in `sampler`.

    A latent quantity between 100 and 400 is a warning: no answer is read from it, and the key quantities, which it
    enters, are held against 400 themselves.
    """
    if obstacle := _obstacle(key, latent):
        return Check("bayes_ess", Status.FAIL, f"The calculation's draws cannot be counted: {obstacle}.")
    found = {name: _smallest_ess(_columns(values)) for name, values in key.items()}
    others = {name: _smallest_ess(moving) for name, values in latent.items() if (moving := _moving(values)).size}
    least, least_other = min(found.values()), min(others.values(), default=math.inf)
    detail = f"The smaller of bulk and tail effective sample size: {_each(found, 0)}."
    if others:
        where = min(others, key=lambda n: others[n])
        detail += f" Of all others the smallest is {_number(least_other, 0)} ({where})."
    asked = f"more than {numbers.count(SMALLEST_ESS)} are asked"
    if not least > SMALLEST_ESS:
        finding = f"The answer rests on the equivalent of only {_number(least, 0)} independent draws, where {asked}."
        return Check("bayes_ess", Status.FAIL, finding, detail)
    if not least_other > SMALLEST_ESS:
        failed = not least_other > FEWEST_OF_A_LATENT
        finding = (
            f"The answer rests on the equivalent of {_number(least, 0)} independent draws, but a part of the model on "
            f"only {_number(least_other, 0)}, where {asked}."
        )
        return Check("bayes_ess", Status.FAIL if failed else Status.WARN, finding, detail)
    finding = f"The answer rests on the equivalent of {_number(least, 0)} independent draws, where {asked}."
    return Check("bayes_ess", Status.PASS, finding, detail)


def divergences(run: Run) -> Check:
    """Did the sampler meet a place it could not follow? None may be, since such places bias every share of draws."""
    total, bad = run.diverging.size, int(run.diverging.sum())
    if bad:
        steps = "step" if bad == 1 else "steps"
        finding = (
            f"The calculation could not follow the model everywhere ({bad:,} {steps} of {total:,} went astray), so "
            "that plausible answers may be missing from it."
        )
        detail = f"Divergent transitions by chain: {listed([f'{n:,}' for n in run.diverging.sum(axis=1)])}."
        return Check("bayes_divergences", Status.FAIL, finding, detail)
    finding = f"The calculation could follow the model everywhere (none of {total:,} steps went astray)."
    return Check("bayes_divergences", Status.PASS, finding, "No divergent transition.")


def energy(run: Run) -> Check:
    """Could each chain reach the tails? The fraction of missing information, E-BFMI, of each chain."""
    by_chain = _bfmi(run.energy)
    low = min(by_chain)
    detail = f"E-BFMI by chain: {listed([_number(b, 2) for b in by_chain])}; more than {SMALLEST_BFMI} is asked."
    if not low > SMALLEST_BFMI:
        finding = (
            "The calculation moved too slowly between likely and unlikely answers to know how far the unlikely ones "
            f"reach ({_number(low, 2)}, where more than {SMALLEST_BFMI} is asked)."
        )
        return Check("bayes_energy", Status.FAIL, finding, detail)
    finding = (
        f"The calculation moved freely between likely and unlikely answers ({_number(low, 2)}, where more than "
        f"{SMALLEST_BFMI} is asked)."
    )
    return Check("bayes_energy", Status.PASS, finding, detail)


def depth(run: Run) -> Check:
    """Were trajectories cut short? A few cost speed, which the effective sample size counts; many are no sample."""
    total, cut = run.saturated.size, int(run.saturated.sum())
    most = float(run.saturated.mean(axis=1).max())
    detail = (
        f"Transitions at the greatest depth; in one chain at most {numbers.threshold(round(most, 3))}, limit "
        f"{numbers.threshold(MOST_CUT_SHORT)}."
    )
    if not cut:
        finding = f"None of the calculation's {total:,} steps was cut short."
        return Check("bayes_depth", Status.PASS, finding, "No transition at the greatest depth.")
    were = "was" if cut == 1 else "were"
    if most > MOST_CUT_SHORT:
        finding = (
            f"{cut:,} of the calculation's {total:,} steps {were} cut short, too many for its answer to be relied on."
        )
        return Check("bayes_depth", Status.FAIL, finding, detail)
    finding = f"{cut:,} of the calculation's {total:,} steps {were} cut short, which makes it slower and not wrong."
    return Check("bayes_depth", Status.WARN, finding, detail)


def blocking(checks: Iterable[Check]) -> tuple[str, ...]:
    """Why the draws cannot be relied on: what each gate that failed found, in the order of `GATES`.

    Empty if every gate passed or only warns. Checks that are no gates are passed over.
    """
    failed = [c for c in checks if c.id in GATES and c.status is Status.FAIL]
    return tuple(c.finding for c in sorted(failed, key=lambda c: GATES.index(c.id)))


def worth_refitting(checks: Iterable[Check]) -> bool:
    """Whether better settings may help: a gate of the sampler failed. They mend no model that does not fit."""
    return any(c.id in SAMPLER_GATES and c.status is Status.FAIL for c in checks)


def better(settings: Settings, checks: Iterable[Check]) -> Settings:
    """Settings for the one refit: longer adaptation, and more of what the gates that failed were short of.

    Twice the draws for disagreement or too few draws, smaller steps for divergences or missing information, deeper
    trees for trajectories cut short. Smaller steps need deeper trees, so they come with them.
    """
    failed = {c.id for c in checks if c.status is Status.FAIL}
    more = failed & {"bayes_rhat", "bayes_ess"}
    astray = failed & {"bayes_divergences", "bayes_energy"}
    return replace(
        settings,
        tune=2 * settings.tune,
        draws=(2 if more else 1) * settings.draws,
        target_accept=max(settings.target_accept, SUREST if astray else SURER),
        max_depth=settings.max_depth + (DEEPER if astray or "bayes_depth" in failed else 0),
    )


def refitted(first: Iterable[Check], second: Iterable[Check]) -> Check:
    """Say what a refit with better settings changed, from the sampler's gates of both runs."""
    before, after = _failed(first), _failed(second)
    gates = "check" if len(before) == 1 else "checks"
    began = (
        f"The calculation was run again with better settings, because it had failed {len(before)} of its own {gates}"
    )
    detail = f"Failed at first: {listed(before)}."
    if after:
        finding = f"{began}, and it failed {len(after)} the second time too."
        return Check("bayes_refitted", Status.FAIL, finding, f"{detail} Failed again: {listed(after)}.")
    return Check("bayes_refitted", Status.PASS, f"{began}; the second time it passed them all.", detail)


def _failed(checks: Iterable[Check]) -> list[str]:
    return [c.id.removeprefix("bayes_") for c in checks if c.id in SAMPLER_GATES and c.status is Status.FAIL]


def _obstacle(key: Mapping[str, FloatArray], latent: Mapping[str, FloatArray]) -> str:
    """Why nothing can be measured; empty if it can."""
    if not key:
        return "it names no quantity the answer is read from"
    if not all(np.isfinite(values).all() for values in (*key.values(), *latent.values())):
        return "some of its draws are not finite numbers"
    chains, draws = next(iter(key.values())).shape[:2]
    if chains < 2:
        return "it was run only once"
    if draws < FEWEST_DRAWS:
        return f"it has only {draws} draws in each run"
    still = [name for name, values in key.items() if _moving(values).shape[0] < _columns(values).shape[0]]
    return f"{listed(still)} never moved" if still else ""


def _chains(key: Mapping[str, FloatArray]) -> int:
    return next(iter(key.values())).shape[0] if key else 0


def _columns(values: FloatArray) -> FloatArray:
    """Bring an array (C, D, ...) to (K, C, D), one row for each number."""
    return np.moveaxis(values.reshape(*values.shape[:2], -1), -1, 0)


def _moving(values: FloatArray) -> FloatArray:
    """Those of the rows of `_columns` that are not the same in every draw."""
    columns = _columns(values)
    return columns[np.ptp(columns, axis=(1, 2)) > 0]


def _largest_rhat(columns: FloatArray) -> float:
    """Largest R-hat; infinite where chains each stand still at a place of their own."""
    from arviz_stats.base import array_stats

    with np.errstate(all="ignore"):
        found = np.asarray(array_stats.rhat(columns), dtype=np.float64)
    return float(np.where(np.isnan(found), np.inf, found).max())


def _smallest_ess(columns: FloatArray) -> float:
    """Smallest of bulk and tail effective sample size; nought where it is not defined."""
    from arviz_stats.base import array_stats

    with np.errstate(all="ignore"):
        bulk = np.asarray(array_stats.ess(columns, method="bulk"), dtype=np.float64)
        tail = np.asarray(array_stats.ess(columns, method="tail", prob=TAILS), dtype=np.float64)
    return float(np.nan_to_num(np.minimum(bulk, tail), nan=0.0).min())


def _bfmi(energies: FloatArray) -> list[float]:
    """E-BFMI of each chain; nought where the energy never changes or is not finite."""
    from arviz_stats.base import array_stats

    with np.errstate(all="ignore"):
        found = np.asarray(array_stats.bfmi(energies), dtype=np.float64)
    return [float(b) for b in np.nan_to_num(found, nan=0.0, posinf=0.0)]


def _number(value: float, places: int) -> str:
    return numbers.fixed(value, places) if math.isfinite(value) else "beyond any number"


def _each(found: Mapping[str, float], places: int, *, largest: bool = False) -> str:
    """Name the worst first, since only the first few are named."""
    ordered = sorted(found.items(), key=lambda item: item[1], reverse=largest)
    return listed([f"{name} {_number(value, places)}" for name, value in ordered])
