"""Other codings of a boundary: each recode of the study not applied, or its rows left out; people move with rows."""

import numpy as np

from impact.intake.cells import Groups, counted
from impact.intake.exposure import Population
from impact.intake.findings import legible, listed
from impact.intake.panels import Frame
from impact.study.schema import Recode, Study
from models.arrays import BoolArray, IntArray
from models.case import Coding
from models.panel import Panel

AS_STUDIED = "as in the study"


def codings_of(
    study: Study, frame: Frame, groups: Groups, main: Panel, population: Population | None
) -> tuple[Coding, ...]:
    """Codings of every recode that moved rows of this outcome, one changed at a time; the study's own comes first.

    Parameters
    ----------
    groups
        Groups by ``recode`` and ``given``, also those that only the source places in the study's areas.
    """
    if not frame.placed.recoded:
        return ()
    found: list[Coding] = []
    for i, recode in enumerate(study.areas.recode):
        moved = groups.columns["recode"] == i
        if moved.any():
            found += _alternatives(i, recode, frame, groups, (moved, population))
    return (Coding(AS_STUDIED, main), *found) if found else ()


def _alternatives(
    i: int, recode: Recode, frame: Frame, groups: Groups, how: tuple[BoolArray, Population | None]
) -> tuple[Coding, Coding]:
    moved, population = how
    part = legible(", ".join(recode.when.values()))
    back = f"counted in {recode.instead_of}" if recode.instead_of else "counted where the records place it"
    given: IntArray = np.nan_to_num(groups.columns["given"], nan=-1.0).astype(np.int64)
    names = (f"administrative: {part} {back}", f"excluded: {part} left out")
    cells = (groups.placed(np.where(moved, given, groups.area)), groups.where(~moved))
    if population is not None and not population.follows(i):
        reason = (
            f"the population is not known with {part} in another area: give its source the columns "
            f"{listed(list(recode.when))}, or the number of people in areas.recode"
        )
        return Coding(names[0], None, reason), Coding(names[1], None, reason)
    return (
        _coding(names[0], frame, cells[0], population and population.unmoved(i)),
        _coding(names[1], frame, cells[1], population and population.without(i)),
    )


def _coding(name: str, frame: Frame, groups: Groups, population: Population | None) -> Coding:
    other = Frame.of(frame.key, frame.outcome, frame.sample, population)
    if other.deserted:
        return Coding(name, None, f"no population would be left of {listed(list(other.deserted))}")
    return Coding(name, other.panel(counted(frame.outcome, groups)))
