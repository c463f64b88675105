"""What PyMC sees, what NumPy computes and what SciPy's distributions say are the same log likelihoods."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import special, stats

from models.arrays import FloatArray
from models.bayes.durations import SPREAD_SD, Durations
from models.bayes.hazard import Hazard
from models.bayes.layout import Layout, layout_of
from models.bayes.likelihood import Likelihood
from models.bayes.likelihoods import likelihood_of
from models.bayes.means import Means
from models.bayes.ratings import Ratings
from models.bayes.shares import Shares
from models.design import Design
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    DurationCells,
    Kind,
    OrdinalCells,
    TimeToEventCells,
    per_cell,
    rebuilt,
)

CLOSE = 1e-9  # sums of some hundred terms in double precision, relative
FAR = 40.0  # on the scale of a log odds or a log hazard: probabilities of 1e-18

AREAS, BINS, DRAWS = 3, 4, 2


@pytest.fixture
def layout(make_panel: Callable[..., object]) -> Callable[[Cells], Layout]:
    def build(cells: Cells) -> Layout:
        return layout_of(make_panel(cells, after=2), Design())

    return build


def with_hole(cells: Cells) -> Cells:
    """Empty the cell of the first area and bin."""
    arrays = {name: array.copy() for name, array in per_cell(cells).items()}
    for array in arrays.values():
        array[0, 0] = 0.0
    return rebuilt(cells, arrays)


def drawn(likelihood: Likelihood, seed: int) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Predictors about the baseline's level, and own parameters from their prior."""
    rng = np.random.default_rng(seed)
    extras = dict(likelihood.prior_extras(DRAWS, rng))
    if likelihood.own_noise:
        extras["own_noise"] = rng.uniform(0.2, 0.9, DRAWS)
    return rng.normal(likelihood.centre()[0], 0.7, (DRAWS, AREAS, BINS)), extras


def observed(likelihood: Likelihood, predictor: FloatArray, extras: dict[str, FloatArray], draw: int) -> FloatArray:
    """Evaluate the symbolic log likelihood at one draw."""
    import pymc as pm
    import pytensor
    import pytensor.tensor as pt
    from pytensor.graph.replace import clone_replace

    with pm.Model():
        data = {name: pt.as_tensor_variable(value) for name, value in likelihood.data().items()}
        own = pt.constant(extras["own_noise"][draw]) if likelihood.own_noise else None
        term = likelihood.observe(pt.as_tensor_variable(predictor[draw]), own, data)
        free = {rv: pt.constant(extras[rv.name][draw]) for rv in pm.modelcontext(None).free_RVs}
    return np.asarray(pytensor.function([], clone_replace(term, free), mode="FAST_COMPILE")())


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.COUNT])
def test_observe_and_pointwise_differ_by_a_constant_of_the_cell(
    kind: Kind, any_cells: Callable[..., Cells], layout: Callable[[Cells], Layout]
) -> None:
    likelihood = likelihood_of(layout(with_hole(any_cells(kind, AREAS, BINS, 3))))
    predictor, extras = drawn(likelihood, 1)
    numbers = likelihood.pointwise(predictor, extras)
    symbols = np.stack([observed(likelihood, predictor, extras, draw) for draw in range(DRAWS)])
    counted = likelihood.layout.seen
    assert np.isfinite(symbols).all()
    np.testing.assert_allclose((numbers - symbols)[0][counted], (numbers - symbols)[1][counted], rtol=CLOSE, atol=1e-7)
    assert np.ptp(numbers[:, counted], axis=0).min() > 0
    assert (numbers[:, 0, 0] == 0).all()


def test_shares_are_binomial(any_cells: Callable[..., Cells], layout: Callable[[Cells], Layout]) -> None:
    cells = any_cells(Kind.BINARY, AREAS, BINS, 5)
    assert isinstance(cells, BinaryCells)
    likelihood = Shares(layout(cells))
    predictor, extras = drawn(likelihood, 2)
    expected = stats.binom.logpmf(cells.successes, cells.trials, special.expit(predictor))
    np.testing.assert_allclose(likelihood.pointwise(predictor, extras), expected, rtol=CLOSE)


@pytest.mark.parametrize("at_least", [1, 3, 4])
def test_ratings_are_multinomial(
    at_least: int, any_cells: Callable[..., Cells], layout: Callable[[Cells], Layout]
) -> None:
    cells = any_cells(Kind.ORDINAL, AREAS, BINS, 5)
    assert isinstance(cells, OrdinalCells)
    likelihood = Ratings(layout(OrdinalCells(cells.n, at_least)))
    predictor, extras = drawn(likelihood, 2)
    cuts, _ = likelihood.cutpoints(extras)
    assert (cuts[:, at_least - 1] == 0).all()
    assert (np.diff(cuts, axis=1) > 0).all()
    below = special.expit(cuts[:, None, None, :] - predictor[..., None])
    p = np.diff(below, axis=3, prepend=0.0, append=1.0)
    expected = [
        [
            [stats.multinomial.logpmf(cells.n[a, b], cells.n[a, b].sum(), p[s, a, b]) for b in range(BINS)]
            for a in range(AREAS)
        ]
        for s in range(DRAWS)
    ]
    np.testing.assert_allclose(likelihood.pointwise(predictor, extras), expected, rtol=CLOSE)
    reached = 1 - below[..., at_least - 1]
    np.testing.assert_allclose(reached, special.expit(predictor), rtol=CLOSE)


def test_ratings_with_two_levels_are_shares(any_cells: Callable[..., Cells], layout: Callable[[Cells], Layout]) -> None:
    cells = any_cells(Kind.BINARY, AREAS, BINS, 5)
    assert isinstance(cells, BinaryCells)
    ratings = Ratings(layout(OrdinalCells(np.stack([cells.trials - cells.successes, cells.successes], 2), 1)))
    shares = Shares(layout(cells))
    predictor, _ = drawn(shares, 2)
    np.testing.assert_allclose(ratings.pointwise(predictor, {}), shares.pointwise(predictor, {}), rtol=CLOSE)
    np.testing.assert_allclose(observed(ratings, predictor, {}, 0), observed(shares, predictor, {}, 0), rtol=CLOSE)
    assert ratings.centre() == shares.centre()


def test_a_hazard_is_binomial_on_every_day(any_cells: Callable[..., Cells], layout: Callable[[Cells], Layout]) -> None:
    cells = any_cells(Kind.TIME_TO_EVENT, AREAS, BINS, 5)
    assert isinstance(cells, TimeToEventCells)
    cells = TimeToEventCells(cells.events * 4, cells.censored, cells.censored[:, :, ::-1].copy())
    likelihood = Hazard(layout(cells))
    predictor, extras = drawn(likelihood, 2)
    edges = likelihood.edges()
    assert edges.size > 3
    width = np.diff(edges)
    daily = np.exp(likelihood.shape(extras))
    np.testing.assert_allclose((daily * width).sum(axis=1), 1.0, rtol=CLOSE)  # the predictor is the summed hazard's log
    gone = cells.events + cells.censored + cells.competing
    expected = np.zeros((DRAWS, AREAS, BINS))
    for j in range(width.size):
        for day in range(edges[j], edges[j + 1]):
            at_risk = gone[:, :, day:].sum(axis=2)
            h = -np.expm1(-np.exp(predictor) * daily[:, j, None, None])
            expected += stats.binom.logpmf(cells.events[:, :, day], at_risk, h)
    np.testing.assert_allclose(likelihood.pointwise(predictor, extras), expected, rtol=CLOSE)


def test_durations_are_normal_on_the_log_scale_and_open_ones_its_tail(layout: Callable[[Cells], Layout]) -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(2.0, 0.8, (AREAS, BINS, 6))
    still, days = rng.integers(0, 3, (AREAS, BINS, 2)).astype(np.float64), np.asarray([4.0, 90.0])
    cells = DurationCells(np.full((AREAS, BINS), 6.0), values.sum(2), (values**2).sum(2), still, days)
    likelihood = Durations(layout(cells))
    predictor, extras = drawn(likelihood, 2)
    spread = np.exp(likelihood.data()["log_spread"] + SPREAD_SD * extras["spread_unit"])[:, None, None]
    expected = stats.norm.logpdf(values, predictor[..., None], spread[..., None]).sum(axis=3)
    expected += (still * stats.norm.logsf(np.log(days), predictor[..., None], spread[..., None])).sum(axis=3)
    np.testing.assert_allclose(likelihood.pointwise(predictor, extras), expected, rtol=CLOSE)


def test_open_cases_of_many_days_are_put_together(layout: Callable[[Cells], Layout]) -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(2.0, 0.8, (AREAS, BINS, 60))
    still, days = rng.integers(0, 2, (AREAS, BINS, 30)).astype(np.float64), np.arange(1.0, 31.0)
    cells = DurationCells(np.full((AREAS, BINS), 60.0), values.sum(2), (values**2).sum(2), still, days)
    likelihood = Durations(layout(cells))
    assert likelihood.signature[0] <= 12
    predictor, extras = drawn(likelihood, 2)
    predictor = 2.0 + 0.3 * (predictor - likelihood.centre()[0])
    spread = np.exp(likelihood.data()["log_spread"] + SPREAD_SD * extras["spread_unit"])[:, None, None]
    exact = stats.norm.logpdf(values, predictor[..., None], spread[..., None]).sum(axis=3)
    exact += (still * stats.norm.logsf(np.log(days), predictor[..., None], spread[..., None])).sum(axis=3)
    found = likelihood.pointwise(predictor, extras)
    off = (found - exact).sum(axis=(1, 2)) / still.sum()
    assert (np.abs(off) < 0.01).all()  # of a unit of log likelihood for each open case
    constant = found - np.stack([observed(likelihood, predictor, extras, draw) for draw in range(DRAWS)])
    np.testing.assert_allclose(constant[0], constant[1], atol=1e-7)


def test_means_are_jointly_normal_with_the_noise_of_their_cell(layout: Callable[[Cells], Layout]) -> None:
    values = np.random.default_rng(4).normal(50.0, 3.0, (AREAS, BINS, 5))
    cells = ContinuousCells(np.full((AREAS, BINS), 5.0), values.sum(2), (values**2).sum(2))
    likelihood = Means(layout(cells))
    predictor, extras = drawn(likelihood, 2)
    spread = np.exp(likelihood.data()["log_spread"] + SPREAD_SD * extras["spread_unit"])
    found = likelihood.pointwise(predictor, extras)
    for s in range(DRAWS):
        covariance = spread[s] ** 2 * np.eye(5) + extras["own_noise"][s] ** 2
        joint = stats.multivariate_normal(np.zeros(5), covariance)
        np.testing.assert_allclose(found[s], joint.logpdf(values - predictor[s][..., None]), rtol=CLOSE)


def test_means_of_single_values_have_the_noise_alone(layout: Callable[[Cells], Layout]) -> None:
    values = np.random.default_rng(4).normal(50.0, 3.0, (AREAS, BINS))
    likelihood = Means(layout(ContinuousCells(np.ones_like(values), values, values**2)))
    assert likelihood.signature == (0,)
    predictor, extras = drawn(likelihood, 2)
    assert set(extras) == {"own_noise"}
    expected = stats.norm.logpdf(values, predictor, extras["own_noise"][:, None, None])
    np.testing.assert_allclose(likelihood.pointwise(predictor, extras), expected, rtol=CLOSE)
    assert np.isfinite(observed(likelihood, predictor, extras, 0)).all()


EDGES: dict[str, Cells] = {
    "all succeed": BinaryCells(np.full((AREAS, BINS), 9.0), np.full((AREAS, BINS), 9.0)),
    "none succeeds": BinaryCells(np.zeros((AREAS, BINS)), np.full((AREAS, BINS), 9.0)),
    "a level never used": OrdinalCells(np.tile([3.0, 0.0, 4.0, 5.0], (AREAS, BINS, 1)), 2),
    "one level only": OrdinalCells(np.tile([0.0, 0.0, 0.0, 5.0], (AREAS, BINS, 1)), 2),
    "no events": TimeToEventCells(np.zeros((AREAS, BINS, 6)), np.full((AREAS, BINS, 6), 2.0)),
    "all on one day": TimeToEventCells(
        np.tile([0.0, 0.0, 40.0, 0.0], (AREAS, BINS, 1)), np.zeros((AREAS, BINS, 4))
    ),
    "all still open": DurationCells(
        *(np.zeros((AREAS, BINS)) for _ in range(3)), np.full((AREAS, BINS, 1), 3.0), np.asarray([30.0])
    ),
    "durations all alike": DurationCells(
        np.full((AREAS, BINS), 3.0), np.full((AREAS, BINS), 6.0), np.full((AREAS, BINS), 12.0),
        np.zeros((AREAS, BINS, 0)), np.zeros(0),
    ),
    "values all alike": ContinuousCells(
        np.full((AREAS, BINS), 3.0), np.full((AREAS, BINS), 6.0), np.full((AREAS, BINS), 12.0)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("away", [0.0, -FAR, FAR])
def test_edges_are_finite(name: str, away: float, layout: Callable[[Cells], Layout]) -> None:
    likelihood = likelihood_of(layout(EDGES[name]))
    assert np.isfinite(likelihood.centre()).all()
    predictor, extras = drawn(likelihood, 2)
    if name == "all on one day" and away > 0:
        away = 3.0  # a hazard that leaves nobody before the only day on which events came has no density
    assert all(np.isfinite(value).all() for value in likelihood.data().values())
    assert np.isfinite(likelihood.pointwise(predictor + away, extras)).all()
    assert np.isfinite(observed(likelihood, predictor + away, extras, 0)).all()
    replicates = likelihood.replicate(predictor + away, extras, np.random.default_rng(1))
    assert np.isfinite(replicates).all()
    assert np.isfinite(likelihood.effect(predictor + away, np.ones(DRAWS), extras)).all()


@pytest.mark.parametrize("kind", list(Kind))
def test_a_likelihood_keeps_to_the_protocol(
    kind: Kind, any_cells: Callable[..., Cells], layout: Callable[[Cells], Layout]
) -> None:
    likelihood = likelihood_of(layout(with_hole(any_cells(kind, AREAS, BINS, 3))))
    predictor, extras = drawn(likelihood, 1)
    statistic, weight = likelihood.statistic(), likelihood.weight()
    assert np.isnan(statistic[0, 0])
    assert np.isfinite(statistic).sum() == AREAS * BINS - 1
    assert (weight[np.isfinite(statistic)] > 0).all()
    replicates = likelihood.replicate(predictor, extras, np.random.default_rng(1))
    assert replicates.shape == likelihood.pointwise(predictor, extras).shape == (DRAWS, AREAS, BINS)
    assert likelihood.effect(predictor, np.ones(DRAWS), extras).shape == (DRAWS,)
    assert {v.shape for v in likelihood.prior_extras(7, np.random.default_rng(1)).values()} <= {
        (7,),
        (7, likelihood.signature[0] - 2) if likelihood.signature else (7,),
        (7, likelihood.signature[0] - 1) if likelihood.signature else (7,),
    }
