"""Intake: a study's rows, checked and reduced to the panels of each outcome. No row leaves this package."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from impact.intake import clock, police_uk
from impact.intake.account import account
from impact.intake.areas import (
    AreaList,
    AreaName,
    check_recodes,
    names_in,
    note_set_aside,
    note_unused_aliases,
    resolve,
)
from impact.intake.cases import case_of
from impact.intake.cells import one_thread
from impact.intake.checks import check_blanks, check_rows
from impact.intake.coverage import Coverage, coverage_of
from impact.intake.data import Intake
from impact.intake.design import note_changes, start_days
from impact.intake.episodes import Episodes, episodes_of
from impact.intake.exposure import Population, declared_moves, read_population
from impact.intake.findings import Findings, counted
from impact.intake.kinds import kinds_in
from impact.intake.locate import DataFile
from impact.intake.named_areas import check_named_areas
from impact.intake.needs import Need, needs_of
from impact.intake.outputs import check_areas, output_panel, warn_of_activity
from impact.intake.panels import Sample, warn_of_source
from impact.intake.place import Place
from impact.intake.placing import Placed, place_rows
from impact.intake.police_uk import StreetFiles
from impact.intake.predictors import note_unused_predictors
from impact.intake.sources import Workspace, find, stage, workspace
from impact.study.outcomes import TimeToEventOutcome
from impact.study.schema import Study
from models.periods import Periods, TimeUnit

type Progress = Callable[[str], None]


def read(study: Study, progress: Progress | None = None) -> Intake:
    """Read every source of a study, check it, and reduce it to cells.

    Parameters
    ----------
    study
        A study; paths in it are relative to `study.folder`.
    progress
        Called with a short text as each source is read.

    Returns
    -------
    Intake
        Panels, the account of every row, and the warnings and notes of the checks.

    Raises
    ------
    DataError
        If anything is wrong that the study cannot be run with; holds every such problem, each once.
    """
    return gather(study, progress or (lambda _text: None), Findings())


def gather(study: Study, progress: Progress, findings: Findings) -> Intake:
    """Do what `read` does, and leave everything found in `findings`."""
    with workspace() as work:
        placed = _placed(work, study, progress, findings)
        names = {name: names_in(p) for name, p in placed.items()}
        areas = _areas(study, placed, names, findings)
        dated = _dated(study, placed, findings)
        periods = _periods(study, placed, dated, findings)
        populations = _populations(study, placed, areas, findings)
        place = None if areas is None or periods is None else Place(areas.names, periods)
        episodes = _episodes(work, study, placed, place, findings)
        findings.raise_errors()
        if areas is None or periods is None or place is None:
            raise AssertionError("areas and periods are known unless an error was found")
        for name, p in placed.items():
            if p.asked.measured:
                note_set_aside(study, p, names[name], areas, findings)
        note_unused_aliases(study, names.values(), findings)
        kinds = {name: kinds_in(p, place) for name, p in placed.items() if p.asked.case_mix}
        moves = declared_moves(study)
        sample = Sample(
            areas,
            periods,
            placed,
            names,
            dated.coverage,
            dated.streets,
            populations,
            moves,
            kinds,
            episodes,
            start_days(study),
        )
        warn_of_activity(study, findings)
        note_changes(study, periods, findings)
        note_unused_predictors(study, findings)
        for name in dated.coverage:
            warn_of_source(sample, name, findings)
        with one_thread(work.con):
            cases = {key: case_of(study, sample, key, findings) for key in study.outcomes}
            outputs = {key: output_panel(study, sample, key, findings) for key in study.outputs}
        findings.raise_errors()
        accounts = {name: account(p, areas, periods) for name, p in placed.items()}
    panels = {key: case.panel for key, case in cases.items()}
    return Intake(areas.names, areas.treated, periods, panels, cases, accounts, findings.others, outputs)


@dataclass(frozen=True, slots=True)
class Dated:
    """When the rows of each source of outcomes or outputs fall, and what street files cover."""

    coverage: Mapping[str, Coverage]
    streets: Mapping[str, StreetFiles]


def _placed(work: Workspace, study: Study, progress: Progress, findings: Findings) -> dict[str, Placed]:
    asked_of = needs_of(study)
    placed = {}
    for name, asked in asked_of.items():
        files = find(asked, study.folder, findings)
        if not files:
            continue
        progress(_reading(name, files))
        staged = stage(work, study.folder, asked, files, findings)
        rows = place_rows(work, study, staged, findings) if staged else None
        if rows:
            check_rows(rows, study.time.unit, findings)
            check_blanks(rows, findings)
            placed[name] = rows
    for name in study.sources:
        if name not in asked_of:
            findings.note(
                "unused_source",
                "no outcome uses this source, so it was not read.",
                "Take it out of the study, or name it in an outcome.",
                source=name,
            )
    return placed


def _reading(name: str, files: list[DataFile]) -> str:
    more = f" and {counted(len(files) - 1, 'more file')}" if len(files) > 1 else ""
    return f"reading {name}: {files[0].name}{more}"


def _areas(
    study: Study, placed: Mapping[str, Placed], names: Mapping[str, tuple[AreaName, ...]], findings: Findings
) -> AreaList | None:
    check_recodes(study, placed, findings)
    named = {name: (p, names[name]) for name, p in placed.items() if p.asked.outcomes}
    areas = resolve(study, named, findings) if named else None
    if areas is not None:
        check_named_areas(study, areas, findings)
    for name, p in placed.items():
        if areas is not None and p.asked.outputs and not p.asked.outcomes:
            check_areas(study, p, names[name], areas, findings)
    return areas


def _dated(study: Study, placed: Mapping[str, Placed], findings: Findings) -> Dated:
    coverage, streets = {}, {}
    for name, p in placed.items():
        if not p.asked.measured:
            continue
        found = coverage_of(p, study.time.unit)
        if found is not None:
            coverage[name] = found
        elif not findings.has_errors_of(name):
            findings.error(
                "no_dates",
                "no row has a date.",
                f"Name the column with the date in sources.{name}.columns.time.",
                source=name,
                column=p.asked.time.column,
            )
        if p.asked.police_uk:
            streets[name] = police_uk.street_files(p, findings)
    return Dated(coverage, streets)


def _periods(study: Study, placed: Mapping[str, Placed], dated: Dated, findings: Findings) -> Periods | None:
    """Lay out the clock, unless a source is missing or has dates that could not be read."""
    sources = {outcome.source for outcome in study.outcomes.values()}
    if not sources <= set(dated.coverage) or any(_bad_dates(placed[name], findings) for name in sources):
        return None
    unit = study.time.unit
    return clock.build(study, [_span(name, dated, unit) for name in sorted(sources)], findings)


def _bad_dates(placed: Placed, findings: Findings) -> bool:
    return findings.has_errors_of(placed.asked.name, placed.asked.time.column)


def _span(name: str, dated: Dated, unit: TimeUnit) -> clock.Span:
    files = dated.streets.get(name)
    return dated.coverage[name].span if files is None else files.span(unit)


def _episodes(
    work: Workspace, study: Study, placed: Mapping[str, Placed], place: Place | None, findings: Findings
) -> dict[str, Episodes]:
    """Link the reports of every outcome built from repeats, unless its source is missing or something is wrong."""
    linked = {}
    for key, outcome in study.outcomes.items():
        source = placed.get(outcome.source)
        if not isinstance(outcome, TimeToEventOutcome) or outcome.repeat is None or source is None or place is None:
            continue
        if findings.has_errors_of(outcome.source):
            continue
        found = episodes_of(work, source, key, outcome, place, findings)
        if found is not None:
            linked[key] = found
    return linked


def _populations(
    study: Study, placed: Mapping[str, Placed], areas: AreaList | None, findings: Findings
) -> dict[tuple[str, Need], Population]:
    found = {}
    for name, p in placed.items():
        if areas is None or findings.has_errors_of(name):
            continue
        for need in p.asked.populations:
            population = read_population(p, need, areas, study.time.unit, findings)
            if population is not None:
                found[name, need] = population
    return found
