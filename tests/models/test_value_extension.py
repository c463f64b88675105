"""What extending is worth: sampling variances by matrix, evidence by simulation, cost and delay by hand."""

import math

import numpy as np
import pytest

from models.arrays import FloatArray
from models.panel import Kind
from models.value import (
    Evidence,
    Extension,
    Price,
    RollOut,
    Shares,
    Stake,
    Unit,
    extensions,
    net_benefit,
    standard_menu,
    student_draws,
    units_averted,
    units_foreseen,
)
from models.value.roll_out import Perspective

EXACT = 1e-9  # two routes to the same number
NESTED = 0.03  # relative: three standard errors of 200,000 simulated extensions, with room
COUNT = Stake(Unit(Kind.COUNT, -1), Price.fixed(673), RollOut(20_000, 300_000, years=3, set_up=20_000))
SHARE = Stake(Unit(Kind.TIME_TO_EVENT, -1), Price.uniform(100, 300), RollOut(20_000, 100_000, years=2))


def by_matrix(evidence: Evidence, extension: Extension | None) -> float:
    """Variance of generalised least squares on one value per area and stretch of follow-up."""
    noise, shock = evidence.noise_variance * evidence.years, evidence.shock_variance
    stretches = [evidence.years] + ([extension.years] if extension else [])
    rows = []  # treated, team, length
    added = (extension.more_areas, extension.more_comparison) if extension else (0, 0)
    for a in range(evidence.treated):
        rows += [(1, 0 if evidence.shared else a, length) for length in stretches]
    rows += [(1, 100 + a, stretches[-1]) for a in range(added[0])]
    for a in range(evidence.comparison + added[1]):
        rows += [(0, 1_000 + a, length) for length in stretches]
    treated, team, length = (np.array(x, dtype=float) for x in zip(*rows, strict=True))
    cov = shock * (team[:, None] == team) + np.diag(noise / length)
    x = np.column_stack([np.ones_like(treated), treated])
    return float(np.linalg.inv(x.T @ np.linalg.solve(cov, x))[1, 1])


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(
    "extension",
    [
        Extension("a year", 1, 0),
        Extension("half a year", 0.5, 0),
        Extension("areas", 2, 0, more_areas=3),
        Extension("both", 1, 0, more_areas=2, more_comparison=4),
        Extension("crossing over", 1, 0, more_areas=2, more_comparison=-2),
    ],
    ids=lambda e: e.label,
)
def test_variances_are_those_of_generalised_least_squares(extension: Extension, *, shared: bool) -> None:
    evidence = Evidence(0.008, 0.005, 2, 5, years=1.5, shared=shared)
    assert evidence.variance == pytest.approx(by_matrix(evidence, None))
    assert evidence.extended(extension) == pytest.approx(by_matrix(evidence, extension))


def test_standard_error_is_split_into_noise_and_shocks() -> None:
    found = Evidence.from_std_error(0.094, 0.07, (2, 5), 1)
    assert found.variance == pytest.approx(0.094**2)
    assert found.shock_variance == pytest.approx(0.07**2)
    team = Evidence.from_std_error(0.094, 0.05, (2, 5), 1, shared=True)
    assert team.variance == pytest.approx(0.094**2)
    assert team.noise_variance == pytest.approx((0.094**2 - 0.05**2 * 1.2) / 0.7)
    only = Evidence.from_std_error(0.094, 1.0, (2, 5), 1)
    assert only.noise_variance == 0
    assert only.variance == pytest.approx(0.094**2)


def test_more_time_teaches_nothing_about_shocks_but_more_areas_do() -> None:
    draws = student_draws(-0.02, 0.094, math.inf, size=2_000)
    shocks = Evidence.from_std_error(0.094, 1.0, (2, 5), 1)
    longer, wider = extensions(
        draws, COUNT, shocks, [Extension("ten years", 10, 0), Extension("areas", 1, 0, more_areas=4)]
    ).worth
    assert (longer.evsi, longer.evsi_normal, longer.explained) == pytest.approx((0, 0, 0), abs=EXACT)
    assert wider.evsi > 0
    assert wider.explained == pytest.approx(1 - (1 / 6 + 1 / 5) / (1 / 2 + 1 / 5), rel=1e-2)


def test_one_team_gains_less_from_years_than_separate_teams_do_in_all() -> None:
    draws = student_draws(-0.02, 0.1, math.inf, size=2_000)
    year = [Extension("a year", 1, 0)]
    apart = extensions(draws, COUNT, Evidence(0.008, 0.005, 2, 5, 1), year).worth[0]
    team = extensions(draws, COUNT, Evidence(0.008, 0.005, 2, 5, 1, shared=True), year).worth[0]
    assert team.explained < apart.explained


def nested(draws_mean: float, sd: float, new_variance: float, stake: Stake, rng: np.random.Generator) -> float:
    """Value of new evidence by simulating it: a true effect, data, the posterior mean of net benefit, the choice."""
    truth = draws_mean + sd * rng.standard_normal(200_000)
    data = truth + math.sqrt(new_variance) * rng.standard_normal(truth.size)
    weight = sd**2 / (sd**2 + new_variance)
    centre, left = draws_mean + weight * (data - draws_mean), math.sqrt(sd**2 * (1 - weight))
    counts = stake.unit.kind is Kind.COUNT
    units = stake.reached * (1 - np.exp(centre + left**2 / 2) if counts else -centre)
    net = stake.net(units * stake.price.mean)
    return float(np.maximum(net, 0).mean() - max(net.mean(), 0))


@pytest.mark.parametrize("kind", [Kind.COUNT, Kind.CONTINUOUS])
def test_what_is_foreseen_keeps_the_mean_and_spreads_with_evidence(kind: Kind) -> None:
    unit, rng = Unit(kind, -1), np.random.default_rng(20240401)
    draws = np.concatenate([rng.normal(-0.4, 0.05, 300), rng.exponential(0.3, 200)])  # two humps and a long tail
    foreseen = [units_foreseen(draws, unit, 100, share) for share in (0.0, 0.3, 0.6, 1.0)]
    averted = units_averted(draws, unit, 100)
    assert [f.mean() for f in foreseen] == pytest.approx([averted.mean()] * 4)
    assert np.ptp(foreseen[0]) == pytest.approx(0, abs=EXACT)
    assert foreseen[-1] == pytest.approx(averted)
    for bar in np.quantile(averted, [0.1, 0.5, 0.9]):
        held = [np.maximum(f - bar, 0).mean() for f in foreseen]
        assert held == sorted(held)


@pytest.mark.parametrize(("stake", "mean", "sd"), [(COUNT, -0.02, 0.15), (SHARE, -0.02, 0.03)], ids=["count", "share"])
def test_value_of_evidence_against_simulated_extensions(stake: Stake, mean: float, sd: float) -> None:
    evidence = Evidence.from_std_error(sd, 0.6 * sd, (2, 5), 1)
    extension = Extension("wider", 1, 0, more_areas=4)
    worth = extensions(student_draws(mean, sd, math.inf), stake, evidence, [extension]).worth[0]
    new = 1 / (1 / evidence.extended(extension) - 1 / evidence.variance)
    simulated = nested(mean, sd, new, stake, np.random.default_rng(20240401))
    assert worth.evsi == pytest.approx(simulated, rel=NESTED)
    assert worth.evsi_normal == pytest.approx(simulated, rel=2 * NESTED)


def worth_of(draws: FloatArray, stake: Stake, **extension: float) -> tuple[float, float, float, float]:
    evidence = Evidence(0.008, 0.005, 2, 5, 1)
    found = extensions(draws, stake, evidence, [Extension("one", **extension)]).worth[0]  # type: ignore[arg-type]
    return found.evsi, found.delay_loss, found.meanwhile, found.net


def test_cost_and_delay_by_hand() -> None:
    draws = student_draws(-0.06, 0.05, math.inf)
    net = net_benefit(draws, COUNT)
    assert net.expected > 0
    yearly = net.units.expected * 673 - 300_000
    evsi, loss, meanwhile, left = worth_of(draws, COUNT, years=1.5, cost=40_000, served=0.1)
    assert loss == pytest.approx(yearly * (1 + 0.5 / 1.035))
    assert meanwhile == pytest.approx(0.1 * net.units.expected * 673 * (1 + 0.5 / 1.035))
    assert left == pytest.approx(evsi / 1.035**1.5 - 40_000 - loss + meanwhile)


def test_waiting_costs_nothing_where_rolling_out_is_not_expected_to_pay() -> None:
    draws = student_draws(0.0, 0.1, math.inf)
    evsi, loss, meanwhile, left = worth_of(draws, COUNT, years=1, cost=1_000)
    assert (loss, meanwhile) == (0, 0)
    assert left == pytest.approx(evsi / 1.035 - 1_000)


def test_menu_names_the_one_that_pays_best() -> None:
    draws = student_draws(0.0, 0.1, math.inf)
    evidence = Evidence(0.008, 0.005, 2, 5, 1)
    menu = [Extension("dear", 1, 1e9), Extension("year", 1, 31_500), Extension("wider", 1, 63_000, more_areas=2)]
    found = extensions(draws, COUNT, evidence, menu)
    assert [w.pays for w in found.worth] == [False, True, True]
    assert found.best is max(found.worth, key=lambda w: w.net)
    assert extensions(draws, COUNT, evidence, menu[:1]).best is None


def test_perspective_that_decides_is_the_one_weighed() -> None:
    draws = student_draws(-0.06, 0.05, math.inf)
    split = Stake(COUNT.unit, COUNT.price, COUNT.roll_out, Shares(0.1, 0.6, 0.3), Perspective.CASHABLE)
    assert worth_of(draws, split, years=1, cost=0)[1] == 0
    assert worth_of(draws, COUNT, years=1, cost=0)[1] > 0


def test_standard_menu_is_priced_by_the_pilot() -> None:
    found = standard_menu(31_500, 1, 2)
    assert [(e.years, e.cost, e.more_areas) for e in found] == [(1, 31_500, 0), (2, 63_000, 0), (1, 63_000, 2)]
    assert standard_menu(30_000, 1.5, 2, 1)[2] == Extension("one more year with 1 more area", 1, 30_000, 1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Evidence(0, 0, 2, 5, 1), "not both 0"),
        (lambda: Evidence(0.1, -0.1, 2, 5, 1), "0 or more"),
        (lambda: Evidence(0.1, 0.1, 2, 0, 1), "comparison area"),
        (lambda: Evidence.from_std_error(0, 0.1, (2, 5), 1), "standard error"),
        (lambda: Evidence.from_std_error(0.1, 0.1, (0, 5), 1), "treated area"),
        (lambda: Extension("x", 0, 1), "lasts some time"),
        (lambda: Extension("x", 1, 1, served=2), "from 0 to 1"),
        (lambda: Evidence(0.1, 0.1, 2, 5, 1).extended(Extension("x", 1, 1, 5, -5)), "“x” leaves no comparison"),
        (lambda: standard_menu(1, 0, 2), "lasted some time"),
    ],
)
def test_refusals(make: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()  # type: ignore[operator]
