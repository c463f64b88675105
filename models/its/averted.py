"""Events fewer than expected over the follow-up: what the line gives, and what the chance of single periods adds."""

from dataclasses import dataclass

import numpy as np

from models import numbers
from models.arrays import FloatArray, IntArray
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.its.setup import Setup
from models.panel import Kind
from models.series.fit import SeriesFit
from models.wording import SHARES

DRAWS = 20_000
LARGEST = 40.0
"""Log of an expected count beyond which it is no count."""
TOO_WIDE = "the range runs past any number of events"


@dataclass(frozen=True, slots=True)
class Averted:
    """Events (or cases with the outcome) of the follow-up periods in the fit.

    Attributes
    ----------
    expected
        Expected had nothing been done.
    averted
        Expected had nothing been done, less expected as it is; negative if there were more.
    parameters
        Interval of `averted` from the uncertainty of the coefficients; None without inference.
    predictive
        Interval of what was expected less what was observed, with the chance of single periods too.
    observed
        What was observed.
    """

    expected: float
    averted: float
    parameters: tuple[float, float] | None
    predictive: tuple[float, float] | None
    observed: float


@dataclass(frozen=True, slots=True)
class Follow:
    """The follow-up periods in the fit.

    Attributes
    ----------
    matrix, without
        Design as it is and had nothing been done, shape (m, k).
    size
        Exposure for counts, cases otherwise, shape (m,).
    times
        Calendar position of each, shape (m,).
    log
        True if the line is that of the log of a rate, False if of a share.
    """

    matrix: FloatArray
    without: FloatArray
    size: FloatArray
    times: IntArray
    log: bool

    def total(self, design: FloatArray, params: FloatArray) -> FloatArray:
        """Events a design expects in all periods, for coefficients of shape (D, k); shape (D,)."""
        return self.each(design, params).sum(axis=1)

    def each(self, design: FloatArray, params: FloatArray) -> FloatArray:
        """Events a design expects in each period, shape (D, m)."""
        line = params @ design.T
        if not self.log:
            return np.asarray(line * self.size)
        return np.exp(np.minimum(line + np.log(self.size), LARGEST))


def averted(follow: Follow, fitted: SeriesFit, observed: float, level: float, seed: int) -> Averted:
    """Count what was averted, by 20,000 draws of the coefficients.

    Parameters
    ----------
    follow
        The follow-up.
    fitted
        Fit of the whole series.
    observed
        Events observed in the same periods.
    level
        Level of both intervals.
    seed
        Seed of the draws.

    Notes
    -----
    Coefficients are drawn from t with the fit's degrees of freedom. For the predictive interval a normal variable is
    added whose variance is that of the periods' sum under the fit: ``phi mu`` (``mu + alpha mu^2`` for a negative
    binomial, ``sigma^2 n`` for shares) with the fitted correlation between periods.
    """
    centre = fitted.params[None, :]
    expected = float(follow.total(follow.without, centre)[0])
    gap = expected - float(follow.total(follow.matrix, centre)[0])
    if fitted.exact:
        return Averted(expected, gap, None, None, observed)
    rng = np.random.default_rng(seed)
    draws = fitted.params + _draws(fitted, rng)
    with_nothing = follow.each(follow.without, draws)
    totals = with_nothing.sum(axis=1)
    line = totals - follow.total(follow.matrix, draws)
    noise = rng.normal(size=DRAWS) * _spread(follow, fitted, with_nothing)
    return Averted(expected, gap, _range(line, level), _range(totals + noise - observed, level), observed)


def _draws(fitted: SeriesFit, rng: np.random.Generator) -> FloatArray:
    values, vectors = np.linalg.eigh(fitted.covariance)
    normal = rng.normal(size=(DRAWS, len(values))) * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    return np.asarray(normal * np.sqrt(fitted.df / rng.chisquare(fitted.df, size=(DRAWS, 1))))


def _spread(follow: Follow, fitted: SeriesFit, mean: FloatArray) -> FloatArray:
    """Standard deviation of the periods' sum in each draw, shape (D,)."""
    dispersion = fitted.dispersion or 0.0
    if not follow.log:
        variance = np.broadcast_to(dispersion * follow.size, mean.shape)
    elif fitted.overdispersion is not None:
        variance = mean + fitted.overdispersion * mean**2
    else:
        variance = dispersion * mean
    root = np.sqrt(variance)
    if not fitted.rho:
        return np.asarray(np.sqrt(variance.sum(axis=1)))
    distance = np.abs(follow.times[:, None] - follow.times[None, :]).astype(np.float64)
    return np.asarray(np.sqrt(np.maximum(((root @ np.power(fitted.rho, distance)) * root).sum(axis=1), 0.0)))


def _range(values: FloatArray, level: float) -> tuple[float, float] | None:
    if np.abs(values).max() >= np.exp(LARGEST):
        return None
    lo, hi = np.quantile(values, [0.5 - level / 2, 0.5 + level / 2]).tolist()
    return lo, hi


def averted_check(setup: Setup, fitted: SeriesFit, level: float, seed: int) -> Check | None:
    """Say what was averted; None for outcomes that are no events."""
    kind = setup.panel.kind
    if kind is not Kind.COUNT and kind not in SHARES:
        return None
    inside, series = setup.follow_up, setup.series
    follow = Follow(
        setup.terms.matrix[inside],
        setup.terms.without_change[inside],
        series.weights[inside],
        np.flatnonzero(inside),
        kind is Kind.COUNT,
    )
    size = np.ones_like(follow.size) if kind is Kind.COUNT else follow.size
    observed = float((series.values[inside] * size).sum())
    found = averted(follow, fitted, observed, level, seed)
    return _said(found, "events" if kind is Kind.COUNT else "cases with the outcome", level)


def _said(found: Averted, what: str, level: float) -> Check:
    fewer = "fewer" if found.averted >= 0 else "more"
    ranges = ""
    if found.parameters and found.predictive:
        line, all_in = _between(found.parameters), _between(found.predictive)
        ranges = f" ({line} by the uncertainty of the line, {all_in} with the chance of single periods)"
    rows = (
        _row("The line as it is against the line had nothing been done", found.averted, found.parameters),
        _row(
            "What was observed against the line had nothing been done",
            found.expected - found.observed,
            found.predictive,
        ),
    )
    note = (
        f"A minus means more {what} than expected. The first range is the uncertainty of the lines; the second adds "
        f"the chance of single periods. Both at {numbers.threshold(level)}"
    )
    title = f"{what[:1].upper()}{what[1:]} fewer than expected over the follow-up, treated areas"
    return Check(
        "its_averted",
        Status.PASS,
        f"Over the follow-up there were about {numbers.count(abs(found.averted))} {what} {fewer} than the "
        f"{numbers.count(found.expected)} to be expected from what went before{ranges}.",
        "It is the effect of this model in numbers, and rests on all that the model rests on.",
        Evidence(title, Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER, rows, note, by_area=True),
    )


def _between(limits: tuple[float, float]) -> str:
    """Write a range of numbers that may be fewer or more: "1,400 to 3,700 fewer", "100 more to 300 fewer"."""
    lo, hi = limits
    if lo >= 0:
        return f"{numbers.count(lo)} to {numbers.count(hi)} fewer"
    if hi <= 0:
        return f"{numbers.count(-hi)} to {numbers.count(-lo)} more"
    return f"{numbers.count(-lo)} more to {numbers.count(hi)} fewer"


def _row(label: str, value: float, limits: tuple[float, float] | None) -> Row:
    lo, hi = limits or (None, None)
    return Row(label, value, lo, hi, note="" if limits else TOO_WIDE)
