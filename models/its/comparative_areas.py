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
from models.its.comparative_layout import (
    Layout,
    Test,
    enough,
    estimate,
    impossible,
    periods_of,
    refused,
    values_seen,
)
from models.its.measured import noisier_words
from models.its.words import number_of
from models.panel import Kind
from models.series.counts import poisson
from models.series.fit import SeriesFit, refusal
from models.series.least_squares import ols
from models.wording import areas_words

RESOLUTION = 1e-10  # of the largest coefficient: rounding error in an area's number
TEST = "test by areas"
_REMEDY = (
    "and at least two thirds of each are needed: beyond them the estimate would rest on a line carried on, not on "
    "data. End the follow-up where the data end, exclude what is missing for all areas, or use longer periods."
)


@dataclass(frozen=True, slots=True)
class AreaNumbers:
    """One number per area for each question.

    Attributes
    ----------
    values
        Shape (A, questions), on the linear scale.
    treated
        Which areas are treated, shape (A,).
    resolution
        Size of a difference between numbers that is only rounding error.
    """

    values: FloatArray
    treated: BoolArray
    resolution: float

    @property
    def clusters(self) -> Clusters:
        """Numbers of treated and comparison areas."""
        return Clusters(int(self.treated.sum()), int((~self.treated).sum()))


def area_numbers(layout: Layout) -> AreaNumbers | NoInference:
    """Fit every area by the same regression, and read the answers off the coefficients.

    Counts by Poisson maximum likelihood, whose estimates do not need counts to be Poisson; other outcomes by least
    squares, each period weighted by its cases. Every area answers for the same periods of follow-up, those that all
    treated areas have. Comparison areas with too few periods are left out beforehand; a treated one, or an area with
    enough periods that still has no answer, stops the analysis, for leaving it out would change what is asked or
    choose areas by their outcome.
    """
    obstacle = _too_thin(layout)
    if obstacle is not None:
        return obstacle
    panel, fits = layout.panel, []
    for area in range(len(panel.areas)):
        found = _fit(layout, area)
        if isinstance(found, NoInference):
            return NoInference(f"{panel.areas[area]}: {found.reason}")
        fits.append(found)
    params = np.stack([found.params for found in fits])
    weights = np.stack([asked.weights for asked in layout.asked])
    return AreaNumbers(params @ weights.T, panel.treated, RESOLUTION * float(np.abs(params).max()))


def _too_thin(layout: Layout) -> NoInference | None:
    """Why the treated areas have too little of a window, each or together; None if they have enough."""
    panel, window = layout.panel, layout.window
    seen = values_seen(panel, window)
    for area in np.flatnonzero(panel.treated):
        if not enough(panel.periods, window, seen[area]):
            return NoInference(f"{panel.areas[area]} has values in {periods_of(layout, seen[area])}, {_REMEDY}")
    shared = seen[panel.treated].all(axis=0)
    if not enough(panel.periods, window & panel.periods.follow_up, shared):
        return NoInference(f"All treated areas together have values in {periods_of(layout, shared)}, {_REMEDY}")
    return None


def _fit(layout: Layout, area: int) -> SeriesFit | NoInference:
    series = layout.pooled(np.arange(len(layout.panel.areas)) == area)
    matrix, used = layout.terms.matrix, series.usable
    obstacle = refusal(matrix, used)
    if obstacle is not None:
        return obstacle
    if layout.panel.kind is Kind.COUNT:
        return poisson(series.values, series.weights, matrix, used)
    return ols(series.values, matrix, used, series.weights)


def by_areas(layout: Layout, found: AreaNumbers) -> tuple[list[Estimate], list[NotEstimable]]:
    """Test every question by areas: the t test that the rule names, then the permutation test.

    One treated and one comparison area show nothing of how areas differ, and are refused once.
    """
    nothing = headline_test(found.values[:, 0], found.treated, layout.design.level, found.resolution)
    if isinstance(nothing, NoInference) and len(found.treated) <= 2:
        return [], [refused(TEST, nothing.reason)]
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
    alike = "It lets treated and comparison areas vary differently." if robust else noisier_words(clusters.treated)
    name = "CR2 with Bell-McCaffrey df" if robust else f"t({result.df:g})"
    note = (
        f"{_what(layout, found)} {alike} The test is chosen by a rule on the numbers of areas alone: {choice.why}. The "
        "smallest p-value that a permutation test of these areas can give is "
        f"{numbers.smallest_p(attainable_p(clusters.treated, clusters.comparison))}."
    )
    method = f"segmented regression per area, {name}"
    return Test(method, note, result.estimate, result.interval, result.std_error, result.df, result.p_value)


def _permuted(layout: Layout, found: AreaNumbers, values: FloatArray) -> Test:
    design = layout.design
    result = permutation_test(values, found.treated, design.level, design.seed, found.resolution)
    kind = "exact permutation of {:,} assignments" if result.exact else "permutation of {:,} random assignments"
    floor = noisier_words(found.clusters.treated) if result.interval else floor_words(result.attainable_p)
    note = (
        f"{_what(layout, found)} Compares the difference with that of other choices of treated areas: it ranks "
        f"{result.rank:,} of {result.assignments:,} by size. Assumes that, without the intervention, any of these "
        f"areas could have had any of these numbers. {floor}"
    )
    method = f"segmented regression per area, {kind.format(result.assignments)}"
    return Test(method, note, result.estimate, result.interval, None, None, result.p_value, result.attainable_p)


def _what(layout: Layout, found: AreaNumbers) -> str:
    sizes, periods = found.clusters, layout.panel.periods
    averaged, whole = (int(part.sum()) for part in (layout.averaged, layout.follow_up))
    shared = (
        f" The average is over the {averaged} of {number_of(whole, periods.unit)} of follow-up that every treated area "
        "has."
        if averaged < whole
        else ""
    )
    return (
        "Each area's own segmented regression, with the same terms for all, gives one number; the mean of the treated "
        f"areas less that of the others. {areas_words(sizes.treated, sizes.comparison)}, each counted once."
        f"{shared}{layout.left_out_words()}"
    )
