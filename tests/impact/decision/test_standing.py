"""Where the evidence stands: the Maryland scale, EMMIE, and what the pilot's precision is made of."""

from dataclasses import replace

import numpy as np
import pytest
from pilots import INFO, decided, outcome

from impact.decisions.precision import precision_of
from impact.decisions.standing import emmie, maryland
from models.case import Case
from models.design import Design
from models.estimate import Clusters, Estimate
from models.panel import CountCells, Kind, Panel
from models.periods import Periods, Role, TimeUnit

EXACT = 1e-12
PILOTS = 12


def headline(model: str, treated: int, comparison: int) -> Estimate:
    return replace(outcome(0.1, 0.02).estimates[0], model=model, clusters=Clusters(treated, comparison))


@pytest.mark.parametrize(
    ("found", "level", "said"),
    [
        (None, None, "no estimate"),
        (headline("its", 2, 0), 2, "without comparison areas"),
        (headline("did", 2, 0), 1, "treated areas alone"),
        (headline("did", 2, 5), 3, "only 2 treated and 5 comparison districts"),
        (headline("did", 20, 40), 3, "areas assigned by chance"),
    ],
)
def test_the_maryland_level_comes_from_the_design(found: Estimate | None, level: int | None, said: str) -> None:
    placed = maryland(INFO, found)
    assert placed.level == level
    assert said in placed.reason
    assert ("only" in placed.reason) is (found is not None and found.clusters == Clusters(2, 5))


def test_under_each_heading_of_emmie_it_is_said_what_there_is_and_where_there_is_nothing() -> None:
    bare = emmie(INFO, outcome(0.1, 0.02), (), None)
    assert "+10.0 points" in bare.effect
    assert bare.mechanism.startswith("Nothing")
    assert bare.moderators.startswith("Nothing")
    assert bare.implementation.startswith("Nothing")
    assert bare.economics.startswith("The pilot cost £2,000; what a change is worth is not declared")
    shared = replace(INFO, intervention=replace(INFO.intervention, delivery="shared", phase_in=2))
    full = emmie(shared, outcome(0.1, 0.02), ("patrol_hours",), decided().economics)
    assert full.implementation == (
        "What was delivered is counted (patrol hours). One team served all treated areas. The first 2 months are left "
        "out while it got going."
    )
    assert full.economics.startswith("The expected net benefit of scaling up is £5,000")


def counts_panel(after: int, level: float, seed: int = 4) -> Panel:
    """Seven areas, 36 months before and some after, with nothing but Poisson noise."""
    events = np.random.default_rng(seed).poisson(level, (7, 36 + after)).astype(np.float64)
    roles = (Role.BASELINE,) * 36 + (Role.FOLLOW_UP,) * after
    return Panel(
        "asb",
        Kind.COUNT,
        "incidents",
        1.0,
        tuple("ABCDEFG"),
        np.arange(7) < 2,
        Periods(TimeUnit.MONTH, 600, roles),
        CountCells(events, np.full(events.shape, 30.0)),
    )


def test_a_shorter_follow_up_and_fewer_incidents_leave_more_for_a_longer_one_to_tell() -> None:
    # Each pilot shows a spread of its own, so that the parts are averaged over several.
    usual, short, rare = (mean_noise(after, level) for after, level in ((12, 100.0), (3, 100.0), (12, 5.0)))
    assert 0 < usual < short < 1
    assert usual < rare < 1


def mean_noise(after: int, level: float) -> float:
    found = [precision_of(Case(counts_panel(after, level, seed)), Design(), TimeUnit.MONTH) for seed in range(PILOTS)]
    parts = [part for part in found if part is not None]
    assert len(parts) == PILOTS
    assert all(part.years == pytest.approx(after / 12, abs=EXACT) for part in parts)
    return float(np.mean([part.noise for part in parts]))


def test_without_comparison_areas_what_more_would_tell_is_not_known() -> None:
    panel = counts_panel(12, 100.0)
    alone = replace(panel, treated=np.ones(7, dtype=bool))
    assert precision_of(Case(alone), Design(), TimeUnit.MONTH) is None
