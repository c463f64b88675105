"""What an interrupted time series must say about itself: enough periods, season, residuals, and what it cannot see."""

import math
from collections.abc import Sequence

import numpy as np

from models import numbers
from models.design import Event
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.its.season import Chooser, SeasonChoice
from models.its.setup import LEAST_POINTS, Setup
from models.its.words import number_of
from models.periods import Role, TimeUnit
from models.series.correlation import autocorrelations
from models.series.fit import SeriesFit

ADEQUATE_BEFORE = 24
ADEQUATE_AFTER = 12
NOTABLE_CORRELATION = 0.3
MOST_LAGS = 12
LIMIT = 1.96


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
        verdict = f"enough to estimate, fewer than the {ADEQUATE_BEFORE} and {ADEQUATE_AFTER} that a sound answer takes"
    else:
        status, verdict = Status.PASS, f"at least {ADEQUATE_BEFORE} before and {ADEQUATE_AFTER} after"
    return Check(
        id="its_points",
        status=status,
        finding=f"{number_of(before, unit)} before the start and {after} after it can be used: {verdict}.",
        detail=f"In {number_of(partial, unit)} some treated area had no cases: the mix varies." if partial else "",
    )


def season_check(unit: TimeUnit, before: int, choice: SeasonChoice) -> Check:
    """Say which seasonal terms are in the regression, and why.

    Parameters
    ----------
    before
        Baseline periods the fit may use.
    choice
        The terms and what they were chosen from.
    """
    terms = choice.season.words(unit)
    if unit is TimeUnit.YEAR:
        return Check("its_season", Status.PASS, f"{terms}: periods of a year have no season.")
    year = math.floor(unit.per_year)
    if before >= year:
        status, risk = (Status.PASS, "")
    elif choice.season.kind != "none":
        status, risk = Status.WARN, ", too few to know the season"
    else:
        status, risk = Status.WARN, ", so a change of season may be taken for an effect"
    who = {
        Chooser.STUDY: "as the study asks",
        Chooser.LENGTH: "by rule",
        Chooser.QAIC: f"the best of {len(choice.candidates)} choices by QAIC",
    }[choice.chooser]
    return Check(
        id="its_season",
        status=status,
        finding=f"{terms}, {who}: {number_of(before, unit)} of baseline can be used and a year has {year}{risk}.",
        detail=(
            "The choice is among no seasonal terms, one pair from one year of baseline periods, two from two years, "
            "and an effect of each month or quarter from three; always fewer pairs than half the periods in a year."
        ),
        evidence=_candidates(unit, choice),
    )


def _candidates(unit: TimeUnit, choice: SeasonChoice) -> Evidence | None:
    known = [c.qaic for c in choice.candidates if c.qaic is not None]
    if not known:
        return None
    rows = tuple(
        Row(
            c.season.words(unit),
            None if c.qaic is None else c.qaic - min(known),
            note="cannot be fitted" if c.qaic is None else f"{c.columns} terms in all, QAIC {numbers.fixed(c.qaic, 1)}",
            chosen=c.season == choice.season,
        )
        for c in choice.candidates
    )
    title = "Seasonal terms that were tried: QAIC above the least"
    note = "QAIC weighs how well the line follows the series against the number of its terms; lower is better"
    return Evidence(title, Figure.FOREST, Scale.DIFFERENCE, Quantity.NUMBER, rows, note)


def autocorrelation_check(fitted: SeriesFit, unit: TimeUnit) -> Check:
    """Report how far what the regression left over still carries over: a finding, on which no choice rests."""
    n = int(np.isfinite(fitted.innovations).sum())
    lags = max(1, min(MOST_LAGS, n // 2))
    found = autocorrelations(fitted.innovations, lags)
    if fitted.exact or not np.isfinite(found[0]):
        return Check("its_autocorrelation", Status.NOT_RUN, f"No residuals one {unit.value} apart to compare.")
    strong = abs(found[0]) > NOTABLE_CORRELATION
    tendency = "narrow" if found[0] > 0 else "wide"
    risk = f"; intervals from one such series are usually too {tendency}" if strong else ""
    allowed = "" if fitted.rho is None else f" once a correlation of {numbers.fixed(fitted.rho, 2)} is allowed for"
    limit = LIMIT / math.sqrt(n)
    rows = tuple(
        Row(number_of(lag, unit), float(r), float(r) - limit, float(r) + limit)
        for lag, r in enumerate(found.tolist(), start=1)
        if math.isfinite(r)
    )
    title = f"Correlation of residuals so many {unit.value}s apart"
    note = (
        f"The ranges are {numbers.fixed(limit, 2)} on either side, as wide as chance alone makes them in a series "
        "without correlation: about one in twenty then misses nought"
    )
    return Check(
        id="its_autocorrelation",
        status=Status.WARN if strong else Status.PASS,
        finding=f"Residuals one {unit.value} apart correlate at {numbers.fixed(float(found[0]), 2)}{allowed}{risk}.",
        detail="Reported as it is found: no choice of method depends on it.",
        evidence=Evidence(title, Figure.SERIES, Scale.DIFFERENCE, Quantity.NUMBER, rows, note),
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
        detail=(
            "The series of the comparison areas is set beside it below."
            if comparison
            else "There are no comparison areas."
        ),
    )


def epoc_checks(setup: Setup, events: Sequence[Event]) -> tuple[Check, Check]:
    """The criteria of the Cochrane EPOC group for an interrupted time series, and the one no data can answer."""
    periods, used = setup.panel.periods, setup.series.usable
    unit = periods.unit
    window = periods.baseline | periods.follow_up
    before, after = (int((used & w).sum()) for w in (periods.baseline, periods.follow_up))
    missing, left_out = int((window & ~used).sum()), int(periods.where(Role.EXCLUDED).sum())
    season = unit is TimeUnit.YEAR or before >= math.floor(unit.per_year)
    complete = f"{number_of(missing, unit)} of the windows without data, {number_of(left_out, unit)} excluded"
    criteria = [
        (
            before >= ADEQUATE_BEFORE and after >= ADEQUATE_AFTER,
            f"enough points ({before} before, {after} after; {ADEQUATE_BEFORE} and {ADEQUATE_AFTER} are adequate)",
        ),
        (True, "the shape of the change is declared in the study file"),
        (season, f"a whole year of baseline to know the season ({number_of(before, unit)})"),
        (missing == 0, f"a complete series ({complete})"),
        (True, "a clear time of start, and a regression that allows for the trend before it"),
    ]
    met, unmet = ([text for ok, text in criteria if ok is wanted] for wanted in (True, False))
    named = "; ".join(event.what for event in events)
    happened = f" Allowed for in the regression: {named}." if named else ""
    detail = f"Met: {'; '.join(met)}. " + (f"Not met: {'; '.join(unmet)}. " if unmet else "")
    epoc = Check(
        "its_epoc",
        Status.WARN if unmet else Status.PASS,
        f"Of the {len(criteria)} criteria for a single series that data can answer, "
        f"{'all' if not unmet else len(met)} {'is' if len(met) == 1 else 'are'} met.",
        f"{detail}For the evaluator to state: that the shape was declared before the follow-up was seen, and that "
        f"nothing else happened at the same time.{happened}",
    )
    recording = Check(
        "its_recording",
        Status.NOT_RUN,
        "Whether the way of recording stayed the same cannot be told from the series.",
        "State in the report: did the definition, the system, the staff or the urge to record change at the start?",
    )
    return epoc, recording
