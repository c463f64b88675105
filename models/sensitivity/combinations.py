"""The effect under each combination of choices; every distinct window is summarised once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.changes import Changes, Weighting, difference
from models.effect import Effect, effect_from
from models.inference.refusal import NoInference
from models.panel import Panel
from models.sensitivity.choices import OtherScale, effect_on_other_scale, on_other_scale
from models.sensitivity.main import MAIN, obstacle_among, restricted
from models.sensitivity.options import Choices, Options, words_of
from models.sensitivity.summaries import summarise_windows


@dataclass(frozen=True, slots=True)
class Specification:
    """One combination, and what came of it.

    Attributes
    ----------
    options
        The combination.
    departures
        What differs from the main analysis, in words; "main analysis" if nothing does.
    choices
        All of its choices: "choice: value; choice: value".
    effect
        What came out, or why nothing did.
    w, size
        Change of each area on the scale it is compared on, and how much the area counts, shape (G,).
    level
        Value after, shape (G,), where changes are compared on the other scale; None otherwise.
    keep
        Areas used whichever are treated, shape (G,); areas next to a treated one may be left out as well.
    """

    options: Options
    departures: str
    choices: str
    effect: Effect | NoInference
    w: FloatArray
    size: FloatArray
    level: FloatArray | None
    keep: BoolArray


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Changes between one pair of windows under one coding, on both scales, and sizes in the window before."""

    changes: Changes
    other: OtherScale | NoInference
    size: FloatArray


type _Table = dict[tuple[int, bytes], _Numbers]


def estimated(choices: Choices, wanted: Sequence[Options], level: float) -> list[Specification]:
    """Estimate each combination; one that compares the very same numbers as an earlier one is left out."""
    table = _table(choices, wanted)
    words = words_of(choices)
    found: dict[tuple[object, ...], Specification] = {}
    for options in wanted:
        where = options.coding, choices.cuts[options.windows].key
        left = choices.dominant[options.dominant] | choices.beside[options.beside]
        unequal = np.ptp(table[where].size) > 0
        same = (*where, options.scale, options.weights if unequal else 0, left.tobytes())
        if same not in found:
            found[same] = _specification(choices, options, table[where], level, words)
    return list(found.values())


def _table(choices: Choices, wanted: Sequence[Options]) -> _Table:
    """Summarise the windows that the combinations need, each once for each coding."""
    table: _Table = {}
    for coding, (_, panel) in enumerate(choices.panels):
        needed = (choices.cuts[options.windows] for options in wanted if options.coding == coding)
        cuts = {cut.key: cut for cut in needed}
        masks = {mask.tobytes(): mask for cut in cuts.values() for mask in (cut.before, cut.after)}
        if masks:
            windows = dict(zip(masks, summarise_windows(panel.cells, np.asarray(list(masks.values()))), strict=True))
            for key, cut in cuts.items():
                first, second = windows[cut.before.tobytes()], windows[cut.after.tobytes()]
                table[coding, key] = _Numbers(
                    difference(first.summary, second.summary),
                    on_other_scale(panel, first.summary, second.summary)
                    if choices.other_scale
                    else NoInference("This outcome has no other scale."),
                    first.size,
                )
    return table


def _specification(
    choices: Choices,
    options: Options,
    numbers: _Numbers,
    level: float,
    words: Sequence[tuple[str, tuple[str, ...]]],
) -> Specification:
    panel = choices.panels[options.coding][1]
    equal = choices.weightings[options.weights] is Weighting.EQUAL
    size = np.ones(len(panel.areas)) if equal else numbers.size
    other = numbers.other if options.scale else None
    used = ~choices.dominant[options.dominant]
    keep = used & ~choices.beside[options.beside]
    on_it = other if isinstance(other, OtherScale) else None
    said = [(f"{name}: {values[o]}", o, len(values)) for (name, values), o in zip(words, options, strict=True)]
    return Specification(
        options=options,
        departures=", ".join(text for text, option, _ in said if option) or MAIN,
        choices="; ".join(text for text, _, count in said if count > 1),
        effect=_effect(panel, numbers.changes, other, keep, None if equal else size, level),
        w=on_it.changes.w if on_it else numbers.changes.w,
        size=size,
        level=on_it.level if on_it else None,
        keep=used & numbers.changes.usable,
    )


def _effect(
    panel: Panel,
    changes: Changes,
    other: OtherScale | NoInference | None,
    keep: BoolArray,
    weights: FloatArray | None,
    level: float,
) -> Effect | NoInference:
    """Estimate over the areas in `keep`, on the other scale if one is given."""
    if other is None:
        return effect_from(panel, restricted(changes, keep), level, weights)
    obstacle = obstacle_among(panel, changes, keep)
    if obstacle:
        return NoInference(obstacle)
    if isinstance(other, NoInference):
        return other
    return effect_on_other_scale(panel, replace(other, changes=restricted(other.changes, keep)), level, weights)
