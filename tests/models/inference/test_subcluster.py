"""The subcluster wild bootstrap: against the regression of a whole panel, its own inversion, and in size."""

from itertools import product

import numpy as np
import pytest

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.inference.resampled import Resampled
from models.inference.subcluster import subcluster_bootstrap

EXACT = 1e-9  # sums in another order
STEP = 1e-6  # of the interval: the search for a limit ends far closer than this
DRAWN = 4 * (0.25 / 20_000) ** 0.5  # four standard errors of a share of 20,000 draws, 1.4 points at most
REPEATS = 1_500
AREAS, PERIODS = 7, 48
LATE = np.arange(PERIODS) >= 36


def first(treated: int, areas: int) -> BoolArray:
    return np.arange(areas) < treated


def run(values: FloatArray, treated: BoolArray, late: BoolArray, level: float = 0.95, **options: int) -> Resampled:
    found = subcluster_bootstrap(values, treated, ~late, late, level, **options)
    assert isinstance(found, Resampled)
    return found


def panel(seed: int, areas: int, periods: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(areas, periods)) + 3 * rng.normal(size=(areas, 1)) + rng.normal(size=periods)


def test_p_agrees_with_every_sign_of_every_cell_refitted_as_a_panel() -> None:
    import statsmodels.api as sm

    areas, periods, mask, late = 4, 3, first(2, 4), np.arange(3) >= 2
    y = panel(5, areas, periods) + 1.5 * np.outer(mask, late)
    area, period = (index.ravel() for index in np.indices(y.shape))
    nuisance = [area[:, None] == np.arange(areas), period[:, None] == np.arange(1, periods)]
    design = np.column_stack([mask[area] & late[period], *nuisance]).astype(np.float64)
    restricted = sm.OLS(y.ravel(), design[:, 1:]).fit()
    signs = np.asarray(list(product([1.0, -1.0], repeat=areas * periods)))
    samples = restricted.fittedvalues + signs * restricted.resid
    projection = np.linalg.pinv(design)

    def t_of(values: FloatArray) -> FloatArray:
        beta = values @ projection.T
        errors = values - beta @ design.T
        scores = np.stack([(errors * projection[0])[:, area == g].sum(axis=1) for g in range(areas)], axis=1)
        return np.abs(beta[:, 0]) / np.sqrt((scores**2).sum(axis=1))

    own = t_of(y.reshape(1, -1))[0]
    options = {"groups": area, "use_correction": False}
    reference = sm.OLS(y.ravel(), design).fit(cov_type="cluster", cov_kwds=options)
    assert own == pytest.approx(abs(float(reference.tvalues[0])), rel=1e-6)
    exact = np.mean(t_of(samples) >= own * (1 - EXACT))
    found = run(y, mask, late, seed=1)
    assert found.estimate == pytest.approx(float(reference.params[0]))
    assert found.p_value == pytest.approx(exact, abs=DRAWN)


def test_the_interval_ends_where_the_same_draws_begin_to_reject() -> None:
    mask = first(2, AREAS)
    y = panel(2, AREAS, PERIODS)
    for level in (0.8, 0.95):
        found = run(y, mask, LATE, level, seed=4, draws=999)
        assert found.interval is not None
        lo, hi = found.interval
        assert lo < found.estimate < hi
        step = STEP * (hi - lo)

        def p(effect: float, level: float = level) -> float:
            return run(y - effect * np.outer(mask, LATE), mask, LATE, level, seed=4, draws=999).p_value

        for inside, outside in ((lo + step, lo - step), (hi - step, hi + step)):
            assert p(inside) > 1 - level + EXACT
            assert p(outside) <= 1 - level + EXACT


def test_area_and_period_levels_do_not_matter() -> None:
    mask, y, rng = first(3, 8), panel(3, 8, 12), np.random.default_rng(0)
    late = np.arange(12) >= 7
    plain = run(y, mask, late, seed=2, draws=499)
    moved = run(y + 10 * rng.normal(size=(8, 1)) + 10 * rng.normal(size=12), mask, late, seed=2, draws=499)
    assert moved.p_value == plain.p_value
    assert moved.estimate == pytest.approx(plain.estimate, abs=1e-9)
    assert plain.interval is not None
    assert moved.interval == pytest.approx(plain.interval, abs=1e-6)


def test_periods_outside_the_windows_are_not_used() -> None:
    mask, y = first(2, 6), panel(4, 6, 10)
    before, after = np.arange(10) < 5, np.arange(10) >= 7
    wild = y.copy()
    wild[:, 5:7] = np.nan
    plain, other = (subcluster_bootstrap(v, mask, before, after, 0.9, draws=99) for v in (y, wild))
    assert isinstance(plain, Resampled)
    assert plain == other


def test_the_same_seed_gives_the_same_draws() -> None:
    mask, y = first(2, AREAS), panel(6, AREAS, PERIODS)
    found = run(y, mask, LATE, seed=1)
    assert found == run(y, mask, LATE, seed=1)
    assert found != run(y, mask, LATE, seed=2)
    assert (found.draws, found.exact) == (20_000, False)
    assert found.p_value >= found.attainable_p >= 1 / 20_000


def test_a_large_effect_gives_the_smallest_p() -> None:
    mask, y = first(2, AREAS), panel(6, AREAS, PERIODS)
    found = run(y + 1e3 * np.outer(mask, LATE), mask, LATE, draws=999)
    assert found.p_value == found.attainable_p == 1 / 1000


def test_missing_cells_are_refused_with_their_number() -> None:
    y = panel(7, 5, 6)
    y[0, 1] = y[3, 5] = np.nan
    late = np.arange(6) >= 3
    found = subcluster_bootstrap(y, first(2, 5), ~late, late, 0.95)
    assert isinstance(found, NoInference)
    assert "2 of 30 have none" in found.reason


def test_two_periods_leave_nothing_below_the_area() -> None:
    late = np.asarray([False, True])
    found = subcluster_bootstrap(panel(8, 6, 2), first(2, 6), ~late, late, 0.95)
    assert isinstance(found, NoInference)
    assert "below the area" in found.reason


@pytest.mark.parametrize(("treated", "areas"), [(1, 2), (2, 5)])
def test_areas_that_all_changed_alike_are_refused(treated: int, areas: int) -> None:
    late, mask = np.arange(6) >= 3, first(treated, areas)
    y = np.arange(areas)[:, None] + np.arange(6) ** 2 + 0.5 * np.outer(mask, late)
    assert isinstance(subcluster_bootstrap(y, mask, ~late, late, 0.95), NoInference)


@pytest.mark.parametrize(("spread", "known", "repeats"), [(1.0, 0.0500, 40_000), (2.0, 0.061, 5_000)])
def test_its_size_at_two_of_seven(spread: float, known: float, repeats: int) -> None:
    # Rates of other programs for the same design: `known` of `repeats` simulations.
    rng, mask = np.random.default_rng(1), first(2, AREAS)
    own = np.where(mask, spread, 1.0)[:, None]
    tests = (run(own * rng.normal(size=(AREAS, PERIODS)), mask, LATE, seed=r, draws=199) for r in range(REPEATS))
    rejected = float(np.mean([found.p_value <= 0.05 for found in tests]))
    assert rejected == pytest.approx(known, abs=3 * (known * (1 - known) * (1 / REPEATS + 1 / repeats)) ** 0.5)
