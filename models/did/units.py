"""Areas with one change each, and the estimates their tests give: values on the outcome's scale, with their notes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from models.arrays import FloatArray
from models.changes import TOO_WIDE, limits_on_scale, on_scale
from models.design import Design
from models.estimate import Clusters, Estimate, NotEstimable, Scale
from models.inference.collapsed import difference_in_means
from models.inference.refusal import NoInference, floor_words
from models.inference.ttest import TTest
from models.numbers import interval_name
from models.panel import CountCells, Panel
from models.wording import SHARES, areas_words, listed

MODEL = "did"
UNKNOWN = "How far it may be from the truth is not known."
NO_INFERENCE = "collapsed change per area, no inference"


@dataclass(frozen=True, slots=True)
class Units:
    """What is tested.

    Attributes
    ----------
    panel
        The U areas that have a change.
    w
        Their changes from baseline to follow-up, shape (U,).
    resolution
        Size of a difference between changes that is only rounding error.
    weights
        Weight of each area in its group's mean, shape (U,); None if areas count equally.
    left_out
        Names of areas without data in a window.
    estimand
        What is estimated ("area ITT").
    merged
        True if the treated areas are merged into one unit.
    """

    panel: Panel
    w: FloatArray
    resolution: float
    weights: FloatArray | None
    left_out: tuple[str, ...]
    estimand: str
    merged: bool = False

    @property
    def clusters(self) -> Clusters:
        """Numbers of treated and comparison areas."""
        return Clusters(self.panel.n_treated, self.panel.n_comparison)

    @property
    def suffix(self) -> str:
        """What sets apart the method of an estimate on merged areas."""
        return ", treated areas as one unit" if self.merged else ""

    def named(self, test: str) -> str:
        """Name a test in a sentence, with what sets it apart on merged areas."""
        return f"{test} with treated areas as one unit" if self.merged else test


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a method does not give, and why.

    Attributes
    ----------
    says
        A sentence with ``{methods}`` where the method is named, so that it is said once for all it holds for.
    method
        Name of the method in a sentence ("the jackknife").
    """

    says: str
    method: str


@dataclass(frozen=True, slots=True)
class Found:
    """Estimates, in the order they are shown, and what could not be given."""

    estimates: tuple[Estimate, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """How a method is named in a sentence and as an estimate's method, and what its estimates' notes say."""

    name: str
    method: str
    note: str


def gathered(parts: Iterable[Found]) -> Found:
    """Put several findings together, in order."""
    every = tuple(parts)
    return Found(tuple(e for part in every for e in part.estimates), tuple(r for part in every for r in part.refusals))


def grouped(refusals: Iterable[Refusal]) -> tuple[NotEstimable, ...]:
    """Give one entry for each distinct reason, naming all the methods it holds for."""
    methods: dict[str, list[str]] = {}
    for refusal in refusals:
        methods.setdefault(refusal.says, []).append(refusal.method)
    return tuple(
        NotEstimable(MODEL, says.replace("{methods}", ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1]))
        for says, names in methods.items()
    )


def refused(name: str, why: NoInference) -> Found:
    """Say that a method gives nothing."""
    return Found(refusals=(Refusal(f"No result from {{methods}}. {why.reason}", name),))


def point(units: Units, design: Design) -> Estimate:
    """Give the difference in mean change without inference, as the headline."""
    value = difference_in_means(units.w, units.panel.treated, units.weights)
    return replace(_bare(units, design, NO_INFERENCE, value, UNKNOWN), headline=True)


def tested(units: Units, design: Design, words: Words, result: TTest) -> Found:
    """Carry a t test to the outcome's scale; without an interval that can be written, only the point and the reason.

    A t test's p-value has no floor, so `attainable_p` is None.
    """
    interval = limits_on_scale(units.panel.scale, result.interval)
    if interval is None:
        bare = _bare(units, design, words.method, result.estimate, UNKNOWN)
        return Found((bare,), (Refusal(TOO_WIDE.replace("{method}", "{methods}"), words.name),))
    estimate = replace(
        _bare(units, design, words.method, result.estimate, words.note),
        interval=interval,
        std_error=result.std_error,
        df=result.df,
        p_value=result.p_value,
    )
    return Found((estimate,))


def compared(
    units: Units,
    design: Design,
    words: Words,
    value: float,
    p_values: tuple[float, float],
    limits: tuple[float, float] | None,
) -> Found:
    """Carry a test by comparison with draws to the outcome's scale, and say so if it has no interval.

    Parameters
    ----------
    value, limits
        Effect and its interval on the linear scale; None if the test can rule out nothing at the level.
    p_values
        The p-value, and the smallest the method could have given.
    """
    interval = limits_on_scale(units.panel.scale, limits) if limits else None
    bare = _bare(units, design, words.method, value, words.note)
    estimate = replace(bare, interval=interval, p_value=p_values[0], attainable_p=p_values[1])
    if interval:
        return Found((estimate,))
    why = "It is too wide to be written as a ratio." if limits else floor_words(p_values[1])
    return Found((estimate,), (Refusal(f"No {interval_name(design.level)} from {{methods}}. {why}", words.name),))


def units_note(units: Units) -> str:
    """What the number is, in which unit, and from which areas."""
    panel = units.panel
    if panel.scale is Scale.RATIO:
        unit = (
            f"Treated areas' relative change in {panel.unit}, divided by that of comparison areas; 1 is no effect. The "
            "standard error is that of the log ratio."
        )
    else:
        size = "a share, where 0.05 is 5 percentage points" if panel.kind in SHARES else panel.unit
        unit = f"Treated areas' mean change less comparison areas' mean change, in {size}; 0 is no effect."
    left_out = f"Left out for want of data: {listed(units.left_out)}." if units.left_out else ""
    merged = "The treated areas are merged, because one team serves them." if units.merged else ""
    sized = "exposure" if isinstance(panel.cells, CountCells) else "number of cases"
    each = "each counted once" if units.weights is None else f"each counted by its {sized} in the baseline"
    return joined(unit, merged, f"{areas_words(units.clusters.treated, units.clusters.comparison)}, {each}.", left_out)


def joined(*sentences: str) -> str:
    """Put sentences one after the other, leaving out empty ones."""
    return " ".join(filter(None, sentences))


def _bare(units: Units, design: Design, method: str, value: float, note: str) -> Estimate:
    """An estimate without inference, from its value on the linear scale."""
    scale = units.panel.scale
    return Estimate(
        model=MODEL,
        method=method,
        estimand=units.estimand,
        scale=scale,
        estimate=on_scale(scale, value),
        interval=None,
        level=design.level,
        std_error=None,
        df=None,
        p_value=None,
        attainable_p=None,
        clusters=units.clusters,
        note=joined(units_note(units), note),
    )
