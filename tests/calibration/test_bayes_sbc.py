"""A small slice of simulation-based calibration for every run; the whole is `bayes_sbc.py`."""

import numpy as np
import pytest
from bayes_sbc import RANKS, band_null, band_statistic, histogram_p, ranks_of
from bayes_worlds import world

from models.panel import Kind

# Two kinds, four parameters, two tests: one p below .001 comes by chance in one of 60 such series; the seed is fixed.
UNLIKELY = 1e-3
RUNS = 50
WATCHED = ("effect", "level", "shock_sd", "noise_sd")


@pytest.mark.parametrize("kind", [Kind.COUNT, Kind.BINARY])
def test_true_values_rank_uniformly_among_their_posterior_draws(kind: Kind) -> None:
    pilots = world(kind, series=False)
    runs = [ranks_of(pilots, run, 1) for run in range(RUNS)]
    null = band_null(RUNS)
    for name in WATCHED:
        ranks = np.asarray([run.ranks[name] for run in runs])
        assert histogram_p(ranks) > UNLIKELY, name
        assert (null <= band_statistic(ranks)).mean() > UNLIKELY, name


def test_ranks_that_are_not_uniform_are_found() -> None:
    rng = np.random.default_rng(1)
    too_sure = np.clip(np.round(rng.normal(RANKS / 2, 45, 500)), 0, RANKS).astype(np.int64)
    assert histogram_p(too_sure) < UNLIKELY
    assert (band_null(500) <= band_statistic(too_sure)).mean() < 0.01
