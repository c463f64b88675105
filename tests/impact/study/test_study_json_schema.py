"""The JSON Schema that editors use says the same as the program."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from impact.study.load import study_schema

STUDIES = [*sorted((Path(__file__).parents[3] / "studies").glob("*.yaml")), Path(__file__).parent / "valid.yaml"]

BROKEN = {
    "unknown key": {"seed: 2": "sed: 2"},
    "unknown key of an outcome": {"    kind: count\n": "    kind: count\n    horizon: 3\n"},
    "missing key": {"  treated: [South Norfolk, Broadland]\n": ""},
    "unknown word": {"unit: month": "unit: moth"},
    "unknown kind": {"kind: count": "kind: counts"},
    "unknown model": {"[did, its]": "[did, xyz]"},
    "unknown option": {"[did, its]": "{its: {harmonic: 1}}"},
    "value of nothing": {"seed: 2": "  value: {per_unit: 0}\nseed: 2"},
    "two of a triangle": {"seed: 2": "  value: {per_unit: 1, distribution: {triangular: [1, 2]}}\nseed: 2"},
    "whose benefit": {"seed: 2": "  perspective: council\nseed: 2"},
    "prior": {"    role: primary": "    role: primary\n    prior: strong"},
    "slug": {"id: norfolk": "id: Norfolk"},
    "outcome name": {"  asb:": "  ASB rate:"},
    "date": {"start: 2023-04-01": "start: 1 April 2023"},
    "mark": {"from: 2018-04": "from: 2018-4"},
    "negative": {"phase_in: 2": "phase_in: -2"},
    "probability": {"harm: 0.1": "harm: 10"},
    "list": {"[did, its]": "did"},
    "empty list": {"[South Norfolk, Broadland]\n": "[]\n"},
    "too short a list": {"levels: [Very dissatisfied, D": "levels: [D] #"},
    "others": {"comparison: [": "comparison: all #["},
    "blank": {"level: district": "level: ''"},
}


NAMES = {"properties", "$defs"}


class EditorLoader(yaml.SafeLoader):
    """Reads words as YAML 1.2 does: numbers, true and false, null; dates and `no` stay text."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012 - PyYAML's own way


NUMBER = "-+.0123456789"
for tag, pattern, first in (
    ("null", r"~|null|", "~n"),
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]+", NUMBER),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", NUMBER),
):
    EditorLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}",
        yaml.resolver.re.compile(rf"^(?:{pattern})$"),
        [*first, *([""] if tag == "null" else [])],
    )


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(study_schema())


def test_it_is_a_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(study_schema())
    assert study_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert study_schema()["title"]


def test_editor_loader_keeps_dates_and_makes_numbers() -> None:
    data = yaml.load("{a: 2023-04-01, b: no, c: 1_0, d: 5, e: -.5, f: true, g: }", EditorLoader)  # noqa: S506
    assert data == {"a": "2023-04-01", "b": "no", "c": "1_0", "d": 5, "e": -0.5, "f": True, "g": None}


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_shipped_study_fits_it(path: Path) -> None:
    data = yaml.load(path.read_text(encoding="utf-8"), EditorLoader)  # noqa: S506
    assert [error.message for error in validator().iter_errors(data)] == []


@pytest.mark.parametrize("case", BROKEN)
def test_broken_study_does_not(case: str, valid: str) -> None:
    for old, new in BROKEN[case].items():
        assert old in valid
        valid = valid.replace(old, new, 1)
    assert not validator().is_valid(yaml.load(valid, EditorLoader))  # noqa: S506


def test_every_key_is_described_and_no_section_takes_others() -> None:
    schema = study_schema()
    undescribed, open_ = [], []
    for name, node in {"": schema, **schema["$defs"]}.items():
        if "properties" not in node:
            continue
        if node.get("additionalProperties") is not False:
            open_.append(name)
        for key, field in node["properties"].items():
            target = field.get("$ref", "").rsplit("/", 1)[-1]
            nested = [part.get("$ref", "").rsplit("/", 1)[-1] for part in field.get("anyOf", [])]
            if not any(
                "description" in part for part in (field, *(schema["$defs"].get(t, {}) for t in (target, *nested)))
            ):
                undescribed.append(f"{name}.{key}")
    assert (undescribed, open_) == ([], [])


def test_it_uses_no_words_that_json_schema_does_not_have() -> None:
    known = set(jsonschema.Draft202012Validator.VALIDATORS) | {"$schema", "$defs", "title", "description", "default"}
    assert keywords(study_schema()) - known == set()


def keywords(node: Any) -> set[str]:
    """Collect the keywords of a schema, but not the names under `properties` and `$defs`."""
    if isinstance(node, list):
        return set().union(*map(keywords, node))
    if not isinstance(node, dict):
        return set()
    inside = [part for key, value in node.items() for part in (value.values() if key in NAMES else [value])]
    return set(node).union(*map(keywords, inside))
