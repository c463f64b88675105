"""Placebos in time: the effect of an intervention that did not happen, at every earlier start that fits."""

from collections.abc import Sequence

from models.changes import Weighting
from models.did.checks import same_seasons
from models.effect import Effect, effect_from, row_of
from models.estimate import Check, Evidence, Figure, Quantity, Status
from models.inference.refusal import NoInference
from models.periods import Periods, Role
from models.sensitivity.main import Main, first_treated_period, main_row, not_run, spread_words
from models.sensitivity.spread import PlaceboSpread, changes_at, spread_of
from models.sensitivity.starts import SHORTEST, EarlierStart, EarlierStarts, earlier_starts
from models.wording import signed

OFTEN = 3.0
"""Times as many placebo effects as chance alone would give, from which they are too many; starts overlap."""
WORDS = {Role.BASELINE: "periods before the earlier start", Role.FOLLOW_UP: "periods after the earlier start"}


def placebo_in_time(main: Main, seed: int = 0) -> Check:
    """Repeat the comparison at every earlier start, where there was no effect to find; `seed` as in `placebo_spread`.

    Returns
    -------
    Check
        WARN if, at this confidence level, more than three times as many of the intervals exclude no effect as chance
        alone would give, or if the main interval does and more than that share of the estimates are as large.
    """
    name, found = "placebo_in_time", earlier_starts(main.panel.periods)
    if not found.starts:
        finding = "The baseline is too short to try the comparison at an earlier start, where nothing happened."
        return not_run(name, finding, _needed(main.panel.periods, found.least, found.wanted))
    each = changes_at(main.panel, found)
    equal = main.weighting is Weighting.EQUAL
    effects = [effect_from(main.panel, at.changes, main.level, None if equal else at.size, WORDS) for at in each]
    estimated = [e for e in effects if not isinstance(e, NoInference)]
    if not estimated:
        reason = next(e.reason for e in effects if isinstance(e, NoInference))
        return not_run(name, "The comparison cannot be made at any earlier start.", reason)
    large = sum(abs(e.estimate) >= abs(main.effect.estimate) for e in estimated)
    clear = sum(e.excludes_none for e in estimated)
    often = OFTEN * (1 - main.level) * len(estimated)
    warn = clear > often or (main.effect.excludes_none and large > often)
    tail = (
        "Such gaps arose without any intervention, so the main estimate may be one of them."
        if warn
        else "That they seldom looked like an effect does not show that the groups would have moved together later."
    )
    spread = spread_of(main.panel, found, each, main.weighting, seed, main.usable)
    detail = f"{tail} {_about(found, len(effects) - len(estimated))} {_beside(main, spread)}".rstrip()
    finding = _finding(main, estimated, large, clear)
    return Check(name, Status.WARN if warn else Status.PASS, finding, detail, _evidence(main, found, effects))


def _finding(main: Main, estimated: Sequence[Effect], large: int, clear: int) -> str:
    panel, count = main.panel, len(estimated)
    least, most = (signed(panel, limit(e.estimate for e in estimated)) for limit in (min, max))
    own = signed(panel, main.effect.estimate)
    if count == 1:
        at = f"At the one earlier start that fits, where nothing happened, the same comparison gives {least}"
        size = "as large as" if large else "smaller than"
        side = "lies wholly on one side of" if clear else "includes"
        interval = f", and its interval {side} no effect" if estimated[0].interval else ""
        return f"{at}, {size} the main estimate of {own}{interval}."
    at = f"At {count:,} earlier starts, where nothing happened, the same comparison gives {least} to {most}"
    apart = f"of the intervals {_number(clear)} {'lies' if clear < 2 else 'lie'} wholly on one side of no effect"
    intervals = f", and {apart}" if any(e.interval for e in estimated) else ""
    be = "is" if large < 2 else "are"
    return f"{at}; {_number(large)} of them {be} as large as the main estimate of {own}{intervals}."


def _number(count: int) -> str:
    return f"{count:,}" if count else "none"


def _about(found: EarlierStarts, refused: int) -> str:
    """How the starts were chosen, in sentences."""
    parts = [f"Each has at least {found.least:,} baseline periods before it."]
    if found.length < found.wanted:
        parts.append(
            f"Their follow-up is {_periods(found.length)}; the study's is {found.wanted:,}, which does not fit."
        )
    if found.fit > len(found.starts):
        parts.append(f"{len(found.starts):,} of {found.fit:,} starts, evenly spaced, were tried.")
    if refused:
        parts.append(f"At {refused:,} more the comparison cannot be made.")
    return " ".join(parts)


def _beside(main: Main, spread: PlaceboSpread | NoInference) -> str:
    """Compare the spread of placebos over all choices of areas with the headline's standard error."""
    if isinstance(spread, NoInference) or main.effect.std_error is None:
        return ""
    sd, error = (spread_words(main.panel, x) for x in (spread.sd, main.effect.std_error))
    return (
        f"Over {spread.estimates.size:,} placebos, with other areas taken for treated as well, the standard deviation "
        f"is {sd}; the standard error of the main estimate is {error}."
    )


def _needed(periods: Periods, least: int, wanted: int) -> str:
    between = sum(int(periods.where(role).sum()) for role in (Role.GAP, Role.PHASE_IN))
    after = min(wanted, SHORTEST)
    return f"It needs at least {least + between + after:,} baseline periods, the last {after:,} of them consecutive."


def _periods(count: int) -> str:
    return f"{count:,} period{'' if count == 1 else 's'}"


def _evidence(main: Main, found: EarlierStarts, effects: Sequence[Effect | NoInference]) -> Evidence:
    labels = main.panel.periods.labels
    rows = [
        row_of(labels[start.first], main.panel, each, note=_note(main, start, each))
        for start, each in zip(found.starts, effects, strict=True)
    ]
    own = main_row(main, labels[first_treated_period(main.panel.periods)], "the study's own start")
    note = "Starts overlap: those near each other rest on much the same periods."
    return Evidence(
        "Estimates at earlier starts", Figure.SERIES, main.panel.scale, Quantity.OUTCOME, (*rows, own), note
    )


def _note(main: Main, start: EarlierStart, found: Effect | NoInference) -> str:
    uneven = not same_seasons(main.panel.periods, start.before, start.after)
    parts = ["the two windows do not hold the same times of year"] if uneven else []
    if not isinstance(found, NoInference) and found.excludes_none:
        parts.append("its interval lies wholly on one side of no effect")
    return "; ".join(parts)
