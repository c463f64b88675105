"""Risk sets from cells: who could have a repeat on each day, and who had one."""

from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray
from models.event_curve import remaining
from models.panel import TimeToEventCells


@dataclass(frozen=True, slots=True)
class Risk:
    """Cases at risk on each day and the events among them, in strata with a baseline hazard of their own.

    Attributes
    ----------
    at_risk, events
        Shape (A, S, D): area, stratum, day. A day's events are among those at risk on it.

    Raises
    ------
    ValueError
        If a day has more events than cases at risk.
    """

    at_risk: FloatArray
    events: FloatArray

    def __post_init__(self) -> None:
        if (self.events > self.at_risk).any():
            raise ValueError("a day has more events than cases at risk: repeats of one day count as one")


@dataclass(frozen=True, slots=True)
class RepeatCounts:
    """The repeats of one window, shape (A, K, H+1) each; as `models.case.Repeats`, whose periods are added up."""

    events: FloatArray
    censored: FloatArray
    gap_events: FloatArray
    gap_censored: FloatArray
    ended: FloatArray


def first_events(cells: TimeToEventCells) -> Risk:
    """Risk sets of the first event, from cells of one period; whoever ends otherwise leaves like the censored."""
    events, competing, censored = (a[:, 0] for a in (cells.events, cells.competing, cells.censored))
    return Risk(remaining(events + competing + censored)[:, None], events[:, None])


def competing_events(cells: TimeToEventCells) -> Risk:
    """Risk sets of what else ends a case, from cells of one period."""
    return first_events(TimeToEventCells(cells.competing, cells.censored, cells.events))


def all_repeats(counts: RepeatCounts) -> Risk:
    """Andersen and Gill's risk sets: every case still in view, whatever it had before."""
    at_risk = remaining(counts.censored.sum(axis=1))
    return Risk(at_risk[:, None], counts.events.sum(axis=1)[:, None])


def by_number(counts: RepeatCounts) -> Risk:
    """Prentice, Williams and Peterson's risk sets by days since the first report, a stratum for each number of repeats.

    A case is at risk of its next repeat from the day after the one before. The last stratum holds cases with that many
    repeats or more, which stay in it.
    """
    left = counts.events + counts.censored
    left[:, -1] = counts.censored[:, -1]
    entered = np.zeros_like(left)
    entered[:, 1:] = counts.events[:, :-1]
    moved = np.cumsum(entered - left, axis=2)
    at_risk = np.zeros_like(moved)
    at_risk[:, :, 1:] = moved[:, :, :-1]
    at_risk[:, 0] += counts.censored.sum(axis=(1, 2))[:, None]
    return Risk(at_risk, counts.events)


def by_gap(counts: RepeatCounts) -> Risk:
    """Prentice, Williams and Peterson's risk sets by days since the report before."""
    return Risk(remaining(counts.gap_events + counts.gap_censored), counts.gap_events)
