"""Everything cut from the rows of one outcome: the main panel, and the others that checks look at."""

import math
from typing import Any

import numpy as np

from impact.intake.cells import Counted, Groups, counted, group
from impact.intake.codings import codings_of
from impact.intake.episodes import note_of_episodes, window_lost
from impact.intake.findings import Findings, listed
from impact.intake.followed import warn_of_short_windows
from impact.intake.panels import Frame, Sample, check_panel
from impact.intake.predictors import predictors_of
from impact.intake.repeats import repeats_of
from impact.intake.rings import rings_of
from impact.intake.strata import strata_of
from impact.intake.uptake import eligible_cases, unknown_windows, uptake_of, warn_of_uptake
from impact.study.outcomes import CountOutcome, DurationOutcome, ElicitedPrior, Outcome, TimeToEventOutcome
from impact.study.schema import Study
from models.case import Case
from models.panel import Panel
from models.posterior import Belief


def case_of(study: Study, sample: Sample, key: str, findings: Findings) -> Case:
    """Reduce the rows of one outcome to its panels, and check the main one.

    One expression gives the main panel and whatever only adds up other groups of the same rows; kinds of cases and
    the areas around the study have one of their own.
    """
    outcome = study.outcomes[key]
    population = sample.population(outcome)
    frame = Frame.of(key, outcome, sample, population)
    placed, asked = frame.placed, frame.placed.asked
    flags = [placed.typed[need] for need in (asked.eligible, asked.accepted) if need is not None]
    keys = [*flags, *(["recode", "given"] if placed.recoded else [])]
    groups = group(key, placed, _rows(frame), frame.place, keys)
    inside = groups.placed(groups.area)
    main = counted(outcome, inside)
    panel = frame.panel(main)
    if frame.deserted:
        _nobody_left(frame, findings)
    elif not _window_lost(frame, findings):
        check_panel(frame, main, panel, study.disclosure.minimum, findings)
    warn_of_uptake(frame, inside, findings)
    if isinstance(outcome, TimeToEventOutcome):
        warn_of_short_windows(key, outcome, frame.place, findings)
        note_of_episodes(key, outcome, frame.episodes, frame.place, findings)
    return Case(
        panel=panel,
        better=outcome.better.sign,
        worthwhile=_linear(outcome, outcome.worthwhile),
        eligible=_eligible(frame, inside, panel),
        eligible_unknown=unknown_windows(frame, inside),
        uptake=uptake_of(frame, inside),
        asked=_asked(frame, main),
        strata=strata_of(frame, findings),
        codings=codings_of(study, frame, groups, panel, population),
        rings=rings_of(study, frame, findings),
        repeats=repeats_of(frame, findings),
        predictors=predictors_of(frame, findings),
        prior=belief_of(outcome),
        prior_name="elicited" if isinstance(outcome.prior, ElicitedPrior) else outcome.prior,
        equivalence=_linear(outcome, outcome.equivalence),
        harm_margin=_harm_margin(study, key),
    )


def _rows(frame: Frame) -> Any:
    """Rows in the study's areas, as the study codes them or as the source does."""
    rows, place = frame.placed.rows, frame.place
    held = place.holds(rows)
    return rows.filter(held | place.holds(rows, "given") if frame.placed.recoded else held)


def _nobody_left(frame: Frame, findings: Findings) -> None:
    exposure = frame.outcome.exposure if isinstance(frame.outcome, CountOutcome) else None
    findings.error(
        "nobody_left",
        f"areas.recode leaves no population of {listed([f"'{area}'" for area in frame.deserted], 8)}.",
        "Correct areas.recode[].population, or the columns of the population's source.",
        source=exposure.source if exposure else None,
    )


def _window_lost(frame: Frame, findings: Findings) -> bool:
    outcome = frame.outcome
    if not isinstance(outcome, TimeToEventOutcome):
        return False
    return window_lost(frame.key, outcome, frame.episodes, frame.place, findings)


def belief_of(outcome: Outcome) -> Belief | None:
    """What was elicited of the effect, on the linear scale; None if nothing was."""
    prior = outcome.prior
    if not isinstance(prior, ElicitedPrior):
        return None
    best, low, high = (_on_linear(outcome, value) for value in (prior.best, prior.low, prior.high))
    return Belief(best, low, high, prior.source or "")


def _linear(outcome: Outcome, given: float | None) -> float | None:
    """Carry a declared size to the linear scale; None if it was not declared."""
    return None if given is None else _on_linear(outcome, given)


def _harm_margin(study: Study, key: str) -> float | None:
    """What the rule declares to be harm, as a size on the linear scale: of the deciding outcome, and of no other."""
    margin, outcome = study.decision.rule.harm_margin, study.outcomes[key]
    if margin is None or key != study.deciding_outcome:
        return None
    return abs(_on_linear(outcome, -outcome.better.sign * margin))


def _on_linear(outcome: Outcome, given: float) -> float:
    """Carry an effect in the headline unit to the linear scale: the log of the ratio for counts and durations."""
    return math.log1p(given) if isinstance(outcome, CountOutcome | DurationOutcome) else given


def _eligible(frame: Frame, groups: Groups, everybody: Panel) -> Panel | None:
    """Eligible cases; all of them if the study says only who took the service up."""
    asked = frame.placed.asked
    if asked.eligible is None:
        return None if asked.accepted is None else everybody
    return frame.panel(counted(frame.outcome, eligible_cases(frame, groups)))


def _asked(frame: Frame, main: Counted) -> Panel | None:
    if frame.placed.asked.one_row_per_cell or not np.any(main.blank):
        return None
    return frame.share(main.rows - main.blank, main.rows)
