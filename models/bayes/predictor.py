"""The linear predictor every likelihood shares, in PyMC and in numbers.

For area g in bin t, on the scale of the likelihood (log rate, logit, log hazard, log days, the value itself)::

    eta[g, t] = level + area[g] + period[t] + effect * treated[g] * after[t] + shock_sd * z[unit of g] * after[t]
                + u[g, t]

`area` and `period` are hierarchical and sum to zero. The shock stands for whatever else happened to an area in
follow-up: it lasts as long as the follow-up, so that more months never average it away. `u` is the noise from bin to
bin: AR(1) where the series is long, independent otherwise. Without comparison areas `period` is a trend and a yearly
wave instead.

Noise is drawn as standard normals and scaled (not centred), areas, periods and shocks as far centred as the data ask,
and the effect together with the shock it can hardly be told from. Nothing here multiplies matrices: compiling a product
costs more than all other terms together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.bayes.layout import Layout
from models.bayes.likelihood import Likelihood
from models.bayes.resolution import sampling_variance

HARMONICS = 2
AUTOCORRELATION = (2.0, 3.0)  # Beta prior: mean .4, SD .2
OWN = 0.5
"""Standard deviation of the likelihood's own noise in that of the innovations of the series, where it has one.

Series as long as a study's cannot tell noise that is new in each cell from a series of little correlation, and left
free the two are what the sampler explores most slowly. Tied to the innovations, own noise vanishes where the series
is smooth, so that the model cannot call all noise new and the series a constant.
"""


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
        "sampling": np.asarray(sampling_variance(layout)),
        **_units(layout),
        **({"linked": layout.linked} if layout.series else {}),
        "counted": layout.seen.astype(np.float64),
        **({} if layout.compared else {"basis": basis(layout)}),
        **likelihood.data(),
    }


def _units(layout: Layout) -> dict[str, FloatArray]:
    """Share of each unit in the treated areas, and bins of follow-up that tell of its own shock, each of shape (U,).

    Of k treated units' shocks only the differences can be told from the effect: (k - 1) / k of what one holds.
    """
    areas = np.bincount(layout.units, minlength=layout.n_units).astype(np.float64)
    share = np.bincount(layout.units[layout.treated], minlength=layout.n_units) / layout.treated.sum()
    told = np.where(share > 0, 1.0 - 1.0 / np.count_nonzero(share), 1.0)
    return {"treated_units": share, "shock_bins": areas * told * layout.after.sum()}


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
        total = data["scales"][1] * pm.HalfNormal("noise_unit", 1.0)
        variance = data["sampling"] + total**2
        shock_sd = data["scales"][0] * pm.HalfNormal("shock_unit", 1.0)
        shock, effect = _shock_and_effect(data, shock_sd, variance)
        predictor = level + data["exposed"] * effect
        predictor += (shock_sd * shock)[layout.units][:, None] * data["after"][None, :]
        if areas > 1:
            area_sd = pm.HalfNormal("area_sd", data["scales"][2])
            predictor += _group("area", "area", area_sd, bins / variance)[:, None]
        predictor += _times(layout, data, areas / variance)
        noise, own = _noise(layout, likelihood, data, total)
        predictor = predictor if noise is None else predictor + noise
        pm.Potential("likelihood", (likelihood.observe(predictor, own, data) * data["counted"]).sum())
    return model


def _shock_and_effect(data: Mapping[str, Any], shock_sd: Any, variance: Any) -> tuple[Any, Any]:
    """Shocks of the units in their standard deviations, and the effect.

    The data tell what became of the treated areas, effect and their mean shock together, far better than either. That
    sum is what is drawn, with the density that the effect's prior gives it.
    """
    import pymc as pm
    import pytensor.tensor as pt

    stretch = pt.sqrt(1.0 + shock_sd**2 * data["shock_bins"] / variance)
    shock = pm.Deterministic("shock", pm.Normal("shock_drawn", 0.0, stretch, dims="unit") / stretch)
    effect = pm.Deterministic("effect", pm.Flat("moved") - shock_sd * (shock * data["treated_units"]).sum())
    mean, sd = data["effect_prior"][0], data["effect_prior"][1]
    pm.Potential("effect_density", -0.5 * ((effect - mean) / sd) ** 2)
    return shock, effect


def _group(name: str, dim: str, sd: Any, information: Any) -> Any:
    """Effects of areas or periods that add up to zero, as far centred as the data ask.

    Where the data hold `information` (one over a variance) on one effect, its posterior given its prior's standard
    deviation has a standard deviation of sd / sqrt(1 + sd^2 information). Drawn in units of that it keeps its scale
    wherever sd goes: a standard normal where sd is small, the effect itself where it is large. Shocks are drawn so too.
    """
    import pymc as pm
    import pytensor.tensor as pt

    stretch = pt.sqrt(1.0 + sd**2 * information)
    drawn = pm.ZeroSumNormal(f"{name}_drawn", stretch, dims=dim)
    return pm.Deterministic(f"{name}_effect", drawn * (sd / stretch))


def _times(layout: Layout, data: Mapping[str, Any], information: Any) -> Any:
    import pymc as pm

    if not layout.compared:
        wave = pm.Normal("wave", 0.0, data["scales"][3], shape=1 + 2 * HARMONICS)
        return (wave[:, None] * data["basis"]).sum(axis=0)[None, :]
    return _group("period", "bin", pm.HalfNormal("period_sd", data["scales"][3]), information)[None, :]


def _noise(layout: Layout, likelihood: Likelihood, data: Mapping[str, Any], total: Any) -> tuple[Any, Any]:
    """Noise of the predictor, and the likelihood's own; each step of a series as far centred as the data ask."""
    import pymc as pm
    import pytensor.tensor as pt

    if not layout.series:
        if likelihood.own_noise:
            return None, total
        return total * pm.Normal("noise", 0.0, 1.0, dims=("area", "bin")), None
    rho = pm.Beta("autocorrelation", *AUTOCORRELATION)
    carried = rho * data["linked"]
    own = OWN * total * pt.sqrt(1.0 - rho**2) if likelihood.own_noise else None
    step = total**2 * (1.0 - carried**2)
    stretch = pt.sqrt(1.0 + step / (data["sampling"] + (0.0 if own is None else own**2)))[None, :]
    normal = pm.Deterministic("noise", pm.Normal("noise_drawn", 0.0, stretch, shape=layout.shape) / stretch)
    return total * _filtered(normal, carried, layout.shape[1]), own


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
    """The linear predictor of each draw, shape (S, A, B); `draws` and their `derived` by name, each of shape (S, ...).

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
        eta += noise_of(layout, draws)
    return eta


def noise_of(layout: Layout, draws: Mapping[str, FloatArray]) -> FloatArray:
    """Noise of the predictor from its standard normals, shape (S, A, B)."""
    sd = draws["noise_sd"][:, None, None]
    if not layout.series:
        return np.asarray(sd * draws["noise"])
    series = np.array(draws["noise"])
    for b in range(1, layout.shape[1]):
        carried = (draws["autocorrelation"] * layout.linked[b])[:, None]
        series[:, :, b] = carried * series[:, :, b - 1] + np.sqrt(1.0 - carried**2) * series[:, :, b]
    return np.asarray(sd * series)


def derived(
    layout: Layout, likelihood: Likelihood, draws: Mapping[str, FloatArray], scales: Scales
) -> dict[str, FloatArray]:
    """Standard deviations of the shock, of the noise, and of the likelihood's own, each of shape (S,)."""
    sd = scales.noise * draws["noise_unit"]
    found = {"shock_sd": scales.shock * draws["shock_unit"], "noise_sd": sd}
    if not likelihood.own_noise:
        return found
    own = OWN * sd * np.sqrt(1.0 - draws["autocorrelation"] ** 2) if layout.series else sd
    return found | {"own_noise": own}


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
    return found


def _zero_sum(sd: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    normal = sd[:, None] * rng.normal(size=(sd.size, n))
    return normal - normal.mean(axis=1, keepdims=True)
