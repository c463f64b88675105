"""The choices a study makes for all its outcomes, laid over its periods."""

from collections.abc import Mapping
from datetime import date

import numpy as np

from impact.intake.clock import role_unless_excluded, starts_within, touches
from impact.intake.findings import Findings
from impact.study.position import position
from impact.study.schema import Concurrent, Exclusion, Study
from models.arrays import BoolArray
from models.design import Design, Event, Shape, Shock
from models.periods import Periods, Role, period_index

IN_A_WINDOW = frozenset({Role.BASELINE, Role.FOLLOW_UP})


def design_of(study: Study, periods: Periods, seed: int | None = None) -> Design:
    """Return what a study fixes for every model.

    Parameters
    ----------
    periods
        The study's periods, as the intake lays them out.
    seed
        Seed instead of the study's.

    Returns
    -------
    Design
        Areas go by their names in the study, not by other spellings. `peak` may be all False, if nothing of the stretch
        on which areas were chosen is left in the baseline.
    """
    aliases = study.areas.aliases
    days = start_days(study)
    return Design(
        shared_delivery=study.intervention.delivery == "shared",
        level=study.level,
        seed=study.seed if seed is None else seed,
        neighbours=borders(study.areas.neighbours, aliases),
        dominant=tuple(dict.fromkeys(aliases.get(name, name) for name in study.areas.dominant)),
        shocks=tuple(shock for each in study.time.exclude if (shock := _shock(study, each, periods)) is not None),
        peak=_peak(study, periods),
        events=_events(study, periods),
        starts={area: period_index(day, periods.unit) - periods.first for area, day in days.items()},
        phase_in={
            area: max(study.intervention.phase_in, int(starts_within(day, periods.unit))) for area, day in days.items()
        },
    )


def start_days(study: Study) -> dict[str, date]:
    """First day of the intervention in every treated area; empty if all start on one day."""
    aliases, given = study.areas.aliases, study.areas.starts
    own = {aliases.get(name, name): day for name, day in given.items()}
    treated = dict.fromkeys(aliases.get(name, name) for name in study.areas.treated)
    days = {area: own.get(area, study.intervention.start) for area in treated}
    return days if len(set(days.values())) > 1 else {}


def borders(declared: Mapping[str, tuple[str, ...]], aliases: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Give the borders under the areas' names in the study, each once and in the order declared.

    They stay under the areas they were declared for: an area that only its neighbours name has not listed its own.
    """
    found: dict[str, dict[str, None]] = {}
    for name, around in declared.items():
        listed = found.setdefault(aliases.get(name, name), {})
        listed |= dict.fromkeys(aliases.get(other, other) for other in around)
    return {area: tuple(others) for area, others in found.items()}


def _shock(study: Study, exclusion: Exclusion, periods: Periods) -> Shock | None:
    """The periods that only this kind of exclusion keeps out of a window; None if there is none."""
    indices = range(periods.first, periods.first + len(periods))
    mask = np.asarray(
        [
            touches(exclusion, index, periods.unit) and role_unless_excluded(study, index) in IN_A_WINDOW
            for index in indices
        ],
        dtype=np.bool_,
    )
    return Shock(exclusion.why or "", mask) if mask.any() else None


def _events(study: Study, periods: Periods) -> tuple[Event, ...]:
    found = (_event(change, periods, study.areas.aliases) for change in study.intervention.concurrent)
    return tuple(event for event in found if event is not None)


def _event(change: Concurrent, periods: Periods, aliases: Mapping[str, str]) -> Event | None:
    """A change that a time series is to allow for; None if it is not to, or cannot tell it from no change.

    That is so if it came after the last period, ended before the first, or lasted in all of them. A change within a
    period begins with that period, and one without an end lasts to the last.
    """
    if change.modelled is None or change.when is None:
        return None
    first = period_index(change.when.first, periods.unit) - periods.first
    last = len(periods) if change.until is None else period_index(change.until.last, periods.unit) - periods.first
    time = np.arange(len(periods))
    mask: BoolArray = (time >= first) & (time <= last)
    areas = tuple(dict.fromkeys(aliases.get(name, name) for name in change.areas))
    return Event(change.what, mask, areas, Shape(change.modelled)) if mask.any() and not mask.all() else None


def note_changes(study: Study, periods: Periods, findings: Findings) -> None:
    """Mention changes outside the study's time: what came after it is no threat, and neither can be modelled."""
    for i, change in enumerate(study.intervention.concurrent):
        if change.when is None:
            continue
        at, what = position(study, ("intervention", "concurrent", i)), change.what.rstrip(".")
        if comes_after(change, periods):
            findings.note(
                "change_after_the_study",
                f"{at}: '{what}' ({change.when}) came after the last period, {periods.labels[-1]}, so it is not "
                f"counted as a threat{'' if change.modelled is None else ' and not modelled'}.",
                "Nothing needs doing if the date is right.",
            )
        elif change.modelled is not None and _event(change, periods, {}) is None:
            findings.note(
                "change_before_the_study",
                f"{at}: '{what}' ({change.when}) is not modelled: it makes no difference between the periods of the "
                f"study, the first of which is {periods.labels[0]}.",
                "Let the baseline begin earlier if the data do, or correct the date.",
            )


def comes_after(change: Concurrent, periods: Periods) -> bool:
    """Whether a change came after the study's last period."""
    return change.when is not None and period_index(change.when.first, periods.unit) >= periods.first + len(periods)


def _peak(study: Study, periods: Periods) -> BoolArray | None:
    stretch = study.areas.chosen_on
    if stretch is None:
        return None
    chosen = [touches(stretch, periods.first + t, periods.unit) for t in range(len(periods))]
    mask: BoolArray = np.asarray(chosen, dtype=np.bool_) & periods.baseline
    return mask
