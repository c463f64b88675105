"""Month-to-month noise of areas on the scale of the model, learnt from the baseline.

A bin of an area is its level, what all areas share in that bin, sampling, and noise that is AR(1) in calendar time. The
noise of two windows makes their difference uncertain; more months shrink it, which they do not do to a shock.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from models.arrays import BoolArray, FloatArray
from models.bayes.layout import Layout, layout_of
from models.bayes.links import bounded, link_of, on_link, slope
from models.design import Design
from models.inference.refusal import NoInference
from models.panel import CountCells, Panel
from models.summary import period_matrix, summarise

LEAST_BINS = 6
RHO = np.linspace(0.0, 0.95, 20)
RHO_PRIOR = (0.4, 0.2)
LARGEST_SD = 2.5  # of the residuals' own standard deviation
SDS = 50

type Stretches = tuple[tuple[float, ...], tuple[int, ...]]
"""Place in time of each bin in use, and number of the stretch it belongs to, each of length n."""


@dataclass(frozen=True, slots=True, eq=False)
class MonthlyNoise:
    """Noise from bin to bin: what the baseline says of its standard deviation and correlation.

    Attributes
    ----------
    members
        Periods of each bin, shape (B, T).
    position
        Place of each bin in time, in bins, shape (B,).
    variance
        Variance at each point of the grid, shape (K,); `weight` has the same shape, and sums to 1 over (rho, K).
    weight
        Posterior probability of each correlation of `RHO` and each variance, shape (H, K).
    """

    members: BoolArray
    position: FloatArray
    variance: FloatArray
    weight: FloatArray

    @property
    def sd(self) -> float:
        """Root of the mean variance of one bin."""
        return float(np.sqrt((self.weight * self.variance).sum()))

    @property
    def rho(self) -> float:
        """Mean correlation of neighbouring bins."""
        return float(self.weight.sum(axis=1) @ RHO)

    def contrast(self, before: BoolArray, after: BoolArray) -> FloatArray:
        """Coefficients of the bins in "mean of after less mean of before", shape (B,); masks of shape (T,)."""
        first, second = (self.members @ mask.astype(np.float64) for mask in (before, after))
        return np.asarray(second / np.maximum(second.sum(), 1.0) - first / np.maximum(first.sum(), 1.0))

    def factors(self, contrast: FloatArray) -> FloatArray:
        """Variance of a contrast in units of one bin's variance, at each correlation, shape (H,)."""
        correlations = _correlations(tuple(self.position.tolist()))
        return np.asarray(np.einsum("b,hbc,c->h", contrast, correlations, contrast), dtype=np.float64)

    def expected(self, contrast: FloatArray) -> float:
        """Mean variance of a contrast."""
        return float(self.factors(contrast) @ (self.weight @ self.variance))

    def points(self, contrast: FloatArray, count: int) -> FloatArray:
        """Equally probable values of the variance of a contrast, shape (count,): the mean of each `count`-th part."""
        value = np.outer(self.factors(contrast), self.variance).ravel()
        order = np.argsort(value)
        value, weight = value[order], self.weight.ravel()[order]
        ends = np.concatenate(([0.0], np.cumsum(weight)))
        ends /= ends[-1]
        sums = np.concatenate(([0.0], np.cumsum(value * weight))) / weight.sum()
        return np.diff(np.interp(np.linspace(0.0, 1.0, count + 1), ends, sums)) * count


def monthly_noise(panel: Panel) -> MonthlyNoise | NoInference:
    r"""Learn the noise from the baseline of all areas, on the scale of `link_of`.

    Notes
    -----
    Bins are calendar months, or the periods where these are longer. The deviation of a bin is what is left of its value
    once the area's and the bin's means are taken out, divided by the slope of the link, so that a month without events
    has one too (-1 on the log scale). With R(rho) the correlation over time and s_g^2 the sampling variance of a month
    in area g, the restricted likelihood of area g's deviations, times sqrt(G / (G - 1)), under ``sigma^2 R + s_g^2 I``
    is raised to (G - 1) / G and multiplied over areas: exact where areas are sampled alike. Each area has a level of
    its own in each stretch of the baseline about as long as the follow-up: what lasts that long is a shock, and would
    otherwise pass for noise of a correlation near 1. The prior is flat in sigma and N(.4, .2^2) in rho, on a grid from
    0 to .95.
    """
    found = _deviations(panel)
    if isinstance(found, NoInference):
        return found
    layout, kept, deviation, sampling = found
    areas = len(deviation)
    scaled = deviation * np.sqrt(areas / (areas - 1))
    spread = float(np.sqrt((deviation**2).sum() / max(1, (areas - 1) * (deviation.shape[1] - 1))))
    if spread <= 0:
        return NoInference("No value moves from one period to the next.")
    sds = LARGEST_SD * spread * (np.arange(SDS) + 0.5) / SDS
    position = _positions(layout)
    height = _heights(scaled, sampling, _stretches(layout, position, kept), sds**2) * (areas - 1) / areas
    height += -0.5 * ((RHO - RHO_PRIOR[0]) / RHO_PRIOR[1])[:, None] ** 2
    weight = np.exp(height - special.logsumexp(height))
    return MonthlyNoise(layout.members, position, sds**2, weight)


def value_unit(panel: Panel) -> float:
    """Standard deviation of an area's bin about its own and the bin's mean, on the scale of the model.

    The unit in which priors on values without a natural scale are stated. Where the baseline shows none, that of areas'
    baselines, and else 1.
    """
    found = _deviations(panel)
    if not isinstance(found, NoInference):
        deviation = found[2]
        df = (deviation.shape[0] - 1) * (deviation.shape[1] - 1)
        spread = float(np.sqrt((deviation**2).sum() / df))
        if spread > 0:
            return spread
    level = summarise(panel.cells, panel.periods.baseline).value
    known = level[~np.isnan(level)]
    between = float(known.std()) if known.size > 1 else 0.0
    return between if between > 0 else 1.0


def _deviations(panel: Panel) -> tuple[Layout, BoolArray, FloatArray, FloatArray] | NoInference:
    """Layout, which bins are used (B,), deviations (G, n) and mean sampling variance of a bin (G,)."""
    layout = layout_of(panel, Design())
    before = layout.after == 0
    areas = (layout.seen & before).any(axis=1)
    values, size, own = _values(layout)
    kept = before & np.isfinite(values[areas]).all(axis=0)
    if int(areas.sum()) < 2 or int(kept.sum()) < LEAST_BINS:
        return NoInference(
            f"Noise from period to period needs at least two areas and {LEAST_BINS} baseline periods in which each "
            "has data."
        )
    used = values[np.ix_(areas, kept)]
    centred = used - used.mean(axis=0) - used.mean(axis=1, keepdims=True) + used.mean()
    share = size[np.ix_(areas, kept)]
    return layout, kept, centred, own[areas] * (share.sum(axis=1, keepdims=True) / share).mean(axis=1)


def _values(layout: Layout) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bins on the scale of the link, linearised at the area's level (A, B), their size, and baselines' variance (A,).

    NaN where there is no value. For counts the value is events over what the area's rate and the bin's would give.
    """
    cells, before = layout.cells, layout.after == 0
    summary = summarise(cells, before)
    link = link_of(layout.panel.kind)
    variance = np.nan_to_num(on_link(link, summary)[1])
    if isinstance(cells, CountCells):
        rate = np.exp(summary.value)[:, None]
        mean = np.where(np.isnan(rate), 0.0, cells.exposure * rate)
        total = mean.sum(axis=0)
        expected = mean * np.divide(cells.events.sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
        values = np.divide(cells.events, expected, out=np.full_like(expected, np.nan), where=expected > 0)
        return values, cells.exposure, variance
    value, _, n = period_matrix(cells)
    level = bounded(link, summary.value, summary.n)
    return value / slope(link, level)[:, None], n, variance


def _stretches(layout: Layout, position: FloatArray, kept: BoolArray) -> Stretches:
    """Cut the bins in use into stretches about as long as the follow-up."""
    length = max(LEAST_BINS, int(layout.after.sum()))
    count = int(kept.sum())
    stretch = np.arange(count) * max(1, count // length) // count
    return tuple(position[kept].tolist()), tuple(stretch.tolist())


def _positions(layout: Layout) -> FloatArray:
    step = np.diff(layout.year)
    return (layout.year - layout.year[0]) / step.min() if step.size else np.zeros(1)


def _heights(deviation: FloatArray, sampling: FloatArray, stretches: Stretches, variance: FloatArray) -> FloatArray:
    """Restricted log likelihood of all areas, with a level of its own in each stretch and area, shape (H, K)."""
    found = np.empty((RHO.size, variance.size))
    for h, (roots, basis) in enumerate(_spectra(stretches)):
        precision = 1.0 / (variance[:, None, None] * roots + sampling[:, None])  # (K, G, n - stretches)
        found[h] = 0.5 * (np.log(precision) - precision * (deviation @ basis) ** 2).sum(axis=(1, 2))
    return found


@lru_cache(maxsize=32)
def _correlations(position: tuple[float, ...]) -> FloatArray:
    """AR(1) correlations of bins at these places in time for every rho, shape (H, B, B)."""
    at = np.asarray(position)
    return np.asarray(np.power(RHO[:, None, None], np.abs(at[:, None] - at[None, :])), dtype=np.float64)


@lru_cache(maxsize=32)
def _spectra(stretches: Stretches) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Eigenvalues and vectors of the correlations among contrasts within stretches, for every rho."""
    position, stretch = stretches
    levels = (np.asarray(stretch)[:, None] == np.unique(stretch)).astype(np.float64)
    within = np.linalg.svd(levels)[0][:, levels.shape[1] :]
    found = (np.linalg.eigh(within.T @ each @ within) for each in _correlations(position))
    return tuple((np.maximum(roots, 0.0), within @ vectors) for roots, vectors in found)
