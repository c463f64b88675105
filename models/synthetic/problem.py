"""A treated area and the comparison areas that may be weighted to follow it."""

from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Problem:
    """A treated area, its donors and what they are to be alike in.

    Attributes
    ----------
    own
        The treated area's series, shape (T,).
    donors
        Series of the D donors, shape (D, T).
    before
        Mask of the baseline among the T periods.
    predictors, training
        What else is known, the treated area first, shape (K, 1 + D): for the weights, and as it was before the
        validation periods. K may be 0.
    validation
        Last baseline periods that choose how much each predictor counts; None for all.
    """

    own: FloatArray
    donors: FloatArray
    before: BoolArray
    predictors: FloatArray
    training: FloatArray
    validation: int | None = None

    @property
    def noise(self) -> float:
        """Standard deviation of the donors' changes from one baseline period to the next."""
        steps = np.diff(self.donors[:, self.before], axis=1)
        return float(steps.std(ddof=1)) if steps.size > 1 else 0.0
