"""How far the answer depends on choices: the sentences, the order of the checks, and what they are called."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from impact.report.check_words import (
    ALONE,
    CARRIED,
    CHECKS,
    COUNTED,
    FAIR,
    HEADINGS,
    METHODS,
    MOVED,
    OTHER,
    other_method,
    words_of,
)
from impact.report.choices import choices_view
from impact.report.render import report_html
from impact.result import OutcomeResult, RunResult
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status

OWN = Row("main analysis", 0.8, 0.7, 0.9, chosen=True)
SAME = Row("a", 0.85, 0.75, 0.95)
LOST = Row("b", 0.85, 0.7, 1.1)
TURNED = Row("c", 1.05, 0.8, 1.3)
TURNED_CLEAR = Row("d", 1.2, 1.1, 1.3)
POINT = Row("e", 0.9)
REFUSED = Row("f", None, note="no data")


def check(name: str, *rows: Row, figure: Figure = Figure.FOREST, status: Status = Status.PASS) -> Check:
    evidence = Evidence("Title", figure, Scale.RATIO, Quantity.OUTCOME, rows) if rows else None
    return Check(name, status, f"{name} found something", "", evidence)


@pytest.fixture
def asb(flagship: RunResult) -> OutcomeResult:
    return flagship.outcomes["asb"]


def sentences(asb: OutcomeResult, *checks: Check) -> tuple[str, ...]:
    view = choices_view(replace(asb, checks=checks), "o", simulated=False)
    assert view is not None
    return view.sentences


def test_without_checks_there_is_no_section(asb: OutcomeResult) -> None:
    assert choices_view(replace(asb, checks=()), "o", simulated=False) is None


def test_the_curve_counts_what_was_tried_and_what_changes(asb: OutcomeResult) -> None:
    curve = check("specification_curve", OWN, SAME, LOST, TURNED, TURNED_CLEAR, POINT, REFUSED, figure=Figure.CURVE)
    again = check("leave_one_out", OWN, SAME)
    assert sentences(asb, again, curve)[0] == (
        "The estimate was worked out again in 5 other ways, each a combination of choices that could be defended. The "
        "answer changes in 3 of them: in 2 the estimate points the other way and in 1 it no longer shows a difference."
    )


def test_without_a_curve_the_checks_that_repeat_the_headline_count(asb: OutcomeResult) -> None:
    placebo = check("placebo_in_time", OWN, TURNED_CLEAR, figure=Figure.SERIES)
    said = sentences(asb, check("leave_one_out", OWN, SAME, LOST), check("shocks", OWN, POINT), placebo)
    assert said[0] == (
        "The estimate was worked out again in 3 other ways. The answer changes in 1 of them: it no longer shows a "
        "difference."
    )


def test_an_answer_that_only_now_shows_a_difference_changes_too(asb: OutcomeResult) -> None:
    unsure = replace(OWN, hi=1.1)
    assert "it now shows a difference" in sentences(asb, check("shocks", unsure, SAME))[0]
    assert sentences(asb, check("shocks", unsure, LOST))[0].endswith("That does not change the answer.")
    assert sentences(asb, check("shocks", unsure, LOST, LOST))[0].endswith("Not one of them changes the answer.")


def test_without_the_study_s_own_row_the_headline_is_compared_with(asb: OutcomeResult) -> None:
    assert "points the other way" in sentences(asb, check("shocks", TURNED))[0]  # the headline is 0.904
    other_scale = replace(asb.estimates[0], scale=Scale.DIFFERENCE, headline=True)
    assert "worked out again" not in sentences(replace(asb, estimates=(other_scale,)), check("shocks", TURNED))[0]


def test_rows_that_are_no_effects_on_the_outcome_are_no_alternatives(asb: OutcomeResult) -> None:
    shares = Evidence("Title", Figure.FOREST, Scale.RATIO, Quantity.SHARE, (OWN, TURNED))
    said = sentences(asb, replace(check("shocks"), evidence=shares))
    assert said == ("Of 1 check, none gives a warning.",)


def test_the_checks_are_counted_and_those_against_named(asb: OutcomeResult) -> None:
    assert sentences(
        asb,
        check("leave_one_out", status=Status.WARN),
        check("areas", status=Status.FAIL),
        check("seasons"),
        check("shocks", status=Status.NOT_RUN),
    ) == ("Of 4 checks, 2 give a warning (Leave one area out; How many areas there are), and 1 could not be made.",)


def test_checks_stand_under_their_question_the_gravest_first(asb: OutcomeResult) -> None:
    made = (
        check("seasons"), check("shocks", status=Status.NOT_RUN), check("its_points"), check("composition"),
        check("without_neighbours"), check("boundaries", status=Status.WARN), check("areas", status=Status.FAIL),
        check("no_such_check"), check("earlier_gap", status=Status.WARN),
    )  # fmt: skip
    view = choices_view(replace(asb, checks=made), "o", simulated=False)
    assert view is not None
    assert [(group.heading, [c.word for c in group.checks]) for group in view.groups] == [
        (FAIR, ["Failed", "Warning", "Passed"]),
        (CARRIED, ["Warning", "Not run"]),
        (COUNTED, ["Passed"]),
        (MOVED, ["Passed"]),
        (OTHER, ["Passed"]),
        (METHODS["its"], []),
    ]
    (folded,) = view.groups[-1].folded
    assert (folded.word, view.groups[-1].folded_title) == ("Passed", "1 check: 1 passed")


def test_checks_of_another_method_are_counted_and_folded_apart(asb: OutcomeResult) -> None:
    its = (check("its_points"), check("its_alone", status=Status.WARN), check("its_season", status=Status.WARN))
    made = replace(asb, checks=(check("seasons", status=Status.WARN), *its))
    view = choices_view(made, "o", simulated=False)
    assert view is not None
    assert view.sentences == (
        "Of 1 check, 1 gives a warning (The same times of year before and after).",
        "3 more checks concern other methods than the headline's; 2 of them give a warning.",
    )
    last = view.groups[-1]
    assert (last.heading, last.folded_title, last.folded_tone) == (
        METHODS["its"], "3 checks: 2 warnings, 1 passed", "warn",
    )  # fmt: skip


def test_the_checks_of_the_headlines_own_method_stand_under_their_question(asb: OutcomeResult) -> None:
    head = asb.headline
    assert head is not None
    made = replace(asb, estimates=(replace(head, model="its"),), checks=(check("its_points"),))
    view = choices_view(made, "o", simulated=False)
    assert view is not None
    assert [(g.heading, len(g.checks)) for g in view.groups] == [(ALONE, 1)]


def test_a_check_of_the_cases_concerns_every_method() -> None:
    assert other_method("recurrence_follow_up", "did") is None
    assert other_method("recurrence_hazards", "did") == "recurrence"
    assert other_method("recurrence_hazards", "recurrence") is None
    assert other_method("recurrence_hazards", None) is None
    assert other_method("agreement_its", "did") is None


def test_passes_are_folded_once_they_are_more_than_two(asb: OutcomeResult) -> None:
    names = ("areas", "seasons", "earlier_gap")
    few = choices_view(replace(asb, checks=tuple(map(check, names[:2]))), "o", simulated=False)
    many = choices_view(
        replace(asb, checks=(*map(check, names), check("area_sizes", status=Status.NOT_RUN))), "o", simulated=False
    )
    assert few is not None
    assert many is not None
    assert [(len(g.checks), len(g.folded), g.folded_title) for g in few.groups] == [(2, 0, "")]
    assert [(len(g.checks), len(g.folded), g.folded_title) for g in many.groups] == [(1, 3, "3 passed")]
    assert [c.title for c in many.groups[0].folded] == [CHECKS[name].title for name in names]


def test_curve_and_event_study_stand_large_and_nowhere_else(checked: RunResult) -> None:
    view = choices_view(checked.outcomes["recurrence"], "o", simulated=True)
    assert view is not None
    assert [one.title for one in view.large] == ["Step by step over time", "Every combination of choices"]
    titles = [one.title for group in view.groups for one in (*group.checks, *group.folded)]
    assert len(titles) == len(checked.outcomes["recurrence"].checks) - 2
    assert not {one.title for one in view.large} & set(titles)


def test_an_event_study_that_could_not_be_made_is_a_check_like_others(asb: OutcomeResult) -> None:
    view = choices_view(replace(asb, checks=(check("event_study", status=Status.NOT_RUN),)), "o", simulated=False)
    assert view is not None
    assert view.large == ()
    assert view.groups[0].checks[0].title == "Step by step over time"


def test_drawings_of_simulated_records_say_so(checked: RunResult, read_html: Callable[[str], Any]) -> None:
    page = read_html(report_html(checked))
    captions = [text for tag, text in page.texts if tag in {"caption", "figcaption"}]
    assert "Without each area (simulated records)" in captions
    real = replace(checked, study=replace(checked.study, simulated=False))
    assert "(simulated records)" not in read_html(report_html(real)).visible


# Words ---------------------------------------------------------------------------------------------------------------


def test_a_check_nobody_described_is_called_by_its_id() -> None:
    assert words_of("very_new_check").title == "Very new check"
    assert words_of("very_new_check").heading == OTHER
    assert words_of("").title == "A check"
    assert words_of("agreement_bayes").title == "Do the methods agree?"
    assert (words_of("its_new").title, words_of("its_new").heading) == ("New", ALONE)


def test_every_described_check_has_a_plain_title_a_question_and_a_whole_sentence() -> None:
    for name, words in CHECKS.items():
        assert words.heading in HEADINGS, name
        assert len(words.title) <= 50, name
        assert not words.title.endswith("."), name
        assert words.warning == "" or words.warning.endswith("."), name
        assert words.warning or not words.again, f"{name}: a choice that changes the answer needs words for it"


def test_every_status_has_the_same_word_everywhere(asb: OutcomeResult) -> None:
    made = tuple(check(f"c{i}", status=status) for i, status in enumerate(Status))
    view = choices_view(replace(asb, checks=made), "o", simulated=False)
    assert view is not None
    assert {one.word for group in view.groups for one in (*group.checks, *group.folded)} == {
        "Passed",
        "Warning",
        "Failed",
        "Not run",
    }
