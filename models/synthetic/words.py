"""Words and scales that the estimates and checks of synthetic comparisons share."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from models import numbers
from models.changes import LARGEST_LOG, on_scale
from models.estimate import Scale
from models.synthetic.series import Series
from models.wording import signed

MODEL = "synthetic"
METHOD_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "sc": "synthetic control",
        "sdid": "synthetic difference-in-differences",
        "ascm": "augmented synthetic control",
        "did": "difference-in-differences, every period",
    }
)
ENOUGH_DONORS = 10


def effect_on_scale(series: Series, gap: float) -> float | None:
    """Carry an average gap to the scale of the outcome's effects; None where there is no number worth writing."""
    effect = series.effect(gap)
    if effect is None or (series.panel.scale is Scale.RATIO and abs(effect) > LARGEST_LOG):
        return None
    return on_scale(series.panel.scale, effect)


def effect_words(series: Series, gap: float) -> str:
    """Write an average gap as an effect."""
    effect = series.effect(gap)
    return numbers.NOT_AVAILABLE if effect is None else signed(series.panel, effect)


def size_words(series: Series, size: float) -> str:
    """Write the size of a gap, without a sign."""
    if series.level:
        return f"{numbers.significant(size)} {series.panel.unit}"
    return signed(series.panel, size).removeprefix("+")


def value_words(series: Series, value: float) -> str:
    """Write a value of the outcome from the scale areas are weighted on."""
    return numbers.significant(float(series.shown(np.asarray(value))))
