"""Broken YAML and broken files: what PyYAML says, in words a reader can act on, and at its place."""

import re
import socket
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from impact.errors import StudyError
from impact.study import load_study
from impact.study.yaml_marks import MAX_BYTES, parse_document

SYNTAX = {
    "tab for indentation": (
        "study:\n\tid: x\n\ttitle: y\n",
        "2:1",
        "indented with a tab; YAML takes only spaces. So is line 3.",
    ),
    "tab after a colon": ("study:\tx\n", "1:7", "a tab stands here"),
    "bracket left open": ("areas:\n  treated: [a, b\nlevel: x\nfoo: y\n", "2:12", "the [ here is never closed"),
    "brace left open": ("areas: {a: b\nfoo: bar\n", "1:8", "the { here is never closed"),
    "comma missing": ("areas: {a: b c: d}\n", "1:15", "a comma or } is missing before this"),
    "bracket never opened": ("a: b\nc: ]\n", "2:4", "this ] closes nothing"),
    "bracket too many": ("a: [b]]\n", "1:7", "this ] closes nothing"),
    "value missing": ("a: [1, , 2]\n", "1:8", "a value is missing before this comma"),
    "quote left open": ('a: "foo\nb: 1\n', "1:4", "begins with this quote is never closed"),
    "quote within quotes and braces": ("{a: 'King's Lynn'}\n", "1:11", "there is text after the closing quote"),
    "quote within quotes": ("a: 'King's Lynn'\n", "1:10", "there is text after the closing quote"),
    "no space after a colon": ("study:\n  id: x\n  title:Foo\nareas: 1\n", "3:8", "a space is missing after the colon"),
    "no space after a dash": ("a:\n  - b\n  -c\n", "3:3", "a space is missing after the dash"),
    "neither key nor item": ("a: 1\nfoo\nb: 2\n", "2:1", "neither 'key: value' nor a list item"),
    "text before keys": ("foo\nb: 2\n", "1:1", "neither 'key: value' nor a list item"),
    "colon in text": ("study:\n  title: foo: bar # x\n", "2:10", "Fix: write 'foo: bar'."),
    "too far in": ("study:\n  id: x\n    title: y\n", "3:5", "not indented like the lines it belongs with"),
    "between two": ("study:\n  id:\n    x: 1\n   title: y\n", "4:4", "not indented like the lines it belongs with"),
    "too far out": ("study:\n    id: x\n  title: y\n", "3:3", "not indented like the lines it belongs with"),
    "item among keys": ("a:\n  c: d\n  - b\n", "3:3", "a list item ('- ') stands among keys"),
    "key among items": ("a:\n  - b\n  c: d\n", "3:3", "a key stands among list items"),
    "list on its key's line": ("a: - b\n", "1:4", "a list written with dashes begins on the line after its key"),
    "key missing": (": x\n", "1:1", "a key is missing before the colon"),
    "percent": ("a: {date_format: %d/%m/%Y}\n", "1:18", "Fix: write '%d/%m/%Y'."),
    "at sign": ("a: @foo\n", "1:4", "text that begins with '@' must be in quotes"),
    "glob": ("a:\n  path: *.csv # all\n", "2:9", "Fix: write '*.csv'."),
    "glob in braces": ("a: {path: *-street.csv, reader: x}\n", "1:11", "Fix: write '*-street.csv'."),
    "ampersand": ("a: & b\n", "1:4", "text that begins with '&' must be in quotes"),
    "exclamation mark": ("a: !x!y z\n", "1:4", "text that begins with '!' must be in quotes"),
    "question mark": ("a: ? b\n", "1:4", "text that begins with '? ' must be in quotes"),
    "path of Windows": ('a: "data\\police.csv"\n', "1:9", "in a path, write / instead"),
    "escape of no character": (
        'a: "\\U99999999"\n',
        "1:7",
        "a backslash begins a special character, and this is not one",
    ),
    "text after a bar": ("a: |x\n  foo\n", "1:4", "after | or > the text begins on the next line"),
    "directive": ("%YAML 2.0\n---\na: 1\n", "1:1", "a line that begins with % is an instruction"),
    "unknown directive": ("a: 1\n%FOO\n", "2:1", "a line that begins with % is an instruction"),
    "text after the end": ("a: 1\n...\nb: 1\n", "3:1", "this does not belong to what stands above it"),
}

CONTENT = {
    "duplicate key": ("a: 1\nb: 2\na: 3\n", "3:1", "'a' is given twice; it stands in line 1 already"),
    "duplicate in other spelling": ("a: {x: 1, 'x ': 2}\n", "1:11", "'x' is given twice"),
    "tag of Python": (
        "a: !!python/object/apply:os.system [ls]\n",
        "1:4",
        "the tag '!!python/object/apply:os.system' is not",
    ),
    "own tag": ("a: !foo x\n", "1:4", "the tag '!foo' is not read here"),
    "tag of YAML": ("a: !!int 5\n", "1:4", "the tag '!!int' is not read here"),
    "alias of nothing": ("a: *foo\n", "1:4", "'*foo' would repeat another part of the file"),
    "anchor, with its uses": ("a: &x 1\nb: *x\nc: *x\n", "1:4", "where '*x' stands, lines 2 and 3."),
    "merge key": ("a: {<<: {b: 1}}\n", "1:5", "merge keys (<<) are not read here"),
    "list as a key": ("? [a]\n: b\n", "1:3", "a list or a mapping cannot be a key"),
    "second document": ("a: 1\n---\nb: 1\n", "2:1", "a second document begins here"),
    "list at the top": ("- a\n", "1:1", "made of keys and values, such as 'schema: 1'; this one holds a list"),
    "text at the top": ("hello\n", "1:1", "this one holds text"),
    "nothing but dashes": ("---\n", "2:1", "this one holds nothing"),
    "empty": ("", "1:1", "the file is empty"),
    "only a comment": ("# a study\n", "1:1", "the file is empty"),
    "control character": ("a: b\nc: \x00\n", "2:4", r"the file holds the control character \x00"),
    "escaped control character": ('a: "x\\0"\n', "1:4", r"this text holds the control character \x00"),
    "half a character": ('a: "\\ud800"\n', "1:4", r"this text holds the control character \ud800"),
    "byte order mark within": ("a: b\ufeff\n", "1:5", r"the file holds the control character \ufeff"),
    "too deep": ("a: " + "[" * 10_000, "1:54", "nested more than 50 levels deep"),
    "too deep in blocks": ("- " * 10_000, "1:103", "nested more than 50 levels deep"),
    "too many values": ("a: [" + "x," * 50_000 + "]", "1:40001", "more than 20,000 values"),
}


@pytest.mark.parametrize("case", [*SYNTAX, *CONTENT])
def test_yaml_problem(case: str) -> None:
    text, place, fragment = (SYNTAX | CONTENT)[case]
    document = parse_document(text, "x.yaml")
    found = [document.render(problem) for problem in document.problems]
    assert len(found) == 1
    assert found[0].startswith(f"x.yaml:{place}: ")
    assert fragment in found[0]


@pytest.mark.parametrize("case", SYNTAX)
def test_what_cannot_be_read_is_not_checked_further(case: str, problems: Callable[[str], list[str]]) -> None:
    assert len(problems(SYNTAX[case][0])) == 1


def test_every_reference_of_a_bomb_stays_unexpanded() -> None:
    names = "abcdefghijklmnopqrstuvwxyz"
    lines = ["a: &a [x]"]
    lines += [f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]" for old, new in pairwise(names)]
    document = parse_document("\n".join(lines), "x.yaml")
    assert document.data["z"] == [None] * 9
    assert len(document.problems) == 26
    assert document.complete


def test_all_that_is_wrong_is_told_in_file_order() -> None:
    text = "a: !x 1\nb: &b 2\na: 3\nc: *b\nd: *e\n'': 1\n"
    places = [(p.place.line, p.place.column) for p in parse_document(text, "x.yaml").problems]
    assert places == [(1, 4), (2, 4), (3, 1), (5, 4), (6, 1)]


def test_syntax_error_comes_after_what_was_found_before_it() -> None:
    found = parse_document("a: !x 1\na: 2\nb: ]\n", "x.yaml").problems
    assert [p.place.line for p in found] == [1, 2, 3]


def test_nothing_is_constructed() -> None:
    document = parse_document("a: no\nb: 2023-04-01\nc: 1_0\nd: ~\ne: 'no'\nf: [1.5, ]\n1: on\n", "x.yaml")
    assert document.data == {
        "a": "no", "b": "2023-04-01", "c": "1_0", "d": None, "e": "no", "f": ["1.5"], "1": "on",
    }  # fmt: skip
    assert document.problems == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x85"])
def test_line_ends_of_any_kind_count_once(end: str) -> None:
    document = parse_document(end.join(["a: 1", "b: 2", "b: 3"]), "x.yaml")
    assert document.render(document.problems[0]) == (
        "x.yaml:3:1: the key 'b' is given twice; it stands in line 2 already.\n"
        "   3 | b: 3\n"
        "     | ^\n"
        "   Fix: keep one of the two."
    )


def test_marker_stands_under_wide_and_combining_characters() -> None:
    document = parse_document("a: [東京, e\u0301, !x b]\n", "x.yaml")
    excerpt = document.render(document.problems[0]).split("\n")[1:3]
    assert excerpt == ["   1 | a: [東京, e\u0301, !x b]", "     |              ^^"]


def test_long_line_is_cut_around_the_marker() -> None:
    document = parse_document(f"a: [{'x, ' * 100}!y z, {'x, ' * 100}]\n", "x.yaml")
    shown, marker = document.render(document.problems[0]).split("\n")[1:3]
    assert shown.startswith("   1 | … x, x, ")
    assert shown.endswith("…")
    assert len(shown) < 120
    assert shown[marker.index("^") : marker.index("^") + 2] == "!y"


def test_no_control_character_reaches_the_terminal() -> None:
    document = parse_document('a: "\x1b[31m"\n', "x.yaml")
    assert "\x1b" not in document.render(document.problems[0])


def error_of(path: Path) -> str:
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def test_missing_file(tmp_path: Path) -> None:
    (tmp_path / "norfolk.yaml").touch()
    near, far = error_of(tmp_path / "norfolks.yaml"), error_of(tmp_path / "x.yml")
    assert near == f"{tmp_path}/norfolks.yaml: there is no such file. Did you mean '{tmp_path}/norfolk.yaml'?"
    assert far == f"{tmp_path}/x.yml: there is no such file. Its folder holds 'norfolk.yaml'."
    assert "There is no folder" in error_of(tmp_path / "none" / "x.yaml")


def test_path_is_shown_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_text("a: ]", encoding="utf-8")
    with pytest.raises(StudyError, match=r"^\./x\.yaml:1:4: "):
        load_study("./x.yaml")


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "norfolk.yaml").touch()
    assert error_of(tmp_path) == f"{tmp_path}: this is a folder, not a study file. It holds 'norfolk.yaml'."


def test_path_that_cannot_be() -> None:
    assert re.search(r"cannot be read|no such file", error_of(Path("a\0b.yaml")))
    assert "cannot be read" in error_of(Path("x" * 5000))


def test_not_an_ordinary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.yaml")
        assert error_of(Path("s.yaml")) == "s.yaml: this is not an ordinary file."


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("a: é\nb: King\u2019s".encode("utf-8").replace("\u2019".encode(), b"\x92"))
    assert error_of(path).startswith(f"{path}:2:8: the file is not UTF-8 text: byte 14 (0x92) cannot be read.\n")
    path.write_bytes("schema: 1".encode("utf-16"))
    assert error_of(path).startswith(f"{path}:1:1: the file is UTF-16, not UTF-8.")


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "over 1 MiB" in error_of(path)
    path.write_bytes(b"#" * MAX_BYTES)
    assert "the file is empty" in error_of(path)


def test_byte_order_mark_at_the_start_is_no_matter(tmp_path: Path, valid: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(valid, encoding="utf-8-sig")
    study = load_study(path)
    assert study.text.encode() == path.read_bytes()
    assert study.folder == tmp_path.resolve()
    assert study.file_name == "x.yaml"
