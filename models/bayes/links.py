"""The scale on which each kind's Bayesian model is linear, and the way from the headline's scale to it and back.

A headline works on log rates, log days, shares and means (`models.summary`). Models of shares work on log odds, and
models of times to an event on the log hazard: the effect and the shock are stated there and carried over by the slope
of the headline's value at a level (the delta method).
"""

from enum import StrEnum

import numpy as np
from scipy import special

from models.arrays import FloatArray
from models.panel import Kind, Panel
from models.summary import Summary, summarise

HALF_A_CASE = 0.5


class Link(StrEnum):
    """Scale on which a model is linear."""

    LOG = "log rate"
    LOGIT = "log odds"
    CLOGLOG = "log hazard"  # log(-log(1 - share)): log of the hazard summed to the horizon
    LOG_DAYS = "log days"
    IDENTITY = "value"


LINKS = {
    Kind.COUNT: Link.LOG,
    Kind.BINARY: Link.LOGIT,
    Kind.ORDINAL: Link.LOGIT,
    Kind.TIME_TO_EVENT: Link.CLOGLOG,
    Kind.DURATION: Link.LOG_DAYS,
    Kind.CONTINUOUS: Link.IDENTITY,
}


def link_of(kind: Kind) -> Link:
    """Scale on which the model of this kind is linear."""
    return LINKS[kind]


def to_link(link: Link, value: FloatArray | float) -> FloatArray:
    """Carry a value of the headline's scale to the link; a share must lie strictly between 0 and 1."""
    given = np.asarray(value, dtype=np.float64)
    if link is Link.LOGIT:
        return np.asarray(special.logit(given), dtype=np.float64)
    return np.asarray(np.log(-np.log1p(-given)), dtype=np.float64) if link is Link.CLOGLOG else given


def from_link(link: Link, value: FloatArray | float) -> FloatArray:
    """Carry a value of the link to the headline's scale."""
    given = np.asarray(value, dtype=np.float64)
    if link is Link.LOGIT:
        return np.asarray(special.expit(given), dtype=np.float64)
    return np.asarray(-np.expm1(-np.exp(given)), dtype=np.float64) if link is Link.CLOGLOG else given


def slope(link: Link, value: FloatArray | float) -> FloatArray:
    """Change of the headline's value for a small unit of the link, at that value; 1 where the two scales are one."""
    given = np.asarray(value, dtype=np.float64)
    if link is Link.LOGIT:
        return np.asarray(given * (1 - given), dtype=np.float64)
    return -(1 - given) * np.log1p(-given) if link is Link.CLOGLOG else np.ones_like(given)


def bounded(link: Link, value: FloatArray, n: FloatArray) -> FloatArray:
    """Keep shares of n cases half a case away from 0 and 1, where the link has no value; other values stay."""
    if link not in {Link.LOGIT, Link.CLOGLOG}:
        return value
    edge = HALF_A_CASE / (np.maximum(n, 0.0) + 1)
    return np.clip(value, edge, 1 - edge)


def on_link(link: Link, summary: Summary) -> tuple[FloatArray, FloatArray]:
    """Carry a summary to the link.

    Returns
    -------
    value, variance
        Each of shape (A,), NaN where undefined. A share of 0 or 1 is taken as half a case from there, with the
        variance such a share has.
    """
    value = bounded(link, summary.value, summary.n)
    variance = summary.variance
    if link in {Link.LOGIT, Link.CLOGLOG}:
        certain = summary.defined & (value != summary.value)
        variance = np.where(certain, value * (1 - value) / np.maximum(summary.n, 1.0), variance)
    return to_link(link, value), variance / slope(link, value) ** 2


def baseline_level(panel: Panel) -> FloatArray:
    """Value of each area's baseline on the headline's scale, kept off the edge, shape (A,); NaN where undefined."""
    summary = summarise(panel.cells, panel.periods.baseline)
    return bounded(link_of(panel.kind), summary.value, summary.n)
