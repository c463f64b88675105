"""Outcomes of a study: one section class per outcome kind, chosen by the key ``kind``."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from impact.study.base import Section
from impact.study.scalars import ColumnOrDay, Flag, Integer, Name, Number, Text

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
    role: OutcomeRole = Field(default=OutcomeRole.SECONDARY, description="primary, secondary, guardrail or placebo.")


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


class TimeToEventOutcome(OutcomeBase):
    """Share of cases with an event within a horizon; an effect is a difference in shares."""

    kind: Literal["time_to_event"] = Field(description=KIND)
    event: Name = Field(description="Column with the day of the event; blank = not seen.")
    horizon: Integer = Field(
        gt=0, le=36_525, description="Days after the source's time column within which an event counts."
    )
    censor: ColumnOrDay = Field(description="Column with the day of the extract, or that day.")


type Outcome = Annotated[
    CountOutcome | BinaryOutcome | OrdinalOutcome | ContinuousOutcome | DurationOutcome | TimeToEventOutcome,
    Field(discriminator="kind"),
]
