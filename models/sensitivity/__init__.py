"""Sensitivity of a difference-in-differences: the same comparison with one choice made otherwise, as checks."""
