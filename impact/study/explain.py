"""What the schema finds wrong, in plain English and at its place in the file."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from impact.study import json_schema as shape
from impact.study.outputs import ACTIVITY, INSTEAD, NOT_OF_OUTPUTS, WORDS_FOR_ACTIVITY
from impact.study.plain import DECIMAL, Plain
from impact.study.words import LONGEST, Loc, counted, describe, did_you_mean, listed, nearest, quoted, visible, where
from models.registry import MODELS

RAGGED_DATE = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
PERCENT = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?) ?%")
MONEY = re.compile(r"([+-]?)[£$€]? ?([0-9]+|[0-9]{1,3}(?:[, ][0-9]{3})+)(\.[0-9]+)?")
TWO_YEARS = re.compile(r"([0-9]{4})[-/][0-9]{2,4}")
OPTION = re.compile(r"(?P<name>\w+) == (?P<found>.+), (?P<must>must be .+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong at one location.

    Attributes
    ----------
    loc
        Where in the data; for a missing key, where it would be.
    text, fix
        What is wrong, and what to do where that adds something.
    key
        True if the key is to be marked, not its value.
    missing, unknown
        Whether the key is missing, or one that the section does not have.
    instead
        The word that was meant, if that is plain.
    """

    loc: Loc
    text: str
    fix: str = ""
    key: bool = False
    missing: bool = False
    unknown: bool = False
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class _Finding:
    """What pydantic found: its error type, where in the data, the value there, and the error's details."""

    type: str
    loc: Loc
    value: object
    details: Mapping[str, Any]
    data: object

    @property
    def where(self) -> str:
        return where(self.loc)

    def must_be(self, expected: str, fix: str = "", instead: str | None = None) -> Complaint:
        hint = did_you_mean(self.value, [instead]) if instead and isinstance(self.value, str) else ""
        if self.value is None:
            remedy = "give a value." if shape.is_required(self.loc, self.data) else "give a value, or remove it."
            return Complaint(self.loc, f"{self.where} is empty; it must be {expected}.", fix or remedy)
        end = "" if hint else "."
        return Complaint(
            self.loc, f"{self.where} must be {expected}, not {describe(self.value)}{hint}{end}", fix, instead=instead
        )


def complaints(error: ValidationError, data: object) -> list[Complaint]:
    """Say what is wrong in plain English: each thing once, and a misspelt key not as a missing one too."""
    found: dict[tuple[Loc, str], Complaint] = {}
    for item in error.errors(include_url=False):
        for complaint in _explain(_located(item, data)):
            found.setdefault((complaint.loc, complaint.text), complaint)
    misspelt = {(*c.loc[:-1], c.instead) for c in found.values() if c.unknown and c.instead}
    return [c for c in found.values() if not (c.missing and c.loc in misspelt)]


def _located(item: Mapping[str, Any], data: object) -> _Finding:
    """Find pydantic's location in the data, which knows nothing of the tags that pydantic puts into it."""
    loc: Loc = ()
    value = data
    *parts, last = _untagged(item["loc"])
    for part in parts if item["type"] == "missing" else (*parts, last):
        inner = _inside(value, part)
        if inner:
            loc, value = (*loc, part), inner[0]
    if item["type"] == "missing":
        return _Finding("missing", (*loc, last), None, {}, data)
    if last == "[key]" and len(loc) == len(parts):
        return _Finding("key_" + item["type"], loc, loc[-1], item.get("ctx", {}), data)
    return _Finding(item["type"], loc, value, item.get("ctx", {}), data)


def _untagged(loc: Loc) -> Loc:
    """Drop what pydantic put in to name a choice: an outcome's kind, or the form of `models`."""
    if loc[0] == "outcomes" and len(loc) > 2 and loc[2] in shape.outcome_kinds():
        return (*loc[:2], *loc[3:])
    if loc[0] == "models" and len(loc) > 1 and loc[1] in {"list", "mapping"}:
        return (*loc[:1], *loc[2:])
    return loc


def _inside(value: object, part: str | int) -> tuple[object, ...]:
    """Return the part of a mapping or list in a tuple of its own; an empty tuple if there is none."""
    if isinstance(value, Mapping) and part in value:
        return (value[part],)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return (value[part],)
    return ()


def _explain(finding: _Finding) -> Iterable[Complaint]:
    explain = EXPLAINERS.get(finding.type)
    if explain is None:
        return (Complaint(finding.loc, f"{finding.where} does not fit here."),)
    result = explain(finding)
    return (result,) if isinstance(result, Complaint) else result


def _missing(f: _Finding) -> Complaint:
    *section, key = f.loc
    text = f"{where(tuple(section))} needs the key {quoted(str(key))}."
    about = "The line is 'schema: 1'." if f.loc == ("schema",) else shape.about(f.loc, f.data)
    return Complaint(f.loc, text, f"add it. {about}" if about else "add it.", key=True, missing=True)


def _unknown(f: _Finding) -> Complaint:
    *above, key = f.loc
    section, word = tuple(above), str(key)
    if section == ("models",):
        return _no_model(f, word)
    if section[:1] == ("outputs",) and word in NOT_OF_OUTPUTS:
        return Complaint(f.loc, f"{f.where}: {NOT_OF_OUTPUTS[word]}.", INSTEAD, key=True, unknown=True)
    known = shape.fields(section, f.data)
    head = f"unknown key {quoted(word)}" + (f" in {where(section)}" if section else "")
    before, colon, _ = word.partition(":")
    if colon and before in known:
        return Complaint(f.loc, f"{head}.", f"put a space after the colon: '{before}: …'.", key=True, unknown=True)
    kinds = [kind for kind, keys in shape.outcome_kinds().items() if word in keys]
    if len(section) == 2 and section[0] == "outcomes" and kinds:
        kind = str(_inside(_inside_all(f.data, section), "kind")[0])
        text = f"{head}: {word} is for {listed(kinds, 'and')} outcomes; this one is {kind}."
        return Complaint(f.loc, text, "remove it, or change the kind.", key=True, unknown=True)
    near = nearest(word, known)
    if near:
        return Complaint(
            f.loc,
            head + did_you_mean(word, known),
            "rename it, or remove the line.",
            key=True,
            unknown=True,
            instead=near,
        )
    beside = _inside_all(f.data, section)
    sections = [key for key in known if any(isinstance(part, Mapping) for part in _inside(beside, key))]
    inner = [key for key in sections if word in shape.fields((*section, key), f.data)]
    fix = _before_comma(beside, word) or _home(word, known, inner)
    return Complaint(f.loc, f"{head}.", fix, key=True, unknown=True)


def _before_comma(beside: object, word: str) -> str:
    """Say how to write a number of which a comma has made the key `word`, as in {cost: 250,000}; else nothing."""
    if not isinstance(beside, Mapping) or not re.fullmatch("[0-9]{3}", word):
        return ""
    keys = [str(key) for key in beside]
    at = keys.index(word)
    start = str(list(beside.values())[at - 1]) if at else ""
    whole = f"{keys[at - 1]}: {start}{word}"
    return f"a comma parts keys: write {whole}." if re.fullmatch("[0-9]{1,3}", start) else ""


def _home(word: str, known: Iterable[str], inner: Iterable[str]) -> str:
    """Say where an unknown key belongs: in a key beside it, in a section of the file, or nowhere."""
    homes = (*inner, *shape.homes(word))
    if homes:
        return f"move it into {listed([quoted(home) for home in homes])}, or remove it."
    return f"remove it. The keys here are {listed(known, 'and')}."


def _inside_all(data: object, loc: Loc) -> object:
    for part in loc:
        data = _inside(data, part)[0]
    return data


def _no_model(f: _Finding, word: str) -> Complaint:
    known = shape.fields(("models",), {"models": {}})
    near = nearest(word, known)
    fix = "" if near else f"the models are {listed(MODELS, 'and')}."
    end = did_you_mean(word, known) or "."
    return Complaint(f.loc, f"there is no model {quoted(word)}{end}", fix, key=True, unknown=True)


def _scalar(f: _Finding) -> Complaint:
    expected = str(f.details["expected"])
    number = isinstance(f.value, str) and not isinstance(f.value, Plain) and DECIMAL.fullmatch(f.value)
    if f.loc == ("schema",):
        return _version(f)
    if number and "number" in expected:
        return f.must_be(expected, "remove the quotes.")
    return f.must_be(expected, _instead(expected, f.value))


def _instead(expected: str, value: object) -> str:
    """Return how to write a value that is plain but written in another form; nothing if it is not plain."""
    text = value if isinstance(value, str) else ""
    percent = PERCENT.fullmatch(text)
    if "YYYY" in expected:
        return _full_date(text)
    if "lower-case" in expected:
        return _slug(text)
    if percent and "0.05" in expected:
        return f"{text} is written {float(percent[1]) / 100:g}."
    return _digits(text, whole="whole" in expected) if "number" in expected else ""


def _digits(text: str, *, whole: bool) -> str:
    """Say how to write an amount with a currency or commas, or a financial year; nothing for other text."""
    amount, years = MONEY.fullmatch(text.strip()), TWO_YEARS.fullmatch(text.strip())
    if amount and not (whole and amount[3]):
        plain = re.sub("[, ]", "", "".join(part or "" for part in amount.groups()))
        return f"write {plain}." if plain != text else ""
    return f"write one year: {years[1]}." if years and whole else ""


def _slug(text: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return f"write {slug}." if 0 < len(slug) <= LONGEST else ""


def _full_date(text: str) -> str:
    ragged = RAGGED_DATE.fullmatch(text)
    try:
        return f"write {date(int(ragged[1]), int(ragged[2]), int(ragged[3]))}." if ragged else ""
    except ValueError:
        return ""


def _choice(f: _Finding) -> Complaint:
    if f.loc[:1] == ("outcomes",) and f.loc[-1] == "role" and str(f.value) in WORDS_FOR_ACTIVITY:
        return _activity(f.loc, str(f.value))
    words = tuple(map(str, shape.allowed(f.loc, f.data)))
    near = nearest(f.value, words) if isinstance(f.value, str) else None
    if f.loc[:1] == ("outcomes",) and f.loc[-1] == "prior":
        return f.must_be("weak, sceptical or elicited: {best: …, low: …, high: …}", "", near)
    if f.loc == ("areas", "comparison"):
        return f.must_be("a list such as [a, b], or the word 'others'", "", near)
    return f.must_be(listed(words), "", near)


def _kind(f: _Finding) -> Iterable[Complaint]:
    """Explain an outcome whose kind is missing or unknown; which keys it may have is then not known either."""
    return _kind_of(f, f.value) if isinstance(f.value, Mapping) else (_section(f),)


def _kind_of(f: _Finding, fields: Mapping[str, object]) -> Iterator[Complaint]:
    kinds = shape.outcome_kinds()
    keys = {key for known in kinds.values() for key in known}
    at_kind = _Finding(f.type, (*f.loc, "kind"), fields.get("kind"), {}, f.data)
    unknown = [key for key in fields if key not in keys]
    if str(fields.get("kind")) in WORDS_FOR_ACTIVITY:
        yield _activity(at_kind.loc, str(fields["kind"]))
    elif "kind" in fields:
        word = fields["kind"]
        yield at_kind.must_be(listed(kinds), "", nearest(word, kinds) if isinstance(word, str) else None)
    else:
        text = f"{f.where} needs the key 'kind': {listed(kinds)}."
        yield Complaint(at_kind.loc, text, key=True, missing=True)
    for key in unknown:
        near = nearest(key, keys)
        fix = "rename it, or remove the line." if near else "remove it."
        text = f"unknown key {quoted(key)} in {f.where}{did_you_mean(key, keys) or '.'}"
        yield Complaint((*f.loc, key), text, fix, key=True, unknown=True, instead=near)


def _activity(loc: Loc, word: str) -> Complaint:
    """Explain that an outcome cannot be activity, and where activity goes."""
    name, key = str(loc[1]), str(loc[-1])
    text = f"an outcome has no {key} {quoted(word)}: {ACTIVITY}."
    fix = f"move {quoted(name)} out of outcomes, to 'outputs: {{{name}: {{source: …}}}}', where it is counted."
    return Complaint(loc, text, fix)


def _list(f: _Finding) -> Complaint:
    if isinstance(f.value, Mapping):
        return f.must_be("a list", "put '- ' before the first key of each item.")
    if isinstance(f.value, str):
        return f.must_be("a list such as [a, b]", f"write [{visible(f.value)}]." if len(f.value) <= LONGEST else "")
    return f.must_be("a list such as [a, b]")


def _section(f: _Finding) -> Complaint:
    outcome = len(f.loc) == 2 and f.loc[0] == "outcomes"
    known = ("source", "kind", "better") if outcome else shape.fields(f.loc, f.data)
    expected = f"a section with keys such as {listed(known[:3], 'and')}" if known else "a mapping such as {a: b}"
    if isinstance(f.value, str) and f.value.partition(":")[0] in known:
        return f.must_be(expected, "put a space after the colon.")
    if isinstance(f.value, list):
        return f.must_be(expected, "remove the dashes or brackets: a section is not a list.")
    return f.must_be(expected)


def _too_few(f: _Finding) -> Iterator[Complaint]:
    least = int(f.details["min_length"])
    has = len(f.value) if isinstance(f.value, Mapping | list) else 0
    about = shape.about(f.loc, f.data) if least > 1 else ""
    if has == 0:
        remove = "" if shape.is_required(f.loc, f.data) else "give one, or remove the line."
        yield Complaint(f.loc, f"{f.where} is empty; it needs at least {counted(least, 'item')}.", about or remove)
    elif has < least:  # otherwise items were not valid, and each is a complaint of its own
        text = f"{f.where} has only {counted(has, 'item')}; it needs at least {least}."
        yield Complaint(f.loc, text, f"give: {about[:1].lower()}{about[1:]}" if about else "")


def _too_many(f: _Finding) -> Complaint:
    most = int(f.details["max_length"])
    has = len(f.value) if isinstance(f.value, Mapping | list) else 0
    about = shape.about(f.loc, f.data)
    fix = f"give: {about[:1].lower()}{about[1:]}" if about else ""
    return Complaint(f.loc, f"{f.where} has {counted(has, 'item')}; it takes {most}.", fix)


def _out_of_range(f: _Finding) -> Complaint:
    bounds = {"ge": "{} or more", "gt": "more than {}", "le": "{} or less", "lt": "less than {}"}
    expected = " and ".join(words.format(f"{f.details[key]:g}") for key, words in bounds.items() if key in f.details)
    most = f.details.get("lt", f.details.get("le"))
    share = most == 1 and isinstance(f.value, str) and DECIMAL.fullmatch(f.value) and 1 < float(f.value) <= 100
    return f.must_be(expected, f"{float(str(f.value)):g}% is written {float(str(f.value)) / 100:g}." if share else "")


def _blank(f: _Finding) -> Complaint:
    return Complaint(f.loc, f"{f.where} is blank.", "give it some text, or remove the line.")


def _bad_key(f: _Finding) -> Complaint:
    expected = str(f.details.get("expected", "text"))
    text = f"the name {quoted(str(f.value))} in {where(f.loc[:-1])} must be {expected}."
    return Complaint(f.loc, text, _instead(expected, f.value), key=True)


def _version(f: _Finding) -> Complaint:
    quotes = isinstance(f.value, str) and f.value == "1"
    return f.must_be("1, the one version this program reads", "remove the quotes." if quotes else "write 1.")


def _unknown_model(f: _Finding) -> Complaint:
    return _no_model(f, str(f.value))


def _option(f: _Finding) -> Complaint:
    reason = str(f.details["reason"])
    match = OPTION.fullmatch(reason)
    if match and f.loc[-1] == match["name"]:
        return f.must_be(match["must"].removeprefix("must be "))
    return Complaint(f.loc, f"{f.where}: {reason.removesuffix('.')}.")


EXPLAINERS: dict[str, Callable[[_Finding], Complaint | Iterable[Complaint]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "wrong_scalar": _scalar,
    "enum": _choice,
    "literal_error": _choice,
    "union_tag_not_found": _kind,
    "union_tag_invalid": _kind,
    "tuple_type": _list,
    "model_type": _section,
    "dict_type": _section,
    "model_attributes_type": _section,
    "too_short": _too_few,
    "too_long": _too_many,
    "greater_than": _out_of_range,
    "greater_than_equal": _out_of_range,
    "less_than": _out_of_range,
    "less_than_equal": _out_of_range,
    "blank_text": _blank,
    "key_wrong_scalar": _bad_key,
    "key_blank_text": _bad_key,
    "schema_version": _version,
    "unknown_model": _unknown_model,
    "model_option": _option,
}
