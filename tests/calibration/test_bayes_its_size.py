"""How often the Bayesian time series is sure of an effect where there is none: a slice of the table."""

import numpy as np
import pytest
from bayes_its_size import Setting, cells

RUNS = 24
MOST = 5  # of 24 at a true 6%: 1 in 300 by chance
LONG = 400
STANDARD_ERRORS = 3.0


def test_shocks_that_are_allowed_for_are_not_taken_for_effects() -> None:
    found = cells("continuous", "D", RUNS, seed=7)
    assert found["shocks calibrated"].missed <= MOST
    assert found["shocks calibrated"].missed <= found["no shocks"].missed
    assert found["shocks calibrated"].width > found["no shocks"].width


@pytest.mark.slow
@pytest.mark.parametrize(("world", "design"), [(w, d) for w in ("continuous", "count", "drift") for d in "ABCDH"])
def test_the_size_is_no_more_than_said(world: str, design: str) -> None:
    found = cells(world, design, LONG, seed=3)["shocks calibrated"]
    assert found.share <= 0.07 + STANDARD_ERRORS * float(np.sqrt(0.07 * 0.93 / LONG))


@pytest.mark.slow
def test_an_effect_is_held_as_often_as_said() -> None:
    found = cells("count", "B", LONG, effect=float(np.log(0.7)), seed=5)["shocks calibrated"]
    assert found.share <= 0.05 + STANDARD_ERRORS * float(np.sqrt(0.05 * 0.95 / LONG))


@pytest.mark.slow
def test_shocks_twice_the_usual_are_too_large_to_be_allowed_for() -> None:
    found = cells("continuous", "D", LONG, setting=Setting(shock=1.0), seed=3)
    assert found["shocks calibrated"].share < found["no shocks"].share
