"""How far the evidence can be trusted, from 0 to 5. The rating counts areas, never rows, and ignores the result.

The ceiling comes from the design and the number of areas; each threat that is present takes one off, down to 1: a
smallest detectable effect far above the worthwhile one, something else that changed, attrition (few answers, or cases
followed for a shorter time in one group), a failed check, and an answer that depends on a choice or showed before the
start. A rating of 0 means that there is nothing to rate: no estimate with an interval.

====================================================  =======
Design                                                Ceiling
====================================================  =======
No estimate with an interval                          0
No comparison areas (the treated areas alone)         1
An interval that counts periods and not areas         1
One treated unit, or fewer than three comparisons     2
A synthetic comparison: triangulation                 2
At least two treated and three comparison areas       3
At least four treated, eight comparison, 20 in all    4
At least ten treated, twenty comparison, 40 in all    5
====================================================  =======

Several areas served by one team count as one treated unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from impact.intake.problems import Problem, Severity
from impact.report import format as fmt
from impact.report.text import lower_first
from impact.result import OutcomeResult, StudyInfo
from models.estimate import Check, Estimate, Status
from models.registry import BAYES, MODELS

POWER = 0.8
FAR_FROM_WORTHWHILE = 3.0
LARGE = ((5, 10, 20, 40), (4, 4, 8, 20))  # ceiling, treated, comparison, in all
SURVEY_CODES = frozenset({"response_rate"})
ANSWERED = frozenset({"response_rate"})
FOLLOWED = frozenset({"recurrence_follow_up"})
"""Checks of attrition: who answered, and how long cases were followed, in one group against the other."""
CHOICES = frozenset(
    {
        "leave_one_out",
        "without_dominant",
        "boundaries",
        "shocks",
        "equal_or_exposure",
        "log_or_level",
        "month_matched",
        "without_neighbours",
        "adjoining",
        "standardised",
        "reweighted",
        "staggered_averages",
        "staggered_comparison",
    }
)
"""Checks that repeat the headline under another choice; one of them counts if it overturns the answer."""
OVER_PERIODS = "Its interval takes the periods of one series for separate evidence, not the areas."
THREATS = frozenset({"placebo_in_time", "staggered_pretrends", "regression_to_the_mean"})
"""Checks that warn of a threat, whether or not the answer changes."""

WEIGHED = "synthetic"
STAND_INS = frozenset({"synthetic_donors", "synthetic_fit"})
"""Checks of the areas that stand in for the treated ones: threats to a headline that rests on them."""


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating from 0 to 5, and what it rests on in plain words."""

    value: int
    reasons: tuple[str, ...]


def minimum_detectable(estimate: Estimate) -> float | None:
    """Smallest true effect whose interval excludes no effect 4 times in 5, on the linear scale; None without inference.

    ``(t[1 - alpha/2] + t[power]) * SE`` with the estimate's degrees of freedom (Bloom 1995). For a posterior, whose
    standard deviation the prior makes smaller, it is the least that could be detected.
    """
    if estimate.std_error is None:
        return None
    law = stats.norm if estimate.df is None else stats.t(estimate.df)
    return float((law.ppf(0.5 + estimate.level / 2) + law.ppf(POWER)) * estimate.std_error)


def rate(study: StudyInfo, outcome: OutcomeResult, problems: Sequence[Problem]) -> Rating:
    """Rate the evidence on one outcome."""
    headline = outcome.headline
    if headline is None or headline.interval is None:
        return Rating(0, ("There is no estimate with an interval, so there is nothing to rate.",))
    ceiling, why = _ceiling(study, headline)
    threats = _threats(study, outcome, headline, problems)
    return Rating(max(1, ceiling - len(threats)), (why, *threats))


def _ceiling(study: StudyInfo, headline: Estimate) -> tuple[int, str]:
    treated, comparison = headline.clusters.treated, headline.clusters.comparison
    if comparison == 0:
        return 1, "There are no comparison areas, so anything else that changed at the same time is counted as effect."
    if headline.clusters.periods:
        return 1, f"{OVER_PERIODS} Areas move by themselves as well, and such an interval does not allow for it."
    shared = study.intervention.delivery == "shared" and treated > 1
    counted = f"{treated} treated and {comparison} {_others(study, comparison)}"
    if shared or headline.model == WEIGHED:
        team = ", but one team served all treated areas, so they count as one"
        weighed = " weighted to stand in for them: triangulation, which is never more than low"
        return 2, f"It rests on {counted}{team if shared else weighed}."
    for ceiling, needed, against, in_all in LARGE:
        if treated >= needed and comparison >= against and treated + comparison >= in_all:
            return ceiling, f"It rests on {counted}."
    if treated >= 2 and comparison >= 3:
        return 3, f"It rests on {counted}: enough for an interval, too few to rule out chance differences."
    return 2, f"It rests on {counted}: an area's own ups and downs can look like an effect."


def _others(study: StudyInfo, number: int) -> str:
    """What a headline compares with; without comparison areas it is the treated ones that start later."""
    if study.comparison:
        return "comparison areas"
    return "later area" if number == 1 else "later areas"


def _threats(
    study: StudyInfo, outcome: OutcomeResult, headline: Estimate, problems: Sequence[Problem]
) -> tuple[str, ...]:
    found = [
        _too_small(outcome, headline),
        _other_changes(study),
        _attrition(outcome.checks, problems),
        _incomplete(outcome.checks, headline),
        _fragile(outcome.checks),
        *_stand_ins(outcome.checks, headline),
    ]
    return tuple(threat for threat in found if threat)


def _too_small(outcome: OutcomeResult, headline: Estimate) -> str | None:
    detectable = minimum_detectable(headline)
    if outcome.worthwhile is None or detectable is None:
        return None
    needed = abs(headline.linear(headline.null + outcome.worthwhile))
    if detectable <= FAR_FROM_WORTHWHILE * needed:
        return None
    least = "at least " if headline.model == BAYES.name else ""
    times = fmt.fixed(detectable / needed, 0)
    return f"The smallest effect it could detect reliably is {least}{times} times the worthwhile one."


def _other_changes(study: StudyInfo) -> str | None:
    touching = [c for c in study.intervention.concurrent if not c.areas or set(c.areas) & set(study.treated)]
    return f"Something else changed in the treated areas: {touching[0].what}." if touching else None


def _attrition(checks: Sequence[Check], problems: Sequence[Problem]) -> str | None:
    """One threat, however it shows: people who did not answer, or cases that were not followed to the end."""
    codes = {p.code for p in problems if p.severity is Severity.WARNING}
    warned = {check.id: check.finding for check in checks if check.status is Status.WARN}
    if codes & SURVEY_CODES:
        return "Few people answered, or more answered in one group or window than in another."
    return next((finding for name, finding in warned.items() if name in ANSWERED | FOLLOWED), None)


def _fragile(checks: Sequence[Check]) -> str | None:
    """One threat, however many of the choices overturn the answer: they are looks at the same areas.

    A choice that only widens the interval, because it leaves fewer areas, is no threat: a real effect would lose a star
    for it more often than none at all.
    """
    warned = [check for check in checks if check.status is Status.WARN]
    found = [check for check in warned if check.id in THREATS or (check.id in CHOICES and check.overturns)]
    if not found:
        return None
    first = found[0]
    return first.finding if first.id in THREATS else f"The answer depends on a choice: {lower_first(first.finding)}"


def _stand_ins(checks: Sequence[Check], headline: Estimate) -> list[str]:
    """What speaks against the areas that stand in for the treated ones, where the headline rests on them."""
    if headline.model != WEIGHED:
        return []
    return [check.finding for check in checks if check.id in STAND_INS and check.status is Status.WARN]


def _incomplete(checks: Sequence[Check], headline: Estimate) -> str | None:
    """A failed check of the headline; one that carries the name of a model beside it is no threat."""
    beside = tuple(f"{name}_" for name in MODELS if name != headline.model)
    failed = [check for check in checks if check.status is Status.FAIL and not check.id.startswith(beside)]
    return f"A check failed: {failed[0].finding}" if failed else None
