"""What a model may say: an estimate, a path over time, a check with a finding, or why there is no number."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from models.posterior import Posterior


class Scale(StrEnum):
    """Scale an estimate is expressed on."""

    DIFFERENCE = "difference"  # in the outcome's own unit; 0 = no effect
    LOG_RATIO = "log_ratio"  # 0 = no effect
    RATIO = "ratio"  # rate, geometric-mean or hazard ratio; 1 = no effect


class Status(StrEnum):
    """Outcome of a check."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    FAIL = "fail"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Clusters:
    """Number of areas behind an estimate, and whether its standard error counts areas.

    Attributes
    ----------
    treated, comparison
        Areas behind the estimate.
    periods
        Periods that the standard error takes for separate evidence instead of areas; 0 if it counts areas.
    """

    treated: int
    comparison: int
    periods: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate of one effect by one method.

    Attributes
    ----------
    model, method
        Registered model name, and the inference in words ("collapsed change per area, t(5)").
    estimand
        What is estimated ("area ITT").
    scale
        Scale of `estimate` and `interval`.
    estimate
        Positive differences and ratios above 1 mean more of the outcome in treated areas.
    interval
        Lower and upper limit at `level`, on `scale`; None where only the point can be estimated.
    level
        Confidence level of the interval, e.g. 0.95.
    std_error
        On the scale `estimate` is linear on: for ``ratio``, the standard error of the log ratio. None if undefined.
    df
        Degrees of freedom of the t distribution; None for a normal or a permutation test.
    p_value, attainable_p
        Two-sided p for no effect, and the smallest p the method could have returned.
    clusters
        Areas behind the estimate.
    headline
        True for the one estimate an outcome is judged by.
    note
        What a reader must know to use this number; may be empty.
    """

    model: str
    method: str
    estimand: str
    scale: Scale
    estimate: float
    interval: tuple[float, float] | None
    level: float
    std_error: float | None
    df: float | None
    p_value: float | None
    attainable_p: float | None
    clusters: Clusters
    headline: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        numbers = [self.estimate, self.std_error, self.df, self.p_value, self.attainable_p, *(self.interval or ())]
        if not all(math.isfinite(x) for x in numbers if x is not None):
            raise ValueError(f"{self.model} ({self.method}): an estimate must be finite; give a NotEstimable instead")

    @property
    def null(self) -> float:
        """Value of no effect on `scale`."""
        return 1.0 if self.scale is Scale.RATIO else 0.0

    def linear(self, value: float) -> float:
        """Carry a value on `scale` to the scale on which the estimate is linear (log for ratios)."""
        return math.log(value) if self.scale is Scale.RATIO else value

    def from_linear(self, value: float) -> float:
        """Carry a value from the linear scale back to `scale`."""
        return math.exp(value) if self.scale is Scale.RATIO else value

    def as_companion(self) -> Self:
        """Return the same estimate, not the headline."""
        return replace(self, headline=False)


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """Why a model gives no number, or no inference, in words a person can act on."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class PathPoint:
    """One period of a path; None where undefined.

    `value` is what was observed. `lo` and `hi` are the interval of the counterfactual where there is one, else of the
    value.
    """

    period: str
    value: float | None
    lo: float | None = None
    hi: float | None = None
    counterfactual: float | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """A named series over the study's periods, in the outcome's unit."""

    name: str
    points: tuple[PathPoint, ...]


class Figure(StrEnum):
    """How the numbers behind a check are drawn."""

    FOREST = "forest"  # one row below another, each with its range
    DISTRIBUTION = "distribution"  # many values on one axis, the study's own marked
    SERIES = "series"  # rows in time order, each with its range
    CURVE = "curve"  # rows sorted by size, with the choices behind each


class Quantity(StrEnum):
    """What the numbers of a row are, and so how they are written."""

    OUTCOME = "outcome"  # effects on the outcome, on the evidence's scale
    POINTS = "points"  # differences between shares; 0.05 = 5 percentage points
    SHARE = "share"  # shares of a whole, 0 to 1
    NUMBER = "number"  # plain numbers


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the numbers behind a check.

    Attributes
    ----------
    label
        What the number is, in words.
    estimate, lo, hi
        On the evidence's scale; None where there is none.
    p_value
        Two-sided, for no effect; None where there is none.
    group
        Heading the row stands under; may be empty.
    note
        What sets this row apart, or why it has no number; may be empty.
    chosen
        True for the study's own choice, which the other rows are compared with.
    """

    label: str
    estimate: float | None
    lo: float | None = None
    hi: float | None = None
    p_value: float | None = None
    group: str = ""
    note: str = ""
    chosen: bool = False

    def __post_init__(self) -> None:
        numbers = (self.estimate, self.lo, self.hi, self.p_value)
        if not all(math.isfinite(x) for x in numbers if x is not None):
            raise ValueError(f"{self.label}: the numbers of a row must be finite; leave out what does not exist")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers behind a check, as a table and a chart show them.

    Attributes
    ----------
    title
        Caption of the table and the chart.
    figure
        How they are drawn.
    scale
        Scale of the rows; the reference line stands at no effect.
    quantity
        What the rows are.
    rows
        In the order they are to be read.
    note
        What a reader must know to read them; may be empty.
    by_area
        True if single areas can be told from the rows, if only beside other estimates, so that they are withheld where
        an area is suppressed.
    """

    title: str
    figure: Figure
    scale: Scale
    quantity: Quantity
    rows: tuple[Row, ...]
    note: str = ""
    by_area: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A check that was run.

    Attributes
    ----------
    id
        Name of the check.
    status, finding, detail
        Its outcome, what was found in one sentence, and what lies behind that or follows from it.
    evidence
        Its numbers; None if it has none.
    overturns
        True if an alternative it tried would overturn the main estimate, and not only be less sure of it.
    """

    id: str
    status: Status
    finding: str
    detail: str = ""
    evidence: Evidence | None = None
    overturns: bool = False


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """Everything one model says about one outcome.

    `posterior` holds the draws of the effect where the model gives any.
    """

    estimates: tuple[Estimate, ...] = ()
    paths: tuple[Path, ...] = ()
    checks: tuple[Check, ...] = ()
    not_estimable: tuple[NotEstimable, ...] = ()
    posterior: "Posterior | None" = None
