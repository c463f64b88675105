"""Earlier starts: where in the baseline an intervention that did not happen could have begun."""

from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray
from models.periods import Periods, Role

SHORTEST = 3
MOST_STARTS = 120


@dataclass(frozen=True, slots=True)
class EarlierStart:
    """A start that did not happen: first period, and the windows before and after it, shape (T,) each."""

    first: int
    before: BoolArray
    after: BoolArray


@dataclass(frozen=True, slots=True)
class EarlierStarts:
    """Every earlier start that fits into the baseline.

    Attributes
    ----------
    starts
        In time order; at most `MOST_STARTS`, evenly spaced, where more fit.
    fit
        How many fit.
    length, wanted
        Periods of follow-up at each of them, and in the study.
    least
        Fewest baseline periods before each.
    """

    starts: tuple[EarlierStart, ...]
    fit: int
    length: int
    wanted: int
    least: int


def earlier_starts(periods: Periods) -> EarlierStarts:
    """Find the earlier starts whose windows fit into the baseline.

    Notes
    -----
    A start in period s is followed by as many periods of phase-in as the study has, left out, and then by the
    follow-up: consecutive baseline periods, as many as the study's follow-up has, or as many as fit at the latest
    possible start. Before it come all baseline periods, but for as many as the study leaves between baseline and start.
    Those must be at least half a year, or half the baseline if that is shorter, and never under three. Excluded periods
    stay excluded; a follow-up that would hold one does not fit.
    """
    baseline, clock = periods.baseline, np.arange(len(periods))
    phase_in, pause = (int(periods.where(role).sum()) for role in (Role.PHASE_IN, Role.GAP))
    wanted, held = int(periods.follow_up.sum()), int(baseline.sum())
    least = max(SHORTEST, min(round(periods.unit.per_year / 2), held // 2))
    earlier = np.cumsum(baseline)
    for length in range(min(wanted, held), min(wanted, SHORTEST) - 1, -1):
        fit = [
            s
            for s in np.flatnonzero(baseline).tolist()
            if s - pause > 0
            and earlier[s - pause - 1] >= least
            and s + phase_in + length <= len(periods)
            and baseline[s + phase_in : s + phase_in + length].all()
        ]
        if fit:
            chosen = np.unique(np.linspace(0, len(fit) - 1, min(len(fit), MOST_STARTS)).round().astype(np.int64))
            starts = tuple(
                EarlierStart(
                    s,
                    baseline & (clock < s - pause),
                    (clock >= s + phase_in) & (clock < s + phase_in + length),
                )
                for s in (fit[i] for i in chosen.tolist())
            )
            return EarlierStarts(starts, len(fit), length, wanted, least)
    return EarlierStarts((), 0, 0, wanted, least)
