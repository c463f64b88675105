"""Has the problem moved next door? Areas around the treated ones, by area and by counts."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from models import numbers
from models.arrays import FloatArray
from models.case import Case
from models.changes import Weighting
from models.design import Design
from models.effect import Effect, effect, row_of
from models.estimate import Check, Evidence, Figure, Quantity, Row, Scale, Status
from models.inference.refusal import NoInference
from models.panel import CountCells, Panel, pool_periods
from models.sensitivity.main import main_analysis, main_row, not_run
from models.wording import signed

MOST_STEPS = 500
CONVERGED = 1e-12  # relative change of the fitted means
NOT_SAID = "Whether the problem moved to the areas around cannot be said."
NOT_COUNTED = "How many events were averted or moved cannot be counted."


@dataclass(frozen=True, slots=True)
class WeightedDifference:
    """A weighted sum of counts.

    Attributes
    ----------
    estimate
        Events; negative means fewer.
    std_error
        If counts vary as a Poisson count times the overdispersion given.
    interval
        Normal limits at the level asked for.
    """

    estimate: float
    std_error: float
    interval: tuple[float, float]


def weighted_difference(
    events: FloatArray, weights: FloatArray, level: float, dispersion: float = 1.0
) -> WeightedDifference:
    """Weighted displacement difference (Wheeler & Ratcliffe 2018, Crime Science 7:11).

    Parameters
    ----------
    events
        Counts, any shape.
    weights
        Weight of each count, same shape. With +1 for the treated area and the area around it after, -1 before, and the
        opposite for their comparison areas, the sum is ``(T1 - T0) - (C1 - C0) + (D1 - D0) - (E1 - E0)``.
    level
        Confidence level of the interval, in (0, 1).
    dispersion
        Variance of a count over its mean.

    Notes
    -----
    ``SE^2 = dispersion * sum weight^2 events``; with eight counts of weight one and no overdispersion, the square root
    of their sum.
    """
    estimate = float((weights * events).sum())
    std_error = float(np.sqrt(dispersion * (weights**2 * events).sum()))
    half = float(stats.norm.ppf((1 + level) / 2)) * std_error
    return WeightedDifference(estimate, std_error, (estimate - half, estimate + half))


def displacement_quotient(target: FloatArray, around: FloatArray, control: FloatArray) -> float | None:
    """Weighted displacement quotient (Bowers & Johnson 2003, Journal of Quantitative Criminology 19:275).

    Parameters
    ----------
    target, around, control
        Counts before and after in the treated area, the area around it and the control area, shape (2,).

    Returns
    -------
    float | None
        ``(D1/C1 - D0/C0) / (T1/C1 - T0/C0)``: above 0 the areas around shared in the fall, below 0 part of it moved
        there, below -1 more than all of it. None unless the target fell relative to the control.
    """
    if control.min() <= 0:
        return None
    moved, fell = (float(x[1] / control[1] - x[0] / control[0]) for x in (around, target))
    return moved / fell if fell < 0 else None


def dispersion(events: FloatArray, exposure: FloatArray) -> tuple[float, int]:
    """Pearson's chi-square of counts about area and period effects, and its degrees of freedom.

    Parameters
    ----------
    events, exposure
        Shape (A, T); cells without exposure are left out.

    Notes
    -----
    Means ``exposure * a_g * l_t`` by iterative scaling, which is the Poisson maximum likelihood. Areas and periods
    without any event tell nothing of the spread and are left out.
    """
    seen = exposure > 0
    areas, periods = (np.where(seen, events, 0.0).sum(axis=axis) > 0 for axis in (1, 0))
    counts, offset = (np.where(seen, x, 0.0)[np.ix_(areas, periods)] for x in (events, exposure))
    df = int((offset > 0).sum()) - sum(counts.shape) + 1
    if df < 1:
        return 0.0, 0
    period = np.ones(counts.shape[1])
    for _ in range(MOST_STEPS):
        area = counts.sum(axis=1) / (offset @ period)
        following = counts.sum(axis=0) / (area @ offset)
        settled = np.abs(following / period - 1).max() < CONVERGED
        period = following
        if settled:
            break
    mean = offset * area[:, None] * period
    inside = mean > 0
    return float(((counts[inside] - mean[inside]) ** 2 / mean[inside]).sum()), df


# Checks -----------------------------------------------------------------------------------------------------------


def displacement(case: Case, design: Design, weighting: Weighting = Weighting.EQUAL) -> Check | None:
    """Estimate the effect on the areas around the treated ones; None if none are declared."""
    if case.rings is None:
        return None
    main = main_analysis(case.panel, design.level, weighting)
    found = effect(case.rings, design.level, weighting=weighting)
    if isinstance(found, NoInference):
        return not_run("displacement", NOT_SAID, found.reason)
    own = () if isinstance(main, NoInference) else (main_row(main, "treated areas"),)
    row = row_of("areas around them", case.rings, found)
    title = "Effect in the treated areas and in those around them"
    evidence = Evidence(title, Figure.FOREST, case.rings.scale, Quantity.OUTCOME, (*own, row))
    spread = ""
    if found.interval is not None and row.lo is not None:
        lo, hi = (signed(case.rings, limit) for limit in found.interval)
        spread = f" ({numbers.interval_name(design.level)} {lo} to {hi})"
    finding = (
        f"In the areas around the treated ones, the outcome changed by {signed(case.rings, found.estimate)} relative "
        f"to their own comparison areas{spread}"
    )
    status, verdict, detail = _moved(found, case.better)
    return Check("displacement", status, f"{finding}: {verdict}.", detail, evidence)


def _moved(found: Effect, better: int) -> tuple[Status, str, str]:
    if found.interval is None:
        return Status.NOT_RUN, "too few areas to tell that from chance", ""
    if not found.excludes_none:
        detail = "Both a move next door and a benefit there, within the interval, remain possible."
        return Status.PASS, "neither a move next door nor a benefit there is shown", detail
    if found.estimate * better < 0:
        return Status.WARN, "part of the problem may have moved there", "The effect on all areas together is smaller."
    return Status.PASS, "they seem to have shared in the benefit", "The effect on all areas together is larger."


@dataclass(frozen=True, slots=True)
class _Terms:
    """Counts of some areas in both windows, with the weight of each; baseline first, shape (A, 2)."""

    areas: tuple[str, ...]
    events: FloatArray
    weights: FloatArray
    treated: np.typing.NDArray[np.bool_]


def weighted_displacement(case: Case, design: Design) -> Check | None:
    """Count the events averted and moved, by the weighted displacement difference and quotient."""
    if case.rings is None:
        return None
    pairs = [_terms(panel) for panel in (case.panel, case.rings)]
    inside, around = pairs
    if inside is None or around is None:
        reason = "A group has no area with data in both windows, or no comparison areas."
        return not_run("weighted_displacement", NOT_COUNTED, reason)
    phi = _overdispersion(case.panel, case.rings)
    both = _together(inside, around)
    found = [weighted_difference(*part, design.level, phi or 1.0) for part in (_plain(inside), _plain(around), both)]
    labels = ("treated areas", "areas around them", "together")
    rows = tuple(Row(label, f.estimate, *f.interval) for label, f in zip(labels, found, strict=True))
    evidence = Evidence(
        title="Events in the follow-up beyond what comparison areas lead to expect",
        figure=Figure.FOREST,
        scale=Scale.DIFFERENCE,
        quantity=Quantity.NUMBER,
        rows=rows,
        note=_scaled_words(phi),
        by_area=True,  # a difference in events beside the ratio gives the events
    )
    quotient = displacement_quotient(*_totals(inside, around))
    turned = found[0].estimate * found[2].estimate < 0 and not found[1].interval[0] <= 0 <= found[1].interval[1]
    finding = (
        f"Relative to comparison areas, treated areas had {_events(found[0])} events in the follow-up and the areas "
        f"around them {_events(found[1])}, together {_events(found[2])}{_quotient_words(quotient)}."
    )
    detail = (
        "Its range counts events as if areas had no ups and downs of their own, so it is too narrow: judge by the test "
        "of areas."
    )
    if turned:
        detail = f"The areas around outweigh the treated ones. {detail}"
    return Check("weighted_displacement", Status.WARN if turned else Status.PASS, finding, detail, evidence)


def _terms(panel: Panel) -> _Terms | None:
    """Weigh counts so that their sum is treated areas' events in the follow-up beyond those to be expected.

    A baseline count is scaled to its area's exposure in the follow-up (longer windows, growing populations), and the
    comparison areas to the exposure of the treated ones.
    """
    windows = [pool_periods(panel.cells, w) for w in (panel.periods.baseline, panel.periods.follow_up)]
    counts = [w for w in windows if isinstance(w, CountCells)]
    if len(counts) < len(windows):
        return None
    events, exposure = (np.column_stack([getattr(w, name)[:, 0] for w in counts]) for name in ("events", "exposure"))
    usable = (exposure > 0).all(axis=1)
    treated = panel.treated[usable]
    if not treated.any() or treated.all():
        return None
    events, exposure = events[usable], exposure[usable]
    size = exposure[treated, 1].sum() / exposure[~treated, 1].sum()
    after = np.where(treated, 1.0, -size)
    weights = np.column_stack([-after * exposure[:, 1] / exposure[:, 0], after])
    names = tuple(a for a, kept in zip(panel.areas, usable, strict=True) if kept)
    return _Terms(names, events, weights, treated)


def _plain(terms: _Terms) -> tuple[FloatArray, FloatArray]:
    return terms.events, terms.weights


def _together(inside: _Terms, around: _Terms) -> tuple[FloatArray, FloatArray]:
    """Counts and weights of both pairs; an area that stands in both is one count with the sum of its weights."""
    names, index = np.unique(np.asarray([*inside.areas, *around.areas]), return_inverse=True)
    weights, events = np.zeros((len(names), 2)), np.zeros((len(names), 2))
    np.add.at(weights, index, np.concatenate([inside.weights, around.weights]))
    events[index] = np.concatenate([inside.events, around.events])
    return events, weights


def _totals(inside: _Terms, around: _Terms) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Counts before and after of treated areas, areas around and treated areas' comparison areas, baseline scaled."""
    scaled = [t.events * np.abs(t.weights) / np.abs(t.weights[:, 1:]) for t in (inside, around)]
    return (
        scaled[0][inside.treated].sum(axis=0),
        scaled[1][around.treated].sum(axis=0),
        scaled[0][~inside.treated].sum(axis=0),
    )


def _overdispersion(*panels: Panel) -> float | None:
    """Variance of baseline counts over their mean, at least 1; None where the baseline is too short to tell."""
    square, df = 0.0, 0
    for panel in panels:
        window = panel.periods.baseline
        if isinstance(panel.cells, CountCells) and window.any():
            part, more = dispersion(panel.cells.events[:, window], panel.cells.exposure[:, window])
            square, df = square + part, df + more
    return max(1.0, square / df) if df else None


def _scaled_words(phi: float | None) -> str:
    scaled = (
        "Baselines are scaled to the follow-up's length and people, comparison areas to the size of those compared."
    )
    if phi is None:
        return f"{scaled} Events are taken as independent."
    return (
        f"{scaled} The variance of a count is taken as {numbers.significant(phi)} times its mean, as in the baseline."
    )


def _events(found: WeightedDifference) -> str:
    size = abs(found.estimate)
    return f"{numbers.fixed(size, 0 if size >= 10 else 1)} {'fewer' if found.estimate < 0 else 'more'}"


def _quotient_words(quotient: float | None) -> str:
    if quotient is None:
        return ""
    return (
        f"; the displacement quotient is {numbers.signed(quotient, 2)}, where 1 is as large a fall around as inside, 0 "
        f"is none, and {numbers.MINUS}1 a move of the whole fall next door"
    )
