"""Scalars of the study file: YAML words are read as text, and each field says what it takes.

YAML on its own turns ``no`` into false, ``1_0`` into ten and ``2023-04-01`` into a date object. Here every plain word
arrives as `Plain` text and is converted only by the field that expects it, or refused.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, PlainSerializer, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from impact.study.plain import DECIMAL, WHOLE, Plain
from impact.study.words import describe
from models.periods import TimeUnit, period_index, period_start

DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
EARLIEST, LATEST = 1700, 2200  # a year outside is a slip of the pen, and would ask for thousands of empty periods
MARK = rf"{DAY}|[0-9]{{4}}-[0-9]{{2}}|[0-9]{{4}}-Q[1-4]|[0-9]{{4}}"


def _wrong(expected: str, value: object) -> PydanticCustomError:
    words = {"expected": expected, "found": describe(value)}
    return PydanticCustomError("wrong_scalar", "expected {expected}, found {found}", words)


def to_text(value: object) -> str:
    """Text of a scalar; numbers given in Python are written out."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise _wrong("text", value)


def to_integer(value: object) -> int:
    """Whole number, written in digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Plain) and WHOLE.fullmatch(value):
        return int(value)
    raise _wrong("a whole number such as 3", value)


def to_number(value: object) -> float:
    """Finite decimal number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
        return float(value)
    if isinstance(value, Plain) and DECIMAL.fullmatch(value) and abs(float(value)) < float("inf"):
        return float(value)
    raise _wrong("a number such as 0.05", value)


def to_flag(value: object) -> bool:
    """``true`` or ``false``, and no other spelling."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Plain) and value in {"true", "false"}:
        return value == "true"
    raise _wrong("true or false", value)


def to_day(value: object) -> date:
    """Calendar day written YYYY-MM-DD."""
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(DAY, value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise _wrong("a day that exists, written YYYY-MM-DD", value) from None
        return _plausible(day, value)
    raise _wrong("a day written YYYY-MM-DD", value)


def _plausible(day: date, value: object) -> date:
    if not EARLIEST <= day.year <= LATEST:
        raise _wrong(f"a date from {EARLIEST} to {LATEST}", value)
    return day


def to_column_or_day(value: object) -> str | date:
    """Name of a column, or a calendar day; digits and separators alone are meant as a day."""
    if isinstance(value, date):
        return value
    text = _not_blank(to_text(value))
    return to_day(value) if re.fullmatch(r"[0-9]+[-/. ][0-9-/. ]+", text) else text


@dataclass(frozen=True, slots=True)
class CalendarMark:
    """A day, month, quarter or year named in the study file: 2023-04-01, 2023-04, 2023-Q2 or 2023."""

    text: str
    first: date
    last: date

    def __str__(self) -> str:
        return self.text


def to_mark(value: object) -> CalendarMark:
    """Read a day, month, quarter or year."""
    if isinstance(value, CalendarMark):
        return value
    text = to_text(value) if not isinstance(value, date) else value.isoformat()
    if not re.fullmatch(MARK, text):
        raise _wrong("a day, month, quarter or year such as 2023-04-01, 2023-04, 2023-Q2 or 2023", value)
    _plausible(date(max(1, int(text[:4])), 1, 1), value)
    try:
        return _mark(text)
    except ValueError:
        raise _wrong("a date that exists", value) from None


def _mark(text: str) -> CalendarMark:
    if len(text) == 10:
        day = date.fromisoformat(text)
        return CalendarMark(text, day, day)
    if len(text) == 4:
        unit, first = TimeUnit.YEAR, date(int(text), 1, 1)
    elif "Q" in text:
        unit, first = TimeUnit.QUARTER, date(int(text[:4]), 3 * int(text[-1]) - 2, 1)
    else:
        unit, first = TimeUnit.MONTH, date(int(text[:4]), int(text[5:]), 1)
    last = period_start(period_index(first, unit) + 1, unit) - timedelta(days=1)
    return CalendarMark(text, first, last)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank_text", "this must not be blank.")
    return text.strip()


def _schema(**keywords: Any) -> WithJsonSchema:
    return WithJsonSchema(keywords)


SLUG = r"^[a-z0-9][a-z0-9_-]*$"


def to_slug(value: object) -> str:
    """Short name of lower-case letters, digits, - and _."""
    text = to_text(value)
    if len(text) > 80 or not re.fullmatch(SLUG, text):
        raise _wrong("at most 80 lower-case letters, digits, - and _", value)
    return text


def to_character(value: object) -> str:
    """One character, such as ; or a tab."""
    text = to_text(value)
    if len(text) != 1 or text in '\r\n"':
        raise _wrong('one character such as ";" or "\\t"', value)
    return text


def list_or_word(value: object) -> str:
    """Tag of a value that may be one word or a list of them."""
    return "list" if isinstance(value, list | tuple) else "word"


def mapping_or_word(value: object) -> str:
    """Tag of a value that may be one word or a section."""
    return "word" if isinstance(value, str) else "mapping"


WORD = {"type": ["string", "number", "boolean"], "minLength": 1}  # an editor reads 5 and true as such, we as text

type Text = Annotated[str, BeforeValidator(to_text), AfterValidator(_not_blank), _schema(**WORD)]
type Name = Annotated[str, BeforeValidator(to_text), AfterValidator(_not_blank), _schema(**WORD)]
type OneOrMore = Annotated[
    Annotated[Name, Tag("word")] | Annotated[tuple[Name, ...], Field(min_length=1), Tag("list")],
    Discriminator(list_or_word),
]
type Slug = Annotated[str, BeforeValidator(to_slug), _schema(type=["string", "integer"], pattern=SLUG, maxLength=80)]
type Character = Annotated[str, BeforeValidator(to_character), _schema(type=["string", "integer"], maxLength=1)]
type Integer = Annotated[int, BeforeValidator(to_integer)]
type Number = Annotated[float, BeforeValidator(to_number)]
type Flag = Annotated[bool, BeforeValidator(to_flag)]
type Day = Annotated[date, BeforeValidator(to_day), _schema(type="string", pattern=f"^{DAY}$")]
type ColumnOrDay = Annotated[str | date, BeforeValidator(to_column_or_day), _schema(**WORD)]
type Mark = Annotated[
    CalendarMark,
    BeforeValidator(to_mark),
    PlainSerializer(str, return_type=str),
    _schema(type=["string", "integer"], pattern=f"^({MARK})$"),
]
