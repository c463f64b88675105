"""Other choices of treated areas, as masks: all there are, or a random sample where those are too many."""

import math

import numpy as np

from models.arrays import BoolArray
from models.inference.permutation import assignments

MOST_LISTED = 2_000
DRAWS = 999


def labellings(treated: BoolArray, seed: int) -> tuple[BoolArray, bool]:
    """Masks of as many areas as are treated, shape (C, G), and whether they are all there are.

    Up to `MOST_LISTED` choices are all listed, in order; otherwise the study's own comes first, followed by `DRAWS`
    random ones.
    """
    areas, many = len(treated), int(treated.sum())
    if math.comb(areas, many) <= MOST_LISTED:
        chosen, _ = assignments(treated, seed)
        masks = np.zeros((len(chosen), areas), dtype=np.bool_)
        np.put_along_axis(masks, chosen, values=True, axis=1)
        return masks, True
    rng = np.random.default_rng(seed)
    drawn = rng.permuted(np.broadcast_to(treated, (DRAWS, areas)), axis=1)
    return np.concatenate([treated[None, :], drawn]), False
