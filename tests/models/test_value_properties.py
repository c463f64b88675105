"""What must hold of every net benefit, whatever goes in."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.arrays import FloatArray
from models.panel import Kind
from models.value import (
    Evidence,
    Extension,
    Perspective,
    Price,
    RollOut,
    Shares,
    Stake,
    Unit,
    evpi,
    extensions,
    net_benefit,
    student_draws,
)

ROUNDING = 1e-9  # relative to the money at stake


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


@st.composite
def prices(draw: st.DrawFn) -> Price:
    low = draw(between(1, 500))
    high = low * draw(between(1.1, 10))
    mode = low + (high - low) * draw(between(0, 1))
    return draw(
        st.sampled_from(
            [Price.fixed(low), Price.triangular(low, mode, high), Price.uniform(low, high), Price.lognormal(low, high)]
        )
    )


@st.composite
def stakes(draw: st.DrawFn) -> Stake:
    kind = draw(st.sampled_from(list(Kind)))
    unit = Unit(kind, draw(st.sampled_from([-1, 1])), level=0.4)
    plan = RollOut(
        annual_units=draw(between(10, 1e5)),
        cost_per_year=draw(between(1, 1e6)),
        years=draw(st.integers(1, 10)),
        set_up=draw(between(0, 1e5)),
        savings_per_year=draw(between(0, 1e5)),
        reach=draw(between(0.1, 1)),
        discount_rate=draw(between(0, 0.1)),
        optimism_bias=draw(between(0, 0.9)),
        cost_uplift=draw(between(0, 1)),
    )
    first, second = sorted([draw(between(0, 1)), draw(between(0, 1))])
    shares = Shares(first, second - first, 1 - second)
    return Stake(unit, draw(prices()), plan, shares, draw(st.sampled_from(list(Perspective))))


@st.composite
def beliefs(draw: st.DrawFn) -> FloatArray:
    return student_draws(
        draw(between(-0.3, 0.3)), draw(between(0.01, 0.3)), draw(st.sampled_from([3.0, 5.0, np.inf])), 2, 200
    )


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    noise, shock = draw(between(1e-4, 0.1)), draw(between(0, 0.1))
    areas = draw(st.integers(1, 5)), draw(st.integers(1, 8))
    return Evidence(noise, shock, *areas, draw(between(0.5, 3)), draw(st.booleans()))


def scale(stake: Stake) -> float:
    """Money at stake, to which rounding is relative."""
    return stake.roll_out.cost + float(np.abs(stake.gain(Perspective.ALL) * stake.price.mean * stake.reached)) + 1


QUICK = settings(max_examples=60, deadline=None, derandomize=True)


@QUICK
@given(beliefs(), stakes(), evidences(), between(0.1, 5), st.integers(0, 5))
def test_information_is_worth_something_and_never_more_than_knowing(
    draws: FloatArray, stake: Stake, evidence: Evidence, years: float, areas: int
) -> None:
    room = ROUNDING * scale(stake)
    found = net_benefit(draws, stake)
    evsi = extensions(draws, stake, evidence, [Extension("any", years, 0, areas)]).worth[0].evsi
    assert evsi >= 0
    assert found.evppi_effect >= evsi - room
    assert found.evpi >= found.evppi_effect - room
    assert found.evpi >= found.evppi_price - room >= -room


@QUICK
@given(beliefs(), stakes(), between(0, 5e5))
def test_probability_and_net_benefit_fall_as_costs_rise(draws: FloatArray, stake: Stake, more: float) -> None:
    dearer = replace(stake, roll_out=replace(stake.roll_out, cost_per_year=stake.roll_out.cost_per_year + more))
    before, after = net_benefit(draws, stake), net_benefit(draws, dearer)
    assert after.probability <= before.probability
    assert after.expected <= before.expected


@QUICK
@given(beliefs(), stakes())
def test_every_pound_is_counted_once(draws: FloatArray, stake: Stake) -> None:
    found = net_benefit(draws, stake)
    room = ROUNDING * scale(stake)
    by = {p.perspective: p for p in found.perspectives}
    lines = found.lines
    base = lines.savings - lines.cost - lines.set_up
    assert by[Perspective.CASHABLE].expected == pytest.approx(base + lines.cashable, abs=room)
    assert by[Perspective.FISCAL].expected == pytest.approx(base + lines.cashable + lines.non_cashable, abs=room)
    assert by[Perspective.ALL].expected == pytest.approx(lines.total, abs=room)
    assert found.expected == by[stake.perspective].expected


@QUICK
@given(beliefs(), stakes(), evidences(), between(0.1, 5), st.integers(0, 5), st.integers(1, 4))
def test_evidence_grows_with_areas_and_years(
    draws: FloatArray, stake: Stake, evidence: Evidence, years: float, areas: int, more: int
) -> None:
    menu = [
        Extension("some", years, 0, areas),
        Extension("more areas", years, 0, areas + more),
        Extension("more comparison areas", years, 0, areas, more),
        Extension("longer", years + more, 0, areas),
    ]
    some, *larger = extensions(draws, stake, evidence, menu).worth
    room = ROUNDING * scale(stake)
    assert all(each.evsi >= some.evsi - room for each in larger)
    assert all(each.evsi_normal >= some.evsi_normal - room for each in larger)


@QUICK
@given(beliefs(), stakes(), between(0.001, 0.2))
def test_discounting_brings_what_runs_for_years_nearer_to_nothing(draws: FloatArray, stake: Stake, more: float) -> None:
    plan = replace(stake.roll_out, set_up=0.0, discount_rate=0.0)
    later = replace(plan, discount_rate=more)
    before = net_benefit(draws, replace(stake, roll_out=plan))
    after = net_benefit(draws, replace(stake, roll_out=later))
    assert abs(after.expected) <= abs(before.expected)
    assert after.evpi <= before.evpi
    assert after.probability == pytest.approx(before.probability, abs=0.011)  # a draw at exactly nothing may turn


@QUICK
@given(beliefs(), stakes())
def test_full_optimism_leaves_costs_alone(draws: FloatArray, stake: Stake) -> None:
    found = net_benefit(
        draws, replace(stake, roll_out=replace(stake.roll_out, optimism_bias=1.0, savings_per_year=0.0))
    )
    assert found.expected == pytest.approx(-(found.lines.cost + found.lines.set_up))
    assert found.probability == 0
    assert found.evpi == 0


@QUICK
@given(beliefs(), stakes())
def test_break_even_breaks_even(draws: FloatArray, stake: Stake) -> None:
    even = net_benefit(draws, stake).break_even
    room = ROUNDING * scale(stake)
    if even.linear is not None:
        assert net_benefit(np.array([even.linear]), stake).expected == pytest.approx(0, abs=room)
    if even.price:
        at = net_benefit(draws, replace(stake, price=Price.fixed(even.price)))
        assert at.expected == pytest.approx(0, abs=1e-6 * (1 + at.lines.cost))


@QUICK
@given(beliefs(), stakes())
def test_same_draws_same_bytes(draws: FloatArray, stake: Stake) -> None:
    one, two = net_benefit(draws, stake), net_benefit(draws.copy(), stake)
    assert one.curve.probability.tobytes() == two.curve.probability.tobytes()
    assert (one.expected, one.interval, one.evpi, one.perspectives) == (
        two.expected,
        two.interval,
        two.evpi,
        two.perspectives,
    )


@given(st.lists(between(-1e6, 1e6), min_size=1, max_size=50))
def test_perfect_information_is_its_definition(net: list[float]) -> None:
    values = np.array(net)
    definition = np.maximum(values, 0).mean() - max(values.mean(), 0)
    assert evpi(values) == pytest.approx(definition, abs=1e-6)
