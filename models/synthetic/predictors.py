"""Weights of donors that make them like a treated area in its predictors, each counted by what it says of the outcome.

Abadie, Diamond and Hainmueller 2010 (JASA 105:493) and 2015 (American Journal of Political Science 59:495): the donors'
weights minimise the squared differences in the predictors, each times how much it counts; how much each counts is
chosen so that the weighted donors follow the outcome. What counts how much is not settled by the data alone: different
answers fit almost alike (Kloessner, Kaul, Pfeifer and Schieler 2018, Swiss Journal of Economics and Statistics 154:11),
so the search starts from all alike and is the same on every run.
"""

import numpy as np
from scipy.optimize import minimize

from models.arrays import FloatArray
from models.synthetic.problem import Problem
from models.synthetic.simplex import simplex_weights

MOST_TRIALS = 2_000
STEP_TOLERANCE = 1e-4  # in the logarithm of how much a predictor counts
LOSS_TOLERANCE = 1e-8  # of the loss with all predictors alike


def weighted_by_predictors(predictors: FloatArray, counts: FloatArray) -> FloatArray:
    """Weigh donors by predictors of which each counts so much.

    Parameters
    ----------
    predictors
        The treated area first, then the D donors, shape (K, 1 + D).
    counts
        Shape (K,), >= 0, sum 1.

    Returns
    -------
    FloatArray
        Weights, shape (D,).
    """
    scaled = np.sqrt(counts)[:, None] * standardised(predictors)
    return simplex_weights(scaled[:, 1:], scaled[:, 0])


def predictor_weights(problem: Problem) -> FloatArray:
    """Choose how much each predictor counts, shape (K,), sum 1.

    By the mean squared gap of the outcome over the whole baseline; or over its last `validation` periods, with the
    predictors of the stretch before.
    """
    shown = problem.before.nonzero()[0]
    cross = problem.validation is not None
    judged = shown[-problem.validation :] if problem.validation is not None else shown
    values = standardised(problem.training if cross else problem.predictors)
    own, donors = problem.own[judged], problem.donors[:, judged]

    def loss(logs: FloatArray) -> float:
        scaled = np.sqrt(_counts(logs))[:, None] * values
        gap = own - simplex_weights(scaled[:, 1:], scaled[:, 0]) @ donors
        return float(gap @ gap) / len(gap)

    alike = np.zeros(len(values))
    start = loss(alike)
    if len(values) == 1 or start == 0:
        return _counts(alike)
    found = minimize(
        loss,
        alike,
        method="Nelder-Mead",
        options={"maxiter": MOST_TRIALS, "xatol": STEP_TOLERANCE, "fatol": LOSS_TOLERANCE * start},
    )
    return _counts(found.x)


def standardised(predictors: FloatArray) -> FloatArray:
    """Divide each predictor by its standard deviation over the areas; one that does not vary counts for nothing."""
    spread = predictors.std(axis=1, ddof=1, keepdims=True)
    return np.divide(predictors, spread, out=np.zeros_like(predictors), where=spread > 0)


def _counts(logs: FloatArray) -> FloatArray:
    sizes = np.exp(logs - logs.max())
    shares: FloatArray = sizes / sizes.sum()
    return shares
