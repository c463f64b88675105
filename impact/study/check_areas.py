"""Checks that the areas of a study agree with each other."""

from collections.abc import Iterator

from impact.study.inconsistency import Inconsistency, repeated
from impact.study.schema import Areas, Study
from impact.study.words import Loc, did_you_mean, quoted

TREATED: Loc = ("areas", "treated")
COMPARISON: Loc = ("areas", "comparison")


def check_areas(study: Study) -> Iterator[Inconsistency]:
    """Find areas named twice, on both sides, or nowhere; the last only if the comparison areas are listed."""
    areas = study.areas
    comparison = () if isinstance(areas.comparison, str) else areas.comparison
    yield from repeated(TREATED, areas.treated)
    yield from repeated(COMPARISON, comparison)
    for i, name in enumerate(comparison):
        if name in areas.treated:
            text = f"{quoted(name)} is in areas.treated too; an area is on one side."
            yield Inconsistency((*COMPARISON, i), text, "keep it on one side.")
    yield from _aliases(areas)
    yield from _neighbours(areas)
    if not isinstance(areas.comparison, str):
        yield from _unknown(study, (*areas.treated, *areas.comparison))


def _unknown(study: Study, known: tuple[str, ...]) -> Iterator[Inconsistency]:
    named: list[tuple[Loc, str]] = [(("areas", "aliases", a), area) for a, area in study.areas.aliases.items()]
    named += [(("areas", "recode", i, "to"), r.to) for i, r in enumerate(study.areas.recode)]
    for i, change in enumerate(study.intervention.concurrent):
        named += [(("intervention", "concurrent", i, "areas", j), area) for j, area in enumerate(change.areas)]
    for loc, name in named:
        if name not in known and name not in study.areas.aliases:
            text = f"{quoted(name)} is not an area of this study{did_you_mean(name, known) or '.'}"
            fix = "correct it, or add the area to areas.comparison."
            yield Inconsistency(loc, text, fix, about=(TREATED, COMPARISON))


def _aliases(areas: Areas) -> Iterator[Inconsistency]:
    known = {*areas.treated, *(() if isinstance(areas.comparison, str) else areas.comparison)}
    for spelling, area in areas.aliases.items():
        loc: Loc = ("areas", "aliases", spelling)
        if spelling in known:
            text = f"{quoted(spelling)} is an area of this study, so it cannot be another spelling of {quoted(area)}."
            yield Inconsistency(loc, text, "write {spelling in the data: area}, in this order.", key=True)
        elif areas.aliases.get(area, area) != area:
            yield Inconsistency(
                loc, f"{quoted(area)} is itself only another spelling.", f"write {quoted(areas.aliases[area])}."
            )


def _neighbours(areas: Areas) -> Iterator[Inconsistency]:
    for name, around in areas.neighbours.items():
        loc: Loc = ("areas", "neighbours", name)
        if name not in areas.treated:
            text = f"{quoted(name)} is not in areas.treated{did_you_mean(name, areas.treated) or '.'}"
            yield Inconsistency(loc, text, "neighbours are given for treated areas only.", about=(TREATED,), key=True)
        yield from repeated(loc, around)
        if name in around:
            text = f"{quoted(name)} is given as a neighbour of itself."
            yield Inconsistency((*loc, around.index(name)), text, "remove it.")
