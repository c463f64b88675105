"""A small slice of simulation-based calibration for every run; the whole is `bayes_sbc.py`."""

import numpy as np
import pytest
from bayes_sbc import KEPT, WORLDS, World, calibrate, uniformity

# Of four parameters in two worlds one p below .001 comes by chance in one of 125 series; the seed is fixed.
UNLIKELY = 1e-3
RUNS = 50


@pytest.mark.parametrize("world", [w for w in WORLDS if w.name in {"counts", "shares"}], ids=lambda w: w.name)
def test_true_values_rank_uniformly_among_their_posterior_draws(world: World) -> None:
    ranks, divergent = calibrate(world, RUNS)
    for name in ("effect", "level", "shock_unit", "noise_unit"):
        p, within = uniformity(ranks[name])
        assert p > UNLIKELY, name
        assert within, name
    assert divergent == 0


def test_ranks_that_are_not_uniform_are_found() -> None:
    rng = np.random.default_rng(1)
    too_sure = np.clip(np.round(rng.normal(KEPT / 2, 45, 500)), 0, KEPT)
    p, within = uniformity(too_sure)
    assert p < UNLIKELY
    assert not within
