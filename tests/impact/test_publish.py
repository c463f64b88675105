from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import impact
from impact.publish import (
    UNSAID,
    WITHHELD,
    hidden_areas,
    published_checks,
    published_paths,
    published_refusals,
    small_elsewhere,
    window_infos,
)
from models.case import Case, Coding
from models.describe import smallest_group, trends, windows
from models.estimate import Check, Evidence, Figure, NotEstimable, PathPoint, Quantity, Row, Scale, Status
from models.estimate import Path as Path_
from models.panel import BinaryCells, CountCells, Kind, Panel, TimeToEventCells
from models.periods import Periods, Role, TimeUnit

if TYPE_CHECKING:
    from models.arrays import BoolArray, FloatArray

ROLES = (Role.BASELINE, Role.BASELINE, Role.BASELINE, Role.FOLLOW_UP, Role.FOLLOW_UP, Role.FOLLOW_UP)


def counts(events: list[list[float]], treated: int) -> Panel:
    array: FloatArray = np.asarray(events, dtype=np.float64)
    mask: BoolArray = np.arange(len(array)) < treated
    names = tuple("ABCDEF"[: len(array)])
    periods = Periods(TimeUnit.MONTH, 24_000, ROLES)
    return Panel("n", Kind.COUNT, "events", 1.0, names, mask, periods, CountCells(array, np.full(array.shape, 30.0)))


def test_a_share_shows_the_smaller_of_its_two_groups_and_nobody_if_a_group_is_empty() -> None:
    found = smallest_group(BinaryCells(np.asarray([[1.0, 98, 0, 100]]), np.full((1, 4), 100.0)))
    assert found.tolist() == [[1, 2, 100, 100]]


def test_an_area_with_a_small_cell_is_hidden_in_both_windows_and_so_is_the_next_smallest_of_its_group() -> None:
    panel = counts([[9, 9, 9, 9, 9, 9], [1, 1, 1, 9, 9, 9], [8, 8, 8, 8, 8, 8], [9, 9, 9, 9, 9, 9]], treated=3)
    hidden = hidden_areas(windows(panel), 5)
    assert hidden == {"B", "C"}
    shown = window_infos(windows(panel), hidden)
    assert {w.area for w in shown if w.suppressed} == {"B", "C"}
    assert all(w.value is None and w.n is None for w in shown if w.suppressed)


def test_a_blank_period_cannot_be_had_from_the_windows_total() -> None:
    panel = counts([[20, 2, 9, 9, 9, 9], [9, 9, 9, 9, 9, 9]], treated=1)
    hidden = hidden_areas(windows(panel), 5)
    assert not hidden
    treated, comparison = published_paths(panel, trends(panel), (), hidden, 5)
    assert [point.value is None for point in treated.points] == [False, True, True, False, False, False]
    assert all(point.value is not None for point in comparison.points)


def test_a_group_of_one_hidden_area_has_no_series() -> None:
    panel = counts([[1, 1, 1, 9, 9, 9], [9, 9, 9, 9, 9, 9]], treated=1)
    treated, _ = published_paths(panel, trends(panel), (), hidden_areas(windows(panel), 5), 5)
    assert all(point.value is None for point in treated.points)


def test_a_weighted_mean_of_areas_is_withheld_where_one_of_them_is_hidden() -> None:
    panel = counts([[9.0] * 6, [9.0] * 6, [9.0] * 6, [1, 1, 1, 9, 9, 9]], treated=1)
    own = Path_("its", tuple(PathPoint(label, 9.0, counterfactual=8.0) for label in panel.periods.labels))
    found = (own, replace(own, name="synthetic"))
    hidden = hidden_areas(windows(panel), 5)
    names = [path.name for path in published_paths(panel, trends(panel), found, hidden, 5)]
    assert names == ["treated", "comparison", "its"]
    open_to_all = published_paths(panel, trends(panel), found, frozenset(), 0)
    assert [path.name for path in open_to_all] == ["treated", "comparison", "its", "synthetic"]


def test_a_path_foretold_from_what_was_seen_is_withheld_where_a_period_is_blank() -> None:
    seen, blank = (counts([[20, 9, 9, 9, 9, least], [9, 9, 9, 9, 9, 9]], treated=1) for least in (9, 2))
    own = Path_("its", tuple(PathPoint(label, 9.0, counterfactual=8.0) for label in seen.periods.labels))
    found = (own, replace(own, name="bayes_its"))
    shown, closed = (published_paths(p, trends(p), found, frozenset(), 5) for p in (seen, blank))
    assert [path.name for path in shown] == ["treated", "comparison", "its", "bayes_its"]
    assert [path.name for path in closed] == ["treated", "comparison", "its"]


def test_what_is_said_of_a_hidden_area_by_name_is_withheld() -> None:
    texts = ("All answers in a3 (baseline) are high.", "All answers in a30 (baseline) are high.")
    shown = published_refusals([NotEstimable("ordinal", text) for text in texts], {"a3"})
    assert [each.reason for each in shown] == [UNSAID, texts[1]]
    rows = tuple(Row(f"cutpoint {i}", 0.1, note=text) for i, text in enumerate(texts))
    checks = [
        Check("odds", Status.PASS, "Alike.", evidence=Evidence("T", Figure.FOREST, Scale.RATIO, Quantity.OUTCOME, row))
        for row in ((rows[0],), (rows[1],))
    ]
    assert [check.finding for check in published_checks(checks, {"a3"})] == [WITHHELD, "Alike."]
    absent = Check("areas_complete", Status.FAIL, "No value in the baseline: a3.")
    assert published_checks([absent], {"a3"}) == (absent,)


def test_levels_of_hidden_areas_are_not_published(tmp_path: Path) -> None:
    rows = [("A", m, k) for m in range(1, 7) for k in range(1 if m < 6 else 0)]
    rows += [("C", m, k) for m in range(1, 7) for k in range(8)]
    text = "area,time,score\n" + "".join(f"{a},2024-{m:02d}-{k + 1:02d},{10 + k}\n" for a, m, k in rows)
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8")
    study = impact.load_study(_study(tmp_path))
    outcome = impact.run(study).outcomes["score"]
    assert [w.suppressed for w in outcome.windows] == [True, True, True, True]
    assert (outcome.baseline_level, outcome.counterfactual) == (None, None)


def _study(folder: Path) -> Path:
    path = folder / "study.yaml"
    path.write_text(
        "schema: 1\n"
        "study: {id: small, title: Small}\n"
        "intervention: {name: x, start: 2024-04-01}\n"
        "areas: {treated: [A], comparison: [C]}\n"
        "sources: {rows: {path: rows.csv}}\n"
        "outcomes: {score: {source: rows, kind: continuous, value: score, better: higher}}\n"
        "models: [did]\n",
        encoding="utf-8",
    )
    return path


def test_what_tells_a_hidden_areas_change_is_withheld_and_nothing_else() -> None:
    rows = (Row("without B", 0.9), Row("without C", 1.1))
    by_area = Evidence("Left out", Figure.FOREST, Scale.RATIO, Quantity.OUTCOME, rows, by_area=True)
    checks = (
        Check("leave_one_out", Status.WARN, "Without B it is 0.9.", "B matters.", by_area),
        Check("shocks", Status.PASS, "No change.", "", replace(by_area, rows=(Row("kept", 0.9),), by_area=False)),
        Check("areas", Status.WARN, "Few areas."),
    )
    assert published_checks(checks, frozenset()) == checks
    withheld, *others = published_checks(checks, {"B", "C"})
    assert tuple(others) == checks[1:]
    assert (withheld.status, withheld.finding, withheld.detail, withheld.evidence) == (Status.WARN, WITHHELD, "", None)


def test_dates_in_findings_are_written_in_words() -> None:
    rows = (Row("2022-10 to 2023-03", 0.9),)
    evidence = Evidence("Compared with 2022-Q4", Figure.SERIES, Scale.RATIO, Quantity.OUTCOME, rows, "From 2023-04-03.")
    (found,) = published_checks([Check("x", Status.PASS, "From 2022-10 to 2023-03, of A2022-10.", "", evidence)], ())
    assert found.finding == "From October 2022 to March 2023, of A2022-10."
    assert found.evidence is not None
    assert (found.evidence.title, found.evidence.note) == (
        "Compared with October to December 2022",
        "From 3 April 2023.",
    )
    assert found.evidence.rows == rows


def test_a_hidden_area_alone_in_its_group_cannot_be_had_from_the_number_of_rows() -> None:
    panel = counts([[1, 1, 1, 1, 2, 1], [20] * 6, [7] * 6, [8] * 6, [30] * 6], treated=1)
    assert hidden_areas(windows(panel), 5) == {"A", "C", "D"}
    assert hidden_areas(windows(counts([[1] * 6], treated=1)), 5) == {"A"}


def test_few_people_around_the_treated_areas_are_not_told_of() -> None:
    panel = counts([[9] * 6, [9] * 6], treated=1)
    few, many = (counts([[each] * 6, [9] * 6], treated=1) for each in (1, 9))
    assert small_elsewhere(Case(panel, rings=few), 5) == {"displacement", "weighted_displacement"}
    assert small_elsewhere(Case(panel, rings=many), 5) == set()
    assert small_elsewhere(Case(panel, rings=few), 0) == set()


def test_few_people_moved_across_a_boundary_are_not_told_of() -> None:
    panel = counts([[9] * 6, [9] * 6], treated=1)
    one, five = (Coding("as recorded", counts([[9] * 5 + [9 - moved], [9] * 6], treated=1)) for moved in (1, 5))
    assert small_elsewhere(Case(panel, codings=(five, Coding("other", None, "no people"))), 5) == set()
    assert small_elsewhere(Case(panel, codings=(five, one)), 5) == {"boundaries", "specification_curve"}


def test_few_cases_that_something_else_ended_are_not_told_of() -> None:
    events, censored, ended = np.zeros((2, 6, 3)), np.zeros((2, 6, 3)), np.zeros((2, 6, 3))
    events[..., 1] = censored[..., 2] = 9
    panel = counts([[9] * 6, [9] * 6], treated=1)
    for one, hidden in ((0, set()), (1, {"recurrence_competing"}), (9, set())):
        ended[0, 5, 1] = one
        cells = TimeToEventCells(events, censored, ended)
        assert small_elsewhere(Case(replace(panel, kind=Kind.TIME_TO_EVENT, cells=cells)), 5) == hidden


def test_checks_of_few_people_elsewhere_are_withheld_though_no_area_is_hidden() -> None:
    rows = (Row("areas around them", 2.0),)
    evidence = Evidence("Around", Figure.FOREST, Scale.RATIO, Quantity.OUTCOME, rows)
    checks = (
        Check("displacement", Status.PASS, "Twice.", "", evidence),
        Check("shocks", Status.PASS, "", "", evidence),
    )
    withheld, other = published_checks(checks, (), {"displacement"})
    assert (withheld.finding, withheld.evidence) == (WITHHELD, None)
    assert other == checks[1]
