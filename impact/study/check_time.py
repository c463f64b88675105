"""Checks that the dates of a study follow each other."""

from collections.abc import Iterator
from datetime import date, timedelta

from impact.study.inconsistency import Inconsistency
from impact.study.schema import Study
from impact.study.words import Loc, counted
from models.periods import period_index, period_start

START: Loc = ("intervention", "start")
END: Loc = ("intervention", "end")
PHASE_IN: Loc = ("intervention", "phase_in")
UNIT: Loc = ("time", "unit")
FROM: Loc = ("time", "baseline", "from")
TO: Loc = ("time", "baseline", "to")
EXCLUDE: Loc = ("time", "exclude")
CONCURRENT: Loc = ("intervention", "concurrent")
CHOSEN_ON: Loc = ("areas", "chosen_on")
ONE_DAY = timedelta(days=1)


def check_time(study: Study) -> Iterator[Inconsistency]:
    """Find windows that end before they begin, overlap the start, or have nothing left in them."""
    yield from _baseline(study)
    yield from _follow_up(study)
    for i, span in enumerate(study.time.exclude):
        if span.from_.first > span.to.last:
            text = f"this exclusion ends ({span.to}) before it begins ({span.from_})."
            yield Inconsistency((*EXCLUDE, i, "to"), text, about=((*EXCLUDE, i, "from"),))
    yield from _swallowed(study)
    yield from _chosen_on(study)
    yield from _events(study)


def _chosen_on(study: Study) -> Iterator[Inconsistency]:
    """Find a stretch on which the treated areas were chosen that is no part of the baseline."""
    stretch, start, baseline = study.areas.chosen_on, study.intervention.start, study.time.baseline
    if stretch is None:
        return
    if stretch.from_.first > stretch.to.last:
        text = f"this stretch ends ({stretch.to}) before it begins ({stretch.from_})."
        yield Inconsistency((*CHOSEN_ON, "to"), text, about=((*CHOSEN_ON, "from"),))
        return
    ends = baseline.to.last if baseline.to and baseline.to.last < start else start - ONE_DAY
    if baseline.from_ and baseline.from_.first > ends:
        return  # the baseline itself is wrong
    if stretch.to.last > ends:
        text = f"the treated areas were chosen on a stretch of the baseline, which ends on {ends}, not on later values."
        yield Inconsistency((*CHOSEN_ON, "to"), text, "end it there or earlier.", about=(START, TO))
    if baseline.from_ and stretch.from_.first < baseline.from_.first:
        text = f"the stretch begins ({stretch.from_}) before the baseline ({baseline.from_})."
        yield Inconsistency(
            (*CHOSEN_ON, "from"),
            text,
            "begin it with the baseline: what lies before plays no part in it.",
            about=(FROM,),
        )


def _events(study: Study) -> Iterator[Inconsistency]:
    """Find other changes that end before they come, or that a time series cannot place."""
    for i, change in enumerate(study.intervention.concurrent):
        here: Loc = (*CONCURRENT, i)
        if change.when is None:
            given = [key for key in ("until", "modelled") if getattr(change, key) is not None]
            if given:
                yield Inconsistency((*here, given[0]), "this needs the date of the change.", "add 'when'.")
        elif change.until is not None and change.until.last < change.when.first:
            text = f"this change ended ({change.until}) before it came ({change.when})."
            yield Inconsistency((*here, "until"), text, about=((*here, "when"),))
        elif change.modelled == "pulse" and change.until is None:
            fix = "add 'until', or write 'modelled: level' if it stayed."
            yield Inconsistency((*here, "modelled"), "a pulse needs the date it ended.", fix, ((*here, "until"),))
        elif change.modelled not in {None, "pulse"} and change.until is not None:
            text = f"'until' is for a pulse; 'modelled: {change.modelled}' is a change that stays."
            fix = "write 'modelled: pulse', or remove 'until'."
            yield Inconsistency((*here, "until"), text, fix, ((*here, "modelled"),), key=True)


def _baseline(study: Study) -> Iterator[Inconsistency]:
    start, baseline = study.intervention.start, study.time.baseline
    if baseline.from_ and baseline.from_.first >= start:
        text = f"the baseline begins ({baseline.from_}) when the intervention has already started ({start})."
        yield Inconsistency(FROM, text, "begin it earlier; 'from' is the first period before the start.", (START,))
    elif baseline.from_ and baseline.to and baseline.from_.first > baseline.to.last:
        yield Inconsistency(
            TO, f"the baseline ends ({baseline.to}) before it begins ({baseline.from_}).", about=(FROM,)
        )
    if baseline.to and baseline.to.last >= start:
        text = f"the baseline runs to {baseline.to.last}, and the intervention started on {start}."
        yield Inconsistency(TO, text, "end it in the period before the start, or leave 'to' out.", (START,))


def _follow_up(study: Study) -> Iterator[Inconsistency]:
    done = study.intervention
    if done.end is None:
        return
    if done.end < done.start:
        yield Inconsistency(END, f"the follow-up ends ({done.end}) before the start ({done.start}).", about=(START,))
    elif _first_follow_up(study) > period_index(done.end, study.time.unit):
        text = f"with {counted(done.phase_in, study.time.unit)} of phase_in no follow-up is left before {done.end}."
        yield Inconsistency(PHASE_IN, text, "shorten phase_in, or end later.", (START, END, UNIT))


def _first_follow_up(study: Study) -> int:
    return period_index(study.intervention.start, study.time.unit) + study.intervention.phase_in


def _swallowed(study: Study) -> Iterator[Inconsistency]:
    """Find windows of which the exclusions leave nothing."""
    done, baseline = study.intervention, study.time.baseline
    if baseline.from_:
        last = baseline.to.last if baseline.to else done.start - ONE_DAY
        yield from _covered(study, baseline.from_.first, last, "baseline", (START, FROM, TO))
    if done.end and _first_follow_up(study) <= period_index(done.end, study.time.unit):
        first = max(done.start, period_start(_first_follow_up(study), study.time.unit))
        yield from _covered(study, first, done.end, "follow-up", (START, END, PHASE_IN, UNIT))


def _covered(study: Study, first: date, last: date, window: str, about: tuple[Loc, ...]) -> Iterator[Inconsistency]:
    spans = sorted(enumerate(study.time.exclude), key=lambda item: item[1].from_.first)
    reached = first
    for i, span in spans:
        if span.from_.first > reached or reached > last:
            return
        reached = max(reached, span.to.last + ONE_DAY)
        if first <= last < reached:
            others = tuple((*EXCLUDE, j) for j, _ in spans)
            text = f"this exclusion leaves nothing of the {window} ({first} to {last})."
            yield Inconsistency((*EXCLUDE, i), text, f"shorten it, or move the {window}.", (*about, *others))
            return
