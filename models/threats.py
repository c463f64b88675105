"""Checks of who is counted and where: case mix, answers, boundaries, areas around, those who took it up."""

from models.case import Case
from models.changes import Weighting
from models.codings import boundaries
from models.composition import composition, standardised
from models.design import Design
from models.displacement import displacement, weighted_displacement
from models.estimate import Check
from models.evalue import acceptors
from models.responses import bounds, response_rate, reweighted


def checks(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> tuple[Check, ...]:
    """Run every check that the study's records allow; those it declares nothing for are left out."""
    found = (
        composition(case, design, weighting),
        standardised(case, design, weighting),
        response_rate(case, design, weighting),
        bounds(case, design, weighting),
        reweighted(case, design, weighting),
        boundaries(case, design, weighting),
        displacement(case, design, weighting),
        weighted_displacement(case, design),
        acceptors(case, design),
    )
    return tuple(check for check in found if check is not None)
