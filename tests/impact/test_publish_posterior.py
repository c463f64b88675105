"""Draws in brief: probabilities counted by hand, and everything carried to the scale on which the effect is told."""

import math
from typing import Any

import numpy as np
import pytest

from impact.publish_posterior import posterior_info
from impact.study.schema import Study
from models.estimate import Scale
from models.posterior import Posterior, Variant

EXACT = 1e-12
LOGS = np.log([0.8, 0.9, 0.93, 0.97, 0.99, 1.0, 1.02, 1.1])


def outcome(**more: Any) -> Any:
    study = Study.model_validate(
        {
            "schema": 1,
            "study": {"id": "s", "title": "S"},
            "intervention": {"name": "x", "start": "2024-01-01"},
            "areas": {"treated": ["A"]},
            "sources": {"rows": {"path": "rows.csv"}},
            "outcomes": {"asb": {"source": "rows", "kind": "count", "better": "lower", **more}},
        }
    )
    return study.outcomes["asb"]


def test_probabilities_are_shares_of_the_draws() -> None:
    drawn = Posterior(LOGS, Scale.RATIO, "weakly informative")
    found = posterior_info("bayes", drawn, outcome(worthwhile=-0.05, equivalence=0.025), 0.95)
    assert found.probability_beneficial == pytest.approx(5 / 8, abs=EXACT)
    assert found.probability_worthwhile == pytest.approx(3 / 8, abs=EXACT)
    assert found.probability_harm == pytest.approx(1 / 8, abs=EXACT)
    assert found.probability_equivalent == pytest.approx(3 / 8, abs=EXACT)  # 0.99, 1 and 1.02
    assert (found.failed, found.variants) == ((), ())


def test_a_ratio_is_told_as_one() -> None:
    variant = Variant("sceptical prior", math.log(0.95), (math.log(0.9), 0.0), 0.8, 0.4, 0.1)
    drawn = Posterior(LOGS, Scale.RATIO, "weakly informative", ("A gate failed.",), (variant,))
    found = posterior_info("bayes", drawn, outcome(), 0.5)
    assert found.mean == pytest.approx(math.exp(LOGS.mean()), abs=EXACT)
    assert found.interval == pytest.approx(tuple(np.exp(np.quantile(LOGS, [0.25, 0.75]))), abs=EXACT)
    assert len(found.quantiles) == 99
    assert found.quantiles == tuple(sorted(found.quantiles))
    assert found.quantiles[49] == pytest.approx(math.exp(np.median(LOGS)), abs=EXACT)
    assert (found.variants[0].mean, found.variants[0].interval) == (pytest.approx(0.95), pytest.approx((0.9, 1.0)))
    assert found.failed == ("A gate failed.",)
    assert (found.probability_worthwhile, found.probability_equivalent) == (None, None)


def test_a_difference_stays_as_it_is() -> None:
    drawn = Posterior(np.array([-0.1, 0.0, 0.1]), Scale.DIFFERENCE, "sceptical")
    assert posterior_info("bayes", drawn, outcome(), 0.95).mean == pytest.approx(0.0, abs=EXACT)


def test_harm_is_what_the_rule_declares_it_to_be() -> None:
    drawn = Posterior(np.array([-0.1, 0.01, 0.02, 0.2]), Scale.DIFFERENCE, "weakly informative")
    declared = outcome(worthwhile=-0.05)
    assert posterior_info("bayes", drawn, declared, 0.95).probability_harm == pytest.approx(1 / 4, abs=EXACT)
    assert posterior_info("bayes", drawn, declared, 0.95, 0.015).probability_harm == pytest.approx(1 / 2, abs=EXACT)
    assert posterior_info("bayes", drawn, declared, 0.95, 0.0).probability_harm == pytest.approx(3 / 4, abs=EXACT)
