from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from impact.report.family_view import family_view
from impact.report.render import report_html
from impact.result import FamilyInfo, RunResult


@pytest.fixture
def family(checked: RunResult) -> FamilyInfo:
    assert checked.family is not None
    return checked.family


def said(result: RunResult, family: FamilyInfo | None) -> Any:
    return family_view(replace(result, family=family))


def test_one_outcome_alone_needs_no_section(flagship: RunResult, read_html: Callable[[str], Any]) -> None:
    assert family_view(flagship) is None
    assert "Many outcomes at once" not in read_html(report_html(flagship)).visible


def test_what_is_left_after_allowing_for_many_is_named_with_its_floor(checked: RunResult, family: FamilyInfo) -> None:
    view = said(checked, family)
    assert "Repeat complaint within 90 days" in view.sentences[0]
    assert " ".join(view.sentences[1:]) == (
        "Allowing for that, this one still stands out (a p of 0.05 or less, where the smallest there can be is 0.048): "
        "Days from report to first visit. All primary and secondary outcomes put together in one index moved for the "
        "better: by +0.81 standard deviations (95% interval +0.12 to +1.50)."
    )
    assert view.table.rows == (
        ("Repeat complaint within 90 days (primary)", "p = 0.020", "not raised", "40%"),
        ("Satisfied with how the complaint was handled", "p = 0.14", "p = 0.19", "35%"),
        ("Days from report to first visit", "p = 0.048", "p = 0.048", "25%"),
        ("All in one index", "p = 0.030", "–", "100%"),
    )
    assert "21 choices of treated areas, all of those there are" in view.table.notes[0]


def test_with_too_few_areas_none_can_stand_out(checked: RunResult, family: FamilyInfo) -> None:
    view = said(checked, replace(family, floor=1 / 15))
    assert view.sentences[1] == "With these areas the smallest p value there can be is 0.067, so none can stand out."


def test_nothing_left_is_not_said_to_be_no_effect(checked: RunResult, family: FamilyInfo) -> None:
    raised = tuple(replace(other, adjusted_p=0.3) for other in family.others)
    view = said(checked, replace(family, others=raised))
    assert view.sentences[1].startswith("Allowing for that, none of them stands out (")


def test_without_an_index_there_is_no_column_for_it(checked: RunResult, family: FamilyInfo) -> None:
    view = said(checked, replace(family, index=None, refused=("no index of all outcomes",)))
    assert view.table.head == ("Outcome", "By itself", "Allowing for the others")
    assert view.refused == ("No index of all outcomes.",)


def test_an_index_without_a_range_or_for_the_worse_says_so(checked: RunResult, family: FamilyInfo) -> None:
    assert family.index is not None
    worse = said(checked, replace(family, index=replace(family.index, estimate=-0.3, interval=(-0.9, 0.3))))
    assert "moved for the worse: by −0.30 standard deviations (95% interval −0.90 to +0.30)" in worse.sentences[-1]
    bare = said(checked, replace(family, index=replace(family.index, interval=None, p_value=None)))
    assert bare.sentences[-1].endswith("moved by +0.81 standard deviations; no range can be given.")


def test_where_nothing_could_be_done_the_reasons_remain(checked: RunResult, read_html: Callable[[str], Any]) -> None:
    nothing = FamilyInfo("recurrence", (), None, False, None, None, ("too few areas have all outcomes",))
    view = said(checked, nothing)
    assert view.table is None
    assert len(view.sentences) == 1
    assert "Too few areas have all outcomes." in read_html(report_html(replace(checked, family=nothing))).visible


def test_the_section_stands_before_the_outcomes(checked: RunResult, read_html: Callable[[str], Any]) -> None:
    text = read_html(report_html(checked)).visible
    assert text.index("Many outcomes at once") < text.index("How it is measured")
