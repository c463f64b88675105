"""Cut the anti-social behaviour out of Norfolk's street files and count it by district.

    python data/norfolk_asb/extract.py RAW_DIR OUT_DIR

RAW_DIR holds the monthly files of data.police.uk as downloaded (`2025-07-norfolk-street.csv`). Lines that are
kept are copied byte for byte, line endings included. Needs nothing but Python.
"""

import argparse
import csv
from collections import Counter
from pathlib import Path

DISTRICTS = (
    "Breckland",
    "Broadland",
    "Great Yarmouth",
    "King's Lynn and West Norfolk",
    "North Norfolk",
    "Norwich",
    "South Norfolk",
)
ASB = "Anti-social behaviour"
FIRST_MONTH_KEPT = "2024-01"  # 2014 was recorded differently: it is counted, but its rows are not shipped


def fields(line: bytes) -> list[str]:
    """Return the fields of one line of a street file."""
    return next(csv.reader([line.decode("utf-8").rstrip("\r\n")], strict=True))


def asb_lines(raw: bytes) -> list[bytes]:
    """Return the header and the ASB lines of one street file, unchanged.

    Raises
    ------
    ValueError
        When a line does not have the header's number of fields (a quoted line break, or a damaged file).
    """
    header, *lines = raw.splitlines(keepends=True)
    names = fields(header)
    kind = names.index("Crime type")
    kept = [header]
    for number, line in enumerate(lines, start=2):
        row = fields(line)
        if len(row) != len(names):
            raise ValueError(f"line {number} has {len(row)} fields, the header has {len(names)}")
        if row[kind] == ASB:
            kept.append(line)
    return kept


def district_counts(lines: list[bytes]) -> Counter[str]:
    """Count the lines of each Norfolk district; the district is the LSOA name less its five-character code.

    Rows of other forces' districts, and rows without an LSOA, are in no Norfolk district and not counted.
    """
    name = fields(lines[0]).index("LSOA name")
    found = Counter(fields(line)[name][:-5] for line in lines[1:])
    return Counter({district: found[district] for district in DISTRICTS})


def main() -> None:
    """Write the ASB lines of every month from 2024 on, and the counts of every month there is."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("raw_dir", type=Path)
    parser.add_argument("out_dir", type=Path)
    args = parser.parse_args()
    files = sorted(args.raw_dir.glob("????-??-norfolk-street.csv"))
    if not files:
        parser.error(f"no file named like 2025-07-norfolk-street.csv in {args.raw_dir}")
    args.out_dir.mkdir(parents=True, exist_ok=True)
    table = ["month,district,asb_count"]
    for file in files:
        month = file.name[:7]
        lines = asb_lines(file.read_bytes())
        table += [f"{month},{district},{n}" for district, n in district_counts(lines).items()]
        if month >= FIRST_MONTH_KEPT:
            (args.out_dir / file.name).write_bytes(b"".join(lines))
    (args.out_dir / "district_month.csv").write_text("\n".join(table) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(files)} months read from {args.raw_dir}, written to {args.out_dir}")


if __name__ == "__main__":
    main()
