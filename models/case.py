"""One outcome as its rows allow it to be looked at: the main panel, and the others cut from the same rows."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.arrays import FloatArray
from models.panel import Panel
from models.posterior import Belief


@dataclass(frozen=True, slots=True)
class Uptake:
    """Who took up what was offered, among eligible cases.

    Attributes
    ----------
    taken
        Share of eligible cases that took it up: binary cells, all areas.
    takers, decliners
        The outcome among eligible cases that did, and that did not.
    """

    taken: Panel
    takers: Panel
    decliners: Panel


@dataclass(frozen=True, slots=True)
class Stratum:
    """Cases of one kind.

    Attributes
    ----------
    name
        Values of the declared columns ("noise, high").
    panel
        The outcome among these cases.
    asked
        Share of these cases with an answer: binary cells.
    """

    name: str
    panel: Panel
    asked: Panel


@dataclass(frozen=True, slots=True)
class Coding:
    """The outcome under another coding of a boundary, numerator and population moved together.

    Attributes
    ----------
    name
        The coding in words.
    panel
        The outcome so coded; None if it cannot be.
    reason
        Why it cannot be; empty if it can.
    """

    name: str
    panel: Panel | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Every repeat of a case, not only the first, by the number of repeats before it.

    Each array has shape (A, T, K, H+1): area and period of the first report, repeats before (k = 0, 1, ...; K - 1
    stands for K - 1 or more, and a case stays there after each further repeat), day 0 to H. Every case stands exactly
    once in `censored`, at the number of its last repeat: on the day it was last seen, at the latest H, even if that is
    the day of the repeat itself. Reports of one day are one report, so that a repeat comes after a day at least.

    For each area and period, summed over days:

    - `censored` over all k is the number of cases, and `events` + `censored` at k = 0 is too;
    - the repeats that end k - 1 are the cases that enter k: for 0 < k < K - 1, events[k - 1] = events[k] + censored[k];
      at the end of the scale events[K - 2] = censored[K - 1];
    - `gap_events` and `gap_censored` have at each k the sums of `events` and `censored`.

    Attributes
    ----------
    events, censored
        By days since the first report: repeats, and cases last seen on that day.
    gap_events, gap_censored
        The same by days since the report before.
    ended
        Of those in `censored`, the cases that ended on that day by something after which no repeat can come; left out,
        none.
    """

    events: FloatArray
    censored: FloatArray
    gap_events: FloatArray
    gap_censored: FloatArray
    ended: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not self.ended.size:
            object.__setattr__(self, "ended", np.zeros_like(self.events))


@dataclass(frozen=True, slots=True)
class Predictor:
    """What else is known of the areas, to choose comparisons that are like the treated ones.

    Attributes
    ----------
    title
        What it is, for the report.
    values
        Its mean over the stretch declared, shape (A,); NaN where not known.
    training
        Its mean over an earlier stretch, by which it is settled how much it counts, shape (A,); None if not declared.
    """

    title: str
    values: FloatArray
    training: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One outcome and everything cut from its rows.

    Attributes
    ----------
    panel
        All cases: what the headline rests on.
    better
        +1 if more is better, -1 if less is better.
    worthwhile
        Smallest worthwhile effect on the linear scale, signed: a log ratio for counts and durations; None if not
        declared.
    eligible
        Eligible cases only, whether or not they took it up; None if eligibility is not recorded.
    eligible_unknown
        Where eligibility is blank, in words ("Norwich (baseline)"); while there is any, the eligible cases give no
        estimate.
    uptake
        Who took it up; None if that is not recorded.
    asked
        Share of rows with an answer: binary cells; None if the outcome cannot be left blank.
    strata
        Case mix, by the declared columns; empty if none are declared.
    codings
        Other codings of declared boundaries.
    rings
        Areas around the treated ones into which the outcome may have been displaced, marked as treated, and the areas
        those are compared with; None if not declared.
    repeats
        Every repeat of a case; None unless the outcome is built from repeats.
    predictors
        What else is known of the areas, as declared.
    prior
        What was believed of the effect before the data; None if nothing was elicited.
    prior_name
        Which belief a Bayesian model is to start from: weak, sceptical, or elicited (`prior`).
    equivalence
        Half-width, > 0, of the range of effects that count as none, on the linear scale; None if not declared.
    harm_margin
        Smallest effect in the wrong direction that counts as harm, >= 0, on the linear scale; None if not declared, and
        then the size of the worthwhile effect.
    """

    panel: Panel
    better: int = -1
    worthwhile: float | None = None
    eligible: Panel | None = None
    eligible_unknown: tuple[str, ...] = ()
    uptake: Uptake | None = None
    asked: Panel | None = None
    strata: tuple[Stratum, ...] = ()
    codings: tuple[Coding, ...] = ()
    rings: Panel | None = None
    repeats: Repeats | None = None
    predictors: tuple[Predictor, ...] = ()
    prior: Belief | None = None
    prior_name: Literal["weak", "sceptical", "elicited"] = "weak"
    equivalence: float | None = None
    harm_margin: float | None = None
