"""The decision rule, declared before the data are seen."""

from typing import Annotated, Literal

from pydantic import Field

from impact.study.base import Section
from impact.study.economics import GREEN_BOOK_RATE, Extension, Extensions, Perspective, ScaleUp, UnitValue
from impact.study.scalars import Integer, Name, Number

type Probability = Annotated[Number, Field(gt=0, lt=1)]


class Rule(Section):
    """Thresholds on probabilities: of a net benefit where `value` is given, else of a worthwhile effect."""

    scale_up_if: Probability = Field(
        default=0.8,
        description="Scale up if the probability of a net benefit, or of a worthwhile effect, is at least this.",
    )
    stop_if: Probability = Field(
        default=0.2, description="Stop if the probability of a net benefit, or of a worthwhile effect, is below this."
    )
    harm: Probability = Field(default=0.1, description="Never scale up if the probability of harm reaches this.")
    harm_margin: Number | None = Field(
        default=None,
        ge=0,
        description=(
            "Smallest change in the wrong direction that counts as harm, in the headline unit and without a sign; "
            "default: the size of the worthwhile effect."
        ),
    )


class DecisionRule(Section):
    """Which outcome decides, and by which thresholds."""

    outcome: Name | None = Field(default=None, description="Default: the primary outcome, else the first.")
    rule: Rule = Field(default_factory=Rule)
    value: UnitValue | None = Field(default=None, description="What one unit of the outcome is worth.")
    scale_up: ScaleUp | None = Field(default=None, description="What scaling up would cost and reach.")
    discount_rate: Number = Field(
        default=GREEN_BOOK_RATE, ge=0, lt=1, description="What a year's delay takes off costs and benefits."
    )
    optimism_bias: Number = Field(
        default=0.0, ge=0, lt=1, description="Share taken off the benefits because pilots tend to flatter."
    )
    perspective: Perspective = Field(
        default="all",
        description=(
            "Whose benefits decide: all, fiscal (cashable and non-cashable) or cashable; the others are shown beside."
        ),
    )
    extension: Extensions | None = Field(
        default=None, description="A longer or larger pilot, or a list of them, that could be run before deciding."
    )

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """Every extension declared."""
        if self.extension is None:
            return ()
        return (self.extension,) if isinstance(self.extension, Extension) else self.extension


class Disclosure(Section):
    """Suppression of small cells in everything published."""

    minimum: Integer = Field(
        default=5, ge=0, description="Cells of fewer people than this are not shown; 0 = show all."
    )


type ReaderName = Literal["generic", "panel", "police.uk"]
