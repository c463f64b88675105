"""Other changes before the study's first period and after its last: what is told of them, and what they count for."""

from collections.abc import Callable
from typing import Any

import pytest

from impact.intake.data import Intake
from impact.intake.read import read
from impact.study.schema import Study
from impact.study_info import study_info

type Build = Callable[..., Study]


def studied(build: Build, text: str, **change: Any) -> tuple[Study, Intake]:
    intervention = {"concurrent": [{"what": "Merger.", **change}]}
    study = build({"cases.csv": text}, intervention=intervention, areas={"aliases": {"Esche": "Ash"}})
    return study, read(study)


def told(data: Intake) -> list[tuple[str, str]]:
    return [(p.code, p.message) for p in data.problems if p.code.startswith("change_")]


@pytest.mark.parametrize("modelled", [None, "level", "slope", "both"])
def test_a_change_after_the_last_period_is_no_threat(build: Build, one_a_month: str, modelled: str | None) -> None:
    given = {} if modelled is None else {"modelled": modelled}
    study, data = studied(build, one_a_month, when="2023-07", areas=["Ash"], **given)
    ((code, message),) = told(data)
    assert code == "change_after_the_study"
    assert "item 1 of intervention.concurrent: 'Merger' (2023-07) came after the last period, 2023-06" in message
    assert message.endswith("not counted as a threat." if modelled is None else "as a threat and not modelled.")
    assert study_info(study, data, ("did",)).intervention.concurrent == ()


@pytest.mark.parametrize(
    "change",
    [
        {"when": "2019-01", "modelled": "level"},
        {"when": "2023-01", "modelled": "slope"},
        {"when": "2022-10", "until": "2022-12", "modelled": "pulse"},
    ],
)
def test_a_modelled_change_before_the_study_is_told_of_and_stays_a_threat(
    build: Build, one_a_month: str, change: dict[str, str]
) -> None:
    study, data = studied(build, one_a_month, areas=["Esche"], **change)
    ((code, message),) = told(data)
    assert code == "change_before_the_study"
    assert f"'Merger' ({change['when']}) is not modelled" in message
    (threat,) = study_info(study, data, ("did",)).intervention.concurrent
    assert threat.areas == ("Ash",)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"when": "2019-01"},
        {"when": "2023-06", "modelled": "level"},
        {"when": "2023-02", "modelled": "both"},
        {"when": "2022-10", "until": "2023-01", "modelled": "pulse"},
    ],
)
def test_nothing_is_told_of_other_changes(build: Build, one_a_month: str, change: dict[str, str]) -> None:
    study, data = studied(build, one_a_month, **change)
    assert told(data) == []
    assert len(study_info(study, data, ("did",)).intervention.concurrent) == 1
