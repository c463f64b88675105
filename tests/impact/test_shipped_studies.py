"""The shipped studies, run through the same path as any other."""

import csv
import json
import math
from pathlib import Path

import jsonschema
import pytest

import impact
from impact.result import RunResult, read_results, results_schema
from models.estimate import Estimate

ROOT = Path(__file__).resolve().parents[2]
STUDIES = sorted(path.stem for path in (ROOT / "studies").glob("*.yaml"))
PRINTED = 5e-6  # the paper prints five decimals
PRINTED_SE = 5e-5  # and four of the standard error
EXACT = 1e-12  # the same arithmetic in another order

TREATED = ("South Norfolk", "Broadland")
JULY_2025 = {
    "South Norfolk": 93,
    "Broadland": 68,
    "Breckland": 140,
    "North Norfolk": 53,
    "Norwich": 247,
    "Great Yarmouth": 150,
    "King's Lynn and West Norfolk": 119,
}


@pytest.fixture(scope="module")
def results() -> dict[str, RunResult]:
    return {name: impact.run(impact.load_study(ROOT / "studies" / f"{name}.yaml")) for name in STUDIES}


def headline(result: RunResult, outcome: str) -> Estimate:
    found = result.outcomes[outcome].headline
    assert found is not None
    return found


def test_every_study_gives_results_that_fit_the_schema(results: dict[str, RunResult]) -> None:
    validator = jsonschema.Draft202012Validator(results_schema())
    for name, result in results.items():
        assert not list(validator.iter_errors(json.loads(result.to_json()))), name


def test_results_read_back_are_the_same(results: dict[str, RunResult], tmp_path: Path) -> None:
    for name, result in results.items():
        path = tmp_path / f"{name}.json"
        path.write_text(result.to_json(), encoding="utf-8")
        assert read_results(path).to_json() == result.to_json(), name


def test_each_outcome_has_exactly_one_headline(results: dict[str, RunResult]) -> None:
    for name, result in results.items():
        for key, outcome in result.outcomes.items():
            assert sum(e.headline for e in outcome.estimates) == 1, (name, key)


def test_every_row_is_accounted_for(results: dict[str, RunResult]) -> None:
    for name, result in results.items():
        for key, source in result.data.sources.items():
            assert source.used + sum(s.rows for s in source.set_aside) == source.rows, (name, key)


@pytest.mark.parametrize(
    ("study", "published"),
    [
        ("police_car_theft_same_block", -0.07753),
        ("police_car_theft_one_block", -0.08007),
        ("police_car_theft_two_blocks", -0.08080),
    ],
)
def test_di_tella_and_schargrodsky(study: str, published: float, results: dict[str, RunResult]) -> None:
    for estimate in results[study].outcomes["car_thefts"].estimates:
        assert estimate.estimate == pytest.approx(published, abs=PRINTED), estimate.method


def test_di_tella_and_schargrodskys_robust_standard_error(results: dict[str, RunResult]) -> None:
    found = [e for e in results["police_car_theft_same_block"].outcomes["car_thefts"].estimates if "robust" in e.method]
    assert [e.std_error for e in found] == [pytest.approx(0.0224, abs=PRINTED_SE)]


def counted(month: str) -> dict[str, int]:
    with (ROOT / "data" / "norfolk_asb" / "district_month.csv").open(encoding="utf-8") as handle:
        return {r["district"]: int(r["asb_count"]) for r in csv.DictReader(handle) if r["month"] == month}


def test_the_placebo_reads_the_published_counts(results: dict[str, RunResult]) -> None:
    months = [f"2025-{m:02d}" for m in range(1, 13)]
    windows = {(w.area, w.window): w.n for w in results["norfolk_placebo"].outcomes["asb"].windows}
    assert counted("2025-07") == JULY_2025
    for district in JULY_2025:
        by_month = [counted(month)[district] for month in months]
        assert windows[district, "baseline"] == sum(by_month[:6])
        assert windows[district, "follow_up"] == sum(by_month[6:])


def test_the_placebos_effect_is_the_log_rate_difference_worked_by_hand(results: dict[str, RunResult]) -> None:
    # 181 days from January to June, 184 from July to December; the population cancels within each district.
    change = {}
    for district in JULY_2025:
        before = sum(counted(f"2025-{m:02d}")[district] for m in range(1, 7)) / 181
        after = sum(counted(f"2025-{m:02d}")[district] for m in range(7, 13)) / 184
        change[district] = math.log(after / before)
    treated = sum(change[d] for d in TREATED) / 2
    comparison = sum(v for d, v in change.items() if d not in TREATED) / 5
    found = headline(results["norfolk_placebo"], "asb")
    assert math.log(found.estimate) == pytest.approx(treated - comparison, abs=EXACT)


def test_the_placebo_is_not_scaled_up(results: dict[str, RunResult]) -> None:
    assert results["norfolk_placebo"].decision.verdict != "scale_up"


def test_the_flagship_says_that_it_is_simulated_and_its_intervals_hold_the_known_effects(
    results: dict[str, RunResult],
) -> None:
    flagship = results["norfolk_early_intervention"]
    truth = json.loads((ROOT / "data" / "norfolk_simulated" / "truth.json").read_text(encoding="utf-8"))
    assert flagship.study.simulated
    assert any("simulated" in caveat for caveat in flagship.decision.caveats)
    effects = truth["outcomes"]
    for key in flagship.outcomes:
        low, high = headline(flagship, key).interval or (math.nan, math.nan)
        assert low <= effects[key]["effect"] <= high, key


def test_the_flagships_one_team_is_also_analysed_as_one_unit(results: dict[str, RunResult]) -> None:
    for outcome in results["norfolk_early_intervention"].outcomes.values():
        merged = [e for e in outcome.estimates if "as one unit" in e.method]
        assert {e.clusters.treated for e in merged} == {1}
        assert {e.attainable_p for e in merged if "permutation" in e.method} == {1 / 6}
