"""Why a method gives no inference."""

import math
from dataclasses import dataclass

from models import numbers

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class NoInference:
    """A method's refusal, in words a person can act on."""

    reason: str


def floor_words(attainable_p: float) -> str:
    """Say why there is no interval at a level beyond this smallest p-value, and what to do."""
    most = math.floor(100 * (1 - attainable_p) + ROUNDING)
    remedy = f"Ask for {most}% or less, or add areas." if most > 0 else "Add areas."
    return (
        f"The smallest possible p-value is {numbers.smallest_p(attainable_p)}, so at this level no effect could be "
        f"ruled out, however large. {remedy}"
    )
