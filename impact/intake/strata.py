"""The outcome of each kind of case, so that like can be compared with like."""

from functools import reduce
from typing import Any

import numpy as np

from impact.intake.cells import Groups, counted, group
from impact.intake.findings import Findings
from impact.intake.kinds import MOST, OTHER, Kinds, kind_columns
from impact.intake.panels import Frame
from impact.study.outcomes import OrdinalOutcome, Outcome, TimeToEventOutcome
from models.case import Stratum

SEPARATOR = "\x1f"
MOST_NUMBERS = 50_000_000
"""Numbers that the cells of all kinds may hold together: 400 MB."""


def strata_of(frame: Frame, findings: Findings) -> tuple[Stratum, ...]:
    """Return the outcome of each kind of case, those with most rows first and what is left over last."""
    kinds = frame.sample.kinds.get(frame.outcome.source)
    if kinds is None:
        return ()
    names = kinds.names(most_kinds(frame.outcome, frame.place.shape))
    pooled = kinds.more or OTHER in names
    distinct = [*(name for name in dict.fromkeys(names) if name != OTHER), *([OTHER] if pooled else [])]
    if len(distinct) < len(set(kinds.values)) or kinds.more:
        findings.note(
            "kinds_pooled",
            f"there are more than {len(distinct) - 1} kinds of case; the rarest are counted together as '{OTHER}'.",
            "Name fewer columns in columns.case_mix, or columns with fewer values.",
            source=frame.placed.asked.name,
        )
    index = {name: i for i, name in enumerate(distinct)}
    rows = frame.placed.rows.filter(frame.place.holds(frame.placed.rows))
    rows = rows.mutate(stratum=_stratum(frame, kinds, [index[name] for name in names], len(distinct) - 1))
    groups = group(frame.key, frame.placed, rows, frame.place, ["stratum"])
    return tuple(_named(name, frame, groups.where(groups.columns["stratum"] == i)) for name, i in index.items())


def _named(name: str, frame: Frame, groups: Groups) -> Stratum:
    found = counted(frame.outcome, groups)
    return Stratum(name, frame.panel(found), frame.share(found.rows - found.blank, found.rows))


def _stratum(frame: Frame, kinds: Kinds, positions: list[int], last: int) -> Any:
    """Position of each row's kind; comparing one text per row costs less than comparing every column."""
    columns = kind_columns(frame.placed).values()
    together = reduce(lambda a, b: a + SEPARATOR + b, columns)
    texts = [SEPARATOR.join(values) for values in kinds.values]
    return together.cases(*zip(texts, positions, strict=True), else_=last)


def most_kinds(outcome: Outcome, shape: tuple[int, int]) -> int:
    """Number of kinds that can be told apart without filling the memory, for so many areas and periods."""
    match outcome:
        case TimeToEventOutcome():
            width = 3 * (outcome.last_day + 1)
        case OrdinalOutcome():
            width = len(outcome.levels)
        case _:
            width = 3
    return int(np.clip(MOST_NUMBERS // (shape[0] * shape[1] * width), 2, MOST))
