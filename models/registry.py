"""The models a study may name: what each needs, what it estimates, and the function that fits it.

A model is added here and nowhere else: the study schema, the pipeline, the headline rule and the report read this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from models import did, event_study, examination, its, one_team, panel_regression
from models.bayes import model as bayes
from models.bayes.comparative import model as bayes_its
from models.bayes.comparative.options import BayesItsOptions
from models.bayes.options import BayesOptions
from models.case import Case
from models.design import Design
from models.estimate import ModelOutput
from models.ordinal import model as ordinal
from models.panel import Kind, Panel
from models.recurrence import model as recurrence
from models.recurrence.model import RecurrenceOptions
from models.staggered import model as staggered
from models.staggered.options import StaggeredOptions
from models.synthetic import model as synthetic
from models.synthetic.options import SyntheticOptions


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
    slow
        True if fitting takes so long that several outcomes are worth fitting at once.
    gives_probabilities
        False if its interval comes without a standard error, so that no rule about probabilities can be read from it.
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
    gives_probabilities: bool = True
    slow: bool = False

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
        "season of the baseline. Where there are comparison areas, the same of the difference from their series."
    ),
    needs_comparison=False,
    options=its.ItsOptions,
    fit=its.fit,
    headline_rank=2,
    examine=one_team.examine,
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

SYNTHETIC = ModelSpec(
    name="synthetic",
    title="Synthetic comparison",
    answers=(
        "Comparison areas weighted so that together they follow each treated area before the start; what the treated "
        "areas then have more or less than those. Judged by doing the same to every other area."
    ),
    needs_comparison=True,
    options=SyntheticOptions,
    fit=synthetic.fit,
    headline_rank=5,
    examine=one_team.examine_weighed,
    gives_probabilities=False,
)

ORDINAL = ModelSpec(
    name="ordinal",
    title="Ordered logit",
    answers=(
        "For answers at ordered levels: how far the answers of each area moved from baseline to follow-up on the "
        "log-odds scale, at all levels alike; treated areas' mean shift less comparison areas', and what it does to "
        "the share of answers at each level."
    ),
    needs_comparison=True,
    options=ordinal.OrdinalOptions,
    fit=ordinal.fit,
    headline_rank=3,
    kinds=frozenset({Kind.ORDINAL}),
)
STAGGERED = ModelSpec(
    name="staggered",
    title="Staggered roll-out",
    answers=(
        "The effect in each bin of time on the areas that started together, against areas that never start or have not "
        "started yet, averaged; areas that started earlier are never the comparison. At few areas it is judged by "
        "dealing the start dates to other areas."
    ),
    needs_comparison=False,
    options=StaggeredOptions,
    fit=_of_panel(staggered.fit),
    headline_rank=1,
    staggered=True,
)

RECURRENCE = ModelSpec(
    name="recurrence",
    title="Repeats of a case",
    answers=(
        "How many cases recur, how soon and how often, from the days between the reports of a case: each measure's "
        "change from baseline to follow-up in each area, treated areas' mean change less comparison areas'."
    ),
    needs_comparison=True,
    options=RecurrenceOptions,
    fit=recurrence.fit,
    headline_rank=3,
    examine=one_team.examine_repeats,
    kinds=frozenset({Kind.TIME_TO_EVENT}),
)

BAYES = ModelSpec(
    name="bayes",
    title="Bayesian model",
    answers=(
        "How probable each size of effect is, given the records and what was believed before: areas and periods with "
        "effects of their own, noise from one period to the next, and shocks that may hit any area in follow-up, as "
        "large as the baseline shows them to be."
    ),
    needs_comparison=False,
    options=BayesOptions,
    fit=bayes.fit,
    headline_rank=4,
    slow=True,
)
BAYES_ITS = ModelSpec(
    name="bayes_its",
    title="Bayesian interrupted time series",
    answers=(
        "What the treated areas' series would have been, predicted from their own past and from the comparison areas' "
        "series, with a level that may wander no further than the baseline allows and shocks to single areas; what "
        "was seen less that, with its probability. It stands beside the headline."
    ),
    needs_comparison=False,
    options=BayesItsOptions,
    fit=bayes_its.fit,
    headline_rank=None,
)

MODELS = MappingProxyType(
    {
        spec.name: spec
        for spec in (DID, ITS, PANEL, EVENT_STUDY, ORDINAL, SYNTHETIC, STAGGERED, RECURRENCE, BAYES, BAYES_ITS)
    }
)


def deciders(kind: Kind, *, compared: bool, staggered: bool) -> tuple[str, ...]:
    """Name the models that could carry a verdict on an outcome of this kind.

    Parameters
    ----------
    kind
        Kind of the outcome.
    compared
        Whether there are comparison areas.
    staggered
        Whether areas start at different dates.
    """
    return tuple(
        name
        for name, spec in MODELS.items()
        if spec.headline_rank is not None
        and spec.gives_probabilities
        and spec.is_for(kind)
        and (compared or not spec.needs_comparison)
        and spec.staggered == staggered
    )
