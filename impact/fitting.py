"""One model fitted to one outcome, or the reason why it cannot be."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from impact.errors import ModelError
from impact.report.text import joined
from models.case import Case
from models.design import Design
from models.estimate import ModelOutput, NotEstimable
from models.panel import Panel
from models.registry import MODELS, ModelSpec, deciders


def fit_model(key: str, name: str, case: Case, design: Design, options: Any) -> ModelOutput:
    """Fit a model to an outcome, and ask what else it is asked.

    Raises
    ------
    ModelError
        If the fit breaks down numerically.
    """
    spec = MODELS[name]
    reason = _unfit(spec, design, compared=case.panel.n_comparison > 0)
    if reason:
        return ModelOutput(not_estimable=(NotEstimable(name, reason),))
    try:
        found = spec.fit(case, design, options)
        return spec.examine(case, design, options, found) if spec.examine else found
    except (np.linalg.LinAlgError, ArithmeticError) as error:
        raise ModelError(
            f"outcome '{key}', model '{name}': the fit broke down numerically ({error}). "
            f"Leave the model out with --models, or check the outcome's values in the report of a run without it."
        ) from error


def of_other_kinds(names: Sequence[str], panel: Panel, design: Design) -> tuple[NotEstimable, ...]:
    """Say of every chosen model that it is not for this kind of outcome, and which are."""
    able = deciders(panel.kind, compared=panel.n_comparison > 0, staggered=design.is_staggered)
    use = f"Add {joined([f'`{name}`' for name in able], 'or')} to the models."
    return tuple(
        NotEstimable(
            name,
            f"{MODELS[name].title} is for outcomes of kind {joined(sorted(MODELS[name].kinds or ()), 'or')}, and this "
            f"one is of kind {panel.kind.value}. {use}",
        )
        for name in names
    )


def _unfit(spec: ModelSpec, design: Design, *, compared: bool) -> str:
    """Say why the design has no place for a model, and which one to use; empty if it has."""
    alone, at_once = spec.needs_comparison and not compared, design.is_staggered and not spec.staggered
    if alone and not at_once:
        rely = "`staggered` with `compared_with: not_yet`" if design.is_staggered else "`its` alone"
        return f"{spec.title} needs comparison areas, and this study has none. Name some, or rely on {rely}."
    if not at_once:
        return ""
    needs = "comparison areas and one start for all treated areas" if alone else "one start for all treated areas"
    have = "this study has neither" if alone else "they start at different dates here"
    use = (
        "Use `staggered`."
        if compared
        else "Use `staggered` with `compared_with: not_yet`, which compares areas with those that start later."
    )
    return f"{spec.title} needs {needs}, and {have}. {use}"
