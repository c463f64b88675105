"""Wards of a borough, and one town centre: the shipped studies with outputs, run end to end."""

import csv
import io
import json
import math
from pathlib import Path

import pytest

import impact
from impact.output import rendered
from impact.report.study_view import done_view
from impact.result import RunResult

ROOT = Path(__file__).resolve().parents[2]
TRUTH = {"tower_hamlets_neighbourhood": "tower_hamlets_simulated", "maidstone_task_force": "maidstone_simulated"}
RISE = 0.15  # what chance moves the ratio of activity by: four standard errors of the rarest, about 190 against 170


@pytest.fixture(scope="module")
def results() -> dict[str, RunResult]:
    return {name: impact.run(impact.load_study(ROOT / "studies" / f"{name}.yaml")) for name in TRUTH}


@pytest.fixture(scope="module")
def truth() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    return {name: json.loads((ROOT / "data" / at / "truth.json").read_text("utf-8")) for name, at in TRUTH.items()}


@pytest.mark.parametrize("name", TRUTH)
def test_headlines_hold_the_known_effects(name: str, results: dict[str, RunResult], truth: dict[str, dict]) -> None:  # type: ignore[type-arg]
    for key, outcome in results[name].outcomes.items():
        assert outcome.headline is not None
        low, high = outcome.headline.interval or (math.nan, math.nan)
        assert low <= truth[name]["outcomes"][key]["effect"] <= high, key


@pytest.mark.parametrize("name", TRUTH)
def test_they_say_that_they_are_simulated(name: str, results: dict[str, RunResult]) -> None:
    assert results[name].study.simulated
    assert "simulated" in str(results[name].study.note)
    assert any("simulated" in caveat for caveat in results[name].decision.caveats)


@pytest.mark.parametrize("name", TRUTH)
def test_activity_rose_and_is_no_result(name: str, results: dict[str, RunResult], truth: dict[str, dict]) -> None:  # type: ignore[type-arg]
    result = results[name]
    for key, known in truth[name]["outputs"].items():
        rates = {(w.group, w.window): w.rate for w in result.outputs[key].windows}
        assert None not in rates.values()
        treated, others = (
            rates[group, "follow_up"] / rates[group, "baseline"]  # type: ignore[operator]
            for group in ("treated", "comparison")
        )
        assert treated / others == pytest.approx(known["rise"], rel=RISE), key
    files = rendered(result)
    estimated = {row["outcome"] for row in csv.DictReader(io.StringIO(files["estimates.csv"]))}
    assert estimated == set(result.outcomes)
    assert not estimated & set(result.outputs)
    assert "This is what the service did. More of it is not a result." in files["report.html"]


def test_totals_of_arrests_are_those_of_the_file(results: dict[str, RunResult]) -> None:
    study = results["tower_hamlets_neighbourhood"].study
    with (ROOT / "data" / "tower_hamlets_simulated" / "activity.csv").open(encoding="utf-8") as source:
        rows = [row for row in csv.DictReader(source) if row["month"] >= "2015-05"]
    expected: dict[tuple[str, str], int] = {}
    for row in rows:
        group = "treated" if row["ward"] in study.treated else "comparison"
        cell = (group, "follow_up" if row["month"] >= "2018-05" else "baseline")
        expected[cell] = expected.get(cell, 0) + int(row["arrests"])
    found = results["tower_hamlets_neighbourhood"].outputs["arrests"].windows
    assert {(w.group, w.window): w.count for w in found} == expected


def test_what_only_the_task_force_records_is_not_recorded_elsewhere(results: dict[str, RunResult]) -> None:
    found = {(w.group, w.window): w.count for w in results["maidstone_task_force"].outputs["visits"].windows}
    assert [found[group, "baseline"] for group in ("treated", "comparison")] == [None, None]
    assert found["comparison", "follow_up"] is None
    assert found["treated", "follow_up"] is not None


def test_twenty_wards_rest_on_four_and_sixteen(results: dict[str, RunResult]) -> None:
    result = results["tower_hamlets_neighbourhood"]
    assert (len(result.study.treated), len(result.study.comparison)) == (4, 16)
    assert result.decision.security <= 2  # one team


def test_of_many_borders_the_report_names_those_of_the_pilots_wards(results: dict[str, RunResult]) -> None:
    said = done_view(results["tower_hamlets_neighbourhood"]).neighbours
    assert len(said) == 5
    assert said[-2:] == (
        "Weavers borders St Peter's and Spitalfields & Banglatown.",
        "The borders of 16 other wards are known too.",
    )


def test_one_town_is_never_scaled_up(results: dict[str, RunResult]) -> None:
    decision = results["maidstone_task_force"].decision
    assert decision.verdict != "scale_up"
    assert decision.security <= 2
    assert "One treated town centre can at most be consistent with an effect of the pilot" in decision.reasons[0]
    assert "consistent with" in str(results["maidstone_task_force"].study.note)
