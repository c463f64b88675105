"""How often interrupted time series claim an effect where there is none: a slice of the table, and all of it (slow)."""

import numpy as np
import pytest
from its_methods import BY_AREAS_PERMUTED, BY_AREAS_T, METHODS, PAIRS, Runs, layout_of
from its_size import STANDARD, WORLDS, Setting, cells
from size_worlds import DESIGNS, simulate

from models.case import Case
from models.design import Design
from models.its import AVERAGE, ItsOptions, fit
from models.its.comparative import comparative
from models.its.measured import NOISIER, NOISIER_ALONE, NOTABLE, SIZES, Measured, noisier_words, size_words
from models.its.terms import Season

SAME = 1e-9  # the same arithmetic in another order
STANDARD_ERRORS = 3.5  # Monte Carlo error allowed: one in 2,000 for a single figure
SEED = 77
RUNS = 300  # standard error 1.3 points at a true 5%, 2.5 at 25%
BEHIND = {Measured.QUASI_POISSON_AR1: 400, Measured.NEGATIVE_BINOMIAL: 400, Measured.STACKED: 400}
MEASURED_ON = 2000
COMPARED = {
    BY_AREAS_T: "per area, t(5)",
    BY_AREAS_PERMUTED: "per area, exact permutation",
    Measured.DIFFERENCE.value: "difference of the groups' series, AR(1)",
    Measured.STACKED.value: "stacked",
    Measured.CONFORMAL.value: "conformal",
}


def error(share: float, runs: int, other: int) -> float:
    """Monte Carlo error allowed between two shares of so many runs."""
    return STANDARD_ERRORS * float(np.sqrt(max(share * (1 - share), 0.01) * (1 / runs + 1 / other)))


@pytest.mark.parametrize("world", ["continuous", "count"])
def test_the_methods_measured_are_those_of_the_comparison(world: str) -> None:
    stack = simulate(WORLDS[world], DESIGNS["B"], STANDARD, 3, np.random.default_rng(SEED), -0.2)
    data = Runs.of(stack, layout_of(stack.run(0), "level_and_slope"))
    for run in range(3):
        found = comparative(stack.run(run), Design(), ItsOptions(), Season.of_pairs(PAIRS)).estimates
        for name, words in COMPARED.items():
            shipped = next(e for e in found if words in e.method)
            answer = METHODS[name].answer(data, run)
            assert answer is not None
            assert answer.p_value == pytest.approx(shipped.p_value, abs=1e-7)
            assert shipped.interval is not None
            assert answer.interval == pytest.approx(tuple(map(shipped.linear, shipped.interval)), abs=1e-7)


@pytest.mark.parametrize(("world", "name"), [("continuous", Measured.AR1), ("count", Measured.QUASI_POISSON_AR1)])
def test_the_single_series_measured_is_that_of_the_model(world: str, name: Measured) -> None:
    stack = simulate(WORLDS[world], DESIGNS["B"], STANDARD, 1, np.random.default_rng(SEED), -0.2)
    data = Runs.of(stack, layout_of(stack.run(0), "level_and_slope"))
    estimates = fit(Case(stack.run(0)), Design(), ItsOptions(harmonics=PAIRS)).estimates
    found = next(e for e in estimates if e.estimand == AVERAGE)
    answer = METHODS[name.value].answer(data, 0)
    assert answer is not None
    assert answer.p_value == pytest.approx(found.p_value, abs=1e-7)


def test_a_slice_of_the_table_for_means() -> None:
    names = (BY_AREAS_T, BY_AREAS_PERMUTED, Measured.AR1.value, Measured.NEWEY_WEST.value, Measured.DIFFERENCE.value)
    alike, shocked = (cells("continuous", d, "level_and_slope", RUNS, seed=SEED, names=names) for d in ("B", "D"))
    near = error(0.05, RUNS, 10**9)
    for found in (alike, shocked):
        assert abs(found[BY_AREAS_T].share - 0.05) < near
        assert abs(found[BY_AREAS_PERMUTED].share - 1 / 21) < near
    assert alike[Measured.AR1.value].share < 0.05 + near
    assert alike[Measured.DIFFERENCE.value].share < 0.05 + near
    assert alike[Measured.NEWEY_WEST.value].share > 0.15
    assert shocked[Measured.AR1.value].share > alike[Measured.AR1.value].share


def test_every_test_has_its_size_in_words_and_those_above_seven_per_cent_print_it() -> None:
    for name in Measured:
        words = size_words(name)
        for share in SIZES[name]:
            assert f"{share:.0f}" in words
        shifts = name in {Measured.CONFORMAL, Measured.CONFORMAL_ALONE}
        assert (max(SIZES[name]) > NOTABLE) is not shifts  # a shock to areas is beyond the others


def test_by_areas_with_noisier_treated_areas_is_as_the_note_says() -> None:
    names = (BY_AREAS_T, BY_AREAS_PERMUTED)
    for treated, size in ((2, NOISIER), (1, NOISIER_ALONE)):
        found = cells(
            "continuous", "E", "level", RUNS, setting=Setting(treated=treated), seed=SEED, names=names[:treated]
        )
        for cell in found.values():
            assert abs(cell.share - size / 100) < error(size / 100, RUNS, 2000)
        assert f"one in {size:.0f} of 100" in noisier_words(treated)


@pytest.mark.slow
@pytest.mark.parametrize("design", ["A", "B", "C", "D"])
@pytest.mark.parametrize("world", ["continuous", "count"])
def test_the_sizes_on_record_are_found_again_with_other_seeds(world: str, design: str) -> None:
    found = cells(world, design, "level_and_slope", 1000, seed=SEED)
    for name, cell in found.items():
        near = error(cell.share, cell.runs, MEASURED_ON)
        if name in {BY_AREAS_T, BY_AREAS_PERMUTED}:
            assert abs(cell.share - 0.05) < near
        elif Measured(name) in SIZES:
            on_record = SIZES[Measured(name)]["ABCD".index(design)] / 100
            # On record is the larger of both changes tried and, for tests that serve both, of means and counts.
            near = error(on_record, cell.runs, BEHIND.get(Measured(name), MEASURED_ON))
            assert cell.share < on_record + near
