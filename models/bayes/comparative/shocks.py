"""How large a shock to one area's whole follow-up is: from quiet years, and from what comparison areas did meanwhile.

A series shows how far it moves by itself. It cannot show what happens to an area at the very start and lasts: that is
known only from other areas at that time, and from earlier stretches of all.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from models.arrays import FloatArray
from models.bayes.comparative.options import BayesItsOptions
from models.bayes.comparative.series import Series
from models.bayes.comparative.structure import Grid, posterior
from models.bayes.links import baseline_level, link_of, slope
from models.bayes.shock import shock_scale
from models.panel import Panel

POINTS = 24
CORRELATIONS = np.asarray([0.0, 0.25, 0.5, 0.75, 0.95])
WANDERING = np.asarray([0.0, 0.02, 0.1, 0.35, 0.8])
"""Coarser points for the comparison areas, of which only two moments are used."""
MOST_AREAS = 40
TAIL = 3.0
"""Degrees of freedom of the half-t prior. Its tail lets comparison areas that were all shocked say so; under a
half-normal they could not (`docs/methods/bayesian-its.md`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Shocks:
    """Posterior of tau, the standard deviation of the shock to one area's follow-up, on the linear scale.

    Attributes
    ----------
    tau, weights
        Points and their probability, shape (J,).
    prior_scale
        Scale of the half-t prior; None where tau is fixed.
    prior_words
        Where that scale comes from, in words.
    witnesses
        What was predicted alike: comparison areas over the follow-up, or where there are none the treated areas over
        earlier stretches, named by their first period.
    in_time
        True if they are earlier stretches.
    gaps, gap_errors
        What each had more than predicted, and the standard error of that without a shock, shape (witnesses,).
    """

    tau: FloatArray
    weights: FloatArray
    prior_scale: float | None
    prior_words: str
    witnesses: tuple[str, ...]
    in_time: bool
    gaps: FloatArray
    gap_errors: FloatArray

    @property
    def mean(self) -> float:
        """Posterior mean of tau."""
        return float(self.weights @ self.tau)

    def variances(self, grid: Grid, own: float) -> FloatArray:
        """Variance that shocks add to the effect at each point of the grid and of tau, shape (C, S, V, J).

        The treated areas' own, `own` tau^2, and those of the comparison areas, carried over by their coefficients.
        """
        return (own + grid.squared_coefficients)[..., None] * self.tau**2

    def times(self, factor: float) -> "Shocks":
        """The same with every shock `factor` times as large."""
        return replace(self, tau=self.tau * factor)


def shocks_of(series: Series, options: BayesItsOptions) -> Shocks:
    r"""Calibrate the shock.

    Notes
    -----
    The prior of tau is half-t with 3 degrees of freedom, its scale that of `models.bayes.shock.shock_scale`, carried
    to the linear scale at the treated areas' baseline. Each comparison area k is then predicted from its own baseline
    and the other comparison areas, as the treated ones are; with e_k the gap between its follow-up and that, V_k its
    variance and c_k one plus the sum of squared coefficients, the likelihood is the product of
    N(e_k; 0, V_k + tau^2 c_k). Gaps share what predicts them, so that the product overstates a little how many there
    are. Without comparison areas the earlier stretches of the baseline take their place, each as long as the follow-up
    (at most a third of the baseline), none overlapping another, predicted from what came before.
    """
    none = np.zeros(0)
    if options.shock is not None:
        words = "fixed by the study"
        return Shocks(np.asarray([options.shock]), np.ones(1), None, words, (), False, none, none)
    scale, words = prior_scale(series.panel)
    tau = scale * stats.t.ppf(0.5 + (np.arange(POINTS) + 0.5) / POINTS / 2, TAIL)
    in_time = not series.names
    names, alike = _stretches(series) if in_time else _others(series)
    found = np.asarray([_gap(each) for each in alike]).reshape(-1, 3)
    gaps, variances, carried = found.T
    total = variances + tau[:, None] ** 2 * carried
    log_p = -0.5 * (np.log(total) + gaps**2 / total).sum(axis=1)
    weights = np.exp(log_p - log_p.max())
    return Shocks(tau, weights / weights.sum(), scale, words, names, in_time, gaps, np.sqrt(variances))


def _others(series: Series) -> tuple[tuple[str, ...], list[Series]]:
    """Each comparison area over the follow-up, with the others to follow; at most `MOST_AREAS`."""
    kept = range(min(len(series.names), MOST_AREAS))
    return series.names[: len(kept)], [series.swapped(area) for area in kept]


def _stretches(series: Series) -> tuple[tuple[str, ...], list[Series]]:
    """Stretches of the baseline, the last one ending with it, and what came before each."""
    length, least = series.earlier()
    n = series.structure.before
    ends = list(range(n, least + length - 1, -length))[::-1]
    labels = series.panel.periods.labels
    names = tuple(labels[int(series.structure.times[end - length])] for end in ends)
    return names, [series.started(end - length, end) for end in ends]


def prior_scale(panel: Panel) -> tuple[float, str]:
    """Scale of tau's prior on the linear scale of the headline, and where it comes from."""
    calibrated = shock_scale(panel)
    level = baseline_level(panel)[panel.treated]
    known = level[np.isfinite(level)]
    steep = float(slope(link_of(panel.kind), known.mean())) if known.size else 1.0
    said = (
        "is a default, because the baseline is too short for windows in which nothing was done"
        if calibrated.placebo_sd is None
        else f"weighs a default against {calibrated.windows:,} placebo windows within the baseline"
    )
    words = f"The prior of the shock is half-t with 3 degrees of freedom; its scale {said}."
    return calibrated.scale * steep, words


def _gap(series: Series) -> tuple[float, float, float]:
    """What an area had more than predicted, the variance of that, and one plus its squared coefficients."""
    after = series.after
    targets = np.full((1, len(after)), 1 / len(after))
    grid = posterior(series.structure, series.before, targets, CORRELATIONS, WANDERING)
    found = grid.target(0)
    return float(after.mean()) - found.mean, found.sd**2, 1 + grid.average(grid.squared_coefficients)
