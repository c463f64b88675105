"""From cells to panels: what was observed, the exposure of counts, units, and the checks of single outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from impact.intake import police_uk
from impact.intake.areas import AreaList, AreaName
from impact.intake.cells import Counted, count_cells
from impact.intake.clock import Span
from impact.intake.coverage import (
    Coverage,
    check_windows,
    warn_of_missing_cells,
    warn_of_part_periods,
    warn_of_span,
    warn_of_uneven_parts,
    within,
)
from impact.intake.exposure import Population
from impact.intake.findings import Findings
from impact.intake.needs import Form, Need
from impact.intake.placing import Placed
from impact.intake.police_uk import StreetFiles
from impact.intake.responses import Answers, check_responses
from impact.study.outcomes import ContinuousOutcome, CountOutcome, DurationOutcome, Outcome
from impact.study.schema import Study
from models.arrays import BoolArray
from models.panel import Cells, CountCells, Kind, Panel
from models.periods import Periods

DAYS_A_YEAR = 365.25
PER_THOUSAND = 1000.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything known of the sources once areas and periods are settled."""

    areas: AreaList
    periods: Periods
    placed: Mapping[str, Placed]
    names: Mapping[str, tuple[AreaName, ...]]
    coverage: Mapping[str, Coverage]
    streets: Mapping[str, StreetFiles]
    populations: Mapping[tuple[str, Need], Population]

    @property
    def treated(self) -> BoolArray:
        """Mask of the treated areas, shape (A,)."""
        return np.arange(len(self.areas.names)) < self.areas.treated

    def span(self, source: str) -> Span:
        """First and last period that a source covers."""
        files = self.streets.get(source)
        return self.coverage[source].span if files is None else files.span(self.periods.unit)


def warn_of_source(sample: Sample, name: str, findings: Findings) -> None:
    """Warn of the parts of the study that a source does not cover."""
    placed, periods = sample.placed[name], sample.periods
    if name in sample.streets:
        police_uk.warn_missing(placed, sample.streets[name], sample.areas, periods, findings)
    elif placed.asked.one_row_per_cell:
        warn_of_uneven_parts(placed, sample.names[name], sample.areas, periods, findings)
    else:
        warn_of_span(placed, sample.coverage[name], periods, findings)
        if any(isinstance(o, CountOutcome) for o in placed.asked.outcomes.values()):
            warn_of_part_periods(placed, sample.coverage[name], periods, findings)


def panel_of(con: Any, study: Study, sample: Sample, key: str, findings: Findings) -> Panel:
    """Build the panel of one outcome and check it."""
    outcome = study.outcomes[key]
    placed, periods = sample.placed[outcome.source], sample.periods
    counted = count_cells(con, key, placed, sample.areas, periods)
    if placed.asked.one_row_per_cell:
        warn_of_missing_cells(placed, counted.rows > counted.blank, sample.areas, periods, findings)
    else:
        column = getattr(outcome, "value", None)
        asked = Answers(key, outcome.source, column, study.disclosure.minimum)
        check_responses(asked, counted, sample.treated, periods, findings)
    unit, per = _unit(outcome)
    panel = Panel(
        outcome=key,
        kind=Kind(outcome.kind),
        unit=unit,
        per=per,
        areas=sample.areas.names,
        treated=sample.treated,
        periods=periods,
        cells=_exposed(outcome, counted, sample) if isinstance(outcome, CountOutcome) else counted.cells,
    )
    check_windows(panel, outcome.source, sample.span(outcome.source).in_words(periods.unit), findings)
    return panel


def _unit(outcome: Outcome) -> tuple[str, float]:
    """Unit of an outcome in words, and the factor from a rate per day (and person) to it."""
    match outcome:
        case CountOutcome() if outcome.exposure is not None:
            return "events per 1,000 people a year", PER_THOUSAND * DAYS_A_YEAR
        case CountOutcome():
            return "events a month", DAYS_A_YEAR / 12
        case ContinuousOutcome():
            return outcome.value, 1.0
        case DurationOutcome():
            return "days", 1.0
        case _:
            return "share", 1.0


def _exposed(outcome: CountOutcome, counted: Counted, sample: Sample) -> Cells:
    """Give a count its exposure: person-days, or days, where it was observed, and 0 elsewhere."""
    if not isinstance(counted.cells, CountCells):
        raise TypeError("a count has count cells")
    events = counted.cells.events
    mask = _observed(outcome, counted, sample)
    exposure = np.broadcast_to(sample.periods.days.astype(np.float64), events.shape)
    if outcome.exposure is not None:
        need = Need(outcome.exposure.value, Form.POPULATION, key="")
        population = sample.populations[outcome.exposure.source, need]
        exposure = exposure * population.per_period(sample.areas.names, sample.periods)
    return CountCells(np.where(mask, events, 0.0), np.where(mask, exposure, 0.0))


def _observed(outcome: CountOutcome, counted: Counted, sample: Sample) -> BoolArray:
    if outcome.value is not None:
        whole: BoolArray = (counted.rows > 0) & (counted.blank == 0)
        return whole
    if outcome.source in sample.streets:
        return police_uk.observed(sample.streets[outcome.source], sample.areas, sample.periods)
    return within(sample.coverage[outcome.source], sample.areas, sample.periods)
