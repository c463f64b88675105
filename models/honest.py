"""HonestDiD: how large a break from parallel trends a finding would survive (Rambachan & Roth 2023).

Two restrictions on what would have happened anyway: no step larger than a multiple of the largest one seen before the
start, and no sharper bend than so much in the line seen before it. The numbers come from `models.honest_bounds` for few
areas, and from `models.honest_sets` where areas are enough for normal theory.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models import honest_bounds as few
from models import honest_sets as many
from models import numbers
from models.arrays import FloatArray
from models.bins import BinValues, bin_values, bins_of
from models.changes import limits_on_scale
from models.effect import Effect, disagreement, effect_of
from models.estimate import Check, Row, Status
from models.inference.headline import Method, choose
from models.inference.refusal import NoInference
from models.sensitivity.main import Main, forest, main_row, not_run, shown
from models.wording import listed, signed

MAGNITUDES, SMOOTHNESS = "honest_relative_magnitudes", "honest_smoothness"
TIMES = (0.0, 0.5, 1.0, 1.5, 2.0)
ENOUGH_DF = 30.0
"""Degrees of freedom from which a t distribution is near enough to a normal one."""
DF_PER_BIN = 3.0
"""Degrees of freedom needed for each bin before the covariance of bins is relied on."""
FINE = 0.001  # of what is searched: how exactly a breakdown is found
LEAST_SHOWN = 0.05  # rounds to nought

type _Interval = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What both checks stand on.

    Attributes
    ----------
    main
        The main analysis.
    values
        Each area's value in each bin.
    look
        Differences between the groups, and the variation between areas.
    normal
        Whether areas are enough for normal theory: the headline is cluster-robust, with many degrees of freedom, and
        the bins have a covariance of full rank.
    """

    main: Main
    values: BinValues
    look: few.Look
    normal: bool

    @property
    def word(self) -> str:
        """Name of a bin."""
        return self.values.bins.length.word

    @property
    def study(self) -> many.EventStudy:
        """The same for normal theory."""
        look = self.look
        return many.EventStudy(look.estimate, look.factor.T @ look.factor, look.positions, look.before)

    @property
    def weights(self) -> FloatArray:
        """Weight of each bin after the start in the mean effect."""
        count = len(self.look.estimate) - self.look.before
        return np.full(count, 1 / count)

    def effect(self, coefficients: FloatArray) -> Effect:
        """Effect given by a contrast of the bins, shape (B,), by the headline's inference."""
        main, kept = self.main, self.values.areas
        weights = None if main.weights is None else main.weights[kept]
        slack = self.values.resolution * float(np.abs(coefficients).sum())
        return effect_of(self.values.values @ coefficients, main.panel.treated[kept], main.level, slack, weights)


def honest(main: Main) -> tuple[Check, Check]:
    """Bound the mean effect of the bins after the start under relative magnitudes and under smoothness.

    Returns
    -------
    tuple of Check
        `honest_relative_magnitudes` and `honest_smoothness`: WARN if the answer changes already without a break (or if
        the earlier line went on), or with one smaller than the largest seen before the start.
    """
    ground = ground_of(main)
    if isinstance(ground, NoInference):
        finding = "How large a break from parallel trends the finding would survive cannot be judged."
        return not_run(MAGNITUDES, finding, ground.reason), not_run(SMOOTHNESS, finding, ground.reason)
    return _magnitudes(ground), _smoothness(ground)


def changed_answer(main: Effect, other: Effect) -> str:
    """As `disagreement`; but two estimates of which neither excludes no effect do not differ by their direction."""
    return disagreement(main, other) if main.excludes_none or other.excludes_none else ""


def ground_of(main: Main) -> Ground | NoInference:
    """Cut time into bins and take the differences between the groups."""
    bins = bins_of(main.panel)
    values = bins if isinstance(bins, NoInference) else bin_values(main.panel, bins, main.usable)
    if isinstance(values, NoInference):
        return values
    before, word = len(values.bins.before), values.bins.length.word
    if before < 2:
        return NoInference(f"It needs two {word}s of baseline, to see how the groups moved without the intervention.")
    treated = main.panel.treated[values.areas]
    weights = None if main.weights is None else main.weights[values.areas]
    look = few.look(values.values, treated, values.bins.positions, before, main.level, weights, values.resolution)
    if isinstance(look, NoInference):
        return look
    clustered = choose(int(treated.sum()), int((~treated).sum())).method is Method.CLUSTER_ROBUST
    enough = look.df >= max(ENOUGH_DF, DF_PER_BIN * len(look.estimate))
    full = int(np.linalg.matrix_rank(look.factor)) == len(look.estimate) - 1  # all but the reference
    return Ground(main, values, look, clustered and enough and full)


def _magnitudes(ground: Ground) -> Check:
    look, main, word = ground.look, ground.main, ground.word
    base = ground.effect(look.mean_after)
    intervals = [magnitudes_interval(ground, times) for times in TIMES]
    rows = [main_row(main)]
    for times, interval in zip(TIMES, intervals, strict=True):
        found = few.relative_magnitudes(look, times)
        label = f"steps of up to {times:g} times the largest seen" if times else "no break"
        rows.append(_row(ground, label, found.estimate, interval, found.bounds if times else None))
    survives = magnitudes_breakdown(ground)
    opening = f"Measured from {ground.values.bins.reference.label}, the last {word} of the baseline, the estimate is"
    surviving = (
        f"The finding would survive a break from parallel trends {_up_to(survives)} the largest one seen before the "
        "start."
    )
    status, finding = verdict(ground, base, opening, surviving, (survives, intervals[2]))
    step = signed(main.panel, look.largest_step).lstrip("+")
    worst = look.reach * look.largest_step
    aside = (
        f"Leaving chance aside, it would take steps {numbers.fixed(abs(base.estimate) / worst, 1)} times as large to "
        "account for all of the estimate."
        if worst > 0
        else ""
    )
    detail = _joined(f"The largest step seen from one {word} to the next is {step}.", aside, _method(ground))
    title = "The effect if the groups would have moved apart anyway, in steps no larger than those seen before"
    return Check(MAGNITUDES, status, finding, detail, forest(main, title, rows, note=_note(ground)))


def magnitudes_interval(ground: Ground, times: float) -> _Interval:
    """Interval for the mean effect if no step exceeds `times` the largest earlier one; None if no effect is left."""
    if ground.normal:
        return many.conditional_set(ground.study, ground.weights, times, ground.main.level)
    return few.relative_magnitudes(ground.look, times).interval


def magnitudes_breakdown(ground: Ground) -> float | None:
    """Smallest multiple at which that interval holds no effect; None beyond `models.honest_bounds.MOST_TIMES`."""
    if not ground.normal:
        return few.breakdown_times(ground.look)
    study, weights, level = ground.study, ground.weights, ground.main.level
    return _first(lambda times: many.set_holds(study, weights, times, level, 0.0))


def _smoothness(ground: Ground) -> Check:
    look, main, word = ground.look, ground.main, ground.word
    if look.before < 3:
        finding = "Whether the finding would survive a bend in the earlier trend cannot be judged."
        return not_run(SMOOTHNESS, finding, f"It needs three {word}s of baseline, to see a trend bend.")
    base = ground.effect(few.line_through(look, look.before))
    bends = [times * look.largest_bend for times in TIMES]
    intervals = [smoothness_interval(ground, bend) for bend in bends]
    rows = [main_row(main)]
    for times, bend, interval in zip(TIMES, bends, intervals, strict=True):
        size = signed(main.panel, bend).lstrip("+")
        label = f"bends of up to {times:g} times the largest seen ({size})" if times else "the earlier line goes on"
        bounds = few.smoothness(look, bend).bounds if times and not ground.normal else None
        rows.append(_row(ground, label, (interval[0] + interval[1]) / 2, interval, bounds))
    survives = smoothness_breakdown(ground)
    surviving = (
        "Against the line seen before the start, carried on, the finding would survive a bend "
        f"{_up_to(survives)} the largest one seen in it."
    )
    opening = "If the earlier drift between the groups had gone on in a straight line, the estimate would be"
    status, finding = verdict(ground, base, opening, surviving, (survives, intervals[2]))
    line = f"A bend is a change of slope from one {word} to the next."
    title = (
        "The effect if the earlier drift between the groups had gone on, with bends no sharper than those seen before"
    )
    evidence = forest(main, title, rows, note=_note(ground))
    return Check(SMOOTHNESS, status, finding, _joined(line, _method(ground)), evidence)


def smoothness_interval(ground: Ground, bend: float) -> tuple[float, float]:
    """Interval for the mean effect if the slope changes by at most `bend` from one bin to the next."""
    if ground.normal:
        return many.fixed_length(ground.study, ground.weights, bend, ground.main.level)
    return few.smoothness(ground.look, bend).interval


def smoothness_breakdown(ground: Ground) -> float | None:
    """Smallest multiple of the largest bend at which that interval holds no effect; None beyond `MOST_TIMES`."""
    unit = ground.look.largest_bend
    if not ground.normal:
        bend = few.breakdown_bend(ground.look)
        return bend / unit if bend <= few.MOST_TIMES * unit else None

    def holds(times: float) -> bool:
        low, high = smoothness_interval(ground, times * unit)
        return low <= 0 <= high

    return _first(holds)


def _first(holds: Callable[[float], bool]) -> float | None:
    """Smallest multiple, by bisection, from which a condition holds; None if it does not at `MOST_TIMES`."""
    low, high = 0.0, few.MOST_TIMES
    if holds(low):
        return low
    if not holds(high):
        return None
    while high - low > FINE * few.MOST_TIMES:
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


# Words ---------------------------------------------------------------------------------------------------------------


def verdict(
    ground: Ground, base: Effect, opening: str, surviving: str, limits: tuple[float | None, _Interval]
) -> tuple[Status, str]:
    """Status and finding: from the estimate without any break, then from how large a break it survives."""
    main, (survives, largest) = ground.main, limits
    how = changed_answer(main.effect, base)
    if how:
        own, other = (signed(main.panel, e.estimate) for e in (main.effect, base))
        against = "as in the main analysis, but" if own == other else f"instead of {own}, and"
        return Status.WARN, f"{opening} {other} {against} {how}."
    if not base.excludes_none:
        return Status.PASS, (
            "An effect of nought lies within the interval even without a break from parallel trends, so there is no "
            "finding that one could undo; with a break as large as the largest seen before the start it would "
            f"{_range(ground, largest)}."
        )
    return Status.PASS if survives is None or survives >= 1 else Status.WARN, surviving


def _range(ground: Ground, interval: _Interval) -> str:
    if interval is None:
        return "be empty"
    low, high = (signed(ground.main.panel, limit) for limit in interval)
    return f"run from {low} to {high}"


def _up_to(times: float | None) -> str:
    if times is None:
        return f"of more than {few.MOST_TIMES:g} times"
    return f"of up to {numbers.fixed(times, 1)} times" if times >= LEAST_SHOWN else "of less than 0.1 times"


def _row(ground: Ground, label: str, estimate: float, interval: _Interval, bounds: tuple[float, float] | None) -> Row:
    panel = ground.main.panel
    low, high = (interval and limits_on_scale(panel.scale, interval)) or (None, None)
    note = f"{signed(panel, bounds[0])} to {signed(panel, bounds[1])} leaving chance aside" if bounds else ""
    return Row(label, shown(panel, estimate), low, high, note=note)


def _method(ground: Ground) -> str:
    """What the intervals allow for, what was left out, and the source."""
    bins = ground.values.bins
    if ground.normal:
        how = "Intervals are by normal theory: the conditional least favourable hybrid, and the optimal fixed length."
    else:
        how = (
            "The play of chance is allowed for in both the estimate and what was seen before the start, by the t test "
            "of the main analysis on each end of the interval; normal theory needs far more areas."
        )
    left_out = f"Left out for want of data: {listed(bins.left_out)}." if bins.left_out else ""
    return _joined(how, left_out, "Source: Rambachan and Roth 2023, Review of Economic Studies 90:2555.")


def _note(ground: Ground) -> str:
    bins = ground.values.bins
    return (
        f"Mean effect of {len(bins.after):,} {ground.word}{'s' if len(bins.after) > 1 else ''} after the start, "
        f"measured with {len(bins.before):,} before it; {numbers.interval_name(ground.main.level)}s."
    )


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
