"""Sums over a grid of shock and noise sizes: what `models.bayes.grid` does for many data sets at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray

LOG_TWO_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """R data sets of G areas.

    Attributes
    ----------
    w, v, loading
        Changes, their known variance, and what a unit of shock or noise does to them, each of shape (R, G).
    tau, noise
        Standard deviations of the shock (R, J), and variances of the noise (R, N).
    """

    w: FloatArray
    v: FloatArray
    loading: FloatArray
    tau: FloatArray
    noise: FloatArray

    def chunks(self, size: int) -> Iterator["Batch"]:
        """The data sets, so many at a time."""
        arrays = (self.w, self.v, self.loading, self.tau, self.noise)
        for start in range(0, len(self.w), size):
            yield Batch(*(array[start : start + size] for array in arrays))


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What all data sets have in common.

    Attributes
    ----------
    columns
        Of the regression, shape (C, G): the one whose coefficient is the effect comes last, after a level with a flat
        prior if there are two.
    member
        Which delivery unit each area belongs to, shape (G, U): areas of a unit share one shock.
    mean, variance
        Normal prior of the effect.
    log_tau
        Log prior probability of each tau, shape (J,).
    """

    columns: FloatArray
    member: FloatArray
    mean: float
    variance: float
    log_tau: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Integrated:
    """The mixture of each data set, shape (R, N * J), and averages over its grid, shape (R,).

    Attributes
    ----------
    weights, means, sds
        Components of the mixture.
    log_marginal, tau
        Log density of the data, and mean of tau.
    noise, shock
        Parts of the variance of the data's own estimate.
    area_noise, area_shock
        The same of one area's change, areas averaged.
    """

    weights: FloatArray
    means: FloatArray
    sds: FloatArray
    log_marginal: FloatArray
    tau: FloatArray
    noise: FloatArray
    shock: FloatArray
    area_noise: FloatArray
    area_shock: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums over areas of products of the columns (those of the regression, then w), by data set and noise.

    Attributes
    ----------
    products
        Weighted by 1 / v, shape (R, N, P, P).
    by_unit
        Products of the units' sums of column * loading / v, shape (R, N, U, P, P).
    loads
        Sum of loading^2 / v in each unit, shape (R, N, U).
    log_v
        Sum of log v, shape (R, N).
    """

    products: FloatArray
    by_unit: FloatArray
    loads: FloatArray
    log_v: FloatArray


def integrated(batch: Batch, model: Model) -> Integrated:
    """Posterior given each point of the grid, and the weight of the point."""
    level = len(model.columns) > 1
    w = batch.w - batch.w.mean(axis=1, keepdims=True) if level else batch.w  # a flat level takes up any constant
    variance = batch.v[:, None, :] + batch.noise[:, :, None] * batch.loading[:, None, :] ** 2  # (r, N, G)
    found = _given(_sums(w, variance, batch.loading, model), batch.tau, level=level)
    precision = found.information + 1 / model.variance
    mean = (found.pull + model.mean / model.variance) / precision
    fit = np.log(precision * model.variance) + model.mean**2 / model.variance - mean**2 * precision
    height = found.height - 0.5 * fit - 0.5 * (w.shape[1] - int(level)) * LOG_TWO_PI
    height += model.log_tau - np.log(batch.noise.shape[1])
    top = height.max(axis=(1, 2), keepdims=True)
    weight = np.exp(height - top)
    total = weight.sum(axis=(1, 2), keepdims=True)
    weight /= total

    def average(values: FloatArray) -> FloatArray:
        return np.asarray((weight * values).sum(axis=(1, 2)), dtype=np.float64)

    load = (batch.loading**2).mean(axis=1)[:, None, None]
    shape = len(w), -1
    return Integrated(
        weights=weight.reshape(shape),
        means=mean.reshape(shape),
        sds=(precision**-0.5).reshape(shape),
        log_marginal=(top + np.log(total))[:, 0, 0],
        tau=average(batch.tau[:, None, :]),
        noise=average(1 / found.information - found.shock),
        shock=average(found.shock),
        area_noise=average(variance.mean(axis=2)[:, :, None]),
        area_shock=average(batch.tau[:, None, :] ** 2 * load),
    )


def _sums(w: FloatArray, variance: FloatArray, loading: FloatArray, model: Model) -> _Sums:
    columns = np.broadcast_to(model.columns, (len(w), *model.columns.shape))
    rows = np.concatenate([columns, w[:, None, :]], axis=1)  # (r, P, G)
    weighted = rows[:, None] / variance[:, :, None, :]
    in_unit = (weighted * loading[:, None, None, :]) @ model.member  # (r, N, P, U)
    return _Sums(
        products=weighted @ np.swapaxes(rows, 1, 2)[:, None],
        by_unit=np.einsum("rnau,rnbu->rnuab", in_unit, in_unit),
        loads=(loading[:, None, :] ** 2 / variance) @ model.member,
        log_v=np.log(variance).sum(axis=2),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """What the data say of the effect at each point of the grid, each of shape (r, N, J).

    Attributes
    ----------
    information, pull
        The likelihood of the effect b is proportional to ``exp(pull b - information b^2 / 2)``.
    height
        Log of the likelihood at b = 0, the level integrated out, without the powers of 2 pi.
    shock
        Part of ``1 / information`` that the shock makes: by the envelope theorem tau^2 times its derivative by tau^2.
    """

    information: FloatArray
    pull: FloatArray
    height: FloatArray
    shock: FloatArray


def _given(sums: _Sums, tau: FloatArray, *, level: bool) -> _Given:
    """Add the shock to the sums over areas, and integrate the level out where there is one."""
    square = (tau**2)[:, None, :, None]
    load = 1 + square * sums.loads[:, :, None, :]  # (r, N, J, U)
    moments = sums.products[:, :, None] - _spread_over(square / load, sums.by_unit)
    moved = _spread_over(square / load**2, sums.by_unit)
    height = -0.5 * (sums.log_v[:, :, None] + np.log(load).sum(axis=3))
    if not level:
        information, pull, squares = moments[..., 0, 0], moments[..., 0, 1], moments[..., 1, 1]
        shock = moved[..., 0, 0]
    else:
        flat = moments[..., 0, 0]
        share = moments[..., 0, 1] / flat
        information = moments[..., 1, 1] - share * moments[..., 0, 1]
        pull = moments[..., 1, 2] - share * moments[..., 0, 2]
        squares = moments[..., 2, 2] - moments[..., 0, 2] ** 2 / flat
        shock = moved[..., 1, 1] - 2 * share * moved[..., 0, 1] + share**2 * moved[..., 0, 0]
        height -= 0.5 * np.log(flat)
    return _Given(information, pull, height - 0.5 * squares, shock / information**2)


def _spread_over(factor: FloatArray, by_unit: FloatArray) -> FloatArray:
    """Sum over units of a factor (r, N, J, U) times their products (r, N, U, P, P), shape (r, N, J, P, P)."""
    size = by_unit.shape[-1]
    flat = by_unit.reshape(*by_unit.shape[:3], size * size)
    return np.asarray(factor @ flat).reshape(*factor.shape[:3], size, size)
