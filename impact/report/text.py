"""Text from the study and the data, made safe to print: nothing invisible, nothing endless."""

import re
import unicodedata
from collections.abc import Sequence

from markupsafe import Markup

HIDDEN = {"Cc", "Cs", "Co", "Cn"}  # controls, halves of characters, private and unassigned
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
NARROW = frozenset(" .,:;'|!ijl()[]-\u2019\u2018")
BROAD = frozenset("mwMW@%\u2014+−")


def clean(text: str) -> str:
    """Drop what could hide or reorder the text around it: control characters and direction overrides.

    Line breaks and tabs become spaces unless the text is markup, which is kept as it is laid out.
    """
    if isinstance(text, Markup) or text.isprintable():  # printable text holds none of them
        return text
    return "".join(" " if c in "\n\r\t" else c for c in text if c in "\n\r\t" or not _hidden(c))


def joined(items: Sequence[str], last: str = "and") -> str:
    """Write a list as a person would: "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def sentence(text: str) -> str:
    """Give the text a capital at its start and a full stop at its end."""
    stripped = text.strip()
    if not stripped:
        return ""
    ended = stripped if stripped[-1] in ".?!…" else f"{stripped}."
    return capital(ended)


def capital(text: str) -> str:
    """Give the text a capital at its start."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Take the capital off the first word, unless the word is an abbreviation or a name of several capitals."""
    first = text.split(" ", 1)[0]
    return text if first[1:] != first[1:].lower() else text[:1].lower() + text[1:]


def slug(text: str) -> str:
    """Reduce a text to letters, digits and single dashes, for names of files and places; never empty."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:60] or "x"


def slugs(texts: Sequence[str]) -> tuple[str, ...]:
    """Give each text its own `slug`; a second one of the same name gets a number."""
    made: list[str] = []
    for text in texts:
        base, number = slug(text), 2
        name = base
        while name in made:
            name, number = f"{base}-{number}", number + 1
        made.append(name)
    return tuple(made)


def width(text: str) -> float:
    """Approximate width of the text in a sans-serif face, in units of the font size; errs on the wide side."""
    return sum(map(_advance, text))


def fitted(text: str, room: float) -> str:
    """Shorten the text, with an ellipsis, until its `width` is at most `room`."""
    if width(text) <= room:
        return text
    kept = text
    while kept and width(kept) + 1 > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def wrapped(text: str, room: float, lines: int) -> tuple[str, ...]:
    """Break the text into at most this many lines of at most this `width`; the last one is shortened if it must be."""
    done: list[str] = []
    rest = text.split()
    while rest and len(done) < lines - 1:
        taken = 1
        while taken < len(rest) and width(" ".join(rest[: taken + 1])) <= room:
            taken += 1
        if width(rest[0]) > room:
            break
        done.append(" ".join(rest[:taken]))
        rest = rest[taken:]
    return (*done, fitted(" ".join(rest), room)) if rest else tuple(done)


def _hidden(character: str) -> bool:
    return character in BIDI or unicodedata.category(character) in HIDDEN


def _advance(character: str) -> float:
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 1.1
    if unicodedata.combining(character):
        return 0.0
    if character in NARROW:
        return 0.36
    if character in BROAD:
        return 0.95
    return 0.72 if character.isupper() else 0.58
