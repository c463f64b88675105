"""What is weighted, and what is refused with which reason."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from models.case import Case, Predictor
from models.inference.refusal import NoInference
from models.panel import CountCells, DurationCells, Panel, TimeToEventCells
from models.periods import Role
from models.synthetic.options import SyntheticOptions
from models.synthetic.series import Series, series_of

type MakePanel = Callable[..., Panel]


def taken(case: Case, **options: object) -> Series:
    found = series_of(case, SyntheticOptions(**options))  # type: ignore[arg-type]
    assert isinstance(found, Series), found
    return found


def reason(case: Case, **options: object) -> str:
    found = series_of(case, SyntheticOptions(**options))  # type: ignore[arg-type]
    assert isinstance(found, NoInference)
    return found.reason


def counts(make_panel: MakePanel, events: Sequence[Sequence[float]], roles: str = "bbbbff") -> Case:
    array = np.asarray(events, dtype=np.float64)
    named = {"b": Role.BASELINE, "f": Role.FOLLOW_UP, "x": Role.EXCLUDED, "p": Role.PHASE_IN}
    seen = array >= 0
    cells = CountCells(np.where(seen, array, 0.0), np.where(seen, 2.0, 0.0))
    return Case(make_panel(cells, roles=tuple(named[r] for r in roles), per=10.0))


def test_counts_are_log_rates_or_rates(make_panel: MakePanel) -> None:
    case = counts(make_panel, [[2, 4, 6, 8, 10, 12], [1] * 6, [3] * 6])
    linear, level = taken(case), taken(case, scale="level")
    assert linear.values[0] == pytest.approx(np.log([1, 2, 3, 4, 5, 6]))
    assert level.values[0] == pytest.approx([10, 20, 30, 40, 50, 60])
    assert linear.shown(linear.values[0]) == pytest.approx(level.values[0])
    assert (linear.level, level.level) == (False, True)


def test_an_average_gap_in_levels_becomes_a_ratio_of_means(make_panel: MakePanel) -> None:
    case = counts(make_panel, [[2, 4, 6, 8, 10, 12], [1] * 6, [3] * 6])
    level = taken(case, scale="level")
    found = level.effect(-11.0)  # 55 seen, 66 without
    assert found is not None
    assert np.exp(found) == pytest.approx(55 / 66)
    assert level.effect(55.0) is None
    assert taken(case).effect(-0.3) == -0.3


def test_excluded_and_phase_in_periods_are_left_out(make_panel: MakePanel) -> None:
    found = taken(counts(make_panel, [[5] * 8, [6] * 8, [7] * 8], "bxbbpfff"))
    assert found.periods.tolist() == [0, 2, 3, 5, 6, 7]
    assert found.before.tolist() == [True] * 3 + [False] * 3
    assert found.unseen == 0


def test_a_donor_with_a_gap_is_left_out_and_a_period_most_lack_too(make_panel: MakePanel) -> None:
    events = [[5] * 7, [6] * 7, [7] * 6 + [-1], [8, -1, -1, 8, 8, 8, 8], [9, 9, -1, 9, 9, 9, 9], [4, 4, -1, 4, 4, 4, 4]]
    found = taken(counts(make_panel, events, "bbbbbff"))
    assert found.periods.tolist() == [0, 1, 3, 4, 5, 6]
    assert found.unseen == 1
    assert found.left_out == ("C", "D")
    assert found.names == ("A", "B", "E", "F")


def test_a_period_in_which_a_treated_area_has_no_value_is_left_out(make_panel: MakePanel) -> None:
    found = taken(counts(make_panel, [[5, -1, 5, 5, 5, 5], [6] * 6, [7] * 6]))
    assert found.periods.tolist() == [0, 2, 3, 4, 5]


def test_no_events_in_a_treated_area_need_levels(make_panel: MakePanel) -> None:
    case = counts(make_panel, [[5, 0, 5, 5, 5, 5], [6] * 6, [7] * 6])
    assert "no events in 1 of 6 periods" in reason(case)
    assert "scale: level" in reason(case)
    assert taken(case, scale="level").values[0, 1] == 0


def test_cases_not_followed_to_the_horizon_leave_their_period_out(make_panel: MakePanel) -> None:
    """Their period has no value whatever became of them, and no scale of the outcome would give it one."""
    censored = np.zeros((4, 8, 6))
    censored[:, :, 5] = 10.0
    censored[:, 7] = 0.0
    censored[:, 7, 2] = 10.0
    roles = (Role.BASELINE,) * 5 + (Role.FOLLOW_UP,) * 3
    found = taken(Case(make_panel(TimeToEventCells(np.zeros_like(censored), censored), roles=roles)))
    assert found.periods.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert found.unseen == 1


def test_a_treated_area_with_nothing_but_open_cases_is_refused_by_that_reason(make_panel: MakePanel) -> None:
    n = np.full((4, 8), 6.0)
    still_open = np.zeros((4, 8, 1))
    n[0, 7], still_open[0, 7, 0] = 0.0, 6.0
    cells = DurationCells(n, 2 * n, 5 * n, still_open, np.asarray([9.0]))
    roles = (Role.BASELINE,) * 5 + (Role.FOLLOW_UP,) * 3
    assert "no completed case in 1 of 8 periods" in reason(Case(make_panel(cells, roles=roles)))


def test_too_few_periods_or_donors_are_refused(make_panel: MakePanel) -> None:
    assert reason(counts(make_panel, [[5] * 4, [6] * 4, [7] * 4], "bbff")).startswith(
        "2 periods before the start and 2"
    )
    one = reason(counts(make_panel, [[5] * 6, [6] * 6, [-1] * 6]))
    assert one.startswith("There is 1 comparison area to weigh, and at least 2 are needed. Left out")


def with_predictors(make_case: Callable[..., Case], *predictors: Predictor) -> Case:
    y = np.random.default_rng(0).normal(size=(5, 10))
    case = make_case(y, before=6)
    return replace(case, predictors=predictors)


def test_predictors_not_known_of_a_treated_area_or_a_donor(make_case: Callable[..., Case]) -> None:
    whole = Predictor("whole", np.arange(5.0))
    holed = Predictor("holed", np.asarray([1.0, 2, np.nan, 4, 5]))
    unknown = Predictor("unknown", np.asarray([np.nan, 2, 3, 4, 5]))
    found = taken(with_predictors(make_case, whole, unknown, holed))
    assert found.titles == ("whole", "holed")
    assert found.unknown == ("unknown",)
    assert found.left_out == ("area 2",)
    assert found.predictors.tolist() == [[0, 1, 3, 4], [1, 2, 4, 5]]
    assert found.training.tolist() == found.predictors.tolist()


def test_validation_needs_predictors_and_earlier_periods(make_case: Callable[..., Case]) -> None:
    known = Predictor("known", np.arange(5.0), np.arange(5.0) ** 2)
    assert taken(with_predictors(make_case, known), validation=3).training.tolist() == [[0, 1, 4, 9, 16]]
    assert "`predictors`" in reason(with_predictors(make_case), validation=3)
    assert "leaves no earlier period" in reason(with_predictors(make_case, known), validation=6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "scm"}, "method == 'scm', must be one of sc, sdid, ascm"),
        ({"scale": "log"}, "scale == 'log', must be one of linear, level"),
        ({"validation": 1}, "validation == 1, must be a whole number of at least 2"),
        ({"validation": True}, "validation == True, must be a whole number"),
    ],
)
def test_options_out_of_range(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SyntheticOptions(**options)  # type: ignore[arg-type]
