"""From intake to what may be published: small cells are suppressed here, and rows are accounted for."""

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace

from impact.intake.data import Intake, SourceAccount
from impact.report import format as fmt
from impact.result import DataInfo, ProblemInfo, SetAsideInfo, SourceInfo, WindowInfo
from models import describe
from models.case import Case
from models.describe import GroupTrend, WindowValue
from models.estimate import Check, NotEstimable, Path
from models.ordinal.checks import least_shown
from models.panel import Kind, Panel
from models.recurrence.records import least_ended

FORETOLD = frozenset({"bayes", "bayes_its"})
"""Paths whose counterfactual tells what was observed in a period: in the one before it, or noise and all in its own."""
WEIGHTED = FORETOLD | {"synthetic"}
"""Paths whose counterfactual comes from single areas, comparison areas above all."""
OF_ABSENCE = frozenset({"areas_complete"})
"""Checks that name areas only to say that they have no data."""
UNSAID = (
    "There is no number, for a reason that would tell of the few people in one of the areas. Merge small areas, or use "
    "longer windows."
)
WITHHELD = "Few people stand behind one of the areas, so what would give its numbers away is not shown."


def data_info(data: Intake) -> DataInfo:
    """Account for the sources, the areas, the periods and every row."""
    return DataInfo(
        sources={name: _source_info(account) for name, account in data.accounts.items()},
        areas=data.areas,
        periods=data.periods.labels,
        roles=tuple(role.value for role in data.periods.roles),
        rows=sum(account.rows for account in data.accounts.values()),
        problems=tuple(ProblemInfo(**asdict(problem)) for problem in data.problems),
    )


def _source_info(account: SourceAccount) -> SourceInfo:
    return SourceInfo(
        reader=account.reader,
        files=account.files,
        rows=account.rows,
        used=account.used,
        set_aside=tuple(SetAsideInfo(s.reason, s.rows) for s in account.set_aside),
        simulated=account.simulated,
    )


def too_small(n: float, minimum: int) -> bool:
    """Whether a cell stands on so few people that it must not be shown; an empty cell shows nobody."""
    return 0 < n < minimum


def hidden_areas(values: Sequence[WindowValue], minimum: int) -> frozenset[str]:
    """Areas whose windows are not shown: those with a small cell, and those that would give one away.

    An area is hidden in both windows, because an estimate and one window give the other. Where it is the only hidden
    one of its group, the area with the next smallest cell is hidden too, because the group's series gives their total.
    Where the group has no other, the two smallest of the other group are, because the number of rows in all less the
    sizes of the rest is its own.
    """
    hidden: set[str] = set()
    for treated in (True, False):
        group = [v for v in values if v.treated is treated]
        small = {v.area for v in group if too_small(v.least, minimum)}
        others = sorted((v.least, v.area) for v in group if v.area not in small)
        hidden |= small | ({others[0][1]} if len(small) == 1 and others else set())
    rest = dict.fromkeys(area for _, area in sorted((v.least, v.area) for v in values if v.area not in hidden))
    return frozenset(hidden | set(list(rest)[:2] if len(hidden) == 1 else ()))


def small_elsewhere(case: Case, minimum: int) -> frozenset[str]:
    """Checks that look beyond the areas as the study has them, and would tell of few people there.

    These are the areas around the treated ones, and the cases that another coding of a boundary moves: the estimate
    with and without them gives them away. So do single levels of an answer, and cases that something else ended.
    """
    found: set[str] = set()
    if case.rings is not None and any(too_small(v.least, minimum) for v in describe.windows(case.rings)):
        found |= {"displacement", "weighted_displacement"}
    own = {(v.area, v.window): v.n for v in describe.windows(case.panel)}
    coded = [v for coding in case.codings if coding.panel for v in describe.windows(coding.panel)]
    moved = (abs(v.n - own.get((v.area, v.window), v.n)) for v in coded)
    if any(too_small(v.least, minimum) or too_small(n, minimum) for v, n in zip(coded, moved, strict=True)):
        found |= {"boundaries", "specification_curve"}
    if case.panel.kind is Kind.ORDINAL and too_small(least_shown(case.panel), minimum):
        found |= {"ordinal_categories"}
    if case.panel.kind is Kind.TIME_TO_EVENT and too_small(least_ended(case.panel), minimum):
        found |= {"recurrence_competing"}
    return frozenset(found)


def window_infos(values: Sequence[WindowValue], hidden: Collection[str]) -> tuple[WindowInfo, ...]:
    """Areas by windows; of hidden areas neither the values nor their sizes are given."""
    return tuple(
        WindowInfo(v.area, v.treated, v.window, None, None, None, None, suppressed=True)
        if v.area in hidden
        else WindowInfo(v.area, v.treated, v.window, v.value, v.lo, v.hi, v.n, suppressed=False)
        for v in values
    )


def published_checks(
    checks: Sequence[Check], hidden: Collection[str], small: Collection[str] = ()
) -> tuple[Check, ...]:
    """Checks with their dates in words, and without what would tell a hidden area's change.

    An estimate with and without an area gives that area's change away, and what is said of one by name may. The checks
    named in `small` are withheld as well; see `small_elsewhere`.
    """
    withheld = (
        replace(check, finding=WITHHELD, detail="", evidence=None)
        if _tells(check, hidden) or (check.id in small and check.evidence is not None)
        else check
        for check in checks
    )
    return tuple(map(_in_words, withheld))


def _tells(check: Check, hidden: Collection[str]) -> bool:
    if check.id in OF_ABSENCE:
        return False
    evidence = check.evidence
    rows = () if evidence is None else evidence.rows
    texts = (check.finding, check.detail, *(text for row in rows for text in (row.label, row.group, row.note)))
    by_area = evidence is not None and evidence.by_area
    return bool(hidden) and (by_area or any(names_one(text, hidden) for text in texts))


def names_one(text: str, areas: Collection[str]) -> bool:
    """Whether a text names one of these areas, as a word or words of its own."""
    return any(re.search(rf"(?<!\w){re.escape(area)}(?!\w)", text) for area in areas)


def published_refusals(refusals: Sequence[NotEstimable], hidden: Collection[str]) -> tuple[NotEstimable, ...]:
    """Reasons for what is missing, without those that say something of the few people in a hidden area."""
    return tuple(replace(each, reason=UNSAID) if names_one(each.reason, hidden) else each for each in refusals)


def _in_words(check: Check) -> Check:
    evidence = check.evidence
    if evidence is not None:
        rows = tuple(replace(row, note=fmt.in_words(row.note)) for row in evidence.rows)
        evidence = replace(evidence, title=fmt.in_words(evidence.title), note=fmt.in_words(evidence.note), rows=rows)
    return replace(check, finding=fmt.in_words(check.finding), detail=fmt.in_words(check.detail), evidence=evidence)


def published_paths(
    panel: Panel, trends: Sequence[GroupTrend], paths: Sequence[Path], hidden: Collection[str], minimum: int
) -> tuple[Path, ...]:
    """Series of the groups and of the models, whose observed values are the treated areas', without small cells.

    A group of one hidden area has no series at all. Where one period of a window is blank, the next smallest is blank
    too, because the window's total gives the one. A weighted mean of areas may be almost one area alone, so it is
    withheld where any is hidden; so is what is foretold from observed values where any of those is blank.
    """
    blanks = {}
    for trend, members in zip(trends, (panel.treated, ~panel.treated), strict=False):
        areas = [area for area, inside in zip(panel.areas, members, strict=True) if inside]
        alone = len(areas) == 1 and areas[0] in hidden
        blanks[trend.path.name] = set(range(len(trend.least))) if alone else _blank_periods(panel, trend, minimum)
    shown = [(trend.path, blanks[trend.path.name]) for trend in trends]
    closed = (WEIGHTED if hidden else frozenset[str]()) | (FORETOLD if any(blanks.values()) else frozenset[str]())
    safe = [path for path in paths if path.name not in closed]
    return tuple(_blanked(path, blank) for path, blank in [*shown, *((p, blanks["treated"]) for p in safe)])


def _blank_periods(panel: Panel, trend: GroupTrend, minimum: int) -> set[int]:
    blank = {t for t, least in enumerate(trend.least) if too_small(least, minimum)}
    for window in (panel.periods.baseline, panel.periods.follow_up):
        inside = {t for t, used in enumerate(window.tolist()) if used}
        others = sorted((trend.least[t], t) for t in inside - blank if trend.path.points[t].value is not None)
        if len(inside & blank) == 1 and others:
            blank.add(others[0][1])
    return blank


def _blanked(path: Path, blank: Collection[int]) -> Path:
    points = (replace(point, value=None) if t in blank else point for t, point in enumerate(path.points))
    return Path(path.name, tuple(points))
