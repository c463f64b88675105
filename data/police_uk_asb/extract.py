"""Cut the table of placebo pilots out of a count of recorded anti-social behaviour by force, month and district.

    python data/police_uk_asb/extract.py COUNTS_CSV district_month.csv

COUNTS_CSV has the columns force, month, district, asb_count: the rows of data.police.uk's street files whose crime
type is anti-social behaviour, counted by force file and by the district that the LSOA name begins with. It has no
line where there was no such row. Needs nothing but Python.
"""

import argparse
import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

type Counts = Mapping[tuple[str, str, str], int]  # by force, district, month

NOT_BY_DISTRICT = {"btp"}  # railways: they cross every district
AREAS = 7  # districts of a placebo pilot
ONE_MORE = {"cambridgeshire"}  # six districts, but the only force with two whole years
SMALLEST_MEAN = 20.0  # incidents a month, in a stretch
SHORTEST = 8  # months of a stretch


def read(path: Path) -> Counts:
    """Read the counts of all forces that police districts."""
    with path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    return {
        (row["force"], row["district"], row["month"]): int(row["asb_count"])
        for row in rows
        if row["force"] not in NOT_BY_DISTRICT
    }


def own_districts(counts: Counts) -> dict[str, list[str]]:
    """Districts of each force: those of which no other force's files hold more; the rest are rows across a border."""
    total = Counter[tuple[str, str]]()
    for (force, district, _), n in counts.items():
        total[force, district] += n
    owner = {district: force for (force, district), _ in sorted(total.items(), key=lambda item: item[1])}
    found = defaultdict(list)
    for district in sorted(owner):
        found[owner[district]].append(district)
    return dict(sorted(found.items()))


def stretches(months: set[str]) -> Iterator[list[str]]:
    """Longest runs of consecutive months."""
    number = {month: 12 * int(month[:4]) + int(month[5:]) for month in months}
    ordered = enumerate(sorted(months))
    for _, run in groupby(ordered, key=lambda item: number[item[1]] - item[0]):
        yield [month for _, month in run]


def enough(counts: Counts, force: str, districts: list[str], months: list[str]) -> bool:
    """Whether a stretch of this force has enough districts with enough incidents for a placebo pilot."""
    means = [sum(counts.get((force, district, month), 0) for month in months) / len(months) for district in districts]
    return sum(mean >= SMALLEST_MEAN for mean in means) >= AREAS


def table(counts: Counts) -> list[list[str]]:
    """Lay out one row per district: a count, 0 where the force's file has no row of it, empty where there is no file.

    Forces stay that have enough districts in some stretch of `SHORTEST` months or more; districts that hold fewer
    incidents than `SMALLEST_MEAN` a month in every such stretch go.
    """
    files = defaultdict(set)
    for force, _, month in counts:
        files[force].add(month)
    lines, used = [], set[str]()
    for force, districts in own_districts(counts).items():
        long = [months for months in stretches(files[force]) if len(months) >= SHORTEST]
        if not (force in ONE_MORE or any(enough(counts, force, districts, months) for months in long)):
            continue
        for district in districts:
            if max(sum(counts.get((force, district, m), 0) for m in run) / len(run) for run in long) < SMALLEST_MEAN:
                continue
            kept = {month: str(counts.get((force, district, month), 0)) for run in long for month in run}
            used |= set(kept)
            lines.append((force, district, kept))
    months = sorted(used)
    return [["force", "district", *months], *([f, d, *(kept.get(m, "") for m in months)] for f, d, kept in lines)]


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    with args.out.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(table(read(args.counts)))


if __name__ == "__main__":
    main()
