"""The main analysis of small panels, to look at from all sides."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike

from models.changes import Weighting
from models.inference.refusal import NoInference
from models.panel import ContinuousCells, Panel
from models.sensitivity.main import Main, main_analysis

type MakePanel = Callable[..., Panel]
type Analyse = Callable[..., Main]
type Values = Callable[..., ContinuousCells]


@pytest.fixture
def values() -> Values:
    """Build cells of `n` values in every cell, with these means."""

    def build(matrix: ArrayLike, n: ArrayLike = 4.0) -> ContinuousCells:
        y = np.asarray(matrix, dtype=np.float64)
        count = np.broadcast_to(np.asarray(n, dtype=np.float64), y.shape).copy()
        return ContinuousCells(count, count * y, count * (y**2 + 1))

    return build


@pytest.fixture
def analyse(make_panel: MakePanel, values: Values) -> Analyse:
    """Analyse cells, or a matrix of means; further arguments go to `make_panel`."""

    def build(cells: object, level: float = 0.95, weighting: Weighting = Weighting.EQUAL, **how: object) -> Main:
        given = values(cells) if isinstance(cells, np.ndarray | list) else cells
        found = main_analysis(make_panel(given, **{"treated": 2, **how}), level, weighting)
        assert not isinstance(found, NoInference)
        return found

    return build


@pytest.fixture
def noise() -> Callable[..., np.typing.NDArray[np.float64]]:
    """Draw a matrix of means about 10, shape (areas, periods)."""

    def build(areas: int = 7, periods: int = 36, sd: float = 0.1, seed: int = 1) -> np.typing.NDArray[np.float64]:
        return np.random.default_rng(seed).normal(10, sd, (areas, periods))

    return build
