"""Exposure of a count: population times days in the period, or days where the study gives no population."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from impact.intake.areas import AreaList
from impact.intake.findings import Findings, excerpt, listed
from impact.intake.needs import Need
from impact.intake.placing import Placed
from impact.intake.rowchecks import both_rows
from impact.study.schema import Study
from models.arrays import FloatArray
from models.periods import Periods, TimeUnit, period_label


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an area whose population stands in the source by itself.

    Attributes
    ----------
    raw, values
        Name of the area in the source, and the values of the columns that recode areas.
    recode, given
        Which recode moved it to its area, and the area it would be in without that one; None if none did.
    """

    raw: str
    values: str
    recode: int | None = None
    given: str | None = None


type Sizes = Mapping[str, Mapping[Part, Mapping[int | None, float]]]


@dataclass(frozen=True, slots=True)
class Move:
    """A number of people that a recode moves from one area to another; to None = out of the study."""

    people: float
    instead_of: str
    to: str | None


@dataclass(frozen=True, slots=True)
class Population:
    """Population of each area by period; constant populations stand at a period of None.

    Attributes
    ----------
    sizes
        {area: {part of it: {period: population}}}, as `period_index` counts. A part is one name in the source that
        means the area, or one value of the columns that recode areas.
    moves
        People moved by each recode that moves nobody in the source.
    """

    sizes: Sizes
    moves: Mapping[int, Move] = field(default_factory=dict)

    def per_period(self, areas: Sequence[str], periods: Periods) -> FloatArray:
        """Population of each area in each period, shape (A, T); 0 where nothing is left of it.

        A dated population holds from its period on, until the next one; before the first one the first holds. Each
        part of an area is carried on by its own dates, and then they are added up.
        """
        people = np.asarray([[self._at(area, periods.first + t) for t in range(len(periods))] for area in areas])
        for move in self.moves.values():
            for area, sign in ((move.to, 1.0), (move.instead_of, -1.0)):
                if area in areas:
                    people[areas.index(area)] += sign * move.people
        return np.maximum(people, 0.0)

    def _at(self, area: str, period: int) -> float:
        return sum(_held(sizes, period) for sizes in self.sizes.get(area, {}).values())

    def follows(self, recode: int) -> bool:
        """Whether people are moved as the recode moves rows."""
        return recode in self.moves or any(p.recode == recode for parts in self.sizes.values() for p in parts)

    def following(self, applied: Collection[int], moves: Mapping[int, Move]) -> "Population":
        """The population that goes with rows to which these recodes, and no others, are applied.

        Parameters
        ----------
        moves
            People to move by each recode, used where the population's source does not tell.
        """
        found = self
        recodes = {p.recode for parts in self.sizes.values() for p in parts if p.recode is not None}
        for recode in sorted(recodes - set(applied)):
            found = found.unmoved(recode)
        return replace(found, moves={i: moves[i] for i in applied if i in moves and i not in recodes})

    def unmoved(self, recode: int) -> "Population":
        """The population had the recode not been applied."""
        back: dict[str, dict[Part, Mapping[int | None, float]]] = {}
        for area, parts in self.sizes.items():
            for part, sizes in parts.items():
                where = part.given if part.recode == recode and part.given is not None else area
                back.setdefault(where, {})[part] = sizes
        return Population(back, {i: move for i, move in self.moves.items() if i != recode})

    def without(self, recode: int) -> "Population":
        """The population less the people that the recode moves."""
        kept = {
            area: {part: sizes for part, sizes in parts.items() if part.recode != recode}
            for area, parts in self.sizes.items()
        }
        return Population(kept, {i: replace(move, to=None) if i == recode else move for i, move in self.moves.items()})


def _held(sizes: Mapping[int | None, float], period: int) -> float:
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
    recode = ("recode", "given") if placed.recoded else ()
    groups = rows.group_by("raw", "area", "part", "period", *recode).aggregate(
        n=lambda t: t.count(),
        size=lambda t: t[placed.typed[need]].sum(),
        at=lambda t: t["at"].min(),
        last=lambda t: t["at"].max(),
    )
    found = groups.order_by("at").to_pyarrow().to_pylist()
    sizes: dict[str, dict[Part, dict[int | None, float]]] = {}
    complete = True
    for each in found:
        if each["n"] > 1:
            complete = False
            _twice(placed, need, each, unit, findings)
        part = Part(each["raw"], each["part"], each.get("recode"), each.get("given"))
        sizes.setdefault(each["area"], {}).setdefault(part, {})[each["period"]] = each["size"]
    if not _all_there(placed, need, sizes, areas, findings) or not complete:
        return None
    _warn_of_dates(placed, need, [area for area in areas.names if _differ(sizes[area])], findings)
    return Population(sizes)


def declared_moves(study: Study) -> dict[int, Move]:
    """People that the study says each recode moves."""
    aliases = study.areas.aliases
    return {
        i: Move(r.population, aliases.get(r.instead_of, r.instead_of), aliases.get(r.to, r.to))
        for i, r in enumerate(study.areas.recode)
        if r.population is not None and r.instead_of is not None
    }


def _differ(parts: Mapping[Part, Mapping[int | None, float]]) -> bool:
    return len({frozenset(sizes) for sizes in parts.values()}) > 1


def _warn_of_dates(placed: Placed, need: Need, uneven: list[str], findings: Findings) -> None:
    """Warn of areas whose parts are dated differently: an old and a new name of one area would count it twice."""
    if uneven:
        findings.warn(
            "uneven_population",
            f"the population of {listed(uneven, 8)} is the sum of several names or parts that are not dated alike; "
            "each is carried on from its own dates.",
            "If one name replaced another, its people are counted twice: give it the same name at every date.",
            source=placed.asked.name,
            column=need.column,
        )


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
