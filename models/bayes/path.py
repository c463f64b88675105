"""The treated areas over time, as recorded and as they would have been without the intervention."""

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.bayes.fitting import Fitted
from models.bayes.links import from_link
from models.estimate import Path, PathPoint
from models.panel import Panel
from models.summary import natural, period_matrix

NAME = "bayes"


def path_of(found: Fitted, level: float) -> Path:
    """Mean of the treated areas: recorded, and expected without the effect, with the interval of that expectation.

    A bin's expectation stands at each of its periods. Periods that no bin holds have none.
    """
    thin = found.thinned()
    layout, panel = thin.layout, thin.layout.panel
    without = thin.predictor - thin.flat["effect"][:, None, None] * layout.exposed
    values = natural(panel, from_link(thin.likelihood.link, without)[:, layout.treated].mean(axis=1))
    middle, low, high = (_spread(q, layout.members) for q in _summary(values, level))
    recorded = natural(panel, _treated_mean(panel))
    return Path(
        NAME,
        tuple(
            PathPoint(label, *(_number(x[t]) for x in (recorded, low, high, middle)))
            for t, label in enumerate(panel.periods.labels)
        ),
    )


def _treated_mean(panel: Panel) -> FloatArray:
    """Mean of the treated areas on the linear scale in each period, shape (T,); NaN where one has no value."""
    values, _, _ = period_matrix(panel.cells)
    return np.asarray(values[panel.treated].mean(axis=0))


def _summary(values: FloatArray, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return values.mean(axis=0), low, high


def _spread(by_bin: FloatArray, members: BoolArray) -> FloatArray:
    """Put the value of each bin at its periods, shape (T,); NaN elsewhere."""
    found = np.full(members.shape[1], np.nan)
    for value, mask in zip(by_bin, members, strict=True):
        found[mask] = value
    return found


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
