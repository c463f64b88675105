"""Read the YAML of a study file: plain data, and the line and column of every key and value.

Nothing is constructed from the YAML: the data are built here from the parser's events, with every unquoted word kept
as text. Tags, anchors, aliases and merge keys are refused, so a file can neither name a Python object nor grow beyond
what it holds. Size, depth and number of values are limited.
"""

import difflib
import os
import re
from pathlib import Path
from typing import cast

import yaml

from impact.errors import StudyError
from impact.study.places import Document, Place, Problem
from impact.study.plain import Plain
from impact.study.syntax import explain_escape, explain_syntax
from impact.study.words import ASIDE, Loc, listed, quoted, visible

MAX_BYTES = 2**20
MAX_DEPTH = 50
MAX_VALUES = 20_000
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
TAG = "tag:yaml.org,2002:"


class _Stop(Exception):  # noqa: N818 - not an error of the program
    """The rest of the file cannot be read; the problem is already noted."""


def read_document(path: str | Path) -> Document:
    """Read a study file.

    Raises
    ------
    StudyError
        If there is no such file, or it is not readable UTF-8 text of at most 1 MiB.
    """
    name = os.fspath(path) or "."
    return parse_document(_decode(_read(name), name), name)


def parse_document(text: str, name: str) -> Document:
    """Read the text of a study file; what is wrong with its YAML is in the result's `problems`."""
    body = text.removeprefix(BYTE_ORDER_MARK)
    reader = _Reader(body)
    reader.read()
    data = reader.data
    return Document(
        name=name,
        text=text,
        lines=tuple(LINE_END.split(body)),
        data=data if isinstance(data, dict) else {},
        keys=reader.keys,
        values=reader.values,
        unread=frozenset(reader.unread),
        problems=tuple(reader.problems),
        complete=reader.complete and isinstance(data, dict),
    )


def _read(name: str) -> bytes:
    path = Path(name)
    try:
        if path.is_dir():
            raise StudyError(f"{name}: this is a folder, not a study file.{_holds(path)}")
        if not path.exists():
            raise StudyError(f"{name}: there is no such file.{_close_to(path)}")
        if not path.is_file():
            raise StudyError(f"{name}: this is not an ordinary file.")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
        raise StudyError(f"{visible(name)}: the file cannot be read: {reason}.") from None
    if len(raw) > MAX_BYTES:
        raise StudyError(
            f"{name}: the file is over 1 MiB, and a study file is a page or two. "
            "Name data files in 'sources'; do not give them in place of the study file."
        )
    return raw


def _studies_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.suffix in {".yaml", ".yml"}) if folder.is_dir() else []


def _holds(folder: Path, what: str = "It") -> str:
    names = _studies_in(folder)[:5]
    return f" {what} holds {listed([quoted(n) for n in names], 'and')}." if names else ""


def _close_to(path: Path) -> str:
    if not path.parent.is_dir():
        return f" There is no folder '{visible(str(path.parent))}' either."
    near = difflib.get_close_matches(path.name, _studies_in(path.parent), n=1)
    if near:
        return f" Did you mean '{visible(str(path.parent / near[0]))}'?"
    return _holds(path.parent, "Its folder")


def _decode(raw: bytes, name: str) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise StudyError(f"{name}:1:1: the file is UTF-16, not UTF-8.\n   Fix: save it again as UTF-8.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8").removeprefix(BYTE_ORDER_MARK)
        lines = tuple(LINE_END.split(raw.decode("utf-8", "replace").removeprefix(BYTE_ORDER_MARK)))
        *above, last = LINE_END.split(before)
        problem = Problem(
            Place(len(above) + 1, len(last) + 1),
            f"the file is not UTF-8 text: byte {error.start + 1} (0x{raw[error.start]:02x}) cannot be read.",
            "save the file again as UTF-8.",
        )
        document = Document(name, "", lines, {}, {}, {}, frozenset(), (problem,), complete=False)
        raise StudyError(document.render(problem)) from None


class _Reader:
    """Builds data and marks from the events of one YAML document."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = LINE_END.split(text)
        self.data: object = None
        self.keys: dict[Loc, Place] = {}
        self.values: dict[Loc, Place] = {}
        self.unread: set[Loc] = set()
        self.problems: list[Problem] = []
        self.complete = False
        self._anchors: dict[str, Place] = {}
        self._aliases: dict[str, list[Place]] = {}
        self._count = 0

    def read(self) -> None:
        """Read the whole text; whatever is wrong is noted in `problems`, in file order."""
        if self._unprintable():
            return
        self._loader = yaml.SafeLoader(self.text)
        try:
            self._document()
            self.complete = True
        except yaml.MarkedYAMLError as error:
            self.problems.append(explain_syntax(error, self.lines))
        except (ValueError, OverflowError):  # an escape such as "\UFFFFFFFF" names no character
            mark = self._loader.get_mark()
            self.problems.append(explain_escape(Place(mark.line + 1, mark.column + 1)))
        except _Stop:
            pass
        self._references()
        self.problems.sort(key=lambda p: p.place)

    def _unprintable(self) -> bool:
        found = list(UNPRINTABLE.finditer(self.text))
        if not found:
            return False
        *above, last = LINE_END.split(self.text[: found[0].start()])
        more = f" (and {len(found) - 1} more further on)" if found[1:] else ""
        self._note(
            Place(len(above) + 1, len(last) + 1),
            f"the file holds the control character {visible(found[0].group())}{more}.",
            "delete it; this may not be a text file.",
        )
        return True

    def _note(self, place: Place, text: str, fix: str = "") -> None:
        self.problems.append(Problem(place, text, fix))

    def _event(self) -> yaml.Event:
        event: yaml.Event = self._loader.get_event()  # type: ignore[no-untyped-call]
        return event

    def _document(self) -> None:
        self._event()  # the start of the stream
        if not self._loader.check_event(yaml.DocumentStartEvent):
            self._note(Place(1, 1), "the file is empty.", "'impact init' writes a study to start from.")
            return
        self._event()
        root = self._event()
        self.data = self._value(root, ())
        self._event()  # the end of the document
        more = self._loader.check_event(yaml.DocumentStartEvent)
        if not isinstance(self.data, dict) and not self.unread:
            self._not_a_mapping(root)
        if more:
            start = self._place(self._event())
            self._note(
                Place(start.line, start.column, 3),
                "a second document begins here.",
                "give each study a file of its own.",
            )

    def _not_a_mapping(self, root: yaml.Event) -> None:
        what = "a list" if isinstance(root, yaml.SequenceStartEvent) else "text" if self.data else "nothing"
        self._note(
            self.values[()],
            f"a study file is made of keys and values, such as 'schema: 1'; this one holds {what}.",
            "'impact init' writes a study to start from.",
        )

    def _value(self, event: yaml.Event, loc: Loc) -> object:
        place = self._place(event)
        self.values[loc] = place
        self._count += 1
        if self._count > MAX_VALUES:
            self._note(place, f"the file holds more than {MAX_VALUES:,} values.", "keep data out of the study file.")
            raise _Stop
        if len(loc) > MAX_DEPTH:
            self._note(place, f"this is nested more than {MAX_DEPTH} levels deep.", "look for brackets left open.")
            raise _Stop
        if isinstance(event, yaml.AliasEvent):
            self._aliases.setdefault(str(event.anchor), []).append(place)
            self.unread.add(loc)
            return None
        self._refuse_marks(event, place)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(loc)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(loc)
        return self._scalar(cast("yaml.ScalarEvent", event), loc, place)

    def _place(self, event: yaml.Event) -> Place:
        start, end = cast("yaml.Mark", event.start_mark), cast("yaml.Mark", event.end_mark)
        line = self.lines[start.line]
        rest = len(line.rstrip()) - start.column
        collection = isinstance(event, yaml.CollectionStartEvent)
        width = rest if collection or end.line > start.line else end.column - start.column
        return Place(start.line + 1, start.column + 1, max(1, width))

    def _refuse_marks(self, event: yaml.Event, place: Place) -> None:
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self._anchors.setdefault(event.anchor, Place(place.line, place.column, len(event.anchor) + 1))
        tag = getattr(event, "tag", None)
        if tag is not None:
            shown = tag.replace(TAG, "!!", 1) if tag.startswith(TAG) else tag
            self._note(
                Place(place.line, place.column, max(1, len(shown))),
                f"the tag {quoted(shown)} is not read here.",
                "remove it; if it is meant as text, put the text in quotes.",
            )

    def _mapping(self, loc: Loc) -> dict[str, object]:
        result: dict[str, object] = {}
        while not self._loader.check_event(yaml.MappingEndEvent):
            event = self._event()
            key = self._key(event, loc)
            if key is None:
                self.unread.add((*loc, ASIDE))
                self._value(self._event(), (*loc, ASIDE))
                continue
            place = self._place(event)
            if key in result:
                self._note(
                    place,
                    f"the key {quoted(key)} is given twice; it stands in line {self.keys[*loc, key].line} already.",
                    "keep one of the two.",
                )
                self._value(self._event(), (*loc, ASIDE))
                continue
            self.keys[*loc, key] = place
            result[key] = self._value(self._event(), (*loc, key))
            if result[key] is None:
                self.values[*loc, key] = self._place_of_nothing(loc, key)
        self._close(loc)
        return result

    def _close(self, loc: Loc) -> None:
        """Read the end of a collection; one in brackets on one line is marked up to its closing bracket."""
        end, start = self._place(self._event()), self.values[loc]
        closing = self.lines[end.line - 1][end.column - 1 : end.column]
        if end.line == start.line and closing in {"]", "}"} and end.column > start.column:
            self.values[loc] = Place(start.line, start.column, end.column + 1 - start.column)

    def _place_of_nothing(self, loc: Loc, key: str) -> Place:
        """Where an empty value stands: at its key, unless it is written out as null or ~."""
        value = self.values[*loc, key]
        written = self.lines[value.line - 1][value.column - 1 :].startswith(("~", "n", "N", "*"))
        return value if written else self.keys[*loc, key]

    def _key(self, event: yaml.Event, loc: Loc) -> str | None:
        """Read a key; None, with the problem noted, if it is not one that a study file can have."""
        place = self._place(event)
        if isinstance(event, yaml.AliasEvent):
            self._aliases.setdefault(str(event.anchor), []).append(place)
            return None
        if not isinstance(event, yaml.ScalarEvent):
            self._value(event, (*loc, ASIDE))
            self._note(place, "a list or a mapping cannot be a key.", "write 'key: value', with a word for the key.")
            return None
        self._refuse_marks(event, place)
        self._scalar(event, (*loc, ASIDE), place)
        if (*loc, ASIDE) in self.unread and CONTROL.search(event.value):
            return None
        key = str(event.value).strip()
        if key == "<<" and event.style is None:
            self._note(place, "merge keys (<<) are not read here.", "write the keys out.")
            return None
        if not key:
            self._note(place, "a key is missing before the colon.", "write 'key: value'.")
            return None
        return key

    def _sequence(self, loc: Loc) -> list[object]:
        result: list[object] = []
        while not self._loader.check_event(yaml.SequenceEndEvent):
            result.append(self._value(self._event(), (*loc, len(result))))
        self._close(loc)
        return result

    def _scalar(self, event: yaml.ScalarEvent, loc: Loc, place: Place) -> str | None:
        text: str = event.value
        found = CONTROL.search(text)
        if found:
            self._note(place, f"this text holds the control character {visible(found.group())}.", "delete it.")
            self.unread.add(loc)
            return None
        if event.style is not None:
            return text
        return None if text in NOTHING else Plain(text)

    def _references(self) -> None:
        """Note anchors, each once with the lines that refer to it, and references to nothing."""
        for name, place in self._anchors.items():
            uses = self._aliases.pop(name, [])
            lines = [str(line) for line in sorted({use.line for use in uses})]
            at = f"line{'s' if lines[1:] else ''} {listed(lines, 'and')}" if lines else ""
            fix = f"write the values out where '*{name}' stands, {at}." if uses else "remove it, or use quotes."
            self._note(place, f"anchors such as '&{visible(name)}' are not read here.", fix)
        for name, places in self._aliases.items():
            for place in places:
                text = f"'*{visible(name)}' would repeat another part of the file; that is not read here."
                self._note(place, text, f"if it is meant as text, put it in quotes: '*{visible(name)}'.")
