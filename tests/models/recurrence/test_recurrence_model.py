"""The model: its estimates are the areas' numbers, its checks say what they should, and it refuses what it must."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded import Record, case_of, drawn

from models.case import Case
from models.design import Design
from models.did import DidOptions
from models.did import fit as fit_did
from models.effect import Effect
from models.estimate import Check, Estimate, Figure, ModelOutput, Quantity, Scale, Status
from models.one_team import AS_ONE, examine_repeats
from models.panel import Kind, TimeToEventCells
from models.recurrence.checks import CLUSTERED
from models.recurrence.grouped import log_ratios
from models.recurrence.measures import RISKS, Measure, changes_of, history_of
from models.recurrence.model import RecurrenceOptions, fit
from models.recurrence.records import LEAST_SHOWN, least_ended
from models.recurrence.words import amount, effect_words
from models.registry import MODELS

EXACT = 1e-12
HORIZON = 60
AREAS, PERIODS = 7, 4
OPTIONS = RecurrenceOptions()


def records(seed: int, effect: float = 1.0, ending: float = 0.0, areas: int = AREAS) -> list[Record]:
    rng = np.random.default_rng(seed)
    rates = np.repeat(rng.uniform(0.5, 1.0, (areas, 1)), PERIODS, axis=1)
    rates[:2, PERIODS // 2 :] *= effect
    return drawn(rates, rng.integers(60, 90, (areas, PERIODS)), HORIZON, rng, ending)


@pytest.fixture(scope="module")
def case() -> Case:
    return case_of(records(1, effect=0.5, ending=0.1), AREAS, PERIODS, HORIZON)


@pytest.fixture(scope="module")
def output(case: Case) -> ModelOutput:
    return fit(case, Design(), OPTIONS)


def of(output: ModelOutput, measure: Measure) -> Estimate:
    estimand = "area ITT" if measure is Measure.SHARE else measure.value
    return next(e for e in output.estimates if e.estimand == estimand)


def check(output: ModelOutput, name: str) -> Check:
    return next(c for c in output.checks if c.id == f"recurrence_{name}")


def test_the_share_is_the_number_of_the_difference_in_differences(case: Case, output: ModelOutput) -> None:
    for weights in ("equal", "exposure"):
        did = fit_did(case.panel, Design(), DidOptions(weights)).estimates  # type: ignore[arg-type]
        ours = fit(case, Design(), RecurrenceOptions(weights)).estimates  # type: ignore[arg-type]
        headline = next(e for e in ours if e.headline)
        same = ("estimate", "interval", "std_error", "df", "p_value", "clusters", "method", "estimand", "scale")
        assert [getattr(headline, f) for f in same] == [getattr(did[0], f) for f in same]
        exact = [
            next(e for e in some if e.method.startswith("exact") and e.estimand == "area ITT") for some in (did, ours)
        ]
        assert exact[0].p_value == exact[1].p_value
    assert sum(e.headline for e in output.estimates) == 1


def test_a_ratio_is_the_mean_of_treated_areas_log_ratios_less_that_of_the_others(
    case: Case, output: ModelOutput
) -> None:
    history = history_of(case)
    for measure in (Measure.FIRST, Measure.ALL, Measure.BY_NUMBER, Measure.BY_GAP, Measure.ENDING):
        w = log_ratios(RISKS[measure](history.before), RISKS[measure](history.after))
        found = of(output, measure)
        assert found.scale is Scale.RATIO
        assert np.log(found.estimate) == pytest.approx(w[:2].mean() - w[2:].mean(), abs=EXACT)
        assert (found.df, found.method) == (5.0, "collapsed change per area, t(5)")
        assert found.interval is not None
        assert found.interval[0] < found.estimate < found.interval[1]
        assert not found.headline


def test_permutation_stands_beside_the_main_measures_with_its_smallest_p(output: ModelOutput) -> None:
    exact = [e for e in output.estimates if e.method == "exact permutation of 21 assignments"]
    assert {e.estimand for e in exact} == {"area ITT", Measure.FIRST.value, Measure.ALL.value}
    assert {e.attainable_p for e in exact} == {1 / 21}
    assert all("smallest possible p-value is 0.048" in e.note for e in exact)


def test_measures_with_units_of_their_own_are_checks_and_not_estimates(case: Case, output: ModelOutput) -> None:
    history = history_of(case)
    assert not {Measure.DAYS.value, Measure.REPEATS.value} & {e.estimand for e in output.estimates}
    for name, measure in (("days", Measure.DAYS), ("repeats", Measure.REPEATS)):
        changes = changes_of(measure, history)
        evidence = check(output, name).evidence
        assert changes is not None
        assert evidence is not None
        assert evidence.quantity is Quantity.NUMBER
        row = evidence.rows[0]
        assert row.estimate == pytest.approx(changes.w[:2].mean() - changes.w[2:].mean(), abs=1e-9)
        assert row.chosen
    assert "days (95% interval" in check(output, "days").finding


def test_all_measures_of_a_strong_effect_agree(output: ModelOutput) -> None:
    found = check(output, "measures")
    assert found.status is Status.PASS
    assert found.finding.startswith("Other measures of repeats do not contradict the share recurring: days without")
    evidence = found.evidence
    assert evidence is not None
    assert [row.label for row in evidence.rows[:4]] == [
        m.value for m in (Measure.FIRST, Measure.ALL, Measure.BY_NUMBER, Measure.BY_GAP)
    ]
    pooled = [row for row in evidence.rows if row.group == CLUSTERED]
    assert len(pooled) == 2
    assert all("23 to 27 of 100" in row.note for row in pooled)
    assert all(e.model == "recurrence" and "Lin" not in e.method for e in output.estimates)


def test_more_repeats_of_fewer_cases_are_another_answer() -> None:
    # In treated areas' follow-up fewer cases recur, and those that do come back again and again.
    rng = np.random.default_rng(2)
    found = []
    for area, period in np.ndindex(AREAS, 2):
        often = area < 2 and period == 1
        for i in range(100):
            recurs = i < (20 if often else 40) + int(rng.integers(0, 4))
            days = tuple(range(10 + i % 5, 50, 4)) if often else (10 + i % 30,)
            found.append(Record(area, period, days if recurs else (), HORIZON))
    checked = check(fit(case_of(found, AREAS, 2, HORIZON), Design(), OPTIONS), "measures")
    assert checked.status is Status.WARN
    assert "points the other way" in checked.finding
    assert "the repeats per 100 cases" in checked.finding


def test_an_effect_that_fades_is_seen_and_one_that_lasts_is_not() -> None:
    rng = np.random.default_rng(3)

    def pilots(late: float) -> Case:
        found = []
        for area, period in np.ndindex(AREAS, 2):
            often = area < 2 and period == 1
            first, then = (0.1 if often else 0.4), (late if often else 0.4)
            for _ in range(400):
                day = int(rng.integers(1, 30)) if rng.random() < first else 0
                day = day or (int(rng.integers(30, 61)) if rng.random() < then else 0)
                found.append(Record(area, period, (day,) if day else (), HORIZON))
        return case_of(found, AREAS, 2, HORIZON)

    faded = check(fit(pilots(0.45), Design(), OPTIONS), "hazards")
    assert faded.status is Status.WARN
    assert "One hazard ratio stands for neither" in faded.detail
    lasting = check(fit(pilots(0.1), Design(), OPTIONS), "hazards")
    assert lasting.status is Status.PASS
    assert "Schoenfeld" in lasting.detail
    evidence = lasting.evidence
    assert evidence is not None
    early, late, ratio = (row.estimate for row in evidence.rows)
    assert early is not None
    assert late is not None
    assert ratio == pytest.approx(late / early, rel=1e-9)


def test_curves_follow_up_and_endings_are_withheld_with_an_area(output: ModelOutput) -> None:
    for name in ("curves", "follow_up", "competing"):
        evidence = check(output, name).evidence
        assert evidence is not None
        assert evidence.by_area
        assert evidence.quantity is Quantity.SHARE
    curve = check(output, "curves").evidence
    assert curve is not None
    assert curve.figure is Figure.SERIES
    assert [row.label for row in curve.rows[-9:]] == [row.label for row in curve.rows[:9]]
    assert curve.rows[-1].label == f"day {HORIZON}"
    by_group = {row.group: [r.estimate or 0.0 for r in curve.rows if r.group == row.group] for row in curve.rows}
    assert all(levels == sorted(levels) for levels in by_group.values())


@pytest.mark.parametrize(("cases", "most"), [(4, 2), (12, 4), (80, 12)])
def test_no_step_of_a_curve_shows_a_few_people(cases: int, most: int) -> None:
    """One treated area, whose share times its cases is a number of people; the last step is none the smaller."""
    rng = np.random.default_rng(3)
    case = case_of(
        drawn(np.full((5, 2), 1.0), np.full((5, 2), cases * 5), HORIZON, rng), 5, 2, HORIZON, treated=1, first_only=True
    )
    curve = check(fit(case, Design(), OPTIONS), "curves").evidence
    assert curve is not None
    days = [int(row.label.removeprefix("day ")) for row in curve.rows if row.group == "T before"]
    assert days[-1] == HORIZON
    assert 1 <= len(days) <= most
    assert isinstance(case.panel.cells, TimeToEventCells)
    reached = case.panel.cells.events[0, 0].cumsum()[days]
    assert len(days) == 1 or np.diff(reached, prepend=0.0).min() >= LEAST_SHOWN


def test_the_fewest_cases_ended_by_something_else_are_counted_area_by_area() -> None:
    ended = [Record(a, p, (), 5, ended=True) for a in range(3) for p in range(2) for _ in range(4 + a + p)]
    others = [Record(a, p, (), HORIZON) for a in range(4) for p in range(2) for _ in range(9)]
    assert least_ended(case_of([*ended, *others], 4, 2, HORIZON).panel) == 4
    assert least_ended(case_of(others, 4, 2, HORIZON).panel) == 0


def test_follow_up_cut_short_in_one_group_is_a_warning() -> None:
    short = [
        replace(r, last=20, repeats=tuple(d for d in r.repeats if d <= 20))
        if r.area < 2 and r.period > 1 and i % 3
        else r
        for i, r in enumerate(records(4))
    ]
    checked = check(fit(case_of(short, AREAS, PERIODS, HORIZON), Design(), OPTIONS), "follow_up")
    assert checked.status is Status.WARN
    assert (
        check(fit(case_of(records(4), AREAS, PERIODS, HORIZON), Design(), OPTIONS), "follow_up").status is Status.PASS
    )


def test_more_endings_by_something_else_are_a_warning() -> None:
    found = [
        Record(r.area, r.period, (), max(1, r.last // 2), True) if r.area < 2 and r.period > 1 and i % 4 == 0 else r
        for i, r in enumerate(records(5, ending=0.1))
    ]
    output = fit(case_of(found, AREAS, PERIODS, HORIZON), Design(), OPTIONS)
    assert check(output, "competing").status is Status.WARN
    ended = of(output, Measure.ENDED)
    assert ended.interval is not None
    assert ended.interval[0] > 0.1
    assert of(output, Measure.ENDING).estimate > 1.5


def test_without_every_repeat_or_other_endings_those_parts_are_absent() -> None:
    output = fit(case_of(records(6), AREAS, PERIODS, HORIZON, first_only=True), Design(), OPTIONS)
    assert {e.estimand for e in output.estimates} == {"area ITT", Measure.FIRST.value}
    assert not output.not_estimable
    assert {c.id for c in output.checks} == {
        f"recurrence_{name}" for name in ("measures", "days", "hazards", "follow_up", "curves")
    }


def test_one_team_is_also_one_unit(case: Case) -> None:
    output = fit(case, Design(shared_delivery=True), OPTIONS)
    rows = [row for c in output.checks if c.evidence for row in c.evidence.rows]
    assert len([row for row in rows if row.group == "Treated areas as one unit"]) == 2
    assert len([row for row in rows if row.label == "treated areas as one unit"]) == 2
    merged = history_of(case, merged=True)
    assert merged.panel.areas[0] == "A + B"
    assert merged.before.counts is not None
    apart = history_of(case).before.counts
    assert apart is not None
    assert merged.before.counts.events[0] == pytest.approx(apart.events[:2].sum(axis=0))


def test_the_share_with_one_team_as_one_unit_is_that_of_merged_areas(case: Case) -> None:
    design = Design(shared_delivery=True)
    examined = examine_repeats(case, design, OPTIONS, fit(case, design, OPTIONS))
    (found,) = (e for e in examined.estimates if e.method.endswith(AS_ONE))
    did = fit_did(case.panel, design, DidOptions()).estimates
    (same,) = (e for e in did if e.method.startswith("collapsed") and AS_ONE in e.method)
    assert (found.estimate, found.interval, found.clusters) == (same.estimate, same.interval, same.clusters)
    assert not found.headline
    assert [c.id for c in examined.checks if c.id.endswith("one_team")] == ["recurrence_one_team"]
    apart = fit(case, Design(), OPTIONS)
    assert examine_repeats(case, Design(), OPTIONS, apart) is apart


def test_refusals_name_the_area_and_what_to_do() -> None:
    quiet = [replace(r, repeats=()) if r.area == 3 and r.period < 2 else r for r in records(7)]
    output = fit(case_of(quiet, AREAS, PERIODS, HORIZON), Design(), OPTIONS)
    assert {e.estimand for e in output.estimates} == {"area ITT"}
    reasons = [why.reason for why in output.not_estimable]
    assert len(reasons) == 4
    assert all("No events in D (baseline)" in why and "longer windows" in why for why in reasons)
    assert check(output, "days").status is Status.PASS
    lost = [
        replace(r, last=10, repeats=tuple(d for d in r.repeats if d <= 10)) if r.area == 4 else r for r in records(8)
    ]
    cut = fit(case_of(lost, AREAS, PERIODS, HORIZON), Design(), OPTIONS)
    assert not any(e.headline for e in cut.estimates)
    assert any("Nobody is followed to the horizon in E" in why.reason for why in cut.not_estimable)
    assert (check(cut, "days").status, check(cut, "measures").status) == (Status.NOT_RUN, Status.NOT_RUN)
    assert "recurrence_curves" not in {c.id for c in cut.checks}


def test_one_area_on_each_side_gives_points_only() -> None:
    pair = [replace(r, area=r.area // 2) for r in records(9) if r.area in {0, 2}]
    output = fit(case_of(pair, 2, PERIODS, HORIZON, 1), Design(), OPTIONS)
    assert {(e.interval, e.p_value) for e in output.estimates} == {(None, None)}
    assert len(output.not_estimable) == len(output.estimates)
    assert check(output, "hazards").status is Status.NOT_RUN


def test_no_comparison_areas_no_estimate() -> None:
    alone = [r for r in records(10) if r.area < 2]
    output = fit(case_of(alone, 2, PERIODS, HORIZON, 2), Design(), OPTIONS)
    assert not output.estimates
    assert "no comparison area" in output.not_estimable[0].reason


def test_an_area_without_cases_is_left_out_and_named() -> None:
    output = fit(
        case_of([r for r in records(11) if r.area != 6 or r.period > 1], AREAS, PERIODS, HORIZON), Design(), OPTIONS
    )
    assert {(e.clusters.treated, e.clusters.comparison) for e in output.estimates} == {(2, 4)}
    assert all("Left out for want of data: G." in e.note for e in output.estimates)


def test_many_areas_use_the_cluster_robust_test() -> None:
    many = [replace(r, area=r.area + 10 * copy) for copy in (0, 1) for r in records(12 + copy, areas=10)]
    output = fit(case_of(many, 20, PERIODS, HORIZON, 6), Design(), OPTIONS)
    assert of(output, Measure.ALL).method == "CR2 with Bell-McCaffrey df"


def test_registered_for_times_to_an_event_only() -> None:
    spec = MODELS["recurrence"]
    assert spec.headline_rank == 3
    assert [kind for kind in Kind if spec.is_for(kind)] == [Kind.TIME_TO_EVENT]
    with pytest.raises(ValueError, match="must be equal or exposure"):
        RecurrenceOptions("cases")  # type: ignore[arg-type]


def test_effects_in_words() -> None:
    effect = Effect(-0.1, (-0.2, 0.05), 0.05, 5.0, 0.1, 2, 5)
    assert effect_words(Measure.SHARE, effect, 0.95) == "−10.0 points (95% interval −20.0 to +5.0 points)"
    assert effect_words(Measure.ALL, effect, 0.95) == "−10% (95% interval −18% to +5%)"
    assert amount(Measure.DAYS, 2.31) == "+2.3 days"
    assert effect_words(Measure.REPEATS, replace(effect, interval=None), 0.95) == "−0.1 (no interval)"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.5]))
def test_whatever_the_records_every_number_can_be_written(seed: int, ending: float) -> None:
    rng = np.random.default_rng(seed)
    few = drawn(rng.uniform(0.0, 1.5, (4, 2)), rng.integers(0, 12, (4, 2)), 15, rng, ending)
    if not few:
        few = [Record(0, 0, (), 15)]
    output = fit(case_of(few, 4, 2, 15, 1), Design(shared_delivery=True), OPTIONS)
    assert "NaN" not in json.dumps(asdict(output), default=str)
    assert "Infinity" not in json.dumps(asdict(output), default=str)
    text = " ".join([c.finding + c.detail for c in output.checks] + [why.reason for why in output.not_estimable])
    assert not {"nan", "inf", "None"} & set(text.replace("(", " ").replace(")", " ").split())
