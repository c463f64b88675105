"""Which periods a source covers: a period outside is missing, which is not the same as nothing having happened."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from impact.intake.areas import AreaList, AreaName
from impact.intake.clock import Span
from impact.intake.findings import Findings, counted, listed
from impact.intake.placing import Placed
from models.arrays import BoolArray, FloatArray
from models.panel import CountCells, Panel, observed
from models.periods import Periods, Role, TimeUnit, contiguous_spans, period_label, period_start

SURPRISING = 10.0
"""Rows expected in a silent stretch at the end of the data, above which the silence is taken for the extract's end."""

SHOWN = 3
ASK_DATES = "Check the study's dates against the source"
ASK_COLUMN = "Check that the study names the right column, and get the answers if there are any"


@dataclass(frozen=True, slots=True)
class Coverage:
    """When the rows of a source fall.

    Attributes
    ----------
    rows
        Rows of any area in each period that has some, by `period_index`.
    first, last
        First and last day of a row.
    by_day
        Whether rows are dated more finely than by period.
    """

    rows: Mapping[int, int]
    first: date
    last: date
    by_day: bool

    @property
    def span(self) -> Span:
        """First and last period with a row."""
        return Span(min(self.rows), max(self.rows))


def coverage_of(placed: Placed, unit: TimeUnit) -> Coverage | None:
    """Return when the rows of a source fall; None if none has a date."""
    rows = placed.rows.filter(placed.rows["period"].notnull())
    groups = rows.group_by("period").aggregate(
        rows=lambda t: t.count(), first=lambda t: t["moment"].min(), last=lambda t: t["moment"].max()
    )
    found = groups.order_by("period").to_pyarrow().to_pylist()
    if not found:
        return None
    return Coverage(
        rows={each["period"]: each["rows"] for each in found},
        first=min(each["first"] for each in found).date(),
        last=max(each["last"] for each in found).date(),
        by_day=any(each["last"].date() != period_start(each["period"], unit) for each in found),
    )


def within(coverage: Coverage, areas: AreaList, periods: Periods) -> BoolArray:
    """Mask of the periods between the first and the last row, the same for every area, shape (A, T)."""
    span = coverage.span
    covered = np.asarray([span.first <= periods.first + t <= span.last for t in range(len(periods))], dtype=np.bool_)
    return np.tile(covered, (len(areas.names), 1))


def _used(periods: Periods) -> list[int]:
    return [periods.first + t for t, role in enumerate(periods.roles) if role is not Role.EXCLUDED]


def warn_of_span(placed: Placed, coverage: Coverage, periods: Periods, findings: Findings) -> None:
    """Warn of periods of the study before the first or after the last row, and of silent ones between."""
    span, unit, used = coverage.span, periods.unit, _used(periods)
    outside = [p for p in used if not span.first <= p <= span.last]
    if outside:
        findings.warn(
            "source_span",
            f"the source covers {span.in_words(unit)}; {counted(len(outside), unit.value)} of the study "
            "outside it count as missing, not as zero.",
            "Get the missing rows, or let the study cover the same time.",
            source=placed.asked.name,
        )
    silent = [period_label(p, unit) for p in used if span.first < p < span.last and p not in coverage.rows]
    if silent:
        findings.warn(
            "silent_periods",
            f"no area has a row in {counted(len(silent), unit.value)}: {listed(silent, 6)}.",
            "If nothing was recorded then, leave them out with time.exclude; now they count as periods without a case.",
            source=placed.asked.name,
        )


def warn_of_silent_areas(panel: Panel, source: str, findings: Findings) -> None:
    """Warn of a count's areas that have no event over a stretch in which many would be expected of them."""
    if not isinstance(panel.cells, CountCells):
        return
    window = panel.periods.baseline | panel.periods.follow_up
    labels, silent = panel.periods.labels, []
    for area, events, seen in zip(panel.areas, panel.cells.events, observed(panel.cells) & window, strict=True):
        stretches = contiguous_spans(seen & (events == 0))
        longest = max(stretches, key=lambda span: span[1] - span[0], default=None)
        busy = events[seen & (events > 0)]
        if longest is not None and len(busy) and busy.mean() * (longest[1] - longest[0] + 1) > SURPRISING:
            silent.append(f"{area} ({labels[longest[0]]} to {labels[longest[1]]})")
    if silent:
        findings.warn(
            "silent_areas",
            f"outcome '{panel.outcome}' has no event for a while where many would be expected: {listed(silent, 6)}.",
            "If rows are missing there, get them, or leave the periods out with time.exclude; now they count as 0.",
            source=source,
        )


def warn_of_part_periods(placed: Placed, coverage: Coverage, periods: Periods, findings: Findings) -> None:
    """Warn if the rows seem to begin or to end within a period: its count would be too low."""
    if not coverage.by_day:
        return
    unit, used, span = periods.unit, _used(periods), coverage.span
    per_day = sum(coverage.rows.values()) / ((coverage.last - coverage.first).days + 1)
    before = (coverage.first - period_start(span.first, unit)).days
    after = (period_start(span.last + 1, unit) - coverage.last).days - 1
    if span.last in used and per_day * after > SURPRISING:
        findings.warn(
            "part_of_period",
            f"the rows stop {counted(after, 'day')} before {period_label(span.last, unit)} ends.",
            "If the extract stopped there, set intervention.end to the last complete period.",
            source=placed.asked.name,
        )
    if span.first in used and per_day * before > SURPRISING:
        findings.warn(
            "part_of_period",
            f"the rows begin {counted(before, 'day')} after {period_label(span.first, unit)} begins.",
            "If the records start there, set time.baseline.from to the first complete period.",
            source=placed.asked.name,
        )


def warn_of_missing_cells(
    placed: Placed, mask: BoolArray, areas: AreaList, periods: Periods, findings: Findings
) -> None:
    """Warn of areas and periods that a panel has no value for."""
    used = np.asarray([role is not Role.EXCLUDED for role in periods.roles], dtype=np.bool_)
    missing = np.argwhere(~mask & used)
    if not len(missing):
        return
    examples = [f"{areas.names[a]} in {periods.labels[t]}" for a, t in missing[:SHOWN]]
    more = f" and {len(missing) - SHOWN:,} more" if len(missing) > SHOWN else ""
    findings.warn(
        "missing_cells",
        f"{len(missing):,} of {int(used.sum()) * len(areas.names):,} cells, one per area and {periods.unit.value}, "
        f"have no value: {', '.join(examples)}{more}.",
        "They are treated as missing, not as zero; complete the source if you can.",
        source=placed.asked.name,
    )


def warn_of_uneven_parts(
    placed: Placed, names: Sequence[AreaName], areas: AreaList, periods: Periods, findings: Findings
) -> None:
    """Warn if an area is the sum of several names of which not all are there in every period."""
    several = [area for area, n in Counter(name.area for name in names).items() if n > 1 and area in areas.names]
    if not several:
        return
    rows = placed.rows.filter(placed.rows["area"].isin(several) & placed.rows["period"].isin(_used(periods)))
    parts = rows.group_by("area", "period").aggregate(n=lambda t: t["raw"].nunique())
    found = parts.group_by("area").aggregate(least=lambda t: t["n"].min(), most=lambda t: t["n"].max())
    uneven = sorted(each["area"] for each in found.to_pyarrow().to_pylist() if each["least"] < each["most"])
    if uneven:
        findings.warn(
            "uneven_parts",
            f"the data have several names that are added up to {listed(uneven)}, and not all of them in every "
            f"{periods.unit.value}.",
            "A part that is missing looks like a fall: complete it, or leave those periods out with time.exclude.",
            source=placed.asked.name,
        )


def check_windows(panel: Panel, blank: FloatArray, source: str, span: str, findings: Findings) -> None:
    """Record windows in which the treated or the comparison areas have no data, and warn of single areas without.

    `blank` is the number of rows without an answer, shape (A, T).
    """
    has = observed(panel.cells)
    windows = (("baseline", panel.periods.baseline), ("follow-up", panel.periods.follow_up))
    for name, window in windows:
        seen = has[:, window].any(axis=1)
        for group, mask in (("treated", panel.treated), ("comparison", ~panel.treated)):
            if mask.any() and not seen[mask].any():
                unanswered = int(blank[mask][:, window].sum())
                findings.error(
                    "empty_window",
                    f"outcome '{panel.outcome}' has no data of the {group} areas in the {name}. "
                    + (f"It is blank in all {unanswered:,} rows." if unanswered else f"The source covers {span}."),
                    f"{ASK_COLUMN if unanswered else ASK_DATES}, or leave the outcome out.",
                    source=source,
                )
            elif not seen[mask].all():
                without = [area for area, s, m in zip(panel.areas, seen, mask, strict=True) if m and not s]
                findings.warn(
                    "area_without_window",
                    f"outcome '{panel.outcome}' has no data of {listed(without)} in the {name}.",
                    "Models that compare windows leave such an area out; complete the source if you can.",
                    source=source,
                )
