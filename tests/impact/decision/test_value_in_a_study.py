"""A study that declares a value, from its files to results.json and back."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import impact
from impact.intake.cases import belief_of
from impact.intake.read import read
from impact.result import RunResult, read_results
from impact.study.schema import Study
from models.posterior import Belief, Posterior

EXACT = 1e-9
TREATED, EFFECT = ("Ashby", "Brook"), 0.6
STUDY = """
schema: 1
study: {id: value, title: A pilot with a value}
intervention: {name: Officer, start: 2023-04-01, cost: {amount: 31500}}
areas: {treated: [Ashby, Brook]}
sources:
  incidents: {path: incidents.csv, reader: panel}
outcomes:
  asb:
    source: incidents
    kind: count
    value: count
    better: lower
    worthwhile: -0.05
    equivalence: 0.02
    prior: {best: -0.1, low: -0.3, high: 0.1, source: two officers}
models: [did]
decision:
  outcome: asb
  value:
    per_unit: 200
    distribution: {triangular: [66, 200, 673]}
    price_year: 2023
    note: per incident averted
    shares: {cashable: 0.1, non_cashable: 0.6, social: 0.3}
  scale_up: {cost_per_year: COST, annual_units: 12000, years: 3}
  extension: {cost: 31500, years: 1, label: another year}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven areas of about 100 incidents a month; 40% fewer in the treated ones from April 2023."""
    path = tmp_path_factory.mktemp("value")
    rng = np.random.default_rng(7)
    with (path / "incidents.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["area", "time", "count"])
        for area in (*TREATED, "Cole", "Dane", "Esk", "Fenn", "Gore"):
            for year, month in ((y, m) for y in (2021, 2022, 2023) for m in range(1, 13)):
                after = (year, month) >= (2023, 4) and area in TREATED
                rows.writerow([area, f"{year}-{month:02d}", rng.poisson(100 * (EFFECT if after else 1.0))])
    return path


def run(folder: Path, cost: float) -> RunResult:
    path = folder / "study.yaml"
    path.write_text(STUDY.replace("COST", f"{cost:g}"), encoding="utf-8")
    return impact.run(impact.load_study(path))


def test_a_large_effect_is_scaled_up_where_it_pays_and_stopped_where_it_cannot(folder: Path) -> None:
    cheap, dear = run(folder, 100_000), run(folder, 5_000_000)
    assert (cheap.decision.verdict, dear.decision.verdict) == ("scale_up", "stop")
    assert (cheap.decision.rule.reads, cheap.decision.basis) == ("net_benefit", "confidence")
    money = cheap.decision.economics
    assert money is not None
    # 12,000 incidents, 313 each on average, three years at 3.5%, less the cost.
    annuity = 1 + 1 / 1.035 + 1 / 1.035**2
    averted = money.units_averted.per_year
    assert averted == pytest.approx(12_000 * (1 - EFFECT), rel=0.15)
    expected = annuity * (averted * (66 + 200 + 673) / 3 - 100_000)
    assert cheap.decision.expected_net_benefit == pytest.approx(expected, rel=EXACT)
    assert cheap.decision.evpi == money.evpi
    assert [p.name for p in money.perspectives] == ["cashable", "fiscal", "all"]
    assert [e.label for e in money.extensions if e.declared] == ["another year"]
    assert all(e.evsi <= money.evpi for e in money.extensions)


def test_the_result_is_the_same_again_and_can_be_read_back(folder: Path, tmp_path: Path) -> None:
    first, second = (_timeless(run(folder, 100_000)) for _ in range(2))
    assert first == second
    path = tmp_path / "results.json"
    found = run(folder, 100_000)
    path.write_text(found.to_json(), encoding="utf-8")
    assert read_results(path) == found


def _timeless(result: RunResult) -> str:
    plain = result.to_dict()
    plain["provenance"].update(started="", finished="")
    return json.dumps(plain)


def test_the_draws_of_a_run_can_be_asked_for(folder: Path) -> None:
    drawn: dict[str, Posterior] = {}
    path = folder / "study.yaml"
    path.write_text(STUDY.replace("COST", "100000"), encoding="utf-8")
    impact.pipeline.run(impact.load_study(path), posteriors=drawn)
    assert drawn == {}, "no Bayesian model was asked for"


def test_what_was_elicited_reaches_the_case_on_the_linear_scale(folder: Path) -> None:
    path = folder / "study.yaml"
    path.write_text(STUDY.replace("COST", "1"), encoding="utf-8")
    study = impact.load_study(path)
    case = read(study, lambda _: None).cases["asb"]
    assert case.prior_name == "elicited"
    assert case.prior == Belief(math.log1p(-0.1), math.log1p(-0.3), math.log1p(0.1), "two officers")
    assert case.equivalence == pytest.approx(math.log(1.02), abs=EXACT)
    assert case.harm_margin is None


def test_the_declared_margin_of_harm_reaches_the_deciding_case_as_a_size(folder: Path) -> None:
    path = folder / "study.yaml"
    path.write_text(STUDY.replace("COST", "1") + "  rule: {harm_margin: 0.04}\n", encoding="utf-8")
    study = impact.load_study(path)
    assert read(study, lambda _: None).cases["asb"].harm_margin == pytest.approx(math.log(1.04), abs=EXACT)


@pytest.mark.parametrize(("given", "name"), [({}, "weak"), ({"prior": "sceptical"}, "sceptical")])
def test_a_named_prior_is_no_belief_of_its_own(given: dict[str, Any], name: str) -> None:
    outcome = {"source": "rows", "kind": "binary", "value": "v", "better": "higher", **given}
    study = Study.model_validate(
        {
            "schema": 1,
            "study": {"id": "s", "title": "S"},
            "intervention": {"name": "x", "start": "2024-01-01"},
            "areas": {"treated": ["A"]},
            "sources": {"rows": {"path": "rows.csv"}},
            "outcomes": {"main": outcome},
        }
    )
    assert study.outcomes["main"].prior == name
    assert belief_of(study.outcomes["main"]) is None
