"""One decision worked three ways: in closed form, by quadrature, and by our draws; and a table simulated earlier.

2,040 incidents a year, a log rate ratio of −0.05 with standard error 0.094, a service at £31,500 a year, and three
values of an incident. With a normal log ratio NB = K − V e^b, K = V − cost, and E max(NB, 0) is a European put:
K Phi(k) − V e^(m + s^2/2) Phi(k − s), k = (log(K / V) − m) / s.

The earlier table was printed to £100 from a simulation whose number of draws is not recorded. Its expected net
benefits are a simulation's: £29.8k is printed where £29,676 is exact, £0.4k where £315 is. They cannot be reproduced to
the pound from their definition, and are not: the exact values are, and the printed ones are within a simulation's error
of them.
"""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from models.arrays import FloatArray
from models.panel import Kind
from models.value import (
    Evidence,
    Extension,
    NetBenefit,
    Price,
    RollOut,
    Stake,
    Unit,
    extensions,
    net_benefit,
    normal_evpi,
    normal_evsi,
    student_draws,
)

POUND = 1.0  # net benefit and perfect information: £0.70 at 20,000 quantile draws; evidence: £0.21 at 100,000
QUADRATURE = 1e-3  # pounds: closed form against quadrature
CENTILE = 5e-3  # of a probability printed to two decimals
SHARE = 1e-4  # of a probability, from 20,000 draws
ROUNDED = 50.0  # pounds: the table is printed to £100
SIMULATED = 123.0  # standard error of the mean of a million draws, whose standard deviation is £123,000 at £673
LINEAR = 0.04  # relative: a normal net benefit against the exact one; the log ratio's tail is 2 to 3% of it

UNITS, EFFECT, ERROR, COST = 2_040, -0.05, 0.094, 31_500
TABLE = Path(__file__).parents[1] / "reference" / "net_benefit.csv"


@dataclass(frozen=True)
class Exact:
    expected: float
    probability: float
    evpi: float


def put(top: float, value: float, mean: float, sd: float) -> tuple[float, float]:
    """E max(top − value e^b, 0) and P(top > value e^b) for b normal."""
    k = (math.log(top / value) - mean) / sd
    held = top * stats.norm.cdf(k) - value * math.exp(mean + sd**2 / 2) * stats.norm.cdf(k - sd)
    return float(held), float(stats.norm.cdf(k))


def exact(price: float, known: float = 1.0) -> Exact:
    """In closed form; `known` is the share of the variance that is learned before deciding (1: all of it)."""
    value = UNITS * price
    expected = value * (1 - math.exp(EFFECT + ERROR**2 / 2)) - COST
    rest = math.exp((1 - known) * ERROR**2 / 2)
    held, probability = put(value - COST, value * rest, EFFECT, math.sqrt(known) * ERROR)
    return Exact(expected, probability, held - max(expected, 0.0))


def draws(size: int = 20_000) -> FloatArray:
    return student_draws(EFFECT, ERROR, math.inf, size=size)


def stake(price: float) -> Stake:
    return Stake(Unit(Kind.COUNT, -1), Price.fixed(price), RollOut(UNITS, COST))


def worked(price: float) -> NetBenefit:
    return net_benefit(draws(), stake(price))


def printed() -> list[dict[str, float]]:
    with TABLE.open(encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.parametrize("price", [673.0, 350.0, 204.0])
def test_closed_form_is_what_quadrature_gives(price: float) -> None:
    def net(b: float) -> float:
        return UNITS * price * (1 - math.exp(b)) - COST

    def weigh(b: float, floor: float) -> float:
        return max(net(b), floor) * float(stats.norm.pdf(b, EFFECT, ERROR))

    turn = math.log1p(-COST / (UNITS * price))
    low, high = EFFECT - 12 * ERROR, EFFECT + 12 * ERROR
    expected = integrate.quad(weigh, low, high, args=(-math.inf,), points=[turn])[0]
    held = integrate.quad(weigh, low, high, args=(0.0,), points=[turn])[0]
    found = exact(price)
    assert expected == pytest.approx(found.expected, abs=QUADRATURE)
    assert held - max(expected, 0.0) == pytest.approx(found.evpi, abs=QUADRATURE)


@pytest.mark.parametrize("price", [673.0, 350.0, 204.0])
def test_draws_match_the_exact_values_to_the_pound(price: float) -> None:
    found, true = worked(price), exact(price)
    assert found.expected == pytest.approx(true.expected, abs=POUND)
    assert found.evpi == pytest.approx(true.evpi, abs=POUND)
    assert found.probability == pytest.approx(true.probability, abs=SHARE)
    assert found.evppi_effect == pytest.approx(found.evpi)
    assert found.evppi_price == 0


def test_exact_values_in_pounds() -> None:
    found = [(round(e.expected), round(e.probability, 4), round(e.evpi)) for e in map(exact, (673.0, 350.0, 204.0))]
    assert found == [(29_676, 0.6122, 36_292), (315, 0.5207, 25_422), (-12_956, 0.3800, 9_085)]


@pytest.mark.parametrize("row", printed(), ids=lambda row: f"{row['price']:.0f}")
def test_table_printed_earlier_is_within_its_own_error(row: dict[str, float]) -> None:
    found = worked(row["price"])
    even = found.break_even
    assert even.units is not None
    assert even.effect is not None
    assert round(even.units) == row["break_even_units"]
    assert round(100 * (1 - even.effect), 1) == row["break_even_per_cent"]
    assert found.probability == pytest.approx(row["probability"], abs=CENTILE)
    assert found.expected == pytest.approx(1_000 * row["expected_thousand"], abs=ROUNDED + SIMULATED)
    assert found.evpi == pytest.approx(1_000 * row["evpi_thousand"], abs=ROUNDED + SIMULATED)


def test_one_more_year_of_the_same_quality_by_the_linear_formula() -> None:
    mean, sd = UNITS * -EFFECT * 673 - COST, UNITS * 673 * ERROR
    found = normal_evsi(mean, sd, ERROR**2, ERROR**2)
    z = mean / (sd / math.sqrt(2))
    by_hand = sd / math.sqrt(2) * (stats.norm.pdf(z) - z * stats.norm.cdf(-z))
    assert mean == pytest.approx(37_146)
    assert found == pytest.approx(by_hand)
    assert round(found, -2) == 20_800
    assert found < COST


@pytest.mark.parametrize("price", [673.0, 350.0, 204.0])
@pytest.mark.parametrize("years", [1.0, 2.0])
def test_value_of_evidence_three_ways(price: float, years: float) -> None:
    evidence = Evidence.from_std_error(ERROR, 0.0, (2, 5), 1.0)
    worth = extensions(draws(100_000), stake(price), evidence, [Extension("longer", years, COST)]).worth[0]
    true = exact(price, known=years / (1 + years)).evpi
    assert worth.explained == pytest.approx(years / (1 + years), rel=1e-4)
    assert worth.evsi == pytest.approx(true, abs=POUND)
    assert worth.evsi_normal == pytest.approx(true, rel=LINEAR)


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (37_146.0, 129_054.0), (-500.0, 900.0)])
def test_unit_normal_loss_against_quadrature(mean: float, sd: float) -> None:
    held = integrate.quad(lambda x: x * stats.norm.pdf(x, mean, sd), 0, mean + 12 * sd, points=[max(mean, 0)])[0]
    assert normal_evpi(mean, sd) == pytest.approx(held - max(mean, 0), rel=1e-6)


def test_unit_normal_loss_at_its_edges() -> None:
    assert normal_evpi(5.0, 0.0) == 0
    assert normal_evpi(1e9, 1e-300) == 0
    assert normal_evpi(0.0, 2.0) == pytest.approx(2 / math.sqrt(2 * math.pi))
    with pytest.raises(ValueError, match="standard deviation of 0 or more"):
        normal_evpi(0.0, -1.0)
    with pytest.raises(ValueError, match="variance above 0"):
        normal_evsi(0.0, 1.0, 1.0, 0.0)


def test_fewer_draws_are_nearly_as_good() -> None:
    rough = net_benefit(draws(2_000), stake(673))
    assert rough.expected == pytest.approx(exact(673).expected, abs=10 * POUND)
    assert np.isfinite(rough.interval).all()
