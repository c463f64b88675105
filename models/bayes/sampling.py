"""Draws from a posterior: PyMC builds the model, nutpie samples it, and each model is compiled once.

Compiling costs more than sampling. A compiled model is kept under a key of its shapes and serves every data set and
prior with those shapes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray

_COMPILED: dict[tuple[Any, ...], Any] = {}


@dataclass(frozen=True, slots=True)
class Settings:
    """How to sample.

    Attributes
    ----------
    chains, tune, draws
        Number of chains, and of steps in each that adapt the sampler and that are kept.
    target_accept
        Target of the mean acceptance probability, in (0, 1).
    max_depth
        Greatest depth of a trajectory's tree.
    cores
        Chains run at once.
    seed
        Of everything random.
    """

    chains: int = 4
    tune: int = 600
    draws: int = 1000
    target_accept: float = 0.85
    max_depth: int = 10
    cores: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Draws of every free parameter, and how the sampler fared.

    Attributes
    ----------
    variables
        Arrays of shape (C, D, ...) by name: C chains, D draws.
    diverging, saturated
        Transitions that diverged, and that ran into the greatest depth, shape (C, D).
    energy
        Energy of each transition, shape (C, D).
    depth
        Depth of its tree, shape (C, D).
    """

    variables: Mapping[str, FloatArray]
    diverging: BoolArray
    saturated: BoolArray
    energy: FloatArray
    depth: IntArray

    def flat(self) -> dict[str, FloatArray]:
        """Arrays of shape (S, ...) by name, the chains one after another."""
        return {name: values.reshape(-1, *values.shape[2:]) for name, values in self.variables.items()}


def sample(key: tuple[Any, ...], build: Callable[[], Any], data: Mapping[str, FloatArray], settings: Settings) -> Draws:
    """Sample a model, compiling it unless one with this key has been compiled.

    Parameters
    ----------
    key
        Whatever changes the compiled code: the name of the likelihood and every shape.
    build
        Builds the PyMC model; called only if it has to be compiled.
    data
        Value of every `pm.Data` of the model, by name.
    settings
        Chains, draws and seed.

    Raises
    ------
    ArithmeticError
        If the sampler finds no point to start from: the data or the priors give no finite density.
    """
    import nutpie

    if key not in _COMPILED:
        _COMPILED[key] = _compiled(build)
    model = _COMPILED[key].with_data(**data)
    try:
        tree = nutpie.sample(
            model,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=settings.cores,
            seed=settings.seed,
            target_accept=settings.target_accept,
            maxdepth=settings.max_depth,
            save_warmup=False,
            progress_bar=False,
        )
    except RuntimeError as error:
        raise ArithmeticError(f"the sampler could not start: {str(error).splitlines()[0]}") from None
    return _draws(tree)


def _compiled(build: Callable[[], Any]) -> Any:
    """Compile for nutpie without fast arithmetic, which would make one seed give other draws on the second run.

    Fast arithmetic may reorder sums, and does so differently in code that was just compiled and in code that is read
    from the disk cache. Nothing but the free parameters is kept of a draw: what follows from them would have to be
    compiled too.
    """
    import nutpie
    import pytensor

    model = build()
    with pytensor.config.change_flags(numba__fastmath=False):
        return nutpie.compile_pymc_model(model, var_names=[rv.name for rv in model.free_RVs])


def _draws(tree: Any) -> Draws:
    posterior, stats = tree["posterior"], tree["sample_stats"]
    return Draws(
        variables={str(name): np.asarray(values.values, dtype=np.float64) for name, values in posterior.items()},
        diverging=np.asarray(stats["diverging"].values, dtype=np.bool_),
        saturated=np.asarray(stats["maxdepth_reached"].values, dtype=np.bool_),
        energy=np.asarray(stats["energy"].values, dtype=np.float64),
        depth=np.asarray(stats["depth"].values, dtype=np.int64),
    )
