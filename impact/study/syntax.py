"""YAML syntax errors in plain English, with the usual cause and its cure."""

import re
from collections.abc import Callable, Sequence

import yaml

from impact.study.places import Place, Problem
from impact.study.words import listed, quoted

type Lines = Sequence[str]
type Explainer = Callable[[yaml.MarkedYAMLError, Lines], Problem]

NO_SPACE = re.compile(r"\s*(?:-\s+)?[^\s:'\"\[{#]+(:)\S")
NO_DASH_SPACE = re.compile(r"\s*(-)[^\s-]")
COLON_IN_TEXT = re.compile(r"(?P<key>.*?:\s+)(?P<text>\S.*)")
BRACKETS = {"]": "[", "}": "{"}
SHAPE = "each line is 'key: value', or begins with '- ' in a list."


def explain_syntax(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    """Say what a YAML syntax error means for the person who wrote the file."""
    problem = error.problem or ""
    whole = f"{error.context or ''}: {problem}"
    for pattern, explain in EXPLAINERS:
        if re.search(pattern, whole):
            return explain(error, lines)
    return Problem(_at(error.problem_mark), "this cannot be read as YAML.", SHAPE)


def explain_escape(place: Place) -> Problem:
    """Explain a backslash within double quotes that begins nothing known."""
    return Problem(
        place,
        "within double quotes a backslash begins a special character, and this is not one.",
        "use single quotes; in a path, write / instead.",
    )


def _at(mark: yaml.Mark | None, width: int = 1) -> Place:
    return Place(mark.line + 1, mark.column + 1, max(1, width)) if mark else Place(1, 1)


def _line(mark: yaml.Mark | None, lines: Lines) -> str:
    return lines[mark.line] if mark and mark.line < len(lines) else ""


def _rest(mark: yaml.Mark | None, lines: Lines) -> str:
    """Text from the mark to the end of its line, without a comment."""
    return re.split(r"\s+#", _line(mark, lines)[mark.column :] if mark else "")[0].rstrip()


def _found(error: yaml.MarkedYAMLError) -> str:
    """Return the token or character that PyYAML names as found."""
    match = re.search(r"(?:found|got) '(.*)'", error.problem or "")
    return match.group(1) if match else ""


def _tab(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    mark = error.problem_mark
    if mark and _line(mark, lines)[: mark.column].strip():
        return Problem(_at(mark), "a tab stands here; YAML takes only spaces.", "replace it by a space, or remove it.")
    first = error.problem_mark.line if error.problem_mark else 0
    others = [str(i + 1) for i, line in enumerate(lines) if i > first and re.match(r" *\t\s*\S", line)]
    these = f"are lines {listed(others[:10], 'and')}" if others[1:] else f"is line {others[0]}" if others else ""
    more = f" So {these}." if others else ""
    return Problem(
        _at(error.problem_mark),
        f"this line is indented with a tab; YAML takes only spaces.{more}",
        "replace each tab by two spaces.",
    )


def _needs_quotes(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    mark = error.context_mark or error.problem_mark
    text = _rest(mark, lines)
    line = _line(mark, lines)
    if text.startswith("%") and not line[: mark.column if mark else 0].strip():
        return _directive(error, lines)
    value = re.split(r"[,\]}]", text)[0].rstrip() if re.search(r"[\[{]", line) else text
    return Problem(
        _at(mark, len(value)), f"text that begins with {quoted(text[:1])} must be in quotes.", f"write {quoted(value)}."
    )


def _escape(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    del lines
    mark = error.problem_mark
    return explain_escape(Place(mark.line + 1, max(1, mark.column), 2) if mark else Place(1, 1))


def _open_quote(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    mark = error.context_mark
    return Problem(
        _at(mark),
        "the text that begins with this quote is never closed.",
        f"put {_line(mark, lines)[mark.column : mark.column + 1] if mark else ''} at its end too.",
    )


def _block_text(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    mark = error.context_mark
    return Problem(
        _at(mark, len(_rest(mark, lines))),
        "after | or > the text begins on the next line.",
        "put the text in quotes, or begin it on the next line, indented.",
    )


def _open_bracket(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    start, found = error.context_mark, error.problem_mark
    closing = "]" if "]" in (error.problem or "") else "}"
    if found and _line(found, lines)[: found.column].rstrip().endswith(("'", '"')) and "scalar" in _found(error):
        return _after_quote(found, lines)
    if start and found and start.line == found.line:
        return Problem(_at(found), f"a comma or {closing} is missing before this.", "")
    return Problem(
        _at(start, len(_rest(start, lines))),
        f"the {BRACKETS[closing]} here is never closed.",
        f"end it with {closing}, and put a comma between its parts.",
    )


def _no_value(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    found = _found(error)
    if found in BRACKETS:
        return _closes_nothing(error, lines)
    what = "before this comma" if found == "," else "here"
    return Problem(_at(error.problem_mark), f"a value is missing {what}.", "")


def _closes_nothing(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    del lines
    closing = _found(error)
    return Problem(
        _at(error.problem_mark),
        f"this {closing} closes nothing.",
        f"remove it, or add the {BRACKETS[closing]} that it belongs to.",
    )


def _block_end(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    mark, found = error.problem_mark, _found(error)
    line = _line(mark, lines)
    before = line[: mark.column].rstrip() if mark else ""
    if before.endswith(("'", '"')):
        return _after_quote(mark, lines)
    if found == ":":
        return Problem(_at(mark), "a key is missing before the colon.", "write 'key: value'.")
    if before:
        return Problem(_at(mark, len(_rest(mark, lines))), "this does not belong here.", SHAPE)
    if found == "?" and "collection" in (error.context or ""):
        return Problem(
            _at(mark, len(_rest(mark, lines))), "a key stands among list items.", "indent it under its item."
        )
    if found == "-":
        return Problem(_at(mark), "a list item ('- ') stands among keys.", "indent it under the key it belongs to.")
    return _indentation(_at(mark, len(_rest(mark, lines))))


def _after_quote(mark: yaml.Mark | None, lines: Lines) -> Problem:
    return Problem(
        _at(mark, len(_rest(mark, lines))),
        "there is text after the closing quote.",
        "put the whole text into one pair of quotes; write \"King's Lynn\", not 'King's Lynn'.",
    )


def _indentation(place: Place) -> Problem:
    return Problem(
        place,
        "this line is not indented like the lines it belongs with.",
        "keys of one section begin in the same column, two spaces further in than the section's own key.",
    )


def _no_colon(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    mark = error.context_mark
    line = _line(mark, lines)
    for pattern, after in ((NO_SPACE, "colon"), (NO_DASH_SPACE, "dash")):
        match = pattern.match(line)
        if match and mark:
            return Problem(
                Place(mark.line + 1, match.start(1) + 1),
                f"a space is missing after the {after}.",
                "put a space after it.",
            )
    return Problem(_at(mark, len(_rest(mark, lines))), "this line is neither 'key: value' nor a list item.", SHAPE)


def _second_colon(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    mark = error.problem_mark
    line = _line(mark, lines)
    match = COLON_IN_TEXT.match(line)
    if mark and match and match.start("text") <= mark.column:
        text = _unquoted(match["text"])
        return Problem(
            Place(mark.line + 1, match.start("text") + 1, len(text)),
            "text that holds a colon and a space must be in quotes.",
            f"write {quoted(text)}.",
        )
    above = _line_above(mark, lines)
    if above and ":" not in lines[above - 1]:
        place = Place(above, len(lines[above - 1]) - len(lines[above - 1].lstrip()) + 1, len(lines[above - 1].strip()))
        return Problem(place, "this line is neither 'key: value' nor a list item.", SHAPE)
    indent = len(line) - len(line.lstrip())
    return _indentation(Place(mark.line + 1 if mark else 1, indent + 1, max(1, len(line.strip()))))


def _unquoted(text: str) -> str:
    return re.split(r"\s+#", text)[0].rstrip()


def _line_above(mark: yaml.Mark | None, lines: Lines) -> int:
    """Return the number of the last line above the mark that is neither blank nor a comment; 0 if there is none."""
    above = range(mark.line, 0, -1) if mark else ()
    return next((n for n in above if lines[n - 1].strip() and not lines[n - 1].lstrip().startswith("#")), 0)


def _early_list(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    mark = error.problem_mark
    return Problem(
        _at(mark, len(_rest(mark, lines))),
        "a list written with dashes begins on the line after its key.",
        "write [a, b] on this line, or each '- item' on a line of its own; text that begins with '- ' needs quotes.",
    )


def _question(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    text = _rest(error.problem_mark, lines)
    return Problem(
        _at(error.problem_mark, len(text)), "text that begins with '? ' must be in quotes.", f"write {quoted(text)}."
    )


def _directive(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    del error
    number = next((i + 1 for i, line in enumerate(lines) if line.startswith("%")), 1)
    return Problem(
        Place(number, 1, max(1, len(lines[number - 1]))),
        "a line that begins with % is an instruction to YAML readers; none is read here.",
        "remove the line.",
    )


def _new_document(error: yaml.MarkedYAMLError, lines: Lines) -> Problem:
    if any(line.startswith("%") for line in lines):
        return _directive(error, lines)
    mark = error.problem_mark
    text = "this does not belong to what stands above it."
    return Problem(_at(mark, len(_rest(mark, lines))), text, SHAPE)


EXPLAINERS: tuple[tuple[str, Explainer], ...] = (
    (r"found character '\\t'", _tab),
    (r"found character '.' that cannot start", _needs_quotes),
    (r"scanning an (alias|anchor)|(scanning|parsing) a tag|undefined tag handle", _needs_quotes),
    (r"escape", _escape),
    (r"quoted scalar: found unexpected", _open_quote),
    (r"block scalar", _block_text),
    (r"expected ',' or", _open_bracket),
    (r"expected the node content", _no_value),
    (r"expected <block end>, but found '[\]}]'", _closes_nothing),
    (r"expected <block end>", _block_end),
    (r"could not find expected ':'", _no_colon),
    (r"mapping values are not allowed", _second_colon),
    (r"sequence entries are not allowed", _early_list),
    (r"mapping keys are not allowed", _question),
    (r"directive|YAML document|tag handle", _directive),
    (r"<document start>", _new_document),
)
