"""How often the shipped methods claim an effect, on simulated pilots and real placebos: a slice, and all of it (slow).

`python tests/calibration/size_table.py` prints the whole table; `docs/calibration.md` holds it.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import size_placebos
from size_methods import METHODS, changes, headline, two_way, values_by_month
from size_runs import EVERYTHING, NOMINAL, WORLDS, Job, Tally, placebo_tally, tally
from size_worlds import ALIKE, DESIGNS, KINDS, NORFOLK_LAYOUT, SHIFTS, TREATED, Layout, errors, simulate

from models.design import Design
from models.did import DidOptions
from models.did import fit as fit_did
from models.panel_regression import two_way_fixed_effects
from models.periods import MONTHS_PER_YEAR

HEADLINE, PERMUTATION, WELCH, CR2, JACKKNIFE = EVERYTHING[:5]
SAME = 1e-9  # the same arithmetic in another order
STANDARD_ERRORS = 3.5  # Monte Carlo error allowed: one in 2,000 for a single figure, one in 20 for a hundred
SEED = 20240401
RUNS = {"continuous": 3000, "count": 3000, "binary": 2000, "ordinal": 1000, "time to event": 300}
FULL = 10_000
LEAST, MOST, MOST_ON_PLACEBOS, LEAST_COVERAGE = 0.04, 0.06, 0.07, 0.93
POWER = {0.85: 0.62, 0.75: 0.96}
RUNS_BEHIND_POWER = 399
AS_SHIPPED = {
    HEADLINE: "collapsed change per area, t(5)",
    PERMUTATION: "exact permutation of 21 assignments",
    WELCH: "exact permutation of 21 assignments, Welch t",
    CR2: "CR2 with Bell-McCaffrey df",
    JACKKNIFE: "jackknife over areas (CRV3), t(6)",
    "Wild bootstrap, Rademacher, all 128": "wild cluster bootstrap, Rademacher",
    "Treated areas as one unit, t(4)": "collapsed change per area, treated areas as one unit, t(4)",
}
# Share of 5,000 runs that reject a true null, by another program written apart from this one: means, designs A to H.
ELSEWHERE = {
    HEADLINE: (0.056, 0.055, 0.046, 0.046, 0.144, 0.016, 0.046),
    PERMUTATION: (0.051, 0.053, 0.045, 0.046, 0.144, 0.013, 0.047),
    WELCH: (0.050, 0.053, 0.044, 0.049, 0.106, 0.027, 0.046),
    CR2: (0.021, 0.018, 0.013, 0.015, 0.049, 0.007, 0.014),
    JACKKNIFE: (0.080, 0.076, 0.069, 0.076, 0.126, 0.045, 0.069),
    "Wild bootstrap, Rademacher, all 128": (0.038, 0.042, 0.033, 0.037, 0.123, 0.009, 0.035),
    "Wild bootstrap, Webb, 999 draws": (0.040, 0.042, 0.035, 0.038, 0.124, 0.011, 0.035),
    "Subcluster wild bootstrap, 999 draws": (0.056, 0.053, 0.043, 0.046, 0.061, 0.040, 0.045),
    "Two-way fixed effects, robust": (0.063, 0.257, 0.468, 0.383, 0.278, 0.225, 0.375),
}
ELSEWHERE_RUNS = 5_000


def within(found: float, truth: float, runs: int, other_runs: int | None = None) -> bool:
    """Whether a share of so many runs is the true one, or that of so many other runs, but for Monte Carlo error."""
    variance = truth * (1 - truth) * (1 / runs + (1 / other_runs if other_runs else 0))
    return abs(found - truth) <= STANDARD_ERRORS * variance**0.5


def simulated(kind: str, design: str, runs: int, effect: float = 0.0) -> Tally:
    return tally(Job(kind, design, runs, effect=effect, methods=(HEADLINE,)), [SEED])


@pytest.mark.parametrize("kind", KINDS)
def test_the_fast_path_gives_what_the_model_gives(kind: str) -> None:
    stack = simulate(KINDS[kind], DESIGNS["B"], Layout(), 10, np.random.default_rng(SEED))
    w = changes(stack)
    found = headline(stack, w)
    p = {name: METHODS[name].p_values(stack, w) for name in AS_SHIPPED}
    for run in range(stack.runs):
        output = fit_did(stack.run(run), Design(shared_delivery=True), DidOptions())
        estimates = {e.method: e for e in output.estimates}
        (main,) = [e for e in output.estimates if e.headline]
        assert main.interval is not None
        shipped = [main.linear(v) for v in (main.estimate, *main.interval)]
        assert shipped == pytest.approx([found.estimate[run], found.lo[run], found.hi[run]], abs=SAME)
        assert main.p_value == pytest.approx(found.p_value[run], abs=SAME)
        for name, method in AS_SHIPPED.items():
            assert estimates[method].p_value == pytest.approx(p[name][run], abs=SAME)


@pytest.mark.parametrize("kind", ["count", "time to event"])
def test_the_written_out_regression_gives_what_the_shipped_one_gives(kind: str) -> None:
    stack = simulate(KINDS[kind], DESIGNS["D"], Layout(), 5, np.random.default_rng(SEED))
    values, post = values_by_month(stack), stack.panel.periods.follow_up
    fast = np.transpose(two_way(values, stack.treated, post))
    for own, (estimate, robust, clustered) in zip(values, fast, strict=True):
        shipped = two_way_fixed_effects(own, stack.treated, post)
        found = (shipped.estimate, shipped.robust, shipped.by_area.clustered)
        assert found == pytest.approx((estimate, robust, clustered))


@pytest.mark.parametrize(("design", "lag"), [("A", 0.0), ("B", 0.5), ("C", 0.8)])
def test_errors_have_the_declared_spread_and_correlation(design: str, lag: float) -> None:
    u = errors(DESIGNS[design], Layout(), 2000, np.random.default_rng(SEED))
    assert u.std() == pytest.approx(1.0, abs=0.02)
    assert (u[:, :, 1:] * u[:, :, :-1]).mean() == pytest.approx(lag, abs=0.02)


def test_noisier_areas_and_shocks_are_where_the_designs_put_them() -> None:
    rng = np.random.default_rng(SEED)
    spread = {d: errors(DESIGNS[d], Layout(), 2000, rng).std(axis=(0, 2)) for d in "EF"}
    assert spread["E"] == pytest.approx([2, 2, 1, 1, 1, 1, 1], abs=0.06)
    assert spread["F"] == pytest.approx([0.5, 0.5, 1, 1, 1, 1, 2], abs=0.06)
    shocked = errors(DESIGNS["D"], Layout(), 4000, rng)
    assert shocked[:, :, :36].var() == pytest.approx(1.0, abs=0.03)
    assert shocked[:, :, 36:].var() == pytest.approx(1.25, abs=0.04)


@pytest.mark.parametrize("kind", KINDS)
def test_a_world_holds_the_effect_put_in_and_none_otherwise(kind: str) -> None:
    runs = RUNS[kind] // 2
    for effect in (0.0, SHIFTS[kind]):
        stack = simulate(KINDS[kind], DESIGNS["A"], Layout(), runs, np.random.default_rng(SEED), effect)
        estimate = headline(stack, changes(stack)).estimate
        assert abs(estimate.mean() - effect) < STANDARD_ERRORS * estimate.std() / runs**0.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("design", ["A", "D"])
def test_the_headline_keeps_its_size_where_areas_vary_alike(kind: str, design: str) -> None:
    found = simulated(kind, design, RUNS[kind]).rejected[HEADLINE]
    assert within(found.value, NOMINAL, found.runs)


def test_the_headline_is_too_bold_where_treated_areas_are_noisier_and_cr2_is_not() -> None:
    found = tally(Job("continuous", "E", 2000, methods=(HEADLINE, CR2)), [SEED]).rejected
    assert found[HEADLINE].value > 0.1
    assert found[CR2].value < 0.07


def test_ferman_pinto_is_refused_at_five_comparison_areas() -> None:
    assert tally(Job("count", "B", 40, methods=("Ferman-Pinto",)), [SEED]).rejected["Ferman-Pinto"].runs == 0


def test_stretches_are_whole_and_of_one_era() -> None:
    found = size_placebos.stretches()
    assert {(s.first // MONTHS_PER_YEAR, s.length) for s in found} == {(2014, 11), (2025, 12), (2024, 24)}
    assert [s.force for s in found if s.length == 24] == [size_placebos.TWO_YEARS]
    norfolk = next(s for s in found if s.force == "norfolk" and s.length == 12)
    assert norfolk.counts[:, 6].tolist() == [140, 68, 150, 119, 53, 247, 93]  # July 2025, districts by the alphabet
    assert sum(len(s.districts) >= size_placebos.AREAS for s in found) == 38


def test_districts_whose_records_stop_are_left_out() -> None:
    kept = {(s.force, s.first // MONTHS_PER_YEAR): s.districts for s in size_placebos.stretches()}
    assert "Mendip" not in kept["avon-and-somerset", 2014]
    assert "Bristol" in kept["avon-and-somerset", 2014]
    assert "Southampton" in kept["hampshire", 2014]
    assert "Southampton" not in kept["hampshire", 2025]


def test_thinning_keeps_the_share_it_says_and_touches_nothing_else() -> None:
    (group, *_) = size_placebos.draw(400, np.random.default_rng(SEED))
    whole, thinned = group.stack(), group.stack(0.7, np.random.default_rng(SEED))
    before, after = (s.panel.cells.events.reshape(s.runs, 7, -1) for s in (whole, thinned))
    exposed = np.zeros(before.shape, dtype=bool)
    exposed[:, :TREATED, -group.after :] = True
    assert (before[~exposed] == after[~exposed]).all()
    kept = after[exposed].sum() / before[exposed].sum()
    assert within(kept, 0.7, int(before[exposed].sum()))


def test_the_error_by_force_is_the_usual_one_if_forces_hold_one_placebo_each() -> None:
    hit, forces = np.repeat([1.0, 0.0], [20, 80]), [str(i) for i in range(100)]
    found = size_placebos.error_by_force(hit, forces, np.random.default_rng(SEED))
    assert found == pytest.approx((0.2 * 0.8 / 100) ** 0.5, rel=0.08)
    ten_each = np.repeat(hit, 10), [force for force in forces for _ in range(10)]
    assert size_placebos.error_by_force(*ten_each, np.random.default_rng(SEED)) == pytest.approx(found, rel=SAME)


def test_placebos_are_seldom_taken_for_effects_and_real_ones_are_held() -> None:
    drawn = size_placebos.draw(1000, np.random.default_rng(SEED))
    none, large = (placebo_tally(drawn, ratio, (HEADLINE,), [SEED]) for ratio in (1.0, 0.7))
    assert none.rejected[HEADLINE].value <= MOST_ON_PLACEBOS
    assert large.covered.value >= LEAST_COVERAGE
    assert large.rejected[HEADLINE].value > 0.8


def test_the_command_prints_every_table() -> None:
    program = Path(__file__).with_name("size_table.py")
    command = [sys.executable, str(program), "--runs", "2", "--placebos", "6", "--jobs", "1"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.count("\n## ") + printed.startswith("## ") == 9
    assert printed.count("| **Collapsed t (headline)** |") >= 10
    assert "nan" not in printed


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("design", ALIKE)
def test_the_headline_rejects_a_true_null_in_four_to_six_of_a_hundred(kind: str, design: str) -> None:
    assert LEAST <= simulated(kind, design, FULL).rejected[HEADLINE].value <= MOST


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("design", ALIKE)
def test_the_headline_covers_a_large_effect(kind: str, design: str) -> None:
    assert simulated(kind, design, 4000, SHIFTS[kind]).covered.value >= LEAST_COVERAGE


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_the_size_table_is_the_one_simulated_elsewhere(design: str) -> None:
    found = tally(Job("continuous", design, FULL, methods=tuple(ELSEWHERE)), [SEED]).rejected
    column = list(DESIGNS).index(design)
    apart = {
        name: (found[name].value, shares[column])
        for name, shares in ELSEWHERE.items()
        if not within(found[name].value, shares[column], found[name].runs, ELSEWHERE_RUNS)
    }
    assert not apart


@pytest.mark.slow
@pytest.mark.parametrize(("ratio", "power"), POWER.items())
def test_power_on_norfolk_counts_is_the_figure_on_record(ratio: float, power: float) -> None:
    job = Job("norfolk", "B", FULL, NORFOLK_LAYOUT, float(np.log(ratio)), (HEADLINE,))
    assert within(tally(job, [SEED]).rejected[HEADLINE].value, power, FULL, RUNS_BEHIND_POWER)


@pytest.mark.slow
def test_placebos_and_thinned_placebos_in_full() -> None:
    drawn = size_placebos.draw(6000, np.random.default_rng(SEED))
    none, large = (placebo_tally(drawn, ratio, (HEADLINE,), [SEED]) for ratio in (1.0, 0.7))
    assert none.rejected[HEADLINE].value <= MOST_ON_PLACEBOS
    assert large.covered.value >= LEAST_COVERAGE


def test_every_world_has_a_name_for_the_table() -> None:
    assert all(world.words for world in WORLDS.values())
