"""How often the rule gives each verdict when the truth is known: two treated areas of seven.

Run every table with ``python tests/calibration/test_decision_rule.py [RUNS]``; a slice runs with the tests. The first
works on changes that are exchangeable between areas, normal with SD 1, where a worthwhile effect is declared. The
others declare a value, so that the rule reads the probability of a net benefit: on counts like a small pilot's, and on
real districts' recorded incidents in which nothing happened.
"""

import sys
from collections.abc import Iterator

import numpy as np
import pytest
from bayes_size import SHOCK_POINTS, counted, known, posterior
from size_placebos import draw
from size_worlds import Stack

from impact.decisions.rule import Reading, verdict
from impact.probabilities import Held, Sizes, of_estimate, of_posterior, probabilities
from impact.study.decision import Rule
from impact.study.outcomes import Better
from models import value
from models.arrays import FloatArray
from models.bayes.grid import collapsed_grid, half_normal
from models.bayes.links import Link
from models.bayes.priors import weak
from models.bayes.shock import shock_scale
from models.changes import change
from models.design import Design
from models.estimate import Clusters, Estimate, Scale
from models.inference.collapsed import collapsed_t
from models.inference.refusal import NoInference
from models.inference.ttest import TTest
from models.panel import Kind
from models.posterior import Posterior

TREATED = np.array([True, True, False, False, False, False, False])
SLICE, FULL = 400, 5_000
PILOTS, PLACEBOS = 40, 60
MONTE_CARLO = 3.0  # standard errors allowed in a slice
RULE = Rule()
MOST_FALSE_SCALE_UPS = 0.10
VERDICTS = ("scale_up", "extend", "stop")
DRAWS = 1_000

UNITS = 2_040.0
PRICE = value.Price.triangular(66, 200, 673)
BREAK_EVENS = (0.0001, 0.01, 0.023, 0.044, 0.076, 0.2)
"""Share of incidents to be averted for scaling up to pay: from next to nothing, which any price can bring about."""
SHOCKS = (0.0, 0.1)
RATIOS = (1.0, 0.85, 0.7, 0.5)


def estimate_of(test: TTest, scale: Scale) -> Estimate:
    ratio = scale is Scale.RATIO
    low, high = test.interval
    return Estimate(
        model="did",
        method="t",
        estimand="area ITT",
        scale=scale,
        estimate=float(np.exp(test.estimate)) if ratio else test.estimate,
        interval=(float(np.exp(low)), float(np.exp(high))) if ratio else (low, high),
        level=0.95,
        std_error=test.std_error,
        df=test.df,
        p_value=test.p_value,
        attainable_p=None,
        clusters=Clusters(2, 5),
    )


def worthwhile_verdict(changes: FloatArray, worthwhile: float) -> str:
    """Apply the rule without a value to one change per area; more is better."""
    test = collapsed_t(changes, TREATED, 0.95)
    assert isinstance(test, TTest)
    sizes = Sizes.of(Scale.DIFFERENCE, Better.HIGHER, worthwhile)
    chances = probabilities(estimate_of(test, Scale.DIFFERENCE), Better.HIGHER, sizes)
    assert chances is not None
    return verdict(Reading(chances), RULE, blocked=False)


def shares(truth: float, worthwhile: float, runs: int, seed: int = 1) -> dict[str, float]:
    """Share of runs that end in each verdict."""
    rng = np.random.default_rng(seed)
    drawn = [worthwhile_verdict(rng.normal(size=7) + truth * TREATED, worthwhile) for _ in range(runs)]
    return {name: drawn.count(name) / runs for name in VERDICTS}


def stake(break_even: float) -> value.Stake:
    """A year's roll-out that pays if this share of incidents is averted."""
    plan = value.RollOut(UNITS, UNITS * PRICE.mean * break_even, discount_rate=0.0)
    return value.Stake(value.Unit(Kind.COUNT, -1), PRICE, plan)


def judged(held: Held, break_even: float) -> str:
    net = value.pays(held.draws, stake(break_even))
    return verdict(Reading(held.chances, net.probability, net.expected), RULE, blocked=False)


def by_confidence(changes: FloatArray) -> Held:
    """What the collapsed t says of one log rate ratio per area."""
    test = collapsed_t(changes, TREATED, 0.95)
    assert isinstance(test, TTest)
    cut = value.cut_of(value.Unit(Kind.COUNT, -1))
    held = of_estimate(estimate_of(test, Scale.RATIO), Better.LOWER, Sizes(), cut)
    assert held is not None
    return held


def by_posterior(draws: FloatArray) -> Held:
    found = Posterior(draws, Scale.RATIO, "weakly informative")
    return of_posterior("bayes", found, Better.LOWER, Sizes(), 0.95)


def pilots(ratio: float, shock: float, runs: int, seed: int = 1) -> Iterator[tuple[Held, Held]]:
    """Confidence distribution and exact posterior of simulated pilots, noise and shocks learnt from the baseline."""
    rng = np.random.default_rng([seed, round(1000 * shock), round(100 * ratio)])
    stack = counted(np.full(runs, np.log(ratio)), np.full(runs, shock), rng)
    pilot = known(stack)
    drawn = posterior(pilot, weak(Link.LOG), half_normal(pilot.scale, SHOCK_POINTS)).draws(DRAWS)
    for changes, draws in zip(pilot.w, drawn, strict=True):
        yield by_confidence(changes), by_posterior(draws)


def placebos(ratio: float, runs: int, seed: int = 1) -> Iterator[tuple[Held, Held]]:
    """The same of real districts' recorded incidents, with an effect put in by thinning."""
    rng = np.random.default_rng([seed, 5])
    for group in draw(runs, rng):
        yield from _both(group.stack(ratio, rng))


def _both(stack: Stack) -> Iterator[tuple[Held, Held]]:
    for number in range(stack.runs):
        panel = stack.run(number)
        found = collapsed_grid(panel, Design(), weak(Link.LOG), shock_scale(panel))
        assert not isinstance(found, NoInference)
        changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
        yield by_confidence(changes.w), by_posterior(np.asarray(found.draws(DRAWS)))


def scaled_up(found: list[tuple[Held, Held]], break_even: float) -> tuple[float, float]:
    """Share of pilots scaled up, by confidence distribution and by posterior."""
    verdicts = [[judged(held, break_even) == "scale_up" for held in pair] for pair in found]
    by_basis = np.mean(verdicts, axis=0)
    return float(by_basis[0]), float(by_basis[1])


def slack(share: float, runs: int) -> float:
    """Monte Carlo error allowed above a share."""
    return MONTE_CARLO * float(np.sqrt(share * (1 - share) / runs))


def test_a_placebo_is_seldom_scaled_up() -> None:
    for worthwhile in (0.05, 0.5):
        found = shares(0.0, worthwhile, SLICE)["scale_up"]
        assert found <= MOST_FALSE_SCALE_UPS, f"worthwhile {worthwhile}: {found}"


def test_a_large_effect_is_mostly_scaled_up() -> None:
    assert shares(4.0, 0.5, SLICE)["scale_up"] > 0.8 - slack(0.5, SLICE)


def test_a_placebo_with_a_demanding_worthwhile_effect_is_mostly_stopped() -> None:
    assert shares(0.0, 2.0, SLICE)["stop"] > 0.8 - slack(0.5, SLICE)


@pytest.mark.parametrize("shock", SHOCKS)
def test_at_no_price_is_a_simulated_placebo_often_scaled_up(shock: float) -> None:
    found = list(pilots(1.0, shock, PILOTS))
    for break_even in BREAK_EVENS:
        for share in scaled_up(found, break_even):
            assert share <= MOST_FALSE_SCALE_UPS + slack(MOST_FALSE_SCALE_UPS, PILOTS), break_even


def test_a_large_effect_that_pays_is_mostly_scaled_up() -> None:
    found = list(pilots(0.5, 0.1, PILOTS))
    for break_even in BREAK_EVENS[:4]:
        assert min(scaled_up(found, break_even)) > 0.5, break_even


def test_at_no_price_is_a_real_placebo_often_scaled_up() -> None:
    found = list(placebos(1.0, PLACEBOS))
    for break_even in BREAK_EVENS:
        for share in scaled_up(found, break_even):
            assert share <= MOST_FALSE_SCALE_UPS + slack(MOST_FALSE_SCALE_UPS, PLACEBOS), break_even


@pytest.mark.slow
def test_false_scale_ups_stay_below_one_in_ten_with_less_room_for_luck() -> None:
    many = 400
    for found in (list(pilots(1.0, 0.1, many)), list(placebos(1.0, many))):
        for break_even in BREAK_EVENS:
            assert max(scaled_up(found, break_even)) <= MOST_FALSE_SCALE_UPS, break_even
    assert min(scaled_up(list(pilots(0.5, 0.1, many)), 0.023)) > 0.75


def _print_worthwhile(runs: int) -> None:
    print("| true effect | worthwhile | scale up | extend | stop |\n|---|---|---|---|---|")
    for truth in (0.0, 1.0, 2.0, 4.0):
        for worthwhile in (0.05, 0.25, 0.5, 1.0, 2.0):
            row = shares(truth, worthwhile, runs)
            print(f"| {truth:g} | {worthwhile:g} | " + " | ".join(f"{100 * v:.1f}" for v in row.values()) + " |")


def _print_net_benefit(runs: int) -> None:
    marks = " | ".join(f"{100 * b:g}%" for b in BREAK_EVENS)
    print(f"\nPer cent scaled up: confidence / posterior ({runs:,} runs, Monte Carlo error up to", end=" ")
    print(f"{100 * 0.5 / runs**0.5:.1f} points), by the fall that just pays\n")
    print(f"| pilots | true ratio | {marks} |\n|---|---|" + "---|" * len(BREAK_EVENS))
    for ratio in RATIOS:
        for name, found in _worlds(ratio, runs):
            cells = [scaled_up(found, b) for b in BREAK_EVENS]
            shown = " | ".join(f"{100 * first:.1f} / {100 * second:.1f}" for first, second in cells)
            print(f"| {name} | {ratio:g} | {shown} |", flush=True)


def _worlds(ratio: float, runs: int) -> Iterator[tuple[str, list[tuple[Held, Held]]]]:
    for shock in SHOCKS:
        yield f"simulated, shock SD {shock:g}", list(pilots(ratio, shock, runs))
    yield "real districts", list(placebos(ratio, runs))


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    _print_worthwhile(asked or FULL)
    _print_net_benefit(asked or 400)
