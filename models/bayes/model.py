"""The Bayesian model of one outcome: sampled, checked, and told as a posterior of its effect."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from models.arrays import FloatArray
from models.bayes import appendix, gates
from models.bayes.checked import model_checks, sampler_checks
from models.bayes.fitting import Fitted, fitted
from models.bayes.layout import Layout, layout_of
from models.bayes.likelihoods import likelihood_of
from models.bayes.links import Link, baseline_level, link_of
from models.bayes.noise import value_unit
from models.bayes.options import BayesOptions
from models.bayes.path import path_of
from models.bayes.predictor import Scales
from models.bayes.priors import Setting, priors_of
from models.bayes.resolution import months_per_bin
from models.bayes.sampling import Settings
from models.bayes.shock import ShockScale, shock_scale
from models.bayes.variants import judged, variant
from models.case import Case
from models.changes import limits_on_scale, on_scale
from models.design import Design
from models.estimate import Check, Clusters, Estimate, ModelOutput, NotEstimable, Status
from models.numbers import interval_name
from models.one_team import check_id
from models.panel import Panel, observed, select_areas
from models.posterior import Posterior, Variant

MODEL = "bayes"
FEWEST_PERIODS = 2
NOISE, AREA, PERIOD = 0.3, 0.5, 0.3
"""Half-normal scales of the standard deviations of noise, areas and periods, on the scale of the predictor."""
ONE_SHOCK = (
    "One team served all treated areas, so in the Bayesian model they share one shock: however many they are, they "
    "count as one chance event."
)


def fit(case: Case, design: Design, options: BayesOptions) -> ModelOutput:
    """Sample the posterior of the effect, check the draws, and repeat the answer under other priors.

    Parameters
    ----------
    case
        The outcome; its prior is `case.prior_name`, or `case.prior` where a belief was elicited.
    design
        `shared_delivery` gives the treated areas one shock.
    options
        Draws, bins and whether there are shocks.

    Returns
    -------
    ModelOutput
        One estimate (posterior mean and central credible interval), the posterior, the gates as checks, and the path
        of the treated areas with what they would have shown. See `docs/methods/bayesian-models.md`.

    Raises
    ------
    ArithmeticError
        If the sampler cannot start.
    """
    panel = _with_data(case.panel)
    refusal = _refusal(panel)
    if refusal:
        return ModelOutput(not_estimable=(NotEstimable(MODEL, refusal),))
    case = replace(case, panel=panel)
    study = _Study(case, design, options, priors_of(case), shock_scale(panel))
    found, sampled = _sampled(study)
    variants = _variants(study, found)
    own = study.settings[0].prior
    checks = (*sampled, *model_checks(case, design, found, variants, own, study.shock), *_team(design, panel))
    failed = gates.blocking(checks)
    posterior = Posterior(
        effect=found.effect,
        scale=panel.scale,
        prior=own.words,
        failed=failed,
        variants=variants,
        tree=appendix.tree(found),
    )
    return ModelOutput(
        estimates=_estimates(study, posterior),
        paths=(path_of(found, design.level),),
        checks=checks,
        not_estimable=tuple(NotEstimable(MODEL, reason) for reason in failed),
        posterior=posterior,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Study:
    case: Case
    design: Design
    options: BayesOptions
    settings: tuple[Setting, ...]
    shock: ShockScale

    def layout(self) -> Layout:
        return layout_of(self.case.panel, self.design, self.options.bin or months_per_bin(self.case.panel))

    def scales(self, setting: Setting) -> Scales:
        """Priors on the scale of the predictor; for plain values in units of their own spread."""
        link = link_of(self.case.panel.kind)
        unit = value_unit(self.case.panel) if link is Link.IDENTITY else 1.0
        shock = 0.0 if self.options.shocks == "none" else self.shock.scale * setting.shock_factor
        return Scales(
            effect_mean=setting.prior.mean,
            effect_sd=setting.prior.sd,
            shock=shock,
            noise=NOISE * unit,
            area=AREA * unit if link is not Link.IDENTITY else _spread_of_areas(self.case.panel, unit),
            period=PERIOD * unit,
        )


def _spread_of_areas(panel: Panel, unit: float) -> float:
    """Scale of the areas' own means on the scale of the value: wider than their baselines differ."""
    level = baseline_level(panel)
    known = level[~np.isnan(level)]
    return 2.0 * max(unit, float(known.std()) if known.size else 0.0)


def _with_data(panel: Panel) -> Panel:
    """Leave out areas without data in a window, as every method by areas does."""
    seen = observed(panel.cells)
    both = seen[:, panel.periods.baseline].any(axis=1) & seen[:, panel.periods.follow_up].any(axis=1)
    return panel if both.all() or not (both & panel.treated).any() else select_areas(panel, both)


def _refusal(panel: Panel) -> str:
    seen = observed(panel.cells)
    for window, mask in (("baseline", panel.periods.baseline), ("follow-up", panel.periods.follow_up)):
        if not seen[panel.treated][:, mask].any(axis=1).all():
            return f"A treated area has no data in the {window}. Check the windows and the source."
    if int(seen[:, panel.periods.baseline].any(axis=0).sum()) < FEWEST_PERIODS:
        return "The baseline holds a single period, which shows nothing of how much areas vary. Use a longer baseline."
    return ""


def _sampled(study: _Study) -> tuple[Fitted, tuple[Check, ...]]:
    """Sample; if the sampler's own gates fail, once more with better settings."""
    likelihood = likelihood_of(study.layout())
    scales = study.scales(study.settings[0])
    settings = Settings(tune=study.options.tune, draws=study.options.draws, seed=study.design.seed)
    found = fitted(likelihood, scales, settings)
    checks = sampler_checks(found)
    if not gates.worth_refitting(checks):
        return found, checks
    again = fitted(likelihood, scales, gates.better(settings, checks))
    second = sampler_checks(again)
    return again, (*second, gates.refitted(checks, second))


def _variants(study: _Study, found: Fitted) -> tuple[Variant, ...]:
    case, level = study.case, study.design.level

    def judge(effect: FloatArray, weights: FloatArray) -> Variant:
        return judged(effect, weights, level, case.better, case.worthwhile, case.harm_margin)

    def again(setting: Setting) -> Fitted:
        settings = Settings(tune=study.options.tune, draws=study.options.draws, seed=study.design.seed + 1)
        return fitted(found.likelihood, study.scales(setting), settings)

    own, *others = (s for s in study.settings if s.shock_factor == 1.0 or study.options.shocks != "none")
    equal = np.full(found.effect.shape, 1.0 / found.effect.size)
    first = replace(judge(found.effect, equal), label=own.label, chosen=True)
    rest = (variant(o.label, found, study.scales(o), judge, partial(again, o)) for o in others)
    return (first, *rest)


def _team(design: Design, panel: Panel) -> tuple[Check, ...]:
    if not design.shared_delivery or panel.n_treated < 2:
        return ()
    return (Check(check_id(MODEL), Status.PASS, ONE_SHOCK),)


def _estimates(study: _Study, posterior: Posterior) -> tuple[Estimate, ...]:
    """Posterior mean and central interval; none where they are too wide for a ratio to be written."""
    panel, design = study.case.panel, study.design
    interval = limits_on_scale(panel.scale, posterior.interval(design.level))
    if interval is None:
        return ()
    note = f"{study.shock.note} {study.settings[0].prior.note}".strip()
    return (
        Estimate(
            model=MODEL,
            method=f"posterior mean and central {interval_name(design.level)}, {posterior.prior} prior",
            estimand="area ITT",
            scale=panel.scale,
            estimate=on_scale(panel.scale, float(posterior.effect.mean())),
            interval=interval,
            level=design.level,
            std_error=float(posterior.effect.std(ddof=1)),
            df=None,
            p_value=None,
            attainable_p=None,
            clusters=Clusters(panel.n_treated, panel.n_comparison),
            headline=posterior.passed,
            note=note,
        ),
    )
