"""Other codings of a boundary."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from models.case import Case, Coding
from models.changes import Weighting
from models.codings import boundaries
from models.design import Design
from models.effect import Effect, effect
from models.estimate import Status
from models.panel import Cells, CountCells, Kind, Panel

type MakePanel = Callable[..., Panel]
type AnyCells = Callable[[Kind, int, int, int], Cells]

DESIGN = Design()
EVENTS = np.asarray([[200.0, 150], [180, 140], [120, 121], [90, 91], [245, 240], [155, 158], [150, 148]])
PEOPLE = np.asarray([[1400.0], [1300], [1400], [1000], [1440], [1000], [1540]]) * np.ones(2)


def coded(make_panel: MakePanel, events: float, people: float) -> Panel:
    """Move a ward's events and people from the first area, which is treated, to the fifth."""
    y, n = EVENTS.copy(), PEOPLE.copy()
    for area, sign in ((0, -1), (4, 1)):
        y[area] += sign * events * np.asarray([1.0, 0.7])
        n[area] += sign * people
    return make_panel(CountCells(y, n), treated=2)


def test_each_coding_is_a_row_with_events_and_people_moved_together(make_panel: MakePanel) -> None:
    own, moved = (coded(make_panel, *ward) for ward in ((0, 0), (60, 400)))
    case = Case(own, codings=(Coding("as in the study", own), Coding("administrative", moved)))
    check = boundaries(case, DESIGN)
    assert check is not None
    assert check.status is Status.PASS
    assert check.evidence is not None
    assert check.evidence.by_area
    assert [row.chosen for row in check.evidence.rows] == [True, False]
    for row, panel in zip(check.evidence.rows, (own, moved), strict=True):
        found = effect(panel, 0.95)
        assert isinstance(found, Effect)
        assert row.estimate == pytest.approx(np.exp(found.estimate))


def test_a_coding_that_turns_the_answer_is_warned_of(make_panel: MakePanel) -> None:
    own = coded(make_panel, 0, 0)
    other = replace(own, cells=CountCells(np.where(own.treated[:, None], EVENTS[:, ::-1], EVENTS), PEOPLE))
    case = Case(own, codings=(Coding("as in the study", own), Coding("the other way", other)))
    check = boundaries(case, DESIGN)
    assert check is not None
    assert check.status is Status.WARN
    assert "points the other way" in check.finding


def test_a_coding_without_its_people_has_a_reason_and_no_number(make_panel: MakePanel) -> None:
    own, moved = (coded(make_panel, *ward) for ward in ((0, 0), (60, 400)))
    reason = "The population of Bowthorpe is not known."
    lost = Coding("excluded", None, reason)
    check = boundaries(Case(own, codings=(Coding("as in the study", own), Coding("other", moved), lost)), DESIGN)
    assert check is not None
    assert check.evidence is not None
    assert check.evidence.rows[-1].estimate is None
    assert check.evidence.rows[-1].note == reason
    assert "1 of 2 could not be estimated" in check.detail
    alone = boundaries(Case(own, codings=(Coding("as in the study", own), lost)), DESIGN)
    assert alone is not None
    assert (alone.status, alone.detail) == (Status.NOT_RUN, reason)


def test_without_other_codings_there_is_no_check(make_panel: MakePanel) -> None:
    own = coded(make_panel, 0, 0)
    assert boundaries(Case(own), DESIGN) is None
    assert boundaries(Case(own, codings=(Coding("as in the study", own),)), DESIGN) is None


def test_a_study_without_an_estimate_says_why(make_panel: MakePanel) -> None:
    own = make_panel(CountCells(EVENTS, PEOPLE), treated=7)
    check = boundaries(Case(own, codings=(Coding("other", coded(make_panel, 9, 9)),)), DESIGN)
    assert check is not None
    assert (check.status, check.detail) == (Status.NOT_RUN, "There is no comparison area.")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_can_be_coded_otherwise(kind: Kind, make_panel: MakePanel, any_cells: AnyCells) -> None:
    own, other = (make_panel(any_cells(kind, 6, 4, seed), treated=1) for seed in (0, 1))
    check = boundaries(Case(own, codings=(Coding("other", other),)), DESIGN, Weighting.EXPOSURE)
    assert check is not None
    assert check.evidence is not None
    assert all(row.estimate is not None for row in check.evidence.rows)
