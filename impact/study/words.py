"""Words for what is wrong with a study file: values as the user wrote them, names of places, near misses."""

import difflib
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from impact.study.plain import DECIMAL, Plain

type Loc = tuple[str | int, ...]

ASIDE = -1  # stands in a location for what was left out of a mapping
LONGEST = 60
MOST_KNOWN = 300  # of more names than this, such as codes of small areas, a near miss tells nothing and takes long


def visible(text: str) -> str:
    """Return the text with whatever a reader cannot see written as an escape."""
    return "".join(c if c == " " or _is_visible(c) else c.encode("unicode_escape").decode() for c in text)


def _is_visible(character: str) -> bool:
    return character.isprintable() and unicodedata.category(character) != "Zs"


def quoted(text: str) -> str:
    """Return a text in quotes as YAML would take it, cut to a readable length."""
    short = visible(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
    mark = '"' if "'" in short and not {'"', "\\"} & set(short) else "'"
    return f"{mark}{short}{mark}"


def describe(value: object) -> str:
    """Name a value as it stands in the file: 'text', 5, nothing, a list, a mapping."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, Plain) and len(value) <= LONGEST and DECIMAL.fullmatch(value):
        return str(value)
    return quoted(str(value))


def listed(words: Iterable[str], last: str = "or") -> str:
    """Join words: 'a', 'a or b', 'a, b or c'."""
    *first, final = words
    return f"{', '.join(first)} {last} {final}" if first else final


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: '1 item', '2 items'."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def nearest(word: str, known: Collection[str]) -> str | None:
    """Return the known word that `word` was probably meant to be, or None."""
    if len(known) > MOST_KNOWN:
        return None
    plain = {_folded(k): k for k in sorted(known)}
    near = difflib.get_close_matches(_folded(word), plain, n=3, cutoff=0.65)
    return plain[max(near, key=lambda k: _likeness(_folded(word), k))] if near else None


def _likeness(word: str, known: str) -> tuple[float, bool]:
    """How alike two words are; of two equally alike, the one with the same first letter is more so."""
    return difflib.SequenceMatcher(None, word, known).ratio(), word[:1] == known[:1]


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return '; did you mean 'x'?' for a near miss, or nothing."""
    near = nearest(word, known)
    return f"; did you mean {quoted(near)}?" if near else ""


def _folded(word: str) -> str:
    return "_".join(word.casefold().replace("-", " ").replace("_", " ").split())


def where(loc: Loc) -> str:
    """Name a place in the study file: 'areas.treated', 'item 2 of areas.treated', 'from in item 1 of time.exclude'."""
    if not loc:
        return "the study file"
    numbers = [i for i, part in enumerate(loc) if isinstance(part, int)]
    if not numbers:
        return _dotted(loc)
    last = numbers[-1]
    item = f"item {int(loc[last]) + 1} of {where(loc[:last])}"
    return f"{_dotted(loc[last + 1 :])} in {item}" if loc[last + 1 :] else item


def _dotted(loc: Loc) -> str:
    parts = [str(part) for part in loc]
    return ".".join(part if part.replace("_", "").replace("-", "").isalnum() else quoted(part) for part in parts)
