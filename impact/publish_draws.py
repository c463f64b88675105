"""What of a Bayesian model's draws may be published: nothing that gives the numbers of a small area away."""

from typing import Any

from impact.result import OutcomeResult

OF_CELLS = frozenset({"observed_data", "posterior_predictive", "prior_predictive", "log_likelihood", "constant_data"})
"""Groups that hold a value for each area and period."""
PER_DRAW = ("chain", "draw")


def published_draws(tree: Any, outcome: OutcomeResult) -> Any:
    """Leave out of a tree of draws what small cells do not allow to be shown.

    Single cells are left out unless all may be shown. Where an area is suppressed, so is every parameter that has a
    value for each area.
    """
    if not outcome.disclosure_minimum:
        return tree
    kept = tree.filter(lambda node: node.name not in OF_CELLS)
    if not any(window.suppressed for window in outcome.windows):
        return kept
    posterior = kept["posterior"].dataset
    single = [name for name in posterior.data_vars if set(posterior[name].dims) <= set(PER_DRAW)]
    kept["posterior"] = posterior[single].drop_dims([d for d in posterior[single].dims if d not in PER_DRAW])
    return kept
