"""Tables of finished text, and the estimates and the checks as files for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase

from impact.report import format as fmt
from impact.report import wording
from impact.report.places import AREA, Places, areas_words, level_of, places, plural
from impact.report.text import capital, clean
from impact.result import OutcomeResult, RunResult, WindowInfo
from models.estimate import Check, Estimate, Path, Row, Scale

MOST_AREAS = 40
MOST_PERIODS = 240
MOST_ESTIMATES = 80
NO_VALUE = "–"
UNSOUND = " (the computation did not pass its checks)"
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
CSV_COLUMNS = (
    "outcome", "title", "role", "kind", "unit", "better", "simulated", "model", "method", "estimand", "scale",
    "estimate", "interval_lo", "interval_hi", "level", "std_error", "df", "p_value", "attainable_p", "clusters_treated",
    "clusters_comparison", "headline", "note",
)  # fmt: skip
SENSITIVITY_COLUMNS = (
    "outcome", "title", "simulated", "check", "status", "finding", "label", "group", "scale", "quantity", "estimate",
    "lo", "hi", "p_value", "chosen", "note",
)  # fmt: skip
WINDOW_NAMES = {
    "baseline": "Baseline",
    "gap": "Not used",
    "phase_in": "Phase-in",
    "follow_up": "Follow-up",
    "excluded": "Left out",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of finished text; the first cell of each row is its heading.

    Attributes
    ----------
    numeric
        For each column whether it holds numbers.
    strong
        For each row whether it is to stand out.
    notes
        Sentences below the table.
    over_time
        True if the rows are periods and so narrow that two columns of them fit on paper.
    stacked
        True if the cells may stand below the row's heading on a phone: because they speak for themselves, or are
        `labelled`.
    labelled
        True if on a phone each cell is to be preceded by its column's heading.
    headings
        For each row the heading that stands above it, empty where it belongs under the one before; () for none at all.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    strong: tuple[bool, ...]
    notes: tuple[str, ...] = ()
    over_time: bool = False
    stacked: bool = False
    headings: tuple[str, ...] = ()
    labelled: bool = False

    @property
    def width(self) -> str:
        """How many columns there are, as text for the template."""
        return str(len(self.head))


def table(
    caption: str, columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]], notes: Sequence[str] = ()
) -> Table:
    """Make a table from (heading, is it a number) pairs and rows."""
    body = tuple(tuple(row) for row in rows)
    head, numeric = tuple(h for h, _ in columns), tuple(n for _, n in columns)
    return Table(caption, head, body, numeric, (False,) * len(body), tuple(notes))


# Estimates -------------------------------------------------------------------------------------------------------


def estimates_table(
    outcome: OutcomeResult, titles: Mapping[str, str], level: str = AREA, *, later: bool = False
) -> Table:
    """Give every estimate of an outcome by model, the headline's first; `level` and `later` as in `areas_words`."""
    main = outcome.headline.model if outcome.headline else ""
    models = list(dict.fromkeys(e.model for e in outcome.estimates))
    ordered = sorted(outcome.estimates, key=lambda e: (e.model != main, models.index(e.model), not e.headline))
    shown = ordered[:MOST_ESTIMATES]
    measure = fmt.measure_of(outcome.kind)
    ratios = any(e.scale is not Scale.DIFFERENCE for e in shown)
    levels = {e.level for e in shown}
    interval = fmt.interval_name(next(iter(levels))) if len(levels) == 1 else "Interval"
    marks = _marks(shown)
    columns = [("Method", False), ("What it estimates", False), ("Estimate", True), (interval, True)]
    columns += [("Ratio", True)] if ratios else []
    columns += [("p", False), ("Areas", False)]
    rows = []
    for e in shown:
        found = fmt.effect_range(e.interval, e.scale, measure)
        failed = UNSOUND if unsound(outcome, e) else ""
        row = [f"{capital(e.method)}{failed}{marks.get(e.note, '')}", e.estimand]
        row += [fmt.effect(e.estimate, e.scale, measure)]
        row += [found if len(levels) == 1 else f"{found} ({fmt.threshold(e.level)})"]
        row += [fmt.ratio_text(e)] if ratios else []
        rows.append((*row, p_words(e), areas_words(e.clusters, level, later=later)))
    notes = [f"{mark.strip()} {note}" for note, mark in marks.items()]
    notes += rest_of(len(ordered), len(shown), "estimates", "in the order they were made")
    notes += ["The row in bold is the headline."] if any(e.headline for e in shown) else []
    return Table(
        f"Every estimate: {outcome.title}",
        tuple(h for h, _ in columns),
        tuple(rows),
        tuple(n for _, n in columns),
        tuple(e.headline for e in shown),
        tuple(notes),
        headings=tuple(
            "" if i and shown[i - 1].model == e.model else titles.get(e.model, e.model) for i, e in enumerate(shown)
        ),
    )


def unsound(outcome: OutcomeResult, estimate: Estimate) -> bool:
    """Whether an estimate was read off draws that failed their own checks."""
    posterior = outcome.posterior
    return posterior is not None and bool(posterior.failed) and estimate.model == posterior.model


def p_words(estimate: Estimate) -> str:
    """Write the p value and, where few areas limit it, the smallest there could have been."""
    if estimate.p_value is None:
        return "none"
    text = fmt.p_value(estimate.p_value)
    least = estimate.attainable_p
    return text if least is None else f"{text} (smallest possible {fmt.smallest_p(least)})"


def _marks(estimates: Sequence[Estimate]) -> dict[str, str]:
    """Give each distinct note a letter in square brackets."""
    notes = dict.fromkeys(e.note for e in estimates if e.note)
    return {note: f" [{_letters(i)}]" for i, note in enumerate(notes)}


def _letters(index: int) -> str:
    letter = ascii_lowercase[index % len(ascii_lowercase)]
    return letter if index < len(ascii_lowercase) else f"{_letters(index // len(ascii_lowercase) - 1)}{letter}"


def headlines_table(result: RunResult, keys: Sequence[str]) -> Table:
    """Give the headline of every outcome."""
    rows = []
    for key in keys:
        outcome = result.outcomes[key]
        head, measure = outcome.headline, fmt.measure_of(outcome.kind)
        role = wording.ROLES.get(outcome.role, (outcome.role, ""))[0]
        if head is None:
            found = ["no estimate", fmt.NOT_AVAILABLE, NO_VALUE, NO_VALUE]
        else:
            interval = fmt.effect_range(head.interval, head.scale, measure)
            areas = areas_words(head.clusters, level_of(result.study), later=not result.study.comparison)
            found = [fmt.effect(head.estimate, head.scale, measure), interval, p_words(head), areas]
        rows.append((outcome.title, role, *found, wording.worthwhile_words(outcome) or "not stated"))
    columns = [("Outcome", False), ("Role", False), ("Estimate", True), ("Plausible range", True), ("p", True)]
    return table("The headline of every outcome", [*columns, ("Areas", False), ("Worthwhile from", False)], rows)


# Areas and periods ----------------------------------------------------------------------------------------------


OWN_STARTS = "{treated} before and after their own start, {comparison} before and after the first of them."


def areas_table(outcome: OutcomeResult, called: Places, *, own_starts: bool = False) -> Table | None:
    """Give each area's baseline and follow-up; small numbers stay hidden. None if there are no windows.

    `own_starts` says that areas start at different dates, so that each has its own windows.
    """
    if not outcome.windows:
        return None
    pairs: dict[str, dict[str, WindowInfo]] = {}
    for window in outcome.windows:
        pairs.setdefault(window.area, {})[window.window] = window
    noun = {"count": "Events", "ordinal": "Answers"}.get(outcome.kind, "Cases")
    columns = [(capital(called.level), False), ("Group", False)]
    for title in ("Baseline", "Follow-up"):
        columns += [(title, True), (f"{title}: {noun.lower()}", True)]
    rows = []
    for area, sides in list(pairs.items())[:MOST_AREAS]:
        group = "Treated" if next(iter(sides.values())).treated else "Comparison"
        cells = [cell for side in ("baseline", "follow_up") for cell in _window_cells(outcome, sides.get(side))]
        rows.append((area, group, *cells))
    unit = "per cent" if fmt.measure_of(outcome.kind) is fmt.Measure.SHARE else outcome.unit
    notes = ["The range beside a value allows for chance among its own cases only, not for how much areas differ."]
    notes += [OWN_STARTS.format(treated=called.legend("treated"), comparison=called.comparison)] if own_starts else []
    notes += [_protection(outcome)] if any(window.suppressed for window in outcome.windows) else []
    several = plural(called.level)
    notes += rest_of(len(pairs), len(rows), several, f"{called.treated} first")
    return table(f"{capital(several)} before and after: {outcome.title} ({unit})", columns, rows, notes)


def _protection(outcome: OutcomeResult) -> str:
    least = fmt.count(outcome.disclosure_minimum)
    return (
        f"To protect people, areas in which fewer than {least} people stand behind a number are not shown, nor an area "
        "from which that number could be worked out."
    )


def _window_cells(outcome: OutcomeResult, window: WindowInfo | None) -> tuple[str, str]:
    if window is None:
        return NO_VALUE, NO_VALUE
    if window.suppressed:
        return "not shown", "not shown"
    measure = fmt.measure_of(outcome.kind)
    value, between = fmt.level(window.value, measure), fmt.level_range(window.lo, window.hi, measure)
    return (f"{value} ({between})" if between and fmt.exists(window.value) else value), fmt.count(window.n)


def trends_table(result: RunResult, outcome: OutcomeResult, paths: Sequence[tuple[str, Path]]) -> Table:
    """Give the values of paths period by period."""
    columns = [("Period", False), ("Used as", False), *((title, True) for title, _ in paths)]
    values = [[point.value for point in path.points] for _, path in paths]
    return _over_time(result, outcome, f"{outcome.title} over time", columns, values)


def expected_table(result: RunResult, outcome: OutcomeResult, path: Path, heading: str, label: str) -> Table:
    """Give a path with what was expected of it, and the range of that if it has one, period by period."""
    ranged = any(point.lo is not None for point in path.points)
    heads = (places(result.study).legend("treated"), label, *(("Lower", "Upper") if ranged else ()))
    fields = ("value", "counterfactual", *(("lo", "hi") if ranged else ()))
    columns = [("Period", False), ("Used as", False), *((h, True) for h in heads)]
    values = [[getattr(p, f) for p in path.points] for f in fields]
    return _over_time(result, outcome, f"{outcome.title}: {heading}", columns, values)


def _over_time(
    result: RunResult,
    outcome: OutcomeResult,
    caption: str,
    columns: Sequence[tuple[str, bool]],
    values: Sequence[Sequence[float | None]],
) -> Table:
    measure, unit = fmt.measure_of(outcome.kind), result.study.time_unit
    labels = result.data.periods
    rows = []
    for i in range(max(0, len(labels) - MOST_PERIODS), len(labels)):
        cells = [fmt.level(column[i], measure) if fmt.exists(column[i]) else NO_VALUE for column in values]
        role = WINDOW_NAMES.get(result.data.roles[i], result.data.roles[i])
        rows.append((fmt.period(labels[i], unit), role, *cells))
    hidden = f", or that fewer than {fmt.count(outcome.disclosure_minimum)} people could be made out from it"
    notes = [f"A dash means that there is no value{hidden if outcome.disclosure_minimum else ''}."]
    notes += rest_of(len(labels), len(rows), f"{unit}s", "the last ones")
    shown = "per cent" if measure is fmt.Measure.SHARE else outcome.unit
    return replace(table(f"{caption} ({shown})", columns, rows, notes), over_time=len(columns) <= 4)


def rest_of(
    all_of_them: int, shown: int, noun: str, which: str, files: str = "results.json holds them all"
) -> list[str]:
    """Say how many rows are shown and where the rest is; nothing if all are shown."""
    if all_of_them == shown:
        return []
    return [f"{fmt.count(shown)} of {fmt.count(all_of_them)} {noun} are shown, {which}; {files}."]


# Files for spreadsheets ------------------------------------------------------------------------------------------


def estimates_csv(result: RunResult) -> str:
    """Return every estimate, and every refusal to estimate, as CSV with a heading row.

    Numbers are written in full. A refusal is a row without numbers whose ``note`` is the reason. Text that a
    spreadsheet would run as a formula is preceded by an apostrophe.
    """
    rows: list[Mapping[str, str | float | None]] = []
    for key, outcome in result.outcomes.items():
        about = {"outcome": key, "title": outcome.title, "role": outcome.role, "kind": outcome.kind}
        about |= {"unit": outcome.unit, "better": outcome.better, "simulated": _yes(result.study.simulated)}
        rows += [{**about, **_fields(e)} for e in outcome.estimates]
        rows += [
            {**about, "model": refusal.model, "headline": _yes(False), "note": refusal.reason}
            for refusal in outcome.not_estimable
        ]
    return _csv(CSV_COLUMNS, rows)


def sensitivity_csv(result: RunResult) -> str:
    """Return the numbers behind every check as CSV with a heading row, one row for each row of evidence.

    A check without numbers is one row with its finding. Written as `estimates_csv` is.
    """
    rows: list[Mapping[str, str | float | None]] = []
    for key, outcome in result.outcomes.items():
        for check in outcome.checks:
            about = {"outcome": key, "title": outcome.title, "simulated": _yes(result.study.simulated)}
            about |= {"check": check.id, "status": check.status.value, "finding": check.finding}
            rows += [{**about, **found} for found in _evidence(check)] or [about]
    return _csv(SENSITIVITY_COLUMNS, rows)


def _evidence(check: Check) -> list[dict[str, str | float | None]]:
    if check.evidence is None:
        return []
    kind = {"scale": check.evidence.scale.value, "quantity": check.evidence.quantity.value}
    return [{**kind, **_row(row)} for row in check.evidence.rows]


def _row(row: Row) -> dict[str, str | float | None]:
    return {
        "label": row.label, "group": row.group, "estimate": row.estimate, "lo": row.lo, "hi": row.hi,
        "p_value": row.p_value, "chosen": _yes(row.chosen), "note": row.note,
    }  # fmt: skip


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, str | float | None]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(_safe, rows))
    return text.getvalue()


def _fields(e: Estimate) -> dict[str, str | float | None]:
    lo, hi = e.interval or (None, None)
    return {
        "model": e.model, "method": e.method, "estimand": e.estimand, "scale": e.scale.value, "estimate": e.estimate,
        "interval_lo": lo, "interval_hi": hi, "level": e.level, "std_error": e.std_error, "df": e.df,
        "p_value": e.p_value, "attainable_p": e.attainable_p, "clusters_treated": e.clusters.treated,
        "clusters_comparison": e.clusters.comparison, "headline": _yes(e.headline), "note": e.note,
    }  # fmt: skip


def _safe(row: Mapping[str, str | float | None]) -> dict[str, str]:
    return {key: _cell(value) for key, value in row.items()}


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = clean(value)
        return f"'{text}" if text.lstrip().startswith(RISKY) else text
    return repr(value)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
