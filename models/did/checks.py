"""Checks of a difference-in-differences: each says what was looked at and what was found, for a councillor."""

from collections.abc import Mapping

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray
from models.changes import Changes, Weighting, change, weights_of, why_not
from models.estimate import Check, Estimate, Status
from models.inference.headline import Method, choose, headline_test
from models.inference.permutation import attainable_p
from models.inference.refusal import NoInference
from models.inference.ttest import TTest
from models.panel import Kind, Panel, observed
from models.periods import Periods, Role, TimeUnit
from models.wording import WINDOW_WORDS, areas_words, listed, signed

SHORTEST_HALF = 3
LEAST_SEEN = 2 / 3
"""Share of the periods of each window that an area needs, as in the comparative time series."""
SEASON_TOLERANCE = 0.05  # whole years of weeks or days split a little unevenly over the months
HALVES = {Role.BASELINE: "first half of the baseline", Role.FOLLOW_UP: "second half of the baseline"}


def areas(treated: int, comparison: int) -> Check:
    """Count the areas, which are what the evidence rests on, whatever the number of cases."""
    floor = attainable_p(treated, comparison)
    finding = f"The evidence rests on {areas_words(treated, comparison)}."
    detail = (
        f"The smallest p-value that comparing these areas with one another can give is {numbers.smallest_p(floor)}."
    )
    method = choose(treated, comparison).method
    if method is Method.NONE:
        return Check("areas", Status.FAIL, f"{finding} Chance cannot be judged from one area on each side.", detail)
    if method is Method.COLLAPSED_T:
        few = f"{finding} With so few, only a large effect can be told from chance."
        return Check("areas", Status.WARN, few, detail)
    return Check("areas", Status.PASS, finding, detail)


def areas_complete(panel: Panel, changes: Changes) -> Check:
    """Name the areas left out for want of data, and those with periods missing from their counts."""
    missing = [name for name, usable in zip(panel.areas, changes.usable, strict=True) if not usable]
    if missing:
        finding = f"No value in the baseline or the follow-up, so not in the estimate: {listed(missing)}."
        return Check("areas_complete", Status.FAIL, finding, _gap_words(panel, changes, WINDOW_WORDS))
    if panel.kind is Kind.COUNT:
        in_window = panel.periods.baseline | panel.periods.follow_up
        unseen = (~observed(panel.cells) & in_window).sum(axis=1)
        partial = [f"{panel.areas[a]} ({unseen[a]} of {in_window.sum()})" for a in np.flatnonzero(unseen)]
        if partial:
            finding = f"Periods without data in {listed(partial)}; rates are over the periods that have data."
            thin = [panel.areas[a] for a in np.flatnonzero(_least_seen(panel) < LEAST_SEEN)]
            if thin:
                detail = (
                    f"{listed(thin)} had data in less than two thirds of a window, so what the others went through in "
                    "the rest of it counts as a difference: tests claim an effect too often. Use windows in which all "
                    "areas have data."
                )
                return Check("areas_complete", Status.FAIL, finding, detail)
            return Check("areas_complete", Status.WARN, finding, "Other areas keep those periods.")
    return Check("areas_complete", Status.PASS, "Every area has data in the baseline and in the follow-up.")


def _least_seen(panel: Panel) -> FloatArray:
    """Share of the periods of a window with data, the smaller of the two windows', shape (A,)."""
    seen = observed(panel.cells)
    windows = (panel.periods.baseline, panel.periods.follow_up)
    shares = np.stack([seen[:, window].mean(axis=1, dtype=np.float64) for window in windows])
    return np.asarray(shares.min(axis=0), dtype=np.float64)


def seasons(panel: Panel) -> Check:
    """Compare the months of the year in the two windows; of a count, only periods that some area has data for."""
    periods = panel.periods
    seen = observed(panel.cells).any(axis=0) if panel.kind is Kind.COUNT else np.ones(len(periods), dtype=np.bool_)
    if same_seasons(periods, periods.baseline & seen, periods.follow_up & seen):
        return Check("seasons", Status.PASS, "Baseline and follow-up hold the same times of year.")
    return Check(
        "seasons",
        Status.WARN,
        "Baseline and follow-up do not hold the same times of year in equal parts.",
        "A season that is the same in all areas cancels out; one that is stronger in some areas would look like an "
        "effect. Windows of whole years avoid this.",
    )


def same_seasons(periods: Periods, before: BoolArray, after: BoolArray) -> bool:
    """Whether two windows, shape (T,) each, hold the months of the year in equal parts."""
    first, second = (_season_shares(periods, window) for window in (before, after))
    exact = periods.unit in {TimeUnit.MONTH, TimeUnit.QUARTER, TimeUnit.YEAR}
    return bool(np.abs(first - second).sum() / 2 <= (1e-9 if exact else SEASON_TOLERANCE))


def halves_of(panel: Panel) -> tuple[BoolArray, BoolArray] | NoInference:
    """Masks of the first and the second half of the baseline's periods with data in some area, shape (T,) each."""
    held = np.flatnonzero(panel.periods.baseline & observed(panel.cells).any(axis=0))
    half = len(held) // 2
    if half < SHORTEST_HALF:
        return NoInference(f"It needs {2 * SHORTEST_HALF} periods of baseline with data.")
    clock = np.arange(len(panel.periods))
    return np.isin(clock, held[:half]), np.isin(clock, held[half:])


def earlier_gap(panel: Panel, level: float, weighting: Weighting = Weighting.EQUAL) -> Check:
    """Estimate an effect where there was none, by the test of the headline: from the first half of the baseline on."""
    halves = halves_of(panel)
    if isinstance(halves, NoInference):
        finding = "The baseline is too short to look for an earlier gap."
        return Check("earlier_gap", Status.NOT_RUN, finding, halves.reason)
    first, second = halves
    changes = change(panel, first, second)
    reason = why_not(panel, changes, HALVES) or _gap_words(panel, changes, HALVES)
    weights = weights_of(panel, first, weighting)
    result = reason or headline_test(changes.w, panel.treated, level, changes.resolution, weights)
    if isinstance(result, str | NoInference):
        detail = result if isinstance(result, str) else result.reason
        finding = "Whether the groups already drew apart within the baseline cannot be judged."
        return Check("earlier_gap", Status.NOT_RUN, finding, detail)
    return _gap_found(panel, result, level)


def one_team(main: Estimate, merged: Estimate | None) -> Check:
    """Compare the headline with the estimate that takes one team's areas as one unit."""
    if merged is None or main.interval is None or merged.interval is None:
        finding = "Whether the answer changes with treated areas as one unit cannot be judged."
        return Check("one_team", Status.NOT_RUN, finding, "One of the two estimates has no interval.")
    turned = (main.estimate - main.null) * (merged.estimate - merged.null) < 0
    lost = _excludes_null(main) and not _excludes_null(merged)
    if not (turned or lost):
        finding = "One team serves all treated areas; counting them as one unit does not change the answer."
        return Check("one_team", Status.PASS, finding)
    how = "points the other way" if turned else "no longer shows a difference from no effect"
    finding = f"One team serves all treated areas; counted as one unit, the estimate {how}."
    detail = "Whatever else happened to that team happened in all its areas, so they are not separate tests of it."
    return Check("one_team", Status.WARN, finding, detail)


def adjoining(main: Estimate, block: Estimate) -> Check:
    """Compare the headline with the test that moves the treated areas, which adjoin each other, as one block."""
    ranked = f"compared with every block of adjoining areas: {numbers.p_value(block.p_value or 0.0)}"
    lost = _excludes_null(main) and block.p_value is not None and block.p_value > 1 - block.level
    if not lost:
        finding = (
            f"The treated areas adjoin each other; moving them as one block does not change the answer ({ranked})."
        )
        return Check("adjoining", Status.PASS, finding)
    finding = (
        "The treated areas adjoin each other, and moved as one block their change no longer stands out "
        f"({ranked}): what their part of the map went through could explain it."
    )
    detail = (
        "Areas next to each other share ups and downs, which a test that takes each area for itself counts as effect: "
        "at 4 of 20 areas 9 to 25 times in 100 where neighbours share much."
    )
    return Check("adjoining", Status.WARN, finding, detail, overturns=True)


def _gap_found(panel: Panel, result: TTest, level: float) -> Check:
    lo, hi = (signed(panel, limit) for limit in result.interval)
    finding = (
        "From the first to the second half of the baseline, before the intervention, treated areas moved by "
        f"{signed(panel, result.estimate)} relative to comparison areas ({numbers.interval_name(level)} {lo} to {hi}, "
        f"{numbers.p_value(result.p_value)})."
    )
    if result.p_value < 1 - level:
        detail = "The groups were already drawing apart, so the estimate may continue an older difference."
        return Check("earlier_gap", Status.WARN, finding, detail)
    detail = "Gaps within the interval cannot be ruled out; that none stands out does not show that there was none."
    return Check("earlier_gap", Status.PASS, finding, detail)


def _gap_words(panel: Panel, changes: Changes, words: Mapping[Role, str]) -> str:
    """Write "E: no data in the baseline" for every gap; empty if there is none."""
    return "; ".join(f"{panel.areas[gap.area]}: {gap.reason} in the {words[gap.window]}" for gap in changes.gaps)


def _season_shares(periods: Periods, window: BoolArray) -> FloatArray:
    """Share of a window's periods that begin in each month, shape (12,)."""
    months = [start.month - 1 for start, inside in zip(periods.starts, window, strict=True) if inside]
    return np.bincount(months, minlength=12) / max(1, len(months))


def _excludes_null(estimate: Estimate) -> bool:
    return estimate.interval is not None and not estimate.interval[0] <= estimate.null <= estimate.interval[1]
