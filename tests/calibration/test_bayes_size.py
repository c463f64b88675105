"""Size and coverage of the exact Bayesian posterior; slices of `bayes_size.py`'s tables."""

import bayes_size
import numpy as np
import pytest
from bayes_size import (
    ELSEWHERE,
    RULES,
    SCALES,
    by_rule,
    count_rows,
    counted,
    covers,
    known,
    placebo_rows,
    pooled_rows,
    prior_coverage,
)
from size_worlds import COUNT_SD, DESIGNS

from models.bayes.grid import GridPosterior, collapsed_grid
from models.bayes.links import Link
from models.bayes.priors import weak
from models.bayes.shock import shock_scale
from models.design import Design

SEED = 1
FRESH = 2  # not the seed of the printed tables, which were looked at while the rule was written
ELSEWHERE_RUNS = 5_000
STANDARD_ERRORS = 3.0
REPRODUCED = ("B", "D", "F", "H")
"""Designs whose figures elsewhere are met. In A ours are half a point lower, in C and E lower by more: how the noise
was estimated elsewhere is not on record (`docs/methods/bayesian-grid.md` gives the differences)."""
COARSE = 5e-3  # 5 points of noise and 24 of the shock against 9 and 120, on the log scale


def apart(found: float, other: float, runs: int, other_runs: int) -> float:
    """Standard errors between two shares in per cent."""
    share = max((found * runs + other * other_runs) / (runs + other_runs) / 100, 1e-3)
    return abs(found - other) / (100 * (share * (1 - share) * (1 / runs + 1 / other_runs)) ** 0.5)


def test_the_fast_path_gives_what_the_model_gives() -> None:
    runs = 3
    stack = counted(np.zeros(runs), np.full(runs, 0.1), np.random.default_rng(SEED))
    fast = by_rule(known(stack))["whole rule"]
    for run in range(runs):
        panel = stack.run(run)
        found = collapsed_grid(panel, Design(), weak(Link.LOG), shock_scale(panel))
        assert isinstance(found, GridPosterior)
        assert found.interval(0.95) == pytest.approx([each[run] for each in fast.interval(0.95)], abs=COARSE)


def test_shocks_are_where_they_are_said_to_be() -> None:
    runs = 400
    rng = np.random.default_rng(SEED)
    spread = np.full(runs, 0.5)
    for yearly, factor in ((False, 1.0), (True, 1 + 1 / 3)):
        w = known_changes(counted(np.zeros(runs), spread, rng, yearly=yearly))
        noise = known_changes(counted(np.zeros(runs), np.zeros(runs), rng))
        extra = w.var(axis=1, ddof=1).mean() - noise.var(axis=1, ddof=1).mean()
        assert extra == pytest.approx(0.25 * factor, rel=0.15)  # 2,400 degrees of freedom: 3%
    together = known_changes(counted(np.zeros(runs), spread, rng, team=True))
    assert np.corrcoef(together[:, 0], together[:, 1])[0, 1] > 0.6


def known_changes(stack: bayes_size.Stack) -> np.ndarray:
    return bayes_size.changes(stack)


def test_without_the_shock_false_claims_triple() -> None:
    none, small, *_ = pooled_rows("D", 2_000, SEED)
    half = pooled_rows("D", 2_000, SEED)[2]
    assert none == pytest.approx(15.2, abs=STANDARD_ERRORS * 0.8 + 0.5)  # 15.2% elsewhere
    assert half < 7
    assert none > 2.2 * half
    assert small > 10


def test_a_slice_of_the_rule_on_counts() -> None:
    scale, figures, _ = count_rows(0.1, 100, SEED, yearly=False)
    assert 0.05 <= scale <= 0.1
    assert set(figures) == set(RULES)
    assert figures["whole rule"][0] <= 12
    assert figures["no shock"][0] > figures["whole rule"][0]
    assert figures["sceptical"][0] <= figures["whole rule"][0]
    assert figures["whole rule"][4] > 20


@pytest.mark.slow
@pytest.mark.parametrize("design", REPRODUCED)
def test_these_bayes_rows_of_the_size_table_are_those_simulated_elsewhere(design: str) -> None:
    found = pooled_rows(design, 10_000, SEED)[1:]
    column = list(DESIGNS).index(design)
    for share, scale in zip(found, SCALES, strict=True):
        other = ELSEWHERE[scale][column]
        assert apart(share, other, 10_000, ELSEWHERE_RUNS) <= STANDARD_ERRORS


@pytest.mark.slow
def test_the_rule_claims_little_where_nothing_is_and_covers_what_is_there() -> None:
    runs = 1_000
    error = 100 * (0.05 * 0.95 / runs) ** 0.5
    for shock, yearly in ((0.0, False), (0.05, False), (0.1, False), (0.1, True), (0.2, True)):
        _, figures, _ = count_rows(shock, runs, FRESH, yearly=yearly)
        excluded, sure, covered, *_ = figures["whole rule"]
        assert excluded <= 5 + STANDARD_ERRORS * error
        assert sure <= 5 + STANDARD_ERRORS * error
        assert covered >= 95 - STANDARD_ERRORS * error


@pytest.mark.slow
def test_intervals_cover_effects_drawn_from_the_prior() -> None:
    runs = 1_000
    found = prior_coverage(runs, FRESH)
    error = 100 * (0.05 * 0.95 / runs) ** 0.5
    assert found["scale fixed at .1"] == pytest.approx(95, abs=STANDARD_ERRORS * error)
    assert found["whole rule"] >= 92
    assert found["no shock"] < 92


def test_real_placebos_are_seldom_taken_for_effects() -> None:
    excluded, sure = placebo_rows(60, SEED)
    assert excluded <= 12  # 5% of 60, and three standard errors
    assert sure <= 12


def test_coverage_is_counted_within_the_interval() -> None:
    rng = np.random.default_rng(SEED)
    effect = np.full(20, -0.3)
    posterior = by_rule(known(counted(effect, np.zeros(20), rng)))["whole rule"]
    assert covers(posterior, effect) > 70
    assert covers(posterior, effect + 20 * COUNT_SD) == 0
