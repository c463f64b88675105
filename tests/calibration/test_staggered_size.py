"""A small slice of the size of the inference for staggered starts; `staggered_size.py` prints all of it."""

import numpy as np
import pytest
from staggered_size import LAYOUTS, WORLDS, Layout, measure

RUNS = 400
ERROR = 100 * float(np.sqrt(0.05 * 0.95 / RUNS))  # 1.1 points: standard error of 5%
SEVEN, TEN, TWENTY = LAYOUTS[1], LAYOUTS[4], LAYOUTS[7]


@pytest.mark.parametrize("layout", [SEVEN, TEN], ids=["seven areas", "ten areas"])
@pytest.mark.parametrize("world", ["AR(1)", "shocks"])
def test_permutation_of_start_dates_keeps_its_size_and_the_published_formula_does_not(
    layout: Layout, world: str
) -> None:
    found = measure(WORLDS[world], layout, RUNS, (7, LAYOUTS.index(layout)))
    size, cover = found["permutation"]
    assert size < 5 + 3 * ERROR
    assert cover > 95 - 3 * ERROR
    assert found["its standard error, t(A - 2)"][0] < 5 + 3 * ERROR
    assert found["influence functions"][0] > 5 + 3 * ERROR


def test_the_spread_within_starts_keeps_its_size_from_twenty_areas_on() -> None:
    size, cover = measure(WORLDS["shocks"], TWENTY, RUNS, (8,))["by start group, t(df)"]
    assert size < 5 + 3 * ERROR
    assert cover > 95 - 3 * ERROR


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.words)
def test_the_headline_keeps_its_size_everywhere(layout: Layout) -> None:
    few = len(layout.groups.member) < 20
    for name in ("independent", "AR(1)", "shocks"):
        found = measure(WORLDS[name], layout, 2_000, (9, LAYOUTS.index(layout)))
        assert found["permutation" if few else "by start group, t(df)"][0] < 7, name
