"""The study file's schema. Every key that the file may hold is named here, with what it means."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, PrivateAttr, Tag
from pydantic_core import PydanticCustomError

from impact.study.base import Section
from impact.study.decision import DecisionRule, Disclosure, ReaderName
from impact.study.models_section import Models, chosen_options
from impact.study.outcomes import Outcome, OutcomeRole
from impact.study.outputs import Output
from impact.study.scalars import (
    Character,
    Day,
    Flag,
    Integer,
    Mark,
    Name,
    Number,
    OneOrMore,
    Slug,
    Text,
    list_or_word,
)
from models.periods import TimeUnit


def _version(value: int) -> int:
    if value != 1:
        raise PydanticCustomError("schema_version", "this program reads schema 1 only.")
    return value


class StudyHeader(Section):
    """What identifies the study."""

    id: Slug = Field(description="Short name of lower-case letters, digits and dashes; names the output folder.")
    title: Text = Field(description="Title of the report.")
    question: Text | None = Field(default=None, description="The question the study answers.")
    note: Text | None = Field(default=None, description="Anything the report should say about the study as a whole.")


class Cost(Section):
    """What the intervention cost over the follow-up."""

    amount: Number = Field(ge=0, description="Money spent.")
    currency: Text = Field(default="GBP", description="Three-letter code of the currency.")


class Concurrent(Section):
    """Something else that changed; shown as a threat, and if `modelled` allowed for by a time series."""

    what: Text = Field(description="What changed.")
    when: Mark | None = Field(default=None, description="Day, month, quarter or year it changed.")
    until: Mark | None = Field(
        default=None, description="Day, month, quarter or year it ended; for a pulse, or a change that is not modelled."
    )
    areas: tuple[Name, ...] = Field(default=(), description="Areas it changed in; [] = everywhere, or not known.")
    modelled: Literal["level", "slope", "both", "pulse"] | None = Field(
        default=None,
        description=(
            "How a time series of the treated areas is to allow for it: by a level that stays, a change of slope, "
            "both, or a pulse that lasts from `when` to `until`; default: not at all."
        ),
    )


class Intervention(Section):
    """What was done, and when."""

    name: Text = Field(description="What was done, in a few words.")
    start: Day = Field(description="First day of the intervention, written YYYY-MM-DD.")
    end: Day | None = Field(default=None, description="Last day of follow-up; default: the last period in the data.")
    phase_in: Integer = Field(
        default=0, ge=0, le=10_000, description="Periods after the start left out of both windows."
    )
    delivery: Literal["shared", "separate"] = Field(
        default="separate",
        description="shared: one team serves all treated areas, so they are also analysed as one unit.",
    )
    cost: Cost | None = None
    concurrent: tuple[Concurrent, ...] = Field(default=(), description="What else changed at about the same time.")


class Span(Section):
    """A stretch of time, both ends included."""

    from_: Mark = Field(alias="from", description="First day, month, quarter or year of it.")
    to: Mark = Field(description="Last day, month, quarter or year of it.")


class Recode(Section):
    """Rows that belong to another area than the file says."""

    when: Annotated[dict[Name, Name], Field(min_length=1, description="Columns and the values that mark these rows.")]
    to: Name = Field(description="Area the rows are counted in.")
    instead_of: Name | None = Field(default=None, description="Area the file gives; only rows of that area are moved.")
    population: Number | None = Field(
        default=None,
        gt=0,
        description="People in these rows' part of the area, if the source of the population lacks the columns.",
    )
    why: Text | None = Field(default=None, description="Reason, for the report.")


class Rings(Section):
    """Areas around the treated ones, neither treated nor comparison areas."""

    displacement: Annotated[
        tuple[Name, ...], Field(min_length=1, description="Areas into which the problem may have moved.")
    ]
    compared_with: Annotated[tuple[Name, ...], Field(min_length=1, description="Areas those are compared with.")]


class ChosenOn(Span):
    """A stretch of the baseline for whose high values the treated areas were chosen."""

    why: Text | None = Field(default=None, description="How they were chosen, for the report.")


class Areas(Section):
    """Treated and comparison areas, and how the data name them."""

    level: Text = Field(default="area", description="What an area is, in the singular: district, ward, block.")
    treated: Annotated[tuple[Name, ...], Field(min_length=1, description="Areas where the intervention was.")]
    comparison: Annotated[
        Annotated[tuple[Name, ...], Tag("list")] | Annotated[Literal["others"], Tag("word")],
        Discriminator(list_or_word),
    ] = Field(default="others", description="Areas compared with; others = every other area in the data; [] = none.")
    aliases: dict[Name, Name] = Field(
        default_factory=dict, description="Other spellings: {spelling in the data: area}."
    )
    recode: tuple[Recode, ...] = Field(default=(), description="Rows that belong to another area than the file says.")
    neighbours: dict[Name, tuple[Name, ...]] = Field(
        default_factory=dict,
        description="Areas that border a study area, through which effects may spill over; holds in both directions.",
    )
    dominant: tuple[Name, ...] = Field(
        default=(),
        description="Areas so large or so different that the answer is also given without them.",
    )
    rings: Rings | None = Field(default=None, description="Areas around the treated ones, to look for displacement.")
    starts: dict[Name, Day] = Field(
        default_factory=dict,
        description=("First day in treated areas that start later than intervention.start: {area: YYYY-MM-DD}."),
    )
    chosen_on: ChosenOn | None = Field(
        default=None, description="Stretch of the baseline for whose high values the treated areas were chosen."
    )


class Baseline(Section):
    """The time before."""

    from_: Mark | None = Field(default=None, alias="from", description="Default: the first period in the data.")
    to: Mark | None = Field(default=None, description="Default: the period before the start.")


class Exclusion(Span):
    """A stretch left out of every window."""

    why: Text | None = Field(default=None, description="Reason, for the report.")


class Time(Section):
    """The study's clock."""

    unit: TimeUnit = Field(default=TimeUnit.MONTH, description="Length of one period.")
    baseline: Baseline = Field(default_factory=lambda: Baseline.model_validate({}))
    exclude: tuple[Exclusion, ...] = Field(default=(), description="Stretches left out of every window.")


class Columns(Section):
    """Names of the columns that say where, when and what kind of case a row is."""

    area: Name = Field(default="area", description="Column with the area.")
    time: Name | None = Field(default=None, description="Column with the day or period; the default is `time`.")
    id: Name | None = Field(default=None, description="Column that identifies a row; a repeated value is an error.")
    eligible: Name | None = Field(
        default=None,
        description=(
            "Column with yes where a case could have had the service, judged alike in every area and both windows; "
            "blank = not known."
        ),
    )
    accepted: Name | None = Field(
        default=None,
        description=(
            "Column with yes where an eligible case took the service up; no or blank = it did not. Without `eligible`, "
            "every case counts as eligible."
        ),
    )
    case_mix: tuple[Name, ...] = Field(
        default=(), description="Columns with the kind of case, to compare like with like; blank = not recorded."
    )


class Source(Section):
    """Where rows come from: a file, a glob of files, a DuckDB file, or a database."""

    path: Text | None = Field(
        default=None, description="CSV, Parquet, Excel or DuckDB file, or a glob; relative to this file."
    )
    uri: Text | None = Field(default=None, description="Database address such as postgres://user@server/name.")
    table: Text | None = Field(default=None, description="Table in the database.")
    query: Text | None = Field(default=None, description="Query in the database, instead of a table.")
    sheet: Text | None = Field(default=None, description="Sheet of an Excel file; default: the first.")
    delimiter: Character | None = Field(
        default=None, description="Character between the fields of a CSV; default: a comma."
    )
    date_format: Text | None = Field(
        default=None, description="How dates are written, e.g. %d/%m/%Y; default: YYYY-MM-DD."
    )
    reader: ReaderName = Field(
        default="generic",
        description="generic: one row per case; panel: one per area and period; police.uk: monthly street files.",
    )
    columns: Columns = Field(default_factory=Columns)
    where: dict[Name, OneOrMore] = Field(
        default_factory=dict, description="Rows to keep: {column: value} or {column: [value, value]}."
    )
    simulated: Flag = Field(default=False, description="true if the rows are simulated; every report then says so.")


class Study(Section):
    """A study file.

    Attributes
    ----------
    folder
        Folder that paths are relative to.
    text
        The file's text, as hashed in the report; empty for a study built in Python.
    """

    schema_: Annotated[Integer, AfterValidator(_version)] = Field(
        alias="schema", description="Version of this format: 1."
    )
    study: StudyHeader
    intervention: Intervention
    areas: Areas
    time: Time = Field(default_factory=Time)
    sources: Annotated[dict[Name, Source], Field(min_length=1, description="Where the rows come from, by name.")]
    outcomes: Annotated[dict[Slug, Outcome], Field(min_length=1, description="What is measured, by name.")]
    outputs: dict[Slug, Output] = Field(
        default_factory=dict, description="What the service did, by name: counted, and never judged as a result."
    )
    models: Models = Field(
        default=("did", "event_study", "its"), description="Models to fit: names, or names with options."
    )
    decision: DecisionRule = Field(default_factory=DecisionRule)
    disclosure: Disclosure = Field(default_factory=Disclosure)
    level: Number = Field(default=0.95, gt=0.5, lt=1, description="Confidence level of every interval.")
    seed: Integer = Field(default=0, ge=0, description="Seed of anything random.")

    _folder: Path = PrivateAttr(default_factory=Path.cwd)
    _text: str = PrivateAttr(default="")
    _file_name: str = PrivateAttr(default="study.yaml")

    @property
    def folder(self) -> Path:
        """Folder that paths are relative to."""
        return self._folder

    @property
    def text(self) -> str:
        """Text of the study file; empty for a study built in Python."""
        return self._text

    @property
    def file_name(self) -> str:
        """Name of the study file, without its folder."""
        return self._file_name

    def located(self, path: Path, text: str) -> Self:
        """Return the same study, read from `path`."""
        placed = self.model_copy()
        placed._folder, placed._text, placed._file_name = path.resolve().parent, text, path.name  # noqa: SLF001
        return placed

    @property
    def deciding_outcome(self) -> str:
        """Outcome the decision rests on: the declared one, else the primary one, else the first."""
        if self.decision.outcome is not None:
            return self.decision.outcome
        primary = [key for key, o in self.outcomes.items() if o.role is OutcomeRole.PRIMARY]
        return (primary or list(self.outcomes))[0]

    @property
    def model_options(self) -> dict[str, Any]:
        """Options of each chosen model, in the order of the file."""
        return chosen_options(self.models)

    def to_dict(self) -> dict[str, Any]:
        """Return the study as plain values, with the keys of the file."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
