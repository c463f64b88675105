"""The study's areas, and whether every source knows them by the same names."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from impact.intake.findings import Findings, counted, excerpt, legible, listed
from impact.intake.placing import Placed
from impact.intake.spelling import near_name, plain, resembling, says_none
from impact.study.schema import Recode, Study

SUGGESTED = 0.6


@dataclass(frozen=True, slots=True)
class AreaList:
    """The study's areas.

    Attributes
    ----------
    names, treated
        The areas, treated first, and how many of them are treated.
    left_out
        Names of which a warning says that they are left out.
    around
        Areas of the rings, which are looked at for displacement only.
    """

    names: tuple[str, ...]
    treated: int
    left_out: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AreaName:
    """A name in the data: as it stands there, the area it means, its rows, and the place of the first of them."""

    raw: str
    area: str
    rows: int
    at: int


def names_in(placed: Placed) -> tuple[AreaName, ...]:
    """Return the area names of a source, sorted; blanks apart."""
    named = placed.rows.filter(placed.rows["area"].notnull()).group_by("raw", "area")
    found = named.aggregate(rows=lambda t: t.count(), at=lambda t: t["at"].min()).to_pyarrow().to_pylist()
    return tuple(sorted((AreaName(**each) for each in found), key=lambda n: (n.area, n.raw)))


def resolve(
    study: Study, named: Mapping[str, tuple[Placed, Sequence[AreaName]]], findings: Findings
) -> AreaList | None:
    """Settle which areas the study compares, and record every source that lacks one or spells one differently.

    Parameters
    ----------
    named
        The outcome sources with the area names in each.

    Returns
    -------
    AreaList or None
        None if the areas cannot be known.
    """
    treated, comparison = study.areas.treated, study.areas.comparison
    left_out: frozenset[str] = frozenset()
    if comparison == "others":
        others = _others(study, named, findings)
        if others is None:
            return None
        comparison, left_out = others
    areas = AreaList((*treated, *comparison), len(treated), left_out, _ring(study))
    for placed, names in named.values():
        _check_source(study, areas, placed, names, findings)
    return areas


def _others(
    study: Study, named: Mapping[str, tuple[Placed, Sequence[AreaName]]], findings: Findings
) -> tuple[tuple[str, ...], frozenset[str]] | None:
    """Every other area in the data, and the names that are none; None if street files make that meaningless."""
    raw_files = [name for name, (placed, _) in named.items() if placed.asked.police_uk]
    for name in raw_files:
        findings.error(
            "others_with_police_uk",
            "`comparison: others` cannot be used with street files: they also hold a few rows of other forces.",
            "List the comparison districts by name in areas.comparison.",
            source=name,
        )
    if raw_files:
        return None
    # a name that is probably misspelt is an error of its own, and no area whose other sources could lack rows
    suspects = {name.area for _, names in named.values() for name in _misspelt(study, names)}
    found = {name.area for _, names in named.values() for name in names}
    none = frozenset({n for n in found if says_none(n)} - certain(study))
    rare = _rare(study, named) - suspects - none - _ring(study)
    for placed, names in named.values():
        _warn_of_no_area(placed, [n for n in names if n.area in none], findings)
        _warn_of_rare(placed, [n for n in names if n.area in rare], study.disclosure.minimum, findings)
    comparison = found - set(study.areas.treated) - suspects - none - rare - _ring(study)
    return tuple(sorted(comparison)), none | rare


def _ring(study: Study) -> frozenset[str]:
    rings = study.areas.rings
    return frozenset() if rings is None else frozenset((*rings.displacement, *rings.compared_with))


def _rare(study: Study, named: Mapping[str, tuple[Placed, Sequence[AreaName]]]) -> frozenset[str]:
    """Names with fewer rows than may be shown in every source that has them.

    Such a name may be a slip of the pen, or say who someone is, and would be published as an area. In a panel a row is
    no person, and a name in one is an area.
    """
    rare: set[str] = set()
    frequent = set(study.areas.treated)
    for placed, names in named.values():
        rows: Counter[str] = Counter()
        for name in names:
            rows[name.area] += name.rows
        few = {area for area, n in rows.items() if n < study.disclosure.minimum and not placed.asked.one_row_per_cell}
        rare |= few
        frequent |= set(rows) - few
    return frozenset(rare - frequent)


def _warn_of_no_area(placed: Placed, names: Sequence[AreaName], findings: Findings) -> None:
    if not names:
        return
    rows, shown = sum(n.rows for n in names), sorted({n.area for n in names})
    findings.warn(
        "no_area_names",
        f"{counted(rows, 'row')} of {listed([excerpt(name) for name in shown])} {'is' if rows == 1 else 'are'} set "
        "aside: that is no area.",
        "Fill in the area if it is known. If it is an area, add it to areas.aliases as its own spelling.",
        source=placed.asked.name,
        column=placed.asked.area.column,
        rows=rows,
    )


def _warn_of_rare(placed: Placed, rare: Sequence[AreaName], minimum: int, findings: Findings) -> None:
    if not rare:
        return
    rows, count = sum(n.rows for n in rare), len({n.area for n in rare})
    findings.warn(
        "rare_names",
        f"{counted(rows, 'row')} of {counted(count, 'area name')} with fewer than {counted(minimum, 'row')} each "
        f"{'is' if rows == 1 else 'are'} set aside.",
        "List the comparison areas by name in areas.comparison, or correct the area column.",
        source=placed.asked.name,
        column=placed.asked.area.column,
        rows=rows,
    )


def _check_source(study: Study, areas: AreaList, placed: Placed, names: Sequence[AreaName], findings: Findings) -> None:
    misspelt = _misspelt(study, names)
    for name, meant in misspelt.items():
        _similar(placed, name, meant, findings)
    present = {n.area for n in names} | {each.area for each in placed.in_files if each.area is not None}
    for area in areas.names:
        if area not in present and area not in misspelt.values():
            _without_rows(placed, area, sorted(present - set(areas.names)), findings)


def check_spelling(
    study: Study, placed: Placed, names: Sequence[AreaName], areas: AreaList, findings: Findings
) -> dict[AreaName, str]:
    """Record names that probably misspell one of the study's areas, and return them with what is meant."""
    known = {*areas.names, *areas.left_out, *certain(study)}
    doubtful = [n for n in names if n.area not in known and n.raw not in known]
    misspelt = {n: area for n in doubtful if (area := near_name(n.area, areas.names))}
    for name, meant in misspelt.items():
        _similar(placed, name, meant, findings)
    return misspelt


def _misspelt(study: Study, names: Sequence[AreaName]) -> dict[AreaName, str]:
    """Names that probably misspell an area the study is sure of, or repeat an earlier name; with what is meant."""
    others = study.areas.comparison == "others"
    declared = [*study.areas.treated, *(() if others else study.areas.comparison)]
    sure = certain(study)
    compared = sorted((sure & {name.area for name in names}) - set(declared)) if others else []
    known = [*declared, *compared]
    doubtful = [n for n in names if n.area not in sure and n.raw not in sure]
    meant = {n: near_name(n.area, known) or _same_spelling(n.area, doubtful) for n in doubtful}
    return {name: area for name, area in meant.items() if area}


def certain(study: Study) -> frozenset[str]:
    """Names that the study itself uses for areas, in the study or around it."""
    areas = study.areas
    listed_areas = () if areas.comparison == "others" else areas.comparison
    around = [name for place, near in areas.neighbours.items() for name in (place, *near)]
    return _ring(study).union(areas.treated, listed_areas, areas.aliases, areas.aliases.values(), around)


def _same_spelling(name: str, names: Iterable[AreaName]) -> str | None:
    """Return an earlier name that differs only in case, spaces or punctuation."""
    return next((n.area for n in names if n.area < name and plain(n.area) == plain(name)), None)


def _similar(placed: Placed, name: AreaName, meant: str, findings: Findings) -> None:
    file, row = placed.staged.place(name.at)
    written = legible(name.raw)
    findings.error(
        "similar_area",
        f"the area {excerpt(name.raw)} ({counted(name.rows, 'row')}) is not in the study; did you mean '{meant}'?",
        f"If so, add it to areas.aliases as  {written}: {meant}  or correct the data. If it is another area, say so "
        f"with  {written}: {written}",
        source=placed.asked.name,
        file=file,
        row=row,
        column=placed.asked.area.column,
        rows=name.rows,
    )


def _without_rows(placed: Placed, area: str, others: list[str], findings: Findings) -> None:
    near = difflib.get_close_matches(area, others, n=1, cutoff=SUGGESTED)
    hint = f"Did you mean {excerpt(near[0])}? If so, add it to areas.aliases." if near else _what_there_is(others)
    findings.error(
        "area_without_rows",
        f"there are no rows of the area '{area}'.",
        hint,
        source=placed.asked.name,
        column=placed.asked.area.column,
    )


def _what_there_is(others: list[str]) -> str:
    if not others:
        return "Take it out of the study, or complete the source."
    return f"Correct its name; the source's other areas are {listed([excerpt(o) for o in others], 8)}."


def note_set_aside(
    study: Study, placed: Placed, names: Sequence[AreaName], areas: AreaList, findings: Findings
) -> None:
    """Mention rows of areas that the study does not name, and which of these are spelt much like one that it does."""
    known = {*areas.names, *areas.left_out, *areas.around}
    others = [n for n in names if n.area not in known]
    if others:
        rows, count = sum(n.rows for n in others), len({n.area for n in others})
        findings.note(
            "other_areas",
            f"{counted(rows, 'row')} of {counted(count, 'other area')} {'is' if rows == 1 else 'are'} set aside"
            f"{_much_alike(study, placed, others, areas)}.",
            "Nothing needs doing if the study leaves these areas out on purpose.",
            source=placed.asked.name,
            column=placed.asked.area.column,
            rows=rows,
        )


def _much_alike(study: Study, placed: Placed, others: Sequence[AreaName], areas: AreaList) -> str:
    """Name the areas that resemble one of the study's; of few rows, only the one that they resemble."""
    sure, found = certain(study), []
    for name in others:
        near = None if {name.area, name.raw} & sure else resembling(name.area, areas.names)
        few = name.rows < study.disclosure.minimum and not placed.asked.one_row_per_cell
        if near:
            what = "a name" if few else f"{excerpt(name.raw)} ({counted(name.rows, 'row')}),"
            found.append(f"{what} much like '{near}'")
    return f", among them {listed(found, 8)}" if found else ""


def note_unused_aliases(study: Study, names: Iterable[Sequence[AreaName]], findings: Findings) -> None:
    """Mention spellings that stand nowhere in the data."""
    written = {name.raw for of_source in names for name in of_source}
    unused = [spelling for spelling in study.areas.aliases if spelling not in written]
    if unused:
        findings.note(
            "unused_alias",
            f"no row has the area {listed([excerpt(spelling) for spelling in unused], 8)} of areas.aliases.",
            "Check the spelling if you expected some; otherwise nothing needs doing.",
        )


def check_recodes(study: Study, placed: Mapping[str, Placed], findings: Findings) -> None:
    """Warn of a recode that moved nothing, or that moved rows of a count but not of its population."""
    moved = {name: _moved(p) for name, p in placed.items()}
    for i, recode in enumerate(study.areas.recode):
        when = ", ".join(f"{column} = {value}" for column, value in recode.when.items())
        hit = [name for name, by_recode in moved.items() if by_recode.get(i) and placed[name].asked.measured]
        if not hit:
            findings.warn(
                "recode_without_rows",
                f"the recode of {when} to {recode.to} moved no row.",
                "Check its columns and values in areas.recode.",
            )
        if hit:
            _note_not_recoded(recode, placed, findings)
        for name in hit:
            _note_recoded(moved[name][i], f"{when} counted in {recode.to}", placed[name], study, findings)
            if recode.population is None:
                _population_too(study, moved, (i, when, name), findings)


def _note_recoded(rows: int, how: str, placed: Placed, study: Study, findings: Findings) -> None:
    """Mention how many rows were moved; of few people, only that there were."""
    asked, minimum = placed.asked, study.disclosure.minimum
    few = rows < minimum and not asked.one_row_per_cell and not asked.police_uk
    findings.note(
        "recoded",
        f"{f'fewer than {minimum} rows' if few else counted(rows, 'row')} with {how}.",
        "Nothing needs doing.",
        source=asked.name,
        rows=None if few else rows,
    )


def _note_not_recoded(recode: Recode, placed: Mapping[str, Placed], findings: Findings) -> None:
    """Mention sources whose rows cannot follow a recode that others follow."""
    columns = listed(list(recode.when))
    for name, p in placed.items():
        if p.asked.measured and not set(recode.when) <= set(p.staged.columns):
            findings.note(
                "not_recoded",
                f"the source does not have {columns}, so its rows stay in the areas it gives, and so do the people "
                "they are set against.",
                "Add the columns if its areas should be coded as in the other sources.",
                source=name,
            )


def _moved(placed: Placed) -> dict[int, int]:
    if not placed.recoded:
        return {}
    found = placed.rows.filter(placed.rows["recode"].notnull()).group_by("recode")
    return {r["recode"]: r["n"] for r in found.aggregate(n=lambda t: t.count()).to_pyarrow().to_pylist()}


def _population_too(
    study: Study, moved: Mapping[str, Mapping[int, int]], hit: tuple[int, str, str], findings: Findings
) -> None:
    i, when, name = hit
    for population in population_sources(study, name):
        if population in moved and i not in moved[population]:
            findings.warn(
                "recode_without_population",
                f"events with {when} are moved to another area, but the population in '{population}' is not.",
                f"Give '{population}' the same columns, or say in areas.recode[].population how many people they are.",
                source=name,
            )


def population_sources(study: Study, source: str) -> tuple[str, ...]:
    """Return the sources of the populations that counts of `source` are set against."""
    measured = (*study.outcomes.values(), *study.outputs.values())
    exposures = [getattr(o, "exposure", None) for o in measured if o.source == source]
    return tuple(dict.fromkeys(e.source for e in exposures if e is not None))
