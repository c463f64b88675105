"""What the study asks of each source: which columns, and what their values must be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from impact.study.outcomes import (
    BinaryOutcome,
    ContinuousOutcome,
    CountOutcome,
    DurationOutcome,
    OrdinalOutcome,
    Outcome,
    PredictorStretch,
    TimeToEventOutcome,
)
from impact.study.outputs import Output
from impact.study.schema import Recode, Source, Study
from impact.study.words import Loc, where

POLICE_AREA = "LSOA name"
POLICE_TIME = "Month"
DEFAULT_TIME = "time"


class Form(StrEnum):
    """What the values of a column must be."""

    TEXT = "text"
    DAY = "day"  # a calendar day, with or without a time of day
    PERIOD = "period"  # a day, or a calendar period no longer than the study's
    DATED = "dated"  # a day or any calendar period
    NUMBER = "number"
    COUNT = "count"  # a whole number, 0 or more
    DAYS = "days"  # a number, 0 or more
    AMOUNT = "amount"  # a number, 0 or more
    POPULATION = "population"  # a number above 0, never blank
    YES_NO = "yes_no"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Need:
    """A column the study names.

    Attributes
    ----------
    column, form
        Name in the source, and what its values must be.
    key
        Key of the study file that names it.
    levels
        The ratings from worst to best; empty but for LEVEL.
    """

    column: str
    form: Form
    key: str = field(compare=False)
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """All that the study asks of one source.

    Attributes
    ----------
    outcomes
        Outcomes whose rows it holds.
    populations
        Columns with a population that some count is set against.
    area, time
        Columns that place a row.
    values
        Every other column with values to read.
    recodes
        Codings of areas to apply if the source has their columns.
    eligible, accepted
        Columns that say which cases could have had the service, and which took it up; None if not declared.
    case_mix
        Columns with the kind of case.
    outputs
        Outputs whose rows it holds.
    """

    name: str
    source: Source
    outcomes: Mapping[str, Outcome]
    populations: tuple[Need, ...]
    area: Need
    time: Need
    values: tuple[Need, ...]
    recodes: tuple[Recode, ...]
    eligible: Need | None = None
    accepted: Need | None = None
    case_mix: tuple[Need, ...] = ()
    outputs: Mapping[str, Output] = field(default_factory=dict)

    @property
    def measured(self) -> bool:
        """Whether it holds rows of some outcome or output, and not only a population."""
        return bool(self.outcomes or self.outputs)

    @property
    def table(self) -> str:
        """Name of its tables in the workspace, safe whatever the source is called."""
        return f"source_{self.name.encode().hex()}"

    @property
    def police_uk(self) -> bool:
        """Whether the source holds street files of data.police.uk."""
        return self.source.reader == "police.uk"

    @property
    def time_may_be_absent(self) -> bool:
        """Whether a population without periods is meant if the source has no such column."""
        return not self.measured and "time" not in self.source.columns.model_fields_set

    @property
    def one_row_per_cell(self) -> bool:
        """Whether the source has one row per area and period: a panel, or a count with `value`."""
        counts = [o for o in self.outcomes.values() if isinstance(o, CountOutcome)]
        return self.source.reader == "panel" or any(o.value is not None for o in counts)

    def required(self) -> dict[str, str]:
        """Columns the source must have, with the key of the study file that names each."""
        needs = [self.area, *self.values]
        if not self.time_may_be_absent:
            needs.insert(1, self.time)
        keys = [(need.column, need.key) for need in needs]
        keys += [(column, f"sources.{self.name}.where") for column in self.source.where]
        columns: dict[str, str] = {}
        for column, key in keys:
            columns.setdefault(column, key)
        return columns

    def optional(self) -> tuple[str, ...]:
        """Columns that are read if the source has them."""
        columns = [column for recode in self.recodes for column in recode.when]
        if self.time_may_be_absent:
            columns.append(self.time.column)
        return tuple(dict.fromkeys(columns))


def needs_of(study: Study) -> dict[str, Asked]:
    """Return what is asked of each source that anything of the study uses, in the order of the study file."""
    used: dict[str, Asked] = {}
    for name in study.sources:
        outcomes = {key: o for key, o in study.outcomes.items() if o.source == name}
        outputs = {key: o for key, o in study.outputs.items() if o.source == name}
        populations = tuple(dict.fromkeys(_populations(study, name)))
        if outcomes or outputs or populations:
            used[name] = _asked(study, name, outcomes, outputs, populations)
    return used


def _populations(study: Study, name: str) -> Iterator[Need]:
    for key, outcome in study.outcomes.items():
        if isinstance(outcome, CountOutcome) and outcome.exposure is not None and outcome.exposure.source == name:
            yield Need(outcome.exposure.value, Form.POPULATION, f"outcomes.{key}.exposure.value")
    for key, output in study.outputs.items():
        if output.exposure is not None and output.exposure.source == name:
            yield Need(output.exposure.value, Form.POPULATION, f"outputs.{key}.exposure.value")


def _asked(
    study: Study,
    name: str,
    outcomes: Mapping[str, Outcome],
    outputs: Mapping[str, Output],
    populations: tuple[Need, ...],
) -> Asked:
    source = study.sources[name]
    values = [need for key, outcome in outcomes.items() for need in outcome_needs(key, outcome)]
    values += [need for key, output in outputs.items() if (need := output_need(key, output)) is not None]
    if source.columns.id is not None:
        values.append(Need(source.columns.id, Form.TEXT, f"sources.{name}.columns.id"))
    values += populations
    flags = {key: _case_need(source, name, key) if outcomes else None for key in ("eligible", "accepted")}
    mix = [Need(c, Form.TEXT, f"sources.{name}.columns.case_mix") for c in source.columns.case_mix if outcomes]
    values += [need for need in (*flags.values(), *mix) if need is not None]
    return Asked(
        name=name,
        source=source,
        outcomes=outcomes,
        populations=populations,
        area=Need(_area_column(source), Form.TEXT, f"sources.{name}.columns.area"),
        time=Need(_time_column(source), _time_form(outcomes, outputs), f"sources.{name}.columns.time"),
        values=tuple(dict.fromkeys(values)),
        recodes=study.areas.recode,
        eligible=flags["eligible"],
        accepted=flags["accepted"],
        case_mix=tuple(mix),
        outputs=outputs,
    )


def _case_need(source: Source, name: str, key: str) -> Need | None:
    column = getattr(source.columns, key)
    return Need(column, Form.YES_NO, f"sources.{name}.columns.{key}") if column else None


def _area_column(source: Source) -> str:
    given = "area" in source.columns.model_fields_set
    return POLICE_AREA if source.reader == "police.uk" and not given else source.columns.area


def _time_column(source: Source) -> str:
    default = POLICE_TIME if source.reader == "police.uk" else DEFAULT_TIME
    return source.columns.time or default


def _time_form(outcomes: Mapping[str, Outcome], outputs: Mapping[str, Output]) -> Form:
    if not outcomes and not outputs:
        return Form.DATED
    return Form.DAY if any(measures_days(o) for o in outcomes.values()) else Form.PERIOD


def measures_days(outcome: Outcome) -> bool:
    """Whether the outcome counts days from the source's time column."""
    if isinstance(outcome, DurationOutcome):
        return outcome.value is None or outcome.censor is not None
    return isinstance(outcome, TimeToEventOutcome)


def censor_day(outcome: DurationOutcome | TimeToEventOutcome) -> date | None:
    """Day of the extract, if the study gives the day itself and not a column."""
    return outcome.censor if isinstance(outcome.censor, date) else None


def censor_column(outcome: DurationOutcome | TimeToEventOutcome) -> str | None:
    """Column with the day of the extract, if the study names one."""
    return outcome.censor if isinstance(outcome.censor, str) else None


def value_need(key: str, outcome: Outcome) -> Need | None:
    """Column with the outcome's value; None for outcomes that have none."""
    named = f"outcomes.{key}.value"
    match outcome:
        case CountOutcome():
            return Need(outcome.value, Form.COUNT, named) if outcome.value else None
        case BinaryOutcome():
            return Need(outcome.value, Form.YES_NO, named)
        case OrdinalOutcome():
            return Need(outcome.value, Form.LEVEL, named, outcome.levels)
        case ContinuousOutcome():
            return Need(outcome.value, Form.NUMBER, named)
        case DurationOutcome():
            return Need(outcome.value, Form.DAYS, named) if outcome.value else None
        case TimeToEventOutcome():
            return None


def output_need(key: str, output: Output) -> Need | None:
    """Column with the number done; None for outputs that count rows."""
    return Need(output.value, Form.AMOUNT, f"outputs.{key}.value") if output.value else None


def event_need(key: str, outcome: DurationOutcome | TimeToEventOutcome) -> Need | None:
    """Column with the day of the event."""
    return Need(outcome.event, Form.DAY, f"outcomes.{key}.event") if outcome.event else None


def censor_need(key: str, outcome: DurationOutcome | TimeToEventOutcome) -> Need | None:
    """Column with the day of the extract."""
    column = censor_column(outcome)
    return Need(column, Form.DAY, f"outcomes.{key}.censor") if column else None


def same_needs(key: str, outcome: TimeToEventOutcome) -> tuple[Need, ...]:
    """Columns by which reports belong together; none unless the outcome is built from repeats."""
    columns = outcome.repeat.columns if outcome.repeat else ()
    return tuple(Need(column, Form.TEXT, f"outcomes.{key}.repeat.same") for column in columns)


def competing_needs(key: str, outcome: TimeToEventOutcome) -> tuple[Need, ...]:
    """Columns with the days of events after which the event cannot come."""
    return tuple(Need(column, Form.DAY, f"outcomes.{key}.competing") for column in outcome.competing)


def predictor_needs(key: str, outcome: Outcome) -> Iterator[Need]:
    """Columns with what else is known of the areas, each as it is and as it was before."""
    for i, predictor in enumerate(outcome.predictors):
        loc: Loc = ("outcomes", key, "predictors", i)
        yield predictor_need(predictor, where((*loc, "value")))
        if predictor.training is not None:
            yield predictor_need(predictor.training, where((*loc, "training", "value")))


def predictor_need(stretch: PredictorStretch, key: str = "") -> Need:
    """Column that a predictor is a mean of."""
    return Need(stretch.value, Form.NUMBER, key)


def outcome_needs(key: str, outcome: Outcome) -> tuple[Need, ...]:
    """Every column an outcome reads, beside area and time."""
    needs = [value_need(key, outcome), *predictor_needs(key, outcome)]
    if isinstance(outcome, DurationOutcome | TimeToEventOutcome):
        needs += [event_need(key, outcome), censor_need(key, outcome)]
    if isinstance(outcome, TimeToEventOutcome):
        needs += [*same_needs(key, outcome), *competing_needs(key, outcome)]
    return tuple(need for need in needs if need is not None)
