"""A slice of the table of `docs/methods/bayesian-gates.md`: right models are let through, wrong ones are not."""

import numpy as np
import pytest
from gates_predictive import WORLDS, World, measure

RUNS = 40
MOST = 0.025 + 3 * np.sqrt(0.025 * 0.975 / RUNS)  # three standard errors above what uniform tail areas would give
WORLD = {world.title: world for world in WORLDS}


@pytest.mark.parametrize("title", ["Poisson data, Poisson model", "negative binomial data (size 10), its model"])
def test_a_right_model_seldom_fails(title: str) -> None:
    assert measure(WORLD[title], RUNS)["fail"] <= MOST


@pytest.mark.parametrize(
    ("title", "least"),  # measured 100, 100, 96.5%; three standard errors below at 40 runs
    [
        ("negative binomial data (size 10), Poisson model", 0.95),
        ("one month in ten empty, negative binomial model", 0.95),
        ("autocorrelated rates (.6), negative binomial model", 0.87),
    ],
)
def test_a_wrong_model_is_stopped(title: str, least: float) -> None:
    assert measure(WORLD[title], RUNS)["fail"] >= least


def test_the_grid_posterior_of_the_size_centres_on_the_truth() -> None:
    """A replicate of a negative binomial of known size spreads as the data do: mean tail area one half within 4 SE."""
    from gates_predictive import cells_of, replicates, simulate

    from models.bayes.predictive import SPREAD, statistics, tail_area

    world: World = WORLD["negative binomial data (size 10), its model"]
    rng = np.random.default_rng(1)
    areas = []
    for _ in range(20):
        cells = cells_of(simulate(world, rng))
        made = statistics(replicates(world, cells.observed, rng), cells)[SPREAD]
        areas.append(tail_area(float(statistics(cells.observed, cells)[SPREAD]), made))
    assert abs(np.mean(areas) - 0.5) < 4 * np.sqrt(1 / 12 / 20)
