"""Cases with repeats, as rows and as cells, to test with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.arrays import FloatArray, IntArray
from models.case import Case, Repeats
from models.panel import Kind, Panel, TimeToEventCells
from models.periods import Periods, Role, TimeUnit

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
NUMBERS = 4


@dataclass(frozen=True)
class Record:
    """One case: its area and period, the days of its repeats, the day it was last seen, whether something ended it."""

    area: int
    period: int
    repeats: tuple[int, ...]
    last: int
    ended: bool = False


def cells_of(records: list[Record], areas: int, periods: int, horizon: int) -> tuple[TimeToEventCells, Repeats]:
    shape = (areas, periods, NUMBERS, horizon + 1)
    events, censored, gap_events, gap_censored, ended = (np.zeros(shape) for _ in range(5))
    first, lost, competing = (np.zeros((areas, periods, horizon + 1)) for _ in range(3))
    for r in records:
        at = (r.area, r.period)
        before = 0
        for k, day in enumerate(r.repeats):
            level = min(k, NUMBERS - 1)
            events[(*at, level, day)] += 1
            gap_events[(*at, level, day - before)] += 1
            before = day
        level = min(len(r.repeats), NUMBERS - 1)
        censored[(*at, level, r.last)] += 1
        gap_censored[(*at, level, r.last - before)] += 1
        ended[(*at, level, r.last)] += r.ended
        kind = first if r.repeats else competing if r.ended else lost
        kind[(*at, r.repeats[0] if r.repeats else r.last)] += 1
    return TimeToEventCells(first, lost, competing), Repeats(events, censored, gap_events, gap_censored, ended)


def rows_of(records: list[Record]) -> pd.DataFrame:
    """One row for each stretch between reports, as survival packages want them."""
    rows = []
    for case, r in enumerate(records):
        starts, stops = (0, *r.repeats), (*r.repeats, r.last)
        for number, (start, stop) in enumerate(zip(starts, stops, strict=True)):
            if stop > start:
                event = number < len(r.repeats)
                rows.append((case, r.area, r.period, start, stop, event, min(number, NUMBERS - 1)))
    return pd.DataFrame(rows, columns=["case", "area", "period", "start", "stop", "event", "number"])


def drawn(
    rates: FloatArray, cases: IntArray, horizon: int, rng: np.random.Generator, ending: float = 0.0
) -> list[Record]:
    """Draw cases of each area and period, shape (A, T), with a proneness of their own."""
    found = []
    for area, period in np.ndindex(*rates.shape):
        for _ in range(cases[area, period]):
            last = horizon if rng.random() < 0.7 else int(rng.integers(0, horizon + 1))
            ended = ending > 0 and (day := int(rng.exponential(horizon / ending)) + 1) <= last
            last = day if ended else last
            count = rng.poisson(rng.gamma(1.0) * rates[area, period] * last / horizon)
            days = np.unique(rng.integers(1, last + 1, count)) if last else np.zeros(0, dtype=np.int64)
            found.append(Record(area, period, tuple(days.tolist()), last, ended))
    return found


def case_of(
    records: list[Record], areas: int, periods: int, horizon: int, treated: int = 2, *, first_only: bool = False
) -> Case:
    """Build a case: the first `treated` areas are treated, the later half of the periods is follow-up."""
    cells, repeats = cells_of(records, areas, periods, horizon)
    roles = (Role.BASELINE,) * (periods - periods // 2) + (Role.FOLLOW_UP,) * (periods // 2)
    panel = Panel(
        outcome="recurrence",
        kind=Kind.TIME_TO_EVENT,
        unit="share",
        per=1.0,
        areas=tuple("ABCDEFGHIJKLMNOPQRST"[:areas]),
        treated=np.arange(areas) < treated,
        periods=Periods(TimeUnit.QUARTER, 2020 * 4, roles),
        cells=cells,
    )
    return Case(panel, repeats=None if first_only else repeats)


def reference() -> pd.DataFrame:
    """What R gives, by case, name and quantity."""
    return pd.read_csv(REFERENCE / "recurrence.csv", dtype={"name": str})
