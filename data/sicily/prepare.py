"""Write the monthly admissions behind the Sicilian smoking ban as one row per month.

    python data/sicily/prepare.py SICILY_CSV admissions.csv

SICILY_CSV is the data file of the article's supplementary material. Needs only Python.
"""

import argparse
import csv
from pathlib import Path

HEADER = ("area", "month", "aces", "stdpop")


def row(source: dict[str, str]) -> tuple[str, str, str, str]:
    """Return one row of the new table."""
    month = f"{int(source['year']):04d}-{int(source['month']):02d}"
    return "Sicily", month, source["aces"], source["stdpop"]


def main() -> None:
    """Write the table, in the order of the months."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("sicily_csv", type=Path)
    parser.add_argument("out_csv", type=Path)
    args = parser.parse_args()
    with args.sicily_csv.open(encoding="utf-8", newline="") as source:
        rows = sorted((row(line) for line in csv.DictReader(source)), key=lambda line: line[1])
    with args.out_csv.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([HEADER, *rows])
    print(f"{len(rows)} rows written to {args.out_csv}")


if __name__ == "__main__":
    main()
