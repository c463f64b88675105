"""Agreement of methods: who is compared, what is found, and how the numbers read."""

import pytest

from models.agreement import between_models
from models.estimate import Clusters, Estimate, Scale, Status

TITLES = {"did": "Difference", "its": "Time series"}


def estimate(
    model: str,
    value: float,
    interval: tuple[float, float] | None,
    scale: Scale = Scale.RATIO,
    *,
    headline: bool = False,
) -> Estimate:
    numbers = (value, interval, 0.95, None, None, None, None)
    return Estimate(model, "method", "area ITT", scale, *numbers, Clusters(2, 5), headline=headline)


@pytest.mark.parametrize(
    ("scale", "values", "detail"),
    [
        (Scale.RATIO, (0.9, 1.04), "Difference (area ITT): \u221210%; Time series (area ITT): +4%."),
        (Scale.RATIO, (0.9, 12_345.6), "Difference (area ITT): \u221210%; Time series (area ITT): 12,346 times."),
        (
            Scale.DIFFERENCE,
            (-0.0775, 1234.5),
            "Difference (area ITT): \u22120.0775; Time series (area ITT): +1,234, in the unit of the values.",
        ),
    ],
)
def test_numbers_read_as_they_do_everywhere_else(scale: Scale, values: tuple[float, float], detail: str) -> None:
    first = estimate("did", values[0], (values[0] - 0.1, values[0] + 0.1), scale, headline=True)
    (found,) = between_models([first, estimate("its", values[1], (values[1] - 0.1, values[1] + 0.1), scale)], TITLES)
    assert found.detail == detail


def test_methods_disagree_only_if_neither_interval_holds_the_other_estimate() -> None:
    headline = estimate("did", 0.9, (0.8, 1.0), headline=True)
    (apart,) = between_models([headline, estimate("its", 1.2, (1.1, 1.3))], TITLES)
    assert (apart.id, apart.status) == ("agreement_its", Status.WARN)
    assert apart.finding.startswith("Two methods disagree: of difference and time series, neither interval holds")
    (near,) = between_models([headline, estimate("its", 1.2, (0.85, 1.6))], {})
    assert near.status is Status.PASS
    assert near.finding == "Did and its do not contradict each other."


def test_what_cannot_be_compared_is_not() -> None:
    headline = estimate("did", 0.9, (0.8, 1.0), headline=True)
    others = [estimate("its", 1.2, None), estimate("panel", 0.1, (0.0, 0.2), Scale.DIFFERENCE)]
    assert between_models([headline, *others], TITLES) == ()
    assert between_models([estimate("did", 0.9, None, headline=True), estimate("its", 1.2, (1.1, 1.3))], TITLES) == ()
    assert between_models(others, TITLES) == ()
