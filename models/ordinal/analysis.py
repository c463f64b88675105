"""The latent effect of one panel, and the estimates made from it."""

from dataclasses import dataclass, replace

from models import numbers
from models.arrays import FloatArray
from models.changes import TOO_WIDE, Weighting, limits_on_scale, on_scale, weights_of
from models.design import Design
from models.effect import Effect, effect_of
from models.estimate import Clusters, Estimate, NotEstimable, Scale
from models.inference.headline import Method, choose, headline_test
from models.inference.permutation import permutation_test
from models.inference.refusal import NoInference, floor_words
from models.ordinal.latent import Latent, latent_changes, ordinal_cells
from models.ordinal.shares import Carried, carried, chord
from models.panel import Panel
from models.wording import areas_words

MODEL = "ordinal"
ESTIMAND = "area ITT"
ODDS = "area ITT, odds of a higher answer"
PARALLEL = (
    "Parallel trends hold on the latent scale here: without the intervention the log odds of a higher answer would "
    "have moved as much in all areas, and at every level alike."
)
ONE_SIDED = (
    "No difference in the share at or above the level, because all treated answers in follow-up lie on one side of it."
)
MEASURED = (
    "Without any effect it claims one 5 times in 100 at 2 of 7 areas that vary alike, and 13 times where the treated "
    "ones vary twice as much as the others."
)


@dataclass(frozen=True, slots=True)
class Analysis:
    """The latent effect of one panel.

    Attributes
    ----------
    panel
        The outcome, all A areas.
    level
        Confidence level of intervals, in (0, 1).
    weighting, weights
        How much areas count; `weights` of shape (A,), None if equally.
    latent
        Changes of the areas, and the answers they come from.
    effect
        Treated areas' mean latent change less comparison areas', by the headline's inference.
    merged
        True if the treated areas are merged into one unit.
    """

    panel: Panel
    level: float
    weighting: Weighting
    weights: FloatArray | None
    latent: Latent
    effect: Effect
    merged: bool = False

    @property
    def treated_answers(self) -> FloatArray:
        """Answers of the treated areas in follow-up, shape (G1, L)."""
        return self.latent.after[self.panel.treated & self.latent.changes.usable]

    @property
    def treated_weights(self) -> FloatArray | None:
        """Weights of the same areas, shape (G1,); None if they count equally."""
        kept = self.panel.treated & self.latent.changes.usable
        return None if self.weights is None else self.weights[kept]

    @property
    def at_least(self) -> int:
        """Lowest level of the headline share."""
        return ordinal_cells(self.panel).at_least

    def share_from(self, first: int, effect: Effect) -> Carried:
        """Carry a latent effect to the share at or above a level."""
        last = self.latent.after.shape[1] - 1
        return carried(self.treated_answers, effect, first, last, self.treated_weights)


@dataclass(frozen=True, slots=True)
class Given:
    """Estimates, and what could not be given."""

    estimates: tuple[Estimate, ...] = ()
    refused: tuple[NotEstimable, ...] = ()


def analyse(panel: Panel, level: float, weighting: Weighting, *, merged: bool = False) -> Analysis | NoInference:
    """Estimate the latent effect; the reason if there is none."""
    latent = latent_changes(panel)
    if isinstance(latent, NoInference):
        return latent
    weights, kept = weights_of(panel, panel.periods.baseline, weighting), latent.changes.usable
    chosen = None if weights is None else weights[kept]
    found = effect_of(latent.changes.w[kept], panel.treated[kept], level, latent.changes.resolution, chosen)
    return Analysis(panel, level, weighting, weights, latent, found, merged)


def main_estimates(analysis: Analysis) -> Given:
    """Give the difference in the headline share, and the odds ratio behind it, by the headline's inference."""
    named = f"ordered logit, {_test(analysis.effect)}{_suffix(analysis)}"
    refusals = (
        [] if analysis.effect.interval else [NotEstimable(MODEL, f"No interval and no p-value. {_why(analysis)}")]
    )
    slope = chord(analysis.treated_answers, analysis.effect, analysis.at_least, analysis.treated_weights)
    odds, too_wide = _odds_ratio(analysis, named)
    if slope <= 0:
        return Given((odds,), (*refusals, *too_wide, NotEstimable(MODEL, ONE_SIDED)))
    points = replace(_points(analysis, analysis.effect, named, _note(analysis)), headline=not analysis.merged)
    if analysis.effect.std_error is not None:
        points = replace(points, std_error=slope * analysis.effect.std_error, df=analysis.effect.df)
    return Given((points, odds), (*refusals, *too_wide))


def permuted(analysis: Analysis, design: Design) -> Given:
    """Give the difference in the headline share by the permutation test of the latent changes."""
    changes, kept = analysis.latent.changes, analysis.latent.changes.usable
    weights = None if analysis.weights is None else analysis.weights[kept]
    test = permutation_test(
        changes.w[kept], analysis.panel.treated[kept], analysis.level, design.seed, changes.resolution, weights
    )
    if chord(analysis.treated_answers, analysis.effect, analysis.at_least, analysis.treated_weights) <= 0:
        return Given()
    kind = "exact permutation of {:,} assignments" if test.exact else "permutation of {:,} random assignments"
    note = (
        f"Compares the latent difference with every choice of treated areas: it ranks {test.rank:,} of "
        f"{test.assignments:,} by size. The smallest possible p-value is {numbers.smallest_p(test.attainable_p)}. "
        f"{PARALLEL}"
    )
    effect = replace(analysis.effect, interval=test.interval, p_value=test.p_value, std_error=None, df=None)
    named = f"ordered logit, {kind.format(test.assignments)}{_suffix(analysis)}"
    estimate = replace(_points(analysis, effect, named, note), attainable_p=test.attainable_p)
    if test.interval is not None:
        return Given((estimate,))
    why = f"No {numbers.interval_name(analysis.level)} from the permutation test. {floor_words(test.attainable_p)}"
    return Given((estimate,), (NotEstimable(MODEL, why),))


def _points(analysis: Analysis, effect: Effect, method: str, note: str) -> Estimate:
    """The difference in the headline share that a latent effect makes."""
    share = analysis.share_from(analysis.at_least, effect)
    return Estimate(
        model=MODEL,
        method=method,
        estimand=ESTIMAND,
        scale=Scale.DIFFERENCE,
        estimate=share.estimate,
        interval=share.interval,
        level=analysis.level,
        std_error=None,
        df=None,
        p_value=effect.p_value,
        attainable_p=None,
        clusters=Clusters(effect.treated, effect.comparison),
        note=note,
    )


def _odds_ratio(analysis: Analysis, method: str) -> tuple[Estimate, tuple[NotEstimable, ...]]:
    effect = analysis.effect
    limits = limits_on_scale(Scale.RATIO, effect.interval) if effect.interval else None
    note = (
        "Odds of an answer at or above any level rather than below it: treated areas' change, divided by comparison "
        f"areas'; 1 is no effect. One ratio for all levels. The standard error is that of its logarithm. {PARALLEL}"
    )
    estimate = Estimate(
        model=MODEL,
        method=method,
        estimand=ODDS,
        scale=Scale.RATIO,
        estimate=on_scale(Scale.RATIO, effect.estimate),
        interval=limits,
        level=analysis.level,
        std_error=effect.std_error if limits else None,
        df=effect.df if limits else None,
        p_value=effect.p_value if limits else None,
        attainable_p=None,
        clusters=Clusters(effect.treated, effect.comparison),
        note=note,
    )
    wide = effect.interval is not None and limits is None
    return estimate, (NotEstimable(MODEL, TOO_WIDE.format(method="the odds ratio")),) if wide else ()


def _test(effect: Effect) -> str:
    """Name the test the rule on the numbers of areas chooses."""
    method = choose(effect.treated, effect.comparison).method
    if effect.df is None or method is Method.NONE:
        return "latent change per area, no inference"
    if method is Method.CLUSTER_ROBUST:
        return "CR2 of the latent changes with Bell-McCaffrey df"
    return f"collapsed latent change per area, t({effect.df:g})"


def _suffix(analysis: Analysis) -> str:
    return ", treated areas as one unit" if analysis.merged else ""


def _why(analysis: Analysis) -> str:
    """The reason of the headline's test for giving no inference."""
    changes, kept = analysis.latent.changes, analysis.latent.changes.usable
    test = headline_test(changes.w[kept], analysis.panel.treated[kept], analysis.level, changes.resolution)
    return test.reason if isinstance(test, NoInference) else ""


def _note(analysis: Analysis) -> str:
    effect = analysis.effect
    carried_over = (
        " The interval holds the differences that belong to the latent effects the test does not reject; the standard "
        "error is that of the latent effect, carried over in proportion."
        if effect.interval
        else ""
    )
    merged = "The treated areas are merged, because one team serves them. " if analysis.merged else ""
    return (
        "Share of the treated areas' answers in follow-up at or above the level, less what it would be with their "
        f"latent shift, beyond that of comparison areas, taken away.{carried_over} {PARALLEL} {_assumes(effect)}"
        f"{merged}{areas_words(effect.treated, effect.comparison)}."
    )


def _assumes(effect: Effect) -> str:
    """What the test takes for granted, and how often it is wrong."""
    if effect.interval is None:
        return ""
    if choose(effect.treated, effect.comparison).method is Method.CLUSTER_ROBUST:
        return "The test lets treated and comparison areas vary differently. "
    alone = "; one area alone cannot show its own variation" if min(effect.treated, effect.comparison) == 1 else ""
    return f"The test assumes that areas' latent changes vary alike{alone}. {MEASURED} "
