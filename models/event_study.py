"""Event study: the effect in each half-year or year before and after the start, against the last one before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from models import numbers
from models.bins import Bin, BinLength, Bins, bin_values, bins_of
from models.changes import on_scale
from models.design import Design
from models.effect import Effect, effect, row_of
from models.estimate import Check, Evidence, Figure, ModelOutput, NotEstimable, Quantity, Row, Status
from models.inference.headline import Method, choose
from models.inference.refusal import NoInference
from models.multiple import StepDown, step_down
from models.panel import Panel
from models.periods import Role
from models.summary import summarise
from models.wording import listed, signed

MODEL = "event_study"
BEFORE, AFTER = "before", "after"
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class EventStudyOptions:
    """Options of `event_study`.

    Attributes
    ----------
    bin
        Length of a bin: `half_year` or `year`. With `auto` it is a year if periods are years, or if the baseline and
        the follow-up each hold three years, and otherwise half a year.
    """

    bin: Literal["auto", "half_year", "year"] = "auto"


def fit(panel: Panel, design: Design, options: EventStudyOptions) -> ModelOutput:
    """Compare each bin with the last one of the baseline, by the headline's inference, and judge those before together.

    Returns
    -------
    ModelOutput
        One check, with a row per bin; no estimate, since none of the bins is what the study asks about. See
        `docs/methods/REGISTRY.md`.
    """
    if panel.n_comparison == 0:
        return _refused("There is no comparison area.")
    bins = bins_of(panel, None if options.bin == "auto" else BinLength(options.bin))
    if isinstance(bins, NoInference):
        return _refused(bins.reason)
    before = [_against_reference(panel, design.level, bins, each) for each in bins.before[:-1]]
    after = [_against_reference(panel, design.level, bins, each) for each in bins.after]
    refusals = [found.reason for found in (*before, *after) if isinstance(found, NoInference)]
    if len(refusals) == len(before) + len(after):
        return _refused(refusals[0])
    return ModelOutput(checks=(_check(panel, design, bins, before, after),))


type _Found = Sequence[Effect | NoInference]


def _refused(reason: str) -> ModelOutput:
    return ModelOutput(not_estimable=(NotEstimable(MODEL, reason),))


def _against_reference(panel: Panel, level: float, bins: Bins, each: Bin) -> Effect | NoInference:
    words = {Role.BASELINE: f"bin {bins.reference.label}", Role.FOLLOW_UP: f"bin {each.label}"}
    return effect(panel, level, bins.reference.periods, each.periods, words=words)


def joint_look(panel: Panel, bins: Bins, seed: int) -> StepDown | NoInference:
    """Permutation test of all bins before the reference at once, by the largest of them.

    The statistic of a bin orders the choices of treated areas as |t| does. Areas are those with data in the reference.
    """
    known = summarise(panel.cells, bins.reference.periods).defined
    treated = panel.treated[known]
    if not treated.any() or treated.all():
        return NoInference("One of the groups has no area with data in the reference.")
    found = bin_values(panel, bins, known)
    if isinstance(found, NoInference):
        return found
    earlier = len(found.bins.before) - 1
    if earlier < 1:
        return NoInference(f"No {bins.length.word} before the reference has a value in every area.")
    return step_down(found.values[:, :earlier] - found.values[:, [earlier]], treated, seed, found.resolution)


def _check(panel: Panel, design: Design, bins: Bins, before: _Found, after: _Found) -> Check:
    evidence = Evidence(
        title=f"Treated against comparison areas in each {bins.length.word}, compared with {bins.reference.label}",
        figure=Figure.SERIES,
        scale=panel.scale,
        quantity=Quantity.OUTCOME,
        rows=_rows(panel, bins, before, after),
        note=f"Each {numbers.interval_name(design.level)} holds for one {bins.length.word} at a time.",
    )
    later = _span(panel, after)
    stood = (
        f"{later} in the {_counted(bins, len(after))} after the start" if later else "without a value after the start"
    )
    if not before:
        finding = (
            f"Treated areas stood {stood}, but the baseline holds one {bins.length.word}, so nothing before it can be "
            "compared."
        )
        return Check(MODEL, Status.NOT_RUN, finding, _left_out(bins), evidence)
    joint = joint_look(panel, bins, design.seed)
    apart = not isinstance(joint, NoInference) and float(joint.adjusted.min()) <= 1 - design.level + ROUNDING
    opening = f"Compared with {bins.reference.label}, the last {bins.length.word} of the baseline,"
    earlier = _span(panel, before) or "without a value"
    finding = (
        f"{opening} treated areas stood {earlier} relative to comparison areas in the "
        f"{_counted(bins, len(before))} before it, and {stood}; {_joint_words(joint, bins, apart=apart)}."
    )
    quiet = Status.NOT_RUN if isinstance(joint, NoInference) else Status.PASS
    return Check(MODEL, Status.WARN if apart else quiet, finding, _detail(panel, design, bins, joint), evidence)


def _rows(panel: Panel, bins: Bins, before: _Found, after: _Found) -> tuple[Row, ...]:
    own = Row(bins.reference.label, on_scale(panel.scale, 0.0), group=BEFORE, note="reference", chosen=True)
    return (
        *(row_of(b.label, panel, e, group=BEFORE) for b, e in zip(bins.before[:-1], before, strict=True)),
        own,
        *(row_of(b.label, panel, e, group=AFTER) for b, e in zip(bins.after, after, strict=True)),
    )


def _span(panel: Panel, found: _Found) -> str:
    """Write the range of estimates: "at +4%", "between −3% and +4%"; empty if there are none."""
    estimates = [each.estimate for each in found if not isinstance(each, NoInference)]
    if not estimates:
        return ""
    low, high = signed(panel, min(estimates)), signed(panel, max(estimates))
    return f"at {low}" if low == high else f"between {low} and {high}"


def _counted(bins: Bins, count: int) -> str:
    return bins.length.word if count == 1 else f"{count:,} {bins.length.word}s"


def _joint_words(joint: StepDown | NoInference, bins: Bins, *, apart: bool) -> str:
    if isinstance(joint, NoInference):
        return "those before the start could not be judged together"
    p = numbers.p_value(float(joint.adjusted.min()))
    if apart:
        return f"the groups had moved against each other before the start more than chance explains ({p})"
    return f"no {bins.length.word} before the start stands out ({p})"


def _detail(panel: Panel, design: Design, bins: Bins, joint: StepDown | NoInference) -> str:
    if isinstance(joint, NoInference):
        together = joint.reason
    else:
        choices = "every choice" if joint.exact else f"{joint.assignments:,} random choices"
        together = (
            f"The {bins.length.word}s before the start are judged together by the largest of them, against {choices} "
            f"of treated areas; the smallest p-value that can give is {numbers.smallest_p(joint.attainable_p)}"
            f"{', so it could not have warned' if joint.attainable_p > 1 - design.level + ROUNDING else ''}."
        )
    areas = panel.n_treated + panel.n_comparison
    wald = (
        "There is no joint Wald test: it needs the covariance of all bins, and one estimated from "
        f"{areas:,} areas in two groups has rank {max(areas - 2, 0):,} at most, which makes such a test meaningless."
        if choose(panel.n_treated, panel.n_comparison).method is not Method.CLUSTER_ROBUST
        else ""
    )
    quiet = "That nothing stands out does not show that the groups would have gone on together."
    return " ".join(filter(None, [together, wald, quiet, _left_out(bins)]))


def _left_out(bins: Bins) -> str:
    if not bins.left_out:
        return ""
    return f"Left out, because fewer than half of the periods can be used: {listed(bins.left_out)}."
