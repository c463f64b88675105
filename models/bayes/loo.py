"""How well each cell and each area is foretold by the others: PSIS-LOO, and areas left out whole.

Leaving out one cell is optimistic where neighbouring cells are alike, since they give it away; hence areas are left out
whole as well. Vehtari, Gelman and Gabry 2017, Statistics and Computing 27:1413-1432; Vehtari et al. 2024, Journal of
Machine Learning Research 25(72).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.bayes.predictive import tail_area
from models.bayes.robustness import LIKELY, UNLIKELY, ranged
from models.estimate import Check, Evidence, Figure, Quantity, Row, Status
from models.panel import Panel
from models.wording import listed, signed

RELIABLE = 0.7
MOST_UNRELIABLE = 0.1
NODES = 20
FEWEST_DRAWS = 100
STEADY = 1.0
"""Posterior standard deviations by which the effect may move when one area is left out."""
SURPRISING = 0.05
"""Probability, over all areas together, of calling one a surprise that is none."""
LONG = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Loo:
    """Leave-one-out cross-validation by Pareto-smoothed importance sampling.

    Attributes
    ----------
    elpd, se
        Expected log predictive density, summed over N cells, and its standard error.
    effective_parameters
        How much better the cells are foretold with themselves among the data.
    k
        Shape of the tail of each cell's weights, shape (N,): from 0.7 on its density is not to be relied on.
    """

    elpd: float
    se: float
    effective_parameters: float
    k: FloatArray


def pointwise(log_likelihood: FloatArray) -> Loo:
    """Cross-validate over cells.

    Parameters
    ----------
    log_likelihood
        Of each cell, shape (C, D, N), N >= 2.
    """
    from arviz_stats.base import array_stats

    columns = np.moveaxis(log_likelihood, -1, 0)
    elpd, k, p = (np.asarray(found, dtype=np.float64) for found in _loo(columns))
    total, se, parameters, _ = array_stats.loo_summary(elpd, p)
    return Loo(float(total), float(se), float(parameters), k)


def _loo(columns: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Density, shape and effective parameters of each column; one that never changes has no tail, and shape 0."""
    from arviz_stats.base import array_stats

    moving = np.ptp(columns, axis=(1, 2)) > LONG
    elpd, k, p = columns.mean(axis=(1, 2)), np.zeros(len(columns)), np.zeros(len(columns))
    if moving.any():
        with np.errstate(all="ignore"):
            elpd[moving], k[moving], p[moving] = array_stats.loo(columns[moving])
    return elpd, np.where(np.isnan(k), np.inf, k), p


def loo(log_likelihood: FloatArray, what: str = "months of an area") -> Check:
    """Whether single cells carry the answer.

    One cell of high k is a month the model did not expect, which is told; where more than a tenth are, the model does
    not describe the data, or the posterior hangs on many single cells, and nothing may rest on it.

    Parameters
    ----------
    log_likelihood
        Of each cell with its own noise integrated out, shape (C, D, N): see `integrated`. With noise of its own fitted
        to each cell, leaving the cell out moves that noise a long way and k is high whatever the data.
    what
        What the cells are, in words.
    """
    if log_likelihood.shape[-1] < 2 or math.prod(log_likelihood.shape[:2]) < FEWEST_DRAWS:
        reason = "Whether single cells carry the answer cannot be said: there are too few cells or draws."
        return Check("bayes_loo", Status.NOT_RUN, reason)
    if not np.isfinite(log_likelihood).all():
        finding = "The model holds some of the recorded data for impossible, so nothing may rest on it."
        return Check("bayes_loo", Status.FAIL, finding, "A log likelihood that is not finite.")
    found = pointwise(log_likelihood)
    high = int((found.k >= RELIABLE).sum())
    share = high / found.k.size
    detail = (
        f"PSIS-LOO: expected log predictive density {numbers.fixed(found.elpd, 1)} (standard error "
        f"{numbers.fixed(found.se, 1)}), effective parameters {numbers.fixed(found.effective_parameters, 1)}; largest "
        f"k {_k(found.k)}, {high:,} of {found.k.size:,} at {RELIABLE} or above. Neighbouring months give each other "
        "away, so the density is optimistic."
    )
    if not high:
        finding = f"None of the {found.k.size:,} {what} carries the answer by itself."
        return Check("bayes_loo", Status.PASS, finding, detail)
    few = share <= MOST_UNRELIABLE
    follows = "look at what happened there" if few else "too many for the model to be relied on"
    finding = f"{high:,} of the {found.k.size:,} {what} sway the model more than they should; {follows}."
    return Check("bayes_loo", Status.WARN if few else Status.FAIL, finding, detail)


def _k(k: FloatArray) -> str:
    largest = float(k.max())
    return numbers.fixed(largest, 2) if math.isfinite(largest) else "beyond any number"


def conditional_noise(
    noise: FloatArray, rho: FloatArray, sd: FloatArray, linked: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Prior of each cell's noise given its neighbours', for a stationary AR(1) that begins anew after each gap.

    With ``c_t = rho`` where bin t follows the one before it and 0 where it does not, the innovation of bin t has
    variance ``s_t = sd^2 (1 - c_t^2)``; a bin's precision given both neighbours is ``1/s_t + c_{t+1}^2/s_{t+1}``.

    Parameters
    ----------
    noise
        As it stands in the predictor, shape (S, A, B).
    rho, sd
        Autocorrelation, in (-1, 1), and stationary standard deviation (not the innovations'), > 0, shape (S,); rho 0
        for noise that is independent.
    linked
        1 where a bin follows the one before it, shape (B,).

    Returns
    -------
    mean (S, A, B), sd (S, 1, B)
    """
    carried = rho[:, None] * linked[None, :]
    carried[:, 0] = 0.0
    step = sd[:, None] ** 2 * (1.0 - carried**2)
    onward = np.concatenate([carried[:, 1:], np.zeros((rho.size, 1))], axis=1)
    next_step = np.concatenate([step[:, 1:], np.ones((rho.size, 1))], axis=1)
    variance = 1.0 / (1.0 / step + onward**2 / next_step)
    before, after = np.zeros_like(noise), np.zeros_like(noise)
    before[:, :, 1:], after[:, :, :-1] = noise[:, :, :-1], noise[:, :, 1:]
    mean = variance[:, None, :] * (before * (carried / step)[:, None, :] + after * (onward / next_step)[:, None, :])
    return mean, np.sqrt(variance)[:, None, :]


def integrated(
    log_likelihood: Callable[[FloatArray], FloatArray],
    rest: FloatArray,
    mean: FloatArray,
    sd: FloatArray,
    nodes: int = NODES,
) -> FloatArray:
    """Log likelihood of each cell with its own noise integrated out, shape (S, A, B).

    ``log p(y_gt | all else) = log integral p(y_gt | rest + u) N(u; mean, sd) du``, by Gauss-Hermite quadrature. The
    weight of leaving the cell out is its reciprocal: noise and cell are left out together (integrated importance
    sampling; Vehtari, Mononen, Tolvanen, Sivula and Winther 2016, Journal of Machine Learning Research 17(103)).

    Parameters
    ----------
    log_likelihood
        From a predictor (S, A, B) to the log likelihood of each cell, same shape.
    rest
        Predictor without the cells' noise, shape (S, A, B).
    mean, sd
        Prior of the noise given everything else, broadcast to the shape of `rest`: from `conditional_noise`.
    nodes
        Of the quadrature.
    """
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    logs = np.log(weights / weights.sum())
    total = np.full(rest.shape, -np.inf)
    for point, log_weight in zip(points, logs, strict=True):
        total = np.logaddexp(total, log_weight + log_likelihood(rest + mean + point * sd))
    return total


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """The answer without one area, and what the others foretell of it.

    Attributes
    ----------
    area
        Name.
    effect
        Draws of the effect without it, on the linear scale, shape (S,); empty if there are none.
    surprise
        Two-sided tail area of the area's own change among those foretold by the others, in (0, 1]; None if not known.
    log_score
        Log predictive density of the area's own change; None if not known.
    note
        Why there are no draws; may be empty.
    """

    area: str
    effect: FloatArray
    surprise: float | None = None
    log_score: float | None = None
    note: str = ""


def surprise(observed: float, predicted: FloatArray) -> float:
    """Two-sided tail area of what was observed among predictive draws, shape (S,)."""
    above = tail_area(observed, predicted)
    return 2 * min(above, 1 - above)


def change_of(values: FloatArray, weight: FloatArray, seen: BoolArray, after: BoolArray, *, counts: bool) -> FloatArray:
    """Change of one area from baseline to follow-up, to hold against what is foretold of it, shape (...).

    Parameters
    ----------
    values
        Events or means of its bins, shape (..., B).
    weight
        Exposure or number of cases, shape (B,).
    seen, after
        Masks of the bins with data and of the follow-up, shape (B,).
    counts
        True if the values are events: the change is the log of the ratio of rates (half an event added), else the
        difference of means.
    """
    windows = []
    for window in (seen & ~after, seen & after):
        size = weight[window].sum()
        if counts:
            windows.append(np.log((values[..., window].sum(axis=-1) + 0.5) / size))
        else:
            windows.append((values[..., window] * weight[window]).sum(axis=-1) / size)
    return np.asarray(windows[1] - windows[0])


def by_area(areas: Sequence[str], effect: FloatArray, log_likelihood: FloatArray) -> tuple[LeftOut, ...]:
    """Leave each area out by reweighting the draws, which costs nothing where refitting does.

    Where an area's weights have a tail of k at 0.7 or above its answer is not given. Draws are resampled by systematic
    sampling at evenly spaced quantiles of the weights, so that nothing is random.

    Parameters
    ----------
    areas
        A names.
    effect
        Draws, shape (C, D).
    log_likelihood
        Of each area's cells together, with what belongs to that area alone integrated out, shape (C, D, A).
    """
    from arviz_stats.base import array_stats

    found = []
    flat = effect.reshape(-1)
    order = np.argsort(flat)
    at = (np.arange(flat.size) + 0.5) / flat.size
    for a, area in enumerate(areas):
        column = log_likelihood[..., a].reshape(-1)
        if np.ptp(column) <= LONG:
            found.append(LeftOut(area, flat))
            continue
        with np.errstate(all="ignore"):
            logs, k = array_stats.psislw(column)
        if not float(k) < RELIABLE:
            found.append(LeftOut(area, np.zeros(0), note="reweighting cannot stand in for a model without this area"))
            continue
        weights = special.softmax(np.asarray(logs, dtype=np.float64))[order]
        chosen = np.minimum(np.searchsorted(np.cumsum(weights), at), flat.size - 1)
        found.append(LeftOut(area, flat[order][chosen]))
    return tuple(found)


def leave_area_out(panel: Panel, effect: FloatArray, better: int, level: float, results: Sequence[LeftOut]) -> Check:
    """Whether the answer hangs on one area.

    It fails where leaving out one area turns the answer round: a benefit that was likely (probability .8 or more)
    becomes unlikely (.2 or less), or the other way about. It warns where the effect moves by more than its own standard
    deviation, or where an area changed as the others do not foretell: tail areas times the number of areas below .05.

    Parameters
    ----------
    panel
        Names the scale.
    effect
        Draws with all areas, on the linear scale, shape (S,).
    better
        +1 if more is better, -1 if less is better.
    level
        Of intervals.
    results
        One for each area left out.
    """
    usable = [r for r in results if r.effect.size]
    if not usable:
        reason = "Whether the answer hangs on one area cannot be said: no area could be left out."
        return Check("bayes_leave_area_out", Status.NOT_RUN, reason, _why(results))
    mean, sd = float(effect.mean()), float(effect.std())
    turned = [r.area for r in usable if _turned(_beneficial(effect, better), _beneficial(r.effect, better))]
    moved = [r.area for r in usable if abs(float(r.effect.mean()) - mean) > STEADY * sd]
    tested = [r for r in results if r.surprise is not None]
    odd = [r.area for r in tested if r.surprise is not None and r.surprise * len(tested) < SURPRISING]
    means = [float(r.effect.mean()) for r in usable]
    said = f"between {signed(panel, min(means))} and {signed(panel, max(means))} (with all areas {signed(panel, mean)})"
    detail = (
        f"Each area was left out in turn, {len(usable)} of {len(results)} with an answer; the effect's own standard "
        f"deviation is the yardstick.{_surprises(tested)}{_why(results)}"
    )
    status, finding = _judged(said, turned, moved, odd)
    return Check("bayes_leave_area_out", status, finding, detail, _evidence(panel, effect, level, results))


def _judged(said: str, turned: Sequence[str], moved: Sequence[str], odd: Sequence[str]) -> tuple[Status, str]:
    if turned:
        return Status.FAIL, f"Leaving out one area turns the answer round ({listed(turned)}): the effect is {said}."
    if moved:
        return Status.WARN, f"Leaving out one area moves the answer ({listed(moved)}): the effect is {said}."
    if odd:
        return Status.WARN, f"{listed(odd)} changed as the other areas do not lead one to expect; the effect is {said}."
    return Status.PASS, f"Whichever area is left out, the effect is {said}."


def _beneficial(effect: FloatArray, better: int) -> float:
    return float(np.mean(better * effect > 0))


def _turned(before: float, after: float) -> bool:
    return (before >= LIKELY and after <= UNLIKELY) or (before <= UNLIKELY and after >= LIKELY)


def _surprises(tested: Sequence[LeftOut]) -> str:
    if not tested:
        return ""
    least = min(tested, key=lambda r: r.surprise or 0.0)
    return (
        f" Least foretold is the change of {least.area} (tail area {numbers.fixed(least.surprise or 0.0, 3)}, the "
        f"smallest of {len(tested)})."
    )


def _why(results: Sequence[LeftOut]) -> str:
    without = [r for r in results if not r.effect.size]
    return f" No answer without {listed([r.area for r in without])}: {without[0].note}." if without else ""


def _evidence(panel: Panel, effect: FloatArray, level: float, results: Sequence[LeftOut]) -> Evidence:
    rows = [_row("all areas", panel, effect, level, chosen=True)]
    for r in results:
        said = f"tail area of its own change {numbers.fixed(r.surprise, 3)}" if r.surprise is not None else ""
        score = f"log score {numbers.fixed(r.log_score, 2)}" if r.log_score is not None else ""
        note = "; ".join(filter(None, [r.note, said, score]))
        label = f"without {r.area}"
        rows.append(_row(label, panel, r.effect, level, note) if r.effect.size else Row(label, None, note=note))
    title = "Effect with each area left out"
    return Evidence(title, Figure.FOREST, panel.scale, Quantity.OUTCOME, tuple(rows), by_area=True)


def _row(label: str, panel: Panel, effect: FloatArray, level: float, note: str = "", *, chosen: bool = False) -> Row:
    low, high = (float(q) for q in np.quantile(effect, [(1 - level) / 2, (1 + level) / 2]))
    row = ranged(panel, label, float(effect.mean()), (low, high), chosen=chosen)
    return replace(row, note=row.note or note)
