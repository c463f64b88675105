"""Outcomes of a study: one section class per outcome kind, chosen by the key ``kind``."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from impact.study.base import Section
from impact.study.scalars import (
    ColumnOrDay,
    Flag,
    Integer,
    Mark,
    Name,
    Number,
    OneOrMore,
    Text,
    mapping_or_word,
)

KIND = "Kind of outcome; it settles how rows become numbers and which other keys it takes."


class Better(StrEnum):
    """Which way the outcome should move."""

    HIGHER = "higher"
    LOWER = "lower"

    @property
    def sign(self) -> int:
        """+1 if more is better, -1 if less is better."""
        return 1 if self is Better.HIGHER else -1


class OutcomeRole(StrEnum):
    """Part an outcome plays in the decision."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    GUARDRAIL = "guardrail"
    PLACEBO = "placebo"


class PredictorStretch(Section):
    """A column's mean over a stretch of time, blanks left out."""

    value: Name = Field(description="Column with it; may be the outcome's own.")
    from_: Mark = Field(alias="from", description="First day, month, quarter or year of the stretch.")
    to: Mark = Field(description="Last day, month, quarter or year of it; before the start.")


class OutcomePredictor(PredictorStretch):
    """Something known of every area, in which synthetic comparisons are to be like the treated areas."""

    title: Text | None = Field(default=None, description="Plain label for the report; default: the column.")
    training: PredictorStretch | None = Field(
        default=None,
        description=(
            "The same thing in an earlier stretch, with which option `validation` of model `synthetic` settles how "
            "much it counts; default: as above."
        ),
    )


class ElicitedPrior(Section):
    """What was believed of the effect before the data, in the headline unit."""

    best: Number = Field(description="Most credible effect.")
    low: Number = Field(description="Lower end of the range that holds the effect with probability 95%.")
    high: Number = Field(description="Upper end of it.")
    source: Text | None = Field(default=None, description="Who believed it, and why.")


type Prior = Annotated[
    Annotated[Literal["weak", "sceptical"], Tag("word")] | Annotated[ElicitedPrior, Tag("mapping")],
    Discriminator(mapping_or_word),
]


class OutcomeBase(Section):
    """What all outcome kinds share."""

    source: Name = Field(description="Name of the source its rows come from.")
    title: Text | None = Field(default=None, description="Plain label for the report; default: the outcome's key.")
    better: Better = Field(description="Which way the outcome should move: higher or lower.")
    worthwhile: Number | None = Field(
        default=None,
        description=(
            "Smallest change worth having, in the headline unit: points for shares (0.05 = 5 points), ratio - 1 for "
            "counts and durations (-0.05 = 5% fewer). Its sign agrees with `better`."
        ),
    )
    equivalence: Number | None = Field(
        default=None,
        gt=0,
        description=(
            "Effects smaller than this, in either direction and in the headline unit, count as none; less than the "
            "size of the worthwhile effect."
        ),
    )
    prior: Prior = Field(
        default="weak",
        description=(
            "What model `bayes` believes of the effect beforehand: weak, sceptical (large effects are unlikely), or "
            "elicited: {best: …, low: …, high: …}."
        ),
    )
    role: OutcomeRole = Field(default=OutcomeRole.SECONDARY, description="primary, secondary, guardrail or placebo.")
    predictors: tuple[OutcomePredictor, ...] = Field(
        default=(),
        description="What model `synthetic` is to make areas alike in; for sources with one row per area and period.",
    )


class Exposure(Section):
    """Population a count is set against."""

    source: Name = Field(description="Source with one row per area (and, if it has a time column, per period).")
    value: Name = Field(description="Column with the population.")
    per_period: Flag = Field(
        default=False,
        description="true: the population counts once a period, whatever its days, as in a published offset.",
    )


class CountOutcome(OutcomeBase):
    """Number of events; an effect is a rate ratio."""

    kind: Literal["count"] = Field(description=KIND)
    value: Name | None = Field(default=None, description="Column with the count; without it, rows are counted.")
    exposure: Exposure | None = Field(default=None, description="Population; days in the period count too.")


class BinaryOutcome(OutcomeBase):
    """Yes or no; an effect is a difference in shares."""

    kind: Literal["binary"] = Field(description=KIND)
    value: Name = Field(description="Column holding 0/1, true/false or yes/no; blank = no answer.")


class OrdinalOutcome(OutcomeBase):
    """A rating; an effect is a difference in the share at or above a level."""

    kind: Literal["ordinal"] = Field(description=KIND)
    value: Name = Field(description="Column with the rating; blank = no answer.")
    levels: Annotated[tuple[Name, ...], Field(min_length=2, description="The ratings from worst to best.")]
    at_least: Name | None = Field(
        default=None,
        description="Lowest level that counts in the headline share; default: the last but one (of two, the last).",
    )

    @property
    def threshold(self) -> int:
        """Index of the lowest level that counts."""
        if self.at_least is not None:
            return self.levels.index(self.at_least)
        return max(1, len(self.levels) - 2)


class ContinuousOutcome(OutcomeBase):
    """A measured amount; an effect is a difference in means."""

    kind: Literal["continuous"] = Field(description=KIND)
    value: Name = Field(description="Column with the amount; blank = not measured.")


class DurationOutcome(OutcomeBase):
    """Days from the source's time column to something that happens to every case; an effect is a ratio."""

    kind: Literal["duration"] = Field(description=KIND)
    event: Name | None = Field(default=None, description="Column with the day it happened; blank = still open.")
    value: Name | None = Field(default=None, description="Column with the days it took, instead of `event`.")
    censor: ColumnOrDay | None = Field(
        default=None, description="Column with the day of the extract, or that day; needed if cases may be open."
    )


class Repeat(Section):
    """Which later reports are repeats of which first one.

    An episode opens with a report and holds every later report with the same values within so many days of that first
    one; the next report after that opens a new episode. Reports of one day are one report.
    """

    same: OneOrMore = Field(
        description="Column, or columns that must all agree, by which reports belong together: complainant, place."
    )
    within: Integer = Field(
        gt=0, le=36_525, description="Days after the first report of an episode within which a later one is its repeat."
    )
    look_back: Integer | None = Field(
        default=None,
        ge=0,
        le=36_525,
        description=(
            "Days at the start of the source that only show which reports are first; default: `within`. 0 switches it "
            "off: right only if the source holds every report there ever was."
        ),
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must agree."""
        return (self.same,) if isinstance(self.same, str) else self.same

    @property
    def days_back(self) -> int:
        """Days at the start of the source in which no episode is counted."""
        return self.within if self.look_back is None else self.look_back


class TimeToEventOutcome(OutcomeBase):
    """Share of cases with an event within a horizon; an effect is a difference in shares.

    The event is a day in a column, or the next report that `repeat` says belongs to the same matter.
    """

    kind: Literal["time_to_event"] = Field(description=KIND)
    event: Name | None = Field(default=None, description="Column with the day of the event; blank = not seen.")
    repeat: Repeat | None = Field(
        default=None, description="Instead of `event`: rows are reports, and the event is the next one that belongs."
    )
    horizon: Integer | None = Field(
        default=None,
        gt=0,
        le=36_525,
        description=(
            "Days after the source's time column within which an event counts; needed with `event`, and by default "
            "`repeat.within`, which it may not exceed."
        ),
    )
    censor: ColumnOrDay = Field(description="Column with the day of the extract, or that day.")
    competing: tuple[Name, ...] = Field(
        default=(),
        description=(
            "Columns with days of events after which the event cannot come, such as moving away; blank = not seen."
        ),
    )
    followed_to: Literal["window", "extract"] = Field(
        default="window",
        description=(
            "window: a case is followed no longer than the stretch of the baseline or follow-up it was reported in, so "
            "that both windows are treated alike; extract: to the extract."
        ),
    )

    @property
    def last_day(self) -> int:
        """Days after the report within which an event counts.

        Raises
        ------
        ValueError
            If the study gives neither a horizon nor a repeat; checking the study file finds that first.
        """
        days = self.horizon or (self.repeat.within if self.repeat else None)
        if days is None:
            raise ValueError("a time to an event needs a horizon")
        return days


type Outcome = Annotated[
    CountOutcome | BinaryOutcome | OrdinalOutcome | ContinuousOutcome | DurationOutcome | TimeToEventOutcome,
    Field(discriminator="kind"),
]
