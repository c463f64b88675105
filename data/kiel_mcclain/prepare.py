"""Take the columns needed from Kiel and McClain's house sales.

    python data/kiel_mcclain/prepare.py KIELMC_CSV sales.csv

KIELMC_CSV is Wooldridge's textbook file `kielmc` saved as CSV with its own column names. Needs only Python.
"""

import argparse
import csv
import math
from pathlib import Path

HEADER = ("year", "place", "real_price", "log_price")
PLACES = {"0": "farther away", "1": "near the incinerator"}


def row(source: dict[str, str]) -> tuple[str, str, str, str]:
    """Return one row of the new table.

    Raises
    ------
    KeyError
        When `nearinc` is neither 0 nor 1.
    """
    logarithm = math.log(float(source["price"]))
    return source["year"], PLACES[source["nearinc"]], f"{float(source['rprice']):.2f}", f"{logarithm:.6f}"


def main() -> None:
    """Write the table, in the order of the file."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("kielmc_csv", type=Path)
    parser.add_argument("out_csv", type=Path)
    args = parser.parse_args()
    with args.kielmc_csv.open(encoding="utf-8", newline="") as source:
        rows = [row(line) for line in csv.DictReader(source)]
    with args.out_csv.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([HEADER, *rows])
    print(f"{len(rows)} rows written to {args.out_csv}")


if __name__ == "__main__":
    main()
