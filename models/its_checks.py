"""What an interrupted time series must say about itself: enough periods, residuals, season, and what it cannot see."""

import math

from models import numbers
from models.arrays import FloatArray
from models.estimate import Check, Status
from models.periods import TimeUnit
from models.segmented import lag_one_correlation

LEAST_POINTS = 3  # on each side: the floor of the Cochrane EPOC group, below which a series is not eligible
ADEQUATE_BEFORE = 24
ADEQUATE_AFTER = 12
NOTABLE_CORRELATION = 0.3


def number_of(n: int, unit: TimeUnit) -> str:
    """Say a number of periods: 1 month, 2 months."""
    return f"{n} {unit.value}{'' if n == 1 else 's'}"


def points_check(unit: TimeUnit, before: int, after: int, partial: int) -> Check:
    """Are there enough periods? A floor for eligibility, and a number that is usually adequate.

    Parameters
    ----------
    before, after
        Periods the fit may use, in baseline and follow-up.
    partial
        Those of them in which some treated area had no cases.
    """
    if min(before, after) < LEAST_POINTS:
        status, verdict = Status.FAIL, f"fewer than {LEAST_POINTS} on a side, too few to estimate a change"
    elif before < ADEQUATE_BEFORE or after < ADEQUATE_AFTER:
        status = Status.WARN
        verdict = f"enough to estimate, but {ADEQUATE_BEFORE} before and {ADEQUATE_AFTER} after is what it takes"
    else:
        status, verdict = Status.PASS, f"at least {ADEQUATE_BEFORE} before and {ADEQUATE_AFTER} after"
    return Check(
        id="its_points",
        status=status,
        finding=f"{number_of(before, unit)} before the start and {after} after it can be used: {verdict}.",
        detail=f"In {number_of(partial, unit)} some treated area had no cases: the mix varies." if partial else "",
    )


def season_check(unit: TimeUnit, before: int, harmonics: int, *, chosen: bool) -> Check:
    """Say which seasonal terms are in the regression, and why.

    Parameters
    ----------
    before
        Baseline periods the fit may use.
    harmonics
        Pairs of seasonal terms.
    chosen
        True if the study asked for this number, False if it follows from the rule.
    """
    words = {0: "No seasonal terms", 1: "One pair of seasonal terms"}
    terms = words.get(harmonics, f"{harmonics} pairs of seasonal terms")
    if unit is TimeUnit.YEAR:
        return Check("its_season", Status.PASS, f"{terms}: periods of a year have no season.")
    year = math.floor(unit.per_year)
    if before >= year:
        status, risk = (Status.PASS, "")
    elif harmonics:
        status, risk = Status.WARN, ", too few to know the season"
    else:
        status, risk = Status.WARN, ", so a change of season may be taken for an effect"
    who = "as the study asks" if chosen else "by rule"
    return Check(
        id="its_season",
        status=status,
        finding=f"{terms}, {who}: {number_of(before, unit)} of baseline can be used and a year has {year}{risk}.",
        detail=(
            "The rule: two pairs from two years of baseline periods, one pair from one year, otherwise none; "
            "always fewer than half the periods in a year."
        ),
    )


def autocorrelation_check(residuals: FloatArray | None, unit: str) -> Check:
    """Report the lag-one correlation of residuals, shape (T,): a finding, on which no choice rests.

    None stands for a fit without residual variation.
    """
    correlation = None if residuals is None else lag_one_correlation(residuals)
    if correlation is None:
        return Check("its_autocorrelation", Status.NOT_RUN, f"No residuals one {unit} apart to compare.")
    strong = abs(correlation) > NOTABLE_CORRELATION
    tendency = "narrow" if correlation > 0 else "wide"
    risk = f"; intervals from one such series are usually too {tendency}" if strong else ""
    return Check(
        id="its_autocorrelation",
        status=Status.WARN if strong else Status.PASS,
        finding=f"Residuals one {unit} apart correlate at {numbers.fixed(correlation, 2)}{risk}.",
        detail="Reported as it is found: no choice of method depends on it.",
    )


def alone_check(treated: int, comparison: int) -> Check:
    """Say what the series of the treated areas alone can never show."""
    return Check(
        id="its_alone",
        status=Status.WARN,
        finding=(
            f"The series of the treated {'area' if treated == 1 else 'areas'} alone cannot tell the intervention "
            f"from anything else that changed at the same time."
        ),
        detail=("This model does not use the comparison areas." if comparison else "There are no comparison areas."),
    )
