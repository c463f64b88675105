"""Units, prices, roll-outs and net benefit, by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from models.panel import Kind
from models.value import (
    Perspective,
    Price,
    RollOut,
    Shares,
    Stake,
    Unit,
    cost_per_unit,
    cut_of,
    effect_for,
    net_benefit,
    pays,
    student_draws,
    units_averted,
)
from models.value.benefit import reached_units

EXACT = 1e-9  # two routes to the same number
ATOM = 2e-3  # relative: a hundred prices for a distribution's second moment
T_MEAN = 1e-4  # 20,000 quantile draws against quadrature over a cut t distribution
COUNT = Unit(Kind.COUNT, -1)
FORMS = {
    "triangular": Price.triangular(66, 200, 673),
    "uniform": Price.uniform(100, 300),
    "normal": Price.normal(200, 150),
    "lognormal": Price.lognormal(66, 673),
}


def simple(price: Price | None = None, **changes: float) -> Stake:
    plan = RollOut(**{"annual_units": 1_000, "cost_per_year": 5_000, "discount_rate": 0.0} | changes)  # type: ignore[arg-type]
    return Stake(COUNT, price or Price.fixed(100), plan)


@pytest.mark.parametrize(
    ("unit", "effect", "averted"),
    [
        (Unit(Kind.COUNT, -1), math.log(0.9), 100),
        (Unit(Kind.COUNT, 1), math.log(1.2), 200),
        (Unit(Kind.DURATION, -1, level=8.0), math.log(0.75), 2_000),
        (Unit(Kind.BINARY, 1), 0.05, 50),
        (Unit(Kind.ORDINAL, 1, level=0.6), -0.05, -50),
        (Unit(Kind.TIME_TO_EVENT, -1, level=0.22), -0.03, 30),
        (Unit(Kind.CONTINUOUS, -1), 1.5, -1_500),
    ],
    ids=str,
)
def test_units_by_kind_and_back(unit: Unit, effect: float, averted: float) -> None:
    found = units_averted(np.array([effect, 0.0]), unit, 1_000)
    assert found == pytest.approx([averted, 0.0], abs=EXACT)
    assert effect_for(averted, unit, 1_000) == pytest.approx(effect)


@pytest.mark.parametrize(
    ("unit", "units"),
    [
        (Unit(Kind.COUNT, -1), 1_000),
        (Unit(Kind.DURATION, -1, level=2.0), 2_001),
        (Unit(Kind.TIME_TO_EVENT, -1, level=0.22), 221),
        (Unit(Kind.BINARY, 1, level=0.7), 301),
        (Unit(Kind.BINARY, 1), 1_001),
    ],
    ids=str,
)
def test_no_effect_averts_more_than_there_is(unit: Unit, units: float) -> None:
    assert effect_for(units, unit, 1_000) is None


def test_net_benefit_by_hand() -> None:
    # a tenth or nothing averted: 100 or 0 units at 100 less 5,000
    found = net_benefit(np.log([0.9, 1.0]), simple(), level=0.5)
    assert found.expected == pytest.approx(0.0, abs=EXACT)
    assert found.interval == pytest.approx((-2_500, 2_500))
    assert found.probability == 0.5
    assert found.evpi == pytest.approx(2_500)
    assert found.units.expected == pytest.approx(50)
    assert found.break_even.units == pytest.approx(50)
    assert found.break_even.effect == pytest.approx(0.95)
    assert found.break_even.price == pytest.approx(100)


def test_every_effect_meets_every_price() -> None:
    # units 100 or 0; prices 0 to 100: knowing the effect is worth half the net benefit at 50 where that is positive
    found = net_benefit(np.log([0.9, 1.0]), simple(Price.uniform(0, 100), cost_per_year=3_000))
    assert found.expected == pytest.approx(0.5 * 100 * 50 - 3_000)
    assert found.evppi_effect == pytest.approx(0.5 * (100 * 50 - 3_000))
    assert found.evppi_price == pytest.approx(
        integrate.quad(lambda v: max(50 * v - 3_000, 0) / 100, 0, 100)[0], rel=ATOM
    )
    assert found.evpi == pytest.approx(
        0.5 * integrate.quad(lambda v: max(100 * v - 3_000, 0) / 100, 0, 100)[0], rel=ATOM
    )
    assert found.probability == pytest.approx(0.5 * 0.7)


def test_years_are_discounted_from_the_second_and_set_up_is_spent_once() -> None:
    stake = simple(years=3, discount_rate=0.035, set_up=700, savings_per_year=400, reach=0.5)
    stake = replace(stake, roll_out=replace(stake.roll_out, optimism_bias=0.2, cost_uplift=0.1))
    found = net_benefit(np.log([0.9]), stake)
    yearly = 0.5 * 100 * 100 * 0.8 + 400 - 5_000 * 1.1
    by_hand = sum(yearly / 1.035**t for t in range(3)) - 700 * 1.1
    assert found.expected == pytest.approx(by_hand)
    assert found.lines.total == pytest.approx(by_hand)
    assert found.units.expected == pytest.approx(50)
    assert found.lines.set_up == pytest.approx(770)


def test_perspectives_are_nested_and_never_added() -> None:
    stake = replace(simple(), shares=Shares(0.1, 0.6, 0.3), perspective=Perspective.FISCAL)
    found = net_benefit(np.log([0.9, 0.8]), stake)
    value = 150 * 100
    assert [p.perspective for p in found.perspectives] == list(Perspective)
    assert [p.expected for p in found.perspectives] == pytest.approx(
        [0.1 * value - 5_000, 0.7 * value - 5_000, value - 5_000]
    )
    assert [p.probability for p in found.perspectives] == [0, 1, 1]
    assert found.expected == pytest.approx(0.7 * value - 5_000)
    assert found.break_even.units == pytest.approx(50 / 0.7)
    lines = found.lines
    assert (lines.cashable, lines.non_cashable, lines.social) == pytest.approx((1_500, 9_000, 4_500))
    assert lines.unsplit == 0


def test_acceptability_rises_with_the_value_and_marks_the_price() -> None:
    found = net_benefit(np.log([0.8, 0.9, 1.1]), simple(FORMS["triangular"]))
    curve = found.curve
    expected = [np.mean([u * v > 5_000 for u in (200, 100, -100)]) for v in curve.values]
    assert curve.probability == pytest.approx(np.array(expected))
    assert curve.values[0] == 0
    assert curve.values[-1] == pytest.approx(1.5 * 673)
    assert (curve.low, curve.high) == (66, 673)


def test_no_effect_breaks_even_and_says_why() -> None:
    dear = net_benefit(np.log([0.9]), simple(cost_per_year=200_000)).break_even
    assert (dear.effect, dear.linear) == (None, None)
    assert dear.units == pytest.approx(2_000)
    assert "more than the largest effect possible" in dear.reason
    nothing = net_benefit(np.log([0.9]), simple(optimism_bias=1.0)).break_even
    assert (nothing.units, nothing.effect, nothing.price) == (None, None, None)
    assert "no effect can break even" in nothing.reason


def test_savings_above_costs_leave_room_for_harm() -> None:
    even = net_benefit(np.log([0.9]), simple(savings_per_year=7_000)).break_even
    assert even.units == pytest.approx(-20)
    assert even.effect == pytest.approx(1.02)
    cheap = replace(simple(savings_per_year=500_000), unit=Unit(Kind.BINARY, -1, level=0.2))
    assert "saves more" in net_benefit(np.array([0.01]), cheap).break_even.reason


def test_no_price_makes_up_for_harm() -> None:
    found = net_benefit(np.log([1.1]), simple())
    assert found.break_even.price is None
    assert found.units.expected == pytest.approx(-100)
    assert cost_per_unit(np.log([1.1]), COUNT, 1_000, 5_000) is None
    assert cost_per_unit(np.log([0.9]), COUNT, 1_000, 5_000) == pytest.approx(50)


@pytest.mark.parametrize("price", FORMS.values(), ids=FORMS)
def test_prices_have_the_moments_of_their_distribution(price: Price) -> None:
    mean = integrate.quad(lambda p: float(price.quantile(np.array(p))), 0, 1, limit=200)[0]
    square = integrate.quad(lambda p: float(price.quantile(np.array(p))) ** 2, 0, 1, limit=400)[0]
    atoms = price.atoms()
    assert price.mean == pytest.approx(mean, rel=1e-6)
    assert atoms.mean() == pytest.approx(price.mean)
    assert (atoms**2).mean() == pytest.approx(square, rel=0.02)  # the last hundredth of a long tail is one price
    assert (np.diff(atoms) > 0).all()
    assert price.low < price.mean < price.high


def test_price_ranges_are_what_was_declared() -> None:
    lognormal = Price.lognormal(66, 673, 0.9)
    assert lognormal.quantile(np.array([0.05, 0.95])) == pytest.approx([66, 673])
    assert (lognormal.low, lognormal.high) == (66, 673)
    normal = Price.normal(200, 150)
    assert normal.mean > 200
    assert normal.quantile(np.array([1e-6]))[0] > 0


@pytest.mark.parametrize("price", [Price.fixed(200), *FORMS.values()], ids=["fixed", *FORMS])
def test_price_of_another_year(price: Price) -> None:
    moved = price.rebased(1.25, 2024)
    assert moved.year == 2024
    assert moved.mean == pytest.approx(1.25 * price.mean)
    with pytest.raises(ValueError, match="factor above 0"):
        price.rebased(0, 2024)


def test_prices_of_different_years_are_not_mixed() -> None:
    plan = RollOut(100, 100, price_year=2024)
    with pytest.raises(ValueError, match="2003 prices and the costs in 2024 prices"):
        Stake(COUNT, Price.fixed(204, year=2003), plan)
    assert Stake(COUNT, Price.fixed(204, year=2003).rebased(1.7, 2024), plan).price.mean == pytest.approx(346.8)
    assert Stake(COUNT, Price.fixed(204), plan).price.year is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Price.fixed(0), "above 0"),
        (lambda: Price.fixed(math.nan), "finite"),
        (lambda: Price.triangular(5, 4, 10), "low <= mode"),
        (lambda: Price.uniform(5, 5), "low < high"),
        (lambda: Price.normal(5, 0), "standard deviation"),
        (lambda: Price.lognormal(0, 5), "0 < low < high"),
        (lambda: Price(Price.fixed(1).form, (1, 2)), "does not have 2"),
        (lambda: Shares(0.5, 0.6, 0), "sum to 1"),
        (lambda: Shares(-0.5, 0.5, 1), "0 to 1"),
        (lambda: RollOut(0, 1), "reach some units"),
        (lambda: RollOut(1, -1), "cost of a year must be 0 or more"),
        (lambda: RollOut(1, 1, reach=1.1), "from 0 to 1"),
        (lambda: RollOut(1, 1, optimism_bias=-0.1), "optimism"),
        (lambda: RollOut(1, 1, years=31), "1 to 30"),
        (lambda: RollOut(1, math.inf), "cost of a year"),
        (lambda: Unit(Kind.COUNT, 0), "Better"),
        (lambda: Unit(Kind.DURATION, -1), "mean number of days"),
        (lambda: Unit(Kind.BINARY, -1, level=1.2), "from 0 to 1"),
        (lambda: Stake(COUNT, Price.fixed(1), RollOut(1, 1), perspective=Perspective.FISCAL), "shares of the value"),
        (lambda: net_benefit(np.array([]), simple()), "vector of finite draws"),
        (lambda: net_benefit(np.array([math.nan]), simple()), "vector of finite draws"),
        (lambda: net_benefit(np.array([800.0]), simple()), "so large"),
        (lambda: net_benefit(np.zeros(3), simple(), level=1.0), "level"),
        (lambda: student_draws(0, 0, 5), "standard error"),
        (lambda: student_draws(0, 1, 5, cut=0), "distance above 0"),
    ],
)
def test_refusals(make: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()  # type: ignore[operator]


def test_student_draws_are_the_quantiles_of_the_estimate() -> None:
    found = student_draws(-0.05, 0.094, 5)
    assert np.quantile(found, [0.025, 0.5, 0.975]) == pytest.approx(
        -0.05 + 0.094 * stats.t.ppf([0.025, 0.5, 0.975], 5), abs=1e-4
    )
    assert (found == student_draws(-0.05, 0.094, 5)).all()


@pytest.mark.parametrize("df", [1.0, 2.0, 5.0])
def test_ratio_of_a_cut_t_has_a_mean(df: float) -> None:
    cut = cut_of(COUNT)
    assert cut == pytest.approx(math.log(10))
    found = student_draws(-0.05, 0.2, df, cut)
    mass = stats.t.cdf(cut / 0.2, df) - stats.t.cdf(-cut / 0.2, df)
    if df <= 2:  # the outermost 0.1% is left out, which is the closer cut where it is
        cut = min(cut, 0.2 * float(stats.t.ppf(0.9995, df)))
        mass = max(0.999, mass) if cut == cut_of(COUNT) else 0.999
        mass = min(mass, float(stats.t.cdf(cut / 0.2, df) - stats.t.cdf(-cut / 0.2, df)))
    ratio = integrate.quad(lambda b: math.exp(b) * stats.t.pdf((b + 0.05) / 0.2, df) / 0.2, -0.05 - cut, -0.05 + cut)[0]
    assert np.abs(found + 0.05).max() <= cut + EXACT
    assert np.exp(found).mean() == pytest.approx(ratio / mass, rel=T_MEAN)


def test_shares_and_means_are_cut_where_they_must_be() -> None:
    assert cut_of(Unit(Kind.BINARY, 1)) == 1
    assert cut_of(Unit(Kind.CONTINUOUS, 1)) is None
    assert np.abs(student_draws(0, 1, 1)).max() < stats.t.ppf(0.9995, 1)


def test_next_to_no_share_of_the_value_counts_as_none() -> None:
    stake = Stake(COUNT, Price.fixed(1), RollOut(10, 1), Shares(5e-324, 1, 0), Perspective.CASHABLE)
    even = net_benefit(np.log([0.9]), stake).break_even
    assert (even.units, even.price) == (None, None)
    assert even.reason


@pytest.mark.parametrize(
    "price",
    [
        Price.fixed(200, year=2020),
        Price.triangular(66, 200, 673),
        Price.uniform(66, 673),
        Price.normal(200, 150),
        Price.lognormal(66, 673, 0.9),
    ],
)
def test_a_scaled_price_is_the_same_distribution_in_proportion(price: Price) -> None:
    scaled = price.scaled(2.5)
    assert scaled.mean == pytest.approx(2.5 * price.mean)
    np.testing.assert_allclose(scaled.atoms(), 2.5 * price.atoms(), rtol=1e-9)
    assert scaled.year == price.year


def test_what_a_rule_reads_is_what_the_net_benefit_shows() -> None:
    draws = np.random.default_rng(2).normal(-0.05, 0.1, 400)
    for savings in (0.0, 40_000.0):  # the second more than it costs, so that it pays without any effect
        plan = RollOut(annual_units=2_040, cost_per_year=31_500, savings_per_year=savings)
        for shares, perspective in ((None, Perspective.ALL), (Shares(0.0, 0.6, 0.4), Perspective.CASHABLE)):
            stake = Stake(Unit(Kind.COUNT, -1), Price.triangular(66, 200, 673), plan, shares, perspective)
            read, shown = pays(draws, stake), net_benefit(draws, stake)
            by_pairs = stake.net(reached_units(draws, stake)[:, None] * stake.price.atoms())
            assert read.probability == shown.probability == pytest.approx(float(np.mean(by_pairs > 0)), abs=1e-12)
            assert (read.expected, shown.expected) == pytest.approx((float(by_pairs.mean()),) * 2)
