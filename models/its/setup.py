"""From a panel and the declared choices to one regression, ready to be fitted, or to the reason why it cannot be."""

from dataclasses import dataclass
from enum import StrEnum

from models.arrays import BoolArray
from models.design import Design
from models.inference.refusal import NoInference
from models.its.engines import Regression, fit_by, own_regression
from models.its.options import ItsOptions
from models.its.season import SeasonChoice, chosen_season
from models.its.series import Series, pooled, window_of_fit
from models.its.terms import ChangeShape, Extra, Season, Terms, build, event_terms, most_harmonics, shock_terms
from models.its.words import number_of
from models.panel import Kind, Panel
from models.series.fit import MIN_DF, SeriesFit, is_full_rank

LEAST_POINTS = 3
"""Periods on each side: the floor of the Cochrane EPOC group, below which a series is not eligible."""


class Handling(StrEnum):
    """What is done with stretches that the study excludes."""

    EXCLUDED = "left out"
    STRETCH = "kept, with one step for each stretch"
    YEAR = "kept, with a step for each year of it"
    LEFT_IN = "kept, as if nothing had happened"


OWN_HANDLING = {"excluded": Handling.EXCLUDED, "modelled": Handling.YEAR}


@dataclass(frozen=True, slots=True)
class Setup:
    """One regression of the treated areas' series.

    Attributes
    ----------
    series
        The pooled series and the periods in the fit.
    choice
        The season, and how it was chosen.
    terms
        The columns.
    regression
        How it is fitted.
    lags
        Lags of a Newey-West covariance, if the study says.
    """

    panel: Panel
    series: Series
    choice: SeasonChoice
    terms: Terms
    regression: Regression
    lags: int | None

    @property
    def follow_up(self) -> BoolArray:
        """Periods of follow-up in the fit, shape (T,)."""
        return self.series.usable & self.panel.periods.follow_up

    def fit(self, regression: Regression | None = None) -> SeriesFit | NoInference:
        """Fit the series by the study's regression, or by another."""
        return fit_by(regression or self.regression, self.series, self.terms, self.lags)


def treated_series(panel: Panel, design: Design, options: ItsOptions, handling: Handling | None = None) -> Series:
    """The treated areas' pooled series, with shocks handled as the study does or otherwise."""
    window = window_of_fit(panel.periods, options)
    if (handling or OWN_HANDLING[options.shocks]) is not Handling.EXCLUDED:
        for shock in design.shocks:
            window = window | shock.periods
    return pooled(panel, panel.treated, window)


def sides(panel: Panel, series: Series) -> tuple[int, int]:
    """Periods of baseline and of follow-up in the fit."""
    both = (panel.periods.baseline, panel.periods.follow_up)
    before, after = (int((series.usable & window).sum()) for window in both)
    return before, after


def prepare(
    panel: Panel,
    design: Design,
    options: ItsOptions,
    handling: Handling | None = None,
    choice: SeasonChoice | None = None,
) -> Setup | NoInference:
    """Lay out the regression; the reason if it cannot be fitted, and what to do about it.

    Parameters
    ----------
    handling
        How shocks are handled; default: as the study does.
    choice
        The season, if it is settled already.
    """
    series = treated_series(panel, design, options, handling)
    before, after = sides(panel, series)
    if min(before, after) < LEAST_POINTS:
        return NoInference(_too_few_points(panel, before, after))
    setup = _laid_out(panel, design, options, handling or OWN_HANDLING[options.shocks], series, choice)
    reason = _obstacle(setup, options)
    return NoInference(reason) if reason else setup


def _laid_out(
    panel: Panel,
    design: Design,
    options: ItsOptions,
    handling: Handling,
    series: Series,
    choice: SeasonChoice | None,
) -> Setup:
    periods, used = panel.periods, series.usable
    treated = tuple(area for area, inside in zip(panel.areas, panel.treated, strict=True) if inside)
    shape = ChangeShape.of(periods, options)
    events = event_terms(periods, design.events, treated).told_by(used)
    shocks = Extra.none(len(periods))
    if handling in {Handling.STRETCH, Handling.YEAR}:
        shocks = shock_terms(periods, design.shocks, by_year=handling is Handling.YEAR).told_by(used)

    def terms(season: Season) -> Terms:
        return build(periods, shape, season, events, shocks)

    settled = choice or chosen_season(panel.kind, periods, series, options, lambda season: terms(season).matrix)
    regression = own_regression(panel.kind, options, int(used.sum()))
    return Setup(panel, series, settled, terms(settled.season), regression, options.lags)


def _too_few_points(panel: Panel, before: int, after: int) -> str:
    unit = panel.periods.unit
    seen = "observed in every treated area" if panel.kind is Kind.COUNT else "with a value"
    return (
        f"The series has {number_of(before, unit)} to use before the start and {after} after it; at least "
        f"{LEAST_POINTS} on each side are needed, neither excluded nor phase-in, and {seen}. Lengthen the "
        f"windows, exclude less, or use a shorter time unit."
    )


def _obstacle(setup: Setup, options: ItsOptions) -> str | None:
    """Say why the regression cannot be fitted, and what to do about it; None if it can."""
    unit, used, terms, season = (
        setup.panel.periods.unit,
        setup.series.usable,
        setup.terms,
        setup.choice.season,
    )
    n, k, most = int(used.sum()), terms.matrix.shape[1], most_harmonics(unit)
    if season.pairs > most:
        return f"harmonics == {season.pairs}, but a year of {unit.value}s shows at most {most}; ask for fewer."
    if terms.onset >= len(setup.panel.periods) or not setup.follow_up[terms.onset :].any():
        return f"lag == {options.lag}: the change would begin after the follow-up has ended. Shorten the lag."
    remedy = _remedy(terms, season)
    if n - k < MIN_DF:
        return (
            f"{number_of(n, unit)} for {k} terms leave {max(n - k, 0)} degrees of freedom for the uncertainty; "
            f"at least {MIN_DF} are needed. {remedy}"
        )
    if not is_full_rank(terms.matrix[used]):
        others = " and what else happened" if terms.extra else ""
        return f"The periods left cannot tell trend, change and season{others} apart. {remedy}"
    if options.lags is not None and options.lags >= n:
        return f"lags == {options.lags}, must be below the {number_of(n, unit)} in the series."
    return _no_events(setup) if setup.panel.kind is Kind.COUNT else None


def _remedy(terms: Terms, season: Season) -> str:
    remedies = [
        *(["`impact: level`"] if terms.slope is not None else []),
        *(["fewer harmonics"] if season.pairs else []),
        *(["`season: none`"] if season.kind == "months" else []),
        *(["fewer modelled events or shocks"] if terms.extra else []),
        "longer windows",
    ]
    return f"Use {' or '.join(remedies)}."


def _no_events(setup: Setup) -> str | None:
    periods = setup.panel.periods
    for window, when in ((periods.baseline, "baseline"), (periods.follow_up, "follow-up")):
        if not setup.series.values[setup.series.usable & window].any():
            return (
                f"There are no events in the {when} of the treated areas, and a ratio of rates needs some in "
                f"both windows. Lengthen the windows, or count a broader set of events."
            )
    return None
