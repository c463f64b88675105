"""One outcome as its rows allow it to be looked at: the main panel, and the others cut from the same rows."""

from dataclasses import dataclass

from models.arrays import FloatArray
from models.panel import Panel


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

    Each array has shape (A, T, K, H+1): area and period of the first report, repeats before (K - 1 stands for K - 1 or
    more), day 0 to H. A case without another repeat by day H stands in `censored` at H.

    Attributes
    ----------
    events, censored
        By days since the first report: repeats, and cases last seen on that day.
    gap_events, gap_censored
        The same by days since the report before.
    """

    events: FloatArray
    censored: FloatArray
    gap_events: FloatArray
    gap_censored: FloatArray


@dataclass(frozen=True, slots=True)
class Predictor:
    """What else is known of the areas, to choose comparisons that are like the treated ones.

    Attributes
    ----------
    title
        What it is, for the report.
    values
        Its mean over the stretch declared, shape (A,); NaN where not known.
    """

    title: str
    values: FloatArray


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
