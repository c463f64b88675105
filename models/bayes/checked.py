"""The checks of one fitted model, put together: the sampler, what it predicts, what it rests on."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.arrays import FloatArray
from models.bayes import gates, loo, predictive, robustness
from models.bayes.fitting import Fitted, redrawn
from models.bayes.grid import collapsed_grid
from models.bayes.links import Link
from models.bayes.predictor import derived, linear, noise_of, prior_draws
from models.bayes.priors import EffectPrior
from models.bayes.shock import ShockScale
from models.case import Case
from models.design import Design
from models.estimate import Check, Status
from models.inference.refusal import NoInference
from models.panel import Panel, select_areas
from models.posterior import Variant

GRID_DRAWS = 500
NODES = 12
FLAT = 10.0  # prior standard deviations: next to no prior
FORMS = {
    Link.LOG: predictive.Form.COUNT,
    Link.LOGIT: predictive.Form.SHARE,
    Link.CLOGLOG: predictive.Form.SHARE,
    Link.LOG_DAYS: predictive.Form.LOG_MEAN,
    Link.IDENTITY: predictive.Form.MEAN,
}
"""What the statistic of a likelihood is, by the scale it is linear on."""
LATENT = frozenset({"noise", "area_effect", "period_effect", "shock", "wave"})
KEY = {
    "effect": "effect",
    "level": "general level",
    "shock_unit": "size of shocks",
    "noise_unit": "size of noise",
    "area_sd": "spread of areas",
    "period_sd": "spread of periods",
    "autocorrelation": "autocorrelation",
    "gap_unit": "gaps between answers",
    "shape_unit": "shape of the hazard",
    "spread_unit": "spread of cases",
}
"""What a gate calls the parameters that must each be sampled well."""


def sampler_checks(found: Fitted) -> tuple[Check, ...]:
    """Whether chains agree and explored the posterior, from the draws of every free parameter."""
    variables = found.draws.variables
    key = {KEY.get(name, name): values for name, values in variables.items() if name not in LATENT}
    key["headline effect"] = found.by_chain(found.effect)
    latent = {name: values for name, values in variables.items() if name in LATENT}
    run = gates.Run(found.draws.diverging, found.draws.energy, found.draws.saturated)
    return gates.sampler(key, latent, run)


def model_checks(
    case: Case, design: Design, found: Fitted, variants: Sequence[Variant], prior: EffectPrior, shock: ShockScale
) -> tuple[Check, ...]:
    """What the model predicts before and after the data, how much rests on one cell, area or prior, and the grid."""
    rng = np.random.default_rng([design.seed, 2])
    thin = found.thinned()
    return (
        _prior_predictive(thin, rng),
        _posterior_predictive(thin, rng),
        _loo(found),
        *_left_out(case, design, prior, shock),
        robustness.priors(case.panel, variants, design.level, _scaling(thin)),
        _grid(case, design, found, prior, shock),
    )


def _prior_predictive(found: Fitted, rng: np.random.Generator) -> Check:
    likelihood, layout, size = found.likelihood, found.layout, found.effect.size
    drawn = prior_draws(layout, likelihood, found.scales, size, rng)
    drawn |= dict(likelihood.prior_extras(size, rng))
    drawn |= derived(layout, likelihood, drawn, found.scales)
    replicates = likelihood.replicate(linear(layout, drawn, found.scales), drawn, rng)
    return predictive.prior_predictive(replicates, _recorded(found), layout.after == 0, _per_year(found))


def _posterior_predictive(found: Fitted, rng: np.random.Generator) -> Check:
    replicates = found.likelihood.replicate(redrawn(found, rng), found.flat, rng)
    return predictive.posterior_predictive(replicates, _recorded(found))


def _recorded(found: Fitted) -> predictive.Cells:
    likelihood, layout = found.likelihood, found.layout
    return predictive.Cells(
        areas=layout.panel.areas,
        observed=likelihood.statistic(),
        weight=likelihood.weight(),
        form=FORMS[likelihood.link],
        linked=layout.linked > 0,
    )


def _per_year(found: Fitted) -> int:
    layout = found.layout
    return max(1, round(layout.panel.periods.unit.per_year / float(layout.members.sum(axis=1).max())))


def _loo(found: Fitted) -> Check:
    """PSIS-LOO of each cell, its own noise integrated out: given its own noise a cell is no surprise to itself."""
    thin = found.thinned()
    return loo.loo(thin.by_chain(_pointwise(thin)[:, found.layout.seen]), _cell_words(found))


def _cell_words(found: Fitted) -> str:
    months = round(12 / _per_year(found))
    return {1: "months of an area", 3: "quarters of an area", 6: "half-years of an area"}.get(months, "cells")


def _pointwise(found: Fitted) -> FloatArray:
    likelihood, layout = found.likelihood, found.layout
    if "noise" not in found.flat:
        return likelihood.pointwise(found.predictor, found.flat)
    noise = noise_of(layout, found.flat)
    spread = found.flat["noise_sd"]
    rho = found.flat["autocorrelation"] if layout.series else np.zeros_like(spread)
    mean, sd = loo.conditional_noise(noise, rho, spread, layout.linked)
    return loo.integrated(
        lambda eta: likelihood.pointwise(eta, found.flat), found.predictor - noise, mean, sd, nodes=NODES
    )


def _left_out(case: Case, design: Design, prior: EffectPrior, shock: ShockScale) -> tuple[Check, ...]:
    """Leave out each area but an only treated one, by the exact posterior of the changes, which needs no sampler."""
    panel = case.panel
    whole = collapsed_grid(panel, design, prior, shock)
    left = [
        _without(panel, design, prior, shock, a)
        for a, treated in enumerate(panel.treated)
        if not treated or panel.n_treated > 1
    ]
    known = [each for each in left if each is not None]
    if len(known) < 2 or isinstance(whole, NoInference):
        return ()
    return (loo.leave_area_out(panel, whole.draws(GRID_DRAWS), case.better, design.level, known),)


def _without(panel: Panel, design: Design, prior: EffectPrior, shock: ShockScale, area: int) -> loo.LeftOut | None:
    keep = np.arange(len(panel.areas)) != area
    without = collapsed_grid(select_areas(panel, keep), design, prior, shock)
    if isinstance(without, NoInference):
        return None
    if panel.treated[area]:  # the others do not foretell it: they say nothing of the effect
        return loo.LeftOut(panel.areas[area], without.draws(GRID_DRAWS), None, None)
    # The area itself against the other comparison areas, next to no prior: how far out it lies is its surprise.
    alone = replace(panel, treated=np.arange(len(panel.areas)) == area)
    others = select_areas(alone, ~panel.treated)
    wide = replace(prior, mean=0.0, sd=FLAT * prior.sd)
    itself = collapsed_grid(others, design, wide, shock)
    if isinstance(itself, NoInference):
        return None
    below = float(itself.below(0.0))
    return loo.LeftOut(panel.areas[area], without.draws(GRID_DRAWS), 2.0 * min(below, 1.0 - below), None)


def _scaling(found: Fitted) -> robustness.PowerScaling:
    """How the effect moves as its prior, with that of the shock, or the data are given more weight."""
    scales, flat = found.scales, found.flat
    log_prior = -0.5 * ((flat["effect"] - scales.effect_mean) / scales.effect_sd) ** 2
    if scales.shock > 0:
        log_prior = log_prior - 0.5 * flat["shock_unit"] ** 2
    data = found.likelihood.pointwise(found.predictor, flat)[:, found.layout.seen].sum(axis=1)
    return robustness.power_scaling(*(found.by_chain(x) for x in (found.effect, log_prior, data)))


def _grid(case: Case, design: Design, found: Fitted, prior: EffectPrior, shock: ShockScale) -> Check:
    whole = collapsed_grid(case.panel, design, prior, shock)
    if isinstance(whole, NoInference):
        return Check(
            "bayes_grid", Status.NOT_RUN, "The exact posterior of one change per area cannot be formed.", whole.reason
        )
    return robustness.grid(case.panel, found.effect, float(whole.mean), float(whole.sd), design.level)
