"""Write simulated case-level records of the Early Intervention ASB pilot in Norfolk. NOTHING HERE IS REAL.

    python data/norfolk_simulated/simulate.py [OUT_DIR]

The pilot's own case records are not public. These are made up, with known effects, which stand beside them in
`truth.json`. The same seed writes the same bytes. Needs numpy; README.md explains each step.
"""

import argparse
import csv
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from statistics import NormalDist

import norfolk_process as process
import norfolk_uptake as uptake
import numpy as np
from norfolk_people import People, draw_people
from norfolk_process import Calibration, Complaints, Days, Floats, Incidents, Survey
from norfolk_uptake import Marks

SEED = 20240434  # the first from 20240401 on that is a typical draw, by the rule in README.md
HERE = Path(__file__).resolve().parent
FOLLOW_UP_YEAR = 2023
DAYS = np.arange(1, 1001)
YES_NO = {1: "yes", 0: "no"}


def dates(days: Days) -> list[str]:
    """Return days as text, blank where there is none by the extract."""
    known = days <= process.EXTRACT  # NaT compares as false
    return [str(day) if is_known else "" for day, is_known in zip(days, known, strict=True)]


def identifiers(letter: str, numbers: Iterable[int]) -> list[str]:
    """Return record numbers that say they are simulated."""
    return [f"SIM-{letter}{number + 1:05d}" for number in numbers]


def write_table(path: Path, columns: dict[str, Sequence[str]]) -> None:
    """Write equally long columns of text as CSV."""
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def incident_columns(incidents: Incidents, cal: Calibration) -> dict[str, Sequence[str]]:
    """Return the columns of incidents.csv."""
    return {
        "incident": identifiers("I", range(len(incidents.day))),
        "reported_on": dates(incidents.day),
        "district": [cal.districts[a] for a in incidents.area],
    }


def joined[T: (Complaints, Marks)](first: T, second: T) -> T:
    """Return the elements of two records one after the other."""
    pairs = {f.name: (getattr(first, f.name), getattr(second, f.name)) for f in fields(first)}
    return replace(first, **{name: np.concatenate(pair) for name, pair in pairs.items()})


def complaint_columns(cases: Complaints, marks: Marks, people: People, cal: Calibration) -> dict[str, Sequence[str]]:
    """Return the columns of complaints.csv, in order of date."""
    kept = process.in_order(cases.day >= process.LOOK_BACK_FROM, cases.day, cases.area, cases.place)
    return {
        "case": identifiers("C", kept.tolist()),
        "place": identifiers("P", cases.place[kept].tolist()),
        "district": [cal.districts[a] for a in cases.area[kept]],
        "reported_on": dates(cases.day[kept]),
        "first_visit_on": dates(cases.visited[kept]),
        "next_reported_on": dates(cases.repeated[kept]),
        "case_type": [process.TYPES[k] for k in cases.kind[kept]],
        "channel": [process.CHANNELS[c] for c in cases.channel[kept]],
        "extract_date": [str(process.EXTRACT)] * len(kept),
        "severity": [uptake.SEVERITIES[s] for s in marks.severity[kept]],
        "eligible": [YES_NO[bool(e)] for e in marks.eligible[kept]],
        "accepted": [YES_NO.get(int(a), "") for a in marks.accepted[kept]],
        "complainant": identifiers("N", people.complainant[kept].tolist()),
        "moved_on": dates(people.moved[kept]),
    }


def survey_columns(survey: Survey, cases: Complaints, marks: Marks, cal: Calibration) -> dict[str, Sequence[str]]:
    """Return the columns of survey.csv; an answer never given is blank, type and eligibility are the case's."""
    return {
        "response": identifiers("S", range(len(survey.day))),
        "case": identifiers("C", survey.case.tolist()),
        "district": [cal.districts[a] for a in survey.area],
        "surveyed_on": dates(survey.day),
        "satisfaction": [process.LEVELS[level] if level >= 0 else "" for level in survey.level],
        "case_type": [process.TYPES[k] for k in cases.kind[survey.case]],
        "eligible": [YES_NO[bool(e)] for e in marks.eligible[survey.case]],
    }


def visit_days(area: int, kind: int, ratio: float) -> Floats:
    """Return the chances of a first visit 1, 2, ..., 1,000 days after a report in the follow-up."""
    centre = np.log(process.VISIT_DAYS[area] * ratio) + process.VISIT_TYPE[kind] + process.COMMON_VISIT[FOLLOW_UP_YEAR]
    below = [0.0, *(NormalDist(centre, process.VISIT_SD).cdf(np.log(day + 0.5)) for day in DAYS)]
    chances: Floats = np.diff(below)
    return chances


def mean_log_visit(area: int, ratio: float, kinds: Floats = process.TYPE_SHARE) -> float:
    """Return the expected log of the whole days to the first visit of a case reported in the follow-up."""
    by_kind = [float(visit_days(area, k, ratio) @ np.log(DAYS)) for k in range(len(kinds))]
    return float(kinds @ np.array(by_kind))


def eligible_kinds() -> Floats:
    """Return the types of eligible cases, as shares."""
    share: Floats = process.TYPE_SHARE * uptake.COUNCILS_OWN * (1 - uptake.SEVERITY_SHARE[:, 0])
    shares: Floats = share / share.sum()
    return shares


def uptake_in(area: int) -> tuple[float, float]:
    """Return the share of a district's eligible cases that take the service up, and of the others that repeat."""
    risk = process.REPEAT_RISK[area] + process.COMMON_REPEAT[FOLLOW_UP_YEAR] + process.REPEAT_DIFFERENCE
    took, declined_and_repeated = 0.0, 0.0
    for kind, share in enumerate(eligible_kinds()):
        centre = np.log(process.VISIT_DAYS[area] * process.VISIT_RATIO) + process.VISIT_TYPE[kind]
        slower = (np.log(DAYS) - centre - process.COMMON_VISIT[FOLLOW_UP_YEAR]) / process.VISIT_SD
        chance = share * visit_days(area, kind, process.VISIT_RATIO)
        again = uptake.chance_of_uptake(slower, np.ones(len(DAYS)))
        took += float(chance @ (risk * again + (1 - risk) * uptake.chance_of_uptake(slower, np.zeros(len(DAYS)))))
        declined_and_repeated += float(chance @ (risk * (1 - again)))
    return took, declined_and_repeated / (1 - took)


def share_satisfied(area: int, effect: float, *, answering: bool) -> float:
    """Return the expected share satisfied or better in the follow-up, of all asked or of those who answer."""
    logit = process.SATISFACTION[area] + process.COMMON_SATISFACTION[FOLLOW_UP_YEAR] + effect
    weight = process.level_shares(np.array([logit]))[0]
    if answering:
        weight = weight * process.ANSWERS_BY_LEVEL
    return float(weight[3:].sum() / weight.sum())


def satisfaction_effect(areas: list[int], *, answering: bool) -> float:
    """Return the mean over districts of the change in the share satisfied or better."""
    with_pilot = [share_satisfied(a, process.SATISFACTION_LOGIT, answering=answering) for a in areas]
    without = [share_satisfied(a, 0.0, answering=answering) for a in areas]
    return float(np.mean(with_pilot) - np.mean(without))


def truth(seed: int, cal: Calibration) -> dict[str, object]:
    """Return the known effects on each headline: means over the treated districts, all shocks at zero."""
    areas = [int(a) for a in np.flatnonzero(cal.treated)]
    visit = [mean_log_visit(a, process.VISIT_RATIO) - mean_log_visit(a, 1.0) for a in areas]
    kinds = eligible_kinds()
    eligible = [mean_log_visit(a, process.VISIT_RATIO, kinds) - mean_log_visit(a, 1.0, kinds) for a in areas]
    took, decliners = (float(np.mean(values)) for values in zip(*(uptake_in(a) for a in areas), strict=True))
    risk = float(process.REPEAT_RISK[areas].mean()) + process.COMMON_REPEAT[FOLLOW_UP_YEAR]
    return {
        "simulated": True,
        "seed": seed,
        "treated": list(process.TREATED),
        "effect_from": str(process.EFFECT_FROM),
        "effect_to": str(process.EXTRACT),
        "headquarters_move": "no effect on anything",
        "uptake": {
            "of": "eligible cases of the treated districts reported while the effect lasts",
            "share": round(took, 4),
            "those_who_decline": "not affected",
        },
        "outcomes": {
            "satisfaction": {
                "estimand": "share satisfied or very satisfied, of those who answer",
                "scale": "difference",
                "effect": round(satisfaction_effect(areas, answering=True), 4),
                "effect_if_eligible": round(satisfaction_effect(areas, answering=True), 4),
                "effect_if_all_answered": round(satisfaction_effect(areas, answering=False), 4),
                "log_odds": process.SATISFACTION_LOGIT,
            },
            "recurrence": {
                "estimand": f"risk of another complaint about the place within {process.HORIZON} days of a first one",
                "opens_an_episode": f"a complaint more than {process.HORIZON} days after the one that opened the last",
                "scale": "difference",
                "effect": process.REPEAT_DIFFERENCE,
                "effect_if_eligible": process.REPEAT_DIFFERENCE,
                "effect_if_taken_up": round(process.REPEAT_DIFFERENCE / took, 4),
                "takers_less_decliners": round((risk + process.REPEAT_DIFFERENCE - decliners) / took, 4),
                "risk_without_the_pilot": round(risk, 4),
                "moving_away": "only of complainants about places that no other complaint follows; changes no risk",
            },
            "response_time": {
                "estimand": "geometric mean of the whole days from report to first visit",
                "scale": "ratio",
                "effect": round(float(np.exp(np.mean(visit))), 4),
                "effect_before_rounding_to_days": process.VISIT_RATIO,
                "effect_if_eligible": round(float(np.exp(np.mean(eligible))), 4),
                "effect_if_taken_up": round(float(np.exp(np.mean(eligible) / took)), 4),
            },
            "asb": {
                "estimand": "recorded incidents",
                "scale": "ratio",
                "effect": process.ASB_RATIO,
            },
        },
    }


def main() -> None:
    """Draw the records and write every file of this folder."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("out_dir", type=Path, nargs="?", default=HERE)
    out: Path = parser.parse_args().out_dir
    out.mkdir(parents=True, exist_ok=True)
    cal = process.load_calibration()
    incidents, cases, survey = process.simulate(SEED, cal)
    marks = uptake.draw_marks(SEED, cases, cal)
    before = process.draw_complaints_before(SEED, cal)
    everyone = joined(cases, before)  # the earliest come last, so that the others keep their numbers
    all_marks = joined(marks, uptake.draw_marks_before(SEED, before, cases))
    people = draw_people(SEED, everyone)
    write_table(out / "incidents.csv", incident_columns(incidents, cal))
    write_table(out / "complaints.csv", complaint_columns(everyone, all_marks, people, cal))
    write_table(out / "survey.csv", survey_columns(survey, cases, marks, cal))
    shutil.copyfile(process.REAL / "population.csv", out / "population.csv")
    text = json.dumps(truth(SEED, cal), indent=2, ensure_ascii=False) + "\n"
    (out / "truth.json").write_text(text, encoding="utf-8", newline="\n")
    print(f"Simulated records written to {out}")


if __name__ == "__main__":
    main()
