"""Those who took it up against those who declined: described, never called an effect, with what would explain it."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from models import numbers
from models.case import Case
from models.design import Design
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.inference.refusal import NoInference
from models.panel import Kind, Panel, pool_areas
from models.summary import summarise
from models.wording import SHARES

FEWEST = 5
"""Cases on either side below which nothing is compared."""

PER_SD = 0.91
"""Log risk ratio that corresponds to one standard deviation (VanderWeele & Ding 2017)."""

NOT_SAID = "How those who took it up compare with those who declined cannot be said."
EXPLAINED = (
    "An unmeasured difference between them (in history, motive or circumstances) explains the ratio away if it goes "
    "with both taking it up and the outcome by ratios of at least the E-value. This says nothing about whether areas "
    "would have changed alike, which the estimates rest on."
)
NO_EFFECT = (
    "This is a description, not an effect: people chose to take it up, and those without a history come back less "
    "anyhow."
)


@dataclass(frozen=True, slots=True)
class Association:
    """How the outcome goes with having taken it up, as a ratio of risks.

    Attributes
    ----------
    ratio
        Of those who took it up to those who declined; for means, the ratio that corresponds to their difference.
    interval
        Limits at the level asked for, cases taken as independent.
    """

    ratio: float
    interval: tuple[float, float]


def e_value(ratio: float) -> float:
    """Smallest association with both that an unmeasured difference needs to explain a ratio of risks away.

    Parameters
    ----------
    ratio
        Ratio of risks, > 0; below 1 its reciprocal is taken.

    Notes
    -----
    ``R + sqrt(R (R - 1))`` (VanderWeele & Ding 2017, Annals of Internal Medicine 167:268). For an interval it is taken
    of the limit nearest 1, and is 1 where the interval holds 1; see `nearest_one`.
    """
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))


def nearest_one(interval: tuple[float, float]) -> float:
    """The limit of a ratio's interval that is nearest 1; 1 if the interval holds it."""
    lo, hi = interval
    return 1.0 if lo <= 1 <= hi else min(interval, key=lambda limit: abs(math.log(limit)))


def association(takers: Panel, decliners: Panel, level: float) -> Association | NoInference:
    """Compare the two groups over the follow-up, the treated areas pooled.

    Parameters
    ----------
    takers, decliners
        The outcome among eligible cases that took it up, and that declined.
    level
        Confidence level of the interval, in (0, 1).

    Notes
    -----
    Shares give a ratio of shares, with the delta method on its log. Means (of durations: of log days) give
    ``exp(0.91 d)``, d being their difference in standard deviations, whose variance is
    ``1/n1 + 1/n0 + d^2 / (2 (n1 + n0))`` (VanderWeele & Ding 2017).
    """
    if takers.kind is Kind.COUNT:
        return NoInference("The outcome counts events, which have no share among those who took it up.")
    one, other = (
        summarise(pool_areas(panel.cells, panel.treated), panel.periods.follow_up) for panel in (takers, decliners)
    )
    n, values, variances = (
        np.asarray([getattr(s, name)[0] for s in (one, other)]) for name in ("n", "value", "variance")
    )
    if n.min() < FEWEST or np.isnan(values).any() or np.isnan(variances).any():
        return NoInference(f"One of the two groups has fewer than {FEWEST} cases with a known outcome.")
    if takers.kind in SHARES:
        if values.min() <= 0:
            return NoInference("In one of the two groups nobody had the outcome, so there is no ratio.")
        log_ratio = float(np.log(values[0] / values[1]))
        error = float(np.sqrt((variances / values**2).sum()))
    else:
        spread = float(np.sqrt((variances * n * (n - 1)).sum() / (n.sum() - 2)))
        if spread <= 0:
            return NoInference("The outcome does not vary within the two groups.")
        d = float(values[0] - values[1]) / spread
        log_ratio = PER_SD * d
        error = PER_SD * float(np.sqrt((1 / n).sum() + d**2 / (2 * n.sum())))
    half = float(stats.norm.ppf((1 + level) / 2)) * error
    limits = np.exp([log_ratio, log_ratio - half, log_ratio + half])
    if not np.isfinite(limits).all() or limits.min() <= 0:
        return NoInference("The two groups are too far apart for a ratio to be written.")
    return Association(float(limits[0]), (float(limits[1]), float(limits[2])))


def _range_words(least: float) -> str:
    if least <= 1:
        return ", and no difference lies within the range as it is"
    return f", and one of {numbers.significant(least)} would bring no difference into the range"


def acceptors(case: Case, design: Design) -> Check | None:
    """Describe how those who took it up compare with those who declined; None if uptake is not recorded."""
    if case.uptake is None:
        return None
    found = association(case.uptake.takers, case.uptake.decliners, design.level)
    if isinstance(found, NoInference):
        return Check("acceptors", Status.NOT_RUN, NOT_SAID, found.reason)
    limit = nearest_one(found.interval)
    point, least = e_value(found.ratio), e_value(limit)
    lo, hi = (numbers.ratio_number(x) for x in found.interval)
    what = "the share" if case.panel.kind in SHARES else "the outcome, put as a risk,"
    finding = (
        f"Among those who took it up, {what} is {numbers.ratio_number(found.ratio)} times that among those who "
        f"declined ({numbers.interval_name(design.level)} {lo} to {hi}); a hidden difference that goes with both by a "
        f"ratio of {numbers.significant(point)} would explain that away{_range_words(least)}."
    )
    rows = (
        Row("ratio, took it up to declined", found.ratio, *found.interval),
        Row("E-value of the ratio", point),
        Row("E-value of the limit nearest 1", least),
    )
    evidence = Evidence(
        title="Those who took it up against those who declined, treated areas in the follow-up",
        figure=Figure.FOREST,
        scale=Scale.RATIO,
        quantity=Quantity.NUMBER,
        rows=rows,
        note="A description. The range counts cases as independent.",
    )
    return Check("acceptors", Status.PASS, finding, f"{NO_EFFECT} {EXPLAINED}", evidence)
