"""A study file as read: its data, where each part stands, and problems shown with the line they are on."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from impact.study.words import Loc

WIDEST = 100
LEAD = 40


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Position in the file: line and column from 1, and how many characters to mark."""

    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and what to do about it where that adds something."""

    place: Place
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A study file, read but not yet checked against the schema.

    Attributes
    ----------
    name
        Path as the user gave it.
    text
        The file's text.
    lines
        Its lines, without line ends.
    data
        Plain data: dicts, lists, `Plain` and quoted text, None.
    keys, values
        Place of each key and each value by its location, such as ("areas", "treated", 0).
    unread
        Locations that hold something refused, so that nothing can be concluded from what they seem to hold.
    problems
        What was wrong with the YAML itself, in file order.
    complete
        False if the file could not be read to its end.
    """

    name: str
    text: str
    lines: tuple[str, ...]
    data: dict[str, object]
    keys: Mapping[Loc, Place]
    values: Mapping[Loc, Place]
    unread: frozenset[Loc]
    problems: tuple[Problem, ...]
    complete: bool

    def place(self, loc: Loc, *, key: bool = False) -> Place:
        """Return where `loc` stands: its value, or its key; if it is not in the file, what it would stand in."""
        while loc:
            first, second = (self.keys, self.values) if key else (self.values, self.keys)
            place = first.get(loc) or second.get(loc)
            if place is not None:
                return place
            loc, key = loc[:-1], True
        root = self.values.get((), Place(1, 1))
        return Place(root.line, root.column)

    def render(self, problem: Problem) -> str:
        """Return the problem as text: file, line and column; what is wrong; the line with a marker; what to do."""
        place = problem.place
        head = f"{self.name}:{place.line}:{place.column}: {problem.text}"
        excerpt = marked_line(self.lines[place.line - 1], place) if place.line <= len(self.lines) else ""
        fix = f"   Fix: {problem.fix}" if problem.fix else ""
        return "\n".join(part for part in (head, excerpt, fix) if part)


def marked_line(line: str, place: Place) -> str:
    """Return a line of the file with its number and, below it, a marker; a long line is cut around the marker."""
    if not line.strip():
        return ""
    start = place.column - 1
    cut = max(0, start - LEAD) if len(line) > WIDEST else 0
    shown = line[cut : cut + WIDEST]
    before, marked = shown[: start - cut], shown[start - cut : start - cut + place.width]
    number = str(place.line)
    opening, closing = "…" if cut else "", "…" if cut + WIDEST < len(line) else ""
    pad = " " * (len(opening) + _columns(before))
    return (
        f"   {number} | {opening}{_printable(shown)}{closing}\n"
        f"   {' ' * len(number)} | {pad}{'^' * max(1, _columns(marked))}"
    )


def _printable(text: str) -> str:
    """Replace tabs by one space and what cannot be printed by a stand-in, so that the marker stays in line."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _columns(text: str) -> int:
    """Columns the text takes on a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
