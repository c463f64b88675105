"""The exact posterior of a Gaussian series, against matrices written out, a t distribution, and other programs."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from models.arrays import FloatArray
from models.bayes.comparative.forecasts import forecasts
from models.bayes.comparative.kalman import errors_of, walk_size, whiten
from models.bayes.comparative.structure import (
    LOADING_MEAN,
    LOADING_SD,
    SPREAD_SCALE,
    WANDERING_SCALE,
    Structure,
    cell_weights,
    half_normal_cells,
    posterior,
)

SAME = 1e-9  # the same number by another formula
SUMMED = 2e-3  # a grid in place of an integral, in standard errors
DIFFUSE = 1e-3  # theirs starts the level with a variance of a million in place of none, beside a level of 100
SAMPLED = 0.08  # 1,500 draws, one in four of each chain, and a grid in place of an integral; of the effect's SD

TIMES = np.asarray([*range(14), *range(20, 34), *range(37, 45)])  # two gaps
BEFORE = 28
MEAN = np.full((1, len(TIMES) - BEFORE), 1 / (len(TIMES) - BEFORE))


def season(times: FloatArray) -> FloatArray:
    angle = 2 * np.pi * times / 12
    return np.column_stack([np.ones(len(times)), np.cos(angle), np.sin(angle)])


def made(k: int, seed: int = 3) -> tuple[Structure, FloatArray]:
    rng = np.random.default_rng(seed)
    follow = rng.normal(size=(len(TIMES), k)).cumsum(axis=0) * 0.4
    noise = rng.uniform(0.5, 2.0, len(TIMES))
    structure = Structure(TIMES, BEFORE, season(TIMES.astype(np.float64)), follow, noise)
    y = 5 + follow.sum(axis=1) * 0.3 + rng.normal(size=len(TIMES))
    return structure, y


def dense(structure: Structure, rho: float, share: float) -> FloatArray:
    """Covariance of the errors per unit of variance, written out."""
    t = structure.times.astype(np.float64)
    root = np.sqrt(structure.noise)
    ar = rho ** np.abs(t[:, None] - t) * np.outer(root, root)
    walk = np.minimum(t[:, None], t) - t[0]
    own = walk[: structure.before, : structure.before]
    return (1 - share) * ar + share * walk / (np.diag(own).mean() - own.mean())


def prior_covariance(k: int, spread: float) -> FloatArray:
    return LOADING_SD**2 / k**2 * np.ones((k, k)) + spread**2 / k * np.eye(k)


@pytest.mark.parametrize(("rho", "share"), [(0.0, 0.0), (0.6, 0.0), (0.6, 0.3), (0.98, 0.9)])
def test_the_filter_is_the_cholesky_factor_written_out(rho: float, share: float) -> None:
    structure, y = made(2)
    n = BEFORE
    full = dense(structure, rho, share)
    lower = np.linalg.cholesky(full[:n, :n])
    columns = np.column_stack([y[:n], structure.follow[:n]])
    found = whiten(
        errors_of(TIMES[:n], np.asarray([rho]), np.asarray([share])), structure.times, structure.noise, columns
    )
    gain = np.linalg.solve(full[:n, :n], full[:n, n:]).T
    np.testing.assert_allclose(found.white[0], np.linalg.solve(lower, columns), atol=SAME)
    np.testing.assert_allclose(found.scale[0], np.diag(lower), atol=SAME)
    np.testing.assert_allclose(found.carried[0], gain @ columns, atol=SAME)
    np.testing.assert_allclose(found.covariance[0], full[n:, n:] - gain @ full[:n, n:], atol=SAME)


def test_the_size_of_a_walk_is_its_mean_variance_within_the_baseline() -> None:
    t = TIMES.astype(np.float64)
    walk = np.minimum(t[:, None], t)
    assert walk_size(TIMES) == pytest.approx(np.diag(walk).mean() - walk.mean(), abs=SAME)


def test_independent_errors_without_comparisons_give_the_t_of_least_squares() -> None:
    rng = np.random.default_rng(1)
    n, m = 24, 6
    y = rng.normal(size=n) + 3
    structure = Structure(np.arange(n + m), n, np.ones((n + m, 1)), np.empty((n + m, 0)), np.ones(n + m))
    grid = posterior(structure, y, np.full((1, m), 1 / m), np.zeros(1), np.zeros(1))
    found = grid.target(0)
    scale = y.std(ddof=1) * np.sqrt(1 / m + 1 / n)
    for p in (0.025, 0.3, 0.9):
        assert found.quantile(p) == pytest.approx(y.mean() + scale * stats.t.ppf(p, n - 1), abs=SUMMED * scale)


def by_hand(structure: Structure, y: FloatArray, rho: float, share: float, spread: float) -> tuple[float, float, float]:
    """Log marginal likelihood, mean and second moment of the mean of the targets, by integration over log variance."""
    n, z, x = BEFORE, structure.flat, structure.follow
    k = x.shape[1]
    full, prior = dense(structure, rho, share), prior_covariance(k, spread)
    left = y - x[:n] @ np.full(k, LOADING_MEAN / k)
    logs, firsts, seconds = [], [], []
    grid = np.linspace(-3.0, 3.0, 400)
    for v in np.exp(grid):
        total = v * full + x @ prior @ x.T
        inverse = np.linalg.inv(total[:n, :n])
        information = z[:n].T @ inverse @ z[:n]
        a = np.linalg.solve(information, z[:n].T @ inverse @ left)
        rest = left - z[:n] @ a
        logs.append(
            -0.5 * (np.linalg.slogdet(total[:n, :n])[1] + np.linalg.slogdet(information)[1] + rest @ inverse @ rest)
        )
        gain = total[n:, :n] @ inverse
        mean = z[n:] @ a + gain @ rest + x[n:] @ np.full(k, LOADING_MEAN / k)
        missed = z[n:] - gain @ z[:n]
        cov = total[n:, n:] - gain @ total[:n, n:] + missed @ np.linalg.solve(information, missed.T)
        firsts.append(mean.mean())
        seconds.append(cov.mean() + mean.mean() ** 2)
    logs_of = np.asarray(logs)
    weights = np.exp(logs_of - logs_of.max())
    evidence = float(logs_of.max() + np.log(weights.sum() * (grid[1] - grid[0])))
    weights /= weights.sum()
    return evidence, float(weights @ np.asarray(firsts)), float(weights @ np.asarray(seconds))


def test_the_posterior_is_the_one_written_out() -> None:
    structure, y = made(3)
    rho, share = np.asarray([0.2, 0.7]), np.asarray([0.0, 0.2])
    spreads = np.asarray([0.05, 0.2, 0.4, 0.7, 1.1])
    found = posterior(structure, y[:BEFORE], MEAN, rho, share)
    r_prior = cell_weights(rho, 0.0, 1.0)
    w_prior = half_normal_cells(np.sqrt(share), WANDERING_SCALE, 1.0)
    s_prior = half_normal_cells(spreads, SPREAD_SCALE, 1.5)
    parts = [
        (np.log(r_prior[i] * w_prior[j] * s_prior[s]), *by_hand(structure, y[:BEFORE], rho[i], share[j], spreads[s]))
        for i in range(2)
        for j in range(2)
        for s in range(5)
    ]
    log_p = np.asarray([prior + evidence for prior, evidence, _, _ in parts])
    weights = np.exp(log_p - log_p.max())
    weights /= weights.sum()
    mean = float(weights @ np.asarray([p[2] for p in parts]))
    sd = float(np.sqrt(weights @ np.asarray([p[3] for p in parts]) - mean**2))
    target = found.target(0)
    assert target.mean == pytest.approx(mean, abs=SUMMED * sd)
    assert target.sd == pytest.approx(sd, rel=SUMMED)
    np.testing.assert_allclose(found.weights.sum(axis=2).ravel(), weights, atol=SUMMED)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_predictions_are_those_of_a_state_space_program(share: float) -> None:
    """statsmodels' local level with an AR(1), at the same variances, without season or comparison series."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    rng = np.random.default_rng(4)
    n, m, rho, v = 40, 6, 0.5, 1.7
    y = 100 + rng.normal(size=n).cumsum() * 0.3 + rng.normal(size=n)
    times = np.arange(n + m)
    structure = Structure(times, n, np.ones((n + m, 1)), np.empty((n + m, 0)), np.ones(n + m))
    errors = errors_of(times[:n], np.asarray([rho]), np.asarray([share]))
    model = UnobservedComponents(
        y, level=True, stochastic_level=True, autoregressive=1, irregular=False, loglikelihood_burn=1
    )
    level, ar = v * float(errors.step[0]) ** 2, v * (1 - share) * (1 - rho**2)
    result = model.smooth([level, ar, rho])
    theirs = result.get_forecast(m)
    own = posterior(structure, y, np.eye(m), np.asarray([rho]), np.asarray([share]))
    middle = [float(own.mean[0, 0, 0, h]) for h in range(m)]  # of the variance the mean does not depend
    np.testing.assert_allclose(middle, theirs.predicted_mean, atol=DIFFUSE)
    per_unit = own.spread[0, 0, 0] / own.variance[0, 0, 0]
    np.testing.assert_allclose(per_unit * v, theirs.var_pred_mean, rtol=DIFFUSE)


def test_one_step_ahead_errors_are_those_of_refitting() -> None:
    structure, y = made(2)
    grid = posterior(structure, y[:BEFORE], MEAN)
    found = forecasts(structure, y[:BEFORE], grid)
    c, s, v = np.unravel_index(int(grid.weights.argmax()), grid.weights.shape)
    spread = (0.05, 0.2, 0.4, 0.7, 1.1)[s]
    variance = float(grid.variance[c, s, v])
    total = variance * dense(structure, float(grid.correlation[c]), float(grid.wandering[c]))
    total += structure.follow @ prior_covariance(2, spread) @ structure.follow.T
    left = y - structure.follow @ np.full(2, LOADING_MEAN / 2)
    t, z = 20, structure.flat
    inverse = np.linalg.inv(total[:t, :t])
    information = z[:t].T @ inverse @ z[:t]
    a = np.linalg.solve(information, z[:t].T @ inverse @ left[:t])
    gain = total[t, :t] @ inverse
    mean = z[t] @ a + gain @ (left[:t] - z[:t] @ a)
    missed = z[t] - gain @ z[:t]
    error = np.sqrt(total[t, t] - gain @ total[:t, t] + missed @ np.linalg.solve(information, missed))
    assert found.value[t] == pytest.approx(mean + y[t] - left[t], abs=SAME * 100)
    assert found.error[t] == pytest.approx(error, abs=SAME * 100)
    assert found.standardised[t] == pytest.approx((left[t] - mean) / error, abs=SAME * 100)
    assert np.isnan(found.value[:3]).all()


def test_a_level_that_wanders_widens_the_prediction_with_the_time_since_the_start() -> None:
    structure, y = made(0)
    alike = replace(structure, noise=np.ones(len(TIMES)), flat=np.ones((len(TIMES), 1)))
    ends = np.eye(len(TIMES) - BEFORE)[[0, -1]]
    still, wanders = (posterior(alike, y[:BEFORE], ends, np.zeros(1), np.asarray([share])) for share in (0.0, 0.5))
    assert still.target(1).sd == pytest.approx(still.target(0).sd, rel=SAME)
    assert wanders.target(1).sd > 1.2 * wanders.target(0).sd


@pytest.mark.slow
def test_a_sampler_gives_the_same_posterior() -> None:
    """PyMC with nutpie on the same model, its four variance terms with the same priors and no grid."""
    import nutpie
    import pymc as pm
    import pytensor.tensor as pt

    structure, y = made(2)
    n, k = BEFORE, 2
    z, x, t = structure.flat[:n], structure.follow[:n], TIMES[:n].astype(np.float64)
    walk = np.minimum(t[:, None], t) / walk_size(TIMES[:n])
    distance, root = np.abs(t[:, None] - t), np.sqrt(np.outer(structure.noise[:n], structure.noise[:n]))
    flat = 1e4 * z @ z.T
    with pm.Model():
        rho = pm.Uniform("rho", 0.0, 1.0)
        wander = pm.Truncated("wander", pm.HalfNormal.dist(WANDERING_SCALE), upper=1.0)
        spread = pm.Truncated("spread", pm.HalfNormal.dist(SPREAD_SCALE), upper=1.5)
        log_v = pm.Uniform("log_v", -5.0, 5.0)
        ar = pt.exp(distance * pt.log(rho)) * root
        errors = pt.exp(log_v) * ((1 - wander**2) * ar + wander**2 * walk)
        alike = LOADING_SD**2 / k**2 * (x @ np.ones((k, k)) @ x.T)
        pm.MvNormal(
            "y",
            mu=x @ np.full(k, LOADING_MEAN / k),
            cov=errors + alike + spread**2 / k * (x @ x.T) + flat,
            observed=y[:n],
        )
        compiled = nutpie.compile_pymc_model(pm.modelcontext(None))
    trace = nutpie.sample(compiled, draws=1500, tune=1000, chains=4, seed=1, progress_bar=False).posterior
    draws = {name: trace[name].to_numpy().ravel()[::4] for name in ("rho", "wander", "spread", "log_v")}
    moments = []
    for r, w, s, v in zip(*draws.values(), strict=True):
        one = posterior_at(structure, y[:n], float(r), float(w) ** 2, float(s), float(np.exp(v)))
        moments.append(one)
    means, variances = np.asarray(moments).T
    sd = float(np.sqrt(variances.mean() + means.var()))
    found = posterior(structure, y[:n], MEAN).target(0)
    assert found.mean == pytest.approx(means.mean(), abs=SAMPLED * sd)
    assert found.sd == pytest.approx(sd, rel=SAMPLED)


def posterior_at(
    structure: Structure, y: FloatArray, rho: float, share: float, spread: float, v: float
) -> tuple[float, float]:
    """Mean and variance of the mean of the targets at one point."""
    n, z, x = BEFORE, structure.flat, structure.follow
    k = x.shape[1]
    centre = np.full(k, LOADING_MEAN / k)
    total = v * dense(structure, rho, share) + x @ prior_covariance(k, spread) @ x.T
    inverse = np.linalg.inv(total[:n, :n])
    information = z[:n].T @ inverse @ z[:n]
    left = y - x[:n] @ centre
    a = np.linalg.solve(information, z[:n].T @ inverse @ left)
    gain = total[n:, :n] @ inverse
    mean = z[n:] @ a + gain @ (left - z[:n] @ a) + x[n:] @ centre
    missed = z[n:] - gain @ z[:n]
    cov = total[n:, n:] - gain @ total[:n, n:] + missed @ np.linalg.solve(information, missed.T)
    return float(mean.mean()), float(cov.mean())
