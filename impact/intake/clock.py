"""The study's clock: the declared times and the span of the data, made into periods with roles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from impact.intake.findings import Findings
from impact.study.position import position
from impact.study.schema import Span as TimeSpan
from impact.study.schema import Study
from models.periods import Periods, Role, TimeUnit, period_index, period_label, period_start

FEW = 3


@dataclass(frozen=True, slots=True)
class Span:
    """First and last period in the data of the outcomes, as `period_index` counts."""

    first: int
    last: int

    def in_words(self, unit: TimeUnit) -> str:
        """The span by its labels."""
        return f"{period_label(self.first, unit)} to {period_label(self.last, unit)}"


def build(study: Study, spans: Sequence[Span], findings: Findings) -> Periods | None:
    """Lay out the periods from the baseline's beginning to the follow-up's end; None if a window is empty.

    An exclusion leaves out every period it touches. A baseline that begins, or a follow-up that ends, within a period
    leaves that period out; a start within a period makes it a period of phase-in.
    """
    unit = study.time.unit
    data = Span(min(s.first for s in spans), max(s.last for s in spans))
    first, last = _first(study, data, findings), _last(study, data, findings)
    start = period_index(study.intervention.start, unit)
    if first > last or first >= start or last < start:
        _outside(study, data, last, findings)
        return None
    if not _starts_seen(study, last, findings):
        return None
    periods = Periods(unit, first, tuple(_role(study, index) for index in range(first, last + 1)))
    _note_start(study, periods, findings)
    return periods if _windows_exist(periods, data, findings) else None


def _first(study: Study, data: Span, findings: Findings) -> int:
    declared, unit = study.time.baseline.from_, study.time.unit
    if declared is None:
        return data.first
    index = period_index(declared.first, unit)
    if period_start(index, unit) == declared.first:
        return index
    findings.note(
        "part_of_first_period",
        f"the baseline begins on {declared.first}, within the {unit.value} {period_label(index, unit)}, "
        "which is left out.",
        f"Let time.baseline.from be the first day of a {unit.value} to keep it.",
    )
    return index + 1


def _last(study: Study, data: Span, findings: Findings) -> int:
    end, unit = study.intervention.end, study.time.unit
    if end is None:
        return data.last
    index = period_index(end, unit)
    if _last_day(index, unit) == end:
        return index
    findings.note(
        "part_of_last_period",
        f"the follow-up ends on {end}, within the {unit.value} {period_label(index, unit)}, which is left out.",
        f"Let intervention.end be the last day of a {unit.value} to keep it.",
    )
    return index - 1


def _last_day(index: int, unit: TimeUnit) -> date:
    return period_start(index + 1, unit) - timedelta(days=1)


def _role(study: Study, index: int) -> Role:
    if any(touches(e, index, study.time.unit) for e in study.time.exclude):
        return Role.EXCLUDED
    return role_unless_excluded(study, index)


def touches(span: TimeSpan, index: int, unit: TimeUnit) -> bool:
    """Whether a stretch of time and a period have a day in common."""
    return span.from_.first <= _last_day(index, unit) and period_start(index, unit) <= span.to.last


def role_unless_excluded(study: Study, index: int) -> Role:
    """What the period with this `period_index` is used for if nothing excludes it."""
    unit, start = study.time.unit, study.intervention.start
    closes = _last_day(index, unit)
    if closes < start:
        declared = study.time.baseline.to
        return Role.BASELINE if declared is None or closes <= declared.last else Role.GAP
    since = index - period_index(start, unit)
    phase_in = max(study.intervention.phase_in, int(_starts_in_its_first_period(study)))
    return Role.PHASE_IN if since < phase_in else Role.FOLLOW_UP


def _starts_in_its_first_period(study: Study) -> bool:
    """Whether some area starts in the intervention's first period, but not with it."""
    unit, start = study.time.unit, study.intervention.start
    days = (start, *study.areas.starts.values())
    return any(starts_within(day, unit) for day in days if period_index(day, unit) == period_index(start, unit))


def starts_within(day: date, unit: TimeUnit) -> bool:
    """Whether a day is not the first of its period."""
    return period_start(period_index(day, unit), unit) != day


def _starts_seen(study: Study, last: int, findings: Findings) -> bool:
    """Whether every area starts before the data end."""
    unit = study.time.unit
    late = {name: day for name, day in study.areas.starts.items() if period_index(day, unit) > last}
    for name, day in late.items():
        findings.error(
            "start_after_the_data",
            f"{position(study, ('areas', 'starts', name))}: {name} starts on {day}, after the last period, "
            f"{period_label(last, unit)}, so nothing after it is seen.{_other_year(study, day, last)}",
            "Check areas.starts against the data, or list the area in areas.comparison and say so in study.note.",
        )
    return not late


def _other_year(study: Study, day: date, last: int) -> str:
    """Ask whether another year was meant, if there is just one in which the area would have started in time."""
    unit, start = study.time.unit, study.intervention.start
    leap = (day.month, day.day) == (2, 29)
    years = () if leap else (day.replace(year=year) for year in range(start.year, day.year))
    fitting = [other for other in years if other >= start and period_index(other, unit) <= last]
    return f" Did you mean {fitting[0]}?" if len(fitting) == 1 else ""


def _note_start(study: Study, periods: Periods, findings: Findings) -> None:
    unit = study.time.unit
    if starts_within(study.intervention.start, unit):
        label = period_label(period_index(study.intervention.start, unit), unit)
        findings.note(
            "part_treated_period",
            f"the intervention starts on {study.intervention.start}, within the {unit.value} {label}, which therefore "
            "counts as phase-in.",
            "Nothing needs doing.",
        )
    for name, mask in (("baseline", periods.baseline), ("follow-up", periods.follow_up)):
        if 0 < mask.sum() < FEW:
            number = f"{int(mask.sum())} {periods.unit.value}{'s' if mask.sum() > 1 else ''}"
            findings.warn(
                "few_periods",
                f"the {name} has {number}.",
                f"Use at least {FEW}, better a whole year, so that a trend and the season can be told from the effect.",
            )


def _outside(study: Study, data: Span, last: int, findings: Findings) -> None:
    unit, start = study.time.unit, period_index(study.intervention.start, study.time.unit)
    if last >= start:
        what, key = "the baseline is empty: nothing comes before the start", "time.baseline and intervention.start"
    elif study.intervention.end is None:
        what, key = "the follow-up is empty: no row is dated on or after the start", "intervention.start"
    else:
        what = f"the follow-up is empty: no whole {unit.value} lies between the start and the end"
        key = "intervention.start and intervention.end"
    findings.error("empty_window", f"{what}. The data cover {data.in_words(unit)}.", f"Check {key} against the data.")


def _windows_exist(periods: Periods, data: Span, findings: Findings) -> bool:
    complete = True
    for name, mask in (("baseline", periods.baseline), ("follow-up", periods.follow_up)):
        if not mask.any():
            complete = False
            findings.error(
                "empty_window",
                f"the {name} has no {periods.unit.value}: every one is excluded, phased in or left out. "
                f"The data cover {data.in_words(periods.unit)}.",
                "Check time.baseline, time.exclude, intervention.phase_in and intervention.end.",
            )
    return complete
