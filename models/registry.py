"""The models a study may name: what each needs, what it estimates, and the function that fits it.

A model is added here and nowhere else: the study schema, the pipeline, the headline rule and the report read this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from models import did, event_study, examination, its, panel_regression
from models.case import Case
from models.design import Design
from models.estimate import ModelOutput
from models.panel import Kind, Panel


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model.

    Attributes
    ----------
    name, title
        Name in the study file, and in words.
    answers
        What it estimates and how, in one sentence for the report's methods section.
    needs_comparison
        True if it cannot run without comparison areas.
    options
        Frozen dataclass of its options; every field has a default.
    fit
        Function of (case, design, options).
    headline_rank
        The headline comes from the model of lowest rank that offers one; None: it never headlines.
    examine
        Function of (case, design, options, output) that adds to the output what else is asked around it; may be None.
    kinds
        Outcome kinds it is for; it passes over all others. None: every kind.
    staggered
        True if it allows for areas that start at different dates; the others give no estimate then.
    """

    name: str
    title: str
    answers: str
    needs_comparison: bool
    options: type[Any]
    fit: Callable[[Case, Design, Any], ModelOutput]
    headline_rank: int | None
    examine: Callable[[Case, Design, Any, ModelOutput], ModelOutput] | None = None
    kinds: frozenset[Kind] | None = None
    staggered: bool = False

    def is_for(self, kind: Kind) -> bool:
        """Whether it says anything about outcomes of this kind."""
        return self.kinds is None or kind in self.kinds


def _of_panel(fit: Callable[[Panel, Design, Any], ModelOutput]) -> Callable[[Case, Design, Any], ModelOutput]:
    """Let a model that reads the main panel alone take a case."""

    def fit_case(case: Case, design: Design, options: Any) -> ModelOutput:
        return fit(case.panel, design, options)

    return fit_case


DID = ModelSpec(
    name="did",
    title="Difference-in-differences",
    answers=(
        "The change from baseline to follow-up in each area, one number per area; treated areas' mean change "
        "less comparison areas' mean change."
    ),
    needs_comparison=True,
    options=did.DidOptions,
    fit=_of_panel(did.fit),
    headline_rank=1,
    examine=examination.examine,
)
ITS = ModelSpec(
    name="its",
    title="Interrupted time series",
    answers=(
        "The treated areas' own series, before and after: the change in level and slope against the trend and "
        "season of the baseline."
    ),
    needs_comparison=False,
    options=its.ItsOptions,
    fit=_of_panel(its.fit),
    headline_rank=2,
)
PANEL = ModelSpec(
    name="panel",
    title="Two-way fixed-effects regression",
    answers=(
        "A regression of every area and period on area and period effects, shown because readers know it. It "
        "estimates the same difference from single periods instead of windows; its usual errors are too small here."
    ),
    needs_comparison=True,
    options=panel_regression.PanelOptions,
    fit=_of_panel(panel_regression.fit),
    headline_rank=None,
)
EVENT_STUDY = ModelSpec(
    name="event_study",
    title="Event study",
    answers=(
        "The difference-in-differences step by step: each half-year or year before and after the start, compared with "
        "the last one before it. It shows whether the groups moved together before, and how an effect came about."
    ),
    needs_comparison=True,
    options=event_study.EventStudyOptions,
    fit=_of_panel(event_study.fit),
    headline_rank=None,
)

MODELS = MappingProxyType({spec.name: spec for spec in (DID, ITS, PANEL, EVENT_STUDY)})

PLANNED = frozenset({"bayes", "synthetic", "staggered", "recurrence"})
"""Names of models that are designed but not built; a study that asks for one is told so."""
