"""Difference-in-differences: one change per area, with inference that holds for a handful of areas."""

from models.did.model import DidOptions, change, estimates, fit

__all__ = ["DidOptions", "change", "estimates", "fit"]
