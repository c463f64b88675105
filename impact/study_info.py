"""What the report says of the study itself: the study file and the data, put into plain labels."""

from dataclasses import asdict

from impact.intake.data import Intake
from impact.intake.design import comes_after, start_days
from impact.result import (
    ConcurrentInfo,
    InterventionInfo,
    ModelInfo,
    RecodeInfo,
    SpanInfo,
    StudyInfo,
)
from impact.study.outcomes import (
    BinaryOutcome,
    ContinuousOutcome,
    CountOutcome,
    DurationOutcome,
    OrdinalOutcome,
    Outcome,
    TimeToEventOutcome,
)
from impact.study.schema import Study
from models.periods import Periods, Role, contiguous_spans, period_index
from models.registry import MODELS


def study_info(study: Study, data: Intake, models: tuple[str, ...]) -> StudyInfo:
    """Describe the study as it was run."""
    return StudyInfo(
        id=study.study.id,
        title=study.study.title,
        question=study.study.question,
        note=study.study.note,
        intervention=_intervention(study, data.periods),
        area_level=study.areas.level,
        treated=data.areas[: data.treated],
        comparison=data.areas[data.treated :],
        neighbours=study.areas.neighbours,
        recodes=tuple(
            RecodeInfo(", ".join(f"{column} = {value}" for column, value in r.when.items()), r.to, r.instead_of, r.why)
            for r in study.areas.recode
        ),
        time_unit=study.time.unit.value,
        baseline=_spans(data.periods, Role.BASELINE),
        follow_up=_spans(data.periods, Role.FOLLOW_UP),
        phase_in=_spans(data.periods, Role.PHASE_IN),
        excluded=_exclusions(study, data.periods),
        models=tuple(_model(study, name) for name in models),
        simulated=any(account.simulated for account in data.accounts.values()),
        disclosure_minimum=study.disclosure.minimum,
        dominant=study.areas.dominant,
        displacement=study.areas.rings.displacement if study.areas.rings else (),
        displacement_compared=study.areas.rings.compared_with if study.areas.rings else (),
        chosen_on=_chosen_on(study),
        starts=_starts(study),
    )


def _starts(study: Study) -> dict[str, str]:
    """First day in each treated area, the earliest first; empty if all start on one day."""
    days = start_days(study)
    return {area: day.isoformat() for area, day in sorted(days.items(), key=lambda item: item[1])}


def _chosen_on(study: Study) -> SpanInfo | None:
    chosen = study.areas.chosen_on
    return SpanInfo(chosen.from_.text, chosen.to.text, chosen.why) if chosen else None


def _intervention(study: Study, periods: Periods) -> InterventionInfo:
    """What was done and what else changed, but for changes after the last period; areas by their names in the study."""
    given, aliases = study.intervention, study.areas.aliases
    others = [change for change in given.concurrent if not comes_after(change, periods)]
    return InterventionInfo(
        name=given.name,
        start=given.start.isoformat(),
        end=given.end.isoformat() if given.end else None,
        phase_in=given.phase_in,
        delivery=given.delivery,
        cost_amount=given.cost.amount if given.cost else None,
        cost_currency=given.cost.currency if given.cost else None,
        concurrent=tuple(
            ConcurrentInfo(
                c.what, c.when.text if c.when else None, tuple(dict.fromkeys(aliases.get(a, a) for a in c.areas))
            )
            for c in others
        ),
    )


def _spans(periods: Periods, role: Role) -> tuple[SpanInfo, ...]:
    labels = periods.labels
    return tuple(SpanInfo(labels[a], labels[b]) for a, b in contiguous_spans(periods.where(role)))


def _exclusions(study: Study, periods: Periods) -> tuple[SpanInfo, ...]:
    spans = []
    for exclusion in study.time.exclude:
        first = max(period_index(exclusion.from_.first, periods.unit) - periods.first, 0)
        last = min(period_index(exclusion.to.last, periods.unit) - periods.first, len(periods) - 1)
        if first <= last:
            spans.append(SpanInfo(periods.labels[first], periods.labels[last], exclusion.why))
    return tuple(spans)


def _model(study: Study, name: str) -> ModelInfo:
    options = study.model_options.get(name, MODELS[name].options())
    return ModelInfo(name=name, title=MODELS[name].title, answers=MODELS[name].answers, options=asdict(options))


def outcome_title(key: str, outcome: Outcome) -> str:
    """Label of an outcome: its title, else its key in words."""
    return outcome.title or key.replace("_", " ").replace("-", " ").capitalize()


def outcome_definition(outcome: Outcome) -> str:
    """What is measured, in one plain sentence."""
    match outcome:
        case CountOutcome():
            text = f"Number of events, allowing for {_allowed_for(outcome)}."
        case BinaryOutcome():
            text = f"Share of cases for which '{outcome.value}' is yes, of those with an answer."
        case OrdinalOutcome():
            counted = "' or '".join(outcome.levels[outcome.threshold :])
            text = f"Share of answers '{counted}', of those who answered."
        case ContinuousOutcome():
            text = f"Mean of '{outcome.value}'."
        case DurationOutcome():
            waiting = "; open cases count as not yet finished" if outcome.event else ""
            text = f"Typical days from the start of a case (geometric mean){waiting}."
        case TimeToEventOutcome():
            text = _time_to_event(outcome)
    return text


def _allowed_for(outcome: CountOutcome) -> str:
    if outcome.exposure is None:
        return "the days in each period"
    return "population" if outcome.exposure.per_period else "population and the days in each period"


def _time_to_event(outcome: TimeToEventOutcome) -> str:
    """Which event, what keeps it from coming, and how long cases are followed."""
    repeat, days = outcome.repeat, outcome.last_day
    if repeat is None:
        parts = [f"Share of cases with the event within {days} days of the first report."]
    else:
        same = " and ".join(f"'{column}'" for column in repeat.columns)
        parts = [
            f"Share of first reports followed by another with the same {same} within {days} days.",
            f"A report within {repeat.within} days of a first one is its repeat, also from elsewhere.",
            "The next after that is a first one again. Reports of one day are one.",
        ]
    if outcome.competing:
        named = " or ".join(f"'{column}'" for column in outcome.competing)
        parts.append(f"After {named} it cannot come; of two on one day, it counts.")
    window = "the end of the baseline or follow-up it was reported in, " if outcome.followed_to == "window" else ""
    how = "Aalen-Johansen" if outcome.competing else "Kaplan-Meier"
    parts.append(
        f"A case is followed from its first report to day {days}, {window}or the extract, whichever comes first, and "
        f"counts for as long as it was followed ({how})."
    )
    return " ".join(parts)
