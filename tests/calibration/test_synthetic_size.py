"""Synthetic comparisons on simulated pilots: a slice, and the coverage of intervals (slow).

`python tests/calibration/synthetic_size.py` prints all; `docs/methods/synthetic-comparisons.md` holds it.
"""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic_size as simulated
from synthetic_size import NOMINAL, SIZES, Setting, covered, rejections, root_mean_square_errors

STANDARD_ERRORS = 3.5  # Monte Carlo error allowed: one in 2,000 for a single figure
RUNS, MANY = 200, 400
SEED = 5


def most(rate: float, runs: int) -> float:
    return rate + STANDARD_ERRORS * math.sqrt(rate * (1 - rate) / runs)


@pytest.mark.parametrize(("name", "rate"), [("1 of 7", 1 / 7), ("2 of 7", 1 / 21), ("1 of 21", 1 / 21)])
@pytest.mark.parametrize("method", ["sc", "sdid"])
def test_areas_that_could_change_places_are_claimed_no_more_often_than_stated(
    name: str, rate: float, method: str
) -> None:
    found = rejections(SIZES[name], method, RUNS, SEED, nominal=max(rate, NOMINAL)) / RUNS
    assert 2 * rate - most(rate, RUNS) <= found <= most(rate, RUNS)


def test_seven_areas_of_which_one_is_treated_never_show_an_effect_at_five_per_cent() -> None:
    assert rejections(SIZES["1 of 7"], "sc", RUNS, SEED) == 0


def test_weights_err_less_than_equal_ones_where_areas_follow_common_shocks_unlike() -> None:
    found = root_mean_square_errors(Setting(1, 39), runs=100, seed=SEED)
    for method in ("sdid", "ascm"):
        assert found[method][0] < 0.8 * found["did"][0]
    alike = root_mean_square_errors(Setting(1, 20, spread=0.0), runs=100, seed=SEED)
    assert alike["did"][0] == min(error for error, _ in alike.values())


@pytest.mark.slow
@pytest.mark.parametrize("method", ["sc", "ascm", "did"])
def test_intervals_hold_the_effect_as_often_as_they_say(method: str) -> None:
    hits, given, _ = covered(Setting(1, 39), method, MANY, SEED)
    assert given > 0.8 * MANY
    assert 1 - hits / given <= most(1 / 20, given)


@pytest.mark.slow
def test_the_tables_print() -> None:
    command = [sys.executable, "-W", "error", str(Path(simulated.__file__)), "--runs", "5"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.count("|---") == 3 * 5
    assert all(f"| {name} |" in printed for name in SIZES)
