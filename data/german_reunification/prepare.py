"""Name the columns of the data behind the study of German reunification, and undo their single precision.

    python data/german_reunification/prepare.py REPGERMANY_CSV countries.csv

REPGERMANY_CSV is the file `repgermany` of the replication archive (doi:10.7910/DVN/24714), saved as CSV. Needs only
Python.
"""

import argparse
import csv
from pathlib import Path

COLUMNS = {
    "country": "country",
    "year": "year",
    "gdp": "dollars",
    "infrate": "inflation",
    "trade": "trade",
    "schooling": "schooling",
    "invest70": "investment_1970s",
    "invest80": "investment_1980s",
    "industry": "industry",
}
TEXT = ("country", "year")


def row(source: dict[str, str]) -> list[str]:
    """Return one row of the new table; a blank stays blank."""
    return [source[c] if c in TEXT or not source[c] else f"{float(source[c]):.7g}" for c in COLUMNS]


def main() -> None:
    """Write the table, sorted by country and year."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("repgermany_csv", type=Path)
    parser.add_argument("out_csv", type=Path)
    args = parser.parse_args()
    with args.repgermany_csv.open(encoding="utf-8", newline="") as source:
        rows = sorted(row(line) for line in csv.DictReader(source))
    with args.out_csv.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([list(COLUMNS.values()), *rows])
    print(f"{len(rows)} rows written to {args.out_csv}")


if __name__ == "__main__":
    main()
