"""Outputs, from their panels to what may be published: totals of each group and window, small ones suppressed."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from impact.intake.data import Intake
from impact.publish import too_small
from impact.result_outputs import OutputInfo, OutputWindow
from impact.study.outputs import Output
from impact.study.schema import Study
from models.panel import CountCells, Panel

GROUPS: tuple[Literal["treated", "comparison"], ...] = ("treated", "comparison")
WINDOWS: tuple[Literal["baseline", "follow_up"], ...] = ("baseline", "follow_up")


def output_infos(study: Study, data: Intake) -> dict[str, OutputInfo]:
    """Count every output by group and window; what is published already needs no suppression."""
    return {
        key: output_info(
            output_title(key, output),
            data.outputs[key],
            0 if data.accounts[output.source].published else study.disclosure.minimum,
        )
        for key, output in study.outputs.items()
    }


def output_title(key: str, output: Output) -> str:
    """Label of an output: its title, else its key in words."""
    return output.title or key.replace("_", " ").replace("-", " ").capitalize()


def output_info(title: str, panel: Panel, minimum: int) -> OutputInfo:
    """Add up one output over the areas and periods of each group and window."""
    totals = _totals(panel)
    hidden = _hidden(totals, minimum)
    windows = (
        replace(total, count=None, rate=None, suppressed=True) if i in hidden else total
        for i, total in enumerate(totals)
    )
    return OutputInfo(title, panel.unit, tuple(windows), minimum)


def _totals(panel: Panel) -> list[OutputWindow]:
    """Totals of each group and window, before anything is suppressed."""
    cells, periods = panel.cells, panel.periods
    if not isinstance(cells, CountCells):
        raise TypeError("an output is a count")
    totals = []
    for group in GROUPS:
        members = panel.treated if group == "treated" else ~panel.treated
        for window in WINDOWS if members.any() else ():
            inside = np.ix_(members, periods.baseline if window == "baseline" else periods.follow_up)
            exposure, done = cells.exposure[inside], float(cells.events[inside].sum())
            time, areas = float(exposure.sum()), int((exposure > 0).any(axis=1).sum())
            count, rate = (done, panel.per * done / time) if time > 0 else (None, None)
            totals.append(OutputWindow(group, window, count, rate, areas, suppressed=False))
    return totals


def _hidden(totals: Sequence[OutputWindow], minimum: int) -> Collection[int]:
    """Positions of the small totals; where there is one, the next smallest too, because the rows read give them all."""
    small = {i for i, t in enumerate(totals) if t.count is not None and too_small(t.count, minimum)}
    others = sorted((t.count, i) for i, t in enumerate(totals) if i not in small and t.count)
    return small | ({others[0][1]} if len(small) == 1 and others else set())
