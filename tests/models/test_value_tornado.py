"""What a decision hangs on: each bar by hand, and which change the sign."""

import math

import numpy as np
import pytest

from models.panel import Kind
from models.value import Price, Ranges, RollOut, Stake, Unit, net_benefit, student_draws, tornado

DRAWS = np.log([0.8, 0.9, 1.0])
PLAN = RollOut(1_000, 7_500, years=2, discount_rate=0.0)
STAKE = Stake(Unit(Kind.COUNT, -1), Price.fixed(100), PLAN)


def test_base_is_the_expected_net_benefit() -> None:
    stake = Stake(STAKE.unit, Price.triangular(66, 200, 673), RollOut(12_000, 250_000, 3))
    draws = student_draws(-0.05, 0.094, 5, math.log(10))
    assert tornado(draws, stake).base == pytest.approx(net_benefit(draws, stake).expected)


def test_bars_by_hand() -> None:
    # 100 units at 100 less 7,500, twice
    found = tornado(DRAWS, STAKE)
    bars = {bar.name: (bar.at_low, bar.at_high) for bar in found.bars}
    assert found.base == pytest.approx(5_000)
    assert bars["price"] == pytest.approx((1_000, 9_000))
    assert bars["annual_units"] == pytest.approx((1_000, 9_000))
    assert bars["reach"] == pytest.approx((1_000, 5_000))
    assert bars["cost_per_year"] == pytest.approx((8_000, 2_000))
    assert bars["optimism_bias"] == pytest.approx((5_000, -3_000))
    assert bars["years"] == pytest.approx((2_500, 7_500))
    assert bars["discount_rate"] == pytest.approx((5_000, 2_500 + 2_500 / 1.02))
    low, high = np.quantile(DRAWS, [0.1, 0.9])
    assert bars["effect"] == pytest.approx(tuple(2 * (1e5 * (1 - math.exp(b)) - 7_500) for b in (low, high)))
    assert "set_up" not in bars
    assert "savings_per_year" not in bars


def test_widest_first_and_those_that_turn_the_answer() -> None:
    found = tornado(DRAWS, STAKE)
    swings = [bar.swing for bar in found.bars]
    assert swings == sorted(swings, reverse=True)
    assert found.bars[0].name == "effect"
    assert {bar.name for bar in found.bars if bar.crosses} == {"effect", "optimism_bias"}
    assert not any(bar.declared for bar in found.bars)


def test_declared_ranges_are_kept() -> None:
    ranges = Ranges(price=(66, 673), cost_per_year=(8_000, 12_000), years=(1, 5), effect=(-0.2, 0.1), set_up=(0, 500))
    bars = {bar.name: bar for bar in tornado(DRAWS, STAKE, ranges).bars}
    assert (bars["price"].low, bars["price"].high, bars["price"].declared) == (66, 673, True)
    assert bars["cost_per_year"].at_high == pytest.approx(-4_000)
    assert bars["cost_per_year"].crosses
    assert bars["years"].at_high == pytest.approx(12_500)
    assert bars["set_up"].at_high == pytest.approx(4_500)
    assert bars["effect"].declared
    assert not bars["reach"].declared


def test_price_goes_between_its_tenth_and_ninetieth_centile() -> None:
    stake = Stake(STAKE.unit, Price.uniform(100, 200), PLAN)
    bar = next(bar for bar in tornado(DRAWS, stake).bars if bar.name == "price")
    assert (bar.low, bar.high) == pytest.approx((110, 190))


def test_impossible_ends_are_refused() -> None:
    with pytest.raises(ValueError, match="low below its high"):
        Ranges(price=(5, 5))
    with pytest.raises(ValueError, match="from 0 to 1"):
        tornado(DRAWS, STAKE, Ranges(reach=(0.5, 1.5)))
