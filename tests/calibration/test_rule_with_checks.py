"""How often the whole rule gives each verdict, with every check and the security rating, on simulated incidents.

Seven areas, two treated, 36 months before and 12 after, errors of design B, Norfolk's counts with SD .11; fewer is
better and 5% fewer is worthwhile. Run the table with ``python tests/calibration/test_rule_with_checks.py [RUNS]``.
"""

import math
import sys

import numpy as np
import pytest
from size_worlds import DESIGNS, INCIDENTS, NORFOLK_SD, Layout, World, counts, simulate

from impact.decision import decide
from impact.pipeline import Sample, evaluate
from impact.result import Decision, InterventionInfo, StudyInfo
from impact.study.schema import Study
from models.case import Case
from models.design import Design
from models.did import DidOptions
from models.panel import Kind

WORLD = World(Kind.COUNT, "incidents", counts(NORFOLK_SD), INCIDENTS)
RATIOS = (1.0, 0.85, 0.7)
SLICE, FULL = 12, 200
STUDY = Study.model_validate(
    {
        "schema": 1,
        "study": {"id": "s", "title": "S"},
        "intervention": {"name": "x", "start": "2021-01-01"},
        "areas": {"treated": ["0", "1"]},
        "sources": {"rows": {"path": "rows.csv"}},
        "outcomes": {"asb": {"source": "rows", "kind": "count", "better": "lower", "worthwhile": -0.05}},
    }
)
INFO = StudyInfo(
    id="s",
    title="S",
    question=None,
    note=None,
    intervention=InterventionInfo("x", "2021-01-01", None, 0, "separate", None, None, ()),
    area_level="district",
    treated=("0", "1"),
    comparison=("2", "3", "4", "5", "6"),
    neighbours={},
    recodes=(),
    time_unit="month",
    baseline=(),
    follow_up=(),
    phase_in=(),
    excluded=(),
    models=(),
    simulated=True,
    disclosure_minimum=0,
)


def decisions(ratio: float, runs: int, seed: int = 1) -> list[Decision]:
    """Run the model, its checks, the rating and the rule on pilots with this true rate ratio."""
    stack = simulate(WORLD, DESIGNS["B"], Layout(), runs, np.random.default_rng([seed, 7]), math.log(ratio))
    found = []
    for number in range(runs):
        case = Case(stack.run(number), better=-1, worthwhile=math.log(0.95))
        design = Design(seed=number, dominant=(case.panel.areas[-1],))
        outcome = evaluate("asb", STUDY.outcomes["asb"], Sample(case, 0), design, {"did": DidOptions()}).result
        found.append(decide(STUDY, INFO, {"asb": outcome}, ()))
    return found


def table(runs: int) -> str:
    lines = ["| True ratio | Scale up | Extend | Stop | Mean security | Runs |", "|---|---|---|---|---|---|"]
    for ratio in RATIOS:
        found = decisions(ratio, runs)
        shares = [100 * sum(d.verdict == v for d in found) / runs for v in ("scale_up", "extend", "stop")]
        security = np.mean([d.security for d in found])
        lines.append(f"| {ratio:g} | {' | '.join(f'{s:.1f}' for s in shares)} | {security:.1f} | {runs:,} |")
    return "\n".join(lines)


def test_a_large_effect_is_scaled_up_although_every_check_is_run() -> None:
    found = decisions(0.6, SLICE)
    assert sum(d.verdict == "scale_up" for d in found) > SLICE / 2
    assert all(d.security >= 1 for d in found)


@pytest.mark.slow
def test_the_checks_and_the_stars_do_not_stand_in_the_way_of_a_real_effect() -> None:
    null, real = decisions(1.0, FULL), decisions(0.7, FULL)
    assert sum(d.verdict == "scale_up" for d in null) <= 0.10 * FULL
    assert sum(d.verdict == "scale_up" for d in real) >= 0.75 * FULL


if __name__ == "__main__":
    print(table(int(sys.argv[1]) if len(sys.argv) > 1 else FULL))
