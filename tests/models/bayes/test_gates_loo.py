"""Cells and areas left out: exact answers of conjugate models, ArviZ on a data tree, quadrature by other code."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, stats

from models.arrays import FloatArray
from models.bayes.loo import (
    LeftOut,
    by_area,
    change_of,
    conditional_noise,
    integrated,
    leave_area_out,
    loo,
    pointwise,
    surprise,
)
from models.estimate import Status
from models.panel import CountCells, Panel

SAME = 1e-9
QUADRATURE = 1e-5  # 20 nodes on a likelihood about as wide as the noise
CHAINS, DRAWS = 4, 1000

type MakePanel = Callable[..., Panel]


@pytest.fixture
def panel(make_panel: MakePanel) -> Panel:
    return make_panel(CountCells(np.full((5, 4), 50.0), np.full((5, 4), 10.0)), treated=2)


def normal_mean(seed: int = 1, n: int = 30) -> tuple[FloatArray, FloatArray]:
    """Data of a normal mean with variance 1 and a flat prior, and log likelihoods at exact posterior draws."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n)
    mu = rng.normal(y.mean(), 1 / math.sqrt(n), (CHAINS, DRAWS, 1))
    return y, stats.norm.logpdf(y, mu)


def test_leaving_out_one_cell_agrees_with_the_exact_answer() -> None:
    """Without cell i the predictive is normal around the mean of the others with variance 1 + 1/(n-1)."""
    y, log_likelihood = normal_mean()
    n = y.size
    others = (y.sum() - y) / (n - 1)
    exact = stats.norm.logpdf(y, others, math.sqrt(1 + 1 / (n - 1)))
    found = pointwise(log_likelihood)
    assert found.elpd == pytest.approx(exact.sum(), abs=0.1)  # largest of 20 seeds: .047
    assert found.se == pytest.approx(math.sqrt(n * exact.var(ddof=1)), rel=0.02)
    assert found.effective_parameters == pytest.approx(1.0, abs=0.3)  # one mean; standard error .26 at n = 30
    assert (found.k < 0.5).all()
    assert loo(log_likelihood).status is Status.PASS


def test_the_numbers_are_those_arviz_gives_for_a_data_tree() -> None:
    import arviz_stats
    from arviz_base import from_dict

    _, log_likelihood = normal_mean(2)
    tree = from_dict({"posterior": {"mu": log_likelihood[..., 0]}, "log_likelihood": {"y": log_likelihood}})
    theirs = arviz_stats.loo(tree, reff=1.0, pointwise=True)
    ours = pointwise(log_likelihood)
    assert (ours.elpd, ours.se) == pytest.approx((theirs.elpd, theirs.se), abs=SAME)
    assert ours.effective_parameters == pytest.approx(theirs.p, abs=SAME)
    assert ours.k == pytest.approx(theirs.pareto_k.values, abs=SAME)


def own_noise(seed: int) -> tuple[FloatArray, FloatArray]:
    """Poisson counts around a log rate with noise of each cell's own (SD .5): with that noise, and integrated over it.

    The posterior of each cell's noise is drawn exactly on a grid; nothing else is unknown.
    """
    rng = np.random.default_rng(seed)
    level, sd, cells = math.log(20.0), 0.5, 40
    y = rng.poisson(np.exp(level + sd * rng.normal(size=cells))).astype(np.float64)
    grid = np.linspace(-4 * sd, 4 * sd, 4001)
    log = stats.poisson.logpmf(y[:, None], np.exp(level + grid)) + stats.norm.logpdf(grid, 0, sd)
    weights = np.exp(log - np.logaddexp.reduce(log, axis=1)[:, None])
    noise = np.stack([rng.choice(grid, CHAINS * DRAWS, p=w / w.sum()) for w in weights], axis=-1)[:, None, :]
    with_noise = stats.poisson.logpmf(y, np.exp(level + noise))[:, 0]
    mean, spread = conditional_noise(noise, np.zeros(len(noise)), np.full(len(noise), sd), np.zeros(cells))
    without = integrated(
        lambda eta: stats.poisson.logpmf(y, np.exp(eta)), np.full(noise.shape, level), mean, spread, nodes=40
    )
    return with_noise.reshape(CHAINS, DRAWS, -1), without[:, 0].reshape(CHAINS, DRAWS, -1)


def test_noise_of_a_cells_own_makes_k_high_and_integrating_over_it_mends_that() -> None:
    fitted, marginal = own_noise(3)
    high = pointwise(fitted).k >= 0.7
    assert high.mean() > 0.1
    assert loo(fitted).status is Status.FAIL
    assert (pointwise(marginal).k == 0).all()  # nothing else is unknown, so no cell tells of another
    assert loo(marginal).status is Status.PASS


def test_few_high_cells_warn() -> None:
    _, log_likelihood = normal_mean(4)
    log_likelihood[..., 0] = -np.random.default_rng(5).pareto(0.8, (CHAINS, DRAWS)).clip(0, 500)
    check = loo(log_likelihood)
    assert check.status is Status.WARN
    assert check.finding.startswith("1 of the 30")


def test_impossible_data_fail_and_too_few_cells_are_not_judged() -> None:
    _, log_likelihood = normal_mean(6)
    assert loo(log_likelihood[..., :1]).status is Status.NOT_RUN
    log_likelihood[0, 0, 0] = -np.inf
    assert loo(log_likelihood).status is Status.FAIL


@pytest.mark.parametrize("rho", [0.0, 0.6, -0.3])
def test_noise_given_its_neighbours_agrees_with_the_normal_distribution(rho: float) -> None:
    """Against the conditional of a dense covariance; bins 0-2 and 3-5 are two stretches."""
    linked = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 1.0])
    sd = 0.7
    apart = np.abs(np.arange(6)[:, None] - np.arange(6))
    stretch = np.array([0, 0, 0, 1, 1, 1])
    covariance = sd**2 * np.where(stretch[:, None] == stretch, float(rho) ** apart, 0.0)
    noise = np.random.default_rng(7).normal(size=(1, 1, 6))
    mean, spread = conditional_noise(noise, np.array([rho]), np.array([sd]), linked)
    for t in range(6):
        others = np.arange(6) != t
        solved = np.linalg.solve(covariance[np.ix_(others, others)], covariance[others, t])
        assert mean[0, 0, t] == pytest.approx(solved @ noise[0, 0, others], abs=SAME)
        assert spread[0, 0, t] ** 2 == pytest.approx(covariance[t, t] - solved @ covariance[others, t], abs=SAME)


def test_integral_over_a_cells_noise_agrees_with_quadrature() -> None:
    y, size, rest, mean, sd = 245.0, 40.0, math.log(230.0), 0.05, 0.15

    def log_likelihood(eta: FloatArray) -> FloatArray:
        return np.asarray(stats.nbinom.logpmf(y, size, size / (size + np.exp(eta))))

    found = integrated(log_likelihood, np.full((1, 1, 1), rest), np.full((1, 1, 1), mean), np.full((1, 1, 1), sd))
    exact, _ = integrate.quad(
        lambda u: math.exp(log_likelihood(np.asarray(rest + u))) * stats.norm.pdf(u, mean, sd), -1.0, 1.0
    )
    assert float(found[0, 0, 0]) == pytest.approx(math.log(exact), abs=QUADRATURE)


def test_an_area_left_out_by_weights_agrees_with_the_exact_answer() -> None:
    """Posterior N(0, 1) that holds an area's likelihood N(2 | mu, 3^2): without it N(-2/8, 9/8)."""
    effect = np.random.default_rng(8).normal(size=(CHAINS, DRAWS))
    column = stats.norm.logpdf(2.0, effect, 3.0)
    weak, nothing, strong = by_area(
        ["A", "B", "C"], effect, np.stack([column, np.zeros_like(effect), -20 * effect**2], axis=-1)
    )
    assert weak.effect.mean() == pytest.approx(-0.25, abs=4 * 1.06 / math.sqrt(effect.size))
    assert weak.effect.std() == pytest.approx(math.sqrt(9 / 8), abs=0.06)
    assert np.array_equal(np.sort(nothing.effect), np.sort(effect.ravel()))
    assert strong.effect.size == 0
    assert strong.note


def test_change_of_an_area_by_hand() -> None:
    after = np.array([False, False, True, True])
    seen = np.array([True, True, True, False])
    events, exposure = np.array([10.0, 20.0, 40.0, 99.0]), np.array([1.0, 2.0, 2.0, 1.0])
    found = change_of(events, exposure, seen, after, counts=True)
    assert float(found) == pytest.approx(math.log(40.5 / 2) - math.log(30.5 / 3), abs=SAME)
    shares = np.array([0.1, 0.4, 0.5, 0.9])
    assert float(change_of(shares, exposure, seen, after, counts=False)) == pytest.approx(0.5 - 0.3, abs=SAME)


def test_surprise_is_two_sided_and_uniform_when_foretold_rightly() -> None:
    rng = np.random.default_rng(9)
    predicted = rng.normal(size=4000)
    assert surprise(1.96, predicted) == pytest.approx(0.05, abs=0.015)
    assert surprise(-1.96, predicted) == pytest.approx(0.05, abs=0.015)
    found = [surprise(x, predicted) for x in rng.normal(size=400)]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def draws(mean: float, sd: float) -> FloatArray:
    return np.asarray(stats.norm.ppf((np.arange(2000) + 0.5) / 2000, mean, sd))


def test_answer_that_hangs_on_no_area_passes(panel: Panel) -> None:
    left = [LeftOut(a, draws(-0.1 + shift, 0.1), 0.4) for a, shift in zip("CDE", (0.02, -0.03, 0.0), strict=True)]
    check = leave_area_out(panel, draws(-0.1, 0.1), -1, 0.95, left)
    assert check.status is Status.PASS
    assert "−12%" in check.finding
    assert "−8%" in check.finding
    assert check.evidence is not None
    assert check.evidence.rows[0].chosen
    assert check.evidence.rows[1].label == "without C"
    assert check.evidence.rows[1].estimate == pytest.approx(math.exp(-0.08), abs=1e-3)


@pytest.mark.parametrize(
    ("without", "tail", "status"),
    [
        ((0.25, 0.1), 0.5, Status.FAIL),  # benefit .84 becomes .01
        ((0.01, 0.1), 0.5, Status.WARN),  # moves by more than .1
        ((-0.1, 0.1), 0.016, Status.WARN),  # three areas: .048
        ((-0.1, 0.1), 0.017, Status.PASS),
    ],
)
def test_answer_that_hangs_on_one_area(panel: Panel, without: tuple[float, float], tail: float, status: Status) -> None:
    left = [LeftOut("C", draws(*without), tail), *(LeftOut(a, draws(-0.1, 0.1), 0.5) for a in "DE")]
    check = leave_area_out(panel, draws(-0.1, 0.1), -1, 0.95, left)
    assert check.status is status
    assert ("C" in check.finding) == (status is not Status.PASS)


def test_areas_without_an_answer_are_named(panel: Panel) -> None:
    nothing = LeftOut("C", np.zeros(0), note="reweighting failed")
    check = leave_area_out(panel, draws(0, 1), -1, 0.95, [nothing, LeftOut("D", draws(0, 1))])
    assert "No answer without C" in check.detail
    alone = leave_area_out(panel, draws(0, 1), -1, 0.95, [nothing])
    assert alone.status is Status.NOT_RUN
