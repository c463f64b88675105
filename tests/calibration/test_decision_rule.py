"""How often the rule gives each verdict when the truth is known: two treated areas of seven, exchangeable changes.

Run the whole table with ``python tests/calibration/test_decision_rule.py``; a slice runs with the tests. The changes
are drawn normal with SD 1; `worthwhile` and the true effect are in those units.
"""

import numpy as np

from impact import decision
from impact.probabilities import probabilities
from impact.study.decision import Rule
from impact.study.outcomes import Better
from models.estimate import Clusters, Estimate, Scale
from models.inference.collapsed import collapsed_t
from models.inference.ttest import TTest

TREATED = np.array([True, True, False, False, False, False, False])
SLICE, FULL = 400, 5_000
MONTE_CARLO = 3.0  # standard errors allowed in the slice
RULE = Rule()
MOST_FALSE_SCALE_UPS = 0.10


def verdict(changes: np.ndarray, worthwhile: float) -> str:
    """Apply the rule to one change per area; more is better."""
    test = collapsed_t(changes, TREATED, 0.95)
    assert isinstance(test, TTest)
    estimate = Estimate(
        model="did",
        method="t",
        estimand="area ITT",
        scale=Scale.DIFFERENCE,
        estimate=test.estimate,
        interval=test.interval,
        level=0.95,
        std_error=test.std_error,
        df=test.df,
        p_value=test.p_value,
        attainable_p=None,
        clusters=Clusters(2, 5),
    )
    found = probabilities(estimate, Better.HIGHER, worthwhile)
    assert found is not None
    harmful = decision._harmful(found, RULE)
    return decision._verdict(found, RULE, () if harmful is None else (harmful,))


def shares(truth: float, worthwhile: float, runs: int, seed: int = 1) -> dict[str, float]:
    """Share of runs that end in each verdict."""
    rng = np.random.default_rng(seed)
    drawn = [verdict(rng.normal(size=7) + truth * TREATED, worthwhile) for _ in range(runs)]
    return {name: drawn.count(name) / runs for name in ("scale_up", "extend", "stop")}


def test_a_placebo_is_seldom_scaled_up() -> None:
    for worthwhile in (0.05, 0.5):
        found = shares(0.0, worthwhile, SLICE)["scale_up"]
        assert found <= MOST_FALSE_SCALE_UPS, f"worthwhile {worthwhile}: {found}"


def test_a_large_effect_is_mostly_scaled_up() -> None:
    slack = MONTE_CARLO * (0.25 / SLICE) ** 0.5
    assert shares(4.0, 0.5, SLICE)["scale_up"] > 0.8 - slack


def test_a_placebo_with_a_demanding_worthwhile_effect_is_mostly_stopped() -> None:
    slack = MONTE_CARLO * (0.25 / SLICE) ** 0.5
    assert shares(0.0, 2.0, SLICE)["stop"] > 0.8 - slack


if __name__ == "__main__":
    print("| true effect | worthwhile | scale up | extend | stop |\n|---|---|---|---|---|")
    for truth in (0.0, 1.0, 2.0, 4.0):
        for worthwhile in (0.05, 0.25, 0.5, 1.0, 2.0):
            row = shares(truth, worthwhile, FULL)
            print(f"| {truth:g} | {worthwhile:g} | " + " | ".join(f"{100 * v:.1f}" for v in row.values()) + " |")
