"""The method repeated with other areas taken for treated, and the test and interval that gives."""

from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.inference.permutation import assignments, inverted
from models.synthetic.methods import METHODS, AreaFit
from models.synthetic.series import Series

MOST_SETS = 500
MOST_SETS_WITH_PREDICTORS = 100
ROUNDING = 1e-9
LEAST_FIT = 0.01
"""Smallest RMSPE that counts, in standard deviations of areas' changes from period to period: a fit that is perfect
because donors outnumber periods says nothing of the gap to expect."""
LEAST_SHARE = 1e-12
"""The same as a share of the largest value, for areas that do not move at all before the start."""


@dataclass(frozen=True, slots=True)
class SetFit:
    """A set of areas taken for treated, each against donors of its own, and averaged.

    Attributes
    ----------
    areas
        The fit of each area of the set, in order.
    donors
        Indices of the areas weighted.
    gap
        Mean gap over the set, shape (T',).
    effect
        Mean of the gap over follow-up.
    before, after
        Root mean squares of the gap in the baseline and in the follow-up (RMSPE).
    """

    areas: tuple[AreaFit, ...]
    donors: IntArray
    gap: FloatArray
    effect: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Placebos:
    """Where the treated areas stand among sets of areas of the same number.

    Attributes
    ----------
    sets
        Indices of the areas of each set, shape (C, N1); the treated areas' own is one of them.
    own
        Index of the treated areas' own set.
    exact
        True if those are all there are; False if they are a random choice of them.
    effects, before, after
        Of each set, shape (C,): mean gap over follow-up, and RMSPE before and after.
    shares
        What is left in each set's effect of a constant effect of the treated areas, shape (C,).
    """

    sets: IntArray
    own: int
    exact: bool
    effects: FloatArray
    before: FloatArray
    after: FloatArray
    shares: FloatArray

    @property
    def attainable_p(self) -> float:
        """Smallest p-value these sets could give, however large the effect.

        One over their number, or twice that where the comparison areas are a set of the same size with the same gaps
        the other way round.
        """
        own = self.before[self.own]
        mirrored = (np.abs(np.abs(self.shares) - 1) <= ROUNDING) & (np.abs(self.before - own) <= ROUNDING * own)
        mirrored[self.own] = True
        return int(mirrored.sum()) / len(self.effects)

    @property
    def p_value(self) -> float:
        """Share of the sets whose mean gap after, against the RMSPE before, is at least as large in size."""
        return _share_above(np.abs(self.effects) / self.before, self.own)

    @property
    def ratios(self) -> FloatArray:
        """RMSPE after over RMSPE before of each set, shape (C,)."""
        found: FloatArray = self.after / self.before
        return found

    @property
    def ratio_p(self) -> float:
        """Share of the sets whose RMSPE grew at least as much."""
        return _share_above(self.ratios, self.own)

    @property
    def rank(self) -> int:
        """1 if no set's RMSPE grew more."""
        own = self.ratios[self.own]
        return 1 + int((self.ratios > own * (1 + ROUNDING)).sum())

    def interval(self, level: float) -> tuple[float, float] | None:
        """Constant effects that the test does not reject; None if it could reject none at this level.

        Under an effect c a set's mean gap is ``effect - c share``. A set that counts however large the effect, because
        its baseline fits so much better than the treated areas' own, can make all effects possible.
        """
        relative = self.before[self.own] / self.before
        shares = relative * self.shares
        always = np.abs(shares) >= 1 - ROUNDING
        always[self.own] = True
        return inverted(float(self.effects[self.own]), relative * self.effects, shares, always, level)


def fit_set(series: Series, method: str, members: IntArray) -> SetFit:
    """Fit every area of a set to donors outside it, each by itself, and average.

    Parameters
    ----------
    method
        Key of `METHODS`.
    members
        Indices of the set's areas, shape (N1,).

    Notes
    -----
    One synthetic area for each treated one, as in Abadie and L'Hour 2021 (JASA 116:1817) and, at its end of wholly
    separate weights, Ben-Michael, Feller and Rothstein 2022 (JRSS B 84:351); not one for their mean.
    """
    donors = np.setdiff1d(np.arange(len(series.names)), members)
    fits = tuple(METHODS[method](series.problem(int(a), donors)) for a in members)
    gap = np.mean([f.gap for f in fits], axis=0)
    before, after = gap[series.before], gap[~series.before]
    return SetFit(fits, donors, gap, float(after.mean()), _rms(before), _rms(after))


def placebos(series: Series, method: str, seed: int) -> Placebos:
    """Take each area (or each set of as many areas as are treated) for treated in turn.

    The treated areas join the donors of the others, as Abadie, Diamond and Hainmueller 2010 (JASA 105:501) do, so that
    every set has as many donors as the treated areas and, without any effect, areas that could change places give a
    test of the size it states.
    """
    sets, exact = _sets(series, seed)
    own = int(np.flatnonzero((sets == np.flatnonzero(series.treated)).all(axis=1))[0])
    fits = [fit_set(series, method, members) for members in sets]
    early = series.values[:, series.before]
    steps = np.diff(early, axis=1)
    least = max(LEAST_FIT * float(steps.std()), LEAST_SHARE * float(np.abs(early).max())) or 1.0
    return Placebos(
        sets=sets,
        own=own,
        exact=exact,
        effects=np.asarray([f.effect for f in fits]),
        before=np.maximum(np.asarray([f.before for f in fits]), least),
        after=np.asarray([f.after for f in fits]),
        shares=np.asarray([_share(series.treated, members, f) for members, f in zip(sets, fits, strict=True)]),
    )


def _sets(series: Series, seed: int) -> tuple[IntArray, bool]:
    """Every set of as many areas as are treated, or the treated areas' own and random others."""
    chosen, exact = assignments(series.treated, seed)
    most = MOST_SETS_WITH_PREDICTORS if len(series.titles) else MOST_SETS
    if len(chosen) <= most:
        return chosen, exact
    treated = np.flatnonzero(series.treated)
    ordered = np.sort(chosen, axis=1)
    others = ordered[~(ordered == treated).all(axis=1)]
    drawn = np.random.default_rng(seed).choice(len(others), most - 1, replace=False)
    return np.concatenate([treated[None, :], others[np.sort(drawn)]]), False


def _share(treated: BoolArray, members: IntArray, fit: SetFit) -> float:
    inside = treated[members].astype(np.float64)
    donors = treated[fit.donors].astype(np.float64)
    return float(np.mean([own - area.weights @ donors for own, area in zip(inside, fit.areas, strict=True)]))


def _share_above(sizes: FloatArray, own: int) -> float:
    return float((sizes >= sizes[own] * (1 - ROUNDING)).mean())


def _rms(values: FloatArray) -> float:
    return float(np.sqrt((values**2).mean()))
