"""Effects that add up to zero, from independent normals one fewer."""

import numpy as np


def given_up(size: int) -> tuple[float, float]:
    """What the last and each other of `size` members gives up of the sum of size - 1 normals, so that they sum to zero.

    Member i < size - 1 is its own normal less the second number times the sum of all, and the last is minus the first
    times that sum: a Householder reflection, which keeps them exchangeable (as PyMC's ZeroSumNormal does).
    """
    root = float(np.sqrt(size))
    return 1.0 / root, 1.0 / (root + size)
