"""What one unit of the outcome is worth: a distribution, not a number."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import numpy as np
from scipy import stats

from models.arrays import FloatArray

CENTRAL = 0.95  # mass between the ends shown of a distribution that has none
ATOMS = 100  # equally likely prices that stand for a distribution
FINER = 50  # quantiles averaged into each of them


class Form(StrEnum):
    """Form of a distribution."""

    FIXED = "fixed"
    TRIANGULAR = "triangular"
    UNIFORM = "uniform"
    NORMAL = "normal"
    LOGNORMAL = "lognormal"


@dataclass(frozen=True, slots=True)
class Price:
    """Value of one unit of the outcome, in money.

    Use the constructors named after the forms; they say what the parameters are.

    Attributes
    ----------
    form
        Form of the distribution.
    parameters
        Its parameters, in the order of the constructor.
    year
        Year in whose prices it stands; None if not declared.

    Raises
    ------
    ValueError
        If the parameters are not finite, are negative, or are out of order.
    """

    form: Form
    parameters: tuple[float, ...]
    year: int | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) for x in self.parameters):
            raise ValueError("A value per unit needs finite numbers.")
        obstacle = _obstacle(self.form, self.parameters)
        if obstacle:
            raise ValueError(obstacle)

    @classmethod
    def fixed(cls, value: float, *, year: int | None = None) -> Self:
        """One number, known; `value` > 0."""
        return cls(Form.FIXED, (value,), year)

    @classmethod
    def triangular(cls, low: float, mode: float, high: float, *, year: int | None = None) -> Self:
        """Triangular from `low` to `high`, most likely at `mode`."""
        return cls(Form.TRIANGULAR, (low, mode, high), year)

    @classmethod
    def uniform(cls, low: float, high: float, *, year: int | None = None) -> Self:
        """Anything from `low` to `high`, equally likely."""
        return cls(Form.UNIFORM, (low, high), year)

    @classmethod
    def normal(cls, mean: float, sd: float, *, year: int | None = None) -> Self:
        """Normal with this mean and standard deviation, cut off at 0: the mean of what is left is a little higher."""
        return cls(Form.NORMAL, (mean, sd), year)

    @classmethod
    def lognormal(cls, low: float, high: float, level: float = CENTRAL, *, year: int | None = None) -> Self:
        """Lognormal that lies from `low` to `high` with probability `level`, the rest equally on both sides."""
        return cls(Form.LOGNORMAL, (low, high, level), year)

    def quantile(self, p: FloatArray) -> FloatArray:
        """Values below which the price lies with probability `p`, each in (0, 1); any shape."""
        a, *rest = self.parameters
        match self.form:
            case Form.FIXED:
                found = np.full(np.shape(p), a)
            case Form.TRIANGULAR:
                mode, high = rest
                found = stats.triang.ppf(p, (mode - a) / (high - a), loc=a, scale=high - a)
            case Form.UNIFORM:
                found = a + np.asarray(p) * (rest[0] - a)
            case Form.NORMAL:
                found = stats.truncnorm.ppf(p, -a / rest[0], math.inf, loc=a, scale=rest[0])
            case Form.LOGNORMAL:
                found = np.exp(stats.norm.ppf(p, *_log_moments(a, *rest)))
        return np.asarray(found, dtype=np.float64)

    @property
    def mean(self) -> float:
        """Expected price."""
        a, *rest = self.parameters
        match self.form:
            case Form.FIXED:
                return a
            case Form.TRIANGULAR | Form.UNIFORM:
                return math.fsum(self.parameters) / len(self.parameters)
            case Form.NORMAL:
                return float(stats.truncnorm.mean(-a / rest[0], math.inf, loc=a, scale=rest[0]))
            case Form.LOGNORMAL:
                centre, sd = _log_moments(a, *rest)
                return math.exp(centre + sd**2 / 2)

    @property
    def low(self) -> float:
        """Lower end as declared; of a normal, of its central 95%."""
        return self._end(0)

    @property
    def high(self) -> float:
        """Upper end as declared; of a normal, of its central 95%."""
        return self._end(1)

    def _end(self, upper: int) -> float:
        if self.form is Form.NORMAL:
            return float(self.quantile(np.array([(1 - CENTRAL) / 2, (1 + CENTRAL) / 2]))[upper])
        ends = self.parameters[:2] if self.form is Form.LOGNORMAL else self.parameters
        return ends[-1] if upper else ends[0]

    def atoms(self) -> FloatArray:
        """Equally likely prices that stand for the distribution, ascending; one if the price is fixed.

        Each is the mean of a hundredth of the distribution, from quantiles at equal steps, and all are scaled by one
        factor next to 1 so that their mean is that of the distribution: no random number is involved.
        """
        if self.form is Form.FIXED:
            return np.array(self.parameters)
        steps = (np.arange(ATOMS * FINER) + 0.5) / (ATOMS * FINER)
        rough = self.quantile(steps).reshape(ATOMS, FINER).mean(axis=1)
        return np.asarray(rough * (self.mean / rough.mean()), dtype=np.float64)

    def rebased(self, factor: float, year: int) -> Self:
        """Carry to the prices of another year; `factor` > 0 is the ratio of the two years' GDP deflators."""
        return replace(self.scaled(factor), year=year)

    def scaled(self, factor: float) -> Self:
        """Every value of the distribution, and so its mean, times `factor` > 0; in prices of the same year."""
        if not 0 < factor < math.inf:
            raise ValueError("A price is scaled by a factor above 0.")
        money = 2 if self.form is Form.LOGNORMAL else len(self.parameters)
        scaled = *(factor * x for x in self.parameters[:money]), *self.parameters[money:]
        return replace(self, parameters=scaled)


def _log_moments(low: float, high: float, level: float) -> tuple[float, float]:
    """Mean and standard deviation of the log."""
    centre, half = (math.log(low) + math.log(high)) / 2, (math.log(high) - math.log(low)) / 2
    return centre, half / float(stats.norm.ppf((1 + level) / 2))


def _obstacle(form: Form, numbers: tuple[float, ...]) -> str:
    """What is wrong with the parameters; empty if nothing is."""
    match form, numbers:
        case (Form.FIXED, (value,)):
            return "" if value > 0 else "A value per unit must be above 0."
        case (Form.TRIANGULAR, (low, mode, high)):
            return (
                "" if 0 <= low <= mode <= high and low < high else "A triangular value needs 0 <= low <= mode <= high."
            )
        case (Form.UNIFORM, (low, high)):
            return "" if 0 <= low < high else "A uniform value needs 0 <= low < high."
        case (Form.NORMAL, (mean, sd)):
            return "" if mean > 0 and sd > 0 else "A normal value needs a mean and a standard deviation above 0."
        case (Form.LOGNORMAL, (low, high, level)):
            held = 0 < low < high and 0 < level < 1
            return "" if held else "A lognormal value needs 0 < low < high, and a probability between 0 and 1."
        case _:
            return f"A {form} value does not have {len(numbers)} parameters."
