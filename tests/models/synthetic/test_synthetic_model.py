"""The model as a whole: estimates, notes, refusals, checks and the path."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.arrays import FloatArray
from models.case import Case, Predictor
from models.design import Design
from models.estimate import Check, Estimate, ModelOutput, Row, Scale, Status
from models.panel import CountCells, Panel
from models.registry import MODELS
from models.summary import period_matrix
from models.synthetic.model import fit
from models.synthetic.options import SyntheticOptions
from models.synthetic.placebos import placebos
from models.synthetic.series import Series, series_of

type MakeCase = Callable[..., Case]
type MakePanel = Callable[..., Panel]

PRINTED = 0.0005
EXACT = 1e-9
REPEATS = 150
CHECKS = ("donors", "fit", "hull", "balance", "weights", "leave_one_out", "placebos")


def run(case: Case, level: float = 0.95, **options: object) -> ModelOutput:
    return fit(case, Design(level=level), SyntheticOptions(**options))  # type: ignore[arg-type]


def check(output: ModelOutput, name: str) -> Check:
    return next(c for c in output.checks if c.id == f"synthetic_{name}")


def rows(output: ModelOutput, name: str) -> tuple[Row, ...]:
    found = check(output, name).evidence
    assert found is not None
    return found.rows


def by_method(output: ModelOutput) -> dict[str, Estimate]:
    return {e.method.split(",")[0]: e for e in output.estimates}


def walks(areas: int, before: int = 12, after: int = 6, seed: int = 0) -> FloatArray:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(size=before + after))
    found: FloatArray = rng.normal(1, 0.3, (areas, 1)) * walk + rng.normal(size=(areas, before + after))
    return found


def test_california(california: Case) -> None:
    output = run(california)
    found = by_method(output)
    assert [round(e.estimate, 3) for e in found.values()] == [-19.514, -15.605, -15.536, -27.349]
    assert [e.headline for e in output.estimates] == [True, False, False, False]
    main = found["synthetic control"]
    assert (main.p_value, main.attainable_p) == (3 / 39, 1 / 39)
    assert main.interval is not None
    assert main.interval[0] < -19.514 < main.interval[1]
    assert found["synthetic difference-in-differences"].interval is None
    assert found["synthetic difference-in-differences"].p_value == 1 / 39
    (refusal,) = output.not_estimable
    assert refusal.reason.startswith("No interval from synthetic difference-in-differences: its weights of periods")
    assert tuple(c.id for c in output.checks) == tuple(f"synthetic_{name}" for name in CHECKS)
    weights = {row.label: row.estimate for row in rows(output, "weights")}
    assert list(weights)[:4] == ["Utah", "Montana", "Nevada", "Connecticut"]
    assert check(output, "placebos").finding.startswith("With each of the 39 areas taken for treated in turn")
    last = output.paths[0].points[-1]
    assert (output.paths[0].name, last.period, last.value) == ("synthetic", "2000", 41.6)
    points = [p for p in output.paths[0].points if int(p.period) >= 1989]
    gaps = [p.value - p.counterfactual for p in points if p.value is not None and p.counterfactual is not None]
    assert np.mean(gaps) == pytest.approx(main.estimate, abs=EXACT)


@pytest.mark.parametrize(
    ("method", "first"), [("sdid", "synthetic difference-in-differences"), ("ascm", "augmented synthetic control")]
)
def test_the_method_chosen_comes_first_and_is_checked(california: Case, method: str, first: str) -> None:
    output = run(california, method=method)
    assert output.estimates[0].method.startswith(first)
    assert [e.headline for e in output.estimates] == [True, False, False, False]
    weights = check(output, "weights")
    assert weights.evidence is not None
    assert weights.evidence.title.endswith(first)
    said = "Baseline periods that count most: 1988" if method == "sdid" else "extrapolates"
    assert said in weights.detail


def test_nothing_carries_a_standard_error(california: Case, make_case: MakeCase) -> None:
    for case in (california, make_case(walks(7), before=12, treated=2)):
        for method in ("sc", "sdid", "ascm"):
            for estimate in run(case, method=method).estimates:
                assert (estimate.std_error, estimate.df) == (None, None)
                assert estimate.p_value is not None
                assert estimate.attainable_p is not None
                assert estimate.p_value >= estimate.attainable_p


def test_with_fewer_controls_than_periods_it_does_not_claim_what_is_not_there(make_case: MakeCase) -> None:
    """Where a placebo standard error vanishes (2 of 7 areas, 24 periods before the start), the rank still holds."""
    claims = 0
    for seed in range(REPEATS):
        y = np.random.default_rng([7, seed]).normal(size=(7, 36)) + walks(7, 24, 12, seed)
        series = series_of(make_case(y, before=24, treated=2), SyntheticOptions())
        assert isinstance(series, Series)
        claims += placebos(series, "sdid", 0).p_value <= 1 / 21 + EXACT
    assert claims / REPEATS <= 1 / 21 + 3 * (1 / 21 * 20 / 21 / REPEATS) ** 0.5


def test_an_effect_put_in_comes_out_in_each_treated_area_on_its_own(make_case: MakeCase) -> None:
    y = walks(14)
    y[0] = 0.5 * y[4] + 0.5 * y[5]
    y[1] = 0.2 * y[6] + 0.8 * y[7]
    y[:2, 12:] += [[1.0], [3.0]]
    output = run(make_case(y, before=12, treated=2))
    assert output.estimates[0].estimate == pytest.approx(2.0, abs=1e-4)
    assert output.estimates[0].p_value == 1 / 91
    shown = {(row.group, row.label): row.estimate for row in rows(output, "weights")}
    assert shown == pytest.approx(
        {("area 0", "area 4"): 0.5, ("area 0", "area 5"): 0.5, ("area 1", "area 6"): 0.2, ("area 1", "area 7"): 0.8},
        abs=1e-4,
    )
    assert "each treated area has weights of its own" in output.estimates[0].note
    assert "91 sets of 2 areas" in output.estimates[0].note


def test_few_donors_are_triangulation_and_give_no_interval(make_case: MakeCase) -> None:
    output = run(make_case(walks(7), before=12))
    assert check(output, "donors").status is Status.WARN
    assert "triangulation" in check(output, "donors").finding
    for estimate in output.estimates:
        assert "triangulation" in estimate.note
        assert estimate.interval is None
    assert output.not_estimable[0].reason.startswith(
        "No 95% interval from placebos. The smallest possible p-value is 0.14"
    )
    assert len(output.not_estimable) == 1
    many = run(make_case(walks(21), before=12))
    assert "triangulation" not in many.estimates[0].note
    assert check(many, "donors").status is Status.PASS
    assert many.estimates[0].interval is not None


@pytest.mark.parametrize(("donors", "given"), [(18, False), (19, True)])
def test_an_interval_needs_twenty_areas(make_case: MakeCase, donors: int, given: bool) -> None:
    output = run(make_case(walks(donors + 1), before=12))
    assert (output.estimates[0].interval is not None) is given


def test_a_poor_fit_and_an_area_beyond_the_others_are_told(make_case: MakeCase) -> None:
    y = walks(12)
    y[0, :] += 30
    output = run(make_case(y, before=12))
    assert check(output, "fit").status is Status.WARN
    hull = check(output, "hull")
    assert (hull.status, hull.finding) == (
        Status.WARN,
        "Beyond every comparison area in some periods before the start: area 0 (12 of 12).",
    )
    assert check(output, "balance").status is Status.WARN
    y[0] = 0.5 * (y[1] + y[2])
    inside = run(make_case(y, before=12))
    assert check(inside, "hull").finding.startswith("Some weighting of the comparison areas reproduces")
    assert check(inside, "fit").status is Status.PASS
    assert rows(inside, "fit")[0].estimate == pytest.approx(0, abs=1e-4)


def test_leaving_out_the_one_donor_that_follows_turns_the_answer(make_case: MakeCase) -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(0, 0.05, (8, 12))
    y[:2] += np.linspace(0, 10, 12)  # the treated area and one donor rise together
    y[0, 9:] -= 1
    output = run(make_case(y, before=9))
    found = check(output, "leave_one_out")
    assert found.status is Status.WARN
    assert found.overturns
    assert "points the other way without area 1" in found.detail
    assert [row.label for row in rows(output, "leave_one_out")][:2] == ["all comparison areas", "without area 1"]
    assert check(output, "weights").status is Status.WARN


def test_balance_sets_predictors_and_outcome_side_by_side(make_case: MakeCase) -> None:
    y = walks(8)
    known = np.asarray([3.0, 1, 2, 3, 4, 5, 6, 7])
    output = run(replace(make_case(y, before=12), predictors=(Predictor("wealth", known),)))
    wealth = [row for row in rows(output, "balance") if row.group == "wealth"]
    assert [row.label for row in wealth] == ["weighted areas", "all comparison areas"]
    assert wealth[0].note == "3.000; treated 3.000"
    assert wealth[1].note == "4.000; treated 3.000"
    assert wealth[1].estimate == pytest.approx(1 / known.std(ddof=1))
    assert wealth[0].estimate == pytest.approx(0, abs=1e-6)


def test_counts_give_a_ratio_and_levels_a_ratio_of_means(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(1)
    rate = np.exp(rng.normal(4, 0.3, (22, 1)) + np.cumsum(rng.normal(0, 0.05, 18)))
    rate[0] = np.sqrt(rate[3] * rate[4])
    rate[0, 12:] *= 0.7
    panel = make_panel(CountCells(rate, np.ones_like(rate)), after=6)
    linear, level = run(Case(panel)), run(Case(panel), scale="level")
    assert linear.estimates[0].scale is Scale.RATIO
    assert linear.estimates[0].estimate == pytest.approx(0.7, abs=0.02)
    point = level.paths[0].points[-1]
    assert point.value == pytest.approx(rate[0, -1])
    seen, without = (
        np.mean([getattr(p, field) for p in level.paths[0].points[12:]]) for field in ("value", "counterfactual")
    )
    assert level.estimates[0].estimate == pytest.approx(seen / without, abs=EXACT)
    interval = linear.estimates[0].interval
    assert interval is not None
    assert 0 < interval[0] < 0.7 < interval[1]


def test_a_level_that_leaves_no_ratio_is_refused(make_panel: MakePanel) -> None:
    events = np.full((4, 8), 5.0)
    events[0, 4:] = 0.0
    output = run(Case(make_panel(CountCells(events, np.ones_like(events)), after=4)), scale="level")
    assert output.estimates == ()
    assert "leaves no ratio" in output.not_estimable[0].reason


def test_what_was_left_out_is_in_the_note(make_case: MakeCase) -> None:
    y = walks(9)
    y[3, 5] = np.nan
    output = run(make_case(y, before=12))
    assert "Left out for want of a value: area 3." in output.estimates[0].note
    assert output.estimates[0].clusters.comparison == 7


def test_without_comparison_areas_there_is_a_reason(make_case: MakeCase) -> None:
    alone = make_case(walks(2), before=12, treated=2)
    assert "no comparison areas" in run(alone).not_estimable[0].reason
    few = make_case(walks(2), before=12)
    assert "at least 2 are needed" in run(few).not_estimable[0].reason


def test_a_note_prints_the_measured_size_where_it_is_above_seven_per_cent(california: Case) -> None:
    notes = {name: estimate.note for name, estimate in by_method(run(california)).items()}
    assert "an effect that was not there in 9%." in notes["synthetic control"]
    assert "an effect that was not there in 13%." in notes["difference-in-differences"]
    assert "simulated" not in notes["synthetic difference-in-differences"]


def test_it_headlines_only_where_nothing_else_does() -> None:
    spec = MODELS["synthetic"]
    ranks = [m.headline_rank for m in MODELS.values() if m.headline_rank is not None and m.name != "synthetic"]
    assert spec.headline_rank == 5
    assert spec.headline_rank > max(ranks)
    assert spec.needs_comparison


def test_areas_that_never_move_are_no_reason_to_break(make_case: MakeCase) -> None:
    output = run(make_case(np.ones((6, 10)), before=6))
    assert output.estimates[0].estimate == 0
    assert output.estimates[0].p_value == 1
    assert check(output, "fit").status is Status.NOT_RUN


@pytest.mark.parametrize("value", [0.0, 5_000.0])
def test_areas_that_move_only_after_the_start_are_ranked_by_how_far(make_case: MakeCase, value: float) -> None:
    """A baseline without any movement leaves no gap to divide by, and the ratio must stay a number."""
    y = np.full((6, 10), value)
    y[:, 6:] += 100.0 * np.asarray([9, 1, 2, 0, 0.5, 4])[:, None]
    output = run(make_case(y, before=6))
    assert output.estimates[0].p_value == pytest.approx(1 / 6)
    rows = check(output, "placebos").evidence
    assert rows is not None
    assert all(row.estimate is not None and np.isfinite(row.estimate) for row in rows.rows)


def test_donors_of_which_none_weighs_a_hundredth_are_left_out_all_the_same(make_case: MakeCase) -> None:
    y = np.zeros((121, 8))
    y[:, 5:] = np.random.default_rng(0).normal(size=(121, 3))
    found = check(run(make_case(y, before=5)), "leave_one_out")
    assert found.evidence is not None
    assert len(found.evidence.rows) == 1 + 20


def test_the_values_weighted_are_those_of_the_panel(california: Case) -> None:
    output = run(california)
    shown = [p.value for p in output.paths[0].points]
    assert shown == pytest.approx(period_matrix(california.panel.cells)[0][0].tolist())
