"""Kinds of cases: the combinations of values in the columns that the study declares for the case mix."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis

from impact.intake.findings import legible
from impact.intake.place import Place
from impact.intake.placing import Placed

MOST = 30
OTHER = "other"
NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Kinds:
    """Combinations of values in a source, those with most rows first.

    Attributes
    ----------
    values
        Values of each combination, in the order of the columns; "" where blank.
    more
        Whether there are others than these.
    """

    values: tuple[tuple[str, ...], ...]
    more: bool

    def names(self, most: int) -> tuple[str, ...]:
        """Name of each combination; the rarest are named alike, so that there are at most `most` names."""
        shown = [", ".join(legible(value).strip() or NOT_RECORDED for value in values) for values in self.values]
        kept = dict.fromkeys(shown)
        if self.more or len(kept) > most:
            kept = dict.fromkeys([*(name for name in kept if name != OTHER)][: most - 1])
        return tuple(name if name in kept else OTHER for name in shown)


def kinds_in(placed: Placed, place: Place) -> Kinds:
    """Find the combinations in a source; no more of them than are counted apart."""
    columns = kind_columns(placed)
    rows = placed.rows.filter(place.holds(placed.rows)).select(**columns)
    found = rows.group_by(*columns).aggregate(n=lambda t: t.count())
    first = found.order_by(ibis.desc("n"), *columns).limit(MOST + 1).to_pyarrow().to_pylist()
    values = tuple(tuple(str(each[column]) for column in columns) for each in first)
    return Kinds(values[:MOST], more=len(values) > MOST)


def kind_columns(placed: Placed) -> Mapping[str, Any]:
    """The declared columns by a name of their own; "" where blank."""
    return {f"kind_{k}": placed.values(need).fill_null("") for k, need in enumerate(placed.asked.case_mix)}
