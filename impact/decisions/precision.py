"""What the pilot's evidence rests on: how much of its uncertainty a longer follow-up would take away."""

from dataclasses import dataclass

from models.bayes.grid import collapsed_grid
from models.bayes.priors import priors_of
from models.bayes.shock import shock_scale
from models.case import Case
from models.design import Design
from models.inference.refusal import NoInference
from models.periods import TimeUnit

PERIODS_A_YEAR = {
    TimeUnit.DAY: 365.25,
    TimeUnit.WEEK: 365.25 / 7,
    TimeUnit.MONTH: 12.0,
    TimeUnit.QUARTER: 4.0,
    TimeUnit.YEAR: 1.0,
}


@dataclass(frozen=True, slots=True)
class Precision:
    """What the variance of an area's change is made of.

    Attributes
    ----------
    noise
        Part of it that a longer follow-up shrinks, 0 to 1: sampling and noise from month to month in the follow-up.
        The rest, shocks to areas and the baseline's own noise, only more areas shrink.
    years
        Length of the follow-up, without what is left out of it.
    variance
        Variance of one area's change on the linear scale, all parts together and no prior in it.
    """

    noise: float
    years: float
    variance: float


def precision_of(case: Case, design: Design, unit: TimeUnit) -> Precision | None:
    """Take the variance of an area's change apart; None where the panel does not show what it is made of.

    Notes
    -----
    The parts are those of the exact posterior on the collapsed changes (`models.bayes.grid.collapsed_grid`), each
    carried from the estimate back to one area.
    """
    panel = case.panel
    found = collapsed_grid(panel, design, priors_of(case)[0].prior, shock_scale(panel))
    if isinstance(found, NoInference):
        return None
    compared = 1 / panel.n_comparison
    alone = 1 / panel.n_treated + compared
    noise = float(found.noise_variance) / alone
    shock = float(found.shock_variance) / (1 + compared if design.shared_delivery else alone)
    if not noise + shock > 0:
        return None
    part = noise * found.follow_up_share / (noise + shock)
    years = float(panel.periods.follow_up.sum()) / PERIODS_A_YEAR[unit]
    return Precision(part, years, noise + shock)
