"""Cases to compare synthetically."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.arrays import FloatArray
from models.case import Case, Predictor
from models.panel import ContinuousCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

DATA = Path(__file__).resolve().parents[3] / "data"

type MakeCase = Callable[..., Case]


@pytest.fixture(scope="session")
def make_case() -> MakeCase:
    """Build a case of a continuous outcome from values (G, T): the first `treated` areas are treated."""

    def build(
        y: FloatArray,
        before: int,
        treated: int = 1,
        names: tuple[str, ...] = (),
        first: int = 1970,
        predictors: tuple[Predictor, ...] = (),
    ) -> Case:
        roles = (Role.BASELINE,) * before + (Role.FOLLOW_UP,) * (y.shape[1] - before)
        n = np.isfinite(y).astype(np.float64)
        values = np.nan_to_num(y)
        panel = Panel(
            outcome="y",
            kind=Kind.CONTINUOUS,
            unit="points",
            per=1.0,
            areas=names or tuple(f"area {i}" for i in range(len(y))),
            treated=np.arange(len(y)) < treated,
            periods=Periods(TimeUnit.YEAR, first, roles),
            cells=ContinuousCells(n, n * values, n * values**2),
        )
        return Case(panel, predictors=predictors)

    return build


@pytest.fixture(scope="session")
def california(make_case: MakeCase) -> Case:
    """Cigarette sales, California first."""
    with (DATA / "prop99" / "cigarettes.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    states = ("California", *sorted({row["state"] for row in rows} - {"California"}))
    packs = {(row["state"], row["year"]): float(row["packs"]) for row in rows}
    y = np.asarray([[packs[state, str(year)] for year in range(1970, 2001)] for state in states])
    return make_case(y, before=19, names=states)
