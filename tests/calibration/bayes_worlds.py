"""Small pilots drawn from the priors of each Bayesian model, for its calibration.

A likelihood takes the location of some priors from the data it is given (the general level, cutpoints, the shape of a
hazard, the spread of cases): a matter of units, but calibration needs priors that do not look. They are therefore taken
once from a pilot of the same shape, and kept for all that are simulated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.bayes.counts import Counts
from models.bayes.durations import SPREAD_SD, Durations
from models.bayes.hazard import Hazard
from models.bayes.layout import layout_of
from models.bayes.likelihood import Likelihood
from models.bayes.likelihoods import likelihood_of
from models.bayes.means import Means
from models.bayes.predictor import Scales
from models.bayes.ratings import Ratings
from models.bayes.shares import Shares
from models.design import Design
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    DurationCells,
    Kind,
    OrdinalCells,
    Panel,
    TimeToEventCells,
)
from models.periods import Periods, Role, TimeUnit, period_index

AREAS, TREATED = 4, 2
SHORT, SERIES = (6, 3), (24, 6)
"""Bins before and after: noise on its own, and noise that is a series."""
COUNT, CASES = 20.0, 40
HORIZON, LONGEST = 30, 60.0
SCALES = Scales(effect_mean=0.0, effect_sd=0.3, shock=0.1, noise=0.3, area=0.5, period=0.3)
LEVELS: Mapping[Kind, float] = {
    Kind.COUNT: float(np.log(COUNT)),
    Kind.BINARY: 0.3,
    Kind.ORDINAL: 0.3,
    Kind.TIME_TO_EVENT: -1.0,
    Kind.DURATION: 2.0,
    Kind.CONTINUOUS: 1.0,
}
CUTPOINTS = (-1.5, -0.7, 0.0, 1.2)
OVERRIDDEN = ("centre", "log_gaps", "edges", "_baseline", "_log_spread")


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One model's pilots.

    Attributes
    ----------
    kind
        Of the outcome.
    template
        Likelihood of a pilot of the same shape; gives the priors.
    """

    kind: Kind
    template: Likelihood

    def likelihood(
        self, predictor: FloatArray, extras: Mapping[str, FloatArray], rng: np.random.Generator
    ) -> Likelihood:
        """Likelihood of a pilot drawn at this predictor, shape (A, B), its priors those of the template."""
        panel = panel_of(simulated(self.template, predictor, extras, rng), self.kind, predictor.shape[1])
        return _known(self.template)(layout_of(panel, Design()))


def world(kind: Kind, *, series: bool) -> World:
    """Make the pilot whose priors are kept: every cell at a common level."""
    before, after = SERIES if series else SHORT
    cells = _plain(kind, before + after)
    return World(kind, likelihood_of(layout_of(panel_of(cells, kind, before + after), Design())))


def panel_of(cells: Cells, kind: Kind, bins: int) -> Panel:
    """Put the cells into a panel of a series or a short pilot, by its number of bins."""
    before, after = next(w for w in (SHORT, SERIES) if sum(w) == bins)
    return Panel(
        outcome="outcome",
        kind=kind,
        unit="unit",
        per=1.0,
        areas=tuple("ABCD"),
        treated=np.arange(AREAS) < TREATED,
        periods=Periods(
            TimeUnit.MONTH,
            period_index(date(2022, 4, 1), TimeUnit.MONTH),
            (Role.BASELINE,) * before + (Role.FOLLOW_UP,) * after,
        ),
        cells=cells,
    )


def _known(template: Likelihood) -> Any:
    """The class of the likelihood, with the template's priors instead of those of the data it is given."""
    names = [n for n in OVERRIDDEN if hasattr(template, n)]
    if isinstance(template, Means):
        names.append("_spread")
    return type("Known", (type(template),), {n: lambda _self, n=n: getattr(template, n)() for n in names})


def _plain(kind: Kind, bins: int) -> Cells:
    rng = np.random.default_rng(0)
    eta = np.full((AREAS, bins), LEVELS[kind])
    match kind:
        case Kind.COUNT:
            return CountCells(np.full(eta.shape, COUNT), np.ones(eta.shape))
        case Kind.BINARY:
            return BinaryCells(rng.binomial(CASES, _expit(eta)).astype(np.float64), np.full(eta.shape, float(CASES)))
        case Kind.ORDINAL:
            return OrdinalCells(_answers(eta, np.asarray(CUTPOINTS), rng), 3)
        case Kind.TIME_TO_EVENT:
            return _followed(eta, np.full(HORIZON, -np.log(HORIZON)), rng)
        case Kind.DURATION:
            return _lasting(eta, 0.8, rng)
        case Kind.CONTINUOUS:
            return _measured(eta, 0.5, rng)


def simulated(
    likelihood: Likelihood, predictor: FloatArray, extras: Mapping[str, FloatArray], rng: np.random.Generator
) -> Cells:
    """Draw cells at a predictor, shape (A, B), case by case where the likelihood reads more than one number of a cell.

    Parameters
    ----------
    likelihood
        Gives exposure and trials, and carries `extras` to cutpoints, hazards and spreads.
    predictor
        Shape (A, B).
    extras
        The likelihood's own parameters, and `own_noise` where it has one, each with an axis of length 1 first.
    rng
        Random numbers.
    """
    match likelihood:
        case Counts():
            (events,) = likelihood.replicate(predictor[None], extras, rng)
            return CountCells(events, np.ones(events.shape))
        case Shares():
            successes = rng.binomial(CASES, _expit(predictor)).astype(np.float64)
            return BinaryCells(successes, np.full(successes.shape, float(CASES)))
        case Ratings():
            return OrdinalCells(_answers(predictor, likelihood.cutpoints(extras)[0][0], rng), 3)
        case Hazard():
            edges, shape = likelihood.edges(), likelihood.shape(extras)[0]
            daily = np.concatenate([np.full(edges[0], -np.inf), np.repeat(shape, np.diff(edges))])
            return _followed(predictor, daily[1:], rng)
        case Durations():
            return _lasting(predictor, float(np.exp(likelihood._spread(extras))[0, 0, 0]), rng)
        case Means():
            spread = likelihood._spread() * np.exp(SPREAD_SD * extras["spread_unit"][0])
            return _measured(rng.normal(predictor, extras["own_noise"][0]), float(spread), rng)
        case _:
            raise TypeError(type(likelihood).__name__)


def _expit(x: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-x)))


def _answers(eta: FloatArray, cuts: FloatArray, rng: np.random.Generator) -> FloatArray:
    below = _expit(cuts - eta[:, :, None])
    return rng.multinomial(CASES, np.diff(below, prepend=0.0, append=1.0, axis=2)).astype(np.float64)


def _followed(eta: FloatArray, daily: FloatArray, rng: np.random.Generator) -> TimeToEventCells:
    """Follow the cases of each cell day by day; one in eight leaves at mid-course. `daily` is the log hazard by day."""
    shape = (*eta.shape, HORIZON + 1)
    events, censored = np.zeros(shape), np.zeros(shape)
    left = np.full(eta.shape, CASES)
    for day in range(1, HORIZON + 1):
        ended = rng.binomial(left, -np.expm1(-np.exp(eta + daily[day - 1])))
        left = left - ended
        gone = left // 8 if day == HORIZON // 2 else np.zeros_like(left)
        left = left - gone
        events[:, :, day], censored[:, :, day] = ended, gone
    censored[:, :, HORIZON] += left
    return TimeToEventCells(events, censored)


def _lasting(eta: FloatArray, spread: float, rng: np.random.Generator) -> DurationCells:
    """Cases that are open at the longest duration stay open."""
    log_days = rng.normal(eta[:, :, None], spread, (*eta.shape, CASES))
    done = log_days <= np.log(LONGEST)
    known = np.where(done, log_days, 0.0)
    still = (~done).sum(axis=2, keepdims=True).astype(np.float64)
    return DurationCells(
        done.sum(axis=2).astype(np.float64), known.sum(axis=2), (known**2).sum(axis=2), still, np.asarray([LONGEST])
    )


def _measured(mean: FloatArray, spread: float, rng: np.random.Generator) -> ContinuousCells:
    values = rng.normal(mean[:, :, None], spread, (*mean.shape, CASES // 8))
    return ContinuousCells(
        np.full(mean.shape, values.shape[2], dtype=np.float64), values.sum(axis=2), (values**2).sum(axis=2)
    )
