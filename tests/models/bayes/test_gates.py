"""The gates of the sampler: hand cases, ArviZ's own functions on data trees, and eight schools both ways."""

import math
from dataclasses import replace

import numpy as np
import pytest

from models.arrays import FloatArray
from models.bayes import gates
from models.bayes.gates import Run, better, blocking, chance_limit, refitted, sampler, worth_refitting
from models.bayes.sampling import Draws, Settings, sample
from models.estimate import Check, Status

CHAINS, DRAWS = 4, 1000
SAME = 1e-9  # the same arithmetic twice
SCHOOLS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
SCHOOLS_SD = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def series(shape: tuple[int, ...], rho: float, seed: int) -> FloatArray:
    """Stationary AR(1) along the last axis, variance 1."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=shape)
    found = noise.copy()
    for d in range(1, shape[-1]):
        found[..., d] = rho * found[..., d - 1] + math.sqrt(1 - rho**2) * noise[..., d]
    return found


def quiet() -> Run:
    """A run in which nothing went wrong."""
    none = np.zeros((CHAINS, DRAWS), dtype=np.bool_)
    return Run(none, series((CHAINS, DRAWS), 0.2, 9), none)


def by_id(checks: tuple[Check, ...]) -> dict[str, Check]:
    return {c.id: c for c in checks}


def test_independent_draws_pass_every_gate() -> None:
    checks = sampler(
        {"the effect": series((CHAINS, DRAWS), 0.0, 1)}, {"areas": series((CHAINS, DRAWS), 0.0, 2)}, quiet()
    )
    assert [c.id for c in checks] == list(gates.SAMPLER_GATES)
    assert all(c.status is Status.PASS for c in checks)
    assert blocking(checks) == ()
    assert not worth_refitting(checks)


def test_a_stuck_chain_fails() -> None:
    values = series((CHAINS, DRAWS), 0.0, 3)
    values[2] = 3.0
    checks = by_id(sampler({"the effect": values}, {}, quiet()))
    assert checks["bayes_rhat"].status is Status.FAIL
    assert checks["bayes_ess"].status is Status.FAIL


def test_a_chain_stuck_in_the_middle_is_seen_by_its_spread_alone() -> None:
    """Its mean is like the others', so the effective sample size does not notice: both gates are needed."""
    values = series((CHAINS, DRAWS), 0.0, 3)
    values[2] = 0.3
    checks = by_id(sampler({"the effect": values}, {}, quiet()))
    assert checks["bayes_rhat"].status is Status.FAIL
    assert checks["bayes_ess"].status is Status.PASS


def test_chains_each_standing_still_elsewhere_fail_without_a_warning() -> None:
    values = np.repeat(np.arange(4.0)[:, None], DRAWS, axis=1)
    check = gates.mixing({"the effect": values}, {})
    assert check.status is Status.FAIL
    assert "beyond any number" in check.finding


def test_the_worst_of_many_is_named_first() -> None:
    key = {f"scale {k}": series((CHAINS, DRAWS), 0.0, 20 + k) for k in range(6)}
    key["the effect"] = series((CHAINS, DRAWS), 0.9, 7)
    assert gates.effective(key, {}).detail.split(": ")[1].startswith("the effect")
    assert gates.mixing(key, {}).detail.split(": ")[1].startswith("the effect")


def test_a_trend_common_to_all_chains_fails_because_chains_are_split() -> None:
    values = series((CHAINS, DRAWS), 0.0, 4) + np.linspace(-1, 1, DRAWS)
    assert gates.mixing({"the effect": values}, {}).status is Status.FAIL


def test_chains_that_differ_only_in_spread_fail_because_draws_are_folded() -> None:
    values = series((CHAINS, DRAWS), 0.0, 5) * np.array([[1.0], [1.0], [1.0], [2.0]])
    assert gates.mixing({"the effect": values}, {}).status is Status.FAIL


def test_heavy_tails_alone_pass_because_ranks_are_compared() -> None:
    values = np.random.default_rng(6).standard_cauchy((CHAINS, DRAWS))
    checks = by_id(sampler({"the effect": values}, {}, quiet()))
    assert checks["bayes_rhat"].status is Status.PASS
    assert checks["bayes_ess"].status is Status.PASS


def test_slow_draws_fail_as_an_answer_and_warn_as_a_part_of_the_model() -> None:
    slow, fast = series((CHAINS, DRAWS), 0.9, 7), series((CHAINS, DRAWS), 0.0, 8)  # worth about 210 draws
    assert gates.effective({"the effect": slow}, {"areas": fast}).status is Status.FAIL
    check = gates.effective({"the effect": fast}, {"areas": slow})
    assert check.status is Status.WARN
    assert "areas" in check.detail
    slower = series((CHAINS, DRAWS), 0.98, 7)  # worth about 40
    assert gates.effective({"the effect": fast}, {"areas": slower}).status is Status.FAIL


def test_the_numbers_are_those_arviz_gives_for_a_data_tree() -> None:
    import arviz_stats
    from arviz_base import from_dict

    values = series((3, CHAINS, DRAWS), 0.6, 10)
    tree = from_dict({"posterior": {"x": np.moveaxis(values, 0, -1)}, "sample_stats": {"energy": values[0]}})
    rhat = float(arviz_stats.rhat(tree)["x"].max())
    least = min(float(arviz_stats.ess(tree, method=m)["x"].min()) for m in ("bulk", "tail"))
    kept = np.moveaxis(values, 0, -1)
    assert gates._largest_rhat(gates._columns(kept)) == pytest.approx(rhat, abs=SAME)
    assert gates._smallest_ess(gates._columns(kept)) == pytest.approx(least, abs=SAME * DRAWS)
    assert gates._bfmi(values[0]) == pytest.approx(arviz_stats.bfmi(tree)["energy"].values, abs=SAME)


def test_one_chain_no_keys_a_still_key_and_numbers_that_are_none_all_fail() -> None:
    good = series((CHAINS, DRAWS), 0.0, 11)
    bad = good.copy()
    bad[0, 0] = np.nan
    for key in ({"the effect": good[:1]}, {}, {"the effect": np.ones((CHAINS, DRAWS))}, {"the effect": bad}):
        assert gates.mixing(key, {}).status is Status.FAIL
        assert gates.effective(key, {}).status is Status.FAIL
    assert gates.mixing({"the effect": good}, {"areas": bad}).status is Status.FAIL


def test_a_latent_quantity_that_is_fixed_is_not_counted() -> None:
    fixed = np.stack([np.zeros((CHAINS, DRAWS)), series((CHAINS, DRAWS), 0.0, 12)], axis=-1)
    effect = {"the effect": series((CHAINS, DRAWS), 0.0, 13)}
    assert gates.mixing(effect, {"areas": fixed}).status is Status.PASS
    assert gates.effective(effect, {"areas": fixed[..., :1]}).status is Status.PASS


def test_the_limit_of_many_latent_quantities_is_rarely_passed_by_chance_and_one_of_a_few_is_not_strict() -> None:
    """300 latent quantities, each worth about the 400 draws asked: 12 families, largest R-hat of each."""
    from arviz_stats.base import array_stats

    largest = [array_stats.rhat(series((300, CHAINS, DRAWS), 0.818, 100 + k)).max() for k in range(12)]
    limit = chance_limit(300, CHAINS)
    assert max(largest) < limit
    assert np.median(largest) > gates.LARGEST_RHAT  # the strict limit would fail a family that is well sampled
    assert limit < 1.05
    assert chance_limit(10, CHAINS) < limit < chance_limit(3000, CHAINS)


def test_any_divergence_fails_and_is_counted_by_chain() -> None:
    run = quiet()
    run.diverging[1, 5] = True
    check = gates.divergences(run)
    assert check.status is Status.FAIL
    assert "1 step of 4,000" in check.finding
    assert "0, 1, 0 and 0" in check.detail


def test_missing_information_by_hand() -> None:
    """Energies 0, 1, 0, 1, ...: squared steps are all 1, the variance is 1/4 n / (n - 1), so E-BFMI is nearly 4."""
    values = np.tile([0.0, 1.0], (2, 500))
    assert gates._bfmi(values) == pytest.approx([4 * 999 / 1000] * 2, abs=SAME)
    crawling = series((CHAINS, DRAWS), 0.95, 14)  # 2 (1 - rho) = .1
    assert gates.energy(replace_energy(crawling)).status is Status.FAIL
    assert gates.energy(replace_energy(np.ones((CHAINS, DRAWS)))).status is Status.FAIL
    assert gates.energy(quiet()).status is Status.PASS


def replace_energy(energy: FloatArray) -> Run:
    return replace(quiet(), energy=energy)


@pytest.mark.parametrize(("cut", "status"), [(0, Status.PASS), (50, Status.WARN), (51, Status.FAIL)])
def test_steps_cut_short(cut: int, status: Status) -> None:
    run = quiet()
    run.saturated[3, :cut] = True
    assert gates.depth(run).status is status


def test_what_blocks_is_what_failed_in_the_order_of_the_gates() -> None:
    checks = [
        Check("bayes_loo", Status.FAIL, "third"),
        Check("bayes_grid", Status.WARN, "not this"),
        Check("placebo", Status.FAIL, "no gate"),
        Check("bayes_rhat", Status.FAIL, "first"),
        Check("bayes_prior_predictive", Status.FAIL, "second"),
    ]
    assert blocking(checks) == ("first", "second", "third")
    assert worth_refitting(checks)
    assert not worth_refitting(checks[:3])


def test_better_settings_give_what_was_lacking() -> None:
    settings = Settings(tune=500, draws=1000, target_accept=0.9, max_depth=10)
    few = better(settings, [Check("bayes_ess", Status.FAIL, "")])
    assert (few.tune, few.draws, few.target_accept, few.max_depth) == (1000, 2000, 0.97, 10)
    astray = better(settings, [Check("bayes_divergences", Status.FAIL, "")])
    assert (astray.tune, astray.draws, astray.target_accept, astray.max_depth) == (1000, 1000, 0.99, 12)
    short = better(settings, [Check("bayes_depth", Status.FAIL, "")])
    assert (short.draws, short.max_depth) == (1000, 12)
    assert few.seed == settings.seed
    assert better(replace(settings, target_accept=0.995), [Check("bayes_rhat", Status.FAIL, "")]).target_accept == 0.995


def test_a_refit_is_told_whether_it_helped_or_not() -> None:
    bad = [Check("bayes_rhat", Status.FAIL, ""), Check("bayes_ess", Status.FAIL, "")]
    good = [replace(c, status=Status.PASS) for c in bad]
    assert refitted(bad, good).status is Status.PASS
    again = refitted(bad, bad[:1])
    assert again.status is Status.FAIL
    assert blocking([again]) == (again.finding,)


def schools(*, centred: bool) -> Draws:
    """Eight schools (Rubin 1981), normal and half-Cauchy priors of posteriordb's eight_schools models."""
    import pymc as pm

    def build() -> object:
        with pm.Model() as model:
            mu = pm.Normal("mu", 0.0, 5.0)
            tau = pm.HalfCauchy("tau", 5.0)
            theta = pm.Normal("theta", mu, tau, shape=8) if centred else mu + tau * pm.Normal("z", 0.0, 1.0, shape=8)
            pm.Normal("y", theta, SCHOOLS_SD, observed=SCHOOLS)
        return model

    settings = Settings(tune=1000, draws=1000, target_accept=0.8 if centred else 0.99, cores=1, seed=1)
    return sample(("eight schools", centred), build, {}, settings)


def school_checks(draws: Draws) -> tuple[Check, ...]:
    key = {name: draws.variables[name] for name in ("mu", "tau")}
    latent = {name: values for name, values in draws.variables.items() if name in {"theta", "z"}}
    return sampler(key, latent, Run(draws.diverging, draws.energy, draws.saturated))


@pytest.mark.slow
def test_eight_schools_fail_centred_and_pass_non_centred() -> None:
    """Posterior means of posteriordb: mu 4.4, tau 3.6; tolerance of five standard errors at the draws' own worth."""
    centred = by_id(school_checks(schools(centred=True)))
    assert centred["bayes_divergences"].status is Status.FAIL
    assert blocking(centred.values())
    draws = schools(centred=False)
    assert blocking(school_checks(draws)) == ()
    for name, mean in (("mu", 4.4), ("tau", 3.6)):
        values = draws.variables[name]
        worth = gates._smallest_ess(gates._columns(values))
        assert float(values.mean()) == pytest.approx(mean, abs=5 * float(values.std()) / math.sqrt(worth) + 0.05)
