"""Checks that the areas of a study agree with each other."""

from collections.abc import Iterator

from impact.study.inconsistency import Inconsistency, repeated
from impact.study.schema import Areas, Study
from impact.study.words import Loc, did_you_mean, quoted

TREATED: Loc = ("areas", "treated")
COMPARISON: Loc = ("areas", "comparison")
STARTS: Loc = ("areas", "starts")
START: Loc = ("intervention", "start")
END: Loc = ("intervention", "end")


def check_areas(study: Study) -> Iterator[Inconsistency]:
    """Find areas named twice, on both sides, or nowhere; the last only if the comparison areas are listed."""
    areas = study.areas
    comparison = _members(areas, "comparison")
    yield from repeated(TREATED, areas.treated)
    yield from repeated(COMPARISON, comparison)
    for i, name in enumerate(comparison):
        if name in areas.treated:
            text = f"{quoted(name)} is in areas.treated too; an area is on one side."
            yield Inconsistency((*COMPARISON, i), text, "keep it on one side.")
    yield from _aliases(areas)
    yield from _neighbours(areas)
    yield from _dominant(areas)
    yield from _rings(areas)
    yield from _recodes(areas)
    yield from _starts(study)
    if not isinstance(areas.comparison, str):
        yield from _unknown(study, (*areas.treated, *areas.comparison))


def _members(areas: Areas, group: str) -> tuple[str, ...]:
    """Areas of a group, as far as the study lists them."""
    members: tuple[str, ...] | str = getattr(areas, group)
    return () if isinstance(members, str) else members


def _unknown(study: Study, known: tuple[str, ...]) -> Iterator[Inconsistency]:
    named: list[tuple[Loc, str]] = [(("areas", "aliases", a), area) for a, area in study.areas.aliases.items()]
    named += [(("areas", "recode", i, "to"), r.to) for i, r in enumerate(study.areas.recode)]
    named += [(("areas", "dominant", i), name) for i, name in enumerate(study.areas.dominant)]
    for i, change in enumerate(study.intervention.concurrent):
        named += [(("intervention", "concurrent", i, "areas", j), area) for j, area in enumerate(change.areas)]
    for loc, name in named:
        if name not in known and name not in study.areas.aliases:
            text = f"{quoted(name)} is not an area of this study{did_you_mean(name, known) or '.'}"
            fix = "correct it, or add the area to areas.comparison."
            yield Inconsistency(loc, text, fix, about=(TREATED, COMPARISON))


def _aliases(areas: Areas) -> Iterator[Inconsistency]:
    known = {*areas.treated, *_members(areas, "comparison")}
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
    known = () if isinstance(areas.comparison, str) else (*areas.treated, *areas.comparison)
    for name, around in areas.neighbours.items():
        loc: Loc = ("areas", "neighbours", name)
        if known and name not in known and name not in areas.aliases:
            text = f"{quoted(name)} is not an area of this study{did_you_mean(name, known) or '.'}"
            fix = "neighbours are given for treated and comparison areas; other areas may stand in their lists."
            yield Inconsistency(loc, text, fix, about=(TREATED, COMPARISON), key=True)
        yield from repeated(loc, around)
        if name in around:
            text = f"{quoted(name)} is given as a neighbour of itself."
            yield Inconsistency((*loc, around.index(name)), text, "remove it.")


def _dominant(areas: Areas) -> Iterator[Inconsistency]:
    """Find dominant areas without which nothing would be left of the treated or of the comparison areas."""
    loc: Loc = ("areas", "dominant")
    yield from repeated(loc, areas.dominant)
    dominant = {areas.aliases.get(name, name) for name in areas.dominant}
    for group in ("treated", "comparison"):
        members = _members(areas, group)
        if members and dominant.issuperset(members):
            text = f"areas.dominant names every area of areas.{group}, so nothing would be left without them."
            yield Inconsistency(loc, text, "leave at least one out.", about=(("areas", group),))


def _rings(areas: Areas) -> Iterator[Inconsistency]:
    """Find ring areas that are in the study, on both sides of the ring, or only another spelling."""
    if areas.rings is None:
        return
    for side in ("displacement", "compared_with"):
        loc: Loc = ("areas", "rings", side)
        names: tuple[str, ...] = getattr(areas.rings, side)
        yield from repeated(loc, names)
        for i, name in enumerate(names):
            group = next((g for g in ("treated", "comparison") if name in _members(areas, g)), None)
            if group:
                text = f"{quoted(name)} is in areas.{group} too; ring areas lie around those of the study."
                yield Inconsistency((*loc, i), text, "keep it in one place.", about=(("areas", group),))
            elif areas.aliases.get(name, name) != name:
                text = f"{quoted(name)} is only another spelling of {quoted(areas.aliases[name])}."
                yield Inconsistency((*loc, i), text, f"write {quoted(areas.aliases[name])}.")
    for i, name in enumerate(areas.rings.compared_with):
        if name in areas.rings.displacement:
            text = f"{quoted(name)} is in areas.rings.displacement too; an area is on one side."
            about: tuple[Loc, ...] = (("areas", "rings", "displacement"),)
            yield Inconsistency(("areas", "rings", "compared_with", i), text, "keep it on one side.", about=about)


def _starts(study: Study) -> Iterator[Inconsistency]:
    """Find starts of areas that are not treated or named twice, and dates outside the intervention."""
    areas, done = study.areas, study.intervention
    named: dict[str, str] = {}
    for name, day in areas.starts.items():
        loc: Loc = (*STARTS, name)
        area = areas.aliases.get(name, name)
        if area not in areas.treated:
            text = f"{quoted(name)} is not a treated area of this study{did_you_mean(name, areas.treated) or '.'}"
            fix = "starts are given for treated areas; a comparison area never starts."
            yield Inconsistency(loc, text, fix, about=(TREATED,), key=True)
        elif area in named:
            text = f"{quoted(name)} and {quoted(named[area])} are the same area."
            yield Inconsistency(loc, text, "keep one of them.", key=True)
        named.setdefault(area, name)
        if day < done.start:
            text = f"{quoted(name)} starts ({day}) before the intervention ({done.start})."
            yield Inconsistency(loc, text, "let intervention.start be the earliest start of all areas.", (START,))
        if done.end is not None and day > done.end:
            text = f"{quoted(name)} starts ({day}) after the follow-up ends ({done.end}), so nothing after it is seen."
            fix = "end later, or list the area in areas.comparison and say so in study.note."
            yield Inconsistency(loc, text, fix, (END,))
    if areas.starts and {areas.aliases.get(a, a) for a in areas.treated} <= set(named):
        earliest = min(areas.starts.values())
        if earliest > done.start:
            text = f"no treated area starts on {done.start}: the first to start does so on {earliest}."
            yield Inconsistency(START, text, f"write {earliest}, the earliest of areas.starts.", (STARTS,))


def _recodes(areas: Areas) -> Iterator[Inconsistency]:
    for i, recode in enumerate(areas.recode):
        loc: Loc = ("areas", "recode", i, "population")
        if recode.population is not None and recode.instead_of is None:
            text = "these people cannot be moved without knowing which area's population they are in."
            yield Inconsistency(loc, text, "add 'instead_of', or remove 'population'.", key=True)
        elif recode.population is not None and recode.instead_of == recode.to:
            yield Inconsistency(
                loc, "'to' and 'instead_of' are the same area, so nobody moves.", "remove 'population'."
            )
