"""Weights that are not negative and sum to 1, against their optimality conditions and another program."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.case import Case
from models.summary import period_matrix
from models.synthetic.simplex import simplex_weights

REFERENCE = Path(__file__).resolve().parents[2] / "reference" / "simplex.csv"
OPTIMAL = 1e-9  # relative: slope of the objective between donors that carry weight
WEIGHT = 1e-12  # a weight that is nought but for rounding
OTHER_PROGRAM = 1e-8  # ten decimals are stored, and quadprog stops at its own tolerance


@given(
    seed=st.integers(0, 2**32 - 1),
    donors=st.integers(1, 40),
    periods=st.integers(1, 40),
    ridge=st.sampled_from([0.0, 1e-6, 1.0, 100.0]),
    size=st.sampled_from([1e-3, 1.0, 1e4]),
)
def test_no_shift_of_weight_brings_the_series_closer(
    seed: int, donors: int, periods: int, ridge: float, size: float
) -> None:
    rng = np.random.default_rng(seed)
    columns, target = size * rng.normal(size=(periods, donors)), size * rng.normal(size=periods)
    weights = simplex_weights(columns, target, ridge)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1.0, abs=WEIGHT)
    slope = columns.T @ (columns @ weights - target) + ridge * weights
    scale = float(np.abs(columns.T @ columns).max() + np.abs(columns.T @ target).max() + ridge)
    assert (slope - weights @ slope).min() >= -OPTIMAL * scale


def test_the_weights_are_those_of_quadratic_programming(california: Case) -> None:
    y = period_matrix(california.panel.cells)[0]
    columns, target = y[1:, :19].T, y[0, :19]
    with REFERENCE.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert [row["state"] for row in rows] == list(california.panel.areas[1:])
    assert simplex_weights(columns, target, 1.0) == pytest.approx([float(r["sc"]) for r in rows], abs=OTHER_PROGRAM)
    zeta = 12**0.25 * np.diff(columns, axis=0).std(ddof=1)
    centred = simplex_weights(columns - columns.mean(axis=0), target - target.mean(), 19 * zeta**2)
    assert centred == pytest.approx([float(r["sdid"]) for r in rows], abs=OTHER_PROGRAM)


def test_a_donor_that_is_the_area_itself_takes_all_the_weight() -> None:
    columns = np.asarray([[1.0, 5.0, 1.0], [2.0, 5.0, 2.0]])
    assert simplex_weights(columns, np.asarray([1.0, 2.0])).tolist() == [0.5, 0.0, 0.5]


def test_by_hand() -> None:
    # between 0 and 10 the point nearest 4 is 0.6 and 0.4 of them; from 12 it is the end
    columns = np.asarray([[0.0, 10.0]])
    assert simplex_weights(columns, np.asarray([4.0])) == pytest.approx([0.6, 0.4], abs=WEIGHT)
    assert simplex_weights(columns, np.asarray([12.0])) == pytest.approx([0.0, 1.0], abs=WEIGHT)
    # a penalty of 50 on the weights: (10 w - 4)^2 + 50 (w^2 + (1 - w)^2) is least at w = 0.45
    assert simplex_weights(columns, np.asarray([4.0]), 50.0) == pytest.approx([0.55, 0.45], abs=WEIGHT)
