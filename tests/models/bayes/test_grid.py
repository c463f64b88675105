import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from models.bayes.grid import (
    FINE,
    GridPosterior,
    NoiseGrid,
    chi_square_noise,
    collapsed_grid,
    fixed,
    grid_mean,
    grid_posterior,
    half_cauchy,
    half_normal,
)
from models.bayes.links import baseline_level, link_of, slope
from models.bayes.mixture import Mixture
from models.bayes.priors import EffectPrior, on_headline, treated_level, weak
from models.bayes.shock import ShockScale, shock_scale
from models.changes import change
from models.design import Design
from models.inference.refusal import NoInference
from models.panel import CountCells, Kind, Panel
from models.periods import Role

type MakePanel = Callable[..., Panel]

EXACT = 1e-9  # the same closed form in other arithmetic
QUADRATURE = 1e-6  # scipy's adaptive rule against ours
SEED = 8
TREATED = np.arange(7) < 2
PRIOR = EffectPrior("some", -0.05, 0.2)
W = np.asarray([-0.21, -0.08, 0.05, 0.11, -0.02, 0.07, -0.09])
V = np.asarray([0.006, 0.007, 0.005, 0.008, 0.003, 0.004, 0.005])
STANDARD_ERRORS = 4.0


def shocks(loading: np.ndarray, *, shared: bool) -> np.ndarray:
    """Covariance of shocks of SD 1."""
    alike = np.eye(7, dtype=bool) | (shared & np.outer(TREATED, TREATED))
    return np.where(alike, np.outer(loading, loading), 0.0)


def dense(w: np.ndarray, covariance: np.ndarray, prior: EffectPrior) -> tuple[float, float]:
    """Posterior mean and variance of the effect by matrix algebra, the level flat."""
    design = np.column_stack([np.ones(7), TREATED])
    precision = np.diag([0.0, prior.sd**-2])
    solved = np.linalg.solve(covariance, np.column_stack([design, w]))
    inverse = np.linalg.inv(design.T @ solved[:, :2] + precision)
    mean = inverse @ (design.T @ solved[:, 2] + precision @ [0.0, prior.mean])
    return float(mean[1]), float(inverse[1, 1])


def log_density(w: np.ndarray, covariance: np.ndarray, prior: EffectPrior) -> float:
    """Log density of the changes with the effect and a flat level integrated out: that of six contrasts."""
    design = np.ones((7, 1))
    whole = covariance + prior.sd**2 * np.outer(TREATED, TREATED)
    basis = np.linalg.svd(design.T)[2][1:]
    residual = w - prior.mean * TREATED
    found = stats.multivariate_normal.logpdf(basis @ residual, np.zeros(6), basis @ whole @ basis.T)
    return float(found - 0.5 * math.log(7))


@given(
    seed=st.integers(0, 10_000),
    tau=st.floats(0.0, 2.0),
    noise=st.floats(0.0, 0.5),
    shared=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_given_both_sizes_it_is_the_conjugate_posterior(seed: int, tau: float, noise: float, shared: bool) -> None:
    rng = np.random.default_rng(seed)
    w, v, loading = rng.normal(size=7), rng.uniform(0.01, 0.3, 7), rng.uniform(0.2, 1.5, 7)
    found = grid_posterior(
        w, v, TREATED, PRIOR, fixed(tau), noise=NoiseGrid(np.asarray([noise])), loading=loading, shared=shared
    )
    shock = tau**2 * shocks(loading, shared=shared)
    own = np.diag(v + noise * loading**2)
    mean, variance = dense(w, own + shock, PRIOR)
    assert (float(found.mean), float(found.variance)) == pytest.approx((mean, variance), rel=EXACT, abs=EXACT)
    assert float(found.log_marginal) == pytest.approx(log_density(w, own + shock, PRIOR), rel=EXACT, abs=1e-8)
    design = np.column_stack([np.ones(7), TREATED])
    solved = np.linalg.solve(own + shock, design)
    weights = (np.linalg.inv(design.T @ solved) @ solved.T)[1]
    parts = float(found.noise_variance), float(found.shock_variance)
    assert parts == pytest.approx((weights @ own @ weights, weights @ shock @ weights), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("shared", [False, True])
def test_with_tau_unknown_it_is_the_integral_over_tau(shared: bool) -> None:
    scale, ones = 0.1, np.ones(7)
    found = grid_posterior(W, V, TREATED, PRIOR, half_normal(scale), shared=shared)

    def weight(tau: float) -> float:
        density = log_density(W, np.diag(V) + tau**2 * shocks(ones, shared=shared), PRIOR)
        return float(np.exp(density) * stats.halfnorm.pdf(tau, scale=scale))

    def part(tau: float, value: float) -> float:
        mean, variance = dense(W, np.diag(V) + tau**2 * shocks(ones, shared=shared), PRIOR)
        return weight(tau) * float(stats.norm.cdf(value, mean, variance**0.5))

    total = integrate.quad(weight, 0, 1.0, epsabs=0, epsrel=1e-9)[0]
    assert float(found.log_marginal) == pytest.approx(math.log(total), abs=QUADRATURE)
    for value in (-0.4, -0.15, 0.0, 0.1):
        expected = integrate.quad(part, 0, 1.0, args=(value,), epsabs=0, epsrel=1e-9)[0] / total
        assert float(found.below(value)) == pytest.approx(expected, abs=QUADRATURE)
    mean = integrate.quad(lambda tau: tau * weight(tau), 0, 1.0, epsabs=0, epsrel=1e-9)[0] / total
    assert float(found.tau_mean) == pytest.approx(mean, abs=QUADRATURE)


def test_a_finer_grid_changes_nothing() -> None:
    coarse, fine = (grid_posterior(W, V, TREATED, PRIOR, half_normal(0.1, n)) for n in (24, 240))
    assert coarse.interval(0.95) == pytest.approx(fine.interval(0.95), abs=1e-7)
    assert float(coarse.log_marginal) == pytest.approx(float(fine.log_marginal), abs=1e-7)


def test_the_priors_of_tau_are_what_they_say() -> None:
    normal, cauchy = half_normal(0.3, FINE), half_cauchy(5.0)
    assert float(normal.values @ normal.weights) == pytest.approx(0.3 * math.sqrt(2 / math.pi), rel=1e-6)
    assert float(normal.values**2 @ normal.weights) == pytest.approx(0.09, rel=1e-6)
    assert float(cauchy.weights[cauchy.values < 5.0].sum()) == pytest.approx(0.5, abs=0.01)
    assert float((1 / (1 + cauchy.values / 5)) @ cauchy.weights) == pytest.approx(
        integrate.quad(lambda t: stats.halfcauchy.pdf(t) / (1 + t), 0, np.inf)[0], abs=1e-7
    )
    assert half_normal(np.asarray([0.1, 0.2])).values.shape == (2, 40)


def test_noise_estimated_on_few_degrees_of_freedom_gives_the_t_distribution() -> None:
    """With nothing but noise common to all areas the posterior under wide priors is t on df + G - 2."""
    df, estimate = 8.0, 0.02
    noise = chi_square_noise(estimate, df, 2_000)
    wide = EffectPrior("wide", 0.0, 1e3)
    found = grid_posterior(W, np.full(7, 1e-12), TREATED, wide, fixed(0.0), noise=noise)
    residual = W - np.where(TREATED, W[:2].mean(), W[2:].mean())
    pooled = (df * estimate + residual @ residual) / (df + 5)
    t = stats.t(df + 5, W[:2].mean() - W[2:].mean(), math.sqrt(pooled * 0.7))
    for probability in (0.025, 0.3, 0.5, 0.975):
        assert float(found.quantile(probability)) == pytest.approx(t.ppf(probability), abs=1e-3)  # 2,000 points


def test_one_team_is_one_chance_event_however_many_its_areas() -> None:
    w = np.concatenate([np.full(10, -0.1), W[2:]])
    treated = np.arange(15) < 10
    tau, v = 0.3, np.full(15, 1e-6)
    apart, together = (
        grid_posterior(w, v, treated, EffectPrior("wide", 0.0, 50.0), fixed(tau), shared=s) for s in (False, True)
    )
    assert float(apart.shock_variance) == pytest.approx(tau**2 * (1 / 10 + 1 / 5), rel=1e-4)
    assert float(together.shock_variance) == pytest.approx(tau**2 * (1 + 1 / 5), rel=1e-4)
    assert float(together.area_shock_variance) == pytest.approx(tau**2)
    assert float(together.area_noise_variance) == pytest.approx(1e-6)


def test_many_data_sets_at_once_are_each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(SEED)
    w, v = rng.normal(size=(9, 7)), rng.uniform(0.01, 0.1, (9, 7))
    scale, noise = rng.uniform(0.05, 0.3, 9), rng.uniform(0, 0.1, (9, 3))
    monkeypatch.setattr("models.bayes.grid.CHUNK", 40 * 3 * 9 * 4)  # four at a time
    every = grid_posterior(w, v, TREATED, PRIOR, half_normal(scale), noise=NoiseGrid(noise), shared=True)
    for r in range(9):
        one = grid_posterior(
            w[r], v[r], TREATED, PRIOR, half_normal(float(scale[r])), noise=NoiseGrid(noise[r]), shared=True
        )
        for name in ("mean", "sd", "tau_mean", "log_marginal", "noise_variance", "shock_variance"):
            assert float(getattr(one, name)) == pytest.approx(float(getattr(every, name)[r]), rel=EXACT)
        assert one.draws(5) == pytest.approx(every.draws(5)[r], rel=1e-7)
        assert one.interval(0.9) == pytest.approx([each[r] for each in every.interval(0.9)], rel=1e-7)


def test_effects_drawn_from_the_prior_have_uniform_ranks() -> None:
    """Simulation-based calibration: the posterior probability below the true effect is uniform."""
    rng = np.random.default_rng(SEED)
    runs, scale, prior = 4_000, 0.15, EffectPrior("some", -0.1, 0.3)
    effect = rng.normal(prior.mean, prior.sd, runs)
    tau = scale * np.abs(rng.normal(size=runs))
    shock = tau[:, None] * rng.normal(size=(runs, 7))
    shock[:, :2] = shock[:, :1]
    noise = 0.01 * 20 / rng.chisquare(20, runs)  # the posterior of a variance estimated at .01 on 20 df
    w = effect[:, None] * TREATED + shock + rng.normal(size=(runs, 7)) * np.sqrt(V + noise[:, None]) + 0.4
    found = grid_posterior(w, V, TREATED, prior, half_normal(scale), noise=chi_square_noise(0.01, 20, 15), shared=True)
    ranks = found.mixture.cdf(effect)
    counts = np.histogram(ranks, np.linspace(0, 1, 21))[0]
    assert stats.chisquare(counts).pvalue > 0.001
    low, high = found.interval(0.95)
    covered = float(((low <= effect) & (effect <= high)).mean())
    assert covered == pytest.approx(0.95, abs=STANDARD_ERRORS * (0.95 * 0.05 / runs) ** 0.5)


def test_draws_are_the_posterior_without_luck() -> None:
    found = grid_posterior(W, V, TREATED, PRIOR, half_normal(0.1, FINE))
    draws = found.draws(2_000)
    assert (np.diff(draws) > 0).all()
    assert (draws == found.draws(2_000)).all()
    assert float(draws.mean()) == pytest.approx(float(found.mean), abs=1e-4)
    assert float(draws.std()) == pytest.approx(float(found.sd), rel=0.01)
    assert float((draws < 0).mean()) == pytest.approx(float(found.below(0.0)), abs=1 / 2_000)
    assert float(found.above(0.05)) == pytest.approx(1 - float(found.below(0.05)))


@given(seed=st.integers(0, 10_000), parts=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_a_quantile_has_its_probability_below_it(seed: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(parts, 0.3), size=3)
    mixture = Mixture(weights, rng.normal(0, 30, (3, parts)), 10 ** rng.uniform(-2, 2, (3, parts)))
    probabilities = np.asarray([0.001, 0.025, 0.5, 0.9, 0.999])
    found = mixture.quantiles(probabilities)
    assert found.shape == (3, 5)
    for k, probability in enumerate(probabilities):
        assert mixture.cdf(found[:, k]) == pytest.approx(np.full(3, probability), abs=1e-6)


def test_what_cannot_be_is_an_error() -> None:
    with pytest.raises(ValueError, match="both groups"):
        grid_posterior(W, V, np.ones(7, dtype=bool), PRIOR, fixed(0.1))
    with pytest.raises(ValueError, match="above 0"):
        grid_posterior(W, V * 0, TREATED, PRIOR, fixed(0.1))
    with pytest.raises(ValueError, match="finite"):
        grid_mean(np.asarray([1.0, np.nan]), np.ones(2), PRIOR, fixed(0.1))


def shock_of(scale: float) -> ShockScale:
    return ShockScale(scale, None, 0, scale, "")


def two_windows(make_panel: MakePanel) -> Panel:
    events = np.asarray([[100.0, 80], [120, 100], [90, 91], [150, 140], [60, 66]])
    return make_panel(CountCells(events, np.full(events.shape, 365.0)), treated=2, after=1)


def test_two_windows_of_counts_by_hand(make_panel: MakePanel) -> None:
    """With one period on each side no noise can be learnt, and the variance of a change is 1/events + 1/events."""
    panel = two_windows(make_panel)
    found = collapsed_grid(panel, Design(), weak(link_of(Kind.COUNT)), shock_of(0.1))
    events = panel.cells.events
    w, v = np.log(events[:, 1] / events[:, 0]), (1 / events).sum(axis=1)
    expected = grid_posterior(w, v, panel.treated, EffectPrior("weak", 0.0, 0.2), half_normal(0.1, FINE))
    assert isinstance(found, GridPosterior)
    assert found.interval(0.95) == pytest.approx(expected.interval(0.95), abs=EXACT)
    after = np.asarray([1 / 80, 1 / 100, 1 / 91, 1 / 140, 1 / 66])
    weights = np.asarray([0.25, 0.25, 1 / 9, 1 / 9, 1 / 9])
    assert found.follow_up_share == pytest.approx(weights @ after / (weights @ v), rel=EXACT)


def test_one_team_widens_the_answer(make_panel: MakePanel) -> None:
    panel = two_windows(make_panel)
    apart, together = (
        collapsed_grid(panel, Design(shared_delivery=s), weak(link_of(Kind.COUNT)), shock_of(0.2))
        for s in (False, True)
    )
    assert isinstance(apart, GridPosterior)
    assert isinstance(together, GridPosterior)
    assert together.shock_variance > 1.3 * apart.shock_variance
    assert together.sd > apart.sd


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_an_answer_on_its_own_scale(
    kind: Kind, make_panel: MakePanel, any_cells: Callable[..., object]
) -> None:
    panel = make_panel(any_cells(kind, 6, 24, SEED), treated=2, after=8)
    shock = shock_scale(panel)
    prior = weak(link_of(kind), 1.0)
    found = collapsed_grid(panel, Design(), prior, shock)
    assert isinstance(found, GridPosterior)
    low, high = found.interval(0.95)
    assert low < found.mean < high
    assert 0 < found.follow_up_share < 1
    w = change(panel, panel.periods.baseline, panel.periods.follow_up).w
    own = on_headline(prior, link_of(kind), treated_level(panel))
    plain = float(w[:2].mean() - w[2:].mean())
    assert min(own.mean, plain) - found.sd < found.mean < max(own.mean, plain) + found.sd
    unit = slope(link_of(kind), baseline_level(panel))
    assert float(found.area_shock_variance) <= (6 * shock.scale * unit.max()) ** 2


def test_no_answer_without_comparison_areas_or_with_staggered_starts_or_without_events(make_panel: MakePanel) -> None:
    prior, shock = weak(link_of(Kind.COUNT)), shock_of(0.1)
    events = np.full((4, 24), 20.0)
    alone = make_panel(CountCells(events, np.full(events.shape, 30.0)), treated=4, after=12)
    found = collapsed_grid(alone, Design(), prior, shock)
    assert found == NoInference("There is no comparison area.")
    panel = make_panel(CountCells(events, np.full(events.shape, 30.0)), treated=2, after=12)
    staggered = collapsed_grid(panel, Design(starts={"A": 10, "B": 14}), prior, shock)
    assert isinstance(staggered, NoInference)
    assert "different dates" in staggered.reason
    events = events.copy()
    events[3, panel.periods.where(Role.FOLLOW_UP)] = 0.0
    empty = collapsed_grid(
        make_panel(CountCells(events, np.full(events.shape, 30.0)), treated=2, after=12), Design(), prior, shock
    )
    assert isinstance(empty, NoInference)
    assert "No events in D" in empty.reason
