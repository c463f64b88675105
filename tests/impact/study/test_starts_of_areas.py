"""`areas.starts`: areas that start later than the first, and what does not fit."""

import re
from collections.abc import Callable

import pytest

type Problems = Callable[[str], list[str]]

AFTER_DOMINANT = "  dominant: [Broadland]\n"


def with_starts(valid: str, written: str, **edits: str) -> str:
    text = valid.replace(AFTER_DOMINANT, f"{AFTER_DOMINANT}  starts: {{{written}}}\n")
    for old, new in edits.items():
        text = text.replace(old, new)
    assert text != valid
    return text


@pytest.mark.parametrize(
    "written",
    [
        "Broadland: 2023-10-01",
        "South Norfolk: 2023-04-01, Broadland: 2023-10-01",
        "South Norfolk: 2023-04-01, Broadland: 2023-04-01",
        "",
    ],
)
def test_starts_that_fit(valid: str, problems: Problems, written: str) -> None:
    assert problems(with_starts(valid, written)) == []


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "Brodland: 2023-10-01",
            "'Brodland' is not a treated area of this study; did you mean 'Broadland'?",
        ),
        ("Norwich: 2023-10-01", "'Norwich' is not a treated area of this study."),
        ("Broadland: 2023-03-01", "'Broadland' starts (2023-03-01) before the intervention (2023-04-01)."),
        (
            "Broadland: 2024-05-01",
            "'Broadland' starts (2024-05-01) after the follow-up ends (2024-03-31), so nothing after it is seen.",
        ),
        (
            "South Norfolk: 2023-06-01, Broadland: 2023-10-01",
            "no treated area starts on 2023-04-01: the first to start does so on 2023-06-01.",
        ),
        ("Broadland: 2023-10", "must be a day written YYYY-MM-DD"),
    ],
)
def test_starts_that_do_not(valid: str, problems: Problems, written: str, told: str) -> None:
    (problem,) = problems(with_starts(valid, written))
    assert told in problem


def test_two_spellings_of_one_area(valid: str, problems: Problems) -> None:
    text = with_starts(valid, "Broadland: 2023-10-01, Broads: 2023-11-01").replace(
        "aliases: {KLWN:", "aliases: {Broads: Broadland, KLWN:"
    )
    (problem,) = problems(text)
    assert "'Broads' and 'Broadland' are the same area." in problem


def test_anticipation_out_of_range_is_one_sentence(valid: str, problems: Problems) -> None:
    text = re.sub(r"(?ms)^models:.*?(?=^\w)", "models: {staggered: {anticipation: -1}}\n", valid)
    (problem,) = problems(text)
    assert "anticipation is a number of periods from 0 to 1,000." in problem
    assert ".." not in problem
