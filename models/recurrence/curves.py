"""Curves of a window and what they add up to: days without a repeat, and repeats per case."""

import numpy as np

from models.arrays import FloatArray
from models.event_curve import divide, earlier_product, event_curve, remaining
from models.panel import TimeToEventCells
from models.recurrence.risk import RepeatCounts
from models.summary import Summary, Undefined, event_share, summary_of, summary_of_curve


def share_by_day(cells: TimeToEventCells) -> FloatArray:
    """Share of cases with the event by the end of each day, shape (A, H+1), from cells of one period."""
    events, censored, competing = _days(cells)
    return event_curve(events, censored, competing).share


def days_free(cells: TimeToEventCells) -> Summary:
    """Mean days without the event until the last day, H, from cells of one period; gaps as for the share.

    Notes
    -----
    H less the mean number of days lost by day H: a case loses H - d days if its event comes on day d. Without competing
    events that is the restricted mean ``int_0^H S(t) dt``, whose sampling variance is
    ``sum_j [int_{t_j}^H S]^2 d_j / (n_j (n_j - d_j))``; with them a case that ended otherwise loses none (restricted
    mean time lost, Andersen 2013, Statistics in Medicine 32:5278).
    """
    events, censored, competing = _days(cells)
    curve = event_curve(events, censored, competing)
    lost, variance = curve.weighed(np.arange(cells.horizon, -1, -1, dtype=np.float64))
    return summary_of_curve(curve, cells.horizon - lost, variance)


def share_ended(cells: TimeToEventCells) -> Summary:
    """Share of cases that something else ended before any event, by the last day, from cells of one period."""
    events, censored, competing = _days(cells)
    return event_share(competing, censored, events)


def share_followed(cells: TimeToEventCells) -> FloatArray:
    """Share of cases that would have been in view on the last day had nothing ended them, shape (A,).

    Kaplan-Meier with being lost to view as the event, and on one day after the events; NaN without a case. Cases that
    stand as censored on the last day were followed to it.
    """
    events, censored, competing = _days(cells)
    at_risk = remaining(events + censored + competing)
    exposed = at_risk - events - competing
    staying = 1 - divide(censored, exposed, exposed > 0, empty=0.0)
    return np.where(at_risk[:, 0] > 0, earlier_product(staying)[:, -1], np.nan)


def mean_repeats_by_day(counts: RepeatCounts) -> FloatArray:
    """Mean number of repeats per case by the end of each day, shape (A, H+1).

    Notes
    -----
    ``mu(t) = int_0^t S(u-) dN(u) / Y(u)``, with S the share of cases that nothing has ended (Ghosh and Lin 2000,
    Biometrics 56:554). Where nothing ends cases S is 1 and mu is Nelson's mean cumulative function. How far one case's
    repeats go together is not in the cells, so there is no sampling variance: areas show how much mu varies.
    """
    at_risk = remaining(counts.censored.sum(axis=1))
    rate = divide(counts.events.sum(axis=1), at_risk, at_risk > 0, empty=0.0)
    return np.cumsum(_alive(counts, at_risk) * rate, axis=1)


def mean_repeats(counts: RepeatCounts) -> Summary:
    """Mean number of repeats per case by the last day; gaps as for the share, and no sampling variance."""
    at_risk = remaining(counts.censored.sum(axis=1))
    cases = at_risk[:, 0]
    unknown = (cases > 0) & (at_risk[:, -1] == 0) & (_alive(counts, at_risk)[:, -1] > 0)
    value = mean_repeats_by_day(counts)[:, -1]
    gaps = {Undefined.NO_DATA: cases == 0, Undefined.NOT_FOLLOWED: unknown}
    return summary_of(value, np.full(len(value), np.nan), cases, gaps)


def _alive(counts: RepeatCounts, at_risk: FloatArray) -> FloatArray:
    """Share of cases that nothing has ended before each day, shape (A, H+1)."""
    ended = counts.ended.sum(axis=1)
    return earlier_product(1 - divide(ended, at_risk, at_risk > 0, empty=0.0))


def _days(cells: TimeToEventCells) -> tuple[FloatArray, FloatArray, FloatArray]:
    return cells.events[:, 0], cells.censored[:, 0], cells.competing[:, 0]
