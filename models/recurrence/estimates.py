"""The effect on each measure of repeats: one change per area, tested by the rule of the headline."""

from dataclasses import dataclass, replace

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.changes import TOO_WIDE, Changes, Weighting, limits_on_scale, on_scale, weights_of
from models.design import Design
from models.effect import Effect, effect_from
from models.estimate import Clusters, Estimate, NotEstimable
from models.inference.headline import Method, choose, headline_test
from models.inference.permutation import permutation_test
from models.inference.refusal import NoInference, floor_words
from models.numbers import interval_name
from models.recurrence.measures import History, Measure, changes_of
from models.wording import areas_words, listed

MODEL = "recurrence"
ESTIMAND = "area ITT"
ORDER = (
    # Ratios first: the share is the number `did` gives, and the first of a model is the one held against other models'.
    Measure.FIRST,
    Measure.ALL,
    Measure.BY_NUMBER,
    Measure.BY_GAP,
    Measure.SHARE,
    Measure.ENDED,
    Measure.ENDING,
)
PERMUTED = frozenset({Measure.FIRST, Measure.ALL, Measure.SHARE})
NO_INFERENCE = "collapsed change per area, no inference"
UNKNOWN = "How far it may be from the truth is not known."
MEASURED = (
    "Without any effect it claims one 4 to 6 times in 100 at 2 of 7 areas that vary alike, and 9 to 11 times where the "
    "treated ones vary twice as much as the others."
)
"""From `tests/calibration/recurrence_size.py`."""
DIFFERENCE_WORDS = "Treated areas' mean change less comparison areas' mean change in the share of cases {what} within "
SHARE_UNIT = "{horizon:,} days, as a share, where 0.05 is 5 percentage points; 0 is no effect."
RATIO_WORDS = (
    "{what}, follow-up against baseline: the geometric mean of treated areas' ratios divided by that of comparison "
    "areas'; 1 is no effect. The standard error is that of the log ratio."
)
PRONE = "Those still without a repeat are the less prone ones, so this ratio is not that of the shares."
HISTORY = "Secondary: how many repeats a case had before may itself be due to the intervention."
WHAT = {
    Measure.SHARE: DIFFERENCE_WORDS.format(what="with a repeat") + SHARE_UNIT,
    Measure.ENDED: DIFFERENCE_WORDS.format(what="that something else ended before any repeat") + SHARE_UNIT,
    Measure.FIRST: f"{RATIO_WORDS.format(what='First repeats per day among cases without one so far')} {PRONE}",
    Measure.ALL: RATIO_WORDS.format(
        what="Repeats per day among all cases in view, first and later ones (Andersen-Gill)"
    ),
    Measure.BY_NUMBER: (
        f"{RATIO_WORDS.format(what='Repeats per day among cases with as many before, by days since the first')} "
        f"{HISTORY} Prentice, Williams and Peterson, total time."
    ),
    Measure.BY_GAP: (
        f"{RATIO_WORDS.format(what='Repeats per day among cases with as many before, by days since the last')} "
        f"{HISTORY} Prentice, Williams and Peterson, gap time."
    ),
    Measure.ENDING: RATIO_WORDS.format(what="Endings by something else per day, among cases without a repeat so far"),
}


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is analysed, and how: both windows of an outcome, the study's design, and how areas count."""

    history: History
    design: Design
    weighting: Weighting

    @property
    def weights(self) -> FloatArray | None:
        """Weight of each area, shape (A,); None if they count equally."""
        panel = self.history.panel
        return weights_of(panel, panel.periods.baseline, self.weighting)

    def effect(self, changes: Changes) -> Effect | NoInference:
        """Test these changes by the rule of the headline."""
        return effect_from(self.history.panel, changes, self.design.level, self.weights)


@dataclass(frozen=True, slots=True)
class Tested:
    """A measure, its change in each area, and the effect on it."""

    measure: Measure
    changes: Changes
    effect: Effect


def estimates(analysis: Analysis) -> tuple[tuple[Estimate, ...], tuple[NotEstimable, ...]]:
    """Give every measure on the scale of a share or of a ratio, the share as the candidate for the headline.

    Days and repeats per 100 cases have units of their own; the checks hold them.
    """
    found: list[Estimate] = []
    refused: list[NotEstimable] = []
    for measure in ORDER:
        given, why = _of_measure(measure, analysis)
        found += given
        refused += [NotEstimable(MODEL, f"{_capital(measure)}: {reason}") for reason in why]
    return tuple(found), tuple(refused)


def _of_measure(measure: Measure, analysis: Analysis) -> tuple[list[Estimate], list[str]]:
    """Estimate the effect on one measure, and say what cannot be given; nothing if the case does not hold it."""
    changes = changes_of(measure, analysis.history)
    if changes is None:
        return [], []
    effect = analysis.effect(changes)
    if isinstance(effect, NoInference):
        return [], [f"no estimate. {effect.reason}"]
    one = Tested(measure, changes, effect)
    bare = _bare(one, analysis)
    limits = None if effect.interval is None else limits_on_scale(measure.scale, effect.interval)
    if limits is None:
        return [replace(bare, note=f"{bare.note} {UNKNOWN}")], [_why_bare(one, analysis)]
    method, note = _test_words(effect)
    main = replace(
        bare,
        method=method,
        interval=limits,
        std_error=effect.std_error,
        df=effect.df,
        p_value=effect.p_value,
        note=f"{bare.note} {note}",
    )
    if measure not in PERMUTED:
        return [main], []
    beside, why = _permuted(one, bare, analysis)
    return [main, beside], why


def _permuted(one: Tested, bare: Estimate, analysis: Analysis) -> tuple[Estimate, list[str]]:
    """Compare the effect with that of every choice of as many treated areas."""
    w, treated, weights = _kept(one, analysis)
    design = analysis.design
    result = permutation_test(w, treated, design.level, design.seed, one.changes.resolution, weights)
    limits = limits_on_scale(one.measure.scale, result.interval) if result.interval else None
    kind = "exact permutation of {:,} assignments" if result.exact else "permutation of {:,} random assignments"
    least = numbers.smallest_p(result.attainable_p)
    found = replace(
        bare,
        method=kind.format(result.assignments),
        interval=limits,
        p_value=result.p_value,
        attainable_p=result.attainable_p,
        headline=False,
        note=f"{bare.note} Ranks {result.rank:,} of {result.assignments:,} choices of treated areas by size; the "
        f"smallest possible p-value is {least}.",
    )
    if limits:
        return found, []
    why = "It is too wide to be written as a ratio." if result.interval else floor_words(result.attainable_p)
    return found, [f"no {interval_name(design.level)} from the permutation test. {why}"]


def _bare(one: Tested, analysis: Analysis) -> Estimate:
    """An estimate without inference."""
    history, scale = analysis.history, one.measure.scale
    areas = Clusters(one.effect.treated, one.effect.comparison)
    each = "once" if analysis.weighting is Weighting.EQUAL else "by its number of cases in the baseline"
    left_out = [a for a, usable in zip(history.panel.areas, one.changes.usable, strict=True) if not usable]
    missing = f" Left out for want of data: {listed(left_out)}." if left_out else ""
    note = (
        f"{WHAT[one.measure].format(horizon=history.horizon)} {areas_words(areas.treated, areas.comparison)}, each "
        f"counted {each}.{missing}"
    )
    return Estimate(
        model=MODEL,
        method=NO_INFERENCE,
        estimand=ESTIMAND if one.measure is Measure.SHARE else one.measure.value,
        scale=scale,
        estimate=on_scale(scale, one.effect.estimate),
        interval=None,
        level=analysis.design.level,
        std_error=None,
        df=None,
        p_value=None,
        attainable_p=None,
        clusters=areas,
        headline=one.measure is Measure.SHARE,
        note=note,
    )


def _test_words(effect: Effect) -> tuple[str, str]:
    """Name the rule's test, and say what it assumes."""
    df = effect.df or 0.0
    if choose(effect.treated, effect.comparison).method is Method.CLUSTER_ROBUST:
        freedom = numbers.fixed(df, 1)
        note = f"Lets treated and comparison areas vary differently, which leaves {freedom} degrees of freedom."
        return "CR2 with Bell-McCaffrey df", note
    alone = "; one area alone cannot show its own variation" if min(effect.treated, effect.comparison) == 1 else ""
    note = f"The t test has {df:g} degrees of freedom and assumes that areas vary alike{alone}. {MEASURED}"
    return f"collapsed change per area, t({df:g})", note


def _why_bare(one: Tested, analysis: Analysis) -> str:
    """Why a measure has a point only."""
    w, treated, weights = _kept(one, analysis)
    found = headline_test(w, treated, analysis.design.level, one.changes.resolution, weights)
    if isinstance(found, NoInference):
        return f"no interval and no p-value. {found.reason}"
    return TOO_WIDE.format(method="the test of areas")


def _kept(one: Tested, analysis: Analysis) -> tuple[FloatArray, BoolArray, FloatArray | None]:
    """Changes, treated label and weights of the areas that have a change."""
    kept, weights = one.changes.usable, analysis.weights
    return one.changes.w[kept], analysis.history.panel.treated[kept], None if weights is None else weights[kept]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
