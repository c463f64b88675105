"""Subcluster wild bootstrap: residuals resampled period by period, the statistic clustered by area."""

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import contrast
from models.inference.refusal import NoInference
from models.inference.resampled import DRAWS, Draws, Resampled, compare, joined, moments, observe, stretches

MISSING = (
    "The subcluster bootstrap needs a value in every area and period of both windows, and {count:,} of {cells:,} have "
    "none. Use longer periods, so that each has cases in every area."
)
FEWEST_PERIODS = 2


def subcluster_bootstrap(
    values: FloatArray,
    treated: BoolArray,
    before: BoolArray,
    after: BoolArray,
    level: float,
    seed: int = 0,
    resolution: float = 0.0,
    draws: int = DRAWS,
) -> Resampled | NoInference:
    """Compare the cluster-robust t statistic with those of panels whose single cells change sign at random.

    Parameters
    ----------
    values
        Value of each area and period on the linear scale, shape (A, T); NaN where undefined. Periods outside the two
        windows are not used.
    treated
        Mask of the treated areas, shape (A,); both groups must have members.
    before, after
        Masks of the periods of the two windows, shape (T,); no period is in both.
    level
        Confidence level of the interval, in (0, 1).
    seed
        Seed of the signs.
    resolution
        Size of a difference that is only rounding error in `values`.
    draws
        Number of sign matrices drawn, to which the panel itself (no sign changed) is added.

    Returns
    -------
    Resampled
        Of the mean of the period values after less before. For counts that is a mean of log rates, which differs a
        little from the log of the pooled rate; or why there is none.

    Notes
    -----
    Under an effect b the residuals ``u`` of ``y - b D Post`` on area and period effects are multiplied by independent
    signs, the panel is built up again from the fitted values, and its collapsed change per area gives the statistic of
    `models.inference.wild` (MacKinnon & Webb 2018, Econometrics Journal 21:114, with single cells as subclusters). The
    signs undo any correlation between the periods of one area, so the draws know only how much single cells vary; that
    serves where treated areas vary more than others, and it misleads where a shock moves all periods of an area.
    """
    inside = before | after
    cells = values[:, inside]
    missing = int(np.isnan(cells).sum())
    if missing:
        return NoInference(MISSING.format(count=missing, cells=cells.size))
    if cells.shape[1] <= FEWEST_PERIODS:
        return NoInference("With one period before and one after there is nothing below the area to resample.")
    late = after[inside]
    part = np.where(late, 1 / late.sum(), -1 / (~late).sum())
    coefficients = contrast(treated)
    sample = observe(cells @ part, coefficients, coefficients**2, resolution)
    if isinstance(sample, NoInference):
        return sample
    effect = np.outer(treated - treated.mean(), late - late.mean())
    level_free = cells - cells.mean(axis=1, keepdims=True) - cells.mean(axis=0) + cells.mean()
    residuals = level_free - sample.estimate * effect
    made = _draw(residuals * part, effect * part, coefficients[None, :], seed, draws)
    return compare(sample, made, level, exact=False)


def _draw(residuals: FloatArray, effect: FloatArray, coefficients: FloatArray, seed: int, draws: int) -> Draws:
    """Give every cell its own sign and add up each area's cells; the arrays have shape (A, T), the last (1, A)."""
    rng = np.random.default_rng(seed)
    terms = np.stack([residuals, effect], axis=2)
    parts = []
    for start, stop in stretches(draws + 1, residuals.size):
        signs = 1.0 - 2.0 * rng.integers(0, 2, size=(*residuals.shape, stop - start), dtype=np.int8)
        if start == 0:
            signs[:, :, 0] = 1.0
        fixed, moving = np.moveaxis(np.matmul(signs.transpose(0, 2, 1), terms), 2, 0)
        parts.append(moments(fixed.T, moving.T, coefficients, coefficients**2))
    return joined(parts)
