"""Curves from cells: published and R's numbers, tables worked by hand, and what must hold for any cells."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded import REFERENCE, Record, case_of, cells_of, drawn, reference

from models.arrays import FloatArray
from models.panel import TimeToEventCells
from models.recurrence.curves import (
    days_free,
    mean_repeats,
    mean_repeats_by_day,
    share_by_day,
    share_ended,
    share_followed,
)
from models.recurrence.measures import history_of
from models.recurrence.risk import RepeatCounts
from models.summary import Summary, Undefined, event_share

STORED = 1e-9  # twelve digits are stored
EXACT = 1e-12
STEP = 1e-4  # of a case's weight; the error of the difference is of its square


def cells(events: list[float], censored: list[float], competing: list[float] | None = None) -> TimeToEventCells:
    arrays = [np.asarray(a, dtype=np.float64)[None, None] for a in (events, censored, competing or [0.0] * len(events))]
    return TimeToEventCells(*arrays)


def cut(table: pd.DataFrame, last: int, event: str, other: str) -> TimeToEventCells:
    """Cells up to a month; who leaves later stands as censored on it."""
    kept = table["month"] <= last
    late = table.loc[~kept, ["events", "competing", "censored"]].to_numpy().sum()
    arrays = [table.loc[kept, c].to_numpy(float)[None, None].copy() for c in (event, "censored", other)]
    arrays[1][..., -1] += late
    return TimeToEventCells(*arrays)


def test_days_free_of_rossi_are_those_published() -> None:
    data = pd.read_csv(REFERENCE / "rossi.csv")
    arms = [data[data["fin"] == arm] for arm in (0, 1)]
    weeks = [[np.bincount(arm.loc[arm["arrest"] == k, "week"], minlength=53).tolist() for k in (1, 0)] for arm in arms]
    found = [days_free(cells(*arm)) for arm in weeks]
    means, errors = [f.value[0] for f in found], [np.sqrt(f.variance[0]) for f in found]
    assert means == pytest.approx([44.833, 46.875], abs=5e-4)
    assert errors == pytest.approx([0.918, 0.793], abs=5e-4)
    assert [means[1] - means[0], np.hypot(*errors)] == pytest.approx([2.042, 1.213], abs=5e-4)
    stored = reference().query("case == 'rossi days free'")["value"].to_numpy()
    assert [*means, *errors] == pytest.approx(stored, abs=STORED)
    share = [event_share(*(np.asarray(a, dtype=np.float64)[None] for a in (*arm, [0.0] * 53))) for arm in weeks]
    of_r = reference().query("case == 'rossi share free'")["value"].to_numpy()
    assert [1 - s.value[0] for s in share] == pytest.approx(of_r[:2], abs=STORED)
    assert [np.sqrt(s.variance[0]) for s in share] == pytest.approx(of_r[2:], abs=STORED)


@pytest.mark.parametrize(("state", "other"), [("progression", "death"), ("death", "progression")])
def test_share_with_competing_events_and_its_variance_are_those_of_r(state: str, other: str) -> None:
    columns = {"progression": "events", "death": "competing"}
    table = pd.read_csv(REFERENCE / "mgus2_days.csv")
    stored = reference().query("case == 'mgus2 ' + @state")
    for month, rows in stored.groupby("name"):
        kept = cut(table, int(month), columns[state], columns[other])
        found = event_share(kept.events[:, 0], kept.censored[:, 0], kept.competing[:, 0])
        estimate, error = rows["value"]
        assert found.value[0] == pytest.approx(estimate, abs=STORED)
        assert np.sqrt(found.variance[0]) == pytest.approx(error, rel=STORED)
        assert share_by_day(kept)[0, -1] == pytest.approx(estimate, abs=STORED)
    lost = reference().query("case == 'mgus2 months lost by 240' and name == @state")["value"].item()
    assert 240 - days_free(cut(table, 240, columns[state], columns[other])).value[0] == pytest.approx(lost, abs=STORED)


def test_a_table_worked_by_hand() -> None:
    # Ten cases: 2 repeat on day 1, 1 ends otherwise on day 1, 1 is lost on day 1, 3 repeat on day 2, 3 stay to day 3.
    kept = cells([0, 2, 3, 0], [0, 1, 0, 3], [0, 1, 0, 0])
    assert share_by_day(kept)[0] == pytest.approx([0, 0.2, 0.2 + 0.7 * 3 / 6, 0.55])
    assert days_free(kept).value[0] == pytest.approx(3 - (0.2 * 2 + 0.35 * 1))
    assert share_ended(kept).value[0] == pytest.approx(0.1)
    assert share_followed(kept)[0] == pytest.approx(1 - 1 / 7)


def of_arm(treated: int) -> pd.DataFrame:
    stored = reference()
    return stored[stored["case"] == f"cgd mean events {('control', 'treated')[treated]}"]


def test_mean_events_of_cgd_are_those_of_r() -> None:
    data = pd.read_csv(REFERENCE / "cgd.csv")
    for treated in (0, 1):
        rows = data[data["treated"] == treated]
        horizon = int(data["stop"].max())
        last = rows.groupby("id")["stop"].max()
        found = mean_repeats_by_day(counted(rows, rows["event"] == 1, last, last[:0], horizon))[0]
        stored = of_arm(treated).set_index("name")["value"]
        assert [found[int(day)] for day in stored.index] == pytest.approx(stored.to_numpy(), abs=STORED)


def test_mean_repeats_where_a_last_event_ends_cases_are_ghosh_and_lins() -> None:
    rows = pd.read_csv(REFERENCE / "recurrence_ended.csv")
    last = rows.groupby("id").tail(1).set_index("id")
    found = mean_repeats_by_day(
        counted(rows, rows["status"] == 1, last["stop"], last.loc[last["status"] == 2, "stop"], int(rows["stop"].max()))
    )[0]
    stored = reference().query("case == 'mean repeats with an end'").set_index("name")["value"]
    assert [found[int(rank)] for rank in stored.index] == pytest.approx(stored.to_numpy(), abs=STORED)


def counted(rows: pd.DataFrame, event: pd.Series, last: pd.Series, ended: pd.Series, horizon: int) -> RepeatCounts:
    def days(values: pd.Series) -> FloatArray:
        return np.bincount(values.astype(int), minlength=horizon + 1).astype(np.float64)[None, None]

    events, censored = days(rows.loc[event, "stop"]), days(last)
    return RepeatCounts(events, censored, events, censored, days(ended))


@pytest.mark.parametrize("measure", [days_free, share_ended])
def test_variances_are_those_of_the_infinitesimal_jackknife(measure: Callable[[TimeToEventCells], Summary]) -> None:
    # A case's influence is how the value moves with its weight; the variance is the sum of the influences' squares.
    rng = np.random.default_rng(6)
    counts = rng.integers(0, 6, (3, 1, 1, 15)).astype(np.float64)
    counts[1, ..., -1] += 20
    variance = 0.0
    for at in np.ndindex(*counts.shape):
        moved = [counts.copy(), counts.copy()]
        moved[0][at] += STEP
        moved[1][at] -= STEP
        up, down = (measure(TimeToEventCells(*m)).value[0] for m in moved)
        variance += counts[at] * ((up - down) / (2 * STEP)) ** 2
    assert measure(TimeToEventCells(*counts)).variance[0] == pytest.approx(variance, rel=1e-6)


def test_mean_repeats_without_losses_are_repeats_over_cases() -> None:
    rng = np.random.default_rng(3)
    whole = [
        Record(r.area, r.period, tuple(d for d in r.repeats if d < 30), 30)
        for r in drawn(np.full((3, 2), 1.2), np.full((3, 2), 40), 30, rng)
    ]
    history = history_of(case_of(whole, 3, 2, 30, 1))
    assert history.after.counts is not None
    found = mean_repeats(history.after.counts).value
    direct = [np.mean([len(r.repeats) for r in whole if (r.area, r.period) == (a, 1)]) for a in range(3)]
    assert found == pytest.approx(direct, abs=EXACT)


def test_mean_repeats_of_first_repeats_that_end_cases_are_the_share() -> None:
    # Take every first repeat for an end of the case: then the mean number of repeats is the share with one.
    records = drawn(np.full((2, 2), 1.0), np.full((2, 2), 60), 20, np.random.default_rng(4))
    once = [
        Record(r.area, r.period, r.repeats[:1], r.repeats[0] if r.repeats else r.last, bool(r.repeats)) for r in records
    ]
    _, repeats = cells_of(once, 2, 2, 20)
    counts = RepeatCounts(
        *(a[:, 1] for a in (repeats.events, repeats.censored, repeats.gap_events, repeats.gap_censored, repeats.ended))
    )
    first, _ = cells_of([Record(r.area, r.period, r.repeats, r.last) for r in once], 2, 2, 20)
    expected = event_share(first.events[:, 1], first.censored[:, 1], first.competing[:, 1]).value
    assert mean_repeats(counts).value == pytest.approx(expected, abs=EXACT)


def test_a_curve_that_stops_short_has_no_value() -> None:
    short = cells([0, 1, 0, 0], [0, 0, 2, 0])
    assert days_free(short).undefined == {0: Undefined.NOT_FOLLOWED}
    empty = cells([0, 0], [0, 0])
    assert days_free(empty).undefined == {0: Undefined.NO_DATA}
    assert np.isnan(share_followed(empty)).all()
    gone = cells([0, 2, 0], [0, 0, 0])
    assert (days_free(gone).value[0], days_free(gone).variance[0]) == (1.0, 0.0)
    lost = np.asarray([[[0.0, 0.0, 0.0]]]), np.asarray([[[0.0, 3.0, 0.0]]])
    counts = RepeatCounts(*lost, *lost, np.zeros((1, 1, 3)))
    assert mean_repeats(counts).undefined == {0: Undefined.NOT_FOLLOWED}
    ended = RepeatCounts(*lost, *lost, lost[1])
    assert mean_repeats(ended).value == pytest.approx([0.0])


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=2, max_size=8))
def test_shares_of_all_that_can_happen_add_up(days: list[tuple[int, int, int]]) -> None:
    events, censored, competing = (list(map(float, column)) for column in zip(*days, strict=True))
    kept = cells(events, [*censored[:-1], censored[-1] + 1.0], competing)
    either = event_share(kept.events[:, 0] + kept.competing[:, 0], kept.censored[:, 0], kept.events[:, 0] * 0)
    found = event_share(kept.events[:, 0], kept.censored[:, 0], kept.competing[:, 0])
    assert found.value + share_ended(kept).value == pytest.approx(either.value, abs=EXACT)
    by_day = share_by_day(kept)[0]
    assert kept.horizon - by_day[:-1].sum() == pytest.approx(days_free(kept).value[0], abs=1e-9)
    assert (found.variance >= 0).all()
