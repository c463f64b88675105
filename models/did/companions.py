"""What stands beside the headline, in a fixed order: nothing here is ever the headline."""

from collections.abc import Callable
from dataclasses import dataclass

from models import numbers
from models.changes import sizes_of
from models.design import Design
from models.did.inference import (
    BLOCKS,
    CR2,
    JACKKNIFE,
    PERMUTATION,
    STUDENTISED,
    collapsed,
    in_blocks,
    left_out,
    permuted,
    robust,
    studentised,
)
from models.did.units import Found, Refusal, Units, Words, compared, gathered, refused
from models.inference.ferman_pinto import ferman_pinto
from models.inference.headline import Method, choose
from models.inference.refusal import NoInference
from models.inference.resampled import Resampled
from models.inference.subcluster import subcluster_bootstrap
from models.inference.wild import Multiplier, wild_bootstrap
from models.summary import period_matrix

MOST_RESAMPLED = 100
SIGNS = "the wild bootstrap with random signs"
WEBB = "the wild bootstrap with Webb's weights"
SUBCLUSTER = "the subcluster bootstrap"
FERMAN_PINTO = "Ferman and Pinto's bootstrap"
LONE = "No result from {{methods}}: two areas are needed in each group, and there is one {group} area."
WEIGHTED = "No result from {methods}: areas count equally there, and by their size in this estimate."
TOO_MANY = f"With more than {MOST_RESAMPLED} areas {{methods}} are left out by rule, for the time they take."


@dataclass(frozen=True, slots=True)
class _Companion:
    """A test beside the headline, and when it is left out without being run.

    `pairs`: it needs two areas in each group. `equal`: it has no weights. `slow`: it is left out with many areas.
    `borders`: it is passed over in silence where the study declares no borders, or treats one area only.
    """

    name: str
    run: Callable[[Units, Design], Found | NoInference]
    pairs: bool = False
    equal: bool = False
    slow: bool = True
    borders: bool = False


def companions(units: Units, design: Design) -> Found:
    """Run every companion that the areas allow, in the order they are shown.

    Notes
    -----
    With more than `MOST_RESAMPLED` areas the studentised permutation and the bootstraps are left out, whatever they
    would say.
    """
    blocks = bool(design.neighbours) and units.clusters.treated > 1
    return gathered(_run(each, units, design) for each in COMPANIONS if blocks or not each.borders)


def _run(companion: _Companion, units: Units, design: Design) -> Found:
    obstacle = _obstacle(companion, units)
    if obstacle:
        return Found(refusals=(Refusal(obstacle, companion.name),))
    found = companion.run(units, design)
    return refused(companion.name, found) if isinstance(found, NoInference) else found


def _obstacle(companion: _Companion, units: Units) -> str:
    """Why a companion is not run; empty if it is."""
    clusters = units.clusters
    if companion.slow and clusters.treated + clusters.comparison > MOST_RESAMPLED:
        return TOO_MANY
    if companion.pairs and min(clusters.treated, clusters.comparison) == 1:
        return LONE.format(group="treated" if clusters.treated == 1 else "comparison")
    return WEIGHTED if companion.equal and units.weights is not None else ""


def _other(units: Units, design: Design) -> Found | NoInference:
    """CR2 beside a collapsed t as headline, and the other way round."""
    choice = choose(units.clusters.treated, units.clusters.comparison)
    return collapsed(units, design) if choice.method is Method.CLUSTER_ROBUST else robust(units, design)


def _signs(units: Units, design: Design) -> Found | NoInference:
    return _wild(units, design, Multiplier.RADEMACHER)


def _webb(units: Units, design: Design) -> Found | NoInference:
    return _wild(units, design, Multiplier.WEBB)


def _wild(units: Units, design: Design, multiplier: Multiplier) -> Found | NoInference:
    random = multiplier is Multiplier.RADEMACHER
    name = SIGNS if random else WEBB
    result = wild_bootstrap(
        units.w, units.panel.treated, design.level, design.seed, units.resolution, units.weights, multiplier
    )
    if isinstance(result, NoInference):
        return result
    made = "with a sign drawn for each area" if random else "with one of six weights drawn for each area"
    every = f"all {result.draws:,}" if result.exact else f"{result.draws:,}"
    note = (
        f"Compares the cluster-robust t with {every} samples in which the treatment does nothing and each area's "
        f"residual is put back {made}. {_smallest(result)} Where a group has few areas it sees an effect too seldom."
    )
    method = f"wild cluster bootstrap, {'Rademacher' if random else 'Webb'}"
    return _drawn(units, design, Words(name, method, note), result)


def _subcluster(units: Units, design: Design) -> Found | NoInference:
    panel = units.panel
    result = subcluster_bootstrap(
        period_matrix(panel.cells)[0],
        panel.treated,
        panel.periods.baseline,
        panel.periods.follow_up,
        design.level,
        design.seed,
        units.resolution,
    )
    if isinstance(result, NoInference):
        return result
    note = (
        f"As the wild bootstrap, with a sign drawn for each area and period, {result.draws:,} samples. It averages the "
        f"periods of a window instead of pooling their cases, so its estimate may differ a little. {_smallest(result)} "
        "It counts on single periods to show how much areas vary, which they do not where something moved all periods "
        "of an area."
    )
    return _drawn(units, design, Words(SUBCLUSTER, "subcluster wild bootstrap", note), result)


def _by_size(units: Units, design: Design) -> Found | NoInference:
    panel = units.panel
    sizes = sizes_of(panel, panel.periods.baseline)
    result = ferman_pinto(units.w, panel.treated, sizes, design.level, design.seed, units.resolution)
    if isinstance(result, NoInference):
        return result
    note = (
        f"Compares the estimate with {result.test.draws:,} samples of residuals drawn from all areas and scaled to the "
        f"size of each: variation may fall with size, as fitted to comparison areas. {_smallest(result.test)} Made for "
        "few treated and many comparison areas that differ only by size. With treated areas among the smallest it "
        "claims an effect too often: 11 times in 100 with 20 comparison areas, 7 with 100, where 5 is right."
    )
    return _drawn(units, design, Words(FERMAN_PINTO, "Ferman-Pinto bootstrap", note), result.test)


def _drawn(units: Units, design: Design, words: Words, result: Resampled) -> Found:
    return compared(units, design, words, result.estimate, (result.p_value, result.attainable_p), result.interval)


def _smallest(result: Resampled) -> str:
    return f"The smallest possible p-value is {numbers.smallest_p(result.attainable_p)}."


COMPANIONS = (
    _Companion(PERMUTATION, permuted, slow=False),
    _Companion(BLOCKS, in_blocks, slow=False, borders=True),
    _Companion(STUDENTISED, studentised, pairs=True, equal=True),
    _Companion(CR2, _other, pairs=True, slow=False),
    _Companion(JACKKNIFE, left_out, pairs=True, slow=False),
    _Companion(SIGNS, _signs),
    _Companion(WEBB, _webb),
    _Companion(SUBCLUSTER, _subcluster, equal=True),
    _Companion(FERMAN_PINTO, _by_size, equal=True),
)
