"""All specifications at once: the median of their estimates, against that of other choices of treated areas."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.borders import Borders, bordering
from models.inference.permutation import attainable_p
from models.panel import Kind
from models.sensitivity.choices import carried
from models.sensitivity.combinations import Specification
from models.sensitivity.labels import labellings

SLACK = 1e-9  # of the median: estimates that should tie differ by rounding


@dataclass(frozen=True, slots=True)
class Joint:
    """Where the median estimate stands.

    Attributes
    ----------
    median
        Of all specifications, for the treated areas, on the linear scale.
    rank
        1 if no other choice of treated areas gives a median that is larger in size.
    p_value, attainable_p
        Share of the choices whose median is at least as large in size, and the smallest it could be.
    assignments, exact
        Choices compared, and whether they are all there are.
    """

    median: float
    rank: int
    p_value: float
    attainable_p: float
    assignments: int
    exact: bool


def joint_test(specs: Sequence[Specification], kind: Kind, treated: BoolArray, borders: Borders, seed: int) -> Joint:
    """Take the median over specifications for every choice of as many areas as are treated.

    Parameters
    ----------
    specs
        Specifications that have an estimate, the main analysis among them.
    treated
        Mask of the treated areas, shape (G,).
    borders
        Of the same areas.
    seed
        Seed of random choices, where there are too many to list.

    Notes
    -----
    Simonsohn, Simmons and Nelson 2020 (Nature Human Behaviour 4:1208), with areas in place of observations. The median
    is a function of the data and of which areas are called treated, so that its rank is uniform if no area's changes
    depended on being treated and every choice of areas was as likely. Areas left out as dominant are left out whoever
    is called treated; areas next door are those of the areas called treated, or, where the borders of others are not
    known, those of the study. A specification that a choice leaves without treated or comparison areas does not count
    for it.
    """
    labels, exact = labellings(treated, seed)
    beside = bordering(borders, labels) if borders.complete else bordering(borders, treated) & ~labels
    medians = _medians(estimates_of(specs, kind, labels, beside))
    own = float(medians[(labels == treated).all(axis=1)][0])
    slack = SLACK * float(np.abs(medians).max())
    return Joint(
        median=own,
        rank=1 + int((np.abs(medians) > abs(own) + slack).sum()),
        p_value=float((np.abs(medians) >= abs(own) - slack).mean()),
        attainable_p=attainable_p(int(treated.sum()), int((~treated).sum())) if exact else 1 / len(labels),
        assignments=len(labels),
        exact=exact,
    )


def estimates_of(specs: Sequence[Specification], kind: Kind, labels: BoolArray, beside: BoolArray) -> FloatArray:
    """Estimate every specification for every choice of treated areas.

    Parameters
    ----------
    labels, beside
        Areas called treated, and areas next to them, shape (C, G).

    Returns
    -------
    array
        On the linear scale of the outcome, shape (C, S); NaN where a specification has no estimate.
    """
    keep = np.asarray([spec.keep for spec in specs])
    size = np.where(keep, np.asarray([spec.size for spec in specs]), 0.0)
    w = np.where(keep, np.asarray([spec.w for spec in specs]), 0.0)
    level = np.where(keep, np.asarray([np.zeros_like(s.w) if s.level is None else s.level for s in specs]), 0.0)
    apart = np.asarray([spec.options.beside > 0 for spec in specs])
    inside, outside = labels.astype(np.float64), (~labels).astype(np.float64)
    treated_size, treated_sum = inside @ size.T, inside @ (size * w).T
    rest_size, rest_sum = outside @ size.T, outside @ (size * w).T
    if apart.any():
        further = (~labels & ~beside).astype(np.float64)
        rest_size[:, apart], rest_sum[:, apart] = further @ size[apart].T, further @ (size * w)[apart].T
    gap = _ratio(treated_sum, treated_size) - _ratio(rest_sum, rest_size)
    other = np.asarray([spec.level is not None for spec in specs])
    if other.any():
        reached = _ratio(inside @ (size * level)[other].T, treated_size[:, other])
        gap[:, other] = carried(kind, reached, gap[:, other])
    return gap


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    out = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=out, where=bottom > 0)
    return out


def _medians(estimates: FloatArray) -> FloatArray:
    """Median over specifications, shape (C,); 0, no effect, for a choice of areas that none of them can estimate."""
    none = np.isnan(estimates).all(axis=1)
    return np.nanmedian(np.where(none[:, None], 0.0, estimates), axis=1)
