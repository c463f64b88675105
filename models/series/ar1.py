"""Regression with first-order autoregressive errors by restricted maximum likelihood, holes in the series included.

The error of period t has variance ``sigma^2 / weight_t``, and errors of two periods correlate at ``rho`` to the power
of their distance in calendar time, so a period left out still counts as time passing.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.inference.refusal import NoInference
from models.series.fit import Satterthwaite, SeriesFit, exact_fit, is_exact, refusal, spread_out

LARGEST_RHO = 0.999
GRID = np.tanh(np.linspace(-np.arctanh(LARGEST_RHO), np.arctanh(LARGEST_RHO), 61))
WELL_INSIDE = 0.95
METHOD = "AR(1) by REML, Satterthwaite"
AT_THE_EDGE = "the correlation lies at the edge of its range"
NOT_POSITIVE = "the information on the variance and the correlation is not positive definite"


@dataclass(frozen=True, slots=True)
class _Sample:
    """Periods in use, multiplied by the root of their weights.

    Attributes
    ----------
    design, y
        Shape (n, k) and (n,).
    times
        Calendar position of each period, shape (n,).
    log_weights
        Sum of the logs of the weights.
    """

    design: FloatArray
    y: FloatArray
    times: IntArray
    log_weights: float

    @property
    def df(self) -> int:
        return int(self.design.shape[0] - self.design.shape[1])


@dataclass(frozen=True, slots=True)
class _Solution:
    """Generalised least squares at one correlation; `bread` is the inverse of X'R^-1 X."""

    params: FloatArray
    bread: FloatArray
    innovations: FloatArray
    variance: float


def ar1_reml(
    y: FloatArray,
    design: FloatArray,
    used: BoolArray,
    weights: FloatArray | None = None,
    rho: float | None = None,
) -> SeriesFit | NoInference:
    r"""Fit a regression with AR(1) errors by REML.

    Parameters
    ----------
    y
        Shape (T,); finite wherever `used`.
    design
        Shape (T, k).
    used
        Mask of the periods in the fit, shape (T,).
    weights
        Known weights, > 0 wherever `used`, shape (T,): the error variance is ``sigma^2 / weight``. None: all alike.
    rho
        Correlation of neighbouring periods, in (-1, 1), if it is known; None to estimate it.

    Returns
    -------
    SeriesFit or NoInference
        `dispersion` is sigma^2, `log_likelihood` the restricted one as R's ``nlme::gls`` prints it. Or why there is no
        fit.

    Notes
    -----
    rho maximises the restricted likelihood with sigma^2 profiled out, over -0.999 to 0.999 (a grid, then Brent's
    method), a peak within -0.95 to 0.95 going before the edge. Degrees of freedom of a contrast l'b (Giesbrecht and
    Burns 1985, Biometrics 41:477; Fai and Cornelius 1996, Journal of Statistical Computation and Simulation 54:363)::

        df = 2 (l'C l)^2 / (g'A g),   C = (X'V^-1 X)^-1,   g_i = d(l'C l)/d(theta_i) = l'C X'V^-1 V_i V^-1 X C l

    with theta = (sigma^2, rho), V_i the derivative of V, and A the inverse of the expected REML information
    ``I_ij = tr(P V_i P V_j) / 2``, ``P = V^-1 - V^-1 X C X'V^-1``. Where rho is known, this is n - k. At an edge of the
    range of rho, and where the information is not positive definite, df is n - k and `df_note` says why.
    """
    found = refusal(design, used)
    if found is not None:
        return found
    sample = _sample(y, design, used, weights)
    start = _solve(sample, 0.0)
    if is_exact(sample.y - sample.design @ start.params, sample.y):
        return exact_fit(METHOD, start.params, used)
    profile = _Profile.of(sample)
    best = _most_likely(profile) if rho is None else rho
    solution = _solve(sample, best)
    satterthwaite, note = _satterthwaite(sample, solution, best, known=rho is not None)
    return SeriesFit(
        method=METHOD,
        params=solution.params,
        covariance=solution.variance * solution.bread,
        residuals=spread_out(sample.y - sample.design @ solution.params, used),
        innovations=spread_out(solution.innovations, used),
        df=float(sample.df),
        dispersion=solution.variance,
        rho=best,
        log_likelihood=float(profile.height(np.asarray([best]))[0]),
        satterthwaite=satterthwaite,
        df_note=note,
    )


def whiten(rows: FloatArray, times: IntArray, rho: float) -> FloatArray:
    """Take AR(1) correlation out of the rows of a matrix, exactly where periods are missing between them.

    Parameters
    ----------
    rows
        Shape (n, m), one row per period in calendar order.
    times
        Calendar position of each row, shape (n,).
    rho
        Correlation of neighbouring periods, in (-1, 1).
    """
    phi = np.power(rho, np.diff(times).astype(np.float64))[:, None]
    return np.concatenate([rows[:1], (rows[1:] - phi * rows[:-1]) / np.sqrt(1 - phi**2)])


def _sample(y: FloatArray, design: FloatArray, used: BoolArray, weights: FloatArray | None) -> _Sample:
    times = np.flatnonzero(used).astype(np.int64)
    if weights is None:
        return _Sample(design[used], y[used], times, 0.0)
    root = np.sqrt(weights[used])
    return _Sample(design[used] * root[:, None], y[used] * root, times, float(np.log(weights[used]).sum()))


@dataclass(frozen=True, slots=True)
class _Profile:
    """What the restricted likelihood needs of a sample, at whatever correlation.

    With M an orthonormal basis of the design and the least-squares residual beside it, each shape (k+1, k+1):

    Attributes
    ----------
    first
        Square of the first row of M.
    parts
        By distance d between neighbouring rows: sums over such pairs of the later row squared, of the later times the
        earlier and its transpose, and of the earlier squared; and how many pairs there are.
    log_design
        Log determinant of X'X.
    log_weights, df
        As in `_Sample`.
    """

    first: FloatArray
    parts: tuple[tuple[int, FloatArray, FloatArray, FloatArray, int], ...]
    log_design: float
    log_weights: float
    df: int

    @classmethod
    def of(cls, sample: _Sample) -> Self:
        basis, triangle = np.linalg.qr(sample.design)
        rows = np.column_stack([basis, sample.y - basis @ (basis.T @ sample.y)])
        distance = np.diff(sample.times)
        parts = []
        for d in np.unique(distance):
            later, earlier = rows[1:][distance == d], rows[:-1][distance == d]
            crossed = later.T @ earlier
            parts.append((int(d), later.T @ later, crossed + crossed.T, earlier.T @ earlier, len(later)))
        log_design = 2 * float(np.log(np.abs(np.diag(triangle))).sum())
        return cls(np.outer(rows[0], rows[0]), tuple(parts), log_design, sample.log_weights, sample.df)

    def height(self, rhos: FloatArray) -> FloatArray:
        """Restricted log likelihood at each correlation, sigma^2 profiled out, shape (R,)."""
        squares = np.broadcast_to(self.first, (len(rhos), *self.first.shape)).copy()
        log_correlation = np.zeros(len(rhos))
        for distance, later, crossed, earlier, pairs in self.parts:
            phi = np.power(rhos, float(distance))[:, None, None]
            squares += (later - phi * crossed + phi**2 * earlier) / (1 - phi**2)
            log_correlation += pairs * np.log1p(-(phi[:, 0, 0] ** 2))
        diagonal = np.diagonal(np.linalg.cholesky(squares), axis1=1, axis2=2)
        variance = diagonal[:, -1] ** 2 / self.df
        log_design = self.log_design + 2 * np.log(diagonal[:, :-1]).sum(axis=1)
        constant = self.df * (np.log(2 * np.pi * variance) + 1)
        return np.asarray(-0.5 * (constant + log_correlation - self.log_weights + log_design), dtype=np.float64)


def _most_likely(profile: _Profile) -> float:
    """Correlation that maximises the restricted likelihood; see `_peak` where it has several peaks."""
    from scipy.optimize import minimize_scalar

    peak = _peak(profile.height(GRID))
    ends = float(GRID[max(peak - 1, 0)]), float(GRID[min(peak + 1, len(GRID) - 1)])
    found = minimize_scalar(
        lambda rho: -float(profile.height(np.asarray([rho]))[0]),
        bounds=ends,
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(found.x)


def _peak(heights: FloatArray) -> int:
    """Highest peak of the grid that lies well inside the range; the highest point if there is none.

    With unequal weights the likelihood can rise once more towards a correlation of 1, where an intercept far from the
    series and a constant error times the root of the weights stand in for its level.
    """
    inner = np.flatnonzero((heights[1:-1] >= heights[:-2]) & (heights[1:-1] >= heights[2:])) + 1
    inner = inner[np.abs(GRID[inner]) <= WELL_INSIDE]
    return int(inner[np.argmax(heights[inner])]) if inner.size else int(np.argmax(heights))


def _solve(sample: _Sample, rho: float) -> _Solution:
    design = whiten(sample.design, sample.times, rho)
    y = whiten(sample.y[:, None], sample.times, rho)[:, 0]
    q, r = np.linalg.qr(design)
    params = np.linalg.solve(r, q.T @ y)
    inverse = np.linalg.inv(r)
    innovations = y - design @ params
    return _Solution(
        params=params,
        bread=inverse @ inverse.T,
        innovations=innovations,
        variance=float(innovations @ innovations) / sample.df,
    )


def _satterthwaite(
    sample: _Sample, solution: _Solution, rho: float, *, known: bool
) -> tuple[Satterthwaite | None, str]:
    """Degrees of freedom by the information on (sigma^2, rho); or why they are n - k.

    In units of sigma: with Q = R^-1 - R^-1 X (X'R^-1 X)^-1 X'R^-1 and D = dR/d(rho), the information is
    ``[[(n-k) / 2 s^4, tr(QD) / 2 s^2], [., tr(QDQD) / 2]]``.
    """
    if known:
        return None, ""
    if abs(rho) >= GRID[-2]:
        return None, AT_THE_EDGE
    distance = np.abs(sample.times[:, None] - sample.times[None, :]).astype(np.float64)
    derivative = np.where(distance > 0, distance * np.power(rho, np.maximum(distance - 1, 0.0)), 0.0)
    n = len(sample.times)
    roots = whiten(np.eye(n), sample.times, rho)
    design = roots @ sample.design
    annihilate = np.eye(n) - design @ solution.bread @ design.T
    moved = roots @ derivative @ roots.T  # dR/d(rho) with R brought to the identity
    inner = annihilate @ moved
    crossed = float(np.trace(inner)) / (2 * solution.variance)
    information = np.asarray(
        [
            [sample.df / (2 * solution.variance**2), crossed],
            [crossed, float(np.einsum("ij,ji->", inner, inner)) / 2],
        ]
    )
    if np.linalg.det(information) <= 0 or information[0, 0] <= 0:
        return None, NOT_POSITIVE
    gradient = np.stack(
        [solution.bread, solution.variance * solution.bread @ design.T @ moved @ design @ solution.bread]
    )
    return Satterthwaite(gradient, np.linalg.inv(information)), ""
