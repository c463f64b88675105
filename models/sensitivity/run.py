"""Every sensitivity check of one outcome, in reading order."""

from models.case import Case
from models.changes import Weighting
from models.design import Design
from models.estimate import Check
from models.inference.refusal import NoInference
from models.sensitivity.choices import equal_or_exposure, log_or_level
from models.sensitivity.main import main_analysis, not_run
from models.sensitivity.peak import regression_to_the_mean
from models.sensitivity.placebo_space import adjacent_placebos, placebo_in_space
from models.sensitivity.placebo_time import placebo_in_time
from models.sensitivity.places import leave_one_out, without_dominant, without_neighbours
from models.sensitivity.sizes import area_sizes
from models.sensitivity.specification import specification_curve
from models.sensitivity.windows import anticipation, month_matched, shocks


def run(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> tuple[Check, ...]:
    """Repeat the main analysis with everything the study declares done otherwise.

    Parameters
    ----------
    case
        The outcome; its other codings of boundaries join the specification curve.
    design
        Level, seed, borders, dominant areas, excluded stretches and peak.
    weighting
        How areas count in the main analysis.

    Returns
    -------
    tuple of Check
        Empty without comparison areas. Where the windows give no estimate there is nothing to be sensitive: one check,
        not run, with the reason. Otherwise what was done where nothing happened comes first, then other areas, other
        windows, other arithmetic, and last all of it together.
    """
    if case.panel.n_comparison == 0:
        return ()
    main = main_analysis(case.panel, design.level, weighting)
    if isinstance(main, NoInference):
        return (not_run("sensitivity", "There is no main estimate whose sensitivity could be looked at.", main.reason),)
    found = (
        placebo_in_time(main, design.seed),
        placebo_in_space(main, design.seed),
        adjacent_placebos(main, design.neighbours, design.seed),
        leave_one_out(main),
        without_dominant(main, design.dominant),
        without_neighbours(main, design.neighbours),
        area_sizes(main),
        anticipation(main),
        month_matched(main),
        shocks(main, design.shocks),
        regression_to_the_mean(main, design.peak),
        equal_or_exposure(main),
        log_or_level(main),
        specification_curve(main, design, case.codings),
    )
    return tuple(check for check in found if check is not None)
