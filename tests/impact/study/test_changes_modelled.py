"""`intervention.concurrent`: other changes that a time series is to allow for, and what does not fit."""

from collections.abc import Callable

import pytest

type Problems = Callable[[str], list[str]]

START = "  start: 2023-04-01\n"


def with_change(valid: str, written: str) -> str:
    assert START in valid
    lines = [line for line in valid.splitlines(keepends=True) if not line.startswith(("  concurrent:", "    - {what:"))]
    return "".join(lines).replace(START, f"{START}  concurrent:\n    - {{what: A move, {written}}}\n")


@pytest.mark.parametrize(
    "written",
    [
        "when: 2023-05",
        "when: 2023-05, modelled: level",
        "when: 2023-05, until: 2023-06, modelled: pulse",
        "when: 2023-05, until: 2023-05",
        "when: 2023-05, modelled: both",
        "when: 2022-Q1, modelled: slope, areas: [South Norfolk]",
    ],
)
def test_changes_that_fit(valid: str, problems: Problems, written: str) -> None:
    assert problems(with_change(valid, written)) == []


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("modelled: level", "this needs the date of the change."),
        ("until: 2023-05", "this needs the date of the change."),
        ("when: 2023-05, until: 2023-04", "this change ended (2023-04) before it came (2023-05)."),
        ("when: 2023-05, modelled: pulse", "a pulse needs the date it ended."),
        (
            "when: 2023-05, until: 2023-06, modelled: level",
            "'until' is for a pulse; 'modelled: level' is a change that",
        ),
        ("when: 2023-05, until: 2023-06, modelled: slope", "'until' is for a pulse"),
        ("when: 2023-05, until: 2023-06, modelled: both", "'until' is for a pulse"),
        ("when: 2023-05, modelled: step", "must be level, slope, both or pulse, not 'step'"),
    ],
)
def test_changes_that_do_not(valid: str, problems: Problems, written: str, told: str) -> None:
    (problem,) = problems(with_change(valid, written))
    assert told in problem
