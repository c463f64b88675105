"""A difference with a standard error, referred to Student's t."""

from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True, slots=True)
class TTest:
    """Difference between the two groups' mean changes, tested against no difference.

    Attributes
    ----------
    estimate, std_error
        In the unit of the changes; positive means more in treated areas.
    df
        Degrees of freedom; need not be a whole number.
    p_value
        Two-sided, for no difference.
    interval
        Lower and upper limit at the level asked for.
    """

    estimate: float
    std_error: float
    df: float
    p_value: float
    interval: tuple[float, float]


def t_test(estimate: float, std_error: float, df: float, level: float) -> TTest:
    """Refer ``estimate / std_error`` to t with `df` degrees of freedom; `std_error` > 0, `level` in (0, 1)."""
    half = float(stats.t.ppf((1 + level) / 2, df)) * std_error
    p_value = 2 * float(stats.t.sf(abs(estimate) / std_error, df))
    return TTest(estimate, std_error, df, p_value, (estimate - half, estimate + half))
