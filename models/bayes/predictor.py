"""The linear predictor every likelihood shares, in PyMC and in numbers.

For area g in bin t, on the scale of the likelihood (log rate, logit, log hazard, log days, the value itself)::

    eta[g, t] = level + area[g] + period[t] + effect * treated[g] * after[t] + shock_sd * z[unit of g] * after[t] + u[g, t]

`area` and `period` are hierarchical and sum to zero. The shock stands for whatever else happened to an area in
follow-up: it lasts as long as the follow-up, so that more months never average it away. `u` is the noise from bin to
bin: AR(1) where the series is long, independent otherwise. Without comparison areas `period` is a trend and a yearly
wave instead.

Noise and shocks are drawn as standard normals and scaled (not centred). Nothing here multiplies matrices: compiling a product costs more than all other terms together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.bayes.layout import Layout
from models.bayes.likelihood import Likelihood

HARMONICS = 2
AUTOCORRELATION = (2.0, 3.0)  # Beta prior: mean .4, SD .2
PERSISTENT = (2.0, 2.0)  # Beta prior of the share of the noise's variance that is autocorrelated


@dataclass(frozen=True, slots=True)
class Scales:
    """Prior scales on the scale of the predictor.

    Attributes
    ----------
    effect_mean, effect_sd
        Normal prior of the effect.
    shock
        Half-normal scale of the standard deviation of the shock; 0 takes the shock out.
    noise, area, period
        Half-normal scales of the standard deviations of noise, areas and periods.
    """

    effect_mean: float
    effect_sd: float
    shock: float
    noise: float = 0.5
    area: float = 1.0
    period: float = 0.5


def key(likelihood: Likelihood) -> tuple[Any, ...]:
    """Whatever changes the compiled model: likelihood, shapes, and which areas share a shock."""
    layout = likelihood.layout
    units = tuple(int(unit) for unit in layout.units)
    return (likelihood.name, *likelihood.signature, layout.shape, units, layout.series, layout.compared)


def numbers_of(layout: Layout, likelihood: Likelihood, scales: Scales) -> dict[str, FloatArray]:
    """Everything the compiled model reads, by name; to be exchanged between fits."""
    centre, spread = likelihood.centre()
    return {
        "effect_prior": np.asarray([scales.effect_mean, scales.effect_sd]),
        "level_prior": np.asarray([centre, spread]),
        "scales": np.asarray([scales.shock, scales.noise, scales.area, scales.period]),
        "exposed": layout.exposed,
        "after": layout.after,
        **({"linked": layout.linked} if layout.series else {}),
        "counted": layout.seen.astype(np.float64),
        **({} if layout.compared else {"basis": basis(layout)}),
        **likelihood.data(),
    }


def basis(layout: Layout) -> FloatArray:
    """Trend in years and pairs of yearly waves, shape (1 + 2 * HARMONICS, B): time without comparison areas."""
    turns = 2 * np.pi * layout.season[None, :] * np.arange(1, HARMONICS + 1)[:, None]
    return np.concatenate([layout.year[None, :], np.sin(turns), np.cos(turns)])


def build(layout: Layout, likelihood: Likelihood, scales: Scales) -> Any:
    """Build the PyMC model; see the module for the equation."""
    import pymc as pm

    areas, bins = layout.shape
    coords = {"area": list(layout.panel.areas), "bin": list(range(bins)), "unit": list(range(layout.n_units))}
    with pm.Model(check_bounds=False, coords=coords) as model:
        data = {name: pm.Data(name, value) for name, value in numbers_of(layout, likelihood, scales).items()}
        level = pm.Normal("level", data["level_prior"][0], data["level_prior"][1])
        effect = pm.Normal("effect", data["effect_prior"][0], data["effect_prior"][1])
        shock_sd = data["scales"][0] * pm.HalfNormal("shock_unit", 1.0)
        shock = pm.Normal("shock", 0.0, 1.0, dims="unit")
        predictor = level + data["exposed"] * effect + _times(layout, data)
        predictor += (shock_sd * shock)[layout.units][:, None] * data["after"][None, :]
        if areas > 1:
            area_sd = pm.HalfNormal("area_sd", data["scales"][2])
            predictor += pm.ZeroSumNormal("area_effect", area_sd, dims="area")[:, None]
        noise, own = _noise(layout, likelihood, data)
        predictor = predictor if noise is None else predictor + noise
        pm.Potential("likelihood", (likelihood.observe(predictor, own, data) * data["counted"]).sum())
    return model


def _times(layout: Layout, data: Mapping[str, Any]) -> Any:
    import pymc as pm

    if not layout.compared:
        wave = pm.Normal("wave", 0.0, data["scales"][3], shape=1 + 2 * HARMONICS)
        return (wave[:, None] * data["basis"]).sum(axis=0)[None, :]
    period_sd = pm.HalfNormal("period_sd", data["scales"][3])
    return pm.ZeroSumNormal("period_effect", period_sd, dims="bin")[None, :]


def _noise(layout: Layout, likelihood: Likelihood, data: Mapping[str, Any]) -> tuple[Any, Any]:
    """Noise of the predictor, and the likelihood's own: the total is drawn, and the share of it that persists."""
    import pymc as pm
    import pytensor.tensor as pt

    total = data["scales"][1] * pm.HalfNormal("noise_unit", 1.0)
    if not layout.series:
        if likelihood.own_noise:
            return None, total
        return total * pm.Normal("noise", 0.0, 1.0, dims=("area", "bin")), None
    rho = pm.Beta("autocorrelation", *AUTOCORRELATION)
    share = pm.Beta("persistent", *PERSISTENT) if likelihood.own_noise else pt.constant(1.0)
    normal = pm.Normal("noise", 0.0, 1.0, dims=("area", "bin"))
    noise = total * pt.sqrt(share) * _filtered(normal, rho * data["linked"], layout.shape[1])
    return noise, total * pt.sqrt(1.0 - share) if likelihood.own_noise else None


def _filtered(normal: Any, carried: Any, bins: int) -> Any:
    """Standard normals made a stationary AR(1) of variance 1 in each area, beginning anew after each gap.

    The recursion u[t] = c[t] u[t-1] + e[t] is solved by doubling: after k rounds each u holds the last 2^k steps.
    """
    import pytensor.tensor as pt

    series, factor = normal * pt.sqrt(1.0 - carried**2)[None, :], carried
    step = 1
    while step < bins:
        series = pt.concatenate([series[:, :step], series[:, step:] + factor[None, step:] * series[:, :-step]], axis=1)
        factor = pt.concatenate([pt.zeros(step), factor[step:] * factor[:-step]])
        step *= 2
    return series


def linear(layout: Layout, draws: Mapping[str, FloatArray], scales: Scales) -> FloatArray:
    """The linear predictor of each draw, shape (S, A, B); `draws` by name, each of shape (S, ...).

    Noise that is the likelihood's own is not part of it.
    """
    areas, bins = layout.shape
    size = draws["effect"].shape[0]
    eta = np.broadcast_to(draws["level"][:, None, None], (size, areas, bins)).copy()
    eta += draws["effect"][:, None, None] * layout.exposed
    shock = scales.shock * draws["shock_unit"][:, None] * draws["shock"]
    eta += shock[:, layout.units][:, :, None] * layout.after
    if areas > 1:
        eta += draws["area_effect"][:, :, None]
    if layout.compared:
        eta += draws["period_effect"][:, None, :]
    else:
        eta += np.einsum("sk,kb->sb", draws["wave"], basis(layout))[:, None, :]
    if "noise" in draws:
        eta += noise_of(layout, draws, scales)
    return eta


def noise_of(layout: Layout, draws: Mapping[str, FloatArray], scales: Scales) -> FloatArray:
    """Noise of the predictor from its standard normals, shape (S, A, B)."""
    sd = noise_sd(draws, scales)
    if not layout.series:
        return np.asarray(sd[:, None, None] * draws["noise"])
    series = np.array(draws["noise"])
    for b in range(1, layout.shape[1]):
        carried = (draws["autocorrelation"] * layout.linked[b])[:, None]
        series[:, :, b] = carried * series[:, :, b - 1] + np.sqrt(1.0 - carried**2) * series[:, :, b]
    return np.asarray(sd[:, None, None] * series)


def noise_sd(draws: Mapping[str, FloatArray], scales: Scales) -> FloatArray:
    """Standard deviation of the predictor's own noise, without what is left to the likelihood, shape (S,)."""
    return np.asarray(scales.noise * draws["noise_unit"] * np.sqrt(draws.get("persistent", 1.0)))


def derived(
    layout: Layout, likelihood: Likelihood, draws: Mapping[str, FloatArray], scales: Scales
) -> dict[str, FloatArray]:
    """Standard deviations a reader knows: of the shock, the noise, and the likelihood's own part, each of shape (S,)."""
    total = scales.noise * draws["noise_unit"]
    found = {"shock_sd": scales.shock * draws["shock_unit"], "noise_sd": total}
    if likelihood.own_noise:
        share = draws["persistent"] if layout.series else np.zeros_like(total)
        found |= {"own_noise": total * np.sqrt(1.0 - share)}
    return found


def prior_draws(
    layout: Layout, likelihood: Likelihood, scales: Scales, size: int, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Draws of every parameter of the predictor from its prior, by the names of the sampler, each of shape (S, ...)."""
    areas, bins = layout.shape
    centre, spread = likelihood.centre()
    draws = {
        "level": rng.normal(centre, spread, size),
        "effect": rng.normal(scales.effect_mean, scales.effect_sd, size),
        "shock_unit": np.abs(rng.normal(size=size)),
        "shock": rng.normal(size=(size, layout.n_units)),
        "noise_unit": np.abs(rng.normal(size=size)),
    }
    if areas > 1:
        draws["area_sd"] = scales.area * np.abs(rng.normal(size=size))
        draws["area_effect"] = _zero_sum(draws["area_sd"], areas, rng)
    if layout.compared:
        draws["period_sd"] = scales.period * np.abs(rng.normal(size=size))
        draws["period_effect"] = _zero_sum(draws["period_sd"], bins, rng)
    else:
        draws["wave"] = rng.normal(0.0, scales.period, (size, 1 + 2 * HARMONICS))
    return draws | _prior_noise(layout, likelihood, size, rng)


def _prior_noise(layout: Layout, likelihood: Likelihood, size: int, rng: np.random.Generator) -> dict[str, FloatArray]:
    if not layout.series and likelihood.own_noise:
        return {}
    found = {"noise": rng.normal(size=(size, *layout.shape))}
    if not layout.series:
        return found
    found["autocorrelation"] = rng.beta(*AUTOCORRELATION, size)
    return found | ({"persistent": rng.beta(*PERSISTENT, size)} if likelihood.own_noise else {})


def _zero_sum(sd: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    normal = sd[:, None] * rng.normal(size=(sd.size, n))
    return normal - normal.mean(axis=1, keepdims=True)
