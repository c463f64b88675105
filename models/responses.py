"""Surveys: who answered, and how far those who did not could change the estimate.

The denominator is everyone asked, never those who answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.case import Case
from models.case_mix import at_mix, kinds_of, resolution_of
from models.changes import RESOLUTION, Weighting
from models.composition import together_words
from models.design import Design
from models.effect import Effect, disagreement, effect_of, row_of
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.inference.collapsed import contrast
from models.inference.refusal import NoInference
from models.panel import Kind, OrdinalCells, Panel
from models.sensitivity.compare import Alternative, compared, rows_of
from models.sensitivity.main import Main, forest, main_analysis, main_row, not_run
from models.summary import summarise
from models.wording import SHARES, signed

CANNOT_RATE = "Whether the share who answered changed differently cannot be judged."
CANNOT_BOUND = "How far those who did not answer could change the estimate cannot be said."
CANNOT_WEIGH = "What the estimate would be had everyone answered alike cannot be said."
NO_ENDS = (
    "The outcome has no lowest and no highest value, so nothing bounds what those who did not answer would have given."
)
WORST = "on everyone asked, whatever the others would have said"
TRIMMED = "on people who answer either way"
NOBODY = (
    "In a treated area, by the change in comparison areas, nobody would have answered without the intervention, so "
    "there is nobody whose answers could be compared."
)


# The response rate ------------------------------------------------------------------------------------------------


def response_rate(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> Check | None:
    """Ask whether the share who answered changed differently in treated areas; None if nothing can be left blank."""
    if case.asked is None:
        return None
    main = main_analysis(case.asked, design.level, weighting)
    if isinstance(main, NoInference):
        return not_run("response_rate", CANNOT_RATE, main.reason)
    found = main.effect
    weights = None if main.weights is None else main.weights[main.usable]
    parts = contrast(case.asked.treated[main.usable], weights) * main.changes.w[main.usable]
    treated = case.asked.treated[main.usable]
    rows = (
        row_of("treated areas less comparison areas", case.asked, found),
        Row("change in treated areas", float(parts[treated].sum())),
        Row("change in comparison areas", float(-parts[~treated].sum())),
    )
    evidence = Evidence(
        title="Change in the share who answered",
        figure=Figure.FOREST,
        scale=Scale.DIFFERENCE,
        quantity=Quantity.POINTS,
        rows=rows,
    )
    finding = (
        "Relative to comparison areas, the share of those asked who answered changed by "
        f"{numbers.points(found.estimate)} points in treated areas{_range(case.asked, found, design.level)}."
    )
    if found.excludes_none:
        detail = "Other people answered than before, which can look like an effect."
        return Check("response_rate", Status.WARN, finding, detail, evidence)
    if found.interval is None:
        return Check("response_rate", Status.NOT_RUN, finding, "Too few areas to tell a change from chance.", evidence)
    detail = "Changes within the interval cannot be ruled out, and who answers can change while their number does not."
    return Check("response_rate", Status.PASS, finding, detail, evidence)


def _range(panel: Panel, found: Effect, level: float) -> str:
    if found.interval is None:
        return ""
    lo, hi = (signed(panel, limit) for limit in found.interval)
    return f" ({numbers.interval_name(level)} {lo} to {hi})"


# Bounds -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answered:
    """Those asked in G areas and the two windows, baseline first.

    Attributes
    ----------
    value
        Mean among those who answered, shape (G, 2).
    rate
        Share who answered, shape (G, 2), > 0.
    treated
        Mask of the treated areas, shape (G,).
    weights
        Weight of each area, shape (G,); None if they count equally.
    """

    value: FloatArray
    rate: FloatArray
    treated: BoolArray
    weights: FloatArray | None


def worst_case(answered: Answered, low: float = 0.0, high: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Changes of everyone asked that make the effect smallest and largest, shape (G,) each.

    Parameters
    ----------
    low, high
        Ends of what a value can be: 0 and 1 for a share, 1 and L for ratings.

    Notes
    -----
    The mean of everyone asked lies between ``r v + (1 - r) low`` and ``r v + (1 - r) high`` (Manski 1990, American
    Economic Review 80:319). The effect is smallest where treated areas go from their highest to their lowest, and
    comparison areas from their lowest to their highest. Nothing is assumed of those who did not answer.
    """
    least = answered.rate * answered.value + (1 - answered.rate) * low
    most = answered.rate * answered.value + (1 - answered.rate) * high
    fall, rise = least[:, 1] - most[:, 0], most[:, 1] - least[:, 0]
    return np.where(answered.treated, fall, rise), np.where(answered.treated, rise, fall)


def trimmed(answered: Answered) -> tuple[FloatArray, FloatArray] | NoInference:
    """Changes that make the effect smallest and largest among people who answer with or without the intervention.

    Returns
    -------
    tuple | NoInference
        Changes of shape (G,) each. A refusal if in a treated area nobody would have answered without it.

    Notes
    -----
    The bounds of Lee (2009, Review of Economic Studies 76:1071), carried to a difference-in-differences of areas. Let
    v and r be the share and the response rate of a treated area, 0 and 1 the windows, and V and R the comparison areas'
    mean changes in them. Without the intervention the area would have had the response rate ``r* = r0 + R`` and, among
    those who answered, the share ``v* = v0 + V``. The intervention moves people in one direction only (monotonicity):
    where ``r1 > r*`` it made some answer, and a part ``q = (r1 - r*) / r1`` of the answers in the follow-up is theirs;
    where ``r1 < r*`` it kept some from answering, and a part ``q = (r* - r1) / r*`` of the answers there would have
    been is theirs. Taking a part q off the top of that group's answers, or off the bottom, turns its share p into
    ``max(0, (p - q) / (1 - q))`` or ``min(1, p / (1 - q))``. The effect is v1 less v*, with the one that holds the
    extra answers so trimmed. With ``r1 = r*`` it is the ordinary estimate.

    This is the effect on those who would answer either way, and the worst case that on everyone asked, so neither
    range need hold the other.
    """
    signs = contrast(answered.treated, answered.weights)
    change, shift = (x[:, 1] - x[:, 0] for x in (answered.value, answered.rate))
    others = ~answered.treated
    drift, turn = (float(-(signs * x)[others].sum()) for x in (change, shift))
    value, rate = answered.value[answered.treated], answered.rate[answered.treated]
    without = np.minimum(rate[:, 0] + turn, 1.0)
    if (without <= 0).any():
        return NoInference(NOBODY)
    mean = value[:, 0] + drift
    extra = np.maximum(1 - without / rate[:, 1], 0.0)
    lost = np.maximum(1 - rate[:, 1] / without, 0.0)
    own_least, own_most = _ends(value[:, 1], extra)
    # a mean that parallel changes carry past the ends of a share is trimmed from the end
    share = np.clip(mean, 0.0, 1.0)
    least, most = _ends(share, lost)
    low, high = change.copy(), change.copy()
    low[answered.treated] = own_least - (mean + most - share) + drift
    high[answered.treated] = own_most - (mean + least - share) + drift
    return low, high


def _ends(share: FloatArray, extra: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest share left when a part `extra` < 1 of a group is taken away."""
    return np.maximum(share - extra, 0.0) / (1 - extra), np.minimum(share / (1 - extra), 1.0)


def bounds(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> Check | None:
    """Bound the effect whatever those who did not answer would have said; None if nothing can be left blank."""
    if case.asked is None:
        return None
    if case.panel.kind not in SHARES:
        return not_run("response_bounds", CANNOT_BOUND, NO_ENDS)
    main = main_analysis(case.panel, design.level, weighting)
    if isinstance(main, NoInference):
        return not_run("response_bounds", CANNOT_BOUND, main.reason)
    answered = _answered(main, case.asked)
    worst = [_effect(main, w) for w in worst_case(answered)]
    cut = trimmed(answered)
    inner = [cut] if isinstance(cut, NoInference) else [_effect(main, w) for w in cut]
    rows = (main_row(main), *_pair(main, worst, WORST), *_pair(main, inner, TRIMMED))
    note = (
        "The first range is of the effect on everyone asked; the second of that on people who answer either way, if "
        "the intervention moves answering in one direction only. The range of a row is for chance between areas."
    )
    evidence = forest(main, "What those who did not answer could change", rows, note=note)
    status, finding = _bounds_found(main, worst, [found for found in inner if isinstance(found, Effect)])
    return Check("response_bounds", status, finding, _rating_words(case.panel, answered, main), evidence)


def _bounds_found(main: Main, worst: Sequence[Effect], inner: Sequence[Effect]) -> tuple[Status, str]:
    """Judge by the second range, which is the narrower question; by the worst case where there is no other."""
    finding = (
        f"With nothing assumed of those who did not answer, the effect on everyone asked lies {_between(main, worst)}"
    )
    if inner:
        finding += f"; that {TRIMMED}, {_between(main, inner)}"
    against = [how for found in inner or worst if (how := disagreement(main.effect, found))]
    if against:
        end = "at an end of that range the estimate"
        return Status.WARN, f"{finding}, and {end} {against[0]}."
    return Status.PASS, f"{finding}, which does not change the answer."


def _answered(main: Main, asked: Panel) -> Answered:
    """Those asked in the areas of the main analysis."""
    periods = main.panel.periods
    windows = (periods.baseline, periods.follow_up)
    value = np.column_stack([summarise(main.panel.cells, window).value for window in windows])
    rate = np.column_stack([summarise(asked.cells, window).value for window in windows])
    weights = None if main.weights is None else main.weights[main.usable]
    return Answered(value[main.usable], rate[main.usable], main.panel.treated[main.usable], weights)


def _effect(main: Main, w: FloatArray) -> Effect:
    weights = None if main.weights is None else main.weights[main.usable]
    return effect_of(w, main.panel.treated[main.usable], main.level, RESOLUTION, weights)


def _pair(main: Main, found: Sequence[Effect | NoInference], group: str) -> tuple[Row, ...]:
    labels = ("least it could be", "most it could be") if len(found) > 1 else ("not available",)
    return tuple(row_of(label, main.panel, one, group=group) for label, one in zip(labels, found, strict=True))


def _between(main: Main, found: Sequence[Effect]) -> str:
    low, high = (signed(main.panel, one.estimate) for one in found)
    return f"anywhere between {low} and {high}"


def _rating_words(panel: Panel, answered: Answered, main: Main) -> str:
    """The worst case on the mean rating, for ordered answers."""
    if not isinstance(panel.cells, OrdinalCells):
        return ""
    levels = panel.cells.n.shape[2]
    means = np.column_stack(
        [_mean_rating(panel.cells, window) for window in (panel.periods.baseline, panel.periods.follow_up)]
    )[main.usable]
    rated = Answered(means, answered.rate, answered.treated, answered.weights)
    ends = [_effect(main, w).estimate for w in worst_case(rated, 1.0, float(levels))]
    low, high = (numbers.signed(end, 2) for end in ends)
    return f"On the mean of ratings from 1 to {levels}, the worst case is between {low} and {high}."


def _mean_rating(cells: OrdinalCells, window: BoolArray) -> FloatArray:
    n = np.where(window[:, None], cells.n, 0.0).sum(axis=1)
    total = n.sum(axis=1)
    mean = np.full(total.shape, np.nan)
    np.divide(n @ np.arange(1.0, n.shape[1] + 1), total, out=mean, where=total > 0)
    return mean


# Everyone asked, by kind ------------------------------------------------------------------------------------------


def reweighted(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> Check | None:
    """Let each kind of case count by how many were asked, not by how many answered; None without kinds or blanks.

    Notes
    -----
    ``V_aw = sum_s asked_aws v_aws / sum_s asked_aws``, which weighs each answer by one over the response rate of its
    kind in its area and window: the estimate as if everyone asked had answered at random within a kind.
    """
    if case.asked is None or not case.strata:
        return None
    if case.panel.kind is Kind.COUNT:
        return not_run("reweighted", CANNOT_WEIGH, "The outcome counts events, which have no response rate.")
    main = main_analysis(case.panel, design.level, weighting)
    if isinstance(main, NoInference):
        return not_run("reweighted", CANNOT_WEIGH, main.reason)
    kinds = kinds_of(case.strata, case.panel.periods, main.usable, everywhere=False)
    if isinstance(kinds, NoInference):
        return not_run("reweighted", CANNOT_WEIGH, kinds.reason)
    values = at_mix(kinds, kinds.cases)[main.usable]
    weights = None if main.weights is None else main.weights[main.usable]
    treated = case.panel.treated[main.usable]
    w = values[:, 1] - values[:, 0]
    found = effect_of(w, treated, design.level, resolution_of(kinds.values), weights)
    asked = [Alternative("everyone asked, by kind of case", found)]
    evidence = forest(main, "The estimate weighted to everyone asked", rows_of(main, asked))
    detail = (
        "Each kind of case counts by how many were asked, as if those who answered spoke for all of their kind. It "
        f"cannot allow for differences within a kind.{together_words(kinds)}"
    )
    return compared("reweighted", main, asked, "With answers weighted to everyone asked", detail, evidence)
