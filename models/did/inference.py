"""The tests that may carry the headline, and the permutation test: each with its name and what it assumes."""

from dataclasses import replace

from models import numbers
from models.design import Design
from models.did.units import Found, Units, Words, compared, refused, tested
from models.inference.blocks import block_test, blocks_of
from models.inference.collapsed import collapsed_t
from models.inference.cr2 import cr2
from models.inference.headline import Method, choose, headline_test
from models.inference.jackknife import jackknife_t
from models.inference.permutation import Permutation, attainable_p, permutation_test, studentised_permutation_test
from models.inference.refusal import NoInference
from models.inference.sampling import sampling_only
from models.inference.ttest import TTest

BLOCKS = "the permutation of adjoining blocks"
ADJOINING = "adjoining blocks"
"""How the method of a permutation over blocks of adjoining areas ends."""
CR2 = "CR2"
JACKKNIFE = "the jackknife"
PERMUTATION = "the permutation test"
STUDENTISED = "the studentised permutation test"
SINGLE_CASES = "the test of single cases"
BLOCK_SIZE = (
    "Without any effect, at 4 of 20 areas, it claims one 5 times in 100 where the map is alike everywhere, and 3 to 13 "
    "times by the shape and place of the block where neighbours share much (5 for a block drawn at random); the plain "
    "permutation test and the collapsed t claim one 10 to 25 times there."
)


def headline(units: Units, design: Design) -> Found | NoInference:
    """Run the test that the rule on the numbers of areas names; its estimate is marked as the headline."""
    result = headline_test(units.w, units.panel.treated, design.level, units.resolution, units.weights)
    if isinstance(result, NoInference):
        return result
    choice = choose(units.clusters.treated, units.clusters.comparison)
    name = _robust_words if choice.method is Method.CLUSTER_ROBUST else _collapsed_words
    smallest = numbers.smallest_p(attainable_p(units.clusters.treated, units.clusters.comparison))
    said = (
        f"The test is chosen by a rule on the numbers of areas alone: {choice.why}. The smallest p-value that a "
        f"permutation test of these areas can give is {smallest}."
    )
    found = tested(units, design, name(units, result), result)
    return replace(found, estimates=tuple(replace(e, headline=True, note=f"{e.note} {said}") for e in found.estimates))


def collapsed(units: Units, design: Design) -> Found | NoInference:
    """Run the collapsed t test."""
    result = collapsed_t(units.w, units.panel.treated, design.level, units.resolution, units.weights)
    return result if isinstance(result, NoInference) else tested(units, design, _collapsed_words(units, result), result)


def robust(units: Units, design: Design) -> Found | NoInference:
    """Run the cluster-robust test."""
    result = cr2(units.w, units.panel.treated, design.level, units.resolution, units.weights)
    return result if isinstance(result, NoInference) else tested(units, design, _robust_words(units, result), result)


def _collapsed_words(units: Units, result: TTest) -> Words:
    alone = min(units.clusters.treated, units.clusters.comparison) == 1
    note = (
        f"The t test has {result.df:g} degrees of freedom and assumes that areas vary alike"
        f"{'; one area alone cannot show its own variation' if alone else ''}."
    )
    method = f"collapsed change per area{units.suffix}, t({result.df:g})"
    return Words(units.named("the collapsed t test"), method, note)


def _robust_words(units: Units, result: TTest) -> Words:
    few = choose(units.clusters.treated, units.clusters.comparison).method is not Method.CLUSTER_ROBUST
    cost = ": with few areas a cautious interval, and a test that seldom sees an effect that is there" if few else ""
    note = (
        "Lets treated and comparison areas vary differently, which leaves "
        f"{numbers.fixed(result.df, 1)} degrees of freedom{cost}."
    )
    return Words(CR2, "CR2 with Bell-McCaffrey df", note)


def left_out(units: Units, design: Design) -> Found | NoInference:
    """Run the jackknife over areas."""
    result = jackknife_t(units.w, units.panel.treated, design.level, units.resolution, units.weights)
    if isinstance(result, NoInference):
        return result
    note = (
        "The standard error is how far the estimate moves as each area is left out in turn, with "
        f"{result.df:g} degrees of freedom. Where a group has few areas it claims an effect too often: 7 times in 100 "
        "at 2 of 7 areas, where 5 is right."
    )
    return tested(units, design, Words(JACKKNIFE, f"jackknife over areas (CRV3), t({result.df:g})", note), result)


def permuted(units: Units, design: Design) -> Found:
    """Run the permutation test."""
    result = permutation_test(units.w, units.panel.treated, design.level, design.seed, units.resolution, units.weights)
    assumes = "Assumes that, without the intervention, any of these areas could have had any of these changes."
    words = Words(
        units.named(PERMUTATION),
        f"{_assignments(result)}{units.suffix}",
        f"{_rank('the difference', result)} {assumes}",
    )
    return _placed(units, design, words, result)


def in_blocks(units: Units, design: Design) -> Found | NoInference:
    """Run the permutation test over blocks of adjoining areas."""
    panel = units.panel
    blocks = blocks_of(panel.areas, design.neighbours, panel.treated, design.seed)
    if isinstance(blocks, NoInference):
        return blocks
    result = block_test(units.w, panel.treated, blocks, design.level, units.resolution, units.weights)
    if isinstance(result, NoInference):
        return result
    every = "all" if result.exact else "random ones of all"
    note = (
        f"Moves the treated areas as one block: compares the difference with {every} {result.assignments:,} blocks of "
        f"{panel.n_treated:,} adjoining areas, among which it ranks {result.rank:,} by size. {_smallest(result)} Where "
        f"neighbouring areas share their ups and downs the other tests claim an effect too often. {BLOCK_SIZE}"
    )
    kind = (
        f"{'exact ' if result.exact else ''}permutation of {result.assignments:,} {'' if result.exact else 'random '}"
    )
    return _placed(units, design, Words(BLOCKS, f"{kind}{ADJOINING}", note), result)


def studentised(units: Units, design: Design) -> Found | NoInference:
    """Run the permutation test of Welch's t."""
    result = studentised_permutation_test(units.w, units.panel.treated, design.level, design.seed, units.resolution)
    if isinstance(result, NoInference):
        return result
    assumes = (
        "Dividing by the standard error of each choice makes the test less sensitive to areas that vary differently; "
        "with few areas it does not remove that."
    )
    words = Words(STUDENTISED, f"{_assignments(result)}, Welch t", f"{_rank("Welch's t", result)} {assumes}")
    return _placed(units, design, words, result)


def sampled(units: Units, design: Design) -> Found:
    """Test as if every case were separate evidence: all there is with one area on each side."""
    panel = units.panel
    windows = (panel.periods.baseline, panel.periods.follow_up)
    result = sampling_only(panel.cells, panel.treated, *windows, design.level, units.weights)
    if isinstance(result, NoInference):
        return refused(SINGLE_CASES, result)
    note = (
        "Never the headline: takes every case for separate evidence and areas to differ by sampling alone, on "
        f"{numbers.count(result.df)} degrees of freedom. Whatever else moved all cases of one area would look like an "
        "effect, and this interval does not allow for it."
    )
    return tested(
        units, design, Words(SINGLE_CASES, f"single cases, sampling error alone, t({result.df:.0f})", note), result
    )


def _placed(units: Units, design: Design, words: Words, result: Permutation) -> Found:
    return compared(units, design, words, result.estimate, (result.p_value, result.attainable_p), result.interval)


def _assignments(result: Permutation) -> str:
    kind = "exact permutation of {:,} assignments" if result.exact else "permutation of {:,} random assignments"
    return kind.format(result.assignments)


def _rank(what: str, result: Permutation) -> str:
    source = "every possible choice" if result.exact else "random choices"
    return (
        f"Compares {what} with {source} of treated areas: it ranks {result.rank:,} of {result.assignments:,} by size. "
        f"{_smallest(result)}"
    )


def _smallest(result: Permutation) -> str:
    return f"The smallest possible p-value is {numbers.smallest_p(result.attainable_p)}."
