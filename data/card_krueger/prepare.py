"""Take the columns needed from Card and Krueger's restaurants.

    python data/card_krueger/prepare.py NJMIN3_CSV restaurants.csv

NJMIN3_CSV is the textbook file `njmin3` saved as CSV with its own column names. Needs only Python.
"""

import argparse
import csv
from pathlib import Path

HEADER = ("state", "quarter", "fte")
STATES = {"0": "Pennsylvania", "1": "New Jersey"}
QUARTERS = {"0": "1992-Q1", "1": "1992-Q4"}  # before: 15 February to 4 March; after: 5 November to 31 December


def row(source: dict[str, str]) -> tuple[str, str, str]:
    """Return one row of the new table.

    Raises
    ------
    KeyError
        When `nj` or `d` is neither 0 nor 1.
    """
    fte = source["fte"]
    return STATES[source["nj"]], QUARTERS[source["d"]], f"{float(fte):g}" if fte else ""


def main() -> None:
    """Write the table, in the order of the file."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("njmin3_csv", type=Path)
    parser.add_argument("out_csv", type=Path)
    args = parser.parse_args()
    with args.njmin3_csv.open(encoding="utf-8", newline="") as source:
        rows = [row(line) for line in csv.DictReader(source)]
    with args.out_csv.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([HEADER, *rows])
    print(f"{len(rows)} rows written to {args.out_csv}")


if __name__ == "__main__":
    main()
