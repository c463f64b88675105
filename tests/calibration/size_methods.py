"""The methods under test, each a function of a stack of runs that gives one p-value per run.

All but two are the shipped functions, called run by run on the changes that `models.changes.change` gives for the whole
stack at once. The two-way regression is written out over all runs, since the shipped one takes 50 ms a run;
`test_calibration_size.py` shows that it, and the headline, give what `did.fit` and `panel_regression.fit` give.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import stats
from size_worlds import Stack

from models.arrays import BoolArray, FloatArray
from models.changes import change
from models.inference.cluster_robust import cluster_robust
from models.inference.collapsed import collapsed_t
from models.inference.cr2 import cr2
from models.inference.ferman_pinto import ferman_pinto
from models.inference.headline import headline_test
from models.inference.jackknife import jackknife_t
from models.inference.permutation import permutation_test, studentised_permutation_test
from models.inference.refusal import NoInference
from models.inference.subcluster import subcluster_bootstrap
from models.inference.wild import Multiplier, wild_bootstrap
from models.panel import CountCells
from models.summary import period_matrix, summarise

LEVEL = 0.95
DRAWS = 999  # of a bootstrap that draws; the sample itself is the thousandth
EVERY, MANY, SOME, FEW = 1.0, 0.3, 0.1, 0.05  # share of the runs a method is tried on, by what a run of it costs


type Test = Callable[[Stack, FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Method:
    """A method under test.

    Attributes
    ----------
    p_values
        Function of a stack and its changes (R, A), giving p-values of shape (R,), NaN where the method refuses.
    share
        Share of the runs it is tried on.
    counts_only
        True if it needs counts.
    """

    p_values: Test
    share: float = EVERY
    counts_only: bool = False


@dataclass(frozen=True, slots=True)
class Headline:
    """The headline of every run, on the linear scale; each of shape (R,)."""

    estimate: FloatArray
    lo: FloatArray
    hi: FloatArray
    p_value: FloatArray


def changes(stack: Stack) -> FloatArray:
    """One change per area and run, shape (R, A)."""
    panel = stack.panel
    found = change(panel, panel.periods.baseline, panel.periods.follow_up)
    if not found.usable.all():
        raise ValueError("a simulated area has no value in a window")
    return found.w.reshape(stack.runs, stack.areas)


def headline(stack: Stack, w: FloatArray) -> Headline:
    """Run the test the headline rule names on changes w, shape (R, A)."""
    tests = [headline_test(own, stack.treated, LEVEL) for own in w]
    rows = [(t.estimate, *t.interval, t.p_value) for t in tests if not isinstance(t, NoInference)]
    return Headline(*np.asarray(rows).reshape(len(tests), 4).T)


def _each(test: Callable[..., object], **options: object) -> Test:
    """p-values of a test of one change per area."""

    def p_values(stack: Stack, w: FloatArray) -> FloatArray:
        return np.asarray([_p(test(own, stack.treated, LEVEL, **options)) for own in w])

    return p_values


def _p(found: object) -> float:
    return np.nan if isinstance(found, NoInference) else found.p_value  # type: ignore[attr-defined]


def _seed(values: FloatArray) -> int:
    """A seed of its own for each run: with one seed for all, the luck of one set of draws would be in every figure."""
    return zlib.crc32(np.ascontiguousarray(values).tobytes())


def _webb(stack: Stack, w: FloatArray) -> FloatArray:
    options = {"multiplier": Multiplier.WEBB, "draws": DRAWS}
    return np.asarray([_p(wild_bootstrap(own, stack.treated, LEVEL, _seed(own), **options)) for own in w])


def _merged(stack: Stack, w: FloatArray) -> FloatArray:  # noqa: ARG001 - its changes are others
    one = stack.merged()
    return _each(collapsed_t)(one, changes(one))


def _cr1(stack: Stack, w: FloatArray) -> FloatArray:
    """Areas as clusters with the usual factor G/(G - 1), referred to t(G - 1)."""
    design = np.column_stack([np.ones(stack.areas), stack.treated])
    areas = np.arange(stack.areas)
    p = []
    for own in w:
        found = cluster_robust(own, design, 1, areas)
        assert not isinstance(found, NoInference)
        p.append(2 * stats.t.sf(abs(found.estimate) / found.cr1, stack.areas - 1))
    return np.asarray(p)


def values_by_month(stack: Stack) -> FloatArray:
    """Every single month's value, shape (R, A, T)."""
    return period_matrix(stack.panel.cells)[0].reshape(stack.runs, stack.areas, -1)


def _subcluster(stack: Stack, w: FloatArray) -> FloatArray:  # noqa: ARG001 - it takes the months
    before, after = stack.panel.periods.baseline, stack.panel.periods.follow_up
    return np.asarray(
        [
            _p(subcluster_bootstrap(values, stack.treated, before, after, LEVEL, _seed(values), draws=DRAWS))
            for values in values_by_month(stack)
        ]
    )


def _ferman_pinto(stack: Stack, w: FloatArray) -> FloatArray:
    """With the size of an area by its cases in the baseline; in counts, by its incidents."""
    sizes = summarise(stack.panel.cells, stack.panel.periods.baseline).n.reshape(stack.runs, stack.areas)
    p = []
    for own, size in zip(w, sizes, strict=True):
        found = ferman_pinto(own, stack.treated, size, LEVEL, _seed(own), draws=DRAWS)
        p.append(_p(found if isinstance(found, NoInference) else found.test))
    return np.asarray(p)


def two_way(values: FloatArray, treated: BoolArray, post: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Two-way fixed effects on every run: coefficient, robust and clustered standard error, each of shape (R,).

    Parameters
    ----------
    values
        Shape (R, A, T), complete.
    treated, post
        Masks of shape (A,) and (T,).
    """
    areas, length = values.shape[1:]
    x = np.outer(treated - treated.mean(), post - post.mean())
    size = (x**2).sum()
    own = values - values.mean(axis=2, keepdims=True) - values.mean(axis=1, keepdims=True)
    estimate = (own * x).sum(axis=(1, 2)) / size
    # Within both effects the values are `own` plus their grand mean.
    scores = (own + values.mean(axis=(1, 2), keepdims=True) - estimate[:, None, None] * x) * x
    n, df = areas * length, areas * length - areas - length
    robust, clustered = (scores**2).sum(axis=(1, 2)), (scores.sum(axis=2) ** 2).sum(axis=1)
    return estimate, np.sqrt(robust * n / df) / size, np.sqrt(clustered * n / df) / size


def _two_way(which: int) -> Test:
    def p_values(stack: Stack, w: FloatArray) -> FloatArray:  # noqa: ARG001 - it takes the months
        values = values_by_month(stack)
        found = two_way(values, stack.treated, stack.panel.periods.follow_up)
        df = stack.areas * values.shape[2] - stack.areas - values.shape[2]
        return 2 * stats.t.sf(np.abs(found[0]) / found[which], df)

    return p_values


def _poisson(which: str) -> Test:
    """Poisson regression of every month on area and month effects, by statsmodels."""

    def p_values(stack: Stack, w: FloatArray) -> FloatArray:  # noqa: ARG001 - it takes the months
        import statsmodels.api as sm

        cells = stack.panel.cells
        assert isinstance(cells, CountCells)
        length = cells.events.shape[1]
        area, month = (i.ravel() for i in np.indices((stack.areas, length)))
        effects = [area[:, None] == np.arange(stack.areas), month[:, None] == np.arange(1, length)]
        exposed = stack.treated[area] & stack.panel.periods.follow_up[month]
        design = np.column_stack([*effects, exposed]).astype(np.float64)
        clustered = {"cov_type": "cluster", "cov_kwds": {"groups": area}}
        options: dict[str, dict[str, object]] = {"own": {}, "robust": {"cov_type": "HC0"}, "clustered": clustered}
        runs = cells.events.reshape(stack.runs, -1)
        fits = [sm.GLM(events, design, sm.families.Poisson()).fit(**options[which]) for events in runs]
        return np.asarray([fitted.pvalues[-1] for fitted in fits])

    return p_values


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "**Collapsed t (headline)**": Method(lambda stack, w: headline(stack, w).p_value),
        "Exact permutation": Method(_each(permutation_test)),
        "Permutation of Welch's t": Method(_each(studentised_permutation_test), SOME),
        "CR2, Bell-McCaffrey df": Method(_each(cr2)),
        "Jackknife (CRV3), t(6)": Method(_each(jackknife_t)),
        "Wild bootstrap, Rademacher, all 128": Method(_each(wild_bootstrap), SOME),
        "Wild bootstrap, Webb, 999 draws": Method(_webb, SOME),
        "Subcluster wild bootstrap, 999 draws": Method(_subcluster, SOME),
        "Ferman-Pinto": Method(_ferman_pinto, FEW),
        "Treated areas as one unit, t(4)": Method(_merged, MANY),
        "Clustered by area (CR1 of the changes), t(6)": Method(_cr1, MANY),
        "Two-way fixed effects, robust": Method(_two_way(1), MANY),
        "Two-way fixed effects, clustered": Method(_two_way(2), MANY),
        "Poisson regression, its own errors": Method(_poisson("own"), FEW, counts_only=True),
        "Poisson regression, robust": Method(_poisson("robust"), FEW, counts_only=True),
        "Poisson regression, clustered": Method(_poisson("clustered"), FEW, counts_only=True),
    }
)
