"""What was delivered: the outputs of a study, finished for print. They are counted and never judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from impact.report import format as fmt
from impact.report.places import level_of, plural
from impact.report.tables import Table, table
from impact.result import RunResult
from impact.result_outputs import OutputInfo, OutputWindow

NO_RESULT = "This is what the service did. More of it is not a result."
RECORDED_MORE = (
    "Where officers look for more, more is recorded: a recorded count can rise because of this work, and not because "
    "more happened."
)
RATES_NOT_TOTALS = "Compare the rates above, not these totals: windows may differ in length, and groups in size."
NOT_RECORDED = "not recorded"
NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True)
class DeliveredView:
    """What the section says: what it is, a sentence for each output, what it may do to records, and the table."""

    meaning: str
    sentences: tuple[str, ...]
    caution: str
    table: Table


def delivered_view(result: RunResult) -> DeliveredView | None:
    """Finish what was delivered; None if the study names no outputs."""
    if not result.outputs:
        return None
    outputs = list(result.outputs.values())
    return DeliveredView(
        meaning=NO_RESULT,
        sentences=tuple(_sentence(result, output) for output in outputs),
        caution=RECORDED_MORE if any(o.kind == "count" for o in result.outcomes.values()) else "",
        table=_table(result, outputs),
    )


def _groups(result: RunResult, output: OutputInfo) -> list[tuple[str, int, list[OutputWindow]]]:
    """Each group in words, how many areas it has, and the output's windows there, baseline first."""
    study, found = result.study, []
    for group, areas in (("treated", study.treated), ("comparison", study.comparison)):
        windows = [w for w in output.windows if w.group == group]
        level = level_of(study)
        noun = level if len(areas) == 1 else plural(level)
        if windows:
            found.append((f"{group} {noun}", len(areas), windows))
    return found


def _sentence(result: RunResult, output: OutputInfo) -> str:
    said = [_change(output, windows, group) for group, _, windows in _groups(result, output)]
    return f"{output.title}: {'; '.join(said)}."


def _change(output: OutputInfo, windows: Sequence[OutputWindow], group: str) -> str:
    """Say the rates before and after; a word stands for one that is not there."""
    before, after = windows
    if before.rate is not None and after.rate is not None:
        rates = (fmt.significant(window.rate) for window in (before, after) if window.rate is not None)
        return f"from {' to '.join(rates)} {output.unit} in the {group}"
    if before.rate is None and after.rate is None and before.suppressed == after.suppressed:
        return f"{_missing(before)} in the {group}"
    sides = (("before the start", before), ("after it", after))
    said = [
        f"{_missing(w) if w.rate is None else f'{fmt.significant(w.rate)} {output.unit}'} {when}" for when, w in sides
    ]
    return f"{' and '.join(said)} in the {group}"


def _missing(window: OutputWindow) -> str:
    return NOT_SHOWN if window.suppressed else NOT_RECORDED


def _table(result: RunResult, outputs: Sequence[OutputInfo]) -> Table:
    rows, notes = [], [RATES_NOT_TOTALS]
    for output in outputs:
        for group, areas, windows in _groups(result, output):
            rows.append((f"{output.title}, {group}", *map(_total, windows)))
            least = min((w.areas for w in windows if w.areas), default=0)
            if 0 < least < areas:
                notes.append(f"{output.title}: recorded in {fmt.count(least)} of the {fmt.count(areas)} {group}.")
    least = max(output.disclosure_minimum for output in outputs)
    if any(window.suppressed for output in outputs for window in output.windows):
        notes.append(
            f"To protect people, a total below {fmt.count(least)} is not shown, nor one from which it could be "
            "worked out."
        )
    return table(
        "How much was delivered in all", [("Activity", False), ("Baseline", True), ("Follow-up", True)], rows, notes
    )


def _total(window: OutputWindow) -> str:
    return _missing(window) if window.count is None else fmt.count(window.count)
