"""Checks that the sources and outcomes of a study agree with each other."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePath

from impact.study.check_events import check_time_to_event
from impact.study.inconsistency import Inconsistency, repeated
from impact.study.outcomes import (
    BinaryOutcome,
    CountOutcome,
    DurationOutcome,
    OrdinalOutcome,
    OutcomeBase,
    PredictorStretch,
    TimeToEventOutcome,
)
from impact.study.outputs import ACTIVITY, Measured, Output
from impact.study.schema import Source, Study
from impact.study.words import Loc, did_you_mean, quoted
from models.periods import TimeUnit

type Names = frozenset[str] | None

SHARES = (BinaryOutcome, OrdinalOutcome, TimeToEventOutcome)
RATIOS = (CountOutcome, DurationOutcome)
POLICE = "police.uk"
NO_TIME, ONE_DAY = timedelta(), timedelta(days=1)
DATABASE = frozenset({".duckdb", ".ddb", ".db"})
EXCEL = frozenset({".xlsx", ".xlsm", ".xls"})
PARQUET = frozenset({".parquet", ".pq"})
TEXT = frozenset({".csv", ".tsv", ".txt"})


def check_sources(study: Study) -> Iterator[Inconsistency]:
    """Find sources with no place, with two, or with keys that do not apply to theirs."""
    for name, source in study.sources.items():
        loc: Loc = ("sources", name)
        if source.path is None and source.uri is None:
            yield Inconsistency(loc, f"source {quoted(name)} needs a path or a uri.", key=True)
        elif source.path is not None and source.uri is not None:
            text = f"source {quoted(name)} has both a path and a uri."
            yield Inconsistency((*loc, "uri"), text, "keep one of the two.", key=True)
        else:
            yield from _format(loc, source)
        if source.reader == POLICE and study.time.unit in {TimeUnit.DAY, TimeUnit.WEEK}:
            text = f"{POLICE} files give months, so periods cannot be shorter; time.unit is {study.time.unit}."
            yield Inconsistency((*loc, "reader"), text, "write 'unit: month' under time.", (("time", "unit"),))
        yield from _case_columns(study, name, source)


def _case_columns(study: Study, name: str, source: Source) -> Iterator[Inconsistency]:
    """Find columns that describe cases where a row is no case, or that describe nothing."""
    columns, loc = source.columns, ("sources", name, "columns")
    reader: Loc = ("sources", name, "reader")
    sums = [key for key, o in study.outcomes.items() if o.source == name and _adds_up(o)]
    for key in ("eligible", "accepted", "case_mix"):
        if not getattr(columns, key):
            continue
        if source.reader != "generic":
            text = f"'{key}' is for sources with one row per case, and reader {source.reader} has none."
            yield Inconsistency((*loc, key), text, "remove it.", (reader,), key=True)
        elif sums:
            text = f"'{key}' is for sources with one row per case; outcome {quoted(sums[0])} reads a count per row."
            yield Inconsistency((*loc, key), text, "remove it.", (("outcomes", sums[0]),), key=True)
    if columns.eligible is not None and columns.accepted == columns.eligible:
        text = "'accepted' is the same column as 'eligible', so every eligible case would have accepted."
        yield Inconsistency((*loc, "accepted"), text, "name another, or remove it.", ((*loc, "eligible"),))
    yield from repeated((*loc, "case_mix"), columns.case_mix)
    if columns.id in columns.case_mix:
        text = f"{quoted(str(columns.id))} identifies a row, so no two cases would be alike."
        at = (*loc, "case_mix", columns.case_mix.index(str(columns.id)))
        yield Inconsistency(at, text, "remove it.", ((*loc, "id"),))


def _adds_up(outcome: OutcomeBase) -> bool:
    return isinstance(outcome, CountOutcome) and outcome.value is not None


def _format(loc: Loc, source: Source) -> Iterator[Inconsistency]:
    suffix = PurePath(source.path).suffix.lower() if source.path else ""
    known = suffix in DATABASE | EXCEL | PARQUET | TEXT
    database = source.uri is not None or suffix in DATABASE
    given = [key for key in ("table", "query") if getattr(source, key) is not None]
    if len(given) == 2:
        yield Inconsistency(
            (*loc, "query"), "a source has a table or a query, not both.", "keep one.", (loc,), key=True
        )
    misplaced = [(key, "a database (uri, or a .duckdb file)") for key in given if not database]
    if source.sheet is not None and (database or (known and suffix not in EXCEL)):
        misplaced.append(("sheet", "an Excel file"))
    if source.delimiter is not None and (database or (known and suffix not in TEXT)):
        misplaced.append(("delimiter", "a CSV file"))
    for key, what in misplaced:
        text = f"'{key}' is for {what}, and {quoted(str(source.uri or source.path))} is not one."
        yield Inconsistency((*loc, key), text, "remove it.", ((*loc, "path"), (*loc, "uri")), key=True)


def check_outcomes(study: Study, sources: Names) -> Iterator[Inconsistency]:
    """Find outcomes that name no source, contradict themselves, or cannot be read from their source."""
    for name, outcome in study.outcomes.items():
        loc: Loc = ("outcomes", name)
        yield from _known_source((*loc, "source"), outcome.source, sources)
        yield from _worthwhile(loc, outcome)
        yield from _readable(study, loc, outcome)
        yield from _population(study, loc, outcome, sources)
        yield from _predictors(study, loc, outcome)
        if isinstance(outcome, OrdinalOutcome):
            yield from _levels(loc, outcome)
        if isinstance(outcome, DurationOutcome):
            yield from _duration(loc, outcome)
        if isinstance(outcome, TimeToEventOutcome):
            yield from check_time_to_event(study, loc, outcome)


def check_outputs(study: Study, sources: Names) -> Iterator[Inconsistency]:
    """Find outputs that name no source, that are outcomes too, or cannot be read from their source."""
    for name, output in study.outputs.items():
        loc: Loc = ("outputs", name)
        yield from _known_source((*loc, "source"), output.source, sources)
        yield from _readable(study, loc, output)
        yield from _population(study, loc, output, sources)
        yield from _outcome_too(study, name, output)


def _outcome_too(study: Study, name: str, output: Output) -> Iterator[Inconsistency]:
    """Find what is named under both, by its name or by the column or rows that it reads."""
    loc, fix = ("outputs", name), "keep it in one place: under outcomes only if it is what the pilot is to change."
    same = [key for key, outcome in study.outcomes.items() if _reads(outcome) == _reads(output)]
    if name in study.outcomes:
        text = f"{quoted(name)} is an outcome too: {ACTIVITY}."
        yield Inconsistency(loc, text, fix, (("outcomes", name),), key=True)
    elif same:
        what = "the rows" if output.value is None else f"the column {quoted(output.value)}"
        text = f"outcome {quoted(same[0])} measures {what} of source {quoted(output.source)} too: {ACTIVITY}."
        yield Inconsistency(loc, text, fix, (("outcomes", same[0]),), key=True)
    else:
        yield from _titled_alike(study, name, output)


def _titled_alike(study: Study, name: str, output: Output) -> Iterator[Inconsistency]:
    """Find an outcome that the report would call by the same title."""
    twin = next((k for k, outcome in study.outcomes.items() if _label(k, outcome) == _label(name, output)), None)
    if twin is not None:
        text = f"the report would call both this and outcome {quoted(twin)} {quoted(output.title or name)}."
        about: tuple[Loc, ...] = (("outcomes", twin, "title"), ("outputs", name, "title"))
        yield Inconsistency(("outputs", name, "title"), text, "give one of them another title.", about)


def _label(name: str, measured: Measured) -> str:
    words = measured.title or name.replace("_", " ").replace("-", " ")
    return " ".join(words.casefold().split())


def _reads(measured: Measured) -> tuple[str, str | None] | None:
    """The source and column that a number comes from, None for its rows; None if it comes from more than these."""
    value: str | None = getattr(measured, "value", None)
    counts = isinstance(measured, CountOutcome | Output)
    return (measured.source, value) if counts or value is not None else None


def _population(study: Study, loc: Loc, counted: Measured, sources: Names) -> Iterator[Inconsistency]:
    """Find a count's population that has no source, or one that holds none."""
    exposure = counted.exposure if isinstance(counted, CountOutcome | Output) else None
    if exposure is None:
        return
    at: Loc = (*loc, "exposure", "source")
    yield from _known_source(at, exposure.source, sources)
    if exposure.source in study.sources and study.sources[exposure.source].reader == POLICE:
        text = f"{POLICE} files hold no population."
        yield Inconsistency(at, text, "name a source with one.", (("sources", exposure.source, "reader"),))


def _known_source(loc: Loc, name: str, sources: Names) -> Iterator[Inconsistency]:
    if sources is not None and name not in sources:
        end = did_you_mean(name, sources) or "."
        yield Inconsistency(loc, f"there is no source {quoted(name)}{end}", "correct it, or add it under sources.")


def _worthwhile(loc: Loc, outcome: OutcomeBase) -> Iterator[Inconsistency]:
    value, at = outcome.worthwhile, (*loc, "worthwhile")
    if value is None:
        return
    if value == 0:
        fix = "give the smallest change worth having, or remove the line if none was agreed."
        yield Inconsistency(at, "worthwhile is 0: any change at all would then be worth having.", fix)
    elif value * outcome.better.sign < 0:
        side = "above" if outcome.better.sign > 0 else "below"
        text = f"better is {outcome.better}, so a worthwhile change is {side} 0, not {value:g}."
        yield Inconsistency(at, text, f"write {-value:g}, or change 'better'.", ((*loc, "better"),))
    percent = f"a change of {value:g}% is written {value / 100:g}." if abs(value) <= 100 else ""
    if isinstance(outcome, SHARES) and abs(value) >= 1:
        text = f"worthwhile is a change in a share, between -1 and 1, not {value:g}."
        yield Inconsistency(at, text, percent.replace("%", " points"), ((*loc, "kind"),))
    if isinstance(outcome, RATIOS) and value <= -1:
        text = f"worthwhile is a relative change, above -1 (which would be 100% fewer), not {value:g}."
        yield Inconsistency(at, text, percent, ((*loc, "kind"),))


def _readable(study: Study, loc: Loc, outcome: Measured) -> Iterator[Inconsistency]:
    """Find outcomes and outputs that their source's reader cannot give."""
    source, about = study.sources.get(outcome.source), (("sources", outcome.source, "reader"), (*loc, "source"))
    reader = source.reader if source else "generic"
    count = outcome if isinstance(outcome, CountOutcome | Output) else None
    if reader == POLICE and count is None:
        text = f"{POLICE} files can only be counted, so the kind must be count."
        yield Inconsistency((*loc, "kind"), text, "write 'kind: count'.", about)
    if reader == POLICE and count is not None and count.value is not None:
        text = f"{POLICE} files have one row per incident, so there is no column to add up."
        yield Inconsistency((*loc, "value"), text, "remove 'value'; rows are counted.", about, key=True)
    if reader == "panel" and count is not None and count.value is None:
        text = f"source {quoted(outcome.source)} has one row per area and period, so the count needs a column."
        yield Inconsistency(loc, text, "add 'value: …' with the column that holds the count.", (*about, loc), key=True)


def _predictors(study: Study, loc: Loc, outcome: OutcomeBase) -> Iterator[Inconsistency]:
    """Find predictors that have no one row per area and period, or that are known only after the start."""
    source, start = study.sources.get(outcome.source), study.intervention.start
    if outcome.predictors and source is not None and source.reader != "panel":
        text = f"predictors are read from one row per area and period, and source {quoted(outcome.source)} has others."
        about: tuple[Loc, ...] = (("sources", outcome.source, "reader"),)
        yield Inconsistency((*loc, "predictors"), text, "write 'reader: panel' if it has.", about, key=True)
    for i, predictor in enumerate(outcome.predictors):
        for at, stretch in (((), predictor), (("training",), predictor.training)):
            if stretch is None:
                continue
            where: Loc = (*loc, "predictors", i, *at)
            if stretch.from_.first > stretch.to.last:
                text = f"this stretch ends ({stretch.to}) before it begins ({stretch.from_})."
                yield Inconsistency((*where, "to"), text, about=((*where, "from"),))
            elif stretch.to.last >= start:
                text = f"a predictor is what was known before the start ({start}), and this stretch ends {stretch.to}."
                yield Inconsistency((*where, "to"), text, "end it earlier.", (("intervention", "start"),))
        if predictor.training is not None and predictor.training.to.last < start:
            yield from _training((*loc, "predictors", i), predictor, predictor.training)


def _training(loc: Loc, predictor: PredictorStretch, earlier: PredictorStretch) -> Iterator[Inconsistency]:
    """Find training in a later stretch than its predictor, or of the same column in the same stretch.

    Another column may hold what was so earlier, such as the mean of the decade before, under the same date.
    """
    if earlier.from_.first > earlier.to.last:
        return
    begins, ends = earlier.from_.first - predictor.from_.first, earlier.to.last - predictor.to.last
    latest = -ONE_DAY if earlier.value == predictor.value else NO_TIME
    if begins > latest or ends > latest:
        at, text = (
            (*loc, "training"),
            f"training ({earlier.from_} to {earlier.to}) must come earlier than its predictor",
        )
        about: tuple[Loc, ...] = ((*loc, "from"), (*loc, "to"), (*at, "from"), (*at, "to"))
        fix = "let it begin and end earlier, or leave it out."
        yield Inconsistency(at, f"{text} ({predictor.from_} to {predictor.to}).", fix, about, key=True)


def _levels(loc: Loc, outcome: OrdinalOutcome) -> Iterator[Inconsistency]:
    levels, at = outcome.levels, (*loc, "at_least")
    yield from repeated((*loc, "levels"), levels)
    if outcome.at_least is None:
        return
    if outcome.at_least not in levels:
        text = f"{quoted(outcome.at_least)} is not one of the levels{did_you_mean(outcome.at_least, levels) or '.'}"
        yield Inconsistency(at, text, about=((*loc, "levels"),))
    elif outcome.at_least == levels[0]:
        text = f"{quoted(levels[0])} is the lowest level, so every answer would count."
        yield Inconsistency(at, text, "name a higher level; levels go from worst to best.", ((*loc, "levels"),))


def _duration(loc: Loc, outcome: DurationOutcome) -> Iterator[Inconsistency]:
    if outcome.event is None and outcome.value is None:
        text = f"outcome {quoted(str(loc[-1]))} needs 'event' (a column with a day) or 'value' (a column with days)."
        yield Inconsistency(loc, text, about=(loc,), key=True)
    elif outcome.event is not None and outcome.value is not None:
        text = "a duration comes from 'event' or from 'value', not from both."
        yield Inconsistency((*loc, "value"), text, "keep one.", key=True)
    elif outcome.value is not None and outcome.censor is not None:
        text = "'censor' goes with 'event'; a duration given as 'value' is complete."
        yield Inconsistency((*loc, "censor"), text, "remove it, or give 'event'.", ((*loc, "event"),), key=True)
