"""What a two-way fixed-effects regression averages (Goodman-Bacon 2021, Journal of Econometrics 225:254)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.inference.refusal import NoInference


class PairKind(StrEnum):
    """Which two groups are compared."""

    NEVER = "never"  # treated against never treated
    EARLIER = "earlier"  # earlier against later, before the later start
    LATER = "later"  # later against earlier, which has been treated all along: the forbidden one


@dataclass(frozen=True, slots=True)
class Pair:
    """One two-by-two comparison.

    Attributes
    ----------
    kind
        Which sort it is.
    treated, other
        First bin after the start of the two groups; the number of bins for areas that never start.
    weight
        Its part of the regression's coefficient; all weights add up to 1.
    estimate
        Difference-in-differences of the two groups over the bins it uses.
    """

    kind: PairKind
    treated: int
    other: int
    weight: float
    estimate: float


@dataclass(frozen=True, slots=True)
class Bacon:
    """The regression's coefficient, and the comparisons it is the weighted mean of."""

    coefficient: float
    pairs: tuple[Pair, ...]

    def share(self, kind: PairKind) -> float:
        """Weight of all comparisons of a kind."""
        return sum(pair.weight for pair in self.pairs if pair.kind is kind)

    def mean(self, kind: PairKind) -> float | None:
        """Weighted mean of the comparisons of a kind; None if there is none."""
        share = self.share(kind)
        if not share:
            return None
        return sum(pair.weight * pair.estimate for pair in self.pairs if pair.kind is kind) / share


def two_way(values: FloatArray, on: BoolArray) -> float:
    """Coefficient of ``on`` in a regression on area and bin effects; both of shape (A, B), nothing missing."""
    left = _within(on.astype(np.float64))
    return float((left * values).sum() / (left**2).sum())


def _within(matrix: FloatArray) -> FloatArray:
    result: FloatArray = matrix - matrix.mean(axis=1, keepdims=True) - matrix.mean(axis=0) + matrix.mean()
    return result


def decompose(values: FloatArray, first: IntArray) -> Bacon | NoInference:
    """Split the two-way coefficient into the two-by-two comparisons it averages.

    Parameters
    ----------
    values
        Value of each area in each bin, shape (A, B).
    first
        First bin of the intervention in each area, shape (A,), at least 1; B or more if it never starts.

    Returns
    -------
    Bacon or NoInference
        Why there is none: a value is missing, an area has no bin before, or nobody is treated.
    """
    bins = values.shape[1]
    if np.isnan(values).any():
        return NoInference("The decomposition needs a value for every area in every bin, and some are missing.")
    if (first < 1).any():
        return NoInference("The decomposition needs a bin before the start in every area.")
    starts = np.minimum(first, bins)
    if (starts == starts[0]).all():
        return NoInference("All areas start together or none does, so area and bin effects leave nothing to estimate.")
    pairs = tuple(_pairs(values, starts))
    total = sum(pair.weight for pair in pairs)
    shares = tuple(Pair(p.kind, p.treated, p.other, p.weight / total, p.estimate) for p in pairs)
    return Bacon(two_way(values, np.arange(bins) >= starts[:, None]), shares)


def _pairs(values: FloatArray, starts: IntArray) -> Iterator[Pair]:
    """Comparisons with weights in proportion to what theirs are: theorem 1, equations 10a to 10g."""
    bins = values.shape[1]
    groups = sorted(set(starts.tolist()))
    means = {g: values[starts == g].mean(axis=0) for g in groups}
    size = {g: float((starts == g).mean()) for g in groups}
    for i, early in enumerate(groups):
        for late in groups[i + 1 :]:
            both = size[early] * size[late]
            on, later_on = (bins - early) / bins, (bins - late) / bins
            moved = means[early] - means[late]
            if late == bins:
                gap = moved[early:].mean() - moved[:early].mean()
                yield Pair(PairKind.NEVER, early, late, both * on * (1 - on), float(gap))
                continue
            middle = moved[early:late].mean()
            yield Pair(
                PairKind.EARLIER,
                early,
                late,
                both * (on - later_on) * (1 - on),
                float(middle - moved[:early].mean()),
            )
            yield Pair(
                PairKind.LATER, late, early, both * later_on * (on - later_on), float(middle - moved[late:].mean())
            )
