"""Options of `staggered`."""

from dataclasses import dataclass
from typing import Literal

MOST_ANTICIPATED = 1_000


@dataclass(frozen=True, slots=True)
class StaggeredOptions:
    """Options of `staggered`.

    Attributes
    ----------
    aggregate
        The average the study is judged by. `group`: each area's mean effect since its start, and the mean of those over
        areas. `simple`: every area and bin alike, so that early areas count more often. `dynamic`: each time since the
        start alike. `calendar`: each bin of the calendar alike. All four are shown.
    compared_with
        Areas a start is compared with: `never` for the comparison areas alone, `not_yet` for those and the areas that
        start later, as long as they have not. Without comparison areas only `not_yet` gives an answer.
    base
        What the bins before a start are compared with: `varying` for the bin before each, `universal` for the last one
        before the start. It does not touch the effects after the start.
    anticipation
        Periods before a start in which something may already have changed; the last bin before them is the base.
    bin
        Length of a bin: `period`, `quarter`, `half_year` or `year`. With `auto` it is the longest for which every start
        is the start of a bin and every area has a value in every bin: longer bins are less noisy.
    """

    aggregate: Literal["group", "simple", "dynamic", "calendar"] = "group"
    compared_with: Literal["never", "not_yet"] = "never"
    base: Literal["varying", "universal"] = "varying"
    anticipation: int = 0
    bin: Literal["auto", "period", "quarter", "half_year", "year"] = "auto"

    def __post_init__(self) -> None:
        if not 0 <= self.anticipation <= MOST_ANTICIPATED:
            raise ValueError(f"anticipation is a number of periods from 0 to {MOST_ANTICIPATED:,}.")
