"""Simulate the starter study's data: eight invented districts over two years, with a known effect in two of them."""

import csv
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import numpy as np

SEED = 20240401
DISTRICTS = {
    "Ashby": 60_000,
    "Brook": 48_000,
    "Calder": 71_000,
    "Dunmere": 55_000,
    "Eastwick": 90_000,
    "Fenby": 44_000,
    "Garth": 66_000,
    "Holt Cross": 52_000,
}
TREATED = {"Ashby", "Brook"}
MONTHS = [date(2023 + (3 + m) // 12, (3 + m) % 12 + 1, 1) for m in range(24)]
FIRST_EFFECT = date(2024, 5, 1)
RATE_PER_1000 = 0.28
RATE_RATIO = 0.85
LEVELS = ["Very dissatisfied", "Dissatisfied", "Neither", "Satisfied", "Very satisfied"]
BEFORE = np.array([0.18, 0.24, 0.18, 0.28, 0.12])
AFTER = np.array([0.10, 0.17, 0.16, 0.37, 0.20])
RESPONSE = 0.6

type Row = tuple[str, ...]


def days_in(month: date) -> int:
    """Days in the month that begins on `month`."""
    return ((month.replace(day=28) + timedelta(days=4)).replace(day=1) - month).days


def complaints(rng: np.random.Generator) -> Iterable[Row]:
    """Draw complaints: a seasonal Poisson rate per district, with the effect in treated districts."""
    number = 0
    for district, population in DISTRICTS.items():
        level = rng.normal(0.0, 0.15)
        for month in MONTHS:
            season = 0.25 * np.cos(2 * np.pi * (month.month - 7.5) / 12)
            treated = district in TREATED and month >= FIRST_EFFECT
            rate = RATE_PER_1000 * population / 1000 * np.exp(level + season + rng.normal(0.0, 0.05))
            for day in sorted(
                rng.integers(1, days_in(month) + 1, rng.poisson(rate * (RATE_RATIO if treated else 1.0)))
            ):
                number += 1
                yield f"SIM{number:05d}", district, month.replace(day=int(day)).isoformat()


def survey(rng: np.random.Generator, reported: Iterable[Row]) -> Iterable[Row]:
    """Ask every complainant a fortnight later; some do not answer."""
    for number, district, day in reported:
        asked = date.fromisoformat(day) + timedelta(days=14)
        if asked >= date(2025, 4, 1):
            continue
        weights = AFTER if district in TREATED and date.fromisoformat(day) >= FIRST_EFFECT else BEFORE
        answer = str(rng.choice(LEVELS, p=weights)) if rng.random() < RESPONSE else ""
        yield number.replace("SIM", "SIM-A"), district, asked.isoformat(), answer


def write(path: Path, header: Row, rows: Iterable[Row]) -> None:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(folder: Path) -> None:
    """Write the three files to `folder`."""
    rng = np.random.default_rng(SEED)
    reported = list(complaints(rng))
    write(folder / "complaints.csv", ("complaint", "district", "reported_on"), reported)
    write(folder / "survey.csv", ("answer", "district", "answered_on", "satisfaction"), survey(rng, reported))
    write(folder / "population.csv", ("district", "population"), ((d, str(p)) for d, p in DISTRICTS.items()))


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else here.parents[1] / "impact" / "starter" / "template")
