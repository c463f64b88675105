"""Other priors and the exact grid: bands by hand, power scaling against ArviZ and a conjugate answer."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from models.arrays import FloatArray
from models.bayes.robustness import PowerScaling, grid, power_scaling, priors
from models.estimate import Status
from models.panel import CountCells, Panel
from models.posterior import Variant

SAME = 1e-9

type MakePanel = Callable[..., Panel]


@pytest.fixture
def panel(make_panel: MakePanel) -> Panel:
    return make_panel(CountCells(np.full((5, 4), 50.0), np.full((5, 4), 10.0)), treated=2)


def answer(label: str, beneficial: float, worthwhile: float, *, chosen: bool = False) -> Variant:
    return Variant(label, -0.1, (-0.3, 0.1), beneficial, worthwhile, 0.05, chosen)


@pytest.mark.parametrize(
    ("own", "other", "status"),
    [
        ((0.9, 0.5), (0.85, 0.55), Status.PASS),
        ((0.84, 0.5), (0.75, 0.5), Status.PASS),  # out of "likely" by less than .1
        ((0.9, 0.5), (0.75, 0.5), Status.WARN),
        ((0.5, 0.15), (0.5, 0.3), Status.WARN),
        ((0.9, 0.5), (0.2, 0.1), Status.FAIL),
        ((0.9, 0.1), (0.9, 0.8), Status.FAIL),
    ],
)
def test_bands_of_probability(
    panel: Panel, own: tuple[float, float], other: tuple[float, float], status: Status
) -> None:
    check = priors(panel, [answer("study", *own, chosen=True), answer("sceptical prior", *other)], 0.95)
    assert check.status is status
    assert check.overturns == (status is Status.FAIL)
    assert ("sceptical prior" in check.finding) == (status is not Status.PASS)
    assert check.evidence is not None
    assert [row.chosen for row in check.evidence.rows] == [True, False]
    assert check.evidence.rows[0].estimate == pytest.approx(math.exp(-0.1))


def test_one_prior_alone_tells_nothing(panel: Panel) -> None:
    assert priors(panel, [answer("study", 0.9, 0.5)], 0.95).status is Status.NOT_RUN
    assert priors(panel, [], 0.95).status is Status.NOT_RUN


def conjugate(prior_sd: float, noise: float, seed: int = 1) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draws of a normal mean with prior N(0, prior_sd^2) and one value 1 of N(mu, noise^2), and both log densities."""
    precision = prior_sd**-2 + noise**-2
    mu = np.random.default_rng(seed).normal(noise**-2 / precision, precision**-0.5, (4, 1000))
    return mu, stats.norm.logpdf(mu, 0, prior_sd), stats.norm.logpdf(1.0, mu, noise)


def test_power_scaling_agrees_with_arviz_on_a_data_tree() -> None:
    import arviz_stats
    from arviz_base import from_dict

    mu, log_prior, log_likelihood = conjugate(0.5, 0.5)
    tree = from_dict(
        {"posterior": {"mu": mu}, "log_prior": {"mu": log_prior}, "log_likelihood": {"y": log_likelihood[..., None]}}
    )
    found = power_scaling(mu, log_prior, log_likelihood)
    assert found.prior == pytest.approx(float(arviz_stats.psense(tree, group="prior")["mu"]), abs=SAME)
    assert found.likelihood == pytest.approx(float(arviz_stats.psense(tree, group="likelihood")["mu"]), abs=SAME)


def test_power_scaling_tells_who_speaks() -> None:
    vague = power_scaling(*conjugate(10.0, 0.5))
    assert vague.prior < 0.05 < vague.likelihood
    assert "prior counts for little" in vague.words
    stubborn = power_scaling(*conjugate(0.1, 2.0))
    assert stubborn.likelihood < 0.05 < stubborn.prior
    assert "data count for little" in stubborn.words
    assert power_scaling(np.ones((4, 9)), np.zeros((4, 9)), np.zeros((4, 9))) == PowerScaling(0.0, 0.0)


def test_power_scaling_is_told_in_the_detail(panel: Panel) -> None:
    variants = [answer("study", 0.9, 0.5, chosen=True), answer("sceptical prior", 0.85, 0.5)]
    assert "0.12 for the prior" in priors(panel, variants, 0.95, PowerScaling(0.12, 0.3)).detail


def draws(mean: float, sd: float) -> FloatArray:
    return np.asarray(stats.norm.ppf((np.arange(4000) + 0.5) / 4000, mean, sd))


@pytest.mark.parametrize(
    ("mean", "sd", "status", "word"),
    [
        (-0.1, 0.1, Status.PASS, "agree"),
        (-0.14, 0.12, Status.PASS, "agree"),
        (-0.16, 0.1, Status.WARN, "in the effect"),
        (-0.1, 0.16, Status.WARN, "how sure"),
        (-0.1, 0.06, Status.WARN, "how sure"),
        (-0.1, 0.0, Status.WARN, "no doubt"),
    ],
)
def test_grid_and_sampler(panel: Panel, mean: float, sd: float, status: Status, word: str) -> None:
    check = grid(panel, draws(-0.1, 0.1), mean, sd, 0.95)
    assert check.status is status
    assert word in check.finding


def test_the_intervals_shown_are_those_of_the_level(panel: Panel) -> None:
    evidence = grid(panel, draws(-0.1, 0.1), -0.1, 0.1, 0.9).evidence
    assert evidence is not None
    for row in evidence.rows:
        assert row.lo == pytest.approx(math.exp(-0.1 - 1.645 * 0.1), abs=1e-3)
        assert row.hi == pytest.approx(math.exp(-0.1 + 1.645 * 0.1), abs=1e-3)
