"""The checks of one fitted model, put together: the sampler, what it predicts, what it rests on."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.arrays import FloatArray
from models.bayes import gates, loo, predictive, robustness
from models.bayes.fitting import Fitted, redrawn
from models.bayes.grid import collapsed_grid
from models.bayes.predictor import derived, linear, noise_of, prior_draws
from models.bayes.priors import EffectPrior
from models.bayes.shock import ShockScale
from models.case import Case
from models.design import Design
from models.estimate import Check, Status
from models.inference.refusal import NoInference
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    DurationCells,
    OrdinalCells,
    Panel,
    TimeToEventCells,
    select_areas,
)
from models.posterior import Variant

GRID_DRAWS = 200
NODES = 12
FLAT = 10.0  # prior standard deviations: next to no prior
LATENT = frozenset(
    {"noise", "area_drawn", "area_effect", "period_drawn", "period_effect", "shock_drawn", "shock", "wave"}
)


def sampler_checks(found: Fitted) -> tuple[Check, ...]:
    """Whether chains agree and explored the posterior, from the draws of every free parameter."""
    variables = found.draws.variables
    key = {name: values for name, values in variables.items() if name not in LATENT}
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
        *_left_out(case, design, found, prior, shock),
        robustness.priors(case.panel, variants, design.level),
        _grid(case, design, found, prior, shock),
    )


def _prior_predictive(found: Fitted, rng: np.random.Generator) -> Check:
    likelihood, layout, size = found.likelihood, found.layout, found.effect.size
    drawn = prior_draws(layout, likelihood, found.scales, size, rng)
    drawn |= dict(likelihood.prior_extras(size, rng))
    drawn |= derived(layout, likelihood, drawn, found.scales)
    replicates = likelihood.replicate(linear(layout, drawn, found.scales), drawn, rng)
    return predictive.prior_predictive(
        _per_trial(found, replicates), _recorded(found), layout.after == 0, _per_year(found)
    )


def _posterior_predictive(found: Fitted, rng: np.random.Generator) -> Check:
    replicates = found.likelihood.replicate(redrawn(found, rng), found.flat, rng)
    return predictive.posterior_predictive(_per_trial(found, replicates), _recorded(found))


def _per_trial(found: Fitted, values: FloatArray) -> FloatArray:
    """Numbers out of so many as shares of them, NaN where there are none; other values stay."""
    form, weight = _form(found.layout.cells)
    return values / np.where(weight > 0, weight, np.nan) if form is predictive.Form.SHARE else values


def _recorded(found: Fitted) -> predictive.Cells:
    layout = found.layout
    form, weight = _form(layout.cells)
    return predictive.Cells(
        areas=layout.panel.areas,
        observed=_per_trial(found, found.likelihood.statistic()),
        weight=weight,
        form=form,
        linked=layout.linked > 0,
    )


def _form(cells: Cells) -> tuple[predictive.Form, FloatArray]:
    """What a likelihood's statistic is, and the exposure, trials or cases behind it, shape (A, B)."""
    match cells:
        case CountCells():
            return predictive.Form.COUNT, cells.exposure
        case BinaryCells():
            return predictive.Form.SHARE, cells.trials
        case OrdinalCells():
            return predictive.Form.SHARE, cells.n.sum(axis=2)
        case TimeToEventCells():
            return predictive.Form.SHARE, (cells.events + cells.censored + cells.competing).sum(axis=2)
        case DurationCells():
            return predictive.Form.LOG_MEAN, cells.n
        case ContinuousCells():
            return predictive.Form.MEAN, cells.n


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


def _left_out(case: Case, design: Design, found: Fitted, prior: EffectPrior, shock: ShockScale) -> tuple[Check, ...]:
    """Leave out each comparison area by the exact posterior of the changes, which needs no sampler."""
    panel = case.panel
    left = [_without(panel, design, prior, shock, int(a)) for a in np.flatnonzero(~panel.treated)]
    known = [each for each in left if each is not None]
    if len(known) < 2:
        return ()
    return (loo.leave_area_out(panel, found.effect, case.better, design.level, known),)


def _without(panel: Panel, design: Design, prior: EffectPrior, shock: ShockScale, area: int) -> loo.LeftOut | None:
    keep = np.arange(len(panel.areas)) != area
    without = collapsed_grid(select_areas(panel, keep), design, prior, shock)
    # The area itself against the other comparison areas, next to no prior: how far out it lies is its surprise.
    alone = replace(panel, treated=np.arange(len(panel.areas)) == area)
    others = select_areas(alone, ~panel.treated)
    wide = replace(prior, mean=0.0, sd=FLAT * prior.sd)
    itself = collapsed_grid(others, design, wide, shock)
    if isinstance(without, NoInference) or isinstance(itself, NoInference):
        return None
    below = float(itself.below(0.0))
    return loo.LeftOut(panel.areas[area], without.draws(GRID_DRAWS), 2.0 * min(below, 1.0 - below), None)


def _grid(case: Case, design: Design, found: Fitted, prior: EffectPrior, shock: ShockScale) -> Check:
    whole = collapsed_grid(case.panel, design, prior, shock)
    if isinstance(whole, NoInference):
        return Check(
            "bayes_grid", Status.NOT_RUN, "The exact posterior of one change per area cannot be formed.", whole.reason
        )
    return robustness.grid(case.panel, found.effect, float(whole.mean), float(whole.sd), design.level)
