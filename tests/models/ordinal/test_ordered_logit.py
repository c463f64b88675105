"""The ordered logit against MASS::polr and statsmodels, and where it has no finite answer."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special

from models.arrays import FloatArray
from models.inference.refusal import NoInference
from models.ordinal.ordered_logit import OrderedLogit, fit_ordered_logit

REFERENCE = Path(__file__).parents[2] / "reference"
DIGITS = 2e-6  # polr's errors come from a numerical second derivative of the likelihood
ROUNDING = 1e-8  # two maxima of the same likelihood, by different steps


def stored(case: str) -> dict[str, tuple[float, float]]:
    with (REFERENCE / "ordered_logit.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["case"] == case]
    return {row["term"]: (float(row["estimate"]), float(row["std_error"].replace("NA", "nan"))) for row in rows}


def fitted(counts: FloatArray, design: FloatArray) -> OrderedLogit:
    found = fit_ordered_logit(counts, design)
    assert isinstance(found, OrderedLogit)
    return found


def refused(counts: object, design: object) -> str:
    found = fit_ordered_logit(np.asarray(counts, dtype=np.float64), np.asarray(design, dtype=np.float64))
    assert isinstance(found, NoInference)
    return found.reason


def agrees(found: OrderedLogit, expected: dict[str, tuple[float, float]], terms: list[str]) -> None:
    every = np.concatenate([found.coefficients, found.cutpoints])
    assert every.tolist() == pytest.approx([expected[term][0] for term in terms], rel=DIGITS, abs=DIGITS)
    assert found.std_errors.tolist() == pytest.approx([expected[term][1] for term in terms], rel=DIGITS)
    assert found.log_likelihood == pytest.approx(expected["log likelihood"][0], rel=DIGITS)


def housing() -> tuple[FloatArray, FloatArray]:
    with (REFERENCE / "copenhagen_housing.csv").open() as file:
        rows = list(csv.DictReader(file))
    counts = np.asarray([[float(row[level]) for level in ("low", "medium", "high")] for row in rows])
    columns = [("infl", "Medium"), ("infl", "High"), ("type", "Apartment"), ("type", "Atrium"), ("type", "Terrace")]
    columns += [("cont", "High")]
    return counts, np.asarray([[float(row[name] == value) for name, value in columns] for row in rows])


def panel() -> tuple[FloatArray, FloatArray]:
    """Answers of 7 areas in two windows, baselines first, and their design."""
    counts = np.zeros((2, 7, 5))
    with (REFERENCE / "ordered_logit_panel.csv").open() as file:
        for row in csv.DictReader(file):
            counts[int(row["window"]), int(row["area"]) - 1, int(row["level"]) - 1] = float(row["n"])
    place, moved = np.tile(np.eye(7), (2, 1)), np.vstack([np.zeros((7, 7)), np.eye(7)])
    return counts.reshape(14, 5), np.hstack([place[:, 1:], moved])


PANEL_TERMS = [*(f"place{a}" for a in range(2, 8)), *(f"change{a}" for a in range(1, 8))]


def test_the_published_example_of_housing_satisfaction() -> None:
    found = fitted(*housing())
    terms = ["InflMedium", "InflHigh", "TypeApartment", "TypeAtrium", "TypeTerrace", "ContHigh"]
    agrees(found, stored("housing"), [*terms, "Low|Medium", "Medium|High"])
    printed = [0.5664, 1.2888, -0.5724, -0.3662, -1.0910, 0.3603]  # on polr's help page
    assert found.coefficients.round(4).tolist() == printed


def test_areas_in_two_windows_agree_with_polr() -> None:
    agrees(fitted(*panel()), stored("panel"), [*PANEL_TERMS, "1|2", "2|3", "3|4", "4|5"])


def test_a_level_nobody_chose_has_no_width() -> None:
    counts, design = panel()
    counts[:, 3] = 0
    found = fitted(counts, design)
    agrees(found, stored("empty"), [*PANEL_TERMS, "1|2", "2|3", "3|5"])
    assert found.used.tolist() == [True, True, True, False, True]
    same = fitted(counts[:, [0, 1, 2, 4]], design)
    assert (found.coefficients == same.coefficients).all()


def test_statsmodels_finds_the_same_maximum() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    counts, design = housing()
    groups, levels = np.nonzero(counts)
    times = counts[groups, levels].astype(int)
    y, x = np.repeat(levels, times), np.repeat(design[groups], times, axis=0)
    peer = OrderedModel(y, x, distr="logit").fit(method="newton", disp=False)
    found = fitted(counts, design)
    assert found.coefficients.tolist() == pytest.approx(peer.params[:6].tolist(), abs=1e-5)
    assert found.log_likelihood == pytest.approx(peer.llf, rel=ROUNDING)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=2, max_size=5))
def test_two_levels_are_log_odds(rows: list[tuple[int, int]]) -> None:
    counts = np.asarray(rows, dtype=np.float64)
    design = np.eye(len(rows))[:, 1:]
    found = fitted(counts, design)
    odds = special.logit(counts[:, 1] / counts.sum(axis=1))
    assert found.coefficients.tolist() == pytest.approx((odds[1:] - odds[0]).tolist(), abs=1e-6)
    errors = np.sqrt((1 / counts).sum(axis=1)[1:] + (1 / counts).sum(axis=1)[0])
    assert found.std_errors[:-1].tolist() == pytest.approx(errors.tolist(), rel=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_levels_read_from_the_other_end_turn_the_sign(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts, design = rng.integers(0, 30, (6, 5)).astype(np.float64), rng.normal(size=(6, 2))
    assume(counts.sum(axis=1).all())
    up, down = fitted(counts, design), fitted(counts[:, ::-1], design)
    assert down.coefficients.tolist() == pytest.approx((-up.coefficients).tolist(), abs=1e-5)
    assert down.cutpoints.tolist() == pytest.approx((-up.cutpoints[::-1]).tolist(), abs=1e-5)
    assert down.log_likelihood == pytest.approx(up.log_likelihood, rel=ROUNDING)


def test_what_has_no_finite_maximum_is_refused() -> None:
    two = [[0.0], [1.0]]
    assert "lie wholly above others'" in refused([[5, 5, 0], [0, 0, 9]], two), "one group at the top only"
    assert "lie wholly above others'" in refused([[5, 5, 0, 0], [0, 0, 4, 6]], two), "one above the other"
    assert "lie wholly above others'" in refused([[5, 5, 0], [0, 4, 6]], two), "apart but for the level they share"
    assert "lie wholly above others'" in refused([[7, 0], [5, 2], [4, 3]], [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert "at one level" in refused([[0, 5, 0], [0, 6, 0]], two)
    assert "no answers" in refused([[1, 5], [0, 0]], two)
    assert "repeat one another" in refused([[1, 5], [2, 3]], [[1.0], [1.0]])
    assert "repeat one another" in refused([[1, 5], [2, 3], [4, 4]], [[0.0, 1.0], [1.0, 0.0], [2.0, -1.0]])


def test_far_apart_is_not_separated() -> None:
    found = fitted(np.asarray([[10_000.0, 1.0], [1.0, 10_000.0]]), np.asarray([[0.0], [1.0]]))
    assert found.coefficients[0] == pytest.approx(2 * np.log(10_000), rel=ROUNDING)


def test_one_answer_each_way_between_groups_is_enough() -> None:
    found = fitted(np.asarray([[5.0, 5, 1], [0.0, 4, 6]]), np.asarray([[0.0], [1.0]]))
    assert 0 < found.coefficients[0] < 6


def test_without_columns_the_cutpoints_are_log_odds() -> None:
    found = fitted(np.asarray([[1.0, 2, 3]]), np.zeros((1, 0)))
    assert found.cutpoints.tolist() == pytest.approx([np.log(1 / 5), 0.0], abs=ROUNDING)
