"""Regression to the mean: areas chosen for a peak come down from it, whatever is done."""

import numpy as np

from models import numbers
from models.arrays import BoolArray
from models.effect import Effect, disagreement, row_of
from models.estimate import Check, Status
from models.inference.refusal import NoInference
from models.sensitivity.main import MAIN, Main, effect_between, forest, main_row, not_run, span_words
from models.summary import summarise
from models.wording import signed

NAME = "regression_to_the_mean"
NOTABLE = 0.1
"""Share of the main estimate, from which what the peak accounts for is a threat."""
VOID = (
    "Areas chosen for a peak come down from it by themselves, so a comparison of the treated areas with their own past "
    "is void."
)


def regression_to_the_mean(main: Main, peak: BoolArray | None) -> Check | None:
    """Leave the periods for whose high values the treated areas were chosen out of the baseline; None if they were not.

    Parameters
    ----------
    peak
        Mask of those periods, shape (T,).

    Returns
    -------
    Check
        WARN if leaving them out changes the answer, or if coming down from them accounts for more than `NOTABLE` of
        the main estimate.

    Notes
    -----
    On the linear scale an area's change from the baseline is its change from the rest of the baseline plus the step
    from the baseline to that rest. So the main estimate is, exactly, the estimate without the peak plus the effect
    "from the baseline to the rest of it", which is what coming down from the peak accounts for, with nothing done.
    """
    if peak is None:
        return None
    periods = main.panel.periods
    inside, rest = periods.baseline & peak, periods.baseline & ~peak
    when = span_words(periods, peak)
    if not inside.any():
        finding = f"The periods for which the treated areas were chosen ({when}) are not part of the baseline."
        return Check(NAME, Status.PASS, finding, VOID)
    if not rest.any():
        finding = f"The whole baseline is the peak for which the treated areas were chosen ({when})."
        detail = (
            f"{VOID} Against comparison areas, too, part of the fall would have come anyway; add an earlier baseline."
        )
        return Check(NAME, Status.WARN, finding, detail)
    other = effect_between(main, rest, periods.follow_up)
    if isinstance(other, NoInference):
        finding = f"The effect without the peak for which the treated areas were chosen ({when}) cannot be estimated."
        return not_run(NAME, finding, f"{other.reason} {VOID}")
    return _found(main, other, inside, rest)


def _found(main: Main, other: Effect, inside: BoolArray, rest: BoolArray) -> Check:
    panel = main.panel
    returned = effect_between(main, panel.periods.baseline, rest, ("baseline", "rest of the baseline"))
    height = effect_between(main, rest, inside, ("rest of the baseline", "peak"))
    changed = disagreement(main.effect, other)
    verdict = f"and it {changed}" if changed else "and the answer stays the same"
    finding = (
        f"The treated areas were chosen for a peak that is part of the baseline; without it the estimate is "
        f"{signed(panel, other.estimate)}, against {signed(panel, main.effect.estimate)} with it, {verdict}."
    )
    when = span_words(panel.periods, inside)
    own = signed(panel, _own_height(main, inside, rest))
    stood = f"In {when} the treated areas stood at {own} relative to the rest of their baseline"
    against = "" if isinstance(height, NoInference) else f" ({signed(panel, height.estimate)} net of comparison areas)"
    part = "" if isinstance(returned, NoInference) else f" {_share(main, returned)}"
    detail = f"{stood}{against}.{part} {VOID}"
    rows = (
        main_row(main),
        row_of("without the peak", panel, other, note="the baseline without the periods areas were chosen for"),
        row_of("peak against the rest of the baseline", panel, height, group="The peak itself"),
        row_of(
            "coming down from the peak",
            panel,
            returned,
            group="The peak itself",
            note=f"{MAIN} = without the peak + this, on the scale where effects add up",
        ),
    )
    evidence = forest(main, "With and without the peak in the baseline", rows)
    status = Status.WARN if changed or _accounts_for(main, returned) > NOTABLE else Status.PASS
    return Check(NAME, status, finding, detail, evidence)


def _accounts_for(main: Main, returned: Effect | NoInference) -> float:
    """Share of the main estimate that coming down from the peak accounts for; 1 where it cannot be known."""
    if isinstance(returned, NoInference) or main.effect.estimate == 0:
        return 1.0
    return returned.estimate / main.effect.estimate


def _own_height(main: Main, inside: BoolArray, rest: BoolArray) -> float:
    """Treated areas' mean step from the rest of the baseline to the peak, on the linear scale."""
    cells, treated = main.panel.cells, main.treated
    step = (summarise(cells, inside).value - summarise(cells, rest).value)[treated]
    known = ~np.isnan(step)
    weights = None if main.weights is None else main.weights[treated][known]
    return float(np.average(step[known], weights=weights)) if known.any() else 0.0


def _share(main: Main, returned: Effect) -> str:
    """How much of the estimate comes from the peak alone."""
    words = f"Coming down from it would by itself have looked like an effect of {signed(main.panel, returned.estimate)}"
    share = _accounts_for(main, returned)
    if 0 < share <= 1:
        return f"{words}, {numbers.threshold(round(share, 2))} of the main estimate."
    return f"{words}."
