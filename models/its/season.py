"""Which seasonal terms: as the study says, or those of least QAIC among what the baseline supports."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.arrays import FloatArray
from models.inference.refusal import NoInference
from models.its.options import ItsOptions
from models.its.series import Series
from models.its.terms import HAVE_MONTHS, Season, harmonics_by_rule
from models.panel import Kind
from models.periods import Periods
from models.series.counts import poisson, quasi_aic
from models.series.fit import SeriesFit
from models.series.least_squares import ols

YEARS_FOR_MONTHS = 3


class Chooser(StrEnum):
    """Who settled the season."""

    STUDY = "study"
    LENGTH = "length"  # the baseline supports no choice
    QAIC = "qaic"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Seasonal terms that were tried, the columns of the whole regression, and its QAIC (None: not fitted)."""

    season: Season
    columns: int
    qaic: float | None


@dataclass(frozen=True, slots=True)
class SeasonChoice:
    """The season of the regression, and what it was chosen from."""

    season: Season
    chooser: Chooser
    candidates: tuple[Candidate, ...] = ()


def chosen_season(
    kind: Kind,
    periods: Periods,
    series: Series,
    options: ItsOptions,
    columns: Callable[[Season], FloatArray],
) -> SeasonChoice:
    """Settle the seasonal terms.

    Parameters
    ----------
    columns
        Function that gives the matrix of the whole regression, shape (T, k), with a season.

    Notes
    -----
    QAIC = -2 l / c + 2 (k + 1) (Burnham and Anderson 2002, section 2.5), with l the Poisson log likelihood for counts
    and -RSS/2 otherwise, and c the dispersion of the largest candidate that can be fitted, for counts at least 1.
    """
    before = int((series.usable & periods.baseline).sum())
    most = harmonics_by_rule(periods.unit, before)
    if options.harmonics is not None:
        return SeasonChoice(Season.of_pairs(options.harmonics), Chooser.STUDY)
    if options.season == "harmonics":
        return SeasonChoice(Season.of_pairs(most), Chooser.STUDY)
    if options.season != "auto":
        return SeasonChoice(Season(options.season), Chooser.STUDY)
    tried = [Season.of_pairs(pairs) for pairs in range(most + 1)]
    if periods.unit in HAVE_MONTHS and before >= YEARS_FOR_MONTHS * int(periods.unit.per_year):
        tried.append(Season("months"))
    if len(tried) == 1:
        return SeasonChoice(tried[0], Chooser.LENGTH)
    return _least(kind, series, [(season, columns(season)) for season in tried])


def _least(kind: Kind, series: Series, tried: list[tuple[Season, FloatArray]]) -> SeasonChoice:
    fits = [_fitted(kind, series, matrix) for _, matrix in tried]
    known = [found for found in fits if found is not None]
    if not known:
        return SeasonChoice(tried[0][0], Chooser.LENGTH)
    exact = next((season for (season, _), found in zip(tried, fits, strict=True) if found and found.exact), None)
    if exact is not None:  # no noise to weigh terms against: the fewest that leave none
        return SeasonChoice(exact, Chooser.LENGTH)
    largest = float(np.nansum(known[-1].residuals ** 2)) / known[-1].df
    dispersion = max(largest, 1.0) if kind is Kind.COUNT else largest
    candidates = tuple(
        Candidate(season, matrix.shape[1], None if found is None else _qaic(found, kind, dispersion))
        for (season, matrix), found in zip(tried, fits, strict=True)
    )
    best = min((c for c in candidates if c.qaic is not None), key=lambda c: (c.qaic, c.columns))
    return SeasonChoice(best.season, Chooser.QAIC, candidates)


def _fitted(kind: Kind, series: Series, matrix: FloatArray) -> SeriesFit | None:
    used = series.usable
    if kind is Kind.COUNT:
        found = poisson(series.values, series.weights, matrix, used)
    else:
        found = ols(series.values, matrix, used, series.weights)
    return None if isinstance(found, NoInference) else found


def _qaic(found: SeriesFit, kind: Kind, dispersion: float) -> float:
    columns = len(found.params)
    if kind is Kind.COUNT and found.log_likelihood is not None:
        return quasi_aic(found.log_likelihood, dispersion, columns)
    return float(np.nansum(found.residuals**2)) / dispersion + 2 * (columns + 1)
