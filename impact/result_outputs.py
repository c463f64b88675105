"""The part of a result that says what the service did; see `impact.result`."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class OutputWindow:
    """What was done in one group of areas in one window; null where not recorded or suppressed.

    `areas` is how many areas of the group have a record in the window; `rate` is in the output's unit.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    group: Literal["treated", "comparison"]
    window: Literal["baseline", "follow_up"]
    count: float | None
    rate: float | None
    areas: int
    suppressed: bool


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """An activity of the service, counted: no estimate, no direction and no part in the verdict.

    Counts below `disclosure_minimum` are not shown (0: all are), nor those that would give them away.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    title: str
    unit: str
    windows: tuple[OutputWindow, ...]
    disclosure_minimum: int
