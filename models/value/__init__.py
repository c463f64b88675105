"""What a roll-out would be worth, and what it would be worth to know more first."""

from models.value.benefit import (
    Amount,
    BreakEven,
    Curve,
    Lines,
    NetBenefit,
    Pays,
    PerspectiveBenefit,
    cost_per_unit,
    net_benefit,
    pays,
)
from models.value.extension import Evidence, Extension, Menu, Worth, extensions, standard_menu
from models.value.information import evpi, normal_evpi, normal_evsi
from models.value.price import Form, Price
from models.value.roll_out import GREEN_BOOK_RATE, Perspective, RollOut, Shares, Stake
from models.value.tornado import Bar, Ranges, Tornado, tornado
from models.value.units import Unit, cut_of, effect_for, student_draws, units_averted, units_foreseen

__all__ = [
    "GREEN_BOOK_RATE",
    "Amount",
    "Bar",
    "BreakEven",
    "Curve",
    "Evidence",
    "Extension",
    "Form",
    "Lines",
    "Menu",
    "NetBenefit",
    "Pays",
    "Perspective",
    "PerspectiveBenefit",
    "Price",
    "Ranges",
    "RollOut",
    "Shares",
    "Stake",
    "Tornado",
    "Unit",
    "Worth",
    "cost_per_unit",
    "cut_of",
    "effect_for",
    "evpi",
    "extensions",
    "net_benefit",
    "normal_evpi",
    "normal_evsi",
    "pays",
    "standard_menu",
    "student_draws",
    "tornado",
    "units_averted",
    "units_foreseen",
]
