"""Pilots whose effect is worth 1,000 a point and has to be 5 points to pay, for the tests of the decision."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from impact.decision import decide
from impact.decisions.precision import Precision
from impact.result import InterventionInfo, OutcomeResult, StudyInfo
from impact.result_decision import Decision, PosteriorInfo
from impact.study.schema import Study
from models.estimate import Clusters, Estimate, Scale
from models.posterior import Posterior

HALF = float(stats.t.ppf(0.975, 5))
MONEY: dict[str, Any] = {
    "value": {"per_unit": 100},
    "scale_up": {"cost_per_year": 5_000, "annual_units": 1_000, "years": 1},
    "discount_rate": 0,
}
"""A change of one point is worth 1,000; the effect has to be 5 points to pay."""


def study(decision: dict[str, Any] = MONEY, **outcomes: dict[str, Any]) -> Study:
    named = outcomes or {"main": {}}
    return Study.model_validate(
        {
            "schema": 1,
            "study": {"id": "s", "title": "S"},
            "intervention": {"name": "x", "start": "2024-01-01", "cost": {"amount": 2_000}},
            "areas": {"treated": ["A", "B"]},
            "sources": {"rows": {"path": "rows.csv"}},
            "outcomes": {
                key: {"source": "rows", "kind": "binary", "value": "v", "better": "higher", **more}
                for key, more in named.items()
            },
            "decision": {"outcome": "main", **decision},
        }
    )


INFO = StudyInfo(
    id="s",
    title="S",
    question=None,
    note=None,
    intervention=InterventionInfo("x", "2024-01-01", None, 0, "separate", 2_000.0, "GBP", ()),
    area_level="district",
    treated=("A", "B"),
    comparison=("C", "D", "E", "F", "G"),
    neighbours={},
    recodes=(),
    time_unit="month",
    baseline=(),
    follow_up=(),
    phase_in=(),
    excluded=(),
    models=(),
    simulated=False,
    disclosure_minimum=5,
)


def outcome(effect: float, std_error: float, **changes: Any) -> OutcomeResult:
    found = Estimate(
        model="did",
        method="t(5)",
        estimand="area ITT",
        scale=Scale.DIFFERENCE,
        estimate=effect,
        interval=(effect - HALF * std_error, effect + HALF * std_error),
        level=0.95,
        std_error=std_error,
        df=5.0,
        p_value=0.1,
        attainable_p=None,
        clusters=Clusters(2, 5),
        headline=True,
    )
    whole = OutcomeResult(
        title="Satisfied",
        kind="binary",
        unit="share",
        better="higher",
        role="primary",
        worthwhile=None,
        definition="",
        baseline_level=0.5,
        counterfactual=0.5,
        estimates=(found,),
        paths=(),
        checks=(),
        not_estimable=(),
        windows=(),
        disclosure_minimum=5,
    )
    return replace(whole, **changes)


def drawn(effects: Sequence[float], failed: tuple[str, ...] = ()) -> Posterior:
    return Posterior(np.array(effects), Scale.DIFFERENCE, "weakly informative", failed)


def decided(
    effects: Sequence[float] | None = None,
    decision: dict[str, Any] = MONEY,
    *,
    main: OutcomeResult | None = None,
    precision: Precision | None = None,
    failed: tuple[str, ...] = (),
) -> Decision:
    """Decide on these draws of the Bayesian model, or on the confidence distribution if there are none."""
    found = main or outcome(0.1, 0.02)
    posteriors = {} if effects is None else {"main": drawn(effects, failed)}
    if failed:
        found = replace(found, posterior=summary(failed))
    return decide(study(decision), INFO, {"main": found}, (), posteriors, precision)


def summary(failed: tuple[str, ...]) -> PosteriorInfo:
    return PosteriorInfo(
        model="bayes",
        scale=Scale.DIFFERENCE,
        prior="weakly informative",
        mean=0.1,
        interval=(0.0, 0.2),
        level=0.95,
        probability_beneficial=0.9,
        probability_worthwhile=None,
        probability_harm=0.1,
        probability_equivalent=None,
        quantiles=(),
        failed=failed,
        variants=(),
    )
