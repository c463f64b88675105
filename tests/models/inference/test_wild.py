"""The restricted wild cluster bootstrap: against its definition on a whole panel, two other packages, and in size."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.arrays import BoolArray, FloatArray
from models.inference.collapsed import difference_in_means
from models.inference.refusal import NoInference
from models.inference.resampled import Resampled
from models.inference.wild import POINTS, Multiplier, wild_bootstrap

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
EXACT = 1e-9  # sums in another order
STEP = 1e-6  # of the interval: the search for a limit ends far closer than this
PEER = 1e-6  # the other package's search for a limit, and ten digits stored
REPEATS = 1_500


def first(treated: int, areas: int) -> BoolArray:
    return np.arange(areas) < treated


def run(changes: FloatArray, treated: BoolArray, level: float = 0.95, **options: object) -> Resampled:
    found = wild_bootstrap(changes, treated, level, **options)  # type: ignore[arg-type]
    assert isinstance(found, Resampled)
    return found


def statistic(changes: FloatArray, treated: BoolArray, weights: FloatArray | None = None) -> float:
    """Size of the cluster-robust t, from a weighted regression of the changes on treatment."""
    sizes = np.ones(len(changes)) if weights is None else weights
    design = np.column_stack([np.ones(len(changes)), treated])
    bread = np.linalg.inv(design.T @ (sizes[:, None] * design))
    beta = bread @ design.T @ (sizes * changes)
    scores = design * (sizes * (changes - design @ beta))[:, None]
    return float(abs(beta[1]) / np.sqrt((bread @ scores.T @ scores @ bread)[1, 1]))


def brute_force_p(changes: FloatArray, treated: BoolArray, effect: float, weights: FloatArray | None = None) -> float:
    """List all signs and refit every sample."""
    under = changes - effect * treated
    residuals = under - np.average(under, weights=weights)
    own = statistic(under, treated, weights)
    every = [np.asarray(v) * residuals for v in product([1.0, -1.0], repeat=len(changes))]
    return sum(statistic(sample, treated, weights) >= own * (1 - EXACT) for sample in every) / len(every)


designs = st.tuples(st.integers(1, 4), st.integers(1, 4)).filter(lambda pair: sum(pair) >= 3)


@settings(deadline=None, max_examples=50)
@given(designs, st.integers(0, 10_000), st.booleans())
def test_p_is_a_count_of_sign_vectors(design: tuple[int, int], seed: int, weighted: bool) -> None:
    mask, rng = first(design[0], sum(design)), np.random.default_rng(seed)
    changes = rng.normal(size=len(mask))
    weights = rng.uniform(0.5, 3, len(mask)) if weighted else None
    found = run(changes, mask, weights=weights)
    assert found.exact
    assert found.draws == 2 ** len(mask)
    assert found.estimate == pytest.approx(difference_in_means(changes, mask, weights), abs=EXACT)
    assert found.p_value == pytest.approx(brute_force_p(changes, mask, 0.0, weights), abs=EXACT)
    assert found.p_value >= found.attainable_p >= 2 / found.draws


@settings(deadline=None, max_examples=50)
@given(designs, st.integers(0, 10_000), st.sampled_from([0.5, 0.8, 0.9]))
def test_the_interval_ends_where_the_test_begins_to_reject(design: tuple[int, int], seed: int, level: float) -> None:
    mask = first(design[0], sum(design))
    changes = np.random.default_rng(seed).normal(size=len(mask))
    found = run(changes, mask, level)
    if found.interval is None:
        assert found.attainable_p > 1 - level - EXACT
        assert brute_force_p(changes, mask, 1e3) > 1 - level - EXACT, "even an absurd effect is not rejected"
        return
    lo, hi = found.interval
    step = STEP * (hi - lo)
    assert lo < found.estimate < hi
    for inside, outside in ((lo + step, lo - step), (hi - step, hi + step)):
        assert brute_force_p(changes, mask, inside) > 1 - level + EXACT
        assert brute_force_p(changes, mask, outside) <= 1 - level + EXACT


def test_the_collapsed_statistic_is_that_of_the_whole_panel() -> None:
    import statsmodels.api as sm

    areas, periods, after, mask = 7, 9, 3, first(2, 7)
    rng = np.random.default_rng(3)
    y = rng.normal(size=(areas, periods)) + rng.normal(size=(areas, 1)) + rng.normal(size=periods)
    area, period = (index.ravel() for index in np.indices(y.shape))
    nuisance = np.column_stack([area[:, None] == np.arange(areas), period[:, None] == np.arange(1, periods)])
    x = (mask[area] & (period >= periods - after)).astype(np.float64)
    design = np.column_stack([x, nuisance]).astype(np.float64)

    def t_of(values: FloatArray) -> float:
        options = {"groups": area, "use_correction": False}
        return abs(float(sm.OLS(values, design).fit(cov_type="cluster", cov_kwds=options).tvalues[0]))

    restricted = sm.OLS(y.ravel(), design[:, 1:]).fit()
    own = t_of(y.ravel())
    signs = np.asarray(list(product([1.0, -1.0], repeat=areas)))
    every = [t_of(restricted.fittedvalues + v[area] * restricted.resid) for v in signs]
    expected = np.mean([t >= own * (1 - EXACT) for t in every])
    w = y[:, -after:].mean(axis=1) - y[:, :-after].mean(axis=1)
    assert run(w, mask).p_value == pytest.approx(expected, abs=EXACT)


def peers() -> list[tuple[str, FloatArray, BoolArray, pd.DataFrame]]:
    panel, stored = pd.read_csv(REFERENCE / "wild_peers_panel.csv"), pd.read_csv(REFERENCE / "wild_peers.csv")
    found = []
    for name, data in panel.groupby("design", sort=False):
        means = data.groupby(["area", "after"])["y"].mean().unstack().to_numpy()
        mask = data.groupby("area")["treated"].first().to_numpy() == 1
        found.append(
            (str(name), means[:, 1] - means[:, 0], mask, stored[stored["design"] == name].set_index("package"))
        )
    return found


@pytest.mark.parametrize(("name", "changes", "mask", "stored"), peers(), ids=[name for name, *_ in peers()])
def test_other_packages_agree_but_for_ties(
    name: str, changes: FloatArray, mask: BoolArray, stored: pd.DataFrame
) -> None:
    assert name
    found = run(changes, mask)
    strictly = found.p_value - found.attainable_p  # in these data only the ties that any data have
    theirs = stored["p"].to_dict()
    none_larger = 1 / (found.draws + 1)  # how diff-diff writes a share of 0
    assert theirs["diff-diff 3.13.0"] == pytest.approx(strictly or none_larger, abs=PEER)
    # wildboottest compares without room for rounding, so that some ties count with it and some do not
    assert strictly - PEER <= theirs["wildboottest 0.3.2"] <= found.p_value + PEER


@pytest.mark.parametrize(("name", "changes", "mask", "stored"), peers(), ids=[name for name, *_ in peers()])
def test_another_packages_limits_agree_at_the_level_that_ties_make(
    name: str, changes: FloatArray, mask: BoolArray, stored: pd.DataFrame
) -> None:
    assert name
    theirs = stored.loc["diff-diff 3.13.0"]
    level = float(theirs["level"]) - 2 / 2 ** len(mask)
    assert run(changes, mask, level).interval == pytest.approx((theirs["lo"], theirs["hi"]), abs=PEER)


@settings(deadline=None, max_examples=50)
@given(designs, st.integers(0, 10_000), st.sampled_from(list(Multiplier)))
def test_only_differences_between_areas_matter(design: tuple[int, int], seed: int, multiplier: Multiplier) -> None:
    mask = first(design[0], sum(design))
    changes = np.random.default_rng(seed).normal(size=len(mask))
    plain, moved = (run(w, mask, 0.8, seed=seed, multiplier=multiplier, draws=199) for w in (changes, 5 - 2 * changes))
    assert moved.p_value == plain.p_value
    assert moved.estimate == pytest.approx(-2 * plain.estimate, abs=EXACT)
    assert (moved.interval is None) == (plain.interval is None)
    if plain.interval is not None and moved.interval is not None:
        assert moved.interval == pytest.approx((-2 * plain.interval[1], -2 * plain.interval[0]), abs=1e-6)


@pytest.mark.parametrize(("treated", "areas", "floor"), [(2, 7, 2 / 128), (1, 6, 2 / 64), (2, 4, 2 / 16)])
def test_the_smallest_p(treated: int, areas: int, floor: float) -> None:
    changes = np.arange(areas) + np.where(first(treated, areas), 1e4, 0.0)
    found = run(changes, first(treated, areas), 0.99 if floor < 0.01 else 0.8)
    assert found.p_value == found.attainable_p == pytest.approx(floor)


def test_no_interval_where_nothing_can_be_rejected() -> None:
    changes = np.asarray([9.0, 8.0, 1.0, 2.0])
    assert run(changes, first(2, 4), 0.95).interval is None
    assert run(changes, first(2, 4), 0.8).interval is not None


@pytest.mark.parametrize("noise", [0.0, 1e-15])
def test_areas_that_all_changed_alike_are_refused(noise: float) -> None:
    changes = np.asarray([0.3, 0.3, 0.1, 0.1, 0.1]) + noise * np.asarray([1, -1, 1, -1, 0])
    found = wild_bootstrap(changes, first(2, 5), 0.95)
    assert isinstance(found, NoInference)
    assert "exactly the same amount" in found.reason


def test_one_area_on_each_side_is_refused() -> None:
    assert isinstance(wild_bootstrap(np.asarray([1.0, 2.0]), first(1, 2), 0.5), NoInference)


@pytest.mark.parametrize("multiplier", Multiplier)
def test_multipliers_have_mean_nought_and_variance_one(multiplier: Multiplier) -> None:
    assert POINTS[multiplier].mean() == pytest.approx(0, abs=EXACT)
    assert (POINTS[multiplier] ** 2).mean() == pytest.approx(1)


def test_drawn_multipliers_agree_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    changes, mask = np.random.default_rng(4).normal(size=9) + 0.7 * first(3, 9), first(3, 9)
    listed = run(changes, mask, 0.9)
    monkeypatch.setattr("models.inference.wild.MOST_LISTED", 8)
    drawn = run(changes, mask, 0.9, seed=1)
    assert not drawn.exact
    assert drawn.draws == 20_000
    assert drawn.p_value == pytest.approx(listed.p_value, abs=4 * (0.25 / 20_000) ** 0.5)
    assert drawn == run(changes, mask, 0.9, seed=1)
    assert drawn != run(changes, mask, 0.9, seed=2)


def test_webbs_draws_agree_with_all_7776_vectors_of_five_areas() -> None:
    mask, rng = first(2, 5), np.random.default_rng(6)
    changes = rng.normal(size=5) + 0.8 * mask
    residuals, own = changes - changes.mean(), statistic(changes, mask)
    every = [statistic(np.asarray(v) * residuals, mask) for v in product(POINTS[Multiplier.WEBB], repeat=5)]
    exact = np.mean([t >= own * (1 - EXACT) for t in every])
    found = run(changes, mask, multiplier=Multiplier.WEBB, seed=3)
    assert not found.exact
    assert found.p_value == pytest.approx(exact, abs=4 * (0.25 / 20_000) ** 0.5)


def rejections(spread: float, multiplier: Multiplier, seed: int) -> float:
    rng, mask = np.random.default_rng(seed), first(2, 7)
    own = np.where(mask, spread, 1.0)
    tests = (run(own * rng.normal(size=7), mask, multiplier=multiplier, draws=199, seed=r) for r in range(REPEATS))
    return float(np.mean([found.p_value <= 0.05 for found in tests]))


@pytest.mark.parametrize(
    ("spread", "multiplier", "known", "repeats"),
    [
        (1.0, Multiplier.RADEMACHER, 0.0360, 100_000),
        (2.0, Multiplier.RADEMACHER, 0.1231, 100_000),
        (1.0, Multiplier.WEBB, 0.040, 5_000),
    ],
)
def test_it_is_cautious_at_two_of_seven_and_fails_where_treated_areas_vary_more(
    spread: float, multiplier: Multiplier, known: float, repeats: int
) -> None:
    # Rates of other programs for the same design: `known` of `repeats` simulations.
    error = (known * (1 - known) * (1 / REPEATS + 1 / repeats)) ** 0.5
    assert rejections(spread, multiplier, seed=1) == pytest.approx(known, abs=3 * error)


def test_with_one_treated_area_it_hardly_ever_rejects() -> None:
    rng, mask = np.random.default_rng(8), first(1, 7)
    rejected = np.mean([run(rng.normal(size=7), mask).p_value <= 0.05 for _ in range(400)])
    assert rejected < 0.02
