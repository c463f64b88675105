"""What is drawn and what it stands for: the same predictor, and the density that the priors give the parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from models.arrays import FloatArray
from models.bayes import graph
from models.bayes.layout import Layout, layout_of
from models.bayes.likelihood import Likelihood
from models.bayes.likelihoods import likelihood_of
from models.bayes.predictor import AUTOCORRELATION, Scales, derived, key, linear
from models.design import Design
from models.panel import Cells, DurationCells, Kind, Panel, per_cell, rebuilt

CLOSE = 1e-9  # sums of some hundred terms
SMOOTH = 1e-5  # log determinants of finite differences
STEP = 1e-6
SCALES = Scales(effect_mean=0.1, effect_sd=0.3, shock=0.2, noise=0.4, area=0.7, period=0.5)


type AnyCells = Callable[[Kind, int, int, int], Cells]
type MakePanel = Callable[..., Panel]


def layout(cells: Cells, make_panel: MakePanel, treated: int = 2, after: int = 2, *, shared: bool = False) -> Layout:
    if isinstance(cells, DurationCells):  # more kinds of open cases than a likelihood takes one by one
        still = np.concatenate([cells.still_open, cells.still_open[:, :, ::-1]], axis=2)
        cells = replace(cells, still_open=still, open_days=np.linspace(3.0, 90.0, still.shape[2]))
    arrays = {name: array.copy() for name, array in per_cell(cells).items()}
    for array in arrays.values():
        array[0, 1] = 0.0  # one cell without data
    return layout_of(make_panel(rebuilt(cells, arrays), treated=treated, after=after), Design(shared_delivery=shared))


@dataclass(frozen=True, slots=True)
class Symbols:
    """Free variables at a point of the sampler's own space, their predictor, the log likelihood and the log density."""

    drawn: dict[str, FloatArray]
    predictor: FloatArray
    likelihood: float
    density: float


def symbols(likelihood: Likelihood, point: Mapping[str, FloatArray]) -> Symbols:
    """Evaluate the model at a point."""
    import pytensor

    model = graph.build(likelihood, SCALES)
    values = {rv: model.rvs_to_values[rv] for rv in model.free_RVs}
    names = {value.name: rv.name for rv, value in values.items()}
    transformed = [v for v in model.unobserved_value_vars if v.name in set(names.values()) | {"predictor"}]
    term = model.replace_rvs_by_values([p for p in model.potentials if p.name == "likelihood"])
    outputs = [*transformed, *term, model.logp(jacobian=False)]
    found = pytensor.function(list(values.values()), outputs, mode="FAST_COMPILE", on_unused_input="ignore")(
        *[point[rv.name] for rv in values]
    )
    known = {v.name: np.asarray(value) for v, value in zip(transformed, found[:-2], strict=True)}
    return Symbols(known, known.pop("predictor"), float(found[-2]), float(found[-1]))


def start(likelihood: Likelihood, seed: int) -> dict[str, FloatArray]:
    """A random point of the sampler's own space."""
    rng = np.random.default_rng(seed)
    model = graph.build(likelihood, SCALES)
    return {rv.name: np.asarray(rng.normal(0, 0.7, rv.type.shape)) for rv in model.free_RVs}


def told(likelihood: Likelihood, drawn: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Parameters of one draw, each with an axis of length 1 first."""
    known = graph.named(likelihood, SCALES, {name: values[None, None] for name, values in drawn.items()})
    return {name: values[0] for name, values in known.items()}


def numbers(likelihood: Likelihood, parameters: Mapping[str, FloatArray]) -> tuple[FloatArray, float]:
    """Predictor and log likelihood of one draw, in NumPy."""
    spread = derived(likelihood.layout, likelihood, parameters, SCALES)
    known = {**parameters, **spread}
    eta = linear(likelihood.layout, known, SCALES)
    return eta, float(likelihood.pointwise(eta, known)[0][likelihood.layout.seen].sum())


WORLDS: list[Any] = [
    pytest.param(Kind.COUNT, 3, 30, 2, False, id="counts in a series"),
    pytest.param(Kind.COUNT, 3, 6, 2, True, id="counts, one team"),
    pytest.param(Kind.BINARY, 3, 30, 1, False, id="shares in a series"),
    pytest.param(Kind.ORDINAL, 4, 5, 2, True, id="ratings"),
    pytest.param(Kind.TIME_TO_EVENT, 3, 5, 1, False, id="hazard"),
    pytest.param(Kind.DURATION, 3, 30, 1, False, id="durations in a series"),
    pytest.param(Kind.CONTINUOUS, 2, 30, 2, False, id="means without comparison"),
    pytest.param(Kind.COUNT, 1, 30, 1, False, id="one area alone"),
]


@pytest.mark.parametrize(("kind", "areas", "bins", "treated", "shared"), WORLDS)
def test_the_predictor_of_the_draws_is_that_of_the_sampler(
    kind: Kind, areas: int, bins: int, treated: int, *, shared: bool, any_cells: AnyCells, make_panel: MakePanel
) -> None:
    likelihood = likelihood_of(layout(any_cells(kind, areas, bins, 3), make_panel, treated, shared=shared))
    constants = []
    for seed in (1, 2):
        found = symbols(likelihood, start(likelihood, seed))
        expected, pointwise = numbers(likelihood, told(likelihood, found.drawn))
        np.testing.assert_allclose(found.predictor, expected.ravel(), rtol=CLOSE, atol=CLOSE)
        constants.append(pointwise - found.likelihood)
    assert constants[0] == pytest.approx(constants[1], rel=1e-6, abs=1e-6)


def prior(likelihood: Likelihood, p: Mapping[str, FloatArray]) -> float:
    """Log density of the parameters as `models.bayes.predictor` states it, of one draw, without constants."""
    found = stats.norm.logpdf(p["level"][0], *likelihood.centre())
    found += stats.norm.logpdf(p["effect"][0], SCALES.effect_mean, SCALES.effect_sd)
    found += stats.norm.logpdf(p["shock"][0]).sum() - 0.5 * (p["shock_unit"][0] ** 2 + p["noise_unit"][0] ** 2)
    for group, scale in (("area", SCALES.area), ("period", SCALES.period)):
        sd, effects = p[f"{group}_sd"][0], p[f"{group}_effect"][0]
        assert effects.sum() == pytest.approx(0.0, abs=CLOSE)
        found += -0.5 * (sd / scale) ** 2 - 0.5 * ((effects / sd) ** 2).sum() - (effects.size - 1) * np.log(sd)
    if "noise" in p:
        found += stats.norm.logpdf(p["noise"][0]).sum()
    if "autocorrelation" in p:
        found += stats.beta.logpdf(p["autocorrelation"][0], *AUTOCORRELATION)
    return float(found)


def coordinates(p: Mapping[str, FloatArray]) -> FloatArray:
    """As many numbers as were drawn: the last of effects that add up to zero follows from the others."""
    return np.concatenate([np.ravel(v[0][:-1] if n.endswith("_effect") else v[0]) for n, v in sorted(p.items())])


@pytest.mark.parametrize(
    ("kind", "bins", "shared"), [(Kind.COUNT, 26, True), (Kind.BINARY, 4, False)], ids=["series", "no series"]
)
def test_the_density_of_what_is_drawn_is_that_of_the_parameters(
    kind: Kind, bins: int, *, shared: bool, any_cells: AnyCells, make_panel: MakePanel
) -> None:
    likelihood = likelihood_of(layout(any_cells(kind, 3, bins, 3), make_panel, shared=shared))
    gaps = []
    for seed in (1, 2):
        found = symbols(likelihood, start(likelihood, seed))
        drawn = found.drawn
        names, at = sorted(drawn), np.concatenate([np.ravel(drawn[n]) for n in sorted(drawn)])
        sizes = [drawn[n].size for n in names]

        def parameters(x: FloatArray, names=names, sizes=sizes, drawn=drawn) -> FloatArray:  # noqa: ANN001
            parts = np.split(x, np.cumsum(sizes)[:-1])
            return coordinates(
                told(likelihood, {n: v.reshape(drawn[n].shape) for n, v in zip(names, parts, strict=True)})
            )

        moves = STEP * np.eye(at.size)
        jacobian = np.stack([(parameters(at + m) - parameters(at - m)) / (2 * STEP) for m in moves], axis=1)
        p = told(likelihood, drawn)
        expected = prior(likelihood, p) + numbers(likelihood, p)[1]
        gaps.append(expected + np.linalg.slogdet(jacobian)[1] - found.density)
    assert gaps[0] == pytest.approx(gaps[1], abs=SMOOTH * at.size)


def test_the_key_tells_models_apart(any_cells: AnyCells, make_panel: MakePanel) -> None:
    cells = any_cells(Kind.COUNT, 3, 30, 3)
    one = likelihood_of(layout(cells, make_panel))
    assert key(one) == key(likelihood_of(layout(any_cells(Kind.COUNT, 3, 30, 9), make_panel)))
    others = [
        likelihood_of(layout(cells, make_panel, shared=True)),
        likelihood_of(layout(cells, make_panel, treated=3)),
        likelihood_of(layout(any_cells(Kind.BINARY, 3, 30, 3), make_panel)),
        likelihood_of(layout(any_cells(Kind.COUNT, 3, 8, 3), make_panel)),
    ]
    assert key(one) not in {key(other) for other in others}
