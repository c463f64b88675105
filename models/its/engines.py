"""The regressions a single series can be fitted by, and which of them a study's own is."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

from models.inference.refusal import NoInference
from models.its.options import ItsOptions
from models.its.quasi_ar1 import quasi_poisson_ar1
from models.its.series import Series
from models.its.terms import Terms
from models.panel import Kind
from models.series.ar1 import ar1_reml
from models.series.counts import negative_binomial, poisson, quasi_poisson
from models.series.fit import SeriesFit
from models.series.least_squares import lags_by_rule, newey_west_ols, ols, prais_winsten

SHORT = 12
"""Periods below which neighbouring periods are taken as independent (Turner and others 2021)."""


class Regression(StrEnum):
    """A regression of one series."""

    QUASI_POISSON_AR1 = "quasi-Poisson, neighbouring periods alike (AR(1))"
    QUASI_POISSON = "quasi-Poisson, periods independent"
    POISSON_NEWEY_WEST = "Poisson, Newey-West errors"
    NEGATIVE_BINOMIAL = "negative binomial, periods independent"
    POISSON = "Poisson, its own errors"
    AR1 = "neighbouring periods alike (AR(1))"
    NEWEY_WEST = "least squares, Newey-West errors"
    PRAIS_WINSTEN = "Prais-Winsten"
    OLS = "least squares, periods independent"


OF_COUNTS = (
    Regression.QUASI_POISSON_AR1,
    Regression.QUASI_POISSON,
    Regression.POISSON_NEWEY_WEST,
    Regression.NEGATIVE_BINOMIAL,
    Regression.POISSON,
)
OF_VALUES = (Regression.AR1, Regression.NEWEY_WEST, Regression.PRAIS_WINSTEN, Regression.OLS)
FAMILY: Mapping[str, Regression] = MappingProxyType(
    {
        "poisson": Regression.POISSON,
        "quasi_poisson": Regression.QUASI_POISSON,
        "negative_binomial": Regression.NEGATIVE_BINOMIAL,
    }
)
ERRORS_OF_COUNTS: Mapping[str, Regression] = MappingProxyType(
    {
        "ar1": Regression.QUASI_POISSON_AR1,
        "prais_winsten": Regression.QUASI_POISSON_AR1,
        "newey_west": Regression.POISSON_NEWEY_WEST,
        "ols": Regression.QUASI_POISSON,
    }
)
ERRORS_OF_VALUES: Mapping[str, Regression] = MappingProxyType(
    {
        "ar1": Regression.AR1,
        "prais_winsten": Regression.PRAIS_WINSTEN,
        "newey_west": Regression.NEWEY_WEST,
        "ols": Regression.OLS,
    }
)


def regressions_of(kind: Kind) -> tuple[Regression, ...]:
    """Every regression for outcomes of this kind, in the order they are shown."""
    return OF_COUNTS if kind is Kind.COUNT else OF_VALUES


def own_regression(kind: Kind, options: ItsOptions, periods: int) -> Regression:
    """The study's regression of a series with this many periods in the fit."""
    if kind is Kind.COUNT and options.family != "auto":
        return FAMILY[options.family]
    errors = ("ols" if periods < SHORT else "ar1") if options.errors == "auto" else options.errors
    return (ERRORS_OF_COUNTS if kind is Kind.COUNT else ERRORS_OF_VALUES)[errors]


def fit_by(regression: Regression, series: Series, terms: Terms, lags: int | None = None) -> SeriesFit | NoInference:
    """Fit a series by one regression; `lags` of Newey-West by rule if None."""
    y, size, used, matrix = series.values, series.weights, series.usable, terms.matrix
    apart = lags or lags_by_rule(int(used.sum()))
    fitting: dict[Regression, Callable[[], SeriesFit | NoInference]] = {
        Regression.QUASI_POISSON_AR1: lambda: quasi_poisson_ar1(y, size, matrix, used),
        Regression.QUASI_POISSON: lambda: quasi_poisson(y, size, matrix, used),
        Regression.POISSON_NEWEY_WEST: lambda: poisson(y, size, matrix, used, lags=apart),
        Regression.NEGATIVE_BINOMIAL: lambda: negative_binomial(y, size, matrix, used),
        Regression.POISSON: lambda: poisson(y, size, matrix, used),
        Regression.AR1: lambda: ar1_reml(y, matrix, used, size),
        Regression.NEWEY_WEST: lambda: newey_west_ols(y, matrix, used, apart, size),
        Regression.PRAIS_WINSTEN: lambda: prais_winsten(y, matrix, used, size),
        Regression.OLS: lambda: ols(y, matrix, used, size),
    }
    return fitting[regression]()
