"""What else is known of the areas: means over a stretch, cut from the rows of the outcome's source."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from impact.errors import DataError
from impact.intake.data import Intake
from impact.intake.read import read
from impact.study.schema import Study

type Build = Callable[..., Study]

PANEL = {"path": "panel.csv", "reader": "panel", "columns": {"area": "district", "time": "month"}}
ROWS = "district,month,y,trade,share\n" + "".join(
    f"{area},2023-{month:02d},{month},{trade},{share}\n"
    for area, of_area in {
        "Ash": [("10", ""), ("20", "5"), ("", "")],
        "Birch": [("1", ""), ("2", "7"), ("3", "")],
        "Cedar": [("", "9"), ("", ""), ("", "")],
    }.items()
    for month, (trade, share) in enumerate([*of_area, ("99", "99"), ("99", "99"), ("99", "99")], start=1)
)


def case(build: Build, *predictors: dict[str, Any], text: str = ROWS, **changes: Any) -> Intake:
    outcome = {"kind": "continuous", "source": "panel", "value": "y", "better": "lower", "predictors": predictors}
    study = build({"panel.csv": text}, sources={"panel": PANEL}, outcomes={"y": outcome}, **changes)
    return read(study)


def stretch(value: str, first: str = "2023-01", last: str = "2023-03", **more: Any) -> dict[str, Any]:
    return {"value": value, "from": first, "to": last, **more}


def test_means_leave_out_blanks_and_what_lies_outside_the_stretch(build: Build) -> None:
    found = case(build, stretch("trade", title="Trade"), stretch("share", "2023-02", "2023-02")).cases["y"].predictors
    assert [p.title for p in found] == ["Trade", "share"]
    assert found[0].values == pytest.approx([15.0, 2.0, np.nan], nan_ok=True)
    assert found[1].values == pytest.approx([5.0, 7.0, np.nan], nan_ok=True)
    assert found[0].training is None


def test_an_area_of_which_it_is_not_known_is_named(build: Build) -> None:
    data = case(build, stretch("trade"))
    (problem,) = [p for p in data.problems if p.code == "predictor_not_known"]
    assert "'Cedar'" in problem.message
    assert "'Ash'" not in problem.message
    assert problem.column == "trade"


def test_the_outcome_itself_may_be_a_predictor_and_a_stretch_of_before_its_training(build: Build) -> None:
    own = stretch("y", "2023-02", "2023-03", training=stretch("trade", "2023-01", "2023-01"))
    (found,) = case(build, own).cases["y"].predictors
    assert found.values == pytest.approx([2.5, 2.5, 2.5])
    assert found.training == pytest.approx([10.0, 1.0, np.nan], nan_ok=True)


def test_periods_the_study_leaves_out_still_say_what_was_known(build: Build) -> None:
    time = {"baseline": {"from": "2023-02"}, "exclude": [{"from": "2023-03", "to": "2023-03"}]}
    (found,) = case(build, stretch("y"), time=time).cases["y"].predictors
    assert found.values == pytest.approx([2.0, 2.0, 2.0])


def test_a_longer_mark_covers_its_periods(build: Build) -> None:
    (found,) = case(build, stretch("y", "2023-Q1", "2023-Q1")).cases["y"].predictors
    assert found.values == pytest.approx([2.0, 2.0, 2.0])


def test_a_case_without_predictors_has_none(build: Build) -> None:
    assert case(build).cases["y"].predictors == ()


def test_predictors_that_no_model_uses(build: Build) -> None:
    unused = case(build, stretch("trade"))
    (note,) = [p for p in unused.problems if p.code == "unused_predictors"]
    assert note.message == "no model of the study uses the predictors of 'y'."
    outcome = {"kind": "continuous", "source": "panel", "value": "y", "better": "lower"}
    outcomes = {"y": {**outcome, "predictors": [stretch("trade")]}}
    used = build({"panel.csv": ROWS}, sources={"panel": PANEL}, outcomes=outcomes)
    used = used.model_copy(update={"models": ("synthetic",)})
    assert "unused_predictors" not in {p.code for p in read(used).problems}


def test_a_column_that_is_not_there_is_asked_for_by_its_item(build: Build) -> None:
    with pytest.raises(DataError, match=r"Correct value in item 2 of outcomes\.y\.predictors"):
        case(build, stretch("trade"), stretch("trad"))
    with pytest.raises(DataError, match=r"Correct training\.value in item 1 of outcomes\.y\.predictors"):
        case(build, stretch("trade", training=stretch("trad")))
