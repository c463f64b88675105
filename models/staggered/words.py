"""Words that the estimates and checks of staggered starts share."""

from models.effect import Effect, row_of
from models.estimate import Row
from models.staggered.analysis import Analysis, Inference
from models.wording import listed

MODEL = "staggered"
AVERAGES = {
    "group": "each area's mean effect since its start, averaged over areas",
    "simple": "every area and bin since a start alike",
    "dynamic": "each time since the start alike",
    "calendar": "each bin of the calendar alike",
}
TITLES = {
    "group": "Area by area",
    "simple": "All alike",
    "dynamic": "By time since the start",
    "calendar": "By calendar",
}
BEFORE, BETWEEN, AFTER = "before", "starting up", "after"


def measured_words(analysis: Analysis) -> str:
    """Say how often the headline's test claims an effect where there is none, as measured by simulation."""
    if analysis.inference is Inference.PERMUTATION:
        return (
            "Of 100 simulated roll-outs without any effect in 6 to 12 areas it claims one in 3 to 6 where areas vary "
            "alike, but in 5 to 15 where those that start vary twice as much as the others."
        )
    return "Of 100 simulated roll-outs without any effect in 20 to 200 areas it claims one in 4 to 5."


def effect_row(
    analysis: Analysis, label: str, found: Effect, *, group: str = "", note: str = "", chosen: bool = False
) -> Row:
    """A row of evidence; one without an interval says why."""
    few = analysis.inference is Inference.PERMUTATION and found.interval is None
    why = "no range: too few assignments of the dates tell it apart" if few else ""
    said = "; ".join(filter(None, [note, why]))
    return row_of(label, analysis.panel, found, group=group, note=said, chosen=chosen)


def starts_words(analysis: Analysis) -> str:
    """Write "2 in 2004, 40 in 2006; 309 never": areas by start."""
    groups = analysis.grid.groups
    named = [
        f"{size:,} in {start}"
        for size, start, never in zip(groups.sizes.tolist(), analysis.grid.started, groups.never, strict=True)
        if not never
    ]
    never = int(groups.sizes[groups.never].sum())
    return f"{listed(named)}{f', and {never:,} never' if never else ''}"


def rests_on(analysis: Analysis) -> str:
    """Say what the interval of a row rests on."""
    if analysis.inference is Inference.PERMUTATION:
        return "over all assignments of the start dates" if _exact(analysis) else "over random assignments of the dates"
    return "by the spread of areas that started together"


def _exact(analysis: Analysis) -> bool:
    return analysis.assignments is not None and analysis.assignments.exact
