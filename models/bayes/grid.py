"""Exact posterior of the effect from one change per area, by summing over a grid of shock and noise sizes.

Given the standard deviation of the shock and the variance of the monthly noise, changes are normal and the posterior
of the effect is normal in closed form. Over a grid of both it is a mixture of normals: no sampler, milliseconds, and
as many data sets at once as fit into memory.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from models.arrays import BoolArray, FloatArray, IntArray
from models.bayes.integrate import Batch, Model, integrated
from models.bayes.links import baseline_level, link_of, slope
from models.bayes.mixture import Mixture
from models.bayes.noise import MonthlyNoise, monthly_noise
from models.bayes.priors import EffectPrior, on_headline, treated_level
from models.bayes.shock import ShockScale
from models.changes import change, why_not
from models.design import Design
from models.inference.collapsed import contrast
from models.inference.refusal import NoInference
from models.panel import Panel
from models.summary import summarise

POINTS = 40
FINE = 120
NOISE_POINTS = 9
FARTHEST = 6.0  # half-normal scales beyond which 2e-9 of the prior lies
CHUNK = 4_000_000  # numbers held at once
LEAST_SHARE = 1e-3  # of the shock's scale: a change is never taken to be known better


@dataclass(frozen=True, slots=True, eq=False)
class ShockGrid:
    """Prior of tau, the shock's standard deviation, on a grid.

    Attributes
    ----------
    values
        Shape (J,), or (R, J) where each of R data sets has a grid of its own; >= 0.
    weights
        Prior probability of each, shape (J,); sums to 1.
    """

    values: FloatArray
    weights: FloatArray


def half_normal(scale: float | FloatArray, points: int = POINTS) -> ShockGrid:
    """Half-normal tau, by Gauss-Legendre points; `scale` of shape () or (R,), > 0."""
    at, weights = np.polynomial.legendre.leggauss(points)
    unit = FARTHEST * (at + 1) / 2
    density = weights * np.exp(-(unit**2) / 2)
    return ShockGrid(np.asarray(scale, dtype=np.float64)[..., None] * unit, density / density.sum())


def half_cauchy(scale: float, points: int = FINE) -> ShockGrid:
    """Half-Cauchy tau: with tau = scale tan(pi u / 2), u is uniform, and Gauss-Legendre points are laid in u."""
    at, weights = np.polynomial.legendre.leggauss(points)
    return ShockGrid(scale * np.tan(np.pi * (at + 1) / 4), weights / 2)


def fixed(tau: float) -> ShockGrid:
    """Known tau, 0 included: then nothing but sampling and noise makes areas differ."""
    return ShockGrid(np.asarray([tau]), np.ones(1))


@dataclass(frozen=True, slots=True, eq=False)
class NoiseGrid:
    """Variance that noise from month to month adds to each change, on equally probable points.

    Attributes
    ----------
    values
        Shape (N,), or (R, N) where each of R data sets has its own; >= 0.
    """

    values: FloatArray


def chi_square_noise(estimate: float | FloatArray, df: float, points: int = NOISE_POINTS) -> NoiseGrid:
    """Noise whose variance was estimated on `df` degrees of freedom: ``df estimate / chi^2``, at its quantile points.

    The posterior of a variance under the prior 1 / variance. `estimate` of shape () or (R,).
    """
    quantile = 2 * special.gammaincinv(df / 2, 1 - (np.arange(points) + 0.5) / points)
    return NoiseGrid(np.asarray(estimate, dtype=np.float64)[..., None] * df / quantile)


@dataclass(frozen=True, slots=True, eq=False)
class GridPosterior:
    """Posterior of an effect, or of one for each of R data sets: arrays then have shape (R,), else shape ().

    Attributes
    ----------
    mixture
        Normals, one for each point of the grid.
    tau_mean
        Posterior mean of the shock's standard deviation.
    log_marginal
        Log density of the changes under the prior, up to the constant of a flat level.
    noise_variance, shock_variance
        Parts of the variance of the data's own estimate of the effect, before the prior: sampling and monthly noise,
        and the shock. Averaged over the posterior of the grid. More months shrink the first, and only more areas (or
        teams) the second.
    area_noise_variance, area_shock_variance
        The same parts of one area's change, averaged over areas.
    follow_up_share
        Part of `noise_variance` that the follow-up adds, and more months of follow-up shrink; the rest is the
        baseline's. Known from `collapsed_grid` only, and 1 elsewhere.
    """

    mixture: Mixture
    tau_mean: FloatArray
    log_marginal: FloatArray
    noise_variance: FloatArray
    shock_variance: FloatArray
    area_noise_variance: FloatArray
    area_shock_variance: FloatArray
    follow_up_share: float = 1.0

    @property
    def mean(self) -> FloatArray:
        """Posterior mean of the effect."""
        return self.mixture.mean

    @property
    def variance(self) -> FloatArray:
        """Posterior variance of the effect."""
        return self.mixture.variance

    @property
    def sd(self) -> FloatArray:
        """Posterior standard deviation of the effect."""
        return np.sqrt(self.variance)

    def below(self, value: float) -> FloatArray:
        """Probability that the effect lies below a value."""
        return self.mixture.cdf(value)

    def above(self, value: float) -> FloatArray:
        """Probability that the effect lies above a value."""
        return 1.0 - self.mixture.cdf(value)

    def quantile(self, probability: float) -> FloatArray:
        """Value below which the effect lies with this probability."""
        return self.mixture.quantiles(np.asarray([probability]))[..., 0][()]

    def interval(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Central interval."""
        found = self.mixture.quantiles(np.asarray([(1 - level) / 2, (1 + level) / 2]))
        return found[..., 0][()], found[..., 1][()]

    def draws(self, count: int) -> FloatArray:
        """Quantiles at (i + 1/2) / count, in rising order, shape (count,) or (R, count): the posterior without luck."""
        return self.mixture.quantiles((np.arange(count) + 0.5) / count)


def grid_posterior(
    w: FloatArray,
    v: FloatArray,
    treated: BoolArray,
    prior: EffectPrior,
    tau: ShockGrid,
    *,
    noise: NoiseGrid | None = None,
    loading: FloatArray | None = None,
    shared: bool = False,
) -> GridPosterior:
    r"""Posterior of the effect from one change per area.

    Parameters
    ----------
    w
        Changes, shape (G,), or (R, G) for R data sets.
    v
        Known variance of each change, > 0, of the same shape or (G,).
    treated
        Mask of the treated areas, shape (G,); both groups must have members.
    prior
        Normal prior of the effect, on the scale of `w`.
    tau
        Prior of the shock's standard deviation.
    noise
        Further variance common to all areas that is itself uncertain; None if `v` holds everything.
    loading
        What a unit of shock, and of noise's standard deviation, does to each change, shape (G,) or (R, G); None for 1.
    shared
        True if one team serves all treated areas, which then share one shock.

    Notes
    -----
    ::

        w ~ N(mu + beta D, diag(v + n l^2) + tau^2 L),   mu flat,  beta ~ N(m, s^2),  tau, n on a grid

    with l the loading and L_gh = l_g l_h for g = h and for areas that share a shock, 0 otherwise. The inverse of each
    unit's block is that of Sherman and Morrison. Each point of the grid weighs its prior probability times the marginal
    density of w there.
    """
    if not (treated.any() and (~treated).any()):
        raise ValueError("both groups need an area")
    units = np.where(treated & shared, -1, np.arange(treated.size, dtype=np.int64))
    columns = np.stack([np.ones(treated.size), treated.astype(np.float64)])
    return _posterior((w, v, loading), columns, units, prior, tau, noise)


def grid_mean(w: FloatArray, v: FloatArray, prior: EffectPrior, tau: ShockGrid) -> GridPosterior:
    """Posterior of the mean of a population of effects, each measured once: ``w ~ N(mu, v + tau^2)``.

    Arguments as in `grid_posterior`; the "effect" is mu.
    """
    return _posterior((w, v, None), np.ones((1, w.shape[-1])), np.arange(w.shape[-1], dtype=np.int64), prior, tau, None)


def collapsed_grid(panel: Panel, design: Design, prior: EffectPrior, shock: ShockScale) -> GridPosterior | NoInference:
    """Posterior of the effect from baseline to follow-up, on the headline's linear scale.

    Parameters
    ----------
    panel
        The outcome; areas without data in a window are left out.
    design
        Whether one team serves all treated areas.
    prior, shock
        On the scale of the model (`models.bayes.links`).

    Notes
    -----
    A shock of one unit of the link moves area g's headline value by the slope of the link at its baseline level: for
    shares p (1 - p), so that the same shock moves a share of a half more than one of a tenth. Monthly noise is carried
    alike. The prior of the effect is carried at the mean baseline of the treated areas (`on_headline`). Sampling
    variances come from `models.summary`; where they are unknown (one case) noise stands for them.
    """
    if panel.n_comparison == 0:
        return NoInference("There is no comparison area.")
    if design.is_staggered:
        return NoInference("Areas start at different dates, and one change per area compares two common windows.")
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    obstacle = why_not(panel, changes)
    if obstacle:
        return NoInference(obstacle)
    kept = changes.usable
    link = link_of(panel.kind)
    loading = slope(link, baseline_level(panel)[kept])
    found = monthly_noise(panel)
    least = (LEAST_SHARE * shock.scale * loading) ** 2
    posterior = grid_posterior(
        changes.w[kept],
        np.maximum(np.nan_to_num(changes.variance[kept]), least),
        panel.treated[kept],
        on_headline(prior, link, treated_level(panel)),
        half_normal(shock.scale, FINE),
        noise=noise_grid(panel, found) if isinstance(found, MonthlyNoise) else None,
        loading=loading,
        shared=design.shared_delivery,
    )
    return replace(posterior, follow_up_share=_follow_up_share(panel, found, kept, loading))


def noise_grid(panel: Panel, noise: MonthlyNoise, points: int = NOISE_POINTS) -> NoiseGrid:
    """What the baseline says of the noise in the change from baseline to follow-up, on the scale of the model."""
    return NoiseGrid(noise.points(noise.contrast(panel.periods.baseline, panel.periods.follow_up), points))


def _follow_up_share(panel: Panel, noise: MonthlyNoise | NoInference, kept: BoolArray, loading: FloatArray) -> float:
    """Follow-up's part of the variance of the difference in means that sampling and noise make."""
    weight = contrast(panel.treated[kept]) ** 2
    before, after = (
        float(weight @ np.nan_to_num(summarise(panel.cells, window).variance[kept]))
        for window in (panel.periods.baseline, panel.periods.follow_up)
    )
    if isinstance(noise, MonthlyNoise):
        both = noise.contrast(panel.periods.baseline, panel.periods.follow_up)
        size = float(weight @ loading**2)
        before += size * noise.expected(np.minimum(both, 0.0))
        after += size * noise.expected(np.maximum(both, 0.0))
    return after / (before + after) if before + after > 0 else 1.0


def _posterior(
    data: tuple[FloatArray, FloatArray, FloatArray | None],
    columns: FloatArray,
    units: IntArray,
    prior: EffectPrior,
    tau: ShockGrid,
    noise: NoiseGrid | None,
) -> GridPosterior:
    """Lay the data sets out on a first axis, go through them in chunks, and take the axis off if there was none."""
    w, v, loading = data
    if not (np.isfinite(w).all() and (v > 0).all()):
        raise ValueError("changes must be finite, and their variances above 0")
    runs = np.atleast_2d(w)
    further = np.zeros(1) if noise is None else noise.values
    batch = Batch(
        w=runs,
        v=np.broadcast_to(v, runs.shape),
        loading=np.broadcast_to(1.0 if loading is None else loading, runs.shape),
        tau=np.broadcast_to(tau.values, (len(runs), tau.values.shape[-1])),
        noise=np.broadcast_to(further, (len(runs), further.shape[-1])),
    )
    member = (units[:, None] == np.unique(units)).astype(np.float64)
    model = Model(columns, member, prior.mean, prior.sd**2, np.log(tau.weights))
    each = batch.tau.shape[1] * batch.noise.shape[1] * (len(columns) + 1) ** 2
    parts = [integrated(part, model) for part in batch.chunks(max(1, CHUNK // each))]

    def whole(name: str) -> FloatArray:
        joined = np.concatenate([getattr(part, name) for part in parts])
        return np.asarray(joined if w.ndim > 1 else joined[0], dtype=np.float64)[()]

    return GridPosterior(
        mixture=Mixture(whole("weights"), whole("means"), whole("sds")),
        tau_mean=whole("tau"),
        log_marginal=whole("log_marginal"),
        noise_variance=whole("noise"),
        shock_variance=whole("shock"),
        area_noise_variance=whole("area_noise"),
        area_shock_variance=whole("area_shock"),
    )
