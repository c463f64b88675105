"""Bayesian comparative interrupted time series: what the treated areas would have shown, and how sure that is."""
