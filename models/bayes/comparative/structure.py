"""The exact posterior of a Gaussian time series that follows comparison series, over a grid of its few variance terms.

    y_t = z_t'a + x_t'b + e_t,    e ~ N(0, v C),    C = (1 - w) AR1(rho) + w WALK

a: constant, season and whatever else is flat; b: comparison series; AR1: what periods next to each other share; WALK: a
level that wanders. Given (rho, w, s, v) everything is Gaussian, so that a, b, the level and the errors are integrated
out by matrix algebra; the four that are left are summed over a grid. Nothing is drawn.

Shapes: n periods of the baseline, m targets to be predicted, K comparison series, p flat columns, C pairs of
correlation and wandering, S spreads of b, V variances.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from models.arrays import FloatArray, IntArray
from models.bayes.comparative.kalman import Errors, errors_of, whiten
from models.bayes.comparative.mixture import Normals

CORRELATIONS = np.asarray([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94, 0.98])
"""Of neighbouring periods. Uniform on (0, 1)."""
WANDERING = np.asarray([0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9])
"""Share of the baseline's variance that a wandering level may make up; its square root is half-normal."""
WANDERING_SCALE = 0.2
"""Scale of that half-normal: beforehand a wandering level makes up 4% of the baseline's variance on average."""
SPREADS = np.asarray([0.05, 0.2, 0.4, 0.7, 1.1])
"""How far single coefficients depart from being all alike, times root K; half-normal with scale .5."""
SPREAD_SCALE = 0.5
LOADING_MEAN, LOADING_SD = 0.5, 0.5
"""Sum of the coefficients if all are alike: from not following the comparison areas at all to one for one."""
VARIANCES = 32
"""Points for the variance, evenly spaced in its logarithm: first between bounds that hold it, then around its mass."""
LOWEST, HIGHEST, REACH = 0.25, 6.0, 5.0
LEAST_LEFT = 1e-4
"""Share of the baseline's variance below which the error's variance is not looked for."""


def cell_weights(points: FloatArray, low: float, high: float) -> FloatArray:
    """Length of the part of [low, high] that is nearest to each of the ascending points, shape of `points`."""
    edges = np.concatenate([[low], (points[1:] + points[:-1]) / 2, [high]])
    return np.diff(edges)


def half_normal_cells(points: FloatArray, scale: float, high: float) -> FloatArray:
    """Probability of the cell of each point under a half-normal truncated at `high`; sums to 1."""
    edges = np.concatenate([[0.0], (points[1:] + points[:-1]) / 2, [high]])
    mass = np.diff(stats.halfnorm.cdf(edges, scale=scale))
    return np.asarray(mass / mass.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """What is known of the series besides its values.

    Attributes
    ----------
    times
        Calendar position of each period, n of the baseline and then m to be predicted, ascending within each.
    before
        n, the periods whose values are used.
    flat
        Columns whose coefficients have no prior, shape (n + m, p); the first is the constant.
    follow
        Comparison series, shape (n + m, K); K may be 0.
    noise
        Variance of each period's error relative to the usual one, shape (n + m,).
    """

    times: IntArray
    before: int
    flat: FloatArray
    follow: FloatArray
    noise: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Weights of the grid, and what each of its points predicts.

    Attributes
    ----------
    weights
        Posterior probability of each point, shape (C, S, V).
    correlation, wandering
        Of each of the C pairs.
    variance
        Of the error at each point, shape (C, S, V).
    mean, spread
        Mean and variance of each of H targets, shape (C, S, V, H).
    coefficients, coefficient_variances
        Of the comparison series, shape (C, S, V, K).
    centre, prior_roots
        Prior mean of the coefficients (K,), and symmetric root of their prior covariance at each spread, (S, K, K).
    innovation
        Standard deviation of the level's step from one period to the next, per root of `variance`, shape (C,).
    log_evidence
        Log of the marginal likelihood, up to a constant that depends on the number of periods and columns only.
    """

    weights: FloatArray
    correlation: FloatArray
    wandering: FloatArray
    variance: FloatArray
    mean: FloatArray
    spread: FloatArray
    coefficients: FloatArray
    coefficient_variances: FloatArray
    centre: FloatArray
    prior_roots: FloatArray
    innovation: FloatArray
    log_evidence: float

    def target(self, number: int) -> Normals:
        """Posterior of one target."""
        return Normals.of(self.weights, self.mean[..., number], self.spread[..., number])

    def coefficient(self, number: int) -> Normals:
        """Posterior of one comparison series' coefficient."""
        return Normals.of(self.weights, self.coefficients[..., number], self.coefficient_variances[..., number])

    @property
    def squared_coefficients(self) -> FloatArray:
        """Mean of the sum of squared coefficients at each point, shape (C, S, V)."""
        return np.asarray((self.coefficients**2 + self.coefficient_variances).sum(axis=-1))

    def average(self, values: FloatArray) -> float:
        """Posterior mean of something known at each point."""
        return float((self.weights * values).sum())


def posterior(
    structure: Structure,
    values: FloatArray,
    targets: FloatArray,
    rho: FloatArray = CORRELATIONS,
    wandering: FloatArray = WANDERING,
    loading: tuple[float, float] = (LOADING_MEAN, LOADING_SD),
) -> Grid:
    """Sum the posterior over the grid.

    Parameters
    ----------
    values
        The baseline's values, shape (n,); they must not all lie on the flat columns.
    targets
        Each target as weights of the m periods to be predicted, shape (H, m).
    rho, wandering
        Points of the grid; a single point fixes it.
    loading
        Mean and standard deviation of the coefficients' sum; (0, 0) leaves the comparison series unused.

    Returns
    -------
    Grid
        Predictions are of the value that would be seen in each period, its error included.

    Notes
    -----
    With L^-1 the filter (`models.bayes.comparative.kalman`), A = L^-1 X V^(1/2) projected off L^-1 Z,
    A'A = E diag(l) E', u = E'A'e and e = L^-1 (y - X m) projected alike, the restricted likelihood at variance v is

        -1/2 [(n - p) log v + sum log(1 + l/v) + log|LL'| + log|Z'C^-1 Z| + (e'e - sum u^2/(v + l))/v]

    so that the factorisations are made once for each pair (rho, w), and eigenvectors of K x K matrices for each spread.
    """
    pairs = np.stack(np.meshgrid(rho, wandering, indexing="ij")).reshape(2, -1)
    prior = np.outer(_prior(rho, 0.0, 1.0), _wander_prior(wandering)).ravel()
    errors = errors_of(structure.times[: structure.before], pairs[0], pairs[1])
    whitened = _whiten(structure, errors, values)
    k = structure.follow.shape[1]
    spreads = SPREADS if k > 1 and loading[1] > 0 else np.zeros(1)
    spread_prior = half_normal_cells(SPREADS, SPREAD_SCALE, 1.5) if len(spreads) > 1 else np.ones(1)
    centre = np.full(k, loading[0] / max(k, 1))
    roots = np.stack([_prior_root(k, loading[1], s) for s in spreads])
    return _summed(whitened, targets, _Prior(centre, roots, _log(prior), _log(spread_prior)), errors)


def _log(probability: FloatArray) -> FloatArray:
    return np.log(np.maximum(probability, np.finfo(np.float64).tiny))


def _prior(points: FloatArray, low: float, high: float) -> FloatArray:
    if len(points) == 1:
        return np.ones(1)
    return cell_weights(points, low, high) / (high - low)


def _wander_prior(points: FloatArray) -> FloatArray:
    return np.ones(1) if len(points) == 1 else half_normal_cells(np.sqrt(points), WANDERING_SCALE, 1.0)


def _prior_root(k: int, loading_sd: float, spread: float) -> FloatArray:
    """Symmetric root of the prior covariance of b: what all share, and what each has of its own."""
    ones = np.full((k, k), 1.0 / max(k, 1))
    alike = np.sqrt((loading_sd**2 + spread**2) / max(k, 1))  # eigenvalue of the direction (1, ..., 1)
    return np.asarray(alike * ones + spread / np.sqrt(max(k, 1)) * (np.eye(k) - ones))


@dataclass(frozen=True, slots=True, eq=False)
class _Prior:
    centre: FloatArray
    roots: FloatArray
    log_pairs: FloatArray
    log_spreads: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Whitened:
    """Per pair: baseline in independent coordinates, off the flat columns, and what it predicts.

    y (C, n), x (C, n, K); log determinant (C,). Predictions given b are base + change b, (C, m) and (C, m, K), with
    covariance (C, m, m) per unit of variance.
    """

    y: FloatArray
    x: FloatArray
    log_det: FloatArray
    base: FloatArray
    change: FloatArray
    covariance: FloatArray
    df: int


def _whiten(structure: Structure, errors: Errors, values: FloatArray) -> _Whitened:
    n, flat, follow = structure.before, structure.flat, structure.follow
    p = flat.shape[1]
    columns = np.column_stack([flat[:n], values, follow[:n]])
    found = whiten(errors, structure.times, structure.noise, columns)
    z, rest = found.white[..., :p], found.white[..., p:]
    q, r = np.linalg.qr(z)
    told = q.transpose(0, 2, 1) @ rest  # (C, p, 1 + K)
    left = rest - q @ told
    diagonal = np.abs(np.diagonal(r, axis1=1, axis2=2))
    # What later periods have that the filter does not foresee: through the flat coefficients, least squares of each.
    through = (flat[n:] - found.carried[..., :p]) @ np.linalg.inv(r)  # (C, m, p)
    ahead = found.carried[..., p:] + through @ told
    return _Whitened(
        y=left[..., 0],
        x=left[..., 1:],
        log_det=2 * np.log(found.scale).sum(1) + 2 * np.log(diagonal).sum(1),
        base=ahead[..., 0],
        change=follow[n:] - ahead[..., 1:],
        covariance=found.covariance + through @ through.transpose(0, 2, 1),
        df=n - p,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Regression on the comparison series in the coordinates in which its coefficients are independent.

    basis (C, S, K, K): b = centre + basis d; size (C, S, K): eigenvalues; turned (C, S, K); total (C,).
    """

    basis: FloatArray
    size: FloatArray
    turned: FloatArray
    total: FloatArray

    def log_density(self, v: FloatArray, prior: _Prior, white: _Whitened) -> FloatArray:
        """Log posterior density of log v with everything Gaussian integrated out, shape (C, S, V)."""
        shrunk = v[:, None, :, None] + self.size[:, :, None, :]
        fit = self.total[:, None, None] - (self.turned[:, :, None, :] ** 2 / shrunk).sum(-1)
        log_v = np.log(v)[:, None, :]
        found = white.df * log_v + np.log(shrunk).sum(-1) - self.size.shape[2] * log_v + fit / v[:, None, :]
        return np.asarray(prior.log_spreads[:, None] + (prior.log_pairs - white.log_det / 2)[:, None, None] - found / 2)


def _fitted(white: _Whitened, prior: _Prior) -> _Fit:
    residual = white.y - white.x @ prior.centre  # (C, n)
    a = white.x[:, None] @ prior.roots  # (C, S, n, K)
    size, vectors = np.linalg.eigh(a.transpose(0, 1, 3, 2) @ a)
    cross = a.transpose(0, 1, 3, 2) @ residual[:, None, :, None]
    turned = (vectors.transpose(0, 1, 3, 2) @ cross)[..., 0]
    return _Fit(prior.roots @ vectors, np.maximum(size, 0.0), turned, (residual**2).sum(1))


def _summed(white: _Whitened, targets: FloatArray, prior: _Prior, errors: Errors) -> Grid:
    fit = _fitted(white, prior)
    coarse = _bounds(white, fit.total)
    v = _narrowed(np.log(coarse), fit.log_density(coarse, prior, white), white.df)
    log_p = fit.log_density(v, prior, white) + np.log(np.log(v[:, 1] / v[:, 0]))[:, None, None]
    top = float(log_p.max())
    weights = np.exp(log_p - top)
    mass = float(weights.sum())
    shrunk = v[:, None, :, None] + fit.size[:, :, None, :]
    ratio = v[:, None, :, None] / shrunk
    b = prior.centre + (fit.turned[:, :, None, :] / shrunk) @ fit.basis.transpose(0, 1, 3, 2)
    change = targets @ white.change  # (C, H, K)
    mean = (white.base @ targets.T)[:, None, None, :] + b @ change.transpose(0, 2, 1)[:, None]
    own = np.einsum("hm,cml,hl->ch", targets, white.covariance, targets)
    through = (change[:, None] @ fit.basis) ** 2  # (C, S, H, K)
    return Grid(
        weights=weights / mass,
        correlation=errors.rho,
        wandering=errors.share,
        variance=np.broadcast_to(v[:, None, :], weights.shape),
        mean=mean,
        spread=v[:, None, :, None] * own[:, None, None, :] + ratio @ through.transpose(0, 1, 3, 2),
        coefficients=b,
        coefficient_variances=ratio @ (fit.basis**2).transpose(0, 1, 3, 2),
        centre=prior.centre,
        prior_roots=prior.roots,
        innovation=errors.step,
        log_evidence=top + float(np.log(mass)),
    )


def _bounds(white: _Whitened, total: FloatArray) -> FloatArray:
    """Points that hold the variance of each pair, shape (C, V): from the fit with free coefficients to none."""
    k = white.x.shape[2]
    least = total
    if k and white.df > k:
        cross = white.x.transpose(0, 2, 1) @ white.y[:, :, None]
        inverse = np.linalg.pinv(white.x.transpose(0, 2, 1) @ white.x, hermitian=True)
        least = (white.y**2).sum(1) - (cross.transpose(0, 2, 1) @ inverse @ cross)[:, 0, 0]
    elif k:
        least = np.zeros_like(total)
    low = LOWEST * np.clip(least, LEAST_LEFT * total, total) / white.df
    return _spaced(np.log(low), np.log(HIGHEST * total / white.df))


def _spaced(low: FloatArray, high: FloatArray) -> FloatArray:
    """Points evenly spaced in the logarithm, shape (C, V)."""
    return np.exp(low[:, None] + np.linspace(0.0, 1.0, VARIANCES) * (high - low)[:, None])


def _narrowed(log_v: FloatArray, log_p: FloatArray, df: int) -> FloatArray:
    """Points around where the mass of each pair lies, shape (C, V), from that on a coarse grid (C, S, V)."""
    p = np.exp(log_p - log_p.max(axis=(1, 2), keepdims=True)).sum(axis=1)
    p /= p.sum(axis=1, keepdims=True)
    centre = (p * log_v).sum(axis=1)
    sd = np.sqrt((p * (log_v - centre[:, None]) ** 2).sum(axis=1) + 2 / df)
    return _spaced(centre - REACH * sd, centre + REACH * sd)
