from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.bayes.links import Link
from models.bayes.noise import RHO, MonthlyNoise, _heights, monthly_noise
from models.bayes.shock import (
    DEFAULT,
    DEFAULT_DF,
    LEAST_SHARE,
    Placebos,
    _windows,
    combined,
    counted,
    placebos,
    shock_scale,
)
from models.inference.refusal import NoInference
from models.panel import ContinuousCells, CountCells, Kind, Panel
from models.periods import Role
from models.series.ar1 import ar1_reml
from models.series.fit import SeriesFit

type MakePanel = Callable[..., Panel]
type Matrix = np.typing.NDArray[np.float64]

EXACT = 1e-9
SEED = 4


def noise_of(rng: np.random.Generator, areas: int, months: int, rho: float) -> Matrix:
    u = rng.normal(size=(areas, months))
    for t in range(1, months):
        u[:, t] = rho * u[:, t - 1] + np.sqrt(1 - rho**2) * u[:, t]
    return u


def counts(
    make_panel: MakePanel, log_rate: Matrix, rng: np.random.Generator, monthly: float = 150.0, after: int = 12
) -> Panel:
    events = rng.poisson(monthly * np.exp(log_rate)).astype(np.float64)
    return make_panel(CountCells(events, np.full(events.shape, 30.0)), treated=2, after=after)


def test_noise_is_recovered_and_sampling_is_not_taken_for_it(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(SEED)
    noisy = monthly_noise(counts(make_panel, 0.2 * noise_of(rng, 12, 132, 0.6), rng))
    assert isinstance(noisy, MonthlyNoise)
    assert noisy.sd == pytest.approx(0.2, abs=0.02)  # 1,320 bins, a quarter as many if independent
    assert noisy.rho == pytest.approx(0.6, abs=0.07)
    poisson = monthly_noise(counts(make_panel, np.zeros((12, 132)), rng))
    assert isinstance(poisson, MonthlyNoise)
    assert poisson.sd < 0.03  # sampling alone has an SD of .08


def test_the_likelihood_is_that_of_a_regression_with_ar1_errors() -> None:
    """Without sampling error, differences between correlations at their best variance are those of `ar1_reml`."""
    y = noise_of(np.random.default_rng(SEED), 1, 40, 0.5)[0]
    variances, stretch = np.geomspace(0.2, 40.0, 20_000), np.repeat([0, 1], [25, 15])
    stretches = tuple(float(t) for t in range(40)), tuple(stretch.tolist())
    heights = _heights(y[None], np.zeros(1), stretches, variances).max(axis=1)
    levels = (stretch[:, None] == [0, 1]).astype(np.float64)
    fits = [ar1_reml(y, levels, np.ones(40, dtype=bool), rho=float(rho)) for rho in RHO]
    expected = [fit.log_likelihood for fit in fits if isinstance(fit, SeriesFit)]
    assert heights - heights[0] == pytest.approx(np.asarray(expected) - expected[0], abs=1e-4)


def test_the_variance_of_a_difference_between_windows(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(SEED)
    panel = counts(make_panel, 0.2 * noise_of(rng, 7, 48, 0.5), rng)
    noise = monthly_noise(panel)
    assert isinstance(noise, MonthlyNoise)
    contrast = noise.contrast(panel.periods.baseline, panel.periods.follow_up)
    assert contrast == pytest.approx(np.repeat([-1 / 36, 1 / 12], [36, 12]))
    assert noise.factors(contrast)[0] == pytest.approx(1 / 36 + 1 / 12)  # independent months
    points = noise.points(contrast, 9)
    assert (np.diff(points) > 0).all()
    assert points.mean() == pytest.approx(noise.expected(contrast))
    weighted = np.outer(noise.factors(contrast), noise.variance)
    assert noise.expected(contrast) == pytest.approx(float((noise.weight * weighted).sum()))


def test_noise_needs_areas_and_periods(make_panel: MakePanel) -> None:
    events = np.full((4, 8), 20.0)
    short = monthly_noise(make_panel(CountCells(events, events), treated=2, after=4))
    assert isinstance(short, NoInference)
    assert "baseline periods" in short.reason
    still = monthly_noise(make_panel(CountCells(np.full((4, 24), 20.0), np.full((4, 24), 30.0)), treated=2, after=8))
    assert still == NoInference("No value moves from one period to the next.")


def test_months_without_events_are_part_of_the_noise(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(SEED)
    events = rng.poisson(1.0, (7, 48)).astype(np.float64)
    assert (events == 0).sum() > 50
    found = monthly_noise(make_panel(CountCells(events, np.full(events.shape, 30.0)), treated=2, after=12))
    assert isinstance(found, MonthlyNoise)
    assert np.isfinite(found.sd)


def test_windows_that_do_not_overlap_count_in_full_and_copies_count_once() -> None:
    apart = np.asarray([[-1.0, 1, 0, 0], [0, 0, -1, 1]])
    assert counted(apart) == pytest.approx(2.0)
    assert counted(np.repeat(apart[:1], 5, axis=0)) == pytest.approx(1.0)
    chained = np.asarray([[-1.0, 1, 0], [0, -1, 1]])  # r = -1/2
    assert counted(chained) == pytest.approx(4 / (2 + 2 * 0.25))


def test_the_default_and_the_placebos_are_weighed_by_what_they_say() -> None:
    """Without noise m (G - 1) degrees of freedom against 5; with as much noise as signal a quarter of that."""
    clean = Placebos(variance=0.04, explained=0.0, windows=4, counted=2.0, areas=6.0)
    assert combined(clean, 0.1) == pytest.approx(((5 * 0.01 + 10 * 0.04) / 15) ** 0.5)
    noisy = replace(clean, explained=0.04)
    assert combined(noisy, 0.1) == pytest.approx(((5 * 0.01 + 2.5 * 0.04) / 7.5) ** 0.5)
    assert DEFAULT_DF == 5
    none = replace(clean, variance=-0.008, explained=0.004)
    assert combined(none, 0.1) == LEAST_SHARE * 0.1
    little = replace(clean, variance=0.0, explained=0.5)
    assert 0.09 < combined(little, 0.1) < 0.1


def test_a_baseline_too_short_for_placebos_gives_the_default(make_panel: MakePanel) -> None:
    events = np.full((5, 2), 100.0)
    found = shock_scale(make_panel(CountCells(events, events), treated=2, after=1))
    assert (found.scale, found.placebo_sd, found.windows, found.default) == (0.1, None, 0, 0.1)
    assert "too short" in found.note
    assert found.times(2.0).scale == 0.2
    assert found.times(2.0).note == found.note


def test_shocks_in_the_baseline_are_found_and_their_absence_too(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(SEED)
    year = np.arange(132) // 12
    quiet = counts(make_panel, 0.1 * noise_of(rng, 12, 132, 0.2), rng)
    shaken = counts(make_panel, 0.1 * noise_of(rng, 12, 132, 0.2) + 0.4 * rng.normal(size=(12, 11))[:, year], rng)
    calm, rough = shock_scale(quiet), shock_scale(shaken)
    assert calm.placebo_sd is not None
    assert calm.placebo_sd < 0.05
    assert 0.05 <= calm.scale < 0.1
    assert rough.placebo_sd is not None
    assert rough.placebo_sd > calm.placebo_sd
    assert rough.scale == pytest.approx(0.4, abs=0.12)  # some 8 windows of 12 areas
    assert "placebo windows, which overlap and count as" in rough.note
    assert "in log rate" in rough.note


def test_the_spread_left_over_is_the_shock_s_on_average(make_panel: MakePanel) -> None:
    """Two windows, a shock of SD .3 between them, noise and sampling known: the variance left is .09 on average."""
    rng = np.random.default_rng(SEED)
    step = np.arange(30) >= 12
    found = []
    for _ in range(60):
        log_rate = 0.3 * rng.normal(size=(12, 1)) * step
        events = rng.poisson(100 * np.exp(log_rate)).astype(np.float64)
        roles = (Role.BASELINE,) * 12 + (Role.EXCLUDED,) * 2 + (Role.BASELINE,) * 6 + (Role.FOLLOW_UP,) * 10
        panel = make_panel(CountCells(events, np.full(events.shape, 30.0)), treated=2, roles=roles)
        at = placebos(panel, None)
        assert at is not None
        assert at.windows == 1
        found.append(at.variance)
    error = 0.09 * (2 / (11 * 60)) ** 0.5 * 1.3  # a little more for the noise
    assert float(np.mean(found)) == pytest.approx(0.09, abs=3 * error)


def test_placebo_windows_hold_the_same_months_and_nothing_left_out(make_panel: MakePanel) -> None:
    roles = (Role.BASELINE,) * 20 + (Role.EXCLUDED,) * 3 + (Role.BASELINE,) * 25 + (Role.GAP,) + (Role.FOLLOW_UP,) * 12
    events = np.full((5, len(roles)), 50.0)
    panel = make_panel(CountCells(events, events), treated=2, roles=roles)
    pairs = _windows(panel)
    season, baseline = panel.periods.season, panel.periods.baseline
    assert len(pairs) > 5
    for before, after in pairs:
        assert after.sum() == 12
        assert not (before & after).any()
        assert baseline[before | after].all()
        first, second = (np.bincount(season[w], minlength=12) for w in (before, after))
        assert (first * second.sum() == second * first.sum()).all()


def test_years_have_no_months_to_match(make_panel: MakePanel) -> None:
    from models.periods import TimeUnit

    rng = np.random.default_rng(SEED)
    events = rng.poisson(500, (8, 12)).astype(np.float64)
    panel = make_panel(CountCells(events, np.full(events.shape, 365.0)), treated=2, after=3, unit=TimeUnit.YEAR)
    found = shock_scale(panel)
    assert found.windows > 1
    assert 0.05 <= found.scale < 0.15


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_a_scale_with_words(kind: Kind, make_panel: MakePanel, any_cells: Callable[..., object]) -> None:
    found = shock_scale(make_panel(any_cells(kind, 6, 36, SEED), treated=2, after=12))
    assert found.scale >= LEAST_SHARE * found.default - EXACT
    assert found.windows > 0
    assert "nan" not in found.note
    assert found.note.endswith(".")
    link = {Kind.COUNT: Link.LOG, Kind.BINARY: Link.LOGIT}.get(kind)
    if link is not None:
        assert found.default == DEFAULT[link]
        assert str(link) in found.note


def test_noise_already_at_hand_gives_the_same(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(SEED)
    panel = counts(make_panel, 0.1 * noise_of(rng, 7, 48, 0.5), rng)
    assert shock_scale(panel, monthly_noise(panel)) == shock_scale(panel)


def test_values_without_any_spread_still_have_a_scale(make_panel: MakePanel) -> None:
    n = np.full((5, 36), 4.0)
    found = shock_scale(make_panel(ContinuousCells(n, n * 10, n * 100), treated=2, after=12))
    assert found.default == 0.5
    assert found.scale >= 0.25
