"""What was done and where, and where the data went, finished for print."""

from dataclasses import dataclass, replace

from impact.report import format as fmt
from impact.report import wording
from impact.report.health import place
from impact.report.places import compared_later, level_of, places, plural
from impact.report.tables import NO_VALUE, Table, table
from impact.report.text import joined, lower_first, sentence
from impact.result import RunResult, SpanInfo, StudyInfo
from models.estimate import Status
from models.one_team import check_id

FEW_AREAS = 12
MOST_AREAS = 200
MOST_FILES = 60
MOST_PROBLEMS = 100
DELIVERY = {
    "shared": "One team served all {treated}, {unit}.",
    "separate": "Each treated {level} counts as a unit of its own.",
}
AS_ONE_UNIT = "so they are also analysed as one unit"
IN_PART = "so they are also analysed as one unit, for outcomes where that could be done"
NOT_AS_ONE = "so they are not separate tests of it; they could not be analysed as one unit here"
OWN_START = (
    "Areas started at different dates. The follow-up begins with the first of them; until its own start an area's "
    "periods count as before, and its phase-in follows its own start."
)
SEVERITY = {"error": "Error", "warning": "Warning", "note": "Note"}


@dataclass(frozen=True, slots=True)
class DoneView:
    """What was done and where: labelled facts, the windows, and lists of threats."""

    facts: tuple[tuple[str, tuple[str, ...]], ...]
    all_areas: tuple[tuple[str, str], ...]
    windows: Table
    concurrent: tuple[str, ...]
    neighbours: tuple[str, ...]
    recodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataView:
    """Where the rows of every source went."""

    sources: Table
    files: tuple[tuple[str, tuple[str, ...]], ...]
    problems: Table | None


def done_view(result: RunResult) -> DoneView:
    """Finish the account of the intervention, its areas and its times."""
    study = result.study
    return DoneView(
        facts=_facts(result),
        all_areas=tuple(
            (
                f"All {fmt.count(len(names))} {group} {plural(level_of(study))}",
                wording.list_of_areas(names, MOST_AREAS),
            )
            for group, names in (("treated", study.treated), ("comparison", study.comparison))
            if len(names) > FEW_AREAS
        ),
        windows=_windows(result),
        concurrent=tuple(_concurrent(c.what, c.when, c.areas) for c in study.intervention.concurrent),
        neighbours=_borders(study),
        recodes=tuple(
            sentence(
                f"Rows where {r.rows} count in {r.to}"
                f"{f' instead of {r.instead_of}' if r.instead_of else ''}{f': {r.why}' if r.why else ''}"
            )
            for r in study.recodes
        ),
    )


def _borders(study: StudyInfo) -> tuple[str, ...]:
    """Say what each area borders; where many borders are declared, those of the treated areas alone."""
    declared = {area: near for area, near in study.neighbours.items() if near}
    shown = declared if len(declared) <= FEW_AREAS else {a: near for a, near in declared.items() if a in study.treated}
    lines = [f"{area} borders {wording.list_of_areas(near, FEW_AREAS)}." for area, near in shown.items()]
    left = len(declared) - len(shown)
    others = fmt.things(left, f"other {level_of(study)}", f"other {plural(level_of(study))}")
    more = f"The borders of {others} are known too."
    return (*lines, more) if left else tuple(lines)


def _facts(result: RunResult) -> tuple[tuple[str, tuple[str, ...]], ...]:
    study = result.study
    done, called = study.intervention, places(study)
    phase = f"The first {fmt.things(done.phase_in, study.time_unit)} count as phase-in." if done.phase_in else ""
    lines = (
        ("Intervention", (done.name,)),
        ("From", (fmt.day(done.start), *([phase] if phase else []))),
        ("Until", (fmt.day(done.end) if done.end else "the last period in the data",)),
        ("Delivery", _delivery(result)),
        (called.legend("treated"), _areas(study.treated)),
        ("They started on", _starts(study)),
        (
            called.legend("comparison"),
            _areas(study.comparison) or (_no_comparison(study),),
        ),
        (f"Dominant {plural(level_of(study))}", _areas(study.dominant)),
        ("Where the problem may have moved", _areas(study.displacement)),
        ("Those are compared with", _areas(study.displacement_compared)),
        ("Chosen for high values in", _chosen_on(study.chosen_on)),
    )
    return tuple((label, tuple(parts)) for label, parts in lines if parts)


def _no_comparison(study: StudyInfo) -> str:
    """Say that there are no comparison areas, and what the treated ones are compared with."""
    called = places(study)
    if compared_later(study):
        return f"There are none: {called.treated} are compared with those that had not started yet."
    return f"There are none: only the {called.treated} can be seen."


def _as_one_unit(result: RunResult) -> str:
    """Say whether one team's areas were analysed as one unit; a series that adds them up does so anyway."""
    heads = [(outcome, outcome.headline) for outcome in result.outcomes.values()]
    done = [
        bool(head.clusters.periods)
        or any(c.id == check_id(head.model) and c.status is not Status.NOT_RUN for c in outcome.checks)
        for outcome, head in heads
        if head is not None
    ]
    if not any(done):
        return NOT_AS_ONE
    return AS_ONE_UNIT if all(done) else IN_PART


def _delivery(result: RunResult) -> tuple[str, ...]:
    """Say who did it; where a single area is treated, that one team served it says nothing."""
    study = result.study
    said, called = study.intervention.delivery, places(study)
    if said not in DELIVERY:
        return (said,)
    return (
        ()
        if called.one
        else (DELIVERY[said].format(treated=called.treated, level=called.level, unit=_as_one_unit(result)),)
    )


def _starts(study: StudyInfo) -> tuple[str, ...]:
    """Who started when, one line for each day; empty if all started together."""
    days: dict[str, list[str]] = {}
    for area, day in study.starts.items():
        days.setdefault(day, []).append(area)
    return tuple(
        f"{fmt.day(day)}: {fmt.count(len(names))}: {wording.list_of_areas(tuple(names), FEW_AREAS)}"
        for day, names in days.items()
    )


def _chosen_on(span: SpanInfo | None) -> tuple[str, ...]:
    if span is None:
        return ()
    when = fmt.period(span.first) if span.first == span.last else f"{fmt.period(span.first)} to {fmt.period(span.last)}"
    return (f"{when}{f': {span.why}' if span.why else ''}",)


def _areas(names: tuple[str, ...]) -> tuple[str, ...]:
    return (f"{fmt.count(len(names))}: {wording.list_of_areas(names, FEW_AREAS)}",) if names else ()


def _concurrent(what: str, when: str | None, areas: tuple[str, ...]) -> str:
    where = f" in {wording.list_of_areas(areas, FEW_AREAS)}" if areas else ""
    return sentence(f"{what}{f' ({fmt.day(when)})' if when else ''}{where}")


def _windows(result: RunResult) -> Table:
    study, unit = result.study, result.study.time_unit
    counted = {role: result.data.roles.count(role) for role in set(result.data.roles)}
    rows: list[tuple[str, str, str, str]] = []
    for title, role, spans in (
        ("Baseline", "baseline", study.baseline),
        ("Phase-in", "phase_in", study.phase_in),
        ("Follow-up", "follow_up", study.follow_up),
        ("Left out", "excluded", study.excluded),
    ):
        if spans:
            rows.append((title, _spans(spans, unit), fmt.things(counted.get(role, 0), unit), _whys(spans)))
    columns = [("Window", False), ("When", False), ("How long", False), ("Why", False)]
    notes = [OWN_START] if study.starts else []
    return replace(table("The windows of the study", columns, rows, notes), stacked=True, labelled=True)


def _spans(spans: tuple[SpanInfo, ...], unit: str) -> str:
    return joined([fmt.span(s.first, s.last, unit) for s in spans])


def _whys(spans: tuple[SpanInfo, ...]) -> str:
    whys = list(dict.fromkeys(s.why for s in spans if s.why))
    return sentence("; ".join(whys)) if whys else NO_VALUE


def data_view(result: RunResult) -> DataView:
    """Finish the account of the rows."""
    rows = []
    for name, s in result.data.sources.items():
        aside = "; ".join(f"{fmt.count(a.rows)} {lower_first(a.reason)}" for a in s.set_aside) or "none"
        simulated = "Simulated" if s.simulated else "As supplied"
        left = sum(a.rows for a in s.set_aside)
        rows.append((name, simulated, fmt.count(s.rows), fmt.count(s.used), fmt.count(left), aside))
    columns = [("Source", False), ("Records", False), ("Rows read", True), ("Used", True), ("Set aside", True)]
    return DataView(
        sources=table("Where the rows went", [*columns, ("Why set aside", False)], rows),
        files=tuple(
            (f"{name}: {_files(s.reader, len(s.files))}", _capped(s.files)) for name, s in result.data.sources.items()
        ),
        problems=_problems(result),
    )


def _files(reader: str, number: int) -> str:
    how = {"police.uk": "monthly files as police.uk publishes them", "panel": "one row for each area and period"}
    return f"{fmt.things(number, 'file')}{f', {how[reader]}' if reader in how else ''}"


def _capped(files: tuple[str, ...]) -> tuple[str, ...]:
    more = (f"and {fmt.count(len(files) - MOST_FILES)} more",) if len(files) > MOST_FILES else ()
    return (*files[:MOST_FILES], *more)


def _problems(result: RunResult) -> Table | None:
    order = list(SEVERITY)
    found = sorted(result.data.problems, key=lambda p: order.index(p.severity) if p.severity in order else len(order))
    if not found:
        return None
    rows = [
        (
            SEVERITY.get(p.severity, p.severity),
            place(p),
            sentence(p.message),
            sentence(p.action),
            fmt.count(p.rows) if p.rows is not None else NO_VALUE,
        )
        for p in found[:MOST_PROBLEMS]
    ]
    columns = [("Kind", False), ("Where", False), ("What was found", False), ("What to do", False), ("Rows", True)]
    more = [f"{fmt.count(MOST_PROBLEMS)} of {fmt.count(len(found))} are shown."] if len(found) > MOST_PROBLEMS else []
    return table("Problems and notes about the data", columns, rows, more)
