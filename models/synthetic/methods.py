"""One treated area and its weighted comparison areas: synthetic control and its kin.

Every method gives weights of the comparison areas (donors), a constant that may be added, and so a gap in every period.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from models.arrays import FloatArray
from models.synthetic.predictors import predictor_weights, weighted_by_predictors
from models.synthetic.problem import Problem
from models.synthetic.simplex import simplex_weights

TINY = 1e-6
"""Penalty, in units of the noise, that only chooses among weights that fit equally well."""
PENALTIES = 20  # tried for the ridge regression, from the largest down to 1e-8 of it
SMALLEST_PENALTY = 1e-8
NONE: FloatArray = np.zeros(0)


@dataclass(frozen=True, slots=True)
class AreaFit:
    """A treated area against its weighted donors.

    Attributes
    ----------
    weights
        Of the donors, shape (D,); they sum to 1, and only those of the augmented method may be negative.
    shift
        Added to the weighted donors in every period; 0 for methods that also match the level.
    gap
        The area less its synthetic counterpart, shape (T,).
    counts
        How much each predictor counted, shape (K,), sum 1; empty if none did.
    periods
        Weights of the baseline's periods, shape (T0,), sum 1; empty if they count alike.
    """

    weights: FloatArray
    shift: float
    gap: FloatArray
    counts: FloatArray
    periods: FloatArray


type Method = Callable[[Problem], AreaFit]


def synthetic_control(problem: Problem) -> AreaFit:
    """Weigh donors so that they follow the area's baseline, or so that they are like it in the predictors.

    Notes
    -----
    Without predictors: least squares over the baseline's outcomes (Abadie and Gardeazabal 2003; Abadie, Diamond and
    Hainmueller 2010, JASA 105:493, with every baseline outcome as a predictor that counts alike). With them: see
    `models.synthetic.predictors`. A penalty of a millionth of the noise chooses among weights that fit equally well.
    """
    if len(problem.predictors):
        counts = predictor_weights(problem)
        weights = weighted_by_predictors(problem.predictors, counts)
        return _against(problem, weights, counts=counts)
    columns, target = problem.donors[:, problem.before].T, problem.own[problem.before]
    return _against(problem, simplex_weights(columns, target, _ridge(problem, TINY)))


def synthetic_did(problem: Problem) -> AreaFit:
    r"""Weigh donors and baseline periods, and let levels differ.

    Notes
    -----
    Arkhangelsky, Athey, Hirshberg, Imbens and Wager 2021 (American Economic Review 111:4088), equations 4 to 6 for one
    treated area: ``zeta = T1^(1/4) noise``. Their code stops a Frank-Wolfe search early and drops small weights; here
    the same objectives are solved to the end.
    """
    before = problem.before
    early = problem.donors[:, before]
    zeta = float((~before).sum()) ** 0.25
    columns, target = early.T, problem.own[before]
    areas = simplex_weights(columns - columns.mean(axis=0), target - target.mean(), _ridge(problem, zeta))
    late = problem.donors[:, ~before].mean(axis=1)
    ridge = (TINY * problem.noise) ** 2 * len(early)
    periods = simplex_weights(early - early.mean(axis=0), late - late.mean(), ridge)
    apart = problem.own - areas @ problem.donors
    return _against(problem, areas, float(periods @ apart[before]), periods=periods)


def augmented_control(problem: Problem) -> AreaFit:
    r"""Take what gap synthetic control leaves before the start off by ridge regression among the donors.

    Notes
    -----
    Ben-Michael, Feller and Rothstein 2021 (JASA 116:1789), equation 8: with X0 the donors' baseline less its mean over
    donors and d the gap that the weights w leave, the weights become ``w + X0 (X0'X0 + penalty I)^-1 d``. The penalty
    is the largest whose error on baseline periods left out one at a time is within one standard error of the least.
    """
    plain = synthetic_control(replace(problem, predictors=np.zeros((0, 1 + len(problem.donors)))))
    early = problem.donors[:, problem.before]
    penalty = _penalty(early, problem.own[problem.before])
    return _against(problem, plain.weights + _correction(early, plain.gap[problem.before], np.asarray([penalty]))[0])


def equal_weights(problem: Problem) -> AreaFit:
    """Weigh all donors alike and let levels differ: difference-in-differences."""
    weights = np.full(len(problem.donors), 1 / len(problem.donors))
    apart = problem.own - weights @ problem.donors
    return _against(problem, weights, float(apart[problem.before].mean()))


METHODS: Mapping[str, Method] = MappingProxyType(
    {"sc": synthetic_control, "sdid": synthetic_did, "ascm": augmented_control, "did": equal_weights}
)


def _against(
    problem: Problem, weights: FloatArray, shift: float = 0.0, counts: FloatArray = NONE, periods: FloatArray = NONE
) -> AreaFit:
    return AreaFit(weights, shift, problem.own - weights @ problem.donors - shift, counts, periods)


def _ridge(problem: Problem, zeta: float) -> float:
    """Penalty on donors' weights: (zeta x noise)^2 for each baseline period."""
    return (zeta * problem.noise) ** 2 * float(problem.before.sum())


def _correction(early: FloatArray, left: FloatArray, penalties: FloatArray) -> FloatArray:
    """What ridge regression adds to the weights to take off the gap `left`, for each penalty: shape (P, D).

    `early` of shape (D, T0), `left` of shape (T0,); through the singular values, so that a penalty costs nothing.
    """
    centred = early - early.mean(axis=0)
    u, s, vt = np.linalg.svd(centred, full_matrices=False)
    size = s**2 + penalties[:, None]
    shrunk = np.divide(s, size, out=np.zeros_like(size), where=size > 0)
    added: FloatArray = (shrunk * (vt @ left)) @ u.T
    return added


def _penalty(early: FloatArray, own: FloatArray) -> float:
    """Penalty by leaving out one baseline period at a time; `early` of shape (D, T0), `own` of shape (T0,)."""
    largest = float(np.linalg.norm(early - early.mean(axis=0), 2)) ** 2
    if largest == 0:
        return 1.0  # the donors do not differ, so there is nothing to take off
    penalties = largest * SMALLEST_PENALTY ** np.linspace(0.0, 1.0, PENALTIES)
    errors = np.empty((len(own), PENALTIES))
    for t in range(len(own)):
        kept = np.arange(len(own)) != t
        weights = simplex_weights(early[:, kept].T, own[kept])
        left = own[kept] - weights @ early[:, kept]
        all_weights = weights + _correction(early[:, kept], left, penalties)
        errors[t] = (own[t] - all_weights @ early[:, t]) ** 2
    mean, spread = errors.mean(axis=0), errors.std(axis=0, ddof=1) / np.sqrt(len(own))
    best = int(mean.argmin())
    return float(penalties[np.flatnonzero(mean <= mean[best] + spread[best])[0]])
