"""One team's areas as one unit, for models without a check of their own, and who could decide instead."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.arrays import FloatArray
from models.case import Case
from models.design import Design
from models.estimate import Check, Clusters, Estimate, ModelOutput, Scale, Status
from models.its.options import ItsOptions
from models.one_team import AS_ONE, concerns, examine
from models.panel import ContinuousCells, Kind, Panel
from models.registry import MODELS, deciders
from models.synthetic.options import SyntheticOptions

type MakePanel = Callable[..., Panel]

SHARED = Design(shared_delivery=True, seed=1)
HEADLINE = Estimate(
    model="its",
    method="t(5)",
    estimand="average",
    scale=Scale.DIFFERENCE,
    estimate=2.0,
    interval=(1.0, 3.0),
    level=0.95,
    std_error=0.4,
    df=5.0,
    p_value=0.004,
    attainable_p=None,
    clusters=Clusters(2, 5),
    headline=True,
)


def case_of(make_panel: MakePanel, effect: FloatArray, seed: int = 1) -> Case:
    """Ten areas, as many of them treated as there are effects, 24 months before and 12 after."""
    rng = np.random.default_rng(seed)
    values = 20 + rng.normal(0, 0.5, (10, 36)) + rng.normal(size=(10, 1))
    values[: len(effect), 24:] += effect[:, None]
    n = np.full(values.shape, 9.0)
    return Case(make_panel(ContinuousCells(n, n * values, n * (values**2 + 1)), treated=len(effect), after=12))


def examined(model: str, case: Case, design: Design, options: object) -> ModelOutput:
    spec = MODELS[model]
    assert spec.examine is not None
    return spec.examine(case, design, options, spec.fit(case, design, options))


def team(output: ModelOutput) -> list[Check]:
    return [c for c in output.checks if c.id.endswith("one_team")]


def test_a_time_series_by_areas_is_held_against_the_same_with_one_unit(make_panel: MakePanel) -> None:
    case = case_of(make_panel, np.asarray([4.0, 4.0]))
    (found,) = team(examined("its", case, SHARED, ItsOptions(impact="level")))
    assert (found.id, found.status) == ("its_one_team", Status.PASS)
    assert not team(examined("its", case, Design(seed=1), ItsOptions(impact="level")))


def test_a_synthetic_comparison_is_not_run_with_one_unit_and_says_so(make_panel: MakePanel) -> None:
    case = case_of(make_panel, np.asarray([4.0, 4.0]))
    (found,) = team(examined("synthetic", case, SHARED, SyntheticOptions()))
    assert (found.id, found.status) == ("synthetic_one_team", Status.NOT_RUN)
    assert "weighs comparison areas for each treated area" in found.detail
    assert not team(examined("synthetic", case, Design(seed=1), SyntheticOptions()))


def merged(low: float, high: float) -> Estimate:
    half = (low + high) / 2
    return replace(HEADLINE, method=f"t(4), {AS_ONE}", estimate=half, interval=(low, high), headline=False)


@pytest.mark.parametrize(
    ("beside", "status"),
    [((merged(0.5, 3.5),), Status.PASS), ((merged(-1.0, 5.0),), Status.WARN), ((), Status.NOT_RUN)],
)
def test_the_answer_holds_changes_or_cannot_be_judged(
    make_panel: MakePanel, beside: tuple[Estimate, ...], status: Status
) -> None:
    output = ModelOutput(estimates=(HEADLINE, *beside))
    (found,) = team(examine(case_of(make_panel, np.ones(2)), SHARED, None, output))
    assert found.status is status


def test_one_area_or_an_interval_over_periods_is_one_unit_already() -> None:
    assert concerns(SHARED, HEADLINE)
    assert not concerns(Design(), HEADLINE)
    assert not concerns(SHARED, None)
    assert not concerns(SHARED, replace(HEADLINE, clusters=Clusters(1, 6)))
    assert not concerns(SHARED, replace(HEADLINE, clusters=Clusters(2, 5, periods=36)))


@pytest.mark.parametrize(
    ("kind", "compared", "staggered", "able"),
    [
        (Kind.COUNT, True, False, ("did", "its", "bayes")),
        (Kind.COUNT, False, False, ("its", "bayes")),
        (Kind.ORDINAL, True, False, ("did", "its", "ordinal", "bayes")),
        (Kind.TIME_TO_EVENT, True, False, ("did", "its", "recurrence", "bayes")),
        (Kind.COUNT, True, True, ("staggered",)),
        (Kind.ORDINAL, False, True, ("staggered",)),
    ],
)
def test_who_could_decide_follows_from_kind_and_design(
    kind: Kind, compared: bool, staggered: bool, able: tuple[str, ...]
) -> None:
    assert deciders(kind, compared=compared, staggered=staggered) == able
