"""Whether the model makes data like those recorded, before it has seen them and after.

Both gates read replicates of what a likelihood calls its statistic: events, a share, or a mean of logs in each cell of
areas by bins of time. Box 1980, Journal of the Royal Statistical Society A 143:383-430; Gelman, Meng and Stern 1996,
Statistica Sinica 6:733-760.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.wording import listed

THREEFOLD = math.log(3.0)
MOST_WITHIN, HALF_WITHIN = 0.9, 0.5
LARGEST_LOG_RATIO = math.log(1e6)  # beyond it a row only says so
CENTRAL = (0.05, 0.5, 0.95)
BEYOND_DOUBT, IN_DOUBT = 0.005, 0.025
PREDICTED = (0.025, 0.975)
FEWEST_IN_A_ROW = 4  # bins, below which neighbouring ones cannot be compared
AT_ONCE = 500  # replicates
ROUNDS, CLOSE = 50, 1e-8
TINY = 1e-12


class Form(StrEnum):
    """What the value of a cell is."""

    COUNT = "count"  # events; its weight is the exposure
    SHARE = "share"  # of the weight's trials
    LOG_MEAN = "log_mean"  # mean of logs over the weight's cases
    MEAN = "mean"  # mean over the weight's cases


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What was recorded.

    Attributes
    ----------
    areas
        Names of the A areas.
    observed
        Value of each cell, shape (A, B); NaN where not seen.
    weight
        Exposure of counts, trials of shares, cases of means, shape (A, B), > 0 where seen.
    form
        What the values are.
    linked
        Whether a bin follows the one before it without a gap, shape (B,); the first is false.
    """

    areas: tuple[str, ...]
    observed: FloatArray
    weight: FloatArray
    form: Form
    linked: BoolArray

    @property
    def seen(self) -> BoolArray:
        """Mask of the cells with data, shape (A, B)."""
        return np.isfinite(self.observed)


def prior_predictive(replicated: FloatArray, cells: Cells, before: BoolArray, per_year: int) -> Check:
    """Hold yearly figures drawn from the prior against threefold of the baseline's.

    Ninety per cent of them are asked, over areas, years and draws: "threefold" of a share is of its odds. A prior that
    puts most years further off is no description of the place, and nothing may rest on it; one that is merely wide is
    a warning, since the data narrow it.

    Parameters
    ----------
    replicated
        Replicates drawn from the prior, shape (S, A, B).
    cells
        What was recorded; means that are not of logs have no threefold and are not checked.
    before
        Mask of the baseline's bins, shape (B,).
    per_year
        Bins in a year.
    """
    if cells.form is Form.MEAN:
        reason = "What was believed beforehand is not checked against history."
        return Check("bayes_prior_predictive", Status.NOT_RUN, reason, "A mean of plain values has no threefold.")
    baseline = cells.seen & before
    if not baseline.any():
        reason = "What was believed beforehand cannot be checked: there is no baseline."
        return Check("bayes_prior_predictive", Status.NOT_RUN, reason)
    columns = np.flatnonzero(before)
    history = _year(cells.observed[:, columns], baseline[:, columns], cells.weight[:, columns], cells.form, per_year)
    log_ratio = yearly(replicated, baseline, cells, per_year) - history[:, None]
    known = ~np.isnan(log_ratio[0])
    within = float(np.mean(np.abs(log_ratio[:, known]) <= THREEFOLD))
    return Check(
        "bayes_prior_predictive",
        Status.PASS if within >= MOST_WITHIN else Status.WARN if within >= HALF_WITHIN else Status.FAIL,
        f"Before it saw the data the model expected yearly figures within three times those recorded in "
        f"{numbers.threshold(round(within, 3))} of cases ({_per_cent(MOST_WITHIN)} are asked).",
        f"{log_ratio.shape[0]:,} draws from the prior, each year of the baseline in each area against that area's "
        f"yearly mean{'; shares by their odds' if cells.form is Form.SHARE else ''}.",
        _by_area(log_ratio, known, cells.areas),
    )


def yearly(values: FloatArray, used: BoolArray, cells: Cells, per_year: int) -> FloatArray:
    """Figures of each year on the log scale: log of a year's events, log odds of its share, mean of logs.

    A year is `per_year` used bins in a row, from the first bin used anywhere; fewer than half at the end are left out
    unless they are all there is. Counts of a year that is seen in part are carried to a whole one. Half an event, a
    success and a failure are added, so that none is not minus infinity.

    Parameters
    ----------
    values
        Shape (..., A, B).
    used
        Cells to read, shape (A, B).
    cells
        Weights and form.
    per_year
        Bins in a year.

    Returns
    -------
    array (..., A, Y)
        NaN where an area has no used cell in a year.
    """
    columns = np.flatnonzero(used.any(axis=0))
    starts = range(0, columns.size, per_year)
    years = [columns[s : s + per_year] for s in starts]
    if len(years) > 1 and 2 * years[-1].size < per_year:
        years = years[:-1]
    return np.stack([_year(values[..., y], used[:, y], cells.weight[:, y], cells.form, per_year) for y in years], -1)


def _year(values: FloatArray, used: BoolArray, weight: FloatArray, form: Form, per_year: int) -> FloatArray:
    seen = used.sum(axis=1)
    if form is Form.COUNT:
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(used, values, 0.0).sum(axis=-1) / seen
        return np.where(seen > 0, np.log(mean * per_year + 0.5), np.nan)
    cases = np.where(used, weight, 0.0)
    total, most = (np.where(used, values, 0.0) * cases).sum(axis=-1), cases.sum(axis=-1)
    if form is Form.SHARE:
        return np.where(seen > 0, np.log((total + 0.5) / (most - total + 0.5)), np.nan)
    return np.where(seen > 0, total / np.maximum(most, TINY), np.nan)


def _by_area(log_ratio: FloatArray, known: BoolArray, areas: Sequence[str]) -> Evidence:
    rows = []
    for a, name in enumerate(areas):
        if not known[a].any():
            rows.append(Row(name, None, note="no data in the baseline"))
            continue
        drawn = np.clip(log_ratio[:, a][:, known[a]], -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)
        low, middle, high = (math.exp(q) for q in np.quantile(drawn, CENTRAL))
        rows.append(Row(name, middle, low, high))
    note = "1 is the area's own yearly mean in the baseline; the range holds nine in ten of the years drawn."
    title = "Yearly figures the model expected before it saw the data"
    return Evidence(title, Figure.FOREST, Scale.RATIO, Quantity.NUMBER, tuple(rows), note, by_area=True)


HIGHEST = "highest month"
ALIKE = "likeness of neighbouring months"
NONE = "share of months with none"
SPREAD = "spread"
NARROW_IF_ABOVE = frozenset({HIGHEST, ALIKE, SPREAD})
"""Statistics of which more in the data than in the model means intervals that are too narrow; less, too wide."""


def posterior_predictive(replicated: FloatArray, cells: Cells) -> Check:
    """Hold data made by the fitted model against those recorded.

    Each statistic's tail area is the share of replicates above the recorded one, ties counted half. Beyond .005 a
    statistic fails, unless the recorded data are the tamer ones (a lower peak, less spread, neighbours less alike):
    intervals are then too wide, which is a warning. Beyond .025 on either side is a warning. Four statistics are
    looked at, so if tail areas were uniform 2.5% of right models would fail and 20% warn at most; they crowd towards
    one half, because the data are used twice, and fewer do.

    Parameters
    ----------
    replicated
        One replicate for each draw, shape (S, A, B): every cell's own noise drawn afresh from its scale, since a model
        that keeps the noise it fitted can reproduce anything; areas, periods and shocks as drawn.
    cells
        What was recorded.
    """
    there = statistics(cells.observed, cells)
    parts = [statistics(p, cells) for p in np.array_split(replicated, math.ceil(len(replicated) / AT_ONCE))]
    made = {name: np.concatenate([part[name] for part in parts]) for name in there}
    shown = [name for name in there if name != NONE or there[name] > 0 or made[name].any()]
    if not shown:
        reason = "Whether the model makes data like those recorded cannot be said: there are too few cells."
        return Check("bayes_posterior_predictive", Status.NOT_RUN, reason)
    above = {name: tail_area(float(there[name]), made[name]) for name in shown}
    failed = [name for name in shown if _fails(name, above[name])]
    doubted = [name for name in shown if name not in failed and not IN_DOUBT < above[name] < 1 - IN_DOUBT]
    status = Status.FAIL if failed else Status.WARN if doubted else Status.PASS
    return Check(
        "bayes_posterior_predictive",
        status,
        _finding(shown, failed or doubted, there, made),
        _detail(above, len(replicated)),
        _evidence(shown, there, made, above),
    )


def tail_area(there: float, made: FloatArray) -> float:
    """Share of replicates above what was recorded, ties and the recorded one itself counted half; never 0 or 1."""
    near = np.abs(made - there) <= TINY * max(1.0, abs(there))
    above = float(((made > there) & ~near).sum()) + 0.5 * float(near.sum())
    return (above + 0.5) / (made.size + 1)


def _fails(name: str, above: float) -> bool:
    return above <= BEYOND_DOUBT or (name not in NARROW_IF_ABOVE and above >= 1 - BEYOND_DOUBT)


def statistics(values: FloatArray, cells: Cells) -> Mapping[str, FloatArray]:
    """Statistics of data, read from the data alone; each of shape (...).

    What is left of each cell after area and bin of time, each with a free level, is scaled by what chance alone would
    leave (Pearson residual): of counts by the square root of what area and bin suggest, of shares and means by the
    number of cases.

    - highest month: the largest residual;
    - likeness of neighbouring months: the correlation of residuals one bin apart in the same area;
    - share of months with none: of the cells seen (counts and shares);
    - spread: sum of squared residuals by its degrees of freedom; of counts and shares about 1 if chance is all.

    Parameters
    ----------
    values
        Shape (..., A, B); read where `cells` are seen.
    cells
        Which cells are seen, their weights and form.
    """
    seen = cells.seen
    batch = np.where(seen, values, 0.0).reshape(-1, *seen.shape)
    left = _pearson_of_counts(batch, cells) if cells.form is Form.COUNT else _pearson_of_means(batch, cells)
    shape = values.shape[:-2]
    rows, columns = int(seen.any(axis=1).sum()), int(seen.any(axis=0).sum())
    freedom = int(seen.sum()) - (rows + columns - 1 if rows > 1 else rows)
    if freedom < 1:
        return {}
    squares = (left**2).sum(axis=(1, 2))
    found = {
        HIGHEST: np.where(seen, left, -np.inf).max(axis=(1, 2)),
        SPREAD: squares / freedom,
    }
    pairs = seen[:, 1:] & seen[:, :-1] & cells.linked[1:]
    if columns >= FEWEST_IN_A_ROW and pairs.any():
        products = (left[:, :, 1:] * left[:, :, :-1] * pairs).sum(axis=(1, 2)) / pairs.sum()
        found[ALIKE] = products / np.maximum(squares / seen.sum(), TINY)
    if cells.form in {Form.COUNT, Form.SHARE}:
        found[NONE] = ((batch == 0) & seen).sum(axis=(1, 2)) / seen.sum()
    order = (HIGHEST, ALIKE, NONE, SPREAD)
    return {name: found[name].reshape(shape) for name in order if name in found}


def _pearson_of_counts(batch: FloatArray, cells: Cells) -> FloatArray:
    """Residuals of a Poisson fit of area and bin, by iterative proportional fitting; one area has no bins fitted."""
    seen = cells.seen
    fitted = np.broadcast_to(np.where(seen, cells.weight, 0.0), batch.shape).copy()
    rows, columns = batch.sum(axis=2, keepdims=True), batch.sum(axis=1, keepdims=True)
    for _ in range(ROUNDS):
        fitted *= _ratio(rows, fitted.sum(axis=2, keepdims=True))
        if seen.shape[0] == 1:
            break
        factor = _ratio(columns, fitted.sum(axis=1, keepdims=True))
        fitted *= factor
        if (np.abs(factor - 1)[columns > 0]).max(initial=0.0) < CLOSE:
            break
    return np.where(fitted > 0, (batch - fitted) / np.sqrt(np.where(fitted > 0, fitted, 1.0)), 0.0)


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), 0.0)


def _pearson_of_means(batch: FloatArray, cells: Cells) -> FloatArray:
    """Residuals of a least-squares fit of area and bin weighted by cases; of shares by the binomial's own SD too."""
    seen, (areas, bins) = cells.seen, cells.seen.shape
    root = np.sqrt(cells.weight[seen])
    area, time = np.nonzero(seen)
    design = np.zeros((area.size, areas + (bins if areas > 1 else 0)))
    design[np.arange(area.size), area] = root
    if areas > 1:
        design[np.arange(area.size), areas + time] = root
    vectors, sizes, _ = np.linalg.svd(design, full_matrices=False)
    basis = vectors[:, sizes > TINY**0.5 * sizes[0]]
    scaled = batch[:, seen] * root
    left = scaled - (scaled @ basis) @ basis.T
    if cells.form is Form.SHARE:
        share = (scaled @ root) / (root @ root)
        left /= np.sqrt(np.maximum(share * (1 - share), TINY))[:, None]
    found = np.zeros_like(batch)
    found[:, seen] = left
    return found


def _finding(
    shown: Sequence[str], off: Sequence[str], there: Mapping[str, FloatArray], made: Mapping[str, FloatArray]
) -> str:
    if not off:
        return f"Data made by the model look like those recorded in their {listed(list(shown))}."
    said = []
    for name in off:
        low, high = np.quantile(made[name], PREDICTED)
        value = float(there[name])
        if name == NONE:
            said.append(f"{name} is {_per_cent(value)}, where the model makes {_per_cent(low)} to {_per_cent(high)}")
        else:
            said.append(f"{name} is {_short(value)}, where the model makes {_short(low)} to {_short(high)}")
    return f"The model does not make data like those recorded: the {'; the '.join(said)}."


def _detail(above: Mapping[str, float], draws: int) -> str:
    areas = listed([f"{name} {numbers.fixed(p, 3)}" for name, p in above.items()])
    return (
        f"Share of {draws:,} replicates above what was recorded: {areas}. Beyond {BEYOND_DOUBT} or {1 - BEYOND_DOUBT} "
        f"a statistic fails, or warns where the data recorded are tamer; beyond {IN_DOUBT} or {1 - IN_DOUBT} it "
        f"warns. With {len(above)} statistics looked at, the limits are not corrected for their number."
    )


def _evidence(
    shown: Sequence[str],
    there: Mapping[str, FloatArray],
    made: Mapping[str, FloatArray],
    above: Mapping[str, float],
) -> Evidence:
    rows = []
    for name in shown:
        low, high = (float(q) for q in np.quantile(made[name], PREDICTED))
        rows.append(Row(name, float(there[name]), low, high, 2 * min(above[name], 1 - above[name])))
    note = (
        "The number is that of the recorded data, the range that of 95% of data sets made by the model. Highest month "
        "and spread are of what is left after area and month, in units of what chance alone would leave."
    )
    title = "Recorded data and data made by the model"
    return Evidence(title, Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER, tuple(rows), note)


def _per_cent(share: float) -> str:
    return numbers.threshold(round(float(share), 2))


def _short(value: float) -> str:
    return numbers.fixed(float(value), 2 if abs(value) < 10 else 1)
