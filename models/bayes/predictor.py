"""The linear predictor every likelihood shares, in numbers; `models.bayes.graph` has it for the sampler.

For area g in bin t, on the scale of the likelihood (log rate, logit, log hazard, log days, the value itself)::

    eta[g, t] = level + area[g] + period[t] + effect * treated[g] * after[t] + shock_sd * z[unit of g] * after[t]
                + u[g, t]

`area` and `period` are hierarchical and sum to zero. The shock stands for whatever else happened to an area in
follow-up: it lasts as long as the follow-up, so that more months never average it away. `u` is the noise from bin to
bin: AR(1) where the series is long, independent otherwise. Without comparison areas `period` is a trend and a yearly
wave instead.

Shocks and noise are kept as standard normals, to be scaled.
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


def basis(layout: Layout) -> FloatArray:
    """Trend in years and pairs of yearly waves, shape (1 + 2 * HARMONICS, B): time without comparison areas."""
    turns = 2 * np.pi * layout.season[None, :] * np.arange(1, HARMONICS + 1)[:, None]
    return np.concatenate([layout.year[None, :], np.sin(turns), np.cos(turns)])


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
    return found | {"own_noise": own_noise(sd, draws["autocorrelation"]) if layout.series else sd}


def own_noise(total: Any, rho: Any) -> Any:
    """Standard deviation of the likelihood's own noise in a series, from that of the series and its correlation."""
    return OWN * total * (1.0 - rho**2) ** 0.5


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
