"""The treated areas over time, as recorded and as they would have been without the intervention."""

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.bayes.fitting import Fitted
from models.bayes.links import Link, from_link
from models.estimate import Path, PathPoint
from models.event_curve import divide
from models.panel import pool_areas
from models.summary import natural, period_matrix

NAME = "bayes"


def path_of(found: Fitted, level: float) -> Path:
    """The treated areas together: recorded, and expected without the effect, with the interval of that expectation.

    They are one population here, as in every published series: a mean of areas beside the series of their sum would
    give the single areas away. A bin's expectation stands at each of its periods. Periods that no bin holds have none.
    """
    thin = found.thinned()
    layout, panel = thin.layout, thin.layout.panel
    without = thin.predictor - thin.flat["effect"][:, None, None] * layout.exposed
    values = _together(thin, without)
    middle, low, high = (_spread(q, layout.members) for q in _summary(values, level))
    recorded = natural(panel, period_matrix(pool_areas(panel.cells, panel.treated))[0][0])
    return Path(
        NAME,
        tuple(
            PathPoint(label, *(_number(x[t]) for x in (recorded, low, high, middle)))
            for t, label in enumerate(panel.periods.labels)
        ),
    )


def _together(found: Fitted, predictor: FloatArray) -> FloatArray:
    """Expected value of the treated areas pooled, in the outcome's unit, shape (S, B); NaN where none was seen.

    Rates and shares of a pool are means weighted by exposure or cases, and so are its mean log days.
    """
    layout, likelihood = found.layout, found.likelihood
    weight = np.where(layout.seen, likelihood.weight(), 0.0)[layout.treated]
    linear = from_link(likelihood.link, predictor)[:, layout.treated]
    rates = likelihood.link is Link.LOG
    values = natural(layout.panel, linear) if rates else linear
    pooled = divide((values * weight).sum(axis=1), weight.sum(axis=0), weight.sum(axis=0) > 0)
    return pooled if rates else natural(layout.panel, pooled)


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
