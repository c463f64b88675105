"""A study with staggered starts, laid out: its effects, their averages, and the inference its areas allow."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models.arrays import FloatArray, IntArray
from models.design import Design
from models.effect import Effect
from models.estimate import Clusters
from models.inference.headline import ENOUGH_AREAS, ENOUGH_IN_A_GROUP
from models.inference.refusal import NoInference
from models.inference.ttest import TTest
from models.panel import Panel, select_areas
from models.staggered.aggregates import Average, Averages, averages, weights_of
from models.staggered.analytic import by_start_group
from models.staggered.grid import Grid, grid_of
from models.staggered.group_time import Comparison, GroupTimes, effects, group_times
from models.staggered.options import StaggeredOptions
from models.staggered.reassigned import Assignments, Reassigned, assignments_of, reassigned
from models.wording import listed

NO_COMPARISON = (
    "No area never starts, so there is none to compare with at all times. With the option `compared_with: not_yet` "
    "areas are compared with those that start later, as long as some have not."
)
ALIKE = (
    "All areas of a start changed by exactly the same amount, so nothing shows how much areas differ by chance; check "
    "that the data are not copied or modelled."
)
TOO_FEW = "With two areas nothing shows how much areas differ by chance; add areas."


class Inference(StrEnum):
    """What the intervals rest on."""

    PERMUTATION = "permutation"
    BY_START = "by_start"


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that the estimates and checks of one outcome share.

    Attributes
    ----------
    panel
        The areas in the grid.
    grid, times, averages
        Values by bin, the effects that can be estimated, and their averages.
    inference
        Permutation below 20 areas or with fewer than 4 of a start, by the spread within starts otherwise.
    assignments
        Ways in which the dates could have fallen; None unless they are compared.
    level, seed
        Of intervals, and of anything drawn.
    """

    panel: Panel
    grid: Grid
    times: GroupTimes
    averages: Averages
    inference: Inference
    assignments: Assignments | None
    level: float
    seed: int

    @property
    def clusters(self) -> Clusters:
        """Areas whose effect is estimated, and all others."""
        estimated = np.isin(self.grid.groups.member, self.times.group[self.times.after])
        return Clusters(int(estimated.sum()), int((~estimated).sum()))

    def contrast(self, average: Average) -> FloatArray:
        """Coefficients of the groups' means that give an average, shape (C, B)."""
        return self.padded(self.times.contrast(self.grid.groups, weights_of(average, self.grid.groups, self.times)))

    def padded(self, contrast: FloatArray) -> FloatArray:
        """Give the coefficients a column for every bin."""
        out = np.zeros((len(contrast), self.grid.values.shape[1]))
        out[:, : contrast.shape[1]] = contrast
        return out

    def reassigned(self, average: Average) -> Reassigned | NoInference:
        """Compare an average after the start with what it would be under every assignment of the dates."""
        if self.assignments is None:
            return NoInference("Permutation is for few areas; there are enough here for the spread within starts.")
        if len(self.grid.values) < 3:
            return NoInference(TOO_FEW)
        grid = self.grid
        found = reassigned(grid.values, grid.exposed, grid.groups, self.contrast(average), self.assignments, self.level)
        if found.std_error <= max(grid.resolution, 1e-10 * float(np.abs(grid.values).max())):
            return NoInference(ALIKE)
        return found

    def effect(self, average: Average) -> Effect:
        """Estimate an average after the start, with the inference the areas allow."""
        sizes = self.clusters
        contrast = self.contrast(average)
        point = float((contrast * self.grid.groups.means(self.grid.values)).sum())
        found = self.tested(average)
        if isinstance(found, NoInference) or found.interval is None:
            return Effect(point, None, None, None, None, sizes.treated, sizes.comparison)
        return Effect(point, found.interval, found.std_error, found.df, found.p_value, sizes.treated, sizes.comparison)

    def tested(self, average: Average) -> Reassigned | TTest | NoInference:
        """Test an average after the start as the areas allow."""
        if self.inference is Inference.PERMUTATION:
            return self.reassigned(average)
        grid = self.grid
        return by_start_group(grid.values, grid.groups, self.contrast(average), self.level, grid.resolution)


def analysed(panel: Panel, design: Design, options: StaggeredOptions) -> Analysis | NoInference:
    """Lay a study out; or say why nothing can be estimated."""
    grid = grid_of(panel, design, options)
    return grid if isinstance(grid, NoInference) else analysis_of(panel, grid, design, options)


def analysis_of(
    panel: Panel, grid: Grid, design: Design, options: StaggeredOptions, compared_with: Comparison | None = None
) -> Analysis | NoInference:
    """List the effects of a grid, with other areas to compare with if `compared_with` is given."""
    groups = grid.groups
    chosen = compared_with or options.compared_with
    if chosen == "never" and not groups.never.any():
        return NoInference(NO_COMPARISON)
    early = [name for name, last in zip(grid.started, groups.last, strict=True) if last < 0]
    if early:
        return NoInference(
            f"No bin lies before the start in {listed(early)} and what anticipates it. Let the baseline begin earlier, "
            "or anticipate fewer periods."
        )
    times = group_times(groups, grid.number, chosen, options.base)
    if not times.after.any():
        return NoInference(_nothing_after(grid))
    kept = select_areas(panel, grid.areas)
    inference = rule(groups.sizes)
    few = inference is Inference.PERMUTATION
    return Analysis(
        panel=kept,
        grid=grid,
        times=times,
        averages=averages(times),
        inference=inference,
        assignments=assignments_of(groups.member, design.seed) if few else None,
        level=design.level,
        seed=design.seed,
    )


def other_than(compared_with: Comparison) -> Comparison:
    """The areas an analysis could have been compared with instead."""
    return "not_yet" if compared_with == "never" else "never"


def rule(sizes: IntArray) -> Inference:
    """Choose the inference from the numbers of areas by start, never included, and from nothing else."""
    enough = int(sizes.sum()) >= ENOUGH_AREAS and int(sizes.min()) >= ENOUGH_IN_A_GROUP
    return Inference.BY_START if enough else Inference.PERMUTATION


def _nothing_after(grid: Grid) -> str:
    if (grid.groups.first[~grid.groups.never] >= len(grid.labels)).all():
        return f"No {grid.word} lies after a start and its phase-in. Choose shorter bins with the option `bin`."
    return (
        "All areas start together and none is left to compare with. Name comparison areas, which never start, in "
        "areas.comparison."
    )


def own_effects(analysis: Analysis) -> FloatArray:
    """Estimated effect in each area and bin that is not before its start, 0 elsewhere, shape (A, B)."""
    att = effects(analysis.grid.values, analysis.grid.groups, analysis.times)
    out = np.zeros((len(analysis.grid.groups.last), analysis.grid.values.shape[1]))
    later = ~analysis.times.before
    out[analysis.times.group[later], analysis.times.bin[later]] = att[later]
    return out[analysis.grid.groups.member]
