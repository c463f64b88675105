"""Other areas: each left out in turn, without dominant ones, without those next door."""

from collections.abc import Mapping, Sequence

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.borders import Borders, bordering, borders_of
from models.estimate import Check, Status
from models.inference.collapsed import contrast
from models.inference.permutation import attainable_p
from models.sensitivity.compare import Alternative, compared, rows_of
from models.sensitivity.main import MOST_ROWS, Main, effect_among, forest, members, named, not_run
from models.wording import listed

HANGS = "An answer that hangs on one area is an answer about that area."
WIDER = "With fewer areas intervals are wider, so that a difference can be lost from sight without having gone."


def leave_one_out(main: Main) -> Check:
    """Leave out each treated and each comparison area in turn.

    With more areas than rows that can be read, those whose absence moves the estimate most.
    """
    groups = ((main.treated, "Treated areas"), (main.comparison, "Comparison areas"))
    every = [(a, name) for group, name in groups if group.sum() > 1 for a in np.flatnonzero(group).tolist()]
    if not every:
        finding = "No area can be left out: one treated and one comparison area is the least an estimate needs."
        return not_run("leave_one_out", finding)
    shift = _shifts(main)
    largest = {a for a, _ in sorted(every, key=lambda each: -abs(shift[each[0]]))[:MOST_ROWS]}
    chosen = [(a, group) for a, group in every if a in largest]
    others = [
        Alternative(f"without {main.panel.areas[a]}", effect_among(main, _all_but(main, a)), g) for a, g in chosen
    ]
    few = len(chosen) < len(every)
    note = f"The {len(chosen):,} of {len(every):,} areas whose absence moves the estimate most." if few else ""
    evidence = forest(main, "With each area left out in turn", rows_of(main, others), note=note, by_area=True)
    single = "" if main.treated.sum() > 1 else "The one treated area cannot be left out."
    detail = " ".join(filter(None, [single, note, HANGS, WIDER]))
    return compared("leave_one_out", main, others, "Leaving out one area at a time", detail, evidence)


def _all_but(main: Main, area: int) -> BoolArray:
    keep = np.ones(len(main.panel.areas), dtype=np.bool_)
    keep[area] = False
    return keep


def _shifts(main: Main) -> FloatArray:
    """How far the estimate moves when an area is left out, shape (A,); 0 where it cannot be.

    A weighted mean m of a group moves by ``-(W - m) s / (1 - s)`` when an area with share s of the weight goes; the
    estimate follows the treated areas' mean, and goes against the comparison areas'.
    """
    usable, treated = main.usable, main.panel.treated
    share = np.zeros(len(usable))
    share[usable] = np.abs(contrast(treated[usable], None if main.weights is None else main.weights[usable]))
    w = np.where(usable, main.changes.w, 0.0)
    mean = np.where(treated, (share * w)[treated].sum(), (share * w)[~treated].sum())
    alone = share >= 1.0
    moved = -(w - mean) * share / np.where(alone, 1.0, 1 - share)
    return np.where(usable & ~alone, np.where(treated, moved, -moved), 0.0)


def without_dominant(main: Main, dominant: Sequence[str]) -> Check | None:
    """Leave out each declared dominant area, and all of them together; None if none is declared or in the data."""
    names = [name for name in dict.fromkeys(dominant) if (members(main.panel, [name]) & main.usable).any()]
    if not names:
        return None
    sets = [[name] for name in names] + ([names] if len(names) > 1 else [])
    others = [
        Alternative(f"without {listed(left)}", effect_among(main, ~members(main.panel, left)), note=_floor(main, left))
        for left in sets
    ]
    evidence = forest(main, "Without dominant areas", rows_of(main, others), by_area=True)
    detail = (
        f"This asks whether the estimate hangs on {'them' if len(names) > 1 else 'it'}; it is not another test, "
        f"because with fewer areas {_floor(main, names)}. With all areas that is {numbers.smallest_p(_smallest(main))}."
    )
    together = " one by one and together" if len(names) > 1 else ""
    return compared("without_dominant", main, others, f"Leaving out {listed(names)}{together}", detail, evidence)


def _smallest(main: Main, left: Sequence[str] = ()) -> float:
    keep = ~members(main.panel, left)
    return attainable_p(max(1, int((main.treated & keep).sum())), max(1, int((main.comparison & keep).sum())))


def _floor(main: Main, left: Sequence[str]) -> str:
    return f"the smallest p-value a permutation test can give is {numbers.smallest_p(_smallest(main, left))}"


def without_neighbours(main: Main, neighbours: Mapping[str, Sequence[str]]) -> Check | None:
    """Leave out the comparison areas that border a treated area, for spillover; None without borders.

    Parameters
    ----------
    neighbours
        Areas that border an area, by area; a border counts in both directions.
    """
    name = "without_neighbours"
    if not neighbours:
        return None
    borders = borders_of(main.panel.areas, neighbours)
    beside = bordering(borders, main.panel.treated) & main.comparison
    unknown = _unknown(main, borders)
    if not beside.any():
        finding = "No comparison area is known to border a treated area."
        return not_run(name, finding, unknown) if unknown else Check(name, Status.PASS, finding)
    if (beside == main.comparison).all():
        finding = "Every comparison area borders a treated area, so spillover cannot be told by leaving neighbours out."
        return not_run(name, finding, "Add comparison areas further away.")
    left = named(main.panel, beside)
    other = Alternative(f"without {listed(left)}", effect_among(main, ~beside))
    evidence = forest(main, "Without the comparison areas next door", rows_of(main, [other]), by_area=True)
    opening = f"Without the comparison areas that border a treated area ({listed(left)})"
    detail = f"If the intervention reached across a border, these areas changed too and hide part of it. {WIDER}"
    return compared(name, main, [other], opening, f"{detail} {unknown}".rstrip(), evidence)


def _unknown(main: Main, borders: Borders) -> str:
    """Name the areas between which no border was declared or denied; empty if all pairs across groups are settled."""
    treated, comparison = main.treated & ~borders.listed, main.comparison & ~borders.listed
    if not treated.any() or not comparison.any():
        return ""
    return f"No list of borders is given for {listed(named(main.panel, treated))}."
