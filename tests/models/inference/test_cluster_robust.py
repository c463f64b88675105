"""Cluster-robust variances: clubSandwich's published example and stored output, and the closed forms."""

import csv
from pathlib import Path

import numpy as np
import pytest

from models.arrays import BoolArray, FloatArray
from models.inference.cluster_robust import ClusterRobust, cluster_robust
from models.inference.collapsed import collapsed_t
from models.inference.cr2 import cr2
from models.inference.jackknife import jackknife_t
from models.inference.refusal import NoInference
from models.inference.ttest import TTest

STORED = 1e-9  # relative; R's output holds 12 digits
EXACT = 1e-9  # one formula against another
UNEVEN = 1e-7  # the same where one area has 99% of its group's weight, and sums cancel
REFERENCE = Path(__file__).parents[2] / "reference"
RESULTS = {
    (row["case"], row["coefficient"]): {key: float(row[key]) for key in row if key not in {"case", "coefficient"}}
    for row in csv.DictReader((REFERENCE / "clubsandwich.csv").read_text().splitlines())
}


def table(name: str) -> np.ndarray:
    return np.genfromtxt(REFERENCE / f"{name}.csv", delimiter=",", names=True)


MORTALITY, PANEL = table("mortality_rates"), table("clubsandwich_panel")


def dummies(values: FloatArray, start: int = 0) -> BoolArray:
    return values[:, None] == np.unique(values)[start:]


def matches(found: ClusterRobust | NoInference, case: str, coefficient: str) -> None:
    assert isinstance(found, ClusterRobust)
    expected = RESULTS[case, coefficient]
    numbers = (found.estimate, found.cr1, found.cr2, found.cr3, found.df, found.clusters)
    assert numbers == pytest.approx(
        tuple(expected[key] for key in ("estimate", "cr1", "cr2", "jackknife", "df", "clusters")), rel=STORED
    )
    assert found.estimate / found.cr2 == pytest.approx(expected["t"], rel=STORED)


def mortality(column: int, *, weighted: bool = False, swept: bool = False) -> ClusterRobust | NoInference:
    m = MORTALITY
    state = m["state"].astype(np.int64)
    effects = [dummies(m["year"], 1)] if swept else [dummies(m["state"]), dummies(m["year"], 1)]
    design = np.column_stack([m["legal"], m["beertaxa"], *effects]).astype(np.float64)
    weights = m["pop"] if weighted else None
    return cluster_robust(m["mrate"], design, column, state, weights, state if swept else None)


def test_the_minimum_drinking_age_as_published() -> None:
    # Pustejovsky's clubSandwich vignette: state and year effects, 50 states, 1970 to 1983.
    assert len(MORTALITY) == 700
    legal, tax = mortality(0), mortality(1)
    assert isinstance(legal, ClusterRobust)
    assert isinstance(tax, ClusterRobust)
    assert legal.estimate == pytest.approx(7.588, abs=5e-4)
    assert legal.cr1 == pytest.approx(2.441, abs=5e-4)
    assert legal.cr2 == pytest.approx(2.513, abs=5e-4)
    assert legal.estimate / legal.cr2 == pytest.approx(3.019, abs=5e-4)
    assert legal.df == pytest.approx(24.58, abs=5e-3)
    assert tax.df == pytest.approx(5.77, abs=5e-3)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("column", "name"), [(0, "legal"), (1, "beertaxa")])
def test_it_is_clubsandwich_on_fifty_states(column: int, name: str, weighted: bool) -> None:
    matches(mortality(column, weighted=weighted), f"mortality{', weighted' * weighted}", name)


def test_effects_swept_out_change_nothing() -> None:
    matches(mortality(0, swept=True), "mortality", "legal")
    matches(mortality(1, swept=True), "mortality", "beertaxa")


def panel_fit(*, whole: bool, weighted: bool) -> ClusterRobust | NoInference:
    p = PANEL[(PANEL["kept"] == 1) | whole]
    design = np.column_stack([p["effect"], dummies(p["area"]), dummies(p["period"], 1)]).astype(np.float64)
    return cluster_robust(p["y"], design, 0, p["area"].astype(np.int64), p["size"] if weighted else None)


@pytest.mark.parametrize(
    ("case", "whole", "weighted"),
    [
        ("panel", True, False),
        ("panel, unbalanced", False, False),
        ("panel, weighted", True, True),
        ("panel, unbalanced and weighted", False, True),
    ],
)
def test_it_is_clubsandwich_on_two_treated_areas_of_seven(case: str, whole: bool, weighted: bool) -> None:
    matches(panel_fit(whole=whole, weighted=weighted), case, "effect")


def changes() -> tuple[FloatArray, BoolArray, FloatArray]:
    y, size = PANEL["y"].reshape(7, 12), PANEL["size"].reshape(7, 12)[:, 0]
    return y[:, 8:].mean(axis=1) - y[:, :8].mean(axis=1), np.arange(7) < 2, size


@pytest.mark.parametrize("weighted", [False, True])
def test_the_closed_forms_are_clubsandwich_on_one_change_per_area(weighted: bool) -> None:
    w, treated, size = changes()
    weights = size if weighted else None
    design = np.column_stack([np.ones(7), treated])
    case = f"changes{', weighted' * weighted}"
    matches(cluster_robust(w, design, 1, np.arange(7), weights), case, "treated")
    robust, left_out = cr2(w, treated, 0.95, weights=weights), jackknife_t(w, treated, 0.95, weights=weights)
    assert isinstance(robust, TTest)
    assert isinstance(left_out, TTest)
    expected = RESULTS[case, "treated"]
    assert (robust.estimate, robust.std_error, robust.df, robust.p_value) == pytest.approx(
        tuple(expected[key] for key in ("estimate", "cr2", "df", "p")), rel=STORED
    )
    assert (left_out.estimate, left_out.std_error, left_out.df) == pytest.approx(
        (expected["estimate"], expected["jackknife"], 6), rel=STORED
    )


@pytest.mark.parametrize(("treated", "areas"), [(2, 7), (2, 4), (3, 20), (40, 60)])
@pytest.mark.parametrize("spread", [None, 0.3, 2.0])
def test_the_closed_forms_are_the_general_answer(treated: int, areas: int, spread: float | None) -> None:
    rng = np.random.default_rng(areas)
    w, mask = rng.normal(size=areas), np.arange(areas) < treated
    weights = None if spread is None else np.exp(spread * rng.normal(size=areas))
    design = np.column_stack([np.ones(areas), mask]).astype(np.float64)
    general = cluster_robust(w, design, 1, np.arange(areas), weights)
    robust, left_out = cr2(w, mask, 0.9, weights=weights), jackknife_t(w, mask, 0.9, weights=weights)
    assert isinstance(general, ClusterRobust)
    assert isinstance(robust, TTest)
    assert isinstance(left_out, TTest)
    assert (robust.estimate, robust.std_error, robust.df) == pytest.approx(
        (general.estimate, general.cr2, general.df), rel=UNEVEN if spread == 2 else EXACT
    )
    assert left_out.std_error == pytest.approx(general.cr3, rel=EXACT)


def test_an_area_with_all_the_weight_is_refused() -> None:
    w, mask, weights = np.asarray([1.0, 3, 2, 5, 4]), np.arange(5) < 2, np.asarray([1.0, 1, 1e9, 1, 1])
    for refused in (cr2(w, mask, 0.95, weights=weights), jackknife_t(w, mask, 0.95, weights=weights)):
        assert isinstance(refused, NoInference)
        assert "practically all the weight" in refused.reason


def test_a_lone_treated_area_leaves_no_jackknife() -> None:
    rng = np.random.default_rng(1)
    area, period = (index.ravel() for index in np.indices((6, 8)))
    effect = (area == 0) & (period >= 5)
    for within, effects in ((area, []), (None, [dummies(area)])):
        design = np.column_stack([effect, *effects, dummies(period, 1)]).astype(np.float64)
        found = cluster_robust(rng.normal(size=48), design, 0, area, within=within)
        assert isinstance(found, ClusterRobust)
        assert isinstance(found.cr3, NoInference)
        assert "without cluster 1 " in found.cr3.reason


def test_what_cannot_be_fitted_is_refused_in_words() -> None:
    rng = np.random.default_rng(1)
    x, y, cluster = rng.normal(size=(12, 2)), rng.normal(size=12), np.repeat(np.arange(4), 3)
    for wrong in (np.column_stack([x, x.sum(axis=1)]), np.column_stack([x, np.zeros(12)])):
        repeated = cluster_robust(y, wrong, 0, cluster)
        assert isinstance(repeated, NoInference)
        assert "repeat one another" in repeated.reason
    alone = cluster_robust(y, x, 0, np.zeros(12, dtype=np.int64))
    assert isinstance(alone, NoInference)
    assert "fewer than two clusters" in alone.reason
    perfect = cluster_robust(x @ np.asarray([1.0, 2.0]), x, 0, cluster)
    assert isinstance(perfect, NoInference)
    assert "residuals of each cluster cancel" in perfect.reason
    with pytest.raises(ValueError, match="not both"):
        cluster_robust(y, x, 0, cluster, np.ones(12), cluster)


def test_neither_the_order_of_rows_nor_units_matter() -> None:
    rng = np.random.default_rng(2)
    x, y, cluster, weights = (
        rng.normal(size=(60, 3)),
        rng.normal(size=60),
        rng.integers(0, 9, 60),
        rng.uniform(1, 3, 60),
    )
    plain = cluster_robust(y, x, 1, cluster, weights)
    order = rng.permutation(60)
    moved = cluster_robust(10 * y[order], x[order] * [1, 1e6, 1], 1, cluster[order], 7 * weights[order])
    assert isinstance(plain, ClusterRobust)
    assert isinstance(moved, ClusterRobust)
    for name in ("estimate", "cr1", "cr2", "cr3"):
        assert 1e5 * getattr(moved, name) == pytest.approx(getattr(plain, name), rel=EXACT)
    assert moved.df == pytest.approx(plain.df, rel=EXACT)


def test_thousands_of_clusters_agree_with_the_changes() -> None:
    areas, periods = 2_000, 6
    rng = np.random.default_rng(3)
    y = rng.normal(size=(areas, periods)) + rng.normal(size=(areas, 1))
    mask, post = np.arange(areas) < 300, np.arange(periods) >= 4
    area, period = (index.ravel() for index in np.indices(y.shape))
    design = np.column_stack([mask[area] & post[period], dummies(period, 1)]).astype(np.float64)
    found = cluster_robust(y.ravel(), design, 0, area, within=area)
    expected = cr2(y[:, post].mean(axis=1) - y[:, ~post].mean(axis=1), mask, 0.95)
    assert isinstance(found, ClusterRobust)
    assert isinstance(expected, TTest)
    assert (found.estimate, found.cr2, found.df) == pytest.approx(
        (expected.estimate, expected.std_error, expected.df), rel=EXACT
    )


def test_collapsed_and_cr2_agree_where_groups_are_equally_large_and_spread() -> None:
    w, mask = np.asarray([1.0, 3, 2, 10, 12, 11]), np.arange(6) < 3
    pooled, robust = collapsed_t(w, mask, 0.95), cr2(w, mask, 0.95)
    assert isinstance(pooled, TTest)
    assert isinstance(robust, TTest)
    assert (pooled.std_error, pooled.df) == pytest.approx((robust.std_error, robust.df), rel=EXACT)
