"""What areas are called, which estimates are drawn, what the expected lines are, and which words are explained."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from impact.report import forest
from impact.report.glossary import GLOSSARY, NEEDED_FOR, glossary
from impact.report.places import areas_words, places, plural
from impact.report.render import figures, report_html
from impact.result import OutcomeResult, RunResult
from models.estimate import Clusters, Path

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("noun", "several"),
    [("ward", "wards"), ("town centre", "town centres"), ("county", "counties"), ("survey", "surveys"),
     ("parish", "parishes"), ("box", "boxes")],
)  # fmt: skip
def test_plurals(noun: str, several: str) -> None:
    assert plural(noun) == several


def test_areas_are_called_what_they_are(flagship: RunResult) -> None:
    study = replace(flagship.study, area_level="town centre", treated=("Maidstone",))
    called = places(study)
    assert (called.treated, called.comparison, called.one) == ("treated town centre", "comparison town centres", True)
    assert called.legend("treated") == "Treated town centre"
    assert areas_words(Clusters(1, 11), called.level) == "1 treated town centre, 11 comparison"
    assert areas_words(Clusters(2, 1), "ward", later=True) == "2 treated wards, 1 that had not started yet"
    assert areas_words(Clusters(4, 0, periods=58), "ward") == "58 periods of 4 treated wards, none to compare"
    assert not places(flagship.study).one


@pytest.mark.parametrize("level", ["W" * 40, "  ", "\u202e"])
def test_a_level_too_long_for_a_legend_or_empty_is_an_area(flagship: RunResult, level: str) -> None:
    assert places(replace(flagship.study, area_level=level)).treated == "treated areas"


def test_one_treated_area_is_one_in_the_whole_report(flagship: RunResult) -> None:
    study = replace(flagship.study, area_level="town centre", treated=("Maidstone",))
    text = report_html(replace(flagship, study=study))
    assert "treated town centre against its own baseline" in text
    assert "Treated town centre" in text
    assert "Treated town centres" not in text
    assert "Each treated" not in text
    assert "One team served" not in text


# Which estimates are drawn -----------------------------------------------------------------------------------------


def crowded(outcome: OutcomeResult, tests: int, models: int) -> OutcomeResult:
    head = outcome.headline
    assert head is not None
    plain = head.as_companion()
    made = [replace(plain, method=f"test {i}") for i in range(tests)]
    made += [replace(plain, estimand="another estimand")]
    made += [replace(plain, model=f"m{i}", method=m) for i in range(models) for m in ("first", "second")]
    return replace(outcome, estimates=(*made[:2], head, *made[2:]))


def test_drawn_are_the_headline_its_tests_and_one_of_every_other_model(flagship: RunResult) -> None:
    drawn = forest.drawable(crowded(flagship.outcomes["asb"], 3, 2))
    assert drawn[0].headline
    assert [e.method for e in drawn[1:]] == ["test 0", "test 1", "test 2", "first", "first"]
    assert [e.model for e in drawn[-2:]] == ["m0", "m1"]


def test_other_models_keep_their_place_beside_many_tests(flagship: RunResult) -> None:
    drawn = forest.drawable(crowded(flagship.outcomes["asb"], 30, 4))
    assert len(drawn) == forest.MOST_ROWS
    assert [e.model for e in drawn[-4:]] == ["m0", "m1", "m2", "m3"]


def test_the_figure_says_how_many_more_there_are(flagship: RunResult) -> None:
    outcome = crowded(flagship.outcomes["asb"], 3, 2)
    drawn = forest.forest(flagship, outcome, "forest")
    few = forest.forest(flagship, replace(outcome, estimates=outcome.estimates[:3]), "forest")
    assert drawn is not None
    assert few is not None
    assert f"{len(outcome.estimates) - 6} more estimates in the table below." in drawn
    assert "in the table below" not in few
    assert "every estimate" in few


# What is expected --------------------------------------------------------------------------------------------------


def test_the_difference_of_the_series_is_drawn_and_says_what_its_band_is(flagship: RunResult) -> None:
    outcome = flagship.outcomes["asb"]
    alone = next(p for p in outcome.paths if p.name == "its")
    beside = replace(outcome, paths=(*outcome.paths, Path("its_difference", alone.points)))
    result = replace(flagship, outcomes={"asb": beside})
    root = ET.fromstring(figures(result)["asb-difference.svg"])  # noqa: S314 - our own figure
    texts = ["".join(e.itertext()) for e in root.iter(f"{SVG}text")]
    assert {"Treated districts", "Expected from the others"} <= set(texts)
    text = report_html(result)
    assert "The band is the plausible range of that gap. It counts months, not districts" in text
    assert "treated districts against baseline and comparison (" in text
    assert "asb-difference.svg" not in figures(flagship)


# Words -------------------------------------------------------------------------------------------------------------


def test_only_words_that_a_report_uses_are_explained(flagship: RunResult) -> None:
    bare = replace(flagship, study=replace(flagship.study, models=()), outcomes={})
    assert [word for word, _ in glossary(bare)] == [word for word in GLOSSARY if word not in NEEDED_FOR]
    words = [word for word, _ in glossary(flagship)]
    assert "Interrupted time series" in words
    assert "Weights" not in words


def test_every_word_with_a_condition_is_explained() -> None:
    assert NEEDED_FOR.keys() <= GLOSSARY.keys()
