"""The figures of a report, by file name. Matplotlib is imported only when one is drawn."""

from collections.abc import Callable
from dataclasses import dataclass

from impact.report.forest import forest, overview
from impact.report.text import slugs
from impact.report.trends import (
    BELIEVED,
    BELIEVED_SERIES,
    OWN_BASELINE,
    OWN_DIFFERENCE,
    WEIGHTED,
    Expected,
    against,
    trends,
)
from impact.report.wording import ROLE_ORDER
from impact.result import OutcomeResult, RunResult


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures as SVG: the overview, and those of each outcome by the outcome's key; None where there is none."""

    overview: str | None
    forests: dict[str, str | None]
    trends: dict[str, str | None]
    baselines: dict[str, str | None]
    differences: dict[str, str | None]
    synthetics: dict[str, str | None]
    believed: dict[str, str | None]
    believed_series: dict[str, str | None]


def reading_order(result: RunResult) -> tuple[str, ...]:
    """Keys of the outcomes in the order of the report: primary first, placebos last."""
    place = {role: i for i, role in enumerate(ROLE_ORDER)}
    return tuple(sorted(result.outcomes, key=lambda key: place.get(result.outcomes[key].role, len(place))))


def draw(result: RunResult) -> Figures:
    """Draw every figure that the result has something for."""
    keys = reading_order(result)
    names = dict(zip(keys, slugs(keys), strict=True))

    def each(kind: str, paint: Callable[[RunResult, OutcomeResult, str], str | None]) -> dict[str, str | None]:
        return {key: paint(result, result.outcomes[key], f"{kind}-{names[key]}") for key in keys}

    def expected(kind: str, other: Expected) -> dict[str, str | None]:
        return each(kind, lambda result, outcome, name: against(result, outcome, name, other))

    return Figures(
        overview=overview(result, keys, "overview"),
        forests=each("forest", forest),
        trends=each("trends", trends),
        baselines=expected("baseline", OWN_BASELINE),
        differences=expected("difference", OWN_DIFFERENCE),
        synthetics=expected("synthetic", WEIGHTED),
        believed=expected("bayes", BELIEVED),
        believed_series=expected("bayes-series", BELIEVED_SERIES),
    )


def by_file_name(result: RunResult, figures: Figures) -> dict[str, str]:
    """Name each figure as a file."""
    keys = reading_order(result)
    found = {"overview.svg": figures.overview}
    for key, name in zip(keys, slugs(keys), strict=True):
        found[f"{name}-estimates.svg"] = figures.forests[key]
        found[f"{name}-trends.svg"] = figures.trends[key]
        found[f"{name}-baseline.svg"] = figures.baselines[key]
        found[f"{name}-difference.svg"] = figures.differences[key]
        found[f"{name}-synthetic.svg"] = figures.synthetics[key]
        found[f"{name}-bayes.svg"] = figures.believed[key]
        found[f"{name}-bayes-series.svg"] = figures.believed_series[key]
    return {name: figure for name, figure in found.items() if figure is not None}
