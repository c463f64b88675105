"""Checks of times to an event: where the event comes from, and how long a case is followed."""

from collections.abc import Iterator

from impact.study.inconsistency import Inconsistency, repeated
from impact.study.outcomes import CountOutcome, Repeat, TimeToEventOutcome
from impact.study.schema import Source, Study
from impact.study.words import Loc, quoted

IN_COMMON = "name what repeats have in common, such as the place."
EXAMPLE = "{same: place, within: 90}"


def check_time_to_event(study: Study, loc: Loc, outcome: TimeToEventOutcome) -> Iterator[Inconsistency]:
    """Find a time to an event with no event or two, with a horizon that cannot be, or with columns that cannot be."""
    name, at_event, at_repeat = quoted(str(loc[-1])), (*loc, "event"), (*loc, "repeat")
    if outcome.event is None and outcome.repeat is None:
        text = f"outcome {name} needs 'event' (a column with a day) or 'repeat' (which reports belong together)."
        fix = f"add 'event: …', or 'repeat: {EXAMPLE}' if rows are reports and the event is the next one."
        yield Inconsistency(loc, text, fix, (loc, at_event, at_repeat), key=True)
    elif outcome.event is not None and outcome.repeat is not None:
        text = "a time to an event comes from 'event' or from 'repeat', not from both."
        yield Inconsistency(at_repeat, text, "keep one.", (at_event,), key=True)
    yield from _horizon(loc, outcome)
    yield from _competing(study, loc, outcome)
    if outcome.repeat is not None:
        yield from _same(study, loc, outcome, outcome.repeat)
        yield from _one_row_per_report(study, at_repeat, outcome)


def _horizon(loc: Loc, outcome: TimeToEventOutcome) -> Iterator[Inconsistency]:
    repeat, at, within = outcome.repeat, (*loc, "horizon"), (*loc, "repeat", "within")
    if repeat is None and outcome.event is not None and outcome.horizon is None:
        text = f"outcome {quoted(str(loc[-1]))} needs the key 'horizon'."
        fix = "add it: the days after the source's time column within which an event counts."
        yield Inconsistency(loc, text, fix, (loc, at), key=True)
    if repeat is not None and outcome.event is None and (outcome.horizon or 0) > repeat.within:
        text = f"the horizon is {outcome.horizon} days, but a report is a repeat only within {repeat.within}."
        fix = f"write {repeat.within} or less, remove the line, or let repeat.within be longer."
        yield Inconsistency(at, text, fix, (within,))


def _competing(study: Study, loc: Loc, outcome: TimeToEventOutcome) -> Iterator[Inconsistency]:
    yield from repeated((*loc, "competing"), outcome.competing)
    source, time = study.sources.get(outcome.source), ("sources", outcome.source, "columns", "time")
    meant: dict[str | None, tuple[str, Loc]] = {
        str(outcome.censor): ("the day of the extract", (*loc, "censor")),
        source.columns.time if source else None: ("the day the case begins", time),
        outcome.event: ("the event itself", (*loc, "event")),
    }
    for i, column in enumerate(outcome.competing):
        if column in meant:
            what, about = meant[column]
            text = f"{quoted(column)} is {what}, so it cannot be something after which the event cannot come."
            yield Inconsistency((*loc, "competing", i), text, "name another column, or remove it.", (about,))


def _same(study: Study, loc: Loc, outcome: TimeToEventOutcome, repeat: Repeat) -> Iterator[Inconsistency]:
    """Find columns by which no two reports, or none but those of one day, could belong together."""
    at: Loc = (*loc, "repeat", "same")
    if not isinstance(repeat.same, str):
        yield from repeated(at, repeat.columns)
    source = study.sources.get(outcome.source, Source())
    columns: Loc = ("sources", outcome.source, "columns")
    if set(repeat.columns) == {source.columns.area}:
        where = at if isinstance(repeat.same, str) else (*at, 0)
        text = f"{quoted(source.columns.area)} is the area, so every report of an area would be a repeat of its first."
        yield Inconsistency(where, text, IN_COMMON, ((*columns, "area"),))
    for i, column in enumerate(repeat.columns):
        where = at if isinstance(repeat.same, str) else (*at, i)
        if column == source.columns.id:
            text = f"{quoted(column)} identifies a row, so no report would be a repeat of another."
            yield Inconsistency(where, text, IN_COMMON, ((*columns, "id"),))
        elif column in {source.columns.time, str(outcome.censor)}:
            text = f"{quoted(column)} holds a day, and reports of one day are one report."
            yield Inconsistency(where, text, IN_COMMON, ((*columns, "time"), (*loc, "censor")))


def _one_row_per_report(study: Study, at: Loc, outcome: TimeToEventOutcome) -> Iterator[Inconsistency]:
    source, about = study.sources.get(outcome.source), ("sources", outcome.source, "reader")
    sums = [
        key
        for key, o in study.outcomes.items()
        if o.source == outcome.source and isinstance(o, CountOutcome) and o.value is not None
    ]
    if source is not None and source.reader == "panel":
        text = "'repeat' needs one row per report, and reader panel has one per area and period."
        yield Inconsistency(at, text, "remove it, or name a source of reports.", (about, (*at[:2], "source")), key=True)
    elif sums:
        text = f"'repeat' needs one row per report; outcome {quoted(sums[0])} reads a count per row."
        yield Inconsistency(at, text, "remove it, or name a source of reports.", (("outcomes", sums[0]),), key=True)
