"""Roles of the periods."""

from collections.abc import Callable
from datetime import date
from typing import Any

from impact.intake.clock import Span
from impact.intake.clock import build as lay_out
from impact.intake.findings import Findings
from impact.study.schema import Study
from models.periods import Role, TimeUnit, period_index

type Build = Callable[..., Study]

SHORT = {
    Role.BASELINE: "b", Role.GAP: "g", Role.PHASE_IN: "p", Role.FOLLOW_UP: "f", Role.EXCLUDED: "x",
}  # fmt: skip


def month(year: int, number: int) -> Any:
    return year * 12 + number - 1


HALF_YEAR = Span(month(2023, 1), month(2023, 6))


def laid_out(build: Build, span: Span = HALF_YEAR, **changes: Any) -> Any:
    """Roles by letter, first period, and the codes of what was found."""
    findings = Findings()
    periods = lay_out(build({}, **changes), [span], findings)
    codes = [p.code for p in (*findings.errors, *findings.others)]
    return ("".join(SHORT[r] for r in periods.roles), periods.labels[0], codes) if periods else (None, None, codes)


def test_declared_windows(build: Build) -> None:
    assert laid_out(build) == ("bbbfff", "2023-01", [])


def test_windows_from_the_data(build: Build) -> None:
    roles = laid_out(build, time={"baseline": {}}, intervention={"end": None})
    assert roles == ("bbbfff", "2023-01", [])
    wider = Span(month(2022, 11), month(2023, 7))
    assert laid_out(build, wider, time={"baseline": {}}, intervention={"end": None})[:2] == ("bbbbbffff", "2022-11")


def test_the_data_of_all_sources_count(build: Build) -> None:
    findings = Findings()
    study = build({}, time={"baseline": {}}, intervention={"end": None})
    spans = [Span(month(2023, 2), month(2023, 4)), Span(month(2022, 12), month(2023, 3))]
    periods = lay_out(study, spans, findings)
    assert periods is not None
    assert periods.labels == ("2022-12", "2023-01", "2023-02", "2023-03", "2023-04")


def test_gap_after_a_declared_baseline(build: Build) -> None:
    assert laid_out(build, time={"baseline": {"from": "2022-10", "to": "2023-01"}})[0] == "bbbbggfff"


def test_phase_in(build: Build) -> None:
    assert laid_out(build, intervention={"phase_in": 1})[0] == "bbbpff"
    assert laid_out(build, intervention={"phase_in": 1})[2] == ["few_periods"]


def test_exclusions_win(build: Build) -> None:
    spans = [{"from": "2023-02", "to": "2023-02"}, {"from": "2023-04", "to": "2023-04"}]
    assert laid_out(build, time={"exclude": spans}, intervention={"phase_in": 2})[0] == "bxbxpf"


def test_an_exclusion_leaves_out_every_period_it_touches(build: Build) -> None:
    assert laid_out(build, time={"exclude": [{"from": "2023-01-31", "to": "2023-02-01"}]})[0] == "xxbfff"


def test_a_start_within_a_period_makes_it_phase_in(build: Build) -> None:
    roles, _, codes = laid_out(build, intervention={"start": "2023-04-10"})
    assert roles == "bbbpff"
    assert codes == ["few_periods", "part_treated_period"]
    assert laid_out(build, intervention={"start": "2023-04-10", "phase_in": 1})[0] == "bbbpff"
    assert laid_out(build, intervention={"start": "2023-04-10", "phase_in": 2})[0] == "bbbppf"


def test_a_follow_up_that_ends_within_a_period_leaves_it_out(build: Build) -> None:
    roles, _, codes = laid_out(build, intervention={"end": "2023-06-29"})
    assert roles == "bbbff"
    assert codes == ["few_periods", "part_of_last_period"]


def test_a_baseline_that_begins_within_a_period_leaves_it_out(build: Build) -> None:
    roles, first, codes = laid_out(build, time={"baseline": {"from": "2022-12-02"}})
    assert (roles, first) == ("bbbfff", "2023-01")
    assert codes == ["part_of_first_period"]


def test_weeks(build: Build) -> None:
    week = period_index(date(2023, 3, 13), TimeUnit.WEEK)
    changes = {"time": {"unit": "week", "baseline": {"from": "2023-03-13"}}}
    roles, first, codes = laid_out(
        build, Span(week, week + 8), intervention={"start": "2023-04-01", "end": "2023-04-30"}, **changes
    )
    # 1 April 2023 is a Saturday: its week is part-treated
    assert (roles, first) == ("bbpffff", "2023-03-13")
    assert codes == ["few_periods", "part_treated_period"]


def test_few_periods_are_counted(build: Build) -> None:
    findings = Findings()
    lay_out(
        build({}, time={"baseline": {"from": "2023-03"}}, intervention={"end": "2023-05-31"}), [HALF_YEAR], findings
    )
    assert [p.message for p in findings.others] == ["the baseline has 1 month.", "the follow-up has 2 months."]
