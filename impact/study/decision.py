"""The decision rule, declared before the data are seen."""

from typing import Annotated, Literal

from pydantic import Field

from impact.study.base import Section
from impact.study.scalars import Integer, Name, NotBuilt, Number

type Probability = Annotated[Number, Field(gt=0, lt=1)]


class Rule(Section):
    """Thresholds on probabilities."""

    scale_up_if: Probability = Field(
        default=0.8, description="Scale up if the probability of a worthwhile effect is at least this."
    )
    stop_if: Probability = Field(
        default=0.2, description="Stop if the probability of a worthwhile effect is below this."
    )
    harm: Probability = Field(default=0.1, description="Never scale up if the probability of harm reaches this.")


class DecisionRule(Section):
    """Which outcome decides, and by which thresholds."""

    outcome: Name | None = Field(default=None, description="Default: the primary outcome, else the first.")
    rule: Rule = Field(default_factory=Rule)
    value: NotBuilt = Field(default=None, description="What one unit of the outcome is worth. Not supported yet.")
    scale_up: NotBuilt = Field(default=None, description="What scaling up would cost and reach. Not supported yet.")


class Disclosure(Section):
    """Suppression of small cells in everything published."""

    minimum: Integer = Field(
        default=5, ge=0, description="Cells of fewer people than this are not shown; 0 = show all."
    )


type ReaderName = Literal["generic", "panel", "police.uk"]
