"""Whether the answer is the data's or the prior's, and whether the sampler agrees with an exact grid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from models import numbers
from models.arrays import FloatArray
from models.changes import limits_on_scale, on_scale
from models.estimate import Check, Evidence, Figure, Quantity, Row, Status
from models.panel import Panel
from models.posterior import Variant
from models.wording import listed, signed

LIKELY, UNLIKELY = 0.8, 0.2
NEWS = 0.1
"""Change of a probability below which crossing a limit is no news."""
SENSITIVE = 0.05
ALPHAS = (0.99, 1.01)
FURTHEST, WIDEST = 0.5, 1.5
"""Distance of two means in standard deviations, and ratio of standard deviations, within which answers agree."""


@dataclass(frozen=True, slots=True)
class PowerScaling:
    """How much the posterior of the effect moves as a component of the model is raised to a power.

    Attributes
    ----------
    prior, likelihood
        Cumulative Jensen-Shannon distance per doubling of the power; from .05 on it counts as sensitive.
    """

    prior: float
    likelihood: float

    @property
    def words(self) -> str:
        """What the two say together, by the rule of Kallioinen et al."""
        if self.prior < SENSITIVE:
            return "the prior counts for little beside the data"
        if self.likelihood < SENSITIVE:
            return "the data count for little beside the prior"
        return "prior and data both count"


def power_scaling(effect: FloatArray, log_prior: FloatArray, log_likelihood: FloatArray) -> PowerScaling:
    """Measure the sensitivity of the effect to its prior and to the data, by reweighting.

    Kallioinen, Paananen, Bürkner and Vehtari 2024, Statistics and Computing 34:57.

    Parameters
    ----------
    effect
        Draws, shape (C, D).
    log_prior
        Log density at each draw of the priors that are to be scaled (effect and shock), shape (C, D).
    log_likelihood
        Log likelihood of all data at each draw, shape (C, D).
    """
    return PowerScaling(_sensitivity(effect, log_prior), _sensitivity(effect, log_likelihood))


def _sensitivity(effect: FloatArray, log_density: FloatArray) -> float:
    from arviz_stats.base import array_stats

    if np.ptp(log_density) == 0 or np.ptp(effect) == 0:
        return 0.0
    weights = []
    for alpha in ALPHAS:
        logs = np.asarray(array_stats.power_scale_lw(log_density, alpha=alpha, axis=(-2, -1)), dtype=np.float64)
        raised = np.exp(logs - logs.max())
        weights.append(raised / raised.sum())
    return float(array_stats.power_scale_sense(effect, *weights, *ALPHAS))


def priors(panel: Panel, variants: Sequence[Variant], level: float, scaling: PowerScaling | None = None) -> Check:
    """Whether the answer holds under other priors.

    The probabilities of a benefit and of a worthwhile effect are each likely (.8 or more), unlikely (.2 or less) or
    open. A prior that carries one from likely to unlikely or back makes the answer the prior's, and nothing may rest on
    it. One that moves a probability into or out of the open by more than .1 is a warning.

    Parameters
    ----------
    panel
        Names the scale.
    variants
        The answers, the study's own (`chosen`, else the first) among them.
    level
        Of their intervals.
    scaling
        Power-scaling sensitivity, told in the detail; None if not measured.
    """
    main = next((v for v in variants if v.chosen), variants[0] if variants else None)
    others = [v for v in variants if v is not main]
    if main is None or not others:
        reason = "Whether the answer holds under another prior was not tried."
        return Check("bayes_priors", Status.NOT_RUN, reason)
    turned = [v.label for v in others if any(_turned(*pair) for pair in _pairs(main, v))]
    moved = [v.label for v in others if any(_moved(*pair) for pair in _pairs(main, v))]
    everyone = [main, *others]
    said = (
        f"the probability of a benefit is {_between([v.beneficial for v in everyone])} and of a worthwhile effect "
        f"{_between([v.worthwhile for v in everyone])}"
    )
    detail = f"The effect is between {_ends(panel, everyone)} under {len(everyone)} priors.{_told(scaling)}"
    evidence = _evidence(panel, main, others, level)
    if turned:
        finding = f"The answer hangs on what is believed beforehand ({listed(turned)}): {said}."
        return Check("bayes_priors", Status.FAIL, finding, detail, evidence, overturns=True)
    if moved:
        finding = f"The answer leans on what is believed beforehand ({listed(moved)}): {said}."
        return Check("bayes_priors", Status.WARN, finding, detail, evidence)
    finding = f"The answer holds whatever is believed beforehand: {said}."
    return Check("bayes_priors", Status.PASS, finding, detail, evidence)


def _pairs(main: Variant, other: Variant) -> tuple[tuple[float, float], ...]:
    return (main.beneficial, other.beneficial), (main.worthwhile, other.worthwhile)


def _band(probability: float) -> int:
    return 1 if probability >= LIKELY else -1 if probability <= UNLIKELY else 0


def _turned(one: float, other: float) -> bool:
    return _band(one) * _band(other) < 0


def _moved(one: float, other: float) -> bool:
    return _band(one) != _band(other) and abs(one - other) > NEWS


def _between(shares: Sequence[float]) -> str:
    low, high = (numbers.threshold(round(p, 2)) for p in (min(shares), max(shares)))
    return low if low == high else f"{low} to {high}"


def _ends(panel: Panel, variants: Sequence[Variant]) -> str:
    means = [v.mean for v in variants]
    return f"{signed(panel, min(means))} and {signed(panel, max(means))}"


def _told(scaling: PowerScaling | None) -> str:
    if scaling is None:
        return ""
    return (
        f" Power scaling: {numbers.fixed(scaling.prior, 2)} for the prior, {numbers.fixed(scaling.likelihood, 2)} for "
        f"the data, where {SENSITIVE} counts ({scaling.words})."
    )


def _evidence(panel: Panel, main: Variant, others: Sequence[Variant], level: float) -> Evidence:
    rows = []
    for v in (main, *others):
        benefit, worth = (numbers.threshold(round(p, 2)) for p in (v.beneficial, v.worthwhile))
        row = ranged(panel, v.label, v.mean, v.interval, chosen=v is main)
        rows.append(replace(row, note=row.note or f"benefit {benefit}, worthwhile {worth}"))
    title = f"Effect under other priors, with its {numbers.interval_name(level)}"
    return Evidence(title, Figure.FOREST, panel.scale, Quantity.OUTCOME, tuple(rows))


def grid(panel: Panel, effect: FloatArray, mean: float, sd: float, level: float) -> Check:
    """Whether the sampler agrees with the exact posterior of the collapsed changes.

    The two are different models of the same data: the grid reads one change per area with normal noise, the sampler
    every cell. Means half a standard deviation apart move a probability by .20 at most, standard deviations 1.5 times
    as large by .10. Beyond that the two do not tell the same story; the warning says to look, not which is right.

    Parameters
    ----------
    panel
        Names the scale.
    effect
        The sampler's draws, on the linear scale, shape (S,).
    mean, sd
        Of the grid, on the same scale, under the same priors.
    level
        Of the intervals shown, which are the draws' own and a normal one of the grid.
    """
    own_mean, own_sd = float(effect.mean()), float(effect.std())
    narrower, wider = sorted((own_sd, sd))
    if not narrower > 0:
        finding = "Two ways of calculating cannot be compared: one of them leaves no doubt at all."
        return Check("bayes_grid", Status.WARN, finding, "A posterior without spread.")
    apart, ratio = abs(own_mean - mean) / narrower, wider / narrower
    told = (
        f"{signed(panel, own_mean)} from all that was recorded, and {signed(panel, mean)} from an exact calculation on "
        "one change of each area"
    )
    detail = (
        f"Means {numbers.fixed(apart, 2)} standard deviations apart, at most {FURTHEST}; standard deviations "
        f"{numbers.significant(own_sd)} and {numbers.significant(sd)}, at most {WIDEST} times one another."
    )
    low, high = (float(q) for q in np.quantile(effect, [(1 - level) / 2, (1 + level) / 2]))
    reach = float(stats.norm.isf((1 - level) / 2)) * sd
    rows = (
        ranged(panel, "sampler", own_mean, (low, high), chosen=True),
        ranged(panel, "exact grid", mean, (mean - reach, mean + reach)),
    )
    evidence = Evidence("Sampler and exact grid", Figure.FOREST, panel.scale, Quantity.OUTCOME, rows)
    if apart <= FURTHEST and ratio <= WIDEST:
        return Check("bayes_grid", Status.PASS, f"Two ways of calculating agree: {told}.", detail, evidence)
    how = "in how sure they are" if apart <= FURTHEST else "in the effect"
    return Check("bayes_grid", Status.WARN, f"Two ways of calculating differ {how}: {told}.", detail, evidence)


def ranged(panel: Panel, label: str, mean: float, interval: tuple[float, float], *, chosen: bool = False) -> Row:
    """Carry a mean and an interval on the linear scale to a row on the panel's scale."""
    limits = limits_on_scale(panel.scale, interval)
    if limits is None:
        return Row(label, None, note="too wide to be written as numbers", chosen=chosen)
    return Row(label, on_scale(panel.scale, mean), *limits, chosen=chosen)
