"""Words that YAML would turn into something else: read as text, as what the field expects, or refused."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from impact.study.plain import Plain
from impact.study.scalars import (
    CalendarMark,
    Character,
    ColumnOrDay,
    Day,
    Flag,
    Integer,
    Mark,
    Name,
    Number,
    Slug,
    Text,
)
from impact.study.schema import Study

TYPES = {
    "text": TypeAdapter(Text),
    "name": TypeAdapter(Name),
    "slug": TypeAdapter(Slug),
    "integer": TypeAdapter(Integer),
    "number": TypeAdapter(Number),
    "flag": TypeAdapter(Flag),
    "day": TypeAdapter(Day),
    "mark": TypeAdapter(Mark),
    "column or day": TypeAdapter(ColumnOrDay),
    "character": TypeAdapter(Character),
}

REFUSED = object()

READINGS = [
    # plain word, then what each type makes of it; a type that is not named refuses it
    ("no", {"text": "no", "name": "no", "slug": "no", "column or day": "no"}),
    ("yes", {"text": "yes", "name": "yes", "slug": "yes", "column or day": "yes"}),
    ("on", {"text": "on", "name": "on", "slug": "on", "column or day": "on"}),
    ("true", {"text": "true", "name": "true", "slug": "true", "column or day": "true", "flag": True}),
    ("True", {"text": "True", "name": "True", "column or day": "True"}),
    ("1_0", {"text": "1_0", "name": "1_0", "slug": "1_0", "column or day": "1_0"}),
    ("0o14", {"text": "0o14", "name": "0o14", "slug": "0o14", "column or day": "0o14"}),
    ("0x1f", {"text": "0x1f", "name": "0x1f", "slug": "0x1f", "column or day": "0x1f"}),
    ("1e3", {"text": "1e3", "name": "1e3", "slug": "1e3", "column or day": "1e3", "number": 1000.0}),
    ("012", {"text": "012", "name": "012", "slug": "012", "column or day": "012", "number": 12.0, "integer": 12}),
    ("5", {"text": "5", "name": "5", "slug": "5", "column or day": "5", "number": 5.0, "integer": 5, "character": "5"}),
    ("-.5", {"text": "-.5", "name": "-.5", "column or day": "-.5", "number": -0.5}),
    (".inf", {"text": ".inf", "name": ".inf", "column or day": ".inf"}),
    ("nan", {"text": "nan", "name": "nan", "slug": "nan", "column or day": "nan"}),
    ("1:30", {"text": "1:30", "name": "1:30", "column or day": "1:30"}),
    (";", {"text": ";", "name": ";", "column or day": ";", "character": ";"}),
    (
        "2023-04-01",
        {
            "text": "2023-04-01",
            "name": "2023-04-01",
            "slug": "2023-04-01",
            "day": date(2023, 4, 1),
            "column or day": date(2023, 4, 1),
            "mark": CalendarMark("2023-04-01", date(2023, 4, 1), date(2023, 4, 1)),
        },
    ),
    ("01/04/2023", {"text": "01/04/2023", "name": "01/04/2023"}),
    ("2023-02-30", {"text": "2023-02-30", "name": "2023-02-30", "slug": "2023-02-30"}),
]


@pytest.mark.parametrize(("word", "type_"), [(word, type_) for word, _ in READINGS for type_ in TYPES])
def test_plain_word(word: str, type_: str) -> None:
    expected = dict(READINGS)[word].get(type_, REFUSED)
    try:
        found = TYPES[type_].validate_python(Plain(word))
    except ValidationError:
        found = REFUSED
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("type_", "text"), [("integer", "5"), ("number", "0.5"), ("flag", "true")])
def test_quotes_make_text_of_it(type_: str, text: str) -> None:
    TYPES[type_].validate_python(Plain(text))
    with pytest.raises(ValidationError):
        TYPES[type_].validate_python(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-Q4", date(2023, 10, 1), date(2023, 12, 31)),
        ("2023", date(2023, 1, 1), date(2023, 12, 31)),
    ],
)
def test_mark_spans(text: str, first: date, last: date) -> None:
    mark = TYPES["mark"].validate_python(Plain(text))
    assert (mark.first, mark.last, str(mark)) == (first, last, text)
    assert TYPES["mark"].dump_python(mark, mode="json") == text


@pytest.mark.parametrize(
    "text", ["2023-Q5", "2023-13", "2023-00", "2023-02-30", "23-04", "2023-4", "0000", "1699", "2201-01"]
)
def test_mark_that_is_none(text: str) -> None:
    with pytest.raises(ValidationError):
        TYPES["mark"].validate_python(Plain(text))


def test_values_given_in_python(valid: str) -> None:
    del valid
    study = Study.model_validate(
        {
            "schema": 1,
            "study": {"id": "x", "title": 2024},
            "intervention": {"name": "x", "start": date(2023, 4, 1), "cost": {"amount": 1.5}},
            "areas": {"treated": [1, 2]},
            "sources": {"rows": {"path": "rows.csv", "simulated": True}},
            "outcomes": {"y": {"source": "rows", "kind": "count", "better": "lower"}},
        }
    )
    assert study.areas.treated == ("1", "2")
    assert study.intervention.start == date(2023, 4, 1)
    assert study.sources["rows"].simulated
    assert study.study.title == "2024"
    assert study.folder == Path.cwd()
