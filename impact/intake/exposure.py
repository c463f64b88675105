"""Exposure of a count: population times days in the period, or days where the study gives no population."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from impact.intake.areas import AreaList
from impact.intake.findings import Findings, excerpt, listed
from impact.intake.needs import Need
from impact.intake.placing import Placed
from impact.intake.rowchecks import both_rows
from models.arrays import FloatArray
from models.periods import Periods, TimeUnit, period_label


@dataclass(frozen=True, slots=True)
class Population:
    """Population of each area by period; constant populations stand at a period of None.

    Attributes
    ----------
    sizes
        {area: {period: population}}, as `period_index` counts; names that mean one area are added up.
    """

    sizes: Mapping[str, Mapping[int | None, float]]

    def per_period(self, areas: Sequence[str], periods: Periods) -> FloatArray:
        """Population of each area in each period, shape (A, T).

        A dated population holds from its period on, until the next one; before the first one the first holds.
        """
        return np.asarray([[self._at(area, periods.first + t) for t in range(len(periods))] for area in areas])

    def _at(self, area: str, period: int) -> float:
        sizes = self.sizes[area]
        if None in sizes:
            return sizes[None]
        dated = sorted(p for p in sizes if p is not None)
        return sizes[max((p for p in dated if p <= period), default=dated[0])]


def read_population(
    placed: Placed, need: Need, areas: AreaList, unit: TimeUnit, findings: Findings
) -> Population | None:
    """Read the population of every area; None, with the reason found, if one is missing or given twice."""
    rows = placed.rows.filter(placed.rows["area"].notnull() & placed.values(need).notnull())
    if placed.timed:
        rows = rows.filter(rows["period"].notnull())
    groups = rows.group_by("raw", "area", "part", "period").aggregate(
        n=lambda t: t.count(),
        size=lambda t: t[placed.typed[need]].sum(),
        at=lambda t: t["at"].min(),
        last=lambda t: t["at"].max(),
    )
    found = groups.order_by("at").to_pyarrow().to_pylist()
    sizes: dict[str, dict[int | None, float]] = {}
    complete = True
    for each in found:
        if each["n"] > 1:
            complete = False
            _twice(placed, need, each, unit, findings)
        of_area = sizes.setdefault(each["area"], {})
        of_area[each["period"]] = of_area.get(each["period"], 0.0) + each["size"]
    return Population(sizes) if _all_there(placed, need, sizes, areas, findings) and complete else None


def _twice(placed: Placed, need: Need, each: Mapping[str, Any], unit: TimeUnit, findings: Findings) -> None:
    file, row = placed.staged.place(each["at"])
    rows = both_rows(placed.staged, each["at"], each["last"])
    when = f" in {period_label(each['period'], unit)}" if each["period"] is not None else ""
    findings.error(
        "repeated_population",
        f"the population of {excerpt(each['raw'])}{when} is given more than once{f', in {rows}' if rows else ''}.",
        "Keep one row per area, or name the column with the date in columns.time.",
        source=placed.asked.name,
        file=file,
        row=row,
        column=need.column,
        rows=each["n"],
    )


def _all_there(placed: Placed, need: Need, sizes: Mapping[str, object], areas: AreaList, findings: Findings) -> bool:
    missing = [area for area in areas.names if area not in sizes]
    if missing:
        others = sorted(set(sizes) - set(areas.names))
        hint = f" If {listed([excerpt(o) for o in others], 8)} is meant, add it to areas.aliases." if others else ""
        findings.error(
            "missing_population",
            f"there is no population of {listed([f"'{area}'" for area in missing], 8)}.",
            f"Add a row for each.{hint}",
            source=placed.asked.name,
            column=need.column,
        )
    return not missing
