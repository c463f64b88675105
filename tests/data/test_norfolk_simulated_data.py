"""The simulated records are reproducible, say what they are, keep to their calibration, and hold the known effects."""

import csv
import hashlib
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "data" / "norfolk_simulated"
REAL = FOLDER.parent / "norfolk_asb"
WRITTEN = ("incidents.csv", "complaints.csv", "survey.csv", "population.csv", "truth.json")

SHARE = 0.045  # Norwich is set 0.04 below its real share, the others up to 0.011 above; the rest is chance
DEMAND = {2020: 1.40, 2021: 1.39, 2022: 1.08}
DEMAND_TOLERANCE = 0.06  # chance: the counts alone give the ratio an sd of 0.02
AUGUST = (1.55, 1.85)  # one August against its year's median month: sd about 5%
DISPERSION = (1.0, 1.9)  # expected 1.4; 98% of simulated panels of this size lie between 0.9 and 2.0
# What stands in complaints.csv and survey.csv without severity, eligibility, uptake and the survey's type of case.
BEFORE_UPTAKE = {
    "complaints": "99058cdf943ad4fe2c859178fb98fe0378b7ef7b637f289e92a32bed81202df6",
    "survey": "3737867eef1056c336d4ceb905634c036505fc61275a8a92cf8e81af5d0bc7d6",
}
SHARE_SD = 4.0  # standard errors of a share
UPTAKE = 0.01  # what rounding days, and a mean over two districts, move from the 60% and the 23.5% aimed at
SEEDS = 80
UPTAKE_SEEDS = 12
MONTE_CARLO_ERRORS = 4.0
# Standard deviation over 1,000 seeds of each estimate in `estimates`, and the mean of its standard error.
SPREAD = {"asb": 0.0562, "recurrence": 0.0203, "response_time": 0.0605, "satisfaction": 0.0615}
MEAN_ERROR = {"asb": 0.0526, "recurrence": 0.0191, "response_time": 0.0570, "satisfaction": 0.0564}


@pytest.fixture(scope="module")
def process() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        yield importlib.import_module("norfolk_process")
        sys.modules.pop("norfolk_process")


@pytest.fixture(scope="module")
def incidents() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "incidents.csv", parse_dates=["reported_on"])


@pytest.fixture(scope="module")
def complaints() -> pd.DataFrame:
    days = ["reported_on", "first_visit_on", "next_reported_on", "extract_date", "moved_on"]
    return pd.read_csv(FOLDER / "complaints.csv", parse_dates=days)


@pytest.fixture(scope="module")
def survey() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "survey.csv", parse_dates=["surveyed_on"])


def financial_year(days: pd.Series) -> pd.Series:
    return days.dt.year - (days.dt.month < 4)


def known_effects() -> dict[str, dict[str, float]]:
    outcomes: dict[str, dict[str, float]] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["outcomes"]
    return outcomes


def truth() -> dict[str, float]:
    outcomes = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["outcomes"]
    effect = {name: o["effect"] if o["scale"] == "difference" else np.log(o["effect"]) for name, o in outcomes.items()}
    return {name: float(value) for name, value in effect.items()}


def windows(day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which days lie in the flagship's baseline and in its follow-up."""
    month = day.astype("datetime64[M]")
    early = (month >= np.datetime64("2018-04")) & (month <= np.datetime64("2020-03"))
    late = (month >= np.datetime64("2022-04")) & (month <= np.datetime64("2023-03"))
    follow_up = (month >= np.datetime64("2023-06")) & (month <= np.datetime64("2024-03"))
    return early | late, follow_up


def change_in_mean(value: np.ndarray, area: np.ndarray, day: np.ndarray) -> np.ndarray:
    before, after = windows(day)
    mean = [np.bincount(area[w], value[w], 7) / np.bincount(area[w], minlength=7) for w in (before, after)]
    return mean[1] - mean[0]


def collapsed(change: np.ndarray, treated: np.ndarray) -> tuple[float, float]:
    """Return the difference in mean change between treated and other districts, and its classical error."""
    means = np.where(treated, change[treated].mean(), change[~treated].mean())
    variance = ((change - means) ** 2).sum() / 5 * (1 / 2 + 1 / 5)
    return float(change[treated].mean() - change[~treated].mean()), float(np.sqrt(variance))


def estimates(process: ModuleType, seed: int) -> dict[str, tuple[float, float]]:
    """Return the collapsed difference-in-differences, and its error, of each outcome in one simulated world."""
    cal = process.load_calibration()
    incidents, cases, survey = process.simulate(seed, cal)
    before, after = windows(incidents.day)
    counts = [np.bincount(incidents.area[w], minlength=7) for w in (before, after)]
    repeat = (cases.repeated - cases.day <= np.timedelta64(90, "D")).astype(float)
    log_days = np.log((cases.visited - cases.day).astype(float))
    said = survey.level >= 0
    satisfied = (survey.level[said] >= 3).astype(float)
    change = {
        "asb": np.log(counts[1] / counts[0]),
        "recurrence": change_in_mean(repeat, cases.area, cases.day),
        "response_time": change_in_mean(log_days, cases.area, cases.day),
        "satisfaction": change_in_mean(satisfied, survey.area[said], survey.day[said]),
    }
    return {name: collapsed(values, cal.treated) for name, values in change.items()}


def test_the_script_writes_the_same_bytes_again(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(FOLDER / "simulate.py"), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(WRITTEN)
    for name in WRITTEN:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_another_seed_gives_other_records(process: ModuleType) -> None:
    cal = process.load_calibration()
    first, second = process.simulate(1, cal), process.simulate(2, cal)
    assert len(first[0].day) != len(second[0].day)
    assert len(first[1].day) != len(second[1].day)


@pytest.mark.parametrize(("name", "columns"), [("incidents", 1), ("complaints", 2), ("survey", 2)])
def test_every_record_number_says_simulated(name: str, columns: int) -> None:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))[1:]
    assert all(field.startswith("SIM-") for row in rows for field in row[:columns])
    assert len({row[0] for row in rows}) == len(rows)


def test_truth_says_simulated() -> None:
    assert json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["simulated"] is True


def test_population_is_the_real_one() -> None:
    assert (FOLDER / "population.csv").read_bytes() == (REAL / "population.csv").read_bytes()


def test_the_folder_stays_small() -> None:
    assert sum((FOLDER / name).stat().st_size for name in WRITTEN) < 7_000_000


def test_span_of_the_records(incidents: pd.DataFrame, complaints: pd.DataFrame, survey: pd.DataFrame) -> None:
    begins = {"incidents": "2018-04-01", "survey": "2018-04-01", "complaints": "2018-01-01"}
    for name, days in (
        ("incidents", incidents["reported_on"]),
        ("complaints", complaints["reported_on"]),
        ("survey", survey["surveyed_on"]),
    ):
        assert days.is_monotonic_increasing
        assert days.min() >= pd.Timestamp(begins[name])
        assert days.max() <= pd.Timestamp("2024-06-30")
        assert days.dt.to_period("M").nunique() == (78 if name == "complaints" else 75)
    assert complaints["reported_on"].min() == pd.Timestamp("2018-01-01")  # 90 days before the baseline


def test_district_shares_follow_the_real_counts(incidents: pd.DataFrame) -> None:
    real = pd.read_csv(REAL / "district_month.csv").query("month >= '2024'").groupby("district")["asb_count"].sum()
    share = incidents["district"].value_counts(normalize=True)
    gap = [abs(share[district] - count / real.sum()) for district, count in real.items()]
    assert max(gap) < SHARE
    assert 0.22 < share["Norwich"] < 0.32


def test_level_follows_the_real_counts(incidents: pd.DataFrame) -> None:
    """January to April 2024 are in both; two districts are 10% lower in the simulation, a sixth of the whole."""
    real = pd.read_csv(REAL / "district_month.csv").query("month >= '2024' and month <= '2024-04'")
    simulated = incidents["reported_on"].between("2024-01-01", "2024-04-30").sum()
    assert simulated / real["asb_count"].sum() == pytest.approx(1, abs=0.10)


def test_demand_by_financial_year(incidents: pd.DataFrame) -> None:
    total = financial_year(incidents["reported_on"]).value_counts()
    ordinary = (total[2018] + total[2019]) / 2
    for year, ratio in DEMAND.items():
        assert total[year] / ordinary == pytest.approx(ratio, abs=DEMAND_TOLERANCE)


def test_august_peak(incidents: pd.DataFrame) -> None:
    years = financial_year(incidents["reported_on"])
    monthly = pd.crosstab(incidents["reported_on"].dt.month, years)
    for year in (2018, 2019, 2020, 2021, 2022):
        assert AUGUST[0] < monthly.loc[8, year] / monthly[year].median() < AUGUST[1]


def test_dispersion(incidents: pd.DataFrame) -> None:
    month = incidents["reported_on"].dt.to_period("M")
    calm = month.between(pd.Period("2022-04", "M"), pd.Period("2023-05", "M"))
    counts = pd.crosstab(month[calm], incidents["district"][calm]).to_numpy()
    fitted = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    dispersion = ((counts - fitted) ** 2 / fitted).sum() / (13 * 6)
    assert DISPERSION[0] < dispersion < DISPERSION[1]


def test_the_real_dispersion_is_what_is_aimed_at(process: ModuleType) -> None:
    assert process.load_calibration().dispersion == pytest.approx(1.43, abs=0.005)


def test_repeats_are_cases_of_their_own(complaints: pd.DataFrame) -> None:
    following = complaints.groupby("place")["reported_on"].shift(-1)
    pd.testing.assert_series_equal(complaints["next_reported_on"], following, check_names=False)
    assert not complaints.duplicated(["place", "reported_on"]).any()
    assert (complaints.groupby("place")[["district", "case_type"]].nunique() == 1).all(axis=None)


def test_open_cases_are_censored_at_the_extract(complaints: pd.DataFrame) -> None:
    assert set(complaints["extract_date"]) == {pd.Timestamp("2024-06-30")}
    still_open = complaints["first_visit_on"].isna()
    assert 50 < still_open.sum() < 400
    assert (complaints["first_visit_on"] > complaints["reported_on"])[~still_open].all()
    assert complaints[["first_visit_on", "next_reported_on"]].max().max() <= pd.Timestamp("2024-06-30")


def test_volume_and_risk_of_repeat(complaints: pd.DataFrame) -> None:
    assert 25_000 < len(complaints) < 35_000
    calm = complaints[financial_year(complaints["reported_on"]).isin([2018, 2019])]
    within = (calm["next_reported_on"] - calm["reported_on"]).dt.days <= 90
    assert within.mean() == pytest.approx(0.22, abs=0.02)


def test_survey_is_a_sample_with_answers_missing(survey: pd.DataFrame, complaints: pd.DataFrame) -> None:
    assert len(survey) / (complaints["reported_on"] >= "2018-04-01").sum() == pytest.approx(0.40, abs=0.02)
    answered = survey["satisfaction"].notna()
    assert answered.mean() == pytest.approx(0.35, abs=0.02)
    by_district = answered.groupby(survey["district"]).mean()
    assert by_district["North Norfolk"] - by_district["Norwich"] > 0.05
    known = survey.merge(complaints, on="case", suffixes=("", "_of_case"))
    assert (known["district"] == known["district_of_case"]).all()
    assert (known["surveyed_on"] - known["reported_on"]).dt.days.between(26, 35).all()
    assert survey["case"].isin(complaints["case"]).all()


def columns_of(name: str, number: int) -> str:
    lines = (FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    fields = [line.split(",") for line in lines]
    kept = [row[:number] for row in fields if name != "complaints" or row[3] >= "2018-04-01"]
    return "".join(",".join(row) + "\n" for row in kept)


@pytest.mark.parametrize(("name", "number"), [("complaints", 9), ("survey", 5)])
def test_what_was_drawn_later_changed_nothing_else(name: str, number: int) -> None:
    assert hashlib.sha256(columns_of(name, number).encode()).hexdigest() == BEFORE_UPTAKE[name]


def test_eligible_is_a_first_complaint_that_matters(complaints: pd.DataFrame, survey: pd.DataFrame) -> None:
    eligible = complaints["eligible"] == "yes"
    assert set(complaints["eligible"]) == {"yes", "no"}
    assert set(complaints["severity"]) == {"low", "medium", "high"}
    assert set(complaints.loc[eligible, "severity"]) == {"medium", "high"}
    assert not complaints.loc[eligible, "place"].duplicated().any()
    assert (complaints.groupby("place")["severity"].nunique() == 1).all()
    assert eligible.groupby(complaints["district"]).mean().between(0.25, 0.40).all()
    known = survey.merge(complaints, on="case", suffixes=("", "_of_case"))
    assert (known["case_type"] == known["case_type_of_case"]).all()
    assert (known["eligible"] == known["eligible_of_case"]).all()


def test_uptake_is_offered_to_eligible_cases_while_the_effect_lasts(complaints: pd.DataFrame) -> None:
    treated = complaints["district"].isin(["South Norfolk", "Broadland"])
    offered = treated & (complaints["eligible"] == "yes") & (complaints["reported_on"] >= "2023-06-01")
    assert set(complaints.loc[offered, "accepted"]) == {"yes", "no"}
    assert complaints.loc[~offered, "accepted"].isna().all()


def test_uptake_comes_back_on_average(process: ModuleType) -> None:
    """Over many seeds: the share that takes it up, and what those who do not take it up go through."""
    uptake = importlib.import_module("norfolk_uptake")
    took, again, gaps = [], [], []
    cal = process.load_calibration()
    for seed in range(UPTAKE_SEEDS):
        cases = process.simulate(seed, cal)[1]
        marks = uptake.draw_marks(seed, cases, cal)
        declined = marks.accepted == uptake.REFUSED
        took.append(marks.accepted[marks.accepted != uptake.NOT_OFFERED])
        again.append((cases.repeated - cases.day)[declined] <= np.timedelta64(90, "D"))
        log_days = np.log((cases.visited - cases.day).astype(float))
        gaps.append((log_days - uptake.expected_log_visit(cases, cal))[declined] + np.log(process.VISIT_RATIO))
    expected = known_effects()["recurrence"]
    whole = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["uptake"]["share"]
    share, risk, gap = (np.concatenate(x).astype(float) for x in (took, again, gaps))
    assert share.mean() == pytest.approx(whole, abs=SHARE_SD * np.sqrt(whole * (1 - whole) / len(share)))
    assert risk.mean() == pytest.approx(0.235, abs=UPTAKE + SHARE_SD * np.sqrt(0.235 * 0.765 / len(risk)))
    assert gap.mean() == pytest.approx(0, abs=UPTAKE + SHARE_SD * gap.std() / np.sqrt(len(gap)))
    assert expected["effect_if_taken_up"] == pytest.approx(expected["effect_if_eligible"] / whole, abs=1e-4)


def test_those_who_decline_are_not_affected() -> None:
    """The effect on eligible cases is that on those who take it up, times their share, for risk and log days."""
    share = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["uptake"]["share"]
    effects = known_effects()
    for name, scale in (("recurrence", lambda x: x), ("response_time", np.log)):
        whole, taken = (scale(effects[name][key]) for key in ("effect_if_eligible", "effect_if_taken_up"))
        assert taken * share == pytest.approx(whole, abs=2e-4)


def test_complainants_and_moves(complaints: pd.DataFrame) -> None:
    """One in four repeats is somebody else's; nobody complains after a move, which one in ten of the others makes."""
    assert (complaints.groupby("complainant")["place"].nunique() == 1).all()
    again = complaints["place"].duplicated()
    same = complaints["complainant"].eq(complaints.groupby("place")["complainant"].shift())
    assert same[again].mean() == pytest.approx(0.75, abs=SHARE_SD * np.sqrt(0.75 * 0.25 / again.sum()))
    moved = complaints["moved_on"].notna()
    assert complaints.loc[moved, "next_reported_on"].isna().all()
    assert (complaints["moved_on"] > complaints["reported_on"])[moved].all()
    assert complaints["moved_on"].max() <= pd.Timestamp("2024-06-30")
    old = complaints["next_reported_on"].isna() & (complaints["reported_on"] < "2023-01-01")
    assert moved[old].mean() == pytest.approx(0.10, abs=SHARE_SD * np.sqrt(0.1 * 0.9 / old.sum()))


def opens_an_episode(place: np.ndarray, day: np.ndarray, within: int) -> np.ndarray:
    """Return which complaints come more than so many days after the one that opened the last episode of the place."""
    order = np.lexsort((day, place))
    opens, last_place, opened = np.zeros(len(place), dtype=bool), -1, 0
    for i, (where, when) in zip(order, zip(place[order], day[order].astype(int), strict=True), strict=True):
        if where != last_place or when - opened > within:
            opens[i], last_place, opened = True, where, when
    return opens


def test_the_effect_on_first_complaints_comes_back_on_average(process: ModuleType) -> None:
    """What the flagship estimates: of complaints that open an episode, the share followed by another in 90 days."""
    cal, found = process.load_calibration(), []
    for seed in range(SEEDS):
        cases = process.draw_complaints(process.streams(seed)[1], cal)
        first = opens_an_episode(cases.place, cases.day, 90)
        repeat = (cases.repeated - cases.day <= np.timedelta64(90, "D")).astype(float)[first]
        found.append(collapsed(change_in_mean(repeat, cases.area[first], cases.day[first]), cal.treated)[0])
    error = MONTE_CARLO_ERRORS * np.std(found, ddof=1) / np.sqrt(SEEDS)
    assert error < 0.012
    assert np.mean(found) == pytest.approx(truth()["recurrence"], abs=error)


def test_the_known_effects_come_back_on_average(process: ModuleType) -> None:
    worlds = [estimates(process, seed) for seed in range(SEEDS)]
    for name, effect in truth().items():
        mean = np.mean([world[name][0] for world in worlds])
        assert mean == pytest.approx(effect, abs=MONTE_CARLO_ERRORS * SPREAD[name] / np.sqrt(SEEDS))


def test_the_shipped_records_are_the_first_typical_draw(process: ModuleType) -> None:
    """README.md's rule: each estimate within one sd of the truth, each error 0.6 to 1.4 times its mean."""
    shipped = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["seed"]
    effects = truth()

    def typical(seed: int) -> bool:
        return all(
            abs(estimate - effects[name]) < SPREAD[name] and 0.6 < error / MEAN_ERROR[name] < 1.4
            for name, (estimate, error) in estimates(process, seed).items()
        )

    assert next(seed for seed in range(20240401, 20240501) if typical(seed)) == shipped
