"""Probability of superiority: how often an answer from follow-up is higher than one from the baseline."""

import numpy as np

from models.arrays import FloatArray


def superiority(before: FloatArray, after: FloatArray) -> FloatArray:
    """Probability that an answer of the second window is higher than one of the first, ties counting half.

    Parameters
    ----------
    before, after
        Answers of each area at each level, lowest first, shape (A, L).

    Returns
    -------
    FloatArray
        ``P(Y1 > Y0) + P(Y1 = Y0) / 2`` for each area, shape (A,); 0.5 is no change, NaN without answers in a window.
        Cliff's delta is twice this less one (Cliff 1993, Psychological Bulletin 114:494; Vargha & Delaney 2000, Journal
        of Educational and Behavioral Statistics 25:101).
    """
    total = before.sum(axis=1) * after.sum(axis=1)
    below = before.cumsum(axis=1) - before
    wins = (after * (below + before / 2)).sum(axis=1)
    chance: FloatArray = np.divide(wins, total, out=np.full(len(total), np.nan), where=total > 0)
    return chance
