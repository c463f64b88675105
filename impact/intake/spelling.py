"""Names of areas as people write them: which two are the same, which are nearly so, and which are none."""

import difflib
import re
from collections.abc import Iterable

ALIKE = 0.85
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

    Names that differ in a number, or in a word such as north or east, are taken for different areas.
    """
    same_marks = []
    for area in areas:
        if plain(area) == plain(name):
            return area
        if _marks(area) == _marks(name):
            same_marks.append(area)
    folded = {area.casefold(): area for area in same_marks}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=ALIKE)
    return folded[near[0]] if near else None


def _marks(name: str) -> tuple[list[str], list[str]]:
    words = re.findall(r"[^\W\d_]+", name.casefold())
    return re.findall(r"\d+", name), [w for w in words if w in TELLING]


def says_none(name: str) -> bool:
    """Whether a name says that there is no area, or that it is not known."""
    return plain(name) in NO_AREA
