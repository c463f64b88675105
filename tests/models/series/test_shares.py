import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.series.fit import SeriesFit
from models.series.shares import of_levels, quasi_binomial, share_change

REFERENCE = Path(__file__).parents[2] / "reference"
R_DIGITS = 1e-8
CASES = {"positive": 36, "strong": 80, "negative": 40, "short": 12}


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def series(case: str) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    data = [r for r in rows("gls_ar1_series.csv") if r["case"] == case]
    yes, trials = (np.array([float(r[name]) for r in data]) for name in ("yes", "trials"))
    t = np.arange(len(data), dtype=float) - CASES[case]
    after = (t >= 0).astype(float)
    angle = 2 * np.pi * (t + CASES[case]) / 12
    design = np.column_stack([np.ones(len(t)), t, after, after * t, np.cos(angle), np.sin(angle)])
    return yes, trials, design, np.ones(len(t), dtype=bool)


def fitted(case: str) -> SeriesFit:
    found = quasi_binomial(*series(case))
    assert isinstance(found, SeriesFit)
    return found


@pytest.mark.parametrize("case", CASES)
def test_coefficients_and_errors_are_those_of_r(case: str) -> None:
    found = fitted(case)
    expected = [r for r in rows("gls_ar1.csv") if (r["case"], r["model"]) == (case, "quasibinomial")]
    fit = next(r for r in rows("gls_ar1_fits.csv") if (r["case"], r["model"]) == (case, "quasibinomial"))
    np.testing.assert_allclose(found.params, [float(r["estimate"]) for r in expected], rtol=R_DIGITS, atol=1e-10)
    errors = np.sqrt(np.diag(found.covariance))
    np.testing.assert_allclose(errors, [float(r["std_error"]) for r in expected], rtol=R_DIGITS)
    assert np.sqrt(found.dispersion or 0) == pytest.approx(float(fit["sigma"]), rel=R_DIGITS)


def test_the_difference_in_share_and_its_error_are_those_of_the_coefficients() -> None:
    found, (_, trials, design, _) = fitted("positive"), series("positive")
    after = design[:, 2] > 0
    without = np.where([False, False, True, True, False, False], 0.0, design)
    value, error, df = share_change(found, design[after], without[after], trials[after])
    weights = trials[after] / trials[after].sum()

    def effect(params: FloatArray) -> float:
        return float(weights @ (expit(design[after] @ params) - expit(without[after] @ params)))

    gradient = np.array([(effect(found.params + h) - effect(found.params - h)) / 2e-6 for h in 1e-6 * np.eye(6)])
    assert value == pytest.approx(effect(found.params))
    assert error == pytest.approx(np.sqrt(gradient @ found.covariance @ gradient), rel=1e-6)
    assert df == found.df


def test_answers_by_level_become_successes_among_trials() -> None:
    levels = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 0.0, 2.0, 0.0, 1.0]])
    yes, trials = of_levels(levels, 3)
    assert yes.tolist() == [9.0, 1.0]
    assert trials.tolist() == [15.0, 3.0]


def test_a_stretch_in_which_all_count_is_refused() -> None:
    yes, trials, design, used = series("positive")
    found = quasi_binomial(np.where(design[:, 2] > 0, trials, yes), trials, design, used)
    assert isinstance(found, NoInference)
    assert "all cases or none" in found.reason
