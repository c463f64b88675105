"""Names of areas as people write them: which two are the same, which are nearly so, and which are none."""

import difflib
import re
from collections.abc import Iterable, Sequence

ALIKE = 0.85
RESEMBLING = 0.7
SHORTEST = 4
"""Letters of a name in which two that are swapped show a slip; in shorter names they make another one."""
TELLING = frozenset(
    [
        "north",
        "northern",
        "south",
        "southern",
        "east",
        "eastern",
        "west",
        "western",
        "upper",
        "lower",
        "inner",
        "outer",
        "central",
        "mid",
        "new",
        "old",
        "great",
        "little",
        "i",
        "ii",
        "iii",
        "iv",
        "v",
        "a",
        "b",
        "c",
        "d",
        "e",
        "first",
        "second",
        "third",
        "one",
        "two",
        "three",
    ]
)
"""Words by which real neighbours differ: East Suffolk is not a misspelling of West Suffolk."""


NO_AREA = frozenset(
    [
        "",
        "blank",
        "missing",
        "na",
        "nan",
        "nil",
        "noarea",
        "none",
        "noneknown",
        "notapplicable",
        "notavailable",
        "notknown",
        "notprovided",
        "notrecorded",
        "notspecified",
        "notstated",
        "null",
        "other",
        "others",
        "tbc",
        "unallocated",
        "unassigned",
        "undefined",
        "unknown",
        "unknownarea",
        "unrecorded",
        "unspecified",
    ]
)
"""Names, without spaces and punctuation, that say there is no area."""


def plain(name: str) -> str:
    """A name without case, spaces and punctuation, with & read as and."""
    return re.sub(r"[\W_]+", "", name.casefold().replace("&", "and"))


def near_name(name: str, areas: Iterable[str]) -> str | None:
    """Return the area that a name probably misspells, or None.

    Two neighbouring letters that are swapped are one slip. Names that differ in a number, or in a word such as north or
    east, are taken for different areas.
    """
    listed = list(areas)
    same = next((area for area in listed if plain(area) == plain(name)), None)
    same_marks = [area for area in listed if _marks(area) == _marks(name)]
    swapped = (area for area in same_marks if _swapped(plain(name), plain(area)))
    return same or next(swapped, None) or _closest(name, same_marks, ALIKE)


def resembling(name: str, areas: Iterable[str]) -> str | None:
    """Return the area that a name looks like, if only somewhat; two areas may well have such names."""
    return _closest(name, [area for area in areas if _marks(area) == _marks(name)], RESEMBLING)


def _closest(name: str, areas: Sequence[str], cutoff: float) -> str | None:
    folded = {area.casefold(): area for area in areas}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=cutoff)
    return folded[near[0]] if near else None


def _swapped(one: str, other: str) -> bool:
    """Whether two names of letters alone are the same but for two neighbouring letters that changed places."""
    if len(one) != len(other) or len(one) < SHORTEST or not (one.isalpha() and other.isalpha()):
        return False
    at = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return len(at) == 2 and at[1] == at[0] + 1 and one[at[0]] == other[at[1]] and one[at[1]] == other[at[0]]


def _marks(name: str) -> tuple[list[str], list[str]]:
    words = re.findall(r"[^\W\d_]+", name.casefold())
    return re.findall(r"\d+", name), [w for w in words if w in TELLING]


def says_none(name: str) -> bool:
    """Whether a name says that there is no area, or that it is not known."""
    return plain(name) in NO_AREA
