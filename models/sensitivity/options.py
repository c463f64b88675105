"""The choices a study declares, and every combination of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from models.arrays import BoolArray
from models.borders import bordering, borders_of
from models.case import Coding
from models.changes import Weighting
from models.design import Design
from models.panel import Panel, select_areas
from models.sensitivity.choices import has_other_scale, scale_words, weighting_words
from models.sensitivity.main import Main, members
from models.sensitivity.windows import EARLIEST, matched, put_back, season_of, with_data, without_last


class Options(NamedTuple):
    """One combination: which option of each choice, 0 being that of the main analysis."""

    coding: int
    stretches: int
    months: int
    ahead: int
    scale: int
    weights: int
    dominant: int
    beside: int

    @property
    def departures(self) -> int:
        """Number of choices made otherwise than in the main analysis."""
        return sum(option > 0 for option in self)

    @property
    def windows(self) -> tuple[int, int, int]:
        """The choices that make the windows."""
        return self.stretches, self.months, self.ahead


@dataclass(frozen=True, slots=True)
class Cut:
    """Windows before and after, shape (T,) each."""

    before: BoolArray
    after: BoolArray

    @property
    def key(self) -> bytes:
        """Same for the same windows."""
        return self.before.tobytes() + self.after.tobytes()


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of every choice; each tuple begins with that of the main analysis.

    Attributes
    ----------
    panels
        The outcome under each coding of boundaries, and the coding's name, over the G areas of the main analysis.
    cuts
        Windows, by `Options.windows`; only those that can be made.
    other_scale
        Whether the outcome can be compared on another scale.
    weightings
        How areas count.
    dominant, beside
        Areas left out, shape (G,): nobody, and the dominant ones; nobody, and those next to a treated area.
    """

    panels: tuple[tuple[str, Panel], ...]
    cuts: Mapping[tuple[int, int, int], Cut]
    other_scale: bool
    weightings: tuple[Weighting, ...]
    dominant: tuple[BoolArray, ...]
    beside: tuple[BoolArray, ...]

    @property
    def panel(self) -> Panel:
        """The outcome as the main analysis has it, over its G areas."""
        return self.panels[0][1]


def choices_of(main: Main, design: Design, codings: Sequence[Coding] = ()) -> Choices:
    """Gather the options that the study declares and the data allow.

    A coding counts if it has the areas and periods of the main analysis.
    """
    panel = select_areas(main.panel, main.usable)
    coded = [
        (coding.name, select_areas(coding.panel, main.usable))
        for coding in codings
        if coding.panel and (coding.panel.areas, coding.panel.periods) == (main.panel.areas, main.panel.periods)
    ]
    excluded = np.zeros(len(panel.periods), dtype=np.bool_)
    for shock in design.shocks:
        excluded |= shock.periods
    beside = bordering(borders_of(panel.areas, design.neighbours), panel.treated)
    return Choices(
        panels=(("as declared", panel), *coded),
        cuts=_cuts(panel, excluded),
        other_scale=has_other_scale(panel.kind),
        weightings=tuple(sorted(Weighting, key=lambda weighting: weighting is not main.weighting)),
        dominant=_leavable(panel, members(panel, design.dominant)),
        beside=_leavable(panel, beside),
    )


def words_of(choices: Choices) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Name every choice and its options, in the order of `Options`."""
    stretches, months, ahead = (1 + max(key[place] for key in choices.cuts) for place in range(3))
    kind = choices.panel.kind
    return (
        ("boundaries", tuple(name for name, _ in choices.panels)),
        ("excluded stretches", ("left out", "put back")[:stretches]),
        ("months", ("all", "matched")[:months]),
        ("periods before the start left out", tuple(str(k) for k in range(ahead))),
        ("scale", scale_words(kind)[: 1 + choices.other_scale]),
        ("weighting", tuple(weighting_words(choices.panel, weighting) for weighting in choices.weightings)),
        ("dominant areas", ("kept", "left out")[: len(choices.dominant)]),
        ("areas next door", ("kept", "left out")[: len(choices.beside)]),
    )


def combinations(choices: Choices) -> list[Options]:
    """Every combination that has windows and both groups, those nearest the main analysis first.

    The distance is the number of departures; at the same distance those come first that depart in a later choice.
    """
    every = (Options(*each) for each in product(*(range(len(options)) for _, options in words_of(choices))))
    treated = choices.panel.treated
    both = {
        (d, b): len(set(treated[~(first | second)].tolist())) > 1
        for d, first in enumerate(choices.dominant)
        for b, second in enumerate(choices.beside)
    }
    possible = (o for o in every if o.windows in choices.cuts and both[o.dominant, o.beside])
    return sorted(possible, key=lambda options: options.departures)


def _leavable(panel: Panel, left: BoolArray) -> tuple[BoolArray, ...]:
    """Nobody, and these areas if there are any and both groups keep an area."""
    nobody, rest = np.zeros_like(left), panel.treated[~left]
    return (nobody, left) if left.any() and rest.any() and not rest.all() else (nobody,)


def _cuts(panel: Panel, excluded: BoolArray) -> dict[tuple[int, int, int], Cut]:
    """Make the windows of every option; months are no choice where both windows hold the same ones anyway."""
    periods, seen = panel.periods, with_data(panel)
    windows = [(periods.baseline, periods.follow_up)]
    wider = put_back(periods, excluded & seen)
    if (wider[0] != periods.baseline).any() or (wider[1] != periods.follow_up).any():
        windows.append(wider)
    season = season_of(periods)
    cuts: dict[tuple[int, int, int], Cut] = {}
    for (stretch, (before, after)), ahead in product(enumerate(windows), range(EARLIEST + 1)):
        shorter = without_last(before, ahead) if ahead else before
        if shorter is not None:
            cuts[stretch, 0, ahead] = Cut(shorter, after)
            pair = None if season is None else matched(season, shorter & seen, after & seen)
            if pair:
                cuts[stretch, 1, ahead] = Cut(*pair)
    whole = [(cuts[stretch, 0, 0], cuts.get((stretch, 1, 0))) for stretch in range(len(windows))]
    if all(cut is None or _same(cut, plain, seen) for plain, cut in whole):
        return {key: cut for key, cut in cuts.items() if not key[1]}
    return cuts


def _same(one: Cut, other: Cut, seen: BoolArray) -> bool:
    """Whether two pairs of windows hold the same data."""
    return all(bool((a == b)[seen].all()) for a, b in ((one.before, other.before), (one.after, other.after)))
