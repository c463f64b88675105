"""Monthly street files of data.police.uk: which months there are, and which district belongs to which force.

Every file is one month of one force (``2024-01-norfolk-street.csv``). A month whose file is there and holds no row of a
district is a month of zero incidents; a month without a file is missing. A force's files also hold a few rows of
neighbouring districts, so a district belongs to the force whose files hold most of its rows, and that force's files say
which of its months are observed. A file named otherwise counts for the months in its rows. All this is read from the
rows before `where`, so a district without one of the wanted incidents is known, and has zero of them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from impact.intake.areas import AreaList
from impact.intake.clock import Span
from impact.intake.findings import Findings, counted, excerpt, listed
from impact.intake.placing import FileRows, Placed
from models.arrays import BoolArray
from models.periods import Periods, Role, TimeUnit, period_index, period_label, period_start

NAME = re.compile(r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<force>.+)-street(\.csv)?(\.\w+)*")
UNNAMED = ""


@dataclass(frozen=True, slots=True)
class StreetFiles:
    """What the files of one source cover.

    Attributes
    ----------
    months
        Months with a file, by force, as `period_index` counts months.
    force_of
        Force of each district in the files, with rows after `where` or not.
    """

    months: Mapping[str, frozenset[int]]
    force_of: Mapping[str, str]

    def span(self, unit: TimeUnit) -> Span:
        """First and last period in which some force has a file."""
        months = sorted(m for of_force in self.months.values() for m in of_force)
        first, last = (period_index(period_start(m, TimeUnit.MONTH), unit) for m in (months[0], months[-1]))
        return Span(first, last)

    def periods(self, force: str, unit: TimeUnit) -> frozenset[int]:
        """Periods whose every month has a file of the force."""
        months = self.months[force]
        touched = {period_index(period_start(m, TimeUnit.MONTH), unit) for m in months}
        return frozenset(p for p in touched if _months_in(p, unit) <= months)


def _months_in(period: int, unit: TimeUnit) -> set[int]:
    first = period_index(period_start(period, unit), TimeUnit.MONTH)
    return set(range(first, period_index(period_start(period + 1, unit), TimeUnit.MONTH)))


def street_files(placed: Placed, findings: Findings) -> StreetFiles:
    """Read from file names and rows what the files cover; record files that hold another month's rows."""
    names = [NAME.fullmatch(f.name.rsplit("/", 1)[-1]) for f in placed.staged.files]
    months: dict[str, set[int]] = defaultdict(set)
    districts: dict[str, Counter[str]] = defaultdict(Counter)
    strange: dict[tuple[int, int], FileRows] = {}
    for name in names:
        if name:
            months[name["force"]].add(_month_of(name))
    for each in placed.in_files:
        name = names[each.file]
        force = name["force"] if name else UNNAMED
        if each.area is not None:
            districts[each.area][force] += each.rows
        if each.month is None:
            continue
        if name is None:
            months[UNNAMED].add(each.month)
        elif each.month != _month_of(name):
            strange.setdefault((each.file, each.month), each)
    for (_, month), each in strange.items():
        _other_month(placed, each, month, findings)
    force_of = {area: max(sorted(c), key=lambda f, c=c: c[f]) for area, c in districts.items()}  # type: ignore[misc]
    return StreetFiles({force: frozenset(m) for force, m in months.items()}, force_of)


def _month_of(name: re.Match[str]) -> int:
    return int(name["year"]) * 12 + int(name["month"]) - 1


def _other_month(placed: Placed, each: FileRows, month: int, findings: Findings) -> None:
    file, row = placed.staged.place(each.at)
    found = excerpt(period_label(month, TimeUnit.MONTH))
    findings.error(
        "month_of_another_file",
        f"the row is of {found}, which is not the month in the file's name.",
        "Restore the file's name, or download it again: its name says which month is complete.",
        source=placed.asked.name,
        file=file,
        row=row,
    )


def observed(files: StreetFiles, areas: AreaList, periods: Periods) -> BoolArray:
    """Mask of the areas and periods that the files cover, shape (A, T)."""
    mask = np.zeros((len(areas.names), len(periods)), dtype=np.bool_)
    for a, area in enumerate(areas.names):
        covered = files.periods(files.force_of[area], periods.unit)
        mask[a] = [periods.first + t in covered for t in range(len(periods))]
    return mask


def warn_missing(placed: Placed, files: StreetFiles, areas: AreaList, periods: Periods, findings: Findings) -> None:
    """Warn of months of the study that have no file."""
    used = [periods.first + t for t, role in enumerate(periods.roles) if role is not Role.EXCLUDED]
    for force in sorted({files.force_of[area] for area in areas.names}):
        lacking = sorted({m for p in used for m in _months_in(p, periods.unit)} - files.months[force])
        if lacking:
            labels = [period_label(m, TimeUnit.MONTH) for m in lacking]
            whose = f" of {force}" if force and len(files.months) > 1 else ""
            findings.warn(
                "missing_files",
                f"there is no file{whose} for {counted(len(lacking), 'month')}: {listed(labels, 12)}.",
                "These months are treated as missing, not as zero; add their files if they exist.",
                source=placed.asked.name,
            )
