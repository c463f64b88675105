"""The study file's JSON Schema, and questions to it: which keys a section has, which of them it needs."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from impact.study.schema import Study
from impact.study.words import Loc

type Node = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
NAMES = frozenset({"properties", "$defs"})
DROPPED = frozenset({"title", "discriminator"})


def study_schema() -> Node:
    """Return the JSON Schema (2020-12) of a study file, for editors and for checking without this program."""
    generated = Study.model_json_schema(by_alias=True)
    schema = {"$schema": DIALECT, **_tidy(generated), "title": "Study file of impact"}
    schema["description"] = "A pilot: what was done, where and when, the data, and how the decision will be made."
    return schema


def _tidy(node: Any) -> Any:
    """Spell bounds as JSON Schema does, and drop what is not JSON Schema or tells an editor nothing."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy: Node = {}
    for key, value in node.items():
        if key in NAMES:
            tidy[key] = {name: _tidy(part) for name, part in value.items()}
        elif key not in DROPPED and not (key == "default" and value is None):
            tidy[str(BOUNDS.get(key, key))] = value if key == "default" else _tidy(value)
    return tidy


@cache
def _schema() -> Node:
    return Study.model_json_schema(by_alias=True)


def _resolve(node: Node | None, value: object) -> Node | None:
    """Follow references, and at a choice take the branch that the value was probably meant for."""
    while node is not None and ("$ref" in node or "oneOf" in node or "anyOf" in node):
        if "$ref" in node:
            node = _schema()["$defs"][node["$ref"].rsplit("/", 1)[1]]
        elif "discriminator" in node:
            node = _by_tag(node, value)
        else:
            node = _by_type(node.get("oneOf") or node["anyOf"], value)
    return node


def _by_tag(node: Node, value: object) -> Node | None:
    tag = value.get(node["discriminator"]["propertyName"]) if isinstance(value, Mapping) else None
    branches: Mapping[str, str] = node["discriminator"]["mapping"]
    return {"$ref": branches[str(tag)]} if isinstance(tag, str) and tag in branches else None


def _by_type(branches: list[Node], value: object) -> Node | None:
    resolved = [r for r in (_resolve(branch, value) for branch in branches) if r and r.get("type") != "null"]
    if isinstance(value, Mapping | list):
        wanted = "object" if isinstance(value, Mapping) else "array"
        fitting = [r for r in resolved if r.get("type") == wanted]
    else:
        fitting = [r for r in resolved if r.get("type") not in {"object", "array"}]
    return next(iter(fitting or resolved), None)


def _step(node: Node | None, part: str | int) -> Node | None:
    if node is None:
        return None
    if isinstance(part, int):
        items = node.get("items")
        return items if isinstance(items, dict) else None
    inner = node.get("properties", {}).get(part) or node.get("additionalProperties")
    return inner if isinstance(inner, dict) else None


def node_at(loc: Loc, data: object) -> Node | None:
    """Return the part of the schema that governs `loc` of a study file holding `data`; None if none does."""
    node: Node | None = _resolve(_schema(), data)
    for part in loc:
        try:
            data = data[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            data = None
        node = _resolve(_step(node, part), data)
    return node


def fields(loc: Loc, data: object) -> tuple[str, ...]:
    """Return the keys that the section at `loc` may have; none if it is not a section."""
    return tuple((node_at(loc, data) or {}).get("properties", {}))


def is_required(loc: Loc, data: object) -> bool:
    """Whether what holds `loc` cannot do without it; also if that is not known."""
    if isinstance(loc[-1], int):
        return False
    parent = node_at(loc[:-1], data)
    return parent is None or loc[-1] in parent.get("required", ())


def allowed(loc: Loc, data: object) -> tuple[str, ...]:
    """Return the words that may stand at `loc`, if there is a list of them."""
    node = node_at(loc, data) or {}
    return tuple(node.get("enum", ())) or ((node["const"],) if "const" in node else ())


def about(loc: Loc, data: object) -> str:
    """Return what the schema says about the key at `loc`."""
    field = (node_at(loc[:-1], data) or {}).get("properties", {}).get(loc[-1], {})
    text: str = field.get("description") or (_resolve(field, None) or {}).get("description", "")
    return text


@cache
def outcome_kinds() -> dict[str, tuple[str, ...]]:
    """Return the keys of each outcome kind."""
    mapping: Mapping[str, str] = _schema()["$defs"]["Outcome"]["discriminator"]["mapping"]
    return {kind: tuple((_resolve({"$ref": ref}, None) or {})["properties"]) for kind, ref in mapping.items()}


def homes(key: str) -> tuple[str, ...]:
    """Return the sections of the study file that know a key of this name."""
    sections: Mapping[str, Node] = _schema()["properties"]
    return tuple(name for name in sections if key in fields((name,), {}))
