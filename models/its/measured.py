"""How often each time-series test finds an effect where there is none, as measured, and the words that say so.

Figures from ``tests/calibration/its_size.py``: seven areas, two treated, 36 months before and 12 after, no effect; see
``docs/calibration-time-series.md``. Four worlds stand in notes: months of an area independent of each other;
correlated at .5 from one month to the next; at .8; and at .5 with a shock of its own to each area's follow-up, half the
standard deviation of its months.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Measured(StrEnum):
    """A test whose size was measured."""

    AR1 = "AR(1) by REML"
    NEWEY_WEST = "Newey-West"
    PRAIS_WINSTEN = "Prais-Winsten"
    OLS = "least squares"
    QUASI_POISSON_AR1 = "quasi-Poisson with AR(1)"
    QUASI_POISSON = "quasi-Poisson"
    POISSON_NEWEY_WEST = "Poisson, Newey-West"
    NEGATIVE_BINOMIAL = "negative binomial"
    POISSON = "Poisson"
    CONFORMAL_ALONE = "conformal, treated areas alone"
    DIFFERENCE = "difference of series, AR(1) by REML"
    STACKED = "both series stacked"
    CONFORMAL = "conformal, difference of series"


class Size(NamedTuple):
    """Per cent of runs without an effect in which p of the average effect is at most 5%.

    The largest of those measured with a change of level and slope and of level alone, and for tests that serve both,
    with means and with counts.

    Attributes
    ----------
    independent, correlated, strongly, shocked
        By world, see above.
    """

    independent: float
    correlated: float
    strongly: float
    shocked: float


SIZES: Mapping[Measured, Size] = MappingProxyType(
    {
        Measured.AR1: Size(4.2, 6.2, 7.7, 11.8),
        Measured.NEWEY_WEST: Size(12.3, 24.4, 39.6, 32.4),
        Measured.PRAIS_WINSTEN: Size(8.1, 14.9, 21.5, 22.3),
        Measured.OLS: Size(4.5, 26.9, 49.4, 34.2),
        Measured.QUASI_POISSON_AR1: Size(6.8, 6.5, 13.8, 11.2),
        Measured.QUASI_POISSON: Size(5.8, 22.4, 41.6, 28.1),
        Measured.POISSON_NEWEY_WEST: Size(12.8, 23.4, 36.4, 28.9),
        Measured.NEGATIVE_BINOMIAL: Size(7.8, 26.0, 45.0, 32.5),
        Measured.POISSON: Size(34.7, 50.2, 61.2, 55.9),
        Measured.DIFFERENCE: Size(5.3, 6.6, 11.2, 11.5),
        Measured.STACKED: Size(7.0, 7.8, 10.5, 10.8),
        Measured.CONFORMAL: Size(3.5, 4.3, 4.0, 6.5),
        Measured.CONFORMAL_ALONE: Size(3.4, 4.9, 4.7, 7.0),
    }
)
DRIFTING: Mapping[Measured, float] = MappingProxyType(
    {
        Measured.QUASI_POISSON_AR1: 25.2,
        Measured.QUASI_POISSON: 44.3,
        Measured.POISSON_NEWEY_WEST: 41.3,
        Measured.NEGATIVE_BINOMIAL: 48.0,
        Measured.POISSON: 72.0,
    }
)
"""The same where a random walk, .05 of the log rate a month, moves all areas alike; counts of single series."""
NOISIER, NOISIER_ALONE = 15.2, 23.5
"""By areas, where the months of two treated areas of seven, or of one, vary twice as much as others' (design E)."""
NOTABLE = 7.0
"""Per cent above which a test may not go without its size."""


def size_words(test: Measured) -> str:
    """Say how often a test is wrong where nothing happened, for the note of its estimates."""
    size = SIZES[test]
    drift = (
        f" Where a slow drift moves all areas alike it finds one in {DRIFTING[test]:.0f}." if test in DRIFTING else ""
    )
    return (
        "In simulations without an effect a test like this one, at the 5% level, still finds one in "
        f"{size.independent:.0f} of 100 where months vary independently, in {size.correlated:.0f} where neighbouring "
        f"months are alike ({size.strongly:.0f} if very much so), and in {size.shocked:.0f} where each area also moves "
        f"by itself after the start, more the further it moves.{drift}"
    )


def noisier_words(treated: int) -> str:
    """Say what the tests by areas assume, and how often they are wrong where it does not hold."""
    who, size = ("the one treated area", NOISIER_ALONE) if treated == 1 else ("two treated areas", NOISIER)
    return (
        f"It assumes that areas vary alike: in simulations of seven areas without an effect, with {who} twice as noisy "
        f"as the others, a test like this one, at the 5% level, finds one in {size:.0f} of 100."
    )
