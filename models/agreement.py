"""Do the methods agree? Disagreement between models is a finding, not something to choose from."""

from collections.abc import Mapping, Sequence

from models import numbers
from models.estimate import Check, Estimate, Scale, Status


def between_models(estimates: Sequence[Estimate], titles: Mapping[str, str]) -> tuple[Check, ...]:
    """Compare the headline with the main estimate of each other model.

    The first estimate a model lists is its main one. Only estimates with intervals on the same scale are compared.

    Parameters
    ----------
    estimates
        Every estimate of one outcome.
    titles
        What each model is called, by its name; one that has none is called by its name.
    """
    headline = next((e for e in estimates if e.headline), None)
    if headline is None or headline.interval is None:
        return ()
    main: dict[str, Estimate] = {}
    for e in estimates:
        main.setdefault(e.model, e)
    others = [e for e in main.values() if e.model != headline.model and e.interval and e.scale is headline.scale]
    return tuple(_compare(headline, other, titles) for other in others)


def _compare(headline: Estimate, other: Estimate, titles: Mapping[str, str]) -> Check:
    apart = not (_holds(headline, other.estimate) or _holds(other, headline.estimate))
    first, second = (_spoken(titles.get(e.model, e.model)) for e in (headline, other))
    said = [
        f"{_spoken(titles.get(e.model, e.model), start=True)} ({e.estimand}): "
        f"{numbers.effect(e.estimate, e.scale, numbers.Measure.AMOUNT)}"
        for e in (headline, other)
    ]
    detail = f"{'; '.join(said)}{', in the unit of the values' if headline.scale is Scale.DIFFERENCE else ''}."
    name = f"agreement_{other.model}"
    if apart:
        finding = (
            f"Two methods disagree: of {first} and {second}, neither interval holds the other's estimate. They rest "
            "on different comparisons, so find out why before relying on either."
        )
        return Check(name, Status.WARN, finding, detail)
    return Check(
        name, Status.PASS, f"{first[:1].upper()}{first[1:]} and {second} do not contradict each other.", detail
    )


def _spoken(title: str, *, start: bool = False) -> str:
    """Put a title into a sentence: a small letter within it, a capital at its start."""
    return f"{title[:1].upper() if start else title[:1].lower()}{title[1:]}"


def _holds(estimate: Estimate, value: float) -> bool:
    low, high = estimate.interval or (value, value)
    return low <= value <= high
