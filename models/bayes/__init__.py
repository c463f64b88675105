"""Bayesian models: a likelihood for each kind of outcome, one hierarchical predictor, one sampler, one set of gates."""
