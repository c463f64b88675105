"""Options of `synthetic`."""

from dataclasses import dataclass
from typing import Literal, get_args

type MethodName = Literal["sc", "sdid", "ascm"]
type ScaleName = Literal["linear", "level"]

LEAST_VALIDATION = 2


@dataclass(frozen=True, slots=True)
class SyntheticOptions:
    """Options of `synthetic`.

    Attributes
    ----------
    method
        Which estimate comes first and is tested, decided beforehand: `sc` (synthetic control: weights from 0 to 1 that
        sum to 1, so nothing is extrapolated), `sdid` (synthetic difference-in-differences: weights for areas and for
        periods, and levels may differ) or `ascm` (synthetic control with its remaining gap before the start taken off
        by ridge regression; weights may be negative). The others stand beside it as points.
    scale
        Scale on which areas are weighted: `linear` (log rates and log days; shares and amounts as they are) or `level`
        (rates and days themselves, which also takes periods without events).
    validation
        Only with predictors: the number of last baseline periods whose outcome chooses how much each predictor counts,
        the predictors being taken from the stretch before (`training`). Empty: every baseline period's outcome, and the
        predictors as they are.
    """

    method: MethodName = "sc"
    scale: ScaleName = "linear"
    validation: int | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("method", get_args(MethodName.__value__)), ("scale", get_args(ScaleName.__value__))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} == {getattr(self, name)!r}, must be one of {', '.join(allowed)}")
        held = self.validation
        if held is not None and (not isinstance(held, int) or isinstance(held, bool) or held < LEAST_VALIDATION):
            raise ValueError(f"validation == {held!r}, must be a whole number of at least {LEAST_VALIDATION}")
