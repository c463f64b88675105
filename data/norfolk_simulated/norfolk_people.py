"""Who complained, and who moved away, in the simulated Norfolk records. NOTHING HERE IS REAL.

Drawn last and from a stream of its own, given everything else: the other columns would be the same without it.
README.md explains each step.
"""

from dataclasses import dataclass

import norfolk_process as process
import numpy as np
from norfolk_process import Complaints, Days, Ints

SAME_AGAIN = 0.75  # of repeats: share made by the one who complained about the place the time before
MOVED = 0.10  # of cases that no other ever follows: share whose complainant moves away at some time
MOVED_AFTER = 90.0  # days: mean time from the report to that


@dataclass(frozen=True, slots=True)
class People:
    """One element per case: number of the complainant, and the day they moved away (NaT: not known to have)."""

    complainant: Ints
    moved: Days


def draw_people(seed: int, cases: Complaints) -> People:
    """Draw complainants and moves; nobody complains again after a move, and the moves change no risk of that.

    They are drawn among those who never do. Left out of those at risk from the day of the move on, as if they might
    have complained later, they would make repeats seem more frequent than they are.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(7)[6])
    order = np.lexsort((cases.day, cases.place))
    place = cases.place[order]
    anew = np.concatenate([[True], place[1:] != place[:-1]]) | (rng.random(len(place)) >= SAME_AGAIN)
    complainant = np.empty(len(place), dtype=np.int64)
    complainant[order] = np.cumsum(anew) - 1
    days = process.whole_days(1 + np.floor(-MOVED_AFTER * np.log1p(-rng.random(len(place)))))
    moves = np.isnat(cases.repeated) & (rng.random(len(place)) < MOVED)
    return People(complainant, np.where(moves, cases.day + days, np.datetime64("NaT", "D")))
