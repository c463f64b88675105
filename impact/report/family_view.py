"""Several outcomes at once, finished for print: what is left of each when it is allowed for that many were tried."""

from dataclasses import dataclass

from impact.report import format as fmt
from impact.report.tables import NO_VALUE, Table, table
from impact.report.text import joined, sentence
from impact.result import FamilyInfo, IndexInfo, RunResult

NOTABLE = 0.05
JOINT = "All primary and secondary outcomes put together in one index"


@dataclass(frozen=True, slots=True)
class FamilyView:
    """Sentences first, then a table; `refused` says what could not be done."""

    sentences: tuple[str, ...]
    table: Table | None
    refused: tuple[str, ...]


def family_view(result: RunResult) -> FamilyView | None:
    """Finish what the outcomes say together; None if there is nothing to say."""
    family = result.family
    if family is None:
        return None
    said = [_primary(result, family), *_others(result, family), *_index(family.index)]
    shown = family.others or family.index
    return FamilyView(tuple(said), _table(result, family) if shown else None, tuple(map(sentence, family.refused)))


def _title(result: RunResult, key: str) -> str:
    outcome = result.outcomes.get(key)
    return outcome.title if outcome else key


def _primary(result: RunResult, family: FamilyInfo) -> str:
    return (
        f"One outcome is the one to judge by, and keeps its own test: {_title(result, family.primary)}. The more "
        "others are looked at, the likelier it is that one of them moves by chance alone, so their p values are raised "
        "to allow for that."
    )


def _others(result: RunResult, family: FamilyInfo) -> tuple[str, ...]:
    if not family.others or family.floor is None:
        return ()
    least = fmt.smallest_p(family.floor)
    if family.floor > NOTABLE:
        return (f"With these areas the smallest p value there can be is {least}, so none can stand out.",)
    left = [_title(result, other.outcome) for other in family.others if other.adjusted_p <= NOTABLE]
    limit = f"a p of {fmt.fixed(NOTABLE, 2)} or less, where the smallest there can be is {least}"
    if not left:
        return (f"Allowing for that, none of them stands out ({limit}).",)
    which = "this one still stands" if len(left) == 1 else "these still stand"
    return (f"Allowing for that, {which} out ({limit}): {joined(left)}.",)


def _index(index: IndexInfo | None) -> tuple[str, ...]:
    if index is None:
        return ()
    if index.interval is None:
        return (f"{JOINT} moved by {_sd(index.estimate)}; no range can be given.",)
    lo, hi = index.interval
    way = "for the better" if index.estimate > 0 else "for the worse"
    between = f"{fmt.interval_name(index.level)} {fmt.signed(lo, 2)} to {fmt.signed(hi, 2)}"
    return (f"{JOINT} moved {way}: by {_sd(index.estimate)} ({between}).",)


def _sd(value: float) -> str:
    return f"{fmt.signed(value, 2)} standard deviations"


def _table(result: RunResult, family: FamilyInfo) -> Table:
    primary, index = result.outcomes.get(family.primary), family.index
    head = primary.headline if primary else None
    first = f"{_title(result, family.primary)} (primary)"
    rows = [[first, _p(head.p_value if head else None), "not raised", _share(index, family.primary)]]
    for other in family.others:
        share = _share(index, other.outcome)
        rows.append([_title(result, other.outcome), _p(other.p_value), _p(other.adjusted_p), share])
    if index is not None:
        rows.append(["All in one index", _p(index.p_value), NO_VALUE, "100%"])
    columns = [("Outcome", False), ("By itself", True), ("Allowing for the others", True), ("Share of the index", True)]
    shown = 4 if index else 3
    return table("Several outcomes at once", columns[:shown], [row[:shown] for row in rows], _notes(family))


def _p(p: float | None) -> str:
    return fmt.p_value(p) or NO_VALUE


def _share(index: IndexInfo | None, key: str) -> str:
    return fmt.threshold(round(index.weights[key], 2)) if index and key in index.weights else NO_VALUE


def _notes(family: FamilyInfo) -> list[str]:
    notes = []
    if family.assignments is not None:
        which = "all" if family.exact else "a random sample"
        notes.append(
            f"The raised p values compare {fmt.count(family.assignments)} choices of treated areas, {which} of those "
            "there are; the primary outcome and the index have the p value of a headline."
        )
    return notes + ([family.index.note] if family.index else [])
