"""Why no inference here comes from synthetic difference-in-differences: its placebo error vanishes with few areas.

The method is written out below, for this test only, as its authors' R package does it (Arkhangelsky, Athey, Hirshberg,
Imbens & Wager 2021, American Economic Review 111:4088). With fewer comparison areas than periods before
the start, weights on those periods exist that predict every comparison area's later mean exactly. The placebo error
calls comparison areas treated, one pair after another, and starts each search for weights from those of the real
estimate: where they fit already, the search ends at once, each placebo effect is about nought, and so is the error.
"""

import csv
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from models.arrays import FloatArray
from models.inference.collapsed import collapsed_t
from models.inference.ttest import TTest

PRINTED = 0.01  # -15.605, from sales rounded to one decimal, by a search that stops at a tolerance
REPEATS = 300
MONTE_CARLO = 3 * (0.05 * 0.95 / REPEATS) ** 0.5  # three standard errors of a 5% rejection rate: 3.8 points
TREATED, COMPARISON, BEFORE, AFTER = 2, 5, 24, 12
MONTHLY = np.asarray([90.0, 80, 120, 80, 245, 155, 155])
FIRST_SEARCH, LAST_SEARCH = 100, 10_000  # steps before and after small weights are dropped


@dataclass(frozen=True)
class Weights:
    """Of comparison areas, shape (B, N0), and of periods before the start, shape (B, T0)."""

    areas: FloatArray
    periods: FloatArray


def simplex(
    a: FloatArray, b: FloatArray, zeta: FloatArray, start: FloatArray, least: FloatArray, most: int
) -> FloatArray:
    """Weights x >= 0 of sum 1 that bring a x close to b up to a constant, by Frank and Wolfe's steps.

    B problems at once: `a` (B, n, k), `b` (B, n), `zeta` and `least` (B,), `start` (B, k). Each stops where a
    step gains too little.
    """
    a = a - a.mean(axis=1, keepdims=True)
    b = b - b.mean(axis=1, keepdims=True)
    n, x = a.shape[1], start.copy()
    last = np.full(len(x), np.inf)
    active = np.arange(len(x))
    for step in range(most):
        now, eta = a[active], n * zeta[active] ** 2
        here = x[active]
        error = np.einsum("bnk,bk->bn", now, here) - b[active]
        slope = np.einsum("bn,bnk->bk", error, now) + eta[:, None] * here
        best = slope.argmin(axis=1)
        move = -here
        move[np.arange(len(active)), best] += 1
        change = np.take_along_axis(now, best[:, None, None], axis=2)[:, :, 0] - error - b[active]
        curve = (change**2).sum(axis=1) + eta * (move**2).sum(axis=1)
        length = np.divide(-(slope * move).sum(axis=1), curve, out=np.zeros(len(active)), where=curve > 0)
        x[active] = here + np.clip(length, 0, 1)[:, None] * move
        residual = np.einsum("bnk,bk->bn", now, x[active]) - b[active]
        value = zeta[active] ** 2 * (x[active] ** 2).sum(axis=1) + (residual**2).sum(axis=1) / n
        goes_on = (last[active] - value > least[active] ** 2) | (step < 1)
        last[active] = value
        active = active[goes_on]
        if not len(active):
            break
    return x


def searched(a: FloatArray, b: FloatArray, zeta: FloatArray, start: FloatArray, least: FloatArray) -> FloatArray:
    """Search, drop weights up to a quarter of the largest, and search again."""
    rough = simplex(a, b, zeta, start, least, FIRST_SEARCH)
    kept = np.where(rough <= rough.max(axis=1, keepdims=True) / 4, 0.0, rough)
    return simplex(a, b, zeta, kept / kept.sum(axis=1, keepdims=True), least, LAST_SEARCH)


def synthetic_did(y: FloatArray, treated: int, before: int, start: Weights | None = None) -> tuple[FloatArray, Weights]:
    """Estimates of B panels, shape (B, N, T), whose last `treated` areas are treated after `before` periods."""
    areas, after = y.shape[1] - treated, y.shape[2] - before
    noise = np.diff(y[:, :areas, :before], axis=2).reshape(len(y), -1).std(axis=1, ddof=1)
    least = 1e-5 * noise
    late, early = y[:, :, before:].mean(axis=2), y[:, :, :before]
    begin = start or Weights(np.full((len(y), areas), 1 / areas), np.full((len(y), before), 1 / before))
    by_period = searched(early[:, :areas], late[:, :areas], 1e-6 * noise, begin.periods, least)
    control, own = early[:, :areas].transpose(0, 2, 1), early[:, areas:].mean(axis=1)
    by_area = searched(control, own, (treated * after) ** 0.25 * noise, begin.areas, least)
    gap = late - np.einsum("bnt,bt->bn", early, by_period)
    return gap[:, areas:].mean(axis=1) - (by_area * gap[:, :areas]).sum(axis=1), Weights(by_area, by_period)


def placebo_error(y: FloatArray, treated: int, before: int, found: Weights, *, warm: bool) -> FloatArray:
    """Standard deviation of the estimates with every choice of comparison areas called treated, shape (B,).

    `warm`: searches for period weights start from those of the real estimate, as in the package, not from equal ones.
    """
    areas = y.shape[1] - treated
    panels, shares = [], []
    for chosen in combinations(range(areas), treated):
        others = [g for g in range(areas) if g not in chosen]
        panels.append(y[:, others + list(chosen)])
        share = found.areas[:, others]
        total = share.sum(axis=1, keepdims=True)
        shares.append(np.divide(share, total, out=np.full_like(share, 1 / len(others)), where=total > 0))
    periods = found.periods if warm else np.full_like(found.periods, 1 / before)
    begin = Weights(np.concatenate(shares), np.tile(periods, (len(panels), 1)))
    effects, _ = synthetic_did(np.concatenate(panels), treated, before, begin)
    return effects.reshape(len(panels), -1).std(axis=0)


def null_panels(repeats: int, seed: int) -> FloatArray:
    """Log monthly counts of 5 comparison and 2 treated areas, shape (B, 7, 36), without any effect.

    Poisson counts around log rates with AR(1) noise (SD .15, .5) within areas, and a common random walk and season.
    """
    rng = np.random.default_rng(seed)
    areas, months = TREATED + COMPARISON, BEFORE + AFTER
    noise = rng.normal(size=(repeats, areas, months))
    for t in range(1, months):
        noise[:, :, t] = 0.5 * noise[:, :, t - 1] + 0.75**0.5 * noise[:, :, t]
    season = 0.25 * np.cos(2 * np.pi * np.arange(months) / 12)
    common = np.cumsum(0.05 * rng.normal(size=(repeats, 1, months)), axis=2) + season
    level = rng.permuted(np.tile(MONTHLY, (repeats, 1)), axis=1)[:, :, None]
    return np.log(rng.poisson(level * np.exp(0.15 * noise + common)))


def test_the_method_is_the_published_one() -> None:
    path = Path(__file__).resolve().parents[2] / "data" / "prop99" / "cigarettes.csv"
    with path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    states = [*sorted({row["state"] for row in rows} - {"California"}), "California"]
    packs = {(row["state"], row["year"]): float(row["packs"]) for row in rows}
    y = np.asarray([[packs[state, str(year)] for year in range(1970, 2001)] for state in states])
    estimate, _ = synthetic_did(y[None], treated=1, before=19)
    assert estimate[0] == pytest.approx(-15.605, abs=PRINTED)


@pytest.fixture(scope="module")
def panels() -> FloatArray:
    return null_panels(REPEATS, seed=1)


@pytest.fixture(scope="module")
def warm(panels: FloatArray, fitted: tuple[FloatArray, Weights]) -> FloatArray:
    return placebo_error(panels, TREATED, BEFORE, fitted[1], warm=True)


@pytest.fixture(scope="module")
def fitted(panels: FloatArray) -> tuple[FloatArray, Weights]:
    return synthetic_did(panels, TREATED, BEFORE)


def test_period_weights_fit_every_comparison_area_when_periods_outnumber_areas(
    panels: FloatArray, fitted: tuple[FloatArray, Weights]
) -> None:
    comparison = panels[:, :COMPARISON]
    left = comparison[:, :, BEFORE:].mean(axis=2) - np.einsum(
        "bnt,bt->bn", comparison[:, :, :BEFORE], fitted[1].periods
    )
    plain = comparison[:, :, BEFORE:].mean(axis=2) - comparison[:, :, :BEFORE].mean(axis=2)
    assert np.median(left.std(axis=1)) < 0.05 * np.median(plain.std(axis=1))


def test_the_placebo_error_vanishes_unless_searches_start_afresh(
    panels: FloatArray, fitted: tuple[FloatArray, Weights], warm: FloatArray
) -> None:
    effects, weights = fitted
    true_error = float(effects.std())
    cold = placebo_error(panels[:100], TREATED, BEFORE, Weights(weights.areas[:100], weights.periods[:100]), warm=False)
    assert np.median(warm) < true_error / 4
    assert warm.min() < true_error / 1000
    assert np.median(cold) == pytest.approx(true_error, rel=0.2)


def test_it_claims_effects_that_are_not_there_and_the_collapsed_t_does_not(
    panels: FloatArray, fitted: tuple[FloatArray, Weights], warm: FloatArray
) -> None:
    effects, _ = fitted
    changes = panels[:, :, BEFORE:].mean(axis=2) - panels[:, :, :BEFORE].mean(axis=2)
    mask = np.arange(TREATED + COMPARISON) >= COMPARISON
    tests = [collapsed_t(w, mask, 0.95) for w in changes]
    synthetic = float(np.mean(np.abs(effects) > 1.96 * warm))
    collapsed = float(np.mean([isinstance(t, TTest) and t.p_value <= 0.05 for t in tests]))
    assert synthetic > 0.5, "ten times the 5% it promises; the standard error of this share is 2.9 points"
    assert collapsed == pytest.approx(0.05, abs=MONTE_CARLO)
