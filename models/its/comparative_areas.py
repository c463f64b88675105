"""Comparative interrupted time series by areas: a segmented regression of each area gives one number per area.

The numbers are tested as the difference-in-differences tests changes, so that what is counted is areas and not periods:
however alike the periods of an area, it enters once.
"""

from dataclasses import dataclass

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.estimate import Clusters, Estimate, NotEstimable
from models.inference.collapsed import difference_in_means
from models.inference.headline import Method, choose, headline_test
from models.inference.permutation import attainable_p, permutation_test
from models.inference.refusal import NoInference, floor_words
from models.its.comparative_layout import Layout, Test, estimate, impossible, refused
from models.panel import Kind
from models.series.counts import poisson
from models.series.fit import SeriesFit, refusal
from models.series.least_squares import ols
from models.wording import areas_words, listed

RESOLUTION = 1e-10  # of the largest coefficient: rounding error in an area's number
TEST = "test by areas"


@dataclass(frozen=True, slots=True)
class AreaNumbers:
    """One number per area for each question.

    Attributes
    ----------
    values
        Shape (areas kept, questions), on the linear scale.
    kept
        Areas with a number, shape (A,).
    treated
        Which of those are treated, shape (areas kept,).
    resolution
        Size of a difference between numbers that is only rounding error.
    left_out
        Names of areas without enough data.
    """

    values: FloatArray
    kept: BoolArray
    treated: BoolArray
    resolution: float
    left_out: tuple[str, ...]

    @property
    def clusters(self) -> Clusters:
        """Numbers of treated and comparison areas."""
        return Clusters(int(self.treated.sum()), int((~self.treated).sum()))


def area_numbers(layout: Layout) -> AreaNumbers | NoInference:
    """Fit every area by the same regression, and read the answers off the coefficients.

    Counts by Poisson maximum likelihood, whose estimates do not need counts to be Poisson; other outcomes by least
    squares, each period weighted by its cases. An area with too few periods is left out; one with enough periods that
    still has no answer stops the analysis, for leaving it out would choose areas by their outcome.
    """
    panel, fits = layout.panel, []
    for area in range(len(panel.areas)):
        found = _fit(layout, area)
        if isinstance(found, NoInference):
            return NoInference(f"{panel.areas[area]}: {found.reason}")
        fits.append(found)
    kept = np.asarray([found is not None for found in fits], dtype=np.bool_)
    for group, members in (("treated", panel.treated), ("comparison", ~panel.treated)):
        if not (kept & members).any():
            return NoInference(f"No {group} area has enough periods for a regression of its own. Use longer windows.")
    params = np.stack([found.params for found in fits if found is not None])
    weights = np.stack([asked.weights for asked in layout.asked])
    return AreaNumbers(
        values=params @ weights.T,
        kept=kept,
        treated=panel.treated[kept],
        resolution=RESOLUTION * float(np.abs(params).max()),
        left_out=tuple(name for name, inside in zip(panel.areas, kept, strict=True) if not inside),
    )


def _fit(layout: Layout, area: int) -> SeriesFit | NoInference | None:
    series = layout.pooled(np.arange(len(layout.panel.areas)) == area)
    matrix, used = layout.terms.matrix, series.usable
    sides = (used & layout.panel.periods.baseline, used & layout.panel.periods.follow_up)
    if not all(side.any() for side in sides) or refusal(matrix, used) is not None:
        return None
    if layout.panel.kind is Kind.COUNT:
        return poisson(series.values, series.weights, matrix, used)
    return ols(series.values, matrix, used, series.weights)


def by_areas(layout: Layout, found: AreaNumbers) -> tuple[list[Estimate], list[NotEstimable]]:
    """Test every question by areas: the t test that the rule names, then the permutation test."""
    estimates: list[Estimate] = []
    missing: list[NotEstimable] = []
    for number, asked in enumerate(layout.asked):
        values = found.values[:, number]
        difference = difference_in_means(values, found.treated)
        if impossible(layout.panel, difference):
            missing.append(refused(f"{asked.estimand} by areas", "No outcome of this kind can change that much."))
            continue
        for test in (_t_test(layout, found, values), _permuted(layout, found, values)):
            if isinstance(test, NoInference):
                missing.append(refused(f"{TEST} of the {asked.estimand}", test.reason))
                continue
            first = number == 0 and test.df is not None
            made, why = estimate(layout, asked, test, found.clusters, headline=first)
            estimates.append(made)
            missing += [why] if why else []
    return estimates, list(dict.fromkeys(missing))


def _t_test(layout: Layout, found: AreaNumbers, values: FloatArray) -> Test | NoInference:
    result = headline_test(values, found.treated, layout.design.level, found.resolution)
    if isinstance(result, NoInference):
        return result
    clusters = found.clusters
    choice = choose(clusters.treated, clusters.comparison)
    robust = choice.method is Method.CLUSTER_ROBUST
    alike = "It lets treated and comparison areas vary differently." if robust else "It assumes that areas vary alike."
    name = "CR2 with Bell-McCaffrey df" if robust else f"t({result.df:g})"
    note = (
        f"{_what(found)} {alike} The test is chosen by a rule on the numbers of areas alone: {choice.why}. The "
        "smallest p-value that a permutation test of these areas can give is "
        f"{numbers.smallest_p(attainable_p(clusters.treated, clusters.comparison))}."
    )
    method = f"segmented regression per area, {name}"
    return Test(method, note, result.estimate, result.interval, result.std_error, result.df, result.p_value)


def _permuted(layout: Layout, found: AreaNumbers, values: FloatArray) -> Test:
    design = layout.design
    result = permutation_test(values, found.treated, design.level, design.seed, found.resolution)
    kind = "exact permutation of {:,} assignments" if result.exact else "permutation of {:,} random assignments"
    floor = "" if result.interval else f" {floor_words(result.attainable_p)}"
    note = (
        f"{_what(found)} Compares the difference with that of other choices of treated areas: it ranks {result.rank:,} "
        f"of {result.assignments:,} by size. Assumes that, without the intervention, any of these areas could have had "
        f"any of these numbers.{floor}"
    )
    method = f"segmented regression per area, {kind.format(result.assignments)}"
    return Test(method, note, result.estimate, result.interval, None, None, result.p_value, result.attainable_p)


def _what(found: AreaNumbers) -> str:
    left_out = f" Left out for want of data: {listed(found.left_out)}." if found.left_out else ""
    sizes = found.clusters
    return (
        "Each area's own segmented regression, with the same terms for all, gives one number; the mean of the treated "
        f"areas less that of the others. {areas_words(sizes.treated, sizes.comparison)}, each counted once.{left_out}"
    )
