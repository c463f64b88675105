"""From the predictor to what is told: effects on the headline's scale, replicates, and bins that hold enough."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import special

from models.arrays import FloatArray
from models.bayes.durations import Durations
from models.bayes.hazard import MOST_INTERVALS, Hazard
from models.bayes.layout import Layout, layout_of
from models.bayes.likelihoods import likelihood_of
from models.bayes.links import Link, link_of
from models.bayes.means import Means
from models.bayes.ratings import Ratings
from models.bayes.resolution import NOTHING, cell_estimates, months_per_bin
from models.bayes.shares import Shares
from models.design import Design
from models.effect import Effect, effect
from models.panel import (
    BinaryCells,
    Cells,
    ContinuousCells,
    CountCells,
    DurationCells,
    Kind,
    OrdinalCells,
    Panel,
    TimeToEventCells,
    per_cell,
    rebuilt,
)
from models.periods import TimeUnit

CLOSE = 1e-12  # double precision
DRAWS = 20_000
OFF = 5.0  # Monte Carlo standard errors a mean or standard deviation of draws may be off


@pytest.fixture
def layout(make_panel: Callable[..., Panel]) -> Callable[..., Layout]:
    def build(cells: Cells, treated: int = 2, after: int = 2) -> Layout:
        return layout_of(make_panel(cells, treated=treated, after=after), Design())

    return build


def test_a_share_moves_by_bins_by_trials_and_areas_alike(layout: Callable[..., Layout]) -> None:
    trials = np.asarray([[5.0, 30.0, 10.0], [5.0, 2.0, 2.0], [5.0, 9.0, 9.0]])
    likelihood = Shares(layout(BinaryCells(np.zeros_like(trials), trials)))
    predictor = np.asarray([[[9.0, 1.0, -1.0], [9.0, 0.5, 0.0], [9.0, 9.0, 9.0]]])
    p, q = special.expit, special.expit(np.asarray([1.0, -1.0, 0.5, 0.0]) - 0.8)
    first = (30 * (p(1.0) - q[0]) + 10 * (p(-1.0) - q[1])) / 40
    second = (p(0.5) - q[2] + p(0.0) - q[3]) / 2
    found = likelihood.effect(predictor, np.asarray([0.8]), {})
    np.testing.assert_allclose(found, [(first + second) / 2], rtol=CLOSE)
    np.testing.assert_array_equal(likelihood.effect(predictor, np.zeros(1), {}), [0.0])


def test_an_area_without_answers_after_the_start_is_left_out(layout: Callable[..., Layout]) -> None:
    trials = np.asarray([[5.0, 30.0, 10.0], [5.0, 0.0, 0.0], [5.0, 9.0, 9.0]])
    likelihood = Shares(layout(BinaryCells(np.zeros_like(trials), trials)))
    found = likelihood.effect(np.zeros((1, 3, 3)), np.asarray([0.8]), {})
    np.testing.assert_allclose(found, [0.5 - special.expit(-0.8)], rtol=CLOSE)


def test_ratings_move_as_the_share_that_counts(layout: Callable[..., Layout]) -> None:
    n = np.random.default_rng(1).integers(1, 9, (3, 4, 5)).astype(np.float64)
    ratings = Ratings(layout(OrdinalCells(n, 3)))
    shares = Shares(layout(BinaryCells(n[:, :, 3:].sum(2), n.sum(2))))
    predictor, moved = np.random.default_rng(2).normal(size=(6, 3, 4)), np.linspace(-1, 1, 6)
    extras = ratings.prior_extras(6, np.random.default_rng(3))
    np.testing.assert_array_equal(ratings.effect(predictor, moved, extras), shares.effect(predictor, moved, {}))
    np.testing.assert_array_equal(ratings.statistic(), shares.statistic())


def test_cutpoints_of_the_prior_lie_around_those_of_the_baseline(layout: Callable[..., Layout]) -> None:
    n = np.tile([10.0, 20.0, 30.0, 25.0, 15.0], (3, 4, 1)) * 1000
    likelihood = Ratings(layout(OrdinalCells(n, 3)))
    cuts, _ = likelihood.cutpoints({"gap_unit": np.zeros((1, 3))})
    expected = special.logit(np.asarray([0.1, 0.3, 0.6, 0.85]))
    np.testing.assert_allclose(cuts[0], expected - expected[2], atol=1e-4)  # half an answer is added to each level
    np.testing.assert_allclose(likelihood.centre()[0], special.logit(0.4), atol=1e-4)


def days(events: FloatArray, censored: FloatArray, competing: FloatArray | None = None) -> TimeToEventCells:
    """Cells of 3 areas and 4 periods that all look the same."""
    tiled = [
        np.tile(a, (3, 4, 1)) for a in (events, censored, np.zeros(events.size) if competing is None else competing)
    ]
    return TimeToEventCells(*tiled)


def test_the_share_with_the_event_without_competing_events(layout: Callable[..., Layout]) -> None:
    likelihood = Hazard(layout(days(np.asarray([0.0, 9.0, 6.0, 3.0]), np.asarray([0.0, 2.0, 2.0, 60.0]))))
    extras = likelihood.prior_extras(1, np.random.default_rng(1))
    found = likelihood.effect(np.full((1, 3, 4), -1.0), np.asarray([0.4]), extras)
    np.testing.assert_allclose(found, [np.exp(-np.exp(-1.4)) - np.exp(-np.exp(-1.0))], rtol=CLOSE)


def test_the_share_with_the_event_where_competing_events_come(layout: Callable[..., Layout]) -> None:
    events, censored = np.asarray([0.0, 9.0, 6.0, 3.0]), np.asarray([0.0, 0.0, 0.0, 60.0])
    competing = np.asarray([4.0, 8.0, 0.0, 10.0])
    likelihood = Hazard(layout(days(events, censored, competing)))
    assert likelihood.edges()[0] == 1  # nobody has the event on the first day
    extras = likelihood.prior_extras(1, np.random.default_rng(1))
    daily = np.repeat(np.exp(likelihood.shape(extras)[0]), np.diff(likelihood.edges()))
    at_risk = np.cumsum((events + censored + competing)[::-1])[::-1]
    away = competing / (at_risk - events)

    def share(eta: float) -> float:
        left, total = 1.0 - away[0], 0.0
        for day in (1, 2, 3):
            h = 1 - np.exp(-np.exp(eta) * daily[day - 1])
            total += left * h
            left *= (1 - h) * (1 - away[day])
        return total

    found = likelihood.effect(np.full((1, 3, 4), -1.0), np.asarray([0.4]), extras)
    np.testing.assert_allclose(found, [share(-1.0) - share(-1.4)], rtol=CLOSE)


def test_a_hazard_fitted_to_large_cells_gives_the_headlines_difference(make_panel: Callable[..., Panel]) -> None:
    """One interval a day, and hazards as observed: the share is that of Aalen and Johansen."""
    shape = np.asarray([4.0, 8.0, 16.0, 12.0])
    events = np.tile(shape * 50, (3, 4, 1))
    events[:2, 2:] *= 0.7  # the treated areas, after the start
    competing, censored = np.full((3, 4, 4), 100.0), np.zeros((3, 4, 4))
    censored[:, :, -1] = 9000.0 - events.sum(2)
    panel = make_panel(TimeToEventCells(events, censored, competing), treated=2, after=2)
    likelihood = Hazard(layout_of(panel, Design()))
    assert likelihood.edges().size - 1 >= 3
    gone = events + censored + competing
    at_risk = np.cumsum(gone[:, :, ::-1], axis=2)[:, :, ::-1]
    log_summed = np.log(-np.log1p(-events / at_risk).sum(axis=2))
    moved = np.asarray([log_summed[0, 2] - log_summed[0, 0]])
    found = likelihood.effect(log_summed[None], moved, {"shape_unit": np.zeros((1, likelihood.signature[0] - 1))})
    headline = effect(panel, 0.95)
    assert isinstance(headline, Effect)
    assert headline.estimate == pytest.approx(found[0], rel=0.02)  # within an interval the hazard is held constant


def test_intervals_hold_similar_numbers_of_events(layout: Callable[..., Layout]) -> None:
    events = 1000.0 * np.exp(-np.arange(91) / 20)
    events[:2] = 0.0
    likelihood = Hazard(layout(days(np.round(events), np.full(91, 10.0))))
    edges = likelihood.edges()
    assert edges[0] == 2
    assert edges[-1] == 91
    assert edges.size == MOST_INTERVALS + 1
    held = np.add.reduceat(events, edges[:-1])
    assert held.max() < 1.4 * held.min()  # an interval ends on a whole day
    few = Hazard(layout(days(np.asarray([0.0, 1.0, 1.0]), np.asarray([0.0, 0.0, 9.0]))))
    assert few.signature == (1,)  # 12 events in the baseline


@pytest.mark.parametrize("kind", [Kind.CONTINUOUS, Kind.DURATION, Kind.COUNT])
def test_effects_that_are_told_as_they_are(
    kind: Kind, any_cells: Callable[..., Cells], layout: Callable[..., Layout]
) -> None:
    likelihood, moved = likelihood_of(layout(any_cells(kind, 3, 4, 1))), np.asarray([0.1, -0.3])
    np.testing.assert_array_equal(likelihood.effect(np.zeros((2, 3, 4)), moved, {}), moved)


@pytest.mark.parametrize("kind", list(Kind))
def test_the_link_is_that_of_the_priors(
    kind: Kind, any_cells: Callable[..., Cells], layout: Callable[..., Layout]
) -> None:
    assert likelihood_of(layout(any_cells(kind, 3, 4, 1))).link is link_of(kind)


def moments(draws: FloatArray, mean: FloatArray, sd: FloatArray) -> None:
    """Hold the mean and standard deviation of draws of shape (S, A, B) against what they should be."""
    size = len(draws)
    assert np.abs((draws.mean(axis=0) - mean) / (sd / np.sqrt(size))).max() < OFF
    assert np.abs(draws.std(axis=0) / sd - 1).max() < OFF / np.sqrt(2 * size) * 1.5  # tails a little off the normal


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.ORDINAL])
def test_replicates_of_shares(kind: Kind, any_cells: Callable[..., Cells], layout: Callable[..., Layout]) -> None:
    likelihood = likelihood_of(layout(any_cells(kind, 3, 4, 1)))
    p, n = special.expit(-0.4), likelihood.weight()
    found = likelihood.replicate(np.full((DRAWS, 3, 4), -0.4), {}, np.random.default_rng(1))
    moments(found, np.full((3, 4), p), np.sqrt(p * (1 - p) / n))


def test_replicates_of_a_hazard_lose_cases_as_the_cell_did(layout: Callable[..., Layout]) -> None:
    """Against cases followed one by one."""
    events, censored = np.asarray([0.0, 9.0, 6.0, 3.0, 4.0]), np.asarray([2.0, 6.0, 3.0, 0.0, 30.0])
    competing = np.asarray([0.0, 5.0, 0.0, 2.0, 3.0])
    likelihood = Hazard(layout(days(events, censored, competing)))
    extras = {"shape_unit": np.zeros((1, likelihood.signature[0] - 1))}
    daily = np.repeat(np.exp(likelihood.shape(extras)[0]), np.diff(likelihood.edges()))
    at_risk = np.cumsum((events + censored + competing)[::-1])[::-1]
    away = (censored + competing) / (at_risk - events)
    rng, cases = np.random.default_rng(3), 400_000
    here, had = np.ones(cases, dtype=np.bool_), np.zeros(cases, dtype=np.bool_)
    for day in range(5):
        h = 1 - np.exp(-np.exp(-0.5) * daily[day - likelihood.edges()[0]]) if day >= likelihood.edges()[0] else 0.0
        now = here & (rng.random(cases) < h)
        had |= now
        here &= ~now & (rng.random(cases) >= away[day])
    found = likelihood.replicate(np.full((DRAWS, 3, 4), -0.5), extras, rng)
    p = had.mean()
    assert found.mean() == pytest.approx(p, abs=OFF * np.sqrt(p * (1 - p) / cases))
    assert found.std() == pytest.approx(np.sqrt(p * (1 - p) / at_risk[0]), rel=0.02)


def test_replicates_of_durations_and_means(any_cells: Callable[..., Cells], layout: Callable[..., Layout]) -> None:
    rng, eta = np.random.default_rng(1), np.full((DRAWS, 3, 4), 2.0)
    cells = any_cells(Kind.DURATION, 3, 4, 1)
    assert isinstance(cells, DurationCells)
    cells = replace(cells, still_open=np.zeros((3, 4, 0)), open_days=np.zeros(0))
    durations = Durations(layout(cells))
    spread = np.exp(durations.data()["log_spread"])
    found = durations.replicate(eta, {"spread_unit": np.zeros(DRAWS)}, rng)
    moments(found, np.full((3, 4), 2.0), spread / np.sqrt(cells.n))
    plain = any_cells(Kind.CONTINUOUS, 3, 4, 1)
    assert isinstance(plain, ContinuousCells)
    means = Means(layout(plain))
    extras = {"spread_unit": np.zeros(DRAWS), "own_noise": np.full(DRAWS, 0.3)}
    spread = np.exp(means.data()["log_spread"])
    moments(means.replicate(eta, extras, rng), np.full((3, 4), 2.0), np.sqrt(0.3**2 + spread**2 / plain.n))


def test_an_open_case_counts_in_a_replicate_as_the_part_it_tells(layout: Callable[..., Layout]) -> None:
    """Information of a normal value known to exceed its mean: 2 / pi of one that is known."""
    one = np.ones((3, 4))
    still, n = np.full((3, 4, 1), 50.0), 50.0 * one
    likelihood = Durations(layout(DurationCells(n, n * 2.0, n * 5.0, still, np.exp(np.asarray([2.0])))))
    spread = np.exp(likelihood.data()["log_spread"])
    found = likelihood.replicate(
        np.full((DRAWS, 3, 4), 2.0), {"spread_unit": np.zeros(DRAWS)}, np.random.default_rng(1)
    )
    moments(found, 2.0 * one, spread / np.sqrt(50 + 50 * 2 / np.pi) * one)


def month(events: float, **options: object) -> Callable[[Callable[..., Panel]], int]:
    def chosen(make_panel: Callable[..., Panel]) -> int:
        cells = CountCells(np.full((3, 36), events), np.full((3, 36), 1000.0))
        return months_per_bin(make_panel(cells, after=12, **options))

    return chosen


@pytest.mark.parametrize(("events", "months"), [(10.0, 1), (9.0, 3), (4.0, 3), (3.0, 6), (1.0, 6)])
def test_a_bin_holds_ten_events_if_it_can(events: float, months: int, make_panel: Callable[..., Panel]) -> None:
    assert month(events)(make_panel) == months


def test_the_follow_up_says_nothing_about_the_bins(make_panel: Callable[..., Panel]) -> None:
    events = np.full((3, 36), 4.0)
    events[:, 24:] = 400.0
    assert months_per_bin(make_panel(CountCells(events, np.full((3, 36), 1000.0)), after=12)) == 3


@pytest.mark.parametrize(("after", "months"), [(12, 6), (5, 3), (2, 1), (24, 3), (30, 1)])
def test_a_bin_fits_the_follow_up_and_four_fit_the_baseline(
    after: int, months: int, make_panel: Callable[..., Panel]
) -> None:
    cells = CountCells(np.ones((3, 36)), np.full((3, 36), 1000.0))
    assert months_per_bin(make_panel(cells, after=after)) == months


def test_quarters_hold_three_months(make_panel: Callable[..., Panel]) -> None:
    cells = CountCells(np.full((3, 24), 12.0), np.full((3, 24), 1000.0))
    assert months_per_bin(make_panel(cells, after=8, unit=TimeUnit.QUARTER)) == 3


def test_single_values_keep_their_months_and_few_values_are_joined(make_panel: Callable[..., Panel]) -> None:
    value = np.random.default_rng(1).normal(5.0, 1.0, (3, 36))
    alone = ContinuousCells(np.ones((3, 36)), value, value**2)
    assert months_per_bin(make_panel(alone, after=12)) == 1
    four = ContinuousCells(np.full((3, 36), 4.0), 4 * value, 4 * (value**2 + 1))
    assert months_per_bin(make_panel(four, after=12)) == 3


def test_the_own_figure_of_a_count(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(CountCells(np.full((3, 36), 9.0), np.full((3, 36), 1000.0)), after=12)
    value, variance = cell_estimates(layout_of(panel, Design(), 3))
    np.testing.assert_allclose(value, np.log(27.5 / 3000))
    np.testing.assert_allclose(variance, 1 / 27.5)
    assert link_of(panel.kind) is Link.LOG


@pytest.mark.parametrize("kind", list(Kind))
def test_every_cell_has_a_figure_and_one_without_data_says_nothing(
    kind: Kind, any_cells: Callable[..., Cells], make_panel: Callable[..., Panel]
) -> None:
    cells = any_cells(kind, 3, 12, 4)
    arrays = {name: array.copy() for name, array in per_cell(cells).items()}
    for array in arrays.values():
        array[1, 4] = 0.0
    value, variance = cell_estimates(layout_of(make_panel(rebuilt(cells, arrays), after=4), Design()))
    assert np.isfinite(value).all()
    assert variance[1, 4] == NOTHING
    others = np.delete(variance.ravel(), 16)
    assert (others > 0).all()
    assert others.max() < 10.0
