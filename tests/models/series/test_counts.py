import csv
from pathlib import Path

import numpy as np
import pytest

from models.arrays import BoolArray, FloatArray
from models.inference.refusal import NoInference
from models.series.counts import (
    negative_binomial,
    poisson,
    quasi_aic,
    quasi_poisson,
)
from models.series.fit import SeriesFit

REFERENCE = Path(__file__).parents[2] / "reference"
NEAR = 1e-6  # relative: where R's own search for alpha stops
PRINTED = 5e-4  # three decimals
CASES = {"positive": 36, "strong": 80, "negative": 40, "short": 12, "weighted": 24}


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def columns(length: int, start: int, pairs: int = 1) -> FloatArray:
    t = np.arange(length, dtype=float)
    after = (t >= start).astype(float)
    season = [wave(2 * np.pi * k * t / 12) for k in range(1, pairs + 1) for wave in (np.cos, np.sin)]
    return np.column_stack([np.ones(length), t - start, after, after * (t - start), *season])


def series(case: str) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    data = [r for r in rows("gls_ar1_series.csv") if r["case"] == case]
    events, exposure = (np.array([float(r[name]) for r in data]) for name in ("count", "exposure"))
    return events, exposure, columns(len(data), CASES[case]), np.ones(len(data), dtype=bool)


def sicily(pairs: int, *, slope: bool) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    data = rows("sicily.csv")
    events = np.array([float(r["aces"]) for r in data])
    exposure = np.array([float(r["stdpop"]) for r in data])
    design = columns(59, 36, pairs)
    return events, exposure, design if slope else np.delete(design, 3, axis=1), np.ones(59, dtype=bool)


def fit_of(found: SeriesFit | NoInference) -> SeriesFit:
    assert isinstance(found, SeriesFit)
    return found


def test_sicily_poisson_and_quasi_poisson_as_published() -> None:
    plain, quasi = fit_of(poisson(*sicily(0, slope=False))), fit_of(quasi_poisson(*sicily(0, slope=False)))
    for found, lo, hi in ((plain, 0.865, 0.925), (quasi, 0.839, 0.953)):
        value, error, _ = found.contrast(np.eye(3)[2])
        limits = np.exp([value, value - 1.959964 * error, value + 1.959964 * error])
        assert limits == pytest.approx([0.894, lo, hi], abs=PRINTED)
    assert quasi.dispersion == pytest.approx(3.56, abs=5e-3)


def test_sicily_with_season_and_slope_as_published() -> None:
    season = fit_of(quasi_poisson(*sicily(2, slope=False)))
    value, error, _ = season.contrast(np.eye(7)[2])
    limits = np.exp([value, value - 1.959964 * error, value + 1.959964 * error])
    assert limits == pytest.approx([0.885, 0.839, 0.933], abs=PRINTED)
    assert season.dispersion == pytest.approx(2.26, abs=5e-3)
    slope = fit_of(quasi_poisson(*sicily(2, slope=True)))
    unit = np.eye(8)
    # The authors count the slope from December 2004, so their level is ours less one month of slope.
    for weights, expected, near in (
        (unit[2] - unit[3], (0.877, 0.827, 0.929), 1e-3),
        (unit[3], (1.0015, 0.998, 1.005), PRINTED),
    ):
        value, error, _ = slope.contrast(weights)
        found = np.exp([value, value - 1.959964 * error, value + 1.959964 * error])
        assert found == pytest.approx(expected, abs=near)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("family", ["quasipoisson", "glm.nb"])
def test_coefficients_and_errors_are_those_of_r(case: str, family: str) -> None:
    found = fit_of((quasi_poisson if family == "quasipoisson" else negative_binomial)(*series(case)))
    expected = [r for r in rows("gls_ar1.csv") if (r["case"], r["model"]) == (case, family)]
    errors = np.array([float(r["std_error"]) for r in expected])
    assert np.all(np.abs(found.params - [float(r["estimate"]) for r in expected]) <= NEAR * errors * 10)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), errors, rtol=NEAR * 10)
    fit = next(r for r in rows("gls_ar1_fits.csv") if (r["case"], r["model"]) == (case, family))
    if family == "glm.nb":
        assert 1 / (found.overdispersion or 0) == pytest.approx(float(fit["theta"]), rel=1e-5)
        assert found.log_likelihood == pytest.approx(float(fit["loglik"]), abs=1e-7)
    else:
        assert np.sqrt(found.dispersion or 0) == pytest.approx(float(fit["sigma"]), rel=1e-8)


def test_a_negative_binomial_of_counts_that_vary_less_than_chance_is_poisson() -> None:
    _, exposure, design, used = series("positive")
    even = np.round(exposure * np.exp(design @ np.array([-2.5, 0.01, -0.2, 0.0, 0.1, 0.0])))
    found, plain = (
        fit_of(negative_binomial(even, exposure, design, used)),
        fit_of(poisson(even, exposure, design, used)),
    )
    assert found.overdispersion == 0.0
    np.testing.assert_allclose(found.covariance, plain.covariance)


def test_unused_periods_are_not_read() -> None:
    events, exposure, design, used = series("positive")
    used = used & (np.arange(len(used)) % 7 != 3)
    blank = poisson(np.where(used, events, np.nan), np.where(used, exposure, 0.0), design, used)
    np.testing.assert_allclose(fit_of(blank).params, fit_of(poisson(events, exposure, design, used)).params)


def test_a_stretch_without_events_is_refused_in_words() -> None:
    events, exposure, design, used = series("positive")
    for fit in (poisson, quasi_poisson, negative_binomial):
        found = fit(np.where(design[:, 2] > 0, 0.0, events), exposure, design, used)
        assert isinstance(found, NoInference)
        assert "no events" in found.reason


def test_qaic_by_hand() -> None:
    assert quasi_aic(-100.0, 2.0, 4) == pytest.approx(100 + 10)
    assert quasi_aic(-100.0, 0.5, 4) == pytest.approx(200 + 10)  # less than chance counts as chance
