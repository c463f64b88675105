"""One outcome as its rows allow it to be looked at: the main panel, and the others cut from the same rows."""

from dataclasses import dataclass

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
