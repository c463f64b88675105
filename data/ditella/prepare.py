"""Take the columns needed from Di Tella and Schargrodsky's monthly panel.

    python data/ditella/prepare.py PANEL_CSV OUT_CSV

PANEL_CSV is the authors' panel (`MonthlyPanel`) saved as CSV with its own column names. Needs only Python.
"""

import argparse
import csv
from pathlib import Path

HEADER = ("block", "month", "thefts", "same_block", "one_block", "two_blocks")
REST_OF_JULY = (72, 73)  # the codes of 18 to 31 July 1994, between the attack and full protection
FIRST, LAST = 4, 12


def row(source: dict[str, str]) -> tuple[str, ...] | None:
    """Return one row of the new table, or None for the days of July that the study leaves out.

    Raises
    ------
    ValueError
        When the month's code is none of 4 to 12, 72 and 73.
    """
    month, distance = int(float(source["mes"])), int(float(source["distanci"]))
    if month in REST_OF_JULY:
        return None
    if not FIRST <= month <= LAST:
        raise ValueError(f"mes {source['mes']} is no month of the panel")
    block = str(int(float(source["observ"])))
    same = str(int(float(source["institu1"])))
    thefts = f"{float(source['totrob']):g}"
    return block, f"1994-{month:02d}", thefts, same, str(int(distance == 1)), str(int(distance == 2))


def main() -> None:
    """Write the table, sorted by block number and month."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("panel_csv", type=Path)
    parser.add_argument("out_csv", type=Path)
    args = parser.parse_args()
    with args.panel_csv.open(encoding="utf-8", newline="") as source:
        rows = [made for made in map(row, csv.DictReader(source)) if made is not None]
    rows.sort(key=lambda r: (int(r[0]), r[1]))
    with args.out_csv.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([HEADER, *rows])
    print(f"{len(rows)} rows written to {args.out_csv}")


if __name__ == "__main__":
    main()
