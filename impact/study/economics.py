"""What an effect is worth, what scaling up would cost, and what more evidence would cost: keys of `decision`."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from impact.study.base import Section
from impact.study.scalars import Integer, Number, Text, list_or_word

type Perspective = Literal["all", "fiscal", "cashable"]

GREEN_BOOK_RATE = 0.035
"""Social time preference rate of HM Treasury's Green Book, a year."""


class ValueDistribution(Section):
    """How uncertain the value of one unit is."""

    triangular: Annotated[
        tuple[Annotated[Number, Field(ge=0)], ...],
        Field(min_length=3, max_length=3, description="Least, most likely and greatest value of one unit."),
    ]


class ValueShares(Section):
    """Whose the value is; the three add up to 1."""

    cashable: Number = Field(ge=0, le=1, description="Share that lets a public body spend less.")
    non_cashable: Number = Field(
        ge=0, le=1, description="Share that frees time or capacity of a public body which it still pays for."
    )
    social: Number = Field(ge=0, le=1, description="Share that falls to people and not to a public budget.")


class UnitValue(Section):
    """What one unit of the outcome is worth: one event averted, one case more with a good result."""

    per_unit: Number = Field(gt=0, description="Best estimate of the value of one unit, in money.")
    distribution: ValueDistribution | None = Field(
        default=None, description="How uncertain that is; default: taken as known."
    )
    price_year: Integer | None = Field(default=None, ge=1900, le=2200, description="Year of the prices.")
    note: Text | None = Field(default=None, description="What a unit is and where the value comes from.")
    shares: ValueShares | None = Field(default=None, description="Whose the value is; default: not split up.")


class ScaleUp(Section):
    """What scaling up would cost and reach. Prices are of `value.price_year`."""

    cost_per_year: Number = Field(ge=0, description="Full cost a year: posts, on-costs, management, partners' time.")
    annual_units: Number = Field(
        gt=0,
        description=(
            "How many a year there would be where it is rolled out, without it: events for counts, cases for every "
            "other kind."
        ),
    )
    years: Integer = Field(default=1, gt=0, le=30, description="Years the decision is for.")
    set_up: Number = Field(default=0.0, ge=0, description="Cost at the start, once.")
    savings_per_year: Number = Field(
        default=0.0, ge=0, description="Other savings a year that do not hang on the effect."
    )
    reach: Number = Field(default=1.0, gt=0, le=1, description="Share of `annual_units` that the service would reach.")


class Extension(Section):
    """A longer or larger pilot that could be run before deciding."""

    cost: Number = Field(ge=0, description="What it would cost.")
    years: Number = Field(default=1.0, gt=0, le=20, description="Years it would take; the decision waits that long.")
    more_areas: Integer = Field(default=0, ge=0, le=10_000, description="Treated areas it would add.")
    label: Text | None = Field(default=None, description="What to call it in the report.")


type Extensions = Annotated[
    Annotated[Extension, Tag("word")] | Annotated[tuple[Extension, ...], Field(min_length=1), Tag("list")],
    Discriminator(list_or_word),
]
