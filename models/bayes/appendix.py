"""The draws a reader of the appendix looks at, as ArviZ keeps them."""

from typing import Any

import numpy as np

from models.bayes.fitting import Fitted, redrawn

SHOWN = ("effect", "headline", "shock_sd", "noise_sd", "own_noise", "autocorrelation", "area_sd", "period_sd", "level")
SEED = 3


def tree(found: Fitted) -> Any:
    """Key draws, sampler statistics, replicates and the record of each cell, as an ArviZ DataTree.

    Groups: ``posterior`` and ``sample_stats`` with every draw; ``posterior_predictive`` with a thinned set of
    replicates of what predictive checks look at, by area and bin; ``observed_data``, NaN where nothing was recorded.
    """
    from arviz_base import from_dict

    values = {**found.flat, "headline": found.effect}
    thin = found.thinned(200)
    rng = np.random.default_rng(SEED)
    replicates = thin.likelihood.replicate(redrawn(thin, rng), thin.flat, rng)
    observed = found.likelihood.statistic()
    layout = found.layout
    coords: dict[str, Any] = {"area": list(layout.panel.areas), "bin": np.arange(layout.shape[1])}
    return from_dict(
        {
            "posterior": {name: found.by_chain(values[name]) for name in SHOWN if name in values},
            "sample_stats": {
                "diverging": found.draws.diverging,
                "energy": found.draws.energy,
                "tree_depth": found.draws.depth,
            },
            "posterior_predictive": {"recorded": replicates[None]},
            "observed_data": {"recorded": observed},
        },
        coords=coords,
        dims={"recorded": ["area", "bin"]},
    )
