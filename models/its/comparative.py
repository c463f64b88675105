"""Comparative interrupted time series: the treated areas' change against trend, less that of the comparison areas.

Two kinds of inference stand side by side. By areas: the same segmented regression is fitted to each area, and one
number per area is tested as the difference-in-differences tests changes. By periods: the treated pool's series is set
against the comparison pool's. Only the first allows for areas that move by themselves, so only it may carry a headline.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.changes import on_scale
from models.design import Design
from models.effect import Effect, disagreement
from models.estimate import Check, Estimate, Evidence, Figure, ModelOutput, NotEstimable, Quantity, Row, Status
from models.inference.refusal import NoInference
from models.its.comparative_areas import AreaNumbers, area_numbers, by_areas
from models.its.comparative_layout import AVERAGE_COMPARED, COMPARED, Layout, lay_out, refused
from models.its.comparative_series import by_conformal, by_difference, by_stacking, difference, difference_path, pools
from models.its.options import ItsOptions
from models.its.terms import Season
from models.panel import Panel, merge_treated
from models.series.fit import refusal
from models.wording import signed

AREAS_CHECK, AGREEMENT_CHECK = "its_comparison_areas", "its_comparison_agreement"
NONE_LEFT = (
    "No comparison area has values in at least two thirds of the baseline and of the follow-up, and in enough periods "
    "for these terms. Choose windows the comparison areas have, use fewer terms, or a longer time unit."
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one way of comparing gives."""

    estimates: tuple[Estimate, ...] = ()
    missing: tuple[NotEstimable, ...] = ()

    def averages(self) -> tuple[Estimate, ...]:
        """Estimates of the average effect."""
        return tuple(e for e in self.estimates if e.estimand == AVERAGE_COMPARED)

    def others(self) -> tuple[Estimate, ...]:
        """Estimates of anything else: level, slope, the twelfth month."""
        return tuple(e for e in self.estimates if e.estimand != AVERAGE_COMPARED)


def comparative(panel: Panel, design: Design, options: ItsOptions, season: Season) -> ModelOutput:
    """Compare the treated areas' change against trend with that of the comparison areas.

    Parameters
    ----------
    panel
        One outcome.
    design
        Level of intervals, seed, events and shocks.
    options
        Shape of the change and what a fit may use, as for the single series.
    season
        Seasonal terms, as settled for the single series.

    Returns
    -------
    ModelOutput
        For the average effect over follow-up, the changes in level and slope and the effect in the twelfth month: by
        areas, a t test (the candidate for the headline) and a permutation test. By periods the average effect: the
        AR(1) regression of the difference of the series, both series stacked, and a conformal test; what the first says
        of level and slope stands beside the test by areas in the check of agreement, and with the estimates only if
        there is no test by areas. The path ``its_difference``. Two checks. Where one team serves several treated areas,
        the tests of the average by areas again with those as one unit. Nothing if there are no comparison areas.
    """
    if panel.n_comparison == 0:
        return ModelOutput()
    layout = lay_out(panel, design, options, season)
    obstacle = refusal(layout.terms.matrix, layout.window)
    if obstacle is not None:
        return ModelOutput(not_estimable=(refused("comparison with other areas", obstacle.reason),))
    if layout.panel.n_comparison == 0:
        return ModelOutput(not_estimable=(refused("comparison with other areas", NONE_LEFT),))
    found = area_numbers(layout)
    if isinstance(found, NoInference):
        areas = _Part(missing=(refused("estimate by areas", found.reason),))
    else:
        areas = _part(by_areas(layout, found))
    merged = _as_one_unit(layout) if design.shared_delivery and panel.n_treated > 1 else _Part()
    periods, output = _by_periods(layout)
    checks = () if isinstance(found, NoInference) else (_areas_check(layout, found),)
    agreement = _agreement(layout, (*areas.estimates, *merged.estimates), periods.estimates)
    return replace(
        output,
        estimates=(*areas.estimates, *merged.estimates, *(periods.averages() if agreement else periods.estimates)),
        checks=(*checks, *agreement),
        not_estimable=(*areas.missing, *merged.missing, *periods.missing),
    )


def has_headline(output: ModelOutput) -> bool:
    """Whether a comparison offers the headline, so that the single series does not."""
    return any(estimate.headline for estimate in output.estimates)


def _part(found: tuple[list[Estimate], list[NotEstimable]]) -> _Part:
    return _Part(tuple(found[0]), tuple(found[1]))


def _as_one_unit(layout: Layout) -> _Part:
    """Test the average effect by areas with the treated ones merged, as one team serves them."""
    together = replace(layout, panel=merge_treated(layout.panel), asked=layout.asked[:1])
    found = area_numbers(together)
    if isinstance(found, NoInference):
        return _Part(missing=(refused("estimate with treated areas as one unit", found.reason),))
    estimates, missing = by_areas(together, found)
    note = "The treated areas are merged, because one team serves them."
    return _Part(
        tuple(
            replace(e, method=f"{e.method}, treated areas as one unit", note=f"{note} {e.note}", headline=False)
            for e in estimates
        ),
        tuple(missing),
    )


def _by_periods(layout: Layout) -> tuple[_Part, ModelOutput]:
    """Compare the two pools; the path stands in the output."""
    pair = pools(layout)
    parts, output = [], ModelOutput()
    found = difference(layout, pair)
    if isinstance(found, NoInference):
        parts.append(_Part(missing=(refused("estimate from the difference of the series", found.reason),)))
    else:
        parts += [_part(by_difference(layout, found)), _part(by_conformal(layout, found))]
        output = ModelOutput(paths=(difference_path(layout, pair, found),))
    parts.insert(1, _part(by_stacking(layout, pair)))
    estimates = tuple(estimate for part in parts for estimate in part.estimates)
    return _Part(estimates, tuple(why for part in parts for why in part.missing)), output


def _areas_check(layout: Layout, found: AreaNumbers) -> Check:
    """Show each area's own number, and whether a comparison area moved as far as the treated areas did."""
    panel, values = layout.panel, found.values[:, 0]
    treated, others = values[found.treated], values[~found.treated]
    centre = float(others.mean())
    distance = abs(float(treated.mean()) - centre)
    as_far = int((np.abs(others - centre) >= distance).sum())
    own = (
        "Against its own trend the treated area" if len(treated) == 1 else "Against their own trends the treated areas"
    )
    alone = len(others) == 1  # it lies at the mean of the comparison areas, which is itself
    status = Status.NOT_RUN if alone else Status.WARN if as_far else Status.PASS
    lay = (
        "one comparison area cannot show how far areas move by themselves"
        if alone
        else f"{as_far} of {len(others)} comparison areas lay as far from the comparison mean"
    )
    rows = tuple(
        Row(name, on_scale(panel.scale, float(np.clip(value, -700, 700))), group="Treated" if mine else "Comparison")
        for name, value, mine in zip(panel.areas, values, found.treated, strict=True)
    )
    return Check(
        id=AREAS_CHECK,
        status=status,
        finding=(
            f"{own} changed by {signed(panel, float(treated.mean()))} on average "
            f"and the comparison {'area' if alone else 'areas'} by {signed(panel, centre)}; {lay}."
        ),
        detail=(
            "Where comparison areas move that far with nothing done to them, the treated areas could too."
            f"{layout.left_out_words()}"
        ),
        evidence=_evidence(
            panel,
            rows,
            "Average change over follow-up against each area's own trend and season",
            "Each row is one area's own segmented regression.",
            by_area=True,
        ),
    )


def _agreement(layout: Layout, areas: Sequence[Estimate], periods: Sequence[Estimate]) -> tuple[Check, ...]:
    """Say whether estimates that count periods agree with the one that counts areas; on the average effect alone.

    What both say of level, slope and the twelfth month stands below, without a verdict.
    """
    main = next((e for e in areas if e.headline), None)
    beside = [e for e in (*areas, *periods) if main is not None and e.estimand == main.estimand and e is not main]
    if main is None or not beside:
        return ()
    words = [(e, disagreement(_effect(main), _effect(e))) for e in beside]
    against = [(e, says) for e, says in words if says]
    rows = (
        *(_row(e, says, chosen=e is main) for e, says in ((main, ""), *words)),
        *(_row(e) for e in _further(areas, periods, main)),
    )
    if against:
        first, says = against[0]
        finding = f"{len(against)} of {len(beside)} other tests of the comparison disagree: the {first.method} {says}."
    else:
        finding = f"All {len(beside)} other tests of the comparison agree with the test by areas."
    return (
        Check(
            id=AGREEMENT_CHECK,
            status=Status.WARN if against else Status.PASS,
            finding=finding,
            detail=(
                "Tests that count periods claim effects too often where areas move by themselves: where they differ, "
                "the test by areas is the one to go by."
            ),
            evidence=_evidence(
                layout.panel,
                rows,
                "The comparison, by how it is tested",
                "Rows of a regression per area count areas; rows on the groups' series count periods.",
            ),
        ),
    )


def _further(areas: Sequence[Estimate], periods: Sequence[Estimate], main: Estimate) -> list[Estimate]:
    """What is asked besides the average: by the headline's test by areas, then by periods, question by question."""
    found = []
    for e in _Part(tuple(periods)).others():
        found += [own for own in areas if own.estimand == e.estimand and own.method == main.method]
        found.append(e)
    return found


def _row(e: Estimate, note: str = "", *, chosen: bool = False) -> Row:
    lo, hi = e.interval or (None, None)
    question = e.estimand.removesuffix(COMPARED)
    return Row(
        e.method, e.estimate, lo, hi, e.p_value, f"{question[:1].upper()}{question[1:]}", note=note, chosen=chosen
    )


def _effect(estimate: Estimate) -> Effect:
    limits = estimate.interval
    return Effect(
        estimate=estimate.linear(estimate.estimate),
        interval=None if limits is None else (estimate.linear(limits[0]), estimate.linear(limits[1])),
        std_error=estimate.std_error,
        df=estimate.df,
        p_value=estimate.p_value,
        treated=estimate.clusters.treated,
        comparison=estimate.clusters.comparison,
    )


def _evidence(panel: Panel, rows: tuple[Row, ...], title: str, note: str, *, by_area: bool = False) -> Evidence:
    return Evidence(
        title=title,
        figure=Figure.FOREST,
        scale=panel.scale,
        quantity=Quantity.OUTCOME,
        rows=rows,
        note=note,
        by_area=by_area,
    )
