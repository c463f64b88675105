"""Other windows: periods before the start left out, equal months of the year, excluded stretches put back."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models import numbers
from models.arrays import BoolArray, IntArray
from models.design import Shock
from models.effect import Effect, row_of
from models.estimate import Check, Row, Status
from models.inference.refusal import NoInference
from models.panel import Panel, observed
from models.periods import Periods, Role, TimeUnit
from models.sensitivity.compare import Alternative, compared, rows_of
from models.sensitivity.main import (
    Main,
    effect_between,
    first_treated_period,
    forest,
    not_run,
    span_words,
)
from models.wording import signed

EARLIEST = 3
LEAST_BASELINE = 3
"""Baseline periods that must be left when some are taken out of it."""


def without_last(baseline: BoolArray, count: int) -> BoolArray | None:
    """Take the last `count` periods out of a baseline, shape (T,); None if under `LEAST_BASELINE` would be left."""
    held = np.flatnonzero(baseline)
    if len(held) - count < LEAST_BASELINE:
        return None
    shorter = baseline.copy()
    shorter[held[len(held) - count :]] = False
    return shorter


def anticipation(main: Main) -> Check:
    """Leave 1 to 3 periods before the start out of the baseline, and look for an effect in those periods themselves.

    Returns
    -------
    Check
        WARN if an estimate changes the answer, or if those periods already differ from the rest of the baseline.
    """
    name, baseline = "anticipation", main.panel.periods.baseline
    shorter = {k: mask for k in range(1, EARLIEST + 1) if (mask := without_last(baseline, k)) is not None}
    if not shorter:
        finding = "Whether anything changed ahead of the start cannot be judged: the baseline is too short."
        needed = LEAST_BASELINE + 1
        return not_run(name, finding, f"It needs at least {needed} periods.")
    others = [
        Alternative(f"without {_last(k)}", effect_between(main, mask, main.panel.periods.follow_up), "Effect")
        for k, mask in shorter.items()
    ]
    longest = max(shorter)
    names = "earlier baseline", _last(longest)
    ahead = effect_between(main, shorter[longest], baseline & ~shorter[longest], names)
    group = "Those periods against the earlier baseline"
    rows = (*rows_of(main, others), row_of(_last(longest), main.panel, ahead, group=group))
    evidence = forest(main, "With periods before the start left out of the baseline", rows)
    opening = "Leaving out the last periods before the start, in case people acted ahead of it"
    detail, moved = _ahead_words(main, ahead, longest)
    found = compared(name, main, others, opening, detail, evidence)
    return replace(found, status=Status.WARN) if moved else found


def _last(count: int) -> str:
    return "the last period before the start" if count == 1 else f"the last {count} periods before the start"


def _ahead_words(main: Main, ahead: Effect | NoInference, count: int) -> tuple[str, bool]:
    """What happened in the periods before the start, and whether it stands out."""
    if isinstance(ahead, NoInference):
        return f"Those periods cannot be compared with the earlier baseline: {ahead.reason}", False
    panel = main.panel
    moved = f"In {_last(count)} treated areas moved by {signed(panel, ahead.estimate)} relative to comparison areas"
    if ahead.interval is None:
        return f"{moved}.", False
    lo, hi = (signed(panel, limit) for limit in ahead.interval)
    interval = f"{numbers.interval_name(main.level)} {lo} to {hi}"
    if ahead.excludes_none:
        return f"{moved} ({interval}), so something changed before the start.", True
    return f"{moved} ({interval}); what lies within that range cannot be ruled out.", False


def season_of(periods: Periods) -> IntArray | None:
    """Part of the year each period belongs to, shape (T,): its quarter, or the month it begins in; None for years."""
    match periods.unit:
        case TimeUnit.YEAR:
            return None
        case TimeUnit.QUARTER | TimeUnit.MONTH:
            return periods.season
        case TimeUnit.WEEK | TimeUnit.DAY:
            return np.asarray([start.month - 1 for start in periods.starts], dtype=np.int64)


def matched(season: IntArray, before: BoolArray, after: BoolArray) -> tuple[BoolArray, BoolArray] | None:
    """Cut two windows, shape (T,), to the same parts of the year in equal numbers; None if they share none.

    Of each part of the year that both windows hold, the window before keeps its latest periods and the window after its
    first, as many as it has of the rarest.
    """
    size = int(season.max()) + 1
    first, second = (np.bincount(season[window], minlength=size) for window in (before, after))
    shared = (first > 0) & (second > 0)
    if not shared.any():
        return None
    keep_before, keep_after = np.zeros_like(before), np.zeros_like(after)
    for part in np.flatnonzero(shared):
        keep_before[np.flatnonzero(before & (season == part))[-first[shared].min() :]] = True
        keep_after[np.flatnonzero(after & (season == part))[: second[shared].min()]] = True
    return keep_before, keep_after


def with_data(panel: Panel) -> BoolArray:
    """Mask of the periods for which any area has data, shape (T,)."""
    seen: BoolArray = observed(panel.cells).any(axis=0)
    return seen


def month_matched(main: Main) -> Check | None:
    """Compare the same months, in equal numbers, before and after; None for years, which hold no seasons.

    A season that is stronger in treated areas than elsewhere looks like an effect if the windows hold different months.
    """
    name, periods = "month_matched", main.panel.periods
    season = season_of(periods)
    if season is None:
        return None
    seen = with_data(main.panel)
    before, after = periods.baseline & seen, periods.follow_up & seen
    pair = matched(season, before, after)
    parts = "quarters" if periods.unit is TimeUnit.QUARTER else "months"
    if pair is None:
        return not_run(name, f"Baseline and follow-up share no {parts} of the year, so these cannot be matched.")
    if (pair[0] == before).all() and (pair[1] == after).all():
        finding = f"Baseline and follow-up hold the same {parts} of the year in equal parts: there is nothing to match."
        return Check(name, Status.PASS, finding)
    kept = f"{int(pair[0].sum()):,} baseline and {int(pair[1].sum()):,} follow-up periods"
    other = Alternative(f"same {parts} only", effect_between(main, *pair), note=kept)
    evidence = forest(main, f"With the same {parts} of the year in both windows", rows_of(main, [other]))
    opening = f"Comparing only the {parts} of the year that both windows hold, in equal numbers"
    detail = f"{kept} are left. A season that is stronger in some areas then weighs the same before and after."
    return compared(name, main, [other], opening, detail, evidence)


def put_back(periods: Periods, stretch: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Baseline and follow-up with the excluded periods of a stretch put back, shape (T,) each.

    A period goes back to the baseline if it comes before the first period of phase-in or follow-up, and else to the
    follow-up; but not if it lies within the pause before the start, or within phase-in.
    """
    clock, excluded = np.arange(len(periods)), stretch & periods.where(Role.EXCLUDED)
    pause, phase_in = periods.where(Role.GAP), periods.where(Role.PHASE_IN)
    start = first_treated_period(periods)
    until = int(np.flatnonzero(pause)[0]) if pause.any() else start
    since = int(np.flatnonzero(phase_in)[-1]) if phase_in.any() else start
    before, after = excluded & (clock < until), excluded & (clock > since)
    return periods.baseline | before, periods.follow_up | after


def shocks(main: Main, stretches: Sequence[Shock]) -> Check | None:
    """Handle each excluded stretch in each way; None if nothing was excluded.

    Exclude is the main analysis. An indicator for the stretch, one per area, gives the same effect, because it takes
    the stretch out of both windows; what it adds is the stretch's own difference between treated and comparison areas.
    Keep puts the periods back into the window they fall in.
    """
    declared = [shock for shock in stretches if shock.periods.any()]
    if not declared:
        return None
    others = [_kept(main, shock.periods, f"kept: {_name(main, shock)}") for shock in declared]
    if len(declared) > 1:
        everything = np.logical_or.reduce([shock.periods for shock in declared])
        others.append(_kept(main, everything, "all of them kept"))
    own = [_own_gap(main, shock) for shock in declared]
    same = row_of(
        "indicator for each stretch", main.panel, main.effect, group="Excluded", note="the same as leaving it out"
    )
    first, *rest = rows_of(main, others)
    evidence = forest(main, "With excluded stretches handled in other ways", (first, same, *rest, *own))
    opening = "Putting back the periods that were left out" if len(declared) == 1 else "Putting back excluded stretches"
    detail = (
        "An indicator for a stretch gives the same estimate as leaving it out. The rows below also show how far "
        "treated and comparison areas drew apart within each stretch: the further, the more it matters to leave it out."
    )
    return compared("shocks", main, others, opening, detail, evidence)


def _name(main: Main, shock: Shock) -> str:
    span = span_words(main.panel.periods, shock.periods)
    return f"{span} ({shock.why})" if shock.why else span


def _kept(main: Main, stretch: BoolArray, label: str) -> Alternative:
    before, after = put_back(main.panel.periods, stretch)
    added = int((before & ~main.panel.periods.baseline).sum()), int((after & ~main.panel.periods.follow_up).sum())
    if not any(added):
        return Alternative(label, NoInference("The stretch lies in neither window."), "Kept")
    if not with_data(main.panel)[stretch].any():
        return Alternative(label, NoInference("There are no data for the stretch."), "Kept")
    note = f"{added[0]:,} periods put back into the baseline, {added[1]:,} into the follow-up"
    return Alternative(label, effect_between(main, before, after), "Kept", note)


def _own_gap(main: Main, shock: Shock) -> Row:
    gap = effect_between(main, main.panel.periods.baseline, shock.periods, ("baseline", "excluded stretch"))
    return row_of(_name(main, shock), main.panel, gap, group="The stretch itself against the baseline")
