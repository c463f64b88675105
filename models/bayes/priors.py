"""What is taken for credible of an effect before the data, on the scale on which its model is linear."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from models import numbers
from models.bayes.links import Link, baseline_level, from_link, link_of, slope, to_link
from models.bayes.noise import value_unit
from models.case import Case
from models.panel import Panel
from models.posterior import Belief

RANGE = float(stats.norm.ppf(0.975))  # standard deviations from the mean to the end of a central 95% range
EDGE = 1e-3  # a belief is kept this far from shares of 0 and 1
LOPSIDED = 0.05  # part of the range by which its middle may differ from the best value before it is said

WEAK_SD = {Link.LOG: 0.2, Link.LOGIT: 0.4, Link.CLOGLOG: 0.3, Link.LOG_DAYS: 0.3, Link.IDENTITY: 1.0}
"""Standard deviation of the weak prior; on values, in standard deviations of an area's period (`value_unit`).

A normal with SD 0.2 holds rate ratios of .68 to 1.48 with probability .95. A change of 0.4 in log odds moves a share of
a half by ten points, 20% of it; 0.3 in log hazard moves a share of .3 by 7.5 points, 25% of it. Durations spread more
from case to case than rates, so the range is ratios of .56 to 1.80. Recorded counts of some hundred a month vary by
.15 to .2 on the log scale from month to month, so that there one standard deviation is about 0.2 too.
"""
NAMES = {"weak": "weakly informative", "sceptical": "sceptical", "elicited": "elicited"}


@dataclass(frozen=True, slots=True)
class EffectPrior:
    """A normal prior of the effect.

    Attributes
    ----------
    name
        "weak", "sceptical" or "elicited".
    mean, sd
        On the scale on which the model is linear; sd > 0.
    note
        What a reader must know of how it came about; may be empty.
    """

    name: str
    mean: float
    sd: float
    note: str = ""

    def __post_init__(self) -> None:
        if not (np.isfinite([self.mean, self.sd]).all() and self.sd > 0):
            raise ValueError("a normal prior needs a finite mean and a standard deviation above 0")

    @property
    def words(self) -> str:
        """Name for a report."""
        return NAMES.get(self.name, self.name)


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the sensitivity to priors.

    Attributes
    ----------
    label
        What was changed, in words.
    prior
        Prior of the effect.
    shock_factor
        Factor on the scale of the shock's prior.
    chosen
        True for the study's own.
    """

    label: str
    prior: EffectPrior
    shock_factor: float = 1.0
    chosen: bool = False


def weak(link: Link, unit: float = 1.0) -> EffectPrior:
    """Weakly informative: centred on no effect; `unit` is `value_unit` where the scale is the value itself."""
    return EffectPrior("weak", 0.0, WEAK_SD[link] * (unit if link is Link.IDENTITY else 1.0))


def sceptical(link: Link, unit: float = 1.0) -> EffectPrior:
    """Half the standard deviation of the weak prior: on rates, ratios of .82 to 1.22 hold 95%."""
    found = weak(link, unit)
    return replace(found, name="sceptical", sd=found.sd / 2)


def elicited(belief: Belief, link: Link, level: float) -> EffectPrior:
    """Carry an elicited belief to the link and make it normal.

    Parameters
    ----------
    belief
        On the headline's linear scale.
    link
        Scale of the model.
    level
        Mean baseline of the treated areas on the headline's scale (`treated_level`).

    Notes
    -----
    The ends of the 95% range are carried over and kept; the mean is the middle between them. Where the best value lies
    elsewhere the note says what the middle is: a normal cannot be lopsided, and probabilities of benefit and harm hang
    on the range.
    """
    low, best, high = (_shift(link, level, x) for x in (belief.low, belief.best, belief.high))
    middle = (low + high) / 2
    note = ""
    if abs(best - middle) > LOPSIDED * (high - low):
        kept = numbers.significant(_unshift(link, level, middle), 2)
        given = numbers.significant(belief.best, 2)
        note = (
            f"The elicited range is lopsided; the normal prior keeps its ends, and its middle lies at {kept} "
            f"instead of {given} on the linear scale."
        )
    return EffectPrior("elicited", middle, (high - low) / (2 * RANGE), note)


def on_headline(prior: EffectPrior, link: Link, level: float) -> EffectPrior:
    """Carry a prior from the link to the headline's linear scale, the length of its 95% range exactly.

    So are its ends, unless it is centred on no effect: on shares those lie lopsided about 0, and a normal between them
    would favour a rise (of a share of .1, with probability .72). What favours neither direction there favours neither
    here.
    """
    low, high = (_unshift(link, level, prior.mean + sign * RANGE * prior.sd) for sign in (-1, 1))
    middle = (low + high) / 2 if prior.mean else 0.0
    return replace(prior, mean=middle, sd=(high - low) / (2 * RANGE))


def treated_level(panel: Panel) -> float:
    """Mean baseline of the treated areas on the headline's scale; of all areas if they have none, else a half."""
    level = baseline_level(panel)
    for members in (panel.treated, ~panel.treated):
        known = level[members & ~np.isnan(level)]
        if known.size:
            return float(known.mean())
    return 0.5


def priors_of(case: Case) -> tuple[Setting, ...]:
    """The study's own prior of an outcome, then each alternative with one thing changed.

    Notes
    -----
    The study's own is `case.prior_name`; elicited needs `case.prior`, without which it is the weak one. The others are
    the remaining priors with the shock as calibrated, and the study's own with the shock's scale halved and doubled.
    """
    link = link_of(case.panel.kind)
    unit = value_unit(case.panel)
    kinds = {"weak": weak(link, unit), "sceptical": sceptical(link, unit)}
    if case.prior is not None:
        kinds["elicited"] = elicited(case.prior, link, treated_level(case.panel))
    own = kinds.pop(case.prior_name if case.prior_name in kinds else "weak")
    return (
        Setting(f"{own.words} prior", own, chosen=True),
        *(Setting(f"{other.words} prior", other) for other in kinds.values()),
        Setting("shocks half as large", own, 0.5),
        Setting("shocks twice as large", own, 2.0),
    )


def _shift(link: Link, level: float, change: float) -> float:
    """Carry a change from `level` to the link; beyond `EDGE` a share goes on with the slope it has there."""
    if link not in {Link.LOGIT, Link.CLOGLOG}:
        return change
    ends = np.asarray([level, level + change])
    inside = np.clip(ends, EDGE, 1 - EDGE)
    before, after = to_link(link, inside) + (ends - inside) / slope(link, inside)
    return float(after - before)


def _unshift(link: Link, level: float, change: float) -> float:
    if link not in {Link.LOGIT, Link.CLOGLOG}:
        return change
    before = float(np.clip(level, EDGE, 1 - EDGE))
    return float(from_link(link, to_link(link, before) + change)) - before
