"""Panels to test with."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    DurationCells,
    Kind,
    OrdinalCells,
    Panel,
    TimeToEventCells,
    per_cell,
)
from models.periods import Periods, Role, TimeUnit, period_index

type MakePanel = Callable[..., Panel]

KIND_OF: dict[type, Kind] = {
    CountCells: Kind.COUNT,
    BinaryCells: Kind.BINARY,
    OrdinalCells: Kind.ORDINAL,
    ContinuousCells: Kind.CONTINUOUS,
    DurationCells: Kind.DURATION,
    TimeToEventCells: Kind.TIME_TO_EVENT,
}
UNIT_OF = {
    Kind.COUNT: "incidents per 1,000 people a year",
    Kind.CONTINUOUS: "points",
    Kind.DURATION: "days",
}
NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture
def make_panel() -> MakePanel:
    """Build a panel from cells: the first `treated` areas are treated, the last `after` periods are follow-up."""

    def build(
        cells: Cells,
        treated: int = 1,
        after: int | None = None,
        roles: tuple[Role, ...] | None = None,
        per: float = 1.0,
        unit: TimeUnit = TimeUnit.MONTH,
        start: date = date(2022, 4, 1),
    ) -> Panel:
        areas, periods = next(iter(per_cell(cells).values())).shape[:2]
        kind = KIND_OF[type(cells)]
        follow_up = periods // 2 if after is None else after
        given = roles or (Role.BASELINE,) * (periods - follow_up) + (Role.FOLLOW_UP,) * follow_up
        mask = np.arange(areas) < treated
        names = tuple(NAMES[:areas]) if areas <= len(NAMES) else tuple(f"area {a}" for a in range(areas))
        return Panel(
            outcome="outcome",
            kind=kind,
            unit=UNIT_OF.get(kind, "share"),
            per=per,
            areas=names,
            treated=mask,
            periods=Periods(unit, period_index(start, unit), given),
            cells=cells,
        )

    return build


@pytest.fixture
def any_cells() -> Callable[[Kind, int, int, int], Cells]:
    """Build random but fully observed cells of a kind: arguments kind, areas, periods, seed."""

    def build(kind: Kind, areas: int, periods: int, seed: int) -> Cells:
        rng = np.random.default_rng(seed)
        shape = (areas, periods)
        n = rng.integers(20, 60, shape).astype(np.float64)
        match kind:
            case Kind.COUNT:
                return CountCells(n, rng.integers(1_000, 3_000, shape).astype(np.float64))
            case Kind.BINARY:
                return BinaryCells(np.floor(n * rng.uniform(0.2, 0.8, shape)), n)
            case Kind.ORDINAL:
                return OrdinalCells(rng.integers(1, 20, (*shape, 5)).astype(np.float64), at_least=3)
            case Kind.CONTINUOUS:
                mean = rng.normal(10, 2, shape)
                return ContinuousCells(n, n * mean, n * (mean**2 + rng.uniform(0.5, 2, shape)))
            case Kind.DURATION:
                mean = rng.normal(2, 0.3, shape)
                still_open = rng.integers(0, 4, (*shape, 3)).astype(np.float64)
                return DurationCells(n, n * mean, n * (mean**2 + 0.5), still_open, np.asarray([5.0, 20.0, 60.0]))
            case Kind.TIME_TO_EVENT:
                events = rng.integers(0, 3, (*shape, 11)).astype(np.float64)
                censored = rng.integers(0, 3, (*shape, 11)).astype(np.float64)
                censored[:, :, -1] += 5
                return TimeToEventCells(events, censored)

    return build
