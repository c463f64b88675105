"""Whatever is done to a study file, it loads or it is refused with a place for every problem; nothing else happens."""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

VALID = (Path(__file__).parent / "valid.yaml").read_text(encoding="utf-8")
DATA = yaml.load(VALID, yaml.BaseLoader)  # noqa: S506 - builds nothing but text
FORMS = re.compile(
    r"x\.yaml:(?P<line>[1-9]\d*):(?P<column>[1-9]\d*): \S.*[.?](\n +[1-9]\d* \| .*\n +\| +\^+)?(\n   Fix: .+\.)?"
)
PIECES = [*"{}[]:,|>'\"%@#~ \t\n\\\u00a0\u2028\x85", ": ", "- ", "? ", "&a ", "*a ", "!x ", "<<", "---\n", ""]
FUZZ = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

type Problems = Callable[[str], list[str]]
type Loc = tuple[str | int, ...]


def locations(value: Any, loc: Loc = ()) -> Iterator[Loc]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*loc, key)
        yield from locations(part, (*loc, key))


LOCATIONS = list(locations(DATA))
WORDS = st.sampled_from(
    ["", "~", "no", "0", "-1", "1e999", "2023-04", "2023-04-01", "count", "did", "bayes", "others", "a:b", "x" * 99]
)
SCALARS = st.one_of(WORDS, st.text(max_size=8), st.none(), st.booleans(), st.integers(), st.floats(), st.dates())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MUTATIONS = st.one_of(
    st.tuples(st.just("delete"), st.sampled_from(LOCATIONS), st.none()),
    st.tuples(st.just("replace"), st.sampled_from(LOCATIONS), VALUES),
    st.tuples(st.just("rename"), st.sampled_from(LOCATIONS), WORDS | st.text(max_size=8)),
    st.tuples(st.just("move"), st.sampled_from(LOCATIONS), st.sampled_from(LOCATIONS)),
)


def mutated(data: Any, kind: str, loc: Loc, new: Any) -> None:
    """Change one node; does nothing if an earlier change removed it."""
    *above, last = loc
    try:
        for part in above:
            data = data[part]
        old = data[last]
        if kind == "delete":
            del data[last]
        elif kind == "replace":
            data[last] = new
        elif kind == "rename" and isinstance(data, dict):
            data[new] = data.pop(last)
        elif kind == "move" and isinstance(data, dict):
            data[str(new[-1])] = copy.deepcopy(old)
    except (KeyError, IndexError, TypeError):
        return


def assert_each_has_a_place(found: list[str], text: str) -> None:
    lines = len(text.splitlines()) + 1
    places = []
    for problem in found:
        match = FORMS.fullmatch(problem)
        assert match, problem
        places.append((int(match["line"]), int(match["column"])))
        assert not re.search(r"Input should|pydantic|Traceback|cannot be read as YAML|does not fit here", problem), (
            problem
        )
    assert places == sorted(places)
    assert all(line <= lines for line, _ in places)
    assert len(set(found)) == len(found)


@FUZZ
@given(mutations=st.lists(MUTATIONS, min_size=1, max_size=4))
def test_changed_nodes(mutations: list[tuple[str, Loc, Any]], problems: Problems) -> None:
    data = copy.deepcopy(DATA)
    for kind, loc, new in mutations:
        mutated(data, kind, loc, new)
    text = yaml.dump(data, Dumper=PlainDumper, allow_unicode=True, sort_keys=False)
    assert_each_has_a_place(problems(text), text)


@FUZZ
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, len(VALID)),
            st.integers(0, 6),
            st.sampled_from(PIECES),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_changed_characters(edits: list[tuple[int, int, str]], problems: Problems) -> None:
    text = VALID
    for at, cut, new in edits:
        text = text[:at] + new + text[at + cut :]
    assert_each_has_a_place(problems(text), text)


@FUZZ
@given(text=st.text(max_size=60))
def test_any_text(text: str, problems: Problems) -> None:
    found = problems(text)
    assert found
    assert_each_has_a_place(found, text)


@pytest.mark.parametrize("loc", LOCATIONS, ids=lambda loc: ".".join(map(str, loc)))
def test_each_node_replaced_by_each_form(loc: Loc, problems: Problems) -> None:
    for new in ([], {}, "", "~", ["x"], {"x": "y"}, "x: y", "-1"):
        data = copy.deepcopy(DATA)
        mutated(data, "replace", loc, new)
        text = yaml.dump(data, Dumper=PlainDumper, allow_unicode=True, sort_keys=False)
        assert_each_has_a_place(problems(text), text)


class PlainDumper(yaml.SafeDumper):
    """Writes words without quotes where YAML allows it, so that 0 and 2023-04-01 are plain."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012 - PyYAML's own way

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True
