"""The share of cases that have had an event, day by day, where other events may end a case: Aalen-Johansen."""

from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class EventCurve:
    """Cases of A areas from day 0 to day H; each array has shape (A, H+1).

    Attributes
    ----------
    at_risk
        Cases still in view and without an event of either kind at the start of the day.
    hazard
        Share of those that have the event on the day; 0 where nobody is at risk.
    leaving
        Share of those that have an event of either kind on the day.
    before
        Share of all cases without an event of either kind until the day.
    share
        Share of all cases that have had the event by the end of the day.
    """

    at_risk: FloatArray
    hazard: FloatArray
    leaving: FloatArray
    before: FloatArray
    share: FloatArray

    @property
    def known(self) -> BoolArray:
        """Mask of the areas whose curve is known to the last day, shape (A,): somebody stays, or nobody is left."""
        nobody_left = self.before[:, -1] * (1 - self.leaving[:, -1]) <= 0
        return (self.at_risk[:, -1] > 0) | nobody_left

    def weighed(self, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
        r"""Sum a weight of the day of the event over all cases, per case.

        Parameters
        ----------
        weight
            Weight of each day, shape (H+1,): 1 for the share by day H, H - d for the days lost by day H.

        Returns
        -------
        value, variance
            Each of shape (A,).

        Notes
        -----
        With hazards h of the event and l of either kind, n at risk and S the share before a day, the value is
        ``sum_j w_j S_j h_j``. Hazards of different days are uncorrelated, those of one day multinomial, so by the delta
        method, with ``R_j = sum_{i>j} w_i S_i h_i``, the variance is
        ``sum_j R_j^2 l_j / (n_j (1 - l_j)) + w_j^2 S_j^2 h_j (1 - h_j) / n_j - 2 R_j w_j S_j h_j / n_j``. For a share
        that is the variance of Dinse and Larson (1986, Biometrika 73:379-386); with no other events it is Greenwood's,
        and for the days lost ``sum_j [int_{t_j}^H S]^2 d_j / (n_j (n_j - d_j))``.
        """
        parts = weight * self.before * self.hazard
        later = parts.sum(axis=1, keepdims=True) - np.cumsum(parts, axis=1)
        staying = self.leaving < 1
        greenwood = divide(self.leaving, self.at_risk * (1 - self.leaving), (self.at_risk > 0) & staying, empty=0.0)
        own = divide(self.hazard * (1 - self.hazard), self.at_risk, self.at_risk > 0, empty=0.0)
        joint = divide(self.hazard, self.at_risk, self.at_risk > 0, empty=0.0)
        scaled = weight * self.before
        variance = (later**2 * greenwood + scaled**2 * own - 2 * later * scaled * joint).sum(axis=1)
        return parts.sum(axis=1), np.maximum(variance, 0.0)


def event_curve(events: FloatArray, censored: FloatArray, competing: FloatArray) -> EventCurve:
    """Reduce cases ending on day 0, 1, ..., H, shape (A, H+1), to their curve.

    On one day events of both kinds come before censorings.
    """
    ended = events + competing
    at_risk = remaining(ended + censored)
    leaving = divide(ended, at_risk, at_risk > 0, empty=0.0)
    hazard = divide(events, at_risk, at_risk > 0, empty=0.0)
    before = earlier_product(1 - leaving)
    return EventCurve(at_risk, hazard, leaving, before, np.cumsum(before * hazard, axis=1))


def remaining(leaving: FloatArray) -> FloatArray:
    """Add up what leaves on a day or later, along the last axis."""
    summed: FloatArray = np.cumsum(leaving[..., ::-1], axis=-1)[..., ::-1]
    return summed


def earlier_product(staying: FloatArray) -> FloatArray:
    """Multiply the shares that stay on all earlier days, along the last axis; 1 on day 0."""
    first = np.ones((*staying.shape[:-1], 1))
    return np.concatenate([first, np.cumprod(staying, axis=-1)[..., :-1]], axis=-1)


def divide(top: FloatArray, bottom: FloatArray, ok: BoolArray, empty: float = np.nan) -> FloatArray:
    """Divide where `ok`; elsewhere `empty`."""
    out = np.full(top.shape, empty)
    np.divide(top, bottom, out=out, where=ok)
    return out
