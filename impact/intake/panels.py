"""From cells to panels: what was observed, the exposure of counts, units, and the checks of single outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from impact.intake import police_uk
from impact.intake.areas import AreaList, AreaName
from impact.intake.cells import Counted
from impact.intake.clock import Span
from impact.intake.coverage import (
    Coverage,
    check_windows,
    warn_of_missing_cells,
    warn_of_part_periods,
    warn_of_silent_areas,
    warn_of_span,
    warn_of_uneven_parts,
    within,
)
from impact.intake.episodes import Episodes
from impact.intake.exposure import Move, Population
from impact.intake.findings import Findings
from impact.intake.kinds import Kinds
from impact.intake.needs import Form, Need
from impact.intake.place import Place
from impact.intake.placing import Placed
from impact.intake.police_uk import StreetFiles
from impact.intake.responses import Answers, check_responses
from impact.study.outcomes import ContinuousOutcome, CountOutcome, DurationOutcome, Outcome
from impact.study.outputs import Measured, Output
from models.arrays import BoolArray, FloatArray
from models.panel import BinaryCells, Cells, CountCells, Kind, Panel
from models.periods import Periods, TimeUnit

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
    moves: Mapping[int, Move]
    kinds: Mapping[str, Kinds]
    episodes: Mapping[str, Episodes] = field(default_factory=dict)
    starts: Mapping[str, date] = field(default_factory=dict)

    @property
    def treated(self) -> BoolArray:
        """Mask of the treated areas, shape (A,)."""
        return np.arange(len(self.areas.names)) < self.areas.treated

    def span(self, source: str) -> Span:
        """First and last period that a source covers."""
        files = self.streets.get(source)
        return self.coverage[source].span if files is None else files.span(self.periods.unit)

    def population(self, outcome: Measured) -> Population | None:
        """Population that a count is set against, with the recodes that its rows follow; None if there is none."""
        exposure = outcome.exposure if isinstance(outcome, CountOutcome | Output) else None
        if exposure is None:
            return None
        columns = set(self.placed[outcome.source].staged.columns)
        recodes = self.placed[outcome.source].asked.recodes
        applied = [i for i, recode in enumerate(recodes) if set(recode.when) <= columns]
        need = Need(exposure.value, Form.POPULATION, key="")
        return self.populations[exposure.source, need].following(applied, self.moves)


@dataclass(frozen=True, slots=True)
class Frame:
    """What every panel of one outcome has in common.

    Attributes
    ----------
    people
        Population of each area and period, shape (A, T); None for kinds other than counts, and counts without one.
    """

    key: str
    outcome: Outcome
    sample: Sample
    people: FloatArray | None

    @classmethod
    def of(cls, key: str, outcome: Outcome, sample: Sample, population: Population | None) -> "Frame":
        """Frame of an outcome whose counts are set against this population."""
        people = None if population is None else population.per_period(sample.areas.names, sample.periods)
        return cls(key, outcome, sample, people)

    @property
    def placed(self) -> Placed:
        """Rows of the outcome's source; of those linked into episodes, the first reports."""
        episodes = self.episodes
        return self.sample.placed[self.outcome.source] if episodes is None else episodes.first

    @property
    def episodes(self) -> Episodes | None:
        """The outcome's reports linked into episodes; None unless it is built from repeats."""
        return self.sample.episodes.get(self.key)

    @property
    def place(self) -> Place:
        """Areas and periods of the panels."""
        return Place(self.sample.areas.names, self.sample.periods, self.sample.starts)

    @property
    def deserted(self) -> tuple[str, ...]:
        """Areas of which no population is left in some period."""
        if self.people is None:
            return ()
        return tuple(a for a, p in zip(self.sample.areas.names, self.people, strict=True) if p.min() <= 0)

    def panel(self, counted: Counted) -> Panel:
        """The outcome in these cells."""
        unit, per = _unit(self.outcome, self.sample.periods.unit, with_people=self.people is not None)
        cells = _exposed(self, counted) if isinstance(counted.cells, CountCells) else counted.cells
        return self._panel(Kind(self.outcome.kind), unit, per, cells)

    def share(self, successes: FloatArray, trials: FloatArray) -> Panel:
        """A share of the outcome's rows, each of shape (A, T)."""
        return self._panel(Kind.BINARY, "share", 1.0, BinaryCells(successes, trials))

    def _panel(self, kind: Kind, unit: str, per: float, cells: Cells) -> Panel:
        sample = self.sample
        return Panel(self.key, kind, unit, per, sample.areas.names, sample.treated, sample.periods, cells)


def warn_of_source(sample: Sample, name: str, findings: Findings) -> None:
    """Warn of the parts of the study that a source does not cover."""
    placed, periods = sample.placed[name], sample.periods
    if name in sample.streets:
        police_uk.warn_missing(placed, sample.streets[name], sample.areas, periods, findings)
    elif placed.asked.one_row_per_cell:
        warn_of_uneven_parts(placed, sample.names[name], sample.areas, periods, findings)
    elif placed.asked.outcomes:
        warn_of_span(placed, sample.coverage[name], periods, findings)
        if any(isinstance(o, CountOutcome) for o in placed.asked.outcomes.values()):
            warn_of_part_periods(placed, sample.coverage[name], periods, findings)


def check_panel(frame: Frame, counted: Counted, panel: Panel, minimum: int, findings: Findings) -> None:
    """Check the panel of one outcome: missing cells, answer rates, empty windows.

    Parameters
    ----------
    minimum
        Rows below which no answer rate is given.
    """
    outcome, placed, sample, periods = frame.outcome, frame.placed, frame.sample, frame.sample.periods
    if placed.asked.one_row_per_cell:
        warn_of_missing_cells(placed, counted.rows > counted.blank, sample.areas, periods, findings)
    else:
        asked = Answers(frame.key, outcome.source, getattr(outcome, "value", None), minimum)
        check_responses(asked, counted, sample.treated, periods, findings)
        warn_of_silent_areas(panel, outcome.source, findings)
    check_windows(panel, counted.blank, outcome.source, sample.span(outcome.source).in_words(periods.unit), findings)


def _unit(outcome: Outcome, unit: TimeUnit, *, with_people: bool) -> tuple[str, float]:
    """Unit of an outcome in words, and the factor from a rate per day (and person) to it."""
    match outcome:
        case CountOutcome() if _once_a_period(outcome) and with_people:
            return f"events per 1,000 people a {unit.value}", PER_THOUSAND
        case CountOutcome() if with_people:
            return "events per 1,000 people a year", PER_THOUSAND * DAYS_A_YEAR
        case CountOutcome():
            return "events a month", DAYS_A_YEAR / 12
        case ContinuousOutcome():
            return outcome.value.replace("_", " "), 1.0
        case DurationOutcome():
            return "days", 1.0
        case _:
            return "share", 1.0


def _once_a_period(outcome: CountOutcome) -> bool:
    return outcome.exposure is not None and outcome.exposure.per_period


def _exposed(frame: Frame, counted: Counted) -> Cells:
    """Give a count its exposure: person-days, people or days, where it was observed, and 0 elsewhere."""
    outcome, cells = frame.outcome, counted.cells
    if not isinstance(cells, CountCells) or not isinstance(outcome, CountOutcome):
        raise TypeError("a count has count cells")
    mask = _observed(outcome, counted, frame.sample)
    exposure = np.broadcast_to(frame.sample.periods.days.astype(np.float64), cells.events.shape)
    if frame.people is not None:
        exposure = frame.people if _once_a_period(outcome) else exposure * frame.people
    return CountCells(np.where(mask, cells.events, 0.0), np.where(mask, exposure, 0.0))


def _observed(outcome: CountOutcome, counted: Counted, sample: Sample) -> BoolArray:
    if outcome.value is not None:
        whole: BoolArray = (counted.rows > 0) & (counted.blank == 0)
        return whole
    if outcome.source in sample.streets:
        return police_uk.observed(sample.streets[outcome.source], sample.areas, sample.periods)
    return within(sample.coverage[outcome.source], sample.areas, sample.periods)
