"""Areas that the study file names beside its groups: whether they are areas of the study, which the data may settle."""

from collections.abc import Collection, Iterator

from impact.intake.areas import AreaList
from impact.intake.findings import Findings, listed
from impact.intake.spelling import near_name
from impact.study.position import position
from impact.study.schema import Study
from impact.study.words import Loc, nearest, quoted

CODES = {"dominant": "unknown_dominant", "concurrent": "unknown_concurrent", "neighbours": "unknown_neighbours"}


def check_named_areas(study: Study, areas: AreaList, findings: Findings) -> None:
    """Record names of areas in the study file that are no area of the study.

    Such a dominant area, place of another change or area with neighbours is an error: nothing would come of it. A
    neighbour may lie outside the study, and is mentioned; one that is spelt much like an area of the study is warned
    of. Where the study lists its comparison areas, all but the neighbours has been checked with the study file.
    """
    for code, loc, name in _to_be_known(study):
        if _meant(study, name) not in areas.names:
            _unknown(study, areas, (code, loc, name), findings)
    outside: dict[str, None] = {}
    for area, around in study.areas.neighbours.items():
        for i, name in enumerate(around):
            if _meant(study, name) in {*areas.names, *areas.around}:
                continue
            near = near_name(name, sorted({*areas.names} - {_meant(study, area)}))
            if near and name not in study.areas.aliases:
                _misspelt(study, ("areas", "neighbours", area, i), name, near, findings)
            else:
                outside[name] = None
    if outside:
        findings.note(
            "neighbours_outside",
            f"areas.neighbours names {listed([quoted(name) for name in outside], 8)}, outside this study.",
            "Nothing needs doing if they are not treated or comparison areas; if one is, correct its name.",
        )


def _meant(study: Study, name: str) -> str:
    return study.areas.aliases.get(name, name)


def _to_be_known(study: Study) -> Iterator[tuple[str, Loc, str]]:
    for i, name in enumerate(study.areas.dominant):
        yield CODES["dominant"], ("areas", "dominant", i), name
    for name in study.areas.neighbours:
        yield CODES["neighbours"], ("areas", "neighbours", name), name
    for i, change in enumerate(study.intervention.concurrent):
        for j, name in enumerate(change.areas):
            yield CODES["concurrent"], ("intervention", "concurrent", i, "areas", j), name


def _unknown(study: Study, areas: AreaList, found: tuple[str, Loc, str], findings: Findings) -> None:
    code, loc, name = found
    findings.error(
        code,
        f"{position(study, loc)}: {quoted(name)} is not an area of this study{_why(study, name, areas)}.",
        _advice(name, areas.names),
    )


def _why(study: Study, name: str, areas: AreaList) -> str:
    return ": its rows are set aside, as a warning would say" if _meant(study, name) in areas.left_out else ""


def _advice(name: str, areas: Collection[str]) -> str:
    near = near_name(name, areas) or nearest(name, areas)
    return f"Did you mean {quoted(near)}?" if near else f"The areas are {listed([quoted(a) for a in areas], 8)}."


def _misspelt(study: Study, loc: Loc, name: str, near: str, findings: Findings) -> None:
    findings.warn(
        "unknown_neighbours",
        f"{position(study, loc)}: {quoted(name)} is not an area of this study, so this border is not used; did you "
        f"mean {quoted(near)}?",
        f"If so, correct it. If it is another area, say so in areas.aliases with  {name}: {name}",
    )
