"""Placebos in space as a check: how far treated and other areas drew away from what stands in for them."""

import numpy as np

from models import numbers
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.synthetic.placebos import Placebos
from models.synthetic.series import Series
from models.synthetic.words import effect_words

MOST_ROWS = 120
ROUNDING = 1e-9


def placebos_check(series: Series, found: Placebos, level: float) -> Check:
    """Rank the growth of the treated areas' gap among those of other areas taken for treated.

    WARN if the rank contradicts the estimate's own test, or other areas drew away further where too few areas allow a
    test.
    """
    many, total = int(series.treated.sum()), len(found.effects)
    who = f"each of the {total:,} areas" if many == 1 else f"{total:,} sets of {many:,} areas"
    finding = (
        f"With {who} taken for treated in turn, the real choice ranks {found.rank:,} of {total:,} by how much the gap "
        f"grew (root mean square after over before: {numbers.significant(float(found.ratios[found.own]))}; "
        f"{numbers.p_value(found.ratio_p)}, and the smallest possible is {numbers.smallest_p(found.attainable_p)})."
    )
    evidence = _evidence(series, found)
    alpha = 1 - level + ROUNDING
    if found.attainable_p > alpha:
        detail = "There are too few areas for a p-value that by itself would show an effect."
        status = Status.WARN if found.rank > 1 else Status.PASS
        return Check("synthetic_placebos", status, finding, detail, evidence)
    if (found.ratio_p <= alpha) == (found.p_value <= alpha):
        detail = f"The test of the mean gap agrees ({numbers.p_value(found.p_value)})."
        return Check("synthetic_placebos", Status.PASS, finding, detail, evidence)
    detail = f"The test of the mean gap does not agree ({numbers.p_value(found.p_value)}): treat the answer as open."
    return Check("synthetic_placebos", Status.WARN, finding, detail, evidence)


def _evidence(series: Series, found: Placebos) -> Evidence:
    order = [int(i) for i in np.argsort(-found.ratios, kind="stable")]
    shown = order[:MOST_ROWS] if found.own in order[:MOST_ROWS] else [*order[: MOST_ROWS - 1], found.own]
    rows = tuple(
        Row(
            " + ".join(series.names[a] for a in found.sets[i]),
            float(found.ratios[i]),
            note=effect_words(series, float(found.effects[i])),
            chosen=i == found.own,
        )
        for i in shown
    )
    kind = "every choice" if found.exact else "a random choice of them"
    cut = f", of which the {MOST_ROWS} largest are shown" if len(order) > MOST_ROWS else ""
    return Evidence(
        "Gap after the start over gap before it, areas taken for treated in turn",
        Figure.DISTRIBUTION,
        Scale.DIFFERENCE,
        Quantity.NUMBER,
        rows,
        f"{len(order):,} sets, {kind}{cut}. Beside each stands its mean gap after the start.",
        by_area=True,
    )
