"""Eligible cases, and which of them took the service up."""

from typing import TypedDict

from impact.intake.cells import Groups, counted
from impact.intake.findings import Findings
from impact.intake.findings import counted as number_of
from impact.intake.panels import Frame
from models.arrays import BoolArray
from models.case import Uptake


def eligible_cases(frame: Frame, groups: Groups) -> Groups:
    """Groups of cases known to be eligible; all of them if the study does not say."""
    need = frame.placed.asked.eligible
    return groups if need is None else groups.where(groups.column(frame.placed.typed[need]) > 0)


def unknown_windows(frame: Frame, groups: Groups) -> tuple[str, ...]:
    """Areas and windows with a case of which it is not known whether it was eligible: "Norwich (baseline)"."""
    need = frame.placed.asked.eligible
    if need is None:
        return ()
    blank = groups.where(~groups.known(frame.placed.typed[need])).spread("rows")
    periods = frame.sample.periods
    windows = (("baseline", periods.baseline), ("follow-up", periods.follow_up))
    return tuple(
        f"{area} ({name})"
        for area, rows in zip(frame.sample.areas.names, blank, strict=True)
        for name, window in windows
        if rows[window].any()
    )


def uptake_of(frame: Frame, groups: Groups) -> Uptake | None:
    """Who took the service up, among eligible cases; None if that is not recorded."""
    if frame.placed.asked.accepted is None:
        return None
    eligible = eligible_cases(frame, groups)
    took = _took(frame, eligible)
    takers = eligible.where(took)
    return Uptake(
        taken=frame.share(takers.spread("rows"), eligible.spread("rows")),
        takers=frame.panel(counted(frame.outcome, takers)),
        decliners=frame.panel(counted(frame.outcome, eligible.where(~took))),
    )


def _took(frame: Frame, groups: Groups) -> BoolArray:
    need = frame.placed.asked.accepted
    mask: BoolArray = groups.column(frame.placed.typed[need]) > 0 if need else groups.area < 0
    return mask


def warn_of_uptake(frame: Frame, groups: Groups, findings: Findings) -> None:
    """Warn of uptake by cases that were not eligible, or in areas without the service, and of uptake not recorded."""
    asked, typed, sample = frame.placed.asked, frame.placed.typed, frame.sample
    if asked.accepted is None:
        return
    where = _Place(source=asked.name, column=asked.accepted.column)
    took, treated = _took(frame, groups), sample.treated[groups.area]
    if asked.eligible is not None:
        flag = typed[asked.eligible]
        refused = groups.known(flag) & (groups.column(flag) == 0)
        _warn_of_ineligible(_rows(groups.where(took & refused)), where, findings)
    _warn_of_untreated(_rows(groups.where(took & ~treated)), where, findings)
    offered = treated & sample.periods.follow_up[groups.period] & ~groups.known(typed[asked.accepted])
    _warn_of_blank(_rows(eligible_cases(frame, groups.where(offered))), where, findings)


class _Place(TypedDict):
    source: str
    column: str


def _rows(groups: Groups) -> int:
    return int(groups.column("rows").sum())


def _warn_of_ineligible(rows: int, where: _Place, findings: Findings) -> None:
    if rows:
        findings.warn(
            "accepted_not_eligible",
            f"{number_of(rows, 'case')} that took the service up {'is' if rows == 1 else 'are'} marked as not "
            "eligible.",
            "Correct one of the two columns; now these cases count as not eligible.",
            rows=rows,
            **where,
        )


def _warn_of_untreated(rows: int, where: _Place, findings: Findings) -> None:
    if rows:
        findings.warn(
            "accepted_in_comparison",
            f"{number_of(rows, 'case')} of comparison areas {'is' if rows == 1 else 'are'} marked as having taken the "
            "service up.",
            "Correct the column; if they did, these areas are not untreated.",
            rows=rows,
            **where,
        )


def _warn_of_blank(rows: int, where: _Place, findings: Findings) -> None:
    if rows:
        findings.warn(
            "accepted_blank",
            f"it is not recorded whether {number_of(rows, 'eligible case')} of the treated areas in the follow-up took "
            "the service up.",
            "Fill in the column; now they count as not having done so.",
            rows=rows,
            **where,
        )
