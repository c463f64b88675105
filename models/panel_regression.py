"""Two-way fixed-effects regression of every area and period, shown because readers know it."""

from dataclasses import dataclass

import numpy as np

from models import numbers
from models.arrays import BoolArray, FloatArray, IntArray
from models.changes import TOO_WIDE, change, limits_on_scale, on_scale, why_not
from models.design import Design
from models.estimate import Clusters, Estimate, ModelOutput, NotEstimable
from models.inference.cluster_robust import cluster_robust
from models.inference.refusal import NoInference
from models.inference.ttest import TTest, t_test
from models.panel import Panel, observed, select_areas
from models.summary import period_matrix
from models.wording import listed

MODEL = "panel"
ESTIMAND = "area ITT"
ROUNDING = 1e-10  # a standard error below this share of the largest value is rounding error
PERIODS = (
    "Each period of an area counts once, so the estimate can differ from the difference-in-differences, which pools a "
    "window first."
)
CAREFUL = (
    "Never the headline either, but its error counts areas, not periods: Bell and McCaffrey's correction, with {df} "
    "degrees of freedom. With few areas it is cautious."
)
CAUTION = (
    "Never the headline: it takes the periods of one area for separate evidence, or counts on many areas. In "
    "simulations with 2 treated areas of 7 and no effect, about one in five such tests claimed one, where one in "
    "twenty should."
)
TWO_AREAS = (
    "With one treated and one comparison area the standard errors would rest on periods alone, which do not show how "
    "much areas differ by chance; add comparison areas."
)

MOST_ENTRIES = 50_000_000  # 400 MB
TOO_LARGE = "A regression of {rows:,} area-periods on {columns:,} period effects is too large; use longer periods."
LONE = "No standard error clustered by area: there is one {group} area, and its variation cannot be seen."


@dataclass(frozen=True, slots=True)
class PanelOptions:
    """Options of `panel`: there are none."""


@dataclass(frozen=True, slots=True)
class ByArea:
    """Standard errors clustered by area: `clustered` as usual, and `cr2` with its own degrees of freedom `df`."""

    clustered: float
    cr2: float
    df: float


@dataclass(frozen=True, slots=True)
class TwoWay:
    """Coefficient of treated x post in a regression on area and period effects.

    Attributes
    ----------
    estimate
        In the unit of the values.
    robust
        Standard error robust to heteroskedasticity.
    df
        Residual degrees of freedom, all effects counted.
    by_area
        Standard errors clustered by area; a refusal where one of the groups is a single area, whose residuals then sum
        to zero in each window and hide its variation, and where the areas of each group move alike, which leaves
        rounding error.
    """

    estimate: float
    robust: float
    df: int
    by_area: ByArea | NoInference


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
    """Fit ``y_gt = a_g + l_t + b D_g Post_t + u_gt`` by least squares.

    Parameters
    ----------
    values
        Shape (A, T); NaN where missing, and the observation is then left out.
    treated, post
        Masks of shape (A,) and (T,); each must be true somewhere and false somewhere.

    Notes
    -----
    Robust standard errors count every area and period effect as a parameter, as Stata's ``areg, robust`` does. So do
    those clustered by area, ``CR1^2 (A - 1)/A n/(n - A - T)``, which are linearmodels'. Both are referred to t on the
    residual degrees of freedom; CR2 by area has degrees of freedom of its own (`models.inference.cluster_robust`).
    """
    area, period = np.nonzero(~np.isnan(values))
    df = len(area) - len(np.unique(area)) - len(np.unique(period))
    if df < 1:
        return NoInference("There are too few periods for a regression with area and period effects; use shorter ones.")
    if values.size * values.shape[1] > MOST_ENTRIES:
        return NoInference(TOO_LARGE.format(rows=len(area), columns=values.shape[1]))
    import pandas as pd
    from linearmodels import PanelOLS
    from linearmodels.panel.utility import AbsorbingEffectError

    index = pd.MultiIndex.from_arrays([area, period], names=["area", "period"])
    y, x = values[area, period], (treated[area] & post[period]).astype(np.float64)
    column = pd.Series(x, index=index, name="effect").to_frame()
    model = PanelOLS(pd.Series(y, index=index, name="y"), column, entity_effects=True, time_effects=True)
    try:
        robust = model.fit(cov_type="robust", debiased=True)
    except AbsorbingEffectError:
        return NoInference("Treated and comparison areas have no period of follow-up in common; check the source.")
    std_error, rounding = float(robust.std_errors.iloc[0]), ROUNDING * float(np.abs(y).max())
    if not std_error > rounding:
        return NoInference("The regression fits without error, which real data do not do; check the source.")
    by_area = _by_area((y, x), (area, period), treated, df)
    return TwoWay(float(robust.params.iloc[0]), std_error, df, by_area)


def _by_area(
    data: tuple[FloatArray, FloatArray], index: tuple[IntArray, IntArray], treated: BoolArray, df: int
) -> ByArea | NoInference:
    """Cluster by area: area effects are swept out, and each period but the first has a column."""
    if min(treated.sum(), (~treated).sum()) == 1:
        return NoInference(LONE.format(group="treated" if treated.sum() == 1 else "comparison"))
    (y, effect), (area, period) = data, index
    design = np.column_stack([effect, period[:, None] == np.unique(period)[1:]]).astype(np.float64)
    found = cluster_robust(y, design, 0, area, within=area)
    if isinstance(found, NoInference):
        return NoInference(f"No standard error clustered by area. {found.reason}")
    usual = found.cr1 * np.sqrt((found.clusters - 1) / found.clusters * len(y) / df)
    return ByArea(float(usual), found.cr2, found.df)


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
    note, level = f"{gaps}{PERIODS} {CAUTION}", design.level
    test = t_test(result.estimate, result.robust, float(result.df), level)
    robust, too_wide = _estimate(panel, test, level, "two-way fixed effects, robust SE", note)
    if isinstance(result.by_area, NoInference):
        return ModelOutput((robust,), not_estimable=(*too_wide, NotEstimable(MODEL, result.by_area.reason)))
    test = t_test(result.estimate, result.by_area.clustered, float(result.df), level)
    clustered, refused = _estimate(panel, test, level, "two-way fixed effects, SE clustered by area", note)
    test = t_test(result.estimate, result.by_area.cr2, result.by_area.df, level)
    careful = f"{gaps}{PERIODS} {CAREFUL.format(df=numbers.fixed(result.by_area.df, 1))}"
    cr2, more = _estimate(panel, test, level, "two-way fixed effects, CR2 by area", careful)
    return ModelOutput((robust, clustered, cr2), not_estimable=too_wide + refused + more)


def _estimate(
    panel: Panel, test: TTest, level: float, name: str, note: str
) -> tuple[Estimate, tuple[NotEstimable, ...]]:
    """Carry a test to the outcome's scale; without an interval that can be written, the point and why."""
    interval = limits_on_scale(panel.scale, test.interval)
    estimate = Estimate(
        model=MODEL,
        method=name,
        estimand=ESTIMAND,
        scale=panel.scale,
        estimate=on_scale(panel.scale, test.estimate),
        interval=interval,
        level=level,
        std_error=test.std_error if interval else None,
        df=test.df if interval else None,
        p_value=test.p_value if interval else None,
        attainable_p=None,
        clusters=Clusters(panel.n_treated, panel.n_comparison),
        note=note,
    )
    return estimate, () if interval else (NotEstimable(MODEL, TOO_WIDE.format(method=name)),)
