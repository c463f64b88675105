"""Permutation of a whole block of adjoining areas, where the treated areas adjoin each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.borders import borders_of, connected, connected_sets, random_sets
from models.inference.permutation import Permutation, placed_among
from models.inference.refusal import NoInference
from models.wording import listed

FEWEST_BLOCKS = 20
UNKNOWN = (
    "No list of borders is given for {where}. List the areas that each area borders, comparison areas included; an "
    "area that borders none gets an empty list."
)
APART = "The treated areas do not adjoin each other, so there is no block to move. Check the borders in the study file."
TOO_FEW = (
    "There are too few blocks of {size:,} adjoining areas to compare with ({count:,}, and {needed} are needed for an "
    "effect to be told from chance at the usual level). Add comparison areas."
)
IN_PARTS = (
    "There are too many sets of adjoining areas to list, and the areas fall into parts without a border between them, "
    "so that a random choice would not reach all of them."
)


@dataclass(frozen=True, slots=True)
class Blocks:
    """Sets of as many areas as are treated that adjoin each other.

    Attributes
    ----------
    sets
        Members of each set, shape (C, G1), each row ascending; the treated areas are one of them.
    exact
        True if those are all there are; False if they are a random choice of them.
    """

    sets: IntArray
    exact: bool


def blocks_of(
    areas: Sequence[str], neighbours: Mapping[str, Sequence[str]], treated: BoolArray, seed: int = 0
) -> Blocks | NoInference:
    """Find every set of as many areas as are treated in which each can be reached over borders within the set.

    Parameters
    ----------
    areas
        Names of the G areas.
    neighbours
        Areas that border an area, by area; a border counts in both directions, and names of other areas are passed
        over.
    treated
        Mask of the treated areas, at least two, shape (G,).
    seed
        Seed of the random choice where there are more than `models.borders.MOST_SETS`.

    Returns
    -------
    Blocks | NoInference
        Or why there is none: borders not known, treated areas that do not adjoin each other, or a map in parts of which
        a random choice would miss some.
    """
    borders = borders_of(areas, neighbours)
    if not borders.complete:
        missing = [area for area, known in zip(areas, borders.listed, strict=True) if not known]
        return NoInference(UNKNOWN.format(where=listed(missing)))
    if not connected(borders.adjacent, np.flatnonzero(treated)[None, :])[0]:
        return NoInference(APART)
    found = connected_sets(borders.adjacent, int(treated.sum()))
    if found is not None:
        return Blocks(found, exact=True)
    if not _reaches_all(borders.adjacent, treated):
        return NoInference(IN_PARTS)
    return Blocks(random_sets(borders.adjacent, treated, seed), exact=False)


def block_test(
    changes: FloatArray,
    treated: BoolArray,
    blocks: Blocks,
    level: float,
    resolution: float = 0.0,
    weights: FloatArray | None = None,
) -> Permutation | NoInference:
    """Compare the observed difference with those of all other blocks of adjoining areas.

    Parameters
    ----------
    changes
        Change from before to after, one per area, shape (G,), all finite.
    treated
        Mask of the treated areas, shape (G,); both groups must have members.
    blocks
        Of the same areas, from `blocks_of`.
    level, resolution, weights
        As in `models.inference.permutation.permutation_test`.

    Returns
    -------
    Permutation | NoInference
        A refusal if there are fewer than `FEWEST_BLOCKS`.

    Notes
    -----
    ``p = #{|T_pi| >= |T_obs|} / C`` over the C blocks, those that overlap the treated one and the treated one itself
    included; smallest p 1/C. Areas near each other share what happens in their part of the map, so that a mean over a
    block varies more than one over as many scattered areas, and the plain permutation test takes shared ups and downs
    for an effect. Moving the block as a whole keeps what its areas share. The test is exact where the blocks are
    alike: on a ring of areas along which nothing but chance changes, and on any map if the treated block was drawn at
    random among the blocks. Otherwise blocks differ in shape and in how near the edge they lie, and a compact treated
    block, whose areas share more than those of a strung out one, is judged too leniently. Share of 20,000 runs without
    any effect with p <= 0.05, 4 of 20 areas, correlation of neighbouring areas' changes 0, 0.4 and 0.7 (standard error
    0.15 to 0.3 points):

    - ring, four in a row: blocks 4.9%, 4.9% and 4.9%; plain permutation and collapsed t 5.0%, 13.9% and 24.5%.
    - grid of 4 by 5, a square in a corner: blocks 4.9%, 10.1% and 13.1%; the others 4.9%, 16.4% and 24.7%.
    - the same grid, a square in the middle: blocks 3.4%, 4.0% and 3.2%; the others 4.9%, 9.2% and 9.7%.
    - the same grid, a block drawn at random: blocks 5.0%, 5.0% and 5.0%.
    """
    count, size = blocks.sets.shape
    if count < FEWEST_BLOCKS:
        return NoInference(TOO_FEW.format(count=count, size=size, needed=FEWEST_BLOCKS))
    return placed_among(changes, treated, blocks.sets, blocks.exact, level, resolution, weights)


def _reaches_all(adjacent: BoolArray, treated: BoolArray) -> bool:
    """Whether no part of the map apart from the treated areas' is large enough to hold a block."""
    left = ~_part(adjacent, treated)
    while left.any():
        part = _part(adjacent, np.arange(len(left)) == left.argmax())
        if part.sum() >= treated.sum():
            return False
        left &= ~part
    return True


def _part(adjacent: BoolArray, inside: BoolArray) -> BoolArray:
    """Mask of the areas that can be reached from these over borders, shape (G,)."""
    reached = inside
    while ((more := reached | adjacent[reached].any(axis=0)) != reached).any():
        reached = more
    return reached
