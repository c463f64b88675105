"""What is left of a study file when what is wrong is cut out, so that the rest can still be checked."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from impact.study import json_schema as shape
from impact.study.explain import Complaint
from impact.study.words import ASIDE, Loc

AREA = "an area"
OF_AN_OUTCOME: Mapping[str | int, object] = {
    "source": "source",
    "better": "higher",
    "value": "column",
    "event": "column",
    "censor": "column",
    "horizon": 90,
    "levels": ["no", "yes"],
}
"""What stands in for a key that an outcome or an output cannot do without."""
STAND_INS: Mapping[Loc, object] = {
    ("schema",): 1,
    ("study", "id"): "study",
    ("study", "title"): "Study",
    ("study",): {"id": "study", "title": "Study"},
    ("intervention", "name"): "Intervention",
    ("intervention", "start"): "2000-01-01",
    ("intervention",): {"name": "Intervention", "start": "2000-01-01"},
    ("areas", "treated"): [AREA],
    ("areas",): {"treated": [AREA]},
    ("sources",): {"source": {"path": "rows.csv"}},
    ("outcomes",): {"outcome": {"source": "source", "kind": "count", "better": "higher"}},
}
"""What stands in for a key that a study cannot do without; nothing that touches it is concluded from it."""


def _stand_in(loc: Loc) -> object:
    of_an_outcome = OF_AN_OUTCOME.get(loc[2]) if len(loc) == 3 and loc[0] in {"outcomes", "outputs"} else None
    return STAND_INS.get(loc, of_an_outcome)


class Pruned:
    """A study file's data, less what is wrong.

    Parameters
    ----------
    data
        The data as read; not changed.
    unread
        Locations that hold what could not be read; ending in `ASIDE` for entries of a mapping that were left out.
    """

    def __init__(self, data: dict[str, object], unread: frozenset[Loc]) -> None:
        self._source = data
        self._dropped: set[Loc] = set()
        self._replaced: dict[Loc, object] = {}
        self._replaced_in: dict[Loc, list[str]] = {}
        self._cuts: set[Loc] = set()
        self._above: set[Loc] = set()
        self._kept: dict[Loc, list[int]] = {}
        for loc in unread:
            self._note(loc)
        self._unread = unread

    def _note(self, loc: Loc) -> None:
        self._cuts.add(loc)
        self._above.update(loc[:depth] for depth in range(len(loc)))

    def data(self) -> dict[str, object]:
        """Return a copy of the data without what has been cut."""
        copy = self._copy(self._source, (), self._dropped)
        return copy if isinstance(copy, dict) else {}

    def _copy(self, value: object, loc: Loc, dropped: AbstractSet[Loc]) -> object:
        if loc in self._replaced:
            return self._replaced[loc]
        if isinstance(value, dict):
            kept = {k: self._copy(v, (*loc, k), dropped) for k, v in value.items() if (*loc, k) not in dropped}
            return kept | {key: self._replaced[*loc, key] for key in self._replaced_in.get(loc, ()) if key not in kept}
        if isinstance(value, list):
            return [self._copy(v, (*loc, i), dropped) for i, v in enumerate(value) if (*loc, i) not in dropped]
        return value

    def names(self, section: str) -> frozenset[str] | None:
        """Return every name given in a section, those cut included; None if they are not known."""
        named = self._source.get(section)
        known = not self._unread & {(section,), (section, ASIDE)}
        return frozenset(named) if known and isinstance(named, dict) else None

    def original(self, loc: Loc) -> Loc:
        """Return the location in the file of what stands at `loc` in the pruned data."""
        value: object = self._source
        found: Loc = ()
        for part in loc:
            if isinstance(part, int) and isinstance(value, list):
                index = self._index(found, value, part)
                found, value = (*found, index), value[index]
            else:
                found, value = (*found, part), value.get(part) if isinstance(value, dict) else None
        return found

    def _index(self, loc: Loc, items: list[object], position: int) -> int:
        if loc not in self._kept:
            self._kept[loc] = [i for i in range(len(items)) if (*loc, i) not in self._dropped]
        return self._kept[loc][position]

    def touches(self, loc: Loc) -> bool:
        """Whether something at, above or below `loc` has been cut or could not be read."""
        return loc in self._above or any(loc[:depth] in self._cuts for depth in range(len(loc) + 1))

    def reports(self, loc: Loc, complaint: Complaint) -> bool:
        """Whether a complaint about `loc` says something new, and not what follows from a cut."""
        left_out = complaint.missing and (*loc[:-1], ASIDE) in self._unread
        return not left_out and not self.touches(loc)

    def cut(self, wrong: Iterable[tuple[Loc, Complaint]]) -> bool:
        """Cut out what each complaint, about a location in the file, is about; False if that is not possible."""
        data = self._copy(self._source, (), frozenset())
        done = [self._cut(loc, complaint, data) for loc, complaint in wrong]
        self._kept.clear()
        return all(done)

    def _cut(self, loc: Loc, complaint: Complaint, data: object) -> bool:
        if complaint.unknown:
            if complaint.instead:
                self._note((*loc[:-1], complaint.instead))
            return self._drop(loc)
        if complaint.instead and loc[-1] == "kind":
            return self._replace(loc, complaint.instead)
        while loc:
            required = shape.is_required(loc, data)
            stand_in = _stand_in(loc) if required else None
            if stand_in is not None:
                return loc not in self._replaced and self._replace(loc, stand_in)
            if not required:
                return self._drop(loc)
            loc = loc[:-1]
        return False

    def _drop(self, loc: Loc) -> bool:
        self._dropped.add(loc)
        self._note(loc)
        return True

    def _replace(self, loc: Loc, value: object) -> bool:
        self._replaced[loc] = value
        self._replaced_in.setdefault(loc[:-1], []).append(str(loc[-1]))
        self._note(loc)
        return True
