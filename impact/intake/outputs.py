"""Outputs: what the service did, counted by area and period. Nothing here touches the study's clock or its areas."""

from collections.abc import Sequence

import numpy as np

from impact.intake import police_uk
from impact.intake.areas import AreaList, AreaName, check_spelling
from impact.intake.cells import Groups, collected
from impact.intake.coverage import warn_of_missing_cells, within
from impact.intake.expressions import count_groups
from impact.intake.findings import Findings, counted, excerpt, listed
from impact.intake.needs import output_need
from impact.intake.panels import DAYS_A_YEAR, PER_THOUSAND, Sample
from impact.intake.place import Place
from impact.intake.placing import Placed
from impact.study.outputs import ACTIVITY, Output, looks_like_activity
from impact.study.schema import Study
from models.arrays import BoolArray
from models.panel import CountCells, Kind, Panel
from models.periods import Periods


def warn_of_activity(study: Study, findings: Findings) -> None:
    """Warn of outcomes that look like something the service does."""
    for key, outcome in study.outcomes.items():
        if looks_like_activity(key, outcome):
            findings.warn(
                "looks_like_activity",
                f"outcome '{key}' looks like activity, and {ACTIVITY}.",
                "If it is activity, name it under outputs, where it is counted and not judged.",
                source=outcome.source,
                column=getattr(outcome, "value", None),
            )


def check_areas(study: Study, placed: Placed, names: Sequence[AreaName], areas: AreaList, findings: Findings) -> None:
    """Check the areas of a source of outputs alone: misspelt ones are errors, and missing ones are not recorded."""
    misspelt = check_spelling(study, placed, names, areas, findings)
    present = {n.area for n in names} | set(misspelt.values())
    present |= {each.area for each in placed.in_files if each.area is not None}
    missing = [excerpt(area) for area in areas.names if area not in present]
    if not missing:
        return
    source, column = placed.asked.name, placed.asked.area.column
    message = f"there are no rows of {listed(missing, 8)}"
    if placed.asked.police_uk or len(missing) == len(areas.names):
        advice = "Complete the source, or take its outputs out."
        findings.error("area_without_rows", f"{message}.", advice, source=source, column=column)
    else:
        findings.note(
            "output_not_recorded",
            f"{message}; what was done there counts as not recorded, not as nothing.",
            "If nothing was done there, give a panel (reader: panel) with a 0 for each of its periods.",
            source=source,
            column=column,
        )


def output_panel(study: Study, sample: Sample, key: str, findings: Findings) -> Panel:
    """Count one output by area and period; cells of which nothing is on record have no exposure."""
    output, periods = study.outputs[key], sample.periods
    placed, place = sample.placed[output.source], Place(sample.areas.names, periods)
    rows = placed.rows.filter(place.holds(placed.rows))
    need = output_need(key, output)
    value = None if need is None else rows[placed.typed[need]]
    groups = collected(count_groups(rows, ("area", "period"), value), place)
    mask = _recorded(output, sample, groups)
    _check(key, output, (placed, sample), (groups, mask), findings)
    population = sample.population(output)
    exposure = np.broadcast_to(periods.days.astype(np.float64), place.shape)
    unit, per = f"per {study.areas.level} a month", DAYS_A_YEAR / 12
    if population is not None and output.exposure is not None:
        people, once = population.per_period(sample.areas.names, periods), output.exposure.per_period
        exposure = people if once else exposure * people
        unit = f"per 1,000 people a {periods.unit.value if once else 'year'}"
        per = PER_THOUSAND if once else PER_THOUSAND * DAYS_A_YEAR
    cells = CountCells(np.where(mask, groups.spread("events"), 0.0), np.where(mask, exposure, 0.0))
    return Panel(key, Kind.COUNT, unit, per, sample.areas.names, sample.treated, periods, cells)


def _recorded(output: Output, sample: Sample, groups: Groups) -> BoolArray:
    """Mask of the cells of which something is on record, shape (A, T)."""
    placed = sample.placed[output.source]
    if placed.asked.one_row_per_cell and output.value is not None:
        whole: BoolArray = (groups.spread("rows") > 0) & (groups.spread("blank") == 0)
        return whole
    if output.source in sample.streets:
        return police_uk.observed(sample.streets[output.source], sample.areas, sample.periods)
    named = {name.area for name in sample.names[output.source]}
    has_rows = np.asarray([area in named for area in sample.areas.names], dtype=np.bool_)
    covered: BoolArray = within(sample.coverage[output.source], sample.areas, sample.periods) & has_rows[:, None]
    return covered


def _check(
    key: str, output: Output, read: tuple[Placed, Sample], found: tuple[Groups, BoolArray], findings: Findings
) -> None:
    """Mention the time of which nothing is on record, and warn of gaps in the rest and of rows without a number."""
    (placed, sample), (groups, mask) = read, found
    name, periods = placed.asked.name, sample.periods
    if not placed.asked.outcomes:
        _note_span(key, name, mask, periods, findings)
    if placed.asked.one_row_per_cell and output.value is not None:
        gaps = ~mask & _between(mask)
        warn_of_missing_cells(placed, ~gaps, sample.areas, periods, findings)
        return
    blank = int(groups.spread("blank").sum())
    if blank:
        findings.warn(
            "blank_output",
            f"output '{key}' is blank in {counted(blank, 'row')}, which add nothing to it.",
            "Fill them in if the numbers are known.",
            source=name,
            column=output.value,
            rows=blank,
        )


def _between(mask: BoolArray) -> BoolArray:
    """Mask of the periods from the first to the last that each area has, shape (A, T)."""
    begun = np.logical_or.accumulate(mask, axis=1)
    goes_on: BoolArray = np.logical_or.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    return begun & goes_on


def _note_span(key: str, source: str, mask: BoolArray, periods: Periods, findings: Findings) -> None:
    inside = _between(mask.any(axis=0)[None, :])[0]
    used = periods.baseline | periods.follow_up
    without, unit = int((used & ~inside).sum()), periods.unit.value
    if not without:
        return
    at = np.flatnonzero(inside)
    covered = f"from {periods.labels[at[0]]} to {periods.labels[at[-1]]}" if len(at) else "outside the study's time"
    findings.note(
        "output_not_recorded",
        f"output '{key}' is on record {covered}; {counted(without, unit)} of the study outside it "
        f"{'counts' if without == 1 else 'count'} as not recorded, not as nothing.",
        f"If nothing was done then, give a panel (reader: panel) with a 0 for each {unit}.",
        source=source,
    )
