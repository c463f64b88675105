"""Do the methods agree? Disagreement between models is a finding, not something to choose from."""

from collections.abc import Sequence

from models import numbers
from models.estimate import Check, Estimate, Scale, Status


def between_models(estimates: Sequence[Estimate]) -> tuple[Check, ...]:
    """Compare the headline with the main estimate of each other model.

    The first estimate a model lists is its main one. Only estimates with intervals on the same scale are compared.
    """
    headline = next((e for e in estimates if e.headline), None)
    if headline is None or headline.interval is None:
        return ()
    main: dict[str, Estimate] = {}
    for e in estimates:
        main.setdefault(e.model, e)
    others = [e for e in main.values() if e.model != headline.model and e.interval and e.scale is headline.scale]
    return tuple(_compare(headline, other) for other in others)


def _compare(headline: Estimate, other: Estimate) -> Check:
    apart = not (_holds(headline, other.estimate) or _holds(other, headline.estimate))
    said = [f"{e.model}: {numbers.effect(e.estimate, e.scale, numbers.Measure.AMOUNT)}" for e in (headline, other)]
    detail = f"{'; '.join(said)}{', in the unit of the values' if headline.scale is Scale.DIFFERENCE else ''}."
    name = f"agreement_{other.model}"
    if apart:
        finding = (
            f"The two methods {headline.model} and {other.model} disagree: neither interval holds the other's "
            "estimate. They rest on different comparisons, so find out why before relying on either."
        )
        return Check(name, Status.WARN, finding, detail)
    finding = f"The methods {headline.model} and {other.model} do not contradict each other."
    return Check(name, Status.PASS, finding, detail)


def _holds(estimate: Estimate, value: float) -> bool:
    low, high = estimate.interval or (value, value)
    return low <= value <= high
