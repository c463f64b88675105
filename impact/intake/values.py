"""From a staged column to values of the form the study needs, and the checks that catch what does not convert.

A blank cell is a missing value. Anything else that does not convert is an error: a value is never guessed.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis

from impact.intake.moments import FIRST_YEAR, LAST_YEAR, DateRule, moment_of
from impact.intake.needs import Form, Need
from impact.intake.rowchecks import RowCheck

DECIMAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
YES = ("1", "true", "yes")
NO = ("0", "false", "no")
MISSING_WORDS = {"na", "n/a", "nan", "null", "none", "inf", "-inf", "infinity", "-", ".", "missing", "#n/a", "nil"}
LARGEST = 1e100  # its square is still a number
LEAVE_BLANK = "Leave the cell blank if the value is missing."


@dataclass(frozen=True, slots=True)
class Read:
    """Values of one column and the checks on them; `value` is None if the column's type cannot hold them."""

    value: Any | None
    checks: tuple[RowCheck, ...] = ()


def text_of(column: Any) -> Any:
    """Text of a staged column; whole numbers are written without a decimal point."""
    kind = column.type()
    if kind.is_string():
        return column
    if kind.is_floating():
        whole = column.try_cast("int64")
        return ibis.ifelse((column % 1 == 0) & whole.notnull(), whole.cast("string"), column.cast("string"))
    return column.cast("string")


def read_values(column: Any, need: Need, rule: DateRule) -> Read:
    """Convert a column to the form of `need`."""
    kind = column.type()
    if not (kind.is_string() or kind.is_numeric() or kind.is_boolean() or kind.is_temporal()):
        return Read(None)
    match need.form:
        case Form.TEXT:
            return Read(text_of(column))
        case Form.DAY | Form.PERIOD | Form.DATED:
            return _dates(column, need, rule)
        case Form.YES_NO:
            return _yes_no(column, need)
        case Form.LEVEL:
            return _levels(column, need)
        case Form.NUMBER | Form.COUNT | Form.DAYS | Form.AMOUNT | Form.POPULATION:
            return _numbers(column, need)


def _dates(column: Any, need: Need, rule: DateRule) -> Read:
    moment = moment_of(column, rule)
    if moment is None:
        return Read(None)
    text = text_of(column)
    in_range = moment.year().between(FIRST_YEAR, LAST_YEAR)
    checks = (
        RowCheck(
            "bad_date",
            need.column,
            text.notnull() & moment.isnull(),
            text,
            f"{{value}} is not a date written {rule.in_words}." if not rule.form else _not_in_format(rule.form),
            lambda value: date_advice(value, rule),
        ),
        RowCheck(
            "date_out_of_range",
            need.column,
            moment.notnull() & ~in_range,
            text,
            f"{{value}} is not in the years {FIRST_YEAR} to {LAST_YEAR}.",
            "Correct the year, or leave the cell blank if the date is not known.",
        ),
    )
    return Read(ibis.ifelse(in_range, moment, None), checks)


def _not_in_format(form: str) -> str:
    shown = form.replace("{", "{{").replace("}", "}}")
    return f"{{value}} does not fit the date format '{shown}'."


def date_advice(value: str, rule: DateRule) -> str:
    """What to do about a text that is not a date."""
    split = re.fullmatch(r"\d{1,2}([/.\-])\d{1,2}[/.\-](\d{4}|\d{2})( .*)?", value)
    if split and rule.form is None:
        year = "%Y" if len(split[2]) == 4 else "%y"
        clock = " %H:%M" if split[3] else ""
        form = f"%d{split[1]}%m{split[1]}{year}{clock}"
        return f'If days come first, write  date_format: "{form}"  in the source.'
    if re.fullmatch(r"[34]\d{4}(\.\d+)?", value):
        return "This looks like Excel's number for a day; format the column as a date and export it again."
    if re.fullmatch(r"\d{4}(-\d{2}|-Q[1-4])?", value) and rule.form is None:
        return "It names a whole period: give days, or let time.unit be at least as long."
    if value.casefold() in MISSING_WORDS:
        return LEAVE_BLANK
    if rule.form is not None:
        return "Correct it, or the source's `date_format`; leave the cell blank if the date is not known."
    return "Correct it, or set the source's `date_format`; leave the cell blank if the date is not known."


def _numbers(column: Any, need: Need) -> Read:
    kind = column.type()
    if not (kind.is_string() or kind.is_numeric()) or kind.is_boolean():
        return Read(None)
    text = text_of(column)
    if kind.is_string():
        number = ibis.ifelse(text.re_search(DECIMAL), text.try_cast("float64"), None)
    else:
        number = column.cast("float64")
    finite = number.notnull() & ~number.isnan() & ~number.isinf()
    value = ibis.ifelse(finite, number, None)
    usual = RowCheck(
        "not_a_number", need.column, text.notnull() & ~finite, text, "{value} is not a number.", number_advice
    )
    large = RowCheck(
        "too_large",
        need.column,
        value.abs() > LARGEST,
        text,
        "{value} is too large to be a measurement.",
        "Correct it, or leave the cell blank if the value is missing.",
    )
    return Read(value, (usual, large, *_limits(need, value, text)))


def _limits(need: Need, value: Any, text: Any) -> Sequence[RowCheck]:
    column = need.column
    negative = RowCheck(
        "negative_value",
        column,
        value < 0,
        text,
        "{value} is negative.",
        "Correct it: it cannot be below 0.",
    )
    match need.form:
        case Form.COUNT:
            fractional = (value >= 0) & (value % 1 != 0)
            advice = "Correct it, or use kind: continuous for amounts that are not counts."
            return [
                negative,
                RowCheck("fractional_count", column, fractional, text, "{value} is not a whole number.", advice),
            ]
        case Form.DAYS | Form.AMOUNT:
            return [negative]
        case Form.POPULATION:
            return [
                RowCheck(
                    "bad_population",
                    column,
                    value <= 0,
                    text,
                    "the population is {value}.",
                    "Correct it: a population is above 0.",
                ),
                RowCheck(
                    "blank_population",
                    column,
                    text.isnull(),
                    None,
                    "the population is blank.",
                    "Fill it in, or remove the row.",
                ),
            ]
        case _:
            return []


def number_advice(value: str) -> str:
    """What to do about a text that is not a number."""
    if value.casefold() in MISSING_WORDS:
        return LEAVE_BLANK
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", value):
        return "Write it without commas between the thousands."
    if re.fullmatch(r"[+-]?\d+,\d+", value):
        return "Write it with a decimal point."
    return "Write a plain number such as 12 or 3.5, or leave the cell blank if it is missing."


def _yes_no(column: Any, need: Need) -> Read:
    text = text_of(column)
    lower = text.lower()
    value = ibis.cases((lower.isin(YES), 1), (lower.isin(NO), 0), else_=ibis.null("int8"))
    check = RowCheck(
        "not_yes_or_no",
        need.column,
        text.notnull() & value.isnull(),
        text,
        "{value} is not 0 or 1, true or false, yes or no.",
        "Correct it, or leave the cell blank if there is no answer.",
    )
    return Read(value, (check,))


def _levels(column: Any, need: Need) -> Read:
    text = text_of(column)
    branches = [(text == level, i) for i, level in enumerate(need.levels)]
    value = ibis.cases(*branches, else_=ibis.null("int64"))

    def advice(shown: str) -> str:
        near = difflib.get_close_matches(shown.casefold(), [level.casefold() for level in need.levels], n=1)
        meant = next((level for level in need.levels if near and level.casefold() == near[0]), None)
        hint = f"Did you mean '{meant}'? " if meant else ""
        return f"{hint}Correct it or `levels`; leave the cell blank if there is no answer."

    unknown = text.notnull() & value.isnull()
    check = RowCheck("unknown_level", need.column, unknown, text, "{value} is not one of the levels.", advice)
    return Read(value, (check,))
