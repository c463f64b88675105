"""Reports linked into episodes, and how long each is followed: by hand, and against a plain loop over the rows."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from impact.intake.data import Intake
from impact.intake.problems import Problem
from impact.intake.read import read
from impact.study.schema import Study
from models.case import Repeats
from models.panel import CountCells, Panel, TimeToEventCells

type Build = Callable[..., Study]
type Errors = Callable[[Study], tuple[Problem, ...]]

HEADER = "district,day,place,who,moved,fined,fit"
AREAS = ("Ash", "Birch", "Cedar")
CASES = {"path": "cases.csv", "columns": {"area": "district", "time": "day"}}
OUTCOME: dict[str, Any] = {
    "kind": "time_to_event",
    "source": "cases",
    "repeat": {"same": ["place"], "within": 20, "look_back": 0},
    "censor": "2023-06-30",
    "better": "lower",
}
# One report of another place in each area and window, so that no window is empty.
FILL = [(area, day, f"fill{area}{day}") for area in AREAS for day in ("2023-01-01", "2023-04-01")]


def lines(rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join([HEADER, *(",".join([*row, *[""] * (7 - len(row))]) for row in rows)]) + "\n"


def intake(build: Build, rows: Iterable[tuple[str, ...]], **changes: Any) -> Intake:
    sections = {"sources": {"cases": CASES}, **changes.pop("study", {})}
    return read(build({"cases.csv": lines([*rows, *FILL])}, outcomes={"o": {**OUTCOME, **changes}}, **sections))


def cells_of(panel: Panel | None) -> TimeToEventCells:
    assert panel is not None
    assert isinstance(panel.cells, TimeToEventCells)
    return panel.cells


def cells(found: Intake) -> TimeToEventCells:
    return cells_of(found.panels["o"])


def repeats(found: Intake) -> Repeats:
    each = found.cases["o"].repeats
    assert each is not None
    return each


def codes(found: Intake) -> set[str]:
    return {problem.code for problem in found.problems}


def where(array: np.ndarray) -> list[list[int]]:
    """Indices of what is counted, each as often as it is."""
    return sorted([int(i) for i in index] for index in np.argwhere(array > 0) for _ in range(int(array[tuple(index)])))


def test_an_episode_is_as_long_as_its_first_report_says(build: Build) -> None:
    """Days 0, 15, 30, 45 of one place within 20 days: 15 repeats 0; 30 opens again; 45 repeats 30."""
    rows = [("Ash", day, "p") for day in ("2023-01-02", "2023-01-17", "2023-02-01", "2023-02-16")]
    found = cells(intake(build, rows))
    assert where(found.events) == [[0, 0, 15], [0, 1, 15]]
    assert found.censored[0, [0, 3]].sum() == 2  # the two rows of FILL
    assert (found.events + found.censored).sum() == 2 + len(FILL)


def test_the_last_day_of_an_episode_belongs_to_it(build: Build) -> None:
    rows = [("Ash", "2023-01-02", "p"), ("Ash", "2023-01-22", "p")]
    rows += [("Ash", "2023-01-02", "q"), ("Ash", "2023-01-23", "q")]
    found = cells(intake(build, rows))
    assert where(found.events) == [[0, 0, 20]]
    assert found.censored[0, 0, 20] == 3


def test_reports_of_one_day_are_one_report(build: Build) -> None:
    """The row that comes first in time, then in the file, says what the case is."""
    rows = [("Birch", "2023-01-02 10:00", "p", "", "", "", "no"), ("Ash", "2023-01-02 09:00", "p", "", "", "", "yes")]
    rows += [
        ("Cedar", "2023-01-12", "p"),
        ("Ash", "2023-01-12", "p"),
        ("Ash", "2023-02-02", "q"),
        ("Birch", "2023-02-02", "q"),
    ]
    columns = {"area": "district", "time": "day", "eligible": "fit"}
    found = intake(build, rows, study={"sources": {"cases": {**CASES, "columns": columns}}})
    assert where(cells(found).events) == [[0, 0, 10]]
    assert where(repeats(found).events) == [[0, 0, 0, 10]]
    assert where(cells(found).censored)[:2] == [[0, 0, 20], [0, 1, 20]]
    assert where(cells_of(found.cases["o"].eligible).events) == [[0, 0, 10]]


def test_a_repeat_elsewhere_counts_where_the_first_report_was(build: Build) -> None:
    rows = [("Ash", "2023-01-30", "p"), ("Elsewhere", "2023-02-02", "p"), ("", "2023-02-03", "p")]
    rows += [
        ("Elsewhere", "2023-01-30", "q"),
        ("Ash", "2023-02-02", "q"),
        ("Elsewhere", "2022-12-30", "r"),
        ("Ash", "2023-01-02", "r"),
    ]
    found = intake(build, rows)
    assert where(cells(found).events) == [[0, 0, 3]]
    assert where(repeats(found).events) == [[0, 0, 0, 3], [0, 0, 1, 4]]
    assert (cells(found).events + cells(found).censored).sum() == 1 + len(FILL)


def test_every_column_must_agree(build: Build) -> None:
    rows = [("Ash", "2023-01-02", "p", "a"), ("Ash", "2023-01-03", "p", "b"), ("Ash", "2023-01-04", "p", "a")]
    rows += [(area, day, place, place) for area, day, place in FILL]  # the rows of FILL have nobody
    found = intake(build, rows, repeat={"same": ["place", "who"], "within": 20, "look_back": 0})
    assert where(cells(found).events) == [[0, 0, 2]]
    assert where(cells(intake(build, rows)).events) == [[0, 0, 1]]
    one_word = intake(build, rows, repeat={"same": "place", "within": 20, "look_back": 0})
    assert where(cells(one_word).events) == [[0, 0, 1]]


def test_reports_that_cannot_be_linked_are_set_aside_and_named(build: Build) -> None:
    rows = [
        ("Ash", "2023-01-02", ""),
        ("Ash", "2023-01-03", " "),
        ("Elsewhere", "2023-01-03", ""),
        ("Ash", "2022-01-03", ""),
    ]
    found = intake(build, rows)
    assert (cells(found).events + cells(found).censored).sum() == len(FILL)
    (note,) = [p for p in found.problems if p.code == "report_not_linked"]
    assert (note.severity, note.rows, note.column) == ("note", 2, "place")
    assert note.message == (
        "outcome 'o': 2 reports without 'place' set aside: it is not known which others belong to them."
    )


LOOK = {"same": "place", "within": 20}


def test_what_opens_while_the_source_looks_back_is_set_aside(build: Build) -> None:
    """The source begins on 1 January: what opens before the 21st may have begun before it."""
    rows = [("Ash", "2023-01-05", "p"), ("Ash", "2023-01-22", "p"), ("Ash", "2023-01-26", "p")]
    rows += [
        ("Ash", "2023-01-20", "q"),
        ("Ash", "2023-01-21", "r"),
        ("Birch", "2023-02-01", "s"),
        ("Cedar", "2023-02-01", "t"),
    ]
    found = intake(build, rows, repeat=LOOK)
    # p: 5 and 22 January are one episode, 26 January opens another and is counted
    assert (cells(found).events + cells(found).censored).sum() == 3 + 1 + 1 + 2
    (note,) = [p for p in found.problems if p.code == "look_back"]
    assert (note.severity, note.rows) == ("note", 5)
    assert "5 first reports of the first 20 days of the source set aside" in note.message
    assert "'look_back: 0' under outcomes.o.repeat" in note.action
    assert "look_back" not in codes(intake(build, rows))


def test_nothing_is_lost_if_the_source_begins_early_enough(build: Build) -> None:
    rows = [("Ash", "2022-12-12", "p"), ("Ash", "2023-01-01", "p"), ("Ash", "2023-01-02", "p")]
    found = intake(build, rows, repeat=LOOK)
    assert "look_back" not in codes(found)
    # 12 December and 1 January are one episode, 2 January opens another
    assert (cells(found).events + cells(found).censored).sum() == 1 + len(FILL)


def test_a_case_is_followed_no_longer_than_its_own_window(build: Build) -> None:
    rows = [
        ("Ash", "2023-03-25", "p"),
        ("Ash", "2023-04-02", "p"),
        ("Ash", "2023-03-31", "q"),
        ("Ash", "2023-06-20", "r"),
    ]
    rows += [("Ash", "2023-03-26", "s"), ("Ash", "2023-03-31", "s")]
    late = {"censor": "2023-12-31"}
    found = cells(intake(build, rows, **late))
    assert where(found.events) == [[0, 2, 5]]
    assert where(found.censored[0, [2, 5]]) == [[0, 0], [0, 6], [1, 10]]
    to_extract = cells(intake(build, rows, **late, followed_to="extract"))
    assert where(to_extract.events) == [[0, 2, 5], [0, 2, 8]]
    assert where(to_extract.censored[0, [2, 5]]) == [[0, 20], [1, 20]]
    cut = cells(intake(build, rows, censor="2023-06-25"))
    assert where(cut.censored[0, [2, 5]]) == [[0, 0], [0, 6], [1, 5]]


def test_a_case_is_not_followed_into_what_is_left_out(build: Build) -> None:
    rows = [(area, f"2023-0{month}-25", f"{area}{month}") for month in (1, 2, 3, 4, 5, 6) for area in AREAS]
    time = {"unit": "month", "baseline": {"from": "2023-01"}, "exclude": [{"from": "2023-02", "to": "2023-02"}]}
    intervention = {"start": "2023-04-01", "end": "2023-06-30", "phase_in": 1}
    found = cells(intake(build, rows, study={"time": time, "intervention": intervention}))
    # January to its end; February (left out), March, April (phase-in) likewise; May on through June
    days = [[int(day) for day in np.flatnonzero(found.censored[0, t])] for t in range(6)]
    assert days == [[6, 20], [3], [6], [5, 20], [20], [5]]


def test_a_window_in_which_nobody_is_followed_to_the_horizon(build: Build) -> None:
    repeat = {"same": "place", "within": 90, "look_back": 0}
    time = {"unit": "month", "baseline": {"from": "2023-01"}, "exclude": [{"from": "2023-02", "to": "2023-02"}]}
    found = [p for p in intake(build, [], repeat=repeat, study={"time": time}).problems if "horizon" in p.code]
    assert [(p.code, p.severity) for p in found] == [("window_shorter_than_horizon", "warning")]
    assert "no case of the baseline is followed 90 days" in found[0].message
    assert "the longest has 31 days" in found[0].message
    assert "write 'followed_to: extract' under outcomes.o" in found[0].action
    to_extract = intake(build, [], repeat=repeat, followed_to="extract", study={"time": time})
    assert "window_shorter_than_horizon" not in codes(to_extract)


def test_an_area_with_a_start_of_its_own_is_followed_to_the_day_before(build: Build) -> None:
    rows = [(area, day, f"{area}{day}") for area in AREAS for day in ("2023-04-25", "2023-05-20")]
    areas = {
        "level": "district",
        "treated": ["Ash", "Birch"],
        "comparison": ["Cedar"],
        "starts": {"Birch": "2023-05-16"},
    }
    found = cells(intake(build, rows, study={"areas": areas}, repeat={"same": "place", "within": 30, "look_back": 0}))
    days = {area: [np.flatnonzero(found.censored[a, t]).tolist() for t in (3, 4)] for a, area in enumerate(AREAS)}
    # the follow-up runs to the end of June; Birch was not treated before 16 May
    assert days == {"Ash": [[30], [30]], "Birch": [[20, 30], [30]], "Cedar": [[30], [30]]}


COMPETING = {"competing": ["moved", "fined"]}


def test_the_earlier_of_a_repeat_and_a_competing_event_counts(build: Build) -> None:
    rows = [("Ash", "2023-01-02", "a", "", "2023-01-05"), ("Ash", "2023-01-09", "a")]  # moved, and yet a report
    rows += [("Ash", "2023-01-02", "b"), ("Ash", "2023-01-09", "b", "", "2023-01-20", "2023-01-15")]
    rows += [("Ash", "2023-01-02", "c", "", "", "2023-01-09"), ("Ash", "2023-01-09", "c")]  # on one day: the repeat
    rows += [("Ash", "2023-01-02", "d", "", "2023-01-10", "2023-01-08"), ("Ash", "2023-01-02", "e", "", "2023-01-23")]
    rows += [("Ash", "2023-01-02", "f", "", "2023-01-22"), ("Ash", "2023-01-25", "g", "", "2023-02-01")]
    exclude = {"unit": "month", "baseline": {"from": "2023-01"}, "exclude": [{"from": "2023-02", "to": "2023-02"}]}
    found = intake(build, rows, **COMPETING, study={"time": exclude})
    assert where(cells(found).events[0, 0]) == [[7], [7]]
    assert where(cells(found).competing[0, 0]) == [[3], [6], [20]]
    assert where(cells(found).censored[0, 0]) == [[6], [20], [20]]  # g, e, and the row of FILL
    every = repeats(found)
    assert where(every.events[0, 0]) == [[0, 7], [0, 7]]
    assert where(every.ended[0, 0]) == [[0, 3], [0, 6], [0, 20], [1, 7], [1, 13]]
    assert where(every.censored[0, 0, 1]) == [[7], [13]]
    assert where(every.gap_censored[0, 0, 1]) == [[0], [6]]


def test_competing_events_with_the_event_in_a_column(build: Build) -> None:
    rows = [
        ("Ash", "2023-01-02", "", "2023-01-05", "2023-01-05"),
        ("Ash", "2023-01-02", "", "2023-01-06", "2023-01-05"),
    ]
    rows += [("Ash", "2023-01-02", "", "", "2023-01-02"), ("Ash", "2023-01-02", "", "2023-02-02", "2023-01-25")]
    outcome = {"repeat": None, "event": "who", "horizon": 20, "competing": ["moved"]}
    found = intake(build, rows, **outcome)
    assert where(cells(found).events[0, 0]) == [[3]]
    assert where(cells(found).competing[0, 0]) == [[0], [3]]
    assert where(cells(found).censored[0, 0]) == [[20], [20]]
    assert found.cases["o"].repeats is None


def test_every_repeat_by_how_many_came_before(build: Build) -> None:
    days = (2, 3, 5, 9, 14, 22)  # the first report, and 1, 3, 7, 12 and 20 days after it
    rows = [("Ash", f"2023-01-{day:02d}", "p") for day in days]
    found = repeats(intake(build, rows))
    assert where(found.events) == [[0, 0, 0, 1], [0, 0, 1, 3], [0, 0, 2, 7], [0, 0, 3, 12], [0, 0, 3, 20]]
    assert where(found.gap_events) == [[0, 0, 0, 1], [0, 0, 1, 2], [0, 0, 2, 4], [0, 0, 3, 5], [0, 0, 3, 8]]
    assert where(found.censored[0, 0]) == [[0, 20], [3, 20]]  # the row of FILL, and day 20 of p after its last repeat
    assert where(found.gap_censored[0, 0]) == [[0, 20], [3, 0]]
    assert found.ended.sum() == 0


def test_a_shorter_horizon_than_the_episode(build: Build) -> None:
    rows = [("Ash", f"2023-01-{day:02d}", "p") for day in (2, 15, 25)]
    found = intake(build, rows, horizon=10)
    assert found.panels["o"].cells.events.shape == (3, 6, 11)
    # 15 January repeats the 2nd, beyond the horizon; 25 January opens again, though only 10 days after the 15th
    assert cells(found).events.sum() == 0
    assert where(cells(found).censored[0, 0]) == [[10], [10], [10]]


def test_other_outcomes_of_the_source_count_every_row(build: Build) -> None:
    rows = [("Ash", "2023-01-02", "p"), ("Ash", "2023-01-03", "p"), ("Ash", "2023-01-03", "")]
    study = build(
        {"cases.csv": lines([*rows, *FILL])},
        sources={"cases": CASES},
        outcomes={"o": OUTCOME, "n": {"kind": "count", "source": "cases", "better": "lower"}},
    )
    found = read(study)
    assert isinstance(found.panels["n"].cells, CountCells)
    assert found.panels["n"].cells.events.sum() == 3 + len(FILL)
    assert cells(found).censored.sum() + cells(found).events.sum() == 1 + len(FILL)
    assert found.accounts["cases"].used == 3 + len(FILL)
    assert found.cases["n"].repeats is None


def test_kinds_and_uptake_are_those_of_the_first_report(build: Build) -> None:
    rows = [("Ash", "2023-01-02", "p", "noise", "", "", "yes"), ("Ash", "2023-01-05", "p", "litter", "", "", "no")]
    rows += [("Ash", "2023-04-02", "q", "litter", "", "", "no"), ("Ash", "2023-04-07", "q", "noise", "", "", "yes")]
    columns = {"area": "district", "time": "day", "accepted": "fit", "case_mix": ["who"]}
    case = intake(build, rows, study={"sources": {"cases": {**CASES, "columns": columns}}}).cases["o"]
    assert {s.name: where(cells_of(s.panel).events) for s in case.strata} == {
        "litter": [[0, 3, 5]],
        "noise": [[0, 0, 3]],
        "not recorded": [],
    }
    assert case.uptake is not None
    assert where(cells_of(case.uptake.takers).events) == [[0, 0, 3]]
    assert where(cells_of(case.uptake.decliners).events) == [[0, 3, 5]]


@pytest.mark.parametrize(
    ("row", "code", "column", "message"),
    [
        (("Ash", "2023-01-09", "p", "", "2023-01-01"), "competing_before_start", "moved", "before the first report"),
        (
            ("Ash", "2023-01-09", "p", "", "", "2023-07-01"),
            "event_after_censor",
            "fined",
            "after the day of the extract",
        ),
        (("Ash", "2023-07-09", "p"), "censor_before_start", "day", "begins after the day of the extract"),
        (("Ash", "2023-01-09", "p", "", "soon"), "bad_date", "moved", "'soon' is not a date"),
    ],
)
def test_days_that_cannot_be(
    row: tuple[str, ...], code: str, column: str, message: str, build: Build, errors: Errors
) -> None:
    rows = [("Ash", "2023-01-02", "p"), row, *FILL]
    study = build({"cases.csv": lines(rows)}, sources={"cases": CASES}, outcomes={"o": {**OUTCOME, **COMPETING}})
    (problem,) = errors(study)
    assert (problem.code, problem.column, problem.row, problem.rows) == (code, column, 3, 1)
    assert message in problem.message


def test_a_competing_event_after_the_first_report_and_before_a_later_one_is_no_error(build: Build) -> None:
    rows = [("Ash", "2023-01-02", "p"), ("Ash", "2023-01-09", "p", "", "2023-01-05")]
    assert where(cells(intake(build, rows, **COMPETING)).competing) == [[0, 0, 3]]


def test_a_competing_event_before_a_case_with_an_event(build: Build, errors: Errors) -> None:
    rows = [("Ash", "2023-01-02", "", "", "2023-01-01"), *FILL]
    outcome = {**OUTCOME, "repeat": None, "event": "who", "horizon": 20, "competing": ["moved"]}
    (problem,) = errors(build({"cases.csv": lines(rows)}, sources={"cases": CASES}, outcomes={"o": outcome}))
    assert (problem.code, problem.column, problem.row) == ("competing_before_start", "moved", 2)
    assert "before the case begins" in problem.message


def test_a_blank_day_of_the_extract(build: Build, errors: Errors) -> None:
    rows = [(*row, "", "2023-06-30") for row in FILL] + [("Ash", "2023-01-02", "p")]
    (problem,) = errors(
        build({"cases.csv": lines(rows)}, sources={"cases": CASES}, outcomes={"o": {**OUTCOME, "censor": "moved"}})
    )
    assert (problem.code, problem.column, problem.row) == ("blank_censor", "moved", 8)


def test_a_column_that_is_not_there(build: Build, errors: Errors) -> None:
    changes = {"repeat": {"same": "plaec", "within": 20}, "competing": ["moved_on"]}
    study = build({"cases.csv": lines(FILL)}, sources={"cases": CASES}, outcomes={"o": {**OUTCOME, **changes}})
    found = errors(study)
    assert [(p.code, "outcomes.o." in str(p)) for p in found] == [("missing_column", True)] * 2
    assert "did you mean 'place'" in str(found[0]).lower()


def test_nothing_can_be_linked(build: Build, errors: Errors) -> None:
    study = {"sources": {"cases": CASES}, "outcomes": {"o": {**OUTCOME, "repeat": {"same": "who", "within": 20}}}}
    (problem,) = errors(build({"cases.csv": lines(FILL)}, **study))
    assert (problem.code, problem.column) == ("nothing_to_link", "who")
    assert "no report has 'who', so no report can be linked to another." in problem.message
    assert "outcomes.o.repeat.same" in problem.action


def test_identifiers_stay_where_they_are(build: Build) -> None:
    name = "Jo Bloggs"
    rows = [("Ash", "2023-01-09", name, name), ("Ash", "2023-01-10", name, name), ("Ash", "2023-01-10", "", name)]
    rows += [(area, day, place, name) for area, day, place in FILL]
    found = intake(build, rows, repeat={"same": ["place", "who"], "within": 5, "look_back": 0})
    assert codes(found) >= {"report_not_linked"}
    assert "Bloggs" not in repr(found)


def test_too_many_cells_of_repeats(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impact.intake.repeats.MOST_NUMBERS", 3 * 6 * 4 * 21 * 5 - 1)
    found = intake(build, [])
    assert found.cases["o"].repeats is None
    assert "repeats_not_counted" in codes(found)


@dataclass
class Report:
    """A row of the reference."""

    area: str
    day: date
    place: str
    moved: date | None
    at: int = 0


@dataclass
class Told:
    """What the reference counts: (area, period, day) of each end, and (area, period, k, day) of each repeat."""

    ends: dict[str, list[tuple[int, ...]]] = field(default_factory=lambda: defaultdict(list))
    every: dict[str, list[tuple[int, ...]]] = field(default_factory=lambda: defaultdict(list))


FIRST, LAST = date(2022, 12, 1), date(2023, 8, 31)
EXTRACT = date(2023, 7, 10)
ROLE = {1: "baseline", 2: "left out", 3: "baseline", 4: "phase-in", 5: "follow-up", 6: "follow-up"}


def last_of_window(day: date) -> date:
    """Last day of the months of one role around this one."""
    month = day.month
    while ROLE.get(month + 1) == ROLE[month]:
        month += 1
    return date(2023, month + 1, 1) - timedelta(days=1)


def plain(reports: list[Report], within: int, horizon: int, to_window: bool, look_back: int) -> Told:
    told = Told()
    begins = min(r.day for r in reports if r.area in AREAS)
    for _, matter in groupby(sorted(reports, key=lambda r: (r.place, r.day, r.at)), key=lambda r: r.place):
        episodes: list[list[Report]] = []
        for report in matter:
            if episodes and (report.day - episodes[-1][0].day).days <= within:
                episodes[-1].append(report)
            else:
                episodes.append([report])
        for episode in episodes:
            first = episode[0]
            inside = date(2023, 1, 1) <= first.day <= date(2023, 6, 30) and first.area in AREAS
            if not inside or (first.day - begins).days < look_back:
                continue
            limits = [horizon, (EXTRACT - first.day).days]
            if to_window:
                limits.append((last_of_window(first.day) - first.day).days)
            stop = min(((r.moved - first.day).days for r in episode if r.moved), default=10**6)
            count(told, first, [(r.day - first.day).days for r in episode], min(limits), stop)
    return told


def count(told: Told, first: Report, days: list[int], followed: int, stop: int) -> None:
    where = (AREAS.index(first.area), first.day.month - 1)
    until = min(followed, stop)
    seen = [0, *sorted({day for day in days if 0 < day <= until})]
    kind = "events" if len(seen) > 1 else "competing" if stop <= followed else "censored"
    told.ends[kind].append((*where, seen[1] if len(seen) > 1 else until))
    for k, (before, day) in enumerate(pairwise(seen)):
        told.every["events"].append((*where, min(k, 3), day))
        told.every["gap_events"].append((*where, min(k, 3), day - before))
    last = min(len(seen) - 1, 3)
    told.every["censored"].append((*where, last, until))
    told.every["gap_censored"].append((*where, last, until - seen[-1]))
    if stop <= followed:
        told.every["ended"].append((*where, last, until))


days_of_source = st.dates(FIRST, EXTRACT)
report = st.builds(
    lambda area, day, place, moved: Report(area, day, place, moved and max(day, min(day + timedelta(moved), EXTRACT))),
    st.sampled_from([*AREAS, "Elsewhere"]),
    days_of_source,
    st.sampled_from("pqrst"),
    st.one_of(st.none(), st.integers(0, 60)),
)


@given(
    st.lists(report, max_size=60),
    st.integers(1, 40),
    st.integers(0, 40),
    st.booleans(),
    st.sampled_from([None, 0, 5, 50]),
)
@settings(max_examples=30, deadline=None)
def test_against_a_plain_loop(
    drawn: list[Report], within: int, shorter: int, to_window: bool, look_back: int | None
) -> None:
    fill = [Report(a, date(2023, m, 28), f"{a}{m}", None) for a in AREAS for m in (1, 3, 5, 6)]
    reports = [*drawn, *fill, Report("Elsewhere", FIRST, "begins", None)]
    for at, each in enumerate(reports):
        each.at = at
    horizon = max(1, within - shorter)
    told = plain(reports, within, horizon, to_window, within if look_back is None else look_back)
    found = counted(reports, within, horizon, to_window, look_back)
    main, every = cells(found), repeats(found)
    for kind in ("events", "censored", "competing"):
        assert_counted(getattr(main, kind), told.ends[kind])
    for kind in ("events", "censored", "gap_events", "gap_censored", "ended"):
        assert_counted(getattr(every, kind), told.every[kind])
    assert_consistent(main, every)


def counted(reports: list[Report], within: int, horizon: int, to_window: bool, look_back: int | None) -> Intake:
    repeat = {"same": "place", "within": within} | ({} if look_back is None else {"look_back": look_back})
    outcome = {**OUTCOME, "repeat": repeat, "horizon": horizon, "competing": ["moved"], "censor": str(EXTRACT)}
    outcome["followed_to"] = "window" if to_window else "extract"
    rows = [(r.area, str(r.day), r.place, "", str(r.moved or "")) for r in reports]
    exclude = [{"from": "2023-02", "to": "2023-02"}]
    with TemporaryDirectory() as folder:
        (Path(folder) / "cases.csv").write_text(lines(rows), encoding="utf-8")
        study = {
            "schema": 1,
            "study": {"id": "small", "title": "Small"},
            "intervention": {"name": "Something", "start": "2023-04-01", "end": "2023-06-30", "phase_in": 1},
            "areas": {"level": "district", "treated": ["Ash"], "comparison": ["Birch", "Cedar"]},
            "time": {"unit": "month", "baseline": {"from": "2023-01"}, "exclude": exclude},
            "sources": {"cases": CASES},
            "outcomes": {"o": outcome},
        }
        return read(Study.model_validate(study).located(Path(folder) / "study.yaml", ""))


def assert_counted(array: np.ndarray, told: list[tuple[int, ...]]) -> None:
    expected = np.zeros(array.shape)
    np.add.at(expected, tuple(np.array(told, dtype=int).reshape(-1, array.ndim).T), 1)
    assert_array_equal(array, expected)


def assert_consistent(main: TimeToEventCells, every: Repeats) -> None:
    """What `Repeats` promises."""
    total = {name: getattr(every, name).sum(axis=3) for name in ("events", "censored", "gap_events", "gap_censored")}
    ends = main.events + main.censored + main.competing
    assert_array_equal(every.events[:, :, 0], main.events)
    assert_array_equal(every.censored[:, :, 0], main.censored + main.competing)
    assert_array_equal(every.ended[:, :, 0], main.competing)
    assert (every.ended <= every.censored).all()
    assert_array_equal(total["censored"].sum(axis=2), ends.sum(axis=2))
    for k in (1, 2):
        assert_array_equal(total["events"][..., k - 1], total["events"][..., k] + total["censored"][..., k])
    assert_array_equal(total["events"][..., 2], total["censored"][..., 3])
    assert_array_equal(total["gap_events"], total["events"])
    assert_array_equal(total["gap_censored"], total["censored"])
    assert main.events[..., 0].sum() == every.events[..., 0].sum() == every.gap_events[..., 0].sum() == 0


@pytest.mark.parametrize(
    "stray",
    [(), ("Elsewhere", "1999-01-01", "typo"), ("Ash", "1999-01-01", "typo")],
    ids=["none", "of another area", "with a mistyped year"],
)
def test_a_stray_early_report_does_not_move_the_beginning_of_the_source(build: Build, stray: tuple[str, ...]) -> None:
    rows = [("Ash", f"2023-01-{day:02d}", f"p{day}") for day in (2, 5, 9, 14, 18, 25)]
    rows += [(area, "2023-02-15", f"later{area}") for area in AREAS]
    found = intake(build, [*rows, *([stray] if stray else [])], repeat={"same": ["place"], "within": 20})
    of_january = [array[0, 0].sum() for array in (cells(found).events, cells(found).censored)]
    assert of_january == [0, 1], "25 January; the 1st to the 20th are only looked back on"
    assert "look_back" in codes(found)


@pytest.mark.parametrize(
    ("repeat", "days", "lost"),
    [
        ({"within": 20, "look_back": 5000}, "5,000 days", "all 6 first reports of the baseline and follow-up"),
        ({"within": 20, "look_back": 60}, "60 days", "all 3 first reports of the baseline"),
        ({"within": 60}, "60 days (by default as many as repeat.within)", "all 3 first reports of the baseline"),
    ],
)
def test_a_look_back_that_leaves_nothing_of_a_window(
    build: Build, errors: Errors, repeat: dict[str, int], days: str, lost: str
) -> None:
    outcome = {**OUTCOME, "repeat": {"same": ["place"], **repeat}}
    study = build({"cases.csv": lines(FILL)}, sources={"cases": CASES}, outcomes={"o": outcome})
    (problem,) = errors(study)
    assert problem.code == "look_back_leaves_nothing"
    assert f"the look-back of {days} from the beginning of the source sets aside {lost}." in problem.message
    assert "outcomes.o.repeat.look_back" in problem.action
