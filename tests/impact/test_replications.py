"""Published two-group studies, run through the same path as any other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import impact
from impact.intake.read import read
from impact.result import RunResult
from models.inference.sampling import sampling_only
from models.inference.ttest import TTest
from models.synthetic.balance import balance
from models.synthetic.options import SyntheticOptions
from models.synthetic.placebos import fit_set
from models.synthetic.series import Series, series_of

STUDIES = Path(__file__).resolve().parents[2] / "studies"
CENTS = 0.005  # dollars are published with two decimals
THREE = 0.0005  # three decimals are published
FOUR = 5e-5  # four decimals are published
TWO = 0.005  # two decimals are published
ONE = 0.1  # one decimal is published, and the weights behind it differ a little
PER_MILLE = 0.001
FLAT = 0.01  # what counts how much is chosen on a surface so flat that programs stop at slightly different weights
HUNDREDS = 50  # dollars: gaps are published rounded to hundreds


def run(name: str) -> RunResult:
    return impact.run(impact.load_study(STUDIES / f"{name}.yaml"))


def by_cases(name: str, outcome: str) -> TTest:
    """Test as if only the sampling of cases mattered, on the cells that the study's rows give."""
    panel = read(impact.load_study(STUDIES / f"{name}.yaml"), lambda _text: None).panels[outcome]
    periods = panel.periods
    found = sampling_only(panel.cells, panel.treated, periods.baseline, periods.follow_up, 0.95)
    assert isinstance(found, TTest)
    return found


def test_card_and_krueger() -> None:
    result = run("card_krueger").outcomes["employment"]
    means = {(w.area, w.window): w.value for w in result.windows}
    assert means == pytest.approx(
        {
            ("New Jersey", "baseline"): 20.44,
            ("New Jersey", "follow_up"): 21.03,
            ("Pennsylvania", "baseline"): 23.33,
            ("Pennsylvania", "follow_up"): 21.17,
        },
        abs=TWO,
    )
    assert result.headline is not None
    assert result.headline.estimate == pytest.approx(2.754, abs=THREE)


def test_kiel_and_mcclain() -> None:
    outcomes = run("kiel_mcclain").outcomes
    price, logarithm = outcomes["price"].headline, outcomes["log_price"].headline
    assert price is not None
    assert logarithm is not None
    assert price.estimate == pytest.approx(-11_863.90, abs=CENTS)
    assert logarithm.estimate == pytest.approx(-0.063, abs=THREE)


def test_proposition_99() -> None:
    result = run("proposition_99")
    found = result.outcomes["cigarettes"].estimates
    for estimate in found:
        if estimate.model == "did":
            assert estimate.estimate == pytest.approx(-27.349, abs=THREE), estimate.method
    synthetic = {e.method.split(",")[0]: e.estimate for e in found if e.model == "synthetic"}
    assert synthetic["synthetic difference-in-differences"] == pytest.approx(-15.605, abs=THREE)
    assert synthetic["synthetic control"] == pytest.approx(-19.514, abs=THREE)
    assert synthetic["difference-in-differences"] == pytest.approx(-27.349, abs=THREE)
    assert result.decision.verdict != "scale_up"


def test_german_reunification() -> None:
    outcome = run("german_reunification").outcomes["income"]
    weights = next(c.evidence for c in outcome.checks if c.id == "synthetic_weights")
    assert weights is not None
    assert {row.label: row.estimate for row in weights.rows} == pytest.approx(
        {"Austria": 0.42, "USA": 0.22, "Japan": 0.16, "Switzerland": 0.11, "Netherlands": 0.09}, abs=FLAT
    )
    path = next(p for p in outcome.paths if p.name == "synthetic")
    gaps = {p.period: p.value - p.counterfactual for p in path.points if p.value and p.counterfactual}
    assert np.mean([gaps[str(year)] for year in range(1990, 2004)]) == pytest.approx(-1_600, abs=HUNDREDS)
    assert gaps["2003"] == pytest.approx(-3_400, abs=HUNDREDS)
    headline = outcome.headline
    assert headline is not None
    assert (headline.interval, headline.p_value, headline.attainable_p) == (None, 1 / 17, 1 / 17)


def test_german_reunification_predictor_means() -> None:
    study = impact.load_study(STUDIES / "german_reunification.yaml")
    series = series_of(read(study).cases["income"], study.model_options["synthetic"])
    assert isinstance(series, Series)
    found = {i.title: (i.treated, i.synthetic) for i in balance(series, fit_set(series, "sc", np.asarray([0])))}
    published = {
        "GDP per person": (15_808.9, 15_802.2),
        "Trade openness": (56.8, 56.9),
        "Inflation": (2.6, 3.5),
        "Industry share": (34.5, 34.4),
        "Schooling": (55.5, 55.2),
        "Investment rate": (27.0, 27.0),
    }
    for title, means in published.items():
        assert found[title] == pytest.approx(means, rel=PER_MILLE, abs=ONE), title


def test_german_reunification_by_outcomes_alone() -> None:
    """Weights on GDP of 1960-1990 without predictors, as the R package scpi gives them for its simplex."""
    case = read(impact.load_study(STUDIES / "german_reunification.yaml")).cases["income"]
    series = series_of(replace(case, predictors=()), SyntheticOptions())
    assert isinstance(series, Series)
    weights = fit_set(series, "sc", np.asarray([0])).areas[0].weights
    found = {name: weight for name, weight in zip(series.names[1:], weights, strict=True) if weight > THREE}
    assert found == pytest.approx(
        {"Austria": 0.291, "France": 0.030, "Italy": 0.191, "Netherlands": 0.133, "Switzerland": 0.081, "USA": 0.273},
        abs=THREE,
    )


@pytest.mark.parametrize(
    ("study", "outcome", "estimate", "std_error", "printed"),
    [
        ("kiel_mcclain", "price", -11_863.90, 7_456.65, CENTS),
        ("kiel_mcclain", "log_price", -0.063, 0.083, THREE),
        ("card_krueger", "employment", 2.754, 1.688, THREE),
    ],
)
def test_errors_of_single_cases_are_those_published(
    study: str, outcome: str, estimate: float, std_error: float, printed: float
) -> None:
    found = by_cases(study, outcome)
    assert (found.estimate, found.std_error) == pytest.approx((estimate, std_error), abs=printed)


@pytest.mark.parametrize(("study", "outcome"), [("card_krueger", "employment"), ("kiel_mcclain", "price")])
def test_one_area_on_each_side_gives_no_interval_whatever_its_cases_say(study: str, outcome: str) -> None:
    result = run(study).outcomes[outcome]
    assert result.headline is not None
    assert (result.headline.interval, result.headline.p_value, result.headline.std_error) == (None, None, None)
    assert any("One treated and one comparison area".lower() in n.reason.lower() for n in result.not_estimable)


def test_teen_employment() -> None:
    outcome = run("teen_employment").outcomes["employment"]
    shown = {check.id: check.evidence for check in outcome.checks if check.evidence}
    overall = {row.label: row.estimate for row in shown["staggered_averages"].rows}
    assert overall["All alike"] == pytest.approx(-0.0400, abs=FOUR)
    assert overall["By time since the start"] == pytest.approx(-0.0772, abs=FOUR)
    since = {row.label: row.estimate for row in shown["staggered_dynamic"].rows}
    assert [since[e] for e in ("0", "+1", "+2", "+3")] == pytest.approx([-0.0199, -0.0510, -0.1373, -0.1008], abs=FOUR)
    rows = [(row.group, row.label, row.estimate) for row in shown["staggered_groups"].rows]
    by_start = [value for _, label, value in rows if label == "All since the start"]
    assert by_start == pytest.approx([-0.0797, -0.0229, -0.0261], abs=FOUR)
    first = [value for group, label, value in rows if "2004" in group and label.startswith("20")]
    assert first == pytest.approx([-0.0105, -0.0704, -0.1373, -0.1008], abs=FOUR)
    assert outcome.headline is not None
    assert (outcome.headline.clusters.treated, outcome.headline.clusters.comparison) == (191, 309)


def test_teen_employment_as_published(tmp_path: Path) -> None:
    text = (STUDIES / "teen_employment.yaml").read_text(encoding="utf-8")
    path = tmp_path / "simple.yaml"
    path.write_text(
        text.replace("aggregate: group", "aggregate: simple").replace("../data", str(STUDIES.parent / "data")),
        encoding="utf-8",
    )
    estimates = impact.run(impact.load_study(path)).outcomes["employment"].estimates
    (found,) = (e for e in estimates if "Callaway" in e.method)
    assert (found.estimate, found.std_error) == pytest.approx((-0.0400, 0.0120), abs=FOUR)
