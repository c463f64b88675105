"""Placebos in space: the treated areas' estimate among those of other areas taken for treated."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray, IntArray
from models.estimate import Check, Evidence, Figure, Quantity, Row, Status
from models.inference.blocks import Blocks, blocks_of
from models.inference.collapsed import tolerance
from models.inference.permutation import MOST_ENUMERATED, assignments, attainable_p, same_groups
from models.inference.refusal import NoInference
from models.sensitivity.labels import labellings
from models.sensitivity.main import MOST_ROWS, Main, named, not_run, shown
from models.wording import signed

QUANTILES = np.linspace(0.0, 1.0, 21)
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the treated areas stand among sets of areas of the same number.

    Attributes
    ----------
    estimates
        Of each set, on the linear scale, shape (C,).
    own
        Index of the treated areas' own set.
    rank
        1 if no set has a larger estimate in size.
    p_value, attainable_p
        Share of the sets whose estimate is at least as large in size, and the smallest it could be.
    """

    estimates: FloatArray
    own: int
    rank: int
    p_value: float
    attainable_p: float


def placebo_in_space(main: Main, seed: int = 0) -> Check:
    """Take every possible choice of as many areas as are treated for the treated ones, and rank the real choice.

    It is the permutation test of the changes, with its numbers shown; above `MOST_ENUMERATED` choices, a smaller random
    sample of them than the test's own.
    """
    treated = main.panel.treated[main.usable]
    many = int(treated.sum())
    if len(treated) == 2:
        finding = "With one treated and one comparison area there is no other choice of areas to compare with."
        return not_run("placebo_in_space", finding, "Add comparison areas.")
    exact = math.comb(len(treated), many) <= MOST_ENUMERATED
    if exact:
        chosen, floor = assignments(treated, seed)[0], attainable_p(many, len(treated) - many)
    else:
        labels, _ = labellings(treated, seed)
        chosen, floor = np.nonzero(labels)[1].reshape(len(labels), many), 1 / len(labels)
    found = _placed(main, chosen, floor)
    kind = "every possible choice" if exact else f"{len(chosen):,} random choices"
    opening = f"Taking {kind} of {many:,} of the {len(treated):,} areas for treated"
    detail = "It assumes that, without the intervention, any of these areas could have had any of these changes."
    return _check("placebo_in_space", main, found, opening, detail, _evidence(main, chosen, found))


def adjacent_placebos(main: Main, neighbours: Mapping[str, Sequence[str]], seed: int = 0) -> Check | None:
    """Rank the treated areas among the sets of areas that hang together as they do; None without borders.

    Parameters
    ----------
    neighbours
        Areas that border an area, by area; a border counts in both directions.
    seed
        Seed of a random choice of such sets, where there are too many to list.

    Notes
    -----
    Treated areas next to each other share whatever happens in that part of the county, so a fair placebo is a set of
    areas next to each other. With one treated area every area would do: None.
    """
    treated = main.panel.treated[main.usable]
    many = int(treated.sum())
    if not neighbours or many == 1:
        return None
    name, opening = "adjacent_placebos", "Whether adjoining areas elsewhere show such a difference cannot be judged"
    blocks = blocks_of(named(main.panel, main.usable), neighbours, treated, seed)
    if isinstance(blocks, NoInference):
        return not_run(name, f"{opening}.", blocks.reason)
    found = _placed(main, blocks.sets, _floor(blocks, treated))
    detail = "Areas next to each other share what happens in their part of the map, so they are the fairer comparison."
    kind = "sets" if blocks.exact else "randomly drawn sets"
    text = f"Among the {len(blocks.sets):,} {kind} of {many:,} areas that adjoin each other"
    return _check(name, main, found, text, detail, _evidence(main, blocks.sets, found))


def _placed(main: Main, chosen: IntArray, floor: float) -> Placed:
    """Estimate every set at once; `chosen` of shape (C, G1) over the usable areas, rows ascending."""
    w, treated = main.changes.w[main.usable], main.panel.treated[main.usable]
    size = np.ones(len(w)) if main.weights is None else main.weights[main.usable]
    centred = w - w.mean()
    inside, weight = (size * centred)[chosen].sum(axis=1), size[chosen].sum(axis=1)
    estimates = inside / weight - ((size * centred).sum() - inside) / (size.sum() - weight)
    own = int(np.flatnonzero((chosen == np.flatnonzero(treated)).all(axis=1))[0])
    slack = tolerance(w, main.changes.resolution)
    at_least = np.abs(estimates) >= abs(estimates[own]) - slack
    larger = np.abs(estimates) > abs(estimates[own]) + slack
    return Placed(estimates, own, 1 + int(larger.sum()), float(at_least.mean()), floor)


def _floor(blocks: Blocks, treated: BoolArray) -> float:
    """Smallest p of these blocks: the share of them that are the treated areas, or all others.

    Swapping the two groups only turns the sign, so that the others always tie with the treated areas.
    """
    return float(same_groups(treated, blocks.sets).mean())


def _check(name: str, main: Main, found: Placed, opening: str, detail: str, evidence: Evidence) -> Check:
    """WARN if the headline's interval excludes no effect and the rank does not bear it out, or the other way round."""
    finding = (
        f"{opening}, the real choice ranks {found.rank:,} of {len(found.estimates):,} by size of the estimate "
        f"({signed(main.panel, main.effect.estimate)}; {numbers.p_value(found.p_value)}, and the smallest possible is "
        f"{numbers.smallest_p(found.attainable_p)})."
    )
    alpha = 1 - main.level + SLACK
    shows = main.effect.excludes_none
    if found.attainable_p > alpha:
        weak = "There are too few such choices for a p-value that by itself would show an effect."
        beaten = shows and found.rank > 1
        return Check(name, Status.WARN if beaten else Status.PASS, finding, f"{weak} {detail}", evidence)
    if shows == (found.p_value <= alpha) or main.effect.interval is None:
        return Check(name, Status.PASS, finding, detail, evidence)
    said = "shows an effect" if shows else "shows none"
    answer = f"The main interval {said} at this level and this comparison does {'not' if shows else ''}".rstrip()
    return Check(name, Status.WARN, finding, f"{answer}: treat the answer as open. {detail}", evidence)


def _evidence(main: Main, chosen: IntArray, found: Placed) -> Evidence:
    """Give one row per set while they can be read, their quantiles otherwise."""
    title = "Estimates with other areas taken for treated"
    scale = main.panel.scale
    if len(chosen) <= MOST_ROWS:
        names = named(main.panel, main.usable)
        order = np.argsort(found.estimates, kind="stable")
        rows = [
            Row(
                " + ".join(names[a] for a in chosen[i]),
                shown(main.panel, float(found.estimates[i])),
                chosen=bool(i == found.own),
            )
            for i in order
        ]
        return Evidence(title, Figure.DISTRIBUTION, scale, Quantity.OUTCOME, tuple(rows), by_area=True)
    marks = np.quantile(found.estimates, QUANTILES)
    rows = [
        Row(_quantile_words(share), shown(main.panel, float(mark)))
        for share, mark in zip(QUANTILES, marks, strict=True)
    ]
    own = Row("treated areas", shown(main.panel, float(found.estimates[found.own])), chosen=True)
    note = f"Of {len(chosen):,} choices: the estimate that each share of them lies below."
    return Evidence(title, Figure.DISTRIBUTION, scale, Quantity.OUTCOME, (*rows, own), note)


def _quantile_words(share: float) -> str:
    if share in {0.0, 1.0}:
        return "largest" if share else "smallest"
    return f"{numbers.threshold(share)} lie below"
