"""A slice of the calibration of the Bayesian models, and what its two tests of uniformity can see."""

from pathlib import Path

import numpy as np
import pytest
from bayes_sbc import RANKS, Run, band_null, band_statistic, histogram_p, kept, ranks_of, table, write
from bayes_worlds import world

from models.panel import Kind

RARE = 1e-4  # 14 tests of 50 pilots
RUNS, SEED = 50, 1
SLICES = [Kind.COUNT, Kind.BINARY]


def p_value(ranks: np.ndarray) -> float:
    return float((band_null(ranks.size) <= band_statistic(ranks)).mean())


@pytest.mark.parametrize("kind", SLICES)
def test_ranks_are_uniform(kind: Kind) -> None:
    pilots = world(kind, series=False)
    runs = [ranks_of(pilots, run, SEED) for run in range(RUNS)]
    assert {"effect", "headline", "level", "shock_sd", "noise_sd"} <= set(runs[0].ranks)
    for name in runs[0].ranks:
        ranks = np.asarray([run.ranks[name] for run in runs])
        assert ((ranks >= 0) & (ranks <= RANKS)).all()
        assert p_value(ranks) > RARE, name
    assert sum(run.divergences > 0 for run in runs) <= RUNS // 10


@pytest.mark.slow
@pytest.mark.parametrize("series", [False, True])
@pytest.mark.parametrize("kind", list(Kind))
def test_ranks_are_uniform_for_every_model(kind: Kind, *, series: bool) -> None:
    pilots = world(kind, series=series)
    runs = [ranks_of(pilots, run, SEED) for run in range(2 * RUNS)]
    for row in table(kind.value, runs):
        assert float(row["histogram p"]) > RARE, row
        assert float(row["band p"]) > RARE, row


def test_uniform_ranks_pass_and_others_do_not() -> None:
    rng = np.random.default_rng(3)
    uniform = rng.integers(0, RANKS + 1, 500)
    assert histogram_p(uniform) > 0.01
    assert p_value(uniform) > 0.01
    narrow = np.floor(rng.beta(0.7, 0.7, 500) * (RANKS + 1)).astype(np.int64)  # intervals too short: ranks at the ends
    shifted = np.floor(rng.beta(1.4, 1.0, 500) * (RANKS + 1)).astype(np.int64)
    for ranks in (narrow, shifted):
        assert histogram_p(ranks) < 0.001
        assert p_value(ranks) < 0.001


def test_the_band_is_wrong_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    null = band_null(50)
    rejected = np.mean([(null <= band_statistic(rng.integers(0, RANKS + 1, 50))).mean() < 0.05 for _ in range(1000)])
    assert rejected == pytest.approx(0.05, abs=0.021)  # three standard errors


@pytest.mark.parametrize("kind", list(Kind))
def test_pilots_have_the_templates_priors_and_their_own_data(kind: Kind) -> None:
    pilots = world(kind, series=False)
    rng = np.random.default_rng(2)
    extras = dict(pilots.template.prior_extras(1, rng)) | {"own_noise": np.asarray([0.1])}
    eta = np.full(pilots.template.layout.shape, pilots.template.centre()[0] + 0.7)
    likelihood = pilots.likelihood(eta, extras, rng)
    assert likelihood.centre() == pilots.template.centre()
    assert type(likelihood).__mro__[1] is type(pilots.template)
    assert np.nanmean(likelihood.statistic()) > np.nanmean(pilots.template.statistic())


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    runs = [Run({"effect": 3, "level": 99}, 0, 0.25), Run({"effect": 50, "level": 0}, 2, -0.5)]
    write(tmp_path / "runs.csv", runs)
    found = kept(tmp_path / "runs.csv")
    assert [(r.ranks, r.divergences, r.missed) for r in found] == [(r.ranks, r.divergences, r.missed) for r in runs]
