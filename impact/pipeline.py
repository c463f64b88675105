"""A study, run: read the rows, reduce them to cells, fit the models, decide.

`run` reads like the method section of a paper; every step is one function of the step before.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np

from impact import provenance
from impact.ahead import Job, begun
from impact.decision import decide
from impact.decisions.precision import Precision, precision_of
from impact.errors import UsageError
from impact.family import family, weighting_of
from impact.fitting import fit_model, of_other_kinds
from impact.intake.data import Intake
from impact.intake.design import design_of
from impact.intake.read import read
from impact.publish import (
    data_info,
    hidden_areas,
    published_checks,
    published_paths,
    published_refusals,
    small_elsewhere,
    window_infos,
)
from impact.publish_outputs import output_infos
from impact.publish_posterior import posterior_info
from impact.result import SCHEMA_VERSION, OutcomeResult, ProtocolInfo, Provenance, RunResult
from impact.study.outcomes import ContinuousOutcome, Outcome
from impact.study.schema import Study
from impact.study_info import outcome_definition, outcome_title, study_info
from models import agreement, describe
from models.arrays import BoolArray, FloatArray
from models.case import Case
from models.changes import Weighting, weights_of
from models.design import Design
from models.estimate import Estimate, ModelOutput
from models.panel import Panel
from models.posterior import Posterior
from models.registry import MODELS
from models.staggered.calendar import own_windows
from models.summary import natural, summarise

TITLES = {name: spec.title for name, spec in MODELS.items()}

type Progress = Callable[[str], None]


def run(
    study: Study,
    models: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    seed: int | None = None,
    posteriors: MutableMapping[str, Posterior] | None = None,
) -> RunResult:
    """Run a study.

    Parameters
    ----------
    study
        A loaded study; see `impact.load_study`.
    models
        Models to fit instead of those the study names.
    progress
        Called with a short text at each step.
    seed
        Seed instead of the study's.
    posteriors
        Filled with the draws of the Bayesian model by outcome, also of those that failed their checks; the result
        itself holds only their summary.

    Returns
    -------
    RunResult
        Estimates, checks and the decision; `RunResult.to_dict` is what ``results.json`` holds.

    Raises
    ------
    DataError
        If the data are invalid; holds every problem found.
    ModelError
        If a model breaks down numerically. A design that does not allow an estimate is not an error: the result says
        so in `not_estimable`.
    UsageError
        If `models` names one that does not exist.
    """
    say = progress or (lambda _text: None)
    started = provenance.timestamp()
    options = _chosen(study, models)
    data = read(study, say)
    design = design_of(study, data.periods, seed)
    outcomes: dict[str, OutcomeResult] = {}
    drawn: MutableMapping[str, Posterior] = {} if posteriors is None else posteriors
    with begun(_slow(study, data, design, options)) as early:
        for key, outcome in study.outcomes.items():
            say(f"estimating {outcome_title(key, outcome)}")
            found = evaluate(key, outcome, Sample.of(study, data, key), design, options, early.get(key))
            outcomes[key] = found.result
            if found.posterior is not None:
                drawn[key] = found.posterior
    info = study_info(study, data, tuple(options))
    return RunResult(
        schema_version=SCHEMA_VERSION,
        study=info,
        data=data_info(data),
        outcomes=outcomes,
        decision=decide(study, info, outcomes, data.problems, drawn, _precision(study, data, design)),
        provenance=_provenance(study, data, design.seed, started, _command(study, models, seed)),
        family=family(study, data.panels, design),
        outputs=output_infos(study, data),
    )


def _slow(study: Study, data: Intake, design: Design, options: Mapping[str, Any]) -> list[Job]:
    """Fits that take long, which are begun before the others."""
    return [
        Job(key, name, data.cases[key], design, chosen)
        for key in study.outcomes
        for name, chosen in options.items()
        if MODELS[name].slow and MODELS[name].is_for(data.cases[key].panel.kind)
    ]


@dataclass(frozen=True, slots=True)
class Sample:
    """One outcome's cells, and the smallest cell that may be published."""

    case: Case
    minimum: int

    @classmethod
    def of(cls, study: Study, data: Intake, key: str) -> "Sample":
        """Take one outcome out of the intake.

        Nothing is suppressed of what is published already, or of a panel of means, which says nothing of how many
        people stand behind it.
        """
        outcome = study.outcomes[key]
        means = study.sources[outcome.source].reader == "panel" and isinstance(outcome, ContinuousOutcome)
        open_to_all = means or data.accounts[outcome.source].published
        return cls(data.cases[key], 0 if open_to_all else study.disclosure.minimum)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What was found about one outcome, and the draws of the Bayesian model, if it was run."""

    result: OutcomeResult
    posterior: Posterior | None


def evaluate(
    key: str,
    outcome: Outcome,
    sample: Sample,
    design: Design,
    options: Mapping[str, Any],
    early: Mapping[str, Future[ModelOutput]] | None = None,
) -> Evaluated:
    """Fit every chosen model to one outcome and gather what they say.

    `early` holds fits that were begun before, by model.
    """
    panel, early = sample.case.panel, early or {}
    fitting = {name: chosen for name, chosen in options.items() if MODELS[name].is_for(panel.kind)}
    unfit = () if fitting else of_other_kinds(tuple(options), panel, design)
    outputs = {
        name: early[name].result() if name in early else fit_model(key, name, sample.case, design, chosen)
        for name, chosen in fitting.items()
    }
    estimates = one_headline({name: output.estimates for name, output in outputs.items()})
    headline = next((e for e in estimates if e.headline), None)
    own = own_windows(panel, design) if design.is_staggered else None
    windows = describe.windows(panel, own)
    hidden = hidden_areas(windows, sample.minimum)
    shown = not hidden & {area for area, treated in zip(panel.areas, panel.treated, strict=True) if treated}
    weighting = weighting_of(options)
    baseline, counterfactual = treated_levels(panel, headline, weighting, own) if shown else (None, None)
    model_paths = tuple(path for output in outputs.values() for path in output.paths)
    checks = tuple(check for output in outputs.values() for check in output.checks)
    drawn = next(((name, o.posterior) for name, o in outputs.items() if o.posterior is not None), None)
    result = OutcomeResult(
        title=outcome_title(key, outcome),
        kind=outcome.kind,
        unit=panel.unit,
        better=outcome.better.value,
        role=outcome.role.value,
        worthwhile=outcome.worthwhile,
        definition=outcome_definition(outcome),
        baseline_level=baseline,
        counterfactual=counterfactual,
        estimates=estimates,
        paths=published_paths(panel, describe.trends(panel), model_paths, hidden, sample.minimum),
        checks=published_checks(
            (*checks, *agreement.between_models(estimates, TITLES)),
            hidden,
            small_elsewhere(sample.case, sample.minimum),
        ),
        not_estimable=published_refusals(
            [*unfit, *(reason for output in outputs.values() for reason in output.not_estimable)], hidden
        ),
        windows=window_infos(windows, hidden),
        disclosure_minimum=sample.minimum,
        equivalence=outcome.equivalence,
        posterior=posterior_info(*drawn, outcome, design.level, sample.case.harm_margin) if drawn else None,
    )
    return Evaluated(result, drawn[1] if drawn else None)


def one_headline(by_model: Mapping[str, Sequence[Estimate]]) -> tuple[Estimate, ...]:
    """Keep the headline of the best-ranked model that offers one; every other estimate stands beside it."""
    ranks = {name: MODELS[name].headline_rank for name, found in by_model.items() if any(e.headline for e in found)}
    best = min(((rank, name) for name, rank in ranks.items() if rank is not None), default=(0, ""))[1]
    return tuple(
        e if e.headline is (name == best and e.headline) else e.as_companion()
        for name, found in by_model.items()
        for e in found
    )


def treated_levels(
    panel: Panel,
    headline: Estimate | None,
    weighting: Weighting = Weighting.EQUAL,
    own: tuple[BoolArray, BoolArray] | None = None,
) -> tuple[float | None, float | None]:
    """Treated areas' mean level at baseline, and in follow-up had there been no effect, in the outcome's unit.

    Areas count as they do in the difference-in-differences, so that the effect carries the one mean to the other.
    `own` gives the windows of each area, shape (A, T), where they start at different dates.
    """
    first, second = own or (panel.periods.baseline, panel.periods.follow_up)
    sizes = weights_of(panel, first, weighting) if panel.n_comparison else None
    before, after = (_mean_level(panel, window, sizes) for window in (first, second))
    without = None if headline is None or after is None else after - headline.linear(headline.estimate)
    return tuple(None if x is None else float(natural(panel, np.asarray(x))) for x in (before, without))  # type: ignore[return-value]


def _mean_level(panel: Panel, window: BoolArray, sizes: FloatArray | None) -> float | None:
    values = summarise(panel.cells, window).value[panel.treated]
    weights = None if sizes is None else sizes[panel.treated]
    return float(np.average(values, weights=weights)) if np.isfinite(values).all() else None


def _precision(study: Study, data: Intake, design: Design) -> Precision | None:
    """What the deciding outcome's evidence rests on, where the study asks what more of it would be worth."""
    if study.decision.value is None:
        return None
    return precision_of(data.cases[study.deciding_outcome], design, study.time.unit)


def _chosen(study: Study, models: Sequence[str] | None) -> dict[str, Any]:
    declared = study.model_options
    if models is None:
        return declared
    unknown = [name for name in models if name not in MODELS]
    if unknown or not models:
        raise UsageError(f"there is no model '{', '.join(unknown)}'. The models are: {', '.join(MODELS)}.")
    return {name: declared.get(name, MODELS[name].options()) for name in models}


def _command(study: Study, models: Sequence[str] | None, seed: int | None) -> str:
    """The command that does the same; where the output went is no part of it."""
    chosen = f" --models {','.join(models)}" if models else ""
    seeded = "" if seed is None else f" --seed {seed}"
    return f"impact run {study.file_name}{chosen}{seeded}"


def _provenance(study: Study, data: Intake, seed: int, started: str, command: str) -> Provenance:
    return Provenance(
        seed=seed,
        started=started,
        finished=provenance.timestamp(),
        command=command,
        versions=provenance.versions(),
        commit=provenance.commit_of_program(),
        study_sha256=provenance.sha256_of(study.text or repr(study.to_dict())),
        data_sha256=provenance.merged_hashes({name: a.sha256 for name, a in data.accounts.items()}),
        protocol=ProtocolInfo(locked=False, sha256=None, deviations=()),
    )
