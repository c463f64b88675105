"""What a single series shows beside its estimates: other regressions, shocks, events, events averted, placebos."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from models.arrays import FloatArray
from models.case import Case
from models.design import Design, Event, Shape, Shock
from models.estimate import Check, Figure, ModelOutput, Quantity, Status
from models.its import AVERAGE, ItsOptions, fit
from models.its.averted import Averted, Follow, averted
from models.its.quasi_ar1 import quasi_poisson_ar1
from models.panel import BinaryCells, ContinuousCells, CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit
from models.series.ar1 import ar1_reml
from models.series.counts import poisson
from models.series.fit import SeriesFit

EXACT = 1e-8  # a noiseless series is recovered to the rounding of an iterative fit
DRAWN = 0.02  # relative: 20,000 draws give the width of an interval to about one per cent
B, F, X = Role.BASELINE, Role.FOLLOW_UP, Role.EXCLUDED
RNG = np.random.default_rng(20)
NOISE = RNG.normal(0, 1, 72)


def periods(roles: list[Role], unit: TimeUnit = TimeUnit.MONTH) -> Periods:
    return Periods(unit, 2015 * int(unit.per_year), tuple(roles))


LONG = periods([B] * 48 + [F] * 24)
TIME = np.arange(72) - 48.0


def counts(events: FloatArray, clock: Periods = LONG, exposure: float = 1.0) -> Panel:
    cells = CountCells(events[None].astype(float), np.full((1, len(clock)), exposure))
    return Panel("x", Kind.COUNT, "events", 1.0, ("A",), np.asarray([True]), clock, cells)


def means(values: FloatArray, clock: Periods = LONG) -> Panel:
    n = np.full((1, len(clock)), 10.0)
    cells = ContinuousCells(n, n * values, n * (values**2 + 1))
    return Panel("x", Kind.CONTINUOUS, "points", 1.0, ("A",), np.asarray([True]), clock, cells)


def run(panel: Panel, design: Design | None = None, **options: Any) -> ModelOutput:
    return fit(Case(panel), design or Design(), ItsOptions(**options))


def check(output: ModelOutput, name: str) -> Check:
    (found,) = [c for c in output.checks if c.id == name]
    return found


def values(output: ModelOutput) -> dict[str, float]:
    return {e.estimand: e.estimate for e in output.estimates}


def masked(*spans: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    mask = np.zeros(72, dtype=bool)
    for first, last in spans:
        mask[first : last + 1] = True
    return mask


# --- shapes ---------------------------------------------------------------------------------------------------------


def test_a_ramp_is_recovered() -> None:
    built = np.clip((TIME + 1) / 5, 0, 1)
    found = values(run(means(3.0 + 0.1 * TIME - 2.0 * built), harmonics=0, impact="level", ramp=4))
    assert found["level change once it had built up, treated areas"] == pytest.approx(-2.0, abs=EXACT)
    assert found[AVERAGE] == pytest.approx(-2.0 * built[48:].mean(), abs=EXACT)


def test_a_lag_is_recovered_and_the_average_holds_the_wait() -> None:
    found = values(run(means(3.0 - 2.0 * (TIME >= 6)), harmonics=0, impact="level", lag=6))
    assert found["level change once it had built up, treated areas"] == pytest.approx(-2.0, abs=EXACT)
    assert found[AVERAGE] == pytest.approx(-2.0 * 18 / 24, abs=EXACT)


def test_a_bend_without_a_step_is_recovered() -> None:
    found = values(run(means(3.0 + 0.1 * TIME - 0.2 * np.maximum(TIME + 1, 0)), harmonics=0, impact="slope"))
    assert found["slope change per month, treated areas"] == pytest.approx(-0.2, abs=EXACT)
    assert found["effect in the twelfth month of follow-up, treated areas"] == pytest.approx(-2.4, abs=EXACT)


def test_a_ramped_phase_in_is_kept_in_the_fit() -> None:
    clock = periods([B] * 48 + [Role.PHASE_IN] * 3 + [F] * 21)
    built = np.clip((TIME + 1) / 4, 0, 1)
    panel = means(3.0 - 2.0 * built + 0.01 * NOISE, clock)
    ramped, left_out = (run(panel, harmonics=0, impact="level", phase_in=how) for how in ("ramped", "excluded"))
    assert ramped.estimates[0].clusters.periods == 72
    assert left_out.estimates[0].clusters.periods == 69
    assert values(ramped)[AVERAGE] == pytest.approx(-2.0, abs=0.02)


def test_the_effect_after_a_year_is_that_of_the_twelfth_month() -> None:
    found = values(run(means(3.0 - 2.0 * (TIME >= 0) + 0.1 * np.maximum(TIME, 0)), harmonics=0))
    assert found["effect in the twelfth month of follow-up, treated areas"] == pytest.approx(-2.0 + 1.1, abs=EXACT)


def test_a_follow_up_of_less_than_a_year_has_no_effect_after_a_year() -> None:
    short = periods([B] * 48 + [F] * 11 + [X] * 13)
    assert not any("twelfth" in name for name in values(run(means(NOISE, short))))


def test_a_lag_beyond_the_follow_up_is_refused() -> None:
    (refusal,) = run(means(NOISE), lag=24).not_estimable
    assert refusal.reason.startswith("lag == 24: the change would begin after the follow-up has ended.")


# --- season ---------------------------------------------------------------------------------------------------------


def test_the_season_of_least_qaic_is_taken() -> None:
    spike = np.where((np.arange(72) % 12) == 7, 3.0, 0.0)  # one month of the year, no wave
    wave = 3 * np.cos(2 * np.pi * np.arange(72) / 12)
    noise = np.random.default_rng(3).normal(0, 0.3, 72)
    for extra, words in ((spike, "An effect of each month"), (wave, "One pair"), (0.0, "No seasonal terms")):
        season = check(run(means(extra + noise)), "its_season")
        assert season.finding.startswith(words)
        assert season.evidence is not None
        (chosen,) = [row for row in season.evidence.rows if row.chosen]
        assert chosen.estimate == 0
        assert min(row.estimate for row in season.evidence.rows if not row.chosen and row.estimate is not None) > 0


def test_months_are_tried_only_with_three_years_of_baseline() -> None:
    for before, tried in ((35, 3), (36, 4)):
        season = check(run(means(NOISE[: before + 12], periods([B] * before + [F] * 12))), "its_season")
        assert f"the best of {tried} choices by QAIC" in season.finding


# --- events and shocks ----------------------------------------------------------------------------------------------


def test_an_event_is_told_from_the_intervention() -> None:
    moved = masked((54, 71))
    series = 3.0 - 2.0 * (TIME >= 0) + 5.0 * moved
    design = Design(events=(Event("A new system", moved, (), Shape.LEVEL),))
    alone, allowed = (run(means(series), d, harmonics=0) for d in (Design(), design))
    assert values(allowed)[AVERAGE] == pytest.approx(-2.0, abs=EXACT)
    assert values(allowed)["change with A new system, treated areas"] == pytest.approx(5.0, abs=EXACT)
    assert values(alone)[AVERAGE] > 0
    assert "A new system" in check(allowed, "its_epoc").detail


def test_an_event_at_the_very_start_cannot_be_told_apart() -> None:
    design = Design(events=(Event("A new system", masked((48, 71)), (), Shape.LEVEL),))
    (refusal,) = run(means(NOISE), design, harmonics=0, impact="level").not_estimable
    assert refusal.reason.startswith(
        "The periods left cannot tell trend, change and season and what else happened apart."
    )


def shocked() -> tuple[Panel, Design]:
    mask = masked((20, 37))
    clock = periods([X if mask[t] else B if t < 48 else F for t in range(72)])
    series = 3.0 + 8.0 * masked((20, 31)) + 4.0 * masked((32, 37)) - 1.0 * (TIME >= 0)
    return means(series + 0.1 * NOISE, clock), Design(shocks=(Shock("Covid", mask),))


def test_every_way_to_handle_a_shock_is_shown_whatever_the_study_chose() -> None:
    panel, design = shocked()
    by_own = {how: check(run(panel, design, harmonics=0, shocks=how), "its_shocks") for how in ("excluded", "modelled")}
    tables = {}
    for how, found in by_own.items():
        assert found.evidence is not None
        tables[how] = {row.label: row.estimate for row in found.evidence.rows}
        (chosen,) = [row.label for row in found.evidence.rows if row.chosen]
        assert chosen == {"excluded": "left out", "modelled": "kept, with a step for each year of it"}[how]
    assert list(tables["excluded"]) == [
        "left out",
        "kept, with one step for each stretch",
        "kept, with a step for each year of it",
        "kept, as if nothing had happened",
    ]
    for label, value in tables["excluded"].items():
        assert tables["modelled"][label] == pytest.approx(value)
    assert tables["excluded"]["kept, with a step for each year of it"] == pytest.approx(-1.0, abs=0.2)
    assert abs(tables["excluded"]["kept, as if nothing had happened"] + 1.0) > 0.15  # the shock bends the trend


def test_without_exclusions_there_is_nothing_to_handle() -> None:
    assert not [c for c in run(means(NOISE)).checks if c.id == "its_shocks"]


# --- other regressions ----------------------------------------------------------------------------------------------


def test_every_regression_of_counts_stands_beside_the_study_s_own() -> None:
    found = check(run(counts(RNG.poisson(80, 72)), family="negative_binomial"), "its_methods")
    assert found.evidence is not None
    assert len(found.evidence.rows) == 5
    assert [row.label for row in found.evidence.rows if row.chosen] == ["negative binomial, periods independent"]
    assert all(row.estimate is not None and row.lo is not None for row in found.evidence.rows)


def test_shares_have_the_log_odds_beside_them() -> None:
    n = np.full((1, 72), 200.0)
    share = 0.3 + 0.1 * (TIME >= 0)
    yes = np.random.default_rng(1).binomial(200, share)[None].astype(float)
    panel = Panel("x", Kind.BINARY, "share", 1.0, ("A",), np.asarray([True]), LONG, BinaryCells(yes, n))
    found = check(run(panel, harmonics=0, impact="level"), "its_methods")
    assert found.evidence is not None
    own, odds = found.evidence.rows[0], found.evidence.rows[-1]
    assert odds.label.startswith("log odds of the share")
    assert odds.estimate == pytest.approx(own.estimate, abs=0.01)


def test_short_series_are_fitted_as_independent() -> None:
    found = run(means(NOISE[:11], periods([B] * 7 + [F] * 4)), impact="level")
    assert "least squares" in found.estimates[0].method
    assert found.estimates[0].df == 8


def test_a_quasi_poisson_ar1_of_a_large_count_is_the_ar1_of_its_log() -> None:
    # Where counts are large and vary little the log of the rate is the working response.
    level = np.zeros(72)
    for t in range(1, 72):
        level[t] = 0.6 * level[t - 1] + 0.002 * NOISE[t]
    design = np.column_stack([np.ones(72), TIME, TIME >= 0]).astype(float)
    events, everywhere = np.exp(14 + level), np.ones(72, dtype=bool)
    by_counts = quasi_poisson_ar1(events, np.ones(72), design, everywhere)
    by_log = ar1_reml(np.log(events), design, everywhere)
    assert isinstance(by_counts, SeriesFit)
    assert isinstance(by_log, SeriesFit)
    weights = np.eye(3)[2]
    assert by_counts.rho == pytest.approx(by_log.rho, abs=0.01)
    assert by_counts.contrast(weights) == pytest.approx(by_log.contrast(weights), rel=0.02, abs=1e-4)


def test_a_count_fit_does_not_run_away_to_a_correlation_of_one() -> None:
    # Exposure that the events do not follow makes the likelihood rise once more towards 1.
    rng = np.random.default_rng(603)
    events = rng.poisson(np.exp(4 + 0.003 * TIME)).astype(float)
    exposure = rng.uniform(900, 1100, 72)
    design = np.column_stack([np.ones(72), TIME, TIME >= 0]).astype(float)
    for last in (24, 30, 40, 60, 72):
        used = np.arange(72) < last
        kept = design if last > 48 else design[:, :2]
        found = quasi_poisson_ar1(events, exposure, kept, used)
        start = poisson(events, exposure, kept, used)
        assert isinstance(found, SeriesFit)
        assert isinstance(start, SeriesFit)
        assert np.abs(found.params - start.params).max() < 0.5


# --- what was averted -----------------------------------------------------------------------------------------------


def one_mean(variance: float, rho: float | None = None, df: float = 1e9) -> SeriesFit:
    """A line of one level in 10 periods, at 100 events each, known to a variance of its log."""
    nothing = np.zeros(10)
    params = np.array([np.log(100.0), -0.2])
    covariance = np.diag([0.0, variance])
    return SeriesFit("", params, covariance, nothing, nothing, df, dispersion=2.0, rho=rho)


def follow() -> Follow:
    full = np.column_stack([np.ones(10), np.ones(10)])
    return Follow(full, full * [1, 0], np.ones(10), np.arange(10), log=True)


def test_averted_is_the_gap_between_the_lines_and_its_range_that_of_the_coefficients() -> None:
    found: Averted = averted(follow(), one_mean(1e-4), 820.0, 0.95, 0)
    assert found.expected == pytest.approx(1000.0)
    assert found.averted == pytest.approx(1000 * (1 - np.exp(-0.2)))
    assert found.parameters is not None
    half = 1.96 * 0.01 * 1000 * np.exp(-0.2)
    assert np.ptp(found.parameters) == pytest.approx(2 * half, rel=DRAWN)


@pytest.mark.parametrize(
    ("rho", "inflation"), [(None, 1.0), (0.5, 1 + 2 * sum((1 - k / 10) * 0.5**k for k in range(1, 10)))]
)
def test_the_range_against_what_was_observed_adds_the_chance_of_periods(rho: float | None, inflation: float) -> None:
    found = averted(follow(), one_mean(0.0, rho), 820.0, 0.95, 0)
    assert found.predictive is not None
    sd = np.sqrt(2.0 * 100 * 10 * inflation)  # dispersion x mean, ten periods, and their correlation
    assert np.ptp(found.predictive) == pytest.approx(2 * stats.norm.ppf(0.975) * sd, rel=DRAWN)
    assert np.mean(found.predictive) == pytest.approx(1000 - 820, abs=0.05 * sd)


def test_a_seed_gives_the_same_range_again_and_another_seed_another() -> None:
    panel = counts(RNG.poisson(80, 72))
    first, again, other = (check(run(panel, Design(seed=seed)), "its_averted") for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_averted_events_are_plain_numbers_and_withheld_with_a_hidden_area() -> None:
    evidence = check(run(counts(RNG.poisson(80, 72))), "its_averted").evidence
    assert evidence is not None
    assert (evidence.quantity, evidence.by_area) == (Quantity.NUMBER, True)
    assert not [c for c in run(means(NOISE)).checks if c.id == "its_averted"]


# --- placebos -------------------------------------------------------------------------------------------------------


def test_earlier_starts_find_little_in_a_quiet_series_and_much_in_a_jumpy_one() -> None:
    quiet = check(run(means(NOISE), harmonics=0, impact="level"), "its_placebo_in_time")
    jumpy = np.where((np.arange(72) >= 24) & (np.arange(72) < 40), 4.0, 0.0) + 0.5 * NOISE
    found = check(run(means(jumpy), harmonics=0, impact="level", errors="ols"), "its_placebo_in_time")
    assert (quiet.status, found.status) == (Status.PASS, Status.WARN)
    assert found.evidence is not None
    assert found.evidence.figure is Figure.SERIES
    assert found.evidence.rows[-1].chosen
    # 48 months of baseline: 16 of follow-up, and no fewer before: starts from month 16 to 32
    assert [row.label for row in found.evidence.rows[:-1]] == [LONG.labels[t] for t in range(16, 33)]


def test_a_baseline_too_short_for_an_earlier_start_says_so() -> None:
    found = check(run(means(NOISE[:12], periods([B] * 5 + [F] * 7)), impact="level"), "its_placebo_in_time")
    assert found.status is Status.NOT_RUN


def test_the_test_by_shifts_sees_a_large_change_and_no_small_one() -> None:
    late = periods([B] * 66 + [F] * 6)
    large, none = (
        check(run(means(NOISE + size * (TIME >= 18), late), harmonics=0, impact="level"), "its_conformal")
        for size in (5.0, 0.0)
    )
    for found, seen in ((large, True), (none, False)):
        assert found.evidence is not None
        row = found.evidence.rows[0]
        assert row.p_value is not None
        assert (row.p_value <= 0.05) is seen


def test_what_only_the_evaluator_can_say_is_asked() -> None:
    recording = check(run(means(NOISE)), "its_recording")
    assert recording.status is Status.NOT_RUN
    assert recording.detail.endswith("?")
    assert check(run(means(NOISE)), "its_epoc").status is Status.PASS
    few = run(means(NOISE[:30], periods([B] * 20 + [F] * 10)))
    assert "Not met: enough points (20 before, 10 after" in check(few, "its_epoc").detail
