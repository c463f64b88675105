"""Least squares with cluster-robust variances, for any design matrix: CR1, CR2 and the jackknife CR3."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatArray, IntArray
from models.inference.refusal import NoInference

SINGULAR = 1e-10  # eigenvalues below this are rounding error, where the largest are near 1
ROUNDING = 1e-10  # a standard error below this share of the largest value is rounding error
ESTIMABLE = 1e-7  # share of a coefficient's length that may be lost to rounding when a cluster is left out

ALIKE = (
    "The residuals of each cluster cancel, so nothing shows how much clusters differ by chance; check that the data "
    "are not copied or modelled."
)
JACKKNIFE = (
    "No jackknife: without cluster {cluster} the coefficient cannot be estimated, so what that cluster contributes to "
    "its uncertainty cannot be seen."
)


@dataclass(frozen=True, slots=True)
class ClusterRobust:
    """One coefficient and its standard errors clustered by groups of observations.

    Attributes
    ----------
    estimate
        Coefficient, in the unit of y per unit of its column.
    cr1
        Standard error of Liang and Zeger (1986) with the factor ``sqrt(G / (G - 1))``.
    cr2
        Standard error of Bell and McCaffrey (2002): unbiased where errors are independent and vary alike.
    df
        Satterthwaite degrees of freedom of `cr2`, under independent errors that vary alike.
    cr3
        Jackknife standard error, ``sqrt((G - 1)/G sum_g (b_(g) - b)^2)`` over fits that leave out one cluster each; a
        refusal where one of those fits cannot estimate the coefficient.
    clusters
        Number of clusters G.
    """

    estimate: float
    cr1: float
    cr2: float
    df: float
    cr3: float | NoInference
    clusters: int


@dataclass(frozen=True, slots=True)
class _Projection:
    """What every cluster's adjustment needs of the whole design: M = (X'WX)^-1, M X'W^2X M, and the column."""

    bread: FloatArray
    working: FloatArray
    column: int


@dataclass(frozen=True, slots=True)
class _Leverage:
    """What depends on a cluster's rows of the design, and not on its residuals.

    `scores` gives the cluster's part of the estimate from its residuals, `adjusted` the same after CR2's adjustment,
    `left_out` the change of the estimate when the cluster is left out; each has the cluster's length. `lost` says that
    the coefficient cannot be estimated without it.
    """

    scores: FloatArray
    adjusted: FloatArray
    left_out: FloatArray
    lost: bool


def cluster_robust(
    y: FloatArray,
    design: FloatArray,
    column: int,
    cluster: IntArray,
    weights: FloatArray | None = None,
    within: IntArray | None = None,
) -> ClusterRobust | NoInference:
    """Fit y on a design by (weighted) least squares and estimate one coefficient's variance by clusters.

    Parameters
    ----------
    y, design
        Outcome, shape (n,), and design matrix, shape (n, k), without missing values.
    column
        Column of the coefficient.
    cluster
        Cluster of each observation, shape (n,).
    weights
        Weight of each observation, shape (n,), > 0; None for ordinary least squares. Errors are taken to vary alike
        whatever their weight (the identity working model), as clubSandwich does for a weighted `lm`.
    within
        Groups nested in clusters, shape (n,), whose fixed effects are swept out of y and design by subtracting the
        group's mean: the same answer as a column for each, but fast with thousands. Not with weights.

    Returns
    -------
    ClusterRobust | NoInference
        A refusal for fewer than two clusters, columns that repeat one another, or a fit without error.

    Raises
    ------
    ValueError
        If both `weights` and `within` are given: Pustejovsky & Tipton's theorem 2 does not hold then.

    Notes
    -----
    With ``M = (X'WX)^-1``, H = XMX'W and c the row of the coefficient, ``CR2 = sum_g (c'M X_g'W_g A_g e_g)^2``, where
    ``A_g = B_g^(+1/2)`` is the symmetric root of the pseudo-inverse of ``B_g = [(I - H)(I - H)']_gg`` (fixed effects
    make it singular), and ``df = (sum_g P_gg)^2 / sum_gh P_gh^2`` with ``P_gh = p_g'p_h``,
    ``p_g = (I - H)_g' A_g W_g X_g M c`` (Pustejovsky & Tipton 2018, Journal of Business & Economic Statistics 36:672,
    with identity target). P is a diagonal plus a matrix of rank 2k, so no n x n matrix is formed. The jackknife uses
    ``b_(g) - b = -M X_g'W_g (I - H_gg)^+ e_g`` (MacKinnon, Nielsen & Webb 2023, Journal of Applied Econometrics
    38:671).
    """
    if weights is not None and within is not None:
        raise ValueError("sweep out fixed effects or weight observations, not both: add a column for each effect")
    x, outcome = (design, y) if within is None else (_swept(design, within), _swept(y, within))
    sizes = np.ones(len(y)) if weights is None else weights
    parts = _members(cluster)
    if len(parts) < 2:
        return NoInference("With fewer than two clusters nothing shows how much clusters differ by chance.")
    found = _projection(x, sizes, column)
    if isinstance(found, NoInference):
        return found
    beta = found.bread @ (x.T @ (sizes * outcome))
    residuals = outcome - x @ beta
    return _variances(float(beta[column]), (x, sizes, residuals), parts, found, float(np.abs(outcome).max()))


def _variances(
    estimate: float,
    data: tuple[FloatArray, FloatArray, FloatArray],
    parts: list[IntArray],
    projection: _Projection,
    largest: float,
) -> ClusterRobust | NoInference:
    """Add up the clusters' contributions to each variance."""
    x, sizes, residuals = data
    count = len(parts)
    raw, adjusted, left_out = np.empty(count), np.empty(count), np.empty(count)
    norms, u, v = np.empty(count), np.empty((count, x.shape[1])), np.empty((count, x.shape[1]))
    lost: int | None = None
    for g, (rows, leverage) in enumerate(_leverages(x, sizes, parts, projection)):
        e, a = residuals[rows], leverage.adjusted
        raw[g], adjusted[g], left_out[g] = leverage.scores @ e, a @ e, leverage.left_out @ e
        norms[g], u[g], v[g] = a @ a, x[rows].T @ a, x[rows].T @ (sizes[rows] * a)
        lost = g if leverage.lost and lost is None else lost
    shrink = (count - 1) / count
    cr1, cr2, cr3 = (float(np.sqrt(s @ s)) for s in (raw / np.sqrt(shrink), adjusted, left_out * np.sqrt(shrink)))
    if not min(cr1, cr2) > ROUNDING * largest:
        return NoInference(ALIKE)
    df = _satterthwaite(norms, u, v, projection)
    jackknife = cr3 if lost is None else NoInference(JACKKNIFE.format(cluster=lost + 1))
    return ClusterRobust(estimate, cr1, cr2, df, jackknife, count)


def _projection(x: FloatArray, sizes: FloatArray, column: int) -> _Projection | NoInference:
    weighted = x * sizes[:, None]
    gram = x.T @ weighted
    lengths = np.sqrt(np.diag(gram))
    scale = np.where(lengths > 0, lengths, 1.0)
    values, vectors = np.linalg.eigh(gram / np.outer(scale, scale))
    if not values[0] > SINGULAR * values[-1]:
        return NoInference("Some columns of the design repeat one another, so their coefficients cannot be told apart.")
    root = vectors / np.sqrt(values) / scale[:, None]
    bread = root @ root.T
    return _Projection(bread, bread @ (weighted.T @ weighted) @ bread, column)


def _leverages(
    x: FloatArray, sizes: FloatArray, parts: list[IntArray], projection: _Projection
) -> Iterator[tuple[IntArray, _Leverage]]:
    """Give each cluster's rows and leverage; clusters with the same rows of the design share one computation."""
    known: dict[bytes, _Leverage] = {}
    for rows in parts:
        key = np.column_stack([x[rows], sizes[rows]]).tobytes()
        if key not in known:
            known[key] = _leverage(x[rows], sizes[rows], projection)
        yield rows, known[key]


def _leverage(x: FloatArray, w: FloatArray, projection: _Projection) -> _Leverage:
    scores = w * (x @ projection.bread[projection.column])
    hat = x @ projection.bread @ x.T
    half = np.sqrt(w)
    values, vectors = np.linalg.eigh(np.eye(len(x)) - half[:, None] * hat * half)
    kept = values > SINGULAR
    along = vectors.T @ (scores / half)
    left_out = half * (vectors @ np.where(kept, along / np.where(kept, values, 1.0), 0.0))
    lost = bool(
        (np.abs(along[~kept]) > ESTIMABLE * np.sqrt(projection.bread[projection.column, projection.column])).any()
    )
    if (w != 1).any():
        # With weights the residuals' working covariance is not the residual maker itself.
        maker = np.eye(len(x)) - hat * w - (hat * w).T + x @ projection.working @ x.T
        values, vectors = np.linalg.eigh(maker)
        kept = values > SINGULAR
    root = np.where(kept, np.where(kept, values, 1.0) ** -0.5, 0.0)
    return _Leverage(scores, vectors @ (root * (vectors.T @ scores)), left_out, lost)


def _satterthwaite(norms: FloatArray, u: FloatArray, v: FloatArray, projection: _Projection) -> float:
    """``(tr P)^2 / ||P||^2`` for ``P = diag(norms) - u M v' - v M u' + u M X'W^2X M u'``."""
    k = u.shape[1]
    middle = np.zeros((2 * k, 2 * k))
    middle[:k, :k], middle[:k, k:], middle[k:, :k] = projection.working, -projection.bread, -projection.bread
    low = np.hstack([u, v])
    own = ((low @ middle) * low).sum(axis=1)
    turned = middle @ (low.T @ low)
    squares = float(norms @ norms + 2 * norms @ own + (turned * turned.T).sum())
    return float((norms + own).sum()) ** 2 / squares


def _members(cluster: IntArray) -> list[IntArray]:
    """Rows of each cluster, clusters in ascending order."""
    order = np.argsort(cluster, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1)


def _swept(values: FloatArray, group: IntArray) -> FloatArray:
    """Subtract each group's mean from its rows."""
    _, index, counts = np.unique(group, return_inverse=True, return_counts=True)
    columns = values if values.ndim == 2 else values[:, None]
    means = np.column_stack([np.bincount(index, weights=column) for column in columns.T]) / counts[:, None]
    return (columns - means[index]).reshape(values.shape)
