"""Who answered: rates by hand, and warnings when they are low or move."""

from collections.abc import Callable
from typing import Any

import pytest

from impact.intake.read import read
from impact.intake.responses import share_in_words
from impact.study.schema import Study

type Build = Callable[..., Study]

OUTCOME = {"source": "cases", "value": "v", "better": "higher"}
KINDS = {
    "binary": ("1", {}),
    "continuous": ("2.5", {}),
    "ordinal": ("Good", {"levels": ["Bad", "Good"]}),
}


def answered(build: Build, kind: str, shares: tuple[int, int, int, int]) -> Any:
    """Read cases in which these numbers of ten answer: treated before and after, comparison before and after."""
    answer, more = KINDS[kind]
    rows = []
    for area, before, after in (("Ash", *shares[:2]), ("Birch", *shares[2:]), ("Cedar", *shares[2:])):
        for month, number in (
            ("2023-01", before),
            ("2023-02", before),
            ("2023-03", before),
            ("2023-04", after),
            ("2023-05", after),
            ("2023-06", after),
        ):
            rows += [f"{area},{month}-05,{answer if i < number else ''}\n" for i in range(10)]
    study = build({"cases.csv": "district,day,v\n" + "".join(rows)}, outcomes={"o": {"kind": kind, **OUTCOME, **more}})
    return read(study).problems


@pytest.mark.parametrize("kind", KINDS)
def test_rates_are_noted(build: Build, kind: str) -> None:
    (note,) = answered(build, kind, (5, 6, 4, 5))
    assert (note.code, note.severity, note.source, note.column) == ("response_rate", "note", "cases", "v")
    assert note.message == (
        "48% of the rows have an answer for 'o' (treated, baseline 50%; treated, follow-up 60%; "
        "comparison, baseline 40%; comparison, follow-up 50%)."
    )


def test_complete_answers_are_not_mentioned(build: Build) -> None:
    assert answered(build, "binary", (10, 10, 10, 10)) == ()


def test_a_shift_of_more_than_ten_points(build: Build) -> None:
    warning, note = answered(build, "ordinal", (5, 7, 5, 5))
    assert (warning.severity, note.severity) == ("warning", "note")
    assert (warning.column, note.column) == ("v", "v")
    assert warning.message == (
        "the share with an answer for 'o' rose by 20 points more in the treated areas than in the comparison areas."
    )
    assert [p.severity for p in answered(build, "ordinal", (5, 6, 5, 5))] == ["note"]
    falling = answered(build, "ordinal", (7, 5, 5, 5))[0]
    assert "fell by 20 points more in the treated areas" in falling.message
    assert "fell by 20 points less in" in answered(build, "ordinal", (7, 6, 8, 5))[0].message
    assert "rose by 30 points less in" in answered(build, "ordinal", (5, 6, 3, 7))[0].message
    assert "fell by 20 points less in" in answered(build, "ordinal", (5, 5, 7, 5))[0].message


def test_few_answers(build: Build) -> None:
    warning, note = answered(build, "continuous", (1, 1, 2, 2))
    assert (warning.column, note.column) == ("v", "v")
    assert (warning.message, note.severity) == ("only 17% of the rows have an answer for 'o'.", "note")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1, "100%"),
        (0, "0%"),
        (0.475, "48%"),
        (0.994, "99%"),
        (0.996, "99.6%"),
        (0.9996, "nearly all"),
        (0.004, "0.4%"),
        (0.0004, "less than 0.1%"),
    ],
)
def test_nearly_all_is_not_all(share: float, words: str) -> None:
    assert share_in_words(share) == words


def test_one_blank_of_a_thousand_rows_is_not_all(build: Build) -> None:
    rows = "".join(f"{area},2023-0{m}-05,1\n" for area in ("Ash", "Birch", "Cedar") for m in (1, 4)) * 200
    (note,) = read(
        build({"cases.csv": f"district,day,v\n{rows}Ash,2023-01-05,\n"}, outcomes={"o": {"kind": "binary", **OUTCOME}})
    ).problems[-1:]
    assert note.message == (
        "99.9% of the rows have an answer for 'o' (treated, baseline 99.5%; treated, follow-up 100%; "
        "comparison, baseline 100%; comparison, follow-up 100%)."
    )


def test_rates_of_very_few_rows_are_not_given(build: Build) -> None:
    rows = "Ash,2023-01-05,1\n" * 5 + "Ash,2023-04-05,1\nAsh,2023-04-05,\n" * 2
    rows += "".join(f"{area},2023-0{m}-05,1\n" for area in ("Birch", "Cedar") for m in (1, 4)) * 5
    files = {"cases.csv": f"district,day,v\n{rows}"}
    outcomes = {"o": {"kind": "binary", **OUTCOME}}
    warning, note = [p for p in read(build(files, outcomes=outcomes)).problems if p.code == "response_rate"]
    assert "treated, baseline 100%; treated, follow-up too few to show; comparison" in note.message
    assert warning.message == (
        "the share with an answer for 'o' changed differently in the treated areas than in the comparison areas."
    )
    shown = read(build(files, outcomes=outcomes, disclosure={"minimum": 4})).problems
    warning, note = [p for p in shown if p.code == "response_rate"]
    assert "treated, follow-up 50%;" in note.message
    assert "fell by 50 points more" in warning.message
