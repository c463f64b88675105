"""Take from the data set `mpdta` what the study needs, and write the areas of the study file.

    python data/teen_employment/prepare.py MPDTA_CSV employment.csv > areas.yaml

MPDTA_CSV is the data set `mpdta` of the R package did, as a CSV. Prints the section `areas` of the study file. Needs
only Python.
"""

import argparse
import csv
import textwrap
from pathlib import Path

HEADER = ("county", "year", "first_raise", "log_employment")
FIRST = "2004"
WIDTH = 118


def row(source: dict[str, str]) -> tuple[str, str, str, str]:
    """Return one row of the new table; 0 stands for a county whose state never raised its minimum wage."""
    raised = int(float(source["first.treat"]))
    county, year = (str(int(float(source[name]))) for name in ("countyreal", "year"))
    return county, year, str(raised) if raised else "", f"{float(source['lemp']):.6f}"


def areas(rows: list[tuple[str, str, str, str]]) -> str:
    """Write the section `areas`: counties that raised, and the day for those that did so after the first."""
    raised = {county: year for county, _, year, _ in rows if year}
    late = [f"{county}: {year}-01-01" for county, year in raised.items() if year != FIRST]
    return "\n".join(
        [
            "areas:",
            "  level: county",
            "  treated:",
            _flow(list(raised), "[]"),
            "  comparison: others",
            "  starts:",
            _flow(late, "{}"),
        ]
    )


def _flow(items: list[str], brackets: str) -> str:
    text = f"{brackets[0]}{', '.join(items)}{brackets[1]}"
    lines = textwrap.wrap(text, WIDTH - 5, break_on_hyphens=False, break_long_words=False)
    return textwrap.indent("\n".join(lines), "    ").replace("\n    ", "\n     ")


def main() -> None:
    """Write the table, sorted by county and year, and print the areas."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("mpdta_csv", type=Path)
    parser.add_argument("out_csv", type=Path)
    args = parser.parse_args()
    with args.mpdta_csv.open(encoding="utf-8", newline="") as source:
        rows = sorted((row(line) for line in csv.DictReader(source)), key=lambda each: (int(each[0]), each[1]))
    with args.out_csv.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows([HEADER, *rows])
    print(areas(rows))


if __name__ == "__main__":
    main()
