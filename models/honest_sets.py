"""Confidence sets that allow for a break from parallel trends, by normal theory: for estimates from many areas only.

Both take event-study estimates, reference at nought, and their covariance. Relative magnitudes: no step after the
reference is larger than a multiple of the largest step before it. Smoothness: the slope changes by at most M from one
bin to the next (Rambachan & Roth 2023, Review of Economic Studies 90:2555).
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from models.arrays import BoolArray, FloatArray
from models.honest_bounds import bends, steps

FIRST_STAGE = 0.1  # share of the error rate spent on the least favourable test
DRAWS = 20_000
SEED = 20230401  # of the draws for the least favourable value, so that equal estimates give equal sets
GRID = 401
HALVINGS = 30
BEYOND = 6.0  # standard errors searched beyond the plug-in bounds
SAME = 1e-9  # closer than this, two moments are one and the same
MOST_STEPS = 2_000
FAR = 6.0  # bias in standard errors from which one tail of the folded normal no longer matters


@dataclass(frozen=True, slots=True)
class EventStudy:
    """Estimates of B bins, that of the reference among them and nought.

    Attributes
    ----------
    estimate, covariance
        Shape (B,) and (B, B), in time order; row and column of the reference are nought.
    positions
        Midpoints of the bins, in bin lengths, shape (B,), ascending.
    before
        Bins up to and with the reference.
    """

    estimate: FloatArray
    covariance: FloatArray
    positions: FloatArray
    before: int


# Relative magnitudes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cases:
    """What the test looks at in each of C cases: an earlier step as the largest, with one sign.

    Row v of a case is a linear function of the estimates, ``rows @ estimate - slope * effect``, of mean at most 0 if
    the case and the effect are true. `critical` is the least favourable value of the largest of its V rows.

    Attributes
    ----------
    rows, slope, covariance, critical
        Shape (C, V, B), (C, V), (C, V, V) and (C,).
    """

    rows: FloatArray
    slope: FloatArray
    covariance: FloatArray
    critical: FloatArray


def conditional_set(study: EventStudy, weights: FloatArray, times: float, level: float) -> tuple[float, float] | None:
    """Confidence set for a weighted effect if no later step exceeds `times` the largest earlier one.

    Parameters
    ----------
    study
        Event-study estimates; at least two bins before.
    weights
        Weight of each bin after the reference, shape (B - before,).
    times
        Largest later step, as a multiple of the largest earlier one; steps are slopes per bin length.
    level
        Confidence level, in (0, 1).

    Returns
    -------
    tuple or None
        Smallest and largest effect not rejected; None if every effect is.

    Notes
    -----
    The hybrid of the conditional and the least favourable test (C-LF) of Andrews, Roth & Pakes 2023, Review of Economic
    Studies 90:2763, for each step that may be the largest and each of its signs; then their union. With ``y = A b - d``
    and nuisance directions X, its statistic is the least eta for which ``y - X x <= eta sd`` has a solution, which is
    the largest ``g'y`` over the vertices of ``{g >= 0, g'X = 0, g'sd = 1}``. The restrictions come in pairs,
    ``+-(step_t of the estimate - step_t of the effect) <= times * step_s``, and ``g'X = 0`` makes the difference of
    each pair proportional to the weight of step t in the effect. That leaves two vertices on which the effect bears
    (all upper, or all lower restrictions, in proportion), and one for each t which only says that step_s has the sign
    assumed. Given the largest, eta is a normal variable truncated to where that vertex stays the largest.
    """
    cases = _cases(study, weights, times, level)
    grid = _grid(study, weights, times)
    held = np.flatnonzero(_held(cases, study, grid, level))
    if not len(held):
        return None
    ends = []
    for inside, outside in ((held[0], held[0] - 1), (held[-1], held[-1] + 1)):
        near, far = grid[inside], grid[min(max(outside, 0), len(grid) - 1)]
        for _ in range(HALVINGS):
            middle = (near + far) / 2
            near, far = (middle, far) if _held(cases, study, np.asarray([middle]), level)[0] else (near, middle)
        ends.append(float(near))
    return ends[0], ends[1]


def set_holds(study: EventStudy, weights: FloatArray, times: float, level: float, effect: float) -> bool:
    """Whether `conditional_set` holds one effect; the other arguments as there."""
    return bool(_held(_cases(study, weights, times, level), study, np.asarray([effect]), level)[0])


def _cases(study: EventStudy, weights: FloatArray, times: float, level: float) -> _Cases:
    """Every earlier step as the largest, with either sign."""
    found = [_vertices(study, weights, sign * times, s) for s in range(study.before - 1) for sign in (1.0, -1.0)]
    rows, slope = np.asarray([r for r, _ in found]), np.asarray([s for _, s in found])
    size, bins = rows.shape[:2], rows.shape[2]
    noise = np.random.default_rng(SEED).standard_normal((DRAWS, bins)) @ _root(study.covariance).T
    largest = (noise @ rows.reshape(-1, bins).T).reshape(DRAWS, *size).max(axis=2)
    critical = np.quantile(largest, 1 - FIRST_STAGE * (1 - level), axis=0)
    return _Cases(rows, slope, rows @ study.covariance @ rows.transpose(0, 2, 1), critical)


def _vertices(study: EventStudy, weights: FloatArray, times: float, step: int) -> tuple[FloatArray, FloatArray]:
    """Rows and slopes if later steps lie within +-`times` (signed) of an earlier one."""
    gaps = np.diff(study.positions)[study.before - 1 :]
    each = steps(study.positions)
    moves, allowed = each[study.before - 1 :] * gaps[:, None], times * np.outer(gaps, each[step])
    upper, lower = moves - allowed, -moves - allowed
    above, below = (np.sqrt(np.einsum("tb,bc,tc->t", m, study.covariance, m)) for m in (upper, lower))
    share = np.cumsum(weights[::-1])[::-1]
    plus, minus = np.maximum(share, 0.0), np.maximum(-share, 0.0)
    up, down = 1 / (plus @ above + minus @ below), 1 / (minus @ above + plus @ below)
    bearing = np.vstack([(plus @ upper + minus @ lower) * up, (minus @ upper + plus @ lower) * down])
    signs = (upper + lower) / (above + below)[:, None]
    return np.vstack([bearing, signs]), np.concatenate([[up, -down], np.zeros(len(signs))])


def _grid(study: EventStudy, weights: FloatArray, times: float) -> FloatArray:
    """Effects searched: the plug-in bounds, and several standard errors of their ends on either side."""
    share = np.cumsum(weights[::-1])[::-1]
    reach = times * float(np.abs(share) @ np.diff(study.positions)[study.before - 1 :])
    earlier = steps(study.positions)[: study.before - 1]
    spread = np.sqrt(np.einsum("sb,bc,sc->s", earlier, study.covariance, earlier))
    own = np.concatenate([np.zeros(study.before), weights])
    half = reach * float((np.abs(earlier @ study.estimate) + BEYOND * spread).max())
    half += BEYOND * float(np.sqrt(own @ study.covariance @ own))
    centre = float(own @ study.estimate)
    return np.linspace(centre - half, centre + half, GRID)


def _root(covariance: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(covariance)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _held(cases: _Cases, study: EventStudy, effects: FloatArray, level: float) -> BoolArray:
    """Which effects the hybrid test does not reject in some case, shape (N,)."""
    y = (cases.rows @ study.estimate)[:, None, :] - effects[None, :, None] * cases.slope[:, None, :]
    top, eta = y.argmax(axis=2), y.max(axis=2)
    own = np.diagonal(cases.covariance, axis1=1, axis2=2)
    variance = np.take_along_axis(own, top, axis=1)
    moving = variance > SAME * own.max(axis=1, keepdims=True)
    scale = np.where(moving, variance, 1.0)
    pull = np.take_along_axis(cases.covariance, top[:, :, None], axis=1) / scale[:, :, None]
    limit = np.divide(y - pull * eta[:, :, None], 1 - pull, out=np.zeros_like(y), where=np.abs(1 - pull) > SAME)
    low = np.where(1 - pull > SAME, limit, -np.inf).max(axis=2)
    high = np.minimum(np.where(1 - pull < -SAME, limit, np.inf).min(axis=2), cases.critical[:, None])
    cut = _truncated(low / np.sqrt(scale), high / np.sqrt(scale), 1 - level)
    rejected = np.where(moving, (high > low) & (eta / np.sqrt(scale) > cut), eta > 0) | (eta > cases.critical[:, None])
    held: BoolArray = (~rejected).any(axis=0)
    return held


def _truncated(low: FloatArray, high: FloatArray, alpha: float) -> FloatArray:
    """Critical value of a standard normal variable known to lie between two limits, at least 0.

    Its level is what the first stage leaves of alpha. Logs of tails do not vanish where the tails do.
    """
    kappa = FIRST_STAGE * alpha
    size = (alpha - kappa) / (1 - kappa)
    tail = np.logaddexp(np.log(size) + special.log_ndtr(-low), np.log1p(-size) + special.log_ndtr(-high))
    cut: FloatArray = np.maximum(-special.ndtri_exp(tail), 0.0)
    return cut


# Smoothness ----------------------------------------------------------------------------------------------------------


def fixed_length(study: EventStudy, weights: FloatArray, bend: float, level: float) -> tuple[float, float]:
    """Shortest interval of fixed length for a weighted effect if the slope changes by at most `bend` per bin length.

    Parameters
    ----------
    study, weights, level
        As in `conditional_set`.
    bend
        Largest change of slope, M >= 0; 0 for a straight line.

    Notes
    -----
    An estimator that is blind to straight lines is a sum of bends ``k'b``; the k of bends at or after the reference
    follow from the weights, the others are free. Its largest bias is ``M sum |k|`` and its variance ``k' S k``; its
    half-length ``sd * cv(bias / sd)``, cv the quantile of a folded normal of that mean, is convex in k and smallest at
    the optimum (Rambachan & Roth 2023, section 4.1; Armstrong & Kolesar 2018, Econometrica 86:655).
    """
    each = bends(study.positions)
    covariance = each @ study.covariance @ each.T
    free = study.before - 2
    after = each[free:, study.before :]
    fixed = np.linalg.solve(after.T, weights)
    k = np.concatenate([_free_bends(covariance, fixed, free, bend, level), fixed])
    half = float(_half_length(k, covariance, bend, level)[0])
    centre = float(k @ each @ study.estimate)
    return centre - half, centre + half


def _free_bends(covariance: FloatArray, fixed: FloatArray, free: int, bend: float, level: float) -> FloatArray:
    """Weights of the bends before the reference that make the interval shortest, shape (free,)."""
    start = -np.linalg.solve(covariance[:free, :free], covariance[:free, free:] @ fixed)
    if free == 0 or bend == 0:
        return start
    scale = float(np.abs(fixed).sum())

    def split(parts: FloatArray) -> tuple[float, FloatArray]:
        k = np.concatenate([(parts[:free] - parts[free:]) * scale, fixed])
        total = scale * float(parts.sum()) + float(np.abs(fixed).sum())
        value, by_k, by_bias = _half_length(k, covariance, bend, level, total)
        slope = by_k[:free] * scale
        return value, np.concatenate([slope + by_bias * scale, by_bias * scale - slope])

    parts = np.concatenate([np.maximum(start, 0.0), np.maximum(-start, 0.0)]) / scale
    found = optimize.minimize(
        split,
        parts,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * (2 * free),
        options={"ftol": 1e-15, "gtol": 1e-12, "maxiter": MOST_STEPS},
    )
    best: FloatArray = (found.x[:free] - found.x[free:]) * scale
    return best


def _half_length(
    k: FloatArray, covariance: FloatArray, bend: float, level: float, total: float | None = None
) -> tuple[float, FloatArray, float]:
    """Half-length, its gradient in k through the variance, and its derivative in ``sum |k|``."""
    sd = float(np.sqrt(k @ covariance @ k))
    t = bend * (float(np.abs(k).sum()) if total is None else total) / sd
    cv, slope = folded_quantile(t, level)
    return sd * cv, (cv - t * slope) * (covariance @ k) / sd, bend * slope


def folded_quantile(mean: float, level: float) -> tuple[float, float]:
    """Quantile of ``|N(mean, 1)|``, mean >= 0, and its derivative in the mean."""
    if mean > FAR:
        return mean + float(stats.norm.ppf(level)), 1.0
    value = float(np.sqrt(stats.ncx2.ppf(level, 1, mean**2)))
    near, far = (float(stats.norm.pdf(value + sign * mean)) for sign in (-1, 1))
    return value, (near - far) / (near + far)
