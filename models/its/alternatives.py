"""The same question by other regressions, and with shocks handled otherwise: all of them shown, none picked after."""

from collections.abc import Sequence
from dataclasses import dataclass

from models import numbers
from models.design import Design
from models.effect import Effect, disagreement, row_of
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.inference.refusal import NoInference
from models.its.engines import Regression, regressions_of
from models.its.options import ItsOptions
from models.its.setup import OWN_HANDLING, Handling, Setup, prepare
from models.its.words import number_of
from models.panel import BinaryCells, OrdinalCells, Panel, pool_areas
from models.series.fit import Contrast, SeriesFit
from models.series.shares import of_levels, quasi_binomial, share_change
from models.wording import SHARES, listed, signed

LOGIT = "log odds of the share, carried back to points"


@dataclass(frozen=True, slots=True)
class Alternative:
    """The average effect under another choice."""

    label: str
    found: Effect | NoInference
    chosen: bool = False
    note: str = ""


def as_effect(panel: Panel, found: Contrast, level: float) -> Effect:
    """Carry a contrast to an effect of the treated areas alone."""
    interval = found.interval(level)
    known = interval is not None
    return Effect(
        found.value,
        interval,
        found.std_error if known else None,
        found.df if known else None,
        found.p_value(),
        panel.n_treated,
        0,
    )


def average_of(setup: Setup, fitted: SeriesFit | NoInference, level: float) -> Effect | NoInference:
    """Average effect over follow-up of a fit."""
    if isinstance(fitted, NoInference):
        return fitted
    return as_effect(setup.panel, fitted.contrast(setup.terms.average_change(setup.follow_up)), level)


def methods_check(setup: Setup, own: SeriesFit, level: float) -> Check:
    """Fit the same series by every regression there is for its kind."""
    panel = setup.panel
    found = [
        Alternative(
            each.value,
            average_of(setup, own if each is setup.regression else setup.fit(each), level),
            each is setup.regression,
            "takes the events as independent, which makes its range too narrow" if each is Regression.POISSON else "",
        )
        for each in regressions_of(panel.kind)
    ]
    found += _by_log_odds(setup, level)
    return _compared(
        "its_methods",
        panel,
        found,
        title="The average effect by other regressions of the same series",
        opening="By other regressions of the same series",
        detail="Which of them is the study's own does not depend on what they give, nor on a test of the residuals.",
    )


def _by_log_odds(setup: Setup, level: float) -> list[Alternative]:
    cells = pool_areas(setup.panel.cells, setup.panel.treated)
    if isinstance(cells, BinaryCells):
        successes, trials = cells.successes[0], cells.trials[0]
    elif isinstance(cells, OrdinalCells):
        successes, trials = of_levels(cells.n[0], cells.at_least)
    else:
        return []
    matrix, inside = setup.terms.matrix, setup.follow_up
    fitted = quasi_binomial(successes, trials, matrix, setup.series.usable)
    if isinstance(fitted, NoInference):
        return [Alternative(LOGIT, fitted)]
    found = share_change(fitted, matrix[inside], setup.terms.without_change[inside])
    return [Alternative(LOGIT, as_effect(setup.panel, found, level))]


def shocks_check(setup: Setup, own: SeriesFit, design: Design, options: ItsOptions) -> Check | None:
    """Handle the excluded stretches in every way there is; None if the study excludes none."""
    if not design.shocks:
        return None
    panel, handled = setup.panel, OWN_HANDLING[options.shocks]
    found = []
    for handling in Handling:
        if handling is handled:
            found.append(Alternative(handling.value, average_of(setup, own, design.level), chosen=True))
            continue
        other = prepare(panel, design, options, handling)
        if isinstance(other, NoInference):
            found.append(Alternative(handling.value, other))
            continue
        found.append(Alternative(handling.value, average_of(other, other.fit(), design.level), note=_season(other)))
    beside = (
        " Comparison areas went through it too: the difference between the series is another way to allow for it."
        if panel.n_comparison
        else ""
    )
    why = listed([shock.why for shock in design.shocks if shock.why])
    count = sum(int(shock.periods.sum()) for shock in design.shocks)
    return _compared(
        "its_shocks",
        panel,
        found,
        title="The average effect with what was excluded handled otherwise",
        opening=f"With the {number_of(count, panel.periods.unit)} of shock handled otherwise",
        detail=f"{f'The shock: {why}.' if why else 'The study gives no reason for the exclusion.'}{beside}",
    )


def _season(setup: Setup) -> str:
    words = setup.choice.season.words(setup.panel.periods.unit)
    return words[:1].lower() + words[1:]


def _between(panel: Panel, least: float, most: float) -> str:
    """Write a range of effects on the linear scale, or one if both read the same."""
    if signed(panel, least) == signed(panel, most):
        return signed(panel, least)
    scale = Scale.LOG_RATIO if panel.scale is Scale.RATIO else Scale.DIFFERENCE
    text = numbers.effect_range((least, most), scale, numbers.measure_of(panel.kind))
    return text if panel.scale is Scale.RATIO or panel.kind in SHARES else f"{text} {panel.unit}"


def _compared(name: str, panel: Panel, found: Sequence[Alternative], *, title: str, opening: str, detail: str) -> Check:
    main = next(each.found for each in found if each.chosen)
    others = [each for each in found if not each.chosen]
    known = [(each, each.found) for each in others if isinstance(each.found, Effect)]
    rows: tuple[Row, ...] = tuple(
        row_of(each.label, panel, each.found, note=each.note, chosen=each.chosen) for each in found
    )
    evidence = Evidence(title, Figure.FOREST, panel.scale, Quantity.OUTCOME, rows)
    if isinstance(main, NoInference) or not known:
        return Check(name, Status.NOT_RUN, f"{opening} there is no estimate.", detail, evidence)
    values = [effect.estimate for _, effect in known]
    said = f"{opening} the average effect by the treated areas' series alone is"
    said = f"{said} {_between(panel, min(values), max(values))}"
    own = f", and {signed(panel, main.estimate)} as that series is fitted here"
    apart = [(each.label, disagreement(main, effect)) for each, effect in known if disagreement(main, effect)]
    if not apart:
        return Check(name, Status.PASS, f"{said}{own}.", detail, evidence)
    label, how = apart[0]
    more = f" (and {len(apart) - 1} more)" if len(apart) > 1 else ""
    return Check(
        name, Status.WARN, f"{said}{own}; by one of them ({label}{more}) the estimate {how}.", detail, evidence
    )
