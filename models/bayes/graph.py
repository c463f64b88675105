"""The linear predictor as a PyMC model, and its draws in the parameters a reader knows.

The equation is in `models.bayes.predictor`. What is drawn is something else: every effect in units in which its
posterior keeps its scale wherever the standard deviations go, because a sampler of one step size needs that.

An area's or a period's effect, or a shock, that data tell with a variance v has, given its prior's standard deviation
sd, a posterior standard deviation of ``sd / sqrt(1 + sd^2 / v)``. Drawn in units of that it is a standard normal where
sd is small (not centred) and the effect itself where sd is large (centred).

The noise s[t] of a cell follows ``s[t] = c s[t-1] + N(0, q)``, and the cell's own figure says ``r = s[t] + N(0, v)``,
r being the figure less everything else in the predictor. Given s[t-1] it is then normal with mean
``c s[t-1] + k (r - c s[t-1])`` and variance ``k v``, where ``k = q / (q + v)``. Drawn as a standard normal around that
mean, noise is centred in cells of thousands of cases and not centred in cells of few, each as it asks
(Papaspiliopoulos, Roberts and Sköld 2007, Statistical Science 22:59-73). The figure serves to choose units alone: the
density is exact.

Compiling costs more than sampling, and each distinct operation costs. Hence one vector of data, cells in one row, sums
that follow a product, and no product of matrices.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.bayes.layout import Layout
from models.bayes.likelihood import Likelihood
from models.bayes.predictor import AUTOCORRELATION, HARMONICS, Scales, basis, derived, linear, own_noise
from models.bayes.resolution import cell_estimates
from models.bayes.zero_sum import given_up

CELLS = 2  # axes of an array of cells: areas and bins
TYPICAL = 0.1
"""Variance of the noise that units are chosen for, in squares of its prior scale: an SD of a third of it."""
DRAWN = frozenset(
    {"moved", "shock_drawn", "area_unit", "area_drawn", "period_unit", "period_drawn", "wave_unit", "noise_drawn"}
)
"""What is drawn in units of its own and has another name among the parameters."""


def numbers_of(likelihood: Likelihood, scales: Scales) -> dict[str, FloatArray]:
    """Everything the compiled model reads, as one vector; to be exchanged between fits."""
    return {"numbers": np.concatenate([np.ravel(array) for array in _arrays(likelihood, scales).values()])}


def _arrays(likelihood: Likelihood, scales: Scales) -> dict[str, FloatArray]:
    """The parts of that vector by name; those of cells have shape (N,), areas one after another."""
    layout = likelihood.layout
    areas, bins = layout.shape
    value, variance = cell_estimates(layout)
    told = TYPICAL * scales.noise**2 + float(np.median(variance[layout.seen]))
    time = {"linked": np.tile(layout.linked, areas)} if layout.series else {}
    waves = {} if layout.compared else {"basis": np.repeat(basis(layout)[:, None, :], areas, axis=1)}
    return {
        "priors": np.asarray([*likelihood.centre(), scales.effect_mean, scales.effect_sd]),
        "scales": np.asarray([scales.shock, scales.noise, scales.area, scales.period]),
        "told": np.asarray([bins / told, areas / told]),
        "shock_told": _shock_bins(layout) / told,
        "treated_units": _treated_units(layout),
        "exposed": layout.exposed,
        "after": np.tile(layout.after, areas),
        "counted": layout.seen.astype(np.float64),
        "figure": value,
        "figure_variance": variance,
        **time,
        **waves,
        **likelihood.data(),
    }


def _treated_units(layout: Layout) -> FloatArray:
    """Share of each unit in the treated areas, shape (U,)."""
    return np.asarray(np.bincount(layout.units[layout.treated], minlength=layout.n_units) / layout.treated.sum())


def _shock_bins(layout: Layout) -> FloatArray:
    """Bins of follow-up that tell of each unit's own shock, shape (U,).

    Of k treated units' shocks only the differences can be told from the effect: (k - 1) / k of what one holds.
    """
    areas = np.bincount(layout.units, minlength=layout.n_units).astype(np.float64)
    share = _treated_units(layout)
    told = np.where(share > 0, 1.0 - 1.0 / np.count_nonzero(share), 1.0)
    return np.asarray(areas * told * layout.after.sum())


def build(likelihood: Likelihood, scales: Scales) -> Any:
    """Build the PyMC model of what is drawn."""
    import pymc as pm

    layout = likelihood.layout
    areas, bins = layout.shape
    with pm.Model(check_bounds=False) as model:
        data = _data(likelihood, scales)
        level = pm.Normal("level", data["priors"][0], data["priors"][1])
        total = data["scales"][1] * pm.HalfNormal("noise_unit", 1.0)
        predictor = level + _moved(layout, data)
        if areas > 1:
            area_sd = data["scales"][2] * pm.HalfNormal("area_unit", 1.0)
            predictor += _group("area_drawn", areas, area_sd, data["told"][0], np.repeat(np.arange(areas), bins))
        predictor += _times(layout, data)
        noise, own = _noise(likelihood, data, total, predictor)
        predictor = pm.Deterministic("predictor", predictor if noise is None else predictor + noise)
        pm.Potential("likelihood", (likelihood.observe(predictor, own, data) * data["counted"]).sum())
    return model


def _data(likelihood: Likelihood, scales: Scales) -> dict[str, Any]:
    """Cut the one vector of data into its parts, cells in a row; an array of several rows becomes a list of them."""
    import pymc as pm

    arrays = _arrays(likelihood, scales)
    cells = likelihood.layout.seen.size
    numbers = numbers_of(likelihood, scales)["numbers"]
    whole = pm.Data("numbers", numbers, shape=numbers.shape)
    found: dict[str, Any] = {}
    start = 0
    for name, array in arrays.items():
        rows = array.shape[0] if array.ndim == CELLS + 1 else 0
        parts = [whole[start + k * cells : start + (k + 1) * cells] for k in range(rows)]
        found[name] = parts or whole[start : start + array.size]
        start += array.size
    return found


def _moved(layout: Layout, data: Mapping[str, Any]) -> Any:
    """Effect and shocks in each cell, shape (N,).

    The data tell what became of the treated areas, effect and their mean shock together, far better than either. That
    sum is what is drawn, with the density that the effect's prior gives it.
    """
    import pymc as pm

    shock_sd = data["scales"][0] * pm.HalfNormal("shock_unit", 1.0)
    stretch = _stretch(shock_sd, data["shock_told"])
    drawn = pm.Normal("shock_drawn", 0.0, stretch, shape=layout.n_units)
    shock = drawn * shock_sd / stretch
    mean, sd = data["priors"][2], data["priors"][3]
    effect = mean + sd * pm.Flat("moved") - (shock * data["treated_units"]).sum()
    pm.Potential("effect_density", -0.5 * ((effect - mean) / sd) ** 2)
    units = np.repeat(layout.units, layout.shape[1])
    return data["exposed"] * effect + data["after"] * shock[units]


def _stretch(sd: Any, told: Any) -> Any:
    """Prior standard deviation of an effect in the units it is drawn in; `told` is one over v."""
    import pytensor.tensor as pt

    return pt.sqrt(1.0 + sd**2 * told)


def _group(name: str, size: int, sd: Any, told: Any, index: Any) -> Any:
    """Effects that add up to zero, one for each of `size` areas or periods, in the cells that `index` gives, (N,).

    They are size - 1 independent normals turned by an orthogonal matrix (a Householder reflection; as PyMC's
    ZeroSumNormal does).
    """
    import pymc as pm

    stretch = _stretch(sd, told)
    drawn = pm.Normal(name, 0.0, stretch, shape=size - 1)
    kept, share = _reflection(size)
    turned = kept[index] * drawn[np.minimum(index, size - 2)] - share[index] * drawn.sum()
    return turned * (sd / stretch)


def _reflection(size: int) -> tuple[FloatArray, FloatArray]:
    """Member i of a group is kept[i] * drawn[i] - share[i] * sum(drawn), each of shape (size,)."""
    last = np.arange(size) == size - 1
    of_last, of_others = given_up(size)
    return np.where(last, 0.0, 1.0), np.where(last, of_last, of_others)


def _times(layout: Layout, data: Mapping[str, Any]) -> Any:
    import pymc as pm

    areas, bins = layout.shape
    if not layout.compared:
        wave = pm.Normal("wave_unit", 0.0, 1.0, shape=1 + 2 * HARMONICS)
        return data["scales"][3] * sum(wave[k] * row for k, row in enumerate(data["basis"]))
    sd = data["scales"][3] * pm.HalfNormal("period_unit", 1.0)
    return _group("period_drawn", bins, sd, data["told"][1], np.tile(np.arange(bins), areas))


def _noise(likelihood: Likelihood, data: Mapping[str, Any], total: Any, rest: Any) -> tuple[Any, Any]:
    """Noise of each cell, shape (N,), and the standard deviation of the likelihood's own."""
    import pymc as pm
    import pytensor.tensor as pt

    from models.bayes.recursion import before

    layout = likelihood.layout
    if not layout.series and likelihood.own_noise:
        return None, total
    drawn = pm.Flat("noise_drawn", shape=rest.type.shape)
    if not layout.series:
        gain = total**2 / (total**2 + data["figure_variance"])
        noise = gain * (data["figure"] - rest) + pt.sqrt(gain * data["figure_variance"]) * drawn
        pm.Potential("noise_density", (-0.5 * (noise / total) ** 2 + 0.5 * pt.log1p(-gain)).sum())
        return noise, None
    rho = pm.Beta("autocorrelation", *AUTOCORRELATION)
    own = own_noise(total, rho) if likelihood.own_noise else None
    carried = rho * data["linked"]
    step = total**2 * (1.0 - carried**2)
    variance = data["figure_variance"] if own is None else data["figure_variance"] + own**2
    gain = step / (step + variance)
    factor = (1.0 - gain) * carried
    fresh = gain * (data["figure"] - rest) + pt.sqrt(gain * variance) * drawn
    taken = before(factor, fresh)
    noise = factor * taken + fresh
    density = -0.5 * (noise - carried * taken) ** 2 / step + 0.5 * pt.log(variance / (step + variance))
    pm.Potential("noise_density", density.sum())
    return noise, own


def named(likelihood: Likelihood, scales: Scales, drawn: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Parameters of `models.bayes.predictor` from what was drawn, and the likelihood's own as they are.

    Parameters
    ----------
    likelihood, scales
        As the model was built with, or its data exchanged for.
    drawn
        Variables of `build` by name, each of shape (C, D, ...).

    Returns
    -------
    dict
        The same shapes. Shocks and noise are standard normals, as in `predictor.prior_draws`.
    """
    lead = drawn["level"].shape
    flat = {name: values.reshape(-1, *values.shape[2:]) for name, values in drawn.items()}
    found = _parameters(likelihood, scales, flat)
    return {name: values.reshape(*lead, *values.shape[1:]) for name, values in found.items()}


def _parameters(likelihood: Likelihood, scales: Scales, drawn: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """The same for draws in one row, shape (S, ...)."""
    arrays = _arrays(likelihood, scales)
    told = dict(zip(("area", "period"), arrays["told"], strict=True))
    shock_sd = scales.shock * drawn["shock_unit"]
    shock = drawn["shock_drawn"] / np.sqrt(1.0 + shock_sd[:, None] ** 2 * arrays["shock_told"])
    mean = shock_sd * (shock * arrays["treated_units"]).sum(axis=1)
    found = {name: values for name, values in drawn.items() if name not in DRAWN}
    found["shock"] = shock
    found["effect"] = scales.effect_mean + scales.effect_sd * drawn["moved"] - mean
    for group, scale in (("area", scales.area), ("period", scales.period)):
        if f"{group}_drawn" in drawn:
            found |= _group_of(group, scale * drawn[f"{group}_unit"], told[group], drawn[f"{group}_drawn"])
    if "wave_unit" in drawn:
        found["wave"] = scales.period * drawn["wave_unit"]
    if "noise_drawn" in drawn:
        found["noise"] = _normals(likelihood, scales, found, drawn["noise_drawn"], arrays)
    return found


def _group_of(group: str, sd: FloatArray, told: float, drawn: FloatArray) -> dict[str, FloatArray]:
    """Standard deviation, shape (S,), and effects, shape (S, n)."""
    kept, share = _reflection(drawn.shape[1] + 1)
    last = np.concatenate([drawn, np.zeros((len(drawn), 1))], axis=1)
    turned = kept * last - share * drawn.sum(axis=1, keepdims=True)
    return {f"{group}_sd": sd, f"{group}_effect": turned * (sd / np.sqrt(1.0 + sd**2 * told))[:, None]}


def _normals(
    likelihood: Likelihood,
    scales: Scales,
    found: Mapping[str, FloatArray],
    drawn: FloatArray,
    arrays: Mapping[str, FloatArray],
) -> FloatArray:
    """Standard normals of the noise, shape (S, A, B): its steps in their own standard deviations."""
    layout = likelihood.layout
    spread = derived(layout, likelihood, found, scales)
    rest = linear(layout, {**found, **spread}, scales)
    figure, variance = (arrays[name].reshape(layout.shape) for name in ("figure", "figure_variance"))
    own = spread["own_noise"][:, None] ** 2 if likelihood.own_noise else 0.0
    given, normals = drawn.reshape(rest.shape), np.empty_like(rest)
    noise = np.zeros(rest.shape[:2])
    for b in range(layout.shape[1]):
        carried = found["autocorrelation"][:, None] * layout.linked[b] if layout.series else np.zeros((len(rest), 1))
        step = spread["noise_sd"][:, None] ** 2 * (1.0 - carried**2)
        around = variance[:, b] + own
        gain = step / (step + around)
        ahead = carried * noise
        moved = gain * (figure[:, b] - rest[:, :, b] - ahead) + np.sqrt(gain * around) * given[:, :, b]
        normals[:, :, b] = moved / np.sqrt(step)
        noise = ahead + moved
    return normals
