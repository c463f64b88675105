"""Who answered: rates by hand, and warnings when they are low or move."""

from collections.abc import Callable
from typing import Any

import pytest

from impact.intake.read import read
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
    assert (note.code, note.severity, note.source) == ("response_rate", "note", "cases")
    assert note.message == (
        "48% of the rows have an answer for 'o' (treated, baseline 50%; treated, follow-up 60%; "
        "comparison, baseline 40%; comparison, follow-up 50%)."
    )


def test_complete_answers_are_not_mentioned(build: Build) -> None:
    assert answered(build, "binary", (10, 10, 10, 10)) == ()


def test_a_shift_of_more_than_ten_points(build: Build) -> None:
    warning, note = answered(build, "ordinal", (5, 7, 5, 5))
    assert (warning.severity, note.severity) == ("warning", "note")
    assert warning.message == (
        "the share with an answer for 'o' changed by +20 points more in the treated areas than in the comparison areas."
    )
    assert [p.severity for p in answered(build, "ordinal", (5, 6, 5, 5))] == ["note"]
    falling = answered(build, "ordinal", (7, 5, 5, 5))[0]
    assert "-20 points" in falling.message


def test_few_answers(build: Build) -> None:
    warning, note = answered(build, "continuous", (1, 1, 2, 2))
    assert (warning.message, note.severity) == ("only 17% of the rows have an answer for 'o'.", "note")
