"""The choices a study makes for all its outcomes, laid over its periods."""

from collections.abc import Mapping

import numpy as np

from impact.intake.clock import role_unless_excluded, touches
from impact.study.schema import Exclusion, Study
from models.arrays import BoolArray
from models.design import Design, Shock
from models.periods import Periods, Role

IN_A_WINDOW = frozenset({Role.BASELINE, Role.FOLLOW_UP})


def design_of(study: Study, periods: Periods, seed: int | None = None) -> Design:
    """Return what a study fixes for every model.

    Parameters
    ----------
    periods
        The study's periods, as the intake lays them out.
    seed
        Seed instead of the study's.

    Returns
    -------
    Design
        Areas go by their names in the study, not by other spellings. `peak` may be all False, if nothing of the stretch
        on which areas were chosen is left in the baseline.
    """
    aliases = study.areas.aliases
    return Design(
        shared_delivery=study.intervention.delivery == "shared",
        level=study.level,
        seed=study.seed if seed is None else seed,
        neighbours=borders(study.areas.neighbours, aliases),
        dominant=tuple(dict.fromkeys(aliases.get(name, name) for name in study.areas.dominant)),
        shocks=tuple(shock for each in study.time.exclude if (shock := _shock(study, each, periods)) is not None),
        peak=_peak(study, periods),
    )


def borders(declared: Mapping[str, tuple[str, ...]], aliases: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Give the borders under the areas' names in the study, each once and in the order declared.

    They stay under the areas they were declared for: an area that only its neighbours name has not listed its own.
    """
    found: dict[str, dict[str, None]] = {}
    for name, around in declared.items():
        listed = found.setdefault(aliases.get(name, name), {})
        listed |= dict.fromkeys(aliases.get(other, other) for other in around)
    return {area: tuple(others) for area, others in found.items()}


def _shock(study: Study, exclusion: Exclusion, periods: Periods) -> Shock | None:
    """The periods that only this kind of exclusion keeps out of a window; None if there is none."""
    indices = range(periods.first, periods.first + len(periods))
    mask = np.asarray(
        [
            touches(exclusion, index, periods.unit) and role_unless_excluded(study, index) in IN_A_WINDOW
            for index in indices
        ],
        dtype=np.bool_,
    )
    return Shock(exclusion.why or "", mask) if mask.any() else None


def _peak(study: Study, periods: Periods) -> BoolArray | None:
    stretch = study.areas.chosen_on
    if stretch is None:
        return None
    chosen = [touches(stretch, periods.first + t, periods.unit) for t in range(len(periods))]
    mask: BoolArray = np.asarray(chosen, dtype=np.bool_) & periods.baseline
    return mask
