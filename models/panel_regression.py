"""Two-way fixed-effects regression of every area and period, shown because readers know it."""

from dataclasses import dataclass

import numpy as np

from models.arrays import BoolArray, FloatArray
from models.changes import TOO_WIDE, change, limits_on_scale, on_scale, why_not
from models.design import Design
from models.estimate import Clusters, Estimate, ModelOutput, NotEstimable
from models.inference.refusal import NoInference
from models.inference.ttest import t_test
from models.panel import Panel, observed, select_areas
from models.summary import period_matrix
from models.wording import listed

MODEL = "panel"
ESTIMAND = "area ITT"
ROUNDING = 1e-10  # a standard error below this share of the largest value is rounding error
CAUTION = (
    "Never the headline: it takes the periods of one area for separate evidence, or counts on many areas. In "
    "simulations with 2 treated areas of 7 and no effect, about one in five such tests claimed one, where one in "
    "twenty should."
)
TWO_AREAS = (
    "With one treated and one comparison area the standard errors would rest on periods alone, which do not show how "
    "much areas differ by chance; add comparison areas."
)

LONE = "No standard error clustered by area: there is one {group} area, and its variation cannot be seen."
ALIKE = (
    "No standard error clustered by area: all areas of a group changed by the same amount, so nothing shows how much "
    "areas differ by chance; check that the data are not copied or modelled."
)


@dataclass(frozen=True, slots=True)
class PanelOptions:
    """Options of `panel`: there are none."""


@dataclass(frozen=True, slots=True)
class TwoWay:
    """Coefficient of treated x post in a regression on area and period effects.

    Attributes
    ----------
    estimate
        In the unit of the values.
    robust, clustered
        Standard errors: robust to heteroskedasticity, and clustered by area. `clustered` is a refusal where one
        of the groups is a single area, whose residuals then sum to zero in each window and hide its variation, and
        where the areas of each group move alike, which leaves rounding error.
    df
        Residual degrees of freedom, all effects counted.
    """

    estimate: float
    robust: float
    clustered: float | NoInference
    df: int


def fit(panel: Panel, design: Design, options: PanelOptions) -> ModelOutput:  # noqa: ARG001 - the registry's signature
    """Regress the single periods of baseline and follow-up on area effects, period effects and treated x post."""
    if panel.n_comparison == 0:
        return _refuse("There is no comparison area, so period effects cannot be told from an effect.")
    changes = change(panel, panel.periods.baseline, panel.periods.follow_up)
    obstacle = why_not(panel, changes)
    if obstacle:
        return _refuse(obstacle)
    kept = select_areas(panel, changes.usable)
    if len(kept.areas) == 2:
        return _refuse(TWO_AREAS)
    inside = kept.periods.baseline | kept.periods.follow_up
    values = period_matrix(kept.cells)[0][:, inside]
    seen = observed(kept.cells)[:, inside]
    blank = np.isnan(values) & seen
    if blank.any():
        return _refuse(_undefined(kept, blank, inside))
    result = two_way_fixed_effects(values, kept.treated, kept.periods.follow_up[inside])
    if isinstance(result, NoInference):
        return _refuse(result.reason)
    return _output(kept, design, result, int((~seen).sum()))


def two_way_fixed_effects(values: FloatArray, treated: BoolArray, post: BoolArray) -> TwoWay | NoInference:
    """Fit ``y_gt = a_g + l_t + b D_g Post_t + u_gt`` by least squares, through linearmodels' PanelOLS.

    Parameters
    ----------
    values
        Shape (A, T); NaN where missing, and the observation is then left out.
    treated, post
        Masks of shape (A,) and (T,); each must be true somewhere and false somewhere.

    Notes
    -----
    Robust standard errors count every area and period effect as a parameter, as Stata's ``areg, robust`` does;
    clustered ones are linearmodels' default, and both are referred to t on the residual degrees of freedom.
    """
    area, period = np.nonzero(~np.isnan(values))
    df = len(area) - len(np.unique(area)) - len(np.unique(period))
    if df < 1:
        return NoInference("There are too few periods for a regression with area and period effects; use shorter ones.")
    import pandas as pd
    from linearmodels import PanelOLS
    from linearmodels.panel.utility import AbsorbingEffectError

    index = pd.MultiIndex.from_arrays([area, period], names=["area", "period"])
    y = pd.Series(values[area, period], index=index, name="y")
    x = pd.Series((treated[area] & post[period]).astype(np.float64), index=index, name="effect").to_frame()
    model = PanelOLS(y, x, entity_effects=True, time_effects=True)
    try:
        robust = model.fit(cov_type="robust", debiased=True)
    except AbsorbingEffectError:
        return NoInference("Treated and comparison areas have no period of follow-up in common; check the source.")
    rounding = ROUNDING * float(np.nanmax(np.abs(values)))
    if not float(robust.std_errors.iloc[0]) > rounding:
        return NoInference("The regression fits without error, which real data do not do; check the source.")
    clustered: float | NoInference
    if min(treated.sum(), (~treated).sum()) > 1:
        clustered = float(model.fit(cov_type="clustered", cluster_entity=True, debiased=True).std_errors.iloc[0])
        clustered = clustered if clustered > rounding else NoInference(ALIKE)
    else:
        clustered = NoInference(LONE.format(group="treated" if treated.sum() == 1 else "comparison"))
    return TwoWay(float(robust.params.iloc[0]), float(robust.std_errors.iloc[0]), clustered, int(robust.df_resid))


def _refuse(reason: str) -> ModelOutput:
    return ModelOutput(not_estimable=(NotEstimable(MODEL, reason),))


def _undefined(panel: Panel, missing: BoolArray, inside: BoolArray) -> str:
    labels = [label for label, used in zip(panel.periods.labels, inside, strict=True) if used]
    where = [f"{panel.areas[a]} ({labels[t]})" for a, t in zip(*np.nonzero(missing), strict=True)]
    return (
        f"There are data but no value in {listed(where)}, and leaving such periods out would choose them by their "
        "outcome. Use longer periods or merge areas; the difference-in-differences needs a value per window only."
    )


def _output(panel: Panel, design: Design, result: TwoWay, missing: int) -> ModelOutput:
    gaps = f"Left out: {missing:,} area-periods without data. " if missing else ""
    note = (
        f"{gaps}Each period of an area counts once, so the estimate can differ from the difference-in-differences, "
        f"which pools a window first. {CAUTION}"
    )
    robust, too_wide = _estimate(panel, design, result, ("two-way fixed effects, robust SE", result.robust), note)
    if isinstance(result.clustered, NoInference):
        return ModelOutput((robust,), not_estimable=(*too_wide, NotEstimable(MODEL, result.clustered.reason)))
    method = ("two-way fixed effects, SE clustered by area", result.clustered)
    clustered, refused = _estimate(panel, design, result, method, note)
    return ModelOutput((robust, clustered), not_estimable=too_wide + refused)


def _estimate(
    panel: Panel, design: Design, result: TwoWay, method: tuple[str, float], note: str
) -> tuple[Estimate, tuple[NotEstimable, ...]]:
    """Carry the coefficient to the outcome's scale; without an interval that can be written, the point and why."""
    name, std_error = method
    test = t_test(result.estimate, std_error, float(result.df), design.level)
    interval = limits_on_scale(panel.scale, test.interval)
    estimate = Estimate(
        model=MODEL,
        method=name,
        estimand=ESTIMAND,
        scale=panel.scale,
        estimate=on_scale(panel.scale, result.estimate),
        interval=interval,
        level=design.level,
        std_error=test.std_error if interval else None,
        df=test.df if interval else None,
        p_value=test.p_value if interval else None,
        attainable_p=None,
        clusters=Clusters(panel.n_treated, panel.n_comparison),
        note=note,
    )
    return estimate, () if interval else (NotEstimable(MODEL, TOO_WIDE.format(method=name)),)
