"""All checks of who is counted and where, together."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.case import Case, Coding, Stratum, Uptake
from models.changes import Weighting
from models.design import Design
from models.estimands import companions
from models.estimate import Status
from models.panel import BinaryCells, Cells, Kind, Panel, per_cell, rebuilt
from models.threats import checks

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

ALL = {
    "composition",
    "standardised",
    "response_rate",
    "response_bounds",
    "reweighted",
    "boundaries",
    "displacement",
    "weighted_displacement",
    "acceptors",
}


def everything(kind: Kind, make_panel: MakePanel, any_cells: AnyCells, treated: int, areas: int) -> Case:
    """A study that declares all there is to declare."""

    def panel(seed: int, of: Kind = kind) -> Panel:
        return make_panel(any_cells(of, areas, 6, seed), treated=treated)

    n = np.full((areas, 6), 100.0)
    taken = np.zeros((areas, 6))
    taken[:treated, 3:] = 0.4 + 0.1 * np.random.default_rng(1).random((treated, 3))

    def part(seed: int, share: np.ndarray) -> Panel:
        """As many of each kind of answer as this share of the cases."""
        whole = panel(seed)
        scaled = {k: v * share.reshape(areas, 6, *[1] * (v.ndim - 2)) for k, v in per_cell(whole.cells).items()}
        return replace(whole, cells=rebuilt(whole.cells, scaled))

    main = panel(0)
    return Case(
        main,
        eligible=panel(1),
        uptake=Uptake(make_panel(BinaryCells(taken * n, n), treated=treated), part(2, taken), part(2, 1 - taken)),
        asked=panel(4, Kind.BINARY),
        strata=tuple(Stratum(f"kind {k}", panel(5 + k), panel(8 + k, Kind.BINARY)) for k in range(2)),
        codings=(Coding("as in the study", main), Coding("other", panel(11))),
        rings=panel(12, Kind.COUNT) if kind is Kind.COUNT else None,
    )


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(("treated", "areas"), [(2, 7), (1, 6), (1, 2), (30, 90)])
@pytest.mark.parametrize("weighting", Weighting)
def test_every_kind_and_design_gets_every_check_in_words(
    kind: Kind, treated: int, areas: int, weighting: Weighting, make_panel: MakePanel, any_cells: AnyCells
) -> None:
    case = everything(kind, make_panel, any_cells, treated, areas)
    found = {check.id: check for check in checks(case, Design(seed=1), weighting)}
    around = {"displacement", "weighted_displacement"}
    assert set(found) == (ALL if kind is Kind.COUNT else ALL - around)
    for check in found.values():
        assert check.finding.endswith(".")
        assert check.status is not Status.FAIL
        assert not {"nan", "inf", "None", "significant"} & set(f"{check.finding} {check.detail}".split())
    if areas > 2:
        unrun = {name for name, check in found.items() if check.status is Status.NOT_RUN}
        values = {Kind.COUNT: {"standardised", "response_bounds", "reweighted", "acceptors"}}
        no_ends = {kind_: {"response_bounds"} for kind_ in (Kind.CONTINUOUS, Kind.DURATION)}
        assert unrun == (values | no_ends).get(kind, set())
    output = companions(case, Design(seed=1), weighting)
    names = {e.estimand for e in output.estimates}
    if kind is Kind.COUNT:
        assert names == {"eligible-case ITT"}
    else:
        assert names == {"eligible-case ITT", "CACE", "area ITT, standardised case mix"}
    assert not any(e.headline for e in output.estimates)


def test_a_study_that_declares_nothing_gets_no_check(make_panel: MakePanel, any_cells: AnyCells) -> None:
    assert checks(Case(make_panel(any_cells(Kind.BINARY, 7, 6, 0), treated=2)), Design()) == ()
