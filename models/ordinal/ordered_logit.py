"""Proportional-odds regression of grouped answers by maximum likelihood."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference

MAX_STEPS = 100
HALVINGS = 40
CONVERGED = 1e-13  # half the squared Newton decrement, as a share of the log likelihood
FAR = 12.0  # log odds: parameters beyond this are looked at for separation
SEPARATED = 1e-7  # gain of the linear programme that is more than rounding error
ONE_LEVEL = "All answers are at one level, so no shift between levels can be seen."
NO_ANSWERS = "A group has no answers."
REPEATED = "Columns of the design repeat one another, so their coefficients cannot be told apart."
SEPARATION = (
    "Some groups' answers lie wholly above others', so that how far apart they are has no limit. Use longer windows, "
    "or merge areas, so that every group has answers at several levels."
)
NOT_FITTED = "The ordered logit did not converge; look for levels with next to no answers, and join them to another."


@dataclass(frozen=True, slots=True)
class OrderedLogit:
    """A fitted proportional-odds model ``logit P(Y <= k) = cutpoint_k - x'b``.

    Attributes
    ----------
    coefficients
        b, shape (K,); positive shifts answers to higher levels, exp() is an odds ratio.
    cutpoints
        Between consecutive used levels, ascending, shape (U - 1,).
    covariance
        Inverse of the observed information, of `coefficients` first and then `cutpoints`, shape (K + U - 1,) squared.
    log_likelihood
        At the maximum, without the multinomial constant.
    used
        Mask of the levels with any answers, shape (L,): a level nobody chose has no width, so that the cutpoints on its
        two sides are one.
    """

    coefficients: FloatArray
    cutpoints: FloatArray
    covariance: FloatArray
    log_likelihood: float
    used: BoolArray

    @property
    def std_errors(self) -> FloatArray:
        """Standard errors, coefficients first, shape (K + U - 1,)."""
        return np.sqrt(np.diag(self.covariance))


def fit_ordered_logit(counts: FloatArray, design: FloatArray) -> OrderedLogit | NoInference:
    """Fit a proportional-odds model to grouped answers.

    Parameters
    ----------
    counts
        Answers of each group at each level, lowest first, shape (N, L); need not be whole numbers.
    design
        Columns x of each group, without a constant, shape (N, K); K may be 0.

    Returns
    -------
    OrderedLogit | NoInference
        A refusal where there is no finite maximum: one level only, a group without answers, columns that repeat one
        another (or a constant), or groups whose answers are separated.

    Notes
    -----
    McCullagh 1980 (Journal of the Royal Statistical Society B 42:109). The log likelihood is concave in b and the
    cutpoints (Pratt 1981, Journal of the American Statistical Association 76:103), so Newton's method with halved steps
    finds its maximum. Whether there is one is settled by a linear programme (Albert & Anderson 1984, Biometrika 71:1):
    it asks for a direction in which no answer becomes less likely and some become more so.
    """
    used = counts.sum(axis=0) > 0
    n = counts[:, used]
    if (counts.sum(axis=1) <= 0).any():
        return NoInference(NO_ANSWERS)
    if n.shape[1] < 2:
        return NoInference(ONE_LEVEL)
    if np.linalg.matrix_rank(np.column_stack([np.ones(len(n)), design])) <= design.shape[1]:
        return NoInference(REPEATED)
    found = _maximum(n, design)
    if (found is None or np.abs(found[0]).max() > FAR) and _separated(n, design):
        return NoInference(SEPARATION)
    if found is None:
        return NoInference(NOT_FITTED)
    theta, information, value = found
    k = design.shape[1]
    return OrderedLogit(theta[:k], theta[k:], np.linalg.inv(information), value, used)


def _maximum(n: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray, float] | None:
    """Parameters, information and log likelihood at the maximum; None if Newton's method finds none."""
    below = n.sum(axis=0).cumsum()[:-1] / n.sum()
    theta = np.concatenate([np.zeros(x.shape[1]), special.logit(below)])
    value = _log_likelihood(theta, n, x)
    for _ in range(MAX_STEPS):
        score, information = _derivatives(theta, n, x)
        if np.linalg.cond(information) > 1 / np.finfo(np.float64).eps:
            return None
        step = np.linalg.solve(information, score)
        gain = float(score @ step) / 2
        theta, better = _halved(theta, step, value, n, x)
        if gain <= CONVERGED * abs(value):
            return theta, _derivatives(theta, n, x)[1], better
        if better <= value:
            return None
        value = better
    return None


def _halved(
    theta: FloatArray, step: FloatArray, value: float, n: FloatArray, x: FloatArray
) -> tuple[FloatArray, float]:
    """Take the largest of the step, its half, its quarter ... that does not lose likelihood."""
    for i in range(HALVINGS):
        tried = theta + step / 2**i
        found = _log_likelihood(tried, n, x)
        if found >= value:
            return tried, found
    return theta, value


def _edges(theta: FloatArray, n: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower and upper edge of each level on the latent scale, less the group's location, shape (N, U) each."""
    k = x.shape[1]
    inner = theta[k:] - (x @ theta[:k])[:, None]
    far = np.full((len(n), 1), np.inf)
    return np.hstack([-far, inner]), np.hstack([inner, far])


def _between(lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Logistic probability between two edges, without loss of digits in either tail."""
    turned = lower > 0
    low, high = np.where(turned, -upper, lower), np.where(turned, -lower, upper)
    return np.asarray(special.expit(high) - special.expit(low))


def _log_likelihood(theta: FloatArray, n: FloatArray, x: FloatArray) -> float:
    """Log likelihood; minus infinity where cutpoints are out of order."""
    p = _between(*_edges(theta, n, x))
    if (p <= 0).any():
        return -np.inf
    return float((n * np.log(p)).sum())


def _derivatives(theta: FloatArray, n: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Score and observed information, coefficients first.

    Each level's log probability depends on its two edges alone; the group's location moves both of them down.
    """
    lower, upper = _edges(theta, n, x)
    p = _between(lower, upper)
    at_low, at_high = (special.expit(e) * special.expit(-e) for e in (lower, upper))
    d_low, d_high = -at_low / p, at_high / p
    # derivatives of the density: f(e) (1 - 2 F(e))
    low_low = -at_low * (1 - 2 * special.expit(lower)) / p - d_low**2
    high_high = at_high * (1 - 2 * special.expit(upper)) / p - d_high**2
    cross = -d_low * d_high
    location = -(n * (d_low + d_high)).sum(axis=1)
    cut = (n * d_high)[:, :-1] + (n * d_low)[:, 1:]
    curve = (n * (low_low + 2 * cross + high_high)).sum(axis=1)
    mixed = -(n * (high_high + cross))[:, :-1] - (n * (low_low + cross))[:, 1:]
    between = (n * cross).sum(axis=0)[1:-1]
    inner = np.diag(((n * high_high)[:, :-1] + (n * low_low)[:, 1:]).sum(axis=0))
    inner += np.diag(between, 1) + np.diag(between, -1)
    corner = x.T @ mixed
    hessian = np.block([[x.T @ (curve[:, None] * x), corner], [corner.T, inner]])
    return np.concatenate([x.T @ location, cut.sum(axis=0)]), -hessian


def _separated(n: FloatArray, x: FloatArray) -> bool:
    """Whether there is a direction in which no answer becomes less likely and some become more so."""
    groups, levels = np.nonzero(n)
    k, cuts = x.shape[1], n.shape[1] - 1
    place = np.eye(cuts)
    upper = np.hstack([-x[groups], np.vstack([place, np.zeros(cuts)])[levels]])[levels < cuts]
    lower = np.hstack([x[groups], -np.vstack([np.zeros(cuts), place])[levels]])[levels > 0]
    order = np.hstack([np.zeros((max(cuts - 1, 0), k)), np.diff(place, axis=0)])
    gains = np.vstack([upper, lower])
    found = optimize.linprog(
        -gains.sum(axis=0), A_ub=-np.vstack([gains, order]), b_ub=np.zeros(len(gains) + len(order)), bounds=(-1, 1)
    )
    return found.fun is not None and -found.fun > SEPARATED
