"""Write the monthly casualties behind the British seat-belt law as one row per month.

    python data/uk_driver_deaths/prepare.py UK_DRIVER_DEATHS_CSV casualties.csv

UK_DRIVER_DEATHS_CSV is R's data set ``UKDriverDeaths`` as a table of time and value. Needs only Python.
"""

import argparse
import csv
from pathlib import Path

HEADER = ("area", "month", "drivers")
MONTHS = 12


def row(source: dict[str, str]) -> tuple[str, str, str]:
    """Return one row of the new table; times are years and twelfths of a year."""
    whole = round(float(source["time"]) * MONTHS)
    return "Great Britain", f"{whole // MONTHS:04d}-{whole % MONTHS + 1:02d}", source["UKDriverDeaths"]


def main() -> None:
    """Write the table, in the order of the months."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("uk_driver_deaths_csv", type=Path)
    parser.add_argument("out_csv", type=Path)
    args = parser.parse_args()
    with args.uk_driver_deaths_csv.open(encoding="utf-8", newline="") as source:
        rows = sorted((row(line) for line in csv.DictReader(source)), key=lambda line: line[1])
    with args.out_csv.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([HEADER, *rows])
    print(f"{len(rows)} rows written to {args.out_csv}")


if __name__ == "__main__":
    main()
