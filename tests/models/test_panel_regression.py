"""Two-way fixed effects: the same point as the collapsed change, Stata's standard error, and refusals."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.arrays import BoolArray, FloatArray
from models.changes import change
from models.design import Design
from models.did import DidOptions
from models.did import fit as fit_did
from models.estimate import Scale
from models.inference.cluster_robust import ClusterRobust, cluster_robust
from models.inference.refusal import NoInference
from models.panel import Cells, ContinuousCells, CountCells, Kind, Panel, TimeToEventCells
from models.panel_regression import ByArea, PanelOptions, TwoWay, fit, two_way_fixed_effects
from models.periods import Role
from models.summary import summarise

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

EXACT = 1e-9  # least squares against differences of means

DITELLA = Path(__file__).parents[2] / "data" / "ditella" / "car_thefts.csv"


def two_way(values: FloatArray, treated: BoolArray, post: BoolArray) -> TwoWay:
    result = two_way_fixed_effects(values, treated, post)
    assert isinstance(result, TwoWay)
    return result


@pytest.mark.parametrize("kind", list(Kind))
def test_on_two_windows_it_is_the_collapsed_change_for_every_kind(
    kind: Kind, make_panel: MakePanel, any_cells: AnyCells
) -> None:
    panel = make_panel(any_cells(kind, 7, 8, 5), treated=2, after=3)
    windows = (panel.periods.baseline, panel.periods.follow_up)
    values = np.column_stack([summarise(panel.cells, window).value for window in windows])
    w = change(panel, *windows).w
    result = two_way(values, panel.treated, np.asarray([False, True]))
    assert result.estimate == pytest.approx(w[:2].mean() - w[2:].mean(), rel=EXACT)
    headline = fit_did(panel, Design(), DidOptions()).estimates[0]
    assert headline.linear(headline.estimate) == pytest.approx(result.estimate, rel=EXACT)
    assert result.df == 5


def balanced(areas: int = 7, periods: int = 12, seed: int = 1) -> ContinuousCells:
    y = np.random.default_rng(seed).normal(10, 2, (areas, periods))
    n = np.full(y.shape, 8.0)
    return ContinuousCells(n, n * y, n * (y**2 + 1))


def test_on_every_period_it_is_the_collapsed_change_where_periods_weigh_alike(make_panel: MakePanel) -> None:
    roles = (Role.BASELINE,) * 5 + (Role.EXCLUDED,) * 2 + (Role.PHASE_IN,) + (Role.FOLLOW_UP,) * 4
    panel = make_panel(balanced(), treated=2, roles=roles)
    found = fit(panel, Design(), PanelOptions()).estimates
    assert [e.method for e in found] == [
        "two-way fixed effects, robust SE",
        "two-way fixed effects, SE clustered by area",
        "two-way fixed effects, CR2 by area",
    ]
    did = fit_did(panel, Design(), DidOptions()).estimates
    assert [e.estimate for e in found] == pytest.approx([did[0].estimate] * 3, rel=EXACT)
    assert not any(e.headline for e in found)
    (cr2,) = [e for e in did if e.method.startswith("CR2")]
    assert (found[2].std_error, found[2].df, found[2].p_value) == pytest.approx(
        (cr2.std_error, cr2.df, cr2.p_value), rel=1e-6
    )


def test_robust_standard_errors_are_those_of_areg() -> None:
    values = np.random.default_rng(2).normal(size=(6, 9))
    treated, post = np.arange(6) < 2, np.arange(9) >= 5
    d = (treated[:, None] & post).astype(np.float64)
    x, y = (m - m.mean(0) - m.mean(1, keepdims=True) + m.mean() for m in (d, values))
    residual = y - (x * y).sum() / (x * x).sum() * x
    by_hand = math.sqrt((x**2 * residual**2).sum()) / (x * x).sum() * math.sqrt(54 / (54 - 6 - 8 - 1))
    result = two_way(values, treated, post)
    assert result.robust == pytest.approx(by_hand, rel=EXACT)
    assert result.df == 54 - 6 - 8 - 1


def test_a_missing_period_is_left_out_and_said(make_panel: MakePanel) -> None:
    cells = balanced()
    for array in (cells.n, cells.total, cells.squares):
        array[3, 4] = 0
    output = fit(make_panel(cells, treated=2), Design(), PanelOptions())
    assert "Left out: 1 area-periods without data." in output.estimates[0].note


def test_cr2_by_area_is_that_of_the_whole_design_where_periods_are_missing(make_panel: MakePanel) -> None:
    cells = balanced()
    for array in (cells.n, cells.total, cells.squares):
        array[3, 4] = array[0, 9] = array[0, 10] = 0
    found = fit(make_panel(cells, treated=2), Design(), PanelOptions()).estimates[2]
    area, period = np.nonzero(cells.n)
    columns = [(area < 2) & (period >= 6), area[:, None] == np.arange(7), period[:, None] == np.arange(1, 12)]
    design = np.column_stack(columns).astype(np.float64)
    whole = cluster_robust((cells.total[cells.n > 0]) / 8, design, 0, area)
    assert isinstance(whole, ClusterRobust)
    assert (found.estimate, found.std_error, found.df) == pytest.approx(
        (whole.estimate, whole.cr2, whole.df), rel=EXACT
    )
    assert f"{whole.df:.1f} degrees of freedom" in found.note


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_clustered_standard_errors_are_those_of_linearmodels(missing: float) -> None:
    import pandas as pd
    from linearmodels import PanelOLS

    rng = np.random.default_rng(4)
    values = rng.normal(size=(8, 12))
    values[rng.random(values.shape) < missing] = np.nan
    area, period = np.nonzero(~np.isnan(values))
    index = pd.MultiIndex.from_arrays([area, period])
    effect = pd.Series(((area < 3) & (period >= 7)).astype(float), index=index, name="effect").to_frame()
    y = pd.Series(values[area, period], index=index)
    fitted = PanelOLS(y, effect, entity_effects=True, time_effects=True).fit(
        cov_type="clustered", cluster_entity=True, debiased=True
    )
    result = two_way(values, np.arange(8) < 3, np.arange(12) >= 7)
    assert isinstance(result.by_area, ByArea)
    assert result.by_area.clustered == pytest.approx(fitted.std_errors.iloc[0], rel=EXACT)
    assert result.df == fitted.df_resid


def test_areas_that_share_no_period_have_no_clustered_standard_error() -> None:
    values = np.random.default_rng(5).normal(size=(8, 8))
    values[:4, 4:] = values[4:, :4] = np.nan
    result = two_way(values, np.arange(8) % 4 < 2, np.arange(8) % 4 >= 2)
    assert isinstance(result.by_area, NoInference)
    assert "repeat one another" in result.by_area.reason


def test_a_regression_that_would_not_fit_in_memory_is_refused() -> None:
    areas, periods = 400, 400
    found = two_way_fixed_effects(np.ones((areas, periods)), np.arange(areas) < 9, np.arange(periods) >= 200)
    assert isinstance(found, NoInference)
    assert "A regression of 160,000 area-periods on 400 period effects is too large" in found.reason


def test_its_note_warns(make_panel: MakePanel, any_cells: AnyCells) -> None:
    output = fit(make_panel(any_cells(Kind.COUNT, 7, 12, 1), treated=2), Design(level=0.9), PanelOptions())
    for e in output.estimates:
        assert e.scale is Scale.RATIO
        assert e.level == 0.9
        assert "Never the headline" in e.note
        assert ("one in five" in e.note) == ("CR2" not in e.method)
        assert e.interval is not None
        assert e.interval[0] < e.estimate < e.interval[1]


def test_a_lone_treated_area_has_no_clustered_standard_error(make_panel: MakePanel) -> None:
    output = fit(make_panel(balanced(), treated=1), Design(), PanelOptions())
    assert [e.method for e in output.estimates] == ["two-way fixed effects, robust SE"]
    assert "one treated area" in output.not_estimable[0].reason


def test_areas_of_a_group_that_move_alike_have_no_clustered_standard_error(make_panel: MakePanel) -> None:
    rng = np.random.default_rng(3)
    series = np.where(np.arange(7)[:, None] < 2, rng.normal(10, 1, 12), rng.normal(10, 1, 12))
    y = series + rng.normal(0, 3, (7, 1))
    n = np.full(y.shape, 8.0)
    output = fit(make_panel(ContinuousCells(n, n * y, n * (y**2 + 1)), treated=2), Design(), PanelOptions())
    (robust,) = output.estimates
    assert robust.method == "two-way fixed effects, robust SE"
    assert robust.std_error is not None
    assert robust.std_error > 0.01
    (only,) = output.not_estimable
    assert "No standard error clustered by area. The residuals of each cluster cancel" in only.reason


def test_an_interval_too_wide_to_write_leaves_the_point_and_the_reason(make_panel: MakePanel) -> None:
    events = np.asarray([[1.0, 1e12], [1e12, 1], [5, 5], [5, 6]])
    output = fit(make_panel(CountCells(events, np.ones((4, 2))), treated=2), Design(level=0.99), PanelOptions())
    assert len(output.estimates) == len(output.not_estimable) == 3
    for e, why in zip(output.estimates, output.not_estimable, strict=True):
        assert (e.interval, e.std_error, e.df, e.p_value) == (None,) * 4
        assert e.estimate > 0
        assert f"from {e.method}: the interval is too wide to be written as a ratio" in why.reason


def refused(panel: Panel) -> str:
    output = fit(panel, Design(), PanelOptions())
    assert output.estimates == ()
    (only,) = output.not_estimable
    return only.reason


def test_refusals(make_panel: MakePanel) -> None:
    assert "no comparison area" in refused(make_panel(balanced(2), treated=2))
    assert "one treated and one comparison area" in refused(make_panel(balanced(2), treated=1))
    events = np.full((3, 4), 3.0)
    events[1, 2] = 0
    reason = refused(make_panel(CountCells(events, np.ones((3, 4)))))
    assert "B (2022-06)" in reason
    assert "longer periods" in reason
    events[1] = 0
    assert "B (baseline)" in refused(make_panel(CountCells(events, np.ones((3, 4)))))
    assert "fits without error" in refused(make_panel(CountCells(np.full((3, 4), 3.0), np.ones((3, 4)))))


def test_a_period_not_followed_to_the_horizon_is_refused(make_panel: MakePanel) -> None:
    events, censored = np.ones((3, 4, 3)), np.zeros((3, 4, 3))
    censored[:, :, 2] = 4
    events[0, 3], censored[0, 3] = [1, 0, 0], [0, 4, 0]
    reason = refused(make_panel(TimeToEventCells(events, censored)))
    assert "A (2022-07)" in reason


def test_too_little_is_refused_in_words() -> None:
    rng = np.random.default_rng(1)
    treated = np.asarray([True, False])
    assert isinstance(two_way_fixed_effects(rng.normal(size=(2, 2)), treated, treated[::-1]), NoInference)
    values = rng.normal(size=(4, 8))
    values[:2, 6:], values[2:, 4:6] = np.nan, np.nan
    apart = two_way_fixed_effects(values, np.arange(4) < 2, np.arange(8) >= 4)
    assert isinstance(apart, NoInference)
    assert "no period of follow-up in common" in apart.reason


@pytest.mark.parametrize(
    ("left_out", "published", "robust_se"),
    [((), -0.07753, 0.0224), (("one_block",), -0.08007, None), (("one_block", "two_blocks"), -0.08080, None)],
)
def test_police_and_car_theft(
    make_panel: MakePanel, left_out: tuple[str, ...], published: float, robust_se: float | None
) -> None:
    # Di Tella & Schargrodsky 2004, AER 94:115, table 3: 876 blocks, April to July and August to December 1994.
    # Blocks one or two away have effects of their own there; leaving them out gives the same coefficient.
    table = np.genfromtxt(DITELLA, delimiter=",", names=True, dtype=None, encoding="utf-8")
    thefts = table["thefts"].reshape(876, 9).astype(np.float64)
    first = {name: table[name].reshape(876, 9)[:, 0] == 1 for name in ("same_block", "one_block", "two_blocks")}
    keep = np.ones(876, dtype=np.bool_)
    for name in left_out:
        keep &= ~first[name]
    order = np.argsort(~first["same_block"][keep], kind="stable")
    y = thefts[keep][order]
    panel = make_panel(ContinuousCells(np.ones_like(y), y, y**2), treated=37, after=5)
    robust, *_ = fit(panel, Design(), PanelOptions()).estimates
    did = fit_did(panel, Design(seed=1), DidOptions()).estimates
    for e in (robust, *did):
        assert e.estimate == pytest.approx(published, abs=5e-6), "five printed decimals"
    if robust_se is not None:
        assert robust.std_error == pytest.approx(robust_se, abs=5e-5)
