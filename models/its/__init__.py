"""Interrupted time series: a segmented regression of the treated areas' own series, and others' beside it."""

from models.its.estimates import AVERAGE, NAME, NOTE
from models.its.model import fit
from models.its.options import ItsOptions

__all__ = ["AVERAGE", "NAME", "NOTE", "ItsOptions", "fit"]
