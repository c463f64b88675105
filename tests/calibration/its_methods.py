"""Interrupted time series under test: each gives p and the interval of the average effect over follow-up for one run.

Single series and comparisons go through the shipped engines on the pooled series; the estimate by areas through the
shipped area-level test on numbers that `test_its_calibration.py` shows to be those of `comparative`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Self

import numpy as np
from size_worlds import Stack

from models.arrays import BoolArray, FloatArray
from models.design import Design
from models.inference.headline import headline_test
from models.inference.permutation import permutation_test
from models.inference.refusal import NoInference
from models.its.comparative_layout import Layout, lay_out
from models.its.comparative_series import stacked
from models.its.measured import Measured
from models.its.options import ItsOptions
from models.its.quasi_ar1 import quasi_poisson_ar1
from models.its.terms import Season
from models.panel import CountCells, Kind, Panel
from models.series.ar1 import ar1_reml
from models.series.conformal import conformal
from models.series.counts import negative_binomial, poisson, quasi_poisson
from models.series.fit import Contrast, SeriesFit
from models.series.least_squares import lags_by_rule, newey_west_ols, ols, prais_winsten
from models.summary import period_matrix

LEVEL = 0.95
PAIRS = 1
BY_AREAS_T, BY_AREAS_PERMUTED = "by areas, t", "by areas, exact permutation"
OFTEN, SOMETIMES = 1.0, 0.2


class Answer(NamedTuple):
    """One run's p-value for no effect and its interval, on the linear scale."""

    p_value: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of one world as arrays.

    Attributes
    ----------
    kind
        Outcome kind.
    values, weights
        Events and exposure for counts, else means and the cases behind them, shape (R, A, T).
    treated
        Shape (A,).
    layout
        The regression.
    """

    kind: Kind
    values: FloatArray
    weights: FloatArray
    treated: BoolArray
    layout: Layout

    @classmethod
    def of(cls, stack: Stack, layout: Layout) -> Self:
        cells, shape = stack.panel.cells, (stack.runs, stack.areas, -1)
        if isinstance(cells, CountCells):
            values, weights = cells.events, cells.exposure
        else:
            values, _, weights = period_matrix(cells)
        return cls(stack.panel.kind, values.reshape(shape), weights.reshape(shape), stack.treated, layout)

    @property
    def matrix(self) -> FloatArray:
        return self.layout.terms.matrix

    @property
    def used(self) -> BoolArray:
        return self.layout.window

    @property
    def average(self) -> FloatArray:
        return self.layout.asked[0].weights

    def pool(self, run: int, members: BoolArray) -> tuple[FloatArray, FloatArray]:
        """A group's series and weights: sums for counts, else means weighted by cases; each (T,)."""
        values, weights = self.values[run, members], self.weights[run, members]
        total = weights.sum(axis=0)
        pooled = values.sum(axis=0) if self.kind is Kind.COUNT else (values * weights).sum(axis=0) / total
        return pooled, total

    def linear(self, run: int, members: BoolArray) -> FloatArray:
        pooled, total = self.pool(run, members)
        return np.log(pooled / total) if self.kind is Kind.COUNT else pooled

    def difference(self, run: int) -> FloatArray:
        return self.linear(run, self.treated) - self.linear(run, ~self.treated)


def layout_of(panel: Panel, impact: str) -> Layout:
    """The regression under test."""
    return lay_out(panel, Design(), ItsOptions(impact=impact), Season.of_pairs(PAIRS))  # type: ignore[arg-type]


type Engine = Callable[[Runs, FloatArray, FloatArray], SeriesFit | NoInference]
ENGINES: Mapping[Measured, Engine] = MappingProxyType(
    {
        Measured.AR1: lambda d, y, w: ar1_reml(y, d.matrix, d.used, w),
        Measured.NEWEY_WEST: lambda d, y, w: newey_west_ols(y, d.matrix, d.used, lags_by_rule(len(y)), w),
        Measured.PRAIS_WINSTEN: lambda d, y, w: prais_winsten(y, d.matrix, d.used, w),
        Measured.OLS: lambda d, y, w: ols(y, d.matrix, d.used, w),
        Measured.QUASI_POISSON_AR1: lambda d, y, w: quasi_poisson_ar1(y, w, d.matrix, d.used),
        Measured.QUASI_POISSON: lambda d, y, w: quasi_poisson(y, w, d.matrix, d.used),
        Measured.POISSON_NEWEY_WEST: lambda d, y, w: poisson(y, w, d.matrix, d.used, lags_by_rule(len(y))),
        Measured.NEGATIVE_BINOMIAL: lambda d, y, w: negative_binomial(y, w, d.matrix, d.used),
        Measured.POISSON: lambda d, y, w: poisson(y, w, d.matrix, d.used),
    }
)


def _answer(found: Contrast) -> Answer | None:
    p_value = found.p_value()
    return None if p_value is None else Answer(p_value, found.interval(LEVEL))


def _single(engine: Engine) -> Callable[[Runs, int], Answer | None]:
    def answer(data: Runs, run: int) -> Answer | None:
        fit = engine(data, *data.pool(run, data.treated))
        return None if isinstance(fit, NoInference) else _answer(fit.contrast(data.average))

    return answer


def _difference(data: Runs, run: int) -> Answer | None:
    fit = ar1_reml(data.difference(run), data.matrix, data.used)
    return None if isinstance(fit, NoInference) else _answer(fit.contrast(data.average))


def _stacked(data: Runs, run: int) -> Answer | None:
    engine = ENGINES[Measured.QUASI_POISSON_AR1 if data.kind is Kind.COUNT else Measured.AR1]
    fits = [engine(data, *data.pool(run, members)) for members in (data.treated, ~data.treated)]
    known = [fit.contrast(data.average) for fit in fits if isinstance(fit, SeriesFit)]
    return _answer(stacked(*known)) if len(known) == 2 else None


def _shifted(y: FloatArray, matrix: FloatArray, data: Runs) -> Answer | None:
    found = conformal(y, matrix, data.used, data.layout.follow_up, LEVEL)
    return None if isinstance(found, NoInference) else Answer(found.p_value, found.interval)


def _conformal_alone(data: Runs, run: int) -> Answer | None:
    return _shifted(data.linear(run, data.treated), data.matrix[:, ~data.layout.terms.change], data)


def _conformal(data: Runs, run: int) -> Answer | None:
    return _shifted(data.difference(run), data.matrix[:, ~data.layout.terms.change], data)


def area_values(data: Runs, run: int) -> FloatArray:
    """Average effect of each area's own regression, shape (A,)."""
    fits = []
    for y, w in zip(data.values[run], data.weights[run], strict=True):
        fit = poisson(y, w, data.matrix, data.used) if data.kind is Kind.COUNT else ols(y, data.matrix, data.used, w)
        if isinstance(fit, NoInference):
            raise TypeError("a simulated area has no regression")
        fits.append(fit.params @ data.average)
    return np.asarray(fits, dtype=np.float64)


def _by_areas(data: Runs, run: int) -> Answer | None:
    found = headline_test(area_values(data, run), data.treated, LEVEL)
    return None if isinstance(found, NoInference) else Answer(found.p_value, found.interval)


def _by_areas_permuted(data: Runs, run: int) -> Answer | None:
    found = permutation_test(area_values(data, run), data.treated, LEVEL)
    return Answer(found.p_value, found.interval)


@dataclass(frozen=True, slots=True)
class Method:
    """A method under test; `share` of the runs it is tried on, `kind` it is for (None: all)."""

    answer: Callable[[Runs, int], Answer | None]
    kind: Kind | None = None
    share: float = OFTEN


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        Measured.AR1.value: Method(_single(ENGINES[Measured.AR1]), Kind.CONTINUOUS),
        Measured.NEWEY_WEST.value: Method(_single(ENGINES[Measured.NEWEY_WEST]), Kind.CONTINUOUS),
        Measured.PRAIS_WINSTEN.value: Method(_single(ENGINES[Measured.PRAIS_WINSTEN]), Kind.CONTINUOUS),
        Measured.OLS.value: Method(_single(ENGINES[Measured.OLS]), Kind.CONTINUOUS),
        Measured.QUASI_POISSON_AR1.value: Method(_single(ENGINES[Measured.QUASI_POISSON_AR1]), Kind.COUNT, SOMETIMES),
        Measured.QUASI_POISSON.value: Method(_single(ENGINES[Measured.QUASI_POISSON]), Kind.COUNT),
        Measured.POISSON_NEWEY_WEST.value: Method(_single(ENGINES[Measured.POISSON_NEWEY_WEST]), Kind.COUNT),
        Measured.NEGATIVE_BINOMIAL.value: Method(_single(ENGINES[Measured.NEGATIVE_BINOMIAL]), Kind.COUNT, SOMETIMES),
        Measured.POISSON.value: Method(_single(ENGINES[Measured.POISSON]), Kind.COUNT),
        Measured.CONFORMAL_ALONE.value: Method(_conformal_alone),
        Measured.DIFFERENCE.value: Method(_difference),
        Measured.STACKED.value: Method(_stacked, share=SOMETIMES),
        Measured.CONFORMAL.value: Method(_conformal),
        BY_AREAS_T: Method(_by_areas),
        BY_AREAS_PERMUTED: Method(_by_areas_permuted),
    }
)
