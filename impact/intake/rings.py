"""Areas around the treated ones, counted from the same rows, to see whether the problem moved there."""

from dataclasses import replace

from impact.intake.areas import AreaList
from impact.intake.cells import counted, group
from impact.intake.exposure import Population
from impact.intake.findings import Findings, listed
from impact.intake.panels import Frame
from impact.intake.place import Place
from impact.intake.spelling import near_name
from impact.study.outcomes import CountOutcome
from impact.study.schema import Study
from models.panel import Panel


def rings_of(study: Study, frame: Frame, findings: Findings) -> Panel | None:
    """Return the counts of the ring areas, those the problem may have moved to marked as treated.

    None if no rings are declared, if the outcome is no count, or if its source lacks one of the two groups. Rates are
    per person only if every ring area has a population.
    """
    if study.areas.rings is None or not isinstance(frame.outcome, CountOutcome):
        return None
    areas = _areas(study, frame, findings)
    if areas is None:
        return None
    outcome, sample = frame.outcome, replace(frame.sample, areas=areas)
    ring = Frame.of(frame.key, outcome, sample, _population(frame, areas))
    place = Place(areas.names, sample.periods)
    rows = frame.placed.rows
    groups = group(frame.key, frame.placed, rows.filter(place.holds(rows)), place)
    return ring.panel(counted(outcome, groups))


def _areas(study: Study, frame: Frame, findings: Findings) -> AreaList | None:
    """The ring areas that the source knows; None if it knows none of one group."""
    rings, placed = study.areas.rings, frame.placed
    if rings is None:
        return None
    present = {name.area for name in frame.sample.names[frame.outcome.source]}
    present |= {each.area for each in placed.in_files if each.area is not None}
    missing = [name for name in (*rings.displacement, *rings.compared_with) if name not in present]
    inner = tuple(name for name in rings.displacement if name in present)
    outer = tuple(name for name in rings.compared_with if name in present)
    if missing:
        spelt = [f"'{near}'" for name in missing if (near := near_name(name, sorted(present)))]
        lost = "" if inner and outer else ", so displacement is not looked at in its counts"
        findings.warn(
            "ring_without_rows",
            f"there are no rows of {listed([f"'{name}'" for name in missing], 8)} of areas.rings{lost}.",
            f"Did you mean {listed(spelt)}?" if spelt else "Complete the source, or take them out of areas.rings.",
            source=placed.asked.name,
            column=placed.asked.area.column,
        )
    return AreaList((*inner, *outer), len(inner)) if inner and outer else None


def _population(frame: Frame, areas: AreaList) -> Population | None:
    population = frame.sample.population(frame.outcome)
    known = population is not None and set(areas.names) <= {area for area, parts in population.sizes.items() if parts}
    return population if known else None
