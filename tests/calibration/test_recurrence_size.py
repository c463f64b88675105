"""A slice of the tables of `docs/methods/recurrence.md`: size of every measure, and what its intervals hold."""

import numpy as np
import pytest
from recurrence_size import EFFECT, MEASURES, POOLED, Results, results, warnings
from recurrence_worlds import AREAS, WORLDS, case_of, simulate

from models.recurrence.measures import Measure, changes_of, history_of

RUNS = 400
MOST = 0.05 + 3 * np.sqrt(0.05 * 0.95 / RUNS)  # three standard errors above the nominal size
LEAST_POOLED = 0.15  # measured: 23 to 27%, standard error 2 points


@pytest.fixture(scope="module")
def nothing() -> Results:
    return results(WORLDS["uneven"], RUNS)


@pytest.fixture(scope="module")
def something() -> Results:
    return results(WORLDS["shocks"], RUNS, EFFECT)


@pytest.mark.parametrize("measure", MEASURES)
def test_areas_keep_the_nominal_size_though_follow_up_is_uneven(nothing: Results, measure: Measure) -> None:
    assert nothing.methods[measure].rejects() <= MOST


@pytest.mark.parametrize("measure", POOLED)
def test_the_pooled_model_clustered_by_area_does_not(nothing: Results, measure: Measure) -> None:
    assert nothing.methods[f"{measure}, pooled, clustered by area"].rejects() >= LEAST_POOLED


def test_intervals_hold_the_true_effect_and_estimates_centre_on_it(something: Results) -> None:
    for measure, truth in something.truth.items():
        found = something.methods[measure]
        error = found.estimate.std() / np.sqrt(RUNS)
        # What areas share and their own levels differ between the runs, so the truth is a mean over them as well.
        assert abs(found.estimate.mean() - truth) < 4 * error
        assert found.covers(truth) >= 1 - MOST


def test_the_simulated_windows_are_those_the_model_reads() -> None:
    pilots = simulate(WORLDS["shocks"], 2, np.random.default_rng(1))
    for run in range(2):
        changes = changes_of(Measure.ALL, history_of(case_of(pilots, run)))
        assert changes is not None
        part = slice(run * AREAS, (run + 1) * AREAS)
        counts = [window.counts for window in (pilots.before, pilots.after)]
        assert all(c is not None for c in counts)
        assert changes.w.shape == (AREAS,)
        events = [c.events[part].sum(axis=(1, 2)) for c in counts if c is not None]
        followed = [c.censored[part, :, -1].sum(axis=1) for c in counts if c is not None]
        crude = np.log(events[1] / followed[1]) - np.log(events[0] / followed[0])
        assert changes.w == pytest.approx(crude, abs=0.1)


@pytest.mark.slow
def test_uneven_follow_up_is_always_warned_of_and_little_else_is() -> None:
    found = warnings(WORLDS["uneven"], 100)
    assert found.pop("recurrence_follow_up") == 1.0
    assert max(found.values()) <= 0.15
