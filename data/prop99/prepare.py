"""Rename the columns of the cigarette sales behind Proposition 99, and undo their single precision.

    python data/prop99/prepare.py CALIFORNIA_PROP99_CSV cigarettes.csv

CALIFORNIA_PROP99_CSV is the data set `california_prop99` of the R package synthdid, with its semicolons. Needs only
Python.
"""

import argparse
import csv
from pathlib import Path

HEADER = ("state", "year", "packs")


def row(source: dict[str, str]) -> tuple[str, str, str]:
    """Return one row of the new table; sales are published to one decimal."""
    return source["State"], source["Year"], f"{float(source['PacksPerCapita']):.1f}"


def main() -> None:
    """Write the table, sorted by state and year."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("california_prop99_csv", type=Path)
    parser.add_argument("out_csv", type=Path)
    args = parser.parse_args()
    with args.california_prop99_csv.open(encoding="utf-8", newline="") as source:
        rows = sorted(row(line) for line in csv.DictReader(source, delimiter=";"))
    with args.out_csv.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([HEADER, *rows])
    print(f"{len(rows)} rows written to {args.out_csv}")


if __name__ == "__main__":
    main()
